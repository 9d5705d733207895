//! Reads arguments: a wrong type is one error, a value that cannot be used another, and each names the function, the
//! argument and the key, never the value.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Number, Value};

use super::given::{Cut, Given, Key, MOST_VALUES};
use super::{DnsOptions, DomainEntry, Options, ProbeFile, WwwRule};
use crate::domain::{DomainName, InvalidDomain, printable};

const DOMAIN_KEYS: [&str; 3] = ["domain", "www", "priority"];
const OPTION_KEYS: [&str; 13] = [
    "state",
    "www",
    "removed",
    "network_domain",
    "sys_user",
    "adopt",
    "release",
    "ssl",
    "deadline",
    "force",
    "fingerprint",
    "probe",
    "interrupted",
];
const DNS_KEYS: [&str; 2] = ["deadline", "probe"];
const DEADLINE_KEYS: [&str; 1] = ["deadline"];
const PROBE_KEYS: [&str; 2] = ["path", "body"];
const DEADLINE_SECONDS: std::ops::RangeInclusive<f64> = 1.0..=3600.0;
const FINGERPRINT_DIGITS: usize = 64;
const PROBE_FOLDER: &str = "/.well-known/acme-challenge/";
const LONGEST_PROBE_PATH: usize = 200;
const LONGEST_PROBE_BODY: usize = 1024;

/// `json_decode()` and `json_encode()` go deeper, but no state of ours does, and an array may hold itself.
const STATE_DEPTH: usize = 64;

/// Why arguments cannot be used. The text names function, argument and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// One has another type than it should.
    Type(String),
    /// One has the right type and cannot be used.
    Value(String),
}

/// Which function was called, and what its arguments are called.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The names of its arguments. The options are the last one.
    pub names: &'a [&'a str],
}

impl Call<'_> {
    fn argument(&self, position: usize) -> Place<'_> {
        Place::Argument { call: self, position }
    }

    fn options(&self) -> Place<'_> {
        self.argument(self.names.len().saturating_sub(1))
    }
}

/// Where a value is: an argument, or an entry of an array that is at some place. Spelled out only in an error.
#[derive(Clone, Copy)]
enum Place<'a> {
    Argument { call: &'a Call<'a>, position: usize },
    Entry { of: &'a Place<'a>, key: &'a Key },
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "\"{}\"", printable(text)),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument { call, position } => {
                let name = call.names.get(*position).unwrap_or(&"");
                write!(f, "{}(): Argument #{} (${name})", call.function, position + 1)
            }
            Self::Entry { of, key } => write!(f, "{of}[{key}]"),
        }
    }
}

impl Place<'_> {
    fn entry<'a>(&'a self, key: &'a Key) -> Place<'a> {
        Place::Entry { of: self, key }
    }

    fn must_be_of_type(&self, expected: &str, given: &Given) -> Wrong {
        Wrong::Type(format!("{self} must be of type {expected}, {} given", given.type_name()))
    }

    fn must(&self, what: impl fmt::Display) -> Wrong {
        Wrong::Value(format!("{self} must {what}"))
    }

    fn must_be_a_domain(&self, reason: InvalidDomain) -> Wrong {
        self.must(format_args!("be a domain name; {}", reason.text()))
    }

    fn must_have(&self, key: &str) -> Wrong {
        self.must(format_args!("have the key \"{key}\""))
    }

    fn must_not_be_cut(&self, cut: Cut) -> Wrong {
        match cut {
            Cut::TooDeep => self.must(format_args!("not be nested deeper than {STATE_DEPTH} levels")),
            Cut::TooMany => self.must(format_args!("not hold more than {MOST_VALUES} values")),
        }
    }

    fn unknown_key(&self, key: &Key, known: &[&str]) -> Wrong {
        Wrong::Value(format!("{self} has the unknown key {key}; known are {}", known.join(", ")))
    }
}

/// The entries of an array, each with its place.
fn entries<'a>(
    place: &'a Place<'_>,
    value: &'a Given,
    expected: &str,
) -> Result<impl Iterator<Item = (Place<'a>, &'a Key, &'a Given)>, Wrong> {
    match value {
        Given::Array(entries) => Ok(entries.iter().map(|(key, value)| (place.entry(key), key, value))),
        Given::Cut(cut) => Err(place.must_not_be_cut(*cut)),
        _ => Err(place.must_be_of_type(expected, value)),
    }
}

