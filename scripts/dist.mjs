// Packs what is shipped into dist/, from a committed state: `node scripts/dist.mjs [OPTION...]`
//
//   --dirty             pack although something is not committed
//   --only=WORD,WORD    only builds whose name, such as php8.2-x86_64, contains one of the words
//   --output=FOLDER     into another folder than dist/
//   --verify            pack once more from a fresh clone in another folder, and compare the checksums
//
// For each PHP and processor of scripts/dist-facts.mjs a tarball, for Debian's PHPs a .deb, the plugin's zip, a list of
// what is inside (CycloneDX), and SHA256SUMS. Two runs of one commit give the same bytes with the same compiler:
// versions are pinned, times are the commit's, paths of this machine are replaced.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { BUILDS, GLIBC, ROOT, debFile, debName, tarballName, version, zipFile } from './dist-facts.mjs';
import { checkBinary, licenceTexts, sbom, shippedCrates, zip } from './dist-parts.mjs';

// What an extension may weigh, in MiB.
const LARGEST = 5;
// Pinned; docs/dependencies.md says what each is for.
const PYTHON_TOOLS = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1'];
const CARGO_TOOLS = { 'cargo-deb': '3.8.0', 'cargo-deny': '0.20.2' };

const options = Object.fromEntries(process.argv.slice(2).map((word) => {
  const [, name, value] = /^--(dirty|only|output|verify)(?:=(.+))?$/.exec(word) ?? fail(`I do not know ${word}. There are --dirty, --only=, --output=, --verify.`);
  return [name, value ?? true];
}));
const OUTPUT = resolve(ROOT, options.output ?? 'dist');
const STAGE = join(ROOT, 'dist', '.stage');
const CACHE = join(ROOT, '.cache', 'dist');
const VENV = join(CACHE, 'venv');
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target', 'dist');
const CARGO_HOME = process.env.CARGO_HOME ?? join(homedir(), '.cargo');

function fail(words) {
  console.error(`dist: ${words}`);
  process.exit(1);
}
const say = (words) => console.error(`dist: ${words}`);
const output = (command, args, more = {}) => execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28, ...more }).trim();
const run = (command, args, more = {}) => {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], ...more });
  if (status !== 0) fail(`${basename(command)} ${args.slice(0, 3).join(' ')} failed${error ? `: ${error.message}` : ''}`);
};
const buildName = ({ php, arch }) => `php${php}-${arch}`;

// The locale and the zone decide about order and times otherwise.
Object.assign(process.env, { LC_ALL: 'C.UTF-8', TZ: 'UTC', CARGO_INCREMENTAL: '0' });

const dirty = output('git', ['status', '--porcelain']);
if (dirty && !options.dirty) fail(`what is packed has to be committed; this is not:\n${dirty}\n(--dirty packs all the same, for a try)`);
const COMMIT = output('git', ['rev-parse', 'HEAD']);
const EPOCH = Number(output('git', ['log', '-1', '--format=%ct']));
process.env.SOURCE_DATE_EPOCH = String(EPOCH);
let VERSION;
try {
  VERSION = version();
} catch (error) {
  fail(error.message);
}
const words = typeof options.only === 'string' ? options.only.split(',') : [''];
const builds = BUILDS.filter((build) => words.some((word) => buildName(build).includes(word)));
if (!builds.length) fail(`no build is called so. There are ${BUILDS.map(buildName).join(', ')}.`);

say(`version ${VERSION}, commit ${COMMIT.slice(0, 12)}${dirty ? ' and what is not committed' : ''}`);
const started = Date.now();
tools();
run('cargo', ['deny', '--locked', 'check', '--hide-inclusion-graph', 'bans', 'licenses', 'sources']);

rmSync(OUTPUT, { recursive: true, force: true });
rmSync(STAGE, { recursive: true, force: true });
mkdirSync(OUTPUT, { recursive: true });

