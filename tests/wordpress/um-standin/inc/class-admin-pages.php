<?php
/**
 * Pages of the network admin.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo;

use WP_Ultimo\Integrations\Integration;
use WP_Ultimo\Integrations\Integration_Registry;

defined( 'ABSPATH' ) || exit;

/**
 * Dashboard, domains, one domain, settings, and the wizard of a host integration. Plain forms, with the names
 * and parameters of the real pages where a test or a plugin uses them.
 */
class Admin_Pages {

	/** The object handed to `wu_page_wp-ultimo-edit-domain_register_widgets`. */
	private ?Models\Domain $domain = null;

	private ?Integration $integration = null;

	public function __construct() {
		add_action( 'network_admin_menu', array( $this, 'add_menu' ) );
	}

	public function add_menu(): void {
		add_menu_page( 'Dashboard', 'Ultimate Multisite', 'manage_network', 'wp-ultimo', array( $this, 'dashboard' ), 'dashicons-networking', 10 );
		add_submenu_page( 'wp-ultimo', 'Domains', 'Domains', 'manage_network', 'wp-ultimo-domains', array( $this, 'domains' ) );
		add_submenu_page( 'wp-ultimo', 'Settings', 'Settings', 'manage_network', 'wp-ultimo-settings', array( $this, 'settings' ) );
		$edit   = add_submenu_page( 'none', 'Edit Domain', 'Edit Domain', 'manage_network', 'wp-ultimo-edit-domain', array( $this, 'edit_domain' ) );
		$wizard = add_submenu_page( 'none', 'Integration Setup', 'Integration Setup', 'manage_network', 'wp-ultimo-hosting-integration-wizard', array( $this, 'wizard' ) );
		add_action( "load-$edit", array( $this, 'load_edit_domain' ) );
		add_action( "load-$wizard", array( $this, 'load_wizard' ) );
	}

	public function dashboard(): void {
		echo '<div class="wrap"><h1>Dashboard</h1></div>';
	}

	public function domains(): void {
		echo '<div class="wrap"><h1>Domains</h1><table class="widefat"><thead><tr><th>Domain</th><th>Stage</th><th>Active</th><th>Site</th></tr></thead><tbody>';
		foreach ( wu_get_domains() as $domain ) {
			$name = '<strong>' . esc_html( $domain->get_domain() ) . '</strong>';
			printf(
				'<tr><td>%s <a href="%s">Edit</a></td><td>%s</td><td>%s</td><td>%d</td></tr>',
				apply_filters( 'wu_domain_list_column_domain', $name, $domain ), // phpcs:ignore WordPress.Security.EscapeOutput
				esc_url( wu_network_admin_url( 'wp-ultimo-edit-domain', array( 'id' => $domain->get_id() ) ) ),
				esc_html( $domain->get_stage_label() ),
				$domain->is_active() ? 'Yes' : 'No',
				absint( $domain->get_blog_id() )
			);
		}
		echo '</tbody></table></div>';
	}

	/**
	 * The domain that the page shows.
	 */
	public function get_object() {
		return $this->domain;
	}

	public function load_edit_domain(): void {
		$this->domain = wu_get_domain( absint( wu_request( 'id' ) ) ) ?: null; // phpcs:ignore Universal.Operators.DisallowShortTernary
		if ( ! $this->domain ) {
			wp_safe_redirect( wu_network_admin_url( 'wp-ultimo-domains' ) );
			exit;
		}
		if ( wu_request( 'saving_wp-ultimo-edit-domain' ) ) {
			check_admin_referer( 'saving_wp-ultimo-edit-domain', '_wpultimo_nonce' );
			$this->domain->set_stage( sanitize_key( (string) wu_request( 'stage', $this->domain->get_stage() ) ) );
			$this->domain->set_active( (bool) wu_request( 'active' ) );
			$this->domain->save();
			wu_enqueue_async_action( 'wu_async_process_domain_stage', array( 'domain_id' => $this->domain->get_id() ), 'domain' );
			wp_safe_redirect( wu_network_admin_url( 'wp-ultimo-edit-domain', array( 'id' => $this->domain->get_id() ) ) );
			exit;
		}
		do_action( 'wu_page_wp-ultimo-edit-domain_register_widgets', 'wp-ultimo-edit-domain', get_current_screen()->id, $this );
	}

