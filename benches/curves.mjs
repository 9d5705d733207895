// The picture beside the table of `make bench`: a script for gnuplot with the figures of results.csv, each panel with the
// series that were measured. A panel without one is left out.

const COLOURS = ['#d1242f', '#1f6feb', '#1a7f37', '#9a6700', '#8250df', '#57606a', '#bf3989', '#0a7f8f'];
// Of a panel, and of the line above them all, in pixels.
const [WIDTH, HEIGHT, TOP] = [640, 500, 50];
const COLUMNS = 3;

const DNS = 'DNS verdicts';
const RUNS = 'Runs';
const PHP = 'The extension in PHP';

/** By runner: what it is called in a legend; the colours go by this order. */
const RUNNERS = {
  ours: 'wu_cloudways',
  dnsperf: 'dnsperf, only asks',
  'multi h2': 'curl_multi, HTTP/2',
  'multi h1': 'curl_multi, HTTP/1.1',
  'multi h2 caa': 'curl_multi, HTTP/2, CAA too',
  'doh kept': 'DoH one by one, connection kept',
  doh: 'DoH one by one',
  records: 'dns_get_record() one by one',
};
const KINDS = {
  'nothing to do': 'nothing to do',
  'nothing to do, ssl false': 'nothing to do, without the certificate',
  'one new domain': 'one new domain',
  'plan, all new': 'plan in which all are new',
};

/** Lines of a panel, in the order of `names`: each name with what `series` makes of it. */
function lines(section, names, series) {
  return Object.entries(names).map(([name, title], n) => ({ section, series: series(name), title, colour: COLOURS[n] }));
}

function panels(rows) {
  const delays = [...new Set(rows.filter(({ section }) => section === DNS).flatMap(({ series }) => /, (\d+) ms$/.exec(series)?.[1] ?? []))];
  const runs = (what) => lines(RUNS, KINDS, (kind) => `${kind}, ${what}`);
  const domains = { x: 'domains (each with www; 1 network site for 10)', log: 'x' };
  return [
    ...delays
      .sort((a, b) => a - b)
      .map((delay) => ({
        title: `DNS verdicts, ${delay} ms per answer`, x: 'names', y: 'time, seconds', log: 'xy',
        lines: lines(DNS, RUNNERS, (runner) => `${runner}, ${delay} ms`),
      })),
    {
      ...domains, title: 'Runs: processor time', y: 'milliseconds', log: 'xy', times: 1000,
      lines: [...runs('processor time'), { section: RUNS, series: 'nothing to do, processor time besides DNS', title: 'nothing to do, besides DNS', colour: COLOURS[0], dashed: true }],
    },
    { ...domains, title: 'Runs: time (DNS 20 ms per answer)', y: 'milliseconds', log: 'xy', times: 1000, lines: runs('time') },
    { ...domains, title: 'Runs: requests to the API', y: 'requests', from: 0, to: 6, lines: runs('requests') },
    { ...domains, title: 'Runs: memory at the peak of a call', y: 'MiB', log: 'xy', times: 1 / 1024, lines: runs('peak memory') },
    {
      title: 'Memory against runs in one process', x: 'runs', y: 'MiB', times: 1 / 1024, from: 0,
      lines: [
        { section: PHP, series: 'resident memory against runs', title: 'resident', colour: COLOURS[0] },
        { section: PHP, series: 'private memory against runs', title: 'private', colour: COLOURS[1] },
      ],
    },
  ]
    .map((panel) => ({ ...panel, lines: panel.lines.filter((line) => rows.some((row) => row.section === line.section && row.series === line.series)) }))
    .filter((panel) => panel.lines.length);
}

/** @returns {string|null} the script, with the figures in it, which writes `png`; null: there is nothing to draw */
export function script(rows, { png, caption }) {
  const drawn = panels(rows);
  if (!drawn.length) return null;
  const columns = Math.min(COLUMNS, drawn.length);
  const high = Math.ceil(drawn.length / columns);
  const [width, height] = [columns * WIDTH, high * HEIGHT + TOP];
  return `# Written by benches/bench.mjs; gnuplot draws ${png} anew from it.
set terminal pngcairo size ${width},${height} font 'DejaVu Sans,10' background '#ffffff'
set output ${quoted(png)}
set encoding utf8
set multiplot
set label 1 ${quoted(caption)} at screen 0.5,${1 - TOP / 2 / height} center font ',13' noenhanced
set border 3 lc rgb '#57606a'
set tics nomirror
set grid lc rgb '#d8dee4' lw 1
# The legends stand below, in a margin of their own.
set lmargin 10
set rmargin 4
set tmargin 3
set bmargin 8.5
set key outside bottom center vertical maxrows 4 Left reverse font ',9' samplen 2 width -2 noenhanced
${drawn.map((one, n) => panel(one, rows, [(n % columns) / columns, 1 - (TOP + (Math.floor(n / columns) + 1) * HEIGHT) / height], [1 / columns, HEIGHT / height])).join('\n')}
unset multiplot
`;
}

function panel({ title, x, y, log = '', times = 1, from = '*', to = '*', lines: all }, rows, origin, size) {
  const figures = all.map(({ section, series }) =>
    rows
      .filter((row) => row.section === section && row.series === series)
      .sort((a, b) => a.x - b.x)
      .map((row) => `${row.x} ${row.y * times}`),
  );
  const blocks = figures.map((list, n) => `$series${n} << END\n${list.join('\n')}\nEND`);
  const plots = all.map(({ title: name, colour, dashed }, n) =>
    `$series${n} using 1:2 with linespoints lc rgb '${colour}' lw ${width(n)} pt 7 ps ${(0.35 + width(n) / 5).toFixed(2)}${dashed ? ' dt 2' : ''} title ${quoted(name)}`,
  );
  return `
set origin ${origin.join(',')}
set size ${size.join(',')}
unset logscale
${log ? `set logscale ${log}\n` : ''}set title ${quoted(title)} font ',12' noenhanced
set xlabel ${quoted(x)} noenhanced
set ylabel ${quoted(y)} noenhanced
set xrange [*:*]
set yrange [${from}:${to}]
set format x '%.0f'
set format y '${log.includes('y') ? '%g' : '%.0f'}'
${blocks.join('\n')}
plot ${plots.join(', \\\n  ')}
unset label 1`;
}

/** Wider ones below, so that one that lies on another hides nothing. */
function width(n) {
  return (4.4 - Math.min(n, 4) * 0.7).toFixed(1);
}

function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`;
}
