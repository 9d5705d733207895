//! The settings of a run, from the `WU_CLOUDWAYS_*` constants, with every problem found at once.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reqwest::Url;

use crate::cloudways::CredentialKind;
use crate::domain::{DomainName, InvalidDomain, printable};
use crate::error::{ConfigFault, ConfigProblem, Error};

/// Where the API is when nothing else is said.
pub const DEFAULT_API_URL: &str = "https://api.cloudways.com/api/v2";

const EMAIL: &str = "WU_CLOUDWAYS_EMAIL";
const API_KEY: &str = "WU_CLOUDWAYS_API_KEY";
const SERVER_ID: &str = "WU_CLOUDWAYS_SERVER_ID";
const APP_ID: &str = "WU_CLOUDWAYS_APP_ID";
const EXTRA_DOMAINS: &str = "WU_CLOUDWAYS_EXTRA_DOMAINS";
const ALIAS_POLICY: &str = "WU_CLOUDWAYS_ALIAS_POLICY";
const DRY_RUN: &str = "WU_CLOUDWAYS_DRY_RUN";
const API_URL: &str = "WU_CLOUDWAYS_API_URL";
const DNS_SERVERS: &str = "WU_CLOUDWAYS_DNS_SERVERS";
const WILDCARD_SSL: &str = "WU_CLOUDWAYS_WILDCARD_SSL";

/// Every constant that is read.
pub const CONSTANTS: [&str; 10] =
    [EMAIL, API_KEY, SERVER_ID, APP_ID, EXTRA_DOMAINS, ALIAS_POLICY, DRY_RUN, API_URL, DNS_SERVERS, WILDCARD_SSL];

/// A constant as PHP holds it.
#[derive(Clone, PartialEq)]
pub enum ConstantValue {
    /// Text, whatever its bytes.
    Text(Vec<u8>),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
    /// `null`.
    Null,
    /// An array, an object, a float.
    Other,
}

/// Where constants come from: PHP, or a table in tests.
pub trait Constants {
    /// The value of a constant, `None` when it is not defined.
    fn get(&self, name: &str) -> Option<ConstantValue>;
}

impl Constants for std::collections::HashMap<String, ConstantValue> {
    fn get(&self, name: &str) -> Option<ConstantValue> {
        Self::get(self, name).cloned()
    }
}

/// A value that must not be seen: it cannot be printed, not even for debugging.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, to be sent to the API and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text without it, whatever the case in which it stands there.
    #[must_use]
    pub fn strike_from(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        // Lower case in ASCII keeps every byte where it was.
        let (lower, wanted) = (text.to_ascii_lowercase(), self.0.to_ascii_lowercase());
        let (mut clean, mut from) = (String::with_capacity(text.len()), 0);
        while let Some(at) = lower[from..].find(&wanted) {
            clean.push_str(&text[from..from + at]);
            clean.push_str("***");
            from += at + wanted.len();
        }
        clean.push_str(&text[from..]);
        clean
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What opens the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An access token, sent as it is.
    AccessToken(Secret),
    /// An API key, exchanged together with the e-mail address for a token that lasts an hour.
    LegacyKey(Secret),
}

impl Credential {
    /// Which of the two.
    #[must_use]
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::AccessToken(_) => CredentialKind::AccessToken,
            Self::LegacyKey(_) => CredentialKind::LegacyKey,
        }
    }
}

/// What becomes of aliases that we never put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasPolicy {
    /// They stay.
    Keep,
    /// They go.
    Replace,
}

impl AliasPolicy {
    /// The constant's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Replace => "replace",
        }
    }
}

/// Everything the constants say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The account's e-mail address, which Let's Encrypt gets too.
    pub email: Secret,
    /// Token or key.
    pub credential: Credential,
    /// The server.
    pub server_id: u64,
    /// The application on it.
    pub app_id: u64,
    /// Names that are wanted besides those mapped.
    pub extra: Vec<DomainName>,
    /// Extra domains that are none, as they can be shown, with the reason.
    pub invalid_extra: Vec<(String, InvalidDomain)>,
    /// What becomes of aliases that are not ours.
    pub policy: AliasPolicy,
    /// Nothing writes, whoever asks.
    pub dry_run: bool,
    /// Where the API is, without a slash at the end.
    pub api_url: Url,
    /// Where ports 80 and 443 of every address are, with a simulated Cloudways: `#web=ip:port,ip:port` at the end of an
    /// API address on loopback, both on loopback too. So nothing of a test leaves the machine.
    pub simulated_web: Option<[SocketAddr; 2]>,
    /// The DNS servers to ask; empty: the system's.
    pub dns_servers: Vec<SocketAddr>,
    /// The wildcard among the extra domains whose certificate is wanted instead of the ordinary one.
    pub wildcard_ssl: Option<DomainName>,
}

