//! The report: what was found, what was done, what is left, for each domain and as a whole. Version 1.

use std::net::IpAddr;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use crate::cloudways::{CredentialKind, Observed};
use crate::desired::Source;
use crate::dns::NameCheck;
use crate::domain::DomainName;
use crate::error::{Details, Error};
use crate::note::Note;

/// The version of the report.
pub const VERSION: u32 = 1;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on at `next_at`.
    Pending,
    /// Something is withheld, blocked or failed; still a good run.
    Partial,
    /// A plan, or a dry run, that would write.
    ChangesPending,
    /// Everything is as wanted.
    Ok,
}

/// Where an alias stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasStanding {
    /// It was there and stays.
    Present,
    /// It was put there in this run, or would be.
    Added,
    /// It was removed in this run, or would be.
    Removed,
    /// It is wanted, was sent, and is not there.
    Missing,
    /// It is wanted and not sent yet, or what was sent is still under way.
    Pending,
    /// It is not wanted and was kept until a person says so.
    Withheld,
    /// Cloudways refused it; it is left out for a while, and tried again.
    SetAside,
    /// It is no domain name.
    Invalid,
    /// It is the primary domain, or Cloudways' own name of the application.
    Primary,
    /// A wildcard alias covers it.
    ByWildcard,
}

/// Where a name stands with the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStanding {
    /// It is in it.
    Covered,
    /// It was ordered, and the order is under way.
    Ordered,
    /// It will be ordered.
    Waiting,
    /// Its DNS does not allow it, or its order failed.
    Blocked,
    /// There is no room for it.
    LeftOut,
    /// None holds it.
    None,
}

/// What DNS says about a name. Addresses are given where it is not plainly right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DnsReport {
    /// `here`, `elsewhere`, `proxied`, `missing`, `unknown` or `not_asked`.
    pub verdict: &'static str,
    /// The addresses found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// The chain of aliases in DNS that was followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cname: Vec<String>,
}

impl DnsReport {
    /// For a name that was not asked, since the answer would change nothing now.
    pub const NOT_ASKED: Self = Self { verdict: "not_asked", addresses: Vec::new(), cname: Vec::new() };

    /// What a check found; without its addresses where they are right.
    #[must_use]
    pub fn new(check: &NameCheck) -> Self {
        let right = check.verdict == crate::dns::Verdict::Here;
        Self {
            verdict: check.verdict.as_str(),
            addresses: if right { Vec::new() } else { check.addresses.clone() },
            cname: if right { Vec::new() } else { check.cname.clone() },
        }
    }
}

/// One domain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DomainReport {
    /// Why it is here: `mapped`, `www`, `extra`, `network` or `primary`.
    #[serde(serialize_with = "source")]
    pub source: Source,
    /// Its alias.
    pub alias: AliasStanding,
    /// Its DNS; `None` where it does not matter.
    pub dns: Option<DnsReport>,
    /// Its certificate.
    pub certificate: CertificateStanding,
    /// What is not right, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// The alias list as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct AliasesReport {
    /// What Cloudways has, at the last look.
    pub observed: Vec<String>,
    /// What is wanted.
    pub desired: Vec<DomainName>,
    /// What was added, or would be.
    pub added: Vec<DomainName>,
    /// What was removed, or would be.
    pub removed: Vec<String>,
    /// What is not wanted and was kept until a person says so.
    pub withheld: Vec<String>,
    /// What is not ours, and left alone.
    pub kept: Vec<String>,
    /// The exact list that was sent last; `None` when none was.
    pub sent: Option<Vec<String>>,
}

/// The certificate that is installed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstalledReport {
    /// The names in it; empty where they are not known.
    pub names: Vec<DomainName>,
    /// `le`, `wc` (wildcard) or `custom`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether Cloudways renews it by itself; `None` where that is not known.
    pub auto: Option<bool>,
    /// Who issued the one that is served, as far as it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Unix time of its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<u64>,
}

/// What Let's Encrypt's limits leave for an order of the wanted names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetReport {
    /// Orders that are left, by the registered domain that was in most of them.
    pub left: u64,
    /// How many it could be.
    pub of: u64,
    /// That registered domain; `None` when nothing is wanted.
    pub domain: Option<String>,
    /// Orders that are left of exactly these names.
    pub left_of_this_set: u64,
    /// Unix time of the next order, where one waits.
    pub next_order_at: Option<u64>,
}

