//! Rules 6 and 7, as far as they go: verdicts by address, the choice of names, who is served stays served.

use cloudways_sim::state::BoolStyle;
use serde_json::json;
use wu_cloudways::options::DomainEntry;
use wu_cloudways::report::{CertificateStanding, Status};

use crate::support::{APP, SERVER_IP, Site, domain, name, names, note, removed};

#[test]
fn names_with_the_right_dns_get_into_the_certificate_and_the_others_say_why_not() {
    let mut site = Site::new();
    site.point_here(&["good.example"]);
    site.sim.set_a("elsewhere.example", &["198.51.100.7"]);
    site.sim.set_a("mixed.example", &[SERVER_IP, "198.51.100.7"]);
    let report = site.sync(&["good.example", "elsewhere.example", "mixed.example", "missing.example"]);
    assert_eq!(site.certificate(), ["good.example", "network.example"]);
    assert_eq!(report.status, Status::Partial);
    assert!(report.next_at.is_some(), "somebody is changing the DNS, and waits");
    assert_eq!(report.certificate.ordered, Some(names(&["network.example", "good.example"])));
    assert_eq!(domain(&report, "good.example").certificate, CertificateStanding::Covered);
    for (bad, verdict, code) in [
        ("elsewhere.example", "elsewhere", "dns_elsewhere"),
        ("mixed.example", "elsewhere", "dns_elsewhere"),
        ("missing.example", "missing", "dns_missing"),
    ] {
        let entry = domain(&report, bad);
        assert_eq!(entry.dns.as_ref().unwrap().verdict, verdict);
        assert_eq!(entry.certificate, CertificateStanding::Blocked);
        assert_eq!(note(&report, bad), Some(code));
        assert!(entry.note.as_ref().unwrap().remedy().contains(SERVER_IP), "the remedy names the address");
    }
}

#[test]
fn dns_that_cannot_be_asked_is_no_no_and_is_asked_again() {
    let mut site = Site::new();
    site.point_here(&["good.example"]);
    site.sim.edit(|state| {
        let entry = json!({"A": [], "fault": "servfail"});
        state.dns.insert("broken.example".into(), serde_json::from_value(entry).unwrap());
    });
    let report = site.sync(&["good.example", "broken.example"]);
    assert_eq!(note(&report, "broken.example"), Some("dns_unknown"));
    assert!(report.next_at.is_some());
    assert_eq!(site.certificate(), ["good.example", "network.example"]);
    // Once served, a name that cannot be asked about stays.
    site.point_here(&["broken.example"]);
    site.advance(601);
    site.sync(&["good.example", "broken.example"]);
    site.sim.edit(|state| {
        for name in ["broken.example", "good.example"] {
            let entry = json!({"A": [], "fault": "servfail"});
            state.dns.insert(name.into(), serde_json::from_value(entry).unwrap());
        }
    });
    site.sim.clear_log();
    let report = site.sync(&["good.example", "broken.example"]);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(domain(&report, "good.example").certificate, CertificateStanding::Covered);
    assert_eq!(site.certificate(), ["broken.example", "good.example", "network.example"]);
}

#[test]
fn who_is_served_stays_served_until_the_mapping_or_the_alias_ends() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "c.example", "hand-made.example"]);
    site.sync(&["a.example", "b.example", "c.example"]);
    site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().ssl_domains.push("hand-made.example".into()));
    site.sim.set_a("a.example", &["198.51.100.7"]);
    site.sim.clear_log();
    let report = site.sync(&["a.example", "b.example", "c.example"]);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Covered);
    assert_eq!(note(&report, "a.example"), Some("dns_elsewhere"), "it is said all the same");

    site.options.removed = removed(&["a.example"]);
    site.sync(&["b.example", "c.example"]);
    site.advance(86_401);
    site.sync(&["b.example", "c.example"]);
    assert_eq!(site.certificate(), ["b.example", "c.example", "hand-made.example", "network.example"]);
}

#[test]
fn an_order_that_would_drop_many_names_is_withheld() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example", "c.example"]);
    site.sync(&["a.example", "b.example", "c.example"]);
    // Somebody wiped the list, and the domains are no longer given either.
    site.sim.set_aliases(APP, &["hand-made.example"]);
    site.sim.clear_log();
    let report = site.sync(&[]);
    assert_eq!(report.certificate.note.as_ref().map(wu_cloudways::note::Note::code), Some("certificate_withheld"));
    assert_eq!(report.status, Status::Partial);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(site.certificate().len(), 4);
}

