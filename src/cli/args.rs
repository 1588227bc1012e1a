//! The tree of commands and options.

use super::about::AboutArgs;
use super::convert::ConvertArgs;
use super::diff::DiffArgs;
use super::explain::ExplainArgs;
use super::limit::LimitArg;
use super::policy::PolicyCommand;
use super::policy_file::{DayArg, PolicyArgs};
use super::style::Colour;
use crate::finding::Verdict;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;
use std::str::FromStr;

/// Says what loading a pickle or joblib file would do, without loading it.
#[derive(Debug, Parser)]
#[command(name = "depickle", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Judge files: clean, suspicious, dangerous or incomplete
    Scan(ScanArgs),
    /// Say who wrote a file, what is in it, and what it takes to load it
    About(AboutArgs),
    /// Print the contents of a file as a tree, no classes needed
    Show(ShowArgs),
    /// List every array in a file, with type, shape and place
    Arrays(ArraysArgs),
    /// Write arrays of a file as .npy, .npz or .safetensors, without loading it
    Extract(ExtractArgs),
    /// Write what a clean file holds in a format that cannot run anything
    Convert(ConvertArgs),
    /// Compare what two files hold: values, arrays, names, by object path
    Diff(DiffArgs),
    /// Print the opcodes of a file, with offsets
    Disasm(DisasmArgs),
    /// Write a policy for a project, learn one from vetted files, or check one
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Say what is known of a symbol, or what a rule means
    Explain(ExplainArgs),
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of depickle, or of one of its commands
    Man {
        /// The command
        command: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// The file; `-` is standard input
    pub(super) file: PathBuf,

    /// What to show of it, such as `root.steps[1][1].coef_` or `#1:root["key"]`; in an archive `NAME:root`
    pub(super) path: Option<String>,

    /// Output format, to standard output or to FILE; may be repeated
    #[arg(long, value_name = "FMT[=FILE]", default_value = "tree")]
    pub(super) format: Vec<Output<ShowFormat>>,

    /// Levels to show
    #[arg(long, value_name = "N")]
    pub(super) depth: Option<usize>,

    /// What takes the most bytes, by path, instead of the contents
    #[arg(long, conflicts_with_all = ["depth", "format"])]
    pub(super) sizes: bool,

    /// Cut nothing
    #[arg(long)]
    pub(super) all: bool,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) limit: Vec<LimitArg>,
}

/// How `show` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowFormat {
    /// An indented tree
    Tree,
    /// One object, `depickle.show/1`
    Json,
    /// A graph for Graphviz
    Dot,
}

#[derive(Debug, clap::Args)]
pub(super) struct ArraysArgs {
    /// The file; `-` is standard input
    pub(super) file: PathBuf,

    /// Output format, to standard output or to FILE; may be repeated
    #[arg(long, value_name = "FMT[=FILE]", default_value = "human")]
    pub(super) format: Vec<Output<ArraysFormat>>,

    /// Add the SHA-256 of the elements of each, in C order as stored
    #[arg(long)]
    pub(super) hash: bool,

    /// Add least, greatest, mean, NaN count and a histogram of numbers
    #[arg(long)]
    pub(super) stats: bool,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) limit: Vec<LimitArg>,
}

/// How `arrays` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ArraysFormat {
    /// A line for each
    Human,
    /// One object, `depickle.arrays/1`
    Json,
}

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_EXTRACT)]
pub(super) struct ExtractArgs {
    /// The file; `-` is standard input
    pub(super) file: PathBuf,

    /// Only what stands at PATH, or in it, such as `root.steps[1][1].coef_`; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) select: Vec<String>,

    /// Where to: a directory for a .npy file each, a .npy file for one, a .npz archive or a
    /// .safetensors file for all [default: list them]
    #[arg(short, long, value_name = "DIR|FILE")]
    pub(super) output: Option<PathBuf>,

    /// Write over files that exist
    #[arg(short, long)]
    pub(super) force: bool,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) limit: Vec<LimitArg>,
}

const AFTER_EXTRACT: &str = "\
Nothing is run, so any file may be given; that a file gives its arrays does not say that it is safe to load.

Exit codes, the first that holds:
  2  wrong usage, the file could not be read, or the output not written
  3  some arrays could not be taken out; they are named
  0  otherwise";

#[derive(Debug, clap::Args)]
pub(super) struct DisasmArgs {
    /// The file; `-` is standard input
    pub(super) file: PathBuf,

    /// Output format, to standard output or to FILE; may be repeated
    #[arg(long, value_name = "FMT[=FILE]", default_value = "human")]
    pub(super) format: Vec<Output<DisasmFormat>>,

    /// The member of an archive, where it is not the one that holds the model
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(super) member: String,

    /// Cut no argument
    #[arg(long)]
    pub(super) all: bool,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) limit: Vec<LimitArg>,
}

/// How `disasm` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DisasmFormat {
    /// In the columns of `python -m pickletools`
    Human,
    /// One object, `depickle.disasm/1`
    Json,
}

/// Findings that somebody accepted.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct BaselineArgs {
    /// Findings that are accepted
    #[arg(long = "baseline", value_name = "FILE")]
    pub(super) read: Option<PathBuf>,

    /// Accept every finding of this run, and write that down
    #[arg(long = "write-baseline", value_name = "FILE", requires = "reason")]
    pub(super) write: Option<PathBuf>,

    /// Why the findings are accepted, for --write-baseline
    #[arg(long, value_name = "TEXT", requires = "write")]
    pub(super) reason: Option<String>,

    /// Who accepts them
    #[arg(long, value_name = "NAME", requires = "write")]
    pub(super) author: Option<String>,

    /// The last day on which they are accepted
    #[arg(long, value_name = "YYYY-MM-DD", requires = "write")]
    pub(super) expires: Option<DayArg>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(override_usage = "depickle scan [OPTIONS] <PATH>...", after_help = AFTER_SCAN)]
