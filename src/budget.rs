//! Let's Encrypt's limits, kept as buckets: what is left of each, and when an order fits in again.
//!
//! Every order counts for each registered domain in it, whether it brings that domain anything or not. The buckets
//! are smaller than the authority's own (50 per registered domain and 5 per exact set in seven days, 5 failures per
//! name and hour; official page), so that other orders for the same names find room, too.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::DomainName;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A limit: so many at once, and one more each time `refill` has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit {
    size: u64,
    /// Seconds.
    refill: u64,
}

/// Orders per registered domain.
const PER_DOMAIN: Limit = Limit { size: 40, refill: 202 * MINUTE };
/// Orders of exactly the same names.
const PER_SET: Limit = Limit { size: 4, refill: 34 * HOUR };
/// Failed orders per name.
const FAILURES: Limit = Limit { size: 5, refill: 12 * MINUTE };

/// The gap after an order, by what is left of the scarcest registered domain: below so many orders, so many seconds.
const GAPS: [(u64, u64); 3] = [(10, 4 * HOUR), (20, 2 * HOUR), (30, 30 * MINUTE)];
const SHORTEST_GAP: u64 = 10 * MINUTE;

/// The authority's longest limit looks back this far; a pause that is said to last longer is not believed.
const LONGEST_PAUSE: u64 = 7 * DAY;

/// What is left of a limit, as the one number that says it all: the time at which the bucket is full again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    of: String,
    full_at: u64,
}

impl Limit {
    fn left(self, full_at: u64, now: u64) -> u64 {
        self.size.saturating_sub(full_at.saturating_sub(now).div_ceil(self.refill))
    }

    /// When there is room for one more.
    fn next_at(self, full_at: u64) -> u64 {
        full_at.saturating_sub(self.refill * (self.size - 1))
    }

    fn take(self, full_at: u64, now: u64) -> u64 {
        // An overdrawn bucket is emptied, not more: what is owed to it passes with the longest wait there is.
        (full_at.max(now) + self.refill).min(now + self.refill * self.size)
    }
}

/// Which limit makes an order wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scarce {
    /// The last order was a short while ago.
    Gap,
    /// Too many orders with this registered domain in them.
    Domain(String),
    /// Too many orders of exactly these names.
    Set,
    /// Too many failed orders with this name in them.
    Failures(String),
    /// The authority said so itself.
    Authority,
}

/// An order that has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Until when, in Unix time.
    pub until: u64,
    /// For want of what.
    pub scarce: Scarce,
}

/// What is left for an order of some names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Orders, by the scarcest registered domain.
    pub orders: u64,
    /// How many it could be.
    pub of: u64,
    /// That registered domain.
    pub domain: Option<String>,
    /// Orders of exactly these names.
    pub of_this_set: u64,
}

/// What was ordered of late, as far as it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    domains: Vec<Bucket>,
    sets: Vec<Bucket>,
    failures: Vec<Bucket>,
    last_order: Option<u64>,
    paused_until: Option<u64>,
}

impl Budget {
    /// Books an order of these names.
    pub fn book(&mut self, names: &[DomainName], now: u64) {
        self.forget_what_is_full(now);
        for domain in registered_domains(names) {
            take(&mut self.domains, &domain, PER_DOMAIN, now);
        }
        take(&mut self.sets, &set_of(names), PER_SET, now);
        self.last_order = Some(now);
    }

    /// Books a failed order: nobody says which names the authority counts it for, so it counts for all.
    pub fn book_failure(&mut self, names: &[DomainName], now: u64) {
        self.forget_what_is_full(now);
        for name in names {
            take(&mut self.failures, name.as_str(), FAILURES, now);
        }
    }

    /// The authority refuses orders until then.
    pub fn pause(&mut self, until: u64, now: u64) {
        let until = until.min(now.saturating_add(LONGEST_PAUSE));
        self.paused_until = self.paused_until.max(Some(until)).filter(|until| *until > now);
    }

