<?php
/**
 * Defaults for a capability.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations;

defined( 'ABSPATH' ) || exit;

/**
 * Everything but id and title.
 */
abstract class Base_Capability_Module implements Capability_Module {

	protected Integration $integration;

	protected array $supported_features = array();

	public function supports( $feature ) {
		return in_array( $feature, $this->supported_features, true );
	}

	public function set_integration( Integration $integration ) {
		$this->integration = $integration;
	}

	public function get_integration() {
		return $this->integration;
	}

	public function get_supported_features() {
		return $this->supported_features;
	}

	public function register_hooks() {}

	public function get_fields() {
		return array();
	}

	public function get_explainer_lines() {
		return array(
			'will'     => array(),
			'will_not' => array(),
		);
	}

	public function test_connection() {
		return true;
	}
}
