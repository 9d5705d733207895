//! The API's client against the simulator, and against sockets that misbehave in ways the simulator does not.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cloudways_sim::Sim;
use cloudways_sim::state::{
    AliasAnswer, AuthErrorBody, AutoAnswer, BoolStyle, CompletedStyle, ForeignResource, IdStyle, Pace, RefusalBody,
    ServerAliases,
};
use nix::sys::signal::SigSet;
use serde_json::{Value, json};
use wu_cloudways::clock::{Clock, Deadline, SystemClock};
use wu_cloudways::cloudways::{
    Accepted, CloudwaysRead, CloudwaysWrite, HttpCloudways, InstalledCertificate, Observed, OperationRef,
    OperationState, WildcardDns, WriteFailure,
};
use wu_cloudways::config::{ConstantValue, Settings};
use wu_cloudways::error::{Error, Outage};

use crate::support::{self, APP, Site, TestClock, names};

const TOKEN: &str = "cw_sim_full";
const KEY: &str = "sim-legacy-key-0123456789";
const EMAIL: &str = "owner@example.com";
const TWENTY: Duration = Duration::from_secs(20);

/// A client and the simulator it speaks to. Whatever it is told is searched for secrets, and at the end the
/// simulator's log for requests to version 1.
struct Api {
    sim: Sim,
    client: HttpCloudways,
    clock: Box<dyn Clock>,
    limit: Duration,
}

impl Api {
    fn new() -> Self {
        Self::with(TOKEN)
    }

    fn with(key: &str) -> Self {
        Self::at(key, |sim| sim.api_url())
    }

    fn at(key: &str, url: impl FnOnce(&Sim) -> String) -> Self {
        let mut site = Site::new();
        site.set("WU_CLOUDWAYS_API_KEY", key);
        let url = url(&site.sim);
        site.set("WU_CLOUDWAYS_API_URL", &url);
        Self::of(site)
    }

    fn of(site: Site) -> Self {
        let clock: Box<dyn Clock> = Box::new(TestClock::start());
        let settings = Settings::from_constants(&site.constants).unwrap();
        let client = HttpCloudways::new(&settings, Deadline::new(&*clock, TWENTY)).unwrap();
        Self { sim: site.sim, client, clock, limit: TWENTY }
    }

    /// Only the machine's clock, and this much time from now.
    fn limited(mut self, limit: Duration) -> Self {
        self.clock = Box::new(SystemClock::start());
        self.limit = limit;
        self
    }

    fn observe(&mut self) -> Result<Observed, Error> {
        self.client.observe(Deadline::new(&*self.clock, self.limit)).inspect_err(keeps_secrets)
    }

    fn operation(&mut self, id: &str) -> Result<OperationState, Error> {
        self.client.operation(id, Deadline::new(&*self.clock, self.limit)).inspect_err(keeps_secrets)
    }

    fn set_aliases(&mut self, aliases: &[&str]) -> Result<Accepted, WriteFailure> {
        let aliases: Vec<String> = aliases.iter().map(ToString::to_string).collect();
        self.client.set_aliases(&aliases, Deadline::new(&*self.clock, self.limit)).inspect_err(keeps_secrets_too)
    }

    fn install(&mut self, domains: &[&str]) -> Result<Accepted, WriteFailure> {
        let deadline = Deadline::new(&*self.clock, self.limit);
        self.client.install_certificate(&names(domains), false, deadline).inspect_err(keeps_secrets_too)
    }

    fn auto(&mut self, on: bool) -> Result<Accepted, WriteFailure> {
        self.client.set_auto_renewal(on, Deadline::new(&*self.clock, self.limit)).inspect_err(keeps_secrets_too)
    }

    /// The requests so far, as `method path status`.
    fn log(&self) -> Vec<String> {
        let line = |entry: &cloudways_sim::LogEntry| format!("{} {} {}", entry.method, entry.endpoint(), entry.status);
        self.sim.log().iter().map(line).collect()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        if !thread::panicking() {
            for entry in self.sim.log() {
                assert!(entry.path.starts_with("/api/v2/"), "{}", entry.path);
                assert!(entry.user_agent.starts_with("wu_cloudways/"), "{}", entry.user_agent);
            }
        }
    }
}

fn keeps_secrets(error: &Error) {
    let shown = format!("{error} | {error:?} | {} | {:?}", error.remedy(), error.details());
    holds_no_secret(&shown);
}

