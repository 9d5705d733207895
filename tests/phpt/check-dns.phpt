--TEST--
wu_cloudways_check_dns() answers name by name, in the order given
--FILE--
<?php
require 'sim.inc';
require 'shape.inc';

$sim = Sim::start();
$sim->here('here.example', '2.example');
$sim->dns('elsewhere.example', ['A' => ['203.0.113.10', '198.51.100.7'], 'AAAA' => ['2001:db8::7']]);
$sim->dns('alias.example', ['CNAME' => 'elsewhere.example']);
$sim->dns('broken.example', ['A' => ['203.0.113.10'], 'fault' => 'servfail']);

$names = ['x' => 'HERE.example.', 'elsewhere.example', 'missing.example', 'alias.example', 'broken.example', '123', "no\0name", '', 'here.example'];
$answer = wu_cloudways_check_dns($names, ['deadline' => 10]);
echo implode("\n", misfits($answer, documented('wu_cloudways_check_dns'))), "\n";
foreach ($answer as $name => $one) {
    sort($one['addresses'], SORT_STRING);
    echo json_encode($name), " {$one['verdict']} ", implode(',', $one['addresses']), ' ', json_encode($one['cname']), ' ',
        json_encode($one['note']['code'] ?? null), "\n";
}
// A name of digits alone is a whole number as an array key, as in every PHP array.
var_dump(isset($answer['123']), $sim->writes(), wu_cloudways_check_dns([]));
?>
--EXPECT--

"here.example" here 203.0.113.10 null null
"elsewhere.example" elsewhere 198.51.100.7,2001:db8::7,203.0.113.10 null "dns_elsewhere"
"missing.example" missing  null "dns_missing"
"alias.example" elsewhere 198.51.100.7,2001:db8::7,203.0.113.10 "elsewhere.example" "dns_elsewhere"
"broken.example" unknown  null "dns_unknown"
123 not_asked  null "invalid_domain"
"no\\u{0}name" not_asked  null "invalid_domain"
"" not_asked  null "invalid_domain"
bool(true)
array(0) {
}
array(0) {
}
