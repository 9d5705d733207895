// Those who may not manage the network: a visitor, a customer, and the administrator of a site. They get nothing from any
// page, route or action of the plugin, with or without a right nonce of their own; and their page views cost no query more.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { giveToSite, write } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const PAGE = '/wp-admin/network/admin.php?page=wu-cloudways';
/** What only a report holds. */
const SECRETS = ['late.example', 'hand-made.example', '203.0.113.10', '198.51.100.7', 'cw_sim_full', 'owner@example.com'];

describe('those who may not manage the network', () => {
  let stack;
  const people = {};

  before(async () => {
    stack = await openStack('outsiders');
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.sim.setDns('late.example', { A: ['198.51.100.7'] });
    const shop = await stack.network.addSite('shop');
    await stack.network.map(['shop.example', 'late.example'], { blog: shop });
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60', '--porcelain'], { check: false });
    // Nothing is due any more: whatever is sent from here on, somebody asked for.
    await stack.settle(async () => {
      const rows = await stack.db.sql("SELECT SUM(name = 'dirty' AND number = 0), SUM(name = 'due' AND number > UNIX_TIMESTAMP() + 300) FROM wp_wu_cloudways_sync_memory", 'wordpress');
      return rows.trim() === '1\t1';
    }, 'nothing is left to do', { state: () => stack.db.sql('SELECT name, number FROM wp_wu_cloudways_sync_memory', 'wordpress') });
    await stack.network.wp(['user', 'create', 'boss', 'boss@network.example', '--role=administrator', '--user_pass=boss']);
    await stack.network.wp(['user', 'create', 'reader', 'reader@network.example', '--role=subscriber', '--user_pass=reader']);
    people.visitor = stack.network.visitor(stack.web.port);
    people['a site administrator'] = await stack.network.visitor(stack.web.port).logIn('boss', 'boss');
    people['a subscriber'] = await stack.network.visitor(stack.web.port).logIn('reader', 'reader');
    write(
      join(stack.network.muPlugins, 'outsiders.php'),
      `<?php
// The same page of the same network, as if the plugin were not active.
if ( isset( $_GET['without'] ) ) {
	add_filter( 'site_option_active_sitewide_plugins', static function ( $plugins ) {
		unset( $plugins['wu-cloudways/wu-cloudways.php'] );
		return $plugins;
	} );
}
add_action( 'shutdown', static function () {
	if ( isset( $_GET['counted'] ) ) {
		echo '<!-- counted ', get_num_queries(), ' ', class_exists( 'WU_Cloudways\\\\Plugin', false ) ? 'with' : 'without', ' -->';
	}
}, 0 );
// A nonce of one's own: the most that somebody without rights can come by.
add_action( 'wp_loaded', static function () {
	if ( isset( $_GET['my_nonce'] ) ) {
		echo wp_create_nonce( $_GET['my_nonce'] );
		exit;
	}
} );
`,
    );
    await giveToSite(stack.network.muPlugins);
  });
  after(() => stack?.close());

  const nonce = async (person, action) => (await person.get(`/?my_nonce=${encodeURIComponent(action)}`)).body.trim();

  /** What may not change: what Cloudways was asked, and the plugin's memory. */
  async function traces() {
    const [log, ...rest] = await Promise.all([stack.sim.log(), stack.db.sql('CHECKSUM TABLE wp_wu_cloudways_sync_memory, wp_wu_cloudways_sync_domains, wp_wu_cloudways_sync_runs', 'wordpress')]);
    return JSON.stringify([log.length, ...rest]);
  }

  async function getsNothing(what, attempt) {
    for (const [who, person] of Object.entries(people)) {
      const before = await traces();
      const answer = await attempt(person);
      assert.ok([302, 400, 401, 403, 404].includes(answer.status) || answer.body.trim() === '0', `${what} answered ${who} with ${answer.status}: ${answer.body.slice(0, 300)}`);
      if (answer.status === 302) assert.doesNotMatch(answer.headers.location, /page=wu-cloudways(?!.*redirect_to)/, `${what}: ${who} is led to the page as if something had been done`);
      for (const secret of SECRETS) assert.ok(!answer.body.includes(secret), `${what} tells ${who} of ${secret}`);
      assert.equal(await traces(), before, `${what}: ${who} changed something or asked Cloudways`);
    }
  }

  it('get nothing from the network page, and no menu entry', async () => {
    await getsNothing('the page', (person) => person.get(PAGE));
    for (const path of ['/wp-admin/admin.php?page=wu-cloudways', '/wp-admin/options-general.php?page=wu-cloudways', '/wp-admin/network/settings.php?page=wu-cloudways']) await getsNothing(path, (person) => person.get(path));
    const { body } = await people['a site administrator'].get('/wp-admin/');
    assert.match(body, /id="wpadminbar"/, 'the site administrator does not see the dashboard');
    assert.doesNotMatch(body, /page=wu-cloudways/, 'the dashboard leads to the page');
  });

  it('get nothing from any action of the page, with a right nonce of their own', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const { body } = await admin.get(PAGE);
    const found = [...body.matchAll(/name="(wu_cloudways_[a-z_]*action)"\s+value="([a-z_]+)"/g), ...body.matchAll(/value="([a-z_]+)"\s+name="(wu_cloudways_[a-z_]*action)"/g)];
    const actions = new Set(['sync', 'test', 'confirm_site', 'apply', 'preview', 'pause', 'resume', 'pin', 'adopt', 'release', 'remove', ...found.map((match) => match[2])]);
    assert.ok(found.length > 0, 'the page has no button');
    for (const action of actions) {
      await getsNothing(`the action ${action}`, async (person) =>
        person.post(PAGE, { wu_cloudways_action: action, name: 'late.example', domain: 'late.example', _wpnonce: await nonce(person, `wu_cloudways_${action}`) }),
      );
    }
  });

  it('get nothing from any route of REST, with a right nonce of their own', async () => {
    const routes = await stack.network.eval(
      `$found = array();
      foreach ( rest_get_server()->get_routes() as $route => $handlers ) {
        if ( preg_match( '/wu.cloudways/', $route ) ) {
          foreach ( $handlers as $handler ) {
            foreach ( array_keys( $handler['methods'] ) as $method ) { $found[] = array( $method, $route ); }
          }
        }
      }
      return $found;`,
    );
    // Its namespace has an index, which WordPress shows to everybody: it names the routes and holds nothing.
    const real = routes.filter(([, route]) => !/^\/wu[^/]*cloudways[^/]*(\/v\d+)?$/.test(route));
    assert.ok(real.length > 0, 'the plugin has no route');
    for (const [method, route] of real) {
      const path = `/wp-json${route.replace(/\(\?P<[a-z_]*name[a-z_]*>(?:[^()]|\([^()]*\))*\)/g, 'late.example').replace(/\(\?P<[a-z_]+>(?:[^()]|\([^()]*\))*\)/g, '1')}`;
      await getsNothing(`${method} ${route}`, async (person) => person.send(method, path, { ...(method === 'GET' ? {} : { form: { name: 'late.example', names: 'late.example' } }), headers: { 'x-wp-nonce': await nonce(person, 'wp_rest') } }));
      // Nor does somebody with all rights, led here by another site: without the nonce nobody is logged in.
      const admin = await stack.network.adminVisitor(stack.web.port);
      const before = await traces();
      const led = await admin.send(method, path, method === 'GET' ? {} : { form: { name: 'late.example' } });
      assert.ok([400, 401, 403, 404].includes(led.status), `${method} ${route} answered ${led.status} without a nonce`);
      assert.equal(await traces(), before, `${method} ${route} did something without a nonce`);
    }
  });

  it('get nothing from any action of admin-ajax.php and admin-post.php', async () => {
    const hooks = await stack.network.eval(
      `do_action( 'admin_init' );
      return array_values( array_filter( array_keys( $GLOBALS['wp_filter'] ), static fn( $hook ) => preg_match( '/^(wp_ajax|admin_post)_.*wu.?cloudways/', $hook ) ) );`,
    );
    for (const hook of [...hooks, 'wp_ajax_wu_cloudways', 'admin_post_wu_cloudways']) {
      const [, kind, action] = /^(wp_ajax|admin_post)_(?:nopriv_)?(.*)$/.exec(hook);
      const path = kind === 'wp_ajax' ? '/wp-admin/admin-ajax.php' : '/wp-admin/admin-post.php';
      await getsNothing(hook, async (person) => {
        const answer = await person.post(path, { action, name: 'late.example', _wpnonce: await nonce(person, action), _ajax_nonce: await nonce(person, action) });
        // WordPress answers an unknown action of admin-post.php with an empty page.
        return answer.status === 200 && answer.body.trim() === '' ? { ...answer, status: 404 } : answer;
      });
    }
    // The wizard's Test button, which is Ultimate Multisite's.
    await getsNothing('the Test button', async (person) =>
      person.post('/wp-admin/admin-ajax.php', { action: 'wu_test_hosting_integration', integration: 'cloudways', _ajax_nonce: await nonce(person, 'wu_test_hosting_integration') }),
    );
  });

  it('see pages that cost no query more', async () => {
    const count = async (person, path, host, without) => {
      const url = `${path}${path.includes('?') ? '&' : '?'}counted=1${without ? '&without=1' : ''}`;
      const counts = [];
      for (let i = 0; i < 3; i++) {
        const answer = await person.get(url, host ? { host } : {});
        const found = /<!-- counted (\d+) (with|without) -->/.exec(answer.body);
        assert.ok(found, `${host ?? ''}${url} answered ${answer.status} without a number: ${answer.body.slice(-300)}`);
        assert.equal(found[2], without ? 'without' : 'with', `${url} was to be ${without ? 'without' : 'with'} the plugin`);
        counts.push(Number(found[1]));
      }
      return Math.min(...counts);
    };
    const post = (await stack.network.wp(['post', 'list', '--field=ID', '--posts_per_page=1'])).stdout.trim();
    for (const [who, person] of [['a visitor', people.visitor], ['a site administrator', people['a site administrator']]]) {
      for (const [path, host] of [['/'], [`/?p=${post}&preview=false`], ['/?s=nothing'], ['/nowhere-at-all/'], ['/', 'shop.example'], ['/', 'shop.network.example'], ['/wp-login.php']]) {
        const [active, alone] = [await count(person, path, host, false), await count(person, path, host, true)];
        assert.ok(alone > 5, `${path} made ${alone} queries, which cannot be all`);
        assert.equal(active, alone, `${host ?? ''}${path} costs ${who} ${active} queries with the plugin and ${alone} without`);
      }
    }
  });
});
