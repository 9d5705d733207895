<?php
/**
 * The network's surroundings in a test: no DNS and no outside.
 *
 * Requests to names of the network, and to names mapped in it, reach the web server of the lab; what Ultimate
 * Multisite's own module sends to Cloudways reaches the simulator, where it is logged; everything else outside is
 * refused at once. With `endpoints` on, a few actions can be asked for by a web request, so that they happen in a
 * php-fpm worker. Settings: lab.json beside the site's folder, read in each request.
 *
 * @package WU_Cloudways\Tests
 */

defined( 'ABSPATH' ) || exit;

/**
 * The lab's settings.
 *
 * @return array{web?: string, api?: string, endpoints?: bool, batch?: int, jobs?: bool, rtl?: bool, still?: bool} web: `host:port` of the web
 *         server; api: where the simulator is; batch: jobs that a queue runner takes at a time, and then several
 *         runners at once; jobs: each job that begins is written down beside lab.json; rtl: the admin
 *         is written from right to left; still: pages set off no queue runner.
 */
function wu_lab() {
	static $lab = null;
	if ( null === $lab ) {
		$lab = json_decode( (string) file_get_contents( WU_LAB_FILE ), true ) ?: array();
	}
	return $lab;
}

add_filter(
	'pre_http_request',
	static function ( $answer, $args, $url ) {
		$host = (string) parse_url( $url, PHP_URL_HOST );
		if ( 'api.cloudways.com' === $host && ! empty( wu_lab()['api'] ) ) {
			$rest = strstr( substr( $url, strpos( $url, '://' ) + 3 ), '/' );
			return wp_remote_request( wu_lab()['api'] . $rest, $args );
		}
		if ( '127.0.0.1' === $host || 'localhost' === $host || '.localhost' === substr( $host, -10 ) || '.example' === substr( $host, -8 ) ) {
			return $answer;
		}
		return new WP_Error( 'http_request_not_executed', "No outside here: {$host}" );
	},
	1,
	3
);

// Nobody to write to, and nobody to ask about updates.
add_filter(
	'pre_wp_mail',
	static function ( $answer, $mail ) {
		if ( ! empty( wu_lab()['mails'] ) ) {
			file_put_contents( WU_LAB_FILE . '.mails', wp_json_encode( $mail ) . "\n", FILE_APPEND | LOCK_EX );
		}
		return 'refused' !== ( wu_lab()['mails'] ?? '' );
	},
	10,
	2
);
foreach ( array( '_maybe_update_core', '_maybe_update_plugins', '_maybe_update_themes' ) as $wu_lab_check ) {
	remove_action( 'admin_init', $wu_lab_check );
}
remove_action( 'init', 'wp_schedule_update_checks' );
unset( $wu_lab_check );

add_action(
	'http_api_curl',
	static function ( $handle, $args, $url ) {
		$host = (string) parse_url( $url, PHP_URL_HOST );
		if ( ! empty( wu_lab()['web'] ) && '.example' === substr( $host, -8 ) ) {
			curl_setopt( $handle, CURLOPT_CONNECT_TO, array( '::' . wu_lab()['web'] ) );
		}
	},
	10,
	3
);

if ( ! empty( wu_lab()['batch'] ) ) {
	add_filter(
		'action_scheduler_queue_runner_batch_size',
		static function () {
			return wu_lab()['batch'];
		}
	);
	add_filter(
		'action_scheduler_queue_runner_concurrent_batches',
		static function () {
			return 10;
		}
	);
}

if ( ! empty( wu_lab()['jobs'] ) ) {
	foreach ( array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain' ) as $wu_lab_hook ) {
		add_action(
			$wu_lab_hook,
			static function ( ...$args ) use ( $wu_lab_hook ) {
				$line = array(
					'hook' => $wu_lab_hook,
					'args' => $args,
					'sapi' => PHP_SAPI,
					'pid'  => getmypid(),
				);
				file_put_contents( WU_LAB_FILE . '.jobs', wp_json_encode( $line ) . "\n", FILE_APPEND | LOCK_EX );
			},
			1,
			2
		);
	}
	unset( $wu_lab_hook );
}

// What is due waits for whoever runs the queue, so that a page shows what a test left there.
if ( ! empty( wu_lab()['still'] ) ) {
	add_filter( 'action_scheduler_allow_async_request_runner', '__return_false' );
}

// A language that is written from right to left, without its files.
if ( ! empty( wu_lab()['rtl'] ) ) {
	add_filter(
		'gettext_with_context',
		static function ( $text, $single, $context ) {
			return 'text direction' === $context ? 'rtl' : $text;
		},
		10,
		3
	);
}

if ( ! empty( wu_lab()['endpoints'] ) && isset( $_GET['wu_lab'] ) ) {
	add_action(
		'wp_loaded',
		static function () {
			ignore_user_abort( true );
			set_time_limit( 0 );
			nocache_headers();
			header( 'Content-Type: application/json' );
			$do   = (string) $_GET['wu_lab'];
			$name = (string) ( $_GET['domain'] ?? '' );
			if ( isset( $_GET['pid_file'] ) ) {
				file_put_contents( WU_LAB_FILE . '.' . basename( $_GET['pid_file'] ), getmypid() );
			}
			// All who were told the same instant start at it.
			if ( isset( $_GET['at'] ) ) {
				time_sleep_until( max( (float) $_GET['at'], microtime( true ) + 0.001 ) );
			}
			if ( 'queue' === $do ) {
				do_action( 'action_scheduler_run_queue', 'WP Cron' );
				$result = true;
			} elseif ( 'map' === $do ) {
				$domain = wu_create_domain(
					array(
						'domain'  => $name,
						'blog_id' => (int) ( $_GET['blog'] ?? 1 ),
						'stage'   => 'done',
					)
				);
				$result = is_wp_error( $domain ) ? $domain->get_error_message() : true;
			} elseif ( 'add' === $do ) {
				do_action( 'wu_add_domain', $name, (int) ( $_GET['blog'] ?? 1 ) );
				$result = true;
			} elseif ( 'lock' === $do || 'run' === $do ) {
				$plugin = WU_Cloudways\Plugin::instance();
				$result = array(
					'late' => microtime( true ) - (float) $_GET['at'],
					'got'  => 'lock' === $do ? $plugin->lock()->acquire( 60 ) : $plugin->runner()->run( array( 'trigger' => 'cli' ) )['outcome'],
				);
			} elseif ( 'extension' === $do ) {
				$result = extension_loaded( 'wu_cloudways' );
			} else {
				$result = "unknown: {$do}";
			}
			echo wp_json_encode(
				array(
					'result' => $result,
					'pid'    => getmypid(),
				)
			);
			exit;
		},
		1000
	);
}
