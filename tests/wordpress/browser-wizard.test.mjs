// From nothing to a right alias list and certificate by the screens alone: Ultimate Multisite's wizard, its test, the
// network page; and what the screens say where the extension is missing or the site is a clone.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { PAGE, openBrowser } from './lib/browser.mjs';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const WIZARD = '/wp-admin/network/admin.php?page=wp-ultimo-hosting-integration-wizard&integration=cloudways';
const NEXT = '[data-testid="button-primary"], button[name="submit"].button-primary';

describe('Ultimate Multisite’s wizard in a browser', () => {
  let stack;
  let browser;
  let values;

  before(async () => {
    stack = await openStack('browser-wizard', {
      constants: { WU_CLOUDWAYS_EMAIL: undefined, WU_CLOUDWAYS_API_KEY: undefined, WU_CLOUDWAYS_SERVER_ID: undefined, WU_CLOUDWAYS_APP_ID: undefined },
    });
    browser = await openBrowser(stack);
    values = { WU_CLOUDWAYS_EMAIL: SIM.email, WU_CLOUDWAYS_API_KEY: SIM.token, WU_CLOUDWAYS_SERVER_ID: String(SIM.server), WU_CLOUDWAYS_APP_ID: String(SIM.app) };
    await stack.network.eval("update_network_option( null, 'wu_host_integrations_enabled', array() ); return true;");
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.network.map('shop.example');
  });
  after(() => stack?.close());
  afterEach(() => browser?.tidy());

  /** Fills the wizard's form in and goes on to its test; gives what that says. */
  async function saveAndTest(tab, changes) {
    await tab.go(`${WIZARD}&step=config`);
    for (const [name, value] of Object.entries(changes)) await tab.page.fill(`input[name="${name}"]`, value);
    await tab.press(NEXT);
    const page = new URL(tab.page.url());
    if (page.searchParams.get('step') !== 'testing') await tab.go(`${WIZARD}&step=testing`);
    await tab.page.waitForFunction(() => {
      const words = document.querySelector('#integration-test pre')?.innerText ?? '';
      return words !== '' && !/Waiting for results|Sending API call/.test(words + (document.querySelector('#integration-test')?.innerText ?? ''));
    });
    return tab.page.locator('#integration-test').innerText();
  }

  it('says on the network page what is missing and leads to the wizard', async () => {
    const tab = await browser.open();
    await tab.go(PAGE);
    await tab.picture('nothing-set');
    await tab.says(/wizard/i);
    await tab.axe('the network page without credentials');
  });

  it('is switched on, filled in, and tells a wrong token from a right one', async () => {
    const tab = await browser.open();
    await tab.go(WIZARD);
    await tab.picture('wizard-1');
    await tab.press(NEXT);
    const instructions = await tab.page.innerText('body');
    await tab.picture('wizard-2');
    assert.match(instructions, /access token/i, 'the instructions do not name the access token');

    const wrong = await saveAndTest(tab, { ...values, WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
    await tab.picture('wizard-wrong');
    assert.match(wrong, /WU_CLOUDWAYS_API_KEY/, `it does not say which setting is wrong: ${wrong}`);
    assert.doesNotMatch(wrong, /Everything seems to be working|<br>|<span/i);
    assert.ok(
      await tab.page.evaluate(() => [...document.querySelectorAll('#integration-test pre')].every((box) => box.scrollWidth <= box.clientWidth + 1)),
      'the answer does not fit into its box',
    );
    assert.ok(!wrong.includes('cw_wrong_token_of_nobody'), 'it shows the token');

    const right = await saveAndTest(tab, { WU_CLOUDWAYS_API_KEY: values.WU_CLOUDWAYS_API_KEY });
    await tab.picture('wizard-right');
    assert.doesNotMatch(right, /WU_CLOUDWAYS|wrong|refused|adjust/i, `the right credentials fail the test: ${right}`);
    const stored = await stack.network.eval("return (string) get_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_API_KEY', '' );");
    assert.ok(stored && !stored.includes(SIM.token), 'the token is stored as it is typed');
  });

  it('then the network page leads to a right alias list and certificate', async () => {
    const tab = await browser.open();
    await tab.go(PAGE);
    await tab.act('test');
    await tab.says('Cloudways accepts the settings.', '[data-wu-cloudways="answer"]');
    await tab.act('preview');
    await tab.says('shop.example', '[data-wu-cloudways="preview-shown"]');
    await tab.act('apply');
    await tab.says(/2 aliases added/, '[data-wu-cloudways="answer"]');
    assert.deepEqual((await stack.sim.aliases()).sort(), [SIM.handMade, 'shop.example', 'www.shop.example'].sort());
    await stack.settleCertificate([SIM.primary, 'shop.example', 'www.shop.example'], { patience: 60000 });
    await tab.go(PAGE);
    await tab.says(/3 of 100 names/);
    assert.doesNotMatch(await tab.words(), /missing|switched off/i, 'the page still asks for something');
    await tab.go('/wp-admin/network/');
    assert.equal((await tab.words('.wu-cloudways-notice')).trim(), '', 'a notice stays although all is well');
  });

  it('says of a clone that it is one, sends nothing, and asks a person', async () => {
    stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'staging' });
    const before = (await stack.sim.writes()).length;
    await stack.network.map('clone.example');
    const tab = await browser.open();
    await tab.go(PAGE);
    await tab.does('sync').click().catch(() => {});
    await tab.page.waitForLoadState('load');
    await tab.go(PAGE);
    await tab.says(/original/i);
    await tab.picture('clone');
    await tab.axe('the page of a clone');
    assert.equal((await stack.sim.writes()).length, before, 'a clone wrote');
    await tab.press('button[value="confirm_site"]');
    await tab.says('This site is the original from now on', '[data-wu-cloudways="answer"]');
    assert.ok((await stack.sim.aliases()).includes('clone.example'), 'nothing was sent although a person said that this is the original');
    stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'production' });
    await stack.network.wp(['wu-cloudways', 'sync', '--confirm-site', '--timeout=60', '--porcelain'], { check: false });
  });

  it('says where the extension is missing, and in three steps how to load it on this server', async () => {
    await stack.startFpm(false);
    const tab = await browser.open();
    await tab.go(PAGE);
    await tab.picture('extension-cli-only');
    await tab.axe('the page with the extension on the command line only');
    // With it on the command line, the page leaves the work to that; the doctor finds that it is missing there as well.
    await tab.says('Load it on the website, too', '[data-wu-cloudways="guide"] summary');
    await stack.network.wp(['wu-cloudways', 'doctor'], { check: false, extension: false });
    await tab.go(PAGE);
    const steps = tab.page.locator('.wrap.wu-cloudways ol').first().locator('> li');
    assert.equal(await steps.count(), 3, `there are ${await steps.count()} steps:\n${await tab.words()}`);
    const words = (await steps.allInnerTexts()).join('\n');
    assert.match(words, /php_admin_value\[extension\] = \S+\.so/, 'the pool line is missing');
    assert.match(words, /8\.2/, 'the PHP of this server is missing');
    await tab.picture('extension-missing');
    await tab.axe('the page without the extension');
    const small = await browser.open({ width: 390, height: 844 });
    await small.go(PAGE);
    assert.ok((await small.sideways()) <= 0, 'the steps make the page too wide for a telephone');
    await small.picture('extension-missing-small');
    await tab.go('/wp-admin/network/');
    await tab.says(/extension/i, '.wu-cloudways-notice');
    await tab.axe('the notice of the missing extension', { page: false });
    await stack.startFpm(true);
    await tab.go('/wp-admin/network/');
    assert.doesNotMatch(await tab.words('.wu-cloudways-notice'), /extension/i, 'the notice stays although the extension is loaded');
  });
});
