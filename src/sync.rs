//! The road of a call, from constants and domains to a report.

use std::time::Duration;

use crate::apply::apply;
use crate::clock::{Deadline, SystemClock};
use crate::cloudways::{CloudwaysRead, CloudwaysWrite, HttpCloudways};
use crate::config::{Constants, Settings};
use crate::desired::Desired;
use crate::domain::{DomainName, printable};
use crate::error::Error;
use crate::note::Note;
use crate::options::{DomainEntry, Options, ProbeFile};
use crate::report::{ConnectionReport, DnsCheckReport, DnsChecksReport, Report};
use crate::scene::{Scene, Task};
use crate::state::State;
use crate::summary::{self, Mode};
use crate::tables::HashSet;
use crate::web::Outside;

/// Brings aliases and certificate to what is wanted.
///
/// # Errors
/// An error means that nothing was written. From the first write on there is a report, with the error in it.
pub fn sync(constants: &dyn Constants, domains: &[DomainEntry], options: &Options) -> Result<Report, Error> {
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, options.deadline);
    let settings = Settings::from_constants(constants)?;
    let mut api = HttpCloudways::new(&settings, deadline)?;
    let outside = Outside::new(&settings);
    if settings.dry_run {
        preview(&settings, domains, options, deadline, &mut api, &outside)
    } else {
        reconcile(&settings, domains, options, deadline, &mut api, &outside)
    }
}

/// The same, and nothing is written.
///
/// # Errors
/// Whatever kept the plan from being made.
pub fn plan(constants: &dyn Constants, domains: &[DomainEntry], options: &Options) -> Result<Report, Error> {
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, options.deadline);
    let settings = Settings::from_constants(constants)?;
    let mut api = HttpCloudways::new(&settings, deadline)?;
    preview(&settings, domains, options, deadline, &mut api, &Outside::new(&settings))
}

/// Looks, plans, withholds, applies, reports.
///
/// # Errors
/// As [`sync`].
pub fn reconcile(
    settings: &Settings,
    domains: &[DomainEntry],
    options: &Options,
    deadline: Deadline<'_>,
    api: &mut impl CloudwaysWrite,
    outside: &Outside,
) -> Result<Report, Error> {
    let (state, warnings) = load_state(settings, options, deadline);
    let desired = Desired::new(domains, options, settings, &state.leaving);
    let task = Task { settings, desired: &desired, options, deadline, outside };
    let mut scene = Scene::open(task, api, state, warnings)?;
    let stopped_by = match apply(task, api, &mut scene) {
        Err(error) if !scene.wrote => return Err(error),
        Err(error) => Some(error),
        Ok(()) => None,
    };
    scene.keep_reasons(task);
    scene.keep_what_was_accepted(task);
    scene.keep_what_is_missed();
    let state = scene.state.to_value();
    Ok(summary::report(task, scene, Mode::Applied, stopped_by.as_ref(), state, api.requests()))
}

/// Looks and plans. The API is given in a form that cannot write.
///
/// # Errors
/// As [`plan`].
pub fn preview(
    settings: &Settings,
    domains: &[DomainEntry],
    options: &Options,
    deadline: Deadline<'_>,
    api: &mut impl CloudwaysRead,
    outside: &Outside,
) -> Result<Report, Error> {
    let (state, mut warnings) = load_state(settings, options, deadline);
    let desired = Desired::new(domains, options, settings, &state.leaving);
    let task = Task { settings, desired: &desired, options, deadline, outside };
    let unchanged = options.state.clone().unwrap_or_else(|| state.to_value());
    if settings.dry_run {
        warnings.push(Note::DryRun);
    }
    let mut scene = Scene::open(task, api, state, warnings)?;
    scene.plan_everything(task);
    Ok(summary::report(task, scene, Mode::Planned, None, unchanged, api.requests()))
}

/// Asks DNS about names, against the addresses of the server; what points elsewhere is asked for `probe`, where there is
/// one. The answers come name by name, in the order given.
///
/// # Errors
/// When the addresses cannot be read. What is wrong with one name stands in its answer.
pub fn check_dns(
    constants: &dyn Constants,
    names: &[Vec<u8>],
    probe: Option<&ProbeFile>,
    deadline: Duration,
) -> Result<DnsChecksReport, Error> {
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, deadline);
    let settings = Settings::from_constants(constants)?;
    let mut api = HttpCloudways::new(&settings, deadline)?;
    look_up(names, probe, deadline, &mut api, &Outside::new(&settings))
}

/// The same, with everything it asks in hand.
///
/// # Errors
/// As [`check_dns`].
pub fn look_up(
    names: &[Vec<u8>],
    probe: Option<&ProbeFile>,
    deadline: Deadline<'_>,
    api: &mut impl CloudwaysRead,
    outside: &Outside,
) -> Result<DnsChecksReport, Error> {
    let observed = api.observe(deadline.keeping(deadline.total() / 2))?;
    let addresses = &observed.server.addresses;

    let parsed: Vec<_> = names.iter().map(|raw| (raw, DomainName::parse_plain(raw))).collect();
    let asked: Vec<DomainName> = parsed.iter().filter_map(|(_, name)| name.as_ref().ok()).cloned().collect();
    let mut checks = outside.check(&asked, addresses, probe, deadline).into_iter();

    let mut answers: Vec<(String, DnsCheckReport)> = Vec::with_capacity(parsed.len());
    let mut seen = HashSet::default();
    for (raw, name) in parsed {
        let (key, answer) = match name {
            Err(reason) => {
                let domain = printable(raw);
                let note = Some(Note::InvalidDomain { domain: domain.clone(), reason });
                (domain, DnsCheckReport { verdict: "not_asked", addresses: Vec::new(), cname: None, note })
            }
            Ok(name) => {
                let Some(check) = checks.next() else { continue };
                let note = summary::dns_note(&name, &check, addresses);
                let verdict = check.verdict.as_str();
                let cname = check.cname.last().cloned();
                (name.to_string(), DnsCheckReport { verdict, addresses: check.addresses, cname, note })
            }
        };
        if seen.insert(key.clone()) {
            answers.push((key, answer));
        }
    }
    Ok(DnsChecksReport(answers))
}

/// Says what the credentials open, and whether server and application are there.
///
/// # Errors
/// Whatever keeps them from being read.
pub fn test_connection(constants: &dyn Constants, deadline: Duration) -> Result<ConnectionReport, Error> {
    let clock = SystemClock::start();
    let deadline = Deadline::new(&clock, deadline);
    let settings = Settings::from_constants(constants)?;
    let observed = HttpCloudways::new(&settings, deadline)?.observe(deadline)?;
    Ok(ConnectionReport::new(settings.credential.kind(), &observed))
}

fn load_state(settings: &Settings, options: &Options, deadline: Deadline<'_>) -> (State, Vec<Note>) {
    let (network, now) = (options.network_domain.as_ref(), deadline.clock().unix());
    let (state, note) = State::load(options.state.as_ref(), settings.server_id, settings.app_id, network, now);
    (state, note.into_iter().collect())
}
