//! Which names the one certificate should hold, and whether it may be ordered now.

use crate::aside::SetAside;
use crate::budget::{Left, Scarce, Wait, set_of};
use crate::cloudways::{App, InstalledCertificate};
use crate::desired::{Desired, Source};
use crate::dns::{NameCheck, Qualifies};
use crate::domain::DomainName;
use crate::note::Note;
use crate::plan::{AliasPlan, Moment};
use crate::state::State;
use crate::tables::{HashMap, HashSet, map_for, set_of_at_most};

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
    /// It was refused a while ago, and is left out for some time.
    SetAside,
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
    /// It is to be placed, and not before this time.
    Wait {
        /// Unix time.
        until: u64,
        /// Why not now.
        note: Note,
    },
    /// It would fail, for this reason.
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
    /// Whether an order would only take names away.
    pub shrinks: bool,
    /// What Let's Encrypt's limits leave for it.
    pub left: Left,
    /// A wildcard certificate that is wanted instead of an ordinary one, and the next step towards it.
    pub wildcard: Option<WildcardStep>,
    /// Whether its renewal is off.
    pub auto_is_off: bool,
    /// Whether it is off and is to be put on.
    pub switch_auto_on: bool,
}

/// The next step towards a wildcard certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WildcardStep {
    /// Ask Cloudways which record proves the domain.
    Prepare,
    /// Ask Cloudways whether it finds the record.
    Verify,
    /// Order it.
    Order,
    /// None: it is installed.
    Installed,
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
    names: HashSet<&'a str>,
    /// Wanted names that get no alias, since Cloudways refuses it.
    refused: &'a HashSet<DomainName>,
    desired: &'a Desired,
}

impl<'a> InPlace<'a> {
    fn new(basis: Basis<'a>) -> Self {
        let app = basis.app;
        let listed = basis.aliases.names_at(basis.moment);
        let most = listed.len() + 2;
        let names = listed.into_iter().chain(&app.primary).chain(&app.fqdn).map(DomainName::as_str);
        Self { names: set_of_at_most(most, names), refused: &basis.aliases.set_aside, desired: basis.desired }
    }

    fn holds(&self, name: &DomainName) -> bool {
        self.names.contains(name.as_str())
            || name.parent().is_some_and(|parent| self.names.contains(format!("*.{parent}").as_str()))
    }

