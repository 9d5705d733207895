<?php
/**
 * The mapped domains of the network.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Reads Ultimate Multisite's table itself.
 *
 * Its own wu_get_domains() answers at most a hundred by default and goes through the object cache, which inside a long
 * job is older than the table.
 */
final class Domains {

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * Takes what it needs.
	 *
	 * @param Store $store The memory.
	 */
	public function __construct( Store $store ) {
		$this->store = $store;
	}

	/**
	 * Every domain that is kept at Cloudways, as the extension takes them: the mapped ones, the adopted names, and what a
	 * filter makes of them.
	 *
	 * @return list<array{domain: string, www: bool, priority: int}>
	 * @throws Store_Exception When the read failed: an empty list is never a failure.
	 */
	public function read(): array {
		$pins    = array_fill_keys( $this->store->names( 'pins' ), true );
		$domains = $this->mapped();

		foreach ( $domains as $number => $domain ) {
			$domains[ $number ]['priority'] = isset( $pins[ strtolower( $domain['domain'] ) ] ) ? 1 : 0;
		}

		foreach ( $this->store->names( 'adopted' ) as $name ) {
			$domains[] = array(
				'domain'   => $name,
				'www'      => false,
				'priority' => isset( $pins[ $name ] ) ? 1 : 0,
			);
		}

		/**
		 * The last word on the domains that are kept at Cloudways.
		 *
		 * @param list<array{domain: string, www: bool, priority: int}> $domains A higher priority gets a place in the
		 *        certificate first. A plain name is allowed too.
		 */
		$filtered = apply_filters( 'wu_cloudways_domains', $domains );

		if ( ! is_array( $filtered ) ) {
			throw new Store_Exception( 'The filter wu_cloudways_domains did not return a list.' );
		}

		return array_values( $filtered );
	}

	/**
	 * Every mapped domain, inactive and failed ones too.
	 *
	 * @return list<array{domain: string, www: bool, priority: int}> priority: 0.
	 * @throws Store_Exception When the read failed: an empty list is never a failure.
	 */
	public function mapped(): array {
		global $wpdb;

		$domains = array();

		foreach ( Database::rows( "SELECT domain FROM {$wpdb->base_prefix}wu_domain_mappings ORDER BY id" ) as $row ) {
			$domains[] = array(
				'domain'   => (string) $row['domain'],
				'www'      => $this->wants_www( (string) $row['domain'] ),
				'priority' => 0,
			);
		}

		return $domains;
	}

	/**
	 * Names in such a list.
	 *
	 * @param list<array|string> $domains As read() returns them.
	 * @return list<string>
	 */
	public function names( array $domains ): array {
		return array_map( static fn( $domain ): string => (string) ( is_array( $domain ) ? ( $domain['domain'] ?? '' ) : $domain ), $domains );
	}

	/**
	 * Ultimate Multisite's setting for `www`, for names it is not asked about one by one.
	 *
	 * @return 'always'|'main_only'|'never'
	 */
	public function www_setting(): string {
		$setting = function_exists( 'wu_get_setting' ) ? wu_get_setting( 'auto_create_www_subdomain', 'always' ) : 'always';

		return in_array( $setting, array( 'always', 'main_only', 'never' ), true ) ? $setting : 'always';
	}

	/**
	 * The network's own domain, without a port.
	 *
	 * @return string
	 */
	public function network_domain(): string {
		return strtolower( (string) preg_replace( '/:\d+$/', '', (string) get_network()->domain ) );
	}

	/**
	 * Asks Ultimate Multisite whether a domain gets a `www` of its own.
	 *
	 * @param string $domain Mapped domain.
	 * @return bool
	 */
	private function wants_www( string $domain ): bool {
		$manager = '\WP_Ultimo\Managers\Domain_Manager';

		// The question can be asked since 2.4.4; before, every domain got one.
		if ( ! class_exists( $manager ) || ! method_exists( $manager, 'should_create_www_subdomain' ) ) {
			return true;
		}

		return (bool) $manager::get_instance()->should_create_www_subdomain( $domain );
	}
}
