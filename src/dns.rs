//! Where a name points to, asked of DNS itself: A and AAAA, aliases of names (CNAME) followed, no hosts file, no
//! search domains, nothing remembered from one check to the next. For names that point to us also whether CAA lets Let's
//! Encrypt issue for them.
//!
//! A definite *no* and a question that could not be asked are kept apart throughout.

mod reply;
mod servers;
mod udp;
mod window;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::NameServerConfig;
use hickory_resolver::proto::rr::rdata::CAA;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf;
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time;

use self::reply::Reply;
use self::servers::{Place, Servers};
use crate::clock::Deadline;
use crate::domain::DomainName;
use crate::tables::{HashMap, HashSet};

/// How many questions are under way at once, over all servers.
const AT_ONCE: usize = window::MOST;

/// How many of many names are the last ones.
const LAST: usize = 2 * AT_ONCE;

/// How many questions are passed over while the server they are to go to has no place for them.
const MOST_WITHOUT_A_PLACE: usize = 16;

/// Where DNS is asked, unless it is said otherwise.
const PORT: u16 = 53;

/// Of more names than this AAAA waits for A, which may settle it; of fewer, both are asked in any case. A run asks fewer at a
/// time, so what it finds out does not depend on which answer came first.
const MANY: usize = 128;

/// How many names the questions for AAAA stay behind those for A at most, where AAAA waits.
const AAAA_WAITS: usize = AT_ONCE;

/// How many times a question is asked at least, over all servers, before it counts as one that could not be asked.
const TRIES: usize = 3;

/// How long a server may take. The first try is short, so that a dead server costs little; a server that has to look
/// around for an answer has it by the time of the next one.
const PATIENCE: [Duration; TRIES] =
    [Duration::from_millis(1_500), Duration::from_millis(2_500), Duration::from_secs(4)];

/// The pause before a server that failed is asked again.
const PAUSE: Duration = Duration::from_millis(150);

/// The pause after a question that failed.
const BREATH: Duration = Duration::from_millis(20);

/// The longest chain of CNAME records that is followed.
const LONGEST_CHAIN: usize = 16;

/// How many addresses of a family are kept. They are all different, so one that is not ours is among that many.
const MOST_ADDRESSES: usize = 256;

/// How many issuers of a CAA record set are kept.
const MOST_ISSUERS: usize = 20;

/// How Let's Encrypt is called in CAA records (documented).
const LETS_ENCRYPT: &str = "letsencrypt.org";

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
    /// Why the addresses of one family are not known, whatever the verdict.
    pub(crate) half_known: Option<Unknown>,
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
            half_known: None,
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
            let servers = Servers::new(&configured);
            let mut round = Round::new(names, ours, probing, servers.count());
            // What is still asked when the time is over is dropped, sockets and all.
            let _ = time::timeout(deadline.left(), round.go(Arc::new(servers))).await;
            round.checks
        });
        // Nothing here blocks, so there is no thread to wait for.
        runtime.shutdown_background();
        checks
    }

    fn configured(&self) -> Vec<SocketAddr> {
        if !self.servers.is_empty() {
            return self.servers.clone();
        }
        let Ok((config, _)) = system_conf::read_system_conf() else { return Vec::new() };
        let server = |server: &NameServerConfig| {
            let port = server.connections.first().map_or(PORT, |connection| connection.port);
            SocketAddr::new(server.ip, port)
        };
        config.name_servers().iter().map(server).collect()
    }
}

/// One check: what is asked, and what is known.
struct Round<'a> {
    names: &'a [DomainName],
    ours: &'a [IpAddr],
    probing: bool,
    /// How many servers there are.
    servers: usize,
    checks: Vec<NameCheck>,
    /// How many names were asked for, by family.
    handed_out: [usize; 2],
    /// How many questions were answered.
    answered: usize,
    /// The names whose AAAA is not asked in its turn: it was asked already, or A has settled it.
    out_of_turn: HashSet<usize>,
    /// Questions that follow from an answer. They come first, so that names are done with in their order.
    fresh: VecDeque<Job>,
    /// Questions that failed. They come last, so that names in trouble never keep the others from being asked.
    again: VecDeque<Job>,
    /// The names of which only one family has its answer, or neither.
    open: HashMap<usize, [Family; 2]>,
    /// What is known of CAA, by the name asked. What lies above several names is asked for once.
    caa: HashMap<Name, Lookup>,
}

