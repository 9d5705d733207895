<?php
/**
 * Removes what the plugin made here: its tables, its jobs, and the file that names behind a proxy are asked for.
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

if ( is_multisite() ) {
	switch_to_blog( get_main_site_id() );
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
