//! What must hold in any world: small ones are made up by the hundred, and a broken rule is shown by the smallest of
//! them. Equal in each run; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` choose others. What was once found is kept in
//! `properties.proptest-regressions` and tried first.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use serde_json::{Value, json};
use wu_cloudways::certificate::{self, Basis, CertificatePlan, LIMIT, Order, Standing};
use wu_cloudways::cloudways::{
    Access, App, Attempt, Decision, Happened, InstalledCertificate, ObservedAlias, OperationRef, decide,
};
use wu_cloudways::config::{AliasPolicy, ConstantValue, Settings};
use wu_cloudways::desired::Desired;
use wu_cloudways::dns::{Caa, NameCheck, Qualifies, Unknown, Verdict};
use wu_cloudways::domain::DomainName;
use wu_cloudways::guard::{self, is_too_many};
use wu_cloudways::options::{DomainEntry, Options, WwwRule};
use wu_cloudways::plan::{self, AliasPlan, Moment, Plan};
use wu_cloudways::state::{OperationKind, OrderOutcome, RunningOperation, Served, State};
use wu_cloudways::tables::{HashMap, HashSet};

use crate::support::name;

const NOW: u64 = 1_800_000_000;

fn config(cases: u32) -> ProptestConfig {
    let by_environment = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { by_environment.cases } else { cases },
        rng_seed: match by_environment.rng_seed {
            RngSeed::Random => RngSeed::Fixed(20_261_124),
            fixed @ RngSeed::Fixed(_) => fixed,
        },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        max_shrink_iters: 300,
        ..by_environment
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Made-up worlds

/// Few names, so that they meet.
const POOL: [&str; 20] = [
    "a.example",
    "b.example",
    "c.example",
    "d.example",
    "e.example",
    "www.a.example",
    "www.b.example",
    "shop.co.uk",
    "xn--bcher-kva.example",
    "network.example",
    "one.network.example",
    "two.network.example",
    "deep.one.network.example",
    "*.network.example",
    "*.wild.example",
    "in.wild.example",
    "app.cloudwaysapps.example",
    "r3---a.example",
    "f.example",
    "g.example",
];

/// Aliases as a person or another program may have put them there.
const ODD: [&str; 6] = ["under_score.example", "", " a.example ", "*", "a.example:80", "http://a.example"];

fn a_name() -> impl Strategy<Value = DomainName> {
    select(&POOL[..]).prop_map(name)
}

/// The same name in another spelling.
fn spelt(name: &str, how: u8) -> String {
    match how % 6 {
        0 => name.to_ascii_uppercase(),
        1 => format!("{name}."),
        2 => name.replace("xn--bcher-kva", "bücher"),
        3 => name.replace("xn--bcher-kva", "BU\u{308}CHER").replace('.', "\u{3002}"),
        4 => name.split('.').map(|label| label[..1].to_ascii_uppercase() + &label[1..]).collect::<Vec<_>>().join("."),
        _ => name.to_owned(),
    }
}

fn a_spelling() -> impl Strategy<Value = String> {
    (select(&POOL[..]), any::<u8>()).prop_map(|(name, how)| spelt(name, how))
}

fn an_alias() -> impl Strategy<Value = String> {
    prop_oneof![9 => a_spelling(), 1 => select(&ODD[..]).prop_map(str::to_owned)]
}

fn an_entry() -> impl Strategy<Value = DomainEntry> {
    let domain = prop_oneof![9 => a_spelling(), 1 => select(&ODD[..]).prop_map(str::to_owned)];
    (domain, any::<Option<bool>>(), -1_i64..3).prop_map(|(domain, www, priority)| DomainEntry {
        domain: domain.into_bytes(),
        www,
        priority,
    })
}

/// Everything that a plan is made of.
#[derive(Debug, Clone)]
struct World {
    domains: Vec<DomainEntry>,
    options: Options,
    settings: Settings,
    app: App,
    /// What an earlier call left.
    state: State,
}

impl World {
    fn desired(&self) -> Desired {
        Desired::new(&self.domains, &self.options, &self.settings, &self.state.leaving)
    }

    /// What a run does before it plans.
    fn take_in(&mut self, now: u64) {
        let desired = self.desired();
        let wanted = |name: &DomainName| desired.contains(name);
        self.state.take_in(&self.app.aliases, wanted, desired.adopted(), desired.released(), now);
    }

    fn plan(&self, now: u64) -> AliasPlan {
        let desired = self.desired();
        let plan = plan::aliases(&desired, &self.app, &self.state, self.settings.policy, now);
        guard::aliases(plan, &desired, &self.state.withheld, self.options.force)
    }

    /// What a run does to carry a plan out.
    fn apply(&mut self, plan: &AliasPlan, now: u64) {
        self.state.withheld = spellings(&plan.withheld);
        self.state.note_sent(&plan.add, now);
        self.app.aliases = plan.list().into_iter().map(ObservedAlias::new).collect();
        let removed: Vec<DomainName> = plan.remove.iter().filter_map(|alias| alias.name.clone()).collect();
        self.state.forget(&removed);
    }
}

fn settings(policy: AliasPolicy, extra: &[&str]) -> Settings {
    let constants: std::collections::HashMap<String, ConstantValue> = [
        ("WU_CLOUDWAYS_EMAIL", "owner@example.com"),
        ("WU_CLOUDWAYS_API_KEY", "cw_token"),
        ("WU_CLOUDWAYS_SERVER_ID", "50482"),
        ("WU_CLOUDWAYS_APP_ID", "131933"),
        ("WU_CLOUDWAYS_EXTRA_DOMAINS", &extra.join(",")),
        ("WU_CLOUDWAYS_ALIAS_POLICY", policy.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), ConstantValue::Text(value.into())))
    .into();
    Settings::from_constants(&constants).unwrap()
}

