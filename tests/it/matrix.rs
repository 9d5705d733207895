//! Every endpoint × every fault × every phase.
//!
//! A cell is a site whose run meets one fault. After each call it is checked what must hold whatever happens, and once
//! the fault is over the site must get to what is wanted in a few calls, and then write nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cloudways_sim::LogEntry;
use cloudways_sim::state::{LetsEncrypt, Operation, Pace};
use serde_json::{Value, json};
use wu_cloudways::clock::{Clock, SystemClock};
use wu_cloudways::error::Error;
use wu_cloudways::report::{Report, Status};

use crate::support::{APP, Site, TestClock, removed};

const TOKEN: &str = "cw_sim_full";
const KEY: &str = "sim-legacy-key-0123456789";
const EMAIL: &str = "owner@example.com";

const PRIMARY: &str = "network.example";
/// Made by hand, one of them in a spelling of its own.
const BY_HAND: [&str; 2] = ["hand-made.example", "Odd.Spelling.Example"];
/// Ours and wanted.
const KEPT: &str = "kept.example";
/// Ours, and its mapping has ended.
const LEAVES: &str = "leaves.example";
/// An extra, for which a wildcard certificate is asked in some cells.
const WILDCARD: &str = "*.network.example";
/// Wanted, and not there yet.
const NEW: &str = "new.example";

/// An operation on the account's other server: it can be asked about and keeps nobody here waiting.
const ELSEWHERE: &str = "92897180";

/// The time of a call, unless the fault is slowness: then it passes for real.
const DEADLINE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_secs(4);
const SLOW_MS: u64 = 5_500;
/// A call may be over by so much.
const GRACE: Duration = Duration::from_secs(1);
/// So many calls lead to what is wanted once the fault is over, at most.
const CALLS: usize = 40;
/// So many requests a call sends at most.
const REQUESTS: u32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Endpoint {
    Server,
    Aliases,
    Operation,
    Install,
    Auto,
    CreateDns,
    VerifyDns,
    Exchange,
}

impl Endpoint {
    const ALL: [Self; 8] = [
        Self::Server,
        Self::Aliases,
        Self::Operation,
        Self::Install,
        Self::Auto,
        Self::CreateDns,
        Self::VerifyDns,
        Self::Exchange,
    ];

    fn path(self) -> &'static str {
        match self {
            Self::Server => "/server",
            Self::Aliases => "/app/manage/aliases",
            Self::Operation => "/operation/{id}",
            Self::Install => "/security/lets_encrypt_install",
            Self::Auto => "/security/lets_encrypt_auto",
            Self::CreateDns => "/security/createDNS",
            Self::VerifyDns => "/security/verifyDNS",
            Self::Exchange => "/oauth/access_token",
        }
    }

    fn is_write(self) -> bool {
        matches!(self, Self::Aliases | Self::Install | Self::Auto) || self.is_wildcard()
    }

    /// Whether it leads to a wildcard certificate.
    fn is_wildcard(self) -> bool {
        matches!(self, Self::CreateDns | Self::VerifyDns)
    }

    fn of(entry: &LogEntry) -> Option<Self> {
        let path = entry.endpoint();
        Self::ALL.into_iter().find(|endpoint| match endpoint {
            Self::Operation => path.starts_with("/operation/"),
            other => path == other.path(),
        })
    }
}

/// Which of an endpoint's requests meet the fault. The first three are requests before anything was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    First,
    Second,
    Always,
    /// The first after a write.
    Late,
    /// All after a write.
    LateAlways,
}

impl Phase {
    const ALL: [Self; 5] = [Self::First, Self::Second, Self::Always, Self::Late, Self::LateAlways];

    fn title(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Always => "always",
            Self::Late => "first after a write",
            Self::LateAlways => "always after a write",
        }
    }

    fn times(self) -> Value {
        if matches!(self, Self::Always | Self::LateAlways) { Value::Null } else { json!(1) }
    }

    fn is_late(self) -> bool {
        matches!(self, Self::Late | Self::LateAlways)
    }
}

/// What goes wrong.
struct Fault {
    name: &'static str,
    /// The simulator's rule, by the endpoint.
    rule: fn(Endpoint) -> Value,
    /// Where it makes sense.
    at: fn(Endpoint, Phase) -> bool,
    slow: bool,
}

impl Fault {
    fn of(name: &'static str, rule: fn(Endpoint) -> Value) -> Self {
        Self { name, rule, at: |_, _| true, slow: false }
    }

    fn only(self, at: fn(Endpoint, Phase) -> bool) -> Self {
        Self { at, ..self }
    }