fn holds_no_secret(shown: &str) {
    for secret in ["SIM-SECRET", TOKEN, KEY, EMAIL, "Owner@Example"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

fn keeps_secrets_too(failure: &WriteFailure) {
    match failure {
        WriteFailure::Failed(error) | WriteFailure::Unknown(error) | WriteFailure::Later { error, .. } => {
            keeps_secrets(error);
        }
        WriteFailure::Refused { error, said, .. } => {
            keeps_secrets(error);
            holds_no_secret(said);
        }
        WriteFailure::Busy(operation) => {
            let shown = format!("{operation:?}");
            assert!(![TOKEN, KEY, EMAIL].iter().any(|secret| shown.contains(secret)), "{shown}");
        }
    }
}

fn failed<T: std::fmt::Debug>(outcome: Result<T, WriteFailure>) -> Error {
    match outcome {
        Err(WriteFailure::Failed(error)) => error,
        other => panic!("expected a failure without effect, got {other:?}"),
    }
}

/// What was refused: the error, everything that was said, and whether it is about the names.
fn refused<T: std::fmt::Debug>(outcome: Result<T, WriteFailure>) -> (Error, String, bool) {
    match outcome {
        Err(WriteFailure::Refused { error, said, about_names }) => (error, said, about_names),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// How long to wait before another try, from a fresh look.
fn later<T: std::fmt::Debug>(outcome: Result<T, WriteFailure>) -> Duration {
    match outcome {
        Err(WriteFailure::Later { after, .. }) => after,
        other => panic!("expected a write to be put off, got {other:?}"),
    }
}

fn unknown<T: std::fmt::Debug>(outcome: Result<T, WriteFailure>) -> Error {
    match outcome {
        Err(WriteFailure::Unknown(error)) => error,
        other => panic!("expected an unknown fate, got {other:?}"),
    }
}

/// An API that takes connections and does with them what it is told.
fn socket(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/v2", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(stream);
        }
    });
    url
}

fn read_request(stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

/// Runs a test of this file alone in a process with another environment.
fn elsewhere(test: &str, environment: &[(&str, &str)]) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--test-threads", "1"]).envs(environment.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

// --- What is read ----------------------------------------------------------------------------------------------

#[test]
fn an_access_token_reads_our_application_with_one_request() {
    let mut api = Api::new();
    let seen = api.observe().unwrap();
    assert_eq!(seen.server.addresses, ["203.0.113.10".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(seen.app.aliases[0].spelling, "hand-made.example");
    assert_eq!(seen.app.primary.unwrap().as_str(), "network.example");
    assert_eq!(seen.app.sys_user.as_deref(), Some("abcdefghij"));
    assert!(!format!("{:?}", api.client).contains(TOKEN));
    assert_eq!((api.client.requests(), api.log()), (1, vec!["GET /server 200".to_owned()]));
    assert_eq!(api.sim.log()[0].auth, "bearer");
}

#[test]
fn ids_that_are_not_there_are_said() {
    let with = |server: &str, app: &str| {
        let mut site = Site::new();
        site.set("WU_CLOUDWAYS_SERVER_ID", server);
        site.set("WU_CLOUDWAYS_APP_ID", app);
        Api::of(site).observe()
    };
    assert!(matches!(with("1", APP), Err(Error::ServerNotFound { server_id: 1 })));
    assert!(matches!(with("50482", "2"), Err(Error::AppNotFound { server_id: 50_482, app_id: 2 })));
    assert!(matches!(with("50482", "140001"), Err(Error::AppNotFound { .. })), "it is on the other server");
}

#[test]
fn an_alias_list_that_is_none_is_never_an_empty_one() {
    let mut api = Api::new();
    for shape in [ServerAliases::Absent, ServerAliases::Null, ServerAliases::Object, ServerAliases::Text] {
        api.sim.edit(|state| state.switches.server_aliases = shape);
        assert!(matches!(api.observe(), Err(Error::Protocol { endpoint: "GET /server", .. })), "{shape:?}");
    }
    api.sim.edit(|state| state.switches.server_aliases = ServerAliases::List);
    api.sim.set_aliases(APP, &[] as &[&str]);
    assert_eq!(api.observe().unwrap().app.aliases.to_vec(), []);
}

#[test]
fn answers_of_another_shape_are_no_answers() {
    let mut api = Api::new();
    for body in [
        json!("<html>SIM-SECRET</html>"),
        json!("SIM-SECRET"),
        json!(""),
        json!("\"SIM-SECRET\""),
        json!({"status": true, "password": "SIM-SECRET"}),
        json!(["SIM-SECRET"]),
        json!({"message": "You have reached Cloudways API."}),
    ] {
        api.sim.fault(json!({"path": "/server", "do": {"status": 200, "body": body}}));
        assert!(matches!(api.observe(), Err(Error::Protocol { .. })), "{body}");
    }
    let wrong_path = Api::at(TOKEN, |sim| format!("{}/x", sim.api_url())).observe().unwrap_err();
    assert!(wrong_path.to_string().contains("WU_CLOUDWAYS_API_URL"), "{wrong_path}");
}

#[test]
fn redirects_are_not_followed() {
    let mut api = Api::new();
    let target = format!("{}/server", api.sim.api_url());
    api.sim.fault(json!({"path": "/server", "do": {"status": 302, "body": {}, "headers": {"location": target}}}));
    assert!(matches!(api.observe(), Err(Error::Protocol { .. })));
    assert_eq!(api.log().len(), 1);
    for status in [301, 303, 307, 308] {
        let headers = json!({"location": format!("{}/app/manage/aliases", api.sim.api_url())});
        api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": status, "body": {}, "headers": headers}}));
        assert!(matches!(unknown(api.set_aliases(&["a.example"])), Error::Protocol { .. }), "{status}");
    }
    assert_eq!((api.log().len(), api.sim.aliases(APP)), (5, vec!["hand-made.example".to_owned()]));
}

#[test]
fn certificates_are_read_in_every_spelling_of_a_boolean() {
    let mut api = Api::new();
    api.sim.point_here(&["hand-made.example"]);
    api.sim.edit(|state| state.switches.operation_polls = Some(0));
    api.install(&["hand-made.example"]).unwrap();
    let names = names(&["hand-made.example"]);
    for style in [BoolStyle::Bool, BoolStyle::String, BoolStyle::Int] {
        api.sim.edit(|state| state.switches.bool_style = style);
        let installed = InstalledCertificate::LetsEncrypt { names: names.clone(), auto: Some(true) };
        assert_eq!(api.observe().unwrap().app.certificate, installed, "{style:?}");
    }
    api.sim.edit(|state| state.app_mut(APP).unwrap().own_ssl = json!(1));
    assert_eq!(api.observe().unwrap().app.certificate, InstalledCertificate::Custom);
}

// --- Credentials -----------------------------------------------------------------------------------------------

#[test]
fn a_key_is_exchanged_once_for_the_whole_call() {
    let mut api = Api::with(KEY);
    api.observe().unwrap();
    api.set_aliases(&["a.example"]).unwrap();
    assert_eq!(api.log(), ["POST /oauth/access_token 200", "GET /server 200", "POST /app/manage/aliases 200"]);
    assert_eq!(api.client.requests(), 3);
}

#[test]
fn a_token_that_ran_out_is_renewed_once_and_a_read_repeated_and_a_write_put_off() {
    let mut api = Api::with(KEY);
    api.observe().unwrap();
    api.sim.edit(|state| state.account.sessions.clear());
    assert_eq!(later(api.set_aliases(&["a.example"])), Duration::ZERO);
    api.set_aliases(&["a.example"]).unwrap();
    assert_eq!(
        api.log()[2..],
        ["POST /app/manage/aliases 401", "POST /oauth/access_token 200", "POST /app/manage/aliases 200"]
    );
    api.sim.clear_log();
    api.sim.fault(json!({"path": "/server", "times": null, "do": {"status": 401}}));
    assert!(matches!(api.observe(), Err(Error::Auth { endpoint: "GET /server", .. })));
    assert_eq!(api.log(), ["GET /server 401", "POST /oauth/access_token 200", "GET /server 401"]);
}

#[test]
fn an_access_token_is_tried_again_once() {
    let mut api = Api::new();
    api.sim.fault(json!({"path": "/server", "do": {"status": 401}}));
    api.observe().unwrap();
    assert_eq!(api.client.requests(), 2);
    for shape in [AuthErrorBody::Message, AuthErrorBody::Error, AuthErrorBody::ErrorObject, AuthErrorBody::Text] {
        let mut expired = Api::with("cw_sim_expired");
        expired.sim.edit(|state| state.switches.auth_error_body = shape);
        assert!(matches!(expired.observe(), Err(Error::Auth { endpoint: "GET /server", .. })));
        later(expired.set_aliases(&["a.example"]));
        let error = failed(expired.set_aliases(&["a.example"]));
        assert!(
            matches!(&error, Error::Auth { endpoint: "POST /app/manage/aliases", answer } if answer == "Authentication Error"),
            "{error:?}"
        );
        assert_eq!(expired.client.requests(), 4);
        assert_eq!(expired.sim.aliases(APP), ["hand-made.example"]);
    }
}

#[test]
fn a_wrong_key_or_address_is_said_and_nothing_else_is_sent() {
    for status in [400, 401, 403, 422] {
        let mut api = Api::with("another-key");
        api.sim.edit(|state| state.switches.exchange_refusal_status = status);
        let error = api.observe().unwrap_err();
        assert!(
            matches!(&error, Error::Auth { endpoint: "POST /oauth/access_token", answer } if answer == "The user credentials were incorrect."),
            "{status}: {error:?}"
        );
        assert!(matches!(failed(api.set_aliases(&["a.example"])), Error::Auth { .. }));
        assert!(api.log().iter().all(|line| line.starts_with("POST /oauth/access_token")), "{:?}", api.log());
        assert_eq!(api.client.requests(), 2);
    }
}

#[test]
fn an_exchange_without_a_token_sends_no_empty_bearer() {
    let mut api = Api::with(KEY);
    for (body, auth) in [
        (json!({"access_token": ""}), false),
        (json!({}), false),
        (json!("<html>"), false),
        (json!({"error": "invalid_credentials", "error_description": "no"}), true),
    ] {
        api.sim.fault(json!({"path": "/oauth/access_token", "do": {"status": 200, "body": body}}));
        let error = api.observe().unwrap_err();
        assert_eq!(matches!(error, Error::Auth { .. }), auth, "{error:?}");
        assert!(auth || matches!(error, Error::Protocol { endpoint: "POST /oauth/access_token", .. }), "{error:?}");
    }
    assert!(api.log().iter().all(|line| !line.contains("/server")));
    api.sim.fault(json!({"path": "/oauth/access_token", "do": {"status": 429, "headers": {"retry-after": "600"}}}));
    let error = api.observe().unwrap_err();
    assert!(matches!(error, Error::RateLimited { endpoint: "POST /oauth/access_token", retry_after: Some(600) }));
    api.sim.fault(json!({"path": "/oauth/access_token", "do": {"status": 503}}));
    api.observe().unwrap();
}

#[test]
fn a_missing_token_a_missing_right_and_a_wall_in_front_are_told_apart() {
    let mut api = Api::new();
    for body in [json!({"message": "Access Token not provided"}), json!("Access Token not provided")] {
        api.sim.fault(json!({"path": "/server", "do": {"status": 400, "body": body}}));
        assert!(matches!(api.observe(), Err(Error::Auth { .. })));
    }
    api.sim.fault(
        json!({"path": "/server", "do": {"status": 403, "body": {"message": "Forbidden / Authorization Error"}}}),
    );
    assert!(matches!(api.observe(), Err(Error::Auth { .. })));

    let mut reader = Api::with("cw_sim_read");
    reader.observe().unwrap();
    let error = failed(reader.set_aliases(&["a.example"]));
    assert!(matches!(error, Error::Scope { endpoint: "POST /app/manage/aliases" }), "{error:?}");

    let mut limited = Api::with("cw_sim_limited");
    assert!(matches!(failed(limited.install(&["a.example"])), Error::Scope { .. }));

    let mut blocked = Api::new();
    blocked.sim.edit(|state| state.switches.edge_blocks = vec!["wu_cloudways".into()]);
    let error = blocked.observe().unwrap_err();
    assert!(matches!(error, Error::Unavailable { outage: Outage::BlockedAtTheEdge, .. }), "{error:?}");
    let error = failed(blocked.set_aliases(&["a.example"]));
    assert!(matches!(error, Error::Unavailable { outage: Outage::BlockedAtTheEdge, .. }), "{error:?}");
}

// --- Faults on the way -----------------------------------------------------------------------------------------

#[test]
fn passing_faults_of_a_read_are_got_over() {
    for fault in [
        json!({"reset": true}),
        json!({"truncate": true}),
        json!({"lose_answer": true}),
        json!({"status": 500}),
        json!({"status": 502, "body": "<html>SIM-SECRET</html>"}),
        json!({"status": 503, "headers": {"retry-after": "2"}}),
        json!({"status": 429}),
        json!({"status": 429, "headers": {"retry-after": "5"}}),
    ] {
        let mut api = Api::new();
        api.sim.fault(json!({"path": "/server", "do": fault}));
        let before = api.clock.elapsed();
        api.observe().unwrap_or_else(|error| panic!("{fault}: {error}"));
        let took = api.clock.elapsed() - before;
        let hint = fault["headers"]["retry-after"].as_str().map_or(0, |hint| hint.parse().unwrap());
        assert!(took >= Duration::from_secs(hint), "{fault}: {took:?}");
        assert_eq!(api.client.requests(), 2, "{fault}");
    }
}

#[test]
fn lasting_faults_of_a_read_are_given_up() {
    let outage = |fault: Value| {
        let mut api = Api::new();
        api.sim.fault(json!({"path": "/server", "times": null, "do": fault}));
        let outcome = api.observe();
        assert_eq!(api.client.requests(), 4, "{fault}");
        match outcome {
            Err(Error::Unavailable { outage, .. }) => outage,
            other => panic!("{fault}: {other:?}"),
        }
    };
    assert_eq!(outage(json!({"reset": true})), Outage::Broken);
    assert_eq!(outage(json!({"truncate": true})), Outage::Broken);
    assert_eq!(outage(json!({"status": 500, "body": "<html>SIM-SECRET</html>"})), Outage::Status(500));
}

#[test]
fn a_rate_limit_that_does_not_fit_is_passed_on_with_its_hint() {
    let mut api = Api::new();
    let at = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(100));
    for (hint, least) in [("88", 88), (at.as_str(), 98)] {
        api.sim.fault(json!({"path": "/server", "do": {"status": 429, "headers": {"Retry-After": hint}}}));
        match api.observe() {
            Err(Error::RateLimited { endpoint: "GET /server", retry_after: Some(seconds) }) => {
                assert!((least..=100).contains(&seconds), "{hint}: {seconds}");
            }
            other => panic!("{hint}: {other:?}"),
        }
    }
    assert_eq!(api.client.requests(), 2);
    api.sim.fault(json!({"path": "/server", "times": null, "do": {"status": 429}}));
    assert!(matches!(api.observe(), Err(Error::RateLimited { retry_after: None, .. })));
}

#[test]
fn an_absurd_hint_neither_hurries_nor_stops_for_ever() {
    let day = 86_400;
    for (hint, passed_on) in [
        ("99999999999999999999999999", Some(day)),
        ("18446744073709551615", Some(day)),
        ("86401", Some(day)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(day)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("0x10", None),
        ("", None),
        ("88, 99", None),
    ] {
        let mut api = Api::new();
        let limited = json!({"status": 429, "headers": {"retry-after": hint}});
        api.sim.fault(json!({"path": "/server", "times": 5, "do": limited}));
        match api.observe() {
            Err(error @ Error::RateLimited { retry_after, .. }) => {
                assert_eq!(retry_after, passed_on, "{hint}");
                assert!(error.retry_after().is_some_and(|seconds| (1..=day).contains(&seconds)), "{hint}");
            }
            other => panic!("{hint}: {other:?}"),
        }
        // A hint of a day does not fit; one that says nothing is as good as none.
        let sent = api.client.requests();
        assert_eq!(sent == 1, passed_on.is_some(), "{hint}: {sent} requests");
        api.sim.clear_faults();
        api.sim.fault(json!({"path": "/app/manage/aliases", "do": limited}));
        match (api.set_aliases(&["a.example"]), passed_on) {
            (Err(WriteFailure::Failed(Error::RateLimited { .. })), Some(_)) => {}
            (Err(WriteFailure::Later { after, .. }), None) => assert!(after >= Duration::from_secs(2), "{after:?}"),
            (other, _) => panic!("{hint}: {other:?}"),
        }
    }
    // In the past, and at once: never sooner than it would be tried anyway.
    for hint in ["0", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        let mut api = Api::new();
        api.sim.fault(json!({"path": "/server", "do": {"status": 429, "headers": {"retry-after": hint}}}));
        let before = api.clock.elapsed();
        api.observe().unwrap();
        assert!(api.clock.elapsed() - before >= Duration::from_millis(300), "{hint}");
    }
}

#[test]
fn a_status_of_false_decides_nothing() {
    let mut api = Api::new();
    api.sim.edit(|state| state.switches.bool_style = BoolStyle::Int);
    api.observe().unwrap();
    let server =
        json!({"status": false, "servers": [{"id": 50_482, "apps": [{"id": 131_933, "aliases": ["a.example"]}]}]});
    api.sim.fault(json!({"path": "/server", "do": {"status": 200, "body": server}}));
    assert_eq!(api.observe().unwrap().app.aliases.len(), 1);
    for body in [
        json!({"status": false}),
        json!({"status": "0", "message": "done"}),
        json!({"status": false, "operation_id": 7}),
    ] {
        api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 200, "effect": true, "body": body}}));
        let accepted = api.set_aliases(&["a.example"]).unwrap();
        assert_eq!(accepted.operation.is_some(), body.get("operation_id").is_some(), "{body}");
        api.sim.edit(|state| state.operations.clear());
    }
    let done = json!({"status": false, "operation": {"id": "7", "is_completed": "1"}});
    api.sim.fault(json!({"path": "/operation/{id}", "do": {"status": 200, "body": done}}));
    assert_eq!(api.operation("7").unwrap(), OperationState::Done);
}

