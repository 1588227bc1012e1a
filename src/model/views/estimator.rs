//! An estimator: class, parameters, what it learned, and what it is made of.

use super::classes::{Class, class, older};
use super::{Branches, Family, Labels, index};
use crate::ast::path::ObjectPath;
use crate::error::Result;
use crate::model::tree::{Made, Name, Node, NodeId, Payloads, Tree};

/// A record that is an estimator.
#[derive(Clone, Copy)]
pub struct Estimator<'t, 'o> {
    tree: &'t Tree<'o>,
    id: NodeId,
    entry: Option<&'static Class>,
}

/// An estimator in another one.
#[derive(Clone, Copy, Debug)]
pub struct Part<'t> {
    /// The name that it was given, where it was.
    pub name: Option<&'t str>,
    /// The estimator, or a text such as `passthrough`.
    pub node: NodeId,
    /// The columns that it takes, in a `ColumnTransformer`.
    pub columns: Option<NodeId>,
}

impl<'t, 'o> Estimator<'t, 'o> {
    /// The estimator that a node is: one of a known class, or a record in which scikit-learn left its version.
    pub fn of(tree: &'t Tree<'o>, id: NodeId) -> Option<Self> {
        let Node::Record(record) = tree.node(id) else { return None };
        let entry = tree.class(id).and_then(class);
        let is_one = record.made == Made::New && (entry.is_some() || tree.get(id, "_sklearn_version").is_some());
        is_one.then_some(Self { tree, id, entry })
    }

    /// All estimators of a tree, those that stand higher first.
    pub fn all(tree: &'t Tree<'o>) -> impl Iterator<Item = Self> {
        tree.ids().filter_map(move |id| Self::of(tree, id))
    }

    /// Its node.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Where it stands first.
    pub fn path(&self) -> ObjectPath {
        self.tree.path(self.id)
    }

    /// Its class.
    pub fn class(&self) -> Option<&'t Name> {
        self.tree.class(self.id)
    }

    /// What it is.
    pub fn family(&self) -> Family {
        self.entry.map_or(Family::Other, |entry| entry.family)
    }

    /// What is known of its class.
    pub fn known(&self) -> Option<&'static Class> {
        self.entry
    }

    /// The release of scikit-learn that it says it was written by.
    pub fn sklearn_version(&self) -> Option<&'t str> {
        self.tree.text(self.tree.get(self.id, "_sklearn_version")?)
    }

    /// An attribute, by its name of today or one that it had before; none that is `None`.
    pub fn get(&self, name: &str) -> Option<NodeId> {
        let found = |name: &str| {
            let id = self.tree.get(self.id, name)?;
            (!matches!(self.tree.node(id), Node::None)).then_some(id)
        };
        found(name).or_else(|| older(name).iter().find_map(|name| found(name)))
    }

    /// What it was made with: attributes whose names neither begin nor end with an underscore.
    pub fn parameters(&self) -> impl Iterator<Item = (&'t str, NodeId)> {
        self.named().filter(|(name, _)| !name.starts_with('_') && !name.ends_with('_'))
    }

    /// What it learned: attributes whose names end with an underscore, and known ones with other names.
    pub fn fitted(&self) -> impl Iterator<Item = (&'t str, NodeId)> {
        let listed = self.entry.map(|entry| entry.attributes).unwrap_or_default();
        let is_listed = move |name: &str| listed.iter().any(|one| one.name == name || older(one.name).contains(&name));
        self.named().filter(move |(name, _)| (name.ends_with('_') && !name.starts_with("__")) || is_listed(name))
    }

    fn named(&self) -> impl Iterator<Item = (&'t str, NodeId)> + use<'t, 'o> {
        let tree = self.tree;
        tree.attributes(self.id).filter_map(move |(key, value)| Some((tree.text(key)?, value)))
    }

    /// How many features it takes.
    pub fn n_features_in(&self) -> Option<u64> {
        index(self.tree, self.get("n_features_in_")?)
    }

    /// Their names, where it was fitted with a table that has some.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn feature_names_in(&self, payloads: &mut Payloads<'_, 'o>) -> Result<Option<Labels>> {
        self.get("feature_names_in_").map(|id| Labels::read(self.tree, payloads, id)).transpose()
    }

    /// The classes that it tells apart: one set for each output.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn classes(&self, payloads: &mut Payloads<'_, 'o>) -> Result<Vec<Labels>> {
        let Some(id) = self.get("classes_") else { return Ok(Vec::new()) };
        let items = match self.tree.node(id) {
            Node::List(_) if self.tree.items(id).iter().all(|&item| self.tree.array_ref(item).is_some()) => {
                self.tree.items(id)
            }
            _ => &[id],
        };
        items.iter().map(|&item| Labels::read(self.tree, payloads, item)).collect()
    }

    /// Its trees: of a decision tree its own, of a forest those of its estimators in order, of gradient boosting those of
    /// each stage in turn.
    pub fn trees(&self) -> Vec<Branches<'t, 'o>> {
        let rows = match self.family() {
            Family::Tree => return self.own_tree(self.id).into_iter().collect(),
            Family::Forest | Family::Boosting => self.get("estimators_"),
            Family::HistBoosting => self.get("_predictors"),
            _ => return Vec::new(),
        };
        let rows = rows.map(|rows| self.tree.items(rows)).unwrap_or_default();
        let mut trees = Vec::new();
        for &row in rows {
            match self.tree.node(row) {
                Node::List(_) | Node::Tuple(_) => {
                    trees.extend(self.tree.items(row).iter().filter_map(|&id| Branches::of(self.tree, id)));
                }
                _ => trees.extend(self.own_tree(row)),
            }
        }
        trees
    }

    /// The tree of a node that is a decision tree.
    fn own_tree(&self, id: NodeId) -> Option<Branches<'t, 'o>> {
        let tree = Estimator::of(self.tree, id)?.get("tree_")?;
        Branches::of(self.tree, tree)
    }

    /// The estimators that it is made of, in the order in which they stand.
    pub fn parts(&self) -> Vec<Part<'t>> {
        let tree = self.tree;
        let mut parts = Vec::new();
        for list in ["steps", "transformers_", "transformer_list", "estimators_"] {
            let Some(list) = self.get(list) else { continue };
            for &item in tree.items(list) {
                let part = match (tree.node(item), tree.items(item)) {
                    (Node::Tuple(_), [name, node, rest @ ..]) => {
                        Part { name: tree.text(*name), node: *node, columns: rest.first().copied() }
                    }
                    _ => Part { name: None, node: item, columns: None },
                };
                parts.push(part);
            }
        }
        for name in ["best_estimator_", "estimator_", "final_estimator_", "regressor_", "transformer_", "_Booster"] {
            if let Some(node) = self.get(name).filter(|&node| Self::of(tree, node).is_some()) {
                parts.push(Part { name: Some(name), node, columns: None });
            }
        }
        parts
    }
}
