// The network page as a person meets it, in Chromium: every screen is filled by runs against the simulator.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { PAGE, openBrowser } from './lib/browser.mjs';
import { openStack } from './lib/stack.mjs';

describe('the network page in a browser', () => {
  let stack;
  let browser;

  before(async () => {
    stack = await openStack('browser-page');
    browser = await openBrowser(stack);
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.sim.setDns('late.example', { A: ['198.51.100.7'] });
    await stack.network.map(['shop.example', 'late.example']);
  });
  after(() => stack?.close());
  afterEach(() => browser?.tidy());

  it('is usable by everybody: axe, by keyboard, from right to left, on a telephone', async () => {
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60', '--porcelain'], { check: false });
    const tab = await browser.open();
    await tab.go(PAGE);
    await tab.says('points elsewhere');
    await tab.axe('the network page');
    const way = await tab.tabTo('.wu-cloudways button');
    assert.deepEqual(way.filter(({ ours, visible }) => ours && !visible), [], 'the focus cannot be seen');

    stack.network.configure({ rtl: true });
    await tab.go(PAGE);
    assert.equal(await tab.page.evaluate(() => getComputedStyle(document.querySelector('.wu-cloudways')).direction), 'rtl');
    assert.deepEqual(await tab.overlaps(), []);
    assert.ok((await tab.sideways()) <= 0, 'the page scrolls sideways from right to left');
    await tab.picture('rtl');
    stack.network.configure({ rtl: false });

    const small = await browser.open({ width: 390, height: 844 });
    await small.go(PAGE);
    assert.ok((await small.sideways()) <= 0, `on a telephone the page is ${await small.sideways()} px too wide`);
    assert.deepEqual(await small.overlaps(), []);
    await small.picture('small');
  });
});
