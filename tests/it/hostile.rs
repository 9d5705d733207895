//! The API at its worst: answers that are put off, lost, late, cut, or say what is not so; a memory that was tampered
//! with; a call that never came back. Each test is one way in which it once went wrong, or could.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wu_cloudways::clock::{Deadline, SystemClock};
use wu_cloudways::cloudways::HttpCloudways;
use wu_cloudways::config::Settings;
use wu_cloudways::error::Error;
use wu_cloudways::note::Note;
use wu_cloudways::report::{AliasStanding, CertificateStanding, Report, Status};
use wu_cloudways::sync;
use wu_cloudways::web::Outside;

use crate::support::{APP, SERVER_IP, Site, domain, json as as_json, name, names, removed, warnings};

const LEGACY_KEY: &str = "sim-legacy-key-0123456789";

// ---------------------------------------------------------------------------------------------------------------
// A write that is repeated starts from a fresh look

#[test]
fn an_alias_that_a_person_adds_while_a_write_is_limited_is_still_there() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.fault(json!({
        "method": "POST", "path": "/app/manage/aliases",
        "do": {"status": 429, "headers": {"Retry-After": "5"}, "hand_aliases": by_hand()},
    }));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "by-hand.example", "a.example"]);
    assert_eq!(site.writes().0, 2, "the limited one and the one from a fresh look");
    assert_eq!(report.status, Status::Ok);
    assert!(report.elapsed_ms >= 5_000, "the hint was obeyed");
}

#[test]
fn an_alias_that_a_person_adds_while_a_key_is_exchanged_anew_is_still_there() {
    let mut site = Site::new();
    site.set("WU_CLOUDWAYS_API_KEY", LEGACY_KEY);
    site.options.ssl = false;
    site.sim.fault(json!({"method": "POST", "path": "/app/manage/aliases", "do": {"status": 401}}));
    site.sim.fault(json!({
        "path": "/oauth/access_token", "skip": 1, "do": {"delay_ms": 100, "hand_aliases": by_hand()},
    }));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "by-hand.example", "a.example"]);
    assert_eq!(report.status, Status::Ok);
    let exchanges = site.sim.log().iter().filter(|entry| entry.path.ends_with("/oauth/access_token")).count();
    assert_eq!(exchanges, 2);
}

#[test]
fn a_key_that_is_refused_again_and_again_is_exchanged_anew_once() {
    let mut site = Site::new();
    site.set("WU_CLOUDWAYS_API_KEY", LEGACY_KEY);
    site.options.ssl = false;
    site.sim.fault(json!({"method": "POST", "path": "/app/manage/aliases", "times": null, "do": {"status": 401}}));
    assert_eq!(site.try_sync(&["a.example"]).unwrap_err().code(), "auth_failed");
    assert_eq!(site.writes().0, 2);
}

#[test]
fn a_limit_that_lasts_longer_than_the_call_is_an_error_and_nothing_was_written() {
    let mut site = Site::new();
    site.options.ssl = false;
    let limited = json!({"status": 429, "headers": {"Retry-After": "88"}});
    site.sim.fault(json!({"method": "POST", "path": "/app/manage/aliases", "times": null, "do": limited}));
    let error = site.try_sync(&["a.example"]).unwrap_err();
    assert_eq!((error.code(), error.retry_after()), ("rate_limited", Some(88)));
    assert_eq!(site.writes().0, 1);
}

#[test]
fn an_order_is_repeated_from_a_fresh_look_as_well() {
    let mut site = with_aliases_in_place(&["a.example"]);
    site.sim.fault(json!({
        "method": "POST", "path": "/security/lets_encrypt_install",
        "do": {"status": 429, "headers": {"Retry-After": "5"}, "hand_aliases": {"app_id": APP, "remove": ["a.example"]}},
    }));
    let report = site.sync(&["a.example"]);
    assert_ne!(report.certificate.ordered, Some(names(&["network.example", "a.example"])), "its alias is gone");
    let orders: Vec<Value> = site.sim.writes().iter().map(|write| write.params["ssl_domains"].clone()).collect();
    assert_eq!(orders, [json!(["network.example", "a.example"]), json!(["network.example"])]);
}

// ---------------------------------------------------------------------------------------------------------------
// What an earlier look showed

#[test]
fn a_list_that_is_empty_after_waiting_for_others_is_looked_at_again() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example"]);
    site.sim.fault(busy(1));
    site.sim.fault(operation("777", "1"));
    site.sim.fault(shown_at(1, &json!({"aliases": []})));
    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);
    assert!(warnings(&report).is_empty());
}

#[test]
fn a_short_call_looks_again_before_it_writes_over_a_list_that_lost_names() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example"]);
    for deadline in [10, 6] {
        site.options.deadline = Duration::from_secs(deadline);
        site.sim.fault(shown_at(0, &json!({"aliases": []})));
        site.sync(&["a.example", &format!("within-{deadline}.example")]);
        assert!(site.aliases().contains(&"hand-made.example".to_owned()), "{deadline}");
    }
}

