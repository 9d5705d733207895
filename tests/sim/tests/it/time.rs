//! The clock, and what happens by it: certificates that are issued, renewed and end.

use cloudways_sim::Sim;
use cloudways_sim::client::request;
use cloudways_sim::state::{APP_ID, LetsEncrypt, OrderOutcome};
use serde_json::{Value, json};

use crate::{JSON, aliases, covered, finish, get, order, post};

const INSTALL: &str = "/security/lets_encrypt_install";
const DAY: i64 = 86_400;
/// 2026-11-24 07:30:00 UTC
const START: i64 = 1_795_505_400;

fn frozen() -> Sim {
    let sim = Sim::start();
    sim.freeze_at(START);
    sim
}

fn set_time(sim: &Sim, body: &Value) -> Value {
    let url = format!("{}/time", sim.control_url());
    request("POST", &url, &[JSON], body.to_string().as_bytes()).expect("an answer").json()
}

#[test]
fn the_clock_can_stand_still() {
    let sim = frozen();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(sim.now_ms(), START * 1000);
    sim.advance_ms(1500);
    sim.advance(2);
    sim.advance_ms(-700);
    assert_eq!(sim.now_ms(), START * 1000 + 2800);

    sim.unfreeze();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let later = sim.now_ms() - START * 1000;
    assert!((2820..60_000).contains(&later), "it goes on from where it stood: {later}");

    let at = set_time(&sim, &json!({"freeze": 1000, "advance": 5, "advance_ms": 7}));
    assert_eq!(at, json!({"time_offset": 5, "now_ms": 1_005_007, "frozen": true}));
    assert_eq!(set_time(&sim, &json!({"advance_ms": 1}))["now_ms"], 1_005_008, "it still stands");
    assert_eq!(set_time(&sim, &json!({"freeze": null}))["frozen"], false);
    assert!((1_005_008..2_000_000).contains(&sim.now_ms()));
    sim.reset();
    assert!(sim.now_ms() > START * 1000 / 2, "a reset gives the machine's clock back");
}

#[test]
fn an_operation_ends_to_the_millisecond() {
    let sim = frozen();
    sim.edit(|s| s.switches.operation_polls = None);
    post(&sim, "/app/manage/aliases", &aliases(&["a.example"]));
    sim.advance_ms(2999);
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);
    sim.advance_ms(1);
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);
}

#[test]
fn a_certificate_is_dated_when_its_operation_ends() {
    let sim = frozen();
    sim.edit(|s| s.switches.operation_polls = None);
    post(&sim, INSTALL, &order(&["network.example"]));
    assert_eq!(sim.certificate(APP_ID), None);
    sim.advance(100);
    let certificate = sim.certificate(APP_ID).expect("a certificate");
    assert_eq!(certificate.names, ["network.example"]);
    assert_eq!(certificate.issuer, "R11");
    assert_eq!(
        (certificate.not_before, certificate.not_after),
        (START + 3, START + 3 + 90 * DAY),
        "not when it is looked at"
    );

    sim.edit(|s| s.switches.le_validity_days = 45);
    let fqdn = "wordpressmu-1442-50482-131933.cloudwaysapps.com";
    post(&sim, INSTALL, &order(&["network.example", fqdn]));
    sim.advance(100);
    let next = sim.certificate(APP_ID).expect("a certificate");
    assert_eq!(next.not_after - next.not_before, 45 * DAY);
    assert_eq!(next.previous.expect("the one before").names, ["network.example"]);
}

#[test]
fn cloudways_renews_by_itself() {
    let sim = frozen();
    finish(&sim, &post(&sim, INSTALL, &order(&["network.example"])));
    sim.advance(60 * DAY - 1);
    assert_eq!(sim.orders().len(), 1);
    sim.advance(200 * DAY);
    let ends: Vec<i64> = sim.orders().iter().map(|o| (o.at_ms / 1000 - START) / DAY).collect();
    assert_eq!(ends, [0, 60, 120, 180, 240], "each at its time, however far the clock leaps");
    assert!(sim.orders()[1..].iter().all(|o| o.renewal && o.outcome == OrderOutcome::Issued));
    assert_eq!(sim.certificate(APP_ID).expect("a certificate").not_after, START + (240 + 90) * DAY);
}

