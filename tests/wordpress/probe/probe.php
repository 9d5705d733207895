<?php
/**
 * Records what Ultimate Multisite (or its stand-in) does, as lines of text that can be compared.
 *
 * Loaded before WordPress: by WP-CLI's --require, or by PHP's auto_prepend_file for pages. It installs nothing in
 * the network. One process plays one scenario, named in WU_PROBE; `wp eval 'wu_probe();'` plays it and prints the
 * recorded steps as JSON behind a marker. The scenarios change the network's data: use a network that is only for this.
 *
 * What differs from one network to the next is written as a name: ids of domains as domain#1, domain#2 in the order
 * they are met, the ids of sites as "main" and "new", the network's domain as %network%, times as seconds from now.
 *
 * @package WU_Cloudways_Tests
 */

/**
 * The recorder.
 */
final class WU_Probe {

	/** Hooks that are recorded, each with what its arguments are: id (of a domain), site, ids (list), or plain. */
	private const HOOKS = array(
		'wu_register_integrations'                    => array( 'plain' ),
		'wp_ultimo_host_providers_load'               => array(),
		'wu_register_capabilities'                    => array( 'plain' ),
		'wu_add_domain'                               => array( 'plain', 'site' ),
		'wu_remove_domain'                            => array( 'plain', 'site' ),
		'wu_add_subdomain'                            => array( 'plain', 'site' ),
		'wu_remove_subdomain'                         => array( 'plain', 'site' ),
		'wu_domain_manager_dns_propagation_finished'  => array( 'plain' ),
		'wu_transition_domain_domain'                 => array( 'plain', 'plain', 'id' ),
		'wu_transition_domain_active'                 => array( 'plain', 'plain', 'id' ),
		'wu_transition_domain_primary_domain'         => array( 'plain', 'plain', 'id' ),
		'wu_transition_domain_secure'                 => array( 'plain', 'plain', 'id' ),
		'wu_transition_domain_stage'                  => array( 'plain', 'plain', 'id' ),
		'wu_domain_post_save'                         => array( 'row', 'plain', 'plain' ),
		'wu_domain_pre_delete'                        => array( 'plain' ),
		'wu_domain_post_delete'                       => array( 'plain', 'plain' ),
		'wu_domain_added'                             => array( 'plain', 'site' ),
		'wu_domain_removed'                           => array( 'plain', 'site' ),
		'wu_domain_became_primary'                    => array( 'plain', 'site', 'plain' ),
		'wu_async_remove_old_primary_domains'         => array( 'ids' ),
		'wu_async_process_domain_stage'               => array( 'id', 'plain' ),
		'wu_async_process_domain_stage_max_tries'     => array( 'plain', 'plain' ),
		'wu_should_create_domain_record_for_site'     => array( 'plain' ),
		'wu_get_network_public_ip'                    => array( 'type', 'plain' ),
		'wu_domain_dns_get_record'                    => array( 'type', 'plain' ),
		'wu_before_save_settings'                     => array( 'type' ),
		'wu_after_save_settings'                      => array( 'type', 'plain', 'type' ),
		'wu_domain_has_correct_dns'                   => array( 'plain', 'plain', 'type' ),
	);

	/** Hooks whose jobs the probe runs and clears away; others in the queue are left alone. */
	private const JOBS = array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain', 'wu_async_process_domain_stage', 'probe_job', 'probe_throw', 'probe_nobody', 'probe_inner', 'probe_kill', 'probe_after', 'probe_fatal', 'probe_often' );

	/** Recorded steps: label => lines. */
	public static array $steps = array();

	private static array $lines = array();

	private static array $domains = array();

	private static bool $recording = false;

	/**
	 * Adds a hook before WordPress is there.
	 */
	public static function early( string $hook, callable $callback, int $priority = 10 ): void {
		$GLOBALS['wp_filter'][ $hook ][ $priority ][] = array(
			'function'      => $callback,
			'accepted_args' => 9,
		);
	}

	public static function note( string $line ): void {
		if ( self::$recording ) {
			self::$lines[] = $line;
		}
	}

	/**
	 * Plays one step: everything that happens meanwhile, then what it returned or threw.
	 */
	public static function step( string $label, callable $play ) {
		self::$lines     = array();
		self::$recording = true;
		$result          = null;
		try {
			$result = $play();
			self::note( 'returned ' . self::describe( $result ) );
		} catch ( Throwable $e ) {
			self::note( 'threw ' . get_class( $e ) );
		}
		self::$recording       = false;
		self::$steps[ $label ] = self::$lines;
		return $result;
	}

