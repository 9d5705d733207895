//! What is wanted: mapped domains, their `www.` aliases and extra domains, each once and with its reason.

use crate::config::Settings;
use crate::domain::{DomainName, InvalidDomain, printable};
use crate::options::{DomainEntry, Options, WwwRule};
use crate::tables::{HashMap, HashSet, map_for};

/// Why a name is wanted. The order is the one in which certificate space is given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The application's primary domain.
    Primary,
    /// A customer's domain.
    Mapped,
    /// From `WU_CLOUDWAYS_EXTRA_DOMAINS`.
    Extra,
    /// `www.` of a mapped domain.
    Www,
    /// A site of the network itself.
    Network,
}

impl Source {
    /// The report's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Mapped => "mapped",
            Self::Extra => "extra",
            Self::Www => "www",
            Self::Network => "network",
        }
    }
}

/// A name that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name.
    pub name: DomainName,
    /// Why.
    pub source: Source,
    /// A higher one gets certificate space first.
    pub priority: i64,
    /// Looked up once: the public suffix list has some thousand rules.
    may_be_certified: bool,
}

impl Wanted {
    fn new(name: DomainName, source: Source, priority: i64) -> Self {
        let may_be_certified = name.may_be_certified();
        Self { name, source, priority, may_be_certified }
    }

    /// Whether a public certificate may hold the name.
    #[must_use]
    pub fn may_be_certified(&self) -> bool {
        self.may_be_certified
    }
}

/// Something among the names that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// As it can be shown.
    pub shown: String,
    /// Where it came from.
    pub source: Source,
    /// Why it is none.
    pub reason: InvalidDomain,
}

/// All that is wanted in one call.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    names: Vec<Wanted>,
    index: HashMap<DomainName, usize>,
    invalid: Vec<Invalid>,
    removed: HashSet<DomainName>,
    adopted: HashSet<DomainName>,
    released: HashSet<DomainName>,
    network: Option<DomainName>,
}

impl Desired {
    /// Puts together what the caller and the constants say. `leaving` are names whose removal was explained in an
    /// earlier call.
    #[must_use]
    pub fn new(domains: &[DomainEntry], options: &Options, settings: &Settings, leaving: &[DomainName]) -> Self {
        let most = 2 * domains.len() + settings.extra.len();
        let mut desired = Self {
            names: Vec::with_capacity(most),
            index: map_for(most),
            network: options.network_domain.clone(),
            ..Self::default()
        };
        for entry in domains {
            desired.add_mapped(entry, options.www);
        }
        for name in &settings.extra {
            desired.add(name.clone(), Source::Extra, 0);
        }
        for (shown, reason) in &settings.invalid_extra {
            desired.invalid.push(Invalid { shown: shown.clone(), source: Source::Extra, reason: *reason });
        }
        desired.removed = options.removed.iter().flat_map(|entry| expand(entry, options)).collect();
        desired.removed.extend(leaving.iter().cloned());
        desired.removed.retain(|name| !desired.index.contains_key(name));
        desired.adopted = options.adopt.iter().cloned().collect();
        desired.released = options.release.iter().cloned().collect();
        desired
    }

    /// The wanted names: mapped domains as given, each followed by its `www.` alias, then the extras.
    #[must_use]
    pub fn names(&self) -> &[Wanted] {
        &self.names
    }

    /// The entry of a name.
    #[must_use]
    pub fn get(&self, name: &DomainName) -> Option<&Wanted> {
        self.index.get(name).map(|at| &self.names[*at])
    }

    /// Whether a name is wanted.
    #[must_use]
    pub fn contains(&self, name: &DomainName) -> bool {
        self.index.contains_key(name)
    }

