<?php
/**
 * The commands `test`, `dns` and `doctor`.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;

defined( 'ABSPATH' ) || exit;

/**
 * The commands that ask, and change nothing at Cloudways.
 */
final class CLI_Checks extends CLI_Command {

	/** Columns of a name. */
	const DNS_FIELDS = array( 'domain', 'verdict', 'addresses', 'cname', 'note', 'remedy' );

	/** Names that are asked about at a time, and the seconds for them. */
	const BATCH          = 200;
	const BATCH_DEADLINE = 60;

	/** With fewer seconds left than this, no further batch is begun. */
	const SHORTEST = 5;

	/** What DNS can say of a name. */
	const VERDICTS = array( 'here', 'elsewhere', 'proxied', 'missing', 'unknown', 'not_asked' );

	/** Columns of a check. */
	const DOCTOR_FIELDS = array( 'code', 'status', 'title', 'text', 'remedy', 'exit' );

	/**
	 * Asks Cloudways whether the credentials, the server and the application are right.
	 *
	 * Reads only. Whether the token may write shows itself at the first write.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : How to print what was found.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 * ---
	 *
	 * [--fields=<fields>]
	 * : Only these facts.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways test
	 *     Success: Cloudways accepts the settings.
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options.
	 */
	public function test( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $assoc_args ) {
				$outcome = Plugin::instance()->runner()->test();

				if ( ! $outcome['ok'] ) {
					$this->print_error( $outcome['error'] );
					return (int) $outcome['error']['exit_code'];
				}
				$this->say( __( 'Cloudways accepts the settings.', 'wu-cloudways' ), 'success' );

				$facts  = $outcome['result'];
				$format = $assoc_args['format'] ?? 'table';
				if ( isset( $assoc_args['fields'] ) ) {
					$facts = array_intersect_key( $facts, array_flip( array_map( 'trim', explode( ',', $assoc_args['fields'] ) ) ) );
				}
				if ( in_array( $format, array( 'json', 'yaml' ), true ) ) {
					$this->print_data( $facts, $format );
					return 0;
				}
				$rows = array();
				foreach ( Messages::connection( $facts ) as $label => $value ) {
					$rows[] = array(
						'fact'  => $label,
						'value' => $value,
					);
				}
				if ( 'csv' === $format ) {
					WP_CLI\Utils\format_items( 'csv', $rows, array( 'fact', 'value' ) );
					return 0;
				}
				foreach ( $rows as $row ) {
					$this->fact( $row['fact'], $row['value'] );
				}
				return 0;
			}
		);
	}

	/**
	 * Asks DNS now where domains point, and says what to do.
	 *
	 * What was found takes the place of what the last run had found; when a
	 * name is right now, a run follows by itself.
	 *
	 * A name is right when it points to the server, or to a proxy that leads
	 * to it, and nothing keeps Let's Encrypt from issuing for it.
	 *
	 * Ends with 0 when every name is right, and with 3 when one is not.
	 *
	 * ## OPTIONS
	 *
	 * [<domain>...]
	 * : Names to ask about. Without any, all names of the last run.
	 *
	 * [--verdict=<verdicts>]
	 * : Show only names with this verdict, or one of several with commas: here, elsewhere, proxied, missing, unknown, not_asked. All are asked about, and count for the exit code.
	 *
	 * [--timeout=<seconds>]
	 * : How long it may take at most. Names that are left then are `not_asked`.
	 * ---
	 * default: 300
	 * ---
	 *
	 * [--format=<format>]
	 * : table is a report for people. json, csv and yaml have the names as rows.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 * ---
	 *
	 * [--fields=<fields>]
	 * : Only these columns: domain, verdict, addresses, cname, note, remedy.
	 *
	 * [--porcelain]
	 * : Only how many names are not right.
	 *
	 * ## EXAMPLES
	 *
	 *     # Has the customer corrected it?
	 *     $ wp wu-cloudways dns shop.example www.shop.example
	 *
	 *     # Names that point elsewhere, for a program.
	 *     $ wp wu-cloudways dns --verdict=elsewhere --format=csv --fields=domain,addresses
	 *
	 *     # In a script: wait until it is right.
	 *     $ until wp wu-cloudways dns shop.example --porcelain; do sleep 60; done
	 *
	 * @param array $args       Positional arguments: names.
	 * @param array $assoc_args Options.
	 */
	public function dns( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $args, $assoc_args ) {
				$shown = self::listed( (string) ( $assoc_args['verdict'] ?? '' ) );
				$wrong = array_diff( $shown, self::VERDICTS );
				$end   = microtime( true ) + $this->seconds( $assoc_args, 300 );

				if ( $wrong ) {
					/* translators: 1: words that are not known, 2: words that are. */
					WP_CLI::error( sprintf( __( 'Unknown in --verdict: %1$s. There are: %2$s.', 'wu-cloudways' ), implode( ', ', $wrong ), implode( ', ', self::VERDICTS ) ) );
				}

				$names = $args ? array_values( array_unique( array_map( static fn( $name ): string => rtrim( strtolower( trim( (string) $name ) ), '.' ), $args ) ) ) : self::reported_names();

				if ( ! $names && null === Plugin::instance()->store()->last_summary() ) {
					$this->say( __( 'There was no run yet, so that no names are known. Name them, or start one with: wp wu-cloudways sync', 'wu-cloudways' ), 'warning' );
				}

				$asked = $this->ask_dns( $names, $end );
				$rows  = array();
				$fault = 0;

				foreach ( $names as $name ) {
					$answer = $asked['answers'][ $name ] ?? null;
					$fault += self::is_right( $answer ) ? 0 : 1;

					if ( ! $shown || in_array( $answer['verdict'] ?? 'not_asked', $shown, true ) ) {
						$rows[ $name ] = $answer;
					}
				}
				if ( $asked['error'] ) {
					$this->print_error( $asked['error'] );
				}
				// Without a single answer there is nothing to show.
				if ( ! $asked['error'] || $asked['answers'] ) {
					$this->print_names( $rows, count( $names ), $fault, $assoc_args );
				}
				if ( $asked['turned_right'] ) {
					/* translators: %s: number and names of domains. */
					$this->say( sprintf( __( 'Right now, and not before: %s. A run follows by itself.', 'wu-cloudways' ), Messages::number_and_names( $asked['turned_right'] ) ) );
				}
				if ( $asked['error'] ) {
					return (int) ( $asked['error']['exit_code'] ?? 70 );
				}
				return $fault ? 3 : 0;
			}
		);
	}

	/**
	 * Looks after each link between the network and Cloudways, and says what to do where one is broken.
	 *
	 * Asks the website by a signed request, and Cloudways; starts no run and
	 * changes nothing there.
	 *
	 * Ends with 0 when nothing is wrong, 3 when something works and is not as
	 * it should be, and with something broken the exit code that a sync ends
	 * with for the first of the reasons (10 to 17, 20, 70), or with 1 where
	 * there is none. What is not known changes nothing.
	 *
	 * ## OPTIONS
	 *
	 * [<check>...]
	 * : Only these checks: tables, um, integration, credentials, site, extension_web, extension_cli, wake, token, paused, queue, alarms, cron, lock, files, writers, last_run, certificate.
	 *
	 * [--offline]
	 * : Ask neither the website nor Cloudways: by what is stored only.
	 *
	 * [--format=<format>]
	 * : table is a report for people. json and yaml have the steps too.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 * ---
	 *
	 * [--fields=<fields>]
	 * : Only these columns: code, status, title, text, remedy, steps, exit. A status is good, recommended, critical or unknown.
	 *
	 * [--porcelain]
	 * : Only the worst status: good, recommended or critical.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways doctor
	 *
	 *     # For a monitor: is the queue stuck, or does the certificate end?
	 *     $ wp wu-cloudways doctor queue certificate --offline --porcelain
	 *     good
	 *
	 *     # The command line has the extension only when it is named.
	 *     $ php -d extension=/path/to/wu_cloudways.so /usr/local/bin/wp wu-cloudways doctor
	 *
	 * @param array $args       Positional arguments: checks.
	 * @param array $assoc_args Options.
	 */
	public function doctor( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $args, $assoc_args ) {
				$wrong = array_diff( $args, Doctor::CHECKS );

				if ( $wrong ) {
					/* translators: 1: words that are not known, 2: words that are. */
					WP_CLI::error( sprintf( __( 'There is no check %1$s. There are: %2$s.', 'wu-cloudways' ), implode( ', ', $wrong ), implode( ', ', Doctor::CHECKS ) ) );
				}

				$doctor = Plugin::instance()->doctor();
				$codes  = $args ? array_values( array_intersect( Doctor::CHECKS, $args ) ) : Doctor::CHECKS;
				$people = self::is_for_people( $assoc_args );
				$checks = array();
				$worst  = array(
					'status' => 'good',
					'exit'   => 0,
				);

				if ( ! WP_CLI\Utils\get_flag_value( $assoc_args, 'offline', false ) ) {
					$doctor->ask();
				}
				self::remember();
				foreach ( $codes as $code ) {
					$check    = $doctor->check( $code );
					$checks[] = $check;

					// Each as soon as it is known: some take their time.
					if ( $people ) {
						$this->print_check( $check );
					}
					if ( 'critical' === $check['status'] && 'critical' !== $worst['status'] || 'recommended' === $check['status'] && 'good' === $worst['status'] ) {
						$worst = $check;
					}
				}
				if ( WP_CLI\Utils\get_flag_value( $assoc_args, 'porcelain', false ) ) {
					WP_CLI::line( $worst['status'] );
				} elseif ( $people ) {
					WP_CLI::line( '' );
					WP_CLI::line( self::sum( $checks ) );
				} else {
					$format = $assoc_args['format'] ?? 'table';
					$this->print_rows( $checks, in_array( $format, array( 'json', 'yaml' ), true ) ? array_merge( self::DOCTOR_FIELDS, array( 'steps' ) ) : self::DOCTOR_FIELDS, $assoc_args );
				}
				return $worst['exit'];
			}
		);
	}

	/** What this process is: the website says it of itself when it is asked. */
	private static function remember(): void {
		try {
			Plugin::instance()->environment()->remember_here();
		} catch ( Store_Exception $failure ) {
			// The first check says that the database does not answer.
			unset( $failure );
		}
	}

	/**
	 * Words with commas between them.
	 *
	 * @param string $list Words.
	 * @return list<string>
	 */
	private static function listed( string $list ): array {
		return array_values( array_filter( array_map( 'trim', explode( ',', $list ) ), 'strlen' ) );
	}

	/**
	 * The names of the last report that DNS can be asked about.
	 *
	 * @return list<string>
	 */
	private static function reported_names(): array {
		$names = array();
		$page  = 1;

		do {
			$found = Plugin::instance()->store()->domains(
				array(
					'page'     => $page++,
					'per_page' => 1000,
				)
			)['items'];
			$names = array_merge( $names, array_keys( array_filter( $found, static fn( $entry ): bool => is_array( $entry['dns'] ?? null ) ) ) );
		} while ( $found );

		return array_map( 'strval', $names );
	}

	/**
	 * Asks about many names, a batch at a time.
	 *
	 * @param list<string> $names Names.
	 * @param float        $end   When to stop, as microtime( true ) counts.
	 * @return array{answers: array<string, array>, turned_right: list<string>, error: ?array} Without those for which
	 *         there was no time left.
	 */
	private function ask_dns( array $names, float $end ): array {
		$asked   = array(
			'answers'      => array(),
			'turned_right' => array(),
			'error'        => null,
		);
		$batches = array_chunk( $names, self::BATCH );
		$bar     = WP_CLI\Utils\make_progress_bar( __( 'Asking DNS', 'wu-cloudways' ), count( $names ) );

		while ( $batches ) {
			$left = (int) floor( $end - microtime( true ) );
			if ( $left < ( $asked['answers'] ? self::SHORTEST : 1 ) ) {
				/* translators: %s: number of names. */
				$this->say( sprintf( __( 'The time is over; names that were not asked about: %s. Give it more with --timeout.', 'wu-cloudways' ), number_format_i18n( count( $names ) - count( $asked['answers'] ) ) ), 'warning' );
				break;
			}
			$answer = Plugin::instance()->runner()->check_dns( $batches[0], min( self::BATCH_DEADLINE, $left ) );
			$error  = $answer['error'];

			// Too many requests, and it is known when there may be more: in a long list that is nobody's fault.
			if ( 'rate_limited' === ( $error['code'] ?? '' ) && isset( $error['retry_after'] ) && microtime( true ) + $error['retry_after'] + 1 < $end ) {
				/* translators: %s: number of seconds. */
				$this->say( sprintf( __( 'Cloudways accepts no more requests at the moment; going on in %s s.', 'wu-cloudways' ), number_format_i18n( $error['retry_after'] ) ) );
				sleep( max( 1, (int) $error['retry_after'] ) );
				continue;
			}
			$asked['answers']     += (array) $answer['result'];
			$asked['turned_right'] = array_merge( $asked['turned_right'], $answer['turned_right'] );
			if ( $error ) {
				$asked['error'] = $error;
				break;
			}
			$bar->tick( count( array_shift( $batches ) ) );
		}
		$bar->finish();
		return $asked;
	}

	/**
	 * A certificate can hold the name.
	 *
	 * @param array|null $answer As wu_cloudways_check_dns() gives it.
	 */
	private static function is_right( ?array $answer ): bool {
		return in_array( $answer['verdict'] ?? '', array( 'here', 'proxied' ), true ) && empty( $answer['note'] );
	}

	/**
	 * What DNS said.
	 *
	 * @param array<string, array|null> $rows       Names to show, each with its answer.
	 * @param int                       $all        How many were asked about.
	 * @param int                       $fault      How many of them are not right.
	 * @param array                     $assoc_args Options of the command.
	 */
	private function print_names( array $rows, int $all, int $fault, array $assoc_args ): void {
		if ( WP_CLI\Utils\get_flag_value( $assoc_args, 'porcelain', false ) ) {
			WP_CLI::line( (string) $fault );
			return;
		}
		if ( ! self::is_for_people( $assoc_args ) ) {
			$this->print_rows( array_map( array( self::class, 'name_as_row' ), array_map( 'strval', array_keys( $rows ) ), $rows ), self::DNS_FIELDS, $assoc_args );
			return;
		}

		$items = array();
		$lines = array(
			array(
				__( 'Domain', 'wu-cloudways' ),
				__( 'DNS', 'wu-cloudways' ),
				__( 'Addresses', 'wu-cloudways' ),
				__( 'CNAME', 'wu-cloudways' ),
			),
		);
		foreach ( $rows as $name => $answer ) {
			$lines[] = array( (string) $name, Messages::dns( $answer, false ), implode( ', ', (array) ( $answer['addresses'] ?? array() ) ), (string) ( $answer['cname'] ?? '' ) );

			if ( ! empty( $answer['note'] ) ) {
				$items[] = Messages::note( $answer['note'] );
			}
		}
		if ( count( $lines ) > 1 ) {
			$this->print_columns( $lines );
			WP_CLI::line( '' );
		}
		/* translators: 1: number of names that are right, 2: number of all names. */
		WP_CLI::line( sprintf( __( '%1$s of %2$s names are right.', 'wu-cloudways' ), number_format_i18n( $all - $fault ), number_format_i18n( $all ) ) );
		if ( $items ) {
			WP_CLI::line( '' );
			WP_CLI::line( self::in_color( '%Y', __( 'What to do', 'wu-cloudways' ) ) );
			$this->print_items( $items );
		}
	}

	/**
	 * A name for a program.
	 *
	 * @param string     $name   Name.
	 * @param array|null $answer As wu_cloudways_check_dns() gives it.
	 * @return array<string, mixed>
	 */
	private static function name_as_row( string $name, ?array $answer ): array {
		$words = empty( $answer['note'] ) ? null : Messages::note( $answer['note'] );

		return array(
			'domain'    => $name,
			'verdict'   => (string) ( $answer['verdict'] ?? 'not_asked' ),
			'addresses' => array_values( (array) ( $answer['addresses'] ?? array() ) ),
			'cname'     => $answer['cname'] ?? null,
			'note'      => $words['text'] ?? null,
			'remedy'    => $words['remedy'] ?? null,
		);
	}

	/**
	 * A check in a line, and what to do below it.
	 *
	 * @param array $check See Doctor::checks().
	 */
	private function print_check( array $check ): void {
		$words  = self::statuses();
		$word   = $words[ $check['status'] ];
		$widest = max( array_map( 'mb_strwidth', $words ) );
		$colors = array(
			'good'        => '%G',
			'recommended' => '%Y',
			'critical'    => '%R',
			'unknown'     => '%C',
		);
		$indent = str_repeat( ' ', $widest + 2 );

		WP_CLI::line( self::in_color( $colors[ $check['status'] ], $word ) . str_repeat( ' ', $widest + 2 - mb_strwidth( $word ) ) . $check['title'] . ': ' . $check['text'] );
		if ( '' !== $check['remedy'] ) {
			WP_CLI::line( $indent . '→ ' . $check['remedy'] );
		}
		foreach ( $check['steps'] as $number => $step ) {
			if ( '' !== $step['text'] ) {
				WP_CLI::line( $indent . '  ' . ( $number + 1 ) . '. ' . $step['text'] );
			}
			if ( '' !== $step['code'] ) {
				WP_CLI::line( $indent . '     ' . $step['code'] );
			}
		}
	}

	/**
	 * All checks in a sentence.
	 *
	 * @param list<array> $checks See Doctor::checks().
	 */
	private static function sum( array $checks ): string {
		$number = static fn( string $status ): int => count( array_filter( $checks, static fn( array $check ): bool => $status === $check['status'] ) );
		$errors = $number( 'critical' );
		$warned = $number( 'recommended' );
		$parts  = array();

		if ( $errors ) {
			/* translators: %s: number of errors. */
			$parts[] = sprintf( _n( '%s error', '%s errors', $errors, 'wu-cloudways' ), number_format_i18n( $errors ) );
		}
		if ( $warned ) {
			/* translators: %s: number of warnings. */
			$parts[] = sprintf( _n( '%s warning', '%s warnings', $warned, 'wu-cloudways' ), number_format_i18n( $warned ) );
		}
		return self::in_color( $errors ? '%R' : ( $warned ? '%Y' : '%G' ), $parts ? implode( ', ', $parts ) . '.' : __( 'Nothing is wrong.', 'wu-cloudways' ) );
	}

	/**
	 * What each status is called.
	 *
	 * @return array<string, string>
	 */
	private static function statuses(): array {
		return array(
			'good'        => _x( 'ok', 'check', 'wu-cloudways' ),
			'recommended' => _x( 'warning', 'check', 'wu-cloudways' ),
			'critical'    => _x( 'error', 'check', 'wu-cloudways' ),
			'unknown'     => _x( 'not known', 'check', 'wu-cloudways' ),
		);
	}
}
