--TEST--
Signatures, as reflection shows them, and the number of arguments
--FILE--
<?php
require 'sim.inc';

foreach (get_extension_funcs('wu_cloudways') as $name) {
    $function = new ReflectionFunction($name);
    $parameters = array_map(
        fn ($p) => $p->getType() . ' $' . $p->getName() . ($p->isOptional() ? ' = ' . json_encode($p->getDefaultValue()) : ''),
        $function->getParameters()
    );
    echo $name, '(', implode(', ', $parameters), '): ', $function->getReturnType(), "\n";
}

echo thrown(fn () => wu_cloudways_sync()), "\n";
echo thrown(fn () => wu_cloudways_sync([], [], [])), "\n";
echo thrown(fn () => wu_cloudways_test_connection([], [])), "\n";
echo thrown(fn () => wu_cloudways_sync(options: [])), "\n";
echo thrown(fn () => wu_cloudways_sync(domain: [])), "\n";

// By name, and with the options left out: what is missing are the constants.
echo thrown(fn () => wu_cloudways_plan(options: [], domains: [])), "\n";
echo thrown(fn () => wu_cloudways_test_connection()), "\n";
?>
--EXPECTF--
wu_cloudways_sync(array $domains, array $options = []): array
wu_cloudways_plan(array $domains, array $options = []): array
wu_cloudways_check_dns(array $names, array $options = []): array
wu_cloudways_test_connection(array $options = []): array
ArgumentCountError: wu_cloudways_sync() expects at least 1 argument, 0 given
ArgumentCountError: wu_cloudways_sync() expects at most 2 arguments, 3 given
ArgumentCountError: wu_cloudways_test_connection() expects at most 1 argument, 2 given
ArgumentCountError: wu_cloudways_sync(): Argument #1 ($domains) not passed
Error: Unknown named parameter $domain
WuCloudways\Exception\ConfigException: %s
WuCloudways\Exception\ConfigException: %s
