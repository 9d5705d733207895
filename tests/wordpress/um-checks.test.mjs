// What Ultimate Multisite's own checks of DNS and certificate learn from our reports: the address of the network, when a
// domain only waits, and that one it had given up is right by now.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const GUESSED = '192.0.2.99';
const ELSEWHERE = '198.51.100.7';

describe("Ultimate Multisite's own checks", () => {
  let stack;

  before(async () => {
    stack = await openStack('checks', { constants: { WU_CLOUDWAYS_EXTRA_DOMAINS: '' } });
    await stack.network.eval(`wu_save_setting( 'auto_create_www_subdomain', 'never' ); return set_site_transient( 'wu_public_network_ip', '${GUESSED}' );`);
    // Its question to the domain itself gets no answer, as behind a proxy or a router that does not lead back.
    stack.network.configure({ web: '' });
  });
  after(() => stack?.close());

  const publicIp = () => stack.network.eval("return WP_Ultimo\\Domain_Mapping\\Helper::get_network_public_ip();");
  const sync = async (...more) => {
    const { code, stdout, stderr } = await stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=60', ...more], { check: false });
    assert.ok([0, 3, 4].includes(code), `the run ended with ${code}: ${stdout}${stderr}`);
  };
  const stageOf = async (name) => (await stack.db.sql(`SELECT stage FROM wp_wu_domain_mappings WHERE domain = '${name}'`, 'wordpress')).trim();
  const setStage = (name, stage) => stack.db.sql(`UPDATE wp_wu_domain_mappings SET stage = '${stage}' WHERE domain = '${name}'`, 'wordpress');
  const dirty = async () => Number((await stack.db.sql("SELECT number FROM wp_wu_cloudways_sync_memory WHERE name = 'dirty'", 'wordpress')).trim());

  /** Ultimate Multisite's check, as its job makes it after so many tries. Gives the stage, and how often it is queued now. */
  async function check(name, ...tries) {
    return stack.network.eval(
      `wp_cache_flush();
      add_filter( 'wu_domain_dns_get_record', static fn() => array( array( 'type' => 'A', 'data' => '${ELSEWHERE}' ) ) );
      $id = wu_get_domain_by_domain( '${name}' )->get_id();
      as_unschedule_all_actions( 'wu_async_process_domain_stage' );
      foreach ( array( ${tries.join(', ')} ) as $tries ) {
        do_action( 'wu_async_process_domain_stage', $id, $tries );
      }
      return wu_get_domain( $id )->get_stage();`,
    );
  }

  /** The pending checks of a domain. */
  const queued = (name) =>
    stack.network.eval(`$id = wu_get_domain_by_domain( '${name}' )->get_id();
      return count( array_filter( as_get_scheduled_actions( array( 'hook' => 'wu_async_process_domain_stage', 'status' => 'pending', 'per_page' => -1 ) ), static fn( $action ) => (int) $action->get_args()['domain_id'] === $id ) );`);

  describe('the address of the network', () => {
    it('stays what Ultimate Multisite believes until there is a report', async () => {
      assert.equal(await publicIp(), GUESSED);
    });

    it('is that of the server at Cloudways from then on', async () => {
      await sync();
      assert.equal(await publicIp(), SIM.publicIp);
    });

    it('is an IPv4 one where there are both, and stays when a report names none', async () => {
      const keep = (list) => stack.network.eval(`$store = WU_Cloudways\\Plugin::instance()->store(); $store->keep_addresses( ${list} ); return $store->addresses();`);
      assert.deepEqual(await keep("array( '2001:db8::1', '203.0.113.20', 'nothing', '203.0.113.10' )"), ['203.0.113.20', '203.0.113.10', '2001:db8::1']);
      assert.equal(await publicIp(), '203.0.113.20');
      assert.deepEqual(await keep('array()'), ['203.0.113.20', '203.0.113.10', '2001:db8::1']);
      await sync();
      assert.equal(await publicIp(), SIM.publicIp);
    });

    it('is not that of the original on a copy', async () => {
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'staging' });
      const address = await publicIp();
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'production' });
      assert.equal(address, GUESSED);
    });

    it('and whatever else is hooked never breaks a check, not even without our tables', async () => {
      await stack.network.map('untold.example', { stage: 'checking-dns' });
      await stack.db.sql('RENAME TABLE wp_wu_cloudways_sync_memory TO wp_away_memory, wp_wu_cloudways_sync_runs TO wp_away_runs', 'wordpress');
      try {
        assert.equal(await publicIp(), GUESSED);
        assert.equal(await check('untold.example', 0), 'checking-dns');
        assert.equal(await check('untold.example', 5), 'failed');
      } finally {
        await stack.db.sql('RENAME TABLE wp_away_memory TO wp_wu_cloudways_sync_memory, wp_away_runs TO wp_wu_cloudways_sync_runs', 'wordpress');
      }
      await stack.network.unmap('untold.example');
      await sync();
    });
  });

  describe('the number of tries', () => {
    before(async () => {
      await stack.sim.here('first.example', 'second.example');
      await stack.sim.setDns('wrong.example', { A: [ELSEWHERE] });
      await stack.sim.setDns('silent.example', { fault: 'servfail' });
      await stack.network.map('first.example', { stage: 'done' });
      await sync('--force', '--yes');
      await stack.settleCertificate(['first.example', 'network.example'], { run: () => sync() });
      // An order was placed just now: what comes now waits for the next one.
      await stack.network.map(['second.example', 'wrong.example', 'silent.example'], { stage: 'checking-ssl-cert' });
      await sync();
      const { domains } = await stack.report();
      assert.deepEqual(
        ['second.example', 'wrong.example', 'silent.example'].map((name) => [domains[name].dns.verdict, domains[name].certificate]),
        [['here', 'waiting'], ['elsewhere', 'blocked'], ['unknown', 'blocked']],
      );
    });

    it("is Ultimate Multisite's own for a domain that is wrong", async () => {
      assert.equal(await check('wrong.example', 4), 'checking-ssl-cert');
      assert.equal(await check('wrong.example', 5), 'ssl-failed');
      await setStage('wrong.example', 'checking-dns');
      assert.equal(await check('wrong.example', 5), 'failed');
    });

    it('has no end while it waits for the certificate, or for an answer of DNS', async () => {
      assert.equal(await check('second.example', 5, 6, 700), 'checking-ssl-cert');
      assert.equal(await queued('second.example'), 3);
      await setStage('silent.example', 'checking-dns');
      assert.equal(await check('silent.example', 5, 6, 700), 'checking-dns');
    });

    it('has an end when the last report is too old to go by', async () => {
      await stack.network.map('late.example', { stage: 'checking-ssl-cert' });
      await stack.sim.here('late.example');
      await sync();
      await stack.db.sql('UPDATE wp_wu_cloudways_sync_runs SET finished_at = finished_at - 90000', 'wordpress');
      assert.equal(await check('late.example', 5), 'ssl-failed');
      await stack.db.sql('UPDATE wp_wu_cloudways_sync_runs SET finished_at = finished_at + 90000', 'wordpress');
      await stack.network.unmap('late.example');
    });

    it('does not count those during which it waited', async () => {
      await setStage('second.example', 'checking-ssl-cert');
      await sync('--force', '--yes');
      assert.equal((await stack.report()).domains['second.example'].certificate, 'covered');
      // Three tries were spent on waiting; five are its own.
      assert.equal(await check('second.example', 7), 'checking-ssl-cert');
      assert.equal(await check('second.example', 8), 'ssl-failed');
    });

    it('is raised further, never lowered, where another plugin raised it', async () => {
      assert.equal(await stack.network.eval("return apply_filters( 'wu_async_process_domain_stage_max_tries', 40, wu_get_domain_by_domain( 'first.example' ) );"), 40);
    });
  });

  it('believes our report where it only has one address to compare with', async () => {
    // Its question to the domain gets no answer, and the record that it finds is another one.
    await setStage('first.example', 'checking-dns');
    assert.equal(await check('first.example', 0), 'checking-ssl-cert');
    await setStage('first.example', 'done');
  });

  describe('a domain that was given up', () => {
    const runs = async () => Number((await stack.db.sql('SELECT MAX(id) FROM wp_wu_cloudways_sync_runs', 'wordpress')).trim());
    const point = async (address) => {
      await stack.sim.setDns('given-up.example', { A: [address] });
      await sync();
    };

    before(async () => {
      await stack.network.map('given-up.example', { stage: 'failed' });
      await point(ELSEWHERE);
      await stack.network.eval("as_unschedule_all_actions( 'wu_async_process_domain_stage' ); return true;");
    });

    it('stays so while it is wrong', async () => {
      assert.equal(await stageOf('given-up.example'), 'failed');
      assert.equal(await queued('given-up.example'), 0);
    });

    it('is checked again when it is right, without a further run for it', async () => {
      const before = await runs();
      await point(SIM.publicIp);
      assert.equal(await stageOf('given-up.example'), 'checking-dns');
      assert.equal(await queued('given-up.example'), 1);
      assert.equal(await dirty(), 0, 'our own change of its stage counts as one that Cloudways does not know');
      assert.equal(await runs(), before + 1);
      const log = await stack.network.eval("$file = wp_upload_dir( null, false )['basedir'] . '/wu-logs/domain-given-up.example.log'; return is_file( $file ) ? file_get_contents( $file ) : '';");
      assert.match(log, /DNS is right by now, so it is checked again/);
      // And it goes on.
      assert.equal(await check('given-up.example', 0), 'checking-ssl-cert');
    });

    it('once, until it was wrong again', async () => {
      await setStage('given-up.example', 'failed');
      await sync();
      assert.equal(await stageOf('given-up.example'), 'failed', 'it was opened a second time');
      await point(ELSEWHERE);
      await point(SIM.publicIp);
      assert.equal(await stageOf('given-up.example'), 'checking-dns');
    });

    it('when the certificate holds it by now, if that was missing', async () => {
      await setStage('given-up.example', 'ssl-failed');
      await sync();
      assert.equal(await stageOf('given-up.example'), 'ssl-failed', 'it was opened although the certificate does not hold it');
      await sync('--force', '--yes');
      await stack.settle(async () => (await stack.sim.certificate()).includes('given-up.example'), 'its certificate', { run: () => sync() });
      await sync();
      assert.equal(await stageOf('given-up.example'), 'checking-ssl-cert');
      await setStage('given-up.example', 'ssl-failed');
      await sync();
      assert.equal(await stageOf('given-up.example'), 'ssl-failed', 'it was opened a second time');
    });

    it('not when its mapping was deactivated', async () => {
      await stack.network.map('idle.example', { stage: 'failed' });
      await stack.db.sql("UPDATE wp_wu_domain_mappings SET active = 0 WHERE domain = 'idle.example'", 'wordpress');
      await stack.sim.here('idle.example');
      await sync();
      assert.equal((await stack.report()).domains['idle.example'].dns.verdict, 'here');
      assert.equal(await stageOf('idle.example'), 'failed');
    });

    it('also when a person found it right on the page, before a run did', async () => {
      await stack.network.map('found.example', { stage: 'failed' });
      await stack.sim.setDns('found.example', { A: [ELSEWHERE] });
      await sync();
      await stack.sim.here('found.example');
      const found = await stack.network.eval("return WU_Cloudways\\Plugin::instance()->runner()->check_dns( array( 'found.example' ) )['turned_right'];");
      assert.deepEqual(found, ['found.example']);
      await sync();
      assert.equal(await stageOf('found.example'), 'checking-dns');
    });
  });

  it('left PHP nothing to complain about', () => {
    assert.deepEqual(stack.network.debugLog().split('\n').filter((line) => /wu-cloudways/.test(line) && /PHP (Fatal|Warning|Notice|Deprecated|Parse)/.test(line)), []);
  });
});