#[test]
fn a_list_that_lost_names_is_not_written_over_without_time_for_a_second_look() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example"]);
    site.sim.clear_log();
    site.options.deadline = Duration::from_secs(2);
    site.sim.fault(shown_at(0, &json!({"aliases": []})));
    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(site.writes().0, 0);
    assert_eq!(report.status, Status::Pending);
    assert!(report.next_at.is_some());
}

// ---------------------------------------------------------------------------------------------------------------
// Accepted is not done

#[test]
fn a_removal_that_is_accepted_without_effect_is_not_done() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example", "b.example"]);
    site.options.removed = removed(&["b.example"]);
    site.sim.fault(without_effect("/app/manage/aliases", 1));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    assert!(report.next_at.is_some());
    assert!(report.aliases.removed.is_empty());
    assert_eq!(domain(&report, "b.example").alias, AliasStanding::Pending);
    // It is still ours, and the reason still holds.
    site.options.removed = Vec::new();
    let report = site.sync(&["a.example"]);
    assert_eq!(report.aliases.removed, ["b.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example"]);
}

#[test]
fn a_removal_that_goes_on_is_not_told_as_done() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example", "b.example"]);
    site.options.removed = removed(&["b.example"]);
    never_ending(&site);
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    assert_eq!(domain(&report, "b.example").alias, AliasStanding::Pending);
    assert!(report.aliases.removed.is_empty());
}

#[test]
fn a_removal_whose_operation_may_not_be_polled_is_waited_for() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example", "b.example"]);
    site.options.removed = removed(&["b.example"]);
    unpollable(&site);
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    assert!(report.operation.is_some(), "it goes on");
    site.sim.advance(1_001);
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Ok);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example"]);
    assert_eq!(site.writes().0, 2, "one for each, none a second time");
}

#[test]
fn an_alias_operation_that_may_not_be_polled_does_not_keep_the_next_domain_out() {
    let mut site = Site::new();
    site.options.ssl = false;
    unpollable(&site);
    assert_eq!(site.sync(&["a.example"]).status, Status::Pending);
    site.sim.advance(1_001);
    site.sync(&["a.example", "b.example"]);
    assert_eq!(site.writes().0, 2);
    site.sim.advance(1_001);
    assert_eq!(site.sync(&["a.example", "b.example"]).status, Status::Ok);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);
}

#[test]
fn no_certificate_is_ordered_for_a_name_whose_alias_did_not_come() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sim.fault(without_effect("/app/manage/aliases", 1));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.certificate(), ["network.example"]);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Missing);
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Waiting);
}

#[test]
fn an_alias_that_was_sent_and_its_answer_lost_is_ours_when_it_lands_later() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.options.deadline = Duration::from_secs(5);
    site.sim.edit(|state| {
        state.switches.operation_polls = None;
        state.switches.operation_seconds = Some(30);
    });
    site.sim.fault(json!({"method": "POST", "path": "/app/manage/aliases", "do": {"lose_answer": true}}));
    assert_eq!(site.sync(&["a.example"]).status, Status::Pending);
    site.sim.advance(31);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example"]);
    // Meanwhile it was unmapped.
    site.options.removed = removed(&["a.example"]);
    site.sync(&[]);
    site.sim.advance(31);
    assert_eq!(site.aliases(), ["hand-made.example"]);
}

#[test]
fn renewal_that_is_accepted_and_stays_off_is_told_and_not_tried_at_every_call() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().auto = false);
    site.sim.fault(without_effect("/security/lets_encrypt_auto", 1));
    site.sim.clear_log();
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Partial);
    assert_eq!(warnings(&report), ["auto_not_seen"]);
    site.sync(&["a.example"]);
    assert_eq!(site.sim.writes().len(), 1);
    let tried = site.options.state.as_ref().unwrap()["auto_tried"].as_u64().unwrap();
    site.options.state.as_mut().unwrap()["auto_tried"] = json!(tried - 3_600);
    let report = site.sync(&["a.example"]);
    assert_eq!(site.sim.writes().len(), 2);
    assert_eq!(report.certificate.installed.unwrap().auto, Some(true));
    assert!(report.warnings.is_empty());
}

// ---------------------------------------------------------------------------------------------------------------
// The certificate

