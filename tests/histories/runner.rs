//! A runner: what the WordPress plugin does around a call. It keeps a memory as JSON text, and knows which mappings
//! ended, when it is next, and whether a call never came back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::between::{self, Ask, Interjection, Outcome};
use crate::book::{Ended, Mapped, Millis, SECOND};
use crate::history::{History, NETWORK};

/// Seconds until the hourly look.
const RECONCILE: u64 = 3_600;

/// Which domains get a `www.` alias where they do not say so themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Www {
    Always,
    MainOnly,
    Never,
}

/// The names that mappings and extra domains make, by the words of the design.
pub fn wanted(mapped: &[Mapped], www: Www, extras: &[String]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = extras.iter().cloned().collect();
    for mapping in mapped {
        names.insert(mapping.name.clone());
        let of_network = mapping.name.ends_with(&format!(".{NETWORK}"));
        // The histories' domains are two labels long when somebody registered them.
        let asked = mapping.www.unwrap_or(match www {
            Www::Always => true,
            Www::MainOnly => mapping.name.matches('.').count() == 1,
            Www::Never => false,
        });
        if asked && !of_network && !mapping.name.starts_with("www.") {
            names.insert(format!("www.{}", mapping.name));
        }
    }
    names
}

#[derive(Clone)]
pub struct Runner {
    /// The memory, as PHP stores it.
    pub state: Option<String>,
    /// Names whose mapping ended, with the number of the event that said so.
    pub removed: BTreeMap<String, u64>,
    events: u64,
    pub sys_user: String,
    /// When it is next, in Unix seconds.
    pub due: u64,
    failures: u32,
    /// Runs that began and did not end.
    open: BTreeSet<u64>,
    runs: u64,
    /// Who holds the lock.
    pub holder: u64,
}

/// What one run came to.
pub struct Ran {
    pub wrote: bool,
    pub pending: bool,
    pub threw: bool,
    pub report: Option<Value>,
}

/// How a run is made.
#[derive(Clone, Default)]
pub struct How {
    pub deadline: u64,
    pub force: bool,
    pub fingerprint: Option<String>,
    pub interjections: Vec<Interjection>,
    /// The mapped domains as a broken read gives them.
    pub broken_read: Option<Vec<Mapped>>,
    /// Whether its memory is kept although another run took over meanwhile, as without a lock.
    pub without_lock: bool,
    /// How slow Cloudways is, in percent of an ordinary day.
    pub slowness: u64,
}

impl Runner {
    pub fn new(sys_user: &str) -> Self {
        Self {
            state: None,
            removed: BTreeMap::new(),
            events: 0,
            sys_user: sys_user.into(),
            due: 0,
            failures: 0,
            open: BTreeSet::new(),
            runs: 0,
            holder: 0,
        }
    }

    /// A mapping ended: the plugin marks the domain, and later tells the engine of it and of its `www.`.
    pub fn mark_removed(&mut self, name: &str) {
        self.events += 1;
        self.removed.insert(name.to_owned(), self.events);
    }
}

fn removed_entries(removed: &BTreeMap<String, u64>) -> Vec<String> {
    let www = |name: &String| (!name.starts_with("www.") && !name.starts_with("*.")).then(|| format!("www.{name}"));
    removed.keys().flat_map(|name| [Some(name.clone()), www(name)]).flatten().collect()
}

/// Runs once, with the runner that the history has.
pub fn run(history: &History, how: How) -> Ran {
    let (id, ask, removed) = {
        let mut runner = history.runner.borrow_mut();
        runner.runs += 1;
        let id = runner.runs;
        let interrupted = !runner.open.is_empty();
        runner.open.insert(id);
        runner.holder = id;
        let mapped = how.broken_read.clone().unwrap_or_else(|| history.book.borrow().mapped.clone());
        let ask = Ask {
            mapped,
            removed: removed_entries(&runner.removed),
            state: runner.state.clone(),
            sys_user: runner.sys_user.clone(),
            deadline: how.deadline,
            force: how.force,
            fingerprint: how.fingerprint.clone(),
            interrupted,
            slowness: how.slowness,
        };
        (id, ask, runner.removed.clone())
    };
    let mapped = ask.mapped.clone();
    let now = |history: &History| history.now() / SECOND;
    let (call, outcome) = between::call(history, ask, how.interjections);
    let displaced = history.runner.borrow().holder != id;
    let ended = match &outcome {
        Outcome::Killed => Ended::Killed,
        Outcome::Threw(_) => Ended::Thrown,
        Outcome::Report(_) if displaced && !how.without_lock => Ended::Displaced,
        Outcome::Report(_) => Ended::Kept,
    };
    let ran = match outcome {
        Outcome::Killed => {
            // Should a process die, somebody looks again when its lock has run out.
            history.runner.borrow_mut().due = now(history) + how.deadline + 60;
            Ran { wrote: true, pending: true, threw: false, report: None }
        }
        Outcome::Threw(error) => {
            let mut runner = history.runner.borrow_mut();
            runner.open.remove(&id);
            runner.failures += 1;
            let again = ["rate_limited", "busy", "api_unavailable"].contains(&error.code);
            let backoff = RECONCILE.min(60 << (runner.failures - 1).min(10));
            let delay = if again { backoff.max(error.retry_after.unwrap_or(0)) } else { RECONCILE };
            runner.due = now(history) + delay;
            Ran { wrote: false, pending: true, threw: true, report: None }
        }
        Outcome::Report(report) => {
            let mut runner = history.runner.borrow_mut();
            if ended == Ended::Displaced {
                runner.open.remove(&id);
            } else {
                runner.state = Some(report["state"].to_string());
                runner.open.clear();
                forget_removed(&mut runner, &removed, &report, &mapped);
                let next = report["next_at"].as_u64();
                if report["error"].is_null() {
                    runner.failures = 0;
                    let now = now(history);
                    runner.due = next.map_or(now + RECONCILE, |next| next.max(now + 5).min(now + RECONCILE));
                } else {
                    runner.failures += 1;
                    let backoff = RECONCILE.min(60 << (runner.failures - 1).min(10));
                    runner.due = now(history) + backoff.max(report["error"]["retry_after"].as_u64().unwrap_or(0));
                }
            }
            let pending = report["status"] == "pending" || !report["error"].is_null();
            Ran { wrote: history.book.borrow().calls[call].wrote, pending, threw: false, report: Some(report) }
        }
    };
    crate::oracle::after_a_call(history, call, ended, ran.report.as_ref());
    ran
}

/// Names that are gone at Cloudways, or wanted again, are removed no more; not those marked since they were read.
fn forget_removed(runner: &mut Runner, before: &BTreeMap<String, u64>, report: &Value, mapped: &[Mapped]) {
    let observed = report["aliases"]["observed"].as_array().cloned().unwrap_or_default();
    let there: BTreeSet<String> = observed
        .iter()
        .filter_map(Value::as_str)
        .map(|alias| alias.to_lowercase().trim_end_matches('.').to_owned())
        .collect();
    for (name, mark) in before {
        let gone = !there.contains(name) && !there.contains(&format!("www.{name}"));
        let wanted = mapped.iter().any(|mapping| mapping.name == *name);
        if (gone || wanted) && runner.removed.get(name) == Some(mark) {
            runner.removed.remove(name);
        }
    }
}

/// The number of milliseconds until a moment in Unix seconds; 0 when it is past.
pub fn until(history: &History, unix: u64) -> Millis {
    (unix * SECOND).saturating_sub(history.now())
}
