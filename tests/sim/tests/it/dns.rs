//! DNS over the wire.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use cloudways_sim::Sim;
use cloudways_sim::client::request;
use cloudways_sim::state::{DnsEntry, DnsFault, PUBLIC_IP};
use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use serde_json::json;

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).expect("a name"), kind));
    message
}

/// Asks over UDP; `None` when nothing comes in a while.
fn udp(sim: &Sim, message: &Message) -> Option<Message> {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(400))).expect("a timeout");
    socket.send_to(&message.to_vec().expect("bytes"), sim.dns_addr()).expect("sent");
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).ok()?;
    let answer = Message::from_vec(&buffer[..length]).expect("a message");
    assert_eq!(answer.metadata.id, message.metadata.id);
    Some(answer)
}

fn tcp(sim: &Sim, message: &Message) -> Message {
    let mut stream = TcpStream::connect(sim.dns_addr()).expect("a connection");
    let bytes = message.to_vec().expect("bytes");
    let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
    stream.write_all(&[&length, bytes.as_slice()].concat()).expect("sent");
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a length");
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes).expect("a message");
    Message::from_vec(&bytes).expect("a message")
}

/// The answers as text: type and value.
fn ask(sim: &Sim, name: &str, kind: RecordType) -> (ResponseCode, Vec<String>) {
    let answer = udp(sim, &question(name, kind)).expect("an answer");
    assert!(answer.metadata.recursion_available);
    let records = answer.answers.iter().map(|r| match &r.data {
        RData::CAA(caa) => format!("CAA {} {}", caa.tag, String::from_utf8_lossy(&caa.value)),
        data => format!("{} {data}", r.record_type()),
    });
    (answer.metadata.response_code, records.collect())
}

#[test]
fn records_of_each_type() {
    let sim = Sim::start();
    sim.edit(|s| {
        s.dns.insert(
            "Shop.example.".into(),
            serde_json::from_str(
                r#"{"A": ["203.0.113.10", "198.51.100.7"], "AAAA": ["2001:db8::1"], "CAA": ["0 issue \"letsencrypt.org\""]}"#,
            )
            .expect("an entry"),
        );
        s.dns_mut("www.shop.example").cname = Some("shop.example".into());
    });
    use RecordType as T;
    let ok = ResponseCode::NoError;
    assert_eq!(ask(&sim, "SHOP.example.", T::A), (ok, vec!["A 203.0.113.10".into(), "A 198.51.100.7".into()]));
    assert_eq!(ask(&sim, "shop.example.", T::AAAA), (ok, vec!["AAAA 2001:db8::1".into()]));
    assert_eq!(ask(&sim, "shop.example.", T::CAA), (ok, vec!["CAA issue letsencrypt.org".into()]));
    assert_eq!(
        ask(&sim, "www.shop.example.", T::AAAA),
        (ok, vec!["CNAME shop.example.".into(), "AAAA 2001:db8::1".into()])
    );
    assert_eq!(ask(&sim, "www.shop.example.", T::CNAME), (ok, vec!["CNAME shop.example.".into()]));
    assert_eq!(ask(&sim, "network.example.", T::A), (ok, vec![format!("A {PUBLIC_IP}")]));

    assert_eq!(ask(&sim, "network.example.", T::AAAA), (ok, vec![]), "the name exists, without that type");
    let nothing = udp(&sim, &question("nowhere.example.", T::A)).expect("an answer");
    assert_eq!((nothing.metadata.response_code, nothing.authorities.len()), (ResponseCode::NXDomain, 1));

    let asked = sim.dns_log();
    assert_eq!((asked[0].name.as_str(), asked[0].kind.as_str(), asked[0].transport), ("shop.example", "A", "udp"));
    sim.clear_log();
    assert!(sim.dns_log().is_empty());
}

