//! Let's Encrypt's limits, and the log of orders.

use cloudways_sim::Sim;
use cloudways_sim::client::request;
use cloudways_sim::state::{APP_ID, FailureMessage, Limit, LimitMessage, Order, OrderOutcome};
use serde_json::json;

use crate::{covered, order, post};

const INSTALL: &str = "/security/lets_encrypt_install";
/// 2026-11-24 07:30:00 UTC
const START: i64 = 1_795_505_400;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// A simulator whose clock stands still and whose operations end at once; every name below `shop.example` and
/// `blog.example`, and these two, are aliases that lead here.
fn world() -> Sim {
    let sim = Sim::start();
    sim.freeze_at(START);
    sim.edit(|s| s.switches.operation_polls = Some(0));
    sim.set_aliases(APP_ID, &["shop.example", "*.shop.example", "blog.example", "*.blog.example", "bad.example"]);
    for name in ["shop.example", "*.shop.example", "blog.example", "*.blog.example"] {
        sim.set_a(name, &["203.0.113.10"]);
    }
    sim
}

/// Places an order, and gives how it ended.
fn place(sim: &Sim, names: &[&str]) -> Order {
    let reply = post(sim, INSTALL, &order(names));
    assert_eq!(reply.status, 200, "{reply:?}");
    sim.orders().pop().expect("an order")
}

fn issued(sim: &Sim, names: &[&str]) -> bool {
    place(sim, names).outcome == OrderOutcome::Issued
}

#[test]
fn fifty_certificates_per_registered_domain_and_week() {
    let sim = world();
    assert_eq!(sim.limit_left(Limit::Domain, "shop.example"), 50);
    for n in 0..50 {
        assert!(issued(&sim, &[&format!("n{n}.shop.example"), "blog.example"]), "{n}");
    }
    assert_eq!(sim.limit_left(Limit::Domain, "shop.example"), 0);

    let over = place(&sim, &["network.example", "n50.shop.example"]);
    assert_eq!((over.outcome, over.limit), (OrderOutcome::Limited, Some(Limit::Domain)));
    for part in ["(50)", "\"shop.example\"", "retry after 2026-11-24 10:52:00 UTC", "per-registered-domain"] {
        assert!(over.message.contains(part), "{part}: {}", over.message);
    }
    assert_eq!(covered(&sim), ["n49.shop.example", "blog.example"], "a refused order changes nothing");
    assert_eq!(sim.limit_left(Limit::Domain, "network.example"), 50, "and takes nothing");
    assert!(!issued(&sim, &["n50.blog.example"]), "an order counts for each registered domain in it");
    assert!(issued(&sim, &["network.example"]));
    assert_eq!(sim.limit_hits(), 2);

    sim.advance(202 * MINUTE - 1);
    assert!(!issued(&sim, &["n50.shop.example"]));
    sim.advance(1);
    assert!(issued(&sim, &["n50.shop.example"]), "one came back");
    assert!(!issued(&sim, &["n51.shop.example"]));
    sim.advance(50 * 202 * MINUTE);
    assert_eq!(sim.limit_left(Limit::Domain, "shop.example"), 50, "all came back");
}

#[test]
fn five_certificates_per_exact_set_and_week() {
    let sim = world();
    for names in [["shop.example", "Blog.example"], ["blog.example", "shop.example"]].iter().cycle().take(5) {
        assert!(issued(&sim, names));
    }
    assert_eq!(sim.limit_left(Limit::Set, "blog.example,shop.example"), 0);
    let over = place(&sim, &["shop.example", "blog.example"]);
    assert_eq!((over.outcome, over.limit), (OrderOutcome::Limited, Some(Limit::Set)));
    for part in ["(5)", "exact set", "retry after 2026-11-25 17:30:00 UTC"] {
        assert!(over.message.contains(part), "{part}: {}", over.message);
    }
    assert!(issued(&sim, &["shop.example"]), "another set");
    sim.advance(34 * HOUR - 1);
    assert!(!issued(&sim, &["shop.example", "blog.example"]));
    sim.advance(1);
    assert!(issued(&sim, &["shop.example", "blog.example"]));
}

#[test]
fn the_same_set_again_does_not_count_for_its_domains() {
    let sim = world();
    for _ in 0..3 {
        issued(&sim, &["shop.example"]);
    }
    assert_eq!(sim.limit_left(Limit::Domain, "shop.example"), 49);
    sim.edit(|s| s.switches.le_renewals_exempt = false);
    issued(&sim, &["shop.example"]);
    assert_eq!(sim.limit_left(Limit::Domain, "shop.example"), 48);
}

