<?php
/**
 * A subclass of the built-in integration, as a plugin registers one.
 *
 * @package WU_Cloudways_Tests
 */

/**
 * Answers the Test button by itself, with one field more.
 */
final class WU_Probe_Integration extends WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Integration {

	public function __construct() {
		parent::__construct();
		$this->set_optional_constants( array( 'WU_CLOUDWAYS_EXTRA_DOMAINS', 'WU_CLOUDWAYS_PROBE' ) );
	}

	public function get_fields(): array {
		return parent::get_fields() + array( 'WU_CLOUDWAYS_PROBE' => array( 'title' => 'Probe' ) );
	}

	public function test_connection() {
		return new WP_Error( 'probe', 'The <b>probe</b> was asked.' );
	}
}
