//! The certificates that port 443 shows. They are made when somebody asks for them, with two keys for the whole
//! process, and kept.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::certificates::Certificate;
use crate::state::State;
use crate::web;

/// How port 443 behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// As it should.
    #[default]
    Normal,
    /// Takes the connection and says nothing.
    Silent,
    /// Resets the connection.
    Reset,
    /// The certificate ended yesterday.
    Expired,
    /// Still the certificate before the one that is installed; the default one when there was none.
    Stale,
}

/// What is shown for a name that no certificate covers. Open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsUncovered {
    /// The server's default certificate, which nobody has signed.
    Default,
    /// The certificate of the application that serves the name, which is for others.
    Application,
}

/// What a connection gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Silence,
    Reset,
    Certificate(Spec),
}

/// A certificate to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spec {
    names: Vec<String>,
    issuer: IssuedBy,
    not_before: i64,
    not_after: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum IssuedBy {
    /// With the intermediate's common name.
    LetsEncrypt(String),
    /// The customer's own certificate.
    AnotherAuthority,
    Itself,
}

/// Seconds of a day.
const DAY: i64 = 86_400;
/// When the servers of the start state were made: 2026-03-02.
const SERVER_MADE: i64 = 1_772_409_600;

impl Spec {
    fn of(certificate: &Certificate) -> Self {
        Self {
            names: certificate.names.clone(),
            issuer: IssuedBy::LetsEncrypt(certificate.issuer.clone()),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        }
    }

    /// What the server shows on its own.
    fn default_of_the_server() -> Self {
        Self {
            names: vec!["localhost".into()],
            issuer: IssuedBy::Itself,
            not_before: SERVER_MADE,
            not_after: SERVER_MADE + 3650 * DAY,
        }
    }
}

/// What a client that asks for this name is shown; `now` in Unix seconds.
pub(crate) fn shown(state: &State, name: Option<&str>, now: i64) -> Shown {
    let behaviour = name.and_then(|name| web::entry(state, name)?.tls).unwrap_or(state.switches.tls);
    match behaviour {
        Tls::Silent => return Shown::Silence,
        Tls::Reset => return Shown::Reset,
        Tls::Normal | Tls::Expired | Tls::Stale => {}
    }
    let found = name.and_then(|name| certificate_for(state, name, behaviour == Tls::Stale));
    let mut spec = found.unwrap_or_else(Spec::default_of_the_server);
    if behaviour == Tls::Expired {
        spec.not_after = now - DAY;
        spec.not_before = spec.not_before.min(spec.not_after - 90 * DAY);
    }
    Shown::Certificate(spec)
}

fn certificate_for(state: &State, name: &str, stale: bool) -> Option<Spec> {
    let apps = || state.servers.iter().flat_map(|s| &s.apps);
    let serving = apps().find(|app| crate::authority::is_served(app, name));

    // The customer's own certificate takes the place of Let's Encrypt's (documented).
    if let Some(app) = serving.filter(|app| is_truthy(&app.own_ssl)) {
        let names = app.cname.iter().filter(|n| !n.is_empty()).chain(&app.aliases).cloned().collect();
        return Some(Spec {
            names,
            issuer: IssuedBy::AnotherAuthority,
            not_before: SERVER_MADE,
            not_after: SERVER_MADE + 397 * DAY,
        });
    }

    let of_app = |id: &str| {
        let certificate = state.certificates.get(id)?;
        if stale { certificate.previous.as_deref() } else { Some(certificate) }
    };
    let covering = apps().filter_map(|app| of_app(&app.id)).find(|c| c.covers(name));
    let any = || of_app(&serving?.id).filter(|_| state.switches.tls_uncovered == TlsUncovered::Application);
    covering.or_else(any).map(Spec::of)
}

fn is_truthy(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty() && text != "0",
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) => true,
    }
}

/// The server configurations that were made so far.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<Spec, Arc<ServerConfig>>>);

/// The most that are kept at a time.
const MOST_KEPT: usize = 64;

impl Kept {
    /// The configuration that shows this certificate; `None` when there can be none with such names.
    pub(crate) fn get(&self, spec: &Spec) -> Option<Arc<ServerConfig>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = kept.get(spec) {
            return Some(Arc::clone(config));
        }
        let config = Arc::new(make(spec)?);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(spec.clone(), Arc::clone(&config));
        Some(config)
    }
}

/// The keys of authorities and servers.
struct Keys {
    authority: KeyPair,
    server: KeyPair,
    provider: Arc<CryptoProvider>,
}

static KEYS: LazyLock<Option<Keys>> = LazyLock::new(|| {
    let key = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).ok();
    Some(Keys { authority: key()?, server: key()?, provider: Arc::new(ring::default_provider()) })
});

fn make(spec: &Spec) -> Option<ServerConfig> {
    let keys = KEYS.as_ref()?;
    let mut params = CertificateParams::default();
    params.subject_alt_names =
        spec.names.iter().filter_map(|n| Some(SanType::DnsName(n.as_str().try_into().ok()?))).collect();
    let first = spec.names.first().map_or("", String::as_str);
    params.distinguished_name.push(DnType::CommonName, first.chars().take(64).collect::<String>());
    params.not_before = at(spec.not_before);
    params.not_after = at(spec.not_after);
    params.serial_number = Some(SerialNumber::from(spec.not_before.unsigned_abs() << 8 | 1));

    let (organisation, common) = match &spec.issuer {
        IssuedBy::LetsEncrypt(common) => ("Let's Encrypt", common.as_str()),
        IssuedBy::AnotherAuthority => ("Example Trust Services", "Example TLS CA"),
        IssuedBy::Itself => {
            let leaf = params.self_signed(&keys.server).ok()?;
            return configuration(keys, vec![leaf.der().clone()]);
        }
    };
    let mut above = CertificateParams::default();
    above.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    above.distinguished_name.push(DnType::CountryName, "US");
    above.distinguished_name.push(DnType::OrganizationName, organisation);
    above.distinguished_name.push(DnType::CommonName, common);
    let authority = above.self_signed(&keys.authority).ok()?;
    let leaf = params.signed_by(&keys.server, &Issuer::from_params(&above, &keys.authority)).ok()?;
    configuration(keys, vec![leaf.der().clone(), authority.der().clone()])
}

fn configuration(keys: &Keys, chain: Vec<CertificateDer<'static>>) -> Option<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(keys.server.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&keys.provider))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .ok()?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(config)
}

/// What the calendar does not have becomes its nearest end.
fn at(unix: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(unix.clamp(0, 253_402_300_799)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
