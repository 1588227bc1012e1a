//! `depickle about FILE`: who wrote it, and what is in it.

use super::args::Output;
use super::limit::{self, LimitArg};
use super::look;
use super::scan::CHECK_PATH;
use super::style::Colour;
use super::{Exit, guard, message, style};
use crate::audit;
use crate::error::Error;
use crate::finding::{FileReport, Verdict};
use crate::input::{Source, display_name};
use crate::policy::Policy;
use crate::report::{self, Tool};
use clap::ValueEnum;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct AboutArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    path: PathBuf,

    /// Output format, to standard output or to FILE; may be repeated
    #[arg(long, value_name = "FMT[=FILE]", default_value = "human")]
    format: Vec<Output<Format>>,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<LimitArg>,

    /// Colours: NO_COLOR and CLICOLOR_FORCE are honoured by auto
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

const AFTER: &str = "\
Exit codes:
  2  wrong usage, the file could not be read, or cannot carry a pickle
  3  not all of it could be analysed
  0  otherwise, whatever the verdict";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Human,
    /// depickle.about/1
    Json,
    /// A requirements.txt: pins where certain, ranges otherwise, evidence as comments
    Requirements,
}

/// Runs the command.
pub(super) fn run(args: &AboutArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else {
        return look::limits_table();
    };
    let name = display_name(&args.path);
    let source = if args.path == Path::new("-") { Source::stdin(&limits) } else { Source::open(&args.path, &limits) };
    let report = source.and_then(|source| guard::guarded(|| audit::scan(&source, &Policy::builtin(), &limits)));
    let file = match report {
        Ok(file) => file,
        Err(error) => return trouble(&name, &error),
    };
    if file.is_not_pickle() && file.facts.contents.is_empty() {
        message::error(&name, "neither a pickle nor a joblib file", "depickle scan says what it takes it for");
        return Exit::Trouble;
    }
    let exit = if file.verdict() == Verdict::Incomplete { Exit::Incomplete } else { Exit::Success };
    look::each(&args.path, &args.format, |format, out| write(args, out, format, &file).map(|()| exit))
}

fn write(args: &AboutArgs, out: &mut dyn Write, format: &Output<Format>, file: &FileReport) -> io::Result<()> {
    match format.format {
        Format::Human if format.file.is_none() && args.color.wanted() => report::about(out, file, &style::paint),
        Format::Human => report::about(out, file, &report::plain),
        Format::Json => report::about_json(out, &Tool::builtin(), file),
        Format::Requirements => report::requirements(out, file),
    }
}

fn trouble(name: &str, error: &Error) -> Exit {
    message::error(name, error.message(), CHECK_PATH);
    Exit::Trouble
}
