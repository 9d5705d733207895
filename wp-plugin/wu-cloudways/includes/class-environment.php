<?php
/**
 * What the plugin finds around itself.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Facts about WordPress, Ultimate Multisite, the extension and the constants.
 *
 * Nothing here is a text for people: a problem is a code with arguments, and
 * Messages turns it into words.
 */
final class Environment {

	const FUNCTIONS = array( 'wu_cloudways_sync', 'wu_cloudways_plan', 'wu_cloudways_check_dns', 'wu_cloudways_test_connection' );

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * The constants.
	 *
	 * @var Credentials
	 */
	private $credentials;

	/**
	 * Whether this is a copy.
	 *
	 * @var Clone_Guard
	 */
	private $clone_guard;

	/**
	 * The lock.
	 *
	 * @var Lock
	 */
	private $lock;

	/**
	 * Takes what it needs.
	 *
	 * @param Store       $store       The memory.
	 * @param Credentials $credentials The constants.
	 * @param Clone_Guard $clone_guard Whether this is a copy.
	 * @param Lock        $lock        The lock.
	 */
	public function __construct( Store $store, Credentials $credentials, Clone_Guard $clone_guard, Lock $lock ) {
		$this->store       = $store;
		$this->credentials = $credentials;
		$this->clone_guard = $clone_guard;
		$this->lock        = $lock;
	}

	/**
	 * The extension in this very process.
	 *
	 * @return array{loaded: bool, version: ?string, compatible: bool, lacks: list<string>} lacks: functions that are not
	 *         there although it is loaded: left out of it, or switched off by `disable_functions`.
	 */
	public function extension(): array {
		$found   = array_filter( self::FUNCTIONS, 'function_exists' );
		$version = phpversion( 'wu_cloudways' );
		$version = false === $version ? null : $version;
		$loaded  = $found || null !== $version;

		return array(
			'loaded'     => $loaded,
			'version'    => $version,
			'lacks'      => $loaded ? array_values( array_diff( self::FUNCTIONS, $found ) ) : array(),
			'compatible' => count( $found ) === count( self::FUNCTIONS ) && ( null === $version || version_compare( $version, Plugin::MIN_EXTENSION, '>=' ) ),
		);
	}

	/**
	 * Why a loaded extension is of no use.
	 *
	 * @param array{version: ?string, lacks?: list<string>} $extension As extension() gives it, here or in another process.
	 * @return array{code: string, args: array, severity: string}
	 */
	public static function unfit( array $extension ): array {
		$version = $extension['version'] ?? null;

		if ( null !== $version && version_compare( $version, Plugin::MIN_EXTENSION, '<' ) ) {
			return self::problem(
				'extension_old',
				array(
					'version' => $version,
					'wanted'  => Plugin::MIN_EXTENSION,
				)
			);
		}

		return self::problem( 'extension_partial', array( 'functions' => $extension['lacks'] ?? array() ) );
	}

	/**
	 * What is newer than this plugin, so that it stands still until it is updated: the tables, or the report of the
	 * extension that is loaded here.
	 *
	 * The first report that cannot be read says so; what it did at Cloudways is remembered in its `state`. Another one is
	 * not asked for by the same version of the extension.
	 *
	 * @return array{code: string, args: array, severity: string}|null
	 * @throws Store_Exception When the memory could not be read.
	 */
	public function newer(): ?array {
		$schema = $this->store->schema();

		if ( $schema > Store::SCHEMA ) {
			return self::problem(
				'plugin_old',
				array(
					'found'  => $schema,
					'reads'  => Store::SCHEMA,
					'plugin' => Plugin::VERSION,
				)
			);
		}

		$unread    = $this->store->unread();
		$extension = $this->extension();

		if ( null === $unread || ! $extension['compatible'] || (string) $extension['version'] !== $unread['extension'] || Plugin::REPORT === $unread['report'] ) {
			return null;
		}

		return self::unreadable( $unread['report'], $extension['version'] );
	}

