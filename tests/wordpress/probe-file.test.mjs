// The file that names behind a proxy are asked for: who puts it there, who serves it, who gets it, and who takes it away.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { giveToSite, write } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const ELSEWHERE = '198.51.100.7';

describe('the file that names behind a proxy are asked for', () => {
  let stack;
  let shim;
  const wp = (...args) => stack.network.wp(['wu-cloudways', ...args], { check: false });
  const root = (...parts) => join(stack.network.root, ...parts);
  const folder = (...parts) => root('.well-known/acme-challenge', ...parts);
  const files = () => (existsSync(folder()) ? readdirSync(folder()) : []);
  const url = (file) => `/.well-known/acme-challenge/${file}`;

  /** What is remembered of it. */
  const kept = async () => JSON.parse((await stack.db.sql("SELECT value FROM wp_wu_cloudways_sync_memory WHERE name = 'probe'", 'wordpress')).trim() || 'null');

  /** As if the file had been made so many days ago. */
  const age = (days) => stack.db.sql(`UPDATE wp_wu_cloudways_sync_memory SET number = number - ${days * 86400} WHERE name = 'probe'`, 'wordpress');

  /** A command in a process where other functions stand in the extension's place: {code, calls, lines}. */
  const watched = async (...args) => {
    const out = join(stack.network.application, 'watched.jsonl');
    rmSync(out, { force: true });
    const { code, stderr } = await stack.network.wp([`--require=${shim}`, 'wu-cloudways', ...args], { check: false, extension: false });
    const said = existsSync(out) ? readFileSync(out, 'utf8').trim().split('\n').map((line) => JSON.parse(line)) : [];
    return { code, stderr, calls: said.filter(({ call }) => call), lines: said.filter(({ line }) => line).map(({ line }) => line) };
  };

  /** A run that succeeds, and the option that it gave. */
  const offered = async () => {
    const { code, stderr, calls } = await watched('sync', '--porcelain');
    assert.deepEqual([code, calls.map(({ call }) => call)], [0, ['sync']], stderr);
    return calls[0].options.probe ?? null;
  };

  before(async () => {
    stack = await openStack('probe-file');
    shim = join(stack.network.application, 'watched.php');
    write(
      shim,
      `<?php
/** Writes down what the extension would have been asked, and what goes into Ultimate Multisite's log. */
function watched( array $what ) {
	file_put_contents( __DIR__ . '/watched.jsonl', json_encode( $what ) . "\\n", FILE_APPEND );
}
function watched_report( string $call, array $options ): array {
	watched( compact( 'call', 'options' ) );
	return array( 'version' => 1, 'status' => 'ok', 'next_at' => null, 'aliases' => array( 'observed' => array() ), 'certificate' => array(), 'domains' => array(), 'plan' => array(), 'error' => null, 'warnings' => array(), 'state' => $options['state'] ?? array() );
}
function wu_cloudways_sync( array $domains, array $options = array() ): array { return watched_report( 'sync', $options ); }
function wu_cloudways_plan( array $domains, array $options = array() ): array { return watched_report( 'plan', $options ); }
function wu_cloudways_check_dns( array $names, array $options = array() ): array { return array(); }
function wu_cloudways_test_connection( array $options = array() ): array { return array(); }
WP_CLI::add_wp_hook( 'wu_log_add', fn( $handle, $line ) => watched( array( 'line' => "$handle: $line" ) ), 10, 2 );
`,
    );
  });
  after(() => stack?.close());

  it('is not put there by pages, by status or by a plan', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    for (const path of ['/', '/wp-admin/network/', '/wp-admin/network/admin.php?page=wu-cloudways']) await admin.get(path);
    await wp('status');
    const { calls } = await watched('plan', '--porcelain');
    assert.deepEqual(calls.map(({ call, options }) => [call, 'probe' in options]), [['plan', false]]);
    assert.equal(existsSync(root('.well-known')), false, 'the folder is there before the first run');
  });

  it('is put there by a run, and the web server gives it to everybody, for every name', async () => {
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.network.map('shop.example');
    assert.equal((await wp('sync', '--timeout=60', '--porcelain')).code, 0);
    const [file, ...more] = files();
    assert.match(file ?? '', /^wu-cloudways-[0-9a-f]{32}\.txt$/);
    assert.deepEqual(more, []);
    const { name, body } = await kept();
    assert.equal(name, file);
    assert.match(body, /^[0-9a-f]{64}$/);
    for (const host of ['network.example', 'shop.example', 'not-mapped.example']) {
      const answer = await stack.visitor.get(url(file), { host });
      assert.deepEqual([answer.status, answer.body, answer.headers['content-type']], [200, body, 'text/plain'], host);
    }
    assert.deepEqual([statSync(folder(file)).mode & 0o777, statSync(folder()).mode & 0o777], [0o644, 0o755]);
  });

  it('is given to the extension, in a run and in a plan', async () => {
    const { name, body } = await kept();
    const option = { path: url(name), body };
    assert.deepEqual(await offered(), option);
    const { calls } = await watched('plan', '--porcelain');
    assert.deepEqual([calls[0].call, calls[0].options.probe], ['plan', option]);
    assert.deepEqual(files(), [name], 'the second run made another one');
  });

  it('lets a name behind a proxy into the certificate, since it comes back through it', async () => {
    await stack.sim.setDns('proxied.example', { A: [ELSEWHERE] });
    await stack.sim.patch({ web: { 'proxied.example': { behaviour: 'passes_on' } } });
    await stack.network.map('proxied.example');
    // What stands for port 80 of every address: nobody at first, then the site's own web server.
    const through = async (port) => {
      stack.network.setConstants({ WU_CLOUDWAYS_API_URL: `${stack.sim.api.split('#')[0]}#web=127.0.0.1:${port},127.0.0.1:1` });
      const { code, stderr } = await wp('sync', '--force', '--yes', '--timeout=60', '--porcelain');
      assert.equal(code, 3, stderr);
      return (await stack.report()).domains['proxied.example'];
    };
    const closed = await through(1);
    assert.deepEqual([closed.dns.verdict, closed.note.args.reason, closed.certificate], ['unknown', 'probe_unreachable', 'blocked']);
    const open = await through(stack.web.port);
    assert.deepEqual([open.dns.verdict, open.certificate], ['proxied', 'covered'], JSON.stringify(open));
    assert.ok((await stack.sim.certificate()).includes('proxied.example'));
    assert.ok(!(await stack.sim.certificate()).includes('www.proxied.example'), 'a name that is not in DNS at all');

    // What the web server was asked for is that file, and nothing else.
    const { name } = await kept();
    const asked = readFileSync(stack.lab.log('nginx-access'), 'utf8').split('\n').filter((line) => line.includes('wu_cloudways'));
    assert.ok(asked.length > 0, 'no request of the extension is in the log of the web server');
    for (const line of asked) assert.ok(line.includes(`"GET ${url(name)} HTTP/1.1" 200`), line);
    stack.network.setConstants(stack.sim.constants());
  });

  it('is put there again when somebody took it away or changed it, and replaced after a week', async () => {
    const first = await kept();
    rmSync(folder(), { recursive: true });
    assert.equal((await offered()).body, first.body);
    assert.equal(readFileSync(folder(first.name), 'utf8'), first.body);
    writeFileSync(folder(first.name), 'changed');
    await offered();
    assert.equal(readFileSync(folder(first.name), 'utf8'), first.body);
    await age(6);
    assert.equal((await offered()).path, url(first.name));
    await age(2);
    const second = await offered();
    assert.notEqual(second.path, url(first.name));
    assert.notEqual(second.body, first.body);
    assert.deepEqual(files(), [second.path.split('/').pop()], 'the old one is still there');
    assert.equal((await stack.visitor.get(second.path)).body, second.body);
  });

  it('that cannot be written stops no run: the old one does, and without one none is given; the log says so once', async () => {
    const old = await kept();
    const shut = () => chmodSync(folder(), 0o555);
    const said = (lines) => lines.filter((line) => /asked for/.test(line));
    const giveBack = () => giveToSite(root('.well-known'));
    // Not even the owner may write then, and root is not who runs here.
    shut();
    await stack.db.sql("UPDATE wp_wu_cloudways_sync_memory SET number = number - 864000 WHERE name = 'probe'", 'wordpress');
    const late = await watched('sync', '--porcelain');
    assert.equal(late.code, 0, late.stderr);
    assert.equal(late.calls[0].options.probe.body, old.body, 'the old one is not given any more');
    assert.match(said(late.lines).join('\n'), /^integration-cloudways: The file that names behind a proxy are asked for stays as it is\. No file can be made in \S+: Failed to open stream: Permission denied$/);
    assert.deepEqual(said((await watched('sync', '--porcelain')).lines), [], 'the log says it twice');

    rmSync(folder(old.name));
    const gone = await watched('sync', '--porcelain');
    assert.deepEqual([gone.code, 'probe' in gone.calls[0].options], [0, false], gone.stderr);
    chmodSync(folder(), 0o755);
    await giveBack();
    assert.ok(await offered(), 'it is not put there although it can be again');
    assert.equal(files().length, 1);
  });

  it('is never written through a link that leads out of the site', async () => {
    const outside = stack.lab.folder('outside');
    rmSync(root('.well-known'), { recursive: true });
    symlinkSync(outside, root('.well-known'));
    const out = await watched('sync', '--porcelain');
    assert.deepEqual([out.code, 'probe' in out.calls[0].options, readdirSync(outside)], [0, false, []], out.stderr);
    assert.match(out.lines.join('\n'), /leads out of/);
    rmSync(root('.well-known'));

    // Nor into a file of somebody else that a link in its place leads to.
    const file = (await offered()).path.split('/').pop();
    const other = join(outside, 'other.txt');
    writeFileSync(other, 'not ours');
    await giveToSite(outside);
    rmSync(folder(file));
    symlinkSync(other, folder(file));
    const again = await offered();
    assert.equal(readFileSync(other, 'utf8'), 'not ours');
    assert.deepEqual([again.path, statSync(folder(file)).size], [url(file), 64]);
  });

  it('goes when the plugin is deactivated, with the folders that were made for it and are empty', async () => {
    assert.deepEqual((await kept()).made, ['.well-known', '.well-known/acme-challenge']);
    await stack.network.wp(['plugin', 'deactivate', 'wu-cloudways', '--network']);
    assert.equal(existsSync(root('.well-known')), false, `left: ${existsSync(folder()) && files()}`);
    assert.equal(await kept(), null);
    await stack.network.wp(['plugin', 'activate', 'wu-cloudways', '--network']);
    assert.equal(existsSync(root('.well-known')), false);
  });

  it('goes when the plugin is uninstalled, and what others put beside it stays', async () => {
    mkdirSync(root('.well-known'));
    await giveToSite(root('.well-known'));
    await offered();
    assert.deepEqual((await kept()).made, ['.well-known/acme-challenge']);
    writeFileSync(folder('token'), 'of somebody else');
    // As if it had been deactivated by a user who may not remove the file.
    await stack.network.eval("update_site_option( 'active_sitewide_plugins', array_diff_key( get_site_option( 'active_sitewide_plugins' ), array( 'wu-cloudways/wu-cloudways.php' => 1 ) ) ); return true;");
    assert.equal(files().length, 2);
    await stack.network.wp(['plugin', 'uninstall', 'wu-cloudways', '--skip-delete']);
    assert.deepEqual(files(), ['token']);
    assert.equal(await stack.db.sql("SHOW TABLES LIKE '%wu\\_cloudways%'", 'wordpress'), '');
    const complaints = stack.network.debugLog().split('\n').filter((line) => /wu-cloudways/.test(line) && /PHP (Fatal|Warning|Notice|Deprecated|Parse)/.test(line));
    assert.deepEqual(complaints, []);
  });
});
