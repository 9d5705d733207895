//! What differs between what is wanted and what there is, and what is to be done about it. No clock, no network: the
//! time comes as a number.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::certificate::{CertificatePlan, Order, WildcardStep};
use crate::cloudways::{App, ObservedAlias, names_of, spellings_of};
use crate::config::{AliasPolicy, Settings};
use crate::desired::Desired;
use crate::domain::DomainName;
use crate::report::{Action, PlanReport};
use crate::state::State;
use crate::tables::{HashSet, set_of_at_most};

/// Of which alias list is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The one that is there.
    Observed,
    /// The one that will be there when the plan was carried out.
    OnceWritten,
}

/// What becomes of the alias list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AliasPlan {
    /// The list as it was observed.
    pub base: Arc<[ObservedAlias]>,
    /// Wanted names that are not there, in the order in which they are wanted.
    pub add: Vec<DomainName>,
    /// Aliases of ours that are not wanted any more.
    pub remove: Vec<ObservedAlias>,
    /// The same, kept until a person says so.
    pub withheld: Vec<ObservedAlias>,
    /// Aliases that are not ours.
    pub kept: Vec<ObservedAlias>,
    /// Wanted names that need no alias: a wildcard alias covers them.
    pub by_wildcard: HashSet<DomainName>,
    /// How many of the observed aliases are ours, or count as ours.
    pub ours: usize,
    /// Wanted names that Cloudways refused, and that are not sent for a while.
    pub set_aside: HashSet<DomainName>,
    /// Wanted names that are sent later: one of them is refused, and others are tried first.
    pub later: HashSet<DomainName>,
}

impl AliasPlan {
    /// Whether there is a list to send.
    #[must_use]
    pub fn writes(&self) -> bool {
        !self.add.is_empty() || !self.remove.is_empty()
    }

    /// The list as it should be: what is there in its own order and spelling, less what is removed, then what is
    /// added.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        self.spellings().into_iter().map(str::to_owned).collect()
    }

    fn spellings(&self) -> Vec<&str> {
        let removed = spellings_of(&self.remove);
        let stays =
            self.base.iter().map(|alias| alias.spelling.as_str()).filter(|spelling| !removed.contains(spelling));
        stays.chain(self.add.iter().map(DomainName::as_str)).collect()
    }

    /// The names among the aliases, as far as they are names.
    #[must_use]
    pub fn names_at(&self, moment: Moment) -> Vec<&DomainName> {
        let there = self.base.iter().filter_map(|alias| alias.name.as_ref());
        match moment {
            Moment::Observed => there.collect(),
            Moment::OnceWritten => {
                let leaving = names_of(&self.remove);
                there.filter(|name| !leaving.contains(name)).chain(&self.add).collect()
            }
        }
    }
}

/// What is to be done in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// About the aliases.
    pub aliases: AliasPlan,
    /// About the certificate; `None` when it is not looked after, or not yet.
    pub certificate: Option<CertificatePlan>,
}

impl Plan {
    /// Whether anything would be written.
    #[must_use]
    pub fn writes(&self) -> bool {
        let certificate = self.certificate.as_ref();
        self.aliases.writes()
            || certificate.is_some_and(|certificate| certificate.order == Order::Place || certificate.switch_auto_on)
    }

    /// The plan as the report shows it.
    #[must_use]
    pub fn report(&self, settings: &Settings) -> PlanReport {
        let mut actions = Vec::new();
        if self.aliases.writes() {
            actions.push(Action::SetAliases {
                add: self.aliases.add.clone(),
                remove: self.aliases.remove.iter().map(|alias| alias.spelling.clone()).collect(),
            });
        }
        if let Some(certificate) = &self.certificate {
            if certificate.order == Order::Place {
                actions.push(match certificate.wildcard {
                    Some(WildcardStep::Prepare | WildcardStep::Verify) => {
                        Action::ProveWildcard { names: certificate.wanted.clone() }
                    }
                    _ => Action::OrderCertificate { names: certificate.wanted.clone() },
                });
            }
            if certificate.switch_auto_on {
                actions.push(Action::SwitchAutoRenewalOn);
            }
        }
        PlanReport { fingerprint: self.fingerprint(settings), actions }
    }

