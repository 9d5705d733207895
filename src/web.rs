//! How the engine reaches what is not the API: DNS, and the addresses that names point to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

use crate::clock::Deadline;
use crate::config::Settings;
use crate::dns::{Dns, NameCheck};
use crate::domain::DomainName;
use crate::options::ProbeFile;
use crate::probe;

/// The share of the time that DNS may take where a probe comes after it.
const DNS_BEFORE_A_PROBE: f64 = 0.6;

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

    /// Whether connections may be made to this address. Addresses for documentation are nobody's: a connection to one
    /// would only take time. Where a route leads elsewhere, they are those of a simulated world.
    #[must_use]
    pub fn may_reach(&self, address: IpAddr) -> bool {
        (self.route.is_some() || !probe::is_for_documentation(address))
            && (self.private_allowed || probe::is_public(address))
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
    /// As the constants say. With an API on loopback the names may point there too, or lead into a simulated web.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let web = match settings.simulated_web {
            Some([http, https]) => Web::routed(move |target| match target.port() {
                80 => http,
                443 => https,
                _ => target,
            }),
            None if settings.api_is_on_loopback() => Web::direct().with_private_addresses(),
            None => Web::direct(),
        };
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
        let Some(file) = file else { return self.dns.check(names, ours, false, deadline) };
        let early = deadline.within(deadline.left().mul_f64(DNS_BEFORE_A_PROBE));
        let mut checks = self.dns.check(names, ours, true, early);
        probe::check(&self.web, file, names, ours, &mut checks, deadline);
        checks
    }
}

/// TLS with whoever answers: for looking at what is served, and for redirects of a probe, which Let's Encrypt follows
/// to any certificate as well (documented). Nothing secret is ever sent over it. `None`: there is no TLS at all.
pub(crate) fn unverified_tls() -> Option<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let schemes = provider.signature_verification_algorithms.supported_schemes();
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let verifier = Arc::new(Unverified { schemes });
    Some(Arc::new(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

#[derive(Debug)]
struct Unverified {
    schemes: Vec<SignatureScheme>,
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
