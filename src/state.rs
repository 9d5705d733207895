//! The memory between two calls. PHP keeps it; here it is read, checked, changed and given back.
//!
//! It holds lists only, no maps: PHP's JSON cannot tell an empty map from an empty list.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aside::{Aside, REST};
use crate::budget::{Budget, set_of};
use crate::cloudways::{ObservedAlias, OperationRef, is_operation_id, names_of, shows, spellings_of};
use crate::dns::Qualifies;
use crate::domain::DomainName;
use crate::note::{Note, StateFault};
use crate::tables::HashSet;

/// The version of the state that is written.
pub const VERSION: u64 = 1;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// What is older says nothing any more, since Let's Encrypt's limits look back seven days.
const REMEMBERED: u64 = 7 * DAY;
const MOST_ORDERS: usize = 200;
const SHORTEST_WAIT_FOR_AN_OPERATION: u64 = 30 * 60;
/// How long a name of ours that is not to be seen is still ours: what was sent may land late, and a look may be wrong.
const UNSEEN_IS_OURS: u64 = 30 * 60;
/// Two definite *no* this far apart are believed.
const TWO_NOS: u64 = HOUR;
/// How long an order that only takes names away waits for others to come along.
const COMPANY: u64 = DAY;
/// How long it is remembered that the server has moved.
const MOVE_REMEMBERED: u64 = 7 * DAY;
/// How long a look at the served certificate is good for, and one that saw nothing.
const SERVED_IS_KNOWN: u64 = 6 * HOUR;
const SERVED_IS_UNSEEN: u64 = HOUR;
const SERVED_IS_ANOTHER: u64 = 10 * 60;
/// How long a server may go on serving the certificate before the one that was installed.
const MAY_SERVE_THE_OLD_ONE: u64 = DAY;
/// How long an order that was placed has time to show, before the same one is placed again.
const ORDER_MAY_SHOW: u64 = 10 * 60;

/// What an operation of ours does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Sets the list of aliases.
    Aliases,
    /// Issues and installs the certificate.
    Certificate,
    /// Switches the certificate's renewal.
    Auto,
}

impl OperationKind {
    /// The report's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aliases => "aliases",
            Self::Certificate => "certificate",
            Self::Auto => "auto",
        }
    }
}

/// An operation of ours that was still going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningOperation {
    /// Its id at Cloudways.
    pub id: String,
    /// What it does.
    pub kind: OperationKind,
    /// When it was started, in Unix time.
    pub since: u64,
    /// How long it should take, in seconds, where the API said so.
    pub estimate: Option<u64>,
    /// The aliases it adds.
    pub adds: Vec<DomainName>,
    /// The aliases it removes, as Cloudways spells them.
    pub removes: Vec<String>,
}

impl RunningOperation {
    /// An operation that was just started, and changes no aliases.
    #[must_use]
    pub fn started(operation: &OperationRef, kind: OperationKind, now: u64) -> Self {
        Self {
            id: operation.id.clone(),
            kind,
            since: now,
            estimate: operation.estimate,
            adds: Vec::new(),
            removes: Vec::new(),
        }
    }

    /// Whether a list of aliases shows what it does to them.
    #[must_use]
    pub fn shows_in(&self, observed: &[ObservedAlias]) -> bool {
        shows(observed, &self.adds, self.removes.iter().map(String::as_str))
    }

    /// Whether it should have ended long ago: after 30 minutes, or three times its estimate where that is longer.
    #[must_use]
    pub fn is_overdue(&self, now: u64) -> bool {
        let patience = self.estimate.unwrap_or(0).saturating_mul(3).max(SHORTEST_WAIT_FOR_AN_OPERATION);
        now.saturating_sub(self.since) > patience
    }
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderOutcome {
    /// It was placed, and nobody knows yet.
    Placed,
    /// It was sent, and its answer was lost.
    Sent,
    /// Its certificate was seen.
    Installed,
    /// It failed.
    Failed,
    /// It failed since a limit was reached.
    Limited,
    /// A call that never came back may have placed it.
    Presumed,
}

/// An order of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// When, in Unix time.
    pub at: u64,
    /// A short name for its set of names.
    #[serde(default)]
    pub set: String,
    /// Its names, in the order of preference; of the latest one only.
    #[serde(default)]
    pub names: Vec<DomainName>,
    /// What became of it.
    pub outcome: OrderOutcome,
}

/// A covered name whose DNS was found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Doubt {
    name: DomainName,
    /// Since when, in Unix time.
    since: u64,
}

/// What was seen of the certificate that is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Who issued it.
    pub issuer: String,
    /// From when it is valid, in Unix time.
    pub not_before: u64,
    /// Until when.
    pub not_after: u64,
    /// A short name for its set of names.
    pub set: String,
}

