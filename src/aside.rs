//! One bad name stops nobody: names that were refused are set aside for a while, and where nobody says which name it
//! is, the suspects are halved until it is found, over several calls if need be.

use serde::{Deserialize, Serialize};

use crate::domain::DomainName;
use crate::tables::{HashMap, HashSet};

const HOUR: u64 = 3_600;
/// How long what failed is left alone, in seconds, by how often it did, one time after the other.
pub(crate) const REST: [u64; 3] = [HOUR, 6 * HOUR, 24 * HOUR];
/// After this time in peace, a refusal is forgotten.
const FORGOTTEN: u64 = 7 * 24 * HOUR;
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 300;

/// A name that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The name.
    pub name: DomainName,
    /// What Cloudways said.
    pub reason: String,
    /// When it was refused last, in Unix time.
    pub since: u64,
    /// Until when it is left out.
    pub until: u64,
    /// How often it was refused, one refusal after the other.
    pub times: u32,
    /// When it was refused first, in Unix time.
    #[serde(default)]
    pub first: u64,
}

impl SetAside {
    /// Whether it was refused twice, an hour or more apart.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.times > 1 && self.since >= self.first.saturating_add(HOUR)
    }
}

/// What was refused of one list: of the aliases, or of the certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Aside {
    names: Vec<SetAside>,
    /// Names of which one or more is bad, in groups that are tried one after the other.
    groups: Vec<Vec<DomainName>>,
}

impl Aside {
    /// The refusal of a name, if it is left out now.
    #[must_use]
    pub fn held(&self, name: &DomainName, now: u64) -> Option<&SetAside> {
        self.refusal(name).filter(|refusal| refusal.until > now)
    }

    /// The names that are left out now, each with its refusal.
    #[must_use]
    pub fn held_now(&self, now: u64) -> HashMap<&DomainName, &SetAside> {
        let held = self.names.iter().filter(|refusal| refusal.until > now);
        held.map(|refusal| (&refusal.name, refusal)).collect()
    }

    /// The last refusal of a name, whether it is left out now or not.
    #[must_use]
    pub fn refusal(&self, name: &DomainName) -> Option<&SetAside> {
        self.names.iter().find(|refusal| refusal.name == *name)
    }

    /// Which of these names go into the next try: all that are neither left out nor in a group whose turn comes
    /// later. They keep their order.
    #[must_use]
    pub fn choose(&self, names: &[DomainName], now: u64) -> Vec<DomainName> {
        if self.names.is_empty() && self.groups.is_empty() {
            return names.to_vec();
        }
        let held: HashSet<&DomainName> =
            self.names.iter().filter(|refusal| refusal.until > now).map(|refusal| &refusal.name).collect();
        let free: Vec<&DomainName> = names.iter().filter(|name| !held.contains(name)).collect();
        let is_free: HashSet<&DomainName> = free.iter().copied().collect();
        // A name that was refused before is tried alone, after everything else.
        let grouped: HashSet<&DomainName> = self.groups.iter().flatten().collect();
        let again = self.names.iter().map(|refusal| &refusal.name).filter(|name| !grouped.contains(name));
        let again: Vec<&DomainName> = again.collect();
        let waiting: HashSet<&DomainName> = grouped.iter().copied().chain(again.iter().copied()).collect();

        let first_group = self.groups.iter().map(|group| group.iter().filter(|name| is_free.contains(name)).collect());
        let alone = again.into_iter().filter(|name| is_free.contains(name)).map(|name| vec![name]);
        let turns: Vec<Vec<&DomainName>> = first_group.chain(alone).filter(|turn: &Vec<_>| !turn.is_empty()).collect();
        let unsuspected = free.iter().filter(|name| !waiting.contains(*name)).count();
        let is_last_resort = |turn: &Vec<&DomainName>| turn.len() == 1 && self.refusal(turn[0]).is_some();
        let turn: HashSet<&DomainName> = match turns.first() {
            Some(turn) if unsuspected == 0 || !is_last_resort(turn) => turn.iter().copied().collect(),
            _ => HashSet::default(),
        };
        free.into_iter().filter(|name| !waiting.contains(*name) || turn.contains(*name)).cloned().collect()
    }