	public function edit_domain(): void {
		$domain = $this->domain;
		printf( '<div class="wrap"><h1>%s</h1><form method="post">', esc_html( $domain->get_domain() ) );
		$this->nonces( 'wp-ultimo-edit-domain' );
		echo '<p><label>Stage <select name="stage">';
		foreach ( array( 'checking-dns', 'checking-ssl-cert', 'done-without-ssl', 'done', 'failed', 'ssl-failed' ) as $stage ) {
			printf( '<option %s>%s</option>', selected( $stage, $domain->get_stage(), false ), esc_html( $stage ) );
		}
		printf( '</select></label></p><p><label><input type="checkbox" name="active" value="1" %s> Active</label></p>', checked( $domain->is_active(), true, false ) );
		submit_button();
		echo '</form>';
		foreach ( array( 'normal', 'advanced', 'side' ) as $context ) {
			do_meta_boxes( get_current_screen(), $context, $domain );
		}
		echo '</div>';
	}

	/**
	 * Shows the fields of a tab. Nothing here switches an integration on or off, as on the real page.
	 */
	public function settings(): void {
		$tab = sanitize_key( (string) wu_request( 'tab', 'domain-mapping' ) );
		echo '<div class="wrap"><h1>Settings</h1><h2 class="nav-tab-wrapper">';
		foreach ( WP_Ultimo()->settings->get_sections() as $slug => $title ) {
			printf( '<a class="nav-tab %s" href="%s">%s</a>', $slug === $tab ? 'nav-tab-active' : '', esc_url( wu_network_admin_url( 'wp-ultimo-settings', array( 'tab' => $slug ) ) ), esc_html( $title ) );
		}
		echo '</h2>';
		foreach ( WP_Ultimo()->settings->get_fields( $tab ) as $slug => $field ) {
			printf( '<div id="field-%s"><h3>%s</h3><div>%s</div></div>', esc_attr( $slug ), wp_kses_post( $field['title'] ?? '' ), wp_kses_post( $field['desc'] ?? '' ) );
		}
		echo '</div>';
	}

	/**
	 * Steps of the wizard, in their order.
	 *
	 * @return array<string, string>
	 */
	private function steps(): array {
		$steps = array(
			'activation'   => 'Activation',
			'instructions' => 'Instructions',
			'config'       => 'Configuration',
			'testing'      => 'Testing Integration',
			'done'         => 'Ready!',
		);
		if ( $this->integration->supports( 'no-instructions' ) || ! method_exists( $this->integration, 'get_instructions' ) ) {
			unset( $steps['instructions'] );
		}
		if ( $this->integration->supports( 'no-config' ) ) {
			unset( $steps['config'] );
		}
		return $steps;
	}

	private function step(): string {
		return sanitize_key( (string) wu_request( 'step', array_key_first( $this->steps() ) ) );
	}

	private function next_step_url(): string {
		$keys = array_keys( $this->steps() );
		$next = $keys[ array_search( $this->step(), $keys, true ) + 1 ] ?? end( $keys );
		return add_query_arg( 'step', $next );
	}

	/**
	 * Fields of the integration and of its modules.
	 *
	 * @return array<string, array>
	 */
	private function wizard_fields(): array {
		$fields = $this->integration->get_fields();
		foreach ( Integration_Registry::get_instance()->get_capabilities( $this->integration->get_id() ) as $module ) {
			$fields = array_merge( $fields, $module->get_fields() );
		}
		return $fields;
	}

	/**
	 * Handles what the wizard's forms send.
	 */
	public function load_wizard(): void {
		$this->integration = Integration_Registry::get_instance()->get( sanitize_text_field( (string) wu_request( 'integration' ) ) );
		if ( ! $this->integration ) {
			wp_safe_redirect( network_admin_url( 'admin.php?page=wp-ultimo-settings' ) );
			exit;
		}
		$step = $this->step();
		if ( ! wu_request( "saving_$step" ) ) {
			return;
		}
		check_admin_referer( "saving_$step", '_wpultimo_nonce' );

		// The first step toggles: sent for an integration that is on, it switches it off and stays.
		if ( 'activation' === $step && $this->integration->is_enabled() ) {
			$this->integration->disable();
			return;
		}
		if ( 'activation' === $step ) {
			$this->integration->enable();
		}
		if ( 'config' === $step ) {
			check_admin_referer( 'saving_config', 'saving_config' );
			// A disabled field is not sent by the browser, and what is not sent is deleted.
			$values = array();
			foreach ( array_keys( $this->wizard_fields() ) as $name ) {
				// phpcs:ignore WordPress.Security.NonceVerification.Missing
				if ( isset( $_POST[ $name ] ) ) {
					$values[ $name ] = sanitize_text_field( wp_unslash( $_POST[ $name ] ) );
				}
			}
			$this->integration->save_credentials( $values );
		}
		wp_safe_redirect( $this->next_step_url() );
		exit;
	}

