//! One history: a network and its Cloudways, and everything that happens to them, drawn from one number.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use cloudways_sim::Sim;
use cloudways_sim::state::{App, Behaviour, DnsEntry, DnsFault, LetsEncrypt, Operation, Pace};
use serde_json::{Value, json};
use wu_cloudways::config::{ConstantValue, Settings};
use wu_cloudways::options::ProbeFile;
use wu_cloudways::web::{Outside, Web};

use crate::between::{Ask, Interjection, What, call, preview};
use crate::book::{Book, DAY, HOUR, HUB, MINUTE, Mapped, Millis, Origin, Pointing, SECOND, Way, name_of};
use crate::oracle;
use crate::rng::Rng;
use crate::runner::{self, How, Runner, Www};

pub const APP: &str = "131933";
pub const SERVER: &str = "50482";
pub const NETWORK: &str = "network.example";
const SYS_USER: &str = "abcdefghij";
const ELSEWHERE: &str = "198.51.100.7";
const OWN_IPV6: &str = "2001:db8::10";
/// Where every history begins: 2026-12-01.
const BEGINNING: Millis = 1_796_083_200_000;

/// What was said, line by line; shared, so that it can be shown when a history hangs.
pub type Trace = Arc<Mutex<Vec<String>>>;

/// What breaks a rule.
pub struct Violation(pub String);

pub struct History {
    pub sim: Sim,
    pub settings: Settings,
    pub outside: Outside,
    pub probe: Option<ProbeFile>,
    pub www: Www,
    pub extras: Vec<String>,
    pub rng: RefCell<Rng>,
    pub book: RefCell<Book>,
    pub runner: RefCell<Runner>,
    /// A copy of the site, on its own machine, with its own memory and list.
    clone: RefCell<Option<(Runner, Vec<Mapped>)>>,
    now: Cell<Millis>,
    trace: Trace,
    verbose: bool,
    /// The domains that customers have.
    pool: Vec<String>,
    /// The names that a person puts there by hand, and nobody maps.
    hand_pool: Vec<String>,
    calls: Cell<u32>,
}

/// What of Cloudways a write of ours would change.
#[derive(Clone, PartialEq)]
pub struct Footprint {
    operations: usize,
    aliases: Vec<String>,
    certificate: Option<LetsEncrypt>,
}

/// What a history did, for the summary.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    pub calls: u64,
    pub orders: u64,
    pub lists: u64,
    pub requests: u64,
}

impl History {
    pub fn new(seed: u64, trace: Trace, verbose: bool) -> Self {
        let mut rng = Rng::new(seed);
        let mut state = cloudways_sim::State::default();
        let switches = &mut state.switches;
        let pick = |rng: &mut Rng, values: &[&str]| json!(rng.pick(values));
        switches.alias_answer = serde_json::from_value(pick(
            &mut rng,
            &["operation", "operation", "empty_array", "empty_object", "status_true"],
        ))
        .expect("a switch");
        switches.auto_answer =
            serde_json::from_value(pick(&mut rng, &["empty_array", "empty_object"])).expect("a switch");
        switches.operation_id_style =
            serde_json::from_value(pick(&mut rng, &["digits", "digits_string", "flex", "uuid"])).expect("a switch");
        switches.is_completed_style =
            serde_json::from_value(pick(&mut rng, &["string", "int", "bool"])).expect("a switch");
        switches.bool_style =
            serde_json::from_value(pick(&mut rng, &["bool", "string", "int", "absent"])).expect("a switch");
        switches.refuse_alias_body =
            serde_json::from_value(pick(&mut rng, &["field_object", "field_list", "status_message"]))
                .expect("a switch");
        switches.refuse_alias_names_domain = rng.chance(70);
        switches.le_failure_names_domain = rng.chance(70);
        switches.le_failure_message =
            serde_json::from_value(pick(&mut rng, &["first", "first", "primary_too", "all"])).expect("a switch");
        switches.operation_polls = rng.pick(&[Some(0), Some(1), Some(2), Some(2), Some(4), None]);
        switches.operation_seconds = Some(rng.pick(&[1, 3, 3, 10, 60, 400]));
        switches.estimate_minutes = rng.pick(&[0, 1, 2, 10]);
        let legacy = rng.chance(15);
        let fqdn = state.app(APP).expect("the application").app_fqdn.clone();
        let ipv6 = rng.chance(30);
        if ipv6 {
            state.servers[0].public_ipv6 = Some(OWN_IPV6.into());
        }

        let sim = Sim::start_with(state);
        sim.freeze_at(i64::try_from(BEGINNING / SECOND).expect("a time"));
        let text = |text: &str| ConstantValue::Text(text.as_bytes().to_vec());
        let extras: Vec<String> = match rng.below(4) {
            0 => vec!["extra.example".into()],
            1 => vec!["extra.example".into(), "*.wild.example".into()],
            _ => Vec::new(),
        };
        let constants = HashMap::from([
            ("WU_CLOUDWAYS_EMAIL".to_owned(), text("owner@example.com")),
            ("WU_CLOUDWAYS_API_KEY".to_owned(), text(if legacy { "sim-legacy-key-0123456789" } else { "cw_sim_full" })),
            ("WU_CLOUDWAYS_SERVER_ID".to_owned(), text(SERVER)),
            ("WU_CLOUDWAYS_APP_ID".to_owned(), text(APP)),
            ("WU_CLOUDWAYS_API_URL".to_owned(), text(&sim.api_url())),
            ("WU_CLOUDWAYS_DNS_SERVERS".to_owned(), text(&sim.dns_addr().to_string())),
            ("WU_CLOUDWAYS_EXTRA_DOMAINS".to_owned(), text(&extras.join(","))),
        ]);
        let settings = Settings::from_constants(&constants).expect("settings");
        let (http, https) = (sim.web_http(), sim.web_https());
        let web = Web::routed(move |target| if target.port() == 80 { http } else { https });
        let outside = Outside { web, ..Outside::new(&settings) };
        let probe = rng.chance(50).then(|| ProbeFile {
            path: "/.well-known/acme-challenge/wu-cloudways".into(),
            body: "this is the site".into(),
        });
        if let Some(file) = &probe {
            sim.set_web_file(APP, &file.path, &file.body);
        }

        let www = rng.pick(&[Www::Always, Www::MainOnly, Www::Never]);
        let size = rng.weighted(&[(70, 3_usize), (25, 6), (5, 60)]);
        let mut pool = Vec::new();
        for number in 0..size {
            let zone = format!("shop{number}.example");
            pool.extend([zone.clone(), format!("blog.{zone}")]);
            if number % 3 == 0 {
                pool.push(format!("a-{number}.b.{zone}"));
            }
        }
        pool.extend([format!("site-one.{NETWORK}"), format!("site-two.{NETWORK}")]);
        let hand_pool = [
            "hand.example",
            "Mail.Hand.example",
            "*.hand.example",
            "under_score.example",
            "old.example",
            "xn--bcher-kva.example",
        ];

        let book = Book {
            list: sim.aliases(APP),
            address: "203.0.113.10".into(),
            primary: Some(NETWORK.into()),
            fqdn,
            probing: probe.is_some(),
            ..Book::default()
        };
        let history = Self {
            sim,
            settings,
            outside,
            probe,
            www,
            extras,
            rng: RefCell::new(rng),
            book: RefCell::new(book),
            runner: RefCell::new(Runner::new(SYS_USER)),
            clone: RefCell::new(None),
            now: Cell::new(BEGINNING),
            trace,
            verbose,
            pool,
            hand_pool: hand_pool.map(str::to_owned).to_vec(),
            calls: Cell::new(0),
        };
        history.begin(ipv6);
        history
    }

