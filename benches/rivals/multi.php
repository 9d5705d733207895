<?php
// DNS over HTTPS with curl_multi: A and AAAA of each name, `at_once` requests outstanding all the time. `http2`: all over
// one connection; else one HTTP/1.1 connection, kept, for each that is outstanding. `caa`: then CAA of each name whose
// addresses are right, though of no name above it.
require __DIR__ . '/measured.php';

measured(static function () use ($task): array {
    $multi = curl_multi_init();
    curl_multi_setopt($multi, CURLMOPT_MAXCONNECTS, $task['at_once']);
    curl_multi_setopt($multi, CURLMOPT_MAX_CONCURRENT_STREAMS, $task['at_once']);
    $questions = new SplQueue();
    foreach ($task['names'] as $name) {
        $questions->enqueue([$name, 'A']);
        $questions->enqueue([$name, 'AAAA']);
    }
    $idle = [];
    while (count($idle) < min($task['at_once'], count($questions))) {
        $handle = doh_handle($task);
        curl_setopt($handle, CURLOPT_HTTP_VERSION, $task['http2'] ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
        curl_setopt($handle, CURLOPT_PIPEWAIT, $task['http2']);
        $idle[] = $handle;
    }
    $asked = [];
    $found = [];
    $verdicts = [];
    $take = static function (string $name, string $type, ?string $body) use (&$found, &$verdicts, $questions, $task): void {
        if ($type === 'CAA') {
            if (!caa_allows($body)) {
                $verdicts[$name] = 'here, and CAA forbids it';
            }
            return;
        }
        $found[$name][$type] = doh_addresses($body);
        if (count($found[$name]) < 2) {
            return;
        }
        $addresses = in_array(null, $found[$name], true) ? null : array_merge(...array_values($found[$name]));
        $verdicts[$name] = verdict($addresses, $task['ours']);
        if (($task['caa'] ?? false) && $verdicts[$name] === 'here') {
            $questions->enqueue([$name, 'CAA']);
        }
    };
    do {
        while ($idle !== [] && !$questions->isEmpty()) {
            $handle = array_pop($idle);
            $asked[spl_object_id($handle)] = [$name, $type] = $questions->dequeue();
            curl_setopt($handle, CURLOPT_URL, doh_url($task, $name, $type));
            curl_multi_add_handle($multi, $handle);
        }
        curl_multi_exec($multi, $running);
        $ended = 0;
        while ($done = curl_multi_info_read($multi)) {
            $ended++;
            $handle = $done['handle'];
            $take(...$asked[spl_object_id($handle)], body: $done['result'] === CURLE_OK ? curl_multi_getcontent($handle) : null);
            curl_multi_remove_handle($multi, $handle);
            $idle[] = $handle;
        }
        if ($running && !$ended) {
            // Short: at times there is nothing to wait for yet, and a second there would be the whole result.
            curl_multi_select($multi, 0.01);
        }
    } while ($running || $ended);
    return $verdicts;
});
