// What goes wrong in the middle: a worker is killed, Cloudways fails after the first write, the database fails.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { existsSync, readFileSync } from 'node:fs';
import { sleep, until } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const BY_HAND = ['hand-made.example', 'Kept-As-It-Is.example'];

describe('a process is killed in the middle of a running operation', () => {
  let stack;
  let shop;
  const sync = (seconds, ...more) => stack.network.wp(['wu-cloudways', 'sync', `--timeout=${seconds}`, ...more], { check: false });

  before(async () => {
    stack = await openStack('killed', { workers: 3 });
    await stack.sim.setAliases(BY_HAND);
    shop = await stack.network.addSite('shop');
    await stack.settleAliases([...BY_HAND, 'shop.network.example']);
  });
  after(() => stack?.close());

  /** Starts a run by `start(kill)`, and kills its process when the alias list was sent and the operation still runs. */
  async function killedInTheMiddle(start) {
    await stack.sim.clearLog();
    await stack.sim.pace(null, null);
    const killed = await start(() => until(async () => (await stack.sim.aliasWrites()).length > 0, 'the alias list is sent'));
    await sleep(500);
    assert.equal((await stack.sim.aliasWrites()).length, 1, 'the list was sent more than once before the kill');
    const running = (await stack.sim.state()).operations.filter(({ outcome }) => outcome === 'running');
    assert.equal(running.length, 1, 'no operation was running when the process was killed');
    // The operation goes on without whoever started it.
    await stack.sim.pace(2, 3);
    await stack.sim.patch({ operations: (await stack.sim.state()).operations.map((one) => (one.outcome === 'running' ? { ...one, pace: { polls: 1, seconds: 1 } } : one)) });
    return killed;
  }

  it('a php-fpm worker: the next run comes to the same end', async () => {
    await stack.sim.here('worker.example', 'www.worker.example');
    await stack.map('worker.example', shop);
    await killedInTheMiddle(async (sent) => {
      const answer = stack.visitor.get('/?wu_lab=queue&pid_file=worker');
      await sent();
      const file = `${stack.network.labFile}.worker`;
      assert.ok(existsSync(file), 'the worker did not say who it is');
      process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
      assert.equal((await answer).status, 502, 'the worker answered although it was killed');
    });
    // Two minutes later the lock of the dead one has run out.
    await stack.ageLock(125);
    const { code, stdout, stderr } = await sync(60);
    assert.equal(code, 4, `the next run ended with ${code}:\n${stdout}${stderr}`);
    assert.deepEqual([...(await stack.sim.aliases())].sort(), [...BY_HAND, 'shop.network.example', 'worker.example', 'www.worker.example'].sort());
    // What came after the aliases is left to do. The one that was killed may have ordered, so that the next order waits.
    const { certificate } = await stack.report();
    assert.deepEqual([certificate.note?.code, certificate.budget.left], ['order_gap', 38], JSON.stringify(certificate));
    assert.equal((await sync(60, '--force', '--yes')).code, 3);
    assert.deepEqual([...(await stack.sim.certificate())].sort(), ['network.example', 'worker.example', 'www.worker.example']);
    assert.equal((await stack.report()).domains['worker.example'].certificate, 'covered');
  });

  it('WP-CLI: the next run comes to the same end, and the name counts as ours', async () => {
    await stack.map('cli.example', shop);
    await killedInTheMiddle(async (sent) => {
      let child;
      const run = stack.network.wp(['wu-cloudways', 'sync', '--timeout=60'], { check: false, onSpawn: (spawned) => (child = spawned) });
      await sent();
      child.kill('SIGKILL');
      assert.equal((await run).signal, 'SIGKILL', 'WP-CLI had already ended');
    });
    await stack.ageLock(125);
    const all = [...BY_HAND, 'shop.network.example', 'worker.example', 'www.worker.example', 'cli.example', 'www.cli.example'];
    await stack.settleAliases(all, { run: () => sync(30) });
    await stack.network.unmap('cli.example');
    await stack.settleAliases(all.filter((name) => !name.endsWith('cli.example')), { run: () => sync(30) });
  });

  it('forgets nobody: what people made is as it was', async () => {
    const aliases = await stack.sim.aliases();
    for (const name of BY_HAND) assert.ok(aliases.includes(name), `${name} is gone`);
  });
});

