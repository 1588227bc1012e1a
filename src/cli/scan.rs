//! `depickle scan PATH...`: verdicts.

use super::accepted::Accepting;
use super::args::{Args, Format, FormatArg, ScanArgs, Unknown};
use super::cache::Cache;
use super::gather::{Gathered, Told};
use super::outputs::{is_stream, outputs, write_all, written};
use super::policy_file::{self, Loaded};
use super::{Exit, exit, guard, limit, message, progress};
use crate::audit;
use crate::error::{Error, Result};
use crate::finding::{Completeness, DirectoryReport, FileReport, Finding, Level, Location, hex};
use crate::input::{Candidate, Filter, Skipped, Source, Unfollowed, Walk, display_name, paths_in, walk};
use crate::inspect;
use crate::limits::Limits;
use crate::report::Report;
use crate::rules::{self, Rule};
use clap::CommandFactory as _;
use rayon::prelude::*;
use std::io::{Write as _, stdout};
use std::sync::Arc;
use std::time::Duration;

pub(super) const CHECK_PATH: &str = "check the spelling, the current directory and the permissions";

/// Runs the command.
pub(super) fn run(args: &ScanArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else {
        return written("standard output", stdout().write_all(limit::table().as_bytes()), Exit::Success);
    };
    let limits = if args.deep { limits.deep() } else { limits };
    let limits = match args.timeout {
        Some(seconds) => limits.within(Duration::from_secs(seconds.into())),
        None => limits,
    };
    let outputs = match outputs(&args.format) {
        Ok(outputs) if !args.paths.is_empty() || args.files_from.is_some() => outputs,
        Ok(_) => {
            return misused(clap::error::ErrorKind::MissingRequiredArgument, "no PATH given; `-` is standard input");
        }
        Err(why) => return misused(clap::error::ErrorKind::ArgumentConflict, why),
    };
    // What is kept in a cache serves every format.
    let tells_facts = args.cache.is_some() || outputs.iter().any(|output| output.format.tells_facts());
    let limits = if tells_facts { limits } else { limits.without_facts() };
    let (loaded, accepting) = match rules_in_force(args) {
        Ok(rules) => rules,
        Err(exit) => return exit,
    };
    let found = match found(args, &limits) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    if found.files.iter().all(|file| file.named && file.error.is_some()) {
        return nothing_found(args, &found);
    }
    let report = Report {
        tool: loaded.tool(&[]),
        left_out: found.left_out,
        directories: directories(&found, &limits),
        gate: args.fail_on.into(),
        ..Report::default()
    };
    let gathered = Arc::new(Gathered::new(
        report,
        outputs.iter().any(|output| is_stream(args, output)),
        args.unknown == Unknown::Skip,
    ));
    end_when_interrupted(args, &outputs, found.files.len(), &gathered);
    let (judge, policy) = (if args.why { audit::scan_with_grounds } else { audit::scan }, &loaded.policy);
    let cache = match args.cache.as_deref().map(|dir| Cache::open(dir, &loaded, &limits, args, accepting.today)) {
        Some(Err(exit)) => return exit,
        Some(Ok(cache)) => Some(cache),
        None => None,
    };
    scan(args, &found, &limits, &accepting, &gathered, |source| {
        let report = || judge(source, policy, &limits);
        let mut report = cache.as_ref().map_or_else(report, |cache| cache.report(source, report));
        if args.verbose == 0 {
            report.regions.clear();
        }
        FileReport { gate: policy.fail_on(source.name()), ..report }
    });
    match gathered.finish() {
        Some((mut report, told)) => {
            report.tool = loaded.tool(&report.files);
            let stale = accepting.stale(args, &report.files);
            report.baseline = args.baseline.read.is_some().then(|| (accepting.name().to_owned(), stale));
            if accepting.write(&args.baseline, &mut report.files) != Exit::Success {
                return Exit::Trouble;
            }
            let exit = exit::of(&report, (!args.exit_zero).then_some(report.gate));
            tell(args, &outputs, &report, told, exit)
        }
        // The process is about to end, once what was known before is told.
        None => loop {
            std::thread::park();
        },
    }
}