impl Served {
    /// Whether less than a sixth of its life is left.
    #[must_use]
    pub fn is_near_its_end(&self, now: u64) -> bool {
        let life = self.not_after.saturating_sub(self.not_before);
        self.not_after.saturating_sub(now) < life / 6
    }
}

/// The addresses the server had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Those addresses.
    pub from: Vec<IpAddr>,
    /// When it was found that it has others, in Unix time.
    pub at: u64,
}

/// How far a wildcard certificate has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WildcardProgress {
    /// The domain under which the wildcard stands.
    pub apex: DomainName,
    /// What the record has to point to.
    pub target: Option<DomainName>,
    /// Whether Cloudways has found the record.
    pub is_verified: bool,
}

/// A name of ours that is not among the aliases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Unseen {
    name: DomainName,
    /// Since when, in Unix time.
    since: u64,
}

/// The memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    version: u64,
    server_id: u64,
    app_id: u64,
    network: Option<DomainName>,
    /// The ledger: aliases of ours that were seen at Cloudways.
    ledger: Vec<DomainName>,
    /// Aliases of ours that were sent, or seen, and are not to be seen now.
    unseen: Vec<Unseen>,
    /// Names whose removal was explained, until neither an alias nor the certificate has them.
    pub leaving: Vec<DomainName>,
    /// Aliases whose removal is withheld, as Cloudways spells them.
    #[serde(default)]
    pub withheld: Vec<String>,
    /// Names that may leave the certificate, since a person said so; until they have, or are to stay after all.
    #[serde(default)]
    pub accepted: Vec<DomainName>,
    /// Aliases that are not ours, as seen last.
    foreign: Vec<String>,
    /// When aliases of ours were found to have vanished.
    vanished: Vec<u64>,
    /// The operation of ours that goes on.
    pub operation: Option<RunningOperation>,
    /// The orders of the last seven days, the oldest first.
    pub orders: Vec<OrderRecord>,
    /// What they leave of Let's Encrypt's limits.
    #[serde(default)]
    pub budget: Budget,
    /// Names that Cloudways refuses as aliases.
    #[serde(default)]
    pub aliases_aside: Aside,
    /// How often a list that was accepted failed later, one time after the other.
    #[serde(default)]
    pub failed_lists: u32,
    /// Names with which no certificate is issued.
    #[serde(default)]
    pub certificate_aside: Aside,
    /// Covered names whose DNS was wrong when it was asked last.
    #[serde(default)]
    doubts: Vec<Doubt>,
    /// Names that were found behind a proxy which leads to us.
    #[serde(default)]
    proxied: Vec<DomainName>,
    /// Since when the certificate holds names that are to go, and none is to come.
    #[serde(default)]
    shrinking_since: Option<u64>,
    /// When the served certificate was looked at, and what was seen.
    #[serde(default)]
    served_at: Option<u64>,
    /// What was seen of it.
    #[serde(default)]
    pub served: Option<Served>,
    /// The server's addresses at the last look.
    #[serde(default)]
    addresses: Vec<IpAddr>,
    /// The ones it had before, if it moved of late.
    #[serde(default)]
    pub moved: Option<Moved>,
    /// How far the wildcard certificate has come that is asked for.
    #[serde(default)]
    pub wildcard: Option<WildcardProgress>,
    /// When the certificate's renewal was last switched on.
    pub auto_tried: Option<u64>,
}

impl State {
    /// An empty memory.
    #[must_use]
    pub fn empty(server_id: u64, app_id: u64, network: Option<DomainName>) -> Self {
        Self {
            version: VERSION,
            server_id,
            app_id,
            network,
            ledger: Vec::new(),
            unseen: Vec::new(),
            leaving: Vec::new(),
            withheld: Vec::new(),
            accepted: Vec::new(),
            foreign: Vec::new(),
            vanished: Vec::new(),
            operation: None,
            orders: Vec::new(),
            budget: Budget::default(),
            aliases_aside: Aside::default(),
            failed_lists: 0,
            certificate_aside: Aside::default(),
            doubts: Vec::new(),
            proxied: Vec::new(),
            shrinking_since: None,
            served_at: None,
            served: None,
            addresses: Vec::new(),
            moved: None,
            wildcard: None,
            auto_tried: None,
        }
    }

