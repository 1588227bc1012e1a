//! What numpy and scipy hold: arrays, scalars, data types, generators, sparse matrices (`skops/io/_numpy.py`, `_scipy.py`).

use super::files::{Elements, Npy};
use super::loaders::Loader;
use super::nodes::{Node, NodeId};
use super::ops;
use super::write::{Piece, Writer};
use crate::dtype::{DType, Kind, StateValue};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limit;

/// The longest scalar, in bytes.
const SCALAR: u64 = 1 << 10;

/// How many data types are kept in the memo.
const DTYPES: usize = 64;

/// Classes of scalars of numpy, the kind of their type, and its size where there is one for all.
const SCALARS: &[(&str, Kind, Option<u64>)] = &[
    ("bool", Kind::Bool, None),
    ("bool_", Kind::Bool, None),
    ("bytes_", Kind::Bytes, None),
    ("clongdouble", Kind::Complex, Some(32)),
    ("complex128", Kind::Complex, Some(16)),
    ("complex64", Kind::Complex, Some(8)),
    ("datetime64", Kind::DateTime, None),
    ("float16", Kind::Float, Some(2)),
    ("float32", Kind::Float, Some(4)),
    ("float64", Kind::Float, Some(8)),
    ("int16", Kind::Int, Some(2)),
    ("int32", Kind::Int, Some(4)),
    ("int64", Kind::Int, Some(8)),
    ("int8", Kind::Int, Some(1)),
    ("longdouble", Kind::Float, Some(16)),
    ("str_", Kind::Str, None),
    ("timedelta64", Kind::TimeDelta, None),
    ("uint16", Kind::UInt, Some(2)),
    ("uint32", Kind::UInt, Some(4)),
    ("uint64", Kind::UInt, Some(8)),
    ("uint8", Kind::UInt, Some(1)),
    ("void", Kind::Void, None),
];

/// Formats of sparse matrices, and the names of their arrays beside `data`.
const FORMATS: &[(&str, &[&str])] = &[
    ("bsr", &["indices", "indptr"]),
    ("coo", &["row", "col"]),
    ("csc", &["indices", "indptr"]),
    ("csr", &["indices", "indptr"]),
    ("dia", &["offsets"]),
];

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

/// The type that scalars of a class have; of any size where the class has several.
fn scalar_class(module: &str, class: &str) -> Option<(Kind, Option<u64>)> {
    SCALARS.iter().find(|row| module == "numpy" && row.0 == class).map(|row| (row.1, row.2))
}

impl<'a> Writer<'_, '_, 'a> {
    /// An array, or what a class makes of one.
    pub(super) fn ndarray(&mut self, node: Node, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        match self.nodes.field(node, &["type"]).as_deref() {
            Some("numpy") => {}
            Some("json") => return self.objects(node, rest),
            _ => return Err(malformed("an array of a type that is neither `numpy` nor `json`")),
        }
        let name = self.file(node)?;
        let npy = self.files.npy(&name, self.budget)?;
        if let Some((kind, size)) = scalar_class(of.0, of.1) {
            let dtype = &npy.header.dtype;
            let fits = dtype.kind() == kind && size.is_none_or(|size| size == dtype.itemsize());
            if fits && npy.header.shape.is_empty() && npy.len <= SCALAR {
                let bytes = self.files.small(&npy, self.budget)?;
                self.known("numpy._core.multiarray", "scalar");
                self.dtype(&npy.header.dtype)?;
                ops::bytes(&mut self.skops.pickle, &bytes);
                self.ops(b"\x86R");
                return Ok(());
            }
        }
        match of {
            ("numpy", "ndarray") => self.npy(&npy, ("numpy", "ndarray"), false),
            ("numpy", "matrix") | ("numpy.matrixlib.defmatrix", "matrix") => self.npy(&npy, of, true),
            _ => {
                self.named(of)?;
                self.npy(&npy, ("numpy", "ndarray"), false)?;
                self.ops(b"\x85R");
                Ok(())
            }
        }
    }

