//! The control interface under `/_sim`.

use cloudways_sim::client::{Reply, request};
use cloudways_sim::state::{APP_ID, FULL_TOKEN};
use cloudways_sim::{Sim, State};
use serde_json::{Value, json};

use crate::{JSON, get, get_as, post};

fn control(sim: &Sim, method: &str, path: &str, body: &Value) -> Reply {
    let url = format!("{}{path}", sim.control_url());
    request(method, &url, &[JSON], body.to_string().as_bytes()).expect("an answer")
}

fn ok(sim: &Sim, method: &str, path: &str, body: &Value) -> Value {
    let reply = control(sim, method, path, body);
    assert_eq!(reply.status, 200, "{method} {path}: {}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

#[test]
fn the_state_goes_out_and_comes_back_the_same() {
    let sim = Sim::start();
    get(&sim, "/server");
    let state = ok(&sim, "GET", "/state", &Value::Null);
    ok(&sim, "PUT", "/state", &state);
    assert_eq!(ok(&sim, "GET", "/state", &Value::Null), state);
    assert_eq!(sim.state(), serde_json::from_value::<State>(state).expect("a state"));
    assert_eq!(sim.log().len(), 1, "control calls are not logged");
}

#[test]
fn a_put_replaces_and_a_patch_merges() {
    let sim = Sim::start();
    ok(&sim, "PUT", "/state", &json!({"servers": []}));
    assert!(sim.state().servers.is_empty());
    assert_eq!(sim.state().account.tokens[0].token, FULL_TOKEN, "a key left out comes from the start state");

    ok(
        &sim,
        "PATCH",
        "/state",
        &json!({"switches": {"operation_polls": null, "estimate_minutes": 0}, "dns": {"network.example": null, "New.Example": {}}}),
    );
    let state = sim.state();
    assert_eq!((state.switches.operation_polls, state.switches.operation_seconds), (None, Some(3)));
    assert!(!state.dns.contains_key("network.example"));
    assert!(state.dns.contains_key("new.example"));
    assert!(state.servers.is_empty(), "the rest stays");
}

#[test]
fn a_misspelt_key_is_an_error_and_changes_nothing() {
    let sim = Sim::start();
    let before = sim.state();
    for (method, path, body) in [
        ("PATCH", "/state", json!({"switches": {"server_lokc": false}})),
        ("PATCH", "/state", json!({"dns": {"a.example": {"A": ["not an address"]}}})),
        ("PUT", "/state", json!({"server": []})),
        ("PUT", "/dns/a.example", json!({"B": []})),
        ("PUT", "/dns/a.example", json!({"CAA": ["issue"]})),
        ("POST", "/faults", json!({"do": {"statsu": 500}})),
        ("POST", "/time", json!({"seconds": 5})),
        ("PUT", "/apps/131933/aliases", json!(["a.example"])),
    ] {
        let reply = control(&sim, method, path, &body);
        assert_eq!(reply.status, 400, "{method} {path} {body}");
        assert!(reply.json()["error"].as_str().is_some_and(|e| e.len() > 10));
    }
    assert_eq!(control(&sim, "GET", "/stats", &Value::Null).status, 404);
    assert_eq!(control(&sim, "PUT", "/apps/1/aliases", &json!({"aliases": []})).status, 404);
    assert_eq!(sim.state(), before);
}

#[test]
fn a_person_changes_aliases_and_dns() {
    let sim = Sim::start();
    let list = ok(&sim, "PUT", "/apps/131933/aliases", &json!({"aliases": ["a.example", "Not a Name"]}));
    assert_eq!(list, json!({"aliases": ["a.example", "Not a Name"]}));
    ok(&sim, "POST", "/apps/131933/aliases", &json!({"add": ["b.example", "a.example"], "remove": ["Not a Name"]}));
    assert_eq!(sim.aliases(APP_ID), ["a.example", "b.example"]);

    ok(&sim, "PUT", "/dns/%2A.Zone.example", &json!({"A": ["203.0.113.10"], "fault": null, "delay_ms": 0}));
    assert!(sim.state().dns.contains_key("*.zone.example"));
    ok(&sim, "DELETE", "/dns/*.zone.example", &Value::Null);
    assert!(!sim.state().dns.contains_key("*.zone.example"));
}

#[test]
fn time_is_moved_by_hand() {
    let sim = Sim::start();
    let id =
        post(&sim, "/app/manage/aliases", &json!({"server_id": 50482, "app_id": 131933, "aliases": ["a.example"]}))
            .json()["operation_id"]
            .to_string();
    let before = sim.log()[0].at_ms;
    assert_eq!(ok(&sim, "POST", "/time", &json!({"advance": 3600}))["time_offset"], 3600);
    assert_eq!(get(&sim, &format!("/operation/{id}")).json()["operation"]["is_completed"], "1");
    assert!(sim.log()[1].at_ms - before >= 3_600_000);
}

#[test]
fn a_reset_goes_back_to_the_start() {
    let start = State { next_id: 7, ..State::default() };
    let sim = Sim::start_with(start.clone());
    get(&sim, "/server");
    sim.set_aliases(APP_ID, &["a.example"]);
    ok(&sim, "POST", "/faults", &json!([{"do": {"status": 500}}, {"times": null, "do": {"delay_ms": 1}}]));
    assert_eq!(ok(&sim, "GET", "/faults", &Value::Null).as_array().map(Vec::len), Some(2));
    ok(&sim, "POST", "/reset", &Value::Null);
    assert_eq!(sim.state(), start);
    assert!(sim.log().is_empty() && sim.faults().is_empty());

    ok(&sim, "POST", "/faults", &json!({"do": {"status": 500}}));
    ok(&sim, "DELETE", "/faults", &Value::Null);
    assert_eq!(get(&sim, "/server").status, 200);
    assert_eq!(ok(&sim, "GET", "/log", &Value::Null).as_array().map(Vec::len), Some(1));
    ok(&sim, "DELETE", "/log", &Value::Null);
    assert!(sim.log().is_empty());
    assert_eq!(ok(&sim, "GET", "/dns-log", &Value::Null), json!([]));
}

#[test]
fn many_simulators_in_one_process() {
    let sims: Vec<Sim> = (0..30).map(|_| Sim::start()).collect();
    for (i, sim) in sims.iter().enumerate() {
        sim.set_aliases(APP_ID, &[format!("n{i}.example")]);
    }
    for (i, sim) in sims.iter().enumerate() {
        let body = get_as(sim, FULL_TOKEN, "/server").json();
        assert_eq!(body["servers"][0]["apps"][0]["aliases"], json!([format!("n{i}.example")]));
    }
    let addresses: Vec<String> = sims.iter().map(Sim::api_url).collect();
    drop(sims);
    std::thread::sleep(std::time::Duration::from_millis(200));
    for address in addresses {
        assert!(request("GET", &format!("{address}/server"), &[], b"").is_err(), "{address} still answers");
    }
}
