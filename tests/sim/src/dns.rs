//! The DNS side: UDP and TCP on one port, and JSON over HTTP, answering like a resolver that knows the whole DNS.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NULL, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::api::Answer;
use crate::params::Params;
use crate::state::{DnsEntry, DnsFault, dns_key};
use crate::world::{DnsQuery, Inner, World};
use crate::zone::{self, Found};

/// How long an answer may be kept, in seconds: tests change the zone under their clients.
const TTL: u32 = 1;

/// Which way a question came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
    Https,
}

impl Transport {
    fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Https => "https",
        }
    }
}

/// Answers datagrams until the runtime ends.
pub(crate) async fn serve_udp(socket: UdpSocket, world: Arc<World>) {
    let socket = Arc::new(socket);
    let mut buffer = vec![0; 4096];
    loop {
        // An error here is the echo of an answer that nobody waited for.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let Some((bytes, delay)) = answer(&world, &buffer[..length], Transport::Udp) else { continue };
        if delay.is_zero() {
            let _ = socket.send_to(&bytes, from).await;
        } else {
            tokio::spawn(send_later(Arc::clone(&socket), bytes, from, delay));
        }
    }
}

async fn send_later(socket: Arc<UdpSocket>, bytes: Vec<u8>, to: SocketAddr, delay: Duration) {
    sleep(delay).await;
    let _ = socket.send_to(&bytes, to).await;
}

/// Answers connections until the runtime ends.
pub(crate) async fn serve_tcp(listener: TcpListener, world: Arc<World>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&world)));
            }
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// No question on a connection waits for the answer to the one before (RFC 7766, as resolvers do it).
async fn connection(stream: TcpStream, world: Arc<World>) -> io::Result<()> {
    let _ = stream.set_nodelay(true);
    let (mut questions, answers) = stream.into_split();
    let answers = Arc::new(Mutex::new(answers));
    loop {
        let length = questions.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        questions.read_exact(&mut question).await?;
        let Some((bytes, delay)) = answer(&world, &question, Transport::Tcp) else { continue };
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            sleep(delay).await;
            let mut framed = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
            framed.extend(bytes);
            answers.lock().await.write_all(&framed).await
        });
    }
}

/// `GET /resolve?name=…&type=…`, as Google's public resolver has it (documented): DNS over HTTPS in JSON, without the
/// TLS. `None`: silence.
pub(crate) async fn over_http(world: &World, query: &str) -> Option<Answer> {
    let params = Params::read(query, "", b"");
    let kind = match params.text("type") {
        "" => Some(RecordType::A),
        text => match text.parse::<u16>() {
            Ok(number) => Some(RecordType::from(number)),
            Err(_) => RecordType::from_str(&text.to_ascii_uppercase()).ok(),
        },
    };
    let name = Some(params.text("name")).filter(|name| !name.is_empty()).and_then(|name| wire(&dns_key(name)));
    let (Some(name), Some(kind)) = (name, kind) else {
        return Some(Answer::json(400, json!({"error": "Invalid name or type"})));
    };
    let query = Query::query(name, kind);
    let mut reply = Message::response(0, OpCode::Query);
    let delay = fill(&mut world.raw(), &query, Transport::Https, &mut reply)?;
    sleep(delay).await;
    let answers: Vec<Value> = reply
        .answers
        .iter()
        .map(|record| {
            let (name, kind) = (record.name.to_ascii(), u16::from(record.record_type()));
            json!({"name": name, "type": kind, "TTL": record.ttl, "data": as_text(&record.data)})
        })
        .collect();
    let mut body = json!({
        "Status": u16::from(reply.metadata.response_code), "TC": false, "RD": true, "RA": true, "AD": false, "CD": false,
        "Question": [{"name": query.name().to_ascii(), "type": u16::from(kind)}],
    });
    if !answers.is_empty() {
        body["Answer"] = Value::Array(answers);
    }
    Some(Answer::json(200, body))
}

/// Data as it stands in a zone file; CAA is here in bytes.
fn as_text(data: &RData) -> String {
    let RData::Unknown { code: RecordType::CAA, rdata } = data else { return data.to_string() };
    let Some(([flags, length], rest)) = rdata.anything.split_first_chunk() else { return data.to_string() };
    let (tag, value) = rest.split_at(rest.len().min(usize::from(*length)));
    format!("{flags} {} \"{}\"", String::from_utf8_lossy(tag), String::from_utf8_lossy(value))
}

/// The answer and how long it takes; `None` for silence and for what is no question.
fn answer(world: &World, bytes: &[u8], transport: Transport) -> Option<(Vec<u8>, Duration)> {
    let question = Message::from_vec(bytes).ok()?;
    if question.metadata.message_type != MessageType::Query {
        return None;
    }
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata = Metadata::response_from_request(&question.metadata);
    reply.metadata.recursion_available = true;
    reply.add_queries(question.queries.iter().cloned());
    if question.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        reply.set_edns(edns);
    }

    let mut delay = Duration::ZERO;
    match question.queries.first() {
        Some(query) if question.metadata.op_code == OpCode::Query && query.query_class() == DNSClass::IN => {
            let mut inner = world.raw();
            delay = fill(&mut inner, query, transport, &mut reply)?;
        }
        Some(_) => reply.metadata.response_code = ResponseCode::NotImp,
        None => reply.metadata.response_code = ResponseCode::FormErr,
    }

    let mut bytes = reply.to_vec().ok()?;
    if transport == Transport::Udp && bytes.len() > usize::from(question.max_payload()) {
        bytes = reply.truncate().to_vec().ok()?;
    }
    Some((bytes, delay))
}

