<?php
/**
 * The table of domains.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

if ( ! class_exists( '\WP_List_Table' ) ) {
	require_once ABSPATH . 'wp-admin/includes/class-wp-list-table.php';
}

/**
 * Every domain of the last report, on WordPress's own list table. Only the page that is shown is read.
 *
 * Searching, filtering and sorting are in the address. A button in a row belongs to a form beside the table, so that
 * there is one nonce for an action and not one for a row.
 */
final class Domains_Table extends \WP_List_Table {

	const VERDICTS     = array( 'here', 'elsewhere', 'proxied', 'missing', 'unknown', 'not_asked' );
	const CERTIFICATES = array( 'covered', 'ordered', 'waiting', 'blocked', 'left_out', 'none' );
	const SORTS        = array( 'domain', 'alias', 'verdict', 'certificate' );

	/**
	 * Store::last_summary().
	 *
	 * @var array
	 */
	private $summary = array();

	/**
	 * See Network_Page::mode().
	 *
	 * @var string
	 */
	private $mode = 'none';

	/**
	 * Pinned and adopted names, as keys.
	 *
	 * @var array{pins: array<string, bool>, adopted: array<string, bool>}
	 */
	private $decided = array(
		'pins'    => array(),
		'adopted' => array(),
	);

	/** Of this screen. */
	public function __construct() {
		parent::__construct(
			array(
				'singular' => 'domain',
				'plural'   => 'domains',
				'ajax'     => false,
			)
		);
	}

	/**
	 * What the address asks for.
	 *
	 * @return array As Store::domains() takes it.
	 */
	public static function query(): array {
		// phpcs:disable WordPress.Security.NonceVerification.Recommended -- it only reads.
		$text = static fn( string $name ): string => isset( $_GET[ $name ] ) && is_string( $_GET[ $name ] ) ? trim( sanitize_text_field( wp_unslash( $_GET[ $name ] ) ) ) : '';
		$page = isset( $_GET['paged'] ) && is_string( $_GET['paged'] ) ? absint( wp_unslash( $_GET['paged'] ) ) : 1;
		// phpcs:enable
		$one_of   = static fn( string $value, array $values ): string => in_array( $value, $values, true ) ? $value : '';
		$per_page = (int) get_user_option( Network_Page::PER_PAGE_OPTION );

		return array(
			'search'      => $text( 's' ),
			'verdict'     => $one_of( $text( 'verdict' ), self::VERDICTS ),
			'certificate' => $one_of( $text( 'certificate' ), self::CERTIFICATES ),
			'orderby'     => $one_of( $text( 'orderby' ), self::SORTS ),
			'order'       => 'desc' === $text( 'order' ) ? 'desc' : 'asc',
			'page'        => max( 1, $page ),
			'per_page'    => $per_page < 1 ? Network_Page::PER_PAGE : min( Network_Page::MOST_PER_PAGE, $per_page ),
		);
	}

	/** The address of the page with this search, filter, order and page of the table. */
	public static function url(): string {
		$query = self::query();
		$args  = array_filter(
			array(
				's'           => rawurlencode( $query['search'] ),
				'verdict'     => $query['verdict'],
				'certificate' => $query['certificate'],
				'orderby'     => $query['orderby'],
				'order'       => '' === $query['orderby'] ? '' : $query['order'],
				'paged'       => 1 === $query['page'] ? '' : (string) $query['page'],
			),
			'strlen'
		);
		return add_query_arg( $args, Network_Page::url() );
	}

	/**
	 * Reads the page that is shown.
	 *
	 * @throws Store_Exception When it could not be read.
	 */
	public function prepare_items(): void {
		$store = Plugin::instance()->store();
		$query = self::query();
		$found = $store->domains( $query );
		$items = array();

		foreach ( $found['items'] as $name => $entry ) {
			$items[] = array( 'name' => (string) $name ) + (array) $entry;
		}
		$this->items   = $items;
		$this->decided = array(
			'pins'    => array_fill_keys( $store->names( 'pins' ), true ),
			'adopted' => array_fill_keys( $store->names( 'adopted' ), true ),
		);
		$this->set_pagination_args(
			array(
				'total_items' => $found['total'],
				'per_page'    => $query['per_page'],
			)
		);
	}

	/**
	 * Takes what it needs to print.
	 *
	 * @param array              $summary Store::last_summary().
	 * @param 'web'|'cli'|'none' $mode    See Network_Page::mode().
	 */
	public function know( array $summary, string $mode ): void {
		$this->summary = $summary;
		$this->mode    = $mode;
	}

