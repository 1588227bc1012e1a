//! Reports of findings made by hand, in every format.

use crate::fixtures::{call, clean, every_kind, file};
use depickle::finding::{Companion, DirectoryReport};
use depickle::report::{Detail, Report, Screen, human, json};
use insta::assert_snapshot;

fn as_human(report: &Report, detail: Detail) -> String {
    let mut out = Vec::new();
    human(&mut out, report, &Screen::plain(detail)).unwrap();
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
    let report = Report::default();
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
    let report = Report { files: vec![file], directories, ..Report::default() };
    for written in [as_human(&report, Detail::Verbose), as_json(&report)] {
        assert!(written.chars().all(|char| matches!(char, ' '..='~' | '\n')), "{written}");
    }
    let parsed: serde_json::Value = serde_json::from_str(&as_json(&report)).unwrap();
    assert_eq!(parsed["files"][0]["path"], hostile);
    let lines = as_human(&report, Detail::Verbose);
    assert!(lines.contains(r"\u{1b}]0;x\u{7}\u{202e}\u{200b}\u{9b}\r\n"), "{lines}");
}

#[test]
fn a_hint_is_given_once_below_the_last_finding_that_it_is_good_for() {
    let text = as_human(&every_kind(), Detail::Normal);
    let lines: Vec<&str> = text.lines().collect();
    let hints: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.contains("A way out.")).map(|it| it.0).collect();
    assert_eq!(hints.len(), 1, "{text}");
    assert!(lines[hints[0]..].iter().all(|line| !line.contains("trailing-bytes")), "{text}");
}

#[test]
fn text_is_wrapped_where_the_screen_ends() {
    let mut report = clean();
    report.files[0].findings = vec![call()];
    for width in [10, 40, 60, 200] {
        let mut out = Vec::new();
        human(&mut out, &report, &Screen { width: Some(width), ..Screen::plain(Detail::Everything) }).unwrap();
        let text = String::from_utf8(out).unwrap();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&text), words(&as_human(&report, Detail::Everything)));
        let most = width.max(40);
        assert!(text.lines().all(|line| line.len() <= most || !line.trim().contains(' ')), "{width}: {text}");
    }
}
