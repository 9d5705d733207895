//! The API under `/api/v2`, as far as it is simulated. Each function says how well known is what it does:
//! *documented* (an official page), *observed* (against the live API, by third parties), *client practice*
//! (how working clients are written), or *open* (then there is a switch, or it is said that it is a guess).

use std::time::{Duration, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value, json};

use crate::authority::{self, MAX_NAMES};
use crate::fault::{Generate, path_matches};
use crate::log::LogEntry;
use crate::params::Params;
use crate::state::{
    AliasAnswer, App, AuthErrorBody, AutoAnswer, BoolStyle, CompletedStyle, Effect, ForeignResource, FpmEncoding,
    Operation, Outcome, RefusalBody, RetryAfter, Role, Server, ServerAliases, Session, State, Switches, VerifyRefusal,
    WildcardDns, dns_key,
};
use crate::world::Inner;

/// A request to the API.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    /// The path below `/api/v2`.
    pub(crate) path: &'a str,
    pub(crate) params: &'a Params,
    pub(crate) bearer: Option<&'a str>,
    /// From a fault: the operation that this request starts will fail.
    pub(crate) fail_operation: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Json(Value),
    Text { kind: &'static str, text: String },
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    pub(crate) fn html(status: u16, text: &str) -> Self {
        let text =
            format!("<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>{text}</h1></body></html>\n");
        Self { status, headers: Vec::new(), body: Body::Text { kind: "text/html", text } }
    }
}

/// The way out of a handler with a refusal.
type Handled = Result<Answer, Answer>;

/// Answers a request, with its effect on the state.
pub(crate) fn handle(inner: &mut Inner, call: &Call<'_>) -> Answer {
    inner.settle();
    let answer = match (call.method, call.path) {
        ("POST", "/oauth/access_token") => Ok(exchange(inner, call)),
        ("GET", "/server") => with_role(inner, call, get_server),
        ("POST", "/app/manage/aliases") => with_role(inner, call, post_aliases),
        ("POST", "/security/lets_encrypt_install") => with_role(inner, call, install_certificate),
        ("POST", "/security/lets_encrypt_auto") => with_role(inner, call, set_auto),
        ("POST", "/security/lets_encrypt_manual_renew") => with_role(inner, call, renew_certificate),
        ("POST", "/security/lets_encrypt_revoke") => with_role(inner, call, revoke_certificate),
        ("POST", "/security/createDNS") => with_role(inner, call, create_dns),
        ("POST", "/security/verifyDNS") => with_role(inner, call, verify_dns),
        ("GET", "/app/manage/fpm_setting") => with_role(inner, call, get_fpm_setting),
        ("POST", "/app/manage/fpm_setting") => with_role(inner, call, set_fpm_setting),
        ("GET", path) if path_matches("/operation/{id}", path) => with_role(inner, call, get_operation),
        // Client practice: an unknown path answers like this, whoever asks.
        _ => Ok(Answer::json(200, json!({"message": "You have reached Cloudways API."}))),
    };
    inner.settle();
    answer.unwrap_or_else(|refusal| refusal)
}

/// API v1 is not simulated: whoever calls it is to be seen, in the log and by the answer.
pub(crate) fn gone() -> Answer {
    Answer::json(410, json!({"message": "API v1 is not available."}))
}

/// Observed: a default User-Agent can be stopped before the API, with a 403 in HTML. Which ones: a guess.
pub(crate) fn edge(switches: &Switches, user_agent: &str) -> Option<Answer> {
    let blocked = switches
        .edge_blocks
        .iter()
        .any(|start| if start.is_empty() { user_agent.is_empty() } else { user_agent.starts_with(start.as_str()) });
    blocked.then(|| Answer::html(403, "Sorry, you have been blocked"))
}

