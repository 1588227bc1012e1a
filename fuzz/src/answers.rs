//! What is answered: verdicts, reports, listings, arrays.

use crate::bounded;
use depickle::audit;
use depickle::convert::skops;
use depickle::finding::{Completeness, FileReport, Finding, Verdict};
use depickle::input::Source;
use depickle::inspect::{self, Cuts, Outline, disasm, graph, open, tree};
use depickle::inspect::{Arrays, Bytes};
use depickle::model::tree::Tree;
use depickle::policy::Policy;
use depickle::report::{self, Detail, Report, Screen};
use std::io::{self, Cursor, Write};

/// Work in proportion to the bytes, one answer for one file, and no clean file that was not read whole.
pub(crate) fn scan(data: &[u8]) {
    let report = scanned(data);
    assert_eq!(report, scanned(data));
    if report.verdict() == Verdict::Clean {
        assert_eq!(report.completeness, Completeness::Full, "{report:#?}");
    }
    // What inflates may need more work than the file has bytes.
    if !report.format.contains('+') {
        let spent = |finding: &Finding| finding.rule == "limit-reached" && !finding.message.contains("too deep");
        assert!(!report.findings.iter().any(spent), "{report:#?}");
    }
    let report = Report { files: vec![report], ..Report::default() };
    let mut text = Vec::new();
    report::json(&mut text, &report).expect("a vector takes everything");
    assert!(text.is_ascii());
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).expect("what is written is JSON");
}

fn scanned(data: &[u8]) -> FileReport {
    audit::scan(&Source::from_bytes("fuzz.pkl", data), &Policy::builtin(), &bounded(data.len()))
}

/// A writer of reports, and whether it writes JSON.
type Writer = (fn(&mut dyn Write, &Report) -> io::Result<()>, bool);

const WRITERS: &[Writer] = &[
    (|out, report| report::human(out, report, &Screen::plain(Detail::Everything)), false),
    (report::json, true),
    (report::sarif, true),
    (report::gitlab, true),
    (report::cyclonedx, true),
    (report::ndjson, false),
    (report::junit, false),
    (report::github, false),
    (report::markdown, false),
    (report::html, false),
];

/// Every report of anything can be written: text without control characters, JSON that can be read.
pub(crate) fn reports(data: &[u8]) {
    let limits = bounded(data.len());
    let mut file = scanned(data);
    file.glance = Some(inspect::glance(data, &limits, 200, 50));
    let report = Report { files: vec![file], ..Report::default() };
    for (number, (write, is_json)) in WRITERS.iter().enumerate() {
        let mut out = Vec::new();
        write(&mut out, &report).expect("a vector takes everything");
        let text = String::from_utf8(out).expect("a report is text");
        assert!(
            !text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\t')),
            "{number}: a control character"
        );
        if *is_json {
            serde_json::from_str::<serde::de::IgnoredAny>(&text).expect("what is written is JSON");
        }
    }
}

/// Everything that a file holds can be shown, in lines that a terminal can take.
pub(crate) fn inspect(data: &[u8]) {
    let Ok(mut contents) = open(data, &bounded(data.len())) else { return };
    let mut text = Vec::new();
    disasm::human(&mut text, &contents, false).expect("a vector takes everything");
    let outline = Outline::new(&mut contents);
    for root in outline.roots() {
        if let Some(node) = root.node {
            let cuts = Cuts { depth: 7, long: true };
            tree::write(&mut text, &outline, ("root", node), cuts).expect("a vector takes everything");
        }
    }
    graph::dot(&mut text, &outline, &[], false).expect("a vector takes everything");
    let text = String::from_utf8(text).expect("what is shown is text");
    assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "a control character is shown");
}

/// Every array that is listed can be written as `.npy`, or it is said why not; what is written has a header that says
/// how much follows.
pub(crate) fn arrays(data: &[u8]) {
    let Ok(mut contents) = open(data, &bounded(data.len())) else { return };
    let outline = Outline::new(&mut contents);
    let arrays = Arrays::new(&outline);
    let mut elements = Bytes::new(&outline);
    for array in arrays.iter().take(50) {
        let mut out = Vec::new();
        let written = elements.npy(&array, &mut |bytes| {
            out.extend_from_slice(bytes);
            Ok(())
        });
        if written.is_ok() {
            let header = depickle::container::NpyHeader::parse(&out).expect("what is written can be read");
            assert_eq!(header.nbytes(), Some((out.len() - header.data_offset) as u64));
        }
    }
}

/// The typed tree of what is listed; what is written of it for skops is an archive that another reader can list.
pub(crate) fn skops(data: &[u8]) {
    let Ok(mut contents) = open(data, &bounded(data.len())) else { return };
    let outline = Outline::new(&mut contents);
    let Ok(tree) = Tree::new(&outline) else { return };
    let Ok(plan) = skops::plan(&tree) else { return };
    let _ = (plan.lost().count(), skops::load_line("model.skops", plan.untrusted()));
    let mut out = Vec::new();
    if plan.write(&mut out).is_ok() {
        let archive = zip::ZipArchive::new(Cursor::new(&out)).expect("what is written is an archive");
        assert!(archive.index_for_name("schema.json").is_some());
    }
}
