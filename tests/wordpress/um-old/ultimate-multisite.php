<?php
/**
 * Plugin Name: Ultimate Multisite (stand-in for versions without a registry)
 * Description: What Ultimate Multisite up to 2.4.10 has of a host integration: a provider that is one object and hooks itself. Written for the tests of wu_cloudways; not for use.
 * Version: 2.4.10-standin
 * Network: true
 * License: GPL-2.0-or-later
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations\Host_Providers {

	defined( 'ABSPATH' ) || exit;

	/**
	 * The built-in provider. It remembers what it was asked to do in the network option `wu_old_provider`.
	 */
	class Cloudways_Host_Provider {

		private static ?self $instance = null;

		public static function get_instance(): self {
			if ( null === self::$instance ) {
				self::$instance = new self();
				foreach ( array( 'add_domain', 'remove_domain', 'add_subdomain', 'remove_subdomain' ) as $event ) {
					add_action( "wu_$event", array( self::$instance, "on_$event" ), 10, 2 );
				}
				add_action( 'wu_domain_manager_dns_propagation_finished', array( self::$instance, 'request_ssl' ), 10, 0 );
			}
			return self::$instance;
		}

		public function is_setup() {
			return true;
		}

		public function on_add_domain( $domain, $site_id ) {
			$this->remember( __FUNCTION__ );
		}

		public function on_remove_domain( $domain, $site_id ) {
			$this->remember( __FUNCTION__ );
		}

		public function on_add_subdomain( $subdomain, $site_id ) {
			$this->remember( __FUNCTION__ );
		}

		public function on_remove_subdomain( $subdomain, $site_id ) {
			$this->remember( __FUNCTION__ );
		}

		public function request_ssl() {
			$this->remember( __FUNCTION__ );
		}

		private function remember( string $what ): void {
			update_network_option( null, 'wu_old_provider', array_merge( get_network_option( null, 'wu_old_provider', array() ), array( $what ) ) );
		}
	}
}

namespace {

	/**
	 * The plugin's single object.
	 */
	function WP_Ultimo() { // phpcs:ignore WordPress.NamingConventions.ValidFunctionName.FunctionNameInvalid
		static $object = null;
		return $object ??= new class() {
			public function is_loaded() {
				return true;
			}
		};
	}

	register_activation_hook(
		__FILE__,
		static function (): void {
			global $wpdb;
			$wpdb->query( "CREATE TABLE {$wpdb->base_prefix}wu_domain_mappings (id bigint unsigned NOT NULL AUTO_INCREMENT, blog_id bigint unsigned NOT NULL, domain varchar(191) NOT NULL, active tinyint NOT NULL DEFAULT 1, primary_domain tinyint NOT NULL DEFAULT 0, secure tinyint NOT NULL DEFAULT 0, stage varchar(30) NOT NULL DEFAULT 'done', PRIMARY KEY (id))" );
		}
	);

	// The provider is made first, when the integration is switched on; others are told then.
	add_action(
		'plugins_loaded',
		static function (): void {
			if ( ! empty( get_network_option( null, 'wu_host_integrations_enabled', array() )['cloudways'] ) ) {
				\WP_Ultimo\Integrations\Host_Providers\Cloudways_Host_Provider::get_instance();
			}
			do_action( 'wp_ultimo_host_providers_load' );
		}
	);
}
