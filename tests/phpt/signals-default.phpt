--TEST--
Signals during a call: SIGTERM ends at once, handlers run after the call in PHP's own thread, interrupted system calls fail nothing
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example');
$sim->fault(['path' => '/server', 'times' => null, 'do' => ['delay_ms' => 900]]);
$call = fn () => wu_cloudways_test_connection(['deadline' => 20])['application']['label'];

/** Sends signals to this process, with pauses, by a process of its own. */
function signals(string $signal, int $pid, float $first, float $then = 0): mixed
{
    $again = $then ? "while kill -$signal $pid 2>/dev/null; do sleep $then; done" : "kill -$signal $pid";
    return proc_open(['sh', '-c', "sleep $first; $again"], [], $pipes);
}

function ended(int $pid): string
{
    pcntl_waitpid($pid, $status);
    return pcntl_wifexited($status) ? 'exit ' . pcntl_wexitstatus($status) : 'signal ' . pcntl_wtermsig($status);
}

// 1. Nobody handles SIGTERM: the process ends by it, long before the call would.
foreach ([SIGTERM, SIGALRM] as $signal) {
    $start = microtime(true);
    $pid = pcntl_fork();
    if (0 === $pid) {
        $call();
        exit(1);
    }
    usleep(300_000);
    $sender = signals((string) $signal, $pid, 0);
    echo ended($pid) === "signal $signal" ? 'ended by it' : 'not ended by it', microtime(true) - $start < 0.85 ? '' : ', too late', "\n";
    proc_close($sender);
}

// 2. It is handled: the call ends well, and the handler runs after it, where PHP code may run.
pcntl_async_signals(true);
foreach ([SIGTERM, SIGALRM, SIGCHLD] as $signal) {
    $order = [];
    pcntl_signal($signal, function () use (&$order) {
        $order[] = 'handler in ' . (basename(readlink('/proc/thread-self')) === (string) getmypid() ? "PHP's thread" : 'another thread');
    });
    $sender = SIGCHLD === $signal ? proc_open(['sleep', '0.3'], [], $pipes) : signals((string) $signal, getmypid(), 0.3);
    $answer = $call();
    // Between the function's return and the next statement PHP runs handlers.
    $order[] = "then $answer";
    echo implode(', ', array_unique($order)), "\n";
    proc_close($sender);
    pcntl_signal($signal, SIG_DFL);
}

// 3. A handler without SA_RESTART, a hundred times a second: every wait of PHP's thread ends with EINTR.
$seen = 0;
pcntl_signal(SIGUSR1, function () use (&$seen) {
    $seen++;
}, false);
$sim->dns('slow.example', ['A' => ['203.0.113.10'], 'delay_ms' => 700]);
$sender = signals('USR1', getmypid(), 0, 0.01);
while (0 === $seen) {
    usleep(1_000);
}
$before = $seen;
echo $call(), "\n";
echo wu_cloudways_check_dns(['slow.example'], ['deadline' => 20])['slow.example']['verdict'], "\n";
var_dump($seen > $before);
proc_terminate($sender);
proc_close($sender);

// 4. A handler that forks: it cannot run during a call, PHP runs no code then. The child it makes may call.
pcntl_signal(SIGUSR2, function () use ($call) {
    $pid = pcntl_fork();
    if (0 === $pid) {
        exit('network' === $call() ? 0 : 1);
    }
    echo ended($pid), "\n";
});
$sender = signals('USR2', getmypid(), 0.3);
echo $call(), "\n";
proc_close($sender);
?>
--EXPECT--
ended by it
ended by it
handler in PHP's thread, then network
handler in PHP's thread, then network
handler in PHP's thread, then network
network
here
bool(true)
exit 0
network
