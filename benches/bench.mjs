// `make bench`: every number side by side, in one run, as ratios: `node benches/bench.mjs [--quick] [SECTION...]`
//
//   --quick   fewer points and fewer turns; what is judged at 10,000 domains is then not judged
//   SECTION   dns, run, network, fpm; without one, all of them
//
// Builds the extension and the simulator as they are shipped, with the release profile, unless WU_CLOUDWAYS_SO and
// CLOUDWAYS_SIM name others. scripts/dist.mjs builds the same for older C libraries with Zig's linker; this is for the
// machine it runs on, with its own.
//
// What is judged comes first. The table, the figures behind the curves and the curves go to target/bench/. The exit code is
// 0 only when every section went through and every number that is wanted was reached.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT } from '../tests/wordpress/lib/lab.mjs';
import { PHP } from '../tests/wordpress/lib/services.mjs';
import { script } from './curves.mjs';

const SECTIONS = ['dns', 'run', 'network', 'fpm'];
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
const OUTPUT = join(TARGET, 'bench');
const COLUMNS = ['ratio', 'what', 'ours', 'rival', 'wanted', 'met'];

const words = process.argv.slice(2);
const quick = words.includes('--quick');
const asked = words.filter((word) => word !== '--quick');
const unknown = asked.filter((word) => !SECTIONS.includes(word));
if (unknown.length) {
  console.error(`No such section or option: ${unknown.join(', ')}. There are: ${SECTIONS.join(', ')}, --quick.`);
  process.exit(2);
}

build();
const machine = describeMachine();
console.log(machine.map(([name, value]) => `${name.padEnd(10)}${value}`).join('\n'));

const began = Date.now();
const results = [];
for (const name of SECTIONS.filter((section) => !asked.length || asked.includes(section))) results.push(await section(name));
const rows = results.flatMap(({ rows: some }) => some);
const csv = results.flatMap(({ csv: some }) => some);
const [judged, others] = [rows.filter(({ met }) => met !== null), rows.filter(({ met }) => met === null)];
const missed = judged.filter(({ met }) => !met);
const failed = results.filter(({ error }) => error);
const verdict = [
  `${judged.length - missed.length} of ${judged.length} wanted numbers reached, in ${Math.round((Date.now() - began) / 1000)} s${quick ? ' (--quick)' : ''}.`,
  ...missed.map(({ section: name, what, ours, rival, wanted, ratio }) => `NOT REACHED: ${name}: ${what}: ${ours}${rival ? ` | ${rival}` : ''}${ratio === null ? '' : ` | ratio ${ratioText(ratio)}`} | wanted ${wanted}`),
  ...failed.map(({ name, error }) => `FAILED: ${name}: ${error.message}`),
];

printTable('What is wanted', judged);
printTable('Besides', others);
console.log(`\n${verdict.join('\n')}\n`);
keep();
process.exit(missed.length || failed.length ? 1 : 0);

async function section(name) {
  const file = join(ROOT, 'benches', `${name}.mjs`);
  const start = Date.now();
  const finish = progress(name);
  try {
    const { measure } = await import(file);
    const { rows: some, csv: figures } = await measure({ quick, say: finish.say });
    finish(`${some.length} rows in ${Math.round((Date.now() - start) / 1000)} s`);
    return { name, rows: some.map((row) => ({ ...row, section: name })), csv: figures };
  } catch (error) {
    finish(`FAILED: ${error.stack}`);
    return { name, rows: [], csv: [], error };
  }
}

/** What is being done: on one line of a terminal, else a line each time it is something else. */
function progress(name) {
  let last = '';
  const show = (text) => {
    if (text === last) return;
    last = text;
    const line = `${name}: ${text}`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    else console.error(line);
  };
  const finish = (text) => {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.error(`==> ${name}: ${text}`);
  };
  console.error(`==> ${name}`);
  return Object.assign(finish, { say: show });
}

function build() {
  const { WU_CLOUDWAYS_SO: so, CLOUDWAYS_SIM: sim } = process.env;
  // What is called the same without the PHP binding would be built into the same file: the features are those of a release.
  if (!so) cargo('rustc', '--release', '--locked', '--lib', '--crate-type', 'cdylib');
  if (!sim) cargo('build', '--release', '--locked', '-p', 'cloudways-sim');
  process.env.WU_CLOUDWAYS_SO ??= join(TARGET, 'release', 'libwu_cloudways.so');
  process.env.CLOUDWAYS_SIM ??= join(TARGET, 'release', 'cloudways-sim');
}

