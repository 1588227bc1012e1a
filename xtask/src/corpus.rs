//! The acceptance run over a corpus: what the real libraries wrote is clean and full, what holds `os.system` is
//! dangerous and names it.

use crate::{Fallible, Outcome};
use depickle::audit;
use depickle::finding::{Completeness, FileReport, Level, Verdict};
use depickle::input::{Filter, Source, walk};
use depickle::limits::Limits;
use depickle::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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

/// One directory of the corpus: a row of `docs/corpus.md`.
struct Row {
    name: String,
    versions: String,
    distinct: Option<usize>,
    files: usize,
    alarms: usize,
}

/// Scans the files of the directories after `--clean` and `--dangerous`, and prints those that are judged otherwise,
/// grouped by reason.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let mut rows = Vec::new();
    let mut rest = arguments;
    while let [option, directory, tail @ ..] = rest {
        let complaint = match option.as_str() {
            "--clean" => not_clean,
            "--dangerous" => not_dangerous,
            _ => return Err(usage()),
        };
        rows.push(judged(directory, complaint)?);
        rest = tail;
    }
    if rows.is_empty() || !rest.is_empty() {
        return Err(usage());
    }
    print_table(&rows);
    Ok(rows.iter().all(|row| row.alarms == 0))
}

/// The rows as Markdown.
fn print_table(rows: &[Row]) {
    println!("\n| environment | distinct | files | alarms | versions |\n|---|---|---|---|---|");
    for row in rows {
        let distinct = row.distinct.map_or_else(|| "-".to_owned(), |count| count.to_string());
        println!("| {} | {distinct} | {} | {} | {} |", row.name, row.files, row.alarms, row.versions);
    }
    let distinct: usize = rows.iter().filter_map(|row| row.distinct).sum();
    let (files, alarms) = rows.iter().fold((0, 0), |(files, alarms), row| (files + row.files, alarms + row.alarms));
    println!("| together | {distinct} | {files} | {alarms} | |");
}

/// Versions, and the number of distinct (class, protocol, container), as the manifest of a directory says.
fn manifest(directory: &Path) -> Fallible<(String, Option<usize>)> {
    let path = directory.join("manifest.json");
    if !path.exists() {
        return Ok((String::new(), None));
    }
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let pin = |(name, version): (&String, &serde_json::Value)| format!("{name} {}", version.as_str().unwrap_or("?"));
    let versions: Vec<String> = read["environment"].as_object().into_iter().flatten().map(pin).collect();
    let key = |file: &serde_json::Value| ["class", "protocol", "container"].map(|part| file[part].to_string());
    let distinct: BTreeSet<_> = read["files"].as_array().into_iter().flatten().map(key).collect();
    Ok((versions.join(", "), Some(distinct.len())))
}

fn usage() -> Box<dyn std::error::Error + Send + Sync> {
    "usage: cargo xtask corpus [--clean DIRECTORY]... [--dangerous DIRECTORY]...".into()
}

/// Judges every file of a directory, and prints the complaints.
fn judged(directory: &str, complaint: fn(&FileReport) -> Option<String>) -> Fallible<Row> {
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
    if files == 0 {
        return Err(format!("{directory} holds no pickles").into());
    }
    let (versions, distinct) = manifest(Path::new(directory))?;
    let name = Path::new(directory).file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(Row { name: name.unwrap_or_default(), versions, distinct, files, alarms: failed })
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
