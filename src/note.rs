//! What a report tells people: a code and its facts for translation, and the same in English with what to do.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value;

use crate::dns::Unknown;
use crate::domain::{DomainName, InvalidDomain};
use crate::error::Details;

/// How many names a note lists; the lists of the report have them all.
const NAMES_SHOWN: usize = 10;

/// Why a state was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateFault {
    /// It was written by a newer version.
    Newer,
    /// It cannot be understood.
    Damaged,
    /// It belongs to another server or application.
    OtherApplication,
    /// It belongs to another network.
    OtherNetwork,
}

/// A fact worth telling. What belongs to one domain stands in its entry, the rest among the warnings.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// The name is none; nothing was done with it.
    InvalidDomain {
        /// As it can be shown.
        domain: String,
        /// Why.
        reason: InvalidDomain,
    },
    /// Its DNS points to other addresses.
    DnsElsewhere {
        /// The name asked.
        domain: DomainName,
        /// Where it points.
        found: Vec<String>,
        /// Where it should point.
        expected: Vec<String>,
    },
    /// It has no address in DNS.
    DnsMissing {
        /// The name asked.
        domain: DomainName,
        /// Where it should point.
        expected: Vec<String>,
    },
    /// DNS gave no answer, neither yes nor no.
    DnsUnknown {
        /// The name asked.
        domain: DomainName,
        /// Why there was none.
        reason: Unknown,
    },
    /// It points to us, and the domain's CAA records forbid Let's Encrypt to issue for it.
    CaaForbids {
        /// The name asked.
        domain: DomainName,
        /// The name that has these records.
        at: String,
        /// Who may issue; nobody where it is empty.
        issuers: Vec<String>,
    },
    /// It points to us, and whether CAA lets Let's Encrypt issue for it could not be found out.
    CaaUnknown {
        /// The name asked.
        domain: DomainName,
        /// Why.
        reason: Unknown,
    },
    /// No public certificate can hold this name.
    NotCertifiable {
        /// The name.
        domain: DomainName,
    },
    /// There is no room for it in the certificate.
    LeftOut {
        /// The name.
        domain: DomainName,
        /// How many names a certificate holds.
        limit: usize,
    },
    /// Its alias was sent, and is not there yet.
    AliasNotSeen {
        /// The name.
        domain: DomainName,
    },
    /// It is not wanted any more, and is kept all the same until somebody says so.
    RemovalWithheld {
        /// As Cloudways spells it.
        alias: String,
    },
    /// Removals were withheld.
    RemovalsWithheld {
        /// As Cloudways spells them.
        aliases: Vec<String>,
        /// How many aliases of ours there are.
        ours: usize,
    },
    /// The certificate would lose more names than is plausible.
    CertificateWithheld {
        /// The names it would lose.
        names: Vec<DomainName>,
        /// How many it has.
        installed: usize,
    },
    /// Aliases that are not ours were there last time, and are gone.
    ForeignVanished {
        /// As Cloudways spelt them.
        aliases: Vec<String>,
    },
    /// Aliases of ours vanish again and again.
    OtherWriter {
        /// How often in the last seven days.
        times: usize,
        /// The latest.
        names: Vec<DomainName>,
    },
    /// What Cloudways says of the certificate cannot be understood.
    CertificateUnreadable,
    /// The certificate's renewal was switched on, and is off.
    AutoNotSeen,
    /// The state that was given is not used.
    StateIgnored {
        /// Why.
        fault: StateFault,
    },
    /// `WU_CLOUDWAYS_DRY_RUN` is on.
    DryRun,
    /// The server has no public address that we know of, so DNS cannot be judged.
    ServerAddressUnknown,
    /// The customer's own certificate is active.
    CustomCertificate,
    /// A wildcard certificate is active.
    WildcardCertificate {
        /// Its names.
        names: Vec<DomainName>,
    },
    /// An order failed.
    OrderFailed {
        /// What Cloudways said.
        answer: String,
    },
    /// The order ended well, and the certificate does not hold what was ordered.
    OrderNotSeen {
        /// The names that are not in it.
        names: Vec<DomainName>,
    },
    /// The same set failed a while ago, or one of its names did.
    OrderHeld {
        /// Unix time of the next try.
        until: u64,
    },
    /// The last order was a short while ago, and changes are gathered.
    OrderGap {
        /// Unix time of the order.
        until: u64,
    },
    /// Let's Encrypt's limits leave no room for an order now.
    OrderBudget {
        /// The registered domain that has had its share; `None`: the exact set of names has.
        domain: Option<String>,
        /// Unix time of the order.
        until: u64,
    },
    /// A name was in too many failed orders within the hour.
    OrderFailures {
        /// The name.
        domain: String,
        /// Unix time of the order.
        until: u64,
    },
    /// Let's Encrypt itself refuses orders for now.
    OrderPaused {
        /// Unix time of the next try.
        until: u64,
    },
    /// An order would only take names away, and waits for others to come along.
    OrderCompany {
        /// Unix time at which it waits no longer.
        until: u64,
    },
    /// The DNS of covered names is wrong; an order would fail, and would take them out if it stayed so.
    OrderWaitsForDns {
        /// The names.
        names: Vec<DomainName>,
        /// Unix time at which they are taken out.
        until: u64,
    },
    /// Cloudways refused it as an alias.
    AliasSetAside {
        /// The name.
        domain: DomainName,
        /// What Cloudways said.
        reason: String,
        /// Unix time of the next try.
        until: u64,
    },
    /// Cloudways refuses aliases that it has, so the list cannot be written.
    AliasesRefused {
        /// The names.
        names: Vec<DomainName>,
        /// What Cloudways said.
        answer: String,
    },
    /// No certificate was issued for it.
    CertificateSetAside {
        /// The name.
        domain: DomainName,
        /// What Cloudways said.
        reason: String,
        /// Unix time of the next try.
        until: u64,
    },
    /// The server has other addresses than before.
    ServerAddressChanged {
        /// The old ones.
        from: Vec<String>,
        /// The new ones.
        to: Vec<String>,
    },
    /// What the server serves is not the certificate that is installed.
    ServedOther {
        /// Who issued what is served.
        issuer: String,
    },
    /// The certificate ends soon, and is not ours to renew, or could not be renewed.
    CertificateEnds {
        /// Unix time of its end.
        not_after: u64,
    },
    /// A record is needed in DNS before the wildcard certificate can be ordered.
    WildcardRecord {
        /// The name of the record.
        record: String,
        /// What it points to.
        target: String,
    },
    /// The wildcard certificate that is asked for is installed.
    WildcardOnly {
        /// The wildcard.
        domain: DomainName,
        /// Mapped domains that it does not cover.
        names: Vec<DomainName>,
    },
    /// A name that is served has no alias now, so an order would fail.
    OrderNeedsAlias {
        /// The names.
        names: Vec<DomainName>,
    },
    /// An operation of ours failed at Cloudways.
    OperationFailed {
        /// `aliases` or `auto`.
        kind: String,
        /// What Cloudways said.
        answer: String,
    },
    /// An operation of ours did not end in the time it may take, and is not waited for any longer.
    OperationForgotten {
        /// Its id.
        id: String,
    },
}

