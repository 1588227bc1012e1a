//! The models at the root of a stream, as a person who trained them knows them.

use super::values::{Look, cut};
use crate::ast::path::{ObjectPath, Step as PathStep};
use crate::ast::{Kind, Moment, Value};
use crate::facts::{Model, Step, Values};
use std::collections::HashSet;

/// The most models that are described.
const MODELS: usize = 16;
/// The most items of a container that are looked at for models.
const ITEMS: usize = 256;
/// The most steps and parameters that are listed.
const LISTED: usize = 100;
/// The longest container that is shown whole among others.
const SHORT: usize = 4;
/// The most estimators around the one that predicts.
const DEPTH: usize = 8;

/// What stands at the root, in a few words.
pub(super) fn contents(look: &mut Look<'_>, root: Value) -> String {
    let ast = look.view().ast;
    match root.kind() {
        Kind::Dict => {
            let len = ast.len(root) / 2;
            let mut items = Vec::new();
            for (key, value) in ast.entries(root, Moment::END).take(8) {
                let key = look.plain(key).unwrap_or_else(|| "...".to_owned());
                items.push(format!("{key}: {}", brief(look, value)));
            }
            listed(&format!("dict of {len}"), &items, len)
        }
        Kind::Tuple | Kind::List | Kind::Set | Kind::FrozenSet => {
            let len = ast.len(root);
            let values: Vec<Value> = ast.items(root, Moment::END).take(8).collect();
            let items: Vec<String> = values.into_iter().map(|value| brief(look, value)).collect();
            listed(&format!("{} of {len}", root.kind().name()), &items, len)
        }
        _ => brief(look, root),
    }
}

fn listed(what: &str, items: &[String], len: usize) -> String {
    let more = if len > items.len() { ", ..." } else { "" };
    let colon = if items.is_empty() { "" } else { ": " };
    format!("{what}{colon}{}{more}", items.join(", "))
}

/// A value in a few words.
fn brief(look: &mut Look<'_>, value: Value) -> String {
    let ast = look.view().ast;
    if let Some(array) = look.array(value) {
        let dtype = array.dtype.as_ref().map_or_else(|| "?".to_owned(), crate::dtype::DType::type_string);
        let shape: Vec<String> = array.shape.iter().map(u64::to_string).collect();
        return format!("array of {dtype}, shape ({})", shape.join(", "));
    }
    match value.kind() {
        Kind::Object => look
            .plain(value)
            .or_else(|| look.class_name(value))
            .unwrap_or_else(|| "object of an unknown class".to_owned()),
        Kind::Dict => format!("dict of {}", ast.len(value) / 2),
        Kind::Tuple | Kind::List | Kind::Set | Kind::FrozenSet => {
            let short = if ast.len(value) <= SHORT { look.plain(value) } else { None };
            short.unwrap_or_else(|| format!("{} of {}", value.kind().name(), ast.len(value)))
        }
        Kind::Import => {
            look.named(value).map_or_else(|| "import".to_owned(), |(module, name)| cut(&format!("{module}.{name}")))
        }
        kind => look.plain(value).unwrap_or_else(|| kind.name().to_owned()),
    }
}

/// The models at the root, or directly in a dict, list or tuple there.
pub(super) fn models(look: &mut Look<'_>, root: Value) -> Vec<Model> {
    let ast = look.view().ast;
    // Most values are no objects, and get no path.
    let is_object = |value: &Value| value.kind() == Kind::Object;
    let candidates: Vec<(Value, Vec<PathStep>)> = match root.kind() {
        Kind::Dict => {
            let entries = ast.entries(root, Moment::END).take(ITEMS).enumerate();
            let entries = entries.filter(|(_, (_, value))| is_object(value));
            let step = |number, key| look.text(key).map_or(PathStep::Member(number), PathStep::Key);
            entries.map(|(number, (key, value))| (value, vec![step(number, key)])).collect()
        }
        Kind::List | Kind::Tuple => {
            let step = |number| PathStep::Index(i64::try_from(number).unwrap_or(i64::MAX));
            let items = ast.items(root, Moment::END).take(ITEMS).enumerate();
            let items = items.filter(|(_, value)| is_object(value));
            items.map(|(number, value)| (value, vec![step(number)])).collect()
        }
        _ => vec![(root, Vec::new())],
    };
    let mut seen = HashSet::new();
    let mut models = Vec::new();
    for (value, path) in candidates {
        if models.len() < MODELS && seen.insert(value) && is_model(look, value) {
            models.push(model(look, value, path));
        }
    }
    models
}

/// Whether an object is one that predicts or transforms: it has a fitted attribute, or says which library wrote it.
fn is_model(look: &mut Look<'_>, value: Value) -> bool {
    let Some((module, _)) = look.class(value).and_then(|class| look.named(class)) else { return false };
    let top = module.split('.').next().unwrap_or_default();
    if matches!(top, "numpy" | "builtins" | "collections" | "datetime" | "decimal" | "pandas" | "pathlib" | "joblib") {
        return false;
    }
    look.attributes(value).is_some()
}

