//! What the API sends, read as leniently as it writes: numbers as strings, booleans as numbers, fields that are not
//! there. Only what is named here is kept. The rest of an answer, passwords among it, is skipped while it is read.
//!
//! A message about an answer of the wrong shape names the place, never what was found there.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::{App, InstalledCertificate, Observed, ObservedAlias, OperationRef, OperationState, Server, WildcardDns};
use crate::certificate::LIMIT;
use crate::config::Secret;
use crate::domain::DomainName;

/// So many names a list can have. A longer one is not read.
const LONGEST_LIST: usize = 100_000;

/// The longest message that is shown, in characters.
const LONGEST_MESSAGE: usize = 300;

/// The longest text that is passed on for names to be found in it, in bytes.
const LONGEST_TEXT: usize = 8 * 1024;

/// As much of what an answer says is looked at, tags and all, in bytes.
pub(super) const LONGEST_SAID: usize = 64 * 1024;

/// So many messages about an answer as a whole are looked at.
const MOST_MESSAGES: usize = 16;

/// So deep in an answer messages are looked for.
const DEEPEST_MESSAGE: usize = 6;

/// The longest key that is looked at, in bytes.
const LONGEST_KEY: usize = 512;

/// How a gzip body begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// A day: what a hint or an estimate beyond it says is not believed.
const DAY: u64 = 86_400;

/// Why an answer is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It has another shape than it should have.
    Shape(String),
    /// The server is not in it.
    NoServer,
    /// The application is not on the server.
    NoApp,
}

/// What an answer says about the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// They are refused.
    Credentials,
    /// The token's role does not allow the endpoint.
    Scope,
    /// The request did not get as far as the API.
    Edge,
}

/// A busy server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Busy {
    /// The operation that keeps it.
    With(OperationRef),
    /// An operation that cannot be asked for.
    Unnamed,
}

// ---------------------------------------------------------------------------------------------------------------
// Lenient values

/// Any JSON value, of which only scalars and lists of texts are kept. Has no `Debug`: it may hold anything.
#[derive(Default)]
enum Loose {
    #[default]
    Null,
    Flag(bool),
    Whole(i64),
    Fraction(f64),
    /// Of a very long one the beginning.
    Text(String),
    List {
        empty: bool,
        texts: Texts,
    },
    Object {
        empty: bool,
    },
}

/// What a list holds.
enum Texts {
    Only(Vec<String>),
    TooMany,
    /// Something else, too.
    Mixed,
}

