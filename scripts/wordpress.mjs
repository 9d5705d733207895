// Unpacks WordPress, its French files, WP-CLI and the SQLite drop-in into .cache/, once.
//
// They come from one npm package, which carries WordPress as published. `npm install` of it would bring 1.1 GB of other
// things, so it is packed, checked against a fixed checksum, and only the parts needed are unpacked.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const PACKAGE = 'wp-studio@1.22.0';
const TARBALL = 'wp-studio-1.22.0.tgz';
const SHA256 = 'eca448e9240e391045441f79541268fcccbd78169dfb6cf04b3c3d304492e661';
const PARTS = [
  'package/dist/cli/wp-files/latest/wordpress',
  'package/dist/cli/wp-files/latest/languages/*fr_FR*',
  'package/dist/cli/wp-files/wp-cli/wp-cli.phar',
  'package/dist/cli/wp-files/sqlite-database-integration',
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');

/** Where the unpacked files are; {@link unpackWordPress} puts them there. */
export const WORDPRESS_FILES = join(cache, `wordpress-${SHA256.slice(0, 12)}-2`);

/** Makes sure that {@link WORDPRESS_FILES} is complete. */
export async function unpackWordPress() {
  if (await exists(WORDPRESS_FILES)) return;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'unpack-'));
  try {
    console.error(`bootstrap: fetching WordPress 7.1, its French files and WP-CLI (npm pack ${PACKAGE}, 67 MB)`);
    await run('npm', ['pack', PACKAGE, '--silent', '--ignore-scripts', '--pack-destination', work], work);
    const tarball = join(work, TARBALL);
    const seen = await sha256(tarball);
    if (seen !== SHA256) {
      throw new Error(`${TARBALL} has the SHA-256 ${seen}, expected was ${SHA256}. It is not used.`);
    }
    const into = join(work, 'files');
    await mkdir(into);
    await run('tar', ['-xzf', tarball, '-C', into, '--strip-components=4', '--no-same-owner', '--wildcards', ...PARTS], work);
    await prune(join(into, 'latest/wordpress'));
    await writeFile(join(into, 'SOURCE'), `${PACKAGE} sha256 ${SHA256}\n`);
    // A rename at the end: a folder of this name is always whole.
    await rename(into, WORDPRESS_FILES).catch(async (error) => {
      if (!(await exists(WORDPRESS_FILES))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Takes away half of WordPress's size, so that a network is copied in half the time: the older default themes, Akismet,
 * and the scripts that have a minified twin (only SCRIPT_DEBUG loads the others).
 */
async function prune(wordpress) {
  const content = join(wordpress, 'wp-content');
  const gone = ['themes/twentytwentythree', 'themes/twentytwentyfour', 'plugins/akismet', 'plugins/hello.php'];
  for (const path of gone) await rm(join(content, path), { recursive: true, force: true });
  const scripts = join(wordpress, 'wp-includes/js/dist');
  const names = new Set(await readdir(scripts, { recursive: true }));
  for (const name of names) {
    if (name.endsWith('.js') && !name.endsWith('.min.js') && names.has(name.replace(/\.js$/, '.min.js'))) await rm(join(scripts, name));
  }
}

const exists = (path) => access(path).then(() => true, () => false);

async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${basename(args[0])} ended with ${code}:\n${stderr.trim()}`));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await unpackWordPress().catch((error) => {
    console.error(`bootstrap: ${error.message}`);
    process.exit(1);
  });
}
