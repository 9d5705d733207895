<?php
// The way of Ultimate Multisite's own Cloudways module, written anew, inside WordPress: nothing is remembered, nothing is
// read from Cloudways, and no operation is looked after. For each domain there are two events. When it is mapped, the whole
// list of aliases is pushed; when its DNS was found right, DNS over HTTPS is asked for every name, one request after another,
// and a certificate is ordered for those that are right. Here the second follows the first at once, in one job.
//
// In its favour: cURL by itself, without WordPress's layers around it, and a token that has not to be fetched.

/** What happens for each domain that was mapped. */
function builtin_on_event(): void
{
    $names = builtin_names();
    builtin_post('/app/manage/aliases', ['aliases' => $names]);
    $right = array_values(array_filter($names, static fn (string $name) => in_array(BENCH_ADDRESS, builtin_addresses($name), true)));
    builtin_post('/security/lets_encrypt_install', [
        'ssl_email' => WU_CLOUDWAYS_EMAIL,
        'wild_card' => false,
        'ssl_domains' => array_values(array_unique([...$right, get_network()->domain])),
    ]);
}

/** @return list<string> every name in the table, and its www. */
function builtin_names(): array
{
    global $wpdb;
    $names = $wpdb->get_col("SELECT domain FROM {$wpdb->base_prefix}wu_domain_mappings");
    foreach ($names as $name) {
        if (WP_Ultimo\Managers\Domain_Manager::get_instance()->should_create_www_subdomain($name)) {
            $names[] = "www.$name";
        }
    }
    sort($names);
    return array_values(array_unique($names));
}

/** @return list<string> what DNS over HTTPS says of the name: a handle, a connection and a handshake for each */
function builtin_addresses(string $name): array
{
    $handle = curl_init(BENCH_DOH . '?name=' . rawurlencode($name));
    curl_setopt_array($handle, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => BENCH_DOH_CA, CURLOPT_TIMEOUT => 5]);
    $answer = json_decode((string) curl_exec($handle), true);
    return array_column($answer['Answer'] ?? [], 'data');
}

function builtin_post(string $endpoint, array $data): void
{
    $data += ['server_id' => WU_CLOUDWAYS_SERVER_ID, 'app_id' => WU_CLOUDWAYS_APP_ID];
    $handle = curl_init(strtok(WU_CLOUDWAYS_API_URL, '#') . $endpoint);
    curl_setopt_array($handle, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 45,
        CURLOPT_USERAGENT => 'WordPress',
        CURLOPT_POSTFIELDS => json_encode($data),
        CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'Authorization: Bearer ' . WU_CLOUDWAYS_API_KEY],
    ]);
    curl_exec($handle);
}
