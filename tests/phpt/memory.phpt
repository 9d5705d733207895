--TEST--
A loop of calls keeps the memory flat: PHP's own, and that of the process
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example', 'www.shop.example');
$domains = ['shop.example', "not a name \0", ['domain' => 'x.example', 'www' => false]];
$state = settle($domains, ['ssl' => false])['state'];

function resident(): int
{
    preg_match('/^VmRSS:\s+(\d+)/m', file_get_contents('/proc/self/status'), $found);
    return (int) $found[1];
}

function one_round(array $domains, array $state): void
{
    wu_cloudways_sync($domains, ['state' => $state, 'ssl' => false]);
    try {
        wu_cloudways_sync($domains, ['state' => $state, 'sys_user' => 'another']);
    } catch (WuCloudways\Exception\RefusedException $e) {
        $e->getDetails();
    }
    try {
        wu_cloudways_sync($domains, ['state' => $state, 'deadlin' => 1]);
    } catch (ValueError) {
    }
}

for ($i = 0; $i < 50; $i++) {
    one_round($domains, $state);
    if (9 === $i) {
        gc_collect_cycles();
        [$php, $process] = [memory_get_usage(), resident()];
    }
}
gc_collect_cycles();
$threads = count(scandir('/proc/self/task')) - 2;
$files = array_filter(array_map(fn ($fd) => @readlink("/proc/self/fd/$fd"), scandir('/proc/self/fd')), fn ($to) => $to && str_starts_with($to, 'socket:'));
var_dump(memory_get_usage() - $php, resident() - $process < 1024, $threads, count($files));
?>
--EXPECT--
int(0)
bool(true)
int(1)
int(0)
