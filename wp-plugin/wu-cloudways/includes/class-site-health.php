<?php
/**
 * Site Health.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Five tests and a section of facts, on the main site: Site Health exists for each site, and this is about all of them.
 *
 * A weekly job runs the tests of every site. They go by what is stored, without a request; on other sites there is none.
 */
final class Site_Health {

	/** Test => checks of Doctor that it stands for. */
	const TESTS = array(
		'extension'   => array( 'extension_web', 'extension_cli', 'wake' ),
		'credentials' => array( 'integration', 'credentials', 'token' ),
		'last_run'    => array( 'tables', 'um', 'site', 'paused', 'lock', 'files', 'writers', 'last_run' ),
		'certificate' => array( 'certificate' ),
		'queue'       => array( 'queue', 'alarms', 'cron' ),
	);

	/**
	 * Adds the tests.
	 *
	 * @param array $tests As WordPress has them.
	 * @return array
	 */
	public static function tests( $tests ) {
		if ( ! is_main_site() || ! is_array( $tests ) ) {
			return $tests;
		}

		foreach ( self::labels() as $test => $labels ) {
			$tests['direct'][ 'wu_cloudways_' . $test ] = array(
				'label' => $labels['label'],
				'test'  => static fn(): array => self::test( $test ),
			);
		}

		return $tests;
	}

	/**
	 * One test.
	 *
	 * @param string $test One of TESTS.
	 * @return array As Site Health wants it.
	 */
	public static function test( string $test ): array {
		$checks = Doctor::checks( self::TESTS[ $test ] );
		$status = self::status( self::counted_checks( $checks ) );
		$labels = self::labels()[ $test ];
		$known  = array_filter( $checks, static fn( array $check ): bool => 'unknown' !== $check['status'] );
		$html   = '<p>' . esc_html( $labels['about'] ) . '</p>';

		// What is wrong comes first. What nobody can know here says something only where nothing else is known.
		foreach ( $known ? array( 'critical', 'recommended', 'good' ) : array( 'unknown' ) as $wanted ) {
			foreach ( $checks as $check ) {
				if ( $wanted === $check['status'] && '' !== $check['text'] ) {
					$html .= self::html( $check );
				}
			}
		}

		return array(
			'label'       => 'good' === $status ? $labels['good'] : ( $known ? $labels['bad'] : $labels['unknown'] ),
			'status'      => $status,
			'badge'       => array(
				'label' => __( 'Cloudways', 'wu-cloudways' ),
				'color' => 'blue',
			),
			'description' => $html,
			'actions'     => sprintf( '<p><a href="%s">%s</a></p>', esc_url( self::page() ), esc_html__( 'Open the Cloudways page', 'wu-cloudways' ) ),
			'test'        => 'wu_cloudways_' . $test,
		);
	}

	/**
	 * Adds the section of facts, for whoever helps. Nothing secret is in it: no token, key or e-mail address.
	 *
	 * @param array $info As WordPress has it.
	 * @return array
	 */
	public static function facts( $info ) {
		if ( ! is_main_site() || ! is_array( $info ) ) {
			return $info;
		}

		try {
			$fields = self::fields();
		} catch ( \Throwable $failure ) {
			$fields = array( 'error' => self::field( __( 'Memory', 'wu-cloudways' ), $failure->getMessage() ) );
		}

		$info['wu-cloudways'] = array(
			'label'       => __( 'Cloudways Sync', 'wu-cloudways' ),
			'description' => __( 'What is stored; nothing was asked for this.', 'wu-cloudways' ),
			'fields'      => $fields,
		);

		return $info;
	}

	/**
	 * Without the checks that change nothing: the extension is wanted on the website or on the command line, and where it
	 * is in one of them, that it could be in the other too is no more than a hint.
	 *
	 * @param list<array> $checks Doctor::checks().
	 * @return list<array>
	 */
	private static function counted_checks( array $checks ): array {
		$status = array_column( $checks, 'status', 'code' );
		$places = array_intersect_key( $status, array_flip( array( 'extension_web', 'extension_cli' ) ) );

		return in_array( 'good', $places, true )
			? array_values( array_filter( $checks, static fn( array $check ): bool => ! isset( $places[ $check['code'] ] ) || 'recommended' !== $check['status'] ) )
			: $checks;
	}

