//! Rule 7: when a certificate is ordered, and what follows from an order that fails. Time is moved by hand.

use cloudways_sim::state::DnsEntry;
use serde_json::json;
use wu_cloudways::note::Note;
use wu_cloudways::report::{CertificateStanding, Report, Status};

use crate::support::{APP, SERVER_IP, Site, domain, note, removed};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn code(report: &Report) -> Option<&'static str> {
    report.certificate.note.as_ref().map(Note::code)
}

fn fails_with(site: &Site, message: &str) {
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "times": null, "do": {"fail_operation": message}}));
}

#[test]
fn the_first_order_waits_for_nothing_and_the_next_one_for_ten_minutes() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example"]);
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Ok);
    let budget = report.certificate.budget.unwrap();
    assert_eq!((budget.left, budget.of, budget.left_of_this_set, budget.next_order_at), (39, 40, 3, None));

    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(report.status, Status::Pending);
    assert_eq!(code(&report), Some("order_gap"));
    assert_eq!(report.certificate.budget.as_ref().unwrap().next_order_at, report.next_at);
    assert_eq!(domain(&report, "b.example").certificate, CertificateStanding::Waiting);
    let waited = site.advance_to_next(&report);
    assert!((9 * MINUTE..=10 * MINUTE + 1).contains(&waited), "{waited}");
    assert_eq!(site.sync(&["a.example", "b.example"]).status, Status::Ok);
    assert_eq!(site.certificate(), ["a.example", "b.example", "network.example"]);
}

#[test]
fn a_person_in_a_hurry_skips_the_gap_and_not_the_limits() {
    let mut site = Site::new();
    let every: Vec<String> = (0..50).map(|number| format!("n{number}.b.example")).collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    site.point_here(&every);
    site.options.force = true;
    let mut orders = 0;
    for count in 1..=45 {
        site.sim.clear_log();
        let report = site.sync(&every[..count]);
        orders += site.writes().1;
        if site.writes().1 == 0 {
            assert_eq!(code(&report), Some("order_budget"), "{count}");
            assert_eq!(report.status, Status::Pending);
        }
        site.advance(61);
    }
    assert_eq!(orders, 40, "one bucket of the registered domain");
}

#[test]
fn what_only_takes_names_away_waits_a_day_for_company() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "c.example"]);
    site.sync(&["a.example", "b.example"]);
    // Within the gap after the last order: of two waits the longer one is told.
    site.advance(MINUTE);
    site.options.removed = removed(&["a.example"]);
    let report = site.sync(&["b.example"]);
    assert_eq!((report.status, code(&report)), (Status::Pending, Some("order_company")));
    assert_eq!(site.aliases(), ["hand-made.example", "b.example"]);
    assert_eq!(site.certificate(), ["a.example", "b.example", "network.example"]);
    let waited = site.advance_to_next(&report);
    assert!((DAY - MINUTE..=DAY + 1).contains(&waited), "{waited}");
    assert_eq!(site.sync(&["b.example"]).status, Status::Ok);
    assert_eq!(site.certificate(), ["b.example", "network.example"]);

    // With a newcomer it goes at once.
    site.advance(HOUR);
    site.options.removed = removed(&["b.example"]);
    site.sync(&[]);
    site.advance(HOUR);
    site.sync(&["c.example"]);
    assert_eq!(site.certificate(), ["c.example", "network.example"]);
}

#[test]
fn a_named_culprit_is_set_aside_for_an_hour_six_and_a_day_and_the_others_go_on() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "bad.example"]);
    // Here for us, and elsewhere for the authority: a proxy by another path, say.
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"fail_operation": "bad.example: 404"}}));
    let wanted = ["a.example", "bad.example", "b.example"];
    let report = site.sync(&wanted);
    assert_eq!((report.status, code(&report)), (Status::Pending, Some("order_failed")));
    assert_eq!(note(&report, "bad.example"), Some("certificate_set_aside"));
    assert_eq!(domain(&report, "bad.example").certificate, CertificateStanding::Blocked);
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Waiting);
    site.advance_to_next(&report);
    let report = site.sync(&wanted);
    assert_eq!(site.certificate(), ["a.example", "b.example", "network.example"]);
    assert_eq!(report.status, Status::Partial);

    for rest in [HOUR, 6 * HOUR, DAY] {
        let mut report = report.clone();
        let mut waited = 0;
        site.sim.clear_log();
        while site.writes().1 == 0 {
            waited += site.advance_to_next(&report);
            fails_with(&site, "The challenge for bad.example failed");
            report = site.sync(&wanted);
            site.sim.clear_faults();
            assert!(waited < 2 * DAY, "it is never tried again");
        }
        assert!(waited + 15 * MINUTE >= rest && waited < rest + HOUR, "{waited} of {rest}");
        assert_eq!(note(&report, "bad.example"), Some("certificate_set_aside"));
    }
    assert_eq!(site.certificate(), ["a.example", "b.example", "network.example"]);
}

