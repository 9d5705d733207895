#!/usr/bin/env node
// Does the stand-in for Ultimate Multisite behave like the real one?
//
//   node tests/wordpress/probe/compare.mjs                        builds a scratch network with the stand-in, probes it, compares
//   node tests/wordpress/probe/compare.mjs --um=/path/to/plugin   the same with a real copy (also UM_PLUGIN_DIR)
//   node tests/wordpress/probe/compare.mjs /path/to/public_html   probes a network that is there; its domains and sites are deleted
//   … --db=mariadb     builds the scratch network on MariaDB instead of SQLite. The transcript was made there: on SQLite the real
//                      plugin's unique actions give the id of another action where MariaDB gives 0
//   … --golden=FILE    compares with another transcript
//   … --write[=FILE]   writes what was seen as the transcript (or into FILE), instead of comparing; the transcript is of a real copy
//   … --only=checks,jobs   plays the scenarios whose names begin so
//   … --wp-cli=/path/to/wp-cli.phar   where WP-CLI is, when it is not beside the network (also WP_CLI_PHAR)
//
// Prints what differs, scenario by scenario, and ends with 1 when anything does (2 when it could
// not be compared). The stand-in asks nobody outside; the real
// plugin tries its DNS resolvers once or twice, and any answer of theirs (none too) is right.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackWordPress } from '../../../scripts/wordpress.mjs';
import { freePort, openLab } from '../lib/lab.mjs';
import { buildNetwork } from '../lib/network.mjs';
import { startMariadb } from '../lib/services.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const GOLDEN = resolve(HERE, '../../golden/um-probe-2.14.2.json');
const PHP = process.env.PHP_BINARY || 'php8.2';

const CREDENTIALS = { WU_CLOUDWAYS_EMAIL: 'who@example.org', WU_CLOUDWAYS_API_KEY: 'key', WU_CLOUDWAYS_SERVER_ID: '1', WU_CLOUDWAYS_APP_ID: '2' };

/**
 * What is played, in this order. Each play is a process of its own; `steps` are scenarios of scenarios.php, the last
 * of which is recorded, the others prepare it.
 */
const PLAN = [
  { name: 'life, nobody listens', steps: ['life-unheard'] },
  { name: 'life, somebody listens', steps: ['life-heard'] },
  { name: 'queue of that life', steps: ['queue-heard'] },
  { name: 'jobs', steps: ['jobs'] },
  { name: 'unique', steps: ['unique'] },
  { name: 'too early for the queue', steps: ['too-early'] },
  { name: 'subsite', steps: ['subsite-prepare', 'subsite'], subsite: true },
  { name: 'dead worker', steps: ['dead-worker-prepare', 'dead-worker-die', 'dead-worker-look'], dies: 'dead-worker-die' },
  { name: 'fatal error', steps: ['fatal-prepare', 'fatal-die', 'fatal-look'], dies: 'fatal-die' },
  { name: 'overlap', steps: ['overlap-prepare', ['overlap-run', 'overlap-run'], 'overlap-look'] },
  { name: 'cron', steps: ['cron'] },
  { name: 'checks, DNS right', steps: ['checks'], env: { WU_PROBE_DNS: 'right' } },
  { name: 'checks, DNS by record', steps: ['checks'], env: { WU_PROBE_DNS: 'record' } },
  { name: 'checks, certificate missing', steps: ['checks'] },
  { name: 'validation', steps: ['validation'] },
  { name: 'lists', steps: ['lists'] },
  { name: 'www', steps: ['www'] },
  { name: 'settings', steps: ['settings'] },
  { name: 'log', steps: ['log'] },
  { name: 'credentials', steps: ['credentials'] },
  { name: 'registry, not enabled', steps: ['registry-prepare', 'registry'], env: { WU_PROBE_CONSTANTS: JSON.stringify(CREDENTIALS) } },
  { name: 'registry, enabled, not set up', steps: ['registry-prepare', 'registry'], env: { WU_PROBE_ENABLED: '1' } },
  { name: 'registry, built-in module', steps: ['registry-prepare', 'registry'], env: { WU_PROBE_ENABLED: '1', WU_PROBE_CONSTANTS: JSON.stringify(CREDENTIALS) } },
  { name: 'registry, replaced module', steps: ['registry-prepare', 'registry'], env: { WU_PROBE_ENABLED: '1', WU_PROBE_REPLACE: '1', WU_PROBE_CONSTANTS: JSON.stringify(CREDENTIALS) } },
  { name: 'registry, replaced module, not set up', steps: ['registry-prepare', 'registry'], env: { WU_PROBE_ENABLED: '1', WU_PROBE_REPLACE: '1' } },
  { name: 'registry, replaced integration', steps: ['registry-prepare', 'registry'], env: { WU_PROBE_ENABLED: '1', WU_PROBE_SUBCLASS: '1', WU_PROBE_CONSTANTS: JSON.stringify(CREDENTIALS) } },
  { name: 'credentials stored, read too early', steps: ['store', 'registry'], env: { WU_PROBE_BOOT: 'decrypt' } },
  { name: 'setup not finished', steps: ['unfinished-prepare', 'unfinished'] },
];

