<?php
/**
 * The file by which names behind a proxy are recognised.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * A name behind a proxy points to the proxy's addresses. Whether it leads here all the same, the extension finds out by
 * asking it for a file that only this site has: in the folder where Let's Encrypt will ask for its own, and with a name
 * and a content that nobody can guess.
 *
 * The file is static, holds no secret, and is replaced now and then. It is looked after inside a run and nowhere else.
 * Whatever goes wrong with it is no error of the run: names behind a proxy count as pointing elsewhere then.
 *
 * Its row in the memory is `probe`; the number is when the file was made, the value is (JSON)
 *
 *     array{name: string, body: string, old: ?string, made: list<string>, trouble: string}
 *         old: the file before it, until it is gone; made: folders that were not there before, outermost first;
 *         trouble: what kept the file from being written, so that the log says it once
 */
final class Probe {

	/** From the document root, each folder after the one it is in. */
	const FOLDERS = array( '.well-known', '.well-known/acme-challenge' );

	/** Seconds after which a file is replaced by another one. */
	const LIFE = 7 * DAY_IN_SECONDS;

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * Tells what happened.
	 *
	 * @var Log
	 */
	private $log;

	/**
	 * Takes what it needs.
	 *
	 * @param Store $store The memory.
	 * @param Log   $log   Tells what happened.
	 */
	public function __construct( Store $store, Log $log ) {
		$this->store = $store;
		$this->log   = $log;
	}

	/**
	 * The option `probe` of a run. Makes the file when it is missing, is not as it was, or is some days old.
	 *
	 * @return array{path: string, body: string}|null Null when it cannot be made.
	 * @throws Store_Exception When the memory failed.
	 */
	public function offer(): ?array {
		$kept     = $this->kept();
		$is_there = self::is_there( $kept );
		$is_young = null !== $kept['name'] && $kept['at'] <= time() && $kept['at'] > time() - self::LIFE;

		if ( $is_there && $is_young ) {
			return self::option( $kept );
		}

		$file = $kept;

		if ( ! $is_young ) {
			self::delete( $kept['old'] );

			$file = array(
				'at'   => time(),
				'name' => 'wu-cloudways-' . bin2hex( random_bytes( 16 ) ) . '.txt',
				'body' => bin2hex( random_bytes( 32 ) ),
				'old'  => $kept['name'],
			) + $kept;
		}

		// Remembered first: a file that nobody knows of would stay for ever.
		$this->keep( $file );

		$trouble = self::place( $file );

		if ( '' !== $trouble ) {
			return $this->without( $file, $is_there ? $kept : null, $trouble );
		}

		self::delete( $file['old'] );

		$file['old']     = null;
		$file['trouble'] = '';
		$this->keep( $file );

		return self::option( $file );
	}

	/**
	 * The same where nothing may be written: what is there already.
	 *
	 * @return array{path: string, body: string}|null Null when there is none.
	 * @throws Store_Exception When the memory failed.
	 */
	public function current(): ?array {
		$kept = $this->kept();

		return self::is_there( $kept ) ? self::option( $kept ) : null;
	}

	/**
	 * The folder that something is written into: that of the file, or what is there of the way to it. The file itself is
	 * replaced, never written again.
	 *
	 * @return string Path.
	 */
	public static function writes_into(): string {
		foreach ( array_reverse( self::FOLDERS ) as $folder ) {
			if ( file_exists( self::root() . '/' . $folder ) ) {
				return self::root() . '/' . $folder;
			}
		}

		return self::root();
	}

	/**
	 * Removes the file, and the folders that were made for it, where nothing else is in them.
	 *
	 * @return list<string> Files that cannot be removed, by this user for one: they are remembered, and tried again.
	 * @throws Store_Exception When the memory failed.
	 */
	public function remove(): array {
		$kept = $this->kept();
		$left = array();

		foreach ( array_filter( array( $kept['name'], $kept['old'] ) ) as $name ) {
			self::delete( $name );

			if ( is_file( (string) self::path( $name ) ) ) {
				$left[] = (string) self::path( $name );
			}
		}

		foreach ( array_reverse( $kept['made'] ) as $folder ) {
			$path = self::root() . '/' . $folder;

			if ( is_dir( $path ) && ! is_link( $path ) ) {
				@rmdir( $path ); // phpcs:ignore -- Refused when something else is in it, and that is right.
			}
		}

		if ( ! $left ) {
			$this->store->forget( 'probe' );
		}

		return $left;
	}

	/**
	 * The file could not be made. The one before it, where there is one, is as good as ever.
	 *
	 * @param array      $file    What could not be made.
	 * @param array|null $kept    What is there.
	 * @param string     $trouble Why.
	 * @return array{path: string, body: string}|null
	 * @throws Store_Exception When the memory failed.
	 */
	private function without( array $file, ?array $kept, string $trouble ): ?array {
		if ( $trouble !== $file['trouble'] ) {
			$this->log->no_probe( $trouble, null !== $kept );
		}

		$this->keep(
			array(
				'made'    => $file['made'],
				'trouble' => $trouble,
			) + ( $kept ?? $file )
		);

		return $kept ? self::option( $kept ) : null;
	}

