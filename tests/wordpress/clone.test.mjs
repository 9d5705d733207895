// A copy of the site carries its constants and its tables. It writes nothing to Cloudways before a person confirms.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { dirname, join } from 'node:path';
import { giveToSite, run, write } from './lib/lab.mjs';
import { openStack } from './lib/stack.mjs';

const PAGE = '/wp-admin/network/admin.php?page=wu-cloudways';

describe('a copy of the site', () => {
  let stack;
  let n = 0;
  let name;

  before(async () => {
    stack = await openStack('clone');
    await stack.network.map('original.example');
    await stack.settleAliases(['hand-made.example', 'original.example', 'www.original.example']);
  });
  after(() => stack?.close());

  // Something to write each time: a copy that is not recognised would write it.
  beforeEach(async () => {
    name = `tenant-${++n}.example`;
    await stack.network.map(name);
    await stack.sim.clearLog();
  });

  /** The problem that `status` and the admin speak of, and what became of a run, of the queue and of a page's button. */
  async function writesNothing({ options = [], host, differs }) {
    const wp = (...args) => stack.network.wp([...options, ...args], { check: false });
    const sync = await wp('wu-cloudways', 'sync', '--no-wait');
    assert.equal(sync.code, 11, `a sync on the copy ended with ${sync.code}:\n${sync.stdout}${sync.stderr}`);
    assert.match(sync.stderr, /copy/, 'the sync does not say why it was refused');
    const queue = await wp('action-scheduler', 'run', '--force', '--hooks=wu_add_domain');
    assert.equal(queue.code, 0, queue.stderr);
    await wp('eval', "WU_Cloudways\\Plugin::instance()->runner()->run( array( 'trigger' => 'wake', 'ignore_due' => true ) );");
    assert.deepEqual(await stack.sim.writes(), [], 'the copy wrote to Cloudways');

    const status = await wp('wu-cloudways', 'status', '--format=json');
    assert.equal(status.code, 0, status.stderr);
    const problem = JSON.parse(status.stdout.slice(status.stdout.search(/^[{[]/m))).problems.find(({ code }) => code === 'clone');
    assert.ok(problem, `status does not speak of a copy:\n${status.stdout}${status.stderr}`);
    for (const key of differs) assert.notEqual(problem.args.expected?.[key], problem.args.actual[key], `status does not say that it is the ${key}`);
    if (host) {
      const admin = await stack.network.visitor(stack.web.port, host).logIn('admin', 'network');
      for (const path of ['/wp-admin/network/', PAGE]) {
        const { body } = await admin.get(path);
        assert.match(body, /data-code="clone"/, `${path} has no notice about the copy${stack.trouble()}`);
      }
      return admin;
    }
  }

  /** What waited is written now. */
  async function writes(options = []) {
    await stack.settle(async () => (await stack.sim.aliases()).includes(name), `the alias ${name} after a person confirmed`, {
      patience: 30000,
      run: () => stack.network.wp([...options, 'wu-cloudways', 'sync', '--no-wait', '--timeout=30'], { check: false }),
    });
  }

  /** The application at Cloudways is that of this system user. */
  async function applicationOf(user) {
    const { servers } = await stack.sim.state();
    const { id } = await stack.sim.app();
    await stack.sim.patch({ servers: servers.map((server) => ({ ...server, apps: server.apps.map((app) => (app.id === id ? { ...app, sys_user: user } : app)) })) });
  }

  it('under another system user writes nothing, until a person confirms on the command line', async () => {
    const copy = join(dirname(stack.network.application), 'copyofsite', 'public_html');
    write(join(dirname(copy), 'made'), '');
    const { code, stderr } = await run('cp', ['-r', stack.network.root, copy]);
    assert.equal(code, 0, stderr);
    await giveToSite(dirname(copy));
    const options = [`--path=${copy}`];
    assert.equal((await stack.network.wp([...options, 'eval', 'echo ABSPATH;'])).stdout, `${copy}/`, 'WP-CLI does not run the copy');

    await writesNothing({ options, differs: ['sys_user'] });
    // The original beside it is not disturbed.
    const original = await stack.json('status');
    assert.deepEqual(original.problems, [], 'the original takes itself for a copy');

    // Confirmed, and still it writes nothing to the application of another user: the constants have to be those of where it is.
    const { code: confirmed, stderr: said } = await stack.network.wp([...options, 'wu-cloudways', 'sync', '--confirm-site', '--no-wait'], { check: false });
    assert.equal(confirmed, 11, said);
    assert.match(said, /copyofsite[\s\S]*abcdefghij/, 'it does not say which application the constants are those of');
    assert.deepEqual(await stack.sim.writes(), [], 'it wrote to the application of another user');
    await applicationOf('copyofsite');
    await writes(options);
    // From now on the one that was confirmed is the site.
    assert.equal((await stack.json('status')).problems[0]?.code, 'clone');
    await applicationOf('abcdefghij');
    await stack.network.wp(['wu-cloudways', 'sync', '--confirm-site', '--no-wait'], { check: false });
  });

  it('of another environment type writes nothing, until a person confirms on the page', async () => {
    stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'staging' });
    try {
      const admin = await writesNothing({ host: 'network.example', differs: ['environment'] });
      const { body } = await admin.get(PAGE);
      const form = [...body.matchAll(/<form method="post".*?<\/form>/gs)].map(([html]) => html).find((html) => html.includes('value="confirm_site"'));
      assert.ok(form, 'there is no button to confirm with');
      const press = (nonce) => admin.post(PAGE, { wu_cloudways_action: 'confirm_site', _wpnonce: nonce });
      assert.equal((await press('wrong')).status, 403);
      assert.equal((await stack.json('status')).problems[0]?.code, 'clone', 'confirmed without a right nonce');
      assert.equal((await press(/name="_wpnonce" value="([^"]+)"/.exec(form)[1])).status, 302);
      await writes();
      assert.doesNotMatch((await admin.get(PAGE)).body, /data-code="clone"/, 'the notice stays after it was confirmed');
    } finally {
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'production' });
      await stack.network.wp(['wu-cloudways', 'sync', '--confirm-site', '--no-wait'], { check: false });
    }
  });

  it('that was never production, and has no memory, writes nothing either', async () => {
    await stack.db.sql("DELETE FROM wp_wu_cloudways_sync_memory WHERE name = 'home'", 'wordpress');
    stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'development' });
    try {
      await writesNothing({ differs: [] });
    } finally {
      stack.network.setConstants({ WP_ENVIRONMENT_TYPE: 'production' });
    }
    // Production needs nobody: where it runs is remembered with its first run.
    await writes();
    assert.deepEqual((await stack.json('status')).problems, []);
  });

  it('is not what the site is taken for when a filter shows another address in one request', async () => {
    const file = join(stack.network.muPlugins, 'mapped-host.php');
    write(file, "<?php add_filter( 'network_home_url', static fn() => 'https://mapped.example/' );\n");
    try {
      assert.deepEqual((await stack.json('status')).problems, []);
      await writes();
    } finally {
      write(file, '<?php\n');
    }
  });

  // Last: it leaves the network under another name.
  it('at another address writes nothing, also when all its tables were searched and replaced', async () => {
    await stack.network.wp(['search-replace', 'network.example', 'staging.example', '--all-tables', '--quiet']);
    stack.network.setConstants({ DOMAIN_CURRENT_SITE: 'staging.example' });
    const options = ['--url=http://staging.example'];
    await writesNothing({ options, host: 'staging.example', differs: ['home'] });
    const { code, stdout, stderr } = await stack.network.wp([...options, 'wu-cloudways', 'sync', '--confirm-site', '--timeout=30', '--no-wait'], { check: false });
    assert.ok([0, 3, 4].includes(code), `a confirmed sync ended with ${code}:\n${stdout}${stderr}`);
    await writes(options);
  });
});
