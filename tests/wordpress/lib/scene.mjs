// A network as one finds it: shops with domains of their own, of which some are right, one leads elsewhere, one has no DNS;
// and all the places where a person meets the plugin.
import { PAGE } from './browser.mjs';

const NETWORK = '/wp-admin/network/admin.php?page=';

/** Who owns the site with the domains. */
export const OWNER = { user: 'owner', password: 'owner', host: 'bakery.network.example' };

export const RIGHT = ['bakery.example', 'flowers.example', 'books.example', 'bicycles.example'];
export const WRONG = 'pottery.example';
export const MISSING = 'library.example';
export const NEW = 'teahouse.example';

/** Sites, domains, DNS and a customer; no run yet. */
export async function furnish(stack) {
  const { network, sim } = stack;
  // What goes on, a test asked for.
  network.configure({ still: true });
  const site = await network.addSite('bakery');
  await network.eval("if ( function_exists( 'wu_save_setting' ) ) { wu_save_setting( 'enable_domain_mapping', 1 ); wu_save_setting( 'custom_domains', 1 ); } return true;");
  await network.wp(['user', 'create', OWNER.user, `${OWNER.user}@network.example`, '--role=subscriber', `--user_pass=${OWNER.password}`]);
  await network.eval(
    `$user = get_user_by( 'login', '${OWNER.user}' );
    add_user_to_blog( ${site}, $user->ID, 'administrator' );
    if ( function_exists( 'wu_create_customer' ) ) {
      $customer = wu_create_customer( array( 'user_id' => $user->ID, 'email_verification' => 'none' ) );
      $plan     = wu_create_product( array( 'name' => 'Plan', 'slug' => 'plan', 'type' => 'plan', 'pricing_type' => 'free', 'recurring' => false, 'amount' => 0, 'currency' => 'USD' ) );
      $member   = wu_create_membership( array( 'customer_id' => $customer->get_id(), 'plan_id' => $plan->get_id(), 'status' => 'active' ) );
      $site     = wu_get_site( ${site} );
      $site->set_type( 'customer_owned' );
      $site->set_customer_id( $customer->get_id() );
      $site->set_membership_id( $member->get_id() );
      return $site->save();
    }
    return true;`,
  );
  await sim.here(...RIGHT.flatMap((name) => [name, `www.${name}`]));
  for (const name of [WRONG, `www.${WRONG}`]) await sim.setDns(name, { A: ['198.51.100.7'] });
  await network.map([RIGHT[0], WRONG], { blog: site });
  await network.map([...RIGHT.slice(1), MISSING]);
  // A primary domain would take the customer's log-in along to itself.
  await network.eval(`$domain = wu_get_domain_by_domain( '${RIGHT[0]}' ); $domain->set_primary_domain( false ); return ! is_wp_error( $domain->save() );`);
  return site;
}

/** The id of a domain in Ultimate Multisite's table. */
export async function idOf(stack, domain) {
  return Number((await stack.db.sql(`SELECT id FROM wp_wu_domain_mappings WHERE domain = '${domain}'`, 'wordpress')).trim());
}

/**
 * Where a person meets the plugin: {what, path, as, page, prepare}; `page` says whether the whole page is WordPress's own
 * and the plugin's, so that all of it can be judged; `own` that the plugin has to be seen there.
 */
export async function places(stack) {
  const wizard = `${NETWORK}wp-ultimo-hosting-integration-wizard&integration=cloudways`;
  return [
    { what: 'the network page', path: PAGE, page: true, own: true },
    { what: 'the plugins', path: '/wp-admin/network/plugins.php', page: false },
    { what: 'the dashboard of the network', path: '/wp-admin/network/', page: false },
    { what: 'the list of domains', path: `${NETWORK}wp-ultimo-domains`, page: false, own: true },
    { what: 'the page of a domain that leads elsewhere', path: `${NETWORK}wp-ultimo-edit-domain&id=${await idOf(stack, WRONG)}`, page: false, own: true },
    { what: 'the page of a domain that is right', path: `${NETWORK}wp-ultimo-edit-domain&id=${await idOf(stack, RIGHT[0])}`, page: false, own: true },
    { what: 'the settings of integrations', path: `${NETWORK}wp-ultimo-settings&tab=integrations`, page: false },
    { what: 'the wizard’s instructions', path: `${wizard}&step=instructions`, page: false },
    { what: 'the wizard’s form', path: `${wizard}&step=config`, page: false },
    { what: 'Site Health', path: '/wp-admin/site-health.php', page: false, own: true, prepare: unfold },
    { what: 'the facts of Site Health', path: '/wp-admin/site-health.php?tab=debug', page: false, own: true, prepare: unfold },
    { what: 'the customer’s panel', path: '/wp-admin/', as: OWNER, page: false, own: true },
  ];
}

/** Opens all that Site Health has folded. */
async function unfold(tab) {
  // It waits for tests of its own, which ask the outside and get no answer here.
  tab.expect(/wp-site-health|site-health/);
  await tab.page.waitForFunction(() => document.querySelector('[id^="health-check-accordion-block-wu"]'));
  await tab.page.evaluate(() => {
    document.querySelectorAll('.site-health-issues-wrapper, .health-check-accordion-panel').forEach((element) => {
      element.classList.remove('hidden');
      element.hidden = false;
    });
    document.querySelectorAll('.health-check-accordion-trigger').forEach((trigger) => trigger.setAttribute('aria-expanded', 'true'));
  });
}

