//! PHP's arguments, read by hand and copied: a wrong type is a `\TypeError`, a value that cannot be used a
//! `\ValueError`, and each names the function, the argument and the key, never the value.

use std::fmt;
use std::time::Duration;

use ext_php_rs::flags::DataType;
use ext_php_rs::types::{ZendHashTable, Zval};
use serde_json::{Map, Number, Value};

use super::exceptions::Thrown;
use crate::domain::{DomainName, InvalidDomain, printable};
use crate::options::{DomainEntry, Options, WwwRule};

const DOMAIN_KEYS: [&str; 3] = ["domain", "www", "priority"];
const OPTION_KEYS: [&str; 12] = [
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
    "interrupted",
];
const DEADLINE_KEYS: [&str; 1] = ["deadline"];
const DEADLINE_SECONDS: std::ops::RangeInclusive<f64> = 1.0..=3600.0;
const FINGERPRINT_DIGITS: usize = 64;

/// `json_decode()` and `json_encode()` go deeper, but no state of ours does, and an array may hold itself.
const STATE_DEPTH: usize = 64;

/// Which function was called, and what its arguments are called.
pub(super) struct Call<'a> {
    pub(super) function: &'static str,
    pub(super) names: &'a [&'static str],
}

impl Call<'_> {
    fn argument(&self, position: usize) -> Place<'_> {
        Place::Argument { call: self, position }
    }

    /// The options are the last argument of each function.
    fn options(&self) -> Place<'_> {
        self.argument(self.names.len() - 1)
    }
}

/// Where a value is: an argument, or an entry of an array that is at some place. Spelled out only in an error.
#[derive(Clone, Copy)]
enum Place<'a> {
    Argument { call: &'a Call<'a>, position: usize },
    Entry { of: &'a Place<'a>, key: Key<'a> },
}

#[derive(Clone, Copy)]
enum Key<'a> {
    Number(i64),
    Text(&'a [u8]),
}

impl fmt::Display for Key<'_> {
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
                write!(f, "{}(): Argument #{} (${})", call.function, position + 1, call.names[*position])
            }
            Self::Entry { of, key } => write!(f, "{of}[{key}]"),
        }
    }
}

impl Place<'_> {
    fn entry<'a>(&'a self, key: Key<'a>) -> Place<'a> {
        Place::Entry { of: self, key }
    }

    fn must_be_of_type(&self, expected: &str, given: &Zval) -> Thrown {
        Thrown::Type(format!("{self} must be of type {expected}, {} given", type_name(given)))
    }

    fn must(&self, what: impl fmt::Display) -> Thrown {
        Thrown::Value(format!("{self} must {what}"))
    }

    fn must_be_a_domain(&self, reason: InvalidDomain) -> Thrown {
        self.must(format_args!("be a domain name; {}", reason.text()))
    }

    fn unknown_key(&self, key: Key<'_>, known: &[&str]) -> Thrown {
        Thrown::Value(format!("{self} has the unknown key {key}; known are {}", known.join(", ")))
    }
}

/// A type in PHP's own words.
fn type_name(value: &Zval) -> String {
    match value.get_type() {
        DataType::Undef | DataType::Null => "null".into(),
        DataType::False | DataType::True | DataType::Bool => "bool".into(),
        DataType::Long => "int".into(),
        DataType::Double => "float".into(),
        DataType::String => "string".into(),
        DataType::Array => "array".into(),
        DataType::Resource => "resource".into(),
        DataType::Object(_) => value
            .object()
            .and_then(|object| object.get_class_entry().name().map(str::to_owned))
            .unwrap_or_else(|| "object".into()),
        _ => "mixed".into(),
    }
}

/// The value itself where an array holds a reference to it.
fn plain(value: &Zval) -> &Zval {
    value.dereference().dereference()
}

fn array<'a>(place: &Place<'_>, value: &'a Zval) -> Result<&'a ZendHashTable, Thrown> {
    plain(value).array().ok_or_else(|| place.must_be_of_type("array", plain(value)))
}

fn bytes<'a>(place: &Place<'_>, value: &'a Zval, expected: &str) -> Result<&'a [u8], Thrown> {
    plain(value).zend_str().map(|text| text.as_bytes()).ok_or_else(|| place.must_be_of_type(expected, plain(value)))
}

fn flag(place: &Place<'_>, value: &Zval, expected: &str) -> Result<bool, Thrown> {
    plain(value).bool().ok_or_else(|| place.must_be_of_type(expected, plain(value)))
}

/// Calls `each` with every entry of an array, its place known.
fn entries(
    place: &Place<'_>,
    array: &ZendHashTable,
    mut each: impl FnMut(&Place<'_>, Key<'_>, &Zval) -> Result<(), Thrown>,
) -> Result<(), Thrown> {
    let mut entries = array.iter();
    while let Some((key, value)) = entries.next_zval() {
        let key = match key.zend_str() {
            Some(text) => Key::Text(text.as_bytes()),
            None => Key::Number(key.long().unwrap_or_default()),
        };
        each(&place.entry(key), key, plain(value))?;
    }
    Ok(())
}

