//! The facts of a file as JSON: `environment` in a scan report, and the document `depickle.about/1`.

use super::Tool;
use super::json::{ToolRow, rows};
use crate::escape::{Uint, json as value};
use crate::facts::{Component, Evidence, Facts, Hazard, Model, Package, Place, Range, Step, Values};
use crate::finding::FileReport;
use serde::Serialize;
use std::io::{self, Write};

/// Writes what is known of one file as one JSON document, `depickle.about/1`.
///
/// # Errors
/// Those of `out`.
pub fn about_json(out: &mut dyn Write, tool: &Tool, file: &FileReport) -> io::Result<()> {
    let document = AboutRow {
        schema: "depickle.about/1",
        tool: ToolRow::from(tool),
        path: &file.path,
        size: Uint(file.size),
        format: &file.format,
        verdict: file.verdict().name(),
        completeness: file.completeness.name(),
        environment: EnvironmentRow::from(&file.facts),
    };
    value(out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct AboutRow<'a> {
    schema: &'a str,
    tool: ToolRow<'a>,
    path: &'a str,
    size: Uint,
    format: &'a str,
    verdict: &'a str,
    completeness: &'a str,
    environment: EnvironmentRow<'a>,
}

/// What a file says; without any field where it says nothing.
#[derive(Serialize)]
pub(super) struct EnvironmentRow<'a> {
    #[serde(flatten)]
    facts: Option<FactsRow<'a>>,
}

impl<'a> From<&'a Facts> for EnvironmentRow<'a> {
    fn from(facts: &'a Facts) -> Self {
        Self { facts: (*facts != Facts::default()).then(|| FactsRow::from(facts)) }
    }
}

#[derive(Serialize)]
struct FactsRow<'a> {
    protocol: Option<u8>,
    contents: &'a str,
    components: Vec<ComponentRow<'a>>,
    packages: Vec<PackageRow<'a>>,
    models: Vec<ModelRow<'a>>,
    hazards: Vec<HazardRow<'a>>,
}

impl<'a> From<&'a Facts> for FactsRow<'a> {
    fn from(facts: &'a Facts) -> Self {
        Self {
            protocol: facts.protocol,
            contents: &facts.contents,
            components: rows(&facts.components),
            packages: rows(&facts.packages),
            models: rows(&facts.models),
            hazards: rows(&facts.hazards),
        }
    }
}

fn range(range: Range) -> Option<String> {
    (!range.is_all()).then(|| range.to_string())
}

#[derive(Serialize)]
struct ComponentRow<'a> {
    name: &'a str,
    versions: &'a [String],
    range: Option<String>,
    certainty: &'a str,
    evidence: Vec<EvidenceRow<'a>>,
}

impl<'a> From<&'a Component> for ComponentRow<'a> {
    fn from(component: &'a Component) -> Self {
        Self {
            name: component.name,
            versions: &component.exact,
            range: range(component.range),
            certainty: component.certainty.name(),
            evidence: rows(&component.evidence),
        }
    }
}

#[derive(Serialize)]
struct PlaceRow<'a> {
    stream: u32,
    offset: Option<Uint>,
    file_offset: Option<Uint>,
    object_path: Option<&'a str>,
}

impl<'a> From<&'a Place> for PlaceRow<'a> {
    fn from(place: &'a Place) -> Self {
        Self {
            stream: place.stream,
            offset: place.offset.map(Uint),
            file_offset: place.file_offset.map(Uint),
            object_path: place.path.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct EvidenceRow<'a> {
    what: &'a str,
    version: Option<&'a str>,
    range: Option<String>,
    certainty: &'a str,
    #[serde(flatten)]
    place: PlaceRow<'a>,
    count: Uint,
}

impl<'a> From<&'a Evidence> for EvidenceRow<'a> {
    fn from(evidence: &'a Evidence) -> Self {
        Self {
            what: &evidence.what,
            version: evidence.exact.as_deref(),
            range: range(evidence.range),
            certainty: evidence.certainty.name(),
            place: PlaceRow::from(&evidence.place),
            count: Uint(evidence.count),
        }
    }
}

#[derive(Serialize)]
struct PackageRow<'a> {
    module: &'a str,
    distribution: Option<&'a str>,
    symbol: &'a str,
    #[serde(flatten)]
    place: PlaceRow<'a>,
}

impl<'a> From<&'a Package> for PackageRow<'a> {
    fn from(package: &'a Package) -> Self {
        Self {
            module: &package.module,
            distribution: package.distribution,
            symbol: &package.symbol,
            place: PlaceRow::from(&package.place),
        }
    }
}

#[derive(Serialize)]
struct ModelRow<'a> {
    object_path: &'a str,
    class: &'a str,
    steps: Vec<StepRow<'a>>,
    estimator: Option<EstimatorRow<'a>>,
    parameters: Vec<ParameterRow<'a>>,
    n_features_in: Option<&'a str>,
    n_outputs: Option<&'a str>,
    feature_names_in: Option<ValuesRow<'a>>,
    classes: Option<ValuesRow<'a>>,
}

impl<'a> From<&'a Model> for ModelRow<'a> {
    fn from(model: &'a Model) -> Self {
        let estimator = model.estimator.as_ref();
        let parameter = |(name, value): &'a (String, String)| ParameterRow { name, value };
        Self {
            object_path: &model.path,
            class: &model.class,
            steps: rows(&model.steps),
            estimator: estimator.map(|(object_path, class)| EstimatorRow { object_path, class }),
            parameters: model.parameters.iter().map(parameter).collect(),
            n_features_in: model.n_features_in.as_deref(),
            n_outputs: model.n_outputs.as_deref(),
            feature_names_in: model.feature_names_in.as_ref().map(ValuesRow::from),
            classes: model.classes.as_ref().map(ValuesRow::from),
        }
    }
}

#[derive(Serialize)]
struct EstimatorRow<'a> {
    object_path: &'a str,
    class: &'a str,
}

#[derive(Serialize)]
struct ParameterRow<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct StepRow<'a> {
    name: &'a str,
    class: &'a str,
}

impl<'a> From<&'a Step> for StepRow<'a> {
    fn from(step: &'a Step) -> Self {
        Self { name: &step.name, class: &step.class }
    }
}

#[derive(Serialize)]
struct ValuesRow<'a> {
    total: Uint,
    first: &'a [String],
}

impl<'a> From<&'a Values> for ValuesRow<'a> {
    fn from(values: &'a Values) -> Self {
        Self { total: Uint(values.total), first: &values.items }
    }
}

#[derive(Serialize)]
struct HazardRow<'a> {
    kind: &'a str,
    message: &'a str,
    #[serde(flatten)]
    place: PlaceRow<'a>,
}

impl<'a> From<&'a Hazard> for HazardRow<'a> {
    fn from(hazard: &'a Hazard) -> Self {
        Self { kind: hazard.kind, message: &hazard.message, place: PlaceRow::from(&hazard.place) }
    }
}
