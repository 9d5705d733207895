<?php
/**
 * The cards of the page: what the last report says, at a glance.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Status, connection, aliases, certificate, extension; then what needs attention.
 */
final class Page_Cards {

	/** Unix time of the announced end of the old API keys: 15 October 2026, UTC. */
	const END_OF_KEYS = 1792022400;

	/**
	 * Prints the cards.
	 *
	 * @param array|null $summary  Store::last_summary().
	 * @param array|null $standing Standing::now(); null when there are no tables.
	 * @throws Store_Exception When something could not be read.
	 */
	public static function show( ?array $summary, ?array $standing ): void {
		$store   = Plugin::instance()->store();
		$origin  = $standing ? Messages::origin( $standing ) : '';
		$planned = 'changes_pending' === ( $summary['status'] ?? '' );

		echo '<div class="wu-cloudways-cards">';
		self::show_status( $standing, $standing ? $store->due_at() : null, $standing ? $store->dirty() : 0, $summary );
		if ( '' !== $origin ) {
			self::show_extension();
			echo '</div>';
			echo '<p class="wu-cloudways-origin"><strong>' . esc_html( $origin ) . '</strong></p>';
			echo '<div class="wu-cloudways-cards">';
		}
		if ( $summary ) {
			self::show_connection( $summary['connection'] ?? null );
			self::show_aliases( $summary, $planned );
			self::show_certificate( $summary['certificate'] ?? array() );
		}
		if ( '' === $origin ) {
			self::show_extension();
		}
		echo '</div>';
	}

	/**
	 * The error that stopped the run, the warnings, and what is withheld.
	 *
	 * @param array              $summary Store::last_summary().
	 * @param bool               $is_old  It is of an earlier run than the last.
	 * @param 'web'|'cli'|'none' $mode    See Network_Page::mode().
	 */
	public static function show_attention( array $summary, bool $is_old, string $mode ): void {
		$items    = array();
		$withheld = array();
		if ( ! empty( $summary['error'] ) ) {
			$items[] = Messages::error( $summary['error'] );
		}
		foreach ( array_merge( $summary['warnings'] ?? array(), array_filter( array( $summary['certificate']['note'] ?? null ) ) ) as $warning ) {
			if ( in_array( $warning['code'] ?? '', Messages::WITHHELD, true ) ) {
				$withheld[] = $warning;
			}
		}
		foreach ( $summary['warnings'] ?? array() as $warning ) {
			if ( ! in_array( $warning['code'] ?? '', Messages::WITHHELD, true ) ) {
				$items[] = Messages::note( $warning );
			}
		}

		if ( $items ) {
			$title = $is_old ? __( 'What needed attention then', 'wu-cloudways' ) : __( 'What needs attention', 'wu-cloudways' );
			echo '<h2>' . esc_html( $title ) . '</h2><ul class="ul-disc" data-wu-cloudways="attention">';
			foreach ( $items as $item ) {
				echo '<li><strong>' . esc_html( $item['text'] ) . '</strong> ' . esc_html( $item['remedy'] );
				Markup::items( $item['items'] ?? array() );
				echo '</li>';
			}
			echo '</ul>';
		}
		self::show_withheld( (array) ( $summary['aliases']['withheld'] ?? array() ), $withheld, $mode );
	}

	/**
	 * What was not removed, why, and the second step.
	 *
	 * @param list<string>       $names Aliases.
	 * @param list<array>        $notes Notes that give the reason.
	 * @param 'web'|'cli'|'none' $mode  See Network_Page::mode().
	 */
	private static function show_withheld( array $names, array $notes, string $mode ): void {
		if ( ! $names && ! $notes ) {
			return;
		}
		echo '<section data-wu-cloudways="withheld"><h2>' . esc_html__( 'Removals that are withheld', 'wu-cloudways' ) . '</h2>';
		foreach ( $notes as $note ) {
			echo '<p>' . esc_html( Messages::note( $note )['text'] ) . '</p>';
		}
		Preview::show_names( $names, 'removed' );
		echo '<p>' . esc_html__( 'So many removals at once are more often a mistake than a wish, such as a database that was restored. When these domains are really not mapped any more, look at exactly what would go, and then apply it.', 'wu-cloudways' ) . '</p>';
		if ( 'web' === $mode ) {
			// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
			echo '<div class="wu-cloudways-buttons">' . Preview::button( true, __( 'Show what would be removed', 'wu-cloudways' ) ) . '</div>';
		} else {
			/* translators: %s: a command. */
			echo '<p>' . sprintf( esc_html__( 'On the command line, this shows it and asks before it is sent: %s', 'wu-cloudways' ), Markup::command( 'wu-cloudways sync --force' ) ) . '</p>'; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- command() escapes.
		}
		echo '</section>';
	}

