// What a person sees: the commands with their formats and exit codes, and the network page, in English and in French.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { WORDPRESS_FILES } from '../../scripts/wordpress.mjs';
import { text } from './lib/http.mjs';
import { giveToSite, sleep } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const PAGE = '/wp-admin/network/admin.php?page=wu-cloudways';

describe('commands and network page', () => {
  let stack;
  const wp = (...args) => stack.network.wp(['wu-cloudways', ...args], { check: false });
  const writes = async () => (await stack.sim.log()).filter(({ method }) => method === 'POST').length;

  before(async () => {
    stack = await openStack('faces');
    // In English at first; a language counts as installed when its files are there.
    cpSync(join(WORDPRESS_FILES, 'latest/languages'), join(stack.network.content, 'languages'), { recursive: true });
    await giveToSite(join(stack.network.content, 'languages'));
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.sim.setDns('late.example', { A: ['198.51.100.7'] });
    await stack.network.map(['shop.example', 'late.example']);
  });
  after(() => stack?.close());

  it('plans without writing, with exit code 2 where changes are not expected', async () => {
    await stack.sim.clearLog();
    const plan = await wp('plan', '--expect-no-changes', '--porcelain');
    assert.deepEqual([plan.code, plan.stdout.trim()], [2, 'changes_pending'], plan.stderr);
    assert.equal((await wp('plan', '--porcelain')).code, 0);
    const { stdout } = await wp('plan');
    assert.match(stdout, /^ {2}to add +4 \(late\.example, shop\.example, www\.late\.example, www\.shop\.example\)$/m);
    assert.match(stdout, /^late\.example +to add +points elsewhere +blocked$/m);
    assert.match(stdout, /^Changes are pending; nothing was written\. To add: 4 aliases\. To order: a certificate for 3 names\.$/m);
    assert.equal(await writes(), 0, 'a plan wrote');
  });

  it('ends with 4 while something is pending, and with 3 when something is left', async () => {
    await stack.sim.patch({ switches: { operation_polls: null, operation_seconds: 300 } });
    const begun = await wp('sync', '--no-wait', '--timeout=20', '--porcelain');
    assert.deepEqual([begun.code, begun.stdout.trim()], [4, 'pending'], begun.stderr);
    await stack.sim.patch({ time_offset: 300, switches: { operation_polls: 2, operation_seconds: 3 } });
    const done = await wp('sync', '--timeout=90', '--porcelain');
    assert.deepEqual([done.code, done.stdout.trim()], [3, 'partial'], done.stderr);
  });

  it('tells people what to do, on standard output', async () => {
    const { stdout, stderr, code } = await wp('status');
    assert.equal(code, 0);
    assert.match(stdout, /3 of 100 names, Let’s Encrypt, issued by R11, valid until \w+ \d+, \d{4}, renews by itself$/m);
    assert.match(stdout, /^late\.example +present +points elsewhere +blocked$/m);
    assert.match(stdout, /let every A and AAAA record point to 203\.0\.113\.10/);
    assert.doesNotMatch(stderr, /Error|Warning/);
  });

  it('does not sit and wait for an order whose time is far away, and says until when and why', async () => {
    const why = /A certificate was ordered a short while ago; changes are gathered for the next order, on .*\./;
    await stack.sim.here('gap.example', 'www.gap.example');
    await stack.network.map('gap.example');
    await stack.sim.clearLog();
    const began = Date.now();
    const sync = await wp('sync', '--timeout=3600');
    assert.equal(sync.code, 4, sync.stdout + sync.stderr);
    assert.ok(Date.now() - began < 60000, 'it waited');
    assert.deepEqual(await stack.sim.writes('/security/lets_encrypt_install'), [], 'it did not wait at all');
    assert.match(sync.stdout, /^Done so far: the next certificate is ordered on .*, by itself\. 2 aliases added\.$/m);
    assert.match(sync.stdout, /^ {2}orders left +39 of 40 for \S+\.example$/m);
    assert.match(sync.stdout, /^ {2}next order +.* \(in \d+ minutes?\)$/m);
    assert.match(sync.stdout, /^Goes on by itself: .* \(in \d+ minutes?\)\nA certificate was ordered a short while ago; /m);
    assert.match(sync.stdout, /^gap\.example +added +points here +waiting$/m);
    assert.doesNotMatch(sync.stdout, /^- A certificate was ordered/m, 'it is called something that needs attention');
    // Where standard output is for a program, it is said on standard error.
    const json = await wp('sync', '--timeout=3600', '--format=json');
    assert.equal(json.code, 4);
    assert.equal(JSON.parse(json.stdout).certificate.note.code, 'order_gap');
    assert.match(json.stderr, why);
    // And where the website does the work.
    const other = await stack.network.wp(['wu-cloudways', 'sync', '--timeout=3600', '--porcelain'], { check: false, extension: false });
    assert.deepEqual([other.code, other.stdout.trim()], [4, 'pending'], other.stderr);
    assert.match(other.stderr, why);
    assert.ok(Date.now() - began < 120000, 'one of them waited');

    // A plan has nothing to do at this time, and says so.
    const plan = await wp('plan', '--expect-no-changes');
    assert.equal(plan.code, 0, plan.stdout);
    assert.match(plan.stdout, /^Nothing to do now: the next certificate is ordered on .*, by itself\.$/m);
    assert.match(plan.stdout, new RegExp(`^${why.source}\n$`, 'm'));

    const status = await wp('status');
    assert.match(status.stdout, /^Last run .*, goes on by itself$/m);
    assert.match(status.stdout, /^Goes on by itself: .* \(in \d+ minutes?\)$/m);
    const admin = await stack.network.adminVisitor(stack.web.port);
    const page = text((await admin.get(PAGE)).body);
    for (const expected of [/Orders left 39 of 40 for \S+\.example/, /Next order .*? \(in \d+ minutes?\)/, why, /Done so far: the next certificate is ordered on/]) assert.match(page, expected);
    await stack.network.unmap('gap.example');
    // One run that takes it away, and one whose report has nothing of it any more.
    for (let run = 1; run <= 2; run++) assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);
  });

  it('gives the report as JSON, the domains as CSV, and only the columns that were asked for', async () => {
    const report = await stack.report();
    assert.equal(report.version, 1);
    assert.equal(report.domains['late.example'].dns.verdict, 'elsewhere');
    assert.equal(report.state, undefined, 'the memory of the engine is printed');
    const { stdout } = await wp('status', '--format=csv', '--fields=domain,dns');
    assert.deepEqual(stdout.trim().split('\n').sort().slice(0, 2), ['domain,dns', 'late.example,elsewhere']);
    const yaml = await wp('status', '--format=yaml');
    assert.match(yaml.stdout, /verdict: elsewhere/);
    assert.doesNotMatch(yaml.stdout + yaml.stderr, /Deprecated/);
  });

  it('withholds a mass removal until a person accepts exactly that', async () => {
    await stack.network.map(['a.example', 'b.example', 'c.example', 'd.example']);
    assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);
    // Past every hook, as a restored backup would.
    await stack.db.sql("DELETE FROM wp_wu_domain_mappings WHERE domain IN ('a.example', 'b.example', 'c.example', 'd.example')", 'wordpress');
    const withheld = await wp('sync');
    assert.equal(withheld.code, 3);
    assert.match(withheld.stdout, /withheld +8 \(/);
    assert.ok((await stack.sim.aliases()).includes('a.example'), 'a withheld alias is gone');
    const nobody = await wp('sync', '--force');
    assert.equal(nobody.code, 11, 'it did not need an answer');
    assert.match(nobody.stderr, /- a\.example/);
    assert.ok((await stack.sim.aliases()).includes('a.example'), 'nobody answered, and the alias is gone');
    await stack.network.wp(['wu-cloudways', 'sync', '--force', '--porcelain'], { check: false, input: 'y\n' });
    assert.ok(!(await stack.sim.aliases()).includes('a.example'), 'accepted, and the alias is still there');
  });

  it('asks also where the plan cannot be shown, and takes the request back when the website does not hear it', async () => {
    const here = (args, options) => stack.network.wp(['wu-cloudways', 'sync', '--force', ...args], { check: false, extension: false, ...options });
    const names = ['e.example', 'f.example', 'g.example', 'h.example'];
    await stack.network.map(names);
    assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);
    await stack.db.sql(`DELETE FROM wp_wu_domain_mappings WHERE domain IN ('${names.join("', '")}')`, 'wordpress');
    assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);

    const nobody = await here([]);
    assert.equal(nobody.code, 11, `without an answer it ended with ${nobody.code}: ${nobody.stderr}`);
    assert.match(nobody.stderr, /withheld these removals:\n( {2}- .*\n)* {2}- e\.example\n/);

    stack.network.configure({ web: '127.0.0.1:1' });
    const unheard = await here(['--yes', '--timeout=5']);
    stack.network.configure({ web: `127.0.0.1:${stack.web.port}` });
    assert.equal(unheard.code, 20, `unheard, it ended with ${unheard.code}: ${unheard.stderr}`);
    assert.match(unheard.stderr, /did not begin; the request was taken back/);
    assert.equal(await stack.network.eval("return WU_Cloudways\\Plugin::instance()->store()->request();"), null, 'the request waits for some later run');

    await here([], { input: 'y\n' });
    await stack.settle(async () => !(await stack.sim.aliases()).some((alias) => alias.endsWith('e.example') && names.includes(alias.replace('www.', ''))), 'what was accepted is gone', {
      patience: 30000,
      run: () => sleep(500),
    });
  });

  it('does exactly what was accepted, also when another run was at work at that moment, and removes nothing besides', async () => {
    await stack.network.map(['k.example', 'l.example', 'm.example', 'n.example', 'o.example']);
    assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);
    const lose = (...names) => stack.db.sql(`DELETE FROM wp_wu_domain_mappings WHERE domain IN ('${names.join("', '")}')`, 'wordpress');
    await lose('k.example', 'l.example');
    assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_lock SET token = 'somebody', since = UNIX_TIMESTAMP(), expires = UNIX_TIMESTAMP() + 600", 'wordpress');
    let said = '';
    const sync = stack.network.wp(['wu-cloudways', 'sync', '--force', '--timeout=60'], {
      check: false,
      input: 'y\n',
      onSpawn: (process) => process.stderr.on('data', (text) => (said += text)),
    });
    await stack.settle(() => /Another run is at work/.test(said), 'it waits for the other run', { patience: 30000, run: () => sleep(200), state: () => said });
    await lose('m.example', 'n.example', 'o.example');
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0", 'wordpress');
    const { code, stderr } = await sync;
    assert.equal(code, 11, stderr);
    const aliases = await stack.sim.aliases();
    for (const name of ['k', 'l', 'm', 'n', 'o']) assert.ok(aliases.includes(`${name}.example`), `${name}.example is gone, and nobody accepted this plan`);
    await stack.network.wp(['wu-cloudways', 'sync', '--force', '--yes', '--timeout=60'], { check: false });
    assert.ok(!(await stack.sim.aliases()).includes('k.example'));
  });

  it('writes nothing any more when it is paused while a run goes on', async () => {
    await stack.sim.clearLog();
    const outcome = await stack.network.eval(`
      add_action( 'wu_cloudways_reported', static function () {
        WU_Cloudways\\Plugin::instance()->decisions()->pause( 'somebody' );
        WU_Cloudways\\Plugin::instance()->store()->mark_dirty( 'add' );
        wu_create_domain( array( 'domain' => 'meanwhile.example', 'blog_id' => 1, 'stage' => 'done' ) );
      } );
      return WU_Cloudways\\Plugin::instance()->runner()->run( array( 'deadline' => 60 ) )['outcome'];`);
    assert.equal(outcome, 'done', 'what was done before is not said');
    assert.deepEqual(await stack.sim.writes(), []);
    assert.ok(!(await stack.sim.aliases()).includes('meanwhile.example'), 'a second pass wrote after the pause');
    await stack.network.unmap('meanwhile.example');
    await wp('resume');
    await wp('sync', '--timeout=60', '--porcelain');
  });

  it('speaks of one alias as of one, and ends a sentence before it says what to do', async () => {
    const said = (what) => stack.network.eval(`return WU_Cloudways\\Messages::${what}['text'];`);
    const note = (code, args) => said(`note( array( 'code' => '${code}', 'args' => array( ${args} ) ) )`);
    assert.equal(await note('removals_withheld', "'names' => array( 'a.example' ), 'count' => 1, 'ours' => 1"), 'The alias a.example would be removed although no mapping ended. It was kept.');
    assert.equal(
      await note('removals_withheld', "'names' => array( 'a.example', 'b.example' ), 'count' => 2, 'ours' => 5"),
      '2 of 5 aliases would be removed although no mapping ended: a.example, b.example. They were kept.',
    );
    assert.equal(await note('certificate_withheld', "'names' => array( 'a.example' ), 'count' => 1, 'installed' => 1"), 'The certificate would lose a.example. It was left as it is.');
    // A newer extension's error, and one with what Cloudways answered at its end.
    assert.equal(await said("error( array( 'code' => 'of_tomorrow', 'message' => 'something is new' ) )"), 'Something is new.');
    assert.equal(
      await said("error( array( 'code' => 'api_rejected', 'details' => array( 'endpoint' => 'POST /x', 'status' => 422, 'answer' => 'No such app' ) ) )"),
      'Cloudways refused POST /x (HTTP 422): No such app.',
    );
  });

  it('lists domains in one order everywhere: by name', async () => {
    await stack.network.map(['shop2.example', 'shop-2.example', 'zz.example', 'aa.example']);
    const listed = async (command) => (await wp(command, '--format=csv', '--fields=domain')).stdout.trim().split('\n').slice(1);
    const plan = await listed('plan');
    assert.ok(plan.length >= 12, `the plan lists ${plan}`);
    assert.deepEqual(plan, [...plan].sort());
    assert.deepEqual(await listed('sync'), plan);
    assert.deepEqual(await listed('status'), plan);
    assert.deepEqual(Object.keys((await stack.json('status')).report.domains), plan);
    const admin = await stack.network.adminVisitor(stack.web.port);
    assert.deepEqual([...(await admin.get(PAGE)).body.matchAll(/ scope="row"[^>]*><strong><bdi>([^<]+)</g)].map(([, name]) => name), plan);
    for (const name of ['shop2.example', 'shop-2.example', 'zz.example', 'aa.example']) await stack.network.unmap(name);
    await wp('sync', '--timeout=60', '--porcelain');
  });

  describe('after a run that failed', () => {
    const good = () => stack.sim.constants();
    const first = (result) => result.stdout.split('\n')[0];
    const notice = async (code) => new RegExp(`<div class="notice notice-error wu-cloudways-notice" data-code="${code}">(.*?)</div>`, 's').exec((await admin.get('/wp-admin/network/')).body)?.[1];
    let admin;

    before(async () => {
      admin = await stack.network.adminVisitor(stack.web.port);
      // The report that is kept is that of a dry run, which has a warning.
      stack.network.setConstants({ WU_CLOUDWAYS_DRY_RUN: true });
      await stack.network.map('dry.example');
      await wp('sync', '--porcelain');
      stack.network.setConstants({ WU_CLOUDWAYS_DRY_RUN: undefined });
      assert.match((await wp('status')).stdout, /^What needs attention\n(.*\n)*- WU_CLOUDWAYS_DRY_RUN is on/m);
      assert.equal(await notice('auth_failed'), undefined);
    });
    after(async () => {
      stack.network.setConstants(good());
      await stack.network.unmap('dry.example');
      await wp('sync', '--timeout=60', '--porcelain');
    });

    it('the command says so first, and when, why, what to do, and whose report follows', async () => {
      stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
      assert.equal((await wp('sync', '--no-wait')).code, 12);
      const status = await wp('status');
      assert.equal(status.code, 0);
      assert.match(first(status), /^The last run failed, on .*\d{4}.* \(.* ago\)\. Cloudways refused the credentials \(GET \/server: [^)]+\)\.$/);
      assert.match(status.stdout.split('\n')[1], /^Create an access token/);
      assert.match(status.stdout, /^What follows is from the run of .* \(.* ago\)\.$/m);
      assert.match(status.stdout, /^What needed attention then\n(.*\n)*- WU_CLOUDWAYS_DRY_RUN is on/m);
      assert.doesNotMatch(status.stdout, /Nothing to do|Changes are pending|What needs attention/, 'the news of an earlier run looks like that of the last');
      // In a format for programs, standard output is for the data alone.
      const json = await wp('status', '--format=json');
      assert.match(json.stderr, /The last run failed, on /);
      const data = JSON.parse(json.stdout);
      assert.deepEqual([data.last_run.status, data.last_run.code, data.last_run.details.endpoint], ['failed', 'auth_failed', 'GET /server']);
      assert.ok(data.report_run < data.last_run.id, 'it does not say of which run the report is');
      assert.equal((await wp('status', '--porcelain')).stdout.trim(), 'failed');
    });

    it('the page says so in its headline', async () => {
      const { body } = await admin.get(PAGE);
      const words = text(body);
      assert.match(words, /To add 2 \(dry\.example, www\.dry\.example\)/);
      assert.match(body, /<p class="wu-cloudways-headline is-failed">The last run failed, on [^<]* Cloudways refused the credentials/);
      for (const expected of ['Create an access token', 'What follows is from the run of', 'What needed attention then']) assert.ok(words.includes(expected), `the page does not say "${expected}"`);
      for (const old of ['Changes are pending', 'What needs attention', 'Nothing to do']) assert.ok(!words.includes(old), `the page says "${old}"`);
    });

    it('a notice in the network admin says what to do, until a run is good again', async () => {
      const said = await notice('auth_failed');
      assert.ok(said, 'there is no notice');
      assert.match(text(said), /The run of .* failed, and this does not go away by itself\. Cloudways refused the credentials \(.*\)\. Create an access token/);
      assert.ok(said.includes('page=wu-cloudways'), 'it does not lead to the page');
      assert.equal((await admin.get(PAGE)).body.includes('data-code="auth_failed"'), false, 'the page says it twice');
      // Somebody else's outage does not make it go away.
      stack.network.setConstants(good());
      await stack.sim.fault({ method: 'GET', path: '/server', times: null, do: { status: 503, body: 'no' } });
      assert.equal((await wp('sync', '--no-wait', '--timeout=20')).code, 16);
      await stack.sim.clearFaults();
      assert.match(first(await wp('status')), /^The last run failed, on .* The Cloudways API cannot be reached \(GET \/server: /);
      assert.ok(await notice('auth_failed'), 'the notice went away although no run was good');
      assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);
      assert.equal(await notice('auth_failed'), undefined, 'the notice stays after a good run');
      assert.match(first(await wp('status')), /^Last run/);
    });

    it('each constant with its fault is listed, without its value, and the wizard is named for those it has', async () => {
      stack.network.setConstants({ WU_CLOUDWAYS_SERVER_ID: 'eins', WU_CLOUDWAYS_API_URL: 'http://api.example/secret' });
      assert.equal((await wp('sync', '--no-wait')).code, 10);
      const faults = ['WU_CLOUDWAYS_SERVER_ID is not a positive whole number.', 'WU_CLOUDWAYS_API_URL is neither an https address nor an http address on loopback (localhost, 127.0.0.1, [::1]).'];
      const remedy = 'The Cloudways wizard of Ultimate Multisite has fields for these only: WU_CLOUDWAYS_SERVER_ID.';
      const { stdout } = await wp('status');
      const page = text((await admin.get(PAGE)).body);
      const said = text((await notice('config_invalid')) ?? '');
      for (const words of [stdout, page, said]) {
        for (const expected of [...faults, remedy]) assert.ok(words.includes(expected), `"${expected}" is not in: ${words}`);
        for (const value of ['eins', 'api.example']) assert.ok(!words.includes(value), `it shows the value "${value}"`);
      }
      stack.network.setConstants({ ...good(), WU_CLOUDWAYS_API_URL: 'http://api.example/secret' });
      assert.match((await wp('test')).stderr, /the Cloudways wizard of Ultimate Multisite has no field for it/);
    });

    it('and of one that was stopped after it had written', async () => {
      stack.network.setConstants(good());
      await stack.sim.here('dry.example', 'www.dry.example');
      await stack.sim.fault({ method: 'POST', path: '/security/*', times: null, do: { status: 503, body: 'no' } });
      // At once, although an order was placed some minutes ago.
      const run = await wp('sync', '--no-wait', '--force', '--yes', '--timeout=25');
      await stack.sim.clearFaults();
      assert.equal(run.code, 4, run.stdout + run.stderr);
      const { stdout } = await wp('status');
      assert.match(stdout, /^The last run stopped before its end, on .* The Cloudways API cannot be reached \(POST \/security\/lets_encrypt_install: HTTP 503\)\.\n/);
      assert.match(stdout, /^Last run .*, stopped before its end$/m);
      assert.match(stdout, /^What follows is what it had found and done by then\.$/m);
      assert.equal(stdout.match(/cannot be reached/g).length, 1, 'it is said twice');
      assert.match(text((await admin.get(PAGE)).body), /The last run stopped before its end, on/);
      await stack.sim.setDns('dry.example', {});
      await stack.sim.setDns('www.dry.example', {});
    });

    it('and of one that never came back', async () => {
      stack.network.setConstants(good());
      await stack.db.sql("INSERT INTO wp_wu_cloudways_sync_runs (started_at, cause, context, status) VALUES (UNIX_TIMESTAMP() - 600, 'cli', 'cli', 'running')", 'wordpress');
      assert.match(first(await wp('status')), /^A run that began on .* \(10 minutes ago\) never came back\.$/);
      assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);
      assert.match(first(await wp('status')), /^Last run/);
    });
  });

  it('says in French what it says in English', async () => {
    await stack.network.eval("update_site_option( 'WPLANG', 'fr_FR' ); update_option( 'WPLANG', 'fr_FR' ); return true;");
    const { stdout } = await wp('sync');
    assert.match(stdout, /3 noms sur 100/);
    assert.match(stdout, /faites pointer tous les enregistrements A et AAAA/);
    const admin = await stack.network.adminVisitor(stack.web.port);
    const words = text((await admin.get(PAGE)).body);
    for (const expected of ['Synchroniser maintenant', 'Tester la connexion', 'pointe ailleurs', '3 noms sur 100', 'Que faire']) {
      assert.ok(words.includes(expected), `the page does not say "${expected}": ${words.slice(0, 1500)}${stack.trouble()}`);
    }
  });

  it('runs and tests from the page, answers with a redirect, and says once what came of it', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    for (const [action, expected] of [['sync', 'Fait en partie'], ['test', 'Cloudways accepte les réglages.']]) {
      const answer = await press(admin, action);
      assert.equal(answer.status, 302, `${action} answered ${answer.status}`);
      assert.ok(answer.headers.location.endsWith(PAGE), answer.headers.location);
      const notice = /<div class="notice inline notice-[a-z]+" role="status"[^>]*>(.*?)<\/div>/s;
      const first = notice.exec((await admin.get(PAGE)).body);
      assert.ok(first && text(first[1]).includes(expected), `${action} says: ${first && text(first[1])}`);
      assert.equal(notice.exec((await admin.get(PAGE)).body), null, `${action} is said twice`);
    }
  });

  it('runs at once when a person confirms that this is the original site', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const asked = async () => (await stack.sim.log()).filter(({ method, path }) => method === 'GET' && path.endsWith('/server')).length;
    stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'staging' });
    assert.equal((await wp('sync')).code, 11);
    const form = await formOf(admin, 'confirm_site');

    // The database fails just then: that is said, not a blank page.
    await stack.db.sql('RENAME TABLE wp_wu_cloudways_sync_memory TO wp_wu_cloudways_sync_memory_away', 'wordpress');
    const failed = await admin.post(PAGE, form);
    await stack.db.sql('RENAME TABLE wp_wu_cloudways_sync_memory_away TO wp_wu_cloudways_sync_memory', 'wordpress');
    assert.equal(failed.status, 302, `without its table it answered ${failed.status}${stack.trouble()}`);
    assert.match(text((await admin.get(PAGE)).body), /La base de données n.a pas répondu/);
    // And where not even the answer can be kept for the next page, it comes at once.
    await stack.db.sql("DELIMITER //\nCREATE TRIGGER no_answer BEFORE INSERT ON wp_sitemeta FOR EACH ROW IF NEW.meta_key LIKE '%wu_cloudways_sync_answer%' THEN SIGNAL SQLSTATE '45000'; END IF//", 'wordpress');
    const kept = await admin.post(PAGE, await formOf(admin, 'test'));
    await stack.db.sql('DROP TRIGGER no_answer', 'wordpress');
    assert.equal(kept.status, 200);
    assert.match(text(kept.body), /Cloudways accepte les réglages\./);

    await stack.sim.clearLog();
    assert.equal((await press(admin, 'confirm_site')).status, 302);
    assert.ok((await asked()) > 0, 'the page started no run');
    assert.match(text((await admin.get(PAGE)).body), /Ce site est désormais l.original et peut écrire chez Cloudways\. Fait en partie/);
    // The original is where it was again.
    stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'production' });
    await stack.sim.clearLog();
    assert.equal((await wp('sync', '--confirm-site', '--timeout=60', '--porcelain')).code, 3);
    assert.ok((await asked()) > 0, 'the command started no run');
  });

  it('does nothing without a right nonce, and shows nothing to who may not manage the network', async () => {
    await stack.sim.clearLog();
    const admin = await stack.network.adminVisitor(stack.web.port);
    assert.equal((await admin.post(PAGE, { wu_cloudways_action: 'sync', _wpnonce: 'wrong' })).status, 403);
    await stack.network.wp(['user', 'create', 'editor', 'editor@network.example', '--role=administrator', '--user_pass=editor']);
    const editor = await stack.network.visitor(stack.web.port).logIn('editor', 'editor');
    for (const answer of [await editor.get(PAGE), await editor.post(PAGE, { wu_cloudways_action: 'sync' })]) {
      assert.ok(answer.status === 403 || answer.status === 302, `the page answered ${answer.status}`);
      assert.ok(!answer.body.includes('late.example'), 'the report is shown');
    }
    assert.deepEqual(await stack.sim.log(), [], 'a request was sent to Cloudways');
  });

  it('can be read by a screen reader: headings of the table, a label of the bar, no id twice', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const { body } = await admin.get(PAGE);
    const page = body.slice(body.indexOf('<div class="wrap wu-cloudways">'), body.indexOf('id="wpfooter"'));
    const table = /<table class="wp-list-table.*?<\/thead>/s.exec(page)[0];
    assert.match(table, /<caption[^>]*>[^<]+<\/caption>/);
    assert.equal((table.match(/<th scope="col"/g) ?? []).length, 5);
    assert.match(page, / scope="row"[^>]*><strong><bdi>late\.example<\/bdi><\/strong>/);
    assert.match(page, /<label for="wu-cloudways-names">/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
  });

  it('prints names from outside as text', async () => {
    await stack.sim.setAliases([...(await stack.sim.aliases()), '<b onmouseover=alert(1)>x.example']);
    await wp('sync', '--porcelain');
    const admin = await stack.network.adminVisitor(stack.web.port);
    const { body } = await admin.get(PAGE);
    assert.ok(body.includes('&lt;b onmouseover'), 'the alias is not on the page');
    assert.ok(!body.includes('<b onmouseover'), 'the alias is markup on the page');
  });

  it('survives a database that refuses its activation and its removal, and leaves nothing behind', async () => {
    const plugin = (...args) => stack.network.wp(['plugin', ...args], { check: false });
    const fatal = () => (stack.network.debugLog().match(/PHP Fatal/g) ?? []).length;
    const before = fatal();
    assert.equal((await plugin('deactivate', 'wu-cloudways', '--network')).code, 0);
    await stack.db.sql("DELETE FROM wp_wu_cloudways_sync_memory; CREATE TRIGGER no_memory BEFORE INSERT ON wp_wu_cloudways_sync_memory FOR EACH ROW SIGNAL SQLSTATE '45000'", 'wordpress');
    const activated = await plugin('activate', 'wu-cloudways', '--network');
    assert.equal(activated.code, 0, activated.stderr);
    assert.match(activated.stderr, /Warning: The database refused/);
    await stack.db.sql('DROP TRIGGER no_memory', 'wordpress');
    assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 3);

    await plugin('deactivate', 'wu-cloudways', '--network');
    await stack.db.sql('CREATE TABLE in_the_way (id bigint unsigned, FOREIGN KEY (id) REFERENCES wp_wu_cloudways_sync_runs (id)) ENGINE=InnoDB', 'wordpress');
    const refused = await plugin('uninstall', 'wu-cloudways', '--skip-delete');
    assert.equal(refused.code, 0, refused.stderr);
    await stack.db.sql('DROP TABLE in_the_way', 'wordpress');
    assert.equal((await plugin('uninstall', 'wu-cloudways', '--skip-delete')).code, 0);
    assert.equal(await stack.db.sql("SHOW TABLES LIKE '%wu\\_cloudways%'", 'wordpress'), '', 'a table is left');
    const queue = (await stack.db.sql("SHOW TABLES LIKE 'wp\\_actionscheduler\\_%'", 'wordpress')).trim().split('\n');
    assert.ok(queue.includes('wp_actionscheduler_groups') && queue.includes('wp_actionscheduler_actions'), `the queue has the tables ${queue}`);
    assert.equal(await stack.db.sql("SELECT slug FROM wp_actionscheduler_groups WHERE slug = 'wu-cloudways'; SELECT hook FROM wp_actionscheduler_actions WHERE hook LIKE 'wu_cloudways%'", 'wordpress'), '', 'something is left in the queue');
    assert.equal(fatal(), before, `PHP had a fatal error${stack.trouble()}`);
  });

  async function formOf(admin, action) {
    const { body } = await admin.get(PAGE);
    const form = [...body.matchAll(/<form method="post".*?<\/form>/gs)].map(([html]) => html).find((html) => html.includes(`value="${action}"`));
    assert.ok(form, `there is no button "${action}"${stack.trouble()}`);
    return { wu_cloudways_action: action, _wpnonce: /name="_wpnonce" value="([^"]+)"/.exec(form)[1] };
  }

  async function press(admin, action) {
    return admin.post(PAGE, await formOf(admin, action));
  }
});
