//! What random histories found, and what was found by thinking up the worst.

use cloudways_sim::state::{DnsEntry, Tls};
use serde_json::json;
use wu_cloudways::clock::{Clock as _, SystemClock};
use wu_cloudways::report::{AliasStanding, Report, Status};

use crate::support::{APP, Site, domain, names, note, removed, warnings};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Operations that go on until [`end`].
fn never_end(site: &Site) {
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(100_000);
        state.switches.operation_seconds = None;
    });
}

fn end(site: &Site) {
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(1);
        for operation in &mut state.operations {
            operation.pace = None;
        }
    });
}

/// Seconds until the next call.
fn next_in(site: &Site, report: &Report) -> Option<u64> {
    report.next_at.map(|at| at.saturating_sub(SystemClock::start().unix() + site.ahead))
}

fn about_the_order(report: &Report) -> Option<&'static str> {
    report.certificate.note.as_ref().map(wu_cloudways::note::Note::code)
}

/// Seed 336: its DNS was not asked for, so it could not leave, and failed each order.
#[test]
fn the_primary_domain_is_asked_for_although_its_mapping_ended() {
    let mut site = Site::new();
    site.point_here(&["network.example", "a.example", "b.example", "c.example"]);
    site.sync(&["a.example", "b.example"]);
    site.edit_app(|app| app.cname = Some("a.example".into()));
    site.options.removed = removed(&["a.example"]);
    site.sync(&["b.example"]);
    assert!(site.certificate().contains(&"a.example".to_owned()));
    site.sim.set_a("a.example", &["198.51.100.7"]);
    for _ in 0..3 {
        site.advance(4_000);
        site.sync(&["b.example", "c.example"]);
    }
    assert_eq!(site.certificate(), ["b.example", "c.example"]);
}

/// Seed 422: what the list did showed only after the operation that it had started was waited for as if it were
/// somebody else's.
#[test]
fn an_alias_put_back_by_hand_stays_also_when_the_answer_to_its_removal_was_lost() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example", "b.example"]);
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(1);
        state.switches.operation_seconds = Some(3_600);
    });
    site.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 502, "effect": true}}));
    site.options.removed = removed(&["a.example"]);
    let report = site.sync(&["b.example"]);
    assert_eq!(report.aliases.removed, ["a.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "b.example"]);

    site.options.removed.clear();
    site.sim.set_aliases(APP, &["hand-made.example", "b.example", "a.example"]);
    site.sync(&["b.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "b.example", "a.example"]);
}

/// Each call doubled what it remembered of them: half an hour of such calls filled any memory.
#[test]
fn aliases_of_others_that_vanish_while_an_operation_goes_on_are_remembered_once() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example"]);
    never_end(&site);
    site.sync(&["a.example", "b.example"]);
    site.sim.set_aliases(APP, &["a.example"]);
    for _ in 0..5 {
        site.advance(15);
        let report = site.sync(&["a.example", "b.example"]);
        assert_eq!(report.state["foreign"], json!(["hand-made.example"]));
    }
}

/// It was forgotten where an operation of ours went on, and the name was removed later.
#[test]
fn what_is_released_or_adopted_while_an_operation_goes_on_is_remembered() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&["a.example", "x.example"]);
    never_end(&site);
    site.sync(&["a.example", "x.example", "b.example"]);
    site.options.release = names(&["x.example"]);
    site.options.adopt = names(&["hand-made.example"]);
    let report = site.sync(&["a.example", "b.example"]);
    assert!(report.operation.is_some());
    site.options.release.clear();
    site.options.adopt.clear();
    end(&site);
    site.options.removed = removed(&["x.example"]);
    site.sync(&["a.example", "b.example"]);
    assert_eq!(site.aliases(), ["a.example", "x.example", "b.example"]);
}

/// Whoever had such a name mapped stopped everybody's aliases and orders.
#[test]
fn a_name_that_sounds_like_a_limit_stops_nobody() {
    let mut site = Site::new();
    site.point_here(&["a.example", "rate-limit.example", "too-many.example"]);
    site.sim.edit(|state| state.switches.refuse_alias_names = vec!["ratelimit.example".into()]);
    let said = "Invalid response from http://rate-limit.example/.well-known/acme-challenge/x: 404";
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"fail_operation": said}}));
    let wanted = ["a.example", "ratelimit.example", "rate-limit.example"];
    let report = site.sync(&wanted);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "rate-limit.example"]);
    assert_eq!(domain(&report, "ratelimit.example").alias, AliasStanding::SetAside);
    assert_eq!(note(&report, "rate-limit.example"), Some("certificate_set_aside"));
    site.advance_to_next(&report);
    site.sync(&wanted);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

