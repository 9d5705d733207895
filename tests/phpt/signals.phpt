--TEST--
A signal while a call runs: the handler runs after it, in PHP's own thread, and the call ends well
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->fault(['path' => '/server', 'times' => null, 'do' => ['delay_ms' => 700]]);

pcntl_async_signals(true);
$seen = 0;
pcntl_signal(SIGUSR1, function () use (&$seen) {
    $seen++;
});
pcntl_signal(SIGALRM, function () use (&$seen) {
    $seen += 100;
});

$me = getmypid();
$pid = pcntl_fork();
if (0 === $pid) {
    for ($i = 0; $i < 5; $i++) {
        usleep(80_000);
        exec("kill -USR1 $me");
    }
    exit;
}
pcntl_alarm(1);
$answer = wu_cloudways_test_connection(['deadline' => 10]);
echo $answer['application']['label'], "\n";
pcntl_waitpid($pid, $status);
wu_cloudways_test_connection(['deadline' => 10]);
var_dump($seen >= 101);
?>
--EXPECT--
network
bool(true)
