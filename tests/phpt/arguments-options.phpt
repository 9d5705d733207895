--TEST--
Wrong options are a TypeError or a ValueError that names function, argument and key, and never the value
--FILE--
<?php
require 'sim.inc';

$endless = [];
$endless['self'] = &$endless;
$deep = 1;
for ($level = 0; $level < 65; $level++) {
    $deep = ['l' => $deep];
}
$cases = [
    ['deadlin' => 5],
    [0 => true],
    ["n\xffl\0" => 1],
    ['State' => []],
    ['deadline' => '5'],
    ['deadline' => 0],
    ['deadline' => 0.99],
    ['deadline' => 3600.5],
    ['deadline' => -1],
    ['deadline' => NAN],
    ['deadline' => INF],
    ['deadline' => PHP_INT_MAX],
    ['www' => true],
    ['www' => 'SECRET'],
    ['www' => ''],
    ['removed' => 'SECRET.example'],
    ['network_domain' => ['SECRET']],
    ['network_domain' => 'SECRET'],
    ['network_domain' => 'SECRET.example:8090'],
    ['network_domain' => '*.SECRET.example'],
    ['sys_user' => 5],
    ['sys_user' => ''],
    ['sys_user' => "SECRET\xff"],
    ['adopt' => 'SECRET.example'],
    ['adopt' => ['a.example', 'SECRET a.example']],
    ['release' => ['x' => null]],
    ['ssl' => 1],
    ['ssl' => 'false'],
    ['force' => 'SECRET'],
    ['interrupted' => 0],
    ['fingerprint' => 5],
    ['fingerprint' => 'SECRET'],
    ['fingerprint' => str_repeat('g', 64)],
    ['probe' => '/SECRET'],
    ['probe' => []],
    ['probe' => ['path' => '/.well-known/acme-challenge/SECRET']],
    ['probe' => ['body' => 'SECRET']],
    ['probe' => ['path' => 5, 'body' => 'SECRET']],
    ['probe' => ['path' => '/.well-known/acme-challenge/SECRET', 'body' => null]],
    ['probe' => ['path' => '/SECRET', 'body' => 'SECRET']],
    ['probe' => ['path' => '/.well-known/acme-challenge/../SECRET', 'body' => 'SECRET']],
    ['probe' => ['path' => '/.well-known/acme-challenge/SECRET', 'body' => 'SECRET SECRET']],
    ['probe' => ['path' => '/.well-known/acme-challenge/SECRET', 'Body' => 'SECRET']],
    ['state' => '{"SECRET":1}'],
    ['state' => new stdClass()],
    ['state' => ['a' => [1, ['b' => new DateTime()]]]],
    ['state' => ['a' => STDERR]],
];
foreach ($cases as $options) {
    echo thrown(fn () => wu_cloudways_sync([], $options)), "\n";
}
// The same array again and again: it takes PHP no memory, and whoever copies it a lot.
$bomb = ['x'];
for ($level = 0; $level < 40; $level++) {
    $bomb = [$bomb, $bomb];
}
$twice = [];
$twice['a'] = &$twice;
$twice['b'] = &$twice;
foreach ([$endless, $deep, $twice, $bomb] as $state) {
    echo preg_replace('/(\["?\w*"?\])+/', '[…]', thrown(fn () => wu_cloudways_sync([], ['state' => $state]))), "\n";
}

echo "-- the others\n";
echo thrown(fn () => wu_cloudways_plan([], ['www' => 1])), "\n";
echo thrown(fn () => wu_cloudways_check_dns([], ['deadline' => '5'])), "\n";
echo thrown(fn () => wu_cloudways_check_dns([], ['ssl' => true])), "\n";
echo thrown(fn () => wu_cloudways_check_dns([], ['probe' => ['path' => '/SECRET', 'body' => 'SECRET']])), "\n";
echo thrown(fn () => wu_cloudways_test_connection(['deadline' => 4000])), "\n";
echo thrown(fn () => wu_cloudways_test_connection(['state' => []])), "\n";
echo thrown(fn () => wu_cloudways_test_connection(['probe' => null])), "\n";
echo thrown(fn () => wu_cloudways_test_connection('SECRET')), "\n";

