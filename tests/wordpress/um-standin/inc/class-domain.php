<?php
/**
 * The domain model.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Models;

defined( 'ABSPATH' ) || exit;

/**
 * One row of `{base_prefix}wu_domain_mappings`.
 */
class Domain implements \JsonSerializable {

	public const INACTIVE_STAGES = array( 'checking-dns', 'checking-ssl-cert', 'failed', 'ssl-failed' );

	private const STAGES = array( 'checking-dns', 'checking-ssl-cert', 'done-without-ssl', 'done', 'failed', 'ssl-failed' );

	/** Columns in the order of the table. */
	private const COLUMNS = array( 'id', 'blog_id', 'domain', 'active', 'primary_domain', 'secure', 'stage', 'date_created', 'date_modified' );

	/** Columns whose changes fire `wu_transition_domain_<column>`, in that order. */
	private const TRANSITIONS = array( 'domain', 'active', 'primary_domain', 'secure', 'stage' );

	private const CACHE = 'wu-domains';

	/** A label of letters, digits and inner dashes, a dot, and a last label of letters and digits that begins with a letter. */
	private const NAME = '/^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.){1,126}(?!\d)[a-z\d]{1,63}$/i';

	/** Name of the model in hooks. */
	public $model = 'domain';

	protected $id             = 0;
	protected $blog_id        = null;
	protected $domain         = '';
	protected $active         = true;
	protected $primary_domain = false;
	protected $secure         = false;
	protected $stage          = 'checking-dns';
	protected $date_created   = '';
	protected $date_modified  = '';

	/** The `primary_domain` this object was made with. */
	private $was_primary;

	/**
	 * Takes a row or an array; unknown keys are ignored.
	 */
	public function __construct( $object_model = null ) {
		foreach ( (array) $object_model as $key => $value ) {
			if ( 'id' === $key ) {
				$this->id = $value;
			} elseif ( method_exists( $this, "set_$key" ) ) {
				$this->{"set_$key"}( $value );
			}
		}
		$this->was_primary = $this->primary_domain;
	}

	public function get_id() {
		return absint( $this->id );
	}

	public function exists() {
		return ! empty( $this->id );
	}

	public function get_domain() {
		return $this->domain;
	}

	public function set_domain( $domain ): void {
		$this->domain = strtolower( (string) $domain );
	}

	public function get_blog_id() {
		return (int) $this->blog_id;
	}

	public function set_blog_id( $blog_id ): void {
		$this->blog_id = $blog_id;
	}

	public function get_site_id() {
		return $this->get_blog_id();
	}

	public function get_site() {
		return \WP_Site::get_instance( $this->get_blog_id() );
	}

	public function get_url( $path = '' ): string {
		return ( $this->is_secure() ? 'https://' : 'http://' ) . $this->get_domain() . '/' . $path;
	}

	/**
	 * False in every stage before the end, whatever the column holds.
	 */
	public function is_active() {
		return ! $this->has_inactive_stage() && (bool) $this->active;
	}

	public function set_active( $active ): void {
		$this->active = $active;
	}

	public function is_primary_domain() {
		return (bool) $this->primary_domain;
	}

	public function set_primary_domain( $primary_domain ): void {
		$this->primary_domain = $primary_domain;
	}

	public function is_secure() {
		return (bool) $this->secure;
	}

	public function set_secure( $secure ): void {
		$this->secure = $secure;
	}

	public function get_stage() {
		return $this->stage;
	}

	public function set_stage( $stage ): void {
		$this->stage = $stage;
	}

	public function has_inactive_stage(): bool {
		return in_array( $this->stage, self::INACTIVE_STAGES, true );
	}

	public function get_stage_label() {
		return array(
			'checking-dns'      => 'DNS is being checked',
			'checking-ssl-cert' => 'Certificate is being checked',
			'done-without-ssl'  => 'Done, without certificate',
			'done'              => 'Done',
			'failed'            => 'DNS check given up',
			'ssl-failed'        => 'Certificate check given up',
		)[ $this->stage ] ?? $this->stage;
	}