#[test]
fn a_certificate_that_cannot_be_read_is_left_alone_and_it_is_said() {
    for lets_encrypt in [
        json!({"is_installed": true, "type": "le", "ssl_domains": {"0": "network.example", "1": "proxied.example"}}),
        json!({"is_installed": true, "type": "le", "ssl_domains": "network.example,proxied.example"}),
        json!({"is_installed": true, "type": "le", "ssl_domains": null}),
        json!({"is_installed": true, "type": "le", "ssl_domains": ["network.example", "under_score.example"]}),
        json!({"is_installed": true, "type": "le",
            "ssl_domains": (0..101).map(|number| format!("n{number}.example")).collect::<Vec<_>>()}),
    ] {
        // It is behind a proxy now: an order that knows of no certificate would leave it out.
        let mut site = Site::new();
        site.point_here(&["proxied.example"]);
        site.sync(&["proxied.example"]);
        site.sim.set_a("proxied.example", &["198.51.100.7"]);
        site.sim.clear_log();
        let app = json!({"aliases": ["hand-made.example", "proxied.example"], "lets_encrypt": lets_encrypt});
        site.sim.fault(shown_at(0, &app));
        let report = site.sync(&["proxied.example"]);
        assert_eq!(site.writes(), (0, 0), "{lets_encrypt}");
        assert_eq!(certificate_note(&report), Some("certificate_unreadable"));
        assert_eq!(report.status, Status::Partial);
    }
}

#[test]
fn an_application_without_a_word_of_its_certificate_has_one_that_cannot_be_read() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.sim.clear_log();
    site.sim.fault(shown_at(0, &json!({"aliases": ["hand-made.example", "a.example"]})));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(certificate_note(&report), Some("certificate_unreadable"));
}

#[test]
fn a_full_certificate_is_filled_although_the_first_names_asked_are_elsewhere() {
    let mut site = Site::new();
    site.sim.set_a("network.example", &["198.51.100.1"]);
    let every: Vec<String> = (0..250).map(|number| format!("m{number:03}.example")).collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    for elsewhere in &every[..120] {
        site.sim.set_a(elsewhere, &["198.51.100.1"]);
    }
    site.point_here(&every[120..]);
    let report = site.sync(&every);
    assert_eq!(site.certificate().len(), 100);
    assert_eq!(report.certificate.left_out.len(), 30);
    let standing = |wanted| report.domains.iter().filter(|(_, domain)| domain.certificate == wanted).count();
    assert_eq!(standing(CertificateStanding::Covered), 100);
    assert_eq!(standing(CertificateStanding::Waiting), 0, "nobody is told to wait for what does not come");
    assert_eq!(domain(&report, "network.example").certificate, CertificateStanding::Blocked);
}

#[test]
fn an_explained_removal_leaves_the_certificate_although_its_first_order_failed() {
    let all = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"];
    let mut site = Site::new();
    site.point_here(&all);
    site.sync(&all);
    site.options.removed = removed(&all[..4]);
    // Within the gap after the last order as well: of two waits the longer one is told.
    assert_eq!(certificate_note(&site.sync(&all[4..])), Some("order_company"));
    site.advance(601);
    assert_eq!(certificate_note(&site.sync(&all[4..])), Some("order_company"));
    site.advance(86_401);
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"fail_operation": "timeout"}}));
    assert_eq!(certificate_note(&site.sync(&all[4..])), Some("order_failed"));
    assert_eq!(site.certificate().len(), 7);

    // The reason was given once. It holds until the order is placed again.
    site.options.removed = Vec::new();
    assert_eq!(certificate_note(&site.sync(&all[4..])), Some("order_held"));
    site.advance(90_101);
    assert_eq!(site.sync(&all[4..]).status, Status::Ok);
    assert_eq!(site.certificate(), ["e.example", "f.example", "network.example"]);
    assert_eq!(site.options.state.as_ref().unwrap()["leaving"], json!([]), "then it has served");
}

#[test]
fn an_order_that_is_done_and_does_not_show_is_not_placed_twice() {
    let mut site = with_aliases_in_place(&["a.example"]);
    never_ending(&site);
    site.sync(&["a.example"]);
    // It ended, and nothing of it is to be seen.
    let id = running(&site);
    end_operations(&site);
    site.sim.fault(operation(&id, "1"));
    site.sim.clear_log();
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes().1, 0);
    assert_eq!(certificate_note(&report), Some("order_not_seen"));
    assert_eq!(report.status, Status::Pending);
    for _ in 0..3 {
        assert_eq!(site.sync(&["a.example"]).status, Status::Pending);
    }
    assert_eq!(site.writes().1, 0, "not by the next calls either");
    // After a while it is not believed any more.
    site.advance(601);
    assert_eq!(site.sync(&["a.example"]).status, Status::Ok);
    assert_eq!(site.writes().1, 1);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

#[test]
fn an_order_that_failed_is_not_told_when_the_next_one_went_well() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example"]);
    answer_at_once(&site);
    never_ending(&site);
    site.sync(&["a.example"]);
    let id = running(&site);
    end_operations(&site);
    let failed = json!({"operation": {"id": &id, "is_completed": "-1", "message": "a.example: 404"}});
    site.sim.fault(json!({"path": format!("/operation/{id}"), "do": {"status": 200, "body": failed}}));
    site.advance(601);
    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(site.certificate(), ["b.example", "network.example"]);
    assert_eq!(certificate_note(&report), None);
    assert_eq!(crate::support::note(&report, "a.example"), Some("certificate_set_aside"));
}

