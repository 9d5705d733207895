//! Which names the one certificate should hold, and whether it may be ordered now.

use std::collections::{HashMap, HashSet};

use crate::cloudways::{App, InstalledCertificate};
use crate::desired::{Desired, Source};
use crate::dns::{NameCheck, Verdict};
use crate::domain::DomainName;
use crate::note::Note;
use crate::plan::{AliasPlan, Moment};
use crate::state::State;

/// How many names a certificate at Cloudways holds (official page).
pub const LIMIT: usize = 100;

/// Where a wanted name stands with the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is in the installed certificate and stays there.
    Covered,
    /// It is to be ordered.
    New,
    /// Its alias is not in place, or DNS was not asked yet.
    Waiting,
    /// Its DNS does not allow it.
    Blocked,
    /// There is no room.
    LeftOut,
    /// No certificate holds it: a wildcard, or no public name.
    NotCertifiable,
}

/// What becomes of the plan's certificate.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// The installed one is the wanted one, or there is nothing to hold.
    None,
    /// Order the wanted names.
    Place,
    /// It was placed a moment ago, and does not show yet.
    Awaited(Note),
    /// Not now, for this reason: it would fail, or it failed just now.
    Held(Note),
    /// Not without a person's word.
    Withheld(Note),
    /// The certificate there is not ours to replace.
    NotOurs(Note),
}

/// What the certificate has and should have.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificatePlan {
    /// The names it has.
    pub installed: Vec<DomainName>,
    /// The names it should have, in the order of preference.
    pub wanted: Vec<DomainName>,
    /// Names with the right DNS that find no room.
    pub left_out: Vec<DomainName>,
    /// Installed names that are not wanted any more.
    pub dropped: Vec<DomainName>,
    /// Where each wanted name stands.
    pub standing: HashMap<DomainName, Standing>,
    /// Whether it is ordered.
    pub order: Order,
    /// Whether its renewal is off.
    pub auto_is_off: bool,
    /// Whether it is off and is to be put on.
    pub switch_auto_on: bool,
}

/// What a choice of names is based on.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    /// What is wanted.
    pub desired: &'a Desired,
    /// The application at the last look.
    pub app: &'a App,
    /// The plan of its aliases.
    pub aliases: &'a AliasPlan,
    /// Whether the list counts as it is, or as it will be.
    pub moment: Moment,
}

/// The names with which a certificate would be reached: what the list holds, the primary domain, and what Cloudways
/// calls the application.
struct InPlace<'a> {
    names: HashSet<DomainName>,
    desired: &'a Desired,
}

impl<'a> InPlace<'a> {
    fn new(basis: Basis<'a>) -> Self {
        let app = basis.app;
        let listed = basis.aliases.names_at(basis.moment).into_iter();
        Self { names: listed.chain(app.primary.clone()).chain(app.fqdn.clone()).collect(), desired: basis.desired }
    }

    fn holds(&self, name: &DomainName) -> bool {
        self.names.contains(name)
            || name.parent().is_some_and(|parent| self.names.contains(format!("*.{parent}").as_str()))
    }

    /// An installed name stays while it is wanted, or while it is reached and nobody said that it should go.
    fn keeps(&self, name: &DomainName) -> bool {
        self.desired.contains(name) || (self.holds(name) && !self.desired.explains_removal_of(name))
    }
}

/// The names whose DNS matters: the primary domain and those covered that stay, then the newcomers in the order in
/// which they get space.
///
/// Newcomers need an answer only until the certificate is full; asking them in this order, in batches, is enough.
#[must_use]
pub fn names_to_ask(basis: Basis<'_>) -> (Vec<DomainName>, Vec<DomainName>) {
    let Basis { desired, app, .. } = basis;
    let Ok(installed) = ordinary_names(&app.certificate) else { return (Vec::new(), Vec::new()) };
    let in_place = InPlace::new(basis);
    let known: HashSet<&DomainName> = installed.iter().collect();
    let primary = app.primary.iter().filter(|name| name.may_be_certified() && !known.contains(name));
    let settled = primary.chain(installed.iter().filter(|name| in_place.keeps(name))).cloned().collect();
    (settled, newcomers(desired, app, &known, &in_place))
}

