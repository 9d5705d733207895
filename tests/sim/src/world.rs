//! The state together with the log, the faults and the clock: all that the API, the control interface
//! and DNS share. Everything here is done under one lock and takes no time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Value, json};

use crate::authority;
use crate::fault::Faults;
use crate::log::LogEntry;
use crate::state::{Effect, IdStyle, LetsEncrypt, Operation, Outcome, Pace, State, dns_key};

/// The shared world.
pub(crate) struct World {
    inner: Mutex<Inner>,
}

/// What is behind the lock.
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) start: State,
    pub(crate) log: Vec<LogEntry>,
    pub(crate) logged: u64,
    pub(crate) faults: Faults,
    pub(crate) dns_log: Vec<DnsQuery>,
}

/// A question that came over DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DnsQuery {
    /// The name, lower case, no trailing dot.
    pub name: String,
    /// `A`, `AAAA`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `udp` or `tcp`.
    pub transport: &'static str,
}

impl World {
    pub(crate) fn new(mut start: State) -> Self {
        normalise(&mut start);
        Self {
            inner: Mutex::new(Inner {
                state: start.clone(),
                start,
                log: Vec::new(),
                logged: 0,
                faults: Faults::default(),
                dns_log: Vec::new(),
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
    /// Milliseconds since 1970 by the simulator's clock.
    pub(crate) fn now_ms(&self) -> i64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        i64::try_from(real).unwrap_or(i64::MAX).saturating_add(self.state.time_offset.saturating_mul(1000))
    }

    /// Back to the start: state, log and faults.
    pub(crate) fn reset(&mut self) {
        self.state = self.start.clone();
        self.clear_log();
        self.faults = Faults::default();
    }

    /// Forgets the requests and the DNS queries.
    pub(crate) fn clear_log(&mut self) {
        self.log.clear();
        self.dns_log.clear();
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
        self.settle();
        let result = change(&mut self.state);
        normalise(&mut self.state);
        self.settle();
        result
    }

    /// Ends the operations whose time has come. Called before anything is looked at, so that it seems as
    /// if they ended by themselves.
    pub(crate) fn settle(&mut self) {
        let now = self.now_ms();
        for at in 0..self.state.operations.len() {
            let switches = &self.state.switches;
            let default_pace = Pace { polls: switches.operation_polls, seconds: switches.operation_seconds };
            let operation = &mut self.state.operations[at];
            if operation.outcome != Outcome::Running {
                continue;
            }
            let started = *operation.started_at_ms.get_or_insert(now);
            let pace = *operation.pace.get_or_insert(default_pace);
            let by_polls = pace.polls.is_some_and(|n| operation.polls >= n);
            let by_time = pace
                .seconds
                .and_then(|s| i64::try_from(s).ok())
                .is_some_and(|s| now.saturating_sub(started) >= s.saturating_mul(1000));
            if by_polls || by_time {
                self.finish(at);
            }
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

    fn finish(&mut self, at: usize) {
        let operation = self.state.operations[at].clone();
        let result = match operation.fail {
            Some(reason) => Err(reason),
            None => apply_effect(&mut self.state, &operation.app_id, operation.effect),
        };
        let operation = &mut self.state.operations[at];
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

fn apply_effect(state: &mut State, app_id: &str, effect: Effect) -> Result<(), String> {
    match effect {
        Effect::None => Ok(()),
        Effect::Aliases(list) => {
            let app = state.app_mut(app_id).ok_or("The application is gone.")?;
            app.aliases = list;
            Ok(())
        }
        Effect::Certificate { names, email, wildcard } => {
            let server = state
                .servers
                .iter()
                .find(|s| s.apps.iter().any(|a| a.id == app_id))
                .ok_or("The application is gone.")?;
            let app = state.app(app_id).ok_or("The application is gone.")?;
            authority::check(state, server, app, &names, wildcard)?;

            let app = state.app_mut(app_id).ok_or("The application is gone.")?;
            // One certificate per application (documented): the new one takes the place of whichever was there.
            app.own_ssl = Value::Null;
            app.lets_encrypt = Some(LetsEncrypt {
                app_prefix: app.app_fqdn.clone(),
                auto: true,
                challenges: Value::Null,
                is_installed: true,
                is_verified: true,
                ssl_domains: names,
                ssl_email: email,
                kind: if wildcard { "wc" } else { "le" }.into(),
            });
            Ok(())
        }
    }
}

/// Brings the names of the zone into the form in which they are looked up.
fn normalise(state: &mut State) {
    if state.dns.keys().any(|name| dns_key(name) != *name) {
        state.dns = std::mem::take(&mut state.dns).into_iter().map(|(n, e)| (dns_key(&n), e)).collect();
    }
}
