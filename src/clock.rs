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

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Stands still but for waiting, and remembers each wait.
    #[derive(Default)]
    struct Fake {
        elapsed: Cell<Duration>,
        slept: RefCell<Vec<u64>>,
    }

    impl Clock for Fake {
        fn unix(&self) -> u64 {
            1_800_000_000
        }

        fn elapsed(&self) -> Duration {
            self.elapsed.get()
        }

        fn sleep(&self, duration: Duration) {
            self.slept.borrow_mut().push(duration.as_secs());
            self.elapsed.set(self.elapsed.get() + duration);
        }
    }

    fn at(seconds: u64) -> Fake {
        Fake { elapsed: Cell::new(seconds_of(seconds)), ..Fake::default() }
    }

    fn seconds_of(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn of<'a>(clock: &'a Fake, seconds: u64) -> Deadline<'a> {
        Deadline::new(clock, seconds_of(seconds))
    }

    #[test]
    fn what_is_left_ends_at_zero() {
        for (elapsed, left) in [(0, 20), (9, 11), (20, 0), (25, 0)] {
            assert_eq!(of(&at(elapsed), 20).left(), seconds_of(left), "after {elapsed}");
        }
    }

    #[test]
    fn an_earlier_deadline_keeps_time_for_one_write_and_takes_no_more_than_half() {
        let clock = at(0);
        for (whole, earlier) in [(20, 11), (60, 51), (18, 9), (10, 5), (4, 2), (0, 0)] {
            let kept = of(&clock, whole).keeping(seconds_of(9));
            assert_eq!((kept.left(), kept.total()), (seconds_of(earlier), seconds_of(earlier)), "of {whole}");
        }
        // A look that takes 9 seconds fits in it, and so does a write of 9 seconds in what is left then.
        let clock = at(9);
        assert!(!of(&clock, 20).keeping(seconds_of(9)).left().is_zero());
        assert!(of(&clock, 20).left() > seconds_of(9));
    }

    #[test]
    fn a_share_is_counted_from_now_and_is_never_later_than_the_whole() {
        for (elapsed, limit, left) in [(0, 8, 8), (5, 8, 8), (15, 8, 5), (20, 8, 0), (5, 0, 0)] {
            let clock = at(elapsed);
            assert_eq!(of(&clock, 20).within(seconds_of(limit)).left(), seconds_of(left), "{limit} after {elapsed}");
        }
        assert_eq!(of(&at(5), 20).within(Duration::MAX).left(), seconds_of(15));
    }

    #[test]
    fn it_waits_only_where_the_wait_and_what_comes_after_fit() {
        let clock = at(10);
        let deadline = of(&clock, 20);
        assert!(!deadline.wait(seconds_of(2), seconds_of(9)));
        assert!(!deadline.wait(Duration::MAX, Duration::MAX));
        assert!(clock.slept.borrow().is_empty());
        assert!(deadline.wait(seconds_of(1), seconds_of(9)));
        assert!(!deadline.wait(seconds_of(1), seconds_of(9)));
        assert!(deadline.wait(seconds_of(9), Duration::ZERO));
        assert_eq!(*clock.slept.borrow(), [1, 9]);
        assert!(deadline.left().is_zero());
    }
}
