//! What must hold for any bytes that come from outside, each kind in a function of its own: for the fuzz targets, which
//! call them, and for a test that runs every file that fuzzing left. There is nothing of it in what is shipped.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::budget::set_of;
use crate::certificate::{self, Basis, LIMIT};
use crate::cloudways::{App, InstalledCertificate, ObservedAlias};
use crate::config::{AliasPolicy, ConstantValue, Settings};
use crate::desired::Desired;
use crate::dns::{NameCheck, Qualifies, Verdict};
use crate::domain::{DomainName, InvalidDomain, printable};
use crate::guard;
use crate::options::given::{Cut, DEPTH, Given, Key};
use crate::options::read::{self, Call, Wrong};
use crate::options::{DomainEntry, Options};
use crate::plan::{self, Moment};
use crate::state::{OrderOutcome, State};
use crate::tables::{HashMap, HashSet};

pub use crate::cloudways::fuzzing::{answer, server};

/// Whether some bytes were of use. A corpus has both kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// They were.
    Accepted,
    /// They were not, and it was said.
    Refused,
}

const NOW: u64 = 1_800_000_000;
const SERVER_ID: u64 = 50_482;
const APP_ID: u64 = 131_933;

/// Whether a text may stand in a message: no control characters, and not longer than so many characters.
pub(crate) fn is_fit_to_be_shown(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// A domain name.
pub fn domain(raw: &[u8]) -> Outcome {
    assert!(is_fit_to_be_shown(&printable(raw), 256));
    let name = match DomainName::parse(raw) {
        Ok(name) => name,
        Err(reason) => {
            assert!(InvalidDomain::ALL.contains(&reason));
            assert!(DomainName::parse_plain(raw).is_err());
            return Outcome::Refused;
        }
    };
    let text = name.as_str();
    let parse = |text: &str| DomainName::parse(text.as_bytes());
    assert_eq!(parse(text), Ok(name.clone()), "normalising twice is normalising once");
    assert_eq!(serde_json::from_value::<DomainName>(json!(name)).ok(), Some(name.clone()));
    let without_star = text.strip_prefix("*.").unwrap_or(text);
    let labels: Vec<&str> = without_star.split('.').collect();
    let in_a_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!(text.len() <= 253 && labels.len() > 1, "{text}");
    assert!(labels.iter().all(|label| (1..=63).contains(&label.len()) && label.bytes().all(in_a_label)), "{text}");
    assert!(!labels.iter().any(|label| label.starts_with('-') || label.ends_with('-')), "{text}");
    assert_eq!(name.is_wildcard(), text.starts_with('*'));
    assert_eq!(DomainName::parse_plain(raw).ok(), (!name.is_wildcard()).then(|| name.clone()));

    // The case of letters and a dot at the end make no difference.
    let given = String::from_utf8_lossy(raw);
    assert_eq!(parse(&given.to_ascii_uppercase()), Ok(name.clone()));
    assert_eq!(parse(&given.to_ascii_lowercase()), Ok(name.clone()));
    let other_end = given.strip_suffix('.').map_or_else(|| format!("{given}."), str::to_owned);
    assert_eq!(parse(&other_end), Ok(name.clone()));
    // What it would read on a page leads back to it.
    let (shown, _) = idna::domain_to_unicode(without_star);
    assert_eq!(parse(&shown).ok().as_ref().map(DomainName::as_str), Some(without_star));

    if let Some(www) = name.www() {
        assert_eq!(parse(www.as_str()), Ok(www.clone()));
        assert!(www.is_under(&name) && www.parent() == Some(text) && www.www().is_none());
        assert_eq!(www.registered_domain(), if name.is_registrable() { text } else { www.registered_domain() });
    }
    assert_eq!(name.wildcard_base().is_some(), name.is_wildcard());
    assert_eq!(name.parent().is_some(), !name.is_wildcard());
    assert!(text == name.registered_domain() || text.ends_with(&format!(".{}", name.registered_domain())));
    assert!(!name.is_registrable() || name.registered_domain() == text);
    assert!(!(name.is_wildcard() && name.may_be_certified()));
    Outcome::Accepted
}

/// The memory that PHP gives back, as JSON.
pub fn state(stored: &[u8]) -> Outcome {
    let Ok(stored) = serde_json::from_slice::<Value>(stored) else { return Outcome::Refused };
    let network = DomainName::parse(b"network.example").ok();
    let load = |stored: &Value, now| State::load(Some(stored), SERVER_ID, APP_ID, network.as_ref(), now);
    let (state, note) = load(&stored, NOW);
    let again = |state: &State, now: u64| {
        let (loaded, note) = load(&through_json(&state.to_value()), now);
        assert_eq!(note, None, "it does not understand itself: {}", state.to_value());
        loaded
    };
    assert_eq!(again(&state, NOW), state, "it does not survive JSON");
    assert!(!has_an_empty_map(&state.to_value()), "PHP cannot tell it from an empty list");
    if note.is_some() || stored.as_object().is_none_or(Map::is_empty) {
        assert_eq!(state, State::empty(SERVER_ID, APP_ID, network.clone()), "nothing is removed by it");
        return Outcome::Refused;
    }
    let fits_php = |value: &Value| numbers(value).all(|number| number <= i64::MAX.unsigned_abs());
    assert!(!fits_php(&stored) || fits_php(&state.to_value()), "PHP would make fractions of it");
    use_it(state, again, stored.to_string().len());
    Outcome::Accepted
}

/// Goes a long way with a memory, whatever is in it. It must stay one that can be read, and not grow without end.
fn use_it(mut state: State, again: impl Fn(&State, u64) -> State, size: usize) {
    let settings = settings();
    let ours: Vec<DomainName> = sorted(state.ours().into_iter().cloned().collect());
    let foreign: Vec<ObservedAlias> = state.vanished_foreign(&[]).into_iter().map(ObservedAlias::new).collect();
    let entries: Vec<DomainEntry> = ours.iter().step_by(2).map(|name| DomainEntry::new(name.as_str())).collect();
    let options = Options {
        removed: ours.iter().skip(1).step_by(4).map(|name| DomainEntry::new(name.as_str())).collect(),
        release: ours.iter().skip(3).step_by(8).cloned().collect(),
        network_domain: DomainName::parse(b"network.example").ok(),
        ..Options::default()
    };
    let desired = Desired::new(&entries, &options, &settings, &state.leaving);
    let landed = ours.iter().skip(1).map(|name| ObservedAlias::new(name.as_str().to_ascii_uppercase()));
    let mut app = App {
        id: APP_ID,
        label: String::new(),
        fqdn: DomainName::parse(b"app.cloudwaysapps.example").ok(),
        primary: DomainName::parse(b"network.example").ok(),
        aliases: foreign.iter().cloned().chain(landed).collect(),
        sys_user: None,
        certificate: InstalledCertificate::LetsEncrypt {
            names: ours.iter().filter(|name| !name.is_wildcard()).take(LIMIT).cloned().collect(),
            auto: Some(false),
        },
    };
    let foreign: Vec<ObservedAlias> =
        foreign.into_iter().filter(|alias| alias.name.as_ref().is_none_or(|name| !ours.contains(name))).collect();
    let mut now = NOW;
    for (round, step) in [0, 1, 600, 3_600, 90_000, 8 * 86_400].into_iter().enumerate() {
        now += step;
        state = again(&state, now);
        let contains = |name: &DomainName| desired.contains(name);
        if state.operation.as_ref().is_none_or(|operation| operation.is_overdue(now)) {
            state.operation = None;
            state.forget_strangers(contains, contains, now);
            state.take_in(&app.aliases, contains, desired.adopted(), desired.released(), now);
        }
        state.note_addresses(&[[192, 0, 2, u8::try_from(round).unwrap_or(0)].into()], now);
        for policy in [AliasPolicy::Keep, AliasPolicy::Replace] {
            let plan = guard::aliases(
                plan::aliases(&desired, &app, &state, policy, now),
                &desired,
                &state.withheld,
                round % 2 == 0,
            );
            let list = plan.list();
            assert!(list.len() <= app.aliases.len() + desired.names().len());
            assert!(policy == AliasPolicy::Replace || foreign.iter().all(|alias| list.contains(&alias.spelling)));
            let names = plan.names_at(Moment::OnceWritten);
            let verdicts = [Verdict::Here, Verdict::Elsewhere, Verdict::Proxied, Verdict::Missing, Verdict::Unknown];
            let checks: HashMap<DomainName, NameCheck> = names
                .into_iter()
                .cloned()
                .zip(verdicts.iter().cycle().map(|verdict| NameCheck::new(*verdict)))
                .collect();
            for (name, check) in &checks {
                state.note_verdict(name, check.qualifies(), now);
            }
            let basis = Basis { desired: &desired, app: &app, aliases: &plan, moment: Moment::OnceWritten };
            let certificate = certificate::plan(basis, &checks, &state, now, round % 2 == 1);
            assert!(certificate.wanted.len() <= LIMIT);
            assert!(!certificate.wanted.iter().any(DomainName::is_wildcard));
            state.note_shrinking(certificate.shrinks, now);
            let outcome = if round % 2 == 0 { OrderOutcome::Placed } else { OrderOutcome::Presumed };
            state.book_order(&certificate.wanted, outcome, now);
            state.budget.book_failure(&certificate.wanted, now);
            state.settle_order(OrderOutcome::Failed);
            if let Some(until) = state.held_until(&certificate.wanted, now) {
                assert!((now..=now + 86_400).contains(&until));
            }
            if let Some(wait) = state.budget.wait(&certificate.wanted, now, false) {
                assert!(wait.until > now && wait.until <= now + 8 * 86_400, "{wait:?}");
            }
            state.certificate_aside.refused(&certificate.wanted, &[], "no", now);
            let added = state.note_sent(&plan.add, now);
            state.aliases_aside.refused(&added, &[], "no", now);
            let _ = state.served_is_due(&set_of(&certificate.wanted), now);
            if policy == AliasPolicy::Keep {
                app.aliases = list.into_iter().map(ObservedAlias::new).collect();
            }
        }
    }
    assert!(state.orders.len() <= 200);
    let grown = again(&state, now).to_value().to_string().len();
    // Each name of ours may come to stand in a few lists, and those of an order once more.
    assert!(grown <= 4_096 + 12 * (size + desired.names().len() * 64), "{size} bytes grew to {grown}");
    for name in &ours {
        state.note_verdict(name, Qualifies::Unknown, now);
    }
}

/// The arguments of a call, as JSON: `{"domains": …, "options": …}`. Objects and lists are arrays; what JSON cannot hold
/// is written as a text that begins with `\u0000`: `nan`, `resource`, `object:Class`, or bytes in Latin-1.
pub fn options(arguments: &[u8]) -> Outcome {
    let Ok(arguments) = serde_json::from_slice::<Value>(arguments) else { return Outcome::Refused };
    let sync = Call { function: "wu_cloudways_sync", names: &["domains", "options"] };
    let check_dns = Call { function: "wu_cloudways_check_dns", names: &["names", "options"] };
    let test = Call { function: "wu_cloudways_test_connection", names: &["options"] };
    let (mut is_cut, mut is_secret_named) = (false, false);
    let mut given = |argument: &str| {
        let value = arguments.get(argument)?;
        is_secret_named |= has_a_secret_name(value);
        Some(given_of(value, DEPTH, &mut is_cut))
    };
    let (given_domains, given_options) = (given("domains"), given("options"));
    let is_whole = !is_cut;

    let names = read::names(&check_dns, given_domains.as_ref());
    let dns_options = read::dns_options(&check_dns, given_options.as_ref());
    let alone = read::deadline_alone(&test, given_options.as_ref());
    let domains = read::domains(&sync, given_domains.as_ref());
    let options = read::options(&sync, given_options.as_ref());
    let wrongs = [names.err(), dns_options.as_ref().err().cloned(), alone.err()].into_iter();
    let wrongs = wrongs.chain([domains.as_ref().err().cloned(), options.as_ref().err().cloned()]);
    for Wrong::Type(message) | Wrong::Value(message) in wrongs.flatten() {
        assert!(message.starts_with("wu_cloudways_") && message.contains("(): Argument #"), "{message}");
        // As deep as a state may be, each key as it can be shown.
        assert!(is_fit_to_be_shown(&message, 300 + DEPTH * 260), "{message}");
        assert!(is_secret_named || !message.contains("SECRET"), "it quotes a value: {message}");
    }
    let (Ok(domains), Ok(options)) = (domains, options) else { return Outcome::Refused };
    assert!(is_whole, "what was not copied was overlooked");
    check_options(&options);

    let anew = given_of_options(&options);
    let again = read::options(&sync, Some(&anew)).expect("what was read can be read");
    assert_eq!(format!("{again:?}"), format!("{options:?}"));
    let desired = Desired::new(&domains, &options, &settings(), &[]);
    let names: HashSet<&DomainName> = desired.names().iter().map(|wanted| &wanted.name).collect();
    assert_eq!(names.len(), desired.names().len(), "each name once");
    assert!(desired.names().len() <= 2 * domains.len() && desired.invalid().len() <= domains.len());
    assert!(
        !desired
            .names()
            .iter()
            .any(|wanted| desired.explains_removal_of(&wanted.name) && !options.adopt.contains(&wanted.name))
    );
    if let Some(stored) = &options.state {
        state(stored.to_string().as_bytes());
    }
    Outcome::Accepted
}

fn check_options(options: &Options) {
    assert!((Duration::from_secs(1)..=Duration::from_secs(3_600)).contains(&options.deadline));
    assert!(options.sys_user.as_deref() != Some(""));
    assert!(options.network_domain.as_ref().is_none_or(|name| !name.is_wildcard()));
    if let Some(fingerprint) = &options.fingerprint {
        assert!(fingerprint.len() == 64 && fingerprint.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
    }
    if let Some(probe) = &options.probe {
        assert!(probe.path.len() <= 200 && (1..=1_024).contains(&probe.body.len()));
        assert!(probe.body.bytes().all(|byte| byte.is_ascii_graphic()));
        let url = reqwest::Url::parse(&format!("http://a.example{}", probe.path)).expect("an address");
        assert_eq!((url.path(), url.query(), url.fragment()), (probe.path.as_str(), None, None));
        assert!(url.path().starts_with("/.well-known/acme-challenge/"));
    }
}

fn given_of(value: &Value, depth: usize, is_cut: &mut bool) -> Given {
    let array = |entries: &mut dyn Iterator<Item = (Key, &Value)>, is_cut: &mut bool| {
        if depth == 0 {
            *is_cut = true;
            return Given::Cut(Cut::TooDeep);
        }
        let mut copied = Vec::new();
        for (key, value) in entries {
            copied.push((key, given_of(value, depth - 1, is_cut)));
            if *is_cut {
                break;
            }
        }
        Given::Array(copied)
    };
    match value {
        Value::Null => Given::Null,
        Value::Bool(flag) => Given::Flag(*flag),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Given::Fraction(number.as_f64().unwrap_or(f64::NAN)), Given::Whole)
        }
        Value::String(text) => match text.strip_prefix('\0') {
            None => Given::Text(text.clone().into_bytes()),
            Some("nan") => Given::Fraction(f64::NAN),
            Some("resource") => Given::Other("resource"),
            Some(special) => match special.strip_prefix("object:") {
                // A class has a name without control characters.
                Some(class) => Given::Object(class.chars().filter(|c| c.is_ascii_graphic()).take(100).collect()),
                None => Given::Text(special.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0xff)).collect()),
            },
        },
        Value::Array(items) => array(&mut (0..).map(Key::Number).zip(items), is_cut),
        // PHP makes a number of a key that looks like one.
        Value::Object(fields) => array(
            &mut fields.iter().map(|(key, value)| match key.parse::<i64>() {
                Ok(number) if number.to_string() == *key => (Key::Number(number), value),
                _ => (Key::Text(key.clone().into_bytes()), value),
            }),
            is_cut,
        ),
    }
}

