// How many instructions the engine and its binding take for 10,000 domains, counted by valgrind in the build of the profile
// "counts": counts, not seconds, so that they are the same on a busy machine. A guard against getting slower by accident, and
// against steps that grow faster than the number of domains.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, openLab, run, write } from '../wordpress/lib/lab.mjs';
import { NO_RATE_LIMIT, PHP, SIM, startSim } from '../wordpress/lib/services.mjs';

const SO = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'counts', 'libwu_cloudways.so');
const BUDGETS = new URL('budgets.json', import.meta.url);

/**
 * What is counted: a word for it, and the function as valgrind names it, with what it calls. `each`: for one call, since a
 * plan is made anew when the clock has gone on by a second, which under valgrind it does; and so without plans of its own.
 */
const COUNTED = {
  normalisation: { name: 'wu_cloudways::domain::DomainName::parse' },
  'arguments from PHP': { name: 'wu_cloudways::php::input::given' },
  'plan of the aliases': { name: 'wu_cloudways::plan::aliases', each: true },
  'plan of the certificate': { name: 'wu_cloudways::certificate::plan', each: true },
  fingerprint: { name: 'wu_cloudways::plan::Plan::fingerprint', each: true },
  report: { name: 'wu_cloudways::summary::report', each: true, without: ['wu_cloudways::scene::Scene::plan_aliases', 'wu_cloudways::scene::Scene::plan_certificate'] },
  'report to PHP': { name: 'wu_cloudways::php::output::to_zval' },
};

/** Counts differ by the seed of the hash tables, and by the compiler's version. */
const MARGIN = 1.1;
/** A tenth of the domains may not cost less than a tenth by much: what is the same for any number is small. */
const GROWTH = 1.15;

const FEW = 1000;
const MANY = 10000;

const names = (count) => Array.from({ length: count }, (_, n) => `shop${String(n + 1).padStart(5, '0')}.example`);

/**
 * What is lived through: the domains of the call, what Cloudways has, a call before that makes the state, a change of that
 * state, and what has to come out.
 */
const SCENES = {
  'nothing to do': {
    ssl: true,
    prepare: (count) => ({ aliases: names(count), certificate: [SIM.primary, ...names(99)], first: names(count) }),
    domains: names,
    expect: (count) => ({ status: 'partial', requests: 1, domains: count + 1, added: 0, withheld: 0, set_aside: 0, left_out: count - 99, writes: false }),
  },
  'all new': {
    call: 'wu_cloudways_plan',
    prepare: () => ({ aliases: [] }),
    domains: names,
    expect: (count) => ({ status: 'changes_pending', requests: 1, domains: count + 1, added: count, withheld: 0, set_aside: 0, left_out: 0, writes: false }),
  },
  'all gone': {
    prepare: (count) => ({ aliases: names(count), first: names(count) }),
    domains: () => [],
    expect: (count) => ({ status: 'partial', requests: 1, domains: count + 1, added: 0, withheld: count, set_aside: 0, left_out: 0, writes: false }),
  },
  'all refused': {
    prepare: (count) => ({ aliases: [], first: [], change: (state) => refuse(state, names(count)) }),
    domains: names,
    expect: (count) => ({ status: 'partial', requests: 1, domains: count + 1, added: 0, withheld: 0, set_aside: count, left_out: 0, writes: false }),
  },
};

/** A state in which Cloudways refused all of these an hour ago. */
function refuse(state, refused) {
  const now = Math.floor(Date.now() / 1000);
  state.aliases_aside.names = refused.map((name) => ({ name, reason: 'not a valid domain', since: now - 3600, until: now + 86400, times: 3, first: now - 3600 }));
  return state;
}

