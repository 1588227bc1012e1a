//! `convert`: what may be converted, what is written, and what is never touched.

use crate::support::{Scene, depickle};
use serde_json::{Value, json};
use std::path::Path;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn exit(scene: &Scene, line: &str) -> (Option<i32>, String) {
    let output = scene.run_with(line, &[], b"");
    let both = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(both).unwrap())
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const FORMATS: [&str; 2] = ["npz", "safetensors"];

#[test]
fn nothing_malicious_is_converted() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/malicious");
    let scene = Scene::new(&[]);
    let mut tried = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md" || extension == "py") {
            continue;
        }
        let mut command = depickle(&scene.path("."));
        command.arg("convert").arg(&path).args(["-o", "out.npz", "--no-policy", "--allow", "os.system"]);
        let code = command.output().unwrap().status.code();
        assert!(matches!(code, Some(1..=3)), "{} {code:?}", path.display());
        tried += 1;
    }
    assert!(tried > 100);
    assert_eq!(names(&scene.path(".")), [""; 0]);
}

#[test]
fn what_is_suspicious_is_converted_only_where_each_symbol_is_allowed() {
    // An array beside an object of a class that no table has.
    let mut file = b"\x80\x03}(X\x01\x00\x00\x00ac".to_vec();
    file.extend(b"mine\nThing\n)\x81X\x01\x00\x00\x00b");
    file.extend(crate::arrays::array());
    file.extend(b"u.");
    let scene = Scene::new(&[("a.pkl", &file)]);
    let (code, told) = exit(&scene, "convert a.pkl -o out.npz");
    assert_eq!((code, told.contains("--allow mine.Thing")), (Some(1), true), "{told}");
    assert_eq!(exit(&scene, "convert a.pkl -o out.npz --allow mine.Other").0, Some(1));
    assert_eq!(names(&scene.path(".")), ["a.pkl"]);
    let (code, told) = exit(&scene, "convert a.pkl -o out.npz --allow mine.Thing --allow mine.Other");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("mine.Other: nothing suspicious"), "{told}");
}

#[test]
fn a_report_says_what_went_where() {
    let scene = Scene::new(&[("a.joblib", &sample("tests/data/arrays/zlib.joblib"))]);
    for format in FORMATS {
        let (code, told) = exit(&scene, &format!("convert a.joblib -o out.{format} --report {format}.json"));
        assert_eq!(code, Some(0), "{told}");
        assert_eq!(told.contains("not carried: root[\"objects\"]"), format == "npz", "{told}");
        let report: Value =
            serde_json::from_slice(&std::fs::read(scene.path(&format!("{format}.json"))).unwrap()).unwrap();
        assert_eq!(report["schema"], "depickle.convert/1");
        assert_eq!(report["verdict"], "clean");
        let written = std::fs::read(scene.path(&format!("out.{format}"))).unwrap();
        assert_eq!(report["outputs"][0]["size"], written.len());
        assert_eq!(report["outputs"][0]["sha256"], sha256(&written));
        assert_eq!(report["input"]["sha256"], sha256(&sample("tests/data/arrays/zlib.joblib")));
        assert!(report["arrays"].as_array().unwrap().len() > 5);
        assert_eq!(report["lost"]["count"], report["lost"]["first"].as_array().unwrap().len());
        // Once more, to the same bytes; what is there stays unless it is to be written over.
        assert_eq!(exit(&scene, &format!("convert a.joblib -o out.{format}")).0, Some(2));
        assert_eq!(exit(&scene, &format!("convert a.joblib -o out.{format} -f")).0, Some(0));
        assert!(written == std::fs::read(scene.path(&format!("out.{format}"))).unwrap(), "two runs differ");
    }
    let (code, told) = exit(&scene, "convert a.joblib -o strict.npz --strict --report strict.json");
    assert_eq!(code, Some(3), "{told}");
    let report: Value = serde_json::from_slice(&std::fs::read(scene.path("strict.json")).unwrap()).unwrap();
    assert_eq!((&report["outputs"], report["error"].is_string()), (&json!([]), true));
    assert!(!scene.path("strict.npz").exists());
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_input_is_never_written_over() {
    let bytes = sample("tests/data/arrays/p4.pkl");
    let scene = Scene::new(&[("a.npz", &bytes)]);
    std::fs::hard_link(scene.path("a.npz"), scene.path("hard.npz")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.npz", scene.path("soft.npz")).unwrap();
    for line in ["-o a.npz", "-o ./a.npz", "-o hard.npz", "-o soft.npz", "-o new.npz --report hard.npz"] {
        let (code, told) = exit(&scene, &format!("convert a.npz --force {line}"));
        assert_eq!((code, told.contains("the file that is read")), (Some(2), true), "{line} {told}");
    }
    assert!(std::fs::read(scene.path("a.npz")).unwrap() == bytes);
    assert!(!scene.path("new.npz").exists());
}

#[test]
fn what_cannot_be_done_is_said() {
    let scene = Scene::new(&[("a.pkl", &sample("tests/data/arrays/p4.pkl")), ("a.txt", b"some text")]);
    for (line, word) in [
        ("convert a.pkl -o out.txt", ".safetensors"),
        ("convert a.pkl -o out", "--to"),
        ("convert a.pkl -o missing/out.npz", "missing/out.npz"),
        ("convert a.pkl -o out.npz --report out.npz", "one file"),
        ("convert gone.pkl -o out.npz", "gone.pkl"),
        ("convert a.txt -o out.npz", "text"),
    ] {
        let (code, told) = exit(&scene, line);
        assert_eq!((code, told.contains(word)), (Some(2), true), "{line}: {told}");
    }
    assert_eq!(names(&scene.path(".")), ["a.pkl", "a.txt"]);
    let (code, told) = exit(&scene, "convert a.pkl -o out --to npz");
    assert_eq!(code, Some(0), "{told}");
}
