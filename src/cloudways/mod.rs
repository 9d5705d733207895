//! The Cloudways Platform API v2: what is read, what is written, and how it can go wrong.
//!
//! Reading and writing are two traits, so that a preview is given no way to write.

mod auth;
mod client;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod retry;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use client::HttpCloudways;
pub use retry::{Access, Attempt, Decision, Happened, decide};
pub(crate) use wire::is_operation_id;
pub use wire::shorten;

use crate::clock::Deadline;
use crate::domain::DomainName;
use crate::error::Error;
use crate::tables::{HashSet, set_of_at_most};

/// What one `GET /server` says about our server and our application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The server.
    pub server: Server,
    /// The application.
    pub app: App,
}

/// The server the application is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its id.
    pub id: u64,
    /// The name a person gave it.
    pub label: String,
    /// Its public addresses: those a domain must point to.
    pub addresses: Vec<IpAddr>,
}

/// The application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: u64,
    /// The name a person gave it.
    pub label: String,
    /// The name Cloudways gave it, below `cloudwaysapps.com`.
    pub fqdn: Option<DomainName>,
    /// The primary domain (`cname`), if one is set.
    pub primary: Option<DomainName>,
    /// The aliases, in the order and spelling of the API.
    pub aliases: Arc<[ObservedAlias]>,
    /// The user it runs as, which is the folder its files are in.
    pub sys_user: Option<String>,
    /// The certificate it serves.
    pub certificate: InstalledCertificate,
}

/// An alias as Cloudways has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedAlias {
    /// As the API spells it. Sent back like this, always.
    pub spelling: String,
    /// The same, normalised; `None` when it is no domain name as we know them.
    pub name: Option<DomainName>,
}

impl ObservedAlias {
    /// Reads an alias, whatever it is.
    #[must_use]
    pub fn new(spelling: impl Into<String>) -> Self {
        let spelling = spelling.into();
        let name = DomainName::parse(spelling.as_bytes()).ok();
        Self { spelling, name }
    }
}

/// The names among some aliases, as far as they are names.
#[must_use]
pub fn names_of(aliases: &[ObservedAlias]) -> HashSet<&DomainName> {
    set_of_at_most(aliases.len(), aliases.iter().filter_map(|alias| alias.name.as_ref()))
}

/// The spellings of some aliases.
#[must_use]
pub fn spellings_of(aliases: &[ObservedAlias]) -> HashSet<&str> {
    aliases.iter().map(|alias| alias.spelling.as_str()).collect()
}

/// Whether a list shows what a write did: everything that it adds is there, and nothing that it removes.
#[must_use]
pub fn shows<'a>(observed: &[ObservedAlias], adds: &[DomainName], removes: impl IntoIterator<Item = &'a str>) -> bool {
    let (names, spellings) = (names_of(observed), spellings_of(observed));
    adds.iter().all(|name| names.contains(name)) && !removes.into_iter().any(|spelling| spellings.contains(spelling))
}

/// The certificate an application has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstalledCertificate {
    /// None.
    None,
    /// Let's Encrypt's ordinary one (`type` is `le`).
    LetsEncrypt {
        /// The names in it, in the API's order.
        names: Vec<DomainName>,
        /// Whether Cloudways renews it by itself; `None` where the API did not say.
        auto: Option<bool>,
    },
    /// Let's Encrypt's wildcard one (`type` is `wc`).
    Wildcard {
        /// The names in it.
        names: Vec<DomainName>,
        /// Whether Cloudways renews it by itself; `None` where the API did not say.
        auto: Option<bool>,
    },
    /// The customer's own.
    Custom,
    /// There may be one, and what the API says of it cannot be understood.
    Unreadable,
}

/// An operation that Cloudways carries out after its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRef {
    /// Its id: digits, `flex-…` or a UUID.
    pub id: String,
    /// What it does, in the API's word, where the API said so.
    pub kind: Option<String>,
    /// How long it will take, in seconds, where the API said so (it speaks in minutes; 0 says nothing).
    pub estimate: Option<u64>,
}

/// What polling an operation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// It goes on. The estimate in seconds, where the API said so.
    Running {
        /// Seconds.
        estimate: Option<u64>,
    },
    /// It ended well.
    Done,
    /// It failed, with everything the API says of it: plain text without secrets, at most 8 KiB, for names to be found
    /// in it. [`shorten`] makes it fit to be shown.
    Failed(String),
    /// It cannot be polled (403 or 404): what it did must be read from the application.
    NotPollable,
}

