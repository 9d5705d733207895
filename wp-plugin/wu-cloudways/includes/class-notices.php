<?php
/**
 * What keeps the plugin from working, said in the admin.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * One notice for each problem of Environment, with what to do about it.
 */
final class Notices {

	/** Problems that are solved in Ultimate Multisite's wizard. */
	const WIZARD = array( 'constants_missing', 'credential_unreadable', 'integration_disabled' );

	/** Adds the action. */
	public static function hook(): void {
		// Without a network there is no network admin; the problem is just that.
		add_action( is_multisite() ? 'network_admin_notices' : 'admin_notices', array( self::class, 'show' ) );
	}

	/** Prints the notices, to those who can do something about them. */
	public static function show(): void {
		if ( ! current_user_can( is_multisite() ? 'manage_network_options' : 'activate_plugins' ) ) {
			return;
		}
		if ( Network_Page::is_current() ) {
			// The page has them in a place of its own.
			return;
		}
		$problems = self::problems();
		foreach ( $problems as $problem ) {
			// In the wizard, a person is about to solve them.
			if ( ! self::is_in_wizard() || ! in_array( $problem['code'], self::WIZARD, true ) ) {
				self::render( $problem );
			}
		}
		if ( is_multisite() ) {
			self::show_error( $problems );
			self::show_alarms( $problems );
			self::show_pause();
		}
	}

	/** This page is Ultimate Multisite's wizard. */
	private static function is_in_wizard(): bool {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only the name of the page is looked at.
		return Credentials::WIZARD_PAGE === ( $_GET['page'] ?? '' );
	}

	/**
	 * What stands for a day or longer, and the certificate's end. Each goes away with its reason.
	 *
	 * @param list<array> $problems Environment::problems(), which were said already.
	 */
	private static function show_alarms( array $problems ): void {
		try {
			$alarms = Alarms::standing();
			$person = Standing::for_a_person();
		} catch ( \Throwable $failure ) {
			return;
		}

		$said = array_merge( array_column( $problems, 'code' ), array( $person['code'] ?? '' ) );

		foreach ( $alarms as $alarm ) {
			// The same failure was said when it first happened, as it needs a person.
			if ( 'failing' === $alarm['code'] && in_array( $alarm['args']['code'], $said, true ) ) {
				continue;
			}
			if ( 'stuck' === $alarm['code'] && in_array( 'wake_unanswered', $said, true ) ) {
				continue;
			}
			self::alarm( $alarm, '<p><a href="' . esc_url( Network_Page::url() ) . '">' . esc_html__( 'Open the Cloudways page', 'wu-cloudways' ) . '</a></p>' );
		}
	}

	/** Alarms on the page itself: those that its headline does not say. */
	public static function show_alarms_on_page(): void {
		try {
			$alarms = Alarms::standing();
		} catch ( \Throwable $failure ) {
			// Said where the memory is shown.
			return;
		}
		foreach ( $alarms as $alarm ) {
			if ( 'failing' !== $alarm['code'] ) {
				self::alarm( $alarm, '', 'inline' );
			}
		}
	}

	/**
	 * One alarm.
	 *
	 * @param array  $alarm   See Alarms.
	 * @param string $more    HTML to come last, already escaped.
	 * @param string $classes More classes.
	 */
	private static function alarm( array $alarm, string $more, string $classes = '' ): void {
		$words = Alarms::words( $alarm );
		$ahead = 'certificate' === $alarm['code'] && $alarm['since'] > time();

		echo '<div class="' . esc_attr( trim( 'notice notice-' . ( $ahead ? 'warning' : 'error' ) . ' ' . $classes ) ) . ' wu-cloudways-notice" data-code="' . esc_attr( $alarm['code'] ) . '">';
		echo '<p>' . ( '' === $more ? '' : '<strong>' . esc_html__( 'Cloudways:', 'wu-cloudways' ) . '</strong> ' ) . esc_html( $words['text'] ) . '</p>';
		if ( $words['items'] ) {
			echo '<ul class="ul-disc"><li>' . implode( '</li><li>', array_map( 'esc_html', $words['items'] ) ) . '</li></ul>';
		}
		echo '<p>' . esc_html( $words['remedy'] ) . ( '' === $words['code'] ? '' : '<br><code>' . esc_html( $words['code'] ) . '</code>' ) . '</p>';
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped by the caller, as documented.
		echo $more . '</div>';
	}

	/** That a person wants nothing to be sent, which is easily forgotten. */
	private static function show_pause(): void {
		try {
			$store  = Plugin::instance()->store();
			$paused = $store->paused();
			$dirty  = null === $paused ? 0 : $store->dirty();
		} catch ( \Throwable $failure ) {
			return;
		}
		if ( null === $paused ) {
			return;
		}

		echo '<div class="notice notice-info wu-cloudways-notice" data-code="paused">';
		echo '<p><strong>' . esc_html__( 'Cloudways:', 'wu-cloudways' ) . '</strong> ' . esc_html( self::pause_in_words( $paused, $dirty ) ) . '</p>';
		echo '<p><a href="' . esc_url( Network_Page::url() ) . '">' . esc_html__( 'Resume it on the Cloudways page', 'wu-cloudways' ) . '</a></p></div>';
	}

