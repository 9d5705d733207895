//! A small HTTP client over one connection per request: for `cloudways-sim ctl`, and for tests that want
//! to see exactly what comes over the wire.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The status line and the headers, as they came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Sends one request to an `http://host:port/path` address and reads the answer, for at most a minute.
///
/// # Errors
/// What the connection says; `UnexpectedEof` when the answer is shorter than it announced;
/// `InvalidInput` for an address and `InvalidData` for an answer that cannot be read.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
    let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{text}: {url}"));
    let rest = url.strip_prefix("http://").ok_or_else(|| invalid("not an http:// address"))?;
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };

    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));

    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes)
}

/// Like [`request`], but where nobody listens it tries again for that long: a simulator that was started the moment
/// before is not up yet. A refused connection has sent nothing, so that nothing is done twice.
///
/// # Errors
/// Those of [`request`].
pub fn request_patiently(
    patience: Duration,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let begun = Instant::now();
    loop {
        match request(method, url, headers, body) {
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused && begun.elapsed() < patience => {
                thread::sleep(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

fn parse(bytes: &[u8]) -> io::Result<Reply> {
    let unreadable = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer");
    let cut_off = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer breaks off");

    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").ok_or_else(cut_off)?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = bytes[end + 4..].to_vec();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(unreadable)?;
    let announced = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    if announced.is_some_and(|n| body.len() < n) {
        return Err(cut_off());
    }
    Ok(Reply { status, head, body })
}
