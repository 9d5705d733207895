<?php
/**
 * When the next run is.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The time is kept in our own table. Action Scheduler and WP-Cron are alarm clocks only: they are set on the main
 * site (each site has queues of its own), and looked at after they were set, because both can decline without an error.
 */
final class Scheduler {

	const HOOK      = Plugin::RUN_HOOK;
	const GROUP     = 'wu-cloudways';
	const RECONCILE = 3600;

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * Takes what it needs.
	 *
	 * @param Store $store The memory.
	 */
	public function __construct( Store $store ) {
		$this->store = $store;
	}

	/**
	 * Moves the next run to this time, if it was later, and sets the clocks.
	 *
	 * @param int $time Unix time.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function wake_by( int $time ): void {
		$pulse = $this->store->pulse();
		$time  = max( $time, $pulse['hold'] );

		if ( ! $pulse['due'] || $pulse['due'] > $time ) {
			$this->wake_at( $time );
		} elseif ( $pulse['due'] < time() - 60 ) {
			// It should have been by now: the clock was lost.
			$this->arm();
		}
	}

	/**
	 * Moves the next run to this time, and sets the clocks.
	 *
	 * @param int $time Unix time.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function wake_at( int $time ): void {
		$this->store->put( 'due', $time );
		$this->arm();
	}

	/**
	 * When to try again after a failure.
	 *
	 * @param int      $failures    Failures in a row, this one included.
	 * @param int|null $retry_after What the API asked for, in seconds.
	 * @return int Seconds: 1, 2, 4 ... minutes, at most an hour, and at least what was asked for.
	 */
	public function backoff( int $failures, ?int $retry_after ): int {
		return max( (int) $retry_after, min( self::RECONCILE, 60 * 2 ** min( 10, max( 0, $failures - 1 ) ) ) );
	}

	/**
	 * Makes the work due now, for the other kind of process, and lets the clocks ring here again at that time only.
	 *
	 * What is due stays due: the process that is asked to run looks at it. The clocks cannot stay with it, as they would
	 * ring here, where the extension is not, again and again.
	 *
	 * @param int $time Unix time.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function leave_until( int $time ): void {
		$this->store->put( 'alarm', $time );
		$this->wake_by( time() );
		$this->arm();
	}

	/**
	 * Sets the clocks to due_at(), or to when it may be, and looks whether they are set.
	 *
	 * @return bool True when one is.
	 * @throws Store_Exception When the time could not be read.
	 */
	public function arm(): bool {
		$pulse = $this->store->pulse();

		if ( ! $pulse['due'] ) {
			return false;
		}

		$due = max( $pulse['due'], $pulse['hold'] );
		$due = $due <= time() ? max( $due, $pulse['alarm'] ) : $due;

		return self::on_main_site(
			function () use ( $due ): bool {
				$queued = $this->arm_action_scheduler( $due );

				return $this->arm_cron( $due, ! $queued ) || $queued;
			}
		);
	}

	/**
	 * When the clocks ring next.
	 *
	 * @return array{queue: ?int, cron: ?int} Action Scheduler and WP-Cron; null when it does not ring.
	 */
	public function alarms(): array {
		return self::on_main_site(
			static function (): array {
				$queue = self::has_action_scheduler() ? as_next_scheduled_action( self::HOOK, null, self::GROUP ) : false;
				$cron  = array_filter( array_keys( _get_cron_array() ), static fn( $time ): bool => isset( _get_cron_array()[ $time ][ self::HOOK ] ) );

				return array(
					// True is "at this moment".
					'queue' => true === $queue ? time() : ( $queue ? (int) $queue : null ),
					'cron'  => $cron ? (int) min( $cron ) : null,
				);
			}
		);
	}

	/**
	 * The time of the event that WP-Cron is to fire first, whoever's it is.
	 *
	 * @return int|null Unix time; null when there is none.
	 */
	public function oldest_event(): ?int {
		return self::on_main_site(
			static function (): ?int {
				$times = array_filter( array_keys( _get_cron_array() ), 'is_int' );

				return $times ? min( $times ) : null;
			}
		);
	}

