// What `make dist` packed, installed in fresh Debian systems, used, upgraded and removed. The simulator runs outside;
// the roots share this machine's loopback.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUILDS, GLIBC, ROOT, debFile, debName, tarballName, version, zipFile } from '../../scripts/dist-facts.mjs';
import { checkBinary } from '../../scripts/dist-parts.mjs';
import { openLab } from '../wordpress/lib/lab.mjs';
import { NO_RATE_LIMIT, built, startSim } from '../wordpress/lib/services.mjs';

const DIST = join(ROOT, 'dist');
const CACHE = join(ROOT, '.cache', 'dist');
const command = (program, args, more = {}) => execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'], ...more });

let lab;
let sim;
before(async () => {
  assert.ok(existsSync(join(DIST, 'SHA256SUMS')), 'nothing is packed: make dist');
  lab = openLab('dist');
  sim = await startSim(lab, NO_RATE_LIMIT);
});
after(() => lab?.close());

/** The example of the README: what it prints and ends with. `runs` runs a command of words and says {status, stdout}. */
async function example(runs, name) {
  const domain = `${name}.example`;
  const constants = sim.constants({ WU_CLOUDWAYS_STATE_FILE: '/tmp/wu_cloudways.state.json' });
  const environment = Object.entries(constants).map(([key, value]) => `${key}=${value}`);
  const { status, stdout } = runs(environment, domain);
  // Where its DNS points is not what is tested here; that it was asked, and that the alias was added, is.
  assert.match(stdout, new RegExp(`^${domain.replace('.', '\\.')} +alias: added +DNS: \\w+ +certificate: \\w+`, 'm'), stdout);
  assert.match(stdout, /^Status: (ok|partial)$/m);
  assert.ok([0, 3].includes(status), `it ended with ${status}: ${stdout}`);
  const application = JSON.stringify((await sim.state()).servers[0].apps[0]);
  assert.ok(application.includes(`"${domain}"`), `the alias is not at Cloudways: ${application}`);
}