fn bytes<'a>(place: &Place<'_>, value: &'a Given, expected: &str) -> Result<&'a [u8], Wrong> {
    match value {
        Given::Text(text) => Ok(text),
        _ => Err(place.must_be_of_type(expected, value)),
    }
}

fn flag(place: &Place<'_>, value: &Given, expected: &str) -> Result<bool, Wrong> {
    match value {
        Given::Flag(flag) => Ok(*flag),
        _ => Err(place.must_be_of_type(expected, value)),
    }
}

fn argument<'a>(place: &Place<'_>, value: Option<&'a Given>) -> Result<&'a Given, Wrong> {
    value.ok_or_else(|| Wrong::Type(format!("{place} must be given")))
}

/// `$domains`: the names that are mapped.
///
/// # Errors
/// [`Wrong`] for the first thing that is.
pub fn domains(call: &Call<'_>, value: Option<&Given>) -> Result<Vec<DomainEntry>, Wrong> {
    let place = call.argument(0);
    domain_list(&place, argument(&place, value)?)
}

fn domain_list(place: &Place<'_>, value: &Given) -> Result<Vec<DomainEntry>, Wrong> {
    let mut domains = Vec::new();
    for (place, _, value) in entries(place, value, "array")? {
        domains.push(match value {
            Given::Array(_) | Given::Cut(_) => domain_array(&place, value)?,
            _ => DomainEntry::new(bytes(&place, value, "string|array")?),
        });
    }
    Ok(domains)
}

fn domain_array(place: &Place<'_>, value: &Given) -> Result<DomainEntry, Wrong> {
    let mut domain = None;
    let mut entry = DomainEntry::default();
    for (field, key, value) in entries(place, value, "array")? {
        match (text_of(key), value) {
            (b"domain", value) => domain = Some(bytes(&field, value, "string")?.to_vec()),
            (b"www" | b"priority", Given::Null) => {}
            (b"www", value) => entry.www = Some(flag(&field, value, "?bool")?),
            (b"priority", Given::Whole(priority)) => entry.priority = *priority,
            (b"priority", value) => return Err(field.must_be_of_type("?int", value)),
            _ => return Err(place.unknown_key(key, &DOMAIN_KEYS)),
        }
    }
    entry.domain = domain.ok_or_else(|| place.must_have("domain"))?;
    Ok(entry)
}

/// The text of a key; none that is known is a number.
fn text_of(key: &Key) -> &[u8] {
    match key {
        Key::Text(text) => text,
        Key::Number(_) => b"",
    }
}

/// `$names`: whatever is to be looked up.
///
/// # Errors
/// [`Wrong`] for the first thing that is.
pub fn names(call: &Call<'_>, value: Option<&Given>) -> Result<Vec<Vec<u8>>, Wrong> {
    let place = call.argument(0);
    let mut names = Vec::new();
    for (place, _, value) in entries(&place, argument(&place, value)?, "array")? {
        names.push(bytes(&place, value, "string")?.to_vec());
    }
    Ok(names)
}