    /// An installed name stays while it is wanted, or while it is reached and nobody said that it should go. One whose
    /// alias is refused would fail every order.
    fn keeps(&self, name: &DomainName) -> bool {
        match (self.desired.contains(name), self.holds(name)) {
            (true, holds) => holds || !self.refused.contains(name),
            (false, holds) => holds && !self.desired.explains_removal_of(name),
        }
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
    // The primary domain is covered for as long as it is one, whatever was said of it as a mapping.
    let primary = app.primary.iter().filter(|name| name.may_be_certified());
    let stays = |name: &&DomainName| in_place.keeps(name) && Some(*name) != app.primary.as_ref();
    let settled = primary.chain(installed.iter().filter(stays)).cloned().collect();
    (settled, newcomers(desired, app, &known, &in_place))
}

/// Decides what the certificate should hold, by what was asked so far.
#[must_use]
#[inline(never)] // Its instructions are counted, by its name (tests/counts).
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
        Err((names, note)) => return not_ours(names, note, desired, state, now),
    };
    let in_place = InPlace::new(basis);
    let known: HashSet<&DomainName> = installed.iter().collect();
    let qualifies = |name: &DomainName| verdicts.get(name).map_or(Qualifies::Unknown, NameCheck::qualifies);
    let refusals = state.certificate_aside.held_now(now);
    let held = |name: &DomainName| refusals.get(name).copied();
    // A covered name leaves for two definite answers at least an hour apart: of DNS, or of the authority.
    let is_out = |name: &DomainName| {
        let wrong = qualifies(name) == Qualifies::No;
        (wrong && state.doubt_settled_at(name).is_some_and(|at| at <= now))
            || held(name).is_some_and(SetAside::is_settled)
    };

    let primary = app.primary.as_ref().filter(|name| name.may_be_certified());
    let new_primary = primary.filter(|name| !known.contains(name));
    let newcomers: Vec<DomainName> =
        new_primary.cloned().into_iter().chain(newcomers(desired, app, &known, &in_place)).collect();
    let ready: Vec<DomainName> = newcomers.iter().filter(|name| qualifies(name) == Qualifies::Yes).cloned().collect();
    let chosen: HashSet<DomainName> = state.certificate_aside.choose(&ready, now).into_iter().collect();

    let mut choice = Choice { standing: map_for(desired.names().len() + installed.len()), ..Choice::default() };
    if let Some(primary) = primary.filter(|name| known.contains(name) && !is_out(name)) {
        choice.cover(primary);
    }
    if let Some(primary) = new_primary.filter(|name| chosen.contains(*name)) {
        choice.welcome(primary);
    }
    for name in installed.iter().filter(|name| in_place.keeps(name)) {
        if is_out(name) {
            choice.set(name, Standing::Blocked);
        } else {
            choice.cover(name);
        }
    }
    choice.make_room_for_the_primary(desired, app.primary.as_ref());
    for name in &newcomers {
        if choice.standing.contains_key(name) {
            continue;
        }
        let is_full = choice.wanted.len() >= LIMIT;
        if held(name).is_some() {
            choice.set(name, Standing::SetAside);
        } else if chosen.contains(name) || (is_full && !verdicts.contains_key(name)) {
            choice.welcome(name);
        } else if qualifies(name) == Qualifies::Yes || !verdicts.contains_key(name) {
            choice.set(name, Standing::Waiting);
        } else {
            choice.set(name, Standing::Blocked);
        }
    }
    for wanted in desired.names() {
        let standing = if wanted.may_be_certified() { Standing::Waiting } else { Standing::NotCertifiable };
        choice.set(&wanted.name, standing);
    }

    let is_wanted: HashSet<&DomainName> = choice.wanted.iter().collect();
    let dropped: Vec<DomainName> = installed.iter().filter(|name| !is_wanted.contains(name)).cloned().collect();
    let grows = choice.wanted.iter().any(|name| !known.contains(name));
    let renews = state.served.as_ref().is_some_and(|served| {
        served.set == set_of(&installed) && served.is_near_its_end(now) && !state.was_just_installed(&served.set, now)
    });
    let shrinks = !dropped.is_empty() && !grows && !renews;
    let order = if choice.wanted.is_empty() && !dropped.is_empty() {
        // An empty set is never ordered.
        Order::Withheld(Note::CertificateWithheld { names: dropped.clone(), installed: installed.len() })
    } else if choice.wanted.is_empty() || !(grows || renews || shrinks) {
        Order::None
    } else {
        let mut in_doubt: Vec<DomainName> = choice.wanted.clone();
        in_doubt.retain(|name| known.contains(name) && qualifies(name) == Qualifies::No);
        let question = Question { wanted: &choice.wanted, known: &known, in_doubt, shrinks, state, now, force };
        question.answer(|name| in_place.holds(name))
    };
    let auto_is_off = matches!(app.certificate, InstalledCertificate::LetsEncrypt { auto: Some(false), .. });
    let switch_auto_on = auto_is_off && (force || !state.auto_was_tried(now));
    CertificatePlan {
        left: state.budget.left(&choice.wanted, now),
        installed,
        wanted: choice.wanted,
        left_out: choice.left_out,
        dropped,
        standing: choice.standing,
        order,
        shrinks,
        wildcard: None,
        auto_is_off,
        switch_auto_on,
    }
}

/// An order that would change something. May it be placed now?
struct Question<'a> {
    wanted: &'a [DomainName],
    known: &'a HashSet<&'a DomainName>,
    /// Covered names whose DNS is wrong now.
    in_doubt: Vec<DomainName>,
    shrinks: bool,
    state: &'a State,
    now: u64,
    force: bool,
}

