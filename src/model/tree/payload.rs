//! The bytes of arrays and blobs, read where they stand.

use super::Tree;
use super::node::{Blob, Node, NodeId};
use crate::array::ArrayView;
use crate::ast::path::Address;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{self, ArrayRef, Bytes};
use std::borrow::Cow;

/// Reads the bytes of a tree's arrays. What is compressed is inflated again.
pub struct Payloads<'t, 'o> {
    tree: &'t Tree<'o>,
    bytes: Bytes<'o, 'o, 'o>,
}

impl<'t, 'o> Payloads<'t, 'o> {
    pub(super) fn new(tree: &'t Tree<'o>, bytes: Bytes<'o, 'o, 'o>) -> Self {
        Self { tree, bytes }
    }

    /// Starts with the whole budget of the file again: for another pass over the same arrays.
    pub fn rewind(&mut self) {
        self.bytes.rewind();
    }

    /// An array of numbers, the data of a masked one, or a tensor: typed and checked, its bytes borrowed where they stand in the
    /// file.
    ///
    /// # Errors
    /// What is wrong with the array; that its elements are objects, or that the node is no array; a spent budget.
    pub fn array(&mut self, id: NodeId) -> Result<ArrayView<'o>> {
        let none = || Error::new(ErrorKind::Unsupported, "this is no array");
        match self.tree.array_ref(id) {
            Some(array) => self.bytes.view(array),
            None => self.bytes.view(&self.tree.tensor(id).ok_or_else(none)?),
        }
    }

    /// The mask of a masked array, a byte for each element.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub fn mask(&mut self, id: NodeId) -> Result<ArrayView<'o>> {
        match self.tree.node(id) {
            Node::Masked(masked) => self.bytes.view(&masked.mask),
            _ => Err(Error::new(ErrorKind::Unsupported, "this is no masked array")),
        }
    }

    /// Hands an array to `sink` as a `.npy` file, byte for byte as `numpy.save` writes it, in pieces.
    ///
    /// # Errors
    /// As [`array`](Self::array), where numpy has no such file, and those of `sink`.
    pub fn npy(&mut self, id: NodeId, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let array = self.tree.array_ref(id).ok_or_else(|| Error::new(ErrorKind::Unsupported, "this is no array"))?;
        self.bytes.npy(array, sink)
    }

    /// The bytes of a bytes or bytearray node.
    ///
    /// # Errors
    /// Where the node is neither, or the budget is spent.
    pub fn bytes(&mut self, id: NodeId) -> Result<Cow<'t, [u8]>> {
        match self.tree.node(id) {
            Node::Bytes(blob) | Node::Bytearray(blob) => self.blob(blob),
            _ => Err(Error::new(ErrorKind::Unsupported, "these are no bytes")),
        }
    }

    fn blob(&mut self, blob: &'t Blob<'o>) -> Result<Cow<'t, [u8]>> {
        match blob {
            Blob::Here(bytes) => Ok(Cow::Borrowed(bytes)),
            Blob::Inflated(array) => Ok(Cow::Owned(self.bytes.view(array)?.bytes().to_vec())),
        }
    }
}

impl Tree<'_> {
    /// The tensor of torch that a record is: what its call says, and where its elements stand. A storage that stands as a
    /// value of its own is one, too.
    pub fn tensor(&self, id: NodeId) -> Option<ArrayRef> {
        let may_be = |_: &inspect::Node| matches!(self.node(id), Node::Record(_) | Node::Persistent(_));
        let origin = self.meta(id)?.origin.filter(may_be)?;
        Some(self.outline.tensor_ref(self.outline.tensor(origin)?, (Address::default(), 0)))
    }

    /// Where the elements of an array stand, or those of the data of a masked one.
    pub fn array_ref(&self, id: NodeId) -> Option<&ArrayRef> {
        match self.node(id) {
            Node::Array(array) => Some(&array.array),
            Node::Masked(masked) => Some(&masked.data.array),
            _ => None,
        }
    }
}
