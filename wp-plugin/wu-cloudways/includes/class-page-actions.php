<?php
/**
 * What the buttons of the page do.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Each button is a POST with a nonce of its own that ends in a redirect, so that a reload repeats nothing. What came of
 * it is kept for the page that follows, for the person who pressed it.
 *
 * An answer is array{type: 'success'|'info'|'warning'|'error', lines: list<string>, offer?: 'preview'|'preview_force', at?: string, place?: string}:
 * offer: a button in the answer; at: where on the page to go; place: where the answer is shown.
 */
final class Page_Actions {

	/** Action => the method that answers it. */
	const ACTIONS = array(
		'sync'         => 'sync',
		'test'         => 'test',
		'confirm_site' => 'confirm_site',
		'pause'        => 'pause',
		'resume'       => 'resume',
		'preview'      => 'preview',
		'discard'      => 'discard',
		'apply'        => 'apply',
		'adopt'        => 'adopt',
		'release'      => 'release',
		'remove'       => 'remove',
		'pin'          => 'pin',
		'unpin'        => 'unpin',
		'dns'          => 'dns',
	);

	/** Actions of a table's row, after which the reader is back at that place of the table. */
	const OF_THE_TABLE = array( 'pin', 'unpin', 'dns', 'release' );

	/**
	 * Does what a button asked for, and ends the request.
	 *
	 * @param string $action What was asked.
	 */
	public static function handle( string $action ): void {
		if ( ! current_user_can( Network_Page::CAPABILITY ) ) {
			wp_die( esc_html__( 'You are not allowed to do this.', 'wu-cloudways' ), 403 );
		}
		check_admin_referer( 'wu_cloudways_' . $action );
		if ( ! isset( self::ACTIONS[ $action ] ) ) {
			wp_die( esc_html__( 'This action does not exist.', 'wu-cloudways' ), 400 );
		}

		try {
			$answer = call_user_func( array( self::class, self::ACTIONS[ $action ] ) );
		} catch ( \Throwable $failure ) {
			$answer = self::failure( $failure );
		}

		$url = Network_Page::url();
		if ( $answer && in_array( $action, self::OF_THE_TABLE, true ) ) {
			$url    = Domains_Table::url();
			$answer = array_merge(
				$answer,
				array(
					'at'    => 'wu-cloudways-domains',
					'place' => 'table',
				)
			);
		}

		// An answer that is like the one before it counts as "not stored".
		delete_site_transient( self::answer_key() );

		if ( null === $answer || set_site_transient( self::answer_key(), $answer, 5 * MINUTE_IN_SECONDS ) ) {
			wp_safe_redirect( $url . ( isset( $answer['at'] ) ? '#' . $answer['at'] : '' ) );
			exit;
		}
		// The database takes nothing: after a redirect the answer would be lost.
		wp_die(
			wp_kses_post( implode( '', array_map( static fn( string $line ): string => '<p>' . esc_html( $line ) . '</p>', $answer['lines'] ) ) ),
			esc_html__( 'Cloudways', 'wu-cloudways' ),
			array(
				'response'  => 'error' === $answer['type'] ? 500 : 200,
				'link_url'  => esc_url( $url ),
				'link_text' => esc_html__( 'Back to the Cloudways page', 'wu-cloudways' ),
			)
		);
	}

	/**
	 * What the button that brought us here said, once.
	 *
	 * @param string $place Where on the page this is: top or table; empty: the only place there is.
	 */
	public static function show_answer( string $place ): void {
		$answer = get_site_transient( self::answer_key() );
		if ( ! is_array( $answer ) || ( '' !== $place && $place !== ( $answer['place'] ?? 'top' ) ) ) {
			return;
		}
		delete_site_transient( self::answer_key() );
		if ( ! $answer['lines'] ) {
			return;
		}
		echo '<div class="notice inline notice-' . esc_attr( $answer['type'] ) . '" role="status" tabindex="-1" data-wu-cloudways="answer">';
		foreach ( $answer['lines'] as $line ) {
			echo '<p>' . esc_html( $line ) . '</p>';
		}
		if ( isset( $answer['offer'] ) ) {
			// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
			echo '<div class="wu-cloudways-buttons">' . Preview::button( 'preview_force' === $answer['offer'], __( 'Make a new preview', 'wu-cloudways' ) ) . '</div>';
		}
		echo '</div>';
	}

