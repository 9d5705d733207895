<?php
/**
 * What Ultimate Multisite's own checks of DNS and certificate learn from our reports.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Ultimate Multisite checks each new domain some times, a few minutes apart, and gives it up then for good. It guesses the
 * address of this network from outside services, and knows nothing of a certificate that is still to be ordered. Here it
 * gets the address that Cloudways names, does not count the tries during which the domain only waits for us, and looks
 * once more at a domain that it had given up when our report says that it is right.
 *
 * Nothing thrown here gets out: its check would fail with it, and is not made again.
 */
final class UM_Checks {

	/**
	 * A report that is older says nothing any more about what a domain waits for.
	 */
	const FRESH = DAY_IN_SECONDS;

	/**
	 * Domains that are looked at again after one report. The next report takes the next ones.
	 */
	const AT_ONCE = 50;

	/**
	 * Metadata of a domain: when it was looked at again, by what it had failed on; and how many tries it only waited.
	 */
	const REOPENED = array(
		'failed'     => 'wu_cloudways_reopened_dns',
		'ssl-failed' => 'wu_cloudways_reopened_ssl',
	);
	const WAITED   = 'wu_cloudways_waited';

	/**
	 * The address of this network: that of the server at Cloudways.
	 *
	 * @param mixed $address What Ultimate Multisite believes.
	 * @return mixed
	 */
	public static function public_ip( $address ) {
		return self::guarded(
			static function () use ( $address ) {
				$addresses = Plugin::instance()->store()->addresses();

				// A copy of the site has the report of the original, and is elsewhere.
				return $addresses && ! Plugin::instance()->clone_guard()->is_clone() ? $addresses[0] : $address;
			},
			$address
		);
	}

	/**
	 * Whether a domain's DNS is right: Ultimate Multisite compares its records with one address, and does not know of IPv6
	 * or of a proxy in front.
	 *
	 * @param mixed       $right  Its answer.
	 * @param object|null $domain The domain.
	 * @return mixed
	 */
	public static function has_correct_dns( $right, $domain = null ) {
		if ( $right || ! is_object( $domain ) ) {
			return $right;
		}

		return self::guarded(
			static function () use ( $right, $domain ) {
				$entry = self::entry( (string) $domain->get_domain() );

				return null !== $entry && self::is_right( $entry, 'failed' ) ? true : $right;
			},
			$right
		);
	}

	/**
	 * How often a domain is tried in its stage. The tries during which it only waits for us do not count.
	 *
	 * @param mixed       $tries  Ultimate Multisite's number, or another plugin's.
	 * @param object|null $domain The domain.
	 * @return mixed
	 */
	public static function max_tries( $tries, $domain = null ) {
		if ( ! is_object( $domain ) || ! in_array( $domain->get_stage(), array( 'checking-dns', 'checking-ssl-cert' ), true ) ) {
			return $tries;
		}

		return self::guarded(
			static function () use ( $tries, $domain ) {
				$stage  = (string) $domain->get_stage();
				$stored = $domain->get_meta( self::WAITED );
				$waited = is_array( $stored ) && ( $stored['stage'] ?? '' ) === $stage ? (int) ( $stored['tries'] ?? 0 ) : 0;
				$entry  = self::entry( (string) $domain->get_domain() );

				if ( null === $entry || ! self::waits( $entry ) ) {
					return (int) $tries + $waited;
				}

				$domain->update_meta(
					self::WAITED,
					array(
						'stage' => $stage,
						'tries' => $waited + 1,
					)
				);

				return PHP_INT_MAX;
			},
			$tries
		);
	}

	/**
	 * A run came to its end: what it says of domains that Ultimate Multisite has given up.
	 *
	 * @param array $report Report.
	 * @return void
	 */
	public static function on_reported( $report ): void {
		self::guarded(
			static function () use ( $report ): void {
				Plugin::instance()->store()->keep_addresses( (array) ( $report['connection']['addresses'] ?? array() ) );
				self::reopen( (array) ( $report['domains'] ?? array() ) );
			}
		);
	}

