<?php
/**
 * Wires the plugin into WordPress.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The one place that builds the objects and adds the hooks.
 *
 * Pages, commands and notices get what they need from here:
 *
 *     Plugin::instance()->environment()->problems();
 *     Plugin::instance()->store()->last_report();
 *     Plugin::instance()->runner()->run( array( 'trigger' => 'page' ) );
 *
 * The faces are called like this, and only where they can be seen, so that a
 * front-end page loads none of them:
 *
 *     is_admin():        Notices::hook(); Network_Page::hook();
 *     WP_CLI is defined: CLI::hook();
 *
 * Each hook() is static, takes nothing, adds its own actions and does nothing else.
 */
final class Plugin {

	const VERSION       = '0.1.0';
	const MIN_EXTENSION = '0.1.0';

	public static function instance(): self {}

	public function environment(): Environment {}

	public function credentials(): Credentials {}

	public function store(): Store {}

	public function lock(): Lock {}

	public function domains(): Domains {}

	public function runner(): Runner {}

	public function scheduler(): Scheduler {}

	public function charge(): Charge {}

	public function clone_guard(): Clone_Guard {}
}