/// What is to be said of directories: those that were not walked, and what lies in the others.
fn directories(found: &Walk, limits: &Limits) -> Vec<DirectoryReport> {
    let paths = found.files.iter().filter(|file| !file.is_stdin()).map(|file| file.path.as_path());
    let mut directories: Vec<_> = found.skipped.iter().map(not_walked).collect();
    directories.extend(audit::directories(paths, limits));
    directories
}

/// What judges: the policy, and what was accepted before. What is wrong with either was said where this fails.
fn rules_in_force(args: &ScanArgs) -> std::result::Result<(Loaded, Accepting), Exit> {
    let loaded = policy_file::load(&args.policy)?;
    let today = args.policy.today()?;
    Ok((loaded, Accepting::new(&args.baseline, today)?))
}

/// The files to scan. What is wrong with the arguments was said where this fails.
fn found(args: &ScanArgs, limits: &Limits) -> std::result::Result<Walk, Exit> {
    let filter = Filter::new(&args.include, &args.exclude).map_err(|error| {
        message::error("--include, --exclude", error.message(), "globs are written as in .gitignore: *.pkl, old/**");
        Exit::Trouble
    })?;
    let mut paths = args.paths.clone();
    if let Some(list) = &args.files_from {
        let listed = paths_in(list, limits);
        paths.extend(listed.map_err(|error| {
            message::error(&display_name(list), error.message(), CHECK_PATH);
            Exit::Trouble
        })?);
    }
    Ok(walk(&paths, &filter))
}

fn tell(args: &ScanArgs, outputs: &[FormatArg], report: &Report, told: Told, exit: Exit) -> Exit {
    written("standard output", told.end(report), write_all(args, outputs, report, exit))
}

