// What php-fpm does with its workers (starts, idles, reloads, limits, kills them), with calls running in them.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SITE_USER, run, sleep, until } from '../wordpress/lib/lab.mjs';
import { PHP, PHP_FPM } from '../wordpress/lib/services.mjs';
import { KINDS, alive, children, inspect, load, openPools } from './lib/pool.mjs';

describe('php-fpm and its workers', () => {
  let pools;
  before(async () => {
    pools = await openPools('pools');
  });
  after(() => pools?.close());

  /** The next read at Cloudways takes this long, so that a call is in the middle of it; gives `{call}` once it is there. */
  async function slowCall(site, ms, path = '/call.php?kind=test') {
    await pools.sim.clearFaults();
    await pools.sim.fault({ method: 'GET', path: '/server', times: 1, do: { delay_ms: ms } });
    await pools.sim.clearLog();
    const call = site.get(path).catch((error) => ({ status: 0, body: error.message }));
    await until(async () => (await pools.sim.log()).length > 0, 'the call is at work');
    return { call };
  }

  /** Nothing of the pool is left once it was ended, and nothing in it died. */
  async function ends(site, name = 'SIGQUIT', within = 5000) {
    const pids = [site.fpm.pid, ...site.workers().map(({ pid }) => pid)];
    const start = Date.now();
    site.fpm.signal(name);
    await Promise.race([site.fpm.gone, sleep(within, true)]);
    assert.ok(site.fpm.ended, `php-fpm is still there ${within / 1000} s after ${name}`);
    assert.deepEqual(pids.filter(alive), [], 'processes are left');
    await site.stop();
    return Date.now() - start;
  }

  /** The worker once it has closed the connection of its last request, which is a moment after its answer. */
  async function idle(pid) {
    await sleep(300);
    return inspect(pid);
  }

  for (const [pm, lines] of [
    ['static', ['pm = static', 'pm.max_children = 3']],
    ['dynamic', ['pm = dynamic', 'pm.max_children = 4', 'pm.start_servers = 1', 'pm.min_spare_servers = 1', 'pm.max_spare_servers = 2']],
    ['ondemand', ['pm = ondemand', 'pm.max_children = 4', 'pm.process_idle_timeout = 1s']],
  ]) {
    it(`${pm}: calls of every kind at once`, async () => {
      const site = await pools.serve(pm, { lines });
      // Slow ones first, one after the other: FPM starts a worker when somebody comes and those that are there are busy.
      await pools.sim.fault({ method: 'GET', path: '/server', times: 3, do: { delay_ms: 1300 } });
      const pids = await Promise.all([0, 300, 600].map((wait) => sleep(wait).then(() => site.call('test'))));
      pids.push(...(await Promise.all([...KINDS, ...KINDS].map((kind) => site.call(kind)))));
      assert.ok(new Set(pids).size > 1, 'only one worker was at work');
      if (pm === 'ondemand') {
        await until(() => site.workers().length === 0, 'idle workers end', 6000);
        const again = await site.call('sync');
        assert.ok(!pids.includes(again), 'the worker is an old one');
      }
      assert.doesNotMatch(site.log(), /SIGSEGV|SIGABRT|SIGBUS|panicked/);
      await ends(site);
    });
  }

  it('a graceful reload under load loses no request that FPM does not lose by itself', async () => {
    const site = await pools.serve('graceful', { workers: 4, global: ['process_control_timeout = 10s'] });
    let old;
    const reload = async () => {
      await pools.sim.clearFaults();
      await sleep(500);
      // Some calls are in the middle when the signal comes.
      await pools.sim.fault({ method: 'GET', path: '/server', times: 4, do: { delay_ms: 800 } });
      await sleep(100);
      old = site.workers().map(({ pid }) => pid);
      site.fpm.signal('SIGUSR2');
      await until(() => !old.some(alive) && site.workers().length === 4, 'all workers are new', 12000);
      await sleep(600);
    };
    const control = await load(site, '/control.php?ms=100', 6, reload);
    const calls = await load(site, '/call.php?kind=sync', 6, reload);
    console.log(`# reload: ${calls.lost} of ${calls.requests} calls lost, of the plain page ${control.lost} of ${control.requests}`);
    assert.ok(calls.requests > 20, `that was no load: ${calls.requests} requests`);
    assert.ok(old.some((pid) => calls.pids.has(pid)) && site.workers().some(({ pid }) => calls.pids.has(pid)), 'no calls before, or none after');
    assert.ok(calls.lost <= control.lost, `lost ${calls.lost}, the plain page ${control.lost}: ${calls.first}\n${site.log()}`);
    assert.deepEqual(children(site.fpm.pid).filter(({ state }) => state === 'Z'), [], 'zombies');
    assert.equal(site.workers().length, 4);
    await site.call('plan');
    await ends(site);
  });

  it('pm.max_requests: workers are replaced while others call', async () => {
    const site = await pools.serve('maxrequests', { workers: 3, lines: ['pm.max_requests = 2'] });
    const counts = await load(site, '/call.php?kind=test', 4, () => sleep(2500));
    assert.ok(counts.pids.size > 5, `only ${counts.pids.size} workers`);
    assert.equal(counts.lost, 0, `${counts.lost} of ${counts.requests} lost: ${counts.first}`);
    assert.doesNotMatch(site.log(), /SIG[A-Z]+/);
    await ends(site);
  });

  it('request_terminate_timeout ends the worker in the middle of a call; the next one goes on', async () => {
    const site = await pools.serve('terminate', { workers: 1, lines: ['request_terminate_timeout = 1s'] });
    const start = Date.now();
    const { call } = await slowCall(site, 15000);
    const [{ pid: old }] = site.workers();
    const { status } = await call;
    assert.equal(status, 502, 'the call was not ended');
    assert.ok(Date.now() - start < 6000, 'it took FPM too long');
    await until(() => site.log().includes('execution timed out') && /SIGTERM|SIGKILL/.test(site.log()), 'the log says so', 3000);
    await pools.sim.clearFaults();
    assert.notEqual(await site.call('sync'), old);
    await ends(site);
  });

  // Cloudways took the write, and its answer found nobody. The next call sees what is there and goes on.
  it('a worker that is killed between its writes leaves no lock, and `interrupted` says how to go on', async () => {
    const site = await pools.serve('killed', { workers: 2 });
    const path = (more) => `/go-on.php?${more}`;
    pools.page(
      'go-on.php',
      `$report = wu_cloudways_sync( array( 'go-on.example' ), array( 'www' => 'never', 'deadline' => 20, 'interrupted' => isset( $_GET['interrupted'] ) ) );
echo json_encode( array( 'pid' => getmypid(), 'status' => $report['status'], 'added' => $report['aliases']['added'], 'observed' => $report['aliases']['observed'], 'left' => $report['certificate']['budget']['left_of_this_set'] ?? null, 'certificate' => $report['certificate']['ordered'], 'next_at' => $report['next_at'], 'error' => $report['error'] ) );`,
    );
    await pools.sim.here('go-on.example');
    await pools.sim.clearFaults();
    await pools.sim.fault({ method: 'POST', path: '/app/manage/aliases', times: 1, do: { delay_answer_ms: 15000 } });
    await pools.sim.clearLog();
    const call = site.get(path('')).catch(() => ({ status: 0 }));
    await until(async () => (await pools.sim.aliasWrites()).length > 0, 'the call writes');
    const busy = site.workers().map(({ pid }) => pid).filter((pid) => inspect(pid).threads > 1 || inspect(pid).fds.filter((fd) => fd === 'socket').length > 2);
    assert.equal(busy.length, 1, 'which worker is at work cannot be seen');
    process.kill(busy[0], 'SIGKILL');
    assert.equal((await call).status, 502);
    await pools.sim.clearFaults();
    await until(() => site.workers().length === 2 && !alive(busy[0]), 'FPM starts another worker', 5000);
    assert.match(site.log(), /SIGKILL/);
    const answers = [];
    for (let round = 0; round < 4 && answers.at(-1)?.status !== 'ok'; round++) answers.push(await site.json(path('interrupted')));
    const [{ observed, added, error }] = answers;
    assert.deepEqual([observed.includes('go-on.example'), added, error], [true, [], null], JSON.stringify(answers));
    await ends(site);
  });

  it('max_execution_time does not break a call, and ends a script as ever', async () => {
    const site = await pools.serve('maxtime', { workers: 1, lines: ['php_admin_value[max_execution_time] = 1'] });
    pools.page('spin.php', "wu_cloudways_test_connection(); set_time_limit( 1 ); while ( true ) { $n = ( $n ?? 0 ) + 1; }");
    const answer = await (await slowCall(site, 1500)).call;
    assert.equal(answer.status, 200, 'a call that waits longer than the limit');
    const { status } = await site.get('/spin.php');
    assert.equal(status, 500);
    assert.match(site.log(), /Maximum execution time of 1 second exceeded/);
    await site.call('plan');
    await ends(site);
  });

  for (const [name, outcome] of [['SIGTERM', 502], ['SIGQUIT', 200]]) {
    it(`${name} to FPM in the middle of a call: all ends in time`, async () => {
      const site = await pools.serve(name.toLowerCase(), { workers: 2 });
      const { call } = await slowCall(site, name === 'SIGTERM' ? 20000 : 1000);
      const pids = [site.fpm.pid, ...site.workers().map(({ pid }) => pid)];
      const start = Date.now();
      site.fpm.signal(name);
      await Promise.race([site.fpm.gone, sleep(6000, true)]);
      assert.ok(site.fpm.ended, 'php-fpm does not end');
      // process_control_timeout is 3 s.
      assert.ok(Date.now() - start < 5000, `it took ${Date.now() - start} ms`);
      assert.deepEqual(pids.filter(alive), [], 'processes are left');
      assert.equal((await call).status, outcome);
      await site.stop();
      await pools.sim.clearFaults();
    });
  }

  it('50 workers at once, each in a call of its own', async () => {
    const site = await pools.serve('fifty', { workers: 50 });
    await Promise.all(Array.from({ length: 50 }, () => site.get('/control.php?ms=300')));
    const idle = site.workers().map(({ pid }) => inspect(pid).private);
    const start = Date.now();
    const pids = await Promise.all(Array.from({ length: 50 }, (_, n) => site.call(['sync', 'test', 'plan', 'dns', 'certificate'][n % 5])));
    const wall = Date.now() - start;
    const workers = site.workers().map(({ pid }) => inspect(pid));
    const mean = (list) => Math.round(list.reduce((sum, value) => sum + value, 0) / list.length);
    console.log(`# 50 calls at once in ${new Set(pids).size} workers: ${wall} ms, private memory of a worker ${mean(idle)} KiB before, ${mean(workers.map((worker) => worker.private))} KiB after`);
    assert.ok(new Set(pids).size > 10, 'hardly any worker was used');
    assert.ok(wall < 30000, `it took ${wall} ms`);
    assert.ok(workers.every(({ threads }) => threads === 1), 'threads are left');
    await ends(site);
  });

  it('leaves the worker as it was: no descriptor, no thread, nothing in the log, whatever went wrong in the calls', async () => {
    const site = await pools.serve('descriptors', { workers: 1 });
    const [{ pid }] = site.workers();
    await site.get('/control.php');
    const before = await idle(pid);
    const quiet = site.log(200);
    for (const kind of KINDS) assert.equal(await site.call(kind, 2), pid);
    for (const [page, thrown] of [['nobody', 'ApiException'], ['wrong-key', 'AuthException'], ['no-constants', 'ConfigException']]) {
      const answer = await site.json(`/${page}.php`);
      assert.deepEqual(answer, { pid, thrown: `WuCloudways\\Exception\\${thrown}` });
    }
    assert.equal(site.log(200), quiet, 'something was written');
    assert.equal((await site.get('/uncaught.php')).status, 500);
    await until(() => /Uncaught ValueError/.test(site.log()), "PHP's own word about it", 3000);
    assert.equal(await site.call('test'), pid);
    const now = await idle(pid);
    assert.deepEqual(now.fds, before.fds);
    assert.equal(now.threads, 1);
    await ends(site);
  });
});