	/**
	 * The worst that was found. Where nobody knows anything, somebody should look.
	 *
	 * @param list<array> $checks Doctor::checks().
	 */
	private static function status( array $checks ): string {
		$found = array_column( $checks, 'status' );

		foreach ( array( 'critical', 'recommended', 'good' ) as $status ) {
			if ( in_array( $status, $found, true ) ) {
				return $status;
			}
		}

		return 'recommended';
	}

	/**
	 * A check as HTML.
	 *
	 * @param array $check See Doctor.
	 */
	private static function html( array $check ): string {
		$html = '<p><strong>' . esc_html( $check['title'] ) . '</strong><br>' . esc_html( trim( $check['text'] . ' ' . $check['remedy'] ) ) . '</p>';

		if ( $check['steps'] ) {
			$html .= '<ol>';
			foreach ( $check['steps'] as $step ) {
				$html .= '<li>' . implode( '<br>', array_filter( array( esc_html( $step['text'] ), '' === $step['code'] ? '' : '<code>' . esc_html( $step['code'] ) . '</code>' ), 'strlen' ) ) . '</li>';
			}
			$html .= '</ol>';
		}

		return $html;
	}

	/** The page in the network admin. Its own address depends on the menu, which is there in the network admin only. */
	private static function page(): string {
		return add_query_arg( 'page', Network_Page::SLUG, network_admin_url( Plugin::instance()->environment()->um_loaded() ? 'admin.php' : 'settings.php' ) );
	}

	/**
	 * What the tests are called, and what each is about.
	 *
	 * @return array<string, array{label: string, about: string, good: string, bad: string, unknown: string}>
	 */
	private static function labels(): array {
		return array(
			'extension'   => array(
				'label'   => __( 'Cloudways: PHP extension', 'wu-cloudways' ),
				'about'   => __( 'The PHP extension wu_cloudways does the work. It has to be loaded on the website or on the command line.', 'wu-cloudways' ),
				'good'    => __( 'The PHP extension for Cloudways is loaded', 'wu-cloudways' ),
				'bad'     => __( 'The PHP extension for Cloudways is not as it should be', 'wu-cloudways' ),
				'unknown' => __( 'Whether the PHP extension for Cloudways is loaded is not known yet', 'wu-cloudways' ),
			),
			'credentials' => array(
				'label'   => __( 'Cloudways: credentials', 'wu-cloudways' ),
				'about'   => __( 'With an access token, the ids of a server and of an application, the plugin signs in at Cloudways.', 'wu-cloudways' ),
				'good'    => __( 'The credentials for Cloudways are complete', 'wu-cloudways' ),
				'bad'     => __( 'The credentials for Cloudways need attention', 'wu-cloudways' ),
				'unknown' => __( 'Whether the credentials for Cloudways are right is not known yet', 'wu-cloudways' ),
			),
			'last_run'    => array(
				'label'   => __( 'Cloudways: last run', 'wu-cloudways' ),
				'about'   => __( 'Each run brings the aliases and the certificate at Cloudways in step with the domains of the network, at least every hour.', 'wu-cloudways' ),
				'good'    => __( 'The last run of the Cloudways synchronisation ended well', 'wu-cloudways' ),
				'bad'     => __( 'The Cloudways synchronisation needs attention', 'wu-cloudways' ),
				'unknown' => __( 'The Cloudways synchronisation has not run yet', 'wu-cloudways' ),
			),
			'certificate' => array(
				'label'   => __( 'Cloudways: certificate', 'wu-cloudways' ),
				'about'   => __( 'One certificate gives HTTPS to all domains. Cloudways renews it about 30 days before its end.', 'wu-cloudways' ),
				'good'    => __( 'The certificate at Cloudways is far from its end', 'wu-cloudways' ),
				'bad'     => __( 'The certificate at Cloudways needs attention', 'wu-cloudways' ),
				'unknown' => __( 'When the certificate at Cloudways ends is not known yet', 'wu-cloudways' ),
			),
			'queue'       => array(
				'label'   => __( 'Cloudways: queue', 'wu-cloudways' ),
				'about'   => __( 'Jobs of the main site start the runs. Where nobody visits the site, a cron job has to start them.', 'wu-cloudways' ),
				'good'    => __( 'What is due for Cloudways gets done', 'wu-cloudways' ),
				'bad'     => __( 'What is due for Cloudways does not get done', 'wu-cloudways' ),
				'unknown' => __( 'Whether what is due for Cloudways gets done is not known yet', 'wu-cloudways' ),
			),
		);
	}