    fn slowly(self) -> Self {
        Self { slow: true, ..self }
    }
}

/// A message that repeats what it was sent, as some do.
fn says(text: &str) -> Value {
    json!({"message": format!("{text} ({EMAIL}, {TOKEN}, {KEY})")})
}

/// The application with other aliases than it has.
fn server_with(aliases: &Value) -> Value {
    let mut app = json!({"id": APP, "app_fqdn": "x.cloudwaysapps.com", "cname": PRIMARY, "sys_user": "abcdefghij",
        "lets_encrypt": {"auto": true, "is_installed": true, "ssl_domains": [PRIMARY, KEPT], "type": "le"},
        "mysql_password": "SIM-SECRET"});
    if !aliases.is_null() {
        app["aliases"] = aliases.clone();
    }
    json!({"status": true, "servers": [{"id": "50482", "public_ip": "203.0.113.10", "apps": [app]}]})
}

fn list_field(endpoint: Endpoint) -> &'static str {
    if endpoint == Endpoint::Aliases { "aliases" } else { "ssl_domains" }
}

fn running(completed: &str) -> Value {
    json!({"status": true, "operation": {"id": "1", "type": "x", "is_completed": completed, "status": "x",
        "estimated_time_remaining": "0", "message": format!("It says so, {EMAIL}.")}})
}

