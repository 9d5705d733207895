//! What stands for ports 80 and 443 of every address.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudways_sim::Sim;
use cloudways_sim::client::request;
use cloudways_sim::state::{APP_ID, Behaviour, OrderOutcome, Tls, TlsUncovered, WebEntry};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use serde_json::json;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::{JSON, finish, order, post};

const INSTALL: &str = "/security/lets_encrypt_install";
const CHALLENGE: &str = "/.well-known/acme-challenge/wu";
const BODY: &str = "right-answer";
const DAY: i64 = 86_400;
/// 2026-11-24 07:30:00 UTC
const START: i64 = 1_795_505_400;

/// The application has the file, and these names as aliases; `here.example` leads here, `there.example` elsewhere.
fn world() -> Sim {
    let sim = Sim::start();
    sim.freeze_at(START);
    sim.edit(|s| s.switches.operation_polls = Some(0));
    sim.set_aliases(APP_ID, &["here.example", "there.example", "*.wild.example", "gone.example"]);
    sim.set_a("here.example", &["203.0.113.10"]);
    sim.set_a("there.example", &["198.51.100.7"]);
    sim.set_a("*.wild.example", &["203.0.113.10"]);
    sim.set_web_file(APP_ID, CHALLENGE, BODY);
    sim
}

fn send(stream: &mut (impl Read + Write), name: &str, path: &str) -> io::Result<(u16, String)> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        // A TLS connection that is not closed as it should be: its answer is whole by its length.
        Err(e) if e.kind() != ErrorKind::UnexpectedEof => return Err(e),
        _ => {}
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    Ok((status, text))
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_millis(1500))).expect("a timeout");
    stream
}

fn try_http(sim: &Sim, name: &str) -> io::Result<(u16, String)> {
    send(&mut connect(sim.web_http()), name, CHALLENGE)
}

/// The status, and the whole answer.
fn http(sim: &Sim, name: &str) -> (u16, String) {
    try_http(sim, name).expect("an answer")
}

#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
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
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn tls(sim: &Sim, name: &str) -> rustls::StreamOwned<ClientConnection, TcpStream> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_string()).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    rustls::StreamOwned::new(connection, connect(sim.web_https()))
}

fn https(sim: &Sim, name: &str) -> (u16, String) {
    send(&mut tls(sim, name), name, CHALLENGE).expect("an answer")
}

/// A certificate as a client reads it.
#[derive(Debug, PartialEq)]
struct Seen {
    issuer: String,
    names: Vec<String>,
    not_before: i64,
    not_after: i64,
}

fn handshake(sim: &Sim, name: &str) -> io::Result<Seen> {
    let mut stream = tls(sim, name);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    let chain = stream.conn.peer_certificates().expect("certificates");
    let certificate = Certificate::from_der(&chain[0]).expect("a certificate");
    let tbs = certificate.tbs_certificate();
    let unix = |time: &x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).expect("a time");
    let names = tbs.get_extension::<SubjectAltName>().expect("readable names").map(|(_, names)| names.0);
    let names = names.unwrap_or_default().into_iter().filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        _ => None,
    });
    Ok(Seen {
        issuer: tbs.issuer().to_string(),
        names: names.collect(),
        not_before: unix(&tbs.validity().not_before),
        not_after: unix(&tbs.validity().not_after),
    })
}

