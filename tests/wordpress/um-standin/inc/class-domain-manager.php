<?php
/**
 * What happens around domains.
 *
 * @package WU_Cloudways_Tests
 */

namespace WP_Ultimo\Managers;

use WP_Ultimo\Integrations\Integration_Registry;
use WP_Ultimo\Models\Domain;

defined( 'ABSPATH' ) || exit;

/**
 * Turns saves, deletions and new sites into jobs for the host, and runs the DNS and SSL checks.
 */
class Domain_Manager {

	private static ?Domain_Manager $instance = null;

	public static function get_instance(): Domain_Manager {
		if ( null === self::$instance ) {
			self::$instance = new self();
			self::$instance->init();
		}
		return self::$instance;
	}

	private function init(): void {
		add_action( 'plugins_loaded', static fn() => do_action( 'wp_ultimo_host_providers_load' ) );
		add_action( 'wp_ajax_wu_test_hosting_integration', array( $this, 'test_integration' ) );
		add_action( 'wu_async_remove_old_primary_domains', array( $this, 'async_remove_old_primary_domains' ) );
		add_action( 'wu_async_process_domain_stage', array( $this, 'async_process_domain_stage' ), 10, 2 );
		add_action( 'wu_transition_domain_domain', array( $this, 'send_domain_to_host' ), 10, 3 );
		add_action( 'wu_transition_domain_stage', array( $this, 'maybe_auto_promote_primary_domain' ), 10, 3 );
		add_action( 'wu_domain_post_delete', array( $this, 'handle_domain_deleted' ), 10, 2 );
		add_action( 'wp_insert_site', array( $this, 'handle_site_created' ) );
		add_action( 'wp_delete_site', array( $this, 'handle_site_deleted' ) );
	}

	/**
	 * A new or changed name. The job exists only when something listens in this very request.
	 */
	public function send_domain_to_host( $old_value, $new_value, $item_id ): void {
		if ( $old_value === $new_value ) {
			return;
		}
		$site_id = wu_get_domain( $item_id )->get_site_id();
		if ( has_action( 'wu_add_domain' ) ) {
			$args = array(
				'domain'  => $new_value,
				'site_id' => $site_id,
			);
			wu_enqueue_async_action( 'wu_add_domain', $args, 'domain' );
		}
		do_action( 'wu_domain_added', $new_value, $site_id );
	}

	/**
	 * A domain is gone. Enqueued whether anyone listens or not.
	 */
	public function handle_domain_deleted( $result, $domain ): void {
		if ( ! $result ) {
			return;
		}
		$args = array(
			'domain'  => $domain->get_domain(),
			'site_id' => $domain->get_site_id(),
		);
		wu_enqueue_async_action( 'wu_remove_domain', $args, 'domain' );
		do_action( 'wu_domain_removed', $args['domain'], $args['site_id'] );
	}

	/**
	 * A new site gets a job of its own, and a row in the table of domains with a second check job.
	 */
	public function handle_site_created( $site ): void {
		if ( $this->is_network_base_domain( (string) $site->domain ) ) {
			return;
		}
		if ( has_action( 'wu_add_subdomain' ) ) {
			$args = array(
				'subdomain' => $site->domain,
				'site_id'   => $site->blog_id,
			);
			wu_enqueue_async_action( 'wu_add_subdomain', $args, 'domain' );
		}
		if ( ! apply_filters( 'wu_should_create_domain_record_for_site', true, $site ) ) {
			return;
		}
		$present = wu_get_domains(
			array(
				'blog_id' => $site->blog_id,
				'number'  => 1,
			)
		);
		if ( $present ) {
			return;
		}
		$domain = wu_create_domain(
			array(
				'blog_id'        => $site->blog_id,
				'domain'         => $site->domain,
				'primary_domain' => true,
			)
		);
		if ( is_wp_error( $domain ) ) {
			wu_log_add( 'domain-creation', "No domain for site {$site->blog_id}: " . $domain->get_error_message(), 'error' );
			return;
		}
		wu_log_add( 'domain-creation', "Domain {$site->domain} created for site {$site->blog_id}." );
		wu_enqueue_async_action( 'wu_async_process_domain_stage', array( 'domain_id' => $domain->get_id() ), 'domain' );
	}

