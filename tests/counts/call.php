<?php
// One call over many domains, to be counted. What it is to do comes as JSON in a file; the report of `keep` goes into one.
// The call before it, which makes the state, runs without anybody counting.

$task = json_decode(file_get_contents($argv[1]), true, 512, JSON_THROW_ON_ERROR);
foreach ($task['constants'] as $name => $value) {
    define($name, $value);
}
$options = ['www' => 'never', 'ssl' => $task['ssl'] ?? false, 'deadline' => 600];
if (isset($task['state'])) {
    $options['state'] = json_decode(file_get_contents($task['state']), true, 512, JSON_THROW_ON_ERROR);
}
$domains = array_map(static fn (string $name) => ['domain' => $name, 'www' => false, 'priority' => 0], $task['domains']);
$report = $task['call']($domains, $options);
if (isset($task['keep'])) {
    file_put_contents($task['keep'], json_encode($report['state'], JSON_THROW_ON_ERROR));
}
echo json_encode([
    'status' => $report['status'],
    'requests' => $report['requests'],
    'domains' => count($report['domains']),
    'added' => count($report['aliases']['added']),
    'withheld' => count($report['aliases']['withheld']),
    'set_aside' => count(array_filter($report['domains'], static fn ($domain) => $domain['alias'] === 'set_aside')),
    'left_out' => count($report['certificate']['left_out']),
    'writes' => $report['aliases']['sent'] !== null,
]);
