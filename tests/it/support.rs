//! A site of a network and its application at the simulated Cloudways.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use cloudways_sim::Sim;
use serde_json::Value;
use wu_cloudways::clock::{Clock, Deadline, SystemClock};
use wu_cloudways::cloudways::HttpCloudways;
use wu_cloudways::config::{ConstantValue, Settings};
use wu_cloudways::dns::Dns;
use wu_cloudways::domain::DomainName;
use wu_cloudways::error::Error;
use wu_cloudways::options::{DomainEntry, Options};
use wu_cloudways::report::{DomainReport, Report};
use wu_cloudways::sync;
use wu_cloudways::web::{Outside, Web};

pub const APP: &str = "131933";
pub const SERVER_IP: &str = "203.0.113.10";

/// The machine's clock, but for waiting: that takes no time and is counted all the same.
pub struct TestClock {
    real: SystemClock,
    slept: Cell<Duration>,
    /// Seconds by which it is ahead of the machine's.
    ahead: u64,
}

impl TestClock {
    pub fn start() -> Self {
        Self::start_ahead(0)
    }

    pub fn start_ahead(ahead: u64) -> Self {
        Self { real: SystemClock::start(), slept: Cell::new(Duration::ZERO), ahead }
    }
}

impl Clock for TestClock {
    fn unix(&self) -> u64 {
        self.real.unix() + self.slept.get().as_secs() + self.ahead
    }

    fn elapsed(&self) -> Duration {
        self.real.elapsed() + self.slept.get()
    }

    fn sleep(&self, duration: Duration) {
        self.slept.set(self.slept.get() + duration);
        // What the simulator counts in real time must get some of it, too.
        std::thread::sleep(duration.min(Duration::from_millis(20)));
    }
}

pub struct Site {
    pub sim: Sim,
    pub constants: HashMap<String, ConstantValue>,
    pub options: Options,
    pub www: Option<bool>,
    /// Seconds by which the site and its simulator are ahead of the machine's clock.
    pub ahead: u64,
}

impl Site {
    /// A site whose memory is empty. Its domains get no `www.` alias unless a test wants them.
    pub fn new() -> Self {
        let sim = Sim::start();
        let mut site = Self { sim, constants: HashMap::new(), options: Options::default(), www: Some(false), ahead: 0 };
        site.set("WU_CLOUDWAYS_EMAIL", "owner@example.com");
        site.set("WU_CLOUDWAYS_API_KEY", "cw_sim_full");
        site.set("WU_CLOUDWAYS_SERVER_ID", "50482");
        site.set("WU_CLOUDWAYS_APP_ID", APP);
        let (api, dns) = (site.sim.api_url(), site.sim.dns_addr().to_string());
        site.set("WU_CLOUDWAYS_API_URL", &api);
        site.set("WU_CLOUDWAYS_DNS_SERVERS", &dns);
        site
    }

    pub fn set(&mut self, constant: &str, value: &str) {
        self.constants.insert(constant.to_owned(), ConstantValue::Text(value.as_bytes().to_vec()));
    }

    /// DNS and the web of the simulated world.
    pub fn outside(&self, settings: &Settings) -> Outside {
        let (http, https) = (self.sim.web_http(), self.sim.web_https());
        let web = Web::routed(move |target| if target.port() == 80 { http } else { https });
        Outside { dns: Dns::new(&settings.dns_servers), web }
    }

    /// Lets time pass, at Cloudways as well.
    pub fn advance(&mut self, seconds: u64) {
        self.ahead += seconds;
        self.sim.advance(i64::try_from(seconds).unwrap());
    }

    /// Lets time pass until the next call makes sense. Returns how many seconds that was.
    pub fn advance_to_next(&mut self, report: &Report) -> u64 {
        let now = SystemClock::start().unix() + self.ahead;
        let seconds = report.next_at.expect("a next call").saturating_sub(now) + 1;
        self.advance(seconds);
        seconds
    }

    /// Lets names point to the server.
    pub fn point_here(&self, names: &[&str]) {
        for name in names {
            self.sim.set_a(name, &[SERVER_IP]);
        }
    }

