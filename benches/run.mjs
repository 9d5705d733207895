// The section "Runs" of `make bench`: what a run costs that has nothing to do, one with one new domain, and a plan in which
// every domain is new, from 100 to 10,000 domains. All ask the simulator, on loopback; each answer of its DNS takes 20 ms.
//
// A domain is a customer's name with its www, and for every ten of them there is a site of the network. Each first call is
// made in a PHP process of its own. Processor time is that of the process, the extension's threads with it; peak memory is
// what the process grew by in the call, its result included.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, openLab, run, sleep } from '../tests/wordpress/lib/lab.mjs';
import { NO_RATE_LIMIT, PHP, SIM, extension, startSim } from '../tests/wordpress/lib/services.mjs';

const SELF = fileURLToPath(import.meta.url);
const SCRIPT = join(dirname(SELF), 'run.php');
const SECTION = 'Runs';
const DELAY = 20;

/** What a certificate holds. */
const LIMIT = 100;

/** The numbers to reach. */
const PROCESSOR = 0.1;
/** "Linear": so much more may a name cost among ten times as many, since less of it all is in the processor's caches. */
const LINEAR = 1.25;

/** Calls of each kind in one process, after the first. */
const AGAIN = 5;

export async function measure({ quick, say }) {
  const lab = openLab('bench-run');
  try {
    const sim = await startSim(lab, NO_RATE_LIMIT);
    const bench = new Bench(sim, extension(lab), quick, say);
    return await bench.all();
  } finally {
    await lab.close();
  }
}

/** The network: mapped domains and sites, as [name, www, priority], and every name that comes of them. */
function makeNetwork(count) {
  const number = (i) => String(i + 1).padStart(5, '0');
  const shops = Array.from({ length: count }, (_, i) => [`shop${number(i)}.example`, true, i % 500 ? 0 : 1]);
  const sites = Array.from({ length: Math.floor(count / 10) }, (_, i) => [`site${number(i)}.${SIM.primary}`, false, 0]);
  const domains = [...shops, ...sites];
  return { count, domains, names: domains.flatMap(([name, www]) => (www ? [name, `www.${name}`] : [name])) };
}

class Bench {
  rows = [];
  csv = [];

  constructor(sim, so, quick, say) {
    Object.assign(this, { sim, so, quick, say, turns: quick ? 3 : 7 });
  }

  async all() {
    // The network without a domain shows what a run costs anyway.
    const counts = this.quick ? [0, 100, 1000] : [0, 100, 1000, 3000, 10000];
    const points = [];
    for (const count of counts) points.push(await this.#point(makeNetwork(count)));
    this.#judge(points);
    for (const point of points) if (point.count) this.#draw(point);
    return { rows: this.rows, csv: this.csv };
  }

  async #point(network) {
    const { count } = network;
    await fetch(`${this.sim.control}/reset`, { method: 'POST' });
    const here = { A: [SIM.publicIp] };
    // An operation is done when it is first asked about: how long Cloudways takes is not measured.
    await this.sim.patch({ dns: Object.fromEntries(network.names.map((name) => [name, here])), switches: { dns_delay_ms: DELAY } });
    await this.sim.pace(1, null);
    const plans = count ? await this.#plans(network) : null;
    const settled = await this.#settle(network);
    const nothing = await this.#nothing(network, settled, true);
    const withoutSsl = await this.#nothing(network, settled, false);
    const one = await this.#oneNew(network, settled);
    return { count, names: network.names.length, plans, nothing, withoutSsl, one };
  }

