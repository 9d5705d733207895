// What becomes of work that is due while the extension is in one kind of process only, and of a run whose surroundings
// change under it: settings that cannot be read, a connection that is lost, a lock that is taken over.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { sleep, write } from './lib/lab.mjs';
import { ONE_PROCESS_ONLY, openStack } from './lib/stack.mjs';

const OURS = ['shop.network.example', 'one.example', 'www.one.example'];

/** Numbers of the plugin's memory. */
async function memory(stack) {
  const rows = await stack.db.sql('SELECT name, number FROM wp_wu_cloudways_sync_memory', 'wordpress');
  return Object.fromEntries(rows.trim().split('\n').map((row) => row.split('\t')).map(([name, number]) => [name, Number(number)]));
}

const put = (stack, name, number) =>
  stack.db.sql(`INSERT INTO wp_wu_cloudways_sync_memory (name, number) VALUES ('${name}', ${number}) ON DUPLICATE KEY UPDATE number = ${number}`, 'wordpress');

/** As if the time of the next run, and of whatever rings for it, had come. */
async function comesDue(stack) {
  await put(stack, 'due', 'unix_timestamp() - 5');
  await stack.db.sql(
    `UPDATE wp_actionscheduler_actions SET scheduled_date_gmt = utc_timestamp() - INTERVAL 5 SECOND, scheduled_date_local = utc_timestamp() - INTERVAL 5 SECOND
     WHERE hook = 'wu_cloudways_sync_run' AND status = 'pending'`,
    'wordpress',
  );
}

const now = () => Math.floor(Date.now() / 1000);

for (const { where, options, run } of ONE_PROCESS_ONLY) {
  describe(`with the extension ${where}, and nothing changed`, () => {
    let stack;

    before(async () => {
      stack = await openStack('due', options);
      await stack.sim.setAliases([]);
      // Nothing leads here at first, so nothing is ordered: after an order, the next one would wait for its time.
      await stack.sim.setDns('network.example', {});
      const shop = await stack.network.addSite('shop');
      await stack.map('one.example', shop);
      await stack.settleAliases(OURS, { run: () => run(stack) });
      // What the jobs of the mapping left behind is done before anything is measured.
      await stack.settle(async () => (await memory(stack)).dirty === 0, 'nothing is left to do', { run: () => run(stack), state: () => memory(stack) });
    });
    after(() => stack?.close());

    it('runs when it is due', async () => {
      await comesDue(stack);
      await stack.sim.clearLog();
      await stack.settle(async () => (await stack.sim.log()).length > 0, 'Cloudways is asked', { patience: 20000, run: () => run(stack), state: () => memory(stack) });
      await stack.settle(async () => (await memory(stack)).due > now() + 60, 'the next run is planned', { patience: 20000, state: () => memory(stack) });
    });

    it('orders the certificate when the DNS of a name becomes right', async () => {
      await stack.sim.here('network.example', 'one.example', 'www.one.example');
      await comesDue(stack);
      await stack.settleCertificate(['network.example', 'one.example', 'www.one.example'], {
        run: async () => {
          // What the engine wants to go on with comes due as well.
          if ((await memory(stack)).due > now()) await comesDue(stack);
          await run(stack);
          await sleep(2000);
        },
      });
    });

    it('tries a failed run again when its time has come', async () => {
      await stack.sim.clearLog();
      // As it is after a run that failed on an event.
      for (const [name, number] of [['dirty', 1], ['tried', 1], ['failures', 1]]) await put(stack, name, number);
      await comesDue(stack);
      await stack.settle(async () => (await memory(stack)).dirty === 0, 'the run is tried again', { patience: 20000, run: () => run(stack), state: () => memory(stack) });
      assert.equal((await memory(stack)).failures, 0);
    });

    it('does not ring again and again where the extension is not', async () => {
      // Nobody answers: the address that is asked to run is dead, or the command line never comes.
      stack.network.configure({ web: '127.0.0.1:9' });
      try {
        const rings = async () => Number((await stack.db.sql("SELECT COUNT(*) FROM wp_actionscheduler_actions WHERE hook = 'wu_cloudways_sync_run'", 'wordpress')).trim());
        const only = () => (options.inFpm ? stack.network.runQueue() : stack.queue());
        await comesDue(stack);
        await only();
        const before = await rings();
        for (let n = 0; n < 3; n++) await only();
        assert.ok((await rings()) <= before + 1, `${(await rings()) - before} rings in three rounds`);
        assert.ok((await memory(stack)).due <= now(), 'what is due was put off');
        if (options.inFpm) {
          const problems = async () => (await stack.json('status')).problems.map(({ code }) => code);
          assert.ok(!(await problems()).includes('wake_unanswered'), 'it complains at once');
          await stack.db.sql("UPDATE wp_wu_cloudways_sync_memory SET number = number - 700000000 WHERE name IN ('asked', 'wake')", 'wordpress');
          assert.ok((await problems()).includes('wake_unanswered'), 'it is said nowhere that the site is not reached');
          stack.network.configure({ web: `127.0.0.1:${stack.web.port}` });
          await comesDue(stack);
          await only();
          await stack.settle(async () => !(await problems()).includes('wake_unanswered'), 'no complaint when the site is reached', { patience: 20000, run: () => {}, state: problems });
        }
      } finally {
        stack.network.configure({ web: `127.0.0.1:${stack.web.port}` });
      }
    });
  });
}

