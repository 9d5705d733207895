<?php
/**
 * How things stand, by the last runs.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The last report is not always that of the last run: a run that failed has none. What shows a report asks here first,
 * so that the good news of an earlier run does not look like today's.
 */
final class Standing {

	/**
	 * Errors that stay until a person does something about them.
	 */
	const NEEDS_A_PERSON = array( 'auth_failed', 'scope_missing', 'config_invalid', 'plan_refused' );

	/**
	 * How the last runs ended.
	 *
	 * @return array{run: ?array, trouble: ?array, reported: ?array, is_old: bool}
	 *         run: the newest, as Store::last_run(), with the status `interrupted` when it is over without an end;
	 *         trouble: the newest run that is over, when it did not end well (an error, or no end at all);
	 *         reported: the run that the last report is of;
	 *         is_old: that is not the newest one.
	 * @throws Store_Exception When it could not be read.
	 */
	public static function now(): array {
		$store    = Plugin::instance()->store();
		$runs     = $store->runs( 2 );
		$reported = $store->reported_run();

		// A run that still counts as running, and nobody holds the lock: it never came back.
		foreach ( $runs as $number => $run ) {
			if ( 'running' === $run['status'] && ( $number > 0 || ! Plugin::instance()->lock()->is_held() ) ) {
				$runs[ $number ]['status'] = 'interrupted';
			}
		}

		$run  = $runs[0] ?? null;
		$over = 'running' === ( $run['status'] ?? '' ) ? $runs[1] ?? null : $run;

		return array(
			'run'      => $run,
			'trouble'  => $over && ( null !== $over['code'] || in_array( $over['status'], array( 'failed', 'refused', 'interrupted' ), true ) ) ? $over : null,
			'reported' => $reported,
			'is_old'   => null !== $reported && $reported['id'] !== $run['id'],
		);
	}

	/**
	 * The newest error since the last good run that a person must correct.
	 *
	 * @return array|null The run that met it, as Store::last_run().
	 * @throws Store_Exception When it could not be read.
	 */
	public static function for_a_person(): ?array {
		foreach ( Plugin::instance()->store()->errors_since_good() as $run ) {
			// That the plan was another one by then was said to the person who applied it; nothing is wrong.
			if ( in_array( $run['code'], self::NEEDS_A_PERSON, true ) && 'other_fingerprint' !== ( $run['details']['reason'] ?? '' ) ) {
				return $run;
			}
		}

		return null;
	}

	/**
	 * The problems, without the one that the trouble of the last run says already.
	 *
	 * @param list<array> $problems Environment::problems().
	 * @param array|null  $trouble  As now() gives it.
	 * @return list<array>
	 */
	public static function unsaid( array $problems, ?array $trouble ): array {
		$said = 'interrupted' === ( $trouble['status'] ?? '' ) ? 'lock_held' : '';

		return array_values( array_filter( $problems, static fn( array $problem ): bool => $said !== $problem['code'] ) );
	}
}
