//! The certificate that is served, as it is looked at: over TLS with servers of all kinds.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion, version};
use wu_cloudways::clock::{Clock as _, Deadline, SystemClock};
use wu_cloudways::domain::DomainName;
use wu_cloudways::served::{self, ServedCertificate};
use wu_cloudways::web::Web;

use crate::support::{SERVER_IP, Site, name, names};

/// 2026-11-01 and 2027-01-30 at midnight.
const FROM: u64 = 1_793_491_200;
const UNTIL: u64 = 1_801_267_200;

fn distinguished(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    for (kind, value) in parts {
        distinguished.push(kind.clone(), DnValue::Utf8String((*value).to_owned()));
    }
    distinguished
}

/// A certificate that its own issuer is named in.
fn certificate(issuer: &[(DnType, &str)], hosts: &[&str]) -> CertifiedKey {
    let mut params = CertificateParams::new(hosts.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = distinguished(issuer);
    params.not_before = date_time_ymd(2026, 11, 1);
    params.not_after = date_time_ymd(2027, 1, 30);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    CertifiedKey::new(vec![certificate.der().clone()], key)
}

const LETS_ENCRYPT: &[(DnType, &str)] =
    &[(DnType::CountryName, "US"), (DnType::OrganizationName, "Let's Encrypt"), (DnType::CommonName, "R13")];

/// Gives each name its own certificate, and remembers which were asked for.
#[derive(Debug)]
struct ByName {
    certificates: Vec<(Option<&'static str>, Arc<CertifiedKey>)>,
    asked: Mutex<Vec<Option<String>>>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name();
        self.asked.lock().unwrap().push(asked.map(str::to_owned));
        let mut known = self.certificates.iter();
        known.find(|(name, _)| name.is_none() || *name == asked).map(|(_, key)| Arc::clone(key))
    }
}

/// A server with this certificate for every name.
fn with(key: CertifiedKey) -> ByName {
    ByName { certificates: vec![(None, Arc::new(key))], asked: Mutex::default() }
}

fn serving(resolver: Arc<ByName>, version: &'static SupportedProtocolVersion, asks_back: bool) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[version]).unwrap();
    let builder = if asks_back {
        // Whoever comes has to show a certificate as well.
        let mut roots = RootCertStore::empty();
        roots.add(certificate(LETS_ENCRYPT, &["ca.example"]).cert[0].clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let config = Arc::new(builder.with_cert_resolver(resolver));
    server(move |mut stream| {
        let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
        let _ = stream.read(&mut [0; 1024]);
    })
}

fn server(handler: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handler = Arc::clone(&handler);
            thread::spawn(move || handler(stream));
        }
    });
    address
}

/// Port 443 of the Cloudways server is this one.
fn leading_to(server: SocketAddr) -> Web {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let target = SocketAddr::new(SERVER_IP.parse().unwrap(), 443);
    Web::routed(move |asked| if asked == target { server } else { nowhere })
}

fn look_for(server: SocketAddr, name: &DomainName, limit: Duration) -> (Option<ServedCertificate>, Duration) {
    let clock = SystemClock::start();
    let address: IpAddr = SERVER_IP.parse().unwrap();
    let look = served::begin(&leading_to(server), address, name, Deadline::new(&clock, limit));
    let found = served::finish(look);
    (found, clock.elapsed())
}

fn look(server: SocketAddr, text: &str) -> Option<ServedCertificate> {
    look_for(server, &name(text), Duration::from_secs(20)).0
}

#[test]
fn issuer_names_and_times_are_read() {
    for version in [&version::TLS12, &version::TLS13] {
        let resolver =
            Arc::new(with(certificate(LETS_ENCRYPT, &["shop.example", "*.wild.example", "WWW.Shop.example"])));
        let found = look(serving(Arc::clone(&resolver), version, false), "shop.example").unwrap();
        let expected = ServedCertificate {
            issuer: "Let's Encrypt, R13".into(),
            names: names(&["shop.example", "*.wild.example", "www.shop.example"]),
            not_before: FROM,
            not_after: UNTIL,
        };
        assert_eq!(found, expected, "{version:?}");
        assert_eq!(*resolver.asked.lock().unwrap(), [Some("shop.example".to_owned())]);
    }
}

