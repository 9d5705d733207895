<?php
/**
 * Installs the tables.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Installers;

defined( 'ABSPATH' ) || exit;

/**
 * Has the names of the real one, so that whoever builds a test network calls both alike.
 */
class Core_Installer {

	public static function get_instance(): Core_Installer {
		return new self();
	}

	/**
	 * Creates the two tables of domains.
	 */
	public function _install_database_tables(): void { // phpcs:ignore PSR2.Methods.MethodDeclaration.Underscore
		global $wpdb;

		$collate = $wpdb->get_charset_collate();
		$wpdb->query(
			"CREATE TABLE IF NOT EXISTS {$wpdb->base_prefix}wu_domain_mappings (
				id bigint(20) NOT NULL AUTO_INCREMENT,
				blog_id bigint(20) NOT NULL,
				domain varchar(191) NOT NULL,
				active tinyint(4) DEFAULT 1,
				primary_domain tinyint(4) DEFAULT 0,
				secure tinyint(4) DEFAULT 0,
				stage enum('checking-dns','checking-ssl-cert','done-without-ssl','done','failed','ssl-failed') DEFAULT 'checking-dns',
				date_created datetime NULL,
				date_modified datetime NULL,
				PRIMARY KEY (id),
				KEY blog_id (blog_id,domain,active),
				KEY domain (domain)
			) $collate"
		);
		$wpdb->query(
			"CREATE TABLE IF NOT EXISTS {$wpdb->base_prefix}wu_domainmeta (
				meta_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
				wu_domain_id bigint(20) unsigned NOT NULL DEFAULT 0,
				meta_key varchar(255) DEFAULT NULL,
				meta_value longtext DEFAULT NULL,
				PRIMARY KEY (meta_id),
				KEY wu_domain_id (wu_domain_id),
				KEY meta_key (meta_key(191))
			) $collate"
		);
	}

	/**
	 * Copies sunrise.php, which makes WordPress answer for mapped hosts. `SUNRISE` has to be defined in wp-config.php.
	 */
	public function _install_sunrise(): void { // phpcs:ignore PSR2.Methods.MethodDeclaration.Underscore
		copy( dirname( __DIR__ ) . '/sunrise.php', WP_CONTENT_DIR . '/sunrise.php' );
	}
}
