<?php
/**
 * One process asks the other to run.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * With the extension in php-fpm only, a job on the command line cannot do the work. It sends the web one request that
 * is signed with the site's own salts and does not wait for the answer.
 */
final class Wake {

	const ACTION = Plugin::WAKE_ACTION;

	/**
	 * Seconds that a request stays good for.
	 */
	const WINDOW = 300;

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * One request is enough for a process.
	 *
	 * @var bool
	 */
	private $sent = false;

	/**
	 * Takes what it needs.
	 *
	 * @param Store $store The memory.
	 */
	public function __construct( Store $store ) {
		$this->store = $store;
	}

	/**
	 * Asks the web to run.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be noted.
	 */
	public function send(): void {
		if ( $this->sent ) {
			return;
		}

		$this->sent = true;
		$time       = self::now();

		$this->store->note_asked( $time );
		wp_remote_post(
			get_admin_url( get_main_site_id(), 'admin-ajax.php' ),
			array(
				// Long enough for the request to get there; the work goes on when the line is cut.
				'timeout'   => 3,
				'blocking'  => false,
				'sslverify' => apply_filters( 'https_local_ssl_verify', false ),
				'body'      => array(
					'action'    => self::ACTION,
					'time'      => (string) $time,
					'signature' => self::signature( (string) $time ),
				),
			)
		);
	}

	/**
	 * Answers the request, for anyone who can sign it. Ends the process.
	 *
	 * @return void
	 */
	public static function receive(): void {
		// phpcs:disable WordPress.Security.NonceVerification -- The signature takes the place of a nonce: nobody is logged in.
		$time      = isset( $_POST['time'] ) && is_string( $_POST['time'] ) ? sanitize_text_field( wp_unslash( $_POST['time'] ) ) : '';
		$signature = isset( $_POST['signature'] ) && is_string( $_POST['signature'] ) ? sanitize_text_field( wp_unslash( $_POST['signature'] ) ) : '';
		// phpcs:enable

		if ( ! self::accepts( $time, $signature ) ) {
			status_header( 403 );
			exit;
		}

		status_header( 202 );
		ignore_user_abort( true );

		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		}

		try {
			Plugin::instance()->runner()->run( array( 'trigger' => 'wake' ) );
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}

		exit;
	}

	/**
	 * The request is ours, recent, and was not seen before.
	 *
	 * @param string $time      Microseconds.
	 * @param string $signature Signature.
	 * @return bool
	 */
	public static function accepts( string $time, string $signature ): bool {
		if ( ! preg_match( '/^\d{16}$/', $time ) || ! hash_equals( self::signature( $time ), $signature ) ) {
			return false;
		}

		if ( abs( self::now() - (int) $time ) > self::WINDOW * 1000000 ) {
			return false;
		}

		try {
			// Only a later one than the last is accepted, so that none is accepted twice.
			return Plugin::instance()->store()->raise( 'wake', (int) $time, self::now() + self::WINDOW * 1000000 );
		} catch ( Store_Exception $error ) {
			return false;
		}
	}

	/**
	 * Signs a time, for this network and this purpose.
	 *
	 * @param string $time Microseconds.
	 * @return string
	 */
	private static function signature( string $time ): string {
		return hash_hmac( 'sha256', self::ACTION . '|' . get_current_network_id() . '|' . $time, wp_salt( 'secure_auth' ) );
	}

	/**
	 * Now, in microseconds.
	 *
	 * @return int
	 */
	private static function now(): int {
		return (int) round( microtime( true ) * 1000000 );
	}
}
