//! Verdicts against the simulator's DNS, and against servers that misbehave in ways the simulator does not.

use std::collections::{HashSet, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cloudways_sim::Sim;
use cloudways_sim::state::{DnsEntry, DnsFault};
use hickory_resolver::proto::op::{Message, Metadata, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, CAA, CNAME};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use wu_cloudways::clock::{Deadline, SystemClock};
use wu_cloudways::dns::{Caa, Dns, NameCheck, Qualifies, Unknown, Verdict};

use crate::support::{SERVER_IP, names};

const V6: &str = "2001:db8::10";
const OTHER: &str = "198.51.100.7";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Asks servers about names, with both addresses of the Cloudways server known.
fn ask(servers: &[SocketAddr], texts: &[&str], limit: Duration) -> Vec<NameCheck> {
    let clock = SystemClock::start();
    Dns::new(servers).check(&names(texts), &[ip(SERVER_IP), ip(V6)], false, Deadline::new(&clock, limit))
}

/// The same, for names of which those elsewhere are probed afterwards.
fn ask_before_probing(server: SocketAddr, texts: &[&str]) -> Vec<NameCheck> {
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, Duration::from_secs(10));
    Dns::new(&[server]).check(&names(texts), &[ip(SERVER_IP), ip(V6)], true, deadline)
}

fn ask_sim(sim: &Sim, text: &str) -> NameCheck {
    ask(&[sim.dns_addr()], &[text], Duration::from_secs(10)).remove(0)
}

fn entry(sim: &Sim, name: &str, change: impl FnOnce(&mut DnsEntry)) {
    sim.edit(|state| change(state.dns_mut(name)));
}

/// A DNS server of one's own making: what the answer holds, or nothing for silence.
pub fn server(answer: impl Fn(&Name, RecordType, &mut Message) -> Option<()> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
            let Some(query) = question.queries.first() else { continue };
            let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
            reply.metadata = Metadata::response_from_request(&question.metadata);
            reply.add_query(query.clone());
            if answer(query.name(), query.query_type(), &mut reply).is_some() {
                let _ = socket.send_to(&reply.to_vec().unwrap(), from);
            }
        }
    });
    address
}

/// The questions that a server got, each once.
type Questions = Arc<Mutex<HashSet<(Name, RecordType)>>>;

/// A server that never answers.
fn dead() -> (SocketAddr, Questions) {
    let asked = Questions::default();
    let noted = Arc::clone(&asked);
    let address = server(move |name, kind, _| {
        noted.lock().unwrap().insert((name.clone(), kind));
        None
    });
    (address, asked)
}

#[test]
fn here_elsewhere_mixed_and_missing() {
    let sim = Sim::start();
    sim.set_a("both.example", &[SERVER_IP, V6]);
    sim.set_a("v4.example", &[SERVER_IP]);
    sim.set_a("v6.example", &[V6]);
    sim.set_a("away.example", &[OTHER]);
    sim.set_a("mixed.example", &[SERVER_IP, OTHER]);
    sim.set_a("mixed6.example", &[SERVER_IP, "2001:db8::11"]);
    sim.set_a("empty.example", &[] as &[&str]);
    sim.set_a("*.wild.example", &[SERVER_IP]);
    let table = [
        ("both.example", Verdict::Here, vec![SERVER_IP, V6]),
        ("v4.example", Verdict::Here, vec![SERVER_IP]),
        ("v6.example", Verdict::Here, vec![V6]),
        ("away.example", Verdict::Elsewhere, vec![OTHER]),
        ("mixed.example", Verdict::Elsewhere, vec![SERVER_IP, OTHER]),
        ("mixed6.example", Verdict::Elsewhere, vec![SERVER_IP, "2001:db8::11"]),
        ("empty.example", Verdict::Missing, vec![]),
        ("no-such-name.example", Verdict::Missing, vec![]),
        ("a.wild.example", Verdict::Here, vec![SERVER_IP]),
        ("www.xn--bcher-kva.example", Verdict::Missing, vec![]),
    ];
    let asked: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    let checks = ask(&[sim.dns_addr()], &asked, Duration::from_secs(10));
    for ((name, verdict, addresses), check) in table.iter().zip(&checks) {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| ip(address)).collect();
        assert_eq!((check.verdict, &check.addresses, check.reason), (*verdict, &addresses, None), "{name}");
    }
    let questions = sim.dns_log();
    let addresses = questions.iter().filter(|question| question.kind != "CAA").count();
    assert_eq!(addresses, 2 * table.len(), "each is asked once for A and once for AAAA");
    let mut caa: Vec<&str> =
        questions.iter().filter(|question| question.kind == "CAA").map(|question| question.name.as_str()).collect();
    caa.sort_unstable();
    assert_eq!(caa, ["a.wild.example", "both.example", "example", "v4.example", "v6.example", "wild.example"]);
    let mut asked_for_addresses = questions.iter().filter(|question| question.kind != "CAA");
    assert!(asked_for_addresses.all(|question| asked.contains(&question.name.as_str())), "no search domains");
}

