//! The state together with the log, the faults and the clock: all that the API, the control interface
//! and DNS share. Everything here is done under one lock and takes no time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Value, json};

use crate::authority;
use crate::certificates;
use crate::fault::Faults;
use crate::log::LogEntry;
use crate::state::{Effect, IdStyle, LetsEncrypt, Operation, Outcome, Pace, State, dns_key, is_dns_key};
use crate::tls;
use crate::web::WebQuery;

/// The shared world.
pub(crate) struct World {
    inner: Mutex<Inner>,
    /// Certificates that were shown.
    pub(crate) tls: tls::Kept,
}

/// What is behind the lock.
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) start: State,
    pub(crate) log: Vec<LogEntry>,
    pub(crate) logged: u64,
    pub(crate) faults: Faults,
    pub(crate) dns_log: Vec<DnsQuery>,
    pub(crate) web_log: Vec<WebQuery>,
    /// By token and endpoint: when the running minute began, and how many requests it has seen.
    pub(crate) rate_windows: HashMap<(String, String), (i64, u32)>,
    /// When it was last brought up to date, by the simulator's clock.
    settled_ms: Option<i64>,
}

/// A question that came over DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DnsQuery {
    /// The name, lower case, no trailing dot.
    pub name: String,
    /// `A`, `AAAA`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `udp`, `tcp`, or `https` for what came to `/resolve`.
    pub transport: &'static str,
}

impl World {
    pub(crate) fn new(mut start: State) -> Self {
        normalise(&mut start);
        Self {
            tls: tls::Kept::default(),
            inner: Mutex::new(Inner {
                state: start.clone(),
                start,
                log: Vec::new(),
                logged: 0,
                faults: Faults::default(),
                dns_log: Vec::new(),
                web_log: Vec::new(),
                rate_windows: HashMap::new(),
                settled_ms: None,
            }),
        }
    }

    /// The world as it is, without operations being brought up to date.
    pub(crate) fn raw(&self) -> MutexGuard<'_, Inner> {
        // A test that panicked while it changed the state must not take the other threads with it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world, with every operation that is due by now ended.
    pub(crate) fn now(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.raw();
        inner.settle();
        inner
    }
}

impl Inner {
    /// Milliseconds since 1970 by the simulator's clock, which goes from then to the year 9999.
    pub(crate) fn now_ms(&self) -> i64 {
        let State { time_offset, time_offset_ms, frozen_at_ms, .. } = self.state;
        frozen_at_ms
            .unwrap_or_else(real_ms)
            .saturating_add(time_offset.saturating_mul(1000))
            .saturating_add(time_offset_ms)
            .clamp(0, LAST_MS)
    }

    /// Moves the clock, forward or back.
    pub(crate) fn advance_ms(&mut self, ms: i64) {
        self.edit_known(|state| {
            let total = state.time_offset_ms.saturating_add(ms);
            state.time_offset = state.time_offset.saturating_add(total / 1000);
            state.time_offset_ms = total % 1000;
        });
    }

    /// Lets the clock stand still at a time, or go on from where it is.
    pub(crate) fn freeze(&mut self, at_ms: Option<i64>) {
        let now = self.now_ms();
        self.edit_known(|state| {
            state.frozen_at_ms = at_ms;
            let ahead = if at_ms.is_some() { 0 } else { now.saturating_sub(real_ms()) };
            state.time_offset = ahead / 1000;
            state.time_offset_ms = ahead % 1000;
        });
    }

    /// Back to the start: state, log and faults.
    pub(crate) fn reset(&mut self) {
        self.state = self.start.clone();
        self.clear_log();
        self.faults = Faults::default();
        self.rate_windows.clear();
        self.settled_ms = None;
    }

    /// Forgets the requests, the DNS queries and what was asked over the web.
    pub(crate) fn clear_log(&mut self) {
        self.log.clear();
        self.dns_log.clear();
        self.web_log.clear();
    }

    /// Writes down what became of a request, unless the log was cleared meanwhile.
    pub(crate) fn set_log(&mut self, n: u64, status: u16, note: &[&str]) {
        if let Some(entry) = self.log.iter_mut().rev().find(|e| e.n == n) {
            entry.status = status;
            entry.note = note.join("; ");
        }
    }

    /// Changes the state: first what is due happens, then the change, then what the change made due.
    pub(crate) fn edit<T>(&mut self, change: impl FnOnce(&mut State) -> T) -> T {
        self.edit_known(|state| {
            let result = change(state);
            normalise(state);
            result
        })
    }

    /// The same for a change that is known to leave the names of the zone in their form, however many there are.
    pub(crate) fn edit_known<T>(&mut self, change: impl FnOnce(&mut State) -> T) -> T {
        self.settle();
        let result = change(&mut self.state);
        self.settle();
        result
    }

    /// Does what is due by now, in the order of time: operations end, and certificates are renewed. Called before
    /// anything is looked at, so that it seems as if it happened by itself.
    pub(crate) fn settle(&mut self) {
        let now = self.now_ms();
        certificates::follow(&mut self.state, now.div_euclid(1000));
        let switches = &self.state.switches;
        let default_pace = Pace { polls: switches.operation_polls, seconds: switches.operation_seconds };
        for operation in self.state.operations.iter_mut().filter(|o| o.outcome == Outcome::Running) {
            operation.started_at_ms.get_or_insert(now);
            operation.pace.get_or_insert(default_pace);
        }
        // What became due while nobody looked happened at its time; what a change made due happens now.
        let looked = self.settled_ms.unwrap_or(now).max(now.saturating_sub(LONGEST_LEAP_MS));
        while let Some((at, due)) = self.next_due(now) {
            let at = at.max(looked).min(now);
            match due {
                Due::Operation(index) => self.finish(index, at),
                Due::Renewal(app_id) => certificates::renew(&mut self.state, &app_id, at),
            }
        }
        self.settled_ms = Some(now);
    }

