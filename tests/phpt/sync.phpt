--TEST--
A sync from the first mapping to the last unmapping, with a report of the documented shape each time
--FILE--
<?php
require 'sim.inc';
require 'shape.inc';

$sim = Sim::start();
$sim->here('shop.example', 'www.shop.example');
$sim->dns('other.example', ['A' => ['198.51.100.7']]);
$shape = documented('wu_cloudways_sync');

function lines(array $report): void
{
    foreach ($report['domains'] as $name => $domain) {
        echo "$name {$domain['source']} alias:{$domain['alias']} dns:", $domain['dns']['verdict'] ?? 'null', " certificate:{$domain['certificate']}",
            isset($domain['note']) ? " note:{$domain['note']['code']}" : '', "\n";
    }
}

echo "-- the first call\n";
$domains = ['Shop.EXAMPLE.', ['domain' => 'other.example', 'www' => false, 'priority' => 5], 'shop.example'];
$first = wu_cloudways_sync($domains, ['network_domain' => 'network.example', 'sys_user' => 'abcdefghij']);
echo implode("\n", misfits($first, $shape)), "\n";
echo implode(' ', array_keys($first)), "\n";
var_dump($first['version'], is_int($first['elapsed_ms']), $first['requests'] > 0, $first['error']);

echo "-- settled\n";
$report = settle($domains, ['state' => $first['state'], 'network_domain' => 'network.example']);
echo implode("\n", misfits($report, $shape)), "\n";
lines($report);
echo $report['status'], "\n";
print_r($sim->aliases());
print_r($sim->certificate()['ssl_domains']);
print_r($report['aliases']['kept']);
var_dump($report['certificate']['installed']['type'], $report['certificate']['limit'], $report['state'] !== []);

echo "-- unmapped\n";
$options = ['removed' => ['shop.example'], 'www' => 'never', 'network_domain' => 'network.example'];
do {
    $report = wu_cloudways_sync(['other.example'], $options + ['state' => $report['state']]);
} while ($report['operation']);
echo implode("\n", misfits($report, $shape)), "\n";
print_r($sim->aliases());
// What only takes names away waits for company, a day at most, and says so.
$until = $report['certificate']['note']['args']['until'];
$waits = $until - time();
var_dump($report['status'], $report['certificate']['note']['code'], 86_000 < $waits && $waits <= 86_400);
// The DNS of other.example is looked at before that.
var_dump($until === $report['certificate']['budget']['next_order_at'], $report['next_at'] - time() <= 900);
var_dump(count($sim->certificate()['ssl_domains']), $report['certificate']['budget']['left'], $report['certificate']['budget']['of']);

echo "-- a person does not wait for that\n";
$report = settle(['other.example'], $options + ['state' => $report['state'], 'force' => true]);
echo implode("\n", misfits($report, $shape)), "\n";
print_r($sim->certificate()['ssl_domains']);
var_dump($report['certificate']['budget']['left']);
?>
--EXPECT--
-- the first call

version status next_at aliases certificate domains connection operation plan error warnings requests elapsed_ms state
int(1)
bool(true)
bool(true)
NULL
-- settled

shop.example mapped alias:present dns:here certificate:covered
www.shop.example www alias:present dns:here certificate:covered
other.example mapped alias:present dns:elsewhere certificate:blocked note:dns_elsewhere
network.example primary alias:primary dns:here certificate:covered
partial
Array
(
    [0] => hand-made.example
    [1] => shop.example
    [2] => www.shop.example
    [3] => other.example
)
Array
(
    [0] => network.example
    [1] => shop.example
    [2] => www.shop.example
)
Array
(
    [0] => hand-made.example
)
string(2) "le"
int(100)
bool(true)
-- unmapped

Array
(
    [0] => hand-made.example
    [1] => other.example
)
string(7) "pending"
string(13) "order_company"
bool(true)
bool(true)
bool(true)
int(3)
int(39)
int(40)
-- a person does not wait for that

Array
(
    [0] => network.example
)
int(38)