    /// An array of a member; `said` tells whether the file names its class.
    fn npy(&mut self, npy: &Npy<'_>, (module, class): (&str, &str), said: bool) -> Result<()> {
        self.known("numpy._core.multiarray", "_reconstruct");
        if said {
            self.named((module, class))?
        } else {
            self.known(module, class)
        }
        self.ops(b"K\0\x85C\x01b\x87R(K\x01");
        self.shape(&npy.header.shape)?;
        self.dtype(&npy.header.dtype)?;
        self.ops(if npy.header.fortran_order { b"\x88" } else { b"\x89" });
        self.elements(npy)?;
        self.ops(b"tb");
        Ok(())
    }

    /// The bytes of an array: where they stand.
    fn elements(&mut self, npy: &Npy<'_>) -> Result<()> {
        match &npy.elements {
            Elements::Here(bytes) => {
                self.budget.spend(Limit::Retained, bytes.len() as u64)?;
                ops::bytes(&mut self.skops.pickle, bytes);
            }
            Elements::There(storage) => {
                self.ops(b"(\x8c\x06member");
                self.text(storage.key.as_bytes());
                self.size(npy.header.data_offset as u64)?;
                self.size(npy.len)?;
                self.ops(b"tQ");
                if self.storages.insert(storage.key.clone()) {
                    self.skops.storages.push(storage.clone());
                }
            }
        }
        Ok(())
    }

    fn size(&mut self, size: u64) -> Result<()> {
        self.int(i64::try_from(size).map_err(|_| malformed("a size beyond any memory"))?);
        Ok(())
    }

    fn shape(&mut self, shape: &[u64]) -> Result<()> {
        self.ops(b"(");
        for &length in shape {
            self.size(length)?;
        }
        self.ops(b"t");
        Ok(())
    }

    /// A data type.
    pub(super) fn dtype(&mut self, dtype: &DType) -> Result<()> {
        if let Some(&(_, number)) = self.dtypes.iter().find(|(known, _)| known == dtype) {
            self.fetch(number);
            return Ok(());
        }
        let (spec, state) = dtype.pickled().ok_or_else(|| malformed("a data type that numpy has no file for"))?;
        self.known("numpy", "dtype");
        self.text(spec.as_bytes());
        self.ops(b"\x89\x88\x87R");
        let number = self.memoize();
        self.state_value(&state)?;
        self.ops(b"b");
        if self.dtypes.len() < DTYPES {
            self.dtypes.push((dtype.clone(), number));
        }
        Ok(())
    }

    /// A part of the state of a data type, which nests only as deep as data types do.
    fn state_value(&mut self, value: &StateValue<'_>) -> Result<()> {
        match value {
            StateValue::None | StateValue::Other => self.ops(b"N"),
            StateValue::Int(number) => self.int(*number),
            StateValue::Str(text) => self.text(text),
            StateValue::Bytes(bytes) => ops::bytes(&mut self.skops.pickle, bytes),
            StateValue::DType(dtype) => self.dtype(dtype)?,
            StateValue::Tuple(items) => {
                self.ops(b"(");
                items.iter().try_for_each(|item| self.state_value(item))?;
                self.ops(b"t");
            }
            StateValue::Dict(items) => {
                self.ops(b"}(");
                for (key, item) in items {
                    self.state_value(key)?;
                    self.state_value(item)?;
                }
                self.ops(b"u");
            }
        }
        Ok(())
    }

    /// An array of objects.
    fn objects(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        let (shape, items) = self.elements_of(node)?;
        self.known("numpy._core.multiarray", "_reconstruct");
        self.known("numpy", "ndarray");
        self.ops(b"K\0\x85C\x01b\x87R(K\x01");
        self.shape(&shape)?;
        self.dtype(&DType::from_spec(b"O8")?)?;
        self.ops(b"\x89](");
        rest.extend(items.into_iter().map(Piece::Node));
        rest.push(Piece::Ops(b"etb"));
        Ok(())
    }

