//! The simulator over the wire, as its clients meet it.

mod api;
mod certificate;
mod control;
mod dns;
mod faults;
mod limits;
mod program;
mod time;
mod web;

use cloudways_sim::Sim;
use cloudways_sim::client::{Reply, request};
use cloudways_sim::state::{APP_ID, FULL_TOKEN};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const AGENT: (&str, &str) = ("User-Agent", "sim-tests/1");

fn get_as(sim: &Sim, token: &str, path: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    request("GET", &format!("{}{path}", sim.api_url()), &[("Authorization", &bearer), AGENT], b"").expect("an answer")
}

fn get(sim: &Sim, path: &str) -> Reply {
    get_as(sim, FULL_TOKEN, path)
}

fn post_as(sim: &Sim, token: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), JSON, AGENT];
    request("POST", &format!("{}{path}", sim.api_url()), &headers, body.to_string().as_bytes()).expect("an answer")
}

fn post(sim: &Sim, path: &str, body: &Value) -> Reply {
    post_as(sim, FULL_TOKEN, path, body)
}

fn post_form(sim: &Sim, path: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {FULL_TOKEN}");
    let headers = [("Authorization", bearer.as_str()), FORM, AGENT];
    request("POST", &format!("{}{path}", sim.api_url()), &headers, body.as_bytes()).expect("an answer")
}

/// The parameters of an alias write on the main application.
fn aliases(list: &[&str]) -> Value {
    json!({"server_id": 50482, "app_id": 131933, "aliases": list})
}

/// The parameters of an order for the main application.
fn order(names: &[&str]) -> Value {
    json!({
        "server_id": 50482, "app_id": 131933, "ssl_email": "owner@example.com", "wild_card": false, "ssl_domains": names,
    })
}

/// Polls the operation of a reply twice, which ends it; gives the second answer's `operation`.
fn finish(sim: &Sim, reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{reply:?}");
    let id = match &reply.json()["operation_id"] {
        Value::String(id) => id.clone(),
        number => number.to_string(),
    };
    get(sim, &format!("/operation/{id}"));
    get(sim, &format!("/operation/{id}")).json()["operation"].clone()
}

/// The names of the main application's certificate.
fn covered(sim: &Sim) -> Vec<String> {
    let state = sim.state();
    state.app(APP_ID).and_then(|a| a.lets_encrypt.clone()).map(|c| c.ssl_domains).unwrap_or_default()
}
