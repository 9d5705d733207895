//! Domain names in one form, so that they can be compared: lower case, IDNA A-labels, no trailing dot.

use std::borrow::Borrow;
use std::fmt;
use std::net::Ipv4Addr;
use std::str;
use std::sync::Arc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Suffixes that no public certificate authority issues for (RFC 6761, 6762, 7686, 8375 and ICANN's `internal`).
const NOT_PUBLIC: [&str; 7] = ["home.arpa", "internal", "invalid", "local", "localhost", "onion", "test"];

/// A domain name in its one form. A leading `*.` makes it a wildcard.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(Arc<str>);

/// Why some bytes are not a domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidDomain {
    /// Nothing there.
    Empty,
    /// Not UTF-8.
    NotUtf8,
    /// A NUL byte or another control character.
    ControlCharacter,
    /// A blank in it or around it.
    Space,
    /// `https://` or the like in front.
    Scheme,
    /// A port at the end.
    Port,
    /// A path, query or fragment.
    Path,
    /// An IP address.
    IpAddress,
    /// An underscore.
    Underscore,
    /// One label only, such as `localhost`.
    SingleLabel,
    /// Two dots in a row, or one in front.
    EmptyLabel,
    /// A label over 63 bytes.
    LabelTooLong,
    /// A name over 253 bytes.
    NameTooLong,
    /// A wildcard where none is allowed, or a `*` that is not the whole first label.
    Wildcard,
    /// A label that begins or ends with a hyphen.
    Hyphen,
    /// Characters that a domain name cannot hold.
    Character,
}

impl InvalidDomain {
    /// Every reason, for tests and translations.
    pub const ALL: [Self; 16] = [
        Self::Empty,
        Self::NotUtf8,
        Self::ControlCharacter,
        Self::Space,
        Self::Scheme,
        Self::Port,
        Self::Path,
        Self::IpAddress,
        Self::Underscore,
        Self::SingleLabel,
        Self::EmptyLabel,
        Self::LabelTooLong,
        Self::NameTooLong,
        Self::Wildcard,
        Self::Hyphen,
        Self::Character,
    ];

    /// The reason as a word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotUtf8 => "not_utf8",
            Self::ControlCharacter => "control_character",
            Self::Space => "space",
            Self::Scheme => "scheme",
            Self::Port => "port",
            Self::Path => "path",
            Self::IpAddress => "ip_address",
            Self::Underscore => "underscore",
            Self::SingleLabel => "single_label",
            Self::EmptyLabel => "empty_label",
            Self::LabelTooLong => "label_too_long",
            Self::NameTooLong => "name_too_long",
            Self::Wildcard => "wildcard",
            Self::Hyphen => "hyphen",
            Self::Character => "character",
        }
    }

    /// The reason in words, to follow "… is not a domain name: ".
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Empty => "it is empty",
            Self::NotUtf8 => "it is not valid UTF-8",
            Self::ControlCharacter => "it holds a control character",
            Self::Space => "it holds a blank",
            Self::Scheme => "it begins with a scheme such as https://",
            Self::Port => "it ends with a port",
            Self::Path => "it holds a path",
            Self::IpAddress => "it is an IP address",
            Self::Underscore => "it holds an underscore",
            Self::SingleLabel => "it has one label only",
            Self::EmptyLabel => "it holds an empty label",
            Self::LabelTooLong => "a label is longer than 63 bytes",
            Self::NameTooLong => "it is longer than 253 bytes",
            Self::Wildcard => "wildcards are allowed among the extra domains only, as *.example.com",
            Self::Hyphen => "a label begins or ends with a hyphen",
            Self::Character => "it holds a character that domain names cannot hold",
        }
    }
}

