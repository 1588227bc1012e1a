//! What one process needs.

use crate::{Fallible, Outcome};
use std::fmt;
use std::fs;
use std::process::{Command, Stdio};
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
pub(crate) fn measure(command: &Command) -> Fallible<Measure> {
    Ok(measure_to(command, Stdio::null(), Stdio::null())?.0)
}

/// The same, with what it says going somewhere, and its exit code; `None` where a signal ended it.
///
/// Linux counts what a process held before it became another program, which is what the one that started it held. So the
/// command is started by a process that has just begun itself.
pub(super) fn measure_to(command: &Command, out: Stdio, errors: Stdio) -> Fallible<(Measure, Option<i32>)> {
    let told = std::env::temp_dir().join(format!("depickle-xtask-{}", std::process::id()));
    let mut starter = Command::new(std::env::current_exe()?);
    starter.arg("measure").arg(&told).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => starter.env(name, value),
            None => starter.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        starter.current_dir(directory);
    }
    let status = starter.stdin(Stdio::null()).stdout(out).stderr(errors).status()?;
    let text = fs::read_to_string(&told)?;
    fs::remove_file(told)?;
    if !status.success() {
        return Err(format!("{}: {text}", command.get_program().display()).into());
    }
    let mut figures = text.split(' ');
    let mut figure = || figures.next().ok_or("a figure is missing");
    let (cpu, memory, code) = (figure()?.parse()?, figure()?.parse()?, figure()?.parse().ok());
    Ok((Measure { cpu, memory }, code))
}

/// The task behind it: where to write the figures, and the command. What keeps it from being started is written there, too.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let [told, program, arguments @ ..] = arguments else { return Err("a file and a command are due".into()) };
    let ended = match Command::new(program).args(arguments).spawn() {
        Ok(child) => child.wait4()?,
        Err(error) => {
            fs::write(told, error.to_string())?;
            return Ok(false);
        }
    };
    let usage = ended.rusage;
    let (cpu, memory) = ((usage.utime + usage.stime).as_secs_f64(), usage.maxrss as f64 / f64::from(1 << 20));
    let code = ended.status.code().map_or_else(|| "killed".to_owned(), |code| code.to_string());
    fs::write(told, format!("{cpu} {memory} {code}"))?;
    Ok(true)
}
