//! The simulator as a program.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cloudways-sim");

/// A running program that ends with the test.
struct Running {
    child: Child,
    ready: Value,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).expect("one line of JSON");
        Self { child, ready }
    }

    fn control(&self) -> &str {
        self.ready["control"].as_str().expect("an address")
    }

    fn ctl(&self, args: &[&str]) -> Output {
        Command::new(PROGRAM).arg("ctl").arg(self.control()).args(args).output().expect("it runs")
    }

    fn ctl_json(&self, args: &[&str]) -> Value {
        let output = self.ctl(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn wait(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status.code();
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

#[test]
fn it_says_where_it_listens_and_ends_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let file = scratch(&format!("ready{signal}"));
        let mut running = Running::start(&["serve", "--ready-file", file.to_str().expect("a path")]);
        let api = running.ready["api"].as_str().expect("an address");
        assert!(api.starts_with("http://127.0.0.1:") && api.ends_with("/api/v2"), "{api}");
        for socket in ["dns", "web_http", "web_https"] {
            assert!(running.ready[socket].as_str().is_some_and(|d| d.starts_with("127.0.0.1:")), "{socket}");
        }
        let written: Value = serde_json::from_slice(&std::fs::read(&file).expect("the ready file")).expect("JSON");
        assert_eq!(written, running.ready);
        std::fs::remove_file(&file).expect("removed");

        let killed = Command::new("kill").args([signal, &running.child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        assert_eq!(running.wait(), Some(0), "{signal}");
    }
}

#[test]
fn it_ends_with_its_input_only_when_asked() {
    let mut stays = Running::start(&[]);
    let mut goes = Running::start(&["--exit-with-stdin"]);
    drop(stays.child.stdin.take());
    drop(goes.child.stdin.take());
    assert_eq!(goes.wait(), Some(0));
    assert_eq!(stays.child.try_wait().expect("its status"), None);
}

#[test]
fn a_shell_drives_it() {
    let sim = Running::start(&["serve"]);
    assert_eq!(
        sim.ctl_json(&["aliases", "131933", "a.example, b.example"]),
        json!({"aliases": ["a.example", "b.example"]})
    );
    assert_eq!(sim.ctl_json(&["aliases", "131933"]), json!({"aliases": ["a.example", "b.example"]}));
    assert_eq!(sim.ctl_json(&["advance", "60"])["time_offset"], 60);
    assert_eq!(sim.ctl_json(&["freeze", "1000"])["now_ms"], 1_000_000);
    assert_eq!(sim.ctl_json(&["freeze", "null"])["frozen"], false);
    assert_eq!(sim.ctl_json(&["file", "131933", "/a.txt", "A"]), json!({"/a.txt": "A"}));
    assert_eq!(sim.ctl_json(&["file", "131933", "/a.txt"]), json!({}));
    assert_eq!(sim.ctl_json(&["web", "a.example", r#"{"behaviour":"parked"}"#])["behaviour"], "parked");
    sim.ctl_json(&["web", "a.example", "null"]);
    assert_eq!(sim.ctl_json(&["web-log"]), json!([]));
    assert_eq!(sim.ctl_json(&["orders"]), json!([]));
    sim.ctl_json(&["dns", "*.zone.example", r#"{"A":["203.0.113.10"]}"#]);
    sim.ctl_json(&["patch", r#"{"switches":{"server_lock":false}}"#]);
    sim.ctl_json(&["fault", r#"{"do":{"status":500}}"#]);
    let state = sim.ctl_json(&["state"]);
    assert_eq!(state["dns"]["*.zone.example"]["A"], json!(["203.0.113.10"]));
    assert_eq!(state["switches"]["server_lock"], false);
    sim.ctl_json(&["dns", "*.zone.example", "null"]);
    assert_eq!(sim.ctl_json(&["state"])["dns"]["*.zone.example"], Value::Null);
    assert_eq!(sim.ctl_json(&["log"]), json!([]));
    assert_eq!(sim.ctl_json(&["dns-log"]), json!([]));
    assert_eq!(sim.ctl_json(&["fault", "null"]), json!({}));
    sim.ctl_json(&["reset"]);
    assert_eq!(sim.ctl_json(&["aliases", "131933"]), json!({"aliases": ["hand-made.example"]}));

    for wrong in [&["fault", "{"][..], &["fault", r#"{"do":{"x":1}}"#], &["advance", "soon"], &["fly"], &[]] {
        let output = sim.ctl(wrong);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
        assert!(output.stdout.is_empty() && output.stderr.starts_with(b"cloudways-sim: "), "{wrong:?}");
    }
}

#[test]
fn ctl_waits_for_a_simulator_that_is_starting_and_not_for_ever() {
    let free =
        TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").to_string();
    let control = format!("http://{free}/_sim");
    let ctl = || {
        let mut command = Command::new(PROGRAM);
        command.args(["ctl", &control, "aliases", "131933"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it runs")
    };

    let begun = Instant::now();
    let early = ctl();
    std::thread::sleep(Duration::from_millis(500));
    let sim = Running::start(&["serve", "--api", &free]);
    let output = early.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON"),
        json!({"aliases": ["hand-made.example"]})
    );
    assert!(begun.elapsed() >= Duration::from_millis(500), "it was there from the beginning");
    drop(sim);

    let begun = Instant::now();
    let output = ctl().wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&free), "it does not say where nobody listens");
    assert!((5..20).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[test]
fn it_starts_with_a_state_of_the_callers() {
    let file = scratch("state.json");
    std::fs::write(&file, r#"{"switches": {"alias_limit": 5}, "servers": []}"#).expect("written");
    let sim = Running::start(&["--state", file.to_str().expect("a path")]);
    let state = sim.ctl_json(&["state"]);
    assert_eq!((&state["switches"]["alias_limit"], &state["servers"]), (&json!(5), &json!([])));
    std::fs::remove_file(&file).expect("removed");

    let sim = Running::start(&["--set", r#"{"switches":{"rate_limit":null}}"#, "--set", r#"{"next_id":7}"#]);
    let state = sim.ctl_json(&["state"]);
    assert_eq!((&state["switches"]["rate_limit"], &state["next_id"]), (&Value::Null, &json!(7)));
    sim.ctl_json(&["patch", r#"{"switches":{"rate_limit":5}}"#]);
    sim.ctl_json(&["reset"]);
    assert_eq!(sim.ctl_json(&["state"])["switches"]["rate_limit"], Value::Null, "a reset goes back to it");
}

#[test]
fn it_explains_itself() {
    let run = |args: &[&str]| Command::new(PROGRAM).args(args).stdin(Stdio::null()).output().expect("it runs");
    for args in [&["--help"][..], &["-h"], &["serve", "--help"]] {
        let output = run(args);
        assert!(output.status.success());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for word in [
            "serve",
            "ctl",
            "--api",
            "--dns",
            "--state",
            "--set",
            "--web-http",
            "--web-https",
            "--ready-file",
            "--exit-with-stdin",
        ] {
            assert!(text.contains(word), "{word}");
        }
    }
    let state: Value = serde_json::from_slice(&run(&["--print-state"]).stdout).expect("JSON");
    assert_eq!(state["servers"][0]["id"], "50482");
    for (args, word) in [
        (&["--port", "1"][..], "--port"),
        (&["--api", "here"], "here"),
        (&["--api"], "--api"),
        (&["--state", "/nowhere.json"], "/nowhere.json"),
        (&["--set", r#"{"switches":{"rate":1}}"#], "rate"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(word), "{args:?}");
    }
}
