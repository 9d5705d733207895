--TEST--
The example script runs as it stands, and removes only what it was asked to map before
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$sim->here('shop.example', 'www.shop.example');
$sim->dns('blog.example', ['A' => ['198.51.100.7']]);
$state = tempnam(sys_get_temp_dir(), 'wu_cloudways');

function example(Sim $sim, string $state, array $environment, string ...$domains): void
{
    preg_match('~\S+/\S*wu_cloudways\S*\.so~', file_get_contents('/proc/self/maps'), $so);
    $command = [PHP_BINARY, '-n', '-d', "extension=$so[0]", dirname(__DIR__, 2) . '/php/examples/sync.php', ...$domains];
    $process = proc_open($command, [1 => ['pipe', 'w'], 2 => STDOUT], $pipes, null, $environment + [
        'WU_CLOUDWAYS_EMAIL' => 'owner@example.com',
        'WU_CLOUDWAYS_API_KEY' => 'cw_sim_full',
        'WU_CLOUDWAYS_SERVER_ID' => '50482',
        'WU_CLOUDWAYS_APP_ID' => '131933',
        'WU_CLOUDWAYS_API_URL' => $sim->api,
        'WU_CLOUDWAYS_DNS_SERVERS' => $sim->dns,
        'WU_CLOUDWAYS_STATE_FILE' => $state,
        // What the run itself was started with, such as valgrind's settings.
        ...getenv(),
    ]);
    echo stream_get_contents($pipes[1]);
    echo '-> ', proc_close($process), "\n\n";
}

example($sim, $state, [], 'shop.example', 'blog.example');
example($sim, $state, [], 'shop.example');
print_r($sim->aliases());
example($sim, $state, ['WU_CLOUDWAYS_API_KEY' => 'cw_wrong'], 'shop.example');
example($sim, $state, ['WU_CLOUDWAYS_API_KEY' => ''], 'shop.example');
$before = file_get_contents($state);
example($sim, $state, []);
echo 'The aliases are ', json_encode($sim->aliases()), ', and its memory is ', file_get_contents($state) === $before ? 'as it was' : 'another', "\n";
unlink($state);
?>
--EXPECTF--
shop.example             alias: added     DNS: here       certificate: covered
www.shop.example         alias: added     DNS: here       certificate: covered
blog.example             alias: added     DNS: elsewhere  certificate: blocked
    blog.example points to 198.51.100.7%s203.0.113.10%s
www.blog.example         alias: added     DNS: missing    certificate: blocked
    www.blog.example has no address%s203.0.113.10%s
network.example          alias: primary   DNS: here       certificate: covered
Left alone, since they are not ours: hand-made.example
Status: partial
-> 3

shop.example             alias: present   DNS: here       certificate: covered
www.shop.example         alias: present   DNS: here       certificate: covered
network.example          alias: primary   DNS: here       certificate: covered
blog.example             alias: removed   DNS: -          certificate: none
www.blog.example         alias: removed   DNS: -          certificate: none
Left alone, since they are not ours: hand-made.example
Status: ok
-> 0

Array
(
    [0] => hand-made.example
    [1] => shop.example
    [2] => www.shop.example
)
auth_failed: %s
%s
-> 12

config_invalid: %sWU_CLOUDWAYS_API_KEY is %s
%s
-> 10

Usage: sync.php DOMAIN...
Name every domain that is mapped: what is not named any more is removed.
-> 2

The aliases are ["hand-made.example","shop.example","www.shop.example"], and its memory is as it was