#[test]
fn a_failed_order_is_remembered_although_the_look_after_it_fails() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    answer_at_once(&site);
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"fail_operation": "no valid A records"}}));
    // Looks at the beginning and after the list, then the one after the operation.
    site.sim.fault(json!({"method": "GET", "path": "/server", "skip": 2, "times": 4, "do": {"status": 500}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.error.as_ref().unwrap().code, "api_unavailable");
    assert_eq!(certificate_note(&report), Some("order_failed"));
    site.sim.clear_faults();
    site.sim.clear_log();
    assert_eq!(certificate_note(&site.sync(&["a.example"])), Some("order_gap"));
    assert_eq!(site.writes().1, 0);
    site.advance(601);
    site.sync(&["a.example"]);
    assert_eq!(site.certificate(), ["network.example"], "the half that is tried first");
}

#[test]
fn an_order_for_other_names_than_those_of_the_fingerprint_is_not_placed() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "hand-made.example"]);
    site.sync(&["b.example"]);
    site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().ssl_domains.push("hand-made.example".into()));
    site.advance(601);
    site.options.fingerprint = Some(site.plan(&["b.example", "a.example"]).plan.fingerprint);
    site.sim.clear_log();
    // Between the write and the look at what it did, a person removes an alias that the certificate holds.
    site.sim.fault(json!({
        "method": "GET", "path": "/server", "skip": 2, "do": {"hand_aliases": {"app_id": APP, "remove": ["hand-made.example"]}},
    }));
    let report = site.sync(&["b.example", "a.example"]);
    assert_eq!(site.writes(), (1, 0));
    assert_eq!(report.error.as_ref().unwrap().code, "plan_refused");
    assert_eq!(report.status, Status::Partial);
    assert_eq!(report.aliases.added, names(&["a.example"]), "what was written by then is told");
}

#[test]
fn an_alias_added_between_the_write_and_the_look_does_not_spoil_a_plan_that_was_agreed_to() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    let planned = site.plan(&["a.example"]);
    site.options.fingerprint = Some(planned.plan.fingerprint.clone());
    site.sim.clear_log();
    site.sim.fault(json!({"method": "GET", "path": "/server", "skip": 2, "do": {"hand_aliases": by_hand()}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Ok);
    assert_eq!(report.plan, planned.plan);
    assert_eq!(site.writes(), (1, 1));
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "by-hand.example"]);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

// ---------------------------------------------------------------------------------------------------------------
// Operations

#[test]
fn an_operation_whose_answer_says_nothing_is_read_back() {
    for answer in [
        json!({"status": 200, "body": {"operation": {"id": "1"}}}),
        json!({"status": 200, "body": []}),
        json!({"status": 400, "body": {"message": "no"}}),
        json!({"status": 410, "body": {"message": "no"}}),
        json!({"status": 422, "body": {"message": "no"}}),
    ] {
        let mut site = Site::new();
        site.options.ssl = false;
        site.sim.edit(|state| {
            state.switches.operation_polls = None;
            state.switches.operation_seconds = Some(1_000);
        });
        site.sim.fault(json!({"path": "/operation/*", "times": null, "do": answer}));
        let report = site.sync(&["a.example"]);
        assert_eq!(report.status, Status::Pending, "{answer}");
        assert!(report.next_at.is_some() && report.error.is_none(), "{answer}");
        site.sim.advance(1_001);
        let report = site.sync(&["a.example"]);
        assert_eq!((report.status, site.writes().0), (Status::Ok, 1), "{answer}");
    }
}

#[test]
fn an_operation_that_cannot_be_asked_about_for_want_of_credentials_is_taken_up_again() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.fault(json!({"path": "/operation/*", "times": null, "do": {"status": 401}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.error.as_ref().unwrap().code, "auth_failed");
    assert!(report.operation.as_ref().unwrap().ours);
    assert!(report.next_at.is_some(), "somebody must see to it");
    site.sim.clear_faults();
    assert_eq!(site.sync(&["a.example"]).status, Status::Ok);
    assert_eq!(site.writes().0, 1);
}

#[test]
fn what_failed_and_then_went_well_is_not_left_open() {
    let mut site = Site::new();
    site.options.ssl = false;
    never_ending(&site);
    site.sync(&["a.example"]);
    let id = running(&site);
    end_operations(&site);
    site.sim.fault(operation(&id, "-1"));
    let report = site.sync(&["a.example"]);
    assert_eq!(warnings(&report), ["operation_failed"]);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Added);
    assert_eq!((report.status, report.next_at), (Status::Ok, None));
}

