//! The state between calls, and rule 9: secrets stay in.

use serde_json::json;

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
    assert_eq!(outcomes, ["presumed", "installed"]);
    site.options.interrupted = false;
    site.sync(&["a.example"]);
    assert_eq!(site.options.state.as_ref().unwrap()["orders"].as_array().unwrap().len(), 2, "nothing to order");
    // It is booked also where the order has landed and there is nothing to order.
    site.options.interrupted = true;
    site.sync(&["a.example"]);
    assert_eq!(site.options.state.as_ref().unwrap()["orders"].as_array().unwrap().len(), 3);
}

#[test]
fn no_secret_is_in_a_report_a_state_or_an_error() {
    let mut seen = String::new();
    for credential in ["cw_sim_full", "sim-legacy-key-0123456789"] {
        let mut site = Site::new();
        site.set("WU_CLOUDWAYS_API_KEY", credential);
        site.point_here(&["a.example"]);
        let echoed = format!("The account owner@example.com with {credential}");
        let report = site.sync(&["a.example", "b.example"]);
        seen.push_str(&json(&report).to_string());
        seen.push_str(&format!("{report:?}"));
        for path in ["/server", "/app/manage/aliases"] {
            for (status, body) in [
                (200, json!(echoed)),
                (422, json!({"message": echoed})),
                (500, json!(echoed)),
                (401, json!({"message": echoed})),
            ] {
                site.sim.clear_faults();
                site.sim.fault(json!({"path": path, "times": null, "do": {"status": status, "body": body}}));
                match site.try_sync(&["a.example", "c.example"]) {
                    Ok(report) => seen.push_str(&json(&report).to_string()),
                    Err(error) => seen.push_str(&format!("{error} {error:?} {:?} {}", error.details(), error.remedy())),
                }
            }
        }
        // A state dump for good measure.
        seen.push_str(&site.options.state.unwrap().to_string());
    }
    assert!(seen.contains("The account *** with ***"), "an answer that repeats secrets is shown without them");
    for secret in ["SIM-SECRET", "cw_sim_full", "sim-legacy-key", "owner@example.com"] {
        assert!(!seen.contains(secret), "{secret} got out");
    }
}
