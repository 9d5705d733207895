//! From what is known at the end of a run to its report.

use std::net::IpAddr;

use serde_json::Value;

use crate::aside::SetAside;
use crate::budget::set_of;
use crate::certificate::{CertificatePlan, LIMIT, Order, Standing, WildcardStep};
use crate::cloudways::{InstalledCertificate, ObservedAlias, names_of, spellings_of};
use crate::desired::Source;
use crate::dns::{Caa, NameCheck, Unknown, Verdict};
use crate::domain::DomainName;
use crate::error::Error;
use crate::note::Note;
use crate::plan::{AliasPlan, Moment};
use crate::report::{
    AliasStanding, AliasesReport, BudgetReport, CertificateReport, CertificateStanding, ConnectionReport, DnsReport,
    DomainReport, ErrorReport, InstalledReport, OperationReport, Report, Status, VERSION,
};
use crate::scene::{Scene, Task};
use crate::state::OperationKind;
use crate::tables::{HashMap, HashSet};

/// An error that passes by itself is tried again after this many seconds, where it does not say better.
const AFTER_A_PASSING_ERROR: u64 = 60;
/// An operation of ours that goes on while something else is wrong is asked about after this many seconds.
const WHILE_AN_OPERATION_GOES_ON: u64 = 300;
/// DNS that gave no answer is asked again after this many seconds.
const AFTER_UNKNOWN_DNS: u64 = 300;
/// DNS that is wrong is looked at again after this many seconds: somebody is changing it, and waits for HTTPS.
const AFTER_WRONG_DNS: u64 = 900;
/// A renewal that stays off is worth another try after this many seconds.
const AFTER_AUTO_WAS_TRIED: u64 = 3_600;

/// Whether the plan was carried out or only made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Made: the report says what would be.
    Planned,
    /// Carried out: the report says what is.
    Applied,
}

/// Puts the report together.
#[must_use]
#[inline(never)] // Its instructions are counted, by its name (tests/counts).
pub fn report(
    task: Task<'_>,
    scene: Scene,
    mode: Mode,
    stopped_by: Option<&Error>,
    state: Value,
    requests: u32,
) -> Report {
    // After a run, what is still to be done is seen best by planning once more from the last look.
    let aliases = match mode {
        Mode::Planned => scene.plan.aliases.clone(),
        Mode::Applied => scene.plan_aliases(task),
    };
    let certificate = task.options.ssl.then(|| match (&scene.plan.certificate, mode) {
        (Some(planned), Mode::Planned) => planned.clone(),
        _ => scene.plan_certificate(task, &aliases, Moment::Observed),
    });
    let now = task.deadline.clock().unix();
    let view = View {
        task,
        scene: &scene,
        mode,
        aliases: &aliases,
        certificate: certificate.as_ref(),
        refused_aliases: scene.state.aliases_aside.held_now(now),
        refused_in_certificate: scene.state.certificate_aside.held_now(now),
    };

    let mut warnings = scene.warnings.clone();
    if !aliases.withheld.is_empty() {
        let withheld = aliases.withheld.iter().map(|alias| alias.spelling.clone()).collect();
        warnings.push(Note::RemovalsWithheld { aliases: withheld, ours: aliases.ours });
    }
    warnings.extend(view.certificate_warnings());
    warnings.extend(view.move_of_the_server());
    let domains = view.domains();
    let certificate_report = view.certificate_report();
    let (status, next_at) = view.status(&domains, &certificate_report, stopped_by);
    Report {
        version: VERSION,
        status,
        next_at,
        aliases: view.aliases_report(),
        certificate: certificate_report,
        domains,
        connection: ConnectionReport::new(task.settings.credential.kind(), &scene.observed),
        operation: view.operation(),
        plan: scene.plan.report(task.settings),
        error: stopped_by.map(ErrorReport::from),
        warnings,
        requests,
        elapsed_ms: u64::try_from(task.deadline.clock().elapsed().as_millis()).unwrap_or(u64::MAX),
        state,
    }
}