	/**
	 * Hooked to `all`.
	 */
	public static function hook( string $hook, ...$args ): void {
		if ( 'action_scheduler_stored_action' === $hook ) {
			self::queued( (int) $args[0] );
			return;
		}
		if ( ! isset( self::HOOKS[ $hook ] ) || ! self::$recording ) {
			return;
		}
		// The queue hands its arguments over as one list.
		if ( in_array( $hook, self::JOBS, true ) && 1 === count( $args ) && is_array( $args[0] ) ) {
			$args = array_values( $args[0] );
		}
		$described = array();
		foreach ( $args as $i => $arg ) {
			$described[] = self::describe( $arg, self::HOOKS[ $hook ][ $i ] ?? 'plain' );
		}
		self::note( "$hook( " . implode( ', ', $described ) . ' )' );
	}

	/**
	 * An action was stored in the table of the site that is current.
	 */
	private static function queued( int $id ): void {
		global $wpdb;
		$row = $wpdb->get_row( "SELECT * FROM {$wpdb->prefix}actionscheduler_actions WHERE action_id = $id" );
		if ( ! $row || ! in_array( $row->hook, self::JOBS, true ) ) {
			return;
		}
		$in = strtotime( $row->scheduled_date_gmt . ' UTC' ) - time();
		self::note(
			sprintf(
				'queued on %s: %s( %s ) group "%s", %s',
				get_current_blog_id() === get_main_site_id() ? 'main' : 'new',
				$row->hook,
				self::arguments( $row ),
				self::group( (int) $row->group_id ),
				abs( $in ) < 4 ? 'now' : 'in ' . 10 * (int) round( $in / 10 ) . ' s'
			)
		);
	}

	private static function arguments( object $row ): string {
		$described = array();
		foreach ( json_decode( $row->extended_args ? $row->extended_args : $row->args, true ) as $name => $value ) {
			$role        = array( 'domain_id' => 'id', 'site_id' => 'site' )[ $name ] ?? 'plain'; // phpcs:ignore
			$described[] = "$name: " . self::describe( $value, $role );
		}
		return implode( ', ', $described );
	}

	private static function group( int $id ): string {
		global $wpdb;
		return (string) $wpdb->get_var( "SELECT slug FROM {$wpdb->prefix}actionscheduler_groups WHERE group_id = $id" );
	}

	/**
	 * States of the probe's jobs on a site's queue.
	 */
	public static function queue( string $label ): void {
		global $wpdb;
		$lines = array();
		foreach ( $wpdb->get_results( "SELECT * FROM {$wpdb->prefix}actionscheduler_actions ORDER BY action_id" ) as $row ) {
			if ( in_array( $row->hook, self::JOBS, true ) ) {
				$lines[] = sprintf( '%s( %s ): %s, attempts %d, %s', $row->hook, self::arguments( $row ), $row->status, $row->attempts, $row->claim_id ? 'claimed' : 'free' );
			}
		}
		self::$steps[ $label ] = $lines;
	}

