// Why a loaded file is never overwritten: `cp` writes into the very file that the workers have mapped.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { sleep, until } from '../wordpress/lib/lab.mjs';
import { load, openPools } from '../fpm/lib/pool.mjs';

const ROUNDS = 5;

let pools;
before(async () => {
  pools = await openPools('overwrite');
});
after(() => pools?.close());

it('a file of a new name, its line, a reload: five times under load, and no request fails', async () => {
  const site = await pools.serve('right', { workers: 4, global: ['process_control_timeout = 20s'] });
  const conf = join(pools.lab.dir, 'right', 'fpm.conf');
  let file = pools.so;
  const counts = await load(site, '/call.php?kind=sync', 4, async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      const next = join(pools.lab.dir, 'extension', `wu_cloudways-${round}.so`);
      copyFileSync(pools.so, next);
      writeFileSync(conf, readFileSync(conf, 'utf8').replace(file, next));
      file = next;
      site.fpm.signal('SIGUSR2');
      await until(() => site.workers().length === 4 && site.workers().every(({ pid }) => uses(pid, next)), 'all workers have the new file', 30000);
      await sleep(1000);
    }
  });
  console.log(`# ${ROUNDS} new files: ${counts.lost} of ${counts.requests} requests lost`);
  assert.ok(counts.requests > 50, 'that was no load');
  assert.equal(counts.lost, 0, `${counts.first}\n${site.log()}`);
  await site.stop();
});

it('`cp` over the loaded file while calls run kills workers and loses requests', async () => {
  const so = join(pools.lab.dir, 'extension', 'overwritten.so');
  copyFileSync(pools.so, so);
  const site = await pools.serve('wrong', { workers: 4, so });
  const bytes = readFileSync(pools.so);
  const counts = await load(site, '/call.php?kind=sync', 4, async () => {
    await sleep(1000);
    // What a slow upload does: the file is emptied first, and then comes piece by piece.
    writeFileSync(so, bytes.subarray(0, 4096));
    await sleep(3000);
    writeFileSync(so, bytes);
    await sleep(1000);
  });
  const deaths = (site.log(5000).match(/exited on signal \d+ \(SIG(BUS|SEGV)/g) ?? []).length;
  console.log(`# overwritten: ${counts.lost} of ${counts.requests} requests lost, ${deaths} workers died`);
  assert.ok(deaths > 0 && counts.lost > 0, 'it did no harm: what the documentation says of it has to change');
  await site.stop();
});

function uses(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(file);
  } catch {
    return false;
  }
}
