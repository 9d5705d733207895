//! The web around the simulated world: what answers on ports 80 and 443 of every address in it.
//!
//! A request does not say to which address it was made. So the zone decides: a name all of whose addresses are a
//! server's reaches that server; any other name reaches what the table `web` of the state has for it.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::LazyConfigAcceptor;

use crate::authority;
use crate::params;
use crate::state::{App, State, dns_key};
use crate::tls::{self, Shown, Tls};
use crate::wire::{Mischief, Pace, Payload, Socket};
use crate::world::World;
use crate::zone::{self, Found};

/// How a name answers that does not lead to a server of the account; `*.zone` as a key is any name right below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebEntry {
    /// What it does.
    pub behaviour: Behaviour,
    /// How long it takes before it does so, in real milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slow_ms: u64,
    /// Where `redirect_elsewhere` sends to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How TLS behaves for this name, wherever it leads; null: as the switch `tls` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// It answers like this although it leads to a server of the account: what a firewall or a plugin there does.
    #[serde(default, skip_serializing_if = "is_false")]
    pub here_too: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(b: &bool) -> bool {
    !*b
}

impl From<Behaviour> for WebEntry {
    fn from(behaviour: Behaviour) -> Self {
        Self { behaviour, slow_ms: 0, location: None, tls: None, here_too: false }
    }
}

/// What a web server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// A proxy in front: answers as the application does.
    PassesOn,
    /// 200, and another body.
    Parked,
    /// Sends to https on the same name, and there answers as the application does.
    RedirectHttps,
    /// Sends to another name.
    RedirectElsewhere,
    /// Sends to https on the same name, again and again.
    RedirectLoop,
    /// 404
    NotFound,
    /// 403, as a firewall in front.
    Forbidden,
    /// 503
    Unavailable,
    /// Takes the request and never answers.
    Silent,
    /// 200, the application's body, and then it never stops sending.
    Endless,
    /// As the application does, a byte every 100 milliseconds.
    Drip,
    /// The connection is reset.
    Reset,
}

/// A request that came over the web, or a name that was asked for in a TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebQuery {
    /// When: milliseconds since 1970 by the simulator's clock.
    pub at_ms: i64,
    /// The name, lower case, without a port; empty when there was none.
    pub name: String,
    /// `http`, `https`, or `tls` for a handshake, which comes before each `https`.
    pub scheme: &'static str,
    /// The path; empty for a handshake.
    pub path: String,
}

/// How long the authority waits for an answer, in milliseconds (documented: 10 seconds).
const PATIENCE_MS: u64 = 10_000;

/// Whether the authority's request for this name, which resolves elsewhere, reaches the application. It follows a
/// redirection to https, and does not look at the certificate there (documented).
pub(crate) fn passes_on(state: &State, name: &str) -> bool {
    entry(state, name).is_some_and(|entry| {
        matches!(entry.behaviour, Behaviour::PassesOn | Behaviour::RedirectHttps) && entry.slow_ms < PATIENCE_MS
    })
}

/// What the table has for a name.
pub(crate) fn entry<'a>(state: &'a State, name: &str) -> Option<&'a WebEntry> {
    if state.web.is_empty() {
        return None;
    }
    let wildcard = || state.web.get(&format!("*.{}", name.split_once('.')?.1));
    state.web.get(name).or_else(wildcard)
}

/// What a request gets.
#[derive(Debug, PartialEq)]
enum Reaction {
    Answer { status: u16, location: Option<String>, body: String, pace: Pace },
    Silence,
    Reset,
}

impl Reaction {
    fn page(status: u16, text: &str) -> Self {
        let body = format!("<!DOCTYPE html>\n<title>{status}</title>\n<h1>{text}</h1>\n");
        Self::Answer { status, location: None, body, pace: Pace::Whole }
    }

    fn redirect(to: String) -> Self {
        Self::Answer { status: 301, location: Some(to), body: String::new(), pace: Pace::Whole }
    }
}

/// What a request for `path` of `name` gets, and how long that takes.
fn react(state: &State, name: &str, path: &str, https: bool) -> (Duration, Reaction) {
    let file = |app: Option<&App>| {
        let body = app.and_then(|app| state.web_files.get(&app.id)?.get(path));
        match body {
            Some(body) => Reaction::Answer { status: 200, location: None, body: body.clone(), pace: Pace::Whole },
            None => Reaction::page(404, "Not Found"),
        }
    };
    let serving = || state.servers.iter().flat_map(|s| &s.apps).find(|app| authority::is_served(app, name));

    let entry = entry(state, name);
    let place = place(state, name);
    let entry = match (place, entry) {
        // Nobody can say by the name alone which of its addresses was asked.
        (Place::Partly(_), Some(entry)) | (Place::Elsewhere, Some(entry)) => entry,
        (Place::Here(_), Some(entry)) if entry.here_too => entry,
        (Place::Here(app) | Place::Partly(app), _) => return (Duration::ZERO, file(app)),
        (Place::Elsewhere, None) => return (Duration::ZERO, Reaction::page(404, "No such site")),
    };
    let paced = |pace: Pace| match file(serving()) {
        Reaction::Answer { status: 200, location, body, .. } => Reaction::Answer { status: 200, location, body, pace },
        other => other,
    };
    let reaction = match entry.behaviour {
        Behaviour::PassesOn => file(serving()),
        Behaviour::RedirectHttps if https => file(serving()),
        Behaviour::RedirectHttps | Behaviour::RedirectLoop => Reaction::redirect(format!("https://{name}{path}")),
        Behaviour::RedirectElsewhere => {
            Reaction::redirect(entry.location.clone().unwrap_or_else(|| "http://elsewhere.example/".into()))
        }
        Behaviour::Parked => Reaction::page(200, "This domain is parked"),
        Behaviour::NotFound => Reaction::page(404, "Not Found"),
        Behaviour::Forbidden => Reaction::page(403, "Forbidden"),
        Behaviour::Unavailable => Reaction::page(503, "Service Unavailable"),
        Behaviour::Silent => Reaction::Silence,
        Behaviour::Endless => match file(serving()) {
            Reaction::Answer { body, location, .. } => {
                Reaction::Answer { status: 200, location, body, pace: Pace::Endless }
            }
            other => other,
        },
        Behaviour::Drip => paced(Pace::Drip(Duration::from_millis(100))),
        Behaviour::Reset => Reaction::Reset,
    };
    (Duration::from_millis(entry.slow_ms), reaction)
}