#[test]
fn adopted_names_stay_explained_while_the_server_is_busy() {
    let five = ["f1.example", "f2.example", "f3.example", "f4.example", "f5.example"];
    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.set_aliases(APP, &five);
    site.options.adopt = names(&five);
    site.sim.fault(busy(99));
    site.sim.fault(json!({"path": "/operation/777", "times": null, "do": answered("777", "0")}));
    assert_eq!(site.sync(&["a.example"]).status, Status::Pending);
    site.sim.clear_faults();
    // They were adopted once.
    site.options.adopt = Vec::new();
    let report = site.sync(&["a.example"]);
    assert!(report.aliases.withheld.is_empty());
    assert_eq!(site.aliases(), ["a.example"]);
}

#[test]
fn the_word_for_an_operation_of_others_goes_out_short_and_without_secrets() {
    let mut site = Site::new();
    site.options.ssl = false;
    let kind = format!("<script>x()</script>purge of owner@example.com by cw_sim_full {}", "y ".repeat(90_000));
    site.sim.fault(json!({
        "method": "POST", "path": "/app/manage/aliases", "times": null,
        "do": {"status": 422, "body": {"message": "busy", "operation": {"id": "777", "type": kind}}},
    }));
    site.sim.fault(json!({"path": "/operation/777", "times": null, "do": answered("777", "0")}));
    let report = site.sync(&["a.example"]);
    let shown = &report.operation.as_ref().unwrap().kind;
    assert!(shown.starts_with("purge of *** by *** y") && shown.chars().count() <= 301, "{shown}");
    let report = as_json(&report).to_string();
    for unwanted in ["cw_sim_full", "owner@example.com", "script"] {
        assert!(!report.contains(unwanted), "{unwanted}");
    }
}

// ---------------------------------------------------------------------------------------------------------------
// A call that never came back

#[test]
fn an_order_that_landed_although_its_call_never_came_back_is_booked() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.options.state = None;
    site.options.interrupted = true;
    site.sim.clear_log();
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(report.status, Status::Ok);
    let orders = orders(&site);
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0]["outcome"], "presumed");
    assert_eq!(report.certificate.budget.unwrap().left, 39, "for the names that it can have been");
    // What it sent is ours again.
    site.options.interrupted = false;
    site.options.removed = removed(&["a.example"]);
    site.sync(&[]);
    assert_eq!(site.aliases(), ["hand-made.example"]);
}

#[test]
fn an_order_is_booked_also_by_a_call_that_does_not_get_as_far_as_the_certificate() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    never_ending(&site);
    site.options.interrupted = true;
    assert_eq!(site.sync(&["a.example"]).status, Status::Pending);
    assert_eq!(orders(&site).len(), 1);
}

// ---------------------------------------------------------------------------------------------------------------
// A memory that was tampered with

#[test]
fn an_operation_with_an_id_that_would_change_the_path_is_never_asked_for() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example"]);
    for id in ["../../x", "", "1?x=1", "1/2", &"1".repeat(200)] {
        site.options.state.as_mut().unwrap()["operation"] = json!({
            "id": id, "kind": "aliases", "since": 1, "estimate": null, "adds": [], "removes": [],
        });
        site.sim.clear_log();
        let report = site.sync(&["a.example"]);
        assert_eq!(warnings(&report), ["state_damaged"], "{id}");
        assert_eq!(site.sim.log().len(), 1, "{id}");
    }
}

#[test]
fn times_that_lie_ahead_do_not_last_for_ever() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.edit_app(|app| app.lets_encrypt = None);
    let state = site.options.state.as_mut().unwrap();
    state["orders"] = json!([{"at": u64::MAX, "names": ["a.example", "network.example"], "outcome": "failed"}]);
    state["auto_tried"] = json!(u64::MAX);
    state["vanished"] = json!([u64::MAX]);
    let report = site.sync(&["a.example"]);
    let until = report.next_at.unwrap() - now();
    assert!(until <= 6 * 3_600, "{until}");
    site.advance(3_601);
    assert_eq!(site.sync(&["a.example"]).status, Status::Ok);

    never_ending(&site);
    site.sync(&["a.example", "b.example"]);
    site.options.state.as_mut().unwrap()["operation"]["since"] = json!(u64::MAX);
    site.sync(&["a.example", "b.example"]);
    let since = site.options.state.as_ref().unwrap()["operation"]["since"].as_u64().unwrap();
    assert!(since <= now() + site.ahead + 60, "it will be overdue one day");
}

