//! Gates: what passes, what fails, what was accepted; and which files are looked at.

use crate::support::{Scene, depickle};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

const HARMLESS: &[u8] = b"N.";
/// A class that no policy knows.
const UNLISTED: &[u8] = b"\x80\x02cours.models\nModel\n)\x81.";
const MALICIOUS: &[u8] = b"cos\nsystem\n(S''\ntR.";

fn code(scene: &Scene, line: &str) -> i32 {
    scene.run_with(line, &[("SOURCE_DATE_EPOCH", "1767225600")], b"").status.code().unwrap()
}

fn json(scene: &Scene, line: &str) -> Value {
    serde_json::from_slice(&scene.run_with(&format!("{line} --format json"), &[], b"").stdout).unwrap()
}

fn paths(report: &Value) -> Vec<&str> {
    report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect()
}

#[test]
fn a_baseline_accepts_what_was_there_and_nothing_more() {
    let scene = Scene::new(&[("m/a.pkl", UNLISTED), ("m/b.pkl", MALICIOUS), ("m/c.pkl", HARMLESS)]);
    assert_eq!(code(&scene, "scan m"), 1);
    assert_eq!(code(&scene, "scan m --write-baseline ok.json"), 2, "a reason is due");
    assert_eq!(code(&scene, "scan m --write-baseline ok.json --reason reviewed --expires 2026-01-31"), 0);
    assert_eq!(code(&scene, "scan m --baseline ok.json"), 0);
    assert_eq!(code(&scene, "scan ./m --baseline ok.json"), 0);
    assert_eq!(code(&scene, "scan m/a.pkl --baseline ok.json"), 0);

    let expired = scene.run_with("scan m --baseline ok.json", &[("SOURCE_DATE_EPOCH", "1769904000")], b"");
    assert_eq!(expired.status.code(), Some(1));
    let stderr = String::from_utf8(expired.stderr).unwrap();
    assert!(stderr.starts_with("note: ok.json: the entry ") && stderr.contains(" has expired\nhelp: "), "{stderr}");

    std::fs::write(scene.path("m/d.pkl"), UNLISTED).unwrap();
    assert_eq!(code(&scene, "scan m --baseline ok.json"), 1, "another file is not accepted");
    std::fs::remove_file(scene.path("m/d.pkl")).unwrap();
    std::fs::write(scene.path("m/b.pkl"), [MALICIOUS, b"\n"].concat()).unwrap();
    assert_eq!(code(&scene, "scan m --baseline ok.json"), 1, "other bytes are not accepted");
    std::fs::remove_file(scene.path("m/b.pkl")).unwrap();
    let report = json(&scene, "scan m --baseline ok.json --fail-on dangerous");
    assert_eq!(report["baseline"]["file"], "ok.json");
    let stale: Vec<_> = report["baseline"]["stale"].as_array().unwrap().iter().map(|it| it["path"].clone()).collect();
    assert!(stale.contains(&Value::from("m/b.pkl")), "{stale:?}");
}

#[test]
fn a_line_for_each_file_has_what_the_same_run_accepts() {
    let scene = Scene::new(&[("m/a.pkl", UNLISTED), ("m/b.pkl", MALICIOUS)]);
    let output = scene.run_with("scan m --format ndjson --write-baseline ok.json --reason reviewed", &[], b"");
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let findings: Vec<&Value> = lines.iter().filter_map(|line| line["findings"].as_array()).flatten().collect();
    assert!(findings.len() >= 2 && findings.iter().all(|it| it["accepted"]["reason"] == "reviewed"), "{findings:?}");
    assert_eq!(lines.last().unwrap()["type"], "summary");
}

#[test]
fn a_baseline_is_written_again_with_what_still_holds() {
    let scene = Scene::new(&[("a.pkl", UNLISTED), ("b.pkl", MALICIOUS)]);
    assert_eq!(code(&scene, "scan a.pkl --baseline ok.json --write-baseline ok.json --reason first"), 0);
    assert_eq!(code(&scene, "scan a.pkl b.pkl --baseline ok.json --write-baseline ok.json --reason second"), 0);
    let text = std::fs::read_to_string(scene.path("ok.json")).unwrap();
    let baseline: Value = serde_json::from_str(&text).unwrap();
    let reasons: Vec<_> = baseline["accepted"].as_array().unwrap().iter().map(|it| it["reason"].clone()).collect();
    // The class is imported and built: two findings of one file, one of the other.
    assert_eq!(reasons, ["first", "first", "second"]);
}

#[test]
fn a_baseline_that_cannot_be_read_is_trouble() {
    let scene = Scene::new(&[("a.pkl", HARMLESS), ("bad.json", b"{}")]);
    assert_eq!(code(&scene, "scan a.pkl --baseline missing.json"), 2);
    assert_eq!(code(&scene, "scan a.pkl --baseline bad.json"), 2);
    assert_eq!(code(&scene, "scan a.pkl --write-baseline b.json --reason x --expires soon"), 2);
}