impl DomainName {
    /// Reads a name, a wildcard included.
    ///
    /// Upper case, one trailing dot and Unicode are normalised; everything else that is not a domain name is
    /// refused, never repaired.
    ///
    /// # Errors
    /// The first reason found.
    #[inline(never)] // Its instructions are counted, by its name (tests/counts).
    pub fn parse(raw: &[u8]) -> Result<Self, InvalidDomain> {
        let text = str::from_utf8(raw).map_err(|_| InvalidDomain::NotUtf8)?;
        if is_in_its_one_form(raw) {
            // Nearly every name comes this way, so that the closer look is taken at few.
            return Ok(Self(text.into()));
        }
        refuse_what_is_plainly_something_else(text)?;
        let text = text.strip_suffix('.').unwrap_or(text);
        match text.strip_prefix("*.") {
            Some(rest) => {
                let rest = plain_name(rest)?;
                if rest.len() + 2 > LONGEST_NAME {
                    return Err(InvalidDomain::NameTooLong);
                }
                Ok(Self(format!("*.{rest}").into()))
            }
            None => plain_name(text).map(|name| Self(name.into())),
        }
    }

    /// Reads a name that may not be a wildcard.
    ///
    /// # Errors
    /// The first reason found.
    pub fn parse_plain(raw: &[u8]) -> Result<Self, InvalidDomain> {
        match Self::parse(raw) {
            Ok(name) if name.is_wildcard() => Err(InvalidDomain::Wildcard),
            other => other,
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it begins with `*.`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with("*.")
    }

    /// `www.` in front of it; `None` for a wildcard, a name that has it already, and one that would be too long.
    #[must_use]
    pub fn www(&self) -> Option<Self> {
        if self.is_wildcard() || self.0.starts_with("www.") || self.0.len() + 4 > LONGEST_NAME {
            return None;
        }
        Some(Self(format!("www.{}", self.0).into()))
    }

    /// Whether it is a true subdomain of `parent`.
    #[must_use]
    pub fn is_under(&self, parent: &Self) -> bool {
        self.0.strip_suffix(parent.as_str()).is_some_and(|head| head.len() > 1 && head.ends_with('.'))
    }

    /// What a wildcard stands under; `None` for other names.
    ///
    /// It covers the names whose [`parent`](Self::parent) that is: exactly one label in place of the star.
    #[must_use]
    pub fn wildcard_base(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }

    /// The name without its first label; `None` for a wildcard.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        if self.is_wildcard() { None } else { self.0.split_once('.').map(|(_, parent)| parent) }
    }

    /// Whether it is a registrable domain by the public suffix list, that is, no subdomain of one.
    #[must_use]
    pub fn is_registrable(&self) -> bool {
        psl::domain_str(&self.0) == Some(&self.0)
    }

    /// The registered domain it belongs to, by the public suffix list; the name itself where there is none.
    #[must_use]
    pub fn registered_domain(&self) -> &str {
        psl::domain_str(&self.0).unwrap_or(&self.0)
    }

    /// Whether a public certificate may hold it: no wildcard, no special-use suffix, not a public suffix itself.
    #[must_use]
    pub fn may_be_certified(&self) -> bool {
        !self.is_wildcard()
            && !NOT_PUBLIC.iter().any(|suffix| self.0.strip_suffix(suffix).is_some_and(|head| head.ends_with('.')))
            && psl::domain_str(&self.0).is_some()
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Borrow<str> for DomainName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for DomainName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for DomainName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text.as_bytes()).map_err(|invalid| serde::de::Error::custom(invalid.text()))
    }
}

/// Bytes that are no domain name, made fit to be printed and to be a JSON key: what is not printable is escaped, and
/// it is cut after 255 characters.
#[must_use]
pub fn printable(raw: &[u8]) -> String {
    let mut shown = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    match shown.char_indices().nth(255) {
        Some((cut, _)) => format!("{}…", &shown[..cut]),
        None => shown,
    }
}