	public function get_date_created() {
		return $this->date_created;
	}

	public function set_date_created( $date_created ): void {
		$this->date_created = $date_created;
	}

	public function get_date_modified() {
		return $this->date_modified;
	}

	public function set_date_modified( $date_modified ): void {
		$this->date_modified = $date_modified;
	}

	/**
	 * Asks the domain itself over HTTP, then its DNS records, then plugins.
	 *
	 * The stand-in looks no records up: a test gives them through `wu_domain_dns_get_record`.
	 */
	public function has_correct_dns() {
		$manager = \WP_Ultimo\Managers\Domain_Manager::get_instance();
		if ( $manager->verify_domain_with_loopback_request( $this ) ) {
			return true;
		}
		$public_ip = \WP_Ultimo\Domain_Mapping\Helper::get_network_public_ip();
		$found     = array_column( apply_filters( 'wu_domain_dns_get_record', array(), $this->domain ), 'data' );
		if ( in_array( get_network()->domain, $found, true ) || in_array( $public_ip, $found, true ) ) {
			return true;
		}
		return apply_filters( 'wu_domain_has_correct_dns', false, $this, $found );
	}

	public function has_valid_ssl_certificate() {
		return \WP_Ultimo\Domain_Mapping\Helper::has_valid_ssl_certificate( $this->domain );
	}

	/**
	 * Checks the fields. Returns true or a WP_Error whose codes are field names.
	 */
	public function validate() {
		$errors = new \WP_Error();
		// Site 0, and a site that does not exist, are taken.
		if ( ! is_numeric( $this->blog_id ) ) {
			$errors->add( 'blog_id', 'Which site?' );
		}
		if ( '' === $this->domain ) {
			$errors->add( 'domain', 'Which name?' );
		} elseif ( ! preg_match( self::NAME, $this->domain ) ) {
			$errors->add( 'domain', "{$this->domain} is not a name that can be mapped." );
		} else {
			$other = self::get_by( 'domain', $this->domain );
			if ( $other && $other->get_id() !== $this->get_id() ) {
				$errors->add( 'domain', "{$this->domain} is mapped already." );
			}
		}
		if ( ! $this->stage ) {
			$this->stage = self::STAGES[0];
		}
		if ( ! in_array( $this->stage, self::STAGES, true ) ) {
			$errors->add( 'stage', 'There is no such stage.' );
		}
		return $errors->has_errors() ? $errors : true;
	}

	/**
	 * Inserts or updates. Returns true when a row was written, false when nothing was (also on a database error), or a WP_Error.
	 *
	 * @return bool|\WP_Error
	 */
	public function save() {
		global $wpdb;

		$is_new = ! $this->exists();
		apply_filters( 'wu_domain_meta_pre_save', array(), $this->to_array(), $this );
		$valid = $this->validate();
		$data  = apply_filters( 'wu_domain_pre_save', $this->to_array(), $this->to_array(), $this );
		if ( is_wp_error( $valid ) ) {
			return $valid;
		}

		$saved = $is_new ? $this->insert( $data ) : $this->update( $data );

		do_action( 'wu_model_post_save', $this->model, $data, $data, $this );
		do_action( 'wu_domain_post_save', $data, $this, $is_new );

		wp_cache_flush();

		if ( $this->primary_domain && ( $is_new || ! $this->was_primary ) ) {
			$others = self::query(
				array(
					'primary_domain' => true,
					'blog_id'        => $this->blog_id,
					'id__not_in'     => array( $this->id ),
					'fields'         => 'ids',
				)
			);
			do_action( 'wu_async_remove_old_primary_domains', $others );
			do_action( 'wu_domain_became_primary', $this, $this->blog_id, $is_new );
		}
		return $saved;
	}

