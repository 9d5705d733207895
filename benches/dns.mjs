// The section "DNS verdicts" of `make bench`: the time to a verdict for every name, by the extension, by three ways to do
// it in PHP, and by dnsperf, which only asks. All ask the simulator, on loopback, in a network namespace of its own:
// dns_get_record() can ask nowhere but at port 53 of what /etc/resolv.conf names.
//
// The delay is that of each answer, with up to 1 ms on top from the simulator's timer, for everybody. Connections and TLS
// handshakes take no time of the network on loopback, which is in favour of DNS over HTTPS.
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, openLab, run, write } from '../tests/wordpress/lib/lab.mjs';
import { NO_RATE_LIMIT, PHP, SIM, canConnect, extension, startSim } from '../tests/wordpress/lib/services.mjs';
import { startDoh } from './doh.mjs';
import { median } from './figures.mjs';

/** Questions outstanding: as many as the engine has (src/dns.rs), for everybody who can have more than one. */
const AT_ONCE = Number(process.env.WU_BENCH_AT_ONCE || 200);

/** The point of the table of numbers to reach. */
const JUDGED = { names: 1000, delay: 20 };

const SELF = fileURLToPath(import.meta.url);
const RIVALS = join(dirname(SELF), 'rivals');
const SECTION = 'DNS verdicts';

// What a name can be like. `right`: a certificate can be issued for it.
const ELSEWHERE = '198.51.100.7';
const ELSEWHERE_6 = '2001:db8:ffff::7';
const RIGHT = {
  'A ours': () => ({ A: [SIM.publicIp] }),
  'CNAME to the primary': () => ({ CNAME: SIM.primary }),
};
const WRONG = {
  'A elsewhere': () => ({ A: [ELSEWHERE] }),
  'one A of two elsewhere': () => ({ A: [SIM.publicIp, ELSEWHERE] }),
  'AAAA elsewhere': () => ({ A: [SIM.publicIp], AAAA: [ELSEWHERE_6] }),
  'IPv6 only, elsewhere': () => ({ AAAA: [ELSEWHERE_6] }),
  'no such name': () => null,
  'no address': () => ({}),
  'CNAME elsewhere': () => ({ CNAME: 'elsewhere.example' }),
  'dangling CNAME': () => ({ CNAME: 'nowhere.example' }),
  'CNAME loop': (name) => ({ CNAME: `loop.${name}` }),
  'truncated, elsewhere': () => ({ A: [ELSEWHERE], fault: 'truncate' }),
  'CAA forbids': () => ({ A: [SIM.publicIp], CAA: ['0 issue "other-ca.example"'] }),
};

/** Names of every kind, half of them right; the order is shuffled, the same each time. */
function makeNames(count) {
  const kinds = {};
  const zone = {};
  const wrong = Object.keys(WRONG);
  for (let i = 0; i < count; i++) {
    const shop = `shop${String(i + 1).padStart(5, '0')}.example`;
    const name = Math.floor(i / 2) % 4 === 3 ? `www.${shop}` : shop;
    const half = Math.floor(i / 2);
    const kind = i % 2 ? wrong[half % wrong.length] : half % 3 === 2 ? 'CNAME to the primary' : 'A ours';
    kinds[name] = kind;
    const entry = (RIGHT[kind] ?? WRONG[kind])(name);
    if (entry) zone[name] = entry;
    if (kind === 'CNAME loop') zone[`loop.${name}`] = { CNAME: name };
  }
  zone['elsewhere.example'] = { A: [ELSEWHERE] };
  return { names: shuffled(Object.keys(kinds)), kinds, zone };
}