/// `POST /oauth/access_token`. The shapes are client practice; that an access token sent as the key is
/// refused with `invalid_credentials` was observed. The real exchange is also throttled tightly, which a
/// fault can play.
fn exchange(inner: &mut Inner, call: &Call<'_>) -> Answer {
    let now = inner.now_ms() / 1000;
    let account = &mut inner.state.account;
    let right = call.params.text("email").eq_ignore_ascii_case(&account.email)
        && call.params.text("api_key") == account.api_key
        && !account.api_key.is_empty();
    if !right {
        return Answer::json(
            inner.state.switches.exchange_refusal_status,
            json!({"error": "invalid_credentials", "error_description": "The user credentials were incorrect."}),
        );
    }
    let token = format!("SIM-SECRET-session-{}", inner.state.next_id);
    inner.state.next_id += 1;
    account.sessions.retain(|s| s.expires_at > now);
    account.sessions.push(Session { token: token.clone(), expires_at: now + 3600 });
    Answer::json(200, json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}))
}

/// Lets a request through when its token may make it. That no token is a 400 and a bad one a 401 is
/// documented (the bodies are open); the 403 for a role that lacks the endpoint was observed.
fn with_role(inner: &mut Inner, call: &Call<'_>, handler: fn(&mut Inner, &Call<'_>) -> Handled) -> Handled {
    let now = inner.now_ms() / 1000;
    let State { account, switches, .. } = &inner.state;
    let Some(bearer) = call.bearer.filter(|b| !b.is_empty()) else {
        return Err(auth_error(switches, switches.token_status, "Access Token not provided"));
    };
    let token = account.tokens.iter().find(|t| t.token == bearer && !t.expired);
    let session = account.sessions.iter().any(|s| s.token == bearer && s.expires_at > now);
    let allowed = match token {
        None if session => true,
        None => return Err(auth_error(switches, 401, "Authentication Error")),
        Some(token) => match token.role {
            Role::Full => true,
            Role::Read => call.method == "GET",
            Role::Limited => token.endpoints.iter().any(|e| endpoint_matches(e, call)),
        },
    };
    let headers = take_a_request(inner, call, bearer)?;
    let mut answer = if allowed { handler(inner, call) } else { Err(insufficient_scope()) };
    match &mut answer {
        Ok(answer) | Err(answer) => answer.headers.extend(headers),
    }
    answer
}

/// A minute, in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// Observed: 100 requests a minute, counted per endpoint as it seems, and the three headers of the 429. That the
/// minute begins with the first request, that every answer has two of the headers, and the body are guesses.
fn take_a_request(inner: &mut Inner, call: &Call<'_>, bearer: &str) -> Result<Vec<(String, String)>, Answer> {
    let Some(limit) = inner.state.switches.rate_limit else { return Ok(Vec::new()) };
    let now = inner.now_ms();
    let endpoint = if path_matches("/operation/{id}", call.path) { "/operation/{id}" } else { call.path };
    let key = (bearer.to_string(), format!("{} {endpoint}", call.method));
    let (begun, count) = inner.rate_windows.entry(key).or_insert((now, 0));
    if !(0..MINUTE_MS).contains(&(now - *begun)) {
        (*begun, *count) = (now, 0);
    }
    let header = |name: &str, value: String| (name.to_string(), value);
    if *count < limit {
        *count += 1;
        return Ok(vec![
            header("X-RateLimit-Limit", limit.to_string()),
            header("X-RateLimit-Remaining", (limit - *count).to_string()),
        ]);
    }
    let end = *begun + MINUTE_MS;
    let mut answer = default_body(&inner.state.switches, 429);
    answer.headers = vec![header("X-RateLimit-Limit", limit.to_string()), header("X-RateLimit-Remaining", "0".into())];
    let seconds = (end - now + 999) / 1000;
    match inner.state.switches.retry_after {
        RetryAfter::Seconds => answer.headers.push(header("Retry-After", seconds.to_string())),
        RetryAfter::Date => {
            let at = u64::try_from(now / 1000 + seconds).unwrap_or(0);
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at));
            answer.headers.push(header("Retry-After", date));
        }
        RetryAfter::Absent => {}
    }
    Err(answer)
}

