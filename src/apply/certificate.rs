//! Ordering the certificate, learning from orders that fail, looking at what is served, and seeing to the renewal.

use super::{Followed, IN_A_MINUTE, IN_A_QUARTER, IN_FIVE_MINUTES, Run, SOON, may_follow_at_once};
use crate::blame::{Blame, blame};
use crate::budget::set_of;
use crate::certificate::{CertificatePlan, Order, WildcardStep};
use crate::clock::Deadline;
use crate::cloudways::{CloudwaysWrite, InstalledCertificate, WildcardDns, WriteFailure, shorten};
use crate::domain::DomainName;
use crate::error::{Error, Refusal};
use crate::note::Note;
use crate::plan::Moment;
use crate::scene::same_names;
use crate::served;
use crate::state::{OperationKind, OrderOutcome, RunningOperation, Served, WildcardProgress};
use crate::tables::HashSet;

impl<A: CloudwaysWrite> Run<'_, '_, A> {
    /// Orders a certificate where it should hold other names, and sees to its renewal.
    pub(super) fn bring_certificate(&mut self) -> Result<(), Error> {
        let approved = match (&self.task.options.fingerprint, &self.scene.plan.certificate) {
            (Some(_), Some(plan)) => Some(plan.clone()),
            _ => None,
        };
        if self.task.settings.wildcard_ssl.is_none() {
            self.scene.state.wildcard = None;
        }
        let mut answers_lost = 0;
        let mut refused: Option<Vec<DomainName>> = None;
        loop {
            let aliases = self.scene.plan_aliases(self.task);
            let look = self.begin_to_look_at_what_is_served();
            self.scene.ask_dns(self.task, &aliases, Moment::Observed);
            self.take_in_what_is_served(look);
            let mut plan = self.scene.plan_certificate(self.task, &aliases, Moment::Observed);
            if plan.order == Order::Place && refused.as_ref().is_some_and(|names| same_names(names, &plan.wanted)) {
                // Nothing has changed since it was refused.
                self.scene.hurried = false;
                plan = self.scene.plan_certificate(self.task, &aliases, Moment::Observed);
            }
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
            if let Some(WildcardStep::Prepare | WildcardStep::Verify) = plan.wildcard {
                if !self.prove_the_wildcard(&plan)? {
                    return Ok(());
                }
                // Whether it may be ordered now is another question.
                continue;
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
                    refused = Some(plan.wanted);
                    self.scene.look(self.task, self.api)?;
                }
                Err(WriteFailure::Failed(error)) => return Err(error),
                Err(WriteFailure::Unknown(error)) => {
                    // Accepted in words that mean nothing to us is placed, and has its time to show.
                    let accepted = matches!(error, Error::Protocol { .. });
                    self.book_order(&plan.wanted, if accepted { OrderOutcome::Placed } else { OrderOutcome::Sent });
                    match self.look_for(|scene| scene.shows_certificate(&plan.wanted))? {
                        Some(true) => return self.see_certificate(&plan),
                        Some(false) if answers_lost == 0 && may_follow_at_once(&error) => answers_lost += 1,
                        Some(false) => return Err(error),
                        None => {
                            self.scene.wait_until(SOON.max(error.retry_after().unwrap_or(0)));
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
            self.scene.state.wildcard = None;
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
        step: impl Fn(&mut A, Deadline<'_>) -> Result<WildcardDns, WriteFailure>,
    ) -> Result<Option<WildcardDns>, Error> {
        let was_prepared = self.scene.state.wildcard.is_some();
        loop {
            self.scene.fresh = false;
            match step(self.api, self.task.deadline) {
                Ok(answer) => {
                    self.scene.wrote = true;
                    return Ok(Some(answer));
                }
                Err(WriteFailure::Later { after, error }) => {
                    if !self.task.deadline.wait(after, self.for_one_write()) {
                        return Err(error);
                    }
                }
                Err(WriteFailure::Busy(operation)) => {
                    self.scene.others_operation = Some(self.of_others(&operation));
                    self.scene.wait_until(IN_A_MINUTE);
                    return Ok(None);
                }
                Err(WriteFailure::Unknown(error)) => {
                    self.scene.wrote = true;
                    self.scene.wait_until(IN_A_MINUTE.max(error.retry_after().unwrap_or(0)));
                    return Ok(None);
                }
                // The record is not there yet.
                Err(WriteFailure::Refused { .. }) if was_prepared => {
                    self.scene.wait_until(IN_A_QUARTER);
                    return Ok(None);
                }
                Err(WriteFailure::Failed(error) | WriteFailure::Refused { error, .. }) => return Err(error),
            }
        }
    }

    /// What follows from an order that failed: a pause where it was a limit, else the name that is to blame is set
    /// aside, else the newcomers are halved.
    pub(super) fn learn_from_a_failure(&mut self, names: &[DomainName], said: &str, may_halve: bool) {
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
            }
            Blame::Newcomers(culprits) => aside.refused(&newcomers, &culprits, &answer, now),
            Blame::Settled(culprits) => aside.refused(&[], &culprits, &answer, now),
            Blame::Nobody if may_halve && !newcomers.is_empty() => aside.refused(&newcomers, &[], &answer, now),
            Blame::Nobody => {}
        }
    }

    /// Begins a look at the certificate that is served, when it is time for one: it goes on while DNS is asked.
    fn begin_to_look_at_what_is_served(&mut self) -> Option<served::Look> {
        let app = &self.scene.observed.app;
        let is_due = self.scene.state.served_is_due(&set_of(&self.scene.installed_names()), self.now());
        let has_one = !matches!(app.certificate, InstalledCertificate::None | InstalledCertificate::Unreadable);
        let primary = app.primary.as_ref().filter(|name| self.scene.may_be_served(name));
        let name = primary.or(self.scene.covered_name()).or(app.fqdn.as_ref())?;
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

    /// An order went through.
    pub(super) fn note_installed(&mut self, names: &[DomainName]) {
        self.scene.state.settle_order(OrderOutcome::Installed);
        self.scene.state.certificate_aside.passed(names);
        self.scene.state.forget_what_is_served();
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
            Err(WriteFailure::Unknown(error)) => {
                self.scene.wrote = true;
                self.scene.wait_until(IN_A_MINUTE.max(error.retry_after().unwrap_or(0)));
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

    pub(super) fn auto_is_on(&self) -> bool {
        let certificate = &self.scene.observed.app.certificate;
        matches!(certificate, InstalledCertificate::LetsEncrypt { auto: Some(true), .. })
    }

    fn book_order(&mut self, names: &[DomainName], outcome: OrderOutcome) {
        self.scene.wrote = true;
        self.scene.fresh = false;
        // One whose answer was lost may be repeated in the same hurry.
        self.scene.hurried &= outcome != OrderOutcome::Placed;
        self.scene.ordered = Some(names.to_vec());
        self.scene.state.book_order(names, outcome, self.now());
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
