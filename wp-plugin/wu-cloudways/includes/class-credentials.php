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

	/** The page of Ultimate Multisite's wizard. */
	const WIZARD_PAGE = 'wp-ultimo-hosting-integration-wizard';

	const REQUIRED = Plugin::REQUIRED_SETTINGS;

	// WU_CLOUDWAYS_API_URL is read from wp-config.php only: whoever may change where the credentials are sent has them.
	const OPTIONAL = Plugin::OPTIONAL_SETTINGS;

	/**
	 * Defines the missing constants from the stored values.
	 *
	 * Call it on the line before an extension call and nowhere else. It does nothing in a request that shows or saves
	 * the wizard: Ultimate Multisite disables the fields whose constant exists, the browser then posts none of them, and
	 * Save deletes every stored value.
	 *
	 * @return void
	 * @throws Store_Exception When a stored value could not be read: without it, its domains would be taken for unwanted.
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
	 * @throws Store_Exception When they could not be read.
	 */
	public function missing(): array {
		return array_values(
			array_filter(
				self::REQUIRED,
				fn( string $name ): bool => ! defined( $name ) && '' === $this->encrypted( $name )
			)
		);
	}

	/**
	 * Required names whose constant is empty. The extension takes it as it is, while Ultimate Multisite looks for a
	 * stored value then, and calls the integration set up.
	 *
	 * @return list<string>
	 */
	public function empty_constants(): array {
		return array_values( array_filter( self::REQUIRED, static fn( string $name ): bool => defined( $name ) && ! constant( $name ) ) );
	}

	/**
	 * Names whose stored value cannot be decrypted any more: the salts in wp-config.php changed since it was typed in.
	 *
	 * @return list<string>
	 * @throws Store_Exception When they could not be read.
	 */
	public function unreadable(): array {
		return array_values(
			array_filter(
				array_merge( self::REQUIRED, self::OPTIONAL ),
				fn( string $name ): bool => ! defined( $name ) && '' !== $this->encrypted( $name ) && '' === $this->stored( $name )
			)
		);
	}

	/**
	 * This request shows or saves the integration wizard. Anybody can put its name into an address, so that the request
	 * must be one that the wizard answers, with something stored that would become a constant.
	 *
	 * @return bool
	 * @throws Store_Exception When it could not be read what is stored.
	 */
	public function is_wizard_request(): bool {
		// phpcs:ignore WordPress.Security.NonceVerification -- Nothing is done with it; the wizard checks its own nonce.
		return self::WIZARD_PAGE === ( $_REQUEST['page'] ?? '' )
			&& is_admin() && ! wp_doing_ajax() && ! wp_doing_cron() && current_user_can( 'manage_network' )
			&& array_filter( array_merge( self::REQUIRED, self::OPTIONAL ), fn( string $name ): bool => ! defined( $name ) && '' !== $this->encrypted( $name ) );
	}

	/**
	 * The option as the wizard stored it.
	 *
	 * @param string $name Name.
	 * @return string Empty when there is none.
	 * @throws Store_Exception When it could not be read.
	 */
	private function encrypted( string $name ): string {
		$stored = Database::network_option( 'wu_hosting_credential_' . $name );

		return is_string( $stored ) ? $stored : '';
	}

	/**
	 * The value that was typed into the wizard.
	 *
	 * @param string $name Name.
	 * @return string Empty when there is none, or it cannot be decrypted.
	 * @throws Store_Exception When it could not be read.
	 */
	private function stored( string $name ): string {
		$encrypted = $this->encrypted( $name );
		$store     = '\WP_Ultimo\Helpers\Credential_Store';

		if ( '' === $encrypted || ! class_exists( $store ) ) {
			return '';
		}

		$value = trim( (string) $store::decrypt( $encrypted ) );

		// With another key, one in a few hundred values "decrypts" into bytes that mean nothing.
		return 1 === preg_match( '/^\P{Cc}+$/u', $value ) ? $value : '';
	}
}
