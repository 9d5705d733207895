//! A call of the engine, and what happens in it between two requests: people change things, another run goes through,
//! time passes, the process is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use serde_json::Value;
use wu_cloudways::clock::{Clock, Deadline};
use wu_cloudways::cloudways::{
    Accepted, CloudwaysRead, CloudwaysWrite, HttpCloudways, Observed, OperationState, WildcardDns, WriteFailure,
};
use wu_cloudways::domain::DomainName;
use wu_cloudways::error::{Error, Outage};
use wu_cloudways::options::{DomainEntry, Options, WwwRule};
use wu_cloudways::sync;

use crate::book::{Call, Ended, Last, Look, MINUTE, Mapped, Millis};
use crate::history::{History, NETWORK};
use crate::oracle;
use crate::rng::Rng;
use crate::runner::{self, Www};

/// What the engine is asked.
pub struct Ask {
    pub mapped: Vec<Mapped>,
    pub removed: Vec<String>,
    pub state: Option<String>,
    pub sys_user: String,
    pub deadline: u64,
    pub force: bool,
    pub fingerprint: Option<String>,
    pub interrupted: bool,
    pub slowness: u64,
}

/// An exception.
pub struct Threw {
    pub code: &'static str,
    pub retry_after: Option<u64>,
}

/// How a call came back.
pub enum Outcome {
    Report(Value),
    Threw(Threw),
    /// Not at all.
    Killed,
}

/// Something that happens between two requests.
#[derive(Clone, Debug)]
pub struct Interjection {
    /// At which request of the call, from 0; or, with `at_write`, at which of those that write.
    pub at: usize,
    pub at_write: bool,
    /// Before the request is sent, or when it was answered.
    pub before: bool,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Kill,
    /// A person changes something at Cloudways.
    Hand,
    /// Somebody changes DNS.
    Dns,
    /// The mapping of a domain begins or ends.
    Mapping,
    /// Another run goes through, since this one was thought dead; with the time that it takes to be thought so.
    OtherRun {
        stalled: bool,
    },
    /// The next look shows no aliases of others.
    BrokenLook,
    /// This request takes as long as there is time.
    TimesOut {
        effect: bool,
    },
}

/// How the engine is told that it was killed: it unwinds.
struct Killed;

/// The simulator's clock, as a call sees it.
struct CallClock<'h> {
    history: &'h History,
    began: Millis,
}

impl Clock for CallClock<'_> {
    fn unix(&self) -> u64 {
        self.history.now() / 1_000
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.history.now() - self.began)
    }

    fn sleep(&self, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        let millis = u64::try_from(duration.as_millis()).expect("a wait of a call");
        self.history.book.borrow_mut().call().last = Last::Slept;
        self.history.advance(millis.max(1));
    }
}

/// Calls the engine. The number is that of the call in the book.
pub fn call(history: &History, ask: Ask, interjections: Vec<Interjection>) -> (usize, Outcome) {
    let options = options(history, &ask);
    let entries = entries(&ask.mapped);
    let began = history.now();
    let number = open(history, &ask);
    let nested = history.book.borrow().active.len() > 1;
    history.say(format!(
        "{}call {number}: {} domains, {} s{}{}{}{}",
        if nested { "  (inside) " } else { "" },
        ask.mapped.len(),
        ask.deadline,
        if ask.interrupted { ", interrupted" } else { "" },
        if ask.force { ", force" } else { "" },
        if ask.removed.is_empty() { String::new() } else { format!(", removed {}", ask.removed.join(" ")) },
        if interjections.is_empty() { String::new() } else { format!(", {interjections:?}") },
    ));
    let clock = CallClock { history, began };
    let deadline = Deadline::new(&clock, options.deadline);
    let stalls = interjections.iter().any(|one| matches!(one.what, What::OtherRun { .. }));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let inner = HttpCloudways::new(&history.settings, deadline).expect("a client");
        let mut api = Between {
            history,
            inner,
            interjections,
            requests: 0,
            writes: 0,
            broken_look: false,
            times_out: None,
            rng: history.rng.borrow_mut().fork(),
            slowness: ask.slowness,
        };
        sync::reconcile(&history.settings, &entries, &options, deadline, &mut api, &history.outside)
    }));
    history.notice();
    history.book.borrow_mut().active.pop();
    let took = history.now() - began;
    let outcome = match outcome {
        Err(payload) if payload.is::<Killed>() => {
            history.say(format!("call {number} was killed"));
            Outcome::Killed
        }
        Err(payload) => resume_unwind(payload),
        Ok(result) => {
            if !stalls {
                oracle::in_time(history, number, took, ask.deadline);
            }
            finish(history, number, result)
        }
    };
    (number, outcome)
}

