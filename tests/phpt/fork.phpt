--TEST--
Processes that fork before and after a call, and in several children at once
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example');

function child(callable $work): int
{
    $pid = pcntl_fork();
    if (0 === $pid) {
        exit($work() ? 0 : 1);
    }
    return $pid;
}

function outcome(int ...$pids): void
{
    foreach ($pids as $pid) {
        pcntl_waitpid($pid, $status);
        echo pcntl_wifexited($status) ? pcntl_wexitstatus($status) : 'signal ' . pcntl_wtermsig($status), ' ';
    }
    echo "\n";
}

$call = fn () => 'ok' === wu_cloudways_sync(['hand-made.example'], ['www' => 'never', 'ssl' => false, 'deadline' => 10])['status'];

$start = microtime(true);
outcome(child($call));
var_dump($call());
outcome(child($call), child($call), child($call));
var_dump($call());

// A child of a child, and one that ends without a call of its own.
outcome(child(function () use ($call) {
    outcome(child($call));
    return $call();
}), child(fn () => true));

// A child that throws where its parent had succeeded.
outcome(child(function () {
    try {
        wu_cloudways_sync(['a.example'], ['sys_user' => 'somebody']);
    } catch (WuCloudways\Exception\RefusedException) {
        return true;
    }
}));
var_dump(microtime(true) - $start < 10);
?>
--EXPECT--
0 
bool(true)
0 0 0 
bool(true)
0 
0 0 
0 
bool(true)
