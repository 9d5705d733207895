<?php
/**
 * Looks after each link between the network and Cloudways.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The checks, as data: the command `doctor` and Site Health show the same ones.
 *
 *     Doctor::checks()                       every check, by what is stored; asks nothing outside
 *     Doctor::checks( array( 'queue' ) )     one of them
 *     Plugin::instance()->doctor()->ask()    from then on the website and Cloudways are asked too
 *
 * It translates, so nothing here may be called before `init`.
 */
final class Doctor {

	/** In this order: what a later one needs comes before it. */
	const CHECKS = array( 'tables', 'um', 'integration', 'credentials', 'site', 'extension_web', 'extension_cli', 'wake', 'token', 'paused', 'queue', 'alarms', 'cron', 'lock', 'files', 'writers', 'last_run', 'certificate' );

	/** Seconds that something may be late: a queue that is run every few minutes is not stuck. */
	const LATE = 15 * MINUTE_IN_SECONDS;

	/** Seconds without a good run after which there is something wrong, as one comes every hour. */
	const SILENCE = 3 * HOUR_IN_SECONDS;

	/** Days before the end of a certificate: Cloudways renews thirty days before. */
	const CERTIFICATE_SOON = 21;
	const CERTIFICATE_NOW  = 14;

	/**
	 * Around us.
	 *
	 * @var Environment
	 */
	private $environment;

	/**
	 * The constants.
	 *
	 * @var Credentials
	 */
	private $credentials;

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * One at a time.
	 *
	 * @var Lock
	 */
	private $lock;

	/**
	 * Whether this is a copy.
	 *
	 * @var Clone_Guard
	 */
	private $clone_guard;

	/**
	 * Asks the website.
	 *
	 * @var Wake
	 */
	private $wake;

	/**
	 * Asks Cloudways.
	 *
	 * @var Runner
	 */
	private $runner;

	/**
	 * Whether the website and Cloudways are asked.
	 *
	 * @var bool
	 */
	private $asks = false;

	/**
	 * What the website answered; see Wake::ask().
	 *
	 * @var array|null
	 */
	private $web;

	/**
	 * Takes what it needs.
	 *
	 * @param Environment $environment Around us.
	 * @param Credentials $credentials The constants.
	 * @param Store       $store       The memory.
	 * @param Lock        $lock        One at a time.
	 * @param Clone_Guard $clone_guard Whether this is a copy.
	 * @param Wake        $wake        Asks the website.
	 * @param Runner      $runner      Asks Cloudways.
	 */
	public function __construct( Environment $environment, Credentials $credentials, Store $store, Lock $lock, Clone_Guard $clone_guard, Wake $wake, Runner $runner ) {
		$this->environment = $environment;
		$this->credentials = $credentials;
		$this->store       = $store;
		$this->lock        = $lock;
		$this->clone_guard = $clone_guard;
		$this->wake        = $wake;
		$this->runner      = $runner;
	}

	/**
	 * The checks.
	 *
	 * @param list<string> $only Codes; empty for all of CHECKS.
	 * @return list<array{code: string, status: 'good'|'recommended'|'critical'|'unknown', title: string, text: string, remedy: string, steps: list<array{text: string, code: string}>, exit: int}>
	 *         text, remedy and steps are plain text; a step's code is to be copied as it is, and may be empty. exit: 0, 3
	 *         with a recommendation, else the exit code that a sync ends with for this reason, or 1.
	 */
	public static function checks( array $only = array() ): array {
		$doctor = Plugin::instance()->doctor();

		return array_map( array( $doctor, 'check' ), array_values( $only ? array_intersect( self::CHECKS, $only ) : self::CHECKS ) );
	}

	/**
	 * From now on the website and Cloudways are asked, once each. Takes its time.
	 *
	 * @return void
	 */
	public function ask(): void {
		$this->asks = true;
		$this->web  = null;
	}

	/**
	 * One check.
	 *
	 * @param string $code One of CHECKS.
	 * @return array See checks().
	 */
	public function check( string $code ): array {
		try {
			$found = $this->{'check_' . $code}();
		} catch ( \Throwable $failure ) {
			// What the tables say is the first check's; the others do not know without them.
			$found = self::unknown(
				Messages::error(
					array(
						'code'    => $failure instanceof Store_Exception ? 'storage' : 'internal',
						'message' => $failure->getMessage(),
					)
				)['text']
			);
		}

		return array(
			'code'  => $code,
			'title' => self::titles()[ $code ],
		) + $found;
	}