describe('a run whose surroundings fail', () => {
  let stack;
  let shop;
  const sync = (...more) => stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=20', ...more], { check: false });
  /** PHP that is loaded with the network, until the next call. */
  const inNetwork = (code = '') => write(join(stack.network.muPlugins, 'zz-broken.php'), `<?php\n${code}\n`);
  const said = ({ stdout, stderr }) => stdout + stderr;

  before(async () => {
    stack = await openStack('surroundings');
    await stack.sim.setAliases([]);
    shop = await stack.network.addSite('shop');
    await stack.map('one.example', shop);
    await stack.settleAliases(OURS);
  });
  after(() => stack?.close());

  describe('with extra domains that were typed into the wizard', () => {
    const all = [...OURS, 'extra.example'].sort();
    const store = (value) =>
      stack.network.eval(`return update_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_EXTRA_DOMAINS', WP_Ultimo\\Helpers\\Credential_Store::encrypt( '${value}' ) );`);

    before(async () => {
      await store('extra.example');
      await sync();
      assert.deepEqual((await stack.sim.aliases()).sort(), all);
    });
    after(async () => {
      inNetwork();
      stack.network.setConstants({ AUTH_KEY: 'of the lab: AUTH_KEY', AUTH_SALT: 'of the lab: AUTH_SALT' });
      await stack.network.eval("return delete_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_EXTRA_DOMAINS' );");
      await sync();
    });

    it('removes nothing when the one read of them fails', async () => {
      inNetwork(`add_filter( 'query', function ( $sql ) {
        return str_contains( $sql, 'wu_hosting_credential_WU_CLOUDWAYS_EXTRA' ) || ( str_contains( $sql, 'sitemeta' ) && str_contains( $sql, 'EXTRA_DOMAINS' ) ) ? 'SELECT nothing FROM nowhere' : $sql;
      } );`);
      const result = await sync();
      inNetwork();
      assert.equal(result.code, 70, said(result));
      assert.deepEqual((await stack.sim.aliases()).sort(), all);
    });

    it('removes nothing when a name with an accent is added beside one', async () => {
      await store('extra.example, caf\u00e9.example');
      const result = await sync();
      assert.ok((await stack.sim.aliases()).includes('extra.example'), said(result));
      assert.ok((await stack.sim.aliases()).includes('xn--caf-dma.example'), said(result));
      await store('extra.example');
      await sync();
      assert.deepEqual((await stack.sim.aliases()).sort(), all);
    });

    it('refuses, says which setting it is and removes nothing when the keys of wp-config.php changed', async () => {
      stack.network.setConstants({ AUTH_KEY: 'another', AUTH_SALT: 'another' });
      await stack.sim.clearLog();
      const result = await sync();
      assert.equal(result.code, 10, said(result));
      assert.match(said(result), /WU_CLOUDWAYS_EXTRA_DOMAINS/);
      assert.deepEqual(await stack.sim.writes(), []);
      assert.deepEqual((await stack.sim.aliases()).sort(), all);
      const plan = await stack.network.wp(['wu-cloudways', 'plan'], { check: false });
      assert.equal(plan.code, 10, said(plan));
    });
  });

  it('calls a read of the list of integrations that failed no "switched off"', async () => {
    inNetwork(`add_filter( 'query', fn( $sql ) => str_contains( $sql, 'wu_host_integrations_enabled' ) && str_contains( $sql, 'LIMIT 1' ) ? 'SELECT nothing FROM nowhere' : $sql );`);
    const result = await sync();
    inNetwork();
    assert.equal(result.code, 70, said(result));
    assert.ok((await memory(stack)).due, 'no further run is planned');
  });

  it('does not call a database that fails "tables missing"', async () => {
    inNetwork(`add_filter( 'query', fn( $sql ) => str_contains( $sql, 'wu_cloudways_sync_' ) ? 'SELECT nothing FROM wp_options' : $sql );`);
    const result = await stack.network.wp(['wu-cloudways', 'status'], { check: false });
    inNetwork();
    assert.equal(result.code, 70, said(result));
    assert.doesNotMatch(said(result), /tables are missing|activate/);
  });

  it('names a constant that is empty, although a value is stored beside it', async () => {
    stack.network.setConstants({ WU_CLOUDWAYS_EMAIL: '' });
    try {
      await stack.network.eval("return update_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_EMAIL', WP_Ultimo\\Helpers\\Credential_Store::encrypt( 'who@site.example' ) );");
      const { problems } = await stack.json('status');
      assert.deepEqual(problems.find(({ code }) => code === 'constants_empty')?.args.names, ['WU_CLOUDWAYS_EMAIL'], JSON.stringify(problems));
    } finally {
      stack.network.setConstants(stack.sim.constants());
      await stack.network.eval("return delete_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_EMAIL' );");
    }
  });

  it('is not put off by the name of the wizard in a visitor\u2019s address', async () => {
    await stack.network.eval("return update_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_EXTRA_DOMAINS', WP_Ultimo\\Helpers\\Credential_Store::encrypt( 'late.example' ) );");
    await comesDue(stack);
    const { status } = await stack.visitor.get('/?wu_lab=queue&page=wp-ultimo-hosting-integration-wizard');
    assert.equal(status, 200);
    assert.ok((await stack.sim.aliases()).includes('late.example'), 'the run was put off');
    await stack.network.eval("return delete_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_EXTRA_DOMAINS' );");
    await sync();
  });

  it('saves nothing as good when the connection is lost inside the saving transaction', async () => {
    await stack.map('two.example', shop);
    // Killed when the run's own row is written: $wpdb connects again and repeats that statement by itself.
    inNetwork(`add_filter( 'query', function ( $sql ) {
      static $done = false;
      global $wpdb;
      if ( ! $done && str_starts_with( $sql, 'UPDATE' ) && str_contains( $sql, 'sync_runs' ) && str_contains( $sql, 'report = ' ) ) {
        $done = true;
        $other = mysqli_init();
        mysqli_real_connect( $other, 'localhost', '${stack.db.user}', '', null, 0, '${stack.db.socket}' );
        mysqli_query( $other, 'KILL ' . $wpdb->dbh->thread_id );
        usleep( 300000 );
      }
      return $sql;
    } );`);
    const result = await sync();
    inNetwork();
    assert.equal(result.code, 70, said(result));
    assert.match(said(result), /connection to the database was lost/i);
    const { dirty, failures } = await memory(stack);
    assert.ok(dirty > 0 && failures === 1, `it counts as done: dirty ${dirty}, failures ${failures}`);
    assert.equal((await stack.db.sql('SELECT status FROM wp_wu_cloudways_sync_runs ORDER BY id DESC LIMIT 1', 'wordpress')).trim(), 'running', 'the next run is not told of it');

    // What was sent is taken over by the next run, so that it is removed when its mapping ends.
    await sync();
    await stack.network.unmap('two.example');
    await sync();
    assert.deepEqual((await stack.sim.aliases()).sort(), [...OURS].sort());
  });

  it('leaves the plans of a run that took its lock over alone', async () => {
    const [outcome, due, failures] = await stack.network.eval(`global $wpdb;
      add_filter( 'query', function ( $sql ) use ( $wpdb ) {
        static $done = false;
        if ( ! $done && 'START TRANSACTION' === $sql ) {
          $done = true;
          $wpdb->query( "UPDATE wp_wu_cloudways_sync_lock SET token = 'of-a-newer-run', expires = unix_timestamp() + 600" );
          $wpdb->query( "UPDATE wp_wu_cloudways_sync_memory SET number = 4000000007 WHERE name = 'due'" );
        }
        return $sql;
      } );
      $outcome = WU_Cloudways\\Plugin::instance()->runner()->run();
      return array( $outcome['outcome'], (int) $wpdb->get_var( "SELECT number FROM wp_wu_cloudways_sync_memory WHERE name = 'due'" ), WU_Cloudways\\Plugin::instance()->store()->pulse()['failures'] );`);
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0", 'wordpress');
    assert.deepEqual([outcome, due, failures], ['failed', 4000000007, 0]);
    assert.equal((await stack.db.sql('SELECT status FROM wp_wu_cloudways_sync_runs ORDER BY id DESC LIMIT 1', 'wordpress')).trim(), 'interrupted');
    await sync();
  });

  it('is planned anew after its own row could not be written', async () => {
    inNetwork(`add_filter( 'wu_cloudways_domains', '__return_false' );
      add_filter( 'query', fn( $sql ) => str_starts_with( $sql, 'UPDATE' ) && str_contains( $sql, 'sync_runs' ) ? 'SELECT nothing FROM nowhere' : $sql );`);
    const result = await sync();
    inNetwork();
    assert.equal(result.code, 70, said(result));
    assert.equal((await memory(stack)).failures, 1, 'the failure was not counted');
    await sync();
    assert.equal((await memory(stack)).failures, 0);
  });

  it('stays done when the look afterwards fails', async () => {
    const outcome = await stack.network.eval(`
      add_filter( 'query', function ( $sql ) {
        static $saved = false;
        $saved = $saved || 'COMMIT' === $sql;
        return $saved && str_contains( $sql, "'tried'" ) ? 'SELECT nothing FROM nowhere' : $sql;
      } );
      $outcome = WU_Cloudways\\Plugin::instance()->runner()->run( array( 'deadline' => 60 ) );
      return array( $outcome['outcome'], $outcome['error'] );`);
    assert.deepEqual(outcome, ['done', null]);
  });

  it('gives the process its time limit back, and gives none to one without', async () => {
    const limits = (limit) => stack.network.eval(`set_time_limit( ${limit} ); $inside = 0;
      add_filter( 'wu_cloudways_domains', function ( $domains ) use ( &$inside ) { $inside = (int) ini_get( 'max_execution_time' ); return $domains; } );
      $outcome = WU_Cloudways\\Plugin::instance()->runner()->run();
      return array( $outcome['outcome'], $inside, (int) ini_get( 'max_execution_time' ) );`);
    assert.deepEqual(await limits(0), ['done', 0, 0]);
    const [outcome, inside, afterwards] = await limits(100);
    assert.deepEqual([outcome, afterwards], ['done', 100]);
    assert.ok(inside > 100, `inside the run the limit was ${inside}`);
  });

  it('keeps the pause that Cloudways asked for, also after it found another run', async () => {
    const until = now() + 3000;
    await put(stack, 'hold', until);
    await put(stack, 'due', until);
    await put(stack, 'dirty', 1);
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_lock SET token = 'of-another', expires = unix_timestamp() + 600", 'wordpress');
    const locked = await sync();
    assert.equal(locked.code, 14, said(locked));
    assert.ok((await memory(stack)).due >= until, 'the next run was put into the pause');
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0", 'wordpress');
    await comesDue(stack);
    await stack.sim.clearLog();
    await stack.queue();
    await stack.network.runQueue();
    assert.deepEqual(await stack.sim.log(), [], 'Cloudways was called in the pause');
    // A person may.
    const asked = await sync();
    assert.ok((await stack.sim.log()).length > 0, said(asked));
  });

  it('says that its memory is damaged, and removes nothing', async () => {
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_memory SET value = LEFT( value, LENGTH( value ) - 20 ) WHERE name = 'state'", 'wordpress');
    const before = await stack.sim.aliases();
    await sync();
    const { warnings } = await stack.report();
    assert.ok(warnings.some(({ code }) => code === 'state_damaged'), JSON.stringify(warnings));
    assert.deepEqual(await stack.sim.aliases(), before);
  });

  it('is not kept waiting by times from a clock that was ahead', async () => {
    for (const name of ['due', 'hold', 'alarm']) await put(stack, name, now() + 30 * 86400);
    await stack.sim.clearLog();
    await stack.network.eval("WU_Cloudways\\Scheduler::on_alarm(); return 1;");
    assert.ok((await stack.sim.log()).length > 0, 'it still waits');
    const { due, hold } = await memory(stack);
    assert.ok(due < now() + 7200 && hold === 0, `due in ${due - now()} s, hold ${hold}`);
    const accepted = await stack.network.eval(`$store = WU_Cloudways\\Plugin::instance()->store();
      $now = (int) round( microtime( true ) * 1000000 );
      $store->put( 'wake', $now + 86400 * 1000000 );
      $sign = new ReflectionMethod( 'WU_Cloudways\\Wake', 'signature' );
      $sign->setAccessible( true );
      $signature = $sign->invoke( null, (string) $now );
      return array( WU_Cloudways\\Wake::accepts( (string) $now, $signature ), WU_Cloudways\\Wake::accepts( (string) $now, $signature ) );`);
    assert.deepEqual(accepted, [true, false], 'a wake-up is refused, or accepted twice');
  });
});
