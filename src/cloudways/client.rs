//! The API over HTTP.
//!
//! One client lives for one call of the extension: its thread must not outlive a fork, and nothing is left running
//! when it is dropped.

use std::error::Error as StdError;
use std::fmt;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use once_cell::sync::OnceCell;
use reqwest::blocking::{Client, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING};
use reqwest::{StatusCode, Url, redirect};
use serde_json::{Value, json};

use super::auth::{self, Session};
use super::retry::{Access, Attempt, Decision, Happened, ROOM, decide};
use super::wire::{self, Busy, Refusal, Said, Unusable};
use super::{
    Accepted, CloudwaysRead, CloudwaysWrite, Observed, OperationRef, OperationState, WildcardDns, WriteFailure,
};
use crate::clock::Deadline;
use crate::config::{Secret, Settings};
use crate::domain::DomainName;
use crate::error::{Error, Outage};
use crate::signals::MaskedSignals;

/// The longest answer that is read, in bytes.
const LONGEST_BODY: u64 = 32 * 1024 * 1024;

/// As much is read of an answer that is no 2xx: its status says enough.
const LONGEST_REFUSAL: u64 = 1024 * 1024;

/// What some programs put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// How long making a connection may take at most, name and TLS included.
const CONNECT: Duration = Duration::from_secs(8);

/// An endpoint.
struct Endpoint {
    /// Method and path, as messages name it.
    label: &'static str,
    path: &'static [&'static str],
    access: Access,
    /// Whether the client's token goes with it.
    with_token: bool,
    /// Whether what it answers may be quoted. `GET /server` answers with passwords.
    quotable: bool,
    /// The field with the names that it takes.
    names: Option<&'static str>,
}

const SERVER: Endpoint = Endpoint {
    label: "GET /server",
    path: &["server"],
    access: Access::Read,
    with_token: true,
    quotable: false,
    names: None,
};
const OPERATION: Endpoint = Endpoint {
    label: "GET /operation/{id}",
    path: &["operation"],
    access: Access::Read,
    with_token: true,
    quotable: true,
    names: None,
};
/// The exchange leaves nothing behind that a second one would spoil: it is repeated as a read is.
const TOKEN: Endpoint = Endpoint {
    label: "POST /oauth/access_token",
    path: &["oauth", "access_token"],
    access: Access::Read,
    with_token: false,
    quotable: true,
    names: None,
};
const ALIASES: Endpoint = Endpoint {
    label: "POST /app/manage/aliases",
    path: &["app", "manage", "aliases"],
    access: Access::Write,
    with_token: true,
    quotable: true,
    names: Some("aliases"),
};
const INSTALL: Endpoint = Endpoint {
    label: "POST /security/lets_encrypt_install",
    path: &["security", "lets_encrypt_install"],
    access: Access::Write,
    with_token: true,
    quotable: true,
    names: Some("ssl_domains"),
};
const AUTO: Endpoint = Endpoint {
    label: "POST /security/lets_encrypt_auto",
    path: &["security", "lets_encrypt_auto"],
    access: Access::Write,
    with_token: true,
    quotable: true,
    names: None,
};

const CREATE_DNS: Endpoint = Endpoint {
    label: "POST /security/createDNS",
    path: &["security", "createDNS"],
    access: Access::Write,
    with_token: true,
    quotable: true,
    names: Some("ssl_domains"),
};
const VERIFY_DNS: Endpoint = Endpoint {
    label: "POST /security/verifyDNS",
    path: &["security", "verifyDNS"],
    access: Access::Write,
    with_token: true,
    quotable: true,
    names: Some("ssl_domains"),
};

/// How one request ended.
enum Outcome {
    /// With an answer.
    Answer(Answer),
    /// There was no time to send it.
    NoTime,
    /// There was no connection; the reason in words.
    NotSent(String),
    /// The connection broke.
    Broken,
    /// No answer in time.
    TimedOut,
    /// The answer was longer than what is read.
    TooLong,
}

/// Why a request did not get its 2xx.
struct Failure {
    /// The status it got instead, where there was an answer.
    status: Option<u16>,
    kind: WriteFailure,
}

