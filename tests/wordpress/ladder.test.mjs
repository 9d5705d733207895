// Something is missing around the plugin: the network works all the same, and a notice says what to do.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { openStack } from './lib/stack.mjs';

/** Fetches pages as the network's administrator, and finds each whole, without a fatal error. Gives the words of the first. */
async function whole(stack, pages) {
  const admin = await stack.network.adminVisitor(stack.web.port);
  let words = '';
  for (const path of pages) {
    const page = await admin.get(path);
    assert.equal(page.status, 200, `${path} answered ${page.status}${stack.trouble()}`);
    assert.match(page.body, /<\/html>\s*$/i, `${path} breaks off${stack.trouble()}`);
    words ||= text(page.body);
  }
  const front = await stack.visitor.get('/');
  assert.equal(front.status, 200, `the front page answered ${front.status}${stack.trouble()}`);
  assert.doesNotMatch(stack.network.debugLog(), /PHP Fatal/, 'PHP had a fatal error');
  return words;
}

const NETWORK_ADMIN = ['/wp-admin/network/plugins.php', '/wp-admin/network/'];

describe('without', () => {
  let stack;

  before(async () => {
    stack = await openStack('ladder', { inFpm: false, inCli: false });
  });
  after(() => stack?.close());

  it('the extension: a notice says how to load it', async () => {
    const words = await whole(stack, [...NETWORK_ADMIN, '/wp-admin/network/admin.php?page=wu-cloudways']);
    assert.match(words, /wu_cloudways/, `no notice about the extension: ${words.slice(0, 1500)}`);
    assert.match(words, /extension\s*[\]=]/, `the notice does not say which line loads it: ${words.slice(0, 1500)}`);
    const { code, stderr } = await stack.network.wp(['wu-cloudways', 'plan'], { check: false });
    assert.equal(code, 20, `wp wu-cloudways plan ended with ${code} instead of 20: ${stderr}`);
  });

  it('the constants: a notice names each that is missing', async () => {
    const names = ['WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID'];
    await stack.startFpm(true);
    stack.network.setConstants(Object.fromEntries(names.map((name) => [name, undefined])));
    try {
      const words = await whole(stack, [...NETWORK_ADMIN, '/wp-admin/network/admin.php?page=wu-cloudways']);
      for (const name of names) assert.ok(words.includes(name), `the notice does not name ${name}: ${words.slice(0, 1500)}`);
      const { code, stdout, stderr } = await stack.network.wp(['wu-cloudways', 'test'], { check: false, extension: stack.so });
      assert.equal(code, 10, `wp wu-cloudways test ended with ${code} instead of 10: ${stdout}${stderr}`);
      for (const name of names) assert.ok((stdout + stderr).includes(name), `the command does not name ${name}:\n${stdout}${stderr}`);
      assert.deepEqual(await stack.sim.log(), [], 'Cloudways was asked without credentials');
    } finally {
      stack.network.setConstants(stack.sim.constants());
    }
  });

  it('Ultimate Multisite: a notice says that it is missing', async () => {
    await stack.network.wp(['plugin', 'deactivate', 'ultimate-multisite', '--network'], { extension: stack.so });
    try {
      const words = await whole(stack, NETWORK_ADMIN);
      assert.match(words, /Ultimate Multisite/, 'no notice about Ultimate Multisite');
      const { code } = await stack.network.wp(['wu-cloudways', 'sync', '--no-wait'], { check: false, extension: stack.so });
      assert.equal(code, 11, `wp wu-cloudways sync ended with ${code} instead of 11`);
      assert.deepEqual(await stack.sim.writes(), []);
    } finally {
      await stack.network.wp(['plugin', 'activate', 'ultimate-multisite', '--network'], { extension: stack.so });
    }
  });

  it('the integration being enabled in Ultimate Multisite: nothing is sent', async () => {
    await stack.network.eval("return update_network_option( null, 'wu_host_integrations_enabled', array() );", { extension: stack.so });
    const words = await whole(stack, NETWORK_ADMIN);
    assert.match(words, /Cloudways/, 'no notice about the integration');
    await stack.network.map('not-yet.example', { extension: stack.so });
    await stack.queue();
    const { code } = await stack.network.wp(['wu-cloudways', 'sync', '--no-wait'], { check: false, extension: stack.so });
    assert.equal(code, 11, `wp wu-cloudways sync ended with ${code} instead of 11`);
    assert.deepEqual(await stack.sim.writes(), [], 'something was sent although the integration is off');
    await stack.network.eval("return update_network_option( null, 'wu_host_integrations_enabled', array( 'cloudways' => true ) );", { extension: stack.so });
    await stack.settle(async () => (await stack.sim.aliases()).includes('not-yet.example'), 'what waited is sent once the integration is on', {
      run: () => stack.network.wp(['wu-cloudways', 'sync', '--timeout=30'], { check: false, extension: stack.so }),
    });
  });
});

describe('without a network', () => {
  let stack;

  before(async () => {
    stack = await openStack('single', { network: { multisite: false, um: 'none' } });
  });
  after(() => stack?.close());

  it('a notice says that it is for networks, and the site works', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const page = await admin.get('/wp-admin/plugins.php');
    assert.equal(page.status, 200, `the page answered ${page.status}${stack.trouble()}`);
    assert.match(text(page.body), /Cloudways[^.]*(multisite|network)|(multisite|network)[^.]*Cloudways/i, 'no notice');
    assert.equal((await stack.visitor.get('/')).status, 200);
    assert.doesNotMatch(stack.network.debugLog(), /PHP Fatal/);
  });
});