	/** Prints the table with its search, filters and forms. */
	public function show(): void {
		$query = self::query();

		$this->show_check();
		$this->views();
		echo '<form method="get" action="' . esc_url( strtok( Network_Page::url(), '?' ) ) . '" data-wu-cloudways="table">';
		echo '<input type="hidden" name="page" value="' . esc_attr( Network_Page::SLUG ) . '">';
		if ( '' !== $query['verdict'] ) {
			echo '<input type="hidden" name="verdict" value="' . esc_attr( $query['verdict'] ) . '">';
		}
		$this->search_box( __( 'Search domains', 'wu-cloudways' ), 'wu-cloudways' );
		$this->display();
		echo '</form>';

		foreach ( array( 'pin', 'unpin', 'release', 'dns' ) as $action ) {
			Markup::shared_form( $action, self::url() );
		}
	}

	/**
	 * The columns.
	 *
	 * @return array<string, string>
	 */
	public function get_columns(): array {
		return array(
			'cb'          => '<input type="checkbox">',
			'domain'      => __( 'Domain', 'wu-cloudways' ),
			'alias'       => __( 'Alias', 'wu-cloudways' ),
			'verdict'     => __( 'DNS', 'wu-cloudways' ),
			'certificate' => __( 'Certificate', 'wu-cloudways' ),
			'remedy'      => __( 'What to do', 'wu-cloudways' ),
		);
	}

	/** Words of the table where there is no row. */
	public function no_items(): void {
		$query = self::query();
		if ( '' === $query['search'] . $query['verdict'] . $query['certificate'] ) {
			esc_html_e( 'No domain is mapped yet.', 'wu-cloudways' );
		} else {
			esc_html_e( 'No domain is like that.', 'wu-cloudways' );
		}
	}

	/**
	 * What can be sorted: by what, whether downwards first, the abbreviation, what is said of it, and the first order.
	 *
	 * @return array<string, array>
	 */
	protected function get_sortable_columns(): array {
		return array(
			'domain'      => array( 'domain', false, '', __( 'Table ordered by domain.', 'wu-cloudways' ), 'asc' ),
			'alias'       => array( 'alias', false, '', __( 'Table ordered by alias.', 'wu-cloudways' ) ),
			'verdict'     => array( 'verdict', false, '', __( 'Table ordered by DNS.', 'wu-cloudways' ) ),
			'certificate' => array( 'certificate', false, '', __( 'Table ordered by certificate.', 'wu-cloudways' ) ),
		);
	}

	/**
	 * The filter by verdict, with how many there are of each.
	 *
	 * @return array<string, string> Links.
	 */
	protected function get_views(): array {
		$counts  = $this->summary['domain_counts'] ?? array();
		$current = self::query()['verdict'];
		$views   = array( '' => array( __( 'All', 'wu-cloudways' ), (int) ( $counts['total'] ?? 0 ) ) );
		$links   = array();

		foreach ( self::VERDICTS as $verdict ) {
			if ( ! empty( $counts['by_verdict'][ $verdict ] ) || $verdict === $current ) {
				$views[ $verdict ] = array( Messages::dns( array( 'verdict' => $verdict ) ), (int) ( $counts['by_verdict'][ $verdict ] ?? 0 ) );
			}
		}
		foreach ( $views as $verdict => list( $label, $number ) ) {
			$url = remove_query_arg( array( 'paged', 'verdict' ), self::url() );
			$url = ( '' === $verdict ? $url : add_query_arg( 'verdict', $verdict, $url ) ) . '#wu-cloudways-domains';

			$links[ '' === $verdict ? 'all' : $verdict ] = '<a href="' . esc_url( $url ) . '"' . ( $verdict === $current ? ' class="current" aria-current="page"' : '' ) . ' data-wu-cloudways="view">'
				. esc_html( $label ) . ' <span class="count">(' . esc_html( number_format_i18n( $number ) ) . ')</span></a>';
		}
		return $links;
	}

	/**
	 * As WordPress's own, without the nonce: it would be in the address of every search.
	 *
	 * @param string $which top or bottom.
	 */
	protected function display_tablenav( $which ): void {
		if ( 'bottom' === $which && ! $this->has_items() ) {
			return;
		}
		echo '<div class="tablenav ' . esc_attr( $which ) . '">';
		$this->extra_tablenav( $which );
		$this->pagination( $which );
		echo '<br class="clear"></div>';
	}