  /** Every domain is new. */
  async #plans({ count, domains, names }) {
    const results = [];
    for (let turn = 0; turn < this.turns; turn++) {
      this.say(`runs: ${count} domains, a plan in which all are new`);
      const [result] = await this.#php([{ function: 'wu_cloudways_plan', domains, options: options({ ssl: false }) }]);
      expect(result.facts, { status: 'changes_pending', requests: 1, added: names.length, desired: names.length, removed: 0, error: null });
      results.push(result);
    }
    return summary(results);
  }

  /** Runs until there is nothing left to do, and the memory after it. The names of the certificate come with it. */
  async #settle({ count, domains, names }) {
    this.say(`runs: ${count} domains, settling`);
    const covered = Math.min(names.length + 1, LIMIT);
    let state;
    for (let tries = 0; tries < 12; tries++) {
      const [result] = await this.#php([{ function: 'wu_cloudways_sync', domains, options: options({}), state, keep: true }]);
      state = result.state;
      const { facts } = result;
      if (facts.requests === 1 && facts.sent === null && facts.ordered === null && facts.not_after) {
        expect(facts, { installed: covered });
        return { state, covered: result.covered };
      }
      await sleep(1000);
    }
    throw new Error(`${count} domains did not settle`);
  }

  /** A run with nothing to do: first in its process, and again, beside the DNS of the names it asks about. */
  async #nothing({ count, domains, names }, { state, covered }, ssl) {
    const sync = { function: 'wu_cloudways_sync', domains, options: options({ ssl }) };
    const check = (list) => ({ function: 'wu_cloudways_check_dns', names: list, options: { deadline: 60 } });
    const round = ssl ? [check([]), check(covered), sync] : [sync];
    const steps = [{ ...sync, state }, ...Array.from({ length: AGAIN }, () => round).flat()];
    const turns = [];
    for (let turn = 0; turn < this.turns; turn++) {
      this.say(`runs: ${count} domains, nothing to do${ssl ? '' : ', without the certificate'}`);
      await this.sim.clearLog();
      const results = await this.#php(steps);
      const requests = await this.sim.log();
      const asked = (await (await fetch(`${this.sim.control}/dns-log`)).json()).length;
      const looked = (await (await fetch(`${this.sim.control}/web-log`)).json()).length;
      if (requests.length !== steps.length || requests.some(({ method, path }) => method !== 'GET' || path !== '/api/v2/server') || looked) {
        throw new Error(`Not a run with nothing to do: ${JSON.stringify(requests.map(({ method, path }) => `${method} ${path}`))}, ${looked} looks at the web`);
      }
      const runs = results.filter(({ facts }) => facts);
      for (const { facts } of runs) {
        expect(facts, { requests: 1, desired: names.length, observed: names.length + 1, added: 0, removed: 0, withheld: 0, sent: null, ordered: null, operation: null, error: null });
        // Names beyond the certificate's limit are left out of it, and the report is never quite right.
        const room = !ssl || names.length < LIMIT;
        expect(facts, { status: room ? 'ok' : 'partial', left_out: room ? 0 : names.length + 1 - LIMIT });
        if ((facts.aliases.present ?? 0) !== names.length) throw new Error(`Not every alias is there: ${JSON.stringify(facts.aliases)}`);
        if (ssl && facts.certificate.covered !== covered.length) throw new Error(`Not every name is covered: ${JSON.stringify(facts.certificate)}`);
      }
      const checks = results.filter(({ verdicts }) => verdicts);
      const [none, all] = [0, 1].map((odd) => checks.filter((_, i) => i % 2 === odd));
      if (all.some(({ verdicts }) => verdicts.here !== covered.length)) throw new Error('Not every covered name is here.');
      const dns = ssl ? middle(all, 'cpu_seconds') - middle(none, 'cpu_seconds') : 0;
      const [first, ...later] = runs;
      turns.push({
        ...first,
        dns,
        asked: asked / (runs.length + all.length),
        besides: first.cpu_seconds - dns,
        laterBesides: middle(later, 'cpu_seconds') - dns,
        later: middle(later, 'seconds'),
      });
    }
    return {
      ...summary(turns),
      ...Object.fromEntries(['dns', 'asked', 'besides', 'laterBesides', 'later'].map((key) => [key, middle(turns, key)])),
      besidesNoise: noise(turns, 'besides'),
    };
  }

  /** One domain more than last time. */
  async #oneNew({ count, domains, names }, { state }) {
    const newcomer = 'newcomer.example';
    await this.sim.here(newcomer, `www.${newcomer}`);
    const before = await this.sim.aliases();
    const installed = (await this.sim.app()).lets_encrypt;
    const results = [];
    // At 0 domains the certificate has room for the new one, and would be ordered: another kind of run.
    if (!count) return null;
    for (let turn = 0; turn < this.turns; turn++) {
      this.say(`runs: ${count} domains, one new domain`);
      await this.sim.setAliases(before);
      await this.sim.clearLog();
      const more = [...domains, [newcomer, true, 0]];
      const [result] = await this.#php([{ function: 'wu_cloudways_sync', domains: more, options: options({}), state }]);
      expect(result.facts, { status: 'partial', desired: names.length + 2, added: 2, removed: 0, withheld: 0, sent: names.length + 3, ordered: null, error: null });
      const writes = await this.sim.writes();
      if (writes.length !== 1) throw new Error(`${writes.length} writes for one new domain`);
      if ((await this.sim.log()).length !== result.facts.requests) throw new Error('The report does not tell all requests.');
      const after = await this.sim.aliases();
      if (after.length !== before.length + 2 || !after.includes(`www.${newcomer}`)) throw new Error('The new domain is not there.');
      results.push(result);
    }
    if (JSON.stringify((await this.sim.app()).lets_encrypt) !== JSON.stringify(installed)) throw new Error('The certificate is another one.');
    await this.sim.setAliases(before);
    return summary(results);
  }

  async #php(steps) {
    const task = { constants: this.sim.constants(), steps };
    const args = ['-d', 'memory_limit=-1', '-d', `extension=${this.so}`, SCRIPT];
    const { code, stdout, stderr } = await run(PHP, args, { input: JSON.stringify(task), timeout: 300000 });
    if (code !== 0) throw new Error(`benches/run.php ended with ${code}:\n${stdout.slice(0, 2000)}${stderr}`);
    return JSON.parse(stdout);
  }

  #judge(points) {
    const fixed = points[0];
    const [before, last] = [points.find(({ count }) => count === 1000), points.at(-1)];
    const smaller = this.quick ? points.find(({ count }) => count === 100) : before;
    const number = (n) => n.toLocaleString('en-US');
    const size = ({ count, names }) => `${number(count)} domains (${number(names)} names)`;
    const row = (what, ours, rival = '', ratio = null, wanted = '', met = null) => this.rows.push({ what, ours, rival, ratio, wanted, met });

    const nothing = `a run with nothing to do, ${size(last)}`;
    row(`${nothing}: requests`, `${last.nothing.requests}`, '', null, '1', last.nothing.requests === 1);
    for (const [kind, text] of [['nothing', `the certificate of ${LIMIT} names settled: processor time besides the DNS of these`], ['withoutSsl', 'without the certificate (ssl false): processor time']]) {
      const { besides, laterBesides, besidesNoise } = last[kind];
      const judged = !this.quick;
      row(
        `${nothing}, ${text}`,
        `${ms(besides)}${besidesNoise} the first in its process, ${ms(laterBesides)} those after it`,
        `${ms(PROCESSOR)} allowed at 10,000 domains`, PROCESSOR / besides, judged ? `< ${ms(PROCESSOR)}` : '', judged ? besides < PROCESSOR : null,
      );
    }

    const counts = points.filter(({ count }) => count);
    const requests = (kind) => [...new Set(counts.map((point) => point[kind].requests))];
    for (const [kind, text] of [['nothing', 'nothing to do'], ['one', 'one new domain'], ['plans', 'a plan in which all domains are new']]) {
      const seen = requests(kind);
      row(`requests from ${number(counts[0].count)} to ${number(last.count)} domains, ${text}`, seen.join(', '), '', null, 'constant', seen.length === 1);
    }
    // What a name costs, without what a run costs anyway.
    const each = (point, kind, key) => (point[kind][key] - fixed.withoutSsl[key]) / point.names;
    const growths = [
      ['withoutSsl', 'cpu_seconds', 'nothing to do: processor time of a name', (y) => `${(y * 1e6).toFixed(2)} µs`],
      ['plans', 'cpu_seconds', 'a plan in which all are new: processor time of a name', (y) => `${(y * 1e6).toFixed(2)} µs`],
      ['withoutSsl', 'peak_kib', 'nothing to do: peak memory of a name', (y) => `${(y * 1024).toFixed(0)} bytes`],
      ['plans', 'peak_kib', 'a plan in which all are new: peak memory of a name', (y) => `${(y * 1024).toFixed(0)} bytes`],
      ['withoutSsl', 'report_kib', 'nothing to do: the report, of a name', (y) => `${(y * 1024).toFixed(0)} bytes`],
    ];
    for (const [kind, key, text, show] of growths) {
      const [small, large] = [each(smaller, kind, key), each(last, kind, key)];
      const ratio = large / small;
      const judged = !this.quick;
      row(
        `growth, ${text}`, `${show(large)} at ${number(last.count)} domains`, `${show(small)} at ${number(smaller.count)}`,
        ratio, judged ? `<= ${LINEAR} (ratio: large / small)` : '', judged ? ratio <= LINEAR : null,
      );
    }

    for (const point of counts) {
      const text = ({ seconds, secondsNoise, cpu_seconds: cpu, peak_kib: peak, report_kib: report, requests: n }) =>
        `${n} request${n === 1 ? '' : 's'}, ${ms(seconds)}${secondsNoise}, ${ms(cpu)} of processor time, ${mib(peak)} at its peak, the report ${mib(report)}`;
      const { nothing: none, withoutSsl, one, plans } = point;
      row(`nothing to do, ${size(point)}, DNS ${DELAY} ms per answer`, `${text(none)}; of the processor time ${ms(none.dns)} for ${Math.round(none.asked)} queries of DNS; later in the process ${ms(none.later)}`);
      row(`the same without the certificate`, text(withoutSsl));
      row(`one new domain among ${size(point)}, DNS ${DELAY} ms per answer`, text(one));
      row(`a plan in which all are new, ${size(point)}`, text(plans));
    }
    row('a run with nothing to do in a network without domains', `${ms(fixed.withoutSsl.cpu_seconds)} of processor time, ${mib(fixed.withoutSsl.peak_kib)} at its peak`);
  }

  #draw(point) {
    const kinds = { 'nothing to do': point.nothing, 'nothing to do, ssl false': point.withoutSsl, 'one new domain': point.one, 'plan, all new': point.plans };
    for (const [kind, figures] of Object.entries(kinds)) {
      const add = (series, y, unit) => this.csv.push({ section: SECTION, series: `${kind}, ${series}`, x: point.count, y, unit });
      add('time', figures.seconds, 's');
      add('processor time', figures.cpu_seconds, 's');
      if (kind === 'nothing to do') add('processor time besides DNS', figures.besides, 's');
      add('requests', figures.requests, 'requests');
      add('peak memory', figures.peak_kib, 'KiB');
      add('report', figures.report_kib, 'KiB');
    }
  }
}