/// Plans with what a runner has; nothing may be written.
pub fn preview(history: &History, ask: &Ask) -> Option<Value> {
    let clock = CallClock { history, began: history.now() };
    open(history, ask);
    let options = options(history, ask);
    let deadline = Deadline::new(&clock, options.deadline);
    let before = history.footprint();
    let mut api = HttpCloudways::new(&history.settings, deadline).expect("a client");
    let result =
        sync::preview(&history.settings, &entries(&ask.mapped), &options, deadline, &mut api, &history.outside);
    let number = history.book.borrow_mut().active.pop().expect("this one");
    history.check(before == history.footprint(), || format!("a preview (call {number}) wrote"));
    history.book.borrow_mut().calls[number].ended = Ended::Thrown;
    match finish(history, number, result) {
        Outcome::Report(report) => Some(report),
        _ => None,
    }
}

fn finish(history: &History, number: usize, result: Result<wu_cloudways::report::Report, Error>) -> Outcome {
    match result {
        Ok(report) => {
            oracle::keeps_secrets(history, number, &format!("{report:?}"));
            let text = serde_json::to_string(&report).expect("a report");
            oracle::keeps_secrets(history, number, &text);
            let report: Value = serde_json::from_str(&text).expect("JSON");
            history.say(format!("call {number}: {}", in_short(history, &report)));
            Outcome::Report(report)
        }
        Err(error) => {
            let details = serde_json::to_string(&error.details()).expect("JSON");
            let shown = format!("{error} {error:?} {} {details} {:?}", error.remedy(), error.plan());
            oracle::keeps_secrets(history, number, &shown);
            history.say(format!("call {number} threw {}: {error}", error.code()));
            Outcome::Threw(Threw { code: error.code(), retry_after: error.retry_after() })
        }
    }
}