/// Whether a name, of a key or of a class, could be quoted rightly.
fn has_a_secret_name(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('\0') && text.contains("SECRET"),
        Value::Array(items) => items.iter().any(has_a_secret_name),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains("SECRET") || has_a_secret_name(value)),
        _ => false,
    }
}

/// Options as a caller gives them.
fn given_of_options(options: &Options) -> Given {
    let text = |text: &str| Given::Text(text.as_bytes().to_vec());
    let map = |entries: Vec<(&str, Given)>| {
        Given::Array(entries.into_iter().map(|(key, value)| (Key::Text(key.into()), value)).collect())
    };
    let list = |values: &mut dyn Iterator<Item = Given>| Given::Array((0..).map(Key::Number).zip(values).collect());
    let maybe = |name: Option<&str>| name.map_or(Given::Null, text);
    let names = |names: &[DomainName]| list(&mut names.iter().map(|name| text(name.as_str())));
    map(vec![
        ("state", options.state.as_ref().map_or(Given::Null, |state| given_of(state, DEPTH, &mut false))),
        (
            "www",
            text(match options.www {
                crate::options::WwwRule::Always => "always",
                crate::options::WwwRule::MainOnly => "main_only",
                crate::options::WwwRule::Never => "never",
            }),
        ),
        (
            "removed",
            list(&mut options.removed.iter().map(|entry| {
                map(vec![
                    ("domain", Given::Text(entry.domain.clone())),
                    ("www", entry.www.map_or(Given::Null, Given::Flag)),
                    ("priority", Given::Whole(entry.priority)),
                ])
            })),
        ),
        ("network_domain", maybe(options.network_domain.as_ref().map(DomainName::as_str))),
        ("sys_user", maybe(options.sys_user.as_deref())),
        ("adopt", names(&options.adopt)),
        ("release", names(&options.release)),
        ("ssl", Given::Flag(options.ssl)),
        ("deadline", Given::Fraction(options.deadline.as_secs_f64())),
        ("force", Given::Flag(options.force)),
        ("fingerprint", maybe(options.fingerprint.as_deref())),
        (
            "probe",
            options
                .probe
                .as_ref()
                .map_or(Given::Null, |probe| map(vec![("path", text(&probe.path)), ("body", text(&probe.body))])),
        ),
        ("interrupted", Given::Flag(options.interrupted)),
    ])
}

