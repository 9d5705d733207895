--TEST--
No network, no DNS servers, no CA store: a clear error with a remedy, in time, and no panic
--FILE--
<?php
require __DIR__ . '/../phpt/sim.inc';
require __DIR__ . '/../phpt/other.inc';

$sim = Sim::start();
$folder = sys_get_temp_dir() . '/wu-bad-' . getmypid();
mkdir("$folder/none", 0700, true);
file_put_contents("$folder/empty", '');
file_put_contents("$folder/garbage", "nameserver\n\0\xff\xfe nameserver ::::1\nnameserver 999.1.1.1\n-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
file_put_contents("$folder/nobody", "nameserver 127.0.0.1\n");
$silent = stream_socket_server('tcp://127.0.0.1:0');
$tls = 'https://' . stream_socket_get_name($silent, false);

/** A PHP in namespaces of its own, `$over` covers a file or folder there by another. */
function bad(string $title, string $flags, array $over, string $api, array $env = [], string $dns = '', string $then = ''): void
{
    $mounts = '';
    foreach ($over as $what => $by) {
        $mounts .= "mount --bind '$by' \"\$(readlink -f '$what')\" && ";
    }
    $code = head(null, ['API_URL' => $api, 'DNS_SERVERS' => $dns ?: null]) . ($then ?: <<<'PHP'
    try {
        wu_cloudways_test_connection(['deadline' => 2]);
        echo 'nothing is wrong';
    } catch (WuCloudways\Exception\Exception $e) {
        echo $e->getErrorCode(), ': ', $e->getMessage(), "\n    ", $e->getRemedy();
    }
    PHP);
    $run = php($code, null, [], ['env', '-u', 'SSL_CERT_FILE', '-u', 'SSL_CERT_DIR', ...array_map(static fn ($name) => "$name={$env[$name]}", array_keys($env)), 'unshare', '--user', '--map-root-user', ...explode(' ', $flags), 'sh', '-c', $mounts . 'exec "$@"', 'sh']);
    show($run, $title);
    if ($run['seconds'] > 4) {
        echo "    too late\n";
    }
}

$dns = 'foreach (wu_cloudways_check_dns(["a.example", "b.example"], ["deadline" => 2]) as $one) { echo $one["verdict"], ": ", $one["note"]["text"], " "; }';
bad('no network', '--net', [], 'https://api.example/api/v2');
bad('no network, an address', '--net', [], 'https://127.0.0.1:9/api/v2');
foreach (['empty', 'garbage', 'nobody'] as $file) {
    bad("resolv.conf: $file", '--mount', ['/etc/resolv.conf' => "$folder/$file"], 'https://api.example/api/v2');
    bad("resolv.conf: $file, names", '--mount', ['/etc/resolv.conf' => "$folder/$file"], $sim->api, then: $dns);
}
bad('servers that are none', '--mount', [], $sim->api, dns: '127.0.0.1:9', then: $dns);
foreach (['none/missing', 'empty', 'garbage', 'none'] as $file) {
    bad("SSL_CERT_FILE: $file", '--mount', [], $tls, ['SSL_CERT_FILE' => "$folder/$file"]);
}
bad('SSL_CERT_DIR: missing', '--mount', [], $tls, ['SSL_CERT_DIR' => "$folder/none/missing"]);
bad('no /etc/ssl', '--mount', ['/etc/ssl' => "$folder/none"], $tls);
bad('without TLS it is not needed', '--mount', ['/etc/ssl' => "$folder/none"], $sim->api);
foreach (["empty", "garbage", "nobody"] as $file) {
    unlink("$folder/$file");
}
rmdir("$folder/none");
rmdir($folder);
?>
--EXPECTF--
no network: api_unavailable: the Cloudways API is not available (GET /server: no connection: api.example cannot be resolved: %s)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
no network, an address: api_unavailable: the Cloudways API is not available (GET /server: no connection: Network is unreachable (os error 101))
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
resolv.conf: empty: api_unavailable: the Cloudways API is not available (GET /server: no connection: /etc/resolv.conf: %s no nameservers found in config)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
resolv.conf: empty, names: unknown: Where a.example points could not be found out: no DNS server is configured on this machine. unknown: Where b.example points could not be found out: no DNS server is configured on this machine. -> 0
resolv.conf: garbage: api_unavailable: the Cloudways API is not available (GET /server: no connection: /etc/resolv.conf: %s no nameservers found in config)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
resolv.conf: garbage, names: unknown: Where a.example points could not be found out: no DNS server is configured on this machine. unknown: Where b.example points could not be found out: no DNS server is configured on this machine. -> 0
resolv.conf: nobody: api_unavailable: the Cloudways API is not available (GET /server: %s)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
resolv.conf: nobody, names: unknown: Where a.example points could not be found out: the DNS servers could not be asked, or their answer made no sense. unknown: Where b.example points could not be found out: the DNS servers could not be asked, or their answer made no sense. -> 0
servers that are none: unknown: Where a.example points could not be found out: the DNS servers could not be asked, or their answer made no sense. unknown: Where b.example points could not be found out: the DNS servers could not be asked, or their answer made no sense. -> 0
SSL_CERT_FILE: none/missing: api_unavailable: the Cloudways API is not available (GET /server: no connection: this machine has no CA certificates (package ca-certificates), so no API can be trusted)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
SSL_CERT_FILE: empty: api_unavailable: the Cloudways API is not available (GET /server: no connection: this machine has no CA certificates (package ca-certificates), so no API can be trusted)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
SSL_CERT_FILE: garbage: api_unavailable: the Cloudways API is not available (GET /server: no connection: this machine has no CA certificates (package ca-certificates), so no API can be trusted)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
SSL_CERT_FILE: none: api_unavailable: the Cloudways API is not available (GET /server: no connection: this machine has no CA certificates (package ca-certificates), so no API can be trusted)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
SSL_CERT_DIR: missing: api_unavailable: the Cloudways API is not available (GET /server: no connection: this machine has no CA certificates (package ca-certificates), so no API can be trusted)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
no /etc/ssl: api_unavailable: the Cloudways API is not available (GET /server: no connection: this machine has no CA certificates (package ca-certificates), so no API can be trusted)
    Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform. -> 0
without TLS it is not needed: nothing is wrong -> 0
