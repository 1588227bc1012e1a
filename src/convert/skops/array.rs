//! What numpy holds: arrays, masked arrays, scalars, data types.

use super::member::Member;
use super::parts::{Head, Parts, Piece, leaf};
use super::schema::Schema;
use crate::array::{descr, unsigned};
use crate::dtype::{DType, Kind};
use crate::model::tree::{Array, Masked, Name, Node, NodeId, Scalar};

impl Schema<'_, '_> {
    /// An array.
    pub(super) fn array(&mut self, id: NodeId, array: &Array) -> Vec<Piece> {
        let class = &array.array.array.class;
        let (module, class) = match class.as_str() {
            // joblib gives a memory map back as an array.
            "numpy.memmap" => ("numpy", "ndarray"),
            "numpy.ndarray" | "numpy.matrix" | "numpy.matrixlib.defmatrix.matrix" => {
                class.rsplit_once('.').unwrap_or_default()
            }
            _ => {
                let why = format!("an array of the class {class}, which skops does not give back");
                return self.refuse(id, why);
            }
        };
        let head = self.head(&Head { loader: "NdArrayNode", module, class, id: Some(id) });
        self.array_parts(id, array, head, Member::Array(id))
    }

    /// What follows the head of an array: its file, or its elements where they are objects.
    fn array_parts(&mut self, id: NodeId, array: &Array, head: Piece, member: Member) -> Vec<Piece> {
        let about = &array.array.array;
        match (&about.dtype, array.elements) {
            (Ok(dtype), Some(_)) if dtype.kind() == Kind::Object => {
                let shape = about.shape.clone().unwrap_or_default();
                self.objects(id, &shape, head)
            }
            (Ok(dtype), None) if dtype.has_object() || dtype.kind() == Kind::StringDType => {
                self.refuse(id, "an array of objects that are not plain ones, for which numpy has no file")
            }
            (Ok(dtype), None) => match descr(dtype) {
                Ok(_) => self.npy(head, member),
                Err(error) => self.refuse(id, error.message().to_owned()),
            },
            (Err(error), _) => self.refuse(id, error.message().to_owned()),
            (Ok(_), Some(_)) => self.refuse(id, "a structure with objects, for which numpy has no file"),
        }
    }

    fn npy(&mut self, head: Piece, member: Member) -> Vec<Piece> {
        let file = format!(",\"type\":\"numpy\",\"file\":\"{}\"}}", member.name());
        self.members.push(member);
        vec![head, Piece::Text(file)]
    }

    /// An array of objects: lists within lists, as `ndarray.tolist` gives them.
    fn objects(&mut self, id: NodeId, shape: &[u64], head: Piece) -> Vec<Piece> {
        let items = self.tree.items(id);
        if shape.len() != 1 {
            let sequence = items.iter().find(|&&item| self.may_be_sequence(item));
            if shape.is_empty() || shape.contains(&0) || sequence.is_some() {
                return self.refuse(id, "an array of objects whose shape skops would not find again");
            }
        }
        let mut parts = Parts::default();
        parts.pieces([head]).text(",\"type\":\"json\",\"content\":[");
        // How many elements a list of each level holds, the innermost first.
        let mut rows = Vec::new();
        let mut row = 1_usize;
        for &length in shape.iter().skip(1).rev() {
            row = row.saturating_mul(usize::try_from(length).unwrap_or(usize::MAX));
            rows.push(row);
        }
        for (number, &item) in items.iter().enumerate() {
            let first = |row: &&usize| number.is_multiple_of((**row).max(1));
            let last = |row: &&usize| number.saturating_add(1).is_multiple_of((**row).max(1));
            parts.text(if number > 0 { "," } else { "" });
            for _ in rows.iter().filter(first) {
                parts.pieces([self.builtin("ListNode", "list", None)]).text(",\"content\":[");
            }
            parts.pieces([self.part(item)]);
            parts.text(&"]}".repeat(rows.iter().filter(last).count()));
        }
        parts.text("],\"shape\":").pieces(self.shape(shape)).text("}");
        parts.finish()
    }

    /// Whether `numpy.array([item], dtype=object)` may take an item apart.
    fn may_be_sequence(&self, item: NodeId) -> bool {
        match self.tree.node(item) {
            Node::List(_) | Node::Tuple(_) | Node::Array(_) | Node::Masked(_) => true,
            // Ensembles of scikit-learn are sequences of estimators, as is a pipeline.
            Node::Record(record) => {
                let class = self.tree.class(item);
                let is_sequence = |name: &Name| {
                    name.module.starts_with("sklearn.ensemble") || name.module.starts_with("sklearn.pipeline")
                };
                record.items.is_some() || class.is_none_or(is_sequence)
            }
            _ => false,
        }
    }