#[test]
fn a_name_that_leads_here_is_the_applications() {
    let sim = world();
    let (status, text) = http(&sim, "Here.example.:80");
    assert!(status == 200 && text.ends_with(BODY), "{text}");
    assert_eq!(http(&sim, "any.wild.example").0, 200);
    assert_eq!(http(&sim, "network.example").0, 200, "the primary domain");
    assert_eq!(http(&sim, "wordpressmu-1442-50482-131933.cloudwaysapps.com").0, 200);
    assert_eq!(http(&sim, "woocommerce-1450-50482-131990.cloudwaysapps.com").0, 404, "another application");
    assert_eq!(https(&sim, "here.example").0, 200);

    sim.set_a("stranger.example", &["203.0.113.10"]);
    assert_eq!(http(&sim, "stranger.example").0, 404, "no application has this alias");
    sim.set_a("here.example", &["203.0.113.77"]);
    assert_eq!(http(&sim, "here.example").0, 404, "another server, where it is no alias");
    for name in ["there.example", "gone.example", "nowhere.example", "203.0.113.10", ""] {
        assert_eq!(http(&sim, name).0, 404, "{name}");
    }
    assert!(!http(&sim, "there.example").1.contains(BODY));
    let other = request("GET", &format!("http://{}/other", sim.web_http()), &[], b"").expect("an answer");
    assert_eq!(other.status, 404);
}

#[test]
fn a_name_that_leads_elsewhere_behaves_as_the_table_says() {
    let sim = world();
    let with = |behaviour: Behaviour| {
        sim.set_web("there.example", behaviour);
        http(&sim, "there.example")
    };
    let (status, text) = with(Behaviour::PassesOn);
    assert!(status == 200 && text.ends_with(BODY), "{text}");
    let (status, text) = with(Behaviour::Parked);
    assert!(status == 200 && !text.contains(BODY), "{text}");
    for (behaviour, want) in [(Behaviour::NotFound, 404), (Behaviour::Forbidden, 403), (Behaviour::Unavailable, 503)] {
        assert_eq!(with(behaviour).0, want);
    }

    let (status, text) = with(Behaviour::RedirectHttps);
    assert!(status == 301 && text.contains(&format!("location: https://there.example{CHALLENGE}\r\n")), "{text}");
    let (status, text) = https(&sim, "there.example");
    assert!(status == 200 && text.ends_with(BODY), "{text}");
    let (_, text) = with(Behaviour::RedirectElsewhere);
    assert!(text.contains("location: http://elsewhere.example/\r\n"), "{text}");
    let inward = WebEntry { location: Some("http://169.254.0.1/".into()), ..Behaviour::RedirectElsewhere.into() };
    sim.set_web("there.example", inward);
    assert!(http(&sim, "there.example").1.contains("location: http://169.254.0.1/\r\n"));
    with(Behaviour::RedirectLoop);
    assert!(https(&sim, "there.example").1.contains(&format!("location: https://there.example{CHALLENGE}\r\n")));

    let (status, text) = with(Behaviour::Drip);
    assert!(status == 200 && text.ends_with(BODY), "{text}");
}

#[test]
fn silence_resets_slowness_and_a_body_without_end() {
    let sim = world();
    sim.set_web("there.example", Behaviour::Silent);
    let begun = Instant::now();
    let error = try_http(&sim, "there.example").expect_err("silence");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(1500));

    sim.set_web("there.example", Behaviour::Reset);
    assert_eq!(try_http(&sim, "there.example").expect_err("a reset").kind(), ErrorKind::ConnectionReset);

    sim.set_web("there.example", WebEntry { slow_ms: 300, ..Behaviour::PassesOn.into() });
    let begun = Instant::now();
    assert_eq!(http(&sim, "there.example").0, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));

    sim.set_web("there.example", Behaviour::Endless);
    let mut stream = connect(sim.web_http());
    write!(stream, "GET {CHALLENGE} HTTP/1.1\r\nHost: there.example\r\n\r\n").expect("sent");
    let mut start = vec![0; 1 << 20];
    stream.read_exact(&mut start).expect("a mebibyte");
    let start = String::from_utf8(start).expect("text");
    assert!(start.contains(BODY) && start.starts_with("HTTP/1.1 200"), "it begins like the right one");
    drop(stream);
    assert_eq!(http(&sim, "here.example").0, 200);
}

