<?php
/**
 * Wires the plugin into WordPress.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * The one place that builds the objects and adds the hooks.
 *
 * Pages, commands and notices get what they need from here:
 *
 *     Plugin::instance()->environment()->problems();
 *     Plugin::instance()->store()->last_report();
 *     Plugin::instance()->runner()->run( array( 'trigger' => 'page' ) );
 *
 * The faces are called like this, and only where they can be seen, so that a
 * front-end page loads none of them:
 *
 *     is_admin():        Notices::hook(); Network_Page::hook();
 *     WP_CLI is defined: CLI::hook();
 *
 * Each hook() is static, takes nothing, adds its own actions and does nothing else.
 */
final class Plugin {

	const VERSION       = '0.1.0';
	const MIN_EXTENSION = '0.1.0';

	/**
	 * The version of the extension's report that is read here.
	 */
	const REPORT = 1;

	/**
	 * Names that are needed in every request: kept here, so that the classes they belong to are not loaded for them.
	 */
	const RUN_HOOK    = 'wu_cloudways_sync_run';
	const WAKE_ACTION = 'wu_cloudways_sync_wake';

	/**
	 * What Ultimate Multisite's wizard has a field for. See Credentials.
	 */
	const REQUIRED_SETTINGS = array( 'WU_CLOUDWAYS_EMAIL', 'WU_CLOUDWAYS_API_KEY', 'WU_CLOUDWAYS_SERVER_ID', 'WU_CLOUDWAYS_APP_ID' );
	const OPTIONAL_SETTINGS = array( 'WU_CLOUDWAYS_EXTRA_DOMAINS', 'WU_CLOUDWAYS_ALIAS_POLICY', 'WU_CLOUDWAYS_DNS_SERVERS', 'WU_CLOUDWAYS_WILDCARD_SSL', 'WU_CLOUDWAYS_DRY_RUN' );

	/**
	 * The only instance.
	 *
	 * @var self|null
	 */
	private static $instance;

	/**
	 * Objects that were built, by class name.
	 *
	 * @var array<string, object>
	 */
	private $built = array();

	/**
	 * The only instance.
	 *
	 * @return self
	 */
	public static function instance(): self {
		if ( null === self::$instance ) {
			self::$instance = new self();
		}

		return self::$instance;
	}

