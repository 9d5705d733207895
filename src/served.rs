//! The certificate that a server really serves for a name. It is looked at, not verified: what is trusted is decided by
//! browsers, and nothing but the name goes there.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::{DirectoryString, GeneralName};
use x509_cert::name::Name;

use crate::clock::Deadline;
use crate::domain::DomainName;
use crate::signals::MaskedSignals;
use crate::web::{Web, unverified_tls};

/// How long a look takes at most.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many names are read. A Let's Encrypt certificate has 100 at most (documented).
const MOST_NAMES: usize = 1_000;

/// How many characters of the issuer are kept.
const LONGEST_ISSUER: usize = 120;

/// What the certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedCertificate {
    /// Who issued it, in short: organisation and common name. At most 120 characters, letters and plain punctuation.
    pub issuer: String,
    /// The names in it, as far as they are domain names; wildcards as `*.…`.
    pub names: Vec<DomainName>,
    /// From when it is valid, in Unix time.
    pub not_before: u64,
    /// Until when it is valid, in Unix time.
    pub not_after: u64,
}

/// A look at a certificate that is under way. Dropping it waits for its end, too: nothing may outlive the call.
#[derive(Debug)]
pub struct Look {
    thread: Option<JoinHandle<Option<ServedCertificate>>>,
}

impl Drop for Look {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Begins to look at the certificate that is served for `name` at `address`, port 443, in a thread of its own. For a
/// wildcard it is the one of the name below it.
///
/// It takes 3 seconds at most, and ends by the deadline.
#[must_use]
pub fn begin(web: &Web, address: IpAddr, name: &DomainName, deadline: Deadline<'_>) -> Look {
    let limit = PATIENCE.min(deadline.left());
    let server = ServerName::try_from(name.wildcard_base().unwrap_or(name.as_str()).to_owned());
    let (false, true, Ok(server)) = (limit.is_zero(), web.may_reach(address), server) else {
        return Look { thread: None };
    };
    let target = web.at(SocketAddr::new(address, 443));
    let until = Instant::now() + limit;
    let _masked = MaskedSignals::new();
    let thread = thread::Builder::new().name("wu_cloudways tls".into()).spawn(move || look(target, server, until));
    Look { thread: thread.ok() }
}

/// Waits for the look to end, and gives what it found; `None` where nothing was served that can be read.
#[must_use]
pub fn finish(mut look: Look) -> Option<ServedCertificate> {
    look.thread.take()?.join().ok().flatten()
}

fn look(target: SocketAddr, server: ServerName<'static>, until: Instant) -> Option<ServedCertificate> {
    let mut tls = ClientConnection::new(unverified_tls()?, server).ok()?;
    let stream = TcpStream::connect_timeout(&target, left(until).ok()?).ok()?;
    let mut stream = Bounded { stream, until };
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).ok()?;
    }
    tls.send_close_notify();
    let _ = tls.write_tls(&mut stream);
    read(tls.peer_certificates()?.first()?)
}

/// A connection whose every step ends by the same moment, however slowly the other side speaks.
struct Bounded {
    stream: TcpStream,
    until: Instant,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.until)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.until)?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Reads a certificate in DER.
fn read(der: &[u8]) -> Option<ServedCertificate> {
    let certificate = Certificate::from_der(der).ok()?;
    let certificate = certificate.tbs_certificate();
    let names = match certificate.get_extension::<SubjectAltName>() {
        Ok(Some((_, names))) => names.0,
        Ok(None) => Vec::new(),
        Err(_) => return None,
    };
    let names = names.iter().filter_map(|name| match name {
        GeneralName::DnsName(name) => DomainName::parse(name.as_bytes()).ok(),
        _ => None,
    });
    let validity = certificate.validity();
    Some(ServedCertificate {
        issuer: issuer(certificate.issuer()),
        names: names.take(MOST_NAMES).collect(),
        not_before: validity.not_before.to_unix_duration().as_secs(),
        not_after: validity.not_after.to_unix_duration().as_secs(),
    })
}

/// "Let's Encrypt, R13".
fn issuer(name: &Name) -> String {
    let text = |part: x509_cert::der::Result<Option<DirectoryString>>| {
        part.ok().flatten().map(|part| plain(&part.value())).filter(|part| !part.is_empty())
    };
    let parts = [text(name.organization()), text(name.common_name())];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ").chars().take(LONGEST_ISSUER).collect()
}

/// A stranger's text as it can be shown anywhere.
fn plain(text: &str) -> String {
    let allowed = |character: char| character.is_alphanumeric() || character.is_ascii_punctuation();
    let spaced: String = text.chars().map(|character| if allowed(character) { character } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