#[test]
fn an_answer_that_does_not_come_ends_with_the_deadline_and_leaves_nothing_running() {
    let mut api = Api::new().limited(Duration::from_millis(600));
    api.sim.fault(json!({"times": null, "do": {"delay_ms": 5_000}}));
    let started = Instant::now();
    assert!(matches!(api.observe(), Err(Error::Unavailable { outage: Outage::TimedOut, .. })));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(started.elapsed() >= Duration::from_millis(590), "{:?}", started.elapsed());
    // No time left: nothing is sent, and a write certainly did nothing.
    let sent = api.client.requests();
    assert!(matches!(failed(api.set_aliases(&["a.example"])), Error::Unavailable { outage: Outage::TimedOut, .. }));
    assert_eq!((sent, api.client.requests()), (1, 1));
    let dropped = Instant::now();
    drop(api);
    assert!(dropped.elapsed() < Duration::from_secs(1), "{:?}", dropped.elapsed());
}

#[test]
fn a_body_that_drips_ends_with_the_deadline() {
    let url = socket(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{");
        thread::spawn(move || {
            while stream.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        });
    });
    let mut api = Api::at(TOKEN, |_| url).limited(Duration::from_millis(700));
    let started = Instant::now();
    assert!(matches!(api.observe(), Err(Error::Unavailable { outage: Outage::TimedOut, .. })));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let dropped = Instant::now();
    drop(api);
    assert!(dropped.elapsed() < Duration::from_secs(1), "{:?}", dropped.elapsed());
}