impl From<Failure> for Error {
    /// For reads, which either succeed or do nothing.
    fn from(failure: Failure) -> Self {
        match failure.kind {
            WriteFailure::Failed(error)
            | WriteFailure::Unknown(error)
            | WriteFailure::Later { error, .. }
            | WriteFailure::Refused { error, .. } => error,
            WriteFailure::Busy(_) => Self::Busy { endpoint: OPERATION.label },
        }
    }
}

fn not_sent(error: Error) -> Failure {
    Failure { status: None, kind: WriteFailure::Failed(error) }
}

struct Answer {
    status: StatusCode,
    html: bool,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// The Cloudways API, for one call.
pub struct HttpCloudways {
    http: Client,
    session: Session,
    requests: u32,
    /// How the last write was put off, when it was: the next one is its repetition.
    put_off: Option<PutOff>,
}

/// A write that is to be repeated.
struct PutOff {
    endpoint: &'static str,
    number: u32,
    renewed: bool,
}

impl fmt::Debug for HttpCloudways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCloudways").field("requests", &self.requests).finish_non_exhaustive()
    }
}

impl HttpCloudways {
    /// Makes ready for the requests of one call. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no client can be made, for want of the machine's CA certificates for instance.
    pub fn new(settings: &Settings, deadline: Deadline<'_>) -> Result<Self, Error> {
        // Half of the time at most, so that a connection that cannot be made can be tried once more.
        let connect = CONNECT.min(deadline.left() / 2).max(Duration::from_millis(1));
        let http = client(settings, connect).map_err(|reason| Error::Unavailable {
            endpoint: SERVER.label,
            outage: Outage::NoConnection(reason),
            retry_after: None,
        })?;
        Ok(Self { http, session: Session::new(settings), requests: 0, put_off: None })
    }

    /// Sends a request until it is answered with a 2xx or is not worth another try, and gives the answer's body. A
    /// write is sent once: its repetition is the caller's, who looks first.
    fn call(
        &mut self,
        endpoint: &Endpoint,
        id: Option<&str>,
        body: Option<&Value>,
        deadline: Deadline<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let is_write = endpoint.access == Access::Write;
        let put_off = if is_write { self.put_off.take().filter(|last| last.endpoint == endpoint.label) } else { None };
        let (mut number, mut renewed) = put_off.map_or((1, false), |last| (last.number + 1, last.renewed));
        loop {
            let token = if endpoint.with_token { Some(self.token(deadline)?) } else { None };
            let outcome = self.send(endpoint, id, body, token.as_ref(), deadline);
            let (happened, hint) = match outcome {
                Outcome::Answer(answer) if answer.status.is_success() => return Ok(answer.body),
                Outcome::Answer(ref answer) => (Happened::Answered(answer.status.as_u16()), answer.retry_after),
                Outcome::NotSent(_) => (Happened::NotSent, None),
                Outcome::Broken => (Happened::Broken, None),
                Outcome::TimedOut => (Happened::TimedOut, None),
                Outcome::NoTime | Outcome::TooLong => return Err(self.failure(endpoint, outcome)),
            };
            let renewed_before = renewed || !endpoint.with_token;
            let left = deadline.left();
            let attempt = Attempt { number, access: endpoint.access, happened, hint, renewed: renewed_before, left };
            let Decision::Retry { after } = decide(&attempt) else { return Err(self.failure(endpoint, outcome)) };
            if happened == Happened::Answered(401) {
                self.session.forget();
                renewed = true;
            }
            if is_write {
                self.put_off = Some(PutOff { endpoint: endpoint.label, number, renewed });
                let failure = self.failure(endpoint, outcome);
                let status = failure.status;
                return Err(Failure { status, kind: WriteFailure::Later { after, error: failure.into() } });
            }
            if !deadline.wait(after, ROOM) {
                return Err(self.failure(endpoint, outcome));
            }
            number += 1;
        }
    }