#[test]
fn the_name_that_is_asked_for_decides_which_is_served() {
    let of = |host| Arc::new(certificate(LETS_ENCRYPT, &[host]));
    let certificates =
        vec![(Some("a.example"), of("a.example")), (Some("b.example"), of("b.example")), (None, of("other.example"))];
    let resolver = Arc::new(ByName { certificates, asked: Mutex::default() });
    let server = serving(resolver, &version::TLS13, false);
    for (asked, served) in [
        ("a.example", "a.example"),
        ("b.example", "b.example"),
        ("c.example", "other.example"),
        ("*.b.example", "b.example"),
    ] {
        assert_eq!(look(server, asked).unwrap().names, names(&[served]), "{asked}");
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_shows_its_own_first() {
    let resolver = Arc::new(with(certificate(LETS_ENCRYPT, &["shop.example"])));
    let server = serving(resolver, &version::TLS13, true);
    assert_eq!(look(server, "shop.example").unwrap().names, names(&["shop.example"]));
}

#[test]
fn strange_certificates_are_read_as_far_as_they_make_sense() {
    let issuers: [(&[(DnType, &str)], &str); 6] = [
        (&[(DnType::CommonName, "Only a name")], "Only a name"),
        (&[(DnType::OrganizationName, "Only an organisation")], "Only an organisation"),
        (&[], ""),
        (&[(DnType::CommonName, "\u{202e}<b>R3</b>\n\0\t x\u{7f}"), (DnType::OrganizationName, " ")], "<b>R3</b> x"),
        (&[(DnType::CommonName, "É\u{1F600}ü")], "É ü"),
        (&[(DnType::LocalityName, "Nowhere")], ""),
    ];
    for (issuer, expected) in issuers {
        let server = serving(Arc::new(with(certificate(issuer, &["a.example"]))), &version::TLS13, false);
        assert_eq!(look(server, "a.example").unwrap().issuer, expected);
    }
    let long = "x".repeat(1_000);
    let server =
        serving(Arc::new(with(certificate(&[(DnType::CommonName, &long)], &["a.example"]))), &version::TLS13, false);
    assert_eq!(look(server, "a.example").unwrap().issuer.len(), 120);

    // No names, and what is no domain name.
    let odd = certificate(LETS_ENCRYPT, &["localhost", "192.0.2.1", "under_score.example", "fine.example"]);
    let server = serving(Arc::new(with(odd)), &version::TLS13, false);
    assert_eq!(look(server, "a.example").unwrap().names, names(&["fine.example"]));
    let server = serving(Arc::new(with(certificate(LETS_ENCRYPT, &[]))), &version::TLS13, false);
    assert_eq!(look(server, "a.example").unwrap().names, []);

    // More names than any certificate has, and more than fits in a handshake.
    let many = |count: usize| (0..count).map(|n| format!("shop{n}.example")).collect::<Vec<_>>();
    for (count, expected) in [(100, Some(100)), (1_500, Some(1_000)), (5_000, None)] {
        let hosts = many(count);
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let server = serving(Arc::new(with(certificate(LETS_ENCRYPT, &hosts))), &version::TLS13, false);
        assert_eq!(look(server, "a.example").map(|found| found.names.len()), expected, "{count}");
    }
}

/// A record of TLS with this in it.
fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], payload].concat()
}

