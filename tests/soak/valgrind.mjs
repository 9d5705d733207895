// The PHPT under valgrind: `node tests/soak/valgrind.mjs [FILE.phpt...]`, without arguments all of tests/phpt.
//
// PHP gets its memory from malloc here (USE_ZEND_ALLOC=0), so that valgrind sees each piece. What fails: an access to
// memory that is not ours, a decision on bytes that were never written, and a piece that nothing points to at the end,
// in any PHP process of a test. A test that fails for its own reasons fails this too.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PHP = process.env.PHP ?? '/usr/bin/php8.2';
const RUNNER = '/usr/lib/php/20220829/build/run-tests.php';
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
const EXTENSION = process.env.WU_CLOUDWAYS_SO ?? join(TARGET, 'debug', 'libwu_cloudways.so');
const SIMULATOR = process.env.CLOUDWAYS_SIM ?? join(TARGET, 'debug', 'cloudways-sim');

const asked = process.argv.slice(2);
// Their point is a time limit that a program at a twentieth of its speed cannot keep, or the size of the process, which is
// mostly valgrind's here. After dl() PHP unloads the extension before the end, and what it registered for the life of the
// process (a few names, some ten bytes each) counts as lost.
const LEFT_OUT = ['descriptors.phpt', 'errors.phpt', 'load-twice.phpt', 'max-execution-time.phpt', 'memory.phpt', 'signal-mask.phpt', 'signals-default.phpt'];
const tests = asked.length ? asked : readdirSync(join(ROOT, 'tests/phpt')).filter((file) => file.endsWith('.phpt') && !LEFT_OUT.includes(file)).sort().map((file) => join('tests/phpt', file));

const scratch = mkdtempSync(join(tmpdir(), 'wu-valgrind-'));
let good = false;
try {
  good = run();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(good ? 0 : 1);

function run() {
  // Children are followed when they are PHP. No JIT of regular expressions: code that is written at run time is not valgrind's strength.
  const wrapper = join(scratch, 'php');
  const options = [
    '--tool=memcheck', '--leak-check=full', '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite', '--num-callers=30',
    '--trace-children=yes', '--trace-children-skip=*/cloudways-sim,*/sh,*/dash,*/kill,*/strace,*/unshare,*/mount,*/bash',
    `--suppressions=${join(ROOT, 'tests/soak/valgrind.supp')}`, '--gen-suppressions=all', `--log-file=${scratch}/%p.log`,
  ];
  writeFileSync(wrapper, `#!/bin/sh\nexec valgrind ${options.join(' ')} ${PHP} -d pcre.jit=0 "$@"\n`);
  chmodSync(wrapper, 0o755);

  const { status, stdout, stderr, error } = spawnSync(
    PHP,
    // Debian's PHP is slow to start under valgrind: a test gets ten minutes.
    [RUNNER, '-n', '-q', '-j2', '--set-timeout', '600', '-g', 'FAIL,XFAIL,BORK,WARN,LEAK,XLEAK,SKIP', '--show-diff', '-p', wrapper, '-d', `extension=${EXTENSION}`, ...tests],
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: {
        ...process.env,
        WU_CLOUDWAYS_SO: EXTENSION,
        CLOUDWAYS_SIM: SIMULATOR,
        NO_INTERACTION: '1',
        REPORT_EXIT_STATUS: '1',
        TEST_PHP_EXECUTABLE: wrapper,
        USE_ZEND_ALLOC: '0',
        USE_TRACKED_ALLOC: '1',
        // Without it PHP unloads the extension before the end, and what its statics point to counts as lost.
        ZEND_DONT_UNLOAD_MODULES: '1',
        WU_SLOW: '1',
      },
    },
  );
  process.stdout.write(stdout ?? '');
  process.stderr.write(stderr ?? '');
  if (error) throw error;

  const logs = readdirSync(scratch).filter((file) => file.endsWith('.log'));
  let errors = 0;
  let lost = 0;
  for (const log of logs) {
    const text = readFileSync(join(scratch, log), 'utf8');
    const summary = /ERROR SUMMARY: ([\d,]+) errors/.exec(text);
    const definitely = /definitely lost: ([\d,]+) bytes/.exec(text);
    const number = (found) => Number((found?.[1] ?? '0').replaceAll(',', ''));
    errors += number(summary);
    lost += number(definitely);
    // A process that a test ended by a signal has no summary; what valgrind had seen until then counts.
    const seen = /(Invalid (read|write|free)|uninitialised|Process terminating with default action of signal \d+ \((SIGSEGV|SIGABRT|SIGBUS|SIGILL)\))/.test(text);
    if (number(summary) || seen) {
      if (!number(summary)) errors++;
      console.log(`\n${/Command: (.*)/.exec(text)?.[1] ?? log}\n${text}`);
    }
  }
  const passed = Number(/Tests passed\s*:\s*(\d+)/.exec(stdout)?.[1] ?? 0);
  console.log(`valgrind: ${logs.length} PHP processes in ${tests.length} tests, ${passed} passed, ${errors} errors, ${lost} bytes definitely lost`);
  if (!existsSync(EXTENSION) || passed !== tests.length || logs.length < tests.length) {
    console.log('valgrind: not every test was run and passed');
    return false;
  }
  return status === 0 && errors === 0;
}