    /// These names went through.
    pub fn passed(&mut self, names: &[DomainName]) {
        let passed: HashSet<&DomainName> = names.iter().collect();
        self.names.retain(|refusal| !passed.contains(&refusal.name));
        self.take_out_of_groups(&passed);
    }

    /// A try was refused. `tried` are the names that were new in it, `culprits` those that the refusal names. Where it
    /// names none, the tried ones are halved; a single one is the culprit.
    pub fn refused(&mut self, tried: &[DomainName], culprits: &[DomainName], reason: &str, now: u64) {
        let culprits = match (culprits, tried) {
            ([], [only]) => std::slice::from_ref(only),
            _ => culprits,
        };
        if culprits.is_empty() {
            self.take_out_of_groups(&tried.iter().collect());
            let (first, second) = tried.split_at(tried.len().div_ceil(2));
            for half in [second, first].into_iter().filter(|half| !half.is_empty()) {
                self.groups.insert(0, half.to_vec());
            }
            return;
        }
        self.set_aside(culprits, reason, now);
        self.take_out_of_groups(&culprits.iter().collect());
    }

    /// In one pass over what was refused before: a refusal can name thousands.
    fn set_aside(&mut self, culprits: &[DomainName], reason: &str, now: u64) {
        let guilty: HashSet<&DomainName> = culprits.iter().collect();
        let (before, others): (Vec<SetAside>, Vec<SetAside>) =
            std::mem::take(&mut self.names).into_iter().partition(|refusal| guilty.contains(&refusal.name));
        let before: HashMap<&DomainName, &SetAside> = before.iter().map(|refusal| (&refusal.name, refusal)).collect();
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        self.names = others;
        self.names.extend(culprits.iter().map(|name| {
            let (times, first) = before.get(name).map_or((0, now), |refusal| (refusal.times, refusal.first));
            let rest = REST[usize::try_from(times).map_or(REST.len() - 1, |times| times.min(REST.len() - 1))];
            SetAside {
                name: name.clone(),
                reason: reason.clone(),
                since: now,
                until: now.saturating_add(rest),
                times: times.saturating_add(1),
                first,
            }
        }));
    }

    /// A person wants another try at once. How often they were refused is not forgotten.
    pub fn try_again(&mut self, now: u64) {
        for refusal in &mut self.names {
            refusal.until = refusal.until.min(now);
        }
    }

    /// Forgets the names that nobody wants any more, and refusals of long ago.
    pub fn keep_only(&mut self, is_wanted: impl Fn(&DomainName) -> bool, now: u64) {
        self.names.retain(|refusal| is_wanted(&refusal.name) && refusal.until.saturating_add(FORGOTTEN) > now);
        for group in &mut self.groups {
            group.retain(&is_wanted);
        }
        self.groups.retain(|group| !group.is_empty());
    }

    /// A clock that was set back must not make anything last for ever.
    pub fn bring_to(&mut self, now: u64) {
        for refusal in &mut self.names {
            refusal.since = refusal.since.min(now);
            refusal.first = refusal.first.min(now);
            refusal.until = refusal.until.min(now.saturating_add(REST[REST.len() - 1]));
        }
    }