	/**
	 * The filter by certificate, and what can be done with the ticked rows.
	 *
	 * @param string $which top or bottom.
	 */
	protected function extra_tablenav( $which ): void {
		if ( 'top' !== $which ) {
			return;
		}
		$current = self::query()['certificate'];
		$counts  = $this->summary['domain_counts']['by_certificate'] ?? array();

		echo '<div class="alignleft actions"><label class="screen-reader-text" for="wu-cloudways-certificate">' . esc_html__( 'Filter by certificate', 'wu-cloudways' ) . '</label>';
		echo '<select name="certificate" id="wu-cloudways-certificate"><option value="">' . esc_html__( 'All certificates', 'wu-cloudways' ) . '</option>';
		foreach ( self::CERTIFICATES as $certificate ) {
			if ( ! empty( $counts[ $certificate ] ) || $certificate === $current ) {
				/* translators: 1: a state, 2: how many domains are in it. */
				$label = sprintf( __( '%1$s (%2$s)', 'wu-cloudways' ), Messages::certificate( $certificate ), number_format_i18n( (int) ( $counts[ $certificate ] ?? 0 ) ) );
				echo '<option value="' . esc_attr( $certificate ) . '"' . selected( $certificate, $current, false ) . '>' . esc_html( $label ) . '</option>';
			}
		}
		echo '</select><button type="submit" class="button" data-wu-cloudways="filter">' . esc_html__( 'Filter', 'wu-cloudways' ) . '</button></div>';

		if ( 'web' === $this->mode && $this->has_items() ) {
			echo '<div class="alignleft actions"><button type="submit" class="button" form="wu-cloudways-do-dns" data-wu-cloudways="dns-page">' . esc_html__( 'Check DNS of the selected', 'wu-cloudways' ) . '</button></div>';
		}
	}

	/**
	 * The box to tick.
	 *
	 * @param array $item Row.
	 */
	protected function column_cb( $item ): string {
		$id = 'wu-cloudways-tick-' . md5( $item['name'] );

		return '<input type="checkbox" id="' . esc_attr( $id ) . '" form="wu-cloudways-do-dns" name="names[]" value="' . esc_attr( $item['name'] ) . '"><label for="' . esc_attr( $id ) . '">'
			/* translators: %s: a domain name. */
			. '<span class="screen-reader-text">' . esc_html( sprintf( __( 'Select %s', 'wu-cloudways' ), $item['name'] ) ) . '</span></label>';
	}

	/**
	 * The name, why it is wanted, and what was decided about it.
	 *
	 * @param array $item Row.
	 */
	protected function column_domain( $item ): string {
		$name    = $item['name'];
		$adopted = isset( $this->decided['adopted'][ $name ] );
		$html    = '<strong><bdi>' . esc_html( $name ) . '</bdi></strong>';

		if ( isset( $this->decided['pins'][ $name ] ) ) {
			$html .= ' <span class="wu-cloudways-badge" data-wu-cloudways="pinned">' . esc_html__( 'pinned', 'wu-cloudways' ) . '</span>';
		}
		if ( $adopted ) {
			$html .= ' <span class="wu-cloudways-badge" data-wu-cloudways="adopted">' . esc_html__( 'adopted', 'wu-cloudways' ) . '</span>';
		}
		return $html . '<br><span class="description">' . esc_html( $adopted ? __( 'adopted by a person', 'wu-cloudways' ) : Messages::source( (string) ( $item['source'] ?? '' ) ) ) . '</span>';
	}

	/**
	 * Whether Cloudways has it.
	 *
	 * @param array $item Row.
	 */
	protected function column_alias( $item ): string {
		$planned = 'changes_pending' === ( $this->summary['status'] ?? '' );
		$alias   = (string) ( $item['alias'] ?? '' );

		return Markup::mark( $planned && 'added' === $alias ? '' : $alias, Messages::alias( $alias, $planned ) );
	}

	/**
	 * What DNS says.
	 *
	 * @param array $item Row.
	 */
	protected function column_verdict( $item ): string {
		return Markup::mark( (string) ( $item['dns']['verdict'] ?? 'not_asked' ), Messages::dns( $item['dns'] ?? null, ! isset( $item['note'] ) ) );
	}

