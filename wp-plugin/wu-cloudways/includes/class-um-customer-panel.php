<?php
/**
 * What a customer reads in the panel of domains.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * How a domain stands, and what its owner has to do about it, in words that need no knowledge of hosting: nothing of
 * Cloudways, and nothing of what others have.
 *
 * The panel is also shown on front-end pages, by a block or a shortcode: nothing is read or loaded before it is.
 */
final class UM_Customer_Panel {

	/**
	 * Notes that say something about the domain's own DNS, and nothing else.
	 */
	const OWN_NOTES = array( 'dns_elsewhere', 'dns_missing', 'caa_forbids', 'caa_unknown', 'not_certifiable', 'invalid_domain' );

	/**
	 * Adds it to a row.
	 *
	 * @param mixed       $row    What the row shows.
	 * @param object|null $domain The domain.
	 * @return mixed
	 */
	public static function add( $row, $domain = null ) {
		if ( ! is_array( $row ) || ! is_object( $domain ) || ! method_exists( $domain, 'get_domain' ) ) {
			return $row;
		}

		try {
			$name  = strtolower( (string) $domain->get_domain() );
			$store = Plugin::instance()->store();
			$own   = $store->domain_with_www( $name );
			$run   = $store->reported_run();

			// Nothing was ever found out here.
			if ( null === $run ) {
				return $row;
			}

			// Front-end pages have no use for it otherwise.
			if ( ! is_textdomain_loaded( 'wu-cloudways' ) ) {
				Plugin::instance()->load_textdomain();
			}

			$words = $own ? self::all( $own, $store->addresses() ) : array( array( __( 'Being set up', 'wu-cloudways' ), __( 'Nothing needs to be done: it goes on by itself.', 'wu-cloudways' ) ) );
		} catch ( \Throwable $error ) {
			// A customer can do nothing about it.
			return $row;
		}

		// Only with the panel, and then below the page: it is made while the page is being printed.
		wp_enqueue_style( 'wu-cloudways-customer-panel', plugins_url( 'assets/css/customer-panel.css', WU_CLOUDWAYS_SYNC_FILE ), array(), Plugin::VERSION );

		$seen = (int) ( $run['finished_at'] ?? $run['started_at'] );

		$row['wu_cloudways'] = array(
			'wrapper_classes' => 'wu-cloudways-words',
			'icon'            => '',
			'label'           => '',
			'value'           => static function () use ( $words, $seen ): void {
				self::show( $words, $seen );
			},
		);

		return $row;
	}

	/**
	 * Prints it, inside a line of text.
	 *
	 * @param list<array{0: string, 1: string}> $words State, and what to do.
	 * @param int                               $seen  When that was found out.
	 * @return void
	 */
	private static function show( array $words, int $seen ): void {
		echo '<span>';

		foreach ( $words as $number => $one ) {
			printf( '%s%s %s', $number ? '<br>' : '', '' === $one[0] ? '' : '<strong>' . esc_html( $one[0] ) . '.</strong>', esc_html( $one[1] ) );
		}

		/* translators: %s: a length of time, such as "5 minutes". */
		printf( '<br><small>%s</small></span>', esc_html( sprintf( __( 'Looked at %s ago.', 'wu-cloudways' ), human_time_diff( $seen ) ) ) );
	}

	/**
	 * The words for a domain, and for its `www` where that stands otherwise.
	 *
	 * @param array<string, array> $entries   Name => entry.
	 * @param list<string>         $addresses Where they should point.
	 * @return list<array{0: string, 1: string}> State, and what to do.
	 */
	private static function all( array $entries, array $addresses ): array {
		$words = array();

		foreach ( $entries as $name => $entry ) {
			$one = self::words( (string) $name, $entry, $addresses );

			// The second one is the www: it gets a line of its own when there is something to do for it.
			if ( ! $words ) {
				$words[] = $one;
			} elseif ( self::what( $entry ) === self::what( reset( $entries ) ) ) {
				if ( self::is_for_the_owner( $entry ) ) {
					/* translators: %s: a domain that begins with www. */
					$words[] = array( '', sprintf( __( 'The same goes for %s.', 'wu-cloudways' ), $name ) );
				}
			} else {
				/* translators: 1: a domain that begins with www, 2: how it stands. */
				$one[0]  = sprintf( __( '%1$s: %2$s', 'wu-cloudways' ), $name, $one[0] );
				$words[] = $one;
			}
		}

		return $words;
	}

