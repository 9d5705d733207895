//! What a history knows for certain, since it brought it about itself: who put each alias there, where each name
//! points to, which calls there were and what they were told. The oracle judges by it, and by nothing of the engine's.

use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds since 1970 by the simulator's clock.
pub type Millis = u64;

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// The name behind a spelling, as DNS sees it; `None` for what is no domain name.
pub fn name_of(spelling: &str) -> Option<String> {
    let name = spelling.strip_suffix('.').unwrap_or(spelling).to_ascii_lowercase();
    let plain = name.strip_prefix("*.").unwrap_or(&name);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (plain.contains('.') && plain.split('.').all(label)).then_some(name)
}

/// Whether some aliases reach a name: itself, or the wildcard one label above it.
pub fn reaches(aliases: &[String], name: &str) -> bool {
    let wildcard = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
    aliases.iter().filter_map(|alias| name_of(alias)).any(|alias| alias == name || Some(&alias) == wildcard.as_ref())
}

/// A domain of the network, as it is mapped.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    pub name: String,
    pub www: Option<bool>,
    pub priority: i64,
}

/// Whose an alias is in the engine's eyes, as far as a person can say who saw what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person put it there, and no call ever wanted it: it stays, letter by letter.
    Hand,
    /// Ours, or a person's: a call that was never kept may have sent it, or taken it over.
    Either,
    /// A call that was kept wanted it and saw it: it goes when its mapping ends.
    Ours,
}

/// One answer of `GET /server`.
#[derive(Clone, Debug)]
pub struct Look {
    /// The aliases that were shown to the engine.
    pub shown: Vec<String>,
    /// Those that were there.
    pub there: Vec<String>,
    pub primary: Option<String>,
    pub certificate: BTreeSet<String>,
    /// Whether the certificate is the customer's own, or a wildcard one.
    pub not_ours: bool,
    /// Whose the aliases were.
    pub origins: BTreeMap<String, Origin>,
}

impl Look {
    /// A look that shows what is there.
    pub fn of(app: &cloudways_sim::state::App) -> Self {
        Self {
            shown: app.aliases.clone(),
            there: app.aliases.clone(),
            primary: app.cname.clone().filter(|name| !name.is_empty()),
            certificate: crate::history::certificate_of(app),
            not_ours: !app.own_ssl.is_null() || app.lets_encrypt.as_ref().is_some_and(|le| le.kind == "wc"),
            origins: BTreeMap::new(),
        }
    }
}

/// What a call did last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Looked,
    Slept,
    Asked,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Running,
    /// With a report, and its memory was kept.
    Kept,
    /// With a report, and somebody else had taken over: its memory was lost.
    Displaced,
    /// With an exception.
    Thrown,
    /// It never came back.
    Killed,
}

/// What DNS may have said about a name in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Every address was ours, and nothing spoke against it.
    pub yes: bool,
    /// A definite no.
    pub no: bool,
    /// No answer that says anything.
    pub unknown: bool,
}

impl Said {
    pub const YES: Self = Self { yes: true, no: false, unknown: false };
    pub const NO: Self = Self { yes: false, no: true, unknown: false };
    pub const UNKNOWN: Self = Self { yes: false, no: false, unknown: true };

    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { yes: self.yes || other.yes, no: self.no || other.no, unknown: self.unknown || other.unknown }
    }
}

/// A call of the engine.
#[derive(Clone, Debug)]
pub struct Call {
    pub began: Millis,
    /// Every name it was told to want, as DNS sees them.
    pub wanted: BTreeSet<String>,
    /// Names whose mapping had ended, as it was told now or earlier.
    pub ended_names: BTreeSet<String>,
    /// Those of them that the engine must know of: from this call, or from one whose memory was kept.
    pub told: BTreeSet<String>,
    pub force: bool,
    pub looks: Vec<Look>,
    /// Names that it added to a list that it sent.
    pub sent: BTreeSet<String>,
    pub last: Last,
    /// Whether it changed something at Cloudways, or started what will.
    pub wrote: bool,
    pub said: BTreeMap<String, Said>,
    /// Names that it said the authority refused.
    pub refused: BTreeSet<String>,
    /// Names that left the certificate with an order of this call.
    pub dropped: BTreeSet<String>,
    pub ended: Ended,
    /// Whether another call ran inside it.
    pub overlapped: bool,
    /// The names that were the engine's when it began, for a memory that is written over.
    pub touched_before: BTreeMap<String, Absence>,
}

