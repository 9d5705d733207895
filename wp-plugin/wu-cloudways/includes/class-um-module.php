<?php
/**
 * The domain mapping module, as Ultimate Multisite's registry holds it.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Domain_Mapping;

defined( 'ABSPATH' ) || exit;

/**
 * Stands in the place of the built-in module, always, and knows it as its parent for the time before the extension is loaded.
 *
 * Loaded only inside `wu_register_capabilities`: before it, the parent may not be there.
 */
final class UM_Module extends Cloudways_Domain_Mapping {

	/**
	 * Adds nothing: Plugin listens in every request, while Ultimate Multisite calls this only when the integration is
	 * enabled and set up, and queues its jobs only when something listens.
	 *
	 * @return void
	 */
	public function register_hooks(): void {}

	/**
	 * A domain was mapped.
	 *
	 * @param string $domain  Name.
	 * @param int    $site_id Its site.
	 * @return void
	 */
	public function on_add_domain( string $domain, int $site_id ): void {
		Events::on_add_domain( $domain, $site_id );
	}

	/**
	 * A domain's mapping ended.
	 *
	 * @param string $domain  Name.
	 * @param int    $site_id Its site.
	 * @return void
	 */
	public function on_remove_domain( string $domain, int $site_id ): void {
		Events::on_remove_domain( $domain, $site_id );
	}

	/**
	 * A site of a subdomain network was made.
	 *
	 * @param string $subdomain Name.
	 * @param int    $site_id   Its site.
	 * @return void
	 */
	public function on_add_subdomain( string $subdomain, int $site_id ): void {
		Events::on_add_subdomain( $subdomain, $site_id );
	}

	/**
	 * A site of a subdomain network was deleted.
	 *
	 * @param string $subdomain Name.
	 * @param int    $site_id   Its site.
	 * @return void
	 */
	public function on_remove_subdomain( string $subdomain, int $site_id ): void {
		Events::on_remove_subdomain( $subdomain, $site_id );
	}

	/**
	 * Lets the built-in module do it.
	 *
	 * @param string $method Its method.
	 * @param array  $args   Arguments.
	 * @return void
	 */
	public function built_in( string $method, array $args ): void {
		switch ( $method ) {
			case 'on_add_domain':
				parent::on_add_domain( (string) $args[0], (int) $args[1] );
				break;
			case 'on_remove_domain':
				parent::on_remove_domain( (string) $args[0], (int) $args[1] );
				break;
			case 'on_add_subdomain':
				parent::on_add_subdomain( (string) $args[0], (int) $args[1] );
				break;
			case 'on_remove_subdomain':
				parent::on_remove_subdomain( (string) $args[0], (int) $args[1] );
				break;
			case 'request_ssl':
				parent::request_ssl();
				break;
		}
	}

	/**
	 * What the wizard's first step says.
	 *
	 * @return array{will: list<string>, will_not: list<string>}
	 */
	public function get_explainer_lines(): array {
		return array(
			'will'     => array(
				__( 'Keep the mapped domains among the aliases of your Cloudways application', 'wu-cloudways' ),
				__( "Keep one Let's Encrypt certificate over the domains whose DNS points to your server", 'wu-cloudways' ),
			),
			'will_not' => array(
				__( 'Remove aliases that were made by hand at Cloudways, unless you choose so in its settings', 'wu-cloudways' ),
				__( 'Replace a certificate of your own', 'wu-cloudways' ),
			),
		);
	}
}
