//! The self-check over HTTP, against web servers that have the file, do not have it, or misbehave.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cloudways_sim::Sim;
use cloudways_sim::state::{Behaviour, DnsEntry, DnsFault};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::A;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use wu_cloudways::clock::{Deadline, SystemClock};
use wu_cloudways::cloudways::HttpCloudways;
use wu_cloudways::config::Settings;
use wu_cloudways::dns::{Caa, Dns, NameCheck, Qualifies, Unknown, Verdict};
use wu_cloudways::options::ProbeFile;
use wu_cloudways::sync;
use wu_cloudways::web::{Outside, Web};

use crate::dns::server;
use crate::support::{APP, SERVER_IP, Site, domain, names, note};

const FILE: &str = "/.well-known/acme-challenge/wu-cloudways-probe";
const BODY: &str = "wu-cloudways 6f1e9c";
/// A proxy's addresses.
const PROXY: &str = "198.51.100.7";
const PROXY2: &str = "198.51.100.8";
const PROXY6: &str = "2001:db8:1::7";

fn file() -> ProbeFile {
    ProbeFile { path: FILE.into(), body: BODY.into() }
}

/// What becomes of a request, whose head it is given.
type Handler = dyn Fn(&str, &mut dyn Stream) + Send + Sync;

trait Stream: Read + Write {
    /// Closes so that the other side gets a reset.
    fn reset(&mut self);
}

impl Stream for TcpStream {
    fn reset(&mut self) {
        socket2::SockRef::from(&*self).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn reset(&mut self) {
        self.sock.reset();
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn serve(mut stream: impl Stream, handler: &Handler) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    handler(&String::from_utf8(head).unwrap(), &mut stream);
    let _ = stream.flush();
}

fn web(handler: impl Fn(&str, &mut dyn Stream) + Send + Sync + 'static) -> SocketAddr {
    let (listener, address) = listener();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handler = Arc::clone(&handler);
            thread::spawn(move || serve(stream, &*handler));
        }
    });
    address
}

/// The same over TLS, with a certificate for nobody.
fn tls_web(handler: impl Fn(&str, &mut dyn Stream) + Send + Sync + 'static) -> SocketAddr {
    let (listener, address) = listener();
    let handler = Arc::new(handler);
    let certified = rcgen::generate_simple_self_signed(vec!["nobody.invalid".into()]).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (handler, tls) = (Arc::clone(&handler), ServerConnection::new(Arc::clone(&config)).unwrap());
            thread::spawn(move || serve(StreamOwned::new(tls, stream), &*handler));
        }
    });
    address
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn says(text: impl Into<String>) -> impl Fn(&str, &mut dyn Stream) + Send + Sync + 'static {
    let text = text.into();
    move |_, stream| {
        let _ = stream.write_all(text.as_bytes());
    }
}

fn right() -> SocketAddr {
    web(says(answer("200 OK", "", BODY)))
}

fn wrong() -> SocketAddr {
    web(says(answer("200 OK", "", "Welcome!")))
}

/// Says this to whatever comes first.
fn plain(text: &'static str) -> SocketAddr {
    let (listener, address) = listener();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(text.as_bytes());
        }
    });
    address
}

/// Accepts connections and never says a word.
fn silent() -> SocketAddr {
    let (listener, address) = listener();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            kept.push(stream);
        }
    });
    address
}

/// Nobody listens there.
fn closed() -> SocketAddr {
    listener().1
}

/// A world in which addresses lead to servers of a test.
#[derive(Default)]
struct World {
    places: HashMap<SocketAddr, SocketAddr>,
    private_allowed: bool,
}

impl World {
    fn at(mut self, address: &str, port: u16, server: SocketAddr) -> Self {
        self.places.insert(SocketAddr::new(address.parse().unwrap(), port), server);
        self
    }

    fn proxy(server: SocketAddr) -> Self {
        Self::default().at(PROXY, 80, server)
    }