/// Decides what the certificate should hold, by what was asked so far.
#[must_use]
pub fn plan(
    basis: Basis<'_>,
    verdicts: &HashMap<DomainName, NameCheck>,
    state: &State,
    now: u64,
    force: bool,
) -> CertificatePlan {
    let Basis { desired, app, .. } = basis;
    let installed = match ordinary_names(&app.certificate) {
        Ok(names) => names.to_vec(),
        Err((names, note)) => return not_ours(names, note),
    };
    let in_place = InPlace::new(basis);
    let mut choice = Choice::default();
    let known: HashSet<&DomainName> = installed.iter().collect();
    let is_here = |name: &DomainName| verdicts.get(name).is_some_and(|check| check.verdict == Verdict::Here);

    if let Some(primary) = app.primary.as_ref().filter(|name| name.may_be_certified()) {
        if known.contains(primary) {
            choice.cover(primary);
        } else if is_here(primary) {
            choice.welcome(primary);
        } else {
            choice.turn_away(primary, verdicts);
        }
    }
    for name in installed.iter().filter(|name| in_place.keeps(name)) {
        choice.cover(name);
    }
    choice.make_room_for_the_primary(desired, app.primary.as_ref());
    for name in newcomers(desired, app, &known, &in_place) {
        if is_here(&name) || (choice.wanted.len() >= LIMIT && !verdicts.contains_key(&name)) {
            choice.welcome(&name);
        } else {
            choice.turn_away(&name, verdicts);
        }
    }
    for wanted in desired.names() {
        let standing = if wanted.name.may_be_certified() { Standing::Waiting } else { Standing::NotCertifiable };
        choice.standing.entry(wanted.name.clone()).or_insert(standing);
    }

    let is_wanted: HashSet<&DomainName> = choice.wanted.iter().collect();
    let dropped: Vec<DomainName> = installed.iter().filter(|name| !is_wanted.contains(name)).cloned().collect();
    let changed = !dropped.is_empty() || choice.wanted.iter().any(|name| !known.contains(name));
    let unreachable: Vec<DomainName> = choice.wanted.iter().filter(|name| !in_place.holds(name)).cloned().collect();
    let order = if !changed || choice.wanted.is_empty() {
        Order::None
    } else if !unreachable.is_empty() {
        Order::Held(Note::OrderNeedsAlias { names: unreachable })
    } else if state.is_awaited(&choice.wanted, now) {
        let absent = choice.wanted.iter().filter(|name| !known.contains(name)).cloned().collect();
        Order::Awaited(Note::OrderNotSeen { names: absent })
    } else if let Some(until) = state.held_until(&choice.wanted, now).filter(|_| !force) {
        Order::Held(Note::OrderHeld { until })
    } else {
        Order::Place
    };
    let auto_is_off = matches!(app.certificate, InstalledCertificate::LetsEncrypt { auto: Some(false), .. });
    let switch_auto_on = auto_is_off && (force || !state.auto_was_tried(now));
    CertificatePlan {
        installed,
        wanted: choice.wanted,
        left_out: choice.left_out,
        dropped,
        standing: choice.standing,
        order,
        auto_is_off,
        switch_auto_on,
    }
}

#[derive(Default)]
struct Choice {
    wanted: Vec<DomainName>,
    left_out: Vec<DomainName>,
    standing: HashMap<DomainName, Standing>,
}

impl Choice {
    fn cover(&mut self, name: &DomainName) {
        if self.standing.insert(name.clone(), Standing::Covered).is_none() {
            self.wanted.push(name.clone());
        }
    }

    fn welcome(&mut self, name: &DomainName) {
        let standing = if self.wanted.len() < LIMIT {
            self.wanted.push(name.clone());
            Standing::New
        } else {
            self.left_out.push(name.clone());
            Standing::LeftOut
        };
        self.standing.insert(name.clone(), standing);
    }

    fn turn_away(&mut self, name: &DomainName, verdicts: &HashMap<DomainName, NameCheck>) {
        let standing = if verdicts.contains_key(name) { Standing::Blocked } else { Standing::Waiting };
        self.standing.insert(name.clone(), standing);
    }

    /// Only the primary domain displaces a name that is served: the last one of the lowest kind.
    fn make_room_for_the_primary(&mut self, desired: &Desired, primary: Option<&DomainName>) {
        let kind = |name: &DomainName| match desired.get(name) {
            _ if Some(name) == primary => Source::Primary,
            Some(wanted) => wanted.source,
            None => Source::Extra,
        };
        while self.wanted.len() > LIMIT {
            let Some((at, _)) = self.wanted.iter().enumerate().max_by_key(|(at, name)| (kind(name), *at)) else {
                return;
            };
            let displaced = self.wanted.remove(at);
            self.standing.insert(displaced.clone(), Standing::LeftOut);
            self.left_out.push(displaced);
        }
    }
}

/// The wanted names that are reached and not covered: customers' domains by priority, then extras, `www`, and sites
/// of the network; each kind as it was given.
fn newcomers(desired: &Desired, app: &App, known: &HashSet<&DomainName>, in_place: &InPlace<'_>) -> Vec<DomainName> {
    let mut newcomers: Vec<_> = desired
        .names()
        .iter()
        .filter(|wanted| Some(&wanted.name) != app.primary.as_ref() && Some(&wanted.name) != app.fqdn.as_ref())
        .filter(|wanted| {
            wanted.name.may_be_certified() && !known.contains(&wanted.name) && in_place.holds(&wanted.name)
        })
        .collect();
    newcomers.sort_by_key(|wanted| (wanted.source, std::cmp::Reverse(wanted.priority)));
    newcomers.into_iter().map(|wanted| wanted.name.clone()).collect()
}

/// The names of an ordinary certificate, or none; otherwise the names of the one that is not ours to replace, and why.
fn ordinary_names(certificate: &InstalledCertificate) -> Result<&[DomainName], (Vec<DomainName>, Note)> {
    match certificate {
        InstalledCertificate::None => Ok(&[]),
        InstalledCertificate::LetsEncrypt { names, .. } => Ok(names),
        InstalledCertificate::Wildcard { names, .. } => {
            Err((names.clone(), Note::WildcardCertificate { names: names.clone() }))
        }
        InstalledCertificate::Custom => Err((Vec::new(), Note::CustomCertificate)),
        InstalledCertificate::Unreadable => Err((Vec::new(), Note::CertificateUnreadable)),
    }
}

fn not_ours(installed: Vec<DomainName>, note: Note) -> CertificatePlan {
    CertificatePlan {
        wanted: installed.clone(),
        installed,
        left_out: Vec::new(),
        dropped: Vec::new(),
        standing: HashMap::new(),
        order: Order::NotOurs(note),
        auto_is_off: false,
        switch_auto_on: false,
    }
}
