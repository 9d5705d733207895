<?php
/**
 * What a person decides about single names.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Each decision is kept before anything is sent, so that a run that fails, or one in another process, still finds it.
 * A run follows by itself; whoever wants it at once calls Runner::run() afterwards.
 */
final class Decisions {

	/**
	 * The memory.
	 *
	 * @var Store
	 */
	private $store;

	/**
	 * The mapped domains.
	 *
	 * @var Domains
	 */
	private $domains;

	/**
	 * When the next run is.
	 *
	 * @var Scheduler
	 */
	private $scheduler;

	/**
	 * Takes what it needs.
	 *
	 * @param Store     $store     The memory.
	 * @param Domains   $domains   The mapped domains.
	 * @param Scheduler $scheduler When the next run is.
	 */
	public function __construct( Store $store, Domains $domains, Scheduler $scheduler ) {
		$this->store     = $store;
		$this->domains   = $domains;
		$this->scheduler = $scheduler;
	}

	/**
	 * An alias that was made by hand is kept from now on as a mapped domain is: it stays among the aliases, and gets into
	 * the certificate.
	 *
	 * @param string $name Alias.
	 * @return null|'not_a_name'|'mapped' Why not; null: it is done. not_a_name: a wildcard, or no domain name at all;
	 *         mapped: it is ours already, as a mapped domain.
	 * @throws Store_Exception When it could not be read or kept.
	 */
	public function adopt( string $name ): ?string {
		$name = self::name( $name );

		if ( null === $name ) {
			return 'not_a_name';
		}

		if ( $this->is_mapped( $name ) ) {
			return 'mapped';
		}

		$this->decide( $name, 'adopted' );

		return null;
	}

	/**
	 * An alias is left alone from now on, as if it had been made by hand.
	 *
	 * @param string $name Alias.
	 * @return null|'not_a_name'|'mapped' Why not; null: it is done. mapped: a mapped domain is ours for as long as it is
	 *         mapped.
	 * @throws Store_Exception When it could not be read or kept.
	 */
	public function release( string $name ): ?string {
		return $this->unless_mapped( $name, 'release' );
	}

	/**
	 * An alias that was made by hand is removed at Cloudways.
	 *
	 * @param string $name Alias.
	 * @return null|'not_a_name'|'mapped' Why not; null: it is done.
	 * @throws Store_Exception When it could not be read or kept.
	 */
	public function remove( string $name ): ?string {
		return $this->unless_mapped( $name, 'remove' );
	}

	/**
	 * A domain gets a place in the certificate before those without a pin, or does so no longer.
	 *
	 * @param string $name   Mapped domain, or adopted name.
	 * @param bool   $pinned Whether it does.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function pin( string $name, bool $pinned ): void {
		$this->store->change_names( 'pins', $pinned ? array( $name ) : array(), $pinned ? array() : array( $name ) );
		$this->follow();
	}

	/**
	 * Nothing is sent until somebody resumes it.
	 *
	 * @param string $by Login name of the person, or a word for where it was said.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function pause( string $by ): void {
		$was = $this->store->paused();

		$this->store->pause( $by );
		// What was to be forced before is decided anew when it is resumed.
		$this->store->forget( 'request' );

		if ( null === $was ) {
			Plugin::instance()->log()->pause( true );
		}
	}

	/**
	 * What waited is sent.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function resume(): void {
		$was = $this->store->paused();

		$this->store->resume();
		$this->follow();

		if ( null !== $was ) {
			Plugin::instance()->log()->pause( false );
		}
	}

	/**
	 * Decides about an alias that no mapping asks for.
	 *
	 * @param string             $name  Alias.
	 * @param 'release'|'remove' $which Its new list.
	 * @return null|'not_a_name'|'mapped'
	 * @throws Store_Exception When it could not be read or kept.
	 */
	private function unless_mapped( string $name, string $which ): ?string {
		$name = self::name( $name, true );

		if ( null === $name ) {
			return 'not_a_name';
		}

		if ( $this->is_mapped( $name ) ) {
			return 'mapped';
		}

		$this->decide( $name, $which );

		return null;
	}

	/**
	 * Keeps a decision in the place of an earlier one about the same name.
	 *
	 * @param string $name  Name.
	 * @param string $which Its list.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	private function decide( string $name, string $which ): void {
		Database::transaction(
			function () use ( $name, $which ): void {
				foreach ( array( 'adopted', 'release', 'remove' ) as $list ) {
					$this->store->change_names( $list, $list === $which ? array( $name ) : array(), array( $name ) );
				}
			}
		);
		$this->follow();
		Plugin::instance()->log()->decision( $name, $which );
	}

	/**
	 * A run follows by itself.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	private function follow(): void {
		$this->store->mark_dirty( 'decision' );
		$this->scheduler->wake_by( time() + Events::PATIENCE );
	}

	/**
	 * Ultimate Multisite has a mapping for it, or for the domain whose `www` it is.
	 *
	 * @param string $name Name.
	 * @return bool
	 * @throws Store_Exception When it could not be read.
	 */
	private function is_mapped( string $name ): bool {
		foreach ( $this->domains->mapped() as $domain ) {
			$mapped = strtolower( $domain['domain'] );

			if ( $mapped === $name || ( $domain['www'] && 'www.' . $mapped === $name ) ) {
				return true;
			}
		}

		return false;
	}

	/**
	 * A name as it is kept.
	 *
	 * @param string $name     As given.
	 * @param bool   $wildcard A wildcard is allowed.
	 * @return string|null Null when it is none.
	 */
	private static function name( string $name, bool $wildcard = false ): ?string {
		$name = rtrim( strtolower( trim( $name ) ), '.' );
		$star = $wildcard ? '(?:\\*\\.)?' : '';

		return preg_match( "/^(?=.{1,253}\$){$star}(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\\.)+[a-z0-9-]{2,63}\$/", $name ) ? $name : null;
	}
}
