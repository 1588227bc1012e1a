//! `--cache`: the same reports in less time, never those of another file, policy or program.

use crate::support::Scene;
use depickle::finding::hex;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

const EVIL: &[u8] = b"\x80\x02cos\nsystem\nX\x00\x00\x00\x00\x85R.";
const UNLISTED: &[u8] = b"\x80\x02cpackage\nClass\n.";

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)).unwrap()
}

fn scene() -> Scene {
    Scene::new(&[
        ("models/evil.pkl", EVIL),
        ("models/unlisted.pkl", UNLISTED),
        ("models/notes.txt", b"no model"),
        ("models/columns.joblib", &sample("columns.joblib")),
        ("models/neighbors.joblib", &sample("neighbors.joblib")),
        ("models/torn.pkl", b"\x80\x04\x8c"),
    ])
}

fn entries(scene: &Scene) -> Vec<PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(scene.path("cache")).unwrap().map(|it| it.unwrap().path()).collect();
    entries.sort();
    entries
}

/// What `scan` prints, with the cache or without.
fn scanned(scene: &Scene, line: &str) -> Vec<u8> {
    let output = scene.run_with(&format!("scan {line}"), &[("SOURCE_DATE_EPOCH", "1800000000")], b"");
    [output.stdout, output.stderr, vec![u8::try_from(output.status.code().unwrap()).unwrap()]].concat()
}

/// Puts `change` into effect in every entry, with a digest that fits.
fn forge(scene: &Scene, change: impl Fn(&str) -> String) {
    for entry in entries(scene) {
        let text = std::fs::read_to_string(&entry).unwrap();
        let body = change(text.split_once('\n').unwrap().1);
        std::fs::write(entry, format!("{}\n{body}", hex(&Sha256::digest(&body)))).unwrap();
    }
}

#[test]
fn a_report_with_a_cache_is_the_report_without() {
    let scene = scene();
    for format in ["human -vv", "json --hash", "sarif", "cyclonedx"] {
        let plain = scanned(&scene, &format!("models --format {format}"));
        for _ in 0..2 {
            assert_eq!(scanned(&scene, &format!("models --cache cache --format {format}")), plain, "{format}");
        }
    }
    assert_eq!(entries(&scene).len(), 6);
    let why = scanned(&scene, "models --format json --why");
    for _ in 0..2 {
        assert_eq!(scanned(&scene, "models --format json --why --cache cache"), why);
    }
    assert_eq!(entries(&scene).len(), 12);
}

#[test]
fn what_is_kept_is_what_is_told() {
    let scene = Scene::new(&[("evil.pkl", EVIL)]);
    scanned(&scene, "evil.pkl --cache cache");
    forge(&scene, |body| body.replace("os.system", "kept.name"));
    let told = scanned(&scene, "evil.pkl --cache cache");
    assert!(String::from_utf8(told).unwrap().contains("kept.name"));
}

#[test]
fn another_file_policy_limit_or_day_is_another_entry() {
    let scene = Scene::new(&[
        ("a.pkl", UNLISTED),
        ("allow.toml", b"[[allow]]\nsymbol = \"package.Class\"\nreason = \"ours\"\nnew = \"()\"\n"),
    ]);
    let count = |line: &str| {
        let plain = scanned(&scene, &format!("a.pkl {line}"));
        assert_eq!(scanned(&scene, &format!("a.pkl {line} --cache cache")), plain, "{line}");
        entries(&scene).len()
    };
    assert_eq!(count(""), 1);
    assert_eq!(count("--policy allow.toml"), 2);
    assert_eq!(count("--limit opcodes=1000"), 3);
    assert_eq!(count("--deep"), 4);
    std::fs::write(scene.path("a.pkl"), EVIL).unwrap();
    assert_eq!(count(""), 5);
    std::fs::write(scene.path("allow.toml"), "").unwrap();
    assert_eq!(count("--policy allow.toml"), 6);
}

#[test]
fn the_same_bytes_at_another_place_are_known() {
    let scene = Scene::new(&[("a.pkl", EVIL), ("b/c.pkl", EVIL)]);
    let plain = scanned(&scene, "a.pkl b --format json");
    assert_eq!(scanned(&scene, "a.pkl b --format json --cache cache"), plain);
    assert_eq!(scanned(&scene, "a.pkl b --format json --cache cache"), plain);
    assert_eq!(entries(&scene).len(), 1);
}

#[test]
fn an_entry_that_is_damaged_or_moved_or_odd_is_not_believed() {
    let scene = scene();
    let plain = scanned(&scene, "models --format json");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let plain = text(plain);
    let again = || assert_eq!(text(scanned(&scene, "models --format json --cache cache")), plain);
    again();
    for damage in 0..4 {
        let all = entries(&scene);
        for (index, entry) in all.iter().enumerate() {
            let mut bytes = std::fs::read(entry).unwrap();
            match damage {
                0 => bytes.truncate(bytes.len() / 2),
                1 => bytes.clear(),
                2 => *bytes.last_mut().unwrap() = b' ',
                _ => bytes = std::fs::read(&all[(index + 1) % all.len()]).unwrap(),
            }
            std::fs::write(entry, bytes).unwrap();
        }
        again();
    }
    // Text that depickle would have escaped is none of its own.
    forge(&scene, |body| body.replace("\"message\":\"os.", "\"message\":\"\\u001b]0;os."));
    again();
    forge(&scene, |body| body.replace("\"rule\":\"", "\"rule\":\"\\u001b"));
    again();
    forge(&scene, |_| "{\"key\":\"\",\"report\":null}".to_owned());
    again();
}

#[test]
fn files_with_others_beside_them_and_standard_input_are_not_kept() {
    let beside = ["joblib_0.9.pkl", "joblib_0.9.pkl_01.npy", "joblib_0.9.pkl_02.npy"];
    let scene = Scene::new(&[("old.pkl", &sample("old/joblib_0.9.pkl"))]);
    scanned(&scene, "old.pkl --cache cache");
    assert!(entries(&scene).is_empty(), "what is missing may come");
    for name in beside {
        std::fs::write(scene.path(name), sample(&format!("old/{name}"))).unwrap();
    }
    let plain = scanned(&scene, "joblib_0.9.pkl");
    assert_eq!(scanned(&scene, "joblib_0.9.pkl --cache cache"), plain);
    scene.run_with("scan - --cache cache", &[], EVIL);
    assert!(entries(&scene).is_empty());
}

#[test]
fn a_directory_that_cannot_be_had_is_said() {
    let scene = Scene::new(&[("a.pkl", EVIL), ("file", b"")]);
    for place in ["file", "no/such"] {
        let output = scene.run_with(&format!("scan a.pkl --cache {place}"), &[], b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().starts_with(&format!("error: {place}: ")));
    }
}