/// Whether an argument was given at all.
fn given<'a>(call: &Call<'_>, position: usize, value: Option<&'a Zval>) -> Result<&'a Zval, Thrown> {
    value.ok_or_else(|| Thrown::Type(format!("{} must be given", call.argument(position))))
}

/// `$domains`: the names that are mapped.
pub(super) fn domains(call: &Call<'_>, value: Option<&Zval>) -> Result<Vec<DomainEntry>, Thrown> {
    domain_list(&call.argument(0), given(call, 0, value)?)
}

fn domain_list(place: &Place<'_>, value: &Zval) -> Result<Vec<DomainEntry>, Thrown> {
    let list = array(place, value)?;
    let mut domains = Vec::with_capacity(list.len());
    entries(place, list, |place, _, value| {
        domains.push(match value.array() {
            Some(fields) => domain_array(place, fields)?,
            None => DomainEntry::new(bytes(place, value, "string|array")?),
        });
        Ok(())
    })?;
    Ok(domains)
}

fn domain_array(place: &Place<'_>, fields: &ZendHashTable) -> Result<DomainEntry, Thrown> {
    let mut domain = None;
    let mut entry = DomainEntry::default();
    entries(place, fields, |field, key, value| {
        match key {
            Key::Text(b"domain") => domain = Some(bytes(field, value, "string")?.to_vec()),
            Key::Text(b"www") if value.is_null() => {}
            Key::Text(b"www") => entry.www = Some(flag(field, value, "?bool")?),
            Key::Text(b"priority") if value.is_null() => {}
            Key::Text(b"priority") => {
                entry.priority = value.long().ok_or_else(|| field.must_be_of_type("?int", value))?;
            }
            _ => return Err(place.unknown_key(key, &DOMAIN_KEYS)),
        }
        Ok(())
    })?;
    entry.domain = domain.ok_or_else(|| place.must("have the key \"domain\""))?;
    Ok(entry)
}

/// `$names`: whatever is to be looked up.
pub(super) fn names(call: &Call<'_>, value: Option<&Zval>) -> Result<Vec<Vec<u8>>, Thrown> {
    let place = call.argument(0);
    let list = array(&place, given(call, 0, value)?)?;
    let mut names = Vec::with_capacity(list.len());
    entries(&place, list, |place, _, value| {
        names.push(bytes(place, value, "string")?.to_vec());
        Ok(())
    })?;
    Ok(names)
}

/// `$options` of `wu_cloudways_sync()` and `wu_cloudways_plan()`. A key that holds null is as good as none.
pub(super) fn options(call: &Call<'_>, value: Option<&Zval>) -> Result<Options, Thrown> {
    let mut options = Options::default();
    let Some(value) = value else { return Ok(options) };
    let place = call.options();
    entries(&place, array(&place, value)?, |field, key, value| {
        let Key::Text(name) = key else { return Err(place.unknown_key(key, &OPTION_KEYS)) };
        if !OPTION_KEYS.iter().any(|known| known.as_bytes() == name) {
            return Err(place.unknown_key(key, &OPTION_KEYS));
        }
        if value.is_null() {
            return Ok(());
        }
        match name {
            b"state" => options.state = Some(state(field, value)?),
            b"www" => options.www = www_rule(field, value)?,
            b"removed" => options.removed = domain_list(field, value)?,
            b"network_domain" => options.network_domain = network_domain(field, value)?,
            b"sys_user" => options.sys_user = Some(sys_user(field, value)?),
            b"adopt" => options.adopt = domain_names(field, value)?,
            b"release" => options.release = domain_names(field, value)?,
            b"ssl" => options.ssl = flag(field, value, "?bool")?,
            b"deadline" => options.deadline = deadline(field, value)?,
            b"force" => options.force = flag(field, value, "?bool")?,
            b"fingerprint" => options.fingerprint = Some(fingerprint(field, value)?),
            b"interrupted" => options.interrupted = flag(field, value, "?bool")?,
            _ => return Err(place.unknown_key(key, &OPTION_KEYS)),
        }
        Ok(())
    })?;
    Ok(options)
}

/// `$options` of the functions that know a deadline and nothing else.
pub(super) fn deadline_alone(call: &Call<'_>, value: Option<&Zval>) -> Result<Duration, Thrown> {
    let mut chosen = Options::default().deadline;
    let Some(value) = value else { return Ok(chosen) };
    let place = call.options();
    entries(&place, array(&place, value)?, |field, key, value| {
        match key {
            Key::Text(b"deadline") if value.is_null() => {}
            Key::Text(b"deadline") => chosen = deadline(field, value)?,
            _ => return Err(place.unknown_key(key, &DEADLINE_KEYS)),
        }
        Ok(())
    })?;
    Ok(chosen)
}