#[test]
fn a_renewal_needs_all_names_and_is_tried_each_day() {
    let sim = frozen();
    sim.set_aliases(APP_ID, &["shop.example"]);
    sim.set_a("shop.example", &["203.0.113.10"]);
    finish(&sim, &post(&sim, INSTALL, &order(&["network.example", "shop.example"])));
    sim.set_a("shop.example", &["198.51.100.7"]);
    sim.advance(62 * DAY + 10);
    let failed: Vec<_> = sim.orders()[1..].iter().map(|o| (o.outcome, o.failed.clone())).collect();
    assert_eq!(failed, vec![(OrderOutcome::Failed, vec!["shop.example".to_string()]); 3]);
    assert_eq!(sim.certificate(APP_ID).expect("a certificate").not_after, START + 90 * DAY);

    sim.set_a("shop.example", &["203.0.113.10"]);
    sim.advance(DAY);
    assert_eq!(sim.certificate(APP_ID).expect("a certificate").not_before, START + 63 * DAY);

    sim.set_aliases(APP_ID, &[] as &[&str]);
    sim.advance(100 * DAY);
    let orders = sim.orders();
    assert_eq!(orders.len(), 5 + 30, "until the end, and no longer");
    assert_eq!(sim.limit_hits(), 0);
}

#[test]
fn renewal_is_off_without_auto_or_by_the_switch() {
    let sim = frozen();
    finish(&sim, &post(&sim, INSTALL, &order(&["network.example"])));
    let auto = |on: bool| json!({"server_id": 50482, "app_id": 131933, "auto": on});
    post(&sim, "/security/lets_encrypt_auto", &auto(false));
    sim.advance(70 * DAY);
    assert_eq!(sim.orders().len(), 1);
    post(&sim, "/security/lets_encrypt_auto", &auto(true));
    sim.advance(1);
    assert_eq!(sim.orders()[1].at_ms, (START + 70 * DAY) * 1000, "what was put on is done then, not before");

    sim.edit(|s| s.switches.renews = false);
    sim.advance(200 * DAY);
    assert_eq!(sim.orders().len(), 2);
}

#[test]
fn a_certificate_that_came_by_hand_is_served_from_then_on() {
    let sim = frozen();
    let by_hand = |names: &[&str]| {
        let ssl_domains = names.iter().map(|n| (*n).to_string()).collect();
        let installed = LetsEncrypt { is_installed: true, ssl_domains, kind: "wc".into(), ..LetsEncrypt::default() };
        sim.edit(|s| s.app_mut(APP_ID).expect("the application").lets_encrypt = Some(installed));
    };
    by_hand(&["Shop.example"]);
    let first = sim.certificate(APP_ID).expect("a certificate");
    assert_eq!((first.names, first.not_before), (vec!["shop.example".to_string(), "*.shop.example".into()], START));
    sim.advance(5);
    by_hand(&["Shop.example"]);
    assert_eq!(sim.certificate(APP_ID).expect("a certificate").not_before, START, "the same one");
    by_hand(&["other.example"]);
    assert_eq!(sim.certificate(APP_ID).expect("a certificate").not_before, START + 5);
    sim.edit(|s| s.app_mut(APP_ID).expect("the application").lets_encrypt = None);
    assert_eq!(sim.certificate(APP_ID), None);
    assert!(covered(&sim).is_empty() && sim.orders().is_empty());
}

#[test]
fn an_absurd_leap_of_the_clock_ends() {
    let sim = frozen();
    finish(&sim, &post(&sim, INSTALL, &order(&["network.example"])));
    for seconds in [i64::MAX, i64::MIN, 1_000_000 * 365 * DAY] {
        sim.advance(seconds);
        assert_eq!(get(&sim, "/server").status, 200);
    }
}
