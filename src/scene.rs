//! Everything known in a run, and how it comes to be known: looks at Cloudways, and questions about names.

use std::time::Duration;

use crate::certificate::{self, Basis, CertificatePlan};
use crate::clock::Deadline;
use crate::cloudways::{App, CloudwaysRead, InstalledCertificate, Observed, ObservedAlias, names_of, spellings_of};
use crate::config::{AliasPolicy, Settings};
use crate::desired::Desired;
use crate::dns::{NameCheck, Qualifies, Unknown, Verdict};
use crate::domain::DomainName;
use crate::error::{Error, Refusal};
use crate::guard;
use crate::made::Made;
use crate::note::Note;
use crate::options::Options;
use crate::plan::{self, AliasPlan, Moment, Plan};
use crate::report::OperationReport;
use crate::state::State;
use crate::tables::{HashMap, HashSet};
use crate::web::Outside;

/// Answers take up to 9 seconds (observed): reading leaves that much for one write.
pub(crate) const FOR_ONE_WRITE: Duration = Duration::from_secs(9);
/// The share of the whole time that DNS may take.
const DNS_SHARE: f64 = 0.4;
/// Less than this is not enough to begin a write, unless the whole call is short.
const SHORTEST_WRITE: Duration = Duration::from_secs(3);
/// Newcomers are asked in batches of at least this many.
const DNS_BATCH: usize = 64;

/// What a run is about.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The constants.
    pub settings: &'a Settings,
    /// What is wanted.
    pub desired: &'a Desired,
    /// How it is asked for.
    pub options: &'a Options,
    /// Until when.
    pub deadline: Deadline<'a>,
    /// Who answers about names.
    pub outside: &'a Outside,
}

impl Task<'_> {
    pub(crate) fn shortest_write(&self) -> Duration {
        SHORTEST_WRITE.min(self.deadline.total() / 4)
    }
}

/// Everything known in a run. It grows as the run goes on, and the report is made of it.
pub struct Scene {
    /// The last look.
    pub observed: Observed,
    /// The memory, as it will be given back.
    pub state: State,
    /// What DNS said.
    pub verdicts: HashMap<DomainName, NameCheck>,
    /// Whether names were left unasked since time ran out.
    pub dns_cut_short: bool,
    /// What else should be known.
    pub warnings: Vec<Note>,
    /// Whether anything was written, or may have been.
    pub wrote: bool,
    /// Whether a person's hurry still counts: for one order, and not for what follows from it.
    pub hurried: bool,
    /// The list that was sent last.
    pub sent: Option<Vec<String>>,
    /// What was added by what was sent.
    pub added: Vec<DomainName>,
    /// What was removed by what was sent.
    pub removed: Vec<ObservedAlias>,
    /// The names that were ordered.
    pub ordered: Option<Vec<DomainName>>,
    /// What is not right with the order.
    pub order_note: Option<Note>,
    /// An operation of others that was waited for in vain.
    pub others_operation: Option<OperationReport>,
    /// Seconds until the next call, when something is open.
    pub pending: Option<u64>,
    /// The plan as it was when it was carried out.
    pub plan: Plan,
    /// Whether Cloudways refuses aliases that it has.
    pub aliases_refused: bool,
    /// Aliases of others that an earlier look showed and the last one does not.
    pub(crate) missing_foreign: Vec<String>,
    /// What DNS may still take of the time.
    dns_left: Duration,
    /// Whether nothing happened since the last look.
    pub(crate) fresh: bool,
    aliases_made: Made<Known, AliasPlan>,
    certificate_made: Made<KnownOfCertificate, CertificatePlan>,
}

/// What the plan of the certificate is made from: the plan of the aliases, the moment, the number of verdicts, and a
/// person's hurry, besides what all plans are made from.
type KnownOfCertificate = (Known, AliasPlan, (Moment, usize, bool));

/// What plans are made from, besides what is the same for the whole run.
#[derive(Debug)]
struct Known {
    app: App,
    state: State,
    now: u64,
}

impl Known {
    fn new(app: &App, state: &State, now: u64) -> Self {
        Self { app: app.clone(), state: state.clone(), now }
    }

    fn is(&self, app: &App, state: &State, now: u64) -> bool {
        self.now == now && self.app == *app && self.state == *state
    }
}