pub(super) struct ScanArgs {
    /// Files and directories; `-` is standard input
    ///
    /// Directories are walked, hidden and git-ignored files included: what git does not keep is loaded all the same.
    /// Links to files in the directory are read; links out of it or to directories, and version control stores such as
    /// `.git`, are not followed unless they are named.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Also the files named in FILE, one on each line or with a NUL behind each; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) files_from: Option<PathBuf>,

    /// Of the files in directories, only those that match; may be repeated
    ///
    /// Globs as in `.gitignore`: one without `/` matches names at any depth, one with `/` matches paths as they are
    /// printed. What is named on the command line is read whatever its name.
    #[arg(long, value_name = "GLOB")]
    pub(super) include: Vec<String>,

    /// Of the files in directories, none that match; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,

    /// Keep reports in DIR, and take those of files that did not change from there
    ///
    /// An entry holds for the same bytes, the same policy, limits and program. Whoever can write to DIR decides on verdicts:
    /// keep it to yourself, and delete it when you like.
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,

    /// Report format, to standard output or to FILE; may be repeated
    ///
    /// Formats: human; json, ndjson (a line for each file as it is read); sarif, junit, gitlab, github (annotations, and
    /// the summary of the step); markdown; html; cyclonedx (with --hash). Where no format goes to standard output, human
    /// does.
    #[arg(long, value_name = "FMT[=FILE]")]
    pub(super) format: Vec<FormatArg>,

    /// The least verdict that exits 1
    #[arg(long, value_name = "VERDICT", default_value = "suspicious")]
    pub(super) fail_on: FailOn,

    /// Report only: exit 0 whatever the verdicts
    #[arg(long)]
    pub(super) exit_zero: bool,

    #[command(flatten)]
    pub(super) baseline: BaselineArgs,

    /// Look into what readers take for plain bytes, too
    ///
    /// Headers of members within stored members of zip archives, checksums of large members and of the bytes of tensors,
    /// and the numbers in models: whether the nodes of trees point to nodes, and shapes agree. It reads every byte of the
    /// file.
    #[arg(long)]
    pub(super) deep: bool,

    /// Add the SHA-256 of every file to the report
    #[arg(long)]
    pub(super) hash: bool,

    /// Add what the numbers in arrays come to, and how they spread, to the page of --format html
    #[arg(long)]
    pub(super) stats: bool,

    /// What becomes of files in directories that are of no known format
    #[arg(long, value_name = "WHAT", default_value = "incomplete")]
    pub(super) unknown: Unknown,

    /// List the entries of the policy that a clean verdict rests on
    #[arg(long)]
    pub(super) why: bool,

    #[command(flatten)]
    pub(super) policy: PolicyArgs,

    /// How many files to read at once [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) limit: Vec<LimitArg>,

    /// Give a file so many seconds; it is incomplete if they do not do [default: no bound in time]
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<u32>,

    /// Colours: NO_COLOR and CLICOLOR_FORCE are honoured by auto
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Colour,

    /// No progress bar
    #[arg(long)]
    pub(super) no_progress: bool,

    /// Only files that are not clean
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Also notes, accepted findings and the readers that a finding concerns; twice, also imports and hashes
    #[arg(short, long, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

const AFTER_SCAN: &str = "\
Examples:
  depickle scan models/                             whatever is not clean fails
  depickle scan models/ --fail-on dangerous         only what is known to do harm fails
  depickle scan . --format sarif=depickle.sarif     and a report for code scanning
  depickle scan . --format html=report.html --exit-zero
  git ls-files -z | depickle scan --files-from -    what git knows of
  depickle scan . --write-baseline accepted.json --reason 'reviewed'

Exit codes, the first that holds:
  1  a verdict at or above --fail-on
  2  wrong usage, no file found, or a file could not be read
  3  something is incomplete
  0  otherwise
An interrupted run tells what it knows and exits 130.";

/// What `--unknown` may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Unknown {
    /// They are incomplete, and listed
    Incomplete,
    /// They are counted, and not judged
    Skip,
}

/// A verdict that `--fail-on` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Only what is known to do harm
    Dangerous,
    /// Also whatever the policy does not allow
    Suspicious,
    /// Also whatever could not be analysed
    Incomplete,
}

impl From<FailOn> for Verdict {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Dangerous => Self::Dangerous,
            FailOn::Suspicious => Self::Suspicious,
            FailOn::Incomplete => Self::Incomplete,
        }
    }
}

/// A format and where it goes; `None` is standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output<F> {
    pub(super) format: F,
    pub(super) file: Option<PathBuf>,
}

/// A format of reports.
pub(super) type FormatArg = Output<Format>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
    Ndjson,
    Sarif,
    Junit,
    Gitlab,
    Github,
    Markdown,
    Html,
    Cyclonedx,
}

impl Format {
    /// Whether it tells who wrote a file, and what is in it.
    pub(super) const fn tells_facts(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson | Self::Html | Self::Cyclonedx)
    }
}

impl<F: ValueEnum> FromStr for Output<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("no file after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = F::from_str(name, false).map_err(|_| format!("the formats are {}", names::<F>()))?;
        Ok(Self { format, file })
    }
}

fn names<T: ValueEnum>() -> String {
    let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_tree_is_sound() {
        Args::command().debug_assert();
    }
}
