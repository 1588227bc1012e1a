//! Progress bars, for people only.

use crate::escape::escape;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, stderr};

/// A bar over `files` on standard error; hidden unless that is a terminal and there is something to wait for.
pub(super) fn bar(files: usize, wanted: bool) -> ProgressBar {
    if !wanted || files < 2 || !is_shown() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files as u64);
    match ProgressStyle::with_template("scanning {bar:30} {pos}/{len} files, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Of fewer bytes nothing is shown: they are there at once.
const SHOWN: u64 = 64 << 20;

/// How many bytes are written to a place. Nothing is drawn unless standard error is a terminal and there is something to
/// wait for; when it is dropped, nothing is left of it.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    count: u64,
}

impl Progress {
    /// `total` is how many there are to write, where that is known.
    pub(super) fn new(name: &str, total: Option<u64>) -> Self {
        let bar = (is_shown() && total.is_none_or(|total| total >= SHOWN)).then(|| match total {
            Some(total) => (ProgressBar::new(total), "{prefix}: {bar:30} {bytes} of {total_bytes}, {eta} left"),
            None => (ProgressBar::no_length(), "{spinner} {prefix}: {bytes} written, {bytes_per_sec}"),
        });
        let styled = |(bar, template): (ProgressBar, &str)| match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style).with_prefix(escape(name).into_owned()),
            Err(_) => bar,
        };
        Self { bar: bar.map(styled), count: 0 }
    }

    /// Without anything to draw.
    pub(super) const fn nowhere() -> Self {
        Self { bar: None, count: 0 }
    }

    /// So many more are written.
    pub(super) fn add(&mut self, count: u64) {
        self.count = self.count.saturating_add(count);
        if let Some(bar) = self.bar.as_ref().filter(|bar| bar.length().is_some() || self.count >= SHOWN) {
            bar.set_position(self.count);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Whether anybody sees a bar.
pub(super) fn is_shown() -> bool {
    stderr().is_terminal()
}
