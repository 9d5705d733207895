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
    assert.doesNotMatch(wrong, /Everything seems to be working|<br>|\{/i);
    assert.ok(!wrong.includes('cw_wrong_token_of_nobody'), 'it shows the token');

    const right = await saveAndTest(tab, { WU_CLOUDWAYS_API_KEY: values.WU_CLOUDWAYS_API_KEY });
    await tab.picture('wizard-right');
    assert.doesNotMatch(right, /WU_CLOUDWAYS|wrong|refused|adjust/i, `the right credentials fail the test: ${right}`);
    const stored = await stack.network.eval("return (string) get_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_API_KEY', '' );");
    assert.ok(stored && !stored.includes(SIM.token), 'the token is stored as it is typed');
  });
});
