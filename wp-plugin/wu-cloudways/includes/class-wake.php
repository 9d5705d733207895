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
	 * @param bool $again Also when it was asked already: somebody waits for it.
	 * @return void
	 * @throws Store_Exception When it could not be noted.
	 */
	public function send( bool $again = false ): void {
		if ( $this->sent && ! $again ) {
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
	 * Asks the web what it is, and waits for the answer. Starts no run.
	 *
	 * @param 'facts'|'test' $what test: it tests the connection to Cloudways too.
	 * @return array{answer: ?array, reason: string} answer: facts, as Process::all() gives them, and with 'test' what
	 *         Runner::test() gave; reason: why there is none, in English.
	 */
	public function ask( string $what = 'facts' ): array {
		$time     = (string) self::now();
		$response = wp_remote_post(
			get_admin_url( get_main_site_id(), 'admin-ajax.php' ),
			array(
				'timeout'     => 'test' === $what ? Runner::PAGE_DEADLINE + 10 : 10,
				'redirection' => 0,
				'sslverify'   => apply_filters( 'https_local_ssl_verify', false ),
				'body'        => array(
					'action'    => self::ACTION,
					'ask'       => $what,
					'time'      => $time,
					'signature' => self::signature( $what . '|' . $time ),
				),
			)
		);

		if ( is_wp_error( $response ) ) {
			return array(
				'answer' => null,
				'reason' => $response->get_error_message(),
			);
		}

		$answer = json_decode( (string) wp_remote_retrieve_body( $response ), true );
		$status = (int) wp_remote_retrieve_response_code( $response );
		$facts  = 200 === $status && is_array( $answer ) && is_array( $answer['facts'] ?? null );

		return array(
			'answer' => $facts ? $answer : null,
			'reason' => $facts ? '' : sprintf( 200 === $status ? 'HTTP %d, with another answer than expected' : 'HTTP %d', $status ),
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
		$ask       = isset( $_POST['ask'] ) && is_string( $_POST['ask'] ) ? sanitize_text_field( wp_unslash( $_POST['ask'] ) ) : '';
		// phpcs:enable

		if ( '' !== $ask ) {
			self::answer( $ask, $time, $signature );
		}

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
		return self::is_fresh( $time, $signature, $time, 'wake' );
	}

	/**
	 * The same, for what was signed.
	 *
	 * @param string $time      Microseconds.
	 * @param string $signature Signature.
	 * @param string $signed    What was signed.
	 * @param string $name      Where the time of the last one is kept.
	 * @return bool
	 */
	private static function is_fresh( string $time, string $signature, string $signed, string $name ): bool {
		if ( ! preg_match( '/^\d{16}$/', $time ) || ! hash_equals( self::signature( $signed ), $signature ) ) {
			return false;
		}

		if ( abs( self::now() - (int) $time ) > self::WINDOW * 1000000 ) {
			return false;
		}

		try {
			// Only a later one than the last is accepted, so that none is accepted twice.
			return Plugin::instance()->store()->raise( $name, (int) $time, self::now() + self::WINDOW * 1000000 );
		} catch ( Store_Exception $error ) {
			return false;
		}
	}

	/**
	 * Says what this process is, to who can sign the question. Ends the process.
	 *
	 * @param string $ask       facts or test.
	 * @param string $time      Microseconds.
	 * @param string $signature Signature.
	 * @return void
	 */
	private static function answer( string $ask, string $time, string $signature ): void {
		if ( ! self::is_fresh( $time, $signature, $ask . '|' . $time, 'query' ) ) {
			status_header( 403 );
			exit;
		}

		try {
			$plugin = Plugin::instance();
			$plugin->environment()->remember_here();

			$answer = array( 'facts' => Process::all() );

			if ( 'test' === $ask ) {
				$answer['test'] = $plugin->runner()->test();
			}
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
			status_header( 500 );
			exit;
		}

		nocache_headers();
		wp_send_json( $answer, 200, JSON_INVALID_UTF8_SUBSTITUTE );
	}

	/**
	 * Signs something, for this network and this purpose.
	 *
	 * @param string $what A time in microseconds, with what is asked before it.
	 * @return string
	 */
	private static function signature( string $what ): string {
		return hash_hmac( 'sha256', self::ACTION . '|' . get_current_network_id() . '|' . $what, wp_salt( 'secure_auth' ) );
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