fn endpoint_matches(endpoint: &str, call: &Call<'_>) -> bool {
    match endpoint.split_once(' ') {
        Some((method, path)) => method.eq_ignore_ascii_case(call.method) && path_matches(path, call.path),
        None => path_matches(endpoint, call.path),
    }
}

/// The answer to a bad token, in the shape of the switch.
pub(crate) fn auth_error(switches: &Switches, status: u16, text: &str) -> Answer {
    match switches.auth_error_body {
        AuthErrorBody::Message => Answer::json(status, json!({"message": text})),
        AuthErrorBody::Error => Answer::json(status, json!({"error": text})),
        AuthErrorBody::ErrorObject => Answer::json(status, json!({"error": {"message": text}})),
        AuthErrorBody::Text => {
            Answer { status, headers: Vec::new(), body: Body::Text { kind: "text/plain", text: text.into() } }
        }
    }
}

/// Observed, word for word.
pub(crate) fn insufficient_scope() -> Answer {
    Answer::json(
        403,
        json!({"error": "insufficient_scope", "message": "This token does not have access to this endpoint"}),
    )
}

/// `GET /server`. Observed: everything in one answer without paging, ids as strings, every password in clear.
fn get_server(inner: &mut Inner, _: &Call<'_>) -> Handled {
    Ok(Answer::json(200, servers_json(&inner.state)))
}

fn servers_json(state: &State) -> Value {
    let servers: Vec<Value> = state.servers.iter().map(|s| server_json(s, &state.switches)).collect();
    let mut answer = Map::new();
    put_bool(&mut answer, "status", true, &state.switches);
    answer.insert("servers".into(), Value::Array(servers));
    Value::Object(answer)
}

