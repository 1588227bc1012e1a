//! Sparse matrices (`skops/io/_scipy.py`, `scipy/sparse/_matrix_io.py`), and random generators.

use super::array::{NDARRAY, malformed};
use super::files::Npy;
use super::nodes::Node;
use super::write::{Piece, Writer};
use crate::dtype::{ByteOrder, Kind};
use crate::error::Result;

/// Formats of sparse matrices, and the names of their arrays beside `data`.
pub(crate) const FORMATS: &[(&str, &[&str])] = &[
    ("bsr", &["indices", "indptr"]),
    ("coo", &["row", "col"]),
    ("csc", &["indices", "indptr"]),
    ("csr", &["indices", "indptr"]),
    ("dia", &["offsets"]),
];

impl<'a> Writer<'_, '_, 'a> {
    /// A sparse matrix (`scipy.sparse.load_npz`).
    pub(super) fn sparse(&mut self, node: Node) -> Result<()> {
        if self.nodes.field(node, &["type"]).as_deref() != Some("scipy") {
            return Err(malformed("a sparse matrix of a type that is not `scipy`"));
        }
        let name = self.file(node)?;
        let arrays = self.files.npz(&name, self.budget)?;
        let array = |name: &str| arrays.get(name).ok_or_else(|| malformed(format!("a sparse matrix without `{name}`")));
        let format = self.files.small(array("format")?, self.budget)?;
        // As bytes, or by Python 2 as text.
        let format: Vec<u8> = format.into_iter().filter(|&byte| byte != 0).collect();
        let known = FORMATS.iter().find(|row| row.0.as_bytes() == format);
        let &(format, places) = known.ok_or_else(|| malformed("a sparse matrix of no format that scipy writes"))?;
        let lengths = self.whole(array("shape")?)?;
        let is_array = match arrays.get("_is_array") {
            Some(flag) => self.files.small(flag, self.budget)?.first().is_some_and(|&flag| flag != 0),
            None => false,
        };
        let class = format!("{format}_{}", if is_array { "array" } else { "matrix" });
        self.named((&format!("scipy.sparse._{format}"), &class))?;
        self.ops(b")\x81}(\x8c\x06_shape");
        self.shape(&lengths)?;
        self.ops(b"\x8c\x08maxprintK\x32");
        // scipy 1.13 and later keeps row and column in one tuple.
        let together = format == "coo";
        if together {
            self.ops(b"\x8c\x06coords(");
        }
        for &name in places {
            if !together {
                self.text(name.as_bytes());
            }
            self.npy(array(name)?, NDARRAY, false)?;
        }
        self.ops(if together { b"t" } else { b"" });
        self.ops(b"\x8c\x04data");
        self.npy(array("data")?, NDARRAY, false)?;
        self.ops(b"ub");
        Ok(())
    }

    /// The elements of a small array of ints.
    fn whole(&mut self, npy: &Npy<'a>) -> Result<Vec<u64>> {
        let wrong = || malformed("the shape of a sparse matrix is none");
        let bytes = self.files.small(npy, self.budget)?;
        let size = usize::try_from(npy.header.dtype.itemsize()).unwrap_or(0);
        if !matches!(npy.header.dtype.kind(), Kind::Int | Kind::UInt) || !matches!(size, 4 | 8) {
            return Err(wrong());
        }
        let is_big = npy.header.dtype.byte_order() == ByteOrder::Big;
        let number = |unit: &[u8]| {
            let step = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
            if is_big { unit.iter().fold(0, step) } else { unit.iter().rev().fold(0, step) }
        };
        Ok(bytes.chunks_exact(size).map(number).collect())
    }

    /// `numpy.random.RandomState()` and its state.
    pub(super) fn random_state(&mut self, node: Node, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        self.named(of)?;
        if matches!(of, ("numpy.random.mtrand" | "numpy.random", "RandomState")) {
            self.ops(b"0");
            self.known("numpy.random._pickle", "__randomstate_ctor");
            self.ops(b"\x8c\x07MT19937\x85R");
        } else {
            self.ops(b")R");
        }
        rest.extend([Piece::Node(self.part(node, 0)), Piece::Ops(b"b")]);
        Ok(())
    }

    /// `numpy.random.Generator(bit_generator)`; the bit generator is called by the name in its state.
    pub(super) fn generator(&mut self, node: Node, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        let name =
            self.nodes.bit_generator(node).ok_or_else(|| malformed("the name of a bit generator is not there"))?;
        self.named(of)?;
        if matches!(of, ("numpy.random._generator" | "numpy.random", "Generator")) {
            self.ops(b"0");
            self.known("numpy.random._pickle", "__generator_ctor");
        }
        self.known("numpy.random._pickle", "__bit_generator_ctor");
        self.text(name.as_bytes());
        self.ops(b"\x85R");
        rest.extend([Piece::Node(self.part(node, 0)), Piece::Ops(b"b\x85R")]);
        if let Some(seed) = self.part(node, 1) {
            rest.extend([Piece::Node(Some(seed)), Piece::Ops(b"0")]);
        }
        Ok(())
    }
}
