<?php
/**
 * The built-in module for Cloudways' domains.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations\Providers\Cloudways;

use WP_Ultimo\Integrations\Base_Capability_Module;
use WP_Ultimo\Integrations\Capabilities\Domain_Mapping_Capability;
use WP_Ultimo\Managers\Domain_Manager;

defined( 'ABSPATH' ) || exit;

/**
 * Pushes its whole list, on every event, without looking at what is there: the second writer that a plugin in its place must silence.
 */
class Cloudways_Domain_Mapping extends Base_Capability_Module implements Domain_Mapping_Capability {

	protected array $supported_features = array( 'autossl' );

	public function get_capability_id(): string {
		return 'domain-mapping';
	}

	public function get_title(): string {
		return 'Domain Mapping';
	}

	public function get_explainer_lines(): array {
		return array(
			'will'     => array( 'Send the whole list of domains to Cloudways', 'Ask for a certificate when DNS is right' ),
			'will_not' => array(),
		);
	}

	public function register_hooks(): void {
		add_action( 'wu_add_domain', array( $this, 'on_add_domain' ), 10, 2 );
		add_action( 'wu_remove_domain', array( $this, 'on_remove_domain' ), 10, 2 );
		add_action( 'wu_add_subdomain', array( $this, 'on_add_subdomain' ), 10, 2 );
		add_action( 'wu_remove_subdomain', array( $this, 'on_remove_subdomain' ), 10, 2 );
		add_action( 'wu_domain_manager_dns_propagation_finished', array( $this, 'request_ssl' ), 10, 0 );
	}

	public function on_add_domain( string $domain, int $site_id ): void {
		$this->sync_domains();
	}

	public function on_remove_domain( string $domain, int $site_id ): void {
		$this->sync_domains();
	}

	public function on_add_subdomain( string $subdomain, int $site_id ): void {}

	public function on_remove_subdomain( string $subdomain, int $site_id ): void {}

	/**
	 * Asks for one certificate over every name and the network's own. (The real one leaves out what an outside resolver does not see at the network's address.)
	 */
	public function request_ssl(): void {
		$names   = array_filter( $this->get_domains(), static fn( $name ) => ! str_starts_with( $name, '*.' ) );
		$names[] = get_network()->domain;
		$this->push( 'SSL', '/security/lets_encrypt_install', array( 'ssl_domains' => array_values( array_unique( $names ) ) ) );
	}

	public function test_connection() {
		return $this->get_integration()->test_connection();
	}

	private function sync_domains(): void {
		$this->push( 'Alias', '/app/manage/aliases', array( 'aliases' => $this->get_domains() ) );
	}

	private function push( string $kind, string $endpoint, array $data ): void {
		$answer = $this->get_integration()->send_cloudways_request( $endpoint, $data );
		if ( is_wp_error( $answer ) ) {
			wu_log_add( 'integration-cloudways', "[$kind] " . $answer->get_error_message(), 'error' );
		} else {
			wu_log_add( 'integration-cloudways', "[$kind] " . wp_json_encode( $answer ) );
		}
	}

	/**
	 * Every row, inactive and failed ones too, the extra domains, and `www.` for both as the setting says.
	 *
	 * @return string[]
	 */
	private function get_domains(): array {
		global $wpdb;

		$names = $wpdb->get_col( "SELECT domain FROM {$wpdb->base_prefix}wu_domain_mappings" );
		$extra = $this->get_integration()->get_credential( 'WU_CLOUDWAYS_EXTRA_DOMAINS' );
		$names = array_merge( $names, array_map( 'trim', explode( ',', $extra ) ) );
		foreach ( array_filter( $names ) as $name ) {
			if ( ! str_starts_with( $name, '*.' ) && Domain_Manager::get_instance()->should_create_www_subdomain( $name ) ) {
				$names[] = "www.$name";
			}
		}
		sort( $names );
		return array_values( array_unique( array_filter( $names ) ) );
	}
}
