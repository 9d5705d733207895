//! The web around the simulated world: what answers on port 80 and 443 of every address.

use serde::{Deserialize, Serialize};

use crate::state::State;

/// How a name answers that does not lead to a server of the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebEntry {
    /// What it does.
    pub behaviour: Behaviour,
    /// How long it takes before it does so, in real milliseconds.
    #[serde(default)]
    pub slow_ms: u64,
}

/// What a web server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// A proxy in front: answers as the application does.
    PassesOn,
    /// 200, and another body.
    Parked,
    /// Sends to https on the same name, and there answers as the application does.
    RedirectHttps,
    /// Sends to another name.
    RedirectElsewhere,
    /// Sends to itself.
    RedirectLoop,
    /// 404
    NotFound,
    /// 403, as a firewall in front.
    Forbidden,
    /// 503
    Unavailable,
    /// Takes the request and never answers.
    Silent,
    /// Answers, and never stops sending.
    Endless,
    /// The connection is reset.
    Reset,
}

/// How long the authority waits for an answer, in milliseconds (documented: 10 seconds).
const PATIENCE_MS: u64 = 10_000;

/// Whether the authority's request for this name, which resolves elsewhere, reaches the application: it follows a
/// redirection to https, and does not look at the certificate there (documented).
pub(crate) fn passes_on(state: &State, name: &str) -> bool {
    state.web.get(name).is_some_and(|entry| {
        matches!(entry.behaviour, Behaviour::PassesOn | Behaviour::RedirectHttps) && entry.slow_ms < PATIENCE_MS
    })
}
