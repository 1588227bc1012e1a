//! `depickle diff A B`: what differs in what two files hold, and by how much.

use super::args::Output;
use super::limit::{self, LimitArg};
use super::policy_file::{self, PolicyArgs};
use super::scan::CHECK_PATH;
use super::{Exit, guard, look, message};
use crate::audit;
use crate::diff::{self, Compared, File, Options, Outcome, Side, Told, Tolerance};
use crate::finding::FileReport;
use crate::input::{Source, display_name};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct DiffArgs {
    /// The first file; `-` is standard input
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The second file; `-` is standard input
    #[arg(value_name = "B")]
    b: PathBuf,

    /// Floats that are no further apart are equal
    #[arg(long, value_name = "ABS", value_parser = distance, allow_negative_numbers = true)]
    tolerance: Option<f64>,

    /// The same in proportion to the greater of two floats
    #[arg(long, value_name = "REL", value_parser = distance, allow_negative_numbers = true)]
    rtol: Option<f64>,

    /// Output format, to standard output or to FILE; may be repeated
    #[arg(long, value_name = "FMT[=FILE]", default_value = "human")]
    format: Vec<Output<Format>>,

    /// The most differences to print
    #[arg(long, value_name = "N", default_value = "20", conflicts_with = "verbose")]
    max: usize,

    /// Print the first thousand
    #[arg(short, long)]
    verbose: bool,

    /// Print the outcome alone
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<LimitArg>,
}

const AFTER: &str = "\
Nothing is run. What means the same is equal, however it is written: the protocol, compression, order of bytes and order in
memory are notes at most. Pickles, joblib files, .skops, .safetensors, .npz, .npy and the .json of depickle convert are
compared with one another. Both files are judged, too: what is dangerous or incomplete is never called equal.

Exit codes, the first that holds:
  2  wrong usage, or a file could not be read
  1  something differs
  3  nothing differs in what could be compared, and something could not be
  0  equal";

/// How `diff` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each difference
    Human,
    /// One object, `depickle.diff/1`
    Json,
}

fn distance(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number, such as 1e-9".to_owned())?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("neither negative nor infinite".to_owned()) }
}

/// Runs the command.
pub(super) fn run(args: &DiffArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else { return look::limits_table() };
    let loaded = match policy_file::load(&args.policy) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let is_input = |path: &Path| path.as_os_str() == "-";
    if is_input(&args.a) && is_input(&args.b) {
        return trouble("-", "standard input is one file", "give the other one by its path");
    }
    let mut sources = Vec::new();
    for path in [&args.a, &args.b] {
        match if is_input(path) { Source::stdin(&limits) } else { Source::open(path, &limits) } {
            Ok(source) => sources.push((display_name(path), source)),
            Err(error) => return trouble(&display_name(path), error.message(), CHECK_PATH),
        }
    }
    let [(name_a, a), (name_b, b)] = sources.as_slice() else { return Exit::Trouble };
    let tolerance = Tolerance { abs: args.tolerance.unwrap_or(0.0), rel: args.rtol.unwrap_or(0.0) };
    let options = Options { tolerance, limits: limits.clone() };
    let compared = guard::guarded(|| {
        let judge = |source| audit::scan(source, &loaded.policy, &limits);
        (diff::files(a.bytes(), b.bytes(), &options), [judge(a), judge(b)])
    });
    let (diff, reports) = match compared {
        Ok(compared) => compared,
        Err(error) => return trouble("diff", error.message(), "please report this line, as SECURITY.md says"),
    };
    for (name, source) in &sources {
        if source.changed() {
            return trouble(name, "the file was written to while it was read", "compare a copy of it");
        }
    }
    let mut found = match diff {
        Ok(found) => found,
        Err(failed) => {
            let name = if failed.side == Side::A { name_a } else { name_b };
            return trouble(name, failed.error.message(), "depickle scan says what kind of file it is");
        }
    };
    let [report_a, report_b] = &reports;
    found.diff.judged(Side::A, report_a);
    found.diff.judged(Side::B, report_b);
    let exit = match found.diff.outcome() {
        Outcome::Equal => Exit::Success,
        Outcome::Different => Exit::Verdict,
        Outcome::Unknown => Exit::Incomplete,
    };
    let file = |name: &String, format: &String, report: &FileReport| File {
        path: name.clone(),
        format: format.clone(),
        verdict: (!report.is_not_pickle()).then(|| report.verdict()),
    };
    let [format_a, format_b] = &found.formats;
    let compared = Compared {
        tool: &loaded.tool(&reports),
        a: file(name_a, format_a, report_a),
        b: file(name_b, format_b, report_b),
        tolerance,
        diff: &found.diff,
    };
    let told = Told { quiet: args.quiet, most: if args.verbose { usize::MAX } else { args.max } };
    look::each(&args.a, &args.format, |output, out| {
        match output.format {
            Format::Human => diff::human(out, &compared, told),
            Format::Json => diff::json(out, &compared),
        }?;
        Ok(exit)
    })
}

fn trouble(place: &str, what: &str, help: &str) -> Exit {
    message::error(place, what, help);
    Exit::Trouble
}
