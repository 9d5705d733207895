//! What the simulator holds: account, servers, applications, operations, DNS, and the switches for
//! what is not known about the real API.
//!
//! [`State::default`] is the start state. A key that is missing in a JSON state takes its value from
//! the start state; a key that does not exist is an error, so that a misspelt one cannot pass silently.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use crate::certificates::Certificate;
pub use crate::limits::{Authority, Limit, Order, OrderOutcome};
pub use crate::tls::{Tls, TlsUncovered};
pub use crate::web::{Behaviour, WebEntry};
pub use crate::zone::Names;

/// Everything that can be read, replaced and patched through `/_sim/state`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// Seconds that the simulator's clock is ahead of the real one, or of where it was made to stand still.
    pub time_offset: i64,
    /// Milliseconds on top of that.
    pub time_offset_ms: i64,
    /// Set: the clock stands still here (milliseconds since 1970), and only the two offsets move it.
    pub frozen_at_ms: Option<i64>,
    /// Who may ask.
    pub account: Account,
    /// The servers of the account with their applications.
    pub servers: Vec<Server>,
    /// Operations, running and ended, in the order in which they began.
    pub operations: Vec<Operation>,
    /// The whole of the DNS: name (lower case, no trailing dot; `*.zone` for a wildcard) to records.
    pub dns: Names,
    /// How the simulator behaves where the real API is not known.
    pub switches: Switches,
    /// The number that the next id is made from.
    pub next_id: u64,
    /// What the certificate authority remembers: its limits, and the orders.
    pub authority: Authority,
    /// By application: the Let's Encrypt certificate that is served. It follows `lets_encrypt` of the application.
    pub certificates: BTreeMap<String, Certificate>,
    /// How names answer on port 80 and 443 that do not lead to a server of the account.
    pub web: BTreeMap<String, WebEntry>,
    /// By application: the static files in its web root, path to content.
    pub web_files: BTreeMap<String, BTreeMap<String, String>>,
    /// By application: the wildcard certificate whose DNS record was asked for.
    pub wildcards: BTreeMap<String, WildcardDns>,
    /// By application: the text of its PHP-FPM settings, when it was changed.
    pub fpm_settings: BTreeMap<String, String>,
}

/// A wildcard certificate on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WildcardDns {
    /// The zone, lower case.
    pub apex: String,
    /// The address given with it.
    pub email: String,
    /// Whether the record was found when it was last asked for.
    pub is_verified: bool,
}

/// Credentials of the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// The e-mail address for the legacy exchange.
    pub email: String,
    /// The API key for the legacy exchange.
    pub api_key: String,
    /// Access tokens (`cw_…`), sent as Bearer without an exchange.
    pub tokens: Vec<Token>,
    /// Tokens that the legacy exchange has given out.
    pub sessions: Vec<Session>,
}

/// An access token. Prefix, roles and Bearer use were observed against the live API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    /// The token itself.
    pub token: String,
    /// What it may do.
    pub role: Role,
    /// For [`Role::Limited`]: what it may reach, as `"GET /server"`, `"/app/manage/aliases"` (any
    /// method), `"GET /operation/{id}"`, or with a trailing `*`.
    pub endpoints: Vec<String>,
    /// Refused like an expired or revoked token.
    pub expired: bool,
}

/// The role of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Everything.
    #[default]
    Full,
    /// What only reads (GET).
    Read,
    /// The listed endpoints.
    Limited,
}

/// A token from the legacy exchange; it has all rights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The token itself.
    pub token: String,
    /// Unix time in seconds, of the simulator's clock, from which it is refused.
    pub expires_at: i64,
}

