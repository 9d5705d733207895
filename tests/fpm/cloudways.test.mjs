// The extension and the plugin in a pool as Cloudways has it: an unprivileged user, the functions that are disabled
// there, and an open_basedir around the application, with the extension in private_html.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { cpSync, readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Visitor } from '../wordpress/lib/http.mjs';
import { ROOT, SITE_USER, openLab, run, tail, write } from '../wordpress/lib/lab.mjs';
import { defines } from '../wordpress/lib/network.mjs';
import { NO_RATE_LIMIT, built, startFpm, startNginx, startSim } from '../wordpress/lib/services.mjs';

// Observed at Cloudways by others: that the likes of exec are disabled, and fpassthru, which nobody expects to be. The
// rest is what hosts disable as a rule; it is better to live with more being disabled than there is.
const DISABLED = [
  'dl', 'exec', 'fpassthru', 'passthru', 'pcntl_alarm', 'pcntl_exec', 'pcntl_fork', 'pcntl_signal', 'pcntl_wait', 'pcntl_waitpid', 'popen', 'posix_kill',
  'posix_mkfifo', 'posix_setegid', 'posix_seteuid', 'posix_setgid', 'posix_setpgid', 'posix_setsid', 'posix_setuid', 'proc_close', 'proc_get_status',
  'proc_nice', 'proc_open', 'proc_terminate', 'shell_exec', 'show_source', 'highlight_file', 'symlink', 'link', 'syslog', 'system',
];

/** A DNS server at port 53 of a loopback address, since resolv.conf knows no ports; the simulator answers. */
async function forwarder(to) {
  const [host, port] = to.split(':');
  const address = '127.0.0.53';
  let questions = 0;
  const server = createSocket('udp4');
  server.on('message', (message, from) => {
    questions++;
    const ask = createSocket('udp4');
    ask.on('message', (answer) => {
      server.send(answer, from.port, from.address);
      ask.close();
    });
    ask.send(message, Number(port), host);
  });
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.bind(53, address, resolve);
  });
  return { address, questions: () => questions, close: () => server.close() };
}

