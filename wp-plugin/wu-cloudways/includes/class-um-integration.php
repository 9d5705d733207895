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
 * The built-in integration with a Test button that asks the extension, fields for the settings that are ours, and texts
 * that say what is so with this plugin.
 *
 * Loaded only inside `wu_register_integrations`: before it, the parent may not be there.
 */
final class UM_Integration extends Cloudways_Integration {

	/**
	 * What a limited access token must be allowed to use.
	 */
	const ENDPOINTS          = array( 'GET /server', 'GET /operation/{id}', 'POST /app/manage/aliases', 'POST /security/lets_encrypt_install', 'POST /security/lets_encrypt_auto' );
	const WILDCARD_ENDPOINTS = array( 'POST /security/createDNS', 'POST /security/verifyDNS' );

	/**
	 * Makes our settings known besides the built-in ones: what is not known is not stored.
	 */
	public function __construct() {
		parent::__construct();
		$this->set_optional_constants( array_values( array_unique( array_merge( $this->get_optional_constants(), Plugin::OPTIONAL_SETTINGS ) ) ) );
	}

	/**
	 * What the wizard's first step says above its lines.
	 *
	 * @return string
	 */
	public function get_description(): string {
		return __( 'The plugin Cloudways Sync keeps the domains of this network and your Cloudways application in step. It stands in the place of the built-in integration and uses the same settings.', 'wu-cloudways' );
	}

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

