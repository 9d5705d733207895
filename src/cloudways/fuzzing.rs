//! Answers of the API, whatever they are: what must hold for each, for fuzzing and for the files that it left.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::wire::{self, Unusable};
use super::{
    HttpCloudways, InstalledCertificate, Observed, ObservedAlias, OperationRef, OperationState, WriteFailure, shorten,
};
use crate::certificate::LIMIT;
use crate::clock::{Deadline, SystemClock};
use crate::config::{ConstantValue, Settings};
use crate::domain::DomainName;
use crate::error::Error;
use crate::fuzzing::{Outcome, is_fit_to_be_shown};

/// What passwords and tokens are made of in the corpus. Nothing that the engine says has it by itself.
const SECRET: &str = "SECRET";
const KEY: &str = "cw_SECRETtoken+0123456789";
const EMAIL: &str = "owner.SECRET@fuzz.example";
const SERVER_ID: u64 = 50_482;
const APP_ID: u64 = 131_933;

/// The body of a 200 of `GET /server`.
pub fn server(body: &[u8]) -> Outcome {
    let observed = match wire::observed(body, SERVER_ID, APP_ID) {
        Ok(observed) => observed,
        Err(Unusable::Shape(what)) => {
            assert!(is_fit_to_be_shown(&what, 300), "{what}");
            assert!(!what.contains(SECRET), "it quotes the answer: {what}");
            return Outcome::Refused;
        }
        Err(Unusable::NoServer | Unusable::NoApp) => return Outcome::Refused,
    };
    assert!(!wire::is_cut(body), "it was understood, so it was whole");
    for alias in observed.app.aliases.iter() {
        assert_eq!(alias.name, DomainName::parse(alias.spelling.as_bytes()).ok());
    }
    if let InstalledCertificate::LetsEncrypt { names, .. } | InstalledCertificate::Wildcard { names, .. } =
        &observed.app.certificate
    {
        assert!((1..=LIMIT).contains(&names.len()));
    }
    // What was understood, written as plainly as can be, is understood as the same.
    let plainly = written(&observed).to_string();
    assert_eq!(wire::observed(plainly.as_bytes(), SERVER_ID, APP_ID).as_ref(), Ok(&observed), "{plainly}");
    // Only the fields that are named make a difference, so nothing of the others can be in it.
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let named = with_the_named_fields_alone(&value).to_string();
        assert_eq!(wire::observed(named.as_bytes(), SERVER_ID, APP_ID).as_ref(), Ok(&observed), "{named}");
    }
    Outcome::Accepted
}

fn written(observed: &Observed) -> Value {
    let Observed { server, app } = observed;
    let (lets_encrypt, own) = match &app.certificate {
        InstalledCertificate::None => (Some(Value::Null), false),
        InstalledCertificate::LetsEncrypt { names, auto } => {
            (Some(json!({"is_installed": true, "type": "le", "auto": auto, "ssl_domains": names})), false)
        }
        InstalledCertificate::Wildcard { names, auto } => {
            (Some(json!({"is_installed": true, "type": "wc", "auto": auto, "ssl_domains": names})), false)
        }
        InstalledCertificate::Custom => (Some(Value::Null), true),
        InstalledCertificate::Unreadable => (None, false),
    };
    let mut entry = json!({
        "id": app.id.to_string(), "label": app.label, "app_fqdn": app.fqdn, "cname": app.primary,
        "aliases": app.aliases.iter().map(|alias| &alias.spelling).collect::<Vec<_>>(),
        "sys_user": app.sys_user, "own_ssl": own,
    });
    if let Some(lets_encrypt) = lets_encrypt {
        entry["lets_encrypt"] = lets_encrypt;
    }
    let mut machine = json!({"id": server.id, "label": server.label, "apps": [entry]});
    for (field, address) in ["public_ip", "public_ipv6"].iter().zip(&server.addresses) {
        machine[field] = json!(address);
    }
    json!({"servers": [machine]})
}

/// A copy of an answer without the fields that nobody knows, and the entries that are not ours.
fn with_the_named_fields_alone(answer: &Value) -> Value {
    let servers = each(&answer["servers"], |server| {
        let mut named = only(server, &["id", "label", "public_ip", "public_ipv6", "apps"]);
        if let Some(apps) = named.get_mut("apps") {
            *apps = each(apps, |app| {
                let fields = ["id", "label", "app_fqdn", "cname", "aliases", "lets_encrypt", "own_ssl", "sys_user"];
                let mut named = only(app, &fields);
                if let Some(entry) = named.get_mut("lets_encrypt").filter(|entry| entry.is_object()) {
                    *entry = Value::Object(only(entry, &["auto", "is_installed", "ssl_domains", "type"]));
                }
                named
            });
        }
        named
    });
    json!({"servers": servers})
}

fn each(list: &Value, change: impl Fn(&Value) -> Map<String, Value>) -> Value {
    let Value::Array(entries) = list else { return list.clone() };
    entries.iter().filter(|entry| entry.is_object()).map(|entry| Value::Object(change(entry))).collect()
}

