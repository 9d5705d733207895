<?php
/**
 * The database did not answer.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Thrown when a read or a write of the memory or of the domain list failed. Its message names no secret.
 */
final class Store_Exception extends \RuntimeException {

	/**
	 * Its code when a table is not there: MySQL's number for it.
	 */
	const NO_TABLE = 1146;
}