    fn shape(&mut self, shape: &[u64]) -> Vec<Piece> {
        let lengths: Vec<String> = shape.iter().map(|length| leaf(&length.to_string())).collect();
        let content = format!(",\"content\":[{}]}}", lengths.join(","));
        vec![self.builtin("TupleNode", "tuple", None), Piece::Text(content)]
    }

    /// A masked array: data and mask.
    pub(super) fn masked(&mut self, id: NodeId, masked: &Masked) -> Vec<Piece> {
        let (module, class) = masked.data.array.array.class.rsplit_once('.').unwrap_or_default();
        if class != "MaskedArray" {
            return self.refuse(id, "a masked array of a class that skops does not give back");
        }
        if !matches!(self.tree.node(masked.fill), Node::None) {
            self.lost.push((id, "the fill value of a masked array".to_owned()));
        }
        let head = self.head(&Head { loader: "MaskedArrayNode", module, class, id: Some(id) });
        let mut pieces = vec![head, Piece::text(",\"content\":{\"data\":")];
        let data = self.head(&Head { loader: "NdArrayNode", module: "numpy", class: "ndarray", id: None });
        pieces.extend(self.array_parts(id, &masked.data, data, Member::Array(id)));
        pieces.push(Piece::text(",\"mask\":"));
        let mask = self.head(&Head { loader: "NdArrayNode", module: "numpy", class: "ndarray", id: None });
        pieces.extend(self.npy(mask, Member::Mask(id)));
        pieces.push(Piece::text("}}"));
        pieces
    }

    /// A scalar of numpy.
    pub(super) fn scalar(&mut self, id: NodeId, scalar: &Scalar<'_>) -> Vec<Piece> {
        let Some(class) = scalar_class(scalar) else {
            return self.refuse(id, "a scalar of numpy that skops does not give back");
        };
        let head = self.head(&Head { loader: "NdArrayNode", module: "numpy", class, id: Some(id) });
        self.npy(head, Member::Scalar(id))
    }

    /// A data type: that of an array without elements.
    pub(super) fn dtype(&mut self, id: NodeId, dtype: &DType) -> Vec<Piece> {
        let head = self.head(&Head { loader: "DTypeNode", module: "numpy", class: "dtype", id: Some(id) });
        let inner = self.head(&Head { loader: "NdArrayNode", module: "numpy", class: "ndarray", id: None });
        let mut pieces = vec![head, Piece::text(",\"content\":")];
        if dtype.kind() == Kind::Object {
            pieces.extend([inner, Piece::text(",\"type\":\"json\",\"content\":[],\"shape\":")]);
            pieces.extend(self.shape(&[0]));
            pieces.push(Piece::text("}"));
        } else if dtype.has_object() || descr(dtype).is_err() {
            return self.refuse(id, "a data type for which numpy has no file");
        } else {
            pieces.extend(self.npy(inner, Member::DType(id)));
        }
        pieces.push(Piece::text("}"));
        pieces
    }
}

/// Text of four bytes for each character, padded with NUL.
pub(super) fn ucs4(bytes: &[u8], is_big: bool) -> Option<String> {
    let char = |unit: &[u8]| char::from_u32(u32::try_from(unsigned(unit, is_big)?).ok()?);
    let text: String = bytes.chunks_exact(4).map(char).collect::<Option<_>>()?;
    Some(text.trim_end_matches('\0').to_owned())
}

/// The name of the type of a scalar, as the numpy that wrote it has it; `None` for structures.
pub(super) fn scalar_class(scalar: &Scalar<'_>) -> Option<&'static str> {
    Some(match (scalar.dtype.kind(), scalar.dtype.itemsize()) {
        (Kind::Bool, _) if scalar.before_numpy_2 => "bool_",
        (Kind::Bool, _) => "bool",
        (Kind::Int, 1) => "int8",
        (Kind::Int, 2) => "int16",
        (Kind::Int, 4) => "int32",
        (Kind::Int, 8) => "int64",
        (Kind::UInt, 1) => "uint8",
        (Kind::UInt, 2) => "uint16",
        (Kind::UInt, 4) => "uint32",
        (Kind::UInt, 8) => "uint64",
        (Kind::Float, 2) => "float16",
        (Kind::Float, 4) => "float32",
        (Kind::Float, 8) => "float64",
        (Kind::Float, _) => "longdouble",
        (Kind::Complex, 8) => "complex64",
        (Kind::Complex, 16) => "complex128",
        (Kind::Complex, _) => "clongdouble",
        (Kind::DateTime, _) => "datetime64",
        (Kind::TimeDelta, _) => "timedelta64",
        (Kind::Bytes, _) => "bytes_",
        (Kind::Str, _) => "str_",
        _ => return None,
    })
}
