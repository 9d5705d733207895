<?php
/**
 * The documentation of every function, class and method of the extension: name to docblock, for scripts/stubs, which
 * puts it above the signature that the extension itself has. What is said twice is written once.
 *
 * The array shapes are understood by PHPStan and Psalm. The tests check real reports against them.
 */

declare(strict_types=1);

$note = 'array{code: string, args: array<string, mixed>, text: string, remedy: string}';

$plan = <<<'SHAPE'
array{
    fingerprint: string,
    actions: list<
        array{action: 'set_aliases', add: list<string>, remove: list<string>}
        |array{action: 'order_certificate', names: list<string>}
        |array{action: 'prove_wildcard', names: list<string>}
        |array{action: 'switch_auto_renewal_on'}
    >,
}
SHAPE;

$domain = 'string|array{domain: string, www?: bool|null, priority?: int|null}';

$probe = 'array{path: non-empty-string, body: non-empty-string}';

$options = <<<SHAPE
array{
    state?: array<array-key, mixed>|null,
    www?: 'always'|'main_only'|'never'|null,
    removed?: array<array-key, {$domain}>|null,
    network_domain?: string|null,
    sys_user?: non-empty-string|null,
    adopt?: array<array-key, string>|null,
    release?: array<array-key, string>|null,
    ssl?: bool|null,
    deadline?: int<1, 3600>|float|null,
    force?: bool|null,
    fingerprint?: string|null,
    probe?: {$probe}|null,
    interrupted?: bool|null,
}
SHAPE;

$indented_plan = str_replace("\n", "\n    ", $plan);

$connection = <<<'SHAPE'
array{
    token: 'access_token'|'legacy_key',
    server: array{id: int, label: string},
    application: array{
        id: int,
        label: string,
        fqdn: string|null,
        primary: string|null,
        sys_user: string|null,
        aliases: int,
    },
    addresses: list<string>,
    rights: array{read: 'yes'|'no'|'unknown', write: 'yes'|'no'|'unknown'},
}
SHAPE;

$indented_connection = str_replace("\n", "\n    ", $connection);

$report = <<<SHAPE
array{
    version: 1,
    status: 'ok'|'pending'|'partial'|'changes_pending',
    next_at: int|null,
    aliases: array{
        observed: list<string>,
        desired: list<string>,
        added: list<string>,
        removed: list<string>,
        withheld: list<string>,
        kept: list<string>,
        sent: list<string>|null,
    },
    certificate: array{
        installed: array{
            names: list<string>,
            type: 'le'|'wc'|'custom',
            auto: bool|null,
            issuer?: string,
            not_after?: int,
        }|null,
        wanted: list<string>,
        ordered: list<string>|null,
        limit: int,
        left_out: list<string>,
        budget: array{
            left: int,
            of: int,
            domain: string|null,
            left_of_this_set: int,
            next_order_at: int|null,
        }|null,
        note?: {$note},
    },
    domains: array<array-key, array{
        source: 'mapped'|'www'|'extra'|'network'|'primary',
        alias: 'present'|'added'|'removed'|'missing'|'pending'|'withheld'|'set_aside'
            |'invalid'|'primary'|'by_wildcard',
        dns: array{
            verdict: 'here'|'elsewhere'|'proxied'|'missing'|'unknown'|'not_asked',
            addresses?: list<string>,
            cname?: list<string>,
        }|null,
        certificate: 'covered'|'ordered'|'waiting'|'blocked'|'left_out'|'none',
        note?: {$note},
    }>,
    connection: {$indented_connection},
    operation: array{id: string, kind: string, ours: bool, since: int, estimate_s: int|null}|null,
    plan: {$indented_plan},
    error: array{
        code: string,
        message: string,
        remedy: string,
        retry_after: int|null,
        details: array<string, mixed>,
    }|null,
    warnings: list<{$note}>,
    requests: int,
    elapsed_ms: int,
    state: array<string, mixed>,
}
SHAPE;

