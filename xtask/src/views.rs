//! What the typed views see in models, a line of JSON for each file: for `xtask/python/views.py`, which asks Python.

use crate::Outcome;
use depickle::array::{ArrayView, Number};
use depickle::inspect::{self, Outline};
use depickle::limits::Limits;
use depickle::model::check;
use depickle::model::tree::{Node, NodeId, Payloads, Tree};
use depickle::model::views::{Branches, Estimator, Family, Labels, Neighbors, lightgbm, xgboost};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Prints what is seen in each file that is named.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    for path in arguments {
        let bytes = std::fs::read(path)?;
        let seen = seen(&bytes).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        println!("{}", json!({ "file": path, "seen": seen }));
    }
    Ok(true)
}

type Result<T> = depickle::error::Result<T>;

fn seen(bytes: &[u8]) -> Result<Value> {
    let mut contents = inspect::open(bytes, &Limits::default())?;
    let outline = Outline::new(&mut contents);
    let tree = Tree::new(&outline)?;
    let report = check::check(&tree);
    let flaws = report.flaws.iter().map(|flaw| format!("{}: {}", tree.path(flaw.node), flaw.message));
    let unread = report.unread.iter().map(|(node, error)| format!("{}: {error}", tree.path(*node)));
    let mut payloads = tree.payloads();
    let mut all = Seen { tree: &tree, payloads: &mut payloads };
    let of = |found: Vec<Result<Value>>| found.into_iter().collect::<Result<Vec<Value>>>();
    let estimators = of(Estimator::all(&tree).map(|one| all.estimator(&one)).collect())?;
    let trees = of(tree.ids().filter_map(|id| Branches::of(&tree, id)).map(|one| all.tree(&one)).collect())?;
    let neighbors = of(tree.ids().filter_map(|id| Neighbors::of(&tree, id)).map(|one| all.neighbors(&one)).collect())?;
    Ok(json!({
        "flaws": flaws.collect::<Vec<_>>(),
        "unread": unread.collect::<Vec<_>>(),
        "estimators": estimators,
        "trees": trees,
        "neighbors": neighbors,
    }))
}

/// The digest of numbers as little-endian doubles in C order.
fn total(numbers: impl Iterator<Item = f64>) -> String {
    let mut sum = Sha256::new();
    numbers.for_each(|number| sum.update(number.to_le_bytes()));
    sum.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn of_view(view: &ArrayView<'_>) -> Result<Value> {
    Ok(json!([view.shape(), total(view.numbers()?.map(Number::to_f64))]))
}

fn of_labels(labels: &Labels) -> Value {
    match labels {
        Labels::Ints(ints) => json!(ints),
        Labels::Reals(reals) => json!(reals),
        Labels::Texts(texts) => json!(texts),
    }
}

struct Seen<'s, 't, 'o> {
    tree: &'t Tree<'o>,
    payloads: &'s mut Payloads<'t, 'o>,
}

