// `wp wu-cloudways doctor`: everything in order is called so, and each single fault is found, with what to do and an exit
// code that a script can use. It asks, and changes nothing.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SITE_USER, write } from './lib/lab.mjs';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const CHECKS = ['tables', 'um', 'integration', 'credentials', 'site', 'extension_web', 'extension_cli', 'wake', 'token', 'paused', 'queue', 'alarms', 'cron', 'lock', 'files', 'writers', 'last_run', 'certificate'];
const SECRETS = [SIM.token, SIM.legacyKey, SIM.email];

describe('doctor', () => {
  let stack;
  let report;
  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const put = (name, number) => sql(`UPDATE wp_wu_cloudways_sync_memory SET number = ${number} WHERE name = '${name}'`);
  const wp = (args, options) => stack.network.wp(['wu-cloudways', 'doctor', ...args], { check: false, ...options });

  /** The checks by their code, and the exit code. */
  async function examined(args = [], options = {}) {
    const result = await wp([...args, '--format=json'], options);
    assert.match(result.stdout, /^\[/, result.stdout + result.stderr);
    for (const secret of SECRETS) assert.ok(!(result.stdout + result.stderr).includes(secret), 'a secret is printed');
    const checks = Object.fromEntries(JSON.parse(result.stdout).map((check) => [check.code, check]));
    return { ...result, checks };
  }

  /** One check, and the exit code when it is the only one. */
  async function one(code, options) {
    const { checks, code: exit, stderr } = await examined([code], options);
    assert.deepEqual(Object.keys(checks), [code], stderr);
    assert.equal(checks[code].exit, exit, `the exit code ${exit} is not that of the check: ${JSON.stringify(checks[code])}`);
    return checks[code];
  }

  /** The check is of this status, ends with this number, and its words are these. */
  async function finds(code, status, exit, words, options) {
    const check = await one(code, options);
    const said = [check.text, check.remedy, ...check.steps.flatMap((step) => [step.text, step.code])].join('\n');
    assert.deepEqual([check.status, check.exit], [status, exit], said);
    for (const word of [words].flat()) assert.match(said, word);
    if (status === 'recommended' || status === 'critical') assert.ok(check.remedy, `it does not say what to do: ${said}`);
    return check;
  }

  before(async () => {
    stack = await openStack('doctor');
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.network.map('shop.example');
    const fresh = await examined(['last_run', 'certificate', 'queue']);
    assert.equal(fresh.checks.certificate.status, 'unknown');
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=120'], { check: false });
    report = await stack.report();
    assert.ok(report.certificate.installed?.not_after, 'there is no certificate to speak of');
  });
  after(() => stack?.close());

  it('finds nothing wrong where nothing is, asks and changes nothing', async () => {
    const runs = () => sql('SELECT COUNT(*) FROM wp_wu_cloudways_sync_runs');
    const before = await runs();
    await stack.sim.clearLog();
    const { checks, code, stdout } = await examined();
    assert.deepEqual(Object.keys(checks), CHECKS);
    for (const check of Object.values(checks)) assert.deepEqual([check.code, check.status, check.exit], [check.code, 'good', 0], stdout);
    assert.equal(code, 0);
    assert.ok((await stack.sim.log()).length > 0, 'it did not ask Cloudways');
    assert.deepEqual(await stack.sim.writes(), [], 'it wrote to Cloudways');
    assert.equal(await runs(), before, 'it started a run');
    // Each process says what it is, and where its extension is from.
    for (const [name, ini] of [['extension_web', 'fpm'], ['extension_cli', 'cli']]) {
      assert.ok(checks[name].text.includes(stack.so), `it does not name the file: ${checks[name].text}`);
      assert.match(checks[name].text, new RegExp(`PHP 8\\.\\d+\\.\\d+.*/${ini}/php\\.ini`), `${name} does not say which PHP it is`);
    }
    assert.match(checks.token.text, /access token.*May read: yes; May write: yes/);
  });

  it('prints a line for each check to people, and the worst to a script', async () => {
    const { stdout, stderr, code } = await wp([]);
    assert.equal(code, 0, stderr);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.filter((line) => /^ok {9}\S.*: /.test(line)).length, CHECKS.length, stdout);
    assert.equal(lines.at(-1), 'Nothing is wrong.');
    assert.deepEqual((await wp(['--porcelain', '--offline'])).stdout, 'good\n');
    const csv = (await wp(['queue', '--format=csv', '--offline'])).stdout.split('\n');
    assert.equal(csv[0], 'code,status,title,text,remedy,exit');
    assert.match(csv[1], /^queue,good,/);
    assert.equal((await wp(['lock', '--fields=status,code', '--format=csv', '--offline'])).stdout, 'status,code\ngood,lock\n');
    assert.match((await wp(['lock', '--format=yaml', '--offline'])).stdout, /^ {2}code: lock$/m);
    for (const wrong of [['nothing'], ['lock', '--fields=nothing']]) {
      const refused = await wp(wrong);
      assert.equal(refused.code, 1, refused.stdout);
      assert.match(refused.stderr, /nothing.*There are: /s);
    }
  });

  it('asks nobody when it is not to', async () => {
    await stack.sim.clearLog();
    stack.network.configure({ web: '127.0.0.1:1' });
    const { checks, code } = await examined(['--offline']);
    stack.network.configure({ web: `127.0.0.1:${stack.web.port}` });
    assert.equal(code, 0, JSON.stringify(checks));
    assert.deepEqual(await stack.sim.log(), []);
    assert.equal(checks.wake.status, 'unknown');
    assert.match(checks.token.text, /So it was on .* ago\)/);
  });

  it('gives the same checks to Site Health, by what is stored', async () => {
    await stack.sim.clearLog();
    const checks = await stack.network.eval("return WU_Cloudways\\Doctor::checks( array( 'queue', 'token', 'nothing' ) );");
    assert.deepEqual(checks.map(({ code, status }) => [code, status]), [['token', 'good'], ['queue', 'good']]);
    assert.deepEqual(await stack.sim.log(), []);
  });

  describe('the extension', () => {
    it('missing on the command line: the command, the cron line, and the website tests the token instead', async () => {
      const missing = { extension: false };
      const check = await finds('extension_cli', 'recommended', 3, [/not loaded on the command line \(PHP 8/, /^php8\.2 -d extension=\S+\.so \S+ --path=\S+ wu-cloudways doctor$/m, /^\*\/5 \* \* \* \* php8\.2 -d extension=/m], missing);
      assert.ok(check.steps.some(({ code }) => code.includes(stack.network.root)), 'the command has not the path of this site');
      const { checks, code } = await examined([], missing);
      assert.equal(code, 3);
      assert.deepEqual(Object.values(checks).filter(({ status }) => status !== 'good').map((one) => one.code), ['extension_cli']);
      assert.doesNotMatch(checks.token.text, /So it was/);
    });

    it('missing on the website: the pool line', async () => {
      await stack.startFpm(false);
      try {
        await finds('extension_web', 'recommended', 3, [/not loaded on the website \(PHP 8/, /^php_admin_value\[extension\] = \S+\.so$/m]);
        const nowhere = await examined([], { extension: false });
        assert.equal(nowhere.code, 20, nowhere.stdout);
        for (const name of ['extension_web', 'extension_cli']) assert.deepEqual([nowhere.checks[name].status, nowhere.checks[name].steps.length], ['critical', 3]);
        const people = await wp(['extension_web'], { extension: false });
        assert.match(people.stdout, /^error {6}Extension on the website: .*\n {11}→ Load it in three steps:\n {13}1\. Upload .*\n {16}php8\.2 install\.php install \/.*\/private_html\n/m);
        assert.match(people.stdout, /\n1 error\.\n$/);
        assert.equal((await wp(['--porcelain', 'extension_web'], { extension: false })).stdout, 'critical\n');

        // What the website said of itself last, and it runs another PHP: its file has to be for that one.
        await sql(`UPDATE wp_wu_cloudways_sync_memory SET value = REPLACE( value, '"php":"8.', '"php":"9.' ) WHERE name = 'web'`);
        const { checks } = await examined(['extension_web', '--offline'], { extension: false });
        const told = checks.extension_web.steps.map(({ text, code }) => `${text} ${code}`).join('\n');
        assert.match(told, /for PHP 9\.\d .*php9\.\d install\.php install \S+\n.*php9\.\d -d extension=\S+-php9\.\d\.so -m.*\n.*php_admin_value\[extension\] = \S+-php9\.\d\.so$/s);
      } finally {
        await stack.startFpm(true);
      }
    });

    it('too old for the plugin', async () => {
      const undo = stack.patchPlugin('includes/class-plugin.php', "const MIN_EXTENSION = '0.1.0'", "const MIN_EXTENSION = '9.0.0'");
      try {
        await finds('extension_cli', 'critical', 20, /version 0\.1\.0; this plugin needs 9\.0\.0.*\.so/);
      } finally {
        undo();
      }
    });

    it('replaced under a process that has it open', async () => {
      const link = join(stack.lab.folder('open'), 'wu_cloudways.so');
      copyFileSync(stack.so, link);
      // The command line has it open when it is gone: a must-use plugin comes after PHP's own start.
      const file = join(stack.network.muPlugins, 'gone.php');
      write(file, `<?php if ( 'cli' === PHP_SAPI ) { @unlink( '${link}' ); }\n`);
      try {
        await finds('extension_cli', 'recommended', 3, [/\(deleted\)/, /never overwrite a file that is loaded/], { extension: link });
      } finally {
        write(file, '<?php\n');
      }
    });
  });

  it('the website that is not within reach', async () => {
    stack.network.configure({ web: '127.0.0.1:1' });
    try {
      await finds('wake', 'recommended', 3, [/does not answer .*admin-ajax\.php \(.+\)/, /firewall/]);
      await finds('wake', 'critical', 1, /does not answer/, { extension: false });
    } finally {
      stack.network.configure({ web: `127.0.0.1:${stack.web.port}` });
    }
    // One that has other salts is another website.
    const file = join(stack.network.muPlugins, 'salts.php');
    write(file, "<?php if ( 'cli' !== PHP_SAPI ) { add_filter( 'salt', static fn( $salt, $scheme ) => 'secure_auth' === $scheme ? 'another' : $salt, 10, 2 ); }\n");
    try {
      await finds('wake', 'recommended', 3, /HTTP 403/);
    } finally {
      write(file, '<?php\n');
    }
  });

  it('answers only who can sign, once, and says no secret', async () => {
    const request = await stack.network.eval(`$sent = null;
      add_filter( 'pre_http_request', static function ( $answer, $args ) use ( &$sent ) { $sent = $args['body']; return new WP_Error( 'caught', 'caught' ); }, 0, 2 );
      $reason = WU_Cloudways\\Plugin::instance()->wake()->ask( 'test' )['reason'];
      return array( $sent, $reason );`);
    assert.equal(request[1], 'caught');
    const post = (body) => stack.visitor.post('/wp-admin/admin-ajax.php', body);
    for (const change of [{ signature: 'wrong' }, { signature: '' }, { ask: 'facts' }, { ask: 'other' }, { time: '1000000000000000' }]) {
      const refused = await post({ ...request[0], ...change });
      assert.deepEqual([refused.status, refused.body], [403, ''], JSON.stringify(change));
    }
    const answer = await post(request[0]);
    assert.equal(answer.status, 200, answer.body);
    const said = JSON.parse(answer.body);
    assert.deepEqual(Object.keys(said), ['facts', 'test']);
    assert.equal(said.test.ok, true);
    for (const secret of SECRETS) assert.ok(!answer.body.includes(secret), 'it says a secret');
    assert.equal((await post(request[0])).status, 403, 'it answers twice');
    // A question is no wake-up, and a wake-up no question.
    const { ask, ...wake } = request[0];
    assert.equal(ask, 'test');
    assert.equal((await post(wake)).status, 403);
  });

  describe('the settings', () => {
    const NAMES = ['WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID'];
    after(() => stack.network.setConstants(stack.sim.constants()));

    it('missing, or empty', async () => {
      stack.network.setConstants({ WU_CLOUDWAYS_APP_ID: undefined });
      await finds('credentials', 'critical', 10, [/missing: WU_CLOUDWAYS_APP_ID/, /wizard/]);
      stack.network.setConstants({ WU_CLOUDWAYS_APP_ID: '' });
      await finds('credentials', 'critical', 10, /empty: WU_CLOUDWAYS_APP_ID/);
      const all = await examined();
      assert.equal(all.code, 10, 'it does not end with the number of the first error');
    });

    it('typed into the wizard, and unreadable since the salts changed', async () => {
      const salts = { AUTH_KEY: 'of the lab: AUTH_KEY', AUTH_SALT: 'of the lab: AUTH_SALT' };
      const values = Object.fromEntries(NAMES.map((name) => [name, String(stack.sim.constants()[name])]));
      for (const [name, value] of Object.entries(values)) {
        await stack.network.eval(`return update_network_option( null, 'wu_hosting_credential_${name}', WP_Ultimo\\Helpers\\Credential_Store::encrypt( '${value}' ) );`);
      }
      stack.network.setConstants(Object.fromEntries(NAMES.map((name) => [name, undefined])));
      try {
        await finds('credentials', 'good', 0, /wizard/);
        stack.network.setConstants({ AUTH_KEY: 'another', AUTH_SALT: 'another too' });
        await finds('credentials', 'critical', 10, [/cannot be read any more: WU_CLOUDWAYS_EMAIL/, /security keys in wp-config\.php have changed/]);
      } finally {
        stack.network.setConstants({ ...salts, ...stack.sim.constants() });
        await sql("DELETE FROM wp_sitemeta WHERE meta_key LIKE 'wu_hosting_credential_%'");
      }
    });

    it('of a token that Cloudways refuses, of one that may not write, and of an old key', async () => {
      stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
      await finds('token', 'critical', 12, [/refused the credentials/, /access token/]);
      await finds('token', 'critical', 12, /refused the credentials/, { extension: false });
      stack.network.setConstants({ ...stack.sim.constants(), WU_CLOUDWAYS_SERVER_ID: 'eins' });
      await finds('token', 'critical', 10, /WU_CLOUDWAYS_SERVER_ID is not a positive whole number/);
      stack.network.setConstants({ ...stack.sim.constants(), WU_CLOUDWAYS_API_KEY: SIM.legacyKey });
      await finds('token', 'recommended', 3, [/old API key/, /15 October 2026/]);
      stack.network.setConstants(stack.sim.constants());
      // Only a write shows it: the last run met it.
      await sql("INSERT INTO wp_wu_cloudways_sync_runs (started_at, finished_at, cause, context, status, code, message, details) VALUES (UNIX_TIMESTAMP(), UNIX_TIMESTAMP(), 'cli', 'cli', 'failed', 'scope_missing', 'x', '{\"endpoint\":\"POST /app/manage/aliases\"}')");
      await finds('token', 'critical', 12, /may not use POST \/app\/manage\/aliases/);
      await sql('DELETE FROM wp_wu_cloudways_sync_runs ORDER BY id DESC LIMIT 1');
    });

    for (const [what, exit, fault] of [
      ['too many requests', 13, { status: 429, body: '{}', headers: { 'retry-after': '88' } }],
      ['a refusal', 15, { status: 422, body: '{"message":"no"}' }],
      ['an outage', 16, { status: 503, body: 'no' }],
      ['an answer that nobody understands', 17, { status: 200, body: '[1' }],
    ]) {
      it(`${what} of Cloudways ends with ${exit}`, async () => {
        await stack.sim.fault({ method: 'GET', path: '/server', times: null, do: fault });
        try {
          await finds('token', 'critical', exit, /./);
        } finally {
          await stack.sim.clearFaults();
        }
      });
    }
  });

  it('a copy of the site', async () => {
    stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'staging' });
    try {
      await finds('site', 'critical', 11, [/looks like a copy.*staging here, production in the original/, /--confirm-site/]);
    } finally {
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'production' });
    }
  });

  it('a pause, and an integration that is switched off', async () => {
    await stack.network.wp(['wu-cloudways', 'pause', '--user=admin']);
    await finds('paused', 'recommended', 3, [/Paused since .* by admin: nothing is sent/, /^wp wu-cloudways resume$/m]);
    await stack.network.wp(['wu-cloudways', 'resume']);
    await stack.network.eval("return update_network_option( null, 'wu_host_integrations_enabled', array( 'cloudways' => false ) );");
    try {
      await finds('integration', 'recommended', 3, /switched off/);
    } finally {
      await stack.network.eval("return update_network_option( null, 'wu_host_integrations_enabled', array( 'cloudways' => true ) );");
    }
  });

  it('a queue that is stuck, and one where a run is just at work', async () => {
    await put('due', 'UNIX_TIMESTAMP() - 14 * 60');
    await finds('queue', 'good', 0, /due on/);
    await put('due', 'UNIX_TIMESTAMP() - 20 * 60');
    await finds('queue', 'critical', 1, [/A run was due on .* \(20 minutes ago\), and did not come\./, /^\*\/5 \* \* \* \* php8\.2 .* action-scheduler run --quiet$/m]);
    // The website does it there: its own cron has to be called.
    await finds('queue', 'critical', 1, /^\*\/5 \* \* \* \* wget .*\/wp-cron\.php\?doing_wp_cron'$/m, { extension: false });
    await sql("UPDATE wp_wu_cloudways_sync_lock SET token = 'of-another', since = UNIX_TIMESTAMP(), expires = UNIX_TIMESTAMP() + 600, context = 'web machine 1'");
    await finds('queue', 'good', 0, /A run is at work/);
    await finds('lock', 'good', 0, /web machine 1/);
    await stack.ageLock(900);
    await finds('lock', 'recommended', 3, /never came back/);
    await sql("UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0");
    await put('due', 0);
    await finds('queue', 'recommended', 3, /No run is planned/);
    await put('due', 'UNIX_TIMESTAMP() + 600');
  });

  it('alarm clocks that are not set', async () => {
    await finds('alarms', 'good', 0, [/Action Scheduler rings on/, /WP-Cron rings on/]);
    await stack.network.eval('WU_Cloudways\\Plugin::instance()->scheduler()->disarm(); return 1;');
    await finds('alarms', 'critical', 1, [/No alarm clock is set/, /^wp wu-cloudways sync$/m]);
    await stack.network.eval('return WU_Cloudways\\Plugin::instance()->scheduler()->arm();');
    await finds('alarms', 'good', 0, /rings on/);
  });

  it('a WP-Cron that nobody starts', async () => {
    await finds('cron', 'good', 0, /DISABLE_WP_CRON/);
    const old = (seconds) => stack.network.eval(`$crons = _get_cron_array(); $crons[ time() - ${seconds} ]['of_the_test'][ md5( 'a' ) ] = array( 'schedule' => false, 'args' => array() ); ksort( $crons ); return _set_cron_array( $crons );`);
    await old(600);
    await finds('cron', 'good', 0, /Nothing in it is late/);
    await old(3600);
    await finds('cron', 'recommended', 3, [/still waits/, /^\*\/5 \* \* \* \* php8\.2 .* cron event run --due-now --quiet$/m]);
    await put('due', 'UNIX_TIMESTAMP() - 3600');
    await finds('cron', 'critical', 1, /still waits/);
    await put('due', 'UNIX_TIMESTAMP() + 600');
    await stack.network.eval("return wp_unschedule_hook( 'of_the_test' );");
    stack.network.setConstants({ DISABLE_WP_CRON: false });
    try {
      await finds('cron', 'good', 0, /started by visits/);
    } finally {
      stack.network.setConstants({ DISABLE_WP_CRON: true });
    }
  });

  it('files that another user wrote', async () => {
    const challenge = join(stack.network.root, '.well-known/acme-challenge');
    const languages = join(stack.network.content, 'languages');
    mkdirSync(languages, { recursive: true });
    if (SITE_USER) chownSync(languages, SITE_USER.uid, SITE_USER.gid);
    await finds('files', 'good', 0, /can be written/);
    const taken = (path) => (SITE_USER ? chownSync(path, 0, 0) : chmodSync(path, 0o555));
    const back = (path) => (SITE_USER ? chownSync(path, SITE_USER.uid, SITE_USER.gid) : chmodSync(path, 0o755));
    for (const path of [challenge, languages, join(stack.network.content, 'uploads/wu-logs')]) {
      taken(path);
      try {
        const check = await finds('files', 'recommended', 3, [/: the website, which runs as \S+, cannot write there/, /Reset Permission/]);
        assert.ok(check.text.startsWith(`${path} belongs to `), check.text);
        assert.ok(check.steps[0].code.startsWith('chown ') && check.steps[0].code.endsWith(`'${path}'`), check.steps[0].code);
      } finally {
        back(path);
      }
    }
    // The website cannot be asked: what it said of itself last is known.
    if (SITE_USER) {
      chownSync(languages, 0, 0);
      chmodSync(languages, 0o777);
      stack.network.configure({ web: '127.0.0.1:1' });
      try {
        await finds('files', 'recommended', 3, /may not be able to write there/);
      } finally {
        stack.network.configure({ web: `127.0.0.1:${stack.web.port}` });
        chmodSync(languages, 0o755);
        back(languages);
      }
    }
    await finds('files', 'good', 0, /can be written/);
  });

  it('another writer', async () => {
    const file = join(stack.network.muPlugins, 'second.php');
    write(
      file,
      `<?php add_action( 'init', static function () {
	$module = new WP_Ultimo\\Integrations\\Providers\\Cloudways\\Cloudways_Domain_Mapping();
	add_action( 'wu_add_domain', array( $module, 'on_add_domain' ), 10, 2 );
} );\n`,
    );
    try {
      await finds('writers', 'critical', 1, /own Cloudways module is at work beside this plugin/);
    } finally {
      write(file, '<?php\n');
    }
    const warned = (warnings) => changeReport(`$report['warnings'] = ${warnings};`);
    await warned("array( array( 'code' => 'other_writer', 'args' => array( 'times' => 3, 'names' => array( 'shop.example' ), 'count' => 1 ) ) )");
    await finds('writers', 'recommended', 3, /vanished 3 times in seven days/);
    await warned("array( array( 'code' => 'foreign_vanished', 'args' => array( 'names' => array( 'hand.example' ), 'count' => 1 ) ) )");
    await finds('writers', 'recommended', 3, /hand\.example/);
    await warned('array()');
    await finds('writers', 'good', 0, /silent/);
    await stack.network.eval("WU_Cloudways\\Plugin::instance()->store()->forget( 'good' ); return 1;");
    await stack.startFpm(false);
    try {
      await finds('extension_web', 'critical', 20, /./, { extension: false });
      await finds('writers', 'recommended', 3, /Until the extension is loaded/, { extension: false });
    } finally {
      await stack.startFpm(true);
      await examined(['extension_web']);
    }
  });

  it('a last run that failed, that is long ago, or that there never was', async () => {
    // Runs of the website itself come and go: not now.
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60'], { check: false });
    await put('hold', 'UNIX_TIMESTAMP() + 7200');
    await finds('last_run', 'good', 0, /in step/);
    await changeReport("$report['warnings'] = array( array( 'code' => 'removals_withheld', 'args' => array( 'names' => array( 'a.example', 'b.example' ), 'count' => 2, 'ours' => 4 ) ) );");
    await finds('last_run', 'recommended', 3, [/2 of 4 aliases would be removed/, /--force/]);
    await changeReport("$report['warnings'] = array();");
    await sql('UPDATE wp_wu_cloudways_sync_runs SET started_at = started_at - 4 * 3600, finished_at = finished_at - 4 * 3600');
    await finds('last_run', 'critical', 1, /One comes every hour as a rule; the last was on .*\(4 hours ago\)/);
    stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
    await stack.network.wp(['wu-cloudways', 'sync', '--no-wait'], { check: false });
    stack.network.setConstants(stack.sim.constants());
    await finds('last_run', 'critical', 12, /The last run failed, on .*refused the credentials/);
    await sql('CREATE TABLE kept AS SELECT * FROM wp_wu_cloudways_sync_runs; DELETE FROM wp_wu_cloudways_sync_runs');
    await finds('last_run', 'recommended', 3, /There was no run yet/);
    await sql('INSERT INTO wp_wu_cloudways_sync_runs SELECT * FROM kept; DROP TABLE kept');
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60'], { check: false });
    await finds('last_run', 'good', 0, /./);
  });

  it('a certificate near its end', async () => {
    await put('hold', 'UNIX_TIMESTAMP() + 7200');
    const ends = (days) => changeReport(`$report['certificate']['installed']['not_after'] = time() + (int) ( ${days} * 86400 );`);
    await ends(30);
    await finds('certificate', 'good', 0, /valid until/);
    await ends(20);
    await finds('certificate', 'recommended', 3, [/It ends: .*\(in 3 weeks\)/, /under SSL/]);
    await ends(13);
    await finds('certificate', 'critical', 1, /It ends: .*\(in 2 weeks\)/);
    await ends(-1);
    await finds('certificate', 'critical', 1, /It has ended: .*\(1 day ago\)/);
    // Cloudways renews it by itself, and three days ago is not now.
    await sql('UPDATE wp_wu_cloudways_sync_runs SET finished_at = finished_at - 3 * 86400');
    await finds('certificate', 'unknown', 0, /the next run looks again/);
    await sql('UPDATE wp_wu_cloudways_sync_runs SET finished_at = finished_at + 3 * 86400');
    await changeReport("$report['certificate']['installed'] = null;");
    await finds('certificate', 'recommended', 3, /None is installed/);
    await put('hold', 0);
  });

  it('Ultimate Multisite that is not set up', async () => {
    const finished = await stack.network.eval("$was = get_network_option( null, 'wu_setup_finished' ); delete_network_option( null, 'wu_setup_finished' ); return $was;");
    try {
      await finds('um', 'critical', 11, /not set up/);
    } finally {
      await stack.network.eval(`return update_network_option( null, 'wu_setup_finished', ${JSON.stringify(finished)} );`);
    }
  });

  it('tables that are missing, and then says of the others what it can', async () => {
    await sql('RENAME TABLE wp_wu_cloudways_sync_runs TO runs_away');
    try {
      const { checks, code } = await examined();
      assert.equal(code, 70);
      assert.deepEqual([checks.tables.status, checks.last_run.status, checks.um.status], ['critical', 'unknown', 'good']);
      assert.ok(checks.tables.remedy);
    } finally {
      await sql('RENAME TABLE runs_away TO wp_wu_cloudways_sync_runs');
    }
    assert.equal((await one('tables')).status, 'good');
  });

  /** The stored report, with something in it that is hard to come by. */
  function changeReport(php) {
    return stack.network.eval(`global $wpdb;
      $row = $wpdb->get_row( "SELECT id, report FROM {$wpdb->base_prefix}wu_cloudways_sync_runs WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1" );
      $report = json_decode( $row->report, true );
      ${php}
      return $wpdb->update( $wpdb->base_prefix . 'wu_cloudways_sync_runs', array( 'report' => wp_json_encode( $report ) ), array( 'id' => $row->id ) );`);
  }
});