	/**
	 * What came of a run.
	 *
	 * @param array        $outcome See Runner.
	 * @param list<string> $lines   What is to be said before.
	 * @return array The answer.
	 */
	public static function outcome( array $outcome, array $lines = array() ): array {
		if ( 'handed_over' === $outcome['outcome'] ) {
			$words = array(
				'um'  => __( 'The extension is not loaded, so Ultimate Multisite’s own module stays in charge.', 'wu-cloudways' ),
				'cli' => __( 'The extension is loaded on the command line only: the next command or job there runs the sync.', 'wu-cloudways' ),
			);
			return self::answer( 'cli' === $outcome['handed_to'] ? 'info' : 'warning', array_merge( $lines, array( $words[ $outcome['handed_to'] ?? 'cli' ] ?? $words['cli'] ) ) );
		}

		$type = 'success';
		if ( $outcome['report'] ) {
			$status = (string) ( $outcome['report']['status'] ?? '' );
			$types  = array(
				'ok'      => 'success',
				'partial' => 'warning',
			);
			$type   = $types[ $status ] ?? 'info';
			// Below the button, the page has the whole report.
			$lines[] = Messages::headline( $outcome['report'] );
		}
		$error = $outcome['error'] ?? $outcome['report']['error'] ?? null;
		if ( $error ) {
			$words = Messages::error( $error );
			$type  = 'locked' === $error['code'] ? 'info' : 'error';
			$lines = array_merge( $lines, array( $words['text'] ), $words['items'], array( $words['remedy'] ) );
		}
		return self::answer( $type, $lines );
	}

	/**
	 * Something that was thrown, in words.
	 *
	 * @param \Throwable $failure What was thrown.
	 * @return array The answer.
	 */
	public static function failure( \Throwable $failure ): array {
		$words = Messages::error(
			array(
				'code'    => $failure instanceof Store_Exception ? 'storage' : 'internal',
				'message' => $failure->getMessage(),
			)
		);
		return self::answer( 'error', array( $words['text'], $words['remedy'] ) );
	}

	/**
	 * What is kept for the page after the redirect.
	 *
	 * @param string       $type  success, info, warning or error.
	 * @param list<string> $lines Plain text.
	 * @param array        $more  offer, at.
	 * @return array The answer.
	 */
	public static function answer( string $type, array $lines, array $more = array() ): array {
		return array(
			'type'  => $type,
			'lines' => array_values( array_filter( $lines, 'strlen' ) ),
		) + $more;
	}

	/**
	 * Runs.
	 *
	 * @param array $args Of Runner::run(), besides the usual ones.
	 * @return array Its outcome.
	 */
	public static function run( array $args = array() ): array {
		return Plugin::instance()->runner()->run(
			$args + array(
				'trigger'  => 'page',
				'deadline' => Network_Page::DEADLINE,
			)
		);
	}

	/** Runs, and says what came of it. */
	private static function sync(): array {
		return self::outcome( self::run() );
	}

	/** Tests the connection, and says what was found. */
	private static function test(): array {
		$outcome = Plugin::instance()->runner()->test();
		if ( ! $outcome['ok'] ) {
			$words = Messages::error( (array) $outcome['error'] );
			return self::answer( 'error', array_merge( array( $words['text'] ), $words['items'], array( $words['remedy'] ) ) );
		}
		$lines = array( __( 'Cloudways accepts the settings.', 'wu-cloudways' ) );
		foreach ( Messages::connection( (array) $outcome['result'] ) as $label => $value ) {
			/* translators: 1: a label, 2: its value. */
			$lines[] = sprintf( __( '%1$s: %2$s', 'wu-cloudways' ), $label, $value );
		}
		if ( 'legacy_key' === ( $outcome['result']['token'] ?? '' ) ) {
			$lines[] = Page_Cards::end_of_keys();
		}
		return self::answer( 'success', $lines );
	}

	/**
	 * A person says that this site is the original: what waited for that is sent at once.
	 *
	 * @throws Store_Exception When that could not be kept.
	 */
	private static function confirm_site(): array {
		Plugin::instance()->clone_guard()->confirm();

		return self::outcome( self::run(), array( __( 'This site is the original from now on, and may write to Cloudways.', 'wu-cloudways' ) ) );
	}

	/**
	 * Nothing is sent from now on.
	 *
	 * @throws Store_Exception When that could not be kept.
	 */
	private static function pause(): array {
		Plugin::instance()->decisions()->pause( wp_get_current_user()->user_login );

		return self::answer( 'success', array( __( 'Paused: nothing is sent to Cloudways until somebody resumes it.', 'wu-cloudways' ) ) );
	}

	/**
	 * What waited is sent, at once.
	 *
	 * @throws Store_Exception When that could not be kept.
	 */
	private static function resume(): array {
		Plugin::instance()->decisions()->resume();

		return self::outcome( self::run(), array( __( 'Resumed.', 'wu-cloudways' ) ) );
	}

	/** Makes a preview, and shows it with the page that follows. */
	private static function preview(): ?array {
		return Preview::make( '1' === self::posted( 'force' ) );
	}

	/** Throws the preview away. */
	private static function discard(): ?array {
		Preview::forget();
		return null;
	}

	/** Applies exactly the plan that was shown. */
	private static function apply(): array {
		return Preview::apply( self::posted( 'fingerprint' ), '1' === self::posted( 'looked' ) );
	}

	/** An alias that was made by hand becomes ours. */
	private static function adopt(): array {
		/* translators: %s: a domain name. */
		return self::decide( 'adopt', __( '%s is kept from now on as a mapped domain is.', 'wu-cloudways' ) );
	}

	/** An alias of ours is left alone from now on. */
	private static function release(): array {
		/* translators: %s: a domain name. */
		return self::decide( 'release', __( '%s is left alone from now on, as if it had been made by hand.', 'wu-cloudways' ) );
	}

