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
 *
 * WordPress's options cannot do this: `sitemeta` has no unique key, and of several processes that add one option at
 * one instant all succeed. A primary key lets one INSERT through, and an UPDATE that names the old value changes a row
 * for one process only; both hold on MariaDB, MySQL and SQLite.
 */
final class Lock {

	const NAME = 'sync';

	/**
	 * Takes the lock, or does not: it never waits.
	 *
	 * @param int $ttl Seconds until somebody else may take it over.
	 * @return string|null The token to hold and release it with; null when another process has it.
	 * @throws Store_Exception When the database could not be asked.
	 */
	public function acquire( int $ttl ): ?string {
		$table   = Database::table( 'lock' );
		$token   = bin2hex( random_bytes( 16 ) );
		$now     = time();
		$context = substr( ( 'cli' === PHP_SAPI ? 'cli' : 'web' ) . ' ' . php_uname( 'n' ) . ' ' . getmypid(), 0, 190 );

		$inserted = Database::write(
			"INSERT IGNORE INTO {$table} (name, token, since, expires, context, saves) VALUES (%s, %s, %d, %d, %s, 0)",
			array( self::NAME, $token, $now, $now + $ttl, $context )
		);

		if ( 1 === $inserted ) {
			return $token;
		}

		$holder = $this->row();

		if ( null === $holder || ( '' !== $holder['token'] && (int) $holder['expires'] > $now ) ) {
			return null;
		}

		$updated = Database::write(
			"UPDATE {$table} SET token = %s, since = %d, expires = %d, context = %s WHERE name = %s AND token = %s AND expires = %d",
			array( $token, $now, $now + $ttl, $context, self::NAME, $holder['token'], (int) $holder['expires'] )
		);

		return 1 === $updated ? $token : null;
	}

	/**
	 * Whether nobody took it over meanwhile.
	 *
	 * @param string $token From acquire().
	 * @return bool
	 * @throws Store_Exception When the database could not be asked.
	 */
	public function still_held( string $token ): bool {
		$holder = $this->row();

		return null !== $holder && $holder['token'] === $token;
	}

	/**
	 * The same question inside a transaction, and the row stays ours until its end.
	 *
	 * @param string $token From acquire().
	 * @return bool
	 * @throws Store_Exception When the database could not be asked.
	 */
	public static function keep( string $token ): bool {
		// The counter makes it a real change: MySQL counts no row that keeps its value.
		return 1 === Database::write(
			'UPDATE ' . Database::table( 'lock' ) . ' SET saves = saves + 1 WHERE name = %s AND token = %s',
			array( self::NAME, $token )
		);
	}

	/**
	 * Gives it back. Does nothing when somebody else has it by now.
	 *
	 * @param string $token From acquire().
	 * @return void
	 * @throws Store_Exception When the database could not be asked. It then expires by itself.
	 */
	public function release( string $token ): void {
		Database::write(
			'UPDATE ' . Database::table( 'lock' ) . " SET token = '', expires = 0 WHERE name = %s AND token = %s",
			array( self::NAME, $token )
		);
	}

	/**
	 * Who has it.
	 *
	 * @return array{token: string, since: int, expires: int, context: string, expired: bool}|null
	 * @throws Store_Exception When the database could not be asked.
	 */
	public function holder(): ?array {
		$holder = $this->row();

		if ( null === $holder || '' === $holder['token'] ) {
			return null;
		}

		return array(
			'token'   => $holder['token'],
			'since'   => (int) $holder['since'],
			'expires' => (int) $holder['expires'],
			'context' => $holder['context'],
			'expired' => (int) $holder['expires'] <= time(),
		);
	}

	/**
	 * Somebody has it, and still may: a run is at work.
	 *
	 * @return bool
	 * @throws Store_Exception When the database could not be asked.
	 */
	public function is_held(): bool {
		$holder = $this->holder();

		return null !== $holder && ! $holder['expired'];
	}

	/**
	 * The row as it is.
	 *
	 * @return array<string, string>|null
	 * @throws Store_Exception When the database could not be asked.
	 */
	private function row(): ?array {
		return Database::row( 'SELECT token, since, expires, context FROM ' . Database::table( 'lock' ) . ' WHERE name = %s', array( self::NAME ) );
	}
}
