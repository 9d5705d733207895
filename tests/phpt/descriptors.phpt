--TEST--
No descriptor, no thread and no mapping is left by calls that fail in every way
--FILE--
<?php
require 'sim.inc';
require 'other.inc';

$sim = Sim::start();
$sim->switches(['rate_limit' => null]);

// Something that listens, accepts and says nothing; something that nobody listens on; and no TLS where TLS should be.
$silent = stream_socket_server('tcp://127.0.0.1:0');
$closed = stream_socket_server('tcp://127.0.0.1:0');
$refused = stream_socket_get_name($closed, false);
fclose($closed);
$targets = [
    'refused' => "http://$refused/",
    'time is over' => 'http://' . stream_socket_get_name($silent, false) . '/',
    'TLS, and no answer' => 'https://' . stream_socket_get_name($silent, false) . '/',
    'no TLS' => str_replace('http:', 'https:', $sim->api),
    'reset' => $sim->api,
    'HTTP 500' => $sim->api,
    'broken off' => $sim->api,
    'no JSON' => $sim->api,
    'no such name' => 'https://nobody.invalid/',
    'DNS refused' => $sim->api,
];
$faults = [
    'reset' => ['reset' => true],
    'HTTP 500' => ['status' => 500],
    'broken off' => ['effect' => true, 'truncate' => true],
    'no JSON' => ['status' => 200, 'body' => '<p>hello'],
];
$code = <<<'PHP'
function left(): array {
    $files = [];
    foreach (scandir('/proc/self/fd') as $fd) {
        $files[$fd] = @readlink("/proc/self/fd/$fd") ?: null;
    }
    return [array_filter($files, fn ($file) => null !== $file && ! str_contains((string) $file, '/fd')), count(scandir('/proc/self/task')) - 2];
}
function fails(): string {
    try {
        wu_cloudways_test_connection(['deadline' => 1]);
        return wu_cloudways_check_dns(['a.example'], ['deadline' => 1])['a.example']['note']['code'];
    } catch (WuCloudways\Exception\Exception $e) {
        return $e->getErrorCode();
    }
}
$first = fails();
$before = left();
for ($i = 0; $i < 3; $i++) { fails(); }
$after = left();
echo $first, $before === $after ? '' : ' LEFT: ' . json_encode([$before, $after]);
PHP;
foreach ($targets as $title => $url) {
    $sim->noFaults();
    if (isset($faults[$title])) {
        $sim->fault(['path' => '*', 'times' => null, 'do' => $faults[$title]]);
    }
    show(php(head($sim, ['API_URL' => $url, 'DNS_SERVERS' => $refused]) . $code), $title);
}
?>
--EXPECT--
refused: api_unavailable -> 0
time is over: api_unavailable -> 0
TLS, and no answer: api_unavailable -> 0
no TLS: api_unavailable -> 0
reset: api_unavailable -> 0
HTTP 500: api_unavailable -> 0
broken off: api_unavailable -> 0
no JSON: api_protocol -> 0
no such name: api_unavailable -> 0
DNS refused: dns_unknown -> 0
