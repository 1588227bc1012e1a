//! The acceptance run over a corpus: what the real libraries wrote is clean and full, what holds `os.system` is
//! dangerous and names it.

use crate::{Fallible, Outcome};
use depickle::audit;
use depickle::finding::{Completeness, FileReport, Level, Verdict};
use depickle::input::{Filter, Source, walk};
use depickle::limits::Limits;
use depickle::policy::Policy;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What `os.system` is called in a file that pickled it on Linux.
const SYSTEM: &str = "posix.system";
/// How many groups of files are printed.
const SHOWN: usize = 40;

/// Files that fail for the same reason.
#[derive(Default)]
struct Group {
    count: usize,
    example: String,
}

/// Scans the files of the directories after `--clean` and `--dangerous`, and prints those that are judged otherwise,
/// grouped by reason.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let mut good = true;
    let mut rest = arguments;
    while let [option, directory, tail @ ..] = rest {
        let complaint = match option.as_str() {
            "--clean" => not_clean,
            "--dangerous" => not_dangerous,
            _ => return Err(usage()),
        };
        good &= directory_holds(directory, complaint)?;
        rest = tail;
    }
    if arguments.is_empty() || !rest.is_empty() { Err(usage()) } else { Ok(good) }
}

fn usage() -> Box<dyn std::error::Error + Send + Sync> {
    "usage: cargo xtask corpus [--clean DIRECTORY]... [--dangerous DIRECTORY]...".into()
}

/// Whether no file of the directory has a complaint.
fn directory_holds(directory: &str, complaint: fn(&FileReport) -> Option<String>) -> Fallible<bool> {
    let (policy, limits) = (Policy::builtin(), Limits::default());
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let (mut files, mut failed) = (0_usize, 0_usize);
    for candidate in walk(&[PathBuf::from(directory)], &Filter::all()).files {
        let report = audit::scan(&Source::open(&candidate.path, &limits)?, &policy, &limits);
        if report.is_not_pickle() {
            continue;
        }
        files += 1;
        let Some(reason) = complaint(&report) else { continue };
        failed += 1;
        let group = groups.entry(reason).or_default();
        group.count += 1;
        if group.example.is_empty() {
            group.example = report.path;
        }
    }
    println!("{directory}: {files} files, {failed} not as they should be");
    let mut sorted: Vec<_> = groups.into_iter().collect();
    sorted.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
    for (reason, group) in sorted.iter().take(SHOWN) {
        println!("{:6}  {reason}\n        {}", group.count, group.example);
    }
    if files == 0 { Err(format!("{directory} holds no pickles").into()) } else { Ok(failed == 0) }
}

/// Why a file of the real libraries is not called clean and full.
fn not_clean(report: &FileReport) -> Option<String> {
    let fine = report.verdict() == Verdict::Clean && report.completeness == Completeness::Full;
    (!fine).then(|| worst(report))
}

/// Why a file that holds a call of `os.system` is not called dangerous for it.
fn not_dangerous(report: &FileReport) -> Option<String> {
    let named = report.findings.iter().any(|finding| {
        finding.level == Level::Dangerous
            && (finding.symbol.as_deref() == Some(SYSTEM) || finding.message.contains(SYSTEM))
    });
    (report.verdict() != Verdict::Dangerous || !named).then(|| worst(report))
}

/// The verdict and the worst finding, without what differs from file to file.
fn worst(report: &FileReport) -> String {
    let verdict = report.verdict().name();
    let Some(finding) = report.findings.iter().find(|finding| finding.level != Level::Note) else {
        return format!("{verdict}, {}", report.completeness.name());
    };
    format!("{verdict}: {}: {}", finding.rule, finding.message)
}