const metadata = JSON.parse(output('cargo', ['metadata', '--locked', '--format-version', '1', '--filter-platform', 'x86_64-unknown-linux-gnu']));
const crates = shippedCrates(metadata);
const sysroot = output('rustc', ['--print', 'sysroot']);
const zigFolder = join(VENV, 'lib', readdirSync(join(VENV, 'lib'))[0], 'site-packages', 'ziglang');
const thirdParty = licenceTexts(crates, [
  { name: 'the Rust standard library', version: output('rustc', ['--version']).split(' ')[1], license: 'MIT OR Apache-2.0', folder: join(sysroot, 'share', 'doc', 'rust', 'licenses'), files: ['MIT.txt', 'Apache-2.0.txt'] },
  { name: 'what Zig links in: the unwinder of LLVM, compiler-rt', version: PYTHON_TOOLS[0].split('==')[1], license: 'Apache-2.0 WITH LLVM-exception, MIT', folder: zigFolder, files: [join('lib', 'libunwind', 'LICENSE.TXT'), 'LICENSE'] },
]);

for (const build of builds) pack(build);
zipPlugin();
writeFileSync(join(OUTPUT, `wu_cloudways-${VERSION}.cdx.json`), sbom(crates, { version: VERSION, commit: COMMIT, epoch: EPOCH, lock: readFileSync(join(ROOT, 'Cargo.lock'), 'utf8') }));
rmSync(STAGE, { recursive: true, force: true });
const sums = checksums(OUTPUT);
writeFileSync(join(OUTPUT, 'SHA256SUMS'), sums);
say(`packed in ${Math.round((Date.now() - started) / 1000)} s, ${crates.length} crates inside:`);
for (const line of sums.trim().split('\n')) console.log(line);
if (options.verify) verify();

