<?php
/**
 * DNS, asked now, for many names.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The names of the last report, a batch at a time and in the order of their names: the next batch begins after the last
 * name of this one, so that a name is asked once also where the answers change which names a filter lets through.
 */
final class Dns_Check {

	/** Names in a batch. */
	const BATCH = 100;

	/**
	 * The next names.
	 *
	 * @param string                                                        $after Begin after this name.
	 * @param array{search?: string, verdict?: string, certificate?: string} $which Only these; see Store::domains().
	 * @return array{checked: int, changed: int, right: int, unanswered: int, left: int, next: ?string, error: ?array, result: array}
	 *         changed: with another verdict than before; right: that a certificate may now hold; unanswered: of which
	 *         nothing could be found out; left: names that are still to be asked; next: what to give as $after.
	 * @throws Store_Exception When they could not be read.
	 */
	public static function batch( string $after, array $which ): array {
		$found  = Plugin::instance()->store()->domains(
			$which + array(
				'after'    => $after,
				'per_page' => self::BATCH,
			)
		);
		$names  = array_map( 'strval', array_keys( $found['items'] ) );
		$answer = self::ask( $found['items'] );

		$answer['left'] = max( 0, $found['total'] - count( $names ) );
		$answer['next'] = $answer['left'] && $names ? end( $names ) : null;

		return $answer;
	}

	/**
	 * These names.
	 *
	 * @param list<string> $names Names of the last report; others are left out.
	 * @return array As batch().
	 * @throws Store_Exception When they could not be read.
	 */
	public static function names( array $names ): array {
		return self::ask( Plugin::instance()->store()->entries( array_slice( array_values( $names ), 0, Network_Page::MOST_PER_PAGE ) ) );
	}

	/**
	 * What came of it, in a sentence or two.
	 *
	 * @param array $answer As batch() gives it.
	 */
	public static function text( array $answer ): string {
		/* translators: 1: how many names have changed, 2: how many were checked. */
		$parts = array( sprintf( _n( '%1$s of %2$s name has changed.', '%1$s of %2$s names have changed.', $answer['checked'], 'wu-cloudways' ), number_format_i18n( $answer['changed'] ), number_format_i18n( $answer['checked'] ) ) );

		if ( $answer['right'] ) {
			/* translators: %s: number of names whose DNS is right now. */
			$parts[] = sprintf( _n( '%s turned right: a run follows.', '%s turned right: a run follows.', $answer['right'], 'wu-cloudways' ), number_format_i18n( $answer['right'] ) );
		}
		return implode( ' ', $parts );
	}

	/**
	 * Asks.
	 *
	 * @param array<string, array> $items Name => entry of the last report.
	 * @return array As batch(), for these alone.
	 */
	private static function ask( array $items ): array {
		$answer = array(
			'checked'    => 0,
			'changed'    => 0,
			'right'      => 0,
			'unanswered' => 0,
			'left'       => 0,
			'next'       => null,
			'error'      => null,
			'result'     => array(),
		);

		// What can be no name in DNS is not asked.
		$names = array();
		foreach ( $items as $name => $entry ) {
			if ( 'invalid' !== ( $entry['alias'] ?? '' ) && ! str_starts_with( (string) $name, '*.' ) ) {
				$names[] = (string) $name;
			}
		}
		if ( ! $names ) {
			return $answer;
		}

		$asked = Plugin::instance()->runner()->check_dns( $names, Network_Page::DEADLINE );

		$answer['error'] = $asked['error'];
		$answer['right'] = count( $asked['turned_right'] );

		foreach ( (array) $asked['result'] as $name => $found ) {
			$verdict = (string) ( $found['verdict'] ?? '' );

			++$answer['checked'];
			$answer['changed']        += is_array( $items[ $name ]['dns'] ?? null ) && $verdict !== $items[ $name ]['dns']['verdict'] ? 1 : 0;
			$answer['unanswered']     += 'unknown' === $verdict ? 1 : 0;
			$answer['result'][ $name ] = $verdict;
		}
		return $answer;
	}
}