    /// Whether a name that is spelled like this is wanted.
    #[must_use]
    pub fn contains_spelled(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// What cannot be used.
    #[must_use]
    pub fn invalid(&self) -> &[Invalid] {
        &self.invalid
    }

    /// Names that become ours with this call.
    #[must_use]
    pub fn adopted(&self) -> &HashSet<DomainName> {
        &self.adopted
    }

    /// Names that cease to be ours with this call.
    #[must_use]
    pub fn released(&self) -> &HashSet<DomainName> {
        &self.released
    }

    /// Whether somebody said that this name is to go: its mapping ended, or it was adopted to be removed.
    #[must_use]
    pub fn explains_removal_of(&self, name: &DomainName) -> bool {
        self.removed.contains(name) || self.adopted.contains(name)
    }

    /// Whether a name is one of the network's own.
    #[must_use]
    pub fn is_of_network(&self, name: &DomainName) -> bool {
        self.network.as_ref().is_some_and(|network| name.is_under(network))
    }

    fn add_mapped(&mut self, entry: &DomainEntry, rule: WwwRule) {
        let name = match DomainName::parse_plain(&entry.domain) {
            Ok(name) => name,
            Err(reason) => {
                let shown = printable(&entry.domain);
                return self.invalid.push(Invalid { shown, source: Source::Mapped, reason });
            }
        };
        let of_network = self.is_of_network(&name);
        let www = if of_network { None } else { www_of(&name, entry.www, rule) };
        let source = if of_network { Source::Network } else { Source::Mapped };
        self.add(name, source, entry.priority);
        if let Some(www) = www {
            self.add(www, Source::Www, entry.priority);
        }
    }

    /// A name that comes twice keeps the better reason and the higher priority.
    fn add(&mut self, name: DomainName, source: Source, priority: i64) {
        if let Some(at) = self.index.get(&name) {
            let present = &mut self.names[*at];
            present.source = present.source.min(source);
            present.priority = present.priority.max(priority);
        } else {
            self.index.insert(name.clone(), self.names.len());
            self.names.push(Wanted::new(name, source, priority));
        }
    }
}

/// A removed domain goes together with the `www.` alias that it had by the same rule.
fn expand(entry: &DomainEntry, options: &Options) -> Vec<DomainName> {
    let Ok(name) = DomainName::parse_plain(&entry.domain) else { return Vec::new() };
    let of_network = options.network_domain.as_ref().is_some_and(|network| name.is_under(network));
    let www = if of_network { None } else { www_of(&name, entry.www, options.www) };
    [Some(name), www].into_iter().flatten().collect()
}

fn www_of(name: &DomainName, own: Option<bool>, rule: WwwRule) -> Option<DomainName> {
    let wanted = own.unwrap_or_else(|| match rule {
        WwwRule::Always => true,
        WwwRule::MainOnly => name.is_registrable(),
        WwwRule::Never => false,
    });
    if wanted { name.www() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::tests::settings_with_extra;

    fn names(desired: &Desired) -> Vec<(&str, &str)> {
        desired.names().iter().map(|wanted| (wanted.name.as_str(), wanted.source.as_str())).collect()
    }

    fn entry(domain: &str, www: Option<bool>, priority: i64) -> DomainEntry {
        DomainEntry { domain: domain.into(), www, priority }
    }

    fn name(text: &str) -> DomainName {
        DomainName::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn mapped_domains_get_www_and_extras_do_not() {
        let desired = Desired::new(
            &[entry("Shop.example", None, 0), entry("www.blog.example", None, 0)],
            &Options::default(),
            &settings_with_extra("extra.example,*.wild.example"),
            &[],
        );
        assert_eq!(
            names(&desired),
            [
                ("shop.example", "mapped"),
                ("www.shop.example", "www"),
                ("www.blog.example", "mapped"),
                ("extra.example", "extra"),
                ("*.wild.example", "extra"),
            ]
        );
    }

    #[test]
    fn the_www_rule_holds_where_a_domain_does_not_say_itself() {
        let domains = [entry("a.co.uk", None, 0), entry("b.a.co.uk", None, 0), entry("c.b.a.co.uk", Some(true), 0)];
        let with = |www| Desired::new(&domains, &Options { www, ..Options::default() }, &settings_with_extra(""), &[]);
        assert_eq!(with(WwwRule::Always).names().len(), 6);
        let main_only = with(WwwRule::MainOnly);
        let main_only: Vec<&str> = main_only.names().iter().map(|wanted| wanted.name.as_str()).collect();
        assert_eq!(main_only, ["a.co.uk", "www.a.co.uk", "b.a.co.uk", "c.b.a.co.uk", "www.c.b.a.co.uk"]);
        assert_eq!(with(WwwRule::Never).names().len(), 4);
        let refused =
            Desired::new(&[entry("a.example", Some(false), 0)], &Options::default(), &settings_with_extra(""), &[]);
        assert_eq!(names(&refused), [("a.example", "mapped")]);
    }

    #[test]
    fn sites_of_the_network_get_no_www() {
        let options = Options { network_domain: Some(name("network.example")), ..Options::default() };
        let desired =
            Desired::new(&[entry("site.network.example", Some(true), 0)], &options, &settings_with_extra(""), &[]);
        assert_eq!(names(&desired), [("site.network.example", "network")]);
    }

    #[test]
    fn duplicates_are_merged_and_the_better_reason_stays() {
        let desired = Desired::new(
            &[entry("a.example", None, 1), entry("A.EXAMPLE.", None, 5), entry("www.a.example", None, 0)],
            &Options::default(),
            &settings_with_extra("a.example"),
            &[],
        );
        assert_eq!(names(&desired), [("a.example", "mapped"), ("www.a.example", "mapped")]);
        assert_eq!(desired.get(&name("a.example")).unwrap().priority, 5);
    }

    #[test]
    fn invalid_names_are_set_apart_and_the_others_go_through() {
        let domains =
            [entry("a b.example", None, 0), entry("*.a.example", None, 0), entry("good.example", Some(false), 0)];
        let desired = Desired::new(&domains, &Options::default(), &settings_with_extra("bad_.example"), &[]);
        assert_eq!(names(&desired), [("good.example", "mapped")]);
        let reasons: Vec<InvalidDomain> = desired.invalid().iter().map(|invalid| invalid.reason).collect();
        assert_eq!(reasons, [InvalidDomain::Space, InvalidDomain::Wildcard, InvalidDomain::Underscore]);
    }

    #[test]
    fn removed_names_are_expanded_and_yield_to_wanted_ones() {
        let options = Options {
            removed: vec![entry("gone.example", None, 0), entry("a.example", None, 0)],
            ..Options::default()
        };
        let desired = Desired::new(&[entry("a.example", Some(false), 0)], &options, &settings_with_extra(""), &[]);
        assert!(desired.explains_removal_of(&name("gone.example")));
        assert!(desired.explains_removal_of(&name("www.gone.example")));
        assert!(desired.explains_removal_of(&name("www.a.example")));
        assert!(!desired.explains_removal_of(&name("a.example")));
        let leaving = [name("left.example"), name("a.example")];
        let desired =
            Desired::new(&[entry("a.example", None, 0)], &Options::default(), &settings_with_extra(""), &leaving);
        assert!(desired.explains_removal_of(&name("left.example")), "what was explained once stays so");
        assert!(!desired.explains_removal_of(&name("a.example")));
    }
}
