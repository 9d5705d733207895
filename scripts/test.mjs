// The stages of `make test`, in order: `node scripts/test.mjs [STAGE...]`, without arguments all of them.
//
// A stage that fails does not stop the ones that can still run; one that needs it is not run, and says so. The times
// are printed at the end, and the exit code is 0 only when every stage passed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inside, rootOf } from '../tests/versions/inside.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

// The PHP of this run: Debian 12's, or another that scripts/php knows. What is built against another has a folder of its own.
const VERSION = process.env.WU_PHP || '8.2';
const OTHER = VERSION !== '8.2';
const PHP_ENV = OTHER ? otherPhp() : {};
const PHP = PHP_ENV.PHP ?? '/usr/bin/php8.2';
const TARGET = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), OTHER ? `php${VERSION}` : '.');
const EXTENSION = join(TARGET, 'debug', 'libwu_cloudways.so');
const SIMULATOR = join(TARGET, 'debug', 'cloudways-sim');
if (OTHER) Object.assign(process.env, PHP_ENV, { CARGO_TARGET_DIR: TARGET, WU_CLOUDWAYS_SO: EXTENSION, CLOUDWAYS_SIM: SIMULATOR });

const node = (...args) => [process.execPath, ...args];
const nodeTest = (...files) => node('--test', '--test-reporter=spec', '--test-concurrency=1', ...files);

/** The files under `folder` that `wanted` says yes to. */
function files(folder, wanted) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => wanted(file))
    .sort();
}

/** Tests that look at the network through Chromium; they are a stage of their own. */
const inBrowser = (file) => /\/browser-[^/]*\.test\.mjs$/.test(file);

/**
 * name: what a person types; what: a line about it; commands: each a program with its arguments, all have to end with
 * 0; needs: stages that have to have passed when they are part of the same run; check: looks at the output of the last
 * command, and says what is wrong with it.
 */
