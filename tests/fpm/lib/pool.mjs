// A php-fpm with pages that call the extension, and eyes on its processes: what /proc says of the master and its workers.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Visitor } from '../../wordpress/lib/http.mjs';
import { openLab, tail, write } from '../../wordpress/lib/lab.mjs';
import { defines } from '../../wordpress/lib/network.mjs';
import { NO_RATE_LIMIT, SIM, extension, startFpm, startNginx, startSim } from '../../wordpress/lib/services.mjs';

// Every kind of call, the failing ones too. Each answers with a line that says whether it went as it should.
const CALL = `
function call( string $kind ): bool {
	try {
		switch ( $kind ) {
			case 'test':
				return '${SIM.publicIp}' === wu_cloudways_test_connection( array( 'deadline' => 30 ) )['addresses'][0];
			case 'dns':
				$answer = wu_cloudways_check_dns( array( 'shop.example', 'not a name' ), array( 'deadline' => 30 ) );
				return 'here' === $answer['shop.example']['verdict'] && 'not_asked' === $answer['not a name']['verdict'];
			case 'plan':
				return 'changes_pending' === wu_cloudways_plan( array( 'new.example' ), array( 'ssl' => false, 'deadline' => 30 ) )['status'];
			case 'sync':
				return 'ok' === wu_cloudways_sync( array( 'hand-made.example' ), array( 'www' => 'never', 'ssl' => false, 'deadline' => 30 ) )['status'];
			case 'certificate':
				return is_array( wu_cloudways_plan( array( 'shop.example' ), array( 'deadline' => 30 ) )['state'] );
			case 'refused':
				wu_cloudways_sync( array( 'a.example' ), array( 'sys_user' => 'somebody' ) );
				return false;
			case 'type':
				wu_cloudways_sync( array( array( 'domain' => array() ) ) );
				return false;
			case 'value':
				wu_cloudways_plan( array( 'a.example' ), array( 'www' => 'perhaps' ) );
				return false;
		}
	} catch ( WuCloudways\\Exception\\RefusedException $e ) {
		return 'refused' === $kind;
	} catch ( TypeError $e ) {
		return 'type' === $kind;
	} catch ( ValueError $e ) {
		return 'value' === $kind;
	}
	throw new LogicException( $kind );
}`;

export const KINDS = ['test', 'dns', 'plan', 'sync', 'certificate', 'refused', 'type', 'value'];

/**
 * A lab with a simulator, a folder of pages, and `serve`, which puts php-fpm and nginx before it.
 *   call.php?kind=…&times=…  calls, and answers {pid, good, of}
 *   broken.php?kind=…        the same at a Cloudways that cannot be had: {pid, thrown: class}
 *   control.php?ms=…         a plain script that waits as long as a call does: what FPM itself does to a request
 *   about.php                {pid, loaded}; uses nothing of the extension
 */
export async function openPools(name) {
  const lab = openLab(name);
  const sim = await startSim(lab, NO_RATE_LIMIT);
  await sim.here('shop.example', 'www.shop.example', 'hand-made.example');
  const so = extension(lab);
  const root = lab.folder('root');
  const page = (file, code, constants = sim.constants()) => write(join(root, file), `<?php\n${defines(constants)}\n${code}\n`);
  page('call.php', `${CALL}\n$good = 0; $times = (int) ( $_GET['times'] ?? 1 );\nfor ( $n = 0; $n < $times; $n++ ) { $good += (int) call( $_GET['kind'] ?? 'test' ); }\necho json_encode( array( 'pid' => getmypid(), 'good' => $good, 'of' => $times ) );`);
  const broken = `try { wu_cloudways_test_connection( array( 'deadline' => 1 ) ); $thrown = null; } catch ( Throwable $e ) { $thrown = get_class( $e ); }\necho json_encode( array( 'pid' => getmypid(), 'thrown' => $thrown ) );`;
  page('nobody.php', broken, sim.constants({ WU_CLOUDWAYS_API_URL: 'http://127.0.0.1:9/api/v2' }));
  page('wrong-key.php', broken, sim.constants({ WU_CLOUDWAYS_API_KEY: 'cw_sim_wrong' }));
  page('no-constants.php', broken, {});
  page('uncaught.php', 'wu_cloudways_plan( array( "a.example" ), array( "www" => "perhaps" ) );');
  write(join(root, 'control.php'), "<?php usleep( 1000 * (int) ( $_GET['ms'] ?? 20 ) ); echo json_encode( array( 'pid' => getmypid(), 'good' => 1, 'of' => 1 ) );\n");
  write(join(root, 'about.php'), "<?php echo json_encode( array( 'pid' => getmypid(), 'loaded' => extension_loaded( 'wu_cloudways' ) ) );\n");
  return {
    lab,
    sim,
    so,
    root,
    page,
    close: () => lab.close(),
    async serve(site, options = {}) {
      const fpm = await startFpm(lab, { name: site, so, ...options });
      const web = await startNginx(lab, { name: `nginx-${site}`, root, fpm });
      return new Site(lab, site, fpm, web);
    },
  };
}

