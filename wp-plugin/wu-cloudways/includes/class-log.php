<?php
/**
 * Ultimate Multisite's log.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Writes a line per fact, and only when it changed: to `integration-cloudways`, and to `domain-<host>`, which Ultimate
 * Multisite shows on the domain's page.
 *
 * On nginx the folder of these logs can be public: nothing secret gets here, and an error's text is the engine's own,
 * which holds no token, key or e-mail.
 */
final class Log {

	const HANDLE = 'integration-cloudways';

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * Takes what it needs.
	 *
	 * @param Store $store The memory.
	 */
	public function __construct( Store $store ) {
		$this->store = $store;
	}

	/**
	 * A run with a report.
	 *
	 * @param array                                              $report  The report.
	 * @param array<string, array{before: ?array, after: ?array}> $changed Domains whose entry changed.
	 * @return void
	 */
	public function report( array $report, array $changed ): void {
		foreach ( array( 'added', 'removed' ) as $what ) {
			$names = (array) ( $report['aliases'][ $what ] ?? array() );

			if ( $names ) {
				$this->line( self::HANDLE, sprintf( 'Aliases %s: %s', $what, self::names( $names ) ) );
			}
		}

		$ordered = (array) ( $report['certificate']['ordered'] ?? array() );

		if ( $ordered ) {
			$this->line( self::HANDLE, sprintf( 'Certificate ordered for %d names: %s', count( $ordered ), self::names( $ordered ) ) );
		}

		foreach ( $changed as $name => $entries ) {
			$this->domain( (string) $name, $entries['before'], $entries['after'] );
		}

		if ( ! empty( $report['error'] ) ) {
			$this->error( $report['error'] );

			return;
		}

		$facts     = array( 'status' => 'Status: ' . ( $report['status'] ?? '?' ) . '.' );
		$installed = $report['certificate']['installed'] ?? null;

		if ( null !== $installed ) {
			$facts['certificate'] = sprintf(
				'Certificate: %d names%s%s.',
				count( (array) ( $installed['names'] ?? array() ) ),
				empty( $installed['issuer'] ) ? '' : ', issued by ' . $installed['issuer'],
				empty( $installed['not_after'] ) ? '' : ', valid until ' . gmdate( 'Y-m-d', (int) $installed['not_after'] )
			);
		}

		foreach ( Messages::notes_of( $report ) as $warning ) {
			$facts[ (string) ( $warning['code'] ?? '' ) ] = (string) ( $warning['text'] ?? $warning['code'] ?? '' );
		}

		if ( ! empty( $report['aliases']['withheld'] ) ) {
			$facts['withheld'] = sprintf( 'Withheld: %s.', self::names( (array) $report['aliases']['withheld'] ) );
		}

		$this->facts( $facts );
	}

	/**
	 * DNS was asked between two runs: the next one finds nothing new to say about these domains.
	 *
	 * @param array<string, array{before: ?array, after: ?array}> $changed Domains whose entry changed.
	 * @return void
	 */
	public function verdicts( array $changed ): void {
		foreach ( $changed as $name => $entries ) {
			$this->domain( (string) $name, $entries['before'], $entries['after'] );
		}
	}

	/**
	 * A run that failed. What was true of the whole before it is so still, and is not said again afterwards.
	 *
	 * @param array{code?: string, message?: string, remedy?: string} $error Error.
	 * @return void
	 */
	public function error( array $error ): void {
		$this->facts( array( 'status' => trim( sprintf( 'Failed (%s): %s %s', $error['code'] ?? '?', $error['message'] ?? '', $error['remedy'] ?? '' ) ) ), 'error' );
	}

	/**
	 * Nothing is sent any more, or again. Not who said so: the log can be public.
	 *
	 * @param bool $paused Which.
	 * @return void
	 */
	public function pause( bool $paused ): void {
		$this->line( self::HANDLE, $paused ? 'Paused: nothing is sent until somebody resumes it.' : 'Resumed.' );
	}

	/**
	 * A person has decided about a name.
	 *
	 * @param string $name  Name.
	 * @param string $which adopted, release or remove.
	 * @return void
	 */
	public function decision( string $name, string $which ): void {
		$lines = array(
			'adopted' => 'Adopted: %s is kept as a mapped domain is.',
			'release' => 'Released: %s is left alone from now on.',
			'remove'  => 'To be removed at Cloudways, as a person decided: %s.',
		);

		$this->line( self::HANDLE, sprintf( $lines[ $which ], $name ) );
	}

	/**
	 * The file that names behind a proxy are asked for could not be made, or not be replaced.
	 *
	 * @param string $trouble  Why.
	 * @param bool   $has_one An earlier one is there, and does.
	 * @return void
	 */
	public function no_probe( string $trouble, bool $has_one ): void {
		$this->line( self::HANDLE, ( $has_one ? 'The file that names behind a proxy are asked for stays as it is. ' : 'Names behind a proxy count as pointing elsewhere: the file that they are asked for is missing. ' ) . $trouble, 'error' );
	}

