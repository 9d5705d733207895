<?php
/**
 * The page in the network admin.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The frame of the page. It shows the last report, as it is stored: opening the page asks nothing outside.
 *
 * What a button does is in Page_Actions, each part of the page in a class of its own. The parts that can change while
 * the page is open stand between Markup::open_part() and close_part(), and a script replaces them from a second look at
 * the page; without scripts the page is complete as it is.
 */
final class Network_Page {

	const SLUG = 'wu-cloudways';

	const CAPABILITY = 'manage_network_options';

	/** Domains on one page of the table, unless the reader wants another number; and the most that can be wanted. */
	const PER_PAGE        = 50;
	const MOST_PER_PAGE   = 500;
	const PER_PAGE_OPTION = 'wu_cloudways_domains_per_page';

	/** Seconds that a run may take while somebody waits for the page. */
	const DEADLINE = 20;

	/**
	 * WordPress's name for the page, once it is in the menu.
	 *
	 * @var string
	 */
	private static $hook = '';

	/**
	 * The table of domains; null when there is none to show.
	 *
	 * @var Domains_Table|null
	 */
	private static $table;

	/** Adds the actions. */
	public static function hook(): void {
		// Late, so that Ultimate Multisite's menu is there.
		add_action( 'network_admin_menu', array( self::class, 'add_to_menu' ), 90 );
		// Before any page is known, WordPress asks who takes what was typed into Screen Options.
		add_filter( 'set_screen_option_' . self::PER_PAGE_OPTION, array( self::class, 'take_per_page' ), 10, 3 );
	}

	/** Puts the page into Ultimate Multisite's menu; without that menu, into Settings. */
	public static function add_to_menu(): void {
		self::$hook = (string) add_submenu_page(
			self::parent_slug(),
			__( 'Cloudways', 'wu-cloudways' ),
			__( 'Cloudways', 'wu-cloudways' ),
			self::CAPABILITY,
			self::SLUG,
			array( self::class, 'show' )
		);
		if ( '' !== self::$hook ) {
			add_action( 'load-' . self::$hook, array( self::class, 'load' ) );
		}
	}

	/** Whether this request shows the page. */
	public static function is_current(): bool {
		$screen = function_exists( 'get_current_screen' ) ? get_current_screen() : null;
		return '' !== self::$hook && $screen && self::$hook . '-network' === $screen->id;
	}

	/** Where the page is. */
	public static function url(): string {
		return add_query_arg( 'page', self::SLUG, network_admin_url( 'settings.php' === self::parent_slug() ? 'settings.php' : 'admin.php' ) );
	}

	/**
	 * Which process does the work that the page asks for.
	 *
	 * @return 'web'|'cli'|'none' web: this one; cli: the extension is on the command line only, and a button is a request
	 *         to it; none: it is nowhere.
	 * @throws Store_Exception When it could not be read.
	 */
	public static function mode(): string {
		$environment = Plugin::instance()->environment();

		if ( $environment->extension()['compatible'] ) {
			return 'web';
		}
		return true === $environment->where_loaded()['cli'] ? 'cli' : 'none';
	}

	/**
	 * How many domains a reader wants on a page.
	 *
	 * @param mixed  $keep   What WordPress would keep.
	 * @param string $option The option.
	 * @param mixed  $value  What was typed.
	 */
	public static function take_per_page( $keep, $option, $value ): int {
		return max( 1, min( self::MOST_PER_PAGE, (int) $value ) );
	}

	/** Before anything is printed: does what a button asked for, and reads the table. */
	public static function load(): void {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- checked by Page_Actions.
		$action = isset( $_POST['wu_cloudways_action'] ) ? sanitize_key( wp_unslash( $_POST['wu_cloudways_action'] ) ) : '';
		if ( '' !== $action ) {
			Page_Actions::handle( $action );
		}

		add_action( 'admin_enqueue_scripts', array( self::class, 'enqueue' ) );
		add_screen_option(
			'per_page',
			array(
				'label'   => __( 'Domains per page', 'wu-cloudways' ),
				'default' => self::PER_PAGE,
				'option'  => self::PER_PAGE_OPTION,
			)
		);

		try {
			$store = Plugin::instance()->store();
			if ( $store->installed() && null !== $store->reported_run() ) {
				// Here, as it may answer with a redirect: there is no page so high any more.
				self::$table = new Domains_Table();
				self::$table->prepare_items();
			}
		} catch ( Store_Exception $failure ) {
			// Said where the memory is shown.
			self::$table = null;
		}
	}