impl Loose {
    fn id(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => u64::try_from(*number).ok(),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn whole(&self) -> Option<i64> {
        match self {
            Self::Flag(flag) => Some(i64::from(*flag)),
            Self::Whole(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "minutes until an operation ends")]
            Self::Whole(number) => Some(*number as f64),
            Self::Fraction(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Whole(number) => Some(*number != 0),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" => Some(true),
                "0" | "false" | "" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Self::Whole(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// What it says: a text, or several.
    fn said(&self) -> Option<String> {
        match self {
            Self::List { texts: Texts::Only(texts), .. } if !texts.is_empty() => {
                Some(texts.iter().take(MOST_MESSAGES).map(String::as_str).collect::<Vec<_>>().join(" \n"))
            }
            other => other.text(),
        }
    }

    /// Whether it is something rather than nothing, for fields whose shape is not known.
    fn is_something(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Flag(flag) => *flag,
            Self::Whole(number) => *number != 0,
            Self::Fraction(number) => *number != 0.0,
            Self::Text(text) => !matches!(text.trim().to_ascii_lowercase().as_str(), "" | "0" | "false" | "null"),
            Self::List { empty, .. } | Self::Object { empty } => !empty,
        }
    }

    /// The texts of a list; `None` when it is no list, or holds anything else.
    fn texts(&self) -> Option<&[String]> {
        match self {
            Self::List { texts: Texts::Only(texts), .. } => Some(texts),
            _ => None,
        }
    }

    fn domain(&self) -> Option<DomainName> {
        DomainName::parse_plain(self.text()?.as_bytes()).ok()
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Loose;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Loose, E> {
                Ok(Loose::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
                Ok(Loose::Whole(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
                Ok(i64::try_from(number).map_or(Loose::Null, Loose::Whole))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
                Ok(Loose::Fraction(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose::Text(head(text, LONGEST_SAID).to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
                let (mut empty, mut texts) = (true, Texts::Only(Vec::new()));
                while let Some(Item(item)) = seq.next_element()? {
                    empty = false;
                    match (&mut texts, item) {
                        (Texts::Only(found), Some(text)) if found.len() < LONGEST_LIST => found.push(text),
                        (Texts::Only(_), Some(_)) => texts = Texts::TooMany,
                        (Texts::Only(_), None) => texts = Texts::Mixed,
                        _ => {}
                    }
                }
                Ok(Loose::List { empty, texts })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                let mut empty = true;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    empty = false;
                }
                Ok(Loose::Object { empty })
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// The visits of a visitor to which numbers, flags and null are nothing.
macro_rules! nothing_in_scalars {
    ($nothing:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

/// A text in a list; `None` for anything else. What it is made of is passed over, however deep it is.
struct Item(Option<String>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            nothing_in_scalars!(Item(None));

            fn visit_str<E>(self, text: &str) -> Result<Item, E> {
                Ok(Item((text.len() <= LONGEST_SAID).then(|| text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Item(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Item(None))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

/// A `T` where there is an object, nothing where there is anything else: PHP writes an empty object as `[]`, and some
/// absent ones as `false`.
struct Maybe<T>(Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Maybe<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            nothing_in_scalars!(Maybe(None));

            fn visit_str<E>(self, _: &str) -> Result<Maybe<T>, E> {
                Ok(Maybe(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Maybe<T>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Maybe(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Maybe<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|found| Maybe(Some(found)))
            }
        }

        deserializer.deserialize_any(Object(PhantomData))
    }
}

/// As [`Maybe`], and whether the field was there at all.
struct Stated<T> {
    stated: bool,
    value: Option<T>,
}

impl<T> Default for Stated<T> {
    fn default() -> Self {
        Self { stated: false, value: None }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Stated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(value)| Self { stated: true, value })
    }
}

/// Something with an id.
trait Entry {
    fn id(&self) -> Option<u64>;
}

/// Looks for an object with this id in a list. The others are read and let go, however many they are.
struct Find<T> {
    id: u64,
    entry: PhantomData<T>,
}

/// What became of looking for an object in a list.
enum Search<T> {
    Found(T),
    NotThere,
    /// It is no list.
    NoList,
}

impl<'de, T: Deserialize<'de> + Entry> Find<T> {
    fn in_list(list: &'de RawValue, id: u64) -> Result<Search<T>, Unusable> {
        let mut json = serde_json::Deserializer::from_str(list.get());
        json.deserialize_any(Self { id, entry: PhantomData }).map_err(|error| not_understood(&error))
    }
}

impl<'de, T: Deserialize<'de> + Entry> Visitor<'de> for Find<T> {
    type Value = Search<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    nothing_in_scalars!(Search::NoList);

    fn visit_str<E>(self, _: &str) -> Result<Search<T>, E> {
        Ok(Search::NoList)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Search<T>, A::Error> {
        let mut search = Search::NotThere;
        while let Some(Maybe(entry)) = seq.next_element::<Maybe<T>>()? {
            if let Some(entry) = entry.filter(|entry| entry.id() == Some(self.id))
                && matches!(search, Search::NotThere)
            {
                search = Search::Found(entry);
            }
        }
        Ok(search)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Search<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Search::NoList)
    }
}

/// Reads a JSON object. The error names the place and nothing of what is there: serde's own message quotes it.
fn object<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Unusable> {
    match serde_json::from_slice::<Maybe<T>>(body) {
        Ok(Maybe(Some(found))) => Ok(found),
        Ok(Maybe(None)) => Err(Unusable::Shape("it is not a JSON object".into())),
        Err(_) if body.trim_ascii().is_empty() => Err(Unusable::Shape("it is empty".into())),
        Err(_) if body.starts_with(GZIP) => Err(Unusable::Shape("it is compressed, and that was not asked for".into())),
        Err(_) if std::str::from_utf8(body).is_err() => Err(Unusable::Shape("it is not UTF-8".into())),
        Err(error) => Err(not_understood(&error)),
    }
}

fn not_understood(error: &serde_json::Error) -> Unusable {
    let (line, column) = (error.line(), error.column());
    Unusable::Shape(match error.classify() {
        Category::Data => format!("it has a field twice (line {line}, column {column})"),
        Category::Eof => "it ends too early".into(),
        _ => format!("it is not JSON (line {line}, column {column})"),
    })
}

/// Whether a body is a page rather than an answer.
pub(super) fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// Whether a body ends before its JSON does: cut off on the way.
pub(super) fn is_cut(body: &[u8]) -> bool {
    !body.trim_ascii().is_empty() && serde_json::from_slice::<IgnoredAny>(body).is_err_and(|error| error.is_eof())
}

// ---------------------------------------------------------------------------------------------------------------
// GET /server

#[derive(serde::Deserialize)]
struct ServersAnswer<'a> {
    #[serde(default, borrow)]
    servers: Option<&'a RawValue>,
}

#[derive(serde::Deserialize)]
struct ServerEntry<'a> {
    #[serde(default)]
    id: Loose,
    #[serde(default)]
    label: Loose,
    #[serde(default)]
    public_ip: Loose,
    /// Not seen so far; taken where it comes.
    #[serde(default)]
    public_ipv6: Loose,
    #[serde(default, borrow)]
    apps: Option<&'a RawValue>,
}

impl Entry for ServerEntry<'_> {
    fn id(&self) -> Option<u64> {
        self.id.id()
    }
}

#[derive(serde::Deserialize)]
struct AppEntry {
    #[serde(default)]
    id: Loose,
    #[serde(default)]
    label: Loose,
    #[serde(default)]
    app_fqdn: Loose,
    #[serde(default)]
    cname: Loose,
    #[serde(default)]
    aliases: Loose,
    #[serde(default)]
    lets_encrypt: Stated<LetsEncryptEntry>,
    #[serde(default)]
    own_ssl: Loose,
    #[serde(default)]
    sys_user: Loose,
}

impl Entry for AppEntry {
    fn id(&self) -> Option<u64> {
        self.id.id()
    }
}

#[derive(serde::Deserialize)]
struct LetsEncryptEntry {
    #[serde(default)]
    auto: Loose,
    #[serde(default)]
    is_installed: Loose,
    #[serde(default)]
    ssl_domains: Loose,
    #[serde(default, rename = "type")]
    kind: Loose,
}

/// Finds our server and our application in an answer of `GET /server`.
pub(super) fn observed(body: &[u8], server_id: u64, app_id: u64) -> Result<Observed, Unusable> {
    let answer: ServersAnswer<'_> = object(body)?;
    let server: ServerEntry<'_> = match find(answer.servers, server_id)? {
        Search::Found(server) => server,
        Search::NotThere => return Err(Unusable::NoServer),
        Search::NoList => return Err(missing(body, "it has no list `servers`")),
    };
    let app: AppEntry = match find(server.apps, app_id)? {
        Search::Found(app) => app,
        Search::NotThere => return Err(Unusable::NoApp),
        Search::NoList => return Err(Unusable::Shape("the server has no list `apps`".into())),
    };
    // Never taken for an empty list: what is sent later replaces what is there.
    let aliases = match app.aliases {
        Loose::List { texts: Texts::Only(texts), .. } => texts,
        Loose::List { texts: Texts::TooMany, .. } => {
            return Err(Unusable::Shape(format!("the application has more than {LONGEST_LIST} aliases")));
        }
        _ => {
            let what = "the application's `aliases` is missing, or is not a list of strings";
            return Err(Unusable::Shape(what.into()));
        }
    };
    let addresses = [&server.public_ip, &server.public_ipv6];
    Ok(Observed {
        server: Server {
            id: server_id,
            label: server.label.text().unwrap_or_default(),
            addresses: addresses.iter().filter_map(|field| field.text()?.parse::<IpAddr>().ok()).collect(),
        },
        app: App {
            id: app_id,
            label: app.label.text().unwrap_or_default(),
            fqdn: app.app_fqdn.domain(),
            primary: app.cname.domain(),
            aliases: aliases.into_iter().map(ObservedAlias::new).collect(),
            sys_user: app.sys_user.text().filter(|user| is_user_name(user)),
            certificate: certificate(&app.lets_encrypt, &app.own_ssl),
        },
    })
}

fn find<'de, T: Deserialize<'de> + Entry>(list: Option<&'de RawValue>, id: u64) -> Result<Search<T>, Unusable> {
    list.map_or(Ok(Search::NoList), |list| Find::in_list(list, id))
}

/// What is not plainly said is not taken for "none": a certificate would be ordered over the one that is there.
fn certificate(lets_encrypt: &Stated<LetsEncryptEntry>, own: &Loose) -> InstalledCertificate {
    if own.is_something() {
        return InstalledCertificate::Custom;
    }
    let Some(entry) = &lets_encrypt.value else {
        return if lets_encrypt.stated { InstalledCertificate::None } else { InstalledCertificate::Unreadable };
    };
    let names = entry.names();
    let installed = entry.is_installed.flag().unwrap_or_else(|| names.as_ref().is_none_or(|names| !names.is_empty()));
    if !installed {
        return InstalledCertificate::None;
    }
    let Some(names) = names.filter(|names| !names.is_empty() && names.len() <= LIMIT) else {
        return InstalledCertificate::Unreadable;
    };
    let auto = entry.auto.flag();
    match &entry.kind {
        Loose::Text(kind) if kind.eq_ignore_ascii_case("wc") => InstalledCertificate::Wildcard { names, auto },
        // No order of ours could hold it, so the next one would end it.
        _ if names.iter().any(DomainName::is_wildcard) => InstalledCertificate::Wildcard { names, auto },
        _ => InstalledCertificate::LetsEncrypt { names, auto },
    }
}

impl LetsEncryptEntry {
    /// The names of the certificate; `None` when there is one that is no name, or something else than a list.
    fn names(&self) -> Option<Vec<DomainName>> {
        match &self.ssl_domains {
            Loose::Null => Some(Vec::new()),
            list => list.texts()?.iter().map(|name| DomainName::parse(name.as_bytes()).ok()).collect(),
        }
    }
}

/// What Cloudways calls a system user: the name of a folder.
fn is_user_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// An answer without what it should have: the API greets whoever asks for a path that it does not know.
fn missing(body: &[u8], what: &str) -> Unusable {
    Unusable::Shape(if is_greeting(body) { GREETED.into() } else { what.into() })
}

pub(super) const GREETED: &str = "the API does not know this path; check WU_CLOUDWAYS_API_URL";

/// Whether this is the 2xx answer to an unknown path, as third-party clients have met it.
pub(super) fn is_greeting(body: &[u8]) -> bool {
    message(body).is_some_and(|text| text.to_ascii_lowercase().starts_with("you have reached cloudways api"))
}

// ---------------------------------------------------------------------------------------------------------------
// Operations

#[derive(serde::Deserialize)]
struct OperationAnswer {
    #[serde(default)]
    operation: Maybe<OperationEntry>,
    #[serde(default)]
    operation_id: Loose,
}

#[derive(serde::Deserialize)]
struct OperationEntry {
    #[serde(default)]
    id: Loose,
    #[serde(default, rename = "type")]
    kind: Loose,
    #[serde(default)]
    estimated_time_remaining: Loose,
    #[serde(default)]
    status: Loose,
    #[serde(default)]
    is_completed: Loose,
    #[serde(default)]
    message: Loose,
}

impl OperationEntry {
    /// Seconds. The API counts in minutes, and 0 while it runs says nothing.
    fn estimate(&self) -> Option<u64> {
        let minutes = self.estimated_time_remaining.number().filter(|minutes| minutes.is_finite() && *minutes > 0.0)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a day's seconds")]
        Some((minutes * 60.0).ceil().min(86_400.0) as u64)
    }

    fn reference(&self) -> Option<OperationRef> {
        let id = self.id.text().filter(|id| is_operation_id(id))?;
        Some(OperationRef { id, kind: self.kind.text(), estimate: self.estimate() })
    }
}

/// Whether an id may become part of a path.
pub(crate) fn is_operation_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// An answer of `GET /operation/{id}`. The message of a failed one is as the API wrote it.
pub(super) fn operation_state(body: &[u8]) -> Result<OperationState, Unusable> {
    let answer: OperationAnswer = object(body)?;
    let operation = answer.operation.0.ok_or_else(|| missing(body, "it has no `operation`"))?;
    match operation.is_completed.whole() {
        Some(0) => Ok(OperationState::Running { estimate: operation.estimate() }),
        Some(1) => Ok(OperationState::Done),
        Some(-1) => {
            let said = operation.message.said().or_else(|| operation.status.said());
            Ok(OperationState::Failed(said.unwrap_or_default()))
        }
        _ => Err(Unusable::Shape("the operation's `is_completed` is none of 0, 1 and -1".into())),
    }
}

/// The operation that a write started, from its 2xx answer: any JSON will do, and nothing at all.
pub(super) fn started(body: &[u8]) -> Result<Option<OperationRef>, Unusable> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let answer = match object::<OperationAnswer>(body) {
        Ok(answer) => answer,
        Err(_) if serde_json::from_slice::<IgnoredAny>(body).is_ok() => return Ok(None),
        Err(unusable) => return Err(unusable),
    };
    let named = answer.operation_id.text().filter(|id| is_operation_id(id));
    let from_id = named.map(|id| OperationRef { id, kind: None, estimate: None });
    Ok(answer.operation.0.as_ref().and_then(OperationEntry::reference).or(from_id))
}

/// The operation that keeps the server busy, from a 422. It is told by the object, not by the sentence.
pub(super) fn busy(body: &[u8]) -> Option<Busy> {
    let operation = object::<OperationAnswer>(body).ok()?.operation.0?;
    Some(operation.reference().map_or(Busy::Unnamed, Busy::With))
}

// ---------------------------------------------------------------------------------------------------------------
// Wildcard certificates

#[derive(serde::Deserialize)]
struct WildcardAnswer {
    #[serde(default)]
    status: Loose,
    #[serde(default)]
    wildcard_ssl: Maybe<WildcardSsl>,
}

#[derive(serde::Deserialize)]
struct WildcardSsl {
    #[serde(default)]
    status: Loose,
    #[serde(default)]
    wildcard: Maybe<WildcardEntry>,
}

#[derive(serde::Deserialize)]
struct WildcardEntry {
    #[serde(default)]
    app_prefix: Loose,
    #[serde(default)]
    is_verified: Loose,
}

/// What an answer of `POST /security/createDNS` or `verifyDNS` says; `None`: that it did not do it.
pub(super) fn wildcard_dns(body: &[u8]) -> Result<Option<WildcardDns>, Unusable> {
    let answer: WildcardAnswer = object(body)?;
    let ssl = answer.wildcard_ssl.0;
    let nested = ssl.as_ref().and_then(|ssl| ssl.status.flag());
    if answer.status.flag() == Some(false) || nested == Some(false) {
        return Ok(None);
    }
    let entry = ssl.and_then(|ssl| ssl.wildcard.0).ok_or_else(|| missing(body, "it has no `wildcard_ssl.wildcard`"))?;
    Ok(Some(WildcardDns { is_verified: entry.is_verified.flag() == Some(true), target: entry.app_prefix.domain() }))
}

// ---------------------------------------------------------------------------------------------------------------
// Tokens

#[derive(serde::Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    access_token: Loose,
}

/// The token in an answer of `POST /oauth/access_token`.
pub(super) fn exchanged(body: &[u8]) -> Result<Secret, Unusable> {
    let answer: TokenAnswer = object(body)?;
    match answer.access_token {
        // What a header can carry, and nothing that would be an empty Bearer.
        Loose::Text(token) if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Secret::new(token))
        }
        _ => Err(missing(body, "it has no usable `access_token`")),
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Messages

/// The OAuth error code of a body: the field `error`, where it is a word.
pub(super) fn error_code(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct ErrorAnswer {
        #[serde(default)]
        error: Loose,
    }
    object::<ErrorAnswer>(body).ok()?.error.text()
}

/// What a JSON body says, in its order.
#[derive(Debug, Default)]
pub(super) struct Said {
    messages: Vec<Message>,
    /// How many of them are about the request as a whole.
    whole: usize,
}

#[derive(Debug)]
struct Message {
    /// Where it stands: the better a place, the lower.
    rank: usize,
    /// The field it is about; `None`: the request as a whole.
    field: Option<String>,
    text: String,
}

/// Where messages stand, the best first. Everything else that holds one is a field it is about.
const ENVELOPES: [&str; 5] = ["error_description", "message", "error", "errors", "messages"];

impl Said {
    /// Reads a body. Where it is not JSON, or not to its end, this is what was found until there.
    pub(super) fn by(body: &[u8]) -> Self {
        let mut said = Self::default();
        let mut left = LONGEST_SAID;
        let top = Place { said: &mut said, left: &mut left, rank: usize::MAX, field: None, about: None, depth: 0 };
        // What comes after the JSON, or breaks it, takes nothing from what was said.
        let _ = top.deserialize(&mut serde_json::Deserializer::from_slice(body));
        said
    }

    /// The message to show: `error_description`, `message`, `error`, then the first field that has one.
    pub(super) fn shown(&self) -> Option<&str> {
        self.messages.iter().min_by_key(|message| message.rank).map(|message| message.text.as_str())
    }

    /// Everything that was said, each with the field it is about.
    pub(super) fn all(&self) -> Option<String> {
        let line = |message: &Message| match &message.field {
            Some(field) => format!("{field}: {}", message.text),
            None => message.text.clone(),
        };
        (!self.messages.is_empty()).then(|| self.messages.iter().map(line).collect::<Vec<_>>().join(" \n"))
    }

    /// Whether it is about this list of names, and about nothing else. Fields tell it; where there are none, the words
    /// do, which are `text`.
    pub(super) fn is_about(&self, list: &str, text: &str) -> bool {
        let mut fields = self.messages.iter().filter_map(|message| message.field.as_deref()).peekable();
        if fields.peek().is_some() {
            return fields.all(|field| root(field).eq_ignore_ascii_case(list));
        }
        speaks_of(text, list)
    }
}

/// `aliases` of `aliases.3` and `aliases[0]`.
fn root(field: &str) -> &str {
    field.split(['.', '[']).next().unwrap_or(field).trim()
}

/// Whether a text that names no field speaks of this list of names.
fn speaks_of(text: &str, list: &str) -> bool {
    const OTHERS: [&str; 10] = [
        "server_id",
        "server id",
        "app_id",
        "app id",
        "application id",
        "ssl_email",
        "ssl email",
        "wild_card",
        "wild card",
        "operation",
    ];
    let text = text.trim_start().to_ascii_lowercase();
    let in_a_word = |c: char| c.is_alphanumeric() || c == '_';
    if text.strip_prefix(list).is_some_and(|rest| !rest.starts_with(in_a_word)) {
        return true;
    }
    let words = |wanted: &[&str]| text.split(|c: char| !in_a_word(c)).any(|word| wanted.contains(&word));
    words(&[list, "alias", "aliases", "domain", "domains"]) && !OTHERS.iter().any(|other| text.contains(other))
}

/// A place in an answer where messages are looked for.
struct Place<'a> {
    said: &'a mut Said,
    /// What may still be read about fields, in bytes.
    left: &'a mut usize,
    /// That of the messages here; `usize::MAX` where plain text is none.
    rank: usize,
    /// The field they are about.
    field: Option<&'a str>,
    /// A name that stands for a key, as in `{"aliases":{"bad.example":"is no domain"}}`.
    about: Option<&'a str>,
    depth: usize,
}

impl Place<'_> {
    fn hear(&mut self, text: &str) {
        let whole = self.field.is_none();
        let room = if whole { LONGEST_TEXT } else { *self.left };
        let text = head(text.trim(), room);
        if self.rank == usize::MAX || text.is_empty() || (whole && self.said.whole >= MOST_MESSAGES) {
            return;
        }
        let text = self.about.map_or_else(|| text.to_owned(), |about| format!("{about}: {text}"));
        self.said.whole += usize::from(whole);
        if let Some(field) = self.field {
            *self.left = self.left.saturating_sub(text.len() + field.len());
        }
        self.said.messages.push(Message { rank: self.rank, field: self.field.map(str::to_owned), text });
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > DEEPEST_MESSAGE || *self.left == 0 && self.field.is_some() {
            return IgnoredAny::deserialize(deserializer).map(|_| ());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.hear(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        // A list at the top has no place for messages, and one of a field (as other frameworks write it) is nothing
        // but messages.
        let rank = if self.rank == usize::MAX && self.field.is_some() { ENVELOPES.len() } else { self.rank };
        loop {
            let Place { field, about, .. } = self;
            let place =
                Place { said: &mut *self.said, left: &mut *self.left, rank, field, about, depth: self.depth + 1 };
            if seq.next_element_seed(place)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            if self.depth == 0 && key == "operation" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let envelope = ENVELOPES.iter().position(|name| *name == key);
            let place = Place {
                said: &mut *self.said,
                left: &mut *self.left,
                rank: match (envelope, self.field) {
                    (Some(rank), None) => rank,
                    (Some(_), Some(_)) => ENVELOPES.len(),
                    // In `errors` each text is a message, and so is what stands at a name.
                    (None, None) if self.rank == ERRORS => ENVELOPES.len(),
                    (None, Some(_)) if key.contains('.') => ENVELOPES.len(),
                    (None, _) => usize::MAX,
                },
                field: self.field.or(if envelope.is_none() { Some(&key) } else { None }),
                about: self.about.or(if envelope.is_none() && self.field.is_some() { Some(&key) } else { None }),
                depth: self.depth + 1,
            };
            map.next_value_seed(place)?;
        }
        Ok(())
    }
}

/// The place of `errors` among [`ENVELOPES`].
const ERRORS: usize = 3;

/// A key, of which no more is kept than a name can be long.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key(head(text, LONGEST_KEY).to_owned()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The message in a JSON body that is to be shown.
pub(super) fn message(body: &[u8]) -> Option<String> {
    Said::by(body).shown().map(str::to_owned)
}

/// A body in which no message was found, as text. Nothing where it is JSON that is broken or too long, or compressed:
/// secrets would not be found in it.
pub(super) fn raw(body: &[u8]) -> String {
    let start = &body[..body.len().min(LONGEST_SAID)];
    let looks_like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
    if start.len() == body.len()
        // Written anew, JSON has one spelling, in which secrets can be found.
        && let Ok(value) = serde_json::from_slice::<Value>(body)
    {
        return value.to_string();
    }
    if looks_like_json || body.starts_with(GZIP) {
        return String::new();
    }
    String::from_utf8_lossy(start).into_owned()
}

/// The beginning of a text, of this many bytes at most. It ends between two words, so that no half of a secret stays.
pub(super) fn head(text: &str, longest: usize) -> &str {
    if text.len() <= longest {
        return text;
    }
    let cut = (0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..text[..cut].rfind([' ', '<', '\n']).unwrap_or(0)]
}

/// As much of a text that is clean already as names are looked for in. It ends between two names.
pub(super) fn bounded(text: &str) -> &str {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let cut = (0..=LONGEST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let in_a_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    let end = text[..cut].rfind(|c: char| !in_a_name(c)).unwrap_or(0);
    text[..end].trim_end()
}

/// Text without tags and control characters, its blanks made single.
pub(super) fn plain(text: &str) -> String {
    let mut without = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        without.push_str(&rest[..start]);
        let tag = &rest[start..];
        // Where the tag ends; of styles and scripts, which are no text, where they end.
        let end = ["script", "style"].iter().find_map(|name| end_of_element(tag, name));
        match end.or_else(|| tag.find('>').map(|at| at + 1)) {
            Some(end) => rest = &tag[end..],
            None => rest = "",
        }
        // Words in neighbouring elements stay apart, a word with a tag in it stays one.
        if is_block(tag) {
            without.push(' ');
        }
    }
    without.push_str(rest);
    let shown: String = without.chars().filter(|c| c.is_whitespace() || !c.is_control()).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where an element ends, its contents with it; one that does not end takes everything.
fn end_of_element(tag: &str, name: &str) -> Option<usize> {
    let begins = tag.get(1..=name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    if !begins {
        return None;
    }
    let close = tag
        .as_bytes()
        .windows(name.len() + 2)
        .position(|window| window.starts_with(b"</") && window[2..].eq_ignore_ascii_case(name.as_bytes()));
    let Some(close) = close else { return Some(tag.len()) };
    tag[close..].find('>').map(|end| close + end + 1)
}

fn is_block(tag: &str) -> bool {
    const INLINE: [&str; 9] = ["a", "b", "i", "em", "strong", "span", "code", "small", "u"];
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    !INLINE.contains(&name[..end].to_ascii_lowercase().as_str())
}

/// A message as it is shown: its first 300 characters.
#[must_use]
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// `Retry-After`: seconds, or an HTTP date; `now` in seconds since the epoch.
pub(super) fn retry_after(header: &str, now: u64) -> Option<Duration> {
    let header = header.trim();
    let seconds = match header.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) if header.bytes().all(|byte| byte.is_ascii_digit()) && !header.is_empty() => DAY,
        Err(_) => {
            let at = httpdate::parse_http_date(header).ok()?;
            let at = at.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
            at.saturating_sub(now)
        }
    };
    Some(Duration::from_secs(seconds.min(DAY)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    fn name(text: &str) -> DomainName {
        DomainName::parse(text.as_bytes()).unwrap()
    }

    fn app(changes: Value) -> Value {
        let mut app = json!({
            "id": "131933", "label": "Shops", "app_fqdn": "wordpressmu-1-2-3.cloudwaysapps.com", "cname": "example.com",
            "aliases": ["a.example", "*.B.example", "under_score.example"], "lets_encrypt": null, "own_ssl": false,
            "sys_user": "abcdefghij", "server_id": "50482", "mysql_password": "SIM-SECRET-mysql",
        });
        for (key, value) in changes.as_object().unwrap() {
            app[key] = value.clone();
        }
        app
    }

    fn answer(app: &Value) -> Vec<u8> {
        json!({
            "status": false,
            "servers": [
                {"id": 7, "apps": [{"id": "131933", "aliases": ["other.example"]}]},
                {"id": "50482", "label": "One", "public_ip": "203.0.113.10", "master_password": "SIM-SECRET-master",
                 "apps": ["odd", {"id": "1", "aliases": null}, app]},
            ],
        })
        .to_string()
        .into_bytes()
    }

    fn read(changes: Value) -> Result<Observed, Unusable> {
        observed(&answer(&app(changes)), 50_482, 131_933)
    }

    fn shape(outcome: Result<Observed, Unusable>) -> String {
        match outcome {
            Err(Unusable::Shape(what)) => what,
            other => panic!("expected a wrong shape, got {other:?}"),
        }
    }

    #[test]
    fn our_application_is_found_on_our_server() {
        let seen = read(json!({})).unwrap();
        assert_eq!(seen.server.addresses, ["203.0.113.10".parse::<IpAddr>().unwrap()]);
        assert_eq!((seen.server.label.as_str(), seen.app.label.as_str()), ("One", "Shops"));
        assert_eq!(seen.app.primary, Some(name("example.com")));
        assert_eq!(seen.app.fqdn, Some(name("wordpressmu-1-2-3.cloudwaysapps.com")));
        assert_eq!(seen.app.sys_user.as_deref(), Some("abcdefghij"));
        let spelled: Vec<_> = seen.app.aliases.iter().map(|alias| alias.spelling.as_str()).collect();
        assert_eq!(spelled, ["a.example", "*.B.example", "under_score.example"]);
        assert_eq!(seen.app.aliases[1].name, Some(name("*.b.example")));
        assert_eq!(seen.app.aliases[2].name, None);
        assert_eq!(seen.app.certificate, InstalledCertificate::None);
        assert!(!format!("{seen:?}").contains("SIM-SECRET"));
    }

    #[test]
    fn what_is_not_there_is_said_and_never_guessed() {
        assert_eq!(observed(&answer(&app(json!({}))), 1, 131_933), Err(Unusable::NoServer));
        assert_eq!(observed(&answer(&app(json!({}))), 50_482, 2), Err(Unusable::NoApp));
        // On the account's other server, where it is not ours.
        assert_eq!(observed(&answer(&app(json!({"id": "5"}))), 50_482, 131_933), Err(Unusable::NoApp));
        for aliases in [json!(null), json!({}), json!({"0": "a.example"}), json!("a.example"), json!(["a.example", 5])]
        {
            assert!(shape(read(json!({"aliases": aliases}))).contains("aliases"));
        }
        let mut without = app(json!({}));
        without.as_object_mut().unwrap().remove("aliases");
        assert!(shape(observed(&answer(&without), 50_482, 131_933)).contains("aliases"));
        assert_eq!(read(json!({"aliases": []})).unwrap().app.aliases.to_vec(), []);
        assert!(shape(observed(br#"{"servers":[{"id":1}]}"#, 1, 2)).contains("apps"));
    }

    #[test]
    fn an_answer_of_another_shape_is_named_without_its_contents() {
        let table: [(&[u8], &str); 9] = [
            (b"", "empty"),
            (b" \n", "empty"),
            (b"SIM-SECRET", "line 1, column"),
            (b"<html>SIM-SECRET</html>", "line 1, column 1"),
            (b"\"SIM-SECRET\"", "not a JSON object"),
            (b"[\"SIM-SECRET\"]", "not a JSON object"),
            (br#"{"status":true,"x":"SIM-SECRET"}"#, "`servers`"),
            (br#"{"servers":{"0":"SIM-SECRET"}}"#, "`servers`"),
            (br#"{"message":"You have reached Cloudways API."}"#, "WU_CLOUDWAYS_API_URL"),
        ];
        for (body, expected) in table {
            let what = shape(observed(body, 1, 2));
            assert!(what.contains(expected) && !what.contains("SIM-SECRET"), "{what}");
        }
    }

    #[test]
    fn absurd_answers_are_refused_with_a_word_and_never_guessed_at() {
        let server = |id: &str, aliases: &str| {
            format!(r#"{{"servers":[{{"id":{id},"apps":[{{"id":2,"aliases":{aliases}}}]}}]}}"#).into_bytes()
        };
        assert!(observed(&server("1", "[]"), 1, 2).is_ok());
        assert!(observed(&server("\" 1 \"", "[]"), 1, 2).is_ok());
        for id in ["18446744073709551617", "-0", "-1", "1.0", "1.5", "true", "null", "[1]", "{}", "\"1e0\"", "\"0x1\""]
        {
            assert_eq!(observed(&server(id, "[]"), 1, 2), Err(Unusable::NoServer), "{id}");
        }
        assert_eq!(observed(&server("0", "[]"), 1, 2), Err(Unusable::NoServer));
        let deep = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
        let huge = format!("[{}]", "\"a.example\",".repeat(LONGEST_LIST) + "\"b.example\"");
        let long = format!("[\"{}\"]", "a".repeat(LONGEST_SAID + 1));
        let table = [
            (server("1e999", "[]"), "not JSON"),
            (server("1", &deep(100_000)), "aliases"),
            (server("1", &huge), "more than 100000 aliases"),
            (server("1", &long), "aliases"),
            (server("1", r#"["a.example",["b.example"]]"#), "aliases"),
            (server("1", r#"[],"aliases":["a.example"]"#), "a field twice"),
            (br#"{"servers":[],"servers":[]}"#.to_vec(), "a field twice"),
            (server("1", "[\"a.example\"")[..40].to_vec(), "ends too early"),
            ([&b"{\"servers\":[{\"id\":1,\"label\":\""[..], b"\xff\xfe", b"\"}]}"].concat(), "not UTF-8"),
            (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], "compressed"),
            ("[".repeat(100_000).into_bytes(), "ends too early"),
            (deep(100_000).into_bytes(), "not a JSON object"),
        ];
        for (body, expected) in table {
            let what = shape(observed(&body, 1, 2));
            assert!(what.contains(expected), "{expected}: {what}");
        }
        // What is not ours may be as odd as it likes.
        let odd = format!(
            r#"{{"x":{},"y":1e999,"servers":[7,{},{{"id":"1","z":-1e-999,"apps":[null,{{"id":2,"aliases":[],"q":{}}}]}}]}}"#,
            deep(100_000),
            deep(100_000),
            deep(100_000),
        );
        assert!(observed(odd.as_bytes(), 1, 2).is_ok());
        let mut many: Vec<Value> =
            (10..10_010).map(|id| json!({"id": id.to_string(), "aliases": ["x.example"]})).collect();
        many.push(app(json!({})));
        let answer = json!({"servers": [{"id": "50482", "apps": many}]}).to_string();
        assert_eq!(observed(answer.as_bytes(), 50_482, 131_933).unwrap().app.aliases.len(), 3);
        assert!(operation_state(br#"{"operation":{"is_completed":1e999}}"#).is_err());
        for odd in ["-0", "1.0", "18446744073709551617", "2", "[1]", "{}"] {
            let body = format!(r#"{{"operation":{{"is_completed":{odd},"estimated_time_remaining":1e308}}}}"#);
            assert!(operation_state(body.as_bytes()).is_err(), "{odd}");
        }
    }

    #[test]
    fn odd_addresses_and_names() {
        let with = |address: Value| {
            let body = json!({"servers": [{"id": 1, "public_ip": address, "apps": [{"id": 2, "aliases": []}]}]});
            observed(body.to_string().as_bytes(), 1, 2).unwrap()
        };
        assert_eq!(with(json!("")).server.addresses, Vec::<IpAddr>::new());
        assert_eq!(with(json!(null)).server.addresses, Vec::<IpAddr>::new());
        assert_eq!(with(json!("203.0.113.300")).server.addresses, Vec::<IpAddr>::new());
        assert_eq!(with(json!("2001:db8::1")).server.addresses, ["2001:db8::1".parse::<IpAddr>().unwrap()]);
        let bare = with(json!("203.0.113.1")).app;
        assert_eq!((bare.primary, bare.sys_user, bare.fqdn), (None, None, None));
        assert_eq!(read(json!({"cname": ""})).unwrap().app.primary, None);
        assert_eq!(read(json!({"cname": null})).unwrap().app.primary, None);
        assert_eq!(read(json!({"id": 131_933})).unwrap().app.id, 131_933);
    }

    #[test]
    fn certificates() {
        let le = |changes: Value| {
            let mut entry = json!({
                "app_prefix": "x.cloudwaysapps.com", "auto": true, "challenges": null, "is_installed": true,
                "is_verified": true, "ssl_domains": ["example.com", "WWW.example.com"], "type": "le",
            });
            for (key, value) in changes.as_object().unwrap() {
                entry[key] = value.clone();
            }
            read(json!({"lets_encrypt": entry})).unwrap().app.certificate
        };
        let names = vec![name("example.com"), name("www.example.com")];
        let ordinary = |auto| InstalledCertificate::LetsEncrypt { names: names.clone(), auto };
        assert_eq!(le(json!({})), ordinary(Some(true)));
        for yes in [json!("1"), json!(1), json!("true")] {
            assert_eq!(le(json!({"auto": yes, "is_installed": yes})), ordinary(Some(true)));
        }
        for no in [json!("0"), json!(0), json!(false)] {
            assert_eq!(le(json!({"auto": no})), ordinary(Some(false)));
            assert_eq!(le(json!({"is_installed": no})), InstalledCertificate::None);
        }
        assert_eq!(le(json!({"auto": null})), ordinary(None));
        assert_eq!(le(json!({"is_installed": null})), ordinary(Some(true)), "it has names, so there is one");
        assert_eq!(le(json!({"is_installed": null, "ssl_domains": []})), InstalledCertificate::None);
        let many: Vec<String> = (0..101).map(|number| format!("n{number}.example.com")).collect();
        for unreadable in
            [json!({"0": "example.com"}), json!("example.com"), json!([1]), json!(["no_name"]), json!(many)]
        {
            assert_eq!(le(json!({"ssl_domains": unreadable})), InstalledCertificate::Unreadable, "{unreadable}");
        }
        assert_eq!(le(json!({"ssl_domains": []})), InstalledCertificate::Unreadable, "installed, and for no name");
        assert_eq!(
            le(json!({"type": "wc"})),
            InstalledCertificate::Wildcard { names: names.clone(), auto: Some(true) }
        );
        for none in [json!(null), json!([]), json!(false), json!({}), json!("")] {
            assert_eq!(read(json!({"lets_encrypt": none})).unwrap().app.certificate, InstalledCertificate::None);
        }
        for own in [json!(true), json!("1"), json!(1), json!({"crt": "x"}), json!("cert")] {
            assert_eq!(read(json!({"own_ssl": own})).unwrap().app.certificate, InstalledCertificate::Custom);
        }
        for own in [json!(false), json!("0"), json!(0), json!(null), json!({}), json!([]), json!(""), json!("false")] {
            assert_eq!(read(json!({"own_ssl": own})).unwrap().app.certificate, InstalledCertificate::None);
        }
    }

    #[test]
    fn operations() {
        let state = |completed: Value, estimate: Value| {
            let body = json!({"status": true, "operation": {
                "id": "596283", "estimated_time_remaining": estimate, "is_completed": completed, "message": "no good",
                "status": "Process is initiated",
            }});
            operation_state(body.to_string().as_bytes())
        };
        for running in [json!("0"), json!(0), json!(false)] {
            assert_eq!(state(running, json!("2")), Ok(OperationState::Running { estimate: Some(120) }));
        }
        for done in [json!("1"), json!(1), json!(true)] {
            assert_eq!(state(done, json!("0")), Ok(OperationState::Done));
        }
        for failed in [json!("-1"), json!(-1)] {
            assert_eq!(state(failed, json!(null)), Ok(OperationState::Failed("no good".into())));
        }
        for (minutes, estimate) in [
            (json!("0"), None),
            (json!(null), None),
            (json!(-3), None),
            (json!("soon"), None),
            (json!(0.5), Some(30)),
            (json!(1e300), Some(86_400)),
        ] {
            assert_eq!(state(json!("0"), minutes), Ok(OperationState::Running { estimate }));
        }
        for odd in [json!(null), json!("2"), json!("done"), json!([])] {
            assert!(matches!(state(odd, json!("0")), Err(Unusable::Shape(_))));
        }
        for body in [&b"{}"[..], b"[]", b"{\"operation\":null}", b""] {
            assert!(matches!(operation_state(body), Err(Unusable::Shape(_))));
        }
    }

    #[test]
    fn accepted_writes() {
        let id = |id: &str| Ok(Some(OperationRef { id: id.into(), kind: None, estimate: None }));
        type Expected = Result<Option<OperationRef>, Unusable>;
        let table: [(&[u8], Expected); 10] = [
            (b"", Ok(None)),
            (b"[]", Ok(None)),
            (b"{}", Ok(None)),
            (b"true", Ok(None)),
            (br#"{"status":true}"#, Ok(None)),
            (br#"{"operation_id":596283}"#, id("596283")),
            (br#"{"operation_id":"596283"}"#, id("596283")),
            (br#"{"operation_id":"flex-92994091"}"#, id("flex-92994091")),
            (br#"{"operation_id":"../x"}"#, Ok(None)),
            (br#"{"operation_id":null}"#, Ok(None)),
        ];
        for (body, expected) in table {
            assert_eq!(started(body), expected, "{}", String::from_utf8_lossy(body));
        }
        assert!(matches!(started(b"<html>"), Err(Unusable::Shape(_))));
        assert!(matches!(started(b"{\"operation_id\":5"), Err(Unusable::Shape(_))));
    }

    #[test]
    fn busy_is_told_by_the_operation() {
        let body = br#"{"message":"x","operation":{"id":"92897180","type":"purge","estimated_time_remaining":"1"}}"#;
        let kind = Some("purge".into());
        assert_eq!(busy(body), Some(Busy::With(OperationRef { id: "92897180".into(), kind, estimate: Some(60) })));
        assert_eq!(busy(br#"{"operation":{"id":null}}"#), Some(Busy::Unnamed));
        assert_eq!(busy(br#"{"operation":{"id":"a/b"}}"#), Some(Busy::Unnamed));
        assert_eq!(busy(br#"{"message":"An operation is already in progress for this server."}"#), None);
        assert_eq!(busy(br#"{"operation":[]}"#), None);
    }

    #[test]
    fn tokens() {
        assert_eq!(exchanged(br#"{"access_token":"abc","expires_in":3600}"#).unwrap().expose(), "abc");
        for body in [&b"{}"[..], br#"{"access_token":""}"#, br#"{"access_token":null}"#, br#"{"access_token":"a b"}"#] {
            assert!(matches!(exchanged(body), Err(Unusable::Shape(_))));
        }
    }

    #[test]
    fn messages_are_found_where_the_api_puts_them() {
        let table: [(&[u8], Option<&str>); 13] = [
            (br#"{"error":"invalid_credentials","error_description":"wrong key","message":"m"}"#, Some("wrong key")),
            (br#"{"error":"e","message":"m"}"#, Some("m")),
            (br#"{"error":"e"}"#, Some("e")),
            (br#"{"error":{"message":"inner"}}"#, Some("inner")),
            (br#"{"server_id":[{"code":"integer","message":"must be an integer"}]}"#, Some("must be an integer")),
            (br#"{"aliases":{"message":"not allowed"}}"#, Some("not allowed")),
            (br#"{"aliases":[{"code":"x","message":"one"},{"message":"two"}]}"#, Some("one")),
            (br#"{"aliases.0":["is invalid"]}"#, Some("is invalid")),
            (br#"{"status":false,"message":"server_id: invalid"}"#, Some("server_id: invalid")),
            (br#"{"status":false,"message":"","x":{"message":"y"}}"#, Some("y")),
            (br#"{"status":false}"#, None),
            (b"[]", None),
            (b"<html>", None),
        ];
        for (body, expected) in table {
            assert_eq!(message(body).as_deref(), expected, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn everything_that_is_said_is_heard_with_its_field() {
        let table = [
            (json!({"aliases": {"message": "x.example is bad"}}), "aliases: x.example is bad", true),
            (
                json!({"aliases": [{"code": "e", "message": "one"}, {"message": "two"}]}),
                "aliases: one \naliases: two",
                true,
            ),
            (
                json!({"message": "Invalid.", "errors": {"aliases.3": ["bad.example is bad"], "aliases[0]": "and this"}}),
                "Invalid. \naliases.3: bad.example is bad \naliases[0]: and this",
                true,
            ),
            (json!({"aliases": {"bad.example": "is none"}}), "aliases: bad.example: is none", true),
            (json!({"aliases": {"bad.example": ["is none"]}}), "aliases: bad.example: is none", true),
            (json!({"errors": {"aliases": {"bad.example": ["is none"]}}}), "aliases: bad.example: is none", true),
            (json!({"aliases": ["a"], "server_id": ["b"]}), "aliases: a \nserver_id: b", false),
            (json!({"server_id": [{"code": "integer", "message": "b"}]}), "server_id: b", false),
            (json!({"message": "aliases: no"}), "aliases: no", true),
            (json!({"message": "Aliases may not hold x.example"}), "Aliases may not hold x.example", true),
            (json!({"message": "aliases_of are odd"}), "aliases_of are odd", false),
            (json!({"message": "The domain x.example is taken"}), "The domain x.example is taken", true),
            (json!({"message": ["one", "two domains"]}), "one \ntwo domains", true),
            (json!({"error": {"message": "The domain is not on app_id 5"}}), "The domain is not on app_id 5", false),
            (json!({"message": "server_id: invalid or not found"}), "server_id: invalid or not found", false),
            (json!({"message": "subdomains"}), "subdomains", false),
        ];
        for (body, all, about) in table {
            let said = Said::by(body.to_string().as_bytes());
            assert_eq!(said.all().as_deref(), Some(all), "{body}");
            assert_eq!(said.is_about("aliases", all), about, "{body}");
        }
        for nothing in [json!({"status": false, "code": "x", "operation": {"message": "busy"}}), json!([]), json!("x")]
        {
            assert_eq!(Said::by(nothing.to_string().as_bytes()).all(), None, "{nothing}");
        }
        // What follows the JSON takes nothing from it.
        assert_eq!(Said::by(br#"{"message":"m"}<b>Warning"#).shown(), Some("m"));
    }

    #[test]
    fn what_is_heard_is_bounded_and_the_best_message_is_heard_all_the_same() {
        let many: Vec<Value> = (0..20_000).map(|n| json!({"message": format!("n{n}.example is bad")})).collect();
        let said = Said::by(json!({"aliases": many, "message": "The list is bad."}).to_string().as_bytes());
        assert_eq!(said.shown(), Some("The list is bad."));
        let all = said.all().unwrap();
        assert!(all.len() < 2 * LONGEST_SAID && all.contains("n0.example") && all.contains("n1000.example"));
        assert!(said.is_about("aliases", "n0.example"));
        let long = Said::by(json!({"message": "word ".repeat(100_000)}).to_string().as_bytes());
        assert!(long.all().unwrap().len() <= LONGEST_TEXT);
        let deep = format!("{}\"x\"{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(Said::by(deep.as_bytes()).all(), None);
        let repeated = format!("{{{}\"z\":1}}", r#""message":"again","#.repeat(1_000));
        assert_eq!(Said::by(repeated.as_bytes()).all().unwrap().matches("again").count(), MOST_MESSAGES);
        assert_eq!(bounded(&"a.example,".repeat(2_000)).len() % 10, 9, "no half of a name at the end");
        assert!(bounded(&"a.example,".repeat(2_000)).len() <= LONGEST_TEXT);
    }

    #[test]
    fn wildcard_records() {
        let answer = |status: Value, verified: Value| {
            let entry =
                json!({"app_prefix": "x-1.cloudwaysapps.com", "is_verified": verified, "ssl_domains": ["x.com"]});
            json!({"wildcard_ssl": {"message": "m", "status": status, "wildcard": entry}}).to_string().into_bytes()
        };
        let target = Some(name("x-1.cloudwaysapps.com"));
        for (verified, is_verified) in
            [(json!(true), true), (json!("1"), true), (json!(false), false), (json!(null), false)]
        {
            let expected = WildcardDns { is_verified, target: target.clone() };
            assert_eq!(wildcard_dns(&answer(json!(true), verified)), Ok(Some(expected)));
        }
        assert!(matches!(wildcard_dns(&answer(json!(null), json!(true))), Ok(Some(_))), "the status is often missing");
        for no in [json!(false), json!("0"), json!(0)] {
            assert_eq!(wildcard_dns(&answer(no, json!(true))), Ok(None));
        }
        assert_eq!(wildcard_dns(br#"{"status":false,"message":"no"}"#), Ok(None));
        for body in [&b"{}"[..], b"[]", br#"{"status":true}"#, br#"{"wildcard_ssl":{"status":true}}"#, b"<html>", b""] {
            assert!(matches!(wildcard_dns(body), Err(Unusable::Shape(_))), "{}", String::from_utf8_lossy(body));
        }
        let bare = wildcard_dns(br#"{"wildcard_ssl":{"wildcard":{}}}"#);
        assert_eq!(bare, Ok(Some(WildcardDns { is_verified: false, target: None })));
    }

    #[test]
    fn tags_and_control_characters_go() {
        assert_eq!(plain("<h1>502</h1><p>Bad\r\n  gateway</p>"), "502 Bad gateway");
        assert_eq!(plain("a<b>b</b>c\u{0}\u{1b}[31m"), "abc[31m");
        assert_eq!(plain("<style>p{x:y}</style>x<SCRIPT>alert(1)</SCRIPT>y<br>z<unclosed"), "x y z");
        assert_eq!(plain("1 < 2"), "1");
        assert_eq!(plain("a<script>b"), "a");
        assert_eq!(plain(&"<>é".repeat(100)).matches('é').count(), 100);
        assert_eq!(shorten(&"é".repeat(301)), format!("{}…", "é".repeat(300)));
        assert_eq!(shorten(&"é".repeat(300)), "é".repeat(300));
        assert_eq!(raw(br#"{"a":"x\/y\u0041"}"#), r#"{"a":"x/yA"}"#);
    }

    #[test]
    fn retry_after_in_both_forms() {
        let now = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT
        let table = [
            ("88", Some(88)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("99999999999999999999999", Some(DAY)),
            ("Sat, 06 Nov 2094 08:49:07 GMT", Some(DAY)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (header, expected) in table {
            assert_eq!(retry_after(header, now), expected.map(Duration::from_secs), "{header}");
        }
    }

    #[test]
    fn a_cut_body_is_recognised() {
        assert!(is_cut(br#"{"servers":[{"id":"#));
        for whole in [&b"{}"[..], b"", b"<html>", b"{\"a\":1} x"] {
            assert!(!is_cut(whole));
        }
    }
}
