--TEST--
exit, a shutdown function and a destructor may call, and the process ends at once and with its own code
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();

/** Runs a script of its own with the extension and the constants. */
function script(Sim $sim, string $code): void
{
    $head = "define('WU_CLOUDWAYS_EMAIL', 'owner@example.com'); define('WU_CLOUDWAYS_API_KEY', 'cw_sim_full');"
        . "define('WU_CLOUDWAYS_SERVER_ID', 50482); define('WU_CLOUDWAYS_APP_ID', 131933);"
        . "define('WU_CLOUDWAYS_API_URL', '{$sim->api}'); define('WU_CLOUDWAYS_DNS_SERVERS', '{$sim->dns}');"
        . "function label() { return wu_cloudways_test_connection()['application']['label']; }\n";
    $so = loaded_from();
    $start = microtime(true);
    $process = proc_open([PHP_BINARY, '-n', '-d', "extension=$so"], [['pipe', 'r'], ['pipe', 'w'], STDOUT], $pipes);
    fwrite($pipes[0], "<?php $head$code");
    fclose($pipes[0]);
    $output = stream_get_contents($pipes[1]);
    $exit = proc_close($process);
    echo trim($output), " -> $exit", microtime(true) - $start < 5 ? '' : ' too late', "\n";
}

/** Where this process has its extension from. */
function loaded_from(): string
{
    preg_match('~\S+/\S*wu_cloudways\S*\.so~', file_get_contents('/proc/self/maps'), $found);
    return $found[0];
}

script($sim, 'echo label(); exit(7);');
script($sim, 'exit(label());');
script($sim, 'register_shutdown_function(function () { echo label(); exit(9); }); exit(3);');
script($sim, 'class D { function __destruct() { echo label(); } } $d = new D(); echo label(), " ";');
script($sim, 'set_exception_handler(function ($e) { echo $e->getErrorCode(); exit(4); }); wu_cloudways_sync([], ["sys_user" => "x"]);');
script($sim, 'ini_set("display_errors", "0"); echo label(); wu_cloudways_sync([], ["sys_user" => "x"]);');
script($sim, 'label(); echo "before the fatal error"; ini_set("display_errors", "0"); not_a_function();');
script($sim, 'for ($i = 0; $i < 5; $i++) { label(); } posix_kill_self(); function posix_kill_self() { pcntl_alarm(1); pcntl_signal(SIGALRM, SIG_DFL); echo label(); sleep(3); }');
?>
--EXPECTF--
network -> 7
network -> 0
network -> 9
network network -> 0
plan_refused -> 4
network -> 255
before the fatal error -> 255
network -> 14