fn deadline(place: &Place<'_>, value: &Zval) -> Result<Duration, Thrown> {
    #[expect(clippy::cast_precision_loss, reason = "whole numbers that large are refused anyway")]
    let seconds = match (value.long(), value.double()) {
        (Some(whole), _) => whole as f64,
        (None, Some(seconds)) => seconds,
        (None, None) => return Err(place.must_be_of_type("int|float|null", value)),
    };
    if DEADLINE_SECONDS.contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(place.must(format_args!("be between {} and {} seconds", DEADLINE_SECONDS.start(), DEADLINE_SECONDS.end())))
    }
}

fn www_rule(place: &Place<'_>, value: &Zval) -> Result<WwwRule, Thrown> {
    match bytes(place, value, "?string")? {
        b"always" => Ok(WwwRule::Always),
        b"main_only" => Ok(WwwRule::MainOnly),
        b"never" => Ok(WwwRule::Never),
        _ => Err(place.must("be one of \"always\", \"main_only\", \"never\"")),
    }
}

/// An empty one says that the network has none of its own, as a missing one does.
fn network_domain(place: &Place<'_>, value: &Zval) -> Result<Option<DomainName>, Thrown> {
    match bytes(place, value, "?string")? {
        b"" => Ok(None),
        name => DomainName::parse_plain(name).map(Some).map_err(|reason| place.must_be_a_domain(reason)),
    }
}

/// An empty one is refused: it would look as if nobody had asked for the check whose site this is.
fn sys_user(place: &Place<'_>, value: &Zval) -> Result<String, Thrown> {
    match std::str::from_utf8(bytes(place, value, "?string")?) {
        Ok("") => Err(place.must("not be empty; null says that it is not known")),
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(place.must("be valid UTF-8")),
    }
}

fn domain_names(place: &Place<'_>, value: &Zval) -> Result<Vec<DomainName>, Thrown> {
    let list = array(place, value)?;
    let mut names = Vec::with_capacity(list.len());
    entries(place, list, |place, _, value| {
        let name = DomainName::parse(bytes(place, value, "string")?);
        names.push(name.map_err(|reason| place.must_be_a_domain(reason))?);
        Ok(())
    })?;
    Ok(names)
}

fn fingerprint(place: &Place<'_>, value: &Zval) -> Result<String, Thrown> {
    let digits = bytes(place, value, "?string")?;
    match std::str::from_utf8(digits) {
        Ok(text) if digits.len() == FINGERPRINT_DIGITS && digits.iter().all(u8::is_ascii_hexdigit) => {
            Ok(text.to_ascii_lowercase())
        }
        _ => Err(place.must(format_args!("be {FINGERPRINT_DIGITS} hexadecimal digits"))),
    }
}

fn state(place: &Place<'_>, value: &Zval) -> Result<Value, Thrown> {
    array(place, value)?;
    json(place, value, STATE_DEPTH)
}

/// What `json_encode()` would make of a value. Text that is not UTF-8 and numbers that are not finite, which JSON
/// cannot hold, are no error here: whoever reads the state finds that it is damaged.
fn json(place: &Place<'_>, value: &Zval, depth: usize) -> Result<Value, Thrown> {
    if let Some(text) = value.zend_str() {
        return Ok(Value::String(String::from_utf8_lossy(text.as_bytes()).into_owned()));
    }
    if let Some(number) = value.long() {
        return Ok(Value::from(number));
    }
    if let Some(flag) = value.bool() {
        return Ok(Value::Bool(flag));
    }
    if let Some(number) = value.double() {
        return Ok(Number::from_f64(number).map_or(Value::Null, Value::Number));
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    let Some(array) = value.array() else {
        return Err(place.must_be_of_type("array|string|int|float|bool|null", value));
    };
    if depth == 0 {
        return Err(place.must(format_args!("not be nested deeper than {STATE_DEPTH} levels")));
    }
    if is_list(array) {
        let mut list = Vec::with_capacity(array.len());
        entries(place, array, |place, _, value| {
            list.push(json(place, value, depth - 1)?);
            Ok(())
        })?;
        return Ok(Value::Array(list));
    }
    let mut map = Map::with_capacity(array.len());
    entries(place, array, |place, key, value| {
        let key = match key {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => String::from_utf8_lossy(text).into_owned(),
        };
        map.insert(key, json(place, value, depth - 1)?);
        Ok(())
    })?;
    Ok(Value::Object(map))
}

/// As `array_is_list()` says: keys 0, 1, 2 … in this order. An empty array is one.
fn is_list(array: &ZendHashTable) -> bool {
    let mut entries = array.iter();
    let mut expected = 0;
    while let Some((key, _)) = entries.next_zval() {
        if key.long() != Some(expected) {
            return false;
        }
        expected += 1;
    }
    true
}
