//! Looking names up in the state's DNS: wildcards, CNAME chains, faults.

use std::collections::{BTreeMap, HashSet};
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::state::{DnsEntry, DnsFault, State, dns_key};

/// The longest CNAME chain that is followed.
const MAX_CHAIN: usize = 16;

/// The entries of the zone by name, with an index for the question whether there are names below another.
///
/// It is a map to all who use it. The index is made when it is first needed after a change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names {
    entries: BTreeMap<String, DnsEntry>,
    /// Every name that has one below it.
    #[serde(skip)]
    above: OnceLock<HashSet<String>>,
}

impl Names {
    fn has_below(&self, name: &str) -> bool {
        let above = self.above.get_or_init(|| {
            let mut above = HashSet::new();
            for key in self.entries.keys() {
                let mut rest = key.as_str();
                // Above a name that is there already are those that were put there with it.
                while let Some((_, zone)) = rest.split_once('.')
                    && above.insert(zone.to_string())
                {
                    rest = zone;
                }
            }
            above
        });
        above.contains(name)
    }
}

impl Deref for Names {
    type Target = BTreeMap<String, DnsEntry>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl DerefMut for Names {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.above.take();
        &mut self.entries
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl FromIterator<(String, DnsEntry)> for Names {
    fn from_iter<I: IntoIterator<Item = (String, DnsEntry)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect(), above: OnceLock::new() }
    }
}

impl IntoIterator for Names {
    type Item = (String, DnsEntry);
    type IntoIter = std::collections::btree_map::IntoIter<String, DnsEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Names {
    type Item = (&'a String, &'a DnsEntry);
    type IntoIter = std::collections::btree_map::Iter<'a, String, DnsEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

/// What a name leads to. `chain` holds the CNAME steps on the way: owner and target.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// An entry without a CNAME of its own.
    Entry { entry: &'a DnsEntry, chain: Vec<(String, String)> },
    /// The name at the end does not exist.
    NoName { chain: Vec<(String, String)> },
    /// The chain comes back to itself, or is too long.
    Loop { chain: Vec<(String, String)> },
    /// A name on the way answers with a failure, or not at all.
    Failing { silent: bool, chain: Vec<(String, String)> },
}

/// Follows `name` to its end.
pub(crate) fn resolve<'a>(state: &'a State, name: &str) -> Found<'a> {
    let mut name = dns_key(name);
    let mut chain: Vec<(String, String)> = Vec::new();
    loop {
        let Some(entry) = entry_of(state, &name) else {
            return Found::NoName { chain };
        };
        match active_fault(entry) {
            Some(DnsFault::Nxdomain) => return Found::NoName { chain },
            Some(DnsFault::Servfail) => return Found::Failing { silent: false, chain },
            Some(DnsFault::Silence) => return Found::Failing { silent: true, chain },
            Some(DnsFault::Truncate) | None => {}
        }
        let Some(target) = &entry.cname else {
            return Found::Entry { entry, chain };
        };
        let target = dns_key(target);
        chain.push((name, target.clone()));
        if chain.len() >= MAX_CHAIN || chain.iter().any(|(owner, _)| *owner == target) {
            return Found::Loop { chain };
        }
        name = target;
    }
}

/// The fault of an entry, while it lasts.
pub(crate) fn active_fault(entry: &DnsEntry) -> Option<DnsFault> {
    if entry.fault_times == Some(0) { None } else { entry.fault }
}

/// The key under which a name is answered: its own, or the wildcard of the closest name that is there (RFC 4592).
pub(crate) fn key_of(state: &State, name: &str) -> Option<String> {
    if state.dns.contains_key(name) {
        return Some(name.to_string());
    }
    if state.dns.has_below(name) {
        return None;
    }
    let mut below = name;
    while let Some((_, zone)) = below.split_once('.') {
        let wildcard = format!("*.{zone}");
        if state.dns.contains_key(&wildcard) {
            return Some(wildcard);
        }
        if state.dns.contains_key(zone) || state.dns.has_below(zone) {
            return None;
        }
        below = zone;
    }
    None
}

/// What a name has: nothing when it is there only because names below it are (RFC 8020), and None when it is not.
fn entry_of<'a>(state: &'a State, name: &str) -> Option<&'a DnsEntry> {
    match key_of(state, name) {
        Some(key) => state.dns.get(&key),
        None if state.dns.has_below(name) => Some(&NOTHING),
        None => None,
    }
}