    /// What makes two plans the same: the application, the policy, the list it is based on, the list to send and
    /// the names to order. The order of names makes no difference.
    #[must_use]
    #[inline(never)] // Its instructions are counted, by its name (tests/counts).
    pub fn fingerprint(&self, settings: &Settings) -> String {
        let base = sorted(self.aliases.base.iter().map(|alias| alias.spelling.as_str()).collect());
        let list = self.aliases.writes().then(|| sorted(self.aliases.spellings()));
        let certificate = self.certificate.as_ref();
        let order = certificate
            .filter(|certificate| certificate.order == Order::Place)
            .map(|certificate| sorted(certificate.wanted.iter().map(DomainName::as_str).collect()));
        let auto = certificate.is_some_and(|certificate| certificate.switch_auto_on);
        let basis = (settings.server_id, settings.app_id, settings.policy.as_str(), base, list, order, auto);
        // Numbers, flags and lists of text always have a form in JSON.
        let basis = serde_json::to_vec(&basis).unwrap_or_default();
        Sha256::digest(basis).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Plans the alias list.
///
/// `state` must have taken in the same look at the application.
#[must_use]
#[inline(never)] // Its instructions are counted, by its name (tests/counts).
pub fn aliases(desired: &Desired, app: &App, state: &State, policy: AliasPolicy, now: u64) -> AliasPlan {
    let ours = state.ours();
    let untouchable = |name: &DomainName| Some(name) == app.primary.as_ref() || Some(name) == app.fqdn.as_ref();
    let is_ours = |alias: &ObservedAlias| match policy {
        AliasPolicy::Keep => alias.name.as_ref().is_some_and(|name| ours.contains(name)),
        AliasPolicy::Replace => !alias.name.as_ref().is_some_and(|name| desired.released().contains(name)),
    };
    let is_wanted = |alias: &ObservedAlias| alias.name.as_ref().is_some_and(|name| desired.contains(name));
    let may_go = |alias: &ObservedAlias| !alias.name.as_ref().is_some_and(untouchable);

    let (mut remove, mut kept, mut our_number) = (Vec::new(), Vec::new(), 0);
    for alias in app.aliases.iter() {
        if is_ours(alias) {
            our_number += 1;
            if !is_wanted(alias) && may_go(alias) {
                remove.push(alias.clone());
            }
        } else if !is_wanted(alias) {
            kept.push(alias.clone());
        }
    }

    let leaving = spellings_of(&remove);
    let staying = app.aliases.iter().filter(|alias| !leaving.contains(alias.spelling.as_str()));
    let there = set_of_at_most(app.aliases.len(), staying.filter_map(|alias| alias.name.as_ref()));
    // A wildcard that was sent and is not there covers nothing, nor does one that was refused.
    let wanted = desired.names().iter().map(|wanted| &wanted.name);
    let wanted = wanted
        .filter(|name| name.is_wildcard() && !state.is_unseen(name) && state.aliases_aside.refusal(name).is_none());
    let covering: HashSet<&str> = there.iter().copied().chain(wanted).filter_map(DomainName::wildcard_base).collect();

    let (mut add, mut by_wildcard) = (Vec::new(), HashSet::default());
    for name in desired.names().iter().map(|wanted| &wanted.name) {
        if there.contains(name) || untouchable(name) {
            continue;
        }
        if desired.is_of_network(name) && name.parent().is_some_and(|parent| covering.contains(parent)) {
            by_wildcard.insert(name.clone());
        } else {
            add.push(name.clone());
        }
    }
    let chosen = state.aliases_aside.choose(&add, now);
    let is_chosen: HashSet<&DomainName> = chosen.iter().collect();
    let refused = state.aliases_aside.held_now(now);
    let (set_aside, later) =
        add.into_iter().filter(|name| !is_chosen.contains(name)).partition(|name| refused.contains_key(name));
    AliasPlan {
        base: app.aliases.clone(),
        add: chosen,
        remove,
        withheld: Vec::new(),
        kept,
        by_wildcard,
        ours: our_number,
        set_aside,
        later,
    }
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}
