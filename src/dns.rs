//! Where a name points to, asked of DNS itself: A and AAAA, aliases of names (CNAME) followed, no hosts file, no
//! search domains, nothing remembered from one check to the next.
//!
//! A definite *no* and a question that could not be asked are kept apart throughout.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _};
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig, system_conf};
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time;

use crate::clock::Deadline;
use crate::domain::DomainName;

/// How many names are looked up at once. Each asks twice, for A and for AAAA.
const AT_ONCE: usize = 50;

/// How many times a question is asked at least, over all servers, before it counts as one that could not be asked.
const TRIES: usize = 3;

/// How long a server may take. The first try is short, so that a dead server costs little; a server that has to look
/// around for an answer has it by the time of the next one.
const PATIENCE: [Duration; TRIES] =
    [Duration::from_millis(1_500), Duration::from_millis(2_500), Duration::from_secs(4)];

/// The pause before a server that failed is asked again.
const PAUSE: Duration = Duration::from_millis(150);

/// The longest chain of CNAME records that is followed.
const LONGEST_CHAIN: usize = 16;

/// Whether a name points to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every address is one of ours, and there is one.
    Here,
    /// There is an address that is not ours.
    Elsewhere,
    /// There is an address that is not ours, and what is behind it leads to us: it has the file of the probe.
    Proxied,
    /// There is no address.
    Missing,
    /// It could not be found out.
    Unknown,
}

impl Verdict {
    /// Every verdict, for tests and translations.
    pub const ALL: [Self; 5] = [Self::Here, Self::Elsewhere, Self::Proxied, Self::Missing, Self::Unknown];

