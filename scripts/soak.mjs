// The stages of `make soak`, in order: `node scripts/soak.mjs [STAGE...]`, without arguments all of them.
//
// What takes too long for `make test`. Each stage prints its figures, and fails by itself when one is wrong; a stage
// that fails does not stop the next. The exit code is 0 only when every stage passed.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
const ENV = {
  WU_CLOUDWAYS_SO: join(TARGET, 'debug', 'libwu_cloudways.so'),
  CLOUDWAYS_SIM: join(TARGET, 'debug', 'cloudways-sim'),
  ...process.env,
};

const nodeTest = (name) => [process.execPath, '--test', '--test-reporter=spec', `tests/soak/${name}.test.mjs`];

/** name: what a person types; what: a line about it; command: a program with its arguments, which has to end with 0. */
const STAGES = [
  { name: 'valgrind', what: 'the PHPT under valgrind: no invalid access, nothing lost', command: [process.execPath, 'tests/soak/valgrind.mjs'] },
  { name: 'memory', what: '10,000 calls of every kind in one worker of php-fpm', command: nodeTest('memory') },
  { name: 'workers', what: '50 workers, and reloads and replaced workers under load', command: nodeTest('workers') },
  { name: 'fork', what: 'a storm of forks around calls, on the command line', command: nodeTest('fork') },
  { name: 'overwrite', what: 'the file overwritten while it is loaded, and how it is done right', command: nodeTest('overwrite') },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length) {
  console.error(`No such stage: ${unknown.join(', ')}. There are: ${STAGES.map((stage) => stage.name).join(', ')}.`);
  process.exit(2);
}

let current = null;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    // Ctrl-C reached the stage as well; others did not.
    if (signal !== 'SIGINT') current?.kill(signal);
  });
}

const results = [];
for (const stage of STAGES.filter(({ name }) => !asked.length || asked.includes(name))) {
  if (interrupted) {
    results.push({ ...stage, outcome: 'not run (interrupted)', seconds: 0 });
    continue;
  }
  console.log(`\n==> ${stage.name}: ${stage.what}`);
  const start = Date.now();
  const code = await ended(stage.command);
  results.push({ ...stage, outcome: code === 0 ? 'passed' : 'FAILED', seconds: (Date.now() - start) / 1000 });
}

console.log('');
for (const { name, seconds, outcome } of results) console.log(`${name.padEnd(20)}${seconds.toFixed(1).padStart(9)} s   ${outcome}`);
process.exit(results.every(({ outcome }) => outcome === 'passed') ? 0 : 1);

function ended([program, ...args]) {
  return new Promise((resolve) => {
    current = spawn(program, args, { cwd: ROOT, env: ENV, stdio: ['ignore', 'inherit', 'inherit'] });
    current.on('error', (error) => {
      console.log(error.message);
      resolve(1);
    });
    current.on('close', (code) => resolve(code ?? 1));
  });
}
