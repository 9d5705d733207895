<?php
/**
 * What a PHP process knows of itself.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The website and the command line can run another PHP, with other ini files, as another user. Each says its own facts:
 * the other one can only be asked (see Wake::ask()), or believed in what it said last.
 */
final class Process {

	/** Log files that are looked at: each mapped domain has one. */
	const LOGS = 200;

	/**
	 * What stays the same from one request to the next.
	 *
	 * @return array{php: string, ini: string, version: ?string, lacks: list<string>, user: string, uid: ?int} version: the
	 *         extension's, null when it is not loaded; lacks: see Environment::extension(); ini: the file, empty when there is
	 *         none; user: empty when PHP cannot tell.
	 */
	public static function facts(): array {
		$uid       = function_exists( 'posix_geteuid' ) ? posix_geteuid() : null;
		$user      = null !== $uid && function_exists( 'posix_getpwuid' ) ? posix_getpwuid( $uid ) : false;
		$extension = Plugin::instance()->environment()->extension();

		return array(
			'php'     => PHP_VERSION,
			'ini'     => (string) php_ini_loaded_file(),
			'version' => $extension['version'],
			'lacks'   => $extension['lacks'],
			'user'    => (string) ( $user['name'] ?? $uid ?? '' ),
			'uid'     => $uid,
		);
	}

	/**
	 * The same, and what costs a look at the disk.
	 *
	 * @return array facts(), and loaded: bool; compatible: bool; file: ?string, where the extension was loaded from;
	 *         locked: list<array{path: string, owner: string, uid: ?int}>, what this process cannot write and should;
	 *         written: list<array{path: string, owner: string, uid: ?int}>, all that is to be written.
	 * @throws Store_Exception When the memory could not be read.
	 */
	public static function all(): array {
		$extension = Plugin::instance()->environment()->extension();
		$written   = self::written();

		return self::facts() + array(
			'loaded'     => $extension['loaded'],
			'compatible' => $extension['compatible'],
			'file'       => $extension['loaded'] ? self::file() : null,
			// phpcs:ignore WordPress.WP.AlternativeFunctions -- WP_Filesystem may speak FTP; this is about this process.
			'locked'     => array_values( array_filter( $written, static fn( array $file ): bool => ! is_writable( $file['path'] ) ) ),
			'written'    => $written,
		);
	}

	/**
	 * Where the extension was loaded from. PHP does not say; Linux does.
	 *
	 * @return string|null Null when nobody says it.
	 */
	private static function file(): ?string {
		$maps = '';

		if ( 'Linux' === PHP_OS_FAMILY ) {
			$maps = (string) @file_get_contents( '/proc/self/maps' ); // phpcs:ignore -- Not there, or forbidden: then it is not known.
		}

		return preg_match( '#^\S+ r\S+ \S+ \S+ \S+ +(/.*wu_cloudways[^/]*\.so(?: \(deleted\))?)$#m', $maps, $match ) ? $match[1] : null;
	}

	/**
	 * Files and folders that runs write, or that WordPress writes for the plugin, as far as they are there.
	 *
	 * @return list<array{path: string, owner: string, uid: ?int}>
	 */
	private static function written(): array {
		$paths = array_merge( array( Probe::writes_into() ), self::logs(), array( WP_LANG_DIR, WP_LANG_DIR . '/plugins' ) );
		$files = array();

		foreach ( $paths as $path ) {
			if ( ! file_exists( $path ) ) {
				continue;
			}

			$uid     = @fileowner( $path ); // phpcs:ignore -- Gone a moment ago, for one.
			$user    = false !== $uid && function_exists( 'posix_getpwuid' ) ? posix_getpwuid( $uid ) : false;
			$files[] = array(
				'path'  => wp_normalize_path( $path ),
				'owner' => (string) ( $user['name'] ?? $uid ),
				'uid'   => false === $uid ? null : $uid,
			);
		}

		return $files;
	}

	/**
	 * Ultimate Multisite's logs that the plugin writes into, and their folder, which is that of the main site.
	 *
	 * @return list<string>
	 */
	private static function logs(): array {
		$switched = ! is_main_site();

		if ( $switched ) {
			switch_to_blog( get_main_site_id() );
		}

		$folder = wp_upload_dir( null, false )['basedir'] . '/wu-logs';

		if ( $switched ) {
			restore_current_blog();
		}

		if ( ! is_dir( $folder ) ) {
			return array( dirname( $folder ) );
		}

		$logs = array_merge( (array) glob( $folder . '/' . Log::HANDLE . '.log' ), (array) glob( $folder . '/domain-*.log' ) );

		return array_merge( array( $folder ), array_slice( array_filter( $logs ), 0, self::LOGS ) );
	}
}