echo "-- all right, but for the constants\n";
$good = [
    [],
    array_fill_keys(['state', 'www', 'removed', 'network_domain', 'sys_user', 'adopt', 'release', 'ssl', 'deadline', 'force', 'fingerprint', 'probe', 'interrupted'], null),
    ['deadline' => 1],
    ['deadline' => 3600.0],
    ['network_domain' => ''],
    ['fingerprint' => str_repeat('aF', 32)],
    ['state' => []],
    ['state' => ['text' => "\xff", 'float' => NAN, 5 => [true, null, 1.5]]],
    ['adopt' => ['*.wild.example', 'Bücher.example.']],
    ['probe' => ['body' => str_repeat('~', 1024), 'path' => '/.well-known/acme-challenge/wu-cloudways.0_1']],
];
foreach ($good as $options) {
    echo strtok(thrown(fn () => wu_cloudways_sync([], $options)), ':'), "\n";
}
?>
--EXPECT--
ValueError: wu_cloudways_sync(): Argument #2 ($options) has the unknown key "deadlin"; known are state, www, removed, network_domain, sys_user, adopt, release, ssl, deadline, force, fingerprint, probe, interrupted
ValueError: wu_cloudways_sync(): Argument #2 ($options) has the unknown key 0; known are state, www, removed, network_domain, sys_user, adopt, release, ssl, deadline, force, fingerprint, probe, interrupted
ValueError: wu_cloudways_sync(): Argument #2 ($options) has the unknown key "n\xffl\u{0}"; known are state, www, removed, network_domain, sys_user, adopt, release, ssl, deadline, force, fingerprint, probe, interrupted
ValueError: wu_cloudways_sync(): Argument #2 ($options) has the unknown key "State"; known are state, www, removed, network_domain, sys_user, adopt, release, ssl, deadline, force, fingerprint, probe, interrupted
TypeError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be of type int|float|null, string given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be between 1 and 3600 seconds
ValueError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be between 1 and 3600 seconds
ValueError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be between 1 and 3600 seconds
ValueError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be between 1 and 3600 seconds
ValueError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be between 1 and 3600 seconds
ValueError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be between 1 and 3600 seconds
ValueError: wu_cloudways_sync(): Argument #2 ($options)["deadline"] must be between 1 and 3600 seconds
TypeError: wu_cloudways_sync(): Argument #2 ($options)["www"] must be of type ?string, bool given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["www"] must be one of "always", "main_only", "never"
ValueError: wu_cloudways_sync(): Argument #2 ($options)["www"] must be one of "always", "main_only", "never"
TypeError: wu_cloudways_sync(): Argument #2 ($options)["removed"] must be of type array, string given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["network_domain"] must be of type ?string, array given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["network_domain"] must be a domain name; it has one label only
ValueError: wu_cloudways_sync(): Argument #2 ($options)["network_domain"] must be a domain name; it ends with a port
ValueError: wu_cloudways_sync(): Argument #2 ($options)["network_domain"] must be a domain name; wildcards are allowed among the extra domains only, as *.example.com
TypeError: wu_cloudways_sync(): Argument #2 ($options)["sys_user"] must be of type ?string, int given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["sys_user"] must not be empty; null says that it is not known
ValueError: wu_cloudways_sync(): Argument #2 ($options)["sys_user"] must be valid UTF-8
TypeError: wu_cloudways_sync(): Argument #2 ($options)["adopt"] must be of type array, string given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["adopt"][1] must be a domain name; it holds a blank
TypeError: wu_cloudways_sync(): Argument #2 ($options)["release"]["x"] must be of type string, null given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["ssl"] must be of type ?bool, int given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["ssl"] must be of type ?bool, string given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["force"] must be of type ?bool, string given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["interrupted"] must be of type ?bool, int given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["fingerprint"] must be of type ?string, int given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["fingerprint"] must be 64 hexadecimal digits
ValueError: wu_cloudways_sync(): Argument #2 ($options)["fingerprint"] must be 64 hexadecimal digits
TypeError: wu_cloudways_sync(): Argument #2 ($options)["probe"] must be of type array, string given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["probe"] must have the key "path"
ValueError: wu_cloudways_sync(): Argument #2 ($options)["probe"] must have the key "body"
ValueError: wu_cloudways_sync(): Argument #2 ($options)["probe"] must have the key "path"
TypeError: wu_cloudways_sync(): Argument #2 ($options)["probe"]["path"] must be of type string, int given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["probe"]["body"] must be of type string, null given
ValueError: wu_cloudways_sync(): Argument #2 ($options)["probe"]["path"] must be the path of a file below /.well-known/acme-challenge/: at most 200 letters, digits and -._~/, and no name that begins with a dot
ValueError: wu_cloudways_sync(): Argument #2 ($options)["probe"]["path"] must be the path of a file below /.well-known/acme-challenge/: at most 200 letters, digits and -._~/, and no name that begins with a dot
ValueError: wu_cloudways_sync(): Argument #2 ($options)["probe"]["body"] must be 1 to 1024 visible ASCII characters
ValueError: wu_cloudways_sync(): Argument #2 ($options)["probe"] has the unknown key "Body"; known are path, body
TypeError: wu_cloudways_sync(): Argument #2 ($options)["state"] must be of type array, string given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["state"] must be of type array, stdClass given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["state"]["a"][1]["b"] must be of type array|string|int|float|bool|null, DateTime given
TypeError: wu_cloudways_sync(): Argument #2 ($options)["state"]["a"] must be of type array|string|int|float|bool|null, resource given
ValueError: wu_cloudways_sync(): Argument #2 ($options)[…] must not be nested deeper than 64 levels
ValueError: wu_cloudways_sync(): Argument #2 ($options)[…] must not be nested deeper than 64 levels
ValueError: wu_cloudways_sync(): Argument #2 ($options)[…] must not be nested deeper than 64 levels
ValueError: wu_cloudways_sync(): Argument #2 ($options)[…] must not hold more than 1000000 values
-- the others
TypeError: wu_cloudways_plan(): Argument #2 ($options)["www"] must be of type ?string, int given
TypeError: wu_cloudways_check_dns(): Argument #2 ($options)["deadline"] must be of type int|float|null, string given
ValueError: wu_cloudways_check_dns(): Argument #2 ($options) has the unknown key "ssl"; known are deadline, probe
ValueError: wu_cloudways_check_dns(): Argument #2 ($options)["probe"]["path"] must be the path of a file below /.well-known/acme-challenge/: at most 200 letters, digits and -._~/, and no name that begins with a dot
ValueError: wu_cloudways_test_connection(): Argument #1 ($options)["deadline"] must be between 1 and 3600 seconds
ValueError: wu_cloudways_test_connection(): Argument #1 ($options) has the unknown key "state"; known are deadline
ValueError: wu_cloudways_test_connection(): Argument #1 ($options) has the unknown key "probe"; known are deadline
TypeError: wu_cloudways_test_connection(): Argument #1 ($options) must be of type array, string given
-- all right, but for the constants
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
WuCloudways\Exception\ConfigException
