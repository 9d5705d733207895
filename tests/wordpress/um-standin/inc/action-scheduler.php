<?php
/**
 * The queue: the `as_*` functions, the store behind them, and three runners (WP-Cron, admin request, WP-CLI).
 *
 * Each site has tables of its own. A job that throws is failed and never tried again. A job whose process died
 * keeps its batch claimed, and the claimed batch keeps every other runner of that site out, until a runner finds it
 * five minutes old.
 *
 * @package WU_Cloudways_Tests
 */

defined( 'ABSPATH' ) || exit;

/**
 * Names of the states of an action.
 */
class ActionScheduler_Store {
	public const STATUS_COMPLETE = 'complete';
	public const STATUS_PENDING  = 'pending';
	public const STATUS_RUNNING  = 'in-progress';
	public const STATUS_FAILED   = 'failed';
	public const STATUS_CANCELED = 'canceled';
}

/**
 * When an action runs: once, again and again, or as soon as possible.
 */
class ActionScheduler_Schedule {

	/**
	 * @param int|null $timestamp Unix time, null for as soon as possible.
	 * @param int      $interval  Seconds between two runs, 0 for once.
	 */
	public function __construct( private ?int $timestamp, private int $interval ) {}

	public function get_date(): ?DateTime {
		return null === $this->timestamp ? null : new DateTime( "@{$this->timestamp}" );
	}

	public function is_recurring(): bool {
		return $this->interval > 0;
	}

	public function get_recurrence(): int {
		return $this->interval;
	}
}

/**
 * One action as it was stored.
 */
class ActionScheduler_Action {

	public function __construct( private string $hook, private array $args, private ActionScheduler_Schedule $schedule, private string $group, private string $status, private int $priority ) {}

	public function get_hook() {
		return $this->hook;
	}

	public function get_args() {
		return $this->args;
	}

	public function get_schedule() {
		return $this->schedule;
	}

	public function get_group() {
		return $this->group;
	}

	public function get_priority() {
		return $this->priority;
	}

	public function is_finished() {
		return ! in_array( $this->status, array( ActionScheduler_Store::STATUS_PENDING, ActionScheduler_Store::STATUS_RUNNING ), true );
	}

	/**
	 * Calls the hook with the values of the arguments, in their order. Throws where nothing is hooked.
	 */
	public function execute(): void {
		if ( ! has_action( $this->hook ) ) {
			throw new Exception( "Nothing is hooked to {$this->hook} here, so the action cannot run." );
		}
		do_action_ref_array( $this->hook, array_values( $this->args ) );
	}
}

/**
 * Store and runner.
 */
class ActionScheduler {

	/** Longest `args` that stays readable in its column, in bytes of JSON. Longer ones are in `extended_args`, and a hash here. */
	private const ARGS_LENGTH = 191;

	private static bool $initialized = false;

	/** The claim and the action that this process works on, for the case that it dies. */
	private static int $claim = 0;
	private static int $current = 0;