/// A question that is to be asked.
struct Job {
    about: About,
    search: Search,
    /// How often each server was asked.
    asked: Vec<usize>,
}

#[derive(Clone)]
enum About {
    /// The addresses of the name with this index.
    Addresses(usize),
    /// The CAA records of this name.
    Caa(Name),
}

enum Lookup {
    /// It is asked, and these names wait for it.
    Asked(Vec<usize>),
    Known(Result<CaaSet, Unknown>),
}

/// What is known of a name's addresses of one family.
#[derive(Debug, Clone, Default)]
struct Family {
    addresses: Option<Vec<IpAddr>>,
    failed: Option<Unknown>,
    chain: Vec<String>,
    /// It is not asked any more.
    over: bool,
}

impl<'a> Round<'a> {
    fn new(names: &'a [DomainName], ours: &'a [IpAddr], probing: bool, servers: usize) -> Self {
        Self {
            names,
            ours,
            probing,
            servers,
            checks: vec![NameCheck::unknown(Unknown::NotAsked); names.len()],
            handed_out: [0, 0],
            answered: 0,
            out_of_turn: HashSet::default(),
            fresh: VecDeque::new(),
            again: VecDeque::new(),
            open: HashMap::default(),
            caa: HashMap::default(),
        }
    }

    /// Asks until every name is done with.
    async fn go(&mut self, servers: Arc<Servers>) {
        let mut under_way = JoinSet::new();
        loop {
            let mut without_a_place = Vec::new();
            while under_way.len() < AT_ONCE
                && without_a_place.len() < MOST_WITHOUT_A_PLACE
                && servers.have_room()
                && let Some(job) = self.next()
            {
                match servers.place(&job.asked) {
                    Some(place) => drop(under_way.spawn(job.ask(Arc::clone(&servers), place))),
                    // The server that is to be asked has no place now, although another one has.
                    None => without_a_place.push(job),
                }
            }
            for job in without_a_place.into_iter().rev() {
                // Back to where it came from: what failed never keeps others from being asked.
                let queue = if job.is_fresh() { &mut self.fresh } else { &mut self.again };
                queue.push_front(job);
            }
            match under_way.join_next().await {
                Some(Ok(job)) => {
                    let may_ask_again = job.asked.iter().sum::<usize>() < servers.tries();
                    self.take_in(job, may_ask_again);
                }
                // A bug of ours: that one question stays without an answer.
                Some(Err(_)) => {}
                None => return,
            }
        }
    }

    fn job(&self, about: About, name: Name, kind: RecordType) -> Job {
        Job { about, search: Search::new(name, kind), asked: vec![0; self.servers] }
    }

    /// The next question.
    fn next(&mut self) -> Option<Job> {
        let [v4, _] = self.handed_out;
        // Where answers come, the last names are all asked for A before anything that follows from it, so that at the end as
        // much is under way as before, and nothing waits for anything.
        let are_last = self.aaaa_waits() && v4 < self.names.len() && self.names.len() - v4 <= LAST;
        let answers_come = 2 * self.answered > v4;
        if !(are_last && answers_come)
            && let Some(job) = self.fresh.pop_front()
        {
            return Some(job);
        }
        while let Some((index, kind)) = self.next_for_addresses() {
            match fully_qualified(self.names[index].as_str()) {
                Some(name) => {
                    if kind == FAMILIES[0] {
                        // What is known of it if the time is over before an answer is there.
                        self.checks[index] = NameCheck::unknown(Unknown::TimedOut);
                    }
                    return Some(self.job(About::Addresses(index), name, kind));
                }
                None => self.checks[index] = NameCheck::unknown(Unknown::Broken),
            }
        }
        loop {
            let job = self.again.pop_front()?;
            match job.about {
                // The other family has settled it meanwhile.
                About::Addresses(index) if self.settles(index, &self.checks[index]) => {}
                _ => return Some(job),
            }
        }
    }