#[test]
fn wildcards_chains_and_loops() {
    let sim = Sim::start();
    sim.edit(|s| {
        s.dns.insert("*.zone.example".into(), DnsEntry::addresses(&[PUBLIC_IP.parse().expect("an address")]));
        s.dns_mut("a.example").cname = Some("b.example".into());
        s.dns_mut("b.example").cname = Some("a.example".into());
        s.dns_mut("dangling.example").cname = Some("nowhere.example".into());
    });
    let (code, records) = ask(&sim, "x.zone.example.", RecordType::A);
    assert_eq!((code, records), (ResponseCode::NoError, vec![format!("A {PUBLIC_IP}")]));
    let (code, records) = ask(&sim, "a.example.", RecordType::A);
    assert_eq!((code, records.len()), (ResponseCode::NoError, 2), "the loop is shown, with no end");
    let (code, records) = ask(&sim, "dangling.example.", RecordType::A);
    assert_eq!((code, records.len()), (ResponseCode::NXDomain, 1));
}

#[test]
fn faults_and_how_long_they_last() {
    let sim = Sim::start();
    let set = |fault, times| {
        sim.edit(|s| {
            let entry = s.dns_mut("network.example");
            (entry.fault, entry.fault_times) = (Some(fault), times);
        });
    };
    set(DnsFault::Nxdomain, None);
    assert_eq!(ask(&sim, "network.example.", RecordType::A).0, ResponseCode::NXDomain);
    set(DnsFault::Servfail, Some(2));
    assert_eq!(ask(&sim, "network.example.", RecordType::A).0, ResponseCode::ServFail);
    assert_eq!(ask(&sim, "network.example.", RecordType::AAAA).0, ResponseCode::ServFail);
    assert_eq!(ask(&sim, "network.example.", RecordType::A).1, [format!("A {PUBLIC_IP}")]);
    set(DnsFault::Silence, Some(1));
    assert!(udp(&sim, &question("network.example.", RecordType::A)).is_none());
    assert_eq!(ask(&sim, "network.example.", RecordType::A).0, ResponseCode::NoError);

    set(DnsFault::Truncate, None);
    let asked = question("network.example.", RecordType::A);
    let cut = udp(&sim, &asked).expect("an answer");
    assert!(cut.metadata.truncation && cut.answers.is_empty());
    let whole = tcp(&sim, &asked);
    assert!(!whole.metadata.truncation);
    assert_eq!(whole.answers.len(), 1);
    assert_eq!(sim.dns_log().last().expect("a query").transport, "tcp");
}

#[test]
fn over_tcp_no_question_waits_for_the_one_before() {
    let sim = Sim::start();
    sim.edit(|s| s.dns_mut("slow.example").delay_ms = 400);
    let mut stream = TcpStream::connect(sim.dns_addr()).expect("a connection");
    for (id, name) in [(1, "slow.example."), (2, "network.example.")] {
        let mut message = question(name, RecordType::A);
        message.metadata.id = id;
        let bytes = message.to_vec().expect("bytes");
        let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
        stream.write_all(&[&length, bytes.as_slice()].concat()).expect("sent");
    }
    let mut next = || {
        let mut length = [0; 2];
        stream.read_exact(&mut length).expect("a length");
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut bytes).expect("a message");
        Message::from_vec(&bytes).expect("a message").metadata.id
    };
    assert_eq!([next(), next()], [2, 1]);
}

#[test]
fn what_does_not_fit_is_truncated() {
    let sim = Sim::start();
    let many: Vec<String> = (1..=60).map(|i| format!("198.51.100.{i}")).collect();
    sim.set_a("many.example", &many);
    let mut asked = question("many.example.", RecordType::A);
    let cut = udp(&sim, &asked).expect("an answer");
    assert!(cut.metadata.truncation);
    assert_eq!(tcp(&sim, &asked).answers.len(), 60);
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    asked.set_edns(edns);
    let whole = udp(&sim, &asked).expect("an answer");
    assert_eq!((whole.answers.len(), whole.edns.is_some()), (60, true));
}

#[test]
fn garbage_is_survived() {
    let sim = Sim::start();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for bytes in [&b""[..], b"x", &[0xff; 40], &[0; 12]] {
        socket.send_to(bytes, sim.dns_addr()).expect("sent");
    }
    let mut stream = TcpStream::connect(sim.dns_addr()).expect("a connection");
    stream.write_all(b"\x00\x05hello").expect("sent");
    assert_eq!(ask(&sim, "network.example.", RecordType::A).0, ResponseCode::NoError);
}

