//! Orders of certificates, and the authority that looks at each name by itself.

use cloudways_sim::Sim;
use cloudways_sim::state::{APP_ID, DnsEntry, DnsFault, VerifyRefusal};
use serde_json::{Value, json};

use crate::{covered, finish, order, post};

const INSTALL: &str = "/security/lets_encrypt_install";

/// A simulator where `shop.example` and `www.shop.example` are aliases and point here.
fn with_shop() -> Sim {
    let sim = Sim::start();
    sim.set_aliases(APP_ID, &["hand-made.example", "Shop.example", "www.shop.example"]);
    sim.set_a("shop.example", &["203.0.113.10"]);
    sim.edit(|s| s.dns_mut("www.shop.example").cname = Some("shop.example.".into()));
    sim
}

/// Orders, and gives why it failed.
fn fails(sim: &Sim, names: &[&str]) -> String {
    let before = covered(sim);
    let operation = finish(sim, &post(sim, INSTALL, &order(names)));
    assert_eq!(operation["is_completed"], "-1", "{names:?}");
    assert_eq!(covered(sim), before, "a failed order changes nothing");
    operation["message"].as_str().expect("a message").to_string()
}

#[test]
fn a_certificate_takes_the_place_of_the_one_before() {
    let sim = with_shop();
    let reply = post(&sim, INSTALL, &order(&["network.example", "shop.example", "www.shop.example"]));
    assert!(covered(&sim).is_empty(), "accepted is not done");
    assert_eq!(finish(&sim, &reply)["is_completed"], "1");
    let state = sim.state();
    let certificate = serde_json::to_value(&state.app(APP_ID).expect("the application").lets_encrypt).expect("JSON");
    assert_eq!(
        certificate,
        json!({
            "app_prefix": "wordpressmu-1442-50482-131933.cloudwaysapps.com", "auto": true, "challenges": null,
            "is_installed": true, "is_verified": true, "type": "le", "ssl_email": "owner@example.com",
            "ssl_domains": ["network.example", "shop.example", "www.shop.example"],
        })
    );

    let fqdn = "wordpressmu-1442-50482-131933.cloudwaysapps.com";
    finish(&sim, &post(&sim, INSTALL, &order(&["network.example", fqdn])));
    assert_eq!(covered(&sim), ["network.example", fqdn], "names left out lose HTTPS");
}

#[test]
fn all_five_parameters_are_required() {
    let sim = Sim::start();
    for field in ["server_id", "app_id", "ssl_email", "wild_card", "ssl_domains"] {
        let mut body = order(&["network.example"]);
        body.as_object_mut().expect("an object").remove(field);
        let reply = post(&sim, INSTALL, &body);
        assert_eq!((reply.status, &reply.json()[field][0]["code"]), (422, &json!("required")), "{field}");
    }
    for (field, value, code) in [
        ("ssl_email", json!("nobody"), "email"),
        ("wild_card", json!("no"), "boolean"),
        ("ssl_domains", json!([]), "required"),
        ("ssl_domains", json!("network.example"), "array"),
    ] {
        let mut body = order(&["network.example"]);
        body[field] = value;
        assert_eq!(post(&sim, INSTALL, &body).json()[field][0]["code"], code, "{field}");
    }
    assert!(sim.state().operations.is_empty());
}

#[test]
fn a_hundred_names_and_no_more() {
    let sim = Sim::start();
    let names: Vec<String> = (0..101).map(|i| format!("n{i}.example")).collect();
    sim.set_aliases(APP_ID, &names);
    sim.edit(|s| s.dns_mut("*.example").a = vec!["203.0.113.10".parse().expect("an address")]);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(post(&sim, INSTALL, &order(&names)).json()["ssl_domains"][0]["code"], "max");
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &order(&names[..100])))["is_completed"], "1");
    assert_eq!(covered(&sim).len(), 100);
}

