// The pictures of the plugin directory: node tests/wordpress/screenshots.mjs [FOLDER]
//
// A network is built and filled by runs against the simulator, as in the browser tests, and five screens are taken, 1280
// pixels wide. What they show is described in readme.txt. UM_PLUGIN_DIR=/path takes them in a real Ultimate Multisite,
// LOCALE=fr_FR in French.
import { mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PAGE, openBrowser } from './lib/browser.mjs';
import { ROOT } from './lib/lab.mjs';
import { NEW, OWNER, RIGHT, furnish } from './lib/scene.mjs';
import { openStack } from './lib/stack.mjs';

/** What the plugin directory takes, in bytes, with room to spare. */
const MOST = 200 * 1000;

const folder = resolve(process.argv[2] ?? join(ROOT, 'wp-plugin/wu-cloudways/.wordpress-org'));
const stack = await openStack('screenshots', { network: { locale: process.env.LOCALE ?? '' } });
try {
  mkdirSync(folder, { recursive: true });
  await take();
} finally {
  await stack.close();
}

async function take() {
  const browser = await openBrowser(stack);
  const sync = () => stack.network.wp(['wu-cloudways', 'sync', '--timeout=60', '--porcelain'], { check: false });
  await stack.sim.here('bakery.network.example');
  await furnish(stack);
  await sync();

  const tab = await browser.open({ height: 980, locale: (process.env.LOCALE ?? 'en-US').replace('_', '-') });
  const shoot = async (number, what, where = tab) => {
    await where.page.mouse.move(1270, 500);
    const path = join(folder, `screenshot-${number}.png`);
    await where.page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    const bytes = statSync(path).size;
    console.log(`${path}: ${what}, ${Math.round(bytes / 1000)} kB`);
    if (bytes > MOST) throw new Error(`screenshot-${number}.png is too large`);
  };
  /** Scrolls so that `selector` is at the top, below WordPress's bar. */
  const top = (where, selector) =>
    where.page.evaluate((wanted) => {
      document.activeElement?.blur();
      window.scrollTo(0, document.querySelector(wanted).getBoundingClientRect().top + window.scrollY - 48);
    }, selector);

  await tab.go(PAGE);
  await shoot(1, 'the network page');
  // What needs somebody comes first.
  await tab.go(`${PAGE}&orderby=verdict&order=asc`);
  await top(tab, '#wu-cloudways-domains');
  await shoot(3, 'the domains');

  await stack.sim.here(NEW, `www.${NEW}`);
  await stack.network.map(NEW);
  await stack.network.unmap(RIGHT[3]);
  await tab.page.setViewportSize({ width: 1280, height: 860 });
  await tab.go(PAGE);
  await tab.act('preview');
  await tab.page.evaluate(() => document.activeElement?.blur());
  await tab.page.evaluate(() => window.scrollTo(0, 0));
  await shoot(2, 'a preview');
  await tab.act('discard');

  await tab.page.setViewportSize({ width: 1280, height: 900 });
  await tab.go('/wp-admin/site-health.php');
  await tab.page.waitForSelector('[id^="health-check-accordion-block-wu_cloudways"]', { state: 'attached' });
  await tab.page.click('.site-health-view-passed').catch(() => {});
  for (const test of ['last_run', 'certificate']) await tab.page.click(`[aria-controls="health-check-accordion-block-wu_cloudways_${test}"]`);
  await top(tab, '[aria-controls^="health-check-accordion-block-wu_cloudways"]');
  await shoot(4, 'Site Health');

  const owner = await browser.open({ as: OWNER, host: OWNER.host, height: 720, locale: (process.env.LOCALE ?? 'en-US').replace('_', '-') });
  // What Ultimate Multisite notes down when it has found a certificate, which it looks for on a port that is not there.
  await stack.network.eval(`$domain = wu_get_domain_by_domain( '${RIGHT[0]}' ); $domain->set_secure( true ); return ! is_wp_error( $domain->save() );`);
  await owner.go('/wp-admin/');
  // The panel at the top, and the other boxes out of sight, as one does by Screen Options and by dragging.
  const [panel, ...others] = await owner.page.evaluate(() => {
    const box = document.querySelector('.wu-cloudways-words').closest('.postbox');
    return [box.id, ...[...document.querySelectorAll('.postbox')].filter((other) => other !== box).map(({ id }) => id)];
  });
  await stack.network.eval(
    `$id = get_user_by( 'login', '${OWNER.user}' )->ID;
    update_user_meta( $id, 'metaboxhidden_dashboard', array( '${others.join("', '")}' ) );
    update_user_option( $id, 'meta-box-order_dashboard', array( 'normal' => '${panel}' ), true );
    update_user_option( $id, 'show_welcome_panel', 0, true );
    return true;`,
  );
  await owner.go('/wp-admin/');
  await shoot(5, 'the customer’s panel', owner);
}
