--TEST--
max_execution_time passes during a call: the call ends well, waiting is no execution; what runs on after it is ended by PHP
--FILE--
<?php
require 'sim.inc';
require 'other.inc';

$sim = Sim::start();
$sim->fault(['path' => '/server', 'times' => null, 'do' => ['delay_ms' => 1_700]]);
$busy = 'function busy() { for (;;) { } }';
$then = "register_shutdown_function(function () { echo ' | and shutdown functions: ', label(), \"\\n\"; });";
foreach (['a limit from the start' => ['-d', 'max_execution_time=1'], 'set_time_limit()' => []] as $title => $args) {
    $code = head($sim) . "$busy $then" . ($args ? '' : 'set_time_limit(1);') . 'echo label(); busy();';
    $run = php($code, [...$args, '-d', 'extension=' . loaded_from()]);
    if (PHP_ZTS) {
        // PHP's timer counts the time of day there, so that it may end the script as soon as the call is over.
        $run['out'] = preg_replace('/^\s*(?=Fatal)/', "network\n", preg_replace('/^network\s*/', '', $run['out']));
    }
    echo "$title: ", preg_replace(['/\s+/', '/ in Standard input code on line \d+/'], [' ', ''], $run['out']), " {$run['exit']} ", $run['seconds'] < 8 ? '' : 'too late', "\n";
}
?>
--EXPECT--
a limit from the start: network Fatal error: Maximum execution time of 1 second exceeded | and shutdown functions: network 255 
set_time_limit(): network Fatal error: Maximum execution time of 1 second exceeded | and shutdown functions: network 255 
