<?php
/**
 * What the commands have in common.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;

defined( 'ABSPATH' ) || exit;

/**
 * What the commands have in common: results go to standard output, messages to standard error, and each ends with an
 * exit code of CLI.
 */
abstract class CLI_Command {

	/** @param list<array> $problems Environment::problems(). */
	protected function print_problems( array $problems ): void {
		foreach ( $problems as $problem ) {
			$words = Messages::problem( $problem );
			$text  = trim( $words['text'] . ' ' . $words['remedy'] );
			foreach ( $words['steps'] as $number => $step ) {
				$text .= "\n  " . ( $number + 1 ) . '. ' . str_replace( "\n", "\n     ", $step );
			}
			$this->say( $text, 'error' === $problem['severity'] ? 'error' : 'warning' );
		}
	}

	/** @param array $error An error of an outcome or of a report. */
	protected function print_error( array $error ): void {
		$words = Messages::error( $error );
		$text  = $words['text'];
		foreach ( $words['items'] as $item ) {
			$text .= "\n  - " . $item;
		}
		$this->say( $text . ( $words['remedy'] ? "\n" . $words['remedy'] : '' ), 'error' );
	}

	/** A label and a value in two columns. */
	protected function fact( string $label, string $value ): void {
		WP_CLI::line( $label . str_repeat( ' ', max( 1, 22 - mb_strwidth( $label ) ) ) . $value );
	}

	/** Colours a line by a report's status; without a terminal it stays plain. */
	protected static function color( string $status, string $text ): string {
		$colors = array(
			'ok'              => '%G',
			'pending'         => '%C',
			'changes_pending' => '%C',
			'partial'         => '%Y',
		);
		return self::in_color( $colors[ $status ] ?? '%B', $text );
	}

	/**
	 * Lines in columns. Not WP-CLI's table: that one breaks words in the middle, and loses its columns in a pipe.
	 *
	 * @param list<list<string>> $lines The first one holds the titles.
	 */
	protected function print_columns( array $lines ): void {
		$widths = array();
		foreach ( $lines as $line ) {
			foreach ( $line as $column => $text ) {
				$widths[ $column ] = max( $widths[ $column ] ?? 0, mb_strwidth( $text ) );
			}
		}
		foreach ( $lines as $number => $line ) {
			foreach ( $line as $column => $text ) {
				$line[ $column ] = $text . str_repeat( ' ', $widths[ $column ] - mb_strwidth( $text ) );
			}
			WP_CLI::line( rtrim( implode( '   ', $line ) ) );
			if ( 0 === $number ) {
				WP_CLI::line( str_repeat( '-', array_sum( $widths ) + 3 * ( count( $widths ) - 1 ) ) );
			}
		}
	}

	/**
	 * Rows for a program, or for people who named the columns.
	 *
	 * @param list<array<string, mixed>> $rows       Rows.
	 * @param list<string>               $fields     Columns, unless --fields names others.
	 * @param array                      $assoc_args Options of the command.
	 */
	protected function print_rows( array $rows, array $fields, array $assoc_args ): void {
		$fields = isset( $assoc_args['fields'] ) ? array_values( array_filter( array_map( 'trim', explode( ',', $assoc_args['fields'] ) ), 'strlen' ) ) : $fields;
		$known  = array_keys( $rows[0] ?? array() );
		$wrong  = $rows ? array_diff( $fields, $known ) : array();

		if ( $wrong ) {
			/* translators: 1: names of columns, 2: names of columns. */
			WP_CLI::error( sprintf( __( 'Unknown in --fields: %1$s. There are: %2$s.', 'wu-cloudways' ), implode( ', ', $wrong ), implode( ', ', $known ) ) );
		}

		$format = $assoc_args['format'] ?? 'table';
		$chosen = array_map( static fn( array $row ): array => array_merge( array_fill_keys( $fields, '' ), array_intersect_key( $row, array_flip( $fields ) ) ), $rows );

		if ( in_array( $format, array( 'json', 'yaml' ), true ) ) {
			$this->print_data( $chosen, $format );
			return;
		}

		$texts = array_map( static fn( array $row ): array => array_map( array( self::class, 'as_text' ), $row ), $chosen );

		if ( 'csv' === $format ) {
			WP_CLI\Utils\write_csv( STDOUT, $texts, $fields );
			return;
		}
		$this->print_columns( array_merge( array( $fields ), array_map( 'array_values', $texts ) ) );
	}

	/**
	 * A value in one cell.
	 *
	 * @param mixed $value A text, a number, nothing, or a list of texts.
	 */
	private static function as_text( $value ): string {
		if ( is_array( $value ) ) {
			$plain = array_filter( $value, 'is_scalar' ) === $value;
			return $plain ? implode( ', ', array_map( 'strval', $value ) ) : (string) wp_json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
		}
		return (string) $value;
	}

	/** Whether something is printed for people, and not for a program. */
	protected static function is_for_people( array $assoc_args ): bool {
		return 'table' === ( $assoc_args['format'] ?? 'table' ) && ! isset( $assoc_args['fields'] ) && ! WP_CLI\Utils\get_flag_value( $assoc_args, 'porcelain', false );
	}

