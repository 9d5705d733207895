<?php
/**
 * When the next run is.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The time is kept in our own table. Action Scheduler and WP-Cron are alarm clocks only.
 */
final class Scheduler {

	const HOOK = 'wu_cloudways_sync_run';

	/** Moves the next run to this time, if it was later, and sets the clocks. */
	public function wake_by( int $time ): void {}

	/** Sets the clocks to due_at(), and looks whether they are set. True when one is. */
	public function arm(): bool {}

	/** Takes the clocks away (deactivation). */
	public function disarm(): void {}
}