    /// Reads what the last report gave. What cannot be used gives an empty memory, so that nothing is removed by
    /// it, and a note.
    #[must_use]
    pub fn load(
        stored: Option<&Value>,
        server_id: u64,
        app_id: u64,
        network: Option<&DomainName>,
        now: u64,
    ) -> (Self, Option<Note>) {
        let empty = || Self::empty(server_id, app_id, network.cloned());
        let Some(stored) = stored.filter(|value| !is_nothing(value)) else { return (empty(), None) };
        let ignored = |fault| (empty(), Some(Note::StateIgnored { fault }));
        if stored.get("version").and_then(Value::as_u64).is_some_and(|version| version > VERSION) {
            return ignored(StateFault::Newer);
        }
        let Ok(mut state) = Self::deserialize(stored) else { return ignored(StateFault::Damaged) };
        if state.version != VERSION || state.operation.as_ref().is_some_and(|operation| !is_operation_id(&operation.id))
        {
            return ignored(StateFault::Damaged);
        }
        if (state.server_id, state.app_id) != (server_id, app_id) {
            return ignored(StateFault::OtherApplication);
        }
        if state.network.as_ref() != network {
            return ignored(StateFault::OtherNetwork);
        }
        if stored.get("budget").is_none() {
            state.book_what_was_ordered();
        }
        state.bring_to(now);
        (state, None)
    }

    /// The first engine kept the names of every order, and no budget: what they leave of the limits follows from them.
    fn book_what_was_ordered(&mut self) {
        let latest = self.latest_order();
        for (at, order) in self.orders.iter_mut().enumerate() {
            if order.names.is_empty() {
                continue;
            }
            order.set = set_of(&order.names);
            if order.outcome != OrderOutcome::Presumed {
                self.budget.book(&order.names, order.at);
            }
            if order.outcome == OrderOutcome::Failed {
                self.budget.book_failure(&order.names, order.at);
            }
            if Some(at) != latest {
                order.names.clear();
            }
        }
    }

    /// A clock that was set back must not make anything last for ever.
    fn bring_to(&mut self, now: u64) {
        let operation = self.operation.iter_mut().map(|operation| &mut operation.since);
        let orders = self.orders.iter_mut().map(|order| &mut order.at);
        let unseen = self.unseen.iter_mut().map(|unseen| &mut unseen.since);
        let doubts = self.doubts.iter_mut().map(|doubt| &mut doubt.since);
        let moved = self.moved.iter_mut().map(|moved| &mut moved.at);
        let single = [&mut self.auto_tried, &mut self.shrinking_since, &mut self.served_at].into_iter().flatten();
        let times = operation.chain(orders).chain(unseen).chain(&mut self.vanished).chain(doubts).chain(moved);
        times.chain(single).for_each(|time| *time = (*time).min(now));
        self.budget.bring_to(now);
        self.aliases_aside.bring_to(now);
        self.certificate_aside.bring_to(now);
    }

    /// The memory as a value to be stored.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// Every alias that we put there, or took over.
    #[must_use]
    pub fn ours(&self) -> HashSet<&DomainName> {
        self.ledger.iter().chain(self.unseen.iter().map(|unseen| &unseen.name)).collect()
    }

    /// Whether a name was sent and is not to be seen.
    #[must_use]
    pub fn is_unseen(&self, name: &DomainName) -> bool {
        self.unseen.iter().any(|unseen| unseen.name == *name)
    }

    /// Notes that these names are about to be sent. From now on they are ours, whatever becomes of the answer.
    /// Returns those that were not before.
    pub fn note_sent(&mut self, names: &[DomainName], now: u64) -> Vec<DomainName> {
        let known = self.ours();
        let news: Vec<DomainName> = names.iter().filter(|name| !known.contains(name)).cloned().collect();
        self.unseen.extend(news.iter().map(|name| Unseen { name: name.clone(), since: now }));
        news
    }

    /// Notes that these names are not ours: they were not sent after all, or are removed.
    pub fn forget(&mut self, names: &[DomainName]) {
        let gone: HashSet<&DomainName> = names.iter().collect();
        self.unseen.retain(|unseen| !gone.contains(&unseen.name));
        self.ledger.retain(|name| !gone.contains(name));
    }