    /// The token to send; a key is exchanged for one where there is none yet.
    fn token(&mut self, deadline: Deadline<'_>) -> Result<Secret, Failure> {
        if let Some(token) = self.session.token() {
            return Ok(token);
        }
        let credentials = self.session.exchange_body();
        // Whatever becomes of the exchange, the request it is made for was not sent.
        let body = self.call(&TOKEN, None, Some(&credentials), deadline).map_err(|failure| not_sent(failure.into()))?;
        match wire::exchanged(&body) {
            Ok(token) => {
                self.session.keep(token.clone());
                Ok(token)
            }
            Err(_) if auth::refusal(200, false, &body).is_some() => {
                let answer = self.said(&TOKEN, StatusCode::OK, &body);
                Err(not_sent(Error::Auth { endpoint: TOKEN.label, answer }))
            }
            Err(unusable) => Err(not_sent(self.unusable(&TOKEN, unusable))),
        }
    }

    /// Sends a request once.
    fn send(
        &mut self,
        endpoint: &Endpoint,
        id: Option<&str>,
        body: Option<&Value>,
        token: Option<&Secret>,
        deadline: Deadline<'_>,
    ) -> Outcome {
        let left = deadline.left();
        if left.is_zero() {
            return Outcome::NoTime;
        }
        let url = url(&self.session.settings().api_url, endpoint, id);
        let mut request = match body {
            Some(body) => self.http.post(url).json(body),
            None => self.http.get(url),
        };
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        let outcome = match request.header(ACCEPT, "application/json").timeout(left).send() {
            Ok(response) => read(response, deadline),
            Err(error) if error.is_connect() || error.is_builder() => {
                Outcome::NotSent(self.session.clean(&reason(&error)))
            }
            Err(error) if error.is_timeout() => Outcome::TimedOut,
            Err(_) => Outcome::Broken,
        };
        if !matches!(outcome, Outcome::NotSent(_)) {
            self.requests = self.requests.saturating_add(1);
        }
        outcome
    }

    /// What a request that did not end well means, and whether it may have done something.
    fn failure(&self, endpoint: &Endpoint, outcome: Outcome) -> Failure {
        let status = if let Outcome::Answer(answer) = &outcome { Some(answer.status.as_u16()) } else { None };
        Failure { status, kind: self.kind_of_failure(endpoint, outcome) }
    }

    fn kind_of_failure(&self, endpoint: &Endpoint, outcome: Outcome) -> WriteFailure {
        let unavailable = |outage| Error::Unavailable { endpoint: endpoint.label, outage, retry_after: None };
        match outcome {
            Outcome::NoTime => WriteFailure::Failed(unavailable(Outage::TimedOut)),
            Outcome::NotSent(reason) => WriteFailure::Failed(unavailable(Outage::NoConnection(reason))),
            Outcome::Broken => WriteFailure::Unknown(unavailable(Outage::Broken)),
            Outcome::TimedOut => WriteFailure::Unknown(unavailable(Outage::TimedOut)),
            Outcome::TooLong => WriteFailure::Unknown(Error::Protocol {
                endpoint: endpoint.label,
                what: "it is longer than 32 MiB".into(),
            }),
            Outcome::Answer(answer) => self.refused(endpoint, &answer),
        }
    }

    fn refused(&self, endpoint: &Endpoint, answer: &Answer) -> WriteFailure {
        let (label, status) = (endpoint.label, answer.status.as_u16());
        let retry_after = answer.retry_after.map(|hint| hint.as_secs());
        match auth::refusal(status, answer.html, &answer.body) {
            Some(Refusal::Scope) => return WriteFailure::Failed(Error::Scope { endpoint: label }),
            Some(Refusal::Edge) => {
                let outage = Outage::BlockedAtTheEdge;
                return WriteFailure::Failed(Error::Unavailable { endpoint: label, outage, retry_after });
            }
            Some(Refusal::Credentials) => {
                let answer = self.said(endpoint, answer.status, &answer.body);
                return WriteFailure::Failed(Error::Auth { endpoint: label, answer });
            }
            None => {}
        }
        match wire::busy(&answer.body).filter(|_| status == 422) {
            Some(Busy::With(operation)) => {
                let kind = operation.kind.map(|kind| self.session.clean(&kind));
                return WriteFailure::Busy(OperationRef { kind, ..operation });
            }
            Some(Busy::Unnamed) => return WriteFailure::Failed(Error::Busy { endpoint: label }),
            None => {}
        }
        match status {
            429 => WriteFailure::Failed(Error::RateLimited { endpoint: label, retry_after }),
            400..=499 => self.rejected(endpoint, answer.status, &answer.body),
            500..=599 => {
                let outage = Outage::Status(status);
                WriteFailure::Unknown(Error::Unavailable { endpoint: label, outage, retry_after })
            }
            _ => WriteFailure::Unknown(Error::Protocol {
                endpoint: label,
                what: format!("HTTP {status}, and neither redirects nor anything else but an answer is followed"),
            }),
        }
    }

