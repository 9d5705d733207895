--TEST--
A loop of calls keeps the memory flat: PHP's own, and that of the process
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->switches(['rate_limit' => null]);
$sim->here('shop.example', 'www.shop.example');
$domains = ['shop.example', "not a name \0", ['domain' => 'x.example', 'www' => false]];
$state = settle($domains, ['ssl' => false])['state'];

function measured(): array
{
    gc_collect_cycles();
    preg_match('/^VmRSS:\s+(\d+)/m', file_get_contents('/proc/self/status'), $found);
    return [
        'resident' => (int) $found[1],
        'threads' => count(scandir('/proc/self/task')) - 2,
        'files' => count(scandir('/proc/self/fd')),
        'php' => memory_get_usage(),
    ];
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
        $before = measured();
        $before = measured();
    }
}
$after = measured();
foreach (['php', 'threads', 'files'] as $what) {
    echo $what, ' ', $after[$what] - $before[$what], "\n";
}
var_dump($after['resident'] - $before['resident'] < 1024, $after['threads']);
?>
--EXPECT--
php 0
threads 0
files 0
bool(true)
int(1)
