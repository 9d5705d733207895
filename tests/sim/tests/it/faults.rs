//! Each fault, seen from the client's side and in the state.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cloudways_sim::client::request;
use cloudways_sim::state::{APP_ID, AliasAnswer, FULL_TOKEN};
use cloudways_sim::{Fault, Sim, Spoil};
use serde_json::json;

use crate::{AGENT, JSON, aliases, finish, get, order, post};

const ALIASES: &str = "/app/manage/aliases";

/// A simulator whose alias writes take effect at once.
fn quick() -> Sim {
    let sim = Sim::start();
    sim.edit(|s| s.switches.alias_answer = AliasAnswer::EmptyArray);
    sim
}

/// An alias write that may find no answer.
fn try_write(sim: &Sim, list: &[&str]) -> std::io::Result<cloudways_sim::client::Reply> {
    let bearer = format!("Bearer {FULL_TOKEN}");
    let headers = [("Authorization", bearer.as_str()), JSON, AGENT];
    let url = format!("{}{ALIASES}", sim.api_url());
    request("POST", &url, &headers, aliases(list).to_string().as_bytes())
}

#[test]
fn any_status_with_any_body_and_no_effect() {
    let sim = quick();
    sim.fault(json!([
        {"path": ALIASES, "do": {"status": 500}},
        {"path": ALIASES, "do": {"status": 503, "body": "<h1>Down</h1>"}},
        {"path": ALIASES, "do": {"status": 429, "headers": {"Retry-After": "88", "X-RateLimit-Remaining": "0"}}},
        {"path": ALIASES, "do": {"status": 200, "body": {"status": true}}},
        {"path": ALIASES, "do": {"status": 401}},
    ]));
    let replies: Vec<_> = (0..5).map(|_| post(&sim, ALIASES, &aliases(&["a.example"]))).collect();
    assert_eq!(replies.iter().map(|r| r.status).collect::<Vec<_>>(), [500, 503, 429, 200, 401]);
    assert!(replies[0].body.starts_with(b"<!DOCTYPE html>"));
    assert_eq!(replies[1].body, b"<h1>Down</h1>");
    assert!(replies[1].head.contains("text/html"));
    assert!(replies[2].head.to_lowercase().contains("retry-after: 88"), "{}", replies[2].head);
    assert_eq!(replies[3].json(), json!({"status": true}));
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);
    assert!(sim.faults().is_empty());
    assert_eq!(post(&sim, ALIASES, &aliases(&["a.example"])).status, 200);
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);
    assert_eq!(sim.log()[0].note, "fault: answer replaced, no effect");
}

#[test]
fn a_gateway_gives_up_while_the_write_goes_on() {
    let sim = quick();
    sim.fault(json!({"path": ALIASES, "do": {"status": 504, "effect": true}}));
    assert_eq!(post(&sim, ALIASES, &aliases(&["a.example"])).status, 504);
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);
}

#[test]
fn a_reset_has_no_effect_and_a_lost_answer_has() {
    let sim = quick();
    sim.fault(json!([{"method": "POST", "do": {"reset": true}}, {"method": "POST", "do": {"lose_answer": true}}]));
    assert_eq!(get(&sim, "/server").status, 200, "reads are not concerned");

    let error = try_write(&sim, &["a.example"]).expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);

    let error = try_write(&sim, &["a.example"]).expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);

    let log = sim.writes();
    assert_eq!(log.iter().map(|e| e.status).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(log[1].note, "fault: answer lost, with effect");
    assert_eq!(try_write(&sim, &["b.example"]).expect("an answer").status, 200);
}

#[test]
fn an_answer_breaks_off() {
    let sim = quick();
    sim.fault(json!({"path": "/server", "do": {"truncate": true}}));
    let bearer = format!("Bearer {FULL_TOKEN}");
    let url = format!("{}/server", sim.api_url());
    let headers = [("Authorization", bearer.as_str()), AGENT];
    let error = request("GET", &url, &headers, b"").expect_err("half an answer");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
    assert_eq!(get(&sim, "/server").status, 200);
}