    /// One foreign address settles it, unless it matters what is behind all of them.
    fn settles(&self, index: usize, check: &NameCheck) -> bool {
        check.verdict == Verdict::Elsewhere && !self.is_probed(index)
    }

    fn aaaa_waits(&self) -> bool {
        self.names.len() > MANY
    }

    fn is_probed(&self, index: usize) -> bool {
        self.probing && !self.names[index].is_wildcard()
    }

    /// The name to ask for next, by its index, and the family.
    fn next_for_addresses(&mut self) -> Option<(usize, RecordType)> {
        loop {
            let [v4, v6] = self.handed_out;
            let waits = if self.aaaa_waits() { AAAA_WAITS } else { 1 };
            let is_for_v6 = v6 + waits <= v4 || v4 == self.names.len();
            let (index, family) = if is_for_v6 { (v6, 1) } else { (v4, 0) };
            if index == self.names.len() {
                return None;
            }
            self.handed_out[family] += 1;
            if !self.out_of_turn.remove(&index) {
                return Some((index, FAMILIES[family]));
            }
        }
    }

    /// Takes in how a question went.
    fn take_in(&mut self, job: Job, may_ask_again: bool) {
        self.answered += usize::from(job.search.found.is_some());
        match job.about.clone() {
            About::Addresses(index) => self.take_in_addresses(index, job, may_ask_again),
            About::Caa(at) => self.take_in_caa(at, job, may_ask_again),
        }
    }

    fn take_in_addresses(&mut self, index: usize, job: Job, may_ask_again: bool) {
        let mut families = self.open.remove(&index).unwrap_or_default();
        let family = &mut families[usize::from(job.search.kind == FAMILIES[1])];
        let addresses = match &job.search.found {
            Some(Found::Addresses(addresses)) => Some(addresses.clone()),
            _ => None,
        };
        *family =
            Family { over: addresses.is_some(), addresses, failed: job.search.failed, chain: job.search.trail.chain() };
        let mut check = judge(&families, self.ours);
        let settled = self.settles(index, &check);
        if self.aaaa_waits() && self.handed_out[1] <= index && self.out_of_turn.insert(index) {
            if settled || job.search.leads_nowhere {
                families[1] = Family { addresses: Some(Vec::new()), over: true, ..Family::default() };
                check = judge(&families, self.ours);
            } else {
                let name = job.search.trail.names[0].clone();
                self.fresh.push_back(self.job(job.about.clone(), name, FAMILIES[1]));
                // Where A is ours, AAAA seldom leads elsewhere: CAA does not wait for it.
                let is_ours = families[0].addresses.as_ref().is_some_and(|addresses| !addresses.is_empty());
                if let Some(name) = self.caa_name(index).filter(|_| is_ours && !self.is_probed(index)) {
                    self.ask_for_caa(&name);
                }
            }
        }
        let family = &mut families[usize::from(job.search.kind == FAMILIES[1])];
        if !family.over {
            family.over = settled || !may_ask_again;
            if !family.over {
                self.again.push_back(job);
            }
        }
        let wants_caa =
            check.verdict == Verdict::Here || (self.is_probed(index) && check.verdict == Verdict::Elsewhere);
        if wants_caa {
            check.caa = Caa::Unknown(Unknown::TimedOut);
        }
        self.checks[index] = check;
        if !families.iter().all(|family| family.over) {
            self.open.insert(index, families);
        } else if let Some(name) = self.caa_name(index).filter(|_| wants_caa) {
            self.climb(index, name);
        }
    }

