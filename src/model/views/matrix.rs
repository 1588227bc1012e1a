//! Sparse matrices and arrays of scipy: attributes of an object whose class says how they are to be read
//! (`scipy/sparse/_csr.py` and its siblings; `csr.py` before 1.8).

use super::{index, shape};
use crate::model::tree::{Name, Node, NodeId, Tree};

/// A sparse matrix.
#[derive(Clone, Copy)]
pub struct Matrix<'t, 'o> {
    tree: &'t Tree<'o>,
    id: NodeId,
    format: &'static str,
}

/// The names of the formats.
const FORMATS: [&str; 7] = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"];

impl<'t, 'o> Matrix<'t, 'o> {
    /// The matrix that a node is.
    pub fn of(tree: &'t Tree<'o>, id: NodeId) -> Option<Self> {
        let (format, _) = Self::named(tree.class(id)?)?;
        FORMATS.into_iter().find(|known| *known == format).map(|format| Self { tree, id, format })
    }

    /// The format of a class, known or not, and whether it is an array (`csr_array`) rather than a matrix.
    pub fn named(class: &Name) -> Option<(&str, bool)> {
        class.module.strip_prefix("scipy.sparse")?;
        match class.name.strip_suffix("_array") {
            Some(format) => Some((format, true)),
            None => Some((class.name.strip_suffix("_matrix")?, false)),
        }
    }

    /// Its node.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Its format, as scipy calls it.
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// How long it is along each axis.
    pub fn shape(&self) -> Option<Vec<u64>> {
        let lengths = self.tree.items(self.tree.get(self.id, "_shape")?);
        lengths.iter().map(|&length| index(self.tree, length)).collect()
    }

    /// An attribute that is an array of numbers.
    pub fn numbers(&self, name: &str) -> Option<NodeId> {
        self.tree.get(self.id, name).filter(|&id| self.is_numbers(id))
    }

    /// The shape of such an attribute.
    pub fn shape_of(&self, name: &str) -> Option<&'t [u64]> {
        shape(self.tree, self.numbers(name)?)
    }

    /// Of a matrix in coordinates: where its elements stand along each axis. scipy 1.13 and later keeps these in one tuple.
    pub fn coordinates(&self) -> Option<Vec<NodeId>> {
        let places = match self.tree.get(self.id, "coords") {
            Some(coordinates) => self.tree.items(coordinates).to_vec(),
            None => [self.numbers("row")?, self.numbers("col")?].to_vec(),
        };
        places.iter().all(|&place| self.is_numbers(place)).then_some(places)
    }

    fn is_numbers(&self, id: NodeId) -> bool {
        matches!(self.tree.node(id), Node::Array(array) if array.elements.is_none())
    }
}
