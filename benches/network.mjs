// The section "A network" of `make bench`: WordPress with Ultimate Multisite's stand-in in php-fpm, and the simulator as
// Cloudways. The rival is the way of Ultimate Multisite's own module (rivals/builtin.php), in the same network, the same
// workers and the same jobs: a header of the request says who answers. Before each turn database and Cloudways are put back.
import { join } from 'node:path';
import { cpSync } from 'node:fs';
import { ROOT, giveToSite, sleep, until, write } from '../tests/wordpress/lib/lab.mjs';
import { SIM } from '../tests/wordpress/lib/services.mjs';
import { openStack } from '../tests/wordpress/lib/stack.mjs';
import { startDoh } from './doh.mjs';
import { median } from './figures.mjs';

const SECTION = 'A network';
const PRIMARY = SIM.primary;
const OWN = 'shop.network.example';

/** Each answer of DNS takes this long, over whatever it is asked. */
const DNS_MS = 20;

const ALIASES = '/app/manage/aliases';
const ORDER = '/security/lets_encrypt_install';

export async function measure({ quick, say }) {
  const stack = await openStack('bench-network', { workers: 6 });
  try {
    const bench = new Bench(stack, quick, say);
    await bench.open();
    await bench.oneDomain();
    await bench.hundredDomains();
    await bench.pages();
    return { rows: bench.rows, csv: bench.csv };
  } finally {
    await stack.close();
  }
}

class Bench {
  rows = [];
  csv = [];

  constructor(stack, quick, say) {
    Object.assign(this, { stack, sim: stack.sim, network: stack.network, quick, say });
  }

  async open() {
    this.say('building the network');
    const doh = await startDoh(this.stack.lab, this.sim);
    this.network.setConstants({ BENCH_DOH: doh.url, BENCH_DOH_CA: doh.ca, BENCH_ADDRESS: SIM.publicIp, WP_DEBUG: false });
    // Pages set off no queue runner: who runs it is told here.
    this.network.configure({ still: true });
    write(join(this.network.muPlugins, 'bench.php'), MU_PLUGIN);
    cpSync(join(ROOT, 'benches/rivals/builtin.php'), join(this.network.muPlugins, 'bench/builtin.php'));
    await giveToSite(this.network.muPlugins);
    this.shop = await this.network.addSite('shop');
    // The rival takes away what a person added; nothing is there that it could take away.
    await this.sim.setAliases([]);
    await this.sim.patch({ switches: { dns_delay_ms: DNS_MS } });
    const names = [OWN, ...this.#domains(100).flatMap((name) => [name, `www.${name}`])];
    await this.sim.patch({ dns: Object.fromEntries(names.map((name) => [name, { A: [SIM.publicIp] }])) });
    // The events of the site itself are gone: what is counted later are those of the domains.
    await this.stack.db.sql("DELETE FROM wp_actionscheduler_actions WHERE status = 'pending'", 'wordpress');
    this.fresh = await this.#keep('fresh');
  }

  #domains(count) {
    return Array.from({ length: count }, (_, n) => `tenant-${String(n + 1).padStart(3, '0')}.example`);
  }

  // One domain more in a network that is settled.

  /**
   * 97 domains, `www` never: with the network's two own names the certificate has 99, and the new domain is its 100th. All
   * of it was there before the first run, so that no order was placed yet for which the next one would have to wait.
   */
  async #settled() {
    const domains = this.#domains(97);
    const settled = [PRIMARY, OWN, ...domains];
    await this.network.eval("return wu_save_setting( 'auto_create_www_subdomain', 'never' );");
    await this.network.map(domains, { blog: this.shop });
    await this.sim.setAliases([OWN, ...domains]);
    await this.#haveCertificate(settled);
    await this.sim.clearLog();
    await this.stack.settle(() => this.#atRest(), 'the settled network has nothing left to do', { run: () => this.#ask('ours', 'queue'), state: () => this.stack.report() });
    const report = await this.stack.report();
    if (report?.status !== 'ok' || (await this.sim.writes()).length) throw new Error(`The settled network is not settled: ${JSON.stringify(report)}`);
    return this.#keep('settled');
  }