/// A server. Keys that are not named here are kept and given out by `GET /server` as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// The id: digits, as a string.
    pub id: String,
    /// The name people gave it.
    pub label: String,
    /// `running` and the like.
    pub status: String,
    /// The IPv4 address.
    pub public_ip: String,
    /// The IPv6 address. Whether the real answer has this key is not known.
    pub public_ipv6: Option<String>,
    /// The server's own name.
    pub server_fqdn: String,
    /// Its applications.
    pub apps: Vec<App>,
    /// The other keys of the answer, passwords among them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An application. Keys that are not named here are kept and given out by `GET /server` as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct App {
    /// The id: digits, as a string.
    pub id: String,
    /// The name people gave it.
    pub label: String,
    /// `wordpressmu` and the like.
    pub application: String,
    /// The application's own name under `cloudwaysapps.com`.
    pub app_fqdn: String,
    /// The primary domain; `""` and null both mean that there is none (observed against the live API).
    pub cname: Option<String>,
    /// The alias list, each in the spelling in which it came.
    pub aliases: Vec<String>,
    /// The Let's Encrypt certificate, or null.
    pub lets_encrypt: Option<LetsEncrypt>,
    /// Truthy: the customer's own certificate is active.
    pub own_ssl: Value,
    /// The system user, which is the application's folder.
    pub sys_user: String,
    /// The other keys of the answer, passwords among them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What `GET /server` tells of a certificate. The keys were observed against the live API, which gives
/// no expiry date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LetsEncrypt {
    /// The application's own name.
    pub app_prefix: String,
    /// Whether it is renewed without being asked.
    pub auto: bool,
    /// Seen as null.
    pub challenges: Value,
    /// Whether it is served.
    pub is_installed: bool,
    /// Whether it was validated.
    pub is_verified: bool,
    /// The names it holds.
    pub ssl_domains: Vec<String>,
    /// The address given with the order.
    pub ssl_email: String,
    /// `le`, or `wc` for a wildcard certificate.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Something that takes time on a server and locks it against other writes.
///
/// A stranger's operation (a cache purge, say) needs only `id`, `type` and `server_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operation {
    /// The id, as `GET /operation/{id}` takes it.
    pub id: String,
    /// What it does.
    #[serde(rename = "type")]
    pub kind: String,
    /// The server it runs on.
    pub server_id: String,
    /// The application it is for; empty when it is for the server.
    pub app_id: String,
    /// Where it stands.
    pub outcome: Outcome,
    /// The sentence that goes with it.
    pub message: String,
    /// Milliseconds of the simulator's clock; filled in with the present when absent.
    pub started_at_ms: Option<i64>,
    /// How often it was asked for.
    pub polls: u32,
    /// What ends it; filled in from the switches, when absent, the moment it is first seen.
    pub pace: Option<Pace>,
    /// A refusal of its own for whoever asks for it: 403 or 404.
    pub poll_refused: Option<u16>,
    /// Set: it ends as failed, with this message and without effect.
    pub fail: Option<String>,
    /// The parameters it was started with, as the answer repeats them (JSON in a string).
    pub parameters: Value,
    /// What happens when it ends well.
    pub effect: Effect,
}

impl Default for Operation {
    fn default() -> Self {
        Self {
            id: String::new(),
            kind: "purge_app_cache".into(),
            server_id: String::new(),
            app_id: String::new(),
            outcome: Outcome::Running,
            message: String::new(),
            started_at_ms: None,
            polls: 0,
            pace: None,
            poll_refused: None,
            fail: None,
            parameters: json!({}),
            effect: Effect::None,
        }
    }
}

/// What ends an operation, whichever comes first. Both null: nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// It ends with this poll; 0: at once; null: not by polls.
    pub polls: Option<u32>,
    /// It ends after so many seconds of the simulator's clock; null: not by time.
    pub seconds: Option<u64>,
}

/// Where an operation stands; `is_completed` of the answer is 0, 1 or -1 for these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not ended.
    #[default]
    Running,
    /// Ended well.
    Done,
    /// Ended badly, without effect.
    Failed,
}

