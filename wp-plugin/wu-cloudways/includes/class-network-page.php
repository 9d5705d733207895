<?php
/**
 * The page in the network admin.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Shows the last report, as it is stored: opening the page asks nothing outside.
 *
 * Two buttons do something: "Sync now" and "Test connection". Each is a POST
 * with a nonce that ends in a redirect, so that a reload repeats nothing.
 */
final class Network_Page {

	const SLUG = 'wu-cloudways';

	const CAPABILITY = 'manage_network_options';

	/** Domains on one page of the table. */
	const PER_PAGE = 200;

	/** Seconds that a run may take while somebody waits for the page. */
	const DEADLINE = 20;

	/**
	 * WordPress's name for the page, once it is in the menu.
	 *
	 * @var string
	 */
	private static $hook = '';

	/** Adds the action. */
	public static function hook(): void {
		// Late, so that Ultimate Multisite's menu is there.
		add_action( 'network_admin_menu', array( self::class, 'add_to_menu' ), 90 );
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

	/** Before anything is printed: does what a button asked for. */
	public static function load(): void {
		add_action(
			'admin_enqueue_scripts',
			static function () {
				wp_enqueue_style( self::SLUG, plugins_url( 'assets/css/network-page.css', WU_CLOUDWAYS_SYNC_FILE ), array(), Plugin::VERSION );
			}
		);

		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- checked on the next lines.
		$action = isset( $_POST['wu_cloudways_action'] ) ? sanitize_key( wp_unslash( $_POST['wu_cloudways_action'] ) ) : '';
		if ( '' === $action ) {
			return;
		}
		if ( ! current_user_can( self::CAPABILITY ) ) {
			wp_die( esc_html__( 'You are not allowed to do this.', 'wu-cloudways' ), 403 );
		}
		check_admin_referer( 'wu_cloudways_' . $action );

		try {
			switch ( $action ) {
				case 'sync':
					$answer = self::sync();
					break;
				case 'test':
					$answer = self::test();
					break;
				case 'confirm_site':
					$answer = self::confirm_site();
					break;
				default:
					wp_die( esc_html__( 'This action does not exist.', 'wu-cloudways' ), 400 );
			}
		} catch ( \Throwable $failure ) {
			$answer = self::failure( $failure );
		}

		// An answer that is like the one before it counts as "not stored".
		delete_site_transient( self::answer_key() );

		if ( set_site_transient( self::answer_key(), $answer, 5 * MINUTE_IN_SECONDS ) ) {
			wp_safe_redirect( self::url() );
			exit;
		}
		// The database takes nothing: after a redirect the answer would be lost.
		wp_die(
			wp_kses_post( implode( '', array_map( static fn( string $line ): string => '<p>' . esc_html( $line ) . '</p>', $answer['lines'] ) ) ),
			esc_html__( 'Cloudways', 'wu-cloudways' ),
			array(
				'response'  => 'error' === $answer['type'] ? 500 : 200,
				'link_url'  => esc_url( self::url() ),
				'link_text' => esc_html__( 'Back to the Cloudways page', 'wu-cloudways' ),
			)
		);
	}

	/** Prints the page. */
	public static function show(): void {
		if ( ! current_user_can( self::CAPABILITY ) ) {
			return;
		}
		echo '<div class="wrap wu-cloudways">';
		echo '<h1>' . esc_html__( 'Cloudways', 'wu-cloudways' ) . '</h1>';
		echo '<p>' . esc_html__( 'The domains of this network, and what the Cloudways application has of them.', 'wu-cloudways' ) . '</p>';

		self::show_answer();
		foreach ( self::problems() as $problem ) {
			Notices::render( $problem, 'clone' === $problem['code'] ? '<p>' . self::button( 'confirm_site', __( 'This is the original site', 'wu-cloudways' ), 'secondary' ) . '</p>' : '' );
		}

		try {
			self::show_memory();
		} catch ( \Throwable $failure ) {
			$answer = self::failure( $failure );
			self::notice( $answer['type'], $answer['lines'] );
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

	/** Everything that comes from the plugin's tables. */
	private static function show_memory(): void {
		$store    = Plugin::instance()->store();
		$ready    = $store->installed();
		$summary  = $ready ? $store->last_summary() : null;
		$standing = $ready ? Standing::now() : null;
		$origin   = $standing ? Messages::origin( $standing ) : '';
		$is_old   = $standing['is_old'] ?? false;
		$planned  = 'changes_pending' === ( $summary['status'] ?? '' );

		echo '<div class="wu-cloudways-actions">';
		// phpcs:disable WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
		echo self::button( 'sync', __( 'Sync now', 'wu-cloudways' ), 'primary' );
		echo self::button( 'test', __( 'Test connection', 'wu-cloudways' ), 'secondary' );
		// phpcs:enable
		echo '</div>';

		echo '<div class="wu-cloudways-cards">';
		self::show_runs( $standing, $ready ? $store->due_at() : null, $ready ? $store->dirty() : 0, $summary );
		if ( '' !== $origin ) {
			self::show_connection();
			echo '</div>';
			echo '<p class="wu-cloudways-origin"><strong>' . esc_html( $origin ) . '</strong></p>';
			echo '<div class="wu-cloudways-cards">';
		}
		if ( $summary ) {
			self::show_aliases( $summary['aliases'] ?? array(), $planned );
			self::show_certificate( $summary['certificate'] ?? array() );
		}
		if ( '' === $origin ) {
			self::show_connection();
		}
		echo '</div>';

		if ( $summary ) {
			if ( ! empty( $standing['trouble'] ) && ! $is_old ) {
				// It is the report of that very run, and was said above.
				$summary['error'] = null;
			}
			self::show_attention( $summary, $is_old );
			self::show_domains( $store, $planned );
		}
	}

	/**
	 * Last run and next.
	 *
	 * @param array|null $standing Standing::now().
	 * @param int|null   $due      Store::due_at().
	 * @param int        $dirty    Store::dirty().
	 * @param array|null $summary  Store::last_summary().
	 */
	private static function show_runs( ?array $standing, ?int $due, int $dirty, ?array $summary ): void {
		$run     = $standing['run'] ?? null;
		$trouble = $standing['trouble'] ?? null;
		$is_old  = $standing['is_old'] ?? false;

		self::open_card( __( 'Status', 'wu-cloudways' ) );
		if ( $trouble ) {
			$words = Messages::trouble( $trouble );
			echo '<p class="wu-cloudways-headline is-failed">' . esc_html( $words['text'] ) . '</p>';
			self::items( $words['items'] );
			if ( '' !== $words['remedy'] ) {
				echo '<p>' . esc_html( $words['remedy'] ) . '</p>';
			}
		} elseif ( $summary && ! $is_old ) {
			echo '<p class="wu-cloudways-headline is-' . esc_attr( (string) ( $summary['status'] ?? '' ) ) . '">' . esc_html( Messages::headline( $summary ) ) . '</p>';
		}
		echo '<dl>';
		if ( $run ) {
			self::fact( __( 'Last run', 'wu-cloudways' ), Messages::time_and_distance( (int) ( $run['finished_at'] ?? $run['started_at'] ) ) . ', ' . Messages::outcome( $run ) );
		} else {
			self::fact( __( 'Last run', 'wu-cloudways' ), __( 'none yet', 'wu-cloudways' ) );
		}
		self::fact( __( 'Next run', 'wu-cloudways' ), null === $due ? __( 'with the next change, or within the hour', 'wu-cloudways' ) : Messages::time_and_distance( $due ) );
		if ( $dirty ) {
			/* translators: %s: number of changes. */
			self::fact( __( 'Waiting', 'wu-cloudways' ), sprintf( _n( '%s change', '%s changes', $dirty, 'wu-cloudways' ), number_format_i18n( $dirty ) ) );
		}
		if ( ! empty( $summary['operation']['id'] ) && ! $is_old ) {
			self::fact( __( 'At Cloudways', 'wu-cloudways' ), Messages::operation( $summary['operation'] ) );
		}
		echo '</dl>';
		self::close_card();
	}

	/**
	 * Alias counts, and names where there are few.
	 *
	 * @param array $aliases `aliases` of a report.
	 * @param bool  $planned Nothing was written.
	 */
	private static function show_aliases( array $aliases, bool $planned ): void {
		self::open_card( __( 'Aliases', 'wu-cloudways' ) );
		echo '<dl>';
		$labels = array(
			'observed' => __( 'At Cloudways', 'wu-cloudways' ),
			'desired'  => __( 'Wanted', 'wu-cloudways' ),
			'added'    => $planned ? __( 'To add', 'wu-cloudways' ) : __( 'Added by this run', 'wu-cloudways' ),
			'removed'  => $planned ? __( 'To remove', 'wu-cloudways' ) : __( 'Removed by this run', 'wu-cloudways' ),
			'withheld' => __( 'Removal withheld', 'wu-cloudways' ),
			'kept'     => __( 'Not ours, left alone', 'wu-cloudways' ),
		);
		foreach ( $labels as $key => $label ) {
			$number = Messages::count( $aliases[ $key ] ?? 0 );
			if ( $number || in_array( $key, array( 'observed', 'desired' ), true ) ) {
				$few = ! in_array( $key, array( 'observed', 'desired' ), true );
				self::fact( $label, $few ? Messages::number_and_names( $aliases[ $key ] ) : number_format_i18n( $number ) );
			}
		}
		echo '</dl>';
		self::close_card();
	}

	/**
	 * The certificate, and how full it is.
	 *
	 * @param array $certificate `certificate` of a report.
	 */
	private static function show_certificate( array $certificate ): void {
		$installed = $certificate['installed'] ?? null;
		$limit     = (int) ( $certificate['limit'] ?? 100 );
		$number    = Messages::count( $installed['names'] ?? 0 );

		self::open_card( __( 'Certificate', 'wu-cloudways' ) );
		/* translators: 1: number of names in the certificate, 2: how many it can hold. */
		$text = sprintf( __( '%1$s of %2$s names', 'wu-cloudways' ), number_format_i18n( $number ), number_format_i18n( $limit ) );
		echo '<p><label for="wu-cloudways-names">' . esc_html( $text ) . '</label><br>';
		echo '<meter id="wu-cloudways-names" min="0" max="' . esc_attr( (string) $limit ) . '" high="' . esc_attr( (string) ( $limit * 0.9 ) ) . '" optimum="0" value="' . esc_attr( (string) $number ) . '">' . esc_html( $text ) . '</meter></p>';
		echo '<dl>';
		self::fact( __( 'Installed', 'wu-cloudways' ), Messages::installed( $installed ) );
		foreach (
			array(
				'ordered'  => __( 'Ordered for', 'wu-cloudways' ),
				'left_out' => __( 'No space left for', 'wu-cloudways' ),
			) as $key => $label
		) {
			$names = $certificate[ $key ] ?? null;
			if ( Messages::count( $names ) ) {
				self::fact( $label, Messages::number_and_names( $names ) );
			}
		}
		$budget = $certificate['budget'] ?? null;
		if ( $budget ) {
			self::fact( __( 'Orders left', 'wu-cloudways' ), Messages::budget( $budget ) );
		}
		if ( isset( $budget['next_order_at'] ) ) {
			self::fact( __( 'Next order', 'wu-cloudways' ), Messages::time_and_distance( (int) $budget['next_order_at'] ) );
		}
		echo '</dl>';
		if ( ! empty( $certificate['note'] ) ) {
			$note = Messages::note( $certificate['note'] );
			echo '<p>' . esc_html( trim( $note['text'] . ' ' . $note['remedy'] ) ) . '</p>';
		}
		self::close_card();
	}

	/** Where the extension is. */
	private static function show_connection(): void {
		$environment = Plugin::instance()->environment();
		$extension   = $environment->extension();
		$where       = $environment->where_loaded();

		self::open_card( __( 'PHP extension', 'wu-cloudways' ) );
		echo '<dl>';
		/* translators: %s: a version. */
		self::fact( __( 'On the website', 'wu-cloudways' ), $extension['loaded'] ? sprintf( __( 'loaded, version %s', 'wu-cloudways' ), $extension['version'] ?? '?' ) : __( 'not loaded', 'wu-cloudways' ) );
		$cli = __( 'not known before the first command', 'wu-cloudways' );
		if ( null !== $where['cli'] ) {
			$cli = $where['cli'] ? __( 'loaded', 'wu-cloudways' ) : __( 'not loaded', 'wu-cloudways' );
		}
		self::fact( __( 'On the command line', 'wu-cloudways' ), $cli );
		echo '</dl>';
		self::close_card();
	}

	/**
	 * The error that stopped the run, and the warnings.
	 *
	 * @param array $summary Store::last_summary().
	 * @param bool  $is_old  It is of an earlier run than the last.
	 */
	private static function show_attention( array $summary, bool $is_old ): void {
		$items = array();
		if ( ! empty( $summary['error'] ) ) {
			$items[] = Messages::error( $summary['error'] );
		}
		foreach ( $summary['warnings'] ?? array() as $warning ) {
			$items[] = Messages::note( $warning );
		}
		if ( ! $items ) {
			return;
		}
		$title = $is_old ? __( 'What needed attention then', 'wu-cloudways' ) : __( 'What needs attention', 'wu-cloudways' );
		echo '<h2>' . esc_html( $title ) . '</h2><ul class="ul-disc">';
		foreach ( $items as $item ) {
			echo '<li><strong>' . esc_html( $item['text'] ) . '</strong> ' . esc_html( $item['remedy'] );
			self::items( $item['items'] ?? array() );
			echo '</li>';
		}
		echo '</ul>';
	}

	/**
	 * The domains, one page of them.
	 *
	 * @param Store $store   The memory.
	 * @param bool  $planned Nothing was written.
	 */
	private static function show_domains( Store $store, bool $planned ): void {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- reads a page number.
		$page  = isset( $_GET['paged'] ) ? max( 1, absint( wp_unslash( $_GET['paged'] ) ) ) : 1;
		$found = $store->domains(
			array(
				'page'     => $page,
				'per_page' => self::PER_PAGE,
			)
		);
		$total = (int) $found['total'];

		echo '<h2 id="wu-cloudways-domains">' . esc_html__( 'Domains', 'wu-cloudways' ) . ' <span class="count">(' . esc_html( number_format_i18n( $total ) ) . ')</span></h2>';
		if ( ! $total ) {
			echo '<p>' . esc_html__( 'No domain is mapped yet.', 'wu-cloudways' ) . '</p>';
			return;
		}

		$columns = array(
			__( 'Domain', 'wu-cloudways' ),
			__( 'Alias', 'wu-cloudways' ),
			__( 'DNS', 'wu-cloudways' ),
			__( 'Certificate', 'wu-cloudways' ),
			__( 'What to do', 'wu-cloudways' ),
		);
		// A region that scrolls sideways on a small screen must be reachable by keyboard.
		echo '<div class="wu-cloudways-scroll" role="region" aria-labelledby="wu-cloudways-domains" tabindex="0">';
		echo '<table class="widefat striped"><thead><tr>';
		foreach ( $columns as $column ) {
			echo '<th scope="col">' . esc_html( $column ) . '</th>';
		}
		echo '</tr></thead><tbody>';
		foreach ( $found['items'] as $name => $domain ) {
			$note    = isset( $domain['note'] ) ? Messages::note( $domain['note'] ) : null;
			$verdict = (string) ( $domain['dns']['verdict'] ?? 'not_asked' );
			echo '<tr>';
			echo '<th scope="row"><strong>' . esc_html( (string) $name ) . '</strong><br><span class="description">' . esc_html( Messages::source( (string) ( $domain['source'] ?? '' ) ) ) . '</span></th>';
			$alias = (string) ( $domain['alias'] ?? '' );
			self::cell( $planned && 'added' === $alias ? '' : $alias, Messages::alias( $alias, $planned ) );
			self::cell( $verdict, Messages::dns( $domain['dns'] ?? null, null === $note ) );
			self::cell( (string) ( $domain['certificate'] ?? '' ), Messages::certificate( (string) ( $domain['certificate'] ?? '' ) ) );
			echo '<td>' . ( $note ? esc_html( $note['text'] ) . ( '' === $note['remedy'] ? '' : '<br><em>' . esc_html( $note['remedy'] ) . '</em>' ) : '' ) . '</td>';
			echo '</tr>';
		}
		echo '</tbody></table></div>';

		$links = paginate_links(
			array(
				'base'    => add_query_arg( 'paged', '%#%', self::url() ) . '#wu-cloudways-domains',
				'format'  => '',
				'current' => $page,
				'total'   => (int) ceil( $total / self::PER_PAGE ),
			)
		);
		if ( $links ) {
			echo '<nav class="wu-cloudways-pages" aria-label="' . esc_attr__( 'Pages of domains', 'wu-cloudways' ) . '">' . wp_kses_post( $links ) . '</nav>';
		}
	}

	/**
	 * A cell with a code's words, marked by the code.
	 *
	 * @param string $code Alias, verdict or certificate.
	 * @param string $text Its words.
	 */
	private static function cell( string $code, string $text ): void {
		$good  = array( 'present', 'added', 'primary', 'by_wildcard', 'here', 'proxied', 'covered' );
		$bad   = array( 'invalid', 'missing', 'elsewhere', 'blocked', 'set_aside', 'left_out', 'withheld' );
		$class = in_array( $code, $good, true ) ? 'is-good' : ( in_array( $code, $bad, true ) ? 'is-bad' : 'is-open' );

		echo '<td><span class="wu-cloudways-mark ' . esc_attr( $class ) . '">' . esc_html( $text ) . '</span></td>';
	}

	/**
	 * Runs, and says what came of it.
	 *
	 * @return array{type: string, lines: list<string>}
	 */
	private static function sync(): array {
		$outcome = Plugin::instance()->runner()->run(
			array(
				'trigger'  => 'page',
				'deadline' => self::DEADLINE,
			)
		);
		if ( 'handed_over' === $outcome['outcome'] ) {
			$lines = array(
				'um'  => __( 'The extension is not loaded, so Ultimate Multisite’s own module stays in charge.', 'wu-cloudways' ),
				'cli' => __( 'The extension is loaded on the command line only: the next command or job there runs the sync.', 'wu-cloudways' ),
			);
			return self::answer( 'warning', array( $lines[ $outcome['handed_to'] ?? 'cli' ] ?? $lines['cli'] ) );
		}

		$lines = array();
		$type  = 'success';
		if ( $outcome['report'] ) {
			$status = (string) ( $outcome['report']['status'] ?? '' );
			$types  = array(
				'ok'      => 'success',
				'partial' => 'warning',
			);
			$type   = $types[ $status ] ?? 'info';
			// Below the button, the page has the whole report.
			$lines[] = Messages::headline( $outcome['report'] );
		}
		$error = $outcome['error'] ?? $outcome['report']['error'] ?? null;
		if ( $error ) {
			$words = Messages::error( $error );
			$type  = 'locked' === $error['code'] ? 'info' : 'error';
			$lines = array_merge( $lines, array( $words['text'] ), $words['items'], array( $words['remedy'] ) );
		}
		return self::answer( $type, $lines );
	}

	/**
	 * Tests the connection, and says what was found.
	 *
	 * @return array{type: string, lines: list<string>}
	 */
	private static function test(): array {
		$outcome = Plugin::instance()->runner()->test();
		if ( ! $outcome['ok'] ) {
			$words = Messages::error( (array) $outcome['error'] );
			return self::answer( 'error', array_merge( array( $words['text'] ), $words['items'], array( $words['remedy'] ) ) );
		}
		$lines = array( __( 'Cloudways accepts the settings.', 'wu-cloudways' ) );
		foreach ( Messages::connection( (array) $outcome['result'] ) as $label => $value ) {
			/* translators: 1: a label, 2: its value. */
			$lines[] = sprintf( __( '%1$s: %2$s', 'wu-cloudways' ), $label, $value );
		}
		return self::answer( 'success', $lines );
	}

	/**
	 * A person says that this site is the original: what waited for that is sent at once.
	 *
	 * @return array{type: string, lines: list<string>}
	 * @throws Store_Exception When that could not be kept.
	 */
	private static function confirm_site(): array {
		Plugin::instance()->clone_guard()->confirm();

		$answer = self::sync();
		array_unshift( $answer['lines'], __( 'This site is the original from now on, and may write to Cloudways.', 'wu-cloudways' ) );
		return $answer;
	}

	/**
	 * Something that was thrown, in words.
	 *
	 * @param \Throwable $failure What was thrown.
	 * @return array{type: string, lines: list<string>}
	 */
	private static function failure( \Throwable $failure ): array {
		$words = Messages::error(
			array(
				'code'    => $failure instanceof Store_Exception ? 'storage' : 'internal',
				'message' => $failure->getMessage(),
			)
		);
		return self::answer( 'error', array( $words['text'], $words['remedy'] ) );
	}

	/**
	 * What is kept for the page after the redirect.
	 *
	 * @param string       $type  success, info, warning or error.
	 * @param list<string> $lines Plain text.
	 * @return array{type: string, lines: list<string>}
	 */
	private static function answer( string $type, array $lines ): array {
		return array(
			'type'  => $type,
			'lines' => array_values( array_filter( $lines, 'strlen' ) ),
		);
	}

	/** What the button that brought us here said, once. */
	private static function show_answer(): void {
		$answer = get_site_transient( self::answer_key() );
		if ( is_array( $answer ) ) {
			delete_site_transient( self::answer_key() );
			self::notice( $answer['type'], $answer['lines'] );
		}
	}

	/** One person's answer is not shown to another. */
	private static function answer_key(): string {
		return 'wu_cloudways_sync_answer_' . get_current_user_id();
	}

	/**
	 * @param string       $type  success, info, warning or error.
	 * @param list<string> $lines Plain text.
	 */
	private static function notice( string $type, array $lines ): void {
		echo '<div class="notice notice-' . esc_attr( $type ) . '" role="status">';
		foreach ( $lines as $line ) {
			echo '<p>' . esc_html( $line ) . '</p>';
		}
		echo '</div>';
	}

	/**
	 * A form with one button, as escaped HTML.
	 *
	 * @param string $action sync, test or confirm_site.
	 * @param string $label  Plain text.
	 * @param string $style  primary or secondary.
	 */
	private static function button( string $action, string $label, string $style ): string {
		return '<form method="post" action="' . esc_url( self::url() ) . '">'
			// Not wp_nonce_field(): its id would be on the page twice.
			. '<input type="hidden" name="_wpnonce" value="' . esc_attr( wp_create_nonce( 'wu_cloudways_' . $action ) ) . '">'
			. '<button type="submit" class="button button-' . esc_attr( $style ) . '" name="wu_cloudways_action" value="' . esc_attr( $action ) . '">' . esc_html( $label ) . '</button></form>';
	}

	/** Opens a box with a heading. */
	private static function open_card( string $title ): void {
		echo '<section class="wu-cloudways-card"><h2>' . esc_html( $title ) . '</h2>';
	}

	/** Closes it. */
	private static function close_card(): void {
		echo '</section>';
	}

	/**
	 * A list, when there is something in it.
	 *
	 * @param list<string> $items Plain text.
	 */
	private static function items( array $items ): void {
		if ( $items ) {
			echo '<ul class="ul-disc"><li>' . implode( '</li><li>', array_map( 'esc_html', $items ) ) . '</li></ul>';
		}
	}

	/** A label and a value. */
	private static function fact( string $label, string $value ): void {
		echo '<dt>' . esc_html( $label ) . '</dt><dd>' . esc_html( $value ) . '</dd>';
	}

	/** The menu the page is in. */
	private static function parent_slug(): string {
		return isset( $GLOBALS['admin_page_hooks']['wp-ultimo'] ) ? 'wp-ultimo' : 'settings.php';
	}
}
