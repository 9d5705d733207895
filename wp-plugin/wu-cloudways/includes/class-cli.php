<?php
/**
 * The commands.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;
use WP_CLI\Formatter;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps the domains of the network and the Cloudways application in step.
 *
 * Results go to standard output, messages to standard error.
 *
 * ## EXIT CODES
 *
 *     0   done, or nothing to do
 *     2   changes are pending (plan --expect-no-changes)
 *     3   done in part: something is withheld, blocked or failed
 *     4   pending: it goes on by itself, in seconds or when an order's time has come
 *     10  the settings are not valid
 *     11  refused: another plan, or a copy of the site; a person decides
 *     12  Cloudways refuses the credentials, or the token's role
 *     13  too many requests
 *     14  busy with another run or operation
 *     15  Cloudways refused a request
 *     16  the Cloudways API cannot be reached
 *     17  its answer cannot be understood
 *     20  the PHP extension is missing, or too old
 *     70  internal error, or the database did not answer
 */
final class CLI {

	/** Columns of a domain. */
	const FIELDS = array( 'domain', 'source', 'alias', 'dns', 'certificate', 'note', 'remedy' );

	/** With more domains than this, the report shows those that need attention. */
	const TABLE_ROWS = 200;

	/** Seconds that one run may take at most; the next goes on where it stopped. */
	const SLICE = 60;

	/** Seconds that a run needs to be sure of one write. */
	const SHORTEST_SLICE = 20;

	/** Seconds that it makes sense to sit and wait for. An order that waits for its time can be hours away. */
	const LONGEST_PAUSE = 300;

	/** Adds the command. */
	public static function hook(): void {
		WP_CLI::add_command( 'wu-cloudways', self::class );
	}

