// The extension in php-fpm, without WordPress: loaded by a line of the pool of an unprivileged user, as at Cloudways.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Visitor } from '../wordpress/lib/http.mjs';
import { openLab, sleep, tail, until, write } from '../wordpress/lib/lab.mjs';
import { defines } from '../wordpress/lib/network.mjs';
import { NO_RATE_LIMIT, SIM, extension, startFpm, startNginx, startSim } from '../wordpress/lib/services.mjs';

describe('the extension in php-fpm', () => {
  let lab;
  let sim;
  let root;
  let so;

  before(async () => {
    lab = openLab('fpm');
    sim = await startSim(lab, NO_RATE_LIMIT);
    so = extension(lab);
    root = lab.folder('root');
    const constants = defines(sim.constants());
    const page = (name, code) => write(join(root, name), `<?php\n${constants}\n${code}\n`);
    page('test.php', "header( 'Content-Type: application/json' ); echo json_encode( array( 'pid' => getmypid(), 'uid' => posix_getuid(), 'answer' => wu_cloudways_test_connection() ) );");
    page('sync.php', "header( 'Content-Type: application/json' ); echo json_encode( array( 'pid' => getmypid(), 'report' => wu_cloudways_sync( array( $_GET['domain'] ), array( 'deadline' => 20, 'ssl' => false ) ) ) );");
    page('memory.php', "header( 'Content-Type: application/json' ); for ( $n = 0; $n < (int) $_GET['calls']; $n++ ) { wu_cloudways_test_connection(); } preg_match( '/VmRSS:\\s+(\\d+)/', file_get_contents( '/proc/self/status' ), $rss ); echo json_encode( array( 'pid' => getmypid(), 'rss_kib' => (int) $rss[1], 'threads' => count( scandir( '/proc/self/task' ) ) - 2 ) );");
    page('info.php', 'phpinfo();');
    write(join(root, 'plain.php'), "<?php echo extension_loaded( 'wu_cloudways' ) ? 'loaded' : 'not loaded';\n");
  });
  after(() => lab?.close());

  /** A php-fpm with these workers, nginx before it, and somebody who looks. */
  async function serve(name, options) {
    const fpm = await startFpm(lab, { name, ...options });
    const web = await startNginx(lab, { name: `nginx-${name}`, root, fpm });
    const visitor = new Visitor(web.port, 'network.example');
    return {
      fpm,
      visitor,
      log: () => `${tail(lab.log(name))}\n${tail(lab.log(`${name}-master`))}`,
      async json(path) {
        const answer = await visitor.get(path);
        assert.equal(answer.status, 200, `${path} answered ${answer.status}: ${answer.body}\n${tail(lab.log(name))}`);
        return JSON.parse(answer.body);
      },
      async stop() {
        await web.stop();
        await fpm.stop();
      },
    };
  }

  it('answers in the workers of the pool, at once in several, and reads the constants itself', async () => {
    const site = await serve('several', { so, workers: 3 });
    const answers = await Promise.all(Array.from({ length: 9 }, () => site.json('/test.php')));
    assert.ok(new Set(answers.map(({ pid }) => pid)).size > 1, 'only one worker answered');
    for (const { answer, uid } of answers) {
      if (process.getuid() === 0) assert.notEqual(uid, 0, 'the pool runs as root');
      assert.ok(JSON.stringify(answer).includes(SIM.publicIp), `the answer does not hold the server's address: ${JSON.stringify(answer)}`);
    }
    const written = await site.json('/sync.php?domain=plain-php.example');
    assert.ok((await sim.aliases()).includes('plain-php.example'), `the alias is not there: ${JSON.stringify(written.report)}`);
    await site.stop();
  });

  it('shows a section in phpinfo, and no secret in it', async () => {
    const site = await serve('info', { so, workers: 1 });
    const { body } = await site.visitor.get('/info.php');
    const section = body.slice(body.indexOf('module_wu_cloudways'));
    assert.match(section, /wu_cloudways/, 'there is no section');
    for (const secret of [SIM.token, SIM.email]) assert.ok(!body.includes(secret), 'phpinfo shows a credential');
    await site.stop();
  });

  it('leaves nothing behind in a worker after two hundred calls', async () => {
    const site = await serve('memory', { so, workers: 1 });
    const first = await site.json('/memory.php?calls=100');
    const second = await site.json('/memory.php?calls=100');
    assert.equal(second.pid, first.pid, 'the worker was replaced meanwhile');
    assert.equal(second.threads, 1, `${second.threads} threads are left in the worker`);
    const grown = second.rss_kib - first.rss_kib;
    assert.ok(grown < 2048, `the worker grew by ${grown} KiB over its second hundred calls`);
    await site.stop();
  });

  it('ends with its worker: a reload in the middle of a call hangs nobody', async () => {
    const site = await serve('reload', { so, workers: 2 });
    await sim.fault({ method: 'GET', path: '/server', times: 1, do: { delay_ms: 2000 } });
    await sim.clearLog();
    const call = site.json('/test.php');
    await until(async () => (await sim.log()).length > 0, 'the call is at work');
    site.fpm.signal('SIGUSR2');
    // The worker may finish its call or be ended with it; either way the pool serves again.
    await Promise.race([call.catch(() => {}), sleep(10000, true)]);
    const answer = await until(() => site.json('/test.php').catch(() => null), 'the pool serves after a reload', 10000);
    assert.ok(answer.answer, 'no answer after the reload');
    await site.stop();
  });

  for (const [what, make] of [
    ['is missing', () => join(lab.dir, 'extension', 'not-there.so')],
    [
      'is not a PHP extension',
      () => {
        const file = join(lab.dir, 'extension', 'text.so');
        write(file, 'this is text\n');
        return file;
      },
    ],
  ]) {
    it(`a file that ${what} is a warning in the log and a working site`, async () => {
      const site = await serve(`bad-${what.length}`, { so: make(), workers: 1 });
      const { status, body } = await site.visitor.get('/plain.php');
      assert.equal(status, 200, `the site answered ${status}`);
      assert.equal(body, 'not loaded');
      assert.match(site.log(), /Unable to load dynamic library|failed to/i, `no word in the log: ${site.log()}`);
      await site.stop();
    });
  }
});
