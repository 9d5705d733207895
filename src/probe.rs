//! The self-check over HTTP: whether a name that points to a proxy leads to us all the same.
//!
//! It asks the addresses that DNS gave, and no others, for a static file of the site: no proxy of the environment, no
//! cookies, no credentials. An answer that is plainly another's is a *no*; what could not be asked is unknown.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, HOST, LOCATION, USER_AGENT};
use hyper_util::rt::TokioIo;
use nix::errno::Errno;
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time;
use tokio_rustls::TlsConnector;

use crate::clock::Deadline;
use crate::dns::{NameCheck, Unknown, Verdict};
use crate::domain::DomainName;
use crate::options::ProbeFile;
use crate::web::{Web, unverified_tls};

/// How many names are probed at once.
const AT_ONCE: usize = 20;

/// How long a name may take, all its addresses and redirects included: a short time at first, so that names in trouble
/// do not keep the others from being asked, and the rest of 5 seconds after those.
const PATIENCE: [Duration; 2] = [Duration::from_millis(1_500), Duration::from_millis(3_500)];

/// How many addresses of a name are asked at most.
const MOST_ADDRESSES: usize = 12;

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 3;

/// How much of an answer's body is read at most.
const LONGEST_BODY: usize = 4 * 1024;

/// How long the head of an answer may be.
const LONGEST_HEAD: usize = 16 * 1024;

/// Asks the addresses that are not `ours` of every name that points elsewhere for the file, many at once, and corrects
/// its verdict in `checks`, which stand in the order of the names. Where nobody could be asked it becomes unknown.
///
/// It ends by the deadline.
pub fn check(
    web: &Web,
    file: &ProbeFile,
    names: &[DomainName],
    ours: &[IpAddr],
    checks: &mut [NameCheck],
    deadline: Deadline<'_>,
) {
    let mut waiting = VecDeque::new();
    for (index, (name, check)) in names.iter().zip(checks.iter_mut()).enumerate() {
        // A wildcard has no site of its own.
        if check.verdict != Verdict::Elsewhere || name.is_wildcard() {
            continue;
        }
        let foreign: Vec<IpAddr> = check.addresses.iter().filter(|address| !ours.contains(address)).copied().collect();
        if foreign.iter().all(|address| web.may_reach(*address)) {
            waiting.push_back(Item { index, name: name.clone(), foreign, half_known: check.half_known, tries: 0 });
            settle(check, Answer::Open(Unknown::ProbeNotMade));
        }
    }
    let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let (false, Ok(runtime)) = (waiting.is_empty() || deadline.left().is_zero(), runtime) else { return };
    let workers = AT_ONCE.min(waiting.len());
    let round = Arc::new(Round {
        web: web.clone(),
        file: file.clone(),
        tls: unverified_tls(),
        waiting: Mutex::new(waiting),
        answers: Mutex::new(Vec::new()),
    });
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(work(Arc::clone(&round)));
        }
        // What goes on when the time is over is dropped, sockets and all.
        let _ = time::timeout(deadline.left(), async { while tasks.join_next().await.is_some() {} }).await;
    });
    // Nothing here blocks, so there is no thread to wait for.
    runtime.shutdown_background();
    let answers = std::mem::take(&mut *round.answers.lock().unwrap_or_else(PoisonError::into_inner));
    for (index, answer) in answers {
        settle(&mut checks[index], answer);
    }
}

fn settle(check: &mut NameCheck, answer: Answer) {
    (check.verdict, check.reason) = match answer {
        Answer::Right => (Verdict::Proxied, None),
        Answer::Wrong => (Verdict::Elsewhere, None),
        Answer::Open(reason) => (Verdict::Unknown, Some(reason)),
    };
}

/// One probing: what is asked for, and what is known.
struct Round {
    web: Web,
    file: ProbeFile,
    tls: Option<Arc<ClientConfig>>,
    waiting: Mutex<VecDeque<Item>>,
    /// In the order in which they came; a later one of the same name counts.
    answers: Mutex<Vec<(usize, Answer)>>,
}

/// A name to probe.
struct Item {
    index: usize,
    name: DomainName,
    foreign: Vec<IpAddr>,
    /// Why not all its addresses are known.
    half_known: Option<Unknown>,
    /// How often it was asked.
    tries: usize,
}

/// What an address, or all those of a name, said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It has the file.
    Right,
    /// It has something else, or nothing.
    Wrong,
    /// It could not be found out.
    Open(Unknown),
}

/// What became of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetched {
    Answer(Answer),
    /// This machine has no way to it.
    NoRoute,
}

