--TEST--
The extension loads, and brings exactly four functions and seven classes
--FILE--
<?php
$manifest = file_get_contents(dirname(__DIR__, 2) . '/Cargo.toml');
preg_match('/^version = "(.+)"$/m', $manifest, $version);

var_dump(extension_loaded('wu_cloudways'));
var_dump(phpversion('wu_cloudways') === $version[1]);
print_r(get_extension_funcs('wu_cloudways'));

$extension = new ReflectionExtension('wu_cloudways');
print_r($extension->getClassNames());
var_dump($extension->getConstants(), $extension->getINIEntries(), $extension->getDependencies());
?>
--EXPECT--
bool(true)
bool(true)
Array
(
    [0] => wu_cloudways_sync
    [1] => wu_cloudways_plan
    [2] => wu_cloudways_check_dns
    [3] => wu_cloudways_test_connection
)
Array
(
    [0] => WuCloudways\Exception\Exception
    [1] => WuCloudways\Exception\ConfigException
    [2] => WuCloudways\Exception\RefusedException
    [3] => WuCloudways\Exception\AuthException
    [4] => WuCloudways\Exception\RateLimitException
    [5] => WuCloudways\Exception\BusyException
    [6] => WuCloudways\Exception\ApiException
)
array(0) {
}
array(0) {
}
array(0) {
}