	public static function boot(): void {
		add_action( 'init', array( __CLASS__, 'init' ), 1 );
		// phpcs:ignore WordPress.WP.CronInterval
		add_filter( 'cron_schedules', static fn( $all ) => $all + array( 'every_minute' => array( 'interval' => 60, 'display' => 'Every minute' ) ) ); // phpcs:ignore
		add_action( 'action_scheduler_run_queue', array( __CLASS__, 'run' ) );
		add_action( 'shutdown', array( __CLASS__, 'maybe_dispatch' ) );
		add_action( 'wp_ajax_as_async_request_queue_runner', array( __CLASS__, 'handle_async' ) );
		add_action( 'wp_ajax_nopriv_as_async_request_queue_runner', array( __CLASS__, 'handle_async' ) );
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			WP_CLI::add_command( 'action-scheduler run', array( __CLASS__, 'cli_run' ) );
		}
	}

	/**
	 * Makes the tables of this site, once, and its WP-Cron event.
	 */
	public static function init(): void {
		global $wpdb;

		// As blog tables they follow switch_to_blog(), and go when their site is deleted.
		foreach ( array( 'actions', 'claims', 'groups' ) as $table ) {
			$name          = "actionscheduler_$table";
			$wpdb->tables[] = $name;
			$wpdb->$name   = $wpdb->prefix . $name;
		}
		if ( ! get_option( 'wu_standin_queue_tables' ) ) {
			self::create_tables();
			update_option( 'wu_standin_queue_tables', 1 );
		}
		if ( ! wp_next_scheduled( 'action_scheduler_run_queue', array( 'WP Cron' ) ) ) {
			wp_schedule_event( time(), 'every_minute', 'action_scheduler_run_queue', array( 'WP Cron' ) );
		}
		self::$initialized = true;
		do_action( 'action_scheduler_init' );
	}

	private static function create_tables(): void {
		global $wpdb;

		$collate = $wpdb->get_charset_collate();
		$wpdb->query(
			"CREATE TABLE IF NOT EXISTS {$wpdb->actionscheduler_actions} (
				action_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
				hook varchar(191) NOT NULL,
				status varchar(20) NOT NULL,
				scheduled_date_gmt datetime NULL,
				scheduled_date_local datetime NULL,
				priority tinyint unsigned NOT NULL DEFAULT 10,
				args varchar(191),
				schedule longtext,
				group_id bigint(20) unsigned NOT NULL DEFAULT 0,
				attempts int(11) NOT NULL DEFAULT 0,
				last_attempt_gmt datetime NULL,
				last_attempt_local datetime NULL,
				claim_id bigint(20) unsigned NOT NULL DEFAULT 0,
				extended_args varchar(8000) DEFAULT NULL,
				PRIMARY KEY (action_id),
				KEY hook_status (hook(163),status,scheduled_date_gmt),
				KEY claim_status (claim_id,status,priority,scheduled_date_gmt)
			) $collate"
		);
		$wpdb->query( "CREATE TABLE IF NOT EXISTS {$wpdb->actionscheduler_claims} (claim_id bigint(20) unsigned NOT NULL AUTO_INCREMENT, date_created_gmt datetime NULL, PRIMARY KEY (claim_id)) $collate" );
		$wpdb->query( "CREATE TABLE IF NOT EXISTS {$wpdb->actionscheduler_groups} (group_id bigint(20) unsigned NOT NULL AUTO_INCREMENT, slug varchar(255) NOT NULL, PRIMARY KEY (group_id), KEY slug (slug(191))) $collate" );
	}

	/**
	 * Whether the functions may be used: from `init` on.
	 */
	public static function is_initialized( $function_name = null ) {
		if ( ! self::$initialized && $function_name ) {
			_doing_it_wrong( esc_html( $function_name ), 'The queue is there from the action init (priority 1) on.', '3.1.6' );
		}
		return self::$initialized;
	}

	/**
	 * Stores an action and returns its id; 0 when it was to be unique and is not, or on a database error.
	 *
	 * Unique means: no other action of the same hook and group is pending or running. Arguments do not count.
	 */
	public static function create( string $hook, array $args, ?int $timestamp, int $interval, string $group, bool $unique, int $priority ): int {
		global $wpdb;

		$json = wp_json_encode( $args );
		$now  = gmdate( 'Y-m-d H:i:s', $timestamp ?? time() );
		$row  = array(
			'hook'                 => $hook,
			'status'               => ActionScheduler_Store::STATUS_PENDING,
			'scheduled_date_gmt'   => $now,
			'scheduled_date_local' => get_date_from_gmt( $now ),
			'priority'             => max( 0, min( 255, $priority ) ),
			'args'                 => self::args_key( $json ),
			'schedule'             => wp_json_encode( array( $timestamp, $interval ) ),
			'group_id'             => self::group_id( $group, true ),
		);
		if ( strlen( $json ) > self::ARGS_LENGTH ) {
			$row['extended_args'] = $json;
		}

		// Looking and writing are one statement, so that two processes cannot both find nothing.
		$names  = implode( ', ', array_keys( $row ) );
		$values = implode( ', ', array_fill( 0, count( $row ), '%s' ) );
		$given  = array_values( $row );
		$where  = '1 = 1';
		if ( $unique ) {
			$where = "NOT EXISTS (SELECT 1 FROM {$wpdb->actionscheduler_actions} WHERE status IN ('pending', 'in-progress') AND hook = %s AND group_id = %d)";
			array_push( $given, $hook, $row['group_id'] );
		}
		// phpcs:ignore WordPress.DB.PreparedSQL
		$written = $wpdb->query( $wpdb->prepare( "INSERT INTO {$wpdb->actionscheduler_actions} ($names) SELECT $values FROM DUAL WHERE $where", $given ) );
		if ( ! $written ) {
			if ( false === $written ) {
				error_log( "The action $hook could not be stored: {$wpdb->last_error}" ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions
			}
			return 0;
		}
		$id = (int) $wpdb->insert_id;
		do_action( 'action_scheduler_stored_action', $id );
		return $id;
	}

	/**
	 * Ids of the actions that match. Keys: hook, args, group, status (one or many), date and modified (with date_compare, modified_compare),
	 * claimed, per_page (5; -1 for all), offset, orderby (date, hook, modified, action_id, none), order.
	 *
	 * @return string[]
	 */
	public static function query( array $query ): array {
		global $wpdb;

		$query += array( 'hook' => '', 'args' => null, 'group' => '', 'status' => '', 'date' => null, 'date_compare' => '<=', 'modified' => null, 'modified_compare' => '<=', 'claimed' => null, 'per_page' => 5, 'offset' => 0, 'orderby' => 'date', 'order' => 'ASC' ); // phpcs:ignore
		$where  = array( '1 = 1' );
		$values = array();
		if ( $query['hook'] ) {
			$where[]  = 'hook = %s';
			$values[] = $query['hook'];
		}
		if ( null !== $query['args'] ) {
			$where[]  = 'args = %s';
			$values[] = self::args_key( wp_json_encode( $query['args'] ) );
		}
		if ( $query['group'] ) {
			$where[]  = 'group_id = %d';
			$values[] = self::group_id( $query['group'], false );
		}
		if ( $query['status'] ) {
			$where[] = 'status IN (' . implode( ',', array_fill( 0, count( (array) $query['status'] ), '%s' ) ) . ')';
			array_push( $values, ...array_values( (array) $query['status'] ) );
		}
		foreach ( array( 'date' => 'scheduled_date_gmt', 'modified' => 'last_attempt_gmt' ) as $key => $column ) { // phpcs:ignore
			if ( null !== $query[ $key ] ) {
				$compare  = in_array( $query[ "{$key}_compare" ], array( '!=', '>', '>=', '<', '<=', '=' ), true ) ? $query[ "{$key}_compare" ] : '=';
				$where[]  = "$column $compare %s";
				$values[] = as_get_datetime_object( $query[ $key ] )->format( 'Y-m-d H:i:s' );
			}
		}
		if ( null !== $query['claimed'] ) {
			$where[] = $query['claimed'] ? 'claim_id <> 0' : 'claim_id = 0';
		}
		$columns = array( 'hook' => 'hook', 'modified' => 'last_attempt_gmt', 'action_id' => 'action_id', 'none' => 'action_id' ); // phpcs:ignore
		$order   = 'ASC' === strtoupper( $query['order'] ) ? 'ASC' : 'DESC';
		$sql     = "SELECT action_id FROM {$wpdb->actionscheduler_actions} WHERE " . implode( ' AND ', $where ) . ' ORDER BY ' . ( $columns[ $query['orderby'] ] ?? 'scheduled_date_gmt' ) . " $order";
		if ( $query['per_page'] > 0 ) {
			$sql .= sprintf( ' LIMIT %d, %d', $query['offset'], $query['per_page'] );
		}
		return $wpdb->get_col( $values ? $wpdb->prepare( $sql, $values ) : $sql ); // phpcs:ignore WordPress.DB.PreparedSQL
	}

	public static function fetch( int $id ): ?ActionScheduler_Action {
		global $wpdb;

		$row = $wpdb->get_row( $wpdb->prepare( "SELECT a.*, g.slug FROM {$wpdb->actionscheduler_actions} a LEFT JOIN {$wpdb->actionscheduler_groups} g ON g.group_id = a.group_id WHERE a.action_id = %d", $id ) );
		if ( ! $row ) {
			return null;
		}
		$args     = json_decode( $row->extended_args ? $row->extended_args : $row->args, true );
		$schedule = json_decode( $row->schedule, true );
		return new ActionScheduler_Action( $row->hook, $args, new ActionScheduler_Schedule( ...$schedule ), (string) $row->slug, $row->status, (int) $row->priority );
	}

	public static function status( int $id ): ?string {
		global $wpdb;
		return $wpdb->get_var( $wpdb->prepare( "SELECT status FROM {$wpdb->actionscheduler_actions} WHERE action_id = %d", $id ) );
	}

	public static function set_status( int $id, string $status ): void {
		global $wpdb;
		$wpdb->update( $wpdb->actionscheduler_actions, array( 'status' => $status ), array( 'action_id' => $id ) );
	}

	/**
	 * The queue runner of WP-Cron and of admin requests: one batch at a time per site, for about thirty seconds.
	 */
	public static function run( $context = 'WP Cron' ): int {
		$started = microtime( true );
		$limit   = self::time_limit();
		$done    = 0;
		do_action( 'action_scheduler_before_process_queue' );
		self::clean();
		if ( ! self::is_busy() ) {
			do {
				$batch = self::batch( (int) apply_filters( 'action_scheduler_queue_runner_batch_size', 25 ), array(), '', $context, $started + $limit );
				$done += $batch;
			} while ( $batch > 0 && microtime( true ) < $started + $limit );
		}
		do_action( 'action_scheduler_after_process_queue' );
		return $done;
	}

	/**
	 * Runs due actions.
	 *
	 * ## OPTIONS
	 *
	 * [--force]
	 * : Run although another batch is claimed.
	 *
	 * [--hooks=<hooks>]
	 * : Only these hooks, separated by commas.
	 *
	 * [--group=<group>]
	 * : Only this group.
	 *
	 * [--batch-size=<size>]
	 * : Actions per batch. Default 100.
	 *
	 * [--batches=<number>]
	 * : Batches to run. Default 0, until nothing is due.
	 *
	 * @param string[] $args  None.
	 * @param array    $assoc Options.
	 */
	public static function cli_run( $args, $assoc ): void {
		$hooks   = array_filter( array_map( 'trim', explode( ',', $assoc['hooks'] ?? '' ) ) );
		$group   = (string) ( $assoc['group'] ?? '' );
		$size    = (int) ( $assoc['batch-size'] ?? 100 );
		$most    = (int) ( $assoc['batches'] ?? 0 );
		$batches = 0;
		$done    = 0;

		if ( $group && ! self::group_id( $group, false ) ) {
			WP_CLI::error( "There is no group $group." );
		}
		$report = static fn( $id, $e ) => WP_CLI::error( "Action $id failed: " . $e->getMessage(), false );
		add_action( 'action_scheduler_failed_execution', $report, 10, 2 );
		do {
			self::clean();
			if ( self::is_busy() ) {
				if ( empty( $assoc['force'] ) ) {
					WP_CLI::error( 'Another runner has claimed a batch of this queue.' );
				}
				WP_CLI::warning( 'Another runner has claimed a batch of this queue; going on all the same.' );
			}
			$ran   = self::batch( $size, $hooks, $group, 'WP CLI', INF );
			$done += $ran;
			$batches += $ran ? 1 : 0;
		} while ( $ran && ( ! $most || $batches < $most ) );
		remove_action( 'action_scheduler_failed_execution', $report );
		WP_CLI::success( "$done actions run in $batches batches." );
	}

	/**
	 * Claims actions that are due and runs them. Returns how many.
	 */
	private static function batch( int $size, array $hooks, string $group, string $context, float $until ): int {
		global $wpdb;

		$now = gmdate( 'Y-m-d H:i:s' );
		$wpdb->insert( $wpdb->actionscheduler_claims, array( 'date_created_gmt' => $now ) );
		$claim  = (int) $wpdb->insert_id;
		$where  = 'claim_id = 0 AND status = %s AND scheduled_date_gmt <= %s';
		$values = array( 'pending', $now );
		if ( $hooks ) {
			$where .= ' AND hook IN (' . implode( ',', array_fill( 0, count( $hooks ), '%s' ) ) . ')';
			array_push( $values, ...array_values( $hooks ) );
		}
		if ( $group ) {
			$where   .= ' AND group_id = %d';
			$values[] = self::group_id( $group, false );
		}
		$wpdb->query(
			$wpdb->prepare(
				// phpcs:ignore WordPress.DB.PreparedSQL
				"UPDATE {$wpdb->actionscheduler_actions} SET claim_id = %d, last_attempt_gmt = %s, last_attempt_local = %s WHERE $where ORDER BY priority ASC, attempts ASC, scheduled_date_gmt ASC, action_id ASC LIMIT %d",
				array( $claim, $now, current_time( 'mysql' ), ...$values, $size )
			)
		);

		self::$claim = $claim;
		add_action( 'shutdown', array( __CLASS__, 'handle_fatal_error' ) );
		$done    = 0;
		$claimed = self::claimed( $claim );
		// The command line says that it works on the queue only when there is something to work on.
		$announced = 'WP CLI' === $context && $claimed;
		if ( $announced ) {
			do_action( 'action_scheduler_before_process_queue' );
		}
		foreach ( $claimed as $id ) {
			// The claim can be taken away meanwhile, by a runner that finds it too old.
			if ( ! in_array( $id, self::claimed( $claim ), true ) ) {
				break;
			}
			self::process( $id, $context );
			++$done;
			if ( microtime( true ) > $until ) {
				break;
			}
		}
		self::release( $claim );
		self::$claim = 0;
		remove_action( 'shutdown', array( __CLASS__, 'handle_fatal_error' ) );
		if ( $announced ) {
			do_action( 'action_scheduler_after_process_queue' );
		}
		wp_cache_flush_runtime();
		return $done;
	}

	/**
	 * Runs one action. Whatever it throws makes it failed, and that is all.
	 */
	public static function process( int $id, string $context = '' ): void {
		global $wpdb;

		self::$current = $id;
		$action        = null;
		$valid         = true;
		// phpcs:ignore WordPress.PHP.DevelopmentFunctions
		set_error_handler( static fn( $type, $message ) => throw new Exception( $message ), E_USER_ERROR | E_RECOVERABLE_ERROR );
		try {
			do_action( 'action_scheduler_before_execute', $id, $context );
			if ( ActionScheduler_Store::STATUS_PENDING !== self::status( $id ) ) {
				do_action( 'action_scheduler_execution_ignored', $id, $context );
				return;
			}
			do_action( 'action_scheduler_begin_execute', $id, $context );
			$action = self::fetch( $id );
			$wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->actionscheduler_actions} SET attempts = attempts + 1, status = %s, last_attempt_gmt = %s, last_attempt_local = %s WHERE action_id = %d", ActionScheduler_Store::STATUS_RUNNING, current_time( 'mysql', true ), current_time( 'mysql' ), $id ) );
			$action->execute();
			do_action( 'action_scheduler_after_execute', $id, $action, $context );
			$wpdb->update( $wpdb->actionscheduler_actions, array( 'status' => ActionScheduler_Store::STATUS_COMPLETE, 'last_attempt_gmt' => current_time( 'mysql', true ), 'last_attempt_local' => current_time( 'mysql' ) ), array( 'action_id' => $id ) ); // phpcs:ignore
			do_action( 'action_scheduler_completed_action', $id );
		} catch ( Throwable $e ) {
			self::set_status( $id, ActionScheduler_Store::STATUS_FAILED );
			do_action( 'action_scheduler_failed_execution', $id, new Exception( $e->getMessage(), (int) $e->getCode(), $e ), $context );
		} finally {
			restore_error_handler();
			self::$current = 0;
		}
		if ( $action && $action->get_schedule()->is_recurring() && ! self::fails_always( $id, $action->get_hook() ) ) {
			$interval = $action->get_schedule()->get_recurrence();
			self::create( $action->get_hook(), $action->get_args(), time() + $interval, $interval, $action->get_group(), false, $action->get_priority() );
		}
	}

	/**
	 * A recurring action that failed five times in a row is not scheduled again.
	 */
	private static function fails_always( int $id, string $hook ): bool {
		if ( ActionScheduler_Store::STATUS_FAILED !== self::status( $id ) ) {
			return false;
		}
		$last = array_map(
			array( __CLASS__, 'status' ),
			self::query(
				array(
					'hook'     => $hook,
					'status'   => array( 'failed', 'complete' ),
					'per_page' => (int) apply_filters( 'action_scheduler_recurring_action_failure_threshold', 5 ),
					'orderby'  => 'action_id',
					'order'    => 'DESC',
				)
			)
		);
		return count( $last ) >= (int) apply_filters( 'action_scheduler_recurring_action_failure_threshold', 5 ) && array( 'failed' ) === array_unique( $last );
	}

	/**
	 * PHP ended with a fatal error inside an action: that one is failed, and the rest of the batch is free again at once.
	 */
	public static function handle_fatal_error(): void {
		$error = error_get_last();
		if ( ! $error || ! ( $error['type'] & ( E_ERROR | E_PARSE | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR ) ) ) {
			return;
		}
		if ( self::$current ) {
			self::set_status( self::$current, ActionScheduler_Store::STATUS_FAILED );
			do_action( 'action_scheduler_unexpected_shutdown', self::$current, $error );
		}
		self::release( self::$claim );
	}

	/**
	 * Frees what a dead process had claimed, and fails what it was running, once that is five minutes old.
	 */
	private static function clean(): void {
		global $wpdb;

		$period = 10 * self::time_limit();
		$before = gmdate( 'Y-m-d H:i:s', time() - (int) apply_filters( 'action_scheduler_timeout_period', $period ) );
		$wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->actionscheduler_actions} SET claim_id = 0 WHERE status = 'pending' AND claim_id <> 0 AND last_attempt_gmt <= %s", $before ) );

		$age   = (int) apply_filters( 'action_scheduler_failure_period', $period );
		$stuck = array(
			'status'   => ActionScheduler_Store::STATUS_RUNNING,
			'modified' => time() - $age,
			'per_page' => -1,
		);
		foreach ( self::query( $stuck ) as $id ) {
			self::set_status( (int) $id, ActionScheduler_Store::STATUS_FAILED );
			do_action( 'action_scheduler_failed_action', (int) $id, $age );
		}
	}

	/**
	 * Whether as many batches are claimed as may be: one.
	 */
	private static function is_busy(): bool {
		global $wpdb;
		$claims = (int) $wpdb->get_var( "SELECT COUNT(DISTINCT claim_id) FROM {$wpdb->actionscheduler_actions} WHERE claim_id <> 0 AND status IN ('pending', 'in-progress')" );
		return $claims >= (int) apply_filters( 'action_scheduler_queue_runner_concurrent_batches', 1 );
	}

	private static function time_limit(): int {
		return absint( apply_filters( 'action_scheduler_queue_runner_time_limit', 30 ) );
	}

	private static function claimed( int $claim ): array {
		global $wpdb;
		return array_map( 'intval', $wpdb->get_col( $wpdb->prepare( "SELECT action_id FROM {$wpdb->actionscheduler_actions} WHERE claim_id = %d ORDER BY priority ASC, attempts ASC, scheduled_date_gmt ASC, action_id ASC", $claim ) ) );
	}

	private static function release( int $claim ): void {
		global $wpdb;
		$wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->actionscheduler_actions} SET claim_id = 0 WHERE claim_id = %d AND status = 'pending'", $claim ) );
		$wpdb->delete( $wpdb->actionscheduler_claims, array( 'claim_id' => $claim ) );
	}

	/**
	 * An admin request that ends starts a request of its own for the queue, at most once a minute, when something is due.
	 */
	public static function maybe_dispatch(): void {
		if ( ! is_admin() || ! self::$initialized || (int) get_option( 'wu_standin_async_lock', 0 ) > time() ) {
			return;
		}
		update_option( 'wu_standin_async_lock', time() + 60, false );
		$due = self::query( array( 'status' => 'pending', 'date' => time(), 'per_page' => 1 ) ); // phpcs:ignore
		if ( ! apply_filters( 'action_scheduler_allow_async_request_runner', $due && ! self::is_busy() ) ) {
			return;
		}
		$arguments = array(
			'action' => 'as_async_request_queue_runner',
			'nonce'  => wp_create_nonce( 'as_async_request_queue_runner' ),
		);
		wp_remote_post(
			add_query_arg( $arguments, admin_url( 'admin-ajax.php' ) ),
			array(
				'timeout'   => 0.01,
				'blocking'  => false,
				'cookies'   => $_COOKIE,
				'sslverify' => false,
			)
		);
	}

	public static function handle_async(): void {
		check_ajax_referer( 'as_async_request_queue_runner', 'nonce' );
		do_action( 'action_scheduler_run_queue', 'Async Request' );
		wp_die();
	}

	private static function group_id( string $slug, bool $create ): int {
		global $wpdb;

		if ( '' === $slug ) {
			return 0;
		}
		$id = (int) $wpdb->get_var( $wpdb->prepare( "SELECT group_id FROM {$wpdb->actionscheduler_groups} WHERE slug = %s", $slug ) );
		if ( ! $id && $create ) {
			$wpdb->insert( $wpdb->actionscheduler_groups, array( 'slug' => $slug ) );
			$id = (int) $wpdb->insert_id;
		}
		return $id;
	}

	private static function args_key( string $json ): string {
		return strlen( $json ) > self::ARGS_LENGTH ? md5( $json ) : $json;
	}
}