function shuffled(list) {
  let seed = 20261124;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** By runner: its script, what it is told, and about how long a name takes where it goes one by one (seconds). */
const RUNNERS = {
  ours: { script: 'ours.php', text: 'wu_cloudways_check_dns()' },
  doh: { script: 'doh.php', more: { keep: false }, text: 'DNS over HTTPS one by one, A only', aName: (delay) => delay / 1000 + 0.005 },
  'doh kept': { script: 'doh.php', more: { keep: true }, text: 'the same with the connection kept', aName: (delay) => delay / 1000 + 0.002 },
  records: { script: 'records.php', text: 'dns_get_record() one by one, A and AAAA', aName: (delay) => (2 * delay) / 1000 + 0.003 },
  'multi h2': { script: 'multi.php', more: { http2: true }, text: `curl_multi, HTTP/2, ${AT_ONCE} outstanding` },
  'multi h2 caa': { script: 'multi.php', more: { http2: true, caa: true }, text: `curl_multi, HTTP/2, ${AT_ONCE} outstanding, then CAA of what is right` },
  'multi h1': { script: 'multi.php', more: { http2: false }, text: `curl_multi, HTTP/1.1, ${AT_ONCE} connections` },
};

export async function measure(context) {
  if (process.env.WU_BENCH_NAMESPACE) return inside(context);
  const env = { WU_BENCH_NAMESPACE: readlinkSync('/proc/self/ns/mnt'), ...(context.quick ? { WU_BENCH_QUICK: '1' } : {}) };
  const words = ['unshare', '--net', '--mount', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, SELF];
  const [command, ...args] = process.getuid() === 0 ? words : ['sudo', '-E', ...words];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`benches/dns.mjs in its namespace ended with ${code}`))));
  });
}

async function inside({ quick, say }) {
  const lab = openLab('bench-dns');
  try {
    await ownResolvConf(lab);
    const bench = new Bench(lab, quick, say);
    await bench.open();
    return await bench.all();
  } finally {
    await lab.close();
  }
}

/** PHP's resolver asks the simulator, in here only. */
async function ownResolvConf(lab) {
  if (readlinkSync('/proc/self/ns/mnt') === process.env.WU_BENCH_NAMESPACE) throw new Error('This is not a mount namespace of its own.');
  const file = join(lab.dir, 'resolv.conf');
  write(file, 'nameserver 127.0.0.1\n');
  await good('mount', ['--bind', file, '/etc/resolv.conf']);
}