#[test]
fn an_endless_answer_is_not_read_to_its_end() {
    let url = socket(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
        let blanks = vec![b' '; 1 << 16];
        while stream.write_all(&blanks).is_ok() {}
    });
    let mut api = Api::at(TOKEN, |_| url);
    let error = api.observe().unwrap_err();
    assert!(matches!(&error, Error::Protocol { what, .. } if what.contains("32 MiB")), "{error:?}");
    assert!(matches!(unknown(api.set_aliases(&["a.example"])), Error::Protocol { .. }));
}

/// A body of exactly `length` bytes: the beginning, units as often as they fit, blanks, the end. It is sent in small
/// pieces, so that it is never whole on this side.
#[derive(Clone)]
struct Flood {
    status: &'static str,
    begin: &'static str,
    unit: &'static str,
    end: &'static str,
    length: usize,
    announced: bool,
}

const MIB: usize = 1 << 20;

impl Flood {
    /// As long as an answer may be.
    fn whole(begin: &'static str, unit: &'static str, end: &'static str) -> Self {
        Self { status: "200 OK", begin, unit, end, length: 32 * MIB, announced: true }
    }

    /// Of very many small things, which take time to pass over where nothing is optimised.
    fn of(begin: &'static str, unit: &'static str, end: &'static str) -> Self {
        Self { length: 2 * MIB, ..Self::whole(begin, unit, end) }
    }

    /// What may be needed for it: its bytes, what is kept of them, and a little for the connection.
    fn allowed(&self) -> usize {
        2 * self.length + 8 * MIB
    }

    fn serve(self) -> String {
        socket(move |mut stream| {
            read_request(&mut stream);
            let length = if self.announced { format!("content-length: {}\r\n", self.length) } else { String::new() };
            let head = format!(
                "HTTP/1.1 {}\r\nconnection: close\r\ncontent-type: application/json\r\n{length}\r\n{}",
                self.status, self.begin
            );
            let mut left = self.length - self.begin.len() - self.end.len();
            let piece = self.unit.repeat(64 * 1024 / self.unit.len());
            let _ = stream.write_all(head.as_bytes());
            while left >= self.unit.len() {
                let now = piece.len().min(left / self.unit.len() * self.unit.len());
                if stream.write_all(&piece.as_bytes()[..now]).is_err() {
                    return;
                }
                left -= now;
            }
            let _ = stream.write_all(format!("{}{}", " ".repeat(left), self.end).as_bytes());
        })
    }
}

/// What this process has in memory, and had at most, in bytes.
fn memory() -> (usize, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// How much more memory was needed at the height of something than before it.
fn needed(what: impl FnOnce()) -> usize {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, _) = memory();
    what();
    memory().1.saturating_sub(before)
}

