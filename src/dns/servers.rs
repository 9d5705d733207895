//! The servers that are asked: which one, over what, and how it has done so far.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};
use tokio::time;

use super::reply::{Reply, failure};
use super::udp::Udp;
use super::window::{self, Slot, Window};
use super::{PATIENCE, TRIES, Unknown};

/// A place for a question at one server.
pub(super) struct Place {
    /// The server, by its index.
    pub(super) server: usize,
    slot: Slot,
}

/// The servers, each by itself.
pub(super) struct Servers {
    servers: Vec<Server>,
}

struct Server {
    udp: Udp,
    /// For answers that do not fit into a datagram; a connection is kept for those that follow.
    tcp: NameServerPool<TokioRuntimeProvider>,
    /// Questions in a row that it did not answer in time.
    silent: AtomicU32,
    /// The questions that it has now.
    window: Window,
}

impl Servers {
    pub(super) fn new(addresses: &[SocketAddr]) -> Self {
        Self { servers: addresses.iter().filter_map(|address| Server::new(*address).ok()).collect() }
    }

    pub(super) fn count(&self) -> usize {
        self.servers.len()
    }

    /// How often a name is asked for at most, over all servers.
    pub(super) fn tries(&self) -> usize {
        TRIES.max(2 * self.servers.len())
    }

    /// Whether a server has a place for another question.
    pub(super) fn have_room(&self) -> bool {
        self.servers.iter().any(|server| server.window.has_room())
    }

    /// A place at the server to ask next: the one asked least about this name, rather one that answers, in the order
    /// configured. `None` while it has none: the next server may be there for the case that the first one fails, and may
    /// see other names.
    pub(super) fn place(&self, asked: &[usize]) -> Option<Place> {
        let rank = |index: &usize| (asked[*index], self.servers[*index].silent.load(Ordering::Relaxed) >= 2);
        let server = (0..self.servers.len()).min_by_key(rank)?;
        Some(Place { server, slot: self.servers[server].window.take()? })
    }

    /// Asks a server.
    pub(super) async fn ask(
        &self,
        Place { server, slot }: &Place,
        name: &Name,
        kind: RecordType,
        patience: Duration,
    ) -> Result<Reply, Unknown> {
        let server = &self.servers[*server];
        let outcome = match time::timeout(patience, server.ask(Query::query(name.clone(), kind), patience)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Unknown::TimedOut),
        };
        match outcome {
            Err(Unknown::TimedOut | Unknown::Broken) => server.silent.fetch_add(1, Ordering::Relaxed),
            _ => server.silent.swap(0, Ordering::Relaxed),
        };
        match outcome {
            // A server that is asked more than it allows is silent, or refuses.
            Err(Unknown::TimedOut | Unknown::Refused) => slot.unanswered(),
            Ok(_) => slot.answered(),
            // These say something of the name, or of this machine.
            Err(_) => {}
        }
        outcome
    }
}

impl Server {
    fn new(address: SocketAddr) -> Result<Self, NetError> {
        let mut options = ResolverOpts::default();
        options.timeout = PATIENCE[TRIES - 1];
        options.num_concurrent_reqs = 1;
        options.max_active_requests = window::MOST;
        let mut connection = ConnectionConfig::tcp();
        connection.port = address.port();
        let config = NameServerConfig::new(address.ip(), true, vec![connection]);
        let context = Arc::new(PoolContext::new(options, TlsConfig::new()?));
        let tcp = NameServerPool::from_config([config], context, TokioRuntimeProvider::new());
        Ok(Self { udp: Udp::new(address), tcp, silent: AtomicU32::new(0), window: Window::new() })
    }

    async fn ask(&self, query: Query, patience: Duration) -> Result<Reply, Unknown> {
        let response = match self.udp.ask(query.clone(), patience).await {
            Ok(response) if response.truncation => {
                self.tcp.lookup(query, DnsRequestOptions::default()).first_answer().await
            }
            Ok(response) => DnsError::from_response(response).map_err(NetError::from),
            Err(error) => Err(error),
        };
        match response {
            Ok(response) => Reply::from_response(&response),
            Err(error) => failure(&error),
        }
    }
}
