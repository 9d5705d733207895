<?php
/**
 * A command that prints a report.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;
use WP_CLI\Formatter;

defined( 'ABSPATH' ) || exit;

/**
 * A command that prints a report.
 */
abstract class CLI_Report_Command extends CLI_Command {

	/** Columns of a domain. */
	const FIELDS = array( 'domain', 'source', 'alias', 'dns', 'certificate', 'note', 'remedy' );

	/** With more domains than this, the report shows those that need attention. */
	const TABLE_ROWS = 200;

	/**
	 * A report in the format that was asked for.
	 *
	 * @param array $report     A report.
	 * @param array $assoc_args Options of the command.
	 * @param array $more       due: when the next run is, where that is known; origin: whose report it is, where that
	 *                          has to be said; is_old: it is of an earlier run than the last.
	 */
	protected function print_report( array $report, array $assoc_args, array $more = array() ): void {
		unset( $report['state'] );
		$format = $assoc_args['format'] ?? 'table';
		$origin = $more['origin'] ?? '';
		$is_old = $more['is_old'] ?? false;

		// Everywhere in the same order, that of Store: by name, byte by byte.
		if ( isset( $report['domains'] ) ) {
			ksort( $report['domains'], SORT_STRING );
		}

		if ( ! self::is_for_people( $assoc_args ) ) {
			// What a person must know is not lost in a pipe.
			if ( ! empty( $report['error'] ) && ! $is_old ) {
				$this->print_error( $report['error'] );
			}
		}
		if ( WP_CLI\Utils\get_flag_value( $assoc_args, 'porcelain', false ) ) {
			WP_CLI::line( (string) $report['status'] );
			return;
		}
		if ( isset( $assoc_args['fields'] ) || 'csv' === $format ) {
			$fields    = isset( $assoc_args['fields'] ) ? $assoc_args['fields'] : self::FIELDS;
			$arguments = array(
				'format' => $format,
				'fields' => $fields,
			);
			( new Formatter( $arguments, self::FIELDS ) )->display_items( self::rows( $report['domains'] ?? array(), 'table' === $format, 'changes_pending' === ( $report['status'] ?? '' ) ) );
			return;
		}
		if ( 'table' !== $format ) {
			$this->print_data( $report, $format );
			return;
		}

		// What an earlier run came to is not how things stand.
		WP_CLI::line( '' === $origin ? self::color( (string) ( $report['status'] ?? '' ), Messages::headline( $report ) ) : $origin );
		WP_CLI::line( '' );
		$planned = 'changes_pending' === ( $report['status'] ?? '' );
		$this->print_aliases( $report['aliases'] ?? array(), $planned );
		$this->print_certificate( $report['certificate'] ?? array() );
		WP_CLI::line( '' );
		$this->print_domains( $report['domains'] ?? array(), $planned );
		$this->print_attention( $report, $is_old );

		if ( 'pending' === ( $report['status'] ?? '' ) && isset( $report['next_at'] ) && '' === $origin ) {
			WP_CLI::line( '' );
			WP_CLI::line( self::goes_on( $report, (int) ( $more['due'] ?? 0 ) ) );
		} elseif ( Messages::only_waits( $report['certificate']['note'] ?? null ) ) {
			WP_CLI::line( '' );
			WP_CLI::line( Messages::note( $report['certificate']['note'] )['text'] );
		}
	}

	/**
	 * When a report that is pending goes on, and what it waits for.
	 *
	 * @param array $report A report with a `next_at`.
	 * @param int   $due    When the next run is, where that is known; it may have been put off.
	 */
	protected static function goes_on( array $report, int $due = 0 ): string {
		/* translators: %s: a time, and how far away it is. */
		$text = sprintf( __( 'Goes on by itself: %s', 'wu-cloudways' ), Messages::time_and_distance( max( $due, (int) $report['next_at'] ) ) );
		$note = $report['certificate']['note'] ?? null;

		return Messages::only_waits( $note ) && empty( $report['operation'] ) ? $text . "\n" . Messages::note( $note )['text'] : $text;
	}