/** Brings the tools that are not there yet into .cache/dist. */
function tools() {
  const has = (path, wanted) => existsSync(path) && readFileSync(path, 'utf8') === wanted;
  const stamp = join(CACHE, 'python-tools');
  if (!has(stamp, PYTHON_TOOLS.join('\n'))) {
    say(`installing ${PYTHON_TOOLS.join(', ')} into .cache/dist (about 100 MB)`);
    rmSync(VENV, { recursive: true, force: true });
    mkdirSync(CACHE, { recursive: true });
    run('python3', ['-m', 'venv', VENV]);
    run(join(VENV, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', ...PYTHON_TOOLS]);
    writeFileSync(stamp, PYTHON_TOOLS.join('\n'));
  }
  for (const [name, wanted] of Object.entries(CARGO_TOOLS)) {
    const folder = join(CACHE, 'cargo-tools', `${name}-${wanted}`);
    if (!existsSync(join(folder, 'bin', name))) {
      say(`building ${name} ${wanted} into .cache/dist (some minutes, once)`);
      run('cargo', ['install', '--quiet', '--locked', '--version', wanted, '--root', folder, '--target-dir', join(CACHE, 'cargo-tools', 'target'), name]);
    }
    process.env.PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
  }
  rmSync(join(CACHE, 'cargo-tools', 'target'), { recursive: true, force: true });
  process.env.PATH = `${join(VENV, 'bin')}:${process.env.PATH}`;

  const installed = output('rustc', ['--print', 'sysroot']);
  for (const target of new Set(builds.map((build) => build.target))) {
    if (existsSync(join(installed, 'lib', 'rustlib', target, 'lib'))) continue;
    say(`installing Rust's standard library for ${target}`);
    run('rustup', ['target', 'add', target]);
  }
}

/**
 * The headers of the PHP that is built for, and a PHP of the same version that runs on this machine and tells ext-php-rs
 * about itself: both unpacked from Debian's packages, whatever this machine has, as the two programs that it asks for.
 */
function php(build) {
  const unpacked = (debian, ...packages) => {
    const folder = join(CACHE, 'debian', `${build.suite}-${debian}`);
    run(join(ROOT, 'scripts', 'debs'), [build.suite, debian, folder, ...packages]);
    return folder;
  };
  const machine = output('dpkg', ['--print-architecture']);
  const loader = { amd64: 'lib64/ld-linux-x86-64.so.2', arm64: 'lib/ld-linux-aarch64.so.1' }[machine] ?? fail(`there is no packing on ${machine}`);
  const triplet = output('dpkg-architecture', ['-qDEB_HOST_MULTIARCH']);
  const packages = [`php${build.php}-cli`, `php${build.php}-dev`];
  const runs = unpacked(machine, ...packages);
  const reads = unpacked(build.debian, ...packages);
  const libraries = [`lib/${triplet}`, `usr/lib/${triplet}`].map((folder) => join(runs, folder)).join(':');
  const programs = {
    PHP: `exec '${join(runs, loader)}' --library-path '${libraries}' '${join(runs, 'usr', 'bin', `php${build.php}`)}' -n "$@"`,
    PHP_CONFIG: `sh '${join(reads, 'usr', 'bin', `php-config${build.php}`)}' "$@" | sed 's|/usr/include|${join(reads, 'usr', 'include')}|g'`,
  };
  mkdirSync(join(STAGE, 'bin'), { recursive: true });
  return Object.fromEntries(Object.entries(programs).map(([name, line]) => {
    const program = join(STAGE, 'bin', `${name.toLowerCase()}-${buildName(build)}`);
    writeFileSync(program, `#!/bin/sh\n${line}\n`);
    chmodSync(program, 0o755);
    return [name, program];
  }));
}

/** Builds the extension once, looks at it, and makes its tarball and its .deb. */
function pack(build) {
  say(`building for PHP ${build.php} on ${build.arch}, against glibc ${GLIBC}`);
  // clang reads PHP's headers beside those of that glibc, which Zig brings, and not beside this machine's.
  const headers = join(zigFolder, 'lib', 'libc', 'include');
  const processor = { x86_64: 'x86', arm64: 'aarch64' }[build.arch];
  const resources = output('clang', ['-print-resource-dir']);
  const include = [join(resources, 'include'), ...[`${processor}-linux-gnu`, 'generic-glibc', `${processor}-linux-any`, 'any-linux-any'].map((name) => join(headers, name))];
  for (const folder of include) if (!existsSync(folder)) fail(`there is no ${folder}`);
  // No path of this machine gets into the file; what is told last counts first.
  const remap = [[sysroot, '/rust'], [CARGO_HOME, '/cargo'], [ROOT, '/wu_cloudways'], [TARGET, '/target']];
  // The module alone: beside the library for Rust's own tests, all that is public would stay in it, a fifth of the file.
  run('cargo-zigbuild', ['rustc', '--release', '--locked', '--lib', '--crate-type', 'cdylib', '--target', `${build.target}.${GLIBC}`], {
    env: {
      ...process.env,
      ...php(build),
      CARGO_TARGET_DIR: TARGET,
      CARGO_ENCODED_RUSTFLAGS: remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`).join('\x1f'),
      CFLAGS: remap.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`).join(' '),
      // With hyphens, since bindgen asks for that name first, and cargo-zigbuild sets the other: Zig's own headers, on
      // which Debian 12's libclang breaks down.
      [`BINDGEN_EXTRA_CLANG_ARGS_${build.target}`]: ['-nostdinc', ...include.map((folder) => `-isystem ${folder}`)].join(' '),
      // What cargo-zigbuild and Zig keep belongs to the checkout too.
      CARGO_ZIGBUILD_CACHE_DIR: join(CACHE, 'zigbuild'),
      ZIG_GLOBAL_CACHE_DIR: join(CACHE, 'zig'),
    },
  });
  const file = join(TARGET, build.target, 'release', 'libwu_cloudways.so');
  const wrong = checkBinary(file, build, GLIBC, remap.map(([from]) => from));
  if (wrong.length) fail(`${buildName(build)} must not be shipped:\n  ${wrong.join('\n  ')}`);
  const size = readFileSync(file).length / 2 ** 20;
  say(`${buildName(build)}: ${size.toFixed(2)} MiB`);
  if (size >= LARGEST) fail(`${buildName(build)} has ${size.toFixed(2)} MiB, and should stay under ${LARGEST}: every PHP worker maps it`);

  const folder = join(STAGE, buildName(build), tarballName(build).replace(/\.tgz$/, ''));
  const put = (name, content) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  const copy = (from, to = basename(from)) => put(to, readFileSync(join(ROOT, from)));
  put('wu_cloudways.so', readFileSync(file));
  put('THIRD-PARTY-LICENSES', thirdParty);
  for (const name of ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'README.fr.md', 'CHANGELOG.md', 'php/examples/wu_cloudways.ini', 'php/examples/sync.php', 'php/stubs/wu_cloudways.stub.php']) copy(name);
  for (const name of ['php/install/install.php', 'docs/cloudways.md', 'docs/cloudways.fr.md']) if (existsSync(join(ROOT, name))) copy(name);
  put('SHA256SUMS', checksums(folder));
  tar(folder, join(OUTPUT, tarballName(build)));
  if (build.deb) deb(build, folder);
}

