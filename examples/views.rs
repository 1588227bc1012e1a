//! Prints what the typed views see in each file, a line of JSON for each: arrays as the SHA-256 of their elements as
//! little-endian doubles in C order. `xtask/python/views.py` compares that with what Python sees.
//!
//! ```console
//! cargo run --release --example views -- model.joblib
//! ```
#![allow(clippy::print_stdout, reason = "a program")]

use depickle::inspect::{self, Outline};
use depickle::limits::Limits;
use depickle::model::check;
use depickle::model::tree::{Node, NodeId, Payloads, Tree};
use depickle::model::views::{Branches, Estimator, Labels, Neighbors, lightgbm, xgboost};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

type Failure = Box<dyn std::error::Error>;

fn main() {
    for file in std::env::args().skip(1) {
        let seen = look(&file).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        println!("{}", json!({ "file": file, "seen": seen }));
    }
}

fn look(file: &str) -> Result<Value, Failure> {
    let bytes = std::fs::read(file)?;
    let mut contents = inspect::open(&bytes, &Limits::default())?;
    let outline = Outline::new(&mut contents);
    let tree = Tree::new(&outline)?;
    let mut payloads = tree.payloads();
    let mut estimators = Vec::new();
    for estimator in Estimator::all(&tree) {
        estimators.push(seen(&tree, &mut payloads, &estimator));
    }
    let (mut trees, mut neighbors) = (Vec::new(), Vec::new());
    for id in tree.ids() {
        if let Some(branches) = Branches::of(&tree, id) {
            trees.push(branches_seen(&tree, &mut payloads, &branches)?);
        } else if let Some(found) = Neighbors::of(&tree, id) {
            let order = found.order_array().and_then(|order| digest(&mut payloads, order));
            let rows = found.nodes(&mut payloads)?;
            let columns: Map<String, Value> = ["idx_start", "idx_end", "is_leaf", "radius"]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), sum(rows.column(name)?.iter().map(|it| it.to_f64())))))
                .collect();
            neighbors.push(json!({
                "path": tree.path(id).to_string(), "order": order, "columns": columns, "data": found.data_shape(),
            }));
        }
    }
    let report = check::check(&tree);
    let flaws: Vec<Value> = report
        .flaws
        .iter()
        .map(|flaw| json!([tree.path(flaw.node).to_string(), format!("{:?}", flaw.kind), flaw.message]))
        .collect();
    let unread: Vec<Value> =
        report.unread.iter().map(|(node, error)| json!([tree.path(*node).to_string(), error.to_string()])).collect();
    Ok(json!({
        "estimators": estimators, "trees": trees, "neighbors": neighbors, "flaws": flaws, "unread": unread,
    }))
}

fn seen<'t, 'o>(tree: &'t Tree<'o>, payloads: &mut Payloads<'t, 'o>, estimator: &Estimator<'t, 'o>) -> Value {
    let mut arrays = Map::new();
    for (name, id) in estimator.fitted() {
        if let Some(digest) = digest(payloads, id) {
            arrays.insert(name.to_owned(), digest);
        } else if let Node::List(_) = tree.node(id) {
            for (at, &item) in tree.items(id).iter().enumerate() {
                if let Some(digest) = digest(payloads, item) {
                    arrays.insert(format!("{name}[{at}]"), digest);
                }
            }
        }
    }
    let classes = estimator.classes(payloads).map(|all| all.iter().map(labels).collect::<Vec<_>>()).ok();
    let features = estimator.feature_names_in(payloads).ok().flatten().map(|names| labels(&names));
    json!({
        "path": estimator.path().to_string(),
        "class": estimator.class().map(ToString::to_string),
        "family": estimator.family().name(),
        "n_features_in": estimator.n_features_in(),
        "feature_names_in": features,
        "classes": classes,
        "arrays": arrays,
        "trees": estimator.trees().len(),
        "booster": booster(tree, payloads, estimator),
    })
}

