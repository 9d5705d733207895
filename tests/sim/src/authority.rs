//! The certificate authority. It reads the zone by itself, so that it does not share a mistake that a
//! client makes while it reads DNS.
//!
//! That each name of an order must validate or the whole order fails, that a name covered by a wildcard
//! of the same order is refused, that 100 names are the limit, and the limits of [`crate::limits`] are documented.
//! What Cloudways makes of the authority's words is not known: hence the switches for the message.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::limits::{Limit, Order, OrderOutcome, registered_domain, set_key};
use crate::state::{App, FailureMessage, LimitMessage, Server, State, dns_key};
use crate::web;
use crate::zone::{self, Found};

/// The name by which CAA records know the authority.
const AUTHORITY: &str = "letsencrypt.org";

/// The most names of a certificate (documented).
pub const MAX_NAMES: usize = 100;

/// How an order is begun.
pub(crate) struct Request<'a> {
    pub(crate) app_id: &'a str,
    /// As the order has them; of a wildcard order the apexes.
    pub(crate) names: &'a [String],
    pub(crate) wildcard: bool,
    /// Placed by Cloudways itself.
    pub(crate) renewal: bool,
}

/// Why there is no certificate.
enum Refusal {
    /// The order is refused as it stands: nothing is validated, nothing counts.
    Malformed {
        name: String,
        reason: String,
    },
    Limited {
        limit: Limit,
        words: String,
    },
    /// The names that did not validate, each with its reason.
    Failed(Vec<(String, String)>),
}

/// Carries an order out: `Ok` holds the names of the certificate, `Err` what the failed operation says.
pub(crate) fn order(state: &mut State, now_ms: i64, request: &Request<'_>) -> Result<Vec<String>, String> {
    let names = identifiers(request.names, request.wildcard);
    let mut domains: Vec<String> = names.iter().map(|name| registered_domain(name)).collect();
    domains.sort_unstable();
    domains.dedup();
    let set = set_key(&names);

    let gone = || "The application is gone.".to_string();
    let server = state.servers.iter().find(|s| s.apps.iter().any(|a| a.id == request.app_id)).ok_or_else(gone)?;
    let app = state.app(request.app_id).ok_or_else(gone)?;
    let primary = app.cname.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| app.app_fqdn.clone());

    let verdict = malformed(&names, request.wildcard)
        .or_else(|| limited(state, now_ms, &names, &domains, &set))
        .or_else(|| failed(state, server, app, &names, request.wildcard));

    let switches = &state.switches;
    let mut entry = Order {
        at_ms: now_ms,
        app_id: request.app_id.into(),
        names: names.clone(),
        domains,
        outcome: OrderOutcome::Failed,
        failed: Vec::new(),
        limit: None,
        message: String::new(),
        renewal: request.renewal,
    };
    entry.message = match &verdict {
        None => String::new(),
        Some(Refusal::Limited { words, .. }) => match switches.le_limit_message {
            LimitMessage::PassedOn => format!("Failed to install SSL certificate: {words}"),
            LimitMessage::Generic => "Failed to install SSL certificate. Please try again later.".to_string(),
        },
        Some(_) if !switches.le_failure_names_domain => {
            "Failed to install SSL certificate. Make sure that all domains point to the server.".to_string()
        }
        Some(Refusal::Malformed { name, reason }) => format!("Failed to install SSL certificate: {name}: {reason}"),
        Some(Refusal::Failed(bad)) => {
            let told: Vec<String> = bad.iter().map(|(name, reason)| format!("{name}: {reason}")).collect();
            match switches.le_failure_message {
                FailureMessage::First => format!("Failed to install SSL certificate: {}", told[0]),
                FailureMessage::PrimaryToo => format!("Failed to install SSL certificate for {primary}: {}", told[0]),
                FailureMessage::All => format!("Failed to install SSL certificate: {}", told.join("; ")),
            }
        }
    };

    let authority = &mut state.authority;
    match verdict {
        None => {
            entry.outcome = OrderOutcome::Issued;
            let renewed = authority.sets.contains_key(&set);
            if !(renewed && state.switches.le_renewals_exempt) {
                for domain in &entry.domains {
                    Limit::Domain.take(authority.domains.entry(domain.clone()).or_insert(now_ms), now_ms);
                }
            }
            Limit::Set.take(authority.sets.entry(set).or_insert(now_ms), now_ms);
        }
        Some(Refusal::Malformed { .. }) => {}
        Some(Refusal::Limited { limit, .. }) => {
            entry.outcome = OrderOutcome::Limited;
            entry.limit = Some(limit);
            authority.limit_hits += u64::from(!request.renewal);
        }
        Some(Refusal::Failed(bad)) => {
            for (name, _) in bad {
                Limit::Failures.take(authority.failures.entry(name.clone()).or_insert(now_ms), now_ms);
                entry.failed.push(name);
            }
        }
    }
    let message = entry.message.clone();
    authority.orders.push(entry);
    if message.is_empty() { Ok(names) } else { Err(message) }
}

