<?php
// Calls of wu_cloudways in a process of their own, for the section "Runs": what to call comes as JSON on standard input,
// what each call took goes out as JSON.
//
// Each step: function, domains (list of [name, www, priority]) or names, options. `keep` in a step: its `state` goes into
// the next steps that have none of their own, by way of JSON, as the plugin's table has it.

$task = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
foreach ($task['constants'] as $name => $value) {
    define($name, $value);
}

/** Of the whole process, the extension's threads too, ended ones as well. */
function processor(): float
{
    $usage = getrusage();
    return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
}

function memory_kib(string $field): int
{
    preg_match("/^$field:\\s+(\\d+) kB/m", file_get_contents('/proc/self/status'), $found);
    return (int) $found[1];
}

/** As wp-plugin/wu-cloudways/includes/class-domains.php hands them over. */
function entries(array $domains): array
{
    $entries = [];
    foreach ($domains as [$domain, $www, $priority]) {
        $entries[] = ['domain' => $domain, 'www' => $www, 'priority' => $priority];
    }
    return $entries;
}

/** What the bench looks at to be sure that what it measured is what it means. */
function facts(array $report): array
{
    return [
        'status' => $report['status'],
        'next_at' => $report['next_at'],
        'requests' => $report['requests'],
        'observed' => count($report['aliases']['observed']),
        'desired' => count($report['aliases']['desired']),
        'added' => count($report['aliases']['added']),
        'removed' => count($report['aliases']['removed']),
        'withheld' => count($report['aliases']['withheld']),
        'sent' => $report['aliases']['sent'] === null ? null : count($report['aliases']['sent']),
        'installed' => count($report['certificate']['installed']['names'] ?? []),
        'not_after' => $report['certificate']['installed']['not_after'] ?? null,
        'ordered' => $report['certificate']['ordered'],
        'left_out' => count($report['certificate']['left_out']),
        'aliases' => array_count_values(array_column($report['domains'], 'alias')),
        'certificate' => array_count_values(array_column($report['domains'], 'certificate')),
        'operation' => $report['operation'],
        'error' => $report['error'],
        'warnings' => $report['warnings'],
    ];
}

$results = [];
$kept = null;
foreach ($task['steps'] as $number => $step) {
    $sync = isset($step['domains']);
    $given = $sync ? entries($step['domains']) : $step['names'];
    $options = $step['options'];
    $kept = $step['state'] ?? $kept;
    if ($sync && $kept !== null) {
        $options['state'] = json_decode($kept, true, 512, JSON_THROW_ON_ERROR);
    }
    unset($task['steps'][$number]);
    // What PHP has to spare would not be seen, and a peak that was before would hide this one.
    gc_mem_caches();
    file_put_contents('/proc/self/clear_refs', '5');
    $rss = memory_kib('VmRSS');
    $held = memory_get_usage();
    $cpu = processor();
    $begun = hrtime(true);
    try {
        $report = $step['function']($given, $options);
    } catch (WuCloudways\Exception\Exception $error) {
        fwrite(STDERR, "{$error->getErrorCode()}: {$error->getMessage()}\n{$error->getRemedy()}\n");
        exit(1);
    }
    $seconds = (hrtime(true) - $begun) / 1e9;
    $cpu = processor() - $cpu;
    $result = [
        'seconds' => $seconds,
        'cpu_seconds' => $cpu,
        'peak_kib' => memory_kib('VmHWM') - $rss,
        'report_kib' => (memory_get_usage() - $held) / 1024,
    ];
    if ($sync) {
        $result['facts'] = facts($report);
        if ($step['keep'] ?? false) {
            $kept = json_encode($report['state'], JSON_THROW_ON_ERROR);
            $result['state'] = $kept;
            $result['covered'] = $report['certificate']['installed']['names'] ?? [];
        }
    } else {
        $result['verdicts'] = array_count_values(array_column($report, 'verdict'));
    }
    $results[] = $result;
    unset($report, $given, $options);
}
echo json_encode($results, JSON_THROW_ON_ERROR), "\n";
