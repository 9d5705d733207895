//! How the engine reaches what is not the API: DNS, and the addresses that names point to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::clock::Deadline;
use crate::config::Settings;
use crate::dns::{Dns, NameCheck};
use crate::domain::DomainName;
use crate::options::ProbeFile;
use crate::probe;

/// Where a connection really goes.
type Route = dyn Fn(SocketAddr) -> SocketAddr + Send + Sync;

/// How connections to names leave this machine.
#[derive(Clone, Default)]
pub struct Web {
    route: Option<Arc<Route>>,
    private_allowed: bool,
}

impl Web {
    /// Straight to the addresses, and only to public ones.
    #[must_use]
    pub fn direct() -> Self {
        Self::default()
    }

    /// To wherever `route` says instead: ports 80 and 443 of a simulated world are others here.
    #[must_use]
    pub fn routed(route: impl Fn(SocketAddr) -> SocketAddr + Send + Sync + 'static) -> Self {
        Self { route: Some(Arc::new(route)), private_allowed: false }
    }

    /// Private and loopback addresses are allowed as well.
    #[must_use]
    pub fn with_private_addresses(self) -> Self {
        Self { private_allowed: true, ..self }
    }

    /// Whether the probe may go to this address.
    #[must_use]
    pub fn may_reach(&self, address: IpAddr) -> bool {
        self.private_allowed || probe::is_public(address)
    }

    /// Where to connect to in order to reach this address and port.
    #[must_use]
    pub fn at(&self, target: SocketAddr) -> SocketAddr {
        self.route.as_ref().map_or(target, |route| route(target))
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web")
            .field("routed", &self.route.is_some())
            .field("private_allowed", &self.private_allowed)
            .finish()
    }
}

/// What is asked about names: DNS, and the addresses it gives. Holds no connection and no thread.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Who answers about DNS.
    pub dns: Dns,
    /// How the addresses are reached.
    pub web: Web,
}

impl Outside {
    /// As the constants say. With an API on loopback the names may point there too.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let web = if settings.api_is_on_loopback() { Web::direct().with_private_addresses() } else { Web::direct() };
        Self { dns: Dns::new(&settings.dns_servers), web }
    }

    /// Looks names up and compares them with `ours`; those that point elsewhere are asked for the file, where there
    /// is one. The answers come in the order of the names, by the deadline.
    #[must_use]
    pub fn check(
        &self,
        names: &[DomainName],
        ours: &[IpAddr],
        file: Option<&ProbeFile>,
        deadline: Deadline<'_>,
    ) -> Vec<NameCheck> {
        let mut checks = self.dns.check(names, ours, file.is_some(), deadline);
        if let Some(file) = file {
            probe::check(&self.web, file, names, ours, &mut checks, deadline);
        }
        checks
    }
}
