<?php
// What every runner of the section "DNS verdicts" has in common: what it is to do comes as JSON on standard input, and
// what it took goes out as JSON. Measured is the work alone, not PHP's own start.

$task = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);

/** @param callable(): array<string, string> $work gives name => verdict */
function measured(callable $work): void
{
    $processor = static function (): float {
        $usage = getrusage();
        return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
    };
    $cpu = $processor();
    $begun = hrtime(true);
    $verdicts = $work();
    $seconds = (hrtime(true) - $begun) / 1e9;
    $cpu = $processor() - $cpu;
    // Not ru_maxrss: that one still knows the process that started this one.
    preg_match('/^VmHWM:\s+(\d+) kB/m', file_get_contents('/proc/self/status'), $peak);
    echo json_encode(['seconds' => $seconds, 'cpu_seconds' => $cpu, 'peak_kib' => (int) $peak[1], 'verdicts' => $verdicts]), "\n";
}

/**
 * @param list<string>|null $addresses null: it could not be asked
 * @param list<string> $ours
 */
function verdict(?array $addresses, array $ours): string
{
    if ($addresses === null) {
        return 'unknown';
    }
    if ($addresses === []) {
        return 'missing';
    }
    return array_diff($addresses, $ours) === [] ? 'here' : 'elsewhere';
}

/** A handle for DNS over HTTPS; the certificate is verified, as it is out there. */
function doh_handle(array $task): CurlHandle
{
    $handle = curl_init();
    curl_setopt_array($handle, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CAINFO => $task['ca'],
        CURLOPT_TIMEOUT => 5,
        CURLOPT_HTTPHEADER => ['Accept: application/dns-json'],
    ]);
    return $handle;
}

function doh_url(array $task, string $name, string $type): string
{
    return $task['doh'] . '?name=' . rawurlencode($name) . '&type=' . $type;
}

/** @return list<string>|null the addresses in an answer; null: it could not be asked */
function doh_addresses(string|bool|null $body): ?array
{
    $answer = is_string($body) ? json_decode($body, true) : null;
    if (!is_array($answer) || !in_array($answer['Status'] ?? null, [0, 3], true)) {
        return null;
    }
    $addresses = array_filter($answer['Answer'] ?? [], static fn ($record) => in_array($record['type'], [1, 28], true));
    return array_column($addresses, 'data');
}

/** Whether the CAA records in an answer let Let's Encrypt issue; none at all do. */
function caa_allows(?string $body): bool
{
    $records = array_filter(json_decode($body ?? '', true)['Answer'] ?? [], static fn ($record) => $record['type'] === 257);
    $issuers = array_filter(array_column($records, 'data'), static fn ($data) => str_contains($data, ' issue '));
    return $issuers === [] || array_filter($issuers, static fn ($data) => str_contains($data, '"letsencrypt.org"')) !== [];
}
