// One run at a time. Each test starts real processes that act at one instant, and the races are shown to notice a lock
// that is broken on purpose.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openStack } from './lib/stack.mjs';

const PROCESSES = 6;

describe('the lock', () => {
  let stack;

  before(async () => {
    stack = await openStack('locks', { workers: 6 });
  });
  after(() => stack?.close());

  /**
   * Processes that do the same at one instant: `what` of wu-lab.php, `code` in WP-CLI. Half of them are php-fpm
   * workers, half WP-CLI. Gives what each got. When one came late, everything is done again with more time to start.
   */
  async function atOnce(prepare, what, code) {
    for (let lead = 3; ; lead *= 2) {
      await prepare();
      const at = Date.now() / 1000 + lead;
      const inCli = `time_sleep_until( max( ${at}, microtime( true ) + 0.001 ) );
        $late = microtime( true ) - ${at};
        return array( 'got' => ${code}, 'late' => $late );`;
      const results = await Promise.all(
        Array.from({ length: PROCESSES }, (_, n) => (n % 2 ? stack.network.eval(inCli) : stack.ask(what, { at }).then(({ result }) => result))),
      );
      const late = Math.max(...results.map((one) => one.late));
      if (late < 0.5) return results.map(({ got }) => got);
      assert.ok(lead < 40, `a process came ${late.toFixed(1)} s late although it had ${lead} s to start: the race proves nothing`);
    }
  }

  /** Sets the lock's row, and gives the tokens that acquire() handed out then. */
  async function race(row) {
    const got = await atOnce(() => stack.db.sql(row, 'wordpress'), 'lock', 'WU_Cloudways\\Plugin::instance()->lock()->acquire( 60 )');
    return got.filter(Boolean);
  }

  /** Gives the outcomes of runs, each of which needs a second at least for its first request. */
  async function runs() {
    await stack.sim.fault({ method: 'GET', path: '/server', times: null, do: { delay_ms: 1000 } });
    try {
      const none = () => stack.db.sql(ROW['the first time ever'], 'wordpress');
      return await atOnce(none, 'run', "WU_Cloudways\\Plugin::instance()->runner()->run( array( 'trigger' => 'cli' ) )['outcome']");
    } finally {
      await stack.sim.clearFaults();
    }
  }

  const ROW = {
    'the first time ever': 'DELETE FROM wp_wu_cloudways_sync_lock',
    'after it was given back': "UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0",
    'after its holder died': "UPDATE wp_wu_cloudways_sync_lock SET token = 'of-the-dead', expires = 1",
  };
  const HELD = `UPDATE wp_wu_cloudways_sync_lock SET token = 'of-the-living', expires = ${Math.floor(Date.now() / 1000) + 3600}`;

  for (const [when, sql] of Object.entries(ROW)) {
    it(`lets one of ${PROCESSES} processes through, ${when}`, async () => {
      assert.equal((await race(sql)).length, 1, 'not exactly one process took the lock');
    });
  }

  it('lets nobody through while it is held', async () => {
    assert.deepEqual(await race(HELD), [], 'a held lock was taken');
  });

  // The same races once more with the lock broken on purpose. A pause between its look and its write makes the order in
  // which the processes come certain; with it, the lock as it is lets one through, and the broken one all of them.
  const FILE = 'includes/class-lock.php';
  const WRITE = '$updated = Database::write(';
  const PAUSE = `usleep( 1000000 );\n\t\t${WRITE}`;

  it('lets one through although there is a pause between its look and its write', async () => {
    const mend = stack.patchPlugin(FILE, WRITE, PAUSE);
    try {
      assert.equal((await race(ROW['after its holder died'])).length, 1, 'not exactly one process took the lock');
    } finally {
      mend();
    }
  });

  it('is what a run takes: of runs that begin at once, one does the work', async () => {
    const outcomes = await runs();
    assert.deepEqual(outcomes.sort(), ['done', ...Array(PROCESSES - 1).fill('locked')]);
  });

  it('lets several runs work at once when it is broken: everybody gets it', async () => {
    const mend = stack.patchPlugin(FILE, 'if ( 1 === $inserted ) {', 'if ( $inserted < 2 ) {');
    try {
      const working = (await runs()).filter((outcome) => outcome !== 'locked');
      assert.ok(working.length > 1, `${working.length} of ${PROCESSES} runs did not find the lock taken: the test before this one would not notice a broken lock`);
    } finally {
      mend();
    }
  });

  const BROKEN = {
    'nobody looks who won the update': ['after its holder died', [[WRITE, PAUSE], ['return 1 === $updated ? $token : null;', 'return $token;']]],
    'nobody looks who won the insert': ['the first time ever', [['if ( 1 === $inserted ) {', 'if ( $inserted < 2 ) {']]],
  };

  for (const [how, [when, patches]] of Object.entries(BROKEN)) {
    it(`lets several through when it is broken: ${how}`, async () => {
      const mends = patches.map(([from, to]) => stack.patchPlugin(FILE, from, to));
      try {
        const winners = await race(ROW[when]);
        assert.ok(winners.length > 1, `${winners.length} of ${PROCESSES} processes took the broken lock: this race would not notice it`);
      } finally {
        for (const mend of mends.reverse()) mend();
      }
    });
  }
});

