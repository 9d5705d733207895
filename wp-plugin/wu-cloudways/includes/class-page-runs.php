<?php
/**
 * The last runs.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * When, why, where, and what came of each.
 */
final class Page_Runs {

	/**
	 * Prints them.
	 *
	 * @param list<array> $runs Store::runs().
	 */
	public static function show( array $runs ): void {
		if ( ! $runs ) {
			return;
		}
		$columns = array(
			__( 'When', 'wu-cloudways' ),
			__( 'Started by', 'wu-cloudways' ),
			__( 'Where', 'wu-cloudways' ),
			__( 'Result', 'wu-cloudways' ),
			__( 'Added', 'wu-cloudways' ),
			__( 'Removed', 'wu-cloudways' ),
			__( 'Error', 'wu-cloudways' ),
		);

		echo '<h2 id="wu-cloudways-runs">' . esc_html__( 'Last runs', 'wu-cloudways' ) . '</h2>';
		echo '<div class="wu-cloudways-scroll" role="region" aria-labelledby="wu-cloudways-runs" tabindex="0">';
		echo '<table class="widefat striped wu-cloudways-table" data-wu-cloudways="runs"><caption class="screen-reader-text">' . esc_html__( 'Last runs, newest first', 'wu-cloudways' ) . '</caption><thead><tr>';
		foreach ( $columns as $column ) {
			echo '<th scope="col">' . esc_html( $column ) . '</th>';
		}
		echo '</tr></thead><tbody>';
		foreach ( $runs as $number => $run ) {
			// Only the newest can still be at work, and Standing knows whether it is.
			if ( 'running' === $run['status'] && ( $number > 0 || 'interrupted' === ( Standing::now()['run']['status'] ?? '' ) ) ) {
				$run['status'] = 'interrupted';
			}
			echo '<tr><th scope="row">' . esc_html( Messages::time_and_distance( $run['started_at'] ) ) . '</th>';
			echo '<td>' . esc_html( self::trigger( (string) $run['trigger'] ) ) . '</td>';
			echo '<td>' . esc_html( 'cli' === $run['context'] ? __( 'command line', 'wu-cloudways' ) : __( 'website', 'wu-cloudways' ) ) . '</td>';
			echo '<td>' . Markup::mark( null === $run['code'] ? $run['status'] : 'failed', Messages::outcome( $run ) ) . '</td>'; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- mark() escapes.
			echo '<td>' . esc_html( number_format_i18n( $run['added'] ) ) . '</td><td>' . esc_html( number_format_i18n( $run['removed'] ) ) . '</td>';
			echo '<td>' . esc_html( null === $run['code'] ? '' : Messages::error( $run )['text'] ) . '</td></tr>';
		}
		echo '</tbody></table></div>';
	}

	/**
	 * What started a run, in words.
	 *
	 * @param string $trigger See Runner::run().
	 */
	public static function trigger( string $trigger ): string {
		$words = array(
			'event'     => __( 'a change of a domain', 'wu-cloudways' ),
			'reconcile' => __( 'the hourly look', 'wu-cloudways' ),
			'retry'     => __( 'another try', 'wu-cloudways' ),
			'page'      => __( 'this page', 'wu-cloudways' ),
			'cli'       => __( 'a command', 'wu-cloudways' ),
			'wake'      => __( 'a request of the other process', 'wu-cloudways' ),
		);
		return $words[ $trigger ] ?? $trigger;
	}
}