const options = Object.fromEntries(process.argv.slice(2).filter((a) => a.startsWith('--')).map((a) => [a.slice(2).split('=')[0], a.includes('=') ? a.slice(a.indexOf('=') + 1) : true]));
const given = process.argv.slice(2).find((a) => !a.startsWith('--'));

let root;
let wpCli;

/** Runs a program to its end. */
function run(command, args, { env = {}, cwd } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, WP_CLI_PHP_ARGS: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (d) => (stdout += d));
    child.stderr.on('data', (d) => (stderr += d));
    child.on('error', failed);
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

/** Plays one scenario and gives its recorded steps. */
async function play(scenario, { env = {}, url, dies = false } = {}) {
  const args = [
    '-d', 'memory_limit=512M', '-d', 'display_errors=stderr', '-d', 'error_log=/dev/stderr', wpCli, '--allow-root', `--path=${root}`, '--no-color',
    '--skip-plugins=wu-cloudways', `--require=${join(HERE, 'probe.php')}`, ...(url ? [`--url=${url}`] : []), 'eval', 'wu_probe();',
  ];
  const result = await run(PHP, args, { env: { WU_PROBE: scenario, ...env } });
  const at = result.stdout.lastIndexOf('\n=>');
  if (dies) {
    if (at >= 0) throw new Error(`${scenario} was to die and did not.`);
    return null;
  }
  if (at < 0 || result.code !== 0) throw new Error(`${scenario} ended with ${result.signal ?? result.code}:\n${result.stdout.slice(-2000)}\n${result.stderr.slice(-3000)}`);
  return JSON.parse(result.stdout.slice(at + 3));
}

async function playAll(wanted) {
  const transcript = {};
  for (const { name, steps, env, subsite, dies } of PLAN) {
    if (!wanted(name)) continue;
    process.stderr.write(`probing: ${name}\n`);
    const domain = subsite ? (await play('about')).network : null;
    let recorded;
    for (const step of steps) {
      // A list is played at once, in a process each.
      if (Array.isArray(step)) await Promise.all(step.map((one) => play(one, { env })));
      else recorded = await play(step, { env, dies: dies === step, url: domain && step !== 'subsite-prepare' ? `http://probe.${domain}/` : undefined });
    }
    transcript[name] = recorded;
  }
  if (wanted('pages')) {
    process.stderr.write('probing: pages\n');
    transcript.pages = await pages();
  }
  return transcript;
}

