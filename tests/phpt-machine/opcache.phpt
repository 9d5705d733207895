--TEST--
Opcache: a preloaded script that calls and extends, and code that the JIT compiled
--FILE--
<?php
require __DIR__ . '/../phpt/sim.inc';
require __DIR__ . '/../phpt/other.inc';

$sim = Sim::start();
$preload = tempnam(sys_get_temp_dir(), 'wu');
file_put_contents($preload, '<?php ' . head($sim) . <<<'PHP'
class Mine extends WuCloudways\Exception\ApiException { public int $more = 3; }
function hot(int $n): int {
    $seen = 0;
    for ($i = 0; $i < $n; $i++) {
        try { wu_cloudways_plan([], ['nothing' => $i]); } catch (ValueError $e) { $seen += (int) str_contains($e->getMessage(), 'nothing'); }
        try { throw new Mine("m$i", 4); } catch (WuCloudways\Exception\Exception $e) { $seen += $e->more + count($e->getDetails()); }
    }
    return $seen;
}
echo 'first ', label(), ', ';
PHP);
$opcache = PHP_VERSION_ID < 80500 ? ['-d', 'zend_extension=opcache.so'] : [];
$run = fn (array $more, string $code) => show(php($code, [...$opcache, '-d', 'opcache.enable_cli=1', '-d', 'extension=' . loaded_from(), ...$more]));
$run(['-d', "opcache.preload=$preload", '-d', 'opcache.preload_user=root'], head($sim)
    . 'echo opcache_get_status()["preload_statistics"]["classes"][0], " ", hot(50), " ", label(), " ", get_parent_class("Mine");');
foreach (['tracing', 'function'] as $jit) {
    $run(['-d', 'opcache.jit_buffer_size=16M', '-d', "opcache.jit=$jit", '-d', 'opcache.jit_hot_loop=8', '-d', 'opcache.jit_hot_func=8', '-d', 'opcache.jit_hot_return=4'],
        "require '$preload'; echo json_encode(opcache_get_status()['jit']['on']), ' ', hot(3000), ' ', label();");
}
unlink($preload);
?>
--EXPECT--
first network, Mine 200 network WuCloudways\Exception\ApiException -> 0
first network, true 12000 network -> 0
first network, true 12000 network -> 0
