// The script that installs, and files that it is given: the extension as it was built, and copies of it with bytes
// changed, since no other PHP, processor or C library is at hand to build them for.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, write } from '../../wordpress/lib/lab.mjs';
import { built } from '../../wordpress/lib/services.mjs';

export const PHP = '/usr/bin/php8.2';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** What a shell would see of a PHP: its words are single ones. */
const ENGLISH = { LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8', LC_MESSAGES: '' };

export class Installer {
  /** The script and the extension, copied to where the site's user can read them. */
  constructor(lab) {
    this.lab = lab;
    this.script = join(lab.folder('tarball'), 'install.php');
    cpSync(join(ROOT, 'php/install/install.php'), this.script);
    this.so = join(lab.folder('tarball'), 'wu_cloudways.so');
    // Without what debuggers need, as it is shipped: it is copied and read a hundred times here.
    execFileSync('strip', ['-g', '-o', this.so, built('libwu_cloudways.so', 'WU_CLOUDWAYS_SO')]);
    this.bytes = readFileSync(this.so);
    this.version = /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))[1];
  }

  /** A folder beside a public one, as an application has it. */
  application(name) {
    this.lab.folder('applications', name, 'public_html');
    return this.lab.folder('applications', name, 'private_html');
  }

  /** The name that the extension as it was built gets. */
  get name() {
    return this.nameOf(this.version);
  }

  nameOf(version) {
    return `wu_cloudways-${version}-php8.2.so`;
  }

  /** A copy of the extension in which something is different. */
  changed(name, change) {
    const path = join(this.lab.folder('files'), name);
    write(path, change(Buffer.from(this.bytes)));
    return path;
  }

  /** The same extension as another version: it says so itself when it is loaded. */
  another(version) {
    if (version.length !== this.version.length) throw new Error('a version of the same length is needed');
    return this.changed(`another-${version}.so`, (bytes) => replaced(bytes, this.version, version));
  }

  /** Runs the script. `php`: words before it; the rest as for run(). */
  run(words, { php = [PHP], env = {}, ...options } = {}) {
    return run(php[0], [...php.slice(1), this.script, ...words], { env: { ...ENGLISH, ...env }, cwd: this.lab.dir, ...options });
  }

  /** A program that answers as PHP does when it is asked what it is, with these facts changed; else it is PHP. */
  async fakePhp(name, facts, otherwise = `exec ${PHP} "$@"`) {
    const { stdout } = await run(PHP, ['-n', this.script, '--facts']);
    const path = join(this.lab.folder('files'), name);
    const json = JSON.stringify({ ...JSON.parse(stdout), ...facts }).replaceAll("'", '');
    write(path, `#!/bin/sh\nfor word; do [ "$word" = --facts ] && { echo '${json}'; exit; }; done\n${otherwise}\n`, 0o755);
    return path;
  }
}

/** Every place of one text in the bytes, with the other text there. */
export function replaced(bytes, from, to) {
  let count = 0;
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1), count++) bytes.write(to, at, 'latin1');
  if (!count) throw new Error(`${from} is not in the file`);
  return bytes;
}

/** The API of PHP as a number, in the module's entry, in place of another. */
export function api(bytes, from, to) {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(from);
  for (let at = bytes.indexOf(number); at >= 0; at = bytes.indexOf(number, at + 1)) bytes.writeUInt32LE(to, at);
  return bytes;
}

/** The same, with the bytes of the machine code made unusable: it is whole, and crashes. */
export function trapped(bytes) {
  const at = Number(bytes.readBigUInt64LE(32));
  for (let n = 0; n < bytes.readUInt16LE(56); n++) {
    const segment = at + n * bytes.readUInt16LE(54);
    if (bytes.readUInt32LE(segment) !== 1 || !(bytes.readUInt32LE(segment + 4) & 1)) continue;
    const offset = Number(bytes.readBigUInt64LE(segment + 8));
    bytes.fill(0, offset, offset + Number(bytes.readBigUInt64LE(segment + 32)));
  }
  return bytes;
}

/** What is in a folder, hidden files too. */
export const inside = (folder) => (existsSync(folder) ? readdirSync(folder).sort() : []);
