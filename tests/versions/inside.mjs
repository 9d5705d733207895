// Commands in the root of another Debian (scripts/debian-root).
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The suite that a PHP comes from; none: it runs on this machine's own. */
const SUITES = { 8.4: 'trixie', 8.5: 'experimental', 8.6: 'experimental' };

/** The root's folder, or null. */
export function rootOf(version) {
  return version in SUITES ? join(ROOT, '.cache/debian', SUITES[version]) : null;
}

/** The command line that runs `command` in `root`, which sees the repository and the paths of `bind`, and gets the variables of `carry`. */
export function inside(root, { bind = [], carry = {} }, command) {
  const words = Object.entries(carry).map(([name, value]) => `${name}=${value}`);
  if ([ROOT, ...bind, ...words].some((word) => /\s/.test(word))) throw new Error('a path with a blank in it cannot be used with another Debian');
  return ['env', `BIND=${[ROOT, ...bind.map((path) => realpathSync(path))].join(' ')}`, `CARRY=${words.join(' ')}`, join(ROOT, 'scripts/debian-root'), '--in', root, 'env', '-C', ROOT, ...command];
}
