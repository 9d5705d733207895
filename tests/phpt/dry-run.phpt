--TEST--
WU_CLOUDWAYS_DRY_RUN: nothing writes, whoever asks; and the constants may be strings, numbers or booleans
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start(['DRY_RUN' => true, 'SERVER_ID' => '50482', 'APP_ID' => 131933, 'EXTRA_DOMAINS' => ' extra.example,, *.wild.example ']);
$sim->here('shop.example');
$report = wu_cloudways_sync(['shop.example'], ['www' => 'never', 'force' => true]);
echo $report['status'], ' ', implode(' ', array_column($report['warnings'], 'code')), "\n";
print_r($report['plan']['actions'][0]['add']);
var_dump($report['aliases']['sent'], $sim->writes());
?>
--EXPECT--
changes_pending dry_run
Array
(
    [0] => shop.example
    [1] => extra.example
    [2] => *.wild.example
)
NULL
array(0) {
}
