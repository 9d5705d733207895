--TEST--
wu_cloudways_test_connection() says what the credentials open, and no password of GET /server
--FILE--
<?php
require 'sim.inc';
require 'shape.inc';

$sim = Sim::start();
$answer = wu_cloudways_test_connection(['deadline' => 5.5]);
echo implode("\n", misfits($answer, documented('wu_cloudways_test_connection'))), "\n";
echo json_encode($answer, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES), "\n";
print_r($sim->requests());
?>
--EXPECTF--

{
    "token": "access_token",
    "server": {
        "id": 50482,
        "label": "production"
    },
    "application": {
        "id": 131933,
        "label": "network",
        "fqdn": "%s.cloudwaysapps.com",
        "primary": "network.example",
        "sys_user": "abcdefghij",
        "aliases": 1
    },
    "addresses": [
        "203.0.113.10"
    ],
    "rights": {
        "read": "yes",
        "write": "unknown"
    }
}
Array
(
    [0] => GET /server
)