    /// Why an order of these names has to wait, and until when; `None`: it fits in now.
    ///
    /// `hurried`: a person is in a hurry, so the gap between orders does not count. The limits do.
    #[must_use]
    pub fn wait(&self, names: &[DomainName], now: u64, hurried: bool) -> Option<Wait> {
        let paused = self.paused_until.map(|until| Wait { until, scarce: Scarce::Authority });
        let domains = registered_domains(names).into_iter().map(|domain| {
            let until = PER_DOMAIN.next_at(full_at(&self.domains, &domain));
            Wait { until, scarce: Scarce::Domain(domain) }
        });
        let failures = names.iter().map(|name| {
            let until = FAILURES.next_at(full_at(&self.failures, name.as_str()));
            Wait { until, scarce: Scarce::Failures(name.to_string()) }
        });
        let set = Wait { until: PER_SET.next_at(full_at(&self.sets, &set_of(names))), scarce: Scarce::Set };
        let gap = self.last_order.filter(|_| !hurried).map(|at| {
            let until = at.saturating_add(gap(self.left(names, now).orders));
            Wait { until, scarce: Scarce::Gap }
        });
        let waits = paused.into_iter().chain(domains).chain(failures).chain([set]).chain(gap);
        // Of equal ones the first, which is the stronger reason.
        waits
            .filter(|wait| wait.until > now)
            .reduce(|longest, wait| if wait.until > longest.until { wait } else { longest })
    }

    /// What is left for an order of these names.
    #[must_use]
    pub fn left(&self, names: &[DomainName], now: u64) -> Left {
        let domains = registered_domains(names).into_iter();
        let scarcest = domains
            .map(|domain| (PER_DOMAIN.left(full_at(&self.domains, &domain), now), domain))
            .min_by(|one, other| one.0.cmp(&other.0));
        let (orders, domain) = scarcest.map_or((PER_DOMAIN.size, None), |(left, domain)| (left, Some(domain)));
        let of_this_set = PER_SET.left(full_at(&self.sets, &set_of(names)), now);
        Left { orders, of: PER_DOMAIN.size, domain, of_this_set }
    }

    /// A clock that was set back must not make anything last for ever.
    pub fn bring_to(&mut self, now: u64) {
        let kinds = [(&mut self.domains, PER_DOMAIN), (&mut self.sets, PER_SET), (&mut self.failures, FAILURES)];
        for (buckets, limit) in kinds {
            for bucket in buckets {
                bucket.full_at = bucket.full_at.min(now.saturating_add(limit.refill * limit.size));
            }
        }
        self.last_order = self.last_order.map(|at| at.min(now));
        self.paused_until = self.paused_until.map(|until| until.min(now.saturating_add(LONGEST_PAUSE)));
        self.forget_what_is_full(now);
    }

    fn forget_what_is_full(&mut self, now: u64) {
        for buckets in [&mut self.domains, &mut self.sets, &mut self.failures] {
            buckets.retain(|bucket| bucket.full_at > now);
        }
        self.paused_until = self.paused_until.filter(|until| *until > now);
    }
}

fn gap(left: u64) -> u64 {
    GAPS.iter().find(|(below, _)| left < *below).map_or(SHORTEST_GAP, |(_, seconds)| *seconds)
}

fn full_at(buckets: &[Bucket], of: &str) -> u64 {
    buckets.iter().find(|bucket| bucket.of == of).map_or(0, |bucket| bucket.full_at)
}

fn take(buckets: &mut Vec<Bucket>, of: &str, limit: Limit, now: u64) {
    match buckets.iter_mut().find(|bucket| bucket.of == of) {
        Some(bucket) => bucket.full_at = limit.take(bucket.full_at, now),
        None => buckets.push(Bucket { of: of.to_owned(), full_at: limit.take(0, now) }),
    }
}

/// The registered domains of some names, each once.
fn registered_domains(names: &[DomainName]) -> Vec<String> {
    let mut domains: Vec<String> = names.iter().map(|name| name.registered_domain().to_owned()).collect();
    domains.sort();
    domains.dedup();
    domains
}