impl<'t, 'o> Seen<'_, 't, 'o> {
    fn path(&self, id: NodeId) -> String {
        self.tree.path(id).to_string()
    }

    /// Shape and digest of an array of numbers.
    fn array(&mut self, id: NodeId) -> Option<Result<Value>> {
        let Node::Array(array) = self.tree.node(id) else { return None };
        let is_numeric = array.elements.is_none() && array.array.array.dtype.as_ref().is_ok_and(Number::are);
        is_numeric.then(|| of_view(&self.payloads.array(id)?))
    }

    fn estimator(&mut self, one: &Estimator<'t, 'o>) -> Result<Value> {
        let mut arrays = Map::new();
        for (name, id) in one.parameters().chain(one.fitted()) {
            if let Some(array) = self.array(id) {
                arrays.insert(name.to_owned(), array?);
            } else if matches!(self.tree.node(id), Node::List(_)) {
                for (index, &item) in self.tree.items(id).iter().enumerate() {
                    if let Some(array) = self.array(item) {
                        arrays.insert(format!("{name}[{index}]"), array?);
                    }
                }
            }
        }
        // Labels of several types in one list are none that a view has.
        let classes = one.classes(self.payloads).unwrap_or_default();
        let names = one.feature_names_in(self.payloads)?;
        Ok(json!({
            "path": self.path(one.id()),
            "class": one.class().map(ToString::to_string),
            "family": one.family().name(),
            "n_features_in": one.n_features_in(),
            "classes": (!classes.is_empty()).then(|| classes.iter().map(of_labels).collect::<Vec<_>>()),
            "feature_names_in": names.as_ref().map(of_labels),
            "arrays": arrays,
            "trees": one.trees().len(),
            "booster": self.booster(one)?,
        }))
    }

    /// The trees of a booster, with the digests of their lists.
    fn booster(&mut self, one: &Estimator<'t, 'o>) -> Result<Vec<Value>> {
        match one.family() {
            Family::Lightgbm => {
                let Some(text) = lightgbm::text(self.tree, one.id()) else { return Ok(Vec::new()) };
                let model = lightgbm::Model::read(text)?;
                let of = |block: &lightgbm::Block<'_>| {
                    let lists = block.iter().filter_map(|(name, _)| Some((name, block.numbers::<f64>(name)?)));
                    lists.map(|(name, list)| (name.to_owned(), total(list.into_iter()).into())).collect()
                };
                Ok(model.trees.iter().map(|block| Value::Object(of(block))).collect())
            }
            Family::Xgboost => {
                let Ok(bytes) = xgboost::bytes(self.tree, self.payloads, one.id()) else { return Ok(Vec::new()) };
                let model = xgboost::Model::read(&bytes)?;
                Ok(model.trees().map(|tree| Value::Object(xgboost_lists(&tree))).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn tree(&mut self, one: &Branches<'t, 'o>) -> Result<Value> {
        let nodes = one.nodes(self.payloads)?;
        let fields = one.nodes_array().map(|id| self.payloads.array(id)).transpose()?;
        let mut columns = Map::new();
        for field in fields.iter().filter_map(|view| view.dtype().fields()).flatten() {
            let name = String::from_utf8_lossy(&field.name).into_owned();
            if let Some(column) = nodes.column(&name) {
                columns.insert(name, total(column.iter().map(Number::to_f64)).into());
            }
        }
        let mut array = |id: Option<NodeId>| id.map(|id| of_view(&self.payloads.array(id)?)).transpose();
        let (values, bitsets) = (array(one.values_array())?, array(one.bitsets_array())?);
        Ok(json!({
            "path": self.path(one.id()),
            "columns": columns,
            "leaves": nodes.iter().filter(Option::is_none).count(),
            "values": values,
            "bitsets": bitsets,
            "n_features": one.n_features(),
            "max_depth": one.max_depth(),
        }))
    }

    fn neighbors(&mut self, one: &Neighbors<'t, 'o>) -> Result<Value> {
        let rows = one.nodes(self.payloads)?;
        let mut columns = Map::new();
        for field in rows.view().dtype().fields().unwrap_or_default() {
            let name = String::from_utf8_lossy(&field.name).into_owned();
            if let Some(column) = rows.column(&name) {
                columns.insert(name, total(column.iter().map(Number::to_f64)).into());
            }
        }
        let order = one.order_array().map(|id| of_view(&self.payloads.array(id)?)).transpose()?;
        let data = one.data_shape().map(|(samples, features)| [samples, features]);
        Ok(json!({ "path": self.path(one.id()), "data": data, "order": order, "columns": columns }))
    }
}

/// The lists of a tree of XGBoost that Python is asked for, with their digests.
fn xgboost_lists(tree: &xgboost::RegTree<'_, '_>) -> Map<String, Value> {
    const INTS: [&str; 5] = ["left_children", "right_children", "parents", "split_indices", "default_left"];
    const REALS: [&str; 4] = ["split_conditions", "base_weights", "loss_changes", "sum_hessian"];
    #[allow(clippy::cast_precision_loss, reason = "numbers of nodes and features")]
    let ints = |name| Some(total(tree.ints(name)?.into_iter().map(|number| number as f64)));
    let reals = |name| Some(total(tree.reals(name)?.into_iter()));
    let ints = INTS.iter().filter_map(|&name| Some((name.to_owned(), ints(name)?.into())));
    let reals = REALS.iter().filter_map(|&name| Some((name.to_owned(), reals(name)?.into())));
    ints.chain(reals).collect()
}
