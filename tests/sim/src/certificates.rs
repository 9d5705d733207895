//! The certificates that are served: who issued them, from when to when, and that Cloudways renews them.

use serde::{Deserialize, Serialize};

use crate::authority;
use crate::state::{App, LetsEncrypt, State};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// How long before its end Cloudways renews a certificate, in days (documented: about 30).
const RENEWED_BEFORE: i64 = 30;

/// The Let's Encrypt certificate of an application. Times are Unix seconds of the simulator's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Certificate {
    /// The names, lower case; those of a wildcard certificate are `apex` and `*.apex`.
    pub names: Vec<String>,
    /// The issuer's common name; its organisation is Let's Encrypt.
    pub issuer: String,
    /// From when it is valid.
    pub not_before: i64,
    /// Until when it is valid.
    pub not_after: i64,
    /// When Cloudways tries to renew it; null: 30 days before the end.
    pub renew_at: Option<i64>,
    /// The one before it.
    pub previous: Option<Box<Certificate>>,
}

impl Certificate {
    fn new(names: Vec<String>, now: i64, state: &State, previous: Option<Self>) -> Self {
        let days = i64::try_from(state.switches.le_validity_days).unwrap_or(i64::MAX / DAY / 2);
        Self {
            names,
            issuer: "R11".into(),
            not_before: now,
            not_after: now.saturating_add(days.saturating_mul(DAY)),
            renew_at: None,
            previous: previous.map(|old| Box::new(Self { previous: None, ..old })),
        }
    }

    /// Whether it holds for this name (lower case).
    pub fn covers(&self, name: &str) -> bool {
        let wildcard = name.split_once('.').map(|(_, zone)| format!("*.{zone}"));
        self.names.iter().any(|n| n == name || Some(n) == wildcard.as_ref())
    }

    /// When it is renewed next: never in its first day, so that a short one is not renewed without end.
    fn renewal(&self) -> i64 {
        let early = self.not_after.saturating_sub(RENEWED_BEFORE * DAY);
        self.renew_at.unwrap_or_else(|| early.max(self.not_before.saturating_add(DAY)))
    }
}

/// The names that a certificate as `GET /server` shows it holds.
fn names_of(installed: &LetsEncrypt) -> Vec<String> {
    authority::identifiers(&installed.ssl_domains, installed.kind == "wc")
}

/// Puts a certificate in place of whichever the application has (documented: there is one per application).
pub(crate) fn install(state: &mut State, app_id: &str, installed: LetsEncrypt, now: i64) {
    let names = names_of(&installed);
    let previous = state.certificates.remove(app_id);
    let certificate = Certificate::new(names, now, state, previous);
    state.certificates.insert(app_id.into(), certificate);
    if let Some(app) = state.app_mut(app_id) {
        app.own_ssl = serde_json::Value::Null;
        app.lets_encrypt = Some(installed);
    }
}

/// Brings what is served in line with what the applications show, which a test may have changed: a certificate that
/// came by hand was issued now.
pub(crate) fn follow(state: &mut State, now: i64) {
    let stale: Vec<String> = state
        .certificates
        .keys()
        .filter(|id| state.app(id).and_then(|app| app.lets_encrypt.as_ref()).is_none_or(|le| !le.is_installed))
        .cloned()
        .collect();
    for id in stale {
        state.certificates.remove(&id);
    }
    let installed =
        |app: &App| Some((app.id.clone(), names_of(app.lets_encrypt.as_ref().filter(|le| le.is_installed)?)));
    let wanted: Vec<(String, Vec<String>)> = state.servers.iter().flat_map(|s| &s.apps).filter_map(installed).collect();
    for (id, names) in wanted {
        if state.certificates.get(&id).is_none_or(|certificate| certificate.names != names) {
            let previous = state.certificates.remove(&id);
            let certificate = Certificate::new(names, now, state, previous);
            state.certificates.insert(id, certificate);
        }
    }
}

/// The application whose certificate is to be renewed first, and when. Documented: Cloudways renews by itself while
/// `auto` is on.
pub(crate) fn next_renewal(state: &State) -> Option<(i64, String)> {
    if !state.switches.renews || state.certificates.is_empty() {
        return None;
    }
    let due = |(id, certificate): (&String, &Certificate)| {
        let at = certificate.renewal();
        let automatic = state.app(id)?.lets_encrypt.as_ref()?.auto;
        // It is a guess that nobody tries any longer when the end has come.
        (automatic && at < certificate.not_after).then(|| (at, id.clone()))
    };
    state.certificates.iter().filter_map(due).min()
}

/// Renews, all names or none (documented). After a failure it is tried again a day later, which is a guess.
pub(crate) fn renew(state: &mut State, app_id: &str, now_ms: i64) {
    let now = now_ms.div_euclid(1000);
    let done = order_again(state, app_id, now_ms, true);
    if done.is_err()
        && let Some(certificate) = state.certificates.get_mut(app_id)
    {
        certificate.renew_at = Some(now.saturating_add(DAY));
    }
}

/// Orders the names of the installed certificate again.
pub(crate) fn order_again(state: &mut State, app_id: &str, now_ms: i64, by_itself: bool) -> Result<(), String> {
    let installed = state
        .app(app_id)
        .and_then(|app| app.lets_encrypt.clone())
        .ok_or("There is no Let's Encrypt certificate to renew.")?;
    let request = authority::Request {
        app_id,
        names: &installed.ssl_domains,
        wildcard: installed.kind == "wc",
        renewal: by_itself,
    };
    authority::order(state, now_ms, &request)?;
    install(state, app_id, installed, now_ms.div_euclid(1000));
    Ok(())
}