#[test]
fn an_answer_of_32_mib_needs_a_bounded_amount_of_memory() {
    if env::var_os("WU_CLOUDWAYS_TEST_ALONE").is_none() {
        let test = "client::an_answer_of_32_mib_needs_a_bounded_amount_of_memory";
        return elsewhere(test, &[("WU_CLOUDWAYS_TEST_ALONE", "1")]);
    }
    let ours = r#"{"id":"131933","aliases":["a.example"]}"#;
    let (before, after) = (r#"{"servers":[{"id":"50482","apps":["#, "]}]}");
    let thousands = r#"{"id":"1","label":"somebody's shop","app_fqdn":"wordpress-1-2-3.cloudwaysapps.com","cname":"shop.example","aliases":["www.shop.example","shop.example.org"],"lets_encrypt":{"auto":true,"is_installed":true,"ssl_domains":["shop.example","www.shop.example"],"type":"le"},"own_ssl":null,"sys_user":"abcdefghij","mysql_password":"SIM-SECRET"},"#;
    let everything = Box::leak(format!("{ours}{after}").into_boxed_str());
    let aliases = r#"{"servers":[{"id":"50482","apps":[{"id":"131933","aliases":["#;
    // What GET /server may be full of: the answer is used, or refused with a word, and never kept in pieces.
    let own_ssl = r#"{"servers":[{"id":"50482","apps":[{"id":"131933","aliases":[],"own_ssl":["#;
    let label = r#"{"servers":[{"id":"50482","apps":[{"id":"131933","aliases":[],"label":""#;
    for (flood, good, says) in [
        (Flood { announced: false, ..Flood::whole(before, thousands, everything) }, true, ""),
        (Flood { length: 32 * MIB + 1, ..Flood::whole("", " ", "") }, false, "32 MiB"),
        (Flood { length: 32 * MIB + 1, announced: false, ..Flood::whole("", " ", "") }, false, "32 MiB"),
        (Flood::whole(label, "x", "\"}]}]}"), true, ""),
        (Flood::whole("\"", "\\u0041", "\""), false, "not a JSON object"),
        (Flood::whole(r#"{"message":""#, "word ", "\"}"), false, "servers"),
        (Flood::of(before, "{},", everything), true, ""),
        (Flood::of(before, "7,", everything), true, ""),
        (Flood::of(own_ssl, "{},", "1]}]}]}"), true, ""),
        (Flood::of(r#"{"x":["#, "0,", r#"0],"servers":[]}"#), false, "is not in this"),
        (Flood::of(r#"{"servers":["#, "{},", "1]}"), false, "is not in this"),
        (Flood::of(aliases, "\"\",", "1]}]}]}"), false, "aliases"),
        (Flood::of(aliases, "7,", "1]}]}]}"), false, "aliases"),
        (Flood::of(aliases, "{},", "1]}]}]}"), false, "aliases"),
        (Flood::of("[", "[],", "1]"), false, "not a JSON object"),
        (Flood::of("", "[", ""), false, "ends too early"),
        (Flood::of("", "{\"a\":", ""), false, "ends too early"),
        (Flood::of("{", "\"message\":\"x\",", "\"a\":1}"), false, "servers"),
    ] {
        let (name, allowed) = (format!("{:?} {:.20}", flood.begin, flood.unit), flood.allowed());
        let url = flood.serve();
        let mut api = Api::at(TOKEN, |_| url).limited(Duration::from_secs(60));
        let mut outcome = None;
        let peak = needed(|| outcome = Some(api.observe()));
        match outcome.unwrap() {
            Ok(seen) => assert!(good && seen.app.aliases.len() < 2, "{name}"),
            Err(error) => assert!(!good && error.to_string().contains(says), "{name}: {error}"),
        }
        assert!(peak < allowed, "{name}: {} MiB", peak / MIB);
    }
    // Of an answer that is no 2xx little is read, and what it says is heard all the same.
    for (flood, says) in [
        (Flood::whole(r#"{"message":"The list is bad.","x":["#, "0,", "0]}"), "The list is bad."),
        (Flood::whole(r#"{"aliases":["#, r#"{"message":"x.example is bad"},"#, "0]}"), "x.example is bad"),
        (Flood::whole("", "<p>", ""), "HTTP 422"),
        (Flood::whole("{\"a\":", "[", ""), "HTTP 422"),
    ] {
        let url = Flood { status: "422 Unprocessable Entity", ..flood }.serve();
        let mut api = Api::at(TOKEN, |_| url).limited(Duration::from_secs(60));
        let mut outcome = None;
        let peak = needed(|| outcome = Some(api.set_aliases(&["a.example"])));
        let (error, said, _) = refused(outcome.unwrap());
        assert!(error.to_string().contains(says) && said.len() <= 8 * 1024, "{says}: {error} {said}");
        assert!(peak < 12 * MIB, "{says}: {} MiB", peak / MIB);
    }
    // The other answers that are read.
    for flood in [
        Flood::whole(r#"{"operation":{"id":"1","is_completed":"-1","message":""#, "word ", "\"}}"),
        Flood::of(r#"{"operation":{"id":"1","is_completed":"-1","message":["#, "\"w\",", "\"w\"]}}"),
        Flood::of(r#"{"operation_id":["#, "0,", "0]}"),
        Flood::of(r#"{"error":"invalid_credentials","x":["#, "[0],", "0]}"),
        Flood::of("[", "{\"a\":1},", "0]"),
    ] {
        let (name, allowed) = (flood.begin, flood.allowed());
        let url = flood.serve();
        let mut api = Api::at(TOKEN, |_| url.clone()).limited(Duration::from_secs(60));
        let peak = needed(|| {
            let _ = api.set_aliases(&["a.example"]);
            if let Ok(OperationState::Failed(said)) = api.operation("1") {
                assert!(said.len() <= 8 * 1024, "{name}: {}", said.len());
            }
        });
        assert!(peak < allowed, "{name}: {} MiB", peak / MIB);
        if !name.contains("error") {
            continue;
        }
        let mut api = Api::at(KEY, |_| url).limited(Duration::from_secs(60));
        let peak = needed(|| drop(api.observe().unwrap_err()));
        assert!(peak < allowed, "{name}, exchanged: {} MiB", peak / MIB);
    }
}

#[test]
fn a_byte_order_mark_is_passed_over_and_a_compressed_answer_is_said() {
    let answer = |head: &'static str, body: Vec<u8>| {
        socket(move |mut stream| {
            read_request(&mut stream);
            let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        })
    };
    let good = r#"{"servers":[{"id":"50482","apps":[{"id":"131933","aliases":[]}]}]}"#;
    let url = answer("200 OK", format!("\u{feff}{good}").into_bytes());
    assert_eq!(Api::at(TOKEN, |_| url).observe().unwrap().app.aliases.to_vec(), []);
    // gzip of `{}`, which nobody asked for.
    let gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0];
    let url = answer("200 OK\r\ncontent-encoding: gzip", gzip.clone());
    let mut api = Api::at(TOKEN, |_| url);
    let error = api.observe().unwrap_err();
    assert!(matches!(&error, Error::Protocol { what, .. } if what.contains("compressed")), "{error:?}");
    let error = unknown(api.set_aliases(&["a.example"]));
    assert!(matches!(&error, Error::Protocol { what, .. } if what.contains("compressed")), "{error:?}");
    let url = answer("422 Unprocessable Entity\r\ncontent-encoding: gzip", gzip);
    let (error, said, about_names) = refused(Api::at(TOKEN, |_| url).set_aliases(&["a.example"]));
    assert!(error.to_string().ends_with("HTTP 422 Unprocessable Entity"), "{error}");
    assert_eq!((said.as_str(), about_names), ("", false));
}

#[test]
fn a_body_whose_end_is_the_connections_end_is_checked_for_wholeness() {
    let answer = |body: &'static str| {
        socket(move |mut stream| {
            read_request(&mut stream);
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").as_bytes());
        })
    };
    let url = answer(r#"{"servers":[{"id":"50482","#);
    assert!(matches!(Api::at(TOKEN, |_| url).observe(), Err(Error::Unavailable { outage: Outage::Broken, .. })));
    let url = answer(r#"{"servers":[{"id":"50482","apps":[{"id":"131933","aliases":[]}]}]}"#);
    Api::at(TOKEN, |_| url).observe().unwrap();
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_costs_nothing() {
    let url = socket(|mut stream| {
        read_request(&mut stream);
        let body = r#"{"servers":[{"id":"50482","apps":[{"id":"131933","aliases":[]}]}]}"#;
        // Promises to stay, and closes.
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes());
    });
    let mut api = Api::at(TOKEN, |_| url);
    api.observe().unwrap();
    thread::sleep(Duration::from_millis(100));
    api.set_aliases(&["a.example"]).unwrap();
    assert_eq!(api.client.requests(), 2);
}

#[test]
fn without_a_connection_nothing_was_sent() {
    // A port that was free a moment ago.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut api = Api::at(TOKEN, |_| format!("http://{closed}/api/v2"));
    let error = api.observe().unwrap_err();
    assert!(
        matches!(&error, Error::Unavailable { outage: Outage::NoConnection(why), .. } if why.contains("refused")),
        "{error:?}"
    );
    for _ in 0..3 {
        later(api.set_aliases(&["a.example"]));
    }
    assert!(matches!(
        failed(api.set_aliases(&["a.example"])),
        Error::Unavailable { outage: Outage::NoConnection(_), .. }
    ));
    assert_eq!(api.client.requests(), 0);
    let legacy = failed(Api::at(KEY, |_| format!("http://{closed}/api/v2")).set_aliases(&["a.example"]));
    assert!(matches!(legacy, Error::Unavailable { endpoint: "POST /oauth/access_token", .. }), "{legacy:?}");
}

#[test]
fn loopback_by_name_and_by_ipv6() {
    Api::at(TOKEN, |sim| sim.api_url().replace("127.0.0.1", "localhost")).observe().unwrap();
    let options = cloudways_sim::Options { api: SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 0)), ..Default::default() };
    match Sim::open(options) {
        Ok(sim) => {
            let url = sim.api_url();
            Api::at(TOKEN, |_| url).observe().unwrap();
            assert_eq!(sim.log().len(), 1);
        }
        // No IPv6 on this machine: then the address still is not taken for a name.
        Err(_) => match Api::at(TOKEN, |_| "http://[::1]:9/api/v2".into()).observe() {
            Err(Error::Unavailable { outage: Outage::NoConnection(why), .. }) => {
                assert!(!why.contains("resolve"), "{why}")
            }
            other => panic!("{other:?}"),
        },
    }
}

// --- Writes ----------------------------------------------------------------------------------------------------

#[test]
fn every_known_answer_to_a_list_is_an_acceptance() {
    let mut api = Api::new();
    for (answer, named) in [
        (AliasAnswer::EmptyArray, false),
        (AliasAnswer::EmptyObject, false),
        (AliasAnswer::StatusTrue, false),
        (AliasAnswer::Operation, true),
    ] {
        api.sim.edit(|state| {
            state.switches.alias_answer = answer;
            state.switches.operation_polls = Some(0);
        });
        let accepted = api.set_aliases(&["a.example", "B.example"]).unwrap();
        assert_eq!(accepted.operation.is_some(), named, "{answer:?}");
        assert_eq!(api.sim.aliases(APP), ["a.example", "B.example"]);
    }
    api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 200, "body": ""}}));
    assert_eq!(api.set_aliases(&["a.example"]).unwrap().operation, None);
    let sent = api.sim.writes();
    assert_eq!(sent[0].params, json!({"server_id": 50_482, "app_id": 131_933, "aliases": ["a.example", "B.example"]}));
}

#[test]
fn a_certificate_is_ordered_for_exactly_these_names() {
    let mut api = Api::new();
    api.sim.point_here(&["hand-made.example"]);
    for style in [IdStyle::Digits, IdStyle::DigitsString, IdStyle::Flex, IdStyle::Uuid] {
        api.sim.edit(|state| {
            state.switches.operation_id_style = style;
            state.switches.operation_polls = Some(0);
        });
        let operation = api.install(&["network.example", "hand-made.example"]).unwrap().operation.unwrap();
        assert_eq!(api.operation(&operation.id).unwrap(), OperationState::Done, "{style:?}");
    }
    let sent = &api.sim.writes()[0].params;
    assert_eq!(sent["ssl_domains"], json!(["network.example", "hand-made.example"]));
    assert_eq!((&sent["wild_card"], &sent["app_id"]), (&json!(false), &json!(131_933)));
    // Accepted without an operation: nothing says what became of it.
    api.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"status": 200, "body": {}}}));
    assert!(matches!(unknown(api.install(&["network.example"])), Error::Protocol { .. }));
    for (answer, on) in [(AutoAnswer::EmptyObject, false), (AutoAnswer::EmptyArray, true)] {
        api.sim.edit(|state| state.switches.auto_answer = answer);
        assert_eq!(api.auto(on).unwrap(), Accepted { operation: None });
        assert_eq!(api.sim.state().app(APP).unwrap().lets_encrypt.as_ref().unwrap().auto, on);
    }
}

#[test]
fn a_write_whose_answer_is_lost_is_sent_once_and_its_fate_is_unknown() {
    for (fault, took_effect) in [
        (json!({"lose_answer": true}), true),
        (json!({"reset": true}), false),
        (json!({"truncate": true}), true),
        (json!({"status": 500}), false),
        (json!({"status": 503, "effect": true, "headers": {"retry-after": "1"}}), true),
        (json!({"status": 200, "effect": true, "body": "<html>SIM-SECRET</html>"}), true),
        (json!({"status": 200, "body": "SIM-SECRET"}), false),
        (json!({"status": 302, "body": {}}), false),
    ] {
        let mut api = Api::new();
        api.sim.edit(|state| state.switches.operation_polls = Some(0));
        api.sim.fault(json!({"path": "/app/manage/aliases", "do": fault}));
        unknown(api.set_aliases(&["a.example"]));
        assert_eq!(api.client.requests(), 1, "{fault}");
        assert_eq!(api.sim.aliases(APP) == ["a.example"], took_effect, "{fault}");
    }
    let mut api = Api::new().limited(Duration::from_millis(500));
    api.sim.fault(json!({"do": {"delay_answer_ms": 3_000}}));
    assert!(matches!(unknown(api.set_aliases(&["a.example"])), Error::Unavailable { outage: Outage::TimedOut, .. }));
}

#[test]
fn a_limited_write_did_nothing_and_is_put_off_when_the_time_is_there() {
    let mut api = Api::new();
    api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 429, "headers": {"retry-after": "3"}}}));
    assert_eq!(later(api.set_aliases(&["a.example"])), Duration::from_secs(3));
    assert_eq!(api.client.requests(), 1, "the next try is the caller's, from a fresh look");
    api.set_aliases(&["a.example"]).unwrap();
    api.sim.fault(json!({"path": "/app/manage/aliases", "times": 2, "do": {"status": 401}}));
    assert_eq!(later(api.set_aliases(&["a.example"])), Duration::ZERO);
    assert!(matches!(failed(api.set_aliases(&["a.example"])), Error::Auth { .. }), "once is enough");
    assert_eq!(api.client.requests(), 4);
    api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 429, "headers": {"retry-after": "88"}}}));
    assert!(matches!(failed(api.set_aliases(&["b.example"])), Error::RateLimited { retry_after: Some(88), .. }));
    assert_eq!(api.client.requests(), 5);
}

