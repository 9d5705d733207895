<?php
/**
 * Lets WordPress answer for mapped hosts. Copied to wp-content/sunrise.php; needs `define( 'SUNRISE', true )`.
 *
 * A host is served when its row is active and its stage is one of the last two; any other unknown host is sent
 * by WordPress to the network's sign-up page, before any plugin is loaded. The check of a domain's DNS is answered first, in every stage.
 * Without this file, as with the real one, mapped hosts are not served and the domains of a deleted site stay.
 *
 * @package WU_Cloudways_Tests
 */

defined( 'ABSPATH' ) || exit;

/**
 * The row of a host, with or without `www.`, or null.
 */
function wu_standin_mapping( string $host ): ?object {
	global $wpdb;
	$bare = preg_replace( '/^www\./', '', $host );
	$old  = $wpdb->suppress_errors();
	$row  = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$wpdb->base_prefix}wu_domain_mappings WHERE domain IN (%s, %s) ORDER BY primary_domain DESC, active DESC LIMIT 1", $bare, "www.$bare" ) );
	$wpdb->suppress_errors( $old );
	return $row;
}

add_filter(
	'pre_get_site_by_path',
	static function ( $site, $domain ) {
		// phpcs:disable WordPress.Security
		if ( isset( $_REQUEST['async_check_dns_nonce'] ) ) {
			// Loaded this early only for wp_hash(): nonces are not there yet.
			require_once ABSPATH . WPINC . '/l10n.php';
			require_once ABSPATH . WPINC . '/pluggable.php';
			$row = wu_standin_mapping( $domain );
			if ( $row && hash_equals( wp_hash( $domain ), (string) $_REQUEST['async_check_dns_nonce'] ) ) {
				header( 'Content-Type: application/json; charset=UTF-8' );
				echo wp_json_encode( $row );
				exit;
			}
		}
		// phpcs:enable
		$row = $site ? null : wu_standin_mapping( $domain );
		if ( $row && $row->active && in_array( $row->stage, array( 'done', 'done-without-ssl' ), true ) ) {
			return WP_Site::get_instance( (int) $row->blog_id );
		}
		return $site;
	},
	10,
	2
);

add_action(
	'wp_delete_site',
	static function ( $site ): void {
		global $wpdb;
		$rows = $wpdb->get_results( $wpdb->prepare( "SELECT * FROM {$wpdb->base_prefix}wu_domain_mappings WHERE blog_id = %d ORDER BY primary_domain DESC, active DESC, secure DESC, id ASC", $site->blog_id ) );
		foreach ( class_exists( 'WP_Ultimo\Models\Domain' ) ? $rows : array() as $row ) {
			( new WP_Ultimo\Models\Domain( $row ) )->delete();
		}
	}
);