/** The API behind TLS, with a certificate of an authority that no system knows. */
async function frontend(lab, api) {
  const folder = lab.folder('authority');
  const file = (name) => join(folder, name);
  const openssl = async (...args) => {
    const { code, stderr } = await run('openssl', args);
    assert.equal(code, 0, stderr);
  };
  await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=authority.example', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=api.example', '-keyout', file('api.key'), '-out', file('api.csr'));
  write(file('api.ext'), 'subjectAltName = IP:127.0.0.1\nbasicConstraints = CA:FALSE\n');
  await openssl('x509', '-req', '-in', file('api.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', file('api.ext'), '-out', file('api.pem'));
  let requests = 0;
  const server = createServer({ key: readFileSync(file('api.key')), cert: readFileSync(file('api.pem')) }, (incoming, outgoing) => {
    requests++;
    incoming.pipe(
      request(new URL(incoming.url, api), { method: incoming.method, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      }),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `https://127.0.0.1:${server.address().port}/api/v2`, authority: file('ca.pem'), requests: () => requests, close: () => server.close() };
}

describe('a pool as at Cloudways', () => {
  let lab;
  let sim;
  let application;
  let root;
  let so;
  let site;

  before(async () => {
    lab = openLab('cloudways');
    sim = await startSim(lab, NO_RATE_LIMIT);
    application = lab.folder('applications', 'abcdefghij');
    root = lab.folder('applications', 'abcdefghij', 'public_html');
    so = join(lab.folder('applications', 'abcdefghij', 'private_html'), 'wu_cloudways-0.1.0-php8.2.so');
    cpSync(built('libwu_cloudways.so', 'WU_CLOUDWAYS_SO'), so);
    page('sync.php', "wu_cloudways_sync( array( 'shop.example' ), array( 'deadline' => 30 ) )", sim.constants());
    page(
      'pool.php',
      `array(
        'uid' => posix_getuid(), 'loaded' => extension_loaded( 'wu_cloudways' ), 'open_basedir' => ini_get( 'open_basedir' ),
        'functions' => array_values( array_filter( explode( ',', '${DISABLED.join(',')}' ), 'function_exists' ) ),
        'files' => array_values( array_filter( array( '/etc/resolv.conf', '/etc/ssl/certs/ca-certificates.crt', '/proc/self/maps' ), static fn( $file ) => false !== @file_get_contents( $file ) ) ),
      )`,
    );
    site = await serve('pool');
  });
  after(() => lab?.close());

  /** A page that prints a value, or the exception that it ended with. */
  function page(name, value, constants = {}) {
    write(join(root, name), `<?php\n${defines(constants)}\ntry { echo json_encode( ${value} ); } catch ( Throwable $e ) { echo json_encode( array( 'thrown' => $e->getMessage() ) ); }\n`);
  }

  async function serve(name, wrap = []) {
    const fpm = await startFpm(lab, {
      name,
      so,
      wrap,
      workers: 2,
      lines: [`php_admin_value[disable_functions] = ${DISABLED.join(',')}`, `php_admin_value[open_basedir] = ${application}`],
    });
    const web = await startNginx(lab, { name: `nginx-${name}`, root, fpm });
    const visitor = new Visitor(web.port, 'network.example');
    return async (path) => {
      const { status, body } = await visitor.get(path);
      assert.equal(status, 200, `${path} answered ${status}: ${body}\n${tail(lab.log(name))}`);
      return JSON.parse(body);
    };
  }

  it('is what it is meant to be: PHP itself can reach neither those functions nor files outside', async () => {
    const pool = await site('/pool.php');
    if (SITE_USER) assert.equal(pool.uid, SITE_USER.uid);
    assert.deepEqual([pool.functions, pool.files, pool.open_basedir], [[], [], application]);
  });

  it('loads the extension from private_html, and syncs: an alias and a certificate come about', async () => {
    assert.equal((await site('/pool.php')).loaded, true);
    await sim.here('network.example', 'shop.example', 'www.shop.example');
    let report;
    for (let round = 0; round < 5 && report?.status !== 'ok'; round++) report = await site('/sync.php');
    assert.ok((await sim.aliases()).includes('shop.example'), JSON.stringify(report));
    assert.ok((await sim.certificate()).includes('shop.example'), JSON.stringify(report));
  });

  // open_basedir is PHP's own rule for its own functions; the extension reads what it needs by itself. That it did is
  // seen by what it then does: it asks the server that resolv.conf names, and trusts the authority that is in the store.
  it('reads /etc/resolv.conf and the CA store in spite of open_basedir', { skip: SITE_USER ? false : 'it takes root to give php-fpm an /etc of its own' }, async () => {
    const dns = await forwarder(sim.dns);
    const api = await frontend(lab, sim.origin);
    try {
      const constants = { ...sim.constants(), WU_CLOUDWAYS_API_URL: api.url };
      delete constants.WU_CLOUDWAYS_DNS_SERVERS;
      page('dns.php', "wu_cloudways_check_dns( array( 'shop.example' ), array( 'deadline' => 20 ) )", constants);
      page('api.php', 'wu_cloudways_test_connection()', constants);
      await sim.here('shop.example');
      write(join(lab.dir, 'resolv.conf'), `nameserver ${dns.address}\n`);
      const mounts = 'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/ssl/certs/ca-certificates.crt && shift 2 && exec "$@"';
      const own = await serve('own-etc', ['unshare', '-m', 'sh', '-c', mounts, 'sh', join(lab.dir, 'resolv.conf'), api.authority]);
      assert.deepEqual((await own('/pool.php')).files, []);
      const answer = await own('/dns.php');
      assert.ok(dns.questions() > 0, `nobody asked the server of resolv.conf: ${JSON.stringify(answer)}`);
      assert.ok(api.requests() > 0, `nobody asked the API: ${JSON.stringify(answer)}`);
      assert.match(JSON.stringify(answer), /"verdict":"here"/);
      // With the machine's own store the same API is not trusted: it was the store that was read.
      assert.match((await site('/api.php')).thrown ?? 'trusted', /certificate|UnknownIssuer/i);
    } finally {
      dns.close();
      api.close();
    }
  });

  it('has a plugin that calls no disabled function without asking whether it is there', async () => {
    // PHP itself takes the sources apart: names before a bracket that are no method, definition or class.
    const script = `
      $disabled = array_flip(explode(',', $argv[1])); $found = [];
      foreach (array_slice($argv, 2) as $file) {
        $tokens = array_values(array_filter(token_get_all(file_get_contents($file)), static fn($t) => !is_array($t) || !in_array($t[0], [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true)));
        foreach ($tokens as $n => $token) {
          if (!is_array($token) || !in_array($token[0], [T_STRING, T_NAME_FULLY_QUALIFIED], true) || ($tokens[$n + 1] ?? '') !== '(') continue;
          $name = strtolower(ltrim($token[1], '\\\\'));
          $before = $tokens[$n - 1] ?? '';
          if (isset($disabled[$name]) && !(is_array($before) && in_array($before[0], [T_OBJECT_OPERATOR, T_NULLSAFE_OBJECT_OPERATOR, T_DOUBLE_COLON, T_FUNCTION, T_NEW], true))) $found[] = [$file, $token[2], $name];
        }
      }
      echo json_encode($found);`;
    const unguarded = async (files) => {
      const { stdout, stderr } = await run('php8.2', ['-n', '-d', 'extension=tokenizer', '-r', script, '--', DISABLED.join(','), ...files]);
      assert.equal(stderr, '');
      // The question may stand in the line or shortly before it.
      return JSON.parse(stdout).filter(([file, line, name]) => !readFileSync(file, 'utf8').split('\n').slice(Math.max(0, line - 6), line).join(' ').includes(`function_exists( '${name}' )`));
    };
    const bad = join(lab.folder('files'), 'bad.php');
    write(bad, "<?php\n// exec( 'comment' );\n$x->exec( 1 );\n\\SYSTEM ( 'true' );\nif ( function_exists( 'posix_kill' ) ) { posix_kill( 1, 0 ); }\n");
    assert.deepEqual((await unguarded([bad])).map(([, line, name]) => [line, name]), [[4, 'system']], 'the search itself finds the wrong things');
    const folder = join(ROOT, 'wp-plugin');
    const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.php')).map((file) => join(folder, file));
    assert.ok(files.length > 40, 'these are not all files');
    assert.deepEqual(await unguarded(files), []);
  });
});