/// `$options` of `wu_cloudways_sync()` and `wu_cloudways_plan()`. A key that holds null is as good as none.
///
/// # Errors
/// [`Wrong`] for the first thing that is.
pub fn options(call: &Call<'_>, value: Option<&Given>) -> Result<Options, Wrong> {
    let mut options = Options::default();
    known_options(call, value, &OPTION_KEYS, |name, field, value| {
        match name {
            "state" => options.state = Some(state(field, value)?),
            "www" => options.www = www_rule(field, value)?,
            "removed" => options.removed = domain_list(field, value)?,
            "network_domain" => options.network_domain = network_domain(field, value)?,
            "sys_user" => options.sys_user = Some(sys_user(field, value)?),
            "adopt" => options.adopt = domain_names(field, value)?,
            "release" => options.release = domain_names(field, value)?,
            "ssl" => options.ssl = flag(field, value, "?bool")?,
            "deadline" => options.deadline = deadline(field, value)?,
            "force" => options.force = flag(field, value, "?bool")?,
            "fingerprint" => options.fingerprint = Some(fingerprint(field, value)?),
            "probe" => options.probe = Some(probe(field, value)?),
            "interrupted" => options.interrupted = flag(field, value, "?bool")?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(options)
}

/// `$options` of `wu_cloudways_check_dns()`.
///
/// # Errors
/// [`Wrong`] for the first thing that is.
pub fn dns_options(call: &Call<'_>, value: Option<&Given>) -> Result<DnsOptions, Wrong> {
    let mut options = DnsOptions::default();
    known_options(call, value, &DNS_KEYS, |name, field, value| {
        match name {
            "probe" => options.probe = Some(probe(field, value)?),
            _ => options.deadline = deadline(field, value)?,
        }
        Ok(())
    })?;
    Ok(options)
}

/// `$options` of `wu_cloudways_test_connection()`, which knows a deadline and nothing else.
///
/// # Errors
/// [`Wrong`] for the first thing that is.
pub fn deadline_alone(call: &Call<'_>, value: Option<&Given>) -> Result<Duration, Wrong> {
    let mut chosen = Options::default().deadline;
    known_options(call, value, &DEADLINE_KEYS, |_, field, value| {
        chosen = deadline(field, value)?;
        Ok(())
    })?;
    Ok(chosen)
}

/// Calls `each` with every option that is not null, by its name, which is one of the known.
fn known_options(
    call: &Call<'_>,
    value: Option<&Given>,
    known: &[&str],
    mut each: impl FnMut(&str, &Place<'_>, &Given) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    let Some(value) = value else { return Ok(()) };
    let place = call.options();
    for (field, key, value) in entries(&place, value, "array")? {
        let Some(name) = known.iter().find(|name| name.as_bytes() == text_of(key)) else {
            return Err(place.unknown_key(key, known));
        };
        if *value != Given::Null {
            each(name, &field, value)?;
        }
    }
    Ok(())
}

fn deadline(place: &Place<'_>, value: &Given) -> Result<Duration, Wrong> {
    #[expect(clippy::cast_precision_loss, reason = "whole numbers that large are refused anyway")]
    let seconds = match value {
        Given::Whole(whole) => *whole as f64,
        Given::Fraction(seconds) => *seconds,
        _ => return Err(place.must_be_of_type("int|float|null", value)),
    };
    if DEADLINE_SECONDS.contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(place.must(format_args!("be between {} and {} seconds", DEADLINE_SECONDS.start(), DEADLINE_SECONDS.end())))
    }
}

fn www_rule(place: &Place<'_>, value: &Given) -> Result<WwwRule, Wrong> {
    match bytes(place, value, "?string")? {
        b"always" => Ok(WwwRule::Always),
        b"main_only" => Ok(WwwRule::MainOnly),
        b"never" => Ok(WwwRule::Never),
        _ => Err(place.must("be one of \"always\", \"main_only\", \"never\"")),
    }
}

/// An empty one says that the network has none of its own, as a missing one does.
fn network_domain(place: &Place<'_>, value: &Given) -> Result<Option<DomainName>, Wrong> {
    match bytes(place, value, "?string")? {
        b"" => Ok(None),
        name => DomainName::parse_plain(name).map(Some).map_err(|reason| place.must_be_a_domain(reason)),
    }
}

/// An empty one is refused: it would look as if nobody had asked for the check whose site this is.
fn sys_user(place: &Place<'_>, value: &Given) -> Result<String, Wrong> {
    match std::str::from_utf8(bytes(place, value, "?string")?) {
        Ok("") => Err(place.must("not be empty; null says that it is not known")),
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(place.must("be valid UTF-8")),
    }
}

fn domain_names(place: &Place<'_>, value: &Given) -> Result<Vec<DomainName>, Wrong> {
    let mut names = Vec::new();
    for (place, _, value) in entries(place, value, "array")? {
        let name = DomainName::parse(bytes(&place, value, "string")?);
        names.push(name.map_err(|reason| place.must_be_a_domain(reason))?);
    }
    Ok(names)
}

fn fingerprint(place: &Place<'_>, value: &Given) -> Result<String, Wrong> {
    let digits = bytes(place, value, "?string")?;
    match std::str::from_utf8(digits) {
        Ok(text) if digits.len() == FINGERPRINT_DIGITS && digits.iter().all(u8::is_ascii_hexdigit) => {
            Ok(text.to_ascii_lowercase())
        }
        _ => Err(place.must(format_args!("be {FINGERPRINT_DIGITS} hexadecimal digits"))),
    }
}

/// The file that is asked for over HTTP. Both keys are needed.
fn probe(place: &Place<'_>, value: &Given) -> Result<ProbeFile, Wrong> {
    let (mut path, mut body) = (None, None);
    for (field, key, value) in entries(place, value, "array")? {
        match text_of(key) {
            b"path" => path = Some(probe_path(&field, value)?),
            b"body" => body = Some(probe_body(&field, value)?),
            _ => return Err(place.unknown_key(key, &PROBE_KEYS)),
        }
    }
    let path = path.ok_or_else(|| place.must_have("path"))?;
    let body = body.ok_or_else(|| place.must_have("body"))?;
    Ok(ProbeFile { path, body })
}

/// Only what goes into a request as it is written: no dot segment, query, fragment or escape.
fn probe_path(place: &Place<'_>, value: &Given) -> Result<String, Wrong> {
    let path = bytes(place, value, "string")?;
    let in_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_name = |name: &str| !name.is_empty() && !name.starts_with('.') && name.bytes().all(in_a_name);
    match std::str::from_utf8(path) {
        Ok(path)
            if path.len() <= LONGEST_PROBE_PATH
                && path.strip_prefix(PROBE_FOLDER).is_some_and(|rest| rest.split('/').all(is_name)) =>
        {
            Ok(path.to_owned())
        }
        _ => Err(place.must(format_args!(
            "be the path of a file below {PROBE_FOLDER}: at most {LONGEST_PROBE_PATH} letters, digits and -._~/, and \
             no name that begins with a dot"
        ))),
    }
}

fn probe_body(place: &Place<'_>, value: &Given) -> Result<String, Wrong> {
    let body = bytes(place, value, "string")?;
    match std::str::from_utf8(body) {
        Ok(text) if (1..=LONGEST_PROBE_BODY).contains(&body.len()) && body.iter().all(u8::is_ascii_graphic) => {
            Ok(text.to_owned())
        }
        _ => Err(place.must(format_args!("be 1 to {LONGEST_PROBE_BODY} visible ASCII characters"))),
    }
}

fn state(place: &Place<'_>, value: &Given) -> Result<Value, Wrong> {
    match value {
        Given::Array(_) | Given::Cut(_) => json(place, value, STATE_DEPTH),
        _ => Err(place.must_be_of_type("array", value)),
    }
}

/// What `json_encode()` would make of a value. Text that is not UTF-8 and numbers that are not finite, which JSON
/// cannot hold, are no error here: whoever reads the state finds that it is damaged.
fn json(place: &Place<'_>, value: &Given, depth: usize) -> Result<Value, Wrong> {
    let array = match value {
        Given::Null => return Ok(Value::Null),
        Given::Flag(flag) => return Ok(Value::Bool(*flag)),
        Given::Whole(number) => return Ok(Value::from(*number)),
        Given::Fraction(number) => return Ok(Number::from_f64(*number).map_or(Value::Null, Value::Number)),
        Given::Text(text) => return Ok(Value::String(String::from_utf8_lossy(text).into_owned())),
        Given::Array(array) => array,
        Given::Cut(cut) => return Err(place.must_not_be_cut(*cut)),
        Given::Object(_) | Given::Other(_) => {
            return Err(place.must_be_of_type("array|string|int|float|bool|null", value));
        }
    };
    if depth == 0 {
        return Err(place.must_not_be_cut(Cut::TooDeep));
    }
    if is_list(array) {
        let items = array.iter().map(|(key, value)| json(&place.entry(key), value, depth - 1));
        return Ok(Value::Array(items.collect::<Result<_, _>>()?));
    }
    let mut map = Map::with_capacity(array.len());
    for (key, value) in array {
        let name = match key {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => String::from_utf8_lossy(text).into_owned(),
        };
        map.insert(name, json(&place.entry(key), value, depth - 1)?);
    }
    Ok(Value::Object(map))
}

/// As `array_is_list()` says: keys 0, 1, 2 … in this order. An empty array is one.
fn is_list(array: &[(Key, Given)]) -> bool {
    array.iter().zip(0..).all(|((key, _), expected)| *key == Key::Number(expected))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::given::DEPTH;
    use super::*;

    const SYNC: Call<'_> = Call { function: "sync", names: &["domains", "options"] };

    fn text(text: &str) -> Given {
        Given::Text(text.into())
    }

    fn map<const N: usize>(entries: [(&str, Given); N]) -> Given {
        Given::Array(entries.into_iter().map(|(key, value)| (Key::Text(key.into()), value)).collect())
    }

    fn list(values: Vec<Given>) -> Given {
        Given::Array((0..).map(Key::Number).zip(values).collect())
    }

    fn probe_of(path: &str, body: &str) -> Result<Options, Wrong> {
        options(&SYNC, Some(&map([("probe", map([("path", text(path)), ("body", text(body))]))])))
    }

    fn wrong_option(key: &str, value: Given) -> Wrong {
        options(&SYNC, Some(&map([(key, value)]))).unwrap_err()
    }

    fn nested(levels: usize) -> Given {
        (0..levels).fold(Given::Null, |inner, _| list(vec![inner]))
    }

    #[test]
    fn all_options_are_read() {
        let given = map([
            ("state", map([("a", list(vec![Given::Whole(1), Given::Fraction(1.5), Given::Flag(true), Given::Null]))])),
            ("www", text("main_only")),
            (
                "removed",
                list(vec![text("a.example"), map([("domain", text("b.example")), ("www", Given::Flag(false))])]),
            ),
            ("network_domain", text("Network.example.")),
            ("sys_user", text("abcdefghij")),
            ("adopt", list(vec![text("*.wild.example")])),
            ("release", list(vec![])),
            ("ssl", Given::Flag(false)),
            ("deadline", Given::Fraction(1.5)),
            ("force", Given::Flag(true)),
            ("fingerprint", text(&"aF".repeat(32))),
            ("probe", map([("body", text("b")), ("path", text("/.well-known/acme-challenge/p"))])),
            ("interrupted", Given::Flag(true)),
        ]);
        let Given::Array(entries) = &given else { unreachable!() };
        assert!(entries.iter().map(|(key, _)| text_of(key)).eq(OPTION_KEYS.map(str::as_bytes)), "each key is in it");
        let read = options(&SYNC, Some(&given)).unwrap();
        assert_eq!(read.state.unwrap().to_string(), r#"{"a":[1,1.5,true,null]}"#);
        assert_eq!(read.www, WwwRule::MainOnly);
        let removed = DomainEntry { domain: b"b.example".to_vec(), www: Some(false), priority: 0 };
        assert_eq!(read.removed, [DomainEntry::new("a.example"), removed]);
        assert_eq!(read.network_domain.unwrap().as_str(), "network.example");
        assert_eq!(read.sys_user.unwrap(), "abcdefghij");
        assert_eq!(read.adopt[0].as_str(), "*.wild.example");
        assert!(read.release.is_empty());
        assert!(!read.ssl && read.force && read.interrupted);
        assert_eq!(read.deadline, Duration::from_millis(1_500));
        assert_eq!(read.fingerprint.unwrap(), "af".repeat(32));
        let probe = ProbeFile { path: "/.well-known/acme-challenge/p".into(), body: "b".into() };
        assert_eq!(read.probe, Some(probe));
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let nothing: Vec<_> = OPTION_KEYS.map(|key| (Key::Text(key.into()), Given::Null)).into();
        let read = options(&SYNC, Some(&Given::Array(nothing))).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", Options::default()));
        assert_eq!(format!("{:?}", options(&SYNC, None).unwrap()), format!("{read:?}"));
    }

    #[test]
    fn a_probe_is_a_file_in_the_folder_of_challenges() {
        let longest = format!("{PROBE_FOLDER}{}", "p".repeat(LONGEST_PROBE_PATH - PROBE_FOLDER.len()));
        let body = "b".repeat(LONGEST_PROBE_BODY);
        assert!(probe_of(&longest, &body).is_ok());
        assert!(probe_of("/.well-known/acme-challenge/a-b_c~d/E.9.txt", "~!\"#").is_ok());
        let place = r#"sync(): Argument #2 ($options)["probe"]["path"] must be the path of a file below"#;
        for path in [
            "",
            "/",
            "/.well-known/acme-challenge",
            "/.well-known/acme-challenge/",
            ".well-known/acme-challenge/a",
            "//.well-known/acme-challenge/a",
            "/.well-known/acme-challenge//a",
            "/.well-known/acme-challenge/a/",
            "/.well-known/acme-challenge/..",
            "/.well-known/acme-challenge/../wp-login.php",
            "/.well-known/acme-challenge/a/./b",
            "/.well-known/acme-challenge/a?b",
            "/.well-known/acme-challenge/a#b",
            "/.well-known/acme-challenge/a\\b",
            "/.well-known/acme-challenge/%2e%2e/b",
            "/.well-known/acme-challenge/a b",
            "/.well-known/acme-challenge/a\r\nHost: b",
            "/.well-known/acme-challenge/é",
            "http://a.example/.well-known/acme-challenge/a",
            &format!("{longest}p"),
        ] {
            match probe_of(path, "b") {
                Err(Wrong::Value(message)) => assert!(message.starts_with(place), "{message}"),
                other => panic!("{path}: {other:?}"),
            }
        }
        for bad in ["", "a b", "a\n", "é", &format!("{body}b")] {
            let message =
                r#"sync(): Argument #2 ($options)["probe"]["body"] must be 1 to 1024 visible ASCII characters"#;
            assert_eq!(
                probe_of(PROBE_FOLDER, bad).unwrap_err(),
                probe_of(PROBE_FOLDER, "b").unwrap_err(),
                "path first"
            );
            assert_eq!(probe_of(&longest, bad).unwrap_err(), Wrong::Value(message.into()), "{bad}");
        }
    }

    #[test]
    fn a_probe_goes_into_a_request_as_it_is_written() {
        let path = "/.well-known/acme-challenge/a-b_c~d/E.9.txt";
        let url = reqwest::Url::parse(&format!("http://a.example{path}")).unwrap();
        assert_eq!((url.path(), url.query(), url.fragment()), (path, None, None));
    }

    #[test]
    fn what_was_not_copied_is_never_taken_for_something() {
        let place = "sync(): Argument #2 ($options)";
        let value = |message: &str| Wrong::Value(format!("{place}{message}"));
        for (key, cut, expected) in [
            ("state", Cut::TooDeep, value(r#"["state"] must not be nested deeper than 64 levels"#)),
            ("state", Cut::TooMany, value(r#"["state"] must not hold more than 1000000 values"#)),
            ("removed", Cut::TooMany, value(r#"["removed"] must not hold more than 1000000 values"#)),
            ("adopt", Cut::TooMany, value(r#"["adopt"] must not hold more than 1000000 values"#)),
            ("probe", Cut::TooMany, value(r#"["probe"] must not hold more than 1000000 values"#)),
        ] {
            assert_eq!(wrong_option(key, Given::Cut(cut)), expected);
        }
        assert_eq!(
            wrong_option("ssl", Given::Cut(Cut::TooDeep)),
            Wrong::Type(format!(r#"{place}["ssl"] must be of type ?bool, array given"#))
        );
        assert_eq!(
            options(&SYNC, Some(&Given::Cut(Cut::TooMany))).unwrap_err(),
            value(" must not hold more than 1000000 values")
        );
        let within = list(vec![Given::Cut(Cut::TooMany)]);
        assert_eq!(domains(&SYNC, Some(&within)).unwrap_err(), {
            Wrong::Value("sync(): Argument #1 ($domains)[0] must not hold more than 1000000 values".into())
        });
        assert!(matches!(names(&SYNC, Some(&within)), Err(Wrong::Type(_))));
    }

    #[test]
    fn a_state_has_64_levels_at_most_and_the_copy_has_room_for_them() {
        const { assert!(DEPTH > STATE_DEPTH + 2) };
        assert!(options(&SYNC, Some(&map([("state", nested(STATE_DEPTH))]))).is_ok());
        let Wrong::Value(message) = wrong_option("state", nested(STATE_DEPTH + 1)) else { panic!("a value") };
        assert!(message.ends_with("[0] must not be nested deeper than 64 levels"), "{message}");
    }
}