/** PHP's own web server on the network, and an administrator's requests to it. */
async function browse(env, visit) {
  const { domain, cookies, nonce } = await play('cookies');
  const port = await freePort();
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ');
  const request = (path, form, host = domain) =>
    new Promise((done, failed) => {
      const body = form ? new URLSearchParams(form).toString() : '';
      const req = http.request(
        { host: '127.0.0.1', port, path, method: form ? 'POST' : 'GET', headers: { Host: host, ...(host === domain ? { Cookie: cookie } : {}), ...(form ? { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) } : {}) } },
        (res) => {
          let text = '';
          res.setEncoding('utf8');
          res.on('data', (d) => (text += d));
          res.on('end', () => done({ status: res.statusCode, location: res.headers.location ?? null, text }));
        },
      );
      req.on('error', failed);
      req.end(body);
    });
  const server = await lab.start({
    name: `php-${port}`,
    command: PHP,
    args: ['-d', 'memory_limit=512M', '-d', `auto_prepend_file=${join(HERE, 'probe.php')}`, '-d', 'display_errors=0', '-S', `127.0.0.1:${port}`, '-t', root],
    env: { PHP_CLI_SERVER_WORKERS: '4', ...env },
    ready: () => request('/wp-admin/admin-ajax.php?action=nothing'),
  });
  try {
    return await visit(request, { domain, nonce });
  } finally {
    await server.stop();
  }
}

/** Name → value of the hidden fields, and the fields of the wizard with what matters of them. */
function formOf(html) {
  const inputs = [...html.matchAll(/<input\b[^>]*>/g)].map(([tag]) => Object.fromEntries([...tag.matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)].map(([, k, v]) => [k, v])));
  const hidden = Object.fromEntries(inputs.filter((i) => i.name && /^(saving_|_wpultimo_nonce)/.test(i.name)).map((i) => [i.name, i.value]));
  const fields = inputs.filter((i) => /^WU_CLOUDWAYS_/.test(i.name ?? ''));
  return {
    hidden,
    fields: fields.map((i) => `${i.name}: ${i.type}, value '${i.value ?? ''}'${'disabled' in i ? ', disabled' : ''}`),
    buttons: [...html.matchAll(/<button\b[^>]*name="submit"[^>]*>\s*([^<]*?)\s*</g)].map(([, text]) => text.trim()),
  };
}

const nonceOf = (html) => /wu_integration_test_data[^}]*?nonce"?\s*:\s*"([0-9a-f]{10})"/.exec(html)?.[1] ?? '';
const stepOf = (answer) => `${answer.status}${answer.location ? ` to step ${/[?&]step=([\w-]+)/.exec(answer.location)?.[1] ?? 'none'}` : ''}`;
const storedLines = async () => Object.entries(await play('stored')).map(([k, v]) => `${k}: ${JSON.stringify(v)}`);

