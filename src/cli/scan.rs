//! `depickle scan PATH...`: verdicts.

use super::args::{Args, Format, FormatArg, ScanArgs, Unknown};
use super::{Exit, exit, guard, limit, message, progress, style};
use crate::audit;
use crate::error::{Error, Result};
use crate::finding::{
    Class, Completeness, Confidence, DirectoryReport, FileReport, Finding, Level, Location, Severity,
};
use crate::finding::{Verdict, hex};
use crate::input::{Candidate, Skipped, Source, Walk, display_name, walk};
use crate::limits::Limits;
use crate::output;
use crate::policy::Policy;
use crate::report::{self, Detail, Report, Tool};
use crate::rules;
use clap::CommandFactory as _;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufWriter, Write, stdout};

pub(super) const CHECK_PATH: &str = "check the spelling, the current directory and the permissions";

/// Runs the command.
pub(super) fn run(args: &ScanArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else {
        return written("standard output", stdout().write_all(limit::table().as_bytes()), Exit::Success);
    };
    let outputs = match outputs(&args.format) {
        Ok(outputs) if !args.paths.is_empty() => outputs,
        Ok(_) => {
            return misused(clap::error::ErrorKind::MissingRequiredArgument, "no PATH given; `-` is standard input");
        }
        Err(why) => return misused(clap::error::ErrorKind::ArgumentConflict, why),
    };
    let found = walk(&args.paths);
    if found.files.iter().all(|file| file.named && file.error.is_some()) {
        return nothing_found(args, &found);
    }
    let policy = Policy::builtin();
    let report = scan(args, &found, &limits, |source| audit::scan(source, &policy, &limits));
    write_all(args, &outputs, &report, exit::of(&report, (!args.exit_zero).then(|| Verdict::from(args.fail_on))))
}

/// Where the reports go: what was asked for, and `human` to standard output where nothing else goes there.
fn outputs(asked: &[FormatArg]) -> std::result::Result<Vec<FormatArg>, &'static str> {
    match asked.iter().filter(|output| output.file.is_none()).count() {
        0 => {
            let human = FormatArg { format: Format::Human, file: None };
            Ok(std::iter::once(human).chain(asked.iter().cloned()).collect())
        }
        1 => Ok(asked.to_vec()),
        _ => Err("two formats for standard output; give one of them a file: --format FMT=FILE"),
    }
}

fn misused(kind: clap::error::ErrorKind, why: &str) -> Exit {
    let mut command = Args::command();
    command.build();
    let error = command.find_subcommand_mut("scan").map(|scan| scan.error(kind, why));
    error.map_or(Exit::Trouble, |error| message::usage(&error))
}

/// Not one file to read: that is more likely a mistake in the command than a clean bill.
fn nothing_found(args: &ScanArgs, found: &Walk) -> Exit {
    for file in &found.files {
        let what = file.error.as_ref().map_or("", Error::message);
        message::error(&display_name(&file.path), what, CHECK_PATH);
    }
    if found.files.is_empty() {
        let names: Vec<_> = args.paths.iter().map(|path| display_name(path)).collect();
        message::error(&names.join(" "), "no file found", "name files, or directories that hold some");
    }
    Exit::Trouble
}