    /// The verdict as a word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Elsewhere => "elsewhere",
            Self::Proxied => "proxied",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a verdict is [`Verdict::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// There was no time left to ask.
    NotAsked,
    /// No DNS server is configured.
    NoServer,
    /// The server's own address is not known, so there is nothing to compare with.
    NoAddressOfOurs,
    /// The question could not be sent, or the answer made no sense.
    Broken,
    /// No server answered in time.
    TimedOut,
    /// The servers refuse to answer.
    Refused,
    /// The servers point to other servers instead of asking them.
    Referral,
    /// The servers failed to find out (SERVFAIL and the like).
    ServerFailure,
    /// There was no time left to ask an address that is not ours for the file.
    ProbeNotMade,
    /// There is no connection to such an address, or it broke.
    ProbeUnreachable,
    /// Such an address did not answer in time.
    ProbeTimedOut,
    /// Such an address refused to give the file, or failed to: 403, 429, 5xx.
    ProbeRefused,
}

impl Unknown {
    /// Every reason, for tests and translations.
    pub const ALL: [Self; 12] = [
        Self::NotAsked,
        Self::NoServer,
        Self::NoAddressOfOurs,
        Self::Broken,
        Self::TimedOut,
        Self::Refused,
        Self::Referral,
        Self::ServerFailure,
        Self::ProbeNotMade,
        Self::ProbeUnreachable,
        Self::ProbeTimedOut,
        Self::ProbeRefused,
    ];

    /// The reason as a word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::NoServer => "no_server",
            Self::NoAddressOfOurs => "no_address_of_ours",
            Self::Broken => "broken",
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
            Self::Referral => "referral",
            Self::ServerFailure => "server_failure",
            Self::ProbeNotMade => "probe_not_made",
            Self::ProbeUnreachable => "probe_unreachable",
            Self::ProbeTimedOut => "probe_timed_out",
            Self::ProbeRefused => "probe_refused",
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::NotAsked => "there was no time left to ask DNS",
            Self::NoServer => "no DNS server is configured on this machine",
            Self::NoAddressOfOurs => "the public address of the Cloudways server is not known",
            Self::Broken => "the DNS servers could not be asked, or their answer made no sense",
            Self::TimedOut => "the DNS servers did not answer in time",
            Self::Refused => "the DNS servers refuse to answer",
            Self::Referral => "the DNS servers do not resolve names themselves",
            Self::ServerFailure => {
                "the DNS servers failed to find out: the domain's own name servers may be out of order"
            }
            Self::ProbeNotMade => "it points to another address, and there was no time left to ask there for the site",
            Self::ProbeUnreachable => "it points to another address, which could not be reached over HTTP",
            Self::ProbeTimedOut => "it points to another address, which did not answer over HTTP in time",
            Self::ProbeRefused => {
                "it points to another address, which answered over HTTP with a refusal or a failure (403, 429, 5xx)"
            }
        }
    }
}

/// Whether the domain's CAA records let Let's Encrypt issue for a name (RFC 8659).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caa {
    /// They do, or there are none.
    Allowed,
    /// They were not asked for: the name does not point to us anyway.
    NotAsked,
    /// They do not.
    Forbidden {
        /// The name that has these records: the one asked about, or one above it.
        at: String,
        /// Who may issue; nobody where it is empty.
        issuers: Vec<String>,
    },
    /// It could not be found out. Let's Encrypt refuses then, too (documented).
    Unknown(Unknown),
}

/// Whether a certificate could be issued for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifies {
    /// It points to us, and CAA allows it.
    Yes,
    /// It does not, or CAA forbids it.
    No,
    /// It could not be found out.
    Unknown,
}

/// What was found out about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameCheck {
    /// Whether it points to us.
    pub verdict: Verdict,
    /// The addresses it has, IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// The names it is an alias of (CNAME), in the order followed; a loop ends with the name it came back to.
    pub cname: Vec<String>,
    /// Why the verdict is unknown.
    pub reason: Option<Unknown>,
    /// Whether Let's Encrypt may issue for it.
    pub caa: Caa,
}

impl NameCheck {
    /// A verdict and nothing else known; CAA allows what points to us.
    #[must_use]
    pub fn new(verdict: Verdict) -> Self {
        let points_to_us = matches!(verdict, Verdict::Here | Verdict::Proxied);
        Self {
            verdict,
            addresses: Vec::new(),
            cname: Vec::new(),
            reason: None,
            caa: if points_to_us { Caa::Allowed } else { Caa::NotAsked },
        }
    }

    /// It could not be found out.
    #[must_use]
    pub fn unknown(reason: Unknown) -> Self {
        Self { reason: Some(reason), ..Self::new(Verdict::Unknown) }
    }

    /// Whether a certificate could be issued for it. A definite *no* is never made of what could not be asked.
    #[must_use]
    pub fn qualifies(&self) -> Qualifies {
        match (self.verdict, &self.caa) {
            (Verdict::Elsewhere | Verdict::Missing, _) | (_, Caa::Forbidden { .. }) => Qualifies::No,
            (Verdict::Unknown, _) | (_, Caa::Unknown(_) | Caa::NotAsked) => Qualifies::Unknown,
            (Verdict::Here | Verdict::Proxied, Caa::Allowed) => Qualifies::Yes,
        }
    }
}

/// Asks DNS. Holds no connection and no thread.
#[derive(Debug, Clone)]
pub struct Dns {
    servers: Vec<SocketAddr>,
}

impl Dns {
    /// Asks these servers, or the system's where there are none.
    #[must_use]
    pub fn new(servers: &[SocketAddr]) -> Self {
        Self { servers: servers.to_vec() }
    }

    /// Looks names up, many at once, and compares them with `ours`. The answers come in the order of the names.
    ///
    /// CAA is asked for what points to us; where `probing`, for what points elsewhere too, since it may lead to us.
    /// It ends by the deadline: what was not asked by then, or not answered, is [`Verdict::Unknown`].
    #[must_use]
    pub fn check(
        &self,
        names: &[DomainName],
        ours: &[IpAddr],
        probing: bool,
        deadline: Deadline<'_>,
    ) -> Vec<NameCheck> {
        let _ = probing;
        let all = |reason| vec![NameCheck::unknown(reason); names.len()];
        if names.is_empty() {
            return Vec::new();
        }
        if ours.is_empty() {
            return all(Unknown::NoAddressOfOurs);
        }
        let configured = self.configured();
        if configured.is_empty() {
            return all(Unknown::NoServer);
        }
        let Ok(runtime) = runtime::Builder::new_current_thread().enable_io().enable_time().build() else {
            return all(Unknown::Broken);
        };
        let checks = runtime.block_on(async {
            let servers = Arc::new(Servers::new(configured));
            let round = Arc::new(Round::new(names, ours, servers.pools.len()));
            let mut workers = JoinSet::new();
            for _ in 0..AT_ONCE.min(names.len()) {
                workers.spawn(work(Arc::clone(&round), Arc::clone(&servers)));
            }
            // What is still asked when the time is over is dropped, sockets and all.
            let _ = time::timeout(deadline.left(), async { while workers.join_next().await.is_some() {} }).await;
            std::mem::take(&mut *round.checks.lock().unwrap_or_else(PoisonError::into_inner))
        });
        // Nothing here blocks, so there is no thread to wait for.
        runtime.shutdown_background();
        checks
    }

    fn configured(&self) -> Vec<NameServerConfig> {
        if self.servers.is_empty() {
            return system_conf::read_system_conf()
                .map_or_else(|_| Vec::new(), |(config, _)| config.name_servers().to_vec());
        }
        let at = |mut connection: ConnectionConfig, port| {
            connection.port = port;
            connection
        };
        let config = |server: &SocketAddr| {
            let connections =
                vec![at(ConnectionConfig::udp(), server.port()), at(ConnectionConfig::tcp(), server.port())];
            NameServerConfig::new(server.ip(), true, connections)
        };
        self.servers.iter().map(config).collect()
    }
}

/// The names of one check: what is still to be asked, and what is known.
struct Round {
    ours: Vec<IpAddr>,
    waiting: Mutex<VecDeque<Item>>,
    checks: Mutex<Vec<NameCheck>>,
}

impl Round {
    fn new(names: &[DomainName], ours: &[IpAddr], servers: usize) -> Self {
        let mut checks = vec![NameCheck::unknown(Unknown::NotAsked); names.len()];
        let mut waiting = VecDeque::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            // Fully qualified, so that no search domain is ever tried.
            match Name::from_ascii(format!("{name}.")) {
                Ok(name) => waiting.push_back(Item {
                    index,
                    v4: Search::new(name.clone(), RecordType::A),
                    v6: Search::new(name, RecordType::AAAA),
                    asked: vec![0; servers],
                }),
                Err(_) => checks[index] = NameCheck::unknown(Unknown::Broken),
            }
        }
        Self { ours: ours.to_vec(), waiting: Mutex::new(waiting), checks: Mutex::new(checks) }
    }

    fn note(&self, index: usize, check: NameCheck) {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)[index] = check;
    }
}

/// A name that is being looked up.
struct Item {
    index: usize,
    v4: Search,
    v6: Search,
    /// How often each server was asked about it.
    asked: Vec<usize>,
}

impl Item {
    fn tries(&self) -> usize {
        self.asked.iter().sum()
    }
}

/// Takes the next name until there is none. A name whose question failed goes to the end of the line, so that names
/// in trouble never keep the others from being asked.
async fn work(round: Arc<Round>, servers: Arc<Servers>) {
    loop {
        let next = round.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(mut item) = next else { return };
        let Some(server) = servers.choose(&item.asked) else { return };
        let before = item.asked[server];
        if item.tries() == 0 {
            // What is known of it if the time is over before the answer is there.
            round.note(item.index, NameCheck::unknown(Unknown::TimedOut));
        }
        item.asked[server] += 1;
        if before > 0 {
            time::sleep(PAUSE).await;
        }
        let patience = PATIENCE[before.min(TRIES - 1)];
        let v6 = tokio::spawn(item.v6.clone().go(Arc::clone(&servers), server, patience));
        item.v4 = item.v4.go(Arc::clone(&servers), server, patience).await;
        match v6.await {
            Ok(search) => item.v6 = search,
            Err(_) => item.v6.failed = Some(Unknown::Broken),
        }
        let check = judge(&item.v4, &item.v6, &round.ours);
        let again = check.verdict == Verdict::Unknown && item.tries() < servers.tries();
        round.note(item.index, check);
        if again {
            round.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
        }
    }
}

/// The search for a name's addresses of one family.
#[derive(Debug, Clone)]
struct Search {
    kind: RecordType,
    trail: Trail,
    /// The addresses, once they are known; none is a definite answer too.
    found: Option<Vec<IpAddr>>,
    /// The most telling failure so far.
    failed: Option<Unknown>,
}

impl Search {
    fn new(name: Name, kind: RecordType) -> Self {
        Self { kind, trail: Trail { names: vec![name] }, found: None, failed: None }
    }

    /// Asks a server, and goes on at the end of the chain where it gave only a part of it.
    async fn go(mut self, servers: Arc<Servers>, server: usize, patience: Duration) -> Self {
        while self.found.is_none() {
            match servers.ask(server, self.trail.end(), self.kind, patience).await {
                Ok(reply) => self.found = self.trail.read(&reply, self.kind),
                Err(reason) => {
                    self.failed = self.failed.max(Some(reason));
                    break;
                }
            }
        }
        self
    }
}

/// The verdict from both families. One foreign address settles it; for anything else both must have answered.
fn judge(v4: &Search, v6: &Search, ours: &[IpAddr]) -> NameCheck {
    let families = [v4, v6];
    let addresses: Vec<IpAddr> = families.iter().flat_map(|family| family.found.iter().flatten()).copied().collect();
    let open = families.iter().filter(|family| family.found.is_none());
    let unasked = open.map(|family| family.failed.unwrap_or(Unknown::NotAsked)).max();
    let verdict = if addresses.iter().any(|address| !ours.contains(address)) {
        Verdict::Elsewhere
    } else if unasked.is_some() {
        Verdict::Unknown
    } else if addresses.is_empty() {
        Verdict::Missing
    } else {
        Verdict::Here
    };
    let (chain4, chain6) = (v4.trail.chain(), v6.trail.chain());
    NameCheck {
        verdict,
        addresses,
        cname: if chain4.len() >= chain6.len() { chain4 } else { chain6 },
        reason: unasked.filter(|_| verdict == Verdict::Unknown),
        caa: if verdict == Verdict::Here { Caa::Allowed } else { Caa::NotAsked },
    }
}

/// The names a lookup went through, from the one asked for.
#[derive(Debug, Clone)]
struct Trail {
    names: Vec<Name>,
}

impl Trail {
    fn end(&self) -> &Name {
        // There is always the first one.
        &self.names[self.names.len() - 1]
    }

    /// Goes on along the CNAME records of a reply, and takes the addresses at the end: all there are. `None`: the
    /// chain went on, and where it ends now has to be asked for.
    fn read(&mut self, reply: &Reply, kind: RecordType) -> Option<Vec<IpAddr>> {
        let before = self.names.len();
        while let Some(target) = reply.target_of(self.end()) {
            let seen = self.names.contains(target);
            self.names.push(target.clone());
            if seen || self.names.len() > LONGEST_CHAIN {
                // A chain without an end leads nowhere, for everyone who follows it.
                return Some(Vec::new());
            }
        }
        let addresses = reply.addresses_of(self.end(), kind);
        let partial = addresses.is_empty() && self.names.len() > before && !reply.is_final;
        (!partial).then_some(addresses)
    }

    fn chain(&self) -> Vec<String> {
        self.names.iter().skip(1).map(spelled).collect()
    }
}

fn spelled(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

/// The part of an answer that matters.
struct Reply {
    records: Vec<(Name, RData)>,
    /// The server says itself that there is no more: NXDOMAIN, or an empty answer with the zone's SOA.
    is_final: bool,
}

impl Reply {
    fn nothing() -> Self {
        Self { records: Vec::new(), is_final: true }
    }

    fn from_response(response: &DnsResponse) -> Self {
        Self {
            records: response.answers.iter().map(|record| (record.name.clone(), record.data.clone())).collect(),
            is_final: response.response_code == ResponseCode::NXDomain || response.soa().is_some(),
        }
    }

    fn target_of(&self, name: &Name) -> Option<&Name> {
        self.records.iter().find_map(|(owner, data)| match data {
            RData::CNAME(target) if owner == name => Some(&target.0),
            _ => None,
        })
    }

    fn addresses_of(&self, name: &Name, kind: RecordType) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        for (owner, data) in &self.records {
            let address = match data {
                RData::A(address) if kind == RecordType::A => IpAddr::V4(address.0),
                RData::AAAA(address) if kind == RecordType::AAAA => IpAddr::V6(address.0),
                _ => continue,
            };
            if owner == name && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }
}

/// The servers, each by itself, and how they have done so far.
struct Servers {
    pools: Vec<Server>,
}

struct Server {
    pool: NameServerPool<TokioRuntimeProvider>,
    /// Questions in a row that it did not answer in time.
    silent: AtomicU32,
}

impl Servers {
    fn new(configured: Vec<NameServerConfig>) -> Self {
        let mut options = ResolverOpts::default();
        options.timeout = PATIENCE[TRIES - 1];
        options.num_concurrent_reqs = 1;
        options.max_active_requests = 2 * AT_ONCE;
        let server = |config| {
            // A pool of one: it resends over UDP and goes over to TCP when an answer is truncated. Which server is
            // asked next, and when, is decided here.
            let context = Arc::new(PoolContext::new(options.clone(), TlsConfig::new()?));
            let pool = NameServerPool::from_config([config], context, TokioRuntimeProvider::new());
            Ok::<_, NetError>(Server { pool, silent: AtomicU32::new(0) })
        };
        Self { pools: configured.into_iter().filter_map(|config| server(config).ok()).collect() }
    }

    /// How often a name is asked for at most, over all servers.
    fn tries(&self) -> usize {
        TRIES.max(2 * self.pools.len())
    }

    /// The server to ask next: the one asked least about this name, rather one that answers, in the order configured.
    fn choose(&self, asked: &[usize]) -> Option<usize> {
        let rank = |index: &usize| (asked[*index], self.pools[*index].silent.load(Ordering::Relaxed) >= 2);
        (0..self.pools.len()).min_by_key(rank)
    }

    async fn ask(&self, server: usize, name: &Name, kind: RecordType, patience: Duration) -> Result<Reply, Unknown> {
        let server = &self.pools[server];
        let answer = server.pool.lookup(Query::query(name.clone(), kind), DnsRequestOptions::default()).first_answer();
        let outcome = match time::timeout(patience, answer).await {
            Ok(Ok(response)) => Ok(Reply::from_response(&response)),
            Ok(Err(error)) => failure(&error),
            Err(_) => Err(Unknown::TimedOut),
        };
        match outcome {
            Err(Unknown::TimedOut | Unknown::Broken) => server.silent.fetch_add(1, Ordering::Relaxed),
            _ => server.silent.swap(0, Ordering::Relaxed),
        };
        outcome
    }
}

/// What an error means: a definite answer without addresses, or a question that could not be asked.
fn failure(error: &NetError) -> Result<Reply, Unknown> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => no_records(none),
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused | ResponseCode::NotAuth)) => Err(Unknown::Refused),
        NetError::Dns(DnsError::ResponseCode(_)) => Err(Unknown::ServerFailure),
        NetError::Timeout => Err(Unknown::TimedOut),
        _ => Err(Unknown::Broken),
    }
}

fn no_records(none: &NoRecords) -> Result<Reply, Unknown> {
    match none.response_code {
        ResponseCode::NXDomain => Ok(Reply::nothing()),
        // Name servers of the zone above and no answer: this server does not resolve, it only refers.
        ResponseCode::NoError if none.soa.is_none() && none.ns.is_some() => Err(Unknown::Referral),
        ResponseCode::NoError => Ok(Reply::nothing()),
        _ => Err(Unknown::ServerFailure),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME};

    use super::*;
    use crate::clock::SystemClock;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn answered(addresses: &[&str]) -> Search {
        let found = Some(addresses.iter().map(|address| ip(address)).collect());
        Search { found, ..Search::new(name("a.example."), RecordType::A) }
    }

    fn no(reason: Unknown) -> Search {
        Search { failed: Some(reason), ..Search::new(name("a.example."), RecordType::A) }
    }

    #[test]
    fn verdicts_by_address() {
        let ours = [ip("203.0.113.10"), ip("2001:db8::10")];
        let table = [
            (answered(&["203.0.113.10"]), answered(&[]), Verdict::Here, None),
            (answered(&["203.0.113.10"]), answered(&["2001:db8::10"]), Verdict::Here, None),
            (answered(&[]), answered(&["2001:db8::10"]), Verdict::Here, None),
            (answered(&["203.0.113.10", "203.0.113.11"]), answered(&[]), Verdict::Elsewhere, None),
            (answered(&["203.0.113.10"]), answered(&["2001:db8::11"]), Verdict::Elsewhere, None),
            (answered(&[]), answered(&["::ffff:203.0.113.10"]), Verdict::Elsewhere, None),
            (answered(&["203.0.113.11"]), no(Unknown::TimedOut), Verdict::Elsewhere, None),
            (answered(&["203.0.113.10"]), no(Unknown::TimedOut), Verdict::Unknown, Some(Unknown::TimedOut)),
            (answered(&[]), no(Unknown::ServerFailure), Verdict::Unknown, Some(Unknown::ServerFailure)),
            (no(Unknown::TimedOut), no(Unknown::ServerFailure), Verdict::Unknown, Some(Unknown::ServerFailure)),
            (answered(&[]), answered(&[]), Verdict::Missing, None),
        ];
        for (v4, v6, verdict, reason) in table {
            let check = judge(&v4, &v6, &ours);
            assert_eq!((check.verdict, check.reason), (verdict, reason), "{v4:?} {v6:?}");
        }
    }

    fn reply(records: &[(&str, RData)], is_final: bool) -> Reply {
        Reply { records: records.iter().map(|(owner, data)| (name(owner), data.clone())).collect(), is_final }
    }

    fn from(text: &str) -> Trail {
        Trail { names: vec![name(text)] }
    }

    fn cname(target: &str) -> RData {
        RData::CNAME(CNAME(name(target)))
    }

    #[test]
    fn a_chain_is_followed_to_its_end() {
        let a = RData::A(A::new(203, 0, 113, 10));
        let mut trail = from("www.shop.example.");
        let whole = reply(
            &[("WWW.shop.example.", cname("Shop.example.")), ("shop.example.", a.clone()), ("x.example.", a.clone())],
            false,
        );
        assert_eq!(trail.read(&whole, RecordType::A), Some(vec![ip("203.0.113.10")]));
        assert_eq!(trail.chain(), ["shop.example"]);

        let mut trail = from("www.shop.example.");
        assert_eq!(trail.read(&reply(&[("www.shop.example.", cname("a.example."))], false), RecordType::A), None);
        assert_eq!(trail.end(), &name("a.example."));
        let rest = reply(&[("a.example.", cname("b.example.")), ("b.example.", a)], false);
        assert_eq!(trail.read(&rest, RecordType::A), Some(vec![ip("203.0.113.10")]));
        assert_eq!(trail.chain(), ["a.example", "b.example"]);
    }

    #[test]
    fn a_server_that_says_there_is_no_more_is_not_asked_again() {
        let mut trail = from("www.shop.example.");
        let none = reply(&[("www.shop.example.", cname("shop.example."))], true);
        assert_eq!(trail.read(&none, RecordType::AAAA), Some(Vec::new()));
        let wrong_family = reply(&[("shop.example.", RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)))], false);
        assert_eq!(trail.read(&wrong_family, RecordType::A), Some(Vec::new()));
    }

    #[test]
    fn loops_and_endless_chains_are_a_no() {
        let mut trail = from("a.example.");
        let round = reply(&[("a.example.", cname("b.example.")), ("b.example.", cname("A.example."))], false);
        assert_eq!(trail.read(&round, RecordType::A), Some(Vec::new()));
        assert_eq!(trail.chain(), ["b.example", "a.example"]);

        let mut trail = from("n0.example.");
        let mut steps = 0;
        loop {
            let (from, to) = (format!("n{steps}.example."), format!("n{}.example.", steps + 1));
            steps += 1;
            if trail.read(&reply(&[(&from, cname(&to))], false), RecordType::A) == Some(Vec::new()) {
                break;
            }
        }
        assert_eq!(steps, LONGEST_CHAIN);
    }

    #[test]
    fn without_an_address_of_ours_nothing_is_asked() {
        let clock = SystemClock::start();
        let shop = [DomainName::parse(b"shop.example").unwrap()];
        let dns = Dns::new(&["127.0.0.1:1".parse().unwrap()]);
        let checks = dns.check(&shop, &[], false, Deadline::new(&clock, Duration::from_secs(5)));
        assert_eq!(checks, [NameCheck::unknown(Unknown::NoAddressOfOurs)]);
        assert_eq!(dns.check(&[], &[ip("203.0.113.10")], false, Deadline::new(&clock, Duration::from_secs(5))), []);
        let late = dns.check(&shop, &[ip("203.0.113.10")], false, Deadline::new(&clock, Duration::ZERO));
        assert_eq!(late[0].verdict, Verdict::Unknown);
    }

    #[test]
    fn words_are_distinct() {
        let mut codes: Vec<_> = Unknown::ALL.iter().map(|reason| reason.code()).collect();
        codes.extend(Verdict::ALL.iter().map(|verdict| verdict.as_str()));
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert!(Unknown::ALL.iter().all(|reason| !reason.text().is_empty()));
    }
}