impl Settings {
    /// Reads and checks the constants.
    ///
    /// # Errors
    /// [`Error::Config`] with every problem there is, each with its constant's name and never with a value.
    pub fn from_constants(constants: &dyn Constants) -> Result<Self, Error> {
        let mut reader = Reader { constants, problems: Vec::new() };
        let email = reader.required(EMAIL).and_then(|text| reader.check(EMAIL, email(&text)));
        let credential = reader.required(API_KEY).and_then(|text| reader.check(API_KEY, credential(&text)));
        let server_id = reader.required(SERVER_ID).and_then(|text| reader.check(SERVER_ID, id(&text)));
        let app_id = reader.required(APP_ID).and_then(|text| reader.check(APP_ID, id(&text)));
        let (extra, invalid_extra) =
            reader.optional_bytes(EXTRA_DOMAINS).map_or_else(Default::default, |raw| extra_domains(&raw));
        let policy = match reader.optional(ALIAS_POLICY) {
            Some(text) => reader.check(ALIAS_POLICY, alias_policy(&text)),
            None => Some(AliasPolicy::Keep),
        };
        let dry_run = reader.flag(DRY_RUN);
        let api_url_text = reader.optional(API_URL).unwrap_or_else(|| DEFAULT_API_URL.to_owned());
        let api_url = reader.check(API_URL, api_url(&api_url_text));
        let dns_servers = match reader.optional(DNS_SERVERS) {
            Some(text) => reader.check(DNS_SERVERS, dns_servers(&text)),
            None => Some(Vec::new()),
        };
        let wildcard_ssl = match reader.optional(WILDCARD_SSL) {
            Some(text) => reader.check(WILDCARD_SSL, wildcard_ssl(&text, &extra)),
            None => None,
        };
        match (email, credential, server_id, app_id, policy, api_url, dns_servers) {
            (
                Some(email),
                Some(credential),
                Some(server_id),
                Some(app_id),
                Some(policy),
                Some((api_url, simulated_web)),
                Some(dns_servers),
            ) if reader.problems.is_empty() => Ok(Self {
                email,
                credential,
                server_id,
                app_id,
                extra,
                invalid_extra,
                policy,
                dry_run,
                api_url,
                simulated_web,
                dns_servers,
                wildcard_ssl,
            }),
            _ => Err(Error::Config(reader.problems)),
        }
    }

    /// Whether the API is on this machine, as it is with a simulated Cloudways.
    #[must_use]
    pub fn api_is_on_loopback(&self) -> bool {
        is_loopback(&self.api_url)
    }

    /// Takes the secrets out of a text that came from outside.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let (Credential::AccessToken(key) | Credential::LegacyKey(key)) = &self.credential;
        [key, &self.email].iter().fold(text.to_owned(), |clean, secret| secret.strike_from(&clean))
    }
}

struct Reader<'a> {
    constants: &'a dyn Constants,
    problems: Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn required(&mut self, constant: &'static str) -> Option<String> {
        if self.constants.get(constant).is_none_or(|value| value == ConstantValue::Null) {
            return self.problem(constant, ConfigFault::Missing);
        }
        let text = self.text(constant)?;
        if text.is_empty() { self.problem(constant, ConfigFault::Empty) } else { Some(text) }
    }

    /// An optional constant that is not defined, null or empty is as good as none.
    fn optional(&mut self, constant: &'static str) -> Option<String> {
        self.text(constant).filter(|text| !text.is_empty())
    }

    fn text(&mut self, constant: &'static str) -> Option<String> {
        let raw = self.optional_bytes(constant)?;
        match String::from_utf8(raw) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(_) => self.problem(constant, ConfigFault::NotAKey),
        }
    }

    fn optional_bytes(&mut self, constant: &'static str) -> Option<Vec<u8>> {
        match self.constants.get(constant)? {
            ConstantValue::Text(text) => Some(text),
            ConstantValue::Number(number) => Some(number.to_string().into_bytes()),
            ConstantValue::Null => None,
            ConstantValue::Flag(_) | ConstantValue::Other => self.problem(constant, ConfigFault::WrongType),
        }
    }

    /// Whoever writes the word `false` into a constant means it; every other text that is not empty is true.
    fn flag(&mut self, constant: &'static str) -> bool {
        match self.constants.get(constant) {
            None | Some(ConstantValue::Null) => false,
            Some(ConstantValue::Flag(flag)) => flag,
            Some(ConstantValue::Number(number)) => number != 0,
            Some(ConstantValue::Text(text)) => {
                let text = text.trim_ascii().to_ascii_lowercase();
                !matches!(text.as_slice(), b"" | b"0" | b"false")
            }
            Some(ConstantValue::Other) => self.problem(constant, ConfigFault::WrongType).unwrap_or(true),
        }
    }

    fn check<T>(&mut self, constant: &'static str, outcome: Result<T, ConfigFault>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(fault) => self.problem(constant, fault),
        }
    }

    fn problem<T>(&mut self, constant: &'static str, fault: ConfigFault) -> Option<T> {
        self.problems.push(ConfigProblem { constant, fault });
        None
    }
}

