<?php
/**
 * The scenarios. Each function plays one, in a process of its own.
 *
 * @package WU_Cloudways_Tests
 */

/**
 * Plays the scenario named in WU_PROBE and prints its steps.
 */
function wu_probe(): void {
	$scenario = 'wu_probe_' . str_replace( '-', '_', (string) getenv( 'WU_PROBE' ) );
	$scenario();
	echo "\n=>" . wp_json_encode( WU_Probe::$steps, JSON_UNESCAPED_SLASHES ); // phpcs:ignore WordPress.Security.EscapeOutput
}

/**
 * Which software this is. Not compared.
 *
 * Also clears away what was there, so that the next process begins without it, and makes a young network an old one: stores
 * the setting without which the real plugin's sunrise does nothing (its settings page stores it with all others), and ends the
 * migration of the queue's data, before which "unique" looks at the arguments too.
 */
function wu_probe_about(): void {
	global $wpdb, $wp_version;
	WU_Probe::reset();
	wu_save_setting( 'enable_domain_mapping', 1 );
	update_option( 'action_scheduler_migration_status', 'complete' );
	WU_Probe::$steps = array(
		'ultimate_multisite' => WP_ULTIMO_VERSION,
		'wordpress'          => $wp_version,
		'php'                => PHP_VERSION,
		'database'           => defined( 'DB_ENGINE' ) && 'sqlite' === DB_ENGINE ? 'SQLite' : $wpdb->db_server_info(),
		'network'            => get_network()->domain,
		'loaded'             => WP_Ultimo()->is_loaded(),
	);
}

/**
 * Adds callbacks to the host events.
 */
function wu_probe_listen(): void {
	foreach ( array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain' ) as $hook ) {
		add_action( $hook, '__return_null', 10, 2 );
	}
	// Whether the row is there while the job runs.
	foreach ( array( 'wu_add_domain', 'wu_remove_domain' ) as $hook ) {
		add_action(
			$hook,
			static function ( $domain ): void {
				global $wpdb;
				WU_Probe::note( 'rows with this name: ' . $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->base_prefix}wu_domain_mappings WHERE domain = %s", $domain ) ) );
			}
		);
	}
}

/**
 * A domain's life, and a site's.
 */
