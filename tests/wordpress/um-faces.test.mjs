// Where Ultimate Multisite shows a domain, the plugin says how it stands: on the domain's page, in the list of domains, and
// in the customer's panel, which says to those who own the domain what they have to do, and nothing of what others have.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { write } from './lib/lab.mjs';
import { text } from './lib/http.mjs';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const ELSEWHERE = '198.51.100.7';
const PAGE = '/wp-admin/network/admin.php?page=';

describe("in Ultimate Multisite's pages", () => {
  let stack;
  let admin;
  let shop;
  let other;
  let ids;

  before(async () => {
    stack = await openStack('um-faces', { constants: { WU_CLOUDWAYS_EXTRA_DOMAINS: '' } });
    // What a request did for it, told at the end of the page.
    write(
      join(stack.network.muPlugins, 'watch.php'),
      `<?php
// No run but those that the test makes.
add_filter( 'action_scheduler_allow_async_request_runner', '__return_false' );
if ( isset( $_GET['watch'] ) ) {
	define( 'SAVEQUERIES', true );
	add_action( 'shutdown', static function () {
		global $wpdb;
		echo '<!--watch ' . wp_json_encode( array(
			'queries' => array_values( array_filter( array_column( $wpdb->queries, 0 ), static fn( $sql ) => str_contains( $sql, 'cloudways' ) ) ),
			'classes' => array_values( array_filter( get_declared_classes(), static fn( $name ) => str_starts_with( $name, 'WU_Cloudways' ) ) ),
			'words'   => is_textdomain_loaded( 'wu-cloudways' ),
		) ) . '-->';
	}, 0 );
}
`,
    );
    admin = await stack.network.adminVisitor(stack.web.port);
    shop = await stack.network.addSite('shop');
    other = await stack.network.addSite('other');
    await stack.network.eval("wu_save_setting( 'enable_domain_mapping', 1 ); return wu_save_setting( 'custom_domains', 1 );");
    for (const [user, blog] of [['owner', shop], ['neighbour', other]]) await makeCustomer(user, blog);
    await stack.network.map(['right.example', 'wrong.example', 'gone.example', 'silent.example', 'caa.example', 'odd.example'], { blog: shop });
    await stack.network.map('secret.example', { blog: other });
    await stack.sim.here('odd.example', 'right.example', 'www.right.example', 'secret.example', 'www.secret.example', 'www.caa.example');
    for (const name of ['wrong.example', 'www.wrong.example']) await stack.sim.setDns(name, { A: [ELSEWHERE, SIM.publicIp] });
    for (const name of ['silent.example', 'www.silent.example']) await stack.sim.setDns(name, { fault: 'servfail' });
    await stack.sim.setDns('caa.example', { A: [SIM.publicIp], CAA: ['0 issue "other-ca.example"'] });
    ids = await stack.network.eval("global $wpdb; return array_column( $wpdb->get_results( \"SELECT id, domain FROM {$wpdb->base_prefix}wu_domain_mappings\" ), 'id', 'domain' );");
  });
  after(() => stack?.close());

  /** A person who owns a site: its administrator, and in the real plugin a customer too. */
  async function makeCustomer(login, blog) {
    await stack.network.wp(['user', 'create', login, `${login}@network.example`, '--role=subscriber', `--user_pass=${login}`]);
    await stack.network.eval(
      `$user = get_user_by( 'login', '${login}' );
      add_user_to_blog( ${blog}, $user->ID, 'administrator' );
      if ( function_exists( 'wu_create_customer' ) ) {
        $customer = wu_create_customer( array( 'user_id' => $user->ID, 'email_verification' => 'none' ) );
        $plan     = wu_create_product( array( 'name' => 'Plan ${login}', 'slug' => 'plan-${login}', 'type' => 'plan', 'pricing_type' => 'free', 'recurring' => false, 'amount' => 0, 'currency' => 'USD' ) );
        $member   = wu_create_membership( array( 'customer_id' => $customer->get_id(), 'plan_id' => $plan->get_id(), 'status' => 'active' ) );
        $site     = wu_get_site( ${blog} );
        $site->set_type( 'customer_owned' );
        $site->set_customer_id( $customer->get_id() );
        $site->set_membership_id( $member->get_id() );
        return $site->save();
      }
      return true;`,
    );
  }

  const sync = (...more) => stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=60', ...more], { check: false });
  const box = async (name) => {
    const page = await admin.get(`${PAGE}wp-ultimo-edit-domain&id=${ids[name]}`);
    assert.equal(page.status, 200, `the page of ${name} answered ${page.status}${stack.trouble()}`);
    const at = page.body.indexOf('id="wu-cloudways-domain"');
    assert.ok(at > 0, `there is no box on the page of ${name}`);
    const end = page.body.indexOf('class="postbox ', at + 60);
    return page.body.slice(at, end < 0 ? undefined : end);
  };
  const watched = ({ body }) => JSON.parse(/<!--watch (.*?)-->/s.exec(body)?.[1] ?? 'null');

  describe('before the first run', () => {
    it('the page of a domain says that nothing is known yet', async () => {
      assert.match(text(await box('right.example')), /No run has come to its end yet/);
    });

    it('the list and the panel say nothing', async () => {
      assert.ok(!(await admin.get(`${PAGE}wp-ultimo-domains`)).body.includes('wu-cloudways-mark'));
      const owner = await stack.network.visitor(stack.web.port, 'shop.network.example').logIn('owner', 'owner');
      const { body } = await owner.get('/wp-admin/');
      assert.ok(text(body).includes('right.example'), `the panel is not on the dashboard: ${text(body).slice(0, 800)}`);
      assert.ok(!body.includes('wu-cloudways-words'));
    });
  });

  describe('after a run', () => {
    before(async () => {
      const { code, stdout, stderr } = await sync('--force', '--yes');
      assert.ok([0, 3, 4].includes(code), stdout + stderr);
      await stack.settle(async () => (await stack.report()).domains['right.example']?.certificate === 'covered', 'the certificate', { run: sync });
      const { domains } = await stack.report();
      assert.deepEqual(
        ['right', 'wrong', 'gone', 'silent', 'caa'].map((name) => domains[`${name}.example`].dns.verdict),
        ['here', 'elsewhere', 'missing', 'unknown', 'here'],
        JSON.stringify(domains),
      );
    });

    it("the page of a domain says alias, DNS, certificate, why, what to do, and when that was found", async () => {
      const right = await box('right.example');
      assert.match(text(right), /right\.example present points here covered/);
      assert.match(text(right), /www\.right\.example present points here covered/);
      assert.match(text(right), /As the run of .*\d{4}.* \(.*ago\) found it/);
      assert.match(right, /href="[^"]*admin\.php\?page=wu-cloudways"/);
      const wrong = text(await box('wrong.example'));
      assert.match(wrong, new RegExp(`wrong\\.example points to .*${ELSEWHERE}.*; it should point to ${SIM.publicIp} only\\.`.replaceAll('.7', '\\.7')));
      assert.match(wrong, /At the DNS provider of wrong\.example, let every A and AAAA record point to 203\.0\.113\.10; remove the others\./);
      assert.match(text(await box('caa.example')), /add the CAA record 0 issue "letsencrypt\.org"/);
      assert.match(right, /<th scope="col">/);
      assert.match(right, /<th scope="row"/);
    });

    it('and what a domain that only waits is waiting for', async () => {
      await stack.network.map('waiting.example', { blog: shop });
      ids['waiting.example'] = Number((await stack.db.sql("SELECT id FROM wp_wu_domain_mappings WHERE domain = 'waiting.example'", 'wordpress')).trim());
      assert.match(text(await box('waiting.example')), /The last run did not know this domain yet/);
      await stack.sim.here('waiting.example', 'www.waiting.example');
      await sync();
      assert.match(text(await box('waiting.example')), /A certificate was ordered a short while ago; changes are gathered for the next order, on .* Nothing needs to be done\./);
    });

    it('the list says it in a few words, with one query for all rows', async () => {
      const page = await admin.get(`${PAGE}wp-ultimo-domains&watch=1`);
      const words = text(page.body);
      for (const expected of ['Cloudways: in the certificate', 'Cloudways: DNS points elsewhere', 'Cloudways: no DNS record', 'Cloudways: DNS gave no answer', 'Cloudways: certificate on its way', 'Cloudways: no certificate yet']) {
        assert.ok(words.includes(expected), `the list does not say "${expected}": ${words.slice(0, 3000)}`);
      }
      const asked = watched(page).queries.filter((sql) => sql.startsWith('SELECT domain, value FROM wp_wu_cloudways_sync_domains'));
      assert.equal(asked.length, 1, `it asked: ${asked.join('\n')}`);
    });

    describe("in the customer's panel", () => {
      let owner;
      let words;

      before(async () => {
        owner = await stack.network.visitor(stack.web.port, 'shop.network.example').logIn('owner', 'owner');
        words = text((await owner.get('/wp-admin/')).body);
      });

      it('says what the owner has to do, with the address', () => {
        for (const expected of [
          'Its DNS is not right yet. wrong.example points to',
          'At the DNS provider of wrong.example, let every A and AAAA record point to 203.0.113.10; remove the others.',
          'remove the others. The same goes for www.wrong.example.',
          'At the DNS provider of gone.example, create a record that points to 203.0.113.10.',
          // Not the owner's to put right: it is the network's own.
          'Its DNS is not right yet. Ask those who run this network.',
          'It cannot have HTTPS yet.',
          // Here the www stands otherwise.
          'www.odd.example: Its DNS is not right yet. www.odd.example has no address in DNS.',
          'add the CAA record 0 issue "letsencrypt.org"',
        ]) {
          assert.ok(words.includes(expected), `it does not say "${expected}": ${words.slice(0, 4000)}`);
        }
      });

      it('says so where nothing needs to be done, or only time', () => {
        for (const expected of ['It is ready, with HTTPS. Nothing needs to be done.', 'HTTPS is on its way. Nothing needs to be done: it goes on by itself.', 'Its DNS gave no answer. It is asked again by itself.']) {
          assert.ok(words.includes(expected), `it does not say "${expected}": ${words.slice(0, 4000)}`);
        }
        assert.match(words, /Looked at .* ago\./);
      });

      it('says nothing of Cloudways, of the token, or of what others have', async () => {
        const { body } = await owner.get('/wp-admin/');
        for (const said of body.matchAll(/wu-cloudways-words[\s\S]*?ago\.<\/small>/g)) {
          for (const secret of ['Cloudways ', 'Cloudways.', 'cw_sim', String(SIM.server), String(SIM.app), SIM.email, 'secret.example', 'hand-made.example', 'wp wu-cloudways']) {
            assert.ok(!said[0].replace('wu-cloudways-words', '').includes(secret), `it says "${secret}": ${said[0]}`);
          }
        }
        assert.ok(!body.includes('secret.example'));
        const neighbour = await stack.network.visitor(stack.web.port, 'other.network.example').logIn('neighbour', 'neighbour');
        const theirs = text((await neighbour.get('/wp-admin/')).body);
        assert.ok(theirs.includes('secret.example') && !theirs.includes('right.example'), theirs.slice(0, 1500));
      });

      it('keeps what only those who run the network can put right to itself', async () => {
        const set = (entry) => stack.db.sql(`UPDATE wp_wu_cloudways_sync_domains SET value = '${JSON.stringify(entry).replaceAll("'", "''")}' WHERE domain = 'right.example'`, 'wordpress');
        const said = async () => text((await owner.get('/wp-admin/')).body);
        const here = { verdict: 'here' };
        for (const [entry, expected] of [
          [{ source: 'mapped', alias: 'set_aside', dns: here, certificate: 'waiting', note: { code: 'alias_set_aside', args: { domain: 'right.example', answer: 'in use by app 4711', until: 1 }, text: 'in use by app 4711' } }, 'It could not be set up. Ask those who run this network.'],
          [{ source: 'mapped', alias: 'present', dns: here, certificate: 'left_out', note: { code: 'left_out', args: { domain: 'right.example', limit: 100 }, text: 'app 4711' } }, 'It has no HTTPS. Ask those who run this network.'],
          [{ source: 'mapped', alias: 'present', dns: here, certificate: 'blocked', note: { code: 'certificate_set_aside', args: { domain: 'right.example', answer: 'app 4711', until: 1 }, text: 'app 4711' } }, 'HTTPS could not be set up yet. It is tried again by itself.'],
          [{ source: 'mapped', alias: 'set_aside', dns: { verdict: 'elsewhere', addresses: [ELSEWHERE] }, certificate: 'blocked', note: { code: 'alias_set_aside', args: { domain: 'right.example', answer: 'app 4711', until: 1 }, text: 'app 4711' } }, `right.example points to ${ELSEWHERE}; it should point to 203.0.113.10 only.`],
          [{ source: 'mapped', alias: 'pending', dns: { verdict: 'not_asked' }, certificate: 'none' }, 'Being set up. Nothing needs to be done: it goes on by itself.'],
          [{ source: 'network', alias: 'by_wildcard', dns: null, certificate: 'none' }, 'It is set up. Nothing needs to be done.'],
        ]) {
          await set(entry);
          const all = await said();
          assert.ok(all.includes(expected), `of ${JSON.stringify(entry)} it does not say "${expected}": ${all.slice(0, 2500)}`);
          assert.ok(!all.includes('4711'), 'it says what Cloudways answered');
        }
        await set({ source: 'mapped', alias: 'present', dns: { verdict: 'elsewhere', addresses: ['<img src=x onerror=alert(1)>'] }, certificate: 'blocked' });
        for (const body of [(await owner.get('/wp-admin/')).body, await box('right.example')]) {
          assert.ok(body.includes('&lt;img src=x'), 'what was found is not shown');
          assert.ok(!body.includes('<img src=x'), 'what was found is markup');
        }
        // A www that another site mapped by itself is not this customer's.
        await stack.db.sql("UPDATE wp_wu_cloudways_sync_domains SET value = REPLACE(value, '\"source\":\"www\"', '\"source\":\"mapped\"') WHERE domain = 'www.wrong.example'", 'wordpress');
        assert.ok(!(await said()).includes('www.wrong.example'), "another site's www is shown");
        assert.ok(!text(await box('wrong.example')).includes('www.wrong.example'));
      });

      it('is the same on a front-end page, in its language, and nothing is loaded on pages without it', async () => {
        const make = (content) => stack.network.wp(['post', 'create', '--post_type=page', '--post_status=publish', `--post_title=${content ? 'Domains' : 'About'}`, `--post_content=${content}`]);
        await make('[wu_domain_mapping]');
        await make('');
        const site = await stack.network.eval(`return function_exists( 'wu_get_site' ) ? wu_get_site( ${shop} )->get_hash() : ${shop};`);
        const customer = await stack.network.visitor(stack.web.port).logIn('owner', 'owner');
        const neighbour = await stack.network.visitor(stack.web.port).logIn('neighbour', 'neighbour');
        const shown = await customer.get(`/domains/?watch=1&site=${site}`);
        assert.ok(text(shown.body).includes('At the DNS provider of wrong.example, let every A and AAAA record point to 203.0.113.10'), `the page (${shown.status} ${shown.headers.location ?? ''}) does not say it: ${text(shown.body).slice(0, 1500)}${stack.trouble()}`);
        assert.ok(watched(shown).queries.length > 0);
        for (const [visitor, path] of [[customer, '/about/?watch=1'], [neighbour, `/domains/?watch=1&site=${site}`], [stack.visitor, `/domains/?watch=1&site=${site}`]]) {
          const page = await visitor.get(path);
          assert.ok(page.status === 200 && !page.body.includes('wrong.example'), `${path} (${page.status}) shows somebody else's domain`);
          const quiet = watched(page);
          quiet.classes.sort();
          // Ultimate Multisite's registry asks for the module in every request.
          assert.deepEqual(quiet, { queries: [], classes: ['WU_Cloudways\\Charge', 'WU_Cloudways\\Plugin', 'WU_Cloudways\\UM_Integration', 'WU_Cloudways\\UM_Module'], words: false }, `${path} costs something without the panel`);
        }
        // WordPress takes a language only with its own files; the plugin has its own words.
        await stack.db.sql("REPLACE INTO wp_options (option_name, option_value, autoload) VALUES ('WPLANG', 'fr_FR', 'on')", 'wordpress');
        const french = text((await customer.get(`/domains/?site=${site}`)).body);
        await stack.db.sql("DELETE FROM wp_options WHERE option_name = 'WPLANG'", 'wordpress');
        assert.match(french, /faites pointer tous les enregistrements A et AAAA vers 203\.0\.113\.10/);
      });
    });

    it('shows nothing to who may not manage the network', async () => {
      const owner = await stack.network.visitor(stack.web.port).logIn('owner', 'owner');
      for (const page of [`wp-ultimo-edit-domain&id=${ids['secret.example']}`, 'wp-ultimo-domains']) {
        const answer = await owner.get(PAGE + page);
        assert.ok([302, 403].includes(answer.status), `${page} answered ${answer.status}`);
        assert.ok(!answer.body.includes('secret.example'));
      }
      // Whoever may only edit domains sees Ultimate Multisite's page as it was.
      const shown = await stack.network.eval(
        `wp_set_current_user( get_user_by( 'login', 'owner' )->ID );
        $domain = wu_get_domain( ${ids['secret.example']} );
        require_once ABSPATH . 'wp-admin/includes/admin.php';
        set_current_screen( 'probe' );
        WU_Cloudways\\UM_Domain_Box::register( '', '', new class( $domain ) { public function __construct( private $domain ) {} public function get_object() { return $this->domain; } } );
        return array( WU_Cloudways\\UM_Domain_List::add( 'cell', $domain ), $GLOBALS['wp_meta_boxes'] ?? array() );`,
      );
      assert.deepEqual(shown, ['cell', []]);
    });

    it('says what went wrong with a later run, and whose words these are', async () => {
      const good = stack.sim.constants();
      stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
      assert.equal((await sync()).code, 12);
      stack.network.setConstants(good);
      const words = text(await box('wrong.example'));
      assert.match(words, /The last run failed, on .* Cloudways refused the credentials/);
      assert.match(words, /As the run of .* found it/);
      assert.ok(!words.includes('cw_wrong_token_of_nobody'));
    });

    it('does not take a page of Ultimate Multisite along when the database fails', async () => {
      await stack.db.sql('RENAME TABLE wp_wu_cloudways_sync_domains TO wp_away', 'wordpress');
      try {
        assert.match(text(await box('wrong.example')), /The database did not answer/);
        const list = await admin.get(`${PAGE}wp-ultimo-domains`);
        assert.ok(list.status === 200 && text(list.body).includes('wrong.example') && !list.body.includes('wu-cloudways-mark'));
        const owner = await stack.network.visitor(stack.web.port, 'shop.network.example').logIn('owner', 'owner');
        const { status, body } = await owner.get('/wp-admin/');
        assert.ok(status === 200 && text(body).includes('wrong.example') && !body.includes('wu-cloudways-words'));
      } finally {
        await stack.db.sql('RENAME TABLE wp_away TO wp_wu_cloudways_sync_domains', 'wordpress');
      }
    });
  });

  it('left PHP nothing to complain about', () => {
    assert.deepEqual(stack.network.debugLog().split('\n').filter((line) => /wu-cloudways/.test(line) && /PHP (Fatal|Warning|Notice|Deprecated|Parse)/.test(line)), []);
  });
});
