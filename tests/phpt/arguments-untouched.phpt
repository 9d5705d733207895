--TEST--
Arguments are read through references and left as they were, also when an exception is thrown
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('a.example', 'b.example');
$name = 'b.example';
$fields = ['domain' => 'a.example', 'www' => false];
$domains = [&$fields, &$name];
$state = ['x' => ['y' => 1]];
$options = ['www' => 'never', 'state' => &$state, 'ssl' => false, 'deadline' => &$deadline];
$before = serialize([$domains, $options]);

$plan = wu_cloudways_plan($domains, $options);
print_r($plan['aliases']['desired']);
var_dump($plan['state'] === $state, $before === serialize([$domains, $options]));

// What comes back is a copy.
$plan['state']['x']['y'] = 2;
var_dump($state['x']['y']);

$deadline = 'soon';
echo thrown(fn () => wu_cloudways_plan($domains, $options)), "\n";
var_dump($deadline);

// Constants of the engine, arrays that live in the compiled script, and a generator's array.
const FIXED = ['a.example'];
print_r(wu_cloudways_plan(FIXED, ['www' => 'never', 'ssl' => false])['aliases']['desired']);
print_r(wu_cloudways_plan(iterator_to_array((fn () => yield 'k' => 'b.example')()), ['www' => 'never', 'ssl' => false])['aliases']['desired']);
$with_holes = ['a.example', 'x.example', 'b.example'];
unset($with_holes[1]);
print_r(wu_cloudways_plan($with_holes, ['www' => 'never', 'ssl' => false])['aliases']['desired']);
?>
--EXPECT--
Array
(
    [0] => a.example
    [1] => b.example
)
bool(true)
bool(true)
int(1)
TypeError: wu_cloudways_plan(): Argument #2 ($options)["deadline"] must be of type int|float|null, string given
string(4) "soon"
Array
(
    [0] => a.example
)
Array
(
    [0] => b.example
)
Array
(
    [0] => a.example
    [1] => b.example
)
