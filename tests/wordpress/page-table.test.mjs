// The table of domains on the network page, with ten thousand of them; and the page where the extension is not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { write } from './lib/lab.mjs';
import { PAGE, noQueueByItself, noncesOf, part, press, rowOf } from './lib/page.mjs';
import { openStack } from './lib/stack.mjs';

const names = (body) => [...body.matchAll(/ scope="row"[^>]*><strong><bdi>([^<]+)</g)].map(([, name]) => name);

describe('the table of domains', () => {
  const MANY = 10000;
  let stack;
  let admin;
  let alone;
  const sql = (statement) => stack.db.sql(statement, 'wordpress');
  const page = async (query = '') => {
    const answer = await admin.get(PAGE + query);
    assert.equal(answer.status, 200, `${query} answered ${answer.status}${stack.trouble()}`);
    return answer.body;
  };
  const total = (body) => Number(/class="displaying-num">([\d,]+) items?</.exec(body)[1].replaceAll(',', ''));
  /** The shortest of some looks at the page, in milliseconds. */
  const quickest = async (query = '') => {
    const times = [];
    for (let look = 0; look < 5; look++) {
      const began = performance.now();
      await page(query);
      times.push(performance.now() - began);
    }
    return Math.min(...times);
  };

  before(async () => {
    stack = await openStack('page-table');
    await stack.sim.here('shop.example', 'www.shop.example');
    await stack.network.map(['shop.example', 'late.example']);
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60'], { check: false });
    noQueueByItself(stack.network);
    admin = await stack.network.adminVisitor(stack.web.port);
    alone = await quickest();
    // As a report of so many domains leaves them: every tenth points elsewhere, of these every tenth has no record.
    await sql(
      `INSERT INTO wp_wu_cloudways_sync_domains (id, domain, verdict, alias, certificate, hash, value)
       SELECT MD5(name), name, verdict, 'present', certificate, '', CONCAT('{"source":"mapped","alias":"present","dns":{"verdict":"', verdict, '"},"certificate":"', certificate, '"}')
       FROM (SELECT CONCAT('t', LPAD(seq, 5, '0'), '.example') AS name, IF(seq % 100 = 0, 'missing', IF(seq % 10 = 0, 'elsewhere', 'here')) AS verdict,
         IF(seq % 10 = 0, 'blocked', IF(seq <= 90, 'covered', 'left_out')) AS certificate FROM seq_1_to_${MANY}) AS domains`,
    );
  });
  after(() => stack?.close());

  it('shows one page of them, and tells how many there are', async () => {
    const body = await page();
    assert.equal(names(body).length, 50);
    assert.equal(total(body), MANY + 5);
    assert.match(body, /Domains <span class="count">\(10,005\)/);
    assert.deepEqual(names(body).slice(0, 3), ['late.example', 'network.example', 'shop.example']);
  });

  it('goes on page after page, and a page that is not there leads to the last', async () => {
    const second = names(await page('&paged=2'));
    assert.equal(second[0], 't00048.example');
    const last = await page('&paged=201');
    assert.deepEqual([names(last).length, names(last).at(-1)], [5, 'www.shop.example']);
    const beyond = await admin.get(`${PAGE}&paged=9999`);
    assert.equal(beyond.status, 302);
    assert.equal(new URL(beyond.headers.location, 'http://network.example').searchParams.get('paged'), '201');
  });

  it('searches', async () => {
    const body = await page('&s=T0012');
    assert.deepEqual(names(body), Array.from({ length: 10 }, (_, n) => `t0012${n}.example`));
    assert.equal(total(body), 10);
    assert.match(body, /name="s" value="T0012"/);
    // What the database takes for anything else is a letter here.
    assert.deepEqual(names(await page('&s=t0_')), []);
    assert.deepEqual(names(await page(`&s=${encodeURIComponent('%')}`)), []);
    assert.match(text(part(await page('&s=nobody'), 'table')), /No domain is like that\./);
    const hostile = await page(`&s=${encodeURIComponent('"><script>alert(1)</script>')}`);
    assert.ok(!hostile.includes('<script>alert(1)'), 'what is searched for is markup on the page');
  });

  it('filters by verdict and by certificate, with how many there are of each', async () => {
    const body = await page('&verdict=elsewhere');
    assert.equal(total(body), 900);
    assert.match(body, /class="current" aria-current="page"[^>]*>points elsewhere <span class="count">\(900\)/);
    const missing = (await sql("SELECT COUNT(*) FROM wp_wu_cloudways_sync_domains WHERE verdict = 'missing'")).trim();
    assert.ok(Number(missing) > 100);
    assert.ok(body.includes(`no record <span class="count">(${missing})`), `it does not count ${missing} without a record`);
    assert.match(body, /<option value="left_out">no space left \(8,919\)<\/option>/);
    const both = await page('&verdict=missing&certificate=blocked&s=t001');
    assert.deepEqual(names(both), ['t00100.example']);
    assert.match(both, /<option value="blocked" selected='selected'>|<option value="blocked" selected="selected">/);
    // A search goes on in the filter, and the other way round.
    assert.match(part(both, 'table'), /<input type="hidden" name="verdict" value="missing">/);
    assert.match(both, /href="[^"]*s=t001[^"]*certificate=blocked[^"]*verdict=here/);
    assert.equal(total(await page('&verdict=nonsense&certificate=nonsense&orderby=nonsense')), MANY + 5);
  });

  it('sorts by each column, and says so', async () => {
    assert.equal(names(await page('&orderby=domain&order=desc'))[0], 'www.shop.example');
    const first = async (query) => text(rowOf(await page(query), names(await page(query))[0]));
    assert.match(await first('&orderby=verdict&order=asc'), /points elsewhere/);
    assert.match(await first('&orderby=certificate&order=desc&s=t0'), /waiting|no space left/);
    const body = await page('&orderby=verdict&order=desc');
    assert.match(body, /<caption[^>]*>Table ordered by DNS\. Descending\.<\/caption>/);
    assert.match(body, /id='verdict'[^>]*aria-sort="descending"/);
    assert.equal(/id='remedy'[^>]*sortable/.test(body), false);
  });

  it('has as many on a page as the reader wants, for that reader', async () => {
    const body = await page();
    const nonce = /name="screenoptionnonce" value="([^"]+)"/.exec(body)?.[1];
    assert.ok(nonce, 'Screen Options are not there');
    const option = /name="wp_screen_options\[option\]" value="([^"]+)"/.exec(body)[1];
    const set = async (value) => admin.post(PAGE, { screenoptionnonce: nonce, 'wp_screen_options[option]': option, 'wp_screen_options[value]': value, 'screen-options-apply': 'Apply', _wp_http_referer: PAGE });
    assert.equal((await set('200')).status, 302);
    assert.equal(names(await page()).length, 200);
    await set('99999');
    assert.equal(names(await page()).length, 500, 'more than the most that can be wanted');
    await stack.network.wp(['user', 'create', 'second', 'second@network.example', '--user_pass=second']);
    await stack.network.wp(['super-admin', 'add', 'second']);
    const second = await stack.network.visitor(stack.web.port).logIn('second', 'second');
    assert.equal(names((await second.get(PAGE)).body).length, 50);
    await set('50');
  });

  it('reads the page that is shown only, and is about as quick as with five', async () => {
    const log = join(stack.network.application, 'queries.log');
    write(join(stack.network.muPlugins, 'queries.php'), `<?php add_filter( 'query', static function ( $query ) { if ( str_contains( $query, 'sync_domains' ) ) { file_put_contents( '${log}', strtr( $query, "\\n", ' ' ) . "\\n", FILE_APPEND ); } return $query; } );\n`);
    await page('&paged=100');
    write(join(stack.network.muPlugins, 'queries.php'), '<?php\n');
    const queries = readFileSync(log, 'utf8').trim().split('\n');
    const entries = queries.filter((query) => /\bvalue\b/.test(query));
    assert.ok(entries.length >= 1, `no query reads entries: ${queries.join('\n')}`);
    for (const query of entries) assert.match(query, /LIMIT 50 OFFSET 4950$/, `it reads more than it shows: ${query}`);

    const many = await quickest('&paged=100');
    assert.ok(many < alone * 3 + 300, `${Math.round(many)} ms with ${MANY} domains, ${Math.round(alone)} ms with five`);
  });

  it('gives the reason and what to do in words, and marks what it is by more than colour', async () => {
    const row = rowOf(await page('&s=late.example'), 'late.example');
    assert.match(text(row), /present|added/);
    assert.match(text(row), /points elsewhere|no record/);
    assert.match(text(row), /At the DNS provider of late\.example, create a record that points to 203\.0\.113\.10\./);
  });
});