$domains_argument = <<<'TEXT'
`$domains` are the names that are mapped: plain names, or arrays with
- `domain`: the name. Upper case, one trailing dot and Unicode are normalised; what is no domain name is `invalid` in the
  report, and the others go through;
- `www`: whether it gets an alias with `www.` in front (default: the option `www`);
- `priority`: a higher one gets certificate space first (default 0).
TEXT;

$options_argument = <<<'TEXT'
`$options`, all optional; null means not given, unknown keys are errors:
- `state`: the `state` of the last report. Without it nothing is removed at Cloudways;
- `www`: which domains get a `www.` alias where they do not say so themselves: `always` (default), `main_only` (those that
  are no subdomains, by the public suffix list) or `never`;
- `removed`: domains whose mapping ended, written as in `$domains`;
- `network_domain`: the domain of the network, without a port; names under it get no `www.`;
- `sys_user`: the system user that the site runs as. Where it is not the application's, the call is refused: a copy of
  the site must not write;
- `adopt`: aliases at Cloudways that become ours, so that they are removed once they are not wanted;
- `release`: aliases of ours that are left alone from now on;
- `ssl`: whether the certificate is looked after (default true);
- `deadline`: seconds for the whole call, 1 to 3600 (default 20);
- `force`: a person accepts the removals that would be withheld (default false);
- `fingerprint`: the `plan.fingerprint` of a report; exactly that plan is carried out, or none;
- `probe`: a static file that the site serves, as `path`, which begins with `/.well-known/acme-challenge/`, and `body`, 1
  to 1024 visible ASCII characters. Names that point to a proxy are asked for it over HTTP: those that answer with it
  qualify for the certificate;
- `interrupted`: the last call never came back (default false).
TEXT;

$constants = <<<'TEXT'
The credentials are constants, never arguments: WU_CLOUDWAYS_EMAIL, WU_CLOUDWAYS_API_KEY, WU_CLOUDWAYS_SERVER_ID and
WU_CLOUDWAYS_APP_ID.
TEXT;

$throws = <<<'TEXT'
@throws \WuCloudways\Exception\ConfigException constants are missing or malformed, or server or application are not in
    the account
@throws \WuCloudways\Exception\RefusedException the site is not the application's, or the plan is not the one asked for
@throws \WuCloudways\Exception\AuthException the credentials are refused, or do not include an endpoint
@throws \WuCloudways\Exception\RateLimitException there were too many requests
@throws \WuCloudways\Exception\BusyException the server is busy with an operation that has no name
@throws \WuCloudways\Exception\ApiException the API refused, is not available, or is not understood
@throws \TypeError an argument, or a key in it, has the wrong type
@throws \ValueError an argument, or a key in it, has a value that cannot be used; the key is named
TEXT;

$throws_reading = preg_replace('/^@throws .*RefusedException.*\n/m', '', $throws);