#[test]
fn a_path_that_the_api_does_not_know_does_nothing() {
    let error = failed(Api::at(TOKEN, |sim| format!("{}/x", sim.api_url())).set_aliases(&["a.example"]));
    assert!(matches!(&error, Error::Protocol { what, .. } if what.contains("WU_CLOUDWAYS_API_URL")), "{error:?}");
}

#[test]
fn a_busy_server_is_told_by_its_operation() {
    let mut api = Api::new();
    api.sim.edit(|state| {
        state.switches.operation_polls = None;
        state.switches.operation_seconds = None;
        state.operations.push(cloudways_sim::state::Operation {
            id: "92897180".into(),
            server_id: "50482".into(),
            pace: Some(Pace::default()),
            ..Default::default()
        });
    });
    match api.set_aliases(&["a.example"]) {
        Err(WriteFailure::Busy(OperationRef { id, kind, .. })) => {
            assert_eq!((id.as_str(), kind.as_deref()), ("92897180", Some("purge_app_cache")));
            assert!(matches!(api.operation(&id), Ok(OperationState::Running { .. })));
        }
        other => panic!("{other:?}"),
    }
    for operation in [json!({"type": "purge"}), json!({"id": null}), json!({"id": "../../server"}), json!({"id": ""})] {
        let body = json!({"message": "An operation is already in progress for this server.", "operation": operation});
        api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 422, "body": body}}));
        assert!(matches!(failed(api.set_aliases(&["a.example"])), Error::Busy { .. }), "{operation}");
    }
    assert_eq!(api.sim.aliases(APP), ["hand-made.example"]);
}