    /// Every connection that is made is noted.
    fn web(self) -> (Web, Arc<Mutex<Vec<SocketAddr>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let nowhere = closed();
        let web = Web::routed(move |target| {
            noted.lock().unwrap().push(target);
            self.places.get(&target).copied().unwrap_or(nowhere)
        });
        (if self.private_allowed { web.with_private_addresses() } else { web }, asked)
    }
}

fn check_many(sim: &Sim, world: World, texts: &[&str], limit: Duration) -> Vec<NameCheck> {
    let outside = Outside { dns: Dns::new(&[sim.dns_addr()]), web: world.web().0 };
    let clock = SystemClock::start();
    let ours: Vec<IpAddr> = vec![SERVER_IP.parse().unwrap()];
    outside.check(&names(texts), &ours, Some(&file()), Deadline::new(&clock, limit))
}

/// Checks one name with these addresses.
fn check(addresses: &[&str], world: World) -> NameCheck {
    let sim = Sim::start();
    sim.set_a("shop.example", addresses);
    check_many(&sim, world, &["shop.example"], Duration::from_secs(15)).remove(0)
}

fn verdict(addresses: &[&str], world: World) -> (Verdict, Option<Unknown>) {
    let check = check(addresses, world);
    (check.verdict, check.reason)
}

const PROXIED: (Verdict, Option<Unknown>) = (Verdict::Proxied, None);
const ELSEWHERE: (Verdict, Option<Unknown>) = (Verdict::Elsewhere, None);

fn unknown(reason: Unknown) -> (Verdict, Option<Unknown>) {
    (Verdict::Unknown, Some(reason))
}

#[test]
fn a_name_that_has_the_file_is_proxied() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&heads);
    let proxy = web(move |head, stream| {
        noted.lock().unwrap().push(head.to_owned());
        stream.write_all(answer("200 OK", "", BODY).as_bytes()).unwrap();
    });
    let check = check(&[PROXY], World::proxy(proxy));
    assert_eq!((check.verdict, check.reason, check.caa.clone()), (Verdict::Proxied, None, Caa::Allowed));
    assert_eq!((check.qualifies(), check.addresses), (Qualifies::Yes, vec![PROXY.parse::<IpAddr>().unwrap()]));
    // The whole request: nothing in it tells more than who asks for what.
    let agent = concat!("wu_cloudways/", env!("CARGO_PKG_VERSION"));
    let expected = format!(
        "GET {FILE} HTTP/1.1\r\nhost: shop.example\r\nuser-agent: {agent}\r\naccept: */*\r\naccept-encoding: identity\r\n\
         connection: close\r\n\r\n"
    );
    assert_eq!(*heads.lock().unwrap(), [expected]);
}

#[test]
fn the_body_decides_whatever_it_comes_in() {
    let plain = |body: &str| answer("200 OK", "", body);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (first, rest) = BODY.split_at(5);
    let exactly = [
        plain(BODY),
        plain(&format!("{BODY}\n")),
        plain(&format!("{BODY}\r\n")),
        format!("HTTP/1.1 200 OK\r\n\r\n{BODY}"),
        format!("HTTP/1.0 200 OK\r\n\r\n{BODY}\n"),
        format!("{chunked}5\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n", rest.len()),
        format!("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{}", plain(BODY)),
    ];
    for text in exactly {
        assert_eq!(verdict(&[PROXY], World::proxy(web(says(text.clone())))), PROXIED, "{text}");
    }
    let others = [
        plain(""),
        plain("Welcome!"),
        plain(&BODY[1..]),
        plain(&BODY[..BODY.len() - 1]),
        plain(&BODY.to_uppercase()),
        plain(&format!(" {BODY}")),
        plain(&format!("{BODY}\n\n")),
        plain(&format!("{BODY} ")),
        plain(&format!("<html>{BODY}</html>")),
        format!("{chunked}5\r\nother\r\n0\r\n\r\n"),
        // Broken off, and wrong by then.
        "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nWelcome!".to_owned(),
        answer("203 Non-Authoritative Information", "", BODY),
        answer("206 Partial Content", "", BODY),
        answer("404 Not Found", "", BODY),
        answer("410 Gone", "", ""),
        answer("400 Bad Request", "", ""),
        answer("304 Not Modified", "", ""),
    ];
    for text in others {
        assert_eq!(verdict(&[PROXY], World::proxy(web(says(text.clone())))), ELSEWHERE, "{text}");
    }
}