/// The names of the certificate: lower case, each once; a wildcard certificate holds the apex and `*.apex`.
/// That Cloudways orders both is presumed.
pub(crate) fn identifiers(names: &[String], wildcard: bool) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let name = dns_key(name);
        let both = if wildcard {
            let apex = name.strip_prefix("*.").unwrap_or(&name).to_string();
            vec![apex.clone(), format!("*.{apex}")]
        } else {
            vec![name]
        };
        for name in both {
            if seen.insert(name.clone()) {
                all.push(name);
            }
        }
    }
    all
}

fn malformed(names: &[String], wildcard: bool) -> Option<Refusal> {
    let refuse = |name: &String, reason: &str| Some(Refusal::Malformed { name: name.clone(), reason: reason.into() });
    for name in names {
        let covering = name.split_once('.').map(|(_, zone)| format!("*.{zone}"));
        if !name.starts_with("*.") && covering.is_some_and(|w| names.contains(&w)) {
            return refuse(name, "redundant with a wildcard domain in the same request");
        }
        if name.starts_with("*.") && !wildcard {
            return refuse(name, "a wildcard cannot be validated over HTTP");
        }
    }
    None
}

/// A name that failed too often refuses every order that holds it (documented).
fn limited(state: &State, now_ms: i64, names: &[String], domains: &[String], set: &str) -> Option<Refusal> {
    if !state.switches.limits {
        return None;
    }
    let authority = &state.authority;
    let closed = |limit: Limit, bucket: Option<&i64>, what: &str| {
        let open_at = limit.closed_until(bucket, now_ms)?;
        Some(Refusal::Limited { limit, words: limit.words(what, open_at) })
    };
    let renewed = authority.sets.contains_key(set) && state.switches.le_renewals_exempt;
    names
        .iter()
        .find_map(|name| closed(Limit::Failures, authority.failures.get(name), name))
        .or_else(|| {
            let mut counted = domains.iter().filter(|_| !renewed);
            counted.find_map(|domain| closed(Limit::Domain, authority.domains.get(domain), domain))
        })
        .or_else(|| closed(Limit::Set, authority.sets.get(set), ""))
}

/// Every name is validated, also after one has failed: each failure counts.
fn failed(state: &State, server: &Server, app: &App, names: &[String], wildcard: bool) -> Option<Refusal> {
    let check = |name: &String| {
        let reason = check_name(state, server, app, name, wildcard).err()?;
        Some((name.clone(), reason))
    };
    let bad: Vec<(String, String)> = names.iter().filter_map(check).collect();
    if bad.is_empty() { None } else { Some(Refusal::Failed(bad)) }
}