	/**
	 * Whether the certificate holds it.
	 *
	 * @param array $item Row.
	 */
	protected function column_certificate( $item ): string {
		$certificate = (string) ( $item['certificate'] ?? '' );

		return Markup::mark( $certificate, Messages::certificate( $certificate ) );
	}

	/**
	 * Reason and remedy.
	 *
	 * @param array $item Row.
	 */
	protected function column_remedy( $item ): string {
		if ( ! isset( $item['note'] ) ) {
			return '';
		}
		$note = Messages::note( $item['note'] );

		if ( 'removal_withheld' === ( $item['note']['code'] ?? '' ) && 'web' === $this->mode ) {
			// The usual words name a command; here there is a button for it.
			return esc_html( $note['text'] ) . '<br><em>' . esc_html__( 'See “Removals that are withheld” on this page.', 'wu-cloudways' ) . '</em>';
		}

		return esc_html( $note['text'] ) . ( '' === $note['remedy'] ? '' : '<br><em>' . esc_html( $note['remedy'] ) . '</em>' );
	}

	/**
	 * How the row is called, where WordPress says it.
	 *
	 * @param array $item Row.
	 */
	protected function get_primary_column_aria_label( $item ): string {
		return $item['name'];
	}

	/**
	 * What can be done with one domain.
	 *
	 * @param array  $item        Row.
	 * @param string $column_name The column.
	 * @param string $primary     The first one.
	 */
	protected function handle_row_actions( $item, $column_name, $primary ): string {
		if ( $column_name !== $primary ) {
			return '';
		}
		$name    = $item['name'];
		$actions = array();

		if ( isset( $this->decided['pins'][ $name ] ) ) {
			$actions['unpin'] = Markup::shared_button( 'unpin', __( 'Unpin', 'wu-cloudways' ), $name );
		} elseif ( 'mapped' === ( $item['source'] ?? '' ) && ! in_array( $item['alias'] ?? '', array( 'invalid', 'withheld', 'removed' ), true ) ) {
			// What is not wanted any more gets no place in the certificate.
			$actions['pin'] = Markup::shared_button( 'pin', __( 'Pin', 'wu-cloudways' ), $name );
		}
		if ( 'web' === $this->mode && 'invalid' !== ( $item['alias'] ?? '' ) ) {
			$actions['dns'] = Markup::shared_button( 'dns', __( 'Check DNS', 'wu-cloudways' ), $name );
		}
		if ( isset( $this->decided['adopted'][ $name ] ) ) {
			$actions['release'] = Markup::shared_button( 'release', __( 'Release', 'wu-cloudways' ), $name );
		}
		// With actions, WordPress adds the button that shows the other columns on a small screen; without, it is missing.
		return $actions ? $this->row_actions( $actions, true ) : parent::handle_row_actions( $item, $column_name, $primary );
	}

	/** The check of all names, in batches, with its progress; without scripts the button checks the page that is shown. */
	private function show_check(): void {
		if ( 'web' !== $this->mode || ! $this->_pagination_args['total_items'] ) {
			return;
		}
		$query = self::query();

		echo '<div class="wu-cloudways-check" data-wu-cloudways="check" data-total="' . esc_attr( (string) $this->_pagination_args['total_items'] ) . '" data-search="' . esc_attr( $query['search'] ) . '" data-verdict="' . esc_attr( $query['verdict'] ) . '" data-certificate="' . esc_attr( $query['certificate'] ) . '">';
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- button() escapes.
		echo '<div class="wu-cloudways-buttons">' . Markup::button( 'dns', __( 'Check DNS now', 'wu-cloudways' ), 'secondary', array( 'url' => self::url(), 'fields' => array( 'shown' => '1' ) ) ) // phpcs:ignore WordPress.Arrays.ArrayDeclarationSpacing.AssociativeArrayFound
			. '<button type="button" class="button" data-wu-cloudways="check-cancel" hidden>' . esc_html__( 'Stop', 'wu-cloudways' ) . '</button></div>';
		echo '<div data-wu-cloudways="check-progress" hidden><label for="wu-cloudways-check-bar" data-wu-cloudways="check-text">' . esc_html__( 'DNS is asked.', 'wu-cloudways' ) . '</label> <progress id="wu-cloudways-check-bar" data-wu-cloudways="check-bar" max="1" value="0"></progress></div>';
		echo '<p role="status" data-wu-cloudways="check-summary"></p></div>';
	}
}