    /// Takes in a look at the alias list while nothing of ours is under way. `wanted` says which observed names are
    /// taken over, `adopted` and `released` which become ours or cease to be. Returns the names of ours that were
    /// wanted and have vanished since the last look.
    pub fn take_in(
        &mut self,
        observed: &[ObservedAlias],
        wanted: impl Fn(&DomainName) -> bool,
        adopted: &HashSet<DomainName>,
        released: &HashSet<DomainName>,
        now: u64,
    ) -> Vec<DomainName> {
        let there = names_of(observed);
        let ours: HashSet<DomainName> = self.ours().into_iter().cloned().collect();
        let absent: Vec<DomainName> = self.ledger.iter().filter(|name| !there.contains(name)).cloned().collect();
        let vanished: Vec<DomainName> = absent.iter().filter(|name| wanted(name)).cloned().collect();
        if !vanished.is_empty() {
            self.vanished.push(now);
        }
        self.vanished.retain(|at| at.saturating_add(REMEMBERED) > now);

        self.unseen.extend(absent.into_iter().map(|name| Unseen { name, since: now }));
        self.unseen.retain(|unseen| {
            !there.contains(&unseen.name)
                && !released.contains(&unseen.name)
                && unseen.since.saturating_add(UNSEEN_IS_OURS) > now
        });
        let mut listed = HashSet::default();
        self.ledger = observed
            .iter()
            .filter_map(|alias| alias.name.as_ref())
            .filter(|name| ours.contains(*name) || adopted.contains(*name) || wanted(name))
            .filter(|name| !released.contains(*name))
            .filter(|name| listed.insert((*name).clone()))
            .cloned()
            .collect();
        self.foreign = observed
            .iter()
            .filter(|alias| alias.name.as_ref().is_none_or(|name| !listed.contains(name)))
            .map(|alias| alias.spelling.clone())
            .collect();
        vanished
    }

    /// What a person says of an alias counts at once, also while an operation of ours may still change what a look
    /// shows.
    pub fn hand_over(
        &mut self,
        observed: &[ObservedAlias],
        adopted: &HashSet<DomainName>,
        released: &HashSet<DomainName>,
    ) {
        self.ledger.retain(|name| !released.contains(name));
        self.unseen.retain(|unseen| !released.contains(&unseen.name));
        let there = names_of(observed);
        let ours: HashSet<DomainName> = self.ours().into_iter().cloned().collect();
        let mut news: Vec<DomainName> =
            there.into_iter().filter(|name| adopted.contains(*name) && !released.contains(*name)).cloned().collect();
        news.retain(|name| !ours.contains(name));
        news.sort();
        self.foreign.retain(|spelling| {
            ObservedAlias::new(spelling.as_str()).name.is_none_or(|name| news.binary_search(&name).is_err())
        });
        self.ledger.extend(news);
    }

    /// Aliases that are not ours, were there at the last look, and are not among `observed`.
    #[must_use]
    pub fn vanished_foreign(&self, observed: &[ObservedAlias]) -> Vec<String> {
        let there = spellings_of(observed);
        self.foreign.iter().filter(|spelling| !there.contains(spelling.as_str())).cloned().collect()
    }

    /// Notes that these aliases of others should be there, although the last look did not show them.
    pub fn miss(&mut self, spellings: Vec<String>) {
        let known: HashSet<String> = self.foreign.iter().cloned().collect();
        self.foreign.extend(spellings.into_iter().filter(|spelling| !known.contains(spelling)));
    }

    /// How often aliases of ours vanished in the last seven days.
    #[must_use]
    pub fn times_vanished(&self) -> usize {
        self.vanished.len()
    }

    /// Books an order, also against the limits.
    pub fn book_order(&mut self, names: &[DomainName], outcome: OrderOutcome, now: u64) {
        self.budget.book(names, now);
        self.remember_order(names, outcome, now);
    }

    /// Remembers an order that was refused at once: no limit counts it.
    pub fn remember_order(&mut self, names: &[DomainName], outcome: OrderOutcome, now: u64) {
        let mut order = OrderRecord { at: now, set: set_of(names), names: Vec::new(), outcome };
        if outcome != OrderOutcome::Presumed {
            for earlier in &mut self.orders {
                earlier.names.clear();
            }
            order.names = names.to_vec();
        }
        self.orders.push(order);
        self.orders.retain(|order| order.at.saturating_add(REMEMBERED) > now);
        let surplus = self.orders.len().saturating_sub(MOST_ORDERS);
        self.orders.drain(..surplus);
        self.shrinking_since = None;
    }

    /// The names of the latest order that was really placed.
    #[must_use]
    pub fn latest_ordered(&self) -> Option<&[DomainName]> {
        self.latest_order().map(|at| self.orders[at].names.as_slice()).filter(|names| !names.is_empty())
    }

    fn latest_order(&self) -> Option<usize> {
        self.orders.iter().rposition(|order| order.outcome != OrderOutcome::Presumed)
    }

    /// Says what became of the latest order that was really placed.
    pub fn settle_order(&mut self, outcome: OrderOutcome) {
        if let Some(at) = self.latest_order() {
            self.orders[at].outcome = outcome;
        }
    }

