// Who answers a domain event: this plugin, or Ultimate Multisite's own module, which replaces the whole alias list by
// version 1 of the API. Never both. And Ultimate Multisite's wizard goes on working with ours in the module's place.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { join } from 'node:path';
import { write } from './lib/lab.mjs';
import { text } from './lib/http.mjs';
import { openStack } from './lib/stack.mjs';

const NAMES = ['WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID'];

describe('beside Ultimate Multisite', () => {
  let stack;

  before(async () => {
    stack = await openStack('charge', { inFpm: false, inCli: false });
  });
  after(() => stack?.close());
  beforeEach(() => stack.sim.clearLog());

  const memory = async (name) => (await stack.db.sql(`SELECT number FROM wp_wu_cloudways_sync_memory WHERE name = '${name}'`, 'wordpress')).trim();

  /** Maps a domain in a php-fpm worker, and lets the queue be worked off there and on the command line. */
  async function event(name) {
    await stack.map(name, 1);
    await stack.queue();
    await stack.network.runQueue();
    await stack.queue();
  }

  describe('who answers', () => {
    it('before its first good run and with the extension nowhere: the module of Ultimate Multisite, as without the plugin', async () => {
      await event('before.example');
      const v1 = await stack.sim.v1();
      assert.ok(v1.length > 0, 'the module of Ultimate Multisite did not get the event: a plugin without its extension would stop the network');
      if (stack.network.um === 'standin') {
        const requests = await stack.network.eval("return get_network_option( null, 'wu_standin_builtin_requests', array() );");
        const lists = requests.filter(([, endpoint]) => endpoint === '/app/manage/aliases');
        assert.ok(lists.some(([, , { aliases }]) => aliases.includes('before.example')), `it did not push its list: ${JSON.stringify(requests)}`);
      }
      assert.ok(!(await memory('good')), 'a good run is noted although there was none');
    });

    it('with the extension there: the plugin alone', async () => {
      await stack.startFpm(true);
      await event('ours.example');
      await stack.settle(async () => (await stack.sim.aliases()).includes('ours.example'), 'the alias ours.example');
      assert.ok(Number(await memory('good')) > 0, 'the good run is not noted');
      assert.deepEqual(await stack.sim.v1(), [], 'the module of Ultimate Multisite spoke too');
    });

    it('after a good run, with the extension nowhere again: nobody, and the event is kept', async () => {
      const before = await stack.sim.aliases();
      await stack.startFpm(false);
      await event('kept.example');
      // A page of the network admin notices that the extension is gone.
      await (await stack.network.adminVisitor(stack.web.port)).get('/wp-admin/network/');
      await event('kept-too.example');
      await stack.network.wp(['eval', "do_action( 'wu_remove_domain', 'gone.example', 1 ); do_action( 'wu_domain_manager_dns_propagation_finished', wu_get_domain_by_domain( 'kept.example' ) );"]);
      assert.deepEqual(await stack.sim.v1(), [], 'two writers: the module of Ultimate Multisite replaced the list');
      assert.deepEqual(await stack.sim.aliases(), before);
      assert.ok(Number(await memory('dirty')) > 0, 'the event is forgotten');
      await stack.startFpm(true);
      await stack.settle(async () => (await stack.sim.aliases()).includes('kept-too.example'), 'with the extension back, what was kept is done', {
        run: () => stack.ask('run', { at: 0 }),
      });
      assert.deepEqual(await stack.sim.v1(), []);
    });

    it('after a deactivation: the first good run is forgotten, and it starts anew', async () => {
      const off = await stack.network.wp(['plugin', 'deactivate', 'wu-cloudways', '--network']);
      assert.match(off.stderr, /aliases/, 'it does not say what deactivation means');
      assert.ok(!(await memory('good')), 'the mark is still there');
      assert.deepEqual(
        await stack.network.eval("return array( wp_next_scheduled( 'wu_cloudways_sync_run' ), as_get_scheduled_actions( array( 'hook' => 'wu_cloudways_sync_run', 'status' => 'pending' ), 'ids' ) );"),
        [false, []],
        'a clock is still set',
      );
      await stack.network.wp(['plugin', 'activate', 'wu-cloudways', '--network']);
      await stack.startFpm(false);
      await (await stack.network.adminVisitor(stack.web.port)).get('/wp-admin/network/');
      await stack.sim.clearLog();
      await event('anew.example');
      assert.ok((await stack.sim.v1()).length > 0, 'the module of Ultimate Multisite is still kept out after a deactivation');
    });
  });

  describe('credentials typed in its wizard', () => {
    const WIZARD = '/wp-admin/network/admin.php?page=wp-ultimo-hosting-integration-wizard&integration=cloudways';
    let admin;
    let values;

    before(async () => {
      // Whatever became of the tests before.
      await stack.network.wp(['plugin', 'activate', 'wu-cloudways', '--network']);
      await stack.startFpm(true);
      const constants = stack.sim.constants();
      values = Object.fromEntries(NAMES.map((name) => [name, String(constants[name])]));
      stack.network.setConstants(Object.fromEntries(NAMES.map((name) => [name, undefined])));
      admin = await stack.network.adminVisitor(stack.web.port);
      // Something in the very request that shows or saves the wizard wants to run, and to test the connection.
      write(
        join(stack.network.muPlugins, 'eager.php'),
        `<?php
add_action( 'admin_init', static function () {
	if ( isset( $_GET['eager'] ) ) {
		$outcome = WU_Cloudways\\Plugin::instance()->runner()->run( array( 'trigger' => 'page' ) );
		WU_Cloudways\\Plugin::instance()->runner()->test();
		header( 'X-Outcome: ' . $outcome['outcome'] . ' ' . ( $outcome['error']['code'] ?? '' ) );
		header( 'X-Defined: ' . implode( ' ', array_filter( ${JSON.stringify(NAMES)}, 'defined' ) ) );
	}
} );
`,
      );
    });

    const stored = () => stack.network.eval(`return array_map( static fn( $name ) => (string) get_network_option( null, 'wu_hosting_credential_' . $name, '' ), ${JSON.stringify(NAMES)} );`);

    /** The inputs of the wizard's form, as a browser has them: {name: {value, disabled}}. */
    async function form(query = '') {
      const page = await admin.get(`${WIZARD}&step=config${query}`);
      assert.equal(page.status, 200, `the wizard answered ${page.status}${stack.trouble()}`);
      const inputs = {};
      for (const [tag] of page.body.matchAll(/<input\b[^>]*>/g)) {
        const attribute = (name) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
        if (attribute('name')) inputs[attribute('name')] ??= { value: text(attribute('value') ?? ''), disabled: /\sdisabled\b/.test(tag) };
      }
      for (const name of NAMES) assert.ok(inputs[name], `the wizard has no field ${name}`);
      return { inputs, headers: page.headers };
    }

    /** Presses Save, with what a browser sends: fields that are disabled are not sent. */
    async function save(changes, query = '') {
      const { inputs } = await form(query);
      const sent = Object.fromEntries(Object.entries(inputs).filter(([name, { disabled }]) => !disabled && /^(WU_|_wp|saving_)/.test(name)).map(([name, { value }]) => [name, changes[name] ?? value]));
      const answer = await admin.post(`${WIZARD}&step=config${query}`, { ...sent, submit: '1' });
      assert.equal(answer.status, 302, `Save answered ${answer.status}: ${text(answer.body).slice(0, 500)}${stack.trouble()}`);
    }

    /** Presses Test. */
    async function test() {
      const { body } = await admin.get(`${WIZARD}&step=testing`);
      const nonce = /"?nonce"?\s*:\s*"([^"]+)"/.exec(body.slice(body.indexOf('wu_integration_test_data')))?.[1];
      assert.ok(nonce, 'the wizard has no Test button');
      return JSON.parse((await admin.post('/wp-admin/admin-ajax.php', { action: 'wu_test_hosting_integration', integration: 'cloudways', _ajax_nonce: nonce })).body);
    }

    it('are stored encrypted, and a run works with them, in php-fpm and on the command line', async () => {
      await save(values);
      const kept = await stored();
      for (const [n, name] of NAMES.entries()) assert.ok(kept[n] && !kept[n].includes(values[name]), `${name} is not stored, or not encrypted`);
      assert.equal(await stack.network.eval("return defined( 'WU_CLOUDWAYS_API_KEY' );"), false, 'this test wants no constants');
      await stack.map('typed.example', 1);
      await stack.settle(async () => (await stack.sim.aliases()).includes('typed.example'), 'a run with the typed credentials', { patience: 40000 });
      const { code, stdout, stderr } = await stack.network.wp(['wu-cloudways', 'test'], { check: false, extension: stack.so });
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual((await stack.json('status')).problems.filter(({ code: problem }) => problem !== 'extension_missing'), []);
    });

    it('stay when the wizard is shown and saved, also when something wants to run in that request', async () => {
      const { inputs, headers } = await form('&eager=1');
      assert.equal(headers['x-outcome'], 'refused wizard', 'the run in the request of the wizard was not refused');
      assert.equal(headers['x-defined'] ?? '', '', 'constants are defined in a request that shows the wizard');
      for (const name of NAMES) {
        assert.equal(inputs[name].disabled, false, `the field ${name} is disabled, as if its constant were in wp-config.php: Save would delete it`);
        assert.equal(inputs[name].value, values[name], `the field ${name} does not show what is stored`);
      }
      await save({}, '&eager=1');
      assert.deepEqual((await stored()).map(Boolean), NAMES.map(() => true), 'Save deleted stored credentials');
      assert.deepEqual((await stack.sim.log()).filter(({ status }) => status < 400), [], 'a run in the request of the wizard was made');
      assert.equal((await form()).inputs.WU_CLOUDWAYS_API_KEY.value, values.WU_CLOUDWAYS_API_KEY);
    });

    it('do not let anybody put runs off by naming the wizard in an address', async () => {
      await stack.map('named.example', 1);
      await stack.visitor.get('/?wu_lab=queue&page=wp-ultimo-hosting-integration-wizard');
      assert.ok((await stack.sim.log()).some(({ path }) => path.endsWith('/server')), 'the run was put off');
    });

    it('are tested truthfully by its Test button', async () => {
      const good = await test();
      assert.equal(good.success, true, `the right credentials fail the test: ${JSON.stringify(good)}`);
      assert.ok((await stack.sim.log()).some(({ path, status }) => path === '/api/v2/server' && status === 200), 'the test did not ask Cloudways');
      await save({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
      const bad = await test();
      assert.equal(bad.success, false, `a wrong token passes the test: ${JSON.stringify(bad)}`);
      assert.match(bad.data.message, /WU_CLOUDWAYS_API_KEY/, 'it does not say which credential is wrong');
      assert.ok(!JSON.stringify(bad).includes('cw_wrong_token_of_nobody'), 'it shows the credential');
      await save({ WU_CLOUDWAYS_API_KEY: values.WU_CLOUDWAYS_API_KEY, WU_CLOUDWAYS_APP_ID: '999999' });
      const other = await test();
      assert.equal(other.success, false, `an application of nobody passes the test: ${JSON.stringify(other)}`);
      assert.match(other.data.message, /WU_CLOUDWAYS_APP_ID/);
      assert.deepEqual(await stack.sim.v1(), [], 'the test spoke version 1 of the API');
    });
  });
});