/// A body that a fault wants made.
pub(crate) fn generated(state: &State, rule: Generate) -> String {
    match rule {
        Generate::Mib(n) => {
            let (start, end) = (r#"{"status":true,"servers":[],"padding":""#, r#""}"#);
            let padding = (n << 20).saturating_sub(start.len() + end.len());
            format!("{start}{}{end}", "x".repeat(padding))
        }
        Generate::Depth(n) => format!(r#"{{"status":true,"servers":{}{}}}"#, "[".repeat(n), "]".repeat(n)),
        Generate::Applications(n) => {
            let mut state = state.clone();
            if let Some(server) = state.servers.first_mut()
                && let Some(like) = server.apps.first().cloned()
            {
                server.apps.extend((0..n).map(|i| App {
                    id: (900_000_000 + i).to_string(),
                    app_fqdn: format!("wordpress-{i}.cloudwaysapps.com"),
                    cname: None,
                    aliases: vec![format!("generated-{i}.example")],
                    lets_encrypt: None,
                    ..like.clone()
                }));
            }
            servers_json(&state).to_string()
        }
        Generate::Aliases(n) => {
            let mut state = state.clone();
            for app in state.servers.iter_mut().flat_map(|s| &mut s.apps) {
                app.aliases.extend((0..n).map(|i| format!("generated-{i}.example")));
            }
            servers_json(&state).to_string()
        }
    }
}

fn server_json(server: &Server, switches: &Switches) -> Value {
    let mut object = to_object(server);
    let apps = server.apps.iter().map(|app| app_json(app, switches)).collect();
    object.insert("apps".into(), Value::Array(apps));
    Value::Object(object)
}

fn app_json(app: &App, switches: &Switches) -> Value {
    let mut object = to_object(app);
    let aliases = match switches.server_aliases {
        ServerAliases::List => Some(json!(app.aliases)),
        ServerAliases::Absent => None,
        ServerAliases::Null => Some(Value::Null),
        ServerAliases::Object => {
            let items = app.aliases.iter().enumerate().map(|(i, a)| (i.to_string(), json!(a)));
            Some(Value::Object(items.collect()))
        }
        ServerAliases::Text => Some(json!(app.aliases.join(","))),
    };
    match aliases {
        Some(aliases) => object.insert("aliases".into(), aliases),
        None => object.remove("aliases"),
    };
    if let Some(Value::Object(certificate)) = object.get_mut("lets_encrypt") {
        restyle_bools(certificate, switches);
    }
    restyle_bools(&mut object, switches);
    Value::Object(object)
}

fn to_object<T: serde::Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

fn restyle_bools(object: &mut Map<String, Value>, switches: &Switches) {
    let keys: Vec<(String, bool)> = object.iter().filter_map(|(k, v)| Some((k.clone(), v.as_bool()?))).collect();
    for (key, value) in keys {
        put_bool(object, &key, value, switches);
    }
}

fn put_bool(object: &mut Map<String, Value>, key: &str, value: bool, switches: &Switches) {
    let styled = match switches.bool_style {
        BoolStyle::Bool => json!(value),
        BoolStyle::String => json!(if value { "1" } else { "0" }),
        BoolStyle::Int => json!(i32::from(value)),
        BoolStyle::Absent => {
            object.remove(key);
            return;
        }
    };
    object.insert(key.into(), styled);
}

/// `POST /app/manage/aliases`. That it replaces the whole list is certain (three independent sources);
/// what it answers, whether an empty list is taken, and which lists are refused is open.
fn post_aliases(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let target = target(inner, call)?;
    let aliases = string_list(call, "aliases")?;
    let switches = &inner.state.switches;

    // An empty list exists in JSON only; a form without the key has none.
    if aliases.is_empty() && !switches.empty_alias_list_accepted {
        return Err(field_error("aliases", "required", "The aliases field is required."));
    }
    if let Some(limit) = switches.alias_limit.filter(|limit| aliases.len() > *limit) {
        let text = format!("The aliases may not have more than {limit} items.");
        return Err(refuse_aliases(switches, "max", &text));
    }
    let refused = |name: &&String| switches.refuse_alias_names.iter().any(|r| dns_key(r) == dns_key(name));
    if let Some(name) = aliases.iter().find(refused) {
        let text = if switches.refuse_alias_names_domain {
            format!("The domain {name} cannot be added as an alias.")
        } else {
            "One of the domains cannot be added as an alias.".to_string()
        };
        return Err(refuse_aliases(switches, "invalid", &text));
    }
    not_busy(inner, &target.server_id)?;

    let answer = match inner.state.switches.alias_answer {
        AliasAnswer::Operation => {
            let effect = Effect::Aliases(aliases);
            return Ok(start(inner, call, "manage_aliases", &target, effect));
        }
        AliasAnswer::EmptyArray => json!([]),
        AliasAnswer::EmptyObject => json!({}),
        AliasAnswer::StatusTrue => {
            let mut object = Map::new();
            put_bool(&mut object, "status", true, &inner.state.switches);
            Value::Object(object)
        }
    };
    if let Some(app) = inner.state.app_mut(&target.app_id) {
        app.aliases = aliases;
    }
    Ok(Answer::json(200, answer))
}

/// `POST /security/lets_encrypt_install`. Observed: all five parameters are required, `wild_card` even
/// when it is false; the answer is an operation; the new certificate takes the place of the old one.
/// Documented: at most 100 names. Where the 100 are checked, and with which words, is a guess.
fn install_certificate(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let target = target(inner, call)?;
    let email = email(call)?;
    let wildcard = boolean(call, "wild_card")?;
    let names = string_list(call, "ssl_domains")?;
    if names.is_empty() {
        return Err(field_error("ssl_domains", "required", "The ssl domains field is required."));
    }
    if names.len() > MAX_NAMES {
        let text = format!("The ssl domains may not have more than {MAX_NAMES} items.");
        return Err(field_error("ssl_domains", "max", &text));
    }
    if wildcard && inner.state.switches.wildcard_needs_verify {
        let apex = apex_of(&names[0]);
        let verified = |asked: &&WildcardDns| asked.is_verified && asked.apex == apex;
        if inner.state.wildcards.get(&target.app_id).filter(verified).is_none() {
            let text = format!("ssl_domains: the DNS of {apex} is not verified.");
            return Err(Answer::json(422, json!({"status": false, "message": text})));
        }
    }
    not_busy(inner, &target.server_id)?;
    let effect = Effect::Certificate { names, email, wildcard };
    Ok(start(inner, call, "lets_encrypt_install", &target, effect))
}

/// `POST /security/lets_encrypt_auto`: answers `{}` or `[]` (both are named). What it does without a
/// certificate is not known; here it is refused.
fn set_auto(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let target = target(inner, call)?;
    let auto = boolean(call, "auto")?;
    not_busy(inner, &target.server_id)?;
    match inner.state.app_mut(&target.app_id).and_then(|a| a.lets_encrypt.as_mut()) {
        Some(certificate) => certificate.auto = auto,
        None => {
            let text = "auto: no Let's Encrypt certificate is installed.";
            return Err(Answer::json(422, json!({"status": false, "message": text})));
        }
    }
    Ok(match inner.state.switches.auto_answer {
        AutoAnswer::EmptyArray => Answer::json(200, json!([])),
        AutoAnswer::EmptyObject => Answer::json(200, json!({})),
    })
}

fn email(call: &Call<'_>) -> Result<String, Answer> {
    let email = required(call, "ssl_email")?.as_str().unwrap_or("");
    if email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')) {
        Ok(email.to_string())
    } else {
        Err(field_error("ssl_email", "email", "The ssl email must be a valid email address."))
    }
}

/// The refusal where a Let's Encrypt certificate is needed and there is none. Its shape is a guess.
fn no_certificate(inner: &Inner, target: &Target, field: &str) -> Result<(), Answer> {
    let there = inner.state.app(&target.app_id).is_some_and(|app| app.lets_encrypt.is_some());
    let text = format!("{field}: no Let's Encrypt certificate is installed.");
    if there { Ok(()) } else { Err(Answer::json(422, json!({"status": false, "message": text}))) }
}

/// `POST /security/lets_encrypt_manual_renew`. Client practice: the parameters, and an operation as the answer. That
/// the same names are ordered again is how the word is understood.
fn renew_certificate(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let target = target(inner, call)?;
    boolean(call, "wild_card")?;
    no_certificate(inner, &target, "app_id")?;
    not_busy(inner, &target.server_id)?;
    Ok(start(inner, call, "lets_encrypt_manual_renew", &target, Effect::Renew))
}

/// `POST /security/lets_encrypt_revoke`. Client practice: the parameters, an operation as the answer, and that the
/// application has no certificate afterwards.
fn revoke_certificate(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let target = target(inner, call)?;
    boolean(call, "wild_card")?;
    required(call, "ssl_domain")?;
    no_certificate(inner, &target, "ssl_domain")?;
    not_busy(inner, &target.server_id)?;
    Ok(start(inner, call, "lets_encrypt_revoke", &target, Effect::Revoke))
}

fn apex_of(name: &str) -> String {
    let name = dns_key(name);
    name.strip_prefix("*.").unwrap_or(&name).to_string()
}

/// What both `createDNS` and `verifyDNS` take.
fn wildcard_parameters(inner: &Inner, call: &Call<'_>) -> Result<(Target, String, String), Answer> {
    let target = target(inner, call)?;
    let email = email(call)?;
    if !boolean(call, "wild_card")? {
        return Err(field_error("wild_card", "accepted", "The wild card must be accepted."));
    }
    let names = string_list(call, "ssl_domains")?;
    match names.as_slice() {
        [apex] => Ok((target, email, apex_of(apex))),
        _ => Err(field_error("ssl_domains", "size", "The ssl domains must hold one item.")),
    }
}

/// The shape was observed for `createDNS`. What the message says is not known.
fn wildcard_json(inner: &Inner, target: &Target, asked: &WildcardDns, status: bool, message: &str) -> Answer {
    let app_prefix = inner.state.app(&target.app_id).map(|app| app.app_fqdn.clone()).unwrap_or_default();
    let switches = &inner.state.switches;
    let mut wildcard = Map::new();
    wildcard.insert("app_prefix".into(), json!(app_prefix));
    put_bool(&mut wildcard, "auto", true, switches);
    wildcard.insert("challenges".into(), Value::Null);
    put_bool(&mut wildcard, "is_installed", false, switches);
    put_bool(&mut wildcard, "is_verified", asked.is_verified, switches);
    // The one fact that a caller asks for: left out, nobody could go on.
    wildcard.entry("is_verified").or_insert(json!(asked.is_verified));
    wildcard.insert("ssl_domains".into(), json!([asked.apex]));
    wildcard.insert("ssl_email".into(), json!(asked.email));
    wildcard.insert("type".into(), json!("wc"));
    Answer::json(200, json!({"wildcard_ssl": {"message": message, "status": status, "wildcard": wildcard}}))
}

/// `POST /security/createDNS`: the first step to a wildcard certificate. The answer was observed. That it takes no
/// time and is not stopped by a running operation are guesses.
fn create_dns(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let (target, email, apex) = wildcard_parameters(inner, call)?;
    let asked = WildcardDns { apex, email, is_verified: false };
    inner.state.wildcards.insert(target.app_id.clone(), asked.clone());
    let message = format!("Add a CNAME record for _acme-challenge.{}.", asked.apex);
    Ok(wildcard_json(inner, &target, &asked, true, &message))
}

/// `POST /security/verifyDNS`: whether the record is there. That its answer looks like that of `createDNS` is how
/// clients read it; what it says when the record is missing is open (switch `verify_dns_refusal`).
fn verify_dns(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let (target, _, apex) = wildcard_parameters(inner, call)?;
    let proof = inner.state.app(&target.app_id).is_some_and(|app| authority::wildcard_proof(&inner.state, app, &apex));
    let Some(asked) = inner.state.wildcards.get_mut(&target.app_id).filter(|asked| asked.apex == apex) else {
        let text = format!("ssl_domains: no DNS record was asked for {apex}.");
        return Err(Answer::json(422, json!({"status": false, "message": text})));
    };
    asked.is_verified = proof;
    let asked = asked.clone();
    let missing = format!("The CNAME record of _acme-challenge.{apex} was not found.");
    match inner.state.switches.verify_dns_refusal {
        _ if proof => Ok(wildcard_json(inner, &target, &asked, true, "The DNS is verified.")),
        VerifyRefusal::Body => Ok(wildcard_json(inner, &target, &asked, false, &missing)),
        VerifyRefusal::Validation => Err(Answer::json(422, json!({"status": false, "message": missing}))),
    }
}

/// `GET /app/manage/fpm_setting`. The shape is client practice.
fn get_fpm_setting(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let target = target(inner, call)?;
    let default = ";php_admin_flag[log_errors] = on\n;php_admin_value[memory_limit] = 256M\n";
    let settings = inner.state.fpm_settings.get(&target.app_id).map_or(default, String::as_str);
    Ok(Answer::json(200, json!({"response": {"fpm_enabled": true, "settings": settings}})))
}

/// `POST /app/manage/fpm_setting`. Whether the text is sent plain or as base64 is open; so is the answer.
fn set_fpm_setting(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let target = target(inner, call)?;
    let text = required(call, "fpm_setting")?.as_str().unwrap_or("");
    let text = match inner.state.switches.fpm_setting_encoding {
        FpmEncoding::Plain => text.to_string(),
        FpmEncoding::Base64 => BASE64_STANDARD
            .decode(text)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| field_error("fpm_setting", "base64", "The fpm setting must be encoded."))?,
    };
    not_busy(inner, &target.server_id)?;
    inner.state.fpm_settings.insert(target.app_id, text);
    Ok(Answer::json(200, json!({"status": true})))
}

