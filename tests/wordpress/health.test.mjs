// What says by itself how things stand: Site Health, notices and the log, each of what is stored; and what of all this is
// left when the plugin goes.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { write } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const TESTS = ['extension', 'credentials', 'last_run', 'certificate', 'queue'].map((test) => `wu_cloudways_${test}`);
const NOTICE = /<div class="notice notice-(\w+)[^"]* wu-cloudways-notice" data-code="(\w+)">([\s\S]*?)<\/div>/g;

describe('Site Health, notices and the log', () => {
  let stack;
  let admin;
  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const sync = (...more) => stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=40', ...more], { check: false });
  const age = (name, seconds) => sql(`UPDATE wp_wu_cloudways_sync_memory SET number = number - ${seconds} WHERE name = '${name}'`);

  before(async () => {
    stack = await openStack('health');
    // Ultimate Multisite says what it logs.
    write(
      join(stack.network.muPlugins, 'wu-log.php'),
      `<?php add_action( 'wu_log_add', static function ( $handle, $message, $level = '' ) {
        file_put_contents( WU_LAB_FILE . '.log', "{$handle} [{$level}] {$message}\\n", FILE_APPEND | LOCK_EX );
      }, 10, 3 );`,
    );
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.sim.setDns('late.example', { A: ['198.51.100.7'] });
    await stack.network.map(['shop.example', 'late.example']);
    await sync();
    await sync();
    admin = await stack.network.adminVisitor(stack.web.port);
    // A process says what it is when it is asked for a page of the network admin.
    await admin.get('/wp-admin/network/');
  });
  after(() => stack?.close());

  /** The results of Site Health, as its page in the browser gets them: test => result. */
  async function health(host = 'network.example') {
    const page = await admin.get('/wp-admin/site-health.php', { host });
    assert.equal(page.status, 200, `Site Health answered ${page.status}${stack.trouble()}`);
    const data = JSON.parse(/var SiteHealth = (\{.*\});$/m.exec(page.body)[1]);
    assert.ok(data.site_status.direct.length > 5, 'these are not all tests');
    return Object.fromEntries(data.site_status.direct.map((result) => [result.test, { ...result, words: text(result.description) }]));
  }

  /** One result, after something was done, and what is done afterwards. */
  async function during(test, before, afterwards) {
    await before();
    try {
      return (await health())[`wu_cloudways_${test}`];
    } finally {
      await afterwards();
    }
  }

  /** The notices of the plugin in the network admin: code => words. */
  async function notices() {
    const { body } = await admin.get('/wp-admin/network/plugins.php');
    return Object.fromEntries([...body.matchAll(NOTICE)].map(([, type, code, html]) => [code, `${type}: ${text(html)}`]));
  }

  describe('Site Health', () => {
    it('has five tests on the main site, which are good when all is well, and asks nothing outside', async () => {
      await stack.sim.clearLog();
      const found = await health();
      assert.deepEqual(TESTS.filter((test) => !found[test]), []);
      for (const test of TESTS) {
        const { status, label, words, badge, actions } = found[test];
        assert.equal(status, 'good', `${test}: ${label}: ${words}`);
        assert.match(badge.label, /^Cloudways$/);
        assert.match(actions, /\/wp-admin\/network\/admin\.php\?page=wu-cloudways"/);
      }
      assert.deepEqual(await stack.sim.log(), [], 'Cloudways was asked');
      assert.deepEqual(await asked(), [0, 0], 'DNS or the web was asked');
      await sync();
      assert.ok((await asked())[0] > 0, 'this test does not see what is asked');
    });

    /** How many questions DNS and the web got since clearLog(). */
    const asked = () => Promise.all(['dns-log', 'web-log'].map(async (log) => (await (await fetch(`${stack.sim.control}/${log}`)).json()).length));

    it('is wrong where it should be: each test has its reason, what to do, and how to do it', async () => {
      const extension = await during('extension', async () => {
        await stack.startFpm(false);
        await sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name IN ('web', 'cli')");
      }, async () => {
        await stack.startFpm(true);
        await stack.network.wp(['wu-cloudways', 'status']);
        await admin.get('/wp-admin/network/');
      });
      assert.equal(extension.status, 'critical', extension.words);
      assert.match(extension.words, /private_html\/wu_cloudways-\S+\.so/);
      assert.match(extension.description, /<code>php_admin_value\[extension\] = \S+\/applications\/abcdefghij\/private_html\/wu_cloudways-0\.1\.0-php8\.2\.so<\/code>/);

      const constants = stack.sim.constants();
      const credentials = await during('credentials', () => stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: undefined }), () => stack.network.setConstants(constants));
      assert.equal(credentials.status, 'critical', credentials.words);
      assert.match(credentials.words, /WU_CLOUDWAYS_API_KEY/);

      const refused = await during('credentials', async () => {
        stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
        assert.equal((await sync()).code, 12);
      }, async () => {
        stack.network.setConstants(constants);
        await sync();
      });
      assert.equal(refused.status, 'critical', refused.words);
      assert.match(refused.words, /Cloudways refused the credentials/);
      assert.ok(!refused.description.includes('cw_wrong_token_of_nobody'));

      const failed = await during('last_run', async () => {
        await stack.sim.fault({ path: '/server', times: null, do: { status: 503, body: '' } });
        await sync();
      }, async () => {
        await stack.sim.clearFaults();
        await sync();
      });
      assert.notEqual(failed.status, 'good', failed.words);
      assert.match(failed.words, /The Cloudways API cannot be reached/);

      const paused = await during('last_run', () => stack.network.wp(['wu-cloudways', 'pause']), () => stack.network.wp(['wu-cloudways', 'resume']));
      assert.equal(paused.status, 'recommended', paused.words);
      assert.match(paused.words, /Paused since /);

      const queue = await during('queue', () => age('due', 2 * 86400), () => age('due', -2 * 86400));
      assert.equal(queue.status, 'critical', queue.words);

      const near = await during('certificate', () => certificateEnds(9), () => certificateEnds(90));
      assert.notEqual(near.status, 'good', near.words);
      const ended = await during('certificate', () => certificateEnds(-1), () => certificateEnds(90));
      assert.equal(ended.status, 'critical', ended.words);
      for (const test of TESTS) assert.equal((await health())[test].status, 'good', `${test} stays wrong`);
    });

    /** As if the certificate ended in so many days. */
    const certificateEnds = (days) => stack.network.eval(`$runs = WU_Cloudways\\Database::table( 'runs' );
      $row = WU_Cloudways\\Database::row( "SELECT id, report FROM {$runs} WHERE report IS NOT NULL" );
      $report = json_decode( $row['report'], true );
      $report['certificate']['installed']['not_after'] = time() + ${days} * DAY_IN_SECONDS;
      return WU_Cloudways\\Database::write( "UPDATE {$runs} SET report = %s WHERE id = %d", array( wp_json_encode( $report ), $row['id'] ) );`);

    it('is content with the extension on the website alone, or on the command line alone', async () => {
      for (const [web, cli] of [[true, false], [false, true]]) {
        await stack.startFpm(web);
        await stack.network.wp(['wu-cloudways', 'status'], { extension: cli });
        await admin.get('/wp-admin/network/');
        const { status, words } = (await health()).wu_cloudways_extension;
        assert.equal(status, 'good', words);
        assert.match(words, web ? /Extension on the command line/ : /Extension on the website/);
      }
      await stack.startFpm(true);
      await admin.get('/wp-admin/network/');
      assert.equal((await health()).wu_cloudways_extension.status, 'good');
    });

    it('survives a database that has lost the plugin’s tables', async () => {
      await sql('RENAME TABLE wp_wu_cloudways_sync_memory TO away');
      try {
        const found = await health();
        assert.equal(found.wu_cloudways_last_run.status, 'critical', found.wu_cloudways_last_run.words);
        const page = await admin.get('/wp-admin/site-health.php?tab=debug');
        assert.equal(page.status, 200);
        assert.match(page.body, /<\/html>\s*$/);
      } finally {
        await sql('RENAME TABLE away TO wp_wu_cloudways_sync_memory');
      }
      assert.doesNotMatch(stack.network.debugLog(), /PHP Fatal/);
    });

    it('shows nothing on another site of the network, and its weekly job costs nothing there', async () => {
      await stack.network.addSite('shop');
      const there = await health('shop.network.example');
      assert.deepEqual(Object.keys(there).filter((test) => test.startsWith('wu_cloudways')), []);
      const queries = await stack.network.wp(['--url=shop.network.example', 'eval', `
        $queries = 0;
        add_filter( 'query', function ( $query ) use ( &$queries ) { $queries += false !== strpos( $query, 'wu_cloudways' ) ? 1 : 0; return $query; } );
        require_once ABSPATH . 'wp-admin/includes/class-wp-site-health.php';
        apply_filters( 'site_status_tests', WP_Site_Health::get_tests() );
        apply_filters( 'debug_information', array() );
        echo (int) is_main_site(), ':', $queries;`]);
      assert.equal(queries.stdout.trim(), '0:0');
    });

    it('has the facts for whoever helps, and nothing secret among them', async () => {
      const info = await stack.network.eval("return apply_filters( 'debug_information', array() );");
      const { fields } = info['wu-cloudways'];
      const debug = Object.fromEntries(Object.entries(fields).map(([name, { debug: value }]) => [name, value]));
      assert.equal(debug.version, '0.1.0');
      assert.deepEqual([debug.web, debug.cli, debug.integration, debug.paused, debug.copy, debug.settings], ['loaded', 'loaded', 'yes', 'no', 'no', 'none']);
      assert.match(debug.last_run, /^\d{4}-\d\d-\d\dT.*, (partial|ok|pending), \w+, (cli|web)$/);
      assert.match(debug.next_run, /^\d{4}-/);
      assert.equal(debug.sys_user, 'abcdefghij');
      assert.deepEqual([debug.server, debug.application, debug.token], ['50482', '131933', 'access_token']);
      assert.match(debug.names, /^\d+\/100$/);
      assert.match(debug.domains, /here: \d+/);
      for (const [name, { label, value }] of Object.entries(fields)) assert.ok(label && value, `${name} has no words`);
      const whole = JSON.stringify(info);
      const constants = stack.sim.constants();
      for (const secret of [constants.WU_CLOUDWAYS_API_KEY, constants.WU_CLOUDWAYS_EMAIL, 'SIM-SECRET']) assert.ok(!whole.includes(secret), `it shows ${secret}`);
      assert.match((await admin.get('/wp-admin/site-health.php?tab=debug')).body, /Cloudways Sync/);
    });

    it('is not for a site administrator without rights in the network', async () => {
      await stack.network.wp(['user', 'create', 'owner', 'owner@shop.example', '--user_pass=owner', '--role=administrator']);
      const owner = await stack.network.visitor(stack.web.port).logIn('owner', 'owner');
      for (const path of ['/wp-admin/site-health.php', '/wp-admin/site-health.php?tab=debug', '/wp-admin/network/plugins.php']) {
        const { status, body } = await owner.get(path);
        assert.notEqual(status, 200, path);
        assert.doesNotMatch(body, /wu_cloudways_|Cloudways/, path);
      }
      assert.doesNotMatch((await owner.get('/wp-admin/')).body, /wu-cloudways-notice/);
    });
  });

  describe('notices', () => {
    it('are there for as long as there is a reason, and go by themselves', async () => {
      assert.deepEqual(await notices(), {});
      await stack.network.wp(['wu-cloudways', 'pause']);
      await stack.network.map('waiting.example');
      const paused = (await notices()).paused ?? '';
      assert.match(paused, /^info: Cloudways: The synchronisation has been paused since .*: nothing is sent\. \d+ changes? (is|are) waiting\. Resume it on the Cloudways page$/);
      await stack.network.wp(['wu-cloudways', 'resume']);
      assert.deepEqual(await notices(), {});
    });

    it('say how to load the extension here: the file for this PHP, its place, the line', async () => {
      await stack.startFpm(false);
      await sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name IN ('web', 'cli')");
      const { body } = await admin.get('/wp-admin/network/plugins.php');
      const [, , , html] = [...body.matchAll(NOTICE)].find(([, , code]) => code === 'extension_missing');
      await stack.startFpm(true);
      await stack.network.wp(['wu-cloudways', 'status']);
      await admin.get('/wp-admin/network/');
      const codes = [...html.matchAll(/<code>(.*?)<\/code>/g)].map(([, code]) => code);
      const file = join(stack.network.application, 'private_html/wu_cloudways-0.1.0-php8.2.so');
      assert.deepEqual(codes, [`php8.2 install.php install ${join(stack.network.application, 'private_html')}`, `php8.2 -d extension=${file} -m | grep wu_cloudways`, `php_admin_value[extension] = ${file}`]);
      assert.match(text(html), /for PHP 8\.2 NTS, .*never in public_html/);
      assert.match(text(html), /is presumed, not known/);
      assert.deepEqual(await notices(), {});
    });

    it('and the command line names its own way, with the path of this site', async () => {
      const steps = await stack.network.eval("return array_column( WU_Cloudways\\Guide::steps( 'cli' ), 'code' );");
      const file = await stack.network.eval('return WU_Cloudways\\Guide::file();');
      assert.deepEqual(steps, [
        `php8.2 install.php install ${dirname(file)}`,
        `php8.2 -d extension=${file} /usr/local/bin/wp --path=${stack.network.root} wu-cloudways doctor`,
        `*/5 * * * * php8.2 -d extension=${file} /usr/local/bin/wp --path=${stack.network.root} action-scheduler run --quiet`,
      ]);
      // Where the path of the site says nothing, a filter may; else the name is left open.
      const told = await stack.network.eval("add_filter( 'wu_cloudways_sys_user', fn() => 'zyxwvutsrq' ); return WU_Cloudways\\Guide::file();");
      assert.match(told, /^\/home\/master\/applications\/zyxwvutsrq\/private_html\/wu_cloudways-/);
      const open = await stack.network.eval("add_filter( 'wu_cloudways_sys_user', fn() => null ); return WU_Cloudways\\Guide::pool_line();");
      assert.match(open, /^php_admin_value\[extension\] = \/home\/master\/applications\/APPLICATION\/private_html\/wu_cloudways-/);
    });
  });

  describe('the log', () => {
    let mark = 0;
    const lines = () => {
      const file = `${stack.network.labFile}.log`;
      const all = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
      return all.slice(mark, (mark = all.length)).filter((line) => /^(integration-cloudways|domain-\S+ \[\w+\] (\S+: )?Cloudways)/.test(line));
    };

    it('says nothing where nothing changed', async () => {
      await stack.settle(async () => {
        lines();
        await sync();
        return lines().length === 0;
      }, 'a run without a line in the log', { run: () => sync(), state: () => lines() });
      await sync();
      assert.deepEqual(lines(), []);
    });

    it('has a line for each fact that changes, in the log of the domain and in that of the whole', async () => {
      await stack.sim.here('new.example');
      await stack.sim.setDns('www.new.example', { A: ['198.51.100.7'] });
      await stack.network.map('new.example');
      await sync();
      const said = lines();
      assert.ok(said.some((line) => /^integration-cloudways \[info\] Aliases added: new\.example, www\.new\.example$/.test(line)), said.join('\n'));
      assert.ok(said.some((line) => /^domain-new\.example \[info\] Cloudways: alias present, DNS here, certificate \w+\./.test(line)), said.join('\n'));
      assert.ok(said.some((line) => /^domain-new\.example \[info\] www\.new\.example: Cloudways: alias present, DNS elsewhere, certificate blocked\. www\.new\.example points to 198\.51\.100\.7/.test(line)), said.join('\n'));
      assert.equal(said.filter((line) => line.startsWith('domain-shop.example')).length, 0, 'a domain that did not change has a line');
      await sync();
      assert.deepEqual(lines().filter((line) => /Aliases|domain-new/.test(line)), [], 'it is said twice');
    });

    it('says a failure once, and afterwards only what is new', async () => {
      await sync();
      lines();
      await stack.sim.fault({ path: '/server', times: null, do: { status: 503, body: '' } });
      await sync();
      const [failed, ...more] = lines();
      assert.match(failed, /^integration-cloudways \[error\] Failed \(api_unavailable\): /);
      assert.deepEqual(more, []);
      await sync();
      assert.deepEqual(lines(), [], 'the failure is said twice');
      await stack.sim.clearFaults();
      await sync();
      const back = lines();
      assert.ok(back.length === 1 && /^integration-cloudways \[info\] Status: (partial|pending|ok)\.$/.test(back[0]), `besides the status nothing had changed: ${back.join('\n')}`);
    });

    it('says what a check of DNS between two runs found, and which warning is over', async () => {
      await stack.sim.here('www.new.example');
      await stack.network.wp(['wu-cloudways', 'dns', 'www.new.example'], { check: false });
      const said = lines();
      assert.ok(said.some((line) => /^domain-new\.example \[info\] www\.new\.example: Cloudways: alias \w+, DNS here, /.test(line)), said.join('\n'));
      stack.network.setConstants({ WU_CLOUDWAYS_DRY_RUN: true });
      await sync();
      assert.ok(lines().some((line) => /\[info\] .*DRY_RUN/.test(line)));
      stack.network.setConstants({ WU_CLOUDWAYS_DRY_RUN: undefined });
      await sync();
      assert.ok(lines().some((line) => /^integration-cloudways \[info\] No longer so: .*DRY_RUN/.test(line)));
    });

    it('says what a person decides, not who, and no secret', async () => {
      await stack.network.wp(['wu-cloudways', 'pause']);
      await stack.network.wp(['wu-cloudways', 'pause']);
      await stack.network.wp(['wu-cloudways', 'resume']);
      await stack.network.eval("return WU_Cloudways\\Plugin::instance()->decisions()->release( 'hand-made.example' );");
      const said = lines().map((line) => line.replace('integration-cloudways [info] ', ''));
      assert.deepEqual(said, ['Paused: nothing is sent until somebody resumes it.', 'Resumed.', 'Released: hand-made.example is left alone from now on.']);
      const whole = readFileSync(`${stack.network.labFile}.log`, 'utf8');
      const constants = stack.sim.constants();
      for (const secret of [constants.WU_CLOUDWAYS_API_KEY, constants.WU_CLOUDWAYS_EMAIL, 'cw_wrong_token_of_nobody', 'SIM-SECRET']) assert.ok(!whole.includes(secret), `it holds ${secret}`);
    });
  });

  describe('when the plugin goes', () => {
    it('deactivating it says what follows, and forgets how long runs have failed', async () => {
      const page = await admin.get('/wp-admin/network/plugins.php');
      assert.match(text(page.body), /When Cloudways Sync is deactivated, Ultimate Multisite's own Cloudways module takes over again: .* aliases made there by hand are lost\./);
      await stack.network.eval("WU_Cloudways\\Alarms::on_failed( array( 'code' => 'busy' ) ); return true;");
      await age('due', 10 * 86400);
      const { stderr } = await stack.network.wp(['plugin', 'deactivate', 'wu-cloudways', '--network']);
      assert.match(stderr, /takes over again/);
      assert.equal(await sql("SELECT name FROM wp_wu_cloudways_sync_memory WHERE name IN ('failing', 'good') OR name LIKE 'mail%'"), '');
      // What was due in the meantime is due now, and is not called late.
      await stack.network.wp(['plugin', 'activate', 'wu-cloudways', '--network']);
      assert.deepEqual(await notices(), {});
      assert.equal(await stack.network.eval("return count( WU_Cloudways\\Alarms::standing() );"), 0);
    });

    it('uninstalling it leaves nothing of it in the database', async () => {
      await stack.network.eval(`$user = get_user_by( 'login', 'admin' )->ID;
        update_user_meta( $user, 'wu_cloudways_domains_per_page', 50 );
        update_user_meta( $user, 'manageultimate-multisite_page_wu-cloudways-networkcolumnshidden', array( 'dns' ) );
        set_site_transient( 'wu_cloudways_sync_answer_' . $user, array( 'x' ), 300 );
        $domain = wu_get_domain_by_domain( 'shop.example' );
        $domain->update_meta( 'wu_cloudways_waited', time() );
        $domain->update_meta( 'of_somebody_else', 1 );
        update_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_EMAIL', 'stored by the wizard' );
        return true;`);
      await stack.network.wp(['plugin', 'deactivate', 'wu-cloudways', '--network']);
      await stack.network.wp(['plugin', 'uninstall', 'wu-cloudways', '--skip-delete']);
      const tables = (await sql('SHOW TABLES')).trim().split('\n');
      assert.deepEqual(tables.filter((table) => /wu_cloudways/.test(table)), []);
      const left = [];
      for (const [table, key, value] of [['sitemeta', 'meta_key', 'meta_value'], ['options', 'option_name', 'option_value'], ['usermeta', 'meta_key', 'meta_value'], ['wu_domainmeta', 'meta_key', 'meta_value'], ['2_options', 'option_name', 'option_value']]) {
        left.push(await sql(`SELECT CONCAT('${table}: ', ${key}) FROM wp_${table} WHERE ${key} LIKE '%cloudways%' OR (${key} NOT IN ('active_sitewide_plugins', 'recently_activated') AND ${key} NOT LIKE '%session_tokens' AND ${key} NOT LIKE '%wu_host%' AND ${key} NOT LIKE '%transient%update%' AND ${value} LIKE '%wu_cloudways%')`));
      }
      assert.deepEqual(left.join('').trim().split('\n').filter(Boolean), ['sitemeta: wu_hosting_credential_WU_CLOUDWAYS_EMAIL'], 'something is left, or a credential of Ultimate Multisite’s is gone');
      assert.match(await sql("SELECT meta_key FROM wp_wu_domainmeta"), /of_somebody_else/);
      assert.equal(await sql("SELECT hook FROM wp_actionscheduler_actions WHERE hook LIKE 'wu_cloudways%'"), '');
      assert.ok(!existsSync(join(stack.network.root, '.well-known/acme-challenge')), 'the file that is asked for is still there');
      assert.doesNotMatch(stack.network.debugLog(), /PHP Fatal/);
    });
  });
});
