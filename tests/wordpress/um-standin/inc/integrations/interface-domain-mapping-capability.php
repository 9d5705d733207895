<?php
/**
 * What a capability for domains has to handle.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations\Capabilities;

defined( 'ABSPATH' ) || exit;

/**
 * Handlers of the four host events.
 */
interface Domain_Mapping_Capability {

	public function on_add_domain( string $domain, int $site_id ): void;

	public function on_remove_domain( string $domain, int $site_id ): void;

	public function on_add_subdomain( string $subdomain, int $site_id ): void;

	public function on_remove_subdomain( string $subdomain, int $site_id ): void;
}
