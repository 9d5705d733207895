<?php
/**
 * Prints, as JSON, every code that the plugin has words for, with its English patterns.
 *
 * Runs without WordPress: the words are looked at, not the translations.
 *
 * @package WU_Cloudways
 */

define( 'ABSPATH', __DIR__ . '/' );

function __( $text ) {
	return $text;
}

require dirname( __DIR__, 2 ) . '/wp-plugin/wu-cloudways/includes/class-messages.php';

echo json_encode( WU_Cloudways\Messages::codes(), JSON_THROW_ON_ERROR ), "\n";