    fn begin(&self, ipv6: bool) {
        {
            let mut book = self.book.borrow_mut();
            let origins: Vec<String> = book.list.clone();
            book.origins.extend(origins.into_iter().map(|alias| (alias, Origin::Hand)));
        }
        let mut rng = self.rng.borrow_mut().fork();
        for name in [NETWORK, HUB] {
            self.point(name, Way::Here);
        }
        for name in self.names_in_dns() {
            let way =
                rng.weighted(&[(60, Way::Here), (15, Way::Missing), (10, Way::Elsewhere), (15, Way::HereByCname)]);
            self.point(&name, way);
        }
        if rng.chance(25) {
            self.change_list("a wildcard for the network's sites", &[format!("*.{NETWORK}")], &[]);
        }
        let first = rng.between(0, 4);
        for _ in 0..first {
            self.map_one(&mut rng);
        }
        self.say(format!(
            "begin: www {:?}, extras {:?}, ipv6 {ipv6}, probe {}, {:?}",
            self.www,
            self.extras,
            self.probe.is_some(),
            self.sim.state().switches
        ));
    }

    // ---- time, trace, checks ----

    pub fn now(&self) -> Millis {
        self.now.get()
    }

    pub fn advance(&self, millis: Millis) {
        self.now.set(self.now.get() + millis);
        self.sim.advance_ms(i64::try_from(millis).expect("a time"));
        self.notice();
    }

    pub fn say(&self, what: String) {
        let since = self.now.get() - BEGINNING;
        let (days, hours) = (since / DAY, since % DAY / HOUR);
        let line = format!(
            "{days}d {hours:02}:{:02}:{:02}.{:03}  {what}",
            since % HOUR / MINUTE,
            since % MINUTE / SECOND,
            since % SECOND
        );
        if self.verbose {
            crate::print(&line);
        }
        self.trace.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub fn check(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            let what = otherwise();
            self.say(format!("VIOLATION: {what}"));
            resume_unwind(Box::new(Violation(what)));
        }
    }

    // ---- Cloudways ----

    pub fn aliases(&self) -> Vec<String> {
        self.sim.aliases(APP)
    }

    pub fn app(&self) -> App {
        self.sim.read(|state| state.app(APP).expect("the application").clone())
    }

    /// Whether Cloudways does not take this name as an alias now.
    pub fn refuses(&self, name: &str) -> bool {
        self.sim.read(|state| {
            let switches = &state.switches;
            switches.refuse_alias_names.iter().any(|refused| refused == name) || switches.alias_limit.is_some()
        })
    }

    /// Whether less than a sixth of the life of the certificate that is served is left.
    pub fn is_near_its_end(&self) -> bool {
        let now = i64::try_from(self.now() / SECOND).expect("a time");
        self.sim
            .certificate(APP)
            .is_some_and(|served| (served.not_after - now) * 6 < served.not_after - served.not_before)
    }

    /// The names of the certificate that is there.
    pub fn certificate(&self) -> BTreeSet<String> {
        self.sim.read(|state| certificate_of(state.app(APP).expect("the application")))
    }

    pub fn footprint(&self) -> Footprint {
        self.sim.read(|state| {
            let ours = state.operations.iter().filter(|operation| operation.app_id == APP).count();
            let app = state.app(APP).expect("the application");
            Footprint { operations: ours, aliases: app.aliases.clone(), certificate: app.lets_encrypt.clone() }
        })
    }

