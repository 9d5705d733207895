//! Waiting for what Cloudways does after its answer: operations of ours, and those of others that keep the server busy.

use std::time::Duration;

use super::{FIRST_PAUSE, Followed, IN_FIVE_MINUTES, Run, Waited};
use crate::cloudways::{CloudwaysWrite, OperationRef, OperationState, shorten};
use crate::domain::DomainName;
use crate::error::Error;
use crate::note::Note;
use crate::report::OperationReport;
use crate::state::{OperationKind, RunningOperation};

/// A look at what a write did.
const FOR_READING_BACK: Duration = Duration::from_secs(2);
/// Between two questions about an operation.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

impl<A: CloudwaysWrite> Run<'_, '_, A> {
    /// Waits for an operation that was just started. Where it goes on, the next call takes it up.
    pub(super) fn follow(&mut self, operation: RunningOperation) -> Result<Followed, Error> {
        self.scene.state.operation = Some(operation.clone());
        self.finish(operation)
    }

    /// Waits for an operation of ours and draws the consequences, then takes a look.
    pub(super) fn finish(&mut self, operation: RunningOperation) -> Result<Followed, Error> {
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
        } else if followed == Followed::Done && operation.kind == OperationKind::Certificate {
            let now = self.now();
            self.scene.state.await_order(now);
        }
        Ok(followed)
    }

    fn wait_for_ours(&mut self, operation: &RunningOperation) -> Result<Waited, Error> {
        self.pause = FIRST_PAUSE;
        loop {
            match self.api.operation(&operation.id, self.task.deadline)? {
                OperationState::Done => return Ok(Waited::Done),
                OperationState::Failed(said) => return Ok(Waited::Failed(said)),
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
    pub(super) fn wait_for_others(&mut self, operation: &OperationRef) -> Result<bool, Error> {
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

    /// Whether what an operation of ours does is there to be seen.
    pub(super) fn shows(&self, operation: &RunningOperation) -> bool {
        match operation.kind {
            OperationKind::Aliases => operation.shows_in(&self.scene.observed.app.aliases),
            OperationKind::Certificate => {
                self.scene.state.latest_ordered().is_some_and(|names| self.scene.shows_certificate(names))
            }
            OperationKind::Auto => self.auto_is_on(),
        }
    }

    pub(super) fn of_others(&self, operation: &OperationRef) -> OperationReport {
        OperationReport {
            id: operation.id.clone(),
            kind: operation.kind.clone().unwrap_or_default(),
            ours: false,
            since: self.now(),
            estimate_s: operation.estimate,
        }
    }
}
