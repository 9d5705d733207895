//! Carrying a plan out, step by step: the aliases first, then the certificate.
//!
//! Nothing is decided here: when the world has moved, the plan is made anew from a fresh look.

mod aliases;
mod certificate;
mod operations;

use std::time::Duration;

use crate::certificate::{LIMIT, names_to_ask};
use crate::cloudways::CloudwaysWrite;
use crate::domain::DomainName;
use crate::error::{Error, Refusal};
use crate::note::Note;
use crate::plan::Moment;
use crate::scene::{FOR_ONE_WRITE, Scene, Task};
use crate::state::OrderOutcome;

/// When a look shows whether a write whose answer was lost took effect: three times over five seconds.
const LOOKS_AFTER_A_LOST_ANSWER: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_millis(1_500), Duration::from_secs(3)];
/// The first pause before others are asked or tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Seconds until the next call, by what is open.
const SOON: u64 = 5;
const IN_A_MINUTE: u64 = 60;
const IN_FIVE_MINUTES: u64 = 300;
const IN_A_QUARTER: u64 = 900;
const IN_AN_HOUR: u64 = 3_600;

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

/// Whether a write whose answer was lost may be repeated after the looks for it: not where the API wants more time.
fn may_follow_at_once(error: &Error) -> bool {
    let looked: Duration = LOOKS_AFTER_A_LOST_ANSWER.iter().sum();
    error.retry_after().is_none_or(|seconds| seconds <= looked.as_secs())
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
        let (settled, newcomers) = names_to_ask(basis);
        let mut names: Vec<DomainName> = settled.into_iter().chain(newcomers).take(LIMIT).collect();
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

    fn for_one_write(&self) -> Duration {
        FOR_ONE_WRITE.min(self.task.deadline.total() / 3)
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

    fn now(&self) -> u64 {
        self.task.deadline.clock().unix()
    }
}