fn in_short(history: &History, report: &Value) -> String {
    let list = |value: &Value| {
        value
            .as_array()
            .map_or(String::new(), |names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
    };
    let codes: Vec<String> = report["warnings"]
        .as_array()
        .into_iter()
        .flatten()
        .chain([&report["certificate"]["note"]])
        .filter(|note| !note.is_null())
        .map(|note| format!("{}{}", note["code"].as_str().unwrap_or("?"), note["args"]))
        .collect();
    let next = report["next_at"].as_u64().map_or("-".into(), |at| {
        format!("{:+} s", i64::try_from(at).unwrap_or(0) - i64::try_from(history.now() / 1_000).unwrap_or(0))
    });
    format!(
        "{} next {next} added [{}] removed [{}] withheld [{}] ordered [{}] error {} notes {codes:?}",
        report["status"],
        list(&report["aliases"]["added"]),
        list(&report["aliases"]["removed"]),
        list(&report["aliases"]["withheld"]),
        list(&report["certificate"]["ordered"]),
        report["error"]["code"],
    )
}

fn options(history: &History, ask: &Ask) -> Options {
    let name = |text: &str| DomainName::parse(text.as_bytes()).expect("a name");
    Options {
        state: ask.state.as_ref().map(|text| serde_json::from_str(text).expect("JSON")),
        www: match history.www {
            Www::Always => WwwRule::Always,
            Www::MainOnly => WwwRule::MainOnly,
            Www::Never => WwwRule::Never,
        },
        // As the plugin gives them: names, and nothing else said.
        removed: ask.removed.iter().map(|name| DomainEntry::new(name.as_str())).collect(),
        network_domain: Some(name(NETWORK)),
        sys_user: Some(ask.sys_user.clone()),
        deadline: Duration::from_secs(ask.deadline),
        force: ask.force,
        fingerprint: ask.fingerprint.clone(),
        probe: history.probe.clone(),
        interrupted: ask.interrupted,
        ..Options::default()
    }
}

fn entries(mapped: &[Mapped]) -> Vec<DomainEntry> {
    let entry = |mapping: &Mapped| DomainEntry {
        domain: mapping.name.as_bytes().to_vec(),
        www: mapping.www,
        priority: mapping.priority,
    };
    mapped.iter().map(entry).collect()
}

/// Opens the page of a call in the book.
fn open(history: &History, ask: &Ask) -> usize {
    let mut book = history.book.borrow_mut();
    let number = book.calls.len();
    for at in book.active.clone() {
        book.calls[at].overlapped = true;
    }
    let wanted = runner::wanted(&ask.mapped, history.www, &history.extras);
    let call = Call {
        began: history.now(),
        ended_names: book.ended.iter().chain(&ask.removed).filter(|name| !wanted.contains(*name)).cloned().collect(),
        told: book.told.iter().chain(&ask.removed).filter(|name| !wanted.contains(*name)).cloned().collect(),
        wanted,
        force: ask.force,
        looks: Vec::new(),
        sent: BTreeSet::new(),
        last: Last::Nothing,
        wrote: false,
        said: BTreeMap::new(),
        refused: BTreeSet::new(),
        dropped: BTreeSet::new(),
        ended: Ended::Running,
        overlapped: !book.active.is_empty(),
        touched_before: book.touched.clone(),
    };
    book.calls.push(call);
    book.active.push(number);
    book.note_what_dns_says();
    number
}

/// The API, with a world around it that does not stand still.
struct Between<'h> {
    history: &'h History,
    inner: HttpCloudways,
    interjections: Vec<Interjection>,
    requests: usize,
    writes: usize,
    broken_look: bool,
    times_out: Option<bool>,
    rng: Rng,
    slowness: u64,
}

impl Between<'_> {
    fn happen(&mut self, before: bool, is_write: bool) {
        let (at, write) = (self.requests, self.writes);
        let due = |one: &Interjection| {
            one.before == before && if one.at_write { is_write && one.at == write } else { one.at == at }
        };
        let (now, later): (Vec<_>, Vec<_>) = self.interjections.drain(..).partition(due);
        self.interjections = later;
        for one in now {
            let history = self.history;
            match one.what {
                What::Kill => {
                    history.notice();
                    resume_unwind(Box::new(Killed));
                }
                What::Hand => history.hand(&mut self.rng),
                What::Dns => history.change_dns(&mut self.rng),
                What::Mapping => history.change_mapping(&mut self.rng),
                What::OtherRun { stalled } => {
                    if stalled {
                        history.advance(2 * MINUTE);
                    }
                    let deadline = self.rng.pick(&[20, 60]);
                    runner::run(history, runner::How { deadline, slowness: 100, ..runner::How::default() });
                }
                What::BrokenLook => self.broken_look = true,
                What::TimesOut { effect } => self.times_out = Some(effect),
            }
        }
        if before {
            self.history.notice();
        }
    }

    /// How long an answer takes: 0.7 s for light ones to 9 s for heavy ones were observed.
    fn latency(&mut self, deadline: Deadline<'_>) {
        let millis = match self.rng.below(100) {
            0..=69 => self.rng.between(150, 900),
            70..=94 => self.rng.between(700, 2_500),
            _ => self.rng.between(2_500, 9_000),
        };
        let left = u64::try_from(deadline.left().as_millis()).unwrap_or(u64::MAX);
        self.history.advance((millis * self.slowness / 100).clamp(1, left.max(1)));
    }

    fn ask<T>(
        &mut self,
        deadline: Deadline<'_>,
        lost: impl FnOnce(Error) -> T,
        is_write: bool,
        request: impl FnOnce(&mut HttpCloudways, Deadline<'_>) -> T,
    ) -> T {
        self.happen(true, is_write);
        let answer = match self.times_out.take() {
            // It is sent while there is time, and the answer does not come before the end.
            Some(effect) if !deadline.left().is_zero() => {
                if effect {
                    request(&mut self.inner, deadline);
                    self.history.notice();
                }
                self.history.advance(u64::try_from(deadline.left().as_millis()).unwrap_or(0));
                let endpoint = if is_write { "POST" } else { "GET" };
                lost(Error::Unavailable { endpoint, outage: Outage::TimedOut, retry_after: None })
            }
            _ => {
                let answer = request(&mut self.inner, deadline);
                self.history.notice();
                self.latency(deadline);
                answer
            }
        };
        self.history.notice();
        self.history.book.borrow_mut().call().last = Last::Asked;
        self.happen(false, is_write);
        self.requests += 1;
        if is_write {
            self.writes += 1;
        }
        answer
    }
}

