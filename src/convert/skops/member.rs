//! The files beside the schema.

use super::broken;
use super::rules::Sparse;
use crate::array::{ArrayView, Order, npy_header};
use crate::convert::npz::Sum;
use crate::convert::pour;
use crate::dtype::{DType, Kind};
use crate::model::tree::{Node, NodeId, Payloads, Tree};
use crate::output::ZipWriter;
use std::borrow::Cow;
use std::io::{self, Write};

/// A file, and the node from which it comes.
pub(super) enum Member {
    /// An array, or the data of a masked one.
    Array(NodeId),
    /// The mask of a masked array.
    Mask(NodeId),
    /// A scalar, as an array without dimensions.
    Scalar(NodeId),
    /// A data type, as an array without elements.
    DType(NodeId),
    /// Bytes.
    Bytes(NodeId),
    /// A sparse matrix.
    Sparse(Box<SparseMatrix>),
}

impl Member {
    fn id(&self) -> NodeId {
        match self {
            Self::Array(id) | Self::Mask(id) | Self::Scalar(id) | Self::DType(id) | Self::Bytes(id) => *id,
            Self::Sparse(matrix) => matrix.id,
        }
    }

    /// Its name in the archive.
    pub(super) fn name(&self) -> String {
        let ending = match self {
            Self::Mask(_) => "mask.npy",
            Self::Bytes(_) => "bin",
            Self::Sparse(_) => "npz",
            _ => "npy",
        };
        format!("{}.{ending}", self.id().index())
    }

    /// Where its bytes stand: in this order they are read without inflating anything twice.
    pub(super) fn place(&self, tree: &Tree<'_>) -> (u64, NodeId) {
        let first = match self {
            Self::Sparse(matrix) => matrix.data,
            _ => self.id(),
        };
        let place = match tree.node(first) {
            Node::Bytes(blob) | Node::Bytearray(blob) => blob.place(),
            _ => tree.array_ref(first).and_then(|array| array.place),
        };
        (place.map_or(0, |(offset, _)| offset), self.id())
    }

    /// Writes its bytes.
    ///
    /// # Errors
    /// Those of `out`, and what is wrong with the bytes of an array.
    pub(super) fn write(
        &self,
        tree: &Tree<'_>,
        payloads: &mut Payloads<'_, '_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match self {
            Self::Array(id) => array(payloads, *id, out),
            Self::Mask(id) => view(&broken(payloads.mask(*id))?, out),
            Self::Scalar(id) => match tree.node(*id) {
                Node::Scalar(scalar) => view(&broken(scalar.view())?, out),
                _ => Err(gone()),
            },
            Self::DType(id) => match tree.node(*id) {
                Node::DType(dtype) => one(dtype, vec![0], &[], out),
                _ => Err(gone()),
            },
            Self::Bytes(id) => out.write_all(&broken(payloads.bytes(*id))?),
            Self::Sparse(matrix) => matrix.write(payloads, out),
        }
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the value is not there")
}

/// Writes an array as a `.npy` file.
fn array(payloads: &mut Payloads<'_, '_>, id: NodeId, out: &mut dyn Write) -> io::Result<()> {
    pour(out, |sink| payloads.npy(id, sink))
}

/// Writes bytes with type and shape as a `.npy` file.
fn view(view: &ArrayView<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&broken(npy_header(view.dtype(), view.shape(), view.layout()))?)?;
    // The header has a word for the one order that is not C.
    if view.layout().is_f() {
        return out.write_all(view.bytes());
    }
    let mut elements = Vec::new();
    let copied = view.layout().c_order(view.bytes(), &mut |piece| {
        elements.extend_from_slice(piece);
        Ok(())
    });
    broken(copied)?;
    out.write_all(&elements)
}

fn one(dtype: &DType, shape: Vec<u64>, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    view(&broken(ArrayView::new(dtype.clone(), shape, Order::C, Cow::Borrowed(bytes)))?, out)
}