/** A Debian of its own: {run, path, close}; run gives {status, stdout}, with standard error in it. */
function fresh(suite, ...packages) {
  const work = mkdtempSync(join(tmpdir(), 'wuc-root-'));
  const root = join(work, 'root');
  command(join(ROOT, 'scripts', 'debian-root'), ['--fresh', suite, root, ...packages]);
  const run = (words, environment = []) => {
    // Standard error too, in order.
    const line = ['env', ...environment, ...words];
    const { status, stdout, error } = spawnSync(join(ROOT, 'scripts', 'debian-root'), ['--in', root, 'sh', '-c', 'exec "$@" 2>&1', 'sh', ...line], { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (error) throw error;
    return { status, stdout };
  };
  return {
    root,
    run,
    ok(...words) {
      const { status, stdout } = run(words);
      assert.equal(status, 0, `${words.join(' ')} ended with ${status}:\n${stdout}`);
      return stdout;
    },
    put(file, name = `/tmp/${file.split('/').at(-1)}`) {
      cpSync(file, join(root, name), { recursive: true });
      return name;
    },
    /** Whatever bears the extension's name in the system, but for logs and what was put into /tmp. */
    left: () => run(['sh', '-c', "find / -xdev \\( -path /proc -o -path /dev -o -path /tmp -o -path /var/log -o -path /var/cache \\) -prune -o -iname '*wu*cloudways*' -print; grep -rlE 'wu.cloudways' /etc /var/lib/dpkg /var/lib/php 2>/dev/null"]).stdout.trim(),
    close: () => rmSync(work, { recursive: true, force: true }),
  };
}

describe('what is packed', () => {
  it('has the checksums that SHA256SUMS says, and nothing else is there', () => {
    const said = command('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: DIST });
    const listed = said.trim().split('\n').map((line) => line.replace(/: OK$/, ''));
    assert.deepEqual(listed.sort(), readdirSync(DIST).filter((name) => name !== 'SHA256SUMS').sort());
  });

  it('is all that is promised', () => {
    const wanted = [...BUILDS.map((build) => tarballName(build)), ...BUILDS.filter(({ deb }) => deb).map((build) => debFile(build)), zipFile(), `wu_cloudways-${version()}.cdx.json`];
    assert.deepEqual(readdirSync(DIST).filter((name) => name !== 'SHA256SUMS').sort(), wanted.sort());
  });

  for (const build of BUILDS) {
    it(`holds in ${tarballName(build)} one extension at its root, its licences, and what it takes to install it`, () => {
      const work = mkdtempSync(join(tmpdir(), 'wuc-tar-'));
      try {
        const names = command('tar', ['--list', '--file', join(DIST, tarballName(build))]).trim().split('\n');
        for (const name of ['wu_cloudways.so', 'wu_cloudways.ini', 'install.php', 'LICENSE', 'LICENSE-MIT', 'LICENSE-APACHE', 'THIRD-PARTY-LICENSES', 'README.md', 'README.fr.md', 'SHA256SUMS']) assert.ok(names.includes(name), `${name} is not in it: ${names}`);
        // PIE would look in its build-path for the extension where the archive had such a folder.
        assert.ok(!names.some((name) => name.startsWith('php/')), 'there is a folder php in it');
        command('tar', ['--extract', '--directory', work, '--file', join(DIST, tarballName(build))]);
        command('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: work });
        assert.deepEqual(checkBinary(join(work, 'wu_cloudways.so'), build, GLIBC, [ROOT, '/root/.cargo', '/home']), []);
        const third = readFileSync(join(work, 'THIRD-PARTY-LICENSES'), 'utf8');
        for (const crate of ['rustls ', 'ring ', 'tokio ', 'ext-php-rs ', 'psl ', 'the Rust standard library ']) assert.match(third, new RegExp(`^${crate}\\d[^\\n]*: .`, 'm'));
        assert.doesNotMatch(third, /^(proptest|cloudways-sim|bindgen) /m);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    });
  }

  it('holds in the zip the plugin as it is committed, in one folder, and nothing besides', () => {
    const names = command('unzip', ['-Z1', join(DIST, zipFile())]).trim().split('\n');
    const committed = command('git', ['ls-files', 'wp-plugin/wu-cloudways'], { cwd: ROOT }).trim().split('\n').map((name) => name.replace('wp-plugin/', '')).filter((name) => !name.includes('/.'));
    assert.deepEqual(names, [...committed].sort());
    assert.ok(names.includes('wu-cloudways/wu-cloudways.php') && names.includes('wu-cloudways/readme.txt'));
    command('unzip', ['-tqq', join(DIST, zipFile())]);
    const work = mkdtempSync(join(tmpdir(), 'wuc-zip-'));
    try {
      command('unzip', ['-qq', join(DIST, zipFile()), '-d', work]);
      for (const name of names) assert.ok(readFileSync(join(work, name)).equals(readFileSync(join(ROOT, 'wp-plugin', name))), `${name} is another`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
});

for (const build of BUILDS.filter(({ deb }) => deb)) {
  describe(`PHP ${build.php} of Debian ${build.suite}, a fresh system`, () => {
    const php = `php${build.php}`;
    const ini = `/etc/php/${build.php}/mods-available/wu_cloudways.ini`;
    const file = join(DIST, debFile(build));

    it('takes the .deb, runs the example, is upgraded, and forgets it', async () => {
      const debian = fresh(build.suite, `${php}-cli`, `${php}-fpm`);
      try {
        // A version before this one: the same package under a lower number.
        const older = join(lab.dir, `older-${build.php}`);
        command('dpkg-deb', ['--raw-extract', file, older]);
        const control = join(older, 'DEBIAN', 'control');
        writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 0.0.9-1'));
        command('dpkg-deb', ['--build', '--root-owner-group', older, join(lab.dir, 'older.deb')]);
        const first = debian.put(join(lab.dir, 'older.deb'));
        const second = debian.put(file);
        const before = debian.left();
        assert.equal(before, '', 'it is there before it was installed');

        // Debian restarts php-fpm for each extension that comes or changes; the package says so.
        const restarts = new RegExp(`${php}-fpm restarts itself now[\\s\\S]*Processing triggers for ${php}-fpm`);
        assert.match(debian.ok('apt-get', 'install', '-y', '--no-install-recommends', first), restarts);
        assert.match(debian.ok(php, '-m'), /^wu_cloudways$/m);
        // What a person changed there stays through an upgrade.
        writeFileSync(join(debian.root, ini), `${readFileSync(join(debian.root, ini), 'utf8')}; ours\n`);
        const said = debian.ok('apt-get', 'install', '-y', '--no-install-recommends', second);
        assert.doesNotMatch(said, /warning/i);
        assert.match(said, restarts);
        assert.equal(debian.ok('dpkg-query', '-W', '-f', '${Version}', debName(build)), `${version()}-1`);
        assert.match(readFileSync(join(debian.root, ini), 'utf8'), /^; ours$/m);
        assert.match(debian.ok(php, '--ri', 'wu_cloudways'), new RegExp(version().replaceAll('.', '\\.')));

        await example((environment, domain) => debian.run([php, `/usr/share/doc/${debName(build)}/examples/sync.php`, domain], environment), `deb${build.php.replace('.', '')}`);

        // Switched off by hand stays off, also when it is installed anew.
        debian.ok('phpdismod', '-v', build.php, 'wu_cloudways');
        assert.doesNotMatch(debian.ok('apt-get', 'install', '-y', '--reinstall', second), /restarts itself/);
        assert.doesNotMatch(debian.ok(php, '-m'), /wu_cloudways/);
        debian.ok('phpenmod', '-v', build.php, 'wu_cloudways');
        assert.match(debian.ok(php, '-m'), /^wu_cloudways$/m);

        const gone = debian.ok('apt-get', 'remove', '-y', debName(build));
        assert.doesNotMatch(gone, /PHP Warning/);
        assert.doesNotMatch(debian.ok(php, '-m'), /wu_cloudways|Warning/);
        debian.ok('apt-get', 'purge', '-y', debName(build));
        assert.equal(debian.left(), '', 'something is left');
      } finally {
        debian.close();
      }
    });

    it('takes the tarball by its install.php, and the .ini as README says', async () => {
      const debian = fresh(build.suite, `${php}-cli`);
      try {
        const tarball = debian.put(join(DIST, tarballName(build)));
        mkdirSync(join(debian.root, 'opt', 'unpacked'), { recursive: true });
        mkdirSync(join(debian.root, 'usr', 'local', 'lib', 'wu_cloudways'), { recursive: true });
        debian.ok('tar', '-C', '/opt/unpacked', '-xzf', tarball);
        debian.ok('sh', '-c', 'cd /opt/unpacked && sha256sum -c SHA256SUMS');
        debian.ok(php, '/opt/unpacked/install.php', 'check');
        const installed = `/usr/local/lib/wu_cloudways/wu_cloudways-${version()}-php${build.php}.so`;
        debian.ok(php, '/opt/unpacked/install.php', 'install', '/usr/local/lib/wu_cloudways');
        assert.ok(existsSync(join(debian.root, installed)), readdirSync(join(debian.root, 'usr/local/lib/wu_cloudways')).join());
        const text = readFileSync(join(debian.root, 'opt/unpacked/wu_cloudways.ini'), 'utf8').replace(/^extension=.*$/m, `extension=${installed}`);
        writeFileSync(join(debian.root, ini), text);
        debian.ok('phpenmod', '-v', build.php, 'wu_cloudways');
        assert.match(debian.ok(php, '--ri', 'wu_cloudways'), new RegExp(version().replaceAll('.', '\\.')));
        await example((environment, domain) => debian.run([php, '/opt/unpacked/sync.php', domain], environment), `tar${build.php.replace('.', '')}`);
      } finally {
        debian.close();
      }
    });

    it('refuses the file for another PHP in words of its own, and goes on without it', () => {
      const other = BUILDS.find((item) => item.arch === build.arch && item.php !== build.php);
      const debian = fresh(build.suite, `${php}-cli`);
      try {
        const tarball = debian.put(join(DIST, tarballName(other)));
        mkdirSync(join(debian.root, 'opt', 'other'), { recursive: true });
        debian.ok('tar', '-C', '/opt/other', '-xzf', tarball);
        const { status, stdout } = debian.run([php, '-d', 'display_startup_errors=1', '-d', 'extension=/opt/other/wu_cloudways.so', '-r', 'echo extension_loaded("wu_cloudways") ? "loaded" : "without";']);
        assert.equal(status, 0, stdout);
        assert.match(stdout, new RegExp(`wu_cloudways: Unable to initialize module[\\s\\S]*Module compiled with module API=${other.api}[\\s\\S]*PHP\\s+compiled with module API=${build.api}[\\s\\S]*without$`));
        const check = debian.run([php, '/opt/other/install.php', 'check']);
        assert.equal(check.status, 3, check.stdout);
        // The .deb is not even installable: Debian has no such PHP there.
        const deb = debian.run(['apt-get', 'install', '-y', debian.put(join(DIST, debFile(other)))]);
        assert.notEqual(deb.status, 0);
        assert.match(deb.stdout, new RegExp(`phpapi-${other.api}`));
      } finally {
        debian.close();
      }
    });
  });
}

/**
 * A program that is the PHP a file was built for: that of Debian's packages, unpacked, with its own C library, and on
 * an emulated processor where it is another one. What it starts as PHP_BINARY is that program again.
 */
function phpProgram(build) {
  const debs = join(ROOT, 'scripts', 'debs');
  const machine = command('dpkg', ['--print-architecture']).trim();
  const system = join(CACHE, 'debian', `${build.suite}-${build.debian}`);
  command(debs, [build.suite, build.debian, system, `php${build.php}-cli`, `php${build.php}-dev`]);
  const php = join(system, 'usr', 'bin', `php${build.php}`);
  let line;
  if (build.debian === machine) {
    const libraries = ['lib', 'usr/lib'].map((folder) => join(system, folder, { x86_64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[build.arch])).join(':');
    line = `exec '${system}/lib64/ld-linux-x86-64.so.2' --argv0 "$0" --library-path '${libraries}' '${php}' "$@"`;
  } else {
    const qemu = join(CACHE, 'debian', 'qemu');
    command(debs, ['bookworm', machine, qemu, 'qemu-user-static']);
    line = `exec '${qemu}/usr/bin/qemu-aarch64-static' -L '${system}' -0 "$0" '${php}' "$@"`;
  }
  const program = join(lab.dir, `php${build.php}-${build.arch}`);
  writeFileSync(program, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return { program, runTests: join(system, 'usr', 'lib', 'php', build.api, 'build', 'run-tests.php') };
}

for (const build of BUILDS) {
  describe(`the file for PHP ${build.php} on ${build.arch}`, () => {
    const so = () => {
      const work = join(lab.dir, `packed-${build.php}-${build.arch}`);
      if (!existsSync(work)) {
        mkdirSync(work);
        command('tar', ['--extract', '--directory', work, '--file', join(DIST, tarballName(build))]);
      }
      return join(work, 'wu_cloudways.so');
    };

    it('runs the example', async () => {
      const { program } = phpProgram(build);
      assert.match(command(program, ['-n', '-r', 'echo PHP_VERSION, " ", php_uname("m"), " ", PHP_BINARY;']), new RegExp(`^${build.php}\\.\\d+ ${build.arch === 'arm64' ? 'aarch64' : build.arch} ${program}$`));
      await example((environment, domain) => {
        const { status, stdout, stderr } = spawnSync(program, ['-n', '-d', `extension=${so()}`, join(so(), '..', 'sync.php'), domain], {
          encoding: 'utf8',
          env: { ...process.env, ...Object.fromEntries(environment.map((line) => line.split(/=(.*)/s).slice(0, 2))), WU_CLOUDWAYS_STATE_FILE: join(so(), '..', 'state.json') },
        });
        return { status, stdout: stdout + stderr };
      }, `run${build.php.replace('.', '')}${build.arch.replace('_', '')}`);
    });

    it('passes the PHPT', () => {
      const { program, runTests } = phpProgram(build);
      // A copy, as run-tests.php writes beside the tests.
      const copy = join(lab.dir, `phpt-${build.php}-${build.arch}`);
      mkdirSync(copy);
      execFileSync('sh', ['-c', 'git archive --format=tar HEAD tests/phpt php Cargo.toml | tar -x -C "$1"', 'sh', copy], { cwd: ROOT });
      // Left out, by name: what pulls switches that only debug builds have; and on an emulator what measures the process
      // itself, its memory, threads and files, which are the emulator's there.
      const emulated = build.debian !== command('dpkg', ['--print-architecture']).trim();
      const left = readdirSync(join(copy, 'tests', 'phpt')).filter((name) => {
        const text = name.endsWith('.phpt') ? readFileSync(join(copy, 'tests', 'phpt', name), 'utf8') : '';
        return /WU_CLOUDWAYS_TEST_/.test(text) || (emulated && /\/proc\/\S*\b(status|statm|task|fd)\b/.test(text));
      });
      for (const name of left) rmSync(join(copy, 'tests', 'phpt', name));
      const { stdout, stderr } = spawnSync('php8.2', [runTests, '-n', '-q', '-g', 'FAIL,SKIP', '--show-diff', '-p', program, '-d', `extension=${so()}`, 'tests/phpt'], {
        cwd: copy,
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        env: { ...process.env, NO_INTERACTION: '1', TEST_PHP_EXECUTABLE: program, CLOUDWAYS_SIM: built('cloudways-sim', 'CLOUDWAYS_SIM') },
      });
      const count = (what) => Number(new RegExp(`^Tests ${what} *: *(\\d+)`, 'm').exec(stdout)?.[1] ?? -1);
      assert.ok(count('passed') > 20 && count('failed') === 0 && count('skipped') === 0, `${stdout.slice(-6000)}${stderr}`);
      console.log(`PHP ${build.php} on ${build.arch}: ${count('passed')} PHPT passed${left.length ? `, left out: ${left.join(', ')}` : ''}`);
    });
  });
}

describe('older machines', () => {
  // Debian 11 is the oldest that the mirrors still have (glibc 2.31), and has no PHP that fits; its linker looks at all
  // versions of symbols when it loads the file, and finds missing only what PHP itself brings.
  it('the linker of Debian 11 finds all that the file asks of the system', () => {
    const debian = fresh('bullseye');
    try {
      for (const build of BUILDS.filter(({ arch }) => arch === 'x86_64')) {
        const work = join(lab.dir, `old-${build.php}`);
        mkdirSync(work);
        command('tar', ['--extract', '--directory', work, '--file', join(DIST, tarballName(build))]);
        const { stdout } = debian.run(['ldd', '-r', debian.put(join(work, 'wu_cloudways.so'), `/tmp/${build.php}.so`)]);
        assert.match(stdout, /libc\.so\.6 => /);
        assert.doesNotMatch(stdout, /not found/);
        const missing = [...stdout.matchAll(/undefined symbol: (\S+)/g)].map(([, name]) => name);
        assert.ok(missing.length > 10, `this is not all that PHP brings: ${stdout}`);
        const binary = join(CACHE, 'debian', `${build.suite}-${build.debian}`, 'usr', 'bin', `php${build.php}`);
        const brought = new Set([...command('readelf', ['--wide', '--dyn-syms', binary]).matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +\d+ ([^\s@]+)/g)].map(([, name]) => name));
        assert.deepEqual(missing.filter((name) => !brought.has(name)), []);
      }
    } finally {
      debian.close();
    }
  });
});
