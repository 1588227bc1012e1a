//! `docs/scan.schema.json` says what `--format json` prints: all samples are checked against it, without a network and
//! more strictly than users would, for whom fields may be added.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use depickle::report::{Report, json};
use depickle::{audit, error, finding};
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
