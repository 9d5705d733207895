<?php
/**
 * Admin notices.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo;

defined( 'ABSPATH' ) || exit;

/**
 * Notices of one request, by panel; a person can dismiss those that have a key.
 */
class Admin_Notices {

	private array $notices = array(
		'admin'         => array(),
		'network-admin' => array(),
		'user'          => array(),
	);

	public function __construct() {
		add_action( 'in_admin_header', array( $this, 'display_notices' ) );
		add_action( 'wp_ajax_wu_dismiss_admin_notice', array( $this, 'ajax_dismiss' ) );
	}

	/**
	 * Adds a notice. The message is printed as HTML.
	 *
	 * @param string       $notice          HTML.
	 * @param string       $type            success, info, warning or error.
	 * @param string       $panel           admin, network-admin or user.
	 * @param string|false $dismissible_key Key that a person dismisses it by.
	 * @param array        $actions         Links: [ [ 'title' => …, 'url' => … ] ].
	 */
	public function add( $notice, $type = 'success', $panel = 'admin', $dismissible_key = false, $actions = array() ): void {
		$this->notices[ $panel ][ $dismissible_key ? $dismissible_key : md5( $notice ) ] = array(
			'type'            => $type,
			'message'         => $notice,
			'dismissible_key' => is_string( $dismissible_key ) ? $dismissible_key : false,
			'actions'         => $actions,
		);
	}

	public function get_notices( $panel = 'admin', $filter = true ) {
		$dismissed = $this->dismissed();
		$notices   = $this->notices[ $panel ] ?? array();
		return $filter ? array_filter( $notices, static fn( $notice ) => ! in_array( $notice['dismissible_key'], $dismissed, true ) ) : $notices;
	}

	public function display_notices(): void {
		$panel = is_network_admin() ? 'network-admin' : ( is_user_admin() ? 'user' : 'admin' );
		foreach ( $this->get_notices( $panel ) as $key => $notice ) {
			$links = '';
			foreach ( $notice['actions'] as $action ) {
				$links .= sprintf( ' <a href="%s">%s</a>', esc_url( $action['url'] ), esc_html( $action['title'] ) );
			}
			printf(
				'<div class="notice notice-%s" data-wu-notice="%s"><p>%s%s</p></div>',
				esc_attr( $notice['type'] ),
				esc_attr( $key ),
				$notice['message'], // phpcs:ignore WordPress.Security.EscapeOutput
				$links // phpcs:ignore WordPress.Security.EscapeOutput
			);
		}
	}

	public function ajax_dismiss(): void {
		check_ajax_referer( 'wu-dismiss-admin-notice', 'nonce' );
		$dismissed   = $this->dismissed();
		$dismissed[] = sanitize_text_field( (string) wu_request( 'notice_id' ) );
		update_user_meta( get_current_user_id(), 'wu_dismissed_admin_notices', array_unique( $dismissed ) );
		die( '1' );
	}

	private function dismissed(): array {
		return array_filter( (array) get_user_meta( get_current_user_id(), 'wu_dismissed_admin_notices', true ) );
	}
}