#[test]
fn over_http() {
    let sim = Sim::start();
    sim.edit(|s| {
        s.switches.dns_delay_ms = 30;
        s.dns_mut("www.shop.example").cname = Some("shop.example".into());
        s.dns.insert(
            "shop.example".into(),
            serde_json::from_str(
                r#"{"AAAA": ["2001:db8::1"], "CAA": ["0 issue \"letsencrypt.org\""], "fault": "truncate"}"#,
            )
            .expect("an entry"),
        );
        s.dns_mut("failing.example").fault = Some(DnsFault::Servfail);
    });
    let ask = |query: &str| {
        let url = sim.api_url().replace("/api/v2", &format!("/resolve?{query}"));
        let reply = request("GET", &url, &[], b"").expect("an answer");
        (reply.status, reply.json())
    };
    let begun = Instant::now();
    assert_eq!(
        ask("name=WWW.shop.example&type=AAAA"),
        (
            200,
            json!({
                "Status": 0, "TC": false, "RD": true, "RA": true, "AD": false, "CD": false,
                "Question": [{"name": "www.shop.example.", "type": 28}],
                "Answer": [
                    {"name": "www.shop.example.", "type": 5, "TTL": 1, "data": "shop.example."},
                    {"name": "shop.example.", "type": 28, "TTL": 1, "data": "2001:db8::1"},
                ],
            })
        )
    );
    assert!(begun.elapsed() >= Duration::from_millis(30), "{:?}", begun.elapsed());
    assert_eq!(ask("name=shop.example.&type=257").1["Answer"][0]["data"], "0 issue \"letsencrypt.org\"");
    let (status, nothing) = ask("name=nowhere.example");
    assert_eq!((status, &nothing["Status"], nothing.get("Answer")), (200, &json!(3), None));
    assert_eq!(ask("name=failing.example&type=a").1["Status"], 2);
    assert_eq!((ask("type=A").0, ask("name=shop.example&type=WHAT").0), (400, 400));
    let asked = sim.dns_log();
    assert_eq!(asked.len(), 4);
    assert_eq!(
        (asked[0].name.as_str(), asked[0].kind.as_str(), asked[0].transport),
        ("www.shop.example", "AAAA", "https")
    );
    assert!(sim.log().is_empty(), "it is no request to Cloudways");
}

/// Whether a name is there is known without a look at all of them.
#[test]
fn names_that_are_missing_among_ten_thousand() {
    let sim = Sim::start();
    sim.edit(|s| (0..10_000).for_each(|i| s.dns_mut(&format!("n{i}.zone{}.example", i % 100)).caa.clear()));
    let begun = Instant::now();
    for i in 0..2_000 {
        assert_eq!(ask(&sim, &format!("x{i}.zone7.example."), RecordType::A).0, ResponseCode::NXDomain);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// Ten thousand names, each answer 20 ms late, 100 questions outstanding: the delays overlap.
#[test]
fn ten_thousand_names() {
    let sim = Sim::start();
    sim.edit(|s| {
        s.switches.dns_delay_ms = 20;
        for i in 0..10_000 {
            s.dns.insert(format!("n{i}.example"), DnsEntry::addresses(&[PUBLIC_IP.parse().expect("an address")]));
        }
    });
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    socket.connect(sim.dns_addr()).expect("connected");
    let send = |i: u16| {
        let mut message = question(&format!("n{i}.example."), RecordType::A);
        message.metadata.id = i;
        socket.send(&message.to_vec().expect("bytes")).expect("sent");
    };
    let begun = Instant::now();
    let mut seen = vec![false; 10_000];
    (0..100).for_each(send);
    let mut buffer = [0; 1500];
    for next in 100..10_100 {
        let length = socket.recv(&mut buffer).expect("an answer");
        let answer = Message::from_vec(&buffer[..length]).expect("a message");
        assert_eq!(answer.answers.len(), 1);
        seen[usize::from(answer.metadata.id)] = true;
        if next < 10_000 {
            send(next);
        }
    }
    assert!(seen.iter().all(|s| *s));
    assert_eq!(sim.dns_log().len(), 10_000);
    // One after the other it would take 200 seconds; the delays alone take two.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}