    /// What the API said, fit for a message.
    fn said(&self, endpoint: &Endpoint, status: StatusCode, body: &[u8]) -> String {
        let quoted = if endpoint.quotable {
            let said = wire::message(body).unwrap_or_else(|| wire::raw(body));
            self.session.clean(&said)
        } else {
            String::new()
        };
        match status.canonical_reason() {
            _ if !quoted.is_empty() => quoted,
            Some(reason) => format!("HTTP {} {reason}", status.as_u16()),
            None => format!("HTTP {}", status.as_u16()),
        }
    }

    /// The API understood and said no.
    fn rejected(&self, endpoint: &Endpoint, status: StatusCode, body: &[u8]) -> WriteFailure {
        let answer = self.said(endpoint, status, body);
        let error = Error::Rejected { endpoint: endpoint.label, status: status.as_u16(), answer };
        if !endpoint.quotable {
            return WriteFailure::Refused { error, said: String::new(), about_names: false };
        }
        let heard = Said::by(body);
        let said = self.session.clean_whole(&heard.all().unwrap_or_else(|| wire::raw(body)));
        // A page of HTML is not the API's own word.
        let about_names = endpoint.names.is_some_and(|list| heard.is_about(list, &said)) && !wire::is_html(body);
        WriteFailure::Refused { error, said, about_names }
    }

    fn unusable(&self, endpoint: &Endpoint, unusable: Unusable) -> Error {
        let settings = self.session.settings();
        match unusable {
            Unusable::Shape(what) => Error::Protocol { endpoint: endpoint.label, what },
            Unusable::NoServer => Error::ServerNotFound { server_id: settings.server_id },
            Unusable::NoApp => Error::AppNotFound { server_id: settings.server_id, app_id: settings.app_id },
        }
    }

    /// Sends a write and reads what it started.
    fn write(&mut self, endpoint: &Endpoint, body: &Value, deadline: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        let answer = self.accepted(endpoint, body, deadline)?;
        match wire::started(&answer) {
            Ok(operation) => Ok(Accepted { operation }),
            // Accepted, and in words that mean nothing to us: it may have taken effect.
            Err(unusable) => Err(WriteFailure::Unknown(self.unusable(endpoint, unusable))),
        }
    }

    /// Sends a write and gives the body of its 2xx.
    fn accepted(&mut self, endpoint: &Endpoint, body: &Value, deadline: Deadline<'_>) -> Result<Vec<u8>, WriteFailure> {
        let answer = self.call(endpoint, None, Some(body), deadline).map_err(|failure| failure.kind)?;
        if wire::is_greeting(&answer) {
            // An unknown path does nothing.
            let what = wire::GREETED.into();
            return Err(WriteFailure::Failed(Error::Protocol { endpoint: endpoint.label, what }));
        }
        Ok(answer)
    }

    fn wildcard_dns(
        &mut self,
        endpoint: &Endpoint,
        apex: &DomainName,
        deadline: Deadline<'_>,
    ) -> Result<WildcardDns, WriteFailure> {
        let body = self.order(std::slice::from_ref(apex), true);
        let answer = self.accepted(endpoint, &body, deadline)?;
        match wire::wildcard_dns(&answer) {
            Ok(Some(dns)) => Ok(dns),
            Ok(None) => Err(self.rejected(endpoint, StatusCode::OK, &answer)),
            Err(unusable) => Err(WriteFailure::Unknown(self.unusable(endpoint, unusable))),
        }
    }

    /// What an order takes, and what comes before one for a wildcard. All five are required (observed).
    fn order(&self, names: &[DomainName], wildcard: bool) -> Value {
        let (server_id, app_id) = self.ids();
        json!({
            "server_id": server_id,
            "app_id": app_id,
            "ssl_email": self.session.settings().email.expose(),
            "wild_card": wildcard,
            "ssl_domains": names,
        })
    }

