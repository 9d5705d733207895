<?php
/**
 * Calls the extension, and keeps what comes back.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * An outcome is
 *
 *     array{
 *         outcome:   'done'|'skipped'|'locked'|'refused'|'failed'|'handed_over',
 *         report:    ?array,   the report, when the engine gave one (also with 'failed', when it stopped after its first write)
 *         error:     ?array{code: string, message: string, remedy: string, retry_after: ?int, exit_code: int, details: array, plan: ?array},
 *         run_id:    ?int,
 *         handed_to: ?('web'|'cli'|'um'),   with 'handed_over'
 *         request:   ?string,  likewise: the id of the request that was left for the other process; see Store
 *     }
 *
 * Error codes of the plugin itself, besides the engine's: integration_disabled, paused, clone, no_um,
 * um_not_set_up, wizard (11) · extension_missing, extension_old, extension_partial, extension_new, plugin_old (20) · storage (70, the database
 * did not answer) · internal (70). With 'locked', error.code is `locked` (14) and details is Lock::holder().
 */
final class Runner {

	const PAGE_DEADLINE = 20;
	const JOB_DEADLINE  = 60;

	/**
	 * Seconds without a further event before the list is read, and the longest wait for that: a burst that is still
	 * going on would cost a second run.
	 */
	const QUIET        = 1.0;
	const LONGEST_WAIT = 3.0;

	/**
	 * Runs after each other in one call, when events came in while it ran.
	 */
	const PASSES = 3;

	/**
	 * Classes that are first needed when the extension has answered.
	 */
	const NEEDED_AFTER = array( Alarms::class, Credentials::class, Events::class, Log::class, Mail::class, Messages::class, Scheduler::class, Standing::class, Store_Exception::class, UM_Checks::class );

	const EXIT_CODES = array(
		'config_invalid'       => 10,
		'plan_refused'         => 11,
		'integration_disabled' => 11,
		'paused'               => 11,
		'clone'                => 11,
		'no_um'                => 11,
		'um_not_set_up'        => 11,
		'wizard'               => 11,
		'auth_failed'          => 12,
		'scope_missing'        => 12,
		'rate_limited'         => 13,
		'busy'                 => 14,
		'locked'               => 14,
		'api_rejected'         => 15,
		'api_unavailable'      => 16,
		'api_protocol'         => 17,
		'extension_missing'    => 20,
		'extension_old'        => 20,
		'extension_partial'    => 20,
		'extension_new'        => 20,
		'plugin_old'           => 20,
	);

	/**
	 * Around us.
	 *
	 * @var Environment
	 */
	private $environment;

	/**
	 * The constants.
	 *
	 * @var Credentials
	 */
	private $credentials;

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * One at a time.
	 *
	 * @var Lock
	 */
	private $lock;

	/**
	 * The mapped domains.
	 *
	 * @var Domains
	 */
	private $domains;

	/**
	 * When it is next.
	 *
	 * @var Scheduler
	 */
	private $scheduler;

	/**
	 * Who answers.
	 *
	 * @var Charge
	 */
	private $charge;

	/**
	 * Whether this is a copy.
	 *
	 * @var Clone_Guard
	 */
	private $clone_guard;

	/**
	 * Asks the other process.
	 *
	 * @var Wake
	 */
	private $wake;

	/**
	 * The file that names behind a proxy are asked for.
	 *
	 * @var Probe
	 */
	private $probe;

	/**
	 * Tells what happened.
	 *
	 * @var Log
	 */
	private $log;

	/**
	 * Takes what it needs.
	 *
	 * @param Environment $environment Around us.
	 * @param Credentials $credentials The constants.
	 * @param Store       $store       The memory.
	 * @param Lock        $lock        One at a time.
	 * @param Domains     $domains     The mapped domains.
	 * @param Scheduler   $scheduler   When it is next.
	 * @param Charge      $charge      Who answers.
	 * @param Clone_Guard $clone_guard Whether this is a copy.
	 * @param Wake        $wake        Asks the other process.
	 * @param Probe       $probe       The file that names behind a proxy are asked for.
	 * @param Log         $log         Tells what happened.
	 */
	public function __construct( Environment $environment, Credentials $credentials, Store $store, Lock $lock, Domains $domains, Scheduler $scheduler, Charge $charge, Clone_Guard $clone_guard, Wake $wake, Probe $probe, Log $log ) {
		$this->environment = $environment;
		$this->credentials = $credentials;
		$this->store       = $store;
		$this->lock        = $lock;
		$this->domains     = $domains;
		$this->scheduler   = $scheduler;
		$this->charge      = $charge;
		$this->clone_guard = $clone_guard;
		$this->wake        = $wake;
		$this->probe       = $probe;
		$this->log         = $log;
	}

	/**
	 * The whole road, once; or once more when events came in meanwhile and there is time.
	 *
	 * @param array{trigger?: 'event'|'reconcile'|'retry'|'page'|'cli'|'wake', deadline?: int, force?: bool, fingerprint?: string, ignore_due?: bool} $args
	 *        trigger: 'cli' by default. deadline in seconds for the whole call: 20 in a page, 60 in a job and on the
	 *        command line. ignore_due: run although nothing changed and nothing is due; page and cli always do.
	 * @return array See the class.
	 */
	public function run( array $args = array() ): array {
		$args = $this->complete( $args );

		try {
			return $this->attempt( $args );
		} catch ( Store_Exception $error ) {
			return $this->storage_failed( $error );
		}
	}