describe('the page, with the extension in the command line only', () => {
  let stack;
  let admin;
  const page = async (query = '') => (await admin.get(PAGE + query)).body;

  before(async () => {
    stack = await openStack('page-cli', { inFpm: false, inCli: true });
    await stack.network.map('shop.example');
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60'], { check: false });
    noQueueByItself(stack.network);
    admin = await stack.network.adminVisitor(stack.web.port);
  });
  after(() => stack?.close());

  it('says which commands to type, and how to load it on the website too', async () => {
    const body = await page();
    const commands = text(part(body, 'commands'));
    for (const command of ['plan', 'test', 'dns']) assert.match(commands, new RegExp(`php8\\.2 -d extension=\\S+\\.so \\S*wp --path=\\S+ wu-cloudways ${command}( |$)`));
    assert.ok(!body.includes('data-wu-cloudways="preview"') && !body.includes('data-wu-cloudways="check"'), 'there is a button for what cannot be done here');
    assert.equal(body.match(/data-code="extension_missing"/g).length, 1);
    assert.match(part(body, 'guide'), /^<details[\s\S]*php_admin_value\[extension\] = /);
    assert.ok(body.includes('shop.example'), 'the stored report is not shown');
  });

  it('takes a request, and shows that it waits until a command has done it', async () => {
    await stack.network.map('asked.example');
    const answer = await press(admin, 'sync');
    assert.equal(answer.status, 302);
    const body = await page();
    assert.match(text(part(body, 'answer')), /the next command or job there runs the sync/);
    assert.match(part(body, 'progress'), /data-phase="asked"/);
    await stack.network.runQueue();
    await stack.settle(async () => (await stack.sim.aliases()).includes('asked.example'), 'the alias asked.example', { patience: 30000, run: () => stack.network.runQueue() });
    assert.doesNotMatch(part(await page(), 'progress'), /data-phase="asked"/);
  });

  it('says in words that a preview and a check of DNS cannot be made here, to a page that was open before', async () => {
    const nonces = await noncesOf(stack.network, admin, ['preview', 'dns']);
    for (const action of ['preview', 'dns']) {
      const answer = await admin.post(PAGE, { wu_cloudways_action: action, _wpnonce: nonces[action], wu_cloudways_name: 'shop.example' });
      assert.equal(answer.status, 302, `${action} answered ${answer.status}${stack.trouble()}`);
      assert.match(text(part(await page(), 'answer')), /The PHP extension wu_cloudways is not loaded in this process\./);
    }
  });
});