  async #haveCertificate(names) {
    const { servers } = await this.sim.state();
    const app = servers.flatMap((server) => server.apps).find(({ id }) => Number(id) === SIM.app);
    app.lets_encrypt = { app_prefix: app.app_fqdn, auto: true, challenges: null, is_installed: true, is_verified: true, ssl_domains: names, ssl_email: SIM.email, type: 'le' };
    await this.sim.patch({ servers });
  }

  async oneDomain() {
    this.say('settling a network of 97 domains');
    this.settled = await this.#settled();
    const wanted = [OWN, ...this.#domains(98)];
    const turns = this.quick ? 3 : 9;
    const seen = { ours: [], builtin: [] };
    for (let turn = 0; turn < turns; turn++) {
      for (const who of ['ours', 'builtin']) {
        this.say(`one new domain, ${who}: turn ${turn + 1} of ${turns}`);
        await this.#back(this.settled);
        // Operations end at once for both: what Cloudways itself takes is nobody's merit.
        await this.sim.pace(null, 0);
        seen[who].push(await this.#oneEvent(who, this.#domains(98).at(-1)));
        await this.#expect(who, wanted, [PRIMARY, ...wanted]);
      }
    }
    const unit = { requests: '', queries: '' };
    const middle = (who, key) => summary(seen[who].map((one) => one[key]), unit[key]);
    const ours = (key) => middle('ours', key);
    const rival = (key) => middle('builtin', key);
    const row = (what, key, oursMore, rivalMore) =>
      this.#row({ what, ours: `${ours(key).text}${oursMore}`, rival: `built-in ${rival(key).text}${rivalMore}`, ratio: rival(key).median / ours(key).median });
    const place = `one domain more in a network of 97, ${DNS_MS} ms per DNS answer`;
    row(
      `${place}: from the save until the alias list is written`, 'written',
      ` (save ${ours('saved').text}, queue until the call ${ours('begun').text}: a second of it waits for further events; the call ${ours('call').text})`,
      ' (it pushes without having looked)',
    );
    row(`${place}: from the save until the certificate is ordered`, 'ordered', '', ' (99 names asked one by one)');
    row(`${place}: from the first look at Cloudways or at DNS until the order`, 'work', '', '');
    row(`${place}: requests at Cloudways`, 'requests', ', reads and polls with them', '');
    row(`${place}: DNS queries (ours: A, AAAA and CAA)`, 'queries', '', '');
    for (const [who, list] of Object.entries(seen)) {
      list.forEach((one, turn) => {
        for (const key of ['written', 'ordered']) this.csv.push({ section: SECTION, series: `one domain, ${who}, until ${key}`, x: turn + 1, y: one[key] / 1000, unit: 's' });
      });
    }
  }

  /** Saves a domain in one request, runs the queue in the next; times in ms since just before the first. */
  async #oneEvent(who, domain) {
    const before = Date.now();
    await this.#map(who, domain);
    const queued = Date.now();
    await this.#ask(who, 'queue');
    const log = await this.sim.log();
    const at = (path) => log.find((entry) => entry.path.endsWith(path))?.at_ms;
    if (!at(ALIASES) || !at(ORDER)) throw new Error(`${who}: the new domain was not followed by both writes: ${JSON.stringify(log.map(({ method, path, status }) => [method, path, status]))}`);
    const begun = log[0].at_ms;
    return {
      saved: queued - before,
      begun: begun - queued,
      call: at(ALIASES) - begun,
      written: at(ALIASES) - before,
      ordered: at(ORDER) - before,
      work: at(ORDER) - begun,
      requests: log.length,
      queries: (await this.#dnsLog()).length,
    };
  }

  // A hundred at once.

  async hundredDomains() {
    const turns = this.quick ? 1 : 3;
    const inOne = [];
    const throughEvents = [];
    for (let turn = 0; turn < turns; turn++) {
      this.say(`100 domains in one run: turn ${turn + 1} of ${turns}`);
      inOne.push(await this.#hundred(() => this.network.map(this.#domains(100), { blog: this.shop })));
      this.say(`100 domains through 100 events: turn ${turn + 1} of ${turns}`);
      throughEvents.push(await this.#hundred(() => this.#saveWhileTheQueueRuns()));
    }
    this.say('100 domains through 100 events, the built-in way');
    const rival = await this.#hundredBuiltIn();

    const worst = (list, key) => Math.max(...list.map((one) => one[key]));
    const judge = (what, list, most) => {
      const [writes, orders] = [worst(list, 'writes'), worst(list, 'orders')];
      this.#row({
        what, ours: `${writes} alias write${writes > 1 ? 's' : ''}, ${orders} order${orders > 1 ? 's' : ''}${turns > 1 ? ` (the most of ${turns} turns)` : ''}${list.some(({ waits }) => waits) ? ', the second 10 minutes after the first, or as here when a person forces it' : ''}`,
        rival: `built-in ${rival.writes} and ${rival.orders}${rival.note}`, ratio: (rival.writes + rival.orders) / (writes + orders),
        wanted: `at most ${most} and ${most} (ratio: requests that change something)`, met: writes <= most && orders <= most,
      });
    };
    judge('100 domains mapped, one run: alias writes and certificate orders', inOne, 1);
    judge('100 domains mapped through 100 events by several workers, the queue running meanwhile', throughEvents, 2);
    const requests = worst(throughEvents, 'requests');
    this.#row({
      what: '100 domains through 100 events: all requests at Cloudways', ours: `${requests} (one run ${worst(inOne, 'requests')}), reads and polls with them`,
      rival: `built-in ${rival.requests}, none of them a read`, ratio: rival.requests / requests,
    });
    const queries = worst(throughEvents, 'queries');
    this.#row({
      what: '100 domains through 100 events: DNS queries', ours: `${queries} (one run ${worst(inOne, 'queries')})`, rival: `built-in ${rival.queries}`, ratio: rival.queries / queries,
    });
    this.#row({
      what: '100 domains through 100 events: what became of the requests', ours: 'all aliases in place, a certificate over 100 names',
      rival: `built-in: ${rival.fate}`,
    });
    const took = summary(throughEvents.map(({ ms }) => ms));
    this.#row({
      what: '100 domains through 100 events: from the first save until all aliases are there and the certificate is installed (operations of 3 s or 2 polls)',
      ours: `${took.text} (one run, from its start ${summary(inOne.map(({ ms }) => ms)).text})`,
    });
  }

  /**
   * A new network in which 100 domains are mapped; `save` saves them. Then the queue is run until there is nothing to do now.
   * @returns {Promise<{writes: number, orders: number, requests: number, queries: number, ms: number, waits: boolean}>} ms:
   *   since `save` began where it says when that was, else of the queue alone; waits: a second order waits for its time
   */
  async #hundred(save) {
    await this.#back(this.fresh);
    const begun = (await save()) ?? Date.now();
    const aliases = [OWN, ...this.#domains(100).flatMap((name) => [name, `www.${name}`])];
    await this.stack.settle(async () => (await this.sim.aliases()).length >= aliases.length && (await this.sim.certificate()).length && (await this.#atRest()), '100 domains are there', {
      run: () => this.#ask('ours', 'queue'),
      state: async () => [(await this.sim.aliases()).length, (await this.sim.certificate()).length, await this.stack.report()],
    });
    const ms = Date.now() - begun;
    // A second order waits until 10 minutes after the first. It is counted, so a person does not wait for it here.
    const waits = (await this.stack.report()).certificate.note?.code === 'order_gap';
    if (waits) await this.network.wp(['wu-cloudways', 'sync', '--force', '--yes', '--timeout=60'], { check: false });
    const [certificate, report] = [await this.sim.certificate(), await this.stack.report()];
    await this.#expect('ours', aliases, null);
    // Of 202 names 100 fit; the report says so of the others, and that nothing is left to do.
    const strange = certificate.filter((name) => name !== PRIMARY && !aliases.includes(name));
    if (certificate.length !== 100 || strange.length || report.certificate.left_out.length !== 102 || report.operation || report.error) {
      throw new Error(`100 domains: a certificate over ${certificate.length} names, ${strange.length} of them strange; the report: ${JSON.stringify({ ...report, domains: undefined })}`);
    }
    return { ...(await this.#counts()), ms, waits };
  }

  /** Each domain in a request of its own, four at a time, and two runners of the queue that do not wait for them. */
  async #saveWhileTheQueueRuns() {
    const begun = Date.now();
    const domains = this.#domains(100);
    let saving = true;
    const save = async () => {
      for (let domain = domains.shift(); domain; domain = domains.shift()) await this.#map('ours', domain);
    };
    const runQueue = async () => {
      while (saving) {
        await this.#ask('ours', 'queue');
        await sleep(200);
      }
    };
    const runners = [runQueue(), runQueue()];
    await Promise.all(Array.from({ length: 4 }, save));
    saving = false;
    await Promise.all(runners);
    return begun;
  }

  /** The same 100 events the built-in way. DNS answers at once here: it is the requests that are counted. */
  async #hundredBuiltIn() {
    const events = this.quick ? 10 : 100;
    await this.#back(this.fresh);
    await this.sim.patch({ switches: { dns_delay_ms: 0 } });
    for (const domain of this.#domains(100)) await this.#map('builtin', domain);
    const pending = "hook = 'wu_add_domain' AND status = 'pending'";
    await this.stack.db.sql(`DELETE FROM wp_actionscheduler_actions WHERE ${pending} ORDER BY action_id LIMIT ${100 - events}`, 'wordpress');
    await until(
      async () => {
        await this.#ask('builtin', 'queue');
        return (await this.stack.db.sql(`SELECT COUNT(*) FROM wp_actionscheduler_actions WHERE ${pending}`, 'wordpress')).trim() === '0';
      },
      'the built-in way has answered every event', 600000,
    );
    const counts = await this.#counts();
    if (counts.writes !== events || counts.orders !== events) throw new Error(`The built-in way wrote ${counts.writes} times and ordered ${counts.orders} times in ${events} events`);
    const log = await this.sim.log();
    const refused = (path) => log.filter((entry) => entry.path.endsWith(path) && entry.status !== 200).length;
    // It gives the network's own name a www. too.
    const missing = 202 - (await this.sim.aliases()).length;
    const factor = 100 / events;
    return {
      ...Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, count * factor])),
      note: events < 100 ? `, scaled from ${events} events` : '',
      fate: `of ${events} writes ${refused(ALIASES)} refused as busy, of ${events} orders ${refused(ORDER)} refused (more than 100 names, or busy); ${missing ? `${missing} aliases missing` : 'all aliases in place'}, a certificate over ${(await this.sim.certificate()).length} names`,
    };
  }

  async #counts() {
    const log = await this.sim.log();
    const to = (path) => log.filter((entry) => entry.method === 'POST' && entry.path.endsWith(path)).length;
    return { writes: to(ALIASES), orders: to(ORDER), requests: log.length, queries: (await this.#dnsLog()).length };
  }

  // Pages.

  /** One worker, and the plugin with every second request of each page; which one comes first changes. */
  async pages() {
    await this.#back(this.settled);
    write(join(this.network.application, 'bench-start.php'), '<?php $GLOBALS["bench_start"] = array( hrtime( true ), getrusage() );\n');
    write(join(this.network.root, '.user.ini'), `auto_prepend_file = ${join(this.network.application, 'bench-start.php')}\n`);
    await giveToSite(this.network.application);
    this.stack.workers = 1;
    await this.stack.startFpm(true);
    const places = { "the main site's front page": PRIMARY, "a site's front page under its mapped domain": this.#domains(1)[0], "a site's front page under the network's domain": OWN };
    const turns = this.quick ? 100 : 500;
    const seen = Object.fromEntries(Object.keys(places).map((place) => [place, { with: [], without: [] }]));
    for (let turn = -15; turn < turns; turn++) {
      if (turn % 50 === 0) this.say(`front-end pages with and without the plugin: turn ${turn} of ${turns}`);
      for (const [place, host] of Object.entries(places)) {
        for (const who of turn % 2 ? ['with', 'without'] : ['without', 'with']) {
          const figures = await this.#page(host, who);
          if (turn >= 0) seen[place][who].push(figures);
        }
      }
    }
    this.#judgePages(seen, turns);
  }

  async #page(host, who) {
    const { status, body } = await this.stack.visitor.get('/', { host, headers: { 'x-bench': who === 'with' ? 'ours' : 'without', 'x-bench-count': '1' } });
    const found = /<!-- bench (\{.*\}) -->/.exec(body);
    if (status !== 200 || !found) throw new Error(`The page of ${host} answered ${status} without figures: ${body.slice(-500)}${this.stack.trouble()}`);
    const figures = JSON.parse(found[1]);
    if (figures.active !== (who === 'with') || !figures.opcache || figures.host !== host) throw new Error(`The page of ${host} was not the one wanted: ${found[1]}`);
    return figures;
  }

  #judgePages(seen, turns) {
    const every = Object.values(seen);
    const compiled = every.flatMap((place) => [...place.with, ...place.without]).map(({ misses }) => misses);
    if (Math.max(...compiled) !== Math.min(...compiled)) throw new Error('Files were compiled while pages were measured');
    const text = ({ ms, noise }) => `${ms < 0 ? '-' : '+'}${Math.abs(ms).toFixed(3)} ±${noise.toFixed(3)} ms`;
    // A page with the plugin less the one without it right beside it: what else the machine does is then the same for both.
    const more = (place, key) => place.with.map((one, turn) => one[key] - place.without[turn][key]);
    const inTurn = (key) => every[0].with.flatMap((_, turn) => every.map((place) => more(place, key)[turn]));
    const middle = (places, who, key) => median(places.flatMap((place) => place[who].map((one) => one[key])));
    const itself = (places) => `the page itself ${middle(places, 'without', 'cpu').toFixed(2)} ms of processor time; ${middle(places, 'without', 'wall').toFixed(2)} ms on the clock`;
    const cpu = center(inTurn('cpu'));
    this.#row({
      what: `a front-end page, what the plugin adds (${every.length} pages, each ${turns} times with it and without it in turns; opcache on and every file in it; one worker)`,
      ours: `${text(cpu)} of processor time; ${text(center(inTurn('wall')))} on the clock; loading it and adding its hooks ${middle(every, 'with', 'loading').toFixed(3)} ms; ${middle(every, 'with', 'files') - middle(every, 'without', 'files')} more files loaded`,
      rival: itself(every), wanted: '< 0.3 ms of processor time', met: cpu.ms < 0.3,
    });
    for (const [place, figures] of Object.entries(seen)) {
      this.#row({ what: `of these, ${place}`, ours: `${text(center(more(figures, 'cpu')))} of processor time; ${text(center(more(figures, 'wall')))} on the clock`, rival: itself([figures]) });
      const queries = (who) => figures[who].map((one) => one.queries);
      const added = Math.max(...queries('with')) - Math.min(...queries('without'));
      this.#row({ what: `${place}: queries that the plugin adds`, ours: `${added}`, rival: `the page itself ${Math.min(...queries('without'))}`, wanted: '0', met: added === 0 });
      for (const who of ['with', 'without']) {
        for (const key of ['wall', 'cpu']) {
          figures[who].forEach((one, turn) => this.csv.push({ section: SECTION, series: `${place}, ${who} the plugin, ${key}`, x: turn + 1, y: one[key], unit: 'ms' }));
        }
      }
    }
  }

  // What all of them use.

  #row(row) {
    this.rows.push({ rival: '', ratio: null, wanted: '', met: null, ...row });
  }

  /** Asks a php-fpm worker for something; who answers domain events there stands in a header. */
  async #ask(who, what, parameters = {}) {
    const answer = await this.stack.visitor.get(`/?${new URLSearchParams({ wu_lab: what, ...parameters })}`, { headers: { 'x-bench': who, 'x-bench-cron': what === 'queue' ? '1' : '' }, timeout: 200000 });
    const result = answer.status === 200 ? JSON.parse(answer.body).result : null;
    if (result !== true) throw new Error(`${who}: ${what} ${JSON.stringify(parameters)} answered ${answer.status}: ${answer.body.slice(0, 500)}${this.stack.trouble()}`);
  }

  #map(who, domain) {
    return this.#ask(who, 'map', { domain, blog: this.shop });
  }

  /** Whether nothing is due in the plugin's memory now. */
  async #atRest() {
    const rows = await this.stack.db.sql("SELECT SUM(name = 'dirty' AND number > 0), SUM(name = 'due' AND number <= UNIX_TIMESTAMP() + 60), SUM(name = 'good') FROM wp_wu_cloudways_sync_memory", 'wordpress');
    return rows.trim() === '0\t0\t1';
  }

  async #dnsLog() {
    return (await fetch(`${this.sim.control}/dns-log`)).json();
  }

  /** Exactly these aliases; and exactly these names in the certificate, where any are given. */
  async #expect(who, aliases, certificate) {
    const same = (a, b) => JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
    await until(async () => same(await this.sim.aliases(), aliases), `${who}: the ${aliases.length} aliases are there`, 10000);
    if (certificate) await until(async () => same(await this.sim.certificate(), certificate), `${who}: the certificate has its ${certificate.length} names`, 10000);
  }

  /** Keeps database and Cloudways as they are now, to come back to. */
  async #keep(name) {
    const copy = `bench_${name}`;
    const tables = (await this.stack.db.sql('SHOW TABLES', 'wordpress')).trim().split('\n');
    await this.stack.db.sql(`CREATE DATABASE ${copy}; ${tables.map((table) => `CREATE TABLE ${copy}.${table} LIKE wordpress.${table}; INSERT INTO ${copy}.${table} SELECT * FROM wordpress.${table};`).join('\n')}`);
    return { copy, tables, state: await this.sim.state() };
  }

  async #back({ copy, tables, state }) {
    await this.stack.db.sql(tables.map((table) => `TRUNCATE wordpress.${table}; INSERT INTO wordpress.${table} SELECT * FROM ${copy}.${table};`).join('\n'));
    await fetch(`${this.sim.control}/state`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(state) }).then(async (answer) => {
      if (!answer.ok) throw new Error(`The simulator did not take its state back: ${await answer.text()}`);
    });
    await this.sim.clearLog();
  }
}