impl Scene {
    /// Takes the first look.
    ///
    /// # Errors
    /// When there was no usable answer, or the site that asks is not the application's.
    pub fn open(
        task: Task<'_>,
        api: &mut impl CloudwaysRead,
        state: State,
        warnings: Vec<Note>,
    ) -> Result<Self, Error> {
        let observed = api.observe(task.deadline.keeping(FOR_ONE_WRITE))?;
        let mut scene = Self {
            observed,
            state,
            verdicts: HashMap::default(),
            dns_cut_short: false,
            warnings,
            wrote: false,
            hurried: task.options.force,
            sent: None,
            added: Vec::new(),
            removed: Vec::new(),
            ordered: None,
            order_note: None,
            others_operation: None,
            pending: None,
            // Made below, when the memory knows what was seen.
            plan: Plan { aliases: AliasPlan::default(), certificate: None },
            aliases_refused: false,
            missing_foreign: Vec::new(),
            dns_left: task.deadline.total().mul_f64(DNS_SHARE),
            fresh: true,
            aliases_made: Made::default(),
            certificate_made: Made::default(),
        };
        if scene.observed.server.addresses.is_empty() {
            scene.warnings.push(Note::ServerAddressUnknown);
        }
        if task.options.force {
            let now = task.deadline.clock().unix();
            scene.state.aliases_aside.try_again(now);
            scene.state.certificate_aside.try_again(now);
        }
        scene.take_in(task);
        scene.plan.aliases = scene.plan_aliases(task);
        scene.refuse_a_copy(task)?;
        Ok(scene)
    }

    /// The alias part of the plan, by the last look.
    #[must_use]
    pub fn plan_aliases(&self, task: Task<'_>) -> AliasPlan {
        let now = task.deadline.clock().unix();
        let (app, state) = (&self.observed.app, &self.state);
        self.aliases_made.get(
            |known: &Known| known.is(app, state, now),
            || Known::new(app, state, now),
            || {
                let plan = plan::aliases(task.desired, app, state, task.settings.policy, now);
                guard::aliases(plan, task.desired, &state.withheld, task.options.force)
            },
        )
    }

    /// The certificate part of the plan, by the alias list of that moment and what DNS said.
    #[must_use]
    pub fn plan_certificate(&self, task: Task<'_>, aliases: &AliasPlan, moment: Moment) -> CertificatePlan {
        let now = task.deadline.clock().unix();
        let (app, state) = (&self.observed.app, &self.state);
        // Verdicts are added and never changed: how many there are tells whether they are the same.
        let rest = (moment, self.verdicts.len(), self.hurried);
        self.certificate_made.get(
            |(known, list, others)| *others == rest && known.is(app, state, now) && list == aliases,
            || (Known::new(app, state, now), aliases.clone(), rest),
            || {
                let basis = self.basis(task, aliases, moment);
                let plan = match &task.settings.wildcard_ssl {
                    Some(wildcard) => certificate::plan_wildcard(wildcard, basis, state, now, self.hurried),
                    None => certificate::plan(basis, &self.verdicts, state, now, self.hurried),
                };
                guard::certificate(plan, task.desired, &state.accepted, task.options.force)
            },
        )
    }