	/**
	 * The facts.
	 *
	 * @return array<string, array{label: string, value: string, debug: string}>
	 * @throws Store_Exception When they could not be read.
	 */
	private static function fields(): array {
		$plugin      = Plugin::instance();
		$store       = $plugin->store();
		$environment = $plugin->environment();
		$extension   = $environment->extension();
		$fields      = array(
			'version'   => self::field( __( 'Version of the plugin', 'wu-cloudways' ), Plugin::VERSION ),
			'extension' => self::field( __( 'Version of the extension', 'wu-cloudways' ), $extension['loaded'] ? (string) ( $extension['version'] ?? '?' ) : __( 'not loaded', 'wu-cloudways' ), $extension['loaded'] ? (string) $extension['version'] : 'not loaded' ),
			'build'     => self::field( __( 'PHP of the website', 'wu-cloudways' ), Guide::build() ),
			'um'        => self::field( __( 'Ultimate Multisite', 'wu-cloudways' ), self::yes_or_no( $environment->um_loaded(), self::um_version() ), $environment->um_loaded() ? trim( 'loaded ' . self::um_version() ) : 'not loaded' ),
		);

		if ( ! $store->installed() ) {
			return $fields + array( 'tables' => self::field( __( 'Tables', 'wu-cloudways' ), __( 'missing', 'wu-cloudways' ), 'missing' ) );
		}

		$where   = $environment->where_loaded();
		$enabled = $environment->integration_enabled();
		$missing = $plugin->credentials()->missing();
		$summary = $store->last_summary();
		$run     = Standing::now()['run'];
		$good    = $store->number( 'good' );
		$failing = $store->number( 'failing' );
		$due     = $store->due_at();
		$paused  = $store->paused();
		$cert    = $summary['certificate'] ?? array();
		$counts  = $summary['domain_counts'] ?? array();

		$fields += array(
			'web'         => self::seen( __( 'On the website', 'wu-cloudways' ), $where['web'] ),
			'cli'         => self::seen( __( 'On the command line', 'wu-cloudways' ), $where['cli'] ),
			'integration' => self::field( __( 'Switched on in Ultimate Multisite', 'wu-cloudways' ), self::yes_or_no( $enabled ), $enabled ? 'yes' : 'no' ),
			'settings'    => self::field( __( 'Missing settings', 'wu-cloudways' ), $missing ? implode( ', ', $missing ) : __( 'none', 'wu-cloudways' ), $missing ? implode( ', ', $missing ) : 'none' ),
			'dry_run'     => self::constant_field( 'WU_CLOUDWAYS_DRY_RUN' ),
			'policy'      => self::constant_field( 'WU_CLOUDWAYS_ALIAS_POLICY' ),
			'wildcard'    => self::constant_field( 'WU_CLOUDWAYS_WILDCARD_SSL' ),
			'sys_user'    => self::field( __( 'System user', 'wu-cloudways' ), $plugin->clone_guard()->sys_user() ?? '–' ),
			'copy'        => self::field( __( 'Taken for a copy', 'wu-cloudways' ), self::yes_or_no( $plugin->clone_guard()->is_clone() ), $plugin->clone_guard()->is_clone() ? 'yes' : 'no' ),
			'paused'      => self::field( __( 'Paused', 'wu-cloudways' ), null === $paused ? self::yes_or_no( false ) : Messages::time_and_distance( $paused['since'] ), null === $paused ? 'no' : gmdate( 'c', $paused['since'] ) ),
			'last_run'    => self::field(
				__( 'Last run', 'wu-cloudways' ),
				$run ? Messages::time_and_distance( (int) ( $run['finished_at'] ?? $run['started_at'] ) ) . ', ' . Messages::outcome( $run ) : __( 'none yet', 'wu-cloudways' ),
				$run ? implode( ', ', array_filter( array( gmdate( 'c', (int) ( $run['finished_at'] ?? $run['started_at'] ) ), $run['status'], (string) $run['code'], $run['trigger'], $run['context'] ) ) ) : 'none'
			),
			'good'        => self::time_field( __( 'Last good run', 'wu-cloudways' ), $good ),
			'failing'     => self::time_field( __( 'Failing since', 'wu-cloudways' ), $failing ),
			'next_run'    => self::time_field( __( 'Next run', 'wu-cloudways' ), $due ),
			'waiting'     => self::number_field( __( 'Changes that wait', 'wu-cloudways' ), $store->dirty() ),
			'wp_cron'     => self::field( __( 'WP-Cron', 'wu-cloudways' ), defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON ? __( 'switched off', 'wu-cloudways' ) : __( 'switched on', 'wu-cloudways' ), defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON ? 'off' : 'on' ),
		);

		if ( null === $summary ) {
			return $fields;
		}

		$names = Messages::count( $cert['installed']['names'] ?? 0 );
		$limit = (int) ( $cert['limit'] ?? 100 );

		$fields += array(
			'token'       => self::field( __( 'Credentials', 'wu-cloudways' ), Messages::connection( array( 'token' => $summary['connection']['token'] ?? '' ) )[ __( 'Credentials', 'wu-cloudways' ) ] ?? '–', (string) ( $summary['connection']['token'] ?? '' ) ),
			'server'      => self::field( __( 'Server', 'wu-cloudways' ), (string) ( $summary['connection']['server']['id'] ?? '–' ) ),
			'application' => self::field( __( 'Application', 'wu-cloudways' ), (string) ( $summary['connection']['application']['id'] ?? '–' ) ),
			'observed'    => self::number_field( __( 'Aliases at Cloudways', 'wu-cloudways' ), Messages::count( $summary['aliases']['observed'] ?? 0 ) ),
			'desired'     => self::number_field( __( 'Aliases wanted', 'wu-cloudways' ), Messages::count( $summary['aliases']['desired'] ?? 0 ) ),
			'kept'        => self::number_field( __( 'Not ours, left alone', 'wu-cloudways' ), Messages::count( $summary['aliases']['kept'] ?? 0 ) ),
			'withheld'    => self::number_field( __( 'Removal withheld', 'wu-cloudways' ), Messages::count( $summary['aliases']['withheld'] ?? 0 ) ),
			'domains'     => self::field(
				__( 'Domains', 'wu-cloudways' ),
				implode( ', ', self::counted( (array) ( $counts['by_verdict'] ?? array() ), static fn( string $verdict ): string => Messages::dns( array( 'verdict' => $verdict ) ) ) ),
				implode( ', ', self::counted( (array) ( $counts['by_verdict'] ?? array() ), static fn( string $verdict ): string => $verdict ) )
			),
			/* translators: 1: number of names in the certificate, 2: how many it can hold. */
			'names'       => self::field( __( 'Names in the certificate', 'wu-cloudways' ), sprintf( __( '%1$s of %2$s names', 'wu-cloudways' ), number_format_i18n( $names ), number_format_i18n( $limit ) ), "{$names}/{$limit}" ),
			'certificate' => self::field( __( 'Certificate', 'wu-cloudways' ), Messages::installed( $cert['installed'] ?? null ), (string) wp_json_encode( array_diff_key( (array) ( $cert['installed'] ?? array() ), array( 'names' => 1 ) ) ) ),
			'notes'       => self::field( __( 'Warnings', 'wu-cloudways' ), implode( ', ', array_column( Messages::notes_of( $summary ), 'code' ) ) ),
		);

		return $fields;
	}