	/**
	 * How many aliases there are, and the first of those that something happens to.
	 *
	 * @param array $aliases `aliases` of a report.
	 * @param bool  $planned Nothing was written.
	 */
	protected function print_aliases( array $aliases, bool $planned ): void {
		$this->fact(
			__( 'Aliases', 'wu-cloudways' ),
			sprintf(
				/* translators: 1: number of aliases found at Cloudways, 2: number of aliases wanted. */
				__( '%1$s at Cloudways, %2$s wanted', 'wu-cloudways' ),
				number_format_i18n( Messages::count( $aliases['observed'] ?? 0 ) ),
				number_format_i18n( Messages::count( $aliases['desired'] ?? 0 ) )
			)
		);
		$labels = array(
			'added'    => $planned ? __( 'to add', 'wu-cloudways' ) : _x( 'added', 'several aliases', 'wu-cloudways' ),
			'removed'  => $planned ? __( 'to remove', 'wu-cloudways' ) : _x( 'removed', 'several aliases', 'wu-cloudways' ),
			'withheld' => __( 'withheld', 'wu-cloudways' ),
			'kept'     => __( 'kept (not ours)', 'wu-cloudways' ),
		);
		foreach ( $labels as $key => $label ) {
			$number = Messages::count( $aliases[ $key ] ?? 0 );
			if ( $number ) {
				$this->fact( '  ' . $label, Messages::number_and_names( $aliases[ $key ] ) );
			}
		}
	}

	/** @param array $certificate `certificate` of a report. */
	protected function print_certificate( array $certificate ): void {
		$installed = $certificate['installed'] ?? null;
		$limit     = (int) ( $certificate['limit'] ?? 100 );
		$text      = Messages::installed( $installed );

		if ( null !== $installed ) {
			/* translators: 1: number of names in the certificate, 2: how many it can hold. */
			$text = sprintf( __( '%1$s of %2$s names', 'wu-cloudways' ), number_format_i18n( Messages::count( $installed['names'] ?? 0 ) ), number_format_i18n( $limit ) ) . ', ' . $text;
		}
		$this->fact( __( 'Certificate', 'wu-cloudways' ), $text );

		$ordered = Messages::count( $certificate['ordered'] ?? 0 );
		if ( $ordered ) {
			$this->fact( '  ' . __( 'ordered for', 'wu-cloudways' ), Messages::number_and_names( $certificate['ordered'] ) );
		}
		$left_out = Messages::count( $certificate['left_out'] ?? 0 );
		if ( $left_out ) {
			$this->fact( '  ' . __( 'no space left for', 'wu-cloudways' ), Messages::number_and_names( $certificate['left_out'] ) );
		}
		$budget = $certificate['budget'] ?? null;
		if ( $budget && $budget['left'] < $budget['of'] ) {
			$this->fact( '  ' . __( 'orders left', 'wu-cloudways' ), Messages::budget( $budget ) );
		}
		if ( isset( $budget['next_order_at'] ) ) {
			$this->fact( '  ' . __( 'next order', 'wu-cloudways' ), Messages::time_and_distance( (int) $budget['next_order_at'] ) );
		}
	}

