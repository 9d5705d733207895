<?php
/**
 * How to load the extension on this very server.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The steps, as data: the notice, the page, the doctor and Site Health show the same ones.
 *
 * Nothing here asks the database or anything outside. steps() translates, so it may not be called before `init`.
 */
final class Guide {

	/** Where Cloudways has WP-CLI. */
	const WP = '/usr/local/bin/wp';

	/**
	 * The three steps that load the extension, one after the other.
	 *
	 * What is only presumed about Cloudways is called so in the text.
	 *
	 * @param string $where 'web': in PHP-FPM; 'cli': on the command line.
	 * @param string $php   Version of that PHP, such as 8.3, where it is another one than of this process.
	 * @return list<array{text: string, code: string}> text: what to do, plain text that ends with a colon; code: one line to copy as it is.
	 */
	public static function steps( string $where, string $php = '' ): array {
		$upload = array(
			/* translators: %s: a version of PHP and a processor, such as "PHP 8.2 NTS, x86_64". */
			'text' => sprintf( __( 'Upload the archive of the extension for %s, unpack it outside the public folder, never in public_html, and run its script there. It looks whether this PHP takes the file, and puts it into its place:', 'wu-cloudways' ), self::build( $php ) ),
			'code' => self::install( $php ),
		);

		if ( 'cli' === $where ) {
			return array(
				$upload,
				array(
					'text' => __( 'Start WP-CLI with it. The command says whether it is loaded, and what else is missing:', 'wu-cloudways' ),
					'code' => self::command( 'wu-cloudways doctor' ),
				),
				array(
					'text' => __( 'So that changes are sent without anybody’s help, add this line as a cron job of the application:', 'wu-cloudways' ),
					'code' => self::cron_line(),
				),
			);
		}

		return array(
			$upload,
			array(
				'text' => __( 'Over SSH, look whether this PHP takes it: the command prints wu_cloudways. Do not go on before it does, as a file that was not uploaded whole stops the site:', 'wu-cloudways' ),
				'code' => self::check( $php ),
			),
			array(
				'text' => __( 'That Cloudways lets this line through is presumed, not known; should the extension still be missing afterwards, load it on the command line instead. On the Cloudways platform, add the line under Application Settings → PHP FPM Settings, save, and reload the Cloudways page:', 'wu-cloudways' ),
				'code' => self::pool_line( $php ),
			),
		);
	}

	/** What the file has to be built for: what this process is, but for the version of PHP where that is given. */
	public static function build( string $php = '' ): string {
		return sprintf( 'PHP %s %s, %s', self::version( $php ), ( PHP_ZTS ? 'ZTS' : 'NTS' ) . ( PHP_DEBUG ? ' DEBUG' : '' ), php_uname( 'm' ) );
	}

	/**
	 * The file, with its path and the name that install.php gives it. The name tells versions and builds apart, since a
	 * file that is loaded must never be overwritten.
	 */
	public static function file( string $php = '' ): string {
		return self::folder() . sprintf( '/private_html/wu_cloudways-%s-php%s%s.so', Plugin::VERSION, self::version( $php ), ( PHP_ZTS ? '-zts' : '' ) . ( PHP_DEBUG ? '-debug' : '' ) );
	}

	/** The command that puts the file there; the script comes with it. */
	private static function install( string $php ): string {
		return self::program( $php ) . ' install.php install ' . self::folder() . '/private_html';
	}

	/** The line for PHP-FPM's pool. */
	public static function pool_line( string $php = '' ): string {
		return 'php_admin_value[extension] = ' . self::file( $php );
	}

	/** The command that shows whether this PHP, or the one of that version, takes the file. */
	public static function check( string $php = '' ): string {
		return self::program( $php ) . ' -d extension=' . self::file( $php ) . ' -m | grep wu_cloudways';
	}

	/**
	 * WP-CLI with the extension.
	 *
	 * @param string $arguments Of WP-CLI.
	 */
	public static function command( string $arguments ): string {
		return self::program() . ' -d extension=' . self::file() . ' ' . self::WP . ' --path=' . self::root() . ' ' . $arguments;
	}

	/** The line of the cron job that starts Ultimate Multisite's queue, and with it what is due. */
	public static function cron_line(): string {
		return '*/5 * * * * ' . self::command( 'action-scheduler run --quiet' );
	}

	/** PHP of the command line in that version: plain `php` may be another one than the website's. */
	private static function program( string $php = '' ): string {
		return 'php' . self::version( $php );
	}

	/** A version of PHP; that of this process where none is given. */
	private static function version( string $php ): string {
		return '' === $php ? PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION : $php;
	}

	/** The line of a cron job that lets the website do it, where the extension is there alone. */
	public static function visit_line(): string {
		return '*/5 * * * * wget -q -O /dev/null ' . escapeshellarg( get_site_url( get_main_site_id(), 'wp-cron.php?doing_wp_cron' ) );
	}

	/** The folder of the application; APPLICATION stands for its name where the path of the site does not say it. */
	private static function folder(): string {
		$root = wp_normalize_path( (string) realpath( ABSPATH ) );
		$user = Plugin::instance()->clone_guard()->sys_user();

		// Where the site really is comes before where Cloudways has it as a rule.
		if ( null !== $user && preg_match( '#^(.*/' . preg_quote( $user, '#' ) . ')/public_html(?:/|$)#', $root, $match ) ) {
			return $match[1];
		}

		return '/home/master/applications/' . ( $user ?? 'APPLICATION' );
	}

	/** WordPress's folder, for WP-CLI's --path. */
	private static function root(): string {
		return null === Plugin::instance()->clone_guard()->sys_user() ? self::folder() . '/public_html' : untrailingslashit( wp_normalize_path( (string) realpath( ABSPATH ) ) );
	}
}
