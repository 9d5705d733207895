--TEST--
A legacy key is exchanged for a token, and neither is seen anywhere
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start(['API_KEY' => 'sim-legacy-key-0123456789']);
$answer = wu_cloudways_test_connection();
echo $answer['token'], "\n";
print_r($sim->requests());

$sim->patch(['account' => ['api_key' => 'another-key']]);
try {
    wu_cloudways_sync(['shop.example'], ['deadline' => 3]);
} catch (WuCloudways\Exception\AuthException $e) {
    echo $e->getErrorCode(), "\n";
    var_dump(preg_match('/sim-legacy-key|owner@example|SIM-SECRET/', print_r($e, true) . $e));
}
?>
--EXPECT--
legacy_key
Array
(
    [0] => POST /oauth/access_token
    [1] => GET /server
)
auth_failed
int(0)
