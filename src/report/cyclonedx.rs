//! `--format cyclonedx`: a bill of materials for machine learning, CycloneDX 1.6.
//!
//! A component for each file: a model with its class, parameters and the libraries that it needs, or a plain file. What
//! the file claims of itself (versions, parameters) is evidence, not proof. There is no serial number and no time, so that
//! two runs give the same bytes.

use super::json::lines;
use super::text::{shown, uri};
use super::{Report, open};
use crate::escape::json as value;
use crate::facts::{Certainty, Component, Facts};
use crate::finding::FileReport;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Properties of one kind that a file may have.
const PROPERTIES: usize = 1000;

/// Writes `report` as a bill of materials.
///
/// # Errors
/// Those of `out`.
pub fn cyclonedx(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let tool = json!({ "type": "application", "name": "depickle", "version": report.tool.version });
    out.write_all(b"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1,\n\"metadata\":")?;
    value(out, &json!({ "tools": { "components": [tool] } }))?;
    let mut libraries: BTreeMap<String, Value> = BTreeMap::new();
    for file in &report.files {
        libraries.extend(needed(&file.facts).into_iter().map(|library| (library.reference.clone(), library.row())));
    }
    out.write_all(b",\n\"components\":")?;
    let files = report.files.iter().enumerate().map(|(number, file)| component(number, file));
    lines(out, files.chain(libraries.into_values()))?;
    out.write_all(b",\n\"dependencies\":")?;
    let dependencies = report.files.iter().enumerate().map(|(number, file)| {
        let mut on: Vec<String> = needed(&file.facts).into_iter().map(|library| library.reference).collect();
        on.sort();
        json!({ "ref": reference(number), "dependsOn": on })
    });
    lines(out, dependencies)?;
    out.write_all(b"}\n")
}

/// Paths may be anything, numbers are references that every reader takes.
fn reference(number: usize) -> String {
    format!("file-{number}")
}

/// A library that a file needs.
struct Library {
    reference: String,
    name: String,
    version: Option<String>,
    /// Whether its name is that of a distribution on PyPI, rather than of a module.
    distribution: bool,
}

impl Library {
    fn new(name: &str, version: Option<&str>, distribution: bool) -> Self {
        let at = version.map_or_else(String::new, |version| format!("@{}", encoded(version)));
        let kind = if distribution { "pypi" } else { "generic" };
        // The names of PyPI are lower case, with dashes.
        let plain = if distribution { name.to_ascii_lowercase().replace('_', "-") } else { name.to_owned() };
        let reference = format!("pkg:{kind}/{}{at}", encoded(&plain));
        Self { reference, name: shown(name), version: version.map(shown), distribution }
    }

    fn row(&self) -> Value {
        let mut row = json!({ "type": "library", "bom-ref": self.reference, "name": self.name });
        if let Some(row) = row.as_object_mut() {
            if let Some(version) = &self.version {
                row.insert("version".to_owned(), json!(version));
            }
            if self.distribution {
                row.insert("purl".to_owned(), json!(self.reference));
            }
        }
        row
    }
}

fn encoded(text: &str) -> String {
    uri(shown(text).trim_start_matches('/')).0.replace('/', "%2F")
}

/// What a file needs; a version only where it is written out and certain.
fn needed(facts: &Facts) -> Vec<Library> {
    let version = |name: &str| {
        let component = facts.components.iter().find(|component| component.name == name);
        component.filter(|it| it.certainty == Certainty::Certain).and_then(|it| it.exact.first()).map(String::as_str)
    };
    let mut libraries: Vec<Library> = Vec::new();
    for package in &facts.packages {
        let library = match package.distribution {
            Some(name) => Library::new(name, version(name), true),
            None => Library::new(&package.module, None, false),
        };
        if !libraries.iter().any(|known| known.reference == library.reference) {
            libraries.push(library);
        }
    }
    libraries
}

fn component(number: usize, file: &FileReport) -> Value {
    let facts = &file.facts;
    let model = facts.models.first();
    let mut row = json!({
        "type": if model.is_some() { "machine-learning-model" } else { "file" },
        "bom-ref": reference(number),
        "name": shown(&file.path),
        "properties": properties(file),
    });
    let Some(object) = row.as_object_mut() else { return row };
    if let Some(sha256) = &file.sha256 {
        object.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": sha256 }]));
    }
    if let Some(model) = model {
        let class = model.estimator.as_ref().map_or(&model.class, |(_, class)| class);
        let parameters = json!({ "modelArchitecture": shown(class) });
        object.insert("modelCard".to_owned(), json!({ "modelParameters": parameters }));
    }
    row
}

fn properties(file: &FileReport) -> Vec<Value> {
    let mut rows = Rows(Vec::new());
    rows.one("verdict", file.verdict().name());
    rows.one("completeness", file.completeness.name());
    rows.one("format", &file.format);
    rows.one("size", &file.size.to_string());
    rows.one("contents", &file.facts.contents);
    if let Some(error) = &file.error {
        rows.one("error", &error.message);
    }
    let findings = open(file).map(|it| format!("{}[{}]: {}", it.level.name(), it.rule, it.message));
    rows.all("finding", findings);
    rows.all("import", file.imports.iter().map(|it| format!("{} {}", it.decision.name(), it.symbol)));
    rows.all("written-by", file.facts.components.iter().map(writer));
    for model in &file.facts.models {
        rows.one("class", &model.class);
        rows.all("step", model.steps.iter().map(|step| format!("{}: {}", step.name, step.class)));
        rows.all("parameter", model.parameters.iter().map(|(name, value)| format!("{name}={value}")));
        if let Some(features) = &model.n_features_in {
            rows.one("n_features_in_", features);
        }
        let names = model.feature_names_in.iter().flat_map(|names| names.items.iter().cloned());
        rows.all("feature_names_in_", names);
        rows.all("classes_", model.classes.iter().flat_map(|classes| classes.items.iter().cloned()));
    }
    rows.0
}

fn writer(component: &Component) -> String {
    format!("{} {} ({})", component.name, component.version(), component.certainty.name())
}

struct Rows(Vec<Value>);

impl Rows {
    fn one(&mut self, name: &str, text: &str) {
        self.0.push(json!({ "name": format!("depickle:{name}"), "value": shown(text) }));
    }

    fn all(&mut self, name: &str, texts: impl Iterator<Item = String>) {
        let mut texts = texts.peekable();
        for text in texts.by_ref().take(PROPERTIES) {
            self.one(name, &text);
        }
        if texts.peek().is_some() {
            self.one(name, &format!("... {} more", texts.count()));
        }
    }
}
