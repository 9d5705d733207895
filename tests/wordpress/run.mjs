// `make run`: a WordPress network beside a simulated Cloudways, with two domains mapped, until Ctrl-C.
// With `--once` it ends by itself, with 0 only if Cloudways (the simulator) has what it should have.
import { spawn } from 'node:child_process';
import { once as occurs } from 'node:events';
import { mkdirSync } from 'node:fs';
import { ROOT, interruptIsTheEnd, openLab, sleep } from './lib/lab.mjs';
import { ADMIN, buildNetwork, siteRoot } from './lib/network.mjs';
import { SIM, extension, startPhpServer, startSim } from './lib/services.mjs';

const ONCE = process.argv.includes('--once');
const LOCALE = process.env.LOCALE ?? '';
const GOOD = 'shop.example';
const LATE = 'late.example';
const ELSEWHERE = '198.51.100.7';

const started = Date.now();
const say = (line) => console.log(`[${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s] ${line}`);

say('building the extension and the simulator (cargo build: some minutes the first time, seconds afterwards)');
const cargo = spawn('cargo', ['build', '--workspace', ...(process.stderr.isTTY ? [] : ['--quiet'])], { cwd: ROOT, stdio: 'inherit' });
const [code] = await occurs(cargo, 'exit');
if (code !== 0) {
  console.error('make run: the build failed, its messages are above.');
  process.exit(1);
}

const lab = openLab('run');
let failed = [];
try {
  failed = await demonstrate();
} catch (error) {
  console.error(`\nmake run: ${error.message}`);
  process.exitCode = 1;
} finally {
  await lab.close();
}
if (failed.length) {
  console.error(`\nmake run: this is not what Cloudways should have:\n${failed.map((line) => `  - ${line}`).join('\n')}`);
  process.exitCode = 1;
}

async function demonstrate() {
  const sim = await startSim(lab);
  say(`simulated Cloudways: API at ${sim.api}, DNS at ${sim.dns}`);
  await sim.here(GOOD, `www.${GOOD}`);
  for (const name of [LATE, `www.${LATE}`]) await sim.setDns(name, { A: [ELSEWHERE] });

  // The server first, and the site into its folder then: the port is in the network's address.
  const so = extension(lab);
  const dir = lab.folder('network');
  const root = siteRoot(dir);
  mkdirSync(root, { recursive: true });
  const { port } = await startPhpServer(lab, { root, port: 8090, so });
  const network = await buildNetwork({
    dir,
    db: { kind: 'sqlite' },
    domain: `network.localhost:${port}`,
    constants: { ...sim.constants(), DISABLE_WP_CRON: false },
    locale: LOCALE,
    soPath: so,
    say,
  });
  network.configure({ api: sim.origin, web: `127.0.0.1:${port}`, endpoints: false });
  say(`the network answers at ${network.url}`);

  const shop = await network.addSite('shop');
  const late = await network.addSite('late');
  await network.map(GOOD, { blog: shop, stage: 'checking-dns' });
  await network.map(LATE, { blog: late, stage: 'checking-dns' });
  say(`mapped in Ultimate Multisite: ${GOOD} (its DNS leads to the server) and ${LATE} (its DNS leads elsewhere)`);

  say('running the queue, as cron does');
  await network.runQueue();
  // What Cloudways is still busy with goes on when the plugin said it would; cron is what wakes it.
  const visitor = network.visitor(port);
  let wrong = await compare(sim);
  for (const end = Date.now() + 60000; wrong.length && Date.now() < end; wrong = await compare(sim)) {
    await sleep(1000);
    await visitor.get('/wp-cron.php?doing_wp_cron');
    await network.runQueue();
  }
  say(wrong.length ? 'Cloudways is not as it should be' : 'Cloudways has the aliases and the certificate');

  const status = await network.wp(['wu-cloudways', 'status'], { check: false });
  console.log(`\n$ wp wu-cloudways status\n${status.stdout}${status.stderr}`);
  console.log('What Cloudways (the simulator) has now:');
  console.log(`  aliases:     ${(await sim.aliases()).join(', ')}`);
  console.log(`  certificate: ${(await sim.certificate()).join(', ') || 'none'}\n`);
  if (wrong.length || ONCE) return wrong;

  const wp = network.writeWpScript(lab.dir);
  interruptIsTheEnd();
  console.log(`The network stays open. Press Ctrl-C to end everything.

  address    ${network.url}/wp-admin/network/
  log-in     ${ADMIN.user} / ${ADMIN.password}

  To look at
    the report   ${network.url}/wp-admin/network/admin.php?page=wu-cloudways
    the network  ${network.url} (sites shop.${network.domain} and late.${network.domain})
    Cloudways    ${sim.control}/state (what it has), ${sim.control}/log (what was asked of it)
    WP-CLI       ${wp} wu-cloudways plan

  To try
    Give ${LATE} the right DNS. It is found within a quarter of an hour by itself, and at once with "Sync now" on the
    report's page. An order is placed ten minutes after the one before it; the last command does not wait for that:
      for name in ${LATE} www.${LATE}; do
        curl -X PUT ${sim.control}/dns/$name -H 'content-type: application/json' -d '{"A":["${SIM.publicIp}"]}'
      done
      ${wp} wu-cloudways sync --force --yes
`);
  // The cron of the machine, as a host sets one up.
  for (;;) {
    await sleep(20000);
    await visitor.get('/wp-cron.php?doing_wp_cron').catch(() => {});
  }
}

/** What is wrong at Cloudways, a line each. */
async function compare(sim) {
  const [aliases, names] = [await sim.aliases(), await sim.certificate()];
  const wrong = [];
  for (const name of [SIM.handMade, GOOD, `www.${GOOD}`, LATE, `www.${LATE}`]) {
    if (!aliases.includes(name)) wrong.push(`${name} is not among the aliases`);
  }
  for (const name of [GOOD, `www.${GOOD}`]) {
    if (!names.includes(name)) wrong.push(`${name} is not in the certificate`);
  }
  for (const name of [LATE, `www.${LATE}`]) {
    if (names.includes(name)) wrong.push(`${name} is in the certificate although its DNS leads elsewhere`);
  }
  return wrong;
}