#[test]
fn a_state_of_another_shape_removes_nothing() {
    let mut site = Site::new();
    site.sim.edit(|state| state.switches.rate_limit = None);
    site.options.ssl = false;
    site.sync(&["a.example", "b.example"]);
    let good = site.options.state.clone().unwrap();
    let before = site.aliases();
    site.options.removed = removed(&["b.example"]);
    for key in good.as_object().unwrap().keys() {
        for odd in [json!(-1), json!(1e300), json!("x"), json!({}), json!([null]), json!([""]), json!([-1])] {
            site.options.state = Some(good.clone());
            site.options.state.as_mut().unwrap()[key] = odd.clone();
            site.sync(&["a.example", "b.example"]);
            assert_eq!(site.aliases(), before, "{key}: {odd}");
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Odd and large

#[test]
fn aliases_are_sent_back_as_they_are_spelt_however_odd() {
    let odd = [
        "",
        " ",
        "a.example.",
        "A.EXAMPLE",
        "bücher.example",
        "BÜCHER.example",
        "under_score.x",
        "http://x",
        "*.",
        "..",
        "xn--a",
        "\u{0}",
        "twice.example",
        "twice.example",
        "*.Wild.example",
        "💩.example",
        "a.example\n",
    ];
    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.set_aliases(APP, &odd);
    let wanted = ["a.example", "bücher.example", "new.example"];
    site.sync(&wanted);
    assert_eq!(site.aliases(), [&odd[..], &["new.example"]].concat());
    site.sim.clear_log();
    site.sync(&wanted);
    assert_eq!(site.writes().0, 0);
    site.options.removed = removed(&["a.example", "bücher.example", "twice.example"]);
    site.sync(&["new.example"]);
    for kept in ["", " ", "twice.example", "*.Wild.example", "a.example\n", "under_score.x"] {
        assert!(site.aliases().contains(&kept.to_owned()), "{kept:?} is not ours");
    }
    for gone in ["a.example.", "A.EXAMPLE", "bücher.example", "BÜCHER.example"] {
        assert!(!site.aliases().contains(&gone.to_owned()), "{gone:?} was ours");
    }
}

#[test]
fn a_message_full_of_tags_costs_no_time() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.fault(json!({
        "method": "POST", "path": "/app/manage/aliases", "do": {"status": 422, "body": "<a>".repeat(100_000)},
    }));
    let began = Instant::now();
    assert_eq!(site.try_sync(&["a.example"]).unwrap_err().code(), "api_rejected");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn thousands_of_wildcards_and_sites_cost_no_time() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.options.network_domain = Some(name("network.example"));
    let wildcards: Vec<String> = (0..3_000).map(|number| format!("*.w{number}.example")).collect();
    site.sim.set_aliases(APP, &wildcards);
    let sites: Vec<String> = (0..3_000).map(|number| format!("s{number}.network.example")).collect();
    let began = Instant::now();
    site.sync(&sites.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(site.aliases().len(), 6_000);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

// ---------------------------------------------------------------------------------------------------------------
// Time

#[test]
fn a_short_call_ends_in_time_whatever_hangs() {
    std::thread::scope(|scope| {
        for hanging in ["/server", "/app/manage/aliases", "/operation/*", "/security/lets_encrypt_install", "dns"] {
            scope.spawn(move || {
                let mut site = Site::new();
                site.options.deadline = Duration::from_secs(2);
                site.point_here(&["a.example"]);
                let silent = silent_dns();
                if hanging == "dns" {
                    site.set("WU_CLOUDWAYS_DNS_SERVERS", &silent.local_addr().unwrap().to_string());
                } else {
                    site.sim.fault(json!({"path": hanging, "times": null, "do": {"delay_ms": 60_000}}));
                }
                let began = Instant::now();
                let outcome = in_real_time(&site, &["a.example"]);
                assert!(began.elapsed() < Duration::from_secs(4), "{hanging}: {:?}", began.elapsed());
                if hanging == "/server" {
                    assert_eq!(outcome.unwrap_err().code(), "api_unavailable");
                } else {
                    let report = outcome.unwrap();
                    assert!(report.aliases.sent.is_some() && report.next_at.is_some(), "{hanging}: it goes on");
                }
            });
        }
    });
}

#[test]
fn calls_with_little_time_get_there_after_a_few() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.options.deadline = Duration::from_secs(2);
    for _ in 0..4 {
        site.sync(&["a.example"]);
    }
    assert_eq!(site.aliases(), ["hand-made.example", "a.example"]);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

#[test]
fn a_dns_that_says_nothing_leaves_time_to_write_what_was_agreed_to() {
    let mut site = Site::new();
    site.options.deadline = Duration::from_secs(4);
    let every: Vec<String> = (0..300).map(|number| format!("shop-{number:03}.example")).collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    let silent = silent_dns();
    site.set("WU_CLOUDWAYS_DNS_SERVERS", &silent.local_addr().unwrap().to_string());
    site.options.fingerprint = Some(site.plan(&every).plan.fingerprint);
    let report = in_real_time(&site, &every).unwrap();
    assert_eq!(report.aliases.sent.map(|sent| sent.len()), Some(301));
    assert_eq!(report.status, Status::Pending);
}

#[test]
fn a_list_that_lost_names_is_looked_at_twice_also_by_the_next_call() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example"]);
    // One call has no time for the second look, and the next is shown the same.
    site.options.deadline = Duration::from_secs(2);
    site.sim.fault(shown_at(0, &json!({"aliases": []})));
    site.sync(&["a.example", "b.example"]);
    site.options.deadline = Duration::from_secs(20);
    site.sim.fault(shown_at(0, &json!({"aliases": []})));
    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);
    assert!(warnings(&report).is_empty());
}

#[test]
fn aliases_of_others_that_go_while_a_list_is_written_are_told_once_and_each_once() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example"]);
    site.sim.fault(json!({
        "method": "GET", "path": "/server", "skip": 1,
        "do": {"hand_aliases": {"app_id": APP, "remove": ["hand-made.example"]}},
    }));
    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(report.warnings, [Note::ForeignVanished { aliases: vec!["hand-made.example".into()] }]);
    assert!(site.sync(&["a.example", "b.example"]).warnings.is_empty());

    // Before and after an operation of ours that an earlier call started.
    site.sim.set_aliases(APP, &["by-hand.example", "a.example", "b.example"]);
    site.sync(&["a.example", "b.example"]);
    never_ending(&site);
    site.sync(&["a.example", "b.example", "c.example"]);
    let id = running(&site);
    end_operations(&site);
    site.sim.set_aliases(APP, &["a.example", "b.example", "c.example"]);
    site.sim.fault(operation(&id, "1"));
    let report = site.sync(&["a.example", "b.example", "c.example"]);
    assert_eq!(report.warnings, [Note::ForeignVanished { aliases: vec!["by-hand.example".into()] }]);
}

#[test]
fn a_reason_holds_although_one_look_shows_nothing_to_remove() {
    let all = ["a.example", "b.example", "c.example", "d.example", "e.example"];
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&all);
    site.options.removed = removed(&all);
    site.sim.fault(shown_at(0, &json!({"aliases": ["hand-made.example"]})));
    site.sync(&[]);
    site.options.removed = Vec::new();
    let report = site.sync(&[]);
    assert!(report.aliases.withheld.is_empty());
    assert_eq!(site.aliases(), ["hand-made.example"]);
}