#[test]
fn five_failures_per_name_and_hour_poison_every_order_with_it() {
    let sim = world();
    sim.set_aliases(APP_ID, &["shop.example", "bad.example", "worse.example"]);
    for _ in 0..5 {
        let failed = place(&sim, &["shop.example", "bad.example", "worse.example"]);
        assert_eq!(failed.outcome, OrderOutcome::Failed);
        assert_eq!(failed.failed, ["bad.example", "worse.example"], "all are validated, and each failure counts");
        assert!(failed.message.contains("bad.example") && !failed.message.contains("worse"), "{}", failed.message);
    }
    for name in ["bad.example", "worse.example"] {
        assert_eq!(sim.limit_left(Limit::Failures, name), 0, "{name}");
        sim.set_a(name, &["203.0.113.10"]);
        let over = place(&sim, &["shop.example", name]);
        assert_eq!((over.outcome, over.limit), (OrderOutcome::Limited, Some(Limit::Failures)));
        for part in ["(5)", &format!("\"{name}\""), "retry after 2026-11-24 07:42:00 UTC"] {
            assert!(over.message.contains(part), "{part}: {}", over.message);
        }
    }
    assert_eq!(sim.limit_left(Limit::Failures, "shop.example"), 5, "who is without fault is not counted");
    assert_eq!(sim.limit_left(Limit::Domain, "shop.example"), 50);
    assert!(issued(&sim, &["shop.example"]));
    sim.advance(12 * MINUTE);
    assert!(issued(&sim, &["shop.example", "bad.example", "worse.example"]));
    assert_eq!(sim.limit_hits(), 2);
}

#[test]
fn an_order_that_is_wrong_counts_nowhere() {
    let sim = world();
    for _ in 0..7 {
        let wrong = place(&sim, &["*.shop.example"]);
        assert_eq!((wrong.outcome, wrong.failed.len()), (OrderOutcome::Failed, 0));
    }
    assert_eq!(sim.limit_left(Limit::Failures, "*.shop.example"), 5);
}

#[test]
fn what_cloudways_says() {
    let sim = world();
    sim.set_aliases(APP_ID, &["bad.example", "worse.example"]);
    let names = ["bad.example", "worse.example"];
    for (switch, told, untold) in [
        (FailureMessage::First, vec!["bad.example"], vec!["worse", "network.example"]),
        (FailureMessage::PrimaryToo, vec!["network.example: bad.example:"], vec!["worse"]),
        (FailureMessage::All, vec!["bad.example:", "worse.example:"], vec!["network.example"]),
    ] {
        sim.edit(|s| s.switches.le_failure_message = switch);
        let message = place(&sim, &names).message;
        assert!(told.iter().all(|part| message.contains(part)), "{switch:?}: {message}");
        assert!(!untold.iter().any(|part| message.contains(part)), "{switch:?}: {message}");
    }
    sim.edit(|s| s.switches.le_failure_names_domain = false);
    assert!(!place(&sim, &names).message.contains(".example"));
    place(&sim, &names);
    sim.edit(|s| s.switches.le_limit_message = LimitMessage::Generic);
    let limited = place(&sim, &names);
    assert_eq!(limited.outcome, OrderOutcome::Limited);
    assert!(!limited.message.contains("retry after") && !limited.message.contains(".example"), "{}", limited.message);
    let operation = sim.state().operations.pop().expect("an operation");
    assert_eq!(operation.message, limited.message, "what the operation says");
}

#[test]
fn limits_can_be_off() {
    let sim = world();
    sim.edit(|s| s.switches.limits = false);
    for _ in 0..7 {
        assert!(issued(&sim, &["shop.example"]));
        assert!(!issued(&sim, &["bad.example"]));
    }
    assert_eq!(sim.limit_hits(), 0);
    sim.edit(|s| s.switches.limits = true);
    assert_eq!(place(&sim, &["shop.example"]).limit, Some(Limit::Set), "they were counted all the same");
}

#[test]
fn the_log_of_orders() {
    let sim = world();
    place(&sim, &["www.shop.example", "shop.example"]);
    sim.advance(10);
    place(&sim, &["bad.example"]);
    let orders = request("GET", &format!("{}/orders", sim.control_url()), &[], b"").expect("an answer").json();
    assert_eq!(
        orders[0],
        json!({
            "at_ms": START * 1000, "app_id": APP_ID, "names": ["www.shop.example", "shop.example"],
            "domains": ["shop.example"], "outcome": "issued", "failed": [], "limit": null, "message": "",
            "renewal": false,
        })
    );
    assert_eq!((&orders[1]["outcome"], &orders[1]["at_ms"]), (&json!("failed"), &json!((START + 10) * 1000)));
    assert_eq!(sim.orders_for("shop.example").len(), 1);
    assert_eq!(sim.orders_for("network.example").len(), 0);
    sim.clear_log();
    assert_eq!(sim.orders().len(), 2, "the requests are forgotten, the orders are not");
    sim.reset();
    assert!(sim.orders().is_empty());
}