    /// The name whose CAA records count: a wildcard is judged by what holds for the name below it.
    fn caa_name(&self, index: usize) -> Option<Name> {
        fully_qualified(self.names[index].wildcard_base().unwrap_or(self.names[index].as_str()))
    }

    /// Finds out which CAA records hold for a name: those of the first name upwards that has any (RFC 8659).
    fn climb(&mut self, index: usize, mut at: Name) {
        let caa = loop {
            if at.is_root() {
                break Caa::Allowed;
            }
            match self.caa.get_mut(&at) {
                Some(Lookup::Known(Ok(set))) if set.is_empty => at = at.base_name(),
                Some(Lookup::Known(Ok(set))) => break set.judge(&at, self.names[index].is_wildcard()),
                Some(Lookup::Known(Err(reason))) => break Caa::Unknown(*reason),
                Some(Lookup::Asked(waiting)) => return waiting.push(index),
                None => self.ask_for_caa(&at),
            }
        };
        self.checks[index].caa = caa;
    }

    fn take_in_caa(&mut self, at: Name, job: Job, may_ask_again: bool) {
        let Some(Lookup::Asked(waiting)) = self.caa.remove(&at) else { return };
        let known = match job.search.found {
            Some(Found::Caa(set)) => Ok(set),
            _ => Err(job.search.failed.unwrap_or(Unknown::Broken)),
        };
        if let Err(reason) = &known {
            if waiting.is_empty() {
                // Nobody needs it so far. Who comes to need it asks again.
                return;
            }
            for index in &waiting {
                self.checks[*index].caa = Caa::Unknown(*reason);
            }
            if may_ask_again {
                self.again.push_back(Job { search: Search { found: None, ..job.search }, ..job });
                self.caa.insert(at, Lookup::Asked(waiting));
                return;
            }
        }
        self.caa.insert(at.clone(), Lookup::Known(known));
        for index in waiting {
            self.climb(index, at.clone());
        }
    }

    /// Asks for the CAA records of a name and of all names above it, at once: nearly always the answer is that there are
    /// none, and what lies above is the same for many names.
    fn ask_for_caa(&mut self, name: &Name) {
        let mut at = name.clone();
        while !at.is_root() && !self.caa.contains_key(&at) {
            self.fresh.push_back(self.job(About::Caa(at.clone()), at.clone(), RecordType::CAA));
            let above = at.base_name();
            self.caa.insert(std::mem::replace(&mut at, above), Lookup::Asked(Vec::new()));
        }
    }
}

/// The record types that addresses have, in the order in which they are shown.
const FAMILIES: [RecordType; 2] = [RecordType::A, RecordType::AAAA];

/// A name for the wire, with its end, so that no search domain is ever tried.
fn fully_qualified(name: &str) -> Option<Name> {
    Name::from_ascii(format!("{name}.")).ok()
}

impl Job {
    /// Nobody was asked so far.
    fn is_fresh(&self) -> bool {
        self.asked.iter().all(|times| *times == 0)
    }

    /// Asks one server, and gives the question back with what came of it.
    async fn ask(mut self, servers: Arc<Servers>, place: Place) -> Self {
        #[cfg(debug_assertions)]
        crate::trip::here(crate::trip::Spot::Dns);
        let before = self.asked[place.server];
        self.asked[place.server] += 1;
        if before > 0 {
            time::sleep(PAUSE).await;
        }
        self.search.go(&servers, &place, PATIENCE[before.min(TRIES - 1)]).await;
        drop(place);
        if self.search.found.is_none() {
            // Others were asked the same moment: how they fared says whether this server is the one to ask next.
            time::sleep(BREATH).await;
        }
        self
    }
}