	/**
	 * Deletes the row. Returns the number of rows, false, or a WP_Error when it was never saved.
	 */
	public function delete() {
		global $wpdb;

		if ( ! $this->get_id() ) {
			return new \WP_Error( 'wu_domain_delete_unsaved_item', 'This domain was never saved.' );
		}
		do_action( 'wu_domain_pre_delete', $this );
		$result = false;
		if ( self::row( 'id', $this->get_id() ) ) {
			$result = $wpdb->delete( $wpdb->wu_dmtable, array( 'id' => $this->get_id() ) );
			$wpdb->delete( $wpdb->wu_domainmeta, array( 'wu_domain_id' => $this->get_id() ) );
			self::forget();
		}
		do_action( 'wu_domain_post_delete', $result, $this );

		wu_log_clear( "domain-{$this->domain}" );
		wu_log_add( "domain-{$this->domain}", 'The domain was deleted, and its log cleared.' );
		return $result;
	}

	private function insert( array $data ): bool {
		global $wpdb;

		$row = self::cast( $data );
		unset( $row['id'] );
		foreach ( array( 'date_created', 'date_modified' ) as $column ) {
			$row[ $column ] = $row[ $column ] ? $row[ $column ] : gmdate( 'Y-m-d H:i:s' );
		}
		if ( ! $wpdb->insert( $wpdb->wu_dmtable, $row ) ) {
			return false;
		}
		$this->id = $wpdb->insert_id;
		self::forget();
		$this->transition( $row, array_fill_keys( array_keys( $row ), 'new' ), $this->id );
		return true;
	}

	private function update( array $data ): bool {
		global $wpdb;

		$old = (array) self::row( 'id', $this->get_id() );
		unset( $data['id'], $old['id'] );
		$changed = array_diff_assoc( array_intersect_key( $data, $old ), $old );
		if ( ! $changed ) {
			return false;
		}
		$changed                  = self::cast( $changed );
		$changed['date_modified'] = gmdate( 'Y-m-d H:i:s' );
		if ( ! $wpdb->update( $wpdb->wu_dmtable, $changed, array( 'id' => $this->get_id() ) ) ) {
			return false;
		}
		self::forget();
		$this->transition( $changed, $old, $this->get_id() );
		return true;
	}

	/**
	 * The values as they are written: numbers where the column holds numbers.
	 */
	private static function cast( array $row ): array {
		foreach ( array( 'blog_id', 'active', 'primary_domain', 'secure' ) as $column ) {
			if ( isset( $row[ $column ] ) ) {
				$row[ $column ] = (int) $row[ $column ];
			}
		}
		return $row;
	}

	/**
	 * Fires the transitions. As in the real plugin a new value is compared with the old values of *all* these columns:
	 * `active` from 1 to 0 is missed when another column held 0 before.
	 */
	private function transition( array $changed, array $old, int $id ): void {
		$columns = array_flip( self::TRANSITIONS );
		$before  = array_map( 'strval', array_intersect_key( $old, $columns ) );
		foreach ( array_intersect_key( $changed, $columns ) as $column => $value ) {
			if ( ! in_array( (string) $value, $before, true ) ) {
				do_action( "wu_transition_domain_{$column}", $old[ $column ], $value, $id );
			}
		}
	}

	public function get_meta( $key, $default_value = false, $single = true ) {
		if ( ! $this->get_id() ) {
			return $default_value;
		}
		return get_metadata_raw( 'wu_domain', $this->get_id(), $key, $single ) ?? $default_value;
	}

	public function update_meta( $key, $value ) {
		return $this->get_id() ? update_metadata( 'wu_domain', $this->get_id(), $key, $value ) : false;
	}

	public function delete_meta( $key ) {
		return $this->get_id() ? delete_metadata( 'wu_domain', $this->get_id(), $key ) : false;
	}

	public function to_array() {
		$array = array();
		foreach ( self::COLUMNS as $column ) {
			$array[ $column ] = $this->{$column};
		}
		return $array;
	}

	public function jsonSerialize(): mixed {
		return $this->to_array();
	}

	public static function get_by_id( $item_id ) {
		return $item_id ? self::get_by( 'id', absint( $item_id ) ) : false;
	}

