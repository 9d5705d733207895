//! What is seen of the web in a whole run: names behind a proxy, and the certificate that is served.

use cloudways_sim::state::{Behaviour, Tls, WebEntry};
use wu_cloudways::options::ProbeFile;
use wu_cloudways::report::CertificateStanding;

use crate::support::{APP, Site, domain, note, warnings};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const PATH: &str = "/.well-known/acme-challenge/wu-cloudways-test.txt";

/// A site whose file is in place, and a name behind a proxy that behaves like this.
fn behind_a_proxy(behaviour: Behaviour) -> Site {
    let mut site = Site::new();
    site.options.probe = Some(ProbeFile { path: PATH.into(), body: "the-body".into() });
    site.sim.set_a("proxied.example", &["198.51.100.7"]);
    site.sim.edit(|state| {
        state.web_files.entry(APP.into()).or_default().insert(PATH.into(), "the-body".into());
        state.web.insert(
            "proxied.example".into(),
            WebEntry { behaviour, slow_ms: 0, location: None, tls: None, here_too: false },
        );
    });
    site
}

#[test]
fn a_name_behind_a_proxy_gets_into_the_certificate_and_stays_there() {
    let mut site = behind_a_proxy(Behaviour::PassesOn);
    let report = site.sync(&["proxied.example"]);
    assert_eq!(domain(&report, "proxied.example").dns.as_ref().unwrap().verdict, "proxied");
    assert_eq!(site.certificate(), ["network.example", "proxied.example"]);

    // A call without the file cannot tell, and takes nobody out.
    let probe = site.options.probe.take();
    for _ in 0..3 {
        site.advance(2 * HOUR);
        let report = site.sync(&["proxied.example"]);
        assert_eq!(note(&report, "proxied.example"), Some("dns_unknown"));
        assert_eq!(domain(&report, "proxied.example").certificate, CertificateStanding::Covered);
    }
    // A proxy that refuses to answer says neither yes nor no.
    site.options.probe = probe;
    site.sim.edit(|state| state.web.get_mut("proxied.example").unwrap().behaviour = Behaviour::Forbidden);
    for _ in 0..3 {
        site.advance(2 * HOUR);
        site.sync(&["proxied.example"]);
    }
    assert_eq!(site.certificate(), ["network.example", "proxied.example"]);
    // One that leads to somebody else does, twice.
    site.sim.edit(|state| state.web.get_mut("proxied.example").unwrap().behaviour = Behaviour::Parked);
    site.advance(2 * HOUR);
    site.sync(&["proxied.example"]);
    site.advance(2 * HOUR);
    site.sync(&["proxied.example"]);
    site.advance(DAY);
    site.sync(&["proxied.example"]);
    assert_eq!(site.certificate(), ["network.example"]);
}

#[test]
fn a_name_that_is_parked_elsewhere_is_told_so() {
    let mut site = behind_a_proxy(Behaviour::Parked);
    let report = site.sync(&["proxied.example"]);
    assert_eq!(note(&report, "proxied.example"), Some("dns_elsewhere"));
    assert_eq!(site.certificate(), ["network.example"]);
}

#[test]
fn the_certificate_that_is_served_is_looked_at_after_an_order_and_now_and_then() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    let report = site.sync(&["a.example"]);
    let installed = report.certificate.installed.unwrap();
    assert!(installed.issuer.as_deref().is_some_and(|issuer| issuer.contains("Let's Encrypt")), "{installed:?}");
    assert!(installed.not_after.is_some());
    assert!(report.warnings.is_empty());
    let first_end = installed.not_after;

    // Cloudways does not renew it: we do, when a sixth of its life is left.
    site.sim.edit(|state| state.switches.renews = false);
    site.advance(74 * DAY);
    site.sim.clear_log();
    site.sync(&["a.example"]);
    assert_eq!(site.writes(), (0, 0));
    site.advance(2 * DAY);
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (0, 1));
    assert!(report.certificate.installed.unwrap().not_after > first_end);
}

#[test]
fn a_server_that_serves_another_certificate_is_told_once_it_should_serve_ours() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sim.edit(|state| state.switches.tls = Tls::Stale);
    site.sync(&["a.example"]);
    site.advance(HOUR);
    let report = site.sync(&["a.example"]);
    assert_eq!(warnings(&report), ["served_other"]);
    assert_eq!(report.certificate.installed.unwrap().not_after, None, "the end of another one says nothing");
    site.sim.edit(|state| state.switches.tls = Tls::Normal);
    site.advance(HOUR);
    assert_eq!(warnings(&site.sync(&["a.example"])), [""; 0]);
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_longer_than_three_seconds() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sim.edit(|state| state.switches.tls = Tls::Silent);
    let began = std::time::Instant::now();
    site.sync(&["a.example"]);
    assert!(began.elapsed() < std::time::Duration::from_secs(6), "{:?}", began.elapsed());
    let began = std::time::Instant::now();
    site.sync(&["a.example"]);
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "within the hour it is not asked again");
}