/// Puts what the zone has into the reply, and gives the delay; `None`: silence.
fn fill(inner: &mut Inner, query: &Query, transport: Transport, reply: &mut Message) -> Option<Duration> {
    let name = dns_key(&query.name().to_ascii());
    inner.dns_log.push(DnsQuery {
        name: name.clone(),
        kind: query.query_type().to_string(),
        transport: transport.word(),
    });

    let state = &inner.state;
    let found = zone::resolve(state, &name);
    let chain: &[(String, String)] = match &found {
        Found::Entry { chain, .. } | Found::NoName { chain } | Found::Loop { chain } | Found::Failing { chain, .. } => {
            chain
        }
    };

    // Every entry on the way adds its delay, and a fault that counts has been used once.
    let on_the_way = std::iter::once(&name).chain(chain.iter().map(|(_, target)| target));
    let keys: BTreeSet<String> = on_the_way.filter_map(|n| zone::key_of(state, n)).collect();
    let entries = || keys.iter().filter_map(|k| state.dns.get(k));
    let delay = state.switches.dns_delay_ms + entries().map(|e| e.delay_ms).sum::<u64>();
    let truncates = entries().any(|e| zone::active_fault(e) == Some(DnsFault::Truncate));

    let cut = transport == Transport::Udp && truncates;
    let mut silent = false;
    if cut {
        reply.metadata.truncation = true;
    } else if let (RecordType::CNAME, [(owner, target), ..]) = (query.query_type(), chain) {
        reply.add_answer(alias(owner, target)?);
    } else {
        for (owner, target) in chain {
            reply.add_answer(alias(owner, target)?);
        }
        let end = chain.last().map_or(name.as_str(), |(_, target)| target);
        match &found {
            Found::Entry { entry, .. } => {
                let records = records(entry, query.query_type());
                if records.is_empty() {
                    reply.add_authority(start_of_authority(end)?);
                }
                for data in records {
                    reply.add_answer(Record::from_rdata(wire(end)?, TTL, data));
                }
            }
            Found::NoName { .. } => {
                reply.metadata.response_code = ResponseCode::NXDomain;
                reply.add_authority(start_of_authority(end)?);
            }
            Found::Loop { .. } => {}
            Found::Failing { silent: true, .. } => silent = true,
            Found::Failing { .. } => {
                reply.answers.clear();
                reply.metadata.response_code = ResponseCode::ServFail;
            }
        }
    }

    for key in keys {
        // Looked at first: what may change an entry makes the index of the zone anew.
        let counts = |entry: &DnsEntry| {
            let active = zone::active_fault(entry);
            entry.fault_times.is_some() && active.is_some() && (cut || active != Some(DnsFault::Truncate))
        };
        if inner.state.dns.get(&key).is_some_and(counts)
            && let Some(entry) = inner.state.dns.get_mut(&key)
        {
            entry.fault_times = entry.fault_times.map(|n| n.saturating_sub(1));
        }
    }
    if silent { None } else { Some(Duration::from_millis(delay)) }
}

fn records(entry: &DnsEntry, kind: RecordType) -> Vec<RData> {
    match kind {
        RecordType::A => entry.a.iter().map(|ip| RData::A(A(*ip))).collect(),
        RecordType::AAAA => entry.aaaa.iter().map(|ip| RData::AAAA(AAAA(*ip))).collect(),
        RecordType::CAA => entry.caa.iter().filter_map(|text| caa(text)).collect(),
        _ => Vec::new(),
    }
}

/// Written byte by byte (RFC 8659), so that any text can be sent, also one that is no proper value.
fn caa(text: &str) -> Option<RData> {
    let caa = zone::parse_caa(text).ok()?;
    let mut bytes = vec![caa.flags, u8::try_from(caa.tag.len()).ok()?];
    bytes.extend(caa.tag.bytes());
    bytes.extend(caa.value.bytes());
    Some(RData::Unknown { code: RecordType::CAA, rdata: NULL::with(bytes) })
}

fn alias(owner: &str, target: &str) -> Option<Record> {
    Some(Record::from_rdata(wire(owner)?, TTL, RData::CNAME(CNAME(wire(target)?))))
}

fn start_of_authority(name: &str) -> Option<Record> {
    let zone = name.split_once('.').map_or("", |(_, zone)| zone);
    let soa = SOA::new(wire("ns.sim.invalid")?, wire("hostmaster.sim.invalid")?, 1, 3600, 600, 86400, TTL);
    Some(Record::from_rdata(wire(zone)?, TTL, RData::SOA(soa)))
}

/// A name for the wire; `None` when it does not fit there.
fn wire(name: &str) -> Option<Name> {
    Name::from_ascii(format!("{name}.")).ok()
}
