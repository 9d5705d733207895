//! Panics on purpose, where the binding asks for one, so that tests see what becomes of a bug. Debug builds alone have
//! this module.

use std::sync::atomic::{AtomicU8, Ordering};

/// Where a panic can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// Nowhere.
    Nowhere,
    /// In the thread of the HTTP client, while it resolves the API's name.
    Client,
    /// In a task that asks DNS.
    Dns,
}

static ARMED: AtomicU8 = AtomicU8::new(Spot::Nowhere as u8);

/// From now on it panics at this spot.
#[cfg_attr(not(feature = "php"), expect(dead_code, reason = "the binding alone arms it"))]
pub(crate) fn arm(spot: Spot) {
    ARMED.store(spot as u8, Ordering::Relaxed);
}

/// Panics if that was asked for here.
pub(crate) fn here(spot: Spot) {
    assert!(ARMED.load(Ordering::Relaxed) != spot as u8, "a panic on purpose at {spot:?}");
}