#[test]
fn one_bad_name_fails_all() {
    let sim = with_shop();
    finish(&sim, &post(&sim, INSTALL, &order(&["network.example"])));
    let why = fails(&sim, &["network.example", "shop.example", "nowhere.example"]);
    assert!(why.contains("nowhere.example"), "{why}");
    sim.edit(|s| s.switches.le_failure_names_domain = false);
    let why = fails(&sim, &["network.example", "shop.example", "nowhere.example"]);
    assert!(!why.contains(".example"), "{why}");
}

#[test]
fn the_name_must_be_served_by_the_application() {
    let sim = with_shop();
    sim.set_a("stranger.example", &["203.0.113.10"]);
    sim.set_a("a.zone.example", &["203.0.113.10"]);
    sim.set_a("b.a.zone.example", &["203.0.113.10"]);
    assert!(fails(&sim, &["stranger.example"]).contains("404"));
    assert!(fails(&sim, &["a.zone.example"]).contains("404"));
    sim.set_aliases(APP_ID, &["*.zone.example"]);
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &order(&["a.zone.example"])))["is_completed"], "1");
    assert!(fails(&sim, &["b.a.zone.example"]).contains("404"), "a wildcard alias holds for one label");

    sim.edit(|s| s.switches.le_checks_alias = false);
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &order(&["stranger.example"])))["is_completed"], "1");
}

#[test]
fn every_address_of_the_name_must_be_the_servers() {
    let sim = with_shop();
    for (addresses, right) in [
        (vec!["203.0.113.10"], true),
        (vec!["203.0.113.10", "198.51.100.7"], false),
        (vec!["203.0.113.10", "2001:db8::1"], false),
        (vec!["2001:db8::1"], false),
        (vec![], false),
    ] {
        sim.set_a("shop.example", &addresses);
        let done = finish(&sim, &post(&sim, INSTALL, &order(&["www.shop.example"])))["is_completed"] == "1";
        assert_eq!(done, right, "{addresses:?}, through a CNAME");
    }

    sim.edit(|s| s.servers[0].public_ipv6 = Some("2001:db8:0::1".into()));
    for addresses in [vec!["203.0.113.10", "2001:db8::1"], vec!["2001:db8::1"]] {
        sim.set_a("shop.example", &addresses);
        let done = finish(&sim, &post(&sim, INSTALL, &order(&["shop.example"])));
        assert_eq!(done["is_completed"], "1", "{addresses:?}");
    }

    sim.edit(|s| s.switches.le_checks_dns = false);
    sim.set_a("shop.example", &["198.51.100.7"]);
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &order(&["shop.example"])))["is_completed"], "1");
}

#[test]
fn dns_that_fails_fails_the_order() {
    let sim = with_shop();
    for fault in [DnsFault::Nxdomain, DnsFault::Servfail, DnsFault::Silence] {
        sim.edit(|s| s.dns_mut("shop.example").fault = Some(fault));
        assert!(fails(&sim, &["www.shop.example"]).contains("DNS problem"), "{fault:?}");
    }
    sim.edit(|s| {
        s.dns_mut("shop.example").fault = Some(DnsFault::Truncate);
        s.dns_mut("shop.example").cname = Some("www.shop.example".into());
    });
    assert!(fails(&sim, &["shop.example"]).contains("loop"));
}