impl Note {
    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidDomain { .. } => "invalid_domain",
            Self::DnsElsewhere { .. } => "dns_elsewhere",
            Self::DnsMissing { .. } => "dns_missing",
            Self::DnsUnknown { .. } => "dns_unknown",
            Self::CaaForbids { .. } => "caa_forbids",
            Self::CaaUnknown { .. } => "caa_unknown",
            Self::NotCertifiable { .. } => "not_certifiable",
            Self::LeftOut { .. } => "left_out",
            Self::AliasNotSeen { .. } => "alias_not_seen",
            Self::RemovalWithheld { .. } => "removal_withheld",
            Self::RemovalsWithheld { .. } => "removals_withheld",
            Self::CertificateWithheld { .. } => "certificate_withheld",
            Self::ForeignVanished { .. } => "foreign_vanished",
            Self::OtherWriter { .. } => "other_writer",
            Self::CertificateUnreadable => "certificate_unreadable",
            Self::AutoNotSeen => "auto_not_seen",
            Self::StateIgnored { fault } => match fault {
                StateFault::Newer => "state_newer",
                StateFault::Damaged => "state_damaged",
                StateFault::OtherApplication => "state_other_application",
                StateFault::OtherNetwork => "state_other_network",
            },
            Self::DryRun => "dry_run",
            Self::ServerAddressUnknown => "server_address_unknown",
            Self::CustomCertificate => "custom_certificate",
            Self::WildcardCertificate { .. } => "wildcard_certificate",
            Self::OrderFailed { .. } => "order_failed",
            Self::OrderNotSeen { .. } => "order_not_seen",
            Self::OrderHeld { .. } => "order_held",
            Self::OrderNeedsAlias { .. } => "order_needs_alias",
            Self::OrderGap { .. } => "order_gap",
            Self::OrderBudget { domain: Some(_), .. } => "order_budget",
            Self::OrderBudget { domain: None, .. } => "order_budget_set",
            Self::OrderFailures { .. } => "order_failures",
            Self::OrderPaused { .. } => "order_paused",
            Self::OrderCompany { .. } => "order_company",
            Self::OrderWaitsForDns { .. } => "order_waits_for_dns",
            Self::AliasSetAside { .. } => "alias_set_aside",
            Self::AliasesRefused { .. } => "aliases_refused",
            Self::CertificateSetAside { .. } => "certificate_set_aside",
            Self::ServerAddressChanged { .. } => "server_address_changed",
            Self::ServedOther { .. } => "served_other",
            Self::CertificateEnds { .. } => "certificate_ends",
            Self::WildcardRecord { .. } => "wildcard_record",
            Self::WildcardOnly { .. } => "wildcard_only",
            Self::OperationFailed { .. } => "operation_failed",
            Self::OperationForgotten { .. } => "operation_forgotten",
        }
    }

    /// The facts behind it: names, numbers, addresses.
    #[must_use]
    pub fn args(&self) -> Details {
        match serde_json::to_value(Args(self)) {
            Ok(Value::Object(args)) => args,
            _ => Details::new(),
        }
    }

    /// What happened, in English.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::InvalidDomain { domain, reason } => {
                format!("\"{domain}\" is not a domain name that can be used: {}.", reason.text())
            }
            Self::DnsElsewhere { domain, found, expected } => {
                format!("{domain} points to {}; it should point to {} only.", found.join(", "), expected.join(" or "))
            }
            Self::DnsMissing { domain, .. } => format!("{domain} has no address in DNS."),
            Self::DnsUnknown { domain, reason } => {
                format!("Where {domain} points could not be found out: {}.", reason.text())
            }
            Self::CaaForbids { domain, at, issuers } => {
                let said = if issuers.is_empty() { "nobody".to_owned() } else { format!("only {}", listed(issuers)) };
                format!("The CAA records of {at} let {said} issue certificates for {domain}, not Let's Encrypt.")
            }
            Self::CaaUnknown { domain, reason } => {
                format!(
                    "Whether CAA records let Let's Encrypt issue for {domain} could not be found out: {}.",
                    reason.text()
                )
            }
            Self::NotCertifiable { domain } => format!("No public certificate can hold {domain}."),
            Self::LeftOut { domain, limit } => {
                format!("{domain} is not in the certificate: it is full, it holds {limit} names.")
            }
            Self::AliasNotSeen { domain } => {
                format!("{domain} was sent to Cloudways and is not among its aliases yet.")
            }
            Self::RemovalWithheld { alias } => {
                format!("{alias} is not wanted any more and was not removed yet.")
            }
            Self::RemovalsWithheld { aliases, ours } => format!(
                "{} of {ours} aliases would be removed without a mapping having ended: {}. They were kept.",
                aliases.len(),
                listed(aliases)
            ),
            Self::CertificateWithheld { names, installed } => format!(
                "The certificate would lose {} of {installed} names: {}. It was left as it is.",
                names.len(),
                listed(names)
            ),
            Self::ForeignVanished { aliases } => {
                format!("Aliases that are not ours were there last time and are gone: {}.", listed(aliases))
            }
            Self::OtherWriter { times, names } => format!(
                "Aliases of ours vanished {times} times in seven days, the last: {}. Something else writes the list.",
                listed(names)
            ),
            Self::CertificateUnreadable => {
                "What Cloudways says of the certificate cannot be understood; it was left as it is.".into()
            }
            Self::AutoNotSeen => "The renewal of the certificate could not be switched on at Cloudways.".into(),
            Self::StateIgnored { fault } => match fault {
                StateFault::Newer => "The stored state is of a newer version and is not used.".into(),
                StateFault::Damaged => "The stored state cannot be understood and is not used.".into(),
                StateFault::OtherApplication => {
                    "The stored state belongs to another server or application and is not used.".into()
                }
                StateFault::OtherNetwork => "The stored state belongs to another network and is not used.".into(),
            },
            Self::DryRun => "WU_CLOUDWAYS_DRY_RUN is on: nothing was written.".into(),
            Self::ServerAddressUnknown => "Cloudways names no public address of the server.".into(),
            Self::CustomCertificate => "The application has a certificate of your own; it was left alone.".into(),
            Self::WildcardCertificate { names } => format!(
                "The application has a wildcard certificate ({}); it was left alone, so other domains have no HTTPS.",
                listed(names)
            ),
            Self::OrderFailed { answer } => format!("The certificate could not be issued: {answer}"),
            Self::OrderNotSeen { names } => {
                format!("The certificate was ordered and does not hold all names yet: {} are missing.", listed(names))
            }
            Self::OrderHeld { .. } => {
                "The same certificate could not be issued a while ago; it is not ordered again yet.".into()
            }
            Self::OrderGap { .. } => {
                "A certificate was ordered a short while ago; further changes are gathered for the next order.".into()
            }
            Self::OrderBudget { domain: Some(domain), .. } => {
                format!("Let's Encrypt issues only so many certificates with {domain} in them; the next order waits.")
            }
            Self::OrderBudget { domain: None, .. } => {
                "Let's Encrypt issues only so many certificates with exactly these names; the next order waits.".into()
            }
            Self::OrderFailures { domain, .. } => {
                format!("{domain} was in too many failed orders within the hour; the next order waits.")
            }
            Self::OrderPaused { .. } => "Let's Encrypt refuses orders for now, since a limit is reached.".into(),
            Self::OrderCompany { .. } => {
                "The certificate holds names that are to go; they leave with the next order, in a day at most.".into()
            }
            Self::OrderWaitsForDns { names, .. } => format!(
                "No certificate is ordered while the DNS of names in it is wrong: {}. If it stays so, they are left out.",
                listed(names)
            ),
            Self::AliasSetAside { domain, reason, .. } => {
                format!("Cloudways does not accept {domain} as an alias: {reason}")
            }
            Self::AliasesRefused { names, answer } => {
                format!("Cloudways does not accept aliases that it has ({}): {answer}", listed(names))
            }
            Self::CertificateSetAside { domain, reason, .. } => {
                format!("No certificate could be issued for {domain}: {reason}")
            }
            Self::ServerAddressChanged { from, to } => {
                format!("The server's address has changed from {} to {}.", from.join(", "), to.join(", "))
            }
            Self::ServedOther { issuer } => {
                format!(
                    "The server serves another certificate than the one that is installed; it was issued by {issuer}."
                )
            }
            Self::CertificateEnds { .. } => "The certificate that is served ends soon.".into(),
            Self::WildcardRecord { record, target } => {
                format!("The wildcard certificate needs a record in DNS: {record} CNAME {target}")
            }
            Self::WildcardOnly { domain, names } if names.is_empty() => {
                format!("The certificate is the wildcard certificate for {domain}; no other domain has HTTPS.")
            }
            Self::WildcardOnly { domain, names } => format!(
                "The certificate is the wildcard certificate for {domain}; other domains have no HTTPS: {}.",
                listed(names)
            ),
            Self::OrderNeedsAlias { names } => {
                format!("No certificate is ordered while names in it have no alias: {}.", listed(names))
            }
            Self::OperationFailed { answer, .. } => format!("An operation at Cloudways failed: {answer}"),
            Self::OperationForgotten { id } => format!("Operation {id} at Cloudways did not end in time."),
        }
    }

    /// What to do about it; empty where nothing needs to be done.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::InvalidDomain { .. } => "Correct or remove it where it is mapped.".into(),
            Self::DnsElsewhere { domain, expected, .. } => format!(
                "At the DNS provider of {domain}, let every A and AAAA record point to {}; remove the others.",
                expected.join(" or ")
            ),
            Self::DnsMissing { domain, expected } => {
                format!("At the DNS provider of {domain}, create a record that points to {}.", expected.join(" or "))
            }
            Self::DnsUnknown { .. } => {
                "It is asked again by itself. If it lasts, check the domain's name servers.".into()
            }
            Self::CaaForbids { at, .. } => {
                format!("At the DNS provider of {at}, add the CAA record 0 issue \"letsencrypt.org\".")
            }
            Self::CaaUnknown { .. } => {
                "It is asked again by itself. If it lasts, check the domain's name servers: Let's Encrypt refuses, too."
                    .into()
            }
            Self::NotCertifiable { .. } => "Use a registered domain if it needs HTTPS.".into(),
            Self::LeftOut { .. } => {
                "Give it a higher priority, remove names that are not needed, or do without www. aliases.".into()
            }
            Self::AliasNotSeen { .. } | Self::OrderNotSeen { .. } => "It is looked at again by itself.".into(),
            Self::RemovalWithheld { .. } | Self::RemovalsWithheld { .. } | Self::CertificateWithheld { .. } => {
                "Check that these domains are really not mapped any more, then run once with force.".into()
            }
            Self::ForeignVanished { .. } => "If nobody removed them by hand, add them again at Cloudways.".into(),
            Self::OtherWriter { .. } => {
                "Disable other integrations and scripts that set the aliases of this application.".into()
            }
            Self::CertificateUnreadable => {
                "Look at the certificate at Cloudways. If it is in order there, update wu_cloudways.".into()
            }
            Self::AutoNotSeen => "It is tried again in an hour. Or switch it on at Cloudways, under SSL.".into(),
            Self::StateIgnored { fault: StateFault::Newer } => {
                "Update wu_cloudways. Until then nothing is removed at Cloudways.".into()
            }
            Self::StateIgnored { .. } => {
                "Nothing is removed at Cloudways in this run; old aliases can be removed there by hand.".into()
            }
            Self::DryRun => "Remove the constant from wp-config.php when the plan is as you want it.".into(),
            Self::ServerAddressUnknown => "Check at Cloudways that the server is running.".into(),
            Self::CustomCertificate => {
                "Remove it at Cloudways if a Let's Encrypt certificate over the mapped domains is wanted.".into()
            }
            Self::WildcardCertificate { .. } => {
                "Remove it at Cloudways if the mapped domains are to have HTTPS.".into()
            }
            Self::OrderFailed { .. } => {
                "Check the DNS of the domain it names. It is ordered again by itself, without that domain at first.".into()
            }
            Self::OrderHeld { .. }
            | Self::OrderGap { .. }
            | Self::OrderBudget { .. }
            | Self::OrderFailures { .. }
            | Self::OrderPaused { .. } => "It is ordered by itself when the time has come.".into(),
            Self::OrderCompany { .. } => "Nothing needs to be done.".into(),
            Self::OrderWaitsForDns { .. } => "Correct their DNS, or end their mapping.".into(),
            Self::AliasSetAside { domain, .. } => format!(
                "Check whether {domain} is in use elsewhere at Cloudways. It is tried again by itself, and left out until then."
            ),
            Self::AliasesRefused { .. } => "Remove or correct these aliases at Cloudways.".into(),
            Self::CertificateSetAside { domain, .. } => {
                format!("Check the DNS of {domain}, CAA records included. It is tried again by itself, and left out until then.")
            }
            Self::ServerAddressChanged { to, .. } => {
                format!("Let the DNS records of every domain point to {}.", to.join(" or "))
            }
            Self::ServedOther { .. } => {
                "Look at the certificate at Cloudways, under SSL. If it is in order there, restart nginx under Manage Services.".into()
            }
            Self::CertificateEnds { .. } => "Renew it at Cloudways, under SSL.".into(),
            Self::WildcardRecord { .. } => {
                "Create it at the domain's DNS provider. It is looked for by itself, and the certificate is ordered then. Domains of others have no HTTPS with it.".into()
            }
            Self::WildcardOnly { .. } => {
                "If the mapped domains are to have HTTPS, remove WU_CLOUDWAYS_WILDCARD_SSL from wp-config.php, and the certificate at Cloudways.".into()
            }
            Self::OrderNeedsAlias { .. } => "Check why Cloudways does not keep these aliases.".into(),
            Self::OperationFailed { .. } => "It is tried again by itself.".into(),
            Self::OperationForgotten { .. } => "Look at the server's activity at Cloudways.".into(),
        }
    }
}

