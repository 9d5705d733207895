//! A plan that was made, kept until something it was made from is another: a run asks for its plan several times, and
//! mostly nothing has changed in between.

use std::cell::RefCell;
use std::fmt::Debug;

/// What was made last, and what from.
#[derive(Debug)]
pub(crate) struct Made<K, P>(RefCell<Option<(K, P)>>);

impl<K, P> Default for Made<K, P> {
    fn default() -> Self {
        Self(RefCell::new(None))
    }
}

impl<K, P: Clone + Debug + PartialEq> Made<K, P> {
    /// What was made last, where `is_of` says that it was made from what there is now; else it is made anew, `from` that.
    ///
    /// Debug builds, which the tests run, make it anew all the same, and stop where it is another.
    pub(crate) fn get(&self, is_of: impl FnOnce(&K) -> bool, from: impl FnOnce() -> K, make: impl Fn() -> P) -> P {
        let mut made = self.0.borrow_mut();
        if let Some((_, plan)) = made.as_ref().filter(|(known, _)| is_of(known)) {
            debug_assert_eq!(plan, &make(), "what it was made from does not tell when it changes");
            return plan.clone();
        }
        let plan = make();
        *made = Some((from(), plan.clone()));
        plan
    }
}
