//! Commands that say the same whatever the policy holds.

use crate::support::{Scene, depickle};
use insta::assert_snapshot;

#[test]
fn first_contact() {
    let scene = Scene::new(&[("model.pkl", b"N."), ("model", b"N.")]);
    let lines =
        ["", "model.pkl", "model", "missing/model.pkl", "modle", "--version", "scan", "scan --fromat json model"];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}

#[test]
fn a_path_with_odd_characters_is_quoted_and_escaped() {
    let scene = Scene::new(&[]);
    let say = |path: &str| {
        let output = depickle(&scene.path("")).arg(path).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(say("it's a.pkl"), "to judge this file: depickle scan 'it'\\''s a.pkl'\n");
    assert_eq!(say("\x1b[2J\u{202e}.pkl"), "to judge this file: depickle scan '\\u{1b}[2J\\u{202e}.pkl'\n");
    assert!(say("--\u{202e}x").contains("--\\u{202e}x"));
}

#[test]
fn nothing_to_scan() {
    let scene = Scene::new(&[]);
    std::fs::create_dir(scene.path("empty")).unwrap();
    let lines = ["scan missing.pkl", "scan missing.pkl also.pkl --exit-zero", "scan empty"];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}

#[test]
fn wrong_options() {
    let scene = Scene::new(&[("model.pkl", b"N.")]);
    let lines = [
        "scan model.pkl --format xml",
        "scan model.pkl --format json=",
        "scan model.pkl --format json --format human",
        "scan model.pkl --limit speed=1",
        "scan model.pkl --limit depth=deep",
        "scan model.pkl --fail-on clean",
        "scan model.pkl --jobs 0",
        "scan model.pkl -q -v",
    ];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}

#[test]
fn help() {
    let scene = Scene::new(&[]);
    assert_snapshot!(["--help", "scan -h", "scan --limit help"].map(|line| scene.show(line)).join("\n"));
}

#[test]
fn about() {
    let scene = Scene::new(&[
        ("config.pkl", b"\x80\x04}(\x8c\x04rateG?\xb9\x99\x99\x99\x99\x99\x9a\x8c\x05sizesK\x03K\x04\x86u."),
        ("model.pkl", b"\x80\x02cours.models\nModel\n)\x81}(X\x05\0\0\0depthK\x03X\x02\0\0\0w_K\x01ub."),
        ("notes.txt", b"Nothing of interest is written here.\n"),
        ("cut.pkl", b"\x80\x04}(\x8c\x04rate"),
    ]);
    let lines = [
        "about config.pkl",
        "about model.pkl",
        "about model.pkl --format requirements",
        "about config.pkl --format json",
        "about notes.txt",
        "about cut.pkl",
        "about missing.pkl",
        "about",
        "about -h",
    ];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}

#[test]
fn one_unreadable_file_never_hides_the_others() {
    let scene = Scene::new(&[("a.pkl", b"N."), ("c.pkl", b"N.")]);
    let output = scene.run_with("scan a.pkl b.pkl c.pkl --format json --fail-on dangerous", &[], b"");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["files"], 3);
    assert_eq!(report["files"][1]["error"]["message"], "no such file");
    assert_eq!(report["files"][1]["verdict"], "incomplete");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: b.pkl: no such file\nhelp: "), "{stderr}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn output_is_the_same_at_any_number_of_threads() {
    let files: Vec<(String, Vec<u8>)> = (0..40).map(|number| (format!("d/{number}.pkl"), vec![b'N', number])).collect();
    let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let scene = Scene::new(&files);
    for format in ["human", "json"] {
        let run = |jobs: &str| scene.run_with(&format!("scan d --hash -v --format {format} --jobs {jobs}"), &[], b"");
        let one = run("1");
        assert!(!one.stdout.is_empty());
        assert_eq!(one, run("7"));
        assert_eq!(one, run("7"));
    }
}

#[test]
fn standard_input_is_a_file_named_dash() {
    let scene = Scene::new(&[]);
    let output = scene.run_with("scan - --hash --format json", &[], b"N.");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"][0]["path"], "-");
    assert_eq!(report["files"][0]["size"], 2);
    assert_eq!(report["files"][0]["sha256"], "8b1663da576e3578fd9e93e64081f24282af0bc3e08b3d3c8e288c26741faa4d");
}

#[test]
fn a_report_goes_to_its_file_and_people_still_see_one() {
    let scene = Scene::new(&[("a.pkl", b"N.")]);
    let to_file = scene.run_with("scan a.pkl --format json=out.json", &[], b"");
    let to_stdout = scene.run_with("scan a.pkl --format json", &[], b"");
    assert_eq!(std::fs::read(scene.path("out.json")).unwrap(), to_stdout.stdout);
    assert!(String::from_utf8(to_file.stdout).unwrap().contains("\n1 file: "));
    assert_eq!(to_file.status, to_stdout.status);
    let refused = scene.run_with("scan a.pkl --format json=no/out.json", &[], b"");
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn colours_are_for_those_who_want_them() {
    let scene = Scene::new(&[("a.pkl", b"N.")]);
    let coloured = |line: &str, variables: &[(&str, &str)]| scene.run_with(line, variables, b"").stdout.contains(&0x1b);
    assert!(!coloured("scan a.pkl", &[]));
    assert!(coloured("scan a.pkl --color always", &[("NO_COLOR", "1")]));
    assert!(coloured("scan a.pkl", &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured("scan a.pkl", &[("CLICOLOR_FORCE", "0")]));
    assert!(!coloured("scan a.pkl", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured("scan a.pkl --color never", &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured("scan a.pkl --color always --format json", &[]));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let scene = Scene::new(&[("a.pkl", b"N.")]);
    for format in ["human", "json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let line = format!("scan a.pkl --format {format}");
        let output = depickle(&scene.path("")).args(line.split(' ')).stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert_eq!(output.status, scene.run_with(&line, &[], b"").status);
    }
}
