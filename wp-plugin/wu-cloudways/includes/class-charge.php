<?php
/**
 * Who answers a domain event.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Decides, when an event comes, between this plugin and Ultimate Multisite's own module. Never two writers: its module
 * pushes the whole list of mappings and would take away the aliases that were made by hand.
 */
final class Charge {

	/**
	 * Around us.
	 *
	 * @var Environment
	 */
	private $environment;

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * The provider of Ultimate Multisite before 2.4.11, whose hooks were taken off.
	 *
	 * @var object|null
	 */
	private static $old_provider;

	/**
	 * Takes what it needs.
	 *
	 * @param Environment $environment Around us.
	 * @param Store       $store       The memory.
	 */
	public function __construct( Environment $environment, Store $store ) {
		$this->environment = $environment;
		$this->store       = $store;
	}

	/**
	 * Who answers an event that comes now, in this process.
	 *
	 * @return 'us'|'other_process'|'um'|'nobody' other_process: the extension is, or may be, loaded there and not here;
	 *         nobody: only dirty is counted.
	 * @throws Store_Exception When the memory could not be read.
	 */
	public function who(): string {
		if ( ! $this->environment->um_loaded() || ! $this->environment->integration_enabled() || null !== $this->store->paused() ) {
			return 'nobody';
		}

		if ( $this->environment->extension()['compatible'] ) {
			return 'us';
		}

		$here  = $this->environment->sapi_here();
		$other = $this->environment->where_loaded()[ 'web' === $here ? 'cli' : 'web' ];

		// A web process that was never asked can be asked; a command line that was never seen may not exist.
		if ( $other || ( null === $other && 'cli' === $here ) ) {
			return 'other_process';
		}

		return $this->had_good_run() ? 'nobody' : 'um';
	}

	/**
	 * A run has once come to a good end: from then on, only we write.
	 *
	 * @return bool
	 * @throws Store_Exception When the memory could not be read.
	 */
	public function had_good_run(): bool {
		return (bool) $this->store->number( 'good' );
	}

	/**
	 * Hands an event to Ultimate Multisite's own module.
	 *
	 * @param string $method on_add_domain, on_remove_domain, on_add_subdomain, on_remove_subdomain or request_ssl.
	 * @param array  $args   Its arguments.
	 * @return bool False when there is no module, or it is not set up.
	 */
	public function hand_to_um( string $method, array $args ): bool {
		$registry = '\WP_Ultimo\Integrations\Integration_Registry';

		if ( class_exists( $registry ) ) {
			$module      = $registry::get_instance()->get_capability( 'cloudways', 'domain-mapping' );
			$integration = $registry::get_instance()->get( 'cloudways' );

			if ( ! $module instanceof UM_Module || ! $integration || ! $integration->is_setup() ) {
				return false;
			}

			$module->built_in( $method, $args );

			return true;
		}

		if ( null === self::$old_provider || ! method_exists( self::$old_provider, $method ) || ! self::$old_provider->is_setup() ) {
			return false;
		}

		self::$old_provider->$method( ...$args );

		return true;
	}

	/**
	 * Ultimate Multisite's own module listens to its jobs in this process, beside us.
	 *
	 * @return bool
	 */
	public static function built_in_is_hooked(): bool {
		$built_in = array( '\WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Domain_Mapping', '\WP_Ultimo\Integrations\Host_Providers\Cloudways_Host_Provider' );

		foreach ( array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain' ) as $hook ) {
			foreach ( $GLOBALS['wp_filter'][ $hook ]->callbacks ?? array() as $callbacks ) {
				foreach ( $callbacks as $callback ) {
					$object = is_array( $callback['function'] ) ? $callback['function'][0] : null;

					if ( is_object( $object ) && ! $object instanceof UM_Module && array_filter( $built_in, static fn( string $name ): bool => is_a( $object, $name ) ) ) {
						return true;
					}
				}
			}
		}

		return false;
	}

	/**
	 * Puts our integration in the place of the built-in one, so that its Test button tells the truth.
	 *
	 * @param object $registry Ultimate Multisite's registry.
	 * @return void
	 */
	public static function register_integration( $registry ): void {
		if ( class_exists( '\WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Integration' ) ) {
			$registry->register( new UM_Integration() );
		}
	}

	/**
	 * Puts our module in the place of the built-in one, whose hooks are then never registered.
	 *
	 * @param object $registry Ultimate Multisite's registry.
	 * @return void
	 */
	public static function register_module( $registry ): void {
		if ( class_exists( '\WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Domain_Mapping' ) ) {
			$registry->add_capability( 'cloudways', new UM_Module() );
		}
	}

	/**
	 * Takes the hooks of the built-in provider off, in Ultimate Multisite up to 2.4.10, which has no registry.
	 *
	 * @return void
	 */
	public static function replace_old_provider(): void {
		$provider = '\WP_Ultimo\Integrations\Host_Providers\Cloudways_Host_Provider';

		if ( class_exists( '\WP_Ultimo\Integrations\Integration_Registry' ) || ! class_exists( $provider ) ) {
			return;
		}

		self::$old_provider = $provider::get_instance();

		foreach ( array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain' ) as $hook ) {
			remove_action( $hook, array( self::$old_provider, str_replace( 'wu_', 'on_', $hook ) ), 10 );
		}

		remove_action( 'wu_domain_manager_dns_propagation_finished', array( self::$old_provider, 'request_ssl' ), 10 );
	}
}