	/**
	 * Enqueued whether anyone listens or not.
	 */
	public function handle_site_deleted( $site ): void {
		if ( $this->is_network_base_domain( (string) $site->domain ) ) {
			return;
		}
		$args = array(
			'subdomain' => $site->domain,
			'site_id'   => $site->blog_id,
		);
		wu_enqueue_async_action( 'wu_remove_subdomain', $args, 'domain' );
	}

	/**
	 * Whether a host is shared by many sites: the network's own, with or without `www.` and a port.
	 */
	public function is_network_base_domain( string $domain ): bool {
		$bare = static fn( string $host ) => preg_replace( '/^www\.|:\d+$/', '', strtolower( trim( $host, " \t." ) ) );
		return $bare( $domain ) === $bare( get_network()->domain );
	}

	/**
	 * Runs at once, in the request that saved a new primary domain.
	 */
	public function async_remove_old_primary_domains( $domains ): void {
		foreach ( $domains as $id ) {
			$domain = wu_get_domain( $id );
			if ( $domain ) {
				$domain->set_primary_domain( false );
				$domain->save();
			}
		}
	}

	/**
	 * A domain outside the network's own becomes primary when its check ends well and its site has no other such primary.
	 */
	public function maybe_auto_promote_primary_domain( $old_stage, $new_stage, $domain_id ): void {
		$done = array( 'done', 'done-without-ssl' );
		if ( ! in_array( $new_stage, $done, true ) || in_array( $old_stage, $done, true ) ) {
			return;
		}
		$domain = wu_get_domain( $domain_id );
		if ( ! $domain || $domain->is_primary_domain() ) {
			return;
		}
		$own = '.' . strtolower( (string) wp_parse_url( network_home_url(), PHP_URL_HOST ) );
		if ( str_ends_with( $domain->get_domain(), $own ) ) {
			return;
		}
		$primaries = wu_get_domains(
			array(
				'blog_id'        => $domain->get_blog_id(),
				'primary_domain' => true,
				'id__not_in'     => array( $domain->get_id() ),
			)
		);
		foreach ( $primaries as $primary ) {
			if ( ! str_ends_with( $primary->get_domain(), $own ) ) {
				return;
			}
		}
		$domain->set_primary_domain( true );
		$domain->save();
		wu_log_add( 'domain-' . $domain->get_domain(), 'The domain is primary now.' );
	}

	/**
	 * The check job: one step of DNS or SSL. Six tries with the default filter, then the stage says failed, and nothing tries again.
	 */
	public function async_process_domain_stage( $domain_id, $tries = 0 ): void {
		$domain = wu_get_domain( $domain_id );
		if ( ! $domain ) {
			return;
		}
		$max_tries = apply_filters( 'wu_async_process_domain_stage_max_tries', 5, $domain );
		$interval  = max( 10, min( 300, (int) wu_get_setting( 'dns_check_interval', 300 ) ) );
		apply_filters( 'wu_async_process_domains_try_again_time', max( 1, ceil( $interval / 60 ) ), $domain );
		++$tries;

		$log   = 'domain-' . $domain->get_domain();
		$stage = $domain->get_stage();
		if ( 'checking-dns' === $stage ) {
			if ( $domain->has_correct_dns() ) {
				$domain->set_stage( 'checking-ssl-cert' );
				$domain->save();
				wu_log_add( $log, 'DNS is right, the certificate is next.' );
				$args = array(
					'domain_id' => $domain_id,
					'tries'     => 0,
				);
				wu_enqueue_async_action( 'wu_async_process_domain_stage', $args, 'domain' );
				do_action( 'wu_domain_manager_dns_propagation_finished', $domain );
				return;
			}
			$failed = 'failed';
		} elseif ( 'checking-ssl-cert' === $stage ) {
			if ( $domain->has_valid_ssl_certificate() ) {
				$domain->set_stage( 'done' );
				$domain->set_secure( true );
				$domain->save();
				wu_log_add( $log, 'The certificate is valid, the domain is done.' );
				return;
			}
			$failed = 'ssl-failed';
		} else {
			return;
		}

		if ( $tries > $max_tries ) {
			$domain->set_stage( $failed );
			$domain->save();
			wu_log_add( $log, "Try {$tries} was the last; the stage is {$failed}." );
			return;
		}
		wu_log_add( $log, "Try {$tries} of stage {$stage} failed, the next is in {$interval} seconds." );
		$args = array(
			'domain_id' => $domain_id,
			'tries'     => $tries,
		);
		wu_schedule_single_action( time() + $interval, 'wu_async_process_domain_stage', $args, 'domain' );
	}