#[test]
fn a_refusal_is_passed_on_in_the_apis_words() {
    for body in [RefusalBody::FieldObject, RefusalBody::FieldList, RefusalBody::StatusMessage] {
        let mut api = Api::new();
        api.sim.edit(|state| {
            state.switches.refuse_alias_names = vec!["bad.example".into()];
            state.switches.refuse_alias_names_domain = true;
            state.switches.refuse_alias_body = body;
        });
        match refused(api.set_aliases(&["good.example", "bad.example"])) {
            (Error::Rejected { endpoint: "POST /app/manage/aliases", status: 422, answer }, said, true) => {
                assert!(answer.contains("bad.example"), "{answer}");
                assert!(said.contains("bad.example"), "{said}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(api.client.requests(), 1);
    }
    let foreign = |shape| {
        let mut site = Site::new();
        site.set("WU_CLOUDWAYS_APP_ID", "2");
        let mut api = Api::of(site);
        api.sim.edit(|state| state.switches.foreign_resource = shape);
        api.set_aliases(&["a.example"])
    };
    let (error, _, about_names) = refused(foreign(ForeignResource::Validation));
    assert!(
        matches!(&error, Error::Rejected { status: 422, answer, .. } if answer.contains("invalid or not found")),
        "{error:?}"
    );
    assert!(!about_names);
    assert!(matches!(failed(foreign(ForeignResource::Forbidden)), Error::Auth { .. }));
}

#[test]
fn a_refusal_is_passed_on_whole_for_names_to_be_found_in_it() {
    let mut api = Api::new();
    let mut refuse = |body: Value| {
        api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 422, "body": body}}));
        refused(api.set_aliases(&["a.example"]))
    };
    let far = format!("{} last.example is bad", "word ".repeat(500));
    let (error, said, about_names) =
        refuse(json!({"aliases": [{"message": far}, {"message": "and <b>b.example</b>"}]}));
    assert!(error.to_string().chars().count() < 400, "{error}");
    assert!(said.contains("last.example") && said.contains("and b.example") && about_names, "{said}");
    let (_, said, about_names) =
        refuse(json!({"server_id": {"message": format!("of {EMAIL}")}, "aliases": ["x.example"]}));
    assert_eq!(said, "server_id: of *** aliases: x.example");
    assert!(!about_names);
    let (_, said, _) = refuse(json!({"aliases": ["n.example is bad; ".repeat(2_000)]}));
    assert!(said.len() <= 8 * 1024 && said.len() > 7 * 1024, "{}", said.len());
    for (body, about) in [("The domain x.example is bad", true), ("<html><p>The domain x.example is bad", false)] {
        let (_, said, about_names) = refuse(json!(body));
        assert_eq!((said.as_str(), about_names), ("The domain x.example is bad", about));
    }
    api.sim.fault(
        json!({"path": "/security/lets_encrypt_install", "do": {"status": 422, "body": {"ssl_domains.1": ["x"]}}}),
    );
    let (error, said, about_names) = refused(api.install(&["a.example"]));
    assert!(matches!(error, Error::Rejected { endpoint: "POST /security/lets_encrypt_install", .. }));
    assert_eq!((said.as_str(), about_names), ("ssl_domains.1: x", true));
    api.sim.fault(json!({"path": "/security/lets_encrypt_install", "do": {"status": 422, "body": {"aliases": ["x"]}}}));
    assert!(!refused(api.install(&["a.example"])).2);
}

#[test]
fn the_record_of_a_wildcard_is_created_and_verified() {
    let mut api = Api::new();
    let answer = json!({"wildcard_ssl": {"message": "m", "status": true, "wildcard": {
        "app_prefix": "wordpressmu-1442-50482-131933.cloudwaysapps.com", "is_verified": false,
        "ssl_domains": ["network.example"], "type": "wc",
    }}});
    let dns = |path: &str, body: &Value| json!({"path": path, "do": {"status": 200, "body": body}});
    let deadline = Deadline::new(&*api.clock, TWENTY);
    let apex = support::name("network.example");
    api.sim.fault(dns("/security/createDNS", &answer));
    let target = Some(support::name("wordpressmu-1442-50482-131933.cloudwaysapps.com"));
    let created = api.client.create_wildcard_dns(&apex, deadline).unwrap();
    assert_eq!(created, WildcardDns { is_verified: false, target: target.clone() });
    let sent = &api.sim.writes()[0].params;
    assert_eq!((&sent["wild_card"], &sent["ssl_domains"]), (&json!(true), &json!(["network.example"])));
    assert_eq!(
        (&sent["server_id"], &sent["app_id"], &sent["ssl_email"]),
        (&json!(50_482), &json!(131_933), &json!("***"))
    );

    let mut verified = answer;
    verified["wildcard_ssl"]["wildcard"]["is_verified"] = json!("1");
    api.sim.fault(dns("/security/verifyDNS", &verified));
    assert!(api.client.verify_wildcard_dns(&apex, deadline).unwrap().is_verified);
    for no in [
        json!({"status": false, "message": format!("No, {EMAIL}")}),
        json!({"wildcard_ssl": {"status": "0", "message": "No, it is not there", "wildcard": {"is_verified": true}}}),
    ] {
        api.sim.fault(dns("/security/verifyDNS", &no));
        let outcome = api.client.verify_wildcard_dns(&apex, deadline).inspect_err(keeps_secrets_too);
        let (error, said, _) = refused(outcome);
        assert!(matches!(error, Error::Rejected { status: 200, .. }) && said.contains("No, "), "{error:?} {said}");
    }
    for odd in [json!({}), json!({"wildcard_ssl": true}), json!("<html>")] {
        api.sim.fault(dns("/security/createDNS", &odd));
        assert!(matches!(unknown(api.client.create_wildcard_dns(&apex, deadline)), Error::Protocol { .. }), "{odd}");
    }
    api.sim.fault(dns("/security/createDNS", &json!({"message": "You have reached Cloudways API."})));
    assert!(matches!(failed(api.client.create_wildcard_dns(&apex, deadline)), Error::Protocol { .. }));
    // The answers above were made up: the simulator has verified nothing.
    api.sim.edit(|state| state.switches.wildcard_needs_verify = false);
    let order = api.client.install_certificate(&names(&["network.example"]), true, deadline).unwrap();
    assert!(order.operation.is_some());
    assert_eq!(api.sim.writes().last().unwrap().params["wild_card"], json!(true));
}

// --- Operations ------------------------------------------------------------------------------------------------

