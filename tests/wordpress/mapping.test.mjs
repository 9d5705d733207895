// The main job on real parts: a domain is mapped in the network, php-fpm runs the queue, and Cloudways becomes right.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { until } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

// As people leave them at Cloudways: other spellings, a wildcard, an underscore, an IP. None is a name of ours.
const BY_HAND = ['hand-made.example', 'Mixed-Case.Example', '*.wild.example', 'under_score.example', '192.0.2.7', 'trailing-dot.example.'];

describe('a domain mapped in the network reaches Cloudways', () => {
  let stack;
  let shop;
  // The site's own name under the network's domain has a row in the table too.
  const OWN = 'shop.network.example';

  before(async () => {
    stack = await openStack('mapping');
    await stack.sim.setAliases(BY_HAND);
    shop = await stack.network.addSite('shop');
  });
  after(() => stack?.close());

  it('loads the extension in a php-fpm worker of the unprivileged user, and in WP-CLI', async () => {
    assert.equal((await stack.ask('extension')).result, true, 'php-fpm did not load the extension');
    assert.equal(await stack.network.eval("return extension_loaded( 'wu_cloudways' );"), true, 'WP-CLI did not load the extension');
  });

  it('adds the domain and its www, orders the certificate for what leads here, and leaves hand-made aliases alone', async () => {
    await stack.sim.here(OWN, 'shop.example', 'www.shop.example');
    await stack.map('shop.example', shop);
    await stack.settleAliases([...BY_HAND, OWN, 'shop.example', 'www.shop.example']);
    await stack.settleCertificate(['network.example', OWN, 'shop.example', 'www.shop.example']);
    const spelled = (await stack.sim.aliases()).filter((alias) => BY_HAND.includes(alias));
    assert.deepEqual([...spelled].sort(), [...BY_HAND].sort(), 'a hand-made alias lost its spelling');
  });

  it('sends nothing when there is nothing to do', async () => {
    await stack.sim.clearLog();
    const { code, stdout, stderr } = await stack.network.wp(['wu-cloudways', 'sync'], { check: false });
    assert.equal(code, 0, `a run with nothing to do ended with ${code}:\n${stdout}${stderr}`);
    const log = await stack.sim.log();
    assert.ok(log.some(({ method, path }) => method === 'GET' && path.endsWith('/server')), 'the run did not even look');
    assert.deepEqual(await stack.sim.writes(), [], 'the second of two equal runs wrote');
  });

  it('shows on the command line what the run did', async () => {
    const { report } = await stack.json('status');
    assert.equal(report.domains['shop.example']?.alias, 'present', `shop.example in the report: ${JSON.stringify(report.domains['shop.example'])}`);
    assert.equal(report.domains['shop.example']?.certificate, 'covered', 'the report does not say that shop.example is covered');
    assert.deepEqual([...report.certificate.installed.names].sort(), ['network.example', OWN, 'shop.example', 'www.shop.example'].sort());
    const { stdout } = await stack.network.wp(['wu-cloudways', 'status']);
    for (const word of ['shop.example', 'www.shop.example']) assert.ok(stdout.includes(word), `wp wu-cloudways status does not show ${word}:\n${stdout}`);
  });

  it('shows on the network page what the run did', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const page = await admin.get('/wp-admin/network/admin.php?page=wu-cloudways');
    assert.equal(page.status, 200, `the page answered ${page.status}${stack.trouble()}`);
    const words = text(page.body);
    for (const word of ['shop.example', 'www.shop.example', OWN]) assert.ok(words.includes(word), `the page does not show ${word}: ${words.slice(0, 2000)}`);
    assert.ok(!page.body.includes('cw_sim_full'), 'the page shows the token');
  });

  it('carries a rename through', async () => {
    await stack.sim.here('store.example', 'www.store.example');
    await stack.network.rename('shop.example', 'store.example');
    await stack.settleAliases([...BY_HAND, OWN, 'store.example', 'www.store.example']);
    // An order was placed some seconds ago, and each counts for every domain in it: the next one waits, and says so.
    const waits = await stack.settle(async () => {
      const report = await stack.report();
      return 'store.example' in report.domains && !report.operation && report;
    }, 'a report of the run that renamed', { state: () => stack.report() });
    assert.deepEqual([waits.status, waits.certificate.note?.code], ['pending', 'order_gap'], JSON.stringify(waits.certificate));
    assert.equal(waits.next_at, waits.certificate.budget.next_order_at);
    const certificate = await stack.sim.certificate();
    assert.ok(certificate.includes('shop.example'), 'it left before there is another certificate');
    // A person does not have to wait.
    assert.equal((await stack.network.wp(['wu-cloudways', 'sync', '--force', '--yes', '--timeout=60'], { check: false })).code, 0);
    assert.deepEqual([...(await stack.sim.certificate())].sort(), ['network.example', OWN, 'store.example', 'www.store.example'].sort());
  });

  it('keeps an alias that a person adds while a run waits', async () => {
    await stack.sim.pace(null, null);
    await stack.sim.patch({ operations: [...(await stack.sim.state()).operations, { id: '777000', type: 'purge_app_cache', server_id: '50482' }] });
    await stack.map('second.example', shop);
    await stack.sim.clearLog();
    const run = stack.queue();
    await until(async () => (await stack.sim.log()).some(({ path }) => path.endsWith('/operation/777000')), 'the run waits for the operation of somebody else');
    await stack.sim.addAlias('Added-Meanwhile.example');
    await stack.sim.pace(2, 3);
    const { operations } = await stack.sim.state();
    await stack.sim.patch({ operations: operations.map((operation) => (operation.id === '777000' ? { ...operation, outcome: 'done' } : operation)) });
    await run;
    await stack.settleAliases([...BY_HAND, 'Added-Meanwhile.example', OWN, 'store.example', 'www.store.example', 'second.example', 'www.second.example']);
  });

  it('takes the aliases away when a mapping ends, and only those', async () => {
    await stack.network.unmap('store.example');
    await stack.settleAliases([...BY_HAND, 'Added-Meanwhile.example', OWN, 'second.example', 'www.second.example']);
    const removed = await stack.report();
    assert.ok(!('store.example' in removed.domains) || removed.domains['store.example'].alias !== 'present', 'the report still calls store.example present');
  });

  it('never spoke version 1 of the API, and PHP had nothing to complain about in the plugin', async () => {
    assert.deepEqual(await stack.sim.v1(), [], 'something spoke version 1 of the API');
    const complaints = stack.network.debugLog().split('\n').filter((line) => /wu-cloudways/.test(line) && /PHP (Fatal|Warning|Notice|Deprecated|Parse)/.test(line));
    assert.deepEqual(complaints, []);
  });
});