    fn ids(&self) -> (u64, u64) {
        (self.session.settings().server_id, self.session.settings().app_id)
    }
}

impl CloudwaysRead for HttpCloudways {
    fn observe(&mut self, deadline: Deadline<'_>) -> Result<Observed, Error> {
        let body = self.call(&SERVER, None, None, deadline)?;
        let (server_id, app_id) = self.ids();
        let mut observed =
            wire::observed(&body, server_id, app_id).map_err(|unusable| self.unusable(&SERVER, unusable))?;
        for label in [&mut observed.server.label, &mut observed.app.label] {
            *label = self.session.clean(label);
        }
        Ok(observed)
    }

    fn operation(&mut self, id: &str, deadline: Deadline<'_>) -> Result<OperationState, Error> {
        if !wire::is_operation_id(id) {
            let what = "an operation's id has characters that no id has".into();
            return Err(Error::Protocol { endpoint: OPERATION.label, what });
        }
        let body = match self.call(&OPERATION, Some(id), None, deadline) {
            Ok(body) => body,
            // Another token's operation, a role without the endpoint, an id that is not known any more: whatever it
            // did shows in the application. Bad credentials and the edge are another matter.
            Err(Failure { kind: WriteFailure::Refused { .. }, .. }) => return Ok(OperationState::NotPollable),
            Err(Failure { status: Some(status), kind: WriteFailure::Failed(error) })
                if matches!(error, Error::Scope { .. }) || (status == 403 && matches!(error, Error::Auth { .. })) =>
            {
                return Ok(OperationState::NotPollable);
            }
            Err(failure) => return Err(failure.into()),
        };
        match wire::operation_state(&body) {
            Ok(OperationState::Failed(said)) => {
                let said = self.session.clean_whole(&said);
                Ok(OperationState::Failed(if said.is_empty() { "no reason was given".into() } else { said }))
            }
            Ok(state) => Ok(state),
            // It says nothing of the operation: as good as a refusal.
            Err(_) => Ok(OperationState::NotPollable),
        }
    }

    fn requests(&self) -> u32 {
        self.requests
    }
}

impl CloudwaysWrite for HttpCloudways {
    fn set_aliases(&mut self, aliases: &[String], deadline: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        let (server_id, app_id) = self.ids();
        self.write(&ALIASES, &json!({"server_id": server_id, "app_id": app_id, "aliases": aliases}), deadline)
    }

    fn install_certificate(
        &mut self,
        names: &[DomainName],
        wildcard: bool,
        deadline: Deadline<'_>,
    ) -> Result<Accepted, WriteFailure> {
        let body = self.order(names, wildcard);
        let accepted = self.write(&INSTALL, &body, deadline)?;
        if accepted.operation.is_none() {
            let what = "it has no usable `operation_id`".into();
            return Err(WriteFailure::Unknown(Error::Protocol { endpoint: INSTALL.label, what }));
        }
        Ok(accepted)
    }

    fn create_wildcard_dns(&mut self, apex: &DomainName, deadline: Deadline<'_>) -> Result<WildcardDns, WriteFailure> {
        self.wildcard_dns(&CREATE_DNS, apex, deadline)
    }

    fn verify_wildcard_dns(&mut self, apex: &DomainName, deadline: Deadline<'_>) -> Result<WildcardDns, WriteFailure> {
        self.wildcard_dns(&VERIFY_DNS, apex, deadline)
    }

    fn set_auto_renewal(&mut self, on: bool, deadline: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        let (server_id, app_id) = self.ids();
        self.write(&AUTO, &json!({"server_id": server_id, "app_id": app_id, "auto": on}), deadline)
    }
}

