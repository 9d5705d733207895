// The commands that ask, look back and decide: `dns`, `history`, `pause`, `resume`, `adopt` and `release`, with their
// formats and exit codes. `plan`, `sync`, `status` and `test` are in faces.test.mjs, `doctor` in doctor.test.mjs.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run, shellLine, sleep, until, write } from './lib/lab.mjs';
import { PHP, SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const SECRETS = [SIM.token, SIM.legacyKey, SIM.email];
const ELSEWHERE = '198.51.100.7';

describe('commands', () => {
  let stack;
  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const due = async () => Number(await sql("SELECT number FROM wp_wu_cloudways_sync_memory WHERE name = 'due'")) - Math.floor(Date.now() / 1000);
  const runs = async () => Number(await sql('SELECT COALESCE(MAX(id), 0) FROM wp_wu_cloudways_sync_runs'));
  const asked = async () => (await stack.sim.log()).filter(({ method, path }) => method === 'GET' && path.endsWith('/server')).length;

  async function wp(args, options) {
    const result = await stack.network.wp(['wu-cloudways', ...args], { check: false, ...options });
    for (const secret of SECRETS) assert.ok(!(result.stdout + result.stderr).includes(secret), 'a secret is printed');
    assert.doesNotMatch(result.stdout + result.stderr, /Deprecated|PHP (Warning|Notice|Fatal)/);
    return result;
  }

  /** The command ends with this number; gives what it printed. */
  async function ends(code, args, options) {
    const result = await wp(args, options);
    assert.equal(result.code, code, `wp wu-cloudways ${args.join(' ')} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
    return result;
  }

  const json = async (code, args, options) => JSON.parse((await ends(code, [...args, '--format=json'], options)).stdout);

  before(async () => {
    stack = await openStack('cli');
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.sim.setDns('late.example', { A: [ELSEWHERE] });
    await stack.network.map(['shop.example', 'late.example']);
  });
  after(() => stack?.close());

  describe('before the first run', () => {
    it('say that there was none', async () => {
      assert.match((await ends(0, ['history'])).stdout, /^There was no run yet\./);
      assert.deepEqual(await json(0, ['history']), []);
      assert.equal((await ends(0, ['history', '--format=csv', '--fields=id,status'])).stdout, 'id,status\n');
      const { stdout, stderr } = await ends(0, ['dns']);
      assert.match(stderr, /There was no run yet, so that no names are known/);
      assert.equal(stdout, '0 of 0 names are right.\n');
    });

    it('take decisions all the same, without a word about what the last run saw', async () => {
      assert.deepEqual(await json(0, ['release', 'nowhere.example']), [{ alias: 'nowhere.example', result: 'released', message: 'Left alone from now on.' }]);
    });

    after(() => wp(['sync', '--timeout=120', '--porcelain']));
  });

  describe('dns', () => {
    it('says of each name of the last run where it points, and what to do', async () => {
      await stack.sim.clearLog();
      const { stdout, stderr } = await ends(3, ['dns']);
      assert.match(stdout, /^Domain +DNS +Addresses +CNAME\n-+\nlate\.example +points elsewhere +198\.51\.100\.7\nnetwork\.example +points here +203\.0\.113\.10\nshop\.example +points here /);
      assert.match(stdout, /\n\n3 of 5 names are right\.\n\nWhat to do\n- late\.example points to 198\.51\.100\.7; it should point to 203\.0\.113\.10 only\.\n {2}At the DNS provider of late\.example, /);
      assert.match(stdout, /\n- www\.late\.example has no address in DNS\.\n/);
      assert.equal(stderr, '');
      assert.deepEqual(await stack.sim.writes(), [], 'it wrote to Cloudways');
    });

    it('asks about the names that are given, however they are written, each once', async () => {
      assert.equal((await ends(0, ['dns', 'Shop.Example.', 'shop.example', '--format=csv', '--fields=domain,verdict'])).stdout, 'domain,verdict\nshop.example,here\n');
      assert.match((await ends(0, ['dns', 'shop.example'])).stdout, /\n\n1 of 1 names are right\.\n$/);
      await stack.sim.setDns('unmapped.example', { CNAME: 'far.example' });
      await stack.sim.setDns('far.example', { A: [ELSEWHERE] });
      const [row] = await json(3, ['dns', 'unmapped.example']);
      assert.deepEqual([row.domain, row.verdict, row.addresses, row.cname], ['unmapped.example', 'elsewhere', [ELSEWHERE], 'far.example']);
      assert.match(row.remedy, /DNS provider of unmapped\.example/);
      const [wrong] = await json(3, ['dns', 'no name']);
      assert.deepEqual([wrong.verdict, wrong.addresses], ['not_asked', []]);
      assert.match(wrong.note, /cannot be used as a domain/);
    });

    it('has formats, columns, and a number for scripts', async () => {
      assert.equal((await ends(3, ['dns', '--porcelain'])).stdout, '2\n');
      assert.equal((await ends(0, ['dns', 'shop.example', '--porcelain'])).stdout, '0\n');
      assert.deepEqual(Object.keys((await json(3, ['dns']))[0]), ['domain', 'verdict', 'addresses', 'cname', 'note', 'remedy']);
      assert.match((await ends(3, ['dns', 'late.example', '--format=yaml'])).stdout, /verdict: elsewhere\n {2}addresses:\n {4}- 198\.51\.100\.7\n/);
      assert.match((await ends(3, ['dns', 'late.example', '--fields=verdict,domain'])).stdout, /^verdict +domain\n-+\nelsewhere +late\.example\n$/);
      assert.match((await ends(1, ['dns', 'late.example', '--fields=verdict,nix'])).stderr, /Unknown in --fields: nix\. There are: domain, verdict, addresses, cname, note, remedy\./);
    });

    it('shows only the verdicts that were asked for; the others count all the same', async () => {
      assert.equal((await ends(3, ['dns', '--verdict=missing', '--format=csv', '--fields=domain'])).stdout, 'domain\nwww.late.example\n');
      assert.equal((await ends(3, ['dns', '--verdict=missing, elsewhere', '--format=csv', '--fields=domain'])).stdout, 'domain\nlate.example\nwww.late.example\n');
      assert.equal((await ends(3, ['dns', '--verdict=proxied'])).stdout, '3 of 5 names are right.\n');
      assert.match((await ends(1, ['dns', '--verdict=wrong'])).stderr, /Unknown in --verdict: wrong\. There are: here, elsewhere,/);
    });

    it('calls a name wrong that points here and gets no certificate', async () => {
      await stack.sim.setDns('caa.example', { A: [SIM.publicIp], CAA: ['0 issue "other.example"'] });
      const [row] = await json(3, ['dns', 'caa.example']);
      assert.equal(row.verdict, 'here');
      assert.match(row.note, /CAA/);
    });

    it('lets a run follow for a name that is right now, and status knows', async () => {
      await until(async () => !(await sql("SELECT id FROM wp_wu_cloudways_sync_runs WHERE status = 'running'")), 'no run is at work');
      assert.ok((await due()) > 60, 'a run is due already');
      await stack.sim.here('late.example');
      const { stderr } = await ends(0, ['dns', 'late.example', '--porcelain']);
      assert.match(stderr, /^Right now, and not before: 1 \(late\.example\)\. A run follows by itself\.$/m);
      assert.ok((await due()) <= 1, 'no run follows');
      assert.match((await wp(['status', '--format=csv', '--fields=domain,dns'])).stdout, /^late\.example,here$/m);
      await stack.sim.setDns('late.example', { A: [ELSEWHERE] });
      await ends(3, ['dns', 'late.example', '--porcelain']);
    });

    it('asks about many in batches, and shows how far it is on a terminal only', async () => {
      const names = Array.from({ length: 401 }, (_, number) => `n${number}.example`);
      await stack.sim.clearLog();
      const { stdout, stderr } = await ends(3, ['dns', ...names, '--format=csv', '--fields=domain']);
      assert.deepEqual(stdout.trim().split('\n').slice(1), names, 'not in the order in which they were given');
      assert.equal(stderr, '');
      assert.equal(await asked(), 3, 'Cloudways is asked for the server once for each batch');

      const line = shellLine(PHP, ['-d', `extension=${stack.so}`, join(stack.network.application, 'wp-cli.phar'), `--path=${stack.network.root}`, 'wu-cloudways', 'dns', 'shop.example']);
      const terminal = await run('script', ['-qec', line, '/dev/null'], { env: { HOME: stack.network.application, COLUMNS: '100', TERM: 'xterm' } });
      assert.equal(terminal.code, 0, terminal.stdout);
      assert.match(terminal.stdout, /Asking DNS +100 ?% \[=+\]/);
      assert.match(terminal.stdout, /1 of 1 names are right/);
    });

    it('says which names there was no time for', async () => {
      const names = Array.from({ length: 201 }, (_, number) => `n${number}.example`);
      const { stdout, stderr } = await ends(3, ['dns', ...names, '--timeout=5', '--format=csv', '--fields=domain,verdict']);
      assert.match(stderr, /^Warning: The time is over; names that were not asked about: 1\. Give it more with --timeout\.$/m);
      const lines = stdout.trim().split('\n');
      assert.deepEqual([lines.length, lines[1], lines.at(-1)], [202, 'n0.example,missing', 'n200.example,not_asked']);
      for (const wrong of ['0', 'soon']) assert.match((await ends(1, ['dns', `--timeout=${wrong}`])).stderr, /--timeout is a number of seconds/);
    });

    for (const [what, code, fault, words] of [
      ['too many requests', 13, { status: 429, body: '{}', headers: { 'retry-after': '3600' } }, /no more requests/],
      ['a refusal', 15, { status: 422, body: '{"message":"no"}' }, /refused/],
      ['an outage', 16, { status: 503, body: 'no' }, /cannot be reached/],
      ['an answer that nobody understands', 17, { status: 200, body: '[1' }, /cannot be understood/],
    ]) {
      it(`ends with ${code} for ${what} of Cloudways, and prints no name`, async () => {
        await stack.sim.fault({ method: 'GET', path: '/server', times: null, do: fault });
        try {
          const { stdout, stderr } = await ends(code, ['dns', '--timeout=30']);
          assert.equal(stdout, '');
          assert.match(stderr, words);
        } finally {
          await stack.sim.clearFaults();
        }
      });
    }

    it('goes on when Cloudways says how long to wait', async () => {
      await stack.sim.fault({ method: 'GET', path: '/server', times: 1, do: { status: 429, body: '{}', headers: { 'retry-after': '40' } } });
      const began = Date.now();
      const { stdout, stderr } = await ends(3, ['dns', '--porcelain', '--timeout=120']);
      await stack.sim.clearFaults();
      assert.equal(stdout, '2\n');
      if (Date.now() - began > 30000) assert.match(stderr, /accepts no more requests at the moment; going on in \d+ s\./);
    });

    it('ends with 10, 12 and 20 for settings, token and extension', async () => {
      try {
        stack.network.setConstants({ WU_CLOUDWAYS_SERVER_ID: 'eins' });
        assert.match((await ends(10, ['dns'])).stderr, /WU_CLOUDWAYS_SERVER_ID is not a positive whole number/);
        stack.network.setConstants({ ...stack.sim.constants(), WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
        assert.match((await ends(12, ['dns'])).stderr, /refused the credentials/);
      } finally {
        stack.network.setConstants(stack.sim.constants());
      }
      assert.match((await ends(20, ['dns'], { extension: false })).stderr, /not loaded in this process/);
    });
  });

  describe('history', () => {
    before(async () => {
      await wp(['sync', '--timeout=120', '--porcelain']);
      stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
      await wp(['sync', '--no-wait']);
      stack.network.setConstants(stack.sim.constants());
    });

    it('lists the last runs in words for people, the newest first', async () => {
      const { stdout } = await ends(0, ['history']);
      const lines = stdout.split('\n');
      assert.match(lines[0], /^Begun +Started by +Where +Outcome +Added +Removed +Error$/);
      assert.match(lines[2], /^\w+ \d+, \d{4} .* ago\) +a command +command line +failed +0 +0 +Cloudways refused the credentials/);
      assert.match(lines[3], /done in part/);
      assert.equal((await ends(0, ['history', '--limit=1'])).stdout.trim().split('\n').length, 3);
    });

    it('has codes and times in UTC for programs', async () => {
      const [failed, good] = await json(0, ['history', '--limit=2']);
      assert.deepEqual([failed.status, failed.code, failed.trigger, failed.where, failed.added], ['failed', 'auth_failed', 'cli', 'cli', 0]);
      assert.match(failed.error, /refused the credentials/);
      assert.ok(Math.abs(Date.now() - Date.parse(failed.started_at)) < 300000, failed.started_at);
      assert.match(failed.started_at, /\+00:00$/);
      assert.deepEqual([good.code, good.error], [null, null]);
      assert.equal((await ends(0, ['history', '--limit=1', '--format=csv', '--fields=status,code'])).stdout, 'status,code\nfailed,auth_failed\n');
      assert.match((await ends(0, ['history', '--limit=1', '--format=yaml'])).stdout, /code: auth_failed/);
    });

    it('tells a run that never came back from one that is at work', async () => {
      await sql("INSERT INTO wp_wu_cloudways_sync_runs (started_at, cause, context, status) VALUES (UNIX_TIMESTAMP() - 60, 'event', 'web', 'running')");
      assert.equal((await json(0, ['history', '--limit=1']))[0].status, 'interrupted');
      await sql("UPDATE wp_wu_cloudways_sync_lock SET token = 'of-another', since = UNIX_TIMESTAMP(), expires = UNIX_TIMESTAMP() + 600");
      assert.deepEqual(Object.values((await json(0, ['history', '--limit=1', '--fields=status,finished_at']))[0]), ['running', null]);
      await sql("UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0; DELETE FROM wp_wu_cloudways_sync_runs WHERE status = 'running'");
    });

    it('refuses what is no number and no column', async () => {
      for (const limit of ['0', 'many']) assert.match((await ends(1, ['history', `--limit=${limit}`])).stderr, /--limit is a number, 1 or more/);
      assert.match((await ends(1, ['history', '--fields=nix'])).stderr, /Unknown in --fields: nix/);
    });
  });

  describe('pause and resume', () => {
    after(() => wp(['resume']));

    it('nothing is sent meanwhile, whoever asks; plans are made, and changes counted', async () => {
      assert.match((await ends(0, ['pause', '--user=admin'])).stderr, /^Success: Paused: nothing is sent\. To go on: wp wu-cloudways resume$/m);
      const again = await ends(0, ['pause']);
      assert.match(again.stderr, /^Warning: Paused since .* by admin: nothing is sent\.$/m);
      assert.match((await ends(0, ['status'])).stderr, /^Warning: Paused since .* by admin: nothing is sent\. To go on: wp wu-cloudways resume$/m);
      assert.equal((await json(0, ['status'])).paused.by, 'admin');
      await stack.sim.clearLog();
      await stack.network.map('paused.example');
      assert.match((await ends(11, ['sync'])).stderr, /is paused; nothing was sent/);
      await stack.network.runQueue();
      await stack.queue();
      assert.deepEqual(await stack.sim.writes(), []);
      assert.match((await ends(0, ['plan'])).stdout, /to add +2 \(paused\.example, www\.paused\.example\)/);
    });

    it('resumed, a run follows by itself', async () => {
      const { stderr } = await ends(0, ['resume']);
      assert.match(stderr, /^Success: Resumed\. \d+ changes? waits?\. A run follows by itself\. To start it now: wp wu-cloudways sync$/m);
      assert.ok((await due()) <= 31, 'no run follows');
      await stack.settle(async () => (await stack.sim.aliases()).includes('paused.example'), 'what waited is sent', { patience: 60000 });
      assert.match((await ends(0, ['resume'])).stderr, /^Warning: It was not paused\.$/m);
    });

    it('with --sync, the run is at once, and the exit code is its own', async () => {
      await ends(0, ['pause']);
      await stack.network.unmap('paused.example');
      const { stdout, stderr } = await ends(3, ['resume', '--sync']);
      assert.equal(stdout, '');
      assert.match(stderr, /A run begins now\.\nDone in part: .* 2 aliases removed\.$/m);
      assert.ok(!(await stack.sim.aliases()).includes('paused.example'));
    });

    it('says that a run is at work already, and by whom it was without a user', async () => {
      await sql("UPDATE wp_wu_cloudways_sync_lock SET token = 'of-another', since = UNIX_TIMESTAMP(), expires = UNIX_TIMESTAMP() + 600");
      assert.match((await ends(0, ['pause'])).stderr, /^Warning: A run is at work, and goes on to its end\.$/m);
      await sql("UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0");
      assert.match((await ends(0, ['pause'])).stderr, /by WP-CLI: nothing is sent/);
      // A decision waits for the end of the pause, and says so.
      const { stderr } = await ends(0, ['release', 'nowhere.example']);
      assert.match(stderr, /It is carried out when the pause ends: wp wu-cloudways resume/);
      await ends(11, ['release', 'nowhere.example', '--sync']);
      await ends(0, ['resume']);
    });
  });

  describe('adopt and release', () => {
    before(async () => {
      for (const name of ['hand.example', 'old.example', 'www.old.example', 'other.example']) await stack.sim.addAlias(name);
      await stack.sim.here('hand.example');
      await wp(['sync', '--timeout=120', '--porcelain']);
    });

    it('takes an alias over, and says of each name what became of it', async () => {
      const { stdout, stderr } = await ends(1, ['adopt', 'Hand.Example', 'hand.example', 'shop.example', 'nix', 'new.example']);
      assert.deepEqual(
        stdout.trim().split('\n').slice(2).map((line) => line.split(/ {3,}/)),
        [
          ['hand.example', 'Taken over: it is kept from now on, and gets into the certificate.'],
          ['shop.example', 'Not done: it is a mapped domain, and kept for as long as it is mapped.'],
          ['nix', 'Not done: it is no domain name that can be used here.'],
          ['new.example', 'Taken over. The last run did not see it at Cloudways: it is added there.'],
        ],
      );
      assert.match(stderr, /^Success: A run follows by itself\. To start it now: wp wu-cloudways sync\nError: Not done: 2 of 4\.$/m);
      assert.ok((await due()) <= 31, 'no run follows');
      await wp(['sync', '--timeout=120', '--porcelain']);
      const { domains, aliases } = await stack.report();
      assert.ok(!aliases.kept.includes('hand.example') && domains['hand.example'], 'it is not kept as ours');
      assert.ok((await stack.sim.aliases()).includes('new.example'), 'it was not added');
    });

    it('releases what was taken over, with codes for programs', async () => {
      assert.deepEqual(
        (await json(1, ['release', 'hand.example', 'shop.example', '*'])).map(({ alias, result }) => [alias, result]),
        [['hand.example', 'released'], ['shop.example', 'mapped'], ['*', 'not_a_name']],
      );
      assert.equal((await ends(0, ['release', 'new.example', '--format=csv', '--fields=alias,result'])).stdout, 'alias,result\nnew.example,released\n');
      await wp(['sync', '--timeout=120', '--porcelain']);
      const { aliases, domains } = await stack.report();
      assert.ok(aliases.kept.includes('hand.example') && !domains['hand.example'], 'it is still ours');
      assert.ok((await stack.sim.aliases()).includes('new.example'), 'it was removed');
    });

    it('removes only what a person says yes to', async () => {
      const there = async () => (await stack.sim.aliases()).filter((name) => name.endsWith('old.example'));
      const nobody = await ends(11, ['adopt', 'old.example', 'www.old.example', '--remove', '--sync']);
      assert.match(nobody.stderr, /^These aliases are to be removed at Cloudways:\n {2}- old\.example\n {2}- www\.old\.example\nDo it\? \[y\/n\] Error: Nobody answered; without a terminal, add --yes\.\nNothing was done\.$/m);
      assert.match((await ends(11, ['adopt', 'old.example', '--remove', '--sync'], { input: 'n\n' })).stderr, /Nothing was done/);
      assert.deepEqual(await there(), ['old.example', 'www.old.example']);
      assert.deepEqual(await stack.network.eval("return WU_Cloudways\\Plugin::instance()->store()->names( 'remove' );"), [], 'a decision was kept that nobody took');

      const yes = await ends(3, ['adopt', 'old.example', '--remove', '--sync'], { input: 'y\n' });
      assert.match(yes.stderr, /Success: A run begins now\.\n.*1 alias removed\.$/m);
      assert.deepEqual(await there(), ['www.old.example']);
      const [row] = await json(3, ['adopt', 'www.old.example', '--remove', '--yes', '--sync']);
      assert.deepEqual([row.result, row.message], ['remove', 'It is removed at Cloudways.']);
      assert.deepEqual(await there(), []);
      assert.match((await json(1, ['adopt', 'gone.example', 'shop.example', '--remove', '--yes']))[0].message, /did not see it at Cloudways; should it be there, it is removed/);
      assert.ok((await stack.sim.aliases()).includes('other.example'), 'an alias is gone that nobody named');
    });

    it('wants at least one name', async () => {
      for (const command of ['adopt', 'release']) assert.match((await ends(1, [command])).stdout, new RegExp(`^usage: wp wu-cloudways ${command} <alias>\\.\\.\\.`));
    });
  });

  it('each ends with 70 when the database does not answer', async () => {
    await sql('RENAME TABLE wp_wu_cloudways_sync_memory TO memory_away; RENAME TABLE wp_wu_cloudways_sync_runs TO runs_away');
    try {
      for (const args of [['history'], ['pause'], ['resume'], ['adopt', 'a.example'], ['release', 'a.example'], ['dns', 'shop.example']]) {
        assert.match((await ends(70, args)).stderr, /The database did not answer/, args[0]);
      }
    } finally {
      await sql('RENAME TABLE memory_away TO wp_wu_cloudways_sync_memory; RENAME TABLE runs_away TO wp_wu_cloudways_sync_runs');
    }
  });

  it('each has a help with examples, and all of them are in the list', async () => {
    const commands = ['adopt', 'dns', 'doctor', 'history', 'pause', 'plan', 'release', 'resume', 'status', 'sync', 'test'];
    const { stdout } = await stack.network.wp(['help', 'wu-cloudways']);
    assert.deepEqual([...stdout.matchAll(/^ {2}([a-z]+) {3,}\S/gm)].map(([, name]) => name), commands);
    assert.match(stdout, /^EXIT CODES$/m);
    for (const command of commands) assert.match((await stack.network.wp(['help', 'wu-cloudways', command])).stdout, /\nEXAMPLES\n[^]*wp wu-cloudways /, command);
  });

  describe('where the website does the work', () => {
    const here = (args) => wp(args, { extension: false });

    it('takes no other run for the answer to its own request', async () => {
      // Whatever the website is asked is lost; runs for events and alarms come and go there.
      stack.network.configure({ web: '127.0.0.1:1' });
      const before = await runs();
      const waiting = here(['sync', '--force', '--yes', '--timeout=9']);
      await until(async () => stack.network.eval("return null !== WU_Cloudways\\Plugin::instance()->store()->request();", { extension: false }), 'the request is there');
      const other = await stack.network.eval("return WU_Cloudways\\Plugin::instance()->runner()->run( array( 'trigger' => 'reconcile', 'ignore_due' => true ) )['outcome'];");
      const { code, stderr } = await waiting;
      stack.network.configure({ web: `127.0.0.1:${stack.web.port}` });
      assert.equal(other, 'done');
      assert.ok((await runs()) > before, 'there was no other run');
      assert.equal(code, 20, stderr);
      assert.match(stderr, /the request was taken back/);
      assert.equal(await stack.network.eval("return WU_Cloudways\\Plugin::instance()->store()->request();"), null);
    });

    it('asks again when another run was at work', async () => {
      await sql("UPDATE wp_wu_cloudways_sync_lock SET token = 'of-another', since = UNIX_TIMESTAMP(), expires = UNIX_TIMESTAMP() + 600");
      const waiting = here(['sync', '--timeout=60', '--porcelain']);
      await sleep(6000);
      await sql("UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0");
      const { code, stdout, stderr } = await waiting;
      assert.deepEqual([code, stdout.trim()], [3, 'partial'], stderr);
    });

    it('a request that was taken back allows nothing to the run that had read it', async () => {
      const outcome = await stack.network.eval(`$plugin = WU_Cloudways\\Plugin::instance();
        $id = $plugin->store()->put_request( array( 'force' => true ) );
        $seen = array();
        add_filter( 'wu_cloudways_domains', static fn( $domains ) => $domains );
        $take = new ReflectionMethod( $plugin->runner(), 'take_request' );
        $take->setAccessible( true );
        $args = array( 'requested' => $id, 'force' => true, 'fingerprint' => 'x', 'trigger' => 'wake' );
        $first = $take->invoke( $plugin->runner(), $args, 7 );
        $second = $take->invoke( $plugin->runner(), $args, 8 );
        return array( $first, $second, $plugin->store()->run_of_request( $id ), $plugin->store()->run_of_request( 'another' ), $plugin->store()->request() );`);
      assert.deepEqual(outcome[0].force, true);
      assert.deepEqual([outcome[1].force, outcome[1].fingerprint], [undefined, undefined]);
      assert.deepEqual(outcome.slice(2), [7, null, null]);
    });

    it('resume --sync and adopt --sync wait for it, too', async () => {
      await ends(0, ['pause']);
      assert.equal((await here(['resume', '--sync'])).code, 3);
      const adopted = await here(['adopt', 'other.example', '--sync']);
      assert.equal(adopted.code, 3, adopted.stderr);
      assert.ok((await stack.report()).domains['other.example'], 'it is not kept as ours');
    });
  });

  it('say in French what they say in English', async () => {
    const file = join(stack.network.muPlugins, 'french.php');
    write(file, "<?php add_filter( 'locale', static fn() => 'fr_FR' );\n");
    try {
      const { stdout } = await ends(3, ['dns', 'late.example']);
      assert.match(stdout, /pointe ailleurs/);
      assert.match(stdout, /faites pointer tous les enregistrements A et AAAA/);
    } finally {
      write(file, '<?php\n');
    }
  });
});