/// `GET /operation/{id}`. The shape was observed, `app_id` `"0"` and the parameters as JSON in a string
/// among it. What an unknown id gets is a guess.
fn get_operation(inner: &mut Inner, call: &Call<'_>) -> Handled {
    let id = crate::params::decode(call.path.trim_start_matches("/operation/"));
    let not_found = || Answer::json(404, json!({"status": false, "message": "Operation not found."}));
    let at = inner.state.operations.iter().position(|o| o.id == id).ok_or_else(not_found)?;

    let refused = inner.state.operations[at].poll_refused.or(inner.state.switches.poll_refused);
    match refused {
        Some(403) => return Err(insufficient_scope()),
        Some(404) => return Err(not_found()),
        Some(status) => return Err(Answer::json(status, json!({"message": "The operation cannot be read."}))),
        None => {}
    }

    inner.state.operations[at].polls += 1;
    inner.settle();
    let operation = &inner.state.operations[at];
    let switches = &inner.state.switches;
    let mut shown = operation_json(operation, switches);
    shown.insert("server_id".into(), json!(operation.server_id));
    shown.insert("app_id".into(), json!("0"));
    shown.insert("message".into(), json!(operation.message));
    shown.insert("parameters".into(), json!(operation.parameters.to_string()));
    let mut answer = Map::new();
    put_bool(&mut answer, "status", true, switches);
    answer.insert("operation".into(), Value::Object(shown));
    Ok(Answer::json(200, Value::Object(answer)))
}