function cargo(...args) {
  console.error(`==> cargo ${args.join(' ')}`);
  const { status, error } = spawnSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`bench: cargo ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
}

/** What the numbers depend on. Neither names of this machine nor of its folders. */
function describeMachine() {
  const said = (command, ...args) => (spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' }).stdout ?? '').split('\n')[0].trim() || '(not known)';
  const extension = spawnSync(PHP, ['-n', '-d', `extension=${process.env.WU_CLOUDWAYS_SO}`, '-r', 'echo phpversion("wu_cloudways");'], { encoding: 'utf8' }).stdout;
  const debian = /^PRETTY_NAME="?([^"\n]*)/m.exec(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '')?.[1];
  const commit = said('git', 'describe', '--always', '--dirty');
  return [
    ['processor', `${cpus()[0]?.model.trim() ?? '(not known)'}, ${availableParallelism()} cores for us`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['system', `Linux ${release()}, ${debian ?? ''}, load ${loadavg()[0].toFixed(1)} at the start`],
    ['PHP', said(PHP, '-v')],
    ['rustc', said('rustc', '--version')],
    ['node', process.version],
    ['extension', `${extension || '(does not load)'}, ${(statSync(process.env.WU_CLOUDWAYS_SO).size / 2 ** 20).toFixed(2)} MiB, commit ${commit}`],
  ];
}

function ratioText(ratio) {
  if (ratio === null) return '';
  return ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2);
}

/** The cells of a row, as they are shown. */
function cells({ ratio, what, ours, rival, wanted, met }) {
  return { ratio: ratioText(ratio), what, ours, rival, wanted, met: met === null ? '' : met ? 'yes' : 'NO' };
}

function printTable(title, some) {
  if (!some.length) return;
  const total = Math.min(160, Math.max(120, process.stdout.columns ?? 150));
  const fixed = { ratio: 6, wanted: some.some(({ wanted }) => wanted) ? 20 : 0, met: some.some(({ met }) => met !== null) ? 3 : 0 };
  const columns = COLUMNS.filter((name) => fixed[name] !== 0);
  const rest = total - columns.reduce((sum, name) => sum + (fixed[name] ?? 0), 0) - 3 * (columns.length - 1);
  const widths = { ...fixed, what: Math.floor(rest * 0.34), ours: Math.floor(rest * 0.33) };
  widths.rival = rest - widths.what - widths.ours;
  const rule = columns.map((name) => '─'.repeat(widths[name])).join('─┼─');
  const print = (row) => {
    const wrapped = Object.fromEntries(columns.map((name) => [name, wrap(row[name], widths[name])]));
    const height = Math.max(...Object.values(wrapped).map((list) => list.length));
    for (let line = 0; line < height; line++) {
      const texts = columns.map((name) => (name === 'ratio' ? (wrapped[name][line] ?? '').padStart(widths[name]) : (wrapped[name][line] ?? '').padEnd(widths[name])));
      console.log(texts.join(' │ ').trimEnd());
    }
  };
  console.log(`\n${title}`);
  console.log(rule);
  print(Object.fromEntries(COLUMNS.map((name) => [name, name])));
  for (const name of [...new Set(some.map(({ section: of }) => of))]) {
    for (const row of some.filter(({ section: of }) => of === name)) {
      console.log(rule);
      print(cells(row));
    }
  }
  console.log(rule);
}

/** Lines of at most so many characters; a word that is longer is cut. */
function wrap(text, width) {
  const lines = [];
  let line = '';
  for (let word of text.split(/\s+/)) {
    while (word.length > width) {
      if (line) lines.push(line);
      line = '';
      lines.push(word.slice(0, width));
      word = word.slice(width);
    }
    const longer = line ? `${line} ${word}` : word;
    if (longer.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function keep() {
  mkdirSync(OUTPUT, { recursive: true });
  const kept = [];
  const file = (name, text) => {
    writeFileSync(join(OUTPUT, name), text);
    kept.push(name);
  };
  // What is there from another run would seem to be of this one.
  for (const name of ['table.md', 'results.csv', 'curves.gp', 'curves.png']) rmSync(join(OUTPUT, name), { force: true });
  const bar = (texts) => `| ${texts.map((text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  const table = (title, some) =>
    some.length ? ['', `## ${title}`, '', bar(['section', ...COLUMNS]), bar(['---', '--:', ...COLUMNS.slice(1).map(() => '---')]), ...some.map((row) => bar([row.section, ...Object.values(cells(row))]))] : [];
  file('table.md', ['# Bench', '', bar(['machine', '']), bar(['---', '---']), ...machine.map(bar), '', ...verdict.flatMap((line) => [`- ${line.replaceAll('\n', ' ')}`]), ...table('What is wanted', judged), ...table('Besides', others), ''].join('\n'));
  const value = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const columns = ['section', 'series', 'x', 'y', 'unit'];
  file('results.csv', [columns.join(','), ...csv.map((row) => columns.map((name) => value(String(row[name]))).join(',')), ''].join('\n'));
  const [processor] = machine;
  const drawing = script(csv, { png: 'curves.png', caption: `wu_cloudways beside others, on ${processor[1]}${quick ? ' (--quick)' : ''}` });
  if (drawing) {
    file('curves.gp', drawing);
    const { status, stderr, error } = spawnSync('gnuplot', ['curves.gp'], { cwd: OUTPUT, encoding: 'utf8' });
    if (status === 0 && existsSync(join(OUTPUT, 'curves.png'))) kept.push('curves.png');
    else {
      console.error(`bench: gnuplot drew nothing: ${error?.message ?? stderr}`);
      failed.push({ name: 'curves' });
    }
  }
  console.log(`Written to ${relative(ROOT, OUTPUT).startsWith('..') ? OUTPUT : relative(ROOT, OUTPUT)}/: ${kept.join(', ')}`);
}
