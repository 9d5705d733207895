//! A simulator of the Cloudways Platform API, of the DNS around it and of its certificate authority.
//!
//! It knows nothing of the code that it tests: it is written from what is known of the real services, and
//! what is not known is a switch ([`state::Switches`]). As a library it runs inside a test; as a program,
//! `cloudways-sim`, it serves PHP tests and shells. Both have the control interface under `/_sim`, which
//! `README.md` describes.
//!
//! ```
//! use cloudways_sim::Sim;
//!
//! let sim = Sim::start();
//! sim.set_a("shop.example", &["203.0.113.10"]);
//! sim.fault(serde_json::json!({"path": "/server", "do": {"status": 503}}));
//! assert_eq!(sim.aliases("131933"), ["hand-made.example"]);
//! assert!(sim.writes().is_empty());
//! ```

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Runtime;

mod api;
mod authority;
mod certificates;
pub mod client;
mod control;
mod dns;
mod fault;
mod http;
mod limits;
mod log;
mod params;
pub mod state;
mod tls;
mod web;
mod wire;
mod world;
mod zone;

pub use authority::MAX_NAMES;
pub use fault::{Fault, Generate, HandAliases, Spoil};
pub use limits::registered_domain;
pub use log::LogEntry;
pub use state::State;
pub use web::WebQuery;
pub use world::DnsQuery;

use world::World;

/// A running simulator; it ends when this is dropped.
///
/// It has threads of its own, so plain tests can use it, many at once.
pub struct Sim {
    world: Arc<World>,
    api: SocketAddr,
    dns: SocketAddr,
    web_http: SocketAddr,
    web_https: SocketAddr,
    runtime: Option<Runtime>,
}

/// Where a simulator listens and with what it starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the API and the control interface listen; port 0: a free one.
    pub api: SocketAddr,
    /// Where DNS listens, over UDP and TCP; port 0: a free one.
    pub dns: SocketAddr,
    /// What stands for port 80 of every address listens here; port 0: a free one.
    pub web_http: SocketAddr,
    /// The same for port 443.
    pub web_https: SocketAddr,
    /// The state at the start and after a reset.
    pub state: State,
}

impl Default for Options {
    fn default() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { api: any, dns: any, web_http: any, web_https: any, state: State::default() }
    }
}