impl Call {
    /// Whether its memory was kept, and nobody wrote over it.
    pub fn knows_what_it_sent(&self) -> bool {
        self.ended == Ended::Kept && !self.overlapped
    }
}

/// A list that was sent.
#[derive(Clone, Debug)]
pub struct Post {
    pub call: usize,
    pub list: Vec<String>,
    /// What was there at the look it was made from.
    pub base: Vec<String>,
    pub origins: BTreeMap<String, Origin>,
}

/// An order that was sent.
#[derive(Clone, Debug)]
pub struct Order {
    pub call: usize,
    pub names: BTreeSet<String>,
    pub at: Millis,
}

/// Since when a name that was the engine's is not to be seen any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Absence {
    pub since: Option<Millis>,
}

/// Where a name points to.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointing {
    pub way: Way,
    /// The server's address when it was set.
    pub address: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Here,
    HereOverTcp,
    HereByCname,
    HereBothFamilies,
    HereCaaAllows,
    /// At a proxy that passes requests on.
    Proxied,
    /// The same, by way of https.
    ProxiedOverHttps,
    /// At a proxy that refuses.
    ProxyRefuses,
    /// At a proxy behind which nothing answers.
    ProxyDown,
    /// At a page that says that the domain is for sale.
    Parked,
    Elsewhere,
    /// One address is ours, another is not.
    Mixed,
    /// The IPv4 address is ours, the IPv6 address is not.
    ForeignIpv6,
    ElsewhereByCname,
    Dangling,
    Loop,
    Missing,
    Empty,
    CaaForbids,
    Servfail,
    Silent,
    /// Ours, but for some answers that fail.
    FlakyServfail,
    FlakyNxdomain,
}

#[derive(Default)]
pub struct Book {
    pub mapped: Vec<Mapped>,
    /// The alias list when it was last looked at.
    pub list: Vec<String>,
    /// By spelling.
    pub origins: BTreeMap<String, Origin>,
    /// Names that are or were the engine's, as far as it may remember.
    pub touched: BTreeMap<String, Absence>,
    pub posts: Vec<Post>,
    /// What faults let a person do to the list.
    pub scripted: Vec<(Vec<String>, Vec<String>)>,
    /// Names whose mapping ended and that were not mapped since.
    pub ended: BTreeSet<String>,
    /// Names in the certificate of which the engine was told that they should go, and must remember it.
    pub told: BTreeSet<String>,
    pub calls: Vec<Call>,
    /// The calls going on, the outermost first.
    pub active: Vec<usize>,
    /// The names of the certificate when they were last looked at.
    pub certificate: BTreeSet<String>,
    pub orders: Vec<Order>,
    /// How many orders the authority's log had when it was last looked at.
    pub orders_seen: usize,
    /// Whether orders of others used the authority's limits.
    pub others_ordered: bool,
    /// When orders are possible again, after one met a limit and the engine was told so.
    pub limited_until: Option<Millis>,
    /// Names that a person let go from the certificate, until they have left it.
    pub accepted: BTreeSet<String>,
    /// When the engine's memory was lost.
    pub memory_lost: Option<Millis>,
    pub pointing: BTreeMap<String, Pointing>,
    pub address: String,
    pub primary: Option<String>,
    pub fqdn: String,
    /// Whether names that point elsewhere are asked for a file of the site.
    pub probing: bool,
}

impl Book {
    /// What DNS says about a name now: its addresses, and whether CAA lets Let's Encrypt issue.
    pub fn says(&self, name: &str) -> Said {
        let addresses = self.addresses_say(name);
        if !addresses.yes {
            return addresses;
        }
        let issuing = self.caa_says(name);
        Said { yes: issuing.yes, no: addresses.no || issuing.no, unknown: addresses.unknown || issuing.unknown }
    }

