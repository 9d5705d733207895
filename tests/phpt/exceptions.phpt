--TEST--
The exception classes are ordinary ones: hierarchy, new, file, line, trace, previous, subclasses
--FILE--
<?php
use WuCloudways\Exception as E;

$names = (new ReflectionExtension('wu_cloudways'))->getClassNames();
foreach ($names as $name) {
    echo $name, ' < ', implode(' < ', class_parents($name)), "\n";
}

echo "-- new\n";
foreach ($names as $name) {
    $previous = new LogicException('the reason');
    $e = new $name('said', 5, $previous); $line = __LINE__;
    var_dump([
        $e->getMessage(), $e->getCode(), $e->getLine() === $line, $e->getFile() === __FILE__, $e->getPrevious() === $previous,
        $e->getErrorCode(), $e->getRemedy(), $e->getDetails(), $e->getRetryAfter(),
    ] === ['said', 5, true, true, true, '', '', [], null]);
}
var_dump((new E\RefusedException())->getPlan());

echo "-- thrown by the extension\n";
function caller()
{
    return wu_cloudways_sync(['shop.example'], ['ssl' => false]);
}
$line = __LINE__ + 2;
try {
    caller();
} catch (E\ConfigException $e) {
    var_dump($e->getFile() === __FILE__, $e->getPrevious());
    echo preg_replace('/' . preg_quote(__DIR__ . '/', '/') . '/', '', $e->getTraceAsString()), "\n";
    echo get_debug_type($e->getCode()), ' ', $e->getCode(), ' ', $e->getErrorCode(), "\n";
    var_dump(str_contains((string) $e, 'Stack trace:'), $e->getTrace()[1]['line'] === $line);
}

echo "-- subclass\n";
class Mine extends E\RefusedException
{
    public $plan = 'a property of its own';

    public function __construct(private string $extra)
    {
        parent::__construct("mine: $extra", 99);
    }

    public function getRemedy(): string
    {
        return 'better than "' . parent::getRemedy() . '"';
    }
}
try {
    throw new Mine('x');
} catch (E\Exception $e) {
    var_dump($e->getMessage(), $e->getCode(), $e->getRemedy(), $e->getPlan(), $e->plan, $e->getErrorCode());
}

echo "-- in the middle of another\n";
try {
    try {
        throw new RuntimeException('first');
    } finally {
        wu_cloudways_sync([]);
    }
} catch (E\ConfigException $e) {
    echo get_class($e->getPrevious()), "\n";
}

echo "-- serialised\n";
$again = unserialize(serialize(new E\ConfigException('kept', 10)));
var_dump(get_class($again), $again->getMessage(), $again->getDetails());

try {
    (new E\Exception('x'))->getDetails(1);
} catch (ArgumentCountError $e) {
    echo $e->getMessage(), "\n";
}
?>
--EXPECTF--
WuCloudways\Exception\Exception < Exception
WuCloudways\Exception\ConfigException < WuCloudways\Exception\Exception < Exception
WuCloudways\Exception\RefusedException < WuCloudways\Exception\Exception < Exception
WuCloudways\Exception\AuthException < WuCloudways\Exception\Exception < Exception
WuCloudways\Exception\RateLimitException < WuCloudways\Exception\Exception < Exception
WuCloudways\Exception\BusyException < WuCloudways\Exception\Exception < Exception
WuCloudways\Exception\ApiException < WuCloudways\Exception\Exception < Exception
-- new
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
NULL
-- thrown by the extension
bool(true)
NULL
#0 exceptions.php(%d): wu_cloudways_sync(%S)
#1 exceptions.php(%d): caller()
#2 {main}
int 10 config_invalid
bool(true)
bool(true)
-- subclass
string(7) "mine: x"
int(99)
string(14) "better than """
NULL
string(21) "a property of its own"
string(0) ""
-- in the middle of another
RuntimeException
-- serialised
string(37) "WuCloudways\Exception\ConfigException"
string(4) "kept"
array(0) {
}
WuCloudways\Exception\Exception::getDetails() expects exactly 0 arguments, 1 given
