//! The command line: one file per command, exit codes, progress, colour.
//!
//! The only room that prints, reads the environment or knows the process; colours only in `style`. A command
//! turns its arguments into calls of the library and a report into bytes on a stream; it judges nothing.

mod args;
mod exit;
mod first_contact;
mod guard;
mod limit;
mod message;
mod progress;
mod scan;
mod style;

pub use exit::Exit;

use args::{Args, Command};
use clap::Parser as _;
use std::process::ExitCode;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    guard::install();
    let arguments: Vec<_> = std::env::args_os().collect();
    let exit = match Args::try_parse_from(&arguments) {
        Ok(args) => match args.command {
            Command::Scan(scan) => scan::run(&scan),
        },
        Err(error) => first_contact::explain(&arguments, &error),
    };
    exit.into()
}
