// Many workers, and a php-fpm that replaces them all the time. What is lost is compared with a plain page in the same turmoil.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { sleep } from '../wordpress/lib/lab.mjs';
import { KINDS, alive, children, inspect, load, openPools } from '../fpm/lib/pool.mjs';

const SECONDS = Number(process.env.SOAK_SECONDS || 60);

let pools;
before(async () => {
  pools = await openPools('workers');
});
after(() => pools?.close());

/** The log of requests at the simulator is emptied while `work` is at work, or it would grow with every call. */
async function forgetting(work) {
  const timer = setInterval(() => pools.sim.clearLog().catch(() => {}), 2000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function ended(site) {
  const pids = [site.fpm.pid, ...site.workers().map(({ pid }) => pid)];
  assert.deepEqual(children(site.fpm.pid).filter(({ state }) => state === 'Z'), [], 'zombies');
  assert.doesNotMatch(site.log(5000), /SIG(SEGV|BUS|ABRT|ILL|FPE)|panicked/);
  await site.stop();
  assert.deepEqual(pids.filter(alive), [], 'processes are left');
}

it('50 workers: 5,000 calls of every kind', () =>
  forgetting(async () => {
    const site = await pools.serve('many', { workers: 50 });
    const pids = new Set();
    const start = Date.now();
    let calls = 0;
    const visit = async (n) => {
      for (let round = 0; round < 20; round++) {
        pids.add(await site.call(KINDS[(n + round) % KINDS.length], 5));
        calls += 5;
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, n) => visit(n)));
    const workers = site.workers().map(({ pid }) => inspect(pid));
    console.log(`# ${calls} calls in ${pids.size} workers, ${((Date.now() - start) / 1000).toFixed(0)} s, 0 wrong; private memory of the largest worker ${Math.max(...workers.map((worker) => worker.private))} KiB`);
    assert.equal(calls, 5000);
    assert.ok(pids.size > 25, `only ${pids.size} workers`);
    assert.ok(workers.every(({ threads }) => threads === 1), 'threads are left');
    await ended(site);
  }));

it(`a reload every second for ${SECONDS} s, under load`, () =>
  forgetting(async () => {
    const site = await pools.serve('reloads', { workers: 4, global: ['process_control_timeout = 20s'] });
    let reloads = 0;
    const turmoil = async () => {
      for (const end = Date.now() + SECONDS * 1000; Date.now() < end; reloads++) {
        await sleep(1000);
        site.fpm.signal('SIGUSR2');
      }
      await sleep(2000);
    };
    const calls = await load(site, '/call.php?kind=sync', 6, turmoil);
    const during = reloads;
    const control = await load(site, '/control.php?ms=20', 6, turmoil);
    console.log(`# ${during} reloads: ${calls.lost} of ${calls.requests} calls lost, of the plain page ${control.lost} of ${control.requests}; ${calls.pids.size} workers`);
    assert.ok(calls.requests > 100 && calls.pids.size > during, 'that was no load');
    // FPM may lose a request by itself; a call takes longer than a plain page, so that is compared by share.
    const share = (counts) => counts.lost / counts.requests;
    assert.ok(share(calls) <= share(control), `lost: ${calls.first}\n${site.log()}`);
    await site.call('plan');
    await ended(site);
  }));

it('pm.max_requests = 5 under load for half of that', () =>
  forgetting(async () => {
    const site = await pools.serve('replaced', { workers: 4, lines: ['pm.max_requests = 5'] });
    const calls = await load(site, '/call.php?kind=sync', 6, () => sleep(SECONDS * 500));
    console.log(`# ${calls.lost} of ${calls.requests} calls lost, in ${calls.pids.size} workers`);
    assert.equal(calls.lost, 0, calls.first);
    assert.ok(calls.pids.size >= calls.requests / 6, 'the workers were not replaced');
    await ended(site);
  }));