/// What both `GET /operation/{id}` and the busy answer show.
fn operation_json(operation: &Operation, switches: &Switches) -> Map<String, Value> {
    let (code, estimate, status) = match operation.outcome {
        Outcome::Running => (0, switches.estimate_minutes, "Process is initiated"),
        Outcome::Done => (1, 0, "Operation completed"),
        Outcome::Failed => (-1, 0, "Operation failed"),
    };
    let completed = match switches.is_completed_style {
        CompletedStyle::String => json!(code.to_string()),
        CompletedStyle::Int => json!(code),
        CompletedStyle::Bool if code < 0 => json!("-1"),
        CompletedStyle::Bool => json!(code == 1),
    };
    let mut shown = Map::new();
    shown.insert("id".into(), json!(operation.id));
    shown.insert("type".into(), json!(operation.kind));
    shown.insert("estimated_time_remaining".into(), json!(estimate.to_string()));
    shown.insert("status".into(), json!(status));
    shown.insert("is_completed".into(), completed);
    shown
}

/// Observed: while any operation runs on a server, a write on it is a 422 that carries the operation.
fn not_busy(inner: &Inner, server_id: &str) -> Result<(), Answer> {
    let switches = &inner.state.switches;
    match inner.running_on(server_id).filter(|_| switches.server_lock) {
        None => Ok(()),
        Some(operation) => Err(Answer::json(
            422,
            json!({
                "message": "An operation is already in progress for this server.",
                "operation": operation_json(operation, switches),
            }),
        )),
    }
}

