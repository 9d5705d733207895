// The road that PIE goes, by hand: phpize, ./configure, make, make install. PIE itself is not run.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, version } from '../../scripts/dist-facts.mjs';

describe('phpize, configure, make, make install', () => {
  let work;
  let folder;
  const run = (words, env = {}) => {
    const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
    return { status, output: `${stdout}${stderr}` };
  };
  const ok = (...words) => {
    const { status, output } = run(words);
    assert.equal(status, 0, `${words.join(' ')} ended with ${status}:\n${output.slice(-4000)}`);
    return output;
  };

  before(() => {
    // What a release archive of the repository holds, and nothing that was built.
    work = mkdtempSync(join(tmpdir(), 'wuc-pie-'));
    mkdirSync(join(work, 'source'));
    execFileSync('sh', ['-c', 'git archive --format=tar HEAD | tar -x -C "$1"', 'sh', join(work, 'source')], { cwd: ROOT });
    folder = join(work, 'source', 'php', 'pie');
    ok('phpize8.2');
  });
  after(() => rmSync(work, { recursive: true, force: true }));

  const lacking = (env, words) => {
    const { status, output } = run(['./configure', '--with-php-config=/usr/bin/php-config8.2'], env);
    assert.notEqual(status, 0, output.slice(-500));
    const [, said] = /configure: error: (.+)/.exec(output) ?? [];
    assert.match(said ?? output, words);
  };

  it('says that cargo is missing', () => lacking({ PATH: '/usr/bin:/bin', HOME: '/nonexistent' }, /cargo was not found\. Install Rust 1\.\d+ or newer/));
  it('says that cargo is too old', () => {
    const old = join(work, 'cargo');
    execFileSync('sh', ['-c', 'printf "#!/bin/sh\\necho cargo 1.63.0\\n" >"$1" && chmod 755 "$1"', 'sh', old]);
    lacking({ CARGO: old }, /too old or does not run: Rust 1\.\d+/);
  });
  it('says that libclang is missing', () => lacking({ LIBCLANG_PATH: '/nonexistent' }, /libclang was not found.*apt-get install clang libclang-dev/));

  it('builds and installs the extension, and installs it again', () => {
    ok('./configure', '--with-php-config=/usr/bin/php-config8.2');
    // The quick profile: how fast it is does not matter here.
    const quick = ['CARGO_PROFILE=dev', `CARGO_TARGET_DIR=${process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target', 'pie')}`];
    ok('make', '-j2', ...quick);
    const installs = join(work, 'installed');
    for (const round of ['first', 'second']) {
      ok('make', ...quick, `INSTALL_ROOT=${installs}`, 'install');
      const so = join(installs, 'usr', 'lib', 'php', '20220829', 'wu_cloudways.so');
      assert.ok(existsSync(so), `${round}: ${ok('find', installs)}`);
      assert.match(ok('php8.2', '-n', '-d', `extension=${so}`, '--ri', 'wu_cloudways'), new RegExp(version().replaceAll('.', '\\.')));
    }
  });
});