/// Scans in parallel; the order of the report is that of `found`.
fn scan(args: &ScanArgs, found: &Walk, limits: &Limits, judge: impl Fn(&Source<'_>) -> FileReport + Sync) -> Report {
    let bar = progress::bar(found.files.len(), !args.no_progress && !args.quiet);
    let one = |file: &Candidate| {
        let report = scan_file(file, limits, args.hash, &judge);
        bar.inc(1);
        (file.named, report)
    };
    let all: Vec<_> = in_parallel(args.jobs, || found.files.par_iter().map(one).collect());
    bar.finish_and_clear();
    let (mut files, mut not_pickle, mut skipped) = (Vec::new(), 0, 0);
    for (named, file) in all {
        // Content that cannot carry a pickle is counted; listed only if it was named, or if anything is to be said of it.
        if !named && file.is_not_pickle() && file.verdict() == Verdict::Clean {
            not_pickle += 1;
        } else if !named && args.unknown == Unknown::Skip && is_unknown(&file) {
            skipped += 1;
        } else {
            files.push(file);
        }
    }
    let paths = found.files.iter().filter(|file| !file.is_stdin()).map(|file| file.path.as_path());
    let mut directories: Vec<_> = found.skipped.iter().map(not_walked).collect();
    directories.extend(audit::directories(paths, limits));
    Report { tool: Tool::builtin(), files, not_pickle, skipped, directories }
}

/// Whether a file is of no known format, and nothing more is to be said of it.
fn is_unknown(file: &FileReport) -> bool {
    let mut findings = file.findings.iter();
    file.error.is_none() && file.format == "unknown" && findings.all(|one| one.rule == rules::unknown_format::RULE.id)
}

/// Runs `work` on `jobs` threads; on those there are if no more can be had.
fn in_parallel<T: Send>(jobs: Option<u16>, work: impl FnOnce() -> T + Send) -> T {
    let threads = jobs.map_or(0, usize::from);
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

fn scan_file(
    file: &Candidate,
    limits: &Limits,
    hash: bool,
    judge: &(impl Fn(&Source<'_>) -> FileReport + Sync),
) -> FileReport {
    let name = display_name(&file.path);
    match open(file, limits) {
        Err(error) => FileReport::unreadable(name, &error),
        Ok(source) => {
            let report = guard::guarded(|| judge(&source));
            let mut report = report.unwrap_or_else(|error| defect(name, &source, &error));
            report.sha256 = hash.then(|| hex(&Sha256::digest(source.bytes())));
            if source.changed() {
                report.completeness = Completeness::Partial;
                report.findings.push(file_changed());
            }
            report
        }
    }
}

fn open(file: &Candidate, limits: &Limits) -> Result<Source<'static>> {
    match &file.error {
        Some(error) => Err(error.clone()),
        None if file.is_stdin() => Source::stdin(limits),
        None => Source::open(&file.path, limits),
    }
}

/// The report of a file at which depickle itself failed.
fn defect(path: String, source: &Source<'_>, error: &Error) -> FileReport {
    let mut report = FileReport::unreadable(path, error);
    report.size = source.bytes().len() as u64;
    report.error = None;
    let message = error.message().to_owned();
    let help = "please report this line and, if you may, the file, as SECURITY.md says";
    report.findings.push(incomplete(
        "internal-error",
        message,
        "depickle failed at this file: nothing is known of it",
        help,
    ));
    report
}

fn file_changed() -> Finding {
    let why = "what was read may never have been one file";
    incomplete("file-changed", "the file was written to while it was read".to_owned(), why, "scan a copy of it")
}

fn not_walked(skipped: &Skipped) -> DirectoryReport {
    let (level, message, why) = if skipped.link {
        (Level::Incomplete, "a link to a directory is not followed", "what it leads to was not looked at")
    } else {
        (Level::Note, "a version control store is not walked", "nothing loads models from there")
    };
    let finding = incomplete("not-walked", message.to_owned(), why, "name it on the command line to have it walked");
    DirectoryReport { path: display_name(&skipped.path), findings: vec![Finding { level, ..finding }] }
}

fn incomplete(rule: &'static str, message: String, why: &str, help: &str) -> Finding {
    Finding {
        rule,
        level: Level::Incomplete,
        class: Class::Structure,
        severity: Severity::Info,
        confidence: Confidence::High,
        message,
        why: why.to_owned(),
        help: help.to_owned(),
        symbol: None,
        location: Location::default(),
        loaders: Vec::new(),
        count: 1,
        accepted: None,
    }
}

/// Writes every report asked for; a failure to write is trouble, a reader that went away is not.
fn write_all(args: &ScanArgs, outputs: &[FormatArg], report: &Report, exit: Exit) -> Exit {
    let told = outputs.iter().any(|output| output.file.is_none() && output.format == Format::Human);
    for file in report.files.iter().filter(|file| file.error.is_some() && !told) {
        let what = file.error.as_ref().map_or("", |error| &error.message);
        message::error(&file.path, what, CHECK_PATH);
    }
    outputs.iter().fold(exit, |exit, output| match &output.file {
        Some(path) => {
            let result = output::replace(path, |out| write(args, out, output.format, report, false));
            written(&display_name(path), result, exit)
        }
        None => {
            let mut out = BufWriter::new(stdout().lock());
            let result = write(args, &mut out, output.format, report, args.color.wanted());
            written("standard output", result.and_then(|()| out.flush()), exit)
        }
    })
}

fn write(args: &ScanArgs, out: &mut dyn Write, format: Format, report: &Report, colour: bool) -> io::Result<()> {
    let detail = match (args.quiet, args.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    };
    match format {
        Format::Human if colour => report::human(out, report, detail, &style::paint),
        Format::Human => report::human(out, report, detail, &report::plain),
        Format::Json => report::json(out, report),
    }
}

fn written(place: &str, result: io::Result<()>, exit: Exit) -> Exit {
    match result {
        Ok(()) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        Err(error) => {
            message::error(place, &error.to_string(), "the report could not be written; give it another place");
            Exit::Trouble
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::Command;
    use super::*;
    use clap::Parser as _;
    use std::path::PathBuf;

    fn scanned(jobs: &str, files: &[(&str, bool)], judge: impl Fn(&Source<'_>) -> FileReport + Sync) -> Report {
        scanned_with(&["--jobs", jobs], files, judge)
    }

    fn scanned_with(
        options: &[&str],
        files: &[(&str, bool)],
        judge: impl Fn(&Source<'_>) -> FileReport + Sync,
    ) -> Report {
        let args = Args::try_parse_from([&["depickle", "scan", "x"], options].concat()).unwrap();
        let Command::Scan(args) = args.command else { panic!("another command") };
        let dir = tempfile::tempdir().unwrap();
        let candidate = |(name, named): &(&str, bool)| {
            let path = dir.path().join(name);
            std::fs::write(&path, name).unwrap();
            Candidate { path, named: *named, error: None }
        };
        let found = Walk { files: files.iter().map(candidate).collect(), skipped: Vec::new() };
        scan(&args, &found, &Limits::default(), judge)
    }

    /// Clean, with the content of the file as its format.
    fn clean(source: &Source<'_>) -> FileReport {
        let text = String::from_utf8_lossy(source.bytes()).into_owned();
        let mut report = FileReport::unreadable(text.clone(), &Error::new(crate::error::ErrorKind::Io, ""));
        (report.error, report.completeness, report.format) = (None, crate::finding::Completeness::Full, text);
        report
    }

    #[test]
    fn a_defect_at_one_file_leaves_the_others_alone() {
        guard::install();
        let files = [("a", true), ("bad", true), ("c", true)];
        let report = scanned("2", &files, |source| {
            assert_ne!(source.bytes(), b"bad");
            clean(source)
        });
        let verdicts: Vec<_> = report.files.iter().map(FileReport::verdict).collect();
        assert_eq!(verdicts, [Verdict::Clean, Verdict::Incomplete, Verdict::Clean]);
        let finding = &report.files[1].findings[0];
        assert_eq!(finding.rule, "internal-error");
        assert!(finding.message.starts_with("internal error at src/cli/scan.rs:"), "{}", finding.message);
    }

    #[test]
    fn the_order_is_the_same_at_any_number_of_threads() {
        let names: Vec<String> = (0..50).map(|number| format!("{number:03}")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), true)).collect();
        for jobs in ["1", "3"] {
            let report = scanned(jobs, &files, clean);
            assert_eq!(report.files.iter().map(|file| file.format.clone()).collect::<Vec<_>>(), names);
        }
    }

    #[test]
    fn what_cannot_hold_a_pickle_is_counted_unless_it_was_named_or_is_not_clean() {
        let files =
            [("not-pickle:text", false), ("not-pickle:png", true), ("not-pickle:odd", false), ("pickle", false)];
        let report = scanned("1", &files, |source| {
            let mut report = clean(source);
            if report.format == "not-pickle:odd" {
                report.findings.push(incomplete("odd", String::new(), "", ""));
            }
            report
        });
        let listed: Vec<_> = report.files.iter().map(|file| file.format.as_str()).collect();
        assert_eq!(listed, ["not-pickle:png", "not-pickle:odd", "pickle"]);
        assert_eq!(report.not_pickle, 1);
    }

    #[test]
    fn what_is_unknown_is_skipped_on_demand_unless_it_was_named() {
        let files = [("unknown", false), ("unknown", true), ("pickle", false)];
        for (option, listed) in [("skip", 2), ("incomplete", 3)] {
            let report = scanned_with(&["--unknown", option], &files, |source| {
                let mut report = clean(source);
                if report.format == "unknown" {
                    let unknown =
                        rules::unknown_format::RULE.finding(Level::Incomplete, String::new(), Location::default());
                    report.findings.push(unknown);
                }
                report
            });
            assert_eq!((report.files.len(), report.skipped), (listed, 3 - listed as u64));
        }
    }

    #[test]
    fn human_goes_to_standard_output_where_nothing_else_does() {
        let json = |file: Option<&str>| FormatArg { format: Format::Json, file: file.map(PathBuf::from) };
        assert_eq!(outputs(&[json(Some("a"))]).unwrap().len(), 2);
        assert_eq!(outputs(&[json(None), json(Some("a"))]).unwrap().len(), 2);
        assert!(outputs(&[json(None), json(None)]).is_err());
    }
}
