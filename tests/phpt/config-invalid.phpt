--TEST--
config_invalid lists every problem with its constant, and shows no value
--FILE--
<?php
require 'sim.inc';

spl_autoload_register(function (string $class) {
    echo "autoload was called for $class\n";
});

function problems(): string
{
    try {
        wu_cloudways_sync(['shop.example']);
    } catch (WuCloudways\Exception\ConfigException $e) {
        // Whatever an exception can show.
        $shown = print_r($e, true) . $e . serialize($e) . $e->getRemedy();
        var_dump(str_contains($shown, 'SECRET'), $e->getErrorCode(), $e->getCode(), $e->getRetryAfter(), $e->getRemedy());
        echo $e->getMessage(), "\n";
        return json_encode($e->getDetails());
    }
}

echo problems(), "\n";

const WU_CLOUDWAYS_EMAIL = 'SECRET';
define('WU_CLOUDWAYS_API_KEY', "cw_SECRET SECRET");
define('WU_CLOUDWAYS_SERVER_ID', 'SECRET');
define('WU_CLOUDWAYS_APP_ID', ['SECRET']);
define('WU_CLOUDWAYS_ALIAS_POLICY', 'SECRET');
define('WU_CLOUDWAYS_API_URL', 'http://SECRET.example');
define('WU_CLOUDWAYS_DNS_SERVERS', new class { public $key = 'SECRET'; });
echo problems(), "\n";
?>
--EXPECTF--
bool(false)
string(14) "config_invalid"
int(10)
NULL
string(%d) "%s"
%sWU_CLOUDWAYS_EMAIL %sWU_CLOUDWAYS_API_KEY %sWU_CLOUDWAYS_SERVER_ID %sWU_CLOUDWAYS_APP_ID %s
{"reason":"constants","problems":[{"constant":"WU_CLOUDWAYS_EMAIL","fault":"missing"},{"constant":"WU_CLOUDWAYS_API_KEY","fault":"missing"},{"constant":"WU_CLOUDWAYS_SERVER_ID","fault":"missing"},{"constant":"WU_CLOUDWAYS_APP_ID","fault":"missing"}]}
bool(false)
string(14) "config_invalid"
int(10)
NULL
string(%d) "%s"
%sWU_CLOUDWAYS_EMAIL %sWU_CLOUDWAYS_DNS_SERVERS %s
{"reason":"constants","problems":[{"constant":"WU_CLOUDWAYS_EMAIL","fault":"%s"},{"constant":"WU_CLOUDWAYS_API_KEY","fault":"%s"},{"constant":"WU_CLOUDWAYS_SERVER_ID","fault":"%s"},{"constant":"WU_CLOUDWAYS_APP_ID","fault":"wrong_type"},{"constant":"WU_CLOUDWAYS_ALIAS_POLICY","fault":"%s"},{"constant":"WU_CLOUDWAYS_API_URL","fault":"%s"},{"constant":"WU_CLOUDWAYS_DNS_SERVERS","fault":"wrong_type"}]}
