//! Carrying a plan out: the aliases first, then the certificate; waiting, reading back, stopping at the deadline.
//!
//! Nothing is decided here: when the world has moved, the plan is made anew from a fresh look.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::blame::{Blame, blame};
use crate::budget::set_of;
use crate::certificate::{self, Basis, CertificatePlan, Order, WildcardStep};
use crate::clock::Deadline;
use crate::cloudways::{
    CloudwaysRead, CloudwaysWrite, InstalledCertificate, Observed, ObservedAlias, OperationRef, OperationState,
    WildcardDns, WriteFailure, names_of, shorten, shows, spellings_of,
};
use crate::config::{AliasPolicy, Settings};
use crate::desired::Desired;
use crate::dns::{NameCheck, Qualifies};
use crate::domain::DomainName;
use crate::error::{Error, Refusal};
use crate::guard;
use crate::note::Note;
use crate::options::Options;
use crate::plan::{self, AliasPlan, Moment, Plan};
use crate::report::OperationReport;
use crate::served;
use crate::state::{OperationKind, OrderOutcome, RunningOperation, Served, State, WildcardProgress};
use crate::web::Outside;

/// Answers take up to 9 seconds (observed): reading leaves that much for one write.
const FOR_ONE_WRITE: Duration = Duration::from_secs(9);
/// The share of the whole time that DNS may take.
const DNS_SHARE: f64 = 0.4;
/// Less than this is not enough to begin a write, unless the whole call is short.
const SHORTEST_WRITE: Duration = Duration::from_secs(3);
/// A look at what a write did.
const FOR_READING_BACK: Duration = Duration::from_secs(2);
/// When a look shows whether a write whose answer was lost took effect: three times over five seconds.
const LOOKS_AFTER_A_LOST_ANSWER: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_millis(1_500), Duration::from_secs(3)];
/// When a look shows what an accepted write did.
const LOOKS_AFTER_A_WRITE: [Duration; 3] = [Duration::ZERO, Duration::from_millis(1_500), Duration::from_secs(3)];
/// Between two questions about an operation.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How long it takes a list that lost names of others to come back, if it was a passing fault.
const SECOND_LOOK: Duration = Duration::from_secs(2);
/// Newcomers are asked in batches of at least this many.
const DNS_BATCH: usize = 64;

