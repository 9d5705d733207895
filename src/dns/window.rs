//! How many questions a server gets at once: more with each answer, half as many after silence or a refusal, and then slowly
//! more again, as TCP does it (RFC 5681). So a server that is quick is used well, and one that is slow, or limits how much
//! it is asked, is asked less.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How many it gets before it has answered any.
const FIRST: usize = 100;
/// How many it gets at most. Public resolvers take thousands a second from one address; each question has a socket of its
/// own, and PHP may have 1,024 files open in all, mostly.
pub(super) const MOST: usize = 200;
/// How many it gets at least.
const LEAST: usize = 10;

/// The questions that one server has.
pub(super) struct Window {
    slots: Mutex<Slots>,
    freed: Notify,
}

struct Slots {
    size: usize,
    taken: usize,
    /// How often it was halved.
    halved: u32,
    /// The answers since it last grew.
    answers: usize,
}

/// A place for one question, given back when it is dropped.
pub(super) struct Slot<'a> {
    window: &'a Window,
    /// How often the window had been halved when the question was asked.
    halved: u32,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { slots: Mutex::new(Slots { size: FIRST, taken: 0, halved: 0, answers: 0 }), freed: Notify::new() }
    }

    /// Whether there is a place at once.
    pub(super) fn has_room(&self) -> bool {
        let slots = self.slots();
        slots.taken < slots.size
    }

    /// Waits for a place.
    pub(super) async fn slot(&self) -> Slot<'_> {
        loop {
            if let Some(slot) = self.take() {
                return slot;
            }
            self.freed.notified().await;
        }
    }

    fn take(&self) -> Option<Slot<'_>> {
        let mut slots = self.slots();
        if slots.taken >= slots.size {
            return None;
        }
        slots.taken += 1;
        Some(Slot { window: self, halved: slots.halved })
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot<'_> {
    /// The server answered, whatever it said of the name.
    pub(super) fn answered(self) {
        let mut slots = self.window.slots();
        slots.answers += 1;
        // What was once too much is come near to in small steps: one for each round of questions.
        if slots.halved == 0 || slots.answers >= slots.size {
            slots.size = MOST.min(slots.size + 1);
            slots.answers = 0;
        }
    }

    /// The server was silent, or refused. What was asked before the window was halved says nothing of it as it is now.
    pub(super) fn unanswered(self) {
        let mut slots = self.window.slots();
        if self.halved == slots.halved {
            slots.size = LEAST.max(slots.size / 2);
            slots.halved += 1;
            slots.answers = 0;
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let room = {
            let mut slots = self.window.slots();
            slots.taken -= 1;
            slots.size.saturating_sub(slots.taken)
        };
        // An answer frees one place and adds one.
        for _ in 0..room.min(2) {
            self.window.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn size(window: &Window) -> usize {
        window.slots().size
    }

    fn take(window: &Window, count: usize) -> Vec<Slot<'_>> {
        (0..count).map(|_| window.take().unwrap()).collect()
    }

    #[test]
    fn it_grows_with_each_answer_up_to_a_limit() {
        let window = Window::new();
        let first = take(&window, FIRST);
        assert!(!window.has_room() && window.take().is_none());
        first.into_iter().for_each(Slot::answered);
        assert_eq!(size(&window), MOST.min(2 * FIRST));
        for _ in 0..2 {
            take(&window, MOST).into_iter().for_each(Slot::answered);
        }
        assert_eq!(size(&window), MOST);
        assert!(window.has_room());
    }

    #[test]
    fn silence_halves_it_once_for_all_that_were_under_way() {
        let window = Window::new();
        take(&window, FIRST).into_iter().for_each(Slot::unanswered);
        assert_eq!(size(&window), FIRST / 2);
        for _ in 0..9 {
            take(&window, 1).into_iter().for_each(Slot::unanswered);
        }
        assert_eq!(size(&window), LEAST);
        take(&window, LEAST).into_iter().for_each(Slot::answered);
        assert_eq!(size(&window), LEAST + 1);
    }

    #[test]
    fn a_place_is_given_back_whatever_happens_and_goes_to_who_waits() {
        let window = Window::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut taken = take(&window, FIRST);
            let two_more = async { (window.slot().await, window.slot().await) };
            let give_back = async { drop((taken.pop(), taken.pop())) };
            let (_two, ()) = tokio::join!(two_more, give_back);
            assert!(!window.has_room());
        });
    }
}