	/**
	 * The end of the old API keys, said plainly.
	 *
	 * @param int|null $now Unix time; null: now.
	 */
	public static function end_of_keys( ?int $now = null ): string {
		$date = wp_date( get_option( 'date_format' ), self::END_OF_KEYS, new \DateTimeZone( 'UTC' ) );

		return ( ( $now ?? time() ) < self::END_OF_KEYS
			/* translators: %s: a date. */
			? sprintf( __( 'Cloudways has announced that old API keys end on %s: this one stops then.', 'wu-cloudways' ), $date )
			/* translators: %s: a date. */
			: sprintf( __( 'Cloudways had announced the end of old API keys for %s. That day is past: this one may stop at any moment.', 'wu-cloudways' ), $date )
		) . ' ' . __( 'Create an access token on the Cloudways platform (API Integration) and set it in place of the key.', 'wu-cloudways' );
	}

	/**
	 * How many names have a DNS that is not right, each with the way to them in the table.
	 *
	 * @param array<string, int> $counts By verdict.
	 */
	private static function show_what_is_not_right( array $counts ): void {
		$links = array();
		foreach ( array( 'elsewhere', 'missing', 'unknown' ) as $verdict ) {
			if ( ! empty( $counts[ $verdict ] ) ) {
				$links[] = '<a href="' . esc_url( add_query_arg( 'verdict', $verdict, Network_Page::url() ) . '#wu-cloudways-domains' ) . '" data-wu-cloudways="not-right">'
					. esc_html( Messages::dns( array( 'verdict' => $verdict ) ) ) . ' (' . esc_html( number_format_i18n( $counts[ $verdict ] ) ) . ')</a>';
			}
		}
		if ( $links ) {
			// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped above.
			echo '<p><strong>' . esc_html__( 'DNS', 'wu-cloudways' ) . '</strong> ' . implode( ', ', $links ) . '</p>';
		}
	}

	/**
	 * Last run and next.
	 *
	 * @param array|null $standing Standing::now().
	 * @param int|null   $due      Store::due_at().
	 * @param int        $dirty    Store::dirty().
	 * @param array|null $summary  Store::last_summary().
	 */
	private static function show_status( ?array $standing, ?int $due, int $dirty, ?array $summary ): void {
		$run     = $standing['run'] ?? null;
		$trouble = $standing['trouble'] ?? null;
		$is_old  = $standing['is_old'] ?? false;

		Markup::open_card( __( 'Status', 'wu-cloudways' ), 'status' );
		if ( $trouble ) {
			$words = Messages::trouble( $trouble );
			// That a plan was another one by then keeps nothing from working.
			$class = 'other_fingerprint' === ( $trouble['details']['reason'] ?? '' ) ? 'is-partial' : 'is-failed';
			echo '<p class="wu-cloudways-headline ' . esc_attr( $class ) . '">' . esc_html( $words['text'] ) . '</p>';
			Markup::items( $words['items'] );
			if ( '' !== $words['remedy'] ) {
				echo '<p>' . esc_html( $words['remedy'] ) . '</p>';
			}
		} elseif ( $summary && ! $is_old ) {
			echo '<p class="wu-cloudways-headline is-' . esc_attr( (string) ( $summary['status'] ?? '' ) ) . '">' . esc_html( Messages::headline( $summary ) ) . '</p>';
			self::show_what_is_not_right( $summary['domain_counts']['by_verdict'] ?? array() );
		}
		echo '<dl>';
		if ( $run ) {
			Markup::fact( __( 'Last run', 'wu-cloudways' ), Messages::time_and_distance( (int) ( $run['finished_at'] ?? $run['started_at'] ) ) . ', ' . Messages::outcome( $run ) );
		} else {
			Markup::fact( __( 'Last run', 'wu-cloudways' ), __( 'none yet', 'wu-cloudways' ) );
		}
		Markup::fact( __( 'Next run', 'wu-cloudways' ), null === $due ? __( 'with the next change, or within the hour', 'wu-cloudways' ) : Messages::time_and_distance( $due ) );
		if ( $dirty ) {
			/* translators: %s: number of changes. */
			Markup::fact( __( 'Waiting', 'wu-cloudways' ), sprintf( _n( '%s change', '%s changes', $dirty, 'wu-cloudways' ), number_format_i18n( $dirty ) ) );
		}
		if ( ! empty( $summary['operation']['id'] ) && ! $is_old ) {
			Markup::fact( __( 'At Cloudways', 'wu-cloudways' ), Messages::operation( $summary['operation'] ) );
		}
		echo '</dl>';
		Markup::close_card();
	}