    /// What is due first.
    fn next_due(&self, now: i64) -> Option<(i64, Due)> {
        let end = |(index, operation): (usize, &Operation)| {
            let pace = operation.pace?;
            let by_polls = pace.polls.filter(|n| operation.polls >= *n).map(|_| now);
            let by_time = pace.seconds.and_then(|s| {
                let ms = i64::try_from(s).ok()?.checked_mul(1000)?;
                operation.started_at_ms?.checked_add(ms)
            });
            let at = by_time.into_iter().chain(by_polls).min()?;
            (operation.outcome == Outcome::Running && at <= now).then_some((at, index))
        };
        let operation = self.state.operations.iter().enumerate().filter_map(end).min();
        let renewal = certificates::next_renewal(&self.state)
            .map(|(at, app_id)| (at.saturating_mul(1000), app_id))
            .filter(|(at, _)| *at <= now);
        match (operation, renewal) {
            (Some((at, _)), Some((earlier, app_id))) if earlier < at => Some((earlier, Due::Renewal(app_id))),
            (Some((at, index)), _) => Some((at, Due::Operation(index))),
            (None, Some((at, app_id))) => Some((at, Due::Renewal(app_id))),
            (None, None) => None,
        }
    }

    /// Starts an operation and gives its id, as the answer to the write shows it.
    pub(crate) fn start_operation(
        &mut self,
        kind: &str,
        server_id: &str,
        app_id: &str,
        parameters: Value,
        effect: Effect,
        fail: Option<String>,
    ) -> Value {
        let number = self.state.next_id;
        self.state.next_id += 1;
        let id = match self.state.switches.operation_id_style {
            IdStyle::Digits | IdStyle::DigitsString => number.to_string(),
            IdStyle::Flex => format!("flex-{number}"),
            IdStyle::Uuid => format!("00c10d3a-5100-4000-8000-{number:012x}"),
        };
        let shown = match self.state.switches.operation_id_style {
            IdStyle::Digits => json!(number),
            _ => json!(id),
        };
        self.state.operations.push(Operation {
            id,
            kind: kind.into(),
            server_id: server_id.into(),
            app_id: app_id.into(),
            message: "Process is initiated".into(),
            parameters,
            effect,
            fail,
            ..Operation::default()
        });
        self.settle();
        shown
    }

    /// The operation that keeps a server busy.
    pub(crate) fn running_on(&self, server_id: &str) -> Option<&Operation> {
        self.state.operations.iter().find(|o| o.server_id == server_id && o.outcome == Outcome::Running)
    }

    fn finish(&mut self, index: usize, now_ms: i64) {
        let operation = self.state.operations[index].clone();
        let result = match operation.fail {
            Some(reason) => Err(reason),
            None => apply_effect(&mut self.state, &operation.app_id, operation.effect, now_ms),
        };
        let operation = &mut self.state.operations[index];
        match result {
            Ok(()) => {
                operation.outcome = Outcome::Done;
                operation.message = "Operation completed successfully".into();
            }
            Err(reason) => {
                operation.outcome = Outcome::Failed;
                operation.message = reason;
            }
        }
    }
}

/// The end of the year 9999, where the clock stops.
const LAST_MS: i64 = 253_402_300_799_999;

/// After a longer leap of the clock, what became due before happens then: each renewal makes the next one due.
const LONGEST_LEAP_MS: i64 = 10 * 366 * 86_400_000;

/// Something that happens by itself.
enum Due {
    /// The operation at this place ends.
    Operation(usize),
    /// The certificate of this application is renewed.
    Renewal(String),
}

fn real_ms() -> i64 {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
    i64::try_from(real).unwrap_or(i64::MAX)
}

fn apply_effect(state: &mut State, app_id: &str, effect: Effect, now_ms: i64) -> Result<(), String> {
    match effect {
        Effect::None => Ok(()),
        Effect::Aliases(list) => {
            let app = state.app_mut(app_id).ok_or("The application is gone.")?;
            app.aliases = list;
            Ok(())
        }
        Effect::Certificate { names, email, wildcard } => {
            let request = authority::Request { app_id, names: &names, wildcard, renewal: false };
            authority::order(state, now_ms, &request)?;
            let app = state.app(app_id).ok_or("The application is gone.")?;
            let installed = LetsEncrypt {
                app_prefix: app.app_fqdn.clone(),
                auto: true,
                challenges: Value::Null,
                is_installed: true,
                is_verified: true,
                ssl_domains: names,
                ssl_email: email,
                kind: if wildcard { "wc" } else { "le" }.into(),
            };
            certificates::install(state, app_id, installed, now_ms.div_euclid(1000));
            Ok(())
        }
        Effect::Renew => certificates::order_again(state, app_id, now_ms, false),
        Effect::Revoke => {
            let app = state.app_mut(app_id).ok_or("The application is gone.")?;
            app.lets_encrypt = None;
            state.certificates.remove(app_id);
            Ok(())
        }
    }
}

/// Brings the names of the zone into the form in which they are looked up.
fn normalise(state: &mut State) {
    if !state.dns.keys().all(|name| is_dns_key(name)) {
        state.dns = std::mem::take(&mut state.dns).into_iter().map(|(n, e)| (dns_key(&n), e)).collect();
    }
    if !state.web.keys().all(|name| is_dns_key(name)) {
        state.web = std::mem::take(&mut state.web).into_iter().map(|(n, e)| (dns_key(&n), e)).collect();
    }
}