#[test]
fn an_order_that_is_accepted_without_an_operation_is_not_placed_twice() {
    let mut site = with_aliases_in_place(&["a.example"]);
    site.sim.fault(without_effect("/security/lets_encrypt_install", 1));
    for _ in 0..3 {
        let report = site.sync(&["a.example"]);
        assert_eq!(certificate_note(&report), Some("order_not_seen"));
        assert_eq!(report.status, Status::Pending);
        assert!(report.next_at.is_some());
    }
    assert_eq!(site.writes().1, 1);
    site.advance(601);
    assert_eq!(site.sync(&["a.example"]).status, Status::Ok);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

#[test]
fn renewal_is_put_on_although_the_first_try_is_put_off() {
    for (key, answer) in
        [("cw_sim_full", json!({"status": 429, "headers": {"Retry-After": "2"}})), (LEGACY_KEY, json!({"status": 401}))]
    {
        let mut site = Site::new();
        site.set("WU_CLOUDWAYS_API_KEY", key);
        site.point_here(&["a.example"]);
        site.sync(&["a.example"]);
        site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().auto = false);
        site.sim.fault(json!({"path": "/security/lets_encrypt_auto", "do": answer}));
        let report = site.sync(&["a.example"]);
        assert_eq!(report.status, Status::Ok, "{key}");
        assert_eq!(report.certificate.installed.unwrap().auto, Some(true), "{key}");
    }
}

#[test]
fn renewal_that_stays_off_is_told_by_every_call() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().auto = false);
    site.sim.fault(without_effect("/security/lets_encrypt_auto", 1));
    for _ in 0..2 {
        let report = site.sync(&["a.example"]);
        assert_eq!((report.status, warnings(&report)), (Status::Partial, vec!["auto_not_seen"]));
        let again = report.next_at.unwrap() - now();
        assert!(again <= 3_600 && again > 3_500, "{again}");
    }
}

#[test]
fn a_certificate_with_a_wildcard_in_it_is_a_wildcard_certificate_whatever_it_is_called() {
    for kind in ["le", "WC", ""] {
        let mut site = Site::new();
        site.point_here(&["a.example", "b.example"]);
        site.sync(&["a.example"]);
        site.edit_app(|app| {
            app.aliases.push("*.network.example".into());
            let certificate = app.lets_encrypt.as_mut().unwrap();
            certificate.kind = kind.into();
            certificate.ssl_domains = vec!["network.example".into(), "*.network.example".into()];
        });
        site.sim.clear_log();
        let report = site.sync(&["a.example", "b.example"]);
        assert_eq!(certificate_note(&report), Some("wildcard_certificate"), "{kind}");
        assert_eq!(site.writes(), (1, 0), "{kind}");
    }
}

#[test]
fn a_plan_that_is_refused_after_a_write_does_not_say_that_nothing_was_written() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "hand-made.example"]);
    site.sync(&["b.example"]);
    site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().ssl_domains.push("hand-made.example".into()));
    site.advance(601);
    site.options.fingerprint = Some(site.plan(&["b.example", "a.example"]).plan.fingerprint);
    site.sim.fault(json!({
        "method": "GET", "path": "/server", "skip": 2,
        "do": {"hand_aliases": {"app_id": APP, "remove": ["hand-made.example"]}},
    }));
    let report = site.sync(&["b.example", "a.example"]);
    assert!(report.aliases.sent.is_some());
    assert!(!report.error.unwrap().message.contains("nothing was written"));
}