/// A write that the API accepted. It is not done yet when there is an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The operation it started, where one was named.
    pub operation: Option<OperationRef>,
}

/// What stands about the DNS record that proves a wildcard's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WildcardDns {
    /// Whether Cloudways has seen it. What it does not say is not so.
    pub is_verified: bool,
    /// What the record points to, presumably (open): the application's own name. `None` where the API did not say.
    pub target: Option<DomainName>,
}

/// A write that was not plainly accepted.
#[derive(Debug)]
pub enum WriteFailure {
    /// The server is busy with another operation. Nothing was changed.
    Busy(OperationRef),
    /// The API understood it and said no. Nothing was changed.
    Refused {
        /// The refusal, with what was said in short.
        error: Error,
        /// Everything that was said, about all fields: plain text without secrets, at most 8 KiB, for names to be found
        /// in it.
        said: String,
        /// Whether it is about the names that were sent, and about nothing else.
        about_names: bool,
    },
    /// Nothing was changed, and it is worth another try: after this time, and from a fresh look.
    Later {
        /// How long to wait first.
        after: Duration,
        /// What it is where there is no time for that.
        error: Error,
    },
    /// Nobody knows whether it took effect: the answer was lost. Look before it is repeated.
    Unknown(Error),
    /// It did not take effect.
    Failed(Error),
}

/// How the credentials are of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// An access token, `cw_…`.
    AccessToken,
    /// E-mail and API key, exchanged for a token.
    LegacyKey,
}

/// What can be read at Cloudways.
pub trait CloudwaysRead {
    /// `GET /server`: our server and our application in it. Retries what is worth it until `deadline`.
    ///
    /// # Errors
    /// [`Error`] when there was no usable answer, or the server or application is not in it.
    fn observe(&mut self, deadline: Deadline<'_>) -> Result<Observed, Error>;

    /// `GET /operation/{id}`. One look; a passing fault is retried until `deadline`.
    ///
    /// # Errors
    /// [`Error`] when there was no usable answer. That the operation failed is no error here.
    fn operation(&mut self, id: &str, deadline: Deadline<'_>) -> Result<OperationState, Error>;

    /// How many requests were sent so far, those to `/oauth/access_token` included.
    fn requests(&self) -> u32;
}

/// What can be written at Cloudways.
pub trait CloudwaysWrite: CloudwaysRead {
    /// `POST /app/manage/aliases`: replaces the whole list.
    ///
    /// # Errors
    /// [`WriteFailure`] says whether it may have taken effect.
    fn set_aliases(&mut self, aliases: &[String], deadline: Deadline<'_>) -> Result<Accepted, WriteFailure>;

    /// `POST /security/lets_encrypt_install`: orders a certificate for exactly these names, in place of the one
    /// there is. With `wildcard` for a zone, whose record must have been verified before.
    ///
    /// # Errors
    /// [`WriteFailure`] says whether it may have taken effect.
    fn install_certificate(
        &mut self,
        names: &[DomainName],
        wildcard: bool,
        deadline: Deadline<'_>,
    ) -> Result<Accepted, WriteFailure>;

    /// `POST /security/createDNS`: prepares a wildcard certificate for the zone below `apex`, and says what record the
    /// customer has to create. To do it twice does no harm (presumed).
    ///
    /// # Errors
    /// [`WriteFailure`] says whether it may have taken effect. A 2xx that says that it did not is a refusal.
    fn create_wildcard_dns(&mut self, apex: &DomainName, deadline: Deadline<'_>) -> Result<WildcardDns, WriteFailure>;

    /// `POST /security/verifyDNS`: has Cloudways look for that record.
    ///
    /// # Errors
    /// As [`CloudwaysWrite::create_wildcard_dns`]. That the record is not there yet is no error.
    fn verify_wildcard_dns(&mut self, apex: &DomainName, deadline: Deadline<'_>) -> Result<WildcardDns, WriteFailure>;

    /// `POST /security/lets_encrypt_auto`: lets Cloudways renew the certificate by itself, or not.
    ///
    /// # Errors
    /// [`WriteFailure`] says whether it may have taken effect.
    fn set_auto_renewal(&mut self, on: bool, deadline: Deadline<'_>) -> Result<Accepted, WriteFailure>;
}
