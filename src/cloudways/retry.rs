//! Whether a request is tried again: one decision, without clock, network or chance.

use std::time::Duration;

/// How often a request is tried at most.
const TRIES: u32 = 4;

/// What must be left after a wait, so that the next try has time for its answer.
pub(super) const ROOM: Duration = Duration::from_secs(1);

/// Whether a request changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It does not: it can be repeated as often as one likes.
    Read,
    /// It does: it is repeated only where it is certain that it did nothing.
    Write,
}

/// How a try ended, when it did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// There was no connection: nothing was sent.
    NotSent,
    /// The connection broke after the request may have been sent, or before the answer was whole.
    Broken,
    /// No answer in the time there was.
    TimedOut,
    /// An answer with this HTTP status.
    Answered(u16),
}

/// A try that failed, and everything that decides what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which try it was, from 1.
    pub number: u32,
    /// Read or write.
    pub access: Access,
    /// How it ended.
    pub happened: Happened,
    /// `Retry-After`, where the answer had one.
    pub hint: Option<Duration>,
    /// Whether a 401 was already answered by a repetition with renewed credentials.
    pub renewed: bool,
    /// The time left until the deadline.
    pub left: Duration,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this time; after a 401 with renewed credentials. A write is repeated from a fresh look only,
    /// since what it would write over may have changed meanwhile.
    Retry {
        /// How long to wait first.
        after: Duration,
    },
    /// Give up.
    Stop,
}

/// Decides.
///
/// A 401 is answered once, at once. Everything else waits: a third of a second, one, three; longer where the API says
/// so. It is given up when the wait and a second for the answer do not fit in what is left.
#[must_use]
pub fn decide(attempt: &Attempt) -> Decision {
    let after = match (attempt.happened, attempt.access) {
        (Happened::Answered(401), _) if !attempt.renewed => Duration::ZERO,
        // Refused at the door: nothing happened, so a write may wait as well.
        (Happened::Answered(429), _) => attempt.hint.unwrap_or(pause(attempt, 2_000)).max(pause(attempt, 300)),
        (Happened::NotSent, _) => pause(attempt, 300),
        (Happened::Broken | Happened::TimedOut | Happened::Answered(500..=599), Access::Read) => {
            attempt.hint.unwrap_or_default().max(pause(attempt, 300))
        }
        _ => return Decision::Stop,
    };
    if attempt.number < TRIES && after.saturating_add(ROOM) <= attempt.left {
        Decision::Retry { after }
    } else {
        Decision::Stop
    }
}