export class Site {
  constructor(lab, name, fpm, web) {
    Object.assign(this, { lab, name, fpm, web });
    this.visitor = new Visitor(web.port, 'network.example');
  }

  get(path, options) {
    return this.visitor.get(path, options);
  }

  async json(path, options) {
    const answer = await this.get(path, options);
    assert.equal(answer.status, 200, `${path} answered ${answer.status}: ${answer.body}\n${this.log()}`);
    return JSON.parse(answer.body);
  }

  /** One call of a kind, which has to go well. Gives the worker's pid. */
  async call(kind = 'test', times = 1) {
    const { pid, good, of } = await this.json(`/call.php?kind=${kind}&times=${times}`);
    assert.equal(good, of, `${kind}: ${of - good} of ${of} calls went wrong`);
    return pid;
  }

  /** What the master and the workers wrote. */
  log(lines = 40) {
    return `${tail(this.lab.log(this.name), lines)}\n${tail(this.lab.log(`${this.name}-master`), lines)}`;
  }

  /** The workers that there are now. */
  workers() {
    return children(this.fpm.pid);
  }

  async stop() {
    await this.web.stop();
    await this.fpm.stop();
  }
}

/**
 * Visits `path` from so many visitors at once, again and again until `meanwhile` is done.
 * A request counts as lost when it was not answered with 200 and a good call.
 */
export async function load(site, path, visitors, meanwhile) {
  const counts = { requests: 0, lost: 0, pids: new Set(), first: '' };
  let on = true;
  const visit = async () => {
    while (on) {
      counts.requests++;
      try {
        const { status, body } = await site.get(path);
        const answer = status === 200 ? JSON.parse(body) : { good: 0, of: 1 };
        if (answer.pid) counts.pids.add(answer.pid);
        if (answer.good !== answer.of) throw new Error(`${status} ${body.slice(0, 200)}`);
      } catch (error) {
        counts.lost++;
        counts.first ||= error.message;
      }
    }
  };
  const all = Array.from({ length: visitors }, visit);
  try {
    await meanwhile();
  } finally {
    on = false;
    await Promise.all(all);
  }
  return counts;
}

/** The child processes of a process: [{pid, state, name}] */
export function children(parent) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, ppid] = line.slice(line.lastIndexOf(')') + 2).split(' ');
        return Number(ppid) === parent ? [{ pid: Number(pid), state, name: line.slice(line.indexOf('(') + 1, line.lastIndexOf(')')) }] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

export function alive(pid) {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** {fds: what the process has open, threads, rss, private}; sizes in KiB */
export function inspect(pid) {
  const fds = readdirSync(`/proc/${pid}/fd`)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, '')];
      } catch {
        return [];
      }
    })
    .sort();
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const sum = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)[1]);
  return {
    fds,
    threads: sum(status, 'Threads'),
    rss: sum(status, 'VmRSS'),
    private: sum(rollup, 'Private_Clean') + sum(rollup, 'Private_Dirty'),
  };
}
