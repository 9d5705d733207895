//! Rules 4 and 8: one at a time, and time is bounded.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;
use wu_cloudways::clock::{Clock, Deadline};
use wu_cloudways::cloudways::{
    Accepted, App, CloudwaysRead, CloudwaysWrite, InstalledCertificate, Observed, ObservedAlias, OperationState,
    Server, WildcardDns, WriteFailure,
};
use wu_cloudways::config::Settings;
use wu_cloudways::domain::DomainName;
use wu_cloudways::error::{Error, Outage};
use wu_cloudways::options::Options;
use wu_cloudways::report::{AliasStanding, CertificateStanding, Status};
use wu_cloudways::sync;
use wu_cloudways::web::Outside;

use crate::support::{Site, domain, names, warnings};

#[test]
fn a_busy_server_is_waited_for() {
    let mut site = Site::new();
    site.sim.fault(busy("777", 1));
    site.sim.fault(json!({"path": "/operation/777", "times": 2, "do": {"status": 200, "body": {"operation": {"id": "777", "is_completed": 0}}}}));
    site.sim.fault(json!({"path": "/operation/777", "times": 1, "do": {"status": 200, "body": {"operation": {"id": "777", "is_completed": "-1"}}}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Added);
    assert_eq!(site.writes().0, 2);
}

#[test]
fn a_server_that_stays_busy_is_pending_with_its_operation() {
    let mut site = Site::new();
    site.sim.fault(busy("777", 99));
    site.sim.fault(json!({"path": "/operation/777", "times": null, "do": {"status": 200, "body": {"operation": {"id": "777", "is_completed": "0", "estimated_time_remaining": "2"}}}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    assert!(report.next_at.is_some());
    let operation = report.operation.as_ref().unwrap();
    assert_eq!((operation.id.as_str(), operation.ours, operation.kind.as_str()), ("777", false, "purge_app_cache"));
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Pending);
    assert!(report.error.is_none());
    site.sim.clear_faults();
    assert_eq!(domain(&site.sync(&["a.example"]), "a.example").alias, AliasStanding::Added);
}

#[test]
fn busy_without_an_operation_that_can_be_named_is_busy() {
    let mut site = Site::new();
    site.sim.fault(json!({"path": "/app/manage/aliases", "times": null, "do": {"status": 422, "body": {"message": "An operation is already in progress.", "operation": {}}}}));
    let error = site.try_sync(&["a.example"]).unwrap_err();
    assert_eq!((error.code(), error.exit_code()), ("busy", 14));
}

#[test]
fn an_operation_of_ours_is_taken_up_again_by_the_next_call() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(1_000);
        state.switches.operation_seconds = None;
    });
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    let operation = report.operation.clone().unwrap();
    assert!(operation.ours && operation.kind == "aliases");
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Pending);
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(2);
        for operation in &mut state.operations {
            operation.pace = None;
        }
    });
    site.sim.clear_log();
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (0, 1), "the list is not sent again");
    assert_eq!(report.status, Status::Ok);
    assert_eq!(site.certificate(), ["a.example", "network.example"]);
}

#[test]
fn a_certificate_that_takes_long_is_pending_and_seen_by_the_next_call() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.options.ssl = false;
    site.sync(&["a.example"]);
    site.options.ssl = true;
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(1_000);
        state.switches.operation_seconds = None;
        state.switches.estimate_minutes = 3;
    });
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    assert_eq!(report.operation.as_ref().unwrap().kind, "certificate");
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Ordered);
    site.sim.edit(|state| {
        for operation in &mut state.operations {
            operation.pace = None;
        }
        state.switches.operation_polls = Some(2);
    });
    site.sim.clear_log();
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes(), (0, 0));
    assert_eq!(report.status, Status::Ok);
    assert_eq!(domain(&report, "a.example").certificate, CertificateStanding::Covered);
}

#[test]
fn an_operation_that_never_ends_is_forgotten() {
    let mut site = Site::new();
    site.sim.edit(|state| {
        state.switches.operation_polls = Some(100_000);
        state.switches.operation_seconds = None;
        state.switches.server_lock = false;
    });
    site.sync(&["a.example"]);
    let since = site.options.state.as_ref().unwrap()["operation"]["since"].as_u64().unwrap();
    site.options.state.as_mut().unwrap()["operation"]["since"] = json!(since - 1_900);
    site.sim.edit(|state| state.switches.operation_polls = Some(1));
    let report = site.sync(&["a.example"]);
    assert!(warnings(&report).contains(&"operation_forgotten"));
    assert!(site.aliases().contains(&"a.example".to_owned()));
}

