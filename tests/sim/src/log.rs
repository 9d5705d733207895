//! The request log, with credentials taken out.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::state::State;

/// A request to the API, in the order of arrival.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Counts from 1; goes on counting when the log is cleared.
    pub n: u64,
    /// When it arrived: milliseconds since 1970 by the simulator's clock.
    pub at_ms: i64,
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole path: `/api/v2/app/manage/aliases`.
    pub path: String,
    /// The query as it came, `***` in place of secrets.
    pub query: String,
    /// The parameters from query, form and JSON together; secrets are `***`.
    pub params: Value,
    /// `bearer` or `none`.
    pub auth: String,
    /// The User-Agent header; empty when there was none.
    pub user_agent: String,
    /// The status of the answer; 0 when no answer was sent (yet).
    pub status: u16,
    /// What the simulator did besides answering.
    pub note: String,
}

impl LogEntry {
    /// The path below `/api/v2`, or the whole path when it is not below it.
    pub fn endpoint(&self) -> &str {
        self.path.strip_prefix("/api/v2").unwrap_or(&self.path)
    }
}

/// Keys whose value is always hidden.
const SECRET_KEYS: [&str; 6] = ["api_key", "email", "ssl_email", "access_token", "token", "client_secret"];

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// Takes secrets out of what is logged: by key, and by value wherever it stands.
pub(crate) struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    pub(crate) fn new(state: &State) -> Self {
        let account = &state.account;
        let mut secrets = vec![account.email.clone(), account.api_key.clone()];
        secrets.extend(account.tokens.iter().map(|t| t.token.clone()));
        secrets.extend(account.sessions.iter().map(|s| s.token.clone()));
        secrets.retain(|s| !s.is_empty());
        // The longest first, so that a secret that begins like another goes whole.
        secrets.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Self { secrets }
    }

    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_string();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN);
            }
        }
        hide_tokens(&text)
    }

    pub(crate) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => Value::Array(items.iter().map(|v| self.value(v)).collect()),
            Value::Object(map) => Value::Object(self.map(map)),
            other => other.clone(),
        }
    }

    pub(crate) fn map(&self, map: &Map<String, Value>) -> Map<String, Value> {
        map.iter()
            .map(|(key, value)| {
                let hidden = SECRET_KEYS.contains(&key.as_str());
                (key.clone(), if hidden { HIDDEN.into() } else { self.value(value) })
            })
            .collect()
    }

    pub(crate) fn query(&self, query: &str) -> String {
        let hide = |pair: &str| match pair.split_once('=') {
            Some((key, _)) if SECRET_KEYS.contains(&crate::params::decode(key).as_str()) => format!("{key}={HIDDEN}"),
            Some((key, value)) => {
                let plain = crate::params::decode(value);
                let shown = self.text(&plain);
                if shown == plain { pair.to_string() } else { format!("{key}={shown}") }
            }
            None => self.text(pair),
        };
        query.split('&').map(hide).collect::<Vec<_>>().join("&")
    }
}

/// A token that the account does not know is a secret all the same.
fn hide_tokens(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("cw_") {
        let (before, token) = rest.split_at(at);
        let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(token.len());
        out.push_str(before);
        out.push_str(HIDDEN);
        rest = &token[end..];
    }
    out + rest
}
