//! `depickle policy init|learn|check`: policies for a project.

use super::policy_file::{self, TodayArg};
use super::scan::CHECK_PATH;
use super::{Exit, guard, message};
use crate::audit;
use crate::finding::{Level, Verdict};
use crate::input::{Source, display_name};
use crate::limits::Limits;
use crate::output;
use crate::policy::user::TEMPLATE;
use clap::Subcommand;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Write a commented policy to start from
    Init(InitArgs),
    /// Write the least policy under which files that you have vetted are clean
    Learn(LearnArgs),
    /// Say what is wrong with a policy, and which of its items do nothing
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_LEARN)]
pub(super) struct LearnArgs {
    /// Files whose origin you know: what they do will be allowed
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The reason that each item is to give
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    target: Target,
}

const AFTER_LEARN: &str = "\
Exit codes:
  1  a file does what no policy is learned for; with one that is known to do harm, nothing is written
  2  wrong usage, or a file could not be read or written
  0  otherwise";

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
        PolicyCommand::Learn(args) => learn(args),
        PolicyCommand::Check(args) => check(args),
    }
}

fn learn(args: &LearnArgs) -> Exit {
    let limits = Limits::default();
    let mut sources = Vec::new();
    for path in &args.files {
        match Source::open(path, &limits) {
            Ok(source) => sources.push(source),
            Err(error) => {
                message::error(&display_name(path), error.message(), CHECK_PATH);
                return Exit::Trouble;
            }
        }
    }
    let count = sources.len();
    let reason = format!("learned from {count} vetted file{}", if count == 1 { "" } else { "s" });
    let learned = guard::guarded(|| audit::learn(&sources, args.reason.as_deref().unwrap_or(&reason), &limits));
    let learned = match learned {
        Ok(learned) => learned,
        Err(error) => {
            message::error("policy learn", error.message(), "please report this, as SECURITY.md says");
            return Exit::Trouble;
        }
    };
    let mut exit = Exit::Success;
    for report in learned.reports.iter().filter(|report| report.verdict() != Verdict::Clean) {
        exit = Exit::Verdict;
        for finding in report.findings.iter().filter(|finding| finding.level > Level::Note) {
            let what = format!("{}[{}]: {}", finding.level.name(), finding.rule, finding.message);
            message::error(
                &report.path,
                &what,
                "nothing was learned for this: leave the file out, or see docs/policy.md",
            );
        }
    }
    if learned.reports.iter().any(|report| report.verdict() == Verdict::Dangerous) {
        message::line("nothing was written: a file is known to do harm");
        return exit;
    }
    if learned.policy.is_empty() {
        message::line("nothing was written: the files need no policy");
        return exit;
    }
    args.target.write(&learned.policy, exit)
}

fn check(args: &CheckArgs) -> Exit {
    let loaded = match policy_file::load_file(args.file.as_deref(), args.today) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let Some((file, sha256)) = loaded.file else {
        message::error(
            "policy",
            "no policy in this directory or above it",
            "name a file, or write one: depickle policy init",
        );
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
