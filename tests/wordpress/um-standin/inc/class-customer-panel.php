<?php
/**
 * The customer's panel of domains.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo;

defined( 'ABSPATH' ) || exit;

/**
 * A box on the dashboard of a site, and the shortcode `[wu_domain_mapping]` on front-end pages of the main site, for the
 * site that `?site=` names (in the real plugin by a hash, here by its id). Shown when the settings
 * `enable_domain_mapping` and `custom_domains` are on, to those who own the site.
 */
class Customer_Panel {

	public function __construct() {
		if ( is_main_site() ) {
			add_shortcode( 'wu_domain_mapping', fn() => $this->content( absint( wu_request( 'site' ) ) ) );
		}
		add_action( 'wp_dashboard_setup', array( $this, 'add_box' ) );
	}

	private function is_shown( int $site ): bool {
		return $site && wu_get_setting( 'enable_domain_mapping' ) && wu_get_setting( 'custom_domains' ) && current_user_can_for_blog( $site, 'manage_options' );
	}

	public function add_box(): void {
		if ( $this->is_shown( get_current_blog_id() ) ) {
			add_meta_box(
				'wp-ultimo-domain-mapping-element',
				'Domains',
				function (): void {
					echo $this->content( get_current_blog_id() ); // phpcs:ignore WordPress.Security.EscapeOutput
				},
				get_current_screen()->id,
				'side'
			);
		}
	}

	public function content( int $site ): string {
		if ( ! $this->is_shown( $site ) ) {
			return '';
		}
		ob_start();
		foreach ( wu_get_domains( array( 'blog_id' => $site ) ) as $domain ) {
			$this->row( $domain );
		}
		return (string) ob_get_clean();
	}

	/**
	 * One domain. The value of a piece of information is a text, or a function that prints it.
	 */
	private function row( Models\Domain $domain ): void {
		$row = array(
			'primary' => array(
				'icon'  => '',
				'value' => $domain->is_primary_domain() ? 'Primary' : 'Alias',
			),
			'secure'  => array(
				'icon'  => '',
				'value' => $domain->is_secure() ? 'HTTPS' : 'no HTTPS',
			),
		);
		$row = apply_filters( 'wu_domain_mapping_row_info', $row, $domain );
		printf( '<div><p><strong>%s</strong> <small>%s</small></p>', esc_html( $domain->get_domain() ), esc_html( $domain->get_stage_label() ) );
		foreach ( $row as $item ) {
			printf( '<p class="%s"><span class="%s"></span>', esc_attr( $item['wrapper_classes'] ?? '' ), esc_attr( $item['icon'] ) );
			if ( is_callable( $item['value'] ) ) {
				$item['value']();
			} else {
				echo wp_kses_post( $item['value'] );
			}
			echo '</p>';
		}
		echo '</div>';
	}
}
