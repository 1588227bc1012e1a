//! What a system does to a program that reads files and writes reports: files that cannot be read or go away, targets
//! that take nothing, readers that leave, signals, no descriptors left, names and kinds of files that nobody expects. The
//! program ends with the right exit code and says what is wrong; nothing that was not read is clean.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

#[path = "cli/support.rs"]
#[allow(dead_code, reason = "made for another test")]
mod support;

use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use support::{Scene, depickle};

const HARMLESS: &[u8] = b"N.";
const MALICIOUS: &[u8] = b"cos\nsystem\n(S''\ntR.";

fn run(scene: &Scene, line: &str) -> Output {
    scene.run_with(line, &[], b"")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What a run ends with whose standard output is `stdout`.
fn into(scene: &Scene, line: &str, stdout: Stdio) -> Output {
    let mut command = depickle(&scene.path(""));
    command.args(line.split_whitespace()).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    command.spawn().unwrap().wait_with_output().unwrap()
}

/// Runs a line of the shell that starts depickle as `"$0"`.
fn shell(scene: &Scene, line: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_depickle")]).current_dir(scene.path("")).env_clear();
    command.stdin(Stdio::null()).output().unwrap()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

// ---- files that are read

/// Reading from the start of a process's memory is an error of the device, also for root.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read_is_an_error_and_the_others_are_scanned() {
    let scene = Scene::new(&[("a.pkl", MALICIOUS), ("b.pkl", HARMLESS)]);
    let alone = run(&scene, "scan /proc/self/mem --format json");
    assert_eq!(code(&alone), Some(2));
    let report: Value = serde_json::from_slice(&alone.stdout).unwrap();
    assert_eq!(
        (&report["files"][0]["error"]["kind"], &report["files"][0]["verdict"]),
        (&"io".into(), &"incomplete".into())
    );
    assert!(stderr(&alone).contains("/proc/self/mem: "), "{}", stderr(&alone));
    assert_eq!(code(&run(&scene, "scan /proc/self/mem b.pkl")), Some(2));
    assert_eq!(code(&run(&scene, "scan /proc/self/mem a.pkl")), Some(1), "a verdict counts for more");
}

#[test]
fn a_file_without_permission_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new(&[("d/a.pkl", HARMLESS), ("d/b.pkl", HARMLESS)]);
    std::fs::set_permissions(scene.path("d/a.pkl"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let expected = if File::open(scene.path("d/a.pkl")).is_ok() { 0 } else { 2 };
    assert_eq!(code(&run(&scene, "scan d")), Some(expected), "root reads everything");
}

/// The list of files is known when the first line is written, and standard input holds the run up.
#[test]
fn a_file_that_vanishes_before_its_turn_is_an_error() {
    let scene = Scene::new(&[("d/a.pkl", HARMLESS), ("d/b.pkl", HARMLESS)]);
    let mut child = depickle(&scene.path(""))
        .args(["scan", "-", "d", "--jobs", "1", "--format", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut all = String::new();
    assert_ne!(lines.read_line(&mut all).unwrap(), 0);
    std::fs::remove_file(scene.path("d/a.pkl")).unwrap();
    drop(child.stdin.take());
    lines.read_to_string(&mut all).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let gone = all.lines().find(|line| line.contains("\"d/a.pkl\"")).unwrap();
    assert!(gone.contains("no such file"), "{gone}");
    assert!(all.lines().any(|line| line.contains("\"d/b.pkl\"") && line.contains("\"clean\"")), "{all}");
}

#[test]
fn pipes_sockets_and_devices_in_a_directory_are_errors_and_not_opened() {
    let scene = Scene::new(&[("d/a.pkl", HARMLESS)]);
    let made = Command::new("mkfifo").arg(scene.path("d/pipe")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(scene.path("d/socket")).unwrap();
    symlink("/dev/zero", scene.path("d/zero")).unwrap();
    let output = run(&scene, "scan d --format json");
    assert_eq!(code(&output), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (number, name) in [(1, "d/pipe"), (2, "d/socket"), (3, "d/zero")] {
        let file = &report["files"][number];
        assert_eq!((&file["path"], &file["verdict"]), (&name.into(), &"incomplete".into()), "{report:#}");
    }
}

#[test]
fn a_device_that_never_ends_is_limited() {
    let scene = Scene::new(&[]);
    let output = run(&scene, "scan /dev/zero --limit retained=64K");
    assert!(matches!(code(&output), Some(2 | 3)), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("--limit retained="));
}

#[test]
fn links_in_a_circle_are_said_and_end() {
    let scene = Scene::new(&[("d/a.pkl", HARMLESS)]);
    symlink("two", scene.path("d/one")).unwrap();
    symlink("one", scene.path("d/two")).unwrap();
    symlink(".", scene.path("d/here")).unwrap();
    symlink("..", scene.path("d/up")).unwrap();
    let output = run(&scene, "scan d --format json");
    assert_eq!(code(&output), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths: Vec<_> = report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["d/a.pkl", "d/one", "d/two"]);
    assert_eq!(report["directories"].as_array().unwrap().len(), 2, "the links to directories: {report:#}");
    assert_eq!(code(&run(&scene, "scan d/one")), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_told_apart_and_escaped() {
    let scene = Scene::new(&[("d/a.pkl", HARMLESS)]);
    for name in [b"d/\xff.pkl".as_slice(), b"d/\xfe.pkl", b"d/\x1b[31m\n.pkl"] {
        std::fs::write(scene.path("").join(OsStr::from_bytes(name)), MALICIOUS).unwrap();
    }
    let human = run(&scene, "scan d");
    assert_eq!(code(&human), Some(1));
    assert!(human.stdout.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{}", human.stdout.escape_ascii());
    for format in ["json", "ndjson", "sarif", "junit", "gitlab", "github", "markdown", "html", "cyclonedx"] {
        let output = run(&scene, &format!("scan d --format {format}"));
        assert_eq!(code(&output), Some(1), "{format}: {}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains('\u{1b}'), "{format}");
    }
    let report: Value = serde_json::from_slice(&run(&scene, "scan d --format json").stdout).unwrap();
    let paths: std::collections::BTreeSet<_> =
        report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
}

// ---- reports that are written

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_trouble_whatever_the_verdict() {
    let scene = Scene::new(&[("a.pkl", HARMLESS), ("b.pkl", MALICIOUS)]);
    for format in ["human", "json", "ndjson", "sarif", "junit", "gitlab", "github", "markdown", "html", "cyclonedx"] {
        let output = into(&scene, &format!("scan a.pkl b.pkl --format {format}"), full());
        assert_eq!(code(&output), Some(2), "{format}");
        assert!(stderr(&output).contains("standard output: "), "{format}: {}", stderr(&output));
    }
    let output = run(&scene, "scan a.pkl --format json=/dev/full");
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("/dev/full: "), "{}", stderr(&output));
    for line in ["show a.pkl", "disasm a.pkl", "about a.pkl", "explain os.system", "policy init -", "man", "--version"]
    {
        let code = code(&into(&scene, line, full()));
        assert!(code.is_some(), "{line} is ended by a signal");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_target_that_takes_no_file_is_trouble_and_leaves_nothing() {
    let scene = Scene::new(&[("a.pkl", HARMLESS), ("dir/old.json", b"old")]);
    for target in ["/proc/report.json", "missing/report.json", "dir", "dir/old.json/report.json"] {
        let output = run(&scene, &format!("scan a.pkl --format json={target}"));
        assert_eq!(code(&output), Some(2), "{target}");
        assert!(stderr(&output).contains(&format!("{target}: ")), "{target}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read(scene.path("dir/old.json")).unwrap(), b"old");
    let mut left: Vec<_> = scene.path("").read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["a.pkl", "dir"], "nothing half written is left");
}

/// A reader that goes away, as `head` does, changes no exit code.
#[test]
fn a_broken_pipe_keeps_the_verdict() {
    let scene = Scene::new(&[("a.pkl", HARMLESS), ("b.pkl", MALICIOUS)]);
    for format in ["human", "json", "ndjson", "sarif", "html"] {
        for (file, expected) in [("a.pkl", 0), ("b.pkl", 1)] {
            let mut command = depickle(&scene.path(""));
            command.args(["scan", file, "--format", format]).stdout(Stdio::piped()).stderr(Stdio::piped());
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let output = command.stdout(writer).output().unwrap();
            assert_eq!(code(&output), Some(expected), "{format} {file}");
            assert_eq!(stderr(&output), "", "{format} {file}");
        }
    }
}

#[test]
fn closed_streams_keep_the_verdict() {
    let scene = Scene::new(&[("a.pkl", HARMLESS), ("b.pkl", MALICIOUS)]);
    for closed in [">&-", "2>&-", "<&-", "<&- >&- 2>&-"] {
        for (file, expected) in [("a.pkl", 0), ("b.pkl", 1)] {
            let output = shell(&scene, &format!("exec \"$0\" scan {file} {closed}"));
            assert_eq!(code(&output), Some(expected), "{file} {closed}: {}", stderr(&output));
        }
    }
}

// ---- the process

/// What was found before a signal is told, whichever it is.
#[test]
fn a_run_that_is_told_to_end_tells_what_it_knows() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let scene = Scene::new(&[("a.pkl", MALICIOUS)]);
        let mut child = depickle(&scene.path(""))
            .args(["scan", "a.pkl", "-", "--jobs", "1", "--format", "ndjson", "--format", "json=report.json"])
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
        let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        let report: Value = serde_json::from_slice(&std::fs::read(scene.path("report.json")).unwrap()).unwrap();
        assert_eq!(report["files"][0]["verdict"], "dangerous", "{signal}");
        assert!(report["directories"][0]["findings"][0]["message"].as_str().unwrap().contains("1 of 2 files"));
    }
}

/// However few descriptors there are: what cannot be opened is not clean, and nothing ends by a signal.
#[test]
fn without_descriptors_nothing_is_clean() {
    let scene = Scene::new(&[("d/a.pkl", MALICIOUS), ("d/b.pkl", HARMLESS)]);
    for most in 3..14 {
        let output =
            shell(&scene, &format!("ulimit -n {most}; exec \"$0\" scan d a.pkl --jobs 2 --format json=r.json"));
        // The loader of the binary may find too few itself; then nothing was scanned.
        assert!(code(&output).is_some_and(|code| code != 0), "{most}: {output:?}");
        assert!(!stderr(&output).contains("internal error"), "{most}: {}", stderr(&output));
    }
}

fn many(count: usize) {
    let scene = Scene::new(&[("d/malicious.pkl", MALICIOUS)]);
    for number in 0..count - 1 {
        std::fs::write(scene.path(&format!("d/{number}")), HARMLESS).unwrap();
    }
    let output = run(&scene, "scan d --quiet --format json=report.json");
    assert_eq!(code(&output), Some(1));
    let report: Value =
        serde_json::from_reader(BufReader::new(File::open(scene.path("report.json")).unwrap())).unwrap();
    let summary = &report["summary"];
    assert_eq!((&summary["files"], &summary["dangerous"]), (&count.into(), &1.into()), "{summary}");
}

#[test]
fn a_directory_of_many_files_is_scanned() {
    many(1000);
}

#[test]
#[ignore = "takes a minute without optimisation: .ci/run faults"]
fn a_directory_of_100_000_files_is_scanned() {
    many(100_000);
}
