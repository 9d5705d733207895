// Ultimate Multisite's wizard with the plugin in its place: what it says, what can be typed there, and what follows from
// typing it. What is stored is what a run works with; saving makes a run follow, in a request of its own.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { openStack } from './lib/stack.mjs';

const REQUIRED = ['WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID'];
const OPTIONAL = ['WU_CLOUDWAYS_EXTRA_DOMAINS', 'WU_CLOUDWAYS_ALIAS_POLICY', 'WU_CLOUDWAYS_DNS_SERVERS', 'WU_CLOUDWAYS_WILDCARD_SSL', 'WU_CLOUDWAYS_DRY_RUN'];
const NAMES = [...REQUIRED, ...OPTIONAL];
const WIZARD = '/wp-admin/network/admin.php?page=wp-ultimo-hosting-integration-wizard&integration=cloudways';

describe("Ultimate Multisite's wizard", () => {
  let stack;
  let admin;
  let values;

  before(async () => {
    stack = await openStack('wizard', { inCli: false });
    const constants = stack.sim.constants();
    values = Object.fromEntries([...REQUIRED, 'WU_CLOUDWAYS_DNS_SERVERS'].map((name) => [name, String(constants[name])]));
    stack.network.setConstants(Object.fromEntries(NAMES.map((name) => [name, undefined])));
    admin = await stack.network.adminVisitor(stack.web.port);
  });
  after(() => stack?.close());
  beforeEach(() => stack.sim.clearLog());

  const memory = async () =>
    Object.fromEntries(
      (await stack.db.sql("SELECT name, number FROM wp_wu_cloudways_sync_memory WHERE name IN ('dirty', 'due', 'good')", 'wordpress'))
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('\t'))
        .map(([name, number]) => [name, Number(number)]),
    );
  const stored = () => stack.network.eval(`return array_filter( array_map( static fn( $name ) => (string) get_network_option( null, 'wu_hosting_credential_' . $name, '' ), ${JSON.stringify(NAMES)} ) );`);

  async function show(step) {
    const page = await admin.get(`${WIZARD}&step=${step}`);
    assert.equal(page.status, 200, `the step ${step} answered ${page.status}${stack.trouble()}`);
    return page.body;
  }

  /** The fields of a form, as a browser has them: {name: {value, disabled, tag, attributes}}. */
  function fieldsOf(html) {
    const fields = {};
    const attribute = (tag, name) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
    for (const [whole] of html.matchAll(/<input\b[^>]*>|<select\b[\s\S]*?<\/select>/g)) {
      const tag = whole.slice(0, whole.indexOf('>') + 1);
      const name = attribute(tag, 'name');
      if (!name || fields[name]) continue;
      const isSelect = whole.startsWith('<select');
      const options = isSelect ? [...whole.matchAll(/<option([^>]*)>/g)].map(([, option]) => ({ value: attribute(` ${option}`, 'value'), selected: /selected/.test(option) })) : null;
      fields[name] = {
        value: isSelect ? (options.find(({ selected }) => selected) ?? options[0]).value : text(attribute(tag, 'value') ?? ''),
        disabled: /\sdisabled\b/.test(tag),
        label: text(attribute(tag, 'aria-label') ?? ''),
        describedBy: attribute(tag, 'aria-describedby'),
      };
    }
    return fields;
  }

  /** Presses Save on the step, with what a browser sends, but for `changes`. */
  async function save(changes = {}, step = 'config') {
    const fields = fieldsOf(await show(step));
    const sent = Object.fromEntries(Object.entries(fields).filter(([name, { disabled }]) => !disabled && /^(WU_|_wp|saving_)/.test(name)).map(([name, { value }]) => [name, changes[name] ?? value]));
    const answer = await admin.post(`${WIZARD}&step=${step}`, { ...sent, submit: '1' });
    assert.ok([200, 302].includes(answer.status), `Save answered ${answer.status}: ${text(answer.body).slice(0, 500)}${stack.trouble()}`);
  }

  /** What `change` does to the count of changes and to the time of the next run. Nothing may be asked of Cloudways meanwhile. */
  async function countedBy(change, what) {
    // As after a good run: nothing waits, and the next look is in an hour.
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_memory SET number = 0 WHERE name IN ('dirty', 'tried', 'hold', 'alarm'); UPDATE wp_wu_cloudways_sync_memory SET number = UNIX_TIMESTAMP() + 3600 WHERE name = 'due'", 'wordpress');
    await stack.sim.clearLog();
    await change();
    assert.deepEqual(await stack.sim.log(), [], `${what}: a run was made in that very request`);
    const { dirty = 0, due = 0 } = await memory();
    return { dirty, soon: due <= Date.now() / 1000 + 60 };
  }

  it('says what it does and does not', async () => {
    const words = text(await show('activation'));
    for (const expected of ['Cloudways Sync keeps the domains', 'Keep the mapped domains among the aliases', 'Remove aliases that were made by hand at Cloudways, unless you choose so']) {
      assert.ok(words.includes(expected), `it does not say "${expected}": ${words.slice(0, 1500)}`);
    }
    assert.ok(!words.includes('whole list of domains'), 'it still says what the built-in module does');
  });

  it('says how to get an access token, and that old keys end', async () => {
    const words = text(await show('instructions'));
    for (const expected of ['primary account owner', 'API Integration', 'the role FULL', 'GET /server', 'POST /app/manage/aliases', 'POST /security/lets_encrypt_install', 'begins with cw_', '15 October 2026', 'wu_cloudways is loaded on this website']) {
      assert.ok(words.includes(expected), `it does not say "${expected}": ${words.slice(0, 2500)}`);
    }
    assert.ok(!words.includes('replace all domains'), 'it still says what the built-in module does');
  });

  it('has a field for each setting, with a label and a description that a screen reader finds', async () => {
    const html = await show('config');
    const fields = fieldsOf(html);
    assert.deepEqual(Object.keys(fields).filter((name) => name.startsWith('WU_')), NAMES);
    for (const name of NAMES) {
      assert.ok(fields[name].label.length > 3, `${name} has no label`);
      assert.equal(fields[name].value, '', `${name} is not empty`);
      assert.ok(html.includes(`id="${fields[name].describedBy}"`), `${name} is described by nothing`);
    }
    const words = text(html);
    for (const expected of ['Access token', 'Begins with cw_.', 'Keep them', 'Remove them', 'No, only look']) assert.ok(words.includes(expected), `it does not say "${expected}"`);
  });

  it('stores what is typed, encrypted, and a run follows by itself and works with it', async () => {
    await stack.sim.here('typed.example', 'www.typed.example');
    const counted = await countedBy(() => save({ ...values, WU_CLOUDWAYS_EXTRA_DOMAINS: 'extra.example', WU_CLOUDWAYS_DRY_RUN: 'true' }), 'the first save');
    assert.ok(counted.dirty > 0 && counted.soon, `saving made no run follow: ${JSON.stringify(counted)}`);
    const kept = await stored();
    assert.equal(Object.keys(kept).length, REQUIRED.length + 3, `stored are ${Object.keys(kept).map((n) => NAMES[n])}`);
    for (const value of Object.values(kept)) assert.ok(!Object.values(values).includes(value) && value !== 'extra.example', 'it is not encrypted');
    assert.deepEqual(await stack.network.eval(`return array_values( array_filter( ${JSON.stringify(NAMES)}, 'defined' ) );`), [], 'this test wants no constants');

    await stack.map('typed.example', 1);
    await stack.settle(async () => (await stack.sim.log()).some(({ path }) => path.endsWith('/server')), 'a run', { run: () => stack.ask('run', { at: 0 }) });
    const report = await stack.report();
    assert.equal(report.status, 'changes_pending', `it wrote although only looking was chosen: ${JSON.stringify(report.warnings)}`);
    assert.deepEqual(await stack.sim.writes(), []);
    assert.equal(report.domains['extra.example']?.source, 'extra');

    // The fields show what is stored, the selects too, and saving them as they are changes nothing.
    await save();
    const fields = fieldsOf(await show('config'));
    assert.deepEqual(
      Object.fromEntries(NAMES.map((name) => [name, fields[name].value])),
      { ...values, WU_CLOUDWAYS_EXTRA_DOMAINS: 'extra.example', WU_CLOUDWAYS_ALIAS_POLICY: '', WU_CLOUDWAYS_DNS_SERVERS: values.WU_CLOUDWAYS_DNS_SERVERS, WU_CLOUDWAYS_WILDCARD_SSL: '', WU_CLOUDWAYS_DRY_RUN: 'true' },
    );

    await save({ WU_CLOUDWAYS_DRY_RUN: '' });
    await stack.settle(async () => (await stack.sim.aliases()).includes('typed.example'), 'the alias, once it may write', { run: () => stack.ask('run', { at: 0 }) });
    const aliases = await stack.sim.aliases();
    for (const name of ['extra.example', 'hand-made.example']) assert.ok(aliases.includes(name), `${name} is not among ${aliases}`);
  });

  it('takes the policy for aliases, and the DNS servers', async () => {
    const answer = async () => (await stack.ask('run', { at: 0 })).result.got;
    await save({ WU_CLOUDWAYS_DNS_SERVERS: 'no address' });
    assert.equal(await answer(), 'failed', 'what is typed as a DNS server is not used');
    await save({ WU_CLOUDWAYS_DNS_SERVERS: values.WU_CLOUDWAYS_DNS_SERVERS, WU_CLOUDWAYS_ALIAS_POLICY: 'replace', WU_CLOUDWAYS_WILDCARD_SSL: '*.example.org' });
    assert.equal(await answer(), 'failed', 'a wildcard that is no extra domain is not looked at');
    await save({ WU_CLOUDWAYS_WILDCARD_SSL: '' });
    assert.equal(await answer(), 'done');
    const report = await stack.report();
    assert.deepEqual(report.aliases.kept, [], `kept in spite of the policy: ${report.aliases.kept}`);
    await save({ WU_CLOUDWAYS_ALIAS_POLICY: '' });
  });

  it('names its own field when a setting that is typed there is wrong', async () => {
    await save({ WU_CLOUDWAYS_DNS_SERVERS: 'no address' });
    await stack.ask('run', { at: 0 });
    const words = text((await admin.get('/wp-admin/network/admin.php?page=wu-cloudways')).body);
    assert.match(words, /WU_CLOUDWAYS_DNS_SERVERS is not a list of IP addresses/);
    assert.ok(!words.includes('has no field for it'), 'it sends nobody to the field that there is');
    await save({ WU_CLOUDWAYS_DNS_SERVERS: values.WU_CLOUDWAYS_DNS_SERVERS });
  });

  it('makes a run follow when a value changes or is cleared, or the integration is switched on', async () => {
    for (const [what, changes] of [['a value is cleared', { WU_CLOUDWAYS_EXTRA_DOMAINS: '' }], ['a value is typed', { WU_CLOUDWAYS_EXTRA_DOMAINS: 'other.example' }]]) {
      const counted = await countedBy(() => save(changes), what);
      assert.ok(counted.dirty > 0 && counted.soon, `${what}: ${JSON.stringify(counted)}`);
    }
    // The first step toggles.
    await save({}, 'activation');
    assert.equal(await stack.network.eval("return get_network_option( null, 'wu_host_integrations_enabled' )['cloudways'];"), false);
    const on = await countedBy(() => save({}, 'activation'), 'switched on');
    assert.equal(await stack.network.eval("return get_network_option( null, 'wu_host_integrations_enabled' )['cloudways'];"), true);
    assert.ok(on.dirty > 0 && on.soon, `switched on: ${JSON.stringify(on)}`);
    // Each hook by itself, as not every way of changing an option goes through the wizard.
    for (const name of NAMES) {
      const option = `wu_hosting_credential_${name}`;
      const eachWay = [`delete_network_option( null, '${option}' )`, `add_network_option( null, '${option}', 'x' )`, `update_network_option( null, '${option}', 'y' )`];
      const { dirty } = await countedBy(() => stack.network.eval(`$old = get_network_option( null, '${option}' ); delete_network_option( null, '${option}' ); add_network_option( null, '${option}', 'x' ); ${eachWay.join('; ')}; return update_network_option( null, '${option}', (string) $old );`), name);
      assert.ok(dirty >= 5, `${name}: of five changes ${dirty} were counted`);
    }
  });

  it("makes a run follow when the setting for www changes, and not for Ultimate Multisite's other settings", async () => {
    const form = (settings) => stack.network.eval(`WP_Ultimo()->settings->save_settings( ${settings} ); return true;`);
    assert.deepEqual(await countedBy(() => stack.network.eval("return wu_save_setting( 'auto_create_www_subdomain', 'never' );"), 'one setting'), { dirty: 1, soon: true });
    assert.deepEqual(await countedBy(() => stack.network.eval("return wu_save_setting( 'dns_check_interval', 120 );"), 'another setting'), { dirty: 0, soon: false });
    assert.deepEqual(await countedBy(() => stack.network.eval("return wu_save_setting( 'auto_create_www_subdomain', 'never' );"), 'the same again'), { dirty: 0, soon: false });
    assert.deepEqual(await countedBy(() => form("array( 'auto_create_www_subdomain' => 'always' )"), 'the form'), { dirty: 1, soon: true });
  });

  it('sends and stores nothing for who may not manage the network', async () => {
    await stack.network.wp(['user', 'create', 'editor', 'editor@network.example', '--role=administrator', '--user_pass=editor']);
    const editor = await stack.network.visitor(stack.web.port).logIn('editor', 'editor');
    for (const step of ['activation', 'instructions', 'config', 'testing']) {
      const answer = await editor.get(`${WIZARD}&step=${step}`);
      assert.ok([302, 403].includes(answer.status), `the step ${step} answered ${answer.status}`);
      assert.ok(!answer.body.includes('cw_sim_full') && !answer.body.includes('WU_CLOUDWAYS_'), `the step ${step} shows something`);
    }
    const before = await stored();
    await editor.post(`${WIZARD}&step=config`, { WU_CLOUDWAYS_API_KEY: 'cw_mine', submit: '1' });
    assert.deepEqual(await stored(), before);
  });

  it('left PHP nothing to complain about', () => {
    assert.deepEqual(stack.network.debugLog().split('\n').filter((line) => /wu-cloudways/.test(line) && /PHP (Fatal|Warning|Notice|Deprecated|Parse)/.test(line)), []);
  });
});
