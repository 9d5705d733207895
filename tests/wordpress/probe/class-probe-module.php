<?php
/**
 * A module in the place of the built-in one, as a plugin adds it.
 *
 * @package WU_Cloudways_Tests
 */

/**
 * Listens like the built-in module.
 */
final class WU_Probe_Module extends WP_Ultimo\Integrations\Base_Capability_Module implements WP_Ultimo\Integrations\Capabilities\Domain_Mapping_Capability {

	public function get_capability_id() {
		return 'domain-mapping';
	}

	public function get_title() {
		return 'Probe';
	}

	public function register_hooks() {
		add_action( 'wu_add_domain', array( $this, 'on_add_domain' ), 10, 2 );
	}

	public function on_add_domain( string $domain, int $site_id ): void {}

	public function on_remove_domain( string $domain, int $site_id ): void {}

	public function on_add_subdomain( string $subdomain, int $site_id ): void {}

	public function on_remove_subdomain( string $subdomain, int $site_id ): void {}
}