ActionScheduler::boot();

/**
 * Enqueues an action to run as soon as possible. Returns its id, or 0.
 */
function as_enqueue_async_action( $hook, $args = array(), $group = '', $unique = false, $priority = 10 ) {
	if ( ! ActionScheduler::is_initialized( __FUNCTION__ ) ) {
		return 0;
	}
	$instead = apply_filters( 'pre_as_enqueue_async_action', null, $hook, $args, $group, $priority, $unique );
	if ( null !== $instead ) {
		return is_int( $instead ) ? $instead : 0;
	}
	return ActionScheduler::create( $hook, $args, null, 0, $group, $unique, $priority );
}

/**
 * Schedules an action to run once. Returns its id, or 0.
 */
function as_schedule_single_action( $timestamp, $hook, $args = array(), $group = '', $unique = false, $priority = 10 ) {
	if ( ! ActionScheduler::is_initialized( __FUNCTION__ ) ) {
		return 0;
	}
	$instead = apply_filters( 'pre_as_schedule_single_action', null, $timestamp, $hook, $args, $group, $priority, $unique );
	if ( null !== $instead ) {
		return is_int( $instead ) ? $instead : 0;
	}
	return ActionScheduler::create( $hook, $args, (int) $timestamp, 0, $group, $unique, $priority );
}