/** The wizard and the settings page, as a person uses them. */
async function pages() {
  const wizard = '/wp-admin/network/admin.php?page=wp-ultimo-hosting-integration-wizard&integration=cloudways';
  const seen = {};

  await browse({}, async (request) => {
    const unknown = await request('/wp-admin/network/admin.php?page=wp-ultimo-hosting-integration-wizard&integration=nowhere');
    seen['wizard of an unknown integration'] = [`${unknown.status} ${/page=[\w-]+/.exec(unknown.location ?? '')}`];

    let page = await request(wizard);
    seen['activation, off'] = [`${page.status}`, ...Object.keys(formOf(page.text).hidden), ...(formOf(page.text).buttons.length ? ['a button'] : [])];
    seen['activation sent, off'] = [stepOf(await request(wizard, { ...formOf(page.text).hidden, submit: '1' })), ...(await storedLines())];
    page = await request(wizard);
    const again = await request(wizard, { ...formOf(page.text).hidden, submit: '1' });
    seen['activation sent, on: it switches off'] = [stepOf(again), ...(await storedLines())];
    page = await request(wizard);
    seen['activation sent with a wrong nonce'] = [`${(await request(wizard, { ...formOf(page.text).hidden, _wpultimo_nonce: 'x' })).status}`, ...(await storedLines())];
    await request(wizard, { ...formOf(page.text).hidden, submit: '1' });

    page = await request(`${wizard}&step=instructions`);
    seen['instructions'] = [`${page.status}`, stepOf(await request(`${wizard}&step=instructions`, { ...formOf(page.text).hidden, submit: '1' }))];

    page = await request(`${wizard}&step=config`);
    seen['fields, nothing stored'] = formOf(page.text).fields;
    const values = { ...CREDENTIALS, WU_CLOUDWAYS_API_KEY: 'cw_a+b/c==', WU_CLOUDWAYS_EXTRA_DOMAINS: ' *.a.example , <b>b.example</b>', WU_CLOUDWAYS_OTHER: 'x' };
    seen['fields sent'] = [stepOf(await request(`${wizard}&step=config`, { ...formOf(page.text).hidden, ...values, submit: '1' })), ...(await storedLines())];
    page = await request(`${wizard}&step=config`);
    seen['fields, stored'] = formOf(page.text).fields;
    seen['fields sent, one empty and one missing'] = [
      stepOf(await request(`${wizard}&step=config`, { ...formOf(page.text).hidden, WU_CLOUDWAYS_EMAIL: 'b@example.org', WU_CLOUDWAYS_API_KEY: '', submit: '1' })),
      ...(await storedLines()),
    ];
    page = await request(`${wizard}&step=config`);
    seen['fields sent with a wrong nonce'] = [`${(await request(`${wizard}&step=config`, { ...formOf(page.text).hidden, _wpultimo_nonce: 'x', ...CREDENTIALS })).status}`, ...(await storedLines())];

    const settings = await request('/wp-admin/network/admin.php?page=wp-ultimo-settings&tab=integrations');
    seen['settings, integrations'] = [
      `${settings.status}`,
      /page=wp-ultimo-hosting-integration-wizard(&amp;|&#038;|&)integration=cloudways/.test(settings.text) ? 'a link to the wizard' : 'no link to the wizard',
      /<input[^>]+name="[^"]*integration_cloudways/.test(settings.text) ? 'a switch' : 'no switch',
    ];
    for (const slug of ['wp-ultimo', 'wp-ultimo-domains', 'wp-ultimo-settings', 'wp-ultimo-edit-domain']) {
      seen[`page ${slug}`] = [`${(await request(`/wp-admin/network/admin.php?page=${slug}`)).status}`];
    }
  });

  await browse({}, async (request, { domain, nonce }) => {
    const mapped = await play('hosts-prepare');
    const ask = async (host, path = '/') => {
      const answer = await request(path, null, host);
      return `${answer.status}${answer.location ? ` to ${answer.location.replaceAll(domain, '%network%')}` : ''}`;
    };
    for (const host of ['waiting.example', 'unsafe.example', 'ready.example', 'nowhere.example']) seen[`visitor of ${host}`] = [await ask(host)];
    for (const host of ['waiting.example', 'www.waiting.example']) {
      const answer = await request(`/?async_check_dns_nonce=${mapped.waiting}`, null, host);
      let id = null;
      try {
        id = Number(JSON.parse(answer.text).id);
      } catch {
        // no JSON: a page, or nothing
      }
      seen[`${host} asked whether it reaches the network`] = [`${answer.status}`, id === mapped.id ? 'its id' : 'no id'];
    }
    seen['the same with a wrong nonce'] = [await ask('waiting.example', '/?async_check_dns_nonce=x')];
    await play('async-prepare');
    seen['queue run by a request'] = [`${(await request('/wp-admin/admin-ajax.php', { action: 'as_async_request_queue_runner', nonce })).status}`, ...(await play('async-look')).queue];
    await play('async-prepare');
    seen['queue run by a request with a wrong nonce'] = [`${(await request('/wp-admin/admin-ajax.php', { action: 'as_async_request_queue_runner', nonce: 'x' })).status}`, ...(await play('async-look')).queue];
  });

  await browse({ WU_PROBE_FACES: '1' }, async (request, { domain }) => {
    const faces = await play('faces-prepare');
    const marks = ({ text }) => [...text.matchAll(/probe\[(.*?)\]/g)].map(([, mark]) => mark.replaceAll(domain, '%network%'));
    seen['list of domains, plugins asked'] = marks(await request('/wp-admin/network/admin.php?page=wp-ultimo-domains'));
    seen['page of a domain, plugins asked'] = marks(await request(`/wp-admin/network/admin.php?page=wp-ultimo-edit-domain&id=${faces.id}`));
    // In which order the domains come is nobody's promise.
    seen["customer's panel on a front-end page, plugins asked"] = marks(await request(`/probe-faces/?site=${faces.site}`)).sort();
    seen["customer's panel of no site"] = marks(await request('/probe-faces/'));
  });

  await play('store');
  await browse({ WU_PROBE_CONSTANTS: JSON.stringify(CREDENTIALS) }, async (request) => {
    const page = await request(`${wizard}&step=config`);
    seen['fields, with constants'] = formOf(page.text).fields;
    // A browser sends no disabled field.
    await play('store');
    seen['fields sent by a browser, with constants'] = [stepOf(await request(`${wizard}&step=config`, { ...formOf(page.text).hidden, WU_CLOUDWAYS_EXTRA_DOMAINS: 'c.example', submit: '1' })), ...(await storedLines())];
  });

  await browse({ WU_PROBE_CONSTANTS: JSON.stringify(CREDENTIALS), WU_PROBE_SUBCLASS: '1', WU_PROBE_REPLACE: '1' }, async (request) => {
    const fields = await request(`${wizard}&step=config`);
    seen['fields of a subclass'] = formOf(fields.text).fields.map((line) => line.split(',')[0]);
    const page = await request(`${wizard}&step=testing`);
    const nonce = nonceOf(page.text);
    const test = async (form) => {
      const answer = await request('/wp-admin/admin-ajax.php', { action: 'wu_test_hosting_integration', ...form });
      const data = JSON.parse(answer.text);
      return `${answer.status} success ${data.success}, data ${JSON.stringify(Array.isArray(data.data) ? data.data.map((e) => e.code) : Object.keys(data.data))}`;
    };
    seen['test, by a subclass'] = [await test({ integration: 'cloudways', _ajax_nonce: nonce })];
    const answer = await request('/wp-admin/admin-ajax.php', { action: 'wu_test_hosting_integration', integration: 'cloudways', _ajax_nonce: nonce });
    seen['its answer, as it is'] = [JSON.parse(answer.text).data.message ?? ''];
    seen['test with a wrong nonce'] = [await test({ integration: 'cloudways', _ajax_nonce: 'x' })];
    seen['test of an unknown integration'] = [await test({ integration: 'nowhere', _ajax_nonce: nonce })];
  });

  await browse({ WU_PROBE_SUBCLASS: '1' }, async (request) => {
    const page = await request(`${wizard}&step=testing`);
    const nonce = nonceOf(page.text);
    const answer = JSON.parse((await request('/wp-admin/admin-ajax.php', { action: 'wu_test_hosting_integration', integration: 'cloudways', _ajax_nonce: nonce })).text);
    seen['test without credentials'] = [`success ${answer.success}`, ...Object.keys(CREDENTIALS).filter((name) => answer.data.message?.includes(name))];
  });
  return seen;
}

