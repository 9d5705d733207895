<?php
/**
 * Codes into words.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * What the engine and the plugin say as a code with arguments, in the reader's language.
 *
 * Every text is plain text (not HTML); whoever prints it escapes it. A text is
 * a pattern with {names} that stand for arguments of the same name. Where a
 * code is not known here, or an argument is missing, the English text that the
 * engine gives along is used instead: a newer extension stays readable.
 *
 * Nothing here may be called before `init`, as it translates.
 */
final class Messages {

	/** Notes that say what is withheld until a person says otherwise. */
	const WITHHELD = array( 'removals_withheld', 'certificate_withheld' );

	/** Notes of an order that only waits for its time: nothing is wrong. */
	const WAITS = array( 'order_gap', 'order_company', 'order_budget', 'order_budget_set', 'order_failures', 'order_paused' );

	/**
	 * A note of a report: of a domain, of the certificate, or a warning.
	 *
	 * @param array $note {code: string, args?: array, text?: string, remedy?: ?string}.
	 * @return array{text: string, remedy: string}
	 */
	public static function note( array $note ): array {
		$code = (string) ( $note['code'] ?? '' );
		$args = self::args( $note['args'] ?? array() );

		if ( isset( $args['reason'] ) ) {
			$reasons = 'invalid_domain' === $code ? self::invalid_domain_reasons() : self::unknown_reasons();
			if ( isset( $reasons[ $args['reason'] ] ) ) {
				$args['reason'] = $reasons[ $args['reason'] ];
			} else {
				// A reason that is not known here has words in the English text only.
				unset( $args['reason'] );
			}
		}
		$notes = self::notes();

		return self::fill(
			$notes[ $code . self::how_many( $args ) ] ?? $notes[ $code ] ?? array(),
			$args,
			(string) ( $note['text'] ?? $code ),
			(string) ( $note['remedy'] ?? '' )
		);
	}

	/**
	 * Which words a note takes, by how many names it is about: `.one`, `.none`, or the usual ones.
	 *
	 * @param array<string, string> $args Arguments, as args() gives them.
	 */
	private static function how_many( array $args ): string {
		$number = $args['count'] ?? ( '' === ( $args['issuers'] ?? null ) ? '0' : '' );

		return array(
			'0' => '.none',
			'1' => '.one',
		)[ $number ] ?? '';
	}

	/**
	 * What a report says of the whole: of the certificate, and its warnings.
	 *
	 * @param array $report A report.
	 * @return list<array> Notes.
	 */
	public static function notes_of( array $report ): array {
		return array_values( array_filter( array_merge( array( $report['certificate']['note'] ?? null ), (array) ( $report['warnings'] ?? array() ) ) ) );
	}

	/**
	 * Whether a note is of something that only waits for its time, so that nobody has to do anything.
	 *
	 * @param array|null $note {code: string, ...}.
	 */
	public static function only_waits( ?array $note ): bool {
		return in_array( $note['code'] ?? '', self::WAITS, true );
	}

	/**
	 * An error: of an outcome of Runner, of a report, or of a run.
	 *
	 * @param array $error {code: string, message: string, remedy: string, retry_after?: ?int, details?: array}.
	 * @return array{text: string, remedy: string, items: list<string>} items: one line for each problem with a constant.
	 */
	public static function error( array $error ): array {
		$code    = (string) ( $error['code'] ?? '' );
		$details = is_array( $error['details'] ?? null ) ? $error['details'] : array();
		$args    = self::args( $details );
		$items   = array();
		$faults  = self::constant_faults();

		$problems = is_array( $details['problems'] ?? null ) ? $details['problems'] : array();

		foreach ( $problems as $problem ) {
			$fault = $faults[ $problem['fault'] ?? '' ] ?? '{constant}: ' . (string) ( $problem['fault'] ?? '?' );

			$items[] = strtr( $fault, array( '{constant}' => (string) ( $problem['constant'] ?? '?' ) ) );
		}

		$args['message'] = (string) ( $error['message'] ?? '' );
		if ( isset( $args['cause'] ) ) {
			$args['cause'] = self::cause( $args['cause'] );
		}
		if ( isset( $error['retry_after'] ) ) {
			$args['seconds'] = (string) (int) $error['retry_after'];
		}

		if ( $problems ) {
			// Most constants have a field in the wizard as well; the remedy must not send anybody there for the others.
			$in_wizard = array_intersect( array_merge( Credentials::REQUIRED, Credentials::OPTIONAL ), array_column( $problems, 'constant' ) );
			$elsewhere = array_diff( array_column( $problems, 'constant' ), $in_wizard );

			$args['wizard'] = implode( ', ', $in_wizard );
			$args['reason'] = $elsewhere ? ( $in_wizard ? 'some_in_wizard' : 'none_in_wizard' ) : '';
		}

		$errors = self::errors() + self::fit();
		$key    = isset( $args['reason'], $errors[ $code . '.' . $args['reason'] ] ) ? $code . '.' . $args['reason'] : $code;

		return self::fill(
			$errors[ $key ] ?? array(),
			$args,
			// The engine's messages begin like the middle of a sentence.
			ucfirst( (string) ( $error['message'] ?? $code ) ),
			(string) ( $error['remedy'] ?? '' )
		) + array( 'items' => $items );
	}

	/**
	 * A run that did not end well: when, why, and what to do.
	 *
	 * @param array $run `trouble` of Standing::now().
	 * @return array{text: string, remedy: string, items: list<string>} As error() gives it.
	 */
	public static function trouble( array $run ): array {
		if ( 'interrupted' === $run['status'] ) {
			return self::fill( self::problems()['lock_held'], array( 'since' => self::time_and_distance( (int) $run['started_at'] ) ), '', '' ) + array( 'items' => array() );
		}

		$error = self::error( $run );
		$when  = self::time_and_distance( (int) ( $run['finished_at'] ?? $run['started_at'] ) );

		switch ( $run['status'] ) {
			case 'failed':
				/* translators: 1: a time, and how long ago that is, 2: the reason, in sentences of its own. */
				$text = __( 'The last run failed, on %1$s. %2$s', 'wu-cloudways' );
				break;
			case 'refused':
				/* translators: 1: a time, and how long ago that is, 2: the reason, in sentences of its own. */
				$text = __( 'The last run was refused, on %1$s. %2$s', 'wu-cloudways' );
				break;
			default:
				/* translators: 1: a time, and how long ago that is, 2: the reason, in sentences of its own. */
				$text = __( 'The last run stopped before its end, on %1$s. %2$s', 'wu-cloudways' );
		}
		$error['text'] = sprintf( $text, $when, $error['text'] );

		return $error;
	}

	/**
	 * Whose report it is that follows, where that is not plain; empty where it is.
	 *
	 * @param array $standing Standing::now().
	 */
	public static function origin( array $standing ): string {
		if ( null === $standing['reported'] ) {
			return '';
		}
		if ( $standing['is_old'] ) {
			/* translators: %s: a time, and how long ago that is. */
			return sprintf( __( 'What follows is from the run of %s.', 'wu-cloudways' ), self::time_and_distance( (int) $standing['reported']['finished_at'] ) );
		}
		return null === $standing['trouble'] ? '' : __( 'What follows is what it had found and done by then.', 'wu-cloudways' );
	}

	/**
	 * A problem of Environment::problems().
	 *
	 * @param array $problem {code: string, args: array, severity: string}.
	 * @return array{text: string, remedy: string, steps: list<string>} steps: what to do, one after the other; a step may hold a code after a line break.
	 */
	public static function problem( array $problem ): array {
		$code = (string) $problem['code'];
		$args = is_array( $problem['args'] ?? null ) ? $problem['args'] : array();

		switch ( $code ) {
			case 'extension_missing':
				return self::extension_missing( $args );
			case 'clone':
				return self::site_copy( $args );
			case 'storage':
				return self::error(
					array(
						'code'    => 'storage',
						'message' => (string) ( $args['message'] ?? '' ),
					)
				) + array( 'steps' => array() );
		}
		return self::fill( self::problems()[ $code ] ?? self::fit()[ $code ] ?? array(), self::args( $args ), $code, '' ) + array( 'steps' => array() );
	}