static NOTHING: DnsEntry = DnsEntry::EMPTY;

/// A CAA record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Caa {
    pub(crate) flags: u8,
    pub(crate) tag: String,
    pub(crate) value: String,
}

/// Reads a CAA record as it stands in a zone file: `0 issue "letsencrypt.org"`.
pub(crate) fn parse_caa(text: &str) -> Result<Caa, String> {
    let wrong = || format!("not a CAA record (FLAGS TAG \"VALUE\"): {text}");
    let mut parts = text.trim().splitn(3, ' ');
    let flags = parts.next().and_then(|f| f.parse().ok()).ok_or_else(wrong)?;
    let tag = parts.next().filter(|t| !t.is_empty() && t.len() < 256).ok_or_else(wrong)?;
    let value = parts.next().ok_or_else(wrong)?.trim().trim_matches('"');
    Ok(Caa { flags, tag: tag.to_string(), value: value.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(entries: &[(&str, DnsEntry)]) -> State {
        State { dns: entries.iter().map(|(n, e)| ((*n).to_string(), e.clone())).collect(), ..State::default() }
    }

    fn cname(target: &str) -> DnsEntry {
        DnsEntry { cname: Some(target.into()), ..DnsEntry::default() }
    }

    #[test]
    fn the_closest_zone_decides_about_a_wildcard() {
        let state = state(&[("*.b.example", cname("x.")), ("a.b.example", cname("y."))]);
        assert_eq!(key_of(&state, "z.b.example").as_deref(), Some("*.b.example"));
        assert_eq!(key_of(&state, "deep.z.b.example").as_deref(), Some("*.b.example"));
        assert_eq!(key_of(&state, "a.b.example").as_deref(), Some("a.b.example"));
        assert_eq!(key_of(&state, "below.a.b.example"), None, "a.b.example is there, without a wildcard");
        assert_eq!(key_of(&state, "b.example"), None, "a wildcard does not hold for the zone itself");
    }

    #[test]
    fn a_name_above_others_is_there_and_has_nothing() {
        let state = state(&[("*.example", cname("x.")), ("a.b.example", cname("y.")), ("ab.c.example", cname("z."))]);
        for name in ["b.example", "example", "c.example"] {
            let Found::Entry { entry, .. } = resolve(&state, name) else { panic!("{name} is not there") };
            assert_eq!(entry, &DnsEntry::EMPTY, "{name}");
        }
        assert!(
            matches!(resolve(&state, "x.b.example"), Found::NoName { .. }),
            "b.example is closer than the wildcard"
        );
        assert_eq!(key_of(&state, "x.a.example").as_deref(), Some("*.example"), "ab.c.example is not below a.example");
        let mut empty = state;
        empty.dns.clear();
        assert!(matches!(resolve(&empty, "b.example"), Found::NoName { .. }), "the index follows the entries");
    }

    #[test]
    fn chains_end_in_an_entry_nothing_or_a_loop() {
        let end = DnsEntry { a: vec!["203.0.113.10".parse().expect("an address")], ..DnsEntry::default() };
        let state = state(&[
            ("one.example", cname("Two.example.")),
            ("two.example", cname("three.example")),
            ("three.example", end),
            ("dangling.example", cname("nowhere.example")),
            ("loop.example", cname("pool.example")),
            ("pool.example", cname("loop.example")),
        ]);
        let Found::Entry { entry, chain } = resolve(&state, "ONE.example.") else { panic!("an entry") };
        assert_eq!((entry.a.len(), chain.len()), (1, 2));
        assert!(matches!(resolve(&state, "dangling.example"), Found::NoName { chain } if chain.len() == 1));
        assert!(matches!(resolve(&state, "loop.example"), Found::Loop { chain } if chain.len() == 2));
    }

    #[test]
    fn caa_records_are_read_as_in_a_zone_file() {
        let caa = parse_caa(r#"128 issue "ca.example; account=1""#).expect("a record");
        assert_eq!((caa.flags, caa.tag.as_str(), caa.value.as_str()), (128, "issue", "ca.example; account=1"));
        assert!(parse_caa("issue letsencrypt.org").is_err());
    }
}