impl Sim {
    /// Starts one on free ports of the loopback, with the start state.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(State::default())
    }

    /// Starts one with a state of the caller's.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn start_with(state: State) -> Self {
        Self::open(Options { state, ..Options::default() })
            .unwrap_or_else(|e| panic!("the simulator cannot listen: {e}"))
    }

    /// Starts one where the options say.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub fn open(options: Options) -> io::Result<Self> {
        let api = TcpListener::bind(options.api)?;
        let (dns_udp, dns_tcp) = bind_both(options.dns)?;
        let web_http = TcpListener::bind(options.web_http)?;
        let web_https = TcpListener::bind(options.web_https)?;
        let (api_addr, dns_addr) = (api.local_addr()?, dns_udp.local_addr()?);
        let (http_addr, https_addr) = (web_http.local_addr()?, web_https.local_addr()?);
        api.set_nonblocking(true)?;
        web_http.set_nonblocking(true)?;
        web_https.set_nonblocking(true)?;
        dns_udp.set_nonblocking(true)?;
        // As much as the system allows, for the questions that come while the machine is busy elsewhere.
        socket2::SockRef::from(&dns_udp).set_recv_buffer_size(4 << 20)?;
        dns_tcp.set_nonblocking(true)?;

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("cloudways-sim")
            .enable_io()
            .enable_time()
            .build()?;
        let world = Arc::new(World::new(options.state));
        {
            let _inside = runtime.enter();
            let api = tokio::net::TcpListener::from_std(api)?;
            let udp = tokio::net::UdpSocket::from_std(dns_udp)?;
            let tcp = tokio::net::TcpListener::from_std(dns_tcp)?;
            runtime.spawn(http::serve(api, Arc::clone(&world)));
            runtime.spawn(dns::serve_udp(udp, Arc::clone(&world)));
            runtime.spawn(dns::serve_tcp(tcp, Arc::clone(&world)));
            let http = tokio::net::TcpListener::from_std(web_http)?;
            let https = tokio::net::TcpListener::from_std(web_https)?;
            runtime.spawn(web::serve_http(http, Arc::clone(&world)));
            runtime.spawn(web::serve_https(https, Arc::clone(&world)));
        }
        Ok(Self {
            world,
            api: api_addr,
            dns: dns_addr,
            web_http: http_addr,
            web_https: https_addr,
            runtime: Some(runtime),
        })
    }

    /// The base of the API: `http://127.0.0.1:PORT/api/v2`.
    pub fn api_url(&self) -> String {
        format!("http://{}/api/v2", self.api)
    }

    /// The base of the control interface: `http://127.0.0.1:PORT/_sim`.
    pub fn control_url(&self) -> String {
        format!("http://{}/_sim", self.api)
    }

    /// Where DNS answers, over UDP and TCP.
    pub fn dns_addr(&self) -> SocketAddr {
        self.dns
    }

    /// What stands for port 80 of every address of the simulated world.
    pub fn web_http(&self) -> SocketAddr {
        self.web_http
    }

    /// What stands for port 443 of every address of the simulated world.
    pub fn web_https(&self) -> SocketAddr {
        self.web_https
    }

    /// A copy of the state as it is now.
    pub fn state(&self) -> State {
        self.world.now().state.clone()
    }

    /// Looks at the state as it is now, without a copy of it.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.world.now().state)
    }

    /// Changes the state, between two requests.
    pub fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.world.raw().edit(change)
    }

    /// Back to the start: state, log and faults.
    pub fn reset(&self) {
        self.world.raw().reset();
    }

    /// The requests so far.
    pub fn log(&self) -> Vec<LogEntry> {
        self.world.raw().log.clone()
    }

    /// What was asked over the web so far: requests, and names in TLS handshakes.
    pub fn web_log(&self) -> Vec<WebQuery> {
        self.world.raw().web_log.clone()
    }

    /// How a name answers that leads elsewhere: a [`state::Behaviour`], or a whole [`state::WebEntry`].
    pub fn set_web(&self, name: &str, entry: impl Into<state::WebEntry>) {
        let entry = entry.into();
        self.world.raw().edit_known(|state| state.web.insert(state::dns_key(name), entry));
    }

    /// Puts a static file into the web root of an application.
    pub fn set_web_file(&self, app_id: &str, path: &str, body: &str) {
        self.world.raw().edit_known(|state| {
            let files = state.web_files.entry(app_id.into()).or_default();
            files.insert(path.into(), body.into());
        });
    }

    /// Forgets the requests, the DNS queries and what was asked over the web.
    pub fn clear_log(&self) {
        self.world.raw().clear_log();
    }

    /// The requests that ask for a change: all but reads and the exchange of a key for a token. Refused
    /// ones are among them.
    pub fn writes(&self) -> Vec<LogEntry> {
        self.log().into_iter().filter(api::is_write).collect()
    }

    /// The DNS queries so far.
    pub fn dns_log(&self) -> Vec<DnsQuery> {
        self.world.raw().dns_log.clone()
    }

    /// Adds a rule, or a list of rules as JSON.
    ///
    /// # Panics
    /// When the JSON is no rule.
    pub fn fault(&self, rules: impl IntoFaults) {
        let rules = rules.into_faults();
        self.world.raw().faults.rules.extend(rules);
    }

    /// Takes all rules away.
    pub fn clear_faults(&self) {
        self.world.raw().faults.rules.clear();
    }

    /// The rules that are not used up.
    pub fn faults(&self) -> Vec<Fault> {
        self.world.raw().faults.rules.clone()
    }

    /// Gives a name these addresses, of either family, in place of what it had; none: it exists without.
    ///
    /// # Panics
    /// When one is no IP address.
    pub fn set_a(&self, name: &str, addresses: &[impl AsRef<str>]) {
        let addresses: Vec<IpAddr> =
            addresses.iter().map(|ip| ip.as_ref().parse().unwrap_or_else(|e| panic!("{}: {e}", ip.as_ref()))).collect();
        let entry = state::DnsEntry::addresses(&addresses);
        self.world.raw().edit_known(|state| state.dns.insert(state::dns_key(name), entry));
    }

    /// An application's alias list.
    ///
    /// # Panics
    /// When there is no such application.
    pub fn aliases(&self, app_id: &str) -> Vec<String> {
        let inner = self.world.now();
        match inner.state.app(app_id) {
            Some(app) => app.aliases.clone(),
            None => panic!("the simulator has no application {app_id}"),
        }
    }

    /// Replaces an application's alias list, as a person would in the platform.
    ///
    /// # Panics
    /// When there is no such application.
    pub fn set_aliases(&self, app_id: &str, aliases: &[impl AsRef<str>]) {
        let aliases = aliases.iter().map(|a| a.as_ref().to_string()).collect();
        let mut inner = self.world.raw();
        let there = inner.edit_known(|state| state.app_mut(app_id).map(|app| app.aliases = aliases).is_some());
        assert!(there, "the simulator has no application {app_id}");
    }

    /// Moves the clock forward (or back), in seconds. What is timed by it: operations, sessions, the limits of
    /// Let's Encrypt and of the API, certificates. Delays of faults and of answers take real time.
    pub fn advance(&self, seconds: i64) {
        self.advance_ms(seconds.saturating_mul(1000));
    }

    /// Moves the clock forward (or back), in milliseconds.
    pub fn advance_ms(&self, ms: i64) {
        self.world.raw().advance_ms(ms);
    }

    /// Lets the clock stand still at this Unix time in seconds; from then on only advancing moves it.
    pub fn freeze_at(&self, unix: i64) {
        self.world.raw().freeze(Some(unix.saturating_mul(1000)));
    }

    /// Lets the clock go on from where it stands.
    pub fn unfreeze(&self) {
        self.world.raw().freeze(None);
    }

    /// The simulator's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.world.raw().now_ms()
    }

    /// The orders of certificates so far, renewals by Cloudways itself among them.
    pub fn orders(&self) -> Vec<state::Order> {
        self.world.now().state.authority.orders.clone()
    }

    /// Those with a name of this registered domain.
    pub fn orders_for(&self, domain: &str) -> Vec<state::Order> {
        let mut orders = self.orders();
        orders.retain(|order| order.domains.iter().any(|d| d == domain));
        orders
    }

    /// How many orders of clients met a limit of Let's Encrypt.
    pub fn limit_hits(&self) -> u64 {
        self.world.now().state.authority.limit_hits
    }

    /// How many a limit would let through now: failures of a name, certificates of a registered domain, or
    /// certificates of exactly these names (with commas).
    pub fn limit_left(&self, limit: state::Limit, what: &str) -> u32 {
        let inner = self.world.now();
        let authority = &inner.state.authority;
        let bucket = match limit {
            state::Limit::Failures => authority.failures.get(what),
            state::Limit::Domain => authority.domains.get(what),
            state::Limit::Set => {
                let names: Vec<String> = what.split(',').map(state::dns_key).collect();
                authority.sets.get(&limits::set_key(&names))
            }
        };
        limit.left(bucket, inner.now_ms())
    }

    /// The Let's Encrypt certificate that an application serves.
    pub fn certificate(&self, app_id: &str) -> Option<state::Certificate> {
        self.world.now().state.certificates.get(app_id).cloned()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not waited for, so that a simulator may be dropped anywhere.
            runtime.shutdown_background();
        }
    }
}

/// What [`Sim::fault`] takes.
pub trait IntoFaults {
    /// The rules.
    ///
    /// # Panics
    /// When it is JSON and no rule.
    fn into_faults(self) -> Vec<Fault>;
}

impl IntoFaults for Fault {
    fn into_faults(self) -> Vec<Fault> {
        vec![self]
    }
}

impl IntoFaults for Value {
    fn into_faults(self) -> Vec<Fault> {
        let rules = match self {
            Value::Array(rules) => rules,
            one => vec![one],
        };
        rules
            .into_iter()
            .map(|rule| {
                let shown = rule.to_string();
                serde_json::from_value(rule).unwrap_or_else(|e| panic!("not a fault rule: {e}: {shown}"))
            })
            .collect()
    }
}

/// A port that is free for both UDP and TCP.
fn bind_both(wanted: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tries = 0;
    loop {
        let udp = UdpSocket::bind(wanted)?;
        match TcpListener::bind(udp.local_addr()?) {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) if wanted.port() != 0 || tries >= 50 => return Err(error),
            Err(_) => tries += 1,
        }
    }
}
