<?php
/**
 * Lets WordPress answer for mapped hosts. Copied to wp-content/sunrise.php; needs `define( 'SUNRISE', true )`.
 *
 * A host is served when its row is active and its stage is one of the last two; any other unknown host is sent
 * by WordPress to the network's sign-up page, before any plugin is loaded. The check of a domain's DNS is answered first, in every stage.
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
