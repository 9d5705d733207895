--TEST--
Nothing happens at module start: no socket, no thread, no process, no file but the extension and its libraries
--FILE--
<?php
require __DIR__ . '/../phpt/sim.inc';
require __DIR__ . '/../phpt/other.inc';

/** What PHP asks the kernel for while it starts, lists its modules and ends, by call. */
function traced(array $args): array
{
    $log = tempnam(sys_get_temp_dir(), 'wu');
    $process = proc_open(
        ['strace', '-f', '-o', $log, '-e', 'trace=network,process,file,poll,epoll_create,epoll_create1,eventfd2,pipe2,timer_create,rt_sigaction,rt_sigprocmask', PHP_BINARY, '-n', ...$args],
        [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], STDERR],
        $pipes,
    );
    $exit = proc_close($process);
    $lines = file($log);
    unlink($log);
    $calls = [];
    foreach ($lines as $line) {
        if (preg_match('/^\d+ +(\w+)\((.*)/', $line, $found)) {
            // What the loader looks for and does not find depends on the machine.
            $what = preg_match('/"([^"]*)"/', $found[2], $path) && ! str_contains($found[2], 'ENOENT') ? $path[1] : '';
            if (! str_contains($found[2], 'ENOENT')) {
                $calls["$found[1] $what"] = ($calls["$found[1] $what"] ?? 0) + 1;
            }
        }
    }
    if (0 !== $exit || count($calls) < 5) {
        exit("strace cannot be used: $exit\n");
    }
    return $calls;
}

$so = loaded_from();
$without = traced(['-m']);
$with = traced(['-d', "extension=$so", '-m']);
foreach ($with as $call => $count) {
    $more = $count - ($without[$call] ?? 0);
    // The loader brings in the file, and what it was linked with.
    if ($more > 0 && ! preg_match('~^(access|openat|newfstatat|execve|readlink|stat|open) (\S*\.so(\.\d+)*|\S*/php\S*|/etc/ld\.so\.\w+|)$~', $call)) {
        echo "$call ($more more)\n";
    }
}
// The same glass shows it when there is something to be seen.
$seen = implode(' ', array_keys(traced(['-d', "extension=$so", '-r', head(null, ['API_URL' => 'http://127.0.0.1:9/']) . 'try { label(); } catch (Exception $e) { }'])));
echo str_contains($seen, 'clone') ? 'a thread is seen' : 'none', "\n";
?>
--EXPECT--
a thread is seen