	/**
	 * The same, and nothing is written, here or there.
	 *
	 * @param array{deadline?: int, force?: bool} $args As for run().
	 * @return array See the class; outcome 'done', 'failed' or 'refused'.
	 */
	public function plan( array $args = array() ): array {
		$args  = $this->complete( $args );
		$error = $this->extension_error() ?? $this->um_error();

		try {
			$error = $error ?? $this->newer_error() ?? $this->settings_error();

			if ( null !== $error ) {
				return self::outcome( 20 === $error['exit_code'] ? 'failed' : 'refused', array( 'error' => $error ) );
			}

			$removed = $this->store->removed();
			$domains = $this->domains->read();
			$options = $this->options( $args, $removed, $args['deadline'], $this->probe->current() );

			$this->credentials->define_missing_constants();
			$report = wu_cloudways_plan( $domains, $options );
			$error  = $this->unreadable_error( $report );

			if ( null !== $error ) {
				return self::outcome( 'failed', array( 'error' => $error ) );
			}
		} catch ( Store_Exception $error ) {
			return $this->storage_failed( $error );
		} catch ( \Throwable $error ) {
			return self::outcome( 'failed', array( 'error' => $this->describe( $error ) ) );
		}

		unset( $report['state'] );

		return self::outcome( 'done', array( 'report' => $report ) );
	}

	/**
	 * Asks Cloudways who we are there.
	 *
	 * @return array{ok: bool, result: ?array, error: ?array} error as in an outcome.
	 */
	public function test(): array {
		$error  = $this->extension_error();
		$result = null;

		if ( null === $error ) {
			try {
				$this->credentials->define_missing_constants();
				$result = wu_cloudways_test_connection( array( 'deadline' => self::PAGE_DEADLINE ) );
			} catch ( \Throwable $thrown ) {
				$error = $this->describe( $thrown );
			}
		}

		return array(
			'ok'     => null === $error,
			'result' => $result,
			'error'  => $error,
		);
	}

	/**
	 * Asks DNS about some names, and takes the answers into the domains of the last report.
	 *
	 * @param list<string> $names    Names.
	 * @param int          $deadline Seconds.
	 * @return array{result: ?array<string, array>, turned_right: list<string>, error: ?array} result: as
	 *         wu_cloudways_check_dns() gives it; turned_right: names that a certificate may now hold, and a run follows
	 *         for them; error: as in an outcome.
	 */
	public function check_dns( array $names, int $deadline = self::PAGE_DEADLINE ): array {
		$error  = $this->extension_error();
		$answer = array(
			'result'       => null,
			'turned_right' => array(),
			'error'        => $error,
		);

		if ( null !== $error ) {
			return $answer;
		}

		try {
			$probe   = $this->probe->current();
			$options = array( 'deadline' => $deadline );

			if ( null !== $probe ) {
				$options['probe'] = $probe;
			}

			$this->credentials->define_missing_constants();
			$answer['result'] = wu_cloudways_check_dns( array_map( 'strval', array_values( $names ) ), $options );

			$changed = $this->store->note_verdicts( $answer['result'] );

			$this->log->verdicts( $changed );

			foreach ( $changed as $name => $entries ) {
				if ( in_array( $entries['after']['dns']['verdict'], array( 'here', 'proxied' ), true ) && 'covered' !== ( $entries['after']['certificate'] ?? '' ) ) {
					$answer['turned_right'][] = (string) $name;
				}
			}

			if ( $answer['turned_right'] ) {
				$this->scheduler->wake_by( time() );
			}
		} catch ( Store_Exception $thrown ) {
			$answer['error'] = $this->storage_failed( $thrown )['error'];
		} catch ( \Throwable $thrown ) {
			$answer['error'] = $this->describe( $thrown );
		}

		return $answer;
	}

	/**
	 * A run, once everything that speaks against it was looked at.
	 *
	 * @param array $args Complete arguments.
	 * @return array See the class.
	 * @throws Store_Exception When the memory failed outside a run.
	 */
	private function attempt( array $args ): array {
		$pulse   = $this->pulse();
		$request = 'wake' === $args['trigger'] ? $this->store->request() : null;

		if ( null !== $request ) {
			// A person asked the other process, which has no extension. Without one here either, it stays where it is.
			$args = array_merge(
				$args,
				$request,
				array(
					'ignore_due' => true,
					'requested'  => $request['id'],
				)
			);
		}

		if ( ! $this->is_due( $args, $pulse ) ) {
			return $this->skip( $pulse );
		}

		$refused = $this->refused();

		if ( null !== $refused ) {
			return $refused;
		}

		$this->environment->remember_here();

		if ( ! $this->environment->extension()['compatible'] ) {
			return $this->hand_over( $args, $pulse );
		}

		$until   = microtime( true ) + $args['deadline'];
		$outcome = $this->locked_pass( $args, $args['deadline'] );

		for ( $pass = 2; $pass <= self::PASSES; $pass++ ) {
			$left = (int) floor( $until - microtime( true ) );

			try {
				$pulse = $this->store->pulse();

				// Again for what was counted meanwhile, and only with time to send a list and to see it there.
				if ( 'done' !== $outcome['outcome'] || isset( $args['fingerprint'] ) || $left < self::PAGE_DEADLINE || $pulse['dirty'] <= $pulse['tried'] ) {
					break;
				}

				// What a person accepted was what there was at the first pass.
				$next = $this->locked_pass( array( 'force' => false ) + $args, $left );
			} catch ( Store_Exception $error ) {
				// What was done is done; what was counted meanwhile stays counted.
				$this->log->trouble( $error );
				break;
			}

			// Somebody else does it, or it is not to be done any more.
			if ( in_array( $next['outcome'], array( 'locked', 'skipped' ), true ) || ( 'refused' === $next['outcome'] && null === $next['run_id'] ) ) {
				break;
			}

			$outcome = $next;
		}

		return $outcome;
	}