fn start(inner: &mut Inner, call: &Call<'_>, kind: &str, target: &Target, effect: Effect) -> Answer {
    let parameters = Value::Object(call.params.map.clone());
    let fail = call.fail_operation.clone();
    let id = inner.start_operation(kind, &target.server_id, &target.app_id, parameters, effect, fail);
    Answer::json(200, json!({"operation_id": id}))
}

/// The server and application of a write.
struct Target {
    server_id: String,
    app_id: String,
}

fn target(inner: &Inner, call: &Call<'_>) -> Result<Target, Answer> {
    let switches = &inner.state.switches;
    let server_id = id(switches, call, "server_id")?;
    let app_id = id(switches, call, "app_id")?;
    let foreign = |field: &str| match switches.foreign_resource {
        ForeignResource::Validation => {
            let text = format!("{field}: invalid or not found for this account.");
            Answer::json(422, json!({"status": false, "message": text}))
        }
        ForeignResource::Forbidden => Answer::json(403, json!({"message": "Forbidden / Authorization Error"})),
    };
    let server = inner.state.server(&server_id).ok_or_else(|| foreign("server_id"))?;
    if !server.apps.iter().any(|a| a.id == app_id) {
        return Err(foreign("app_id"));
    }
    Ok(Target { server_id, app_id })
}

