//! `depickle convert IN -o OUT`: what a clean file holds, in a format that cannot run anything.

use super::limit::{self, LimitArg};
use super::place::{self, Place};
use super::policy_file::{self, Loaded, PolicyArgs};
use super::progress::{self, Progress};
use super::scan::CHECK_PATH;
use super::sink::Sink;
use super::{Exit, guard, look, message};
use crate::audit;
use crate::convert::gate::{self, Refusal};
use crate::convert::report::{self, Conversion, Written};
use crate::convert::{self, Carried, Elements, Format, Lost, skops};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::{escape, thousands};
use crate::finding::{FileReport, Verdict, hex};
use crate::input::{Source, display_name};
use crate::inspect::{self, All, Contents};
use crate::limits::Limits;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use sha2::Digest as _;
use std::collections::HashMap;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct ConvertArgs {
    /// The file; `-` is standard input
    file: PathBuf,

    /// Where to; its ending says in which format
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// The format, where the ending does not say it
    #[arg(long, value_name = "FMT")]
    to: Option<Format>,

    /// Write over a file that exists; never over the input
    #[arg(short, long)]
    force: bool,

    /// What becomes of arrays in .json and .pkl [default: base64 in .json; .pkl has none]
    #[arg(long, value_name = "HOW")]
    arrays: Option<ArraysArg>,

    /// Write nothing where something cannot be carried
    #[arg(long)]
    strict: bool,

    /// Accept what is suspicious about SYMBOL, such as `mypackage.Scaler`; may be repeated
    #[arg(long, value_name = "SYMBOL")]
    allow: Vec<String>,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Write down what was carried and what was not, with SHA-256 of input and output: `depickle.convert/1`
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Change a limit, such as `--limit inflated=8G`; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<LimitArg>,
}

const AFTER: &str = "\
Nothing is run. The file is judged first, as depickle scan judges it, and the numbers in its models are checked: what is
dangerous or incomplete is never converted; what is suspicious only where each symbol was allowed.

Exit codes, the first that holds:
  1  the verdict keeps the file from being converted
  2  wrong usage, the file could not be read, or the output not written
  3  the file could not be analysed; with --strict, something could not be carried
  0  otherwise; what could not be carried is named";

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// How arrays stand in `.json` and `.pkl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ArraysArg {
    /// Their bytes
    Base64,
    /// Their numbers, as lists
    List,
    /// In an .npz file of the same name beside the .json
    Npz,
}

/// How many losses are told.
const TOLD: usize = 10;

/// Runs the command.
pub(super) fn run(args: &ConvertArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else { return look::limits_table() };
    let Some(format) = args.to.or_else(|| Format::of(&args.output)) else {
        let known: Vec<String> = Format::ALL.iter().map(|format| format!(".{}", format.name())).collect();
        let help = format!("the endings are {}; or give --to", known.join(", "));
        return trouble(&display_name(&args.output), "its ending names no format", &help);
    };
    let fits = match (format, args.arrays) {
        (_, None) | (Format::Json, _) | (Format::Pkl, Some(ArraysArg::List)) => true,
        (Format::Pkl | Format::Npz | Format::Safetensors | Format::Skops, Some(_)) => false,
    };
    if !fits {
        let what = format!("--arrays has nothing to say there for .{}", format.name());
        return trouble(&display_name(&args.output), &what, "it is for .json; for .pkl there is --arrays list");
    }
    let loaded = match policy_file::load(&args.policy) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let place = Place { input: &args.file, force: args.force };
    let beside = (args.arrays == Some(ArraysArg::Npz)).then(|| args.output.with_extension("npz"));
    for path in args.report.iter().chain([&args.output]).chain(&beside) {
        if let Err(error) = place.check(path) {
            return place::trouble(&display_name(path), &error);
        }
    }
    if args.report.is_some() && (args.report.as_ref() == Some(&args.output) || args.report == beside) {
        return trouble(&display_name(&args.output), "report and output are one file", "give the report another place");
    }
    place::abandon_when_interrupted();
    let name = display_name(&args.file);
    let opened = if args.file == Path::new("-") { Source::stdin(&limits) } else { Source::open(&args.file, &limits) };
    let source = match opened {
        Ok(source) => source,
        Err(error) => return trouble(&name, error.message(), CHECK_PATH),
    };
    let job = Job { args, format, beside, place, limits: &limits, loaded: &loaded, source: &source, name: &name };
    let done = guard::guarded(|| job.run());
    done.unwrap_or_else(|error| trouble(&name, error.message(), "please report this line, as SECURITY.md says"))
}