/// The order was repeated until the deadline, a hundred times in twenty seconds.
#[test]
fn an_order_in_a_hurry_that_is_refused_is_placed_once() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.options.force = true;
    let body = json!({"message": "Not possible for this application."});
    site.sim.fault(json!({
        "path": "/security/lets_encrypt_install", "times": null, "do": {"status": 422, "body": body},
    }));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (1, 1));
    assert_eq!(
        (report.status, next_in(&site, &report).map(|seconds| seconds > 50 * MINUTE)),
        (Status::Partial, Some(true))
    );
    // A person may try once more, and once.
    site.sync(&["a.example"]);
    assert_eq!(site.writes(), (1, 2));
}

/// It said that all was well, and gave no time for the rest.
#[test]
fn what_a_hurry_leaves_to_be_ordered_is_said_with_its_time() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "c.example", "d.example"]);
    site.options.force = true;
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"fail_operation": "Timeout"}}));
    let wanted = ["a.example", "b.example", "c.example", "d.example"];
    let report = site.sync(&wanted);
    let wait = next_in(&site, &report).unwrap();
    assert!((9 * MINUTE..=10 * MINUTE).contains(&wait), "{wait}");
    let report = site.sync(&wanted);
    assert_eq!(site.certificate(), ["a.example", "b.example", "network.example"]);
    assert_ne!(report.status, Status::Ok);
    assert!(next_in(&site, &report).is_some());
}

/// A hurry made two refusals within minutes out of what should take an hour.
#[test]
fn a_hurry_takes_nobody_out_before_the_hour_is_over() {
    let mut site = Site::new();
    let wanted = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"];
    site.point_here(&wanted);
    site.sync(&wanted[..5]);
    site.advance(HOUR);
    site.sim.fault(json!({
        "path": "/security/lets_encrypt_install", "times": 3, "do": {"fail_operation": "a.example: timeout"},
    }));
    site.sync(&wanted);
    site.options.force = true;
    site.advance(MINUTE);
    site.sync(&wanted);
    assert_eq!(site.writes().1, 3);
    site.options.force = false;
    for _ in 0..3 {
        site.advance(15 * MINUTE);
        site.sync(&wanted);
        assert!(site.certificate().contains(&"a.example".to_owned()));
    }
    assert_eq!(site.writes().1, 3);
    // Then it is tried once more, and after another refusal it leaves.
    site.advance(6 * HOUR);
    let report = site.sync(&wanted);
    assert_eq!(site.writes().1, 4);
    assert!(site.certificate().contains(&"a.example".to_owned()));
    site.advance_to_next(&report);
    site.sync(&wanted);
    assert_eq!(
        site.certificate(),
        ["b.example", "c.example", "d.example", "e.example", "f.example", "network.example"]
    );
}

/// What was seen of the certificate before was taken for the new one: four orders in an hour and a half.
#[test]
fn a_renewal_that_is_not_to_be_seen_where_it_is_served_is_not_ordered_again_at_once() {
    for tls in [Tls::Reset, Tls::Normal] {
        let mut site = Site::new();
        site.point_here(&["a.example"]);
        site.sync(&["a.example"]);
        site.sim.edit(|state| state.switches.renews = false);
        site.advance(76 * DAY);
        // Known, and about to end.
        site.sim.edit(|state| state.switches.le_failure_names_domain = false);
        site.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"fail_operation": "Timeout"}}));
        let report = site.sync(&["a.example"]);
        site.sim.clear_log();
        site.sim.edit(|state| state.switches.tls = tls);
        site.advance_to_next(&report);
        let report = site.sync(&["a.example"]);
        assert_eq!(site.writes(), (0, 1));
        assert!(!warnings(&report).contains(&"certificate_ends"), "{tls:?}");
        for _ in 0..6 {
            site.advance(HOUR);
            site.sync(&["a.example"]);
        }
        assert_eq!(site.writes(), (0, 1), "{tls:?}");
    }
}

/// One name held back everybody's certificate, and the list was written over at each call, for ever.
#[test]
fn a_covered_name_whose_alias_never_comes_stops_nobody() {
    let mut site = Site::new();
    let wanted = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"];
    site.point_here(&wanted);
    site.sync(&wanted[..5]);
    site.sim.set_aliases(APP, &["hand-made.example", "b.example", "c.example", "d.example", "e.example", "f.example"]);
    site.sim.fault(json!({"path": "/app/manage/aliases", "times": null, "do": {"status": 200, "body": []}}));
    site.sim.clear_log();
    for calls in 1..=12 {
        site.advance(6 * MINUTE);
        let report = site.sync(&wanted);
        assert_eq!(domain(&report, "a.example").alias == AliasStanding::SetAside, calls >= 3, "{calls}");
    }
    assert_eq!(site.writes(), (3, 1));
    assert_eq!(
        site.certificate(),
        ["b.example", "c.example", "d.example", "e.example", "f.example", "network.example"]
    );
    // Tried again, and it comes.
    site.sim.clear_faults();
    site.advance(HOUR);
    site.sync(&wanted);
    assert_eq!(site.aliases().len(), 7);
    site.advance(HOUR);
    site.sync(&wanted);
    assert_eq!(site.certificate().len(), 7);
}

