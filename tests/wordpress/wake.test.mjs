// One process asks the other to run, by a request that only the site itself can sign.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { sleep, until } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const MICRO = 1000000;

describe('the request that wakes the web', () => {
  let stack;

  before(async () => {
    // The extension where the request goes to, and not where it comes from.
    stack = await openStack('wake', { inCli: false });
    await stack.network.map('first.example');
    await stack.settleAliases(['hand-made.example', 'first.example', 'www.first.example']);
  });
  after(() => stack?.close());

  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const runs = async () => Number(await sql('SELECT COALESCE(MAX(id), 0) FROM wp_wu_cloudways_sync_runs'));
  const running = async () => Number(await sql("SELECT COUNT(*) FROM wp_wu_cloudways_sync_runs WHERE status = 'running'")) > 0;

  // Each time a run is due, so that a request that is let in makes one, and no request was let in before: only what is
  // wrong with it can keep one out.
  beforeEach(async () => {
    await until(async () => !(await running()), 'the run before this test ends', 60000);
    await sql("UPDATE wp_wu_cloudways_sync_memory SET number = UNIX_TIMESTAMP() - 5 WHERE name = 'due'");
    await sql("UPDATE wp_wu_cloudways_sync_memory SET number = 0 WHERE name = 'wake'");
    await stack.sim.clearLog();
  });

  /** What the plugin sends, caught before it goes out. */
  async function sent() {
    const request = await stack.network.eval(`$sent = null;
      add_filter( 'pre_http_request', static function ( $answer, $args, $url ) use ( &$sent ) {
        $sent = array( 'url' => $url, 'body' => $args['body'] );
        return array( 'headers' => array(), 'body' => '', 'response' => array( 'code' => 202, 'message' => '' ), 'cookies' => array(), 'filename' => null );
      }, 0, 3 );
      WU_Cloudways\\Plugin::instance()->wake()->send();
      return $sent;`);
    assert.ok(request, 'nothing was sent');
    return request;
  }

  /** The same for another time: seconds before now, or after. */
  async function signedAt(seconds) {
    const time = String(Math.round((Date.now() / 1000 + seconds) * MICRO));
    const signature = await stack.network.eval(`$sign = new ReflectionMethod( 'WU_Cloudways\\Wake', 'signature' ); $sign->setAccessible( true ); return $sign->invoke( null, '${time}' );`);
    return { action: 'wu_cloudways_sync_wake', time, signature };
  }

  const post = async (body, path = '/wp-admin/admin-ajax.php') => (await stack.visitor.post(path, body)).status;

  /** Refused, and no run: not a line in the history, not a request to Cloudways. */
  async function refused(requests) {
    const before = await runs();
    for (const [what, body] of Object.entries(requests)) {
      assert.equal(await post(body), 403, `a request that is ${what} is not refused`);
    }
    await sleep(1000);
    assert.equal(await runs(), before, 'a refused request made a run');
    assert.deepEqual(await stack.sim.log(), [], 'a refused request led to Cloudways');
  }

  it('is let in when it is signed, and makes a run', async () => {
    const before = await runs();
    const { url, body } = await sent();
    const { pathname, host } = new URL(url);
    assert.equal(host, 'network.example', 'it goes to another site');
    assert.equal(await post(body, pathname), 202);
    await until(async () => (await runs()) > before && !(await running()), 'a run follows', 60000);
    assert.equal(Number(await sql(`SELECT COUNT(*) FROM wp_wu_cloudways_sync_runs WHERE id > ${before} AND cause = 'wake' AND context = 'web' AND status IN ('ok', 'pending', 'partial')`)), 1);
    assert.ok((await stack.sim.log()).some(({ path }) => path.endsWith('/server')), 'the run did not look at Cloudways');
  });

  it('is refused without a signature', async () => {
    const { body } = await sent();
    const { signature, ...unsigned } = body;
    await refused({
      unsigned,
      'signed with nothing': { ...body, signature: '' },
      'signed with a list': { action: body.action, time: body.time, 'signature[]': signature },
      'nothing but its name': { action: body.action },
    });
  });

  it('is refused when it was altered', async () => {
    const { body } = await sent();
    const other = body.signature.at(-1) === '0' ? '1' : '0';
    await refused({
      'of another time': { ...body, time: String(BigInt(body.time) + 1n) },
      'signed otherwise': { ...body, signature: body.signature.slice(0, -1) + other },
      'signed for another purpose': { ...body, signature: await stack.network.eval(`return hash_hmac( 'sha256', '${body.time}', wp_salt( 'secure_auth' ) );`) },
      'signed by another site': { ...body, signature: (await otherSalts(body.time)).signature },
      'of a time that is none': { ...(await signedText('now')) },
    });
  });

  it('is refused when it is stale, or of a time to come', async () => {
    await refused({ stale: await signedAt(-330), 'of a time to come': await signedAt(330) });
    const before = await runs();
    assert.equal(await post(await signedAt(-200)), 202, 'one that was some minutes under way is refused');
    await until(async () => (await runs()) > before, 'a run follows');
  });

  it('is refused when it was seen before, also when both come at once', async () => {
    const { body } = await sent();
    const answers = await Promise.all([post(body), post(body), post(body)]);
    assert.deepEqual(answers.sort(), [202, 403, 403], 'one request was let in more or less than once');
    await until(async () => (await stack.sim.log()).length > 0 && !(await running()), 'the run of the one that was let in ends', 60000);
    await sql("UPDATE wp_wu_cloudways_sync_memory SET number = UNIX_TIMESTAMP() - 5 WHERE name = 'due'");
    await stack.sim.clearLog();
    await refused({ replayed: body, 'older than one that was let in': await signedAt(-60) });
  });

  // The extension is in php-fpm only, and the machine's cron works the queue off on the command line.
  it('follows from the queue on the command line, also when nothing changed and the hour is over', async () => {
    await stack.sim.setAliases(['hand-made.example']);
    await sql("UPDATE wp_actionscheduler_actions SET scheduled_date_gmt = UTC_TIMESTAMP() - INTERVAL 5 SECOND, scheduled_date_local = UTC_TIMESTAMP() - INTERVAL 5 SECOND WHERE hook = 'wu_cloudways_sync_run' AND status = 'pending'");
    await stack.network.runQueue();
    await until(async () => (await stack.sim.aliases()).includes('first.example'), 'a run brings back what somebody took away', 20000);
  });

  /** Signed as the plugin signs, with salts that are not the site's. */
  async function otherSalts(time) {
    const signature = await stack.network.eval(`add_filter( 'salt', static fn() => 'of another site', 99 );
      $sign = new ReflectionMethod( 'WU_Cloudways\\Wake', 'signature' ); $sign->setAccessible( true ); return $sign->invoke( null, '${time}' );`);
    return { signature };
  }

  /** Signed as the plugin signs, with a text where the time is. */
  async function signedText(time) {
    const signature = await stack.network.eval(`$sign = new ReflectionMethod( 'WU_Cloudways\\Wake', 'signature' ); $sign->setAccessible( true ); return $sign->invoke( null, '${time}' );`);
    return { action: 'wu_cloudways_sync_wake', time, signature };
  }
});