    /// Shape and elements of an array of objects: lists within lists, as `ndarray.tolist` gives them.
    fn elements_of(&mut self, node: Node) -> Result<(Vec<u64>, Vec<Option<NodeId>>)> {
        let wrong = || malformed("an array of objects whose lists do not have its shape");
        let parts = self.nodes.parts(node);
        let (shape, content) = parts.split_last().ok_or_else(wrong)?;
        let shape = shape.and_then(|shape| self.lengths(shape)).ok_or_else(wrong)?;
        let mut items: Vec<Option<NodeId>> = content.to_vec();
        // One of one dimension has as many elements as there are, whatever its shape says.
        let mut real = vec![items.len() as u64];
        for &length in shape.iter().skip(1) {
            let mut inner = Vec::new();
            for item in &items {
                let list = item.and_then(|item| self.nodes.get(item)).filter(|it| it.loader == Some(Loader::List));
                let parts = list.map(|list| self.nodes.parts(list)).filter(|parts| parts.len() as u64 == length);
                let parts = parts.ok_or_else(wrong)?;
                self.budget.spend(Limit::Edges, parts.len() as u64)?;
                inner.extend_from_slice(parts);
            }
            items = inner;
            real.push(length);
        }
        if shape.is_empty() || (real != shape && shape.len() > 1) { Err(wrong()) } else { Ok((real, items)) }
    }

    /// The lengths in a tuple of ints.
    fn lengths(&self, shape: NodeId) -> Option<Vec<u64>> {
        let tuple = self.nodes.get(shape).filter(|node| node.loader == Some(Loader::Tuple))?;
        let length = |part: &Option<NodeId>| {
            let node = self.nodes.get((*part)?).filter(|node| node.loader == Some(Loader::Json))?;
            self.nodes.field(node, &["content"])?.parse().ok()
        };
        self.nodes.parts(tuple).iter().map(length).collect()
    }

