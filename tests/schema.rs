//! `docs/scan.schema.json` says what `--format json` prints: all samples are checked against it, without a network and
//! more strictly than users would, for whom fields may be added. So does `docs/diff.schema.json` for `depickle diff`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use depickle::report::{Report, json};
use depickle::{audit, diff, error, finding};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What is wrong with `value`, with the place of each fault. As much of JSON Schema as the schema uses.
fn faults(whole: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let fault = |what: &str| vec![format!("{place}: {what}: {value}")];
    let mut found = Vec::new();
    for (key, rule) in schema.as_object().unwrap() {
        let wrong = match key.as_str() {
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                faults(whole, &whole["$defs"][name], value, place)
            }
            "type" => {
                let names = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                let fits = names.iter().any(|name| is(name.as_str().unwrap(), value));
                if fits { Vec::new() } else { fault(&format!("is no {rule}")) }
            }
            "const" if rule != value => fault("is not the constant"),
            "enum" if !rule.as_array().unwrap().contains(value) => fault("is not among the words"),
            "oneOf" => {
                let good = |schema: &&Value| faults(whole, schema, value, place).is_empty();
                let fits = rule.as_array().unwrap().iter().filter(good).count() == 1;
                if fits { Vec::new() } else { fault("is not one of the alternatives") }
            }
            "pattern" if value.is_string() && !matches(rule.as_str().unwrap(), value.as_str().unwrap()) => {
                fault("does not match the pattern")
            }
            "required" if value.is_object() => {
                let names = rule.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                names.flat_map(|name| fault(&format!("has no {name}"))).collect()
            }
            "properties" if value.is_object() => {
                let of = |(name, value): (&String, &Value)| match rule.get(name) {
                    Some(schema) => faults(whole, schema, value, &format!("{place}.{name}")),
                    None => fault(&format!("the schema has no {name}")),
                };
                value.as_object().unwrap().iter().flat_map(of).collect()
            }
            "items" if value.is_array() => {
                let items = value.as_array().unwrap().iter().enumerate();
                items.flat_map(|(index, item)| faults(whole, rule, item, &format!("{place}[{index}]"))).collect()
            }
            "const" | "enum" | "pattern" | "required" | "properties" | "items" => Vec::new(),
            "minimum" | "description" | "title" | "$schema" | "$defs" => Vec::new(),
            other => panic!("the test knows no `{other}`"),
        };
        found.extend(wrong);
    }
    found
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the test knows no type `{other}`"),
    }
}

/// The two shapes of pattern that there are: `^[..]+$` and `^[..]{n}$` of digits, hexadecimal or decimal.
fn matches(pattern: &str, text: &str) -> bool {
    let hexadecimal = pattern.starts_with("^[0-9a-f]");
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || hexadecimal && (b'a'..=b'f').contains(&byte));
    let length = pattern.split_once('{').map(|(_, rest)| rest.trim_end_matches("}$").parse::<usize>().unwrap());
    digits && length.map_or(!text.is_empty(), |length| text.len() == length)
}

fn checked(report: &Report) -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("../docs/scan.schema.json")).unwrap();
    let mut out = Vec::new();
    json(&mut out, report).unwrap();
    faults(&schema, &schema, &serde_json::from_slice(&out).unwrap(), "$")
}

/// What is wrong with the report of a comparison.
fn compared(a: &[u8], b: &[u8]) -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("../docs/diff.schema.json")).unwrap();
    let file = |path: &str| diff::File { path: path.to_owned(), format: "pickle".to_owned(), verdict: None };
    let found = diff::files(a, b, &diff::Options::default()).unwrap();
    let tool = Report::default().tool;
    let tolerance = diff::Tolerance::default();
    let compared = diff::Compared { tool: &tool, a: file("a"), b: file("b"), tolerance, diff: &found.diff };
    let mut out = Vec::new();
    diff::json(&mut out, &compared).unwrap();
    faults(&schema, &schema, &serde_json::from_slice(&out).unwrap(), "$")
}

#[test]
fn comparisons_are_as_the_schema_says() {
    let read = |name: &str| std::fs::read(root().join("samples").join(name)).unwrap();
    let pairs = [
        ("model.pkl", "model_p5.pkl"),
        ("compressed/arrays_xz.joblib", "data/arrays.pkl"),
        ("old/joblib_0.9.pkl", "old/joblib_0.10.joblib"),
        ("data/arrays.npz", "data/arrays_deflated.npz"),
        ("libraries/imblearn.joblib", "log_pipeline.joblib"),
    ];
    for (a, b) in pairs {
        assert_eq!(compared(&read(a), &read(b)), [""; 0], "{a} {b}");
    }
    // A dict in another order, and a float that is another: {'a': 1.0, 'b': nan}.
    let float = |number: f64| [b"G".as_slice(), &number.to_be_bytes()].concat();
    let (a, b) = ([b"\x8c\x01a".to_vec(), float(1.0)].concat(), [b"\x8c\x01b".to_vec(), float(f64::NAN)].concat());
    let dict = |one: &[u8], other: &[u8]| [b"\x80\x04}(", one, other, b"u."].concat();
    assert_eq!(compared(&dict(&a, &b), &dict(&b, &a)), [""; 0]);
}

fn samples() -> Vec<PathBuf> {
    let mut open = vec![root().join("samples")];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => files.push(path),
        }
    }
    files.sort();
    files
}

#[test]
fn reports_are_as_the_schema_says() {
    let limits = Limits::default();
    let policy = Policy::builtin();
    let scan = |path: &PathBuf| audit::scan(&Source::open(path, &limits).unwrap(), &policy, &limits);
    let mut report = Report { files: samples().iter().map(scan).collect(), ..Report::default() };
    assert!(report.files.len() > 100);
    let unread = error::Error::new(error::ErrorKind::Io, "gone");
    report.files.push(finding::FileReport::unreadable("gone.pkl".to_owned(), &unread));
    let findings = report.files.iter().flat_map(|file| file.findings.clone()).take(1).collect();
    report.directories = vec![finding::DirectoryReport { path: "d".to_owned(), findings }];
    report.baseline = Some(("b.json".to_owned(), Vec::new()));
    let accepted = finding::Accepted { by: "b.json".to_owned(), reason: "ours".to_owned(), expires: None };
    report.files.iter_mut().flat_map(|file| &mut file.findings).take(3).for_each(|finding| {
        finding.accepted = Some(accepted.clone());
    });
    assert_eq!(checked(&report), [""; 0]);
}

#[test]
fn the_check_finds_what_is_wrong() {
    let mut report = Report::default();
    report.tool.policy.sha256 = Some("no digest".to_owned());
    let faults = checked(&report);
    assert_eq!(faults, ["$.tool.policy.sha256: does not match the pattern: \"no digest\""]);
}