#[test]
fn chains_are_followed_and_shown() {
    let sim = Sim::start();
    entry(&sim, "www.shop.example", |e| e.cname = Some("Shop.example".into()));
    entry(&sim, "shop.example", |e| e.cname = Some("edge.example".into()));
    sim.set_a("edge.example", &[SERVER_IP]);
    let check = ask_sim(&sim, "www.shop.example");
    assert_eq!((check.verdict, check.cname), (Verdict::Here, vec!["shop.example".to_owned(), "edge.example".into()]));
    let questions = sim.dns_log().iter().filter(|question| question.kind != "CAA").count();
    assert_eq!(questions, 2, "the server says that there is no AAAA");

    entry(&sim, "gone.example", |e| e.cname = Some("nowhere.example".into()));
    let check = ask_sim(&sim, "gone.example");
    assert_eq!((check.verdict, check.cname), (Verdict::Missing, vec!["nowhere.example".to_owned()]));

    entry(&sim, "round.example", |e| e.cname = Some("about.example".into()));
    entry(&sim, "about.example", |e| e.cname = Some("round.example".into()));
    let check = ask_sim(&sim, "round.example");
    assert_eq!(check.verdict, Verdict::Missing);
    assert_eq!(check.cname, ["about.example", "round.example"]);
}

#[test]
fn a_chain_that_comes_in_parts_is_put_together() {
    let parts = server(|name, kind, reply| {
        let owner = name.to_ascii().to_ascii_lowercase();
        let data = match (owner.as_str(), kind) {
            ("a.example.", _) => RData::CNAME(CNAME(Name::from_ascii("b.example.").unwrap())),
            ("b.example.", _) => RData::CNAME(CNAME(Name::from_ascii("c.example.").unwrap())),
            ("c.example.", RecordType::A) => RData::A(A(SERVER_IP.parse().unwrap())),
            ("self.example.", _) => RData::CNAME(CNAME(Name::from_ascii("self.example.").unwrap())),
            _ => return Some(()),
        };
        reply.add_answer(Record::from_rdata(name.clone(), 60, data));
        Some(())
    });
    let checks = ask(&[parts], &["a.example", "self.example"], Duration::from_secs(10));
    assert_eq!((checks[0].verdict, checks[0].reason), (Verdict::Here, None));
    assert_eq!(checks[0].cname, ["b.example", "c.example"]);
    assert_eq!(checks[0].addresses, [ip(SERVER_IP)]);
    assert_eq!((checks[1].verdict, checks[1].cname.len()), (Verdict::Missing, 1));
}

