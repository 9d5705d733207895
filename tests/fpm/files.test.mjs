// The wrong file in the right place: what php-fpm then does, and what it says.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run, sleep, until } from '../wordpress/lib/lab.mjs';
import { PHP } from '../wordpress/lib/services.mjs';
import { load, openPools } from './lib/pool.mjs';

describe('a file that php-fpm cannot use', () => {
  let pools;
  let bytes;
  let api;

  before(async () => {
    pools = await openPools('files');
    bytes = readFileSync(pools.so);
    api = Number(/API(20\d{6}),/.exec(bytes.toString('latin1'))[1]);
  });
  after(() => pools?.close());

  /** A copy of the extension, changed. */
  function copy(name, change = () => {}) {
    const file = join(pools.lab.dir, 'extension', name);
    const other = Buffer.from(bytes);
    change(other);
    writeFileSync(file, other);
    return file;
  }

  const TWO_WAYS = [
    ["a line of the pool", (so) => ({ so })],
    ['the ini', (so) => ({ so: null, ini: [`extension=${so}`] })],
  ];

  for (const [n, [where, options]] of TWO_WAYS.entries()) {
    it(`made for another PHP, in ${where}: PHP's own message, and a site that works without it`, async () => {
      const number = (value) => Buffer.from(Uint32Array.of(value).buffer);
      const so = copy(`api-${n}.so`, (other) => {
        let found = 0;
        for (let at = other.indexOf(number(api)); at >= 0; at = other.indexOf(number(api), at + 1), found++) number(20090626).copy(other, at);
        assert.ok(found > 0, 'the file has no API number');
      });
      const site = await pools.serve(`api${n}`, { workers: 1, ...options(so) });
      assert.equal((await site.json('/about.php')).loaded, false);
      assert.match(site.log(), new RegExp(`Module compiled with module API=20090626[^]*PHP +compiled with module API=${api}`));
      await site.stop();
    });

    it(`of another build (threads, debug), in ${where}: the same`, async () => {
      const so = copy(`build-${n}.so`, (other) => other.write('ABI', other.indexOf(`API${api},`)));
      const site = await pools.serve(`build${n}`, { workers: 1, ...options(so) });
      assert.equal((await site.json('/about.php')).loaded, false);
      assert.match(site.log(), new RegExp(`Module compiled with build ID=ABI${api}[^]*PHP +compiled with build ID=API${api}`));
      await site.stop();
    });
  }

  it('loaded twice, by the ini and a line of the pool: a warning, and it works', async () => {
    const site = await pools.serve('twice', { workers: 1, so: pools.so, ini: [`extension=${pools.so}`] });
    await site.call('sync');
    await site.call('refused');
    assert.match(site.log(), /Module "wu_cloudways" is already loaded/);
    assert.doesNotMatch(site.log(), /SIG[A-Z]+/);
    await site.stop();
  });

  it("not readable for the pool's user: a warning, and a site that works without it", async () => {
    const so = copy('secret.so');
    chmodSync(so, 0o000);
    const site = await pools.serve('unreadable', { workers: 1, so });
    assert.equal((await site.json('/about.php')).loaded, false);
    assert.match(site.log(), /secret\.so.*Permission denied/);
    await site.stop();
  });

  // What the loader maps ends before the symbols for a debugger do.
  function loadable() {
    const [start, each, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
    const headers = Array.from({ length: count }, (_, n) => start + n * each).filter((at) => bytes.readUInt32LE(at) === 1);
    return Math.max(...headers.map((at) => Number(bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32))));
  }

  it('a beginning of it that the loader refuses: a warning, and a site that works without it', async () => {
    const so = copy('beginning.so');
    truncateSync(so, 100);
    const site = await pools.serve('beginning', { workers: 1, so });
    assert.equal((await site.json('/about.php')).loaded, false);
    assert.match(site.log(), /Unable to load dynamic library .*beginning\.so/);
    await site.stop();
  });

  // The loader maps what the file's head promises, and what is not there kills who looks at it. No extension can catch
  // this, it is not running yet; hence a check before the line is changed.
  it('copied in part: every worker dies at its start, the check sees it before, and the old line and a reload heal the site', async () => {
    const half = copy('half.so');
    truncateSync(half, Math.floor(loadable() / 2));
    const check = await run(PHP, ['-n', '-d', `extension=${half}`, '-m']);
    assert.ok(check.code !== 0, 'the documented check passes');
    const site = await pools.serve('part', { workers: 1, so: half });
    await assert.rejects(site.get('/about.php', { timeout: 1000 }));
    assert.match(site.log(), /exited on signal \d+ \(SIG(BUS|SEGV)/);
    changeLine('part', half, pools.so);
    site.fpm.signal('SIGUSR2');
    await until(() => site.call('test').catch(() => null), 'the site works again', 10000);
    await site.stop();
  });

  /** The pool's line names another file, from the next reload on. */
  function changeLine(name, from, to) {
    const conf = join(pools.lab.dir, name, 'fpm.conf');
    writeFileSync(conf, readFileSync(conf, 'utf8').replace(from, to));
  }

  it('the documented way under load: a file of a new name, its check, the new line, a reload: no request fails', async () => {
    const site = await pools.serve('new-name', { workers: 4, global: ['process_control_timeout = 10s'] });
    const newer = copy('wu_cloudways-next.so');
    let old;
    const counts = await load(site, '/call.php?kind=sync', 4, async () => {
      await sleep(500);
      old = site.workers().map(({ pid }) => pid);
      changeLine('new-name', pools.so, newer);
      site.fpm.signal('SIGUSR2');
      await until(() => site.workers().length === 4 && !site.workers().some(({ pid }) => old.includes(pid)), 'all workers are new', 15000);
      await sleep(500);
    });
    assert.equal(counts.lost, 0, `${counts.lost} of ${counts.requests}: ${counts.first}\n${site.log()}`);
    const maps = readFileSync(`/proc/${site.workers()[0].pid}/maps`, 'utf8');
    assert.ok(maps.includes(newer) && !maps.includes(`${pools.so}\n`), 'the workers have another file');
    await site.stop();
  });
});
