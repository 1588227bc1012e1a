//! Reports of findings made by hand, in every format.

use depickle::error::{Error, ErrorKind};
use depickle::finding::{
    Accepted, Class, Companion, Completeness, Confidence, Decision, DirectoryReport, FileReport, Finding, Import,
    Level, LoaderOutcome, Location, Severity, Stream,
};
use depickle::report::{Detail, Report, Tool, human, json, plain};
use insta::assert_snapshot;

fn file(path: &str, format: &str, findings: Vec<Finding>) -> FileReport {
    FileReport {
        path: path.to_owned(),
        size: 1234,
        sha256: None,
        format: format.to_owned(),
        completeness: Completeness::Full,
        loaders: Vec::new(),
        companions: Vec::new(),
        streams: Vec::new(),
        imports: Vec::new(),
        findings,
        facts: depickle::facts::Facts::default(),
        error: None,
    }
}

fn finding(level: Level, rule: &'static str, message: &str) -> Finding {
    Finding {
        rule,
        level,
        class: Class::Structure,
        severity: Severity::Low,
        confidence: Confidence::Medium,
        message: message.to_owned(),
        why: "A reason.".to_owned(),
        help: "A way out.".to_owned(),
        symbol: None,
        location: Location { offset: Some(7), file_offset: Some(7), ..Location::default() },
        loaders: Vec::new(),
        count: 1,
        accepted: None,
    }
}

fn call() -> Finding {
    Finding {
        class: Class::Code,
        severity: Severity::Critical,
        confidence: Confidence::High,
        symbol: Some("posix.system".to_owned()),
        location: Location {
            member: "data.pkl".to_owned(),
            stream: 1,
            offset: Some(34),
            file_offset: Some(134),
            length: Some(1),
            object_path: Some("root.steps[1][1].func".to_owned()),
        },
        loaders: vec!["pickle.load", "joblib.load"],
        count: 3,
        why: "Runs a command of the shell.".to_owned(),
        help: "Do not load this file.".to_owned(),
        ..finding(Level::Dangerous, "dangerous-call", "loading calls posix.system('')")
    }
}

/// One file of every kind, in an order that is not that of the report.
fn every_kind() -> Report {
    let accepted =
        Accepted { by: "depickle.toml".to_owned(), reason: "ours".to_owned(), expires: Some("2027-01-31".to_owned()) };
    let accepted =
        Finding { accepted: Some(accepted), ..finding(Level::Suspicious, "unlisted-import", "imports ours.Model") };
    let mut bad = file(
        "d/evil.joblib",
        "joblib+zlib",
        vec![call(), finding(Level::Suspicious, "trailing-bytes", "5 bytes follow")],
    );
    bad.loaders = vec![
        LoaderOutcome { name: "joblib.load", loads: true, offset: None },
        LoaderOutcome { name: "pickle.load", loads: false, offset: Some(99) },
    ];
    bad.companions = vec![Companion { path: "evil_01.npy".to_owned(), size: 80, sha256: "00ff".to_owned() }];
    let at = Location { offset: Some(0), length: Some(40), ..Location::default() };
    bad.streams = vec![Stream { location: at.clone(), protocol: 4, opcodes: 11 }];
    bad.imports = vec![Import {
        module: "os".to_owned(),
        name: "system".to_owned(),
        symbol: "posix.system".to_owned(),
        decision: Decision::Dangerous,
        entry: None,
        uses: vec!["import", "call"],
        loaders: vec!["pickle.load"],
        location: at,
        count: 3,
    }];
    let many =
        (0..12).map(|number| finding(Level::Suspicious, "unlisted-import", &format!("imports m{number}.f"))).collect();
    let mut partial =
        file("d/cut.pkl", "pickle", vec![finding(Level::Incomplete, "truncated", "the file ends in an argument")]);
    partial.completeness = Completeness::Partial;
    Report {
        tool: Tool { version: "0.0.0", ..Tool::builtin() },
        files: vec![
            bad,
            file("d/b.pkl", "pickle", vec![]),
            partial,
            file("d/accepted.pkl", "pickle", vec![accepted]),
            file("d/a.pkl", "pickle", vec![finding(Level::Note, "opaque-native", "a blob for a native parser")]),
            FileReport::unreadable("d/secret.pkl".to_owned(), &Error::new(ErrorKind::Io, "permission denied")),
            file("d/many.pkl", "pickle", many),
        ],
        not_pickle: 2,
        skipped: 0,
        directories: vec![DirectoryReport {
            path: "d/models".to_owned(),
            findings: vec![finding(Level::Incomplete, "not-walked", "a link to a directory is not followed")],
        }],
    }
}