/**
 * Schedules an action to run again and again. The next one is stored when one has run. Returns the first one's id, or 0.
 */
function as_schedule_recurring_action( $timestamp, $interval_in_seconds, $hook, $args = array(), $group = '', $unique = false, $priority = 10 ) {
	if ( ! ActionScheduler::is_initialized( __FUNCTION__ ) ) {
		return 0;
	}
	$instead = apply_filters( 'pre_as_schedule_recurring_action', null, $timestamp, $interval_in_seconds, $hook, $args, $group, $priority, $unique );
	if ( null !== $instead ) {
		return is_int( $instead ) ? $instead : 0;
	}
	return ActionScheduler::create( $hook, $args, (int) $timestamp, (int) $interval_in_seconds, $group, $unique, $priority );
}

/**
 * Cancels the next pending action that matches. Returns its id, or null when there is none.
 */
function as_unschedule_action( $hook, $args = array(), $group = '' ) {
	if ( ! ActionScheduler::is_initialized( __FUNCTION__ ) ) {
		return 0;
	}
	$ids = ActionScheduler::query(
		array(
			'hook'     => $hook,
			'args'     => is_array( $args ) ? $args : null,
			'group'    => $group,
			'status'   => ActionScheduler_Store::STATUS_PENDING,
			'per_page' => 1,
		)
	);
	if ( ! $ids ) {
		return null;
	}
	ActionScheduler::set_status( (int) $ids[0], ActionScheduler_Store::STATUS_CANCELED );
	do_action( 'action_scheduler_canceled_action', (int) $ids[0] );
	return (int) $ids[0];
}