    fn take_out_of_groups(&mut self, names: &HashSet<&DomainName>) {
        for group in &mut self.groups {
            group.retain(|name| !names.contains(name));
        }
        self.groups.retain(|group| !group.is_empty());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn name(text: &str) -> DomainName {
        DomainName::parse(text.as_bytes()).unwrap()
    }

    fn numbered(count: usize) -> Vec<DomainName> {
        (0..count).map(|number| name(&format!("n{number:03}.example"))).collect()
    }

    /// Tries until nothing is left to try, against someone who refuses the bad ones without saying which.
    fn tries_until_found(count: usize, bad: &[usize]) -> (usize, HashSet<DomainName>, HashSet<DomainName>) {
        let all = numbered(count);
        let bad: HashSet<DomainName> = bad.iter().map(|at| all[*at].clone()).collect();
        let (mut aside, mut through, mut tries) = (Aside::default(), HashSet::default(), 0);
        loop {
            let open: Vec<DomainName> = all.iter().filter(|name| !through.contains(*name)).cloned().collect();
            let chosen = aside.choose(&open, NOW);
            if chosen.is_empty() {
                let held = open.into_iter().filter(|name| aside.held(name, NOW).is_some()).collect();
                return (tries, through, held);
            }
            tries += 1;
            if chosen.iter().any(|name| bad.contains(name)) {
                aside.refused(&chosen, &[], "no", NOW);
            } else {
                aside.passed(&chosen);
                through.extend(chosen);
            }
            assert!(tries < 1_000);
        }
    }

    #[test]
    fn the_bad_ones_are_found_by_halving_and_all_others_go_through() {
        for (count, bad) in
            [(1, vec![0]), (2, vec![1]), (7, vec![0, 6]), (100, vec![37]), (100, vec![3, 4, 99]), (64, vec![])]
        {
            let (tries, through, held) = tries_until_found(count, &bad);
            let expected: HashSet<DomainName> = bad.iter().map(|at| numbered(count)[*at].clone()).collect();
            assert_eq!(held, expected, "{count} {bad:?}");
            assert_eq!(through.len(), count - bad.len());
            assert!(tries <= 1 + 16 * bad.len(), "{tries} tries for {count} {bad:?}");
        }
    }

    #[test]
    fn a_named_culprit_rests_an_hour_then_six_then_a_day_and_the_others_go_on_at_once() {
        let all = numbered(3);
        let mut aside = Aside::default();
        let mut now = NOW;
        for rest in [HOUR, 6 * HOUR, 24 * HOUR, 24 * HOUR] {
            aside.refused(&all, &all[1..2], "n001 is bad", now);
            assert_eq!(aside.choose(&all, now), [all[0].clone(), all[2].clone()]);
            assert_eq!(aside.held(&all[1], now).unwrap().until, now + rest);
            assert_eq!(aside.choose(&all[1..2], now + rest - 1), []);
            assert_eq!(aside.choose(&all, now + rest), [all[0].clone(), all[2].clone()], "the others first");
            assert_eq!(aside.choose(&all[1..2], now + rest), all[1..2]);
            now += rest;
        }
        aside.passed(&all[1..2]);
        assert_eq!(aside, Aside::default());
    }

    #[test]
    fn names_that_come_meanwhile_go_with_the_next_group() {
        let all = numbered(5);
        let mut aside = Aside::default();
        aside.refused(&all[..4], &[], "no", NOW);
        assert_eq!(aside.choose(&all, NOW), [all[0].clone(), all[1].clone(), all[4].clone()]);
        aside.refused(&aside.choose(&all, NOW), &[], "no", NOW);
        assert_eq!(aside.choose(&all, NOW), all[..2]);
    }

    #[test]
    fn what_nobody_wants_any_more_is_forgotten() {
        let all = numbered(4);
        let mut aside = Aside::default();
        aside.refused(&all, &[], "no", NOW);
        aside.refused(&all, &all[..1], "no", NOW);
        aside.keep_only(|name| *name == all[0], NOW);
        assert_eq!(aside.choose(&all, NOW), all[1..]);
        aside.keep_only(|_| true, NOW + HOUR + FORGOTTEN);
        assert_eq!(aside, Aside::default());
    }

    #[test]
    fn a_person_in_a_hurry_gets_another_try() {
        let all = numbered(1);
        let mut aside = Aside::default();
        aside.refused(&all, &[], "no", NOW);
        aside.try_again(NOW);
        assert_eq!(aside.choose(&all, NOW), all);
        aside.refused(&all, &[], "no", NOW);
        assert_eq!(aside.held(&all[0], NOW).unwrap().until, NOW + 6 * HOUR);
    }
}
