--TEST--
exit, a shutdown function and a destructor may call, and the process ends at once and with its own code
--FILE--
<?php
require 'sim.inc';
require 'other.inc';

$sim = Sim::start();

script($sim, 'echo label(); exit(7);');
script($sim, 'exit(label());');
script($sim, 'register_shutdown_function(function () { echo label(); exit(9); }); exit(3);');
script($sim, 'class D { function __destruct() { echo label(); } } $d = new D(); echo label(), " ";');
script($sim, 'set_exception_handler(function ($e) { echo $e->getErrorCode(); exit(4); }); wu_cloudways_sync([], ["sys_user" => "x"]);');
script($sim, 'ini_set("display_errors", "0"); echo label(); wu_cloudways_sync([], ["sys_user" => "x"]);');
script($sim, 'label(); echo "before the fatal error"; ini_set("display_errors", "0"); not_a_function();');
script($sim, 'ob_start(function () { label(); exit(6); }); echo "in an output handler"; ob_end_flush();');
script($sim, 'ob_start(fn ($text) => $text . label()); echo "at the end ";');
script($sim, 'function gone() { throw new LogicException(label()); } set_error_handler("gone"); try { echo $undefined; } catch (LogicException $e) { echo $e->getMessage(); exit(5); }');
script($sim, 'ini_set("display_errors", "0"); label(); trigger_error("over", E_USER_ERROR);');
script($sim, 'for ($i = 0; $i < 5; $i++) { label(); } posix_kill_self(); function posix_kill_self() { pcntl_alarm(1); pcntl_signal(SIGALRM, SIG_DFL); echo label(); sleep(3); }');
?>
--EXPECT--
network -> 7
network -> 0
network -> 9
network network -> 0
plan_refused -> 4
network -> 255
before the fatal error -> 255
in an output handler -> 6
at the end network -> 0
network -> 5
 -> 255
network -> 14