const STAGES = [
  { name: 'fmt', what: 'rustfmt', commands: () => [['cargo', 'fmt', '--all', '--check']] },
  {
    name: 'clippy',
    what: 'clippy, engine alone',
    commands: () => [['cargo', 'clippy', '--workspace', '--all-targets', '--no-default-features', '--', '-D', 'warnings']],
  },
  {
    name: 'clippy-php',
    what: 'clippy, with the PHP binding',
    commands: () => [['cargo', 'clippy', '--workspace', '--all-targets', '--', '-D', 'warnings']],
  },
  {
    name: 'php-lint',
    what: 'syntax of the PHP files, and nothing in them deprecated',
    commands: () => {
      const sources = ['wp-plugin', 'tests', 'php', 'benches'].flatMap((folder) => files(folder, (file) => file.endsWith('.php')));
      const quiet = `${PHP} -d error_reporting=-1 -d display_errors=1 -d log_errors=0 -l 2>&1 | grep -v '^No syntax errors detected in ' | grep .`;
      return [['sh', '-c', `if printf '%s\\0' "$@" | xargs -0 -n 1 -P 2 ${quiet}; then exit 1; fi; echo "$# files"`, 'sh', ...sources]];
    },
  },
  {
    name: 'rust',
    what: 'unit tests, and the engine against the simulator',
    commands: () => [
      has('nextest')
        ? ['cargo', 'nextest', 'run', '--workspace', '--no-default-features', '--no-fail-fast']
        : ['cargo', 'test', '--workspace', '--no-default-features', '--no-fail-fast', '--lib', '--bins', '--tests'],
      ['cargo', 'test', '--workspace', '--no-default-features', '--doc'],
    ],
  },
  {
    name: 'histories',
    what: 'random histories of the engine, the first of 1,000',
    commands: () => [['cargo', 'test', '--quiet', '--no-default-features', '--test', 'histories']],
  },
  // After `rust`: building without the binding leaves a libwu_cloudways.so of the same name that PHP cannot load.
  { name: 'build', what: 'the extension and the simulator', commands: () => [['cargo', 'build', '--workspace']] },
  {
    name: 'counts',
    what: 'instructions for 10,000 domains',
    needs: ['build'],
    commands: () => [
      ['cargo', 'rustc', '--quiet', '--profile', 'counts', '--lib', '--crate-type', 'cdylib'],
      nodeTest(...files('tests/counts', (file) => file.endsWith('.test.mjs'))),
    ],
  },
  {
    name: 'phpt',
    what: 'the extension in PHP',
    needs: ['build'],
    commands: () => [phpt()],
    env: { NO_INTERACTION: '1', REPORT_EXIT_STATUS: '1', TEST_PHP_EXECUTABLE: PHP },
    check: (output) => {
      const skipped = /Tests skipped\s*:\s*(\d+)/.exec(output);
      const passed = /Tests passed\s*:\s*(\d+)/.exec(output);
      if (!passed || passed[1] === '0') return 'no test passed';
      if (skipped && skipped[1] !== '0') return `${skipped[1]} tests were skipped; a skipped test proves nothing`;
    },
  },
  { name: 'stubs', what: 'php/stubs are those of the extension', needs: ['build'], commands: () => [[PHP, 'scripts/stubs', '--check']] },
  { name: 'docs', what: 'the READMEs', commands: () => [nodeTest(...files('tests/docs', (file) => file.endsWith('.test.mjs')))] },
  { name: 'i18n', what: 'translations', commands: () => [node('tests/wordpress/i18n.mjs')] },
  { name: 'probe', what: 'the stand-in against what the real plugin did', commands: () => [node('tests/wordpress/probe/compare.mjs', '--db=mariadb')] },
  { name: 'fpm', what: 'the extension in php-fpm', needs: ['build'], commands: () => [nodeTest(...files('tests/fpm', (file) => file.endsWith('.test.mjs')))] },
  ...(OTHER ? [{ name: 'embed', what: 'the extension in a PHP that is part of another program', needs: ['build'], commands: () => [nodeTest(...files('tests/versions', (file) => file.endsWith('.test.mjs')))] }] : []),
  // A PHP built from its source alone lacks what WordPress needs.
  ...(rootOf(VERSION) ? [{ name: 'mapping', what: 'a domain is mapped in a WordPress network', needs: ['build'], commands: () => [nodeTest('tests/wordpress/mapping.test.mjs')] }] : []),
  { name: 'install', what: 'the script that installs the extension', needs: ['build'], commands: () => [nodeTest(...files('tests/install', (file) => file.endsWith('.test.mjs')))] },
  {
    name: 'wordpress',
    what: 'the network on MariaDB, nginx and php-fpm',
    needs: ['build'],
    commands: () => [nodeTest(...files('tests/wordpress', (file) => file.endsWith('.test.mjs') && !inBrowser(file)))],
  },
  {
    name: 'browser',
    what: 'the screens of that network in Chromium',
    needs: ['build'],
    commands: () => [nodeTest(...files('tests/wordpress', inBrowser))],
  },
  { name: 'run', what: 'make run ONCE=1', needs: ['build'], commands: () => [node('tests/wordpress/run.mjs', '--once')] },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length) {
  console.error(`No such stage: ${unknown.join(', ')}. There are: ${STAGES.map((stage) => stage.name).join(', ')}.`);
  process.exit(2);
}

const stages = STAGES.filter((stage) => !asked.length || asked.includes(stage.name));
const results = [];
let current = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Ctrl-C reached the stage as well; others did not. It ends what it started, then we end.
    if (signal !== 'SIGINT') current?.kill(signal);
    results.interrupted = true;
  });
}

for (const stage of stages) {
  const lacking = (stage.needs ?? []).find((name) => results.some((result) => result.name === name && result.outcome !== 'passed'));
  if (results.interrupted) results.push({ ...stage, outcome: 'not run (interrupted)', seconds: 0 });
  else if (lacking) results.push({ ...stage, outcome: `not run (${lacking} failed)`, seconds: 0 });
  else results.push(await runStage(stage));
}

