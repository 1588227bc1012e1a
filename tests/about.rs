//! Files of old environments name the versions that wrote them, and hostile ones print nothing but text.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use depickle::facts::{Facts, Range, Release};
use depickle::finding::FileReport;
use depickle::{audit, input::Source, limits::Limits, policy::Policy, report};
use std::path::Path;

fn scan(source: &Source<'_>) -> FileReport {
    audit::scan(source, &Policy::builtin(), &Limits::default())
}

fn sample(name: &str) -> FileReport {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
    scan(&Source::open(&path, &Limits::default()).unwrap())
}

fn requirements(file: &FileReport) -> String {
    let mut out = Vec::new();
    report::requirements(&mut out, file).unwrap();
    String::from_utf8(out).unwrap()
}

/// The requirement lines, without comments.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split('#').next().unwrap().trim()).filter(|line| !line.is_empty()).collect()
}

/// Whether a component is there and its range holds a version.
fn holds(facts: &Facts, name: &str, version: &str) -> bool {
    let component = facts.components.iter().find(|component| component.name == name);
    let version = Range::of(Release::parse(version).unwrap());
    component.is_some_and(|component| version.is_within(component.range))
}

#[test]
fn old_environments_are_named() {
    let rows = [
        ("old/sklearn_0.19.joblib", "scikit-learn==0.19.2", "3.6.15", "1.13.3"),
        ("old/sklearn_0.24.joblib", "scikit-learn==0.24.2", "3.8.18", "1.19.5"),
        ("old/sklearn_1.2.joblib", "scikit-learn==1.2.2", "3.11.7", "1.24.4"),
        ("model_v1.joblib", "scikit-learn==1.9.1", "3.11.7", "2.4.6"),
    ];
    for (name, pin, python, numpy) in rows {
        let file = sample(name);
        let text = requirements(&file);
        assert!(lines(&text).contains(&pin), "{name}: {text}");
        assert!(holds(&file.facts, "Python", python), "{name}: {:?}", file.facts.components);
        assert!(holds(&file.facts, "numpy", numpy), "{name}: {:?}", file.facts.components);
    }
}

#[test]
fn generations_of_joblib_are_told_apart() {
    let rows =
        [("old/joblib_0.9.pkl", "0.9.4"), ("old/joblib_0.10.joblib", "0.10.3"), ("old/joblib_1.1.joblib", "1.1.1")];
    for (name, version) in rows {
        let facts = sample(name).facts;
        assert!(holds(&facts, "joblib", version), "{name}: {:?}", facts.components);
        assert!(!holds(&facts, "joblib", "1.2.0"), "{name}: {:?}", facts.components);
    }
    assert!(holds(&sample("old/python2_p2.pkl").facts, "Python", "2.7.18"));
    assert!(!holds(&sample("old/python2_p2.pkl").facts, "Python", "3.0"));
}

#[test]
fn boosters_tell_their_versions() {
    assert!(lines(&requirements(&sample("xgboost.pkl"))).contains(&"xgboost==3.2.0"));
    assert!(holds(&sample("lightgbm.pkl").facts, "lightgbm", "4.7.0"));
}

#[test]
fn models_are_described() {
    let facts = sample("model_v1.joblib").facts;
    let model = &facts.models[0];
    assert_eq!((model.path.as_str(), model.class.as_str()), ("root", "sklearn.pipeline.Pipeline"));
    let names: Vec<&str> = model.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["scaler", "model"]);
    assert_eq!(model.estimator.as_ref().unwrap().0, "root.steps[1][1]");
    assert!(model.parameters.contains(&("n_estimators".to_owned(), "20".to_owned())));
    assert_eq!(model.n_features_in.as_deref(), Some("5"));
    let bundle = sample("bundle.pkl").facts;
    assert_eq!(bundle.models[0].path, "root[\"model\"]");
    assert_eq!(bundle.models[0].classes.as_ref().unwrap().items, ["0", "1"]);
}

#[test]
fn archives_say_what_is_in_them() {
    let arrays = sample("data/arrays_deflated.npz");
    assert_eq!(arrays.format, "npz");
    assert!(arrays.facts.contents.contains(" arrays: "), "{}", arrays.facts.contents);
    assert!(arrays.facts.contents.contains("ints.npy <"), "{}", arrays.facts.contents);
    let state = sample("torch/zip_2.3.pt").facts;
    assert!(holds(&state, "torch", "2.3.1") && !holds(&state, "torch", "1.13.1"), "{:?}", state.components);
    let legacy = sample("torch/legacy_2.3.pt").facts;
    assert!(legacy.contents.starts_with("OrderedDict") || legacy.contents.starts_with("dict"), "{}", legacy.contents);
}

#[test]
fn what_a_file_says_stays_text() {
    let version: &[u8] = b"1.0\n--index-url http://x \x1b[2J";
    let mut bytes = b"\x80\x04csklearn.x\nG\n)\x81}(\x8c\x10_sklearn_version".to_vec();
    bytes.extend([0x8c, u8::try_from(version.len()).unwrap()]);
    bytes.extend(version);
    bytes.extend(b"\x8c\x07a\x1b[2J\n\x07K\x01ub.");
    let file = scan(&Source::from_bytes("a\n\x1b.pkl", &bytes));
    let text = requirements(&file);
    assert_eq!(lines(&text), ["scikit-learn"], "no pin from what is no version: {text}");
    let mut human = Vec::new();
    report::about(&mut human, &file, &report::plain).unwrap();
    let mut json = Vec::new();
    report::about_json(&mut json, &report::Tool::builtin(), &file).unwrap();
    for text in [text.into_bytes(), human, json] {
        assert!(text.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')), "{}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn an_unknown_package_is_never_installed() {
    let file = scan(&Source::from_bytes("a.pkl", b"\x80\x04cevil_pkg\nThing\n)\x81}\x8c\x01aK\x01sb."));
    assert_eq!(file.facts.packages[0].module, "evil_pkg");
    assert!(lines(&requirements(&file)).is_empty());
    assert!(file.facts.hazards.iter().any(|hazard| hazard.kind == "unknown-package"));
}

#[test]
fn an_estimator_that_contains_itself_is_described_once() {
    let bytes = b"\x80\x04csklearn.x\nG\n)\x81\x94}(\x8c\x0fbest_estimator_h\x00\x8c\x01aK\x01ub.";
    let facts = scan(&Source::from_bytes("a.pkl", bytes)).facts;
    assert_eq!(facts.models.len(), 1);
    assert_eq!(facts.models[0].parameters, [("a".to_owned(), "1".to_owned())]);
}

#[test]
fn every_sample_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut open = vec![root];
    let mut seen = 0;
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let file = scan(&Source::open(&path, &Limits::default()).unwrap());
            if !file.streams.is_empty() {
                assert_ne!(file.facts.contents, "", "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 100, "{seen} samples");
}