	/**
	 * An e-mail about an alarm.
	 *
	 * @param string $code What it is about; see Alarms.
	 * @param bool   $sent WordPress could hand it over.
	 * @return void
	 */
	public function mail( string $code, bool $sent ): void {
		// Not to whom: the log can be public.
		$this->line( self::HANDLE, sprintf( $sent ? 'An e-mail was sent to the network administrator (%s).' : 'An e-mail to the network administrator (%s) could not be sent; it is tried again.', $code ), $sent ? 'info' : 'error' );
	}

	/**
	 * Something that must not get out of a job, and must not get lost either.
	 *
	 * @param \Throwable $error What was thrown. Its message, never its trace: that can hold arguments.
	 * @return void
	 */
	public function trouble( \Throwable $error ): void {
		$this->line( self::HANDLE, sprintf( '%s: %s', get_class( $error ), $error->getMessage() ), 'error' );
	}

	/**
	 * A domain that Ultimate Multisite had given up is checked again.
	 *
	 * @param string $name  Name.
	 * @param string $stage The stage it had: failed or ssl-failed.
	 * @return void
	 */
	public function reopened( string $name, string $stage ): void {
		if ( self::has_log( $name ) ) {
			$this->line( 'domain-' . $name, 'failed' === $stage ? 'Cloudways: DNS is right by now, so it is checked again.' : 'Cloudways: the certificate holds it by now, so it is checked again.' );
		}
	}

	/**
	 * What became of a domain.
	 *
	 * @param string     $name   Name.
	 * @param array|null $before Entry of the last report.
	 * @param array|null $after  Entry of this one.
	 * @return void
	 */
	private function domain( string $name, ?array $before, ?array $after ): void {
		$line = null === $after ? 'Cloudways: no longer kept.' : self::describe( $after );

		if ( ! self::has_log( $name ) || ( null !== $before && self::describe( $before ) === $line ) ) {
			return;
		}

		// The page of a domain shows its own log only, so its `www` is told there.
		$entry  = $after ?? $before;
		$is_www = 'www' === ( $entry['source'] ?? '' ) && str_starts_with( $name, 'www.' );

		$this->line( 'domain-' . ( $is_www ? substr( $name, 4 ) : $name ), $is_www ? "{$name}: {$line}" : $line );
	}

	/**
	 * The name can be that of a file: a mapped name can be anything.
	 *
	 * @param string $name Name.
	 * @return bool
	 */
	private static function has_log( string $name ): bool {
		return 1 === preg_match( '/^(?=.{1,190}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/', $name );
	}

	/**
	 * An entry in a line.
	 *
	 * @param array $entry Entry of a report.
	 * @return string
	 */
	private static function describe( array $entry ): string {
		$alias = $entry['alias'] ?? '?';

		return trim(
			sprintf(
				'Cloudways: alias %s, DNS %s, certificate %s. %s',
				// Added in this run, or there since an earlier one: the same fact.
				'added' === $alias ? 'present' : $alias,
				$entry['dns']['verdict'] ?? 'not_asked',
				$entry['certificate'] ?? '?',
				$entry['note']['text'] ?? ''
			)
		);
	}

	/**
	 * What is true of the whole: a line for each fact that is new, and for each warning that is over.
	 *
	 * @param array<string, string> $facts Which => line. With an error, only the status.
	 * @param string                $level info or error.
	 * @return void
	 */
	private function facts( array $facts, string $level = 'info' ): void {
		$facts  = array_map( static fn( string $fact ): string => mb_scrub( $fact, 'UTF-8' ), $facts );
		$before = array();

		try {
			$before = json_decode( (string) $this->store->value( 'logged' ), true );
			$before = is_array( $before ) ? $before : array();
			$facts += 'error' === $level ? $before : array();

			if ( $facts === $before ) {
				return;
			}

			$this->store->put( 'logged', time(), (string) wp_json_encode( $facts ) );
		} catch ( Store_Exception $error ) {
			// Better twice than never.
			unset( $error );
		}

		foreach ( $facts as $which => $line ) {
			if ( ( $before[ $which ] ?? '' ) !== $line ) {
				$this->line( self::HANDLE, $line, 'status' === $which ? $level : 'info' );
			}
		}

		// That an order need not wait any longer, its own line says.
		foreach ( array_diff_key( $before, $facts, array_flip( Messages::WAITS ) ) as $line ) {
			$this->line( self::HANDLE, 'No longer so: ' . $line );
		}
	}

	/**
	 * Writes.
	 *
	 * @param string $handle Log.
	 * @param string $line   Line.
	 * @param string $level  info or error.
	 * @return void
	 */
	private function line( string $handle, string $line, string $level = 'info' ): void {
		$line = trim( (string) preg_replace( '/\s+/', ' ', $line ) );

		if ( function_exists( 'wu_log_add' ) ) {
			wu_log_add( $handle, $line, $level );
		} elseif ( 'error' === $level ) {
			error_log( 'wu-cloudways: ' . $line ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- Ultimate Multisite's log is not there.
		}
	}

	/**
	 * Names, so many that a line stays readable.
	 *
	 * @param list<string> $names Names.
	 * @return string
	 */
	private static function names( array $names ): string {
		$more = count( $names ) - 50;

		return implode( ', ', array_slice( $names, 0, 50 ) ) . ( $more > 0 ? " and {$more} more" : '' );
	}
}
