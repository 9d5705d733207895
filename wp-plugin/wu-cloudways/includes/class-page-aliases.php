<?php
/**
 * The aliases at Cloudways that are not ours.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * A list with what a person can decide about each of them. Removing one is asked about first.
 */
final class Page_Aliases {

	/** The field of the address that asks about a removal. */
	const QUESTION = 'wu_cloudways_remove';

	/**
	 * Prints the list.
	 *
	 * @param array|null $summary Store::last_summary().
	 * @throws Store_Exception When the decisions could not be read.
	 */
	public static function show( ?array $summary ): void {
		$names = self::names( $summary );
		if ( ! $names ) {
			return;
		}
		$store   = Plugin::instance()->store();
		$decided = array_fill_keys( $store->names( 'remove' ), __( 'is removed with the next run', 'wu-cloudways' ) )
			+ array_fill_keys( $store->names( 'adopted' ), __( 'is taken over with the next run', 'wu-cloudways' ) );

		echo '<h2 id="wu-cloudways-aliases" tabindex="-1">' . esc_html__( 'Aliases that are not ours', 'wu-cloudways' ) . '</h2>';
		echo '<p>' . esc_html__( 'Somebody added them at Cloudways; they are left alone. An alias that is adopted is kept from then on as a mapped domain is, and gets into the certificate.', 'wu-cloudways' ) . '</p>';
		// As many as somebody made: beyond some, the list scrolls, and can be reached by keyboard then.
		echo count( $names ) > 20 ? '<div class="wu-cloudways-scroll is-long" role="region" aria-labelledby="wu-cloudways-aliases" tabindex="0">' : '<div>';
		echo '<table class="widefat striped wu-cloudways-table" data-wu-cloudways="aliases"><caption class="screen-reader-text">' . esc_html__( 'Aliases that are not ours', 'wu-cloudways' ) . '</caption>';
		echo '<thead><tr><th scope="col">' . esc_html__( 'Alias', 'wu-cloudways' ) . '</th><th scope="col">' . esc_html__( 'Decision', 'wu-cloudways' ) . '</th></tr></thead><tbody>';
		foreach ( $names as $name ) {
			echo '<tr data-name="' . esc_attr( $name ) . '"><th scope="row"><bdi>' . esc_html( $name ) . '</bdi></th><td>';
			$key = strtolower( $name );
			if ( isset( $decided[ $key ] ) ) {
				echo esc_html( $decided[ $key ] );
			} else {
				self::show_choices( $name );
			}
			echo '</td></tr>';
		}
		echo '</tbody></table></div>';
		Markup::shared_form( 'adopt', Network_Page::url() );
	}

	/**
	 * Asks about the removal that a link asked for.
	 *
	 * @param array|null $summary Store::last_summary().
	 */
	public static function show_question( ?array $summary ): void {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- it only shows the question.
		$name = isset( $_GET[ self::QUESTION ] ) && is_string( $_GET[ self::QUESTION ] ) ? sanitize_text_field( wp_unslash( $_GET[ self::QUESTION ] ) ) : '';
		if ( ! in_array( $name, self::names( $summary ), true ) ) {
			return;
		}
		echo '<section class="wu-cloudways-question" data-wu-cloudways="question">';
		/* translators: %s: a domain name. */
		echo '<h2 id="wu-cloudways-question" tabindex="-1">' . esc_html( sprintf( __( 'Remove %s at Cloudways?', 'wu-cloudways' ), $name ) ) . '</h2>';
		echo '<p>' . esc_html__( 'Visitors of this name do not reach the site any more, and the certificate loses it. To have it back, it must be added again.', 'wu-cloudways' ) . '</p>';
		echo '<div class="wu-cloudways-buttons">';
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
		echo Markup::button( 'remove', __( 'Remove it', 'wu-cloudways' ), 'primary', array( 'fields' => array( 'wu_cloudways_name' => $name ) ) );
		echo '<a class="button" href="' . esc_url( Network_Page::url() . '#wu-cloudways-aliases' ) . '" data-wu-cloudways="keep">' . esc_html__( 'Keep it', 'wu-cloudways' ) . '</a>';
		echo '</div></section>';
	}

	/**
	 * What can be decided about one.
	 *
	 * @param string $name Alias.
	 */
	private static function show_choices( string $name ): void {
		$question = add_query_arg( self::QUESTION, rawurlencode( $name ), Network_Page::url() ) . '#wu-cloudways-question';

		echo '<span class="wu-cloudways-choices">';
		if ( ! str_starts_with( $name, '*.' ) ) {
			// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- shared_button() escapes.
			echo Markup::shared_button( 'adopt', __( 'Adopt', 'wu-cloudways' ), $name );
		}
		echo '<a class="wu-cloudways-danger" href="' . esc_url( $question ) . '" data-wu-cloudways="ask-remove">' . esc_html__( 'Remove…', 'wu-cloudways' ) . Markup::hidden( $name ) . '</a></span>'; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- hidden() escapes.
	}

	/**
	 * Their names, as Cloudways spells them.
	 *
	 * @param array|null $summary Store::last_summary().
	 * @return list<string>
	 */
	private static function names( ?array $summary ): array {
		$names = array_map( 'strval', (array) ( $summary['aliases']['kept'] ?? array() ) );
		sort( $names, SORT_STRING );
		return $names;
	}
}