#[test]
fn newcomers_are_halved_when_nobody_says_which_one_is_bad() {
    let mut site = Site::new();
    site.sim.edit(|state| state.switches.le_failure_names_domain = false);
    let every: Vec<String> = (0..8).map(|number| format!("n{number}.example")).collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    site.point_here(&every);
    let mut report = site.sync(&[]);
    site.advance(HOUR);
    // What we see in DNS is not what the authority sees.
    let lie = |site: &Site, right: bool| {
        site.sim.set_a("n5.example", &[if right { SERVER_IP } else { "198.51.100.7" }]);
    };
    site.sim.fault(json!({
        "path": "/security/lets_encrypt_install", "times": null,
        "do": {"set_dns": {"n5.example": {"A": ["198.51.100.7"]}}},
    }));
    let mut orders = 0;
    for _ in 0..40 {
        lie(&site, true);
        site.sim.clear_log();
        report = site.sync(&every);
        orders += site.writes().1;
        if site.certificate().len() == 8 {
            break;
        }
        site.advance_to_next(&report);
    }
    assert_eq!(site.certificate().len(), 8, "seven and the primary domain");
    assert!(!site.certificate().contains(&"n5.example".to_owned()));
    assert!(orders <= 8, "{orders} orders");
    assert_eq!(note(&report, "n5.example"), Some("certificate_set_aside"));
}

#[test]
fn a_message_about_a_limit_blames_nobody_and_orders_pause_until_its_time() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    fails_with(&site, "too many certificates already issued for \"a.example\" in the last 168h0m0s");
    let report = site.sync(&["a.example"]);
    assert_eq!(note(&report, "a.example"), None);
    assert_eq!(report.status, Status::Pending);
    let waited = site.advance_to_next(&report);
    assert!((201 * MINUTE..=202 * MINUTE + 30).contains(&waited), "{waited}");
    site.sim.clear_faults();
    site.sync(&["a.example"]);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

#[test]
fn a_covered_name_leaves_after_two_definite_answers_an_hour_apart_and_no_sooner() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"]);
    let wanted = ["a.example", "b.example", "c.example", "d.example", "e.example"];
    site.sync(&wanted);
    site.advance(HOUR);
    site.sim.set_a("a.example", &["198.51.100.7"]);
    let report = site.sync(&wanted);
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Covered);
    assert_eq!(note(&report, "a.example"), Some("dns_elsewhere"));
    // A newcomer waits as long: the order would fail as a whole.
    let wanted = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"];
    site.sim.clear_log();
    let report = site.sync(&wanted);
    assert_eq!((site.writes().1, code(&report)), (0, Some("order_waits_for_dns")));
    site.advance(59 * MINUTE);
    site.sync(&wanted);
    assert_eq!(site.writes().1, 0);
    // What cannot be asked is no second answer.
    site.advance(2 * MINUTE);
    let silent: DnsEntry = serde_json::from_value(json!({"fault": "servfail"})).unwrap();
    site.sim.edit(|state| state.dns.insert("a.example".into(), silent));
    let report = site.sync(&wanted);
    assert!(site.certificate().contains(&"a.example".to_owned()));
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Covered);
    site.advance(HOUR);
    site.sim.set_a("a.example", &["198.51.100.7"]);
    let report = site.sync(&wanted);
    assert_eq!(
        site.certificate(),
        ["b.example", "c.example", "d.example", "e.example", "f.example", "network.example"]
    );
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Blocked);
}