fn email(text: &str) -> Result<Secret, ConfigFault> {
    let (user, host) = text.rsplit_once('@').ok_or(ConfigFault::NotAnEmail)?;
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain && !user.is_empty() && !user.contains('@') && DomainName::parse_plain(host.as_bytes()).is_ok() {
        Ok(Secret::new(text))
    } else {
        Err(ConfigFault::NotAnEmail)
    }
}

fn credential(text: &str) -> Result<Credential, ConfigFault> {
    // A header cannot carry these, and no key has them: a line break was copied along.
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
        return Err(ConfigFault::NotAKey);
    }
    let secret = Secret::new(text);
    Ok(if text.starts_with("cw_") { Credential::AccessToken(secret) } else { Credential::LegacyKey(secret) })
}

fn id(text: &str) -> Result<u64, ConfigFault> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        // PHP's and JSON's whole numbers are signed.
        Ok(id) if digits && id > 0 && i64::try_from(id).is_ok() => Ok(id),
        _ => Err(ConfigFault::NotAnId),
    }
}

fn extra_domains(raw: &[u8]) -> (Vec<DomainName>, Vec<(String, InvalidDomain)>) {
    let (mut names, mut invalid) = (Vec::new(), Vec::new());
    for item in raw.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty()) {
        match DomainName::parse(item) {
            Ok(name) => names.push(name),
            Err(reason) => invalid.push((printable(item), reason)),
        }
    }
    (names, invalid)
}

/// A wildcard without an alias of its own would cover names that never reach the application.
fn wildcard_ssl(text: &str, extra: &[DomainName]) -> Result<DomainName, ConfigFault> {
    let name = DomainName::parse(text.as_bytes()).map_err(|_| ConfigFault::NotAWildcardExtra)?;
    let base = name.wildcard_base().and_then(|base| DomainName::parse(base.as_bytes()).ok());
    if extra.contains(&name) && base.is_some_and(|base| base.may_be_certified()) {
        Ok(name)
    } else {
        Err(ConfigFault::NotAWildcardExtra)
    }
}

fn alias_policy(text: &str) -> Result<AliasPolicy, ConfigFault> {
    match text {
        "keep" => Ok(AliasPolicy::Keep),
        "replace" => Ok(AliasPolicy::Replace),
        _ => Err(ConfigFault::NotAPolicy),
    }
}

fn api_url(text: &str) -> Result<(Url, Option<[SocketAddr; 2]>), ConfigFault> {
    let mut url = Url::parse(text.trim_end_matches('/')).map_err(|_| ConfigFault::NotAnApiUrl)?;
    let web = url.fragment().map(|fragment| simulated_web(fragment).filter(|_| is_loopback(&url)));
    let web = web.map(|web| web.ok_or(ConfigFault::NotAnApiUrl)).transpose()?;
    url.set_fragment(None);
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(&url),
        _ => false,
    };
    if bare && safe { Ok((url, web)) } else { Err(ConfigFault::NotAnApiUrl) }
}

/// Ports 80 and 443 of a simulated world: `web=127.0.0.1:8082,127.0.0.1:8083`.
fn simulated_web(fragment: &str) -> Option<[SocketAddr; 2]> {
    let (http, https) = fragment.strip_prefix("web=")?.split_once(',')?;
    let web = [http.parse::<SocketAddr>().ok()?, https.parse::<SocketAddr>().ok()?];
    web.iter().all(|address| address.ip().is_loopback()).then_some(web)
}

/// Whether an address means this machine, by its spelling alone.
fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn dns_servers(text: &str) -> Result<Vec<SocketAddr>, ConfigFault> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(dns_server).collect::<Option<Vec<_>>>().ok_or(ConfigFault::NotServers)
}