/// Where a name leads, and which application of that server serves it.
enum Place<'a> {
    /// All its addresses are one server's.
    Here(Option<&'a App>),
    /// Some are.
    Partly(Option<&'a App>),
    Elsewhere,
}

fn place<'a>(state: &'a State, name: &str) -> Place<'a> {
    let addresses: Vec<IpAddr> = match zone::resolve(state, name) {
        Found::Entry { entry, .. } => entry.all_addresses().collect(),
        _ => return Place::Elsewhere,
    };
    for server in &state.servers {
        let own: Vec<IpAddr> = server.addresses().collect();
        if addresses.iter().any(|address| own.contains(address)) {
            let app = server.apps.iter().find(|app| authority::is_served(app, name));
            let all = addresses.iter().all(|address| own.contains(address));
            return if all { Place::Here(app) } else { Place::Partly(app) };
        }
    }
    Place::Elsewhere
}

/// Answers on port 80 until the runtime ends.
pub(crate) async fn serve_http(listener: TcpListener, world: Arc<World>) {
    accept(listener, world, |stream, world| async move {
        let mischief = Mischief::default();
        converse(Socket::new(stream, mischief.clone()), mischief, world, false).await;
    })
    .await;
}

/// Answers on port 443 until the runtime ends.
pub(crate) async fn serve_https(listener: TcpListener, world: Arc<World>) {
    accept(listener, world, |stream, world| async move {
        let mischief = Mischief::default();
        // What ends a handshake is the client's to tell.
        let _ = handshake(Socket::new(stream, mischief.clone()), mischief, world).await;
    })
    .await;
}

async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    world: Arc<World>,
    talk: impl Fn(TcpStream, Arc<World>) -> F,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(talk(stream, Arc::clone(&world)));
            }
            // Out of file descriptors, most likely: it passes.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn handshake(socket: Socket, mischief: Mischief, world: Arc<World>) -> io::Result<()> {
    let mut start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), socket).await?;
    let name = start.client_hello().server_name().map(dns_key);
    let shown = {
        let mut inner = world.now();
        let at_ms = inner.now_ms();
        let query = WebQuery { at_ms, name: name.clone().unwrap_or_default(), scheme: "tls", path: String::new() };
        inner.web_log.push(query);
        tls::shown(&inner.state, name.as_deref(), at_ms.div_euclid(1000))
    };
    match shown {
        Shown::Certificate(spec) => {
            let config = world.tls.get(&spec).ok_or_else(|| io::Error::other("no certificate can be made"))?;
            let stream = start.into_stream(config).await?;
            converse(stream, mischief, world, true).await;
        }
        Shown::Silence => {
            tokio::io::copy(&mut start.io, &mut tokio::io::sink()).await?;
        }
        Shown::Reset => mischief.reset(),
    }
    Ok(())
}

async fn converse<S>(stream: S, mischief: Mischief, world: Arc<World>, https: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (world, mischief) = (Arc::clone(&world), mischief.clone());
        async move {
            answer(&request, &world, https).await.ok_or_else(|| {
                mischief.reset();
                io::Error::other("reset on purpose")
            })
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// `None`: the connection is to be reset.
async fn answer(request: &Request<Incoming>, world: &World, https: bool) -> Option<Response<Payload>> {
    let host = request.headers().get(HOST).and_then(|h| h.to_str().ok()).unwrap_or("");
    let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |h| h.0);
    let name = dns_key(host);
    let path = params::decode(request.uri().path());
    let (delay, reaction) = {
        let mut inner = world.now();
        let at_ms = inner.now_ms();
        let scheme = if https { "https" } else { "http" };
        inner.web_log.push(WebQuery { at_ms, name: name.clone(), scheme, path: path.clone() });
        react(&inner.state, &name, &path, https)
    };
    sleep(delay).await;
    match reaction {
        Reaction::Reset => None,
        Reaction::Silence => std::future::pending().await,
        Reaction::Answer { status, location, body, pace } => {
            let kind = if body.starts_with('<') { "text/html" } else { "text/plain" };
            let mut response = Response::new(Payload::new(Bytes::from(body), pace));
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            if let Some(location) = location.and_then(|to| HeaderValue::try_from(to).ok()) {
                response.headers_mut().insert(LOCATION, location);
            }
            Some(response)
        }
    }
}
