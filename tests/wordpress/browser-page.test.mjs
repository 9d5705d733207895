// The network page as a person meets it, in Chromium: every screen is filled by runs against the simulator.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { PAGE, openBrowser } from './lib/browser.mjs';
import { sleep } from './lib/lab.mjs';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const TEST_ONLY = ['a.example', 'b.example', 'c.example', 'd.example'];

describe('the network page in a browser', () => {
  let stack;
  let browser;

  const sync = (...args) => stack.network.wp(['wu-cloudways', 'sync', '--timeout=60', '--porcelain', ...args], { check: false });
  const writes = async () => (await stack.sim.writes()).length;
  /** A window with the page. */
  async function open(options) {
    const tab = await browser.open(options);
    await tab.go(PAGE);
    return tab;
  }

  before(async () => {
    stack = await openStack('browser-page');
    browser = await openBrowser(stack);
    // What goes on, a test asked for.
    stack.network.configure({ still: true });
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.sim.setDns('late.example', { A: ['198.51.100.7'] });
    await stack.network.map(['shop.example', 'late.example']);
  });
  after(() => stack?.close());
  afterEach(() => browser?.tidy());

  it('shows a plan and applies exactly that, by the keyboard alone', async () => {
    const tab = await open();
    await tab.axe('the page before the first run');
    await tab.picture('page-before');

    const way = await tab.tabTo('[data-wu-cloudways="preview"]');
    await tab.leads(() => tab.page.keyboard.press('Enter'));
    assert.equal(await writes(), 0, 'the preview wrote');
    const shown = await tab.says('shop.example', '[data-wu-cloudways="preview-shown"]');
    for (const name of ['late.example', 'www.late.example', 'www.shop.example', 'network.example']) assert.ok(shown.includes(name), `the plan does not name ${name}: ${shown}`);
    assert.ok(!shown.includes(SIM.handMade), `the plan touches what is not ours: ${shown}`);
    await tab.focuses('#wu-cloudways-preview', 'the focus is not at the plan');
    await tab.axe('the plan');
    await tab.picture('page-preview');

    way.push(...(await tab.tabTo('[data-wu-cloudways="apply"]')));
    assert.deepEqual(way.filter(({ ours, visible }) => ours && !visible), [], 'the focus cannot be seen');
    await tab.leads(() => tab.page.keyboard.press('Space'));
    assert.deepEqual((await stack.sim.aliases()).sort(), [SIM.handMade, 'late.example', 'shop.example', 'www.late.example', 'www.shop.example'].sort());
    await tab.focuses('[data-wu-cloudways="answer"]', 'the focus is not at what came of it');
    await tab.says('4 aliases added', '[data-wu-cloudways="answer"]');
    await tab.says(/late\.example points to 198\.51\.100\.7/);
    await tab.axe('the page after a run');
    await tab.picture('page-applied');
  });

  it('refuses a plan that is not the one that was shown any more', async () => {
    await stack.network.map('extra.example');
    const tab = await open();
    await tab.act('preview');
    await tab.says('extra.example', '[data-wu-cloudways="preview-shown"]');
    await stack.network.unmap('extra.example');
    const before = await writes();
    await tab.act('apply');
    await tab.says(/new preview/i, '[data-wu-cloudways="answer"]');
    assert.equal(await writes(), before, 'another plan than the one on the screen was applied');
    await tab.axe('the answer to a plan that is out of date');
    await sync();
  });

  it('shows what is withheld and why, and removes it after an explicit second step', async () => {
    await stack.network.map(TEST_ONLY);
    await sync();
    // Past every hook, as a restored backup would.
    await stack.db.sql(`DELETE FROM wp_wu_domain_mappings WHERE domain IN ('${TEST_ONLY.join("', '")}')`, 'wordpress');
    await sync();
    const tab = await open();
    await tab.says('a.example', '[data-wu-cloudways="withheld"]');
    await tab.axe('what is withheld');
    await tab.picture('page-withheld');

    await tab.press('[data-wu-cloudways="withheld"] [data-wu-cloudways="preview"]');
    const shown = await tab.says('a.example', '[data-wu-cloudways="preview-shown"]');
    for (const name of TEST_ONLY) assert.ok(shown.includes(name) && shown.includes(`www.${name}`), `the second step does not name ${name}: ${shown}`);
    await tab.axe('the second step');
    await tab.picture('page-withheld-preview');
    // Without the tick, the browser does not let it pass.
    await tab.does('apply').click();
    await sleep(300);
    assert.ok((await stack.sim.aliases()).includes('a.example'), 'it was applied without the explicit step');
    await tab.page.check('[data-wu-cloudways="looked"]');
    await tab.act('apply');
    await tab.says(/removed/, '[data-wu-cloudways="answer"]');
    assert.ok(!(await stack.sim.aliases()).some((alias) => TEST_ONLY.includes(alias.replace('www.', ''))), 'what was accepted is still there');
    assert.ok((await stack.sim.aliases()).includes(SIM.handMade));
  });

  it('shows a running operation with its progress to its end, without a reload', async () => {
    await stack.network.map('slow.example');
    await stack.sim.pace(null, 300);
    const begun = await stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=5', '--porcelain'], { check: false });
    assert.equal(begun.stdout.trim(), 'pending', begun.stderr);
    // The bar moves, so it is hidden from those who want nothing to move.
    const tab = await open({ reducedMotion: 'no-preference' });
    await tab.says(/At Cloudways: /, '[data-wu-cloudways="progress"]');
    assert.equal(await tab.page.locator('[data-wu-cloudways="progress"] progress').isVisible(), true);
    await tab.axe('a running operation');
    await tab.picture('page-operation');
    await tab.page.evaluate(() => (window.sameDocument = true));
    await tab.told();

    // Cloudways comes to its end, and the plugin looks again when it said it would: cron is what wakes it.
    await stack.sim.pace(2, 3);
    await stack.sim.patch({ time_offset: 300 });
    await stack.settle(async () => !(await tab.page.locator('[data-wu-cloudways="progress"]').isVisible()), 'the progress is gone from the page', {
      patience: 60000,
      state: () => tab.words('[data-wu-cloudways="progress"]'),
    });
    await tab.says(/slow\.example/, '#the-list');
    assert.equal(await tab.page.evaluate(() => window.sameDocument), true, 'the page was loaded anew');
    assert.match((await tab.told()).join('\n'), /It has ended/, 'a screen reader is not told');
    assert.ok((await stack.sim.aliases()).includes('slow.example'));
    await tab.axe('after the operation');
  });

  it('is paused and resumed', async () => {
    const tab = await open();
    await tab.act('pause');
    await tab.says(/Paused since .* by admin/, '[data-wu-cloudways="paused"]');
    assert.equal(await tab.does('sync').isDisabled(), true);
    await tab.axe('the paused page');
    await tab.picture('page-paused');
    await stack.network.map('later.example');
    await stack.queue();
    await sync();
    assert.ok(!(await stack.sim.aliases()).includes('later.example'), 'it was sent although it is paused');
    await tab.go(PAGE);
    await tab.act('resume');
    await tab.says('Resumed.', '[data-wu-cloudways="answer"]');
    assert.ok((await stack.sim.aliases()).includes('later.example'), 'what waited was not sent');
    assert.equal(await tab.page.locator('[data-wu-cloudways="paused"]').count(), 0);
  });

  it('takes an alias over that was made by hand, and removes one after a question', async () => {
    await stack.sim.addAlias('foreign.example');
    await sync();
    const tab = await open();
    await tab.act('adopt', 'foreign.example');
    await tab.says('foreign.example is kept from now on', '[data-wu-cloudways="answer"]');
    await tab.says(/foreign\.example\s+adopted/, '#the-list');

    await tab.act('ask-remove', SIM.handMade);
    await tab.says(`Remove ${SIM.handMade} at Cloudways?`, '[data-wu-cloudways="question"]');
    await tab.focuses('#wu-cloudways-question', 'the focus is not at the question');
    await tab.axe('the question');
    await tab.picture('page-question');
    await tab.act('keep');
    assert.ok((await stack.sim.aliases()).includes(SIM.handMade));
    await tab.act('ask-remove', SIM.handMade);
    await tab.act('remove');
    await tab.says(`${SIM.handMade} is removed`, '[data-wu-cloudways="answer"]');
    assert.ok(!(await stack.sim.aliases()).includes(SIM.handMade), 'it is still there');
    await tab.act('release', 'foreign.example');
    await tab.says('foreign.example is left alone from now on', '[data-wu-cloudways="answer"]');
  });

  it('pins a domain, and takes the pin back, from its row', async () => {
    const tab = await open();
    await tab.act('pin', 'shop.example');
    await tab.says('shop.example is pinned', '[data-wu-cloudways="answer"]');
    assert.equal(await tab.page.locator('[data-wu-cloudways="pinned"]').count(), 1);
    await tab.axe('a pinned domain');
    await tab.act('unpin', 'shop.example');
    assert.equal(await tab.page.locator('[data-wu-cloudways="pinned"]').count(), 0);
  });

  it('checks DNS with its progress, says what became of it, and sends what turned right', async () => {
    const tab = await open();
    await stack.sim.here('late.example', 'www.late.example');
    await tab.page.evaluate(() => (window.sameDocument = true));
    await tab.told();
    await tab.page.locator('[data-wu-cloudways="check"] [data-wu-cloudways="dns"]').click();
    await tab.says(/\d/, '[data-wu-cloudways="check-summary"]');
    await tab.picture('page-checked');
    await tab.says(/late\.example[\s\S]*points here/, '#the-list');
    assert.equal(await tab.page.evaluate(() => window.sameDocument), true, 'the page was loaded anew');
    assert.ok((await tab.told()).join('\n').includes(await tab.page.locator('[data-wu-cloudways="check-summary"]').innerText()), 'a screen reader is not told');
    assert.equal(await tab.page.locator('[data-wu-cloudways="check-progress"]').isVisible(), false);
    assert.equal(await tab.page.locator('[data-wu-cloudways="check-cancel"]').isVisible(), false);
    await tab.axe('after the check');
  });

  it('is whole without scripts', async () => {
    const tab = await open({ javaScriptEnabled: false });
    const press = (selector) => Promise.all([tab.page.waitForNavigation(), tab.page.locator(selector).first().click()]);
    await press('[data-wu-cloudways="check"] [data-wu-cloudways="dns"]');
    assert.match(await tab.page.locator('[data-wu-cloudways="answer"]').innerText(), /\d/);
    await press('[data-wu-cloudways="preview"]');
    assert.equal(await tab.page.locator('[data-wu-cloudways="preview-shown"]').count(), 1);
    await press('[data-wu-cloudways="discard"]');
    assert.equal(await tab.page.locator('[data-wu-cloudways="preview-shown"]').count(), 0);
    for (const hidden of ['check-cancel', 'check-progress']) assert.equal(await tab.page.locator(`[data-wu-cloudways="${hidden}"]`).isVisible(), false, `${hidden} is shown although it does nothing`);
  });

  it('lists the last runs, newest first', async () => {
    const tab = await open();
    const rows = tab.page.locator('[data-wu-cloudways="runs"] tbody tr');
    const number = await rows.count();
    assert.ok(number > 5 && number <= 20, `it lists ${number} runs`);
    const kept = await stack.network.eval("return array_map( static fn( $run ) => array( $run['started_at'], $run['added'], $run['removed'] ), WU_Cloudways\\Plugin::instance()->store()->runs() );");
    assert.deepEqual(kept.map(([at]) => at), kept.map(([at]) => at).sort((a, b) => b - a));
    const cells = await rows.evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
    assert.deepEqual(cells.map((row) => [Number(row[4]), Number(row[5])]), kept.map(([, added, removed]) => [added, removed]));
    assert.ok(cells.some((row) => row[1] === 'this page') && cells.some((row) => row[1] === 'a command'), JSON.stringify(cells));
  });

  it('reads from right to left, and fits on a telephone', async () => {
    const whole = async (tab, what) => {
      await tab.go(PAGE);
      await tab.act('preview');
      assert.deepEqual(await tab.overlaps(), [], what);
      assert.ok((await tab.sideways()) <= 0, `${what}: the page is ${await tab.sideways()} px too wide`);
      await tab.picture(what.replaceAll(' ', '-'));
      await tab.act('discard');
    };
    await stack.network.map('more.example');
    stack.network.configure({ rtl: true });
    const tab = await open();
    assert.equal(await tab.page.evaluate(() => getComputedStyle(document.querySelector('.wu-cloudways')).direction), 'rtl');
    await whole(tab, 'from right to left');
    const small = await open({ width: 390, height: 844 });
    await whole(small, 'from right to left on a telephone');
    stack.network.configure({ rtl: false });
    await whole(small, 'on a telephone');
    await small.axe('the page on a telephone');
    // The other columns of a row are a press away.
    const more = small.page.locator('#the-list .toggle-row').first();
    await more.click();
    assert.equal(await small.page.locator('#the-list tr').first().locator('td.column-verdict').isVisible(), true);
    assert.ok((await small.sideways()) <= 0);
  });

  it('finds its way in 2,000 domains: search, filters, order, pages', async () => {
    // Each brings its www along. A tenth leads here, and there are more of them than a certificate holds.
    const names = Array.from({ length: 1000 }, (_, i) => `shop-${String(i).padStart(4, '0')}.example`);
    await Promise.all(names.filter((_, i) => i % 10 === 0).flatMap((name) => [stack.sim.here(name), stack.sim.here(`www.${name}`)]));
    await stack.network.map(names);
    await sync('--force', '--yes');
    const tab = await open();
    const rows = () => tab.page.locator('#the-list tr .column-domain strong').allInnerTexts();
    const total = async () => Number((await tab.page.locator('.tablenav.top .displaying-num').innerText()).replace(/\D/g, ''));
    const number = await total();
    assert.ok(number >= 2000, `the table has ${number} domains`);
    const first = await rows();
    assert.ok(first.length >= 20 && first.length <= 100, `a page has ${first.length} rows`);
    await tab.picture('page-many');
    await tab.axe('a table of 2,000');

    await tab.press('.tablenav.top .next-page');
    const second = await rows();
    assert.ok(second.length && !second.some((name) => first.includes(name)), 'the second page shows the first again');
    assert.ok(first.at(-1) < second[0], 'the pages are not in one order');
    await tab.press('.tablenav.top .last-page');
    assert.ok((await rows()).at(-1) > second.at(-1));

    await tab.go(PAGE);
    await tab.press('th#domain a');
    assert.ok((await rows())[0] > second[0], 'it is not ordered downwards');
    assert.match(await tab.page.locator('th#domain').getAttribute('aria-sort'), /descending/);

    await tab.go(PAGE);
    await tab.page.fill('#wu-cloudways-search-input', 'shop-012');
    await tab.leads(() => tab.page.keyboard.press('Enter'));
    const found = names.slice(120, 130);
    assert.deepEqual(await rows(), [...found, ...found.map((name) => `www.${name}`)]);
    // A filter keeps the search, and says how many there are.
    await tab.leads(() => tab.page.locator('[data-wu-cloudways="view"]', { hasText: 'no record' }).click());
    const both = await rows();
    assert.ok(both.length > 0 && both.every((name) => /^(www\.)?shop-012[1-9]\.example$/.test(name)), `searched and filtered: ${both}`);
    await tab.go(PAGE);
    const here = tab.page.locator('[data-wu-cloudways="view"]', { hasText: 'points here' });
    const said = Number((await here.locator('.count').innerText()).replace(/\D/g, ''));
    await tab.leads(() => here.click());
    assert.equal(await total(), said);
    await tab.page.selectOption('#wu-cloudways-certificate', 'covered');
    await tab.leads(() => tab.does('filter').click());
    assert.ok((await total()) > 0 && (await total()) <= 100, `${await total()} names are in one certificate`);
    await tab.page.fill('#wu-cloudways-search-input', 'nobody-has-this');
    await tab.leads(() => tab.page.keyboard.press('Enter'));
    await tab.says(/No domain is like that/, '#the-list');
    await tab.axe('an empty search');

    // The check of so many shows how far it is, and can be stopped.
    await tab.go(PAGE);
    await tab.page.locator('[data-wu-cloudways="check"] [data-wu-cloudways="dns"]').click();
    await tab.says(/[1-9][\d,]* of 2,\d{3} names/, '[data-wu-cloudways="check-text"]');
    assert.ok((await tab.page.locator('[data-wu-cloudways="check-bar"]').evaluate((bar) => bar.position)) > 0);
    await tab.axe('a check that goes on');
    await tab.does('check-cancel').click();
    await tab.says(/Stopped\./, '[data-wu-cloudways="check-summary"]');
    assert.equal(await tab.page.locator('[data-wu-cloudways="check-progress"]').isVisible(), false);

    const small = await open({ width: 390, height: 844 });
    assert.ok((await small.sideways()) <= 0);
    assert.deepEqual(await small.overlaps(), []);
  });
});
