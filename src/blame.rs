//! What a refusal says: that a limit is reached, that a certain name is bad, or nothing of use.
//!
//! The words of Cloudways are not documented, and those of Let's Encrypt come through it. So a name is looked for as a
//! whole name, wherever it stands, and a limit by the words that Let's Encrypt uses for its own.

use crate::domain::DomainName;
use crate::tables::HashSet;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// What a refusal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blame {
    /// A limit is reached, and nobody is to blame. Until when, in Unix time.
    Limit {
        /// The time that is given, or that follows from the kind of limit.
        until: u64,
    },
    /// These names, which are new.
    Newcomers(Vec<DomainName>),
    /// These names, which were there before.
    Settled(Vec<DomainName>),
    /// It does not say.
    Nobody,
}

/// Reads a refusal. `newcomers` are the names that were new in what was refused, `settled` the others in it.
#[must_use]
pub fn blame(said: &str, newcomers: &[DomainName], settled: &[DomainName], now: u64) -> Blame {
    if let Some(until) = limit(said, now) {
        return Blame::Limit { until };
    }
    let mentioned = names_in(said);
    let among = |names: &[DomainName]| -> Vec<DomainName> {
        names.iter().filter(|name| mentioned.contains(name.as_str())).cloned().collect()
    };
    let (new, old) = (among(newcomers), among(settled));
    // Who repeats the whole list names nobody.
    let all = new.len() == newcomers.len() && old.len() == settled.len() && new.len() + old.len() > 1;
    match (new.is_empty(), old.is_empty()) {
        _ if all => Blame::Nobody,
        (false, _) => Blame::Newcomers(new),
        (true, false) => Blame::Settled(old),
        (true, true) if speaks_of_a_number(said) => Blame::Limit { until: now.saturating_add(HOUR) },
        (true, true) => Blame::Nobody,
    }
}

/// Whether a text that names nobody says that there are too many of something.
fn speaks_of_a_number(said: &str) -> bool {
    const WORDS: [&str; 6] = ["more than", "too many", "maximum", "at most", "limit", "exceed"];
    let said = without_names(said);
    WORDS.iter().any(|word| said.contains(word))
}

/// A text in lower case without addresses and names in it, whose words are their owners' and say nothing.
fn without_names(said: &str) -> String {
    let is_name = |word: &str| word.contains("://") || word.trim_matches(['.', '-', '_']).contains('.');
    let between =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '(' | ')' | '<' | '>' | '[' | ']');
    said.to_ascii_lowercase().split(between).filter(|word| !is_name(word)).collect::<Vec<_>>().join(" ")
}

/// The domain names in a text, normalised: whole names, never a part of a longer one.
fn names_in(said: &str) -> HashSet<String> {
    let in_a_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    said.split(|c: char| !in_a_name(c))
        .map(|word| word.trim_matches(['.', '-', '_']))
        .filter(|word| word.contains('.'))
        .filter_map(|word| DomainName::parse(word.as_bytes()).ok())
        .map(|name| name.as_str().to_owned())
        .collect()
}

/// Until when a limit holds, where a text speaks of one. Let's Encrypt says "retry after" and a time (official page);
/// without it, the time in which that limit gives one back.
fn limit(said: &str, now: u64) -> Option<u64> {
    const WORDS: [&str; 7] = [
        "rate limit",
        "ratelimit",
        "rate-limit",
        "too many certificates",
        "too many failed",
        "too many new",
        "service busy",
    ];
    let words = without_names(said);
    if !WORDS.iter().any(|word| words.contains(word)) {
        return None;
    }
    let by_kind = if words.contains("exact set") || words.contains("duplicate") {
        34 * HOUR
    } else if words.contains("certificates") && !words.contains("failed") {
        202 * MINUTE
    } else {
        HOUR
    };
    Some(
        time_after("retry after", &said.to_ascii_lowercase())
            .filter(|at| *at > now)
            .unwrap_or(now.saturating_add(by_kind)),
    )
}

