//! Every format: what it looks like, and that no text from a file can speak to whatever reads it.

use crate::fixtures::{TRICKS, four, with_text};
use depickle::report::{self, Detail, Report, Screen};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

type Writer = fn(&mut Vec<u8>, &Report) -> std::io::Result<()>;

/// Every format but `human`, which has tests of its own.
const FORMATS: &[(&str, Writer)] = &[
    ("json", |out, report| report::json(out, report)),
    ("ndjson", |out, report| report::ndjson(out, report)),
    ("sarif", |out, report| report::sarif(out, report)),
    ("junit", |out, report| report::junit(out, report)),
    ("gitlab", |out, report| report::gitlab(out, report)),
    ("github", |out, report| report::github(out, report)),
    ("markdown", |out, report| report::markdown(out, report)),
    ("html", |out, report| report::html(out, report)),
    ("cyclonedx", |out, report| report::cyclonedx(out, report)),
    ("human", |out, report| report::human(out, report, &Screen::plain(Detail::Everything))),
];

fn written(format: &str, report: &Report) -> String {
    let (_, write) = FORMATS.iter().find(|(name, _)| *name == format).unwrap();
    let mut out = Vec::new();
    write(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

fn parsed(format: &str, report: &Report) -> Value {
    serde_json::from_str(&written(format, report)).unwrap()
}

#[test]
fn each_format() {
    for (name, _) in FORMATS {
        let mut text = written(name, &four());
        if *name == "sarif" {
            // The rules are those of the docs; one is enough here.
            let (head, rest) = text.split_once("\"rules\":[").unwrap();
            let (first, rest) = rest.split_once("},{\"fullDescription\"").unwrap();
            let (_, tail) = rest.split_once("\"semanticVersion\"").unwrap();
            text = format!("{head}\"rules\":[{first}}}, ...],\"semanticVersion\"{tail}");
            // Another rule moves the numbers of those behind it; `check_reports.py` follows them.
            let numbers = text.split("\"ruleIndex\":").enumerate();
            let hidden = |(index, part): (usize, &str)| match index {
                0 => part.to_owned(),
                _ => format!("\"ruleIndex\":..{}", part.trim_start_matches(|char: char| char.is_ascii_digit())),
            };
            text = numbers.map(hidden).collect();
        }
        if let Some((head, rest)) = text.split_once("<style>") {
            text = format!("{head}<style>...{}", rest.split_once("</style>").unwrap().1);
        }
        assert_snapshot!(*name, text);
    }
}

/// What is between the tags of markup, and the tags with their attributes emptied.
fn tags(text: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for part in text.split('<').skip(1) {
        let mut tag = String::new();
        let mut quoted = false;
        for char in part.chars() {
            match char {
                '"' => quoted = !quoted,
                '>' if !quoted => break,
                char if !quoted => tag.push(char),
                _ => {}
            }
        }
        tags.push(tag);
    }
    tags
}

/// What Markdown is made of beside text and code.
fn markdown_events(text: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Options, Parser};
    let code = |event: Event<'_>| match event {
        Event::Code(_) => "code".to_owned(),
        event => format!("{event:?}"),
    };
    Parser::new_ext(text, Options::all()).map(code).collect()
}

/// That a report with `text` in it is built as one with a harmless word in its place.
fn speaks_to_no_one(text: &str) {
    let report = |text: &str| Report { files: vec![with_text(text)], ..Report::default() };
    let (hostile, tame) = (report(text), report("x"));
    for (name, _) in FORMATS {
        let written = written(name, &hostile);
        assert!(written.chars().all(|char| matches!(char, ' '..='~' | '\n')), "{name}: {written}");
        assert!(!written.contains("##[") && !written.contains("##vso"), "{name}: {written}");
        let commands = written.lines().filter(|line| line.trim_start().starts_with("::")).count();
        assert_eq!(commands, if *name == "github" { 1 } else { 0 }, "{name}: {written}");
    }
    for name in ["junit", "html"] {
        assert_eq!(tags(&written(name, &hostile)), tags(&written(name, &tame)), "{name}");
    }
    assert_eq!(markdown_events(&written("markdown", &hostile)), markdown_events(&written("markdown", &tame)));
    let lines = |text: &str| text.lines().count();
    for name in ["human", "junit", "github", "ndjson"] {
        assert_eq!(lines(&written(name, &hostile)), lines(&written(name, &tame)), "{name}");
    }
    assert_eq!(parsed("json", &hostile)["files"][0]["findings"][0]["message"], text);
    assert_eq!(parsed("gitlab", &hostile)[0]["location"]["path"], text.strip_prefix("./").unwrap_or(text));
    let sarif = parsed("sarif", &hostile);
    let result = &sarif["runs"][0]["results"][0];
    assert!(!result["message"]["text"].as_str().unwrap().replace("\\](", "").contains("]("));
    let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.chars().all(|char| char.is_ascii_alphanumeric() || "-._~/%:".contains(char)), "{uri}");
    parsed("cyclonedx", &hostile);
}

#[test]
fn no_trick_speaks_to_whatever_reads_a_report() {
    TRICKS.iter().for_each(|trick| speaks_to_no_one(trick));
    speaks_to_no_one(&TRICKS.join("\n"));
    speaks_to_no_one("");
    speaks_to_no_one(&"`<&\u{202e}".repeat(1000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_speaks_to_whatever_reads_a_report(
        text in prop_oneof!["\\PC{0,40}", "[\\x00-\\x7f]{0,40}", "[-`#<>&\"'\\[\\]()|*_~:!,%\\\\ \n\t]{0,40}"]
    ) {
        speaks_to_no_one(&text);
    }
}

#[test]
fn a_long_name_is_cut_but_in_json() {
    let long = "n".repeat(1 << 17);
    let report = Report { files: vec![with_text(&long)], ..Report::default() };
    for (name, _) in FORMATS {
        let text = written(name, &report);
        if !["json", "ndjson", "sarif", "gitlab"].contains(name) {
            assert!(text.len() < 1 << 16 && text.contains("... (131072 bytes)"), "{name}: {}", text.len());
        }
    }
}

#[test]
fn annotations_are_capped_and_say_so() {
    let mut file = with_text("x");
    file.findings = vec![file.findings[0].clone(); 30];
    let text = written("github", &Report { files: vec![file], ..Report::default() });
    assert_eq!(text.lines().filter(|line| line.starts_with("::error ")).count(), 10);
    assert!(text.contains("\n::error title=depickle::and 21 more, "), "{text}");
}

#[test]
fn each_line_of_ndjson_is_a_row_of_json() {
    let report = four();
    let document = parsed("json", &report);
    let text = written("ndjson", &report);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| -> Vec<Value> {
        let mut lines: Vec<Value> = lines.iter().filter(|line| line["type"] == kind).cloned().collect();
        lines.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("type")));
        lines
    };
    assert_eq!(Value::Array(of("file")), document["files"]);
    assert_eq!(Value::Array(of("directory")), document["directories"]);
    assert_eq!(of("summary"), [document["summary"].clone()]);
    assert_eq!(of("run")[0]["tool"], document["tool"]);
}
