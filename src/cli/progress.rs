//! Progress bars, for people only.

use crate::escape::escape;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, stderr};

/// A bar over `files` on standard error; hidden unless that is a terminal and there is something to wait for.
pub(super) fn bar(files: usize, wanted: bool) -> ProgressBar {
    if !wanted || files < 2 || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files as u64);
    match ProgressStyle::with_template("scanning {bar:30} {pos}/{len} files, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// How many bytes of a file are written; hidden unless standard error is a terminal. Nothing is drawn
/// before it is told of any.
pub(super) fn written(name: &str) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    match ProgressStyle::with_template("{spinner} {prefix}: {bytes} written, {bytes_per_sec}") {
        Ok(style) => bar.with_style(style).with_prefix(escape(name).into_owned()),
        Err(_) => bar,
    }
}