fn model(look: &mut Look<'_>, value: Value, path: Vec<PathStep>) -> Model {
    let text = |path: &[PathStep]| ObjectPath(path.to_vec()).to_string();
    let class = look.class_name(value).unwrap_or_default();
    let mut model = Model { path: text(&path), class, ..Model::default() };
    let (mut at, mut inner) = (value, path);
    // The chain from the outermost estimator to the one that predicts; each may know the features.
    let mut chain = vec![value];
    for _ in 0..DEPTH {
        let Some((next, steps)) = inside(look, at, &mut model, &mut chain) else { break };
        inner.extend(steps);
        chain.push(next);
        at = next;
    }
    if at != value {
        model.estimator = Some((text(&inner), look.class_name(at).unwrap_or_default()));
    }
    model.parameters = parameters(look, at);
    let first = |look: &mut Look<'_>, names: &[&str]| {
        chain
            .iter()
            .find_map(|&part| names.iter().find_map(|name| look.attribute(part, name).and_then(|v| look.plain(v))))
    };
    model.n_features_in =
        first(look, &["n_features_in_", "_n_features_in", "n_features_", "_n_features", "n_features"]);
    model.n_outputs = first(look, &["n_outputs_"]);
    let mut values = |names: &[&str]| {
        chain
            .iter()
            .find_map(|&part| names.iter().find_map(|name| look.attribute(part, name).and_then(|v| listing(look, v))))
    };
    model.feature_names_in = values(&["feature_names_in_", "feature_names_", "_feature_name", "feature_name_"]);
    model.classes = values(&["classes_", "_classes"]);
    model
}

/// The estimator that does the predicting inside another one, and the steps to it.
fn inside(
    look: &mut Look<'_>,
    value: Value,
    model: &mut Model,
    chain: &mut Vec<Value>,
) -> Option<(Value, Vec<PathStep>)> {
    let ast = look.view().ast;
    if let Some(steps) = look.attribute(value, "steps").filter(|steps| steps.kind() == Kind::List) {
        let mut last = None;
        for (number, step) in ast.items(steps, Moment::END).take(LISTED).enumerate() {
            let mut pair = ast.items(step, Moment::END);
            let (Some(name), Some(estimator)) = (pair.next(), pair.next()) else { continue };
            if number == 0 {
                chain.push(estimator);
            }
            let class = brief(look, estimator);
            if model.steps.len() < LISTED {
                model.steps.push(Step { name: look.text(name).unwrap_or_default(), class });
            }
            last = Some((number, estimator));
        }
        let (number, estimator) = last.filter(|(_, estimator)| estimator.kind() == Kind::Object)?;
        let index = i64::try_from(number).unwrap_or(i64::MAX);
        return Some((
            estimator,
            vec![PathStep::Attribute("steps".to_owned()), PathStep::Index(index), PathStep::Index(1)],
        ));
    }
    let name = ["best_estimator_", "regressor_", "classifier_"]
        .into_iter()
        .find(|name| look.attribute(value, name).is_some_and(|inner| inner.kind() == Kind::Object))?;
    Some((look.attribute(value, name)?, vec![PathStep::Attribute(name.to_owned())]))
}

/// What a model was made with: the keys of its state that do not end or begin with an underscore.
fn parameters(look: &mut Look<'_>, value: Value) -> Vec<(String, String)> {
    let Some(state) = look.attributes(value) else { return Vec::new() };
    let ast = look.view().ast;
    let mut found: Vec<(String, String)> = Vec::new();
    for (key, value) in ast.entries(state, Moment::END).take(ITEMS) {
        let Some(name) = look.text(key) else { continue };
        if found.len() >= LISTED || name.ends_with('_') || name.starts_with('_') {
            continue;
        }
        let plain = match look.plain(value) {
            Some(plain) => plain,
            None if matches!(value.kind(), Kind::Object | Kind::Import) => brief(look, value),
            None => continue,
        };
        found.push((name, plain));
    }
    found
}

/// An array or list of plain values.
fn listing(look: &mut Look<'_>, value: Value) -> Option<Values> {
    if let Some(array) = look.array(value) {
        return Some(array.values());
    }
    let view = look.view();
    if !matches!(value.kind(), Kind::List | Kind::Tuple) {
        return None;
    }
    let total = view.ast.len(value) as u64;
    let values: Vec<Value> = view.ast.items(value, Moment::END).take(LISTED).collect();
    let items = values.into_iter().map(|item| look.plain(item).unwrap_or_else(|| brief(look, item))).collect();
    Some(Values { items, total })
}
