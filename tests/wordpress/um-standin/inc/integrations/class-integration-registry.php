<?php
/**
 * The registry of integrations and their capabilities.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations;

defined( 'ABSPATH' ) || exit;

/**
 * Who registers last under an id takes the place of the one before.
 */
class Integration_Registry {

	private static ?Integration_Registry $instance = null;

	/**
	 * Integrations by id.
	 *
	 * @var array<string, Integration>
	 */
	private array $integrations = array();

	/**
	 * Modules by integration id and capability id.
	 *
	 * @var array<string, array<string, Capability_Module>>
	 */
	private array $capabilities = array();

	private bool $resolved = false;

	public static function get_instance(): Integration_Registry {
		self::$instance ??= new self();
		return self::$instance;
	}

	public function init(): void {
		add_action( 'plugins_loaded', array( $this, 'fire_registration_hooks' ), 9 );
		add_action( 'plugins_loaded', array( $this, 'fire_capability_hooks' ), 12 );
	}

	public function fire_registration_hooks(): void {
		$this->register( new Providers\Cloudways\Cloudways_Integration() );
		do_action( 'wu_register_integrations', $this );
	}

	public function fire_capability_hooks(): void {
		$this->add_capability( 'cloudways', new Providers\Cloudways\Cloudways_Domain_Mapping() );
		do_action( 'wu_register_capabilities', $this );

		if ( $this->resolved ) {
			return;
		}
		foreach ( $this->capabilities as $id => $modules ) {
			$integration = $this->get( $id );
			foreach ( $integration ? $modules : array() as $module ) {
				$module->set_integration( $integration );
				if ( $integration->is_enabled() && $integration->is_setup() ) {
					$module->register_hooks();
				}
			}
		}
		$this->resolved = true;

		add_action( 'wu_settings_integrations', array( $this, 'register_settings_fields' ) );
		add_action( 'init', array( $this, 'register_admin_notices' ) );
	}

	public function register( Integration $integration ): void {
		$this->integrations[ $integration->get_id() ] = $integration;
	}

	public function get( string $id ): ?Integration {
		return $this->integrations[ $id ] ?? null;
	}

	public function get_all(): array {
		return $this->integrations;
	}

	public function add_capability( string $integration_id, Capability_Module $module ): void {
		$this->capabilities[ $integration_id ][ $module->get_capability_id() ] = $module;
	}

	public function get_capabilities( string $integration_id ): array {
		return $this->capabilities[ $integration_id ] ?? array();
	}

	public function has_capability( string $integration_id, string $capability_id ): bool {
		return isset( $this->capabilities[ $integration_id ][ $capability_id ] );
	}

	public function get_capability( string $integration_id, string $capability_id ): ?Capability_Module {
		return $this->capabilities[ $integration_id ][ $capability_id ] ?? null;
	}

	public function get_integrations_with_capability( string $capability_id ): array {
		return array_filter( $this->integrations, fn( $integration ) => $this->has_capability( $integration->get_id(), $capability_id ) );
	}

	/**
	 * The line of each integration on Settings → Integrations: a link to the wizard, and no switch.
	 */
	public function register_settings_fields(): void {
		foreach ( $this->integrations as $id => $integration ) {
			wu_register_settings_field(
				'integrations',
				'integration_' . str_replace( '-', '_', $id ),
				array(
					'type'  => 'note',
					'title' => $integration->get_title() . ' Integration',
					'desc'  => sprintf(
						'%s<a href="%s" class="button-primary">Configuration</a>',
						$integration->is_enabled() ? '<span>Activated</span> ' : '',
						esc_url( wu_network_admin_url( 'wp-ultimo-hosting-integration-wizard', array( 'integration' => $id ) ) )
					),
				)
			);
		}
	}

	/**
	 * One notice for a host that was recognised and is not switched on, one for a host that is switched on and lacks credentials.
	 */
	public function register_admin_notices(): void {
		foreach ( $this->integrations as $id => $integration ) {
			$actions = array(
				array(
					'title' => 'Configuration',
					'url'   => wu_network_admin_url( 'wp-ultimo-hosting-integration-wizard', array( 'integration' => $id ) ),
				),
			);
			if ( $integration->detect() && ! $integration->is_enabled() ) {
				WP_Ultimo()->notices->add( "This looks like {$integration->get_title()}, whose integration is off.", 'info', 'network-admin', "should-enable-{$id}-integration", $actions );
			} elseif ( $integration->is_enabled() && ! $integration->is_setup() ) {
				WP_Ultimo()->notices->add( "The {$integration->get_title()} integration is on, and credentials are missing.", 'warning', 'network-admin', "should-setup-{$id}-integration", $actions );
			}
		}
	}
}