	/**
	 * What is remembered.
	 *
	 * @return array{at: int, name: ?string, body: string, old: ?string, made: list<string>, trouble: string}
	 * @throws Store_Exception When the memory failed.
	 */
	private function kept(): array {
		$value = json_decode( (string) $this->store->value( 'probe' ), true );
		$value = is_array( $value ) ? $value : array();
		$text  = static fn( string $key, string $pattern ): ?string => is_string( $value[ $key ] ?? null ) && preg_match( $pattern, $value[ $key ] ) ? $value[ $key ] : null;
		$file  = '/^wu-cloudways-[0-9a-f]{32}\.txt\z/';

		return array(
			'at'      => (int) $this->store->number( 'probe' ),
			'name'    => $text( 'name', $file ),
			'body'    => (string) $text( 'body', '/^[0-9a-f]{64}\z/' ),
			'old'     => $text( 'old', $file ),
			'made'    => array_values( array_intersect( self::FOLDERS, (array) ( $value['made'] ?? array() ) ) ),
			'trouble' => (string) $text( 'trouble', '/./' ),
		);
	}

	/**
	 * Remembers it.
	 *
	 * @param array $file As kept() gives it.
	 * @return void
	 * @throws Store_Exception When the memory failed.
	 */
	private function keep( array $file ): void {
		$this->store->put( 'probe', $file['at'], (string) wp_json_encode( array_diff_key( $file, array( 'at' => 0 ) ), JSON_UNESCAPED_SLASHES ) );
	}

	/**
	 * The option.
	 *
	 * @param array $file As kept() gives it.
	 * @return array{path: string, body: string}
	 */
	private static function option( array $file ): array {
		return array(
			'path' => '/' . self::folder() . '/' . $file['name'],
			'body' => $file['body'],
		);
	}

	/**
	 * Writes the file, and the folders that are missing. Nobody ever sees half of it.
	 *
	 * @param array $file As kept() gives it; `made` becomes longer by what was made.
	 * @return string What went wrong; empty when nothing did.
	 */
	private static function place( array &$file ): string {
		// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- WP_Filesystem may ask for a password, and a run has nobody to ask; what fails is said in the log.
		$root = self::root();

		error_clear_last();

		foreach ( self::FOLDERS as $folder ) {
			$path = $root . '/' . $folder;

			if ( ! file_exists( $path ) && ! is_link( $path ) ) {
				if ( ! @mkdir( $path ) ) {
					return sprintf( 'The folder %s cannot be made: %s', $path, self::reason() );
				}

				@chmod( $path, 0755 );
				$file['made'] = array_values( array_unique( array_merge( $file['made'], array( $folder ) ) ) );
			}

			// A link can lead anywhere; what is written there would be somebody else's.
			$real = realpath( $path );

			if ( false === $real || ! is_dir( $real ) || ! str_starts_with( wp_normalize_path( $real ) . '/', $root . '/' ) ) {
				return sprintf( '%s is no folder, or leads out of %s.', $path, $root );
			}
		}

		$name = $path . '/' . $file['name'];
		$part = $path . '/.' . $file['name'] . '.part';

		@unlink( $part );
		$handle = @fopen( $part, 'x' );

		// The folder is named, not the file: each time that would be another one, and told as something new.
		if ( false === $handle ) {
			return sprintf( 'No file can be made in %s: %s', $path, self::reason() );
		}

		$is_whole = strlen( $file['body'] ) === @fwrite( $handle, $file['body'] ) && @fflush( $handle );
		$is_whole = @fclose( $handle ) && $is_whole;

		// Readable for the web server, whatever the mask of this process is.
		if ( ! $is_whole || ! @chmod( $part, 0644 ) || ! @rename( $part, $name ) ) {
			$reason = self::reason();
			@unlink( $part );

			return sprintf( 'No file can be written in %s: %s', $path, $reason );
		}
		// phpcs:enable

		return '';
	}

	/**
	 * The file is there, as it was made.
	 *
	 * @param array $file As kept() gives it.
	 * @return bool
	 */
	private static function is_there( array $file ): bool {
		$path = self::path( $file['name'] );

		// phpcs:ignore -- A file of this server; a link in its place was not made by us.
		return null !== $path && is_file( $path ) && ! is_link( $path ) && @file_get_contents( $path, false, null, 0, 100 ) === $file['body'];
	}

	/**
	 * Deletes a file of ours.
	 *
	 * @param string|null $name Its name.
	 * @return void
	 */
	private static function delete( ?string $name ): void {
		$path = self::path( $name );

		if ( null !== $path ) {
			@unlink( $path ); // phpcs:ignore -- It may be gone already; and a link is only taken away itself.
		}
	}

	/**
	 * Where a file of ours is.
	 *
	 * @param string|null $name Its name.
	 * @return string|null
	 */
	private static function path( ?string $name ): ?string {
		return null === $name ? null : self::root() . '/' . self::folder() . '/' . $name;
	}

	/**
	 * The folder of the file, from the document root.
	 *
	 * @return string
	 */
	private static function folder(): string {
		return self::FOLDERS[ count( self::FOLDERS ) - 1 ];
	}

	/**
	 * What the web server serves as /. At Cloudways that is public_html, also for a WordPress in a folder below it.
	 *
	 * @return string
	 */
	private static function root(): string {
		$path = untrailingslashit( wp_normalize_path( (string) realpath( ABSPATH ) ) );

		return preg_match( '#^(.*/(?:applications|[^/]+\.cloudwaysapps\.com)/[A-Za-z0-9_-]+/public_html)(?:/|\z)#', $path, $match ) ? $match[1] : $path;
	}

	/**
	 * Why the last thing failed.
	 *
	 * @return string
	 */
	private static function reason(): string {
		$error = error_get_last();

		// "mkdir(): Permission denied"
		return null === $error ? 'unknown' : (string) preg_replace( '/^[a-z_]+\(.*?\): /s', '', $error['message'] );
	}
}
