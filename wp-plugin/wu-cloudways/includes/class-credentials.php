<?php
/**
 * The WU_CLOUDWAYS_* constants, and the values typed into Ultimate Multisite's wizard.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The extension reads constants. Values typed into the wizard are encrypted network options instead.
 */
final class Credentials {

	const REQUIRED = array( 'WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID' );

	// The other optional constants are read from wp-config.php only: the wizard has no field for them.
	const OPTIONAL = array( 'WU_CLOUDWAYS_EXTRA_DOMAINS' );

	/**
	 * Defines the missing constants from the stored values.
	 *
	 * Call it on the line before an extension call and nowhere else. It does nothing in a request that shows or saves
	 * the wizard: Ultimate Multisite disables the fields whose constant exists, the browser then posts none of them, and
	 * Save deletes every stored value.
	 *
	 * @return void
	 */
	public function define_missing_constants(): void {
		if ( $this->is_wizard_request() ) {
			return;
		}

		foreach ( array_merge( self::REQUIRED, self::OPTIONAL ) as $name ) {
			if ( defined( $name ) ) {
				continue;
			}

			$value = $this->stored( $name );

			if ( '' !== $value ) {
				define( $name, $value ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- These are Ultimate Multisite's names.
			}
		}
	}

	/**
	 * Required names that have neither a constant nor a stored value.
	 *
	 * @return list<string>
	 */
	public function missing(): array {
		return array_values(
			array_filter(
				self::REQUIRED,
				fn( string $name ): bool => ! $this->has_constant( $name ) && '' === $this->encrypted( $name )
			)
		);
	}

	/**
	 * Names whose stored value cannot be decrypted any more: the salts in wp-config.php changed since it was typed in.
	 *
	 * @return list<string>
	 */
	public function unreadable(): array {
		return array_values(
			array_filter(
				array_merge( self::REQUIRED, self::OPTIONAL ),
				fn( string $name ): bool => ! $this->has_constant( $name ) && '' !== $this->encrypted( $name ) && '' === $this->stored( $name )
			)
		);
	}

	/**
	 * This request shows or saves the integration wizard.
	 *
	 * @return bool
	 */
	public function is_wizard_request(): bool {
		// phpcs:ignore WordPress.Security.NonceVerification -- Nothing is done with it; the wizard checks its own nonce.
		return 'wp-ultimo-hosting-integration-wizard' === ( $_REQUEST['page'] ?? '' );
	}

	/**
	 * The constant holds something. Ultimate Multisite looks at it the same way.
	 *
	 * @param string $name Name.
	 * @return bool
	 */
	private function has_constant( string $name ): bool {
		return defined( $name ) && constant( $name );
	}

	/**
	 * The option as the wizard stored it.
	 *
	 * @param string $name Name.
	 * @return string Empty when there is none.
	 */
	private function encrypted( string $name ): string {
		$stored = get_network_option( null, 'wu_hosting_credential_' . $name, '' );

		return is_string( $stored ) ? $stored : '';
	}

	/**
	 * The value that was typed into the wizard.
	 *
	 * @param string $name Name.
	 * @return string Empty when there is none, or it cannot be decrypted.
	 */
	private function stored( string $name ): string {
		$encrypted = $this->encrypted( $name );
		$store     = '\WP_Ultimo\Helpers\Credential_Store';

		if ( '' === $encrypted || ! class_exists( $store ) ) {
			return '';
		}

		$value = trim( (string) $store::decrypt( $encrypted ) );

		// With another key, one in a few hundred values "decrypts" into bytes that mean nothing.
		return 1 === preg_match( '/^[\x20-\x7e]+$/', $value ) ? $value : '';
	}
}
