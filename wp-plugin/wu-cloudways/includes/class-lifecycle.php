<?php
/**
 * Activation, deactivation, and what is looked after in between.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Makes the tables, sets the clocks, and says what deactivation means before it happens.
 */
final class Lifecycle {

	/**
	 * The plugin was activated for the network.
	 *
	 * @return void
	 */
	public static function activate(): void {
		if ( ! is_multisite() ) {
			return;
		}

		$plugin = Plugin::instance();

		try {
			$plugin->store()->install();
			$plugin->store()->upgrade_if_free( $plugin->lock() );
			$plugin->environment()->remember_here();
			$plugin->scheduler()->wake_by( time() + Scheduler::RECONCILE );

			// What was due while the plugin was not active is due now, and not late.
			if ( $plugin->store()->due_at() < time() ) {
				$plugin->scheduler()->wake_at( time() );
			}

			// A time from before a deactivation may be kept; its clocks are not.
			$plugin->scheduler()->arm();
		} catch ( \Throwable $error ) {
			// A fatal error here would say less than the notice that follows, and look_after() tries again.
			$plugin->log()->trouble( $error );

			if ( defined( 'WP_CLI' ) && WP_CLI ) {
				\WP_CLI::warning( $error->getMessage() );
			}
		}
	}

	/**
	 * The plugin was deactivated. Ultimate Multisite's own module writes again, so that our first good run starts anew;
	 * so does the time that runs have failed for.
	 *
	 * @return void
	 */
	public static function deactivate(): void {
		if ( ! is_multisite() ) {
			return;
		}

		try {
			Plugin::instance()->scheduler()->disarm();
			Plugin::instance()->store()->forget( 'good' );
			Alarms::forget();
			Plugin::instance()->probe()->remove();
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}

		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			\WP_CLI::warning( self::consequence() );
		}
	}

	/**
	 * Runs on each page of the network admin: remembers what this process has, and looks whether a clock is set.
	 *
	 * @return void
	 */
	public static function look_after(): void {
		if ( ! is_network_admin() || wp_doing_ajax() ) {
			return;
		}

		try {
			$plugin = Plugin::instance();

			try {
				$plugin->environment()->remember_here();
			} catch ( Store_Exception $error ) {
				if ( ! $plugin->store()->install_if_new() ) {
					throw $error;
				}
			}

			$plugin->store()->upgrade_if_free( $plugin->lock() );

			if ( null === $plugin->store()->due_at() ) {
				$plugin->scheduler()->wake_at( time() + Scheduler::RECONCILE );
			} else {
				$plugin->scheduler()->arm();
			}
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}
	}

	/**
	 * On the list of plugins: says what deactivation means, below the plugin and when its link is clicked.
	 *
	 * @return void
	 */
	public static function announce_deactivation(): void {
		$file = plugin_basename( WU_CLOUDWAYS_SYNC_FILE );

		add_action( "after_plugin_row_{$file}", array( self::class, 'print_row' ) );
		add_filter( "network_admin_plugin_action_links_{$file}", array( self::class, 'ask_first' ) );
	}

	/**
	 * The row below the plugin.
	 *
	 * @return void
	 */
	public static function print_row(): void {
		if ( ! is_network_admin() || ! is_plugin_active_for_network( plugin_basename( WU_CLOUDWAYS_SYNC_FILE ) ) ) {
			return;
		}

		printf(
			'<tr class="plugin-update-tr active"><td colspan="%d" class="plugin-update colspanchange"><div class="notice inline notice-warning notice-alt"><p>%s</p></div></td></tr>',
			(int) _get_list_table( 'WP_Plugins_List_Table', array( 'screen' => get_current_screen() ) )->get_column_count(),
			esc_html( self::consequence() )
		);
	}

	/**
	 * Lets the Deactivate link ask first.
	 *
	 * @param array<string, string> $links Links of the row, as HTML.
	 * @return array<string, string>
	 */
	public static function ask_first( array $links ): array {
		if ( isset( $links['deactivate'] ) ) {
			$question            = self::consequence() . ' ' . __( 'Deactivate it?', 'wu-cloudways' );
			$links['deactivate'] = (string) preg_replace( '/^<a /', '<a onclick="return confirm(' . esc_attr( (string) wp_json_encode( $question, JSON_UNESCAPED_UNICODE ) ) . ');" ', $links['deactivate'], 1 );
		}

		return $links;
	}

	/**
	 * What deactivation means.
	 *
	 * @return string
	 */
	private static function consequence(): string {
		return __( "When Cloudways Sync is deactivated, Ultimate Multisite's own Cloudways module takes over again: with the next domain it replaces the whole list of aliases at Cloudways, and aliases made there by hand are lost.", 'wu-cloudways' );
	}
}