	/**
	 * The outcome where nothing may be written. Dirty stays counted; what was refused comes up again with the hourly look,
	 * or when the reason goes away.
	 *
	 * @return array|null Null when it may.
	 * @throws Store_Exception When the memory failed.
	 */
	private function refused(): ?array {
		$refusal = $this->refusal();

		if ( null === $refusal ) {
			return null;
		}

		$this->scheduler->wake_at( time() + ( 'wizard' === $refusal['code'] ? MINUTE_IN_SECONDS : Scheduler::RECONCILE ) );

		return self::outcome( 'refused', array( 'error' => $refusal ) );
	}

	/**
	 * One run inside the lock.
	 *
	 * @param array $args Complete arguments.
	 * @param int   $left Seconds.
	 * @return array See the class.
	 * @throws Store_Exception When the memory failed outside a run.
	 */
	private function locked_pass( array $args, int $left ): array {
		$token = $this->lock->acquire( $left + 60 );

		if ( null === $token ) {
			// Whoever has it looks at dirty again when it is done. Should it never be done, its lock runs out.
			$this->scheduler->wake_at( max( time() + Events::PATIENCE, $this->store->pulse()['hold'] ) );

			return self::outcome(
				'locked',
				array(
					'error' => $this->error( 'locked', 'Another run is going on.', 'Wait until it is done.', array( 'details' => (array) $this->lock->holder() ) ),
				)
			);
		}

		$limit = function_exists( 'set_time_limit' ) ? (int) ini_get( 'max_execution_time' ) : 0;

		try {
			// Somebody else may have done it all between the first look and the lock.
			$pulse = $this->store->pulse();

			if ( ! $this->is_due( $args, $pulse ) ) {
				return $this->skip( $pulse );
			}

			if ( $pulse['schema'] < Store::SCHEMA ) {
				$this->store->upgrade();
			}

			$before = microtime( true );

			if ( $args['deadline'] > self::PAGE_DEADLINE ) {
				$this->wait_for_quiet();
			}

			// Paused or switched off since the first look.
			$refused = $this->refused();

			if ( null !== $refused ) {
				return $refused;
			}

			if ( $limit > 0 ) {
				set_time_limit( max( $limit, $left + 120 ) ); // phpcs:ignore -- A job's own limit may be shorter than the run, and would end it between a write and its record.
			}

			return $this->pass( $token, $args, max( 1, (int) floor( $left - ( microtime( true ) - $before ) ) ) );
		} finally {
			// Should it fail, the lock runs out by itself.
			$this->quietly( fn() => $this->lock->release( $token ) );

			if ( $limit > 0 ) {
				set_time_limit( $limit ); // phpcs:ignore -- As it was.
			}
		}
	}

	/**
	 * Reads, calls, keeps.
	 *
	 * @param string $token The lock's.
	 * @param array  $args  Complete arguments.
	 * @param int    $left  Seconds.
	 * @return array See the class.
	 * @throws Store_Exception When the memory failed before the call.
	 */
	private function pass( string $token, array $args, int $left ): array {
		// In this order: what is counted, or marked as removed, after the list was read stays for the next run.
		$dirty   = $this->store->dirty();
		$removed = $this->store->removed();
		$run_id  = $this->store->begin_run( $args['trigger'], $this->environment->sapi_here() );

		try {
			if ( isset( $args['requested'] ) ) {
				$args = $this->take_request( $args, $run_id );
			}

			$domains = $this->domains->read();
			// A plan has what was there when it was made; with a file that is new since, it would be another one.
			$probe   = isset( $args['fingerprint'] ) ? $this->probe->current() : $this->probe->offer();
			$options = $this->options( $args, $removed, $left, $probe );

			if ( $this->store->interrupted_before( $run_id ) ) {
				$options['interrupted'] = true;
			}

			// Should this process die, somebody looks again when its lock has run out.
			$this->store->put( 'due', time() + $left + 60 );
			$this->arm();

			$this->clone_guard->remember();
			$this->credentials->define_missing_constants();
			// What comes after the call is loaded before it: the plugin's files may be replaced while it goes on.
			array_map( 'class_exists', self::NEEDED_AFTER );
			$report = wu_cloudways_sync( $domains, $options );
		} catch ( \Throwable $error ) {
			return $this->failed( $token, $run_id, $dirty, $error );
		}

		$decided = array(
			'release' => $options['release'] ?? array(),
			'remove'  => $options['adopt'] ?? array(),
		);

		$error = $this->unreadable_error( $report );

		if ( null !== $error ) {
			return $this->keep_unread( $token, $run_id, $dirty, $report, $error );
		}

		return $this->keep( $token, $run_id, $dirty, $removed, $decided, $this->domains->names( $domains ), $report );
	}

