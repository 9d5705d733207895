// What a person sees: the commands with their formats and exit codes, and the network page, in English and in French.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { WORDPRESS_FILES } from '../../scripts/wordpress.mjs';
import { text } from './lib/http.mjs';
import { giveToSite } from './lib/lab.mjs';
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
    assert.match(stdout, /3 of 100 names/);
    assert.match(stdout, /^late\.example +present +points elsewhere +blocked$/m);
    assert.match(stdout, /let every A and AAAA record point to 203\.0\.113\.10/);
    assert.doesNotMatch(stderr, /Error|Warning/);
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
      const notice = /<div class="notice notice-[a-z]+" role="status">(.*?)<\/div>/s;
      const first = notice.exec((await admin.get(PAGE)).body);
      assert.ok(first && text(first[1]).includes(expected), `${action} says: ${first && text(first[1])}`);
      assert.equal(notice.exec((await admin.get(PAGE)).body), null, `${action} is said twice`);
    }
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
    assert.equal((page.match(/<th scope="col">/g) ?? []).length, 5);
    assert.match(page, /<th scope="row"><strong>late\.example<\/strong>/);
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

  async function press(admin, action) {
    const { body } = await admin.get(PAGE);
    const form = [...body.matchAll(/<form method="post".*?<\/form>/gs)].map(([html]) => html).find((html) => html.includes(`value="${action}"`));
    assert.ok(form, `there is no button "${action}"${stack.trouble()}`);
    return admin.post(PAGE, { wu_cloudways_action: action, _wpnonce: /name="_wpnonce" value="([^"]+)"/.exec(form)[1] });
  }
});
