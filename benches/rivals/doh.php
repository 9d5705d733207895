<?php
// DNS over HTTPS, one request after another, with one question (A) for each name. `keep`: one handle for all, so that the
// connection is kept; else a new one each time.
require __DIR__ . '/measured.php';

measured(static function () use ($task): array {
    $verdicts = [];
    $kept = $task['keep'] ? doh_handle($task) : null;
    foreach ($task['names'] as $name) {
        $handle = $kept ?? doh_handle($task);
        curl_setopt($handle, CURLOPT_URL, doh_url($task, $name, 'A'));
        $verdicts[$name] = verdict(doh_addresses(curl_exec($handle)), $task['ours']);
    }
    return $verdicts;
});
