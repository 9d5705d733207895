<?php
/**
 * A copy of the site is not the site.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Compares where the network runs with where it ran when it last wrote.
 */
final class Clone_Guard {

	/**
	 * Here and now.
	 *
	 * @return array{sys_user: ?string, home: string, environment: string}
	 */
	public function actual(): array {}

	/**
	 * What was stored; null before the first run.
	 *
	 * @return array{sys_user: ?string, home: string, environment: string}|null
	 */
	public function expected(): ?array {}

	/** The two differ, or this was never production and nobody confirmed it. */
	public function is_clone(): bool {}

	/** A person says that this is the site that may write. */
	public function confirm(): void {}
}
