<?php

/**
 * The functions and classes of the extension wu_cloudways, for IDEs and static analysis. It is not to be loaded:
 * the extension itself defines them. Written by scripts/stubs.
 */

namespace {

    /**
     * Brings the aliases and the Let's Encrypt certificate of the Cloudways application in step with the mapped domains.
     *
     * The credentials are constants, never arguments: WU_CLOUDWAYS_EMAIL, WU_CLOUDWAYS_API_KEY, WU_CLOUDWAYS_SERVER_ID and
     * WU_CLOUDWAYS_APP_ID.
     *
     * `$domains` are the names that are mapped: plain names, or arrays with
     * - `domain`: the name. Upper case, one trailing dot and Unicode are normalised; what is no domain name is `invalid` in the
     *   report, and the others go through;
     * - `www`: whether it gets an alias with `www.` in front (default: the option `www`);
     * - `priority`: a higher one gets certificate space first (default 0).
     *
     * `$options`, all optional; null means not given, unknown keys are errors:
     * - `state`: the `state` of the last report. Without it nothing is removed at Cloudways;
     * - `www`: which domains get a `www.` alias where they do not say so themselves: `always` (default), `main_only` (those that
     *   are no subdomains, by the public suffix list) or `never`;
     * - `removed`: domains whose mapping ended, written as in `$domains`;
     * - `network_domain`: the domain of the network, without a port; names under it get no `www.`;
     * - `sys_user`: the system user that the site runs as. Where it is not the application's, the call is refused: a copy of
     *   the site must not write;
     * - `adopt`: aliases at Cloudways that become ours, so that they are removed once they are not wanted;
     * - `release`: aliases of ours that are left alone from now on;
     * - `ssl`: whether the certificate is looked after (default true);
     * - `deadline`: seconds for the whole call, 1 to 3600 (default 20);
     * - `force`: a person accepts the removals that would be withheld (default false);
     * - `fingerprint`: the `plan.fingerprint` of a report; exactly that plan is carried out, or none;
     * - `probe`: a static file that the site serves, as `path`, which begins with `/.well-known/acme-challenge/`, and `body`, 1
     *   to 1024 visible ASCII characters. Names that point to a proxy are asked for it over HTTP: those that answer with it
     *   qualify for the certificate;
     * - `interrupted`: the last call never came back (default false).
     *
     * An exception means that nothing was written. From the first write on there is always a report: keep its `state`
     * and give it back next time, and call again at `next_at` while it is not null. `status` is `pending` (it goes on
     * by itself at `next_at`: seconds away where an operation runs at Cloudways, hours where an order waits for its
     * time, which `certificate.note` explains), `partial` (something is withheld, blocked or failed) or `ok`; with
     * WU_CLOUDWAYS_DRY_RUN it may be `changes_pending`.
     *
     * @param array<array-key, string|array{domain: string, www?: bool|null, priority?: int|null}> $domains
     * @param array{
     *     state?: array<array-key, mixed>|null,
     *     www?: 'always'|'main_only'|'never'|null,
     *     removed?: array<array-key, string|array{domain: string, www?: bool|null, priority?: int|null}>|null,
     *     network_domain?: string|null,
     *     sys_user?: non-empty-string|null,
     *     adopt?: array<array-key, string>|null,
     *     release?: array<array-key, string>|null,
     *     ssl?: bool|null,
     *     deadline?: int<1, 3600>|float|null,
     *     force?: bool|null,
     *     fingerprint?: string|null,
     *     probe?: array{path: non-empty-string, body: non-empty-string}|null,
     *     interrupted?: bool|null,
     * } $options
     * @return array{
     *     version: 1,
     *     status: 'ok'|'pending'|'partial'|'changes_pending',
     *     next_at: int|null,
     *     aliases: array{
     *         observed: list<string>,
     *         desired: list<string>,
     *         added: list<string>,
     *         removed: list<string>,
     *         withheld: list<string>,
     *         kept: list<string>,
     *         sent: list<string>|null,
     *     },
     *     certificate: array{
     *         installed: array{
     *             names: list<string>,
     *             type: 'le'|'wc'|'custom',
     *             auto: bool|null,
     *             issuer?: string,
     *             not_after?: int,
     *         }|null,
     *         wanted: list<string>,
     *         ordered: list<string>|null,
     *         limit: int,
     *         left_out: list<string>,
     *         budget: array{
     *             left: int,
     *             of: int,
     *             domain: string|null,
     *             left_of_this_set: int,
     *             next_order_at: int|null,
     *         }|null,
     *         note?: array{code: string, args: array<string, mixed>, text: string, remedy: string},
     *     },
     *     domains: array<array-key, array{
     *         source: 'mapped'|'www'|'extra'|'network'|'primary',
     *         alias: 'present'|'added'|'removed'|'missing'|'pending'|'withheld'|'set_aside'
     *             |'invalid'|'primary'|'by_wildcard',
     *         dns: array{
     *             verdict: 'here'|'elsewhere'|'proxied'|'missing'|'unknown'|'not_asked',
     *             addresses?: list<string>,
     *             cname?: list<string>,
     *         }|null,
     *         certificate: 'covered'|'ordered'|'waiting'|'blocked'|'left_out'|'none',
     *         note?: array{code: string, args: array<string, mixed>, text: string, remedy: string},
     *     }>,
     *     connection: array{
     *         token: 'access_token'|'legacy_key',
     *         server: array{id: int, label: string},
     *         application: array{
     *             id: int,
     *             label: string,
     *             fqdn: string|null,
     *             primary: string|null,
     *             sys_user: string|null,
     *             aliases: int,
     *         },
     *         addresses: list<string>,
     *         rights: array{read: 'yes'|'no'|'unknown', write: 'yes'|'no'|'unknown'},
     *     },
     *     operation: array{id: string, kind: string, ours: bool, since: int, estimate_s: int|null}|null,
     *     plan: array{
     *         fingerprint: string,
     *         actions: list<
     *             array{action: 'set_aliases', add: list<string>, remove: list<string>}
     *             |array{action: 'order_certificate', names: list<string>}
     *             |array{action: 'prove_wildcard', names: list<string>}
     *             |array{action: 'switch_auto_renewal_on'}
     *         >,
     *     },
     *     error: array{
     *         code: string,
     *         message: string,
     *         remedy: string,
     *         retry_after: int|null,
     *         details: array<string, mixed>,
     *     }|null,
     *     warnings: list<array{code: string, args: array<string, mixed>, text: string, remedy: string}>,
     *     requests: int,
     *     elapsed_ms: int,
     *     state: array<string, mixed>,
     * }
     * @throws \WuCloudways\Exception\ConfigException constants are missing or malformed, or server or application are not in
     *     the account
     * @throws \WuCloudways\Exception\RefusedException the site is not the application's, or the plan is not the one asked for
     * @throws \WuCloudways\Exception\AuthException the credentials are refused, or do not include an endpoint
     * @throws \WuCloudways\Exception\RateLimitException there were too many requests
     * @throws \WuCloudways\Exception\BusyException the server is busy with an operation that has no name
     * @throws \WuCloudways\Exception\ApiException the API refused, is not available, or is not understood
     * @throws \TypeError an argument, or a key in it, has the wrong type
     * @throws \ValueError an argument, or a key in it, has a value that cannot be used; the key is named
     */
    function wu_cloudways_sync(array $domains, array $options = []): array
    {
        throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
    }

