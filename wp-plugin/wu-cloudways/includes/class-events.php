<?php
/**
 * What happens to domains, and what follows from it.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Two kinds of handlers. Those in the request that saves only count: the run must not make a person wait. Those in
 * Ultimate Multisite's jobs run the sync; after a burst the first one does it all, and the others find nothing counted.
 *
 * Nothing thrown here gets out: Ultimate Multisite retries no job, and an error in a save would look like its own.
 */
final class Events {

	/**
	 * Seconds that Ultimate Multisite's own job has to come first.
	 */
	const PATIENCE = 30;

	/**
	 * A domain row was inserted, or got another name.
	 *
	 * @param string $old 'new' for an insert.
	 * @param string $new Name.
	 * @param int    $id  Row.
	 * @return void
	 */
	public static function on_name_changed( $old, $new, $id ): void {
		unset( $id );

		if ( $old !== $new ) {
			// No domain is called 'new': a name has a dot.
			self::mark( 'new' === $old ? 'add' : 'rename', 'new' === $old ? array() : array( (string) $old ) );
		}
	}

	/**
	 * A domain was saved. Fires also when nothing changed.
	 *
	 * @param array  $data   Its values.
	 * @param object $domain The domain.
	 * @param bool   $is_new It was inserted.
	 * @return void
	 */
	public static function on_saved( $data, $domain, $is_new ): void {
		unset( $data, $domain );

		// Our own doing, after a run: it found what there is to find.
		if ( ! $is_new && doing_action( 'wu_cloudways_reported' ) ) {
			return;
		}

		// The stage moved on in a DNS check: nothing for the list, and of a burst of checks each would cost a run.
		if ( ! $is_new && doing_action( 'wu_async_process_domain_stage' ) ) {
			self::soon();

			return;
		}

		self::mark( $is_new ? 'add' : 'save' );
	}

	/**
	 * A domain was deleted.
	 *
	 * @param bool   $result It worked.
	 * @param object $domain The domain.
	 * @return void
	 */
	public static function on_deleted( $result, $domain ): void {
		if ( $result ) {
			self::mark( 'delete', array( (string) $domain->get_domain() ) );
		}
	}

	/**
	 * A site was made, deleted, or got another domain.
	 *
	 * @param \WP_Site      $site   The site.
	 * @param \WP_Site|null $before As it was; updates only.
	 * @return void
	 */
	public static function on_site_changed( $site, $before = null ): void {
		// Each published post updates its site.
		if ( null === $before || $before->domain !== $site->domain ) {
			self::mark( 'site' );
		}
	}

	/**
	 * The integration was switched on or off, or something was typed into its wizard. Nothing is sent from there: the
	 * run that follows is in a request of its own.
	 *
	 * @return void
	 */
	public static function on_settings_saved(): void {
		self::mark( 'settings' );
	}

	/**
	 * Ultimate Multisite's settings were saved, all in one option. One of them matters here.
	 *
	 * @param string $option Its name.
	 * @param mixed  $new    All of them.
	 * @param mixed  $old    As they were; not for the first time.
	 * @return void
	 */
	public static function on_um_settings_saved( $option, $new, $old = array() ): void {
		unset( $option );

		$www = static fn( $settings ): string => (string) ( ( (array) $settings )['auto_create_www_subdomain'] ?? 'always' );

		if ( $www( $new ) !== $www( $old ) ) {
			self::mark( 'settings' );
		}
	}

	/**
	 * Job: a domain was mapped.
	 *
	 * @param string $domain  Name.
	 * @param int    $site_id Its site.
	 * @return void
	 */
	public static function on_add_domain( $domain, $site_id = 0 ): void {
		self::job( 'on_add_domain', array( $domain, $site_id ) );
	}

	/**
	 * Job: a domain's mapping ended.
	 *
	 * @param string $domain  Name.
	 * @param int    $site_id Its site.
	 * @return void
	 */
	public static function on_remove_domain( $domain, $site_id = 0 ): void {
		self::job( 'on_remove_domain', array( $domain, $site_id ) );
	}

	/**
	 * Job: a site of a subdomain network was made.
	 *
	 * @param string     $subdomain Name.
	 * @param int|string $site_id   Its site; a numeric string.
	 * @return void
	 */
	public static function on_add_subdomain( $subdomain, $site_id = 0 ): void {
		self::job( 'on_add_subdomain', array( $subdomain, $site_id ) );
	}

	/**
	 * Job: a site of a subdomain network was deleted.
	 *
	 * @param string     $subdomain Name.
	 * @param int|string $site_id   Its site; a numeric string.
	 * @return void
	 */
	public static function on_remove_subdomain( $subdomain, $site_id = 0 ): void {
		self::job( 'on_remove_subdomain', array( $subdomain, $site_id ) );
	}

	/**
	 * Job: Ultimate Multisite found a domain's DNS right.
	 *
	 * @param object|null $domain The domain.
	 * @return void
	 */
	public static function on_dns_finished( $domain = null ): void {
		unset( $domain );

		self::guarded(
			static function (): void {
				$charge = Plugin::instance()->charge();

				if ( 'um' === $charge->who() ) {
					$charge->hand_to_um( 'request_ssl', array() );
				} else {
					// Checks come in bursts too: our own job follows them in the same queue, once.
					Plugin::instance()->scheduler()->wake_by( time() );
				}
			}
		);
	}

	/**
	 * Counts a change, and makes sure that a run follows even when Ultimate Multisite queues no job for it.
	 *
	 * @param string       $reason  Short word.
	 * @param list<string> $removed Names whose mapping ended.
	 * @return void
	 */
	private static function mark( string $reason, array $removed = array() ): void {
		self::guarded(
			static function () use ( $reason, $removed ): void {
				Plugin::instance()->store()->mark_dirty( $reason, $removed );
				Plugin::instance()->scheduler()->wake_by( time() + self::PATIENCE );
			}
		);
	}

	/**
	 * Makes a run follow, without counting a change.
	 *
	 * @return void
	 */
	private static function soon(): void {
		self::guarded(
			static function (): void {
				Plugin::instance()->scheduler()->wake_by( time() + self::PATIENCE );
			}
		);
	}

	/**
	 * Answers a job.
	 *
	 * @param string $method Method of a module.
	 * @param array  $args   Its arguments.
	 * @return void
	 */
	private static function job( string $method, array $args ): void {
		self::guarded(
			static function () use ( $method, $args ): void {
				$charge = Plugin::instance()->charge();

				switch ( $charge->who() ) {
					case 'us':
					case 'other_process':
						Plugin::instance()->runner()->run( array( 'trigger' => 'event' ) );
						break;
					case 'um':
						$charge->hand_to_um( $method, $args );
						break;
				}
			}
		);
	}

	/**
	 * Does something, and lets nothing out.
	 *
	 * @param callable $work What to do.
	 * @return void
	 */
	private static function guarded( callable $work ): void {
		try {
			try {
				$work();
			} catch ( Store_Exception $error ) {
				if ( ! Plugin::instance()->store()->install_if_new() ) {
					throw $error;
				}

				$work();
			}
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}
	}
}