/** Lines that differ, as a diff of two lists. */
function diff(expected, seen) {
  const table = Array.from({ length: expected.length + 1 }, () => new Array(seen.length + 1).fill(0));
  for (let i = expected.length - 1; i >= 0; i--) {
    for (let j = seen.length - 1; j >= 0; j--) {
      table[i][j] = expected[i] === seen[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  const lines = [];
  for (let i = 0, j = 0; i < expected.length || j < seen.length; ) {
    if (i < expected.length && j < seen.length && expected[i] === seen[j]) {
      lines.push(`      ${expected[i]}`);
      i++;
      j++;
    } else if (j >= seen.length || (i < expected.length && table[i + 1][j] >= table[i][j + 1])) lines.push(`    - ${expected[i++]}`);
    else lines.push(`    + ${seen[j++]}`);
  }
  return lines;
}

/** Prints how two transcripts differ; gives the number of steps that do. */
function compare(expected, seen) {
  let steps = 0;
  let different = 0;
  for (const scenario of Object.keys({ ...expected, ...seen })) {
    const labels = Object.keys({ ...expected[scenario], ...seen[scenario] });
    for (const label of labels) {
      steps++;
      const was = expected[scenario]?.[label];
      const is = seen[scenario]?.[label];
      if (JSON.stringify(was) === JSON.stringify(is)) continue;
      different++;
      console.log(`\n${scenario} / ${label}`);
      if (!was) console.log('    is not in the transcript');
      if (!is) console.log('    was not seen');
      if (was || is) console.log(diff(was ?? [], is ?? []).join('\n'));
    }
  }
  console.log(`\n${steps} steps compared, ${different} different.`);
  if (different) console.log('- the transcript of the real plugin   + this network');
  return different;
}

const GOLDEN_FILE = options.golden ? resolve(options.golden) : GOLDEN;

/** A scratch network with Ultimate Multisite alone. */
async function build() {
  await unpackWordPress();
  const mariadb = options.db === 'mariadb' ? await startMariadb(lab) : null;
  await mariadb?.sql('CREATE DATABASE wordpress');
  const network = await buildNetwork({
    dir: lab.folder('network'),
    db: mariadb ? { kind: 'mariadb', socket: mariadb.socket, name: 'wordpress', user: mariadb.user } : { kind: 'sqlite' },
    domain: 'network.test',
    plugin: false,
    constants: { WP_HTTP_BLOCK_EXTERNAL: true },
    ...(options.um ? { um: options.um } : {}),
    say: (step) => process.stderr.write(`${step}\n`),
  });
  return network.root;
}

const lab = openLab('probe');
try {
  root = given ? resolve(given) : await build();
  wpCli = options['wp-cli'] || process.env.WP_CLI_PHAR || join(root, '../wp-cli.phar');
  if (!existsSync(wpCli)) throw new Error(`WP-CLI is not at ${wpCli}; say where it is with --wp-cli=.`);
  await main();
} catch (error) {
  console.error(`Could not compare: ${error.message}`);
  process.exitCode = 2;
} finally {
  await lab.close();
}

async function main() {
  const about = await play('about');
  if (!about.loaded) throw new Error('Ultimate Multisite is not loaded in this network: is its setup finished?');
  const only = options.only ? String(options.only).split(',') : null;
  const wanted = (name) => !only || only.some((start) => name.startsWith(start));
  const scenarios = await playAll(wanted);
  delete about.loaded;

  if (options.write) {
    const file = options.write === true ? GOLDEN : resolve(options.write);
    const note = "Recorded by tests/wordpress/probe/compare.mjs --write. Facts of behaviour only; ids, times and the network's domain are written as names.";
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ about: { ...about, note }, scenarios }, null, '\t')}\n`);
    console.log(`Written: ${file}`);
    return;
  }
  const golden = JSON.parse(readFileSync(GOLDEN_FILE, 'utf8'));
  const expected = Object.fromEntries(Object.entries(golden.scenarios).filter(([name]) => wanted(name)));
  const versions = (a) => `Ultimate Multisite ${a.ultimate_multisite}, WordPress ${a.wordpress}, PHP ${a.php}, ${a.database}`;
  console.log(`transcript:   ${versions(golden.about)}\nthis network: ${versions(about)}`);
  process.exitCode = compare(expected, scenarios) ? 1 : 0;
}