#[test]
fn a_failure_is_not_a_no() {
    let sim = Sim::start();
    entry(&sim, "broken.example", |e| e.fault = Some(DnsFault::Servfail));
    let check = ask_sim(&sim, "broken.example");
    assert_eq!((check.verdict, check.reason), (Verdict::Unknown, Some(Unknown::ServerFailure)));
    assert!(sim.dns_log().len() >= 6, "three tries for each family");

    // A failure that passes costs no verdict: it spoils the first answers and is over.
    sim.set_a("passing.example", &[SERVER_IP]);
    entry(&sim, "passing.example", |e| {
        e.fault = Some(DnsFault::Servfail);
        e.fault_times = Some(3);
    });
    assert_eq!(ask_sim(&sim, "passing.example").verdict, Verdict::Here);

    let refusing = server(|_, _, reply| {
        reply.metadata.response_code = ResponseCode::Refused;
        Some(())
    });
    let check = ask(&[refusing], &["a.example"], Duration::from_secs(10)).remove(0);
    assert_eq!((check.verdict, check.reason), (Verdict::Unknown, Some(Unknown::Refused)));
    // With a server that does answer behind it, nothing is lost.
    sim.set_a("a.example", &[SERVER_IP]);
    let check = ask(&[refusing, sim.dns_addr()], &["a.example"], Duration::from_secs(10)).remove(0);
    assert_eq!(check.verdict, Verdict::Here);
}

#[test]
fn half_an_answer_is_enough_for_elsewhere_and_for_nothing_else() {
    let half = server(|name, kind, reply| {
        if kind != RecordType::A {
            reply.metadata.response_code = ResponseCode::ServFail;
            return Some(());
        }
        let address = if name.to_ascii().starts_with("here") { SERVER_IP } else { OTHER };
        reply.add_answer(Record::from_rdata(name.clone(), 60, RData::A(A(address.parse().unwrap()))));
        Some(())
    });
    let checks = ask(&[half], &["here.example", "away.example"], Duration::from_secs(10));
    assert_eq!((checks[0].verdict, checks[0].reason), (Verdict::Unknown, Some(Unknown::ServerFailure)));
    assert_eq!(checks[0].addresses, [ip(SERVER_IP)]);
    assert_eq!((checks[1].verdict, checks[1].reason), (Verdict::Elsewhere, None));
}

#[test]
fn a_truncated_answer_is_asked_again_over_tcp() {
    let sim = Sim::start();
    sim.set_a("cut.example", &[SERVER_IP]);
    entry(&sim, "cut.example", |e| e.fault = Some(DnsFault::Truncate));
    // Really too long for a datagram.
    let many: Vec<String> = (0..200).map(|n| format!("198.51.100.{}", n + 1)).collect();
    sim.set_a("long.example", &many);
    let checks = ask(&[sim.dns_addr()], &["cut.example", "long.example"], Duration::from_secs(10));
    assert_eq!((checks[0].verdict, checks[1].verdict), (Verdict::Here, Verdict::Elsewhere));
    assert_eq!(checks[1].addresses.len(), 200);
    assert!(sim.dns_log().iter().any(|question| question.transport == "tcp"));
}

fn cut(mut stream: TcpStream) -> std::io::Result<()> {
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut question)?;
        let question = Message::from_vec(&question).unwrap();
        let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
        reply.metadata = Metadata::response_from_request(&question.metadata);
        reply.metadata.truncation = true;
        reply.add_queries(question.queries);
        let reply = reply.to_vec().unwrap();
        stream.write_all(&u16::try_from(reply.len()).unwrap().to_be_bytes())?;
        stream.write_all(&reply)?;
    }
}

/// A server whose answers are cut, over UDP and over TCP.
fn cutting() -> SocketAddr {
    let address = server(|_, _, reply| {
        reply.metadata.truncation = true;
        Some(())
    });
    let listener = TcpListener::bind(address).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            thread::spawn(move || cut(stream));
        }
    });
    address
}

#[test]
fn what_is_cut_over_tcp_too_is_unknown() {
    let check = ask(&[cutting()], &["a.example"], Duration::from_secs(10)).remove(0);
    assert_eq!(check.verdict, Verdict::Unknown);
    assert!(matches!(check.reason, Some(Unknown::Broken | Unknown::TimedOut)), "{:?}", check.reason);
}

