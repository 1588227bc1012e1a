//! What one process needs.

use crate::Fallible;
use std::fmt;
use std::process::{Command, ExitStatus, Stdio};
use wait4::Wait4 as _;

/// CPU time and peak memory of one process and what it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// User and system time, in seconds.
    pub(crate) cpu: f64,
    /// The largest resident set, in MiB; pages of mapped files count.
    pub(crate) memory: f64,
}

impl Measure {
    /// The median of each figure. `all` is not empty.
    pub(crate) fn median(all: &mut [Self]) -> Self {
        let mut middle = |figure: fn(&Self) -> f64| {
            all.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
            figure(&all[all.len() / 2])
        };
        Self { cpu: middle(|one| one.cpu), memory: middle(|one| one.memory) }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms, {:.1} MiB", self.cpu * 1e3, self.memory)
    }
}

/// Runs a command to its end, whatever it answers.
pub(crate) fn measure(command: &mut Command) -> Fallible<Measure> {
    Ok(measure_to(command, Stdio::null(), Stdio::null())?.0)
}

/// The same, with what it says going somewhere, and how it ended.
pub(super) fn measure_to(command: &mut Command, out: Stdio, errors: Stdio) -> Fallible<(Measure, ExitStatus)> {
    let child = command.stdin(Stdio::null()).stdout(out).stderr(errors).spawn()?;
    let ended = child.wait4()?;
    let usage = ended.rusage;
    let measure =
        Measure { cpu: (usage.utime + usage.stime).as_secs_f64(), memory: usage.maxrss as f64 / f64::from(1 << 20) };
    Ok((measure, ended.status))
}