	/** This plugin's version, and what it needs of the extension. */
	public static function plugin_version(): string {
		/* translators: 1: version of the plugin, 2: version of the extension. */
		return sprintf( __( 'version %1$s; it needs version %2$s of the extension, or newer', 'wu-cloudways' ), Plugin::VERSION, Plugin::MIN_EXTENSION );
	}

	/** What a report's `status`, or that of a run, is called. */
	public static function status( string $status ): string {
		$words = array(
			'ok'              => __( 'in step', 'wu-cloudways' ),
			'pending'         => __( 'goes on by itself', 'wu-cloudways' ),
			'partial'         => __( 'done in part', 'wu-cloudways' ),
			'changes_pending' => __( 'changes pending', 'wu-cloudways' ),
			'running'         => __( 'running', 'wu-cloudways' ),
			'failed'          => __( 'failed', 'wu-cloudways' ),
			'refused'         => __( 'refused', 'wu-cloudways' ),
			'interrupted'     => __( 'interrupted', 'wu-cloudways' ),
		);
		return $words[ $status ] ?? $status;
	}

	/** Why a name is wanted: a domain's `source`. */
	public static function source( string $source ): string {
		$words = array(
			'mapped'  => __( 'mapped', 'wu-cloudways' ),
			'www'     => __( 'www of a mapped domain', 'wu-cloudways' ),
			'extra'   => __( 'extra domain', 'wu-cloudways' ),
			'network' => __( 'site of the network', 'wu-cloudways' ),
			'primary' => __( 'primary domain', 'wu-cloudways' ),
		);
		return $words[ $source ] ?? $source;
	}

	/**
	 * What came of a run, in a word or two.
	 *
	 * @param array $run Store::last_run().
	 */
	public static function outcome( array $run ): string {
		// The report of a run that was stopped has a status of its own, which says how far it got.
		return null === $run['code'] || in_array( $run['status'], array( 'failed', 'refused' ), true ) ? self::status( $run['status'] ) : __( 'stopped before its end', 'wu-cloudways' );
	}

	/**
	 * A domain's `alias`.
	 *
	 * @param string $alias   Code.
	 * @param bool   $planned It is so in a plan, and nothing was written.
	 */
	public static function alias( string $alias, bool $planned = false ): string {
		if ( $planned && in_array( $alias, array( 'added', 'removed' ), true ) ) {
			return 'added' === $alias ? __( 'to add', 'wu-cloudways' ) : __( 'to remove', 'wu-cloudways' );
		}
		$words = array(
			'present'     => __( 'present', 'wu-cloudways' ),
			'added'       => __( 'added', 'wu-cloudways' ),
			'removed'     => __( 'removed', 'wu-cloudways' ),
			'missing'     => __( 'missing', 'wu-cloudways' ),
			'pending'     => __( 'pending', 'wu-cloudways' ),
			'withheld'    => __( 'removal withheld', 'wu-cloudways' ),
			'set_aside'   => __( 'set aside', 'wu-cloudways' ),
			'invalid'     => __( 'invalid name', 'wu-cloudways' ),
			'primary'     => __( 'primary domain', 'wu-cloudways' ),
			'by_wildcard' => __( 'covered by the wildcard', 'wu-cloudways' ),
		);
		return $words[ $alias ] ?? $alias;
	}

	/**
	 * A domain's `dns`.
	 *
	 * @param array|null $dns       {verdict: string, addresses?: list<string>, cname?: list<string>}.
	 * @param bool       $addresses Whether to add what was found: a note beside it says so already.
	 */
	public static function dns( ?array $dns, bool $addresses = true ): string {
		$verdict = (string) ( $dns['verdict'] ?? 'not_asked' );
		$words   = array(
			'here'      => __( 'points here', 'wu-cloudways' ),
			'elsewhere' => __( 'points elsewhere', 'wu-cloudways' ),
			'proxied'   => __( 'behind a proxy', 'wu-cloudways' ),
			'missing'   => __( 'no record', 'wu-cloudways' ),
			'unknown'   => __( 'no answer', 'wu-cloudways' ),
			'not_asked' => __( 'not asked', 'wu-cloudways' ),
		);
		$text    = $words[ $verdict ] ?? $verdict;
		$found   = is_array( $dns['addresses'] ?? null ) ? $dns['addresses'] : array();

		return $found && $addresses && 'here' !== $verdict ? $text . ' (' . implode( ', ', array_map( 'strval', $found ) ) . ')' : $text;
	}

	/** A domain's `certificate`. */
	public static function certificate( string $certificate ): string {
		$words = array(
			'covered'  => __( 'covered', 'wu-cloudways' ),
			'ordered'  => __( 'ordered', 'wu-cloudways' ),
			'waiting'  => __( 'waiting', 'wu-cloudways' ),
			'blocked'  => __( 'blocked', 'wu-cloudways' ),
			'left_out' => __( 'no space left', 'wu-cloudways' ),
			'none'     => __( 'none', 'wu-cloudways' ),
		);
		return $words[ $certificate ] ?? $certificate;
	}

	/** A certificate's `type`. */
	public static function certificate_type( string $type ): string {
		$words = array(
			'le'     => __( 'Let’s Encrypt', 'wu-cloudways' ),
			'wc'     => __( 'Let’s Encrypt, wildcard', 'wu-cloudways' ),
			'custom' => __( 'the customer’s own', 'wu-cloudways' ),
		);
		return $words[ $type ] ?? $type;
	}

	/**
	 * What a connection test found, as labels and values.
	 *
	 * @param array $facts What wu_cloudways_test_connection() gave back.
	 * @return array<string, string>
	 */
	public static function connection( array $facts ): array {
		$tokens = array(
			'access_token' => __( 'access token', 'wu-cloudways' ),
			'legacy_key'   => __( 'old API key, whose end Cloudways has announced', 'wu-cloudways' ),
		);
		$rights = array(
			'yes'     => __( 'yes', 'wu-cloudways' ),
			'no'      => __( 'no', 'wu-cloudways' ),
			'unknown' => __( 'not known before the first write', 'wu-cloudways' ),
		);
		$app    = $facts['application'] ?? array();
		$token  = (string) ( $facts['token'] ?? '' );
		$read   = (string) ( $facts['rights']['read'] ?? '' );
		$write  = (string) ( $facts['rights']['write'] ?? '' );

		return array_filter(
			array(
				__( 'Credentials', 'wu-cloudways' )      => $tokens[ $token ] ?? $token,
				__( 'Server', 'wu-cloudways' )           => self::named( $facts['server'] ?? array() ),
				__( 'Application', 'wu-cloudways' )      => self::named( $app ),
				__( 'Name at Cloudways', 'wu-cloudways' ) => (string) ( $app['fqdn'] ?? '' ),
				__( 'Primary domain', 'wu-cloudways' )   => (string) ( $app['primary'] ?? '' ),
				__( 'System user', 'wu-cloudways' )      => (string) ( $app['sys_user'] ?? '' ),
				__( 'Aliases', 'wu-cloudways' )          => number_format_i18n( (int) ( $app['aliases'] ?? 0 ) ),
				__( 'Public addresses', 'wu-cloudways' ) => implode( ', ', array_map( 'strval', $facts['addresses'] ?? array() ) ),
				__( 'May read', 'wu-cloudways' )         => $rights[ $read ] ?? $read,
				__( 'May write', 'wu-cloudways' )        => $rights[ $write ] ?? $write,
			),
			'strlen'
		);
	}