#[test]
fn delays_before_and_after_the_effect() {
    let sim = quick();
    sim.fault(json!([{"path": ALIASES, "do": {"delay_ms": 300}}, {"path": ALIASES, "skip": 1, "do": {"delay_answer_ms": 300}}]));
    for effect_is_early in [false, true] {
        sim.set_aliases(APP_ID, &["old.example"]);
        std::thread::scope(|scope| {
            let begun = Instant::now();
            let write = scope.spawn(|| post(&sim, ALIASES, &aliases(&["new.example"])));
            std::thread::sleep(Duration::from_millis(150));
            assert_eq!(sim.aliases(APP_ID) == ["new.example"], effect_is_early);
            assert_eq!(write.join().expect("a thread").status, 200);
            assert!(begun.elapsed() >= Duration::from_millis(300));
        });
        assert_eq!(sim.aliases(APP_ID), ["new.example"]);
    }
}

#[test]
fn a_request_is_carried_out_although_its_sender_went_away() {
    let sim = quick();
    sim.fault(json!({"path": ALIASES, "do": {"delay_ms": 200}}));
    let body = aliases(&["a.example"]).to_string();
    let mut stream =
        std::net::TcpStream::connect(sim.control_url().replace("http://", "").replace("/_sim", "")).expect("connected");
    let head = format!(
        "POST /api/v2{ALIASES} HTTP/1.1\r\nHost: sim\r\nUser-Agent: t\r\nAuthorization: Bearer {FULL_TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut stream, head.as_bytes()).expect("sent");
    std::thread::sleep(Duration::from_millis(80));
    drop(stream);
    let begun = Instant::now();
    while sim.aliases(APP_ID) != ["a.example"] {
        assert!(begun.elapsed() < Duration::from_secs(5), "the write was dropped with its connection");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_person_is_faster_by_a_moment() {
    let sim = quick();
    sim.fault(json!({"path": "/server", "do": {"hand_aliases": {
        "app_id": APP_ID, "add": ["by-hand.example"], "remove": ["hand-made.example"],
    }}}));
    let body = get(&sim, "/server").json();
    assert_eq!(body["servers"][0]["apps"][0]["aliases"], json!(["by-hand.example"]));
    assert_eq!(get(&sim, "/server").json(), body, "once");
}

#[test]
fn dns_changes_before_a_request() {
    let sim = quick();
    sim.fault(json!({"path": "/server", "do": {"set_dns": {"network.example": {"A": ["198.51.100.7"]}}}}));
    get(&sim, "/server");
    let operation = finish(&sim, &post(&sim, "/security/lets_encrypt_install", &order(&["network.example"])));
    assert_eq!(operation["is_completed"], "-1");
}

#[test]
fn an_operation_fails_with_a_message() {
    let sim = Sim::start();
    sim.fault(Fault {
        method: None,
        path: Some(ALIASES.into()),
        skip: 0,
        times: Some(1),
        what: Spoil { fail_operation: Some("The server did not answer.".into()), ..Spoil::default() },
    });
    let operation = finish(&sim, &post(&sim, ALIASES, &aliases(&["a.example"])));
    assert_eq!(
        (&operation["is_completed"], &operation["message"]),
        (&json!("-1"), &json!("The server did not answer."))
    );
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);
    assert_eq!(sim.writes()[0].note, "fault: its operation fails");
}

/// Sends a request and reads for so long as the connection is open, at most so many bytes.
fn raw_get(sim: &Sim, most: u64) -> Vec<u8> {
    let address = sim.control_url().replace("http://", "").replace("/_sim", "");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let request = format!(
        "GET /api/v2/server HTTP/1.1\r\nHost: sim\r\nUser-Agent: t\r\nConnection: close\r\nAuthorization: Bearer {FULL_TOKEN}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    stream.take(most).read_to_end(&mut bytes).expect("read");
    bytes
}

#[test]
fn bodies_that_are_too_long_too_many_or_too_deep() {
    let sim = quick();
    let with = |rule: serde_json::Value| {
        sim.fault(json!({"path": "/server", "do": {"generate": rule}}));
        get(&sim, "/server")
    };
    let reply = with(json!({"mib": 3}));
    assert_eq!((reply.status, reply.body.len()), (200, 3 << 20));
    assert_eq!(reply.json()["servers"], json!([]), "it is JSON");

    let body = with(json!({"applications": 500})).json();
    let apps = body["servers"][0]["apps"].as_array().expect("applications");
    assert_eq!(apps.len(), 502);
    assert_eq!(apps[0]["id"], APP_ID, "the real ones are among them");
    assert_eq!(
        with(json!({"aliases": 500})).json()["servers"][0]["apps"][0]["aliases"].as_array().map(Vec::len),
        Some(501)
    );
    assert_eq!(sim.aliases(APP_ID).len(), 1, "nothing of it is kept");

    let deep = with(json!({"depth": 100_000}));
    assert!(deep.body.len() > 200_000 && deep.body.ends_with(b"]]}"));

    sim.fault(json!({"path": "/server", "do": {"status": 422, "generate": {"mib": 1}}}));
    assert_eq!(get(&sim, "/server").status, 422);
    sim.fault(json!({"path": ALIASES, "do": {"generate": {"depth": 3}, "effect": true}}));
    assert_eq!(post(&sim, ALIASES, &aliases(&["a.example"])).body, br#"{"status":true,"servers":[[[]]]}"#);
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);
}

#[test]
fn a_body_that_drips_and_one_that_never_ends() {
    let sim = quick();
    sim.fault(json!({"path": "/server", "do": {"status": 200, "body": "[1,2,3,4,5]", "drip_ms": 20}}));
    let begun = Instant::now();
    assert_eq!(get(&sim, "/server").body, b"[1,2,3,4,5]");
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());

    sim.fault(json!({"path": "/server", "do": {"endless": true}}));
    let bytes = raw_get(&sim, 1 << 20);
    assert_eq!(bytes.len(), 1 << 20);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("network.example"), "it begins as usual");
}

#[test]
fn heads_that_are_not_the_last_and_answers_that_are_no_http() {
    let sim = quick();
    sim.fault(json!({"path": "/server", "do": {"interim": [103, 100, 102]}}));
    let text = String::from_utf8(raw_get(&sim, 1 << 20)).expect("text");
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("HTTP/1.1 ")).map(|line| &line[9..12]).collect();
    assert_eq!(heads, ["103", "100", "102", "200"]);
    assert!(text.contains("network.example"));

    for status in [100, 101, 103] {
        sim.fault(json!({"method": "POST", "do": {"status": status}}));
        let error = try_write(&sim, &["a.example"]);
        assert_eq!(error.expect("a head").status, status);
        assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);
    }
    for (status, place) in [(301, "https://elsewhere.example/"), (307, "http://127.0.0.1:1/"), (304, "")] {
        sim.fault(json!({"method": "POST", "do": {"status": status, "headers": {"Location": place}}}));
        let reply = try_write(&sim, &["a.example"]).expect("an answer");
        assert_eq!(reply.status, status);
        assert!(reply.head.contains(&format!("location: {place}")), "{}", reply.head);
    }
    sim.fault(json!({"path": "/server", "do": {"raw": "SSH-2.0-nobody\r\n"}}));
    assert_eq!(raw_get(&sim, 1 << 20), b"SSH-2.0-nobody\r\n");
    sim.fault(json!({"method": "POST", "do": {"raw": "nonsense", "effect": true}}));
    assert!(try_write(&sim, &["a.example"]).is_err());
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);
    assert_eq!(get(&sim, "/server").status, 200);
}