    /**
     * Says what wu_cloudways_sync() would do, and writes nothing.
     *
     * The credentials are constants, never arguments: WU_CLOUDWAYS_EMAIL, WU_CLOUDWAYS_API_KEY, WU_CLOUDWAYS_SERVER_ID and
     * WU_CLOUDWAYS_APP_ID.
     *
     * `$domains` are the names that are mapped: plain names, or arrays with
     * - `domain`: the name. Upper case, one trailing dot and Unicode are normalised; what is no domain name is `invalid` in the
     *   report, and the others go through;
     * - `www`: whether it gets an alias with `www.` in front (default: the option `www`);
     * - `priority`: a higher one gets certificate space first (default 0).
     *
     * `$options`, all optional; null means not given, unknown keys are errors:
     * - `state`: the `state` of the last report. Without it nothing is removed at Cloudways;
     * - `www`: which domains get a `www.` alias where they do not say so themselves: `always` (default), `main_only` (those that
     *   are no subdomains, by the public suffix list) or `never`;
     * - `removed`: domains whose mapping ended, written as in `$domains`;
     * - `network_domain`: the domain of the network, without a port; names under it get no `www.`;
     * - `sys_user`: the system user that the site runs as. Where it is not the application's, the call is refused: a copy of
     *   the site must not write;
     * - `adopt`: aliases at Cloudways that become ours, so that they are removed once they are not wanted;
     * - `release`: aliases of ours that are left alone from now on;
     * - `ssl`: whether the certificate is looked after (default true);
     * - `deadline`: seconds for the whole call, 1 to 3600 (default 20);
     * - `force`: a person accepts the removals that would be withheld (default false);
     * - `fingerprint`: the `plan.fingerprint` of a report; exactly that plan is carried out, or none;
     * - `probe`: a static file that the site serves, as `path`, which begins with `/.well-known/acme-challenge/`, and `body`, 1
     *   to 1024 visible ASCII characters. Names that point to a proxy are asked for it over HTTP: those that answer with it
     *   qualify for the certificate;
     * - `interrupted`: the last call never came back (default false).
     *
     * `status` is `changes_pending` or `ok`, `state` comes back as it was given, and `plan.fingerprint` may be handed
     * to wu_cloudways_sync().
     *
     * @param array<array-key, string|array{domain: string, www?: bool|null, priority?: int|null}> $domains
     * @param array{
     *     state?: array<array-key, mixed>|null,
     *     www?: 'always'|'main_only'|'never'|null,
     *     removed?: array<array-key, string|array{domain: string, www?: bool|null, priority?: int|null}>|null,
     *     network_domain?: string|null,
     *     sys_user?: non-empty-string|null,
     *     adopt?: array<array-key, string>|null,
     *     release?: array<array-key, string>|null,
     *     ssl?: bool|null,
     *     deadline?: int<1, 3600>|float|null,
     *     force?: bool|null,
     *     fingerprint?: string|null,
     *     probe?: array{path: non-empty-string, body: non-empty-string}|null,
     *     interrupted?: bool|null,
     * } $options
     * @return array{
     *     version: 1,
     *     status: 'ok'|'pending'|'partial'|'changes_pending',
     *     next_at: int|null,
     *     aliases: array{
     *         observed: list<string>,
     *         desired: list<string>,
     *         added: list<string>,
     *         removed: list<string>,
     *         withheld: list<string>,
     *         kept: list<string>,
     *         sent: list<string>|null,
     *     },
     *     certificate: array{
     *         installed: array{
     *             names: list<string>,
     *             type: 'le'|'wc'|'custom',
     *             auto: bool|null,
     *             issuer?: string,
     *             not_after?: int,
     *         }|null,
     *         wanted: list<string>,
     *         ordered: list<string>|null,
     *         limit: int,
     *         left_out: list<string>,
     *         budget: array{
     *             left: int,
     *             of: int,
     *             domain: string|null,
     *             left_of_this_set: int,
     *             next_order_at: int|null,
     *         }|null,
     *         note?: array{code: string, args: array<string, mixed>, text: string, remedy: string},
     *     },
     *     domains: array<array-key, array{
     *         source: 'mapped'|'www'|'extra'|'network'|'primary',
     *         alias: 'present'|'added'|'removed'|'missing'|'pending'|'withheld'|'set_aside'
     *             |'invalid'|'primary'|'by_wildcard',
     *         dns: array{
     *             verdict: 'here'|'elsewhere'|'proxied'|'missing'|'unknown'|'not_asked',
     *             addresses?: list<string>,
     *             cname?: list<string>,
     *         }|null,
     *         certificate: 'covered'|'ordered'|'waiting'|'blocked'|'left_out'|'none',
     *         note?: array{code: string, args: array<string, mixed>, text: string, remedy: string},
     *     }>,
     *     connection: array{
     *         token: 'access_token'|'legacy_key',
     *         server: array{id: int, label: string},
     *         application: array{
     *             id: int,
     *             label: string,
     *             fqdn: string|null,
     *             primary: string|null,
     *             sys_user: string|null,
     *             aliases: int,
     *         },
     *         addresses: list<string>,
     *         rights: array{read: 'yes'|'no'|'unknown', write: 'yes'|'no'|'unknown'},
     *     },
     *     operation: array{id: string, kind: string, ours: bool, since: int, estimate_s: int|null}|null,
     *     plan: array{
     *         fingerprint: string,
     *         actions: list<
     *             array{action: 'set_aliases', add: list<string>, remove: list<string>}
     *             |array{action: 'order_certificate', names: list<string>}
     *             |array{action: 'prove_wildcard', names: list<string>}
     *             |array{action: 'switch_auto_renewal_on'}
     *         >,
     *     },
     *     error: array{
     *         code: string,
     *         message: string,
     *         remedy: string,
     *         retry_after: int|null,
     *         details: array<string, mixed>,
     *     }|null,
     *     warnings: list<array{code: string, args: array<string, mixed>, text: string, remedy: string}>,
     *     requests: int,
     *     elapsed_ms: int,
     *     state: array<string, mixed>,
     * }
     * @throws \WuCloudways\Exception\ConfigException constants are missing or malformed, or server or application are not in
     *     the account
     * @throws \WuCloudways\Exception\RefusedException the site is not the application's, or the plan is not the one asked for
     * @throws \WuCloudways\Exception\AuthException the credentials are refused, or do not include an endpoint
     * @throws \WuCloudways\Exception\RateLimitException there were too many requests
     * @throws \WuCloudways\Exception\BusyException the server is busy with an operation that has no name
     * @throws \WuCloudways\Exception\ApiException the API refused, is not available, or is not understood
     * @throws \TypeError an argument, or a key in it, has the wrong type
     * @throws \ValueError an argument, or a key in it, has a value that cannot be used; the key is named
     */
    function wu_cloudways_plan(array $domains, array $options = []): array
    {
        throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
    }

