--TEST--
Wrong domains are a TypeError or a ValueError that names function, argument and key, and never the value
--FILE--
<?php
require 'sim.inc';

echo thrown(fn () => wu_cloudways_sync('SECRET')), "\n";
echo thrown(fn () => wu_cloudways_plan(null)), "\n";
echo thrown(fn () => wu_cloudways_check_dns(new ArrayObject())), "\n";
$cases = [
    [12],
    [1.5],
    [true],
    [null],
    [new stdClass()],
    [fopen('php://memory', 'r')],
    ['good.example', 7 => false],
    ['key' => ['domain' => 'a.example'], "odd\0key" => 3],
    [[]],
    [['SECRET.example']],
    [['www' => true]],
    [['domain' => null]],
    [['domain' => 12]],
    [3 => ['domain' => 'a.example', 'priority' => 'SECRET']],
    [['domain' => 'a.example', 'priority' => 1.0]],
    [['domain' => 'a.example', 'www' => 'always']],
    [['domain' => 'a.example', 'WWW' => true]],
    [['domain' => 'a.example', 'primary' => true]],
];
foreach ($cases as $domains) {
    $sync = thrown(fn () => wu_cloudways_sync($domains));
    $plan = thrown(fn () => wu_cloudways_plan($domains));
    $removed = thrown(fn () => wu_cloudways_sync([], ['removed' => $domains]));
    echo $sync, "\n";
    // The same, wherever such a list is given.
    var_dump(
        $plan === str_replace('_sync', '_plan', $sync),
        $removed === str_replace('#1 ($domains)', '#2 ($options)["removed"]', $sync)
    );
}

echo "-- names\n";
foreach ([[3], ['x' => ['domain' => 'a.example']], [null]] as $names) {
    echo thrown(fn () => wu_cloudways_check_dns($names)), "\n";
}
?>
--EXPECT--
TypeError: wu_cloudways_sync(): Argument #1 ($domains) must be of type array, string given
TypeError: wu_cloudways_plan(): Argument #1 ($domains) must be of type array, null given
TypeError: wu_cloudways_check_dns(): Argument #1 ($names) must be of type array, ArrayObject given
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0] must be of type string|array, int given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0] must be of type string|array, float given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0] must be of type string|array, bool given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0] must be of type string|array, null given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0] must be of type string|array, stdClass given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0] must be of type string|array, resource given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[7] must be of type string|array, bool given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)["odd\u{0}key"] must be of type string|array, int given
bool(true)
bool(true)
ValueError: wu_cloudways_sync(): Argument #1 ($domains)[0] must have the key "domain"
bool(true)
bool(true)
ValueError: wu_cloudways_sync(): Argument #1 ($domains)[0] has the unknown key 0; known are domain, www, priority
bool(true)
bool(true)
ValueError: wu_cloudways_sync(): Argument #1 ($domains)[0] must have the key "domain"
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0]["domain"] must be of type string, null given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0]["domain"] must be of type string, int given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[3]["priority"] must be of type ?int, string given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0]["priority"] must be of type ?int, float given
bool(true)
bool(true)
TypeError: wu_cloudways_sync(): Argument #1 ($domains)[0]["www"] must be of type ?bool, string given
bool(true)
bool(true)
ValueError: wu_cloudways_sync(): Argument #1 ($domains)[0] has the unknown key "WWW"; known are domain, www, priority
bool(true)
bool(true)
ValueError: wu_cloudways_sync(): Argument #1 ($domains)[0] has the unknown key "primary"; known are domain, www, priority
bool(true)
bool(true)
-- names
TypeError: wu_cloudways_check_dns(): Argument #1 ($names)[0] must be of type string, int given
TypeError: wu_cloudways_check_dns(): Argument #1 ($names)["x"] must be of type string, array given
TypeError: wu_cloudways_check_dns(): Argument #1 ($names)[0] must be of type string, null given