		// It is shown in a box of code, whose lines do not break. Single quotes: the box shows JSON.
		return new \WP_Error( $test['error']['code'], "<span style='white-space: normal'>" . implode( '<br>', array_map( 'esc_html', array_filter( $lines ) ) ) . '</span>' );
	}

	/**
	 * The wizard's fields. One that is empty is not stored, and counts as not set.
	 *
	 * A select's values are texts: Ultimate Multisite compares them with the stored text, and PHP makes a number of the
	 * key '1'.
	 *
	 * @return array<string, array>
	 */
	public function get_fields(): array {
		$fields = array(
			'WU_CLOUDWAYS_EMAIL'         => array(
				'title'       => __( 'E-mail of the Cloudways account', 'wu-cloudways' ),
				'desc'        => __( 'Certificates are ordered with this address. With an old API key it is half of the log-in, too.', 'wu-cloudways' ),
				/* translators: an example of an e-mail address. */
				'placeholder' => __( 'e.g. you@example.com', 'wu-cloudways' ),
			),
			'WU_CLOUDWAYS_API_KEY'       => array(
				'title'       => __( 'Access token', 'wu-cloudways' ),
				'desc'        => __( 'Begins with cw_. An old API key works as long as Cloudways accepts it; its end was announced for 15 October 2026.', 'wu-cloudways' ),
				/* translators: how an access token begins. */
				'placeholder' => __( 'e.g. cw_…', 'wu-cloudways' ),
				'tooltip'     => __( 'How to create one is in the step before this one.', 'wu-cloudways' ),
			),
			'WU_CLOUDWAYS_SERVER_ID'     => array(
				'title'       => __( 'Server ID', 'wu-cloudways' ),
				'desc'        => __( 'The number in the server’s address on the Cloudways platform.', 'wu-cloudways' ),
				/* translators: an example of a number. */
				'placeholder' => __( 'e.g. 50482', 'wu-cloudways' ),
			),
			'WU_CLOUDWAYS_APP_ID'        => array(
				'title'       => __( 'Application ID', 'wu-cloudways' ),
				'desc'        => __( 'The number in the application’s address on the Cloudways platform.', 'wu-cloudways' ),
				/* translators: an example of a number. */
				'placeholder' => __( 'e.g. 131933', 'wu-cloudways' ),
			),
			'WU_CLOUDWAYS_EXTRA_DOMAINS' => array(
				'title'       => __( 'Extra domains (optional)', 'wu-cloudways' ),
				'desc'        => __( 'Names that are to be aliases besides the mapped domains, with commas between them; wildcards are allowed.', 'wu-cloudways' ),
				/* translators: examples of domains. */
				'placeholder' => __( 'e.g. *.example.com, example.org', 'wu-cloudways' ),
				'tooltip'     => __( 'Aliases that were made by hand at Cloudways stay without being listed here.', 'wu-cloudways' ),
			),
			'WU_CLOUDWAYS_ALIAS_POLICY'  => array(
				'type'    => 'select',
				'title'   => __( 'Aliases that were made by hand (optional)', 'wu-cloudways' ),
				'desc'    => __( 'What becomes of aliases at Cloudways that this network does not ask for.', 'wu-cloudways' ),
				'options' => array(
					''        => __( 'Keep them', 'wu-cloudways' ),
					'replace' => __( 'Remove them', 'wu-cloudways' ),
				),
			),
			'WU_CLOUDWAYS_DNS_SERVERS'   => array(
				'title'       => __( 'DNS servers (optional)', 'wu-cloudways' ),
				'desc'        => __( 'IP addresses of the servers that are asked where domains point, with commas between them. Without any, those of this server are asked.', 'wu-cloudways' ),
				/* translators: examples of IP addresses, the second one with a port. */
				'placeholder' => __( 'e.g. 192.0.2.53, 192.0.2.54:5353', 'wu-cloudways' ),
			),
			'WU_CLOUDWAYS_WILDCARD_SSL'  => array(
				'title'       => __( 'Wildcard certificate (optional)', 'wu-cloudways' ),
				'desc'        => __( 'One of the wildcards among the extra domains. Its certificate then takes the place of the ordinary one, and domains that it does not hold have no HTTPS.', 'wu-cloudways' ),
				/* translators: an example of a wildcard. */
				'placeholder' => __( 'e.g. *.example.com', 'wu-cloudways' ),
				'tooltip'     => __( 'A Cloudways application has one certificate only.', 'wu-cloudways' ),
			),
			'WU_CLOUDWAYS_DRY_RUN'       => array(
				'type'    => 'select',
				'title'   => __( 'Write to Cloudways (optional)', 'wu-cloudways' ),
				'desc'    => __( 'Without writing, the Cloudways page shows what would be done.', 'wu-cloudways' ),
				'options' => array(
					''     => __( 'Yes', 'wu-cloudways' ),
					'true' => __( 'No, only look', 'wu-cloudways' ),
				),
			),
		);

		// The parent's attributes stay: they keep browsers from filling in what they have stored.
		$fields = array_replace_recursive( parent::get_fields(), $fields );

		foreach ( $fields as $name => $field ) {
			// The wizard prints titles as plain text beside its inputs, and descriptions under this id.
			$fields[ $name ]['html_attr'] = array_merge(
				array(
					'aria-label'       => (string) ( $field['title'] ?? $name ),
					'aria-describedby' => $name . '-desc',
				),
				(array) ( $field['html_attr'] ?? array() )
			);
		}

		return $fields;
	}

	/**
	 * The wizard's step of instructions.
	 *
	 * @return void
	 */
	public function get_instructions(): void {
		echo '<h1>' . esc_html__( 'What this needs', 'wu-cloudways' ) . '</h1>';

		self::heading( __( 'An access token', 'wu-cloudways' ) );
		echo '<ol>';
		self::item( __( 'Log in to the Cloudways platform as the primary account owner: nobody else can create one.', 'wu-cloudways' ) );
		self::item( __( 'Open API Integration and create an access token. It has a name, an end that you choose, and a role.', 'wu-cloudways' ) );
		/* translators: FULL is the name of a role at Cloudways. */
		self::item( __( 'Give it the role FULL.', 'wu-cloudways' ) );
		echo '<li>' . esc_html__( 'Or give it the role LIMITED, with these endpoints:', 'wu-cloudways' );
		self::endpoints( self::ENDPOINTS );
		echo esc_html__( 'For a wildcard certificate also:', 'wu-cloudways' );
		self::endpoints( self::WILDCARD_ENDPOINTS );
		echo '</li>';
		self::item( __( 'Copy it for the next step: it begins with cw_. Note when it ends, and replace it before.', 'wu-cloudways' ) );
		echo '</ol>';
		echo '<p>' . esc_html__( 'An old API key is exchanged for a token together with the e-mail of the account. Cloudways announced the end of that exchange for 15 October 2026: use an access token.', 'wu-cloudways' ) . '</p>';

		self::heading( __( 'Server ID and application ID', 'wu-cloudways' ) );
		echo '<p>' . esc_html__( 'On the Cloudways platform, open the server, then the application that this network runs in. Each has its number in the address of its page. The test at the end of this wizard says when one of them is not right.', 'wu-cloudways' ) . '</p>';

		self::heading( __( 'The PHP extension', 'wu-cloudways' ) );

		if ( Plugin::instance()->environment()->extension()['compatible'] ) {
			echo '<p>' . esc_html__( 'The PHP extension wu_cloudways is loaded on this website.', 'wu-cloudways' ) . '</p>';
		} else {
			echo '<p>' . esc_html__( 'The PHP extension wu_cloudways is not loaded on this website yet. The Cloudways page says how to load it.', 'wu-cloudways' ) . '</p>';
		}

		self::heading( __( 'What happens then', 'wu-cloudways' ) );
		echo '<p>' . esc_html__( 'After you have saved the settings, the first run follows by itself within minutes. To see before it what it would do, choose not to write to Cloudways in the next step.', 'wu-cloudways' ) . '</p>';
		printf( '<p><a href="%s">%s</a></p>', esc_url( Network_Page::url() ), esc_html__( 'Open the Cloudways page', 'wu-cloudways' ) );
	}

	/**
	 * Prints names of the API, which read from left to right in every language.
	 *
	 * @param list<string> $endpoints Endpoints.
	 * @return void
	 */
	private static function endpoints( array $endpoints ): void {
		echo '<ul dir="ltr">';

		foreach ( $endpoints as $endpoint ) {
			printf( '<li><code>%s</code></li>', esc_html( $endpoint ) );
		}

		echo '</ul>';
	}

	/**
	 * Prints a heading. WordPress moves those inside a box to the right of its text.
	 *
	 * @param string $text Text.
	 * @return void
	 */
	private static function heading( string $text ): void {
		printf( '<h2 style="padding-inline: 0">%s</h2>', esc_html( $text ) );
	}

	/**
	 * Prints an item of a list.
	 *
	 * @param string $text Text.
	 * @return void
	 */
	private static function item( string $text ): void {
		echo '<li>' . esc_html( $text ) . '</li>';
	}
}
