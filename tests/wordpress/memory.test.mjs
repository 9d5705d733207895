// What the plugin remembers between runs, and when the next one is.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { until } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const HOOK = 'wu_cloudways_sync_run';
const HOUR = 3600;

describe('the memory and the clocks', () => {
  let stack;
  let shop;
  const names = [];

  before(async () => {
    stack = await openStack('memory');
    shop = await stack.network.addSite('shop');
    // Everything leads here and is covered in the end: then nothing but the hour makes a run.
    await stack.sim.here('shop.network.example');
    await mapped('first.example');
    await inStep();
    await stack.settleCertificate(['network.example', 'shop.network.example', ...names], { run: sync });
    await stack.settle(async () => (await lastRun())[1] === 'ok', 'a run with nothing left to do', { run: sync });
  });
  after(() => stack?.close());
  beforeEach(() => stack.sim.clearLog());

  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const rows = async (statement) => (await sql(statement)).trim().split('\n').filter(Boolean).map((line) => line.split('\t'));
  const now = () => Math.floor(Date.now() / 1000);

  /** The numbers of the memory by their names. */
  async function memory() {
    return Object.fromEntries((await rows('SELECT name, number FROM wp_wu_cloudways_sync_memory')).map(([name, number]) => [name, Number(number)]));
  }
  const lastRun = async () => (await rows('SELECT id, status, code FROM wp_wu_cloudways_sync_runs ORDER BY id DESC LIMIT 1'))[0];

  /** As if so many seconds had gone by for all that waits: the time of the next run, and the clocks that are set to it. */
  async function pass(seconds) {
    await sql(`UPDATE wp_wu_cloudways_sync_memory SET number = number - ${seconds} WHERE name IN ('due', 'hold') AND number > ${seconds};
      UPDATE wp_actionscheduler_actions SET scheduled_date_gmt = scheduled_date_gmt - INTERVAL ${seconds} SECOND,
        scheduled_date_local = scheduled_date_local - INTERVAL ${seconds} SECOND WHERE hook = '${HOOK}' AND status = 'pending'`);
    await stack.network.eval(`$cron = _get_cron_array(); $aged = array();
      foreach ( $cron as $time => $hooks ) {
        foreach ( $hooks as $hook => $events ) { $aged[ '${HOOK}' === $hook ? $time - ${seconds} : $time ][ $hook ] = $events; }
      }
      ksort( $aged ); return _set_cron_array( $aged );`);
  }

  /** Names that are mapped, by an event, and lead here. */
  async function mapped(...more) {
    for (const name of more) {
      await stack.sim.here(name, `www.${name}`);
      names.push(name, `www.${name}`);
    }
    await stack.network.map(more, { blog: shop });
  }

  const sync = () => stack.network.wp(['wu-cloudways', 'sync', '--timeout=40', '--no-wait'], { check: false });

  /** The alias list is right, and the jobs of Ultimate Multisite that came with it are done. */
  async function inStep() {
    await stack.queue();
    await stack.settleAliases(['hand-made.example', 'shop.network.example', ...names], { run: sync, patience: 60000 });
    await stack.queue();
  }

  /** What a run is held up by, so that something can happen in the middle of it. */
  const slow = (seconds) => stack.sim.fault({ method: 'GET', path: '/server', times: 1, do: { delay_ms: seconds * 1000 } });
  const asked = () => until(async () => (await rows("SELECT id FROM wp_wu_cloudways_sync_runs WHERE status = 'running'")).length > 0, 'a run began', 20000);

  it('is never seen half written by those who read without a lock', async () => {
    const seen = await stack.network.eval(`
      global $wpdb;
      $seen = array();
      add_filter( 'query', function ( $query ) use ( &$seen, $wpdb ) {
        static $asking = false;
        if ( ! $asking ) {
          $asking = true;
          $number = $wpdb->get_var( "SELECT number FROM {$wpdb->base_prefix}wu_cloudways_sync_memory WHERE name = 'half'" );
          $asking = false;
          if ( null !== $number ) {
            $seen[] = (int) $number;
          }
        }
        return $query;
      } );
      WU_Cloudways\\Plugin::instance()->store()->put( 'half', 7 );
      $wpdb->query( 'SELECT 1' );
      WU_Cloudways\\Plugin::instance()->store()->forget( 'half' );
      return $seen;
    `);
    assert.deepEqual([...new Set(seen)], [7], 'somebody else would have read a nought');
  });

  it('looks again after an hour, and finds what fired no event', async () => {
    const due = (await memory()).due - now();
    assert.ok(due > HOUR - 120 && due <= HOUR, `the next run is in ${due} s instead of an hour`);
    await sql(`INSERT INTO wp_wu_domain_mappings (blog_id, domain, active, primary_domain, secure, stage, date_created, date_modified)
      SELECT blog_id, 'unseen.example', active, 0, secure, stage, date_created, date_modified FROM wp_wu_domain_mappings WHERE domain = 'first.example'`);
    names.push('unseen.example', 'www.unseen.example');
    await stack.queue();
    assert.deepEqual(await stack.sim.log(), [], 'it looked before the hour was over: the rest of this test would prove nothing');
    await pass(HOUR);
    await stack.queue();
    await until(async () => (await stack.sim.aliases()).includes('unseen.example'), 'the hour is over, and the name is found', 5000);
  });

  it('has an hourly event of WP-Cron, on the main site only, which makes the run alone', async () => {
    await mapped('second.example');
    // In the context of another site, as its own pages and jobs are.
    await stack.network.wp(['eval', 'if ( is_main_site() ) { exit( 9 ); } WU_Cloudways\\Plugin::instance()->scheduler()->wake_at( time() + 60 );', '--url=http://shop.network.example']);
    const hourly = await stack.network.eval(`$found = array();
      foreach ( get_sites( array( 'fields' => 'ids' ) ) as $id ) {
        switch_to_blog( $id );
        foreach ( _get_cron_array() as $time => $hooks ) {
          foreach ( $hooks['${HOOK}'] ?? array() as $event ) { $found[] = array( (int) $id, $event['schedule'], $event['interval'] ?? null, $event['args'] ); }
        }
        restore_current_blog();
      }
      return $found;`);
    assert.deepEqual(hourly.filter(([, schedule]) => schedule), [[1, 'hourly', HOUR, []]], `events of WP-Cron: ${JSON.stringify(hourly)}`);
    assert.deepEqual(hourly.filter(([site]) => site !== 1), [], 'a clock is set on another site');
    assert.equal((await sql(`SHOW TABLES LIKE 'wp_${shop}_actionscheduler_actions'`)).trim() ? (await sql(`SELECT COUNT(*) FROM wp_${shop}_actionscheduler_actions WHERE hook = '${HOOK}'`)).trim() : '0', '0', 'an action is queued on another site');

    await inStep();
    // Action Scheduler lost its actions; the hour goes by.
    await sql(`DELETE FROM wp_actionscheduler_actions WHERE hook = '${HOOK}'`);
    await stack.sim.setAliases(['hand-made.example']);
    await pass(HOUR);
    await stack.sim.clearLog();
    await stack.visitor.get('/wp-cron.php');
    await until(async () => (await stack.sim.aliases()).includes('second.example'), 'WP-Cron alone made a run', 30000);
  });

  it('makes another run for an event in the middle of one', async () => {
    await slow(4);
    const run = stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=60'], { check: false });
    await asked();
    await mapped('meanwhile.example');
    assert.ok((await memory()).dirty > 0, 'the event was not counted');
    assert.equal((await lastRun())[1], 'running', 'the run was over before the event came');
    assert.deepEqual(await stack.sim.aliasWrites(), []);
    await run;
    await stack.settle(async () => (await stack.sim.aliases()).includes('meanwhile.example'), 'the event in the middle of a run led to another one', { patience: 10000 });
    await inStep();
    assert.equal((await memory()).dirty, 0, 'something is still counted when everything is done');
  });

  it('saves nothing of a run that lost its lock, and leaves the schedule of the newer one', async () => {
    await slow(7);
    const stale = stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=60'], { check: false });
    let over = false;
    stale.then(() => (over = true));
    await asked();
    // It takes longer than its lock lasts: another one takes it over, and comes to its end.
    await stack.ageLock(200);
    await mapped('newer.example');
    const newer = await stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=30'], { check: false });
    assert.ok([0, 3, 4].includes(newer.code), `the newer run ended with ${newer.code}:\n${newer.stdout}${newer.stderr}`);
    const left = async () => ({
      memory: await rows("SELECT name, number, MD5(value) FROM wp_wu_cloudways_sync_memory WHERE name IN ('state', 'due', 'hold', 'good', 'dirty', 'tried', 'failures') ORDER BY name"),
      domains: await rows('SELECT domain, MD5(value) FROM wp_wu_cloudways_sync_domains ORDER BY domain'),
      report: await rows('SELECT id, MD5(report) FROM wp_wu_cloudways_sync_runs WHERE report IS NOT NULL'),
      lock: await rows('SELECT token, expires FROM wp_wu_cloudways_sync_lock'),
    });
    const before = await left();
    assert.ok(!over, 'the older run was over before the newer one: this would prove nothing');
    const { code, stdout, stderr } = await stale;
    assert.deepEqual(await left(), before, 'the run that lost its lock wrote over what the newer one left');
    assert.equal(code, 70, `the run that lost its lock ended with ${code}:\n${stdout}${stderr}`);
    await inStep();
  });

  it('tells the next run of one that was killed, and only the next', async () => {
    const presumed = async () => {
      const state = JSON.parse((await stack.network.eval("return WU_Cloudways\\Plugin::instance()->store()->value( 'state' );")) || '{}');
      return (state.orders ?? []).filter(({ outcome }) => outcome === 'presumed').length;
    };
    const before = await presumed();
    await slow(8);
    let child;
    const run = stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=60'], { check: false, onSpawn: (spawned) => (child = spawned) });
    await asked();
    child.kill('SIGKILL');
    assert.equal((await run).signal, 'SIGKILL');
    assert.equal((await lastRun())[1], 'running');
    await stack.ageLock(200);
    await stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=30'], { check: false });
    assert.equal(await presumed(), before + 1, 'the next run was not told: it presumed no order of the one that was killed');
    await stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=30'], { check: false });
    assert.equal(await presumed(), before + 1, 'the run after that was told too');
    assert.deepEqual(await rows("SELECT id FROM wp_wu_cloudways_sync_runs WHERE status = 'running'"), [], 'the run that was killed still counts as running');
  });

  it('tries again some minutes after a run that failed, later each time, and then ends right', async () => {
    await stack.sim.fault({ method: 'GET', path: '/server', times: null, do: { status: 503, body: '<html>Service Unavailable</html>' } });
    const run = (trigger) => stack.network.eval(`return WU_Cloudways\\Plugin::instance()->runner()->run( array( 'trigger' => '${trigger}', 'deadline' => 2 ) )['error']['code'] ?? null;`);
    await mapped('retried.example');
    assert.equal(await run('event'), 'api_unavailable');
    const first = await memory();
    assert.equal(first.failures, 1);
    assert.ok(first.dirty > 0, 'the event of the run that failed is forgotten');
    assert.ok(first.due - now() > 20 && first.due - now() <= 120, `the next try is in ${first.due - now()} s instead of about a minute`);

    // The jobs of the same burst find that it has just failed.
    await stack.sim.clearLog();
    assert.equal(await run('event'), null);
    assert.deepEqual(await stack.sim.log(), [], 'the same event tried again at once');

    await pass(120);
    assert.equal(await run('retry'), 'api_unavailable');
    const second = await memory();
    assert.equal(second.failures, 2);
    const wait = second.due - now();
    assert.ok(wait > 80 && wait <= 300, `the try after that is in ${wait} s instead of some two minutes`);

    await stack.sim.clearFaults();
    await stack.queue();
    assert.ok(!(await stack.sim.aliases()).includes('retried.example'), 'it did not wait');
    await pass(wait);
    await stack.queue();
    await stack.settle(async () => (await stack.sim.aliases()).includes('retried.example'), 'the try after a failure did the job', { patience: 10000 });
    assert.equal((await memory()).failures, 0, 'the failures are still counted after a good run');
    await inStep();
  });

  it('asks nobody as long as Cloudways said that it is to wait', async () => {
    await stack.sim.fault({ method: 'GET', path: '/server', times: 1, do: { status: 429, headers: { 'retry-after': '600' }, body: '{}' } });
    await mapped('limited.example');
    await stack.queue();
    const { due, hold } = await memory();
    for (const [what, time] of Object.entries({ due, hold })) assert.ok(time - now() > 500 && time - now() <= 620, `${what} is in ${time - now()} s instead of ten minutes`);
    await stack.sim.clearLog();
    await mapped('limited-too.example');
    await stack.queue();
    assert.deepEqual(await stack.sim.log(), [], 'an event asked Cloudways although it is to wait');
    await pass(620);
    await stack.queue();
    await stack.settle(async () => (await stack.sim.aliases()).includes('limited-too.example'), 'after the time that Cloudways said, the job is done', { patience: 10000 });
  });
});
