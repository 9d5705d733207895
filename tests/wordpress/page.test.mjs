// The network page over HTTP: what it shows, and what its buttons do, without scripts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { PAGE, forms, formOf, noQueueByItself, part, press, pressFor, rowOf } from './lib/page.mjs';
import { sleep } from './lib/lab.mjs';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

describe('the network page', () => {
  let stack;
  let admin;
  const page = async (query = '') => {
    const { status, body } = await admin.get(PAGE + query);
    assert.equal(status, 200, `the page answered ${status}${stack.trouble()}`);
    return body.slice(body.indexOf('<div class="wrap wu-cloudways">'), body.indexOf('id="wpfooter"'));
  };
  /** What a button said, on the page that follows it. */
  const answerOf = async (pressed) => {
    const answer = await pressed;
    assert.equal(answer.status, 302, `the button answered ${answer.status}: ${text(answer.body).slice(0, 300)}${stack.trouble()}`);
    return text(part(await page(), 'answer') ?? '');
  };
  const names = (html, which) => [...(html ?? '').matchAll(new RegExp(`<li class="is-${which}">.*?<bdi>([^<]+)</bdi>`, 'g'))].map(([, name]) => name);
  const writes = async () => (await stack.sim.writes()).length;
  const wp = (...args) => stack.network.wp(['wu-cloudways', ...args], { check: false });
  /** Everything that waits is done. */
  const settle = () => wp('sync', '--timeout=60', '--porcelain');

  before(async () => {
    stack = await openStack('page');
    await stack.sim.here('shop.example', 'www.shop.example', 'network.example');
    await stack.sim.setDns('late.example', { A: ['198.51.100.7'] });
    noQueueByItself(stack.network);
    admin = await stack.network.adminVisitor(stack.web.port);
  });
  after(() => stack?.close());

  describe('a preview', () => {
    before(async () => {
      await settle();
      await stack.network.map(['shop.example', 'late.example']);
    });

    it('shows the plan as a difference, and nothing is written', async () => {
      await stack.sim.clearLog();
      const answer = await press(admin, 'preview');
      assert.equal(answer.status, 302);
      assert.match(answer.headers.location, /#wu-cloudways-preview$/);
      const shown = part(await page(), 'preview-shown');
      assert.ok(shown, 'there is no preview on the page');
      const aliases = shown.slice(0, shown.indexOf('A new certificate'));
      assert.deepEqual(names(aliases, 'added'), ['late.example', 'shop.example', 'www.late.example', 'www.shop.example']);
      assert.deepEqual(names(shown, 'removed'), []);
      assert.match(text(shown), /Changes are pending; nothing was written\. To add: 4 aliases\./);
      assert.equal(await writes(), 0, 'a preview wrote');
      // Another look at the page makes no other one.
      await stack.sim.clearLog();
      assert.deepEqual(names(part(await page(), 'preview-shown'), 'added'), names(shown, 'added'));
      assert.deepEqual(await stack.sim.log(), [], 'opening the page asked Cloudways');
    });

    it('is not shown to another person, and goes when it is closed', async () => {
      await stack.network.wp(['user', 'create', 'second', 'second@network.example', '--user_pass=second']);
      await stack.network.wp(['super-admin', 'add', 'second']);
      const second = await stack.network.visitor(stack.web.port).logIn('second', 'second');
      assert.equal(part((await second.get(PAGE)).body, 'preview-shown'), null, 'it is shown to somebody else');
      const theirs = await press(second, 'apply', { having: 'apply' }).catch((error) => error);
      assert.ok(theirs instanceof Error, 'somebody else can apply it');
      assert.equal((await press(admin, 'discard')).status, 302);
      assert.equal(part(await page(), 'preview-shown'), null, 'it is still there');
    });

    it('is applied exactly as it was shown', async () => {
      await press(admin, 'preview');
      const form = await formOf(admin, 'apply');
      assert.match(form.fingerprint, /^[0-9a-f]{64}$/);
      await stack.sim.clearLog();
      assert.match(await answerOf(admin.post(PAGE, form)), /4 aliases added/);
      const [write] = await stack.sim.aliasWrites();
      assert.ok(write, 'no list was sent');
      assert.deepEqual([...(await stack.sim.aliases())].sort(), ['hand-made.example', 'late.example', 'shop.example', 'www.late.example', 'www.shop.example']);
      assert.equal(part(await page(), 'preview-shown'), null, 'it is shown although it was applied');
      // The same form again: it is not kept any more.
      await stack.sim.clearLog();
      assert.match(await answerOf(admin.post(PAGE, form)), /This preview is not kept any more, so nothing was sent\. Make a new preview/);
      assert.deepEqual(await stack.sim.log(), []);
    });

    it('is refused when things have changed, and a new one is offered', async () => {
      await settle();
      await stack.network.map('third.example');
      await press(admin, 'preview');
      const form = await formOf(admin, 'apply');
      assert.equal(part(await page(), 'preview-old'), null);
      await stack.sim.addAlias('sudden.example');
      await stack.sim.clearLog();
      const said = await answerOf(admin.post(PAGE, form));
      assert.match(said, /Things have changed since this plan was made/);
      assert.match(said, /Make a new preview/);
      assert.equal(await writes(), 0, 'it wrote another plan');
      assert.equal(part(await page(), 'preview-shown'), null, 'the old one is still shown');
      await press(admin, 'preview');
      assert.match(await answerOf(press(admin, 'apply')), /2 aliases added/);

      // When a run has ended meanwhile, that is said before it is applied.
      await stack.network.map('meanwhile.example');
      await press(admin, 'preview');
      await sleep(1100);
      await settle();
      assert.match(text(part(await page(), 'preview-old')), /A run has ended since this preview was made/);
      await press(admin, 'discard');
    });

    it('says plainly when there is nothing to do', async () => {
      await settle();
      await press(admin, 'preview');
      const shown = part(await page(), 'preview-shown');
      assert.match(text(shown), /Nothing to do/);
      assert.ok(!shown.includes('value="apply"'), 'nothing can be applied');
      await press(admin, 'discard');
    });

    it('takes no fingerprint but the one that was shown', async () => {
      await stack.network.map('fourth.example');
      await press(admin, 'preview');
      const form = await formOf(admin, 'apply');
      await stack.sim.clearLog();
      assert.match(await answerOf(admin.post(PAGE, { ...form, fingerprint: 'f'.repeat(64) })), /nothing was sent/);
      assert.match(await answerOf(admin.post(PAGE, { ...form, fingerprint: '' })), /nothing was sent/);
      assert.deepEqual(await stack.sim.log(), []);
      await settle();
    });
  });

  describe('what is withheld', () => {
    const gone = ['a.example', 'b.example', 'c.example', 'd.example'];
    const all = gone.flatMap((name) => [name, `www.${name}`]).sort();

    before(async () => {
      await stack.network.map(gone);
      await settle();
      // Past every hook, as a restored backup would.
      await stack.db.sql(`DELETE FROM wp_wu_domain_mappings WHERE domain IN ('${gone.join("', '")}')`, 'wordpress');
      await settle();
    });

    it('is on the page with its reason, each name of it, and the second step', async () => {
      const shown = part(await page(), 'withheld');
      assert.ok(shown, 'it is not on the page');
      assert.match(text(shown), /8 of \d+ aliases would be removed although no mapping ended/);
      assert.deepEqual(names(shown, 'removed'), all);
      assert.ok(shown.includes('name="force" value="1"'));
      assert.ok(!text(await page()).includes('sync --force'), 'the page sends people to the command line');
      assert.ok(!rowOf(await page(), 'a.example').includes('data-wu-cloudways="pin"'), 'a domain that is not wanted any more can be pinned');
      assert.ok(rowOf(await page(), 'shop.example').includes('data-wu-cloudways="pin"'));
    });

    it('is in a usual preview as well, and is not applied with it', async () => {
      await press(admin, 'preview');
      const shown = part(await page(), 'preview-shown');
      assert.match(text(shown), /Withheld .*although no mapping ended/);
      assert.deepEqual(names(shown, 'removed'), all);
      await press(admin, 'discard');
    });

    it('goes when a person has looked at exactly that, and not before', async () => {
      await press(admin, 'preview', { having: 'name="force" value="1"' });
      const shown = part(await page(), 'preview-shown');
      assert.ok(shown.includes('data-force'));
      assert.deepEqual(names(shown.slice(0, shown.indexOf('A new certificate') < 0 ? undefined : shown.indexOf('A new certificate')), 'removed'), all);
      assert.match(text(shown), /I have looked at these \d+ removals\./);
      assert.match(shown, /<input type="checkbox" name="looked" value="1" required/);

      const form = await formOf(admin, 'apply');
      await stack.sim.clearLog();
      assert.match(await answerOf(admin.post(PAGE, form)), /say first that you have looked at the removals/);
      assert.deepEqual(await stack.sim.log(), []);
      assert.ok(part(await page(), 'preview-shown'), 'the preview is gone, and nothing was applied');

      assert.match(await answerOf(admin.post(PAGE, { ...form, looked: '1' })), /8 aliases removed/);
      assert.ok(!(await stack.sim.aliases()).some((name) => all.includes(name)), 'they are still there');
      assert.equal(part(await page(), 'withheld'), null);
    });
  });

  describe('paused', () => {
    it('nothing is sent, and the page says since when and who did it', async () => {
      await settle();
      assert.match(await answerOf(press(admin, 'pause')), /Paused: nothing is sent/);
      const shown = await page();
      assert.match(text(part(shown, 'paused')), /Paused since .* \(.* ago\) by admin\. Nothing is sent to Cloudways; changes are remembered\./);
      assert.match(part(shown, 'sync'), /^<button[^>]* disabled/);
      assert.ok(!shown.includes('data-wu-cloudways="pause"'));

      await stack.network.map('waits.example');
      await press(admin, 'preview');
      assert.match(part(await page(), 'apply'), /^<button[^>]* disabled/, 'a preview can be applied');
      await stack.sim.clearLog();
      // A form that was opened before: what counts is the server.
      assert.match(await answerOf(press(admin, 'sync')), /The synchronisation is paused; nothing was sent/);
      assert.match(await answerOf(press(admin, 'apply')), /The synchronisation is paused; nothing was sent/);
      assert.ok(part(await page(), 'preview-shown'), 'the preview is gone, and nothing was applied');
      assert.deepEqual(await stack.sim.log(), []);
    });

    it('what waited is sent when somebody resumes it', async () => {
      assert.match(await answerOf(press(admin, 'resume')), /^Resumed\. .*2 aliases added/);
      assert.ok((await stack.sim.aliases()).includes('waits.example'));
      assert.equal(part(await page(), 'paused'), null);
      assert.doesNotMatch(part(await page(), 'sync'), /^<button[^>]* disabled/);
      await press(admin, 'discard');
    });
  });

  describe('aliases that are not ours', () => {
    it('are listed, and adopted on a button', async () => {
      await stack.sim.setAliases([...(await stack.sim.aliases()), 'Mine.example', '*.wild.example']);
      await settle();
      const list = part(await page(), 'aliases');
      const shown = [...list.matchAll(/data-name="([^"]+)"/g)].map(([, name]) => name);
      assert.deepEqual(shown, ['*.wild.example', 'Mine.example', 'hand-made.example', 'sudden.example']);
      assert.ok(!/data-name="\*\.wild\.example">.*?<\/tr>/s.exec(list)[0].includes('data-wu-cloudways="adopt"'), 'a wildcard can be adopted');

      assert.match(await answerOf(pressFor(admin, 'adopt', 'Mine.example')), /Mine\.example is kept from now on as a mapped domain is\./);
      const row = rowOf(await page(), 'mine.example');
      assert.match(text(row), /mine\.example adopted/);
      assert.match(row, /data-wu-cloudways="release"/);
      assert.ok(!part(await page(), 'aliases').includes('Mine.example'), 'it is still called not ours');
    });

    it('are adopted only where that can be', async () => {
      assert.match(await answerOf(pressFor(admin, 'adopt', 'shop.example')), /belongs to a mapped domain/);
      assert.match(await answerOf(pressFor(admin, 'adopt', 'no name')), /no domain name/);
    });

    it('are given back', async () => {
      await answerOf(pressFor(admin, 'release', 'mine.example'));
      await settle();
      assert.ok((await stack.sim.aliases()).some((name) => name.toLowerCase() === 'mine.example'), 'it is gone at Cloudways');
      assert.match(part(await page(), 'aliases').toLowerCase(), /mine\.example/);
    });

    it('are removed when the question was answered, and not before', async () => {
      const link = /href="([^"]+)"[^>]*data-wu-cloudways="ask-remove">Remove…<span[^>]*> sudden\.example/.exec(part(await page(), 'aliases'))[1].replaceAll('&#038;', '&');
      assert.ok(!forms(await page()).some((form) => form.includes('value="remove"')), 'the button is there without the question');
      await stack.sim.clearLog();
      const query = new URL(link).search.replace('?page=wu-cloudways', '');
      const question = part(await page(query), 'question');
      assert.match(text(question), /Remove sudden\.example at Cloudways\?.*Remove it Keep it/);
      assert.deepEqual(await stack.sim.log(), [], 'the question alone did something');
      const answer = await answerOf(press(admin, 'remove', { query }));
      assert.match(answer, /sudden\.example is removed at Cloudways/);
      assert.ok(!(await stack.sim.aliases()).includes('sudden.example'), 'it is still there');
      assert.ok((await stack.sim.aliases()).includes('hand-made.example'), 'another one went with it');
      // A name that is none of them is asked about by nobody.
      assert.equal(part(await page('&wu_cloudways_remove=shop.example'), 'question'), null);
    });
  });

  it('pins a domain and takes the pin away, at the same place of the table', async () => {
    const query = '&s=shop&verdict=here&orderby=verdict&order=desc';
    const answer = await pressFor(admin, 'pin', 'shop.example', { query });
    assert.equal(answer.status, 302);
    const to = new URL(answer.headers.location);
    assert.deepEqual([to.searchParams.get('s'), to.searchParams.get('verdict'), to.searchParams.get('orderby'), to.searchParams.get('order')], ['shop', 'here', 'verdict', 'desc']);
    assert.equal(to.hash, '#wu-cloudways-domains');
    const shown = await page(query);
    assert.match(text(part(shown, 'answer')), /shop\.example is pinned/);
    assert.ok(shown.indexOf('data-wu-cloudways="answer"') > shown.indexOf('id="wu-cloudways-domains"'), 'the answer is not at the table');
    assert.match(rowOf(shown, 'shop.example'), /data-wu-cloudways="pinned"/);
    assert.deepEqual(await stack.network.eval("return WU_Cloudways\\Plugin::instance()->store()->names( 'pins' );"), ['shop.example']);
    // A `www` follows its domain.
    assert.match(text(part((await pressFor(admin, 'pin', 'www.shop.example'), await page()), 'answer')), /no mapped domain/);
    await pressFor(admin, 'unpin', 'shop.example');
    assert.doesNotMatch(rowOf(await page(), 'shop.example'), /data-wu-cloudways="pinned"/);
  });

  it('asks DNS about one domain, the selected ones, and those of the page', async () => {
    await stack.sim.here('late.example');
    assert.match(text(part((await pressFor(admin, 'dns', 'late.example'), await page()), 'answer')), /late\.example: points here\. 1 of 1 name has changed\. 1 turned right: a run follows\./);
    assert.match(text(rowOf(await page(), 'late.example')), /points here/);
    assert.match(text(part((await press(admin, 'dns', { having: 'id="wu-cloudways-do-dns"' }), await page()), 'answer')), /Select some domains first/);
    await stack.sim.setDns('shop.example', { A: ['198.51.100.9'] });
    await press(admin, 'dns', { having: 'id="wu-cloudways-do-dns"', more: { 'names[]': 'shop.example' } });
    assert.match(text(part(await page(), 'answer')), /shop\.example: points elsewhere\. 1 of 1 name has changed/);
    await stack.sim.here('shop.example');
    // Those that the filter shows, and no others.
    await stack.sim.clearLog();
    const answer = await press(admin, 'dns', { query: '&verdict=elsewhere', having: 'name="shown"' });
    assert.equal(new URL(answer.headers.location).searchParams.get('verdict'), 'elsewhere');
    assert.match(text(part(await page(), 'answer')), /^shop\.example: points here/);
  });

  it('lists the last runs: when, what started them, where, what came of them', async () => {
    stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
    await press(admin, 'sync');
    stack.network.setConstants(stack.sim.constants());
    await wp('sync', '--porcelain');
    const runs = part(await page(), 'runs');
    const rows = runs.split('<tr>').slice(2).map((row) => text(row.replaceAll('</td>', ' | ').replaceAll('</th>', ' | ')));
    assert.ok(rows.length > 5 && rows.length <= 20, `there are ${rows.length} runs`);
    assert.match(rows[0], /ago\) \| a command \| command line \| done in part|in step|goes on by itself/);
    assert.match(rows[1], /this page \| website \| failed \| 0 \| 0 \| Cloudways refused the credentials/);
    assert.match(runs, /<caption[^>]*>[^<]+<\/caption>/);
    assert.ok(!(await page()).includes('cw_wrong_token'), 'the token is on the page');
  });

  it('shows the connection, and says the end of an old key plainly', async () => {
    await settle();
    const card = text(part(await page(), 'connection'));
    for (const expected of ['access token', `(${SIM.server})`, `(${SIM.app})`, SIM.publicIp, SIM.primary, SIM.sysUser]) assert.ok(card.includes(expected), `it does not say ${expected}: ${card}`);
    assert.ok(!(await page()).includes('data-wu-cloudways="legacy-key"'));

    stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: SIM.legacyKey });
    await settle();
    const shown = await page();
    assert.match(text(part(shown, 'legacy-key')), /October 15, 2026\. That day is past: this one may stop at any moment\. Create an access token/);
    assert.ok(![SIM.legacyKey, SIM.token, SIM.email].some((secret) => shown.includes(secret)), 'a secret is on the page');
    assert.match(await answerOf(press(admin, 'test')), /may stop at any moment/);
    assert.equal(
      await stack.network.eval('return WU_Cloudways\\Page_Cards::end_of_keys( 1790000000 );'),
      'Cloudways has announced that old API keys end on October 15, 2026: this one stops then. Create an access token on the Cloudways platform (API Integration) and set it in place of the key.',
    );
    stack.network.setConstants(stack.sim.constants());
    await settle();
  });

  it('shows the certificate with its bar, issuer, end, orders left, and what Cloudways has against what is wanted', async () => {
    const shown = await page();
    const certificate = part(shown, 'certificate');
    const held = (await stack.sim.certificate()).length;
    assert.match(certificate, new RegExp(`<meter [^>]*max="100"[^>]*value="${held}"`));
    assert.match(text(certificate), new RegExp(`${held} of 100 names .*Issued by Let's Encrypt, R11 Valid until \\w+ \\d+, \\d{4} \\((89|90) days left\\) Renewal by itself .*Orders left \\d+ of 40 for `));
    assert.match(text(part(shown, 'alias-counts')), /At Cloudways \d+ Wanted \d+ .*Not ours, left alone \d+ \(/);
  });

  it('has its headings in order, each id once, and every button in a form with a nonce', async () => {
    await press(admin, 'preview');
    const shown = await page();
    await press(admin, 'discard');
    const levels = [...shown.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    assert.equal(levels[0], 1);
    for (let at = 1; at < levels.length; at++) assert.ok(levels[at] <= levels[at - 1] + 1 && levels[at] > 1, `a heading ${levels[at]} after ${levels[at - 1]}`);
    const ids = [...shown.matchAll(/ id=["']([^"']+)["']/g)].map(([, id]) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const form of forms(shown)) assert.match(form, /name="_wpnonce" value="[0-9a-f]{10}"/);
    const nonces = new Map(forms(shown).map((form) => [/name="wu_cloudways_action" value="([^"]+)"/.exec(form)[1], /name="_wpnonce" value="([^"]+)"/.exec(form)[1]]));
    assert.equal(new Set(nonces.values()).size, nonces.size, 'two actions have one nonce');
  });
});
