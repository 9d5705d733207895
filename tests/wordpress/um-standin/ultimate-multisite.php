<?php
/**
 * Plugin Name: Ultimate Multisite (stand-in for tests)
 * Description: Keeps the contract that Ultimate Multisite 2.14.2 has with a host integration, and nothing else of it. Written for the tests of wu_cloudways; not for use.
 * Version: 2.14.2-standin
 * Requires at least: 6.4
 * Requires PHP: 8.2
 * Network: true
 * License: GPL-2.0-or-later
 *
 * Ultimate Multisite is in no package registry. The tests run on this folder, linked or copied as
 * wp-content/plugins/ultimate-multisite, and can be pointed at a real copy instead. What this folder
 * has to do was recorded on a real 2.14.2 network: tests/golden/um-probe-2.14.2.json, and
 * tests/wordpress/probe/compare.mjs says whether both still behave alike.
 *
 * @package WU_Cloudways_Tests
 */

defined( 'ABSPATH' ) || exit;

define( 'WP_ULTIMO_PLUGIN_FILE', __FILE__ );
define( 'WP_ULTIMO_VERSION', '2.14.2-standin' );

/**
 * Loads a class when it is first named, as the real plugin does: its classes are there for any plugin
 * that loads after it, before the registry is asked anything.
 */
spl_autoload_register(
	static function ( string $name ): void {
		$files = array(
			'WP_Ultimo\Models\Domain'                 => 'class-domain.php',
			'WP_Ultimo\Managers\Domain_Manager'       => 'class-domain-manager.php',
			'WP_Ultimo\Admin_Notices'                 => 'class-admin-notices.php',
			'WP_Ultimo\Admin_Pages'                   => 'class-admin-pages.php',
			'WP_Ultimo\Settings'                      => 'class-settings.php',
			'WP_Ultimo\Customer_Panel'                => 'class-customer-panel.php',
			'WP_Ultimo\Installers\Core_Installer'     => 'class-core-installer.php',
			'WP_Ultimo\Helpers\Credential_Store'      => 'class-credential-store.php',
			'WP_Ultimo\Domain_Mapping\Helper'         => 'class-domain-helper.php',
			'WP_Ultimo\Integrations\Integration'      => 'integrations/class-integration.php',
			'WP_Ultimo\Integrations\Integration_Registry' => 'integrations/class-integration-registry.php',
			'WP_Ultimo\Integrations\Capability_Module' => 'integrations/interface-capability-module.php',
			'WP_Ultimo\Integrations\Base_Capability_Module' => 'integrations/class-base-capability-module.php',
			'WP_Ultimo\Integrations\Capabilities\Domain_Mapping_Capability' => 'integrations/interface-domain-mapping-capability.php',
			'WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Integration' => 'integrations/class-cloudways-integration.php',
			'WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Domain_Mapping' => 'integrations/class-cloudways-domain-mapping.php',
		);
		if ( isset( $files[ $name ] ) ) {
			require_once __DIR__ . '/inc/' . $files[ $name ];
		}
	}
);

require_once __DIR__ . '/inc/functions.php';

// The queue is usable even while the setup wizard is not finished; its functions appear here, like the real ones.
add_action(
	'plugins_loaded',
	static function (): void {
		require_once __DIR__ . '/inc/action-scheduler.php';
	},
	1
);

register_activation_hook(
	__FILE__,
	static function (): void {
		WP_Ultimo\Installers\Core_Installer::get_instance()->_install_database_tables();
	}
);

/**
 * The plugin's single object.
 */
final class WP_Ultimo {

	public const VERSION = WP_ULTIMO_VERSION;

	public const NETWORK_OPTION_SETUP_FINISHED = 'wu_setup_finished';

	/**
	 * Same as the constant; plugins read either.
	 *
	 * @var string
	 */
	public $version = self::VERSION;

	/**
	 * Admin notices. Null until the setup wizard is finished.
	 *
	 * @var \WP_Ultimo\Admin_Notices|null
	 */
	public $notices;

	/**
	 * Settings, readable in every request.
	 *
	 * @var \WP_Ultimo\Settings
	 */
	public $settings;

	/**
	 * Whether the setup wizard is finished and everything is in place.
	 *
	 * @var bool
	 */
	protected $loaded = false;

	private static ?WP_Ultimo $instance = null;

	public static function get_instance(): WP_Ultimo {
		if ( null === self::$instance ) {
			self::$instance = new self();
			self::$instance->init();
		}
		return self::$instance;
	}

	private function init(): void {
		global $wpdb;

		if ( empty( $wpdb->wu_dmtable ) ) {
			$wpdb->wu_dmtable         = $wpdb->base_prefix . 'wu_domain_mappings';
			$wpdb->ms_global_tables[] = 'wu_domain_mappings';
		}
		// Core's metadata functions look for a property named after the object type, here "wu_domain".
		$wpdb->wu_domainmeta = $wpdb->base_prefix . 'wu_domainmeta';

		wp_cache_add_global_groups( array( 'wu-domains' ) );

		$this->settings = new \WP_Ultimo\Settings();

		// Before the setup wizard is finished, nothing of the domain side exists: no hooks, no registry.
		if ( ! is_multisite() || false === get_network_option( null, self::NETWORK_OPTION_SETUP_FINISHED, false ) ) {
			return;
		}

		$this->loaded  = true;
		$this->notices = new \WP_Ultimo\Admin_Notices();

		\WP_Ultimo\Integrations\Integration_Registry::get_instance()->init();
		\WP_Ultimo\Managers\Domain_Manager::get_instance();
		new \WP_Ultimo\Customer_Panel();

		do_action( 'wp_ultimo_load' );

		add_action(
			'init',
			static function (): void {
				if ( is_admin() ) {
					new \WP_Ultimo\Admin_Pages();
				}
			}
		);
	}

	public function is_loaded() {
		return $this->loaded;
	}
}

/**
 * Returns the plugin's single object.
 */
function WP_Ultimo() { // phpcs:ignore WordPress.NamingConventions.ValidFunctionName.FunctionNameInvalid
	return WP_Ultimo::get_instance();
}

$GLOBALS['WP_Ultimo'] = WP_Ultimo();
