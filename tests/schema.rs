//! `docs/scan.schema.json` says what `--format json` prints: all samples are checked against it, without a network and
//! more strictly than users would, for whom fields may be added. So do `docs/diff.schema.json` for `depickle diff`, and
//! `docs/content.schema.json` for `depickle convert -o x.json`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

use depickle::convert::{self, Elements, Lost};
use depickle::input::Source;
use depickle::inspect::{self, Outline};
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
    if schema == &Value::Bool(true) {
        return found;
    }
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
            "anyOf" => {
                let good = |schema: &Value| faults(whole, schema, value, place).is_empty();
                if rule.as_array().unwrap().iter().any(good) {
                    Vec::new()
                } else {
                    fault("is none of the alternatives")
                }
            }
            "minProperties" | "minItems" | "maxItems" => {
                let len = value.as_object().map(serde_json::Map::len).or(value.as_array().map(Vec::len));
                let (len, limit) = (len.unwrap_or(0) as u64, rule.as_u64().unwrap());
                let fits = if key == "maxItems" { len <= limit } else { len >= limit };
                if fits { Vec::new() } else { fault("has too few or too many") }
            }
            "propertyNames" if rule["pattern"] == r"^(?!\$)" => {
                let tags = value.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with('$'));
                tags.flat_map(|(name, _)| fault(&format!("has the key {name}"))).collect()
            }
            // The keys of a wrong alternative are not looked into: there may be another one at each level.
            "additionalProperties" if rule.is_object() && !names_fit(schema, value) => Vec::new(),
            "additionalProperties" if rule.is_object() => {
                let all = value.as_object().into_iter().flatten();
                all.flat_map(|(name, value)| faults(whole, rule, value, &format!("{place}.{name}"))).collect()
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
            "minimum" | "description" | "title" | "contentEncoding" | "$schema" | "$defs" => Vec::new(),
            "additionalProperties" if rule == &Value::Bool(false) => Vec::new(),
            other => panic!("the test knows no `{other}`"),
        };
        found.extend(wrong);
    }
    found
}

fn names_fit(schema: &Value, value: &Value) -> bool {
    schema.get("propertyNames").is_none()
        || value.as_object().is_none_or(|object| !object.keys().any(|name| name.starts_with('$')))
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

/// The shapes of pattern that there are: `^[..]+$` and `^[..]{n}$` of digits, hexadecimal or decimal, and two of numbers.
fn matches(pattern: &str, text: &str) -> bool {
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    match pattern {
        "^-?([0-9]+|0x[0-9a-f]+)$" => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let fits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let hexadecimal = digits.strip_prefix("0x").filter(|digits| !digits.is_empty());
            return hexadecimal.map_or_else(|| fits(digits), is_hexadecimal);
        }
        "^([0-9a-f]{8}|[0-9a-f]{16})$" => return matches!(text.len(), 8 | 16) && is_hexadecimal(text),
        _ => {}
    }
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

/// What is wrong with the content of a file, with arrays written in each way; nothing where it is no file that could be
/// converted, or one too deep for the parser of this test.
fn content(bytes: &[u8]) -> Option<Vec<String>> {
    let schema: Value = serde_json::from_str(include_str!("../docs/content.schema.json")).unwrap();
    let mut found = Vec::new();
    for elements in [Elements::Base64, Elements::Numbers] {
        let mut contents = inspect::open(bytes, &Limits::default()).ok()?;
        let mut out = Vec::new();
        convert::json::write(&mut out, &Outline::new(&mut contents), elements, &mut Lost::default()).ok()?;
        match serde_json::from_slice(&out) {
            Ok(content) => found.extend(faults(&schema, &schema, &content, "$")),
            Err(error) if error.to_string().contains("recursion limit") => return None,
            Err(error) => panic!("{error}"),
        }
    }
    Some(found)
}

#[test]
fn contents_are_as_the_schema_says() {
    let mut checked = 0;
    for path in files(vec![root().join("samples"), root().join("tests/data/arrays"), root().join("tests/data/views")]) {
        let bytes = std::fs::read(&path).unwrap();
        if let Some(found) = Some(&bytes).filter(|bytes| bytes.len() < 100_000).and_then(|bytes| content(bytes)) {
            assert_eq!(found, [""; 0], "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
    // {'bits': 'deadbeef'}, and numbers that JSON has no place for.
    let plain =
        b"\x80\x04}(\x8c\x04bits\x8c\x08deadbeef\x8c\x01a\x8a\x09\0\0\0\0\0\0\0\0\xffK\x01G\x7f\xf8\0\0\0\0\0\0u.";
    assert_eq!(content(plain).unwrap(), [""; 0]);
}

#[test]
fn a_content_that_is_none_is_found() {
    let schema: Value = serde_json::from_str(include_str!("../docs/content.schema.json")).unwrap();
    for root in [
        r#"{"$int":"1e3"}"#,
        r#"{"$bytes":3}"#,
        r#"{"$nothing":null}"#,
        r#"{"$masked":{"data":{}}}"#,
        r#"{"a":{"$id":0.5}}"#,
    ] {
        let content = format!(r#"{{"schema":"depickle.content/1","format":"pickle","root":{root}}}"#);
        let content: Value = serde_json::from_str(&content).unwrap();
        assert_eq!(faults(&schema, &schema, &content, "$").len(), 1, "{root}");
    }
}

fn samples() -> Vec<PathBuf> {
    files(vec![root().join("samples")])
}

fn files(mut open: Vec<PathBuf>) -> Vec<PathBuf> {
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
