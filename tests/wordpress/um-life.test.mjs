// The life of a domain in Ultimate Multisite: made ready at once, renamed, moved, deactivated, its site archived or deleted.
// By events, as they come from its pages and jobs; and with none at all, where only the regular look can find it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openStack } from './lib/stack.mjs';

const BY_HAND = 'hand-made.example';

describe('the life of a domain', () => {
  let stack;
  let shop;
  let other;
  // What Cloudways should have.
  let wanted;

  before(async () => {
    stack = await openStack('life', { constants: { WU_CLOUDWAYS_EXTRA_DOMAINS: '' } });
    // Without the second one, Ultimate Multisite leaves the mappings of a deleted site where they are.
    await stack.network.eval("wu_save_setting( 'auto_create_www_subdomain', 'never' ); return wu_save_setting( 'enable_domain_mapping', 1 );");
    shop = await stack.network.addSite('shop');
    other = await stack.network.addSite('other');
    const names = ['one', 'two', 'three', 'four', 'five'].map((name) => `${name}.example`);
    await stack.sim.here(...names, ...['event', 'regular'].flatMap((way) => ['made', 'renamed'].map((what) => `${what}-by-${way}.example`)));
    await stack.network.map(names, { blog: shop });
    wanted = new Set([BY_HAND, 'shop.network.example', 'other.network.example', ...names]);
    await stack.settleAliases([...wanted]);
    await stack.settle(async () => Number(await memory('dirty')) === 0, 'everything is done');
  });
  after(() => stack?.close());

  const memory = async (name) => (await stack.db.sql(`SELECT number FROM wp_wu_cloudways_sync_memory WHERE name = '${name}'`, 'wordpress')).trim();
  const sql = (statement) => stack.db.sql(statement, 'wordpress');

  /** What Ultimate Multisite does, in a process of its own: `change` is PHP with $domain. The queue is worked off then. */
  async function byEvent(name, change) {
    await stack.network.eval(`$domain = wu_get_domain_by_domain( '${name}' ); ${change} return true;`);
    assert.ok(Number(await memory('dirty')) > 0, 'nothing was counted');
    await stack.settle(async () => Number(await memory('dirty')) === 0, 'a run after the event');
  }

  /** The same behind everybody's back, and then the regular look, an hour later. */
  async function byLook(statement) {
    await sql(statement);
    assert.equal(Number(await memory('dirty')), 0, 'this was to be no event');
    await sql("UPDATE wp_wu_cloudways_sync_memory SET number = UNIX_TIMESTAMP() - 1 WHERE name = 'due'");
    await stack.network.eval("wp_cache_flush(); do_action( 'wu_cloudways_sync_run' ); return true;");
    assert.equal((await stack.json('status')).last_run.trigger, 'reconcile');
  }

  /** Every path must end here. */
  async function settled(changed = true) {
    await stack.settleAliases([...wanted], { run: changed ? () => stack.queue() : async () => {} });
    if (!changed) assert.deepEqual(await stack.sim.aliasWrites(), [], 'the list was sent although it is the same');
  }

  for (const [way, change] of [
    ['event', { make: (name) => stack.network.map(name, { blog: shop, stage: 'done' }).then(() => stack.settle(async () => Number(await memory('dirty')) === 0, 'a run after the event')), rename: (from, to) => byEvent(from, `$domain->set_domain( '${to}' ); $domain->save();`) }],
    [
      'regular',
      {
        make: (name) => byLook(`INSERT INTO wp_wu_domain_mappings (blog_id, domain, active, primary_domain, secure, stage, date_created, date_modified) VALUES (${shop}, '${name}', 1, 0, 0, 'done', NOW(), NOW())`),
        rename: (from, to) => byLook(`UPDATE wp_wu_domain_mappings SET domain = '${to}' WHERE domain = '${from}'`),
      },
    ],
  ]) {
    it(`made as done: alias and certificate (${way === 'event' ? 'by event' : 'by the regular look'})`, async () => {
      const name = `made-by-${way}.example`;
      await change.make(name);
      wanted.add(name);
      await settled();
      const { domains } = await stack.report();
      assert.ok(['ordered', 'waiting', 'covered'].includes(domains[name].certificate), `nobody asks for its certificate, as no DNS check will: ${JSON.stringify(domains[name])}`);
    });

    it(`renamed: the new name instead of the old one (${way === 'event' ? 'by event' : 'by the regular look'})`, async () => {
      const [from, to] = [`made-by-${way}.example`, `renamed-by-${way}.example`];
      await change.rename(from, to);
      wanted.delete(from);
      wanted.add(to);
      await settled();
    });
  }

  for (const [what, event, statement] of [
    ['moved to another site', () => `$domain->set_blog_id( ${other} ); $domain->save();`, () => `UPDATE wp_wu_domain_mappings SET blog_id = ${other} WHERE domain = 'two.example'`],
    ['deactivated', () => '$domain->set_active( false ); $domain->save();', () => "UPDATE wp_wu_domain_mappings SET active = 0 WHERE domain = 'two.example'"],
    ['failed in its stage', () => "$domain->set_stage( 'failed' ); $domain->save();", () => "UPDATE wp_wu_domain_mappings SET stage = 'failed' WHERE domain = 'two.example'"],
  ]) {
    it(`${what}: as it was, and nothing is written (by event)`, async () => {
      await stack.sim.clearLog();
      await byEvent('one.example', event());
      await settled(false);
    });

    it(`${what}: as it was, and nothing is written (by the regular look)`, async () => {
      await stack.sim.clearLog();
      await byLook(statement());
      await settled(false);
    });
  }

  it('its site is archived: as it was, and nothing is written', async () => {
    await stack.sim.clearLog();
    await stack.network.wp(['site', 'archive', String(shop)]);
    await byLook('SELECT 1');
    await settled(false);
    await stack.network.wp(['site', 'unarchive', String(shop)]);
  });

  it('its mapping ends: the alias goes (by the regular look)', async () => {
    await byLook("DELETE FROM wp_wu_domain_mappings WHERE domain = 'five.example'");
    wanted.delete('five.example');
    await settled();
  });

  it('its site is deleted: its aliases go, and those of other sites stay (by event)', async () => {
    // Moved before: they are of the other site now.
    const moved = ['one.example', 'two.example'];
    await stack.network.wp(['site', 'delete', String(shop), '--yes']);
    for (const name of ['shop.network.example', 'three.example', 'four.example', 'renamed-by-event.example', 'renamed-by-regular.example']) wanted.delete(name);
    await settled();
    for (const name of [...moved, BY_HAND, 'other.network.example']) assert.ok((await stack.sim.aliases()).includes(name), `${name} is gone`);
  });

  it('all mappings of a site end behind everybody\'s back: the aliases are kept until a person says so', async () => {
    await stack.sim.clearLog();
    await byLook(`DELETE FROM wp_wu_domain_mappings WHERE blog_id = ${other}`);
    const { aliases } = await stack.report();
    assert.ok(aliases.withheld.length > 0, `nothing was withheld: ${JSON.stringify(aliases)}`);
    await settled(false);
  });
});
