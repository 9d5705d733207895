//! Rule 5: one bad alias stops nobody.

use cloudways_sim::state::RefusalBody;
use serde_json::json;
use wu_cloudways::report::{AliasStanding, Status};

use crate::support::{Site, domain, note};

const HOUR: u64 = 3_600;

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number:02}.example")).collect()
}

fn refuse(site: &Site, names: &[&str], named: bool) {
    site.sim.edit(|state| {
        state.switches.refuse_alias_names = names.iter().map(ToString::to_string).collect();
        state.switches.refuse_alias_names_domain = named;
    });
}

#[test]
fn a_refused_name_is_set_aside_with_the_api_s_reason_and_the_rest_goes_through() {
    for body in [RefusalBody::FieldObject, RefusalBody::FieldList, RefusalBody::StatusMessage] {
        let mut site = Site::new();
        site.options.ssl = false;
        refuse(&site, &["bad.example"], true);
        site.sim.edit(|state| state.switches.refuse_alias_body = body);
        let wanted = ["a.example", "bad.example", "b.example"];
        let report = site.sync(&wanted);
        assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"], "{body:?}");
        assert_eq!(report.status, Status::Partial);
        let entry = domain(&report, "bad.example");
        assert_eq!(entry.alias, AliasStanding::SetAside);
        let said = entry.note.as_ref().unwrap().text();
        assert!(said.contains("bad.example cannot be added as an alias"), "{said}");
        // It is remembered, and tried again in an hour.
        site.sim.clear_log();
        assert_eq!(domain(&site.sync(&wanted), "bad.example").alias, AliasStanding::SetAside);
        assert_eq!(site.writes(), (0, 0));
        let waited = site.advance_to_next(&report);
        assert!((HOUR - 60..=HOUR + 60).contains(&waited), "{waited}");
        refuse(&site, &[], true);
        let report = site.sync(&wanted);
        assert_eq!(report.status, Status::Ok);
        assert_eq!(site.aliases().len(), 4);
    }
}

#[test]
fn where_nobody_is_named_the_new_names_are_halved_until_it_is_found() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.options.deadline = std::time::Duration::from_secs(120);
    let every = numbered(16);
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    refuse(&site, &["n11.example"], false);
    let report = site.sync(&every);
    assert_eq!(site.aliases().len(), 16, "the hand-made one and fifteen");
    assert_eq!(note(&report, "n11.example"), Some("alias_set_aside"));
    assert!(site.writes().0 <= 10, "{} lists were sent", site.writes().0);
}

#[test]
fn halving_goes_on_in_the_next_calls_where_time_is_short() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.options.deadline = std::time::Duration::from_secs(6);
    site.sim.edit(|state| state.switches.operation_polls = Some(8));
    let every = numbered(12);
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    refuse(&site, &["n03.example", "n08.example"], false);
    let mut calls = 0;
    loop {
        calls += 1;
        let report = site.sync(&every);
        if report.status == Status::Partial {
            break;
        }
        assert_eq!(report.status, Status::Pending);
        assert!(calls < 40, "{:?}", report.domains);
        site.advance_to_next(&report);
    }
    assert!(calls > 1);
    assert_eq!(site.aliases().len(), 11);
}

#[test]
fn a_list_that_is_too_long_blames_nobody() {
    let mut site = Site::new();
    site.sim.edit(|state| state.switches.alias_limit = Some(2));
    let error = site.try_sync(&["a.example", "b.example"]).unwrap_err();
    assert_eq!(error.code(), "api_rejected");
    assert_eq!(site.writes().0, 1);
}

#[test]
fn an_observed_name_that_is_refused_stops_the_write_and_is_said_and_the_certificate_goes_on() {
    let mut site = Site::new();
    site.point_here(&["a.example", "hand-made.example"]);
    refuse(&site, &["hand-made.example"], true);
    let report = site.sync(&["a.example"]);
    assert!(report.warnings.iter().any(|note| note.code() == "aliases_refused"));
    assert_eq!(site.aliases(), ["hand-made.example"]);
    assert_eq!(site.certificate(), ["network.example"]);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Pending);
    assert!(report.next_at.is_some());
}

#[test]
fn a_refusal_about_something_else_is_an_error_and_blames_nobody() {
    let mut site = Site::new();
    let body = json!({"status": false, "message": "server_id: invalid or not found for this account."});
    site.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 422, "body": body}}));
    assert_eq!(site.try_sync(&["a.example", "b.example"]).unwrap_err().code(), "api_rejected");
    assert_eq!(site.writes().0, 1);
}

#[test]
fn a_list_that_fails_later_sets_the_named_one_aside_and_halves_only_when_it_fails_again() {
    let mut site = Site::new();
    site.options.ssl = false;
    let failing = |message: &str, times: u64| json!({"path": "/app/manage/aliases", "times": times, "do": {"fail_operation": message}});
    site.sim.fault(failing("Could not add bad.example", 1));
    let report = site.sync(&["a.example", "bad.example", "b.example"]);
    assert_eq!(domain(&report, "bad.example").alias, AliasStanding::SetAside);
    site.advance_to_next(&report);
    site.sync(&["a.example", "bad.example", "b.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);

    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.fault(failing("Operation failed", 1));
    let report = site.sync(&["a.example", "b.example"]);
    assert_ne!(domain(&report, "a.example").alias, AliasStanding::SetAside, "it may pass");
    site.advance_to_next(&report);
    site.sync(&["a.example", "b.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);
    assert_eq!(site.writes().0, 2);

    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.fault(failing("Operation failed", 3));
    for _ in 0..5 {
        let report = site.sync(&["a.example", "b.example"]);
        if report.next_at.is_some() {
            site.advance_to_next(&report);
        }
    }
    assert_eq!(site.aliases().len(), 3, "{:?}", site.aliases());
}

#[test]
fn a_covered_name_whose_alias_is_refused_does_not_stop_the_orders_of_others() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "c.example", "d.example", "e.example", "new.example"]);
    let mut wanted = vec!["a.example", "b.example", "c.example", "d.example", "e.example"];
    site.sync(&wanted);
    site.sim
        .set_aliases(crate::support::APP, &["hand-made.example", "b.example", "c.example", "d.example", "e.example"]);
    refuse(&site, &["a.example"], true);
    site.advance(2 * HOUR);
    wanted.push("new.example");
    site.sync(&wanted);
    assert_eq!(
        site.certificate(),
        ["b.example", "c.example", "d.example", "e.example", "network.example", "new.example"]
    );
}
