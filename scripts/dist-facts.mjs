// What the packages are called and which version they have: facts that the packaging and its tests share.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(ROOT, path), 'utf8');

/** The oldest C library that the files have to load on. */
export const GLIBC = '2.28';

/**
 * What is built. `api` is the number that PHP knows its binary interface by, and Debian its extension folder.
 * `suite`: the Debian that PHP and its headers are taken from; `debian`: its word for the processor; `deb`: whether there
 * is a `.deb`, too.
 */
export const BUILDS = [
  { php: '8.2', api: '20220829', arch: 'x86_64', target: 'x86_64-unknown-linux-gnu', suite: 'bookworm', debian: 'amd64', deb: true },
  { php: '8.4', api: '20240924', arch: 'x86_64', target: 'x86_64-unknown-linux-gnu', suite: 'trixie', debian: 'amd64', deb: true },
  { php: '8.2', api: '20220829', arch: 'arm64', target: 'aarch64-unknown-linux-gnu', suite: 'bookworm', debian: 'arm64' },
  { php: '8.4', api: '20240924', arch: 'arm64', target: 'aarch64-unknown-linux-gnu', suite: 'trixie', debian: 'arm64' },
];

/** Where a version is written, and what is written there. composer.json has none: there it is the tag's. */
export function versions() {
  const pick = (path, pattern) => pattern.exec(read(path))?.[1];
  return {
    'Cargo.toml': pick('Cargo.toml', /^\[workspace\.package\]\nversion = "([^"]+)"$/m),
    'Cargo.lock': pick('Cargo.lock', /^name = "wu_cloudways"\nversion = "([^"]+)"$/m),
    'wp-plugin/wu-cloudways/wu-cloudways.php': pick('wp-plugin/wu-cloudways/wu-cloudways.php', /^ \* Version:\s+(\S+)$/m),
    'wp-plugin/wu-cloudways/readme.txt': pick('wp-plugin/wu-cloudways/readme.txt', /^Stable tag: (\S+)$/m),
  };
}

/** The one version, or an error that says where they differ. */
export function version() {
  const all = versions();
  const values = new Set(Object.values(all));
  if (values.size !== 1 || values.has(undefined)) {
    throw new Error(`The versions differ:\n${Object.entries(all).map(([file, found]) => `  ${file}: ${found ?? 'none found'}`).join('\n')}`);
  }
  return all['Cargo.toml'];
}

/**
 * The name that PIE looks for among the files of a release: the tag as it is written (so tags are 0.1.0, without a v),
 * PHP's minor version, its own word for the processor (arm64, not aarch64), and `-debug`, `-zts` where PHP is built so.
 */
export function tarballName({ php, arch, debug = false, zts = false }, tag = version()) {
  return `php_wu_cloudways-${tag}_php${php}-${arch}-linux-glibc${debug ? '-debug' : ''}${zts ? '-zts' : ''}.tgz`;
}

/** Debian's way to name a PHP extension, and a file of it. */
export const debName = ({ php }) => `php${php}-wu-cloudways`;
export const debFile = (build, revision = 1) => `${debName(build)}_${version()}-${revision}_${build.debian}.deb`;
export const zipFile = () => `wu-cloudways-${version()}.zip`;
