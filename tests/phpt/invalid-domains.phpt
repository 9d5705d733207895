--TEST--
What is no domain name is reported with its reason, never repaired, and the others go through
--FILE--
<?php
require 'sim.inc';
require 'shape.inc';

$sim = Sim::start();
$sim->here('shop.example');
$domains = [
    '', ' ', "nul\0.example", "caf\xe9.example", '*.wild.example', 'a b.example', 'https://shop.example', 'shop.example:8080',
    'shop.example/path', '192.0.2.1', '2001:db8::1', 'localhost', '123', 'under_score.example', str_repeat('a', 64) . '.example',
    str_repeat('a.', 126) . 'example', 'a..example', '-a.example',
    'shop.example', 'SHOP.example.', ['domain' => "line\nbreak.example", 'www' => true, 'priority' => 9],
];
$report = settle($domains, ['www' => 'never', 'ssl' => false]);
echo implode("\n", misfits($report, documented('wu_cloudways_sync'))), "\n";
foreach ($report['domains'] as $name => $domain) {
    if ('invalid' === $domain['alias']) {
        echo json_encode(substr((string) $name, 0, 30)), ' ', $domain['note']['code'], ' ', $domain['note']['args']['reason'], "\n";
    }
}
echo json_encode($report) !== false ? "fit for JSON\n" : json_last_error_msg() . "\n";
print_r($sim->aliases());
?>
--EXPECT--

"" invalid_domain empty
" " invalid_domain space
"nul\\u{0}.example" invalid_domain control_character
"caf\\xe9.example" invalid_domain not_utf8
"*.wild.example" invalid_domain wildcard
"a b.example" invalid_domain space
"https:\/\/shop.example" invalid_domain scheme
"shop.example:8080" invalid_domain port
"shop.example\/path" invalid_domain path
"192.0.2.1" invalid_domain ip_address
"2001:db8::1" invalid_domain ip_address
"localhost" invalid_domain single_label
"123" invalid_domain single_label
"under_score.example" invalid_domain underscore
"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" invalid_domain label_too_long
"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a." invalid_domain name_too_long
"a..example" invalid_domain empty_label
"-a.example" invalid_domain hyphen
"line\\nbreak.example" invalid_domain control_character
fit for JSON
Array
(
    [0] => hand-made.example
    [1] => shop.example
)
