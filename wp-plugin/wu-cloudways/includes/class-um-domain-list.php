<?php
/**
 * The mark in Ultimate Multisite's list of domains.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * A few words below each domain's name: what stands between it and a visitor, or that nothing does.
 *
 * A column cannot be added (Ultimate Multisite's table ends in an error), and each row is asked for by itself: the names
 * of the page are gathered as they come from the database, so that one read answers for all rows.
 */
final class UM_Domain_List {

	/**
	 * Names that came from the database in this request, and were not looked up yet.
	 *
	 * @var array<string, true>
	 */
	private static $seen = array();

	/**
	 * Entries of the names that were looked up; null where the report has none.
	 *
	 * @var array<string, array|null>
	 */
	private static $entries = array();

	/**
	 * Gathers the names of a list of domains.
	 *
	 * @param mixed $domains Domains, or what was asked of them.
	 * @return mixed As it was.
	 */
	public static function collect( $domains ) {
		foreach ( is_array( $domains ) ? $domains : array() as $domain ) {
			if ( is_object( $domain ) && method_exists( $domain, 'get_domain' ) ) {
				self::$seen[ strtolower( (string) $domain->get_domain() ) ] = true;
			}
		}

		return $domains;
	}

	/**
	 * Adds the mark to a row.
	 *
	 * @param mixed       $html   The cell.
	 * @param object|null $domain The domain.
	 * @return mixed
	 */
	public static function add( $html, $domain = null ) {
		if ( ! is_string( $html ) || ! is_object( $domain ) || ! current_user_can( 'manage_network_options' ) ) {
			return $html;
		}

		try {
			$entry = self::entry( strtolower( (string) $domain->get_domain() ) );
		} catch ( Store_Exception $error ) {
			// The list is Ultimate Multisite's; our own page says what is wrong with the database.
			return $html;
		}

		if ( null === $entry ) {
			return $html;
		}

		return $html . sprintf(
			'<br><small class="wu-cloudways-mark">%s</small>',
			/* translators: %s: how a domain stands at Cloudways, in a word or two. */
			esc_html( sprintf( __( 'Cloudways: %s', 'wu-cloudways' ), self::words( $entry ) ) )
		);
	}

	/**
	 * What comes first of alias, DNS and certificate that is not right.
	 *
	 * @param array $entry Entry of a report.
	 * @return string
	 */
	private static function words( array $entry ): string {
		$alias       = (string) ( $entry['alias'] ?? '' );
		$verdict     = (string) ( $entry['dns']['verdict'] ?? '' );
		$certificate = (string) ( $entry['certificate'] ?? '' );

		$words = array(
			'alias'       => array(
				'missing'   => __( 'alias not there yet', 'wu-cloudways' ),
				'pending'   => __( 'alias not there yet', 'wu-cloudways' ),
				'set_aside' => __( 'alias refused', 'wu-cloudways' ),
				'invalid'   => Messages::alias( 'invalid' ),
				'withheld'  => Messages::alias( 'withheld' ),
			),
			'dns'         => array(
				'elsewhere' => __( 'DNS points elsewhere', 'wu-cloudways' ),
				'missing'   => __( 'no DNS record', 'wu-cloudways' ),
				'unknown'   => __( 'DNS gave no answer', 'wu-cloudways' ),
			),
			'certificate' => array(
				'covered'  => __( 'in the certificate', 'wu-cloudways' ),
				'ordered'  => __( 'certificate on its way', 'wu-cloudways' ),
				'waiting'  => __( 'certificate on its way', 'wu-cloudways' ),
				'blocked'  => __( 'no certificate yet', 'wu-cloudways' ),
				'left_out' => __( 'no space in the certificate', 'wu-cloudways' ),
			),
		);

		return $words['alias'][ $alias ] ?? $words['dns'][ $verdict ] ?? $words['certificate'][ $certificate ] ?? Messages::alias( $alias );
	}

	/**
	 * The entry of a domain.
	 *
	 * @param string $name Domain.
	 * @return array|null
	 * @throws Store_Exception When it could not be read.
	 */
	private static function entry( string $name ): ?array {
		if ( ! array_key_exists( $name, self::$entries ) ) {
			self::$seen[ $name ] = true;

			$names          = array_map( 'strval', array_keys( self::$seen ) );
			self::$entries += Plugin::instance()->store()->entries( $names ) + array_fill_keys( $names, null );
			self::$seen     = array();
		}

		return self::$entries[ $name ];
	}
}
