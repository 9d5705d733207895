//! Rule 2: never act on a guess.

use serde_json::json;
use wu_cloudways::report::{AliasStanding, Status};

use crate::support::{APP, Site, domain, names, note, removed, warnings};

const TEN: [&str; 10] = [
    "a.example",
    "b.example",
    "c.example",
    "d.example",
    "e.example",
    "f.example",
    "g.example",
    "h.example",
    "i.example",
    "j.example",
];

fn ten() -> Site {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sync(&TEN);
    site.sim.clear_log();
    site
}

#[test]
fn few_unexplained_removals_go_through() {
    let mut site = ten();
    let report = site.sync(&TEN[2..]);
    assert_eq!(report.aliases.removed, ["a.example", "b.example"]);
    assert_eq!(report.status, Status::Ok);
}

#[test]
fn many_unexplained_removals_are_withheld_and_additions_go_on() {
    let mut site = ten();
    let report = site.sync(&["f.example", "g.example", "h.example", "i.example", "new.example"]);
    assert_eq!(report.status, Status::Partial);
    assert_eq!(report.aliases.added, names(&["new.example"]));
    assert_eq!(report.aliases.withheld.len(), 6);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Withheld);
    assert_eq!(note(&report, "a.example"), Some("removal_withheld"));
    assert_eq!(warnings(&report), ["removals_withheld"]);
    assert_eq!(site.aliases().len(), 12);

    site.sim.clear_log();
    assert_eq!(site.sync(&["f.example", "g.example", "h.example", "i.example", "new.example"]).status, Status::Partial);
    assert_eq!(site.writes().0, 0, "what is withheld is not tried again and again");

    site.options.force = true;
    assert_eq!(site.sync(&["f.example", "g.example", "h.example", "i.example", "new.example"]).status, Status::Ok);
    assert_eq!(site.aliases().len(), 6);
}

#[test]
fn an_empty_list_of_domains_removes_nothing() {
    let mut site = ten();
    let report = site.sync(&[]);
    assert_eq!(report.aliases.withheld.len(), 10);
    assert_eq!(site.writes().0, 0);
    let mut one = Site::new();
    one.options.ssl = false;
    one.sync(&["only.example"]);
    assert_eq!(one.sync(&[]).aliases.withheld, ["only.example"]);
}

#[test]
fn what_removed_explains_is_removed_however_many_it_is() {
    let mut site = ten();
    site.options.removed = removed(&TEN[..8]);
    let report = site.sync(&TEN[8..]);
    assert_eq!(report.aliases.removed.len(), 8);
    assert_eq!(site.aliases(), ["hand-made.example", "i.example", "j.example"]);
    // The explained ones go, the others of the same run are withheld.
    let mut site = ten();
    site.options.removed = removed(&TEN[..2]);
    let report = site.sync(&TEN[6..]);
    assert_eq!(report.aliases.removed, TEN[..2]);
    assert_eq!(report.aliases.withheld, TEN[2..6]);
}

#[test]
fn adopted_names_become_ours_and_released_ones_cease_to_be() {
    let mut site = ten();
    site.sim.set_aliases(APP, &[&["hand-made.example", "other.example"][..], &TEN].concat());
    site.options.adopt = names(&["hand-made.example"]);
    let report = site.sync(&TEN);
    assert_eq!(report.aliases.removed, ["hand-made.example"]);
    site.options.adopt = Vec::new();
    site.options.release = names(&["a.example"]);
    site.sync(&TEN[1..]);
    site.options.release = Vec::new();
    site.options.removed = removed(&["a.example"]);
    let report = site.sync(&TEN[1..]);
    assert!(report.aliases.removed.is_empty());
    assert_eq!(report.aliases.kept, ["other.example", "a.example"]);
}

#[test]
fn a_failed_read_pushes_nothing() {
    let mut site = ten();
    site.sim.fault(json!({"path": "/server", "times": null, "do": {"status": 500, "body": "<h1>oops</h1>"}}));
    assert_eq!(site.try_sync(&["new.example"]).unwrap_err().code(), "api_unavailable");
    assert_eq!(site.writes().0, 0);
}

#[test]
fn aliases_of_others_that_are_suddenly_gone_are_looked_for_again_before_a_write() {
    let mut site = ten();
    site.sim.set_aliases(APP, &TEN);
    // They are back at the second look.
    site.sim.fault(json!({
        "method": "GET", "path": "/server", "skip": 1, "times": 1,
        "do": {"hand_aliases": {"app_id": APP, "add": ["hand-made.example"], "remove": []}},
    }));
    let report = site.sync(&[&TEN[..], &["new.example"]].concat());
    assert!(site.aliases().contains(&"hand-made.example".to_owned()));
    assert!(warnings(&report).is_empty());

    // They stay away: somebody removed them, which is said once.
    site.sim.set_aliases(APP, &[&TEN[..], &["new.example"]].concat());
    let report = site.sync(&[&TEN[..], &["new.example", "newer.example"]].concat());
    assert_eq!(warnings(&report), ["foreign_vanished"]);
    assert!(!site.aliases().contains(&"hand-made.example".to_owned()));
    assert!(warnings(&site.sync(&[&TEN[..], &["new.example", "newer.example"]].concat())).is_empty());
}

#[test]
fn aliases_of_ours_that_vanish_three_times_tell_of_another_writer() {
    let mut site = ten();
    for round in 1..=3 {
        site.sim.set_aliases(APP, &["hand-made.example"]);
        let report = site.sync(&TEN);
        assert_eq!(warnings(&report), if round < 3 { vec![] } else { vec!["other_writer"] }, "round {round}");
        assert_eq!(site.aliases().len(), 11, "they are put back each time");
    }
}

#[test]
fn what_is_withheld_stays_so_although_the_list_grows() {
    let mut site = Site::new();
    site.sync(&["a.example"]);
    // All of ours would go, and one comes.
    site.sync(&["b.example"]);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example", "b.example"]);
    // It is one of two now, and nobody has said a word.
    for _ in 0..3 {
        let report = site.sync(&["b.example", "c.example", "d.example", "e.example"]);
        assert_eq!(report.aliases.withheld, ["a.example"]);
    }
    assert!(site.aliases().contains(&"a.example".to_owned()));
    site.options.removed = removed(&["a.example"]);
    site.sync(&["b.example", "c.example", "d.example", "e.example"]);
    assert!(!site.aliases().contains(&"a.example".to_owned()));
}