fn some_options() -> impl Strategy<Value = Options> {
    (
        select(vec![WwwRule::Always, WwwRule::MainOnly, WwwRule::Never]),
        prop::collection::vec(an_entry(), 0..4),
        proptest::option::of(Just(name("network.example"))),
        prop::collection::vec(a_name(), 0..3),
        prop::collection::vec(a_name(), 0..3),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(www, removed, network_domain, adopt, release, force)| Options {
            www,
            removed,
            network_domain,
            adopt,
            release,
            force,
            ..Options::default()
        })
}

fn an_app() -> impl Strategy<Value = App> {
    let certificate = prop_oneof![
        1 => Just(InstalledCertificate::None),
        8 => (subsequence(&POOL[..], 0..8), any::<Option<bool>>()).prop_map(|(names, auto)| {
            let names = names.into_iter().map(name).filter(|name| !name.is_wildcard()).collect();
            InstalledCertificate::LetsEncrypt { names, auto }
        }),
        1 => Just(InstalledCertificate::Wildcard { names: vec![name("wild.example")], auto: None }),
        1 => Just(InstalledCertificate::Custom),
        1 => Just(InstalledCertificate::Unreadable),
    ];
    let primary = proptest::option::weighted(0.7, a_name().prop_filter("no wildcard", |name| !name.is_wildcard()));
    (primary, prop::collection::vec(an_alias(), 0..14), certificate).prop_map(|(primary, aliases, certificate)| App {
        id: 131_933,
        label: "Network".into(),
        fqdn: Some(name("app.cloudwaysapps.example")),
        primary,
        aliases: aliases.into_iter().map(ObservedAlias::new).collect(),
        sys_user: None,
        certificate,
    })
}

/// A memory that an earlier call left: of its aliases some are gone, others came by hand.
fn a_state(app: &App, network: Option<DomainName>, ours: &[DomainName]) -> State {
    let mut state = State::empty(50_482, 131_933, network);
    let mut before: Vec<ObservedAlias> = app.aliases.to_vec();
    before.extend(ours.iter().skip(1).step_by(3).map(|name| ObservedAlias::new(name.as_str())));
    let none = HashSet::default();
    state.take_in(&before, |name| ours.contains(name), &none, &none, NOW - 7_200);
    let sent: Vec<DomainName> = ours.iter().step_by(3).cloned().collect();
    state.note_sent(&sent, NOW - 600);
    state
}

fn a_world() -> impl Strategy<Value = World> {
    (
        prop::collection::vec(an_entry(), 0..8),
        some_options(),
        an_app(),
        select(vec![AliasPolicy::Keep, AliasPolicy::Replace]),
        subsequence(&POOL[..], 0..4),
        prop::collection::vec(a_name(), 0..10),
        prop::collection::vec(a_name(), 0..2),
    )
        .prop_map(|(domains, options, app, policy, extra, ours, leaving)| {
            let mut state = a_state(&app, options.network_domain.clone(), &ours);
            state.leaving = leaving;
            World { domains, options, settings: settings(policy, &extra), app, state }
        })
}

fn spellings(aliases: &[ObservedAlias]) -> Vec<String> {
    aliases.iter().map(|alias| alias.spelling.clone()).collect()
}

fn counted<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    items.into_iter().fold(BTreeMap::new(), |mut counts, item| {
        *counts.entry(item).or_insert(0) += 1;
        counts
    })
}

fn set<T: Ord + Clone>(items: &[T]) -> BTreeSet<T> {
    items.iter().cloned().collect()
}

// ---------------------------------------------------------------------------------------------------------------
// Aliases