	/**
	 * A fact.
	 *
	 * @param string      $label What.
	 * @param string      $value For people.
	 * @param string|null $debug For whoever helps, who may not read that language.
	 */
	private static function field( string $label, string $value, ?string $debug = null ): array {
		return array(
			'label' => $label,
			'value' => '' === $value ? '–' : $value,
			'debug' => $debug ?? $value,
		);
	}

	/**
	 * A time.
	 *
	 * @param string   $label What.
	 * @param int|null $time  Unix time.
	 */
	private static function time_field( string $label, ?int $time ): array {
		return self::field( $label, $time ? Messages::time_and_distance( $time ) : '–', $time ? gmdate( 'c', $time ) : 'none' );
	}

	/**
	 * A number.
	 *
	 * @param string $label  What.
	 * @param int    $number Number.
	 */
	private static function number_field( string $label, int $number ): array {
		return self::field( $label, number_format_i18n( $number ), (string) $number );
	}

	/**
	 * A constant that holds nothing secret.
	 *
	 * @param string $name Its name.
	 * @throws Store_Exception When it could not be read whether it was typed into the wizard instead.
	 */
	private static function constant_field( string $name ): array {
		$value = defined( $name ) ? constant( $name ) : null;

		if ( null === $value && '' !== (string) Database::network_option( 'wu_hosting_credential_' . $name ) ) {
			return self::field( $name, __( 'typed into the wizard', 'wu-cloudways' ), 'wizard' );
		}

		return self::field( $name, null === $value ? __( 'not set', 'wu-cloudways' ) : (string) wp_json_encode( $value, JSON_UNESCAPED_SLASHES ), null === $value ? 'not set' : null );
	}