    /// Notes that the innermost call wrote, when it did since then.
    pub fn mark_written(&self, before: &Footprint) -> bool {
        let now = self.footprint();
        let operation = now.operations > before.operations;
        let certificate = now.certificate != before.certificate;
        let mut book = self.book.borrow_mut();
        let list = now.aliases != before.aliases && book.posts.iter().any(|post| post.list == now.aliases);
        let wrote = operation || certificate || list;
        if wrote {
            book.call().wrote = true;
        }
        wrote
    }

    /// Takes note of what changed at Cloudways, and asks who did it.
    pub fn notice(&self) {
        let app = self.app();
        oracle::notice_the_list(self, app.aliases.clone());
        oracle::notice_the_certificate(self, certificate_of(&app));
    }

    /// A person changes the alias list.
    pub fn change_list(&self, why: &str, add: &[String], remove: &[String]) {
        self.notice();
        self.say(format!("by hand, {why}: +{add:?} -{remove:?}"));
        self.sim.edit(|state| {
            let app = state.app_mut(APP).expect("the application");
            app.aliases.retain(|alias| !remove.contains(alias));
            app.aliases.extend(add.iter().cloned());
        });
        let mut book = self.book.borrow_mut();
        book.hand_changed(add, remove);
        book.list = self.sim.aliases(APP);
        book.note_what_dns_says();
    }

    fn edit_app(&self, change: impl FnOnce(&mut App)) {
        self.notice();
        self.sim.edit(|state| change(state.app_mut(APP).expect("the application")));
        let names = self.certificate();
        self.book.borrow_mut().certificate = names;
    }

    /// Something that a person does at Cloudways.
    pub fn hand(&self, rng: &mut Rng) {
        self.notice();
        let list = self.book.borrow().list.clone();
        match rng.below(12) {
            0..=3 => {
                let mut choices: Vec<String> = self.hand_pool.clone();
                if rng.chance(30) {
                    choices = self.pool.clone();
                }
                let ended: Vec<String> = self.book.borrow().ended.iter().cloned().collect();
                if !ended.is_empty() && rng.chance(30) {
                    // Somebody puts back what was removed.
                    choices = ended;
                }
                let there: BTreeSet<String> = list.iter().map(|alias| key(alias)).collect();
                choices.retain(|name| !there.contains(&key(name)));
                if !choices.is_empty() {
                    let name = rng.pick(&choices);
                    let name = if rng.chance(25) { respelt(&name) } else { name };
                    self.change_list("added", &[name], &[]);
                }
            }
            4..=5 if !list.is_empty() => {
                let gone = rng.pick(&list);
                self.change_list("removed", &[], &[gone]);
            }
            6..=7 if !list.is_empty() => {
                let before = rng.pick(&list);
                let after = respelt(&before);
                if !list.contains(&after) {
                    self.respell(&before, &after);
                }
            }
            8 => {
                self.say("by hand: the list in another order".into());
                let mut list = list;
                rng.shuffle(&mut list);
                self.sim.set_aliases(APP, &list);
                self.book.borrow_mut().list = list;
            }
            9 => {
                let choices = [NETWORK.to_owned(), rng.pick(&self.pool), "hand.example".into()];
                let primary = rng.pick(&choices);
                self.say(format!("by hand: the primary domain is {primary}"));
                self.edit_app(|app| app.cname = Some(primary.clone()));
                self.book.borrow_mut().primary = Some(primary);
            }
            10 => {
                self.say("by hand: the certificate is revoked".into());
                self.edit_app(|app| app.lets_encrypt = None);
            }
            _ => {
                self.say("by hand: renewal is off".into());
                self.edit_app(|app| {
                    if let Some(certificate) = &mut app.lets_encrypt {
                        certificate.auto = false;
                    }
                });
            }
        }
    }

    fn respell(&self, before: &str, after: &str) {
        self.say(format!("by hand: {before} is spelt {after}"));
        self.sim.edit(|state| {
            for alias in &mut state.app_mut(APP).expect("the application").aliases {
                if alias == before {
                    after.clone_into(alias);
                }
            }
        });
        let mut book = self.book.borrow_mut();
        let origin = book.origins.remove(before).unwrap_or(Origin::Hand);
        book.origins.insert(after.to_owned(), origin);
        book.list = self.sim.aliases(APP);
    }

    // ---- DNS ----

    fn names_in_dns(&self) -> Vec<String> {
        let mut names: Vec<String> = self.pool.clone();
        names.extend(self.pool.iter().filter(|name| !name.ends_with(NETWORK)).map(|name| format!("www.{name}")));
        names.extend(self.extras.iter().filter(|name| !name.starts_with('*')).cloned());
        names.push("hand.example".into());
        names
    }