/// The search for a name's records of one type.
#[derive(Debug, Clone)]
struct Search {
    kind: RecordType,
    trail: Trail,
    /// What there is, once it is known; nothing is a definite answer too.
    found: Option<Found>,
    /// The name, or the one it is an alias of, does not exist, or its aliases never end: there is nothing of any type.
    leads_nowhere: bool,
    /// The most telling failure so far.
    failed: Option<Unknown>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Addresses(Vec<IpAddr>),
    Caa(CaaSet),
}

impl Search {
    fn new(name: Name, kind: RecordType) -> Self {
        Self { kind, trail: Trail { names: vec![name] }, found: None, leads_nowhere: false, failed: None }
    }

    /// Asks a server, and goes on at the end of the chain where it gave only a part of it.
    async fn go(&mut self, servers: &Servers, place: &Place, patience: Duration) {
        while self.found.is_none() {
            match servers.ask(place, self.trail.end(), self.kind, patience).await {
                Ok(reply) => match self.trail.follow(&reply, self.kind) {
                    Step::Partial => {}
                    Step::End => {
                        let found = reply.found(self.trail.end(), self.kind);
                        self.leads_nowhere = reply.is_no_name && found == Found::Addresses(Vec::new());
                        self.found = Some(found);
                    }
                    // A chain without an end leads to no address, for everyone who follows it.
                    Step::Endless if self.kind != RecordType::CAA => {
                        self.leads_nowhere = true;
                        self.found = Some(Found::Addresses(Vec::new()));
                    }
                    Step::Endless => {
                        self.trail.names.truncate(1);
                        self.failed = self.failed.max(Some(Unknown::ServerFailure));
                        break;
                    }
                },
                Err(reason) => {
                    self.failed = self.failed.max(Some(reason));
                    break;
                }
            }
        }
    }
}

/// The verdict from both families. One foreign address settles it; for anything else both must have answered.
fn judge(families: &[Family; 2], ours: &[IpAddr]) -> NameCheck {
    let addresses: Vec<IpAddr> =
        families.iter().flat_map(|family| family.addresses.iter().flatten()).copied().collect();
    let open = families.iter().filter(|family| family.addresses.is_none());
    let half_known = open.map(|family| family.failed.unwrap_or(Unknown::TimedOut)).max();
    let verdict = if addresses.iter().any(|address| !ours.contains(address)) {
        Verdict::Elsewhere
    } else if half_known.is_some() {
        Verdict::Unknown
    } else if addresses.is_empty() {
        Verdict::Missing
    } else {
        Verdict::Here
    };
    let [v4, v6] = families;
    NameCheck {
        addresses,
        cname: if v4.chain.len() >= v6.chain.len() { v4.chain.clone() } else { v6.chain.clone() },
        reason: half_known.filter(|_| verdict == Verdict::Unknown),
        half_known,
        ..NameCheck::new(verdict)
    }
}

/// What the CAA records of a name say (RFC 8659). Parameters of an issuer are the issuer's affair, and not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct CaaSet {
    is_empty: bool,
    /// There is something that an issuer must understand, and that Let's Encrypt does not know.
    is_critical: bool,
    /// Who may issue; `None` where nothing is said of it.
    issue: Option<Issuers>,
    /// Who may issue for wildcards; `None`: as for the others.
    issuewild: Option<Issuers>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Issuers {
    names: Vec<String>,
    lets_encrypt: bool,
}

impl Issuers {
    fn add(&mut self, value: &[u8]) {
        let Some(issuer) = issuer(value) else { return };
        self.lets_encrypt |= issuer == LETS_ENCRYPT;
        if self.names.len() < MOST_ISSUERS && !self.names.contains(&issuer) {
            self.names.push(issuer);
        }
    }
}

