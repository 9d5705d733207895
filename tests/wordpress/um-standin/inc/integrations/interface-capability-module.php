<?php
/**
 * What a capability of an integration has to offer.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations;

defined( 'ABSPATH' ) || exit;

/**
 * Without return types, like the real one.
 */
interface Capability_Module {

	public function get_capability_id();

	public function get_title();

	public function get_supported_features();

	public function supports( string $feature );

	/** Called only when the integration is enabled and set up. */
	public function register_hooks();

	public function get_fields();

	/** Returns [ 'will' => string[], 'will_not' => string[] ]. */
	public function get_explainer_lines();

	public function set_integration( Integration $integration );

	public function get_integration();

	/** Returns true or a WP_Error. */
	public function test_connection();
}
