// All the places where a person meets the plugin, in English and in French: they say how things stand, axe finds nothing in
// them, they read from right to left and fit on a telephone; and in French, on WordPress's own files, no word is English.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { WORDPRESS_FILES } from '../../scripts/wordpress.mjs';
import { PAGE, openBrowser } from './lib/browser.mjs';
import { isFrench } from './lib/french.mjs';
import { giveToSite } from './lib/lab.mjs';
import { NEW, RIGHT, WRONG, furnish, places } from './lib/scene.mjs';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

describe('where a person meets the plugin', () => {
  let stack;
  let browser;

  const sync = (...args) => stack.network.wp(['wu-cloudways', 'sync', '--timeout=60', '--porcelain', ...args], { check: false });

  before(async () => {
    stack = await openStack('browser-all');
    browser = await openBrowser(stack);
    await furnish(stack);
    await sync();
  });
  after(() => stack?.close());
  afterEach(() => browser?.tidy());

  async function go(tab, { path, prepare }) {
    await tab.go(path);
    await prepare?.(tab);
  }

  it('says at each place how things stand, and axe finds nothing there', async () => {
    const said = {};
    for (const place of await places(stack)) {
      const tab = await browser.open({ as: place.as, host: place.as?.host });
      await go(tab, place);
      said[place.what] = await tab.words();
      if (place.own) assert.ok(said[place.what].trim(), `the plugin is not seen at ${place.what}`);
      await tab.picture(`en ${place.what}`.replaceAll(' ', '-'));
      await tab.axe(place.what, { page: place.page });
      await tab.close();
    }
    assert.match(said['the list of domains'], /points elsewhere/);
    assert.match(said['the page of a domain that leads elsewhere'], new RegExp(`${WRONG.replace('.', '\\.')} points to 198\\.51\\.100\\.7`));
    assert.match(said['the page of a domain that is right'], /covered/);
    assert.match(said['the customer’s panel'], /198\.51\.100\.7[\s\S]*At the DNS provider/);
    assert.doesNotMatch(said['the customer’s panel'], new RegExp(RIGHT[1]), 'a customer reads of others');
    assert.match(said['the facts of Site Health'], /0\.1\.0/);
    for (const [what, words] of Object.entries(said)) {
      for (const secret of [SIM.token, 'cw_']) if (!what.includes('wizard')) assert.ok(!words.includes(secret), `${what} shows the token`);
    }
  });

  it('reads from right to left and fits on a telephone', async () => {
    for (const place of await places(stack)) {
      // Their own layout is Ultimate Multisite's and WordPress's.
      const small = await browser.open({ as: place.as, host: place.as?.host, width: 390, height: 844 });
      await go(small, place);
      assert.deepEqual(await small.overlaps(), [], `${place.what} on a telephone`);
      await small.close();
    }
    stack.network.configure({ rtl: true });
    for (const place of await places(stack)) {
      const tab = await browser.open({ as: place.as, host: place.as?.host });
      await go(tab, place);
      assert.deepEqual(await tab.overlaps(), [], `${place.what} from right to left`);
      await tab.close();
    }
    stack.network.configure({ rtl: false });
  });

  describe('in French', () => {
    before(async () => {
      const languages = join(stack.network.content, 'languages');
      cpSync(join(WORDPRESS_FILES, 'latest/languages'), languages, { recursive: true });
      await giveToSite(languages);
      await stack.network.eval("update_site_option( 'WPLANG', 'fr_FR' ); update_option( 'WPLANG', 'fr_FR' ); update_option( 'date_format', 'j F Y' ); update_option( 'time_format', 'G\\hi' ); return true;");
      await stack.db.sql("UPDATE wp_usermeta SET meta_value = 'fr_FR' WHERE meta_key = 'locale'", 'wordpress');
    });

    it('each place is French to its last word', async () => {
      for (const place of await places(stack)) {
        const tab = await browser.open({ as: place.as, host: place.as?.host, locale: 'fr-FR' });
        await go(tab, place);
        await tab.picture(`fr ${place.what}`.replaceAll(' ', '-'));
        await isFrench(tab, place.what);
        await tab.close();
      }
    });

    it('and so is what a person gets to read on the way: plan, answers, questions, trouble', async () => {
      const tab = await browser.open({ locale: 'fr-FR' });
      const read = async (what, done) => {
        await done();
        await tab.picture(`fr ${what}`.replaceAll(' ', '-'));
        await isFrench(tab, what);
        for (const words of await tab.told()) assert.doesNotMatch(words, /\b(the|is|it has|names?|working)\b/i, `${what}, as a screen reader is told it`);
      };
      await stack.sim.here(NEW, `www.${NEW}`);
      await stack.network.map(NEW);
      await tab.go(PAGE);
      await read('the plan', () => tab.act('preview'));
      await read('what came of it', () => tab.act('apply'));
      await read('the test', () => tab.act('test'));
      await read('the pause', () => tab.act('pause'));
      await read('the end of the pause', () => tab.act('resume'));
      await read('a pin', () => tab.act('pin', RIGHT[0]));
      await read('the end of a pin', () => tab.act('unpin', RIGHT[0]));
      await read('a check of DNS', async () => {
        await tab.page.locator('[data-wu-cloudways="check"] [data-wu-cloudways="dns"]').click();
        await tab.says(/\d/, '[data-wu-cloudways="check-summary"]');
      });
      await read('the question', () => tab.act('ask-remove', SIM.handMade));
      await read('an adopted alias', () => tab.act('adopt', SIM.handMade));

      await stack.sim.patch({ switches: { operation_polls: null, operation_seconds: 300 } });
      await stack.network.map('slow.example');
      await stack.network.wp(['wu-cloudways', 'sync', '--no-wait', '--timeout=5', '--porcelain'], { check: false });
      await read('a running operation', () => tab.go(PAGE));
      await stack.sim.patch({ time_offset: 300, switches: { operation_polls: 2, operation_seconds: 3 } });
      await sync();

      const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.example`);
      await stack.network.map(names);
      await sync();
      await stack.db.sql(`DELETE FROM wp_wu_domain_mappings WHERE domain IN ('${names.join("', '")}')`, 'wordpress');
      await sync();
      await read('what is withheld', () => tab.go(PAGE));
      await read('the second step', () => tab.press('[data-wu-cloudways="withheld"] [data-wu-cloudways="preview"]'));
      await tab.act('discard');

      const good = stack.sim.constants();
      stack.network.setConstants({ WU_CLOUDWAYS_API_KEY: 'cw_wrong_token_of_nobody' });
      await sync();
      await read('a wrong token', () => tab.go(PAGE));
      await read('the notice of a wrong token', () => tab.go('/wp-admin/network/'));
      stack.network.setConstants({ ...good, WU_CLOUDWAYS_SERVER_ID: 'un' });
      await read('a setting that cannot be', () => tab.go(PAGE));
      stack.network.setConstants({ ...good, WP_ENVIRONMENT_TYPE: 'staging' });
      await sync();
      await read('a clone', () => tab.go(PAGE));
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'production' });
      await stack.startFpm(false);
      await read('the extension on the command line only', () => tab.go(PAGE));
      stack.network.soPath = null;
      await stack.network.wp(['wu-cloudways', 'doctor'], { check: false });
      await read('the missing extension', () => tab.go(PAGE));
      await read('the notice of the missing extension', () => tab.go('/wp-admin/network/'));
      const health = (await places(stack)).find(({ what }) => what === 'Site Health');
      await read('Site Health without the extension', () => go(tab, health));
    });
  });
});
