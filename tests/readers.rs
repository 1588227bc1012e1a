//! What only one reader of the table reaches is in the report, with its name.

use depickle::audit::scan;
use depickle::finding::{FileReport, Verdict};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;

fn report(bytes: &[u8]) -> FileReport {
    scan(&Source::from_bytes("file.pkl", bytes), &Policy::builtin(), &Limits::default())
}

/// The readers that ask for a symbol.
fn askers(report: &FileReport, symbol: &str) -> Vec<&'static str> {
    let rows = report.imports.iter().filter(|row| row.symbol == symbol);
    rows.flat_map(|row| row.loaders.clone()).collect()
}

/// A frame that ends inside a name.
fn cut_name(before: &[u8]) -> Vec<u8> {
    let mut file = [b"\x80\x04", before].concat();
    file.extend(b"\x95\x0c\0\0\0\0\0\0\0cdatetime\nda");
    file.extend(b"te\n.");
    file
}

#[test]
fn a_file_without_peek_loses_what_an_argument_leaves_of_its_frame() {
    let report = report(&cut_name(b""));
    assert_eq!(askers(&report, "datetime.te"), ["pickle.load[unbuffered]"]);
    assert!(askers(&report, "datetime.date").contains(&"pickle.load"));
    assert!(report.verdict() >= Verdict::Suspicious);
}

#[test]
fn a_file_whose_buffer_ends_inside_a_frame_loses_as_much() {
    // Behind 4085 bytes the frame begins in one buffer of 4096 bytes and ends in the next; one of 8192 holds it.
    let filler = [b"B".as_slice(), &4077_u32.to_le_bytes(), &[b'x'; 4077], b"0"].concat();
    let mut file = cut_name(&filler);
    file.extend(vec![0; 500]);
    let report = report(&file);
    assert_eq!(askers(&report, "datetime.te"), ["pickle.load[unbuffered]", "pickle.load[buffered]"]);
}

#[test]
fn behind_stop_inside_a_frame_readers_go_on_at_two_places() {
    let file = b"\x80\x04\x95\x12\0\0\0\0\0\0\0N.cdatetime\ndate\n.cdatetime\ntime\n.";
    let report = report(file);
    assert!(askers(&report, "datetime.date").contains(&"pickle.load"));
    assert!(askers(&report, "datetime.time").contains(&"pickle.load[unbuffered]"));
    assert!(report.verdict() >= Verdict::Suspicious);
}

#[test]
fn a_number_that_is_octal_to_some_is_suspicious() {
    let report = report(b"I010\n.");
    assert_eq!(report.verdict(), Verdict::Suspicious);
    let finding = report.findings.iter().find(|finding| finding.loaders.contains(&"pickle.load[3.14]"));
    assert!(finding.is_some_and(|finding| finding.rule == "loader-divergence"), "{:?}", report.findings);
}

#[test]
fn what_only_python_314_reaches_is_in_the_report() {
    let report = report(b"I08\n0cos\nsystem\n(S'id'\ntR.");
    assert_eq!(report.verdict(), Verdict::Dangerous);
    assert_eq!(askers(&report, "os.system"), ["pickle.load[3.14]", "joblib.load[3.14]"]);
}

#[test]
fn a_name_that_depends_on_the_encoding_is_never_clean() {
    // Text as latin-1, other text as UTF-8, bytes or nothing otherwise.
    let report = report(b"\x80\x02U\x08builtinsU\x04\xc3\xa9ab\x93.");
    assert!(report.verdict() >= Verdict::Suspicious, "{:?}", report.findings);
}

#[test]
fn an_honest_file_is_read_by_two_readers_that_agree() {
    let report = report(b"\x80\x04\x95\x05\0\0\0\0\0\0\0]K\x0aa.");
    assert_eq!(report.verdict(), Verdict::Clean);
    let names: Vec<_> = report.loaders.iter().map(|loader| loader.name).collect();
    assert_eq!(names, ["pickle.load", "joblib.load"]);
}
