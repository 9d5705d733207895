//! The control interface under `/_sim`: what tests and people use to look at the world and to change it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::Answer;
use crate::fault::{Fault, HandAliases};
use crate::params::decode;
use crate::state::{DnsEntry, State, WebEntry, dns_key};
use crate::world::World;
use crate::zone::parse_caa;

/// Answers a request below `/_sim`.
pub(crate) fn handle(world: &Arc<World>, method: &str, path: &str, body: &[u8]) -> Answer {
    let parts: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let result = match (method, parts.as_slice()) {
        ("GET", ["state"]) => Ok(to_json(&world.now().state)),
        ("PUT", ["state"]) => read(body).and_then(|state: State| put_state(world, state)),
        ("PATCH", ["state"]) => read(body).and_then(|patch: Value| patch_state(world, &patch)),
        ("POST", ["reset"]) => {
            world.raw().reset();
            Ok(json!({}))
        }
        ("GET", ["log"]) => Ok(to_json(&world.raw().log)),
        ("GET", ["dns-log"]) => Ok(to_json(&world.raw().dns_log)),
        ("GET", ["web-log"]) => Ok(to_json(&world.raw().web_log)),
        ("DELETE", ["log" | "dns-log" | "web-log"]) => {
            world.raw().clear_log();
            Ok(json!({}))
        }
        ("GET", ["faults"]) => Ok(to_json(&world.raw().faults.rules)),
        ("POST", ["faults"]) => read(body).and_then(|rules: Value| add_faults(world, rules)),
        ("DELETE", ["faults"]) => {
            world.raw().faults.rules.clear();
            Ok(json!({}))
        }
        ("POST", ["time"]) => read(body).map(|Time { freeze, advance, advance_ms }| {
            let mut inner = world.raw();
            if let Some(freeze) = freeze {
                inner.freeze(freeze.map(|unix| unix.saturating_mul(1000)));
            }
            inner.advance_ms(advance.saturating_mul(1000).saturating_add(advance_ms));
            json!({
                "time_offset": inner.state.time_offset,
                "now_ms": inner.now_ms(),
                "frozen": inner.state.frozen_at_ms.is_some(),
            })
        }),
        ("GET", ["orders"]) => Ok(to_json(&world.now().state.authority.orders)),
        ("PUT", ["dns", name]) => read(body).and_then(|entry: DnsEntry| {
            check_dns(name, &entry)?;
            let shown = to_json(&entry);
            world.raw().edit_known(|state| state.dns.insert(dns_key(name), entry));
            Ok(shown)
        }),
        ("DELETE", ["dns", name]) => {
            world.raw().edit_known(|state| state.dns.remove(&dns_key(name)));
            Ok(json!({}))
        }
        ("PUT", ["web", name]) => read(body).map(|entry: WebEntry| {
            let shown = to_json(&entry);
            world.raw().edit_known(|state| state.web.insert(dns_key(name), entry));
            shown
        }),
        ("DELETE", ["web", name]) => {
            world.raw().edit_known(|state| state.web.remove(&dns_key(name)));
            Ok(json!({}))
        }
        ("PUT", ["apps", app_id, "files"]) => {
            read(body).and_then(|files: BTreeMap<String, Option<String>>| put_files(world, app_id, files))
        }
        ("PUT", ["apps", app_id, "aliases"]) => {
            read(body).and_then(|AliasList { aliases }| change_aliases(world, app_id, |list| *list = aliases))
        }
        ("POST", ["apps", app_id, "aliases"]) => read(body).and_then(|AliasChange { add, remove }| {
            let hand = HandAliases { app_id: (*app_id).into(), add, remove };
            change_aliases(world, app_id, |list| hand.apply(list))
        }),
        _ => Err(Problem(404, format!("no such control call: {method} /_sim{path}"))),
    };
    match result {
        Ok(value) => Answer::json(200, value),
        Err(Problem(status, text)) => Answer::json(status, json!({"error": text})),
    }
}

/// A status and what is wrong.
struct Problem(u16, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    /// Null: it goes on from where it stands. No key: it stays as it is.
    #[serde(default, deserialize_with = "some")]
    freeze: Option<Option<i64>>,
    #[serde(default)]
    advance: i64,
    #[serde(default)]
    advance_ms: i64,
}

fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasList {
    aliases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasChange {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|e| Problem(400, e.to_string()))
}

fn to_json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn put_state(world: &World, state: State) -> Result<Value, Problem> {
    for (name, entry) in &state.dns {
        check_dns(name, entry)?;
    }
    let mut inner = world.raw();
    inner.edit(|old| *old = state);
    Ok(json!({}))
}

fn patch_state(world: &World, patch: &Value) -> Result<Value, Problem> {
    let mut inner = world.now();
    let state = inner.state.patched(patch).map_err(|e| Problem(400, e))?;
    for (name, entry) in &state.dns {
        check_dns(name, entry)?;
    }
    inner.edit(|old| *old = state);
    Ok(json!({}))
}

fn add_faults(world: &World, rules: Value) -> Result<Value, Problem> {
    let rules = match rules {
        Value::Array(rules) => rules,
        one => vec![one],
    };
    let rules: Vec<Fault> = rules
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()
        .map_err(|e| Problem(400, e.to_string()))?;
    let mut inner = world.raw();
    inner.faults.rules.extend(rules);
    Ok(to_json(&inner.faults.rules))
}

fn change_aliases(world: &World, app_id: &str, change: impl FnOnce(&mut Vec<String>)) -> Result<Value, Problem> {
    world.raw().edit_known(|state| match state.app_mut(app_id) {
        Some(app) => {
            change(&mut app.aliases);
            Ok(json!({"aliases": app.aliases}))
        }
        None => Err(Problem(404, format!("no application {app_id}"))),
    })
}

/// Null takes a file away; the others stay.
fn put_files(world: &World, app_id: &str, files: BTreeMap<String, Option<String>>) -> Result<Value, Problem> {
    world.raw().edit_known(|state| {
        if state.app(app_id).is_none() {
            return Err(Problem(404, format!("no application {app_id}")));
        }
        let there = state.web_files.entry(app_id.into()).or_default();
        for (path, body) in files {
            match body {
                Some(body) => there.insert(path, body),
                None => there.remove(&path),
            };
        }
        Ok(to_json(there))
    })
}

fn check_dns(name: &str, entry: &DnsEntry) -> Result<(), Problem> {
    entry.caa.iter().try_for_each(|caa| parse_caa(caa).map(drop)).map_err(|e| Problem(400, format!("{name}: {e}")))
}