async fn work(round: Arc<Round>) {
    let note = |index, answer| round.answers.lock().unwrap_or_else(PoisonError::into_inner).push((index, answer));
    loop {
        let next = round.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(mut item) = next else { return };
        // What is known of it if the time is over before the answer is there.
        note(item.index, Answer::Open(Unknown::ProbeTimedOut));
        let answer = ask(&round, &item).await;
        note(item.index, answer);
        item.tries += 1;
        if answer == Answer::Open(Unknown::ProbeTimedOut) && item.tries < PATIENCE.len() {
            round.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
        }
    }
}

/// Asks all addresses of a name at the same time, until one is wrong or all have said something.
async fn ask(round: &Arc<Round>, item: &Item) -> Answer {
    let mut tasks = JoinSet::new();
    let patience = PATIENCE[item.tries.min(PATIENCE.len() - 1)];
    for address in item.foreign.iter().take(MOST_ADDRESSES).copied() {
        let (round, name) = (Arc::clone(round), item.name.clone());
        tasks.spawn(async move {
            let fetched = time::timeout(patience, fetch(&round, &name, address)).await;
            (address, fetched.unwrap_or(Fetched::Answer(Answer::Open(Unknown::ProbeTimedOut))))
        });
    }
    let mut said = Vec::new();
    while let Some(fetched) = tasks.join_next().await {
        match fetched {
            Ok((_, Fetched::Answer(Answer::Wrong))) => return Answer::Wrong,
            Ok(fetched) => said.push(fetched),
            Err(_) => return Answer::Open(Unknown::ProbeUnreachable),
        }
    }
    match item.half_known {
        // There may be other addresses.
        Some(reason) => Answer::Open(reason),
        None => together(&said),
    }
}

/// What addresses said together: right is what all of them have. Those of IPv6 do not count where this machine has no
/// IPv6 and an address of IPv4 was right.
fn together(said: &[(IpAddr, Fetched)]) -> Answer {
    let v4_is_right =
        said.iter().any(|(address, fetched)| address.is_ipv4() && *fetched == Fetched::Answer(Answer::Right));
    let mut reason = None;
    for (address, fetched) in said {
        match fetched {
            Fetched::Answer(Answer::Right) => {}
            Fetched::Answer(Answer::Wrong) => return Answer::Wrong,
            Fetched::Answer(Answer::Open(open)) => reason = reason.max(Some(*open)),
            Fetched::NoRoute if address.is_ipv6() && v4_is_right => {}
            Fetched::NoRoute => reason = reason.max(Some(Unknown::ProbeUnreachable)),
        }
    }
    match reason {
        Some(reason) => Answer::Open(reason),
        None if said.is_empty() => Answer::Wrong,
        None => Answer::Right,
    }
}

/// What an exchange came to.
enum Outcome {
    Fetched(Fetched),
    Redirect(Url),
}

/// Asks one address, and follows its redirects there.
async fn fetch(round: &Round, name: &DomainName, address: IpAddr) -> Fetched {
    let Ok(mut url) = Url::parse(&format!("http://{name}{}", round.file.path)) else {
        return Fetched::Answer(Answer::Wrong);
    };
    for _ in 0..=MOST_REDIRECTS {
        match exchange(round, name, address, &url).await {
            Ok(Outcome::Redirect(next)) => url = next,
            Ok(Outcome::Fetched(fetched)) | Err(fetched) => return fetched,
        }
    }
    Fetched::Answer(Answer::Wrong)
}

async fn exchange(round: &Round, name: &DomainName, address: IpAddr, url: &Url) -> Result<Outcome, Fetched> {
    let secure = url.scheme() == "https";
    let target = SocketAddr::new(address, if secure { 443 } else { 80 });
    let stream = TcpStream::connect(round.web.at(target)).await.map_err(|error| no_connection(&error))?;
    if !secure {
        return talk(round, name, url, stream).await;
    }
    let broken = Fetched::Answer(Answer::Open(Unknown::ProbeUnreachable));
    let (Some(tls), Ok(server)) = (&round.tls, ServerName::try_from(name.as_str().to_owned())) else {
        return Err(broken);
    };
    let stream = TlsConnector::from(Arc::clone(tls)).connect(server, stream).await.map_err(|_| broken)?;
    talk(round, name, url, stream).await
}

fn no_connection(error: &io::Error) -> Fetched {
    let no_route = [Errno::ENETUNREACH, Errno::EADDRNOTAVAIL, Errno::EAFNOSUPPORT];
    match error.raw_os_error().map(Errno::from_raw) {
        Some(errno) if no_route.contains(&errno) => Fetched::NoRoute,
        Some(Errno::ETIMEDOUT) => Fetched::Answer(Answer::Open(Unknown::ProbeTimedOut)),
        _ => Fetched::Answer(Answer::Open(Unknown::ProbeUnreachable)),
    }
}

