<?php
/**
 * A copy of the site is not the site.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Compares where the network runs with where it ran when it first wrote.
 *
 * A staging copy carries the same constants and the same tables; it would take the aliases of production away.
 */
final class Clone_Guard {

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
	 * Here and now. The home is as the network is stored: home URLs are filtered, and Ultimate Multisite puts the host of
	 * the request into them.
	 *
	 * @return array{sys_user: ?string, home: string, environment: string} home: host, port and path, without the scheme.
	 */
	public function actual(): array {
		$network = get_network();

		return array(
			'sys_user'    => $this->sys_user(),
			'home'        => untrailingslashit( strtolower( $network->domain . $network->path ) ),
			'environment' => wp_get_environment_type(),
		);
	}

	/**
	 * What was stored; null before the first run.
	 *
	 * @return array{sys_user: ?string, home: string, environment: string}|null
	 * @throws Store_Exception When it could not be read.
	 */
	public function expected(): ?array {
		$home = json_decode( (string) base64_decode( (string) $this->store->value( 'home' ), true ), true );

		return is_array( $home ) && isset( $home['home'], $home['environment'] ) ? $home : null;
	}

	/**
	 * The two differ, or this was never production and nobody confirmed it.
	 *
	 * @return bool
	 * @throws Store_Exception When it could not be read.
	 */
	public function is_clone(): bool {
		$expected = $this->expected();
		$actual   = $this->actual();

		if ( null === $expected ) {
			return 'production' !== $actual['environment'];
		}

		// A path that says nothing, then or now, proves nothing.
		$moved = isset( $expected['sys_user'], $actual['sys_user'] ) && $expected['sys_user'] !== $actual['sys_user'];

		return $moved || $expected['home'] !== $actual['home'] || $expected['environment'] !== $actual['environment'];
	}

	/**
	 * A person says that this is the site that may write.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function confirm(): void {
		// Encoded, so that a search and replace over the database of a copy does not make it look like the original.
		$this->store->put( 'home', time(), base64_encode( (string) wp_json_encode( $this->actual() ) ) );
	}

	/**
	 * Production writes for the first time: remembers where that was.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function remember(): void {
		if ( null === $this->expected() ) {
			$this->confirm();
		}
	}

	/**
	 * The Cloudways system user, from the path the site runs in: `/home/master/applications/<user>/public_html`.
	 *
	 * @return string|null Null when the path is not like that.
	 */
	public function sys_user(): ?string {
		$path = wp_normalize_path( (string) realpath( ABSPATH ) );
		$user = preg_match( '#/(?:applications|[^/]+\.cloudwaysapps\.com)/([A-Za-z0-9_-]+)/public_html(?:/|$)#', $path, $match ) ? $match[1] : null;

		/**
		 * The system user this site runs under, for a layout of folders of one's own.
		 *
		 * @param string|null $user From the path; null when the path does not say.
		 */
		$user = apply_filters( 'wu_cloudways_sys_user', $user );

		return is_string( $user ) && '' !== $user ? $user : null;
	}
}
