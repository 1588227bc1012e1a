//! `diff`: what it prints, where, and how it ends.

use crate::support::Scene;
use insta::assert_snapshot;
use serde_json::Value;
use std::path::Path;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)).unwrap()
}

/// A model, one with another coefficient, one with other parameters, and a file that runs something.
fn scene() -> Scene {
    let model = sample("log_pipeline.joblib");
    let mut changed = model.clone();
    changed[place(&model, |path| path.ends_with("coef_"))] ^= 1;
    Scene::new(&[
        ("model.joblib", &model),
        ("changed.joblib", &changed),
        ("p5.pkl", &sample("model_p5.pkl")),
        ("zlib.joblib", &sample("compressed/model_zlib.joblib")),
        ("large.pkl", &sample("model.pkl")),
        ("evil.pkl", b"\x80\x04cos\nsystem\n\x8c\x00\x85R."),
        ("own.pkl", b"\x80\x04cmine\nThing\n)\x81."),
        ("text.txt", b"not a pickle at all"),
        ("cut.pkl", b"\x80\x04K\x01"),
    ])
}

/// The first byte of the first array with such a path.
fn place(file: &[u8], wanted: impl Fn(&str) -> bool) -> usize {
    let mut contents = depickle::inspect::open(file, &depickle::limits::Limits::default()).unwrap();
    let outline = depickle::inspect::Outline::new(&mut contents);
    let arrays = depickle::inspect::Arrays::new(&outline);
    let found =
        arrays.iter().find(|array| wanted(&array.address.to_string()) && array.place.is_some_and(|it| it.1 > 0));
    usize::try_from(found.unwrap().file_offset.unwrap()).unwrap()
}

#[test]
fn what_differs_is_told_by_its_path() {
    let scene = scene();
    let lines = [
        "diff model.joblib model.joblib",
        "diff p5.pkl zlib.joblib",
        "diff model.joblib changed.joblib",
        "diff model.joblib changed.joblib --tolerance 1e-9",
        "diff model.joblib changed.joblib --rtol 1e-20 -q",
        "diff p5.pkl large.pkl --max 4",
        "diff own.pkl model.joblib",
    ];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}

#[test]
fn what_is_not_known_is_never_equal() {
    let scene = scene();
    let lines = [
        "diff evil.pkl evil.pkl",
        "diff own.pkl own.pkl",
        "diff cut.pkl cut.pkl",
        "diff model.joblib text.txt",
        "diff missing.pkl model.joblib",
        "diff - -",
        "diff model.joblib model.joblib --tolerance -1",
        "diff model.joblib",
    ];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}

#[test]
fn one_file_may_come_from_standard_input_and_reports_go_to_files() {
    let scene = scene();
    let output = scene.run_with("diff - changed.joblib --format json", &[], &sample("log_pipeline.joblib"));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["outcome"]), (Some(1), &Value::from("different")));
    let elements = &report["differences"]["first"][0]["elements"];
    assert_eq!((&elements["differ"], &elements["first"]["index"]), (&Value::from(1), &serde_json::json!([0, 0])));
    let output = scene.run_with("diff model.joblib changed.joblib --format human --format json=d.json", &[], b"");
    assert_eq!(output.status.code(), Some(1));
    let written: Value = serde_json::from_slice(&std::fs::read(scene.path("d.json")).unwrap()).unwrap();
    assert_eq!(written["differences"], report["differences"]);
}

#[test]
fn a_conversion_is_equal_to_its_source() {
    let scene = Scene::new(&[("in", &sample("data/arrays.joblib"))]);
    for (out, end) in
        [("out.safetensors", "equal;"), ("out.json", "equal;"), ("out.npz", "equal in what both can hold;")]
    {
        assert!(scene.show(&format!("convert in -o {out}")).contains("exit 0"), "{out}");
        let told = scene.show(&format!("diff in {out} -q"));
        assert!(told.contains(&format!("\n{end}")) && told.ends_with("exit 0\n"), "{told}");
    }
    // One bit of the first array.
    let mut written = std::fs::read(scene.path("out.safetensors")).unwrap();
    let header = usize::try_from(u64::from_le_bytes(*written.first_chunk().unwrap())).unwrap();
    written[8 + header] ^= 1;
    std::fs::write(scene.path("bit.safetensors"), &written).unwrap();
    let told = scene.show("diff in bit.safetensors");
    assert!(told.contains("1 of ") && told.contains("different: 1 difference;"), "{told}");
}

#[test]
fn a_model_is_equal_to_what_skops_would_load() {
    for name in ["model_p5.pkl", "neighbors.joblib"] {
        let scene = Scene::new(&[("in", &sample(name))]);
        let told = scene.show("convert in -o out.skops");
        assert!(told.contains("exit 0"), "{name} {told}");
        for line in ["diff in out.skops", "diff out.skops in", "diff out.skops out.skops"] {
            let told = scene.show(line);
            assert!(told.contains("\nequal") && told.ends_with("exit 0\n"), "{name} {told}");
        }
        assert!(scene.show("convert out.skops -o again.safetensors").contains("exit 0"), "{name}");
        let told = scene.show("diff out.skops again.safetensors -q");
        assert!(told.contains("\nequal"), "{name} {told}");
        // One bit of one array.
        let mut written = std::fs::read(scene.path("out.skops")).unwrap();
        let place = place(&written, |path| !path.contains("<args>"));
        written[place] ^= 1;
        std::fs::write(scene.path("bit.skops"), &written).unwrap();
        let told = scene.show("diff in bit.skops");
        assert!(told.contains(": 1 of ") && told.contains("different: 1 difference;"), "{name} {told}");
    }
}

#[test]
fn an_array_alone_needs_no_name() {
    let scene = Scene::new(&[("a.joblib", &std::fs::read("tests/data/one_array.joblib").unwrap())]);
    for name in ["a.npy", "a.npz", "a.safetensors"] {
        assert!(scene.show(&format!("extract a.joblib -o {name}")).contains("exit 0"), "{name}");
        let told = scene.show(&format!("diff a.joblib {name}"));
        assert!(told.contains("\nequal; compared 0 values, and 1 array of 2 elements"), "{told}");
    }
    for name in ["a.npz", "a.safetensors"] {
        let told = scene.show(&format!("diff a.npy {name}"));
        assert!(told.contains("\nequal; compared 0 values, and 1 array of 2 elements"), "{told}");
    }
}