	/**
	 * Whom the credentials opened, at the last run.
	 *
	 * @param array|null $connection `connection` of a report.
	 */
	private static function show_connection( ?array $connection ): void {
		Markup::open_card( __( 'Connection', 'wu-cloudways' ), 'connection' );
		if ( $connection ) {
			echo '<dl>';
			// That it may read is plain from the report, and what it may write is known to nobody before.
			unset( $connection['rights'] );
			foreach ( Messages::connection( $connection ) as $label => $value ) {
				Markup::fact( $label, $value );
			}
			echo '</dl>';
			if ( 'legacy_key' === ( $connection['token'] ?? '' ) ) {
				Markup::notice( 'warning', array( self::end_of_keys() ), '', 'legacy-key' );
			}
		} else {
			echo '<p>' . esc_html__( 'The next run says which server and application the settings lead to.', 'wu-cloudways' ) . '</p>';
		}
		Markup::close_card();
	}

	/**
	 * What Cloudways has against what is wanted; names where there are few.
	 *
	 * @param array $summary Store::last_summary().
	 * @param bool  $planned Nothing was written.
	 */
	private static function show_aliases( array $summary, bool $planned ): void {
		$aliases = $summary['aliases'] ?? array();
		$counts  = $summary['domain_counts']['by_alias'] ?? array();

		Markup::open_card( __( 'Aliases', 'wu-cloudways' ), 'alias-counts' );
		echo '<dl>';
		$labels = array(
			'observed' => __( 'At Cloudways', 'wu-cloudways' ),
			'desired'  => __( 'Wanted', 'wu-cloudways' ),
			'added'    => $planned ? __( 'To add', 'wu-cloudways' ) : __( 'Added by this run', 'wu-cloudways' ),
			'removed'  => $planned ? __( 'To remove', 'wu-cloudways' ) : __( 'Removed by this run', 'wu-cloudways' ),
			'withheld' => __( 'Removal withheld', 'wu-cloudways' ),
			'kept'     => __( 'Not ours, left alone', 'wu-cloudways' ),
		);
		foreach ( $labels as $key => $label ) {
			$number = Messages::count( $aliases[ $key ] ?? 0 );
			if ( $number || in_array( $key, array( 'observed', 'desired' ), true ) ) {
				$few = ! in_array( $key, array( 'observed', 'desired' ), true );
				Markup::fact( $label, $few ? Messages::number_and_names( $aliases[ $key ] ) : number_format_i18n( $number ) );
			}
			if ( 'desired' === $key ) {
				foreach (
					array(
						'missing'   => __( 'Missing', 'wu-cloudways' ),
						'pending'   => __( 'On their way', 'wu-cloudways' ),
						'set_aside' => __( 'Set aside', 'wu-cloudways' ),
						'invalid'   => __( 'Invalid names', 'wu-cloudways' ),
					) as $alias => $words
				) {
					if ( ! empty( $counts[ $alias ] ) ) {
						Markup::fact( $words, number_format_i18n( $counts[ $alias ] ) );
					}
				}
			}
		}
		echo '</dl>';
		Markup::close_card();
	}

	/**
	 * The certificate, and how full it is.
	 *
	 * @param array $certificate `certificate` of a report.
	 */
	private static function show_certificate( array $certificate ): void {
		$installed = $certificate['installed'] ?? null;
		$limit     = (int) ( $certificate['limit'] ?? 100 );
		$number    = Messages::count( $installed['names'] ?? 0 );

		Markup::open_card( __( 'Certificate', 'wu-cloudways' ), 'certificate' );
		/* translators: 1: number of names in the certificate, 2: how many it can hold. */
		$text = sprintf( __( '%1$s of %2$s names', 'wu-cloudways' ), number_format_i18n( $number ), number_format_i18n( $limit ) );
		echo '<p><label for="wu-cloudways-names">' . esc_html( $text ) . '</label><br>';
		echo '<meter id="wu-cloudways-names" min="0" max="' . esc_attr( (string) $limit ) . '" high="' . esc_attr( (string) ( $limit * 0.9 ) ) . '" optimum="0" value="' . esc_attr( (string) $number ) . '">' . esc_html( $text ) . '</meter></p>';
		echo '<dl>';
		self::show_installed( $installed );
		foreach (
			array(
				'ordered'  => __( 'Ordered for', 'wu-cloudways' ),
				'left_out' => __( 'No space left for', 'wu-cloudways' ),
			) as $key => $label
		) {
			$names = $certificate[ $key ] ?? null;
			if ( Messages::count( $names ) ) {
				Markup::fact( $label, Messages::number_and_names( $names ) );
			}
		}
		$budget = $certificate['budget'] ?? null;
		if ( $budget ) {
			Markup::fact( __( 'Orders left', 'wu-cloudways' ), Messages::budget( $budget ) );
		}
		if ( isset( $budget['next_order_at'] ) ) {
			Markup::fact( __( 'Next order', 'wu-cloudways' ), Messages::time_and_distance( (int) $budget['next_order_at'] ) );
		}
		echo '</dl>';
		if ( ! empty( $certificate['note'] ) && ! in_array( $certificate['note']['code'] ?? '', Messages::WITHHELD, true ) ) {
			$note = Messages::note( $certificate['note'] );
			echo '<p>' . esc_html( trim( $note['text'] . ' ' . $note['remedy'] ) ) . '</p>';
		}
		Markup::close_card();
	}

