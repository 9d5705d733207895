<?php
/**
 * Puts everything the engine and the plugin can say into words, in English and in French, and prints them as JSON:
 * {"what": {"en": {"text": …, "remedy": …}, "fr": {…}}}.
 *
 *     php words.php FRENCH.mo WORDPRESS_FOLDER
 *
 * The engine's English, which stands in where the plugin has no words, is replaced by FALLBACK, so that it shows.
 * Of WordPress only its reader of .mo files is loaded.
 *
 * @package WU_Cloudways
 */

use WU_Cloudways\Alarms;
use WU_Cloudways\Doctor;
use WU_Cloudways\Mail;
use WU_Cloudways\Messages;
use WU_Cloudways\Notices;
use WU_Cloudways\Site_Health;

define( 'ABSPATH', $argv[2] . '/' );
define( 'MINUTE_IN_SECONDS', 60 );
define( 'HOUR_IN_SECONDS', 3600 );
define( 'DAY_IN_SECONDS', 86400 );
define( 'WEEK_IN_SECONDS', 604800 );

require ABSPATH . 'wp-includes/pomo/mo.php';

$catalogue = new MO();
$catalogue->import_from_file( $argv[1] ) || exit( "The .mo file cannot be read.\n" );
$french = false;

function __( $text ) {
	return translated( $text, null );
}

function _x( $text, $context ) {
	return translated( $text, $context );
}

function translated( $text, $context ) {
	global $catalogue, $french;
	return $french ? $catalogue->translate( $text, $context ) : $text;
}

function _n( $one, $several, $number ) {
	global $catalogue, $french;
	return $french ? $catalogue->translate_plural( $one, $several, $number ) : ( 1 === $number ? $one : $several );
}

function human_time_diff( $from, $to ) {
	return abs( $to - $from ) . ' s';
}

function get_network() {
	return (object) array(
		'site_name' => 'Network',
		'domain'    => 'network.example',
		'path'      => '/',
	);
}

function wp_specialchars_decode( $text ) {
	return $text;
}

function add_query_arg( $name, $value, $url ) {
	return "{$url}?{$name}={$value}";
}

function get_main_site_id() {
	return 1;
}

function get_site_url( $site, $path ) {
	return "https://network.example/{$path}";
}

function network_admin_url( $path ) {
	return "https://network.example/wp-admin/network/{$path}";
}

function number_format_i18n( $number ) {
	return (string) $number;
}

function get_option( $name ) {
	return 'date_format' === $name ? 'Y-m-d' : 'H:i';
}

function wp_date( $format, $time ) {
	return gmdate( $format, $time );
}

function wp_normalize_path( $path ) {
	return $path;
}

function untrailingslashit( $path ) {
	return rtrim( $path, '/' );
}

function apply_filters( $name, $value ) {
	return $value;
}

$root = dirname( __DIR__, 2 );
spl_autoload_register( fn( $name ) => require $root . '/wp-plugin/wu-cloudways/includes/class-' . strtolower( str_replace( '_', '-', substr( $name, 13 ) ) ) . '.php' );

$engine = json_decode( file_get_contents( $root . '/tests/golden/codes.json' ), true, 64, JSON_THROW_ON_ERROR );
$others = array(
	'text'    => 'FALLBACK',
	'message' => 'FALLBACK',
);

$said = array();
$say  = static function ( string $what, callable $words ) use ( &$said, &$french ) {
	foreach ( array( 'en', 'fr' ) as $language ) {
		$french                    = 'fr' === $language;
		$said[ $what ][ $language ] = array_map(
			static function ( $words ) {
				return is_array( $words ) ? implode( ' / ', $words ) : $words;
			},
			$words()
		);
	}
};

