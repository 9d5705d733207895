--TEST--
Loaded twice, by one path and by two, and by dl(): a warning at most, and it works
--FILE--
<?php
require 'sim.inc';
require 'other.inc';

$sim = Sim::start();
$so = loaded_from();
$copy = sys_get_temp_dir() . '/wu_cloudways-' . getmypid() . '.so';
copy($so, $copy);

script($sim, 'echo label();', ['-d', "extension=$so"]);
script($sim, 'echo label();', ['-d', "extension=$copy"]);

// Without the line that loads it: PHP loads it while the script runs. Only the command line offers dl().
$code = "echo dl('" . basename($copy) . "') ? 'loaded, ' : 'not loaded, '; echo label(), ', ';"
    . "try { wu_cloudways_sync([], ['sys_user' => 'x']); } catch (WuCloudways\\Exception\\RefusedException \$e) { echo \$e->getErrorCode(), ', '; }"
    . "echo dl('" . basename($copy) . "') ? 'loaded' : 'not loaded';";
show(php(head($sim) . $code, ['-d', 'extension_dir=' . dirname($copy)]));
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
