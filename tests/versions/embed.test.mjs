// The extension in a PHP that is part of another program, and is started twice in one process; with real threads that
// call at once where PHP has them. `make test-php VERSION=8.2-zts` or `8.2-debug`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, openLab, run, write } from '../wordpress/lib/lab.mjs';

const config = (question) => execFileSync(process.env.PHP_CONFIG, [question], { encoding: 'utf8' }).trim();

describe('the extension in an embedded PHP', () => {
  let lab;
  let program;

  before(() => {
    lab = openLab('embed');
    program = join(lab.dir, 'embed');
    const library = join(config('--prefix'), 'lib');
    execFileSync('cc', ['-O1', '-g', '-D_GNU_SOURCE', ...config('--includes').split(/\s+/), '-o', program, join(ROOT, 'tests/versions/embed.c'), `-L${library}`, `-Wl,-rpath,${library}`, '-lphp', '-lpthread']);
    write(join(lab.dir, 'ini/php.ini'), `extension=${process.env.WU_CLOUDWAYS_SO}\nerror_reporting=-1\n`);
  });
  after(() => lab?.close());

  it('works in each request of each thread, twice over, and leaves nothing behind', async () => {
    const args = [join(ROOT, 'tests/versions/request.php'), '2', '4', '3'];
    const { code, stdout, stderr } = await run(program, args, { env: { ...process.env, PHPRC: join(lab.dir, 'ini') } });
    // A PHP with the engine's own checks reports leaks here.
    assert.equal(stderr, '', stdout);
    assert.equal(code, 0, stdout);
    console.log(stdout.trim());
  });
});
