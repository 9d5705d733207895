// The section "The extension in PHP" of `make bench`: its size, the time to load it, the memory of a php-fpm child that has
// it, and what 10,000 runs leave behind in one process. Extensions of Debian stand beside it for scale; they do other things.
import { cpSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { children, inspect, openPools } from '../tests/fpm/lib/pool.mjs';
import { run, sleep, write } from '../tests/wordpress/lib/lab.mjs';
import { defines } from '../tests/wordpress/lib/network.mjs';
import { PHP, SIM } from '../tests/wordpress/lib/services.mjs';
import { median } from './figures.mjs';

const SECTION = 'The extension in PHP';
const BESIDE = ['curl', 'intl', 'mbstring'];
const MIB = 1024;

/** What the C library's heap may still move by, in KiB. A leak of 30 bytes a run would be 290 KiB at 10,000 runs. */
const HEAP_MOVES = 256;

export async function measure({ quick, say }) {
  const pools = await openPools('bench-fpm');
  try {
    const bench = new Bench(pools, quick, say);
    await bench.all();
    return { rows: bench.rows, csv: bench.csv };
  } finally {
    await pools.close();
  }
}

class Bench {
  rows = [];
  csv = [];

  constructor(pools, quick, say) {
    Object.assign(this, { pools, lab: pools.lab, sim: pools.sim, so: pools.so, quick, say });
  }

  async all() {
    this.debian = (await good(PHP, ['-r', 'echo ini_get( "extension_dir" );'])).trim();
    await this.#size();
    await this.#loading();
    await this.#untouched();
    await this.#beside();
    await this.#afterCalls();
    await this.#runs();
  }

  #row(row) {
    this.rows.push({ rival: '', ratio: null, wanted: '', met: null, ...row });
  }

  #curve(series, x, y, unit) {
    this.csv.push({ section: SECTION, series, x, y, unit });
  }

  /** As it is shipped: without what only a debugger reads. */
  async #size() {
    const stripped = join(this.lab.dir, 'stripped.so');
    cpSync(this.so, stripped);
    await good('strip', ['--strip-all', stripped]);
    const text = await good(PHP, ['-n', '-d', `extension=${stripped}`, '-r', 'echo phpversion( "wu_cloudways" );']);
    if (!/^\d+\.\d+/.test(text)) throw new Error(`The stripped library does not load: ${text}`);
    const mib = statSync(stripped).size / 2 ** 20;
    this.#row({
      what: 'the .so, stripped', ours: `${mib.toFixed(2)} MiB (as built ${(statSync(this.so).size / 2 ** 20).toFixed(2)} MiB)`,
      rival: BESIDE.map((name) => `${name} ${(statSync(this.#debian(name)).size / 2 ** 20).toFixed(2)} MiB, its libraries not counted`).join('; '),
      wanted: '< 5 MiB', met: mib < 5,
    });
  }

  #debian(name) {
    return join(this.debian, `${name}.so`);
  }

  /** From dl() to its return, in a PHP that has loaded nothing else; the file is in the page cache. */
  async #loading() {
    const files = { wu_cloudways: this.so, ...Object.fromEntries(BESIDE.map((name) => [name, this.#debian(name)])) };
    const times = Object.fromEntries(Object.keys(files).map((name) => [name, []]));
    const turns = this.quick ? 15 : 41;
    for (let turn = -1; turn < turns; turn++) {
      this.say(`loading: turn ${turn + 1} of ${turns}`);
      for (const [name, file] of Object.entries(files)) {
        const script = `$start = hrtime( true ); dl( '${basename(file)}' ); $end = hrtime( true ); echo extension_loaded( '${name}' ) ? ( $end - $start ) / 1e6 : 'not loaded';`;
        const ms = Number(await good(PHP, ['-n', '-d', `extension_dir=${dirname(file)}`, '-r', script]));
        if (!(ms > 0)) throw new Error(`${name} was not loaded from ${file}`);
        // The first turn brings the files into the page cache.
        if (turn >= 0) times[name].push(ms);
      }
    }
    const ours = times.wu_cloudways;
    this.#row({
      what: 'loading it in a fresh process, warm', ours: `${summary(ours, 'ms', 2)}, the best ${Math.min(...ours).toFixed(2)} ms`,
      rival: BESIDE.map((name) => `${name} ${summary(times[name], 'ms', 2)}`).join('; '), wanted: '< 1 ms', met: median(ours) < 1,
    });
    for (const [name, list] of Object.entries(times)) list.forEach((ms, turn) => this.#curve(`loading ${name}`, turn + 1, ms, 'ms'));
  }

  /**
   * Private memory of every child of a pool after `use`, in KiB.
   * @param {object} options of startFpm()
   * @param {(site) => Promise<void>} use sees to it that every child has served
   */
  async #children(name, options, use) {
    const site = await this.pools.serve(name, { workers: this.#workers(), ...options });
    try {
      await use(site);
      await sleep(300); // a child closes the connection of its request a moment after its answer
      return children(site.fpm.pid).map(({ pid }) => inspect(pid).private);
    } finally {
      await site.stop();
    }
  }

  #workers() {
    return this.quick ? 3 : 6;
  }

  /** A request to each child: while one serves, the next request goes to another. */
  async #serveOnce(site, expected) {
    const answers = await Promise.all(Array.from({ length: this.#workers() }, () => site.json('/once.php')));
    if (new Set(answers.map(({ pid }) => pid)).size !== this.#workers()) throw new Error(`${site.name}: a child served twice and another not at all`);
    for (const { loaded } of answers) if (loaded !== expected) throw new Error(`${site.name}: wu_cloudways is ${loaded ? '' : 'not '}loaded`);
  }

  /** A child whose request does not use the extension, in a php-fpm with all that Debian loads. */
  async #untouched() {
    write(join(this.pools.root, 'once.php'), "<?php usleep( 400000 ); echo json_encode( array( 'pid' => getmypid(), 'loaded' => extension_loaded( 'wu_cloudways' ) ) );\n");
    const kinds = {
      without: { so: null },
      ini: { so: null, ini: [`extension=${this.so}`] },
      line: { so: this.so },
    };
    const seen = await this.#inTurns('memory', kinds, (site, kind) => this.#serveOnce(site, kind !== 'without'));
    const base = median(seen.without);
    for (const [kind, how] of [['ini', 'loaded by the ini, in the master'], ['line', 'loaded by a line of the pool, in each child, as at Cloudways']]) {
      const more = median(seen[kind]) - base;
      this.#row({
        what: `private memory of a php-fpm child after a request that does not use it, ${how}`,
        ours: `${signed(more)} KiB (${summary(seen[kind], 'KiB')})`, rival: `without it ${summary(seen.without, 'KiB')}`, wanted: '< 1 MiB more', met: more < MIB,
      });
    }
  }

  /** The same beside extensions of Debian, each loaded by a line of the pool into a php-fpm that has nothing else. */
  async #beside() {
    const empty = join(this.lab.dir, 'no-ini');
    mkdirSync(empty);
    const bare = { wrap: ['env', `PHP_INI_SCAN_DIR=${empty}`] };
    const kinds = { nothing: { ...bare, so: null }, wu_cloudways: { ...bare, so: this.so } };
    for (const name of BESIDE) kinds[name] = { ...bare, so: this.#debian(name) };
    const seen = await this.#inTurns('bare', kinds, (site, kind) => this.#serveOnce(site, kind === 'wu_cloudways'));
    const more = (kind) => `${signed(median(seen[kind]) - median(seen.nothing))} KiB`;
    this.#row({
      what: 'the same in a php-fpm without any other extension, loaded by a line of the pool',
      ours: more('wu_cloudways'), rival: BESIDE.map((name) => `${name} ${more(name)}`).join('; '),
    });
  }

  /** What a child keeps of calls, with the extension loaded by a line of the pool. */
  async #afterCalls() {
    const kinds = { 'no call': { calls: 0 }, 'one call': { calls: 1 }, '100 calls': { calls: 100 } };
    const seen = await this.#inTurns('calls', kinds, (site, kind) => this.#callInEach(site, kinds[kind].calls));
    const text = (kind) => summary(seen[kind], 'KiB');
    this.#row({
      what: 'private memory of a php-fpm child after calls (a network of one domain)',
      ours: `${text('one call')} after one call, ${text('100 calls')} after 100 of several kinds`, rival: `${text('no call')} before any`,
    });
    for (const [kind, { calls }] of Object.entries(kinds)) this.#curve('private memory of a child after calls', calls, median(seen[kind]), 'KiB');
  }

  /** So many calls in each child. */
  async #callInEach(site, calls) {
    const workers = this.#workers();
    const inEach = async (kind, times) => {
      // All wait at the first look at Cloudways until each child is at work.
      await this.sim.fault({ method: 'GET', path: '/server', times: workers, do: { delay_ms: 400 } });
      const pids = await Promise.all(Array.from({ length: workers }, () => site.call(kind, times)));
      await this.sim.clearFaults();
      if (new Set(pids).size !== workers) throw new Error(`${site.name}: a child got the calls of another`);
    };
    if (calls === 0) await this.#serveOnce(site, true);
    if (calls === 1) await inEach('sync', 1);
    if (calls > 1) for (const [kind, times] of [['sync', 40], ['plan', 30], ['dns', 30]]) await inEach(kind, times);
    await this.sim.clearLog();
  }

  /** Every kind in turns, each time in a php-fpm of its own; all children of a kind are one list. */
  async #inTurns(what, kinds, use) {
    const turns = this.quick ? 2 : 4;
    const seen = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
    for (let turn = 0; turn < turns; turn++) {
      for (const [kind, options] of Object.entries(kinds)) {
        this.say(`memory of a child: ${kind}, turn ${turn + 1} of ${turns}`);
        const { calls, ...rest } = options;
        seen[kind].push(...(await this.#children(`${what}-${kind.replaceAll(' ', '-')}-${turn}`, rest, (site) => use(site, kind))));
      }
    }
    return seen;
  }

  /** Thousands of runs in one process, where there is nothing to do. The simulator forgets its log meanwhile. */
  async #runs() {
    const last = this.quick ? 1000 : 10000;
    const points = [0, 10, 50, 100, 200, 500, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000].filter((point) => point <= last);
    const script = join(this.lab.dir, 'runs.php');
    const domains = Array.from({ length: 20 }, (_, n) => `run-${n + 1}.example`);
    await this.sim.here(...domains, ...domains.map((name) => `www.${name}`));
    write(script, `<?php\n${defines(this.sim.constants())}\n${RUNS}`);
    this.say(`${last} runs in one process`);
    // Only what is written counts here, and it is looked at before it is forgotten.
    let writes = 0;
    const forget = async () => {
      writes += (await this.sim.writes()).length;
      await this.sim.clearLog();
    };
    let on = true;
    const forgetting = (async () => {
      while (on) {
        await sleep(500);
        await forget();
      }
    })();
    const begun = Date.now();
    let out;
    try {
      out = await good(PHP, ['-d', 'memory_limit=512M', '-d', `extension=${this.so}`, script], {
        input: JSON.stringify({ domains, points }),
        timeout: 1800000,
      });
    } finally {
      on = false;
      await forgetting;
    }
    await forget();
    const seconds = (Date.now() - begun) / 1000;
    const figures = out.trim().split('\n').map((line) => JSON.parse(line));
    const wanted = ['network.example', ...domains, ...domains.map((name) => `www.${name}`)];
    const certificate = await this.sim.certificate();
    const covered = wanted.filter((name) => certificate.includes(name)).length;
    if (figures.length !== points.length || covered !== wanted.length || writes !== 2) {
      throw new Error(`${last} runs: ${figures.length} of ${points.length} points, ${covered} of ${wanted.length} names covered, ${writes} writes instead of 2`);
    }
    this.#judgeRuns(figures, last, seconds);
  }

  #judgeRuns(figures, last, seconds) {
    const at = (runs) => figures.find((figure) => figure.runs === runs);
    const [early, end] = [at(100), at(last)];
    for (const figure of figures) {
      this.#curve('resident memory against runs', figure.runs, figure.rss, 'KiB');
      this.#curve('private memory against runs', figure.runs, figure.private, 'KiB');
    }
    const all = (what) => [100, 1000, 10000].filter((runs) => runs <= last).map((runs) => `${at(runs)[what]} at ${runs}`).join(', ');
    for (const [what, name] of [['rss', 'resident'], ['private', 'private (written)']]) {
      const more = end[what] - early[what];
      const slope = slopeOf(figures.filter(({ runs }) => runs >= last / 2).map((figure) => [figure.runs, figure[what] * 1024]));
      this.#row({
        what: `${name} memory in one process over ${last} runs (sync, plan and check_dns of 40 names in turn, ${(seconds * 1000 / last).toFixed(1)} ms each)`,
        ours: `${signed(more)} KiB since the 100th (KiB: ${all(what)}); over the second half ${slope.toFixed(1)} bytes a run`,
        wanted: `no growth after the first 100 (<= ${HEAP_MOVES} KiB of the heap's moves)`, met: more <= HEAP_MOVES,
      });
    }
    const same = figures.every(({ threads, fds }) => threads === 1 && fds === figures[0].fds);
    this.#row({
      what: `threads and descriptors over ${last} runs`, ours: `${Math.max(...figures.map(({ threads }) => threads))} thread, ${figures[0].fds} descriptors before and ${end.fds} after`,
      wanted: 'one thread, the same descriptors', met: same,
    });
  }
}