// Who answers domain events in a request, and what a page takes. Decided by headers, so that the database stays as it is.
const MU_PLUGIN = `<?php
$bench_who = $_SERVER['HTTP_X_BENCH'] ?? 'ours';
if ( 'ours' !== $bench_who ) {
	add_filter( 'site_option_active_sitewide_plugins', static function ( $plugins ) {
		unset( $plugins['wu-cloudways/wu-cloudways.php'] );
		return $plugins;
	} );
}
if ( 'builtin' === $bench_who ) {
	require __DIR__ . '/bench/builtin.php';
	// The stand-in has a module of its own, which was hooked when the plugin was not there.
	add_action( 'wp_loaded', static function () {
		foreach ( array( 'wu_add_domain', 'wu_remove_domain', 'wu_add_subdomain', 'wu_remove_subdomain', 'wu_domain_manager_dns_propagation_finished' ) as $hook ) {
			remove_all_actions( $hook );
			add_action( $hook, 'wu_add_domain' === $hook ? 'builtin_on_event' : '__return_true', 10, 0 );
		}
	}, 1 );
}
// The queue is run in a request of WP-Cron.
if ( ! empty( $_SERVER['HTTP_X_BENCH_CRON'] ) ) {
	define( 'DOING_CRON', true );
}
if ( isset( $_SERVER['HTTP_X_BENCH_COUNT'] ) ) {
	// What is loaded right before it is Ultimate Multisite.
	add_action( 'network_plugin_loaded', static function ( $file ) {
		static $before = null;
		$now = hrtime( true );
		if ( 'wu-cloudways.php' === basename( $file ) ) {
			$GLOBALS['bench_loading'] = ( $now - $before ) / 1e6;
		}
		$before = hrtime( true );
	} );
	add_action( 'shutdown', static function () {
		list( $time, $usage ) = $GLOBALS['bench_start'];
		$now  = getrusage();
		$wall = hrtime( true ) - $time;
		$cpu  = 0;
		foreach ( array( 'ru_utime', 'ru_stime' ) as $kind ) {
			$cpu += 1000 * ( $now[ "$kind.tv_sec" ] - $usage[ "$kind.tv_sec" ] ) + ( $now[ "$kind.tv_usec" ] - $usage[ "$kind.tv_usec" ] ) / 1000;
		}
		$active  = class_exists( 'WU_Cloudways\\\\Plugin', false );
		$opcache = opcache_get_status( false );
		echo '<!-- bench ', json_encode(
			array(
				'wall'    => $wall / 1e6,
				'cpu'     => $cpu,
				'queries' => get_num_queries(),
				'files'   => count( get_included_files() ),
				'loading' => $GLOBALS['bench_loading'] ?? null,
				'active'  => $active,
				'host'    => $_SERVER['HTTP_HOST'],
				'opcache' => $opcache && $opcache['opcache_enabled'] && ! $opcache['cache_full'] && opcache_is_script_cached( ABSPATH . 'wp-settings.php' )
					&& ( ! $active || ( opcache_is_script_cached( WU_CLOUDWAYS_SYNC_FILE ) && opcache_is_script_cached( dirname( WU_CLOUDWAYS_SYNC_FILE ) . '/includes/class-plugin.php' ) ) ),
				'misses'  => $opcache['opcache_statistics']['misses'] ?? null,
			)
		), ' -->';
	}, PHP_INT_MAX );
}
`;

