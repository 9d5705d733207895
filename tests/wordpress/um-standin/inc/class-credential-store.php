<?php
/**
 * Credentials at rest.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Helpers;

defined( 'ABSPATH' ) || exit;

/**
 * Encrypts what the wizard stores. The key comes from wp_salt(), which is not there before `plugins_loaded` is over.
 */
class Credential_Store {

	private const PREFIX = '$wu_enc$';

	private const CIPHER = 'aes-256-cbc';

	public static function encrypt( string $value ): string {
		if ( '' === $value ) {
			return '';
		}
		$iv = random_bytes( 16 );
		return self::PREFIX . base64_encode( $iv . openssl_encrypt( $value, self::CIPHER, self::key(), 0, $iv ) ); // phpcs:ignore
	}

	/**
	 * The plain value; an empty string when the salts changed since; the value itself when it was never encrypted.
	 */
	public static function decrypt( string $value ): string {
		if ( ! str_starts_with( $value, self::PREFIX ) ) {
			return $value;
		}
		$raw = (string) base64_decode( substr( $value, strlen( self::PREFIX ) ) ); // phpcs:ignore
		return (string) openssl_decrypt( substr( $raw, 16 ), self::CIPHER, self::key(), 0, substr( $raw, 0, 16 ) );
	}

	private static function key(): string {
		return hash( 'sha256', wp_salt( 'auth' ), true );
	}
}