/// Has the process tell what is known and end as soon as it is interrupted, whatever the threads that scan are at.
fn end_when_interrupted(args: &ScanArgs, outputs: &[FormatArg], total: usize, gathered: &Arc<Gathered>) {
    let (args, outputs, gathered) = (args.clone(), outputs.to_vec(), Arc::clone(gathered));
    let end = move || {
        if let Some((report, told)) = gathered.interrupt(total) {
            tell(&args, &outputs, &report, told, Exit::Interrupted);
        }
        #[allow(clippy::exit, reason = "threads that read a large file cannot be asked to stop")]
        std::process::exit(Exit::Interrupted as i32);
    };
    // Where no handler can be had, an interruption ends the process as it always does.
    let _ = ctrlc::set_handler(end);
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

/// Rows of the trees of all files of a page, in about.
const ROWS: usize = 40_000;

/// Scans in parallel, in about the order of `found`, and puts what it finds into `gathered`.
fn scan(
    args: &ScanArgs,
    found: &Walk,
    limits: &Limits,
    accepting: &Accepting,
    gathered: &Gathered,
    judge: impl Fn(&Source<'_>) -> FileReport + Sync,
) {
    let bar = progress::bar(found.files.len(), !args.no_progress && !args.quiet);
    // Rows of trees in a page: all files together have to open at once.
    let rows = (ROWS / found.files.len().max(1)).clamp(40, 2000);
    let one = |(number, file): (usize, &Candidate)| {
        let mut report = scan_file(file, limits, args, (rows, accepting), &judge);
        accepting.accept(&mut report);
        gathered.put(number, file.named, report);
        bar.inc(1);
    };
    let files = || found.files.iter().enumerate();
    let threads = args.jobs.map_or(0, usize::from);
    // One file leaves nothing to do for another thread, and starting some takes longer than reading it.
    if threads == 1 || found.files.len() == 1 {
        files().for_each(one);
    } else {
        // A bridge hands files out one by one, so that what is known at any time is nearly all that stands before.
        let work = || files().par_bridge().for_each(one);
        match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
            Ok(pool) => pool.install(work),
            // On those there are if no more can be had.
            Err(_) => work(),
        }
    }
    bar.finish_and_clear();
}

fn scan_file(
    file: &Candidate,
    limits: &Limits,
    args: &ScanArgs,
    (rows, accepting): (usize, &Accepting),
    judge: &(impl Fn(&Source<'_>) -> FileReport + Sync),
) -> FileReport {
    match open(file, limits) {
        Err(error) => FileReport::unreadable(display_name(&file.path), &error),
        Ok(source) => {
            let report = guard::guarded(|| judge(&source));
            let mut report = report.unwrap_or_else(|error| defect(display_name(&file.path), &source, &error));
            let asked = |format| args.format.iter().any(|output| output.format == format);
            let hash = args.hash || asked(Format::Cyclonedx) || accepting.needs_hash(&report.path);
            let known = report.sha256.take();
            report.sha256 = hash.then(|| known.unwrap_or_else(|| hex(&source.sha256())));
            if asked(Format::Html) && !report.is_not_pickle() {
                // A histogram is as much of a page as a few rows.
                let summed = if args.stats { rows / 4 } else { 0 };
                report.glance = guard::guarded(|| inspect::glance(source.bytes(), limits, rows, summed)).ok();
            }
            // Since it was judged.
            if source.changed() && report.findings.iter().all(|finding| finding.rule != rules::file_changed::RULE.id) {
                report.completeness = Completeness::Partial;
                report
                    .findings
                    .push(incomplete(&rules::file_changed::RULE, "the file was written to while it was read"));
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
    report.findings.push(incomplete(&rules::internal_error::RULE, error.message()));
    report
}

fn not_walked(skipped: &Skipped) -> DirectoryReport {
    let (level, message) = match skipped.what {
        Unfollowed::LinkToDirectory => (Level::Incomplete, "a link to a directory is not followed"),
        Unfollowed::LinkOut => (Level::Incomplete, "a link to a file outside of the directory is not followed"),
        Unfollowed::Store => (Level::Note, "a version control store is not walked"),
    };
    let finding = Finding { level, ..incomplete(&rules::not_walked::RULE, message) };
    DirectoryReport { path: display_name(&skipped.path), findings: vec![finding] }
}

fn incomplete(rule: &'static Rule, message: &str) -> Finding {
    rule.finding(Level::Incomplete, message.to_owned(), Location::default())
}

#[cfg(test)]
mod tests {
    use super::super::args::Command;
    use super::*;
    use crate::finding::Verdict;
    use crate::policy::user::Day;
    use clap::Parser as _;

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
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, name).unwrap();
            Candidate { path, named: *named, error: None }
        };
        let found = Walk { files: files.iter().map(candidate).collect(), ..Walk::default() };
        let gathered = Gathered::new(Report::default(), false, args.unknown == Unknown::Skip);
        let accepting = Accepting::new(&args.baseline, Day::FIRST).unwrap();
        scan(&args, &found, &Limits::default(), &accepting, &gathered, judge);
        gathered.finish().unwrap().0
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
                report.findings.push(incomplete(&rules::file_changed::RULE, "odd"));
            }
            report
        });
        let listed: Vec<_> = report.files.iter().map(|file| file.format.as_str()).collect();
        assert_eq!(listed, ["not-pickle:png", "not-pickle:odd", "pickle"]);
        assert_eq!(report.not_pickle, 1);
    }

    #[test]
    fn what_is_unknown_is_skipped_on_demand_unless_it_was_named() {
        let files = [("a/unknown", false), ("unknown", true), ("pickle", false)];
        for (option, listed) in [("skip", 2), ("incomplete", 3)] {
            let report = scanned_with(&["--unknown", option], &files, |source| {
                let mut report = clean(source);
                if report.format.ends_with("unknown") {
                    report.format = "unknown".to_owned();
                    report.findings.push(incomplete(&rules::unknown_format::RULE, ""));
                }
                report
            });
            assert_eq!((report.files.len(), report.skipped), (listed, 3 - listed as u64));
        }
    }
}