/**
 * Cancels every pending action that matches. With a hook and no arguments nor group, or a group and no hook nor arguments, whatever their arguments.
 */
function as_unschedule_all_actions( $hook, $args = array(), $group = '' ) {
	$any = empty( $args ) && ( empty( $hook ) || empty( $group ) );
	do {
		$id = as_unschedule_action( $hook, $any ? null : $args, $group );
	} while ( $id );
}

/**
 * Unix time of the next pending action that matches; true while one runs or waits to run as soon as possible; false when there is none.
 */
function as_next_scheduled_action( $hook, $args = null, $group = '' ) {
	if ( ! ActionScheduler::is_initialized( __FUNCTION__ ) ) {
		return false;
	}
	$query = array(
		'hook'     => $hook,
		'args'     => is_array( $args ) ? $args : null,
		'group'    => $group,
		'per_page' => 1,
	);
	if ( ActionScheduler::query( $query + array( 'status' => ActionScheduler_Store::STATUS_RUNNING ) ) ) {
		return true;
	}
	$ids = ActionScheduler::query( $query + array( 'status' => ActionScheduler_Store::STATUS_PENDING ) );
	if ( ! $ids ) {
		return false;
	}
	$date = ActionScheduler::fetch( (int) $ids[0] )->get_schedule()->get_date();
	return $date ? $date->getTimestamp() : true;
}

