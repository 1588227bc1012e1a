//! What there is to look at in a tree. Shapes are compared here already; nothing is read.

use super::jobs::{Job, What};
use super::{Kind, Report, shapes, sparse};
use crate::model::tree::{Node, NodeId, Tree};
use crate::model::views::{Branches, Estimator, Family, Matrix, Neighbors, index, shape};
use std::collections::HashMap;

/// All looks at the arrays of a tree, in the order of its nodes.
pub(super) fn jobs(tree: &Tree<'_>, report: &mut Report) -> Vec<Job> {
    let mut gather = Gather { tree, report, jobs: Vec::new(), features: HashMap::new() };
    for estimator in Estimator::all(tree) {
        gather.estimator(&estimator);
    }
    for id in tree.ids() {
        if let Some(branches) = Branches::of(tree, id) {
            gather.branches(&branches);
        } else if let Some(neighbors) = Neighbors::of(tree, id) {
            gather.neighbors(&neighbors);
        } else if let Some(matrix) = Matrix::of(tree, id) {
            sparse::gather(tree, &matrix, &mut gather.jobs, gather.report);
        }
    }
    gather.jobs
}

struct Gather<'t, 'o, 'r> {
    tree: &'t Tree<'o>,
    report: &'r mut Report,
    jobs: Vec<Job>,
    /// How many features the estimators that hold a tree hand to it: the least.
    features: HashMap<NodeId, u64>,
}

