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

	/** Files that are named; of the others the number is. */
	const LINES = 5;

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
	 * When the next run is.
	 *
	 * @var Scheduler
	 */
	private $scheduler;

	/**
	 * Who answers.
	 *
	 * @var Charge
	 */
	private $charge;

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
	 * @param Scheduler   $scheduler   When the next run is.
	 * @param Charge      $charge      Who answers.
	 */
	public function __construct( Environment $environment, Credentials $credentials, Store $store, Lock $lock, Clone_Guard $clone_guard, Wake $wake, Runner $runner, Scheduler $scheduler, Charge $charge ) {
		$this->environment = $environment;
		$this->credentials = $credentials;
		$this->store       = $store;
		$this->lock        = $lock;
		$this->clone_guard = $clone_guard;
		$this->wake        = $wake;
		$this->runner      = $runner;
		$this->scheduler   = $scheduler;
		$this->charge      = $charge;
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
		} catch ( Store_Exception $failure ) {
			// That the tables do not answer is the first check's; the others do not know without them.
			$found = self::unknown(
				Messages::error(
					array(
						'code'    => 'storage',
						'message' => $failure->getMessage(),
					)
				)['text']
			);
		} catch ( \Throwable $failure ) {
			$found = self::by_error(
				array(
					'code'    => 'internal',
					'message' => get_class( $failure ) . ': ' . $failure->getMessage(),
				)
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
		if ( 'web' === $this->environment->sapi_here() ) {
			$since = true === $this->environment->where_loaded()['cli'] ? null : $this->store->unanswered_since();

			return null === $since
				? self::unknown( __( 'Only the command line can tell.', 'wu-cloudways' ), __( 'There, run: wp wu-cloudways doctor', 'wu-cloudways' ) )
				: self::by_problem(
					array(
						'code' => 'wake_unanswered',
						'args' => array( 'since' => $since ),
					)
				);
		}

		if ( ! $this->asks ) {
			return self::unknown( __( 'The website was not asked.', 'wu-cloudways' ) );
		}

		$url = get_admin_url( get_main_site_id(), 'admin-ajax.php' );

		if ( null !== $this->website()['answer'] ) {
			/* translators: %s: an address. */
			return self::good( sprintf( __( 'The website answers a signed request at %s', 'wu-cloudways' ), $url ) );
		}

		/* translators: 1: an address, 2: why, in English. */
		$text   = sprintf( __( 'The website does not answer a signed request at %1$s (%2$s).', 'wu-cloudways' ), $url, $this->website()['reason'] );
		$remedy = Messages::problem(
			array(
				'code' => 'wake_unanswered',
				'args' => array( 'since' => 0 ),
			)
		)['remedy'];

		// With the extension here, nobody has to be woken.
		return $this->environment->extension()['compatible'] ? self::recommended( $text, $remedy ) : self::critical( $text, $remedy );
	}

	/** Cloudways takes the token, and the token may do what has to be done. */
	private function check_token(): array {
		$trouble = Standing::for_a_person();
		$found   = $this->connection();
		$time    = '';

		if ( null !== $found['error'] ) {
			return self::by_error( $found['error'] );
		}

		// What only a write shows. What a look shows was right just now, where it was looked.
		if ( null !== $trouble && ( 'scope_missing' === $trouble['code'] || ! $found['fresh'] ) ) {
			return self::by_error( $trouble );
		}

		if ( null === $found['result'] ) {
			return self::unknown( __( 'Nobody asked Cloudways yet, and the extension is not there to do it.', 'wu-cloudways' ) );
		}

		$facts = $found['result'];

		if ( 'unknown' === ( $facts['rights']['write'] ?? '' ) && $this->has_written() ) {
			$facts['rights']['write'] = 'yes';
		}

		$said = array();

		foreach ( Messages::connection( array_intersect_key( $facts, array_flip( array( 'token', 'server', 'application', 'rights' ) ) ) ) as $label => $value ) {
			/* translators: 1: a label, 2: its value. */
			$said[] = sprintf( __( '%1$s: %2$s', 'wu-cloudways' ), $label, $value );
		}

		if ( ! $found['fresh'] ) {
			/* translators: %s: a time, and how long ago that is. */
			$time = ' ' . sprintf( __( 'So it was on %s.', 'wu-cloudways' ), Messages::time_and_distance( (int) $found['at'] ) );
		}

		$text = implode( '; ', $said ) . '.' . $time;

		return 'legacy_key' === ( $facts['token'] ?? '' )
			? self::recommended( $text, __( 'Create an access token on the Cloudways platform (API Integration) and set it as WU_CLOUDWAYS_API_KEY: Cloudways announced the end of the old keys for 15 October 2026.', 'wu-cloudways' ) )
			: self::good( $text );
	}

	/** Nobody has paused it. */
	private function check_paused(): array {
		$paused = $this->store->paused();

		if ( null === $paused ) {
			return self::good( __( 'It is not paused.', 'wu-cloudways' ) );
		}

		return self::recommended(
			self::paused_text( $paused ),
			__( 'Changes are remembered. To send them, resume it on the Cloudways page of the network admin, or here:', 'wu-cloudways' ),
			array( self::step( '', 'wp wu-cloudways resume' ) )
		);
	}

	/** What is due gets done. */
	private function check_queue(): array {
		$pulse = $this->store->pulse();
		$due   = max( $pulse['due'], $pulse['hold'] );
		/* translators: %s: number of changes. */
		$wait = $pulse['dirty'] ? ' ' . sprintf( _n( '%s change waits.', '%s changes wait.', $pulse['dirty'], 'wu-cloudways' ), number_format_i18n( $pulse['dirty'] ) ) : '';

		if ( $this->lock->is_held() ) {
			return self::good( __( 'A run is at work.', 'wu-cloudways' ) . $wait );
		}

		if ( ! $due ) {
			return self::recommended( __( 'No run is planned.', 'wu-cloudways' ) . $wait, __( 'Start one; the next ones follow by themselves:', 'wu-cloudways' ), array( self::step( '', 'wp wu-cloudways sync' ) ) );
		}

		/* translators: %s: a time, and how far away it is. */
		$text = sprintf( $this->is_late( $due ) ? __( 'A run was due on %s, and did not come.', 'wu-cloudways' ) : __( 'The next run is due on %s.', 'wu-cloudways' ), Messages::time_and_distance( $due ) ) . $wait;

		return $this->is_late( $due ) ? self::critical( $text, __( 'Something must start the queue every few minutes, such as this cron job:', 'wu-cloudways' ), array( self::step( '', $this->starts_queue() ) ) ) : self::good( $text );
	}

	/** An alarm clock is set. */
	private function check_alarms(): array {
		$alarms = $this->scheduler->alarms();
		$text   = array();

		if ( null !== $alarms['queue'] ) {
			/* translators: %s: a time, and how far away it is. */
			$text[] = sprintf( __( 'Action Scheduler rings on %s.', 'wu-cloudways' ), Messages::time_and_distance( $alarms['queue'] ) );
		}

		if ( null !== $alarms['cron'] ) {
			/* translators: %s: a time, and how far away it is. */
			$text[] = sprintf( __( 'WP-Cron rings on %s.', 'wu-cloudways' ), Messages::time_and_distance( $alarms['cron'] ) );
		}

		return $text ? self::good( implode( ' ', $text ) ) : self::critical(
			__( 'No alarm clock is set: nothing starts a run by itself.', 'wu-cloudways' ),
			__( 'Each run, and each page of the network admin, sets them again. Open one, or run:', 'wu-cloudways' ),
			array( self::step( '', 'wp wu-cloudways sync' ) )
		);
	}

	/** Something starts what is due in WP-Cron. */
	private function check_cron(): array {
		$oldest = $this->scheduler->oldest_event();
		$is_off = defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON;
		$how    = $is_off
			? __( 'WP-Cron is not started by visits (DISABLE_WP_CRON), so that a cron job of the server has to do it.', 'wu-cloudways' )
			: __( 'WP-Cron is started by visits.', 'wu-cloudways' );

		if ( null === $oldest || ! $this->is_late( $oldest ) ) {
			return self::good( $how . ' ' . __( 'Nothing in it is late.', 'wu-cloudways' ) );
		}

		$pulse  = $this->store->pulse();
		$due    = max( $pulse['due'], $pulse['hold'] );
		$remedy = __( 'Let a cron job of the server start it, on the Cloudways platform under Application Settings → Cron Job Management:', 'wu-cloudways' );
		$steps  = array( self::step( '', $this->starts_cron() ) );
		/* translators: %s: a time, and how long ago that is. */
		$text = $how . ' ' . sprintf( __( 'What was due in it on %s still waits.', 'wu-cloudways' ), Messages::time_and_distance( $oldest ) );

		// Our own work can have other helpers, such as a cron job for Action Scheduler alone.
		return $due && $this->is_late( $due ) && ! $this->lock->is_held() ? self::critical( $text, $remedy, $steps ) : self::recommended( $text, $remedy, $steps );
	}

	/** No run is missing. */
	private function check_lock(): array {
		$holder = $this->lock->holder();

		if ( null === $holder ) {
			return self::good( __( 'It is free.', 'wu-cloudways' ) );
		}

		if ( ! $holder['expired'] ) {
			/* translators: 1: a time, and how long ago that is, 2: kind, machine and number of a process. */
			return self::good( sprintf( __( 'A run holds it since %1$s (%2$s).', 'wu-cloudways' ), Messages::time_and_distance( $holder['since'] ), $holder['context'] ) );
		}

		return self::by_problem(
			array(
				'code'     => 'lock_held',
				'args'     => array( 'since' => $holder['since'] ),
				'severity' => 'warning',
			)
		);
	}

	/** What is to be written can be written, by the website and by the command line. */
	private function check_files(): array {
		$here  = $this->environment->sapi_here();
		$web   = 'web' === $here ? Process::all() : $this->website()['answer']['facts'] ?? null;
		$cli   = 'cli' === $here ? Process::all() : null;
		$known = $this->environment->facts( 'web' );
		$lines = array();
		$paths = array();

		foreach ( array_filter( compact( 'web', 'cli' ) ) as $sapi => $facts ) {
			foreach ( (array) ( $facts['locked'] ?? array() ) as $file ) {
				$paths[] = (string) $file['path'];
				$lines[] = 'web' === $sapi
					/* translators: 1: a path, 2: a user, 3: a user. */
					? sprintf( __( '%1$s belongs to %2$s: the website, which runs as %3$s, cannot write there.', 'wu-cloudways' ), $file['path'], $file['owner'], $facts['user'] )
					/* translators: 1: a path, 2: a user, 3: a user. */
					: sprintf( __( '%1$s belongs to %2$s: the command line, which runs as %3$s, cannot write there.', 'wu-cloudways' ), $file['path'], $file['owner'], $facts['user'] );
			}
		}

		// The website cannot be asked: whether it may write is not known, whose the files are is.
		if ( null === $web && null !== $cli && isset( $known['uid'] ) ) {
			foreach ( $cli['written'] as $file ) {
				if ( $known['uid'] !== $file['uid'] && ! in_array( $file['path'], $paths, true ) ) {
					$paths[] = (string) $file['path'];
					/* translators: 1: a path, 2: a user, 3: a user. */
					$lines[] = sprintf( __( '%1$s belongs to %2$s; the website runs as %3$s and may not be able to write there.', 'wu-cloudways' ), $file['path'], $file['owner'], $known['user'] );
				}
			}
		}

		if ( ! $lines ) {
			return null === $web && ! isset( $known['uid'] )
				? self::unknown( __( 'The command line can write its files. Whether the website can is not known.', 'wu-cloudways' ) )
				: self::good( __( 'What runs write can be written.', 'wu-cloudways' ) );
		}

		$owner = (string) ( $web['user'] ?? $known['user'] ?? '' );
		$more  = count( $lines ) - self::LINES;
		$text  = implode( ' ', array_slice( $lines, 0, self::LINES ) );

		if ( $more > 0 ) {
			/* translators: %s: number of files. */
			$text .= ' ' . sprintf( _n( 'So it is with %s more.', 'So it is with %s more.', $more, 'wu-cloudways' ), number_format_i18n( $more ) );
		}

		return self::recommended(
			$text,
			__( 'On the Cloudways platform: Application Settings → General → Reset Permission. On another server, as root:', 'wu-cloudways' ),
			array( self::step( '', 'chown ' . escapeshellarg( '' === $owner ? '…' : $owner ) . ' ' . implode( ' ', array_map( 'escapeshellarg', array_slice( array_values( array_unique( $paths ) ), 0, self::LINES ) ) ) ) )
		);
	}

	/** Nobody else writes the list. */
	private function check_writers(): array {
		if ( Charge::built_in_is_hooked() ) {
			return self::critical(
				__( 'Ultimate Multisite’s own Cloudways module is at work beside this plugin: it replaces the whole list of aliases.', 'wu-cloudways' ),
				__( 'Another plugin, or code in mu-plugins, has put it back. Remove that.', 'wu-cloudways' )
			);
		}

		if ( 'um' === $this->charge->who() ) {
			return self::recommended(
				__( 'Until the extension is loaded, Ultimate Multisite’s own Cloudways module is at work: it replaces the whole list of aliases.', 'wu-cloudways' ),
				__( 'Load the extension.', 'wu-cloudways' )
			);
		}

		$warnings = array_column( (array) ( $this->store->last_summary()['warnings'] ?? array() ), null, 'code' );
		$warning  = $warnings['other_writer'] ?? $warnings['foreign_vanished'] ?? null;

		if ( null !== $warning ) {
			$words = Messages::note( $warning );

			return self::recommended( $words['text'], $words['remedy'] );
		}

		return self::good( __( 'Ultimate Multisite’s own module is silent, and no run has met another writer.', 'wu-cloudways' ) );
	}

	/** The last run ended well, and not long ago. */
	private function check_last_run(): array {
		$standing = Standing::now();
		$run      = $standing['run'];

		if ( null !== $standing['trouble'] ) {
			$words = Messages::trouble( $standing['trouble'] );
			$code  = (string) $standing['trouble']['code'];

			return self::critical( implode( ' ', array_merge( array( $words['text'] ), $words['items'] ) ), $words['remedy'], array(), '' === $code ? 1 : Runner::EXIT_CODES[ $code ] ?? 70 );
		}

		if ( null === $run ) {
			return self::recommended( __( 'There was no run yet.', 'wu-cloudways' ), __( 'Start one:', 'wu-cloudways' ), array( self::step( '', 'wp wu-cloudways sync' ) ) );
		}

		$at   = (int) ( $run['finished_at'] ?? $run['started_at'] );
		$text = Messages::time_and_distance( $at ) . ': ' . Messages::outcome( $run ) . '.';

		if ( $at < time() - self::SILENCE && null === $this->store->paused() && $this->environment->integration_enabled() ) {
			/* translators: %s: when the last run was, and what came of it. */
			return self::critical( sprintf( __( 'One comes every hour as a rule; the last was on %s', 'wu-cloudways' ), $text ), __( 'See what is said about cron and about what is due. To run now:', 'wu-cloudways' ), array( self::step( '', 'wp wu-cloudways sync' ) ) );
		}

		$report   = $this->store->last_summary() ?? array();
		$withheld = array_filter( Messages::notes_of( $report ), static fn( $note ): bool => in_array( $note['code'] ?? '', Messages::WITHHELD, true ) );

		if ( $withheld ) {
			$words = array_map( array( Messages::class, 'note' ), $withheld );

			return self::recommended( $text . ' ' . implode( ' ', array_column( $words, 'text' ) ), implode( ' ', array_unique( array_column( $words, 'remedy' ) ) ) );
		}

		return self::good( $text );
	}

	/** The certificate's end is far away. */
	private function check_certificate(): array {
		$report = $this->store->last_summary();

		if ( null === $report ) {
			return self::unknown( __( 'There was no run yet.', 'wu-cloudways' ) );
		}

		$installed = $report['certificate']['installed'] ?? null;
		$text      = ucfirst( Messages::installed( $installed ) ) . '.';
		$remedy    = __( 'Look at it on the Cloudways platform, under SSL, and renew it there.', 'wu-cloudways' );

		if ( null === $installed ) {
			return self::recommended( __( 'None is installed.', 'wu-cloudways' ), __( 'It is ordered as soon as the DNS of a domain points here. See: wp wu-cloudways status', 'wu-cloudways' ) );
		}

		// One that waits or was withheld is the last run's business.
		foreach ( Messages::notes_of( $report ) as $note ) {
			if ( 'served_other' === ( $note['code'] ?? '' ) ) {
				$words = Messages::note( $note );

				return self::recommended( $text . ' ' . $words['text'], $words['remedy'] );
			}
		}

		if ( empty( $installed['not_after'] ) ) {
			return self::unknown( $text . ' ' . __( 'Its end is not known.', 'wu-cloudways' ) );
		}

		$days = ( (int) $installed['not_after'] - time() ) / DAY_IN_SECONDS;

		if ( $days >= self::CERTIFICATE_SOON ) {
			return self::good( $text );
		}

		$seen = (int) ( $this->store->reported_run()['finished_at'] ?? 0 );

		// Cloudways renews it without us: what was seen long ago may be so no longer.
		if ( $seen < time() - Alarms::FRESH ) {
			/* translators: %s: a time, and how long ago that is. */
			return self::unknown( $text . ' ' . sprintf( __( 'So it was on %s; the next run looks again.', 'wu-cloudways' ), Messages::time_and_distance( $seen ) ) );
		}

		/* translators: %s: a time, and how far away it is. */
		$text .= ' ' . sprintf( $days < 0 ? __( 'It has ended: %s.', 'wu-cloudways' ) : __( 'It ends: %s.', 'wu-cloudways' ), Messages::time_and_distance( (int) $installed['not_after'] ) );

		return $days < self::CERTIFICATE_NOW ? self::critical( $text, $remedy ) : self::recommended( $text, $remedy );
	}

	/**
	 * That it is paused, since when, and by whom.
	 *
	 * @param array{since: int, by: string} $paused Store::paused().
	 */
	public static function paused_text( array $paused ): string {
		$since = Messages::time_and_distance( $paused['since'] );

		return '' === $paused['by']
			/* translators: %s: a time, and how long ago that is. */
			? sprintf( __( 'Paused since %s: nothing is sent.', 'wu-cloudways' ), $since )
			/* translators: 1: a time, and how long ago that is, 2: a login name, or WP-CLI. */
			: sprintf( __( 'Paused since %1$s by %2$s: nothing is sent.', 'wu-cloudways' ), $since, $paused['by'] );
	}

	/**
	 * The extension in one kind of process.
	 *
	 * @param 'web'|'cli' $sapi Which.
	 * @return array
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function extension( string $sapi ): array {
		$facts = $this->process( $sapi );
		$other = $this->process( 'web' === $sapi ? 'cli' : 'web' );

		if ( null === $facts ) {
			return 'web' === $sapi
				? self::unknown( __( 'The website did not say yet what it has.', 'wu-cloudways' ), __( 'Open a page of the network admin.', 'wu-cloudways' ) )
				: self::unknown( __( 'The command line did not say yet what it has.', 'wu-cloudways' ), __( 'There, run: wp wu-cloudways doctor', 'wu-cloudways' ) );
		}

		$file   = (string) ( $facts['file'] ?? '' );
		$inside = implode( ', ', array_filter( array( $file, 'PHP ' . $facts['php'], (string) $facts['ini'] ), 'strlen' ) );

		if ( $facts['compatible'] ) {
			/* translators: 1: version of the extension, 2: its file, version of PHP, and php.ini. */
			$text = sprintf( __( 'wu_cloudways %1$s is loaded (%2$s).', 'wu-cloudways' ), (string) ( $facts['version'] ?? '?' ), $inside );

			$newer = $this->environment->sapi_here() === $sapi ? $this->environment->newer() : null;

			if ( null !== $newer ) {
				$found         = self::by_problem( $newer, 20 );
				$found['text'] = $text . ' ' . $found['text'];

				return $found;
			}

			return str_ends_with( $file, '(deleted)' )
				? self::recommended( $text, __( 'That file was replaced or deleted since. Restart PHP-FPM, and never overwrite a file that is loaded: PHP can crash.', 'wu-cloudways' ) )
				: self::good( $text );
		}

		if ( $facts['loaded'] ) {
			$found          = self::by_problem( Environment::unfit( $facts ), 20 );
			$found['text'] .= ' (' . $inside . ')';

			if ( ! empty( $other['compatible'] ) ) {
				return self::recommended( $found['text'], $found['remedy'] );
			}

			return $found;
		}

		$text = 'web' === $sapi
			/* translators: %s: version of PHP, and php.ini. */
			? sprintf( __( 'wu_cloudways is not loaded on the website (%s).', 'wu-cloudways' ), $inside )
			/* translators: %s: version of PHP, and php.ini. */
			: sprintf( __( 'wu_cloudways is not loaded on the command line (%s).', 'wu-cloudways' ), $inside );

		// The file has to be built for that very PHP.
		$php   = preg_match( '/^\d+\.\d+/', (string) $facts['php'], $match ) && $match[0] !== PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION ? $match[0] : '';
		$steps = Guide::steps( $sapi, $php );

		if ( empty( $other['compatible'] ) ) {
			return self::critical( $text, __( 'Load it in three steps:', 'wu-cloudways' ), $steps, 20 );
		}

		return self::recommended(
			$text,
			'web' === $sapi
				? __( 'The command line has it and does the work. To have it on the website too:', 'wu-cloudways' )
				: __( 'The website has it and does the work. To have it here too:', 'wu-cloudways' ),
			$steps
		);
	}

	/**
	 * What a kind of process has, as far as it is known.
	 *
	 * @param 'web'|'cli' $sapi Which.
	 * @return array|null See Process::all(); less of it when it is only what that process said last; null when it never did.
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function process( string $sapi ): ?array {
		if ( $this->environment->sapi_here() === $sapi ) {
			return Process::all();
		}

		$fresh = 'web' === $sapi ? $this->website()['answer']['facts'] ?? null : null;
		$facts = $fresh ?? $this->environment->facts( $sapi );

		return null === $facts ? null : $facts + array(
			'loaded'     => null !== ( $facts['version'] ?? null ),
			'compatible' => true === $this->environment->where_loaded()[ $sapi ],
			'php'        => '?',
			'ini'        => '',
		);
	}

	/**
	 * What the website answers; asked once, from the command line.
	 *
	 * @return array See Wake::ask().
	 */
	private function website(): array {
		if ( ! $this->asks || 'web' === $this->environment->sapi_here() ) {
			return array(
				'answer' => null,
				'reason' => '',
			);
		}

		// Where the extension is there and not here, it tests the connection for us.
		$this->web ??= $this->wake->ask( $this->environment->extension()['compatible'] ? 'facts' : 'test' );

		return $this->web;
	}

	/**
	 * What Cloudways says of the credentials, asked now or in the last run.
	 *
	 * @return array{result: ?array, error: ?array, fresh: bool, at: ?int}
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function connection(): array {
		$test = null;

		if ( $this->asks ) {
			$test = $this->environment->extension()['compatible'] ? $this->runner->test() : $this->website()['answer']['test'] ?? null;
		}

		// That the extension is missing there as well is said elsewhere.
		if ( null !== $test && 20 !== ( $test['error']['exit_code'] ?? 0 ) ) {
			return array(
				'result' => $test['result'],
				'error'  => $test['error'],
				'fresh'  => true,
				'at'     => time(),
			);
		}

		$report = $this->store->last_summary();

		return array(
			'result' => $report['connection'] ?? null,
			'error'  => null,
			'fresh'  => false,
			'at'     => $this->store->reported_run()['finished_at'] ?? null,
		);
	}

	/**
	 * A run has changed something at Cloudways, and was not refused.
	 *
	 * @return bool
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function has_written(): bool {
		$report = $this->store->last_summary();

		if ( isset( $report['aliases']['sent'] ) || ! empty( $report['certificate']['ordered'] ) ) {
			return true;
		}

		return (bool) array_filter( $this->store->runs(), static fn( array $run ): bool => $run['added'] + $run['removed'] > 0 );
	}

	/**
	 * It should have been by now.
	 *
	 * @param int $time Unix time.
	 * @return bool
	 */
	private function is_late( int $time ): bool {
		return $time < time() - self::LATE;
	}

	/**
	 * The line of the cron job that starts the queue, where the extension is.
	 *
	 * @return string
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function starts_queue(): string {
		return $this->is_on_web_only() ? Guide::visit_line() : Guide::cron_line();
	}

	/**
	 * The line of the cron job that starts WP-Cron, where the extension is.
	 *
	 * @return string
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function starts_cron(): string {
		return $this->is_on_web_only() ? Guide::visit_line() : '*/5 * * * * ' . Guide::command( 'cron event run --due-now --quiet' );
	}

	/**
	 * The website has the extension, and the command line does not.
	 *
	 * @return bool
	 * @throws Store_Exception When the memory could not be read.
	 */
	private function is_on_web_only(): bool {
		return empty( $this->process( 'cli' )['compatible'] ) && ! empty( $this->process( 'web' )['compatible'] );
	}

	/**
	 * A step.
	 *
	 * @param string $text What to do; empty when that is said before.
	 * @param string $code To be copied as it is.
	 * @return array{text: string, code: string}
	 */
	private static function step( string $text, string $code ): array {
		return compact( 'text', 'code' );
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