	/**
	 * Adds every hook. Runs in every request, front-end pages too, so it adds hooks and does nothing else:
	 * the callbacks are class names, and no class is loaded before its hook fires.
	 *
	 * Ultimate Multisite queues its jobs only when something listens in the very request that saves the domain.
	 *
	 * @return void
	 */
	public function add_hooks(): void {
		register_activation_hook( WU_CLOUDWAYS_SYNC_FILE, array( Lifecycle::class, 'activate' ) );
		register_deactivation_hook( WU_CLOUDWAYS_SYNC_FILE, array( Lifecycle::class, 'deactivate' ) );

		// In the request that saves.
		add_action( 'wu_transition_domain_domain', array( Events::class, 'on_name_changed' ), 5, 3 );
		add_action( 'wu_domain_post_save', array( Events::class, 'on_saved' ), 5, 3 );
		add_action( 'wu_domain_post_delete', array( Events::class, 'on_deleted' ), 5, 2 );
		add_action( 'wp_insert_site', array( Events::class, 'on_site_changed' ), 5, 1 );
		add_action( 'wp_update_site', array( Events::class, 'on_site_changed' ), 5, 2 );
		add_action( 'wp_delete_site', array( Events::class, 'on_site_changed' ), 5, 1 );

		// Ultimate Multisite's settings, one by one or all at once, and what its wizard stores.
		add_action( 'add_site_option_wp-ultimo_v2_settings', array( Events::class, 'on_um_settings_saved' ), 10, 2 );
		add_action( 'update_site_option_wp-ultimo_v2_settings', array( Events::class, 'on_um_settings_saved' ), 10, 3 );
		add_action( 'add_site_option_wu_host_integrations_enabled', array( Events::class, 'on_settings_saved' ), 10, 0 );
		add_action( 'update_site_option_wu_host_integrations_enabled', array( Events::class, 'on_settings_saved' ), 10, 0 );

		foreach ( array_merge( self::REQUIRED_SETTINGS, self::OPTIONAL_SETTINGS ) as $name ) {
			foreach ( array( 'add', 'update', 'delete' ) as $change ) {
				add_action( "{$change}_site_option_wu_hosting_credential_{$name}", array( Events::class, 'on_settings_saved' ), 10, 0 );
			}
		}

		// In Ultimate Multisite's jobs.
		add_action( 'wu_add_domain', array( Events::class, 'on_add_domain' ), 10, 2 );
		add_action( 'wu_remove_domain', array( Events::class, 'on_remove_domain' ), 10, 2 );
		add_action( 'wu_add_subdomain', array( Events::class, 'on_add_subdomain' ), 10, 2 );
		add_action( 'wu_remove_subdomain', array( Events::class, 'on_remove_subdomain' ), 10, 2 );
		add_action( 'wu_domain_manager_dns_propagation_finished', array( Events::class, 'on_dns_finished' ), 10, 1 );

		// In Ultimate Multisite's place. Its classes can be extended in these callbacks and not before.
		add_action( 'wu_register_integrations', array( Charge::class, 'register_integration' ) );
		add_action( 'wu_register_capabilities', array( Charge::class, 'register_module' ) );
		add_action( 'wp_ultimo_host_providers_load', array( Charge::class, 'replace_old_provider' ), 20 );

		// For Ultimate Multisite's own checks, in whatever request they are made.
		add_filter( 'wu_get_network_public_ip', array( UM_Checks::class, 'public_ip' ) );
		add_filter( 'wu_domain_has_correct_dns', array( UM_Checks::class, 'has_correct_dns' ), 10, 2 );
		add_filter( 'wu_async_process_domain_stage_max_tries', array( UM_Checks::class, 'max_tries' ), 10, 2 );
		add_action( 'wu_cloudways_reported', array( UM_Checks::class, 'on_reported' ), 10, 1 );

		// In the customer's panel, which is also shown on front-end pages.
		add_filter( 'wu_domain_mapping_row_info', array( UM_Customer_Panel::class, 'add' ), 10, 2 );

		// Clocks.
		add_action( self::RUN_HOOK, array( Scheduler::class, 'on_alarm' ), 10, 0 );
		add_action( self::RUN_HOOK, array( Alarms::class, 'on_clock' ), 20, 0 );
		add_action( 'wp_ajax_' . self::WAKE_ACTION, array( Wake::class, 'receive' ) );
		add_action( 'wp_ajax_nopriv_' . self::WAKE_ACTION, array( Wake::class, 'receive' ) );

		// What came of a run.
		add_action( 'wu_cloudways_reported', array( Alarms::class, 'on_reported' ), 10, 1 );
		add_action( 'wu_cloudways_failed', array( Alarms::class, 'on_failed' ), 10, 1 );

		// For the page while it is open.
		add_action( 'rest_api_init', array( Rest::class, 'register' ), 10, 0 );

		if ( 'cli' === PHP_SAPI ) {
			add_action( 'action_scheduler_before_process_queue', array( Scheduler::class, 'on_cli_queue' ), 10, 0 );
		}

		// The command processes no queue when no action is due, for instance because a page took it just before.
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			\WP_CLI::add_hook( 'before_invoke:action-scheduler run', array( Scheduler::class, 'on_cli_queue' ) );
			\WP_CLI::add_hook( 'before_invoke:cron event run', array( Scheduler::class, 'on_cli_queue' ) );
		}

