//! Bringing the alias list to what is wanted.

use std::time::Duration;

use super::{Followed, IN_A_MINUTE, IN_AN_HOUR, IN_FIVE_MINUTES, Run, SOON, may_follow_at_once};
use crate::blame::{Blame, blame};
use crate::cloudways::{
    CloudwaysWrite, ObservedAlias, OperationRef, WriteFailure, names_of, shorten, shows, spellings_of,
};
use crate::domain::DomainName;
use crate::error::Error;
use crate::note::Note;
use crate::plan::{AliasPlan, Moment};
use crate::state::{OperationKind, RunningOperation};
use crate::tables::HashSet;

/// When a look shows what an accepted write did.
const LOOKS_AFTER_A_WRITE: [Duration; 3] = [Duration::ZERO, Duration::from_millis(1_500), Duration::from_secs(3)];
/// After so many lists that were accepted without effect, what did not come is left alone for a while.
const LISTS_WITHOUT_EFFECT: u32 = 3;
const WITHOUT_EFFECT: &str = "several lists with it were taken, and it never was among the aliases";
/// How long it takes a list that lost names of others to come back, if it was a passing fault.
const SECOND_LOOK: Duration = Duration::from_secs(2);

impl<A: CloudwaysWrite> Run<'_, '_, A> {
    /// Brings the alias list to what is wanted. `true`: it is, or as far as it goes; the certificate is next.
    ///
    /// Each turn either ends, or waits, or takes a look that is used in the next one; so time ends it at the latest.
    pub(super) fn bring_aliases(&mut self) -> Result<bool, Error> {
        let mut answers_lost = 0;
        loop {
            let plan = self.scene.plan_aliases(self.task);
            // From now on it stays withheld until a person, or the end of a mapping, says otherwise.
            self.scene.state.withheld = plan.withheld.iter().map(|alias| alias.spelling.clone()).collect();
            if !plan.writes() {
                self.scene.state.failed_lists = 0;
                if self.scene.wrote {
                    self.forget_what_went();
                } else {
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
                        Some(false) if answers_lost == 0 && may_follow_at_once(&error) => answers_lost += 1,
                        Some(false) => return Err(error),
                        None => {
                            self.scene.wait_until(SOON.max(error.retry_after().unwrap_or(0)));
                            return Ok(false);
                        }
                    }
                }
            }
        }
    }

    /// What follows from a list that is refused. `false`: nothing; the next list would be refused as well.
    fn set_refused_aside(&mut self, plan: &AliasPlan, said: &str, about_names: bool) -> bool {
        let observed: Vec<DomainName> = plan.names_at(Moment::Observed).into_iter().cloned().collect();
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

    /// What follows from a list that was accepted and failed later: a name that is to blame is set aside. A failure that
    /// blames nobody may pass; when it does not, the new names are halved.
    pub(super) fn learn_from_a_failed_list(&mut self, adds: &[DomainName], said: &str) {
        let now = self.now();
        let added: HashSet<&DomainName> = adds.iter().collect();
        let there = names_of(&self.scene.observed.app.aliases).into_iter();
        let observed: Vec<DomainName> = there.filter(|name| !added.contains(name)).cloned().collect();
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
        if !self.learn_from_what_did_not_come(plan) {
            self.scene.wait_until(IN_FIVE_MINUTES);
        }
        Ok(true)
    }

    /// What is accepted time after time and never to be seen is as good as refused. `true`: it is left alone for a while.
    fn learn_from_what_did_not_come(&mut self, plan: &AliasPlan) -> bool {
        let there = names_of(&self.scene.observed.app.aliases);
        let absent: Vec<DomainName> = plan.add.iter().filter(|name| !there.contains(name)).cloned().collect();
        if absent.is_empty() {
            return false;
        }
        let now = self.now();
        let state = &mut self.scene.state;
        state.failed_lists = state.failed_lists.saturating_add(1);
        if state.failed_lists < LISTS_WITHOUT_EFFECT {
            return false;
        }
        state.failed_lists = 0;
        state.aliases_aside.refused(&plan.add, &absent, WITHOUT_EFFECT, now);
        true
    }

    fn is_there(&self, plan: &AliasPlan) -> bool {
        let removes = plan.remove.iter().map(|alias| alias.spelling.as_str());
        shows(&self.scene.observed.app.aliases, &plan.add, removes)
    }

    /// A list went through.
    pub(super) fn note_listed(&mut self, adds: &[DomainName]) {
        self.scene.state.aliases_aside.passed(adds);
        self.scene.state.failed_lists = 0;
    }

    /// What is removed, and seen to be, is not ours any more: whoever adds it again does it by hand.
    fn forget_removed(&mut self, plan: &AliasPlan) {
        let removed: Vec<String> = plan.remove.iter().map(|alias| alias.spelling.clone()).collect();
        self.forget_names(&removed);
    }

    /// A list whose answer was lost may show what it did as late as this.
    fn forget_what_went(&mut self) {
        let there = spellings_of(&self.scene.observed.app.aliases);
        let removed = self.scene.removed.iter().map(|alias| alias.spelling.clone());
        let gone: Vec<String> = removed.filter(|spelling| !there.contains(spelling.as_str())).collect();
        self.forget_names(&gone);
    }

    pub(super) fn forget_names(&mut self, spellings: &[String]) {
        let names: Vec<DomainName> =
            spellings.iter().filter_map(|spelling| ObservedAlias::new(spelling.as_str()).name).collect();
        self.scene.state.forget(&names);
    }

    pub(super) fn say_what_others_lost(&mut self) {
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
}

/// Whether the list is exactly what was sent, in whatever order.
fn holds_exactly(observed: &[ObservedAlias], sent: &[String]) -> bool {
    let mut observed: Vec<&str> = observed.iter().map(|alias| alias.spelling.as_str()).collect();
    let mut sent: Vec<&str> = sent.iter().map(String::as_str).collect();
    observed.sort_unstable();
    sent.sort_unstable();
    observed == sent
}
