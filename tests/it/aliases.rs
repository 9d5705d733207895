//! Rules 1 and 3: what is not ours stays, and only a difference is written, from a fresh look.

use serde_json::json;
use wu_cloudways::options::{DomainEntry, Options};
use wu_cloudways::report::{AliasStanding, Status};

use crate::support::{APP, Site, domain, name, note, removed, warnings};

#[test]
fn a_mapped_domain_becomes_an_alias_and_hand_made_ones_stay_as_they_are_spelt() {
    let mut site = Site::new();
    site.sim.set_aliases(APP, &["Hand-Made.Example", "*.wild.example", "under_score.example", "not a name"]);
    site.www = None;
    site.point_here(&["shop.example", "www.shop.example"]);
    let report = site.sync(&["Shop.EXAMPLE."]);
    assert_eq!(
        site.aliases(),
        [
            "Hand-Made.Example",
            "*.wild.example",
            "under_score.example",
            "not a name",
            "shop.example",
            "www.shop.example"
        ]
    );
    assert_eq!(report.status, Status::Ok);
    assert_eq!(report.next_at, None);
    assert_eq!(report.aliases.kept, ["Hand-Made.Example", "*.wild.example", "under_score.example", "not a name"]);
    assert_eq!(report.aliases.sent.as_deref(), Some(&site.aliases()[..]));
    assert_eq!(domain(&report, "shop.example").alias, AliasStanding::Added);
    assert_eq!(site.writes(), (1, 1));
}

#[test]
fn a_second_run_writes_nothing_and_asks_once() {
    let mut site = Site::new();
    site.point_here(&["a.example", "b.example"]);
    site.sync(&["a.example", "b.example"]);
    site.sim.clear_log();
    let report = site.sync(&["b.example", "a.example"]);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(report.requests, 1);
    assert_eq!(report.status, Status::Ok);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Present);
    assert!(report.plan.actions.is_empty());
    assert_eq!(report.aliases.sent, None);
}

#[test]
fn unmapping_and_renaming_remove_what_was_ours() {
    let mut site = Site::new();
    site.sync(&["a.example", "b.example", "c.example", "old.example"]);
    site.options.removed = removed(&["old.example"]);
    let report = site.sync(&["a.example", "b.example", "c.example", "new.example"]);
    assert_eq!(report.aliases.added, [name("new.example")]);
    assert_eq!(report.aliases.removed, ["old.example"]);
    assert_eq!(domain(&report, "old.example").alias, AliasStanding::Removed);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example", "c.example", "new.example"]);
}

#[test]
fn what_is_not_in_the_ledger_is_never_removed() {
    let mut site = Site::new();
    site.sync(&["a.example", "b.example"]);
    site.options.state = None;
    site.options.removed = removed(&["b.example", "hand-made.example"]);
    site.sync(&["a.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);
}

#[test]
fn a_wanted_alias_that_was_made_by_hand_is_adopted_in_its_own_spelling() {
    let mut site = Site::new();
    site.sim.set_aliases(APP, &["A.example"]);
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes().0, 0);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Present);
    site.options.removed = removed(&["a.example"]);
    let report = site.sync(&["b.example"]);
    assert_eq!(report.aliases.removed, ["A.example"]);
    assert_eq!(site.aliases(), ["b.example"]);
}

#[test]
fn the_primary_domain_is_not_sent_unless_it_is_among_the_aliases() {
    let mut site = Site::new();
    let report = site.sync(&["network.example", "a.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example"]);
    assert_eq!(domain(&report, "network.example").alias, AliasStanding::Primary);

    let mut site = Site::new();
    let fqdn = "wordpressmu-1442-50482-131933.cloudwaysapps.com";
    site.sim.set_aliases(APP, &["network.example", fqdn]);
    site.set("WU_CLOUDWAYS_ALIAS_POLICY", "replace");
    site.options.force = true;
    site.sync(&["a.example", fqdn]);
    assert_eq!(site.aliases(), ["network.example", fqdn, "a.example"]);
}