#[test]
fn an_operation_is_followed_in_every_spelling() {
    for style in [CompletedStyle::String, CompletedStyle::Int, CompletedStyle::Bool] {
        let mut api = Api::new();
        api.sim.edit(|state| {
            state.switches.is_completed_style = style;
            state.switches.operation_polls = Some(2);
            state.switches.operation_seconds = None;
            state.switches.estimate_minutes = 2;
        });
        let id = api.set_aliases(&["a.example"]).unwrap().operation.unwrap().id;
        assert_eq!(api.operation(&id).unwrap(), OperationState::Running { estimate: Some(120) }, "{style:?}");
        assert_eq!(api.operation(&id).unwrap(), OperationState::Done, "{style:?}");

        let said = format!("No: {TOKEN}, Owner@Example.com and <b>{EMAIL}</b>\u{1}");
        api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"fail_operation": said}}));
        let id = api.set_aliases(&["b.example"]).unwrap().operation.unwrap().id;
        api.operation(&id).unwrap();
        assert_eq!(api.operation(&id).unwrap(), OperationState::Failed("No: ***, *** and ***".into()), "{style:?}");
    }
}

#[test]
fn an_operation_that_may_not_be_polled_is_no_error() {
    let mut api = Api::new();
    let id = api.set_aliases(&["a.example"]).unwrap().operation.unwrap().id;
    for status in [403, 404] {
        api.sim.edit(|state| state.switches.poll_refused = Some(status));
        assert_eq!(api.operation(&id).unwrap(), OperationState::NotPollable, "{status}");
    }
    api.sim.edit(|state| state.switches.poll_refused = None);
    assert_eq!(api.operation("4711").unwrap(), OperationState::NotPollable, "it does not exist");
    api.sim.fault(json!({"path": "/operation/{id}", "do": {"status": 403}}));
    assert_eq!(api.operation(&id).unwrap(), OperationState::NotPollable, "the role lacks it");
    api.sim.fault(json!({"path": "/operation/{id}", "do": {"status": 403, "body": "<html>blocked</html>"}}));
    assert!(matches!(api.operation(&id), Err(Error::Unavailable { outage: Outage::BlockedAtTheEdge, .. })));
    api.sim.fault(json!({"path": "/operation/{id}", "times": 2, "do": {"status": 401}}));
    assert!(matches!(api.operation(&id), Err(Error::Auth { .. })));
    api.sim.fault(json!({"path": "/operation/{id}", "do": {"status": 200, "body": {"status": true}}}));
    assert_eq!(api.operation(&id).unwrap(), OperationState::NotPollable, "it says nothing");
    for status in [400, 410, 422] {
        api.sim.fault(json!({"path": "/operation/{id}", "do": {"status": status, "body": {}}}));
        assert_eq!(api.operation(&id).unwrap(), OperationState::NotPollable, "{status}");
    }
    let sent = api.client.requests();
    for odd in ["", "../server", "1/2", "1?x=y", "é", &"1".repeat(200)] {
        assert!(matches!(api.operation(odd), Err(Error::Protocol { .. })), "{odd}");
    }
    assert_eq!(api.client.requests(), sent);
}

// --- Secrets, signals, the machine -----------------------------------------------------------------------------

#[test]
fn no_answer_brings_a_secret_into_a_message() {
    for key in [TOKEN, KEY] {
        let echo = format!("{key} Owner@Example.COM");
        let bodies = [
            json!({"message": format!("You sent {echo}")}),
            json!({"error": {"message": echo.clone()}}),
            json!({"aliases": [{"code": "x", "message": echo.clone()}]}),
            json!({"unexpected": {"deep": [echo.clone()]}}),
            json!(format!("<html><title>{echo}</title><p>{}{echo}</p></html>", "x".repeat(250))),
            json!(echo),
        ];
        for (body, status) in
            bodies.iter().flat_map(|body| [200, 302, 400, 401, 403, 404, 422, 429, 500].map(|s| (body, s)))
        {
            let mut api = Api::with(key);
            api.sim.fault(json!({"times": null, "do": {"status": status, "body": body}}));
            // Each of these looks for secrets in what comes back.
            let _ = api.observe();
            let _ = api.set_aliases(&["a.example"]);
            let _ = api.operation("1");
        }
    }
    // What GET /server says is not passed on even where it would be harmless.
    let mut api = Api::new();
    for status in [400, 403, 404, 422] {
        api.sim.fault(json!({"path": "/server", "do": {"status": status, "body": {"message": "SIM-SECRET"}}}));
        api.observe().unwrap_err();
    }
    // A token that was exchanged, in the answer to what it was sent with.
    let mut api = Api::with(KEY);
    api.observe().unwrap();
    let session = api.sim.state().account.sessions[0].token.clone();
    api.sim.fault(json!({"path": "/app/manage/aliases", "do": {"status": 422, "body": {"message": session}}}));
    assert!(matches!(refused(api.set_aliases(&["a.example"])).0, Error::Rejected { answer, .. } if answer == "***"));
}

#[test]
fn signals_are_blocked_in_the_clients_thread_and_nowhere_else() {
    let before = SigSet::thread_get_mask().unwrap();
    let mut api = Api::new();
    assert_eq!(SigSet::thread_get_mask().unwrap(), before);
    api.observe().unwrap();
    let mut seen = 0;
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let Ok(name) = fs::read_to_string(task.path().join("comm")) else { continue };
        if !name.starts_with("reqwest") {
            continue;
        }
        let Ok(status) = fs::read_to_string(task.path().join("status")) else { continue };
        let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
        let blocked = u64::from_str_radix(line.trim(), 16).unwrap();
        // HUP, INT, USR1, ALRM, TERM, CHLD, PROF, and a real-time signal; not SEGV, BUS, FPE.
        for signal in [1, 2, 10, 14, 15, 17, 27, 40] {
            assert!(blocked & (1 << (signal - 1)) != 0, "signal {signal} is not blocked: {line}");
        }
        for signal in [7, 8, 11] {
            assert!(blocked & (1 << (signal - 1)) == 0, "signal {signal} is blocked: {line}");
        }
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn a_proxy_of_the_environment_gets_no_credentials() {
    if env::var_os("HTTP_PROXY").is_some_and(|proxy| proxy == "http://127.0.0.1:9") {
        Api::new().observe().unwrap();
        return;
    }
    let proxy = "http://127.0.0.1:9";
    let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"];
    elsewhere("client::a_proxy_of_the_environment_gets_no_credentials", &variables.map(|name| (name, proxy)));
}

#[test]
fn a_machine_without_ca_certificates_is_told_so() {
    if env::var_os("SSL_CERT_FILE").is_some_and(|file| file == "/nonexistent") {
        let mut site = Site::new();
        site.constants
            .insert("WU_CLOUDWAYS_API_URL".into(), ConstantValue::Text(b"https://127.0.0.1:9/api/v2".to_vec()));
        let settings = Settings::from_constants(&site.constants).unwrap();
        let clock = SystemClock::start();
        let error = HttpCloudways::new(&settings, Deadline::new(&clock, TWENTY)).unwrap_err();
        assert!(error.to_string().contains("ca-certificates"), "{error}");
        assert_eq!(error.code(), "api_unavailable");
        // Loopback without TLS needs none.
        Api::new().observe().unwrap();
        return;
    }
    let none = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];
    elsewhere("client::a_machine_without_ca_certificates_is_told_so", &none);
}

/// Names that the simulator's certificate authority must find at the server.
trait PointHere {
    fn point_here(&self, names: &[&str]);
}

impl PointHere for Sim {
    fn point_here(&self, names: &[&str]) {
        for name in names {
            self.set_a(name, &[crate::support::SERVER_IP]);
        }
    }
}
