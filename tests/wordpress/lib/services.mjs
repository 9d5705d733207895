// The programs around a network: the simulator, MariaDB, php-fpm, nginx and PHP's own server. All on loopback, on free
// ports or sockets in the lab's folder.
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'node:net';
import { SITE_USER, ROOT, freePort, run, write } from './lab.mjs';

// Another PHP than Debian 12's is named by these two (scripts/test.mjs).
export const PHP = process.env.PHP || 'php8.2';
export const PHP_FPM = process.env.PHP_FPM || '/usr/sbin/php-fpm8.2';
const NGINX = '/usr/sbin/nginx';
const MARIADBD = '/usr/sbin/mariadbd';

/** What the simulator starts with: one server, one application, one alias that a person made. */
export const SIM = {
  server: 50482,
  app: 131933,
  token: 'cw_sim_full',
  email: 'owner@example.com',
  legacyKey: 'sim-legacy-key-0123456789',
  publicIp: '203.0.113.10',
  primary: 'network.example',
  handMade: 'hand-made.example',
  sysUser: 'abcdefghij',
};

/** A file that `make build` makes; the newest one when several profiles were built. */
export function built(name, variable) {
  if (process.env[variable]) return process.env[variable];
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
  const found = ['debug', 'release']
    .map((profile) => join(target, profile, name))
    .filter((path) => existsSync(path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (!found.length) throw new Error(`${name} is not built. Run: make build`);
  return found[0];
}

/**
 * The extension as it was built (WU_CLOUDWAYS_SO names another one), copied into the lab: the checkout may be where the
 * site's user cannot look, root's home for one.
 */
export function extension(lab) {
  const so = join(lab.folder('extension'), 'wu_cloudways.so');
  cpSync(built('libwu_cloudways.so', 'WU_CLOUDWAYS_SO'), so);
  return so;
}

/** For tests that do more in a minute than a site does. */
export const NO_RATE_LIMIT = ['--set', '{"switches":{"rate_limit":null}}'];

/** The simulated Cloudways: API, DNS and what a test looks at. */
export async function startSim(lab, args = []) {
  let line = '';
  const service = await lab.start({
    name: 'simulator',
    command: built('cloudways-sim', 'CLOUDWAYS_SIM'),
    args: ['serve', '--exit-with-stdin', ...args],
    stdio: (out) => ['pipe', 'pipe', out],
    ready: (process) => {
      if (!process.listening) {
        process.listening = true;
        process.child.stdout.setEncoding('utf8');
        process.child.stdout.on('data', (chunk) => (line += chunk));
      }
      return line.includes('\n') && JSON.parse(line.slice(0, line.indexOf('\n')));
    },
  });
  return new Sim(service);
}

class Sim {
  /**
   * `api` is what to put in WU_CLOUDWAYS_API_URL: the base URL, and where ports 80 and 443 of every address are, so that
   * nothing leaves the machine; `dns` the `ip:port` for WU_CLOUDWAYS_DNS_SERVERS.
   */
  constructor(service) {
    this.service = service;
    this.api = `${service.api}#web=${service.web_http},${service.web_https}`;
    this.dns = service.dns;
    this.control = service.control;
    this.origin = new URL(service.api).origin;
  }

  /** The constants of a site that is at this Cloudways. */
  constants(more = {}) {
    return {
      WU_CLOUDWAYS_EMAIL: SIM.email,
      WU_CLOUDWAYS_API_KEY: SIM.token,
      WU_CLOUDWAYS_SERVER_ID: SIM.server,
      WU_CLOUDWAYS_APP_ID: SIM.app,
      WU_CLOUDWAYS_API_URL: this.api,
      WU_CLOUDWAYS_DNS_SERVERS: this.dns,
      ...more,
    };
  }

  async #ask(method, path, body) {
    const answer = await fetch(new URL(path, this.control), {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`simulator: ${method} ${path} answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  state() {
    return this.#ask('GET', '/_sim/state');
  }

  patch(change) {
    return this.#ask('PATCH', '/_sim/state', change);
  }

  /** Every request so far, oldest first: {method, path, params, status, ...}, without secrets. */
  log() {
    return this.#ask('GET', '/_sim/log');
  }

  clearLog() {
    return this.#ask('DELETE', '/_sim/log');
  }

  /** @param {object} fault `{method, path, skip, times, do: {...}}`; path below /api/v2 */
  fault(fault) {
    return this.#ask('POST', '/_sim/faults', fault);
  }

  clearFaults() {
    return this.#ask('DELETE', '/_sim/faults');
  }

  /** @param {object} records e.g. `{A: ['203.0.113.10']}` */
  setDns(name, records) {
    return this.#ask('PUT', `/_sim/dns/${name}`, records);
  }

  /** The names here: their DNS leads to the server. */
  async here(...names) {
    for (const name of names) await this.setDns(name, { A: [SIM.publicIp] });
  }

  /** The application of the network, as the simulator holds it. */
  async app() {
    const { servers } = await this.state();
    return servers.flatMap((server) => server.apps).find((app) => Number(app.id) === SIM.app);
  }

  async aliases() {
    return (await this.app()).aliases;
  }

  /** The names of the installed certificate. */
  async certificate() {
    return (await this.app()).lets_encrypt?.ssl_domains ?? [];
  }

  /** The whole list, as a person would set it at Cloudways. */
  setAliases(aliases) {
    return this.#ask('PUT', `/_sim/apps/${SIM.app}/aliases`, { aliases });
  }

  /** One alias more, as a person would add it at Cloudways. */
  addAlias(alias) {
    return this.#ask('POST', `/_sim/apps/${SIM.app}/aliases`, { add: [alias] });
  }

  /** How long operations take: `{polls, seconds}`, whichever comes first; null and null: they do not end. */
  pace(polls, seconds) {
    return this.patch({ switches: { operation_polls: polls, operation_seconds: seconds } });
  }

  /** Requests that change something at Cloudways. */
  async writes(path = '') {
    return (await this.log()).filter((entry) => entry.method !== 'GET' && !entry.path.endsWith('/oauth/access_token') && entry.path.endsWith(path));
  }

  aliasWrites() {
    return this.writes('/app/manage/aliases');
  }

  /** Requests to the version of the API that Ultimate Multisite's own module speaks. */
  async v1() {
    return (await this.log()).filter((entry) => !entry.path.startsWith('/api/v2/'));
  }
}

/** MariaDB in the lab's folder, on a socket only. */
export async function startMariadb(lab) {
  const dir = lab.folder('mariadb');
  const data = join(dir, 'data');
  const socket = join(dir, 's');
  // Temporary tables as well: a server that starts removes all those in its folder, other servers' too.
  const env = { TMPDIR: lab.folder('mariadb', 'tmp') };
  const install = await run(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'],
    { asUser: true, cwd: dir, env },
  );
  if (install.code !== 0) throw new Error(`mariadb-install-db failed:\n${install.stdout}${install.stderr}`);
  const service = await lab.start({
    name: 'mariadb',
    command: MARIADBD,
    args: [
      '--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--pid-file=${join(dir, 'pid')}`, '--skip-networking',
      '--skip-log-bin', '--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=64M', '--character-set-server=utf8mb4',
    ],
    asUser: true,
    env,
    ready: () => canConnect({ path: socket }),
    patience: 30000,
  });
  return Object.assign(service, {
    socket,
    user: 'root',
    /** Runs SQL as root. */
    async sql(statement, database = '') {
      const { code, stdout, stderr } = await run('mariadb', ['--no-defaults', `--socket=${socket}`, '-uroot', '-N', '-B', ...(database ? [database] : [])], { input: statement });
      if (code !== 0) throw new Error(`SQL failed: ${stderr}`);
      return stdout;
    },
  });
}

// The functions a Cloudways pool has disabled for web requests.
const DISABLED = 'dl,exec,passthru,pcntl_exec,popen,proc_open,proc_nice,shell_exec,show_source,symlink,system,posix_kill';

/**
 * A php-fpm master with one pool of the unprivileged user, as at Cloudways.
 * @param {string|null} so the extension, loaded by a line of the pool; null for a pool without it
 * @param {string[]} lines of the pool; one that is there already is overridden
 * @param {string[]} global lines of [global]
 * @param {string[]} ini settings of the master, as if they were in the ini
 * @param {string[]} wrap a program with its arguments that starts php-fpm
 */
export async function startFpm(lab, { so, workers = 4, name = 'fpm', lines = [], global = [], ini = [], wrap = [] } = {}) {
  const dir = lab.folder(name);
  const socket = join(dir, 's');
  const conf = join(dir, 'fpm.conf');
  write(
    conf,
    [
      '[global]',
      `pid = ${join(dir, 'pid')}`,
      `error_log = ${lab.log(`${name}-master`)}`,
      'daemonize = no',
      'process_control_timeout = 3s',
      ...global,
      '[site]',
      ...(SITE_USER ? [`user = ${SITE_USER.name}`, `group = ${SITE_USER.name}`, `listen.owner = ${SITE_USER.name}`] : []),
      `listen = ${socket}`,
      'pm = static',
      `pm.max_children = ${workers}`,
      'catch_workers_output = yes',
      'decorate_workers_output = no',
      'request_terminate_timeout = 180s',
      'php_admin_flag[log_errors] = on',
      'php_admin_value[opcache.revalidate_freq] = 0',
      `php_admin_value[disable_functions] = ${DISABLED}`,
      ...(so ? [`php_admin_value[extension] = ${so}`] : []),
      ...lines,
      '',
    ].join('\n'),
  );
  const service = await lab.start({
    name,
    command: wrap[0] ?? PHP_FPM,
    args: [...wrap.slice(1), ...(wrap.length ? [PHP_FPM] : []), '-F', '-O', '-R', '-y', conf, ...ini.flatMap((line) => ['-d', line])],
    ready: () => canConnect({ path: socket }),
  });
  return Object.assign(service, { socket });
}

/** nginx before a php-fpm, for every host name. */
export async function startNginx(lab, { root, fpm, port, name = 'nginx' }) {
  const dir = lab.folder(name);
  port ??= await freePort();
  const conf = join(dir, 'nginx.conf');
  write(
    conf,
    `daemon off;
worker_processes 1;
pid ${dir}/pid;
error_log ${lab.log(`${name}-error`)} warn;
events { worker_connections 256; }
http {
  access_log ${lab.log(`${name}-access`)};
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  types { text/html html; text/css css; application/javascript js; image/svg+xml svg; image/png png; font/woff2 woff2; }
  default_type text/plain;
  server {
    listen 127.0.0.1:${port};
    server_name _;
    root ${root};
    index index.php;
    location / { try_files $uri $uri/ /index.php?$args; }
    location ~ \\.php$ {
      try_files $uri =404;
      fastcgi_pass unix:${fpm.socket};
      fastcgi_read_timeout 200s;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_param SCRIPT_NAME $fastcgi_script_name;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param DOCUMENT_URI $document_uri;
      fastcgi_param DOCUMENT_ROOT $document_root;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REMOTE_PORT $remote_port;
      fastcgi_param SERVER_ADDR $server_addr;
      fastcgi_param SERVER_PORT 80;
      fastcgi_param SERVER_NAME $host;
    }
  }
}
`,
  );
  const service = await lab.start({
    name,
    command: NGINX,
    args: ['-e', lab.log(`${name}-error`), '-c', conf, '-p', dir],
    asUser: true,
    // It writes its id when it has the port; before, somebody else may answer there.
    ready: () => existsSync(join(dir, 'pid')) && canConnect({ host: '127.0.0.1', port }),
  });
  return Object.assign(service, { port });
}

/**
 * PHP's own web server, with several workers: with one, a request to oneself would wait for ever.
 * @param {number} port the first port to try; the next free one is taken
 */
export async function startPhpServer(lab, { root, port, so, workers = 6 }) {
  const router = join(lab.folder('php-server'), 'router.php');
  write(
    router,
    `<?php
// PHP's server gives a path that is no file to index.php of the folder above it; WordPress wants them all at its root.
$path = parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
$file = $_SERVER['DOCUMENT_ROOT'] . $path;
if ( is_dir( $file ) && is_file( rtrim( $file, '/' ) . '/index.php' ) && '/' === substr( $path, -1 ) ) {
	$file = rtrim( $file, '/' ) . '/index.php';
}
if ( is_file( $file ) ) {
	if ( '.php' !== substr( $file, -4 ) ) {
		return false;
	}
	$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = substr( $file, strlen( $_SERVER['DOCUMENT_ROOT'] ) );
	$_SERVER['SCRIPT_FILENAME'] = $file;
	chdir( dirname( $file ) );
	require $file;
	return true;
}
if ( is_dir( $file ) && '/' !== substr( $path, -1 ) ) {
	header( 'Location: ' . $path . '/', true, 301 );
	return true;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . '/index.php';
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
`,
  );
  for (let tries = 0; ; tries++) {
    const found = await freePort(port);
    const service = await lab
      .start({
        name: 'php-server',
        // PHP's server does not end its workers when it is ended: a shell in front ends the whole group.
        command: 'sh',
        args: [
          '-c', `trap 'trap "" TERM; kill -TERM 0; exit 0' TERM INT; "$@" & wait`, 'sh',
          PHP,
          ...(so ? ['-d', `extension=${so}`] : []),
          '-d', 'log_errors=1', '-d', 'display_errors=0', '-d', 'memory_limit=512M',
          '-S', `127.0.0.1:${found}`, '-t', root, router,
        ],
        asUser: true,
        env: { PHP_CLI_SERVER_WORKERS: String(workers) },
        // Not only that somebody answers there: that it is this one.
        ready: (process) => readFileSync(process.logFile, 'utf8').includes(`(http://127.0.0.1:${found}) started`),
      })
      .catch((error) => {
        // Somebody took the port between the look and the start.
        if (tries < 5 && error.message.includes('Address already in use')) return null;
        throw error;
      });
    if (service) return Object.assign(service, { port: found });
  }
}

/** Whether somebody listens there: what createConnection() takes. */
export function canConnect(where) {
  return new Promise((resolve) => {
    const socket = createConnection(where);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