#[test]
fn a_failed_operation_is_told_and_done_again_later() {
    let mut site = Site::new();
    site.sim.fault(json!({"path": "/app/manage/aliases", "times": 1, "do": {"fail_operation": "Something broke."}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.status, Status::Pending);
    assert_eq!(warnings(&report), ["operation_failed"]);
    assert_eq!(domain(&site.sync(&["a.example"]), "a.example").alias, AliasStanding::Added);
}

#[test]
fn a_lost_answer_is_looked_up_and_not_repeated_when_the_write_took_effect() {
    let mut site = Site::new();
    site.sim.edit(|state| state.switches.alias_answer = serde_json::from_value(json!("empty_array")).unwrap());
    site.sim.fault(json!({"path": "/app/manage/aliases", "times": 1, "do": {"lose_answer": true}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes().0, 1);
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Added);
    assert!(report.error.is_none());
}

#[test]
fn a_write_that_was_lost_before_it_took_effect_is_repeated_after_three_looks() {
    let mut site = Site::new();
    site.options.ssl = false;
    site.sim.fault(json!({"path": "/app/manage/aliases", "times": 1, "do": {"reset": true}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes().0, 2);
    let looks = site.sim.log().iter().filter(|entry| entry.path.ends_with("/server")).count();
    assert!(looks >= 5, "one before, three between, one after; {looks}");
    assert_eq!(domain(&report, "a.example").alias, AliasStanding::Added);
    assert_eq!(report.aliases.added, names(&["a.example"]));
}

#[test]
fn an_operation_that_may_not_be_polled_is_read_back() {
    for refusal in [403, 404] {
        let mut site = Site::new();
        site.point_here(&["a.example"]);
        site.sim.edit(|state| {
            state.switches.poll_refused = Some(refusal);
            state.switches.operation_polls = None;
            state.switches.operation_seconds = Some(0);
        });
        let report = site.sync(&["a.example"]);
        assert_eq!(report.status, Status::Ok, "{refusal}");
        assert_eq!(site.certificate(), ["a.example", "network.example"]);
    }
}

#[test]
fn every_way_to_answer_a_list_is_understood() {
    for answer in ["operation", "empty_array", "empty_object", "status_true"] {
        let mut site = Site::new();
        site.sim.edit(|state| state.switches.alias_answer = serde_json::from_value(json!(answer)).unwrap());
        let report = site.sync(&["a.example"]);
        assert_eq!(domain(&report, "a.example").alias, AliasStanding::Added, "{answer}");
    }
}

#[test]
fn an_error_after_the_first_write_loses_no_state() {
    let mut site = Site::new();
    site.point_here(&["a.example"]);
    site.sim.fault(json!({"path": "/security/lets_encrypt_install", "times": null, "do": {"status": 401, "body": {"message": "Authentication Error"}}}));
    let report = site.sync(&["a.example"]);
    assert_eq!(report.error.as_ref().unwrap().code, "auth_failed");
    assert_eq!(report.status, Status::Partial);
    assert_eq!(site.aliases(), ["hand-made.example", "a.example"]);
    site.sim.clear_faults();
    // The ledger knows the alias: it can be removed.
    site.options.removed = crate::support::removed(&["a.example"]);
    site.sync(&[]);
    assert_eq!(site.aliases(), ["hand-made.example"]);
}

#[test]
fn a_server_that_is_busy_again_and_again_is_not_asked_without_a_pause() {
    for polled in
        [json!({"status": 200, "body": {"operation": {"id": "777", "is_completed": "1"}}}), json!({"status": 404})]
    {
        let mut site = Site::new();
        site.sim.fault(busy("777", 99));
        site.sim.fault(json!({"path": "/operation/777", "times": null, "do": polled}));
        let report = site.sync(&["a.example"]);
        assert_eq!(report.status, Status::Pending);
        assert_eq!(report.operation.as_ref().map(|operation| operation.id.as_str()), Some("777"));
        assert!((2..8).contains(&site.writes().0), "{}", site.writes().0);
    }
}

#[test]
fn the_deadline_holds_while_the_api_says_nothing() {
    let mut site = Site::new();
    site.options.deadline = Duration::from_secs(2);
    site.sim.fault(json!({"path": "/server", "times": null, "do": {"delay_ms": 10_000}}));
    let began = std::time::Instant::now();
    assert_eq!(site.try_sync(&["a.example"]).unwrap_err().code(), "api_unavailable");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn a_write_is_sent_although_reading_took_half_of_the_time() {
    let mut site = Site::new();
    site.options.deadline = Duration::from_secs(4);
    site.options.ssl = false;
    site.sim.fault(json!({"path": "/server", "times": 1, "do": {"delay_ms": 1_500}}));
    site.sim.fault(json!({"path": "/app/manage/aliases", "times": 1, "do": {"delay_answer_ms": 1_000}}));
    let report = site.sync(&["a.example"]);
    assert!(report.aliases.sent.is_some());
    assert_eq!(site.writes().0, 1);
    site.options.deadline = Duration::from_secs(20);
    let report = site.sync(&["a.example"]);
    assert_eq!(site.writes().0, 1, "what it did is read back by the next call");
    assert_eq!(report.status, Status::Ok);
}

/// Reading and writing may take 9 seconds each: one write fits all the same.
#[test]
fn a_call_of_twenty_seconds_can_always_send_one_write() {
    for reading in 0..=9 {
        for writing in [0, 5, 9] {
            let clock = HandClock::default();
            let deadline = Deadline::new(&clock, Duration::from_secs(20));
            let mut api = SlowCloudways { clock: &clock, reading, writing, aliases: vec!["hand-made.example".into()] };
            let site = Site::new();
            let settings = Settings::from_constants(&site.constants).unwrap();
            let options = Options { ssl: false, ..Options::default() };
            let domains = site.entries(&["a.example"]);
            let outside = Outside::new(&settings);
            let report = sync::reconcile(&settings, &domains, &options, deadline, &mut api, &outside).unwrap();
            assert_eq!(api.aliases, ["hand-made.example", "a.example"], "{reading} and {writing} seconds");
            assert!(report.status == Status::Ok || report.next_at.is_some(), "the next call looks at what it did");
            assert!(clock.elapsed() <= Duration::from_secs(20), "{:?}", clock.elapsed());
        }
    }
}

/// Time that passes only where a test lets it.
#[derive(Default)]
struct HandClock(Cell<Duration>);

impl Clock for HandClock {
    fn unix(&self) -> u64 {
        1_800_000_000 + self.0.get().as_secs()
    }

    fn elapsed(&self) -> Duration {
        self.0.get()
    }

    fn sleep(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

/// An API whose answers take their seconds, and do not come when the deadline is earlier.
struct SlowCloudways<'a> {
    clock: &'a HandClock,
    reading: u64,
    writing: u64,
    aliases: Vec<String>,
}

impl SlowCloudways<'_> {
    fn take(&self, seconds: u64, deadline: Deadline<'_>) -> Result<(), Error> {
        let needed = Duration::from_secs(seconds);
        self.clock.sleep(needed.min(deadline.left()));
        if deadline.left().is_zero() {
            return Err(Error::Unavailable { endpoint: "slow", outage: Outage::TimedOut, retry_after: None });
        }
        Ok(())
    }
}

impl CloudwaysRead for SlowCloudways<'_> {
    fn observe(&mut self, deadline: Deadline<'_>) -> Result<Observed, Error> {
        self.take(self.reading, deadline)?;
        Ok(Observed {
            server: Server { id: 50_482, label: String::new(), addresses: Vec::new() },
            app: App {
                id: 131_933,
                label: String::new(),
                fqdn: None,
                primary: None,
                aliases: self.aliases.iter().map(ObservedAlias::new).collect(),
                sys_user: None,
                certificate: InstalledCertificate::None,
            },
        })
    }

    fn operation(&mut self, _: &str, deadline: Deadline<'_>) -> Result<OperationState, Error> {
        self.take(self.reading, deadline)?;
        Ok(OperationState::Done)
    }

    fn requests(&self) -> u32 {
        0
    }
}

impl CloudwaysWrite for SlowCloudways<'_> {
    fn set_aliases(&mut self, aliases: &[String], deadline: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        self.take(self.writing, deadline).map_err(WriteFailure::Unknown)?;
        self.aliases = aliases.to_vec();
        Ok(Accepted { operation: None })
    }

    fn install_certificate(&mut self, _: &[DomainName], _: bool, _: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        unreachable!("no certificate is ordered here")
    }

    fn create_wildcard_dns(&mut self, _: &DomainName, _: Deadline<'_>) -> Result<WildcardDns, WriteFailure> {
        unreachable!("no certificate is ordered here")
    }

    fn verify_wildcard_dns(&mut self, _: &DomainName, _: Deadline<'_>) -> Result<WildcardDns, WriteFailure> {
        unreachable!("no certificate is ordered here")
    }

    fn set_auto_renewal(&mut self, _: bool, _: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        panic!("no certificate is looked after");
    }
}

fn busy(id: &str, times: usize) -> serde_json::Value {
    json!({
        "method": "POST", "path": "/app/manage/aliases", "times": times,
        "do": {"status": 422, "body": {"message": "An operation is already in progress for this server.",
            "operation": {"id": id, "type": "purge_app_cache", "estimated_time_remaining": "0", "is_completed": "0"}}},
    })
}
