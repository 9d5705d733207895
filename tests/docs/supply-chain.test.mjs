// What is used from others, and what is said about it; what is packed, and by which name. Reads files only.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BUILDS, ROOT, tarballName, version, versions } from '../../scripts/dist-facts.mjs';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });

/** The names in the sections of a Cargo.toml that end in "dependencies". */
function dependencies(manifest) {
  const names = [];
  let inside = false;
  for (const line of read(manifest).split('\n')) {
    const section = /^\[(.+)\]$/.exec(line);
    if (section) inside = /(^|[.-])dependencies$/.test(section[1]);
    else if (inside && /^[\w-]+ = /.test(line)) names.push(line.split(' = ')[0]);
  }
  return names;
}

/** Our own crates, by their path. */
const OURS = ['cloudways-sim', 'wu_cloudways'];

describe('docs/dependencies.md', () => {
  const text = read('docs/dependencies.md');
  const manifests = ['Cargo.toml', 'tests/sim/Cargo.toml', 'fuzz/Cargo.toml'];
  const sections = Object.fromEntries(text.split(/^## /m).slice(1).map((part) => [part.split('\n')[0], part]));
  // The words in backticks of a table's first column, of the section that names the manifest in its title.
  const listed = (manifest) => {
    const [, part] = Object.entries(sections).find(([title]) => title.includes(`\`${manifest}\``)) ?? [];
    assert.ok(part, `there is no section about ${manifest}`);
    return [...part.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
  };

  for (const manifest of manifests) {
    it(`justifies each crate of ${manifest}, and none that is gone`, () => {
      const used = dependencies(manifest).filter((name) => !OURS.includes(name));
      assert.ok(used.length, 'no dependency was found');
      assert.deepEqual(listed(manifest).sort(), used.sort());
    });
  }

  it('justifies each npm package, and says its version', () => {
    const { dependencies: shipped = {}, devDependencies } = JSON.parse(read('package.json'));
    assert.deepEqual(shipped, {}, 'npm packages are for tests only');
    for (const [name, wanted] of Object.entries(devDependencies)) {
      assert.match(wanted, /^\d+\.\d+\.\d+$/, `${name} is pinned`);
      assert.ok(text.includes(`\`${name}\``), `${name} is not justified`);
    }
  });
});

describe('what is locked', () => {
  it('is committed', () => {
    assert.deepEqual(git('ls-files', 'Cargo.lock', 'package-lock.json', 'fuzz/Cargo.lock').trim().split('\n'), ['Cargo.lock', 'fuzz/Cargo.lock', 'package-lock.json']);
  });

  it('is what the manifests ask for', () => {
    // Says what would change, and fails, where the lock is behind.
    execFileSync('cargo', ['metadata', '--locked', '--format-version', '1'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    const lock = JSON.parse(read('package-lock.json')).packages;
    const { devDependencies } = JSON.parse(read('package.json'));
    assert.deepEqual(lock[''].devDependencies, devDependencies);
    for (const name of Object.keys(devDependencies)) {
      assert.equal(lock[`node_modules/${name}`].version, devDependencies[name]);
      assert.match(lock[`node_modules/${name}`].integrity, /^sha512-/);
    }
  });

  it('is used: what is shipped is built with --locked, and npm installs by npm ci', () => {
    assert.match(read('php/pie/Makefile.frag'), /"\$\(CARGO\)" build --locked/);
    for (const script of git('ls-files', 'scripts').trim().split('\n')) assert.doesNotMatch(read(script), /\bnpm (install|i) |'npm', \[?'(install|i)'/, script);
    assert.match(read('scripts/bootstrap'), /npm ci /);
  });
});

describe('what is packed', () => {
  it('has one version everywhere', () => {
    assert.match(version(), /^\d+\.\d+\.\d+$/, JSON.stringify(versions()));
    assert.equal(JSON.parse(read('composer.json')).version, undefined, 'the version of composer.json is the tag');
  });

  it('has a composer.json as PIE reads it', () => {
    const composer = JSON.parse(read('composer.json'));
    const ext = composer['php-ext'];
    assert.equal(composer.type, 'php-ext');
    assert.match(composer.name, /^[a-z0-9]([_.-]?[a-z0-9]+)*\/[a-z0-9](([_.]|-{1,2})?[a-z0-9]+)*$/);
    assert.equal(ext['extension-name'], 'wu_cloudways');
    assert.match(ext['extension-name'], /^[A-Za-z][a-zA-Z0-9_]+$/);
    const known = ['extension-name', 'priority', 'support-zts', 'support-nts', 'configure-options', 'build-path', 'download-url-method', 'os-families', 'os-families-exclude'];
    assert.deepEqual(Object.keys(ext).filter((key) => !known.includes(key)), []);
    assert.deepEqual(ext['download-url-method'], ['pre-packaged-binary', 'composer-default']);
    assert.ok(read(join(ext['build-path'], 'config.m4')).includes('[wu_cloudways]'));
    // Only what is packed, so only what was tried, may be installed.
    assert.equal(composer.require.php, [...new Set(BUILDS.map(({ php }) => `~${php}.0`))].join(' || '));
  });

  it('bears the names that PIE looks for', () => {
    // As PIE 1.4 puts them together: php_{extension}-{version}_php{minor}-{architecture}-{os}-{libc}{-debug}{-zts}.tgz
    const pie = (build, mode = '') => ['php', `wu_cloudways-${version()}`, `php${build.php}-${build.arch}-linux-glibc${mode}.tgz`].join('_').toLowerCase();
    for (const build of BUILDS) {
      assert.equal(tarballName(build), pie(build));
      assert.equal(tarballName({ ...build, zts: true }), pie(build, '-zts'));
      assert.equal(tarballName({ ...build, debug: true, zts: true }), pie(build, '-debug-zts'));
      assert.ok(['x86_64', 'arm64'].includes(build.arch), 'the names of PIE, not of the kernel');
    }
  });

  it('asks for the Rust that Cargo.toml asks for', () => {
    const [, wanted] = /^rust-version = "([\d.]+)"$/m.exec(read('Cargo.toml'));
    assert.ok(read('php/pie/config.m4').includes(`wu_rust_needed=${wanted}\n`));
  });
});
