//! What a report tells people: a code and its facts for translation, and the same in English with what to do.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Value, json};

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
    /// The same set failed less than an hour ago.
    OrderHeld {
        /// Unix time of the next try.
        until: u64,
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
            Self::OperationFailed { .. } => "operation_failed",
            Self::OperationForgotten { .. } => "operation_forgotten",
        }
    }

    /// The facts behind it: names, numbers, addresses.
    #[must_use]
    pub fn args(&self) -> Details {
        let value = match self {
            Self::InvalidDomain { domain, reason } => json!({"domain": domain, "reason": reason.code()}),
            Self::DnsElsewhere { domain, found, expected } => {
                json!({"domain": domain, "found": found, "expected": expected})
            }
            Self::DnsMissing { domain, expected } => json!({"domain": domain, "expected": expected}),
            Self::DnsUnknown { domain, reason } | Self::CaaUnknown { domain, reason } => {
                json!({"domain": domain, "reason": reason.code()})
            }
            Self::CaaForbids { domain, at, issuers } => {
                json!({"domain": domain, "at": at, "issuers": first(issuers)})
            }
            Self::NotCertifiable { domain } | Self::AliasNotSeen { domain } => json!({"domain": domain}),
            Self::LeftOut { domain, limit } => json!({"domain": domain, "limit": limit}),
            Self::RemovalWithheld { alias } => json!({"domain": alias}),
            Self::RemovalsWithheld { aliases, ours } => {
                json!({"names": first(aliases), "count": aliases.len(), "ours": ours})
            }
            Self::CertificateWithheld { names, installed } => {
                json!({"names": first(names), "count": names.len(), "installed": installed})
            }
            Self::ForeignVanished { aliases } => json!({"names": first(aliases), "count": aliases.len()}),
            Self::OtherWriter { times, names } => json!({"times": times, "names": first(names)}),
            Self::WildcardCertificate { names } => json!({"names": first(names)}),
            Self::OrderFailed { answer } => json!({"answer": answer}),
            Self::OrderNotSeen { names } | Self::OrderNeedsAlias { names } => {
                json!({"names": first(names), "count": names.len()})
            }
            Self::OrderHeld { until } => json!({"until": until}),
            Self::OperationFailed { kind, answer } => json!({"kind": kind, "answer": answer}),
            Self::OperationForgotten { id } => json!({"id": id}),
            Self::CertificateUnreadable
            | Self::AutoNotSeen
            | Self::StateIgnored { .. }
            | Self::DryRun
            | Self::ServerAddressUnknown
            | Self::CustomCertificate => json!({}),
        };
        match value {
            Value::Object(args) => args,
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
                "The same certificate could not be issued less than an hour ago; it is not ordered again yet.".into()
            }
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
                "Check the DNS of the domain it names. The same names are ordered again in an hour at the earliest."
                    .into()
            }
            Self::OrderHeld { .. } => "It is ordered again by itself.".into(),
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
            Self::AliasNotSeen { domain },
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
            Self::OrderNeedsAlias { names },
            Self::OperationFailed { kind: "aliases".into(), answer },
            Self::OperationForgotten { id: "596283".into() },
        ]
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut note = serializer.serialize_struct("Note", 4)?;
        note.serialize_field("code", self.code())?;
        note.serialize_field("args", &self.args())?;
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
