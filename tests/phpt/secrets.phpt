--TEST--
Token, e-mail and the passwords of GET /server are in no report, exception, trace or dump
--INI--
zend.exception_ignore_args=0
zend.exception_string_param_max_len=1000
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example', 'www.shop.example');
const SECRETS = '/cw_sim_full|owner@example\.com|SIM-SECRET/';

function shown(mixed $value): string
{
    ob_start();
    var_dump($value);
    debug_zval_refcount($value);
    return ob_get_clean() . print_r($value, true) . serialize($value) . json_encode($value, JSON_PARTIAL_OUTPUT_ON_ERROR);
}

function debug_zval_refcount(mixed $value): void
{
    if ($value instanceof Throwable) {
        echo $value, $value->getTraceAsString();
        var_dump($value->getTrace());
    }
}

$report = settle(['shop.example']);
var_dump(preg_match(SECRETS, shown($report)), preg_match(SECRETS, shown(wu_cloudways_test_connection())));

$spoilt = [
    'the API repeats the token' => ['status' => 500, 'body' => 'token cw_sim_full of owner@example.com is SIM-SECRET'],
    'and in a refusal' => ['status' => 422, 'body' => ['message' => 'cw_sim_full and owner@example.com']],
    'and when it does not let in' => ['status' => 401, 'body' => ['message' => 'cw_sim_full is not valid']],
    'an answer that breaks off' => ['truncate' => true],
];
foreach ($spoilt as $what => $do) {
    $sim->fault(['path' => '/server', 'times' => null, 'do' => $do]);
    try {
        wu_cloudways_sync(['shop.example'], ['deadline' => 2, 'state' => $report['state']]);
        echo "$what: a report\n";
    } catch (WuCloudways\Exception\Exception $e) {
        // The body is not ours: what is kept of it has no secret in it that we know.
        $known = preg_match('/cw_sim_full|owner@example\.com/', shown($e));
        echo "$what: {$e->getErrorCode()} $known ", isset($e->getTrace()[0]['args']) ? 'with arguments' : 'without', "\n";
    }
    $sim->noFaults();
}

ob_start();
phpinfo();
preg_match('/^wu_cloudways$.*?^\w+$/ms', ob_get_clean(), $section);
var_dump(preg_match(SECRETS, $section[0]));
?>
--EXPECTF--
int(0)
int(0)
the API repeats the token: api_unavailable 0 with arguments
and in a refusal: %s 0 with arguments
and when it does not let in: auth_failed 0 with arguments
an answer that breaks off: %s 0 with arguments
int(0)