fn dns_server(item: &str) -> Option<SocketAddr> {
    let bare = item.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(item);
    bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53)).or_else(|_| item.parse::<SocketAddr>()).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use super::*;

    fn text(value: &str) -> ConstantValue {
        ConstantValue::Text(value.as_bytes().to_vec())
    }

    fn constants(changes: &[(&str, Option<ConstantValue>)]) -> HashMap<String, ConstantValue> {
        let mut all: HashMap<String, ConstantValue> = [
            (EMAIL, text("owner@example.com")),
            (API_KEY, text("cw_a+/=b")),
            (SERVER_ID, text("50482")),
            (APP_ID, ConstantValue::Number(131_933)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for (name, value) in changes {
            match value {
                Some(value) => all.insert((*name).to_owned(), value.clone()),
                None => all.remove(*name),
            };
        }
        all
    }

    /// Settings as they should be, with these extra domains.
    pub(crate) fn settings_with_extra(extra: &str) -> Settings {
        settings(&[(EXTRA_DOMAINS, Some(text(extra)))])
    }

    fn settings(changes: &[(&str, Option<ConstantValue>)]) -> Settings {
        Settings::from_constants(&constants(changes)).unwrap()
    }

    fn problems(changes: &[(&str, Option<ConstantValue>)]) -> Vec<(&'static str, ConfigFault)> {
        match Settings::from_constants(&constants(changes)) {
            Err(Error::Config(problems)) => problems.into_iter().map(|p| (p.constant, p.fault)).collect(),
            other => panic!("expected problems, got {other:?}"),
        }
    }

    #[test]
    fn the_wildcard_certificate_is_for_a_wildcard_extra() {
        let wildcard = |extra: &str, wanted: &str| {
            Settings::from_constants(&constants(&[
                (EXTRA_DOMAINS, Some(text(extra))),
                (WILDCARD_SSL, Some(text(wanted))),
            ]))
        };
        let settings = wildcard("a.example, *.Wild.example", "*.wild.example").unwrap();
        assert_eq!(settings.wildcard_ssl.unwrap().as_str(), "*.wild.example");
        assert_eq!(wildcard("*.wild.example", "").unwrap().wildcard_ssl, None);
        for (extra, wanted) in [
            ("", "*.wild.example"),
            ("wild.example", "wild.example"),
            ("*.wild.example", "*.other.example"),
            ("*.wild.local", "*.wild.local"),
            ("*.co.uk", "*.co.uk"),
            ("*.wild.example", "nonsense"),
        ] {
            let Err(Error::Config(problems)) = wildcard(extra, wanted) else { panic!("{extra} {wanted}") };
            assert_eq!((problems[0].constant, problems[0].fault), (WILDCARD_SSL, ConfigFault::NotAWildcardExtra));
        }
    }

    #[test]
    fn defaults() {
        let settings = settings(&[]);
        assert_eq!(settings.credential.kind(), CredentialKind::AccessToken);
        assert_eq!((settings.server_id, settings.app_id), (50_482, 131_933));
        assert_eq!(settings.api_url.as_str(), DEFAULT_API_URL);
        assert_eq!(settings.policy, AliasPolicy::Keep);
        assert!(!settings.dry_run && settings.dns_servers.is_empty() && settings.extra.is_empty());
    }

    #[test]
    fn every_problem_is_listed_at_once_and_no_value_is_shown() {
        let changes = [
            (EMAIL, Some(text("not-an-address-SECRET"))),
            (API_KEY, None),
            (SERVER_ID, Some(text(""))),
            (APP_ID, Some(text("12a-SECRET"))),
            (ALIAS_POLICY, Some(text("SECRET"))),
            (API_URL, Some(text("http://SECRET.example/api"))),
            (DNS_SERVERS, Some(text("SECRET"))),
        ];
        assert_eq!(
            problems(&changes),
            [
                (EMAIL, ConfigFault::NotAnEmail),
                (API_KEY, ConfigFault::Missing),
                (SERVER_ID, ConfigFault::Empty),
                (APP_ID, ConfigFault::NotAnId),
                (ALIAS_POLICY, ConfigFault::NotAPolicy),
                (API_URL, ConfigFault::NotAnApiUrl),
                (DNS_SERVERS, ConfigFault::NotServers),
            ]
        );
        let error = Settings::from_constants(&constants(&changes)).unwrap_err();
        let shown = format!("{error} {error:?} {} {:?}", error.remedy(), error.details());
        assert!(!shown.contains("SECRET"), "{shown}");
        for (constant, _) in problems(&changes) {
            assert!(shown.contains(constant));
        }
    }

    #[test]
    fn wrong_types_are_said_so() {
        assert_eq!(problems(&[(EMAIL, Some(ConstantValue::Other))]), [(EMAIL, ConfigFault::WrongType)]);
        assert_eq!(problems(&[(SERVER_ID, Some(ConstantValue::Flag(true)))]), [(SERVER_ID, ConfigFault::WrongType)]);
        assert_eq!(problems(&[(APP_ID, Some(ConstantValue::Number(-1)))]), [(APP_ID, ConfigFault::NotAnId)]);
        assert_eq!(problems(&[(API_KEY, Some(text("cw_a\nb")))]), [(API_KEY, ConfigFault::NotAKey)]);
        assert_eq!(problems(&[(API_KEY, Some(ConstantValue::Text(vec![0xff])))]), [(API_KEY, ConfigFault::NotAKey)]);
        assert_eq!(problems(&[(DRY_RUN, Some(ConstantValue::Other))]), [(DRY_RUN, ConfigFault::WrongType)]);
    }

    #[test]
    fn dry_run_is_false_only_where_it_says_so() {
        for (value, expected) in
            [("false", false), ("FALSE", false), ("0", false), ("", false), ("1", true), ("yes", true)]
        {
            assert_eq!(settings(&[(DRY_RUN, Some(text(value)))]).dry_run, expected, "{value}");
        }
        assert!(settings(&[(DRY_RUN, Some(ConstantValue::Flag(true)))]).dry_run);
        assert!(!settings(&[(DRY_RUN, Some(ConstantValue::Number(0)))]).dry_run);
    }

    #[test]
    fn the_api_address_is_https_or_loopback() {
        for good in [
            "https://api.cloudways.com/api/v2/",
            "http://127.0.0.1:8080/api/v2",
            "http://[::1]:1/x",
            "http://localhost:1",
        ] {
            assert!(!settings(&[(API_URL, Some(text(good)))]).api_url.as_str().is_empty(), "{good}");
        }
        for bad in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "ftp://localhost",
            "https://api.cloudways.com/api/v2#x",
            "https://api.cloudways.com/api/v2#web=127.0.0.1:1,127.0.0.1:2",
            "http://127.0.0.1:1#web=127.0.0.1:1",
            "http://127.0.0.1:1#web=127.0.0.1:1,192.0.2.1:2",
            "http://127.0.0.1:1#",
            "https://user:pass@example.com",
            "https://example.com/?a=b",
            "nonsense",
        ] {
            assert_eq!(problems(&[(API_URL, Some(text(bad)))]), [(API_URL, ConfigFault::NotAnApiUrl)], "{bad}");
        }
    }

    #[test]
    fn a_simulated_cloudways_has_a_web_of_its_own() {
        let at = |url: &str| settings(&[(API_URL, Some(text(url)))]);
        let simulated = at("http://127.0.0.1:1/api/v2#web=127.0.0.1:2,[::1]:3");
        assert_eq!(simulated.simulated_web, Some(["127.0.0.1:2".parse().unwrap(), "[::1]:3".parse().unwrap()]));
        assert_eq!(simulated.api_url.as_str(), "http://127.0.0.1:1/api/v2");
        assert_eq!(at("http://127.0.0.1:1/api/v2").simulated_web, None);
    }

    #[test]
    fn dns_servers_and_extra_domains_are_lists() {
        let settings = settings(&[
            (DNS_SERVERS, Some(text("192.0.2.1, 192.0.2.2:5353,2001:db8::1,[2001:db8::2],[2001:db8::3]:54,"))),
            (EXTRA_DOMAINS, Some(text("a.example, ,*.B.example,bad_name,,c d"))),
        ]);
        let shown: Vec<String> = settings.dns_servers.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            ["192.0.2.1:53", "192.0.2.2:5353", "[2001:db8::1]:53", "[2001:db8::2]:53", "[2001:db8::3]:54"]
        );
        let extra: Vec<&str> = settings.extra.iter().map(DomainName::as_str).collect();
        assert_eq!(extra, ["a.example", "*.b.example"]);
        assert_eq!(
            settings.invalid_extra,
            [("bad_name".to_owned(), InvalidDomain::Underscore), ("c d".to_owned(), InvalidDomain::Space)]
        );
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let settings = settings(&[(API_KEY, Some(text("legacy-key")))]);
        assert_eq!(settings.credential.kind(), CredentialKind::LegacyKey);
        let shown = format!("{settings:?}");
        assert!(!shown.contains("legacy-key") && !shown.contains("owner@example.com"), "{shown}");
        assert_eq!(settings.scrub("key legacy-KEY of Owner@Example.com"), "key *** of ***");
    }
}