    pub(crate) fn basis<'a>(&'a self, task: Task<'a>, aliases: &'a AliasPlan, moment: Moment) -> Basis<'a> {
        Basis { desired: task.desired, app: &self.observed.app, aliases, moment }
    }

    /// Asks DNS about the names that the certificate may hold, and plans everything.
    pub fn plan_everything(&mut self, task: Task<'_>) {
        let aliases = self.plan_aliases(task);
        let certificate = task.options.ssl.then(|| {
            self.ask_dns(task, &aliases, Moment::OnceWritten);
            self.plan_certificate(task, &aliases, Moment::OnceWritten)
        });
        self.plan = Plan { aliases, certificate };
    }

    /// Remembers which names leave for a reason: it must hold until neither an alias nor the certificate has them,
    /// however many calls that takes.
    pub fn keep_reasons(&mut self, task: Task<'_>) {
        let leaves = |name: &DomainName| {
            !task.desired.contains(name) && (task.options.force || task.desired.explains_removal_of(name))
        };
        let ours = match task.settings.policy {
            AliasPolicy::Keep => self.state.ours(),
            AliasPolicy::Replace => names_of(&self.observed.app.aliases),
        };
        let aliases = ours.into_iter().filter(|name| leaves(name) && !task.desired.released().contains(*name));
        let certified = self.installed_names();
        let certified = certified.iter().filter(|name| leaves(name) && task.desired.explains_removal_of(name));
        let names: HashSet<DomainName> = aliases.chain(certified).cloned().collect();
        let mut names: Vec<DomainName> = names.into_iter().collect();
        names.sort();
        self.state.leaving = names;
    }

    /// Remembers which names may leave the certificate by a person's word: the order may have to wait for a limit.
    pub fn keep_what_was_accepted(&mut self, task: Task<'_>) {
        let nothing_to_keep = !task.options.force && self.state.accepted.is_empty();
        if !task.options.ssl || nothing_to_keep {
            return;
        }
        let dropped = self.plan_certificate(task, &self.plan_aliases(task), Moment::Observed).dropped;
        if task.options.force {
            self.state.accepted = dropped;
        } else {
            self.state.accepted.retain(|name| dropped.contains(name));
        }
    }

    /// Aliases of others that are missed and were not told of are missed by the next call as well: it looks twice, too.
    pub fn keep_what_is_missed(&mut self) {
        self.state.miss(std::mem::take(&mut self.missing_foreign));
    }

    /// Asked are the covered names, and newcomers in batches until the certificate would be full.
    pub(crate) fn ask_dns(&mut self, task: Task<'_>, aliases: &AliasPlan, moment: Moment) {
        if task.settings.wildcard_ssl.is_some() {
            // It is proved by a record that Cloudways looks for.
            return;
        }
        let (settled, newcomers) = certificate::names_to_ask(self.basis(task, aliases, moment));
        self.ask(task, &settled);
        let installed: HashSet<DomainName> = self.installed_names().into_iter().collect();
        let taken = settled.iter().filter(|name| installed.contains(*name) || self.may_come_in(name)).count();
        let room = certificate::LIMIT.saturating_sub(taken);
        let mut found = 0;
        for batch in newcomers.chunks(room.max(DNS_BATCH)) {
            if found >= room {
                return;
            }
            self.dns_cut_short |= !self.ask(task, batch);
            found += batch.iter().filter(|name| self.may_come_in(name)).count();
        }
    }

    /// Asks about some names. `false`: there was no time left to.
    fn ask(&mut self, task: Task<'_>, names: &[DomainName]) -> bool {
        let unasked: Vec<DomainName> =
            names.iter().filter(|name| !self.verdicts.contains_key(*name)).cloned().collect();
        if unasked.is_empty() {
            return true;
        }
        let deadline = task.deadline.keeping(task.shortest_write()).within(self.dns_left);
        if deadline.left().is_zero() {
            return false;
        }
        let began = task.deadline.clock().elapsed();
        let mut checks =
            task.outside.check(&unasked, &self.observed.server.addresses, task.options.probe.as_ref(), deadline);
        self.dns_left = self.dns_left.saturating_sub(task.deadline.clock().elapsed().saturating_sub(began));
        self.fresh = false;
        let covered: HashSet<DomainName> = self.installed_names().into_iter().collect();
        let now = task.deadline.clock().unix();
        for (name, _) in unasked.iter().zip(&checks).filter(|(_, check)| check.verdict == Verdict::Proxied) {
            self.state.note_proxied(name);
        }
        for (name, check) in unasked.iter().zip(&mut checks).filter(|(name, _)| covered.contains(*name)) {
            let unprobed = task.options.probe.is_none() && self.state.was_proxied(name);
            if check.verdict == Verdict::Elsewhere && unprobed {
                // Only the file of the probe could tell whether the proxy still leads to us.
                check.verdict = Verdict::Unknown;
                check.reason = Some(Unknown::ProbeNotMade);
            }
            self.state.note_verdict(name, check.qualifies(), now);
        }
        self.verdicts.extend(unasked.into_iter().zip(checks));
        true
    }

    fn may_come_in(&self, name: &DomainName) -> bool {
        self.verdicts.get(name).is_some_and(|check| check.qualifies() == Qualifies::Yes)
    }

    /// Takes another look.
    pub(crate) fn look(&mut self, task: Task<'_>, api: &mut impl CloudwaysRead) -> Result<(), Error> {
        let early = task.deadline.keeping(FOR_ONE_WRITE);
        let deadline = if self.wrote || early.left() < task.shortest_write() { task.deadline } else { early };
        self.observed = api.observe(deadline)?;
        self.fresh = true;
        self.take_in(task);
        Ok(())
    }

    /// Brings the memory up to the last look, unless an operation of ours may still change what it shows.
    pub(crate) fn take_in(&mut self, task: Task<'_>) {
        let there = spellings_of(&self.observed.app.aliases);
        if task.settings.policy == AliasPolicy::Keep {
            let vanished = self.state.vanished_foreign(&self.observed.app.aliases);
            let known: HashSet<String> = self.missing_foreign.iter().cloned().collect();
            self.missing_foreign.extend(vanished.into_iter().filter(|spelling| !known.contains(spelling)));
        }
        self.missing_foreign.retain(|spelling| !there.contains(spelling.as_str()));
        let (desired, now) = (task.desired, task.deadline.clock().unix());
        self.state.note_addresses(&self.observed.server.addresses, now);
        if self.state.operation.is_some() {
            self.state.hand_over(&self.observed.app.aliases, desired.adopted(), desired.released());
            return;
        }
        let covered: HashSet<DomainName> = self.installed_names().into_iter().collect();
        let primary = self.observed.app.primary.as_ref();
        let is_wanted = |name: &DomainName| desired.contains(name) || Some(name) == primary;
        self.state.forget_strangers(is_wanted, |name| covered.contains(name), now);
        let vanished = self.state.take_in(
            &self.observed.app.aliases,
            |name| desired.contains(name),
            desired.adopted(),
            desired.released(),
            now,
        );
        if !vanished.is_empty() && self.state.times_vanished() >= 3 {
            self.warnings.push(Note::OtherWriter { times: self.state.times_vanished(), names: vanished });
        }
    }

    fn refuse_a_copy(&self, task: Task<'_>) -> Result<(), Error> {
        let (Some(asking), Some(application)) = (&task.options.sys_user, &self.observed.app.sys_user) else {
            return Ok(());
        };
        if asking == application {
            return Ok(());
        }
        let reason = Refusal::OtherApplication { asking: asking.clone(), application: application.clone() };
        Err(self.refused(task, reason))
    }

    pub(crate) fn refused(&self, task: Task<'_>, reason: Refusal) -> Error {
        Error::Refused { reason, plan: Some(Box::new(self.plan.report(task.settings))) }
    }

    pub(crate) fn wait_until(&mut self, seconds: u64) {
        self.pending = Some(self.pending.map_or(seconds, |earlier| earlier.min(seconds)));
    }

    /// Whether the installed certificate is exactly what was ordered.
    pub(crate) fn shows_certificate(&self, ordered: &[DomainName]) -> bool {
        match &self.observed.app.certificate {
            InstalledCertificate::Wildcard { names, .. } => {
                ordered.iter().any(DomainName::is_wildcard)
                    && ordered.iter().all(|name| certificate::wildcard_covers(names, name))
            }
            _ => same_names(ordered, &self.installed_names()),
        }
    }

    pub(crate) fn absent_from_the_certificate(&self, ordered: &[DomainName]) -> Vec<DomainName> {
        if self.shows_certificate(ordered) {
            return Vec::new();
        }
        let installed: HashSet<DomainName> = self.installed_names().into_iter().collect();
        ordered.iter().filter(|name| !installed.contains(*name)).cloned().collect()
    }

    /// Whether the installed certificate holds a name, as far as is known.
    pub(crate) fn may_be_served(&self, name: &DomainName) -> bool {
        match &self.observed.app.certificate {
            InstalledCertificate::LetsEncrypt { names, .. } => names.contains(name),
            InstalledCertificate::Wildcard { names, .. } => certificate::wildcard_covers(names, name),
            _ => true,
        }
    }

    /// A name that the installed certificate holds.
    pub(crate) fn covered_name(&self) -> Option<&DomainName> {
        match &self.observed.app.certificate {
            InstalledCertificate::LetsEncrypt { names, .. } | InstalledCertificate::Wildcard { names, .. } => {
                names.first()
            }
            _ => None,
        }
    }

    /// The names that the installed certificate holds, sorted.
    pub(crate) fn installed_names(&self) -> Vec<DomainName> {
        match &self.observed.app.certificate {
            InstalledCertificate::LetsEncrypt { names, .. } => {
                let mut names = names.clone();
                names.sort();
                names
            }
            _ => Vec::new(),
        }
    }
}

/// Whether two lists hold the same names, in whatever order.
pub(crate) fn same_names(some: &[DomainName], others: &[DomainName]) -> bool {
    let (mut some, mut others) = (some.to_vec(), others.to_vec());
    some.sort();
    others.sort();
    some == others
}
