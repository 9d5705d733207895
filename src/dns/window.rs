//! How many questions a server gets at once: more with each answer, half as many where too much stays without one, and then
//! slowly more again, as TCP does it (RFC 5681). So a server that is quick is used well, and one that limits how much it is
//! asked is asked less.
//!
//! That a question has no answer is mostly the fault of its name: a resolver says nothing while it waits for name servers
//! that are dead. Only where more than a quarter of all questions fare like this it is the resolver.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many it gets before it has answered any. What passes questions on for others often takes no more than 150.
const FIRST: usize = 100;
/// How many it gets at most. Public resolvers take thousands a second from one address.
pub(super) const MOST: usize = 200;
/// How many it gets at least, so that names without an answer, each of which takes seconds, do not take minutes in all.
const LEAST: usize = 50;
/// One in so many may stay without an answer.
const ONE_IN: usize = 4;

/// The questions that one server has.
#[derive(Clone)]
pub(super) struct Window(Arc<Mutex<Slots>>);

struct Slots {
    size: usize,
    taken: usize,
    /// How often it was halved.
    halved: u32,
    /// The answers since it last grew.
    answers: usize,
    /// How the questions went that were asked since it was judged last: with an answer, and without.
    went: [usize; 2],
}

impl Slots {
    /// Half a round of questions is enough to judge by.
    fn judge(&mut self) {
        let [with, without] = self.went;
        if 2 * (with + without) < self.size {
            return;
        }
        if ONE_IN * without > with + without {
            self.size = LEAST.max(self.size / 2);
            self.halved += 1;
            self.answers = 0;
        }
        self.went = [0, 0];
    }
}

/// A place for one question, given back when it is dropped.
pub(super) struct Slot {
    window: Window,
    /// How often the window had been halved when the place was taken.
    halved: u32,
}

impl Window {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Slots { size: FIRST, taken: 0, halved: 0, answers: 0, went: [0, 0] })))
    }

    /// Whether there is a place.
    pub(super) fn has_room(&self) -> bool {
        let slots = self.slots();
        slots.taken < slots.size
    }

    /// Takes a place, if there is one.
    pub(super) fn take(&self) -> Option<Slot> {
        let mut slots = self.slots();
        if slots.taken >= slots.size {
            return None;
        }
        slots.taken += 1;
        Some(Slot { window: self.clone(), halved: slots.halved })
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The server answered.
    pub(super) fn answered(&self) {
        let mut slots = self.window.slots();
        slots.answers += 1;
        // What was once too much is come near to in small steps: one for each round of questions.
        if slots.halved == 0 || slots.answers >= slots.size {
            slots.size = MOST.min(slots.size + 1);
            slots.answers = 0;
        }
        self.count(&mut slots, 0);
    }

    /// The server was silent, or refused.
    pub(super) fn unanswered(&self) {
        self.count(&mut self.window.slots(), 1);
    }

    /// What was asked before the window was halved says nothing of it as it is now.
    fn count(&self, slots: &mut Slots, how: usize) {
        if self.halved == slots.halved {
            slots.went[how] += 1;
            slots.judge();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.window.slots().taken -= 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn size(window: &Window) -> usize {
        window.slots().size
    }

    fn take(window: &Window, count: usize) -> Vec<Slot> {
        (0..count).map(|_| window.take().unwrap()).collect()
    }

    #[test]
    fn it_grows_with_each_answer_up_to_a_limit() {
        let window = Window::new();
        let first = take(&window, FIRST);
        assert!(!window.has_room() && window.take().is_none());
        first.iter().for_each(Slot::answered);
        drop(first);
        assert_eq!(size(&window), MOST.min(2 * FIRST));
        for _ in 0..2 {
            take(&window, MOST).iter().for_each(Slot::answered);
        }
        assert_eq!(size(&window), MOST);
        assert!(window.has_room());
    }

    #[test]
    fn silence_halves_it_once_for_all_that_were_under_way() {
        let window = Window::new();
        take(&window, FIRST).iter().for_each(Slot::unanswered);
        assert_eq!(size(&window), FIRST / 2);
        take(&window, LEAST).iter().for_each(Slot::unanswered);
        assert_eq!(size(&window), LEAST);
        take(&window, LEAST).iter().for_each(Slot::answered);
        assert_eq!(size(&window), LEAST + 1);
    }

    #[test]
    fn a_name_now_and_then_without_an_answer_changes_nothing() {
        let window = Window::new();
        for _ in 0..20 {
            for (at, slot) in take(&window, FIRST).iter().enumerate() {
                if at % 5 == 0 { slot.unanswered() } else { slot.answered() }
            }
        }
        assert_eq!(size(&window), MOST);
    }

    #[test]
    fn a_place_is_given_back_when_its_question_is_done_with() {
        let window = Window::new();
        let mut taken = take(&window, FIRST);
        assert!(!window.has_room());
        taken.pop();
        assert!(window.has_room());
        taken.push(window.take().unwrap());
        assert!(window.take().is_none());
    }
}
