<?php
/**
 * A host: its credentials, and whether it is switched on.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Integrations;

use WP_Ultimo\Helpers\Credential_Store;

defined( 'ABSPATH' ) || exit;

/**
 * Base class of all integrations.
 */
class Integration {

	protected string $id;

	protected string $title;

	protected string $description = '';

	protected string $logo = '';

	protected string $tutorial_link = '';

	/** Required credentials; an array among them means any of its names. */
	protected array $constants = array();

	protected array $optional_constants = array();

	protected array $supports = array();

	protected string $enabled_option_key = 'wu_host_integrations_enabled';

	public function __construct( string $id, string $title ) {
		$this->id    = $id;
		$this->title = $title;
	}

	public function get_id(): string {
		return $this->id;
	}

	public function get_title(): string {
		return $this->title;
	}

	public function get_description() {
		return $this->description;
	}

	public function set_description( string $description ) {
		$this->description = $description;
		return $this;
	}

	public function get_logo(): string {
		return $this->logo;
	}

	public function set_logo( string $logo ) {
		$this->logo = $logo;
		return $this;
	}

	public function get_tutorial_link(): string {
		return $this->tutorial_link;
	}

	public function set_tutorial_link( string $tutorial_link ) {
		$this->tutorial_link = $tutorial_link;
		return $this;
	}

	public function get_constants(): array {
		return $this->constants;
	}

	public function set_constants( array $constants ) {
		$this->constants = $constants;
		return $this;
	}

	public function get_optional_constants(): array {
		return $this->optional_constants;
	}

	public function set_optional_constants( array $optional_constants ) {
		$this->optional_constants = $optional_constants;
		return $this;
	}

	public function get_supports(): array {
		return $this->supports;
	}

	public function set_supports( array $supports ) {
		$this->supports = $supports;
		return $this;
	}

	public function get_all_constants(): array {
		$names = array();
		foreach ( $this->constants as $constant ) {
			array_push( $names, ...(array) $constant );
		}
		return array_merge( $names, $this->optional_constants );
	}

	/**
	 * A defined constant that is not empty, else what the wizard stored, else an empty string.
	 */
	public function get_credential( string $constant_name ): string {
		if ( defined( $constant_name ) && constant( $constant_name ) ) {
			return (string) constant( $constant_name );
		}
		$stored = get_network_option( null, "wu_hosting_credential_{$constant_name}", '' );
		return $stored ? Credential_Store::decrypt( $stored ) : '';
	}

	/**
	 * Stores what is given and deletes the rest: a name that is not in $values loses its stored value.
	 */
	public function save_credentials( array $values ): void {
		foreach ( $this->get_all_constants() as $name ) {
			if ( empty( $values[ $name ] ) ) {
				delete_network_option( null, "wu_hosting_credential_{$name}" );
			} else {
				update_network_option( null, "wu_hosting_credential_{$name}", Credential_Store::encrypt( $values[ $name ] ) );
			}
		}
	}

	public function delete_credentials(): void {
		$this->save_credentials( array() );
	}

	public function is_setup(): bool {
		return array() === $this->get_missing_constants();
	}

	public function get_missing_constants(): array {
		$missing = array();
		foreach ( $this->constants as $constant ) {
			if ( ! array_filter( array_map( array( $this, 'get_credential' ), (array) $constant ) ) ) {
				array_push( $missing, ...(array) $constant );
			}
		}
		return $missing;
	}

	public function is_enabled(): bool {
		$list = get_network_option( null, $this->enabled_option_key, array() );
		return ! empty( $list[ $this->id ] );
	}

	public function enable(): bool {
		return $this->switch_to( true );
	}

	public function disable(): bool {
		return $this->switch_to( false );
	}

	private function switch_to( bool $enabled ): bool {
		$list              = get_network_option( null, $this->enabled_option_key, array() );
		$list[ $this->id ] = $enabled;
		return update_network_option( null, $this->enabled_option_key, $list );
	}

	public function get_fields(): array {
		return array();
	}

	public function detect(): bool {
		return false;
	}

	public function supports( string $feature ): bool {
		if ( in_array( $feature, $this->supports, true ) ) {
			return true;
		}
		foreach ( Integration_Registry::get_instance()->get_capabilities( $this->id ) as $module ) {
			if ( $module->supports( $feature ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Returns true or a WP_Error.
	 */
	public function test_connection() {
		return true;
	}

	public function get_explainer_lines(): array {
		$lines = array(
			'will'     => array(),
			'will_not' => array(),
		);
		foreach ( Integration_Registry::get_instance()->get_capabilities( $this->id ) as $module ) {
			$lines = array_merge_recursive( $lines, $module->get_explainer_lines() );
		}
		return $lines;
	}
}