		// Everything below is for the admin, the command line and jobs: a front-end page ends here.
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			CLI::hook();
		} elseif ( ! is_admin() && ! wp_doing_cron() ) {
			return;
		}

		add_action( 'init', array( $this, 'load_textdomain' ), 1 );
		add_filter( 'site_status_tests', array( Site_Health::class, 'tests' ) );
		add_filter( 'debug_information', array( Site_Health::class, 'facts' ) );

		if ( is_admin() ) {
			add_action( 'load-plugins.php', array( Lifecycle::class, 'announce_deactivation' ) );
			add_action( 'admin_init', array( Lifecycle::class, 'look_after' ) );
			$this->add_notices();
			Network_Page::hook();
			add_action( 'wu_page_wp-ultimo-edit-domain_register_widgets', array( UM_Domain_Box::class, 'register' ), 10, 3 );
			add_filter( 'wu_the_domains', array( UM_Domain_List::class, 'collect' ) );
			add_filter( 'wu_domain_list_column_domain', array( UM_Domain_List::class, 'add' ), 10, 2 );
		}
	}

	/**
	 * Adds what says in the admin why the plugin does not work. The whole plugin when there is no network.
	 *
	 * @return void
	 */
	public function add_notices(): void {
		if ( ! is_admin() ) {
			return;
		}

		add_action( 'init', array( $this, 'load_textdomain' ), 1 );
		Notices::hook();
	}

	/**
	 * Makes the files in languages/ known. WordPress ignores `Domain Path` of network-activated plugins.
	 *
	 * @return void
	 */
	public function load_textdomain(): void {
		load_plugin_textdomain( 'wu-cloudways', false, dirname( plugin_basename( WU_CLOUDWAYS_SYNC_FILE ) ) . '/languages' );
	}

	/**
	 * What the plugin finds around itself.
	 *
	 * @return Environment
	 */
	public function environment(): Environment {
		return $this->built['environment'] ??= new Environment( $this->store(), $this->credentials(), $this->clone_guard(), $this->lock() );
	}

	/**
	 * The constants, and what the wizard stored.
	 *
	 * @return Credentials
	 */
	public function credentials(): Credentials {
		return $this->built['credentials'] ??= new Credentials();
	}

	/**
	 * The memory.
	 *
	 * @return Store
	 */
	public function store(): Store {
		return $this->built['store'] ??= new Store();
	}

	/**
	 * One run at a time.
	 *
	 * @return Lock
	 */
	public function lock(): Lock {
		return $this->built['lock'] ??= new Lock();
	}

	/**
	 * The mapped domains.
	 *
	 * @return Domains
	 */
	public function domains(): Domains {
		return $this->built['domains'] ??= new Domains( $this->store() );
	}

	/**
	 * What a person decides about single names.
	 *
	 * @return Decisions
	 */
	public function decisions(): Decisions {
		return $this->built['decisions'] ??= new Decisions( $this->store(), $this->domains(), $this->scheduler() );
	}

	/**
	 * Calls the extension.
	 *
	 * @return Runner
	 */
	public function runner(): Runner {
		return $this->built['runner'] ??= new Runner(
			$this->environment(),
			$this->credentials(),
			$this->store(),
			$this->lock(),
			$this->domains(),
			$this->scheduler(),
			$this->charge(),
			$this->clone_guard(),
			$this->wake(),
			$this->probe(),
			$this->log()
		);
	}

	/**
	 * When the next run is.
	 *
	 * @return Scheduler
	 */
	public function scheduler(): Scheduler {
		return $this->built['scheduler'] ??= new Scheduler( $this->store() );
	}

	/**
	 * Who answers an event.
	 *
	 * @return Charge
	 */
	public function charge(): Charge {
		return $this->built['charge'] ??= new Charge( $this->environment(), $this->store() );
	}

	/**
	 * One process asks the other to run.
	 *
	 * @return Wake
	 */
	public function wake(): Wake {
		return $this->built['wake'] ??= new Wake( $this->store() );
	}

	/**
	 * The file that names behind a proxy are asked for.
	 *
	 * @return Probe
	 */
	public function probe(): Probe {
		return $this->built['probe'] ??= new Probe( $this->store(), $this->log() );
	}

	/**
	 * Looks after each link between the network and Cloudways.
	 *
	 * @return Doctor
	 */
	public function doctor(): Doctor {
		return $this->built['doctor'] ??= new Doctor(
			$this->environment(),
			$this->credentials(),
			$this->store(),
			$this->lock(),
			$this->clone_guard(),
			$this->wake(),
			$this->runner(),
			$this->scheduler(),
			$this->charge()
		);
	}

	/**
	 * A copy of the site is not the site.
	 *
	 * @return Clone_Guard
	 */
	public function clone_guard(): Clone_Guard {
		return $this->built['clone_guard'] ??= new Clone_Guard( $this->store() );
	}

	/**
	 * Ultimate Multisite's log.
	 *
	 * @return Log
	 */
	public function log(): Log {
		return $this->built['log'] ??= new Log( $this->store() );
	}
}