	/**
	 * The domains in columns.
	 *
	 * @param array<string, array> $domains `domains` of a report.
	 * @param bool                 $planned Nothing was written.
	 */
	protected function print_domains( array $domains, bool $planned ): void {
		if ( ! $domains ) {
			WP_CLI::line( __( 'No domains.', 'wu-cloudways' ) );
			return;
		}
		$shown = $domains;
		if ( count( $domains ) > self::TABLE_ROWS ) {
			$noted = array_filter(
				$domains,
				static function ( $domain ) {
					return isset( $domain['note'] );
				}
			);
			$shown = array_slice( $noted, 0, self::TABLE_ROWS, true );
		}

		$lines = array(
			array(
				__( 'Domain', 'wu-cloudways' ),
				__( 'Alias', 'wu-cloudways' ),
				__( 'DNS', 'wu-cloudways' ),
				__( 'Certificate', 'wu-cloudways' ),
			),
		);
		foreach ( $shown as $name => $domain ) {
			$lines[] = array(
				(string) $name,
				Messages::alias( (string) ( $domain['alias'] ?? '' ), $planned ),
				Messages::dns( $domain['dns'] ?? null, ! isset( $domain['note'] ) ),
				Messages::certificate( (string) ( $domain['certificate'] ?? '' ) ),
			);
		}
		if ( count( $lines ) > 1 ) {
			$this->print_columns( $lines );
		}
		if ( count( $shown ) < count( $domains ) ) {
			/* translators: 1: number of domains shown, 2: number of all domains. */
			WP_CLI::line( sprintf( __( 'Shown are %1$s of %2$s domains: those that need attention. All of them: --format=csv', 'wu-cloudways' ), number_format_i18n( count( $shown ) ), number_format_i18n( count( $domains ) ) ) );
		}
	}

	/**
	 * What is not right, and what to do about it.
	 *
	 * @param array $report A report.
	 * @param bool  $is_old It is of an earlier run than the last.
	 */
	protected function print_attention( array $report, bool $is_old ): void {
		$items = array();
		if ( ! empty( $report['error'] ) ) {
			$items[] = Messages::error( $report['error'] );
		}
		$note = $report['certificate']['note'] ?? null;
		// An order that only waits for its time needs nobody, and is said at the end.
		if ( ! empty( $note ) && ! Messages::only_waits( $note ) ) {
			$items[] = Messages::note( $note );
		}
		foreach ( $report['warnings'] ?? array() as $warning ) {
			$items[] = Messages::note( $warning );
		}
		// The warning about all of them says it once.
		$said = in_array( 'removals_withheld', array_column( $report['warnings'] ?? array(), 'code' ), true ) ? 'removal_withheld' : '';
		foreach ( $report['domains'] ?? array() as $domain ) {
			if ( isset( $domain['note'] ) && $said !== ( $domain['note']['code'] ?? '' ) && count( $items ) < self::TABLE_ROWS ) {
				$items[] = Messages::note( $domain['note'] );
			}
		}
		if ( ! $items ) {
			return;
		}
		WP_CLI::line( '' );
		WP_CLI::line( WP_CLI::colorize( '%Y' . ( $is_old ? __( 'What needed attention then', 'wu-cloudways' ) : __( 'What needs attention', 'wu-cloudways' ) ) . '%n' ) );
		$this->print_items( $items );
	}

	/**
	 * Domains as rows.
	 *
	 * @param array<string, array> $domains `domains` of a report.
	 * @param bool                 $words   Words for people; otherwise the report's own codes, which do not depend on the language.
	 * @param bool                 $planned Nothing was written.
	 * @return list<array<string, string>>
	 */
	protected static function rows( array $domains, bool $words, bool $planned ): array {
		$rows = array();
		foreach ( $domains as $name => $domain ) {
			$note   = isset( $domain['note'] ) ? Messages::note( $domain['note'] ) : array(
				'text'   => '',
				'remedy' => '',
			);
			$source = (string) ( $domain['source'] ?? '' );
			$alias  = (string) ( $domain['alias'] ?? '' );
			$cert   = (string) ( $domain['certificate'] ?? '' );
			$rows[] = array(
				'domain'      => (string) $name,
				'source'      => $words ? Messages::source( $source ) : $source,
				'alias'       => $words ? Messages::alias( $alias, $planned ) : $alias,
				'dns'         => $words ? Messages::dns( $domain['dns'] ?? null ) : (string) ( $domain['dns']['verdict'] ?? '' ),
				'certificate' => $words ? Messages::certificate( $cert ) : $cert,
				'note'        => $note['text'],
				'remedy'      => $note['remedy'],
			);
		}
		return $rows;
	}
}
