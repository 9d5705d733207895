<?php
/**
 * The plan, to look at before it is applied.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * A plan is made on a button, kept for the person who made it, and shown as a difference. "Apply" applies exactly that
 * plan: the engine refuses when another one came out of the same question by then.
 */
final class Preview {

	/** Seconds that a plan is kept. */
	const LIFE = 1800;

	/** Names of a kind that are listed one by one. Removals are always listed, all of them. */
	const MOST = 500;

	/**
	 * Makes a plan, and keeps it.
	 *
	 * @param bool $force With what would be withheld.
	 * @return array An answer, see Page_Actions.
	 */
	public static function make( bool $force ): array {
		$outcome = Plugin::instance()->runner()->plan(
			array(
				'force'    => $force,
				'deadline' => Network_Page::DEADLINE,
			)
		);
		self::forget();

		if ( null === $outcome['report'] ) {
			return Page_Actions::outcome( $outcome );
		}

		$report = $outcome['report'];
		$names  = array_merge( (array) ( $report['aliases']['removed'] ?? array() ), (array) ( $report['aliases']['withheld'] ?? array() ) );

		// What the whole report says of single domains, and of everybody's aliases, is not shown here.
		$report['domains'] = array_intersect_key( (array) ( $report['domains'] ?? array() ), array_flip( $names ) );
		unset( $report['aliases']['observed'], $report['aliases']['desired'], $report['aliases']['sent'], $report['aliases']['kept'], $report['certificate']['wanted'], $report['connection'] );
		// The names are among the actions as well.
		$report['aliases']['added']   = Messages::count( $report['aliases']['added'] ?? 0 );
		$report['aliases']['removed'] = Messages::count( $report['aliases']['removed'] ?? 0 );

		$kept = set_site_transient(
			self::key(),
			array(
				'made_at' => time(),
				'force'   => $force,
				'report'  => $report,
			),
			self::LIFE
		);
		if ( ! $kept ) {
			return Page_Actions::answer( 'error', array( __( 'The preview could not be kept: the database did not take it.', 'wu-cloudways' ) ) );
		}
		return Page_Actions::answer( 'info', array(), array( 'at' => 'wu-cloudways-preview' ) );
	}

	/** Throws it away. */
	public static function forget(): void {
		delete_site_transient( self::key() );
	}

	/**
	 * Applies exactly the plan that was shown.
	 *
	 * @param string $fingerprint The one that was on the page.
	 * @param bool   $looked      A person says that the removals were looked at.
	 * @return array An answer, see Page_Actions.
	 */
	public static function apply( string $fingerprint, bool $looked ): array {
		$kept = self::kept();

		if ( null === $kept || '' === $fingerprint || ! hash_equals( (string) ( $kept['report']['plan']['fingerprint'] ?? '' ), $fingerprint ) ) {
			return Page_Actions::answer( 'warning', array( __( 'This preview is not kept any more, so nothing was sent.', 'wu-cloudways' ) ), array( 'offer' => 'preview' ) );
		}
		if ( $kept['force'] && ! $looked && self::removals( $kept['report'] ) ) {
			return Page_Actions::answer( 'error', array( __( 'Nothing was sent: say first that you have looked at the removals.', 'wu-cloudways' ) ), array( 'at' => 'wu-cloudways-preview' ) );
		}

		$outcome = Page_Actions::run(
			array(
				'fingerprint' => $fingerprint,
				'force'       => $kept['force'],
			)
		);
		$answer  = Page_Actions::outcome( $outcome );

		if ( 'plan_refused' === ( $outcome['error']['code'] ?? '' ) && 'other_fingerprint' === ( $outcome['error']['details']['reason'] ?? '' ) ) {
			self::forget();
			return Page_Actions::answer( 'warning', $answer['lines'], array( 'offer' => $kept['force'] ? 'preview_force' : 'preview' ) );
		}
		// What was not begun can still be applied.
		if ( 'locked' !== $outcome['outcome'] && 'paused' !== ( $outcome['error']['code'] ?? '' ) ) {
			self::forget();
		}
		return $answer;
	}

	/**
	 * The button that makes one, as escaped HTML.
	 *
	 * @param bool   $force With what would be withheld.
	 * @param string $label Plain text.
	 */
	public static function button( bool $force, string $label ): string {
		return Markup::button( 'preview', $label, 'secondary', array( 'fields' => array( 'force' => $force ? '1' : '0' ) ) );
	}

