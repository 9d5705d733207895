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
 *     }
 *
 * Error codes of the plugin itself, besides the engine's: integration_disabled, clone, no_um,
 * um_not_set_up, wizard (11) · extension_missing, extension_old (20) · storage (70, the database
 * did not answer) · internal (70). With 'locked', error.code is `locked` (14) and details is Lock::holder().
 */
final class Runner {

	/**
	 * The whole road, once.
	 *
	 * @param array{trigger?: 'event'|'reconcile'|'retry'|'page'|'cli'|'wake', deadline?: int, force?: bool, fingerprint?: string, ignore_due?: bool} $args
	 *        trigger: 'cli' by default. deadline in seconds: 20 for a page, 60 otherwise. ignore_due: page and cli always do.
	 * @return array See the class.
	 */
	public function run( array $args = array() ): array {}

	/**
	 * The same, and nothing is written, here or there.
	 *
	 * @param array{deadline?: int, force?: bool} $args
	 * @return array See the class; outcome 'done', 'failed', 'refused' or 'handed_over'.
	 */
	public function plan( array $args = array() ): array {}

	/**
	 * @return array{ok: bool, result: ?array, error: ?array} error as in an outcome.
	 */
	public function test(): array {}
}
