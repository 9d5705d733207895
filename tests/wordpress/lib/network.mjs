// Builds a WordPress network as it stands at Cloudways: a subdomain multisite in .../applications/<sys_user>/public_html,
// with Ultimate Multisite (the stand-in, or a real copy) and the plugin.
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { WORDPRESS_FILES } from '../../../scripts/wordpress.mjs';
import { ROOT, giveToSite, run, shellLine, write } from './lab.mjs';
import { Visitor } from './http.mjs';
import { PHP, SIM } from './services.mjs';

const HERE = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

export const ADMIN = { user: 'admin', password: 'network', email: 'admin@network.example' };

/**
 * @param {object} options
 * @param {string} options.dir an empty folder to build in
 * @param {{kind: 'sqlite'} | {kind: 'mariadb', socket: string, name: string, user: string}} options.db
 * @param {string} options.domain the network's domain, with a port when it has one
 * @param {'standin'|'none'|string} [options.um] a path means a real copy; default: UM_PLUGIN_DIR, else the stand-in
 * @param {object} [options.constants] for wp-config.php
 * @param {boolean} [options.plugin] whether wu-cloudways is installed and active (default true)
 * @param {boolean} [options.multisite] false: one site, no network
 * @param {string} [options.locale] e.g. 'fr_FR'
 * @param {string|null} [options.soPath] the extension, for WP-CLI
 * @param {(step: string) => void} [options.say] told what is being done
 */
export async function buildNetwork(options) {
  const network = new Network(options);
  await network.build();
  return network;
}

/** Where the site stands in the folder that a network is built in, as at Cloudways. */
export const siteRoot = (dir) => join(dir, 'applications', SIM.sysUser, 'public_html');

class Network {
  #constants;
  #lab = { endpoints: true };

  constructor({ dir, db, domain, um = process.env.UM_PLUGIN_DIR || 'standin', constants = {}, plugin = true, locale = '', soPath = null, multisite = true, say = () => {} }) {
    Object.assign(this, { dir, db, domain, um, plugin, locale, soPath, multisite, say });
    this.root = siteRoot(dir);
    this.application = dirname(this.root);
    this.content = join(this.root, 'wp-content');
    this.plugins = join(this.content, 'plugins');
    this.muPlugins = join(this.content, 'mu-plugins');
    this.labFile = join(this.application, 'lab.json');
    this.url = `http://${domain}`;
    this.#constants = { WP_DEBUG: true, WP_DEBUG_LOG: join(this.application, 'debug.log'), WP_DEBUG_DISPLAY: false, DISABLE_WP_CRON: true, WP_ENVIRONMENT_TYPE: 'production', ...constants };
  }

  async build() {
    this.say('copying WordPress');
    cpSync(join(WORDPRESS_FILES, 'latest/wordpress'), this.root, { recursive: true });
    cpSync(join(WORDPRESS_FILES, 'wp-cli/wp-cli.phar'), join(this.application, 'wp-cli.phar'));
    cpSync(join(HERE, 'mu-plugins'), this.muPlugins, { recursive: true });
    if (this.locale) cpSync(join(WORDPRESS_FILES, 'latest/languages'), join(this.content, 'languages'), { recursive: true });
    if (this.db.kind === 'sqlite') this.#sqliteDropIn();
    this.configure({});
    this.#writeConfig(false);
    await giveToSite(this.dir);

    this.say('installing the network');
    await this.wp([
      'core', ...(this.multisite ? ['multisite-install', '--subdomains', '--skip-config'] : ['install']), '--skip-email', `--url=${this.url}`, '--title=Network',
      `--admin_user=${ADMIN.user}`, `--admin_password=${ADMIN.password}`, `--admin_email=${ADMIN.email}`,
    ]);
    this.#writeConfig(this.multisite);
    if (this.locale) await this.eval(`update_option( 'WPLANG', ${php(this.locale)} ); return update_site_option( 'WPLANG', ${php(this.locale)} );`);
    if (this.um !== 'none') await this.#installUm();
    if (this.plugin) await this.installPlugin();
  }