/** The median of times in ms (or of counts, with another unit), and half of what lies between the smallest and the largest. */
function summary(list, unit = 'ms') {
  const middle = median(list);
  const noise = list.length > 1 && middle > 0 ? (100 * (Math.max(...list) - Math.min(...list))) / 2 / middle : 0;
  const figure = unit === 'ms' && middle >= 1000 ? `${(middle / 1000).toFixed(2)} s` : `${middle.toFixed(0)} ${unit}`.trim();
  return { median: middle, text: `${figure}${noise >= 0.5 ? ` ±${noise.toFixed(0)} %` : ''}` };
}

/** The median of many times in ms, and its standard error, from how far the medians of ten parts lie apart. */
function center(list) {
  const size = Math.floor(list.length / 10);
  const parts = Array.from({ length: 10 }, (_, n) => median(list.slice(n * size, (n + 1) * size)));
  const mean = parts.reduce((sum, part) => sum + part, 0) / 10;
  return { ms: median(list), noise: Math.sqrt(parts.reduce((sum, part) => sum + (part - mean) ** 2, 0) / 9 / 10) };
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const quick = process.env.WU_BENCH_QUICK === '1' || process.argv.includes('--quick');
  const result = await measure({ quick, say: (text) => console.error(text) });
  console.log(JSON.stringify(result, null, 2));
}