#[test]
fn a_name_of_the_network_under_a_wildcard_alias_is_not_sent() {
    let mut site = Site::new();
    site.options.network_domain = Some(name("network.example"));
    site.sim.set_aliases(APP, &["*.network.example"]);
    let report = site.sync(&["site.network.example", "deep.site.network.example", "a.example"]);
    assert_eq!(site.aliases(), ["*.network.example", "deep.site.network.example", "a.example"]);
    assert_eq!(domain(&report, "site.network.example").alias, AliasStanding::ByWildcard);

    let mut site = Site::new();
    site.options.network_domain = Some(name("network.example"));
    site.set("WU_CLOUDWAYS_EXTRA_DOMAINS", "*.network.example");
    site.sync(&["site.network.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "*.network.example"]);
}

#[test]
fn replace_sends_the_wanted_names_alone_once_a_person_says_so() {
    let mut site = Site::new();
    site.sim.set_aliases(APP, &["one.example", "two.example", "not a name", "a.example"]);
    site.set("WU_CLOUDWAYS_ALIAS_POLICY", "replace");
    let report = site.sync(&["a.example", "b.example"]);
    assert_eq!(report.aliases.withheld, ["one.example", "two.example", "not a name"]);
    assert_eq!(site.aliases().len(), 5, "the addition goes on");
    site.options.force = true;
    site.sync(&["a.example", "b.example"]);
    assert_eq!(site.aliases(), ["a.example", "b.example"]);
}

#[test]
fn an_alias_list_that_cannot_be_read_is_never_an_empty_one() {
    for servers in [
        json!({"servers": [{"id": "50482", "public_ip": "203.0.113.10", "apps": [{"id": "131933", "sys_user": "abcdefghij"}]}]}),
        json!({"servers": [{"id": "50482", "public_ip": "203.0.113.10", "apps": [{"id": "131933", "aliases": "a,b"}]}]}),
        json!({"servers": [{"id": "50482", "public_ip": "203.0.113.10", "apps": [{"id": "131933", "aliases": null}]}]}),
        json!({"status": true}),
        json!({"message": "You have reached Cloudways API."}),
    ] {
        let mut site = Site::new();
        site.sim.fault(json!({"path": "/server", "do": {"status": 200, "body": servers}}));
        assert_eq!(site.try_sync(&["a.example"]).unwrap_err().code(), "api_protocol");
        assert_eq!(site.writes(), (0, 0));
    }
}

#[test]
fn an_alias_that_a_person_adds_just_before_the_write_is_still_there() {
    let mut site = Site::new();
    // The server is busy at first; while the run waits, somebody adds an alias.
    site.sim.fault(json!({
        "method": "POST", "path": "/app/manage/aliases", "times": 1,
        "do": {"status": 422, "body": {"message": "An operation is already in progress for this server.",
            "operation": {"id": "777", "type": "purge_app_cache", "is_completed": "0"}}},
    }));
    site.sim.fault(json!({
        "method": "GET", "path": "/operation/777", "times": 1,
        "do": {"status": 200, "body": {"operation": {"id": "777", "is_completed": "1"}},
               "hand_aliases": {"app_id": APP, "add": ["by-hand.example"], "remove": []}},
    }));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "by-hand.example", "a.example"]);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Added);
    assert_eq!(site.writes().0, 2, "the refused one and the one from a fresh look");
}