	/**
	 * Takes up what a person asked for in the other process.
	 *
	 * @param array $args   Complete arguments.
	 * @param int   $run_id The run.
	 * @return array The arguments. When it was taken back since it was read, or was carried out by the pass before, what it
	 *         allowed is allowed no longer.
	 * @throws Store_Exception When the memory failed.
	 */
	private function take_request( array $args, int $run_id ): array {
		if ( ! $this->store->take_request( $args['requested'] ) ) {
			return array_diff_key( $args, array_flip( array( 'force', 'fingerprint' ) ) );
		}

		$this->store->answer_request( $args['requested'], $run_id );

		return $args;
	}

	/**
	 * Keeps a report.
	 *
	 * @param string             $token   The lock's.
	 * @param int                $run_id  The run.
	 * @param int                $dirty   As it was before the list was read.
	 * @param array<string, int> $removed Likewise.
	 * @param array              $decided Decisions that were sent; see Store::save_report().
	 * @param list<string>       $wanted  Mapped names.
	 * @param array              $report  The report.
	 * @return array See the class.
	 */
	private function keep( string $token, int $run_id, int $dirty, array $removed, array $decided, array $wanted, array $report ): array {
		$error   = $report['error'] ?? null;
		$dry_run = 'changes_pending' === ( $report['status'] ?? '' );

		try {
			$changed = $this->store->save_report(
				$token,
				$run_id,
				$report,
				$wanted,
				$removed,
				$decided,
				function () use ( $dirty, $report, $error, $dry_run ): void {
					if ( $error ) {
						$this->note_failure( $dirty, $error['retry_after'] ?? null, self::may_help( (string) $error['code'] ) );
					} else {
						$this->note_success( $dirty, $report['next_at'] ?? null, $dry_run );
					}
				}
			);
		} catch ( \Throwable $failure ) {
			$this->leave( $token, $run_id, $dirty );

			return $this->storage_failed( $failure, $report, $run_id );
		}

		$this->arm();
		$this->look_again();
		$this->log->report( $report, $changed );
		$this->announce(
			static function () use ( $report, $changed ): void {
				/**
				 * A run came to an end and its report is kept.
				 *
				 * @param array $report  Version 1, without `state`.
				 * @param array $changed Domains whose entry changed: name => array{before: ?array, after: ?array}.
				 */
				do_action( 'wu_cloudways_reported', array_diff_key( $report, array( 'state' => true ) ), $changed );
			}
		);

		if ( $error ) {
			$error = $this->error( (string) $error['code'], (string) $error['message'], (string) ( $error['remedy'] ?? '' ), $error );
		}

		unset( $report['state'] );

		return self::outcome(
			$error ? 'failed' : 'done',
			array(
				'report' => $report,
				'error'  => $error,
				'run_id' => $run_id,
			)
		);
	}

	/**
	 * Keeps what must not be lost of a report that this plugin does not read. Nothing is counted as done; the next run is
	 * refused before it calls the extension, until the plugin or the extension is another one.
	 *
	 * @param string $token  The lock's.
	 * @param int    $run_id The run.
	 * @param int    $dirty  As it was before the list was read.
	 * @param mixed  $report What the extension returned.
	 * @param array  $error  Why it is not read.
	 * @return array See the class.
	 */
	private function keep_unread( string $token, int $run_id, int $dirty, $report, array $error ): array {
		$state = is_array( $report ) && is_array( $report['state'] ?? null ) ? $report['state'] : null;

		try {
			$this->store->save_unread(
				$token,
				$run_id,
				(int) $error['details']['report'],
				(string) $this->environment->extension()['version'],
				$state,
				$error,
				fn() => $this->note_failure( $dirty, null, false )
			);
		} catch ( \Throwable $failure ) {
			$this->leave( $token, $run_id, $dirty );

			return $this->storage_failed( $failure, array(), $run_id );
		}

		$this->tell( $error );

		return self::outcome(
			'failed',
			array(
				'error'  => $error,
				'run_id' => $run_id,
			)
		);
	}

	/**
	 * Leaves a run whose report could not be kept open in the table: the next one is told that it never came back.
	 *
	 * @param string $token  The lock's.
	 * @param int    $run_id The run.
	 * @param int    $dirty  As it was before the list was read.
	 * @return void
	 */
	private function leave( string $token, int $run_id, int $dirty ): void {
		$this->quietly(
			function () use ( $token, $run_id, $dirty ): void {
				$held = $this->while_held( $token, fn() => $this->note_failure( $dirty, null, true ) );

				$this->store->leave_run( $run_id, $held ? 'running' : 'interrupted' );
			}
		);

		$this->arm();
	}