fn faults() -> Vec<Fault> {
    let writes: fn(Endpoint, Phase) -> bool = |endpoint, _| endpoint.is_write();
    let lists: fn(Endpoint, Phase) -> bool = |endpoint, _| matches!(endpoint, Endpoint::Aliases | Endpoint::Install);
    let server: fn(Endpoint, Phase) -> bool = |endpoint, _| endpoint == Endpoint::Server;
    let operation: fn(Endpoint, Phase) -> bool = |endpoint, _| endpoint == Endpoint::Operation;
    vec![
        Fault::of("slow", |_| json!({"delay_ms": SLOW_MS})).slowly(),
        Fault::of("slow answer", |_| json!({"delay_answer_ms": SLOW_MS})).slowly(),
        Fault::of("drips", |_| json!({"drip_ms": 500})).slowly(),
        Fault::of("400", |_| json!({"status": 400, "body": says("Bad request")})),
        Fault::of("401", |_| json!({"status": 401, "body": says("Authentication Error")})),
        Fault::of("403 scope", |_| json!({"status": 403})),
        Fault::of("403 auth", |_| json!({"status": 403, "body": says("Forbidden / Authorization Error")})),
        Fault::of("403 HTML", |_| json!({"status": 403, "body": format!("<html><p>Blocked {EMAIL} {TOKEN}")})),
        Fault::of("404", |_| json!({"status": 404, "body": says("Not Found")})),
        Fault::of("409", |_| json!({"status": 409, "body": says("Conflict")})),
        Fault::of("422", |_| json!({"status": 422, "body": says("Something is wrong")})),
        Fault::of("422 server_id", |_| {
            json!({"status": 422, "body": {"server_id": [{"code": "integer", "message": "The server id must be an integer."}]}})
        }),
        Fault::of("422 a new name", |endpoint| {
            json!({"status": 422, "body": {list_field(endpoint): says(&format!("The domain {NEW} is not allowed"))}})
        })
        .only(lists),
        Fault::of("422 a kept name", |endpoint| {
            json!({"status": 422, "body": {list_field(endpoint): [says(&format!("The domain {KEPT} is not allowed"))]}})
        })
        .only(lists),
        Fault::of("422 no name", |endpoint| {
            json!({"status": 422, "body": {list_field(endpoint): says("One of the domains is not allowed")}})
        })
        .only(lists),
        Fault::of("422 a limit", |endpoint| {
            json!({"status": 422, "body": {list_field(endpoint): says("There may not be more than 3 items")}})
        })
        .only(lists),
        Fault::of("422 busy", |_| {
            json!({"status": 422, "body": {"message": "An operation is already in progress for this server.",
                "operation": {"id": ELSEWHERE, "type": "purge_app_cache", "is_completed": "0"}}})
        }),
        Fault::of("422 busy unnamed", |_| {
            json!({"status": 422, "body": {"message": "An operation is already in progress for this server.",
                "operation": {"type": "purge_app_cache", "is_completed": "0"}}})
        }),
        Fault::of("429", |_| json!({"status": 429, "body": says("Too Many Requests")})),
        Fault::of("429 for 2 s", |_| json!({"status": 429, "headers": {"retry-after": "2"}})),
        Fault::of("429 for 10 min", |_| json!({"status": 429, "headers": {"retry-after": "600"}})),
        Fault::of("429 for ever", |_| json!({"status": 429, "headers": {"retry-after": "99999999999999999999"}})),
        Fault::of("500", |_| json!({"status": 500, "body": says("Server Error")})),
        Fault::of("500 with effect", |_| json!({"status": 500, "effect": true})).only(writes),
        Fault::of("502 HTML", |_| json!({"status": 502, "body": format!("<html><h1>Bad gateway {TOKEN}</h1>")})),
        Fault::of("503", |_| json!({"status": 503, "headers": {"retry-after": "1"}})),
        Fault::of("503 for 10 min", |_| json!({"status": 503, "headers": {"retry-after": "600"}})),
        Fault::of("302", |_| json!({"status": 302, "body": {}, "headers": {"location": "http://127.0.0.1:9/"}})),
        Fault::of("200 {}", |_| json!({"status": 200, "body": {}})),
        Fault::of("200 {} with effect", |_| json!({"status": 200, "effect": true, "body": {}})).only(writes),
        Fault::of("200 of another shape", |_| {
            json!({"status": 200, "body": {"status": false, "servers": {"1": EMAIL}, "operation": [TOKEN],
                "operation_id": {"a": 1}, "access_token": 7}})
        }),
        Fault::of("200 greeting", |_| json!({"status": 200, "body": {"message": "You have reached Cloudways API."}})),
        Fault::of("200 HTML", |_| json!({"status": 200, "body": format!("<html>{EMAIL} {TOKEN} SIM-SECRET")})),
        Fault::of("200 empty", |_| json!({"status": 200, "body": ""})),
        Fault::of("200 of 33 MiB", |_| json!({"generate": {"mib": 33}})),
        Fault::of("200, very deep", |_| json!({"generate": {"depth": 100_000}})),
        Fault::of("no HTTP", |_| json!({"raw": format!("{EMAIL} {TOKEN}\r\n\r\n")})),
        Fault::of("a head alone", |_| json!({"status": 102})),
        Fault::of("truncated", |_| json!({"truncate": true})),
        Fault::of("reset", |_| json!({"reset": true})),
        Fault::of("answer lost", |_| json!({"lose_answer": true})),
        Fault::of("operation fails", |_| json!({"fail_operation": format!("It failed, {EMAIL} {TOKEN}.")})).only(lists),
        Fault::of("operation fails: a new name", |_| json!({"fail_operation": format!("{NEW}: not reached")}))
            .only(lists),
        Fault::of("operation fails: a limit", |_| {
            json!({"fail_operation": "too many certificates already issued, retry after 2100-01-01 00:00:00 UTC"})
        })
        .only(lists),
        Fault::of("aliases missing", |_| json!({"status": 200, "body": server_with(&Value::Null)})).only(server),
        Fault::of("aliases an object", |_| json!({"status": 200, "body": server_with(&json!({"0": KEPT}))}))
            .only(server),
        // If it lasts, it is no fault but what there is.
        Fault::of("aliases gone", |_| json!({"status": 200, "body": server_with(&json!([]))}))
            .only(|endpoint, phase| endpoint == Endpoint::Server && !matches!(phase, Phase::Always | Phase::LateAlways)),
        Fault::of("another's server", |_| json!({"status": 200, "body": {"servers": [{"id": "1", "apps": []}]}}))
            .only(server),
        Fault::of("status false", |_| {
            json!({"status": 200, "body": {"wildcard_ssl": {"status": false, "message": format!("No, {EMAIL}"),
                "wildcard": {"is_verified": true}}}})
        })
        .only(|endpoint, _| endpoint.is_wildcard()),
        Fault::of("runs on", |_| json!({"status": 200, "body": running("0")})).only(operation),
        Fault::of("said to have failed", |_| json!({"status": 200, "body": running("-1")})).only(operation),
        Fault::of("said to be done", |_| json!({"status": 200, "body": running("1")})).only(operation),
        Fault::of("said to be 7", |_| json!({"status": 200, "body": running("7")})).only(operation),
    ]
}