/// What is wrong with a name's DNS, and what to do; `None`: nothing is.
#[must_use]
pub fn dns_note(name: &DomainName, check: &NameCheck, ours: &[IpAddr]) -> Option<Note> {
    let domain = name.clone();
    let expected = ours.iter().map(ToString::to_string).collect();
    match (check.verdict, &check.caa) {
        (Verdict::Missing, _) => Some(Note::DnsMissing { domain, expected }),
        (Verdict::Unknown, _) => Some(Note::DnsUnknown { domain, reason: check.reason.unwrap_or(Unknown::TimedOut) }),
        (Verdict::Elsewhere, _) => {
            let found = check.addresses.iter().map(ToString::to_string).collect();
            Some(Note::DnsElsewhere { domain, found, expected })
        }
        (Verdict::Here | Verdict::Proxied, Caa::Forbidden { at, issuers }) => {
            Some(Note::CaaForbids { domain, at: at.clone(), issuers: issuers.clone() })
        }
        (Verdict::Here | Verdict::Proxied, Caa::Unknown(reason)) => Some(Note::CaaUnknown { domain, reason: *reason }),
        (Verdict::Here | Verdict::Proxied, _) => None,
    }
}

struct View<'a> {
    task: Task<'a>,
    scene: &'a Scene,
    mode: Mode,
    aliases: &'a AliasPlan,
    certificate: Option<&'a CertificatePlan>,
    /// What is set aside now, of the aliases and of the certificate.
    refused_aliases: HashMap<&'a DomainName, &'a SetAside>,
    refused_in_certificate: HashMap<&'a DomainName, &'a SetAside>,
}

