--TEST--
A call, and then the script's end by an error: PHP's own message, its own exit code, and shutdown functions may still call
--FILE--
<?php
require 'sim.inc';
require 'other.inc';

$sim = Sim::start();
// What one version of PHP calls deprecated and another does not is no matter here.
$head = head($sim) . <<<'PHP'
error_reporting(E_ALL & ~E_DEPRECATED);
function left() { return count(scandir('/proc/self/task')) - 2 . ' thread'; }
PHP;
$then = "register_shutdown_function(function () { ini_set('memory_limit', '64M'); echo ' then ', label(), ' ', left(); });";

// The report does not fit into what PHP may take. Debian's PHP raises its error after the
// function, and kills the process (137) where it takes twice the limit meanwhile; others raise it in the middle.
$outcomes = [];
foreach (range(0, 2_000, 400) as $step) {
    $run = php("$head$then" . <<<'PHP'
    $domains = [];
    for ($i = 0; $i < 3000; $i++) {
        $domains[] = "no name $i";
    }
    PHP . "\$pad = str_repeat('x', 1024 * $step);" . <<<'PHP'
    ini_set('memory_limit', (string) (memory_get_usage(true) + 64 * 1024));
    $report = wu_cloudways_sync($domains);
    ini_set('memory_limit', '64M');
    echo 'whole';
    PHP);
    $outcomes[] = preg_replace(['/\s+/', '/of \d+ bytes exhausted \(.*?\) in .*? on line \d+/', "/ Fatal error: Couldn't execute method Error::__toString in Unknown on line 0/"], [' ', '', ''], "{$run['out']}{$run['err']}") . " {$run['exit']}";
}
print_r(array_unique($outcomes));

$short = fn (array $run) => ['out' => preg_replace(['/\s+/', '/ in Standard input code(:\d+| on line \d+)/', '/ Stack trace:.*?thrown/', '/ PHP \S+$/'], [' ', '', '', ''], $run['out'])] + $run;
show($short(php("$head$then throw new LogicException(label());")), 'uncaught');
show($short(php("$head$then wu_cloudways_sync([], ['sys_user' => 'x']);")), 'uncaught, ours');
show($short(php("$head$then label(); trigger_error('E_USER_ERROR', E_USER_ERROR);")), 'an error that ends it');
show($short(php("$head$then label(); (function (): int { return f(); })();")), 'no such function');
show($short(php("$head ob_start(function (\$text) { exit(label()); }); echo 'lost';")), 'exit in an output handler');
show($short(php("$head ob_start(function (\$text) { return \$text . label(); }); echo label(), ' '; exit(3);")), 'a call in an output handler');
show($short(php("$head class D { function __destruct() { echo label(), ' '; exit(5); } } function f() { \$d = new D; return wu_cloudways_sync([], ['sys_user' => 'x']); } f();")), 'exit in a destructor while ours is thrown');
show($short(php("$head class D { function __destruct() { throw new LogicException(label()); } } \$d = new D; echo label(), ' ';")), 'a destructor that throws');
show($short(php("$head set_error_handler(function () { exit(6); }); wu_cloudways_sync([], [], 'too many');")), 'too many arguments');
show($short(php("$head function f(\$n) { return \$n > 20000 ? label() : f(\$n + 1); } echo f(0);")), 'deep in the stack');
?>
--EXPECT--
Array
(
    [0] => Fatal error: Allowed memory size  then network 1 thread 255
)
uncaught: Fatal error: Uncaught LogicException: network then network 1 thread -> 255
uncaught, ours: Fatal error: Uncaught WuCloudways\Exception\RefusedException: this site runs as x, and the application at Cloudways as abcdefghij: nothing was written then network 1 thread -> 255
an error that ends it: Fatal error: E_USER_ERROR then network 1 thread -> 255
no such function: Fatal error: Uncaught Error: Call to undefined function f() then network 1 thread -> 255
exit in an output handler:  -> 0
a call in an output handler: network network -> 3
exit in a destructor while ours is thrown: network -> 5
a destructor that throws: network Fatal error: Uncaught LogicException: network -> 255
too many arguments: Fatal error: Uncaught ArgumentCountError: wu_cloudways_sync() expects at most 2 arguments, 3 given -> 255
deep in the stack: network -> 0