/// A site that is about to make the call that meets the fault.
struct Cell {
    site: Site,
    domains: Vec<&'static str>,
    /// The aliases it shall have in the end, besides those made by hand.
    aliases: Vec<&'static str>,
    /// The names its certificate shall hold in the end.
    certified: Vec<&'static str>,
    /// How it stands then: a name that points elsewhere is said at every call.
    settled: Status,
    /// What no report, error or state may hold: its credential among it.
    secrets: [&'static str; 3],
    /// The names that must not leave the certificate.
    served: Vec<&'static str>,
    /// Whether the authority has refused [`KEPT`] by name, an hour ago and before: then it may leave the certificate.
    refused_for_good: bool,
}

/// How a site stands before the call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// A name is new, one leaves; the certificate follows.
    Everything,
    /// The same, and an earlier call has left its operation running.
    TakenUp,
    /// The aliases are right, the certificate lacks one.
    OrderOnly,
    /// Only the renewal is off.
    AutoOnly,
    /// A name is new that points elsewhere; the renewal is off.
    AliasesAndAuto,
    /// A wildcard certificate is wanted, and nothing else is to be done.
    Wildcard,
    /// The same, and a name is new.
    WildcardAndAliases,
    /// A wildcard certificate is wanted, and the record for it was named by an earlier call.
    RecordNamed,
    /// The same, and a name is new since.
    RecordNamedAndAliases,
}

impl Start {
    fn is_wildcard(self) -> bool {
        matches!(self, Self::Wildcard | Self::WildcardAndAliases | Self::RecordNamed | Self::RecordNamedAndAliases)
    }
}

impl Cell {
    fn new(start: Start, credential: &'static str) -> Self {
        let mut site = Site::new();
        site.set("WU_CLOUDWAYS_API_KEY", credential);
        let before: &[&str] = match start {
            Start::Everything | Start::TakenUp => &[KEPT, LEAVES],
            Start::OrderOnly => &[KEPT, NEW],
            Start::AutoOnly | Start::AliasesAndAuto => &[KEPT],
            _ => &[KEPT, WILDCARD],
        };
        if start.is_wildcard() {
            site.set("WU_CLOUDWAYS_EXTRA_DOMAINS", WILDCARD);
            site.set("WU_CLOUDWAYS_WILDCARD_SSL", WILDCARD);
        }
        let auto = !matches!(start, Start::AutoOnly | Start::AliasesAndAuto);
        let mut held = vec![PRIMARY, KEPT];
        if before.contains(&LEAVES) {
            held.push(LEAVES);
        }
        site.point_here(&[KEPT, LEAVES]);
        if start == Start::AliasesAndAuto {
            site.sim.set_a(NEW, &["198.51.100.9"]);
        } else {
            site.point_here(&[NEW]);
        }
        let mut fqdn = String::new();
        site.edit_app(|app| {
            app.aliases = BY_HAND.iter().chain(before).map(ToString::to_string).collect();
            app.lets_encrypt = (!start.is_wildcard()).then(|| LetsEncrypt {
                app_prefix: app.app_fqdn.clone(),
                auto,
                is_installed: true,
                is_verified: true,
                ssl_domains: held.iter().map(ToString::to_string).collect(),
                ssl_email: EMAIL.into(),
                kind: "le".into(),
                ..LetsEncrypt::default()
            });
            fqdn.clone_from(&app.app_fqdn);
        });
        site.sim.edit(|state| {
            state.dns_mut(&format!("_acme-challenge.{PRIMARY}")).cname = Some(fqdn);
            state.operations.push(Operation {
                id: ELSEWHERE.into(),
                server_id: "50777".into(),
                pace: Some(Pace { polls: Some(3), seconds: None }),
                ..Operation::default()
            });
        });
        // It takes in what is there, and writes nothing.
        site.options.ssl = false;
        let mapped: Vec<&str> = before.iter().copied().filter(|name| *name != WILDCARD).collect();
        site.sync(&mapped);
        site.options.ssl = true;
        assert_eq!(site.sim.writes().len(), 0);
        if matches!(start, Start::RecordNamed | Start::RecordNamedAndAliases) {
            let report = site.sync(&mapped);
            assert_eq!(site.sim.writes().len(), 1);
            site.advance_to_next(&report);
        }

        let mut domains = vec![KEPT];
        if !matches!(start, Start::AutoOnly | Start::Wildcard | Start::RecordNamed) {
            domains.push(NEW);
        }
        let mut aliases = domains.clone();
        let (mut certified, mut served) = (vec![PRIMARY, KEPT], vec![PRIMARY, KEPT]);
        if start.is_wildcard() {
            aliases.push(WILDCARD);
            // It holds no name of its tenants, and they had none that could be lost.
            (certified, served) = (vec![PRIMARY], vec![]);
        } else if !matches!(start, Start::AutoOnly | Start::AliasesAndAuto) {
            certified.push(NEW);
        }
        site.options.removed = removed(&[LEAVES]);
        let settled = if start == Start::AliasesAndAuto { Status::Partial } else { Status::Ok };
        let secrets = [credential, EMAIL, "SIM-SECRET"];
        let refused_for_good = false;
        let mut cell = Self { site, domains, aliases, certified, settled, secrets, served, refused_for_good };
        if start == Start::TakenUp {
            cell.site.sim.edit(|state| {
                (state.switches.operation_polls, state.switches.operation_seconds) = (None, None);
            });
            let report = cell.site.sync(&cell.domains);
            assert!(report.operation.is_some());
            cell.site.sim.edit(|state| {
                (state.switches.operation_polls, state.switches.operation_seconds) = (Some(2), Some(3));
                let operation = state.operations.last_mut().unwrap();
                operation.pace = Some(Pace { polls: Some(operation.polls + 2), seconds: None });
            });
        }
        cell.site.sim.clear_log();
        cell
    }