	/** The style, and the script with its words. */
	public static function enqueue(): void {
		wp_enqueue_style( self::SLUG, plugins_url( 'assets/css/network-page.css', WU_CLOUDWAYS_SYNC_FILE ), array(), Plugin::VERSION );
		wp_enqueue_script( self::SLUG, plugins_url( 'assets/js/network-page.js', WU_CLOUDWAYS_SYNC_FILE ), array(), Plugin::VERSION, array( 'in_footer' => true ) );

		$routes = array();
		foreach ( array( 'status', 'dns' ) as $route ) {
			// Of the main site, also where a mapped domain shows the network's admin.
			$routes[ $route ] = add_query_arg( '_locale', 'user', get_rest_url( get_main_site_id(), Rest::ROUTES . '/' . $route ) );
		}
		$settings = array(
			'routes' => $routes,
			'nonce'  => wp_create_nonce( 'wp_rest' ),
			'words'  => array(
				'working'  => __( 'Working: this may take up to 20 seconds.', 'wu-cloudways' ),
				'ended'    => __( 'It has ended. The page shows how things are now.', 'wu-cloudways' ),
				'lost'     => __( 'The site does not answer any more. Load the page again.', 'wu-cloudways' ),
				'checking' => __( 'DNS is asked.', 'wu-cloudways' ),
				/* translators: 1: how many names were checked, 2: how many there are. */
				'checked'  => __( '%1$s of %2$s names', 'wu-cloudways' ),
				'canceled' => __( 'Stopped.', 'wu-cloudways' ),
			),
		);
		wp_add_inline_script( self::SLUG, 'window.wuCloudways = ' . wp_json_encode( $settings, JSON_HEX_TAG | JSON_HEX_AMP | JSON_UNESCAPED_SLASHES ) . ';', 'before' );
	}

	/** Prints the page. */
	public static function show(): void {
		if ( ! current_user_can( self::CAPABILITY ) ) {
			return;
		}
		echo '<div class="wrap wu-cloudways">';
		echo '<h1>' . esc_html__( 'Cloudways', 'wu-cloudways' ) . '</h1><hr class="wp-header-end">';
		echo '<p>' . esc_html__( 'The domains of this network, and what the Cloudways application has of them.', 'wu-cloudways' ) . '</p>';
		// What happens while the page is open is said here.
		echo '<p class="screen-reader-text" role="status" aria-live="polite" data-wu-cloudways="live"></p>';

		Page_Actions::show_answer( self::$table ? 'top' : '' );
		foreach ( self::problems() as $problem ) {
			if ( 'extension_missing' === $problem['code'] ) {
				Page_Guide::show( $problem );
				continue;
			}
			Notices::render( $problem, 'clone' === $problem['code'] ? '<p>' . Markup::button( 'confirm_site', __( 'This is the original site', 'wu-cloudways' ), 'secondary' ) . '</p>' : '' );
		}
		Notices::show_alarms_on_page();

		try {
			self::show_memory();
		} catch ( \Throwable $failure ) {
			$answer = Page_Actions::failure( $failure );
			Markup::notice( $answer['type'], $answer['lines'] );
		}
		echo '</div>';
	}

	/**
	 * The problems that the headline does not say.
	 *
	 * @return list<array> See Environment::problems().
	 */
	private static function problems(): array {
		$problems = Notices::problems();
		try {
			return Standing::unsaid( $problems, Standing::now()['trouble'] );
		} catch ( \Throwable $failure ) {
			// Said where the memory is shown.
			return $problems;
		}
	}

	/**
	 * Everything that comes from the plugin's tables.
	 *
	 * @throws Store_Exception When they could not be read.
	 */
	private static function show_memory(): void {
		$store    = Plugin::instance()->store();
		$ready    = $store->installed();
		$summary  = $ready ? $store->last_summary() : null;
		$standing = $ready ? Standing::now() : null;
		$paused   = $ready ? $store->paused() : null;
		$mode     = $ready ? self::mode() : ( Plugin::instance()->environment()->extension()['compatible'] ? 'web' : 'none' );

		Markup::open_part( 'controls' );
		self::show_pause( $paused );
		self::show_buttons( $mode, $paused, $ready );
		Markup::close_part();
		if ( $ready ) {
			Progress::show();
			Preview::show( $paused );
			Page_Aliases::show_question( $summary );
		}

		Markup::open_part( 'report' );
		Page_Cards::show( $summary, $standing );
		if ( $summary ) {
			if ( ! empty( $standing['trouble'] ) && ! $standing['is_old'] ) {
				// It is the report of that very run, and was said above.
				$summary['error'] = null;
			}
			Page_Cards::show_attention( $summary, $standing['is_old'], $mode );
		}
		Markup::close_part();

		if ( $summary && self::$table ) {
			self::show_domains( $mode, $summary );
		}
		if ( $ready ) {
			Markup::open_part( 'aliases' );
			Page_Aliases::show( $summary );
			Markup::close_part();
			Markup::open_part( 'runs' );
			Page_Runs::show( $store->runs() );
			Markup::close_part();
		}
	}