/// Seconds until the next call, by what is open.
const SOON: u64 = 5;
const IN_A_MINUTE: u64 = 60;
const IN_FIVE_MINUTES: u64 = 300;
const IN_A_QUARTER: u64 = 900;
const IN_AN_HOUR: u64 = 3_600;

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
    fn shortest_write(&self) -> Duration {
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
    missing_foreign: Vec<String>,
    /// What DNS may still take of the time.
    dns_left: Duration,
    /// Whether nothing happened since the last look.
    fresh: bool,
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
        let now = task.deadline.clock().unix();
        let aliases = plan::aliases(task.desired, &observed.app, &state, task.settings.policy, now);
        let mut scene = Self {
            observed,
            state,
            verdicts: HashMap::new(),
            dns_cut_short: false,
            warnings,
            wrote: false,
            sent: None,
            added: Vec::new(),
            removed: Vec::new(),
            ordered: None,
            order_note: None,
            others_operation: None,
            pending: None,
            plan: Plan { aliases, certificate: None },
            aliases_refused: false,
            missing_foreign: Vec::new(),
            dns_left: task.deadline.total().mul_f64(DNS_SHARE),
            fresh: true,
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
        let plan = plan::aliases(task.desired, &self.observed.app, &self.state, task.settings.policy, now);
        guard::aliases(plan, task.desired, task.options.force)
    }

    /// The certificate part of the plan, by the alias list of that moment and what DNS said.
    #[must_use]
    pub fn plan_certificate(&self, task: Task<'_>, aliases: &AliasPlan, moment: Moment) -> CertificatePlan {
        let (now, force) = (task.deadline.clock().unix(), task.options.force);
        let basis = self.basis(task, aliases, moment);
        let plan = match &task.settings.wildcard_ssl {
            Some(wildcard) => certificate::plan_wildcard(wildcard, basis, &self.state, now, force),
            None => certificate::plan(basis, &self.verdicts, &self.state, now, force),
        };
        guard::certificate(plan, task.desired, force)
    }

    fn basis<'a>(&'a self, task: Task<'a>, aliases: &'a AliasPlan, moment: Moment) -> Basis<'a> {
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
        let ours = self.state.ours();
        let aliases = ours.into_iter().filter(|name| leaves(name));
        let certified = self.installed_names();
        let certified = certified.iter().filter(|name| leaves(name) && task.desired.explains_removal_of(name));
        let names: HashSet<DomainName> = aliases.chain(certified).cloned().collect();
        let mut names: Vec<DomainName> = names.into_iter().collect();
        names.sort();
        self.state.leaving = names;
    }

    /// Aliases of others that are missed and were not told of are missed by the next call as well: it looks twice, too.
    pub fn keep_what_is_missed(&mut self) {
        self.state.miss(std::mem::take(&mut self.missing_foreign));
    }

    /// Asked are the covered names, and newcomers in batches until the certificate would be full.
    fn ask_dns(&mut self, task: Task<'_>, aliases: &AliasPlan, moment: Moment) {
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
        let checks =
            task.outside.check(&unasked, &self.observed.server.addresses, task.options.probe.as_ref(), deadline);
        self.dns_left = self.dns_left.saturating_sub(task.deadline.clock().elapsed().saturating_sub(began));
        self.fresh = false;
        let covered: HashSet<DomainName> = self.installed_names().into_iter().collect();
        let now = task.deadline.clock().unix();
        for (name, check) in unasked.iter().zip(&checks).filter(|(name, _)| covered.contains(*name)) {
            self.state.note_verdict(name, check.qualifies(), now);
        }
        self.verdicts.extend(unasked.into_iter().zip(checks));
        true
    }

    fn may_come_in(&self, name: &DomainName) -> bool {
        self.verdicts.get(name).is_some_and(|check| check.qualifies() == Qualifies::Yes)
    }

    /// Takes another look.
    fn look(&mut self, task: Task<'_>, api: &mut impl CloudwaysRead) -> Result<(), Error> {
        let early = task.deadline.keeping(FOR_ONE_WRITE);
        let deadline = if self.wrote || early.left() < task.shortest_write() { task.deadline } else { early };
        self.observed = api.observe(deadline)?;
        self.fresh = true;
        self.take_in(task);
        Ok(())
    }

    /// Brings the memory up to the last look, unless an operation of ours may still change what it shows.
    fn take_in(&mut self, task: Task<'_>) {
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

    fn refused(&self, task: Task<'_>, reason: Refusal) -> Error {
        Error::Refused { reason, plan: Some(Box::new(self.plan.report(task.settings))) }
    }

    fn wait_until(&mut self, seconds: u64) {
        self.pending = Some(self.pending.map_or(seconds, |earlier| earlier.min(seconds)));
    }

    /// Whether the installed certificate is exactly what was ordered.
    fn shows_certificate(&self, ordered: &[DomainName]) -> bool {
        match &self.observed.app.certificate {
            InstalledCertificate::Wildcard { names, .. } => {
                ordered.iter().any(DomainName::is_wildcard)
                    && ordered.iter().all(|name| certificate::wildcard_covers(names, name))
            }
            _ => same_names(ordered, &self.installed_names()),
        }
    }

    fn absent_from_the_certificate(&self, ordered: &[DomainName]) -> Vec<DomainName> {
        if self.shows_certificate(ordered) {
            return Vec::new();
        }
        let installed: HashSet<DomainName> = self.installed_names().into_iter().collect();
        ordered.iter().filter(|name| !installed.contains(*name)).cloned().collect()
    }

    /// A name that the installed certificate holds.
    fn covered_name(&self) -> Option<&DomainName> {
        match &self.observed.app.certificate {
            InstalledCertificate::LetsEncrypt { names, .. } => names.first(),
            _ => None,
        }
    }

    /// The names that the installed certificate holds, sorted.
    fn installed_names(&self) -> Vec<DomainName> {
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

/// Carries out what the plan says, as far as time allows. What became of it stands in the scene.
///
/// # Errors
/// Whatever stopped it. Whether something was written by then stands in the scene, too.
pub fn apply(task: Task<'_>, api: &mut impl CloudwaysWrite, scene: &mut Scene) -> Result<(), Error> {
    let mut run = Run { task, api, scene, pause: FIRST_PAUSE };
    run.book_what_may_have_been_ordered();
    if !run.settle_what_goes_on()? {
        return Ok(());
    }
    run.hold_to_the_fingerprint()?;
    if !run.bring_aliases()? {
        return Ok(());
    }
    run.say_what_others_lost();
    if task.options.ssl { run.bring_certificate() } else { Ok(()) }
}

/// What became of an operation of ours.
#[derive(PartialEq, Eq)]
enum Followed {
    Done,
    Failed,
    Running,
}

/// How an operation was left.
enum Waited {
    /// It ended well, or what it does is there.
    Done,
    /// It failed, with the API's message.
    Failed(String),
    /// It goes on, and time is over.
    Running,
}

struct Run<'a, 's, A> {
    task: Task<'a>,
    api: &'s mut A,
    scene: &'s mut Scene,
    /// The next pause before others are asked or tried again; it grows.
    pause: Duration,
}

impl<A: CloudwaysWrite> Run<'_, '_, A> {
    /// A call that never came back may have placed an order. It counts against the limits, for as many names as it can
    /// have been.
    fn book_what_may_have_been_ordered(&mut self) {
        if !self.task.options.interrupted || !self.task.options.ssl {
            return;
        }
        let aliases = self.scene.plan_aliases(self.task);
        let basis = self.scene.basis(self.task, &aliases, Moment::OnceWritten);
        let (settled, newcomers) = certificate::names_to_ask(basis);
        let mut names: Vec<DomainName> = settled.into_iter().chain(newcomers).take(certificate::LIMIT).collect();
        if self.task.settings.wildcard_ssl.is_some() {
            names = self.scene.plan_certificate(self.task, &aliases, Moment::OnceWritten).wanted;
        }
        if !names.is_empty() {
            self.scene.state.book_order(&names, OrderOutcome::Presumed, self.now());
        }
    }

    /// An operation that an earlier call started is waited for first. `false`: it goes on, and time is over.
    fn settle_what_goes_on(&mut self) -> Result<bool, Error> {
        let Some(operation) = self.scene.state.operation.clone() else { return Ok(true) };
        if operation.is_overdue(self.now()) {
            self.scene.warnings.push(Note::OperationForgotten { id: operation.id });
            self.scene.state.operation = None;
            self.scene.take_in(self.task);
        } else if self.finish(operation)? == Followed::Running {
            return Ok(false);
        }
        self.scene.plan.aliases = self.scene.plan_aliases(self.task);
        Ok(true)
    }

    /// With a fingerprint, everything is planned before anything is written, and it must be that plan.
    fn hold_to_the_fingerprint(&mut self) -> Result<(), Error> {
        let Some(fingerprint) = &self.task.options.fingerprint else { return Ok(()) };
        self.scene.plan_everything(self.task);
        if self.scene.plan.fingerprint(self.task.settings) == *fingerprint {
            return Ok(());
        }
        Err(self.scene.refused(self.task, Refusal::OtherFingerprint))
    }

    /// Brings the alias list to what is wanted. `true`: it is, or as far as it goes; the certificate is next.
    ///
    /// Each turn either ends, or waits, or takes a look that is used in the next one; so time ends it at the latest.
    fn bring_aliases(&mut self) -> Result<bool, Error> {
        let mut answers_lost = 0;
        loop {
            let plan = self.scene.plan_aliases(self.task);
            if !plan.writes() {
                if !self.scene.wrote {
                    self.scene.plan.aliases = plan;
                }
                return Ok(true);
            }
            if !self.scene.missing_foreign.is_empty() {
                // They were there a moment ago. Before anything is written over the list, another look, in case
                // this one was wrong.
                if !self.task.deadline.wait(SECOND_LOOK, self.for_one_write()) {
                    self.scene.wait_until(SOON);
                    return Ok(false);
                }
                self.scene.look(self.task, self.api)?;
                self.say_what_others_lost();
                continue;
            }
            if !self.scene.fresh {
                self.scene.look(self.task, self.api)?;
                self.hold_to_the_fingerprint_still()?;
                continue;
            }
            if self.task.deadline.left() < self.task.shortest_write() {
                self.scene.wait_until(SOON);
                return Ok(false);
            }
            if !self.scene.wrote {
                self.scene.plan.aliases = plan.clone();
            }
            let list = plan.list();
            let news = self.scene.state.note_sent(&plan.add, self.now());
            self.scene.fresh = false;
            match self.api.set_aliases(&list, self.task.deadline) {
                Ok(accepted) => {
                    self.scene.wrote = true;
                    self.book_list(&plan, list);
                    if let Some(operation) = accepted.operation {
                        match self.follow(self.started_with(&operation, &plan))? {
                            Followed::Done => {}
                            Followed::Running => return Ok(false),
                            Followed::Failed => {
                                self.scene.wait_until(IN_A_MINUTE);
                                return Ok(false);
                            }
                        }
                    }
                    let goes_on = self.read_back(&plan)?;
                    if !goes_on || plan.later.is_empty() || !self.is_there(&plan) {
                        return Ok(goes_on);
                    }
                }
                Err(WriteFailure::Busy(operation)) => {
                    self.scene.state.forget(&news);
                    if !self.wait_for_others(&operation)? {
                        return Ok(false);
                    }
                }
                Err(WriteFailure::Later { after, error }) => {
                    self.scene.state.forget(&news);
                    if !self.task.deadline.wait(after, self.for_one_write()) {
                        return Err(error);
                    }
                }
                Err(WriteFailure::Refused { error, said, about_names }) => {
                    self.scene.state.forget(&news);
                    if !self.set_refused_aside(&plan, &said, about_names) {
                        return Err(error);
                    }
                    if self.scene.aliases_refused {
                        return Ok(true);
                    }
                }
                Err(WriteFailure::Failed(error)) => {
                    self.scene.state.forget(&news);
                    return Err(error);
                }
                Err(WriteFailure::Unknown(error)) => {
                    self.scene.wrote = true;
                    self.book_list(&plan, list.clone());
                    match self.look_for(|scene| holds_exactly(&scene.observed.app.aliases, &list))? {
                        Some(true) => {
                            self.forget_removed(&plan);
                            self.note_listed(&plan.add);
                            return Ok(true);
                        }
                        Some(false) if answers_lost == 0 => answers_lost += 1,
                        Some(false) => return Err(error),
                        None => {
                            self.scene.wait_until(SOON);
                            return Ok(false);
                        }
                    }
                }
            }
        }
    }

    /// What follows from a list that is refused. `false`: nothing; the next list would be refused as well.
    fn set_refused_aside(&mut self, plan: &AliasPlan, said: &str, about_names: bool) -> bool {
        let observed: Vec<DomainName> = plan.names_at(Moment::Observed);
        let (answer, now) = (shorten(said), self.now());
        match blame(said, &plan.add, &observed, now) {
            Blame::Newcomers(names) => self.scene.state.aliases_aside.refused(&plan.add, &names, &answer, now),
            Blame::Settled(names) => {
                self.scene.warnings.push(Note::AliasesRefused { names, answer });
                self.scene.aliases_refused = true;
                self.scene.wait_until(IN_AN_HOUR);
            }
            Blame::Nobody if about_names && !plan.add.is_empty() => {
                self.scene.state.aliases_aside.refused(&plan.add, &[], &answer, now);
            }
            Blame::Nobody | Blame::Limit { .. } => return false,
        }
        true
    }

    /// Orders a certificate where it should hold other names, and sees to its renewal.
    fn bring_certificate(&mut self) -> Result<(), Error> {
        let approved = match (&self.task.options.fingerprint, &self.scene.plan.certificate) {
            (Some(_), Some(plan)) => Some(plan.clone()),
            _ => None,
        };
        if self.task.settings.wildcard_ssl.is_none() {
            self.scene.state.wildcard = None;
        }
        let mut answers_lost = 0;
        loop {
            let aliases = self.scene.plan_aliases(self.task);
            let look = self.begin_to_look_at_what_is_served();
            self.scene.ask_dns(self.task, &aliases, Moment::Observed);
            self.take_in_what_is_served(look);
            let plan = self.scene.plan_certificate(self.task, &aliases, Moment::Observed);
            let now = self.now();
            self.scene.state.note_shrinking(plan.shrinks, now);
            if self.scene.dns_cut_short {
                self.scene.wait_until(IN_FIVE_MINUTES);
            }
            if plan.order != Order::Place {
                if approved.is_none() && self.scene.ordered.is_none() {
                    self.scene.plan.certificate = Some(plan.clone());
                }
                if let Order::Awaited(_) = plan.order {
                    self.scene.wait_until(IN_A_MINUTE);
                }
                if plan.order == Order::None {
                    self.scene.order_note = None;
                }
                return self.switch_auto_on(&plan);
            }
            match &approved {
                Some(CertificatePlan { order: Order::Wait { .. }, .. }) => {
                    // Its time has come meanwhile. What was agreed to is done; the order is the next call's.
                    self.scene.wait_until(SOON);
                    return Ok(());
                }
                Some(approved) if approved.order != Order::Place || !same_names(&approved.wanted, &plan.wanted) => {
                    return Err(self.scene.refused(self.task, Refusal::OtherFingerprint));
                }
                Some(_) => {}
                None if self.scene.ordered.is_none() => self.scene.plan.certificate = Some(plan.clone()),
                None => {}
            }
            if self.task.deadline.left() < self.task.shortest_write() {
                self.scene.wait_until(SOON);
                return Ok(());
            }
            if let Some(WildcardStep::Prepare | WildcardStep::Verify) = plan.wildcard
                && !self.prove_the_wildcard(&plan)?
            {
                return Ok(());
            }
            match self.api.install_certificate(&names_to_send(&plan), plan.wildcard.is_some(), self.task.deadline) {
                Ok(accepted) => {
                    self.scene.order_note = None;
                    self.book_order(&plan.wanted, OrderOutcome::Placed);
                    if let Some(operation) = accepted.operation {
                        let operation = RunningOperation::started(&operation, OperationKind::Certificate, self.now());
                        if self.follow(operation)? != Followed::Done {
                            return Ok(());
                        }
                    }
                    return self.see_certificate(&plan);
                }
                Err(WriteFailure::Busy(operation)) => {
                    if !self.wait_for_others(&operation)? {
                        return Ok(());
                    }
                    self.scene.look(self.task, self.api)?;
                }
                Err(WriteFailure::Later { after, error }) => {
                    if !self.task.deadline.wait(after, self.for_one_write()) {
                        return Err(error);
                    }
                    self.scene.look(self.task, self.api)?;
                }
                Err(WriteFailure::Refused { said, about_names, .. }) => {
                    // It never came to Let's Encrypt, so its limits do not count it.
                    self.scene.state.remember_order(&plan.wanted, OrderOutcome::Failed, now);
                    self.learn_from_a_failure(&plan.wanted, &said, about_names);
                    self.scene.look(self.task, self.api)?;
                }
                Err(WriteFailure::Failed(error)) => return Err(error),
                Err(WriteFailure::Unknown(error)) => {
                    // Accepted in words that mean nothing to us is placed, and has its time to show.
                    let accepted = matches!(error, Error::Protocol { .. });
                    self.book_order(&plan.wanted, if accepted { OrderOutcome::Placed } else { OrderOutcome::Sent });
                    match self.look_for(|scene| scene.shows_certificate(&plan.wanted))? {
                        Some(true) => return self.see_certificate(&plan),
                        Some(false) if answers_lost == 0 => answers_lost += 1,
                        Some(false) => return Err(error),
                        None => {
                            self.scene.wait_until(SOON);
                            return Ok(());
                        }
                    }
                }
            }
        }
    }

    /// Takes the steps that lead to a wildcard certificate. `true`: it can be ordered.
    fn prove_the_wildcard(&mut self, plan: &CertificatePlan) -> Result<bool, Error> {
        let Some(apex) = apex_of(plan) else { return Ok(false) };
        if plan.wildcard == Some(WildcardStep::Prepare) {
            let Some(answer) = self.wildcard_step(|api, deadline| api.create_wildcard_dns(&apex, deadline))? else {
                return Ok(false);
            };
            let target = answer.target.or_else(|| self.scene.observed.app.fqdn.clone());
            self.scene.state.wildcard = Some(WildcardProgress { apex, target, is_verified: false });
            self.scene.wait_until(IN_A_QUARTER);
            return Ok(false);
        }
        let Some(answer) = self.wildcard_step(|api, deadline| api.verify_wildcard_dns(&apex, deadline))? else {
            return Ok(false);
        };
        if let Some(progress) = &mut self.scene.state.wildcard {
            progress.is_verified = answer.is_verified;
        }
        if !answer.is_verified {
            self.scene.wait_until(IN_A_QUARTER);
        }
        Ok(answer.is_verified)
    }

    /// Neither step does harm when it is taken twice, so the next call repeats what had no answer.
    fn wildcard_step(
        &mut self,
        step: impl FnOnce(&mut A, Deadline<'_>) -> Result<WildcardDns, WriteFailure>,
    ) -> Result<Option<WildcardDns>, Error> {
        let answer = step(self.api, self.task.deadline);
        self.scene.fresh = false;
        match answer {
            Ok(answer) => {
                self.scene.wrote = true;
                Ok(Some(answer))
            }
            Err(WriteFailure::Busy(operation)) => {
                self.scene.others_operation = Some(self.of_others(&operation));
                self.scene.wait_until(IN_A_MINUTE);
                Ok(None)
            }
            Err(WriteFailure::Unknown(_)) => {
                self.scene.wrote = true;
                self.scene.wait_until(IN_A_MINUTE);
                Ok(None)
            }
            Err(
                WriteFailure::Later { error, .. } | WriteFailure::Failed(error) | WriteFailure::Refused { error, .. },
            ) => Err(error),
        }
    }

    /// What follows from an order that failed: a pause where it was a limit, else the name that is to blame is set
    /// aside, else the newcomers are halved.
    fn learn_from_a_failure(&mut self, names: &[DomainName], said: &str, may_halve: bool) {
        let (answer, now) = (shorten(said), self.now());
        self.scene.order_note = Some(Note::OrderFailed { answer: answer.clone() });
        self.scene.state.settle_order(OrderOutcome::Failed);
        if names.iter().any(DomainName::is_wildcard) {
            // Its one domain is the only one to blame.
            return;
        }
        // A message about a certificate may call it by the primary domain, so that name tells nothing.
        let primary = self.scene.observed.app.primary.as_ref();
        let installed: HashSet<DomainName> = self.scene.installed_names().into_iter().collect();
        let (settled, newcomers): (Vec<DomainName>, Vec<DomainName>) =
            names.iter().cloned().partition(|name| installed.contains(name));
        let but_the_primary = |names: &[DomainName]| -> Vec<DomainName> {
            names.iter().filter(|name| Some(*name) != primary).cloned().collect()
        };
        let aside = &mut self.scene.state.certificate_aside;
        match blame(said, &but_the_primary(&newcomers), &but_the_primary(&settled), now) {
            Blame::Limit { until } => {
                self.scene.state.budget.pause(until, now);
                self.scene.state.settle_order(OrderOutcome::Limited);
                return;
            }
            Blame::Newcomers(culprits) => aside.refused(&newcomers, &culprits, &answer, now),
            Blame::Settled(culprits) => aside.refused(&[], &culprits, &answer, now),
            Blame::Nobody if may_halve && !newcomers.is_empty() => aside.refused(&newcomers, &[], &answer, now),
            Blame::Nobody => {}
        }
    }

    /// What follows from a list that was accepted and failed later: a name that is to blame is set aside. A failure that
    /// blames nobody may pass; when it does not, the new names are halved.
    fn learn_from_a_failed_list(&mut self, adds: &[DomainName], said: &str) {
        let now = self.now();
        let there = names_of(&self.scene.observed.app.aliases).into_iter();
        let observed: Vec<DomainName> = there.filter(|name| !adds.contains(name)).cloned().collect();
        let state = &mut self.scene.state;
        state.failed_lists = state.failed_lists.saturating_add(1);
        match blame(said, adds, &observed, now) {
            Blame::Newcomers(names) => state.aliases_aside.refused(adds, &names, &shorten(said), now),
            Blame::Nobody if state.failed_lists > 1 && !adds.is_empty() => {
                state.aliases_aside.refused(adds, &[], &shorten(said), now);
            }
            Blame::Nobody | Blame::Settled(_) | Blame::Limit { .. } => {}
        }
    }

    /// Begins a look at the certificate that is served, when it is time for one: it goes on while DNS is asked.
    fn begin_to_look_at_what_is_served(&mut self) -> Option<served::Look> {
        let app = &self.scene.observed.app;
        let is_due = self.scene.state.served_is_due(&set_of(&self.scene.installed_names()), self.now());
        let has_one = !matches!(app.certificate, InstalledCertificate::None | InstalledCertificate::Unreadable);
        let name = app.primary.as_ref().or(self.scene.covered_name()).or(app.fqdn.as_ref())?;
        let address = self.scene.observed.server.addresses.first()?;
        let deadline = self.task.deadline.keeping(self.task.shortest_write());
        (is_due && has_one).then(|| served::begin(&self.task.outside.web, *address, name, deadline))
    }

    fn take_in_what_is_served(&mut self, look: Option<served::Look>) {
        let Some(look) = look else { return };
        let seen = served::finish(look).map(|seen| Served {
            set: set_of(&seen.names),
            issuer: seen.issuer,
            not_before: seen.not_before,
            not_after: seen.not_after,
        });
        let now = self.now();
        self.scene.state.note_served(seen, now);
    }

    /// Reads back what an order did, then sees to the renewal.
    fn see_certificate(&mut self, ordered: &CertificatePlan) -> Result<(), Error> {
        if !self.scene.fresh {
            self.scene.look(self.task, self.api)?;
        }
        let absent = self.scene.absent_from_the_certificate(&ordered.wanted);
        if absent.is_empty() {
            self.note_installed(&ordered.wanted);
            let look = self.begin_to_look_at_what_is_served();
            self.take_in_what_is_served(look);
            if self.scene.state.served.as_ref().is_some_and(|served| served.set != set_of(&ordered.wanted)) {
                // It may take a moment until the new one is served.
                self.scene.state.look_again_at_what_is_served();
            }
        } else {
            self.scene.order_note = Some(Note::OrderNotSeen { names: absent });
            self.scene.wait_until(IN_A_MINUTE);
        }
        let aliases = self.scene.plan_aliases(self.task);
        let plan = self.scene.plan_certificate(self.task, &aliases, Moment::Observed);
        self.switch_auto_on(&plan)
    }

    fn switch_auto_on(&mut self, plan: &CertificatePlan) -> Result<(), Error> {
        if !plan.switch_auto_on {
            if plan.auto_is_off {
                self.scene.warnings.push(Note::AutoNotSeen);
            }
            return Ok(());
        }
        if self.task.deadline.left() < self.task.shortest_write() {
            self.scene.wait_until(SOON);
            return Ok(());
        }
        match self.api.set_auto_renewal(true, self.task.deadline) {
            // To switch on twice does no harm, and writes over nothing: it is repeated without another look.
            Err(WriteFailure::Later { after, .. }) if self.task.deadline.wait(after, self.for_one_write()) => {
                self.switch_auto_on(plan)
            }
            Ok(accepted) => {
                self.scene.wrote = true;
                self.scene.fresh = false;
                self.scene.state.auto_tried = Some(self.now());
                if let Some(operation) = accepted.operation {
                    let operation = RunningOperation::started(&operation, OperationKind::Auto, self.now());
                    if self.follow(operation)? != Followed::Done {
                        return Ok(());
                    }
                }
                if !self.scene.fresh {
                    self.scene.look(self.task, self.api)?;
                }
                if !self.auto_is_on() {
                    self.scene.warnings.push(Note::AutoNotSeen);
                }
                Ok(())
            }
            Err(WriteFailure::Busy(operation)) => {
                self.scene.others_operation = Some(self.of_others(&operation));
                self.scene.wait_until(IN_A_MINUTE);
                Ok(())
            }
            // To switch on twice does no harm, so the next call simply does it again where it is still off.
            Err(WriteFailure::Unknown(_)) => {
                self.scene.wrote = true;
                self.scene.wait_until(IN_A_MINUTE);
                Ok(())
            }
            // What can be switched on by hand, too, must not end every call in an error.
            Err(WriteFailure::Refused { .. } | WriteFailure::Failed(Error::Scope { .. })) => {
                self.scene.state.auto_tried = Some(self.now());
                self.scene.warnings.push(Note::AutoNotSeen);
                Ok(())
            }
            Err(WriteFailure::Later { error, .. } | WriteFailure::Failed(error)) => Err(error),
        }
    }

    /// Waits for an operation that was just started. Where it goes on, the next call takes it up.
    fn follow(&mut self, operation: RunningOperation) -> Result<Followed, Error> {
        self.scene.state.operation = Some(operation.clone());
        self.finish(operation)
    }

    /// Waits for an operation of ours and draws the consequences, then takes a look.
    fn finish(&mut self, operation: RunningOperation) -> Result<Followed, Error> {
        let followed = match self.wait_for_ours(&operation)? {
            Waited::Running => {
                self.scene.wait_until(operation.estimate.unwrap_or(0).clamp(15, IN_FIVE_MINUTES));
                return Ok(Followed::Running);
            }
            Waited::Done => Followed::Done,
            Waited::Failed(said) if operation.kind == OperationKind::Certificate => {
                let ordered = self.scene.state.latest_ordered().map(<[DomainName]>::to_vec).unwrap_or_default();
                let now = self.now();
                self.scene.state.budget.book_failure(&ordered, now);
                self.learn_from_a_failure(&ordered, &said, true);
                Followed::Failed
            }
            Waited::Failed(said) => {
                if operation.kind == OperationKind::Aliases {
                    self.learn_from_a_failed_list(&operation.adds, &said);
                }
                let (kind, answer) = (operation.kind.as_str().to_owned(), shorten(&said));
                self.scene.warnings.push(Note::OperationFailed { kind, answer });
                Followed::Failed
            }
        };
        self.scene.state.operation = None;
        self.scene.look(self.task, self.api)?;
        if followed == Followed::Done && self.shows(&operation) {
            match operation.kind {
                OperationKind::Certificate => {
                    let ordered = self.scene.state.latest_ordered().map(<[DomainName]>::to_vec).unwrap_or_default();
                    self.note_installed(&ordered);
                }
                OperationKind::Aliases => {
                    self.forget_names(&operation.removes);
                    self.note_listed(&operation.adds);
                }
                OperationKind::Auto => {}
            }
        }
        Ok(followed)
    }

    fn wait_for_ours(&mut self, operation: &RunningOperation) -> Result<Waited, Error> {
        self.pause = FIRST_PAUSE;
        loop {
            match self.api.operation(&operation.id, self.task.deadline)? {
                OperationState::Done => return Ok(Waited::Done),
                OperationState::Failed(answer) => return Ok(Waited::Failed(shorten(&answer))),
                OperationState::Running { .. } => {}
                OperationState::NotPollable => {
                    self.scene.observed = self.api.observe(self.task.deadline)?;
                    if self.shows(operation) {
                        return Ok(Waited::Done);
                    }
                }
            }
            if !self.pause(FOR_READING_BACK) {
                return Ok(Waited::Running);
            }
        }
    }

    /// Waits for an operation of somebody else, and always a little, so that a server that is busy is not asked
    /// without a pause. `false`: it goes on, and time is over.
    fn wait_for_others(&mut self, operation: &OperationRef) -> Result<bool, Error> {
        self.scene.fresh = false;
        loop {
            // After the wait come a look and a write.
            if !self.pause(self.for_one_write()) {
                self.scene.others_operation = Some(self.of_others(operation));
                self.scene.wait_until(operation.estimate.unwrap_or(0).clamp(15, IN_FIVE_MINUTES));
                return Ok(false);
            }
            match self.api.operation(&operation.id, self.task.deadline)? {
                OperationState::Running { .. } => {}
                // What it does is not ours to know. Where it cannot be polled, the next try shows whether it has ended.
                OperationState::Done | OperationState::Failed(_) | OperationState::NotPollable => return Ok(true),
            }
        }
    }

    fn pause(&mut self, reserve: Duration) -> bool {
        let waited = self.task.deadline.wait(self.pause, reserve);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        waited
    }

    fn for_one_write(&self) -> Duration {
        FOR_ONE_WRITE.min(self.task.deadline.total() / 3)
    }

    /// Whether what an operation of ours does is there to be seen.
    fn shows(&self, operation: &RunningOperation) -> bool {
        match operation.kind {
            OperationKind::Aliases => operation.shows_in(&self.scene.observed.app.aliases),
            OperationKind::Certificate => {
                self.scene.state.latest_ordered().is_some_and(|names| self.scene.shows_certificate(names))
            }
            OperationKind::Auto => self.auto_is_on(),
        }
    }

    /// A list went through.
    fn note_listed(&mut self, adds: &[DomainName]) {
        self.scene.state.aliases_aside.passed(adds);
        self.scene.state.failed_lists = 0;
    }

    /// An order went through.
    fn note_installed(&mut self, names: &[DomainName]) {
        self.scene.state.settle_order(OrderOutcome::Installed);
        self.scene.state.certificate_aside.passed(names);
        self.scene.state.look_again_at_what_is_served();
    }

    fn auto_is_on(&self) -> bool {
        let certificate = &self.scene.observed.app.certificate;
        matches!(certificate, InstalledCertificate::LetsEncrypt { auto: Some(true), .. })
    }

    /// Success is what a second look shows.
    fn read_back(&mut self, plan: &AliasPlan) -> Result<bool, Error> {
        for pause in LOOKS_AFTER_A_WRITE {
            if !self.task.deadline.wait(pause, Duration::from_millis(500)) {
                self.scene.wait_until(SOON);
                return Ok(false);
            }
            if !pause.is_zero() || !self.scene.fresh {
                self.scene.look(self.task, self.api)?;
            }
            if self.is_there(plan) {
                self.forget_removed(plan);
                self.note_listed(&plan.add);
                return Ok(true);
            }
        }
        self.scene.wait_until(IN_FIVE_MINUTES);
        Ok(true)
    }

    fn is_there(&self, plan: &AliasPlan) -> bool {
        let removes = plan.remove.iter().map(|alias| alias.spelling.as_str());
        shows(&self.scene.observed.app.aliases, &plan.add, removes)
    }

    /// What is removed, and seen to be, is not ours any more: whoever adds it again does it by hand.
    fn forget_removed(&mut self, plan: &AliasPlan) {
        let removed: Vec<String> = plan.remove.iter().map(|alias| alias.spelling.clone()).collect();
        self.forget_names(&removed);
    }

    fn forget_names(&mut self, spellings: &[String]) {
        let names: Vec<DomainName> =
            spellings.iter().filter_map(|spelling| ObservedAlias::new(spelling.as_str()).name).collect();
        self.scene.state.forget(&names);
    }

    /// Looks three times over five seconds for what a write whose answer was lost should have done. `None`: there was
    /// no time for it.
    fn look_for(&mut self, is_there: impl Fn(&Scene) -> bool) -> Result<Option<bool>, Error> {
        for pause in LOOKS_AFTER_A_LOST_ANSWER {
            if !self.task.deadline.wait(pause, Duration::from_millis(500)) {
                return Ok(None);
            }
            self.scene.look(self.task, self.api)?;
            if is_there(self.scene) {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }

    fn say_what_others_lost(&mut self) {
        let gone = std::mem::take(&mut self.scene.missing_foreign);
        if !gone.is_empty() {
            self.scene.warnings.push(Note::ForeignVanished { aliases: gone });
        }
    }

    /// With a fingerprint, a list that has changed since the plan was made is not written over.
    fn hold_to_the_fingerprint_still(&mut self) -> Result<(), Error> {
        if self.task.options.fingerprint.is_none() || self.scene.wrote {
            return Ok(());
        }
        self.hold_to_the_fingerprint()?;
        self.scene.fresh = true;
        Ok(())
    }

    fn book_list(&mut self, plan: &AliasPlan, list: Vec<String>) {
        let scene = &mut *self.scene;
        let added: HashSet<DomainName> = scene.added.iter().cloned().collect();
        scene.added.extend(plan.add.iter().filter(|name| !added.contains(*name)).cloned());
        let removed: HashSet<String> = scene.removed.iter().map(|alias| alias.spelling.clone()).collect();
        scene.removed.extend(plan.remove.iter().filter(|alias| !removed.contains(&alias.spelling)).cloned());
        scene.sent = Some(list);
    }

    fn started_with(&self, operation: &OperationRef, plan: &AliasPlan) -> RunningOperation {
        RunningOperation {
            adds: plan.add.clone(),
            removes: plan.remove.iter().map(|alias| alias.spelling.clone()).collect(),
            ..RunningOperation::started(operation, OperationKind::Aliases, self.now())
        }
    }

    fn book_order(&mut self, names: &[DomainName], outcome: OrderOutcome) {
        self.scene.wrote = true;
        self.scene.fresh = false;
        self.scene.ordered = Some(names.to_vec());
        self.scene.state.book_order(names, outcome, self.now());
    }

    fn of_others(&self, operation: &OperationRef) -> OperationReport {
        OperationReport {
            id: operation.id.clone(),
            kind: operation.kind.clone().unwrap_or_default(),
            ours: false,
            since: self.now(),
            estimate_s: operation.estimate,
        }
    }

    fn now(&self) -> u64 {
        self.task.deadline.clock().unix()
    }
}

/// The names that Cloudways is given with an order: of a wildcard certificate, the domain under which it stands
/// (observed).
fn names_to_send(plan: &CertificatePlan) -> Vec<DomainName> {
    match (plan.wildcard, apex_of(plan)) {
        (Some(_), Some(apex)) => vec![apex],
        _ => plan.wanted.clone(),
    }
}

fn apex_of(plan: &CertificatePlan) -> Option<DomainName> {
    plan.wanted.iter().find(|name| !name.is_wildcard()).cloned()
}

/// Whether the list is exactly what was sent, in whatever order.
fn holds_exactly(observed: &[ObservedAlias], sent: &[String]) -> bool {
    let mut observed: Vec<&str> = observed.iter().map(|alias| alias.spelling.as_str()).collect();
    let mut sent: Vec<&str> = sent.iter().map(String::as_str).collect();
    observed.sort_unstable();
    sent.sort_unstable();
    observed == sent
}

/// Whether two lists hold the same names, in whatever order.
fn same_names(some: &[DomainName], others: &[DomainName]) -> bool {
    let (mut some, mut others) = (some.to_vec(), others.to_vec());
    some.sort();
    others.sort();
    some == others
}