/// What an operation does when it ends well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing that the simulator holds.
    #[default]
    None,
    /// The application's alias list becomes this one.
    Aliases(Vec<String>),
    /// A certificate is ordered, and replaces the application's certificate.
    Certificate {
        /// The names.
        names: Vec<String>,
        /// The address given with the order.
        email: String,
        /// Whether a wildcard certificate was asked for.
        wildcard: bool,
    },
    /// The names of the certificate are ordered again.
    Renew,
    /// The certificate is given up: the application has none.
    Revoke,
}

/// What DNS has for one name, and how it answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DnsEntry {
    /// IPv4 addresses.
    #[serde(rename = "A", skip_serializing_if = "Vec::is_empty")]
    pub a: Vec<std::net::Ipv4Addr>,
    /// IPv6 addresses.
    #[serde(rename = "AAAA", skip_serializing_if = "Vec::is_empty")]
    pub aaaa: Vec<std::net::Ipv6Addr>,
    /// The name it stands for; then the other records do not count.
    #[serde(rename = "CNAME", skip_serializing_if = "Option::is_none")]
    pub cname: Option<String>,
    /// CAA records as in a zone file: `0 issue "letsencrypt.org"`.
    #[serde(rename = "CAA", skip_serializing_if = "Vec::is_empty")]
    pub caa: Vec<String>,
    /// What goes wrong with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<DnsFault>,
    /// How many answers the fault spoils before it is over; null: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault_times: Option<u32>,
    /// How long each answer takes, in milliseconds, besides the switch `dns_delay_ms`.
    #[serde(skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl DnsEntry {
    /// A name that exists and has nothing.
    pub(crate) const EMPTY: Self = Self {
        a: Vec::new(),
        aaaa: Vec::new(),
        cname: None,
        caa: Vec::new(),
        fault: None,
        fault_times: None,
        delay_ms: 0,
    };

    /// The addresses, of both families.
    pub(crate) fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let v4 = self.a.iter().copied().map(IpAddr::V4);
        v4.chain(self.aaaa.iter().copied().map(IpAddr::V6))
    }

    /// An entry with these addresses, of both families.
    pub fn addresses(addresses: &[IpAddr]) -> Self {
        let mut entry = Self::default();
        for address in addresses {
            match address {
                IpAddr::V4(v4) => entry.a.push(*v4),
                IpAddr::V6(v6) => entry.aaaa.push(*v6),
            }
        }
        entry
    }
}

/// What goes wrong with a DNS name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsFault {
    /// The answer says that the name does not exist.
    Nxdomain,
    /// The answer says that the server failed.
    Servfail,
    /// There is no answer.
    Silence,
    /// Over UDP the answer is empty and marked as cut off; over TCP it is whole.
    Truncate,
}