/// A short name for exactly these names, in whatever order.
#[must_use]
pub fn set_of(names: &[DomainName]) -> String {
    let mut names: Vec<&str> = names.iter().map(DomainName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    Sha256::digest(names.join(",")).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn names(texts: &[&str]) -> Vec<DomainName> {
        texts.iter().map(|text| DomainName::parse(text.as_bytes()).unwrap()).collect()
    }

    /// Places as many orders as go, one as soon as the other allows, and says when each was.
    fn ordered_until(end: u64, hurried: bool, names_of: impl Fn(usize) -> Vec<DomainName>) -> Vec<u64> {
        let (mut budget, mut now, mut times) = (Budget::default(), 0, Vec::new());
        loop {
            let names = names_of(times.len());
            now = budget.wait(&names, NOW + now, hurried).map_or(now, |wait| wait.until - NOW);
            if now > end {
                return times;
            }
            assert_eq!(budget.wait(&names, NOW + now, hurried), None, "a wait ends when it says");
            budget.book(&names, NOW + now);
            times.push(now);
        }
    }

    #[test]
    fn a_registered_domain_has_forty_orders_and_one_back_every_202_minutes() {
        let times = ordered_until(0, true, |at| names(&["a.example", &format!("n{at}.b.example")]));
        assert_eq!(times.len(), 40);
        let times = ordered_until(404 * MINUTE, true, |at| names(&[&format!("n{at}.b.example")]));
        assert_eq!(times.len(), 42);
        assert_eq!(times[40..], [202 * MINUTE, 404 * MINUTE]);
    }

    #[test]
    fn one_exact_set_has_four_orders_and_one_back_every_34_hours() {
        let times = ordered_until(34 * HOUR, true, |_| names(&["a.example", "b.example"]));
        assert_eq!(times, [0, 0, 0, 0, 34 * HOUR]);
        let mut budget = Budget::default();
        for _ in 0..4 {
            budget.book(&names(&["a.example", "b.example"]), NOW);
        }
        let wait = budget.wait(&names(&["b.example", "a.example"]), NOW, true).unwrap();
        assert_eq!(wait.scarce, Scarce::Set, "the order of names makes no other set");
        assert_eq!(budget.wait(&names(&["a.example"]), NOW, true), None);
    }

    #[test]
    fn the_gap_grows_as_the_budget_shrinks() {
        let times = ordered_until(4 * DAY, false, |at| names(&[&format!("n{at}.b.example")]));
        let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(gaps[..9], [10 * MINUTE; 9], "31 and more are left");
        assert!(gaps[10..].iter().all(|gap| *gap >= 30 * MINUTE));
        assert!(gaps.contains(&(2 * HOUR)) && gaps.contains(&(4 * HOUR)), "{gaps:?}");
        assert!(gaps.windows(2).filter(|pair| pair[1] < pair[0]).count() < 30, "what comes back is spent again");
    }

    #[test]
    fn never_more_than_the_authority_allows_in_any_seven_days() {
        for hurried in [false, true] {
            let times = ordered_until(30 * DAY, hurried, |at| names(&[&format!("n{at}.b.example")]));
            for (at, start) in times.iter().enumerate() {
                let within = times[at..].iter().filter(|time| **time < start + 7 * DAY).count();
                // The authority refills as we do, from fifty: 50 at once, and one more every 202 minutes.
                assert!(within <= 40 + 50, "{within} orders in seven days");
            }
        }
    }

    #[test]
    fn five_failures_an_hour_and_name_whichever_it_was() {
        let mut budget = Budget::default();
        let order = names(&["a.example", "b.example"]);
        for _ in 0..5 {
            assert_eq!(budget.wait(&order, NOW, true), None);
            budget.book_failure(&order, NOW);
        }
        let wait = budget.wait(&names(&["b.example"]), NOW, true).unwrap();
        assert_eq!(wait, Wait { until: NOW + 12 * MINUTE, scarce: Scarce::Failures("b.example".into()) });
        assert_eq!(budget.wait(&names(&["c.example"]), NOW, true), None);
    }

    #[test]
    fn the_authority_s_own_word_holds_even_for_the_hurried() {
        let mut budget = Budget::default();
        budget.pause(NOW + HOUR, NOW);
        budget.pause(NOW + MINUTE, NOW);
        let wait = budget.wait(&names(&["a.example"]), NOW, true).unwrap();
        assert_eq!(wait, Wait { until: NOW + HOUR, scarce: Scarce::Authority });
        budget.pause(u64::MAX, NOW);
        assert_eq!(budget.wait(&names(&["a.example"]), NOW, true).unwrap().until, NOW + LONGEST_PAUSE);
        budget.bring_to(NOW + LONGEST_PAUSE);
        assert_eq!(budget, Budget::default());
    }

    #[test]
    fn what_is_left_is_told_by_the_scarcest_domain() {
        let mut budget = Budget::default();
        budget.book(&names(&["shop.a.co.uk", "b.example"]), NOW);
        budget.book(&names(&["a.co.uk", "www.a.co.uk"]), NOW);
        let left = budget.left(&names(&["b.example", "a.co.uk", "c.example"]), NOW);
        assert_eq!(left, Left { orders: 38, of: 40, domain: Some("a.co.uk".into()), of_this_set: 4 });
        assert_eq!(budget.left(&[], NOW).orders, 40);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_for_ever() {
        let mut budget = Budget::default();
        let order = names(&["a.example"]);
        budget.book(&order, NOW);
        budget.book_failure(&order, NOW);
        budget.bring_to(1_000);
        let wait = budget.wait(&order, 1_000, false).unwrap();
        assert!(wait.until <= 1_000 + PER_SET.refill, "{wait:?}");
    }
}