/// Whether this is a name as most are: lower-case letters, digits and hyphens, and nothing to be changed. What only a closer
/// look can tell (A-labels, a number at the end) is `false` here.
fn is_in_its_one_form(name: &[u8]) -> bool {
    let is_plain = |label: &[u8]| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label[0] != b'-'
            && label[label.len() - 1] != b'-'
            && !label.starts_with(b"xn--")
            && label.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else { return false };
    name.len() <= LONGEST_NAME
        && name.split(|byte| *byte == b'.').all(is_plain)
        && !name[dot + 1..].iter().all(u8::is_ascii_digit)
}

/// What people type in place of a domain gets its own reason.
fn refuse_what_is_plainly_something_else(text: &str) -> Result<(), InvalidDomain> {
    if text.is_empty() {
        return Err(InvalidDomain::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidDomain::ControlCharacter);
    }
    if text.chars().any(char::is_whitespace) {
        return Err(InvalidDomain::Space);
    }
    if text.contains("://") {
        return Err(InvalidDomain::Scheme);
    }
    if text.contains(['/', '?', '#']) {
        return Err(InvalidDomain::Path);
    }
    if text.starts_with('[') || text.matches(':').count() > 1 {
        return Err(InvalidDomain::IpAddress);
    }
    if text.contains(':') {
        return Err(InvalidDomain::Port);
    }
    if text.contains('_') {
        return Err(InvalidDomain::Underscore);
    }
    Ok(())
}

fn plain_name(text: &str) -> Result<String, InvalidDomain> {
    if text.contains('*') {
        return Err(InvalidDomain::Wildcard);
    }
    let ascii = if text.is_ascii() && !has_a_label(text) {
        text.to_ascii_lowercase()
    } else {
        Uts46::new()
            .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow, DnsLength::Ignore)
            .map_err(|_| InvalidDomain::Character)?
            .into_owned()
    };
    if ascii.is_empty() || ascii.split('.').any(str::is_empty) {
        return Err(InvalidDomain::EmptyLabel);
    }
    if ascii.parse::<Ipv4Addr>().is_ok() {
        return Err(InvalidDomain::IpAddress);
    }
    for label in ascii.split('.') {
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(InvalidDomain::Character);
        }
        if label.len() > LONGEST_LABEL {
            return Err(InvalidDomain::LabelTooLong);
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(InvalidDomain::Hyphen);
        }
    }
    if ascii.len() > LONGEST_NAME {
        return Err(InvalidDomain::NameTooLong);
    }
    let Some((_, top)) = ascii.rsplit_once('.') else { return Err(InvalidDomain::SingleLabel) };
    // A numeric last label makes resolvers and browsers read the whole as an address.
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidDomain::IpAddress);
    }
    Ok(ascii)
}

