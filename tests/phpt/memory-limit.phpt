--TEST--
memory_limit reached while a report is made ends PHP as it does everywhere, and what runs at the end may call
--FILE--
<?php
require 'sim.inc';
require 'other.inc';

$sim = Sim::start();
// Enough for the list of domains, not for the report about them.
$code = <<<'PHP'
ini_set('display_errors', '0');
$domains = [];
for ($i = 0; $i < 4000; $i++) {
    $domains[] = "d$i.example";
}
register_shutdown_function(function () {
    global $domains;
    $domains = null;
    echo preg_replace('/ of \d+ bytes.*/', '', error_get_last()['message']), ', then ', label();
});
wu_cloudways_plan($domains, ['deadline' => 120]);
echo 'not reached';
PHP;
script($sim, $code, ['-d', 'memory_limit=4M'], 120);
?>
--EXPECT--
Allowed memory size, then network -> 255