#[test]
fn servers_that_misbehave_give_nothing_and_take_no_longer_than_allowed() {
    let write = |bytes: Vec<u8>| {
        server(move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&bytes);
        })
    };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let handshake = |kind: u8, length: u32| [&[kind], &length.to_be_bytes()[1..], &[0; 200]].concat();
    let quick = [
        ("closed", closed),
        ("closes", server(drop)),
        ("http", write(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())),
        ("zeros", write(vec![0; 4096])),
        ("an alert", write(record(21, &[2, 40]))),
        ("a certificate out of turn", write(record(22, &handshake(11, 190)))),
        ("a hello of 16 MiB", write(record(22, &handshake(2, 0xff_ffff)))),
        ("an empty certificate", serving(Arc::new(broken(Vec::new())), &version::TLS13, false)),
        ("a broken certificate", serving(Arc::new(broken(vec![0x30, 0x82, 1, 0, 5])), &version::TLS13, false)),
    ];
    for (what, server) in quick {
        let (found, took) = look_for(server, &name("shop.example"), Duration::from_secs(20));
        assert_eq!(found, None, "{what}");
        assert!(took < Duration::from_millis(2_500), "{what}: {took:?}");
    }

    let silent = server(|mut stream| while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {});
    let dripping = server(move |mut stream| {
        for byte in record(22, &handshake(2, 190)) {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(150));
        }
    });
    for (what, server) in [("silent", silent), ("dripping", dripping)] {
        let (found, took) = look_for(server, &name("shop.example"), Duration::from_secs(20));
        assert_eq!(found, None, "{what}");
        assert!(took > Duration::from_millis(2_900) && took < Duration::from_secs(5), "{what}: {took:?}");
        let (_, took) = look_for(server, &name("shop.example"), Duration::from_millis(400));
        assert!(took < Duration::from_secs(2), "{what}: {took:?}");
        let (_, took) = look_for(server, &name("shop.example"), Duration::ZERO);
        assert!(took < Duration::from_millis(300), "{what}: {took:?}");
    }
}

/// A certificate with these bytes in place of what it should be.
fn broken(der: Vec<u8>) -> ByName {
    let sound = certificate(LETS_ENCRYPT, &["shop.example"]);
    with(CertifiedKey::new(vec![der.into()], sound.key))
}

/// The blocked signals of the threads with this name.
fn masks_of(thread: &str) -> Vec<u64> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let named =
        tasks.filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == thread));
    let status = named.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    let line = |status: String| {
        status.lines().find_map(|line| line.strip_prefix("SigBlk:").map(|mask| mask.trim().to_owned()))
    };
    status.filter_map(line).map(|mask| u64::from_str_radix(&mask, 16).unwrap()).collect()
}

#[test]
fn the_look_is_beside_the_work_and_no_signal_of_php_gets_there() {
    let silent = server(|mut stream| while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {});
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, Duration::from_millis(700));
    let started = Instant::now();
    let address = SERVER_IP.parse().unwrap();
    let look = served::begin(&leading_to(silent), address, &name("shop.example"), deadline);
    assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
    // A thread gives itself its name, a moment after it began.
    let mut masks = masks_of("wu_cloudways tl");
    while masks.is_empty() && started.elapsed() < Duration::from_millis(600) {
        thread::sleep(Duration::from_millis(5));
        masks = masks_of("wu_cloudways tl");
    }
    assert!(!masks.is_empty(), "there is no thread");
    for mask in masks {
        for signal in [Signal::SIGALRM, Signal::SIGTERM, Signal::SIGUSR1] {
            assert_ne!(mask & (1 << (signal as i32 - 1)), 0, "{signal} is delivered there");
        }
    }
    // Nobody waits for it by name: it is waited for all the same.
    drop(look);
    assert!(started.elapsed() >= Duration::from_millis(690), "{:?}", started.elapsed());
}

#[test]
fn what_the_simulated_cloudways_serves_is_what_was_ordered() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sync(&["a.example"]);
    let https = site.sim.web_https();
    let (ours, default) = (look(https, "a.example").unwrap(), look(https, "other.example").unwrap());
    assert!(ours.names.contains(&name("a.example")), "{ours:?}");
    assert!(ours.issuer.starts_with("Let's Encrypt, "), "{ours:?}");
    assert_eq!(ours.not_after - ours.not_before, 90 * 86_400);
    assert!(!default.names.contains(&name("a.example")), "{default:?}");
}