	/**
	 * A report of another version than this plugin reads.
	 *
	 * @param int         $report  Its version; 0 when it names none.
	 * @param string|null $version The extension's.
	 * @return array{code: string, args: array, severity: string}
	 */
	public static function unreadable( int $report, ?string $version ): array {
		return self::problem(
			'extension_new',
			array(
				'version' => $version ?? '?',
				'report'  => $report,
				'reads'   => Plugin::REPORT,
				'plugin'  => Plugin::VERSION,
			)
		);
	}

	/**
	 * Everything that keeps the plugin from working, or will soon.
	 *
	 * Codes and their arguments:
	 *
	 *     no_multisite          error    –
	 *     no_um                 error    –
	 *     um_not_set_up         error    –
	 *     extension_missing     error    here: 'web'|'cli', web: ?bool, cli: ?bool, php: string (8.2), sapi: string, ini: string
	 *                           warning  the same, when the other process has it
	 *     extension_old         error    version: string, wanted: string
	 *     extension_partial     error    functions: list<string>  (loaded, and these are not there)
	 *     extension_new         error    version: string, report: int, reads: int, plugin: string  (its report is of a version
	 *                                    that this plugin does not read)
	 *     plugin_old            error    found: int, reads: int, plugin: string  (a newer plugin has changed the tables)
	 *     constants_missing     error    names: list<string>
	 *     constants_empty       error    names: list<string>  (defined in wp-config.php, without a value)
	 *     credential_unreadable error    names: list<string>  (stored by UM's wizard, and the salts changed since)
	 *     integration_disabled  warning  –
	 *     clone                 error    expected: ?array, actual: array (keys sys_user, home, environment); expected is
	 *                                    null when this was never production
	 *     lock_held             warning  since: int, expires: int  (a run that never came back)
	 *     wake_unanswered       error    since: int  (the command line asks the web to run, and nothing arrives there)
	 *     tables_missing        error    –
	 *
	 * Reads options and the memory: for pages and commands, not for the front end.
	 *
	 * @throws Store_Exception When the database could not be asked.
	 * @return list<array{code: string, args: array<string, mixed>, severity: 'error'|'warning'}>
	 */
	public function problems(): array {
		if ( ! is_multisite() ) {
			return array( self::problem( 'no_multisite' ) );
		}

		$problems = array();

		if ( ! function_exists( 'WP_Ultimo' ) ) {
			$problems[] = self::problem( 'no_um' );
		} elseif ( ! $this->um_loaded() ) {
			$problems[] = self::problem( 'um_not_set_up' );
		}

		if ( ! $this->store->installed() ) {
			$problems[] = self::problem( 'tables_missing' );

			return $problems;
		}

		$newer = $this->newer();

		if ( null !== $newer ) {
			$problems[] = $newer;
		}

		return array_merge( $problems, $this->extension_problems(), $this->configuration_problems() );
	}

	/**
	 * Which kind of process this is. The two load different php.ini files, so
	 * that the extension may be in one and not in the other.
	 *
	 * @return 'web'|'cli'
	 */
	public function sapi_here(): string {
		return 'cli' === PHP_SAPI || 'phpdbg' === PHP_SAPI ? 'cli' : 'web';
	}

	/**
	 * Where the extension was seen; null is "never looked".
	 *
	 * @return array{web: ?bool, cli: ?bool}
	 * @throws Store_Exception When it could not be read.
	 */
	public function where_loaded(): array {
		$where = array();

		foreach ( array( 'web', 'cli' ) as $sapi ) {
			$seen           = $this->store->number( $sapi );
			$where[ $sapi ] = null === $seen ? null : (bool) $seen;
		}

		$where[ $this->sapi_here() ] = $this->extension()['compatible'];

		return $where;
	}