proptest! {
    #![proptest_config(config(1_500))]

    /// The list that is sent is the wanted names and those that are not ours, and no others.
    #[test]
    fn a_plan_applied_gives_what_is_wanted_and_what_is_not_ours(mut world in a_world()) {
        world.take_in(NOW);
        let (plan, desired) = (world.plan(NOW), world.desired());
        let app = &world.app;
        let list: Vec<ObservedAlias> = plan.list().into_iter().map(ObservedAlias::new).collect();
        let names: HashSet<&DomainName> = list.iter().filter_map(|alias| alias.name.as_ref()).collect();
        let is_untouchable = |name: &DomainName| Some(name) == app.primary.as_ref() || Some(name) == app.fqdn.as_ref();
        let observed: HashSet<&DomainName> = app.aliases.iter().filter_map(|alias| alias.name.as_ref()).collect();
        let ours = world.state.ours();

        // Every wanted name is there, or needs no alias: no name is set aside in these worlds.
        prop_assert!(plan.set_aside.is_empty() && plan.later.is_empty());
        for wanted in desired.names().iter().map(|wanted| &wanted.name) {
            let is_there = names.contains(wanted);
            let need_not = is_untouchable(wanted) || plan.by_wildcard.contains(wanted);
            prop_assert!(is_there || need_not, "{wanted} is missing");
            prop_assert!(!(is_there && need_not) || observed.contains(wanted), "{wanted} was sent for nothing");
        }
        // Every other name was observed, and is not ours, or may not go, or is kept until a person says so.
        for alias in &list {
            let is_withheld = plan.withheld.iter().any(|withheld| withheld.spelling == alias.spelling);
            let Some(name) = &alias.name else {
                prop_assert!(is_withheld || world.settings.policy == AliasPolicy::Keep, "{} stayed", alias.spelling);
                continue;
            };
            let is_kept = match world.settings.policy {
                AliasPolicy::Keep => !ours.contains(name),
                AliasPolicy::Replace => desired.released().contains(name),
            };
            prop_assert!(
                desired.contains(name) || is_kept || is_untouchable(name) || is_withheld,
                "{} has no reason to be there", alias.spelling
            );
            prop_assert!(desired.contains(name) || observed.contains(name));
        }
        // What covers a name by a star is in the list.
        for covered in &plan.by_wildcard {
            let star = format!("*.{}", covered.parent().unwrap_or_default());
            prop_assert!(names.contains(&name(&star)), "{star} is not there for {covered}");
            prop_assert!(desired.is_of_network(covered));
        }
    }

    /// What is not ours is never removed and never respelt, and stays in its order.
    #[test]
    fn what_is_not_ours_is_never_removed_and_never_respelt(mut world in a_world()) {
        let policy_keeps = world.settings.policy == AliasPolicy::Keep;
        // Whoever was not ours before the call, and is neither wanted nor adopted by it.
        let (desired, ours) = (world.desired(), world.state.ours().into_iter().cloned().collect::<HashSet<_>>());
        let is_foreign = |alias: &ObservedAlias| alias.name.as_ref().is_none_or(|name| {
            let released = desired.released().contains(name);
            released || (policy_keeps && !ours.contains(name) && !desired.adopted().contains(name))
        });
        let foreign: Vec<String> =
            world.app.aliases.iter().filter(|alias| is_foreign(alias)).map(|alias| alias.spelling.clone()).collect();
        let before = spellings(&world.app.aliases);
        world.take_in(NOW);
        let plan = world.plan(NOW);
        let list = plan.list();
        let staying: Vec<&String> = list.iter().filter(|spelling| before.contains(spelling)).collect();
        if policy_keeps {
            let kept: Vec<&String> = staying.iter().copied().filter(|spelling| foreign.contains(spelling)).collect();
            prop_assert_eq!(kept, foreign.iter().collect::<Vec<_>>());
        }
        // What stays of the list stays in its order and spelling, and as often as it was there.
        let removed: HashSet<&str> = plan.remove.iter().map(|alias| alias.spelling.as_str()).collect();
        let expected: Vec<&String> = before.iter().filter(|spelling| !removed.contains(spelling.as_str())).collect();
        prop_assert_eq!(&list[..expected.len()].iter().collect::<Vec<_>>(), &expected);
        // What is new is spelt in the one form, and is there once.
        let added = &list[expected.len()..];
        prop_assert!(added.iter().all(|spelling| name(spelling).as_str() == spelling && desired.contains(&name(spelling))));
        prop_assert_eq!(set(added).len(), added.len());
    }

    /// The second of two equal runs writes nothing.
    #[test]
    fn planning_again_gives_nothing(mut world in a_world()) {
        world.take_in(NOW);
        let first = world.plan(NOW);
        world.apply(&first, NOW);
        let list = spellings(&world.app.aliases);
        let after_one = world.clone();
        for now in [NOW + 1, NOW + 3_600, NOW + 30 * 86_400] {
            let mut world = after_one.clone();
            world.take_in(now);
            let second = world.plan(now);
            prop_assert!(!second.writes(), "after {} s: {:?} {:?}", now - NOW, second.add, second.remove);
            prop_assert_eq!(second.list(), list.clone());
            prop_assert_eq!(spellings(&second.withheld), spellings(&first.withheld));
        }
    }

    /// In whatever order things are said, the same is done.
    #[test]
    fn the_order_of_what_is_said_makes_no_difference(mut world in a_world(), by in any::<[Index; 24]>()) {
        let mut other = world.clone();
        let mut turn = by.iter().cycle();
        let mut shuffle = |length: usize| -> Vec<usize> {
            let mut order: Vec<usize> = (0..length).collect();
            for at in (1..length).rev() {
                order.swap(at, turn.next().unwrap().index(at + 1));
            }
            order
        };
        fn reorder<T: Clone>(items: &mut Vec<T>, order: &[usize]) {
            *items = order.iter().map(|at| items[*at].clone()).collect();
        }
        reorder(&mut other.domains, &shuffle(world.domains.len()));
        reorder(&mut other.options.removed, &shuffle(world.options.removed.len()));
        reorder(&mut other.options.adopt, &shuffle(world.options.adopt.len()));
        reorder(&mut other.options.release, &shuffle(world.options.release.len()));
        let mut reordered = other.app.aliases.to_vec();
        reorder(&mut reordered, &shuffle(world.app.aliases.len()));
        other.app.aliases = reordered.into();
        reorder(&mut other.settings.extra, &shuffle(world.settings.extra.len()));
        reorder(&mut other.state.leaving, &shuffle(world.state.leaving.len()));

        world.take_in(NOW);
        other.take_in(NOW);
        let (one, two) = (world.plan(NOW), other.plan(NOW));
        prop_assert_eq!(set(&one.add), set(&two.add));
        for (one, two) in [(&one.remove, &two.remove), (&one.withheld, &two.withheld), (&one.kept, &two.kept)] {
            prop_assert_eq!(counted(spellings(one)), counted(spellings(two)));
        }
        prop_assert_eq!(&one.by_wildcard, &two.by_wildcard);
        prop_assert_eq!(counted(one.list()), counted(two.list()));

        // The certificate as well: in these worlds there is room for all.
        let verdicts: HashMap<DomainName, NameCheck> =
            POOL.iter().map(|text| (name(text), NameCheck::new(Verdict::Here))).collect();
        let certificate = |world: &World, aliases: &AliasPlan| {
            let desired = world.desired();
            let basis = Basis { desired: &desired, app: &world.app, aliases, moment: Moment::OnceWritten };
            certificate::plan(basis, &verdicts, &world.state, NOW, false)
        };
        let (first, second) = (certificate(&world, &one), certificate(&other, &two));
        prop_assert_eq!(set(&first.wanted), set(&second.wanted));
        prop_assert_eq!(&first.standing, &second.standing);
        let whole = |aliases: AliasPlan, certificate| Plan { aliases, certificate: Some(certificate) };
        prop_assert_eq!(
            whole(one, first).fingerprint(&world.settings),
            whole(two, second).fingerprint(&other.settings)
        );
    }
}

