<?php
/**
 * The global functions of the contract.
 *
 * @package WU_Cloudways_Tests
 */

defined( 'ABSPATH' ) || exit;

use WP_Ultimo\Models\Domain;

/**
 * Returns one domain by id, or false.
 */
function wu_get_domain( $domain_id ) {
	return Domain::get_by_id( $domain_id );
}

/**
 * Returns one domain by its name, or false.
 */
function wu_get_domain_by_domain( $domain ) {
	return Domain::get_by( 'domain', $domain );
}

/**
 * Lists domains: objects, or what `fields` asks for. See Domain::query() for its limits.
 */
function wu_get_domains( $query = array() ) {
	return Domain::query( $query );
}

/**
 * Creates a domain and enqueues its first check. Returns the domain or a WP_Error.
 *
 * A write that fails in the database gives a Domain without an id, not an error, and the check is enqueued nevertheless.
 */
function wu_create_domain( $domain_data ) {
	$now    = current_time( 'mysql', true );
	$domain = new Domain(
		wp_parse_args(
			$domain_data,
			array(
				'blog_id'        => false,
				'domain'         => false,
				'active'         => true,
				'primary_domain' => false,
				'secure'         => false,
				'stage'          => 'checking-dns',
				'date_created'   => $now,
				'date_modified'  => $now,
			)
		)
	);

	$saved = $domain->save();
	if ( is_wp_error( $saved ) ) {
		return $saved;
	}

	wu_enqueue_async_action( 'wu_async_process_domain_stage', array( 'domain_id' => $domain->get_id() ), 'domain' );
	return $domain;
}

/**
 * Runs a callback as another site, by default the main one.
 */
function wu_switch_blog_and_run( $callback, $site_id = false ) {
	switch_to_blog( $site_id ? $site_id : get_main_site_id() );
	$result = $callback();
	restore_current_blog();
	return $result;
}

/**
 * Enqueues a job on the main site's queue, whichever site is current.
 */
function wu_enqueue_async_action( $hook, $args = array(), $group = '' ) {
	return wu_switch_blog_and_run( static fn() => as_enqueue_async_action( $hook, $args, $group ) );
}

/**
 * Schedules a job on the main site's queue, whichever site is current.
 */
function wu_schedule_single_action( $timestamp, $hook, $args = array(), $group = '' ) {
	return wu_switch_blog_and_run( static fn() => as_schedule_single_action( $timestamp, $hook, $args, $group ) );
}

/**
 * Reads a setting.
 */
function wu_get_setting( $setting, $default_value = false ) {
	return WP_Ultimo()->settings->get_setting( $setting, $default_value );
}

/**
 * Saves a setting.
 */
function wu_save_setting( $setting, $value ) {
	return WP_Ultimo()->settings->save_setting( $setting, $value );
}

/**
 * Adds a section to the Settings page.
 */
function wu_register_settings_section( $section_slug, $atts ) {
	WP_Ultimo()->settings->add_section( $section_slug, $atts );
}

/**
 * Adds a field to a section of the Settings page. Call it inside `wu_settings_<section>`.
 */
function wu_register_settings_field( $section_slug, $field_slug, $atts, $priority = 10 ) {
	WP_Ultimo()->settings->add_field( $section_slug, $field_slug, $atts, $priority );
}

/**
 * URL of a page in the network admin.
 */
function wu_network_admin_url( $path, $query = array() ) {
	return add_query_arg( $query, network_admin_url( "admin.php?page={$path}" ) );
}

/**
 * Reads a request parameter.
 */
function wu_request( $key, $default_value = false ) {
	// phpcs:ignore WordPress.Security.NonceVerification, WordPress.Security.ValidatedSanitizedInput
	return isset( $_REQUEST[ $key ] ) ? wp_unslash( $_REQUEST[ $key ] ) : $default_value;
}

/**
 * Path of a log file in the main site's uploads folder.
 */
function wu_standin_log_file( string $handle ): string {
	return wu_switch_blog_and_run(
		static function () use ( $handle ): string {
			$folder = wp_upload_dir( null, false )['basedir'] . '/wu-logs/';
			if ( ! file_exists( $folder ) ) {
				wp_mkdir_p( $folder );
				// phpcs:disable WordPress.WP.AlternativeFunctions
				file_put_contents( $folder . '.htaccess', 'deny from all' );
				file_put_contents( $folder . 'index.html', '' );
				// phpcs:enable
			}
			return "{$folder}{$handle}.log";
		}
	);
}

/**
 * Writes one line into a log: `[date] [LEVEL] message`.
 *
 * @param string           $handle    Name of the file, without `.log`.
 * @param string|\WP_Error $message   The message.
 * @param string           $log_level A PSR-3 level, in lower case.
 */
function wu_log_add( string $handle, $message, string $log_level = 'info' ): void {
	if ( 'disabled' === wu_get_setting( 'error_logging_level', 'default' ) ) {
		return;
	}
	if ( is_wp_error( $message ) ) {
		$message = $message->get_error_message();
	}
	$line = sprintf( "[%s] [%s] %s\n", gmdate( 'Y-m-d H:i:s' ), strtoupper( $log_level ), $message );
	// phpcs:ignore WordPress.WP.AlternativeFunctions
	file_put_contents( wu_standin_log_file( $handle ), $line, FILE_APPEND | LOCK_EX );
	do_action( 'wu_log_add', $handle, $message, $log_level );
}

/**
 * Deletes a log.
 */
function wu_log_clear( $handle ): void {
	$file = wu_standin_log_file( $handle );
	if ( file_exists( $file ) ) {
		unlink( $file ); // phpcs:ignore WordPress.WP.AlternativeFunctions
	}
	do_action( 'wu_log_clear', $handle );
}