    /// Lets a name point somewhere.
    pub fn point(&self, name: &str, way: Way) {
        let (address, ipv6) = {
            let book = self.book.borrow();
            (book.address.clone(), self.sim.read(|state| state.servers[0].public_ipv6.clone()))
        };
        let a = |address: &str| vec![address.parse().expect("an address")];
        let v6 = |address: &str| vec![address.parse().expect("an address")];
        let here = || DnsEntry { a: a(&address), ..DnsEntry::default() };
        let caa = |issuer: &str| vec![format!("0 issue \"{issuer}\"")];
        let cname = |target: &str| DnsEntry { cname: Some(target.into()), ..DnsEntry::default() };
        let broken = |fault, times| DnsEntry { fault: Some(fault), fault_times: times, ..here() };
        // Without an address of that family, ours cannot be pointed to.
        let way = if way == Way::HereBothFamilies && ipv6.is_none() { Way::Here } else { way };
        let entry = match way {
            Way::Here => Some(here()),
            Way::HereOverTcp => Some(broken(DnsFault::Truncate, None)),
            Way::HereByCname => Some(cname(HUB)),
            Way::HereBothFamilies => Some(DnsEntry { aaaa: v6(OWN_IPV6), ..here() }),
            Way::HereCaaAllows => Some(DnsEntry { caa: caa("letsencrypt.org"), ..here() }),
            Way::Elsewhere
            | Way::Proxied
            | Way::ProxiedOverHttps
            | Way::ProxyRefuses
            | Way::ProxyDown
            | Way::Parked => Some(DnsEntry { a: a(ELSEWHERE), ..DnsEntry::default() }),
            Way::Mixed => {
                let mut entry = here();
                entry.a.extend(a(ELSEWHERE));
                Some(entry)
            }
            Way::ForeignIpv6 => Some(DnsEntry { aaaa: v6("2001:db8:ffff::1"), ..here() }),
            Way::ElsewhereByCname => Some(cname("parking.hosting.example")),
            Way::Dangling => Some(cname("nowhere.hosting.example")),
            Way::Loop => Some(cname(name)),
            Way::Missing => None,
            Way::Empty => Some(DnsEntry::default()),
            Way::CaaForbids => Some(DnsEntry { caa: caa("other-authority.example"), ..here() }),
            Way::Servfail => Some(broken(DnsFault::Servfail, None)),
            Way::Silent => Some(broken(DnsFault::Silence, Some(2))),
            Way::FlakyServfail => Some(broken(DnsFault::Servfail, Some(2))),
            Way::FlakyNxdomain => Some(broken(DnsFault::Nxdomain, Some(1))),
        };
        let web = match way {
            Way::Proxied => Some(Behaviour::PassesOn),
            Way::ProxiedOverHttps => Some(Behaviour::RedirectHttps),
            Way::ProxyRefuses => Some(Behaviour::Forbidden),
            Way::ProxyDown => Some(Behaviour::Unavailable),
            // At the addresses that are not ours.
            Way::Parked | Way::Mixed | Way::ForeignIpv6 => Some(Behaviour::Parked),
            _ => None,
        };
        self.sim.edit(|state| {
            match web {
                Some(behaviour) => state.web.insert(name.to_owned(), behaviour.into()),
                None => state.web.remove(name),
            };
            match entry {
                Some(entry) => state.dns.insert(name.to_owned(), entry),
                None => state.dns.remove(name),
            };
            state
                .dns
                .entry("parking.hosting.example".into())
                .or_insert_with(|| DnsEntry { a: a(ELSEWHERE), ..DnsEntry::default() });
        });
        let mut book = self.book.borrow_mut();
        book.pointing.insert(name.to_owned(), Pointing { way, address });
        book.note_what_dns_says();
    }

    /// Somebody changes where a name points to.
    pub fn change_dns(&self, rng: &mut Rng) {
        let book = self.book.borrow();
        // Names that matter come first.
        let mut names: Vec<String> = book.wanted_now(self.www, &self.extras).into_iter().collect();
        names.extend(book.certificate.iter().cloned());
        names.retain(|name| !name.starts_with('*') && *name != book.fqdn && name != HUB);
        let served: Vec<String> = book.certificate.iter().cloned().collect();
        drop(book);
        if !served.is_empty() && rng.chance(40) {
            names = served;
        } else if names.is_empty() || rng.chance(10) {
            names = self.names_in_dns();
        }
        let name = rng.pick(&names);
        let way = rng.weighted(&WAYS);
        self.say(format!("DNS: {name} {way:?}"));
        self.point(&name, way);
    }

    // ---- the network ----

    pub fn change_mapping(&self, rng: &mut Rng) {
        match rng.below(6) {
            0..=2 => self.map_one(rng),
            3..=4 => self.unmap_one(rng),
            _ => {
                self.unmap_one(rng);
                self.map_one(rng);
            }
        }
    }

    fn map_one(&self, rng: &mut Rng) {
        let mut free = self.pool.clone();
        let mut book = self.book.borrow_mut();
        free.retain(|name| !book.mapped.iter().any(|mapping| mapping.name == *name));
        if free.is_empty() {
            return;
        }
        let name = rng.pick(&free);
        let www = rng.pick(&[None, None, None, Some(false), Some(true)]);
        let priority = rng.pick(&[0, 0, 0, 5]);
        book.mapped.push(Mapped { name: name.clone(), www, priority });
        let wanted = book.wanted_now(self.www, &self.extras);
        book.ended.retain(|ended| !wanted.contains(ended));
        drop(book);
        self.say(format!("mapped {name} (www {www:?}, priority {priority})"));
    }

    fn unmap_one(&self, rng: &mut Rng) {
        let mapped: Vec<String> = self.book.borrow().mapped.iter().map(|mapping| mapping.name.clone()).collect();
        if !mapped.is_empty() {
            self.unmap(&rng.pick(&mapped));
        }
    }

    fn unmap(&self, name: &str) {
        let mut book = self.book.borrow_mut();
        let before = book.wanted_now(self.www, &self.extras);
        book.mapped.retain(|mapping| mapping.name != name);
        let after = book.wanted_now(self.www, &self.extras);
        book.ended.extend(before.difference(&after).cloned());
        drop(book);
        self.say(format!("unmapped {name}"));
        self.runner.borrow_mut().mark_removed(name);
    }