/// A time in UTC after these words: `2026-11-24 10:00:00 UTC`, or with a `T` and a `Z`.
fn time_after(words: &str, said: &str) -> Option<u64> {
    let rest = said.split_once(words)?.1;
    let start = rest.find(|c: char| c.is_ascii_digit())?;
    let numbers: Vec<u64> = rest[start..]
        .split(|c: char| !c.is_ascii_digit())
        .take(6)
        .map(|digits| digits.parse().ok())
        .collect::<Option<_>>()?;
    let [year, month, day, hour, minute, second] = numbers[..] else { return None };
    let sensible = (2_000..=9_999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    sensible.then(|| days_since_1970(year, month, day) * 24 * HOUR + hour * HOUR + minute * MINUTE + second)
}

/// Days from the Unix epoch to a day of the Gregorian calendar, from 2000 on.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// 2026-11-24 09:00:00 UTC.
    const NOW: u64 = 1_795_510_800;

    fn names(texts: &[&str]) -> Vec<DomainName> {
        texts.iter().map(|text| DomainName::parse(text.as_bytes()).unwrap()).collect()
    }

    fn read(said: &str) -> Blame {
        blame(
            said,
            &names(&["shop.example", "xn--bcher-kva.example", "*.wild.example"]),
            &names(&["www.old.example", "old.example"]),
            NOW,
        )
    }

    #[test]
    fn whole_names_are_matched() {
        let table = [
            ("The domain shop.example cannot be added.", Blame::Newcomers(names(&["shop.example"]))),
            ("aliases: SHOP.EXAMPLE.", Blame::Newcomers(names(&["shop.example"]))),
            ("http://shop.example/.well-known/acme-challenge/x: 404", Blame::Newcomers(names(&["shop.example"]))),
            ("\"bücher.example\" is taken", Blame::Newcomers(names(&["xn--bcher-kva.example"]))),
            ("'*.wild.example' is not allowed", Blame::Newcomers(names(&["*.wild.example"]))),
            ("www.shop.example is bad, and my-shop.example, shop.example.org too", Blame::Nobody),
            ("old.example: shop.example: NXDOMAIN", Blame::Newcomers(names(&["shop.example"]))),
            ("www.old.example: NXDOMAIN", Blame::Settled(names(&["www.old.example"]))),
            ("One of the domains is bad.", Blame::Nobody),
            ("", Blame::Nobody),
        ];
        for (said, expected) in table {
            assert_eq!(read(said), expected, "{said}");
        }
    }

    #[test]
    fn who_repeats_the_whole_list_names_nobody() {
        let said = "Could not issue for shop.example, bücher.example, *.wild.example, www.old.example, old.example";
        assert_eq!(read(said), Blame::Nobody);
        let only = names(&["shop.example"]);
        assert_eq!(blame("shop.example: 404", &only, &[], NOW), Blame::Newcomers(only));
    }

    #[test]
    fn a_message_about_a_limit_blames_nobody_and_says_until_when() {
        let until = |said: &str| match read(said) {
            Blame::Limit { until } => Some(until - NOW),
            _ => None,
        };
        let registered = "too many certificates (50) already issued for \"shop.example\" in the last 168h0m0s";
        assert_eq!(until(&format!("{registered}, retry after 2026-11-24 12:22:00 UTC: see")), Some(202 * MINUTE));
        assert_eq!(until(&format!("{registered}, retry after 2026-11-24T12:22:00Z")), Some(202 * MINUTE));
        assert_eq!(until(registered), Some(202 * MINUTE));
        assert_eq!(
            until("too many certificates (5) already issued for this exact set of identifiers"),
            Some(34 * HOUR)
        );
        assert_eq!(until("too many failed authorizations (5) for \"shop.example\" in the last 1h0m0s"), Some(HOUR));
        assert_eq!(until("urn:ietf:params:acme:error:rateLimited: slow down"), Some(HOUR));
        assert_eq!(until("Rate limit, retry after 2020-01-01 00:00:00 UTC"), Some(HOUR), "a time that is past");
        assert_eq!(until("Rate limit, retry after 99999999999999999999999-1-1"), Some(HOUR));
        assert_eq!(until("The aliases may not have more than 100 items."), Some(HOUR));
        assert_eq!(until("shop.example: maximum number of retries exceeded"), None, "it names somebody");
    }

    #[test]
    fn days_are_counted_through_leap_years() {
        assert_eq!(days_since_1970(2000, 1, 1), 10_957);
        assert_eq!(days_since_1970(2000, 3, 1), 11_017);
        assert_eq!(days_since_1970(2024, 2, 29), 19_782);
        assert_eq!(days_since_1970(2026, 11, 24), 20_781);
    }
}
