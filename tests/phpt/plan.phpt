--TEST--
A plan writes nothing, gives the state back as it was, and its fingerprint can be carried out
--FILE--
<?php
require 'sim.inc';
require 'shape.inc';

$sim = Sim::start();
$sim->here('shop.example', 'www.shop.example');

$state = ['version' => 1, 'of' => 'somebody', 'list' => [1.5, true, null, ['x' => []]]];
$plan = wu_cloudways_plan(['shop.example'], ['state' => $state]);
echo implode("\n", misfits($plan, documented('wu_cloudways_plan'))), "\n";
echo $plan['status'], ' ', json_encode($plan['plan']['actions'][0]), "\n";
var_dump($plan['state'] === $state, $plan['aliases']['sent'], $sim->writes(), $sim->aliases());

$plan = wu_cloudways_plan(['shop.example'], ['ssl' => false]);
$again = wu_cloudways_plan(['shop.example'], ['ssl' => false]);
var_dump($plan['plan'] === $again['plan']);

echo "-- carried out\n";
$report = wu_cloudways_sync(['shop.example'], ['ssl' => false, 'fingerprint' => strtoupper($plan['plan']['fingerprint'])]);
var_dump($report['error'], $report['aliases']['sent']);
var_dump(count($sim->writes()));

echo "-- once more it is another plan\n";
settle(['shop.example'], ['ssl' => false, 'state' => $report['state']]);
try {
    wu_cloudways_sync(['shop.example'], ['ssl' => false, 'fingerprint' => $plan['plan']['fingerprint']]);
} catch (WuCloudways\Exception\RefusedException $e) {
    echo implode("\n", misfits($e->getPlan(), substr(documented('WuCloudways\Exception\RefusedException::getPlan'), 0, -strlen('|null')))), "\n";
    var_dump($e->getPlan()['actions']);
}
?>
--EXPECT--

changes_pending {"action":"set_aliases","add":["shop.example","www.shop.example"],"remove":[]}
bool(true)
NULL
array(0) {
}
array(1) {
  [0]=>
  string(17) "hand-made.example"
}
bool(true)
-- carried out
NULL
array(3) {
  [0]=>
  string(17) "hand-made.example"
  [1]=>
  string(12) "shop.example"
  [2]=>
  string(16) "www.shop.example"
}
int(1)
-- once more it is another plan

array(0) {
}
