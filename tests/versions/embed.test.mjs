// The extension in a PHP that is part of another program, and is started twice in one process; with real threads that
// call at once where PHP has them. `make test-php VERSION=…`, any but 8.2.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, openLab, run, write } from '../wordpress/lib/lab.mjs';
import { inside, rootOf } from './inside.mjs';

const { PHP_CONFIG, WU_PHP, WU_CLOUDWAYS_SO, CLOUDWAYS_SIM } = process.env;
const config = (question) => execFileSync(PHP_CONFIG, [question], { encoding: 'utf8' }).trim();

describe('the extension in an embedded PHP', () => {
  let lab;
  let program;
  const root = rootOf(WU_PHP);

  before(() => {
    lab = openLab('embed');
    program = join(lab.dir, 'embed');
    const folder = root ? join(root, 'usr/lib') : join(config('--prefix'), 'lib');
    const library = root ? `libphp${WU_PHP}.so` : 'libphp.so';
    // Each says that it is called libphp.so, and a Debian may have two.
    symlinkSync(join(root ? '/usr/lib' : folder, library), join(lab.folder('lib'), 'libphp.so'));
    // What libphp needs of another Debian is found where the program runs.
    const linking = root ? ['-Wl,--unresolved-symbols=ignore-in-shared-libs'] : [];
    execFileSync('cc', ['-O1', '-g', '-D_GNU_SOURCE', ...config('--includes').split(/\s+/), '-o', program, join(ROOT, 'tests/versions/embed.c'), join(folder, library), ...linking, '-lpthread'], { stdio: ['ignore', 'inherit', 'inherit'] });
    write(join(lab.dir, 'ini/php.ini'), `extension=${WU_CLOUDWAYS_SO}\nerror_reporting=-1\n`);
  });
  after(() => lab?.close());

  it('works in each request of each thread, twice over, and leaves nothing behind', async () => {
    const env = { LD_LIBRARY_PATH: join(lab.dir, 'lib'), WU_CLOUDWAYS_SO, CLOUDWAYS_SIM, PHPRC: join(lab.dir, 'ini'), PHP_INI_SCAN_DIR: '/nonexistent' };
    const line = [program, join(ROOT, 'tests/versions/request.php'), '2', '4', '3'];
    const [command, ...args] = root ? inside(root, { bind: [lab.dir, dirname(WU_CLOUDWAYS_SO)], carry: env }, line) : line;
    const { code, stdout, stderr } = await run(command, args, { env });
    // A PHP with the engine's own checks reports leaks here.
    assert.equal(stderr, '', stdout);
    assert.equal(code, 0, stdout);
    console.log(stdout.trim());
  });
});
