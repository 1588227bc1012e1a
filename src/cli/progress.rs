//! A progress bar, for people only.

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
