//! What is answered: verdicts, reports, listings, arrays.

use crate::bounded;
use depickle::audit;
use depickle::convert::{self, Carried, Elements, Format, skops};
use depickle::diff;
use depickle::finding::{Completeness, FileReport, Finding, Verdict};
use depickle::input::Source;
use depickle::inspect::{self, Cuts, Outline, disasm, graph, open, tree};
use depickle::inspect::{Arrays, Bytes};
use depickle::limits::Limits;
use depickle::model::check;
use depickle::model::tree::Tree;
use depickle::model::views::{Estimator, json, lightgbm, ubjson};
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

/// What is written as `.json` is JSON, and as `.pkl` plain data of Python.
pub(crate) fn written(data: &[u8]) {
    if let Some(text) = converted(data, Format::Json, Elements::Numbers) {
        // What is ignored is read without recursion, however deep.
        serde_json::from_slice::<serde::de::IgnoredAny>(&text).expect("what is written is JSON");
    }
    if let Some(pickle) = converted(data, Format::Pkl, Elements::Numbers) {
        let report = scanned(&pickle);
        assert_eq!(report.verdict(), Verdict::Clean, "{report:#?}");
        // Protocol 3 has no opcode for a set.
        assert!(report.imports.iter().all(|import| import.module == "builtins"), "{report:#?}");
    }
}

/// What is read of JSON can be written as JSON again.
pub(crate) fn content(data: &[u8]) {
    let Some(mut contents) = open(data, &bounded(data.len())).ok().filter(|contents| contents.format == "json") else {
        return;
    };
    let mut carried = Carried::default();
    // A budget that is spent is no defect.
    let _ = convert::write(&mut io::sink(), Format::Json, Elements::Numbers, &mut contents, &mut carried);
}

/// A file differs in nothing from itself.
pub(crate) fn diff(data: &[u8]) {
    let options = diff::Options { limits: bounded(data.len()), ..diff::Options::default() };
    if let Ok(found) = diff::files(data, data, &options) {
        assert!(found.diff.differences.is_empty(), "{:#?}", found.diff.differences.first());
    }
}

/// What is written as `.npz` and `.safetensors` is clean, and holds the arrays that are said to have been carried.
pub(crate) fn tensors(data: &[u8]) {
    for format in [Format::Npz, Format::Safetensors] {
        let Some(out) = converted(data, format, Elements::Numbers) else { continue };
        let report = audit::scan(&Source::from_bytes("fuzz.out", &out), &Policy::builtin(), &Limits::default());
        assert_eq!((report.verdict(), report.imports.len()), (Verdict::Clean, 0), "{report:#?}");
    }
}

/// A file in another format, if it is clean and can be written in it.
fn converted(data: &[u8], format: Format, elements: Elements<'_>) -> Option<Vec<u8>> {
    if scanned(data).verdict() != Verdict::Clean {
        return None;
    }
    let mut contents = open(data, &bounded(data.len())).ok()?;
    let mut out = Vec::new();
    convert::write(&mut out, format, elements, &mut contents, &mut Carried::default()).ok()?;
    Some(out)
}

/// Every model that is listed can be walked, whatever its numbers say. What the checks found no flaw in has trees in
/// which each row of features comes to a leaf.
pub(crate) fn models(data: &[u8]) {
    let Ok(mut contents) = open(data, &bounded(data.len())) else { return };
    let outline = Outline::new(&mut contents);
    let Ok(tree) = Tree::new(&outline) else { return };
    let report = check::check(&tree);
    let is_sound = report.flaws.is_empty() && report.unread.is_empty();
    let mut payloads = tree.payloads();
    for estimator in Estimator::all(&tree).take(20) {
        let row = vec![0.5; usize::try_from(estimator.n_features_in().unwrap_or(0)).map_or(0, |len| len.min(1000))];
        for branches in estimator.trees().into_iter().take(20) {
            let Ok(nodes) = branches.nodes(&mut payloads) else { continue };
            let leaf = nodes.leaf(&row);
            assert!(!is_sound || row.is_empty() || nodes.is_empty() || leaf.is_some(), "a row without a leaf");
        }
    }
}

/// The models that LightGBM and XGBoost keep in a text and in bytes.
pub(crate) fn boosters(data: &[u8]) {
    let _ = (ubjson(data), json(data));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = lightgbm::Model::read(text);
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
