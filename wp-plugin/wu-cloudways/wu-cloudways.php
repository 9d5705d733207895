<?php
/**
 * Plugin Name:       Cloudways Sync for Ultimate Multisite
 * Description:       Keeps the domains of a network and its Cloudways application in step: the alias list, and one Let's Encrypt certificate. The work is done by the wu_cloudways PHP extension.
 * Version:           0.1.0
 * Requires at least: 6.4
 * Requires PHP:      8.1
 * Network:           true
 * License:           GPL-2.0-or-later
 * Text Domain:       wu-cloudways
 * Domain Path:       /languages
 *
 * @package WU_Cloudways
 */

defined( 'ABSPATH' ) || exit;

// WordPress asks for PHP 8.1 at activation only; a host can go back to an older one later.
if ( PHP_VERSION_ID < 80100 ) {
	add_action(
		is_multisite() ? 'network_admin_notices' : 'admin_notices',
		static function () {
			printf(
				'<div class="notice notice-error"><p>%s</p></div>',
				/* translators: %s: PHP version. */
				esc_html( sprintf( __( 'Cloudways Sync needs PHP 8.1 or newer; this site runs %s. Choose a newer PHP version in the settings of your server.', 'wu-cloudways' ), PHP_VERSION ) )
			);
		}
	);

	return;
}

define( 'WU_CLOUDWAYS_SYNC_FILE', __FILE__ );

// WU_Cloudways\Network_Page lives in includes/class-network-page.php.
spl_autoload_register(
	static function ( $class_name ) {
		if ( 0 !== strpos( $class_name, 'WU_Cloudways\\' ) ) {
			return;
		}

		$file = __DIR__ . '/includes/class-' . strtolower( str_replace( '_', '-', substr( $class_name, 13 ) ) ) . '.php';

		if ( is_file( $file ) ) {
			require $file;
		}
	}
);

// Without a network there are no domains to keep: say so, and do nothing else.
if ( ! is_multisite() ) {
	WU_Cloudways\Plugin::instance()->add_notices();

	return;
}

// Ultimate Multisite, the extension and the constants may each be missing or come later. Each is looked at when
// it is needed (see Environment), because finding out here would cost every front-end page.
WU_Cloudways\Plugin::instance()->add_hooks();