describe('the extension in the ini of php-fpm', () => {
  let pools;
  before(async () => {
    pools = await openPools('ini');
  });
  after(() => pools?.close());

  it('costs nothing until it is called: master and workers have the threads and descriptors of a PHP without it', async () => {
    const without = await pools.serve('without', { so: null, workers: 2 });
    const within = await pools.serve('within', { so: null, workers: 2, ini: [`extension=${pools.so}`] });
    for (const site of [without, within]) await site.json('/about.php');
    assert.equal((await within.json('/about.php')).loaded, true);
    // Their names differ by the pool and by chance.
    const shape = ({ fds, threads }) => ({ threads, fds: fds.map((fd) => fd.replaceAll(/with(in|out)/g, '*').replace(/ZendSem\.\w+/, 'ZendSem')) });
    const both = [without, within].map((site) => ({ master: inspect(site.fpm.pid), worker: inspect(site.workers()[0].pid) }));
    assert.deepEqual(shape(both[1].master), shape(both[0].master));
    assert.deepEqual(shape(both[1].worker), shape(both[0].worker));
    assert.equal(both[1].master.threads, 1);
    const more = both[1].worker.private - both[0].worker.private;
    console.log(`# private memory of a worker that never calls: ${both[0].worker.private} KiB without, ${both[1].worker.private} KiB with the extension`);
    assert.ok(more < 1024, `${more} KiB more`);
    // Loaded by a line of the pool, every worker relocates the library for itself.
    const line = await pools.serve('line', { workers: 2 });
    await line.json('/about.php');
    console.log(`# the same in a pool whose line loads it: ${inspect(line.workers()[0].pid).private} KiB`);
    for (const site of [without, within, line]) await site.stop();
  });

  it('is loaded in a moment', async () => {
    const script = `$start = hrtime( true ); dl( '${basename(pools.so)}' ); echo extension_loaded( 'wu_cloudways' ) ? ( hrtime( true ) - $start ) / 1e6 : 'not loaded';`;
    const times = [];
    for (let n = 0; n < 7; n++) {
      const { stdout } = await run(PHP, ['-n', '-d', `extension_dir=${dirname(pools.so)}`, '-r', script]);
      times.push(Number(stdout));
    }
    const best = Math.min(...times);
    const megabytes = statSync(pools.so).size / 1e6;
    console.log(`# loading ${megabytes.toFixed(1)} MB: ${best.toFixed(2)} ms, the best of seven`);
    // A debug build has ten times as much to relocate.
    assert.ok(best < (megabytes < 16 ? 3 : 25), `${times}`);
  });

  it('works with opcache, its preloading and the JIT: a preloaded script uses its classes and functions', async () => {
    const script = `${pools.root}/preload.php`;
    pools.page(
      'preload.php',
      `class Preloaded extends WuCloudways\\Exception\\RefusedException {}
function preloaded_call() { try { wu_cloudways_sync( array( 'a.example' ), array( 'sys_user' => 'somebody' ) ); } catch ( WuCloudways\\Exception\\RefusedException $e ) { return get_class( new Preloaded( 'x' ) ); } }`,
      {},
    );
    pools.page('preloaded.php', "for ( $n = 0; $n < 3; $n++ ) { $got[] = preloaded_call(); } echo json_encode( array( 'got' => $got, 'scripts' => count( opcache_get_status()['preload_statistics']['classes'] ?? array() ), 'jit' => opcache_get_status()['jit']['on'] ) );");
    const { stdout } = await run(PHP_FPM, ['-m']);
    const ini = [...(stdout.includes('Zend OPcache') ? [] : ['zend_extension=opcache']), 'opcache.enable=1', 'opcache.jit=tracing', 'opcache.jit_buffer_size=8M', 'opcache.jit_hot_func=1', `opcache.preload=${script}`, ...(SITE_USER ? [`opcache.preload_user=${SITE_USER.name}`] : [])];
    const site = await pools.serve('preload', { so: null, workers: 2, ini: [`extension=${pools.so}`, ...ini] });
    assert.deepEqual(await site.json('/preloaded.php'), { got: Array(3).fill('Preloaded'), scripts: 1, jit: true });
    for (const kind of KINDS) await site.call(kind, 3);
    await site.stop();

    // A pool's line is read by the workers, after preloading: the script has none of it, and FPM does not start.
    await assert.rejects(
      pools.serve('preload-late', { workers: 1, ini }),
      /Class \\?"WuCloudways\\Exception\\RefusedException\\?" not found/,
    );
  });
});
