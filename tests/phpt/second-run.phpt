--TEST--
The second of two equal runs writes nothing, and a state that went through JSON is the same
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example', 'www.shop.example', 'bücher.example', 'xn--bcher-kva.example');
$domains = ['shop.example', ['domain' => 'bücher.example', 'www' => false]];

$report = settle($domains);
echo $report['status'], "\n";
$written = count($sim->writes());
var_dump($written > 0);

$through = json_decode(json_encode($report['state']), true);
var_dump($through === $report['state']);

foreach ([$report['state'], $through, unserialize(serialize($report['state']))] as $state) {
    $again = wu_cloudways_sync($domains, ['state' => $state]);
    echo $again['status'], ' ', json_encode($again['plan']['actions']), ' ', json_encode($again['aliases']['sent']), ' ',
        json_encode($again['certificate']['ordered']), ' ', json_encode(array_column($again['warnings'], 'code')), "\n";
}
var_dump(count($sim->writes()) - $written);

echo "-- what is not a state of ours is said to be so, and nothing is removed\n";
foreach ([['version' => 999] + $report['state'], ['damaged' => "\xff"], ['app_id' => 1] + $report['state']] as $state) {
    $report = wu_cloudways_sync([], ['state' => $state]);
    echo implode(' ', array_column($report['warnings'], 'code')), ': ', json_encode($report['aliases']['removed']), "\n";
}
var_dump(count($sim->writes()) - $written);
?>
--EXPECT--
ok
bool(true)
bool(true)
ok [] null null []
ok [] null null []
ok [] null null []
int(0)
-- what is not a state of ours is said to be so, and nothing is removed
state_newer: []
state_damaged: []
state_other_application: []
int(0)