    /// A cell of the matrix, with its rules set.
    fn of(endpoint: Endpoint, fault: &Fault, phase: Phase) -> Self {
        let start = match endpoint {
            Endpoint::Install if !phase.is_late() => Start::OrderOnly,
            Endpoint::Auto if !phase.is_late() => Start::AutoOnly,
            Endpoint::Auto => Start::AliasesAndAuto,
            Endpoint::CreateDns if !phase.is_late() => Start::Wildcard,
            Endpoint::CreateDns => Start::WildcardAndAliases,
            Endpoint::VerifyDns if !phase.is_late() => Start::RecordNamed,
            Endpoint::VerifyDns => Start::RecordNamedAndAliases,
            Endpoint::Operation if !phase.is_late() => Start::TakenUp,
            _ => Start::Everything,
        };
        let mut cell = Self::new(start, if endpoint == Endpoint::Exchange { KEY } else { TOKEN });
        if fault.slow {
            // Long enough for the three looks that come before a list is sent again.
            let looks = endpoint == Endpoint::Aliases && phase.is_late();
            cell.site.options.deadline = if looks { SHORT * 2 } else { SHORT };
        }
        let once = |path: &str, what: Value| json!({"path": path, "times": 1, "do": what});
        let put_off = json!({"status": 429, "headers": {"retry-after": "1"}});
        // What has to happen for there to be such a request.
        let (before, skip) = match (endpoint, phase) {
            (Endpoint::Server, Phase::Second) => (Some(once("/app/manage/aliases", put_off)), 1),
            (Endpoint::Server, Phase::Late | Phase::LateAlways) => (None, 1),
            (write, Phase::Second) if write.is_write() => (Some(once(write.path(), put_off)), 0),
            (Endpoint::Aliases, Phase::Late | Phase::LateAlways) => {
                (Some(once(endpoint.path(), json!({"reset": true}))), 0)
            }
            (Endpoint::Exchange, Phase::Second) => (Some(once("/server", json!({"status": 401}))), 1),
            (Endpoint::Exchange, Phase::Late | Phase::LateAlways) => {
                (Some(once("/operation/{id}", json!({"status": 401}))), 1)
            }
            (Endpoint::Operation, Phase::Second) => (None, 1),
            _ => (None, 0),
        };
        cell.site.sim.fault(Value::Array(before.into_iter().collect()));
        let what = (fault.rule)(endpoint);
        cell.site.sim.fault(json!({"path": endpoint.path(), "skip": skip, "times": phase.times(), "do": what}));
        cell
    }