    /**
     * Says where names point, against the public addresses of the Cloudways server.
     *
     * The credentials are constants, never arguments: WU_CLOUDWAYS_EMAIL, WU_CLOUDWAYS_API_KEY, WU_CLOUDWAYS_SERVER_ID and
     * WU_CLOUDWAYS_APP_ID.
     *
     * The answer has an entry for each name, in their order: `here` (every address is the server's), `elsewhere`,
     * `missing`, `unknown` (it could not be found out), or `not_asked` for what is no domain name. With `probe`, a name
     * that points elsewhere and answers with its body is `proxied`.
     *
     * `$options` knows `deadline`, seconds for the whole call, 1 to 3600 (default 20), and `probe` as wu_cloudways_sync()
     * does.
     *
     * @param array<array-key, string> $names
     * @param array{deadline?: int<1, 3600>|float|null, probe?: array{path: non-empty-string, body: non-empty-string}|null} $options
     * @return array<array-key, array{
     *     verdict: 'here'|'elsewhere'|'proxied'|'missing'|'unknown'|'not_asked',
     *     addresses: list<string>,
     *     cname: string|null,
     *     note: array{code: string, args: array<string, mixed>, text: string, remedy: string}|null,
     * }>
     * @throws \WuCloudways\Exception\ConfigException constants are missing or malformed, or server or application are not in
     *     the account
     * @throws \WuCloudways\Exception\AuthException the credentials are refused, or do not include an endpoint
     * @throws \WuCloudways\Exception\RateLimitException there were too many requests
     * @throws \WuCloudways\Exception\BusyException the server is busy with an operation that has no name
     * @throws \WuCloudways\Exception\ApiException the API refused, is not available, or is not understood
     * @throws \TypeError an argument, or a key in it, has the wrong type
     * @throws \ValueError an argument, or a key in it, has a value that cannot be used; the key is named
     */
    function wu_cloudways_check_dns(array $names, array $options = []): array
    {
        throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
    }