#[test]
fn what_was_not_said_is_no_no() {
    for status in
        ["401 Unauthorized", "403 Forbidden", "408 X", "429 X", "500 X", "502 X", "503 X", "504 X", "520 X", "599 X"]
    {
        let refusing = World::proxy(web(says(answer(status, "", "no"))));
        assert_eq!(verdict(&[PROXY], refusing), unknown(Unknown::ProbeRefused), "{status}");
    }
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", BODY.len(), &BODY[..7]);
    let long_head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n{BODY}", "a".repeat(64 * 1024));
    let reset = web(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        stream.reset();
    });
    let broken = [
        ("closed", closed()),
        ("reset", reset),
        ("nothing", web(|_, _| {})),
        ("garbage", web(says("220 mail.example ESMTP\r\n\r\n"))),
        ("binary", web(says("\u{16}\u{3}\u{1}\u{0}\u{5}\r\n\r\n"))),
        ("cut", web(says(cut))),
        ("a long head", web(says(long_head))),
    ];
    for (what, server) in broken {
        assert_eq!(verdict(&[PROXY], World::proxy(server)), unknown(Unknown::ProbeUnreachable), "{what}");
    }
}

#[test]
fn silence_and_slowness_end_after_five_seconds() {
    let dripping = web(|_, stream| {
        let text =
            answer("200 OK", "X-Long: 0123456789012345678901234567890123456789012345678901234567890123\r\n", BODY);
        for byte in text.bytes() {
            if stream.write_all(&[byte]).and_then(|()| stream.flush()).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    });
    // Its answer comes too late for the first try and in time for the second.
    let slow = web(|_, stream| {
        thread::sleep(Duration::from_millis(2_200));
        let _ = stream.write_all(answer("200 OK", "", BODY).as_bytes());
    });
    let sim = Sim::start();
    sim.set_a("silent.example", &["198.51.100.1"]);
    sim.set_a("dripping.example", &["198.51.100.2"]);
    sim.set_a("slow.example", &["198.51.100.3"]);
    let world = World::default().at("198.51.100.1", 80, silent()).at("198.51.100.2", 80, dripping);
    let world = world.at("198.51.100.3", 80, slow);
    let started = Instant::now();
    let checks =
        check_many(&sim, world, &["silent.example", "dripping.example", "slow.example"], Duration::from_secs(60));
    let took = started.elapsed();
    assert!(took > Duration::from_millis(4_800) && took < Duration::from_secs(10), "{took:?}");
    let verdicts: Vec<_> = checks.iter().map(|check| (check.verdict, check.reason)).collect();
    assert_eq!(verdicts, [unknown(Unknown::ProbeTimedOut), unknown(Unknown::ProbeTimedOut), PROXIED]);
}

#[test]
fn redirects_lead_to_https_on_the_same_host_and_nowhere_else() {
    let to = |location: &str| {
        let location = format!("Location: {location}\r\n");
        web(says(answer("301 Moved Permanently", &location, "")))
    };
    let secure = || {
        tls_web(|head, stream| {
            assert!(head.contains("\r\nhost: shop.example\r\n"), "{head}");
            let text = match head.split(' ').nth(1).unwrap() {
                FILE | "/other?a=b" | "/end" => answer("200 OK", "", BODY),
                "/wrong" => answer("200 OK", "", "Welcome!"),
                "/refused" => answer("403 Forbidden", "", ""),
                "/back" => answer("302 Found", &format!("Location: http://shop.example{FILE}\r\n"), ""),
                "/1" => answer("308 X", "Location: /2\r\n", ""),
                "/2" => answer("307 X", "Location: //shop.example/end\r\n", ""),
                "/0" => answer("303 X", "Location: 1\r\n", ""),
                path => answer("302 Found", &format!("Location: {path}\r\n"), ""),
            };
            let _ = stream.write_all(text.as_bytes());
        })
    };
    let table = [
        (format!("https://shop.example{FILE}"), PROXIED),
        ("https://SHOP.example:443/other?a=b#c".into(), PROXIED),
        // Three in all.
        ("https://shop.example/1".into(), PROXIED),
        // Four.
        ("https://shop.example/0".into(), ELSEWHERE),
        ("https://shop.example/round".into(), ELSEWHERE),
        ("https://shop.example/wrong".into(), ELSEWHERE),
        ("https://shop.example/back".into(), ELSEWHERE),
        ("https://shop.example/refused".into(), unknown(Unknown::ProbeRefused)),
        (format!("https://www.shop.example{FILE}"), ELSEWHERE),
        (format!("https://shop.example:8443{FILE}"), ELSEWHERE),
        (format!("http://shop.example{FILE}"), ELSEWHERE),
        (FILE.into(), ELSEWHERE),
        ("https://127.0.0.1/".into(), ELSEWHERE),
        (String::new(), ELSEWHERE),
    ];
    for (location, expected) in table {
        let world = World::proxy(to(&location)).at(PROXY, 443, secure());
        let (web, asked) = world.web();
        let sim = Sim::start();
        sim.set_a("shop.example", &[PROXY]);
        let outside = Outside { dns: Dns::new(&[sim.dns_addr()]), web };
        let clock = SystemClock::start();
        let ours = [SERVER_IP.parse().unwrap()];
        let deadline = Deadline::new(&clock, Duration::from_secs(15));
        let check = outside.check(&names(&["shop.example"]), &ours, Some(&file()), deadline).remove(0);
        assert_eq!((check.verdict, check.reason), expected, "{location}");
        let proxy: IpAddr = PROXY.parse().unwrap();
        assert!(asked.lock().unwrap().iter().all(|target| target.ip() == proxy), "pinned to the address");
    }
    let no_location = World::proxy(web(says(answer("302 Found", "", ""))));
    assert_eq!(verdict(&[PROXY], no_location), ELSEWHERE);
    // TLS that is none, and nobody behind it.
    let location = format!("https://shop.example{FILE}");
    let no_tls = World::proxy(to(&location)).at(PROXY, 443, plain("HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_eq!(verdict(&[PROXY], no_tls), unknown(Unknown::ProbeUnreachable));
    assert_eq!(verdict(&[PROXY], World::proxy(to(&location))), unknown(Unknown::ProbeUnreachable));
}

#[test]
fn every_address_that_is_not_ours_must_agree() {
    let two = |first, second| World::default().at(PROXY, 80, first).at(PROXY2, 80, second);
    let both = &[PROXY, PROXY2];
    assert_eq!(verdict(both, two(right(), right())), PROXIED);
    assert_eq!(verdict(both, two(right(), wrong())), ELSEWHERE);
    assert_eq!(verdict(both, two(wrong(), right())), ELSEWHERE);
    assert_eq!(verdict(both, two(right(), closed())), unknown(Unknown::ProbeUnreachable));
    // One that is wrong is not waited for the others.
    let started = Instant::now();
    assert_eq!(verdict(both, two(silent(), wrong())), ELSEWHERE);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    // Ours is not asked.
    assert_eq!(verdict(&[SERVER_IP, PROXY], World::proxy(right())), PROXIED);
    // IPv6 counts as well.
    let dual = |v6| World::proxy(right()).at(PROXY6, 80, v6);
    assert_eq!(verdict(&[PROXY, PROXY6], dual(right())), PROXIED);
    assert_eq!(verdict(&[PROXY, PROXY6], dual(wrong())), ELSEWHERE);
    assert_eq!(verdict(&[PROXY6], World::default().at(PROXY6, 80, right())), PROXIED);
}

/// Where a machine has no IPv6, an address of it is no reason for a doubt about one of IPv4 that is right.
#[test]
fn an_address_of_ipv6_without_a_way_to_it_does_not_count() {
    // The system refuses to connect to a group of hosts as it does where there is no route.
    let no_route = "224.0.0.1:80".parse().unwrap();
    let error = TcpStream::connect(no_route).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NetworkUnreachable);
    let dual = |v4| World::proxy(v4).at(PROXY6, 80, no_route);
    assert_eq!(verdict(&[PROXY, PROXY6], dual(right())), PROXIED);
    assert_eq!(verdict(&[PROXY, PROXY6], dual(wrong())), ELSEWHERE);
    assert_eq!(verdict(&[PROXY, PROXY6], dual(closed())), unknown(Unknown::ProbeUnreachable));
    assert_eq!(verdict(&[PROXY6], dual(right())), unknown(Unknown::ProbeUnreachable));
    // Without a way to IPv4 nothing is known of it.
    let other_way = World::proxy(no_route).at(PROXY6, 80, right());
    assert_eq!(verdict(&[PROXY, PROXY6], other_way), unknown(Unknown::ProbeUnreachable));
}

#[test]
fn private_addresses_are_never_asked() {
    let private =
        ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0", "::1", "fe80::1"];
    let more = ["fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "224.0.0.1", "::"];
    for address in private.into_iter().chain(more) {
        let sim = Sim::start();
        sim.set_a("shop.example", &[address]);
        sim.set_a("both.example", &[PROXY, address]);
        let world = || World::default().at(address, 80, right()).at(PROXY, 80, right());
        for private_allowed in [false, true] {
            let (web, asked) = World { private_allowed, ..world() }.web();
            let outside = Outside { dns: Dns::new(&[sim.dns_addr()]), web };
            let clock = SystemClock::start();
            let deadline = Deadline::new(&clock, Duration::from_secs(10));
            let ours = [SERVER_IP.parse().unwrap()];
            let checks = outside.check(&names(&["shop.example", "both.example"]), &ours, Some(&file()), deadline);
            let expected = if private_allowed { Verdict::Proxied } else { Verdict::Elsewhere };
            assert!(checks.iter().all(|check| check.verdict == expected), "{address} {private_allowed}");
            assert_eq!(asked.lock().unwrap().is_empty(), !private_allowed, "{address}");
        }
    }
}

#[test]
fn no_more_is_read_than_can_be_right() {
    let written = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&written);
    let endless = web(move |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let chunk = [b'x'; 16 * 1024];
        while stream.write_all(&chunk).is_ok() {
            counter.fetch_add(chunk.len(), Ordering::Relaxed);
        }
    });
    let started = Instant::now();
    assert_eq!(verdict(&[PROXY], World::proxy(endless)), ELSEWHERE);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    // What the sockets of both sides hold is written, and then nobody reads.
    assert!(written.load(Ordering::Relaxed) < 16 * 1024 * 1024, "{written:?}");
}

#[test]
fn silent_names_keep_nobody_from_being_asked_and_the_deadline_holds() {
    let sim = Sim::start();
    let mut world = World::default().at("198.51.100.200", 80, right());
    let mut asked: Vec<String> = Vec::new();
    let mute = silent();
    for number in 0..60 {
        let (host, address) = (format!("n{number}.example"), format!("198.51.100.{}", number + 1));
        sim.set_a(&host, &[&address]);
        world = world.at(&address, 80, mute);
        asked.push(host);
    }
    sim.set_a("last.example", &["198.51.100.200"]);
    asked.push("last.example".into());
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let started = Instant::now();
    let checks = check_many(&sim, world, &asked, Duration::from_secs(6));
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(checks[60].verdict, Verdict::Proxied);
    assert!(checks[..60].iter().all(|check| check.verdict == Verdict::Unknown));
    assert!(checks[..60].iter().all(|check| check.qualifies() == Qualifies::Unknown));

    // Less time than the first of them take: those behind are unknown.
    let mut world = World::default();
    for number in 0..60 {
        world = world.at(&format!("198.51.100.{}", number + 1), 80, mute);
    }
    let checks = check_many(&sim, world, &asked[..60], Duration::from_millis(1_300));
    assert_eq!((checks[0].verdict, checks[0].reason), unknown(Unknown::ProbeTimedOut));
    assert_eq!((checks[59].verdict, checks[59].reason), unknown(Unknown::ProbeNotMade));

    // No time at all: what could not be asked is unknown.
    let checks = check_many(&sim, World::default(), &asked, Duration::ZERO);
    assert!(checks.iter().all(|check| check.verdict == Verdict::Unknown));
}

#[test]
fn what_dns_leaves_open_the_probe_does_not_close() {
    let sim = Sim::start();
    sim.edit(|state| {
        let entry = |change: fn(&mut DnsEntry)| {
            let mut entry = DnsEntry::addresses(&[PROXY.parse().unwrap()]);
            change(&mut entry);
            entry
        };
        state.dns.insert("servfail.example".into(), entry(|e| e.fault = Some(DnsFault::Servfail)));
        state.dns.insert("forbidden.example".into(), entry(|e| e.caa = vec![r#"0 issue ";""#.into()]));
        state.dns.insert("*.wild.example".into(), entry(|_| {}));
        state.dns.insert("fine.example".into(), entry(|_| {}));
    });
    let asked = ["servfail.example", "forbidden.example", "*.wild.example", "fine.example", "missing.example"];
    let checks = check_many(&sim, World::proxy(right()), &asked, Duration::from_secs(10));
    let found: Vec<_> = checks.iter().map(|check| (check.verdict, check.reason, check.qualifies())).collect();
    assert_eq!(
        found,
        [
            (Verdict::Unknown, Some(Unknown::ServerFailure), Qualifies::Unknown),
            (Verdict::Proxied, None, Qualifies::No),
            (Verdict::Elsewhere, None, Qualifies::No),
            (Verdict::Proxied, None, Qualifies::Yes),
            (Verdict::Missing, None, Qualifies::No),
        ]
    );
}

#[test]
fn where_half_of_the_addresses_are_known_nothing_is_settled_by_them() {
    let half = server(|name, kind, reply| {
        match kind {
            RecordType::A => {
                reply.add_answer(Record::from_rdata(name.clone(), 60, RData::A(A(PROXY.parse().unwrap()))));
            }
            RecordType::AAAA => reply.metadata.response_code = ResponseCode::ServFail,
            _ => {}
        }
        Some(())
    });
    for (proxy, expected) in [(right(), unknown(Unknown::ServerFailure)), (wrong(), ELSEWHERE)] {
        let outside = Outside { dns: Dns::new(&[half]), web: World::proxy(proxy).web().0 };
        let clock = SystemClock::start();
        let deadline = Deadline::new(&clock, Duration::from_secs(10));
        let ours = [SERVER_IP.parse().unwrap()];
        let check = outside.check(&names(&["shop.example"]), &ours, Some(&file()), deadline).remove(0);
        assert_eq!((check.verdict, check.reason), expected);
    }
}

#[test]
fn names_in_trouble_with_dns_leave_time_for_the_probe() {
    let sim = Sim::start();
    sim.set_a("proxied.example", &[PROXY]);
    sim.edit(|state| state.dns_mut("silent.example").fault = Some(DnsFault::Silence));
    let checks =
        check_many(&sim, World::proxy(right()), &["silent.example", "proxied.example"], Duration::from_secs(3));
    assert_eq!((checks[0].verdict, checks[0].reason), unknown(Unknown::TimedOut));
    assert_eq!((checks[1].verdict, checks[1].reason), PROXIED);
}

#[test]
fn check_dns_says_what_is_proxied_and_what_caa_forbids() {
    let site = Site::new();
    site.point_here(&["here.example", "forbidden.example"]);
    site.sim.set_a("proxied.example", &[PROXY]);
    site.sim.set_a("refused.example", &[PROXY2]);
    site.sim.edit(|state| state.dns_mut("forbidden.example").caa = vec![r#"0 issue "ca.example.net""#.into()]);
    let world = World::default().at(PROXY, 80, right()).at(PROXY2, 80, web(says(answer("403 Forbidden", "", ""))));
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, Duration::from_secs(20));
    let settings = Settings::from_constants(&site.constants).unwrap();
    let mut api = HttpCloudways::new(&settings, deadline).unwrap();
    let outside = Outside { dns: Dns::new(&settings.dns_servers), web: world.web().0 };
    let asked = ["here.example", "forbidden.example", "proxied.example", "refused.example", "not a name"];
    let asked = asked.map(|name| name.as_bytes().to_vec());
    let file = file();
    let mut look_up = |probe| {
        let answers = sync::look_up(&asked, probe, deadline, &mut api, &outside).unwrap();
        let answers = serde_json::to_value(&answers).unwrap();
        asked.each_ref().map(|name| {
            let answer = &answers[String::from_utf8_lossy(name).as_ref()];
            let note = answer["note"]["code"].as_str().unwrap_or("-").to_owned();
            (answer["verdict"].as_str().unwrap().to_owned(), note)
        })
    };
    let pair = |verdict: &str, note: &str| (verdict.to_owned(), note.to_owned());
    let (here, forbidden, none) = (pair("here", "-"), pair("here", "caa_forbids"), pair("not_asked", "invalid_domain"));
    assert_eq!(
        look_up(Some(&file)),
        [here.clone(), forbidden.clone(), pair("proxied", "-"), pair("unknown", "dns_unknown"), none.clone()]
    );
    let away = pair("elsewhere", "dns_elsewhere");
    assert_eq!(look_up(None), [here, forbidden, away.clone(), away, none]);
}

/// A site whose file is there, with the simulator's web.
fn site_with_file() -> Site {
    let mut site = Site::new();
    let (http, https) = (site.sim.web_http(), site.sim.web_https());
    let api = format!("{}#web={http},{https}", site.sim.api_url());
    site.set("WU_CLOUDWAYS_API_URL", &api);
    site.options.probe = Some(file());
    site.sim.edit(|state| state.web_files.entry(APP.into()).or_default().insert(FILE.into(), BODY.into()));
    site
}

#[test]
fn proxied_names_get_into_the_certificate_and_the_others_do_not() {
    let mut site = site_with_file();
    let table = [
        ("passes.example", Behaviour::PassesOn, "proxied", None),
        ("redirected.example", Behaviour::RedirectHttps, "proxied", None),
        ("parked.example", Behaviour::Parked, "elsewhere", Some("dns_elsewhere")),
        ("away.example", Behaviour::RedirectElsewhere, "elsewhere", Some("dns_elsewhere")),
        ("round.example", Behaviour::RedirectLoop, "elsewhere", Some("dns_elsewhere")),
        ("gone.example", Behaviour::NotFound, "elsewhere", Some("dns_elsewhere")),
        ("endless.example", Behaviour::Endless, "elsewhere", Some("dns_elsewhere")),
        ("forbidden.example", Behaviour::Forbidden, "unknown", Some("dns_unknown")),
        ("down.example", Behaviour::Unavailable, "unknown", Some("dns_unknown")),
        ("silent.example", Behaviour::Silent, "unknown", Some("dns_unknown")),
        ("reset.example", Behaviour::Reset, "unknown", Some("dns_unknown")),
    ];
    for (host, behaviour, ..) in table {
        site.sim.set_a(host, &[PROXY]);
        site.sim.edit(|state| state.web.insert(host.into(), behaviour.into()));
    }
    site.point_here(&["here.example"]);
    let mut hosts: Vec<&str> = table.iter().map(|(host, ..)| *host).collect();
    hosts.push("here.example");
    let report = site.sync(&hosts);
    for (host, _, verdict, said) in table {
        assert_eq!(domain(&report, host).dns.as_ref().unwrap().verdict, verdict, "{host}");
        assert_eq!(note(&report, host), said, "{host}");
    }
    let certified = ["here.example", "passes.example", "redirected.example"];
    let held = site.certificate();
    for host in &hosts {
        assert_eq!(held.iter().any(|name| name == host), certified.contains(host), "{host}");
    }
}