	/**
	 * What is not right, and what to do about it.
	 *
	 * @param list<array{text: string, remedy: string}> $items In words.
	 */
	protected function print_items( array $items ): void {
		foreach ( $items as $item ) {
			WP_CLI::line( '- ' . $item['text'] );
			if ( '' !== $item['remedy'] ) {
				WP_CLI::line( '  ' . $item['remedy'] );
			}
		}
	}

	/** A text in a colour; without a terminal it stays plain. */
	protected static function in_color( string $color, string $text ): string {
		return WP_CLI::colorize( $color . str_replace( '%', '%%', $text ) . '%n' );
	}

	/** A value as JSON or YAML. */
	protected function print_data( array $data, string $format ): void {
		if ( 'json' === $format ) {
			WP_CLI::line( (string) wp_json_encode( $data, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) );
			return;
		}
		// The YAML writer inside WP-CLI 2.12 is older than PHP 8.1, which deprecates how it writes null.
		$level = error_reporting( error_reporting() & ~E_DEPRECATED );
		WP_CLI::print_value( $data, array( 'format' => $format ) );
		error_reporting( $level );
	}

	/** Waits for a yes. */
	protected function asked(): bool {
		fwrite( STDERR, __( 'Do it? [y/n]', 'wu-cloudways' ) . ' ' );
		$answer = fgets( STDIN );
		if ( false === $answer ) {
			$this->say( __( 'Nobody answered; without a terminal, add --yes.', 'wu-cloudways' ), 'error' );
			return false;
		}
		/* translators: the letter that means yes; y is always accepted too. */
		$yes = _x( 'y', 'answer', 'wu-cloudways' );
		return in_array( strtolower( trim( $answer ) ), array( 'y', 'yes', $yes ), true );
	}

	/**
	 * A message, on standard error: standard output is for results.
	 *
	 * @param string $text Plain text.
	 * @param string $kind '', success, warning or error.
	 */
	protected function say( string $text, string $kind = '' ): void {
		if ( WP_CLI::get_config( 'quiet' ) && 'error' !== $kind ) {
			return;
		}
		switch ( $kind ) {
			case 'error':
				WP_CLI::error( $text, false );
				break;
			case 'warning':
				WP_CLI::warning( $text );
				break;
			default:
				fwrite( STDERR, ( 'success' === $kind ? WP_CLI::colorize( '%G' . __( 'Success:', 'wu-cloudways' ) . '%n ' ) : '' ) . $text . "\n" );
		}
	}

	/** --timeout in whole seconds. */
	protected function seconds( array $assoc_args, int $usual ): int {
		$value = $assoc_args['timeout'] ?? $usual;
		if ( ! is_numeric( $value ) || (int) $value < 1 ) {
			WP_CLI::error( __( '--timeout is a number of seconds, 1 or more.', 'wu-cloudways' ) );
		}
		return (int) $value;
	}

	/** A number, 1 or more, among the options. */
	protected function number( array $assoc_args, string $name, int $usual ): int {
		$value = $assoc_args[ $name ] ?? $usual;
		if ( ! is_numeric( $value ) || (int) $value < 1 ) {
			/* translators: %s: an option, such as --limit. */
			WP_CLI::error( sprintf( __( '%s is a number, 1 or more.', 'wu-cloudways' ), '--' . $name ) );
		}
		return (int) $value;
	}

	/** An outcome without a report: says why, and gives its exit code. */
	protected function failed( array $outcome ): int {
		if ( 'um' === ( $outcome['handed_to'] ?? '' ) ) {
			$this->say( __( 'Until the extension is loaded, Ultimate Multisite’s own module stays in charge.', 'wu-cloudways' ) );
		}
		if ( 'handed_over' === $outcome['outcome'] && null === $outcome['error'] ) {
			$outcome['error'] = array(
				'code'      => 'extension_missing',
				'message'   => 'The PHP extension wu_cloudways is not loaded in this process.',
				'remedy'    => '',
				'exit_code' => 20,
			);
		}
		if ( null === $outcome['error'] ) {
			$this->say( Messages::status( (string) $outcome['outcome'] ), 'error' );
			return 'locked' === $outcome['outcome'] ? 14 : 70;
		}
		$this->print_error( $outcome['error'] );
		return (int) ( $outcome['error']['exit_code'] ?? Runner::EXIT_CODES[ (string) $outcome['error']['code'] ] ?? 70 );
	}

	/** Runs a command and ends with its exit code, whatever happens. */
	protected function guarded( callable $command ): void {
		try {
			$code = $command();
		} catch ( WP_CLI\ExitException $exit ) {
			throw $exit;
		} catch ( Store_Exception $failure ) {
			$this->print_error(
				array(
					'code'    => 'storage',
					'message' => $failure->getMessage(),
					'remedy'  => '',
				)
			);
			$code = 70;
		} catch ( \Throwable $failure ) {
			$this->print_error(
				array(
					'code'    => 'internal',
					'message' => get_class( $failure ) . ': ' . $failure->getMessage(),
					'remedy'  => '',
				)
			);
			$code = 70;
		}
		if ( $code ) {
			WP_CLI::halt( $code );
		}
	}
}