fn labels(labels: &Labels) -> Value {
    match labels {
        Labels::Ints(labels) => json!(labels),
        Labels::Reals(labels) => json!(labels),
        Labels::Texts(labels) => json!(labels),
    }
}

fn branches_seen<'o>(
    tree: &Tree<'o>,
    payloads: &mut Payloads<'_, 'o>,
    branches: &Branches<'_, 'o>,
) -> Result<Value, Failure> {
    let nodes = branches.nodes(payloads)?;
    let names = [
        "left_child",
        "right_child",
        "feature",
        "threshold",
        "impurity",
        "n_node_samples",
        "weighted_n_node_samples",
        "missing_go_to_left",
        "left",
        "right",
        "feature_idx",
        "num_threshold",
        "value",
        "count",
        "gain",
        "depth",
        "is_leaf",
        "bin_threshold",
        "is_categorical",
        "bitset_idx",
    ];
    let mut columns = Map::new();
    for name in names {
        if let Some(column) = nodes.column(name) {
            columns.insert(name.to_owned(), sum(column.iter().map(|number| number.to_f64())));
        }
    }
    Ok(json!({
        "path": tree.path(branches.id()).to_string(),
        "n_features": branches.n_features(),
        "n_outputs": branches.n_outputs(),
        "max_depth": branches.max_depth(),
        "leaves": nodes.iter().filter(Option::is_none).count(),
        "columns": columns,
        "values": branches.values_array().and_then(|values| digest(payloads, values)),
        "bitsets": branches.bitsets_array().and_then(|sets| digest(payloads, sets)),
    }))
}

fn booster<'t>(tree: &'t Tree<'_>, payloads: &mut Payloads<'t, '_>, estimator: &Estimator<'t, '_>) -> Option<Value> {
    let class = estimator.class()?;
    if &*class.name != "Booster" {
        return None;
    }
    let mut trees = Vec::new();
    if let Some(text) = lightgbm::text(tree, estimator.id()) {
        let model = lightgbm::Model::read(text).ok()?;
        for block in &model.trees {
            let names = ["split_feature", "threshold", "left_child", "right_child", "leaf_value", "decision_type"];
            let lists = names
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), sum(block.numbers::<f64>(name)?.into_iter()))));
            trees.push(Value::Object(lists.collect()));
        }
        return Some(json!(trees));
    }
    let bytes = xgboost::bytes(tree, payloads, estimator.id()).ok()?;
    let model = match xgboost::Model::read(&bytes) {
        Ok(model) => model,
        Err(error) => return Some(json!(error.to_string())),
    };
    #[allow(clippy::cast_precision_loss, reason = "counts of nodes")]
    for tree in model.trees() {
        let mut lists = Map::new();
        for name in ["left_children", "right_children", "parents", "split_indices", "default_left", "split_type"] {
            if let Some(list) = tree.ints(name) {
                lists.insert(name.to_owned(), sum(list.into_iter().map(|number| number as f64)));
            }
        }
        for name in ["split_conditions", "base_weights", "loss_changes", "sum_hessian"] {
            if let Some(list) = tree.reals(name) {
                lists.insert(name.to_owned(), sum(list.into_iter()));
            }
        }
        trees.push(Value::Object(lists));
    }
    Some(json!(trees))
}

/// Shape and digest of an array of numbers.
fn digest(payloads: &mut Payloads<'_, '_>, id: NodeId) -> Option<Value> {
    let view = payloads.array(id).ok()?;
    let sum = sum(view.numbers().ok()?.map(|number| number.to_f64()));
    Some(json!([view.shape(), sum]))
}

fn sum(numbers: impl Iterator<Item = f64>) -> Value {
    let mut digest = Sha256::new();
    for number in numbers {
        digest.update(number.to_le_bytes());
    }
    let bytes: [u8; 32] = digest.finalize().into();
    Value::String(bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
