<?php
/**
 * The building blocks of the page.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Small pieces of HTML. What is given is plain text unless it is called HTML, and is escaped here.
 */
final class Markup {

	/**
	 * A notice that stays where it is printed.
	 *
	 * @param string       $type  success, info, warning or error.
	 * @param list<string> $lines Plain text.
	 * @param string       $more  HTML to come last, already escaped.
	 * @param string       $hook  For `data-wu-cloudways`.
	 */
	public static function notice( string $type, array $lines, string $more = '', string $hook = '' ): void {
		echo '<div class="notice inline notice-' . esc_attr( $type ) . '"' . ( '' === $hook ? '' : ' data-wu-cloudways="' . esc_attr( $hook ) . '"' ) . '>';
		foreach ( $lines as $line ) {
			echo '<p>' . esc_html( $line ) . '</p>';
		}
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped by the caller, as documented.
		echo $more . '</div>';
	}

	/**
	 * A form with one button, as escaped HTML.
	 *
	 * @param string                                                                               $action What it does; see Page_Actions.
	 * @param string                                                                               $label  Plain text.
	 * @param string                                                                               $style  primary, secondary, or link.
	 * @param array{fields?: array<string, string>, disabled?: bool, more?: string, note?: string, about?: string, url?: string} $with
	 *        fields: hidden ones; more: HTML in front of the button, already escaped; note: id of what describes the
	 *        button; about: what it is about, for screen readers; url: where it is sent.
	 */
	public static function button( string $action, string $label, string $style, array $with = array() ): string {
		$html = self::form( $action, $with['url'] ?? Network_Page::url() );
		foreach ( $with['fields'] ?? array() as $name => $value ) {
			$html .= '<input type="hidden" name="' . esc_attr( $name ) . '" value="' . esc_attr( $value ) . '">';
		}
		return $html . ( $with['more'] ?? '' )
			. '<button type="submit" class="button ' . esc_attr( 'link' === $style ? 'button-link' : 'button-' . $style ) . '" name="wu_cloudways_action" value="' . esc_attr( $action ) . '" data-wu-cloudways="' . esc_attr( $action ) . '"'
			. ( empty( $with['disabled'] ) ? '' : ' disabled' )
			. ( empty( $with['note'] ) ? '' : ' aria-describedby="' . esc_attr( $with['note'] ) . '"' )
			. '>' . esc_html( $label ) . ( empty( $with['about'] ) ? '' : self::hidden( $with['about'] ) ) . '</button></form>';
	}

	/**
	 * The beginning of a form: its nonce.
	 *
	 * @param string $action What it does.
	 * @param string $url    Where it is sent.
	 */
	private static function form( string $action, string $url ): string {
		return '<form method="post" action="' . esc_url( $url ) . '">'
			// Not wp_nonce_field(): its id would be on the page twice.
			. '<input type="hidden" name="_wpnonce" value="' . esc_attr( wp_create_nonce( 'wu_cloudways_' . $action ) ) . '">';
	}

	/**
	 * A form that buttons elsewhere on the page belong to: one for a whole table, with one nonce.
	 *
	 * @param string $action What it does.
	 * @param string $url    Where it is sent.
	 */
	public static function shared_form( string $action, string $url ): void {
		echo '<form method="post" id="wu-cloudways-do-' . esc_attr( $action ) . '" action="' . esc_url( $url ) . '">'
			. '<input type="hidden" name="_wpnonce" value="' . esc_attr( wp_create_nonce( 'wu_cloudways_' . $action ) ) . '">'
			. '<input type="hidden" name="wu_cloudways_action" value="' . esc_attr( $action ) . '"></form>';
	}

	/**
	 * A button of such a form, as escaped HTML.
	 *
	 * @param string $action What it does.
	 * @param string $label  Plain text.
	 * @param string $name   The name it is about.
	 */
	public static function shared_button( string $action, string $label, string $name ): string {
		return '<button type="submit" class="button-link" form="wu-cloudways-do-' . esc_attr( $action ) . '" name="wu_cloudways_name" value="' . esc_attr( $name ) . '" data-wu-cloudways="' . esc_attr( $action ) . '">'
			. esc_html( $label ) . self::hidden( $name ) . '</button>';
	}

	/** Words for screen readers only, as escaped HTML. */
	public static function hidden( string $text ): string {
		return '<span class="screen-reader-text"> ' . esc_html( $text ) . '</span>';
	}

	/** Opens a part of the page that can be replaced while the page is open. */
	public static function open_part( string $name, string $classes = '' ): void {
		echo '<div data-wu-cloudways-part="' . esc_attr( $name ) . '"' . ( '' === $classes ? '' : ' class="' . esc_attr( $classes ) . '"' ) . '>';
	}

	/** Closes it. */
	public static function close_part(): void {
		echo '</div>';
	}

	/**
	 * Opens a box with a heading.
	 *
	 * @param string $title Plain text.
	 * @param string $hook  For `data-wu-cloudways`.
	 */
	public static function open_card( string $title, string $hook ): void {
		echo '<section class="wu-cloudways-card" data-wu-cloudways="' . esc_attr( $hook ) . '"><h2>' . esc_html( $title ) . '</h2>';
	}

	/** Closes it. */
	public static function close_card(): void {
		echo '</section>';
	}

	/** A label and a value, in a list of them. */
	public static function fact( string $label, string $value ): void {
		echo '<dt>' . esc_html( $label ) . '</dt><dd>' . esc_html( $value ) . '</dd>';
	}

	/**
	 * A list, when there is something in it.
	 *
	 * @param list<string> $items Plain text.
	 */
	public static function items( array $items ): void {
		if ( $items ) {
			echo '<ul class="ul-disc"><li>' . implode( '</li><li>', array_map( 'esc_html', $items ) ) . '</li></ul>';
		}
	}

	/**
	 * A code's words, marked by the code, as escaped HTML.
	 *
	 * @param string $code Alias, verdict, certificate, or the status of a run.
	 * @param string $text Its words.
	 */
	public static function mark( string $code, string $text ): string {
		$good  = array( 'present', 'added', 'primary', 'by_wildcard', 'here', 'proxied', 'covered', 'ok' );
		$bad   = array( 'invalid', 'missing', 'elsewhere', 'blocked', 'set_aside', 'left_out', 'withheld', 'failed', 'refused', 'interrupted' );
		$class = in_array( $code, $good, true ) ? 'is-good' : ( in_array( $code, $bad, true ) ? 'is-bad' : 'is-open' );

		return '<span class="wu-cloudways-mark ' . esc_attr( $class ) . '">' . esc_html( $text ) . '</span>';
	}

	/**
	 * A command to type, with the extension where that is not loaded by itself, as escaped HTML.
	 *
	 * @param string $arguments Of WP-CLI.
	 */
	public static function command( string $arguments ): string {
		return '<code>' . esc_html( Guide::command( $arguments ) ) . '</code>';
	}
}