// ---------------------------------------------------------------------------------------------------------------
// The certificate

fn a_check() -> impl Strategy<Value = NameCheck> {
    let caa = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Caa::Forbidden { at: "example".into(), issuers: Vec::new() })),
        1 => Just(Some(Caa::Unknown(Unknown::TimedOut))),
    ];
    let verdict = select(vec![
        Verdict::Here,
        Verdict::Here,
        Verdict::Here,
        Verdict::Proxied,
        Verdict::Elsewhere,
        Verdict::Missing,
        Verdict::Unknown,
    ]);
    (verdict, caa).prop_map(|(verdict, caa)| {
        let mut check = NameCheck::new(verdict);
        if let Some(caa) = caa {
            check.caa = caa;
        }
        check
    })
}

/// A world with many names.
#[derive(Debug, Clone)]
struct Crowd {
    world: World,
    verdicts: HashMap<DomainName, NameCheck>,
    force: bool,
}

fn numbered(number: usize) -> DomainName {
    name(&format!("n{number:03}.example"))
}

fn a_crowd() -> impl Strategy<Value = Crowd> {
    let names = 0..220_usize;
    (
        a_world(),
        prop::collection::vec((names.clone(), -1_i64..2), 0..160),
        prop::collection::btree_set(names.clone(), 0..220),
        prop::collection::btree_set(names.clone(), 0..100),
        prop::collection::vec(a_check(), 260),
        prop::collection::btree_set(names.clone(), 0..20),
        prop::collection::btree_set(names, 0..4),
        any::<bool>(),
        0..5_usize,
    )
        .prop_map(|(mut world, mapped, aliases, installed, checks, doubted, refused, force, orders)| {
            world.domains.extend(mapped.into_iter().map(|(number, priority)| DomainEntry {
                domain: numbered(number).as_str().into(),
                www: Some(false),
                priority,
            }));
            let more = aliases.into_iter().map(|number| ObservedAlias::new(numbered(number).as_str()));
            world.app.aliases = world.app.aliases.iter().cloned().chain(more).collect();
            if let InstalledCertificate::LetsEncrypt { names, .. } = &mut world.app.certificate {
                names.extend(installed.into_iter().map(numbered));
                names.truncate(LIMIT);
            }
            let all = (0..220).map(numbered).chain(POOL.iter().map(|text| name(text)));
            let verdicts: HashMap<DomainName, NameCheck> = all.zip(checks).collect();
            for number in doubted {
                world.state.note_verdict(
                    &numbered(number),
                    Qualifies::No,
                    NOW - if number % 2 == 0 { 60 } else { 7_200 },
                );
            }
            for number in refused {
                let name = [numbered(number)];
                for _ in 0..=number % 3 {
                    world.state.certificate_aside.refused(&name, &name, "no", NOW - 60);
                }
            }
            for order in 0..orders {
                let names = [numbered(order), numbered(order + 1)];
                world.state.book_order(&names, OrderOutcome::Installed, NOW - 86_400 * 6 + order as u64 * 3_600);
            }
            Crowd { world, verdicts, force }
        })
}

/// The names that lead to the application once the plan is carried out.
fn in_place(world: &World, aliases: &AliasPlan) -> HashSet<DomainName> {
    let listed = aliases.names_at(Moment::OnceWritten).into_iter();
    listed.chain(&world.app.primary).chain(&world.app.fqdn).cloned().collect()
}

fn leads_here(in_place: &HashSet<DomainName>, name: &DomainName) -> bool {
    in_place.contains(name) || name.parent().is_some_and(|parent| in_place.contains(format!("*.{parent}").as_str()))
}