fn check_name(state: &State, server: &Server, app: &App, name: &str, wildcard: bool) -> Result<(), String> {
    if wildcard {
        let apex = name.strip_prefix("*.").unwrap_or(name);
        if !wildcard_proof(state, app, apex) {
            return Err(format!("DNS problem: no CNAME to {} at _acme-challenge.{apex}", app.app_fqdn));
        }
        return check_caa(state, apex, name.starts_with("*."));
    }
    if state.switches.le_checks_alias && !is_served(app, name) {
        return Err("unauthorized: invalid response from /.well-known/acme-challenge/: 404".into());
    }
    if state.switches.le_checks_dns {
        check_addresses(state, server, name)?;
        check_caa(state, name, false)?;
    }
    Ok(())
}

/// Presumed: the record that proves a wildcard is a CNAME to the application's own name.
pub(crate) fn wildcard_proof(state: &State, app: &App, apex: &str) -> bool {
    let chain = match zone::resolve(state, &format!("_acme-challenge.{apex}")) {
        Found::Entry { chain, .. } | Found::NoName { chain } => chain,
        Found::Loop { .. } | Found::Failing { .. } => return false,
    };
    chain.first().is_some_and(|(_, target)| *target == dns_key(&app.app_fqdn))
}

/// Whether a request for this name reaches the application.
pub(crate) fn is_served(app: &App, name: &str) -> bool {
    let wildcard = name.split_once('.').map(|(_, zone)| format!("*.{zone}"));
    app.aliases
        .iter()
        .chain(app.cname.iter())
        .chain(std::iter::once(&app.app_fqdn))
        .map(|alias| dns_key(alias))
        .any(|alias| alias == name || Some(&alias) == wildcard.as_ref())
}

/// The authority may use any address of the name, so all must be the server's, or a proxy's that passes requests on
/// (documented for Cloudflare's).
fn check_addresses(state: &State, server: &Server, name: &str) -> Result<(), String> {
    let addresses: Vec<IpAddr> = match zone::resolve(state, name) {
        Found::Entry { entry, .. } => entry.all_addresses().collect(),
        Found::NoName { .. } => return Err("DNS problem: NXDOMAIN looking up A".into()),
        Found::Loop { .. } => return Err("DNS problem: CNAME loop".into()),
        Found::Failing { .. } => return Err("DNS problem: SERVFAIL looking up A".into()),
    };
    if addresses.is_empty() {
        return Err("DNS problem: no valid A records found".into());
    }
    let own: Vec<IpAddr> = server.addresses().collect();
    match addresses.iter().find(|a| !own.contains(a)) {
        Some(_) if web::passes_on(state, name) => Ok(()),
        Some(elsewhere) => Err(format!("{elsewhere}: invalid response: 404")),
        None => Ok(()),
    }
}
/// The nearest CAA records, from the name upwards, must not exclude the authority (RFC 8659).
fn check_caa(state: &State, name: &str, wildcard: bool) -> Result<(), String> {
    let mut at = name;
    loop {
        match zone::resolve(state, at) {
            Found::Entry { entry, .. } if !entry.caa.is_empty() => {
                let values = |tag: &str| -> Vec<String> {
                    entry
                        .caa
                        .iter()
                        .filter_map(|r| zone::parse_caa(r).ok())
                        .filter(|caa| caa.tag.eq_ignore_ascii_case(tag))
                        .map(|caa| caa.value.split(';').next().unwrap_or("").trim().to_string())
                        .collect()
                };
                let mut issuers = if wildcard { values("issuewild") } else { Vec::new() };
                if issuers.is_empty() {
                    issuers = values("issue");
                }
                let forbidden = !issuers.is_empty() && !issuers.iter().any(|i| i == AUTHORITY);
                return if forbidden { Err(format!("CAA record for {at} prevents issuance")) } else { Ok(()) };
            }
            Found::Failing { .. } => return Err(format!("DNS problem: SERVFAIL looking up CAA for {at}")),
            _ => {}
        }
        match at.split_once('.') {
            Some((_, parent)) => at = parent,
            None => return Ok(()),
        }
    }
}