describe('Cloudways or the database fails', () => {
  let stack;
  let shop;
  const settled = { run: () => stack.network.wp(['wu-cloudways', 'sync', '--timeout=30'], { check: false }) };

  before(async () => {
    stack = await openStack('fails');
    await stack.sim.setAliases(BY_HAND);
    shop = await stack.network.addSite('shop');
    await stack.settleAliases([...BY_HAND, 'shop.network.example']);
  });
  after(() => stack?.close());

  it('an error after the first write loses no state', async () => {
    await stack.sim.here('first.example', 'www.first.example');
    await stack.network.map('first.example', { blog: shop });
    await stack.sim.clearLog();
    // The list goes through; everything that comes after it does not.
    await stack.sim.fault({ method: 'POST', path: '/security/*', times: null, do: { status: 503, body: '<html>Service Unavailable</html>' } });
    const { stdout, stderr } = await stack.network.wp(['wu-cloudways', 'sync', '--force', '--yes', '--timeout=25', '--no-wait'], { check: false });
    assert.equal((await stack.sim.aliasWrites()).length, 1, `the list was not sent:\n${stdout}${stderr}`);
    assert.ok((await stack.sim.writes()).some(({ path, status }) => path.includes('/security/') && status === 503), 'the certificate was not tried');
    const { report, last_run: run } = await stack.json('status');
    assert.ok(report, 'there is no report after an error that came after the first write');
    assert.equal(report.error?.code, 'api_unavailable', `the report does not tell of the failure: ${JSON.stringify(report.error)}`);
    assert.equal(report.domains['first.example']?.alias, 'added', 'the report does not tell of what was done before');
    assert.equal(run?.code, 'api_unavailable', `the history does not tell of the failure: ${JSON.stringify(run)}`);

    await stack.sim.clearFaults();
    // Only what is remembered as ours is taken away: the memory of the failed run is there.
    await stack.network.unmap('first.example');
    await stack.settleAliases([...BY_HAND, 'shop.network.example'], settled);
  });

  for (const [what, table] of [['the domains cannot be read', 'wp_wu_domain_mappings'], ['its own memory cannot be read', 'wp_wu_cloudways_sync_memory']]) {
    it(`pushes nothing when ${what}`, async () => {
      const before = await stack.sim.aliases();
      await stack.network.map('unread.example', { blog: shop });
      await stack.sim.clearLog();
      await stack.db.sql(`RENAME TABLE ${table} TO ${table}_away`, 'wordpress');
      let result;
      try {
        result = await stack.network.wp(['wu-cloudways', 'sync', '--no-wait'], { check: false });
        await stack.queue();
      } finally {
        await stack.db.sql(`RENAME TABLE ${table}_away TO ${table}`, 'wordpress');
      }
      assert.equal(result.code, 70, `a run that could not read ended with ${result.code} instead of 70:\n${result.stdout}${result.stderr}`);
      assert.doesNotMatch(result.stderr, /PHP Fatal|Uncaught/, 'the command died of it');
      assert.deepEqual(await stack.sim.writes(), [], 'something was pushed');
      assert.deepEqual(await stack.sim.aliases(), before);
      await stack.network.unmap('unread.example');
      await stack.settleAliases(before, settled);
    });
  }

  describe('the settings are wrong', () => {
    const sync = () => stack.network.wp(['wu-cloudways', 'sync', '--no-wait'], { check: false });
    const test = () => stack.network.wp(['wu-cloudways', 'test'], { check: false });
    let good;

    before(async () => {
      good = stack.sim.constants();
      await stack.network.map('waiting.example', { blog: shop });
    });

    const WRONG = [
      ['a token that Cloudways does not know', { WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' }, test, 12, /WU_CLOUDWAYS_API_KEY/, 'cw_wrong_token_of_nobody'],
      ['an expired token', { WU_CLOUDWAYS_API_KEY: 'cw_sim_expired' }, test, 12, /WU_CLOUDWAYS_API_KEY/, 'cw_sim_expired'],
      ['a wrong legacy key', { WU_CLOUDWAYS_API_KEY: 'wrong-legacy-key-987654321' }, test, 12, /WU_CLOUDWAYS_API_KEY/, 'wrong-legacy-key-987654321'],
      ['a server of somebody else', { WU_CLOUDWAYS_SERVER_ID: 99999 }, test, 10, /WU_CLOUDWAYS_SERVER_ID/, 'cw_sim_full'],
      ['an application that is not on the server', { WU_CLOUDWAYS_APP_ID: 140001 }, test, 10, /WU_CLOUDWAYS_APP_ID/, 'cw_sim_full'],
      ['a token that may only read', { WU_CLOUDWAYS_API_KEY: 'cw_sim_read' }, sync, 12, /\/app\/manage\/aliases/, 'cw_sim_read'],
      ['malformed ids', { WU_CLOUDWAYS_SERVER_ID: 'eins', WU_CLOUDWAYS_APP_ID: '-2' }, sync, 10, /WU_CLOUDWAYS_SERVER_ID[\s\S]*WU_CLOUDWAYS_APP_ID/, 'cw_sim_full'],
    ];
    for (const [what, constants, command, code, named, secret] of WRONG) {
      it(`${what}: says which, and what to do`, async () => {
        await stack.sim.clearLog();
        stack.network.setConstants(constants);
        let result;
        try {
          result = await command();
        } finally {
          stack.network.setConstants(good);
        }
        const said = result.stdout + result.stderr;
        assert.equal(result.code, code, `it ended with ${result.code} instead of ${code}:\n${said}`);
        assert.match(said, named, `it does not name the culprit:\n${said}`);
        assert.ok(!said.includes(secret), `it shows the credential:\n${said}`);
        assert.deepEqual((await stack.sim.writes()).filter(({ status }) => status < 400), [], 'something was written');
      });
    }

    it('the legacy key and its e-mail still work', async () => {
      stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'sim-legacy-key-0123456789' });
      try {
        const { code, stdout, stderr } = await test();
        assert.equal(code, 0, `the legacy key is refused:\n${stdout}${stderr}`);
      } finally {
        stack.network.setConstants(good);
      }
    });
  });
});
