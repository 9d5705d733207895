--TEST--
An error after the first write is in the report, with the state, and not an exception
--FILE--
<?php
require 'sim.inc';
require 'shape.inc';

$sim = Sim::start();
$sim->here('shop.example');
// The aliases are set; then nothing answers any more.
$sim->fault(['method' => 'GET', 'skip' => 2, 'times' => null, 'do' => ['status' => 503]]);
$sim->fault(['path' => '/security/lets_encrypt_install', 'times' => null, 'do' => ['status' => 503]]);
$report = wu_cloudways_sync(['shop.example'], ['www' => 'never', 'deadline' => 20]);
echo implode("\n", misfits($report, documented('wu_cloudways_sync'))), "\n";
echo $report['status'], ' ', $report['error']['code'] ?? 'no error', ' ', json_encode($report['aliases']['sent']), "\n";
var_dump($report['next_at'] > time(), $report['state'] !== []);
$sim->noFaults();

// By this state the alias is known as ours: unmapped, it goes.
$report = settle([], ['state' => $report['state'], 'removed' => ['shop.example'], 'ssl' => false]);
print_r($sim->aliases());
?>
--EXPECT--

pending api_unavailable ["hand-made.example","shop.example"]
bool(true)
bool(true)
Array
(
    [0] => hand-made.example
)
