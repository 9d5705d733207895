// A scratch folder, and the processes that were started in it. Whatever happens (an error, Ctrl-C, a killed parent),
// the processes are ended by their ids in bounded time and the folder goes.
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, openSync, closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** How long a process may take to end before it is killed, in milliseconds. */
const GRACE = 5000;

const REMOVE = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };

// What root writes here, the site's user reads.
process.umask(0o022);

const open = new Set();
const running = new Set();
let signalsSet = false;
let ending = false;
let atInterrupt = 130;

/**
 * The unprivileged user that a site runs as: Debian's www-data when we are root, else ourselves (null).
 * PHP in a pool, PHP's own server, WP-CLI and MariaDB all run as that user, so that none meets another's files.
 */
export const SITE_USER = process.getuid() === 0 ? siteUser() : null;

function siteUser() {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith('www-data:'));
  if (!line) throw new Error('There is no user www-data on this machine; Debian has one. Run as another user than root.');
  const [name, , uid, gid] = line.split(':');
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** Opens a lab. Close it with `await lab.close()`, in a `finally` or an `after` hook. */
export function openLab(name = 'lab') {
  return new Lab(name);
}

class Lab {
  #running = [];
  #closing = null;

  constructor(name) {
    this.dir = mkdtempSync(join(tmpdir(), `wuc-${name.slice(0, 12)}-`));
    chmodSync(this.dir, 0o755);
    open.add(this);
    if (!signalsSet) {
      signalsSet = true;
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
      process.on('exit', () => open.forEach((lab) => lab.killNow()));
    }
  }

  /** A folder in the lab that the site's user owns. */
  folder(...parts) {
    const path = join(this.dir, ...parts);
    mkdirSync(path, { recursive: true });
    if (SITE_USER) chownSync(path, SITE_USER.uid, SITE_USER.gid);
    return path;
  }

  log(name) {
    return join(this.folder('logs'), `${name}.log`);
  }

  /**
   * Starts a process that stays, its output in `logs/<name>.log`.
   * @param {{name: string, command: string, args: string[], asUser?: boolean, env?: object, cwd?: string,
   *   stdio?: (log: number) => any[], ready: (process) => Promise<any>, patience?: number}} options
   *   `ready` is asked every 50 ms until it answers something truthy (or throws to give up).
   */
  async start({ name, command, args, asUser = false, env = {}, cwd = this.dir, stdio, ready, patience = 20000 }) {
    if (ending) return new Promise(() => {});
    const log = this.log(name);
    const out = openSync(log, 'a');
    // Its own process group: Ctrl-C reaches us alone and we end the others in order. setpriv passes our death on.
    const child = spawn(...asSiteUser(command, args, asUser), {
      cwd,
      env: { ...process.env, ...(asUser ? { HOME: this.folder('home') } : {}), ...env },
      detached: true,
      stdio: stdio ? stdio(out) : ['ignore', out, out],
    });
    closeSync(out);
    const service = new Service(name, child, log);
    this.#running.push(service);
    const end = Date.now() + patience;
    for (;;) {
      if (service.ended) throw new Error(`${name} ended with ${service.ended}. Its log ends:\n${tail(log)}`);
      const answer = await Promise.resolve().then(() => ready(service)).catch(() => false);
      if (answer) return Object.assign(service, typeof answer === 'object' ? answer : {});
      if (Date.now() > end) {
        await service.stop();
        throw new Error(`${name} was not ready after ${patience / 1000} s. Its log ends:\n${tail(log)}`);
      }
      await sleep(50);
    }
  }

  /** Ends what was started, last first, and removes the folder (kept when WU_LAB_KEEP is set). */
  close() {
    this.#closing ??= (async () => {
      // What still runs to its end in here would write into the folder while it goes.
      for (const child of running) if (child.spawnargs.some((word) => word.includes(this.dir))) child.kill('SIGKILL');
      for (const service of this.#running.reverse()) await service.stop();
      open.delete(this);
      if (process.env.WU_LAB_KEEP) console.error(`kept: ${this.dir}`);
      else rmSync(this.dir, REMOVE);
    })();
    return this.#closing;
  }

  killNow() {
    for (const service of this.#running) service.kill();
    if (!process.env.WU_LAB_KEEP) rmSync(this.dir, REMOVE);
  }
}