async function good(command, args, options = {}) {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

class Bench {
  rows = [];
  csv = [];

  constructor(lab, quick, say) {
    Object.assign(this, { lab, quick, say });
  }

  async open() {
    this.sim = await startSim(this.lab, ['--dns', '127.0.0.1:53', ...NO_RATE_LIMIT]);
    this.so = extension(this.lab);
    const { url, ca } = await startDoh(this.lab, this.sim);
    Object.assign(this, { doh: url, ca });
  }

  async all() {
    // 10 and 10,000 names, and the delays, are in the curves; the table has the point that is judged.
    const counts = this.quick ? [100, 1000] : [10, 100, 1000, 10000];
    const delays = this.quick ? [20] : [0, 20, 80];
    for (const count of counts) {
      const set = makeNames(count);
      await this.#zone(set.zone);
      for (const delay of delays) {
        await this.sim.patch({ switches: { dns_delay_ms: delay } });
        await this.#point(set, delay);
      }
      if (count === 1000) await this.#server(set);
    }
    await this.#failing();
    return { rows: this.rows, csv: this.csv };
  }

  /** The whole zone by one request; what was there before goes. */
  async #zone(zone) {
    await fetch(`${this.sim.control}/reset`, { method: 'POST' });
    await this.sim.patch({ dns: zone });
  }

  /** Every runner with these names at this delay, in turns. */
  async #point(set, delay) {
    const count = set.names.length;
    const judged = count === JUDGED.names && delay === JUDGED.delay;
    const turns = this.quick ? 3 : judged ? 7 : count < 10000 ? 5 : 3;
    const longest = this.quick ? 5 : judged ? 20 : 8;
    const seen = Object.fromEntries([...Object.keys(RUNNERS), 'dnsperf'].map((key) => [key, []]));
    let questions = [];
    for (let turn = 0; turn < turns; turn++) {
      for (const [key, runner] of Object.entries(RUNNERS)) {
        const first = runner.aName ? Math.min(count, Math.max(10, Math.floor(longest / runner.aName(delay)))) : count;
        // What goes one by one is a mean over its names anyway; once is enough where it takes long.
        if (runner.aName && turn > 0 && first * runner.aName(delay) > 15) continue;
        this.say(`DNS: ${count} names, ${delay} ms, ${runner.text}${first < count ? ` (the first ${first})` : ''}`);
        await this.sim.clearLog();
        const result = await this.#run(runner, set.names.slice(0, first));
        const log = await this.#dnsLog();
        if (key === 'ours') {
          questions = log.filter((query) => query.transport === 'udp');
          seen.dnsperf.push({ seconds: await this.#dnsperf(questions, 53, AT_ONCE).then((figures) => figures.seconds) });
        }
        seen[key].push({ ...result, seconds: (result.seconds * count) / first, measured: first, names: count, queries: (log.length * count) / first });
      }
    }
    const figures = Object.fromEntries(Object.entries(seen).map(([key, results]) => [key, summary(results)]));
    for (const [key, { median, last }] of Object.entries(figures)) {
      const add = (series, y, unit) => this.csv.push({ section: SECTION, series: `${key}, ${series}`, x: count, y, unit });
      add(`${delay} ms`, median, 's');
      if (last.queries && delay === (this.quick ? 20 : 0)) add('queries', Math.round(last.queries), 'queries');
      if (last.peak_kib && delay === 20) add('peak memory', last.peak_kib, 'KiB');
      if (last.cpu_seconds && delay === 20) add('processor time', (last.cpu_seconds * count) / last.measured, 's');
    }
    this.#check(set, figures, judged);
    if (judged) this.#judge(figures, questions.length);
    else this.#note(count, delay, figures);
  }

  #judge(figures, questions) {
    const what = `verdicts for ${JUDGED.names} names, ${JUDGED.delay} ms per answer`;
    const ours = figures.ours.text;
    const row = (rival, ratio, wanted, met) => this.rows.push({ what, ours, rival, ratio, wanted, met });
    for (const key of ['doh', 'records']) {
      const ratio = figures[key].median / figures.ours.median;
      row(`${RUNNERS[key].text}: ${figures[key].text}`, ratio, '>= 50 x faster', ratio >= 50);
    }
    row(`${RUNNERS['doh kept'].text}: ${figures['doh kept'].text}`, figures['doh kept'].median / figures.ours.median, '', null);
    const multi = figures['multi h2'].median < figures['multi h1'].median ? ['multi h2', 'multi h1'] : ['multi h1', 'multi h2'];
    // Like for like is the one that asks CAA as well: without it, what CAA forbids counts as right.
    const withCaa = figures['multi h2 caa'];
    row(`${RUNNERS['multi h2 caa'].text}: ${withCaa.text}`, withCaa.median / figures.ours.median, 'faster', withCaa.median > figures.ours.median);
    row(
      `${RUNNERS[multi[0]].text}, no CAA, so ${2 * JUDGED.names} questions where we have ${questions}: ${figures[multi[0]].text} (${RUNNERS[multi[1]].text}: ${figures[multi[1]].text})`,
      figures[multi[0]].median / figures.ours.median, '', null,
    );
    const behind = figures.ours.median / figures.dnsperf.median;
    row(`dnsperf, the same ${questions} queries, ${AT_ONCE} outstanding: ${figures.dnsperf.text}`, behind, '<= 1.5 x its time (ratio: ours / dnsperf)', behind <= 1.5);
    const rate = (key) => `${Math.round(figures[key].last.queries / figures[key].median)}`;
    this.rows.push({
      what: `queries a second at ${JUDGED.delay} ms (${AT_ONCE} outstanding allow ${Math.round((AT_ONCE * 1000) / JUDGED.delay)} at most)`,
      ours: rate('ours'), rival: `dnsperf ${Math.round(questions / figures.dnsperf.median)}, curl_multi ${rate(multi[0])}`, ratio: null, wanted: '', met: null,
    });
    const cost = (key) => `${(figures[key].last.cpu_seconds * 1000).toFixed(0)} ms, ${(figures[key].last.peak_kib / 1024).toFixed(1)} MiB`;
    this.rows.push({
      what: `processor time and peak memory of the process, ${what}`,
      ours: cost('ours'), rival: `curl_multi ${cost(multi[0])}`,
      ratio: figures[multi[0]].last.cpu_seconds / figures.ours.last.cpu_seconds, wanted: '', met: null,
    });
  }

  #note(count, delay, figures) {
    const others = Object.entries(figures).filter(([key]) => key !== 'ours').map(([key, { text }]) => `${key} ${text}`);
    this.rows.push({ what: `verdicts for ${count} names, ${delay} ms per answer`, ours: figures.ours.text, rival: others.join('; '), ratio: null, wanted: '', met: null });
  }

  /** Whether verdicts are true. The extension's have to be, or its time is worth nothing. */
  #check(set, figures, judged) {
    const wrong = {};
    for (const key of Object.keys(RUNNERS)) {
      const { verdicts } = figures[key].last;
      const untrue = Object.entries(verdicts).filter(([name, verdict]) => (verdict === 'here') !== (set.kinds[name] in RIGHT));
      const kinds = [...new Set(untrue.map(([name]) => set.kinds[name]))];
      wrong[key] = untrue.length ? `${untrue.length} of ${Object.keys(verdicts).length} (${kinds.join(', ')})` : `none of ${Object.keys(verdicts).length}`;
      if (key === 'ours' && (untrue.length || Object.keys(verdicts).length !== set.names.length)) {
        throw new Error(`wu_cloudways_check_dns() is wrong: ${wrong.ours}: ${JSON.stringify(untrue.slice(0, 5))}`);
      }
    }
    if (!judged) return;
    const others = ['doh', 'records', 'multi h2', 'multi h2 caa'].map((key) => `${key}: ${wrong[key]}`);
    this.rows.push({ what: 'verdicts that are wrong', ours: wrong.ours, rival: others.join('; '), ratio: null, wanted: 'none', met: wrong.ours.startsWith('none') });
  }

  /** The simulator is not the limit: at 0 ms beside NSD, from the same names. */
  async #server(set) {
    await this.sim.patch({ switches: { dns_delay_ms: 0 } });
    const names = set.names.filter((name) => set.zone[name]?.A && !set.zone[name].fault);
    const port = await freePort();
    const dir = this.lab.folder('nsd');
    const records = names.flatMap((name) => set.zone[name].A.map((address) => `${name}. 60 IN A ${address}`));
    write(join(dir, 'example.zone'), ['example. 60 IN SOA ns.example. hostmaster.example. 1 3600 600 86400 60', 'example. 60 IN NS ns.example.', ...records, ''].join('\n'));
    write(
      join(dir, 'nsd.conf'),
      `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  pidfile: "${dir}/pid"
  zonesdir: "${dir}"
  zonelistfile: "${dir}/zone.list"
  xfrdfile: "${dir}/xfrd.state"
  xfrdir: "${dir}"
  database: ""
  logfile: "${this.lab.log('nsd')}"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: example.zone
`,
    );
    await this.lab.start({ name: 'nsd', command: 'nsd', args: ['-d', '-c', join(dir, 'nsd.conf')], ready: () => canConnect({ host: '127.0.0.1', port }) });
    const questions = names.map((name) => ({ name, type: 'A' }));
    const rates = { simulator: [], nsd: [] };
    for (let turn = 0; turn < 5; turn++) {
      this.say('DNS: the server by itself, simulator and NSD');
      await this.sim.clearLog();
      rates.simulator.push((await this.#dnsperf(questions, 53, AT_ONCE, 20)).rate);
      rates.nsd.push((await this.#dnsperf(questions, port, AT_ONCE, 20)).rate);
    }
    this.rows.push({
      what: 'the server is not the limit: queries a second with dnsperf, 0 ms',
      ours: `simulator ${Math.round(median(rates.simulator))}`, rival: `NSD ${Math.round(median(rates.nsd))}`, ratio: null, wanted: '', met: null,
    });
  }

  /** Servers that fail: there everyone's patience decides. */
  async #failing() {
    const set = makeNames(40);
    const [one, two, three] = set.names.filter((name) => set.zone[name]?.A);
    set.zone[one] = { ...set.zone[one], fault: 'servfail' };
    set.zone[two] = { ...set.zone[two], fault: 'servfail' };
    set.zone[three] = { ...set.zone[three], fault: 'silence' };
    await this.#zone(set.zone);
    await this.sim.patch({ switches: { dns_delay_ms: 20 } });
    const took = {};
    for (const key of ['ours', 'doh', 'records', 'multi h1']) {
      this.say(`DNS: 40 names, 2 with SERVFAIL and 1 silent, ${RUNNERS[key].text}`);
      const result = await this.#run(RUNNERS[key], set.names);
      const unknown = Object.values(result.verdicts).filter((verdict) => verdict === 'unknown').length;
      took[key] = `${result.seconds.toFixed(2)} s (${unknown} unknown)`;
    }
    this.rows.push({
      what: 'verdicts for 40 names, 2 with SERVFAIL and 1 silent, 20 ms: the patience of each decides',
      ours: took.ours, rival: ['doh', 'records', 'multi h1'].map((key) => `${key} ${took[key]}`).join('; '), ratio: null, wanted: '', met: null,
    });
  }

  async #run(runner, names) {
    const task = { names, ours: [SIM.publicIp], doh: this.doh, ca: this.ca, at_once: AT_ONCE, constants: this.sim.constants(), ...runner.more };
    const args = ['-d', 'memory_limit=-1', '-d', `extension=${this.so}`, join(RIVALS, runner.script)];
    return JSON.parse(await good(PHP, args, { input: JSON.stringify(task), timeout: 900000 }));
  }

  async #dnsLog() {
    return (await fetch(`${this.sim.control}/dns-log`)).json();
  }

  /** These queries in their order, over UDP from one socket; nothing is done with the answers. */
  async #dnsperf(questions, port, outstanding, times = 1) {
    const file = join(this.lab.dir, 'queries');
    write(file, questions.map(({ name, type }) => `${name} ${type}\n`).join(''));
    const out = await good('dnsperf', [
      '-s', '127.0.0.1', '-p', `${port}`, '-d', file, '-q', `${outstanding}`, '-c', '1', '-T', '1', '-n', `${times}`,
    ]);
    const figure = (label) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(out)?.[1]);
    const [lost, seconds, rate] = ['Queries lost', 'Run time \\(s\\)', 'Queries per second'].map(figure);
    if (lost || !seconds) throw new Error(`dnsperf lost queries or gave no time:\n${out}`);
    return { seconds, rate };
  }
}

function summary(results) {
  const times = results.map(({ seconds }) => seconds);
  const last = results.at(-1);
  const middle = median(times);
  const noise = times.length > 1 ? ` ±${((100 * (Math.max(...times) - Math.min(...times))) / 2 / middle).toFixed(0)} %` : '';
  const scaled = last.measured < last.names ? ` (scaled from ${last.measured} names)` : '';
  return { median: middle, last, text: `${middle < 10 ? middle.toFixed(3) : middle.toFixed(1)} s${noise}${scaled}` };
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const quick = process.env.WU_BENCH_QUICK === '1' || process.argv.includes('--quick');
  const result = await measure({ quick, say: (text) => console.error(text) });
  console.log(JSON.stringify(result, null, process.env.WU_BENCH_NAMESPACE ? 0 : 2));
}