    pub fn entries(&self, domains: &[&str]) -> Vec<DomainEntry> {
        domains.iter().map(|domain| DomainEntry { domain: (*domain).into(), www: self.www, priority: 0 }).collect()
    }

    pub fn try_sync(&mut self, domains: &[&str]) -> Result<Report, Error> {
        self.try_sync_entries(&self.entries(domains))
    }

    pub fn try_sync_entries(&mut self, entries: &[DomainEntry]) -> Result<Report, Error> {
        self.try_sync_by(&TestClock::start_ahead(self.ahead), entries)
    }

    /// A call that `clock` times, which can be read afterwards.
    pub fn try_sync_by(&mut self, clock: &TestClock, entries: &[DomainEntry]) -> Result<Report, Error> {
        let deadline = Deadline::new(clock, self.options.deadline);
        let settings = Settings::from_constants(&self.constants)?;
        let mut api = HttpCloudways::new(&settings, deadline)?;
        let outside = self.outside(&settings);
        let report = sync::reconcile(&settings, entries, &self.options, deadline, &mut api, &outside)?;
        // PHP stores the state as JSON; so do we.
        self.options.state = Some(serde_json::from_str(&report.state.to_string()).unwrap());
        Ok(report)
    }

    pub fn sync(&mut self, domains: &[&str]) -> Report {
        self.try_sync(domains).unwrap()
    }

    pub fn try_plan(&self, domains: &[&str]) -> Result<Report, Error> {
        let clock = TestClock::start_ahead(self.ahead);
        let deadline = Deadline::new(&clock, self.options.deadline);
        let settings = Settings::from_constants(&self.constants)?;
        let mut api = HttpCloudways::new(&settings, deadline)?;
        let outside = self.outside(&settings);
        sync::preview(&settings, &self.entries(domains), &self.options, deadline, &mut api, &outside)
    }

    pub fn plan(&self, domains: &[&str]) -> Report {
        self.try_plan(domains).unwrap()
    }

    /// The alias list at Cloudways.
    pub fn aliases(&self) -> Vec<String> {
        self.sim.aliases(APP)
    }

    /// The names of the certificate at Cloudways, sorted.
    pub fn certificate(&self) -> Vec<String> {
        let state = self.sim.state();
        let app = state.servers.iter().flat_map(|server| &server.apps).find(|app| app.id == APP).unwrap();
        let mut names = app.lets_encrypt.as_ref().map(|le| le.ssl_domains.clone()).unwrap_or_default();
        names.sort();
        names
    }

    /// How many writes of each kind reached the API since the log was cleared, refused ones included.
    pub fn writes(&self) -> (usize, usize) {
        let writes = self.sim.writes();
        let count = |path: &str| writes.iter().filter(|entry| entry.path.ends_with(path)).count();
        (count("/app/manage/aliases"), count("/security/lets_encrypt_install"))
    }

    pub fn edit_app(&self, change: impl FnOnce(&mut cloudways_sim::state::App)) {
        self.sim.edit(|state| {
            let mut apps = state.servers.iter_mut().flat_map(|server| &mut server.apps);
            change(apps.find(|app| app.id == APP).unwrap());
        });
    }
}

pub fn name(text: &str) -> DomainName {
    DomainName::parse(text.as_bytes()).unwrap()
}

pub fn names(texts: &[&str]) -> Vec<DomainName> {
    texts.iter().map(|text| name(text)).collect()
}

pub fn removed(texts: &[&str]) -> Vec<DomainEntry> {
    texts.iter().map(|text| DomainEntry { domain: (*text).into(), www: Some(false), priority: 0 }).collect()
}

pub fn domain<'a>(report: &'a Report, name: &str) -> &'a DomainReport {
    &report.domains.iter().find(|(key, _)| key == name).unwrap_or_else(|| panic!("{name} is not in the report")).1
}

/// The report as PHP gets it, as JSON.
pub fn json(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

/// The code of an entry's note.
pub fn note(report: &Report, name: &str) -> Option<&'static str> {
    domain(report, name).note.as_ref().map(wu_cloudways::note::Note::code)
}

pub fn warnings(report: &Report) -> Vec<&'static str> {
    report.warnings.iter().map(wu_cloudways::note::Note::code).collect()
}