	/**
	 * Prints the plan that is kept, if there is one.
	 *
	 * @param array|null $paused Store::paused().
	 * @throws Store_Exception When the last run could not be read.
	 */
	public static function show( ?array $paused ): void {
		$kept = self::kept();
		if ( null === $kept ) {
			return;
		}
		$run     = Plugin::instance()->store()->last_run();
		$report  = $kept['report'];
		$actions = $report['plan']['actions'] ?? array();

		echo '<section class="wu-cloudways-preview" data-wu-cloudways="preview-shown"' . ( $kept['force'] ? ' data-force' : '' ) . '>';
		echo '<h2 id="wu-cloudways-preview" tabindex="-1">' . esc_html( $kept['force'] ? __( 'Preview, with what is withheld', 'wu-cloudways' ) : __( 'Preview', 'wu-cloudways' ) ) . '</h2>';
		/* translators: %s: a time, and how long ago that is. */
		echo '<p class="description">' . esc_html( sprintf( __( 'Made on %s. Nothing was sent.', 'wu-cloudways' ), Messages::time_and_distance( $kept['made_at'] ) ) ) . '</p>';
		echo '<p class="wu-cloudways-headline is-' . esc_attr( (string) ( $report['status'] ?? '' ) ) . '">' . esc_html( Messages::headline( $report ) ) . '</p>';

		if ( $actions && ( $run['finished_at'] ?? 0 ) > $kept['made_at'] ) {
			// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
			Markup::notice( 'warning', array( __( 'A run has ended since this preview was made. If it changed something, this preview is refused when you apply it.', 'wu-cloudways' ) ), '<div class="wu-cloudways-buttons">' . self::button( $kept['force'], __( 'Make a new preview', 'wu-cloudways' ) ) . '</div>', 'preview-old' );
		}
		foreach ( $actions as $action ) {
			self::show_action( $action, $report );
		}
		self::show_certificate_note( $report['certificate']['note'] ?? null );
		self::show_withheld( $report );
		self::show_buttons( $kept, $paused );
		echo '</section>';
	}

	/**
	 * Names as lines of a difference.
	 *
	 * @param list<string>      $names Names.
	 * @param 'added'|'removed' $which What becomes of them.
	 * @param array             $notes Entries of a report by name, for the reason.
	 */
	public static function show_names( array $names, string $which, array $notes = array() ): void {
		if ( ! $names ) {
			return;
		}
		$names = array_map( 'strval', $names );
		sort( $names, SORT_STRING );
		$shown = 'removed' === $which ? $names : array_slice( $names, 0, self::MOST );
		$word  = 'added' === $which ? __( 'added:', 'wu-cloudways' ) : __( 'removed:', 'wu-cloudways' );

		// A list that scrolls must be reachable by keyboard, and say what it is.
		$scrolls = count( $shown ) > 12 ? ' role="region" tabindex="0" aria-label="' . esc_attr( 'added' === $which ? __( 'Added names', 'wu-cloudways' ) : __( 'Removed names', 'wu-cloudways' ) ) . '"' : '';

		echo '<div class="wu-cloudways-diff"' . $scrolls . '><ul>'; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped above.
		foreach ( $shown as $name ) {
			$note = isset( $notes[ $name ]['note'] ) ? Messages::note( $notes[ $name ]['note'] )['text'] : '';
			echo '<li class="is-' . esc_attr( $which ) . '"><span aria-hidden="true">' . ( 'added' === $which ? '+' : '−' ) . '</span> <span class="screen-reader-text">' . esc_html( $word ) . ' </span><bdi>' . esc_html( $name ) . '</bdi>'
				. ( '' === $note ? '' : ' <span class="description">' . esc_html( $note ) . '</span>' ) . '</li>';
		}
		echo '</ul></div>';
		if ( count( $names ) > count( $shown ) ) {
			$more = count( $names ) - count( $shown );
			/* translators: %s: number of names that are not shown. */
			echo '<p>' . esc_html( sprintf( _n( 'and %s more', 'and %s more', $more, 'wu-cloudways' ), number_format_i18n( $more ) ) ) . '</p>';
		}
	}

	/**
	 * One action of the plan.
	 *
	 * @param array $action Of `plan.actions`.
	 * @param array $report The plan's report.
	 */
	private static function show_action( array $action, array $report ): void {
		switch ( $action['action'] ?? '' ) {
			case 'set_aliases':
				echo '<h3>' . esc_html__( 'Aliases', 'wu-cloudways' ) . '</h3>';
				self::show_names( (array) ( $action['add'] ?? array() ), 'added' );
				self::show_names( (array) ( $action['remove'] ?? array() ), 'removed', $report['domains'] ?? array() );
				break;
			case 'order_certificate':
				$now    = (array) ( $report['certificate']['installed']['names'] ?? array() );
				$wanted = (array) ( $action['names'] ?? array() );
				$stay   = count( array_intersect( $now, $wanted ) );

				/* translators: %s: number of names. */
				echo '<h3>' . esc_html( sprintf( _n( 'A new certificate with %s name', 'A new certificate with %s names', count( $wanted ), 'wu-cloudways' ), number_format_i18n( count( $wanted ) ) ) ) . '</h3>';
				self::show_names( array_diff( $wanted, $now ), 'added' );
				self::show_names( array_diff( $now, $wanted ), 'removed' );
				if ( $stay ) {
					/* translators: %s: number of names. */
					echo '<p>' . esc_html( sprintf( _n( '%s name stays as it is.', '%s names stay as they are.', $stay, 'wu-cloudways' ), number_format_i18n( $stay ) ) ) . '</p>';
				}
				break;
			case 'prove_wildcard':
				echo '<h3>' . esc_html__( 'Wildcard certificate', 'wu-cloudways' ) . '</h3><p>' . esc_html__( 'The DNS record that proves the wildcard is looked for.', 'wu-cloudways' ) . '</p>';
				Markup::items( (array) ( $action['names'] ?? array() ) );
				break;
			case 'switch_auto_renewal_on':
				echo '<h3>' . esc_html__( 'Renewal', 'wu-cloudways' ) . '</h3><p>' . esc_html__( 'The automatic renewal of the certificate is switched on.', 'wu-cloudways' ) . '</p>';
				break;
			default:
				// A newer extension knows more.
				echo '<h3>' . esc_html( (string) ( $action['action'] ?? '?' ) ) . '</h3>';
		}
	}

