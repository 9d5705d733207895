// Forks before, between and after calls on the command line, many at once, several deep: no child hangs, none fails.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { run, write } from '../wordpress/lib/lab.mjs';
import { PHP } from '../wordpress/lib/services.mjs';
import { defines } from '../wordpress/lib/network.mjs';
import { openPools } from '../fpm/lib/pool.mjs';

let pools;
before(async () => {
  pools = await openPools('fork');
});
after(() => pools?.close());

it('100 rounds of 8 children that call while their parent calls, a grandchild in each', async () => {
  const script = join(pools.lab.dir, 'storm.php');
  write(
    script,
    `<?php
${defines(pools.sim.constants())}
function call(): bool { return 'ok' === wu_cloudways_sync( array( 'hand-made.example' ), array( 'www' => 'never', 'ssl' => false, 'deadline' => 60 ) )['status']; }
function child( callable $work ): int { $pid = pcntl_fork(); if ( 0 === $pid ) { exit( $work() ? 0 : 1 ); } return $pid; }
function good( int $pid ): bool { pcntl_waitpid( $pid, $status ); return pcntl_wifexited( $status ) && 0 === pcntl_wexitstatus( $status ); }
$failed = 0; $calls = 0; $longest = 0;
for ( $round = 0; $round < 100; $round++ ) {
	$start = microtime( true );
	$children = array();
	for ( $n = 0; $n < 8; $n++ ) { $children[] = child( fn() => call() && good( child( 'call' ) ) ); }
	$failed += (int) ! call();
	foreach ( $children as $pid ) { $failed += (int) ! good( $pid ); }
	$calls += 17; $longest = max( $longest, microtime( true ) - $start );
}
echo json_encode( array( 'calls' => $calls, 'failed' => $failed, 'longest_s' => round( $longest, 1 ), 'threads' => count( scandir( '/proc/self/task' ) ) - 2, 'files' => count( scandir( '/proc/self/fd' ) ) - 2 ) );
`,
  );
  const timer = setInterval(() => pools.sim.clearLog().catch(() => {}), 2000);
  try {
    const { code, stdout, stderr } = await run(PHP, ['-n', '-d', `extension=${pools.so}`, script], { timeout: 300000 });
    console.log(`# ${stdout}`);
    assert.deepEqual([code, stderr], [0, '']);
    const { calls, failed, longest_s: longest, threads } = JSON.parse(stdout);
    assert.deepEqual({ calls, failed, threads }, { calls: 1700, failed: 0, threads: 1 });
    assert.ok(longest < 30, `a round took ${longest} s`);
  } finally {
    clearInterval(timer);
  }
});
