<?php
/**
 * Settings.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo;

defined( 'ABSPATH' ) || exit;

/**
 * One network option that holds all settings, and the fields that the Settings page shows.
 */
class Settings {

	public const KEY = 'wp-ultimo_v2_settings';

	/**
	 * Fields of the page: section => slug => attributes.
	 *
	 * @var array<string, array<string, array>>
	 */
	private array $fields = array();

	/**
	 * Sections that were added: slug => attributes.
	 *
	 * @var array<string, array>
	 */
	private array $sections = array();

	private ?array $settings = null;

	public function get_all() {
		if ( null === $this->settings ) {
			$this->settings = (array) get_network_option( null, self::KEY, array() );
		}
		return $this->settings;
	}

	public function get_setting( $setting, $default_value = false ) {
		$settings = $this->get_all();
		$value    = $settings[ $setting ] ?? $default_value;
		return apply_filters( 'wu_get_setting', $value, $setting, $default_value, $settings );
	}

	public function save_setting( $setting, $value ) {
		$settings             = $this->get_all();
		$settings[ $setting ] = apply_filters( 'wu_save_setting', $value, $setting, $settings );
		$this->settings       = $settings;
		return update_network_option( null, self::KEY, $settings );
	}

	/**
	 * What the Settings page does with its form: changes what is given, keeps the rest. Saving one setting fires no action.
	 */
	public function save_settings( $settings_to_save = array() ) {
		$saved = $this->get_all();
		do_action( 'wu_before_save_settings', $settings_to_save );
		$this->settings = apply_filters( 'wu_pre_save_settings', array_merge( $saved, $settings_to_save ), $settings_to_save, $saved );
		update_network_option( null, self::KEY, $this->settings );
		do_action( 'wu_after_save_settings', $this->settings, $settings_to_save, $saved );
		return $this->settings;
	}

	public function add_section( $section_slug, $atts ): void {
		$this->sections[ $section_slug ] = $atts;
	}

	public function add_field( $section_slug, $field_slug, $atts, $priority = 10 ): void {
		$this->fields[ $section_slug ][ $field_slug ] = $atts + array( 'priority' => $priority );
	}

	/**
	 * Sections of the page, with the titles of those that plugins may add fields to.
	 *
	 * @return array<string, string>
	 */
	public function get_sections(): array {
		$titles = array(
			'domain-mapping' => 'Domain Mapping',
			'integrations'   => 'Integrations',
		);
		foreach ( $this->sections as $slug => $atts ) {
			$titles[ $slug ] = $atts['title'] ?? $slug;
		}
		return $titles;
	}

	/**
	 * Fields of one section. Asks plugins through `wu_settings_<section>`, dashes turned into underscores.
	 *
	 * @return array<string, array>
	 */
	public function get_fields( string $section ): array {
		do_action( 'wu_settings_' . str_replace( '-', '_', $section ) );
		$fields = $this->fields[ $section ] ?? array();
		uasort( $fields, static fn( $a, $b ) => $a['priority'] <=> $b['priority'] );
		return $fields;
	}
}
