//! A panic while one file is scanned is a defect of ours, and costs that file its verdict, not the batch.

use super::message;
use crate::error::{Error, ErrorKind, Result};
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// Where the last panic of this thread arose; `Some("")` while a guard waits for one.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes the place of the standard panic message, which may hold text from a file.
pub(super) fn install() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        let guarded = PLACE.with_borrow_mut(|waiting| waiting.as_mut().map(|slot| slot.clone_from(&place)).is_some());
        if !guarded {
            message::error("internal error", &place, "this is a defect of depickle: please report it with this line");
        }
    }));
}

/// What `work` gives, or an error that says where it panicked.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    PLACE.set(Some(String::new()));
    // A panic leaves nothing behind that anyone looks at: the work owns all that it changes.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let place = PLACE.take().unwrap_or_default();
    result.map_err(|_| Error::new(ErrorKind::Unsupported, format!("internal error at {place}")))
}
