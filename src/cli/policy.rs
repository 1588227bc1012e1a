//! `depickle policy init|learn|check`: policies for a project.

use super::policy_file::{self, TodayArg};
use super::{Exit, message};
use crate::input::display_name;
use crate::output;
use crate::policy::user::TEMPLATE;
use clap::Subcommand;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Write a commented policy to start from
    Init(InitArgs),
    /// Say what is wrong with a policy, and which of its items do nothing
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    #[command(flatten)]
    target: Target,
}

/// Where a policy is written.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The file to write; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "depickle.toml")]
    output: PathBuf,

    /// Write over a file that is there
    #[arg(short, long)]
    force: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The policy [default: depickle.toml, or tool.depickle in pyproject.toml, from here upward]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    today: TodayArg,
}

/// Runs the command.
pub(super) fn run(command: &PolicyCommand) -> Exit {
    match command {
        PolicyCommand::Init(args) => args.target.write(TEMPLATE, Exit::Success),
        PolicyCommand::Check(args) => check(args),
    }
}

fn check(args: &CheckArgs) -> Exit {
    let loaded = match policy_file::load_file(args.file.as_deref(), args.today) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let Some((file, sha256)) = loaded.file else {
        message::error("policy", "no policy in this directory or above it", "name a file, or write one: depickle policy init");
        return Exit::Trouble;
    };
    let notes = loaded.policy.notes(None);
    let mut text = format!("{file}: good (sha256 {sha256})\n");
    for note in &notes {
        text.push_str(&format!("{file}:{}: {}\n", note.line, note.message));
    }
    print(&text, Exit::Success)
}

impl Target {
    /// Writes a policy, unless that would lose one.
    pub(super) fn write(&self, text: &str, exit: Exit) -> Exit {
        if self.output == Path::new("-") {
            return print(text, exit);
        }
        let name = display_name(&self.output);
        if !self.force && self.output.symlink_metadata().is_ok() {
            message::error(&name, "is there already", "name another file with -o, or add -f to write over it");
            return Exit::Trouble;
        }
        match output::replace(&self.output, |out| out.write_all(text.as_bytes())) {
            Ok(()) => print(&format!("wrote {name}\n"), exit),
            Err(error) => {
                message::error(&name, &error.to_string(), "the policy could not be written; name another file with -o");
                Exit::Trouble
            }
        }
    }
}

/// Prints; a failure is trouble, a reader that went away is not.
pub(super) fn print(text: &str, exit: Exit) -> Exit {
    let shown: String = text.split_inclusive('\n').map(escaped).collect();
    match stdout().lock().write_all(shown.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            message::error("standard output", &error.to_string(), "what is known could not be written");
            Exit::Trouble
        }
        _ => exit,
    }
}

/// A line made harmless, with its end.
fn escaped(line: &str) -> String {
    let body = line.strip_suffix('\n').unwrap_or(line);
    format!("{}{}", crate::escape::escape(body), line.get(body.len()..).unwrap_or(""))
}
