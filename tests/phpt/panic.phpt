--TEST--
A bug of ours that panics: an \Error that names the place alone, nothing on standard error, and the next call works
--SKIPIF--
<?php
require 'sim.inc';
// Release builds have no such switch.
if (! str_contains(file_get_contents(loaded_from()), 'WU_CLOUDWAYS_TEST_PANIC')) {
    echo 'skip it needs a debug build of the extension';
}
?>
--FILE--
<?php
require 'sim.inc';
require 'other.inc';

$sim = Sim::start();
$sim->here('shop.example');
$local = str_replace('127.0.0.1', 'localhost', $sim->api);

// In debug builds the constant of the environment makes it panic at that place.
$code = head($sim, ['API_URL' => $local]) . <<<'PHP'
function where(string $place, callable $call) {
    putenv("WU_CLOUDWAYS_TEST_PANIC=$place");
    try {
        $result = $call();
        echo "$place: ", json_encode($result), "\n";
    } catch (Exception) {
        echo "$place: an Exception\n";
    } catch (Error $e) {
        echo "$place: ", get_class($e), ' ', $e->getMessage(), ' ', $e->getPrevious() ? 'chained' : '', count($e->getTrace()) > 0 ? '' : 'no trace', "\n";
    }
    putenv('WU_CLOUDWAYS_TEST_PANIC');
    echo '    then ', label(), ', ', count(scandir('/proc/self/task')) - 2, " thread\n";
}
$names = ['shop.example'];
$e = null;
try { wu_cloudways_sync([], ['sys_user' => 'x']); } catch (WuCloudways\Exception\Exception $e) { }
where('arguments', fn () => wu_cloudways_plan($names));
foreach (['wu_cloudways_sync', 'wu_cloudways_plan', 'wu_cloudways_check_dns', 'wu_cloudways_test_connection'] as $function) {
    where('call', fn () => 'wu_cloudways_test_connection' === $function ? $function() : $function($names));
}
where('result', fn () => wu_cloudways_plan($names));
where('getter', fn () => $e->getDetails());
where('client', fn () => wu_cloudways_test_connection());
where('dns', fn () => wu_cloudways_check_dns($names)['shop.example']['verdict']);
where('info', function () { ob_start(); phpinfo(INFO_MODULES); ob_end_clean(); });
PHP;
$run = php($code);
echo $run['out'], "\n";
var_dump($run['err'], $run['exit']);

// At module start PHP does not load it, says so, and goes on.
$run = php('var_dump(extension_loaded("wu_cloudways"));', ['-d', 'display_startup_errors=1', '-d', 'extension=' . loaded_from()], ['WU_CLOUDWAYS_TEST_PANIC' => 'start']);
echo $run['out'], "\n", $run['err'], "\n", $run['exit'], "\n";
?>
--EXPECTF--
arguments: Error wu_cloudways %d.%d.%s: internal error: it stopped at src/php/functions.rs:%d. Nothing was written. 
    then network, 1 thread
call: Error wu_cloudways %d.%d.%s: internal error: it stopped at src/php/functions.rs:%d. What it wrote until then is not known: pass "interrupted" => true next time. 
    then network, 1 thread
call: Error wu_cloudways %d.%d.%s: internal error: it stopped at src/php/functions.rs:%d. Nothing was written. 
    then network, 1 thread
call: Error wu_cloudways %d.%d.%s: internal error: it stopped at src/php/functions.rs:%d. Nothing was written. 
    then network, 1 thread
call: Error wu_cloudways %d.%d.%s: internal error: it stopped at src/php/functions.rs:%d. Nothing was written. 
    then network, 1 thread
result: Error wu_cloudways %d.%d.%s: internal error: it stopped at src/php/functions.rs:%d. Nothing was written. 
    then network, 1 thread
getter: Error wu_cloudways %d.%d.%s: internal error: it stopped at src/php/exceptions.rs:%d. 
    then network, 1 thread
client: Error wu_cloudways %d.%d.%s: internal error: it stopped at %s.rs:%d. Nothing was written. 
    then network, 1 thread
dns: "unknown"
    then network, 1 thread
info: null
    then network, 1 thread
string(0) ""
int(0)
Warning: PHP Startup: module startup panicked: a panic on purpose, and what it says is a secret in Unknown on line 0

Fatal error: Unable to start wu_cloudways module in Unknown on line 0

254