fn required<'a>(call: &Call<'a>, field: &str) -> Result<&'a Value, Answer> {
    let words = field.replace('_', " ");
    match call.params.map.get(field) {
        None | Some(Value::Null) => Err(field_error(field, "required", &format!("The {words} field is required."))),
        Some(Value::String(text)) if text.is_empty() => {
            Err(field_error(field, "required", &format!("The {words} field is required.")))
        }
        Some(value) => Ok(value),
    }
}

/// Documented: an id that is no integer is a 422 with a code and a message under the field.
fn id(switches: &Switches, call: &Call<'_>, field: &str) -> Result<String, Answer> {
    let words = field.replace('_', " ");
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match required(call, field)? {
        Value::Number(number) if number.is_u64() => Ok(number.to_string()),
        Value::String(text) if digits(text) && (!call.params.is_json(field) || switches.json_string_ids_accepted) => {
            Ok(text.clone())
        }
        _ => Err(field_error(field, "integer", &format!("The {words} must be an integer."))),
    }
}

fn boolean(call: &Call<'_>, field: &str) -> Result<bool, Answer> {
    let words = field.replace('_', " ");
    match required(call, field)? {
        Value::Bool(value) => Ok(*value),
        Value::Number(n) if n.as_u64() == Some(1) => Ok(true),
        Value::Number(n) if n.as_u64() == Some(0) => Ok(false),
        Value::String(text) if text == "1" || text == "true" => Ok(true),
        Value::String(text) if text == "0" || text == "false" => Ok(false),
        _ => Err(field_error(field, "boolean", &format!("The {words} field must be true or false."))),
    }
}

fn string_list(call: &Call<'_>, field: &str) -> Result<Vec<String>, Answer> {
    let words = field.replace('_', " ");
    let Value::Array(items) = required(call, field)? else {
        return Err(field_error(field, "array", &format!("The {words} must be an array.")));
    };
    items
        .iter()
        .map(|item| item.as_str().map(str::to_string))
        .collect::<Option<_>>()
        .ok_or_else(|| field_error(field, "string", &format!("The {words} must hold strings.")))
}

/// Documented for `integer`; the other codes and words follow its pattern.
fn field_error(field: &str, code: &str, message: &str) -> Answer {
    Answer::json(422, json!({field: [{"code": code, "message": message}]}))
}

/// The three shapes in which clients have met a refused list.
fn refuse_aliases(switches: &Switches, code: &str, text: &str) -> Answer {
    match switches.refuse_alias_body {
        RefusalBody::FieldObject => Answer::json(422, json!({"aliases": {"message": text}})),
        RefusalBody::FieldList => field_error("aliases", code, text),
        RefusalBody::StatusMessage => {
            Answer::json(422, json!({"status": false, "message": format!("aliases: {text}")}))
        }
    }
}

/// The body for a status that a fault gives without one. Only the 401 and 403 have a known text.
pub(crate) fn default_body(switches: &Switches, status: u16) -> Answer {
    match status {
        401 => auth_error(switches, 401, "Authentication Error"),
        403 => insufficient_scope(),
        404 => Answer::json(404, json!({"message": "Not Found"})),
        429 => Answer::json(429, json!({"message": "Too Many Requests"})),
        500.. => Answer::html(status, "The server could not answer"),
        _ => Answer::json(status, json!({"message": format!("Status {status}")})),
    }
}

/// POST requests that change something: all but the exchange.
pub(crate) fn is_write(entry: &LogEntry) -> bool {
    entry.method != "GET" && entry.endpoint() != "/oauth/access_token"
}