	/**
	 * A report in one sentence or two.
	 *
	 * @param array $report A report, with or without its domains.
	 */
	public static function headline( array $report ): string {
		$status  = (string) ( $report['status'] ?? '' );
		$added   = self::count( $report['aliases']['added'] ?? array() );
		$removed = self::count( $report['aliases']['removed'] ?? array() );
		$ordered = self::count( $report['certificate']['ordered'] ?? array() );
		$renewal = false;
		$proof   = false;
		$parts   = array();

		foreach ( 'changes_pending' === $status ? $report['plan']['actions'] ?? array() : array() as $action ) {
			if ( 'order_certificate' === ( $action['action'] ?? '' ) ) {
				$ordered = self::count( $action['names'] ?? array() );
			}
			$renewal = $renewal || 'switch_auto_renewal_on' === ( $action['action'] ?? '' );
			$proof   = $proof || 'prove_wildcard' === ( $action['action'] ?? '' );
		}

		$planned = 'changes_pending' === $status;

		if ( $added ) {
			/* translators: %s: number of aliases. */
			$parts[] = sprintf( $planned ? _n( 'To add: %s alias.', 'To add: %s aliases.', $added, 'wu-cloudways' ) : _n( '%s alias added.', '%s aliases added.', $added, 'wu-cloudways' ), number_format_i18n( $added ) );
		}
		if ( $removed ) {
			/* translators: %s: number of aliases. */
			$parts[] = sprintf( $planned ? _n( 'To remove: %s alias.', 'To remove: %s aliases.', $removed, 'wu-cloudways' ) : _n( '%s alias removed.', '%s aliases removed.', $removed, 'wu-cloudways' ), number_format_i18n( $removed ) );
		}
		if ( $ordered ) {
			/* translators: %s: number of names in the certificate. */
			$parts[] = sprintf( $planned ? _n( 'To order: a certificate for %s name.', 'To order: a certificate for %s names.', $ordered, 'wu-cloudways' ) : _n( 'Ordered: a certificate for %s name.', 'Ordered: a certificate for %s names.', $ordered, 'wu-cloudways' ), number_format_i18n( $ordered ) );
		}
		if ( $renewal ) {
			$parts[] = __( 'To switch on: the automatic renewal of the certificate.', 'wu-cloudways' );
		}
		if ( $proof ) {
			$parts[] = __( 'To look for: the DNS record that proves the wildcard.', 'wu-cloudways' );
		}

		switch ( $status ) {
			case 'ok':
				$at = $report['certificate']['budget']['next_order_at'] ?? null;
				if ( null !== $at ) {
					// Only of a plan: a run is pending then.
					/* translators: %s: a time. */
					$text = sprintf( __( 'Nothing to do now: the next certificate is ordered on %s, by itself.', 'wu-cloudways' ), self::time( (int) $at ) );
				} else {
					$text = $parts ? __( 'Done: Cloudways and the network are in step.', 'wu-cloudways' ) : __( 'Nothing to do: Cloudways and the network are in step.', 'wu-cloudways' );
				}
				break;
			case 'pending':
				$text = self::waits_for_an_order( $report )
					/* translators: %s: a time. */
					? sprintf( __( 'Done so far: the next certificate is ordered on %s, by itself.', 'wu-cloudways' ), self::time( (int) $report['certificate']['budget']['next_order_at'] ) )
					: __( 'Under way: it goes on by itself.', 'wu-cloudways' );
				break;
			case 'partial':
				$text = __( 'Done in part: something is left that needs attention.', 'wu-cloudways' );
				break;
			case 'changes_pending':
				$text = __( 'Changes are pending; nothing was written.', 'wu-cloudways' );
				break;
			default:
				$text = ucfirst( self::status( $status ) ) . '.';
		}
		return implode( ' ', array_merge( array( $text ), $parts ) );
	}

	/**
	 * Whether a report is pending only since an order waits for its time.
	 *
	 * @param array $report A report, with or without its domains.
	 */
	private static function waits_for_an_order( array $report ): bool {
		$at = $report['certificate']['budget']['next_order_at'] ?? null;

		return null !== $at && $at === ( $report['next_at'] ?? null ) && empty( $report['operation'] ) && empty( $report['error'] );
	}

	/**
	 * How many orders Let's Encrypt's limits leave.
	 *
	 * @param array $budget `certificate.budget` of a report.
	 */
	public static function budget( array $budget ): string {
		/* translators: 1: how many orders are left, 2: how many it can be at most. */
		$text = sprintf( __( '%1$s of %2$s', 'wu-cloudways' ), number_format_i18n( (int) ( $budget['left'] ?? 0 ) ), number_format_i18n( (int) ( $budget['of'] ?? 0 ) ) );

		if ( ! empty( $budget['domain'] ) ) {
			/* translators: 1: how many orders are left, such as "39 of 40", 2: a domain. */
			$text = sprintf( __( '%1$s for %2$s', 'wu-cloudways' ), $text, $budget['domain'] );
		}
		return $text;
	}

	/**
	 * The certificate that is installed, in one line.
	 *
	 * @param array|null $installed `certificate.installed` of a report.
	 */
	public static function installed( ?array $installed ): string {
		if ( null === $installed ) {
			return __( 'none', 'wu-cloudways' );
		}
		$parts = array( self::certificate_type( (string) ( $installed['type'] ?? '' ) ) );
		if ( ! empty( $installed['issuer'] ) ) {
			/* translators: %s: who issued a certificate. */
			$parts[] = sprintf( __( 'issued by %s', 'wu-cloudways' ), preg_replace( "/^Let's Encrypt, (?=.)/", '', (string) $installed['issuer'] ) );
		}
		if ( ! empty( $installed['not_after'] ) ) {
			/* translators: %s: a date. */
			$parts[] = sprintf( __( 'valid until %s', 'wu-cloudways' ), wp_date( get_option( 'date_format' ), (int) $installed['not_after'] ) );
		}
		if ( ! empty( $installed['auto'] ) ) {
			$parts[] = __( 'renews by itself', 'wu-cloudways' );
		}
		return implode( ', ', array_filter( $parts ) );
	}

	/**
	 * A running operation, in one line.
	 *
	 * @param array $operation `operation` of a report.
	 */
	public static function operation( array $operation ): string {
		$kinds = array(
			'aliases'     => __( 'aliases', 'wu-cloudways' ),
			'certificate' => __( 'certificate', 'wu-cloudways' ),
			'auto'        => __( 'renewal of the certificate', 'wu-cloudways' ),
		);
		$kind  = (string) ( $operation['kind'] ?? '' );
		/* translators: 1: the id of an operation, 2: what it is about. */
		$text = sprintf( __( 'operation %1$s is running (%2$s)', 'wu-cloudways' ), (string) ( $operation['id'] ?? '?' ), $kinds[ $kind ] ?? $kind );
		if ( ! empty( $operation['since'] ) ) {
			/* translators: %s: a span of time, such as "3 minutes". */
			$text .= ', ' . sprintf( __( 'for %s', 'wu-cloudways' ), human_time_diff( (int) $operation['since'] ) );
		}
		return $text;
	}

	/**
	 * The first names of a list, by name as they are listed everywhere, with commas.
	 *
	 * @param mixed $names Names, or only a number of them.
	 */
	public static function names( $names ): string {
		if ( ! is_array( $names ) ) {
			return '';
		}
		$names = array_map( 'strval', $names );
		sort( $names, SORT_STRING );
		$shown = array_slice( $names, 0, 10 );
		return implode( ', ', $shown ) . ( count( $names ) > count( $shown ) ? ', …' : '' );
	}

	/** A server or an application: its name and its number. */
	private static function named( array $thing ): string {
		return trim( (string) ( $thing['label'] ?? '' ) . ( isset( $thing['id'] ) ? ' (' . $thing['id'] . ')' : '' ) );
	}

	/**
	 * How many, and the first of them: "3 (a.example, b.example, c.example)".
	 *
	 * @param mixed $names Names, or only a number of them.
	 */
	public static function number_and_names( $names ): string {
		$list = self::names( $names );
		return number_format_i18n( self::count( $names ) ) . ( '' === $list ? '' : ' (' . $list . ')' );
	}

