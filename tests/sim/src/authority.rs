//! The certificate authority. It reads the zone by itself, so that it does not share a mistake that a
//! client makes while it reads DNS.
//!
//! That each name of an order must validate or the whole order fails, that a name covered by a wildcard
//! of the same order is refused, and that 100 names are the limit is documented. What Cloudways makes of
//! the authority's words is not known: hence the switches for the message.

use std::net::IpAddr;

use crate::state::{App, Server, State, dns_key};
use crate::zone::{self, Found};

/// The name by which CAA records know the authority.
const AUTHORITY: &str = "letsencrypt.org";

/// The most names of a certificate (documented).
pub const MAX_NAMES: usize = 100;

/// Whether the certificate may be issued: `Err` holds what the failed operation says.
pub(crate) fn check(state: &State, server: &Server, app: &App, names: &[String], wildcard: bool) -> Result<(), String> {
    let names: Vec<String> = names.iter().map(|n| dns_key(n)).collect();
    for name in &names {
        check_name(state, server, app, &names, name, wildcard).map_err(|reason| {
            if state.switches.le_failure_names_domain {
                format!("Failed to install SSL certificate: {name}: {reason}")
            } else {
                "Failed to install SSL certificate. Make sure that all domains point to the server.".to_string()
            }
        })?;
    }
    Ok(())
}

fn check_name(
    state: &State,
    server: &Server,
    app: &App,
    order: &[String],
    name: &str,
    wildcard: bool,
) -> Result<(), String> {
    let covered_by = |n: &str| n.split_once('.').map(|(_, zone)| format!("*.{zone}"));
    if !name.starts_with("*.") && covered_by(name).is_some_and(|w| order.contains(&w)) {
        return Err("redundant with a wildcard domain in the same request".into());
    }

    // Presumed: the record that proves a wildcard is a CNAME to the application's own name.
    if wildcard {
        let apex = name.strip_prefix("*.").unwrap_or(name);
        let proof = format!("_acme-challenge.{apex}");
        let target = state.dns.get(&proof).and_then(|e| e.cname.as_deref()).map(dns_key);
        return match target {
            Some(target) if target == dns_key(&app.app_fqdn) => check_caa(state, apex, true),
            _ => Err(format!("DNS problem: no CNAME to {} at {proof}", app.app_fqdn)),
        };
    }
    if name.starts_with("*.") {
        return Err("a wildcard cannot be validated over HTTP".into());
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

/// Whether a request for this name reaches the application.
fn is_served(app: &App, name: &str) -> bool {
    let wildcard = name.split_once('.').map(|(_, zone)| format!("*.{zone}"));
    app.aliases
        .iter()
        .chain(app.cname.iter())
        .chain(std::iter::once(&app.app_fqdn))
        .map(|alias| dns_key(alias))
        .any(|alias| alias == name || Some(&alias) == wildcard.as_ref())
}

/// The authority may use any address of the name, so all must be the server's.
fn check_addresses(state: &State, server: &Server, name: &str) -> Result<(), String> {
    let own: Vec<IpAddr> = std::iter::once(server.public_ip.as_str())
        .chain(server.public_ipv6.as_deref())
        .filter_map(|ip| ip.parse().ok())
        .collect();

    let addresses: Vec<IpAddr> = match zone::resolve(state, name) {
        Found::Entry { entry, .. } => {
            let v4 = entry.a.iter().copied().map(IpAddr::V4);
            v4.chain(entry.aaaa.iter().copied().map(IpAddr::V6)).collect()
        }
        Found::NoName { .. } => return Err("DNS problem: NXDOMAIN looking up A".into()),
        Found::Loop { .. } => return Err("DNS problem: CNAME loop".into()),
        Found::Failing { .. } => return Err("DNS problem: SERVFAIL looking up A".into()),
    };
    if addresses.is_empty() {
        return Err("DNS problem: no valid A records found".into());
    }
    match addresses.iter().find(|a| !own.contains(a)) {
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
