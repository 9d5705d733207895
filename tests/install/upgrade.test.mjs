// A newer version of the extension on a php-fpm that is busy, as docs/cloudways.md says it is done: install beside,
// change the line, reload, remove the old file last. Not one request may fail.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Visitor } from '../wordpress/lib/http.mjs';
import { SITE_USER, openLab, sleep, tail, until, write } from '../wordpress/lib/lab.mjs';
import { startFpm, startNginx } from '../wordpress/lib/services.mjs';
import { Installer } from './lib/files.mjs';

describe('an upgrade of the extension on a busy php-fpm', () => {
  let lab;
  let tool;
  let fpm;
  let visitor;
  let folder;
  let load;

  before(async () => {
    lab = openLab('upgrade');
    tool = new Installer(lab);
    folder = tool.application('site');
    const { code, stderr } = await tool.run(['install', folder]);
    assert.equal(code, 0, stderr);
    const root = join(folder, '../public_html');
    write(join(root, 'version.php'), "<?php usleep( 20000 ); try { wu_cloudways_test_connection(); } catch ( WuCloudways\\Exception\\ConfigException $e ) { echo 'answered by ', phpversion( 'wu_cloudways' ); }\n");
    cpSync(tool.script, join(root, 'install.php'));
    fpm = await startFpm(lab, { so: join(folder, tool.name), workers: 4 });
    visitor = new Visitor((await startNginx(lab, { root, fpm })).port, 'network.example');
    load = visitors(6);
  });
  after(() => lab?.close());

  /** Visitors who ask one after the other, without a pause. */
  function visitors(count) {
    const seen = { total: 0, failed: [], versions: new Map(), last: '' };
    let going = true;
    const one = async () => {
      while (going) {
        const answer = await visitor.get('/version.php').catch((error) => ({ status: 0, body: error.message }));
        seen.total++;
        const [, version] = /^answered by (\S+)$/.exec(answer.body) ?? [];
        if (answer.status === 200 && version) {
          seen.versions.set(version, (seen.versions.get(version) ?? 0) + 1);
          seen.last = version;
        } else seen.failed.push(`${answer.status}: ${answer.body.slice(0, 300)}`);
      }
    };
    const all = Array.from({ length: count }, one);
    return { seen, end: async () => ((going = false), Promise.all(all)) };
  }

  it('is served by the old version at first, and the script says by whom', async () => {
    await until(() => load.seen.total > 50, 'the visitors are served');
    const { stdout } = await tool.run(['status', folder]);
    assert.match(stdout, new RegExp(`${tool.name}[^\\n]*\\n +loaded by php-fpm: pool site \\(\\d+, \\d+, \\d+, \\d+\\)`));
  });

  it('takes the new file beside it, and refuses to remove the old one while it is loaded', async () => {
    const { code, stdout, stderr } = await tool.run(['install', folder, tool.another('9.1.0')]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(`php_admin_value[extension] = ${join(folder, tool.nameOf('9.1.0'))}`), stdout);
    const refused = await tool.run(['remove', folder, tool.version, '--unseen']);
    assert.equal(refused.code, 7, refused.stdout + refused.stderr);
    assert.match(refused.stderr, /is loaded by php-fpm: pool site \(.*\)\. Not removed/);
    assert.ok(existsSync(join(folder, tool.name)));
    assert.deepEqual([...load.seen.versions.keys()], [tool.version], 'the new one is loaded before the line says so');
  });

  it('who cannot look into the workers is told so, and sent to the website', { skip: SITE_USER ? false : 'the pool runs as the user who asks' }, async () => {
    const refused = await tool.run(['remove', folder, tool.version], { asUser: true });
    assert.equal(refused.code, 7, refused.stdout);
    assert.match(refused.stderr, /cannot be looked into by this user: [^\n]*php-fpm: pool site/);
    assert.match(refused.stderr, /wp wu-cloudways doctor extension_web/);
  });

  it('is served by the new version after the line was changed and the pool reloaded', async () => {
    const conf = join(lab.dir, 'fpm', 'fpm.conf');
    write(conf, readFileSync(conf, 'utf8').replace(tool.name, tool.nameOf('9.1.0')));
    const before = load.seen.total;
    fpm.signal('SIGUSR2');
    await until(() => load.seen.last === '9.1.0', 'the new version answers');
    await sleep(500);
    assert.ok(load.seen.total > before + 20, 'nobody was served meanwhile');
    assert.equal(load.seen.last, '9.1.0');
  });

  it('the old file then goes, and the new one stays', async () => {
    // The site's own user cannot look into the workers; who is root can.
    const removed = await tool.run(['remove', folder, tool.version, ...(SITE_USER ? [] : ['--unseen'])]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.ok(!existsSync(join(folder, tool.name)));
    const refused = await tool.run(['remove', folder, '9.1.0', '--unseen']);
    assert.equal(refused.code, 7, refused.stdout);
  });

  it('not one request failed, and no worker crashed', async () => {
    await sleep(500);
    await load.end();
    const { total, failed, versions } = load.seen;
    assert.deepEqual(failed, [], `${failed.length} of ${total} requests failed\n${tail(lab.log('fpm-master'))}`);
    assert.deepEqual([...versions.keys()].sort(), [tool.version, '9.1.0'].sort());
    assert.doesNotMatch(readFileSync(lab.log('fpm-master'), 'utf8'), /SIGSEGV|SIGBUS|exited on signal (?!15)/);
    console.log(`${total} requests, none failed: ${[...versions].map(([version, count]) => `${count} by ${version}`).join(', ')}`);
  });

  it('the script shows nothing to a visitor who finds it in a public folder', async () => {
    const answer = await visitor.get('/install.php');
    assert.deepEqual([answer.status, answer.body], [404, '']);
  });
});
