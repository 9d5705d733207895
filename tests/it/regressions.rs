//! What random histories found.

use serde_json::json;

use crate::support::{APP, Site, removed};

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