#[test]
fn what_is_no_domain_is_reported_and_the_others_go_through() {
    let mut site = Site::new();
    let long = "a".repeat(64) + ".example";
    let report =
        site.sync(&["good.example", "*.star.example", "a b.example", "https://x.example", "", &long, "x\0.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "good.example"]);
    assert_eq!(report.status, Status::Partial);
    for bad in ["*.star.example", "a b.example", "https://x.example", "", &long, "x\\u{0}.example"] {
        assert_eq!(domain(&report, bad).alias, AliasStanding::Invalid, "{bad}");
        assert_eq!(note(&report, bad), Some("invalid_domain"));
    }
    let entry = DomainEntry::new(&b"caf\xe9.example"[..]);
    let report =
        site.try_sync_entries(&[DomainEntry { www: Some(false), ..DomainEntry::new("good.example") }, entry]).unwrap();
    assert_eq!(note(&report, "caf\\xe9.example"), Some("invalid_domain"));
}

#[test]
fn dry_run_and_plan_write_nothing_and_give_the_state_back_unchanged() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    site.sim.clear_log();
    let state = site.options.state.clone().unwrap();
    let planned = site.plan(&["a.example", "b.example"]);
    assert_eq!(planned.status, Status::ChangesPending);
    assert_eq!(planned.state, state);
    assert_eq!(domain(&planned, "b.example").alias, AliasStanding::Added);
    site.set("WU_CLOUDWAYS_DRY_RUN", "true");
    let dry =
        wu_cloudways::sync::sync(&site.constants, &site.entries(&["a.example", "b.example"]), &site.options).unwrap();
    assert_eq!(dry.status, Status::ChangesPending);
    assert_eq!(warnings(&dry), ["dry_run"]);
    assert_eq!(dry.state, state);
    assert_eq!(dry.plan, planned.plan);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(site.plan(&["a.example"]).status, Status::Ok);
}

#[test]
fn a_copy_of_the_site_is_refused_with_the_plan() {
    let mut site = Site::new();
    site.options = Options { sys_user: Some("staging".into()), ..Options::default() };
    let error = site.try_sync(&["a.example"]).unwrap_err();
    assert_eq!(error.code(), "plan_refused");
    assert_eq!(error.plan().unwrap().actions.len(), 1);
    assert!(error.to_string().contains("staging") && error.to_string().contains("abcdefghij"));
    assert_eq!(site.writes(), (0, 0));
    site.options.sys_user = Some("abcdefghij".into());
    site.sync(&["a.example"]);
}

#[test]
fn exactly_the_plan_with_that_fingerprint_is_applied() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    let planned = site.plan(&["a.example"]);
    site.options.fingerprint = Some(planned.plan.fingerprint.clone());
    let error = site.try_sync(&["a.example", "b.example"]).unwrap_err();
    assert_eq!(error.code(), "plan_refused");
    assert_ne!(error.plan().unwrap().fingerprint, planned.plan.fingerprint);
    assert_eq!(site.writes(), (0, 0));

    // Somebody changes the list after the plan was compared and before it is written.
    site.sim.fault(json!({
        "method": "GET", "path": "/server", "skip": 1, "times": 1,
        "do": {"hand_aliases": {"app_id": APP, "add": ["by-hand.example"], "remove": []}},
    }));
    assert_eq!(site.try_sync(&["a.example"]).unwrap_err().code(), "plan_refused");
    assert_eq!(site.writes(), (0, 0));
    site.sim.set_aliases(APP, &["hand-made.example"]);
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Ok);
    assert_eq!(report.plan.fingerprint, planned.plan.fingerprint);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

#[test]
fn a_hundred_domains_at_once_are_one_write_and_one_order() {
    let mut site = Site::new();
    let domains: Vec<String> = (0..100).map(|number| format!("shop-{number:03}.example")).collect();
    let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
    site.point_here(&domains);
    let report = site.sync(&domains);
    assert_eq!(site.writes(), (1, 1));
    assert_eq!(site.aliases().len(), 101);
    assert_eq!(site.certificate().len(), 100);
    assert_eq!(report.certificate.left_out, [name("shop-099.example")]);
    assert_eq!(note(&report, "shop-099.example"), Some("left_out"));
    assert_eq!(report.status, Status::Partial);
}