	/**
	 * Why the certificate is not ordered now, so that nobody misses it in the plan.
	 *
	 * @param array|null $note `certificate.note` of the plan's report.
	 */
	private static function show_certificate_note( ?array $note ): void {
		if ( ! $note || in_array( $note['code'] ?? '', Messages::WITHHELD, true ) ) {
			return;
		}
		$words = Messages::note( $note );

		echo '<h3>' . esc_html__( 'Certificate', 'wu-cloudways' ) . '</h3><p>' . esc_html( trim( $words['text'] . ' ' . $words['remedy'] ) ) . '</p>';
	}

	/**
	 * What this plan leaves where it is, why, and the way to see it with that.
	 *
	 * @param array $report The plan's report.
	 */
	private static function show_withheld( array $report ): void {
		$names = (array) ( $report['aliases']['withheld'] ?? array() );
		$notes = array();
		foreach ( array_merge( $report['warnings'] ?? array(), array_filter( array( $report['certificate']['note'] ?? null ) ) ) as $note ) {
			if ( in_array( $note['code'] ?? '', Messages::WITHHELD, true ) ) {
				$notes[] = $note;
			}
		}
		if ( ! $names && ! $notes ) {
			return;
		}
		echo '<h3>' . esc_html__( 'Withheld', 'wu-cloudways' ) . '</h3>';
		foreach ( $notes as $note ) {
			echo '<p>' . esc_html( Messages::note( $note )['text'] ) . '</p>';
		}
		self::show_names( $names, 'removed' );
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
		echo '<div class="wu-cloudways-buttons">' . self::button( true, __( 'Show what would be removed', 'wu-cloudways' ) ) . '</div>';
	}

	/**
	 * Apply and discard.
	 *
	 * @param array      $kept   See kept().
	 * @param array|null $paused Store::paused().
	 */
	private static function show_buttons( array $kept, ?array $paused ): void {
		$report   = $kept['report'];
		$removals = $kept['force'] ? self::removals( $report ) : 0;
		$more     = '';

		if ( null === $paused && ! empty( $report['plan']['actions'] ) ) {
			echo '<p class="description">' . esc_html__( 'Runs that come by themselves go on meanwhile, and may do part of this. If they are to wait for you, pause first.', 'wu-cloudways' ) . '</p>';
		}
		echo '<div class="wu-cloudways-buttons">';
		if ( ! empty( $report['plan']['actions'] ) ) {
			if ( $removals ) {
				/* translators: %s: number of removals. */
				$text = sprintf( _n( 'I have looked at this %s removal.', 'I have looked at these %s removals.', $removals, 'wu-cloudways' ), number_format_i18n( $removals ) );
				$more = '<p><label><input type="checkbox" name="looked" value="1" required data-wu-cloudways="looked"> ' . esc_html( $text ) . '</label></p>';
			}
			// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
			echo Markup::button(
				'apply',
				__( 'Apply exactly this', 'wu-cloudways' ),
				'primary',
				array(
					'fields'   => array( 'fingerprint' => (string) ( $report['plan']['fingerprint'] ?? '' ) ),
					'more'     => $more,
					'disabled' => null !== $paused,
					'note'     => null !== $paused ? 'wu-cloudways-note' : '',
				)
			);
		}
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
		echo Markup::button( 'discard', __( 'Close the preview', 'wu-cloudways' ), 'secondary' ) . '</div>';
	}

	/**
	 * How many names a plan takes away, from the aliases and from the certificate.
	 *
	 * @param array $report The plan's report.
	 */
	private static function removals( array $report ): int {
		$number = 0;
		foreach ( $report['plan']['actions'] ?? array() as $action ) {
			if ( 'set_aliases' === ( $action['action'] ?? '' ) ) {
				$number += Messages::count( $action['remove'] ?? 0 );
			} elseif ( 'order_certificate' === ( $action['action'] ?? '' ) ) {
				$number += count( array_diff( (array) ( $report['certificate']['installed']['names'] ?? array() ), (array) ( $action['names'] ?? array() ) ) );
			}
		}
		return $number;
	}

	/**
	 * The plan that is kept for this person.
	 *
	 * @return array{made_at: int, force: bool, report: array}|null
	 */
	private static function kept(): ?array {
		$kept = get_site_transient( self::key() );

		return is_array( $kept ) && isset( $kept['report'] ) ? $kept : null;
	}

	/** One person's plan is not shown to another. */
	private static function key(): string {
		return 'wu_cloudways_sync_preview_' . get_current_user_id();
	}
}