	/**
	 * Since when it is paused, by whom, and what waits.
	 *
	 * @param array $paused Store::paused().
	 * @param int   $dirty  Store::dirty().
	 */
	public static function pause_in_words( array $paused, int $dirty ): string {
		$when = Messages::time_and_distance( $paused['since'] );
		$text = '' === $paused['by']
			/* translators: %s: a time, and how long ago that is. */
			? sprintf( __( 'The synchronisation has been paused since %s: nothing is sent.', 'wu-cloudways' ), $when )
			/* translators: 1: a time, and how long ago that is, 2: a person's login name. */
			: sprintf( __( 'The synchronisation has been paused since %1$s, by %2$s: nothing is sent.', 'wu-cloudways' ), $when, $paused['by'] );

		return $dirty
			/* translators: %s: number of changes. */
			? $text . ' ' . sprintf( _n( '%s change is waiting.', '%s changes are waiting.', $dirty, 'wu-cloudways' ), number_format_i18n( $dirty ) )
			: $text;
	}

	/**
	 * What a person must correct before a run can succeed again, if anything.
	 *
	 * @param list<array> $problems Environment::problems(), which were said already.
	 */
	private static function show_error( array $problems ): void {
		try {
			$run = Standing::for_a_person();
		} catch ( \Throwable $failure ) {
			// Without a memory there is nothing to tell, and the problems say that it cannot be read.
			return;
		}
		if ( null === $run || self::is_said( $run, $problems ) ) {
			return;
		}

		$words = Messages::error( $run );
		/* translators: 1: a time, and how long ago that is, 2: the reason, in sentences of its own. */
		$text = sprintf( __( 'The run of %1$s failed, and this does not go away by itself. %2$s', 'wu-cloudways' ), Messages::time_and_distance( (int) ( $run['finished_at'] ?? $run['started_at'] ) ), $words['text'] );

		echo '<div class="notice notice-error wu-cloudways-notice" data-code="' . esc_attr( $run['code'] ) . '">';
		echo '<p><strong>' . esc_html__( 'Cloudways:', 'wu-cloudways' ) . '</strong> ' . esc_html( $text ) . '</p>';
		if ( $words['items'] ) {
			echo '<ul class="ul-disc"><li>' . implode( '</li><li>', array_map( 'esc_html', $words['items'] ) ) . '</li></ul>';
		}
		echo '<p>' . esc_html( $words['remedy'] ) . '</p>';
		echo '<p><a href="' . esc_url( Network_Page::url() ) . '">' . esc_html__( 'Open the Cloudways page', 'wu-cloudways' ) . '</a></p></div>';
	}

	/**
	 * The problems name each constant that the run complained about: it is said already, and better.
	 *
	 * @param array       $run      Store::last_run().
	 * @param list<array> $problems Environment::problems().
	 */
	private static function is_said( array $run, array $problems ): bool {
		$faulty = array_column( (array) ( $run['details']['problems'] ?? array() ), 'constant' );
		$named  = array_merge( array(), ...array_map( static fn( array $problem ): array => (array) ( $problem['args']['names'] ?? array() ), $problems ) );

		return $faulty && ! array_diff( $faulty, $named );
	}

	/**
	 * The problems; a database that does not answer is one of them.
	 *
	 * @return list<array> See Environment::problems().
	 */
	public static function problems(): array {
		try {
			return Plugin::instance()->environment()->problems();
		} catch ( \Throwable $failure ) {
			return array(
				array(
					'code'     => 'storage',
					'args'     => array( 'message' => $failure->getMessage() ),
					'severity' => 'error',
				),
			);
		}
	}

	/**
	 * One notice.
	 *
	 * @param array  $problem See Environment::problems().
	 * @param string $more    HTML to come last, already escaped.
	 */
	public static function render( array $problem, string $more = '' ): void {
		$words = Messages::problem( $problem );
		$type  = 'error' === ( $problem['severity'] ?? 'error' ) ? 'error' : 'warning';

		echo '<div class="notice notice-' . esc_attr( $type ) . ' wu-cloudways-notice" data-code="' . esc_attr( $problem['code'] ) . '">';
		echo '<p><strong>' . esc_html__( 'Cloudways:', 'wu-cloudways' ) . '</strong> ' . esc_html( $words['text'] ) . '</p>';
		if ( '' !== $words['remedy'] ) {
			echo '<p>' . esc_html( $words['remedy'] ) . '</p>';
		}
		if ( $words['steps'] ) {
			echo '<ol>';
			foreach ( $words['steps'] as $step ) {
				// What comes after a line break is to be copied as it is.
				$parts = explode( "\n", $step, 2 );
				echo '<li>' . esc_html( trim( $parts[0] ) ) . ( isset( $parts[1] ) ? '<br><code>' . esc_html( $parts[1] ) . '</code>' : '' ) . '</li>';
			}
			echo '</ol>';
		}
		if ( in_array( $problem['code'], self::WIZARD, true ) ) {
			$url = add_query_arg(
				array(
					'page'        => Credentials::WIZARD_PAGE,
					'integration' => 'cloudways',
				),
				network_admin_url( 'admin.php' )
			);
			echo '<p><a href="' . esc_url( $url ) . '">' . esc_html__( 'Open the Cloudways wizard of Ultimate Multisite', 'wu-cloudways' ) . '</a></p>';
		}
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped by the caller, as documented.
		echo $more . '</div>';
	}
}
