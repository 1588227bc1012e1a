//! Arguments that are no command: what the user may have meant.

use super::{Exit, message};
use crate::input::display_name;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::path::Path;

/// Says what is wrong with `arguments`, of which clap says `error`.
pub(super) fn explain(arguments: &[OsString], error: &clap::Error) -> Exit {
    if let Some(path) = path_for_command(arguments, error) {
        message::line(&format!("to judge this file: depickle scan {}", quoted(&display_name(path))));
        return Exit::Trouble;
    }
    message::usage(error)
}

/// The first argument, where a path stands in place of a command.
fn path_for_command<'a>(arguments: &'a [OsString], error: &clap::Error) -> Option<&'a Path> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let path = Path::new(arguments.get(1)?);
    let looks_like_one = path.extension().is_some() || path.components().count() > 1;
    (looks_like_one || path.exists()).then_some(path)
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    let safe = |char: char| char.is_ascii_alphanumeric() || "-_./+,:@%=".contains(char);
    if text.chars().all(safe) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