    /// Until when an order of exactly these names is not worth repeating, since it failed: an hour, six, a day.
    #[must_use]
    pub fn held_until(&self, names: &[DomainName], now: u64) -> Option<u64> {
        let set = set_of(names);
        let same = self.orders.iter().rev().filter(|order| order.set == set && order.outcome != OrderOutcome::Presumed);
        let failed: Vec<u64> =
            same.take_while(|order| order.outcome == OrderOutcome::Failed).map(|order| order.at).collect();
        let rest = REST[failed.len().clamp(1, REST.len()) - 1];
        failed.first().map(|at| at.saturating_add(rest)).filter(|until| *until > now)
    }

    /// Whether exactly these names were ordered a moment ago, and what became of it may still show.
    #[must_use]
    pub fn is_awaited(&self, names: &[DomainName], now: u64) -> bool {
        let set = set_of(names);
        let last = self.orders.iter().rev().find(|order| order.set == set);
        last.is_some_and(|order| order.outcome == OrderOutcome::Placed && order.at.saturating_add(ORDER_MAY_SHOW) > now)
    }

    /// Whether exactly these names were installed within the day. What is served has that long to be the new one.
    #[must_use]
    pub fn was_just_installed(&self, set: &str, now: u64) -> bool {
        let installed = self.orders.iter().filter(|order| order.outcome == OrderOutcome::Installed);
        installed.filter(|order| order.set == set).any(|order| order.at.saturating_add(MAY_SERVE_THE_OLD_ONE) > now)
    }

    /// The latest order has ended well and does not show: from now on it has its time to.
    pub fn await_order(&mut self, now: u64) {
        if let Some(at) = self.latest_order() {
            self.orders[at].at = now;
        }
    }

    /// Takes in what DNS says of a covered name. A question that could not be asked changes nothing.
    pub fn note_verdict(&mut self, name: &DomainName, qualifies: Qualifies, now: u64) {
        match qualifies {
            Qualifies::Yes => self.doubts.retain(|doubt| doubt.name != *name),
            Qualifies::No if !self.doubts.iter().any(|doubt| doubt.name == *name) => {
                self.doubts.push(Doubt { name: name.clone(), since: now });
            }
            Qualifies::No | Qualifies::Unknown => {}
        }
    }

    /// Notes that a name is behind a proxy which leads to us.
    pub fn note_proxied(&mut self, name: &DomainName) {
        if !self.was_proxied(name) {
            self.proxied.push(name.clone());
        }
    }

    /// Whether a name was found behind a proxy which leads to us.
    #[must_use]
    pub fn was_proxied(&self, name: &DomainName) -> bool {
        self.proxied.contains(name)
    }

    /// When a second *no* about a covered name is believed, if there was a first one.
    #[must_use]
    pub fn doubt_settled_at(&self, name: &DomainName) -> Option<u64> {
        self.doubts.iter().find(|doubt| doubt.name == *name).map(|doubt| doubt.since.saturating_add(TWO_NOS))
    }

    /// Forgets what was remembered of names that are not wanted, or not covered, any more.
    pub fn forget_strangers(
        &mut self,
        is_wanted: impl Fn(&DomainName) -> bool,
        is_covered: impl Fn(&DomainName) -> bool,
        now: u64,
    ) {
        self.doubts.retain(|doubt| is_covered(&doubt.name));
        self.proxied.retain(|name| is_wanted(name) || is_covered(name));
        self.aliases_aside.keep_only(&is_wanted, now);
        self.certificate_aside.keep_only(|name| is_wanted(name) || is_covered(name), now);
    }

    /// Notes whether the certificate has names that are to go, and none to come.
    pub fn note_shrinking(&mut self, shrinks: bool, now: u64) {
        self.shrinking_since = if shrinks { self.shrinking_since.or(Some(now)) } else { None };
    }

    /// Until when an order that only takes names away waits for company.
    #[must_use]
    pub fn company_until(&self, now: u64) -> u64 {
        self.shrinking_since.unwrap_or(now).saturating_add(COMPANY)
    }

    /// Whether it is time for another look at the certificate that is served. `installed` is a short name for the set
    /// of names that should be in it.
    #[must_use]
    pub fn served_is_due(&self, installed: &str, now: u64) -> bool {
        let good_for = match &self.served {
            None => SERVED_IS_UNSEEN,
            Some(served) if served.set != installed => SERVED_IS_ANOTHER,
            Some(_) => SERVED_IS_KNOWN,
        };
        self.served_at.is_none_or(|at| at.saturating_add(good_for) <= now)
    }

    /// Takes in a look at the certificate that is served; `None`: nothing was to be seen.
    pub fn note_served(&mut self, served: Option<Served>, now: u64) {
        self.served_at = Some(now);
        self.served = served.or(self.served.take());
    }

    /// Another one was installed: what was seen of the one before says nothing any more.
    pub fn forget_what_is_served(&mut self) {
        self.served = None;
        self.served_at = None;
    }