/// The certificate as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CertificateReport {
    /// The one that is installed.
    pub installed: Option<InstalledReport>,
    /// The names it should hold.
    pub wanted: Vec<DomainName>,
    /// The names that were ordered in this run; `None` when nothing was.
    pub ordered: Option<Vec<DomainName>>,
    /// How many names it can hold.
    pub limit: usize,
    /// Names that find no room.
    pub left_out: Vec<DomainName>,
    /// What Let's Encrypt's limits leave; `None` when the certificate is not looked after.
    pub budget: Option<BudgetReport>,
    /// What is not right, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// An operation that goes on at Cloudways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationReport {
    /// Its id.
    pub id: String,
    /// `aliases`, `certificate` or `auto` for ours; the API's word, or an empty one, for others.
    pub kind: String,
    /// Whether it is ours.
    pub ours: bool,
    /// Since when, in Unix time.
    pub since: u64,
    /// How long it should take, in seconds, where the API said so.
    pub estimate_s: Option<u64>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Send the alias list.
    SetAliases {
        /// What it adds.
        add: Vec<DomainName>,
        /// What it takes away, as Cloudways spells it.
        remove: Vec<String>,
    },
    /// Order a certificate.
    OrderCertificate {
        /// For these names.
        names: Vec<DomainName>,
    },
    /// Ask Cloudways for the record that proves a wildcard, and whether it finds it; nothing is ordered yet.
    ProveWildcard {
        /// For these names.
        names: Vec<DomainName>,
    },
    /// Let Cloudways renew the certificate by itself.
    SwitchAutoRenewalOn,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanReport {
    /// 64 hexadecimal digits; the same plan has the same.
    pub fingerprint: String,
    /// Its steps, in their order.
    pub actions: Vec<Action>,
}

/// What stopped a run after its first write.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorReport {
    /// As an exception's `getErrorCode()`.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// Seconds until another try makes sense.
    pub retry_after: Option<u64>,
    /// The facts behind it, for translation.
    pub details: Details,
}

impl From<&Error> for ErrorReport {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            remedy: error.remedy(),
            retry_after: error.retry_after(),
            details: error.details(),
        }
    }
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// 1.
    pub version: u32,
    /// How it stands.
    pub status: Status,
    /// Unix time of the next call that makes sense; `None` when nothing is open.
    pub next_at: Option<u64>,
    /// The aliases.
    pub aliases: AliasesReport,
    /// The certificate.
    pub certificate: CertificateReport,
    /// Every domain, in the order in which they are wanted.
    #[serde(serialize_with = "map")]
    pub domains: Vec<(String, DomainReport)>,
    /// Whom the credentials opened, at the last look.
    pub connection: ConnectionReport,
    /// An operation that goes on.
    pub operation: Option<OperationReport>,
    /// What was to be done.
    pub plan: PlanReport,
    /// What stopped the run after its first write.
    pub error: Option<ErrorReport>,
    /// What else should be known.
    pub warnings: Vec<Note>,
    /// How many requests were sent to the API.
    pub requests: u32,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// To be given back with the next call.
    pub state: Value,
}

/// What `wu_cloudways_check_dns()` says of a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DnsCheckReport {
    /// `here`, `elsewhere`, `missing` or `unknown`; `not_asked` for what is no name.
    pub verdict: &'static str,
    /// The addresses found.
    pub addresses: Vec<IpAddr>,
    /// The last name of the chain of aliases in DNS that was followed; `None` when there was none.
    pub cname: Option<String>,
    /// What is not right, and what to do.
    pub note: Option<Note>,
}

/// What `wu_cloudways_check_dns()` answers: name by name, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub struct DnsChecksReport(pub Vec<(String, DnsCheckReport)>);

impl Serialize for DnsChecksReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(&self.0, serializer)
    }
}

/// What `wu_cloudways_test_connection()` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionReport {
    /// `access_token` or `legacy_key`.
    pub token: &'static str,
    /// The server.
    pub server: NamedReport,
    /// The application.
    pub application: ApplicationReport,
    /// The server's public addresses.
    pub addresses: Vec<IpAddr>,
    /// What the credentials allow, as far as it can be known without writing.
    pub rights: RightsReport,
}

impl ConnectionReport {
    /// Who was found with credentials of this kind.
    #[must_use]
    pub fn new(kind: CredentialKind, observed: &Observed) -> Self {
        let (server, app) = (&observed.server, &observed.app);
        Self {
            token: Self::token_of(kind),
            server: NamedReport { id: server.id, label: server.label.clone() },
            application: ApplicationReport {
                id: app.id,
                label: app.label.clone(),
                fqdn: app.fqdn.clone(),
                primary: app.primary.clone(),
                sys_user: app.sys_user.clone(),
                aliases: app.aliases.len(),
            },
            addresses: server.addresses.clone(),
            rights: RightsReport { read: "yes", write: "unknown" },
        }
    }

    /// The word for a kind of credentials.
    #[must_use]
    pub fn token_of(kind: CredentialKind) -> &'static str {
        match kind {
            CredentialKind::AccessToken => "access_token",
            CredentialKind::LegacyKey => "legacy_key",
        }
    }
}

/// Something with an id and a name that a person gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedReport {
    /// The id.
    pub id: u64,
    /// The name.
    pub label: String,
}

/// The application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApplicationReport {
    /// The id.
    pub id: u64,
    /// The name.
    pub label: String,
    /// What Cloudways calls it.
    pub fqdn: Option<DomainName>,
    /// Its primary domain.
    pub primary: Option<DomainName>,
    /// The user it runs as.
    pub sys_user: Option<String>,
    /// How many aliases it has.
    pub aliases: usize,
}

/// What the credentials allow: `yes`, `no` or `unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RightsReport {
    /// `GET /server`.
    pub read: &'static str,
    /// Everything that writes: it cannot be known without writing.
    pub write: &'static str,
}

fn source<S: Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(source.as_str())
}

fn map<S: Serializer, T: Serialize>(entries: &[(String, T)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        map.serialize_entry(key, value)?;
    }
    map.end()
}