	public static function get_by( $column, $value ) {
		if ( empty( $value ) || ! in_array( $column, self::COLUMNS, true ) ) {
			return false;
		}
		// Only a look-up by id is answered from the object cache.
		$row = 'id' === $column ? wp_cache_get( $value, self::CACHE ) : false;
		if ( ! $row ) {
			$row = self::row( $column, $value );
			if ( ! $row ) {
				return false;
			}
			wp_cache_add( $row->id, $row, self::CACHE );
		}
		return new self( $row );
	}

	/**
	 * Lists domains, newest first.
	 *
	 * `number` is 100 by default and taken as an absolute value, so -1 gives one row; false or 0 gives all.
	 * `fields`: `ids`, or a column (then id => value). `count` => true gives a number. Columns filter by equality,
	 * `<column>__in` and `<column>__not_in` by lists.
	 */
	public static function query( $args = array() ) {
		global $wpdb;

		$args   = wp_parse_args( $args, array( 'number' => 100, 'offset' => 0, 'orderby' => 'id', 'order' => 'DESC', 'fields' => '', 'count' => false, 'search' => '' ) ); // phpcs:ignore
		$where  = array( '1=1' );
		$values = array();
		foreach ( self::COLUMNS as $column ) {
			if ( isset( $args[ $column ] ) ) {
				$where[]  = "$column = %s";
				$values[] = $args[ $column ];
			}
			foreach ( array( '__in' => 'IN', '__not_in' => 'NOT IN' ) as $suffix => $operator ) { // phpcs:ignore
				if ( ! empty( $args[ $column . $suffix ] ) ) {
					$list    = (array) $args[ $column . $suffix ];
					$where[] = "$column $operator (" . implode( ',', array_fill( 0, count( $list ), '%s' ) ) . ')';
					array_push( $values, ...array_values( $list ) );
				}
			}
		}
		if ( '' !== $args['search'] ) {
			$where[]  = 'domain LIKE %s';
			$values[] = '%' . $wpdb->esc_like( $args['search'] ) . '%';
		}

		$where = implode( ' AND ', $where );
		$where = $values ? $wpdb->prepare( $where, $values ) : $where; // phpcs:ignore WordPress.DB.PreparedSQL
		if ( $args['count'] ) {
			$sql = "SELECT COUNT(*) FROM {$wpdb->wu_dmtable} WHERE $where";
		} else {
			$orderby = in_array( $args['orderby'], self::COLUMNS, true ) ? $args['orderby'] : 'id';
			$order   = 'ASC' === strtoupper( $args['order'] ) ? 'ASC' : 'DESC';
			$number  = absint( $args['number'] );
			$limit   = $number ? sprintf( 'LIMIT %d, %d', absint( $args['offset'] ), $number ) : '';
			$sql     = "SELECT id FROM {$wpdb->wu_dmtable} WHERE $where ORDER BY $orderby $order $limit";
		}

		// The list is asked of the database each time; what the domains in it are called may come from the object cache.
		$ids = array_map( 'intval', $wpdb->get_col( $sql ) ); // phpcs:ignore WordPress.DB.PreparedSQL
		if ( $args['count'] ) {
			return $ids[0] ?? 0;
		}

		$domains = array_filter( array_map( array( self::class, 'get_by_id' ), $ids ) );
		$domains = apply_filters( 'wu_the_domains', array_values( $domains ) );
		if ( ! $args['fields'] ) {
			return $domains;
		}
		$result = array();
		foreach ( $domains as $domain ) {
			if ( 'ids' === $args['fields'] ) {
				$result[] = (string) $domain->id;
			} else {
				$result[ $domain->id ] = $domain->{$args['fields']};
			}
		}
		return $result;
	}

	private static function row( string $column, $value ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB.PreparedSQL
		return $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$wpdb->wu_dmtable} WHERE $column = %s LIMIT 1", $value ) );
	}

	/**
	 * Makes the object cache forget every domain.
	 */
	private static function forget(): void {
		wp_cache_flush_group( self::CACHE );
	}
}