/// One switch for each thing that is not known about the real API, and for what a test needs otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// What `POST /app/manage/aliases` answers. Open: sources name all four.
    pub alias_answer: AliasAnswer,
    /// What `POST /security/lets_encrypt_auto` answers. Open: `[]` and `{}` are both named.
    pub auto_answer: AutoAnswer,
    /// An operation ends with this poll, its effect included; 0: at once; null: not by polls.
    pub operation_polls: Option<u32>,
    /// An operation ends after so much simulated time, also without polls; null: not by time. When both
    /// are given, whichever comes first.
    pub operation_seconds: Option<u64>,
    /// The estimate that an operation shows while it runs, in minutes. 0 while still running is normal
    /// (observed against the live API).
    pub estimate_minutes: u64,
    /// How the ids of operations look. Digits, `flex-…` and UUIDs were all observed.
    pub operation_id_style: IdStyle,
    /// How `is_completed` looks. All three were observed.
    pub is_completed_style: CompletedStyle,
    /// How booleans look. `true`, `"1"`, `1`, and no key at all were observed.
    pub bool_style: BoolStyle,
    /// A write on a server with a running operation is answered with the busy 422 (observed).
    pub server_lock: bool,
    /// Whether `aliases: []` is taken. Open.
    pub empty_alias_list_accepted: bool,
    /// The status for a request without a token: 400 by the documentation, 401 is also named.
    pub token_status: u16,
    /// The body of that answer and of the 401 for a bad token. Its shape is not known.
    pub auth_error_body: AuthErrorBody,
    /// The status with which the legacy exchange refuses; the body is OAuth's.
    pub exchange_refusal_status: u16,
    /// How a server or application that is not the account's is refused. Open: the documentation has a
    /// 403, clients have met a 422.
    pub foreign_resource: ForeignResource,
    /// Whether ids may be strings of digits in a JSON body. The documentation wants integers.
    pub json_string_ids_accepted: bool,
    /// Names that the alias list may not hold: a list with one of them is refused with a 422.
    pub refuse_alias_names: Vec<String>,
    /// The shape of that 422; three are known.
    pub refuse_alias_body: RefusalBody,
    /// Whether the reason names the name.
    pub refuse_alias_names_domain: bool,
    /// The longest alias list; null: no limit. No number was found anywhere.
    pub alias_limit: Option<usize>,
    /// How `GET /server` gives the alias lists; all but the first are broken answers.
    pub server_aliases: ServerAliases,
    /// The certificate authority looks at the addresses and CAA records of each name.
    pub le_checks_dns: bool,
    /// The certificate authority reaches only names that are an alias, the primary domain or `app_fqdn`.
    pub le_checks_alias: bool,
    /// The message of a failed order names what failed, as `le_failure_message` says; off: no name at all.
    pub le_failure_names_domain: bool,
    /// Which names that message holds. The wording is not known.
    pub le_failure_message: FailureMessage,
    /// Let's Encrypt's limits hold (documented).
    pub limits: bool,
    /// What Cloudways says of an order that met a limit. Open.
    pub le_limit_message: LimitMessage,
    /// The limit per registered domain does not concern an order of exactly the names of an earlier certificate
    /// (documented).
    pub le_renewals_exempt: bool,
    /// How long a certificate is valid: 90 days, 64 from 2027-02-10, 45 from 2028-02-16 (documented).
    pub le_validity_days: u64,
    /// Cloudways renews a certificate 30 days before its end, while `auto` is on and all names validate (documented).
    pub renews: bool,
    /// How port 443 behaves; an entry of `web` can have another one.
    pub tls: Tls,
    /// What port 443 shows for a name that no certificate covers. Open.
    pub tls_uncovered: TlsUncovered,
    /// A wildcard certificate is only installed when `verifyDNS` has found the record. A guess.
    pub wildcard_needs_verify: bool,
    /// What `verifyDNS` answers when the record is not there. Open.
    pub verify_dns_refusal: VerifyRefusal,
    /// How `fpm_setting` is sent. Open.
    pub fpm_setting_encoding: FpmEncoding,
    /// Requests per minute, token and endpoint, by the simulator's clock; null: no limit (100 were observed).
    pub rate_limit: Option<u32>,
    /// How the 429 says when to come back. Seconds were observed; HTTP has dates as well.
    pub retry_after: RetryAfter,
    /// `GET /operation/{id}` is refused with this status (403 or 404); null: it is answered.
    pub poll_refused: Option<u16>,
    /// User agents (how they begin) that are stopped before the API with a 403 in HTML; `""` is a request
    /// without one. That default agents are stopped was observed; which ones is a guess.
    pub edge_blocks: Vec<String>,
    /// How long each DNS answer takes, in milliseconds.
    pub dns_delay_ms: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            alias_answer: AliasAnswer::Operation,
            auto_answer: AutoAnswer::EmptyArray,
            operation_polls: Some(2),
            operation_seconds: Some(3),
            estimate_minutes: 2,
            operation_id_style: IdStyle::Digits,
            is_completed_style: CompletedStyle::String,
            bool_style: BoolStyle::Bool,
            server_lock: true,
            empty_alias_list_accepted: true,
            token_status: 400,
            auth_error_body: AuthErrorBody::Message,
            exchange_refusal_status: 401,
            foreign_resource: ForeignResource::Validation,
            json_string_ids_accepted: false,
            refuse_alias_names: Vec::new(),
            refuse_alias_body: RefusalBody::FieldObject,
            refuse_alias_names_domain: true,
            alias_limit: None,
            server_aliases: ServerAliases::List,
            le_checks_dns: true,
            le_checks_alias: true,
            le_failure_names_domain: true,
            le_failure_message: FailureMessage::First,
            limits: true,
            le_limit_message: LimitMessage::PassedOn,
            le_renewals_exempt: true,
            le_validity_days: 90,
            renews: true,
            tls: Tls::Normal,
            tls_uncovered: TlsUncovered::Default,
            wildcard_needs_verify: true,
            verify_dns_refusal: VerifyRefusal::Body,
            fpm_setting_encoding: FpmEncoding::Plain,
            rate_limit: Some(100),
            retry_after: RetryAfter::Seconds,
            poll_refused: None,
            edge_blocks: vec![String::new(), "Python-urllib/".into(), "python-requests/".into()],
            dns_delay_ms: 0,
        }
    }
}