	/** An alias that was made by hand goes, when the question was answered. */
	private static function remove(): array {
		/* translators: %s: a domain name. */
		return self::decide( 'remove', __( '%s is removed at Cloudways.', 'wu-cloudways' ) );
	}

	/**
	 * Keeps a decision about a name, and runs.
	 *
	 * @param 'adopt'|'release'|'remove' $what  The decision.
	 * @param string                     $words What is said when it is kept.
	 * @throws Store_Exception When it could not be kept.
	 */
	private static function decide( string $what, string $words ): array {
		$name   = self::posted( 'wu_cloudways_name' );
		$refuse = Plugin::instance()->decisions()->$what( $name );

		if ( null !== $refuse ) {
			return self::answer(
				'error',
				array(
					'mapped' === $refuse
						/* translators: %s: a domain name. */
						? sprintf( __( '%s belongs to a mapped domain: it stays for as long as that is mapped.', 'wu-cloudways' ), $name )
						/* translators: %s: what was given instead of a domain name. */
						: sprintf( __( '"%s" cannot be taken over: it is a wildcard, or no domain name.', 'wu-cloudways' ), $name ),
				)
			);
		}

		$said = sprintf( $words, $name );
		if ( null !== Plugin::instance()->store()->paused() ) {
			return self::answer( 'info', array( $said, __( 'It is remembered, and sent when the pause has ended.', 'wu-cloudways' ) ) );
		}
		return self::outcome( self::run(), array( $said ) );
	}

	/**
	 * A domain gets a place in the certificate first.
	 *
	 * @throws Store_Exception When that could not be kept.
	 */
	private static function pin(): array {
		/* translators: %s: a domain name. */
		return self::set_pin( true, __( '%s is pinned: it gets a place in the certificate before those without a pin.', 'wu-cloudways' ) );
	}

	/**
	 * A domain gets a place in the certificate with the others.
	 *
	 * @throws Store_Exception When that could not be kept.
	 */
	private static function unpin(): array {
		/* translators: %s: a domain name. */
		return self::set_pin( false, __( '%s is no longer pinned.', 'wu-cloudways' ) );
	}

	/**
	 * Sets or takes a pin. A run follows by itself.
	 *
	 * @param bool   $pinned Whether it is pinned.
	 * @param string $words  What is said then.
	 * @throws Store_Exception When that could not be kept.
	 */
	private static function set_pin( bool $pinned, string $words ): array {
		$name = strtolower( self::posted( 'wu_cloudways_name' ) );

		if ( $pinned && 'mapped' !== ( Plugin::instance()->store()->domain( $name )['source'] ?? '' ) ) {
			/* translators: %s: a domain name. */
			return self::answer( 'error', array( sprintf( __( '%s is no mapped domain, so it cannot be pinned.', 'wu-cloudways' ), $name ) ) );
		}
		Plugin::instance()->decisions()->pin( $name, $pinned );

		return self::answer( 'success', array( sprintf( $words, $name ) ) );
	}

	/**
	 * Asks DNS about one name, those that were selected, or those on the page that was shown.
	 *
	 * @throws Store_Exception When they could not be read.
	 */
	private static function dns(): array {
		$name = self::posted( 'wu_cloudways_name' );
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- checked by handle().
		$names = isset( $_POST['names'] ) && is_array( $_POST['names'] ) ? array_map( 'sanitize_text_field', array_map( 'strval', wp_unslash( $_POST['names'] ) ) ) : array();
		if ( '' !== $name ) {
			$names = array( $name );
		}
		if ( ! $names && '1' !== self::posted( 'shown' ) ) {
			return self::answer( 'warning', array( __( 'Select some domains first.', 'wu-cloudways' ) ) );
		}
		if ( ! $names ) {
			$names = array_map( 'strval', array_keys( Plugin::instance()->store()->domains( Domains_Table::query() )['items'] ) );
		}

		$answer = Dns_Check::names( $names );
		if ( null !== $answer['error'] ) {
			$words = Messages::error( $answer['error'] );
			return self::answer( 'error', array_merge( array( $words['text'] ), $words['items'], array( $words['remedy'] ) ) );
		}
		$lines = array( Dns_Check::text( $answer ) );
		if ( 1 === count( $answer['result'] ) ) {
			/* translators: 1: a domain name, 2: what DNS says of it. */
			array_unshift( $lines, sprintf( __( '%1$s: %2$s.', 'wu-cloudways' ), key( $answer['result'] ), Messages::dns( array( 'verdict' => current( $answer['result'] ) ) ) ) );
		}
		return self::answer( $answer['right'] ? 'success' : 'info', $lines );
	}

	/**
	 * A field of the form.
	 *
	 * @param string $name Its name.
	 */
	private static function posted( string $name ): string {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- checked by handle().
		return isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? trim( sanitize_text_field( wp_unslash( $_POST[ $name ] ) ) ) : '';
	}

	/** One person's answer is not shown to another. */
	private static function answer_key(): string {
		return 'wu_cloudways_sync_answer_' . get_current_user_id();
	}
}