	/**
	 * Remembers whether this process has the extension, and what it is. Writes only a change.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function remember_here(): void {
		$sapi  = $this->sapi_here();
		$here  = (int) $this->extension()['compatible'];
		$facts = (string) wp_json_encode( Process::facts(), JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE );

		if ( $this->store->number( $sapi ) !== $here || $this->store->value( $sapi ) !== $facts ) {
			$this->store->put( $sapi, $here, $facts );
		}
	}

	/**
	 * What a kind of process said of itself last.
	 *
	 * @param 'web'|'cli' $sapi Which.
	 * @return array|null See Process::facts(); null when it never did.
	 * @throws Store_Exception When it could not be read.
	 */
	public function facts( string $sapi ): ?array {
		$facts = json_decode( (string) $this->store->value( $sapi ), true );

		return is_array( $facts ) ? $facts : null;
	}

	/**
	 * Ultimate Multisite is active and its set-up was finished.
	 *
	 * @return bool
	 */
	public function um_loaded(): bool {
		return function_exists( 'WP_Ultimo' ) && is_object( WP_Ultimo() ) && method_exists( WP_Ultimo(), 'is_loaded' ) && WP_Ultimo()->is_loaded();
	}

	/**
	 * The Cloudways integration is switched on in Ultimate Multisite.
	 *
	 * @return bool
	 * @throws Store_Exception When it could not be read: that is not "off".
	 */
	public function integration_enabled(): bool {
		$enabled = Database::network_option( 'wu_host_integrations_enabled' );

		return is_array( $enabled ) && ! empty( $enabled['cloudways'] );
	}

	/**
	 * What is wrong with the extension.
	 *
	 * @return list<array>
	 */
	private function extension_problems(): array {
		$extension = $this->extension();

		if ( $extension['compatible'] ) {
			return array();
		}

		if ( $extension['loaded'] ) {
			return array( self::unfit( $extension ) );
		}

		$here  = $this->sapi_here();
		$where = $this->where_loaded();

		return array(
			self::problem(
				'extension_missing',
				array(
					'here' => $here,
					'web'  => $where['web'],
					'cli'  => $where['cli'],
					'php'  => PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION,
					'sapi' => PHP_SAPI,
					'ini'  => (string) php_ini_loaded_file(),
				),
				$where[ 'web' === $here ? 'cli' : 'web' ] ? 'warning' : 'error'
			),
		);
	}

	/**
	 * What is wrong with the settings, and with the place.
	 *
	 * @return list<array>
	 */
	private function configuration_problems(): array {
		$problems   = array();
		$missing    = $this->credentials->missing();
		$empty      = $this->credentials->empty_constants();
		$unreadable = $this->credentials->unreadable();
		$holder     = $this->lock->holder();

		if ( $missing ) {
			$problems[] = self::problem( 'constants_missing', array( 'names' => $missing ) );
		}

		if ( $empty ) {
			$problems[] = self::problem( 'constants_empty', array( 'names' => $empty ) );
		}

		if ( $unreadable ) {
			$problems[] = self::problem( 'credential_unreadable', array( 'names' => $unreadable ) );
		}

		if ( $this->um_loaded() && ! $this->integration_enabled() ) {
			$problems[] = self::problem( 'integration_disabled', array(), 'warning' );
		}

		if ( $this->clone_guard->is_clone() ) {
			$problems[] = self::problem(
				'clone',
				array(
					'expected' => $this->clone_guard->expected(),
					'actual'   => $this->clone_guard->actual(),
				)
			);
		}

		$unanswered = true === $this->where_loaded()['cli'] ? null : $this->store->unanswered_since();

		if ( null !== $unanswered ) {
			$problems[] = self::problem( 'wake_unanswered', array( 'since' => $unanswered ) );
		}

		if ( $holder && $holder['expired'] ) {
			$problems[] = self::problem(
				'lock_held',
				array(
					'since'   => $holder['since'],
					'expires' => $holder['expires'],
				),
				'warning'
			);
		}

		return $problems;
	}

	/**
	 * A problem.
	 *
	 * @param string $code     Code.
	 * @param array  $args     Arguments.
	 * @param string $severity error or warning.
	 * @return array{code: string, args: array, severity: string}
	 */
	private static function problem( string $code, array $args = array(), string $severity = 'error' ): array {
		return compact( 'code', 'args', 'severity' );
	}
}
