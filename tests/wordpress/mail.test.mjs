// What is told by e-mail to somebody who does not look: once, again after a week, and anew when it was over and came back.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { WORDPRESS_FILES } from '../../scripts/wordpress.mjs';
import { text } from './lib/http.mjs';
import { giveToSite, until } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const DAY = 86400;
const CLOCK = "do_action( 'wu_cloudways_sync_run' ); return true;";

describe('an e-mail to the network administrator', () => {
  let stack;
  let mark = 0;
  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const sync = (...more) => stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=40', ...more], { check: false });
  /** The e-mails since the last call. */
  const mails = () => {
    const all = stack.network.mails();
    return all.slice(mark, (mark = all.length));
  };
  /** The first e-mail that comes: the run that sends it may be one in the background, for which the one that was asked for makes way. */
  const mail = () => until(() => mails()[0], 'an e-mail is sent');
  /** As if so long had gone by for a row of the memory. */
  const age = (name, seconds) => sql(`UPDATE wp_wu_cloudways_sync_memory SET number = number - ${seconds} WHERE name = '${name}'`);
  const rows = async () => (await sql("SELECT name FROM wp_wu_cloudways_sync_memory WHERE name LIKE 'mail%' OR name = 'failing' ORDER BY name")).trim().split('\n').filter(Boolean);
  /** The notices of the plugin in the network admin: code => words. */
  const notices = async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const { body } = await admin.get('/wp-admin/network/plugins.php');
    return Object.fromEntries([...body.matchAll(/<div class="notice notice-(\w+) wu-cloudways-notice" data-code="(\w+)">([\s\S]*?)<\/div>/g)].map(([, type, code, html]) => [code, `${type}: ${text(html)}`]));
  };

  before(async () => {
    stack = await openStack('mail');
    stack.network.configure({ mails: true });
    cpSync(join(WORDPRESS_FILES, 'latest/languages'), join(stack.network.content, 'languages'), { recursive: true });
    await giveToSite(join(stack.network.content, 'languages'));
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.network.map('shop.example');
  });
  after(() => stack?.close());
  beforeEach(() => mails());

  it('is not sent while all is well', async () => {
    assert.equal((await sync()).code, 0);
    await stack.network.eval(CLOCK);
    assert.deepEqual(mails(), []);
    assert.deepEqual(await rows(), []);
    assert.deepEqual(await notices(), {});
  });

  describe('when runs fail', () => {
    before(() => stack.sim.fault({ path: '/server', times: null, do: { status: 503, body: '<html>Service Unavailable</html>' } }));
    after(() => stack.sim.clearFaults());

    it('is not sent within a day', async () => {
      assert.equal((await sync()).code, 16);
      await age('failing', DAY - 600);
      assert.equal((await sync()).code, 16);
      assert.deepEqual(mails(), []);
      assert.deepEqual(await notices(), {}, 'a notice comes too early, for what may pass by itself');
    });

    it('says after a day what happened, which network, what to do, and where', async () => {
      await age('failing', 1200);
      await sync();
      const sent = mails();
      assert.equal(sent.length, 1, JSON.stringify(sent));
      const [{ to, subject, message }] = sent;
      assert.equal(to, await stack.network.eval("return get_site_option( 'admin_email' );"));
      assert.equal(subject, `[${await stack.network.eval('return get_network()->site_name;')}] The synchronisation with Cloudways fails`);
      assert.match(message, /^This is about the network network\.example /);
      assert.match(message, /\n\nNo run has succeeded since .* \(1 day ago\)\. The Cloudways API cannot be reached \(.*\)\.\n/);
      assert.match(message, /\n\nWhat to do:\nIt is tried again\./);
      assert.match(message, /http:\/\/network\.example\/wp-admin\/network\/admin\.php\?page=wu-cloudways\n/);
      assert.doesNotMatch(message, /<|&\w+;/, 'it is not plain text');
      const constants = stack.sim.constants();
      for (const secret of [constants.WU_CLOUDWAYS_API_KEY, constants.WU_CLOUDWAYS_EMAIL]) assert.ok(!message.includes(secret), `it holds ${secret}`);
    });

    it('is sent once', async () => {
      await sync();
      await stack.network.eval(CLOCK);
      await stack.network.eval(CLOCK, { extension: false });
      assert.deepEqual(mails(), []);
    });

    it('comes with a notice in the network admin, which names the time and what to do', async () => {
      assert.match((await notices()).failing ?? '', /^error: Cloudways: No run has succeeded since .* \(1 day ago\)\. The Cloudways API cannot be reached .* Open the Cloudways page$/);
    });

    it('is sent once, by whichever of several processes comes first', async () => {
      await sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name = 'mail_failing'");
      await Promise.all([1, 2, 3].map(() => stack.network.eval('WU_Cloudways\\Mail::send_due(); return true;')));
      assert.equal(mails().length, 1);
    });

    it('is sent again after a week, and not before', async () => {
      await age('mail_failing', 7 * DAY - 600);
      await stack.network.eval(CLOCK);
      assert.deepEqual(mails(), []);
      await age('mail_failing', 1200);
      await stack.network.eval(CLOCK);
      assert.equal(mails().length, 1);
    });

    it('is not sent while the synchronisation is paused, switched off, or the site a copy', async () => {
      await age('mail_failing', 8 * DAY);
      for (const [before, afterwards] of [
        ["WU_Cloudways\\Plugin::instance()->decisions()->pause( 'admin' ); return true;", 'WU_Cloudways\\Plugin::instance()->decisions()->resume(); return true;'],
        ["return update_network_option( null, 'wu_host_integrations_enabled', array() );", "return update_network_option( null, 'wu_host_integrations_enabled', array( 'cloudways' => true ) );"],
      ]) {
        await stack.network.eval(before);
        await stack.network.eval(CLOCK);
        assert.deepEqual(mails(), [], before);
        await stack.network.eval(afterwards);
      }
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'staging' });
      await stack.network.eval(CLOCK);
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: undefined });
      assert.deepEqual(mails(), [], 'a copy wrote');
    });

    it('is in the language of the main site, whoever starts the run', async () => {
      await stack.network.eval("update_option( 'WPLANG', 'fr_FR' ); $admin = get_user_by( 'login', 'admin' ); return update_user_meta( $admin->ID, 'locale', 'en_US' );");
      await sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name = 'mail_failing'");
      const admin = await stack.network.adminVisitor(stack.web.port);
      const page = await admin.get('/wp-admin/network/admin.php?page=wu-cloudways');
      const nonce = /name="_wpnonce" value="(\w+)"[^>]*>(?:(?!<\/form>)[\s\S])*?value="sync"|value="sync"(?:(?!<\/form>)[\s\S])*?name="_wpnonce" value="(\w+)"/.exec(page.body);
      await admin.post('/wp-admin/network/admin.php?page=wu-cloudways', { wu_cloudways_action: 'sync', _wpnonce: nonce?.[1] ?? nonce?.[2] ?? '' });
      const { message } = await mail();
      await stack.network.eval("return update_option( 'WPLANG', '' );");
      assert.match(message, /L’API Cloudways est injoignable/);
      assert.doesNotMatch(message, /\b(the|what|this|since|again|and|is)\b/i, 'part of it is in English');
      const { body } = await admin.get('/wp-admin/network/admin.php?page=wu-cloudways');
      assert.match(text(body), /Sync now/, 'the person’s own language was not restored');
    });

    it('is up to whoever hooks in: another address, other words, or none', async () => {
      const send = async (filter) => {
        await sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name = 'mail_failing'");
        await stack.network.eval(`add_filter( 'wu_cloudways_mail', ${filter}, 10, 2 ); WU_Cloudways\\Mail::send_due(); return true;`);
        return mails();
      };
      const [mail] = await send("fn( $mail, $alarm ) => array( 'to' => 'ops@example.com', 'subject' => $alarm['code'] . ' ' . $alarm['args']['code'] ) + $mail");
      assert.deepEqual([mail.to, mail.subject], ['ops@example.com', 'failing api_unavailable']);
      assert.deepEqual(await send('fn() => false'), []);
      // One that is not wanted is not tried again each hour.
      assert.ok((await rows()).includes('mail_failing'));
    });

    it('is tried again when it could not be sent', async () => {
      await sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name = 'mail_failing'");
      stack.network.configure({ mails: 'refused' });
      await stack.network.eval(CLOCK);
      await mail();
      stack.network.configure({ mails: true });
      await stack.network.eval(CLOCK);
      await mail();
    });

    it('is a new one when it was over and comes back', async () => {
      await stack.sim.clearFaults();
      assert.equal((await sync()).code, 0);
      assert.deepEqual(await rows(), []);
      assert.deepEqual(await notices(), {}, 'the notice stays');
      await stack.sim.fault({ path: '/server', times: null, do: { status: 503, body: '' } });
      await sync();
      assert.deepEqual(mails(), [], 'the day is not counted anew');
      await age('failing', DAY + 60);
      await sync();
      assert.equal(mails().length, 1);
    });
  });

  it('is sent when the extension is gone, which once was there', async () => {
    await sync();
    mails();
    await stack.startFpm(false);
    await sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name IN ('web', 'cli')");
    await stack.network.eval(CLOCK, { extension: false });
    await age('failing', DAY + 60);
    await stack.network.eval(CLOCK, { extension: false });
    const { message } = await mail();
    await stack.startFpm(true);
    assert.match(message, /No run has succeeded since .*The PHP extension wu_cloudways is not loaded/);
    await sync();
    assert.deepEqual(await rows(), []);
  });

  it('is sent when a run is due and nobody begins it', async () => {
    // The extension is said to be on the command line, whose cron job nobody set up.
    await stack.startFpm(false);
    await sql("UPDATE wp_wu_cloudways_sync_memory SET number = 1 WHERE name = 'cli'");
    await age('due', 2 * DAY);
    await sql(`UPDATE wp_actionscheduler_actions SET scheduled_date_gmt = scheduled_date_gmt - INTERVAL 2 DAY, scheduled_date_local = scheduled_date_local - INTERVAL 2 DAY
      WHERE hook = 'wu_cloudways_sync_run' AND status = 'pending'`);
    await stack.queue();
    const { subject, message } = await mail();
    assert.match(subject, /does not run/);
    assert.match(message, /A run has been due since .*\n[\s\S]*command line only.*\n\n\*\/5 \* \* \* \* php8\.2 -d extension=\S+\/private_html\/wu_cloudways-\S+\.so \/usr\/local\/bin\/wp --path=\S+\/public_html action-scheduler run --quiet\n/);
    assert.match((await notices()).stuck ?? '', /^error: .*A run has been due since/);
    const page = await (await stack.network.adminVisitor(stack.web.port)).get('/wp-admin/network/admin.php?page=wu-cloudways');
    assert.equal(text(page.body).split('A run has been due since').length, 2, 'the page does not say it, or says it twice');
    await stack.startFpm(true);
    await sync();
    assert.deepEqual(await rows(), []);
  });

  describe('when the certificate is within 14 days of its end', () => {
    it('says when, which domains, and what to do', async () => {
      await stack.sim.patch({ switches: { le_validity_days: 10 } });
      await stack.sim.here('blog.example', 'www.blog.example');
      await stack.network.map('blog.example');
      await sync('--force', '--yes');
      await stack.settleCertificate(['network.example', 'shop.example', 'www.shop.example', 'blog.example', 'www.blog.example'], { run: () => sync('--force', '--yes') });
      await sync();
      const sent = mails();
      assert.equal(sent.length, 1, JSON.stringify(sent));
      assert.match(sent[0].subject, /\] The certificate ends on \w+ \d+, \d{4}$/);
      assert.match(sent[0].message, /\n\nThe certificate ends on .* \(in 1 week\), and was not renewed so far\.\n\nDomains in it: 5 \(blog\.example, network\.example, /);
      assert.match(sent[0].message, /\n\nWhat to do:\nPress “Sync now”/);
    });

    it('comes with a notice, and neither is said twice', async () => {
      assert.match((await notices()).certificate ?? '', /^warning: Cloudways: The certificate ends on /);
      await stack.network.eval(CLOCK);
      assert.deepEqual(mails(), []);
    });

    it('is over when it was renewed', async () => {
      await stack.sim.patch({ switches: { le_validity_days: 90 } });
      await stack.network.unmap('blog.example');
      await stack.settleCertificate(['network.example', 'shop.example', 'www.shop.example'], { run: () => sync('--force', '--yes') });
      await sync();
      assert.deepEqual(await rows(), []);
      assert.deepEqual(await notices(), {});
    });

    it('is not sent by what nobody has looked at for days', async () => {
      await stack.network.eval(`$runs = WU_Cloudways\\Database::table( 'runs' );
        $row = WU_Cloudways\\Database::row( "SELECT id, report FROM {$runs} WHERE report IS NOT NULL" );
        $report = json_decode( $row['report'], true );
        $report['certificate']['installed']['not_after'] = time() + 86400;
        return WU_Cloudways\\Database::write( "UPDATE {$runs} SET report = %s, finished_at = finished_at - 3 * 86400 WHERE id = %d", array( wp_json_encode( $report ), $row['id'] ) );`);
      await stack.network.eval('WU_Cloudways\\Mail::send_due(); return true;');
      assert.deepEqual(mails(), []);
      await sql('UPDATE wp_wu_cloudways_sync_runs SET finished_at = finished_at + 3 * 86400 WHERE report IS NOT NULL');
      await stack.network.eval('WU_Cloudways\\Mail::send_due(); return true;');
      assert.equal(mails().length, 1);
    });
  });
});