function wu_probe_life( bool $listening ): void {
	WU_Probe::reset();
	if ( $listening ) {
		wu_probe_listen();
	}
	// The row that a save leaves, when a transition looks at it.
	foreach ( array( 'wu_transition_domain_domain', 'wu_domain_post_save' ) as $hook ) {
		add_action(
			$hook,
			static function () use ( $hook ): void {
				global $wpdb;
				$names = $wpdb->get_col( "SELECT domain FROM {$wpdb->base_prefix}wu_domain_mappings ORDER BY id" );
				WU_Probe::note( "in the table at $hook: " . WU_Probe::describe( $names ) );
			}
		);
	}
	WU_Probe::step( 'who listens', static fn() => array_map( 'has_action', array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain' ) ) );

	$main   = get_main_site_id();
	$domain = static fn( string $name ) => wu_get_domain_by_domain( $name );
	$change = static function ( string $name, array $values ) use ( $domain ) {
		$found = $domain( $name );
		foreach ( $values as $key => $value ) {
			$found->{"set_$key"}( $value );
		}
		return $found->save();
	};

	WU_Probe::step( 'create', static fn() => wu_create_domain( array( 'blog_id' => $main, 'domain' => 'Shop.Example' ) ) ); // phpcs:ignore
	WU_Probe::step( 'save unchanged', static fn() => $change( 'shop.example', array() ) );
	WU_Probe::step( 'rename', static fn() => $change( 'shop.example', array( 'domain' => 'store.example' ) ) );
	WU_Probe::step( 'activate what is active, given as true', static fn() => $change( 'store.example', array( 'active' => true ) ) );
	WU_Probe::step( 'deactivate', static fn() => $change( 'store.example', array( 'active' => false ) ) );
	WU_Probe::step( 'deactivate again, given as 0', static fn() => $change( 'store.example', array( 'active' => 0 ) ) );
	WU_Probe::step( 'activate', static fn() => $change( 'store.example', array( 'active' => true ) ) );
	WU_Probe::step( 'set stage checking-ssl-cert', static fn() => $change( 'store.example', array( 'stage' => 'checking-ssl-cert' ) ) );
	WU_Probe::step( 'set secure', static fn() => $change( 'store.example', array( 'secure' => true ) ) );
	WU_Probe::step( 'set stage done', static fn() => $change( 'store.example', array( 'stage' => 'done' ) ) );
	WU_Probe::step( 'set stage failed', static fn() => $change( 'store.example', array( 'stage' => 'failed' ) ) );
	WU_Probe::step( 'create with stage done', static fn() => wu_create_domain( array( 'blog_id' => $main, 'domain' => 'done.example', 'stage' => 'done' ) ) ); // phpcs:ignore
	WU_Probe::step( 'create inactive', static fn() => wu_create_domain( array( 'blog_id' => $main, 'domain' => 'idle.example', 'active' => false ) ) ); // phpcs:ignore
	WU_Probe::step( 'create primary', static fn() => wu_create_domain( array( 'blog_id' => $main, 'domain' => 'first.example', 'primary_domain' => true ) ) ); // phpcs:ignore
	WU_Probe::step(
		'a model of one\'s own, without the function',
		static fn() => ( new WP_Ultimo\Models\Domain( array( 'blog_id' => $main, 'domain' => 'model.example' ) ) )->save() // phpcs:ignore
	);
	WU_Probe::step(
		'meta',
		static function () use ( $domain ) {
			$found = $domain( 'model.example' );
			return array( $found->get_meta( 'probe', 'nothing' ), (bool) $found->update_meta( 'probe', array( 'a' => 1 ) ), $domain( 'model.example' )->get_meta( 'probe' ), $found->delete_meta( 'probe' ), $found->get_meta( 'probe' ) ); // phpcs:ignore
		}
	);
	WU_Probe::step( 'delete what was never saved', static fn() => ( new WP_Ultimo\Models\Domain( array( 'blog_id' => $main, 'domain' => 'model.example' ) ) )->delete() ); // phpcs:ignore

	$site = 0;
	WU_Probe::step(
		'create a site',
		static function () use ( &$site ) {
			$site = wp_insert_site( array( 'domain' => 'probe.' . get_network()->domain, 'path' => '/', 'user_id' => 1, 'title' => 'Probe' ) ); // phpcs:ignore
			return is_int( $site );
		}
	);
	WU_Probe::step( 'map a domain to the new site', static fn() => wu_create_domain( array( 'blog_id' => $site, 'domain' => 'two.example' ) ) ); // phpcs:ignore
	WU_Probe::step( 'move a domain to the new site', static fn() => $change( 'store.example', array( 'blog_id' => $site ) ) );
	WU_Probe::step( 'move and rename at once', static fn() => $change( 'model.example', array( 'blog_id' => $site, 'domain' => 'moved.example' ) ) ); // phpcs:ignore
	WU_Probe::step(
		'archive the site and change its own domain',
		static function () use ( $site ) {
			update_blog_status( $site, 'archived', 1 );
			return is_int( wp_update_site( $site, array( 'domain' => 'other.' . get_network()->domain ) ) );
		}
	);
	WU_Probe::step( 'delete a domain', static fn() => $domain( 'done.example' )->delete() );
	WU_Probe::step(
		'delete the site',
		static function () use ( $site ) {
			return wp_delete_site( $site ) instanceof WP_Site;
		}
	);
	WU_Probe::step( 'what is left', static fn() => wu_get_domains( array( 'fields' => 'domain', 'order' => 'ASC' ) ) ? array_values( wu_get_domains( array( 'fields' => 'domain', 'order' => 'ASC' ) ) ) : array() ); // phpcs:ignore
	WU_Probe::queue( 'the queue before it runs' );
}

function wu_probe_life_unheard(): void {
	wu_probe_life( false );
}

function wu_probe_life_heard(): void {
	wu_probe_life( true );
}

/**
 * The queue of `life-heard`, run where somebody listens. DNS is right, certificates are not looked at: no name resolves.
 */
function wu_probe_queue_heard(): void {
	wu_probe_listen();
	// The check jobs have a scenario of their own.
	remove_all_actions( 'wu_async_process_domain_stage' );
	add_action( 'wu_async_process_domain_stage', '__return_null', 10, 2 );
	WU_Probe::step( 'run', static fn() => WU_Probe::run_queue() );
	WU_Probe::queue( 'the queue after it ran' );
	WU_Probe::step( 'run again', static fn() => WU_Probe::run_queue() );
	WU_Probe::queue( 'the queue after it ran again' );
}

/**
 * Jobs that throw, that nobody listens to, and that enqueue others.
 */
function wu_probe_jobs(): void {
	WU_Probe::reset();
	add_action( 'probe_job', static fn( ...$args ) => WU_Probe::note( 'job got ' . WU_Probe::describe( $args ) ), 10, 9 );
	add_action( 'probe_throw', static fn() => throw new RuntimeException( 'no' ) );
	add_action( 'action_scheduler_failed_execution', static fn( $id, $e, $context ) => WU_Probe::note( 'failed: ' . WU_Probe::describe( $id, 'type' ) . ', ' . get_class( $e ) . ', ' . $context ), 10, 3 );
	add_action( 'action_scheduler_begin_execute', static fn( $id, $context ) => WU_Probe::note( 'begins: ' . WU_Probe::describe( $id, 'type' ) . ', ' . $context ), 10, 2 );

	WU_Probe::step( 'enqueue', static fn() => array_map( 'is_int', array( as_enqueue_async_action( 'probe_job', array( 'a' => 1, 'b' => '2', 'c' => array( true, null ) ), 'probe' ), as_enqueue_async_action( 'probe_throw' ), as_enqueue_async_action( 'probe_nobody' ), as_enqueue_async_action( 'probe_job', array( 'low' ), '', false, 20 ), as_enqueue_async_action( 'probe_job', array( 'high' ), '', false, 5 ), as_enqueue_async_action( 'probe_job', array( str_repeat( 'x', 300 ) ) ) ) ) ); // phpcs:ignore
	WU_Probe::step( 'schedule', static fn() => is_int( as_schedule_single_action( time() + 600, 'probe_job', array( 'later' ) ) ) && is_int( as_schedule_single_action( time() - 5, 'probe_job', array( 'past' ) ) ) );
	WU_Probe::step( 'run', static fn() => WU_Probe::run_queue() );
	WU_Probe::queue( 'after the run' );
	WU_Probe::step( 'run again: what failed is not tried again', static fn() => WU_Probe::run_queue() );
	WU_Probe::queue( 'after the second run' );

	WU_Probe::step( 'recurring', static fn() => is_int( as_schedule_recurring_action( time(), 600, 'probe_often', array( 1 ), 'probe' ) ) );
	add_action( 'probe_often', static fn() => throw new RuntimeException( 'no' ) );
	WU_Probe::step( 'recurring runs and fails', static fn() => WU_Probe::run_queue() );
	foreach ( range( 2, 6 ) as $turn ) {
		global $wpdb;
		// Two seconds back each time, so that one follows the other.
		$wpdb->query( "UPDATE {$wpdb->prefix}actionscheduler_actions SET scheduled_date_gmt = '" . gmdate( 'Y-m-d H:i:s', time() - 20 + $turn ) . "' WHERE hook = 'probe_often' AND status = 'pending'" );
		WU_Probe::step( "recurring runs and fails, turn $turn", static fn() => WU_Probe::run_queue() );
	}
	WU_Probe::queue( 'after the recurring ones' );
}

/**
 * Unique actions and questions about the queue.
 */
function wu_probe_unique(): void {
	WU_Probe::reset();
	$first = 0;
	$give  = static fn( $id ) => $id > 0 ? 'an id' : WU_Probe::describe( $id );
	WU_Probe::step( 'single, unique', static fn() => $give( as_schedule_single_action( time() + 600, 'probe_job', array( 1 ), 'probe', true ) ) );
	WU_Probe::step( 'the same again', static fn() => $give( as_schedule_single_action( time() + 900, 'probe_job', array( 1 ), 'probe', true ) ) );
	WU_Probe::step( 'with other arguments', static fn() => $give( as_schedule_single_action( time() + 900, 'probe_job', array( 2 ), 'probe', true ) ) );
	WU_Probe::step( 'in another group', static fn() => $give( as_schedule_single_action( time() + 900, 'probe_job', array( 1 ), 'probe-two', true ) ) );
	WU_Probe::step( 'async, unique', static fn() => $give( as_enqueue_async_action( 'probe_job', array( 3 ), 'probe', true ) ) );
	WU_Probe::step( 'not unique', static fn() => $give( as_schedule_single_action( time() + 900, 'probe_job', array( 1 ), 'probe' ) ) );
	WU_Probe::step( 'recurring, unique', static fn() => $give( as_schedule_recurring_action( time() + 900, 60, 'probe_job', array( 1 ), 'probe', true ) ) );

	$about = static function ( string $hook, ...$more ): array {
		$next = as_next_scheduled_action( $hook, ...$more );
		return array( as_has_scheduled_action( $hook, ...$more ), is_int( $next ) ? 'in ' . 10 * (int) round( ( $next - time() ) / 10 ) . ' s' : $next );
	};
	WU_Probe::step( 'is there one, and when', static fn() => $about( 'probe_job' ) );
	WU_Probe::step( 'with these arguments', static fn() => $about( 'probe_job', array( 1 ) ) );
	WU_Probe::step( 'with arguments of another type', static fn() => $about( 'probe_job', array( '1' ) ) );
	WU_Probe::step( 'with this group', static fn() => $about( 'probe_job', null, 'probe-two' ) );
	WU_Probe::step( 'of no such group', static fn() => $about( 'probe_job', null, 'nowhere' ) );
	WU_Probe::step( 'of no such hook', static fn() => $about( 'probe_nobody' ) );
	as_enqueue_async_action( 'probe_inner' );
	WU_Probe::step( 'of an async one', static fn() => $about( 'probe_inner' ) );
	WU_Probe::step( 'list', static fn() => array_map( static fn( $action ) => array( $action->get_hook(), $action->get_args(), $action->get_group(), null === $action->get_schedule()->get_date() ? 'no date' : 'a date', $action->get_schedule()->is_recurring() ), array_values( as_get_scheduled_actions( array( 'hook' => 'probe_job', 'status' => 'pending', 'orderby' => 'action_id', 'per_page' => 10 ) ) ) ) ); // phpcs:ignore
	WU_Probe::step( 'list of ids', static fn() => array_map( 'get_debug_type', as_get_scheduled_actions( array( 'hook' => 'probe_job' ), 'ids' ) ) );
	WU_Probe::step( 'unschedule one', static fn() => $give( as_unschedule_action( 'probe_job', array( 1 ), 'probe-two' ) ) );
	WU_Probe::step( 'unschedule one that is not there', static fn() => as_unschedule_action( 'probe_job', array( 1 ), 'probe-two' ) );
	WU_Probe::step( 'unschedule with no arguments given', static fn() => as_unschedule_action( 'probe_job' ) );
	WU_Probe::step( 'unschedule all', static fn() => as_unschedule_all_actions( 'probe_job' ) );
	WU_Probe::queue( 'what is left' );

	WU_Probe::reset();
	add_action(
		'probe_job',
		static function () use ( $give, $about ): void {
			WU_Probe::note( 'inside, unique, same hook: ' . $give( as_schedule_single_action( time() + 600, 'probe_job', array(), 'probe', true ) ) );
			WU_Probe::note( 'inside, unique, same hook, other arguments: ' . $give( as_schedule_single_action( time() + 600, 'probe_job', array( 1 ), 'probe', true ) ) );
			WU_Probe::note( 'inside, unique, another hook: ' . $give( as_schedule_single_action( time() + 600, 'probe_after', array(), 'probe', true ) ) );
			WU_Probe::note( 'inside, asked: ' . WU_Probe::describe( $about( 'probe_job', array(), 'probe' ) ) );
		}
	);
	as_enqueue_async_action( 'probe_job', array(), 'probe' );
	WU_Probe::step( 'run', static fn() => WU_Probe::run_queue() );
	WU_Probe::step( 'after the run, unique', static fn() => $give( as_schedule_single_action( time() + 600, 'probe_job', array(), 'probe', true ) ) );
	WU_Probe::queue( 'the queue' );
}

/**
 * Before `init` the functions give nothing.
 */
function wu_probe_too_early(): void {
	WU_Probe::reset();
	WU_Probe::$steps['as_schedule_single_action at plugins_loaded'] = array( WU_Probe::describe( $GLOBALS['wu_probe_early_queue'] ) );
}

/**
 * A subsite has its own queue; domains are always on the main site's.
 */
function wu_probe_subsite_prepare(): void {
	WU_Probe::reset();
	WU_Probe::step( 'a site', static fn() => wp_insert_site( array( 'domain' => 'probe.' . get_network()->domain, 'path' => '/', 'user_id' => 1 ) ) > 1 ); // phpcs:ignore
}

function wu_probe_subsite(): void {
	wu_probe_listen();
	WU_Probe::step( 'where', static fn() => get_current_blog_id() === get_main_site_id() ? 'main' : 'new' );
	WU_Probe::step( 'schedule', static fn() => as_schedule_single_action( time() + 600, 'probe_job', array(), 'probe', true ) > 0 );
	WU_Probe::step( 'is there one', static fn() => as_has_scheduled_action( 'probe_job' ) );
	WU_Probe::step(
		'is there one on the main site',
		static function () {
			switch_to_blog( get_main_site_id() );
			$there = as_has_scheduled_action( 'probe_job' );
			restore_current_blog();
			return $there;
		}
	);
	WU_Probe::step(
		'schedule, switched to the main site',
		static function () {
			switch_to_blog( get_main_site_id() );
			$id = as_schedule_single_action( time() + 600, 'probe_after', array(), 'probe', true );
			restore_current_blog();
			return $id > 0;
		}
	);
	WU_Probe::step( 'create a domain', static fn() => wu_create_domain( array( 'blog_id' => get_current_blog_id(), 'domain' => 'sub.example' ) ) ); // phpcs:ignore
	WU_Probe::step( 'delete it', static fn() => wu_get_domain_by_domain( 'sub.example' )->delete() );
	WU_Probe::queue( 'the queue of the subsite' );
	switch_to_blog( get_main_site_id() );
	WU_Probe::queue( 'the queue of the main site' );
	restore_current_blog();
}

/**
 * A worker dies inside a job. Played in several processes: prepare, die, look.
 */
function wu_probe_dead_worker_prepare(): void {
	WU_Probe::reset();
	as_enqueue_async_action( 'probe_kill' );
	as_enqueue_async_action( 'probe_after' );
}

function wu_probe_dead_worker_die(): void {
	add_action( 'probe_kill', static fn() => posix_kill( getmypid(), SIGKILL ) );
	add_action( 'probe_after', '__return_null' );
	WU_Probe::run_queue();
}

function wu_probe_dead_worker_look(): void {
	global $wpdb;
	add_action( 'probe_kill', '__return_null' );
	add_action( 'probe_after', static fn() => WU_Probe::note( 'probe_after ran' ) );
	add_action( 'probe_job', static fn() => WU_Probe::note( 'probe_job ran' ) );
	WU_Probe::queue( 'after the worker died' );
	as_enqueue_async_action( 'probe_job' );
	WU_Probe::step( 'another runner', static fn() => WU_Probe::run_queue() );
	WU_Probe::step( 'another runner, forced', static fn() => WU_Probe::run_queue( '--force' ) );
	WU_Probe::step( 'WP-Cron', static fn() => do_action( 'action_scheduler_run_queue', 'WP Cron' ) );
	WU_Probe::queue( 'after those' );
	$back = static fn( int $seconds ) => $wpdb->query( "UPDATE {$wpdb->prefix}actionscheduler_actions SET last_attempt_gmt = '" . gmdate( 'Y-m-d H:i:s', time() - $seconds ) . "' WHERE claim_id <> 0 AND status IN ('pending', 'in-progress')" );
	$back( 280 );
	WU_Probe::step( '280 seconds later', static fn() => WU_Probe::run_queue() );
	$back( 305 );
	WU_Probe::step( '305 seconds later', static fn() => WU_Probe::run_queue() );
	WU_Probe::queue( 'after five minutes' );
}

/**
 * PHP ends with a fatal error inside a job: prepare, die, look.
 */
function wu_probe_fatal_prepare(): void {
	WU_Probe::reset();
	as_enqueue_async_action( 'probe_fatal' );
	as_enqueue_async_action( 'probe_after' );
}

function wu_probe_fatal_die(): void {
	add_action(
		'probe_fatal',
		static function (): void {
			ini_set( 'memory_limit', (string) ( memory_get_usage() + 8000000 ) ); // phpcs:ignore
			str_repeat( 'x', 100000000 );
		}
	);
	add_action( 'probe_after', '__return_null' );
	WU_Probe::run_queue();
}

function wu_probe_fatal_look(): void {
	add_action( 'probe_after', static fn() => WU_Probe::note( 'probe_after ran' ) );
	WU_Probe::queue( 'after the fatal error' );
	WU_Probe::step( 'another runner', static fn() => WU_Probe::run_queue() );
	WU_Probe::queue( 'after it' );
}

/**
 * Two runners at once, each forced: prepare, run twice in parallel, look.
 */
function wu_probe_overlap_prepare(): void {
	WU_Probe::reset();
	for ( $i = 0; $i < 20; $i++ ) {
		as_enqueue_async_action( 'probe_job', array( $i ) );
	}
}

function wu_probe_overlap_run(): void {
	add_action( 'probe_job', static fn() => usleep( 50000 ) );
	add_action( 'probe_job', static fn( $number ) => add_network_option( null, 'wu_probe_ran_' . $number . '_' . getmypid(), 1 ) );
	// Neither begins before the other is there.
	global $wpdb;
	add_network_option( null, 'wu_probe_here_' . getmypid(), 1 );
	for ( $i = 0; $i < 300 && $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->sitemeta} WHERE meta_key LIKE 'wu_probe_here_%'" ) < 2; $i++ ) {
		usleep( 100000 );
	}
	WU_Probe::$steps['run'] = array( WU_Probe::run_queue( '--force --batch-size=3' ) );
}

function wu_probe_overlap_look(): void {
	global $wpdb;
	$ran = $wpdb->get_col( "SELECT meta_key FROM {$wpdb->sitemeta} WHERE meta_key LIKE 'wu_probe_ran_%'" );
	$wpdb->query( "DELETE FROM {$wpdb->sitemeta} WHERE meta_key LIKE 'wu_probe_ran_%' OR meta_key LIKE 'wu_probe_here_%'" );
	$runners = count( array_unique( array_map( static fn( $name ) => substr( strrchr( $name, '_' ), 1 ), $ran ) ) );
	WU_Probe::step( 'jobs run, by so many runners', static fn() => array( count( $ran ), $runners ) );
	WU_Probe::queue( 'the queue' );
}

/**
 * WP-Cron's run of the queue.
 */
function wu_probe_cron(): void {
	WU_Probe::reset();
	add_action( 'probe_job', static fn() => WU_Probe::note( 'probe_job ran' ) );
	add_action( 'probe_throw', static fn() => throw new RuntimeException( 'no' ) );
	add_action( 'action_scheduler_failed_execution', static fn( $id, $e, $context ) => 'no' === $e->getMessage() ? WU_Probe::note( "failed, $context" ) : null, 10, 3 );
	as_enqueue_async_action( 'probe_job' );
	as_enqueue_async_action( 'probe_throw' );
	WU_Probe::step( 'scheduled', static fn() => array( is_int( wp_next_scheduled( 'action_scheduler_run_queue', array( 'WP Cron' ) ) ), wp_get_schedule( 'action_scheduler_run_queue', array( 'WP Cron' ) ) ) );
	WU_Probe::step( 'run', static fn() => do_action( 'action_scheduler_run_queue', 'WP Cron' ) );
	WU_Probe::queue( 'the queue' );
	WU_Probe::step( 'requests that run it', static fn() => array_map( 'boolval', array( has_action( 'wp_ajax_as_async_request_queue_runner' ), has_action( 'wp_ajax_nopriv_as_async_request_queue_runner' ) ) ) );
}

/**
 * The check jobs.
 */
function wu_probe_checks(): void {
	WU_Probe::reset();
	$main = get_main_site_id();
	$run  = static function ( int $id, ...$tries ): void {
		do_action( 'wu_async_process_domain_stage', $id, ...$tries );
	};
	$make = static function ( string $name, string $stage = 'checking-dns' ) use ( $main ): int {
		return wu_create_domain( array( 'blog_id' => $main, 'domain' => $name, 'stage' => $stage ) )->get_id(); // phpcs:ignore
	};

	// DNS is wrong: the answer is no, and no resolver knows the names.
	WU_Probe::answer_loopback( 'right' === getenv( 'WU_PROBE_DNS' ) );
	if ( 'right' === getenv( 'WU_PROBE_DNS' ) ) {
		$id = $make( 'right.example' );
		WU_Probe::step( 'DNS is right', static fn() => $run( $id ) );
		WU_Probe::step( 'stage after it', static fn() => wu_get_domain( $id )->get_stage() );
		WU_Probe::step( 'no such domain', static fn() => $run( 987654 ) );
		$id = $make( 'ready.example', 'done' );
		WU_Probe::step( 'of a domain that is done', static fn() => $run( $id ) );
		return;
	}
	if ( 'record' === getenv( 'WU_PROBE_DNS' ) ) {
		add_filter( 'wu_domain_dns_get_record', static fn() => array( array( 'type' => 'A', 'data' => '192.0.2.1' ) ) ); // phpcs:ignore
		$id = $make( 'record.example' );
		WU_Probe::step( 'a record, and another public address', static fn() => $run( $id ) );
		WU_Probe::step( 'stage after it', static fn() => wu_get_domain( $id )->get_stage() );
		add_filter( 'wu_get_network_public_ip', static fn() => '192.0.2.1' );
		WU_Probe::step( 'a record of the public address', static fn() => $run( $id, 1 ) );
		WU_Probe::step( 'stage after that', static fn() => wu_get_domain( $id )->get_stage() );
		remove_all_filters( 'wu_domain_dns_get_record' );
		add_filter( 'wu_domain_dns_get_record', '__return_empty_array' );
		$id = $make( 'missing.example' );
		WU_Probe::step( 'no record, tries 5', static fn() => $run( $id, 5 ) );
		WU_Probe::step( 'stage in the end', static fn() => wu_get_domain( $id )->get_stage() );
		return;
	}
	foreach ( array( 1, 4, 5 ) as $tries ) {
		$id = $make( "ssl-$tries.example", 'checking-ssl-cert' );
		WU_Probe::step( "certificate missing, tries $tries", static fn() => $run( $id, $tries ) );
		WU_Probe::step( "stage after it, tries $tries", static fn() => wu_get_domain( $id )->get_stage() );
	}
	foreach ( array( 5, 60, 9999 ) as $interval ) {
		wu_save_setting( 'dns_check_interval', $interval );
		$id = $make( "interval-$interval.example", 'checking-ssl-cert' );
		WU_Probe::step( "dns_check_interval $interval", static fn() => $run( $id, 0 ) );
	}
	add_filter( 'wu_async_process_domain_stage_max_tries', static fn() => 100 );
	$id = $make( 'patient.example', 'checking-ssl-cert' );
	WU_Probe::step( 'with the filter raised, tries 50', static fn() => $run( $id, 50 ) );
	WU_Probe::step( 'stage after it', static fn() => wu_get_domain( $id )->get_stage() );
}

/**
 * What a domain may be called.
 */
function wu_probe_validation(): void {
	WU_Probe::reset();
	$main  = get_main_site_id();
	$names = array( 'plain.example', 'UPPER.Example', 'plain.example', 'xn--bcher-kva.example', 'bücher.example', '*.wild.example', 'under_score.example', 'single', 'localhost', '192.0.2.7', '[2001:db8::1]', 'port.example:8080', 'http://scheme.example', 'path.example/x', 'dot.example.', ' space.example', 'inner space.example', '-dash.example', 'dash-.example', 'a-b.example', 'x.co.uk', 'a.1example', 'a.example1', 'a.xn--p1ai', str_repeat( 'a', 63 ) . '.example', str_repeat( 'a', 64 ) . '.example', implode( '.', array_fill( 0, 40, 'abc' ) ) . '.example', "nul\0.example", '..example', 'a..example', '', '0', 'www.www.example', 'a.b.c.d.e.f.example', "line.example\n" );
	foreach ( $names as $i => $name ) {
		WU_Probe::$steps[ $i . ' ' . ( strlen( $name ) > 60 ? substr( $name, 0, 20 ) . '… (' . strlen( $name ) . ' bytes)' : addcslashes( $name, "\0..\37" ) ) ] = array( wu_probe_create( array( 'blog_id' => $main, 'domain' => $name ) ) ); // phpcs:ignore
	}
	$cases = array(
		'no name'           => array( 'blog_id' => $main ),
		'name null'         => array( 'blog_id' => $main, 'domain' => null ),
		'no site'           => array( 'domain' => 'nosite.example' ),
		'site 0'            => array( 'blog_id' => 0, 'domain' => 'site0.example' ),
		'site that is not'  => array( 'blog_id' => 987654, 'domain' => 'ghost.example' ),
		'site as text'      => array( 'blog_id' => '1', 'domain' => 'text.example' ),
		'site as words'     => array( 'blog_id' => 'one', 'domain' => 'words.example' ),
		'no such stage'     => array( 'blog_id' => $main, 'domain' => 'stage.example', 'stage' => 'nearly' ),
		'empty stage'       => array( 'blog_id' => $main, 'domain' => 'nostage.example', 'stage' => '' ),
		'two things wrong'  => array( 'domain' => 'no', 'stage' => 'nearly' ),
		'the network\'s'    => array( 'blog_id' => $main, 'domain' => get_network()->domain ),
		'under the network' => array( 'blog_id' => $main, 'domain' => 'sub.' . get_network()->domain ),
	); // phpcs:ignore
	foreach ( $cases as $label => $case ) {
		WU_Probe::$steps[ $label ] = array( wu_probe_create( $case ) );
	}
	WU_Probe::step(
		'rename to a name that is taken',
		static function () {
			$domain = wu_get_domain_by_domain( 'upper.example' );
			$domain->set_domain( 'plain.example' );
			return $domain->save();
		}
	);
	WU_Probe::step( 'look-ups', static fn() => array( wu_get_domain( 0 ), wu_get_domain( 987654 ), wu_get_domain( 'x' ), wu_get_domain_by_domain( '' ), wu_get_domain_by_domain( 'nowhere.example' ), wu_get_domain_by_domain( 'UPPER.example' ) instanceof WP_Ultimo\Models\Domain ) );
}

function wu_probe_create( array $data ): string {
	try {
		$domain = wu_create_domain( $data );
	} catch ( Throwable $e ) {
		return 'threw ' . get_class( $e );
	}
	return is_wp_error( $domain ) ? WU_Probe::describe( $domain ) : ( $domain->get_id() ? 'taken as ' . WU_Probe::describe( strlen( $domain->get_domain() ) > 60 ? strlen( $domain->get_domain() ) : $domain->get_domain() ) . ' ' . $domain->get_stage() : 'not written' );
}

/**
 * How wu_get_domains() counts, filters and remembers.
 */
function wu_probe_lists(): void {
	global $wpdb;
	WU_Probe::reset();
	$table = "{$wpdb->base_prefix}wu_domain_mappings";
	for ( $i = 0; $i < 105; $i++ ) {
		$wpdb->insert( $table, array( 'blog_id' => 1, 'domain' => sprintf( 'd%03d.example', $i ), 'active' => $i % 2, 'stage' => $i % 3 ? 'done' : 'failed' ) ); // phpcs:ignore
	}
	$count = static fn( array $query ) => count( wu_get_domains( $query ) );
	foreach ( array( 'none' => array(), '-1' => array( 'number' => -1 ), 'false' => array( 'number' => false ), '0' => array( 'number' => 0 ), 'empty' => array( 'number' => '' ), '103' => array( 'number' => 103 ), '3, offset 104' => array( 'number' => 3, 'offset' => 104 ) ) as $label => $query ) { // phpcs:ignore
		WU_Probe::step( "number $label", static fn() => $count( $query ) );
	}
	WU_Probe::step( 'count', static fn() => wu_get_domains( array( 'count' => true ) ) );
	WU_Probe::step( 'count of active ones', static fn() => wu_get_domains( array( 'count' => true, 'active' => 1 ) ) ); // phpcs:ignore
	WU_Probe::step( 'active true', static fn() => $count( array( 'active' => true ) ) );
	WU_Probe::step( 'stage done', static fn() => $count( array( 'stage' => 'done' ) ) );
	WU_Probe::step( 'stage in two', static fn() => $count( array( 'stage__in' => array( 'done', 'failed' ), 'number' => false ) ) ); // phpcs:ignore
	WU_Probe::step( 'stage not in', static fn() => $count( array( 'stage__not_in' => array( 'done' ), 'number' => false ) ) ); // phpcs:ignore
	WU_Probe::step( 'search', static fn() => array_values( wu_get_domains( array( 'search' => 'd00', 'number' => 3, 'fields' => 'domain', 'order' => 'ASC' ) ) ) ); // phpcs:ignore
	WU_Probe::step( 'by name', static fn() => array_values( wu_get_domains( array( 'domain' => 'd007.example', 'fields' => 'domain' ) ) ) ); // phpcs:ignore
	WU_Probe::step( 'first of the default order', static fn() => wu_get_domains( array( 'number' => 1 ) )[0]->get_domain() );
	WU_Probe::step( 'order by domain', static fn() => wu_get_domains( array( 'number' => 1, 'orderby' => 'domain', 'order' => 'ASC' ) )[0]->get_domain() ); // phpcs:ignore
	WU_Probe::step(
		'fields domain',
		static function () {
			$names = wu_get_domains( array( 'fields' => 'domain', 'number' => 2 ) ); // phpcs:ignore
			$ids   = wu_get_domains( array( 'fields' => 'ids', 'number' => 2 ) ); // phpcs:ignore
			return array( array_keys( $names ) === array_map( 'intval', $ids ), array_map( 'get_debug_type', array_keys( $names ) ), array_values( $names ), array_map( 'get_debug_type', $ids ), array_is_list( $ids ) ); // phpcs:ignore
		}
	);
	WU_Probe::step( 'without an answer', static fn() => wu_get_domains( array( 'domain' => 'nowhere.example' ) ) );
	WU_Probe::step(
		'a list, while others write to the table',
		static function () use ( $wpdb, $table, $count ) {
			$all    = array( 'number' => false );
			$before = $count( $all );
			$wpdb->insert( $table, array( 'blog_id' => 1, 'domain' => 'late.example' ) ); // phpcs:ignore
			$after = $count( $all );
			wu_create_domain( array( 'blog_id' => 1, 'domain' => 'saved.example' ) ); // phpcs:ignore
			return array( $before, $after, $count( $all ) );
		}
	);
	WU_Probe::step(
		'a domain, while others write to the table',
		static function () use ( $wpdb, $table ) {
			$id = wu_get_domain_by_domain( 'late.example' )->get_id();
			wu_get_domain( $id );
			$wpdb->update( $table, array( 'domain' => 'newer.example' ), array( 'id' => $id ) );
			$by_id = wu_get_domain( $id )->get_domain();
			return array( $by_id, wu_get_domain_by_domain( 'newer.example' ) ? 'found by its new name' : 'not found' );
		}
	);
	WU_Probe::step(
		'the table cannot be read',
		static function () use ( $wpdb ) {
			wp_cache_flush();
			$wpdb->suppress_errors( true );
			$old = $wpdb->base_prefix;
			add_filter( 'query', 'wu_probe_break_query' );
			$answer = array( wu_get_domains( array( 'number' => false ) ), wu_get_domain_by_domain( 'd001.example' ), wu_probe_create( array( 'blog_id' => 1, 'domain' => 'broken.example' ) ) ); // phpcs:ignore
			remove_filter( 'query', 'wu_probe_break_query' );
			$wpdb->suppress_errors( false );
			return $answer;
		}
	);
	WU_Probe::reset();
}

/**
 * Makes queries on the table of domains fail.
 */
function wu_probe_break_query( string $sql ): string {
	return preg_replace( '/\bwp_wu_domain_mappings\b|\b\w*_wu_domain_mappings\b/', 'no_such_table', $sql );
}

/**
 * The `www` setting.
 */
function wu_probe_www(): void {
	WU_Probe::reset();
	$manager = WP_Ultimo\Managers\Domain_Manager::get_instance();
	$names   = array( 'plain.example', 'sub.plain.example', 'www.plain.example', 'UPPER.Example', 'WWW.Upper.Example', 'shop.co.uk', 'sub.shop.co.uk', 'shop.com.au', 'shop.org.uk', 'single', 'dot.example.', 'xn--bcher-kva.example', 'wwwx.example', '' );
	foreach ( array( 'always', 'main_only', 'never', 'sometimes', '', false ) as $value ) {
		wu_save_setting( 'auto_create_www_subdomain', $value );
		WU_Probe::step( 'setting ' . WU_Probe::describe( $value ), static fn() => array_combine( $names, array_map( array( $manager, 'should_create_www_subdomain' ), $names ) ) );
	}
	WU_Probe::step( 'a setting that is not there', static fn() => array( wu_get_setting( 'wu_probe_nothing' ), wu_get_setting( 'wu_probe_nothing', 'x' ) ) );
	wu_save_setting( 'auto_create_www_subdomain', 'always' );
}

/**
 * Saving one setting, and the settings page's form.
 */
function wu_probe_settings(): void {
	WU_Probe::reset();
	add_action( 'wu_after_save_settings', static fn() => WU_Probe::note( 'read then: ' . WU_Probe::describe( wu_get_setting( 'auto_create_www_subdomain', 'always' ) ) ) );
	WU_Probe::step( 'one setting', static fn() => array( wu_save_setting( 'auto_create_www_subdomain', 'main_only' ), wu_get_setting( 'auto_create_www_subdomain', 'always' ) ) );
	WU_Probe::step( 'the form', static fn() => get_debug_type( WP_Ultimo()->settings->save_settings( array( 'auto_create_www_subdomain' => 'never' ) ) ) );
	WU_Probe::step( 'read after it', static fn() => array( wu_get_setting( 'auto_create_www_subdomain', 'always' ), (int) wu_get_setting( 'dns_check_interval', 300 ), get_network_option( null, 'wp-ultimo_v2_settings' )['auto_create_www_subdomain'] ) );
	WU_Probe::reset();
}

/**
 * Credentials: constant, then option.
 */
function wu_probe_credentials(): void {
	WU_Probe::reset();
	$integration = WP_Ultimo\Integrations\Integration_Registry::get_instance()->get( 'cloudways' );
	$read        = static fn() => array_map( array( $integration, 'get_credential' ), array( 'WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID', 'WU_CLOUDWAYS_EXTRA_DOMAINS' ) );
	$stored      = static function (): array {
		$found = array();
		foreach ( array( 'EMAIL', 'API_KEY', 'SERVER_ID', 'APP_ID', 'EXTRA_DOMAINS' ) as $name ) {
			$value = get_network_option( null, "wu_hosting_credential_WU_CLOUDWAYS_$name", null );
			$found[ $name ] = null === $value ? 'absent' : ( str_starts_with( $value, '$wu_' ) ? 'encrypted' : 'plain' );
		}
		return $found;
	};
	WU_Probe::step( 'names', static fn() => array( $integration->get_id(), $integration->get_constants(), $integration->get_optional_constants(), $integration->get_all_constants(), array_keys( $integration->get_fields() ), $integration->supports( 'autossl' ), $integration->supports( 'nothing' ) ) );
	WU_Probe::step( 'nothing given', $read );
	WU_Probe::step( 'set up, missing', static fn() => array( $integration->is_setup(), $integration->get_missing_constants() ) );
	WU_Probe::step(
		'stored by the wizard',
		static function () use ( $integration, $read, $stored ) {
			$integration->save_credentials( array( 'WU_CLOUDWAYS_EMAIL' => 'who@example.org', 'WU_CLOUDWAYS_API_KEY' => 'cw_a+b/c==', 'WU_CLOUDWAYS_SERVER_ID' => '1', 'WU_CLOUDWAYS_APP_ID' => '2', 'WU_CLOUDWAYS_OTHER' => 'x' ) ); // phpcs:ignore
			return array( $read(), $stored(), $integration->is_setup(), get_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_OTHER', 'absent' ) );
		}
	);
	WU_Probe::step(
		'stored again, with less',
		static function () use ( $integration, $read, $stored ) {
			$integration->save_credentials( array( 'WU_CLOUDWAYS_EMAIL' => 'who@example.org', 'WU_CLOUDWAYS_APP_ID' => '' ) ); // phpcs:ignore
			return array( $read(), $stored(), $integration->is_setup(), $integration->get_missing_constants() );
		}
	);
	WU_Probe::step(
		'stored in plain text',
		static function () use ( $integration ) {
			update_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_API_KEY', 'as it is' );
			return $integration->get_credential( 'WU_CLOUDWAYS_API_KEY' );
		}
	);
	WU_Probe::step(
		'stored with other salts',
		static function () use ( $integration ) {
			add_filter( 'salt', 'strrev' );
			$integration->save_credentials( array( 'WU_CLOUDWAYS_API_KEY' => 'secret' ) );
			remove_filter( 'salt', 'strrev' );
			return $integration->get_credential( 'WU_CLOUDWAYS_API_KEY' );
		}
	);
	WU_Probe::step(
		'with constants',
		static function () use ( $integration, $read ) {
			$integration->save_credentials( array( 'WU_CLOUDWAYS_EMAIL' => 'stored@example.org', 'WU_CLOUDWAYS_API_KEY' => 'stored', 'WU_CLOUDWAYS_SERVER_ID' => '7' ) ); // phpcs:ignore
			define( 'WU_CLOUDWAYS_EMAIL', 'constant@example.org' );
			define( 'WU_CLOUDWAYS_API_KEY', '' );
			define( 'WU_CLOUDWAYS_SERVER_ID', 12345 );
			define( 'WU_CLOUDWAYS_APP_ID', 0 );
			define( 'WU_CLOUDWAYS_EXTRA_DOMAINS', false );
			return array( $read(), $integration->is_setup(), $integration->get_missing_constants() );
		}
	);
	WU_Probe::step(
		'on and off',
		static function () use ( $integration ) {
			$seen = array( $integration->is_enabled(), $integration->enable(), $integration->is_enabled(), get_network_option( null, 'wu_host_integrations_enabled' ), $integration->disable(), $integration->is_enabled(), get_network_option( null, 'wu_host_integrations_enabled' ) ); // phpcs:ignore
			return $seen;
		}
	);
	WU_Probe::reset();
}

/**
 * Who gets which hook. WU_PROBE_REPLACE: a module in the place of the built-in one; WU_PROBE_SUBCLASS: a subclass of the integration.
 */
function wu_probe_registry(): void {
	WU_Probe::$steps['while plugins loaded'] = $GLOBALS['wu_probe_boot'];
	$registry                                = WP_Ultimo\Integrations\Integration_Registry::get_instance();
	$listeners                               = static function ( string $hook ): array {
		$found = array();
		foreach ( $GLOBALS['wp_filter'][ $hook ]->callbacks ?? array() as $priority => $callbacks ) {
			foreach ( $callbacks as $callback ) {
				$function = $callback['function'];
				$found[]  = "$priority " . ( is_array( $function ) ? get_class( $function[0] ) . "::{$function[1]}" : 'something else' ) . " ({$callback['accepted_args']})";
			}
		}
		return $found;
	};
	WU_Probe::step( 'integration', static fn() => array( get_class( $registry->get( 'cloudways' ) ), $registry->get( 'nowhere' ), $registry->get( 'cloudways' )->is_enabled(), $registry->get( 'cloudways' )->is_setup() ) );
	WU_Probe::step( 'modules', static fn() => array( array_map( 'get_class', $registry->get_capabilities( 'cloudways' ) ), $registry->has_capability( 'cloudways', 'domain-mapping' ), $registry->has_capability( 'cloudways', 'nothing' ), $registry->get_capability( 'cloudways', 'nothing' ), $registry->get_capabilities( 'nowhere' ), isset( $registry->get_integrations_with_capability( 'domain-mapping' )['cloudways'] ) ) );
	WU_Probe::step( 'the module knows its integration', static fn() => $registry->get_capability( 'cloudways', 'domain-mapping' )->get_integration() === $registry->get( 'cloudways' ) );
	foreach ( array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain', 'wu_domain_manager_dns_propagation_finished' ) as $hook ) {
		WU_Probe::step( "listeners of $hook", static fn() => $listeners( $hook ) );
	}
	WU_Probe::step( 'module', static fn() => array( $registry->get_capability( 'cloudways', 'domain-mapping' )->get_supported_features(), $registry->get_capability( 'cloudways', 'domain-mapping' )->get_fields(), array_keys( $registry->get_capability( 'cloudways', 'domain-mapping' )->get_explainer_lines() ) ) );
	WU_Probe::step( 'test of the module', static fn() => getenv( 'WU_PROBE_SUBCLASS' ) ? $registry->get_capability( 'cloudways', 'domain-mapping' )->test_connection() : 'not asked' );
}

function wu_probe_registry_prepare(): void {
	WU_Probe::reset();
	if ( getenv( 'WU_PROBE_ENABLED' ) ) {
		update_network_option( null, 'wu_host_integrations_enabled', array( 'cloudways' => true ) );
	}
}

/**
 * Nothing but functions is there before the setup wizard is finished.
 */
function wu_probe_unfinished(): void {
	WU_Probe::step( 'loaded', static fn() => WP_Ultimo()->is_loaded() );
	WU_Probe::step( 'notices', static fn() => null === WP_Ultimo()->notices );
	WU_Probe::step( 'registry fired', static fn() => array( did_action( 'wu_register_integrations' ), did_action( 'wu_register_capabilities' ), did_action( 'wp_ultimo_load' ) ) );
	WU_Probe::step( 'functions', static fn() => array_map( 'function_exists', array( 'wu_create_domain', 'wu_get_domains', 'wu_log_add', 'as_schedule_single_action' ) ) );
	WU_Probe::step( 'hooked', static fn() => array_map( 'has_action', array( 'wu_transition_domain_domain', 'wu_domain_post_delete', 'wu_async_process_domain_stage' ) ) );
	update_network_option( null, 'wu_setup_finished', 1 );
}

function wu_probe_unfinished_prepare(): void {
	delete_network_option( null, 'wu_setup_finished' );
}

/**
 * The log.
 */
function wu_probe_log(): void {
	$file = wp_upload_dir( null, false )['basedir'] . '/wu-logs/probe.log';
	wu_log_clear( 'probe' );
	WU_Probe::step( 'cleared', static fn() => file_exists( $file ) );
	WU_Probe::step(
		'lines',
		static function () use ( $file ) {
			wu_log_add( 'probe', 'A line' );
			wu_log_add( 'probe', 'Another', 'error' );
			wu_log_add( 'probe', new WP_Error( 'x', 'An error\'s message' ), 'warning' );
			return preg_replace( '/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/', 'date', file( $file, FILE_IGNORE_NEW_LINES ) ); // phpcs:ignore
		}
	);
	WU_Probe::step( 'beside it', static fn() => array_map( static fn( $name ) => file_exists( dirname( $file ) . "/$name" ), array( '.htaccess', 'index.html' ) ) );
	wu_log_clear( 'probe' );
}

/**
 * For the pages: cookies of an administrator, and what a page changed.
 */
function wu_probe_cookies(): void {
	WU_Probe::reset();
	$user    = get_user_by( 'login', get_super_admins()[0] );
	$expires = time() + 3600;
	$token   = WP_Session_Tokens::get_instance( $user->ID )->create( $expires );
	$logged_in       = wp_generate_auth_cookie( $user->ID, $expires, 'logged_in', $token );

	// A nonce belongs to the session of the cookie.
	$_COOKIE[ LOGGED_IN_COOKIE ] = $logged_in;
	wp_set_current_user( $user->ID );
	WU_Probe::$steps = array(
		'domain'  => get_network()->domain,
		'cookies' => array(
			AUTH_COOKIE      => wp_generate_auth_cookie( $user->ID, $expires, 'auth', $token ),
			LOGGED_IN_COOKIE => $logged_in,
		),
		'nonce'   => wp_create_nonce( 'as_async_request_queue_runner' ),
	);
}

/**
 * For requests of visitors: mapped hosts in three stages.
 */
function wu_probe_hosts_prepare(): void {
	WU_Probe::reset();
	foreach ( array( 'waiting.example' => 'checking-dns', 'unsafe.example' => 'checking-ssl-cert', 'ready.example' => 'done-without-ssl' ) as $name => $stage ) { // phpcs:ignore
		wu_create_domain( array( 'blog_id' => get_main_site_id(), 'domain' => $name, 'stage' => $stage ) ); // phpcs:ignore
	}
	WU_Probe::$steps = array(
		'waiting' => wp_hash( 'waiting.example' ),
		'id'      => wu_get_domain_by_domain( 'waiting.example' )->get_id(),
	);
}

/**
 * For the pages that ask plugins what to show of a domain: two domains, and a front-end page with the customer's panel.
 */
function wu_probe_faces_prepare(): void {
	WU_Probe::reset();
	wu_save_setting( 'enable_domain_mapping', 1 );
	wu_save_setting( 'custom_domains', 1 );
	$site = wp_insert_site( array( 'domain' => 'probe.' . get_network()->domain, 'path' => '/', 'user_id' => 1, 'title' => 'Probe' ) ); // phpcs:ignore
	foreach ( array( 'face-one.example', 'face-two.example' ) as $name ) {
		wu_create_domain( array( 'blog_id' => $site, 'domain' => $name, 'stage' => 'done' ) ); // phpcs:ignore
	}
	$page = wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Probe', 'post_name' => 'probe-faces', 'post_content' => '[wu_domain_mapping]' ) ); // phpcs:ignore

	WU_Probe::$steps = array(
		'id'   => wu_get_domain_by_domain( 'face-one.example' )->get_id(),
		'page' => $page,
		'site' => function_exists( 'wu_get_site' ) ? wu_get_site( $site )->get_hash() : $site,
	);
}

function wu_probe_async_prepare(): void {
	WU_Probe::reset();
	as_enqueue_async_action( 'probe_nobody' );
}

function wu_probe_async_look(): void {
	WU_Probe::queue( 'queue' );
}

function wu_probe_stored(): void {
	$found = array( 'enabled' => get_network_option( null, 'wu_host_integrations_enabled' ) );
	foreach ( array( 'EMAIL', 'API_KEY', 'SERVER_ID', 'APP_ID', 'EXTRA_DOMAINS' ) as $name ) {
		$value          = get_network_option( null, "wu_hosting_credential_WU_CLOUDWAYS_$name", null );
		$found[ $name ] = null === $value ? 'absent' : WP_Ultimo\Helpers\Credential_Store::decrypt( $value );
	}
	WU_Probe::$steps = $found;
}

function wu_probe_store(): void {
	$registry = WP_Ultimo\Integrations\Integration_Registry::get_instance();
	$registry->get( 'cloudways' )->save_credentials( array( 'WU_CLOUDWAYS_EMAIL' => 'who@example.org', 'WU_CLOUDWAYS_API_KEY' => 'cw_a+b/c==', 'WU_CLOUDWAYS_SERVER_ID' => '1', 'WU_CLOUDWAYS_APP_ID' => '2', 'WU_CLOUDWAYS_EXTRA_DOMAINS' => '*.example.org' ) ); // phpcs:ignore
	update_network_option( null, 'wu_host_integrations_enabled', array( 'cloudways' => true ) );
}

// What is there at which moment while plugins load.
$GLOBALS['wu_probe_boot'] = array();
WU_Probe::early(
	'network_plugin_loaded',
	static function (): void {
		if ( ! class_exists( 'WP_Ultimo', false ) || isset( $GLOBALS['wu_probe_seen'] ) ) {
			return;
		}
		$GLOBALS['wu_probe_seen']   = true;
		$GLOBALS['wu_probe_boot'][] = 'when the plugin is loaded: ' . WU_Probe::describe( array( WP_Ultimo()->is_loaded(), function_exists( 'wu_get_domains' ), function_exists( 'as_schedule_single_action' ), class_exists( 'WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Integration' ), interface_exists( 'WP_Ultimo\Integrations\Capabilities\Domain_Mapping_Capability' ) ) );
		if ( 'decrypt' === getenv( 'WU_PROBE_BOOT' ) ) {
			try {
				WP_Ultimo\Helpers\Credential_Store::decrypt( (string) get_network_option( null, 'wu_hosting_credential_WU_CLOUDWAYS_API_KEY', '' ) );
				$GLOBALS['wu_probe_boot'][] = 'decrypting: possible';
			} catch ( Throwable $e ) {
				$GLOBALS['wu_probe_boot'][] = 'decrypting: ' . get_class( $e );
			}
		}
	}
);
WU_Probe::early(
	'plugins_loaded',
	static function (): void {
		$GLOBALS['wu_probe_early_queue'] = function_exists( 'as_schedule_single_action' ) ? @as_schedule_single_action( time(), 'probe_job' ) : 'no such function'; // phpcs:ignore
	},
	8
);
foreach ( array( 1, 2, 8, 9, 10, 11, 12, 13 ) as $wu_probe_priority ) {
	WU_Probe::early(
		'plugins_loaded',
		static function () use ( $wu_probe_priority ): void {
			$GLOBALS['wu_probe_boot'][] = "plugins_loaded $wu_probe_priority" . ( function_exists( 'as_schedule_single_action' ) ? ', queue functions there' : '' );
		},
		$wu_probe_priority
	);
}
foreach ( array( 'wp_ultimo_load', 'wu_register_integrations', 'wp_ultimo_host_providers_load', 'wu_register_capabilities', 'action_scheduler_init', 'init' ) as $wu_probe_hook ) {
	WU_Probe::early(
		$wu_probe_hook,
		static function ( ...$args ) use ( $wu_probe_hook ): void {
			if ( 'init' === $wu_probe_hook && did_action( 'init' ) > 1 ) {
				return;
			}
			$GLOBALS['wu_probe_boot'][] = "$wu_probe_hook( " . implode( ', ', array_map( 'get_debug_type', array_filter( $args, 'is_object' ) ) ) . ' )';
		},
		0
	);
}

if ( getenv( 'WU_PROBE_SUBCLASS' ) ) {
	WU_Probe::early(
		'wu_register_integrations',
		static function ( $registry ): void {
			require_once __DIR__ . '/class-probe-integration.php';
			$registry->register( new WU_Probe_Integration() );
		}
	);
}
if ( getenv( 'WU_PROBE_REPLACE' ) ) {
	WU_Probe::early(
		'wu_register_capabilities',
		static function ( $registry ): void {
			require_once __DIR__ . '/class-probe-module.php';
			$registry->add_capability( 'cloudways', new WU_Probe_Module() );
		}
	);
}
if ( getenv( 'WU_PROBE_FACES' ) ) {
	$GLOBALS['wu_probe_listed'] = array();
	WU_Probe::early(
		'wu_the_domains',
		static function ( $domains ) {
			foreach ( $domains as $domain ) {
				$GLOBALS['wu_probe_listed'][ $domain->get_domain() ] = true;
			}
			return $domains;
		}
	);
	WU_Probe::early(
		'wu_domain_list_column_domain',
		static fn( $html, $domain ) => $html . sprintf( ' probe[cell of %s, %s, %s]', $domain->get_domain(), get_debug_type( $html ), isset( $GLOBALS['wu_probe_listed']['face-one.example'], $GLOBALS['wu_probe_listed']['face-two.example'] ) ? 'both listed before' : 'not listed' )
	);
	WU_Probe::early(
		'wu_page_wp-ultimo-edit-domain_register_widgets',
		static function ( $id, $hook, $page ): void {
			$name = $page->get_object()->get_domain();
			add_meta_box( 'probe', 'Probe', static fn() => print( "probe[box of $name, $id]" ), get_current_screen()->id, 'normal' );
		}
	);
	WU_Probe::early(
		'wu_domain_mapping_row_info',
		static function ( $row, $domain ) {
			$row['probe_text']     = array(
				'icon'  => '',
				'value' => 'probe[text of ' . $domain->get_domain() . ', after ' . implode( ' and ', array_keys( $row ) ) . ']',
			);
			$row['probe_function'] = array(
				'icon'  => '',
				'value' => static fn() => print( 'probe[<bdi>function</bdi> of ' . $domain->get_domain() . ']' ),
			);
			return $row;
		}
	);
}
