//! A panic is a bug of ours. It must end neither the process nor in a log, where its message might show a secret.

use std::cell::RefCell;
use std::panic;

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the hook that writes to standard error by one that keeps only the place. The standard library is linked
/// into this module and shared with no other, so that nobody else's panics are meant.
pub(super) fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|location| format!("{}:{}", tail(location.file()), location.line()));
        PLACE.set(place);
    }));
}

/// Undoes [`keep_quiet`].
pub(super) fn forget() {
    drop(panic::take_hook());
}

/// Where this thread panicked last, as `src/plan.rs:120`.
pub(super) fn place() -> String {
    PLACE.take().unwrap_or_else(|| "a place that is not known".to_owned())
}

/// The path without what is the building machine's business.
fn tail(file: &str) -> &str {
    file.rmatch_indices('/').nth(2).map_or(file, |(cut, _)| &file[cut + 1..])
}

/// Panics if `WU_CLOUDWAYS_TEST_PANIC` names this place, or has the engine do so. Release builds do not have it.
#[cfg(debug_assertions)]
#[track_caller]
pub(super) fn rehearse(place: &str) {
    use crate::trip::{Spot, arm};

    let wanted = std::env::var("WU_CLOUDWAYS_TEST_PANIC").unwrap_or_default();
    arm(match wanted.as_str() {
        "client" => Spot::Client,
        "dns" => Spot::Dns,
        _ => Spot::Nowhere,
    });
    assert!(wanted != place, "a panic on purpose, and what it says is a secret");
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(super) const fn rehearse(_place: &str) {}