/// The next call took its own memory for damaged, and everything that was ours for hand-made.
#[test]
fn an_operation_with_a_long_id_does_not_damage_the_memory() {
    let mut site = Site::new();
    site.options.ssl = false;
    for length in [100, 101, 128, 129] {
        let id = "f".repeat(length);
        let running = json!({"operation": {"id": id, "is_completed": 0}});
        let (list, operation) = ("/app/manage/aliases", format!("/operation/{id}"));
        site.sim.fault(json!({"path": list, "do": {"status": 200, "body": {"operation_id": id}}}));
        site.sim.fault(json!({"path": operation, "times": null, "do": {"status": 200, "body": running}}));
        let wanted = format!("n{length}.example");
        site.sync(&[&wanted]);
        site.sim.clear_faults();
        let report = site.sync(&[&wanted]);
        assert_eq!(warnings(&report), [""; 0], "{length}");
        site.options.state = None;
    }
}

/// An order that waits a day hid what can be looked at in minutes.
#[test]
fn the_next_call_comes_with_the_first_of_all_that_is_open() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example"]);
    site.sync(&["a.example", "b.example"]);
    site.advance(HOUR);
    site.options.removed = removed(&["a.example"]);
    let silent: DnsEntry = serde_json::from_value(json!({"fault": "servfail"})).unwrap();
    site.sim.edit(|state| state.dns.insert("c.example".into(), silent));
    let report = site.sync(&["b.example", "c.example"]);
    assert_eq!(report.status, Status::Pending);
    assert!(next_in(&site, &report).is_some_and(|seconds| seconds <= 5 * MINUTE), "{:?}", report.next_at);
    site.sim.set_a("c.example", &["198.51.100.7"]);
    let report = site.sync(&["b.example", "c.example"]);
    assert!(next_in(&site, &report).is_some_and(|seconds| seconds <= 15 * MINUTE), "{:?}", report.next_at);
}

/// What took longer than ten minutes was ordered again in the moment in which it was done.
#[test]
fn an_order_that_took_long_has_its_time_to_show_when_it_is_done() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    never_end(&site);
    site.sim.edit(|state| state.switches.alias_answer = serde_json::from_value(json!("empty_array")).unwrap());
    site.sync(&["a.example"]);
    let id = site.options.state.as_ref().unwrap()["operation"]["id"].as_str().unwrap().to_owned();
    site.advance(12 * MINUTE);
    let done = json!({"operation": {"id": id, "is_completed": "1"}});
    site.sim.fault(json!({"path": format!("/operation/{id}"), "do": {"status": 200, "body": done}}));
    site.sim.edit(|state| state.switches.server_lock = false);
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (1, 1));
    assert_eq!(report.certificate.note.as_ref().map(wu_cloudways::note::Note::code), Some("order_not_seen"));
    assert_eq!(report.status, Status::Pending);
    end(&site);
    site.advance(MINUTE);
    assert_eq!(site.sync(&["a.example"]).status, Status::Ok);
    assert_eq!(site.writes(), (1, 1));
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

/// The primary domain was asked for, which had another one, and a warning came of it.
#[test]
fn the_served_certificate_is_looked_at_by_a_name_that_it_holds() {
    let mut site = Site::new();
    site.sim.set_a("network.example", &["198.51.100.7"]);
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.advance(2 * HOUR);
    let report = site.sync(&["a.example"]);
    assert_eq!(site.certificate(), ["a.example"]);
    assert_eq!(warnings(&report), [""; 0]);
    assert!(report.certificate.installed.unwrap().not_after.is_some());
}

/// It was ordered again and again for the end of a certificate that was another one.
#[test]
fn a_wildcard_is_not_renewed_for_the_end_of_another_certificate() {
    let mut site = Site::new();
    site.set("WU_CLOUDWAYS_EXTRA_DOMAINS", "*.network.example");
    site.set("WU_CLOUDWAYS_WILDCARD_SSL", "*.network.example");
    site.sync(&[]);
    site.edit_app(|app| {
        app.lets_encrypt = serde_json::from_value(json!({
            "app_prefix": app.app_fqdn, "auto": true, "is_installed": true, "is_verified": true,
            "ssl_domains": ["network.example"], "type": "wc",
        }))
        .unwrap();
    });
    site.sim.edit(|state| state.switches.tls = Tls::Reset);
    for (names_in_it, steps) in
        [(["other.example", "www.other.example"], 0), (["*.network.example", "network.example"], 1)]
    {
        let now = SystemClock::start().unix() + site.ahead;
        let state = site.options.state.as_mut().unwrap();
        state["served_at"] = json!(now);
        state["served"] = json!({
            "issuer": "R11", "not_before": now - 80 * DAY, "not_after": now + 10 * DAY,
            "set": wu_cloudways::budget::set_of(&names(&names_in_it)),
        });
        site.sim.clear_log();
        site.sync(&[]);
        assert_eq!(site.sim.writes().len(), steps, "{names_in_it:?}");
    }
}