	/**
	 * Something was counted while the report was being kept: the next run is at once, not in an hour.
	 *
	 * @return void
	 */
	private function look_again(): void {
		try {
			$pulse = $this->store->pulse();

			if ( $pulse['dirty'] > $pulse['tried'] ) {
				$this->scheduler->wake_by( time() + 1 );
			}
		} catch ( Store_Exception $error ) {
			$this->log->trouble( $error );
		}
	}

	/**
	 * A call that threw: nothing was written at Cloudways.
	 *
	 * @param string     $token  The lock's.
	 * @param int        $run_id The run.
	 * @param int        $dirty  As it was before the list was read.
	 * @param \Throwable $thrown What was thrown.
	 * @return array See the class.
	 */
	private function failed( string $token, int $run_id, int $dirty, \Throwable $thrown ): array {
		$error   = $this->describe( $thrown );
		$outcome = 'plan_refused' === $error['code'] ? 'refused' : 'failed';

		// Each by itself: that the one cannot be kept must not take the other along.
		$this->quietly( fn() => $this->store->fail_run( $run_id, $outcome, $error ) );
		$this->quietly( fn() => $this->while_held( $token, fn() => $this->note_failure( $dirty, $error['retry_after'], self::may_help( $error['code'] ) ) ) );
		$this->tell( $error );

		return self::outcome(
			$outcome,
			array(
				'error'  => $error,
				'run_id' => $run_id,
			)
		);
	}

	/**
	 * Sets the clocks after a run without a report, and tells of its error.
	 *
	 * @param array $error Error of an outcome.
	 * @return void
	 */
	private function tell( array $error ): void {
		$this->arm();
		$this->log->error( $error );
		$this->announce(
			static function () use ( $error ): void {
				/**
				 * A run failed before it wrote anything; with the code extension_new, what it wrote could not be read.
				 *
				 * @param array $error code, message, remedy, retry_after, exit_code, details, plan.
				 */
				do_action( 'wu_cloudways_failed', $error );
			}
		);
	}

	/**
	 * What a good run leaves behind.
	 *
	 * @param int      $dirty   As it was before the list was read.
	 * @param int|null $next_at When the engine wants to go on.
	 * @param bool     $dry_run Nothing was to be written, and something would have been.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	private function note_success( int $dirty, ?int $next_at, bool $dry_run ): void {
		$this->store->put( 'failures', 0 );
		$this->store->put( 'hold', 0 );

		if ( $dry_run ) {
			$this->store->put( 'tried', $dirty );
		} else {
			$this->store->put( 'good', time() );
			$this->store->put( 'tried', 0 );
			$this->store->clear_dirty( $dirty );
		}

		$due = time() + Scheduler::RECONCILE;

		if ( null !== $next_at ) {
			// A time that is past already must not ring at once, again and again.
			$due = min( $due, max( $next_at, time() + 5 ) );
		}

		$this->store->put( 'due', $due );
	}

	/**
	 * What a failed run leaves behind.
	 *
	 * @param int      $dirty       As it was before the list was read.
	 * @param int|null $retry_after What the API asked for, in seconds.
	 * @param bool     $again       Trying again soon can help.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	private function note_failure( int $dirty, ?int $retry_after, bool $again ): void {
		$failures = $this->store->pulse()['failures'] + 1;

		// A day at most: Cloudways is asked again then, and can say so again.
		$retry_after = null === $retry_after ? null : min( DAY_IN_SECONDS, max( 0, $retry_after ) );
		$delay       = $again ? $this->scheduler->backoff( $failures, $retry_after ) : Scheduler::RECONCILE;

		$this->store->put( 'failures', $failures );
		$this->store->put( 'tried', $dirty );
		$this->store->put( 'hold', null === $retry_after ? 0 : time() + $retry_after );
		$this->store->put( 'due', time() + $delay );
	}

	/**
	 * Does something while the lock is ours: when another run has taken over, when the next one is is its business.
	 *
	 * @param string   $token The lock's.
	 * @param callable $work  What to do.
	 * @return bool It was ours.
	 * @throws Store_Exception When the memory failed.
	 */
	private function while_held( string $token, callable $work ): bool {
		return Database::transaction(
			static function () use ( $token, $work ): bool {
				if ( ! Lock::keep( $token ) ) {
					return false;
				}

				$work();

				return true;
			}
		);
	}

	/**
	 * Does something whose failure changes nothing about the outcome.
	 *
	 * @param callable $work What to do.
	 * @return void
	 */
	private function quietly( callable $work ): void {
		try {
			$work();
		} catch ( Store_Exception $error ) {
			$this->log->trouble( $error );
		}
	}

	/**
	 * Tells others. What they do with it changes nothing about the outcome.
	 *
	 * @param callable $tell Tells them.
	 * @return void
	 */
	private function announce( callable $tell ): void {
		try {
			$tell();
		} catch ( \Throwable $error ) {
			$this->log->trouble( $error );
		}
	}

	/**
	 * Trying again soon can help.
	 *
	 * @param string $code Error code.
	 * @return bool
	 */
	private static function may_help( string $code ): bool {
		return in_array( $code, array( 'rate_limited', 'busy', 'api_unavailable', 'storage', 'internal' ), true );
	}

