//! What goes to standard error: `error: WHERE: what`, then `help: what to do`.

use super::Exit;
use crate::escape::escape;
use clap::error::ErrorKind;
use std::io::{Write as _, stderr};

/// An error about `place` (a path, an option), and what to do about it.
pub(super) fn error(place: &str, what: &str, help: &str) {
    // With standard error gone there is nobody left to tell.
    let _ = writeln!(stderr().lock(), "error: {}: {}\nhelp: {}", escape(place), escape(what), escape(help));
}

/// Something that is no error, and what to do about it.
pub(super) fn note(place: &str, what: &str, help: &str) {
    let _ = writeln!(stderr().lock(), "note: {}: {}\nhelp: {}", escape(place), escape(what), escape(help));
}

/// One line.
pub(super) fn line(text: &str) {
    let _ = writeln!(stderr().lock(), "{}", escape(text));
}

/// What clap has to say: help and version to standard output, or what is wrong with the arguments. Those may be
/// names of hostile files that a shell put there, so they are escaped.
pub(super) fn usage(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed pipe is no news.
            let _ = error.print();
            Exit::Success
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Exit::Trouble
        }
        _ => {
            error.render().to_string().lines().for_each(line);
            Exit::Trouble
        }
    }
}
