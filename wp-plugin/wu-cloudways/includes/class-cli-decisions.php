<?php
/**
 * The commands `pause`, `resume`, `adopt` and `release`.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;

defined( 'ABSPATH' ) || exit;

/**
 * The commands by which a person decides something. It is kept, and the next run carries it out.
 */
final class CLI_Decisions extends CLI_Command {

	/** Columns of a decision. */
	const FIELDS = array( 'alias', 'result', 'message' );

	/**
	 * Sends nothing to Cloudways until it is resumed.
	 *
	 * Changes are remembered meanwhile, and plans can be made. A run that is
	 * at work already goes on to its end.
	 *
	 * ## EXAMPLES
	 *
	 *     # While Cloudways is being worked on by hand.
	 *     $ wp wu-cloudways pause --user=admin
	 *     Success: Paused: nothing is sent. To go on: wp wu-cloudways resume
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options: none.
	 */
	public function pause( $args, $assoc_args ) {
		$this->guarded(
			function () {
				$plugin  = Plugin::instance();
				$paused  = $plugin->store()->paused();
				$goes_on = $plugin->lock()->is_held();

				if ( null !== $paused ) {
					$this->say( Doctor::paused_text( $paused ), 'warning' );
					return 0;
				}

				$user = wp_get_current_user();
				$plugin->decisions()->pause( $user->exists() ? $user->user_login : 'WP-CLI' );

				if ( $goes_on ) {
					$this->say( __( 'A run is at work, and goes on to its end.', 'wu-cloudways' ), 'warning' );
				}
				$this->say( __( 'Paused: nothing is sent. To go on: wp wu-cloudways resume', 'wu-cloudways' ), 'success' );
				return 0;
			}
		);
	}

