// What the network page asks for while it is open; and that none of it, and no button, is for a site's administrator.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { text } from './lib/http.mjs';
import { PAGE, noQueueByItself, noncesOf, part, press, pressFor } from './lib/page.mjs';
import { SIM } from './lib/services.mjs';
import { openStack } from './lib/stack.mjs';

const STATUS = '/wp-json/wu-cloudways/v1/status';
const DNS = '/wp-json/wu-cloudways/v1/dns';
const ACTIONS = ['sync', 'test', 'confirm_site', 'pause', 'resume', 'preview', 'discard', 'apply', 'adopt', 'release', 'remove', 'pin', 'unpin', 'dns'];

describe('the routes of the network page', () => {
  let stack;
  let admin;
  let nonce;
  const nonceOf = async (visitor) => (await visitor.get('/wp-admin/admin-ajax.php?action=rest-nonce')).body;
  const ask = async (method, path, form, headers = { 'x-wp-nonce': nonce }, visitor = admin) => {
    const { status, body, headers: answered } = await visitor.send(method, path, { form, headers });
    let said = null;
    try {
      said = JSON.parse(body);
    } catch {
      assert.fail(`${method} ${path} answered ${status} with no JSON: ${body.slice(0, 300)}${stack.trouble()}`);
    }
    return { status, said, body, headers: answered };
  };
  const status = async () => {
    const { status: code, said } = await ask('GET', STATUS);
    assert.equal(code, 200, JSON.stringify(said) + stack.trouble());
    return said;
  };
  const sql = (statement) => stack.db.sql(statement, 'wordpress');

  before(async () => {
    stack = await openStack('page-rest');
    await stack.sim.here('shop.example', 'www.shop.example', 'network.example');
    await stack.network.map('shop.example');
    await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60'], { check: false });
    noQueueByItself(stack.network);
    admin = await stack.network.adminVisitor(stack.web.port);
    nonce = await nonceOf(admin);
  });
  after(() => stack?.close());

  describe('say what goes on', () => {
    it('nothing, from the memory alone', async () => {
      await stack.sim.clearLog();
      const said = await status();
      assert.deepEqual([said.phase, said.active, said.text], ['idle', false, '']);
      assert.deepEqual(await stack.sim.log(), [], 'it asked Cloudways');
      assert.match(part((await admin.get(PAGE)).body, 'progress'), /data-phase="idle"[^>]* hidden/);
    });

    it('an operation at Cloudways, with its time and its estimate, and its end', async () => {
      await stack.sim.setDns('known.example', { A: ['198.51.100.7'] });
      await stack.network.map('known.example');
      assert.equal((await press(admin, 'sync')).status, 302);
      await stack.sim.pace(null, 300);
      await stack.network.map('slow.example');
      assert.equal((await press(admin, 'sync')).status, 302);
      const { body } = await admin.get(PAGE);
      assert.match(text(body), /known\.example points to 198\.51\.100\.7/, 'what DNS said before the operation is forgotten while it runs');
      const shown = part(body, 'progress');
      assert.match(shown, /data-phase="operation"/);
      assert.doesNotMatch(shown.slice(0, shown.indexOf('>')), / hidden/);
      assert.match(text(shown), /At Cloudways: operation \S+ is running \(aliases\)\. For \d+ seconds?\./);
      const before = await status();
      assert.deepEqual([before.phase, before.active], ['operation', true]);
      assert.equal(before.stamp, /data-stamp="([^"]+)"/.exec(shown)[1], 'the page shows something else');
      assert.ok(before.since <= Date.now() / 1000 + 5 && before.since > Date.now() / 1000 - 60, `since ${before.since}`);
      if (before.estimate) assert.ok(before.part >= 0 && before.part <= 0.95, `part ${before.part}`);

      await stack.network.unmap('known.example');
      await stack.sim.patch({ time_offset: 300, switches: { operation_polls: 2, operation_seconds: 3 } });
      await stack.network.wp(['wu-cloudways', 'sync', '--timeout=60'], { check: false });
      const now = await status();
      assert.equal(now.phase, 'idle');
      assert.notEqual(now.stamp, before.stamp, 'a page that is open does not know that there is something else to show');
    });

    it('a run, while it is at work; and not one that never came back', async () => {
      await sql(`UPDATE wp_wu_cloudways_sync_lock SET token = 'somebody', since = UNIX_TIMESTAMP() - 7, expires = UNIX_TIMESTAMP() + 60`);
      const said = await status();
      assert.deepEqual([said.phase, said.text, said.part], ['run', 'A run is at work.', null]);
      assert.match(said.detail, /For [789] seconds\./);
      await sql(`UPDATE wp_wu_cloudways_sync_lock SET expires = UNIX_TIMESTAMP() - 1`);
      assert.equal((await status()).phase, 'idle');
      await sql(`UPDATE wp_wu_cloudways_sync_lock SET token = '', expires = 0`);
    });

    it('a run that follows by itself', async () => {
      await pressFor(admin, 'pin', 'shop.example');
      assert.deepEqual([(await status()).phase, (await status()).active], ['soon', true]);
      await press(admin, 'sync');
      assert.equal((await status()).phase, 'idle');
      await pressFor(admin, 'unpin', 'shop.example');
      await press(admin, 'sync');
    });

    it('and that the database did not answer, as an error', async () => {
      const { status: route } = JSON.parse(/window\.wuCloudways = (\{.*?\});\n/.exec((await admin.get(PAGE)).body)[1]).routes;
      const path = new URL(route).pathname + new URL(route).search;
      await sql('RENAME TABLE wp_wu_cloudways_sync_memory TO wp_wu_cloudways_sync_memory_away');
      try {
        const { status: code, said } = await ask('GET', STATUS);
        assert.deepEqual([code, said.code], [500, 'wu_cloudways_storage']);
        assert.match(said.message, /The database did not answer/);
        // In the language of the reader, by the address that the page gives to its script.
        await stack.network.wp(['user', 'meta', 'update', 'admin', 'locale', 'fr_FR']);
        const french = await ask('GET', path, undefined, { 'x-wp-nonce': nonce, accept: 'application/json' });
        assert.match(french.said.message, /La base de données n.a pas répondu/);
      } finally {
        await sql('RENAME TABLE wp_wu_cloudways_sync_memory_away TO wp_wu_cloudways_sync_memory');
        await stack.network.wp(['user', 'meta', 'delete', 'admin', 'locale']);
      }
    });
  });

  describe('ask DNS in batches', () => {
    const many = 250;

    before(async () => {
      // As a report of so many domains leaves them.
      await sql(
        `INSERT INTO wp_wu_cloudways_sync_domains (id, domain, verdict, alias, certificate, hash, value)
         SELECT MD5(name), name, 'elsewhere', 'present', 'blocked', '', '{"source":"mapped","alias":"present","dns":{"verdict":"elsewhere"},"certificate":"blocked"}'
         FROM (SELECT CONCAT('t', LPAD(seq, 4, '0'), '.example') AS name FROM seq_1_to_${many}) AS names`,
      );
      await stack.sim.here('t0007.example', 't0207.example');
    });

    it('each name once, with sums, and what turned right is taken up by a run', async () => {
      let answer = { next: '', checked: 0, changed: 0, right: 0 };
      const asked = [];
      const left = [];
      for (let batch = 0; answer.next !== null; batch++) {
        assert.ok(batch < 5, 'it does not end');
        const { status: code, said } = await ask('POST', DNS, { after: answer.next, verdict: 'elsewhere', checked: answer.checked, changed: answer.changed, right: answer.right });
        assert.equal(code, 200, JSON.stringify(said) + stack.trouble());
        assert.equal(said.error, null);
        asked.push(...Object.keys(said.result));
        left.push(said.left);
        answer = said;
      }
      assert.equal(asked.length, many);
      assert.deepEqual(asked, [...new Set(asked)].sort());
      assert.deepEqual(left, [150, 50, 0]);
      assert.deepEqual([answer.checked, answer.changed, answer.right], [many, many, 2]);
      assert.equal(answer.text, '250 of 250 names have changed. 2 turned right: a run follows.');
      assert.equal(await sql("SELECT GROUP_CONCAT(domain ORDER BY domain) FROM wp_wu_cloudways_sync_domains WHERE verdict = 'here' AND domain LIKE 't0%'"), 't0007.example,t0207.example\n');
      assert.ok(Number(await sql("SELECT number FROM wp_wu_cloudways_sync_memory WHERE name = 'due'")) <= Date.now() / 1000, 'no run follows');
    });

    it('and each name once also where no answer takes it out of the filter', async () => {
      const asked = [];
      for (let next = ''; next !== null; ) {
        const { said } = await ask('POST', DNS, { after: next, search: 't0' });
        asked.push(...Object.keys(said.result));
        assert.ok(asked.length <= many, 'a name is asked twice');
        next = said.next;
      }
      assert.equal(new Set(asked).size, many);
    });

    it('only what a search or a filter lets through, and nothing where that is nothing', async () => {
      const { said } = await ask('POST', DNS, { search: 't001', verdict: 'missing' });
      assert.deepEqual(Object.keys(said.result).length, 10);
      assert.deepEqual([said.changed, said.next, said.text], [0, null, '0 of 10 names have changed.']);
      const { said: none } = await ask('POST', DNS, { search: 'nobody.invalid' });
      assert.deepEqual([none.checked, none.next, none.error], [0, null, null]);
    });

    it('names that are given, known ones only, and not more than a batch', async () => {
      const { said } = await ask('POST', `${DNS}?names[]=t0001.example&names[]=stranger.example`, {});
      assert.deepEqual(Object.keys(said.result), ['t0001.example']);
      const tooMany = Array.from({ length: 101 }, (_, n) => `names[]=t${n}.example`).join('&');
      assert.equal((await ask('POST', `${DNS}?${tooMany}`, {})).status, 400);
    });

    it('and say what went wrong', async () => {
      stack.network.setConstants({ WU_CLOUDWAYS_SERVER_ID: 'eins' });
      try {
        const { status: code, said } = await ask('POST', DNS, { search: 't001' });
        assert.equal(code, 200);
        assert.equal(said.error?.code, 'config_invalid', JSON.stringify(said));
        assert.ok(!JSON.stringify(said).includes('eins'), 'the value is in the answer');
      } finally {
        stack.network.setConstants(stack.sim.constants());
      }
    });
  });

  describe('are for those who manage the network alone', () => {
    let editor;

    before(async () => {
      await stack.network.wp(['user', 'create', 'editor', 'editor@network.example', '--role=administrator', '--user_pass=editor']);
      editor = await stack.network.visitor(stack.web.port).logIn('editor', 'editor');
    });

    for (const [method, path] of [['GET', STATUS], ['POST', DNS]]) {
      it(`${method} ${path}`, async () => {
        const form = method === 'POST' ? { search: 'shop' } : undefined;
        await stack.sim.clearLog();
        const visitors = [
          [401, 'a visitor', stack.network.visitor(stack.web.port), {}],
          [401, 'an administrator of the network without a nonce', admin, {}],
          [403, 'with a wrong nonce', admin, { 'x-wp-nonce': 'wrong' }],
          [403, 'an administrator of a site', editor, { 'x-wp-nonce': await nonceOf(editor) }],
        ];
        for (const [expected, who, visitor, headers] of visitors) {
          const { status: code, said, body } = await ask(method, path, form, headers, visitor);
          assert.equal(code, expected, `${who}: ${body}`);
          assert.deepEqual(Object.keys(said).sort(), ['code', 'data', 'message'], `${who}: ${body}`);
          assert.ok(!/shop\.example|phase|stamp/.test(body), `${who} is told something: ${body}`);
        }
        assert.deepEqual(await stack.sim.log(), []);
      });
    }

    it('are not on other sites, and in no index', async () => {
      await stack.network.addSite('tenant');
      const { status: code, said } = await ask('GET', STATUS, undefined, {}, stack.network.visitor(stack.web.port, 'tenant.network.example'));
      assert.deepEqual([code, said.code], [404, 'rest_no_route']);
      const { said: index } = await ask('GET', '/wp-json/', undefined, {}, stack.network.visitor(stack.web.port));
      assert.ok(!Object.keys(index.routes).some((route) => /^\/wu-cloudways\/v1\/./.test(route)), 'the index lists them');
    });

    it('and hold no secret', async () => {
      const { body } = await ask('GET', STATUS);
      const { body: dns } = await ask('POST', DNS, { search: 'shop' });
      for (const secret of [SIM.token, SIM.legacyKey, SIM.email]) assert.ok(!body.includes(secret) && !dns.includes(secret));
    });

    for (const action of ACTIONS) {
      it(`the button ${action}: not with a right nonce either`, async () => {
        const nonces = await noncesOf(stack.network, editor, [action]);
        const form = { wu_cloudways_action: action, _wpnonce: nonces[action], wu_cloudways_name: 'hand-made.example', force: '1', looked: '1', fingerprint: 'f'.repeat(64) };
        const memory = await sql('SELECT name, number, value FROM wp_wu_cloudways_sync_memory ORDER BY name; SELECT COUNT(*) FROM wp_wu_cloudways_sync_runs');
        await stack.sim.clearLog();
        for (const path of [PAGE, PAGE.replace('/network/', '/'), PAGE.replace('admin.php', 'settings.php')]) {
          const answer = await editor.post(path, form);
          assert.ok([302, 403].includes(answer.status), `${path} answered ${answer.status}: ${text(answer.body).slice(0, 200)}`);
          if (answer.status === 302) assert.ok(!answer.headers.location.includes('wu-cloudways'), `${path} took it: ${answer.headers.location}`);
          assert.ok(!/shop\.example|hand-made\.example|data-wu-cloudways/.test(answer.body), `${path} shows something`);
        }
        assert.deepEqual(await stack.sim.log(), [], 'a request was sent to Cloudways');
        assert.equal(await sql('SELECT name, number, value FROM wp_wu_cloudways_sync_memory ORDER BY name; SELECT COUNT(*) FROM wp_wu_cloudways_sync_runs'), memory, 'something was kept');
      });

      it(`the button ${action}: not with the nonce of another`, async () => {
        const other = action === 'sync' ? 'test' : 'sync';
        const nonces = await noncesOf(stack.network, admin, [other]);
        const memory = await sql('SELECT name, number, value FROM wp_wu_cloudways_sync_memory ORDER BY name');
        assert.equal((await admin.post(PAGE, { wu_cloudways_action: action, _wpnonce: nonces[other], wu_cloudways_name: 'hand-made.example' })).status, 403);
        assert.equal(await sql('SELECT name, number, value FROM wp_wu_cloudways_sync_memory ORDER BY name'), memory);
      });
    }
  });
});