/// What `verifyDNS` answers when the record is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyRefusal {
    /// 200, `status` and `is_verified` false.
    Body,
    /// 422 `{"status":false,"message":"…"}`
    Validation,
}

/// How the PHP-FPM settings are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FpmEncoding {
    /// As they are.
    Plain,
    /// As base64.
    Base64,
}

/// How a 429 says when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `Retry-After: 42`
    Seconds,
    /// `Retry-After: Tue, 24 Nov 2026 07:30:00 GMT`
    Date,
    /// No such header.
    Absent,
}

/// Which names the message of a failed order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureMessage {
    /// The first that failed.
    First,
    /// The application's primary domain, which may be without fault, and the first that failed.
    PrimaryToo,
    /// All that failed.
    All,
}

/// What Cloudways says of an order that met a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitMessage {
    /// The authority's words: which limit, and from when on it can be tried again.
    PassedOn,
    /// That the installation failed.
    Generic,
}

/// Answers of `POST /app/manage/aliases`. Only the first takes time; with the others the list is in
/// place when the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasAnswer {
    /// `{"operation_id":N}`
    Operation,
    /// `[]`
    EmptyArray,
    /// `{}`
    EmptyObject,
    /// `{"status":true}`
    StatusTrue,
}

/// Answers of `POST /security/lets_encrypt_auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoAnswer {
    /// `[]`
    EmptyArray,
    /// `{}`
    EmptyObject,
}

/// How the id of an operation looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdStyle {
    /// `"operation_id":596283`, a number in the answer to the write, a string in `GET /operation/{id}`.
    Digits,
    /// `"operation_id":"596283"`
    DigitsString,
    /// `"operation_id":"flex-92994091"`
    Flex,
    /// A UUID.
    Uuid,
}

/// How `is_completed` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompletedStyle {
    /// `"0"`, `"1"`, `"-1"`
    String,
    /// `0`, `1`, `-1`
    Int,
    /// `false`, `true`, and `"-1"` for a failure, which no boolean can say.
    Bool,
}

/// How a boolean looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoolStyle {
    /// `true`, `false`
    Bool,
    /// `"1"`, `"0"`
    String,
    /// `1`, `0`
    Int,
    /// The key is left out.
    Absent,
}

/// The body of an authentication error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthErrorBody {
    /// `{"message":"…"}`
    Message,
    /// `{"error":"…"}`
    Error,
    /// `{"error":{"message":"…"}}`
    ErrorObject,
    /// Plain text.
    Text,
}

/// How somebody else's server or application is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignResource {
    /// 422 `{"status":false,"message":"server_id: invalid or not found for this account."}`
    Validation,
    /// 403 "Forbidden / Authorization Error"
    Forbidden,
}

