//! KD and ball trees: samples, an order of them, and a complete binary tree of nodes that hold runs of that order.
//!
//! `sklearn/neighbors/_binary_tree.pxi.tp`, `BinaryTree.__getstate__`: `(data, idx_array, node_data, node_bounds,
//! leaf_size, n_levels, n_nodes, ..., dist_metric[, sample_weight])`. The children of node `i` are `2 i + 1` and
//! `2 i + 2`.

use super::index;
use crate::array::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{Name, Node, NodeId, Payloads, Tree};

/// A tree over samples.
#[derive(Clone, Copy)]
pub struct Neighbors<'t, 'o> {
    tree: &'t Tree<'o>,
    id: NodeId,
    state: &'t [NodeId],
}

/// The names of the classes: with the width of their numbers since scikit-learn 1.3.
const NAMES: [&str; 7] = ["BinaryTree", "BallTree", "BallTree32", "BallTree64", "KDTree", "KDTree32", "KDTree64"];

impl<'t, 'o> Neighbors<'t, 'o> {
    /// The tree that a node is: `newObj(cls)` with a state.
    pub fn of(tree: &'t Tree<'o>, id: NodeId) -> Option<Self> {
        let Node::Record(record) = tree.node(id) else { return None };
        let is_one = |name: &Name| name.module.starts_with("sklearn.neighbors.") && NAMES.contains(&&*name.name);
        let made = record.args.and_then(|args| tree.items(args).first().copied()).and_then(|class| tree.name(class));
        let function = tree.class(id)?;
        let is_tree = is_one(function) || (&*function.name == "newObj" && made.is_some_and(is_one));
        let state = tree.items(record.state.filter(|_| is_tree)?);
        (state.len() >= 11).then_some(Self { tree, id, state })
    }

    /// Its node.
    pub fn id(&self) -> NodeId {
        self.id
    }

    fn part(&self, index: usize) -> Option<NodeId> {
        self.state.get(index).copied()
    }

    fn shape(&self, index: usize) -> Option<&'t [u64]> {
        self.tree.array_ref(self.part(index)?)?.array.shape.as_deref()
    }

    /// The samples: the array of shape (samples, features).
    pub fn data_array(&self) -> Option<NodeId> {
        self.part(0)
    }

    /// Samples and features.
    pub fn data_shape(&self) -> Option<(u64, u64)> {
        match self.shape(0)? {
            &[samples, features] => Some((samples, features)),
            _ => None,
        }
    }

    /// The order of the samples: the array of their numbers.
    pub fn order_array(&self) -> Option<NodeId> {
        self.part(1)
    }

    /// The array of nodes: `idx_start`, `idx_end`, `is_leaf`, `radius`.
    pub fn nodes_array(&self) -> Option<NodeId> {
        self.part(2)
    }

    /// The array of the bounds of nodes: lower and upper, or centres; node; feature.
    pub fn bounds_array(&self) -> Option<NodeId> {
        self.part(3)
    }

    /// How many levels the tree says that it has.
    pub fn n_levels(&self) -> Option<u64> {
        index(self.tree, self.part(5)?)
    }

    /// How many nodes it says that it has.
    pub fn n_nodes(&self) -> Option<u64> {
        index(self.tree, self.part(6)?)
    }

    /// Its nodes.
    ///
    /// # Errors
    /// What is wrong with the array, or that there is none.
    pub fn nodes(&self, payloads: &mut Payloads<'_, 'o>) -> Result<Rows<'o>> {
        let id = self.nodes_array().ok_or_else(|| Error::new(ErrorKind::Malformed, "the tree has no nodes"))?;
        Rows::new(payloads.array(id)?)
    }
}
