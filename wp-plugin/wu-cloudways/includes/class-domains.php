<?php
/**
 * The mapped domains of the network.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Reads Ultimate Multisite's table itself.
 */
final class Domains {

	/**
	 * Every mapped domain, inactive ones too, as the extension takes them.
	 *
	 * @return list<array{domain: string, www: bool, priority: int}>
	 * @throws Store_Exception When the read failed: an empty list is never a failure.
	 */
	public function read(): array {}
}
