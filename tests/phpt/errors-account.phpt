--TEST--
A server or an application that is not in the account is a config_invalid that names the constant
--FILE--
<?php
require 'sim.inc';

Sim::start(['APP_ID' => '99']);
try {
    wu_cloudways_sync(['shop.example']);
} catch (WuCloudways\Exception\ConfigException $e) {
    echo $e->getErrorCode(), ' ', $e->getCode(), ': ', $e->getMessage(), "\n", json_encode($e->getDetails()), "\n";
}
?>
--EXPECTF--
config_invalid 10: %sWU_CLOUDWAYS_APP_ID%s
{"reason":"app_not_found","server_id":50482,"app_id":99}