/// Sends the request over a connection, and judges the answer.
async fn talk(
    round: &Round,
    name: &DomainName,
    url: &Url,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<Outcome, Fetched> {
    let broken = |_| Fetched::Answer(Answer::Open(Unknown::ProbeUnreachable));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LONGEST_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let _connection = Running::new(connection);
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let request = Request::get(path)
        .header(HOST, name.as_str())
        .header(USER_AGENT, concat!("wu_cloudways/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new());
    // A redirect may lead to what no request can be made of.
    let Ok(request) = request else { return Ok(Outcome::Fetched(Fetched::Answer(Answer::Wrong))) };
    let response = sender.send_request(request).await.map_err(broken)?;
    let answer = match response.status().as_u16() {
        200 => compare(response.into_body(), round.file.body.as_bytes()).await,
        301 | 302 | 303 | 307 | 308 => {
            let location = response.headers().get(LOCATION).and_then(|location| redirect(url, location.as_bytes()));
            match location {
                Some(next) => return Ok(Outcome::Redirect(next)),
                None => Answer::Wrong,
            }
        }
        // It did not say what it has: not who asks, not now, or not at all for the moment.
        401 | 403 | 407 | 408 | 421 | 425 | 429 | 500..=599 => Answer::Open(Unknown::ProbeRefused),
        _ => Answer::Wrong,
    };
    Ok(Outcome::Fetched(Fetched::Answer(answer)))
}

/// A connection that is served for as long as this lives.
struct Running(AbortHandle);

impl Running {
    fn new(connection: impl Future + Send + 'static) -> Self {
        let task = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self(task.abort_handle())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where an answer redirects to: https on the same host and the usual port, or nowhere.
fn redirect(from: &Url, location: &[u8]) -> Option<Url> {
    let next = from.join(std::str::from_utf8(location).ok()?).ok()?;
    let is_same = host(&next) == host(from);
    let is_plain = next.username().is_empty() && next.password().is_none();
    let fits = next.scheme() == "https" && next.port_or_known_default() == Some(443) && is_same && is_plain;
    fits.then_some(next)
}

fn host(url: &Url) -> Option<&str> {
    url.host_str().map(|host| host.strip_suffix('.').unwrap_or(host))
}

/// Whether a body is the expected one; a line break at its end makes no difference.
async fn compare(mut body: Incoming, expected: &[u8]) -> Answer {
    let limit = (expected.len() + 2).min(LONGEST_BODY);
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // What there is of it may be wrong already.
            let so_far = read.len().min(expected.len());
            let may_be = read[..so_far] == expected[..so_far];
            return if may_be { Answer::Open(Unknown::ProbeUnreachable) } else { Answer::Wrong };
        };
        if let Ok(data) = frame.into_data() {
            if read.len() + data.len() > limit {
                return Answer::Wrong;
            }
            read.extend_from_slice(&data);
        }
    }
    let read = read.strip_suffix(b"\n").map_or(&*read, |read| read.strip_suffix(b"\r").unwrap_or(read));
    if read == expected { Answer::Right } else { Answer::Wrong }
}

/// Whether an address is one of the public internet: not private, loopback, link-local, shared (CGNAT), unique-local,
/// multicast, reserved or unspecified, nor one that wraps such an address of IPv4 (mapped, 6to4, NAT64).
///
/// The ranges for documentation 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 and 2001:db8::/32 count as public:
/// nobody answers there, and a simulated world needs addresses that are nobody's.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether an address is one of the ranges for documentation (RFC 5737 and RFC 3849).
#[must_use]
pub fn is_for_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            matches!(address.octets(), [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _])
        }
        IpAddr::V6(address) => matches!(address.segments(), [0x2001, 0xdb8, ..]),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        // This network, private, loopback, multicast and reserved, broadcast included.
        [0 | 10 | 127 | 224.., ..] => false,
        [100, second, ..] => !(64..128).contains(&second),
        [172, second, ..] => !(16..32).contains(&second),
        [169, 254, ..] | [192, 168, ..] => false,
        // Protocol assignments, and what was the relay of 6to4.
        [192, 0, 0, _] | [192, 88, 99, _] => false,
        // Benchmarks.
        [198, 18 | 19, ..] => false,
        _ => true,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // Mapped IPv4, and NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4.
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments: Teredo, benchmarks, ORCHID.
        [0x2001, 0..0x200, ..] => false,
        [0x3fff, 0..0x1000, ..] => false,
        // Global unicast is all that is given to anybody.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn addresses_of_the_public_internet() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.88.98.255",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            // Documentation.
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.10",
            "2001:db8::10",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:200::1",
            "3ffe::1",
            // IPv4 in IPv6.
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:0101:0101::1",
        ];
        let not_public = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.170",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::10.0.0.1",
            "::8.8.8.8",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "100::1",
            "2001::1",
            "2001:1::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            // IPv4 in IPv6.
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::192.168.1.1",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:0001::1",
            "2002:0a00:0001::1",
            "2002:c0a8:0101::1",
        ];
        for (texts, expected) in [(&public[..], true), (&not_public[..], false)] {
            for text in texts {
                assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
            }
        }
    }

    #[test]
    fn addresses_are_judged_together() {
        let v4 = ["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
        let v6 = ["2001:db8::1".parse().unwrap()];
        let right = Fetched::Answer(Answer::Right);
        let wrong = Fetched::Answer(Answer::Wrong);
        let open = |reason| Fetched::Answer(Answer::Open(reason));
        let table: [(&[(IpAddr, Fetched)], Answer); 12] = [
            (&[(v4[0], right)], Answer::Right),
            (&[(v4[0], right), (v6[0], right)], Answer::Right),
            (&[(v4[0], wrong)], Answer::Wrong),
            (&[(v4[0], right), (v4[1], wrong)], Answer::Wrong),
            (&[(v4[0], open(Unknown::ProbeTimedOut)), (v6[0], wrong)], Answer::Wrong),
            (&[(v4[0], right), (v4[1], open(Unknown::ProbeTimedOut))], Answer::Open(Unknown::ProbeTimedOut)),
            (&[(v4[0], open(Unknown::ProbeRefused)), (v6[0], right)], Answer::Open(Unknown::ProbeRefused)),
            (&[(v4[0], right), (v6[0], Fetched::NoRoute)], Answer::Right),
            (&[(v4[0], wrong), (v6[0], Fetched::NoRoute)], Answer::Wrong),
            (&[(v4[0], open(Unknown::ProbeTimedOut)), (v6[0], Fetched::NoRoute)], Answer::Open(Unknown::ProbeTimedOut)),
            (&[(v6[0], Fetched::NoRoute)], Answer::Open(Unknown::ProbeUnreachable)),
            (&[(v4[0], right), (v4[1], Fetched::NoRoute)], Answer::Open(Unknown::ProbeUnreachable)),
        ];
        for (said, expected) in table {
            assert_eq!(together(said), expected, "{said:?}");
        }
        assert_eq!(together(&[]), Answer::Wrong);
    }

    #[test]
    fn a_connection_that_cannot_be_made_is_told_from_a_way_that_is_not_there() {
        let of = |errno: Errno| no_connection(&io::Error::from(errno));
        for errno in [Errno::ENETUNREACH, Errno::EADDRNOTAVAIL, Errno::EAFNOSUPPORT] {
            assert_eq!(of(errno), Fetched::NoRoute, "{errno}");
        }
        for errno in [Errno::ECONNREFUSED, Errno::ECONNRESET, Errno::EHOSTUNREACH, Errno::EMFILE, Errno::EPERM] {
            assert_eq!(of(errno), Fetched::Answer(Answer::Open(Unknown::ProbeUnreachable)), "{errno}");
        }
        assert_eq!(of(Errno::ETIMEDOUT), Fetched::Answer(Answer::Open(Unknown::ProbeTimedOut)));
        let other = io::Error::other("no number");
        assert_eq!(no_connection(&other), Fetched::Answer(Answer::Open(Unknown::ProbeUnreachable)));
    }

    #[test]
    fn only_https_of_the_same_host_is_followed() {
        let http = Url::parse("http://shop.example/.well-known/acme-challenge/x").unwrap();
        let https = Url::parse("https://shop.example/y/z").unwrap();
        let table = [
            (&http, "https://shop.example/y?q=1", Some("https://shop.example/y?q=1")),
            (&http, "https://SHOP.example:443/", Some("https://shop.example/")),
            (&http, "HTTPS://shop.example./", Some("https://shop.example./")),
            (&http, "/elsewhere", None),
            (&http, "//shop.example/", None),
            (&http, "http://shop.example/", None),
            (&http, "https://www.shop.example/", None),
            (&http, "https://shop.example.evil.example/", None),
            (&http, "https://shop.example:8443/", None),
            (&http, "https://user@shop.example/", None),
            (&http, "https://user:pass@shop.example/", None),
            (&http, "https://127.0.0.1/", None),
            (&http, "https://", None),
            (&http, "ftp://shop.example/", None),
            (&http, "javascript:alert(1)", None),
            (&https, "a", Some("https://shop.example/y/a")),
            (&https, "/a", Some("https://shop.example/a")),
            (&https, "http://shop.example/", None),
        ];
        for (from, location, expected) in table {
            assert_eq!(redirect(from, location.as_bytes()).as_ref().map(Url::as_str), expected, "{from} {location}");
        }
        assert!(redirect(&http, b"https://shop.example/\xff").is_none());
    }
}