describe('instructions', () => {
  let lab;
  let sim;
  const counts = {};

  before(async () => {
    lab = openLab('counts');
    sim = await startSim(lab, NO_RATE_LIMIT);
  });
  after(() => lab?.close());

  async function call(task, wrap = []) {
    const file = join(lab.dir, 'task.json');
    write(file, JSON.stringify({ constants: sim.constants(), call: 'wu_cloudways_sync', ...task }));
    const [command, ...args] = [...wrap, PHP, '-n', '-d', `extension=${SO}`, '-d', 'memory_limit=-1', join(ROOT, 'tests/counts/call.php'), file];
    const { code, stdout, stderr } = await run(command, args, { timeout: 600000 });
    assert.equal(code, 0, `${stdout}${stderr}`);
    return JSON.parse(stdout.slice(stdout.indexOf('{')));
  }

  /** What the application has. */
  async function furnish(aliases, certificate) {
    const all = await sim.state();
    const app = all.servers.flatMap((server) => server.apps).find((each) => Number(each.id) === SIM.app);
    app.aliases = aliases;
    if (certificate.length) {
      app.lets_encrypt = { app_prefix: app.app_fqdn, auto: true, challenges: null, is_installed: true, is_verified: true, ssl_domains: certificate, ssl_email: SIM.email, type: 'le' };
    }
    const answer = await fetch(`${sim.control}/state`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(all) });
    assert.ok(answer.ok, await answer.text());
  }

  /** The counts of one scene. */
  async function count({ call: name = 'wu_cloudways_sync', ssl = false, prepare, domains, expect }, number) {
    const { aliases, certificate = [], first, change = (state) => state } = prepare(number);
    await fetch(`${sim.control}/reset`, { method: 'POST' });
    await sim.patch({ dns: Object.fromEntries(certificate.map((each) => [each, { A: [SIM.publicIp] }])) });
    await furnish(aliases, certificate);
    const state = join(lab.dir, 'state.json');
    if (first) {
      await call({ domains: first, ssl, keep: state });
      write(state, JSON.stringify(change(JSON.parse(readFileSync(state, 'utf8')))));
    }
    const out = join(lab.dir, 'callgrind.out');
    const did = await call({ call: name, domains: domains(number), ssl, ...(first ? { state } : {}) }, ['valgrind', '-q', '--tool=callgrind', `--callgrind-out-file=${out}`]);
    assert.deepEqual(did, expect(number));
    const counted = functions(readFileSync(out, 'utf8'));
    return Object.fromEntries(Object.entries(COUNTED).map(([what, which]) => [what, instructions(counted, which)]));
  }

  for (const [name, scene] of Object.entries(SCENES)) {
    it(`${name}: within their budgets, and linear in the number of domains`, async () => {
      const [few, many] = [await count(scene, FEW), await count(scene, MANY)];
      counts[name] = many;
      const budget = JSON.parse(readFileSync(BUDGETS, 'utf8'))[name] ?? {};
      const wrong = [];
      for (const what of Object.keys(COUNTED)) {
        console.log(`# ${name}, ${what}: ${Math.round(many[what] / MANY)} instructions a domain (budget ${Math.round((budget[what] ?? 0) / MANY)})`);
        if (!(many[what] <= budget[what] * MARGIN)) wrong.push(`${what}: ${many[what]} instructions for ${MANY} domains, ${budget[what]} are allowed`);
        // None is what a function has that is not found by its name any more.
        if (many[what] < budget[what] / 2) wrong.push(`${what}: only ${many[what]} instructions for ${MANY} domains, the budget is ${budget[what]}`);
        // What costs next to nothing in this scene has nothing to grow.
        if (many[what] > 100 * MANY && many[what] > few[what] * (MANY / FEW) * GROWTH) wrong.push(`${what}: ${few[what]} instructions for ${FEW} domains, but ${many[what]} for ${MANY}`);
      }
      if (process.env.WU_COUNTS_WRITE !== '1') assert.deepEqual(wrong, [], 'If it has to be so: WU_COUNTS_WRITE=1 node --test tests/counts/ writes the budgets anew.');
    });
  }

  it('the budgets are those of the scenes', () => {
    if (process.env.WU_COUNTS_WRITE === '1') writeFileSync(BUDGETS, `${JSON.stringify(counts, null, 2)}\n`);
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(BUDGETS, 'utf8'))), Object.keys(SCENES));
  });
});

/** What callgrind counted, by function: {own, calls: [{callee, cost}], called}. Its format is in valgrind's manual. */
function functions(profile) {
  const names = {};
  const found = {};
  const of = (id) => (found[names[id]] ??= { own: 0, calls: [], called: 0 });
  let [current, callee, times] = [null, null, null];
  for (const line of profile.split('\n')) {
    const [, where, id, name] = /^(c?fn)=\((\d+)\)(?: (.*))?$/.exec(line) ?? [];
    if (where) {
      if (name) names[id] = name;
      if (where === 'fn') current = id;
      else callee = id;
    } else if (line.startsWith('calls=')) {
      times = Number(line.slice(6).split(' ')[0]);
    } else if (/^[+*\-\d]\S* \d+$/.test(line)) {
      const cost = Number(line.split(' ')[1]);
      if (times === null) of(current).own += cost;
      else {
        of(current).calls.push({ callee: names[callee], cost });
        of(callee).called += times;
      }
      times = null;
    }
  }
  return found;
}

/** The instructions of a function; 0 where it was not called. */
function instructions(counted, { name, each = false, without = [] }) {
  const { own, calls, called } = counted[name] ?? { own: 0, calls: [], called: 0 };
  const all = calls.filter(({ callee }) => !without.includes(callee)).reduce((sum, { cost }) => sum + cost, own);
  return each && called ? Math.round(all / called) : all;
}