    fn has(&self, name: &str) -> bool {
        reaches(&self.list, name) || self.primary.as_deref() == Some(name)
    }

    fn addresses_say(&self, name: &str) -> Said {
        let Some(pointing) = self.pointing.get(name) else { return Said::NO };
        let here = if pointing.address == self.address { Said::YES } else { Said::NO };
        match pointing.way {
            Way::Here | Way::HereOverTcp | Way::HereBothFamilies | Way::HereCaaAllows | Way::CaaForbids => here,
            Way::HereByCname => self.addresses_say(HUB),
            // The probe reaches the application where this has the name.
            Way::Proxied | Way::ProxiedOverHttps if self.probing && self.has(name) => Said::YES,
            Way::ProxyRefuses | Way::ProxyDown if self.probing => Said::UNKNOWN,
            Way::Proxied
            | Way::ProxiedOverHttps
            | Way::ProxyRefuses
            | Way::ProxyDown
            | Way::Parked
            | Way::Elsewhere
            | Way::Mixed
            | Way::ForeignIpv6
            | Way::ElsewhereByCname
            | Way::Dangling
            | Way::Missing
            | Way::Empty => Said::NO,
            // A loop is an answer that leads nowhere: no by some, unknown by others.
            Way::Loop => Said::NO.or(Said::UNKNOWN),
            Way::Servfail | Way::Silent => Said::UNKNOWN,
            Way::FlakyServfail => here.or(Said::UNKNOWN),
            Way::FlakyNxdomain => here.or(Said::NO),
        }
    }

    /// The nearest CAA records decide, from the name upwards; where they cannot be read, nobody knows.
    fn caa_says(&self, name: &str) -> Said {
        let mut said = Said::default();
        let mut at = Some(name);
        while let Some(name) = at {
            match self.pointing.get(name).map(|pointing| pointing.way) {
                Some(Way::HereCaaAllows) => return said.or(Said::YES),
                Some(Way::CaaForbids) => return said.or(Said::NO),
                Some(Way::Servfail) => return said.or(Said::UNKNOWN),
                // Some of the answers only, or an odd answer.
                Some(Way::Silent | Way::FlakyServfail | Way::Loop) => said = said.or(Said::UNKNOWN),
                _ => {}
            }
            at = name.split_once('.').map(|(_, parent)| parent);
        }
        said.or(Said::YES)
    }

    /// What DNS says now is what the calls that go on may hear from now on.
    pub fn note_what_dns_says(&mut self) {
        let names: Vec<String> = self.pointing.keys().cloned().collect();
        let said: Vec<(String, Said)> = names.into_iter().map(|name| (name.clone(), self.says(&name))).collect();
        for at in &self.active {
            for (name, said) in &said {
                let entry = self.calls[*at].said.entry(name.clone()).or_default();
                *entry = entry.or(*said);
            }
        }
    }

    /// A person changed the list.
    pub fn hand_changed(&mut self, add: &[String], remove: &[String]) {
        for alias in remove {
            self.origins.remove(alias);
        }
        for alias in add {
            // Where the engine may still think that the name is its own, a person's alias looks like its own.
            let touched = name_of(alias).is_some_and(|name| self.touched.contains_key(&name));
            let origin = if touched { Origin::Either } else { Origin::Hand };
            self.origins.insert(alias.clone(), origin);
        }
    }

    /// The engine begins anew: what was its own may be anybody's.
    pub fn memory_is_lost(&mut self, now: Millis) {
        self.memory_lost = Some(now);
        self.told.clear();
        for origin in self.origins.values_mut().filter(|origin| **origin == Origin::Ours) {
            *origin = Origin::Either;
        }
    }

    /// The innermost call.
    pub fn call(&mut self) -> &mut Call {
        let at = *self.active.last().expect("a call goes on");
        &mut self.calls[at]
    }

    /// The names that are wanted, as the mappings say it now.
    pub fn wanted_now(&self, www: crate::runner::Www, extras: &[String]) -> BTreeSet<String> {
        crate::runner::wanted(&self.mapped, www, extras)
    }
}

/// The name that hosted domains point to by CNAME.
pub const HUB: &str = "hub.hosting.example";