#[cfg(any(test, fuzzing))]
impl HttpCloudways {
    /// What an answer that is no 2xx comes to.
    pub(super) fn judge(&self, endpoint: &str, status: u16, body: &[u8]) -> WriteFailure {
        let endpoint = match endpoint {
            "server" => &SERVER,
            "operation" => &OPERATION,
            "token" => &TOKEN,
            "install" => &INSTALL,
            "wildcard" => &VERIFY_DNS,
            _ => &ALIASES,
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        let answer = Answer { status, html: wire::is_html(body), retry_after: None, body: body.to_vec() };
        self.refused(endpoint, &answer)
    }

    pub(super) fn clean(&self, text: &str) -> String {
        self.session.clean(text)
    }
}

/// Makes the HTTP client. Its one thread inherits the mask of the thread that makes it.
fn client(settings: &Settings, connect: Duration) -> Result<Client, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Lost only against another thread that does the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let mut builder = Client::builder()
        .user_agent(concat!("wu_cloudways/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(connect)
        .dns_resolver(Arc::new(SystemNames::default()));
    if settings.api_url.scheme() != "https" {
        // Loopback without TLS: a machine's CA certificates are not needed, and not read.
        builder = builder.tls_certs_only([]);
    }
    let _masked = MaskedSignals::new();
    builder.build().map_err(|error| reason(&error))
}

/// Resolves the API's name as the machine does, hosts file included, within the client's own thread: `getaddrinfo`
/// would need a thread that cannot be stopped at the deadline. Asks no other servers than the machine's own.
#[derive(Default)]
struct SystemNames {
    resolver: Arc<OnceCell<TokioResolver>>,
}

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.resolver);
        Box::pin(async move {
            #[cfg(debug_assertions)]
            crate::trip::here(crate::trip::Spot::Client);
            if name.as_str().eq_ignore_ascii_case("localhost") {
                return Ok(addresses(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]));
            }
            let resolver = resolver.get_or_try_init(system_resolver)?;
            match resolver.lookup_ip(name.as_str()).await {
                Ok(found) => Ok(addresses(found.iter().collect())),
                Err(error) if error.is_no_records_found() => Err(format!("{} has no address", name.as_str()).into()),
                Err(error) => Err(format!("{} cannot be resolved: {error}", name.as_str()).into()),
            }
        })
    }
}

fn system_resolver() -> Result<TokioResolver, String> {
    let mut builder = TokioResolver::builder_tokio().map_err(|error| format!("/etc/resolv.conf: {error}"))?;
    // Short enough for a second server to be asked before the connection is given up.
    builder.options_mut().timeout = Duration::from_secs(2);
    builder.build().map_err(|error| error.to_string())
}

fn addresses(found: Vec<IpAddr>) -> Addrs {
    Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)))
}

/// The address of an endpoint.
fn url(base: &Url, endpoint: &Endpoint, id: Option<&str>) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(endpoint.path).extend(id);
    }
    url
}

/// Reads an answer to its end.
fn read(response: Response, deadline: Deadline<'_>) -> Outcome {
    let status = response.status();
    let headers = response.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let html = text(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let retry_after = text(RETRY_AFTER).and_then(|hint| wire::retry_after(hint, deadline.clock().unix()));
    // Such a body ends where the connection does: nothing else says whether it is whole.
    let open_ended = !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING);
    let announced = response.content_length().unwrap_or(0);
    let longest = if status.is_success() { LONGEST_BODY } else { LONGEST_REFUSAL };
    if status.is_success() && announced > longest {
        return Outcome::TooLong;
    }
    let mut body = Vec::with_capacity(usize::try_from(announced.min(longest)).unwrap_or(0));
    let enough = if status.is_success() { longest + 1 } else { longest };
    if let Err(error) = response.take(enough).read_to_end(&mut body) {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        let late = deadline.left().is_zero() || inner.is_some_and(reqwest::Error::is_timeout);
        return if late { Outcome::TimedOut } else { Outcome::Broken };
    }
    if body.len() as u64 > longest {
        return Outcome::TooLong;
    }
    if body.starts_with(BYTE_ORDER_MARK) {
        body.drain(..BYTE_ORDER_MARK.len());
    }
    if open_ended && status.is_success() && wire::is_cut(&body) {
        return Outcome::Broken;
    }
    let html = html || wire::is_html(&body);
    Outcome::Answer(Answer { status, html, retry_after, body })
}

/// The innermost reason of an error, which is the one that tells something.
fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn StdError = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let says = innermost.to_string();
    if says.contains("No CA certificates") {
        return "this machine has no CA certificates (package ca-certificates), so no API can be trusted".into();
    }
    if error.is_timeout() { "it could not be made in time".into() } else { says }
}
