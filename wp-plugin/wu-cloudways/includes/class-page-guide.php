<?php
/**
 * How to load the extension, where it is missing.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The steps of Guide, with what this very server needs, on the page.
 */
final class Page_Guide {

	/**
	 * Prints what is wrong and, in steps, what to do. The page says it itself, so that the notice does not say it too.
	 *
	 * @param array $problem `extension_missing` of Environment::problems().
	 */
	public static function show( array $problem ): void {
		$words = Messages::problem( $problem );
		$steps = (bool) $words['steps'];

		echo '<div class="notice inline notice-' . ( 'error' === $problem['severity'] ? 'error' : 'warning' ) . ' wu-cloudways-notice" data-code="extension_missing">';
		echo '<p>' . esc_html( $words['text'] ) . ( $steps ? '' : ' ' . esc_html( $words['remedy'] ) ) . '</p></div>';

		if ( ! $steps ) {
			echo '<details class="wu-cloudways-guide" data-wu-cloudways="guide"><summary>' . esc_html__( 'Load it on the website, too', 'wu-cloudways' ) . '</summary>';
			self::show_steps( 'web' );
			echo '</details>';
			return;
		}
		echo '<section class="wu-cloudways-guide" data-wu-cloudways="guide"><h2>' . esc_html__( 'Load the extension in three steps', 'wu-cloudways' ) . '</h2>';
		self::show_steps( 'web' );
		echo '<h3>' . esc_html__( 'Or on the command line alone', 'wu-cloudways' ) . '</h3>';
		self::show_steps( 'cli' );
		echo '</section>';
	}

	/**
	 * The steps for one of the two.
	 *
	 * @param 'web'|'cli' $where See Guide.
	 */
	private static function show_steps( string $where ): void {
		echo '<ol class="wu-cloudways-steps">';
		foreach ( Guide::steps( $where ) as $step ) {
			echo '<li>' . esc_html( $step['text'] ) . '<br><code>' . esc_html( $step['code'] ) . '</code></li>';
		}
		echo '</ol>';
	}
}