impl Gather<'_, '_, '_> {
    fn job(&mut self, node: NodeId, what: What) {
        self.jobs.push(Job { node, what });
    }

    fn say(&mut self, node: NodeId, kind: Kind, message: impl Into<String>) {
        self.report.say(node, kind, message);
    }

    /// Whether a node is an array of numbers.
    fn is_plain(&self, id: NodeId) -> bool {
        matches!(self.tree.node(id), Node::Array(array) if array.elements.is_none())
    }

    fn estimator(&mut self, estimator: &Estimator<'_, '_>) {
        let (tree, id) = (self.tree, estimator.id());
        shapes::shapes(tree, estimator, self.report);
        let known = estimator.known().map(|known| known.attributes).unwrap_or_default();
        for attribute in known.iter().filter(|attribute| attribute.finite) {
            if let Some(array) = estimator.get(attribute.name).filter(|&array| self.is_plain(array)) {
                self.job(array, What::Finite);
            }
        }
        match estimator.family() {
            Family::Tree | Family::Forest | Family::Boosting | Family::HistBoosting => self.trees(estimator),
            Family::SupportVectors => self.support_vectors(estimator),
            Family::Network => self.network(estimator),
            // Their scikit-learn classes hold a `Booster`.
            Family::Xgboost => {
                if let Some(handle) = tree.get(id, "handle").filter(|&handle| !matches!(tree.node(handle), Node::None))
                {
                    self.job(handle, What::Xgboost { booster: id });
                }
            }
            Family::Lightgbm => {
                let handle = ["_handle", "handle"].into_iter().find_map(|name| tree.get(id, name));
                if let Some(handle) = handle.filter(|&handle| tree.text(handle).is_some()) {
                    self.job(handle, What::Lightgbm { booster: id });
                }
            }
            _ => {}
        }
    }

    /// The trees of an estimator get rows of as many features as it takes, and no look at how many they want.
    fn trees(&mut self, estimator: &Estimator<'_, '_>) {
        let features = estimator.n_features_in();
        let classes = estimator.get("classes_").and_then(|classes| match shape(self.tree, classes) {
            Some(&[classes]) => Some(classes),
            _ => None,
        });
        let averaged = matches!(estimator.family(), Family::Tree | Family::Forest);
        for branches in estimator.trees() {
            if let Some(features) = features {
                let least = self.features.entry(branches.id()).or_insert(features);
                *least = features.min(*least);
            }
            let values = branches.values_array().and_then(|values| shape(self.tree, values));
            if let (true, Some(classes), Some(&[_, 1, columns])) = (averaged, classes, values)
                && columns != classes
            {
                let message = format!("its values are of {columns} classes, and the estimator has {classes}");
                self.say(branches.id(), Kind::Disagreement, message);
            }
        }
    }

    fn branches(&mut self, branches: &Branches<'_, '_>) {
        let handed = self.features.get(&branches.id()).copied();
        let own = branches.n_features();
        let id = branches.id();
        if let (Some(handed), Some(own)) = (handed, own)
            && handed != own
        {
            // A row is read as far as the tree says.
            let kind = if own > handed { Kind::Pointer } else { Kind::Disagreement };
            self.say(id, kind, format!("the tree takes {own} features, and is given {handed}"));
        }
        let Some(nodes) = branches.nodes_array() else {
            return self.say(id, Kind::Pointer, "the tree has no nodes");
        };
        let sets = branches.bitsets_array().and_then(|sets| match shape(self.tree, sets) {
            Some(&[sets, 8]) => Some(sets),
            _ => None,
        });
        let features = match (own, handed) {
            (Some(own), Some(handed)) => Some(own.min(handed)),
            (own, handed) => own.or(handed),
        };
        self.job(nodes, What::Nodes { branches: id, features, sets: sets.unwrap_or(0) });
        if branches.is_histogram() {
            return;
        }
        let count = shape(self.tree, nodes).and_then(|shape| shape.first().copied());
        let values = branches.values_array();
        let columns = match (values.and_then(|values| shape(self.tree, values)), branches.n_outputs()) {
            (Some(&[rows, outputs, columns]), Some(stated)) if Some(rows) == count && outputs == stated => columns,
            (shape, _) => {
                let message = format!("values of the shape {:?} for its nodes and outputs", shape.unwrap_or_default());
                return self.say(values.unwrap_or(id), Kind::Pointer, message);
            }
        };
        if branches.node_count() != count {
            self.say(id, Kind::Pointer, "the tree says that it has another number of nodes");
        }
        if let Some(classes) = branches.n_classes().filter(|&classes| self.is_plain(classes)) {
            self.job(classes, What::Greatest { greatest: columns });
        }
    }

    fn neighbors(&mut self, tree: &Neighbors<'_, '_>) {
        let parts = (tree.data_shape(), tree.order_array(), tree.nodes_array());
        let (Some((samples, features)), Some(order), Some(nodes)) = parts else {
            return self.say(tree.id(), Kind::Pointer, "the tree has no samples, order or nodes");
        };
        let count = match shape(self.tree, nodes) {
            Some(&[count]) => count,
            _ => 0,
        };
        let ordered = shape(self.tree, order);
        let bounds = tree.bounds_array().and_then(|bounds| shape(self.tree, bounds));
        let agree = ordered == Some(&[samples])
            && matches!(bounds, Some(&[_, nodes, axes]) if nodes == count && axes == features)
            && tree.n_nodes() == Some(count);
        if !agree {
            let message = format!(
                "the arrays of the tree do not agree: samples {samples}, order {ordered:?}, nodes {count}, bounds {bounds:?}"
            );
            self.say(tree.id(), Kind::Pointer, message);
        }
        self.job(order, What::Below { limit: samples });
        self.job(nodes, What::Runs { tree: tree.id(), samples });
    }

    /// libsvm reads as many vectors, coefficients and numbers of samples as the counts say.
    fn support_vectors(&mut self, estimator: &Estimator<'_, '_>) {
        let length = |name: &str| {
            let array = estimator.get(name)?;
            shape(self.tree, array)?.last().copied()
        };
        let (vectors, classes) = (length("support_"), length("n_support_"));
        let (intercepts, probabilities) = (length("intercept_"), length("probA_"));
        let fitted = estimator.get("shape_fit_").and_then(|shape| index(self.tree, *self.tree.items(shape).first()?));
        if let (Some(array), Some(limit)) = (estimator.get("support_"), fitted) {
            self.job(array, What::Below { limit });
        }
        // Of the other classes old releases leave what was in memory.
        let is_classifier = estimator.class().is_some_and(|class| matches!(&*class.name, "SVC" | "NuSVC"));
        let (Some(vectors), Some(classes), true) = (vectors, classes, is_classifier) else { return };
        if let Some(counts) = estimator.get("n_support_").filter(|&counts| self.is_plain(counts)) {
            self.job(counts, What::Sum { total: vectors });
        }
        let pairs = classes.saturating_mul(classes.saturating_sub(1)) / 2;
        let wrong = |there: Option<u64>, none: bool| there.is_some_and(|there| there != pairs && !(none && there == 0));
        if wrong(intercepts, false) || wrong(probabilities, true) {
            let message = format!("{classes} classes make {pairs} pairs, and there are other numbers for them");
            self.say(estimator.id(), Kind::Pointer, message);
        }
    }

    /// The layers of a network: each takes what the one before gives.
    fn network(&mut self, estimator: &Estimator<'_, '_>) {
        let tree = self.tree;
        let (Some(weights), Some(biases)) = (estimator.get("coefs_"), estimator.get("intercepts_")) else { return };
        let mut given = estimator.n_features_in();
        let biases = tree.items(biases);
        if tree.items(weights).len() != biases.len() {
            return self.say(weights, Kind::Disagreement, "there are not as many weights as intercepts");
        }
        for (&layer, &bias) in tree.items(weights).iter().zip(biases) {
            let agrees = match (shape(tree, layer), shape(tree, bias)) {
                (Some(&[taken, made]), Some(&[biases])) => {
                    let agrees = given.is_none_or(|given| given == taken) && biases == made;
                    given = Some(made);
                    agrees
                }
                _ => false,
            };
            if !agrees {
                self.say(layer, Kind::Disagreement, "the layer does not take what the one before gives");
            }
        }
    }
}
