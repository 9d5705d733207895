<?php
/**
 * One run at a time.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * A lock in a row with a primary key.
 */
final class Lock {

	/**
	 * @param int $ttl Seconds until somebody else may take it over.
	 * @return string|null The token to hold and release it with; null when another process has it.
	 * @throws Store_Exception When the database could not be asked.
	 */
	public function acquire( int $ttl ): ?string {}

	public function still_held( string $token ): bool {}

	public function release( string $token ): void {}

	/**
	 * Who has it.
	 *
	 * @return array{token: string, since: int, expires: int, context: string, expired: bool}|null
	 */
	public function holder(): ?array {}
}
