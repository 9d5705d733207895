//! The limits of Let's Encrypt, as token buckets by the simulator's clock, and the log of orders.
//!
//! Documented (the authority's page on rate limits, as of 2026): buckets, their sizes and how fast they fill; that
//! the registered domain is found with the public suffix list, that every certificate takes one from the bucket of
//! each registered domain in it, whoever orders, and that an order of exactly the same names as an earlier
//! certificate is a renewal, which the limit per registered domain does not concern while the others do.
//! A new certificate is counted when it is issued, a failure when a validation fails. How the authority words a
//! refusal is seen in the logs of clients.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What the certificate authority remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authority {
    /// Certificates per registered domain: when its bucket is full again, in milliseconds of the simulator's clock.
    pub domains: BTreeMap<String, i64>,
    /// Certificates per exact set of names (sorted, with commas): when its bucket is full again. A set that is here
    /// has had a certificate.
    pub sets: BTreeMap<String, i64>,
    /// Failed validations per name: when its bucket is full again.
    pub failures: BTreeMap<String, i64>,
    /// The orders, the first one first.
    pub orders: Vec<Order>,
    /// How many orders of clients met a limit; renewals by Cloudways itself are not among them.
    pub limit_hits: u64,
}

/// An order that reached the authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// When it was carried out: milliseconds since 1970 by the simulator's clock.
    pub at_ms: i64,
    /// The application it was for.
    pub app_id: String,
    /// The names, lower case; a wildcard order has both `apex` and `*.apex`.
    pub names: Vec<String>,
    /// The registered domains of the names, each once.
    pub domains: Vec<String>,
    /// What became of it.
    pub outcome: OrderOutcome,
    /// The names that did not validate, each of which counts as a failure.
    #[serde(default)]
    pub failed: Vec<String>,
    /// The limit that refused it.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// What the operation said; empty when the certificate was issued.
    #[serde(default)]
    pub message: String,
    /// Whether Cloudways placed it by itself, to renew.
    #[serde(default)]
    pub renewal: bool,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderOutcome {
    /// The certificate was issued.
    Issued,
    /// A name did not validate, or the order was wrong.
    Failed,
    /// A limit refused it before anything was validated.
    Limited,
}

/// The limits, in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// 5 failed validations per name and hour; one comes back every 12 minutes.
    Failures,
    /// 50 certificates per registered domain in 7 days; one comes back every 202 minutes.
    Domain,
    /// 5 certificates per exact set of names in 7 days; one comes back every 34 hours.
    Set,
}

const MINUTE_MS: i64 = 60_000;

impl Limit {
    /// How many a bucket holds, and how long one takes to come back.
    const fn bucket(self) -> (i64, i64) {
        match self {
            Self::Failures => (5, 12 * MINUTE_MS),
            Self::Domain => (50, 202 * MINUTE_MS),
            Self::Set => (5, 34 * 60 * MINUTE_MS),
        }
    }

    /// When one could be taken, if not now. `full_at`: when the bucket is full again.
    pub(crate) fn closed_until(self, full_at: Option<&i64>, now_ms: i64) -> Option<i64> {
        let (size, refill) = self.bucket();
        let open_at = full_at.copied().unwrap_or(now_ms).max(now_ms).saturating_sub((size - 1) * refill);
        (open_at > now_ms).then_some(open_at)
    }

    /// Takes one.
    pub(crate) fn take(self, bucket: &mut i64, now_ms: i64) {
        *bucket = (*bucket).max(now_ms).saturating_add(self.bucket().1);
    }

    /// How many are in the bucket.
    pub(crate) fn left(self, full_at: Option<&i64>, now_ms: i64) -> u32 {
        let (size, refill) = self.bucket();
        let missing = full_at.map_or(0, |at| at.saturating_sub(now_ms).max(0));
        u32::try_from(size - missing.div_euclid(refill) - i64::from(missing % refill > 0)).unwrap_or(0)
    }

    /// The refusal in the authority's words; `what`: the name or the registered domain.
    pub(crate) fn words(self, what: &str, open_at_ms: i64) -> String {
        let size = self.bucket().0;
        let retry = utc(open_at_ms);
        let page = "see https://letsencrypt.org/docs/rate-limits/";
        match self {
            Self::Failures => format!(
                "too many failed authorizations ({size}) for \"{what}\" in the last 1h0m0s, retry after {retry}: \
                 {page}#authorization-failures-per-identifier-per-account"
            ),
            Self::Domain => format!(
                "too many certificates ({size}) already issued for \"{what}\" in the last 168h0m0s, retry after {retry}: \
                 {page}#new-certificates-per-registered-domain"
            ),
            Self::Set => format!(
                "too many certificates ({size}) already issued for this exact set of identifiers in the last 168h0m0s, \
                 retry after {retry}: {page}#new-certificates-per-exact-set-of-identifiers"
            ),
        }
    }
}

/// The registered domain of a name, by the public suffix list (documented); a public suffix is its own.
pub fn registered_domain(name: &str) -> String {
    let name = name.strip_prefix("*.").unwrap_or(name);
    psl::domain_str(name).unwrap_or(name).to_string()
}

/// The name of a set's bucket.
pub(crate) fn set_key(names: &[String]) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.join(",")
}

/// The authority writes times like `2026-11-24 07:30:00 UTC`, of the next whole second.
fn utc(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp((ms + 999).div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_one_by_one() {
        let limit = Limit::Failures;
        let mut bucket = 0;
        for n in 0..5 {
            assert_eq!(limit.closed_until(Some(&bucket), 1_000), None, "{n} taken");
            limit.take(&mut bucket, 1_000);
            assert_eq!(limit.left(Some(&bucket), 1_000), 4 - n);
        }
        let open = 1_000 + 12 * MINUTE_MS;
        assert_eq!(limit.closed_until(Some(&bucket), 1_000), Some(open));
        assert_eq!(limit.closed_until(Some(&bucket), open - 1), Some(open));
        assert_eq!(limit.closed_until(Some(&bucket), open), None);
        limit.take(&mut bucket, open);
        assert_eq!(limit.closed_until(Some(&bucket), open), Some(open + 12 * MINUTE_MS), "one came back, not all");
        assert_eq!(limit.left(Some(&bucket), open + 60 * MINUTE_MS), 5);
        assert_eq!(limit.left(None, 0), 5);
    }

    #[test]
    fn registered_domains_follow_the_list() {
        for (name, want) in [
            ("www.shop.example", "shop.example"),
            ("*.shop.example", "shop.example"),
            ("new.blog.example.co.uk", "example.co.uk"),
            ("someone.github.io", "someone.github.io"),
            ("co.uk", "co.uk"),
        ] {
            assert_eq!(registered_domain(name), want);
        }
    }

    #[test]
    fn times_are_written_as_the_authority_does() {
        assert_eq!(utc(1_795_505_400_000), "2026-11-24 07:30:00 UTC");
        assert_eq!(utc(1_795_505_400_001), "2026-11-24 07:30:01 UTC");
    }
}
