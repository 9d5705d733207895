<?php
// DNS over HTTPS with curl_multi: A and AAAA of each name, `at_once` requests outstanding all the time. `http2`: all over
// one connection; else one HTTP/1.1 connection, kept, for each that is outstanding. `caa`: CAA of
// each name besides, though of no name above it.
require __DIR__ . '/measured.php';

measured(static function () use ($task): array {
    $multi = curl_multi_init();
    curl_multi_setopt($multi, CURLMOPT_MAXCONNECTS, $task['at_once']);
    curl_multi_setopt($multi, CURLMOPT_MAX_CONCURRENT_STREAMS, $task['at_once']);
    $questions = [];
    foreach ($task['names'] as $name) {
        array_push($questions, [$name, 'A'], [$name, 'AAAA']);
        if ($task['caa'] ?? false) {
            $questions[] = [$name, 'CAA'];
        }
    }
    $next = 0;
    $asked = [];
    $ask = static function (CurlHandle $handle) use (&$next, &$asked, $questions, $multi, $task): void {
        if (!isset($questions[$next])) {
            return;
        }
        [$name, $type] = $questions[$next++];
        $asked[spl_object_id($handle)] = $name;
        curl_setopt($handle, CURLOPT_URL, doh_url($task, $name, $type));
        curl_multi_add_handle($multi, $handle);
    };
    $handles = [];
    while (count($handles) < min($task['at_once'], count($questions))) {
        $handle = doh_handle($task);
        curl_setopt($handle, CURLOPT_HTTP_VERSION, $task['http2'] ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
        curl_setopt($handle, CURLOPT_PIPEWAIT, $task['http2']);
        $handles[] = $handle;
        $ask($handle);
    }
    $found = [];
    do {
        curl_multi_exec($multi, $running);
        $ended = 0;
        while ($done = curl_multi_info_read($multi)) {
            $ended++;
            $handle = $done['handle'];
            $name = $asked[spl_object_id($handle)];
            $addresses = $done['result'] === CURLE_OK ? doh_addresses(curl_multi_getcontent($handle)) : null;
            $before = array_key_exists($name, $found) ? $found[$name] : [];
            $found[$name] = $before === null || $addresses === null ? null : [...$before, ...$addresses];
            curl_multi_remove_handle($multi, $handle);
            $ask($handle);
        }
        if ($running && !$ended) {
            // Short: at times there is nothing to wait for yet, and a second there would be the whole result.
            curl_multi_select($multi, 0.01);
        }
    } while ($running || $ended);
    return array_map(static fn (?array $addresses) => verdict($addresses, $task['ours']), $found);
});