  #sqliteDropIn() {
    const name = 'sqlite-database-integration';
    const to = join(this.muPlugins, name);
    cpSync(join(WORDPRESS_FILES, name), to, { recursive: true });
    const dropIn = readFileSync(join(to, 'db.copy'), 'utf8')
      .replaceAll('{SQLITE_IMPLEMENTATION_FOLDER_PATH}', to)
      .replaceAll('{SQLITE_PLUGIN}', `${name}/load.php`);
    write(join(this.content, 'db.php'), dropIn);
  }

  /** Ultimate Multisite, set up as its wizard leaves it: tables, sunrise.php, the Cloudways integration enabled. */
  async #installUm() {
    const from = this.um === 'standin' ? join(ROOT, 'tests/wordpress/um-standin') : resolve(this.um);
    this.say(this.um === 'standin' ? 'installing the stand-in for Ultimate Multisite' : `installing Ultimate Multisite from ${from}`);
    const to = join(this.plugins, 'ultimate-multisite');
    cpSync(from, to, { recursive: true });
    if (existsSync(join(to, 'sunrise.php'))) cpSync(join(to, 'sunrise.php'), join(this.content, 'sunrise.php'));
    await giveToSite(this.content);
    await this.wp(['plugin', 'activate', `ultimate-multisite/${mainFile(to)}`, '--network']);
    if (existsSync(join(this.content, 'sunrise.php'))) {
      this.#constants.SUNRISE = true;
      this.#writeConfig(true);
    }
    await this.wp([
      'eval',
      `update_network_option( null, 'wu_setup_finished', time() );
      update_network_option( null, 'wu_host_integrations_enabled', array( 'cloudways' => true ) );`,
    ]);
    // In a process of its own: only now does Ultimate Multisite load all of itself.
    await this.wp([
      'eval',
      `if ( class_exists( 'WP_Ultimo\\Installers\\Core_Installer' ) ) {
        WP_Ultimo\\Installers\\Core_Installer::get_instance()->_install_database_tables();
      }`,
    ]);
  }

  async installPlugin() {
    this.say('installing the plugin');
    this.plugin = true;
    cpSync(join(ROOT, 'wp-plugin/wu-cloudways'), join(this.plugins, 'wu-cloudways'), { recursive: true });
    await giveToSite(this.plugins);
    await this.wp(['plugin', 'activate', 'wu-cloudways', ...(this.multisite ? ['--network'] : [])], { extension: Boolean(this.soPath) });
  }

  /** What wu-lab.php of the mu-plugins reads; see there. */
  configure(settings) {
    Object.assign(this.#lab, settings);
    write(this.labFile, JSON.stringify(this.#lab));
  }

  /** Sets constants of wp-config.php; undefined removes one. */
  setConstants(constants) {
    Object.assign(this.#constants, constants);
    this.#writeConfig(this.multisite);
  }

  #writeConfig(multisite) {
    const host = this.domain.split(':')[0];
    const constants = {
      ...(this.db.kind === 'sqlite'
        ? { DB_NAME: 'wordpress', DB_USER: '', DB_PASSWORD: '', DB_HOST: '', DB_DIR: join(this.application, 'private_html'), DB_FILE: 'network.sqlite' }
        : { DB_NAME: this.db.name, DB_USER: this.db.user, DB_PASSWORD: '', DB_HOST: `localhost:${this.db.socket}` }),
      DB_CHARSET: 'utf8mb4',
      DB_COLLATE: '',
      ...Object.fromEntries(
        ['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'].map((name) => [name, `of the lab: ${name}`]),
      ),
      WP_ALLOW_MULTISITE: true,
      ...(multisite
        ? { MULTISITE: true, SUBDOMAIN_INSTALL: true, DOMAIN_CURRENT_SITE: this.domain, PATH_CURRENT_SITE: '/', SITE_ID_CURRENT_SITE: 1, BLOG_ID_CURRENT_SITE: 1, COOKIE_DOMAIN: '' }
        : // While installing: what WordPress would guess from WP-CLI's paths ends in /public_html.
          { WP_SITEURL: this.url, WP_HOME: this.url }),
      AUTOMATIC_UPDATER_DISABLED: true,
      WP_HTTP_BLOCK_EXTERNAL: false,
      WU_LAB_FILE: this.labFile,
      ...this.#constants,
    };
    write(
      join(this.root, 'wp-config.php'),
      `<?php\n${defines(constants)}\n$table_prefix = 'wp_';\nif ( ! isset( $_SERVER['HTTP_HOST'] ) ) {\n\t$_SERVER['HTTP_HOST'] = ${php(host === this.domain ? host : this.domain)};\n}\n` +
        `if ( ! defined( 'ABSPATH' ) ) {\n\tdefine( 'ABSPATH', __DIR__ . '/' );\n}\nrequire_once ABSPATH . 'wp-settings.php';\n`,
    );
  }

  /** Writes a script for people: WP-CLI for this network, as its user and with its extension. Returns its path. */
  writeWpScript(folder) {
    const path = join(folder, 'wp');
    const line = [...(this.soPath ? ['-d', `extension=${this.soPath}`] : []), '-d', 'memory_limit=512M', join(this.application, 'wp-cli.phar'), `--path=${this.root}`];
    writeFileSync(path, `#!/bin/sh\nexport HOME='${this.application}'\nexec ${shellLine(PHP, line)} "$@"\n`, { mode: 0o755 });
    return path;
  }

  /**
   * WP-CLI in the network, as the site's user.
   * @param {string[]} args
   * @param {{extension?: boolean|string, check?: boolean, env?: object, input?: string, timeout?: number, ini?: string[]}} [options]
   *   `extension`: whether `php -d extension=` loads it (default: when the network has a soPath); `check: false` gives
   *   back a failure instead of throwing.
   */
  async wp(args, { extension = Boolean(this.soPath), check = true, env = {}, input = '', timeout = 180000, ini = [], onSpawn } = {}) {
    const so = extension === true ? this.soPath : extension;
    const line = [
      ...(so ? ['-d', `extension=${so}`] : []), '-d', 'memory_limit=512M', '-d', 'display_errors=stderr', '-d', 'error_reporting=E_ALL', ...ini,
      join(this.application, 'wp-cli.phar'), `--path=${this.root}`, '--no-color', ...args,
    ];
    const result = await run(PHP, line, {
      asUser: true,
      cwd: this.application,
      env: { HOME: this.application, WP_CLI_CACHE_DIR: join(this.application, '.wp-cli'), WP_CLI_PHP_ARGS: '', ...env },
      input,
      timeout,
      onSpawn,
    });
    if (check && result.code !== 0) {
      throw new Error(`wp ${args.join(' ')} ended with ${result.signal ?? result.code}:\n${result.stdout}${result.stderr}`);
    }
    return result;
  }

  /** Runs PHP inside the network and gives back what it returned, by way of JSON. */
  async eval(code, options) {
    const { stdout } = await this.wp(['eval', `$wu_lab_result = ( static function () { ${code} } )(); echo "\\n=>", wp_json_encode( $wu_lab_result );`], options);
    const at = stdout.lastIndexOf('\n=>');
    return JSON.parse(stdout.slice(at + 3));
  }

  /** Makes a site of the network; gives its id. */
  async addSite(slug) {
    return Number((await this.wp(['site', 'create', `--slug=${slug}`, '--porcelain'])).stdout.trim());
  }

  /** Maps domains to a site, as Ultimate Multisite does; the queue is not run. `stage` as in its table. */
  async map(domains, { blog = 1, stage = 'done', ...options } = {}) {
    const failed = await this.eval(
      `$failed = array();
      foreach ( ${php([domains].flat())} as $name ) {
        $domain = wu_create_domain( array( 'domain' => $name, 'blog_id' => ${blog}, 'stage' => ${php(stage)} ) );
        if ( is_wp_error( $domain ) ) { $failed[] = $name . ': ' . $domain->get_error_message(); }
      }
      return $failed;`,
      options,
    );
    if (failed.length) throw new Error(`Could not map ${failed.join('; ')}`);
  }

  async unmap(domain, options) {
    await this.eval(`$domain = wu_get_domain_by_domain( ${php(domain)} ); return (bool) $domain->delete();`, options);
  }

  async rename(from, to, options) {
    await this.eval(`$domain = wu_get_domain_by_domain( ${php(from)} ); $domain->set_domain( ${php(to)} ); return ! is_wp_error( $domain->save() );`, options);
  }

  /** The names in Ultimate Multisite's table. */
  mapped(options) {
    return this.eval('global $wpdb; return $wpdb->get_col( "SELECT domain FROM {$wpdb->base_prefix}wu_domain_mappings ORDER BY id" );', options);
  }

  /** Lets the queue run what is due in it, by WP-CLI. */
  runQueue(options) {
    return this.wp(['action-scheduler', 'run', '--force'], options);
  }

  /** A visitor of the network behind the web server at `port`. */
  visitor(port, host = this.domain) {
    return new Visitor(port, host);
  }

  async adminVisitor(port) {
    return this.visitor(port).logIn(ADMIN.user, ADMIN.password);
  }

  /** The domain jobs that began since `jobs` was set in configure(): {hook, args, sapi, pid}. */
  jobs() {
    const file = `${this.labFile}.jobs`;
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line)) : [];
  }

  /** The e-mails since `mails` was set in configure(), as wp_mail() got them: {to, subject, message, headers}. */
  mails() {
    const file = `${this.labFile}.mails`;
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line)) : [];
  }

  /** What PHP complained about so far. */
  debugLog() {
    const file = join(this.application, 'debug.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }
}

/** A value as PHP source. */
export function php(value) {
  if (Array.isArray(value)) return `array( ${value.map(php).join(', ')} )`;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (value === null) return 'null';
  return `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Constants as PHP source, a line each; what is undefined is left out. */
export function defines(constants) {
  return Object.entries(constants)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `define( '${name}', ${php(value)} );`)
    .join('\n');
}

function mainFile(plugin) {
  const found = readdirSync(plugin).find((file) => file.endsWith('.php') && /^[ \t/*#@]*Plugin Name:/im.test(readFileSync(join(plugin, file), 'utf8').slice(0, 8192)));
  if (!found) throw new Error(`${plugin} is not a WordPress plugin: no file of it has a "Plugin Name:".`);
  return basename(found);
}
