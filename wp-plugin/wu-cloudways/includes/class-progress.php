<?php
/**
 * What goes on just now.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * By the memory alone: nothing outside is asked, so that it can be looked at every few seconds.
 */
final class Progress {

	/** Seconds: a run that is further away is not waited for. */
	const SOON = 120;

	/**
	 * What goes on.
	 *
	 * @return array{phase: 'idle'|'run'|'operation'|'asked'|'soon', active: bool, since: ?int, estimate: ?int, next_at: ?int, text: string, detail: string, stamp: string}
	 *         phase: run: somebody holds the lock; operation: one goes on at Cloudways; asked: a person asked, and the
	 *         command line has not begun; soon: a run comes by itself; estimate: seconds in all; text: what it is, the
	 *         same for as long as it is the same; detail: since when and until when, which changes; stamp: another one
	 *         when there is something else to show.
	 * @throws Store_Exception When it could not be read.
	 */
	public static function now(): array {
		$store  = Plugin::instance()->store();
		$run    = $store->last_run();
		$paused = $store->paused();
		$now    = self::phase( $store, $run, $paused );

		$now['active'] = 'idle' !== $now['phase'];
		$now['stamp']  = md5( (string) wp_json_encode( array( $run['id'] ?? 0, $run['status'] ?? '', $run['finished_at'] ?? 0, null !== $paused, 'run' === $now['phase'] ) ) );

		return $now;
	}

	/**
	 * The phase with its words.
	 *
	 * @param Store      $store  The memory.
	 * @param array|null $run    Store::last_run().
	 * @param array|null $paused Store::paused().
	 * @return array As now(), without `active` and `stamp`.
	 * @throws Store_Exception When it could not be read.
	 */
	private static function phase( Store $store, ?array $run, ?array $paused ): array {
		$holder = Plugin::instance()->lock()->holder();
		$pulse  = $store->pulse();

		if ( $holder && ! $holder['expired'] ) {
			return self::words( 'run', __( 'A run is at work.', 'wu-cloudways' ), $holder['since'] );
		}

		$operation = 'pending' === ( $run['status'] ?? '' ) ? $store->operation() : null;

		if ( $operation ) {
			return self::words(
				'operation',
				/* translators: %s: an operation, such as "operation 12 is running (aliases)". */
				sprintf( __( 'At Cloudways: %s.', 'wu-cloudways' ), Messages::operation( array_diff_key( $operation, array( 'since' => true ) ) ) ),
				(int) ( $operation['since'] ?? 0 ),
				isset( $operation['estimate_s'] ) ? (int) $operation['estimate_s'] : null,
				$pulse['due']
			);
		}

		if ( null !== $paused || ! self::follows() ) {
			return self::words( 'idle', '' );
		}

		if ( null !== $store->request() ) {
			return self::words( 'asked', __( 'Asked for: the next command or job on the command line does it.', 'wu-cloudways' ), (int) $store->number( 'request' ) );
		}

		if ( $pulse['due'] && $pulse['dirty'] > $pulse['tried'] && max( $pulse['due'], $pulse['hold'] ) <= time() + self::SOON && $pulse['due'] > time() - 10 * MINUTE_IN_SECONDS ) {
			return self::words( 'soon', __( 'Changes wait: a run follows by itself.', 'wu-cloudways' ), null, null, $pulse['due'] );
		}

		return self::words( 'idle', '' );
	}

	/**
	 * Whether a run comes by itself at all.
	 *
	 * @throws Store_Exception When it could not be read.
	 */
	private static function follows(): bool {
		$environment = Plugin::instance()->environment();

		return 'none' !== Network_Page::mode() && $environment->um_loaded() && $environment->integration_enabled() && ! Plugin::instance()->clone_guard()->is_clone();
	}

	/**
	 * A phase with its words.
	 *
	 * @param string   $phase    Phase.
	 * @param string   $text     What it is.
	 * @param int|null $since    Unix time.
	 * @param int|null $estimate Seconds.
	 * @param int|null $next_at  Unix time.
	 * @return array As now(), without `active` and `stamp`.
	 */
	private static function words( string $phase, string $text, ?int $since = null, ?int $estimate = null, ?int $next_at = null ): array {
		$details = array();

		if ( $since ) {
			/* translators: %s: a span of time, such as "3 minutes". */
			$details[] = sprintf( __( 'For %s.', 'wu-cloudways' ), human_time_diff( $since ) );
		}
		if ( $estimate ) {
			/* translators: %s: a span of time, such as "3 minutes". */
			$details[] = sprintf( __( 'It takes about %s as a rule.', 'wu-cloudways' ), human_time_diff( 0, $estimate ) );
		}
		if ( $next_at && $next_at > time() ) {
			/* translators: %s: a span of time, such as "3 minutes". */
			$details[] = sprintf( __( 'Next look in %s.', 'wu-cloudways' ), human_time_diff( $next_at ) );
		}

		return array(
			'phase'    => $phase,
			'since'    => $since,
			'estimate' => $estimate,
			'next_at'  => $next_at ? $next_at : null,
			'text'     => $text,
			'detail'   => implode( ' ', $details ),
		);
	}

	/**
	 * How far it is, as far as an estimate can say.
	 *
	 * @param array $now As now() gives it.
	 * @return float|null Between 0 and 0.95: that it is done, only a look at Cloudways says. Null: nobody knows.
	 */
	public static function part( array $now ): ?float {
		return $now['since'] && $now['estimate'] ? min( 0.95, max( 0.0, round( ( time() - $now['since'] ) / $now['estimate'], 2 ) ) ) : null;
	}

	/** Prints it; hidden while nothing goes on. */
	public static function show(): void {
		$now  = self::now();
		$part = self::part( $now );

		echo '<div class="wu-cloudways-progress" data-wu-cloudways="progress" data-phase="' . esc_attr( $now['phase'] ) . '" data-stamp="' . esc_attr( $now['stamp'] ) . '"' . ( $now['active'] ? '' : ' hidden' ) . '>';
		echo '<p><strong data-wu-cloudways="progress-text" id="wu-cloudways-progress-text">' . esc_html( $now['text'] ) . '</strong> <span data-wu-cloudways="progress-detail">' . esc_html( $now['detail'] ) . '</span></p>';
		echo '<progress data-wu-cloudways="progress-bar" aria-labelledby="wu-cloudways-progress-text" max="1"' . ( null === $part ? '' : ' value="' . esc_attr( (string) $part ) . '"' ) . '></progress>';
		echo '<noscript><p><a href="' . esc_url( Network_Page::url() ) . '">' . esc_html__( 'Load the page again to see how it goes on.', 'wu-cloudways' ) . '</a></p></noscript>';
		echo '</div>';
	}
}