	/**
	 * What each check is called.
	 *
	 * @return array<string, string>
	 */
	private static function titles(): array {
		return array(
			'tables'        => __( 'Tables', 'wu-cloudways' ),
			'um'            => __( 'Ultimate Multisite', 'wu-cloudways' ),
			'integration'   => __( 'Cloudways integration', 'wu-cloudways' ),
			'credentials'   => __( 'Settings', 'wu-cloudways' ),
			'site'          => __( 'Original site', 'wu-cloudways' ),
			'extension_web' => __( 'Extension on the website', 'wu-cloudways' ),
			'extension_cli' => __( 'Extension on the command line', 'wu-cloudways' ),
			'wake'          => __( 'Website within reach', 'wu-cloudways' ),
			'token'         => __( 'Token and its rights', 'wu-cloudways' ),
			'paused'        => __( 'Pause', 'wu-cloudways' ),
			'queue'         => __( 'What is due', 'wu-cloudways' ),
			'alarms'        => __( 'Alarm clocks', 'wu-cloudways' ),
			'cron'          => __( 'Cron', 'wu-cloudways' ),
			'lock'          => __( 'Lock', 'wu-cloudways' ),
			'files'         => __( 'Files', 'wu-cloudways' ),
			'writers'       => __( 'Only writer', 'wu-cloudways' ),
			'last_run'      => __( 'Last run', 'wu-cloudways' ),
			'certificate'   => __( 'Certificate', 'wu-cloudways' ),
		);
	}

	/** The tables are there, and answer. */
	private function check_tables(): array {
		try {
			if ( $this->store->installed() ) {
				return self::good( __( 'The plugin’s tables are there.', 'wu-cloudways' ) );
			}
		} catch ( Store_Exception $failure ) {
			return self::by_error(
				array(
					'code'    => 'storage',
					'message' => $failure->getMessage(),
				)
			);
		}

		return self::by_problem( array( 'code' => 'tables_missing' ), 70 );
	}

	/** Ultimate Multisite is active, and set up. */
	private function check_um(): array {
		if ( $this->environment->um_loaded() ) {
			$version = defined( 'WP_ULTIMO_VERSION' ) ? (string) constant( 'WP_ULTIMO_VERSION' ) : '';

			/* translators: %s: a version, or nothing. */
			return self::good( '' === $version ? __( 'Ultimate Multisite is active and set up.', 'wu-cloudways' ) : sprintf( __( 'Ultimate Multisite %s is active and set up.', 'wu-cloudways' ), $version ) );
		}

		return self::by_problem( array( 'code' => function_exists( 'WP_Ultimo' ) ? 'um_not_set_up' : 'no_um' ), 11 );
	}

	/** The integration is switched on. */
	private function check_integration(): array {
		if ( $this->environment->integration_enabled() ) {
			return self::good( __( 'It is switched on in Ultimate Multisite.', 'wu-cloudways' ) );
		}

		return self::by_problem(
			array(
				'code'     => 'integration_disabled',
				'severity' => 'warning',
			)
		);
	}

	/** The constants, and what was typed into the wizard. */
	private function check_credentials(): array {
		$found = array();

		foreach ( array(
			'constants_missing'     => $this->credentials->missing(),
			'constants_empty'       => $this->credentials->empty_constants(),
			'credential_unreadable' => $this->credentials->unreadable(),
		) as $code => $names ) {
			if ( $names ) {
				$found[] = self::by_problem(
					array(
						'code' => $code,
						'args' => array( 'names' => $names ),
					),
					10
				);
			}
		}

		if ( $found ) {
			return array(
				'text'   => implode( ' ', array_column( $found, 'text' ) ),
				'remedy' => implode( ' ', array_column( $found, 'remedy' ) ),
			) + $found[0];
		}

		$constants = array_filter( Credentials::REQUIRED, 'defined' );

		return self::good(
			count( $constants ) === count( Credentials::REQUIRED )
				? __( 'All are there, as constants in wp-config.php.', 'wu-cloudways' )
				: __( 'All are there, as typed into the wizard of Ultimate Multisite.', 'wu-cloudways' )
		);
	}

	/** This is not a copy. */
	private function check_site(): array {
		if ( ! $this->clone_guard->is_clone() ) {
			return self::good( null === $this->clone_guard->expected() ? __( 'It is taken for the original: nothing was sent yet.', 'wu-cloudways' ) : __( 'It is where it was when it last wrote to Cloudways.', 'wu-cloudways' ) );
		}

		return self::by_problem(
			array(
				'code' => 'clone',
				'args' => array(
					'expected' => $this->clone_guard->expected(),
					'actual'   => $this->clone_guard->actual(),
				),
			),
			11
		);
	}