impl Question<'_> {
    fn answer(self, is_in_place: impl Fn(&DomainName) -> bool) -> Order {
        let Self { wanted, known, in_doubt, shrinks, state, now, force } = self;
        let unreachable: Vec<DomainName> = wanted.iter().filter(|name| !is_in_place(name)).cloned().collect();
        if !unreachable.is_empty() {
            return Order::Held(Note::OrderNeedsAlias { names: unreachable });
        }
        if state.is_awaited(wanted, now) {
            let absent = wanted.iter().filter(|name| !known.contains(name)).cloned().collect();
            return Order::Awaited(Note::OrderNotSeen { names: absent });
        }
        // One bad name would fail the order. It is soon known whether it stays bad.
        let settled = in_doubt.iter().map(|name| state.doubt_settled_at(name).unwrap_or(now.saturating_add(3_600)));
        if let Some(until) = settled.max() {
            return Order::Wait { until, note: Note::OrderWaitsForDns { names: in_doubt, until } };
        }
        let refused = wanted.iter().filter_map(|name| state.certificate_aside.held(name, now)).map(|held| held.until);
        let failed = state.held_until(wanted, now).filter(|_| !force);
        if let Some(until) = refused.chain(failed).max() {
            return Order::Wait { until, note: Note::OrderHeld { until } };
        }
        let company = Some(state.company_until(now)).filter(|until| shrinks && !force && *until > now);
        // The longer of two waits is the one to tell.
        match (state.budget.wait(wanted, now, force), company) {
            (Some(wait), until) if Some(wait.until) >= until => wait_note(wait),
            (_, Some(until)) => Order::Wait { until, note: Note::OrderCompany { until } },
            (_, None) => Order::Place,
        }
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

    /// What was said of a name first stays.
    fn set(&mut self, name: &DomainName, standing: Standing) {
        self.standing.entry(name.clone()).or_insert(standing);
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
        .filter(|wanted| wanted.may_be_certified() && !known.contains(&wanted.name) && in_place.holds(&wanted.name))
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

fn not_ours(installed: Vec<DomainName>, note: Note, desired: &Desired, state: &State, now: u64) -> CertificatePlan {
    // What a wildcard certificate covers has its HTTPS all the same.
    let covered = desired.names().iter().filter(|wanted| wildcard_covers(&installed, &wanted.name));
    CertificatePlan {
        standing: covered.map(|wanted| (wanted.name.clone(), Standing::Covered)).collect(),
        left: state.budget.left(&installed, now),
        wanted: installed.clone(),
        installed,
        left_out: Vec::new(),
        dropped: Vec::new(),
        order: Order::NotOurs(note),
        shrinks: false,
        wildcard: None,
        auto_is_off: false,
        switch_auto_on: false,
    }
}

/// Whether a wildcard certificate covers a name. Cloudways shows it as the domain under which the star stands
/// (observed); the star in front is taken, too.
#[must_use]
pub fn wildcard_covers(installed: &[DomainName], name: &DomainName) -> bool {
    installed
        .iter()
        .map(|shown| shown.wildcard_base().unwrap_or(shown.as_str()))
        .any(|apex| name.as_str() == apex || name.wildcard_base() == Some(apex) || name.parent() == Some(apex))
}

/// Plans a wildcard certificate in place of the ordinary one: it takes the application's only place for one.
#[must_use]
pub fn plan_wildcard(wildcard: &DomainName, basis: Basis<'_>, state: &State, now: u64, force: bool) -> CertificatePlan {
    let Basis { desired, app, .. } = basis;
    let (installed, is_there) = match &app.certificate {
        InstalledCertificate::None => (Vec::new(), false),
        InstalledCertificate::LetsEncrypt { names, .. } => (names.clone(), false),
        InstalledCertificate::Wildcard { names, .. } if wildcard_covers(names, wildcard) => (names.clone(), true),
        other => {
            let (names, note) = ordinary_names(other).err().unwrap_or((Vec::new(), Note::CertificateUnreadable));
            return not_ours(names, note, desired, state, now);
        }
    };
    let apex = wildcard.wildcard_base().and_then(|base| DomainName::parse(base.as_bytes()).ok());
    let ordered: Vec<DomainName> = [wildcard.clone()].into_iter().chain(apex.clone()).collect();
    let progress = state.wildcard.as_ref().filter(|progress| Some(&progress.apex) == apex.as_ref());
    // The end of another certificate says nothing of this one.
    let sets = [set_of(&ordered), set_of(std::slice::from_ref(wildcard))];
    let renews = is_there
        && state.served.as_ref().is_some_and(|served| sets.contains(&served.set) && served.is_near_its_end(now))
        && !state.was_just_installed(&set_of(&ordered), now);
    let step = match progress {
        _ if is_there && !renews => WildcardStep::Installed,
        Some(progress) if progress.is_verified => WildcardStep::Order,
        Some(_) => WildcardStep::Verify,
        None => WildcardStep::Prepare,
    };
    let refused = state.held_until(&ordered, now).filter(|_| !force);
    let order = match (step, refused, state.budget.wait(&ordered, now, force)) {
        (WildcardStep::Installed, ..) => Order::None,
        (WildcardStep::Order, Some(until), _) => Order::Wait { until, note: Note::OrderHeld { until } },
        (WildcardStep::Order, None, Some(wait)) => wait_note(wait),
        _ => Order::Place,
    };
    let covered = desired.names().iter().filter(|wanted| is_there && wildcard_covers(&ordered, &wanted.name));
    CertificatePlan {
        standing: covered.map(|wanted| (wanted.name.clone(), Standing::Covered)).collect(),
        dropped: installed.iter().filter(|name| !wildcard_covers(&ordered, name)).cloned().collect(),
        left: state.budget.left(&ordered, now),
        installed,
        wanted: ordered,
        left_out: Vec::new(),
        order,
        shrinks: false,
        wildcard: Some(step),
        auto_is_off: false,
        switch_auto_on: false,
    }
}

fn wait_note(wait: Wait) -> Order {
    let until = wait.until;
    let note = match wait.scarce {
        Scarce::Gap => Note::OrderGap { until },
        Scarce::Domain(domain) => Note::OrderBudget { domain: Some(domain), until },
        Scarce::Set => Note::OrderBudget { domain: None, until },
        Scarce::Failures(domain) => Note::OrderFailures { domain, until },
        Scarce::Authority => Note::OrderPaused { until },
    };
    Order::Wait { until, note }
}
