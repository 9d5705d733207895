// Ultimate Multisite up to 2.4.10 has no registry: its provider hooks itself, and the plugin takes its place there too.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { ROOT } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

describe('with an Ultimate Multisite that has no registry', () => {
  let stack;

  before(async () => {
    stack = await openStack('um-old', { network: { um: join(ROOT, 'tests/wordpress/um-old') } });
    await stack.db.sql("INSERT INTO wp_wu_domain_mappings (blog_id, domain) VALUES (1, 'shop.example')", 'wordpress');
  });
  after(() => stack?.close());

  const EVENTS = `do_action( 'wu_add_domain', 'shop.example', 1 ); do_action( 'wu_add_subdomain', 'x.network.example', '2' ); do_action( 'wu_remove_domain', 'old.example', 1 );
    do_action( 'wu_remove_subdomain', 'y.network.example', '3' ); do_action( 'wu_domain_manager_dns_propagation_finished', null );`;
  const asked = (extension) => stack.network.eval(`delete_network_option( null, 'wu_old_provider' ); ${EVENTS} return get_network_option( null, 'wu_old_provider', array() );`, { extension });

  it('hands the events to its provider, once each, while the extension is nowhere and was never', async () => {
    // The web was asked and has none either.
    await stack.startFpm(false);
    await (await stack.network.adminVisitor(stack.web.port)).get('/wp-admin/network/');
    assert.deepEqual(await asked(false), ['on_add_domain', 'on_add_subdomain', 'on_remove_domain', 'on_remove_subdomain', 'request_ssl']);
  });

  it('does the work itself with the extension, and its provider is silent', async () => {
    // Two jobs by Ultimate Multisite's way of saving: something was counted, and it is due.
    await stack.network.eval("WU_Cloudways\\Plugin::instance()->store()->mark_dirty( 'add' ); return true;");
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_memory SET number = UNIX_TIMESTAMP() - 1 WHERE name = 'due'", 'wordpress');
    assert.deepEqual(await asked(stack.so), []);
    const aliases = await stack.sim.aliases();
    for (const name of ['hand-made.example', 'shop.example', 'www.shop.example']) assert.ok(aliases.includes(name), `${name} is not among ${aliases}`);
  });

  it('and is silent from then on, also where the extension is missing', async () => {
    assert.deepEqual(await asked(false), []);
  });

  it('shows its pages, and stores the address of the server, without what newer versions have', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    assert.equal((await admin.get('/wp-admin/network/')).status, 200);
    assert.equal(await stack.network.eval("return apply_filters( 'wu_get_network_public_ip', '192.0.2.99' );"), '203.0.113.10');
    assert.equal(await stack.network.eval("return apply_filters( 'wu_async_process_domain_stage_max_tries', 5 );"), 5);
    assert.deepEqual(stack.network.debugLog().split('\n').filter((line) => /wu-cloudways/.test(line) && /PHP (Fatal|Warning|Notice|Deprecated|Parse)/.test(line)), []);
  });
});