#[test]
fn what_was_not_analysed_cannot_be_accepted() {
    let scene = Scene::new(&[("cut.pkl", b"\x80\x04}(\x8c\x04rate")]);
    assert_eq!(code(&scene, "scan cut.pkl --write-baseline ok.json --reason x"), 3);
    assert_eq!(code(&scene, "scan cut.pkl --baseline ok.json"), 3);
}

#[test]
fn a_file_for_which_there_is_no_time_is_incomplete() {
    let scene = Scene::new(&[("a.pkl", HARMLESS), ("b.pkl", MALICIOUS)]);
    assert_eq!(code(&scene, "scan a.pkl b.pkl --timeout 0"), 3);
    assert_eq!(code(&scene, "scan a.pkl --timeout 3600"), 0);
    assert_eq!(code(&scene, "scan a.pkl --timeout soon"), 2);
}

#[test]
fn files_come_from_a_list() {
    let scene = Scene::new(&[("a b.pkl", HARMLESS), ("c.pkl", HARMLESS), ("list", b"c.pkl\na b.pkl\n")]);
    assert_eq!(paths(&json(&scene, "scan --files-from list")), ["c.pkl", "a b.pkl"]);
    let output = scene.run_with("scan --files-from - --format json", &[], b"a b.pkl\0c.pkl\0");
    assert_eq!(paths(&serde_json::from_slice(&output.stdout).unwrap()), ["a b.pkl", "c.pkl"]);
    assert_eq!(code(&scene, "scan --files-from missing"), 2);
    assert_eq!(scene.run_with("scan --files-from -", &[], b"").status.code(), Some(2), "no file found");
}

#[test]
fn globs_say_what_is_looked_at_in_directories() {
    let scene = Scene::new(&[("m/a.pkl", HARMLESS), ("m/b.bin", HARMLESS), ("m/old/c.pkl", MALICIOUS)]);
    let report = json(&scene, "scan m --include *.pkl --exclude m/old");
    assert_eq!((paths(&report), &report["summary"]["left_out"]), (vec!["m/a.pkl"], &Value::from(2)));
    assert_eq!(code(&scene, "scan m --exclude old"), 0);
    assert_eq!(code(&scene, "scan m m/old/c.pkl --exclude old"), 1, "what is named is read");
    assert_eq!(code(&scene, "scan m --exclude ["), 2);
    assert_eq!(code(&scene, "scan m --exclude *"), 2, "nothing is left to scan");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_tells_what_it_knows() {
    let scene = Scene::new(&[("a.pkl", MALICIOUS)]);
    let mut child = depickle(&scene.path(""))
        .args(["scan", "a.pkl", "-", "--jobs", "1", "--format", "ndjson", "--format", "human=report.txt"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"type\":\"file\"") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "no line of a file");
    }
    // Standard input stays open: the second file is being read for as long as the process lives.
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest.contains("1 of 2 files were not scanned") && rest.contains("\"type\":\"summary\""), "{rest}");
    let report = std::fs::read_to_string(scene.path("report.txt")).unwrap();
    assert!(report.contains("dangerous   a.pkl") && report.contains("1 of 2 files were not scanned"), "{report}");
}

#[test]
fn the_summary_of_a_step_is_added_to() {
    let scene = Scene::new(&[("a.pkl", MALICIOUS), ("summary.md", b"before\n")]);
    let summary = scene.path("summary.md");
    let output =
        scene.run_with("scan a.pkl --format github", &[("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())], b"");
    assert!(output.stdout.starts_with(b"::error file=a.pkl,line=1,title=depickle dangerous-call::os.system("));
    let text = std::fs::read_to_string(summary).unwrap();
    assert!(text.starts_with("before\n## depickle\n") && text.contains("### dangerous `a.pkl`"), "{text}");
}

#[test]
fn every_format_is_the_same_at_any_number_of_threads() {
    let samples: [&[u8]; 4] = [HARMLESS, UNLISTED, MALICIOUS, b"\x80\x04}(\x8c\x04rate"];
    let files: Vec<(String, &[u8])> =
        (0..60).map(|number| (format!("d/{}/{number}.pkl", number % 7), samples[number % 4])).collect();
    let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let scene = Scene::new(&files);
    for format in ["human", "json", "ndjson", "sarif", "junit", "gitlab", "github", "markdown", "html", "cyclonedx"] {
        let run = |jobs: &str| scene.run_with(&format!("scan d -vv --format {format} --jobs {jobs}"), &[], b"");
        let one = run("1");
        assert!(!one.stdout.is_empty());
        assert_eq!(one, run("2"), "{format}");
    }
}

#[test]
fn completions_and_manual_pages() {
    let scene = Scene::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = scene.run_with(&format!("completions {shell}"), &[], b"");
        assert!(output.status.success() && String::from_utf8(output.stdout).unwrap().contains("--write-baseline"));
    }
    for page in ["man", "man scan"] {
        let output = scene.run_with(page, &[], b"");
        assert!(
            output.status.success() && output.stdout.starts_with(b".ie"),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    assert_eq!(code(&scene, "man nothing"), 2);
}
