<?php
/**
 * What a domain is checked against.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Domain_Mapping;

defined( 'ABSPATH' ) || exit;

/**
 * The network's address and a look at a certificate.
 */
class Helper {

	public static function is_development_mode() {
		$site_url = site_url();
		return apply_filters( 'wu_is_development_mode', (bool) preg_match( '#localhost|staging.*\.|\.local|\.test#', $site_url ), $site_url );
	}

	/**
	 * The network's address as `wu_get_network_public_ip` says. The second argument is true on a development site.
	 *
	 * The real plugin asks outside services for the value it hands to the filter, and remembers it in a transient; the
	 * stand-in hands over what is remembered there, or else what the server says of itself.
	 */
	public static function get_network_public_ip() {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput
		$address = (string) ( $_SERVER['SERVER_ADDR'] ?? '' );
		$local   = (bool) self::is_development_mode();
		return apply_filters( 'wu_get_network_public_ip', ( $local ? '' : get_site_transient( 'wu_public_network_ip' ) ) ?: $address, $local ); // phpcs:ignore Universal.Operators.DisallowShortTernary
	}

	/**
	 * Whether the domain answers on port 443 with a certificate that PHP accepts for it.
	 */
	public static function has_valid_ssl_certificate( $domain = '' ) {
		if ( ! $domain ) {
			return false;
		}
		$stream = @stream_socket_client( "ssl://{$domain}:443", $code, $message, 10 ); // phpcs:ignore WordPress.PHP.NoSilencedErrors
		if ( ! $stream ) {
			wu_log_add( 'domain-ssl-checks', "No valid certificate for {$domain}: {$message}", 'error' );
			return false;
		}
		fclose( $stream ); // phpcs:ignore WordPress.WP.AlternativeFunctions
		return true;
	}
}
