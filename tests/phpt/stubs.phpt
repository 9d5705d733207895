--TEST--
The stubs document the options that the extension knows, no more and no fewer
--FILE--
<?php
require 'sim.inc';
require 'shape.inc';

function known(callable $call): array
{
    preg_match('/known are (.*)$/', thrown($call), $found);
    return explode(', ', $found[1]);
}

$functions = [
    'wu_cloudways_sync' => fn ($options) => wu_cloudways_sync([], $options),
    'wu_cloudways_plan' => fn ($options) => wu_cloudways_plan([], $options),
    'wu_cloudways_check_dns' => fn ($options) => wu_cloudways_check_dns([], $options),
    'wu_cloudways_test_connection' => fn ($options) => wu_cloudways_test_connection($options),
];
foreach ($functions as $name => $call) {
    var_dump(known(fn () => $call(['?' => 1])) === shape_keys(documented($name, 'options')));
}

preg_match('/array\{domain.*?\}/', documented('wu_cloudways_sync', 'domains'), $domain);
var_dump(known(fn () => wu_cloudways_sync([['?' => 1]])) === shape_keys($domain[0]));

// The stub itself: PHP understands it, and it stands aside for the extension.
$stub = dirname(__DIR__, 2) . '/php/stubs/wu_cloudways.stub.php';
exec(escapeshellarg(PHP_BINARY) . ' -n ' . escapeshellarg($stub) . ' 2>&1', $output, $exit);
var_dump($output, $exit);
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
array(0) {
}
int(0)