    /// The array that a part of a node is.
    fn array_in(&mut self, node: Node, index: usize) -> Result<Npy<'a>> {
        let array =
            self.part_as(node, index, Loader::NdArray).ok_or_else(|| malformed("something else than an array"))?;
        let name = self.file(array)?;
        self.files.npy(&name, self.budget)
    }

    /// `numpy.ma.MaskedArray(data, mask)`.
    pub(super) fn masked(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        let unlike = || malformed("a mask of another shape than its array");
        let mask = self.array_in(node, 1)?;
        let array = self.part_as(node, 0, Loader::NdArray).ok_or_else(|| malformed("a masked array of no array"))?;
        let is_json = self.nodes.field(array, &["type"]).as_deref() == Some("json");
        let (data, objects) =
            if is_json { (None, Some(self.elements_of(array)?)) } else { (Some(self.array_in(node, 0)?), None) };
        let header = data.as_ref().map(|data| &data.header);
        let shape =
            header.map(|header| &header.shape).or(objects.as_ref().map(|(shape, _)| shape)).ok_or_else(unlike)?;
        let is_fortran = header.is_some_and(|header| header.fortran_order);
        let is_one = mask.header.shape.is_empty() && mask.header.dtype.kind() == Kind::Bool && !shape.is_empty();
        if !is_one && (mask.header.shape != *shape || mask.header.fortran_order != is_fortran) {
            return Err(unlike());
        }
        self.known("numpy.ma.core", "_mareconstruct");
        self.ops(b"(");
        self.known("numpy.ma", "MaskedArray");
        self.known("numpy", "ndarray");
        self.ops(b"K\0\x85C\x01btR(K\x01");
        self.shape(shape)?;
        let of_objects = DType::from_spec(b"O8")?;
        self.dtype(header.map_or(&of_objects, |header| &header.dtype))?;
        self.ops(if is_fortran { b"\x88" } else { b"\x89" });
        // What follows objects has to wait for them.
        let (written, counted) = (self.skops.pickle.len(), objects.is_some());
        if let Some(data) = &data {
            self.elements(data)?;
        }
        if is_one {
            // One flag for all: `numpy.ma.nomask`, mostly.
            let flag = self.files.small(&mask, self.budget)?.first().copied().unwrap_or(0);
            let count = DType::from_spec(b"b1")?.nbytes(shape).unwrap_or(u64::MAX);
            self.budget.spend(Limit::Retained, count)?;
            let count = usize::try_from(count).map_err(|_| unlike())?;
            ops::bytes(&mut self.skops.pickle, &vec![flag; count]);
        } else {
            self.elements(&mask)?;
        }
        if counted {
            let mask = self.skops.pickle.split_off(written);
            self.ops(b"](");
            rest.extend(objects.into_iter().flat_map(|(_, items)| items).map(Piece::Node));
            rest.extend([Piece::Ops(b"e"), Piece::Made(mask)]);
        }
        rest.push(Piece::Ops(b"Ntb"));
        Ok(())
    }

    /// The data type of an array.
    pub(super) fn dtype_of(&mut self, node: Node) -> Result<()> {
        let array = self.part_as(node, 0, Loader::NdArray).ok_or_else(|| malformed("a data type of no array"))?;
        if self.nodes.field(array, &["type"]).as_deref() == Some("json") {
            return self.dtype(&DType::from_spec(b"O8")?);
        }
        let npy = self.array_in(node, 0)?;
        let dtype = npy.header.dtype;
        self.dtype(&dtype)
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
            self.npy(array(name)?, ("numpy", "ndarray"), false)?;
        }
        self.ops(if together { b"t" } else { b"" });
        self.ops(b"\x8c\x04data");
        self.npy(array("data")?, ("numpy", "ndarray"), false)?;
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
        let is_big = npy.header.dtype.byte_order() == crate::dtype::ByteOrder::Big;
        let number = |unit: &[u8]| {
            let step = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
            if is_big { unit.iter().fold(0, step) } else { unit.iter().rev().fold(0, step) }
        };
        Ok(bytes.chunks_exact(size).map(number).collect())
    }

    /// The key of a dict whose type is a scalar of numpy; answers whether it is one.
    pub(super) fn scalar_key(&mut self, (module, class): &(String, String), text: &str) -> Result<bool> {
        let number: Option<(String, Vec<u8>)> = match scalar_class(module, class) {
            Some((Kind::Int, Some(size @ (1 | 2 | 4 | 8)))) => {
                let bytes = text.parse::<i64>().ok().map(i64::to_le_bytes);
                bytes.and_then(|bytes| Some((format!("i{size}"), bytes.get(..usize::try_from(size).ok()?)?.to_vec())))
            }
            Some((Kind::UInt, Some(size @ (1 | 2 | 4 | 8)))) => {
                let bytes = text.parse::<u64>().ok().map(u64::to_le_bytes);
                bytes.and_then(|bytes| Some((format!("u{size}"), bytes.get(..usize::try_from(size).ok()?)?.to_vec())))
            }
            Some((Kind::Float, Some(8))) => {
                text.parse::<f64>().ok().map(|number| ("f8".to_owned(), number.to_le_bytes().to_vec()))
            }
            Some((Kind::Str, _)) => {
                let units: Vec<u8> = text.chars().flat_map(|char| u32::from(char).to_le_bytes()).collect();
                Some((format!("U{}", text.chars().count()), units))
            }
            _ => None,
        };
        let Some((spec, bytes)) = number.filter(|(_, bytes)| bytes.len() as u64 <= SCALAR) else { return Ok(false) };
        self.known("numpy._core.multiarray", "scalar");
        self.dtype(&DType::from_spec(spec.as_bytes())?)?;
        ops::bytes(&mut self.skops.pickle, &bytes);
        self.ops(b"\x86R");
        Ok(true)
    }
}
