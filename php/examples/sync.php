<?php
/**
 * Brings the aliases and the certificate of a Cloudways application in step with a list of domains, without WordPress:
 *
 *     php -d extension=/path/to/wu_cloudways.so sync.php shop.example blog.example
 *
 * The settings come from the environment here (WU_CLOUDWAYS_EMAIL and so on), since constants are what the extension
 * reads; in a real script they stand in a file of their own that only its user can read. What has to be kept between
 * two calls is kept in a file, wu_cloudways.state.json or WU_CLOUDWAYS_STATE_FILE.
 *
 * The domains are the whole list: one that was named last time and is not any more counts as ended, and its aliases
 * are removed. A script that gets its list from elsewhere puts into "removed" only what it knows to have ended.
 *
 * Ends with 0 when all is as wanted, 2 without a domain, 3 when a person should look, 4 when it is not finished yet,
 * 10 to 17 when nothing could be done.
 */

declare(strict_types=1);

if (! extension_loaded('wu_cloudways')) {
    fwrite(STDERR, "The extension wu_cloudways is not loaded: php -d extension=/path/to/wu_cloudways.so ...\n");
    exit(20);
}

// No list is not an empty list: that would remove every alias of ours.
$domains = array_slice($argv, 1);
if (! $domains) {
    fwrite(STDERR, "Usage: sync.php DOMAIN...\nName every domain that is mapped: what is not named any more is removed.\n");
    exit(2);
}

// EMAIL, API_KEY, SERVER_ID and APP_ID are needed, the others can be left out.
$names = ['EMAIL', 'API_KEY', 'SERVER_ID', 'APP_ID', 'EXTRA_DOMAINS', 'ALIAS_POLICY', 'DRY_RUN', 'API_URL', 'DNS_SERVERS', 'WILDCARD_SSL'];
foreach ($names as $name) {
    $value = getenv("WU_CLOUDWAYS_$name");
    if (false !== $value) {
        define("WU_CLOUDWAYS_$name", $value);
    }
}

// One at a time, and the memory of the last call: without it nothing is ever removed at Cloudways.
$file = fopen(getenv('WU_CLOUDWAYS_STATE_FILE') ?: 'wu_cloudways.state.json', 'c+') ?: exit(70);
flock($file, LOCK_EX);
$memory = json_decode((string) stream_get_contents($file), true) ?? [];

// What was named last time and is not any more has ended on purpose: the guard does not ask about these.
$removed = array_values(array_diff($memory['domains'] ?? [], $domains));

try {
    $tries = 0;
    do {
        $report = wu_cloudways_sync($domains, [
            'state' => $memory['state'] ?? [],
            'removed' => $removed,
            'deadline' => 60,
        ]);
        $memory = ['domains' => $domains, 'state' => $report['state']];
        ftruncate($file, 0);
        rewind($file);
        fwrite($file, json_encode($memory, JSON_THROW_ON_ERROR));
        fflush($file);

        // "pending" goes on by itself. What is further away, such as the next order of a certificate, is left to the
        // next run of this script.
        $wait = ($report['next_at'] ?? 0) - time();
        $again = 'pending' === $report['status'] && $wait <= 60 && ++$tries < 10;
        if ($again) {
            sleep(max(1, $wait));
        }
    } while ($again);
} catch (WuCloudways\Exception\Exception $e) {
    // Nothing was written.
    fwrite(STDERR, "{$e->getErrorCode()}: {$e->getMessage()}\n{$e->getRemedy()}\n");
    exit($e->getCode());
}

foreach ($report['domains'] as $name => $domain) {
    printf("%-24s alias: %-8s  DNS: %-9s  certificate: %s\n", $name, $domain['alias'], $domain['dns']['verdict'] ?? '-', $domain['certificate']);
    if (isset($domain['note'])) {
        echo "    {$domain['note']['text']} {$domain['note']['remedy']}\n";
    }
}
foreach (array_filter([$report['certificate']['note'] ?? null, ...$report['warnings']]) as $note) {
    echo "{$note['text']} {$note['remedy']}\n";
}
if ($report['aliases']['kept']) {
    echo 'Left alone, since they are not ours: ', implode(', ', $report['aliases']['kept']), "\n";
}
if ($report['error']) {
    echo "{$report['error']['code']}: {$report['error']['message']}\n{$report['error']['remedy']}\n";
}
echo "Status: {$report['status']}", 'pending' === $report['status'] ? ', goes on at ' . date('c', $report['next_at']) : '', "\n";

exit(['ok' => 0, 'partial' => 3, 'pending' => 4, 'changes_pending' => 0][$report['status']]);