return [
    'wu_cloudways_sync' => <<<TEXT
        Brings the aliases and the Let's Encrypt certificate of the Cloudways application in step with the mapped domains.

        {$constants}

        {$domains_argument}

        {$options_argument}

        An exception means that nothing was written. From the first write on there is always a report: keep its `state`
        and give it back next time, and call again at `next_at` while it is not null. `status` is `pending` (it goes on
        by itself at `next_at`: seconds away where an operation runs at Cloudways, hours where an order waits for its
        time, which `certificate.note` explains), `partial` (something is withheld, blocked or failed) or `ok`; with
        WU_CLOUDWAYS_DRY_RUN it may be `changes_pending`.

        @param array<array-key, {$domain}> \$domains
        @param {$options} \$options
        @return {$report}
        {$throws}
        TEXT,

    'wu_cloudways_plan' => <<<TEXT
        Says what wu_cloudways_sync() would do, and writes nothing.

        {$constants}

        {$domains_argument}

        {$options_argument}

        `status` is `changes_pending` or `ok`, `state` comes back as it was given, and `plan.fingerprint` may be handed
        to wu_cloudways_sync().

        @param array<array-key, {$domain}> \$domains
        @param {$options} \$options
        @return {$report}
        {$throws}
        TEXT,

    'wu_cloudways_check_dns' => <<<TEXT
        Says where names point, against the public addresses of the Cloudways server.

        {$constants}

        The answer has an entry for each name, in their order: `here` (every address is the server's), `elsewhere`,
        `missing`, `unknown` (it could not be found out), or `not_asked` for what is no domain name. With `probe`, a name
        that points elsewhere and answers with its body is `proxied`.

        `\$options` knows `deadline`, seconds for the whole call, 1 to 3600 (default 20), and `probe` as wu_cloudways_sync()
        does.

        @param array<array-key, string> \$names
        @param array{deadline?: int<1, 3600>|float|null, probe?: {$probe}|null} \$options
        @return array<array-key, array{
            verdict: 'here'|'elsewhere'|'proxied'|'missing'|'unknown'|'not_asked',
            addresses: list<string>,
            cname: string|null,
            note: {$note}|null,
        }>
        {$throws_reading}
        TEXT,

    'wu_cloudways_test_connection' => <<<TEXT
        Tries the credentials with one read, and says what they open.

        {$constants}

        Whether they may write cannot be known without writing.

        `\$options` knows `deadline` only: seconds for the whole call, 1 to 3600 (default 20).

        @param array{deadline?: int<1, 3600>|float|null} \$options
        @return {$connection}
        {$throws_reading}
        TEXT,

    'WuCloudways\Exception\Exception' => <<<'TEXT'
        Nothing was written at Cloudways. getCode() is the exit code that the command line gives: 10 to 17.
        TEXT,

    'WuCloudways\Exception\Exception::getErrorCode' => <<<'TEXT'
        The error as a word for programs, an empty one where the exception was not thrown by the extension:
        `config_invalid`, `plan_refused`, `auth_failed`, `scope_missing`, `rate_limited`, `busy`, `api_rejected`,
        `api_unavailable` or `api_protocol`.
        TEXT,

    'WuCloudways\Exception\Exception::getRemedy' => <<<'TEXT'
        What to do about it, in English.
        TEXT,

    'WuCloudways\Exception\Exception::getDetails' => <<<'TEXT'
        The facts behind the message, for translation. They hold no secret.

        @return array<string, mixed>
        TEXT,

    'WuCloudways\Exception\Exception::getRetryAfter' => <<<'TEXT'
        Seconds until another call makes sense; null where that is not known, or no call would help.
        TEXT,

    'WuCloudways\Exception\ConfigException' => <<<'TEXT'
        `config_invalid` (10): constants are missing or malformed, all of them are listed, or server or application are not
        in the account.
        TEXT,

    'WuCloudways\Exception\RefusedException' => <<<'TEXT'
        `plan_refused` (11): the plan is not the one that was asked for, or the site that asks is not the application's.
        TEXT,

    'WuCloudways\Exception\RefusedException::getPlan' => <<<TEXT
        The plan as it would be now; null where none was made.

        @return {$plan}|null
        TEXT,

    'WuCloudways\Exception\AuthException' => <<<'TEXT'
        `auth_failed` (12): the credentials are refused. `scope_missing` (12): the token's role lacks an endpoint, which is
        named.
        TEXT,

    'WuCloudways\Exception\RateLimitException' => <<<'TEXT'
        `rate_limited` (13): too many requests; see getRetryAfter().
        TEXT,

    'WuCloudways\Exception\BusyException' => <<<'TEXT'
        `busy` (14): the server is busy with another operation, and the API does not say which.
        TEXT,

    'WuCloudways\Exception\ApiException' => <<<'TEXT'
        `api_rejected` (15): the API understood and refused. `api_unavailable` (16): it gave no usable answer.
        `api_protocol` (17): its answer cannot be understood.
        TEXT,
];