fn of_a_crowd(crowd: &mut Crowd) -> (AliasPlan, CertificatePlan) {
    crowd.world.take_in(NOW);
    let aliases = crowd.world.plan(NOW);
    let desired = crowd.world.desired();
    let basis = Basis { desired: &desired, app: &crowd.world.app, aliases: &aliases, moment: Moment::OnceWritten };
    let plan = certificate::plan(basis, &crowd.verdicts, &crowd.world.state, NOW, crowd.force);
    let plan = guard::certificate(plan, &desired, &[], crowd.force);
    (aliases, plan)
}

proptest! {
    #![proptest_config(config(400))]

    /// At most 100 names, no wildcard, nobody new who does not qualify, and whoever is served stays served.
    #[test]
    fn a_certificate_holds_what_it_can_and_keeps_who_is_served(mut crowd in a_crowd()) {
        let (aliases, plan) = of_a_crowd(&mut crowd);
        let (world, verdicts) = (&crowd.world, &crowd.verdicts);
        let desired = world.desired();
        if let Order::NotOurs(_) = plan.order {
            let is_ordinary =
                matches!(world.app.certificate, InstalledCertificate::LetsEncrypt { .. } | InstalledCertificate::None);
            prop_assert!(!is_ordinary);
            prop_assert_eq!(&plan.wanted, &plan.installed);
            return Ok(());
        }
        let in_place = in_place(world, &aliases);
        let wanted: HashSet<&DomainName> = plan.wanted.iter().collect();
        let installed: HashSet<&DomainName> = plan.installed.iter().collect();
        prop_assert!(plan.wanted.len() <= LIMIT);
        prop_assert_eq!(wanted.len(), plan.wanted.len(), "each name once");
        prop_assert!(!plan.wanted.iter().any(DomainName::is_wildcard));

        let qualifies = |name: &DomainName| verdicts.get(name).map_or(Qualifies::Unknown, NameCheck::qualifies);
        let primary = world.app.primary.as_ref();
        let is_held = |name: &DomainName| world.state.certificate_aside.held(name, NOW);
        for name in plan.wanted.iter().filter(|name| !installed.contains(name)) {
            prop_assert!(name.may_be_certified(), "{name} cannot be certified");
            prop_assert_eq!(qualifies(name), Qualifies::Yes, "{} does not qualify", name.clone());
            prop_assert!(desired.contains(name) || Some(name) == primary, "{name} is not wanted");
            prop_assert!(leads_here(&in_place, name), "{name} does not lead here");
            prop_assert!(is_held(name).is_none(), "{name} was refused a while ago");
        }
        // An installed name goes only for a reason.
        let displaced_by = primary.filter(|name| wanted.contains(name) && !installed.contains(name));
        let mut displaced = 0;
        for name in plan.installed.iter().filter(|name| !wanted.contains(name)) {
            let is_unmapped = !desired.contains(name) && (!leads_here(&in_place, name) || desired.explains_removal_of(name));
            let two_nos = qualifies(name) == Qualifies::No
                && world.state.doubt_settled_at(name).is_some_and(|at| at <= NOW);
            let refused_twice = is_held(name).is_some_and(|refusal| refusal.times > 1);
            let no_alias = aliases.set_aside.contains(name);
            if !(is_unmapped || two_nos || refused_twice || no_alias) {
                displaced += 1;
                prop_assert_eq!(plan.standing.get(name), Some(&Standing::LeftOut), "{} is let go", name.clone());
            }
        }
        prop_assert!(displaced <= usize::from(displaced_by.is_some()), "{displaced} displaced");
        prop_assert!(displaced == 0 || plan.wanted.len() == LIMIT);
        prop_assert_eq!(
            set(&plan.dropped),
            plan.installed.iter().filter(|name| !wanted.contains(name)).cloned().collect::<BTreeSet<_>>()
        );

        // Nobody is left out for want of room while there is some, or while a newcomer of less weight got in.
        let rank = |name: &DomainName| {
            let wanted = desired.get(name);
            wanted.map(|wanted| (Some(name) != primary, wanted.source, std::cmp::Reverse(wanted.priority)))
        };
        prop_assert!(plan.left_out.is_empty() || plan.wanted.len() == LIMIT);
        let least = plan.wanted.iter().filter(|name| !installed.contains(name)).filter_map(rank).max();
        for name in plan.left_out.iter().filter(|name| !installed.contains(name)) {
            prop_assert!(rank(name) >= least, "{name} was left out for less");
        }
        if let Some(primary) = displaced_by {
            prop_assert_eq!(plan.wanted.first(), Some(primary));
        }

        // What is ordered can be ordered.
        if plan.order == Order::Place {
            prop_assert!(!plan.wanted.is_empty());
            prop_assert_ne!(set(&plan.wanted), set(&plan.installed), "nothing of it is served yet, so none is near its end");
            prop_assert!(plan.wanted.iter().all(|name| leads_here(&in_place, name)));
            prop_assert!(plan.wanted.iter().all(|name| is_held(name).is_none()));
            prop_assert!(world.state.budget.wait(&plan.wanted, NOW, crowd.force).is_none());
            let unexplained = plan.dropped.iter().filter(|name| !desired.explains_removal_of(name)).count();
            prop_assert!(crowd.force || !is_too_many(unexplained, plan.installed.len()));
        }
        // Everything that is wanted stands somewhere.
        for wanted in desired.names() {
            let standing = plan.standing.get(&wanted.name);
            prop_assert!(standing.is_some(), "{} stands nowhere", wanted.name);
            let is_in = matches!(standing, Some(Standing::Covered | Standing::New));
            prop_assert_eq!(is_in, plan.wanted.contains(&wanted.name), "{}", wanted.name.clone());
        }
    }

    /// Once it is installed, nothing more is to be done, whatever the order of the names in it.
    #[test]
    fn an_installed_certificate_is_not_ordered_again(mut crowd in a_crowd(), turn in any::<Index>()) {
        let (aliases, plan) = of_a_crowd(&mut crowd);
        prop_assume!(!matches!(plan.order, Order::NotOurs(_) | Order::Withheld(_)) && !plan.wanted.is_empty());
        crowd.world.apply(&aliases, NOW);
        crowd.world.state.book_order(&plan.wanted, OrderOutcome::Installed, NOW);
        let mut names = plan.wanted.clone();
        names.rotate_left(turn.index(plan.wanted.len()));
        crowd.world.app.certificate = InstalledCertificate::LetsEncrypt { names, auto: Some(true) };
        let (_, again) = of_a_crowd(&mut crowd);
        prop_assert_eq!(set(&again.wanted), set(&plan.wanted));
        prop_assert!(matches!(again.order, Order::None), "{:?}", again.order);
        prop_assert!(again.dropped.is_empty() && !again.switch_auto_on);
    }
}