	/**
	 * That a person has paused it.
	 *
	 * @param array|null $paused Store::paused().
	 */
	private static function show_pause( ?array $paused ): void {
		if ( null === $paused ) {
			return;
		}
		$since = Messages::time_and_distance( $paused['since'] );
		$text  = '' === $paused['by']
			/* translators: %s: a time, and how long ago that is. */
			? sprintf( __( 'Paused since %s.', 'wu-cloudways' ), $since )
			/* translators: 1: a time, and how long ago that is, 2: the login name of a person. */
			: sprintf( __( 'Paused since %1$s by %2$s.', 'wu-cloudways' ), $since, $paused['by'] );

		Markup::notice(
			'warning',
			array( $text . ' ' . __( 'Nothing is sent to Cloudways; changes are remembered.', 'wu-cloudways' ) ),
			'<div class="wu-cloudways-buttons">' . Markup::button( 'resume', __( 'Resume', 'wu-cloudways' ), 'primary' ) . '</div>',
			'paused'
		);
	}

	/**
	 * The buttons that concern the whole.
	 *
	 * @param 'web'|'cli'|'none' $mode   See mode().
	 * @param array|null         $paused Store::paused().
	 * @param bool               $ready  The tables are there.
	 */
	private static function show_buttons( string $mode, ?array $paused, bool $ready ): void {
		$note = 'cli' === $mode ? 'cli' : ( null === $paused ? '' : 'paused' );

		echo '<div class="wu-cloudways-buttons" data-wu-cloudways="buttons">';
		// phpcs:disable WordPress.Security.EscapeOutput.OutputNotEscaped -- button() and command() escape.
		if ( 'none' !== $mode ) {
			echo Markup::button(
				'sync',
				'cli' === $mode ? __( 'Ask for a sync', 'wu-cloudways' ) : __( 'Sync now', 'wu-cloudways' ),
				'primary',
				array(
					'disabled' => null !== $paused,
					'note'     => '' === $note ? '' : 'wu-cloudways-note',
				)
			);
		}
		if ( 'web' === $mode ) {
			echo Markup::button( 'preview', __( 'Preview', 'wu-cloudways' ), 'secondary' );
			echo Markup::button( 'test', __( 'Test connection', 'wu-cloudways' ), 'secondary' );
		}
		if ( $ready && null === $paused ) {
			echo Markup::button( 'pause', __( 'Pause', 'wu-cloudways' ), 'secondary' );
		}
		echo '</div>';

		if ( 'cli' === $note ) {
			echo '<div id="wu-cloudways-note" data-wu-cloudways="commands"><p>' . esc_html__( 'The extension is loaded on the command line only: a run that is asked for here is done by the next command or job there. What needs an answer at once is typed there:', 'wu-cloudways' ) . '</p><dl class="wu-cloudways-commands">';
			foreach (
				array(
					'plan' => __( 'Preview', 'wu-cloudways' ),
					'test' => __( 'Test connection', 'wu-cloudways' ),
					'dns'  => __( 'Check DNS now', 'wu-cloudways' ),
				) as $command => $label
			) {
				echo '<dt>' . esc_html( $label ) . '</dt><dd>' . Markup::command( 'wu-cloudways ' . $command ) . '</dd>';
			}
			echo '</dl></div>';
		} elseif ( 'paused' === $note ) {
			echo '<p class="description" id="wu-cloudways-note">' . esc_html__( 'While it is paused, a preview can be made, and nothing can be sent.', 'wu-cloudways' ) . '</p>';
		}
		// phpcs:enable
	}

	/**
	 * The domains of the last report.
	 *
	 * @param 'web'|'cli'|'none' $mode    See mode().
	 * @param array              $summary Store::last_summary().
	 */
	private static function show_domains( string $mode, array $summary ): void {
		self::$table->know( $summary, $mode );

		echo '<h2 id="wu-cloudways-domains" tabindex="-1">' . esc_html__( 'Domains', 'wu-cloudways' ) . ' <span class="count">(' . esc_html( number_format_i18n( (int) $summary['domain_counts']['total'] ) ) . ')</span></h2>';
		Page_Actions::show_answer( 'table' );
		self::$table->show();
	}

	/** The menu the page is in. */
	private static function parent_slug(): string {
		return isset( $GLOBALS['admin_page_hooks']['wp-ultimo'] ) ? 'wp-ultimo' : 'settings.php';
	}
}