    /// Makes a call and checks what must hold whatever happens.
    fn call(&mut self, wrong: &mut Vec<String>) -> Result<Report, Error> {
        let written = self.site.sim.log().len();
        let clock = TestClock::start_ahead(self.site.ahead);
        let entries = self.site.entries(&self.domains);
        let outcome = self.site.try_sync_by(&clock, &entries);
        let took = clock.elapsed();
        let mut check = |holds: bool, what: &dyn Fn() -> String| {
            if !holds {
                wrong.push(what());
            }
        };
        check(took <= self.site.options.deadline + GRACE, &|| format!("the call took {took:?}"));

        let log = self.site.sim.log();
        // Rule 3: no list is sent but from a look that comes directly before, and no order twice without one between.
        let mut looked = false;
        for entry in &log[written..] {
            match Endpoint::of(entry) {
                Some(Endpoint::Server) => looked = entry.status == 200,
                Some(Endpoint::Exchange) => {}
                Some(Endpoint::Aliases) => {
                    check(looked, &|| "it sent a list without a fresh look".into());
                    looked = false;
                }
                Some(Endpoint::Install) => {
                    check(looked, &|| "it ordered again without a look".into());
                    looked = false;
                }
                Some(Endpoint::Operation | Endpoint::Auto | Endpoint::CreateDns | Endpoint::VerifyDns) | None => {}
            }
        }
        let writes: Vec<&LogEntry> = log[written..].iter().filter(|entry| is_write(entry)).collect();
        let shown = match &outcome {
            Ok(report) => {
                check(report.state.is_object(), &|| "there is no state".into());
                check(report.requests <= REQUESTS, &|| format!("{} requests", report.requests));
                let now = clock.unix();
                match (report.status, report.next_at) {
                    (Status::Pending, None) => check(false, &|| "pending, and no time to go on".into()),
                    (Status::Pending, Some(at)) => check((now..=now + 7 * 86_400).contains(&at), &|| {
                        format!("pending until {} seconds from now", at.cast_signed() - now.cast_signed())
                    }),
                    (Status::Ok, _) => check(self.is_wanted(), &|| format!("ok, and it is not: {}", self.shown())),
                    (Status::Partial, _) => check(
                        report.error.is_some()
                            || !report.warnings.is_empty()
                            || report.certificate.note.is_some()
                            || report.domains.iter().any(|(_, domain)| domain.note.is_some()),
                        &|| "partial, and not a word why".into(),
                    ),
                    (Status::ChangesPending, _) => check(false, &|| "a run is no plan".into()),
                }
                if let Some(error) = &report.error {
                    check(report.status != Status::Ok, &|| "ok, with an error".into());
                    check(!error.message.is_empty() && !error.remedy.is_empty(), &|| "an error without a word".into());
                    check(Error::CODES.contains(&error.code), &|| format!("an unknown code {}", error.code));
                }
                format!("{report:?} {}", serde_json::to_string(report).unwrap())
            }
            Err(error) => {
                for entry in writes.iter().filter(|entry| may_have_taken_effect(entry)) {
                    check(false, &|| format!("an exception ({error}), and {} was written", entry.path));
                }
                check(!error.remedy().is_empty(), &|| "no remedy".into());
                format!("{error} {error:?} {} {:?} {:?}", error.remedy(), error.details(), error.retry_after())
            }
        };
        for secret in self.secrets {
            check(!shown.contains(secret), &|| format!("{secret} in {shown}"));
        }
        for entry in writes {
            let list = |field: &str| -> Option<Vec<&str>> {
                entry.params.get(field)?.as_array().map(|items| items.iter().filter_map(Value::as_str).collect())
            };
            if let Some(sent) = list("aliases") {
                let known = [&BY_HAND[..], &[KEPT, LEAVES, NEW, WILDCARD]].concat();
                let complete = BY_HAND.iter().chain([&KEPT]).all(|alias| sent.contains(alias));
                let clean = sent.iter().all(|alias| known.contains(alias));
                check(complete && clean, &|| format!("it sent the aliases {sent:?}"));
            }
            if let Some(sent) = list("ssl_domains") {
                let stays = |name: &&str| sent.contains(name) || (*name == KEPT && self.refused_for_good);
                check(self.served.iter().all(stays), &|| format!("it ordered {sent:?}"));
            }
        }
        let (aliases, certificate) = (self.site.aliases(), self.site.certificate());
        for alias in BY_HAND.iter().chain([&KEPT]) {
            check(aliases.iter().any(|there| there == alias), &|| format!("{alias} is gone from {aliases:?}"));
        }
        for served in &self.served {
            check(self.refused_for_good || certificate.iter().any(|there| there == served), &|| {
                format!("{served} left the certificate: {certificate:?}")
            });
        }
        outcome
    }

    fn is_wanted(&self) -> bool {
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let wanted = BY_HAND.iter().chain(&self.aliases).map(ToString::to_string).collect();
        sorted(self.site.aliases()) == sorted(wanted)
            && self.site.certificate() == sorted(self.certified.iter().map(ToString::to_string).collect())
            && self.site.sim.state().app(APP).is_some_and(|app| app.lets_encrypt.as_ref().is_some_and(|le| le.auto))
    }

    /// Whether everything is as wanted, and said to be.
    fn is_settled(&self, outcome: &Result<Report, Error>) -> bool {
        let said = matches!(outcome, Ok(report) if report.status == self.settled && report.error.is_none());
        said && self.is_wanted()
    }

    fn shown(&self) -> String {
        format!("aliases {:?}, certificate {:?}", self.site.aliases(), self.site.certificate())
    }

    /// Whether the next call comes before the API wants one, where it was not got over within this one.
    fn is_early(&self, outcome: &Result<Report, Error>, hint: u64) -> Option<String> {
        let now = SystemClock::start().unix() + self.site.ahead;
        let waits = match outcome {
            Ok(report) if report.status == self.settled => return None,
            Ok(report) => report.next_at.map(|at| at.saturating_sub(now)),
            Err(error) => error.retry_after(),
        };
        waits.is_none_or(|seconds| seconds < hint - 20).then(|| format!("it is tried again in {waits:?} seconds"))
    }