	/**
	 * Takes the clocks away.
	 *
	 * @return void
	 */
	public function disarm(): void {
		self::on_main_site(
			static function (): void {
				wp_unschedule_hook( self::HOOK );

				if ( self::has_action_scheduler() ) {
					as_unschedule_all_actions( self::HOOK );
				}
			}
		);
	}

	/**
	 * A clock rang. It may ring for nothing: what counts is due_at().
	 *
	 * @return void
	 */
	public static function on_alarm(): void {
		try {
			$failures = Plugin::instance()->store()->pulse()['failures'];

			Plugin::instance()->runner()->run( array( 'trigger' => $failures ? 'retry' : 'reconcile' ) );
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}
	}

	/**
	 * The command line works the queue off. With the extension there and not in the web, this is when our own work gets done.
	 *
	 * @return void
	 */
	public static function on_cli_queue(): void {
		try {
			$environment = Plugin::instance()->environment();

			if ( ! $environment->extension()['compatible'] || false !== $environment->where_loaded()['web'] ) {
				return;
			}

			Plugin::instance()->runner()->run( array( 'trigger' => 'wake' ) );
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}
	}

	/**
	 * Queues an action at that time, unless one is queued by then.
	 *
	 * @param int $due Unix time.
	 * @return bool One is queued.
	 */
	private function arm_action_scheduler( int $due ): bool {
		if ( ! self::has_action_scheduler() ) {
			return false;
		}

		if ( $this->queued_by( $due ) ) {
			return true;
		}

		// Not as a unique action: from inside the running action of the same hook that is declined.
		as_schedule_single_action( max( time(), $due ), self::HOOK, array(), self::GROUP );

		return $this->queued_by( $due );
	}

	/**
	 * Looks for a pending action that rings in time. Later ones are left: they ring for nothing.
	 *
	 * @param int $due Unix time.
	 * @return bool
	 */
	private function queued_by( int $due ): bool {
		$pending = as_get_scheduled_actions(
			array(
				'hook'         => self::HOOK,
				'group'        => self::GROUP,
				'status'       => \ActionScheduler_Store::STATUS_PENDING,
				'date'         => gmdate( 'Y-m-d H:i:s', max( time(), $due ) + 5 ),
				'date_compare' => '<=',
				'per_page'     => 1,
			),
			'ids'
		);

		return (bool) $pending;
	}

	/**
	 * Sets WP-Cron: every hour always, and once at that time when nothing else rings then.
	 *
	 * @param int  $due  Unix time.
	 * @param bool $once Once at that time too.
	 * @return bool An event rings at that time.
	 */
	private function arm_cron( int $due, bool $once ): bool {
		if ( ! wp_next_scheduled( self::HOOK ) ) {
			wp_schedule_event( time() + self::RECONCILE, 'hourly', self::HOOK );
		}

		// With the time among its arguments it is an event of its own: another one of the same hook and arguments
		// within ten minutes is declined.
		if ( $once && ! wp_next_scheduled( self::HOOK, array( $due ) ) ) {
			wp_schedule_single_event( max( time(), $due ), self::HOOK, array( $due ) );
		}

		return false !== wp_next_scheduled( self::HOOK, array( $due ) );
	}

	/**
	 * Action Scheduler is there, and ready.
	 *
	 * @return bool
	 */
	private static function has_action_scheduler(): bool {
		return function_exists( 'as_schedule_single_action' ) && did_action( 'action_scheduler_init' );
	}

	/**
	 * Does something on the main site.
	 *
	 * @param callable $work What to do.
	 * @return mixed What it returned.
	 */
	private static function on_main_site( callable $work ) {
		if ( is_main_site() ) {
			return $work();
		}

		switch_to_blog( get_main_site_id() );

		try {
			return $work();
		} finally {
			restore_current_blog();
		}
	}
}