    /// The next call looks at the served certificate again.
    pub fn look_again_at_what_is_served(&mut self) {
        self.served_at = None;
    }

    /// Takes in the server's addresses. An answer without any changes nothing.
    pub fn note_addresses(&mut self, addresses: &[IpAddr], now: u64) {
        if addresses.is_empty() {
            return;
        }
        if !self.addresses.is_empty() && self.addresses.iter().any(|address| !addresses.contains(address)) {
            self.moved = Some(Moved { from: self.addresses.clone(), at: now });
        }
        self.addresses = addresses.to_vec();
        self.moved.take_if(|moved| moved.at.saturating_add(MOVE_REMEMBERED) <= now);
    }

    /// Whether the renewal was switched on within the hour, and need not be again.
    #[must_use]
    pub fn auto_was_tried(&self, now: u64) -> bool {
        self.auto_tried.is_some_and(|at| at.saturating_add(HOUR) > now)
    }
}

/// PHP's empty array and null both mean that there is no state yet.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::parse(text.as_bytes()).unwrap()
    }

    fn observed(aliases: &[&str]) -> Vec<ObservedAlias> {
        aliases.iter().map(|alias| ObservedAlias::new(*alias)).collect()
    }

    fn nothing() -> HashSet<DomainName> {
        HashSet::default()
    }

    fn state() -> State {
        State::empty(1, 2, Some(name("network.example")))
    }

    fn operation(since: u64, estimate: Option<u64>) -> RunningOperation {
        let reference = OperationRef { id: "flex-1".into(), kind: None, estimate };
        RunningOperation::started(&reference, OperationKind::Auto, since)
    }

    fn load(value: &Value) -> (State, Option<Note>) {
        State::load(Some(value), 1, 2, Some(&name("network.example")), 1_000_000)
    }

    #[test]
    fn it_survives_being_stored() {
        let mut full = state();
        full.note_sent(&[name("a.example")], 90);
        full.leaving = vec![name("gone.example")];
        full.accepted = vec![name("dropped.example")];
        full.take_in(&observed(&["a.example", "Hand Made"]), |_| false, &nothing(), &nothing(), 100);
        full.note_sent(&[name("b.example")], 100);
        let now = 1_000_000;
        full.aliases_aside.refused(&[name("b.example"), name("c.example")], &[], "no", now);
        full.certificate_aside.refused(&[name("b.example")], &[], "no", now);
        full.note_verdict(&name("a.example"), Qualifies::No, now);
        full.note_shrinking(true, now);
        full.note_addresses(&["203.0.113.9".parse().unwrap()], now);
        full.note_addresses(&["203.0.113.10".parse().unwrap()], now);
        full.operation = Some(operation(5, None));
        full.book_order(&[name("b.example"), name("a.example")], OrderOutcome::Placed, now);
        full.budget.book_failure(&[name("b.example")], now);
        let stored: Value = serde_json::from_str(&full.to_value().to_string()).unwrap();
        assert_eq!(load(&stored), (full, None));
    }

    /// What the first engine wrote, and the one that first kept budgets; both wrote version 1.
    const EARLIER: [&str; 2] =
        [include_str!("../tests/golden/state-first.json"), include_str!("../tests/golden/state-budgets.json")];

    #[test]
    fn what_earlier_engines_wrote_is_read_without_loss() {
        // A moment after they were written: later, what is over would be forgotten.
        let now = 999_100;
        let load = |value: &Value| State::load(Some(value), 1, 2, Some(&name("network.example")), now);
        for text in EARLIER {
            let stored: Value = serde_json::from_str(text).unwrap();
            let (loaded, note) = load(&stored);
            assert_eq!(note, None, "{text}");
            let written = loaded.to_value();
            // What was there is there still, but for the orders, whose names are kept once.
            for (key, value) in stored.as_object().unwrap().iter().filter(|(key, _)| *key != "orders") {
                let kept = match key.as_str() {
                    // A field that came later in its entries.
                    "certificate_aside" => {
                        let mut kept = written[key].clone();
                        for name in kept["names"].as_array_mut().unwrap() {
                            name.as_object_mut().unwrap().remove("first");
                        }
                        kept
                    }
                    _ => written[key].clone(),
                };
                assert_eq!(kept, *value, "{key}");
            }
            assert!(loaded.ours().contains(&name("ledger.example")) && loaded.is_unseen(&name("b.example")));
            assert_eq!(loaded.operation.as_ref().unwrap().adds, [name("b.example")]);
            let outcomes: Vec<OrderOutcome> = loaded.orders.iter().map(|order| order.outcome).collect();
            assert_eq!(outcomes, [OrderOutcome::Failed, OrderOutcome::Installed]);
            assert_eq!(loaded.latest_ordered().unwrap().len(), 2);
            assert!(loaded.was_just_installed(&set_of(&[name("a.example"), name("b.example")]), now));
            let left = loaded.budget.left(&[name("a.example"), name("b.example")], now);
            assert_eq!((left.of - left.orders, left.of_this_set), (2, 3), "both orders count");
            assert_eq!(load(&written), (loaded, None), "and it is read back as it was written");
        }
    }

    #[test]
    fn a_field_of_a_later_engine_does_no_harm() {
        let mut stored: Value = serde_json::from_str(EARLIER[1]).unwrap();
        let plain = load(&stored);
        stored["later"] = json!({"deep": [1]});
        stored["operation"]["later"] = json!(1);
        stored["orders"][0]["later"] = json!(null);
        assert_eq!(load(&stored), plain);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_is_read_back_equal(steps in proptest::collection::vec((0u8..14, 0usize..5, 0u64..40_000), 0..60)) {
            let names: Vec<DomainName> = ["a", "b", "www.a", "xn--bcher-kva", "c.d"].iter().map(|label| name(&format!("{label}.example"))).collect();
            let (mut state, mut now) = (state(), 1);
            for (step, which, later) in steps {
                now += later;
                let (one, some) = (&names[which], &names[..=which]);
                match step {
                    0 => drop(state.note_sent(some, now)),
                    1 => drop(state.take_in(&observed(&[one.as_str(), "Hand Made"]), |_| which > 2, &nothing(), &nothing(), now)),
                    2 => state.forget(some),
                    3 => state.leaving = some.to_vec(),
                    4 => state.withheld.push(one.as_str().to_owned()),
                    5 => state.operation = Some(operation(now, (which > 1).then_some(later))),
                    6 => state.book_order(some, OrderOutcome::Placed, now),
                    7 => state.settle_order(if which > 2 { OrderOutcome::Failed } else { OrderOutcome::Limited }),
                    8 => state.book_order(some, OrderOutcome::Presumed, now),
                    9 => state.certificate_aside.refused(some, &[], "it says \"no\"\u{1F512}", now),
                    10 => state.note_verdict(one, if which > 3 { Qualifies::Yes } else { Qualifies::No }, now),
                    11 => state.budget.book_failure(some, now),
                    12 => {
                        let served = Served { issuer: "R11".into(), not_before: now, not_after: now + later, set: set_of(some) };
                        state.note_served((which > 1).then_some(served), now);
                        state.note_shrinking(which > 2, now);
                        state.note_proxied(one);
                        state.auto_tried = Some(now);
                    }
                    _ => {
                        state.note_addresses(&[std::net::Ipv4Addr::from(0xcb00_7100 + u32::from(step)).into(), format!("2001:db8::{which}").parse().unwrap()], now);
                        state.wildcard = Some(WildcardProgress { apex: one.clone(), target: (which > 1).then(|| one.clone()), is_verified: which > 2 });
                    }
                }
            }
            let stored: Value = serde_json::from_str(&state.to_value().to_string()).unwrap();
            // What is over is forgotten at each reading, full buckets for one.
            state.bring_to(now);
            let read = State::load(Some(&stored), 1, 2, Some(&name("network.example")), now);
            proptest::prop_assert_eq!(read, (state, None));
        }
    }

    #[test]
    fn what_cannot_be_used_gives_an_empty_ledger_and_says_so() {
        let fault = |value: Value| match load(&value) {
            (loaded, Some(Note::StateIgnored { fault })) => {
                assert_eq!(loaded, state());
                Some(fault)
            }
            (_, None) => None,
            other => panic!("{other:?}"),
        };
        let good = state().to_value();
        let with = |key: &str, value: Value| {
            let mut changed = good.clone();
            changed[key] = value;
            changed
        };
        assert_eq!(fault(good.clone()), None);
        assert_eq!(fault(json!([])), None);
        assert_eq!(fault(json!(null)), None);
        assert_eq!(fault(with("version", json!(2))), Some(StateFault::Newer));
        assert_eq!(fault(json!({"version": 9})), Some(StateFault::Newer));
        assert_eq!(fault(with("version", json!(0))), Some(StateFault::Damaged));
        assert_eq!(fault(with("ledger", json!("a.example"))), Some(StateFault::Damaged));
        assert_eq!(fault(with("ledger", json!(["not a name"]))), Some(StateFault::Damaged));
        assert_eq!(fault(json!("text")), Some(StateFault::Damaged));
        let mut running = state();
        running.operation = Some(operation(1, None));
        let mut running = running.to_value();
        running["operation"]["id"] = json!("../server");
        assert_eq!(fault(running), Some(StateFault::Damaged));
        assert_eq!(fault(with("app_id", json!(3))), Some(StateFault::OtherApplication));
        assert_eq!(fault(with("server_id", json!(3))), Some(StateFault::OtherApplication));
        assert_eq!(fault(with("network", json!("other.example"))), Some(StateFault::OtherNetwork));
    }

    #[test]
    fn times_in_the_future_are_taken_for_now() {
        let mut state = state();
        state.operation = Some(operation(u64::MAX, None));
        state.book_order(&[name("a.example")], OrderOutcome::Failed, u64::MAX - HOUR * 24 * 8);
        let (loaded, note) = load(&state.to_value());
        assert_eq!(note, None);
        assert_eq!(loaded.operation.unwrap().since, 1_000_000);
        assert_eq!(loaded.orders[0].at, 1_000_000);
    }

    #[test]
    fn the_ledger_follows_what_is_seen() {
        let mut state = state();
        state.note_sent(&[name("a.example"), name("lost.example")], 1);
        assert!(state.ours().contains(&name("lost.example")));
        let wanted = |candidate: &DomainName| candidate.as_str() == "hand.example";
        let aliases = observed(&["a.example", "HAND.example", "other.example", "no name"]);
        let vanished = state.take_in(&aliases, wanted, &nothing(), &nothing(), 1);
        assert!(vanished.is_empty(), "what was only sent has not vanished");
        assert_eq!(
            state.ours(),
            HashSet::from_iter([&name("a.example"), &name("hand.example"), &name("lost.example")]),
            "what was sent may still land"
        );
        assert_eq!(state.foreign, ["other.example", "no name"]);
        assert_eq!(state.vanished_foreign(&observed(&["other.example"])), ["no name"]);

        let adopted = HashSet::from_iter([name("other.example")]);
        let released = HashSet::from_iter([name("hand.example")]);
        state.take_in(&aliases, |_| false, &adopted, &released, UNSEEN_IS_OURS + 1);
        assert_eq!(state.ours(), HashSet::from_iter([&name("a.example"), &name("other.example")]));
        assert_eq!(state.foreign, ["HAND.example", "no name"]);
    }

    #[test]
    fn a_look_that_was_wrong_takes_nothing_out_of_the_ledger() {
        let mut state = state();
        state.take_in(&observed(&["a.example"]), |_| true, &nothing(), &nothing(), 1);
        state.take_in(&[], |_| false, &nothing(), &nothing(), 2);
        state.take_in(&observed(&["a.example"]), |_| false, &nothing(), &nothing(), 3);
        assert_eq!(state.ours(), HashSet::from_iter([&name("a.example")]));
        assert!(state.foreign.is_empty());
        state.forget(&[name("a.example")]);
        assert!(state.ours().is_empty());
    }

    #[test]
    fn what_is_ours_and_wanted_and_gone_has_vanished() {
        let mut state = state();
        let wanted = |_: &DomainName| true;
        for day in 0..3 {
            let now = day * DAY;
            state.take_in(&observed(&["a.example"]), wanted, &nothing(), &nothing(), now);
            assert_eq!(state.take_in(&[], wanted, &nothing(), &nothing(), now), [name("a.example")]);
        }
        assert_eq!(state.times_vanished(), 3);
        state.take_in(&[], wanted, &nothing(), &nothing(), 9 * DAY);
        assert_eq!(state.times_vanished(), 0, "what is older than seven days is forgotten");
    }

    #[test]
    fn an_operation_is_waited_for_half_an_hour_or_three_times_its_estimate() {
        let operation = |estimate| operation(1_000, estimate);
        assert!(!operation(None).is_overdue(1_000 + 1_800));
        assert!(operation(None).is_overdue(1_000 + 1_801));
        assert!(!operation(Some(900)).is_overdue(1_000 + 2_700));
        assert!(operation(Some(900)).is_overdue(1_000 + 2_701));
        assert!(!operation(Some(60)).is_overdue(500), "a clock that was set back");
    }

    #[test]
    fn a_set_that_failed_is_held_for_an_hour() {
        let mut state = state();
        let (a, b) = (name("a.example"), name("b.example"));
        state.book_order(&[b.clone(), a.clone()], OrderOutcome::Placed, 1_000);
        assert_eq!(state.held_until(&[a.clone(), b.clone()], 1_001), None);
        state.settle_order(OrderOutcome::Failed);
        assert_eq!(state.held_until(&[a.clone(), b.clone()], 1_001), Some(4_600));
        assert_eq!(state.held_until(&[a.clone(), b.clone()], 4_600), None);
        assert_eq!(state.held_until(&[a], 1_001), None);
    }
}
