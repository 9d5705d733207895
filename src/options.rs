//! What a caller asks for: the domains and the options of one call, as plain values.

pub mod given;
pub mod read;

use std::time::Duration;

use serde_json::Value;

use crate::domain::DomainName;

/// Which domains get a `www.` alias of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WwwRule {
    /// Every one that can have it.
    #[default]
    Always,
    /// Only domains that are not subdomains themselves, by the public suffix list.
    MainOnly,
    /// None.
    Never,
}

/// A domain that is mapped, as the caller gave it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DomainEntry {
    /// The bytes that should be a domain name.
    pub domain: Vec<u8>,
    /// Whether it gets a `www.` alias; `None`: the call's [`WwwRule`] says.
    pub www: Option<bool>,
    /// A higher one gets certificate space first.
    pub priority: i64,
}

impl DomainEntry {
    /// A name and nothing else said.
    #[must_use]
    pub fn new(domain: impl Into<Vec<u8>>) -> Self {
        Self { domain: domain.into(), ..Self::default() }
    }
}

/// A static file that the site serves, by which a name that points to a proxy is recognised as ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeFile {
    /// Where it is: `/.well-known/acme-challenge/…`, ASCII without blanks, at most 200 bytes.
    pub path: String,
    /// What is in it: 1 to 1,024 bytes of visible ASCII.
    pub body: String,
}

/// The options of a call. See the design's table for what each does.
#[derive(Debug, Clone)]
pub struct Options {
    /// The memory of the last report.
    pub state: Option<Value>,
    /// For domains that do not say themselves whether they get `www.`.
    pub www: WwwRule,
    /// Names whose mapping ended.
    pub removed: Vec<DomainEntry>,
    /// The network's own domain: names under it are its sites, not customers' domains.
    pub network_domain: Option<DomainName>,
    /// The system user of the site that asks.
    pub sys_user: Option<String>,
    /// Observed names that become ours.
    pub adopt: Vec<DomainName>,
    /// Names of ours that cease to be.
    pub release: Vec<DomainName>,
    /// Whether the certificate is looked after.
    pub ssl: bool,
    /// The time for the whole call.
    pub deadline: Duration,
    /// A person accepts what would be withheld.
    pub force: bool,
    /// Apply exactly the plan that has this fingerprint.
    pub fingerprint: Option<String>,
    /// The file that names behind a proxy are asked for; `None`: they count as pointing elsewhere.
    pub probe: Option<ProbeFile>,
    /// The last call never came back.
    pub interrupted: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            state: None,
            www: WwwRule::Always,
            removed: Vec::new(),
            network_domain: None,
            sys_user: None,
            adopt: Vec::new(),
            release: Vec::new(),
            ssl: true,
            deadline: Duration::from_secs(20),
            force: false,
            fingerprint: None,
            probe: None,
            interrupted: false,
        }
    }
}

/// The options of a call that asks about names alone.
#[derive(Debug, Clone)]
pub struct DnsOptions {
    /// The time for the whole call.
    pub deadline: Duration,
    /// The file that names behind a proxy are asked for; `None`: they count as pointing elsewhere.
    pub probe: Option<ProbeFile>,
}

impl Default for DnsOptions {
    fn default() -> Self {
        Self { deadline: Options::default().deadline, probe: None }
    }
}