foreach ( $engine['notes'] as $note ) {
	$note['remedy'] = '' === $note['remedy'] ? '' : 'FALLBACK';
	$say( 'note ' . $note['code'], fn() => Messages::note( $others + array( 'text' => 'FALLBACK' ) + $note ) );
	if ( 1 === ( $note['args']['count'] ?? 0 ) ) {
		// The engine's sample has one name; the words for several are others.
		$note['args'] = array(
			'names'     => array( 'a.example', 'b.example' ),
			'count'     => 2,
			'ours'      => 5,
			'installed' => 5,
		) + $note['args'];
		$say( "note {$note['code']}, several", fn() => Messages::note( $others + array( 'text' => 'FALLBACK' ) + $note ) );
	}
	// Where there may be none at all, other words are needed.
	$none = array(
		'caa_forbids'   => array( 'issuers' => array() ),
		'wildcard_only' => array(
			'names' => array(),
			'count' => 0,
		),
	);
	if ( isset( $none[ $note['code'] ] ) ) {
		$note['args'] = $none[ $note['code'] ] + $note['args'];
		$say( "note {$note['code']}, none", fn() => Messages::note( $others + array( 'text' => 'FALLBACK' ) + $note ) );
	}
}
$reasons = array(
	'invalid_domain' => $engine['reasons']['invalid_domain'],
	'dns_unknown'    => $engine['reasons']['dns_unknown'],
	'caa_unknown'    => $engine['reasons']['dns_unknown'],
);
foreach ( $reasons as $code => $texts ) {
	foreach ( array_keys( $texts ) as $reason ) {
		$note = array(
			'code'   => $code,
			'args'   => array(
				'domain' => 'a.example',
				'reason' => $reason,
			),
			'text'   => 'FALLBACK',
			'remedy' => 'FALLBACK',
		);
		$say( "note $code, reason $reason", fn() => Messages::note( $note ) );
	}
}
foreach ( $engine['errors'] as $number => $error ) {
	$error['retry_after'] = $error['details']['retry_after'] ?? 60;
	$error['remedy']      = 'FALLBACK';
	$say( "error $number {$error['code']}", fn() => Messages::error( $others + $error ) );
}
foreach ( array_keys( $engine['reasons']['config_fault'] ) as $fault ) {
	$problems = array(
		array(
			'constant' => 'WU_CLOUDWAYS_EMAIL',
			'fault'    => $fault,
		),
	);
	$error    = array(
		'code'    => 'config_invalid',
		'details' => array(
			'reason'   => 'constants',
			'problems' => $problems,
		),
	);
	$say( "error config_invalid, fault $fault", fn() => array_diff_key( Messages::error( $others + $error ), array( 'text' => 1 ) ) );
}

// Where the remedy depends on whether the wizard has a field for the constant.
foreach ( array( array( 'WU_CLOUDWAYS_API_URL' ), array( 'WU_CLOUDWAYS_API_URL', 'WU_CLOUDWAYS_EMAIL' ) ) as $constants ) {
	$error = array(
		'code'    => 'config_invalid',
		'details' => array( 'problems' => array_map( fn( $constant ) => array( 'constant' => $constant, 'fault' => 'wrong_type' ), $constants ) ),
	);
	$say( 'error config_invalid, ' . implode( ' and ', $constants ), fn() => Messages::error( $others + $error ) );
}

// What is said where the plugin, the extension and the tables do not fit together.
$fit = array(
	'version'   => '0.0.1',
	'wanted'    => '0.1.0',
	'functions' => array( 'wu_cloudways_sync' ),
	'report'    => 2,
	'reads'     => 1,
	'plugin'    => '0.1.0',
	'found'     => 2,
);

// The plugin's own errors: those that have an exit code, and the two that are 70.
preg_match( '/const EXIT_CODES = array\((.*?)\);/s', file_get_contents( $root . '/wp-plugin/wu-cloudways/includes/class-runner.php' ), $codes );
preg_match_all( "/'([a-z_]+)'/", $codes[1] ?? '', $codes );
foreach ( array_diff( array_merge( $codes[1], array( 'storage', 'internal', 'web_silent' ) ), array_column( $engine['errors'], 'code' ) ) as $code ) {
	$error = array(
		'code'    => $code,
		'message' => in_array( $code, array( 'storage', 'internal' ), true ) ? 'No connection.' : 'FALLBACK',
		'remedy'  => 'FALLBACK',
		'details' => $fit,
	);
	$say( "error $code", fn() => Messages::error( $error ) );
}

// The problems that Environment knows.
preg_match_all( "/self::problem\(\s*'([a-z_]+)'/", file_get_contents( $root . '/wp-plugin/wu-cloudways/includes/class-environment.php' ), $codes );
$place = array(
	'sys_user'    => 'abcdefghij',
	'home'        => 'https://network.example',
	'environment' => 'staging',
);
$args  = array(
	array(
		'names'    => array( 'WU_CLOUDWAYS_EMAIL' ),
		'since'    => 1700000000,
		'expires'  => 1700000100,
		'actual'   => $place,
		'expected' => null,
		'here'     => 'web',
		'web'      => false,
		'cli'      => null,
	),
	array(
		'expected' => array( 'environment' => 'production' ) + $place,
		'here'     => 'web',
		'web'      => false,
		'cli'      => true,
	),
	array(
		'here' => 'cli',
		'web'  => true,
		'cli'  => false,
	),
	array(
		'here' => 'cli',
		'web'  => false,
		'cli'  => false,
	),
);
foreach ( array_unique( $codes[1] ) as $code ) {
	foreach ( in_array( $code, array( 'extension_missing', 'clone' ), true ) ? $args : array( $args[0] ) as $number => $some ) {
		$problem = array(
			'code' => $code,
			'args' => $some + $args[0] + $fit,
		);
		// Words that are missing come out as the code itself.
		$say( "problem $code $number", fn() => str_replace( $code, 'FALLBACK', array_map( fn( $words ) => is_array( $words ) ? implode( ' / ', $words ) : $words, Messages::problem( $problem ) ) ) );
	}
}

