--TEST--
The client's thread takes no signals but faults, so that PHP's handlers never run there; PHP's own thread takes them as before
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->fault(['path' => '/server', 'times' => null, 'do' => ['delay_ms' => 800]]);

/** The first 32 signals that each thread of a process blocks, by thread. */
function blocked(int $pid): array
{
    $masks = [];
    foreach (glob("/proc/$pid/task/*/status") as $file) {
        preg_match('/^SigBlk:\s+(\w+)/m', file_get_contents($file), $found);
        $masks[basename(dirname($file))] = hexdec(substr($found[1], -8));
    }
    return $masks;
}

$me = getmypid();
$before = blocked($me);
$looks = pcntl_fork();
if (0 === $looks) {
    usleep(400_000);
    $masks = blocked($me);
    echo count($masks), " threads during the call\n";
    foreach ($masks as $thread => $mask) {
        if ($thread === $me) {
            continue;
        }
        $open = [];
        foreach (['HUP' => SIGHUP, 'INT' => SIGINT, 'TERM' => SIGTERM, 'USR1' => SIGUSR1, 'USR2' => SIGUSR2, 'CHLD' => SIGCHLD, 'ALRM' => SIGALRM, 'PROF' => SIGPROF, 'SEGV' => SIGSEGV, 'BUS' => SIGBUS] as $name => $signal) {
            if (! ($mask & 1 << $signal - 1)) {
                $open[] = $name;
            }
        }
        echo 'open: ', implode(' ', $open), "\n";
    }
    exec('kill -9 ' . getmypid());
}
wu_cloudways_test_connection(['deadline' => 10]);
pcntl_waitpid($looks, $status);
var_dump(blocked($me) === $before);
?>
--EXPECT--
2 threads during the call
open: SEGV BUS
bool(true)