class Service {
  constructor(name, child, log) {
    Object.assign(this, { name, child, pid: child.pid, logFile: log, ended: null });
    this.gone = new Promise((resolve) => {
      child.on('error', (error) => {
        this.ended ??= error.message;
        resolve();
      });
      child.on('exit', (code, signal) => {
        this.ended ??= signal ?? `code ${code}`;
        resolve();
      });
    });
  }

  async stop() {
    if (!this.ended) {
      this.child.stdin?.end();
      this.signal('SIGTERM');
      await Promise.race([this.gone, sleep(GRACE, true)]);
    }
    this.kill();
    await Promise.race([this.gone, sleep(1000, true)]);
  }

  signal(name) {
    if (!this.pid) return;
    try {
      process.kill(this.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }

  /** Kills what is left of the process's own group. */
  kill() {
    if (!this.pid) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

async function onSignal(signal) {
  process.off(signal, onSignal); // a second one ends us at once
  ending = true;
  if (signal === 'SIGINT' && atInterrupt === 0) console.log('\nEnding everything that was started.');
  for (const child of running) child.kill('SIGKILL');
  await Promise.all([...open].map((lab) => lab.close()));
  process.exit(signal === 'SIGINT' ? atInterrupt : 143);
}

/** From here on Ctrl-C is how it is meant to end. */
export function interruptIsTheEnd() {
  atInterrupt = 0;
}

/**
 * Runs a program to its end.
 * @returns {Promise<{code: number|null, signal: string|null, stdout: string, stderr: string}>}
 */
export function run(command, args, { asUser = false, env = {}, cwd = ROOT, input = '', timeout = 120000, onSpawn } = {}) {
  if (ending) return new Promise(() => {});
  return new Promise((resolve, reject) => {
    const child = spawn(...asSiteUser(command, args, asUser), { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const out = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8');
      child[stream].on('data', (text) => (out[stream] += text));
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      out.stderr += `\n(killed after ${timeout / 1000} s)`;
    }, timeout);
    running.add(child);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      clearTimeout(timer);
      if (!ending) resolve({ code, signal, ...out });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    onSpawn?.(child);
  });
}

/** `command` as the site's user, as a line for a shell. */
export function shellLine(command, args) {
  const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;
  const user = SITE_USER ? ['setpriv', `--reuid=${SITE_USER.uid}`, `--regid=${SITE_USER.gid}`, '--clear-groups', '--'] : [];
  return [...user, command, ...args].map(quoted).join(' ');
}

/** `command` as the site's user, and ended when we are: setpriv is part of Debian's util-linux. */
function asSiteUser(command, args, asUser) {
  const user = asUser && SITE_USER ? ['--reuid', `${SITE_USER.uid}`, '--regid', `${SITE_USER.gid}`, '--clear-groups'] : [];
  return ['setpriv', [...user, '--pdeathsig', 'TERM', '--', command, ...args]];
}

/** Gives a file or folder tree to the site's user. */
export async function giveToSite(path) {
  if (!SITE_USER) return;
  const { code, stderr } = await run('chown', ['-R', `${SITE_USER.uid}:${SITE_USER.gid}`, path]);
  if (code !== 0) throw new Error(`chown ${path}: ${stderr}`);
}

/** A TCP port on loopback that was free a moment ago; `wished` is tried first, then the ones after it. */
export async function freePort(wished = 0) {
  for (let port = wished; port < (wished || 1) + 50; port++) {
    const found = await new Promise((resolve) => {
      const server = createServer();
      server.on('error', () => resolve(0));
      server.listen(port, '127.0.0.1', () => {
        const { port: got } = server.address();
        server.close(() => resolve(got));
      });
    });
    if (found) return found;
  }
  throw new Error(`No free port from ${wished} on.`);
}

export function tail(file, lines = 20) {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '(no log)';
}

export function sleep(ms, unref = false) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (unref) timer.unref();
  });
}

/** Asks `question` until it is truthy, and gives the answer; fails with `what` after `patience` ms. */
export async function until(question, what, patience = 15000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`Waited ${patience / 1000} s in vain: ${what}`);
    await sleep(100);
  }
}

export function write(file, text, mode) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  if (mode) chmodSync(file, mode);
}