	public static function describe( $value, string $role = 'plain' ): string {
		$type = get_debug_type( $value );
		if ( 'type' === $role ) {
			return $type;
		}
		if ( 'id' === $role && $value ) {
			self::$domains[ (int) $value ] ??= count( self::$domains ) + 1;
			return "$type domain#" . self::$domains[ (int) $value ];
		}
		if ( 'site' === $role ) {
			return "$type " . ( (int) get_main_site_id() === (int) $value ? 'main' : 'new' );
		}
		if ( 'ids' === $role ) {
			return 'array [' . implode( ', ', array_map( static fn( $id ) => self::describe( $id, 'id' ), $value ) ) . ']';
		}
		if ( 'row' === $role ) {
			$columns = array();
			foreach ( array( 'blog_id', 'domain', 'active', 'primary_domain', 'secure', 'stage' ) as $column ) {
				$columns[] = "$column: " . ( isset( $value[ $column ] ) ? self::describe( $value[ $column ], 'blog_id' === $column ? 'site' : 'plain' ) : 'absent' );
			}
			return 'array [' . implode( ', ', $columns ) . ']';
		}
		if ( $value instanceof WP_Error ) {
			return 'WP_Error [' . implode( ', ', $value->get_error_codes() ) . ']';
		}
		if ( $value instanceof WP_Ultimo\Models\Domain ) {
			return sprintf( 'Domain { id: %s, domain: %s, site: %s, stage: %s, active: %s, primary: %s }', self::describe( $value->get_id(), 'id' ), self::describe( $value->get_domain() ), self::describe( $value->get_blog_id(), 'site' ), $value->get_stage(), self::describe( $value->is_active() ), self::describe( $value->is_primary_domain() ) );
		}
		if ( is_object( $value ) ) {
			return $type;
		}
		if ( is_array( $value ) ) {
			$parts = array();
			foreach ( $value as $key => $one ) {
				$parts[] = ( array_is_list( $value ) ? '' : self::names( (string) $key ) . ' => ' ) . self::describe( $one );
			}
			return 'array [' . implode( ', ', $parts ) . ']';
		}
		if ( null === $value ) {
			return 'null';
		}
		return "$type " . self::names( is_bool( $value ) ? var_export( $value, true ) : ( is_string( $value ) ? "'$value'" : (string) $value ) ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions
	}

	private static function names( string $text ): string {
		return str_replace( get_network()->domain, '%network%', $text );
	}

	/**
	 * Runs the probe's jobs that are due, by the command a person would use. Returns its exit code.
	 */
	public static function run_queue( string $options = '' ): int {
		$result = WP_CLI::runcommand(
			'action-scheduler run --hooks=' . implode( ',', self::JOBS ) . " $options",
			array(
				'launch'     => false,
				'return'     => 'all',
				'exit_error' => false,
			)
		);
		return (int) $result->return_code;
	}

	/**
	 * Clears away what earlier scenarios left.
	 */
	public static function reset(): void {
		global $wpdb;
		foreach ( get_sites( array( 'number' => 0, 'site__not_in' => array( get_main_site_id() ) ) ) as $site ) { // phpcs:ignore
			wp_delete_site( $site->blog_id );
		}
		$wpdb->query( "DELETE FROM {$wpdb->base_prefix}wu_domain_mappings" );
		foreach ( self::JOBS as $job ) {
			$wpdb->delete( "{$wpdb->base_prefix}actionscheduler_actions", array( 'hook' => $job ) );
		}
		update_network_option( null, 'wu_host_integrations_enabled', array() );
		foreach ( array( 'EMAIL', 'API_KEY', 'SERVER_ID', 'APP_ID', 'EXTRA_DOMAINS' ) as $name ) {
			delete_network_option( null, "wu_hosting_credential_WU_CLOUDWAYS_$name" );
		}
		wu_save_setting( 'auto_create_www_subdomain', 'always' );
		wu_save_setting( 'dns_check_interval', 300 );
		wp_cache_flush();
	}

	/**
	 * Makes every answer to UM's question to the domain itself what the probe wants: the id of the domain, or nothing.
	 */
	public static function answer_loopback( bool $right ): void {
		add_filter(
			'pre_http_request',
			static function ( $answer, $request, $url ) use ( $right ) {
				$host   = wp_parse_url( $url, PHP_URL_HOST );
				$domain = wu_get_domain_by_domain( $host );
				if ( empty( $request['body']['async_check_dns_nonce'] ) || ! $domain ) {
					return $answer;
				}
				self::note( 'asked ' . preg_replace( '#\?.*#', '', $url ) . ( hash_equals( wp_hash( $host ), $request['body']['async_check_dns_nonce'] ) ? ' with the right nonce' : ' with another nonce' ) );
				return array(
					'headers'  => array(),
					'cookies'  => array(),
					'filename' => null,
					'response' => array( 'code' => $right ? 200 : 302, 'message' => '' ), // phpcs:ignore
					'body'     => $right ? wp_json_encode( array( 'id' => (string) $domain->get_id() ) ) : '',
				);
			},
			10,
			3
		);
	}
}

// Constants and a subclass of the integration, as a scenario asks for them.
foreach ( (array) json_decode( (string) getenv( 'WU_PROBE_CONSTANTS' ), true ) as $wu_probe_name => $wu_probe_value ) {
	define( $wu_probe_name, $wu_probe_value );
}

WU_Probe::early(
	'muplugins_loaded',
	static function (): void {
		add_action( 'all', array( 'WU_Probe', 'hook' ), 10, 9 );
	}
);

require __DIR__ . '/scenarios.php';