    /// Ends the fault, and with it what it left open at Cloudways.
    fn mend(&self) {
        self.site.sim.clear_faults();
        // Requests that were given up may still be on their way.
        let patience = Instant::now();
        let under_way = |entry: &LogEntry| entry.status == 0 && entry.note.is_empty();
        while self.site.sim.log().iter().any(under_way) && patience.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Lets the time pass until another call makes sense.
    fn wait_for(&mut self, outcome: &Result<Report, Error>) {
        let now = SystemClock::start().unix() + self.site.ahead;
        let seconds = match outcome {
            Ok(report) => report.next_at.map_or(3_600, |at| at.saturating_sub(now)),
            Err(error) => error.retry_after().unwrap_or(60) + 20,
        };
        self.site.advance(seconds + 1);
    }
}

fn is_write(entry: &LogEntry) -> bool {
    Endpoint::of(entry).is_some_and(Endpoint::is_write)
}

fn may_have_taken_effect(entry: &LogEntry) -> bool {
    !entry.note.contains("no effect") && (entry.status == 0 || entry.status < 300 || entry.note.contains("with effect"))
}

/// What became of a cell: a word for the table, and what is wrong.
fn run(endpoint: Endpoint, fault: &Fault, phase: Phase) -> (String, Vec<String>) {
    let mut wrong = Vec::new();
    let mut cell = Cell::of(endpoint, fault, phase);
    let outcome = cell.call(&mut wrong);
    let met = cell.site.sim.log().iter().filter(|entry| Endpoint::of(entry) == Some(endpoint)).count();
    let left = cell.site.sim.faults();
    let untouched = left.iter().any(|rule| rule.path.as_deref() == Some(endpoint.path()) && rule.skip > 0)
        || left.iter().any(|rule| rule.path.as_deref() == Some(endpoint.path()) && rule.times == Some(1))
        || met == 0;
    if untouched {
        wrong.push(format!("the fault was not met: {left:?}"));
    }
    if fault.name.ends_with("for 10 min")
        && let Some(early) = cell.is_early(&outcome, 600)
    {
        wrong.push(early);
    }
    let mut word = match &outcome {
        Ok(report) => match (&report.error, report.status) {
            (Some(error), _) => error.code.to_owned(),
            (None, Status::Ok) => "ok".into(),
            (None, Status::Partial) => "partial".into(),
            (None, status) => serde_json::to_value(status).unwrap().as_str().unwrap().to_owned(),
        },
        Err(error) => format!("!{}", error.code()),
    };
    // A second call while it lasts, since most lasting faults are met by many calls.
    let mut last = outcome;
    if matches!(phase, Phase::Always | Phase::LateAlways) && !fault.slow {
        cell.wait_for(&last);
        cell.refused_for_good = endpoint == Endpoint::Install && fault.name == "422 a kept name";
        last = cell.call(&mut wrong);
    }
    cell.mend();
    cell.site.options.deadline = DEADLINE;
    let mut calls = 0;
    while !cell.is_settled(&last) {
        if calls == CALLS {
            let stands = match &last {
                Ok(report) => serde_json::to_string(report).unwrap(),
                Err(error) => error.to_string(),
            };
            wrong.push(format!("it does not get there: {}; {stands}", cell.shown()));
            break;
        }
        calls += 1;
        cell.wait_for(&last);
        last = cell.call(&mut wrong);
    }
    if calls > 0 {
        let _ = write!(word, "+{calls}");
    }
    let is_order = |entry: &LogEntry| Endpoint::of(entry) == Some(Endpoint::Install) && may_have_taken_effect(entry);
    let installs = cell.site.sim.log().into_iter().filter(is_order).count();
    if installs > 4 {
        wrong.push(format!("{installs} orders"));
    }
    if calls < CALLS {
        cell.site.sim.clear_log();
        cell.site.advance(60);
        let quiet = cell.call(&mut wrong);
        if !cell.is_settled(&quiet) || !cell.site.sim.writes().is_empty() {
            wrong.push(format!("it does not come to rest: {} writes", cell.site.sim.writes().len()));
        }
    }
    (word, wrong)
}

type Outcomes = BTreeMap<(Endpoint, usize, Phase), (String, Vec<String>)>;

/// Runs cells many at a time: most of them wait.
fn run_all(cells: &[(Endpoint, usize, Phase)], faults: &[Fault], threads: usize) -> Outcomes {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Outcomes::new()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(&(endpoint, fault, phase)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = catch_unwind(AssertUnwindSafe(|| run(endpoint, &faults[fault], phase)));
                    let outcome = outcome.unwrap_or_else(|panic| {
                        let said = panic.downcast_ref::<String>().map_or("", String::as_str);
                        ("panic".into(), vec![format!("panicked: {said}")])
                    });
                    outcomes.lock().unwrap().insert((endpoint, fault, phase), outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

fn cells(faults: &[Fault]) -> Vec<(Endpoint, usize, Phase)> {
    let mut cells = Vec::new();
    for (at, fault) in faults.iter().enumerate() {
        for endpoint in Endpoint::ALL {
            cells.extend(
                Phase::ALL.into_iter().filter(|phase| (fault.at)(endpoint, *phase)).map(|phase| (endpoint, at, phase)),
            );
        }
    }
    cells
}

/// The table: a line for each endpoint and fault, a column for each phase.
fn table(faults: &[Fault], outcomes: &Outcomes) -> String {
    let mut table = String::new();
    for endpoint in Endpoint::ALL {
        let _ = write!(table, "\n{:<28}", endpoint.path());
        for phase in Phase::ALL {
            let _ = write!(table, " {:<22}", phase.title());
        }
        table.push('\n');
        for (at, fault) in faults.iter().enumerate() {
            let row: Vec<&str> = Phase::ALL
                .iter()
                .map(|phase| outcomes.get(&(endpoint, at, *phase)).map_or("·", |(word, _)| word.as_str()))
                .collect();
            if row.iter().all(|word| *word == "·") {
                continue;
            }
            let _ = write!(table, "  {:<26}", fault.name);
            for word in row {
                let _ = write!(table, " {word:<22}");
            }
            table.push('\n');
        }
    }
    table
}

#[test]
fn the_matrix_has_every_endpoint_every_fault_and_every_phase() {
    let faults = faults();
    let cells = cells(&faults);
    // What holds for every endpoint and phase, and what makes sense for some alone.
    let everywhere = faults.iter().filter(|fault| {
        Endpoint::ALL.iter().all(|endpoint| Phase::ALL.iter().all(|phase| (fault.at)(*endpoint, *phase)))
    });
    assert_eq!((faults.len(), everywhere.count(), cells.len()), (53, 35, 1_568));
}

#[test]
fn whatever_fails_nothing_is_lost_nothing_is_said_wrongly_and_it_is_made_good_afterwards() {
    let faults = faults();
    let only = std::env::var("WU_CLOUDWAYS_MATRIX").unwrap_or_default();
    let every = cells(&faults);
    let chosen: Vec<_> = every
        .iter()
        .copied()
        .filter(|(endpoint, fault, phase)| {
            format!("{} {} {}", endpoint.path(), faults[*fault].name, phase.title()).contains(&only)
        })
        .collect();
    let began = Instant::now();
    // Slow cells wait for real, and need next to nothing meanwhile: all of them at the side of the others.
    let (slow, quick): (Vec<_>, Vec<_>) = chosen.iter().copied().partition(|(_, fault, _)| faults[*fault].slow);
    let mut outcomes = thread::scope(|scope| {
        let slow = scope.spawn(|| run_all(&slow, &faults, 32));
        let mut outcomes = run_all(&quick, &faults, 8);
        outcomes.extend(slow.join().unwrap());
        outcomes
    });
    // On a machine that is busy otherwise time may run out where nothing is wrong: those once more, one by one.
    let again: Vec<_> = outcomes.iter().filter(|(_, (_, wrong))| !wrong.is_empty()).map(|(cell, _)| *cell).collect();
    outcomes.extend(run_all(&again[..again.len().min(40)], &faults, 2));
    let mut shown = table(&faults, &outcomes);
    let wrong: Vec<String> = outcomes
        .iter()
        .flat_map(|((endpoint, fault, phase), (_, wrong))| {
            let cell = format!("{} | {} | {}", endpoint.path(), faults[*fault].name, phase.title());
            wrong.iter().map(move |what| format!("{cell}: {what}"))
        })
        .collect();
    let _ = writeln!(
        shown,
        "\n{} cells in {} s, {} of them twice. A word is how the first call ended: a code with ! is an exception, \
         without one it stands in a report; +n: so many calls later everything was as wanted.",
        outcomes.len(),
        began.elapsed().as_secs(),
        again.len()
    );
    // Test programs may print.
    let _ = std::io::stdout().write_all(shown.as_bytes());
    assert_eq!(outcomes.len(), chosen.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