// ---------------------------------------------------------------------------------------------------------------
// The memory

fn a_time() -> impl Strategy<Value = u64> {
    prop_oneof![NOW - 900_000..NOW + 900_000, any::<u32>().prop_map(u64::from), Just(i64::MAX.unsigned_abs())]
}

/// Words in all scripts, and such that look like something else to PHP.
fn a_word() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,12}",
        "[0-9]{1,20}",
        "-?[0-9]{1,3}(\\.[0-9]{1,2})?(e[0-9]{1,3})?",
        select(vec![
            "",
            "0",
            "1.0",
            "null",
            "true",
            "\\u0041",
            "\u{2028}",
            "é\u{301}",
            "</script>",
            "日本",
            "\"",
            "\u{0}\u{7f}"
        ])
        .prop_map(str::to_owned),
    ]
}

fn any_state() -> impl Strategy<Value = State> {
    let parts = (
        a_world(),
        proptest::option::of((a_word(), a_time(), proptest::option::of(0..86_400_u64))),
        prop::collection::vec((prop::collection::vec(a_name(), 1..4), a_time(), 0..6_usize), 0..6),
        prop::collection::vec((prop::collection::vec(a_name(), 1..5), any::<bool>(), a_word(), a_time()), 0..4),
        prop::collection::vec(a_name(), 0..4),
        proptest::option::of((a_word(), a_time(), a_time(), a_word())),
        proptest::option::of(a_time()),
        any::<(u32, bool, [u8; 4], [u8; 16])>(),
        prop::collection::vec(a_word(), 0..4),
    );
    parts.prop_map(|(mut world, operation, orders, refusals, doubts, served, auto, bits, missed)| {
        world.take_in(NOW);
        let mut state = world.state;
        let outcomes = [
            OrderOutcome::Placed,
            OrderOutcome::Sent,
            OrderOutcome::Installed,
            OrderOutcome::Failed,
            OrderOutcome::Limited,
            OrderOutcome::Presumed,
        ];
        for (names, at, outcome) in orders {
            let at = at.min(NOW);
            state.book_order(&names, outcomes[outcome], at);
            state.budget.book_failure(&names, at);
            state.budget.pause(at + 500, at);
        }
        for (names, is_named, said, at) in refusals {
            let culprits = if is_named { &names[..1] } else { &[] };
            let aside = if at % 2 == 0 { &mut state.aliases_aside } else { &mut state.certificate_aside };
            aside.refused(&names, culprits, &said, at.min(NOW));
        }
        if let Some((_, since, estimate)) = operation {
            let reference = OperationRef { id: format!("flex-{since}"), kind: None, estimate };
            let mut running = RunningOperation::started(&reference, OperationKind::Aliases, since.min(NOW));
            running.adds = doubts.clone();
            running.removes = missed.clone();
            state.operation = Some(running);
        }
        for name in &doubts {
            state.note_verdict(name, Qualifies::No, NOW);
        }
        if let Some((issuer, not_before, not_after, set)) = served {
            state.note_served(Some(Served { issuer, not_before, not_after, set }), NOW);
        }
        let (failed, is_moved, v4, v6) = bits;
        state.note_addresses(&[v4.into(), v6.into()], NOW - 60);
        if is_moved {
            state.note_addresses(&[v4.map(|byte| byte ^ 1).into()], NOW);
        }
        state.failed_lists = failed;
        state.auto_tried = auto.map(|at| at.min(NOW));
        state.miss(missed);
        // What is full again by now is forgotten when it is read.
        loaded(&state.to_value(), &state).0
    })
}