// Settles first, as a site does; then everything in turn, each answer looked at. Prints a line at every point. Private is
// what the process has written: unwritten pages of files count as private or not by who else has them mapped just then.
const RUNS = `
$task  = json_decode( stream_get_contents( STDIN ), true );
$names = array_merge( $task['domains'], array_map( static fn( $name ) => "www.{$name}", $task['domains'] ) );
$state = null;
for ( $n = 0; 'ok' !== ( $report['status'] ?? '' ); $n++ ) {
	if ( $n > 20 ) {
		throw new Exception( 'It does not settle: ' . json_encode( $report ) );
	}
	$report = wu_cloudways_sync( $task['domains'], array( 'deadline' => 20 ) + array_filter( array( 'state' => $state ) ) );
	$state  = $report['state'];
	usleep( 'ok' === $report['status'] ? 0 : 500000 );
}
function once( int $n, array $task, array $names, array &$state ): void {
	if ( 2 === $n % 3 ) {
		$verdicts = array_unique( array_column( wu_cloudways_check_dns( $names ), 'verdict' ) );
		if ( array( 'here' ) !== $verdicts ) {
			throw new Exception( 'Wrong verdicts: ' . json_encode( $verdicts ) );
		}
		return;
	}
	$options = array( 'state' => $state );
	$report  = 0 === $n % 3 ? wu_cloudways_sync( $task['domains'], $options ) : wu_cloudways_plan( $task['domains'], $options );
	if ( 'ok' !== $report['status'] || null !== $report['aliases']['sent'] ) {
		throw new Exception( "Run {$n} was not one with nothing to do: " . json_encode( $report ) );
	}
	$state = $report['state'];
}
function look( int $runs ): void {
	$sum = static function ( string $file, string $pattern ): int {
		preg_match_all( $pattern, file_get_contents( $file ), $found );
		return array_sum( $found[1] );
	};
	echo json_encode(
		array(
			'runs'    => $runs,
			'rss'     => $sum( '/proc/self/status', '/^VmRSS:\\s+(\\d+)/m' ),
			'private' => $sum( '/proc/self/smaps_rollup', '/^Private_Dirty:\\s+(\\d+)/m' ),
			'threads' => $sum( '/proc/self/status', '/^Threads:\\s+(\\d+)/m' ),
			'fds'     => count( scandir( '/proc/self/fd' ) ) - 3,
		)
	), "\\n";
}
$runs = 0;
foreach ( $task['points'] as $point ) {
	for ( ; $runs < $point; $runs++ ) {
		once( $runs, $task, $names, $state );
	}
	look( $runs );
}
`;

async function good(command, args, options = {}) {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** The median, and how far the middle half of the figures lies apart. */
function summary(list, unit, digits = 0) {
  const sorted = [...list].sort((a, b) => a - b);
  const quarter = (part) => sorted[Math.round((sorted.length - 1) * part)];
  return `${median(list).toFixed(digits)} ±${((quarter(0.75) - quarter(0.25)) / 2).toFixed(digits)} ${unit}`;
}

function signed(number) {
  return `${number < 0 ? '-' : '+'}${Math.abs(Math.round(number))}`;
}

/** The slope of the straight line through points, by least squares. */
function slopeOf(points) {
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const quick = process.env.WU_BENCH_QUICK === '1' || process.argv.includes('--quick');
  const result = await measure({ quick, say: (text) => console.error(text) });
  console.log(JSON.stringify(result, null, 2));
}