	/**
	 * The extension is not in this process: leaves it to whoever has it.
	 *
	 * @param array $args  Complete arguments.
	 * @param array $pulse Store::pulse().
	 * @return array See the class.
	 * @throws Store_Exception When the memory failed.
	 */
	private function hand_over( array $args, array $pulse ): array {
		$here  = $this->environment->sapi_here();
		$other = 'web' === $here ? 'cli' : 'web';
		$who   = $this->charge->who();

		if ( 'other_process' === $who ) {
			$request = null;

			if ( $this->is_human( $args ) && 'wake' !== $args['trigger'] ) {
				$request = $this->store->put_request( array_intersect_key( $args, array_flip( array( 'force', 'fingerprint' ) ) ) );
			}

			$this->scheduler->leave_until( time() + 5 * MINUTE_IN_SECONDS );

			if ( 'cli' === $here ) {
				$this->wake->send();
			}

			return self::outcome(
				'handed_over',
				array(
					'handed_to' => $other,
					'request'   => $request,
				)
			);
		}

		$this->scheduler->wake_at( time() + Scheduler::RECONCILE );

		// The command line asked whether the extension is here, and it is nowhere: the event is Ultimate Multisite's.
		if ( 'um' === $who && 'wake' === $args['trigger'] && $pulse['dirty'] && $this->charge->hand_to_um( 'on_add_domain', array( '', 0 ) ) ) {
			return self::outcome( 'handed_over', array( 'handed_to' => 'um' ) );
		}

		return self::outcome( 'failed', array( 'error' => $this->extension_error() ) );
	}

	/**
	 * Whether a run is worth it.
	 *
	 * @param array $args  Complete arguments.
	 * @param array $pulse Store::pulse().
	 * @return bool
	 */
	private function is_due( array $args, array $pulse ): bool {
		if ( $this->is_human( $args ) ) {
			return true;
		}

		$now = time();

		if ( $pulse['hold'] > $now ) {
			return false;
		}

		$due = ! $pulse['due'] || $pulse['due'] <= $now;

		// An event's job looks at events only: in a burst, the others find nothing counted.
		if ( $due && 'event' !== $args['trigger'] ) {
			return true;
		}

		// The same events do not run again what has just failed on them; its time is due_at.
		$tried = $pulse['tried'] === $pulse['dirty'] && ! $due;

		return $pulse['dirty'] > 0 && ! $tried;
	}

	/**
	 * A person waits for it.
	 *
	 * @param array $args Complete arguments.
	 * @return bool
	 */
	private function is_human( array $args ): bool {
		return $args['ignore_due'] || in_array( $args['trigger'], array( 'page', 'cli' ), true );
	}

	/**
	 * Nothing to do. The clock that rang is spent, so the next one is set.
	 *
	 * @param array $pulse Store::pulse().
	 * @return array See the class.
	 */
	private function skip( array $pulse ): array {
		if ( doing_action( Scheduler::HOOK ) && $pulse['due'] ) {
			$this->arm();
		}

		return self::outcome( 'skipped' );
	}

	/**
	 * Waits until no event came for a second: a burst that is still going on would cost a second run.
	 *
	 * @return void
	 * @throws Store_Exception When the memory failed.
	 */
	private function wait_for_quiet(): void {
		$until = microtime( true ) + self::LONGEST_WAIT;

		while ( microtime( true ) < $until && microtime( true ) - $this->store->last_mark() < self::QUIET ) {
			usleep( 200000 );
		}
	}

	/**
	 * The options of a call.
	 *
	 * @param array              $args     Complete arguments.
	 * @param array<string, int> $removed  Store::removed().
	 * @param int                $deadline Seconds.
	 * @param array|null         $probe    Probe::offer() or Probe::current().
	 * @return array
	 * @throws Store_Exception When the memory failed.
	 */
	private function options( array $args, array $removed, int $deadline, ?array $probe ): array {
		$options = array(
			'www'            => $this->domains->www_setting(),
			'removed'        => array(),
			'network_domain' => $this->domains->network_domain(),
			'deadline'       => $deadline,
		);

		// The `www` of each too: the setting may have been another one when the name was mapped.
		foreach ( array_map( 'strval', array_keys( $removed ) ) as $name ) {
			$options['removed'][] = $name;

			if ( ! str_starts_with( $name, 'www.' ) && ! str_starts_with( $name, '*.' ) ) {
				$options['removed'][] = 'www.' . $name;
			}
		}

		$state    = $this->store->state();
		$sys_user = $this->clone_guard->sys_user();

		if ( null !== $state ) {
			$options['state'] = $state;
		}

		if ( null !== $sys_user ) {
			$options['sys_user'] = $sys_user;
		}

		if ( null !== $probe ) {
			$options['probe'] = $probe;
		}

		if ( ! empty( $args['force'] ) ) {
			$options['force'] = true;
		}

		if ( isset( $args['fingerprint'] ) && '' !== $args['fingerprint'] ) {
			$options['fingerprint'] = (string) $args['fingerprint'];
		}

		// What is taken over and not wanted is removed.
		foreach ( array(
			'adopt'   => 'remove',
			'release' => 'release',
		) as $option => $decided ) {
			$names = $this->store->names( $decided );

			if ( $names ) {
				$options[ $option ] = $names;
			}
		}

		return $options;
	}

