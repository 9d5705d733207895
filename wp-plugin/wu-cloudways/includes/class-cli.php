<?php
/**
 * The commands.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_CLI;
use WP_CLI\Dispatcher\CommandNamespace;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps the domains of the network and the Cloudways application in step.
 *
 * Results go to standard output, messages to standard error.
 *
 * ## EXIT CODES
 *
 *     0   done, or nothing to do
 *     1   doctor found a fault that no other number stands for, or the command was used wrongly
 *     2   changes are pending (plan --expect-no-changes)
 *     3   done in part: something is withheld, blocked or failed; dns or doctor found something that is not right
 *     4   pending: it goes on by itself, in seconds or when an order's time has come
 *     10  the settings are not valid
 *     11  refused: another plan, or a copy of the site; a person decides
 *     12  Cloudways refuses the credentials, or the token's role
 *     13  too many requests
 *     14  busy with another run or operation
 *     15  Cloudways refused a request
 *     16  the Cloudways API cannot be reached
 *     17  its answer cannot be understood
 *     20  the PHP extension is missing, or too old
 *     70  internal error, or the database did not answer
 */
final class CLI extends CommandNamespace {

	/** The commands, and the class that has each as a method. */
	const COMMANDS = array(
		'status'  => CLI_Status::class,
		'plan'    => CLI_Sync::class,
		'sync'    => CLI_Sync::class,
		'dns'     => CLI_Checks::class,
		'test'    => CLI_Checks::class,
		'doctor'  => CLI_Checks::class,
		'history' => CLI_Status::class,
		'pause'   => CLI_Decisions::class,
		'resume'  => CLI_Decisions::class,
		'adopt'   => CLI_Decisions::class,
		'release' => CLI_Decisions::class,
	);

	/** Adds the commands. */
	public static function hook(): void {
		WP_CLI::add_command( 'wu-cloudways', self::class );

		foreach ( self::COMMANDS as $name => $command ) {
			WP_CLI::add_command( "wu-cloudways {$name}", array( $command, $name ) );
		}
	}
}