	/**
	 * Ends a pause: what waited is sent by the next run, which follows by itself.
	 *
	 * ## OPTIONS
	 *
	 * [--sync]
	 * : Start that run now, and wait for it as `sync` does; ends with its exit code.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways resume
	 *     Success: Resumed. A run follows by itself.
	 *
	 * @param array $args       Positional arguments: none.
	 * @param array $assoc_args Options.
	 */
	public function resume( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $assoc_args ) {
				$plugin = Plugin::instance();
				$paused = $plugin->store()->paused();

				if ( null === $paused ) {
					$this->say( __( 'It was not paused.', 'wu-cloudways' ), 'warning' );
				} else {
					// One change more is counted by this itself.
					$waits = $plugin->store()->dirty();
					$plugin->decisions()->resume();

					/* translators: %s: number of changes. */
					$this->say( __( 'Resumed.', 'wu-cloudways' ) . ( $waits ? ' ' . sprintf( _n( '%s change waits.', '%s changes wait.', $waits, 'wu-cloudways' ), number_format_i18n( $waits ) ) : '' ) . ' ' . $this->what_follows( $assoc_args ), 'success' );
				}
				return $this->sync_if_asked( $assoc_args );
			}
		);
	}

	/**
	 * Takes over aliases that were made by hand at Cloudways.
	 *
	 * They are kept from now on as mapped domains are: among the aliases, and
	 * in the certificate. With --remove they are removed at Cloudways instead.
	 * The next run carries it out.
	 *
	 * ## OPTIONS
	 *
	 * <alias>...
	 * : The aliases.
	 *
	 * [--remove]
	 * : Remove them at Cloudways. Lists them and asks first.
	 *
	 * [--yes]
	 * : With --remove: do not ask.
	 *
	 * [--sync]
	 * : Start the run that carries it out now, and wait for it as `sync` does; ends with its exit code, or with 1 when a name was refused.
	 *
	 * [--format=<format>]
	 * : How to say what became of each.
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
	 * : Only these columns: alias, result, message. A result is adopted, remove, not_a_name or mapped.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways adopt shop.example
	 *
	 *     # Old aliases, away with them.
	 *     $ wp wu-cloudways adopt old.example www.old.example --remove --sync
	 *
	 *     # All that are not ours.
	 *     $ wp wu-cloudways status --format=json | jq -r '.report.aliases.kept[]' | xargs wp wu-cloudways adopt
	 *
	 * @param array $args       Positional arguments: aliases.
	 * @param array $assoc_args Options.
	 */
	public function adopt( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $args, $assoc_args ) {
				$names  = self::names( $args );
				$remove = (bool) WP_CLI\Utils\get_flag_value( $assoc_args, 'remove', false );

				if ( $remove && ! WP_CLI\Utils\get_flag_value( $assoc_args, 'yes', false ) ) {
					$this->say( __( 'These aliases are to be removed at Cloudways:', 'wu-cloudways' ) );
					foreach ( $names as $name ) {
						$this->say( '  - ' . $name );
					}
					if ( ! $this->asked() ) {
						$this->say( __( 'Nothing was done.', 'wu-cloudways' ) );
						return 11;
					}
				}
				return $this->decide( $names, $remove ? 'remove' : 'adopt', $assoc_args );
			}
		);
	}

	/**
	 * Leaves aliases alone from now on, as if they had been made by hand.
	 *
	 * They stay at Cloudways, and are removed there only by hand. A mapped
	 * domain cannot be released: end its mapping.
	 *
	 * ## OPTIONS
	 *
	 * <alias>...
	 * : The aliases.
	 *
	 * [--sync]
	 * : Start the run that carries it out now, and wait for it as `sync` does; ends with its exit code, or with 1 when a name was refused.
	 *
	 * [--format=<format>]
	 * : How to say what became of each.
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
	 * : Only these columns: alias, result, message. A result is released, not_a_name or mapped.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp wu-cloudways release shop.example
	 *
	 * @param array $args       Positional arguments: aliases.
	 * @param array $assoc_args Options.
	 */
	public function release( $args, $assoc_args ) {
		$this->guarded(
			function () use ( $args, $assoc_args ) {
				return $this->decide( self::names( $args ), 'release', $assoc_args );
			}
		);
	}

	/**
	 * Keeps a decision about each name, and says what became of it.
	 *
	 * @param list<string>              $names      Names.
	 * @param 'adopt'|'remove'|'release' $what       A method of Decisions.
	 * @param array                     $assoc_args Options of the command.
	 * @return int Exit code.
	 */
	private function decide( array $names, string $what, array $assoc_args ): int {
		$report   = Plugin::instance()->store()->last_summary();
		$observed = isset( $report['aliases']['observed'] ) ? array_map( 'strtolower', (array) $report['aliases']['observed'] ) : null;
		$rows     = array();
		$done     = 0;
		$code     = 0;

		foreach ( $names as $name ) {
			$refused = Plugin::instance()->decisions()->$what( $name );
			$unseen  = null === $refused && null !== $observed && ! in_array( rtrim( strtolower( $name ), '.' ), $observed, true );
			$done   += null === $refused ? 1 : 0;
			$rows[]  = array(
				'alias'   => $name,
				'result'  => $refused ?? array(
					'adopt'   => 'adopted',
					'remove'  => 'remove',
					'release' => 'released',
				)[ $what ],
				'message' => self::words( $refused ?? $what . ( $unseen ? '.unseen' : '' ) ),
			);
		}

		if ( self::is_for_people( $assoc_args ) ) {
			$this->print_columns( array_merge( array( array( __( 'Alias', 'wu-cloudways' ), __( 'What became of it', 'wu-cloudways' ) ) ), array_map( static fn( array $row ): array => array( $row['alias'], $row['message'] ), $rows ) ) );
		} else {
			$this->print_rows( $rows, self::FIELDS, $assoc_args );
		}

		if ( $done ) {
			$this->say( $this->what_follows( $assoc_args ), 'success' );
			$code = $this->sync_if_asked( $assoc_args );
		}
		if ( $done < count( $names ) ) {
			/* translators: 1: number of names, 2: number of all names. */
			$this->say( sprintf( __( 'Not done: %1$s of %2$s.', 'wu-cloudways' ), number_format_i18n( count( $names ) - $done ), number_format_i18n( count( $names ) ) ), 'error' );
			return 1;
		}
		return $code;
	}

	/**
	 * What became of a name, in words.
	 *
	 * @param string $result Code.
	 */
	private static function words( string $result ): string {
		$words = array(
			'adopt'          => __( 'Taken over: it is kept from now on, and gets into the certificate.', 'wu-cloudways' ),
			'adopt.unseen'   => __( 'Taken over. The last run did not see it at Cloudways: it is added there.', 'wu-cloudways' ),
			'remove'         => __( 'It is removed at Cloudways.', 'wu-cloudways' ),
			'remove.unseen'  => __( 'The last run did not see it at Cloudways; should it be there, it is removed.', 'wu-cloudways' ),
			'release'        => __( 'Left alone from now on.', 'wu-cloudways' ),
			'release.unseen' => __( 'The last run did not see it at Cloudways; should it be there, it is left alone.', 'wu-cloudways' ),
			'not_a_name'     => __( 'Not done: it is no domain name that can be used here.', 'wu-cloudways' ),
			'mapped'         => __( 'Not done: it is a mapped domain, and kept for as long as it is mapped.', 'wu-cloudways' ),
		);
		return $words[ $result ] ?? $result;
	}

	/**
	 * Names, each once.
	 *
	 * @param array $args Positional arguments.
	 * @return list<string>
	 */
	private static function names( array $args ): array {
		return array_values( array_unique( array_map( static fn( $name ): string => strtolower( trim( (string) $name ) ), $args ) ) );
	}

	/** When a decision takes effect. */
	private function what_follows( array $assoc_args ): string {
		if ( null !== Plugin::instance()->store()->paused() ) {
			return __( 'It is carried out when the pause ends: wp wu-cloudways resume', 'wu-cloudways' );
		}
		return WP_CLI\Utils\get_flag_value( $assoc_args, 'sync', false ) ? __( 'A run begins now.', 'wu-cloudways' ) : __( 'A run follows by itself. To start it now: wp wu-cloudways sync', 'wu-cloudways' );
	}

	/**
	 * With --sync: the run. What comes of it is said on standard error, as the decisions are the result.
	 *
	 * @param array $assoc_args Options of the command.
	 * @return int Exit code.
	 */
	private function sync_if_asked( array $assoc_args ): int {
		return WP_CLI\Utils\get_flag_value( $assoc_args, 'sync', false ) ? ( new CLI_Sync() )->follow() : 0;
	}
}
