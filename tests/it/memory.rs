//! The state between calls, and rule 9: secrets stay in.

use serde_json::json;
use wu_cloudways::sync;

use crate::support::{Site, json, removed, warnings};

#[test]
fn a_state_that_is_not_ours_removes_nothing_and_says_so() {
    for (change, code) in [
        (json!({"version": 99}), "state_newer"),
        (json!({"ledger": 7}), "state_damaged"),
        (json!({"app_id": 5}), "state_other_application"),
        (json!({"network": "other.example"}), "state_other_network"),
    ] {
        let mut site = Site::new();
        site.sync(&["a.example", "b.example"]);
        let state = site.options.state.as_mut().unwrap();
        for (key, value) in change.as_object().unwrap() {
            state[key] = value.clone();
        }
        site.options.removed = removed(&["b.example"]);
        let report = site.sync(&["a.example"]);
        assert_eq!(warnings(&report), [code]);
        assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);
    }
}

#[test]
fn an_interrupted_call_books_the_order_that_it_may_have_placed() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.options.interrupted = true;
    site.sync(&["a.example"]);
    let orders = site.options.state.as_ref().unwrap()["orders"].as_array().unwrap().clone();
    let outcomes: Vec<&str> = orders.iter().map(|order| order["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["presumed"]);
    site.options.interrupted = false;
    site.advance(601);
    site.sync(&["a.example"]);
    site.sync(&["a.example"]);
    assert_eq!(site.options.state.as_ref().unwrap()["orders"].as_array().unwrap().len(), 2, "nothing to order");
    // It is booked also where the order has landed and there is nothing to order.
    site.options.interrupted = true;
    site.sync(&["a.example"]);
    assert_eq!(site.options.state.as_ref().unwrap()["orders"].as_array().unwrap().len(), 3);
}

#[test]
fn no_secret_is_in_a_report_a_state_or_an_error() {
    let credentials = ["cw_sim_full", "sim-legacy-key-0123456789"];
    let paths = [
        "/server",
        "/app/manage/aliases",
        "/operation/*",
        "/security/lets_encrypt_install",
        "/security/lets_encrypt_auto",
    ];
    let seen: Vec<String> = std::thread::scope(|scope| {
        let pairs = credentials.iter().flat_map(|credential| paths.map(|path| (*credential, path)));
        let runs: Vec<_> = pairs.map(|(key, path)| scope.spawn(move || what_gets_out(key, path))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    for (from, shown) in [
        ("/app/manage/aliases 422", "refused POST /app/manage/aliases (HTTP 422): The account *** with ***"),
        ("/app/manage/aliases 422", r#""kind":"The account *** with ***""#),
        ("/operation/* 200", r#""answer":"The account *** with ***""#),
        ("/security/lets_encrypt_install 422", r#""answer":"The account *** with ***""#),
        ("/security/lets_encrypt_auto 422", "The account *** with ***"),
        ("labels", r#""label":"The account *** with ***""#),
    ] {
        let came = seen.iter().any(|text| text.starts_with(from) && text.contains(shown));
        assert!(came, "{from}: an answer that repeats secrets is shown without them");
    }
    for secret in ["SIM-SECRET", "cw_sim_full", "sim-legacy-key", "owner@example.com"] {
        for text in &seen {
            assert!(!text.contains(secret), "{secret} got out: {text}");
        }
    }
}

/// Everything that a caller is given when this path answers with the credentials in every field that is passed on.
fn what_gets_out(credential: &str, path: &str) -> Vec<String> {
    let echoed = format!("The account owner@example.com with {credential}");
    let operation = |is_completed: &str| {
        json!({"operation": {"id": "777", "type": echoed, "status": echoed, "message": echoed,
            "is_completed": is_completed, "estimated_time_remaining": "0"}})
    };
    let mut seen = Vec::new();
    for (status, body) in [
        (200, json!(echoed)),
        (200, json!({"message": echoed, "operation_id": echoed})),
        (200, operation("-1")),
        (400, json!({"error": "invalid_grant", "error_description": echoed})),
        (401, json!({"message": echoed})),
        (403, json!({"message": echoed})),
        (422, json!({"message": echoed})),
        (422, json!({"aliases": [{"code": echoed, "message": echoed}]})),
        (422, operation("0")),
        (429, json!({"message": echoed})),
        (500, json!(echoed)),
    ] {
        let mut site = Site::new();
        site.set("WU_CLOUDWAYS_API_KEY", credential);
        site.point_here(&["a.example", "b.example"]);
        site.sync(&["a.example"]);
        site.advance(601);
        // There is a list to send, a certificate to order, or its renewal to put on.
        let domains = if path.ends_with("auto") { ["a.example", "a.example"] } else { ["a.example", "b.example"] };
        site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().auto = false);
        site.sim.fault(json!({"path": path, "times": null, "do": {"status": status, "body": body}}));
        seen.push(match site.try_sync(&domains) {
            Ok(report) => format!("{path} {status}: {} {report:?}", json(&report)),
            Err(error) => format!("{path} {status}: {error} {error:?} {:?} {}", error.details(), error.remedy()),
        });
        seen.push(site.options.state.unwrap().to_string());
    }
    let mut site = Site::new();
    site.set("WU_CLOUDWAYS_API_KEY", credential);
    site.sim.edit(|state| state.servers[0].label.clone_from(&echoed));
    site.edit_app(|app| app.label.clone_from(&echoed));
    let connection = sync::test_connection(&site.constants, site.options.deadline).unwrap();
    seen.push(format!("labels: {} {connection:?}", serde_json::to_value(&connection).unwrap()));
    seen
}
