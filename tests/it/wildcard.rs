//! A wildcard certificate in place of the ordinary one, where `WU_CLOUDWAYS_WILDCARD_SSL` asks for it.

use serde_json::json;
use wu_cloudways::note::Note;
use wu_cloudways::report::{Action, CertificateStanding, Report, Status};

use crate::support::{Site, domain, name, warnings};

fn site() -> Site {
    let mut site = Site::new();
    site.set("WU_CLOUDWAYS_EXTRA_DOMAINS", "*.network.example");
    site.set("WU_CLOUDWAYS_WILDCARD_SSL", "*.network.example");
    site.options.network_domain = Some(name("network.example"));
    site
}

fn requests(site: &Site) -> Vec<String> {
    let writes = site.sim.writes().into_iter();
    writes.map(|entry| entry.path.rsplit('/').next().unwrap_or_default().to_owned()).collect()
}

fn record(report: &Report) -> Option<(String, String)> {
    report.warnings.iter().find_map(|note| match note {
        Note::WildcardRecord { record, target } => Some((record.clone(), target.clone())),
        _ => None,
    })
}

fn kind(site: &Site) -> Option<String> {
    let state = site.sim.state();
    let app = state.app(crate::support::APP)?;
    app.lets_encrypt.as_ref().filter(|certificate| certificate.is_installed).map(|certificate| certificate.kind.clone())
}

#[test]
fn the_record_is_told_then_looked_for_and_then_it_is_ordered() {
    let mut site = site();
    site.point_here(&["shop.example"]);
    let wanted = ["shop.example", "one.network.example"];
    let planned = site.plan(&wanted);
    assert!(matches!(planned.plan.actions[..], [Action::SetAliases { .. }, Action::ProveWildcard { .. }]));

    let report = site.sync(&wanted);
    assert_eq!(requests(&site), ["aliases", "createDNS"]);
    let fqdn = site.sim.state().app(crate::support::APP).unwrap().app_fqdn.clone();
    assert_eq!(record(&report), Some(("_acme-challenge.network.example".into(), fqdn.clone())));
    assert_eq!(report.status, Status::Pending);

    site.sim.clear_log();
    site.advance_to_next(&report);
    let report = site.sync(&wanted);
    assert_eq!(requests(&site), ["verifyDNS"]);
    assert!(record(&report).is_some(), "it is told until it is found");
    assert_eq!(kind(&site), None);

    site.sim.edit(|state| {
        let entry = serde_json::from_value(json!({"CNAME": fqdn})).unwrap();
        state.dns.insert("_acme-challenge.network.example".into(), entry);
    });
    site.sim.clear_log();
    site.advance_to_next(&report);
    let report = site.sync(&wanted);
    assert_eq!(requests(&site), ["verifyDNS", "lets_encrypt_install"]);
    assert_eq!(kind(&site).as_deref(), Some("wc"));
    assert_eq!(report.certificate.ordered.as_deref(), Some(&[name("*.network.example"), name("network.example")][..]));
    assert_eq!(domain(&report, "one.network.example").certificate, CertificateStanding::Covered);
    assert_eq!(domain(&report, "shop.example").certificate, CertificateStanding::None);
    let only = report.warnings.iter().find(|note| note.code() == "wildcard_only").unwrap();
    assert!(only.text().contains("shop.example"), "tenants' own domains are without HTTPS, and it is said");

    site.sim.clear_log();
    let report = site.sync(&wanted);
    assert_eq!(requests(&site), [""; 0]);
    assert_eq!(warnings(&report), ["wildcard_only"]);
}

#[test]
fn it_takes_nobody_s_https_without_a_person_s_word() {
    let mut site = Site::new();
    let wanted = ["a.example", "b.example", "c.example", "d.example"];
    site.point_here(&wanted);
    site.sync(&wanted);
    site.set("WU_CLOUDWAYS_EXTRA_DOMAINS", "*.network.example");
    site.set("WU_CLOUDWAYS_WILDCARD_SSL", "*.network.example");
    site.advance(3_600);
    site.sim.clear_log();
    let report = site.sync(&wanted);
    assert_eq!(requests(&site), ["aliases"]);
    assert_eq!(report.certificate.note.as_ref().map(Note::code), Some("certificate_withheld"));
    assert_eq!(site.certificate().len(), 5);
    site.options.force = true;
    site.sync(&wanted);
    assert_eq!(requests(&site), ["aliases", "createDNS"]);
    assert_eq!(site.certificate().len(), 5, "until the record is there, everybody is served");
}

#[test]
fn an_order_that_fails_is_not_repeated_within_the_hour() {
    let mut site = site();
    site.sim.edit(|state| {
        let fqdn = state.app(crate::support::APP).unwrap().app_fqdn.clone();
        let entry = serde_json::from_value(json!({"CNAME": fqdn})).unwrap();
        state.dns.insert("_acme-challenge.network.example".into(), entry);
    });
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"fail_operation": "timeout"}}));
    let mut report = site.sync(&[]);
    for _ in 0..3 {
        site.advance_to_next(&report);
        report = site.sync(&[]);
        if report.certificate.note.as_ref().map(Note::code) == Some("order_failed") {
            break;
        }
    }
    site.sim.clear_log();
    let report = site.sync(&[]);
    assert_eq!(requests(&site), [""; 0]);
    assert_eq!(report.certificate.note.as_ref().map(Note::code), Some("order_held"));
    let waited = site.advance_to_next(&report);
    assert!((3_500..=3_601).contains(&waited), "{waited}");
    site.sync(&[]);
    assert_eq!(kind(&site).as_deref(), Some("wc"));
}
