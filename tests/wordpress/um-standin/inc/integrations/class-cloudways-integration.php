<?php
/**
 * The built-in integration for Cloudways.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations\Providers\Cloudways;

use WP_Ultimo\Integrations\Integration;

defined( 'ABSPATH' ) || exit;

/**
 * Credentials, fields and requests. Plugins extend this class.
 *
 * The real one talks to version 1 of the live API. This one talks only to the host in `WU_CLOUDWAYS_API_URL`,
 * with version 1 paths, and to nobody without it: so a test sees in the simulator's request log that the
 * built-in integration has written too.
 */
class Cloudways_Integration extends Integration {

	public function __construct() {
		parent::__construct( 'cloudways', 'Cloudways' );
		$this->set_constants( array( 'WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID' ) );
		$this->set_optional_constants( array( 'WU_CLOUDWAYS_EXTRA_DOMAINS' ) );
		$this->set_supports( array( 'autossl' ) );
	}

	public function detect(): bool {
		return str_contains( ABSPATH, 'cloudways' );
	}

	public function get_fields(): array {
		return array(
			'WU_CLOUDWAYS_EMAIL'         => array( 'title' => 'Account e-mail' ),
			'WU_CLOUDWAYS_API_KEY'       => array(
				'title'     => 'API key',
				'type'      => 'password',
				'html_attr' => array( 'autocomplete' => 'new-password' ),
			),
			'WU_CLOUDWAYS_SERVER_ID'     => array( 'title' => 'Server ID' ),
			'WU_CLOUDWAYS_APP_ID'        => array( 'title' => 'App ID' ),
			'WU_CLOUDWAYS_EXTRA_DOMAINS' => array( 'title' => 'Extra domains' ),
		);
	}

	/** Makes the wizard show its step of instructions. */
	public function get_instructions(): void {
		echo '<p>Take e-mail, API key, server and application id from the Cloudways platform.</p>';
	}

	public function test_connection() {
		$response = $this->send_cloudways_request( '/app/manage/fpm_setting', array(), 'GET' );
		if ( is_wp_error( $response ) ) {
			return $response;
		}
		return isset( $response->error ) ? new \WP_Error( 'cloudways-error', $response->error ) : true;
	}

	/**
	 * Sends a version 1 request and remembers it in the network option `wu_standin_builtin_requests` (the last fifty).
	 *
	 * @return object|null|\WP_Error The decoded answer.
	 */
	public function send_cloudways_request( string $endpoint, array $data = array(), string $method = 'POST' ) {
		$log   = get_network_option( null, 'wu_standin_builtin_requests', array() );
		$log[] = array( $method, $endpoint, $data );
		update_network_option( null, 'wu_standin_builtin_requests', array_slice( $log, -50 ) );

		$base = defined( 'WU_CLOUDWAYS_API_URL' ) ? (string) WU_CLOUDWAYS_API_URL : '';
		if ( '' === $base ) {
			return new \WP_Error( 'cloudways-error', 'WU_CLOUDWAYS_API_URL is not set, and the stand-in asks no other host.' );
		}
		$base  = preg_replace( '#/v2/?$#', '', $base ) . '/v1';
		$token = wp_remote_post(
			"$base/oauth/access_token",
			array(
				'body' => array(
					'email'   => $this->get_credential( 'WU_CLOUDWAYS_EMAIL' ),
					'api_key' => $this->get_credential( 'WU_CLOUDWAYS_API_KEY' ),
				),
			)
		);
		$token = json_decode( wp_remote_retrieve_body( $token ), true )['access_token'] ?? '';

		$data += array(
			'server_id' => $this->get_credential( 'WU_CLOUDWAYS_SERVER_ID' ),
			'app_id'    => $this->get_credential( 'WU_CLOUDWAYS_APP_ID' ),
		);
		if ( 'GET' !== $method ) {
			$data += array(
				'ssl_email' => $this->get_credential( 'WU_CLOUDWAYS_EMAIL' ),
				'wild_card' => false,
			);
		}
		$response = wp_remote_request(
			$base . $endpoint,
			array(
				'method'  => $method,
				'timeout' => 45,
				'body'    => $data,
				'headers' => array( 'authorization' => "Bearer $token" ),
			)
		);
		return is_wp_error( $response ) ? $response : json_decode( wp_remote_retrieve_body( $response ) );
	}
}