impl CloudwaysRead for Between<'_> {
    fn observe(&mut self, deadline: Deadline<'_>) -> Result<Observed, Error> {
        let history = self.history;
        let mut there = None;
        let seen = self.ask(deadline, Err, false, |api, deadline| {
            let observed = api.observe(deadline);
            history.notice();
            let origins = history.book.borrow().origins.clone();
            there = Some(Look { origins, ..Look::of(&history.app()) });
            observed
        });
        let broken = std::mem::take(&mut self.broken_look);
        let seen = seen.map(|mut observed| {
            if broken && oracle::knows_its_foreigners(history) {
                let strangers = oracle::foreigners(history);
                history.say("this look shows no aliases of others".into());
                let left = observed.app.aliases.iter().filter(|alias| !strangers.contains(&alias.spelling));
                observed.app.aliases = left.cloned().collect();
            }
            observed
        });
        if let (Ok(observed), Some(there)) = (&seen, there) {
            let shown = observed.app.aliases.iter().map(|alias| alias.spelling.clone()).collect();
            let look = Look { shown, ..there };
            oracle::after_a_look(history, look);
        }
        seen
    }

    fn operation(&mut self, id: &str, deadline: Deadline<'_>) -> Result<OperationState, Error> {
        self.ask(deadline, Err, false, |api, deadline| api.operation(id, deadline))
    }

    fn requests(&self) -> u32 {
        self.inner.requests()
    }
}

impl CloudwaysWrite for Between<'_> {
    fn set_aliases(&mut self, aliases: &[String], deadline: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        oracle::before_a_list(self.history, aliases);
        let history = self.history;
        self.ask(
            deadline,
            |error| Err(WriteFailure::Unknown(error)),
            true,
            |api, deadline| {
                let before = history.footprint();
                let answer = api.set_aliases(aliases, deadline);
                history.mark_written(&before);
                answer
            },
        )
    }

    fn install_certificate(
        &mut self,
        names: &[DomainName],
        wildcard: bool,
        deadline: Deadline<'_>,
    ) -> Result<Accepted, WriteFailure> {
        let names_as_text: Vec<String> = names.iter().map(|name| name.as_str().to_owned()).collect();
        oracle::before_an_order(self.history, &names_as_text);
        let history = self.history;
        self.ask(
            deadline,
            |error| Err(WriteFailure::Unknown(error)),
            true,
            |api, deadline| {
                let before = history.footprint();
                let answer = api.install_certificate(names, wildcard, deadline);
                if history.mark_written(&before) {
                    oracle::an_order_was_placed(history, &names_as_text);
                }
                answer
            },
        )
    }

    fn set_auto_renewal(&mut self, on: bool, deadline: Deadline<'_>) -> Result<Accepted, WriteFailure> {
        let history = self.history;
        self.ask(
            deadline,
            |error| Err(WriteFailure::Unknown(error)),
            true,
            |api, deadline| {
                let before = history.footprint();
                let answer = api.set_auto_renewal(on, deadline);
                history.mark_written(&before);
                answer
            },
        )
    }

    fn create_wildcard_dns(
        &mut self,
        _apex: &DomainName,
        _deadline: Deadline<'_>,
    ) -> Result<WildcardDns, WriteFailure> {
        unreachable!("no history asks for a wildcard certificate")
    }

    fn verify_wildcard_dns(
        &mut self,
        _apex: &DomainName,
        _deadline: Deadline<'_>,
    ) -> Result<WildcardDns, WriteFailure> {
        unreachable!("no history asks for a wildcard certificate")
    }
}