fn has_a_label(text: &str) -> bool {
    text.split('.').any(|label| label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn case_trailing_dot_and_unicode_are_normalised() {
        assert_eq!(name("Shop.EXAMPLE.").as_str(), "shop.example");
        assert_eq!(name("bücher.example").as_str(), "xn--bcher-kva.example");
        assert_eq!(name("BÜCHER.example").as_str(), "xn--bcher-kva.example");
        assert_eq!(name("XN--BCHER-KVA.example").as_str(), "xn--bcher-kva.example");
        assert_eq!(name("例え。テスト").as_str(), "xn--r8jz45g.xn--zckzah");
        assert_eq!(name("*.Wild.example").as_str(), "*.wild.example");
        assert_eq!(name("r3---a.example").as_str(), "r3---a.example");
    }

    #[test]
    fn what_is_no_domain_is_refused_with_its_reason() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = format!("{}.example", vec!["a".repeat(49); 5].join("."));
        let cases: [(&[u8], InvalidDomain); 30] = [
            (b"", InvalidDomain::Empty),
            (b".", InvalidDomain::EmptyLabel),
            (b"caf\xe9.example", InvalidDomain::NotUtf8),
            (b"shop\0.example", InvalidDomain::ControlCharacter),
            (b"shop.example\n", InvalidDomain::ControlCharacter),
            (b" shop.example", InvalidDomain::Space),
            (b"shop .example", InvalidDomain::Space),
            (b"https://shop.example", InvalidDomain::Scheme),
            (b"shop.example/path", InvalidDomain::Path),
            (b"shop.example?x", InvalidDomain::Path),
            (b"shop.example:8080", InvalidDomain::Port),
            (b"192.0.2.1", InvalidDomain::IpAddress),
            (b"2001:db8::1", InvalidDomain::IpAddress),
            (b"[2001:db8::1]", InvalidDomain::IpAddress),
            (b"1.2.3", InvalidDomain::IpAddress),
            (b"my_shop.example", InvalidDomain::Underscore),
            (b"localhost", InvalidDomain::SingleLabel),
            (b"a..example", InvalidDomain::EmptyLabel),
            (b".shop.example", InvalidDomain::EmptyLabel),
            (b"shop.example..", InvalidDomain::EmptyLabel),
            (b"a*.example", InvalidDomain::Wildcard),
            (b"*", InvalidDomain::Wildcard),
            (b"*.*.example", InvalidDomain::Wildcard),
            (b"a.*.example", InvalidDomain::Wildcard),
            (b"-a.example", InvalidDomain::Hyphen),
            (b"a-.example", InvalidDomain::Hyphen),
            (b"a,b.example", InvalidDomain::Character),
            (b"xn--a.example", InvalidDomain::Character),
            (long_label.as_bytes(), InvalidDomain::LabelTooLong),
            (long_name.as_bytes(), InvalidDomain::NameTooLong),
        ];
        for (raw, reason) in cases {
            assert_eq!(DomainName::parse(raw), Err(reason), "{}", printable(raw));
        }
        assert_eq!(DomainName::parse_plain(b"*.a.example"), Err(InvalidDomain::Wildcard));
    }

    #[test]
    fn the_longest_name_passes_and_one_byte_more_does_not() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(DomainName::parse(longest.as_bytes()).is_ok());
        assert_eq!(DomainName::parse(format!("{longest}b").as_bytes()), Err(InvalidDomain::NameTooLong));
        assert_eq!(name(&longest).www(), None);
    }

    #[test]
    fn www_wildcards_and_parents() {
        assert_eq!(name("a.example").www(), Some(name("www.a.example")));
        assert_eq!(name("www.a.example").www(), None);
        assert_eq!(name("*.a.example").www(), None);
        assert_eq!(name("*.a.example").wildcard_base(), Some("a.example"));
        assert_eq!(name("a.example").wildcard_base(), None);
        assert_eq!(name("b.a.example").parent(), Some("a.example"));
        assert_eq!(name("*.a.example").parent(), None);
        assert!(name("b.a.example").is_under(&name("a.example")));
        assert!(!name("ba.example").is_under(&name("a.example")));
        assert!(!name("a.example").is_under(&name("a.example")));
    }

    #[test]
    fn public_suffixes_decide_what_is_registrable_and_certifiable() {
        assert!(name("shop.co.uk").is_registrable());
        assert!(!name("a.shop.co.uk").is_registrable());
        assert!(!name("co.uk").is_registrable());
        assert!(name("shop.co.uk").may_be_certified());
        assert!(!name("co.uk").may_be_certified());
        assert!(!name("*.shop.co.uk").may_be_certified());
        assert!(!name("network.localhost").may_be_certified());
        assert!(!name("a.home.arpa").may_be_certified());
        assert!(name("mylocal.example").may_be_certified());
    }

    #[test]
    fn bytes_that_are_no_name_can_be_shown() {
        assert_eq!(printable(b"caf\xe9\0"), "caf\\xe9\\u{0}");
        assert_eq!(printable("é".as_bytes()), "é");
        assert_eq!(printable("a".repeat(400).as_bytes()).chars().count(), 256);
    }

    #[test]
    fn normalisation_is_idempotent() {
        for text in ["Shop.EXAMPLE.", "bücher.example", "*.Wild.example", "faß.de", "☃.net"] {
            let once = name(text);
            assert_eq!(name(once.as_str()), once);
        }
    }
}
