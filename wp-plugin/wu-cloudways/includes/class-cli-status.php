<?php
/**
 * The commands `status` and `history`.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;

defined( 'ABSPATH' ) || exit;

/**
 * The commands that say what was. They ask nothing outside.
 */
final class CLI_Status extends CLI_Report_Command {

	/** Columns of a run. */
	const RUN_FIELDS = array( 'id', 'started_at', 'finished_at', 'trigger', 'where', 'status', 'added', 'removed', 'code', 'error' );

	/**
	 * Shows what the last run found and did, and when the next one is. Asks nothing outside.
	 *
	 * When the last run failed, that comes first (on standard error where the
	 * format is not table), and what follows is from an earlier run, whose time
	 * is named. The exit code is 0 all the same: the command itself did its work.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table is a report for people. json and yaml are everything, csv the domains.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 * ---
	 *
	 * [--fields=<fields>]
	 * : Only the domains, with these columns: domain, source, alias, dns, certificate, note, remedy.
	 *
	 * [--porcelain]
	 * : Only the status of the last run, or never.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways status
	 *
	 *     # Which domains do not point here?
	 *     $ wp wu-cloudways status --fields=domain,dns --format=csv | grep -v ',here$'
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options.
	 */
	public function status( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $assoc_args ) {
				$plugin    = Plugin::instance();
				$store     = $plugin->store();
				$problems  = $plugin->environment()->problems();
				$ready     = $store->installed();
				$standing  = $ready ? Standing::now() : null;
				$report    = $ready ? $store->last_report() : null;
				$due       = $ready ? $store->due_at() : null;
				$dirty     = $ready ? $store->dirty() : 0;
				$paused    = $ready ? $store->paused() : null;
				$run       = $standing['run'] ?? null;
				$trouble   = $standing['trouble'] ?? null;
				$origin    = $standing ? Messages::origin( $standing ) : '';
				$porcelain = WP_CLI\Utils\get_flag_value( $assoc_args, 'porcelain', false );
				$format    = $assoc_args['format'] ?? 'table';
				$is_data   = ! isset( $assoc_args['fields'] ) && in_array( $format, array( 'json', 'yaml' ), true );
				$is_table  = ! isset( $assoc_args['fields'] ) && 'table' === $format && ! $porcelain;

				if ( $trouble ) {
					$this->print_trouble( $trouble, $is_table ? '' : $origin, $is_table );
				}
				$this->print_problems( Standing::unsaid( $problems, $trouble ) );
				if ( $paused ) {
					$this->say( Doctor::paused_text( $paused ) . ' ' . __( 'To go on: wp wu-cloudways resume', 'wu-cloudways' ), 'warning' );
				}

				if ( $porcelain ) {
					WP_CLI::line( (string) ( $run['status'] ?? 'never' ) );
					return 0;
				}
				if ( $is_data ) {
					$this->print_data(
						array(
							'problems'   => $problems,
							'last_run'   => $run,
							'due_at'     => $due,
							'dirty'      => $dirty,
							'paused'     => $paused,
							'report_run' => $standing['reported']['id'] ?? null,
							'report'     => $report,
						),
						$format
					);
					return 0;
				}
				if ( $is_table && $ready ) {
					$this->print_run( $run, $due, $dirty );
				}
				if ( null !== $report ) {
					if ( $trouble && ! $standing['is_old'] ) {
						// It is the report of that very run, and was said above.
						$report['error'] = null;
					}
					$this->print_report(
						$report,
						$assoc_args,
						array(
							'due'    => $due,
							'origin' => $origin,
							'is_old' => $standing['is_old'],
						)
					);
				}
				return 0;
			}
		);
	}

	/**
	 * Shows the last runs, the newest first.
	 *
	 * ## OPTIONS
	 *
	 * [--limit=<number>]
	 * : How many at most. Twenty are kept.
	 * ---
	 * default: 20
	 * ---
	 *
	 * [--format=<format>]
	 * : table has words for people; the others have the plugin's own words, and times in UTC.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 * ---
	 *
	 * [--fields=<fields>]
	 * : Only these columns: id, started_at, finished_at, trigger, where, status, added, removed, code, error.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways history --limit=3
	 *
	 *     # Which runs failed, and why?
	 *     $ wp wu-cloudways history --format=json | jq -r '.[] | select(.code != null) | "\(.started_at) \(.error)"'
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options.
	 */
	public function history( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $assoc_args ) {
				$limit = $this->number( $assoc_args, 'limit', Store::KEPT_RUNS );
				$runs  = self::runs( $limit );

				if ( ! self::is_for_people( $assoc_args ) ) {
					$this->print_rows( array_map( array( self::class, 'run_as_row' ), $runs ), self::RUN_FIELDS, $assoc_args );
					return 0;
				}
				if ( ! $runs ) {
					WP_CLI::line( __( 'There was no run yet. Start one with: wp wu-cloudways sync', 'wu-cloudways' ) );
					return 0;
				}
				$lines = array(
					array(
						_x( 'Begun', 'run', 'wu-cloudways' ),
						__( 'Started by', 'wu-cloudways' ),
						__( 'Where', 'wu-cloudways' ),
						__( 'Outcome', 'wu-cloudways' ),
						_x( 'Added', 'number of aliases', 'wu-cloudways' ),
						_x( 'Removed', 'number of aliases', 'wu-cloudways' ),
						__( 'Error', 'wu-cloudways' ),
					),
				);
				foreach ( $runs as $run ) {
					$lines[] = array(
						Messages::time_and_distance( $run['started_at'] ),
						self::trigger( (string) $run['trigger'] ),
						'cli' === $run['context'] ? __( 'command line', 'wu-cloudways' ) : __( 'website', 'wu-cloudways' ),
						Messages::outcome( $run ),
						number_format_i18n( $run['added'] ),
						number_format_i18n( $run['removed'] ),
						null === $run['code'] ? '' : Messages::error( $run )['text'],
					);
				}
				$this->print_columns( $lines );
				return 0;
			}
		);
	}

	/**
	 * The last runs. One that counts as running, and is not at work, never came back.
	 *
	 * @param int $limit How many at most.
	 * @return list<array> As Store::runs().
	 */
	private static function runs( int $limit ): array {
		$runs   = Plugin::instance()->store()->runs( $limit );
		$newest = Standing::now()['run'];

		foreach ( $runs as $number => $run ) {
			if ( 'running' === $run['status'] ) {
				$runs[ $number ]['status'] = $run['id'] === $newest['id'] ? $newest['status'] : 'interrupted';
			}
		}
		return $runs;
	}

	/**
	 * A run for a program.
	 *
	 * @param array $run As Store::runs() gives it.
	 * @return array<string, int|string|null>
	 */
	private static function run_as_row( array $run ): array {
		return array(
			'id'          => $run['id'],
			'started_at'  => gmdate( 'c', $run['started_at'] ),
			'finished_at' => null === $run['finished_at'] ? null : gmdate( 'c', $run['finished_at'] ),
			'trigger'     => $run['trigger'],
			'where'       => $run['context'],
			'status'      => $run['status'],
			'added'       => $run['added'],
			'removed'     => $run['removed'],
			'code'        => $run['code'],
			'error'       => null === $run['code'] ? null : Messages::error( $run )['text'],
		);
	}

	/**
	 * What started a run, in words.
	 *
	 * @param string $trigger See Runner::run().
	 */
	private static function trigger( string $trigger ): string {
		$words = array(
			'event'     => __( 'a change of a domain', 'wu-cloudways' ),
			'reconcile' => __( 'the hourly look', 'wu-cloudways' ),
			'retry'     => __( 'another try', 'wu-cloudways' ),
			'page'      => __( 'the Cloudways page', 'wu-cloudways' ),
			'cli'       => __( 'a command', 'wu-cloudways' ),
			'wake'      => __( 'a request of the other process', 'wu-cloudways' ),
		);
		return $words[ $trigger ] ?? $trigger;
	}

	/** When the last run was and when the next is. */
	private function print_run( ?array $run, ?int $due, int $dirty ): void {
		if ( null === $run ) {
			WP_CLI::line( __( 'There was no run yet. Start one with: wp wu-cloudways sync', 'wu-cloudways' ) );
		} else {
			$this->fact( __( 'Last run', 'wu-cloudways' ), Messages::time_and_distance( (int) ( $run['finished_at'] ?? $run['started_at'] ) ) . ', ' . Messages::outcome( $run ) );
		}
		if ( null !== $due ) {
			$this->fact( __( 'Next run', 'wu-cloudways' ), Messages::time_and_distance( $due ) );
		}
		if ( $dirty ) {
			/* translators: %s: number of changes. */
			$this->fact( __( 'Waiting', 'wu-cloudways' ), sprintf( _n( '%s change', '%s changes', $dirty, 'wu-cloudways' ), number_format_i18n( $dirty ) ) );
		}
		WP_CLI::line( '' );
	}

	/**
	 * That the last run did not end well, why, and what to do.
	 *
	 * @param array  $run      `trouble` of Standing::now().
	 * @param string $origin   Whose report follows, where that is to be said here.
	 * @param bool   $is_table It is part of what was asked for; otherwise it goes to standard error.
	 */
	private function print_trouble( array $run, string $origin, bool $is_table ): void {
		$words = Messages::trouble( $run );
		$lines = array();
		foreach ( $words['items'] as $item ) {
			$lines[] = '  - ' . $item;
		}
		$lines = array_filter( array_merge( $lines, array( $words['remedy'], $origin ) ), 'strlen' );

		if ( ! $is_table ) {
			$this->say( implode( "\n", array_merge( array( $words['text'] ), $lines ) ), 'error' );
			return;
		}
		WP_CLI::line( WP_CLI::colorize( '%R' . str_replace( '%', '%%', $words['text'] ) . '%n' ) );
		foreach ( $lines as $line ) {
			WP_CLI::line( $line );
		}
		WP_CLI::line( '' );
	}
}
