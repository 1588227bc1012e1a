//! Where commands write files: never over the input, and over nothing else unless that is wanted.

use super::{Exit, message};
use crate::output;
use std::io::{self, Write};
use std::path::Path;

/// What may be written over.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The file that is read.
    pub(super) input: &'p Path,
    /// Whether a file that exists may be written over.
    pub(super) force: bool,
}

impl Place<'_> {
    /// Whether a file may be written at `path`.
    pub(super) fn check(self, path: &Path) -> io::Result<()> {
        if output::is_same(path, self.input) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is the file that is read"));
        }
        if !self.force && path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(())
    }

    /// Writes a file at `path`, whole or not at all.
    pub(super) fn write(self, path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        self.check(path)?;
        if self.force { output::replace(path, write) } else { output::create(path, write) }
    }
}

/// Says why nothing was written to `place`.
pub(super) fn trouble(place: &str, error: &io::Error) -> Exit {
    let exists = error.kind() == io::ErrorKind::AlreadyExists;
    let help = if exists { "give another place, or --force to write over it" } else { "nothing is half-written" };
    let what = if exists { "it is there already".to_owned() } else { error.to_string() };
    message::error(place, &what, help);
    Exit::Trouble
}

/// Has an interruption remove what is half-written.
pub(super) fn abandon_when_interrupted() {
    let end = || {
        output::abandon();
        #[allow(clippy::exit, reason = "a thread that writes a large file cannot be asked to stop")]
        std::process::exit(Exit::Interrupted as i32);
    };
    // Where no handler can be had, an interruption ends the process as it always does.
    let _ = ctrlc::set_handler(end);
}