	/** The extension in php-fpm. */
	private function check_extension_web(): array {
		return $this->extension( 'web' );
	}

	/** The extension in the command line's PHP. */
	private function check_extension_cli(): array {
		return $this->extension( 'cli' );
	}

	/** The website hears the command line. */
	private function check_wake(): array {
		return self::unknown( '' );
	}

	/** Cloudways takes the token. */
	private function check_token(): array {
		return self::unknown( '' );
	}

	/** A person has paused it. */
	private function check_paused(): array {
		return self::unknown( '' );
	}

	/** What is due gets done. */
	private function check_queue(): array {
		return self::unknown( '' );
	}

	/** A clock is set. */
	private function check_alarms(): array {
		return self::unknown( '' );
	}

	/** Something starts what is due. */
	private function check_cron(): array {
		return self::unknown( '' );
	}

	/** A run that never came back. */
	private function check_lock(): array {
		return self::unknown( '' );
	}

	/** What is to be written can be written. */
	private function check_files(): array {
		return self::unknown( '' );
	}

	/** Nobody else writes the list. */
	private function check_writers(): array {
		return self::unknown( '' );
	}

	/** The last run ended well, and not long ago. */
	private function check_last_run(): array {
		return self::unknown( '' );
	}

	/** The certificate's end is far away. */
	private function check_certificate(): array {
		return self::unknown( '' );
	}

	/**
	 * The extension in one kind of process.
	 *
	 * @param 'web'|'cli' $sapi Which.
	 * @return array
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function extension( string $sapi ): array {
		return self::unknown( '' );
	}

	/**
	 * Nothing to do.
	 *
	 * @param string $text What was found.
	 * @return array
	 */
	private static function good( string $text ): array {
		return self::found( 'good', $text, '', array(), 0 );
	}

	/**
	 * Nobody knows, and that alone is no fault.
	 *
	 * @param string $text   What is known.
	 * @param string $remedy How to find out.
	 * @return array
	 */
	private static function unknown( string $text, string $remedy = '' ): array {
		return self::found( 'unknown', $text, $remedy, array(), 0 );
	}

	/**
	 * It works, and is not as it should be.
	 *
	 * @param string $text   What was found.
	 * @param string $remedy What to do.
	 * @param array  $steps  Likewise, one after the other.
	 * @return array
	 */
	private static function recommended( string $text, string $remedy, array $steps = array() ): array {
		return self::found( 'recommended', $text, $remedy, $steps, 3 );
	}

	/**
	 * It does not work, or will not for long.
	 *
	 * @param string $text   What was found.
	 * @param string $remedy What to do.
	 * @param array  $steps  Likewise, one after the other.
	 * @param int    $exit   Exit code.
	 * @return array
	 */
	private static function critical( string $text, string $remedy, array $steps = array(), int $exit = 1 ): array {
		return self::found( 'critical', $text, $remedy, $steps, $exit );
	}

	/**
	 * A problem of Environment, in Messages' words.
	 *
	 * @param array $problem {code, args?, severity?}; an error unless it says otherwise.
	 * @param int   $exit    Exit code of an error.
	 * @return array
	 */
	private static function by_problem( array $problem, int $exit = 1 ): array {
		$words = Messages::problem( $problem );
		$steps = array_map(
			static function ( string $step ): array {
				$parts = explode( "\n", $step, 2 );

				return array(
					'text' => trim( $parts[0] ),
					'code' => $parts[1] ?? '',
				);
			},
			$words['steps']
		);

		return 'warning' === ( $problem['severity'] ?? 'error' )
			? self::recommended( $words['text'], $words['remedy'], $steps )
			: self::critical( $words['text'], $words['remedy'], $steps, $exit );
	}

	/**
	 * An error of an outcome, in Messages' words.
	 *
	 * @param array $error Error.
	 * @return array
	 */
	private static function by_error( array $error ): array {
		$words = Messages::error( $error );

		return self::critical( implode( ' ', array_merge( array( $words['text'] ), $words['items'] ) ), $words['remedy'], array(), (int) ( $error['exit_code'] ?? Runner::EXIT_CODES[ $error['code'] ] ?? 70 ) );
	}

	/**
	 * What a check found.
	 *
	 * @param string $status Status.
	 * @param string $text   What was found.
	 * @param string $remedy What to do.
	 * @param array  $steps  Likewise, one after the other.
	 * @param int    $exit   Exit code.
	 * @return array
	 */
	private static function found( string $status, string $text, string $remedy, array $steps, int $exit ): array {
		return compact( 'status', 'text', 'remedy', 'steps', 'exit' );
	}
}
