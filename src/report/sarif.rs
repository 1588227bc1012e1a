//! `--format sarif`: SARIF 2.1.0 as GitHub code scanning takes it.
//!
//! What code scanning needs and other viewers read as well: every rule with help and `security-severity`; paths relative
//! to `%SRCROOT%`; a region of bytes, and line 1 because code scanning asks for a line; fingerprints that do not move
//! with offsets; accepted findings as suppressions; what was not analysed as notifications.

use super::json::lines;
use super::text::{shown, uri};
use super::{Report, Said, counted, unanalysed};
use crate::escape::{Uint, json as value};
use crate::finding::{Finding, Level, Location, Severity};
use crate::rules::{RULES, Rule};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Results that code scanning takes from one run.
const RESULTS: usize = 25_000;
/// Notifications of one run.
const NOTIFICATIONS: usize = 1000;

/// Writes `report` as SARIF, one line for each result, the worst first.
///
/// # Errors
/// Those of `out`.
pub fn sarif(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    capped(out, report, RESULTS)
}

fn capped(out: &mut dyn Write, report: &Report, most: usize) -> io::Result<()> {
    let findings = report.findings();
    let driver = json!({
        "name": "depickle",
        "semanticVersion": report.tool.version,
        "rules": RULES.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
    });
    out.write_all(
        b"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\n",
    )?;
    out.write_all(b"\"tool\":")?;
    value(out, &json!({ "driver": driver }))?;
    out.write_all(b",\n\"originalUriBaseIds\":")?;
    let root = "the directory in which depickle ran";
    value(out, &json!({ "%SRCROOT%": { "description": { "text": root } } }))?;
    out.write_all(b",\n\"invocations\":")?;
    value(out, &json!([invocation(report, findings.len().saturating_sub(most))]))?;
    out.write_all(b",\n\"artifacts\":")?;
    let hashed = report.files.iter().filter_map(|file| Some((file, file.sha256.as_deref()?)));
    lines(
        out,
        hashed.map(|(file, sha256)| {
            json!({
                "location": artifact(&file.path), "length": Uint(file.size), "hashes": { "sha-256": sha256 },
            })
        }),
    )?;
    out.write_all(b",\n\"results\":")?;
    lines(out, findings.iter().take(most).map(|said| result(*said)))?;
    out.write_all(b"}]}\n")
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": { "text": format!("{} {}", rule.why, rule.help), "markdown": format!("{}\n\n{}", rule.why, rule.help) },
        "properties": {
            "tags": ["security", rule.class.name()],
            "precision": rule.confidence.name(),
            "security-severity": score(rule.severity),
        },
    })
}

/// The score that code scanning sorts by: critical is above 9, high above 7, medium above 4, low above 0.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Dangerous => "error",
        Level::Suspicious | Level::Incomplete => "warning",
        Level::Note => "note",
    }
}

/// A message without links: SARIF reads `[text](target)` as one.
fn message(text: &str) -> Value {
    json!({ "text": shown(text).replace("](", "\\](") })
}

fn result(Said { path, finding, .. }: Said<'_>) -> Value {
    let at = &finding.location;
    let fingerprint = finding.fingerprint();
    let rule = RULES.iter().position(|rule| rule.id == finding.rule);
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.level),
        "message": message(&finding.message),
        "locations": [{
            "physicalLocation": { "artifactLocation": artifact(path), "region": region(at) },
            "logicalLocations": [logical(at)],
        }],
        // Where this is missing, code scanning would make one from the lines of a text.
        "partialFingerprints": { "depickle/v1": fingerprint, "primaryLocationLineHash": format!("{fingerprint}:1") },
        "properties": {
            "level": finding.level.name(), "count": Uint(finding.count), "loaders": finding.loaders,
            "symbol": finding.symbol.as_deref().map(shown), "offset": at.offset.map(Uint),
        },
        "suppressions": suppressions(finding),
    });
    if let (Some(index), Some(object)) = (rule, result.as_object_mut()) {
        object.insert("ruleIndex".to_owned(), json!(index));
    }
    result
}

fn artifact(path: &str) -> Value {
    match uri(path) {
        (uri, true) => json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }),
        (uri, false) => json!({ "uri": uri }),
    }
}

/// The bytes of the file, where the finding has a place in it; always a line, without which code scanning shows nothing.
fn region(at: &Location) -> Value {
    match at.file_offset {
        Some(offset) => {
            json!({ "startLine": 1, "byteOffset": Uint(offset), "byteLength": Uint(at.length.unwrap_or(1)) })
        }
        None => json!({ "startLine": 1 }),
    }
}

/// The place in the object: `root.steps[1][1].func`, with member and stream in front where there are several.
fn logical(at: &Location) -> Value {
    let path = at.object_path.as_deref().unwrap_or("root");
    let stream = if at.stream > 0 { format!("#{}", at.stream) } else { String::new() };
    let colon = if at.member.is_empty() && stream.is_empty() { "" } else { ":" };
    json!({ "fullyQualifiedName": shown(&format!("{}{stream}{colon}{path}", at.member)), "kind": "value" })
}

fn suppressions(finding: &Finding) -> Value {
    let Some(accepted) = &finding.accepted else { return json!([]) };
    let until = accepted.expires.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
    let why = format!("{} ({}{until})", accepted.reason, accepted.by);
    json!([{ "kind": "external", "status": "accepted", "justification": shown(&why) }])
}

fn invocation(report: &Report, left_out: usize) -> Value {
    let unanalysed = report.files.iter().filter_map(|file| Some((file, unanalysed(file)?)));
    let total = unanalysed.clone().count();
    let mut notifications: Vec<Value> = unanalysed
        .take(NOTIFICATIONS)
        .map(|(file, why)| {
            let level = if file.error.is_some() { "error" } else { "warning" };
            let location = json!({ "physicalLocation": { "artifactLocation": artifact(&file.path) } });
            json!({ "level": level, "message": message(why), "locations": [location] })
        })
        .collect();
    let mut note = |more: usize, what: &str, why: &str| {
        if more > 0 {
            let text = format!("{} left out: {why}", counted(more as u64, what));
            notifications.push(json!({ "level": "warning", "message": { "text": text } }));
        }
    };
    note(total.saturating_sub(NOTIFICATIONS), "more notification", "the list is cut here");
    note(left_out, "more result", "code scanning takes no more of one run");
    json!({
        "executionSuccessful": report.files.iter().all(|file| file.error.is_none()),
        "toolExecutionNotifications": notifications,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::DirectoryReport;

    #[test]
    fn results_are_capped_the_worst_kept_and_that_is_said() {
        let at = |level| RULES[0].finding(level, String::new(), Location::default());
        let findings = [Level::Note, Level::Dangerous, Level::Suspicious].map(at).to_vec();
        let report =
            Report { directories: vec![DirectoryReport { path: "d".to_owned(), findings }], ..Report::default() };
        let mut out = Vec::new();
        capped(&mut out, &report, 1).unwrap();
        let sarif: Value = serde_json::from_slice(&out).unwrap();
        let run = &sarif["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), 1);
        assert_eq!(run["results"][0]["level"], "error");
        let notification = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert_eq!(notification, "2 more results left out: code scanning takes no more of one run");
    }
}