impl CaaSet {
    fn new<'a>(records: impl Iterator<Item = &'a CAA>) -> Self {
        let mut set = Self { is_empty: true, ..Self::default() };
        for record in records {
            set.is_empty = false;
            match record.tag.to_ascii_lowercase().as_str() {
                "issue" => set.issue.get_or_insert_default().add(&record.value),
                "issuewild" => set.issuewild.get_or_insert_default().add(&record.value),
                // About reports and mail certificates: they forbid nothing here.
                "iodef" | "issuemail" => {}
                _ => set.is_critical |= record.issuer_critical,
            }
        }
        set
    }

    fn judge(&self, at: &Name, for_wildcard: bool) -> Caa {
        let issuers = if for_wildcard { self.issuewild.as_ref().or(self.issue.as_ref()) } else { self.issue.as_ref() };
        let names = match issuers {
            _ if self.is_critical => Vec::new(),
            None => return Caa::Allowed,
            Some(issuers) if issuers.lets_encrypt => return Caa::Allowed,
            Some(issuers) => issuers.names.clone(),
        };
        Caa::Forbidden { at: spelled(at), issuers: names }
    }
}

/// The issuer that a CAA value names; none in an empty value and in one that makes no sense.
fn issuer(value: &[u8]) -> Option<String> {
    let name = value.split(|byte| *byte == b';').next()?.trim_ascii();
    let plain = |label: &[u8]| {
        let mut ends = label.first().into_iter().chain(label.last());
        label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && ends.next().is_some_and(|end| *end != b'-')
            && ends.all(|end| *end != b'-')
    };
    let fits = name.len() <= 253 && name.split(|byte| *byte == b'.').all(plain);
    fits.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
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

    /// Goes on along the CNAME records of a reply, to records of this type.
    fn follow(&mut self, reply: &Reply, kind: RecordType) -> Step {
        let before = self.names.len();
        while let Some(target) = reply.target_of(self.end()) {
            let seen = self.names.contains(target);
            self.names.push(target.clone());
            if seen || self.names.len() > LONGEST_CHAIN {
                return Step::Endless;
            }
        }
        let has_records = reply.records_of(self.end()).any(|data| data.record_type() == kind);
        let goes_on = self.names.len() > before && !reply.is_final && !has_records;
        if goes_on { Step::Partial } else { Step::End }
    }

    fn chain(&self) -> Vec<String> {
        self.names.iter().skip(1).map(spelled).collect()
    }
}

/// Where a reply leads.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// To the end: what it has there is all there is.
    End,
    /// On to a name that has to be asked for.
    Partial,
    /// In circles, or too far.
    Endless,
}

