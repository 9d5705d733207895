<?php
/**
 * The Cloudways integration, as Ultimate Multisite's wizard shows it.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

use WP_Ultimo\Integrations\Providers\Cloudways\Cloudways_Integration;

defined( 'ABSPATH' ) || exit;

/**
 * The built-in integration with a Test button that asks the extension.
 *
 * Loaded only inside `wu_register_integrations`: before it, the parent may not be there.
 */
final class UM_Integration extends Cloudways_Integration {

	/**
	 * What the Test button shows. Ultimate Multisite prints the message as HTML.
	 *
	 * @return true|\WP_Error
	 */
	public function test_connection() {
		$test = Plugin::instance()->runner()->test();

		if ( $test['ok'] ) {
			return true;
		}

		$error = Messages::error( $test['error'] );
		$lines = array_merge( array( $error['text'] ), $error['items'], array( $error['remedy'] ) );

		return new \WP_Error( $test['error']['code'], implode( '<br>', array_map( 'esc_html', array_filter( $lines ) ) ) );
	}

	/**
	 * The wizard's fields. The built-in tooltip says that every alias made by hand is lost, which is no longer so.
	 *
	 * @return array
	 */
	public function get_fields(): array {
		$fields = parent::get_fields();

		if ( isset( $fields['WU_CLOUDWAYS_EXTRA_DOMAINS'] ) ) {
			$fields['WU_CLOUDWAYS_EXTRA_DOMAINS']['tooltip'] = __( 'Names that are always kept at Cloudways besides the mapped domains. Aliases made there by hand stay without being listed here.', 'wu-cloudways' );
		}

		return $fields;
	}
}