#[test]
fn the_full_certificate_prefers_by_kind_and_priority() {
    let mut site = Site::new();
    site.options.network_domain = Some(name("network.example"));
    site.set("WU_CLOUDWAYS_EXTRA_DOMAINS", "extra.example");
    let mut entries = vec![DomainEntry { domain: "site.network.example".into(), www: None, priority: 9 }];
    entries.extend((0..98).map(|number| DomainEntry {
        domain: format!("m{number:02}.example").into(),
        www: Some(number == 0),
        priority: i64::from(number == 97),
    }));
    let every: Vec<String> = (0..98).map(|number| format!("m{number:02}.example")).collect();
    site.point_here(&every.iter().map(String::as_str).collect::<Vec<_>>());
    site.point_here(&["www.m00.example", "site.network.example", "extra.example"]);
    let report = site.try_sync_entries(&entries).unwrap();
    assert_eq!(report.certificate.wanted[..3], names(&["network.example", "m97.example", "m00.example"]));
    assert_eq!(report.certificate.wanted.len(), 100);
    assert!(report.certificate.wanted.contains(&name("extra.example")));
    assert_eq!(report.certificate.left_out, names(&["www.m00.example", "site.network.example"]));
    assert_eq!(site.certificate().len(), 100);

    // A newcomer of a better kind does not displace who is served, and when the certificate is full nobody new is
    // asked about.
    site.point_here(&["late.example"]);
    entries.push(DomainEntry { domain: "late.example".into(), www: Some(false), priority: 100 });
    let report = site.try_sync_entries(&entries).unwrap();
    assert_eq!(domain(&report, "late.example").certificate, CertificateStanding::LeftOut);
    assert_eq!(domain(&report, "late.example").dns.as_ref().unwrap().verdict, "not_asked");
}

#[test]
fn only_the_primary_domain_displaces_a_served_name() {
    let mut site = Site::new();
    let every: Vec<String> = (0..100).map(|number| format!("m{number:02}.example")).collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    site.point_here(&every);
    site.edit_app(|app| app.cname = None);
    site.sync(&every);
    assert_eq!(site.certificate().len(), 100);
    site.edit_app(|app| app.cname = Some("network.example".into()));
    site.advance(601);
    let report = site.sync(&every);
    assert_eq!(site.certificate().len(), 100);
    assert!(site.certificate().contains(&"network.example".to_owned()));
    assert_eq!(report.certificate.left_out, names(&["m99.example"]));
}

#[test]
fn custom_and_wildcard_certificates_are_left_alone_and_it_is_said() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.edit_app(|app| app.own_ssl = json!({"domain": "network.example"}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.certificate.note.as_ref().map(wu_cloudways::note::Note::code), Some("custom_certificate"));
    assert_eq!(site.writes(), (1, 0));

    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().kind = "wc".into());
    site.point_here(&["b.example"]);
    site.sim.clear_log();
    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(report.certificate.note.as_ref().map(wu_cloudways::note::Note::code), Some("wildcard_certificate"));
    assert_eq!(site.writes(), (1, 0));
}

#[test]
fn renewal_that_is_off_is_put_on() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.edit_app(|app| app.lets_encrypt.as_mut().unwrap().auto = false);
    site.sim.clear_log();
    let report = site.sync(&["a.example"]);
    assert_eq!(site.sim.writes().len(), 1);
    assert_eq!(report.certificate.installed.unwrap().auto, Some(true));
    site.sim.clear_log();
    site.sync(&["a.example"]);
    assert!(site.sim.writes().is_empty());
}

#[test]
fn a_certificate_is_known_in_every_spelling_of_a_boolean_and_without_one() {
    for style in [BoolStyle::Bool, BoolStyle::String, BoolStyle::Int, BoolStyle::Absent] {
        let mut site = Site::new();
        site.point_here(&["a.example"]);
        site.sim.edit(|state| state.switches.bool_style = style);
        assert_eq!(site.sync(&["a.example"]).status, Status::Ok, "{style:?}");
        site.sim.clear_log();
        let report = site.sync(&["a.example"]);
        assert_eq!(report.status, Status::Ok, "{style:?}");
        assert!(site.sim.writes().is_empty(), "{style:?}: it is there, and nobody said that its renewal is off");
        let auto = if style == BoolStyle::Absent { None } else { Some(true) };
        assert_eq!(report.certificate.installed.unwrap().auto, auto, "{style:?}");
    }
}

#[test]
fn a_failed_order_is_told_and_not_repeated_at_once() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example"]);
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "times": 1, "do": {"fail_operation": "a.example: no valid A records found"}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    assert_eq!(report.certificate.note.as_ref().map(wu_cloudways::note::Note::code), Some("order_failed"));
    assert!(report.certificate.note.unwrap().text().contains("no valid A records"));
    assert_eq!(domain(&report_of(&mut site, &["a.example"]), "a.example").certificate, CertificateStanding::Blocked);
    assert_eq!(site.writes().1, 1);
    site.advance(601);
    site.sync(&["a.example", "b.example"]);
    assert_eq!(site.certificate(), ["b.example", "network.example"], "the others are ordered without it");
}

#[test]
fn an_order_that_the_api_refuses_is_told_with_its_words_and_loses_no_state() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "times": 1,
        "do": {"status": 422, "body": {"ssl_domains": [{"code": "limit", "message": "Too many certificates."}]}}}));
    let report = site.sync(&["a.example"]);
    assert!(report.certificate.note.unwrap().text().contains("Too many certificates."));
    assert_eq!(site.aliases(), ["hand-made.example", "a.example"]);
}

#[test]
fn without_ssl_dns_is_not_asked_and_nothing_is_ordered() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.options.ssl = false;
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Ok);
    assert_eq!(domain(&report, "a.example").dns, None);
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::None);
    assert_eq!(site.writes(), (1, 0));
    assert!(site.sim.dns_log().is_empty());
}

fn report_of(site: &mut Site, domains: &[&str]) -> wu_cloudways::report::Report {
    site.sync(domains)
}
