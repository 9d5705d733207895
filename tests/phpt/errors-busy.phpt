--TEST--
A server that is busy with something that has no name is a BusyException
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example');
$sim->fault(['method' => 'POST', 'path' => '/app/manage/aliases', 'times' => null, 'do' => [
    'status' => 422,
    'body' => ['message' => 'An operation is already in progress for this server.', 'operation' => ['id' => null]],
]]);
try {
    $report = wu_cloudways_sync(['shop.example'], ['ssl' => false, 'deadline' => 20]);
    echo 'a report: ', json_encode($report['error']), "\n";
} catch (WuCloudways\Exception\BusyException $e) {
    echo $e->getErrorCode(), ' ', $e->getCode(), ' ', get_debug_type($e->getRetryAfter()), "\n";
}
?>
--EXPECT--
busy 14 int