/// A sparse matrix as `scipy.sparse.save_npz` writes it.
pub(super) struct SparseMatrix {
    id: NodeId,
    sparse: Sparse,
    shape: Vec<u64>,
    /// The arrays of places, in the order of the names of the format.
    places: Vec<NodeId>,
    data: NodeId,
}

impl SparseMatrix {
    /// The matrix that a node is.
    ///
    /// # Errors
    /// Why it is none that can be written.
    pub(super) fn of(tree: &Tree<'_>, id: NodeId, sparse: Sparse) -> std::result::Result<Self, String> {
        let missing = |name: &str| format!("a sparse matrix without {name}");
        let numbers = |node| tree.items(node).iter().map(|&item| dimension(tree, item)).collect::<Option<Vec<u64>>>();
        let shape = tree.get(id, "_shape").and_then(numbers).ok_or_else(|| missing("a shape"))?;
        let is_array = |&node: &NodeId| matches!(tree.node(node), Node::Array(array) if array.elements.is_none());
        let attribute = |name: &str| tree.get(id, name).filter(is_array);
        let data = attribute("data").ok_or_else(|| missing("data"))?;
        // scipy 1.13 and later keeps row and column in one tuple.
        let coords = tree.get(id, "coords").map(|coords| tree.items(coords)).unwrap_or_default();
        let mut places = Vec::new();
        for (number, &name) in sparse.places.iter().enumerate() {
            let found = attribute(name).or_else(|| coords.get(number).copied().filter(is_array));
            places.push(found.ok_or_else(|| missing(name))?);
        }
        if shape.len() != 2 || coords.len() > 2 {
            return Err("a sparse array of other than two dimensions, which scipy reads only of late".to_owned());
        }
        Ok(Self { id, sparse, shape, places, data })
    }

    /// Writes the archive, its members as they are.
    fn write(&self, payloads: &mut Payloads<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
        let mut members: Vec<(&str, Vec<u8>)> = Vec::new();
        for (&name, &place) in self.sparse.places.iter().zip(&self.places) {
            let mut bytes = Vec::new();
            array(payloads, place, &mut bytes)?;
            members.push((name, bytes));
        }
        let mut plain = |name, spec: &str, shape: Vec<u64>, bytes: &[u8]| {
            let mut file = Vec::new();
            one(&broken(DType::from_descr_str(spec.as_bytes()))?, shape, bytes, &mut file)?;
            members.push((name, file));
            io::Result::Ok(())
        };
        plain("format", "|S3", Vec::new(), self.sparse.format.as_bytes())?;
        let shape: Vec<u8> = self.shape.iter().flat_map(|length| length.to_le_bytes()).collect();
        plain("shape", "<i8", vec![self.shape.len() as u64], &shape)?;
        if self.sparse.is_array {
            plain("_is_array", "|b1", Vec::new(), &[1])?;
        }
        let mut bytes = Vec::new();
        array(payloads, self.data, &mut bytes)?;
        members.push(("data", bytes));
        let mut zip = ZipWriter::new(out);
        for (name, bytes) in members {
            let mut sum = Sum::default();
            sum.write_all(&bytes)?;
            zip.add(&format!("{name}.npy"), sum.about(), |out| out.write_all(&bytes))?;
        }
        zip.finish()
    }
}

/// A length along an axis.
fn dimension(tree: &Tree<'_>, node: NodeId) -> Option<u64> {
    match tree.node(node) {
        Node::Int(number) => u64::try_from(*number).ok(),
        Node::Scalar(scalar) if scalar.dtype.kind() == Kind::Int => {
            let view = scalar.view().ok()?;
            let is_big = scalar.dtype.byte_order() == crate::dtype::ByteOrder::Big;
            u64::try_from(crate::array::signed(view.bytes(), is_big)?).ok()
        }
        _ => None,
    }
}
