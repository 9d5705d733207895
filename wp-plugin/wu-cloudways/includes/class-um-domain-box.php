<?php
/**
 * The box on Ultimate Multisite's page of a domain.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * What the last report says of a domain and of its `www`: alias, DNS, certificate, why, and what to do.
 */
final class UM_Domain_Box {

	/**
	 * Adds it.
	 *
	 * @param string $id   The page's id.
	 * @param string $hook The page's hook.
	 * @param object $page The page.
	 * @return void
	 */
	public static function register( $id, $hook, $page ): void {
		unset( $id, $hook );

		$domain = is_object( $page ) && method_exists( $page, 'get_object' ) ? $page->get_object() : null;
		$screen = get_current_screen();

		if ( ! $screen || ! is_object( $domain ) || ! method_exists( $domain, 'get_domain' ) || ! current_user_can( 'manage_network_options' ) ) {
			return;
		}

		add_meta_box(
			'wu-cloudways-domain',
			__( 'Cloudways', 'wu-cloudways' ),
			static function () use ( $domain ): void {
				self::show( strtolower( (string) $domain->get_domain() ) );
			},
			$screen->id,
			'normal'
		);
	}

	/**
	 * Prints it. A database that fails must not take the page along.
	 *
	 * @param string $name The domain.
	 * @return void
	 */
	private static function show( string $name ): void {
		try {
			$store    = Plugin::instance()->store();
			$standing = Standing::now();
			$entries  = $store->domain_with_www( $name );
			$report   = self::waits( $entries ) ? $store->last_summary() : null;
		} catch ( Store_Exception $error ) {
			$words = Messages::problem(
				array(
					'code' => 'storage',
					'args' => array( 'message' => $error->getMessage() ),
				)
			);

			printf( '<p>%s %s</p>', esc_html( $words['text'] ), esc_html( $words['remedy'] ) );

			return;
		}

		if ( $standing['trouble'] ) {
			$trouble = Messages::trouble( $standing['trouble'] );

			printf( '<p><strong>%s</strong> %s</p>', esc_html( $trouble['text'] ), esc_html( $trouble['remedy'] ) );
		}

		if ( $entries ) {
			self::table( $entries );
			self::reasons( $entries, $report['certificate']['note'] ?? null );
		} elseif ( $standing['reported'] ) {
			printf( '<p>%s</p>', esc_html__( 'The last run did not know this domain yet. The next one follows by itself.', 'wu-cloudways' ) );
		} else {
			printf( '<p>%s</p>', esc_html__( 'No run has come to its end yet, so nothing is known of this domain.', 'wu-cloudways' ) );
		}

		if ( $standing['reported'] ) {
			printf(
				'<p class="description">%s</p>',
				/* translators: 1: a time, and how long ago that is, 2: what came of it, in a word or two. */
				esc_html( sprintf( __( 'As the run of %1$s found it (%2$s).', 'wu-cloudways' ), Messages::time_and_distance( (int) ( $standing['reported']['finished_at'] ?? $standing['reported']['started_at'] ) ), Messages::outcome( $standing['reported'] ) ) )
			);
		}

		printf( '<p><a href="%s">%s</a></p>', esc_url( Network_Page::url() ), esc_html__( 'Open the Cloudways page', 'wu-cloudways' ) );
	}

	/**
	 * Prints what there is, in words.
	 *
	 * @param array<string, array> $entries Name => entry.
	 * @return void
	 */
	private static function table( array $entries ): void {
		// On a telephone it scrolls sideways, which must be possible by keyboard.
		printf( '<div role="region" tabindex="0" aria-label="%s" style="overflow-x: auto">', esc_attr__( 'Alias, DNS and certificate', 'wu-cloudways' ) );
		echo '<table class="widefat striped"><thead><tr>';

		foreach ( array( __( 'Domain', 'wu-cloudways' ), __( 'Alias', 'wu-cloudways' ), __( 'DNS', 'wu-cloudways' ), __( 'Certificate', 'wu-cloudways' ) ) as $heading ) {
			printf( '<th scope="col">%s</th>', esc_html( $heading ) );
		}

		echo '</tr></thead><tbody>';

		foreach ( $entries as $name => $entry ) {
			printf(
				'<tr><th scope="row" style="text-transform: none"><bdi>%s</bdi></th><td>%s</td><td>%s</td><td>%s</td></tr>',
				esc_html( (string) $name ),
				esc_html( Messages::alias( (string) ( $entry['alias'] ?? '' ) ) ),
				esc_html( Messages::dns( $entry['dns'] ?? null, ! isset( $entry['note'] ) ) ),
				esc_html( Messages::certificate( (string) ( $entry['certificate'] ?? '' ) ) )
			);
		}

		echo '</tbody></table></div>';
	}

	/**
	 * Prints why it is so, and what to do.
	 *
	 * @param array<string, array> $entries Name => entry.
	 * @param array|null           $note    The certificate's note, for a domain that only waits for it.
	 * @return void
	 */
	private static function reasons( array $entries, ?array $note ): void {
		$said = array();

		foreach ( $entries as $entry ) {
			$said[] = $entry['note'] ?? ( self::waits( array( $entry ) ) ? $note : null );
		}

		foreach ( array_unique( array_filter( $said ), SORT_REGULAR ) as $one ) {
			$words = Messages::note( $one );

			printf( '<p>%s <strong>%s</strong></p>', esc_html( $words['text'] ), esc_html( $words['remedy'] ) );
		}
	}

	/**
	 * One of them waits for the certificate.
	 *
	 * @param array<array> $entries Entries.
	 * @return bool
	 */
	private static function waits( array $entries ): bool {
		return (bool) array_intersect( array_column( $entries, 'certificate' ), array( 'waiting', 'ordered' ) );
	}
}
