//! The signal mask of helper threads.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// Blocks signals in this thread for as long as it lives. A thread that is made meanwhile inherits the mask, so that no
/// handler of PHP's signals ever runs there; faults stay deliverable, since blocking them would only hide a crash.
pub(crate) struct MaskedSignals {
    before: Option<SigSet>,
}

impl MaskedSignals {
    pub(crate) fn new() -> Self {
        let mut blocked = SigSet::all();
        for fault in [Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL, Signal::SIGSEGV, Signal::SIGTRAP, Signal::SIGSYS]
        {
            blocked.remove(fault);
        }
        Self { before: blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK).ok() }
    }
}

impl Drop for MaskedSignals {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // It fails for an unknown `how` alone.
            let _ = before.thread_set_mask();
        }
    }
}