	/**
	 * Shows what a sync would do now. Nothing is written, here or at Cloudways.
	 *
	 * ## OPTIONS
	 *
	 * [--expect-no-changes]
	 * : End with exit code 2 when there is something to do.
	 *
	 * [--timeout=<seconds>]
	 * : How long it may take at most.
	 * ---
	 * default: 60
	 * ---
	 *
	 * [--format=<format>]
	 * : table is a report for people. json and yaml are the whole plan, csv its domains.
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
	 * : Only the status: ok or changes_pending.
	 *
	 * ## EXAMPLES
	 *
	 *     # What would be done?
	 *     $ wp wu-cloudways plan
	 *
	 *     # In a deployment: stop when Cloudways is not in step.
	 *     $ wp wu-cloudways plan --expect-no-changes --porcelain
	 *     ok
	 *
	 *     # Which names would be added?
	 *     $ wp wu-cloudways plan --format=json | jq -r '.aliases.added[]'
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options.
	 */
	public function plan( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $assoc_args ) {
				$timeout = $this->seconds( $assoc_args, 60 );
				$outcome = Plugin::instance()->runner()->plan( array( 'deadline' => max( 1, min( self::SLICE, $timeout ) ) ) );

				if ( 'done' !== $outcome['outcome'] || null === $outcome['report'] ) {
					return $this->failed( $outcome );
				}
				$this->print_report( $outcome['report'], $assoc_args );

				$changes = 'changes_pending' === $outcome['report']['status'];
				return $changes && WP_CLI\Utils\get_flag_value( $assoc_args, 'expect-no-changes', false ) ? 2 : 0;
			}
		);
	}

	/**
	 * Brings the alias list and the certificate at Cloudways in step with the network.
	 *
	 * Goes on in slices until nothing is pending or the time is over; what is
	 * pending then is taken up again by the site's own jobs. What is more than
	 * five minutes away, such as the next order of a certificate, is not waited
	 * for: it ends with exit code 4 and says until when, and why.
	 *
	 * ## OPTIONS
	 *
	 * [--force]
	 * : Accept what is withheld, such as the removal of many aliases at once. Shows the plan and asks first.
	 *
	 * [--yes]
	 * : With --force: do not ask.
	 *
	 * [--confirm-site]
	 * : Say that this is the original site, which has moved, and not a copy of it. Then sync.
	 *
	 * [--timeout=<seconds>]
	 * : How long to go on at most.
	 * ---
	 * default: 300
	 * ---
	 *
	 * [--[no-]wait]
	 * : With --no-wait, one run only: ends with exit code 4 when something is pending then.
	 *
	 * [--format=<format>]
	 * : table is a report for people. json and yaml are the whole report, csv its domains.
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
	 * : Only the status: ok, partial, pending, or with a dry run changes_pending.
	 *
	 * ## EXAMPLES
	 *
	 *     # Sync, and wait for the certificate.
	 *     $ wp wu-cloudways sync
	 *
	 *     # Start it and go away.
	 *     $ wp wu-cloudways sync --no-wait --porcelain
	 *     pending
	 *
	 *     # Many mappings ended on purpose: remove their aliases.
	 *     $ wp wu-cloudways sync --force
	 *
	 *     # The extension is not in the command line's php.ini.
	 *     $ php -d extension=/path/to/wu_cloudways.so /usr/local/bin/wp wu-cloudways sync
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options.
	 */
	public function sync( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $assoc_args ) {
				$wait    = (bool) WP_CLI\Utils\get_flag_value( $assoc_args, 'wait', true );
				$end     = microtime( true ) + $this->seconds( $assoc_args, 300 );
				$options = array( 'trigger' => 'cli' );

				if ( WP_CLI\Utils\get_flag_value( $assoc_args, 'confirm-site', false ) ) {
					Plugin::instance()->clone_guard()->confirm();
				}
				if ( WP_CLI\Utils\get_flag_value( $assoc_args, 'force', false ) ) {
					$options['force'] = true;
					$yes              = WP_CLI\Utils\get_flag_value( $assoc_args, 'yes', false );

					if ( ! $yes && 'other_process' === Plugin::instance()->charge()->who() ) {
						// The plan cannot be made here, and the website cannot show it.
						if ( ! $this->confirmed_unseen() ) {
							$this->say( __( 'Nothing was done.', 'wu-cloudways' ) );
							return 11;
						}
					} elseif ( ! $yes ) {
						$plan = Plugin::instance()->runner()->plan( array( 'force' => true ) );
						if ( 'done' !== $plan['outcome'] || null === $plan['report'] ) {
							return $this->failed( $plan );
						}
						if ( 'changes_pending' === $plan['report']['status'] && ! $this->confirmed( $plan['report'] ) ) {
							$this->say( __( 'Nothing was done.', 'wu-cloudways' ) );
							return 11;
						}
						// What was shown is what is done, or nothing at all.
						$options['fingerprint'] = $plan['report']['plan']['fingerprint'];
					}
				}

				$outcome = $this->run_in_slices( $options, $end, $wait );
				$report  = $outcome['report'];

				if ( null === $report && 'handed_over' === $outcome['outcome'] && 'um' !== $outcome['handed_to'] ) {
					// Asked for, and not seen yet: that is all that is known here.
					$this->say( __( 'It has not ended yet. See later: wp wu-cloudways status', 'wu-cloudways' ) );
					if ( WP_CLI\Utils\get_flag_value( $assoc_args, 'porcelain', false ) ) {
						WP_CLI::line( 'pending' );
					}
					return 4;
				}
				if ( null === $report ) {
					return $this->failed( $outcome );
				}
				$this->print_report( $report, $assoc_args );
				if ( 'pending' === $report['status'] && isset( $report['next_at'] ) && ! self::is_for_people( $assoc_args ) ) {
					$this->say( self::goes_on( $report ) );
				}

				if ( $outcome['error'] && ( $outcome['error']['code'] ?? '' ) !== ( $report['error']['code'] ?? '' ) ) {
					// Done at Cloudways, and then something went wrong here: the report was not kept, for one.
					return $this->failed( $outcome );
				}
				switch ( $report['status'] ) {
					case 'pending':
						return 4;
					case 'partial':
						return 3;
					default:
						return (int) ( $outcome['error']['exit_code'] ?? 0 );
				}
			}
		);
	}

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
	 * Asks Cloudways whether the credentials, the server and the application are right.
	 *
	 * Reads only. Whether the token may write shows itself at the first write.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : How to print what was found.
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
	 * : Only these facts.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways test
	 *     Success: Cloudways accepts the settings.
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options.
	 */
	public function test( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $assoc_args ) {
				$outcome = Plugin::instance()->runner()->test();

				if ( ! $outcome['ok'] ) {
					$this->print_error( $outcome['error'] );
					return (int) $outcome['error']['exit_code'];
				}
				$this->say( __( 'Cloudways accepts the settings.', 'wu-cloudways' ), 'success' );

				$facts  = $outcome['result'];
				$format = $assoc_args['format'] ?? 'table';
				if ( isset( $assoc_args['fields'] ) ) {
					$facts = array_intersect_key( $facts, array_flip( array_map( 'trim', explode( ',', $assoc_args['fields'] ) ) ) );
				}
				if ( in_array( $format, array( 'json', 'yaml' ), true ) ) {
					$this->print_data( $facts, $format );
					return 0;
				}
				$rows = array();
				foreach ( Messages::connection( $facts ) as $label => $value ) {
					$rows[] = array(
						'fact'  => $label,
						'value' => $value,
					);
				}
				if ( 'csv' === $format ) {
					WP_CLI\Utils\format_items( 'csv', $rows, array( 'fact', 'value' ) );
					return 0;
				}
				foreach ( $rows as $row ) {
					$this->fact( $row['fact'], $row['value'] );
				}
				return 0;
			}
		);
	}

	/**
	 * Runs until nothing is pending, or the time is over.
	 *
	 * @param array $options For Runner::run().
	 * @param float $end     When to stop, as microtime( true ) counts.
	 * @param bool  $wait    Whether to go on after the first run at all.
	 * @return array The last outcome; see Runner.
	 */
	private function run_in_slices( array $options, float $end, bool $wait ): array {
		$began = time();
		$done  = null;

		while ( true ) {
			$left    = $end - microtime( true );
			$outcome = Plugin::instance()->runner()->run( $options + array( 'deadline' => (int) max( self::SHORTEST_SLICE, min( self::SLICE, $left ) ) ) );
			// The plan that a person saw was for the first run.
			unset( $options['fingerprint'] );

			if ( 'handed_over' === $outcome['outcome'] && 'um' !== ( $outcome['handed_to'] ?? '' ) ) {
				return $this->wait_for_other_process( $outcome, $began, $end, $wait, ! empty( $options['force'] ) );
			}

			if ( $outcome['report'] ) {
				$outcome['report'] = self::together( $done, $outcome['report'] );
				$done              = $outcome['report'];
			}
			$report  = $outcome['report'];
			$pending = $report && 'pending' === $report['status'];
			$error   = $outcome['error'];
			$pause   = null;

			if ( $pending ) {
				$pause = max( 1, (int) ( $report['next_at'] ?? time() ) - time() );
			} elseif ( 'locked' === $outcome['outcome'] ) {
				$pause = 2;
			} elseif ( ! $report && isset( $error['retry_after'] ) ) {
				$pause = max( 1, (int) $error['retry_after'] );
			}

			if ( null === $pause || ! $wait || microtime( true ) + $pause > $end || ( $pending && $pause > self::LONGEST_PAUSE ) ) {
				return $outcome;
			}
			$this->say_why_it_waits( $outcome, $pause );
			sleep( $pause );
		}
	}

	/**
	 * Two slices in one report: how things stand now, and what was done in both.
	 *
	 * @param array|null $before Report of the slices before.
	 * @param array      $now    Report of the last slice.
	 */
	private static function together( ?array $before, array $now ): array {
		if ( null === $before ) {
			return $now;
		}
		foreach ( array( 'added', 'removed' ) as $what ) {
			if ( is_array( $before['aliases'][ $what ] ?? null ) && is_array( $now['aliases'][ $what ] ?? null ) ) {
				$now['aliases'][ $what ] = array_values( array_unique( array_merge( $before['aliases'][ $what ], $now['aliases'][ $what ] ) ) );
			}
		}
		$now['aliases']['sent']        = $now['aliases']['sent'] ?? $before['aliases']['sent'] ?? null;
		$now['certificate']['ordered'] = $now['certificate']['ordered'] ?? $before['certificate']['ordered'] ?? null;
		$now['requests']               = ( $before['requests'] ?? 0 ) + ( $now['requests'] ?? 0 );
		$now['elapsed_ms']             = ( $before['elapsed_ms'] ?? 0 ) + ( $now['elapsed_ms'] ?? 0 );
		return $now;
	}

	/**
	 * The extension is in the other process only, which was told to run.
	 *
	 * @param array $outcome What Runner::run() gave back.
	 * @param int   $began   When this command began, unix time.
	 * @param float $end     When to stop, as microtime( true ) counts.
	 * @param bool  $wait    Whether to wait at all.
	 * @param bool  $force   A person accepted what is withheld.
	 */
	private function wait_for_other_process( array $outcome, int $began, float $end, bool $wait, bool $force ): array {
		$this->say( __( 'The extension is not loaded on the command line: the website was asked to run.', 'wu-cloudways' ) );

		$store             = Plugin::instance()->store();
		$outcome['report'] = null;

		while ( $wait && microtime( true ) + 1 < $end ) {
			sleep( 1 );
			$run = $store->last_run();
			if ( ! $run || $run['started_at'] < $began || null === $run['finished_at'] ) {
				continue;
			}
			if ( in_array( $run['status'], array( 'failed', 'refused', 'interrupted' ), true ) ) {
				$outcome['outcome'] = 'failed';
				$outcome['report']  = null;
				$outcome['error']   = array(
					'code'      => (string) $run['code'],
					'message'   => (string) $run['message'],
					'remedy'    => (string) $run['remedy'],
					'details'   => $run['details'],
					'exit_code' => Runner::EXIT_CODES[ (string) $run['code'] ] ?? 70,
				);
				return $outcome;
			}
			$outcome['report'] = $store->last_report();
			if ( 'pending' !== $run['status'] || (int) ( $outcome['report']['next_at'] ?? 0 ) > min( $end, time() + self::LONGEST_PAUSE ) ) {
				return $outcome;
			}
		}
		if ( $wait && $force && ! empty( $store->request()['force'] ) ) {
			// What was accepted now must not be taken up by some later run, when there may be other things to decide.
			$store->forget( 'request' );
			$outcome['outcome'] = 'failed';
			$outcome['error']   = array(
				'code'      => 'web_silent',
				'message'   => 'The website was asked to run and did not begin.',
				'remedy'    => '',
				'exit_code' => 20,
			);
		}
		return $outcome;
	}

	/** An outcome without a report: says why, and gives its exit code. */
	private function failed( array $outcome ): int {
		if ( 'um' === ( $outcome['handed_to'] ?? '' ) ) {
			$this->say( __( 'Until the extension is loaded, Ultimate Multisite’s own module stays in charge.', 'wu-cloudways' ) );
		}
		if ( 'handed_over' === $outcome['outcome'] && null === $outcome['error'] ) {
			$outcome['error'] = array(
				'code'      => 'extension_missing',
				'message'   => 'The PHP extension wu_cloudways is not loaded in this process.',
				'remedy'    => '',
				'exit_code' => 20,
			);
		}
		if ( null === $outcome['error'] ) {
			$this->say( Messages::status( (string) $outcome['outcome'] ), 'error' );
			return 'locked' === $outcome['outcome'] ? 14 : 70;
		}
		$this->print_error( $outcome['error'] );
		return (int) ( $outcome['error']['exit_code'] ?? Runner::EXIT_CODES[ (string) $outcome['error']['code'] ] ?? 70 );
	}

	/** Shows what --force would do and asks. */
	private function confirmed( array $plan ): bool {
		$this->say( Messages::headline( $plan ) );
		foreach ( array( 'removed', 'added' ) as $what ) {
			foreach ( is_array( $plan['aliases'][ $what ] ?? null ) ? $plan['aliases'][ $what ] : array() as $name ) {
				$this->say( ( 'removed' === $what ? '  - ' : '  + ' ) . $name );
			}
		}
		return $this->asked();
	}

	/** Shows what the last run withheld, where the plan itself cannot be shown, and asks. */
	private function confirmed_unseen(): bool {
		$store    = Plugin::instance()->store();
		$report   = $store->last_summary();
		$withheld = is_array( $report['aliases']['withheld'] ?? null ) ? $report['aliases']['withheld'] : array();

		$this->say( __( 'The extension is not loaded here, so the plan cannot be shown: everything that is withheld when the website runs will be accepted.', 'wu-cloudways' ) );
		if ( null !== $report ) {
			$when = Messages::time_and_distance( (int) $store->reported_run()['finished_at'] );
			/* translators: %s: a time, and how long ago that is. */
			$this->say( sprintf( $withheld ? __( 'The run of %s withheld these removals:', 'wu-cloudways' ) : __( 'The run of %s withheld no removal.', 'wu-cloudways' ), $when ) );
		}
		foreach ( $withheld as $name ) {
			$this->say( '  - ' . $name );
		}
		foreach ( array_filter( array_merge( array( $report['certificate']['note'] ?? null ), $report['warnings'] ?? array() ) ) as $note ) {
			if ( 'certificate_withheld' === ( $note['code'] ?? '' ) ) {
				$this->say( Messages::note( $note )['text'] );
			}
		}
		return $this->asked();
	}

	/** Waits for a yes. */
	private function asked(): bool {
		fwrite( STDERR, __( 'Do it? [y/n]', 'wu-cloudways' ) . ' ' );
		$answer = fgets( STDIN );
		if ( false === $answer ) {
			$this->say( __( 'Nobody answered; without a terminal, add --yes.', 'wu-cloudways' ), 'error' );
			return false;
		}
		/* translators: the letter that means yes; y is always accepted too. */
		$yes = _x( 'y', 'answer', 'wu-cloudways' );
		return in_array( strtolower( trim( $answer ) ), array( 'y', 'yes', $yes ), true );
	}

	/** Between two slices: what it waits for. */
	private function say_why_it_waits( array $outcome, int $pause ): void {
		$operation = $outcome['report']['operation']['id'] ?? null;
		if ( 'locked' === $outcome['outcome'] ) {
			$why = __( 'Another run is at work', 'wu-cloudways' );
		} elseif ( null !== $operation ) {
			/* translators: %s: the id of an operation at Cloudways. */
			$why = sprintf( __( 'Operation %s is running at Cloudways', 'wu-cloudways' ), $operation );
		} elseif ( $outcome['report'] ) {
			$why = Messages::headline( $outcome['report'] );
		} else {
			$why = Messages::error( $outcome['error'] )['text'];
		}
		/* translators: 1: why, 2: number of seconds. */
		$this->say( sprintf( __( '%1$s; going on in %2$d s.', 'wu-cloudways' ), rtrim( $why, '.' ), $pause ) );
	}

	/** Whether the report is printed for people, and so says everything itself. */
	private static function is_for_people( array $assoc_args ): bool {
		return 'table' === ( $assoc_args['format'] ?? 'table' ) && ! isset( $assoc_args['fields'] ) && ! WP_CLI\Utils\get_flag_value( $assoc_args, 'porcelain', false );
	}

	/**
	 * A report in the format that was asked for.
	 *
	 * @param array $report     A report.
	 * @param array $assoc_args Options of the command.
	 * @param array $more       due: when the next run is, where that is known; origin: whose report it is, where that
	 *                          has to be said; is_old: it is of an earlier run than the last.
	 */
	private function print_report( array $report, array $assoc_args, array $more = array() ): void {
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
	private static function goes_on( array $report, int $due = 0 ): string {
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
	private function print_aliases( array $aliases, bool $planned ): void {
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
	private function print_certificate( array $certificate ): void {
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
	private function print_domains( array $domains, bool $planned ): void {
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

		// Not WP-CLI's table: that one breaks words in the middle, and loses its columns in a pipe.
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
			$widths = array();
			foreach ( $lines as $line ) {
				foreach ( $line as $column => $text ) {
					$widths[ $column ] = max( $widths[ $column ] ?? 0, mb_strwidth( $text ) );
				}
			}
			foreach ( $lines as $number => $line ) {
				foreach ( $line as $column => $text ) {
					$line[ $column ] = $text . str_repeat( ' ', $widths[ $column ] - mb_strwidth( $text ) );
				}
				WP_CLI::line( rtrim( implode( '   ', $line ) ) );
				if ( 0 === $number ) {
					WP_CLI::line( str_repeat( '-', array_sum( $widths ) + 3 * ( count( $widths ) - 1 ) ) );
				}
			}
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
	private function print_attention( array $report, bool $is_old ): void {
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
		foreach ( $items as $item ) {
			WP_CLI::line( '- ' . $item['text'] );
			if ( '' !== $item['remedy'] ) {
				WP_CLI::line( '  ' . $item['remedy'] );
			}
		}
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

	/** @param list<array> $problems Environment::problems(). */
	private function print_problems( array $problems ): void {
		foreach ( $problems as $problem ) {
			$words = Messages::problem( $problem );
			$text  = trim( $words['text'] . ' ' . $words['remedy'] );
			foreach ( $words['steps'] as $number => $step ) {
				$text .= "\n  " . ( $number + 1 ) . '. ' . str_replace( "\n", "\n     ", $step );
			}
			$this->say( $text, 'error' === $problem['severity'] ? 'error' : 'warning' );
		}
	}

	/** @param array $error An error of an outcome or of a report. */
	private function print_error( array $error ): void {
		$words = Messages::error( $error );
		$text  = $words['text'];
		foreach ( $words['items'] as $item ) {
			$text .= "\n  - " . $item;
		}
		$this->say( $text . ( $words['remedy'] ? "\n" . $words['remedy'] : '' ), 'error' );
	}

	/**
	 * Domains as rows.
	 *
	 * @param array<string, array> $domains `domains` of a report.
	 * @param bool                 $words   Words for people; otherwise the report's own codes, which do not depend on the language.
	 * @param bool                 $planned Nothing was written.
	 * @return list<array<string, string>>
	 */
	private static function rows( array $domains, bool $words, bool $planned ): array {
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

	/** A label and a value in two columns. */
	private function fact( string $label, string $value ): void {
		WP_CLI::line( $label . str_repeat( ' ', max( 1, 22 - mb_strwidth( $label ) ) ) . $value );
	}

	/** Colours a line by a report's status; without a terminal it stays plain. */
	private static function color( string $status, string $text ): string {
		$colors = array(
			'ok'              => '%G',
			'pending'         => '%C',
			'changes_pending' => '%C',
			'partial'         => '%Y',
		);
		return WP_CLI::colorize( ( $colors[ $status ] ?? '%B' ) . str_replace( '%', '%%', $text ) . '%n' );
	}

	/** A value as JSON or YAML. */
	private function print_data( array $data, string $format ): void {
		if ( 'json' === $format ) {
			WP_CLI::line( (string) wp_json_encode( $data, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) );
			return;
		}
		// The YAML writer inside WP-CLI 2.12 is older than PHP 8.1, which deprecates how it writes null.
		$level = error_reporting( error_reporting() & ~E_DEPRECATED );
		WP_CLI::print_value( $data, array( 'format' => $format ) );
		error_reporting( $level );
	}

	/**
	 * A message, on standard error: standard output is for results.
	 *
	 * @param string $text Plain text.
	 * @param string $kind '', success, warning or error.
	 */
	private function say( string $text, string $kind = '' ): void {
		if ( WP_CLI::get_config( 'quiet' ) && 'error' !== $kind ) {
			return;
		}
		switch ( $kind ) {
			case 'error':
				WP_CLI::error( $text, false );
				break;
			case 'warning':
				WP_CLI::warning( $text );
				break;
			default:
				fwrite( STDERR, ( 'success' === $kind ? WP_CLI::colorize( '%G' . __( 'Success:', 'wu-cloudways' ) . '%n ' ) : '' ) . $text . "\n" );
		}
	}

	/** --timeout in whole seconds. */
	private function seconds( array $assoc_args, int $usual ): int {
		$value = $assoc_args['timeout'] ?? $usual;
		if ( ! is_numeric( $value ) || (int) $value < 1 ) {
			WP_CLI::error( __( '--timeout is a number of seconds, 1 or more.', 'wu-cloudways' ) );
		}
		return (int) $value;
	}

	/** Runs a command and ends with its exit code, whatever happens. */
	private function guarded( callable $command ): void {
		try {
			$code = $command();
		} catch ( WP_CLI\ExitException $exit ) {
			throw $exit;
		} catch ( Store_Exception $failure ) {
			$this->print_error(
				array(
					'code'    => 'storage',
					'message' => $failure->getMessage(),
					'remedy'  => '',
				)
			);
			$code = 70;
		} catch ( \Throwable $failure ) {
			$this->print_error(
				array(
					'code'    => 'internal',
					'message' => get_class( $failure ) . ': ' . $failure->getMessage(),
					'remedy'  => '',
				)
			);
			$code = 70;
		}
		if ( $code ) {
			WP_CLI::halt( $code );
		}
	}
}