	public function wizard(): void {
		$step        = $this->step();
		$integration = $this->integration;
		printf( '<div class="wrap"><h1>%s: %s</h1><form method="post">', esc_html( $integration->get_title() ), esc_html( $this->steps()[ $step ] ?? '' ) );
		switch ( $step ) {
			case 'activation':
				printf( '<p>%s</p>', wp_kses_post( $integration->get_description() ) );
				foreach ( array( 'will' => 'This integration will:', 'will_not' => 'This integration will not:' ) as $which => $heading ) { // phpcs:ignore
					printf( '<p>%s</p>', esc_html( $heading ) );
					foreach ( $integration->get_explainer_lines()[ $which ] as $line ) {
						printf( '<p>%s</p>', wp_kses_post( $line ) );
					}
				}
				printf( '<button name="submit" value="1" class="button button-primary" data-testid="button-primary">%s</button>', $integration->is_enabled() ? 'Deactivate' : 'Activate' );
				printf( ' <a class="button" href="%s">Continue</a>', esc_url( $this->next_step_url() ) );
				break;
			case 'config':
				foreach ( $this->wizard_fields() as $name => $field ) {
					$this->field( $name, $field );
				}
				echo '<button name="submit" value="1" class="button button-primary" data-testid="button-primary">Save and test</button>';
				break;
			case 'testing':
				$this->test_box();
				break;
			default:
				if ( 'instructions' === $step ) {
					$integration->get_instructions();
				}
				echo '<button name="submit" value="1" class="button button-primary" data-testid="button-primary">Continue</button>';
		}
		$this->nonces( $step );
		echo '</form></div>';
	}

	/**
	 * One field of the wizard. Its title is text beside it and no label; an option of a select is chosen when it is the
	 * very text that is stored; a field whose constant is there and not empty is disabled.
	 */
	private function field( string $name, array $field ): void {
		$fixed   = defined( $name ) && constant( $name );
		$value   = $this->integration->get_credential( $name );
		$more    = ( $field['html_attr'] ?? array() ) + ( $fixed ? array( 'disabled' => 'disabled' ) : array() );
		$extra   = implode( ' ', array_map( static fn( $key, $text ) => esc_attr( $key ) . '="' . esc_attr( $text ) . '"', array_keys( $more ), $more ) );
		$tooltip = isset( $field['tooltip'] ) ? sprintf( ' <span class="dashicons dashicons-editor-help" role="img" title="%1$s" aria-label="%1$s"></span>', esc_attr( $field['tooltip'] ) ) : '';
		printf( '<div><p><strong>%s</strong>%s</p>', wp_kses_post( $field['title'] ?? $name ), $tooltip ); // phpcs:ignore WordPress.Security.EscapeOutput
		// phpcs:disable WordPress.Security.EscapeOutput -- $extra is escaped above.
		if ( 'select' === ( $field['type'] ?? 'text' ) ) {
			printf( '<select name="%s" %s>', esc_attr( $name ), $extra );
			foreach ( $field['options'] as $option => $label ) {
				printf( '<option %s value="%s">%s</option>', selected( $value === $option, true, false ), esc_attr( $option ), esc_html( $label ) );
			}
			echo '</select>';
		} else {
			printf( '<input class="regular-text" name="%s" type="%s" placeholder="%s" value="%s" %s>', esc_attr( $name ), esc_attr( $field['type'] ?? 'text' ), esc_attr( $field['placeholder'] ?? '' ), esc_attr( $value ), $extra );
		}
		// phpcs:enable
		$desc = $fixed ? "Defined as {$name} in wp-config.php." : ( $field['desc'] ?? '' );
		if ( $desc ) {
			printf( '<p class="description" id="%s-desc">%s</p>', esc_attr( $name ), wp_kses_post( $desc ) );
		}
		echo '</div>';
	}

	/**
	 * Asks the integration to test its connection, and prints the answer as HTML, as the real page does.
	 */
	private function test_box(): void {
		$data = array(
			'integration_id' => $this->integration->get_id(),
			'nonce'          => wp_create_nonce( 'wu_test_hosting_integration' ),
			'url'            => admin_url( 'admin-ajax.php' ),
		);
		?>
		<div id="integration-test"><pre>Waiting for results...</pre></div>
		<script>
			var wu_integration_test_data = <?php echo wp_json_encode( $data ); ?>;
			( async () => {
				const data = wu_integration_test_data;
				const body = new URLSearchParams( { action: 'wu_test_hosting_integration', integration: data.integration_id, _ajax_nonce: data.nonce } );
				const answer = await ( await fetch( data.url, { method: 'POST', body } ) ).json();
				const box = document.querySelector( '#integration-test pre' );
				box.dataset.success = answer.success;
				box.innerHTML = answer.data.message;
			} )();
		</script>
		<?php
	}

	/**
	 * The two hidden fields that a step's form carries.
	 */
	private function nonces( string $step ): void {
		wp_nonce_field( "saving_$step", "saving_$step", false );
		wp_nonce_field( "saving_$step", '_wpultimo_nonce' );
	}
}
