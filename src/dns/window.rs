//! How many questions a server gets at once: more with each answer, half as many after silence or a refusal, and then slowly
//! more again, as TCP does it (RFC 5681). So a server that is quick is used well, and one that is slow, or limits how much
//! it is asked, is asked less.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many it gets before it has answered any.
const FIRST: usize = 100;
/// How many it gets at most. Public resolvers take thousands a second from one address; each question has a socket of its
/// own, and PHP may have 1,024 files open in all, mostly.
pub(super) const MOST: usize = 200;
/// How many it gets at least.
const LEAST: usize = 10;

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
}

/// A place for one question, given back when it is dropped.
pub(super) struct Slot {
    window: Window,
    /// How often the window had been halved when the place was taken.
    halved: u32,
}

impl Window {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Slots { size: FIRST, taken: 0, halved: 0, answers: 0 })))
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
    /// The server answered, whatever it said of the name.
    pub(super) fn answered(&self) {
        let mut slots = self.window.slots();
        slots.answers += 1;
        // What was once too much is come near to in small steps: one for each round of questions.
        if slots.halved == 0 || slots.answers >= slots.size {
            slots.size = MOST.min(slots.size + 1);
            slots.answers = 0;
        }
    }

    /// The server was silent, or refused. What was asked before the window was halved says nothing of it as it is now.
    pub(super) fn unanswered(&self) {
        let mut slots = self.window.slots();
        if self.halved == slots.halved {
            slots.size = LEAST.max(slots.size / 2);
            slots.halved += 1;
            slots.answers = 0;
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
        for _ in 0..9 {
            take(&window, 1).iter().for_each(Slot::unanswered);
        }
        assert_eq!(size(&window), LEAST);
        take(&window, LEAST).iter().for_each(Slot::answered);
        assert_eq!(size(&window), LEAST + 1);
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
