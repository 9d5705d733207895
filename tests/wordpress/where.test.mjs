// At Cloudways the pool and the command line load extensions by different settings, so that it can be in one and not
// in the other. Either way the job is done, and Ultimate Multisite's own module, which would wipe hand-made aliases,
// never speaks.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { write } from './lib/lab.mjs';
import { ONE_PROCESS_ONLY, openStack } from './lib/stack.mjs';

for (const { where, options, run } of ONE_PROCESS_ONLY) {
  describe(`the extension ${where}`, () => {
    let stack;
    let shop;
    const BY_HAND = ['hand-made.example', '*.wild.example'];

    before(async () => {
      // Whether Cloudways has an open_basedir is not known: what works with one works without.
      stack = await openStack('where', { ...options, walled: true });
      await stack.sim.setAliases(BY_HAND);
      assert.equal((await stack.ask('extension')).result, options.inFpm, 'php-fpm is not as this test wants it');
      assert.equal(await stack.network.eval("return extension_loaded( 'wu_cloudways' );"), options.inCli, 'WP-CLI is not as this test wants it');
      shop = await stack.network.addSite('shop');
      write(join(stack.network.content, 'outside.php'), "<?php echo @file_get_contents( '/etc/hostname' ) ?: 'nothing';\n");
    });
    after(() => stack?.close());

    it('does the job for a domain that is mapped on a page', async () => {
      await stack.map('by-page.example', shop);
      await stack.settleAliases([...BY_HAND, 'shop.network.example', 'by-page.example', 'www.by-page.example'], { run: () => run(stack) });
    });

    it('does the job for a domain that is mapped on the command line', async () => {
      await stack.network.map('by-cli.example', { blog: shop });
      await stack.settleAliases([...BY_HAND, 'shop.network.example', 'by-page.example', 'www.by-page.example', 'by-cli.example', 'www.by-cli.example'], { run: () => run(stack) });
    });

    it('does the job when a mapping ends', async () => {
      await stack.network.unmap('by-page.example');
      await stack.settleAliases([...BY_HAND, 'shop.network.example', 'by-cli.example', 'www.by-cli.example'], { run: () => run(stack) });
    });

    it('does without what open_basedir keeps from PHP, and without a warning about it', async () => {
      const outside = await stack.visitor.get('/wp-content/outside.php');
      assert.equal(outside.body, 'nothing', 'the pool is not as this test wants it');
      // The website says what it is, its own memory maps included, as far as it may look.
      await stack.network.wp(['wu-cloudways', 'doctor', 'extension_web', 'files'], { check: false });
      const logs = [stack.lab.log('fpm'), join(stack.network.application, 'debug.log')].filter(existsSync).map((file) => readFileSync(file, 'utf8')).join('\n');
      assert.deepEqual(logs.split('\n').filter((line) => line.includes('open_basedir')), []);
    });

    it('never lets version 1 of the API be spoken', async () => {
      assert.deepEqual(await stack.sim.v1(), []);
    });

    it('says on the page and on the command line where it is missing, with the network working', async () => {
      const admin = await stack.network.adminVisitor(stack.web.port);
      const page = await admin.get('/wp-admin/network/admin.php?page=wu-cloudways');
      assert.equal(page.status, 200, `the page answered ${page.status}${stack.trouble()}`);
      assert.ok(page.body.includes('by-cli.example'), 'the page does not show the stored report');
      const { code } = await stack.network.wp(['wu-cloudways', 'status'], { check: false });
      assert.equal(code, 0, 'wp wu-cloudways status fails');
    });
  });
}
