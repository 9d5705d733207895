--TEST--
Every error of the API arrives as its class, with code, exit code, remedy and the time of another try
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example');

function told(callable $call): void
{
    try {
        $report = $call();
        echo 'a report: ', $report['status'], ' ', $report['error']['code'] ?? 'no error', "\n";
    } catch (WuCloudways\Exception\Exception $e) {
        echo $e::class, ' ', $e->getErrorCode(), ' ', $e->getCode(), "\n";
        var_dump($e->getRetryAfter(), '' !== $e->getRemedy(), '' !== $e->getMessage());
        echo implode(' ', array_keys($e->getDetails())), "\n";
        if ($e instanceof WuCloudways\Exception\RefusedException) {
            echo json_encode($e->getPlan()), "\n";
        }
    }
}

$always = ['times' => null];
$server = ['path' => '/server'];
$sync = fn (array $options = []) => wu_cloudways_sync(['shop.example'], $options + ['ssl' => false, 'deadline' => 3]);

echo "-- another plan\n";
told(fn () => $sync(['fingerprint' => str_repeat('0', 64)]));

echo "-- another application's site\n";
told(fn () => $sync(['sys_user' => 'klmnopqrst']));

echo "-- too many requests\n";
$sim->fault($server + $always + ['do' => ['status' => 429, 'headers' => ['Retry-After' => '321']]]);
told($sync);
$sim->noFaults();

echo "-- unavailable\n";
$sim->fault($server + $always + ['do' => ['status' => 503]]);
told($sync);
$sim->noFaults();

echo "-- not understood\n";
$sim->switches(['server_aliases' => 'absent']);
told($sync);
$sim->switches(['server_aliases' => 'list']);

echo "-- refused for good\n";
$sim->fault(['method' => 'GET'] + $server + $always + ['do' => ['status' => 418, 'body' => ['message' => 'no tea']]]);
told($sync);
$sim->noFaults();

echo "-- a token that is not let in\n";
$token = $sim->state()['account']['tokens'];
$sim->patch(['account' => ['tokens' => [['expired' => true] + $token[0]]]]);
told($sync);

echo "-- a token that may only read\n";
$sim->patch(['account' => ['tokens' => [['role' => 'READ'] + $token[0]]]]);
told(fn () => $sync(['deadline' => 20]));
$sim->patch(['account' => ['tokens' => $token]]);

echo "-- nothing was written\n";
var_dump($sim->aliases());
?>
--EXPECTF--
-- another plan
WuCloudways\Exception\RefusedException plan_refused 11
NULL
bool(true)
bool(true)
reason
{"fingerprint":"%x","actions":[{"action":"set_aliases","add":["shop.example","www.shop.example"],"remove":[]}]}
-- another application's site
WuCloudways\Exception\RefusedException plan_refused 11
NULL
bool(true)
bool(true)
reason asking application
{"fingerprint":"%x","actions":[{"action":"set_aliases","add":["shop.example","www.shop.example"],"remove":[]}]}
-- too many requests
WuCloudways\Exception\RateLimitException rate_limited 13
int(321)
bool(true)
bool(true)
endpoint retry_after
-- unavailable
WuCloudways\Exception\ApiException api_unavailable 16
%r(NULL|int\(\d+\))%r
bool(true)
bool(true)
endpoint cause
-- not understood
WuCloudways\Exception\ApiException api_protocol 17
NULL
bool(true)
bool(true)
endpoint what
-- refused for good
WuCloudways\Exception\ApiException api_rejected 15
NULL
bool(true)
bool(true)
endpoint status answer
-- a token that is not let in
WuCloudways\Exception\AuthException auth_failed 12
NULL
bool(true)
bool(true)
endpoint answer
-- a token that may only read
WuCloudways\Exception\AuthException scope_missing 12
NULL
bool(true)
bool(true)
endpoint
-- nothing was written
array(1) {
  [0]=>
  string(17) "hand-made.example"
}