	/**
	 * The words for a name.
	 *
	 * @param string       $name      Name.
	 * @param array        $entry     Entry of a report.
	 * @param list<string> $addresses Where it should point.
	 * @return array{0: string, 1: string} State, and what to do.
	 */
	private static function words( string $name, array $entry, array $addresses ): array {
		$verdict = (string) ( $entry['dns']['verdict'] ?? '' );
		$note    = $entry['note'] ?? null;
		$nothing = __( 'Nothing needs to be done: it goes on by itself.', 'wu-cloudways' );
		$ask     = __( 'Ask those who run this network.', 'wu-cloudways' );

		// The site's own name in the network is not its owner's.
		if ( self::is_for_the_owner( $entry ) && in_array( $entry['source'] ?? '', array( 'network', 'primary' ), true ) ) {
			return array( __( 'Its DNS is not right yet', 'wu-cloudways' ), $ask );
		}

		if ( self::is_for_the_owner( $entry ) ) {
			// The note may be about something else, which is not the owner's business.
			if ( ! in_array( $note['code'] ?? '', self::OWN_NOTES, true ) ) {
				$note = array(
					'code' => 'dns_' . $verdict,
					'args' => array(
						'domain'   => $name,
						'found'    => array_values( (array) ( $entry['dns']['addresses'] ?? array() ) ),
						'expected' => $addresses,
					),
				);
			}

			$said  = Messages::note( $note );
			$state = self::is_dns( $note['code'] ) ? __( 'Its DNS is not right yet', 'wu-cloudways' ) : __( 'It cannot have HTTPS yet', 'wu-cloudways' );

			return array( $state, trim( $said['text'] . ' ' . $said['remedy'] ) );
		}

		if ( in_array( $entry['alias'] ?? '', array( 'set_aside', 'invalid', 'withheld' ), true ) ) {
			return array( __( 'It could not be set up', 'wu-cloudways' ), $ask );
		}

		if ( 'unknown' === $verdict ) {
			return array( __( 'Its DNS gave no answer', 'wu-cloudways' ), __( 'It is asked again by itself. If it lasts, ask the DNS provider of the domain.', 'wu-cloudways' ) );
		}

		switch ( $entry['certificate'] ?? '' ) {
			case 'covered':
				return array( __( 'It is ready, with HTTPS', 'wu-cloudways' ), __( 'Nothing needs to be done.', 'wu-cloudways' ) );
			case 'ordered':
			case 'waiting':
				return array( __( 'HTTPS is on its way', 'wu-cloudways' ), $nothing );
			case 'blocked':
				return array( __( 'HTTPS could not be set up yet', 'wu-cloudways' ), __( 'It is tried again by itself.', 'wu-cloudways' ) );
			case 'left_out':
				return array( __( 'It has no HTTPS', 'wu-cloudways' ), $ask );
		}

		return in_array( $entry['alias'] ?? '', array( 'pending', 'missing' ), true )
			? array( __( 'Being set up', 'wu-cloudways' ), $nothing )
			: array( __( 'It is set up', 'wu-cloudways' ), __( 'Nothing needs to be done.', 'wu-cloudways' ) );
	}

	/**
	 * What is said of a domain, but for its name.
	 *
	 * @param array $entry Entry of a report.
	 * @return list<mixed>
	 */
	private static function what( array $entry ): array {
		return array( $entry['alias'] ?? '', $entry['dns'] ?? null, $entry['certificate'] ?? '', $entry['note']['code'] ?? '' );
	}

	/**
	 * The owner of the domain can put it right, and nobody else.
	 *
	 * @param array $entry Entry of a report.
	 * @return bool
	 */
	private static function is_for_the_owner( array $entry ): bool {
		return in_array( $entry['dns']['verdict'] ?? '', array( 'elsewhere', 'missing' ), true ) || in_array( $entry['note']['code'] ?? '', self::OWN_NOTES, true );
	}

	/**
	 * A note about where the domain points.
	 *
	 * @param string $code Its code.
	 * @return bool
	 */
	private static function is_dns( string $code ): bool {
		return str_starts_with( $code, 'dns_' );
	}
}