/// The shape in which a list of aliases is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalBody {
    /// `{"aliases":{"message":"…"}}`
    FieldObject,
    /// `{"aliases":[{"code":"…","message":"…"}]}`
    FieldList,
    /// `{"status":false,"message":"aliases: …"}`
    StatusMessage,
}

/// How `GET /server` gives the alias lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerAliases {
    /// An array, as observed.
    List,
    /// No key.
    Absent,
    /// `null`
    Null,
    /// An object with numbers as keys, as PHP writes an array with gaps.
    Object,
    /// One string with commas.
    Text,
}

/// The main server's address in the start state.
pub const PUBLIC_IP: &str = "203.0.113.10";
/// The main server's id in the start state.
pub const SERVER_ID: &str = "50482";
/// The main application's id in the start state.
pub const APP_ID: &str = "131933";
/// A token with all rights in the start state.
pub const FULL_TOKEN: &str = "cw_sim_full";
/// In every password of the start state, so that a leak can be searched for.
pub const SECRET_MARK: &str = "SIM-SECRET";

impl Default for Account {
    fn default() -> Self {
        let token = |token: &str, role, endpoints: &[&str], expired| Token {
            token: token.into(),
            role,
            endpoints: endpoints.iter().map(|e| (*e).to_string()).collect(),
            expired,
        };
        Self {
            email: "owner@example.com".into(),
            api_key: "sim-legacy-key-0123456789".into(),
            tokens: vec![
                token(FULL_TOKEN, Role::Full, &[], false),
                token("cw_sim_read", Role::Read, &[], false),
                token(
                    "cw_sim_limited",
                    Role::Limited,
                    &["GET /server", "POST /app/manage/aliases", "GET /operation/{id}"],
                    false,
                ),
                token("cw_sim_expired", Role::Full, &[], true),
            ],
            sessions: Vec::new(),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        let servers = vec![
            server(
                SERVER_ID,
                "production",
                PUBLIC_IP,
                vec![
                    App {
                        cname: Some("network.example".into()),
                        aliases: vec!["hand-made.example".into()],
                        ..app(SERVER_ID, APP_ID, "1442", "network", "wordpressmu", "abcdefghij")
                    },
                    App {
                        cname: Some(String::new()),
                        ..app(SERVER_ID, "131990", "1450", "shop", "woocommerce", "klmnopqrst")
                    },
                ],
            ),
            server(
                "50777",
                "staging",
                "203.0.113.77",
                vec![app("50777", "140001", "1501", "staging", "wordpressmu", "uvwxyzabcd")],
            ),
        ];

        let mut dns = Names::default();
        for server in &servers {
            let here: Vec<IpAddr> = server.public_ip.parse().into_iter().collect();
            dns.insert(server.server_fqdn.clone(), DnsEntry::addresses(&here));
            for app in &server.apps {
                dns.insert(app.app_fqdn.clone(), DnsEntry::addresses(&here));
            }
        }
        let here: Vec<IpAddr> = PUBLIC_IP.parse().into_iter().collect();
        dns.insert("network.example".into(), DnsEntry::addresses(&here));

        Self {
            time_offset: 0,
            time_offset_ms: 0,
            frozen_at_ms: None,
            account: Account::default(),
            servers,
            operations: Vec::new(),
            dns,
            switches: Switches::default(),
            next_id: 596_283,
            authority: Authority::default(),
            certificates: BTreeMap::new(),
            web: BTreeMap::new(),
            web_files: BTreeMap::new(),
            wildcards: BTreeMap::new(),
            fpm_settings: BTreeMap::new(),
        }
    }
}

fn server(id: &str, label: &str, ip: &str, apps: Vec<App>) -> Server {
    Server {
        id: id.into(),
        label: label.into(),
        status: "running".into(),
        public_ip: ip.into(),
        public_ipv6: None,
        server_fqdn: format!("{id}.cloudwaysapps.com"),
        apps,
        extra: object(json!({
            "tenant_id": "1",
            "backup_frequency": "1",
            "local_backups": "no",
            "is_terminated": "0",
            "created_at": "2026-03-02 09:14:51",
            "updated_at": "2026-10-20 17:02:10",
            "user_id": "7301",
            "platform": "debian12",
            "cloud": "do",
            "region": "lon1",
            "zone": null,
            "instance_type": "4GB",
            "db_volume_size": null,
            "data_volume_size": null,
            "server_hostname": format!("{label}-{id}"),
            "volume_size": "80",
            "master_user": format!("master_{id}"),
            "master_password": format!("{SECRET_MARK}-master-{id}"),
            "snapshot_frequency": "0",
            "projects": [],
            "addon": []
        })),
    }
}

fn app(server_id: &str, id: &str, prefix: &str, label: &str, application: &str, sys_user: &str) -> App {
    App {
        id: id.into(),
        label: label.into(),
        application: application.into(),
        app_fqdn: format!("{application}-{prefix}-{server_id}-{id}.cloudwaysapps.com"),
        cname: None,
        aliases: Vec::new(),
        lets_encrypt: None,
        own_ssl: Value::Null,
        sys_user: sys_user.into(),
        extra: object(json!({
            "app_version": "7.1",
            "app_user": "admin@example.com",
            "app_password": format!("{SECRET_MARK}-app-{id}"),
            "sys_password": format!("{SECRET_MARK}-sys-{id}"),
            "mysql_db_name": sys_user,
            "mysql_user": sys_user,
            "mysql_password": format!("{SECRET_MARK}-mysql-{id}"),
            "webroot": "public_html",
            "is_csr_available": true,
            "server_id": server_id,
            "project_id": "90",
            "created_at": "2026-03-02 09:31:07",
            "backup": "1"
        })),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Server {
    /// Its addresses.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(self.public_ip.as_str()).chain(self.public_ipv6.as_deref()).filter_map(|ip| ip.parse().ok())
    }
}

impl State {
    /// The application with this id, on whichever server.
    pub fn app(&self, app_id: &str) -> Option<&App> {
        self.servers.iter().flat_map(|s| &s.apps).find(|a| a.id == app_id)
    }

    /// The same, to be changed.
    pub fn app_mut(&mut self, app_id: &str) -> Option<&mut App> {
        self.servers.iter_mut().flat_map(|s| &mut s.apps).find(|a| a.id == app_id)
    }

    /// The server with this id.
    pub fn server(&self, server_id: &str) -> Option<&Server> {
        self.servers.iter().find(|s| s.id == server_id)
    }

    /// The state with a JSON merge patch (RFC 7396) done to it: null takes a key away, lists are replaced whole. A key
    /// that is taken away gets its value from the start state.
    ///
    /// # Errors
    /// When the result is no state, in words.
    pub fn patched(&self, patch: &Value) -> Result<Self, String> {
        let mut merged = serde_json::to_value(self).map_err(|e| e.to_string())?;
        merge(&mut merged, patch);
        serde_json::from_value(merged).map_err(|e| e.to_string())
    }

    /// The DNS entry of a name itself, made when it is not there.
    pub fn dns_mut(&mut self, name: &str) -> &mut DnsEntry {
        self.dns.entry(dns_key(name)).or_default()
    }
}

/// A name as the zone holds it: lower case, without a trailing dot.
pub fn dns_key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Whether a name is as the zone holds it.
pub(crate) fn is_dns_key(name: &str) -> bool {
    !name.ends_with('.') && name.to_ascii_lowercase() == name
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() && !NULL_IS_A_VALUE.contains(&key.as_str()) {
                target.remove(key);
            } else {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// Switches for which null says something else than the default.
const NULL_IS_A_VALUE: [&str; 5] =
    ["operation_polls", "operation_seconds", "alias_limit", "poll_refused", "rate_limit"];