	/**
	 * Why nothing may be written.
	 *
	 * @return array|null Error of an outcome.
	 * @throws Store_Exception When the memory failed.
	 */
	private function refusal(): ?array {
		if ( $this->credentials->is_wizard_request() ) {
			return $this->error( 'wizard', 'The integration wizard is open in this request.', 'Run it from another page.' );
		}

		$error = $this->newer_error() ?? $this->um_error();

		if ( null !== $error ) {
			return $error;
		}

		if ( ! $this->environment->integration_enabled() ) {
			return $this->error( 'integration_disabled', 'The Cloudways integration is switched off in Ultimate Multisite.', 'Switch it on in its wizard: Ultimate Multisite, Settings, Integrations, Cloudways, Configuration.' );
		}

		$paused = $this->store->paused();

		if ( null !== $paused ) {
			return $this->error( 'paused', 'A person has paused the synchronisation: nothing is sent.', 'Resume it on the Cloudways page of the network admin, or with "wp wu-cloudways resume".', array( 'details' => $paused ) );
		}

		if ( $this->clone_guard->is_clone() ) {
			return $this->error(
				'clone',
				'This network does not run where it ran when it last wrote to Cloudways: it may be a copy.',
				'If this is the real site, confirm it on the Cloudways page of the network admin.',
				array(
					'details' => array(
						'expected' => $this->clone_guard->expected(),
						'actual'   => $this->clone_guard->actual(),
					),
				)
			);
		}

		return $this->settings_error();
	}

	/**
	 * A value was stored and cannot be read. Going on without it would take the extra domains away.
	 *
	 * @return array|null Error of an outcome.
	 * @throws Store_Exception When the memory failed.
	 */
	private function settings_error(): ?array {
		$names = $this->credentials->unreadable();

		if ( ! $names ) {
			return null;
		}

		return $this->error(
			'config_invalid',
			sprintf( 'Stored settings cannot be read: %s.', implode( ', ', $names ) ),
			'Type them into the wizard again, or define them in wp-config.php.',
			array(
				'details' => array(
					'problems' => array_map(
						static fn( string $name ): array => array(
							'constant' => $name,
							'fault'    => 'unreadable',
						),
						$names
					),
				),
			)
		);
	}

	/**
	 * Ultimate Multisite is not there, or not ready.
	 *
	 * @return array|null Error of an outcome.
	 */
	private function um_error(): ?array {
		if ( $this->environment->um_loaded() ) {
			return null;
		}

		return function_exists( 'WP_Ultimo' )
			? $this->error( 'um_not_set_up', 'The set-up of Ultimate Multisite is not finished.', 'Finish its set-up wizard.' )
			: $this->error( 'no_um', 'Ultimate Multisite is not active.', 'Activate it for the network.' );
	}

	/**
	 * The extension is not there, or too old.
	 *
	 * @return array|null Error of an outcome.
	 */
	private function extension_error(): ?array {
		$extension = $this->environment->extension();

		if ( $extension['compatible'] ) {
			return null;
		}

		if ( ! $extension['loaded'] ) {
			return $this->error( 'extension_missing', 'The PHP extension wu_cloudways is not loaded in this process.', 'Load it: see the Cloudways page of the network admin.', array( 'details' => array( 'here' => $this->environment->sapi_here() ) ) );
		}

		return $this->fit_error( Environment::unfit( $extension ) );
	}

	/**
	 * The tables, or the reports of the extension, are newer than this plugin.
	 *
	 * @return array|null Error of an outcome.
	 * @throws Store_Exception When the memory failed.
	 */
	private function newer_error(): ?array {
		$newer = $this->environment->newer();

		return null === $newer ? null : $this->fit_error( $newer );
	}

	/**
	 * What the extension returned is no report of the version that is read here.
	 *
	 * @param mixed $report What it returned.
	 * @return array|null Error of an outcome.
	 */
	private function unreadable_error( $report ): ?array {
		$version = is_array( $report ) && is_int( $report['version'] ?? null ) ? $report['version'] : 0;

		return Plugin::REPORT === $version ? null : $this->fit_error( Environment::unreadable( $version, $this->environment->extension()['version'] ) );
	}

	/**
	 * The plugin and the extension, or the tables, do not fit together.
	 *
	 * @param array $problem Of Environment.
	 * @return array Error of an outcome.
	 */
	private function fit_error( array $problem ): array {
		$args  = $problem['args'];
		$words = array(
			'extension_old'     => array( 'The PHP extension wu_cloudways is version %1$s; this plugin needs %2$s or newer.', 'Install version %2$s or newer, then restart PHP.' ),
			'extension_partial' => array( 'The PHP extension wu_cloudways is loaded without functions that this plugin calls: %1$s.', 'Install the extension of this release, and take its functions out of disable_functions.' ),
			'extension_new'     => array( 'The PHP extension wu_cloudways %1$s answers with report version %2$s, and this plugin reads version %3$s.', 'Update the plugin; until then nothing is sent.' ),
			'plugin_old'        => array( 'The tables of this plugin have version %1$s, and this plugin knows version %2$s.', 'Update the plugin to the version that was here before; until then nothing is sent.' ),
		);

		list( $message, $remedy ) = $words[ $problem['code'] ];

		$values = array_map( static fn( $value ): string => implode( ', ', (array) $value ), array_values( $args ) );

		return $this->error( $problem['code'], vsprintf( $message, $values ), vsprintf( $remedy, $values ), array( 'details' => $args ) );
	}

