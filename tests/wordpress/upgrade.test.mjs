// The plugin, the extension and the tables are of different ages: what does not fit says so and stands still, what can
// go on goes on, and nothing that was remembered is lost.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { openLab, until, write } from './lib/lab.mjs';
import { buildNetwork } from './lib/network.mjs';
import { NO_RATE_LIMIT, startFpm, startSim } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const PAGE = '/wp-admin/network/admin.php?page=wu-cloudways';
const MIN = "const MIN_EXTENSION = '0.1.0';";

/**
 * An extension of a later time, as PHP: it answers with the report that is in a file, and writes down that it was asked.
 * PHP loads it before WordPress, where the real one is not loaded.
 */
const DOUBLE = (folder) => `<?php
if ( ! function_exists( 'wu_cloudways_sync' ) ) {
	function wu_lab_answer( $what ) {
		file_put_contents( '${folder}/asked', $what . "\\n", FILE_APPEND );
		return json_decode( file_get_contents( '${folder}/report.json' ), true );
	}
	function wu_cloudways_sync( $domains, $options = array() ) { return wu_lab_answer( 'sync' ); }
	function wu_cloudways_plan( $domains, $options = array() ) { return wu_lab_answer( 'plan' ); }
	function wu_cloudways_check_dns( $names, $options = array() ) { return array(); }
	function wu_cloudways_test_connection( $options = array() ) { return wu_lab_answer( 'test' )['connection']; }
}
`;

