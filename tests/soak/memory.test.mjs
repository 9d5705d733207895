// One worker of php-fpm and 10,000 calls: nothing of them stays in it. The simulator counts requests, not seconds, and
// forgets its log in between, so that it stays small as well.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { sleep } from '../wordpress/lib/lab.mjs';
import { KINDS, inspect, openPools } from '../fpm/lib/pool.mjs';

// What a worker may have grown by at 10,000 calls, in KiB. The C library's heap takes some hundred calls to find its shape
// (480 KiB more between the 100th and the 1,000th, measured), and then stands: 10 bytes a call would be 88 KiB.
const SINCE_100 = 1024;
const SINCE_1000 = 160;

let pools;
before(async () => {
  pools = await openPools('memory');
});
after(() => pools?.close());

it('10,000 calls of every kind in one worker leave its memory flat', async () => {
  const site = await pools.serve('memory', { workers: 1 });
  const [{ pid }] = site.workers();
  const broken = [['nobody', 'ApiException'], ['wrong-key', 'AuthException'], ['no-constants', 'ConfigException']];
  const figures = [];
  let calls = 0;
  const start = Date.now();
  const measure = async () => {
    await sleep(300);
    const now = inspect(pid);
    figures.push({ calls, ...now, fds: now.fds.length });
    console.log(`# ${String(calls).padStart(6)} calls: ${now.rss} KiB resident, ${now.private} KiB private, ${now.threads} thread, ${now.fds.length} descriptors, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  };
  await site.json('/about.php');
  await measure();
  // Of every 100 calls 20 are at a Cloudways that cannot be had, and end with an exception in PHP.
  while (calls < 10000) {
    for (const kind of KINDS) assert.equal(await site.call(kind, 10), pid, 'the worker was replaced');
    for (let n = 0; n < 20; n++) {
      const [page, thrown] = broken[(calls / 20 + n) % broken.length | 0];
      assert.deepEqual(await site.json(`/${page}.php`), { pid, thrown: `WuCloudways\\Exception\\${thrown}` });
    }
    calls += 100;
    await pools.sim.clearLog();
    if ([100, 1000, 2500, 5000, 10000].includes(calls)) await measure();
  }
  const [early, settled, last] = [figures[1], figures[2], figures.at(-1)];
  assert.deepEqual([last.threads, last.fds], [1, figures[0].fds], 'threads or descriptors are left');
  for (const what of ['rss', 'private']) {
    assert.ok(last[what] - early[what] <= SINCE_100, `${what} grew by ${last[what] - early[what]} KiB since the 100th call`);
    assert.ok(last[what] - settled[what] <= SINCE_1000, `${what} grew by ${last[what] - settled[what]} KiB since the 1,000th call`);
  }
  assert.equal(site.log(200).match(/WARNING|ERROR|Fatal/), null, site.log());
  await site.stop();
});
