<?php
/**
 * Removes what the plugin made here: its tables, its jobs, the file that names behind a proxy are asked for, answers and
 * previews that wait to be shown, what it noted beside domains, and what users chose for the list of domains.
 *
 * Ultimate Multisite's stored credentials are not ours, and nothing changes at Cloudways.
 *
 * @package WU_Cloudways
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/includes/class-plugin.php';
require_once __DIR__ . '/includes/class-store-exception.php';
require_once __DIR__ . '/includes/class-database.php';
require_once __DIR__ . '/includes/class-lock.php';
require_once __DIR__ . '/includes/class-store.php';
require_once __DIR__ . '/includes/class-scheduler.php';
require_once __DIR__ . '/includes/class-log.php';
require_once __DIR__ . '/includes/class-probe.php';

// The clocks are set at the main site of the network. Where there are several networks, each has its own.
$wu_cloudways_sites = is_multisite() ? array_map( 'get_main_site_id', get_networks( array( 'fields' => 'ids', 'number' => 0 ) ) ) : array( get_current_blog_id() );

foreach ( $wu_cloudways_sites as $wu_cloudways_site ) {
	if ( is_multisite() ) {
		switch_to_blog( $wu_cloudways_site );
	}

	wp_unschedule_hook( WU_Cloudways\Scheduler::HOOK );

	// Action Scheduler may not be loaded by now, and its actions would fail for ever.
	$wu_cloudways_actions = $GLOBALS['wpdb']->prefix . 'actionscheduler_actions';
	$wu_cloudways_rows    = array(
		"{$GLOBALS['wpdb']->prefix}actionscheduler_logs WHERE action_id IN (SELECT action_id FROM {$wu_cloudways_actions} WHERE hook = %s)" => WU_Cloudways\Scheduler::HOOK,
		"{$wu_cloudways_actions} WHERE hook = %s" => WU_Cloudways\Scheduler::HOOK,
		"{$GLOBALS['wpdb']->prefix}actionscheduler_groups WHERE slug = %s" => WU_Cloudways\Scheduler::GROUP,
	);

	foreach ( $wu_cloudways_rows as $wu_cloudways_from => $wu_cloudways_value ) {
		try {
			WU_Cloudways\Database::write( "DELETE FROM {$wu_cloudways_from}", array( $wu_cloudways_value ) );
		} catch ( WU_Cloudways\Store_Exception $wu_cloudways_error ) {
			unset( $wu_cloudways_error ); // There is no Action Scheduler, or none of its own tables.
		}
	}

	if ( is_multisite() ) {
		restore_current_blog();
	}
}

delete_metadata( 'user', 0, 'wu_cloudways_domains_per_page', '', true );

// A user's choice of columns is kept under the name of the screen, which begins with that of the menu.
$wu_cloudways_rows = array(
	array( $GLOBALS['wpdb']->usermeta, array( 'manage%' . $GLOBALS['wpdb']->esc_like( 'page_wu-cloudways-networkcolumnshidden' ) ) ),
	array( $GLOBALS['wpdb']->base_prefix . 'wu_domainmeta', array( $GLOBALS['wpdb']->esc_like( 'wu_cloudways_' ) . '%' ) ),
);

if ( is_multisite() ) {
	$wu_cloudways_rows[] = array( $GLOBALS['wpdb']->sitemeta, array( $GLOBALS['wpdb']->esc_like( '_site_transient_wu_cloudways_' ) . '%', $GLOBALS['wpdb']->esc_like( '_site_transient_timeout_wu_cloudways_' ) . '%' ) );
}

foreach ( $wu_cloudways_rows as list( $wu_cloudways_from, $wu_cloudways_keys ) ) {
	foreach ( $wu_cloudways_keys as $wu_cloudways_key ) {
		try {
			WU_Cloudways\Database::write( "DELETE FROM {$wu_cloudways_from} WHERE meta_key LIKE %s", array( $wu_cloudways_key ) );
		} catch ( WU_Cloudways\Store_Exception $wu_cloudways_error ) {
			unset( $wu_cloudways_error ); // Ultimate Multisite has gone before, with its tables.
		}
	}
}

$wu_cloudways_store = new WU_Cloudways\Store();

try {
	foreach ( ( new WU_Cloudways\Probe( $wu_cloudways_store, new WU_Cloudways\Log( $wu_cloudways_store ) ) )->remove() as $wu_cloudways_file ) {
		error_log( "wu-cloudways: {$wu_cloudways_file} cannot be removed by this user." ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- Ultimate Multisite's log may not be there.
	}
} catch ( WU_Cloudways\Store_Exception $wu_cloudways_error ) {
	unset( $wu_cloudways_error ); // There is no memory, and so no file that is known of.
}

try {
	$wu_cloudways_store->uninstall();
} catch ( WU_Cloudways\Store_Exception $wu_cloudways_error ) {
	// The plugin goes all the same; what stays is named, so that somebody can drop it.
	error_log( 'wu-cloudways: tables wu_cloudways_sync_* are left in the database. ' . $wu_cloudways_error->getMessage() ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- Ultimate Multisite's log may not be there.
}