	/**
	 * Opens the check of domains again that are right by now, each once; again only after they were wrong.
	 *
	 * @param array<string, array> $entries The report's.
	 * @return void
	 * @throws Store_Exception When the database could not be read.
	 */
	private static function reopen( array $entries ): void {
		global $wpdb;

		if ( ! function_exists( 'wu_get_domain' ) || ! function_exists( 'wu_enqueue_async_action' ) ) {
			return;
		}

		$mappings = $wpdb->base_prefix . 'wu_domain_mappings';
		$done     = array();

		foreach ( Database::rows( "SELECT d.id, d.domain, m.meta_key FROM {$wpdb->base_prefix}wu_domainmeta m INNER JOIN {$mappings} d ON d.id = m.wu_domain_id WHERE m.meta_key IN (%s, %s)", array_values( self::REOPENED ) ) as $row ) {
			$stage = (string) array_search( $row['meta_key'], self::REOPENED, true );
			$entry = $entries[ $row['domain'] ] ?? null;

			$domain = null !== $entry && self::is_wrong( $entry, $stage ) ? wu_get_domain( (int) $row['id'] ) : null;

			if ( $domain ) {
				$domain->delete_meta( $row['meta_key'] );
			} else {
				$done[ $row['id'] . $stage ] = true;
			}
		}

		$left = self::AT_ONCE;

		foreach ( Database::rows( "SELECT id, domain, stage FROM {$mappings} WHERE active = 1 AND stage IN (%s, %s) ORDER BY id", array_keys( self::REOPENED ) ) as $row ) {
			$entry = $entries[ $row['domain'] ] ?? null;

			if ( null === $entry || isset( $done[ $row['id'] . $row['stage'] ] ) || ! self::is_right( $entry, $row['stage'] ) ) {
				continue;
			}

			if ( 0 === $left ) {
				return;
			}

			self::look_again( $row );
			--$left;
		}
	}

	/**
	 * Puts a domain back into the stage that it failed in, as its page does, and queues its check.
	 *
	 * @param array{id: string, domain: string, stage: string} $row Its row.
	 * @return void
	 */
	private static function look_again( array $row ): void {
		$domain = wu_get_domain( (int) $row['id'] );

		// What Ultimate Multisite has in its cache would be written back.
		if ( ! $domain || $domain->get_stage() !== $row['stage'] || $domain->get_domain() !== $row['domain'] ) {
			return;
		}

		$domain->set_stage( 'failed' === $row['stage'] ? 'checking-dns' : 'checking-ssl-cert' );

		if ( true !== $domain->save() ) {
			return;
		}

		$domain->delete_meta( self::WAITED );
		$domain->update_meta( self::REOPENED[ $row['stage'] ], time() );
		wu_enqueue_async_action( 'wu_async_process_domain_stage', array( 'domain_id' => (int) $row['id'] ), 'domain' );
		Plugin::instance()->log()->reopened( $row['domain'], $row['stage'] );
	}

	/**
	 * What the domain failed on is right.
	 *
	 * @param array  $entry Entry of a report.
	 * @param string $stage failed or ssl-failed.
	 * @return bool
	 */
	private static function is_right( array $entry, string $stage ): bool {
		return 'failed' === $stage ? in_array( $entry['dns']['verdict'] ?? '', array( 'here', 'proxied' ), true ) : 'covered' === ( $entry['certificate'] ?? '' );
	}

	/**
	 * What the domain failed on is wrong. Not to have asked, or to have got no answer, is neither.
	 *
	 * @param array  $entry Entry of a report.
	 * @param string $stage failed or ssl-failed.
	 * @return bool
	 */
	private static function is_wrong( array $entry, string $stage ): bool {
		return 'failed' === $stage ? in_array( $entry['dns']['verdict'] ?? '', array( 'elsewhere', 'missing' ), true ) : 'covered' !== ( $entry['certificate'] ?? '' );
	}

	/**
	 * The domain only has to wait: for its alias, for an answer of DNS, or for the certificate.
	 *
	 * @param array $entry Entry of a report.
	 * @return bool
	 */
	private static function waits( array $entry ): bool {
		if ( in_array( $entry['alias'] ?? '', array( 'set_aside', 'invalid' ), true ) ) {
			return false;
		}

		return 'pending' === ( $entry['alias'] ?? '' )
			|| 'unknown' === ( $entry['dns']['verdict'] ?? '' )
			|| in_array( $entry['certificate'] ?? '', array( 'waiting', 'ordered' ), true );
	}

	/**
	 * The entry of a domain, when the last report is recent enough to go by.
	 *
	 * @param string $name Domain.
	 * @return array|null
	 * @throws Store_Exception When it could not be read.
	 */
	private static function entry( string $name ): ?array {
		$store    = Plugin::instance()->store();
		$reported = $store->reported_run();

		return null === $reported || (int) $reported['finished_at'] < time() - self::FRESH ? null : $store->domain( $name );
	}

	/**
	 * Does something, and lets nothing out.
	 *
	 * @param callable $work     What to do.
	 * @param mixed    $otherwise What to answer when it fails.
	 * @return mixed
	 */
	private static function guarded( callable $work, $otherwise = null ) {
		try {
			return $work();
		} catch ( Store_Exception $error ) {
			// Without tables there is no report to learn from; a database that fails is told by what it fails.
			if ( Store_Exception::NO_TABLE !== $error->getCode() ) {
				Plugin::instance()->log()->trouble( $error );
			}
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}

		return $otherwise;
	}
}