fn only(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let entries = object.as_object().into_iter().flatten();
    entries.filter(|(key, _)| fields.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Any answer but a 200 of `GET /server`. The first line says to what, and with which status: `aliases 422`; the rest
/// is the body.
pub fn answer(data: &[u8]) -> Outcome {
    let line = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (first, body) = (String::from_utf8_lossy(&data[..line]), data.get(line + 1..).unwrap_or_default());
    let (endpoint, status) = first.split_once(' ').unwrap_or(("aliases", ""));
    let status = status.parse().ok().filter(|status| (100..1_000).contains(status)).unwrap_or(422);
    any_words(body);
    if (200..300).contains(&status) {
        return success(body);
    }
    let failure = api().judge(endpoint, status, body);
    match &failure {
        WriteFailure::Busy(operation) => {
            check_operation(operation);
            assert!(operation.kind.as_deref().is_none_or(|kind| is_clean(kind, 301)));
        }
        WriteFailure::Refused { error, said, .. } => {
            check_error(error);
            assert!(is_clean(said, 8 * 1024), "{said}");
        }
        WriteFailure::Later { error, .. } | WriteFailure::Unknown(error) | WriteFailure::Failed(error) => {
            check_error(error);
        }
    }
    if endpoint == "server" {
        assert!(!format!("{failure:?}").contains(SECRET), "an answer with passwords is quoted: {failure:?}");
    }
    if matches!(failure, WriteFailure::Refused { .. }) { Outcome::Refused } else { Outcome::Accepted }
}

/// The body of a 2xx. Which one, its fields say.
fn success(body: &[u8]) -> Outcome {
    let operation = wire::started(body);
    if let Ok(Some(operation)) = &operation {
        check_operation(operation);
    }
    let polled = wire::operation_state(body);
    if let Ok(OperationState::Running { estimate: Some(seconds) }) = polled {
        assert!((1..=86_400).contains(&seconds));
    }
    let token = wire::exchanged(body);
    if let Ok(token) = &token {
        assert!(!token.expose().is_empty() && token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(format!("{token:?}"), "Secret(…)");
    }
    let dns = wire::wildcard_dns(body);
    for unusable in [operation.as_ref().err(), polled.as_ref().err(), token.as_ref().err(), dns.as_ref().err()] {
        if let Some(Unusable::Shape(what)) = unusable {
            assert!(is_fit_to_be_shown(what, 300) && !what.contains(SECRET), "{what}");
        }
    }
    if polled.is_ok() || token.is_ok() || dns.is_ok() { Outcome::Accepted } else { Outcome::Refused }
}

/// Words of others: what is made of them is fit to be shown, and made once it stays so.
fn any_words(body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    let plain = wire::plain(&text);
    assert_eq!(wire::plain(&plain), plain);
    let api = api();
    for said in [wire::message(body), Some(wire::raw(body)), wire::error_code(body)].into_iter().flatten() {
        let clean = api.clean(&said);
        assert!(is_clean(&clean, 301), "{clean}");
        assert_eq!(api.clean(&clean), clean);
        assert_eq!(shorten(&clean), clean);
    }
    if let Some(hint) = wire::retry_after(&text, 1_800_000_000) {
        assert!(hint.as_secs() <= 86_400);
    }
    let _ = (wire::is_greeting(body), ObservedAlias::new(text));
}

fn check_operation(operation: &OperationRef) {
    assert!(wire::is_operation_id(&operation.id), "{operation:?}");
    assert!(operation.estimate.is_none_or(|seconds| (1..=86_400).contains(&seconds)), "{operation:?}");
}

fn check_error(error: &Error) {
    if let Error::Rejected { answer, .. } | Error::Auth { answer, .. } = error {
        assert!(is_clean(answer, 301), "{answer}");
        assert!(!answer.is_empty());
    }
    // The endpoint and the words around it come on top.
    assert!(is_clean(&error.to_string(), 500), "{error}");
    assert!(is_clean(&Value::Object(error.details()).to_string(), 2_000), "{error:?}");
    assert!(is_fit_to_be_shown(&error.remedy(), 500));
}

fn is_clean(text: &str, longest: usize) -> bool {
    let lower = text.to_ascii_lowercase();
    let has = |secret: &str| lower.contains(&secret.to_ascii_lowercase());
    is_fit_to_be_shown(text, longest) && !has(KEY) && !has(EMAIL)
}

/// A client that sends nothing.
fn api() -> &'static HttpCloudways {
    static API: OnceLock<HttpCloudways> = OnceLock::new();
    API.get_or_init(|| {
        let constants: HashMap<String, ConstantValue> = [
            ("WU_CLOUDWAYS_EMAIL", EMAIL),
            ("WU_CLOUDWAYS_API_KEY", KEY),
            ("WU_CLOUDWAYS_SERVER_ID", "50482"),
            ("WU_CLOUDWAYS_APP_ID", "131933"),
            ("WU_CLOUDWAYS_API_URL", "http://127.0.0.1:1/api/v2"),
        ]
        .map(|(name, value)| (name.to_owned(), ConstantValue::Text(value.into())))
        .into();
        let settings = Settings::from_constants(&constants).expect("these constants are in order");
        let clock = SystemClock::start();
        let deadline = Deadline::new(&clock, std::time::Duration::from_secs(20));
        HttpCloudways::new(&settings, deadline).expect("a client without TLS can be made")
    })
}