fn settings() -> Settings {
    let constants: std::collections::HashMap<String, ConstantValue> = [
        ("WU_CLOUDWAYS_EMAIL", "owner@fuzz.example"),
        ("WU_CLOUDWAYS_API_KEY", "cw_token"),
        ("WU_CLOUDWAYS_SERVER_ID", "50482"),
        ("WU_CLOUDWAYS_APP_ID", "131933"),
    ]
    .map(|(name, value)| (name.to_owned(), ConstantValue::Text(value.into())))
    .into();
    Settings::from_constants(&constants).expect("these constants are in order")
}

fn through_json(value: &Value) -> Value {
    serde_json::from_str(&value.to_string()).expect("JSON that was just written")
}

fn sorted(mut names: Vec<DomainName>) -> Vec<DomainName> {
    names.sort();
    names
}

fn has_an_empty_map(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_an_empty_map),
        Value::Object(fields) => fields.is_empty() || fields.values().any(has_an_empty_map),
        _ => false,
    }
}

/// Every number in a value; what is no whole one from 0 on counts as too large.
fn numbers(value: &Value) -> Box<dyn Iterator<Item = u64> + '_> {
    match value {
        Value::Number(number) => Box::new(std::iter::once(number.as_u64().unwrap_or(u64::MAX))),
        Value::Array(items) => Box::new(items.iter().flat_map(numbers)),
        Value::Object(fields) => Box::new(fields.values().flat_map(numbers)),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Runs what fuzzing left, so that what it found stays mended.
    fn run_corpus(target: &str, run: fn(&[u8]) -> Outcome) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let (mut seen, mut bad) = (HashMap::default(), Vec::new());
        for file in &files {
            let bytes = std::fs::read(file).unwrap();
            assert!(bytes.len() <= 4_096, "{} is too large for a corpus", file.display());
            match std::panic::catch_unwind(|| run(&bytes)) {
                Ok(outcome) => *seen.entry(outcome).or_insert(0) += 1,
                Err(_) => bad.push(file.file_name().unwrap().to_owned()),
            }
        }
        assert!(bad.is_empty(), "{target}: {bad:?}; the reasons are above");
        for outcome in [Outcome::Accepted, Outcome::Refused] {
            assert!(seen.get(&outcome).is_some_and(|count| *count >= 3), "{target}: {seen:?} of {}", files.len());
        }
    }

    #[test]
    fn the_corpus_of_domains() {
        run_corpus("domain", domain);
    }

    #[test]
    fn the_corpus_of_servers() {
        run_corpus("server", server);
    }

    #[test]
    fn the_corpus_of_answers() {
        run_corpus("answer", answer);
    }

    #[test]
    fn the_corpus_of_states() {
        run_corpus("state", state);
    }

    #[test]
    fn the_corpus_of_options() {
        run_corpus("options", options);
    }
}