fn loaded(stored: &Value, state: &State) -> (State, Option<wu_cloudways::note::Note>) {
    let network = state.to_value()["network"].as_str().map(name);
    State::load(Some(stored), 50_482, 131_933, network.as_ref(), NOW)
}

/// Sends JSON texts, one a line, through PHP's own `json_decode()` and `json_encode()`, and a second time as the plugin
/// might: with other flags.
fn through_php(lines: &[String]) -> Vec<String> {
    const SCRIPT: &str = r#"
        while (false !== ($line = fgets(STDIN))) {
            $state = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
            $once = json_encode($state, JSON_THROW_ON_ERROR);
            $twice = json_encode(json_decode($once, true), JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRETTY_PRINT);
            echo $once, "\n", json_encode($twice), "\n";
        }
    "#;
    let php = ["php8.2", "php"].into_iter().find_map(|program| {
        let piped = || Stdio::piped();
        Command::new(program).args(["-n", "-r", SCRIPT]).stdin(piped()).stdout(piped()).spawn().ok()
    });
    let mut php = php.expect("PHP on the command line is needed: apt-get install php8.2-cli");
    let mut input = php.stdin.take().unwrap();
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = php.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "PHP failed");
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), 2 * lines.len());
    answers
}

proptest! {
    #![proptest_config(config(10))]

    /// The memory survives PHP: many at once, since starting PHP takes a while.
    #[test]
    fn a_state_survives_php(states in prop::collection::vec(any_state(), 60)) {
        let lines: Vec<String> = states.iter().map(|state| state.to_value().to_string()).collect();
        let answers = through_php(&lines);
        for (state, pair) in states.iter().zip(answers.chunks(2)) {
            let once: Value = serde_json::from_str(&pair[0]).unwrap();
            let twice: String = serde_json::from_str(&pair[1]).unwrap();
            let twice: Value = serde_json::from_str(&twice).unwrap();
            for stored in [&once, &twice] {
                let (same, note) = loaded(stored, state);
                prop_assert_eq!(note, None, "{}", stored);
                prop_assert_eq!(&same, state, "{}", stored);
            }
        }
    }
}

#[test]
fn an_empty_state_survives_php() {
    let state = State::empty(50_482, 131_933, None);
    let answers = through_php(&[state.to_value().to_string()]);
    assert_eq!(loaded(&serde_json::from_str(&answers[0]).unwrap(), &state), (state, None));
}

proptest! {
    #![proptest_config(config(400))]

    /// What was given back is read as the same, and says so of itself.
    #[test]
    fn a_state_survives_being_read(state in any_state()) {
        let stored = state.to_value();
        let (same, note) = loaded(&stored, &state);
        prop_assert_eq!(note, None);
        prop_assert_eq!(&same, &state);
        prop_assert_eq!(same.to_value(), stored);
    }

    /// A memory that is damaged in one place is read as the same, or as none at all, and then it is said.
    #[test]
    fn a_damaged_state_is_an_empty_one(state in any_state(), at in any::<Index>(), with in 0..7_usize) {
        let mut stored = state.to_value();
        let damage = [json!(null), json!(-1), json!(1.5), json!("x"), json!([]), json!({}), json!([[["a b"]]])];
        let places = places(&stored);
        let place = at.get(&places);
        *stored.pointer_mut(place).unwrap() = damage[with].clone();
        let (read, note) = loaded(&stored, &state);
        if note.is_some() {
            let network = state.to_value()["network"].as_str().map(name);
            prop_assert_eq!(read, State::empty(50_482, 131_933, network));
        } else {
            // It is a state, and stays one.
            prop_assert_eq!(loaded(&read.to_value(), &state), (read, None));
        }
    }
}

/// A pointer to every value within a value.
fn places(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), field)).collect(),
        _ => Vec::new(),
    };
    let below = |(key, child): (String, &Value)| {
        let deeper = places(child).into_iter().map(|rest| format!("/{key}{rest}")).collect::<Vec<_>>();
        std::iter::once(format!("/{key}")).chain(deeper)
    };
    children.into_iter().flat_map(below).collect()
}

// ---------------------------------------------------------------------------------------------------------------
// Names

fn a_label() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9]([a-zA-Z0-9-]{0,10}[a-zA-Z0-9])?",
        1 => "[a-z]{60,66}",
        2 => "[a-zäöüßéèçñåø]{1,8}",
        1 => "[αβγδως]{1,6}",
        1 => "[абвгд]{1,6}",
        1 => "[אבגד]{1,6}",
        1 => "[一二三日本語]{1,5}",
        1 => "[a-z]{0,3}[\u{300}-\u{310}\u{200c}\u{200d}\u{ad}][a-z]{0,3}",
        1 => "(?i:xn--)[a-z0-9-]{1,12}",
        1 => "\\PC{1,6}",
    ]
}

fn something_like_a_name() -> impl Strategy<Value = String> {
    let dot = || select(vec![".", ".", ".", ".", "\u{3002}", "\u{ff0e}"]);
    let end = select(vec!["", "", "", ".", "\u{3002}"]);
    let start = select(vec!["", "", "", "*.", "www.", "WWW."]);
    (start, prop::collection::vec((a_label(), dot()), 1..5), select(vec!["example", "de", "CO.UK", "テスト"]), end)
        .prop_map(|(start, labels, top, end)| {
            let labels: String = labels.into_iter().map(|(label, dot)| label + dot).collect();
            format!("{start}{labels}{top}{end}")
        })
}