describe('twenty domains mapped through twenty events at once', () => {
  let stack;
  let shop;
  const BY_HAND = ['hand-made.example', 'Other-Hand.example'];
  const domains = Array.from({ length: 20 }, (_, n) => `tenant-${n + 1}.example`);
  const everything = [...BY_HAND, 'shop.network.example', ...domains.flatMap((name) => [name, `www.${name}`])];

  before(async () => {
    stack = await openStack('twenty', { workers: 4 });
    await stack.sim.setAliases(BY_HAND);
    shop = await stack.network.addSite('shop');
    await stack.settleAliases([...BY_HAND, 'shop.network.example']);
  });
  after(() => stack?.close());

  it('loses no domain and no alias, and writes the list at most twice, with two php-fpm workers and WP-CLI together', async () => {
    // Small batches, so that the twenty jobs are spread over the three; and answers as slow as the real ones.
    stack.network.configure({ batch: 2, jobs: true });
    await stack.sim.fault({ method: 'GET', path: '/server', times: null, do: { delay_ms: 300 } });
    await Promise.all([
      stack.network.map(domains.slice(0, 8), { blog: shop }),
      ...domains.slice(8).map((name) => stack.map(name, shop)),
    ]);
    assert.deepEqual((await stack.network.mapped()).filter((name) => domains.includes(name)).sort(), [...domains].sort(), 'a domain is not in the table');

    await stack.sim.clearLog();
    const at = Date.now() / 1000 + 6;
    await Promise.all([
      stack.ask('queue', { at }),
      stack.ask('queue', { at }),
      stack.network.wp(['eval', `time_sleep_until( ${at} ); WP_CLI::runcommand( 'action-scheduler run --force --batch-size=2', array( 'launch' => false ) );`]),
    ]);
    await stack.settleAliases(everything);

    const jobs = stack.network.jobs().filter(({ hook, args }) => hook === 'wu_add_domain' && domains.includes(args[0]));
    assert.equal(new Set(jobs.map(({ args }) => args[0])).size, 20, 'not every domain had its event');
    const processes = new Map(jobs.map(({ sapi, pid }) => [pid, sapi]));
    assert.ok([...processes.values()].filter((sapi) => sapi !== 'cli').length >= 2, `fewer than two php-fpm workers took part: ${JSON.stringify([...processes])}`);
    assert.ok([...processes.values()].includes('cli'), `WP-CLI took no part: ${JSON.stringify([...processes])}`);

    const writes = await stack.sim.aliasWrites();
    assert.ok(writes.length >= 1 && writes.length <= 2, `the alias list was written ${writes.length} times`);
    assert.deepEqual([...(await stack.network.mapped())].filter((name) => domains.includes(name)).sort(), [...domains].sort(), 'a domain was lost from the table');
  });

  it('loses nothing when every handler runs at the same instant, nor more than was unmapped afterwards', async () => {
    await stack.sim.clearLog();
    const at = Date.now() / 1000 + 2;
    await Promise.all(domains.slice(0, 4).map((domain) => stack.ask('add', { domain, at, blog: shop })));
    await stack.settleAliases(everything);
    assert.deepEqual(await stack.sim.aliasWrites(), [], 'events about domains that are in place wrote the list');
    for (const domain of domains.slice(0, 2)) await stack.network.unmap(domain);
    await stack.settleAliases(everything.filter((name) => !/^(www\.)?tenant-[12]\.example$/.test(name)));
  });
});