    /**
     * Tries the credentials with one read, and says what they open.
     *
     * The credentials are constants, never arguments: WU_CLOUDWAYS_EMAIL, WU_CLOUDWAYS_API_KEY, WU_CLOUDWAYS_SERVER_ID and
     * WU_CLOUDWAYS_APP_ID.
     *
     * Whether they may write cannot be known without writing.
     *
     * `$options` knows `deadline` only: seconds for the whole call, 1 to 3600 (default 20).
     *
     * @param array{deadline?: int<1, 3600>|float|null} $options
     * @return array{
     *     token: 'access_token'|'legacy_key',
     *     server: array{id: int, label: string},
     *     application: array{
     *         id: int,
     *         label: string,
     *         fqdn: string|null,
     *         primary: string|null,
     *         sys_user: string|null,
     *         aliases: int,
     *     },
     *     addresses: list<string>,
     *     rights: array{read: 'yes'|'no'|'unknown', write: 'yes'|'no'|'unknown'},
     * }
     * @throws \WuCloudways\Exception\ConfigException constants are missing or malformed, or server or application are not in
     *     the account
     * @throws \WuCloudways\Exception\AuthException the credentials are refused, or do not include an endpoint
     * @throws \WuCloudways\Exception\RateLimitException there were too many requests
     * @throws \WuCloudways\Exception\BusyException the server is busy with an operation that has no name
     * @throws \WuCloudways\Exception\ApiException the API refused, is not available, or is not understood
     * @throws \TypeError an argument, or a key in it, has the wrong type
     * @throws \ValueError an argument, or a key in it, has a value that cannot be used; the key is named
     */
    function wu_cloudways_test_connection(array $options = []): array
    {
        throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
    }
}