	/**
	 * Asks the domain itself, over HTTPS and then HTTP, whether it reaches this network: it must answer with the domain as JSON.
	 */
	public function verify_domain_with_loopback_request( Domain $domain ): bool {
		$host = $domain->get_domain();
		foreach ( array( 'https', 'http' ) as $scheme ) {
			$response = wp_remote_get(
				"{$scheme}://{$host}/",
				array(
					'timeout'     => 10,
					'redirection' => 0,
					'sslverify'   => false,
					'body'        => array( 'async_check_dns_nonce' => wp_hash( $host ) ),
				)
			);
			if ( 200 !== wp_remote_retrieve_response_code( $response ) ) {
				continue;
			}
			$answer = json_decode( wp_remote_retrieve_body( $response ), true );
			if ( (int) ( $answer['id'] ?? 0 ) === $domain->get_id() ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Whether the `www` form of a domain is wanted, by the setting `auto_create_www_subdomain`.
	 */
	public function should_create_www_subdomain( $domain ) {
		$domain = strtolower( trim( $domain ) );
		if ( str_starts_with( $domain, 'www.' ) ) {
			return false;
		}
		$setting = wu_get_setting( 'auto_create_www_subdomain', 'always' );
		if ( 'main_only' === $setting ) {
			return self::is_main_domain( $domain );
		}
		return 'never' !== $setting;
	}

	/**
	 * Two labels, or three under one of five known double endings.
	 */
	public static function is_main_domain( string $domain ) {
		$labels = explode( '.', strtolower( trim( rtrim( $domain, '.' ) ) ) );
		if ( count( $labels ) < 3 ) {
			return true;
		}
		$endings = apply_filters( 'wu_multi_part_tlds', array( '.co.uk', '.com.au', '.co.nz', '.com.br', '.co.in' ) );
		return 3 === count( $labels ) && in_array( ".{$labels[1]}.{$labels[2]}", $endings, true );
	}

	/**
	 * The wizard's Test button.
	 */
	public function test_integration(): void {
		if ( ! current_user_can( 'manage_network' ) ) {
			wp_send_json_error( new \WP_Error( 'unauthorized', 'Not allowed.' ), 403 );
		}
		if ( ! check_ajax_referer( 'wu_test_hosting_integration', false, false ) ) {
			wp_send_json_error( new \WP_Error( 'invalid_nonce', 'The page is too old. Reload it.' ), 403 );
		}
		$integration = Integration_Registry::get_instance()->get( (string) wu_request( 'integration', 'none' ) );
		if ( ! $integration ) {
			wp_send_json_error( array( 'message' => 'No such integration.' ) );
		}
		if ( ! $integration->is_setup() ) {
			wp_send_json_error( array( 'message' => 'Missing: ' . implode( ', ', $integration->get_missing_constants() ) ) );
		}
		$result = $integration->test_connection();
		if ( is_wp_error( $result ) ) {
			wp_send_json_error( array( 'message' => $result->get_error_message() ) );
		}
		wp_send_json_success( array( 'message' => 'The connection works.' ) );
	}
}