    // ---- the history itself ----

    /// Lives through it.
    pub fn live(&self) -> Tally {
        let (steps, settled) = {
            let mut rng = self.rng.borrow_mut();
            (rng.between(8, 24), rng.chance(60))
        };
        if settled {
            // Much is to be lost only where there is something.
            self.run_as(How { deadline: 60, slowness: 100, ..How::default() });
            self.advance(20 * MINUTE);
        }
        for _ in 0..steps {
            self.step();
        }
        self.settle();
        Tally {
            calls: u64::from(self.calls.get()),
            orders: self.book.borrow().orders.len() as u64,
            lists: self.book.borrow().posts.len() as u64,
            requests: self.sim.log().len() as u64,
        }
    }

    fn step(&self) {
        let mut rng = self.rng.borrow_mut().fork();
        match rng.below(100) {
            0..=8 => self.map_one(&mut rng),
            9..=12 => self.trouble_with_a_served_name(&mut rng),
            13..=14 => self.map_in_haste(&mut rng),
            15..=17 => self.put_back(&mut rng),
            18..=21 => {
                // More than a certificate has room for, where there are so many.
                let many =
                    if self.pool.len() > 100 && rng.chance(50) { rng.between(60, 90) } else { rng.between(2, 8) };
                for _ in 0..many {
                    self.map_one(&mut rng);
                }
            }
            22..=31 => self.unmap_one(&mut rng),
            32..=35 => {
                self.unmap_one(&mut rng);
                self.map_one(&mut rng);
            }
            36..=38 => self.map_again(&mut rng),
            39..=50 => self.hand(&mut rng),
            51..=62 => self.change_dns(&mut rng),
            63..=64 => self.move_the_server(&mut rng),
            65..=68 => self.names_follow(&mut rng),
            69..=79 => self.add_faults(&mut rng),
            80..=81 => self.refuse_names(&mut rng),
            82..=83 => self.break_answers(&mut rng),
            84 => self.sim.clear_faults(),
            85..=86 => self.stranger(&mut rng),
            87 => self.lose_memory(&mut rng),
            88..=89 => self.broken_read(&mut rng),
            90..=92 => self.clone_runs(&mut rng),
            93..=94 => self.apply_a_plan(&mut rng),
            95 => self.use_up_a_limit(&mut rng),
            _ => self.own_certificate(&mut rng),
        }
        self.notice();
        if rng.chance(60) {
            self.run(&mut rng);
        }
        self.pass_time(&mut rng);
    }

    /// A run for an event, with whatever happens in it.
    fn run(&self, rng: &mut Rng) -> runner::Ran {
        let interjections = if rng.chance(45) { interjections(rng) } else { Vec::new() };
        let how = How {
            deadline: rng.pick(&[20, 60, 60]),
            interjections,
            without_lock: rng.chance(40),
            slowness: rng.pick(&[100, 100, 100, 40, 300]),
            ..How::default()
        };
        self.run_as(how)
    }

    pub fn run_as(&self, how: How) -> runner::Ran {
        self.calls.set(self.calls.get() + 1);
        runner::run(self, how)
    }

    /// Time passes; the alarm clock rings a few times at most.
    fn pass_time(&self, rng: &mut Rng) {
        let (rings, span) = match rng.below(100) {
            0..=44 => (2, rng.between(1, 90) * SECOND),
            45..=69 => (2, rng.between(1, 40) * MINUTE),
            70..=89 => (3, rng.between(1, 10) * HOUR),
            90..=97 => (4, rng.between(1, 3) * DAY),
            _ => (3, rng.between(7, 50) * DAY),
        };
        let end = self.now() + span;
        for _ in 0..rings {
            let due = self.runner.borrow().due;
            if due * SECOND >= end {
                break;
            }
            self.advance(runner::until(self, due));
            if rng.chance(75) {
                self.run(rng);
            }
        }
        self.advance(end.saturating_sub(self.now()));
    }

    /// Nobody can say where a served name points to, and a newcomer wants into the certificate.
    fn trouble_with_a_served_name(&self, rng: &mut Rng) {
        let served: Vec<String> = self.book.borrow().certificate.iter().cloned().collect();
        if served.len() > 1 {
            let name = rng.pick(&served);
            let way = if self.probe.is_some() { rng.pick(&[Way::ProxyRefuses, Way::ProxyDown]) } else { Way::Servfail };
            self.say(format!("DNS: {name} {way:?}, while it is served"));
            self.point(&name, way);
        }
        let before = self.book.borrow().mapped.len();
        self.map_one(rng);
        let newcomer = self.book.borrow().mapped.get(before).map(|mapping| mapping.name.clone());
        if let Some(name) = newcomer {
            self.point(&name, Way::Here);
        }
        self.advance(rng.between(11, 90) * MINUTE);
        self.run(rng);
    }

    /// A mapping that ends before its alias can have been seen.
    fn map_in_haste(&self, rng: &mut Rng) {
        self.map_one(rng);
        // Where lists take time, this one takes more than a call has.
        let ordinary = self.sim.edit(|state| {
            let switches = &mut state.switches;
            let ordinary = (switches.operation_polls, switches.operation_seconds);
            (switches.operation_polls, switches.operation_seconds) = (None, Some(90));
            ordinary
        });
        self.run_as(How { deadline: 20, slowness: 100, ..How::default() });
        self.sim.edit(|state| {
            (state.switches.operation_polls, state.switches.operation_seconds) = ordinary;
        });
        let name = self.book.borrow().mapped.last().map(|mapping| mapping.name.clone());
        let Some(name) = name else { return };
        self.unmap(&name);
        self.run(rng);
    }

