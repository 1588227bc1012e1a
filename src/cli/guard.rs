//! A panic while one file is scanned is a defect of ours, and costs that file its verdict, not the batch.

use super::message;
use crate::error::{Error, ErrorKind, Result};
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

thread_local! {
    /// Where the last panic of this thread arose; `Some("")` while a guard waits for one.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes the place of the standard panic message, which may hold text from a file.
pub(super) fn install() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!("{}:{}", relative(at.file()), at.line()));
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

/// A source path without the part that names the machine it was built on.
fn relative(file: &str) -> String {
    if !Path::new(file).has_root() {
        return file.to_owned();
    }
    let parts: Vec<&str> = file.split(['/', '\\']).collect();
    parts.get(parts.len().saturating_sub(4)..).unwrap_or_default().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_the_build_machine_is_told() {
        assert_eq!(relative("src/machine/run.rs"), "src/machine/run.rs");
        assert_eq!(relative("/home/me/.cargo/registry/src/x/flate2-1.1.10/src/a/b.rs"), "flate2-1.1.10/src/a/b.rs");
    }
}
