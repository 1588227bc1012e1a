//! The command line: one file per command, exit codes, progress, colour.
//!
//! The only room that prints, reads the environment or knows the process; colours only in `style`. A command
//! turns its arguments into calls of the library and a report into bytes on a stream; it judges nothing.

mod about;
mod accepted;
mod args;
mod arrays;
mod cache;
mod convert;
mod diff;
mod disasm;
mod exit;
mod explain;
mod extract;
mod first_contact;
mod gather;
mod guard;
mod limit;
mod look;
mod message;
mod outputs;
mod place;
mod policy;
mod policy_file;
mod progress;
mod scan;
mod shell;
mod show;
mod sink;
mod style;

pub use exit::Exit;

#[cfg(target_os = "linux")]
use crate::input::survive_shrinking;
use args::{Args, Command};
use clap::Parser as _;
use std::process::ExitCode;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    guard::install();
    #[cfg(target_os = "linux")]
    survive_shrinking();
    // A panic has said where it arose; what is left is to end as the contract says.
    std::panic::catch_unwind(run).unwrap_or(Exit::Trouble).into()
}

fn run() -> Exit {
    let arguments: Vec<_> = std::env::args_os().collect();
    match Args::try_parse_from(&arguments) {
        Ok(args) => match args.command {
            Command::Scan(scan) => scan::run(&scan),
            Command::Show(args) => show::run(&args),
            Command::Arrays(args) => arrays::run(&args),
            Command::Extract(args) => extract::run(&args),
            Command::Convert(args) => convert::run(&args),
            Command::Diff(args) => diff::run(&args),
            Command::Disasm(args) => disasm::run(&args),
            Command::About(about) => about::run(&about),
            Command::Policy(policy) => policy::run(&policy),
            Command::Explain(args) => explain::run(&args),
            Command::Completions { shell } => shell::completions(shell),
            Command::Man { command } => shell::man(command.as_deref()),
        },
        Err(error) => first_contact::explain(&arguments, &error),
    }
}