fn trouble(place: &str, what: &str, help: &str) -> Exit {
    message::error(place, what, help);
    Exit::Trouble
}

/// One conversion. The bytes are those of one source from the verdict to the last byte written.
struct Job<'j> {
    args: &'j ConvertArgs,
    format: Format,
    /// Where the arrays of a `.json` file go, if not into it.
    beside: Option<PathBuf>,
    place: Place<'j>,
    limits: &'j Limits,
    loaded: &'j Loaded,
    source: &'j Source<'static>,
    name: &'j str,
}

/// What is converted.
enum Opened<'a> {
    /// The file, or the member that holds the model.
    One(Box<Contents<'a>>),
    /// All members of an archive.
    Members(All<'a>),
}

/// How a conversion ended.
struct End {
    exit: Exit,
    carried: Carried,
    /// What was written.
    outputs: Vec<Output>,
    error: Option<String>,
}

/// A file that was written.
struct Output {
    path: String,
    format: Format,
    size: u64,
    /// Only where somebody asks for it.
    sha256: String,
}

impl End {
    fn failed(exit: Exit, error: String) -> Self {
        Self { exit, carried: Carried::default(), outputs: Vec::new(), error: Some(error) }
    }
}

impl Job<'_> {
    fn run(&self) -> Exit {
        let mut judged = audit::scan(self.source, &self.loaded.policy, &self.limits.clone().models());
        let end = match gate::admit(&mut judged, &self.args.allow) {
            Ok(unused) => {
                for symbol in unused {
                    message::note(&symbol, "nothing suspicious is about it", "leave out the --allow");
                }
                self.convert()
            }
            Err(refusal) => self.refuse(&refusal),
        };
        match &self.args.report {
            Some(path) => self.report(path, &judged, end),
            None => end.exit,
        }
    }

    fn refuse(&self, refusal: &Refusal) -> End {
        let Refusal { verdict, found, acceptable } = refusal;
        let options: Vec<String> = acceptable.iter().map(|symbol| format!("--allow {symbol}")).collect();
        let help = match verdict {
            Verdict::Suspicious if !options.is_empty() => {
                format!("look at what depickle scan says of it; what you know to be harmless: {}", options.join(" "))
            }
            Verdict::Incomplete => "depickle scan says what could not be analysed".to_owned(),
            _ => "depickle scan says more; do not load this file".to_owned(),
        };
        let what = format!("{}, so it is not converted: {}", verdict.name(), found.join("; "));
        message::error(self.name, &what, &help);
        let exit = if *verdict == Verdict::Incomplete { Exit::Incomplete } else { Exit::Verdict };
        End::failed(exit, what)
    }

    fn convert(&self) -> End {
        let output = display_name(&self.args.output);
        let mut opened = match self.open() {
            Ok(opened) => opened,
            Err(error) => {
                let exit = trouble(self.name, error.message(), "depickle scan says what kind of file it is");
                return End::failed(exit, error.to_string());
            }
        };
        let mut carried = Carried::default();
        let mut outputs = Vec::new();
        let written = self.write(&mut opened, &mut carried, &mut outputs);
        tell(&carried.lost, self.args.report.is_some());
        match written {
            Ok(()) => {
                for Output { path, size, .. } in &outputs {
                    // With standard output gone there is nobody left to tell.
                    let _ = writeln!(stdout(), "{}: {} bytes", escape(path), thousands(*size));
                }
                if let Some(untrusted) = &carried.untrusted {
                    let _ = writeln!(stdout(), "to load it: {}", skops::load_line(&output, untrusted));
                }
                End { exit: Exit::Success, carried, outputs, error: None }
            }
            Err(error) => {
                let exit = place::trouble(&output, &error);
                let lost = self.args.strict && !carried.lost.is_empty();
                let exit = if lost { Exit::Incomplete } else { exit };
                End { exit, carried, outputs: Vec::new(), error: Some(error.to_string()) }
            }
        }
    }

    fn open(&self) -> Result<Opened<'_>> {
        let bytes = self.source.bytes();
        let all = inspect::open_all(bytes, self.limits).ok().filter(|all| convert::is_of_members(self.format, all));
        if let Some(mut all) = all {
            all.contents.iter_mut().for_each(|contents| contents.stand_in(self.source, self.limits));
            return Ok(Opened::Members(all));
        }
        let mut contents = inspect::open(bytes, self.limits)?;
        if contents.is_described() {
            let message = "convert wrote it of another file, and nobody has judged what it says; convert that file, or take the \
                arrays alone: depickle extract";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        contents.stand_in(self.source, self.limits);
        Ok(Opened::One(Box::new(contents)))
    }

    fn write(&self, opened: &mut Opened<'_>, carried: &mut Carried, outputs: &mut Vec<Output>) -> io::Result<()> {
        let contents = match opened {
            Opened::One(contents) => &mut **contents,
            Opened::Members(all) => {
                let total = Self::total(self.format, &mut all.contents);
                return self.file((&self.args.output, self.format), total, outputs, |out, _| {
                    convert::write_members(out, self.format, all, carried)?;
                    self.hold(carried)
                });
            }
        };
        let names = match &self.beside {
            Some(_) => convert::names(contents).into_iter().collect(),
            None => HashMap::new(),
        };
        let elements = match self.args.arrays {
            Some(ArraysArg::List) => Elements::Numbers,
            Some(ArraysArg::Npz) => Elements::Named { field: "npz", names: &names },
            Some(ArraysArg::Base64) | None => Elements::Base64,
        };
        let total = Self::total(self.format, std::slice::from_mut(contents));
        self.file((&self.args.output, self.format), total, outputs, |out, outputs| {
            convert::write(out, self.format, elements, contents, carried)?;
            self.hold(carried)?;
            let Some(beside) = &self.beside else { return Ok(()) };
            let total = Self::total(Format::Npz, std::slice::from_mut(contents));
            self.file((beside, Format::Npz), total, outputs, |out, _| {
                // What an .npz has no place for stands in the .json.
                let mut arrays = Carried::default();
                convert::write(out, Format::Npz, Elements::Base64, contents, &mut arrays)?;
                carried.arrays = arrays.arrays;
                Ok(())
            })
        })
    }

    /// How many bytes there are to write, for who looks on; `None` where that is not known before.
    fn total(format: Format, contents: &mut [Contents<'_>]) -> Option<u64> {
        let is_known = matches!(format, Format::Npz | Format::Safetensors);
        (is_known && progress::is_shown()).then(|| convert::nbytes(format, contents))
    }

    /// Refuses to go on where something is lost that should not be.
    fn hold(&self, carried: &Carried) -> io::Result<()> {
        if self.args.strict && !carried.lost.is_empty() {
            return Err(io::Error::other("not everything can be carried, and --strict was given"));
        }
        Ok(())
    }

    /// Writes one file, counted, and hashed where somebody asks for it.
    fn file(
        &self,
        (path, format): (&Path, Format),
        total: Option<u64>,
        outputs: &mut Vec<Output>,
        write: impl FnOnce(&mut dyn Write, &mut Vec<Output>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut about = (0, None);
        let mut progress = Progress::new(&display_name(path), total);
        self.place.write(path, |out| {
            let mut sink = Sink::new(out, &mut progress, self.args.report.is_some());
            write(&mut sink, outputs)?;
            if self.source.changed() {
                return Err(io::Error::other("the input was written to while it was read"));
            }
            about = sink.about();
            Ok(())
        })?;
        let (size, hash) = about;
        let sha256 = hash.map(|hash| hex(&hash.finalize())).unwrap_or_default();
        outputs.insert(0, Output { path: display_name(path), format, size, sha256 });
        Ok(())
    }

    fn report(&self, path: &Path, judged: &FileReport, end: End) -> Exit {
        let written = |output: &Output| Written {
            path: output.path.clone(),
            format: output.format.name().to_owned(),
            size: output.size,
            sha256: output.sha256.clone(),
        };
        let conversion = Conversion {
            tool: &self.loaded.tool(std::slice::from_ref(judged)),
            input: Written {
                path: self.name.to_owned(),
                format: judged.format.clone(),
                size: self.source.bytes().len() as u64,
                sha256: hex(&self.source.sha256()),
            },
            verdict: judged.verdict(),
            allowed: &self.args.allow,
            outputs: end.outputs.iter().map(written).collect(),
            carried: &end.carried,
            error: end.error.as_deref(),
        };
        match self.place.write(path, |out| report::write(out, &conversion)) {
            Ok(()) => end.exit,
            Err(error) => place::trouble(&display_name(path), &error),
        }
    }
}

/// Names what was not carried.
fn tell(lost: &Lost, reported: bool) {
    for loss in lost.first().iter().take(TOLD) {
        message::line(&format!("not carried: {}: {}", loss.path, loss.why));
    }
    let more = lost.count().saturating_sub(TOLD as u64);
    if more > 0 {
        let where_to = if reported { "the report has them" } else { "--report FILE writes them down" };
        message::line(&format!("not carried: {} more; {where_to}", thousands(more)));
    }
}