impl Note {
    /// One of each, for translators and tests.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let Ok(domain) = DomainName::parse(b"shop.example") else { return Vec::new() };
        let names = vec![domain.clone()];
        let aliases = vec![domain.to_string()];
        let expected = vec!["203.0.113.10".to_owned()];
        let answer = "The server said no.".to_owned();
        vec![
            Self::InvalidDomain { domain: "my shop".into(), reason: InvalidDomain::Space },
            Self::DnsElsewhere {
                domain: domain.clone(),
                found: vec!["198.51.100.7".into()],
                expected: expected.clone(),
            },
            Self::DnsMissing { domain: domain.clone(), expected },
            Self::DnsUnknown { domain: domain.clone(), reason: Unknown::TimedOut },
            Self::CaaForbids { domain: domain.clone(), at: domain.to_string(), issuers: vec!["ca.example.net".into()] },
            Self::CaaUnknown { domain: domain.clone(), reason: Unknown::ServerFailure },
            Self::NotCertifiable { domain: domain.clone() },
            Self::LeftOut { domain: domain.clone(), limit: 100 },
            Self::AliasNotSeen { domain: domain.clone() },
            Self::RemovalWithheld { alias: "shop.example".into() },
            Self::RemovalsWithheld { aliases: aliases.clone(), ours: 1 },
            Self::CertificateWithheld { names: names.clone(), installed: 1 },
            Self::ForeignVanished { aliases },
            Self::OtherWriter { times: 3, names: names.clone() },
            Self::CertificateUnreadable,
            Self::AutoNotSeen,
            Self::StateIgnored { fault: StateFault::Newer },
            Self::StateIgnored { fault: StateFault::Damaged },
            Self::StateIgnored { fault: StateFault::OtherApplication },
            Self::StateIgnored { fault: StateFault::OtherNetwork },
            Self::DryRun,
            Self::ServerAddressUnknown,
            Self::CustomCertificate,
            Self::WildcardCertificate { names: names.clone() },
            Self::OrderFailed { answer: answer.clone() },
            Self::OrderNotSeen { names: names.clone() },
            Self::OrderHeld { until: 1_800_000_000 },
            Self::OrderNeedsAlias { names: names.clone() },
            Self::OrderGap { until: 1_800_000_000 },
            Self::OrderBudget { domain: Some("shop.example".into()), until: 1_800_000_000 },
            Self::OrderBudget { domain: None, until: 1_800_000_000 },
            Self::OrderFailures { domain: "shop.example".into(), until: 1_800_000_000 },
            Self::OrderPaused { until: 1_800_000_000 },
            Self::OrderCompany { until: 1_800_000_000 },
            Self::OrderWaitsForDns { names: names.clone(), until: 1_800_000_000 },
            Self::AliasSetAside { domain: domain.clone(), reason: answer.clone(), until: 1_800_000_000 },
            Self::AliasesRefused { names: names.clone(), answer: answer.clone() },
            Self::CertificateSetAside { domain: domain.clone(), reason: answer.clone(), until: 1_800_000_000 },
            Self::ServerAddressChanged { from: vec!["203.0.113.9".into()], to: vec!["203.0.113.10".into()] },
            Self::ServedOther { issuer: "Let's Encrypt R11".into() },
            Self::CertificateEnds { not_after: 1_800_000_000 },
            Self::WildcardRecord {
                record: "_acme-challenge.network.example".into(),
                target: "wordpressmu-1442-50482-131933.cloudwaysapps.com".into(),
            },
            Self::WildcardOnly { domain: domain.clone(), names: names.clone() },
            Self::OperationFailed { kind: "aliases".into(), answer },
            Self::OperationForgotten { id: "596283".into() },
        ]
    }
}