/** As the plugin calls, in a job. */
function options(more) {
  return {
    www: 'always', removed: [], network_domain: SIM.primary, sys_user: SIM.sysUser, deadline: 60,
    probe: { path: '/.well-known/acme-challenge/wu-cloudways-bench', body: 'wu-cloudways-bench' }, ...more,
  };
}

/** Throws where a report is not the one that is meant. */
function expect(facts, wanted) {
  const wrong = Object.entries(wanted).filter(([key, value]) => JSON.stringify(facts[key]) !== JSON.stringify(value));
  if (wrong.length) throw new Error(`Wanted ${JSON.stringify(Object.fromEntries(wrong))}, and the report says ${JSON.stringify(facts).slice(0, 3000)}`);
}

function summary(results) {
  const requests = [...new Set(results.map(({ facts }) => facts.requests))];
  if (requests.length > 1) throw new Error(`Equal runs made ${requests.join(', ')} requests.`);
  const keys = ['seconds', 'cpu_seconds', 'peak_kib', 'report_kib'];
  return { requests: requests[0], ...Object.fromEntries(keys.map((key) => [key, middle(results, key)])), secondsNoise: noise(results, 'seconds') };
}

function middle(results, key) {
  const sorted = results.map((result) => result[key]).sort((a, b) => a - b);
  const at = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[at] : (sorted[at - 1] + sorted[at]) / 2;
}

function noise(results, key) {
  const values = results.map((result) => result[key]);
  return ` ±${((100 * (Math.max(...values) - Math.min(...values))) / 2 / middle(results, key)).toFixed(0)} %`;
}

function ms(seconds) {
  const value = seconds * 1000;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function mib(kib) {
  return `${(kib / 1024).toFixed(1)} MiB`;
}

if (process.argv[1] === SELF) {
  // The newest build may be a slow one.
  process.env.WU_CLOUDWAYS_SO ??= join(ROOT, 'target/release/libwu_cloudways.so');
  process.env.CLOUDWAYS_SIM ??= join(ROOT, 'target/release/cloudways-sim');
  const result = await measure({ quick: process.argv.includes('--quick'), say: (text) => console.error(text) });
  console.log(JSON.stringify(result, null, 2));
}