	/**
	 * The pulse. Makes the tables first when there are none.
	 *
	 * @return array Store::pulse().
	 * @throws Store_Exception When the memory failed.
	 */
	private function pulse(): array {
		try {
			return $this->store->pulse();
		} catch ( Store_Exception $error ) {
			if ( ! $this->store->install_if_new() ) {
				throw $error;
			}

			return $this->store->pulse();
		}
	}

	/**
	 * Sets the clocks. That it failed must not make a run look failed.
	 *
	 * @return void
	 */
	private function arm(): void {
		try {
			$this->scheduler->arm();
		} catch ( \Throwable $error ) {
			$this->log->trouble( $error );
		}
	}

	/**
	 * The arguments of a call, complete.
	 *
	 * @param array $args As given.
	 * @return array
	 */
	private function complete( array $args ): array {
		$args += array(
			'trigger'    => 'cli',
			'force'      => false,
			'ignore_due' => false,
		);

		$args['deadline'] = max( 1, (int) ( $args['deadline'] ?? ( $this->in_job( $args['trigger'] ) ? self::JOB_DEADLINE : self::PAGE_DEADLINE ) ) );

		return $args;
	}

	/**
	 * No person waits for this request.
	 *
	 * @param string $trigger What started it.
	 * @return bool
	 */
	private function in_job( string $trigger ): bool {
		if ( 'page' === $trigger ) {
			return false;
		}

		// phpcs:ignore WordPress.Security.NonceVerification -- Only the name of Action Scheduler's own request is looked at.
		$queue_runner = wp_doing_ajax() && 'as_async_request_queue_runner' === ( $_REQUEST['action'] ?? '' );

		return 'wake' === $trigger || 'cli' === $this->environment->sapi_here() || wp_doing_cron() || $queue_runner;
	}

	/**
	 * Something thrown, as the error of an outcome.
	 *
	 * @param \Throwable $thrown What was thrown.
	 * @return array
	 */
	private function describe( \Throwable $thrown ): array {
		if ( $thrown instanceof Store_Exception ) {
			return $this->error( 'storage', $thrown->getMessage(), 'Look at the database: nothing was sent to Cloudways.' );
		}

		if ( ! method_exists( $thrown, 'getErrorCode' ) ) {
			return $this->error( 'internal', sprintf( '%s: %s', get_class( $thrown ), $thrown->getMessage() ), 'Report this with the versions of the plugin and the extension.' );
		}

		return $this->error(
			$thrown->getErrorCode(),
			$thrown->getMessage(),
			$thrown->getRemedy(),
			array(
				'retry_after' => $thrown->getRetryAfter(),
				'details'     => $thrown->getDetails(),
				'plan'        => method_exists( $thrown, 'getPlan' ) ? $thrown->getPlan() : null,
			)
		);
	}

	/**
	 * The memory failed.
	 *
	 * @param \Throwable $thrown What was thrown.
	 * @param array|null $report The report that could not be kept.
	 * @param int|null   $run_id Its run.
	 * @return array See the class.
	 */
	private function storage_failed( \Throwable $thrown, ?array $report = null, ?int $run_id = null ): array {
		$this->log->trouble( $thrown );
		unset( $report['state'] );

		$remedy = null === $report
			? 'Look at the database: nothing was sent to Cloudways.'
			: 'Look at the database: the run was made at Cloudways, and the next one starts from what is there.';

		return self::outcome(
			'failed',
			array(
				'report' => $report,
				'error'  => $this->error( 'storage', $thrown->getMessage(), $remedy ),
				'run_id' => $run_id,
			)
		);
	}

	/**
	 * An error of an outcome.
	 *
	 * @param string $code    Code.
	 * @param string $message What happened.
	 * @param string $remedy  What to do.
	 * @param array  $more    retry_after, details, plan.
	 * @return array
	 */
	private function error( string $code, string $message, string $remedy, array $more = array() ): array {
		return array(
			'code'        => $code,
			'message'     => $message,
			'remedy'      => $remedy,
			'retry_after' => $more['retry_after'] ?? null,
			'exit_code'   => self::EXIT_CODES[ $code ] ?? 70,
			'details'     => (array) ( $more['details'] ?? array() ),
			'plan'        => $more['plan'] ?? null,
		);
	}

	/**
	 * An outcome.
	 *
	 * @param string $outcome Word.
	 * @param array  $more    report, error, run_id, handed_to.
	 * @return array
	 */
	private static function outcome( string $outcome, array $more = array() ): array {
		return array_merge(
			array(
				'outcome'   => $outcome,
				'report'    => null,
				'error'     => null,
				'run_id'    => null,
				'handed_to' => null,
			),
			$more
		);
	}
}
