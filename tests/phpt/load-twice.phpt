--TEST--
Loaded twice, by one path and by two, and by dl(): a warning at most, and it works
--FILE--
<?php
require 'sim.inc';

$sim = Sim::start();
$so = loaded_from();
$copy = sys_get_temp_dir() . '/wu_cloudways-' . getmypid() . '.so';
copy($so, $copy);

script($sim, 'echo label();', ['-d', "extension=$so"]);
script($sim, 'echo label();', ['-d', "extension=$copy"]);

// Without the line that loads it: PHP loads it while the script runs. Only the command line offers dl().
$code = "<?php define('WU_CLOUDWAYS_EMAIL', 'owner@example.com'); define('WU_CLOUDWAYS_API_KEY', 'cw_sim_full');"
    . "define('WU_CLOUDWAYS_SERVER_ID', 50482); define('WU_CLOUDWAYS_APP_ID', 131933);"
    . "define('WU_CLOUDWAYS_API_URL', '{$sim->api}'); define('WU_CLOUDWAYS_DNS_SERVERS', '{$sim->dns}');"
    . "echo dl('" . basename($copy) . "') ? 'loaded, ' : 'not loaded, '; echo wu_cloudways_test_connection()['application']['label'], ', ';"
    . "try { wu_cloudways_sync([], ['sys_user' => 'x']); } catch (WuCloudways\\Exception\\RefusedException \$e) { echo \$e->getErrorCode(), ', '; }"
    . "echo dl('" . basename($copy) . "') ? 'loaded' : 'not loaded';";
file_put_contents("$copy.php", $code);
echo shell_exec(implode(' ', array_map(escapeshellarg(...), [PHP_BINARY, '-n', '-d', 'extension_dir=' . dirname($copy), "$copy.php"])) . ' 2>&1; echo " -> $?"');
unlink("$copy.php");
unlink($copy);
?>
--EXPECT--
Warning: Module "wu_cloudways" is already loaded in Unknown on line 0
network -> 0
Warning: Module "wu_cloudways" is already loaded in Unknown on line 0
network -> 0
loaded, network, plan_refused, 
Warning: Module "wu_cloudways" is already loaded in Unknown on line 0
not loaded -> 0
