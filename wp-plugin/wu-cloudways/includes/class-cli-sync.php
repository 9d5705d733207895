<?php
/**
 * The commands `plan` and `sync`.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;

defined( 'ABSPATH' ) || exit;

/**
 * The commands that look at Cloudways and write there.
 */
final class CLI_Sync extends CLI_Report_Command {

	/** Seconds that one run may take at most; the next goes on where it stopped. */
	const SLICE = 60;

	/** Seconds that a run needs to be sure of one write. */
	const SHORTEST_SLICE = 20;

	/** Seconds that it makes sense to sit and wait for. An order that waits for its time can be hours away. */
	const LONGEST_PAUSE = 300;

	/** Seconds until the website is asked again, when it did not begin. */
	const PATIENCE = 5;

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

				return $this->end_with( $outcome, fn( array $report ) => $this->print_report( $report, $assoc_args ), $assoc_args );
			}
		);
	}

	/**
	 * A run after a decision: as `sync` does it, and what comes of it goes to standard error.
	 *
	 * @return int Exit code.
	 */
	public function follow(): int {
		return $this->end_with(
			$this->run_in_slices( array( 'trigger' => 'cli' ), microtime( true ) + self::LONGEST_PAUSE, true ),
			function ( array $report ): void {
				$this->say( Messages::headline( $report ) . ( 'pending' === $report['status'] && isset( $report['next_at'] ) ? "\n" . self::goes_on( $report ) : '' ) );
			},
			array()
		);
	}

	/**
	 * Says what came of a run.
	 *
	 * @param array    $outcome    See Runner.
	 * @param callable $print      Prints a report.
	 * @param array    $assoc_args Options of the command.
	 * @return int Exit code.
	 */
	private function end_with( array $outcome, callable $print, array $assoc_args ): int {
		$report = $outcome['report'];

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
		$print( $report );
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
				// A word that is not known here is none of the good ones: something is left.
				return (int) ( $outcome['error']['exit_code'] ?? ( in_array( $report['status'], array( 'ok', 'changes_pending' ), true ) ? 0 : 3 ) );
		}
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
		$done = null;

		while ( true ) {
			$left    = $end - microtime( true );
			$outcome = Plugin::instance()->runner()->run( $options + array( 'deadline' => (int) max( self::SHORTEST_SLICE, min( self::SLICE, $left ) ) ) );

			// What a person accepted was for the first run that began; the engine remembers what is left of it. A run that
			// did not begin is tried again for exactly that plan.
			$accepted = ! empty( $options['force'] );
			if ( $outcome['report'] ) {
				unset( $options['fingerprint'], $options['force'] );
			}

			if ( 'handed_over' === $outcome['outcome'] && 'um' !== ( $outcome['handed_to'] ?? '' ) ) {
				return $this->wait_for_other_process( $outcome, $end, $wait, $accepted );
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
	 * The extension is in the other process only, which was told to run. Other runs come and go meanwhile, for events and
	 * alarms: what counts is the one that took up this request, and those that go on with it.
	 *
	 * @param array $outcome What Runner::run() gave back.
	 * @param float $end     When to stop, as microtime( true ) counts.
	 * @param bool  $wait    Whether to wait at all.
	 * @param bool  $force   A person accepted what is withheld.
	 */
	private function wait_for_other_process( array $outcome, float $end, bool $wait, bool $force ): array {
		$plugin = Plugin::instance();
		$loaded = $plugin->environment()->extension()['loaded'];

		$this->say( $loaded ? __( 'The extension on the command line does not fit this plugin: the website was asked to run.', 'wu-cloudways' ) : __( 'The extension is not loaded on the command line: the website was asked to run.', 'wu-cloudways' ) );

		$store             = $plugin->store();
		$asked             = time();
		$request           = (string) ( $outcome['request'] ?? '' );
		$outcome['report'] = null;
		$first             = null;

		while ( $wait && microtime( true ) + 1 < $end ) {
			sleep( 1 );
			$first = $first ?? $store->run_of_request( $request );
			if ( null === $first && time() >= $asked + self::PATIENCE && ! Plugin::instance()->lock()->is_held() ) {
				// Another run was at work when the website was asked, and it let this request lie.
				$asked = time();
				$plugin->wake()->send( true );
			}
			$run   = null === $first ? null : $store->last_run();
			if ( null === $run || $run['id'] < $first || null === $run['finished_at'] ) {
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
		// What was accepted now must not be taken up by some later run, when there may be other things to decide. It cannot be
		// taken back once a run has it.
		if ( $wait && $force && $store->take_request( $request ) ) {
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
		foreach ( Messages::notes_of( (array) $report ) as $note ) {
			if ( 'certificate_withheld' === ( $note['code'] ?? '' ) ) {
				$this->say( Messages::note( $note )['text'] );
			}
		}
		return $this->asked();
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
}