    /// A mapping ends, and somebody puts its alias there by hand, now that it is free.
    fn put_back(&self, rng: &mut Rng) {
        let name = self.book.borrow().mapped.first().map(|mapping| mapping.name.clone());
        let Some(name) = name else { return self.map_one(rng) };
        self.unmap(&name);
        self.run_as(How { deadline: 60, slowness: 100, ..How::default() });
        self.advance(rng.pick(&[5 * SECOND, 10 * MINUTE, 40 * MINUTE]));
        let list = self.aliases();
        if !list.iter().any(|alias| key(alias) == name) {
            let name = if rng.chance(30) { respelt(&name) } else { name };
            self.change_list("put back", &[name], &[]);
        }
        self.run(rng);
    }

    fn map_again(&self, rng: &mut Rng) {
        let name = self.runner.borrow().removed.keys().next().cloned();
        let Some(name) = name else { return self.map_one(rng) };
        let mut book = self.book.borrow_mut();
        if book.mapped.iter().any(|mapping| mapping.name == name) {
            return;
        }
        book.mapped.push(Mapped { name: name.clone(), www: None, priority: 0 });
        let wanted = book.wanted_now(self.www, &self.extras);
        book.ended.retain(|ended| !wanted.contains(ended));
        drop(book);
        self.say(format!("mapped again {name}"));
    }

    fn move_the_server(&self, rng: &mut Rng) {
        let address = format!("203.0.113.{}", rng.between(11, 60));
        self.say(format!("the server moves to {address}"));
        self.sim.edit(|state| state.servers[0].public_ip.clone_from(&address));
        let mut book = self.book.borrow_mut();
        book.address = address;
        book.note_what_dns_says();
    }

    /// Some of the names that point to where the server was follow it.
    fn names_follow(&self, rng: &mut Rng) {
        let stale: Vec<(String, Way)> = {
            let book = self.book.borrow();
            let stale = book.pointing.iter().filter(|(_, pointing)| pointing.address != book.address);
            stale.map(|(name, pointing)| (name.clone(), pointing.way)).collect()
        };
        for (name, way) in stale {
            if rng.chance(60) {
                self.point(&name, way);
            }
        }
        self.say("some names follow the server".into());
    }

    fn add_faults(&self, rng: &mut Rng) {
        let fault = fault(rng, self.now());
        self.say(format!("fault {fault}"));
        let rule: cloudways_sim::Fault = serde_json::from_value(fault).expect("a rule");
        if let Some(hands) = &rule.what.hand_aliases {
            self.book.borrow_mut().scripted.push((hands.add.clone(), hands.remove.clone()));
        }
        self.sim.fault(rule);
    }

    /// Cloudways takes some names for no alias, or so many and no more; or everything again.
    fn refuse_names(&self, rng: &mut Rng) {
        let book = self.book.borrow();
        let there: BTreeSet<String> = book.list.iter().map(|alias| key(alias)).collect();
        // Most of those it takes already stay.
        let mut names: Vec<String> = self.names_in_dns();
        names.retain(|name| !there.contains(name) || rng.chance(5));
        let room = book.list.len() + rng.below(4);
        drop(book);
        rng.shuffle(&mut names);
        let refused: Vec<String> = names.into_iter().take(rng.below(3)).collect();
        let limit = rng.chance(20).then_some(room);
        self.say(format!("no aliases any more: {refused:?}, and at most {limit:?}"));
        self.sim.edit(|state| {
            state.switches.refuse_alias_names = refused;
            state.switches.alias_limit = limit;
        });
    }

    /// `GET /server` has no list of aliases for a while, or operations cannot be asked about; or all is well again.
    fn break_answers(&self, rng: &mut Rng) {
        let aliases = rng.pick(&["list", "list", "absent", "null", "object", "text"]);
        let poll_refused = rng.pick(&[None, None, Some(403), Some(404)]);
        self.say(format!("aliases come as {aliases}, polling is refused with {poll_refused:?}"));
        self.sim.edit(|state| {
            state.switches.server_aliases = serde_json::from_value(json!(aliases)).expect("a switch");
            state.switches.poll_refused = poll_refused;
        });
    }

    /// An operation of somebody else keeps the server busy.
    fn stranger(&self, rng: &mut Rng) {
        let seconds = rng.pick(&[2, 30, 300]);
        let id = rng.between(1_000, 9_999).to_string();
        let poll_refused = rng.pick(&[None, None, Some(403), Some(404)]);
        self.say(format!("a stranger's operation {id} for {seconds} s, polling refused {poll_refused:?}"));
        self.sim.edit(|state| {
            state.operations.push(Operation {
                id,
                server_id: SERVER.into(),
                pace: Some(Pace { polls: None, seconds: Some(seconds) }),
                poll_refused,
                ..Operation::default()
            });
        });
    }