#[test]
fn a_name_that_comes_back_in_time_stays() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example"]);
    site.sync(&["a.example", "b.example"]);
    for _ in 0..3 {
        site.sim.set_a("a.example", &["198.51.100.7"]);
        site.advance(50 * MINUTE);
        site.sync(&["a.example", "b.example"]);
        site.point_here(&["a.example"]);
        site.advance(50 * MINUTE);
        site.sync(&["a.example", "b.example"]);
    }
    assert_eq!(site.certificate(), ["a.example", "b.example", "network.example"]);
}

#[test]
fn a_call_that_never_came_back_counts_as_one_order() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.options.interrupted = true;
    let report = site.sync(&["a.example"]);
    assert_eq!(code(&report), Some("order_gap"), "it may have been placed a moment ago");
    assert_eq!(report.certificate.budget.unwrap().left, 39);
    site.options.interrupted = false;
    site.advance(10 * MINUTE + 1);
    let report = site.sync(&["a.example"]);
    assert_eq!(report.certificate.budget.unwrap().left, 38);
}

#[test]
fn a_server_that_moves_is_said_and_takes_nobody_out() {
    let mut site = Site::new();
    let wanted = ["a.example", "b.example", "c.example", "d.example"];
    site.point_here(&wanted);
    site.sync(&wanted);
    site.advance(HOUR);
    site.sim.edit(|state| state.servers[0].public_ip = "203.0.113.99".into());
    let report = site.sync(&wanted);
    assert!(report.warnings.iter().any(|note| note.code() == "server_address_changed"), "{:?}", report.warnings);
    site.advance(2 * HOUR);
    let report = site.sync(&wanted);
    assert!(report.warnings.iter().any(|note| note.code() == "server_address_changed"), "names still point there");
    assert_eq!(code(&report), Some("certificate_withheld"));
    assert_eq!(site.certificate().len(), 5);
    for name in wanted.iter().chain(&["network.example"]) {
        site.sim.set_a(name, &["203.0.113.99"]);
    }
    let report = site.sync(&wanted);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    assert_eq!(report.status, Status::Ok);
}

#[test]
fn the_primary_domain_is_never_taken_for_the_culprit_by_the_message_s_word() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.point_here(&["b.example"]);
    for _ in 0..3 {
        site.advance(30 * HOUR);
        fails_with(&site, "The certificate of network.example could not be issued.");
        site.sync(&["a.example", "b.example"]);
        site.sim.clear_faults();
    }
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
    site.advance(30 * HOUR);
    site.sync(&["a.example", "b.example"]);
    assert_eq!(site.certificate(), ["a.example", "b.example", "network.example"]);
    assert_eq!(site.sim.aliases(APP).len(), 3);
}

/// Lets the memory hold a look at the certificate that is served.
fn remember_served(site: &mut Site, names: &[&str], days_left: u64) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + site.ahead;
    let state = site.options.state.as_mut().unwrap();
    state["served_at"] = json!(now);
    state["served"] = json!({
        "issuer": "Let's Encrypt R11", "not_before": now - (90 - days_left) * DAY, "not_after": now + days_left * DAY,
        "set": wu_cloudways::budget::set_of(&crate::support::names(names)),
    });
}

#[test]
fn a_certificate_near_its_end_is_ordered_again_with_the_same_names() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.advance(DAY);
    for (days_left, orders) in [(16, 0), (14, 1)] {
        remember_served(&mut site, &["a.example", "network.example"], days_left);
        site.sim.clear_log();
        let report = site.sync(&["a.example"]);
        assert_eq!(site.writes(), (0, orders), "{days_left} days");
        if orders == 0 {
            let installed = report.certificate.installed.unwrap();
            assert_eq!(installed.issuer.as_deref(), Some("Let's Encrypt R11"));
            assert!(installed.not_after.is_some());
        }
    }
    // What is served is another certificate: its end says nothing of ours, and it is said.
    site.advance(HOUR);
    remember_served(&mut site, &["other.example"], 1);
    site.sim.clear_log();
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (0, 0));
    assert!(report.warnings.iter().any(|note| note.code() == "served_other"), "{:?}", report.warnings);
    assert_eq!(report.certificate.installed.unwrap().not_after, None);
}

#[test]
fn a_certificate_of_others_that_ends_soon_is_said() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.edit_app(|app| app.own_ssl = json!({"domain": "network.example"}));
    remember_served(&mut site, &["network.example"], 5);
    let report = site.sync(&["a.example"]);
    assert!(report.warnings.iter().any(|note| note.code() == "certificate_ends"), "{:?}", report.warnings);
}
