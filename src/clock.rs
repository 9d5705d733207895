//! Time as the engine sees it: a wall clock, the time since the call began, and waiting.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where a run gets its time from. Tests move one by hand.
pub trait Clock {
    /// Seconds since the Unix epoch.
    fn unix(&self) -> u64;
    /// Time since the call began; never goes back.
    fn elapsed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, duration: Duration);
}

/// The machine's clock, started when it is made.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts the clock of a call.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn unix(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// The moment by which a call must be over, and the shares of the time before it.
#[derive(Clone, Copy)]
pub struct Deadline<'a> {
    clock: &'a dyn Clock,
    total: Duration,
}

impl<'a> Deadline<'a> {
    /// A deadline `total` after the start of the call that `clock` times.
    #[must_use]
    pub fn new(clock: &'a dyn Clock, total: Duration) -> Self {
        Self { clock, total }
    }

    /// The clock behind it.
    #[must_use]
    pub fn clock(&self) -> &'a dyn Clock {
        self.clock
    }

    /// The whole time the call was given.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// What is left of it; zero when it is over.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.total.saturating_sub(self.clock.elapsed())
    }

    /// An earlier deadline, which leaves `reserve` of this one for what comes after. At least half of the whole
    /// stays, so that a short call can still look before it gives up.
    #[must_use]
    pub fn keeping(&self, reserve: Duration) -> Self {
        Self { clock: self.clock, total: self.total.saturating_sub(reserve).max(self.total / 2) }
    }

    /// An earlier deadline: `limit` from now, or this one where that comes first.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { clock: self.clock, total: self.total.min(self.clock.elapsed().saturating_add(limit)) }
    }

    /// Waits for `duration` if that much and `reserve` more is left. `false`: it did not wait.
    #[must_use]
    pub fn wait(&self, duration: Duration, reserve: Duration) -> bool {
        if self.left() < duration.saturating_add(reserve) {
            return false;
        }
        self.clock.sleep(duration);
        true
    }
}