fn clean() -> Report {
    let files = vec![file("a.pkl", "pickle", vec![]), file("b.joblib", "joblib", vec![])];
    Report { tool: Tool::builtin(), files, not_pickle: 0, skipped: 0, directories: vec![] }
}

fn as_human(report: &Report, detail: Detail) -> String {
    let mut out = Vec::new();
    human(&mut out, report, detail, &plain).unwrap();
    String::from_utf8(out).unwrap()
}

fn as_json(report: &Report) -> String {
    let mut out = Vec::new();
    json(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn human_clean() {
    assert_snapshot!(as_human(&clean(), Detail::Normal));
}

#[test]
fn human_normal() {
    assert_snapshot!(as_human(&every_kind(), Detail::Normal));
}

#[test]
fn human_verbose() {
    assert_snapshot!(as_human(&every_kind(), Detail::Verbose));
}

#[test]
fn quiet_says_nothing_of_clean_files() {
    assert_eq!(as_human(&clean(), Detail::Quiet), "");
    let quiet = as_human(&every_kind(), Detail::Quiet);
    assert!(!quiet.contains("clean") && !quiet.contains("files:"), "{quiet}");
    assert!(quiet.contains("dangerous   d/evil.joblib"), "{quiet}");
}

#[test]
fn json_every_kind() {
    let mut report = every_kind();
    report.files.retain(|file| file.path != "d/many.pkl");
    assert_snapshot!(as_json(&report));
}

#[test]
fn json_of_nothing_is_json() {
    let report = Report { tool: Tool::builtin(), files: vec![], not_pickle: 0, skipped: 0, directories: vec![] };
    serde_json::from_str::<serde_json::Value>(&as_json(&report)).unwrap();
}

/// Every text that a file can choose holds characters that steer a terminal.
#[test]
fn nothing_unescaped_leaves() {
    let hostile = "\x1b]0;x\x07\u{202e}\u{200b}\u{9b}\r\n\"\\\u{e4}";
    let text = || hostile.to_owned();
    let mut bad = call();
    (bad.message, bad.why, bad.help) = (text(), text(), text());
    (bad.location.member, bad.location.object_path, bad.symbol) = (text(), Some(text()), Some(text()));
    let mut file = file(hostile, hostile, vec![bad]);
    file.error = Some(depickle::finding::FileError { message: text(), kind: "io" });
    file.companions = vec![Companion { path: text(), size: 0, sha256: String::new() }];
    let directories = vec![DirectoryReport { path: text(), findings: file.findings.clone() }];
    let report = Report { tool: Tool::builtin(), files: vec![file], not_pickle: 0, skipped: 0, directories };
    for written in [as_human(&report, Detail::Verbose), as_json(&report)] {
        assert!(written.chars().all(|char| matches!(char, ' '..='~' | '\n')), "{written}");
    }
    let parsed: serde_json::Value = serde_json::from_str(&as_json(&report)).unwrap();
    assert_eq!(parsed["files"][0]["path"], hostile);
    let lines = as_human(&report, Detail::Verbose);
    assert!(lines.contains(r"\u{1b}]0;x\u{7}\u{202e}\u{200b}\u{9b}\r\n"), "{lines}");
}