#[test]
fn the_zone_comes_before_the_table() {
    let sim = world();
    sim.set_web("here.example", Behaviour::Parked);
    assert!(http(&sim, "here.example").1.ends_with(BODY));
    sim.set_web("here.example", WebEntry { here_too: true, ..Behaviour::Forbidden.into() });
    assert_eq!(http(&sim, "here.example").0, 403, "a firewall on the server itself");

    sim.set_a("here.example", &["203.0.113.10", "198.51.100.7"]);
    sim.set_web("here.example", Behaviour::Unavailable);
    assert_eq!(http(&sim, "here.example").0, 503, "some of its addresses are elsewhere");
    sim.edit(|s| s.web.clear());
    assert_eq!(http(&sim, "here.example").0, 200);

    sim.set_web("*.Proxy.example", Behaviour::Forbidden);
    assert_eq!(http(&sim, "a.proxy.example").0, 403);
    assert_eq!(http(&sim, "b.a.proxy.example").0, 404, "one label");
}

#[test]
fn the_authority_goes_through_a_proxy_that_passes_on() {
    let sim = world();
    let outcome = |entry: WebEntry| {
        sim.edit(|s| s.authority = Default::default());
        sim.set_web("there.example", entry);
        post(&sim, INSTALL, &order(&["there.example"]));
        sim.orders().pop().expect("an order").outcome
    };
    assert_eq!(outcome(Behaviour::PassesOn.into()), OrderOutcome::Issued);
    assert_eq!(outcome(Behaviour::RedirectHttps.into()), OrderOutcome::Issued, "it follows, and does not verify");
    assert_eq!(outcome(WebEntry { slow_ms: 10_000, ..Behaviour::PassesOn.into() }), OrderOutcome::Failed);
    for behaviour in [Behaviour::Parked, Behaviour::Forbidden, Behaviour::RedirectLoop, Behaviour::Silent] {
        assert_eq!(outcome(behaviour.into()), OrderOutcome::Failed, "{behaviour:?}");
    }
    sim.edit(|s| s.dns_mut("there.example").caa = vec![r#"0 issue "other.example""#.into()]);
    assert_eq!(outcome(Behaviour::PassesOn.into()), OrderOutcome::Failed, "CAA binds it all the same");
    sim.edit(|s| s.dns_mut("there.example").caa.clear());
    sim.set_aliases(APP_ID, &[] as &[&str]);
    assert_eq!(
        outcome(Behaviour::PassesOn.into()),
        OrderOutcome::Failed,
        "no alias: the application does not serve it"
    );
}

#[test]
fn the_installed_certificate_is_served() {
    let sim = world();
    let default = handshake(&sim, "here.example").expect("a certificate");
    assert_eq!(default.names, ["localhost"]);
    assert!(!default.issuer.contains("Encrypt"), "{default:?}");

    finish(&sim, &post(&sim, INSTALL, &order(&["network.example", "here.example"])));
    let seen = handshake(&sim, "here.example").expect("a certificate");
    assert!(seen.issuer.contains("Let's Encrypt") && seen.issuer.contains("R11"), "{}", seen.issuer);
    assert_eq!(seen.names, ["network.example", "here.example"]);
    assert_eq!((seen.not_before, seen.not_after), (START, START + 90 * DAY));
    assert_eq!(handshake(&sim, "network.example").expect("a certificate"), seen);

    assert_eq!(handshake(&sim, "any.wild.example").expect("a certificate"), default, "an alias that is not in it");
    sim.edit(|s| s.switches.tls_uncovered = TlsUncovered::Application);
    assert_eq!(handshake(&sim, "any.wild.example").expect("a certificate"), seen);
    assert_eq!(handshake(&sim, "stranger.example").expect("a certificate"), default, "no alias");

    sim.advance(61 * DAY);
    assert_eq!(handshake(&sim, "here.example").expect("a certificate").not_before, START + 60 * DAY, "renewed");

    sim.edit(|s| s.app_mut(APP_ID).expect("the application").own_ssl = json!({"id": 1}));
    let own = handshake(&sim, "any.wild.example").expect("a certificate");
    assert!(own.issuer.contains("Example Trust") && own.names.contains(&"*.wild.example".to_string()), "{own:?}");
}

#[test]
fn a_wildcard_certificate_covers_one_label() {
    let sim = world();
    sim.edit(|s| {
        s.app_mut(APP_ID).expect("the application").lets_encrypt = Some(cloudways_sim::state::LetsEncrypt {
            is_installed: true,
            ssl_domains: vec!["wild.example".into()],
            kind: "wc".into(),
            ..Default::default()
        });
    });
    for (name, covered) in [("wild.example", true), ("a.wild.example", true), ("b.a.wild.example", false)] {
        let seen = handshake(&sim, name).expect("a certificate");
        assert_eq!(seen.names == ["wild.example", "*.wild.example"], covered, "{name}");
    }
}

#[test]
fn tls_goes_wrong() {
    let sim = world();
    post(&sim, INSTALL, &order(&["here.example"]));
    sim.advance(5);
    let with = |behaviour: Tls| {
        sim.edit(|s| s.switches.tls = behaviour);
        handshake(&sim, "here.example")
    };
    assert_eq!(with(Tls::Reset).expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    let error = with(Tls::Silent).expect_err("silence");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    let expired = with(Tls::Expired).expect("a certificate");
    assert_eq!((expired.names, expired.not_after), (vec!["here.example".to_string()], START + 5 - DAY));
    assert!(expired.not_before < expired.not_after);
    assert_eq!(with(Tls::Stale).expect("a certificate").names, ["localhost"], "there was none before");

    with(Tls::Normal).expect("a certificate");
    post(&sim, INSTALL, &order(&["here.example", "network.example"]));
    assert_eq!(with(Tls::Normal).expect("a certificate").names.len(), 2);
    assert_eq!(with(Tls::Stale).expect("a certificate").names, ["here.example"]);
    assert_eq!(handshake(&sim, "network.example").expect("a certificate").names, ["localhost"]);

    sim.edit(|s| s.switches.tls = Tls::Normal);
    sim.set_web("here.example", WebEntry { tls: Some(Tls::Reset), ..Behaviour::PassesOn.into() });
    assert!(handshake(&sim, "here.example").is_err(), "for one name alone");
    assert!(handshake(&sim, "network.example").is_ok());
}

#[test]
fn the_web_log_and_the_control_interface() {
    let sim = world();
    http(&sim, "here.example:8080");
    https(&sim, "here.example");
    let lines: Vec<_> = sim.web_log().into_iter().map(|q| (q.at_ms, q.scheme, q.name, q.path)).collect();
    let line = |scheme, path: &str| (START * 1000, scheme, "here.example".to_string(), path.to_string());
    assert_eq!(lines, [line("http", CHALLENGE), line("tls", ""), line("https", CHALLENGE)]);

    let call = |method: &str, path: &str, body: serde_json::Value| {
        let url = format!("{}{path}", sim.control_url());
        request(method, &url, &[JSON], body.to_string().as_bytes()).expect("an answer")
    };
    assert_eq!(call("GET", "/web-log", json!(null)).json()[0]["name"], "here.example");
    assert_eq!(call("PUT", "/web/There.example", json!({"behaviour": "parked"})).status, 200);
    assert_eq!(http(&sim, "there.example").0, 200);
    assert_eq!(call("DELETE", "/web/there.example", json!(null)).status, 200);
    assert_eq!(http(&sim, "there.example").0, 404);
    assert_eq!(call("PUT", "/web/there.example", json!({"behaviour": "praked"})).status, 400);
    assert_eq!(call("PUT", "/web/there.example", json!({"behaviour": "parked", "slow": 1})).status, 400);

    let files = call("PUT", "/apps/131933/files", json!({"/a.txt": "A", CHALLENGE: null})).json();
    assert_eq!(files, json!({"/a.txt": "A"}));
    assert_eq!(http(&sim, "here.example").0, 404);
    assert_eq!(call("PUT", "/apps/1/files", json!({})).status, 404);
    assert_eq!(call("DELETE", "/web-log", json!(null)).status, 200);
    assert!(sim.web_log().is_empty());
}