fn spelled(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hickory_resolver::proto::rr::RData;
    use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME};

    use super::*;
    use crate::clock::SystemClock;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn answered(addresses: &[&str]) -> Family {
        Family { addresses: Some(addresses.iter().map(|address| ip(address)).collect()), ..Family::default() }
    }

    fn no(reason: Unknown) -> Family {
        Family { failed: Some(reason), ..Family::default() }
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
            let families = [v4, v6];
            let check = judge(&families, &ours);
            assert_eq!((check.verdict, check.reason), (verdict, reason), "{families:?}");
        }
    }

    fn reply(records: &[(&str, RData)], is_final: bool) -> Reply {
        Reply {
            records: records.iter().map(|(owner, data)| (name(owner), data.clone())).collect(),
            is_final,
            is_no_name: false,
        }
    }

    fn from(text: &str) -> Trail {
        Trail { names: vec![name(text)] }
    }

    fn cname(target: &str) -> RData {
        RData::CNAME(CNAME(name(target)))
    }

    fn addresses(trail: &Trail, reply: &Reply, kind: RecordType) -> Found {
        reply.found(trail.end(), kind)
    }

    #[test]
    fn a_chain_is_followed_to_its_end() {
        let a = RData::A(A::new(203, 0, 113, 10));
        let here = Found::Addresses(vec![ip("203.0.113.10")]);
        let mut trail = from("www.shop.example.");
        let whole = reply(
            &[("WWW.shop.example.", cname("Shop.example.")), ("shop.example.", a.clone()), ("x.example.", a.clone())],
            false,
        );
        assert_eq!(trail.follow(&whole, RecordType::A), Step::End);
        assert_eq!(addresses(&trail, &whole, RecordType::A), here);
        assert_eq!(trail.chain(), ["shop.example"]);

        let mut trail = from("www.shop.example.");
        let part = reply(&[("www.shop.example.", cname("a.example."))], false);
        assert_eq!(trail.follow(&part, RecordType::A), Step::Partial);
        assert_eq!(trail.end(), &name("a.example."));
        let rest = reply(&[("a.example.", cname("b.example.")), ("b.example.", a)], false);
        assert_eq!(trail.follow(&rest, RecordType::A), Step::End);
        assert_eq!(addresses(&trail, &rest, RecordType::A), here);
        assert_eq!(trail.chain(), ["a.example", "b.example"]);
    }

    #[test]
    fn a_server_that_says_there_is_no_more_is_not_asked_again() {
        let mut trail = from("www.shop.example.");
        let none = reply(&[("www.shop.example.", cname("shop.example."))], true);
        assert_eq!(trail.follow(&none, RecordType::AAAA), Step::End);
        assert_eq!(addresses(&trail, &none, RecordType::AAAA), Found::Addresses(Vec::new()));
        let wrong_family = reply(&[("shop.example.", RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)))], false);
        assert_eq!(trail.follow(&wrong_family, RecordType::A), Step::End);
        assert_eq!(addresses(&trail, &wrong_family, RecordType::A), Found::Addresses(Vec::new()));
    }

    #[test]
    fn loops_and_endless_chains_end() {
        let mut trail = from("a.example.");
        let round = reply(&[("a.example.", cname("b.example.")), ("b.example.", cname("A.example."))], false);
        assert_eq!(trail.follow(&round, RecordType::A), Step::Endless);
        assert_eq!(trail.chain(), ["b.example", "a.example"]);

        let mut trail = from("n0.example.");
        let mut steps = 0;
        loop {
            let (from, to) = (format!("n{steps}.example."), format!("n{}.example.", steps + 1));
            steps += 1;
            if trail.follow(&reply(&[(&from, cname(&to))], false), RecordType::A) == Step::Endless {
                break;
            }
        }
        assert_eq!(steps, LONGEST_CHAIN);
    }

    #[test]
    fn of_a_flood_of_addresses_a_foreign_one_is_kept() {
        let many: Vec<RData> = (0..4_000u16).map(|n| RData::A(A::new(198, 51, (n >> 8) as u8, n as u8))).collect();
        let records: Vec<(&str, RData)> = many.into_iter().map(|data| ("shop.example.", data)).collect();
        let Found::Addresses(kept) = reply(&records, false).found(&name("shop.example."), RecordType::A) else {
            panic!("no addresses");
        };
        assert_eq!(kept.len(), MOST_ADDRESSES);
    }

    /// Flags, tag and value of a record.
    type Written = (u8, &'static str, &'static str);

    /// Records, and who may issue for a name and for a wildcard where Let's Encrypt may not.
    type Row = (&'static [Written], Option<Vec<String>>, Option<Vec<String>>);

    fn caa(records: &[(u8, &str, &str)]) -> CaaSet {
        let records: Vec<CAA> = records
            .iter()
            .map(|(flags, tag, value)| {
                let mut record = CAA::new_issue(*flags & 128 != 0, None, Vec::new());
                record.reserved_flags = flags & 127;
                record.tag = (*tag).to_owned();
                record.value = value.as_bytes().to_vec();
                record
            })
            .collect();
        CaaSet::new(records.iter())
    }

    #[test]
    fn what_caa_records_allow() {
        const LE: &str = "letsencrypt.org";
        let only = |issuers: &[&str]| Some(issuers.iter().map(ToString::to_string).collect::<Vec<_>>());
        let table: [Row; 21] = [
            (&[(0, "issue", LE)], None, None),
            (&[(0, "ISSUE", "LetsEncrypt.ORG")], None, None),
            (&[(128, "issue", "letsencrypt.org; validationmethods=http-01")], None, None),
            (&[(0, "issue", "\t letsencrypt.org \t;")], None, None),
            (&[(0, "issue", ";")], only(&[]), only(&[])),
            (&[(0, "issue", "")], only(&[]), only(&[])),
            (&[(0, "issue", "%%%%%")], only(&[]), only(&[])),
            (&[(0, "issue", "letsencrypt.org.")], only(&[]), only(&[])),
            (&[(0, "issue", "xletsencrypt.org")], only(&["xletsencrypt.org"]), only(&["xletsencrypt.org"])),
            (&[(0, "issue", "www.letsencrypt.org")], only(&["www.letsencrypt.org"]), only(&["www.letsencrypt.org"])),
            (&[(0, "issue", "CA.example; a=b")], only(&["ca.example"]), only(&["ca.example"])),
            (&[(0, "issue", "ca.example"), (0, "issue", LE)], None, None),
            (&[(0, "issue", ";"), (0, "issue", LE)], None, None),
            (&[(0, "issuewild", "ca.example")], None, only(&["ca.example"])),
            (&[(0, "issuewild", ";"), (0, "issue", LE)], None, only(&[])),
            (&[(0, "issue", ";"), (0, "issuewild", LE)], only(&[]), None),
            (&[(0, "iodef", "mailto:a@example.com"), (128, "issuemail", "ca.example")], None, None),
            (&[(0, "tbs", "Unknown")], None, None),
            (&[(1, "tbs", "Unknown")], None, None),
            (&[(128, "tbs", "Unknown"), (0, "issue", LE)], only(&[]), only(&[])),
            (&[(128, "iodef", "mailto:a@example.com")], None, None),
        ];
        for (records, name_only, wildcard_only) in table {
            let set = caa(records);
            assert!(!set.is_empty);
            for (for_wildcard, issuers) in [(false, name_only), (true, wildcard_only)] {
                let expected =
                    issuers.map_or(Caa::Allowed, |issuers| Caa::Forbidden { at: "shop.example".into(), issuers });
                assert_eq!(set.judge(&name("Shop.example."), for_wildcard), expected, "{records:?} {for_wildcard}");
            }
        }
        assert!(caa(&[]).is_empty);
        let many: Vec<String> = (0..50).map(|n| format!("ca{n}.example")).collect();
        let mut records: Vec<(u8, &str, &str)> = many.iter().map(|issuer| (0, "issue", issuer.as_str())).collect();
        let Caa::Forbidden { issuers, .. } = caa(&records).judge(&name("shop.example."), false) else {
            panic!("allowed")
        };
        assert_eq!(issuers.len(), MOST_ISSUERS);
        records.push((0, "issue", LE));
        assert_eq!(caa(&records).judge(&name("shop.example."), false), Caa::Allowed);
    }

    #[test]
    fn what_is_unknown_is_never_a_no() {
        let with = |verdict, caa| NameCheck { caa, ..NameCheck::new(verdict) }.qualifies();
        let forbidden = || Caa::Forbidden { at: "example".into(), issuers: Vec::new() };
        for verdict in Verdict::ALL {
            let points_to_us = matches!(verdict, Verdict::Here | Verdict::Proxied);
            let is_no = matches!(verdict, Verdict::Elsewhere | Verdict::Missing);
            assert_eq!(with(verdict, forbidden()), Qualifies::No, "{verdict:?}");
            let open = if is_no { Qualifies::No } else { Qualifies::Unknown };
            assert_eq!(with(verdict, Caa::Unknown(Unknown::TimedOut)), open, "{verdict:?}");
            assert_eq!(with(verdict, Caa::NotAsked), open, "{verdict:?}");
            let allowed = if points_to_us { Qualifies::Yes } else { open };
            assert_eq!(with(verdict, Caa::Allowed), allowed, "{verdict:?}");
        }
        assert_eq!(NameCheck::unknown(Unknown::ProbeTimedOut).qualifies(), Qualifies::Unknown);
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