#[test]
fn caa_records_bind_the_authority() {
    let sim = with_shop();
    let caa = |name: &str, records: &[&str]| {
        let records: Vec<String> = records.iter().map(|r| (*r).to_string()).collect();
        sim.edit(|s| s.dns_mut(name).caa = records);
    };
    caa("shop.example", &[r#"0 issue "other.example""#]);
    assert!(fails(&sim, &["www.shop.example"]).contains("CAA"), "found at the end of the CNAME");
    caa("shop.example", &[r#"0 issue "other.example""#, r#"0 issue "letsencrypt.org; validationmethods=http-01""#]);
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &order(&["shop.example"])))["is_completed"], "1");
    caa("shop.example", &[r#"0 issue ";""#]);
    assert!(fails(&sim, &["shop.example"]).contains("CAA"));
    caa("shop.example", &[r#"0 iodef "mailto:x@example.com""#]);
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &order(&["shop.example"])))["is_completed"], "1");
    caa("shop.example", &[]);
    caa("example", &[r#"0 issue "other.example""#]);
    assert!(fails(&sim, &["shop.example"]).contains("CAA"), "found above the name");
}

#[test]
fn the_authority_looks_when_the_order_is_carried_out() {
    let sim = with_shop();
    let reply = post(&sim, INSTALL, &order(&["shop.example"]));
    sim.set_a("shop.example", &["198.51.100.7"]);
    assert_eq!(finish(&sim, &reply)["is_completed"], "-1");
}

#[test]
fn wildcards() {
    let sim = with_shop();
    sim.set_aliases(APP_ID, &["*.shop.example", "shop.example"]);
    assert!(fails(&sim, &["*.shop.example"]).contains("wildcard"));
    assert!(fails(&sim, &["www.shop.example", "*.shop.example"]).contains("redundant"));

    let wild = |names: Value| {
        let mut body = order(&[]);
        body["wild_card"] = json!(true);
        body["ssl_domains"] = names;
        finish(&sim, &post(&sim, INSTALL, &body))
    };
    sim.edit(|s| s.switches.wildcard_needs_verify = false);
    assert!(wild(json!(["shop.example"]))["message"].as_str().expect("a message").contains("_acme-challenge"));
    let target = sim.state().app(APP_ID).expect("the application").app_fqdn.clone();
    let proof = DnsEntry { cname: Some(target), ..DnsEntry::default() };
    sim.edit(|s| s.dns.insert("_acme-challenge.shop.example".into(), proof));
    assert_eq!(wild(json!(["shop.example"]))["is_completed"], "1");
    let state = sim.state();
    let kind = state.app(APP_ID).and_then(|a| a.lets_encrypt.as_ref()).map(|c| c.kind.as_str());
    assert_eq!(kind, Some("wc"));
    assert_eq!(covered(&sim), ["shop.example"], "what is shown");
    assert_eq!(sim.certificate(APP_ID).expect("a certificate").names, ["shop.example", "*.shop.example"]);
    assert_eq!(sim.orders().pop().expect("an order").names, ["shop.example", "*.shop.example"]);
}

/// The parameters of `createDNS` and `verifyDNS`, and of the order that follows.
fn wildcard(apex: &str) -> Value {
    let mut body = order(&[apex]);
    body["wild_card"] = json!(true);
    body
}

#[test]
fn a_wildcard_certificate_step_by_step() {
    let sim = with_shop();
    let (create, verify) = ("/security/createDNS", "/security/verifyDNS");
    assert_eq!(post(&sim, verify, &wildcard("shop.example")).status, 422, "not asked for");
    assert_eq!(post(&sim, INSTALL, &wildcard("shop.example")).status, 422, "not verified");

    let reply = post(&sim, create, &wildcard("Shop.example"));
    let target = "wordpressmu-1442-50482-131933.cloudwaysapps.com";
    let body = reply.json();
    assert_eq!((reply.status, &body["wildcard_ssl"]["status"]), (200, &json!(true)));
    let mut shown = body["wildcard_ssl"]["wildcard"].clone();
    assert_eq!(
        (&shown["app_prefix"], &shown["is_verified"], &shown["ssl_domains"], &shown["type"]),
        (&json!(target), &json!(false), &json!(["shop.example"]), &json!("wc"))
    );

    let body = post(&sim, verify, &wildcard("shop.example")).json();
    assert_eq!(body["wildcard_ssl"]["status"], false);
    assert_eq!(body["wildcard_ssl"]["wildcard"]["is_verified"], false, "there is no record");
    assert_eq!(post(&sim, INSTALL, &wildcard("shop.example")).status, 422);
    sim.edit(|s| s.switches.verify_dns_refusal = VerifyRefusal::Validation);
    assert_eq!(post(&sim, verify, &wildcard("shop.example")).status, 422);

    sim.edit(|s| s.dns_mut("_acme-challenge.shop.example").cname = Some("elsewhere.example".into()));
    assert_eq!(post(&sim, verify, &wildcard("shop.example")).status, 422, "another target");
    sim.edit(|s| s.dns_mut("_acme-challenge.shop.example").cname = Some(format!("{target}.")));
    shown = post(&sim, verify, &wildcard("shop.example")).json()["wildcard_ssl"]["wildcard"].clone();
    assert_eq!(shown["is_verified"], true);
    assert_eq!(post(&sim, INSTALL, &wildcard("network.example")).status, 422, "another apex");
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &wildcard("shop.example")))["is_completed"], "1");
    assert_eq!(covered(&sim), ["shop.example"]);

    sim.edit(|s| s.dns_mut("_acme-challenge.shop.example").fault = Some(DnsFault::Nxdomain));
    assert_eq!(finish(&sim, &post(&sim, INSTALL, &wildcard("shop.example")))["is_completed"], "-1", "it looks again");
    let failed = sim.orders().pop().expect("an order").failed;
    assert_eq!(failed, ["shop.example", "*.shop.example"]);

    for (change, field) in [
        (json!({"wild_card": false}), "wild_card"),
        (json!({"ssl_domains": ["a.example", "b.example"]}), "ssl_domains"),
    ] {
        let mut body = wildcard("shop.example");
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        assert!(post(&sim, create, &body).json()[field][0]["code"].is_string(), "{field}");
    }
}

#[test]
fn a_certificate_is_renewed_by_hand_and_given_up() {
    let sim = with_shop();
    sim.freeze_at(1_795_505_400);
    let renew = json!({"server_id": 50482, "app_id": 131933, "wild_card": false});
    let mut revoke = renew.clone();
    revoke["ssl_domain"] = json!("network.example");
    let (renewal, revocation) = ("/security/lets_encrypt_manual_renew", "/security/lets_encrypt_revoke");
    assert_eq!(post(&sim, renewal, &renew).status, 422, "there is none");
    assert_eq!(post(&sim, revocation, &revoke).status, 422);

    finish(&sim, &post(&sim, INSTALL, &order(&["network.example", "shop.example"])));
    sim.advance(86_400);
    assert_eq!(finish(&sim, &post(&sim, renewal, &renew))["is_completed"], "1");
    let orders = sim.orders();
    assert_eq!(
        (orders.len(), orders[1].names.as_slice()),
        (2, ["network.example", "shop.example"].map(String::from).as_slice())
    );
    assert!(!orders[1].renewal, "somebody asked for it");
    assert_eq!(sim.certificate(APP_ID).expect("a certificate").not_before, 1_795_505_400 + 86_400);

    sim.set_a("shop.example", &["198.51.100.7"]);
    assert_eq!(finish(&sim, &post(&sim, renewal, &renew))["is_completed"], "-1");
    assert_eq!(covered(&sim).len(), 2);

    assert_eq!(post(&sim, revocation, &renew).status, 422, "it wants a name");
    let reply = post(&sim, revocation, &revoke);
    assert_eq!(post(&sim, revocation, &revoke).json()["operation"]["type"], "lets_encrypt_revoke", "busy");
    assert_eq!(finish(&sim, &reply)["is_completed"], "1");
    assert!(covered(&sim).is_empty() && sim.certificate(APP_ID).is_none());
}

#[test]
fn a_customers_own_certificate_gives_way() {
    let sim = with_shop();
    sim.edit(|s| s.app_mut(APP_ID).expect("the application").own_ssl = json!({"id": 1}));
    finish(&sim, &post(&sim, INSTALL, &order(&["network.example"])));
    assert_eq!(sim.state().app(APP_ID).expect("the application").own_ssl, Value::Null);
}