/// `first` milliseconds, three times as long with each further try, and up to a quarter more. What spreads clients out
/// is the odd nanoseconds of the time left, so that equal attempts still give equal decisions.
fn pause(attempt: &Attempt, first: u64) -> Duration {
    let base = Duration::from_millis(first.saturating_mul(3_u64.saturating_pow(attempt.number.saturating_sub(1))));
    base + base / 4 * (attempt.left.subsec_nanos() % 1_000) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Duration = Duration::from_secs(600);

    fn attempt(number: u32, access: Access, happened: Happened) -> Attempt {
        Attempt { number, access, happened, hint: None, renewed: false, left: PLENTY }
    }

    fn retry(millis: u64) -> Decision {
        Decision::Retry { after: Duration::from_millis(millis) }
    }

    #[test]
    fn reads_are_repeated_and_writes_only_where_nothing_happened() {
        use Access::{Read, Write};
        use Happened::{Answered, Broken, NotSent, TimedOut};
        /// Milliseconds to wait; `None`: it is given up.
        type Wait = Option<u64>;
        // With time left: without a hint, with one of 7 seconds.
        let table: [(Access, Happened, bool, Wait, Wait); 40] = [
            (Read, NotSent, false, Some(300), Some(300)),
            (Read, Broken, false, Some(300), Some(7_000)),
            (Read, TimedOut, false, Some(300), Some(7_000)),
            (Read, Answered(401), false, Some(0), Some(0)),
            (Read, Answered(401), true, None, None),
            (Read, Answered(429), false, Some(2_000), Some(7_000)),
            (Read, Answered(429), true, Some(2_000), Some(7_000)),
            (Read, Answered(500), false, Some(300), Some(7_000)),
            (Read, Answered(502), false, Some(300), Some(7_000)),
            (Read, Answered(503), false, Some(300), Some(7_000)),
            (Read, Answered(504), true, Some(300), Some(7_000)),
            (Read, Answered(599), false, Some(300), Some(7_000)),
            (Read, Answered(101), false, None, None),
            (Read, Answered(302), false, None, None),
            (Read, Answered(400), false, None, None),
            (Read, Answered(403), false, None, None),
            (Read, Answered(404), false, None, None),
            (Read, Answered(409), false, None, None),
            (Read, Answered(422), false, None, None),
            (Read, Answered(600), false, None, None),
            (Write, NotSent, false, Some(300), Some(300)),
            (Write, Broken, false, None, None),
            (Write, TimedOut, false, None, None),
            (Write, Answered(401), false, Some(0), Some(0)),
            (Write, Answered(401), true, None, None),
            (Write, Answered(429), false, Some(2_000), Some(7_000)),
            (Write, Answered(429), true, Some(2_000), Some(7_000)),
            (Write, Answered(500), false, None, None),
            (Write, Answered(502), false, None, None),
            (Write, Answered(503), false, None, None),
            (Write, Answered(504), true, None, None),
            (Write, Answered(599), false, None, None),
            (Write, Answered(101), false, None, None),
            (Write, Answered(302), false, None, None),
            (Write, Answered(400), false, None, None),
            (Write, Answered(403), false, None, None),
            (Write, Answered(404), false, None, None),
            (Write, Answered(409), false, None, None),
            (Write, Answered(422), false, None, None),
            (Write, Answered(600), false, None, None),
        ];
        for (access, happened, renewed, plain, hinted) in table {
            for (hint, expected) in [(None, plain), (Some(Duration::from_secs(7)), hinted)] {
                let one = Attempt { renewed, hint, ..attempt(1, access, happened) };
                let what = format!("{access:?} {happened:?} renewed={renewed} {hint:?}");
                let wanted = expected.map_or(Decision::Stop, retry);
                assert_eq!(decide(&one), wanted, "{what}");
                // Just enough time for the wait and its answer, just too little, and none.
                let needed = Duration::from_millis(expected.unwrap_or(0)) + ROOM;
                assert_eq!(decide(&Attempt { left: needed, ..one }), wanted, "{what}");
                let short = needed.saturating_sub(Duration::from_millis(1));
                assert_eq!(decide(&Attempt { left: short, ..one }), Decision::Stop, "{what}");
                assert_eq!(decide(&Attempt { left: Duration::ZERO, ..one }), Decision::Stop, "{what}");
                // Whatever it is, the fourth try is the last.
                assert_eq!(decide(&Attempt { number: 4, ..one }), Decision::Stop, "{what}");
                assert_eq!(decide(&Attempt { number: u32::MAX, ..one }), Decision::Stop, "{what}");
            }
        }
        let reads = table.iter().filter(|row| row.0 == Read).map(|row| (row.1, row.2));
        let writes = table.iter().filter(|row| row.0 == Write).map(|row| (row.1, row.2));
        assert!(reads.eq(writes), "each case is in it for both");
    }

    #[test]
    fn pauses_grow_and_end_with_the_fourth_try() {
        let at = |number| decide(&attempt(number, Access::Read, Happened::Answered(502)));
        assert_eq!([at(1), at(2), at(3), at(4)], [retry(300), retry(900), retry(2_700), Decision::Stop]);
    }

    #[test]
    fn a_401_is_answered_once() {
        let again = Attempt { number: 2, renewed: true, ..attempt(1, Access::Write, Happened::Answered(401)) };
        assert_eq!(decide(&again), Decision::Stop);
        let late = Attempt { number: 3, ..attempt(1, Access::Read, Happened::Answered(401)) };
        assert_eq!(decide(&late), retry(0));
    }

    #[test]
    fn the_hint_is_obeyed_when_it_fits_and_not_undercut_when_it_does_not() {
        let limited = |seconds, left| {
            let hint = Some(Duration::from_secs(seconds));
            let left = Duration::from_secs(left);
            decide(&Attempt { hint, left, ..attempt(1, Access::Write, Happened::Answered(429)) })
        };
        assert_eq!(limited(88, 600), retry(88_000));
        assert_eq!(limited(88, 89), retry(88_000));
        assert_eq!(limited(88, 88), Decision::Stop);
        assert_eq!(limited(0, 600), retry(300));
        let down = Attempt { hint: Some(Duration::from_secs(7)), ..attempt(1, Access::Read, Happened::Answered(503)) };
        assert_eq!(decide(&down), retry(7_000));
        assert_eq!(decide(&Attempt { hint: Some(Duration::MAX), ..down }), Decision::Stop);
    }

    #[test]
    fn nothing_is_tried_that_would_have_no_time_for_its_answer() {
        let with = |millis| {
            let left = Duration::from_millis(millis);
            decide(&Attempt { left, ..attempt(1, Access::Read, Happened::NotSent) })
        };
        assert_eq!(with(1_299), Decision::Stop);
        assert_eq!(with(0), Decision::Stop);
        assert!(matches!(with(1_300), Decision::Retry { .. }));
    }

    #[test]
    fn jitter_depends_on_the_attempt_alone_and_stays_below_a_quarter() {
        for nanos in [0, 1, 499, 999, 123_456_789] {
            let left = PLENTY + Duration::from_nanos(nanos);
            let one = Attempt { left, ..attempt(2, Access::Read, Happened::Broken) };
            let Decision::Retry { after } = decide(&one) else { panic!("it is worth a try") };
            assert_eq!(decide(&one), Decision::Retry { after });
            assert!(after >= Duration::from_millis(900) && after < Duration::from_millis(1_125), "{after:?}");
        }
    }
}