describe('the page, with the extension nowhere', () => {
  let stack;

  before(async () => {
    stack = await openStack('page-nowhere', { inFpm: false, inCli: false });
    noQueueByItself(stack.network);
  });
  after(() => stack?.close());

  it('explains in three steps how to load it, with the path and the PHP of this server', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const { body, status } = await admin.get(PAGE);
    assert.equal(status, 200, stack.trouble());
    const guide = part(body, 'guide');
    assert.match(guide, /<h2>Load the extension in three steps<\/h2>/);
    const [web, cli] = guide.split('<h3>');
    for (const steps of [web, cli]) assert.equal(steps.match(/<li>/g).length, 3);
    assert.match(web, /php_admin_value\[extension\] = \S+\/abcdefghij\/private_html\/\S+\.so/);
    assert.match(text(web), /PHP 8\.2/);
    assert.match(body, /data-code="extension_missing"/);
    for (const hook of ['sync', 'preview', 'test', 'check']) assert.ok(!body.includes(`data-wu-cloudways="${hook}"`), `there is a button "${hook}" that can do nothing`);
    assert.match(text(body), /none yet/);
  });
});

describe('the page, without Ultimate Multisite', () => {
  const SETTINGS = '/wp-admin/network/settings.php?page=wu-cloudways';
  let stack;

  before(async () => {
    stack = await openStack('page-no-um', { network: { um: 'none' } });
    noQueueByItself(stack.network);
  });
  after(() => stack?.close());

  it('is under Settings, says what is missing, and sends its buttons there', async () => {
    const admin = await stack.network.adminVisitor(stack.web.port);
    const { body, status } = await admin.get(SETTINGS);
    assert.equal(status, 200, stack.trouble());
    assert.match(body, /data-code="no_um"/);
    const form = /<form method="post" action="([^"]+)"><input type="hidden" name="_wpnonce" value="([^"]+)"><button[^>]*value="preview"/.exec(body);
    assert.ok(form?.[1].endsWith(SETTINGS), `the button is sent to ${form?.[1]}`);
    const answer = await admin.post(SETTINGS, { wu_cloudways_action: 'preview', _wpnonce: form[2] });
    assert.equal(answer.status, 302);
    assert.ok(answer.headers.location.includes(SETTINGS), answer.headers.location);
    assert.match(text(part((await admin.get(SETTINGS)).body, 'answer')), /Ultimate Multisite is not active/);
    assert.deepEqual(await stack.sim.log(), []);
  });
});