/// Where every alias counts as ours, a person had to say it again at each call that met a busy server.
#[test]
fn what_a_person_accepts_in_a_busy_moment_holds_for_the_next_call_also_when_all_is_replaced() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.set("WU_CLOUDWAYS_ALIAS_POLICY", "replace");
    site.sim.set_aliases(APP, &["one.example", "two.example", "three.example", "four.example", "five.example"]);
    site.sync(&["a.example"]);
    assert_eq!(site.aliases().len(), 6);
    site.options.force = true;
    let busy = json!({"message": "busy", "operation": {"id": "777", "type": "x", "is_completed": "0"}});
    let running = json!({"operation": {"id": "777", "is_completed": "0"}});
    site.sim.fault(json!({"path": "/app/manage/aliases", "times": null, "do": {"status": 422, "body": busy}}));
    site.sim.fault(json!({"path": "/operation/777", "times": null, "do": {"status": 200, "body": running}}));
    assert_eq!(site.sync(&["a.example"]).status, Status::Pending);
    site.options.force = false;
    site.sim.clear_faults();
    assert_eq!(site.sync(&["a.example"]).status, Status::Ok);
    assert_eq!(site.aliases(), ["a.example"]);
}

/// What comes late, time after time, is no name that never comes.
#[test]
fn aliases_that_come_late_are_not_set_aside() {
    let mut site = Site::new();
    site.options.ssl = false;
    let mut there = vec!["hand-made.example".to_owned()];
    for number in 0..5 {
        site.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 200, "body": []}}));
        there.push(format!("n{number}.example"));
        let wanted: Vec<&str> = there[1..].iter().map(String::as_str).collect();
        let late = *wanted.last().unwrap();
        assert_eq!(domain(&site.sync(&wanted), late).alias, AliasStanding::Missing, "{number}");
        site.sim.set_aliases(APP, &there.iter().map(String::as_str).collect::<Vec<_>>());
        site.advance(6 * MINUTE);
        let report = site.sync(&wanted);
        assert_eq!((report.status, next_in(&site, &report)), (Status::Ok, None));
    }
}

/// Seed 140: the order had to wait for a limit, and by then what a person had accepted was withheld again.
#[test]
fn what_a_person_accepted_stays_so_while_a_limit_keeps_the_order_waiting() {
    let mut site = Site::new();
    let mapped = ["a.example", "b.example", "c.example", "d.example", "e.example"];
    site.point_here(&mapped);
    site.sync(&mapped);
    assert_eq!(site.certificate().len(), 6, "with the primary domain");
    for gone in &mapped[1..] {
        site.sim.set_a(gone, &["198.51.100.7"]);
    }
    site.sync(&mapped);
    site.advance(2 * HOUR);
    assert_eq!(about_the_order(&site.sync(&mapped)), Some("certificate_withheld"));

    site.sim.fault(json!({
        "path": "/security/lets_encrypt_install",
        "times": null,
        "do": {"fail_operation": "too many certificates (50) already issued for \"a.example\" in the last 168h0m0s"},
    }));
    site.options.force = true;
    let report = site.sync(&mapped);
    site.options.force = false;
    assert_eq!(site.certificate().len(), 6, "the limit let nothing through");
    assert_eq!(report.status, Status::Pending);
    site.sim.clear_faults();
    for _ in 0..30 {
        site.advance(HOUR);
        assert_ne!(about_the_order(&site.sync(&mapped)), Some("certificate_withheld"), "it was accepted");
    }
    assert_eq!(site.certificate(), ["a.example", "network.example"]);

    // It was said of this loss, and of no other.
    site.point_here(&mapped);
    site.advance(5 * HOUR);
    site.sync(&mapped);
    assert_eq!(site.certificate().len(), 6, "they are back");
    for gone in &mapped[1..] {
        site.sim.set_a(gone, &["198.51.100.7"]);
    }
    site.sync(&mapped);
    site.advance(5 * HOUR);
    assert_eq!(about_the_order(&site.sync(&mapped)), Some("certificate_withheld"));
}
