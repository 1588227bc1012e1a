//! Where bytes come from: a file (mapped into memory, or read), standard input, or a buffer of the caller.
//!
//! This room and `output` are the only ones that touch the file system. It opens what it is told to open, and
//! files beside a scanned one by base name; it interprets nothing. `walk` turns the paths of a command line into a
//! list of files in a stable order.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod companion;
#[cfg(feature = "cli")]
mod filter;
mod list;
mod name;
#[cfg(target_os = "linux")]
mod shrunk;
mod source;
mod upward;
#[cfg(feature = "cli")]
mod walk;

#[cfg(feature = "cli")]
pub use filter::Filter;
pub use list::paths_in;
pub use name::display_name;
#[cfg(target_os = "linux")]
pub use shrunk::survive_shrinking;
pub use source::{RUN, Source};
pub use upward::upward;
#[cfg(feature = "cli")]
pub use walk::{Candidate, Skipped, Unfollowed, Walk, walk};

use crate::error::{Error, ErrorKind};
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// What changes when a file is replaced: its length, and when it was written. `None` where it cannot be told.
pub fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let about = path.metadata().ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// An error of the operating system in words that are the same on every platform, where we know them.
#[cold]
pub(crate) fn io_error(error: &io::Error) -> Error {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory, not a file".to_owned(),
        _ => error.to_string(),
    };
    Error::new(ErrorKind::Io, message)
}
