// A whole network for one test file: simulator, MariaDB, php-fpm, nginx, WordPress, Ultimate Multisite, the plugin.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openLab, sleep, tail, write } from './lab.mjs';
import { buildNetwork } from './network.mjs';
import { NO_RATE_LIMIT, extension, startFpm, startMariadb, startNginx, startSim } from './services.mjs';

/** The extension in one kind of process only, and how the queue is run there. */
export const ONE_PROCESS_ONLY = [
  {
    where: 'in php-fpm only',
    options: { inFpm: true, inCli: false },
    // The queue is run where the extension is not.
    run: (stack) => stack.network.runQueue(),
  },
  {
    where: 'in the command line only',
    options: { inFpm: false, inCli: true },
    // Pages, and the site's own cron, come first and hand over; the cron of the machine runs WP-CLI.
    run: async (stack) => {
      await stack.queue();
      await stack.network.runQueue();
    },
  },
];

/**
 * @param {string} name of the test file, for the scratch folder
 * @param {object} [options]
 * @param {boolean} [options.inFpm] the extension is in php-fpm's pool (default true)
 * @param {boolean} [options.inCli] WP-CLI loads it (default true)
 * @param {number} [options.workers] of php-fpm
 * @param {boolean} [options.walled] php-fpm has an open_basedir around the application
 * @param {object} [options.constants] besides those that the simulator wants
 * @param {object} [options.network] options of buildNetwork() besides
 */
export async function openStack(name, options = {}) {
  const lab = openLab(name);
  const stack = new Stack(lab);
  try {
    await stack.open(options);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return stack;
}

class Stack {
  constructor(lab) {
    this.lab = lab;
  }

  async open({ inFpm = true, inCli = true, workers = 4, walled = false, constants = {}, network = {} }) {
    this.so = extension(this.lab);
    this.workers = workers;
    this.walled = walled;
    [this.sim, this.db] = await Promise.all([startSim(this.lab, NO_RATE_LIMIT), startMariadb(this.lab)]);
    await this.db.sql('CREATE DATABASE wordpress');
    this.network = await buildNetwork({
      dir: this.lab.folder('network'),
      db: { kind: 'mariadb', socket: this.db.socket, name: 'wordpress', user: this.db.user },
      domain: 'network.example',
      constants: this.sim.constants(constants),
      soPath: inCli ? this.so : null,
      ...network,
    });
    await this.startFpm(inFpm);
    this.web = await startNginx(this.lab, { root: this.network.root, fpm: this.fpm });
    this.network.configure({ web: `127.0.0.1:${this.web.port}`, api: this.sim.origin });
    this.visitor = this.network.visitor(this.web.port);
  }

  /** php-fpm, with the extension or without; a running one is ended first. */
  async startFpm(inFpm) {
    await this.fpm?.stop();
    this.fpm = await startFpm(this.lab, { so: inFpm ? this.so : null, workers: this.workers, lines: this.walled ? [`php_admin_value[open_basedir] = ${this.network.application}`] : [] });
  }

  /** Asks wu-lab.php in a php-fpm worker for something; see there. */
  async ask(what, parameters = {}) {
    const answer = await this.visitor.get(`/?${new URLSearchParams({ wu_lab: what, ...parameters })}`);
    assert.equal(answer.status, 200, `The site answered ${answer.status} when asked to ${what}: ${answer.body.slice(0, 500)}${this.trouble()}`);
    let said;
    try {
      said = JSON.parse(answer.body);
    } catch {
      assert.fail(`The site's answer when asked to ${what} is no JSON: ${answer.body.slice(0, 500)}${this.trouble()}`);
    }
    return said;
  }

  /** Maps a domain in a php-fpm worker. */
  async map(domain, blog) {
    const { result } = await this.ask('map', { domain, blog });
    assert.equal(result, true, `Mapping ${domain} failed: ${result}`);
  }

  /** Lets Ultimate Multisite's queue run once in a php-fpm worker, as its WP-Cron event does. */
  queue() {
    return this.ask('queue');
  }

  /**
   * Runs the queue again and again in a php-fpm worker (what waits for its time runs when that has come), until
   * `question` is answered with something truthy. `what` says what was waited for; `state` what there was instead.
   */
  async settle(question, what, { patience = 120000, run = () => this.queue(), state = () => this.sim.aliases() } = {}) {
    for (const end = Date.now() + patience; ; ) {
      await run();
      const answer = await question();
      if (answer) return answer;
      if (Date.now() > end) {
        assert.fail(`After ${patience / 1000} s not: ${what}. There was: ${JSON.stringify(await state())}${this.trouble()}`);
      }
      await sleep(300);
    }
  }

  /** Waits until the alias list is exactly this, in any order. */
  async settleAliases(names, options) {
    const wanted = [...names].sort();
    await this.settle(async () => same([...(await this.sim.aliases())].sort(), wanted), `the aliases ${wanted.join(', ')}`, options);
  }

  async settleCertificate(names, options) {
    const wanted = [...names].sort();
    await this.settle(async () => same([...(await this.sim.certificate())].sort(), wanted), `a certificate for ${wanted.join(', ')}`, {
      state: () => this.sim.certificate(),
      ...options,
    });
  }

  /** `wp wu-cloudways <args> --format=json`, as data. */
  async json(...args) {
    const { stdout } = await this.network.wp(['wu-cloudways', ...args, '--format=json']);
    return JSON.parse(stdout.slice(stdout.search(/^[{[]/m)));
  }

  /** The last report, as the plugin stored it. */
  async report() {
    return (await this.json('status')).report;
  }

  /** As if so many seconds had gone by for the lock: what holds it is older by them. */
  ageLock(seconds) {
    return this.db.sql(`UPDATE wp_wu_cloudways_sync_lock SET expires = expires - ${seconds}, since = since - ${seconds}`, 'wordpress');
  }

  /** Changes the network's copy of the plugin: in `file`, `from` (which must be there) becomes `to`. */
  patchPlugin(file, from, to) {
    const path = join(this.network.plugins, 'wu-cloudways', file);
    const source = readFileSync(path, 'utf8');
    assert.ok(source.includes(from), `${basename(file)} no longer holds what this test breaks on purpose: ${from}`);
    write(path, source.replace(from, () => to));
    return () => write(path, source);
  }

  /** What PHP complained about, for messages. */
  trouble() {
    const lines = this.network.debugLog().split('\n').filter((line) => !/Deprecated/.test(line)).slice(-8).join('\n');
    const fpm = tail(this.lab.log('fpm'), 8);
    return `\nPHP's log ends:\n${lines || '(empty)'}\nphp-fpm's log ends:\n${fpm}`;
  }

  close() {
    return this.lab.close();
  }
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}
