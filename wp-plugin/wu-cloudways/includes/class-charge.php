<?php
/**
 * Who answers a domain event.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Decides, when an event comes, between this plugin and Ultimate Multisite's own module.
 */
final class Charge {

	/**
	 * @return 'us'|'other_process'|'um'|'nobody' other_process: the extension is loaded there and not here; nobody: only dirty is counted.
	 */
	public function who(): string {}

	/** A run has once come to a good end: from then on, only we write. */
	public function had_good_run(): bool {}
}