/** A .deb by cargo-deb, from [package.metadata.deb] of Cargo.toml; what depends on the PHP is put into dist/.stage. */
function deb(build, tarballFolder) {
  const stage = join(STAGE, `deb-php${build.php}`);
  mkdirSync(join(stage, 'scripts'), { recursive: true });
  for (const name of ['wu_cloudways.so', 'THIRD-PARTY-LICENSES']) cpSync(join(tarballFolder, name), join(stage, name));
  writeFileSync(join(stage, 'wu_cloudways.ini'), [
    '; Loads the extension wu_cloudways; phpenmod and phpdismod switch it on and off.',
    '; priority=20',
    'extension=wu_cloudways.so',
    '',
  ].join('\n'));
  for (const name of readdirSync(join(ROOT, 'scripts', 'dist-deb'))) {
    writeFileSync(join(stage, 'scripts', name), readFileSync(join(ROOT, 'scripts', 'dist-deb', name), 'utf8').replaceAll('@PHP@', build.php));
    chmodSync(join(stage, 'scripts', name), 0o755);
  }
  const name = debFile(build);
  run('cargo', ['deb', '--quiet', '--no-build', '--no-strip', '--locked', '--target', build.target, '--deb-version', `${VERSION}-1`, '--variant', `php${build.php.replace('.', '')}`, '--output', join(OUTPUT, name)], {
    env: { ...process.env, CARGO_TARGET_DIR: TARGET },
  });
  const says = (field) => output('dpkg-deb', ['--field', join(OUTPUT, name), field]);
  if (says('Package') !== debName(build) || !says('Depends').includes(`phpapi-${build.api}`)) fail(`${name} is ${says('Package')} and depends on ${says('Depends')}`);
}

/** The plugin as WordPress takes it: one folder, without the pictures of the plugin directory. */
function zipPlugin() {
  const folder = 'wp-plugin/wu-cloudways';
  const names = output('git', ['ls-files', '-z', folder]).split('\0').filter((name) => name && !name.includes('/.'));
  const entries = names.map((name) => [name.slice('wp-plugin/'.length), readFileSync(join(ROOT, name))]);
  const odd = names.filter((name) => !/\.(php|css|js|txt|pot?|mo)$|\/LICENSE$/.test(name));
  if (odd.length) fail(`is this part of the plugin? ${odd.join(', ')}`);
  writeFileSync(join(OUTPUT, zipFile()), zip(entries, EPOCH));
}

/** A tar file with everything at its root, as PIE wants it, that only depends on what is in it. */
function tar(folder, into) {
  const archive = execFileSync('tar', ['--create', '--format=ustar', '--sort=name', `--mtime=@${EPOCH}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rw,go=r', '--directory', folder, ...readdirSync(folder).sort()], { maxBuffer: 1 << 28 });
  writeFileSync(into, execFileSync('gzip', ['--no-name', '--best'], { input: archive, maxBuffer: 1 << 28 }));
}

/** The checksums of a folder's files, as sha256sum -c reads them. */
function checksums(folder) {
  return readdirSync(folder).filter((name) => name !== 'SHA256SUMS').sort()
    .map((name) => `${createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')}  ${name}\n`).join('');
}

/** The same commit once more, elsewhere: a clone with nothing built, in a folder of another name and length. */
function verify() {
  const work = mkdtempSync(join(tmpdir(), 'wu-cloudways-once-more-'));
  try {
    const clone = join(work, 'a-clone');
    run('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone]);
    run('git', ['checkout', '--quiet', '--detach', COMMIT], { cwd: clone });
    symlinkSync(join(ROOT, '.cache'), join(clone, '.cache'));
    say(`packing once more, in ${clone}`);
    const only = typeof options.only === 'string' ? [`--only=${options.only}`] : [];
    run(process.execPath, [join('scripts', 'dist.mjs'), ...only], { cwd: clone, env: { ...process.env, CARGO_TARGET_DIR: join(work, 'target') } });
    const again = readFileSync(join(clone, 'dist', 'SHA256SUMS'), 'utf8');
    if (again !== sums) {
      const kept = join(ROOT, 'dist', 'differs');
      cpSync(join(clone, 'dist'), kept, { recursive: true });
      fail(`the second time was different; it is kept in ${kept}:\n${again}`);
    }
    say('the second time, from another folder, gave the same bytes');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