namespace WuCloudways\Exception {

    /**
     * Nothing was written at Cloudways. getCode() is the exit code that the command line gives: 10 to 17.
     */
    class Exception extends \Exception
    {
        /**
         * The error as a word for programs, an empty one where the exception was not thrown by the extension:
         * `config_invalid`, `plan_refused`, `auth_failed`, `scope_missing`, `rate_limited`, `busy`, `api_rejected`,
         * `api_unavailable` or `api_protocol`.
         */
        public function getErrorCode(): string
        {
            throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
        }

        /**
         * What to do about it, in English.
         */
        public function getRemedy(): string
        {
            throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
        }

        /**
         * The facts behind the message, for translation. They hold no secret.
         *
         * @return array<string, mixed>
         */
        public function getDetails(): array
        {
            throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
        }

        /**
         * Seconds until another call makes sense; null where that is not known, or no call would help.
         */
        public function getRetryAfter(): ?int
        {
            throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
        }
    }

    /**
     * `config_invalid` (10): constants are missing or malformed, all of them are listed, or server or application are not
     * in the account.
     */
    class ConfigException extends \WuCloudways\Exception\Exception
    {
    }

    /**
     * `plan_refused` (11): the plan is not the one that was asked for, or the site that asks is not the application's.
     */
    class RefusedException extends \WuCloudways\Exception\Exception
    {
        /**
         * The plan as it would be now; null where none was made.
         *
         * @return array{
         *     fingerprint: string,
         *     actions: list<
         *         array{action: 'set_aliases', add: list<string>, remove: list<string>}
         *         |array{action: 'order_certificate', names: list<string>}
         *         |array{action: 'prove_wildcard', names: list<string>}
         *         |array{action: 'switch_auto_renewal_on'}
         *     >,
         * }|null
         */
        public function getPlan(): ?array
        {
            throw new \LogicException('The extension wu_cloudways defines this, not its stub.');
        }
    }

    /**
     * `auth_failed` (12): the credentials are refused. `scope_missing` (12): the token's role lacks an endpoint, which is
     * named.
     */
    class AuthException extends \WuCloudways\Exception\Exception
    {
    }

    /**
     * `rate_limited` (13): too many requests; see getRetryAfter().
     */
    class RateLimitException extends \WuCloudways\Exception\Exception
    {
    }

    /**
     * `busy` (14): the server is busy with another operation, and the API does not say which.
     */
    class BusyException extends \WuCloudways\Exception\Exception
    {
    }

    /**
     * `api_rejected` (15): the API understood and refused. `api_unavailable` (16): it gave no usable answer.
     * `api_protocol` (17): its answer cannot be understood.
     */
    class ApiException extends \WuCloudways\Exception\Exception
    {
    }
}
