<?php
/**
 * The WU_CLOUDWAYS_* constants, and the values typed into Ultimate Multisite's wizard.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The extension reads constants. Values typed into the wizard are encrypted network options instead.
 */
final class Credentials {

	const REQUIRED = array( 'WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID' );
	const OPTIONAL = array( 'WU_CLOUDWAYS_EXTRA_DOMAINS' );

	/**
	 * Defines the missing constants from the stored values.
	 *
	 * Call it on the line before an extension call and nowhere else. It does
	 * nothing in a request that shows or saves the wizard.
	 */
	public function define_missing_constants(): void {}

	/**
	 * Required names that have neither a constant nor a stored value.
	 *
	 * @return list<string>
	 */
	public function missing(): array {}

	/**
	 * Names whose stored value cannot be decrypted any more.
	 *
	 * @return list<string>
	 */
	public function unreadable(): array {}

	/** This request shows or saves the integration wizard. */
	public function is_wizard_request(): bool {}
}
