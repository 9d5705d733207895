<?php
// dns_get_record(), one name after another, A and then AAAA.
require __DIR__ . '/measured.php';

measured(static function () use ($task): array {
    $verdicts = [];
    foreach ($task['names'] as $name) {
        $v4 = @dns_get_record($name, DNS_A);
        $v6 = @dns_get_record($name, DNS_AAAA);
        $addresses = $v4 === false || $v6 === false ? null : [...array_column($v4, 'ip'), ...array_column($v6, 'ipv6')];
        $verdicts[$name] = verdict($addresses, $task['ours']);
    }
    return $verdicts;
});