    fn lose_memory(&self, rng: &mut Rng) {
        let state = rng.pick(&[None, Some("[]"), Some(r#"{"version":99}"#), Some(r#"{"version":1}"#), Some("5")]);
        self.say(format!("the memory is lost: {state:?}"));
        self.runner.borrow_mut().state = state.map(str::to_owned);
        self.book.borrow_mut().memory_is_lost(self.now());
    }

    /// The list of domains is read wrongly, once.
    fn broken_read(&self, rng: &mut Rng) {
        let mapped = self.book.borrow().mapped.clone();
        let kept = rng.pick(&[0, 0, mapped.len() / 2]);
        self.say(format!("a broken read gives {kept} of {} domains", mapped.len()));
        let broken_read = Some(mapped[..kept].to_vec());
        self.run_as(How { deadline: 20, slowness: 100, broken_read, ..How::default() });
    }

    /// A copy of the site, made now or earlier, runs: it is refused, and changes nothing.
    fn clone_runs(&self, rng: &mut Rng) {
        let (copy, mapped) = self.clone.borrow_mut().take().unwrap_or_else(|| {
            let mut copy = self.runner.borrow().clone();
            copy.sys_user = "zyxwvutsrq".into();
            (copy, self.book.borrow().mapped.clone())
        });
        let mut list = mapped.clone();
        if rng.chance(50) {
            list.truncate(list.len() / 2);
            list.push(Mapped { name: "copy.example".into(), www: None, priority: 0 });
        }
        let ask = Ask {
            mapped: list,
            removed: copy.removed.keys().cloned().collect(),
            state: copy.state.clone(),
            sys_user: copy.sys_user.clone(),
            deadline: 20,
            force: rng.chance(30),
            fingerprint: None,
            interrupted: rng.chance(20),
            slowness: 100,
        };
        self.say("the copy of the site runs".into());
        let (number, outcome) = call(self, ask, Vec::new());
        oracle::a_copy_changes_nothing(self, number, &outcome);
        *self.clone.borrow_mut() = Some((copy, mapped));
    }

    /// A person looks at the plan, and applies exactly that; perhaps something changes in between.
    fn apply_a_plan(&self, rng: &mut Rng) {
        let ask = {
            let runner = self.runner.borrow();
            Ask {
                mapped: self.book.borrow().mapped.clone(),
                removed: runner.removed.keys().flat_map(|name| [name.clone(), format!("www.{name}")]).collect(),
                state: runner.state.clone(),
                sys_user: runner.sys_user.clone(),
                deadline: 20,
                force: false,
                fingerprint: None,
                interrupted: false,
                slowness: 100,
            }
        };
        let Some(report) = preview(self, &ask) else { return };
        if rng.chance(40) {
            self.hand(rng);
        }
        let fingerprint = report["plan"]["fingerprint"].as_str().map(str::to_owned);
        self.say("a person applies that plan".into());
        self.run_as(How { deadline: 60, slowness: 100, fingerprint, ..How::default() });
    }

    /// The customer's own certificate comes, or goes; or a person orders one by hand.
    fn own_certificate(&self, rng: &mut Rng) {
        match rng.below(3) {
            0 => {
                self.say("by hand: an own certificate is installed".into());
                self.edit_app(|app| app.own_ssl = json!({"type": "own"}));
            }
            1 => {
                self.say("by hand: the own certificate is gone".into());
                self.edit_app(|app| app.own_ssl = Value::Null);
            }
            _ => {
                let name = self.book.borrow().primary.clone().unwrap_or_else(|| NETWORK.into());
                self.say(format!("by hand: a certificate for {name} alone"));
                self.edit_app(|app| {
                    app.lets_encrypt = Some(LetsEncrypt {
                        app_prefix: app.app_fqdn.clone(),
                        auto: true,
                        is_installed: true,
                        is_verified: true,
                        ssl_domains: vec![name],
                        kind: "le".into(),
                        ..LetsEncrypt::default()
                    });
                });
            }
        }
    }

    /// Orders of other applications use a limit of Let's Encrypt up, almost or whole.
    fn use_up_a_limit(&self, rng: &mut Rng) {
        let name = rng.pick(&self.pool);
        let domain = cloudways_sim::registered_domain(&name);
        let taken = rng.pick(&[30, 45, 50, 50]);
        self.say(format!("others ordered {taken} certificates for {domain}"));
        let now = i64::try_from(self.now()).expect("a time");
        let refill = i64::try_from(202 * MINUTE).expect("a time");
        self.sim.edit(|state| state.authority.domains.insert(domain, now + taken * refill));
        self.book.borrow_mut().others_ordered = true;
    }

    /// Everything comes to rest, and the runner is called until nothing is open.
    fn settle(&self) {
        self.say("everything comes to rest".into());
        let mut rng = self.rng.borrow_mut().fork();
        self.sim.clear_faults();
        self.sim.edit(|state| {
            state.switches.poll_refused = None;
            state.switches.refuse_alias_names.clear();
            state.switches.alias_limit = None;
            state.switches.server_aliases = serde_json::from_value(json!("list")).expect("a switch");
            let app = state.app_mut(APP).expect("the application");
            app.own_ssl = Value::Null;
            for operation in &mut state.operations {
                operation.poll_refused = None;
            }
        });
        self.notice();
        let open: Vec<(String, Way)> = {
            let book = self.book.borrow();
            let open = book.pointing.iter().filter(|(name, pointing)| {
                book.says(name).unknown || matches!(pointing.way, Way::FlakyNxdomain | Way::FlakyServfail | Way::Silent)
            });
            open.map(|(name, pointing)| (name.clone(), pointing.way)).collect()
        };
        for (name, _) in open {
            self.point(&name, rng.pick(&[Way::Here, Way::Here, Way::Elsewhere, Way::Missing]));
        }
        let stale: Vec<(String, Way)> = {
            let book = self.book.borrow();
            let stale = book.pointing.iter().filter(|(_, pointing)| pointing.address != book.address);
            stale.map(|(name, pointing)| (name.clone(), pointing.way)).collect()
        };
        for (name, way) in stale {
            if rng.chance(80) {
                self.point(&name, way);
            }
        }
        oracle::until_nothing_is_open(self);
    }
}

pub fn certificate_of(app: &App) -> BTreeSet<String> {
    let names = app.lets_encrypt.as_ref().map(|certificate| certificate.ssl_domains.clone()).unwrap_or_default();
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}

/// What two spellings of the same alias have in common.
fn key(alias: &str) -> String {
    name_of(alias).unwrap_or_else(|| alias.to_owned())
}

/// The same name in other letters.
fn respelt(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    for letter in letters.iter_mut().filter(|letter| letter.is_ascii_alphabetic()).take(2) {
        *letter = if letter.is_ascii_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() };
    }
    letters.into_iter().collect()
}

/// How names come to point, by how often.
const WAYS: [(u64, Way); 23] = [
    (300, Way::Here),
    (30, Way::HereOverTcp),
    (60, Way::HereByCname),
    (40, Way::HereBothFamilies),
    (20, Way::HereCaaAllows),
    (60, Way::Elsewhere),
    (60, Way::Proxied),
    (20, Way::ProxiedOverHttps),
    (25, Way::ProxyRefuses),
    (20, Way::ProxyDown),
    (12, Way::Parked),
    (40, Way::Mixed),
    (30, Way::ForeignIpv6),
    (30, Way::ElsewhereByCname),
    (20, Way::Dangling),
    (20, Way::Loop),
    (80, Way::Missing),
    (30, Way::Empty),
    (30, Way::CaaForbids),
    (20, Way::Servfail),
    (1, Way::Silent),
    (15, Way::FlakyServfail),
    (20, Way::FlakyNxdomain),
];

fn interjections(rng: &mut Rng) -> Vec<Interjection> {
    let number = rng.pick(&[1, 1, 1, 2, 3]);
    let one = |rng: &mut Rng| {
        let what = rng.weighted(&[
            (28, What::Kill),
            (24, What::Hand),
            (10, What::Dns),
            (10, What::Mapping),
            (6, What::OtherRun { stalled: true }),
            (8, What::OtherRun { stalled: false }),
            (6, What::BrokenLook),
            (8, What::TimesOut { effect: true }),
            (6, What::TimesOut { effect: false }),
        ]);
        let at_write = rng.chance(45);
        let at = if at_write { rng.below(3) } else { rng.below(10) };
        // What changes how a request goes is told before it.
        let before = matches!(what, What::TimesOut { .. } | What::BrokenLook) || rng.chance(50);
        Interjection { at, at_write: at_write && !matches!(what, What::BrokenLook), before, what }
    };
    let mut all: Vec<Interjection> = (0..number).map(|_| one(rng)).collect();
    // One wrong look is looked over; two after each other are the truth for whoever looks.
    let mut broken = false;
    all.retain(|one| !matches!(one.what, What::BrokenLook) || !std::mem::replace(&mut broken, true));
    all
}

/// A rule that spoils some requests.
fn fault(rng: &mut Rng, now: Millis) -> Value {
    let path = rng.pick(&[
        "/server",
        "/server",
        "/app/manage/aliases",
        "/app/manage/aliases",
        "/security/lets_encrypt_install",
        "/security/lets_encrypt_install",
        "/security/lets_encrypt_auto",
        "/operation/*",
        "/operation/*",
        "*",
    ]);
    let is_write = path.starts_with("/app") || path.starts_with("/security");
    let date = httpdate::fmt_http_date(
        std::time::UNIX_EPOCH + std::time::Duration::from_millis(now + rng.between(1, 90) * SECOND),
    );
    let retry = if rng.chance(50) { rng.between(0, 120).to_string() } else { date };
    let html = "<html><body>blocked</body></html>";
    let what = match rng.below(if is_write { 20 } else { 14 }) {
        0 => json!({"status": 401}),
        1 => json!({"status": 429, "headers": {"Retry-After": retry}}),
        2 => json!({"status": 429}),
        3 => json!({"status": rng.pick(&[500, 502, 503, 504])}),
        4 => json!({"status": 403, "body": html, "headers": {"Content-Type": "text/html"}}),
        5 => {
            json!({"status": 403, "body": {"error": "insufficient_scope", "message": "This token does not have access to this endpoint"}})
        }
        6 | 7 => json!({"reset": true}),
        8 | 9 => json!({"truncate": true}),
        10 => json!({"status": 200, "body": {"message": "You have reached Cloudways API."}}),
        11 => json!({"status": 200, "body": {"servers": "none"}}),
        12 => json!({"status": 404}),
        13 => json!({"status": 200, "body": ""}),
        14 | 15 => json!({"lose_answer": true}),
        16 => json!({"status": rng.pick(&[500, 502]), "effect": true}),
        17 => json!({"fail_operation": "Something broke at the hoster."}),
        18 => json!({"status": 422, "body": {"message": "The given data was invalid."}}),
        _ => {
            let add = rng.pick(&["hand.example", "during.example"]);
            json!({"hand_aliases": {"app_id": APP, "add": [add], "remove": []}})
        }
    };
    let times = rng.pick(&[1, 1, 1, 2, 3, 6]);
    json!({"path": path, "skip": rng.pick(&[0, 0, 1, 2]), "times": times, "do": what})
}