// ---------------------------------------------------------------------------------------------------------------

/// With the machine's clock throughout.
fn in_real_time(site: &Site, domains: &[&str]) -> Result<Report, Error> {
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, site.options.deadline);
    let settings = Settings::from_constants(&site.constants)?;
    let mut api = HttpCloudways::new(&settings, deadline)?;
    let outside = Outside::new(&settings);
    sync::reconcile(&settings, &site.entries(domains), &site.options, deadline, &mut api, &outside)
}

/// A DNS server that never answers.
fn silent_dns() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

/// A site whose aliases are there, and that has no certificate yet.
fn with_aliases_in_place(domains: &[&str]) -> Site {
    let mut site = Site::new();
    site.point_here(domains);
    site.options.ssl = false;
    site.sync(domains);
    site.options.ssl = true;
    site.sim.clear_log();
    site
}

fn by_hand() -> Value {
    json!({"app_id": APP, "add": ["by-hand.example"]})
}

/// `GET /server` shows this application once, after so many looks that show the real one.
fn shown_at(looks_before: u64, app: &Value) -> Value {
    let mut app = app.clone();
    app["id"] = json!(APP);
    app["cname"] = json!("network.example");
    let server = json!({"id": "50482", "public_ip": SERVER_IP, "apps": [app]});
    json!({
        "method": "GET", "path": "/server", "skip": looks_before,
        "do": {"status": 200, "body": {"servers": [server]}},
    })
}

/// So many writes of this kind are accepted, and nothing comes of them.
fn without_effect(path: &str, times: u64) -> Value {
    json!({"method": "POST", "path": path, "times": times, "do": {"status": 200, "body": []}})
}

fn busy(times: u64) -> Value {
    let body = json!({"message": "An operation is already in progress for this server.", "operation": {"id": "777"}});
    json!({"method": "POST", "path": "/app/manage/aliases", "times": times, "do": {"status": 422, "body": body}})
}

/// The next question about an operation is answered like this.
fn operation(id: &str, is_completed: &str) -> Value {
    json!({"path": format!("/operation/{id}"), "do": answered(id, is_completed)})
}

fn answered(id: &str, is_completed: &str) -> Value {
    json!({"status": 200, "body": {"operation": {"id": id, "is_completed": is_completed, "message": "no"}}})
}

/// Operations do not end while a call waits for them.
fn never_ending(site: &Site) {
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(1_000);
        state.switches.operation_seconds = None;
    });
}

/// Operations that run vanish without effect, and those to come end quickly.
fn end_operations(site: &Site) {
    site.sim.edit(|state| {
        state.operations.clear();
        state.switches.operation_polls = Some(1);
    });
}

/// Operations may not be asked about, and take 1,000 seconds.
fn unpollable(site: &Site) {
    site.sim.edit(|state| {
        state.switches.poll_refused = Some(403);
        state.switches.operation_polls = None;
        state.switches.operation_seconds = Some(1_000);
    });
}

/// A list is in place with the answer; only certificates are operations.
fn answer_at_once(site: &Site) {
    site.sim.edit(|state| state.switches.alias_answer = serde_json::from_value(json!("empty_array")).unwrap());
}

/// The operation of ours that goes on, as the state has it.
fn running(site: &Site) -> String {
    site.options.state.as_ref().unwrap()["operation"]["id"].as_str().unwrap().to_owned()
}

fn orders(site: &Site) -> Vec<Value> {
    site.options.state.as_ref().unwrap()["orders"].as_array().unwrap().clone()
}

fn certificate_note(report: &Report) -> Option<&'static str> {
    report.certificate.note.as_ref().map(Note::code)
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_renewal_that_may_not_be_switched_on_is_told_and_ends_no_call() {
    for refusal in [
        json!({"status": 403, "body": {"error": "insufficient_scope", "message": "This token does not have access"}}),
        json!({"status": 422, "body": {"message": "No."}}),
    ] {
        let mut site = Site::new();
        site.point_here(&["a.example"]);
        site.sync(&["a.example"]);
        site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().auto = false);
        site.sim.fault(json!({"path": "/security/lets_encrypt_auto", "times": null, "do": refusal}));
        for call in 1..=2 {
            let report = site.sync(&["a.example"]);
            assert_eq!(warnings(&report), ["auto_not_seen"], "call {call}");
            assert_eq!(report.status, Status::Partial);
            assert!(report.next_at.is_some());
        }
        let tries = site.sim.log().iter().filter(|entry| entry.path.ends_with("/lets_encrypt_auto")).count();
        assert_eq!(tries, 1, "not again within the hour");
    }
}
