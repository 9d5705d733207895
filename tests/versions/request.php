<?php
/**
 * A request of tests/versions/embed.c: a simulator and names of its own, the whole way to an alias and a certificate, and
 * an exception beside it. Returns "ok" or what is wrong.
 */

declare(strict_types=1);

// Only PHP's command line has it.
defined('STDERR') || define('STDERR', fopen('php://stderr', 'w'));
require_once dirname(__DIR__) . '/phpt/sim.inc';

return (static function () use ($round, $thread, $request): string {
    if (! extension_loaded('wu_cloudways')) {
        return 'the extension is not loaded';
    }
    $own = "r$round-t$thread-n$request.example";
    $sim = Sim::start();
    $sim->here($own, "www.$own");
    $report = settle([$own]);
    if ('ok' !== $report['status']) {
        return 'status: ' . json_encode($report);
    }
    if (array_keys($report['domains']) !== [$own, "www.$own", 'network.example']) {
        return 'other names: ' . json_encode(array_keys($report['domains']));
    }
    if (array_diff([$own, "www.$own"], $sim->aliases()) || ! in_array($own, $sim->certificate()['ssl_domains'], true)) {
        return 'at Cloudways: ' . json_encode([$sim->aliases(), $sim->certificate()]);
    }
    $said = thrown(static fn () => wu_cloudways_sync([$own], ['no-such-option' => $thread]));
    if (! str_contains($said, 'no-such-option')) {
        return "thrown: $said";
    }
    // Nothing of another thread's constants is to be seen in this one.
    foreach (array_filter($sim->requests(), static fn (string $request): bool => str_contains($request, '.example')) as $request) {
        if (! str_contains($request, $own)) {
            return "asked for: $request";
        }
    }
    return 'ok';
})();