/**
 * Whether an action that matches is pending or running.
 */
function as_has_scheduled_action( $hook, $args = null, $group = '' ) {
	return false !== as_next_scheduled_action( $hook, $args, $group );
}

/**
 * Lists actions: id => object, or ids. Keys of the query: see ActionScheduler::query().
 */
function as_get_scheduled_actions( $args = array(), $return_format = OBJECT ) {
	if ( ! ActionScheduler::is_initialized( __FUNCTION__ ) ) {
		return array();
	}
	$ids = ActionScheduler::query( $args );
	if ( 'ids' === $return_format || 'int' === $return_format ) {
		return $ids;
	}
	$actions = array();
	foreach ( $ids as $id ) {
		$actions[ $id ] = ActionScheduler::fetch( (int) $id );
	}
	return $actions;
}

/**
 * A DateTime in UTC from another one, a Unix time, or a text.
 */
function as_get_datetime_object( $date_string = null, $timezone = 'UTC' ) {
	if ( $date_string instanceof DateTimeInterface ) {
		return ( new DateTime( '@' . $date_string->getTimestamp() ) )->setTimezone( new DateTimeZone( $timezone ) );
	}
	return new DateTime( is_numeric( $date_string ) ? "@$date_string" : ( $date_string ?? 'now' ), new DateTimeZone( $timezone ) );
}