#[test]
fn an_answer_with_a_code_that_nobody_knows_is_unknown() {
    let strange = server(|_, _, reply| {
        reply.metadata.response_code = ResponseCode::from(0, 12);
        Some(())
    });
    let check = ask(&[strange], &["a.example"], Duration::from_secs(10)).remove(0);
    assert_eq!((check.verdict, check.reason), (Verdict::Unknown, Some(Unknown::ServerFailure)));
}

// ---------------------------------------------------------------------------------------------------------------
// CAA

fn forbidden(at: &str, issuers: &[&str]) -> Caa {
    Caa::Forbidden { at: at.into(), issuers: issuers.iter().map(ToString::to_string).collect() }
}

/// Lets a name have CAA records and, without a word about it, no address of its own.
fn caa(sim: &Sim, name: &str, records: &[&str]) {
    entry(sim, name, |e| e.caa = records.iter().map(ToString::to_string).collect());
}

fn caa_questions(sim: &Sim) -> Vec<String> {
    let mut names: Vec<String> =
        sim.dns_log().into_iter().filter(|question| question.kind == "CAA").map(|question| question.name).collect();
    names.sort();
    names
}

#[test]
fn the_caa_records_of_the_nearest_name_that_has_some_decide() {
    let sim = Sim::start();
    let here = ["shop.a.example", "b.example", "www.b.example", "deep.down.in.c.example", "d.example", "*.e.example"];
    for host in here {
        sim.set_a(host, &[SERVER_IP]);
    }
    caa(&sim, "example", &[r#"0 issue "letsencrypt.org""#]);
    caa(&sim, "a.example", &[r#"0 issue "ca.example.net""#]);
    caa(&sim, "b.example", &[r#"0 issue ";""#]);
    caa(&sim, "www.b.example", &[r#"0 issue "LetsEncrypt.org; accounturi=https://x.example/1""#]);
    caa(&sim, "in.c.example", &[r#"0 issue "ca.example.net""#, r#"0 issuewild "letsencrypt.org""#]);
    caa(&sim, "d.example", &[r#"128 tbs "something""#, r#"0 issue "letsencrypt.org""#]);
    caa(&sim, "e.example", &[r#"0 issue "ca.example.net""#, r#"0 issuewild "letsencrypt.org""#]);
    let asked = [&here[..], &["x.e.example"]].concat();
    let checks = ask(&[sim.dns_addr()], &asked, Duration::from_secs(10));
    let expected = [
        forbidden("a.example", &["ca.example.net"]),
        forbidden("b.example", &[]),
        Caa::Allowed,
        forbidden("in.c.example", &["ca.example.net"]),
        forbidden("d.example", &[]),
        Caa::Allowed,
        forbidden("e.example", &["ca.example.net"]),
    ];
    for ((name, caa), check) in asked.iter().zip(expected).zip(&checks) {
        assert_eq!((check.verdict, &check.caa), (Verdict::Here, &caa), "{name}");
        assert_eq!(check.qualifies(), if caa == Caa::Allowed { Qualifies::Yes } else { Qualifies::No }, "{name}");
    }
    assert!(!caa_questions(&sim).contains(&"*.e.example".to_owned()), "a wildcard is no name of a CAA record");
}

#[test]
fn caa_is_asked_for_what_points_to_us_and_once_for_what_lies_above() {
    let sim = Sim::start();
    let hosts: Vec<String> = (0..120).map(|n| format!("n{n}.shops.example")).collect();
    for host in &hosts {
        sim.set_a(host, &[SERVER_IP]);
    }
    sim.set_a("away.example", &[OTHER]);
    sim.set_a("empty.example", &[] as &[&str]);
    let mut asked: Vec<&str> = hosts.iter().map(String::as_str).collect();
    asked.extend(["away.example", "empty.example"]);
    let checks = ask(&[sim.dns_addr()], &asked, Duration::from_secs(10));
    assert!(checks[..120].iter().all(|check| check.caa == Caa::Allowed));
    assert!(checks[120..].iter().all(|check| check.caa == Caa::NotAsked));
    let mut expected: Vec<String> = hosts.iter().cloned().chain(["shops.example".into(), "example".into()]).collect();
    expected.sort();
    assert_eq!(caa_questions(&sim), expected);

    // What may turn out to lead to us is asked for as well.
    caa(&sim, "away.example", &[r#"0 issue ";""#]);
    let checks = ask_before_probing(sim.dns_addr(), &["away.example", "empty.example"]);
    assert_eq!((checks[0].verdict, &checks[0].caa), (Verdict::Elsewhere, &forbidden("away.example", &[])));
    assert_eq!((checks[1].verdict, &checks[1].caa), (Verdict::Missing, &Caa::NotAsked));
}

#[test]
fn caa_follows_an_alias_and_does_not_climb_above_it() {
    let sim = Sim::start();
    sim.set_a("edge.provider.example", &[SERVER_IP]);
    caa(&sim, "provider.example", &[r#"0 issue ";""#]);
    entry(&sim, "www.shop.example", |e| e.cname = Some("edge.provider.example".into()));
    assert_eq!(ask_sim(&sim, "www.shop.example").caa, Caa::Allowed);
    caa(&sim, "edge.provider.example", &[r#"0 issue "ca.example.net""#]);
    assert_eq!(ask_sim(&sim, "www.shop.example").caa, forbidden("www.shop.example", &["ca.example.net"]));

    // Above, too; also where the answer comes in parts.
    let parts = server(|name, kind, reply| {
        let owner = name.to_ascii().to_ascii_lowercase();
        let data = match (owner.as_str(), kind) {
            ("a.b.example.", RecordType::A) => RData::A(A(SERVER_IP.parse().unwrap())),
            ("b.example.", RecordType::CAA) => RData::CNAME(CNAME(Name::from_ascii("other.example.").unwrap())),
            ("other.example.", RecordType::CAA) => RData::CAA(CAA::new_issue(false, None, Vec::new())),
            _ => return Some(()),
        };
        reply.add_answer(Record::from_rdata(name.clone(), 60, data));
        Some(())
    });
    let check = ask(&[parts], &["a.b.example"], Duration::from_secs(10)).remove(0);
    assert_eq!((check.verdict, check.caa), (Verdict::Here, forbidden("b.example", &[])));
}

#[test]
fn caa_that_cannot_be_asked_is_unknown_and_not_a_no() {
    // For each name, what becomes of a question for CAA at `zone` or above.
    let failing = server(|name, kind, reply| {
        let owner = name.to_ascii().to_ascii_lowercase();
        if kind == RecordType::A {
            reply.add_answer(Record::from_rdata(name.clone(), 60, RData::A(A(SERVER_IP.parse().unwrap()))));
        }
        if kind == RecordType::CAA {
            match owner.as_str() {
                "servfail.example." | "above.example." => reply.metadata.response_code = ResponseCode::ServFail,
                "refused.example." => reply.metadata.response_code = ResponseCode::Refused,
                "unheard.example." => reply.metadata.response_code = ResponseCode::NotImp,
                "silent.example." => return None,
                "round.example." => {
                    let target = RData::CNAME(CNAME(name.clone()));
                    reply.add_answer(Record::from_rdata(name.clone(), 60, target));
                }
                "nxdomain.example." => reply.metadata.response_code = ResponseCode::NXDomain,
                _ => {}
            }
        }
        Some(())
    });
    let table = [
        ("servfail.example", Caa::Unknown(Unknown::ServerFailure)),
        ("shop.above.example", Caa::Unknown(Unknown::ServerFailure)),
        ("www.above.example", Caa::Unknown(Unknown::ServerFailure)),
        ("refused.example", Caa::Unknown(Unknown::Refused)),
        ("unheard.example", Caa::Unknown(Unknown::ServerFailure)),
        ("silent.example", Caa::Unknown(Unknown::TimedOut)),
        ("round.example", Caa::Unknown(Unknown::ServerFailure)),
        ("nxdomain.example", Caa::Allowed),
        ("fine.example", Caa::Allowed),
    ];
    let asked: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    for limit in [2, 12] {
        let checks = ask(&[failing], &asked, Duration::from_secs(limit));
        for ((name, caa), check) in table.iter().zip(&checks) {
            assert_eq!((check.verdict, &check.caa), (Verdict::Here, caa), "{name}");
            assert_eq!(check.qualifies(), if *caa == Caa::Allowed { Qualifies::Yes } else { Qualifies::Unknown });
        }
    }
}

#[test]
fn a_caa_failure_that_passes_costs_nothing() {
    let sim = Sim::start();
    sim.set_a("a.example", &[SERVER_IP]);
    entry(&sim, "example", |e| {
        e.fault = Some(DnsFault::Servfail);
        e.fault_times = Some(2);
    });
    assert_eq!(ask_sim(&sim, "a.example").caa, Caa::Allowed);
    // Long record sets go over to TCP.
    let many: Vec<String> = (0..120).map(|n| format!(r#"0 issue "ca{n}.example.net""#)).collect();
    entry(&sim, "a.example", |e| e.caa = many);
    let Caa::Forbidden { issuers, .. } = ask_sim(&sim, "a.example").caa else { panic!("allowed") };
    assert_eq!((issuers.len(), issuers[0].as_str()), (20, "ca0.example.net"));
    assert!(sim.dns_log().iter().any(|question| question.transport == "tcp" && question.kind == "CAA"));
}

#[test]
fn names_whose_caa_is_in_trouble_do_not_keep_the_others_from_being_asked() {
    let trouble = server(|name, kind, reply| {
        if kind == RecordType::A {
            reply.add_answer(Record::from_rdata(name.clone(), 60, RData::A(A(SERVER_IP.parse().unwrap()))));
        }
        (kind != RecordType::CAA || !name.to_ascii().starts_with("bad")).then_some(())
    });
    let hosts: Vec<String> =
        (0..400).map(|n| if n < 200 { format!("bad{n}.example") } else { format!("n{n}.example") }).collect();
    let asked: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let started = Instant::now();
    let checks = ask(&[trouble], &asked, Duration::from_secs(5));
    assert!(started.elapsed() < Duration::from_secs(7));
    assert!(checks.iter().all(|check| check.verdict == Verdict::Here));
    assert!(checks[..200].iter().all(|check| check.caa == Caa::Unknown(Unknown::TimedOut)));
    assert!(checks[200..].iter().all(|check| check.caa == Caa::Allowed));
}

// ---------------------------------------------------------------------------------------------------------------
// Time

#[test]
fn before_a_probe_both_families_must_have_answered() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let half = server(move |name, kind, reply| {
        match kind {
            RecordType::A => {
                reply.add_answer(Record::from_rdata(name.clone(), 60, RData::A(A(OTHER.parse().unwrap()))));
            }
            RecordType::AAAA if counter.fetch_add(1, Ordering::Relaxed) == 0 => {
                reply.metadata.response_code = ResponseCode::ServFail;
            }
            _ => {}
        }
        Some(())
    });
    let checks = ask(&[half], &["away.example"], Duration::from_secs(10));
    assert_eq!((checks[0].verdict, count.swap(0, Ordering::Relaxed)), (Verdict::Elsewhere, 1));
    let checks = ask_before_probing(half, &["away.example"]);
    assert_eq!((checks[0].verdict, count.load(Ordering::Relaxed)), (Verdict::Elsewhere, 2));
}

#[test]
fn silence_is_unknown_and_ends_with_the_deadline() {
    let sim = Sim::start();
    sim.set_a("spoken.example", &[SERVER_IP]);
    let silent: Vec<String> = (0..300).map(|n| format!("silent{n}.example")).collect();
    for name in &silent {
        entry(&sim, name, |e| e.fault = Some(DnsFault::Silence));
    }
    let mut asked: Vec<&str> = vec!["spoken.example"];
    asked.extend(silent.iter().map(String::as_str));
    let started = Instant::now();
    let checks = ask(&[sim.dns_addr()], &asked, Duration::from_millis(1_200));
    let took = started.elapsed();
    assert!(took < Duration::from_millis(2_500), "{took:?}");
    assert_eq!(checks[0].verdict, Verdict::Here);
    assert!(checks[1..].iter().all(|check| check.verdict == Verdict::Unknown));
    assert_eq!(checks[1].reason, Some(Unknown::TimedOut));
    assert_eq!(checks.last().unwrap().reason, Some(Unknown::NotAsked));
}

#[test]
fn names_in_trouble_do_not_keep_the_others_from_being_asked() {
    let sim = Sim::start();
    let hosts: Vec<String> = (0..150).map(|n| format!("n{n}.example")).collect();
    for (number, host) in hosts.iter().enumerate() {
        sim.set_a(host, &[SERVER_IP]);
        if number < 100 {
            let fault = if number % 2 == 0 { DnsFault::Silence } else { DnsFault::Servfail };
            entry(&sim, host, |e| e.fault = Some(fault));
        }
    }
    let asked: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let checks = ask(&[sim.dns_addr()], &asked, Duration::from_secs(4));
    assert!(checks[100..].iter().all(|check| check.verdict == Verdict::Here));
    assert!(checks[..100].iter().all(|check| check.verdict == Verdict::Unknown));
    assert_eq!(checks[1].reason, Some(Unknown::ServerFailure));
}

#[test]
fn a_dead_server_among_several_costs_no_verdict() {
    let sim = Sim::start();
    let hosts: Vec<String> = (0..200).map(|n| format!("n{n}.example")).collect();
    for host in &hosts {
        sim.set_a(host, &[SERVER_IP]);
    }
    let asked: Vec<&str> = hosts.iter().map(String::as_str).collect();
    for (before, after) in [(1, 0), (0, 1), (2, 0)] {
        let (first, last): (Vec<_>, Vec<_>) =
            ((0..before).map(|_| dead()).collect(), (0..after).map(|_| dead()).collect());
        let address = |dead: &(SocketAddr, _)| dead.0;
        let servers: Vec<SocketAddr> =
            first.iter().map(address).chain([sim.dns_addr()]).chain(last.iter().map(address)).collect();
        let checks = ask(&servers, &asked, Duration::from_secs(20));
        assert!(checks.iter().all(|check| check.verdict == Verdict::Here), "{servers:?}");
        // A dead one is waited for once: by the questions that are under way at the same time, and no others.
        for (_, questions) in &first {
            let count = questions.lock().unwrap().len();
            assert!((1..=100).contains(&count), "{count} questions to a dead server");
        }
    }
}

#[test]
fn a_thousand_names_are_asked_at_once() {
    let sim = Sim::start();
    sim.edit(|state| state.switches.dns_delay_ms = 20);
    let hosts: Vec<String> = (0..1_000).map(|n| format!("n{n}.example")).collect();
    sim.edit(|state| {
        for host in &hosts {
            state.dns.insert(host.clone(), DnsEntry::addresses(&[ip(SERVER_IP)]));
        }
    });
    let asked: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let started = Instant::now();
    let checks = ask(&[sim.dns_addr()], &asked, Duration::from_secs(20));
    let took = started.elapsed();
    assert!(checks.iter().all(|check| check.verdict == Verdict::Here));
    // One by one they would take 40 seconds.
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn of_many_names_aaaa_is_asked_where_the_answer_can_matter() {
    let sim = Sim::start();
    sim.edit(|state| state.switches.dns_delay_ms = 10);
    let hosts: Vec<String> = (0..900).map(|n| format!("{}{n}.example", ["here", "away", "none"][n % 3])).collect();
    sim.edit(|state| {
        for host in &hosts {
            match &host[..4] {
                "here" => drop(state.dns.insert(host.clone(), DnsEntry::addresses(&[ip(SERVER_IP)]))),
                "away" => drop(state.dns.insert(host.clone(), DnsEntry::addresses(&[ip(OTHER), ip("2001:db8::7")]))),
                _ => {}
            }
        }
    });
    let asked: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let checks = ask(&[sim.dns_addr()], &asked, Duration::from_secs(20));
    for (host, check) in hosts.iter().zip(&checks) {
        let verdict = match &host[..4] {
            "here" => Verdict::Here,
            "away" => Verdict::Elsewhere,
            _ => Verdict::Missing,
        };
        assert_eq!((check.verdict, check.reason), (verdict, None), "{host}");
    }
    let log = sim.dns_log();
    let questions = |kind: &str, begin: &str| {
        log.iter().filter(|question| question.kind == kind && question.name.starts_with(begin)).count()
    };
    assert_eq!((questions("A", ""), questions("AAAA", "here")), (900, 300));
    // Of the last ones both families are asked at once.
    let in_vain = questions("AAAA", "away") + questions("AAAA", "none");
    assert!(in_vain < 200, "AAAA was asked for {in_vain} of 600 names that A had settled");
}

/// What a [`limited`] server saw.
#[derive(Default)]
struct Seen {
    /// The most questions it had at once.
    most: AtomicUsize,
    /// The questions it dropped.
    dropped: AtomicUsize,
}

/// A server that takes 20 ms for an answer, and drops what comes while it has `most` questions.
fn limited(most: usize) -> (SocketAddr, Arc<Seen>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let notes = Arc::clone(&seen);
    thread::spawn(move || {
        socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut waiting = VecDeque::new();
        let mut buffer = [0; 4096];
        loop {
            if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                notes.most.fetch_max(waiting.len() + 1, Ordering::Relaxed);
                if waiting.len() < most {
                    waiting.push_back((Instant::now(), here(&buffer[..length]), from));
                } else {
                    notes.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            let is_due = |(came, ..): &(Instant, Vec<u8>, SocketAddr)| came.elapsed().as_millis() >= 20;
            while waiting.front().is_some_and(is_due) {
                if let Some((_, reply, to)) = waiting.pop_front() {
                    let _ = socket.send_to(&reply, to);
                }
            }
        }
    });
    (address, seen)
}

/// The answer that every name has one address, the server's.
fn here(question: &[u8]) -> Vec<u8> {
    let question = Message::from_vec(question).unwrap();
    let query = &question.queries[0];
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata = Metadata::response_from_request(&question.metadata);
    reply.add_query(query.clone());
    if query.query_type() == RecordType::A {
        let data = RData::A(A(SERVER_IP.parse().unwrap()));
        reply.add_answer(Record::from_rdata(query.name().clone(), 60, data));
    }
    reply.to_vec().unwrap()
}

/// Asks about so many names that are here, and gives how many got that verdict.
fn ask_many(servers: &[SocketAddr], count: usize) -> usize {
    let hosts: Vec<String> = (0..count).map(|n| format!("n{n}.example")).collect();
    let asked: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let checks = ask(servers, &asked, Duration::from_secs(60));
    checks.iter().filter(|check| check.verdict == Verdict::Here).count()
}

#[test]
fn a_quick_server_is_asked_more_at_once_and_never_more_than_is_kind() {
    let (server, seen) = limited(usize::MAX);
    assert_eq!(ask_many(&[server], 600), 600);
    let most = seen.most.load(Ordering::Relaxed);
    assert!((101..=200).contains(&most), "{most} questions at once");
}

#[test]
fn a_server_that_allows_few_questions_is_asked_less_until_it_answers() {
    let (server, seen) = limited(20);
    assert_eq!(ask_many(&[server], 1_000), 1_000);
    let dropped = seen.dropped.load(Ordering::Relaxed);
    // Asked on as before, they would be about 1,100.
    assert!(dropped < 940, "{dropped} questions were more than it allows");
}

#[test]
fn the_second_server_is_not_asked_while_the_first_one_answers() {
    let ((first, _), (second, seen)) = (limited(usize::MAX), limited(usize::MAX));
    assert_eq!(ask_many(&[first, second], 400), 400);
    assert_eq!(seen.most.load(Ordering::Relaxed), 0);
}