impl View<'_> {
    fn aliases_report(&self) -> AliasesReport {
        let spelt = |aliases: &[ObservedAlias]| aliases.iter().map(|alias| alias.spelling.clone()).collect::<Vec<_>>();
        let (added, removed) = match self.mode {
            Mode::Planned => (self.aliases.add.clone(), spelt(&self.aliases.remove)),
            Mode::Applied => (self.seen_added(), spelt(&self.seen_removed())),
        };
        AliasesReport {
            observed: spelt(&self.scene.observed.app.aliases),
            desired: self.task.desired.names().iter().map(|wanted| wanted.name.clone()).collect(),
            added,
            removed,
            withheld: spelt(&self.aliases.withheld),
            kept: spelt(&self.aliases.kept),
            sent: self.scene.sent.clone(),
        }
    }

    fn certificate_report(&self) -> CertificateReport {
        let planned = self.certificate;
        let note = planned.and_then(|plan| match &plan.order {
            Order::Awaited(note)
            | Order::Held(note)
            | Order::Wait { note, .. }
            | Order::Withheld(note)
            | Order::NotOurs(note) => Some(note.clone()),
            Order::None | Order::Place => None,
        });
        let next_order_at = match planned.map(|plan| &plan.order) {
            Some(Order::Wait { until, .. }) => Some(*until),
            _ => None,
        };
        CertificateReport {
            installed: self.installed(),
            budget: planned.map(|plan| BudgetReport {
                left: plan.left.orders,
                of: plan.left.of,
                domain: plan.left.domain.clone(),
                left_of_this_set: plan.left.of_this_set,
                next_order_at,
            }),
            wanted: planned.map(|plan| plan.wanted.clone()).unwrap_or_default(),
            ordered: self.scene.ordered.clone(),
            limit: LIMIT,
            left_out: planned.map(|plan| plan.left_out.clone()).unwrap_or_default(),
            note: self.scene.order_note.clone().or(note),
        }
    }

    /// What is installed, and what was seen of it where it is served.
    fn installed(&self) -> Option<InstalledReport> {
        let certificate = &self.scene.observed.app.certificate;
        let report = |names: &[DomainName], kind, auto| {
            let served = self.scene.state.served.as_ref().filter(|served| kind != "le" || served.set == set_of(names));
            Some(InstalledReport {
                names: names.to_vec(),
                kind,
                auto,
                issuer: served.map(|served| served.issuer.clone()),
                not_after: served.map(|served| served.not_after),
            })
        };
        match certificate {
            InstalledCertificate::None | InstalledCertificate::Unreadable => None,
            InstalledCertificate::LetsEncrypt { names, auto } => report(names, "le", *auto),
            InstalledCertificate::Wildcard { names, auto } => report(names, "wc", *auto),
            InstalledCertificate::Custom => report(&[], "custom", None),
        }
    }

    fn certificate_warnings(&self) -> Vec<Note> {
        let mut warnings = Vec::new();
        let Some(plan) = self.certificate else { return warnings };
        let now = self.task.deadline.clock().unix();
        if let (InstalledCertificate::LetsEncrypt { names, .. }, Some(served)) =
            (&self.scene.observed.app.certificate, &self.scene.state.served)
            && served.set != set_of(names)
            && !self.scene.state.served_is_due(&set_of(names), now)
        {
            warnings.push(Note::ServedOther { issuer: served.issuer.clone() });
        }
        let ending = self.installed().and_then(|installed| installed.not_after);
        let is_near = self.scene.state.served.as_ref().is_some_and(|served| served.is_near_its_end(now));
        if let Some(not_after) = ending.filter(|_| is_near && plan.order != Order::Place) {
            warnings.push(Note::CertificateEnds { not_after });
        }
        let wildcard = self.task.settings.wildcard_ssl.as_ref();
        if let (Some(WildcardStep::Verify | WildcardStep::Prepare), Some(progress)) =
            (plan.wildcard, &self.scene.state.wildcard)
            && let Some(target) = &progress.target
        {
            let record = format!("_acme-challenge.{}", progress.apex);
            warnings.push(Note::WildcardRecord { record, target: target.to_string() });
        }
        if let (Some(WildcardStep::Installed), Some(wildcard)) = (plan.wildcard, wildcard) {
            let uncovered = self
                .task
                .desired
                .names()
                .iter()
                .filter(|wanted| wanted.may_be_certified() && !plan.standing.contains_key(&wanted.name));
            let names = uncovered.map(|wanted| wanted.name.clone()).collect();
            warnings.push(Note::WildcardOnly { domain: wildcard.clone(), names });
        }
        warnings
    }

    /// Said when it is found, and for as long as names still point to the old address.
    fn move_of_the_server(&self) -> Option<Note> {
        let moved = self.scene.state.moved.as_ref()?;
        let began = self.task.deadline.clock().unix().saturating_sub(self.task.deadline.clock().elapsed().as_secs());
        let lags = |check: &NameCheck| check.addresses.iter().any(|address| moved.from.contains(address));
        let to = &self.scene.observed.server.addresses;
        (moved.at >= began || self.scene.verdicts.values().any(lags)).then(|| Note::ServerAddressChanged {
            from: moved.from.iter().map(ToString::to_string).collect(),
            to: to.iter().map(ToString::to_string).collect(),
        })
    }

    /// Wanted names as they are wanted, then the primary domain, then what goes or was to go, then what is no name.
    fn domains(&self) -> Vec<(String, DomainReport)> {
        let app = &self.scene.observed.app;
        let desired = self.task.desired;
        let there = names_of(&app.aliases);
        let added: HashSet<&DomainName> = self.scene.added.iter().collect();
        let mut domains = Vec::with_capacity(desired.names().len() + 1);
        for wanted in desired.names() {
            let is_primary = Some(&wanted.name) == app.primary.as_ref();
            let source = if is_primary { Source::Primary } else { wanted.source };
            let alias = self.alias_of(&wanted.name, &there, &added);
            domains.push((wanted.name.to_string(), self.domain(&wanted.name, source, alias)));
        }
        if let Some(primary) = app.primary.as_ref().filter(|name| !desired.contains(name)) {
            domains.push((primary.to_string(), self.domain(primary, Source::Primary, AliasStanding::Primary)));
        }
        let removed = match self.mode {
            Mode::Planned => &self.aliases.remove,
            Mode::Applied => &self.scene.removed,
        };
        let spellings = spellings_of(&app.aliases);
        let is_gone =
            |alias: &ObservedAlias| self.mode == Mode::Planned || !spellings.contains(alias.spelling.as_str());
        let gone = removed
            .iter()
            .map(|alias| (alias, if is_gone(alias) { AliasStanding::Removed } else { AliasStanding::Pending }));
        let withheld = self.aliases.withheld.iter().map(|alias| (alias, AliasStanding::Withheld));
        for (alias, standing) in gone.chain(withheld) {
            let note =
                (standing == AliasStanding::Withheld).then(|| Note::RemovalWithheld { alias: alias.spelling.clone() });
            let source = alias.name.as_ref().map_or(Source::Mapped, |name| self.source_it_had(name));
            let key = alias.name.as_ref().map_or_else(|| alias.spelling.clone(), ToString::to_string);
            let certificate = CertificateStanding::None;
            domains.push((key, DomainReport { source, alias: standing, dns: None, certificate, note }));
        }
        for invalid in desired.invalid() {
            let note = Note::InvalidDomain { domain: invalid.shown.clone(), reason: invalid.reason };
            domains.push((
                invalid.shown.clone(),
                DomainReport {
                    source: invalid.source,
                    alias: AliasStanding::Invalid,
                    dns: None,
                    certificate: CertificateStanding::None,
                    note: Some(note),
                },
            ));
        }
        // What is wanted comes first, and each name of it once.
        let mut listed = HashSet::default();
        let mut others = domains.split_off(desired.names().len());
        others.retain(|(key, _)| !desired.contains_spelled(key) && listed.insert(key.clone()));
        domains.append(&mut others);
        domains
    }

    /// What was sent to be added, and is there.
    fn seen_added(&self) -> Vec<DomainName> {
        let there = names_of(&self.scene.observed.app.aliases);
        self.scene.added.iter().filter(|name| there.contains(name)).cloned().collect()
    }

    /// What was sent to be removed, and is gone.
    fn seen_removed(&self) -> Vec<ObservedAlias> {
        let there = spellings_of(&self.scene.observed.app.aliases);
        self.scene.removed.iter().filter(|alias| !there.contains(alias.spelling.as_str())).cloned().collect()
    }

    fn domain(&self, name: &DomainName, source: Source, alias: AliasStanding) -> DomainReport {
        let check = self.scene.verdicts.get(name);
        let standing = self.certificate.and_then(|plan| plan.standing.get(name).copied());
        let certificate = self.certificate_of(name, standing);
        let dns = match standing {
            None | Some(Standing::NotCertifiable) => None,
            Some(_) => Some(check.map_or(DnsReport::NOT_ASKED, DnsReport::new)),
        };
        let refused_alias = self.refused_aliases.get(name).filter(|_| alias == AliasStanding::SetAside);
        let refused = self.refused_in_certificate.get(name);
        let note = if alias == AliasStanding::Missing {
            Some(Note::AliasNotSeen { domain: name.clone() })
        } else if let Some(SetAside { reason, until, .. }) = refused_alias {
            Some(Note::AliasSetAside { domain: name.clone(), reason: reason.clone(), until: *until })
        } else if let Some(note) = check.and_then(|check| dns_note(name, check, &self.scene.observed.server.addresses))
        {
            Some(note)
        } else if let Some(SetAside { reason, until, .. }) = refused {
            Some(Note::CertificateSetAside { domain: name.clone(), reason: reason.clone(), until: *until })
        } else {
            match standing {
                Some(Standing::LeftOut) => Some(Note::LeftOut { domain: name.clone(), limit: LIMIT }),
                Some(Standing::NotCertifiable) if !name.is_wildcard() => {
                    Some(Note::NotCertifiable { domain: name.clone() })
                }
                _ => None,
            }
        };
        DomainReport { source, alias, dns, certificate, note }
    }

    fn alias_of(&self, name: &DomainName, there: &HashSet<&DomainName>, added: &HashSet<&DomainName>) -> AliasStanding {
        let app = &self.scene.observed.app;
        if there.contains(name) {
            return if added.contains(name) { AliasStanding::Added } else { AliasStanding::Present };
        }
        if Some(name) == app.primary.as_ref() || Some(name) == app.fqdn.as_ref() {
            return AliasStanding::Primary;
        }
        if self.aliases.by_wildcard.contains(name) {
            return AliasStanding::ByWildcard;
        }
        if self.aliases.set_aside.contains(name) {
            return AliasStanding::SetAside;
        }
        let under_way = self.scene.state.operation.as_ref().is_some_and(|op| op.kind == OperationKind::Aliases);
        match self.mode {
            Mode::Planned => AliasStanding::Added,
            Mode::Applied if added.contains(name) && !under_way => AliasStanding::Missing,
            Mode::Applied => AliasStanding::Pending,
        }
    }

    fn certificate_of(&self, name: &DomainName, standing: Option<Standing>) -> CertificateStanding {
        let going_on = self.scene.state.operation.as_ref().is_some_and(|op| op.kind == OperationKind::Certificate);
        // Who is to leave is served until then.
        let is_in_it = || self.certificate.is_some_and(|plan| plan.installed.contains(name));
        match standing {
            Some(Standing::Covered) => CertificateStanding::Covered,
            Some(Standing::Blocked) if self.mode == Mode::Applied && is_in_it() => CertificateStanding::Covered,
            Some(Standing::New) if going_on => CertificateStanding::Ordered,
            Some(Standing::New | Standing::Waiting) => CertificateStanding::Waiting,
            Some(Standing::Blocked | Standing::SetAside) => CertificateStanding::Blocked,
            Some(Standing::LeftOut) => CertificateStanding::LeftOut,
            Some(Standing::NotCertifiable) | None => CertificateStanding::None,
        }
    }

    /// Why an alias of ours was once wanted is not remembered; its form tells most of it.
    fn source_it_had(&self, name: &DomainName) -> Source {
        if self.task.desired.is_of_network(name) {
            Source::Network
        } else if name.as_str().starts_with("www.") {
            Source::Www
        } else {
            Source::Mapped
        }
    }

    fn operation(&self) -> Option<OperationReport> {
        let ours = self.scene.state.operation.as_ref().map(|operation| OperationReport {
            id: operation.id.clone(),
            kind: operation.kind.as_str().to_owned(),
            ours: true,
            since: operation.since,
            estimate_s: operation.estimate,
        });
        ours.or_else(|| self.scene.others_operation.clone())
    }

    fn status(
        &self,
        domains: &[(String, DomainReport)],
        certificate: &CertificateReport,
        stopped_by: Option<&Error>,
    ) -> (Status, Option<u64>) {
        let now = self.task.deadline.clock().unix();
        let partial = !self.aliases.withheld.is_empty()
            || stopped_by.is_some()
            || matches!(self.certificate.map(|plan| &plan.order), Some(Order::Held(_) | Order::Withheld(_)))
            || self.waits().is_some_and(|(note, _)| !passes_by_itself(note))
            || self.scene.aliases_refused
            || matches!(self.scene.observed.app.certificate, InstalledCertificate::Unreadable)
            || self.scene.warnings.contains(&Note::AutoNotSeen)
            || certificate.note.as_ref().is_some_and(|note| matches!(note, Note::OrderFailed { .. }))
            || domains.iter().any(|(_, domain)| {
                matches!(domain.alias, AliasStanding::Invalid | AliasStanding::Missing | AliasStanding::SetAside)
                    || matches!(domain.certificate, CertificateStanding::Blocked | CertificateStanding::LeftOut)
            });
        if self.mode == Mode::Planned {
            let status = if self.scene.plan.writes() { Status::ChangesPending } else { Status::Ok };
            return (status, None);
        }
        let passing = stopped_by.filter(|error| is_passing(error));
        let wait = self.scene.pending.into_iter();
        let wait = wait.chain(passing.map(|error| error.retry_after().unwrap_or(AFTER_A_PASSING_ERROR))).min();
        let wait = wait.or(self.scene.state.operation.as_ref().map(|_| WHILE_AN_OPERATION_GOES_ON));
        let held = self.waits();
        let order_at = held.map(|(_, until)| until);
        let aside = self.aside_until();
        let unknown = domains.iter().any(|(_, domain)| domain.dns.as_ref().is_some_and(|dns| dns.verdict == "unknown"));
        let unknown = unknown.then(|| now.saturating_add(AFTER_UNKNOWN_DNS));
        let blocked = domains.iter().any(|(_, domain)| {
            domain.certificate == CertificateStanding::Blocked
                && domain.dns.as_ref().is_some_and(|dns| matches!(dns.verdict, "elsewhere" | "missing"))
        });
        let blocked = blocked.then(|| now.saturating_add(AFTER_WRONG_DNS));
        let auto_is_off = self.scene.warnings.contains(&Note::AutoNotSeen);
        let auto =
            self.scene.state.auto_tried.filter(|_| auto_is_off).map(|at| at.saturating_add(AFTER_AUTO_WAS_TRIED));
        let status = if wait.is_some() || held.is_some_and(|(note, _)| passes_by_itself(note)) {
            Status::Pending
        } else if partial {
            Status::Partial
        } else {
            Status::Ok
        };
        let wait = wait.map(|seconds| now.saturating_add(seconds));
        (status, [wait, order_at, aside, unknown, blocked, auto].into_iter().flatten().min())
    }

    /// An order that waits: why, and until when.
    fn waits(&self) -> Option<(&Note, u64)> {
        match self.certificate.map(|plan| &plan.order) {
            Some(Order::Wait { note, until }) => Some((note, *until)),
            _ => None,
        }
    }

    /// When the first of the names that are set aside gets another try.
    fn aside_until(&self) -> Option<u64> {
        let primary = self.scene.observed.app.primary.as_ref();
        let matters = |name: &DomainName| self.task.desired.contains(name) || Some(name) == primary;
        let refusals = self.refused_aliases.values().chain(self.refused_in_certificate.values());
        refusals.filter(|refusal| matters(&refusal.name)).map(|refusal| refusal.until).min()
    }
}

/// Whether what waits comes by itself, and nothing has to be put right first.
fn passes_by_itself(note: &Note) -> bool {
    !matches!(note, Note::OrderHeld { .. } | Note::OrderWaitsForDns { .. })
}

fn is_passing(error: &Error) -> bool {
    matches!(error, Error::RateLimited { .. } | Error::Busy { .. } | Error::Unavailable { .. })
}