	/**
	 * The certificate that is installed: kind, issuer, end.
	 *
	 * @param array|null $installed `certificate.installed` of a report.
	 */
	private static function show_installed( ?array $installed ): void {
		if ( null === $installed ) {
			Markup::fact( __( 'Installed', 'wu-cloudways' ), Messages::installed( null ) );
			return;
		}
		Markup::fact( __( 'Installed', 'wu-cloudways' ), Messages::certificate_type( (string) ( $installed['type'] ?? '' ) ) );
		if ( ! empty( $installed['issuer'] ) ) {
			Markup::fact( __( 'Issued by', 'wu-cloudways' ), (string) $installed['issuer'] );
		}
		if ( ! empty( $installed['not_after'] ) ) {
			$days = (int) floor( ( (int) $installed['not_after'] - time() ) / DAY_IN_SECONDS );
			/* translators: %s: number of days. */
			$left = $days < 0 ? __( 'it is past', 'wu-cloudways' ) : sprintf( _n( '%s day left', '%s days left', $days, 'wu-cloudways' ), number_format_i18n( $days ) );
			/* translators: 1: a date, 2: how many days are left until then. */
			Markup::fact( __( 'Valid until', 'wu-cloudways' ), sprintf( __( '%1$s (%2$s)', 'wu-cloudways' ), wp_date( get_option( 'date_format' ), (int) $installed['not_after'] ), $left ) );
		}
		if ( isset( $installed['auto'] ) ) {
			Markup::fact( __( 'Renewal', 'wu-cloudways' ), $installed['auto'] ? __( 'by itself', 'wu-cloudways' ) : __( 'switched off', 'wu-cloudways' ) );
		}
	}

	/**
	 * Which extension runs where, in which PHP, and whether it fits.
	 *
	 * @throws Store_Exception When it could not be read.
	 */
	private static function show_extension(): void {
		$environment = Plugin::instance()->environment();
		$where       = $environment->where_loaded();
		$labels      = array(
			'web' => __( 'On the website', 'wu-cloudways' ),
			'cli' => __( 'On the command line', 'wu-cloudways' ),
		);

		Markup::open_card( __( 'PHP extension', 'wu-cloudways' ), 'extension' );
		echo '<dl>';
		foreach ( $labels as $sapi => $label ) {
			$facts = $environment->sapi_here() === $sapi ? Process::facts() : $environment->facts( $sapi );
			Markup::fact( $label, self::extension_in( $facts, $where[ $sapi ] ) );
		}
		Markup::fact( __( 'This plugin', 'wu-cloudways' ), Messages::plugin_version() );
		echo '</dl>';
		Markup::close_card();
	}

	/**
	 * The extension in one kind of process.
	 *
	 * @param array|null $facts See Process::facts(); null when they are not known.
	 * @param bool|null  $fits  It is there and can be used; null when nobody looked.
	 */
	private static function extension_in( ?array $facts, ?bool $fits ): string {
		if ( null === $facts || null === $fits ) {
			return __( 'not known before the first command', 'wu-cloudways' );
		}

		$php     = (string) ( $facts['php'] ?? '?' );
		$version = $facts['version'] ?? null;

		if ( $fits ) {
			/* translators: 1: version of the extension, 2: version of PHP. */
			return sprintf( __( 'version %1$s in PHP %2$s: it fits', 'wu-cloudways' ), $version ?? '?', $php );
		}

		if ( null === $version && empty( $facts['lacks'] ) ) {
			/* translators: %s: version of PHP. */
			return sprintf( __( 'not loaded in PHP %s', 'wu-cloudways' ), $php );
		}

		/* translators: 1: version of the extension, 2: version of PHP, 3: what is wrong with it, in a sentence of its own. */
		return sprintf( __( 'version %1$s in PHP %2$s: it does not fit. %3$s', 'wu-cloudways' ), $version ?? '?', $php, Messages::problem( Environment::unfit( $facts ) )['text'] );
	}
}