	/**
	 * Where the extension was seen.
	 *
	 * @param string    $label What.
	 * @param bool|null $seen  Null: nobody looked.
	 */
	private static function seen( string $label, ?bool $seen ): array {
		$words = null === $seen ? __( 'not known', 'wu-cloudways' ) : ( $seen ? __( 'loaded', 'wu-cloudways' ) : __( 'not loaded', 'wu-cloudways' ) );

		/* translators: %s: "On the website" or "On the command line". */
		return self::field( sprintf( __( 'Extension: %s', 'wu-cloudways' ), $label ), $words, null === $seen ? 'not known' : ( $seen ? 'loaded' : 'not loaded' ) );
	}

	/**
	 * Yes or no.
	 *
	 * @param bool   $yes  Which.
	 * @param string $more What is said instead of a mere yes.
	 */
	private static function yes_or_no( bool $yes, string $more = '' ): string {
		return $yes ? ( '' === $more ? __( 'yes', 'wu-cloudways' ) : $more ) : __( 'no', 'wu-cloudways' );
	}

	/** The version of Ultimate Multisite, where it says so. */
	private static function um_version(): string {
		return function_exists( 'WP_Ultimo' ) && is_object( WP_Ultimo() ) && defined( get_class( WP_Ultimo() ) . '::VERSION' ) ? (string) constant( get_class( WP_Ultimo() ) . '::VERSION' ) : '';
	}

	/**
	 * Numbers with their words: "3 points here".
	 *
	 * @param array<string, int> $counts Code => number.
	 * @param callable           $word   Code => word.
	 * @return list<string>
	 */
	private static function counted( array $counts, callable $word ): array {
		$texts = array();

		foreach ( $counts as $code => $number ) {
			$texts[] = $word( (string) $code ) . ': ' . number_format_i18n( (int) $number );
		}

		return $texts;
	}
}