const width = Math.max(...results.map(({ name, what }) => name.length + what.length)) + 4;
console.log(`\n${'='.repeat(width + 30)}`);
for (const { name, what, seconds, outcome } of results) {
  console.log(`${`${name}: ${what}`.padEnd(width)}${seconds.toFixed(1).padStart(9)} s   ${outcome}`);
}
const good = results.every(({ outcome }) => outcome === 'passed');
const total = results.reduce((sum, { seconds }) => sum + seconds, 0);
console.log(`${(good ? 'all passed' : 'NOT PASSED').padEnd(width)}${total.toFixed(1).padStart(9)} s`);
process.exit(good ? 0 : 1);

async function runStage(stage) {
  console.log(`\n==> ${stage.name}: ${stage.what}`);
  const start = process.hrtime.bigint();
  let outcome = 'passed';
  try {
    for (const [command, ...args] of stage.commands()) {
      const { code, output } = await spawned(command, args, stage);
      if (code !== 0) {
        outcome = 'FAILED';
        break;
      }
      const wrong = stage.check?.(output);
      if (wrong) {
        console.log(`${stage.name}: ${wrong}`);
        outcome = 'FAILED';
      }
    }
  } catch (error) {
    console.log(`${stage.name}: ${error.message}`);
    outcome = 'FAILED';
  }
  return { ...stage, outcome, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}

function spawned(command, args, { env = {}, check }) {
  return new Promise((resolve, reject) => {
    current = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, WU_CLOUDWAYS_SO: process.env.WU_CLOUDWAYS_SO ?? EXTENSION, CLOUDWAYS_SIM: process.env.CLOUDWAYS_SIM ?? SIMULATOR, ...env },
      stdio: ['ignore', check ? 'pipe' : 'inherit', 'inherit'],
    });
    let output = '';
    current.stdout?.setEncoding('utf8');
    current.stdout?.on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    current.on('error', reject);
    current.on('close', (code) => resolve({ code, output }));
  });
}

/** Brings the PHP of VERSION here: its program, its php-config, and for the tests its php-fpm and what WordPress needs. */
function otherPhp() {
  const { status, stdout } = spawnSync(join(ROOT, 'scripts/php'), [VERSION], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, WITH: 'fpm embed mysql curl mbstring xml zip intl gd sqlite3' } });
  if (status !== 0) process.exit(status || 1);
  const found = Object.fromEntries(stdout.trim().split('\n').map((line) => line.split('=')));
  const fpm = ['php-fpm', '../sbin/php-fpm'].map((name) => join(dirname(found.PHP), name)).find(existsSync);
  if (!fpm) throw new Error(`PHP ${VERSION} has no php-fpm`);
  return { ...found, PHP_FPM: fpm };
}

/** PHP's own runner of PHPT. What needs strace, namespaces and opcache around it is for this machine's PHP. That of another Debian runs in its root, with that Debian's files around it. */
function phpt() {
  const tests = (php, runner) => [php, runner, '-n', '-q', '-g', 'FAIL,XFAIL,BORK,WARN,LEAK,XLEAK,SKIP', '--show-diff', '-p', php, '-d', `extension=${EXTENSION}`, 'tests/phpt', ...(OTHER ? [] : ['tests/phpt-machine'])];
  const root = rootOf(VERSION);
  if (root) {
    const php = `/usr/bin/php${VERSION}`;
    const runner = readdirSync(join(root, 'usr/lib/php')).map((api) => `/usr/lib/php/${api}/build/run-tests.php`).find((file) => existsSync(join(root, file)));
    const carry = { WU_CLOUDWAYS_SO: EXTENSION, CLOUDWAYS_SIM: SIMULATOR, NO_INTERACTION: '1', REPORT_EXIT_STATUS: '1', TEST_PHP_EXECUTABLE: php };
    return inside(root, { bind: [dirname(EXTENSION)], carry }, tests(php, runner));
  }
  const runner = OTHER ? join(dirname(PHP), '../lib/php/build/run-tests.php') : '/usr/lib/php/20220829/build/run-tests.php';
  return tests(PHP, runner);
}

/** Whether cargo has the subcommand. */
function has(subcommand) {
  return spawnSync('cargo', [subcommand, '--version'], { stdio: 'ignore' }).status === 0;
}