/// The facts of a note. There can be one note for each of thousands of domains, so they are written as they are.
struct Args<'a>(&'a Note);

/// Writes facts, each under its name.
macro_rules! facts {
    ($serializer:ident, {$($name:literal: $fact:expr),*}) => {{
        let names: &[&str] = &[$($name),*];
        #[allow(unused_mut, reason = "some notes have no facts")]
        let mut facts = $serializer.serialize_struct("Args", names.len())?;
        $(facts.serialize_field($name, &$fact)?;)*
        facts.end()
    }};
}

impl Serialize for Args<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Note::InvalidDomain { domain, reason } => facts!(serializer, {"domain": domain, "reason": reason.code()}),
            Note::DnsElsewhere { domain, found, expected } => {
                facts!(serializer, {"domain": domain, "found": found, "expected": expected})
            }
            Note::DnsMissing { domain, expected } => facts!(serializer, {"domain": domain, "expected": expected}),
            Note::DnsUnknown { domain, reason } | Note::CaaUnknown { domain, reason } => {
                facts!(serializer, {"domain": domain, "reason": reason.code()})
            }
            Note::CaaForbids { domain, at, issuers } => {
                facts!(serializer, {"domain": domain, "at": at, "issuers": first(issuers)})
            }
            Note::NotCertifiable { domain } | Note::AliasNotSeen { domain } => facts!(serializer, {"domain": domain}),
            Note::LeftOut { domain, limit } => facts!(serializer, {"domain": domain, "limit": limit}),
            Note::RemovalWithheld { alias } => facts!(serializer, {"domain": alias}),
            Note::RemovalsWithheld { aliases, ours } => {
                facts!(serializer, {"names": first(aliases), "count": aliases.len(), "ours": ours})
            }
            Note::CertificateWithheld { names, installed } => {
                facts!(serializer, {"names": first(names), "count": names.len(), "installed": installed})
            }
            Note::ForeignVanished { aliases } => facts!(serializer, {"names": first(aliases), "count": aliases.len()}),
            Note::OtherWriter { times, names } => facts!(serializer, {"times": times, "names": first(names)}),
            Note::WildcardCertificate { names } => facts!(serializer, {"names": first(names)}),
            Note::OrderFailed { answer } => facts!(serializer, {"answer": answer}),
            Note::OrderNotSeen { names } | Note::OrderNeedsAlias { names } => {
                facts!(serializer, {"names": first(names), "count": names.len()})
            }
            Note::OrderHeld { until }
            | Note::OrderGap { until }
            | Note::OrderPaused { until }
            | Note::OrderCompany { until } => facts!(serializer, {"until": until}),
            Note::OrderBudget { domain: Some(domain), until } => facts!(serializer, {"domain": domain, "until": until}),
            Note::OrderBudget { domain: None, until } => facts!(serializer, {"until": until}),
            Note::OrderFailures { domain, until } => facts!(serializer, {"domain": domain, "until": until}),
            Note::OrderWaitsForDns { names, until } => {
                facts!(serializer, {"names": first(names), "count": names.len(), "until": until})
            }
            Note::AliasSetAside { domain, reason, until } | Note::CertificateSetAside { domain, reason, until } => {
                facts!(serializer, {"domain": domain, "answer": reason, "until": until})
            }
            Note::AliasesRefused { names, answer } => {
                facts!(serializer, {"names": first(names), "count": names.len(), "answer": answer})
            }
            Note::ServerAddressChanged { from, to } => facts!(serializer, {"from": from, "to": to}),
            Note::ServedOther { issuer } => facts!(serializer, {"issuer": issuer}),
            Note::CertificateEnds { not_after } => facts!(serializer, {"not_after": not_after}),
            Note::WildcardRecord { record, target } => facts!(serializer, {"record": record, "target": target}),
            Note::WildcardOnly { domain, names } => {
                facts!(serializer, {"domain": domain, "names": first(names), "count": names.len()})
            }
            Note::OperationFailed { kind, answer } => facts!(serializer, {"kind": kind, "answer": answer}),
            Note::OperationForgotten { id } => facts!(serializer, {"id": id}),
            Note::CertificateUnreadable
            | Note::AutoNotSeen
            | Note::StateIgnored { .. }
            | Note::DryRun
            | Note::ServerAddressUnknown
            | Note::CustomCertificate => facts!(serializer, {}),
        }
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut note = serializer.serialize_struct("Note", 4)?;
        note.serialize_field("code", self.code())?;
        note.serialize_field("args", &Args(self))?;
        note.serialize_field("text", &self.text())?;
        note.serialize_field("remedy", &self.remedy())?;
        note.end()
    }
}

fn first<T>(names: &[T]) -> &[T] {
    &names[..names.len().min(NAMES_SHOWN)]
}

fn listed<T: ToString>(names: &[T]) -> String {
    let mut text = first(names).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_SHOWN {
        text.push_str(&format!(" and {} more", names.len() - NAMES_SHOWN));
    }
    text
}
