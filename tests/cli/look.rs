//! `show` and `disasm`: what people see inside, and that nothing a file does breaks it.

use crate::support::{Scene, depickle};
use insta::assert_snapshot;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `depickle LINE` prints, run from the root of the repository; both streams and the exit code.
fn printed(line: &str) -> String {
    let output = depickle(root()).args(line.split(' ')).output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    format!("$ depickle {line}\n{}--- exit {}\n", String::from_utf8(both).unwrap(), output.status.code().unwrap())
}

fn printed_all(lines: &[&str]) -> String {
    lines.iter().map(|line| printed(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn show_reads_like_the_object() {
    assert_snapshot!(printed_all(&[
        "show samples/columns.joblib",
        "show samples/model_p0.pkl root.steps[0]",
        "show samples/model_p5.pkl steps[1][1].estimators_[0].tree_",
        "show samples/compressed/model_zlib.joblib steps[0][1].mean_",
        "show samples/old/python2_p2.pkl",
        "show samples/old/joblib_0.9.pkl_01.npy",
    ]));
}

#[test]
fn show_says_what_would_run() {
    assert_snapshot!(printed_all(&[
        "show samples/malicious/pipeline_call.pkl steps[1][1].func",
        "show samples/malicious/popped_call.pkl",
        "show samples/malicious/computed_name.pkl",
        "show samples/malicious/persistent_id.pkl",
        "show samples/malicious/joblib_inside.joblib",
        "show samples/malicious/second_stream.pkl",
        "show samples/malicious/broken_memo.pkl",
        "show samples/malicious/planted_setstate.pkl",
        "show samples/malicious/terminal_escape.pkl",
    ]));
}

#[test]
fn show_in_other_forms() {
    assert_snapshot!(printed_all(&[
        "show samples/malicious/joblib_inside.joblib --format json",
        "show samples/malicious/joblib_inside.joblib --format dot",
        "show samples/model.pkl --sizes",
        "show samples/model.pkl --depth 2",
    ]));
}

#[test]
fn formats_go_to_files_and_one_to_standard_output() {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model.pkl");
    std::fs::copy(root().join("samples/model.pkl"), &model).unwrap();
    let run = |line: &str| depickle(dir.path()).args(line.split(' ')).output().unwrap();
    for (command, human) in [("show", "tree"), ("disasm", "human"), ("arrays", "human"), ("about", "human")] {
        let alone = run(&format!("{command} model.pkl --format json")).stdout;
        let both = run(&format!("{command} model.pkl --format json=out.json --format {human}"));
        assert_eq!((both.status.code(), &both.stdout), (Some(0), &run(&format!("{command} model.pkl")).stdout));
        assert_eq!(std::fs::read(dir.path().join("out.json")).unwrap(), alone, "{command}");
        assert!(run(&format!("{command} model.pkl --format json=out.json")).stdout.is_empty());
        for wrong in ["--format json --format json", "--format json=model.pkl", "--format json=no/such/place"] {
            assert_eq!(run(&format!("{command} model.pkl {wrong}")).status.code(), Some(2), "{command} {wrong}");
        }
    }
    assert_eq!(std::fs::read(model).unwrap(), std::fs::read(root().join("samples/model.pkl")).unwrap());
}

#[test]
fn a_wrong_path_is_told_what_is_there() {
    assert_snapshot!(printed_all(&[
        "show samples/model.pkl steps[2]",
        "show samples/model.pkl root.steps[1][1].forest",
        "show samples/model.pkl steps[x]",
        "show samples/model.pkl #7:root",
        "show samples/model.pkl other.pkl#0:root",
        "show README.md",
        "show missing.pkl",
    ]));
}

#[test]
fn disasm_reads_like_pickletools() {
    assert_snapshot!(printed_all(&[
        "disasm samples/malicious/joblib_inside.joblib",
        "disasm samples/malicious/joblib_zlib.joblib",
        "disasm samples/malicious/second_after_garbage.pkl",
        "disasm samples/malicious/broken_opcode.pkl",
        "disasm samples/malicious/reduce_p0.pkl --format json",
    ]));
}

fn samples() -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![root().join("samples")]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn every_sample_prints_as_plain_text_in_every_form() {
    let forms: [&[&str]; 7] = [
        &["show"],
        &["show", "--all"],
        &["show", "--sizes"],
        &["show", "--format", "json"],
        &["show", "--format", "dot"],
        &["disasm"],
        &["disasm", "--format", "json"],
    ];
    for path in samples() {
        for form in forms {
            let output = depickle(root()).args(form).arg(&path).output().unwrap();
            let told = format!("{form:?} {}", path.display());
            assert!(matches!(output.status.code(), Some(0 | 2 | 3)), "{told}");
            let both = [output.stdout.as_slice(), &output.stderr].concat();
            assert!(both.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{told}");
            assert!(!String::from_utf8_lossy(&output.stderr).contains("internal"), "{told}");
            if form.contains(&"json") && output.status.code() != Some(2) {
                assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok(), "{told}");
            }
        }
    }
}

/// Lines that a hostile file prints.
fn lines(bytes: &[u8], line: &str) -> Vec<String> {
    let scene = Scene::new(&[("x.pkl", bytes)]);
    let output = scene.run_with(line, &[], b"");
    assert!(matches!(output.status.code(), Some(0 | 3)), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_bomb_prints_as_the_nodes_that_it_has() {
    let mut bomb = b"\x80\x04]\x94".to_vec();
    for level in 0..100_u8 {
        bomb.extend([b']', b'(', b'h', level, b'h', level, b'e', 0x94]);
    }
    bomb.push(b'.');
    assert_eq!(lines(&bomb, "show x.pkl --all").len(), 2 * 100 + 1);
    let json = lines(&bomb, "show x.pkl --format json").join("\n");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["nodes"].as_array().unwrap().len(), 101);
}

#[test]
fn a_cycle_is_marked_once_and_referred_to() {
    assert_eq!(lines(b"\x80\x02]q\x00(K\x01h\x00e.", "show x.pkl"), ["root: &1 list of 2", "  [0]: 1", "  [1]: *1"]);
    assert_eq!(
        lines(b"\x80\x02}q\x00X\x01\0\0\0ah\x00s.", "show x.pkl ['a']['a']['a']"),
        ["root[\"a\"][\"a\"][\"a\"]: &1 dict of 1", "  'a': *1"]
    );
}

#[test]
fn depth_is_no_matter() {
    let deep = 100_000;
    let mut tuple = b"\x80\x04)".to_vec();
    tuple.extend(vec![0x85; deep]);
    tuple.push(b'.');
    assert!(lines(&tuple, "show x.pkl").len() < 20);
    let all = lines(&tuple, "show x.pkl --all");
    assert!(all.len() >= deep && all.iter().all(|line| line.len() < 200));
    assert_eq!(lines(&tuple, "show x.pkl --depth 3").len(), 4);
    let marks = [b"\x80\x04".as_slice(), &vec![b'('; deep], &vec![b't'; deep], b"."].concat();
    assert!(lines(&marks, "disasm x.pkl").iter().all(|line| line.len() < 200));
    let json = lines(&tuple, "show x.pkl --format json").join("\n");
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
}

#[test]
fn numbers_and_texts_are_exact_in_json() {
    let bytes = b"\x80\x04(J\xff\xff\xff\xff\x8a\x08\0\0\0\0\0\0\0\x40G\x7f\xf8\0\0\0\0\0\0X\x03\0\0\0\xed\xa0\x80e.";
    let list = [b"\x80\x04]".as_slice(), &bytes[2..]].concat();
    let json: serde_json::Value = serde_json::from_str(&lines(&list, "show x.pkl --format json").join("\n")).unwrap();
    let items = &json["nodes"][0]["items"];
    assert_eq!(items[0], -1);
    assert_eq!(items[1]["int"], "4611686018427387904");
    assert_eq!(items[2]["float"], "nan");
    assert_eq!(items[3], serde_json::json!({"str": "\\ud800", "surrogates": true}));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let scene = Scene::new(&[("x.pkl", b"N.")]);
    for line in ["show x.pkl", "disasm x.pkl"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = depickle(&scene.path("")).args(line.split(' ')).stdout(writer).output().unwrap();
        assert_eq!((String::from_utf8(output.stderr).unwrap().as_str(), output.status.code()), ("", Some(0)));
    }
}