// Something of the plugin that is private to it, since nobody else has a use for it.
$private = static fn( string $which, string $method, array $arguments = array() ) => ( new ReflectionMethod( "WU_Cloudways\\{$which}", $method ) )->invokeArgs( null, $arguments );

// What stands for a day, and the certificate's end: in a notice, and in an e-mail.
$now    = time();
$alarms = array(
	'failing'              => array( 'failing', $now - 90000, array( 'code' => 'busy' ) + $others ),
	'failing, no file'     => array( 'failing', $now - 90000, array( 'code' => 'extension_missing' ) + $others ),
	'stuck, website'       => array( 'stuck', $now - 90000, array( 'web' => true, 'cli' => null ) ),
	'stuck, neither'       => array( 'stuck', $now - 90000, array( 'web' => false, 'cli' => null ) ),
	'stuck, command line'  => array( 'stuck', $now - 90000, array( 'web' => false, 'cli' => true ) ),
	'certificate'          => array( 'certificate', $now + 90000, array( 'names' => array( 'a.example' ), 'type' => 'le', 'note' => null ) ),
	'certificate, over'    => array( 'certificate', $now - 90000, array( 'names' => array( 'a.example' ), 'type' => 'le', 'note' => array( 'code' => 'order_failed', 'args' => array( 'answer' => 'No.' ) ) ) ),
	'certificate, custom'  => array( 'certificate', $now + 90000, array( 'names' => array( 'a.example' ), 'type' => 'custom', 'note' => null ) ),
);
preg_match_all( "/case '([a-z_]+)':/", explode( 'function words', file_get_contents( $root . '/wp-plugin/wu-cloudways/includes/class-alarms.php' ) )[1], $codes );
foreach ( array_diff( $codes[1], array_column( $alarms, 0 ) ) as $code ) {
	$say( "alarm $code", fn() => array( 'text' => 'FALLBACK: no sample of this alarm' ) );
}
foreach ( $alarms as $what => list( $code, $since, $args ) ) {
	$alarm = compact( 'code', 'since', 'args' );
	$say( "alarm $what", fn() => array_diff_key( Alarms::words( $alarm ), array( 'code' => 1, 'items' => 1 ) ) );
	$say(
		"e-mail $what",
		fn() => array(
			'subject' => $private( 'Mail', 'subject', array( $alarm ) ),
			'message' => $private( 'Mail', 'message', array( $alarm ) ),
		)
	);
}
$say( 'pause', fn() => array( 'text' => Notices::pause_in_words( array( 'since' => $now, 'by' => '' ), 1 ) ) );
$say( 'pause, with a name', fn() => array( 'text' => Notices::pause_in_words( array( 'since' => $now, 'by' => 'admin' ), 2 ) ) );

// The checks of the doctor, and the tests of Site Health that stand for them.
foreach ( Doctor::CHECKS as $code ) {
	// These are the same word in both languages.
	if ( ! in_array( $code, array( 'um', 'cron', 'tables', 'paused' ), true ) ) {
		$say( "check $code", fn() => array( 'title' => $private( 'Doctor', 'titles' )[ $code ] ?? 'FALLBACK' ) );
	}
}
foreach ( array_keys( Site_Health::TESTS ) as $test ) {
	$say( "Site Health $test", fn() => $private( 'Site_Health', 'labels' )[ $test ] ?? array( 'label' => 'FALLBACK' ) );
}

// What a run, a domain and a token are called; the code itself comes out where there is no word.
$stub  = file_get_contents( $root . '/php/stubs/wu_cloudways.stub.php' );
$words = array(
	'status'      => fn( string $code ): string => Messages::status( $code ),
	'source'      => fn( string $code ): string => Messages::source( $code ),
	'alias'       => fn( string $code ): string => Messages::alias( $code ),
	'verdict'     => fn( string $code ): string => Messages::dns( array( 'verdict' => $code ) ),
	'certificate' => fn( string $code ): string => Messages::certificate( $code ),
	'token'       => fn( string $code ): string => current( Messages::connection( array( 'token' => $code ) ) ),
);
foreach ( $words as $what => $word ) {
	preg_match_all( "/\\b{$what}: ((?:'[a-z_]+'\\|)+'[a-z_]+')/", $stub, $unions );
	preg_match_all( "/'([a-z_]+)'/", implode( ' ', $unions[1] ) . ( 'status' === $what ? " 'running' 'failed' 'refused' 'interrupted'" : '' ), $codes );
	foreach ( array_unique( $codes[1] ) ?: array( 'FALLBACK' ) as $code ) {
		$say( "$what $code", fn() => array( 'word' => $word( $code ) ) );
	}
}

echo json_encode( $said, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES ), "\n";