describe('versions that differ', () => {
  let stack;
  let admin;
  let report;
  let double;

  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const rows = async (statement) => (await sql(statement)).trim().split('\n').filter(Boolean).map((line) => line.split('\t'));
  const memory = async () => Object.fromEntries((await rows('SELECT name, number FROM wp_wu_cloudways_sync_memory')).map(([name, number]) => [name, Number(number)]));
  const state = async () => (await rows("SELECT value FROM wp_wu_cloudways_sync_memory WHERE name = 'state'"))[0]?.[0];
  const wp = (args, options) => stack.network.wp(['wu-cloudways', ...args], { check: false, ...options });
  const fatal = () => (stack.network.debugLog().match(/PHP (Fatal|Warning|Notice|Deprecated)[^\n]*/g) ?? []).filter((line) => /wu-cloudways|WU_Cloudways/.test(line));
  const idle = () => until(async () => (await rows("SELECT token FROM wp_wu_cloudways_sync_lock WHERE token <> ''")).length === 0, 'the run that goes on is over', 60000);
  const page = async () => (await admin.get(PAGE)).body;

  /** WP-CLI with the extension of a later time. */
  const later = (args) => wp(args, { extension: false, ini: ['-d', `auto_prepend_file=${join(double, 'double.php')}`] });
  /** What it answers. */
  const answers = (changes) => write(join(double, 'report.json'), JSON.stringify({ ...structuredClone(report), ...changes }));
  const asked = () => (existsSync(join(double, 'asked')) ? readFileSync(join(double, 'asked'), 'utf8').trim().split('\n') : []);
  const forgetAsked = () => rmSync(join(double, 'asked'), { force: true });

  before(async () => {
    stack = await openStack('upgrade');
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.network.map('shop.example');
    await wp(['sync', '--timeout=120']);
    const stored = await stack.report();
    report = { ...stored, state: JSON.parse(await state()) };
    assert.ok(report.state.ledger.length > 0, 'there is no ledger to lose');
    await stack.queue();
    double = stack.lab.folder('double');
    write(join(double, 'double.php'), DOUBLE(double));
    admin = await stack.network.adminVisitor(stack.web.port);
  });
  after(() => stack?.close());

  describe('an extension that is too old', () => {
    let restore;
    before(async () => {
      await idle();
      restore = stack.patchPlugin('includes/class-plugin.php', MIN, MIN.replace('0.1.0', '9.9.9'));
      // Each kind of process finds it out by itself.
      await admin.get('/wp-admin/network/');
      await stack.network.map('waits.example');
      await stack.sim.clearLog();
    });
    after(() => restore?.());

    it('is named with the version that is wanted, and nothing is sent', async () => {
      for (const what of ['sync', 'plan']) {
        const { code, stdout, stderr } = await wp([what, ...(what === 'sync' ? ['--no-wait'] : [])]);
        assert.equal(code, 20, `${what} ended with ${code}: ${stdout}${stderr}`);
        assert.match(stderr, /is version 0\.1\.0; this plugin needs 9\.9\.9 or newer/);
      }
      const doctor = JSON.parse((await wp(['doctor', 'extension_web', 'extension_cli', '--format=json'])).stdout);
      for (const check of doctor) {
        assert.deepEqual([check.status, check.exit], ['critical', 20], JSON.stringify(check));
        assert.match(check.text, /is version 0\.1\.0; this plugin needs 9\.9\.9 or newer\. \(.*PHP 8\./);
      }
      const said = text(await page());
      assert.match(said, /On the website version 0\.1\.0 in PHP 8\.\S+: it does not fit\. .*needs 9\.9\.9 or newer/);
      assert.match(said, /On the command line version 0\.1\.0 in PHP 8\.\S+: it does not fit\./);
      assert.match(said, /it needs version 9\.9\.9 of the extension, or newer/);
      assert.deepEqual(await stack.sim.log(), []);
    });

    it('leaves what waits counted, and does not let Ultimate Multisite’s own module in again', async () => {
      await stack.queue();
      await stack.network.runQueue();
      assert.ok((await memory()).dirty > 0, 'the change is forgotten');
      assert.deepEqual(await stack.sim.v1(), []);
      assert.deepEqual(await stack.sim.log(), []);
    });

    it('and once it fits, the work is done', async () => {
      restore();
      restore = null;
      await wp(['sync', '--no-wait', '--timeout=60']);
      assert.ok((await stack.sim.aliases()).includes('waits.example'));
      assert.match(text(await page()), /On the website version 0\.1\.0 in PHP 8\.\S+: it fits .*On the command line version 0\.1\.0 in PHP 8\.\S+: it fits/s);
    });
  });

  it('an extension without one of its functions is called that, and the other process does the work', async () => {
    const lacks = { ini: ['-d', 'disable_functions=wu_cloudways_plan'] };
    await stack.network.map('by-the-other.example');
    const { code, stdout, stderr } = await wp(['sync', '--timeout=60'], lacks);
    assert.ok([0, 3, 4].includes(code), stdout + stderr);
    assert.match(stdout + stderr, /The extension on the command line does not fit this plugin: the website was asked to run\./);
    await until(async () => (await stack.sim.aliases()).includes('by-the-other.example'), 'the website did it', 30000);
    const [check] = JSON.parse((await wp(['doctor', 'extension_cli', '--format=json'], lacks)).stdout);
    assert.deepEqual([check.status, check.exit], ['recommended', 3]);
    assert.match(check.text, /without functions that this plugin calls: wu_cloudways_plan\. \(/);
    assert.match(text(await page()), /On the command line version 0\.1\.0 in PHP 8\.\S+: it does not fit\. .*wu_cloudways_plan/);
    await idle();
  });

  describe('an extension of a later time', () => {
    before(async () => {
      await idle();
      await stack.fpm.stop();
      stack.fpm = await startFpm(stack.lab, { so: null, lines: [`php_admin_value[auto_prepend_file] = ${join(double, 'double.php')}`] });
      await stack.sim.clearLog();
    });
    after(() => stack.startFpm(true));

    it('with words that are not known yet is read as far as it goes, and its own English is shown', async () => {
      const note = { code: 'of_a_later_time', args: { deep: { deeper: [1] } }, text: 'Something of a later time is said', remedy: 'Do what it says' };
      const long = 'a_word_that_is_much_longer_than_its_column_was_made_for';
      answers({
        status: 'as_good_as_done_and_more_than_that',
        later: { what: 'nobody knows' },
        warnings: [...report.warnings, note],
        certificate: { ...report.certificate, note, later: 1, installed: { ...report.certificate.installed, type: 'quantum' } },
        plan: { ...report.plan, actions: [{ action: 'something_else', names: ['shop.example'] }] },
        operation: null,
        domains: {
          ...report.domains,
          'shop.example': { ...report.domains['shop.example'], source: 'inherited', alias: 'entangled', certificate: long, dns: { verdict: 'in_superposition_of_two', later: [] }, note, later: true },
          'later.example': { source: 'mapped', alias: long, certificate: 'covered', dns: null },
        },
        state: { ...report.state, later: { deep: true } },
      });
      const { code, stdout, stderr } = await later(['sync', '--no-wait']);
      assert.equal(code, 3, `a status that is not known is called done:\n${stdout}${stderr}`);
      for (const words of ['Something of a later time is said', 'Do what it says', 'entangled', long, 'in_superposition_of_two']) assert.ok(stdout.includes(words), `"${words}" is not said:\n${stdout}`);
      assert.ok(JSON.parse(await state()).later, 'a field of the memory that only the engine reads is lost');
      for (const format of ['table', 'csv', 'json', 'yaml']) assert.equal((await later(['status', `--format=${format}`])).code, 0);
      assert.equal((await later(['plan'])).code, 0);
      assert.equal((await later(['history'])).code, 0);
      assert.match((await later(['status', '--porcelain'])).stdout, /^as_good_as_done_and_/);

      for (const path of [PAGE, `${PAGE}&verdict=in_superposition_of_two`, `${PAGE}&orderby=alias&order=desc`, `${PAGE}&s=later`, '/wp-admin/network/admin.php?page=wp-ultimo-domains', '/wp-admin/site-health.php?tab=debug']) {
        const { status, body } = await admin.get(path);
        assert.equal(status, 200, `${path} answered ${status}${stack.trouble()}`);
        if (path === PAGE) for (const words of ['Something of a later time is said', 'entangled', long, 'quantum']) assert.ok(body.includes(words), `the page does not say "${words}"`);
      }
      assert.deepEqual(fatal(), [], 'PHP complained');
    });

    it('with a report of a later version is not misread: its memory is kept, and it is not asked again', async () => {
      const before = { domains: await sql('SELECT * FROM wp_wu_cloudways_sync_domains'), good: (await memory()).good };
      await sql("UPDATE wp_wu_cloudways_sync_memory SET number = 5 WHERE name = 'dirty'");
      forgetAsked();
      const next = { version: 2, status: { word: 'ok' }, domains: 'elsewhere', aliases: ['shop.example'], state: { ...report.state, version: 2, sent: ['new.example'] } };
      write(join(double, 'report.json'), JSON.stringify(next));
      const first = await later(['sync', '--no-wait']);
      assert.equal(first.code, 20, first.stdout + first.stderr);
      assert.match(first.stderr, /newer than this plugin \(0\.1\.0\): its reports have version 2, and the plugin reads version 1\..*Update the plugin/s);
      assert.deepEqual(JSON.parse(await state()), next.state, 'what it has written is not remembered');
      const after = await memory();
      assert.equal(after.dirty, 5, 'what it did not see done is called done');
      assert.equal(after.good, before.good, 'it counts as a good run');
      assert.ok(after.due > Date.now() / 1000 + 3000, `the next try is in ${after.due - Date.now() / 1000} s`);
      assert.equal(await sql('SELECT * FROM wp_wu_cloudways_sync_domains'), before.domains, 'the domains of the last report that could be read are gone');
      assert.deepEqual((await rows('SELECT status, code FROM wp_wu_cloudways_sync_runs ORDER BY id DESC LIMIT 1'))[0], ['failed', 'extension_new']);

      // Neither a person, nor an event, nor the clock makes it write again.
      assert.equal((await later(['sync', '--no-wait'])).code, 20);
      assert.equal((await later(['plan'])).code, 20);
      await stack.network.wp(['eval', "foreach ( array( 'event', 'retry', 'reconcile', 'page' ) as $trigger ) { WU_Cloudways\\Plugin::instance()->runner()->run( array( 'trigger' => $trigger, 'ignore_due' => true ) ); }"], { extension: false, ini: ['-d', `auto_prepend_file=${join(double, 'double.php')}`] });
      await stack.queue();
      assert.deepEqual(asked(), ['sync'], 'it was asked again');
      assert.deepEqual(await stack.sim.v1(), []);
      assert.ok((await memory()).due > Date.now() / 1000 + 3000, 'it rings again before an hour is over');
      const said = text(await page());
      assert.match(said, /newer than this plugin \(0\.1\.0\): its reports have version 2/);
      const check = JSON.parse((await later(['doctor', 'extension_cli', '--format=json'])).stdout)[0];
      assert.deepEqual([check.status, check.exit], ['critical', 20]);
      assert.deepEqual(fatal(), [], 'PHP complained');
    });

    it('is asked again by a plugin that reads its reports, and another extension at once', async () => {
      forgetAsked();
      const restore = stack.patchPlugin('includes/class-plugin.php', 'const REPORT = 1;', 'const REPORT = 2;');
      answers({ version: 2 });
      const updated = await later(['sync', '--no-wait']);
      restore();
      assert.deepEqual(asked(), ['sync'], updated.stdout + updated.stderr);
      assert.equal((await memory()).unread, undefined);
      // That plugin is taken back, and its report is there: not misread either.
      assert.equal((await wp(['status'])).code, 0);
      assert.match(text(await page()), /On the website/);
      assert.ok([0, 3, 4].includes((await wp(['sync', '--no-wait', '--timeout=60'])).code));
      assert.deepEqual(fatal(), [], 'PHP complained');
    });
  });

  describe('tables', () => {
    const columns = async (table) => (await rows(`SHOW COLUMNS FROM wp_wu_cloudways_sync_${table}`)).map(([name]) => name);

    it('that a newer plugin has changed are left alone, and it says so', async () => {
      await sql("UPDATE wp_wu_cloudways_sync_memory SET number = 7 WHERE name = 'schema'; ALTER TABLE wp_wu_cloudways_sync_domains ADD COLUMN later int NOT NULL DEFAULT 3");
      const before = await sql('SELECT * FROM wp_wu_cloudways_sync_domains; SELECT * FROM wp_wu_cloudways_sync_runs; SELECT * FROM wp_wu_cloudways_sync_removed');
      await stack.sim.clearLog();
      for (const what of ['sync', 'plan']) {
        const { code, stderr } = await wp([what]);
        assert.equal(code, 20, stderr);
        assert.match(stderr, /A newer version of this plugin has changed its tables \(version 7; this one, 0\.1\.0, knows version 1\)/);
      }
      assert.match(text(await page()), /A newer version of this plugin has changed its tables/);
      await stack.network.map('still-counted.example');
      await stack.queue();
      assert.ok((await memory()).dirty > 0);
      await stack.network.wp(['plugin', 'deactivate', 'wu-cloudways', '--network']);
      await stack.network.wp(['plugin', 'activate', 'wu-cloudways', '--network']);
      assert.equal((await memory()).schema, 7, 'the version went down');
      assert.deepEqual(await stack.sim.log(), []);
      assert.equal(await sql('SELECT * FROM wp_wu_cloudways_sync_domains; SELECT * FROM wp_wu_cloudways_sync_runs; SELECT * FROM wp_wu_cloudways_sync_removed'), before, 'something was written');
      await sql("UPDATE wp_wu_cloudways_sync_memory SET number = 1 WHERE name = 'schema'; ALTER TABLE wp_wu_cloudways_sync_domains DROP COLUMN later");
    });

    it('of the first plugin are brought up once, with what is in them, and not by a visitor', async () => {
      await wp(['sync', '--no-wait', '--timeout=60']);
      await stack.network.unmap('waits.example');
      const before = { state: await state(), domains: await sql('SELECT * FROM wp_wu_cloudways_sync_domains'), runs: await sql('SELECT id, status, added FROM wp_wu_cloudways_sync_runs'), removed: await rows('SELECT domain FROM wp_wu_cloudways_sync_removed') };
      assert.deepEqual(before.removed, [['waits.example']]);
      await sql("ALTER TABLE wp_wu_cloudways_sync_runs DROP COLUMN details; ALTER TABLE wp_wu_cloudways_sync_removed CHANGE marked since bigint NOT NULL DEFAULT 0; DELETE FROM wp_wu_cloudways_sync_memory WHERE name = 'schema'");
      assert.equal((await stack.visitor.get('/')).status, 200);
      assert.ok(!(await columns('runs')).includes('details'), 'a visitor of the site pays for it');

      // While a run is at work, a page leaves them to it.
      await sql(`UPDATE wp_wu_cloudways_sync_lock SET token = 'another', since = ${Math.floor(Date.now() / 1000)}, expires = ${Math.floor(Date.now() / 1000) + 60}`);
      await admin.get('/wp-admin/network/plugins.php');
      assert.ok(!(await columns('runs')).includes('details'), 'the lock was not respected');
      await stack.ageLock(120);

      const answers = await Promise.all([admin.get('/wp-admin/network/plugins.php'), admin.get('/wp-admin/network/plugins.php'), admin.get('/wp-admin/network/plugins.php')]);
      for (const { status } of answers) assert.equal(status, 200);
      assert.ok((await columns('runs')).includes('details') && (await columns('removed')).includes('marked'));
      assert.equal((await memory()).schema, 1);
      assert.deepEqual({ state: await state(), domains: await sql('SELECT * FROM wp_wu_cloudways_sync_domains'), runs: await sql('SELECT id, status, added FROM wp_wu_cloudways_sync_runs'), removed: await rows('SELECT domain FROM wp_wu_cloudways_sync_removed') }, before);

      // A run does it likewise, before anything else.
      await sql("ALTER TABLE wp_wu_cloudways_sync_runs DROP COLUMN details; ALTER TABLE wp_wu_cloudways_sync_removed DROP COLUMN marked; DELETE FROM wp_wu_cloudways_sync_memory WHERE name = 'schema'");
      const { code, stdout, stderr } = await wp(['sync', '--no-wait', '--timeout=60']);
      assert.ok([0, 3, 4].includes(code), stdout + stderr);
      assert.ok((await columns('runs')).includes('details'));
      assert.ok(!(await stack.sim.aliases()).includes('waits.example'), 'the removal that was marked before is forgotten');
    });
  });

  it('a run whose plugin is replaced while it goes on comes to its end', async () => {
    const plugin = join(stack.network.plugins, 'wu-cloudways');
    await stack.network.map('in-the-middle.example');
    await stack.sim.here('in-the-middle.example', 'www.in-the-middle.example');
    await stack.sim.fault({ method: 'GET', path: '/server', times: 1, do: { delay_ms: 4000 } });
    const run = stack.network.wp(['eval', "$outcome = WU_Cloudways\\Plugin::instance()->runner()->run( array( 'trigger' => 'event', 'ignore_due' => true, 'deadline' => 30 ) ); echo $outcome['outcome'], ' ', $outcome['error']['code'] ?? '';"], { check: false });
    await until(async () => (await rows("SELECT id FROM wp_wu_cloudways_sync_runs WHERE status = 'running'")).length > 0, 'a run began', 20000);
    renameSync(plugin, `${plugin}-away`);
    let result;
    try {
      result = await run;
    } finally {
      renameSync(`${plugin}-away`, plugin);
    }
    assert.deepEqual([result.code, result.stdout.trim()], [0, 'done'], result.stderr);
    assert.ok((await stack.sim.aliases()).includes('in-the-middle.example'));
    assert.deepEqual(await rows("SELECT id FROM wp_wu_cloudways_sync_runs WHERE status IN ('running', 'interrupted')"), []);
    assert.deepEqual(fatal(), [], 'PHP complained');
  });

  it('a newer plugin by its zip over the old one, and one that is switched off and on, keep all that is remembered', async () => {
    const remembered = () => sql("SELECT * FROM wp_wu_cloudways_sync_domains; SELECT id, status, report FROM wp_wu_cloudways_sync_runs; SELECT name, value FROM wp_wu_cloudways_sync_memory WHERE name IN ('state', 'home', 'pins')");
    await wp(['pin', 'shop.example']);
    const before = await remembered();
    const zip = join(double, 'wu-cloudways.zip');
    await stack.network.eval(`require_once ABSPATH . 'wp-admin/includes/class-pclzip.php'; $zip = new PclZip( '${join(stack.network.application, 'new.zip')}' ); return (bool) $zip->create( WP_PLUGIN_DIR . '/wu-cloudways', PCLZIP_OPT_REMOVE_PATH, WP_PLUGIN_DIR );`);
    renameSync(join(stack.network.application, 'new.zip'), zip);
    const marker = join(stack.network.plugins, 'wu-cloudways/of-the-old-one.txt');
    await stack.network.eval(`return file_put_contents( '${marker}', 'old' );`);
    await stack.network.wp(['plugin', 'install', zip, '--force']);
    assert.ok(!existsSync(marker), 'the old one was not replaced');
    assert.equal(await remembered(), before);
    await stack.network.wp(['plugin', 'deactivate', 'wu-cloudways', '--network']);
    await stack.network.wp(['plugin', 'activate', 'wu-cloudways', '--network']);
    assert.equal(await remembered(), before);
    assert.ok([0, 3, 4].includes((await wp(['sync', '--no-wait', '--timeout=60'])).code));
  });

  it('goes without a trace in the database, and asks Cloudways nothing', async () => {
    const folder = join(stack.network.plugins, 'wu-cloudways');
    await wp(['sync', '--no-wait', '--timeout=60']);
    await stack.queue();
    // A second network has clocks of its own, from the time that it was the first, say.
    const site = await stack.network.addSite('second');
    await sql(`INSERT INTO wp_site (id, domain, path) VALUES (2, 'second.example', '/'); UPDATE wp_blogs SET site_id = 2, domain = 'second.example' WHERE blog_id = ${site}; INSERT INTO wp_sitemeta (site_id, meta_key, meta_value) VALUES (2, 'main_site', '${site}')`);
    await stack.network.eval(`switch_to_blog( ${site} ); wp_schedule_single_event( time() + 9000, 'wu_cloudways_sync_run' ); restore_current_blog(); return true;`);

    const uninstall = async (how) => {
      await stack.sim.clearLog();
      await stack.network.wp(['plugin', 'uninstall', 'wu-cloudways', '--deactivate', '--skip-delete'], how);
      assert.deepEqual(await stack.sim.log(), [], 'removing it asked Cloudways');
      assert.equal(await sql("SHOW TABLES LIKE '%wu\\_cloudways%'"), '');
      assert.ok(existsSync(folder));
    };
    await uninstall({ extension: false });
    assert.equal(await sql(`SELECT option_name FROM wp_${site}_options WHERE option_value LIKE '%wu_cloudways_sync_run%'`), '', 'a clock of another network is left');

    const before = await everything();
    await stack.network.wp(['plugin', 'activate', 'wu-cloudways', '--network']);
    await wp(['sync', '--no-wait', '--timeout=60']);
    await page();
    await admin.get('/wp-admin/network/plugins.php');
    assert.notDeepEqual(changedTables(before, await everything()), [], 'nothing was there to be removed');
    await uninstall({});
    const changed = changedTables(before, await everything()).filter((line) => !OF_OTHERS.some((pattern) => pattern.test(line)));
    assert.deepEqual(changed, []);
  });

  /** Rows that WordPress, Ultimate Multisite or Action Scheduler write by themselves meanwhile. */
  const OF_OTHERS = [
    /^wp_(\d+_)?(options|sitemeta): .*(_transient_|_site_transient_|cron|recently_activated|active_sitewide_plugins|action_scheduler|as_|uninstall_plugins|wu_)/,
    /^wp_usermeta: .*(session_tokens|wp_user-settings|community-events-location|last_login|wu_)/,
    /^wp_actionscheduler_(actions|logs|claims): (?!.*wu_cloudways)/,
  ];

  /** All rows of all tables. */
  async function everything() {
    const all = {};
    for (const [table] of await rows('SHOW TABLES')) all[table] = new Set((await sql(`SELECT * FROM ${table}`)).trim().split('\n').filter(Boolean));
    return all;
  }

  function changedTables(before, now) {
    const lines = [];
    for (const table of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const [a, b] = [before[table] ?? new Set(), now[table] ?? new Set()];
      if (!before[table] !== !now[table]) lines.push(`${table}: the table itself`);
      for (const row of [...a].filter((one) => !b.has(one)).concat([...b].filter((one) => !a.has(one)))) lines.push(`${table}: ${row.slice(0, 200)}`);
    }
    return lines;
  }
});

describe('tables of the first plugin in SQLite', () => {
  let lab;
  let network;
  before(async () => {
    lab = openLab('upgrade-lite');
    const sim = await startSim(lab, NO_RATE_LIMIT);
    network = await buildNetwork({ dir: lab.folder('network'), db: { kind: 'sqlite' }, domain: 'network.example', constants: sim.constants() });
  });
  after(() => lab?.close());

  it('are brought up with what is in them', async () => {
    const answer = await network.eval(`global $wpdb;
      $store = WU_Cloudways\\Plugin::instance()->store();
      $store->put( 'state', 3, '{"version":1}' );
      $store->mark_dirty( 'delete', array( 'gone.example' ) );
      $runs = WU_Cloudways\\Database::table( 'runs' );
      WU_Cloudways\\Database::write( "ALTER TABLE {$runs} DROP COLUMN details" );
      $store->forget( 'schema' );
      $store->upgrade_if_free( WU_Cloudways\\Plugin::instance()->lock() );
      $store->upgrade();
      return array( array_column( WU_Cloudways\\Database::rows( "SHOW COLUMNS FROM {$runs}" ), 'Field' ), $store->schema(), $store->state(), array_keys( $store->removed() ), WU_Cloudways\\Plugin::instance()->lock()->is_held() );`);
    assert.ok(answer[0].includes('details'), `the columns are ${answer[0]}`);
    assert.deepEqual(answer.slice(1), [1, { version: 1 }, ['gone.example'], false]);
  });
});