proptest! {
    #![proptest_config(config(3_000))]

    /// Normalising twice is normalising once, and what comes out is what DNS can hold.
    #[test]
    fn a_normalised_name_is_its_own_normal_form(text in something_like_a_name()) {
        let Ok(name) = DomainName::parse(text.as_bytes()) else { return Ok(()) };
        let parse = |text: &str| DomainName::parse(text.as_bytes());
        prop_assert_eq!(parse(name.as_str()), Ok(name.clone()));
        prop_assert_eq!(parse(&name.as_str().to_ascii_uppercase()), Ok(name.clone()));
        prop_assert_eq!(parse(&format!("{name}.")), Ok(name.clone()));
        prop_assert!(name.as_str().len() <= 253 && !name.as_str().ends_with('.'));
        let plain = name.as_str().strip_prefix("*.").unwrap_or(name.as_str());
        prop_assert!(plain.split('.').all(|label| (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')));
        prop_assert_eq!(DomainName::parse_plain(text.as_bytes()).is_ok(), !name.is_wildcard());
        if let Some(www) = name.www() {
            prop_assert_eq!(parse(www.as_str()), Ok(www.clone()));
            prop_assert!(www.is_under(&name) && www.www().is_none());
        }
    }

    /// Of plain letters, digits and hyphens every name of the right lengths is one.
    #[test]
    fn names_of_the_right_lengths_are_names(labels in prop::collection::vec("[a-z]([a-z0-9]{0,61}[a-z0-9])?", 1..6), upper in any::<bool>()) {
        let text = format!("{}.example", labels.join("."));
        let is_one = text.len() <= 253 && labels.iter().all(|label| label.len() <= 63);
        let given = if upper { text.to_ascii_uppercase() } else { text.clone() };
        match DomainName::parse(given.as_bytes()) {
            Ok(name) => prop_assert!(is_one && name.as_str() == text),
            Err(reason) => prop_assert!(!is_one, "{}: {}", text, reason.text()),
        }
    }

    /// A mapped domain comes out in the same order, in its one form, and with its own `www`.
    #[test]
    fn what_is_wanted_is_what_was_said(entries in prop::collection::vec(an_entry(), 0..10)) {
        let desired = Desired::new(&entries, &Options::default(), &settings(AliasPolicy::Keep, &[]), &[]);
        let mut expected: Vec<DomainName> = Vec::new();
        for entry in &entries {
            let Ok(name) = DomainName::parse_plain(&entry.domain) else { continue };
            let www = name.www().filter(|_| entry.www != Some(false));
            expected.extend([name].into_iter().chain(www));
        }
        let mut seen = HashSet::default();
        expected.retain(|name| seen.insert(name.clone()));
        prop_assert_eq!(desired.names().iter().map(|wanted| wanted.name.clone()).collect::<Vec<_>>(), expected);
    }

// ---------------------------------------------------------------------------------------------------------------
// Decisions

    /// It is never waited longer than there is time, and a write is repeated only where nothing happened.
    #[test]
    fn a_retry_fits_in_the_time_left(
        number in 0_u32..8,
        write in any::<bool>(),
        kind in 0..5_usize,
        status in 100_u16..700,
        hint in proptest::option::of(0_u64..200_000),
        renewed in any::<bool>(),
        left in 0_u64..400_000,
    ) {
        let happened = [Happened::NotSent, Happened::Broken, Happened::TimedOut, Happened::Answered(status), Happened::Answered(429)][kind];
        let access = if write { Access::Write } else { Access::Read };
        let (hint, left) = (hint.map(Duration::from_millis), Duration::from_millis(left));
        let attempt = Attempt { number, access, happened, hint, renewed, left };
        let decision = decide(&attempt);
        prop_assert_eq!(decision, decide(&attempt));
        let Decision::Retry { after } = decision else { return Ok(()) };
        prop_assert!(after + Duration::from_secs(1) <= left, "{after:?} of {left:?}");
        prop_assert!(number < 4);
        if write {
            let did_nothing = matches!(happened, Happened::NotSent | Happened::Answered(401 | 429));
            prop_assert!(did_nothing, "{happened:?} may have done something");
        }
        if let (Some(hint), Happened::Answered(429)) = (hint, happened) {
            prop_assert!(after >= hint, "the hint is undercut");
        }
        // More time changes nothing but the spread.
        let more = decide(&Attempt { left: left + Duration::from_secs(60), ..attempt });
        prop_assert_eq!(more, decision);
    }

    /// One removal more is never less alarming, and one alias more never more.
    #[test]
    fn alarm_grows_with_removals_and_shrinks_with_what_there_is(unexplained in 0_usize..200, of in 0_usize..2_000) {
        if is_too_many(unexplained, of) {
            prop_assert!(is_too_many(unexplained + 1, of));
            prop_assert!(of == 0 || is_too_many(unexplained, of - 1));
        } else {
            prop_assert!(unexplained == 0 || !is_too_many(unexplained - 1, of));
            prop_assert!(!is_too_many(unexplained, of + 1));
        }
        prop_assert!(!is_too_many(0, of));
        prop_assert!(unexplained <= 3 || is_too_many(unexplained, of));
    }
}