	/** How many: some parts of a report are a list, some a number. */
	public static function count( $value ): int {
		return is_array( $value ) ? count( $value ) : (int) $value;
	}

	/** A unix time as a person reads it, in the time zone of the main site. */
	public static function time( int $time ): string {
		return wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $time );
	}

	/** A unix time with its distance: "12 March 14:05 (in 3 minutes)". */
	public static function time_and_distance( int $time ): string {
		$now      = time();
		$distance = human_time_diff( $now, $time );

		/* translators: %s: a span of time, such as "3 minutes". */
		$distance = sprintf( $time > $now ? __( 'in %s', 'wu-cloudways' ) : __( '%s ago', 'wu-cloudways' ), $distance );

		return self::time( $time ) . ' (' . $distance . ')';
	}

	/**
	 * The engine's notes.
	 *
	 * @return array<string, array{0: string, 1?: string}> Text and remedy.
	 */
	private static function notes(): array {
		/* translators: keep what stands in braces, such as {domain}, as it is: it is filled in. */
		return array(
			'invalid_domain'          => array(
				__( '"{domain}" cannot be used as a domain: {reason}.', 'wu-cloudways' ),
				__( 'Correct or remove it where it is mapped.', 'wu-cloudways' ),
			),
			'dns_elsewhere'           => array(
				__( '{domain} points to {found}; it should point to {expected} only.', 'wu-cloudways' ),
				__( 'At the DNS provider of {domain}, let every A and AAAA record point to {expected}; remove the others.', 'wu-cloudways' ),
			),
			'dns_missing'             => array(
				__( '{domain} has no address in DNS.', 'wu-cloudways' ),
				__( 'At the DNS provider of {domain}, create a record that points to {expected}.', 'wu-cloudways' ),
			),
			'dns_unknown'             => array(
				__( 'Where {domain} points could not be found out: {reason}.', 'wu-cloudways' ),
				__( 'It is asked again by itself. If it lasts, check the domain’s name servers.', 'wu-cloudways' ),
			),
			'caa_forbids'             => array(
				__( 'The CAA records of {at} let only {issuers} issue certificates for {domain}, not Let’s Encrypt.', 'wu-cloudways' ),
				__( 'At the DNS provider of {at}, add the CAA record 0 issue "letsencrypt.org".', 'wu-cloudways' ),
			),
			'caa_forbids.none'        => array(
				__( 'The CAA records of {at} let nobody issue certificates for {domain}, not Let’s Encrypt either.', 'wu-cloudways' ),
				__( 'At the DNS provider of {at}, add the CAA record 0 issue "letsencrypt.org".', 'wu-cloudways' ),
			),
			'caa_unknown'             => array(
				__( 'Whether the CAA records let Let’s Encrypt issue for {domain} could not be found out: {reason}.', 'wu-cloudways' ),
				__( 'It is asked again by itself. If it lasts, check the domain’s name servers: Let’s Encrypt refuses then, too.', 'wu-cloudways' ),
			),
			'not_certifiable'         => array(
				__( 'No public certificate can hold {domain}.', 'wu-cloudways' ),
				__( 'Use a registered domain if it needs HTTPS.', 'wu-cloudways' ),
			),
			'left_out'                => array(
				__( '{domain} is not in the certificate, which is full: it holds {limit} names.', 'wu-cloudways' ),
				__( 'Remove domains that are not needed any more, or do without www. aliases.', 'wu-cloudways' ),
			),
			'alias_not_seen'          => array(
				__( '{domain} was sent to Cloudways and is not among its aliases yet.', 'wu-cloudways' ),
				__( 'It is looked at again by itself.', 'wu-cloudways' ),
			),
			'removal_withheld'        => array(
				__( '{domain} is not wanted any more and was not removed yet.', 'wu-cloudways' ),
				__( 'Check that it is really not mapped any more, then run: wp wu-cloudways sync --force', 'wu-cloudways' ),
			),
			'removals_withheld'       => array(
				__( '{count} of {ours} aliases would be removed although no mapping ended: {names}. They were kept.', 'wu-cloudways' ),
				__( 'Check that these domains are really not mapped any more, then run: wp wu-cloudways sync --force', 'wu-cloudways' ),
			),
			'removals_withheld.one'   => array(
				__( 'The alias {names} would be removed although no mapping ended. It was kept.', 'wu-cloudways' ),
				__( 'Check that it is really not mapped any more, then run: wp wu-cloudways sync --force', 'wu-cloudways' ),
			),
			'certificate_withheld'    => array(
				__( 'The certificate would lose {count} of {installed} names: {names}. It was left as it is.', 'wu-cloudways' ),
				__( 'Check that these domains are really not mapped any more, then run: wp wu-cloudways sync --force', 'wu-cloudways' ),
			),
			'certificate_withheld.one' => array(
				__( 'The certificate would lose {names}. It was left as it is.', 'wu-cloudways' ),
				__( 'Check that it is really not mapped any more, then run: wp wu-cloudways sync --force', 'wu-cloudways' ),
			),
			'foreign_vanished'        => array(
				__( 'Aliases made by hand were there last time and are gone: {names}.', 'wu-cloudways' ),
				__( 'If nobody removed them, add them again at Cloudways.', 'wu-cloudways' ),
			),
			'other_writer'            => array(
				__( 'Our aliases vanished {times} times in seven days, the last time: {names}. Something else writes the list.', 'wu-cloudways' ),
				__( 'Switch off other integrations and scripts that set the aliases of this application.', 'wu-cloudways' ),
			),
			'certificate_unreadable'  => array(
				__( 'What Cloudways says of the certificate cannot be understood; it was left as it is.', 'wu-cloudways' ),
				__( 'Look at the certificate at Cloudways. If it is in order there, update the extension.', 'wu-cloudways' ),
			),
			'auto_not_seen'           => array(
				__( 'The renewal of the certificate could not be switched on at Cloudways.', 'wu-cloudways' ),
				__( 'It is tried again in an hour. Or switch it on at Cloudways, under SSL.', 'wu-cloudways' ),
			),
			'state_newer'             => array(
				__( 'The stored memory is of a newer version and is not used.', 'wu-cloudways' ),
				__( 'Update the extension. Until then nothing is removed at Cloudways.', 'wu-cloudways' ),
			),
			'state_damaged'           => array(
				__( 'The stored memory cannot be understood and is not used.', 'wu-cloudways' ),
				__( 'Nothing is removed at Cloudways in this run; old aliases can be removed there by hand.', 'wu-cloudways' ),
			),
			'state_other_application' => array(
				__( 'The stored memory belongs to another server or application and is not used.', 'wu-cloudways' ),
				__( 'Nothing is removed at Cloudways in this run; old aliases can be removed there by hand.', 'wu-cloudways' ),
			),
			'state_other_network'     => array(
				__( 'The stored memory belongs to another network and is not used.', 'wu-cloudways' ),
				__( 'Nothing is removed at Cloudways in this run; old aliases can be removed there by hand.', 'wu-cloudways' ),
			),
			'dry_run'                 => array(
				__( 'WU_CLOUDWAYS_DRY_RUN is on: nothing was written.', 'wu-cloudways' ),
				__( 'When the plan is as you want it, remove the constant from wp-config.php, or choose in the Cloudways wizard of Ultimate Multisite to write.', 'wu-cloudways' ),
			),
			'server_address_unknown'  => array(
				__( 'Cloudways names no public address of the server, so DNS cannot be judged.', 'wu-cloudways' ),
				__( 'Check at Cloudways that the server is running.', 'wu-cloudways' ),
			),
			'custom_certificate'      => array(
				__( 'The application has a certificate of your own; it was left alone.', 'wu-cloudways' ),
				__( 'Remove it at Cloudways if you want a Let’s Encrypt certificate for the mapped domains.', 'wu-cloudways' ),
			),
			'wildcard_certificate'    => array(
				__( 'The application has a wildcard certificate ({names}); it was left alone, so other domains have no HTTPS.', 'wu-cloudways' ),
				__( 'Remove it at Cloudways if the mapped domains are to have HTTPS.', 'wu-cloudways' ),
			),
			'order_failed'            => array(
				__( 'The certificate could not be issued: {answer}', 'wu-cloudways' ),
				__( 'Check the DNS of the domain it names. It is ordered again by itself, without that domain at first.', 'wu-cloudways' ),
			),
			'order_not_seen'          => array(
				__( 'The certificate was ordered and does not hold all names yet; missing: {names}.', 'wu-cloudways' ),
				__( 'It is looked at again by itself.', 'wu-cloudways' ),
			),
			'order_held'              => array(
				__( 'The same certificate could not be issued a while ago; it is ordered again on {until}.', 'wu-cloudways' ),
				__( 'Until then, look at what is said about its domains.', 'wu-cloudways' ),
			),
			'order_gap'               => array(
				__( 'A certificate was ordered a short while ago; changes are gathered for the next order, on {until}.', 'wu-cloudways' ),
				__( 'Nothing needs to be done.', 'wu-cloudways' ),
			),
			'order_company'           => array(
				__( 'The certificate holds names that are to go; they leave with the next order, on {until} at the latest.', 'wu-cloudways' ),
				__( 'Nothing needs to be done.', 'wu-cloudways' ),
			),
			'order_budget'            => array(
				__( 'Let’s Encrypt issues only so many certificates with {domain} in them; the next order is on {until}.', 'wu-cloudways' ),
				__( 'Nothing needs to be done.', 'wu-cloudways' ),
			),
			'order_budget_set'        => array(
				__( 'Let’s Encrypt issues only so many certificates with exactly these names; the next order is on {until}.', 'wu-cloudways' ),
				__( 'Nothing needs to be done.', 'wu-cloudways' ),
			),
			'order_failures'          => array(
				__( '{domain} was in too many failed orders within the hour; the next order is on {until}.', 'wu-cloudways' ),
				__( 'Nothing needs to be done.', 'wu-cloudways' ),
			),
			'order_paused'            => array(
				__( 'Let’s Encrypt refuses orders for now, since a limit is reached; the next order is on {until}.', 'wu-cloudways' ),
				__( 'Nothing needs to be done.', 'wu-cloudways' ),
			),
			'order_waits_for_dns'     => array(
				__( 'No certificate is ordered while the DNS of names in it is wrong: {names}. If it stays so, they are left out on {until}.', 'wu-cloudways' ),
				__( 'Correct their DNS, or end their mapping.', 'wu-cloudways' ),
			),
			'order_waits_for_dns.one' => array(
				__( 'No certificate is ordered while the DNS of a name in it is wrong: {names}. If it stays so, it is left out on {until}.', 'wu-cloudways' ),
				__( 'Correct its DNS, or end its mapping.', 'wu-cloudways' ),
			),
			'alias_set_aside'         => array(
				__( 'Cloudways does not accept {domain} as an alias: {answer}', 'wu-cloudways' ),
				__( 'Check whether {domain} is in use elsewhere at Cloudways. It is left out for now, and tried again on {until}.', 'wu-cloudways' ),
			),
			'aliases_refused'         => array(
				__( 'Cloudways does not accept aliases that it has ({names}): {answer}', 'wu-cloudways' ),
				__( 'Remove or correct these aliases at Cloudways: until then it takes no list.', 'wu-cloudways' ),
			),
			'aliases_refused.one'     => array(
				__( 'Cloudways does not accept an alias that it has ({names}): {answer}', 'wu-cloudways' ),
				__( 'Remove or correct this alias at Cloudways: until then it takes no list.', 'wu-cloudways' ),
			),
			'certificate_set_aside'   => array(
				__( 'No certificate could be issued for {domain}: {answer}', 'wu-cloudways' ),
				__( 'Check the DNS of {domain}, CAA records included. It is left out for now, and tried again on {until}.', 'wu-cloudways' ),
			),
			'server_address_changed'  => array(
				__( 'The server’s address has changed from {from} to {to}.', 'wu-cloudways' ),
				__( 'Let the DNS records of every domain point to the new address: {to}.', 'wu-cloudways' ),
			),
			'served_other'            => array(
				__( 'The server serves another certificate than the one that is installed; it was issued by {issuer}.', 'wu-cloudways' ),
				__( 'Look at the certificate at Cloudways, under SSL. If it is in order there, restart nginx under Manage Services.', 'wu-cloudways' ),
			),
			'certificate_ends'        => array(
				__( 'The certificate that is served ends on {not_after}.', 'wu-cloudways' ),
				__( 'Renew it at Cloudways, under SSL.', 'wu-cloudways' ),
			),
			'wildcard_record'         => array(
				__( 'The DNS record {record} CNAME {target} is needed for the wildcard certificate.', 'wu-cloudways' ),
				__( 'Create it at the domain’s DNS provider. It is looked for by itself, and the certificate is ordered then. Domains of others have no HTTPS with it.', 'wu-cloudways' ),
			),
			'wildcard_only'           => array(
				__( 'The certificate is the wildcard certificate for {domain}; other domains have no HTTPS: {names}.', 'wu-cloudways' ),
				__( 'If the mapped domains are to have HTTPS, remove WU_CLOUDWAYS_WILDCARD_SSL from wp-config.php or from the Cloudways wizard of Ultimate Multisite, and the certificate at Cloudways.', 'wu-cloudways' ),
			),
			'wildcard_only.none'      => array(
				__( 'The certificate is the wildcard certificate for {domain}; no other domain has HTTPS.', 'wu-cloudways' ),
				__( 'If other domains are to have HTTPS, remove WU_CLOUDWAYS_WILDCARD_SSL from wp-config.php or from the Cloudways wizard of Ultimate Multisite, and the certificate at Cloudways.', 'wu-cloudways' ),
			),
			'order_needs_alias'       => array(
				__( 'No certificate is ordered while names in it have no alias: {names}.', 'wu-cloudways' ),
				__( 'Check why Cloudways does not keep these aliases.', 'wu-cloudways' ),
			),
			'operation_failed'        => array(
				__( 'An operation at Cloudways failed: {answer}', 'wu-cloudways' ),
				__( 'It is tried again by itself.', 'wu-cloudways' ),
			),
			'operation_forgotten'     => array(
				__( 'Operation {id} at Cloudways did not end in time.', 'wu-cloudways' ),
				__( 'Look at the server’s activity at Cloudways.', 'wu-cloudways' ),
			),
		);
	}

	/**
	 * The engine's errors, then the plugin's; `code.reason` where an error has several reasons.
	 *
	 * @return array<string, array{0: string, 1?: string}> Text and remedy.
	 */
	private static function errors(): array {
		/* translators: keep what stands in braces, such as {domain}, as it is: it is filled in. */
		return array(
			'config_invalid'                   => array(
				__( 'The Cloudways settings are not valid.', 'wu-cloudways' ),
				__( 'Correct these constants in wp-config.php, or the values in the Cloudways wizard of Ultimate Multisite.', 'wu-cloudways' ),
			),
			'config_invalid.some_in_wizard'    => array(
				__( 'The Cloudways settings are not valid.', 'wu-cloudways' ),
				__( 'Correct these constants in wp-config.php. The Cloudways wizard of Ultimate Multisite has fields for these only: {wizard}.', 'wu-cloudways' ),
			),
			'config_invalid.none_in_wizard'    => array(
				__( 'The Cloudways settings are not valid.', 'wu-cloudways' ),
				__( 'Correct this in wp-config.php; the Cloudways wizard of Ultimate Multisite has no field for it.', 'wu-cloudways' ),
			),
			'config_invalid.server_not_found'  => array(
				__( 'Server {server_id} (WU_CLOUDWAYS_SERVER_ID) is not in this Cloudways account.', 'wu-cloudways' ),
				__( 'Check WU_CLOUDWAYS_SERVER_ID: it is the number in the server’s address on the Cloudways platform. Check too that the token or key belongs to the account that owns the server.', 'wu-cloudways' ),
			),
			'config_invalid.app_not_found'     => array(
				__( 'Application {app_id} (WU_CLOUDWAYS_APP_ID) is not on server {server_id}.', 'wu-cloudways' ),
				__( 'Check WU_CLOUDWAYS_APP_ID: it is the number in the application’s address on the Cloudways platform.', 'wu-cloudways' ),
			),
			'plan_refused'                     => array(
				__( 'The plan was refused, and nothing was written.', 'wu-cloudways' ),
				__( 'Look at the plan again before you apply it.', 'wu-cloudways' ),
			),
			'plan_refused.other_fingerprint'   => array(
				__( 'Things have changed since this plan was made; what is left of it is not carried out.', 'wu-cloudways' ),
				__( 'Look at the new plan and apply that one.', 'wu-cloudways' ),
			),
			'plan_refused.other_application'   => array(
				__( 'This site runs as the system user {asking}, the application at Cloudways as {application}; nothing was written.', 'wu-cloudways' ),
				__( 'If this site is a copy, remove the WU_CLOUDWAYS_* constants from it. If it moved, set WU_CLOUDWAYS_SERVER_ID and WU_CLOUDWAYS_APP_ID to where it runs now.', 'wu-cloudways' ),
			),
			'auth_failed'                      => array(
				__( 'Cloudways refused the credentials ({endpoint}: {answer}).', 'wu-cloudways' ),
				__( 'Create an access token on the Cloudways platform (API Integration) and set it as WU_CLOUDWAYS_API_KEY. With an old API key, check WU_CLOUDWAYS_EMAIL too; Cloudways announced the end of those keys for 15 October 2026.', 'wu-cloudways' ),
			),
			'scope_missing'                    => array(
				__( 'The access token may not use {endpoint}.', 'wu-cloudways' ),
				__( 'On the Cloudways platform, give the token a role that includes {endpoint}, or use a token with full access.', 'wu-cloudways' ),
			),
			'rate_limited'                     => array(
				__( 'Cloudways accepts no more requests at the moment.', 'wu-cloudways' ),
				__( 'Try again in {seconds} seconds.', 'wu-cloudways' ),
			),
			'busy'                             => array(
				__( 'The Cloudways server is busy with another operation.', 'wu-cloudways' ),
				__( 'Try again in a minute, when that operation has ended.', 'wu-cloudways' ),
			),
			'api_rejected'                     => array(
				__( 'Cloudways refused {endpoint} (HTTP {status}): {answer}', 'wu-cloudways' ),
				__( 'Correct what Cloudways names here, on its platform or in wp-config.php; the same request would be refused again.', 'wu-cloudways' ),
			),
			'api_unavailable'                  => array(
				__( 'The Cloudways API cannot be reached ({endpoint}: {cause}).', 'wu-cloudways' ),
				__( 'It is tried again. If it lasts, check this server’s network and firewall, and the state of the Cloudways platform.', 'wu-cloudways' ),
			),
			'api_protocol'                     => array(
				__( 'The answer of Cloudways to {endpoint} cannot be understood: {what}', 'wu-cloudways' ),
				__( 'Update wu_cloudways; if it is the newest version, report this message: the API has changed.', 'wu-cloudways' ),
			),
			'integration_disabled'             => array(
				__( 'The Cloudways integration is switched off in Ultimate Multisite; nothing was sent.', 'wu-cloudways' ),
				__( 'Switch it on: Ultimate Multisite → Settings → Integrations → Cloudways → Configuration.', 'wu-cloudways' ),
			),
			'paused'                           => array(
				__( 'The synchronisation is paused; nothing was sent.', 'wu-cloudways' ),
				__( 'Resume it on the Cloudways page of the network admin, or with wp wu-cloudways resume.', 'wu-cloudways' ),
			),
			'clone'                            => array(
				__( 'This site looks like a copy of another one; nothing was sent.', 'wu-cloudways' ),
				__( 'Only the original may write to Cloudways. On a copy, remove the WU_CLOUDWAYS_* constants.', 'wu-cloudways' ),
			),
			'no_um'                            => array(
				__( 'Ultimate Multisite is not active.', 'wu-cloudways' ),
				__( 'Activate Ultimate Multisite for the whole network.', 'wu-cloudways' ),
			),
			'um_not_set_up'                    => array(
				__( 'Ultimate Multisite is not set up yet.', 'wu-cloudways' ),
				__( 'Finish its setup wizard; until then there are no domains to sync.', 'wu-cloudways' ),
			),
			'wizard'                           => array(
				__( 'Nothing is sent from the page that edits the credentials.', 'wu-cloudways' ),
				__( 'Save the credentials first, then start the sync from the Cloudways page.', 'wu-cloudways' ),
			),
			'locked'                           => array(
				__( 'Another run is at work.', 'wu-cloudways' ),
				__( 'Wait until it has ended; your changes are in the next run.', 'wu-cloudways' ),
			),
			'extension_missing'                => array(
				__( 'The PHP extension wu_cloudways is not loaded in this process.', 'wu-cloudways' ),
				'cli' === PHP_SAPI
					? __( 'Give PHP its file: php -d extension=/path/to/wu_cloudways.so /usr/local/bin/wp wu-cloudways …', 'wu-cloudways' )
					: __( 'Load it in PHP-FPM; the notice about it says how.', 'wu-cloudways' ),
			),
			'web_silent'                       => array(
				__( 'The website was asked to run and did not begin; the request was taken back.', 'wu-cloudways' ),
				__( 'Check that this server reaches the website under its own address, or load the extension here: php -d extension=/path/to/wu_cloudways.so /usr/local/bin/wp wu-cloudways …', 'wu-cloudways' ),
			),
			'storage'                          => array(
				__( 'The database did not answer. {message}', 'wu-cloudways' ),
				__( 'Check the database, then try again. Nothing is lost: the changes are still waiting.', 'wu-cloudways' ),
			),
			'internal'                         => array(
				__( 'An internal error stopped the run. {message}', 'wu-cloudways' ),
				__( 'Look into PHP’s error log and report what you find there; the changes are still waiting and are tried again.', 'wu-cloudways' ),
			),
		);
	}

	/**
	 * Why Cloudways could not be reached: the engine gives it in English, as part of it comes from the system.
	 *
	 * @param string $cause `cause` among an error's details.
	 */
	private static function cause( string $cause ): string {
		$causes = array(
			'HTTP 403 with a web page instead of an answer' => __( 'HTTP 403 with a web page instead of an answer', 'wu-cloudways' ),
			'the connection broke before the answer was whole' => __( 'the connection broke before the answer was whole', 'wu-cloudways' ),
			'no answer in time'                             => __( 'no answer in time', 'wu-cloudways' ),
		);
		$begin = 'no connection: ';
		if ( 0 === strpos( $cause, $begin ) ) {
			/* translators: %s: the reason, in English. */
			return sprintf( __( 'no connection: %s', 'wu-cloudways' ), substr( $cause, strlen( $begin ) ) );
		}
		return $causes[ $cause ] ?? $cause;
	}

	/**
	 * The plugin and the extension, or the tables, do not fit together: a problem, and the error of a run.
	 *
	 * @return array<string, array{0: string, 1: string}> Text and remedy.
	 */
	private static function fit(): array {
		/* translators: keep what stands in braces, such as {domain}, as it is: it is filled in. */
		return array(
			'extension_old'     => array(
				__( 'The PHP extension wu_cloudways is version {version}; this plugin needs {wanted} or newer.', 'wu-cloudways' ),
				__( 'Replace the file wu_cloudways.so with the one of this release, then restart PHP.', 'wu-cloudways' ),
			),
			'extension_partial' => array(
				__( 'The PHP extension wu_cloudways is loaded without functions that this plugin calls: {functions}.', 'wu-cloudways' ),
				__( 'Install the extension of this release, and take these functions out of disable_functions, then restart PHP.', 'wu-cloudways' ),
			),
			'extension_new'     => array(
				__( 'The PHP extension wu_cloudways {version} is newer than this plugin ({plugin}): its reports have version {report}, and the plugin reads version {reads}.', 'wu-cloudways' ),
				__( 'Update the plugin. Until then nothing is sent, and changes are remembered.', 'wu-cloudways' ),
			),
			'plugin_old'        => array(
				__( 'A newer version of this plugin has changed its tables (version {found}; this one, {plugin}, knows version {reads}).', 'wu-cloudways' ),
				__( 'Update the plugin to the version that was here before. Until then nothing is sent, and nothing is lost.', 'wu-cloudways' ),
			),
		);
	}

	/**
	 * The plugin's own problems, but for those that are put together below.
	 *
	 * @return array<string, array{0: string, 1?: string}> Text and remedy.
	 */
	private static function problems(): array {
		/* translators: keep what stands in braces, such as {domain}, as it is: it is filled in. */
		return array(
			'no_multisite'          => array(
				__( 'This WordPress is not a network.', 'wu-cloudways' ),
				__( 'The plugin keeps the domains of a multisite network in step with Cloudways. Set the network up (Tools → Network Setup), or deactivate the plugin.', 'wu-cloudways' ),
			),
			'no_um'                 => array(
				__( 'Ultimate Multisite is not active.', 'wu-cloudways' ),
				__( 'Activate Ultimate Multisite for the whole network: it holds the domains that are sent to Cloudways.', 'wu-cloudways' ),
			),
			'um_not_set_up'         => array(
				__( 'Ultimate Multisite is not set up yet.', 'wu-cloudways' ),
				__( 'Finish its setup wizard (Ultimate Multisite in the menu); until then there are no domains to sync.', 'wu-cloudways' ),
			),
			'constants_missing'     => array(
				__( 'Settings are missing: {names}.', 'wu-cloudways' ),
				__( 'Define them in wp-config.php, or type them into the wizard: Ultimate Multisite → Settings → Integrations → Cloudways → Configuration.', 'wu-cloudways' ),
			),
			'constants_empty'       => array(
				__( 'Constants in wp-config.php are empty: {names}. What was typed into the wizard does not count while they are there.', 'wu-cloudways' ),
				__( 'Give them a value, or remove them from wp-config.php.', 'wu-cloudways' ),
			),
			'credential_unreadable' => array(
				__( 'Stored settings cannot be read any more: {names}. The security keys in wp-config.php have changed since they were saved.', 'wu-cloudways' ),
				__( 'Type them into the wizard again (Ultimate Multisite → Settings → Integrations → Cloudways → Configuration), or define them in wp-config.php.', 'wu-cloudways' ),
			),
			'integration_disabled'  => array(
				__( 'The Cloudways integration is switched off in Ultimate Multisite. Nothing is sent; changes are remembered.', 'wu-cloudways' ),
				__( 'Switch it on: Ultimate Multisite → Settings → Integrations → Cloudways → Configuration.', 'wu-cloudways' ),
			),
			'lock_held'             => array(
				__( 'A run that began on {since} never came back.', 'wu-cloudways' ),
				__( 'Nothing needs to be done: the next run takes over. If it happens again, look into PHP’s error log.', 'wu-cloudways' ),
			),
			'wake_unanswered'       => array(
				__( 'The command line has asked the site to run since {since}, and the site was not reached: what is due waits.', 'wu-cloudways' ),
				__( 'Make sure that the server reaches admin-ajax.php at the address of the main site: a firewall, a password or a missing DNS record may stand in the way. Or load the extension on the command line as well.', 'wu-cloudways' ),
			),
			'tables_missing'        => array(
				__( 'The plugin’s tables are missing from the database.', 'wu-cloudways' ),
				__( 'Bring them back from a backup of the database. When all of them are gone, the next run makes new ones; if it does not, the database user may not create tables.', 'wu-cloudways' ),
			),
		);
	}

	/**
	 * What can be wrong with a constant.
	 *
	 * @return array<string, string>
	 */
	private static function constant_faults(): array {
		/* translators: keep what stands in braces, such as {domain}, as it is: it is filled in. */
		return array(
			'missing'              => __( '{constant} is not defined.', 'wu-cloudways' ),
			'empty'                => __( '{constant} is empty.', 'wu-cloudways' ),
			'wrong_type'           => __( '{constant} is neither text nor a number.', 'wu-cloudways' ),
			'unreadable'           => __( '{constant} was typed into the wizard and cannot be read any more: type it in again, or define it in wp-config.php.', 'wu-cloudways' ),
			'not_an_email'         => __( '{constant} is not an e-mail address.', 'wu-cloudways' ),
			'not_an_id'            => __( '{constant} is not a positive whole number.', 'wu-cloudways' ),
			'not_a_key'            => __( '{constant} holds blanks or control characters; copy it again.', 'wu-cloudways' ),
			'not_a_policy'         => __( '{constant} is neither "keep" nor "replace".', 'wu-cloudways' ),
			'not_an_api_url'       => __( '{constant} is neither an https address nor an http address on loopback (localhost, 127.0.0.1, [::1]).', 'wu-cloudways' ),
			'not_servers'          => __( '{constant} is not a list of IP addresses, with a port or without.', 'wu-cloudways' ),
			'not_a_wildcard_extra' => __( '{constant} is not one of the wildcards in WU_CLOUDWAYS_EXTRA_DOMAINS.', 'wu-cloudways' ),
		);
	}

	/**
	 * Why something is not a domain name.
	 *
	 * @return array<string, string>
	 */
	private static function invalid_domain_reasons(): array {
		return array(
			'empty'             => __( 'it is empty', 'wu-cloudways' ),
			'not_utf8'          => __( 'it is not valid UTF-8', 'wu-cloudways' ),
			'control_character' => __( 'it holds a control character', 'wu-cloudways' ),
			'space'             => __( 'it holds a space', 'wu-cloudways' ),
			'scheme'            => __( 'it begins with a scheme such as https://', 'wu-cloudways' ),
			'port'              => __( 'it ends with a port', 'wu-cloudways' ),
			'path'              => __( 'it holds a path', 'wu-cloudways' ),
			'ip_address'        => __( 'it is an IP address', 'wu-cloudways' ),
			'underscore'        => __( 'it holds an underscore', 'wu-cloudways' ),
			'single_label'      => __( 'it has no dot', 'wu-cloudways' ),
			'empty_label'       => __( 'it has nothing between two dots', 'wu-cloudways' ),
			'label_too_long'    => __( 'a part of it is longer than 63 characters', 'wu-cloudways' ),
			'name_too_long'     => __( 'it is longer than 253 characters', 'wu-cloudways' ),
			'wildcard'          => __( 'wildcards such as *.example.com are allowed among the extra domains only', 'wu-cloudways' ),
			'hyphen'            => __( 'a part of it begins or ends with a hyphen', 'wu-cloudways' ),
			'character'         => __( 'it holds a character that domain names cannot hold', 'wu-cloudways' ),
		);
	}

	/**
	 * Why it could not be found out where a name points, or what its CAA records say.
	 *
	 * @return array<string, string>
	 */
	private static function unknown_reasons(): array {
		return array(
			'not_asked'          => __( 'there was no time left to ask', 'wu-cloudways' ),
			'no_server'          => __( 'no DNS server is configured on this machine', 'wu-cloudways' ),
			'no_address_of_ours' => __( 'the public address of the Cloudways server is not known', 'wu-cloudways' ),
			'broken'             => __( 'the DNS servers could not be asked, or their answer made no sense', 'wu-cloudways' ),
			'timed_out'          => __( 'the DNS servers did not answer in time', 'wu-cloudways' ),
			'refused'            => __( 'the DNS servers refuse to answer', 'wu-cloudways' ),
			'referral'           => __( 'the DNS servers do not resolve names themselves', 'wu-cloudways' ),
			'server_failure'     => __( 'the DNS servers failed to find out; the domain’s own name servers may be out of order', 'wu-cloudways' ),
			'probe_not_made'     => __( 'it points to another address, and there was no time left to ask there for the site', 'wu-cloudways' ),
			'probe_unreachable'  => __( 'it points to another address, which could not be reached over HTTP', 'wu-cloudways' ),
			'probe_timed_out'    => __( 'it points to another address, which did not answer over HTTP in time', 'wu-cloudways' ),
			'probe_refused'      => __( 'it points to another address, which answered over HTTP with a refusal or a failure (403, 429, 5xx)', 'wu-cloudways' ),
		);
	}

	/**
	 * The extension is missing: here, there or everywhere, and how to load it.
	 *
	 * @param array $args See Environment::problems().
	 * @return array{text: string, remedy: string, steps: list<string>}
	 */
	private static function extension_missing( array $args ): array {
		$here  = (string) ( $args['here'] ?? 'web' );
		$other = 'web' === $here ? 'cli' : 'web';
		$there = $args[ $other ] ?? null;

		if ( true === $there ) {
			return array(
				'text'   => 'web' === $here
					? __( 'The PHP extension wu_cloudways is loaded on the command line, not on the website.', 'wu-cloudways' )
					: __( 'The PHP extension wu_cloudways is loaded on the website, not on the command line.', 'wu-cloudways' ),
				'remedy' => 'web' === $here
					? __( 'Runs are left to the command line, and this page shows their reports. To run from pages too, load the extension in PHP-FPM.', 'wu-cloudways' )
					/* translators: %s: a command. */
					: sprintf( __( 'Runs are handed to the website. To run here too, load it: %s', 'wu-cloudways' ), Guide::command( 'wu-cloudways status' ) ),
				'steps'  => array(),
			);
		}

		return array(
			'text'   => false === $there
				? __( 'The PHP extension wu_cloudways is loaded neither on the website nor on the command line: nothing is sent to Cloudways by this plugin.', 'wu-cloudways' )
				: __( 'The PHP extension wu_cloudways is not loaded: nothing is sent to Cloudways by this plugin.', 'wu-cloudways' ),
			'remedy' => __( 'Load it in three steps:', 'wu-cloudways' ),
			'steps'  => array_map( static fn( array $step ): string => $step['text'] . "\n" . $step['code'], Guide::steps( $here ) ),
		);
	}

	/**
	 * The site is a copy: what differs from the original.
	 *
	 * @param array $args See Environment::problems().
	 * @return array{text: string, remedy: string, steps: list<string>}
	 */
	private static function site_copy( array $args ): array {
		$labels = array(
			'sys_user'    => __( 'system user', 'wu-cloudways' ),
			'home'        => __( 'address', 'wu-cloudways' ),
			'environment' => __( 'environment', 'wu-cloudways' ),
		);
		$found  = array();
		if ( ! isset( $args['expected'] ) ) {
			return array(
				'text'   => sprintf(
					/* translators: %s: WordPress's environment type, such as staging. */
					__( 'This site says that it is no production site (environment: %s), so nothing is sent to Cloudways.', 'wu-cloudways' ),
					(string) ( $args['actual']['environment'] ?? '–' )
				),
				'remedy' => __( 'If it is to write to Cloudways all the same, confirm it: “This is the original site” on the Cloudways page, or wp wu-cloudways sync --confirm-site', 'wu-cloudways' ),
				'steps'  => array(),
			);
		}
		foreach ( $labels as $key => $label ) {
			$expected = (string) ( $args['expected'][ $key ] ?? '' );
			$actual   = (string) ( $args['actual'][ $key ] ?? '' );
			if ( $expected !== $actual ) {
				/* translators: 1: what differs, 2: its value here, 3: its value in the original. */
				$found[] = sprintf( __( '%1$s: %2$s here, %3$s in the original', 'wu-cloudways' ), $label, '' === $actual ? '–' : $actual, '' === $expected ? '–' : $expected );
			}
		}
		return array(
			'text'   => __( 'This site looks like a copy of another one, so nothing is sent to Cloudways.', 'wu-cloudways' ) . ( $found ? ' (' . implode( '; ', $found ) . ')' : '' ),
			'remedy' => __( 'If it is a copy, remove the WU_CLOUDWAYS_* constants from it. If it is the original and has moved, confirm it: “This is the original site” on the Cloudways page, or wp wu-cloudways sync --confirm-site', 'wu-cloudways' ),
			'steps'  => array(),
		);
	}

	/**
	 * Arguments as text: lists with commas, times as times.
	 *
	 * @param mixed $args Names to values.
	 * @return array<string, string>
	 */
	private static function args( $args ): array {
		$texts = array();
		foreach ( is_array( $args ) ? $args : array() as $name => $value ) {
			if ( is_array( $value ) ) {
				$scalars = array_filter( $value, 'is_scalar' );
				if ( count( $scalars ) !== count( $value ) ) {
					continue;
				}
				/* translators: between two addresses, either of which is right: keep the spaces. */
				$glue = 'expected' === $name ? _x( ' or ', 'addresses', 'wu-cloudways' ) : ', ';

				$texts[ $name ] = implode( $glue, array_map( 'strval', $scalars ) );
				// A note lists the first names only, and says how many there are.
				$more = 'names' === $name && isset( $args['count'] ) ? (int) $args['count'] - count( $scalars ) : 0;
				if ( $more > 0 ) {
					/* translators: 1: a list of names, 2: how many there are besides. */
					$texts[ $name ] = sprintf( __( '%1$s and %2$s more', 'wu-cloudways' ), $texts[ $name ], number_format_i18n( $more ) );
				}
			} elseif ( is_int( $value ) && preg_match( '/^(until|since|expires|not_after)$/', (string) $name ) ) {
				$texts[ $name ] = self::time( $value );
			} elseif ( is_scalar( $value ) ) {
				$texts[ $name ] = is_bool( $value ) ? ( $value ? '1' : '0' ) : (string) $value;
			}
		}
		return $texts;
	}

	/**
	 * Puts the arguments into text and remedy; the engine's English where that cannot be done.
	 *
	 * @param array<int, string>    $patterns Text and remedy, or nothing.
	 * @param array<string, string> $args     Names to texts.
	 * @param string                $text     English text.
	 * @param string                $remedy   English remedy.
	 * @return array{text: string, remedy: string}
	 */
	private static function fill( array $patterns, array $args, string $text, string $remedy ): array {
		return array(
			'text'   => self::ended( self::put( $patterns[0] ?? '', $args ) ?? $text ),
			'remedy' => self::put( $patterns[1] ?? '', $args ) ?? $remedy,
		);
	}

	/** With a full stop, as a remedy may follow: what Cloudways answered, or the engine said, may end without. */
	private static function ended( string $text ): string {
		return '' === $text || preg_match( '/[.!?…:]["»”’)]?$/u', $text ) ? $text : $text . '.';
	}

	/** The pattern with its arguments in it, or null when it is empty or one of them is missing. */
	private static function put( string $pattern, array $args ): ?string {
		if ( '' === $pattern ) {
			return null;
		}
		preg_match_all( '/\{([a-z_]+)\}/', $pattern, $names );

		$pairs = array();
		foreach ( $names[1] as $name ) {
			if ( ! isset( $args[ $name ] ) ) {
				return null;
			}
			$pairs[ '{' . $name . '}' ] = $args[ $name ];
		}
		return trim( strtr( $pattern, $pairs ) );
	}
}
