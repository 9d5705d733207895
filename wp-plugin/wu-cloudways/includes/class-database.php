<?php
/**
 * Statements whose failure is an exception.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Sends statements through $wpdb, and tells "no rows" from "it failed".
 *
 * $wpdb answers an empty list in both cases, and a push that follows from an empty list would take every domain away.
 */
final class Database {

	/**
	 * The connection that a transaction goes on in.
	 *
	 * @var object|null
	 */
	private static $connection;

	/**
	 * Full name of one of our tables.
	 *
	 * @param string $name lock, memory, domains, removed or runs.
	 * @return string
	 */
	public static function table( string $name ): string {
		global $wpdb;

		return $wpdb->base_prefix . 'wu_cloudways_sync_' . $name;
	}

	/**
	 * Runs a statement.
	 *
	 * @param string $sql  With placeholders as in $wpdb->prepare() when values are given.
	 * @param array  $args Values.
	 * @return int Rows changed.
	 * @throws Store_Exception When it failed.
	 */
	public static function write( string $sql, array $args = array() ): int {
		global $wpdb;

		self::same_connection();

		$changed = self::run( $sql, $args ) ? (int) $wpdb->rows_affected : 0;

		self::same_connection();

		return $changed;
	}

	/**
	 * Reads rows.
	 *
	 * @param string $sql  With placeholders when values are given.
	 * @param array  $args Values.
	 * @return list<array<string, string|null>>
	 * @throws Store_Exception When it failed.
	 */
	public static function rows( string $sql, array $args = array() ): array {
		global $wpdb;

		self::run( $sql, $args );

		return array_map( 'get_object_vars', array_values( (array) $wpdb->last_result ) );
	}

	/**
	 * Reads one row.
	 *
	 * @param string $sql  With placeholders when values are given.
	 * @param array  $args Values.
	 * @return array<string, string|null>|null Null when there is none.
	 * @throws Store_Exception When it failed.
	 */
	public static function row( string $sql, array $args = array() ): ?array {
		return self::rows( $sql, $args )[0] ?? null;
	}

	/**
	 * Reads an option of the network. get_network_option() answers the default as well when the read failed.
	 *
	 * @param string $name Name.
	 * @return mixed Null when there is none.
	 * @throws Store_Exception When it failed.
	 */
	public static function network_option( string $name ) {
		global $wpdb;

		$row = self::row( "SELECT meta_value FROM {$wpdb->sitemeta} WHERE meta_key = %s AND site_id = %d ORDER BY meta_id LIMIT 1", array( $name, get_current_network_id() ) );

		return null === $row ? null : maybe_unserialize( (string) $row['meta_value'] );
	}

	/**
	 * Does it all, or nothing of it.
	 *
	 * $wpdb connects again when the connection is lost, and repeats the one statement; those before it are undone by
	 * then. The statement that was repeated stays, all others are as before, and it is an exception.
	 *
	 * @param callable $work What to do.
	 * @return mixed What $work returned.
	 * @throws \Throwable What $work threw, after everything was undone.
	 */
	public static function transaction( callable $work ) {
		global $wpdb;

		// Part of one that goes on: a second beginning would commit the first.
		if ( null !== self::$connection ) {
			return $work();
		}

		self::write( 'START TRANSACTION' );
		self::$connection = $wpdb->dbh;

		try {
			$result = $work();
			self::write( 'COMMIT' );
			self::$connection = null;
		} catch ( \Throwable $error ) {
			self::$connection = null;

			try {
				self::write( 'ROLLBACK' );
			} catch ( Store_Exception $ignored ) {
				// The connection is gone, and what was not committed with it.
				unset( $ignored );
			}

			throw $error;
		}

		return $result;
	}

	/**
	 * The transaction, if there is one, goes on in the connection that it began in. A new connection is a new object.
	 *
	 * @return void
	 * @throws Store_Exception When it does not.
	 */
	private static function same_connection(): void {
		global $wpdb;

		if ( null !== self::$connection && self::$connection !== $wpdb->dbh ) {
			throw new Store_Exception( 'The connection to the database was lost while something was being saved.' );
		}
	}

	/**
	 * Prepares and sends.
	 *
	 * @param string $sql  Statement.
	 * @param array  $args Values.
	 * @return int|bool As $wpdb->query().
	 * @throws Store_Exception When it failed.
	 */
	private static function run( string $sql, array $args ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.PreparedSQL.NotPrepared -- The statements are ours; their values come through the placeholders.
		$statement  = $args ? $wpdb->prepare( $sql, $args ) : $sql;
		$suppressed = $wpdb->suppress_errors( true );

		try {
			// phpcs:ignore WordPress.DB -- Our own tables, and past every cache.
			$result = $statement ? $wpdb->query( $statement ) : false;
			$error  = $wpdb->last_error;
		} finally {
			$wpdb->suppress_errors( $suppressed );
		}

		if ( false === $result || '' !== (string) $error ) {
			// The statement holds values, so it is not quoted: only its first words are.
			$words = implode( ' ', array_slice( preg_split( '/\s+/', trim( $sql ) ), 0, 3 ) );

			throw new Store_Exception(
				trim( sprintf( 'The database refused "%s ...": %s', $words, self::reason( (string) $error ) ) ),
				self::is_missing_table( (string) $error ) ? Store_Exception::NO_TABLE : 0
			);
		}

		return $result;
	}

	/**
	 * The error says that there is no such table. MySQL's number is asked for, as its texts can be in other languages.
	 *
	 * @param string $error Error.
	 * @return bool
	 */
	private static function is_missing_table( string $error ): bool {
		global $wpdb;

		$code = $wpdb->dbh instanceof \mysqli ? mysqli_errno( $wpdb->dbh ) : 0; // phpcs:ignore WordPress.DB.RestrictedFunctions -- $wpdb has no number of the last error.

		return Store_Exception::NO_TABLE === $code || 1 === preg_match( '/no such table|SQLSTATE\[42S02\]/', $error );
	}

	/**
	 * The reason in an error of the database, without the statement and the backtrace that some drivers put around it.
	 *
	 * @param string $error Error.
	 * @return string
	 */
	private static function reason( string $error ): string {
		$error = html_entity_decode( wp_strip_all_tags( $error ), ENT_QUOTES );

		if ( preg_match( '/SQLSTATE.*?(?=\s*(?:Backtrace:|$))/s', $error, $match ) ) {
			$error = $match[0];
		}

		return mb_substr( trim( (string) preg_replace( '/\s+/', ' ', mb_scrub( $error, 'UTF-8' ) ) ), 0, 300, 'UTF-8' );
	}
}
