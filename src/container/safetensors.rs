//! `.safetensors`: a header of JSON behind its length, then the elements of tensors in C order and little-endian, one
//! behind another (format of the crate `safetensors`, `SafeTensors::deserialize`).

use crate::dtype::{ByteOrder, DType, Kind};
use crate::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// The longest header that the libraries read.
pub const LONGEST: usize = 100_000_000;
/// The name that the header keeps for itself.
pub const METADATA: &str = "__metadata__";

/// A type of elements.
pub struct Type {
    /// What `safetensors` calls it.
    pub name: &'static str,
    kind: Kind,
    itemsize: u64,
    /// Bytes of each number in an element.
    pub width: usize,
}

const fn of(name: &'static str, kind: Kind, itemsize: u64, width: usize) -> Type {
    Type { name, kind, itemsize, width }
}

/// All that are known here.
const TYPES: [Type; 19] = [
    of("BOOL", Kind::Bool, 1, 1),
    of("I8", Kind::Int, 1, 1),
    of("I16", Kind::Int, 2, 2),
    of("I32", Kind::Int, 4, 4),
    of("I64", Kind::Int, 8, 8),
    of("U8", Kind::UInt, 1, 1),
    of("U16", Kind::UInt, 2, 2),
    of("U32", Kind::UInt, 4, 4),
    of("U64", Kind::UInt, 8, 8),
    of("F16", Kind::Float, 2, 2),
    of("F32", Kind::Float, 4, 4),
    of("F64", Kind::Float, 8, 8),
    of("C64", Kind::Complex, 8, 4),
    of("BF16", Kind::Foreign("bfloat16"), 2, 2),
    of("F8_E4M3", Kind::Foreign("float8_e4m3fn"), 1, 1),
    of("F8_E4M3FNUZ", Kind::Foreign("float8_e4m3fnuz"), 1, 1),
    of("F8_E5M2", Kind::Foreign("float8_e5m2"), 1, 1),
    of("F8_E5M2FNUZ", Kind::Foreign("float8_e5m2fnuz"), 1, 1),
    of("F8_E8M0", Kind::Foreign("float8_e8m0fnu"), 1, 1),
];

impl Type {
    /// The type of elements of numpy or torch, whatever the order of their bytes.
    pub fn of(dtype: &DType) -> Option<&'static Self> {
        TYPES.iter().find(|of| (of.kind, of.itemsize) == (dtype.kind(), dtype.itemsize()))
    }

    /// The type of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|of| of.name == name)
    }

    /// The same as numpy has it, or by the name that torch has for it.
    ///
    /// # Errors
    /// None for a row of the table.
    pub fn dtype(&self) -> Result<DType> {
        match self.kind {
            Kind::Foreign(name) => Ok(DType::foreign(name, ByteOrder::Little, self.itemsize)),
            kind => DType::from_spec(format!("{}{}", kind.code(), self.itemsize).as_bytes()),
        }
    }
}

/// A tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name, as the file has it: escape before printing.
    pub name: String,
    /// The type of its elements, as the file has it.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<u64>,
    /// Where its elements begin and end behind the header.
    pub offsets: (u64, u64),
}

impl Tensor {
    /// How many bytes its elements take, where its type is known; `None` within where they are beyond any memory.
    fn nbytes(&self) -> Option<Option<u64>> {
        let itemsize = Type::named(&self.dtype)?.itemsize;
        Some(self.shape.iter().try_fold(itemsize, |bytes, &length| bytes.checked_mul(length)))
    }
}

/// What the header of a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safetensors {
    /// Texts by name, in the order of the file.
    pub metadata: Vec<(String, String)>,
    /// The tensors, in the order of the file.
    pub tensors: Vec<Tensor>,
    /// Where the elements begin.
    pub data: u64,
}

impl Safetensors {
    /// Reads the header of a file. Memory is in proportion to it.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] for all that the libraries refuse: a name that stands twice, tensors that overlap, leave
    /// bytes between them or do not reach to the end.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let Some((length, rest)) = bytes.split_first_chunk() else {
            return Err(malformed("the file ends inside the length of its header"));
        };
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let header = rest.get(..length).filter(|_| length <= LONGEST);
        let header = header.ok_or_else(|| malformed("its header is longer than the file, or than readers accept"))?;
        let header: Header =
            serde_json::from_slice(header).map_err(|error| malformed(format!("its header: {error}")))?;
        let data = (length as u64).saturating_add(8);
        let whole = Self { metadata: header.metadata, tensors: header.tensors, data };
        whole.check((bytes.len() as u64).saturating_sub(data))?;
        Ok(whole)
    }

    /// Whether the tensors fill the bytes behind the header, one behind another.
    fn check(&self, len: u64) -> Result<()> {
        let mut places: Vec<(u64, u64)> = self.tensors.iter().map(|tensor| tensor.offsets).collect();
        places.sort_unstable();
        let mut end = 0;
        for (from, to) in places {
            if from != end || to < from {
                return Err(malformed("its tensors overlap, or there are bytes between them"));
            }
            end = to;
        }
        if end != len {
            return Err(malformed("its tensors do not reach to the end of the file"));
        }
        let is_odd = |tensor: &&Tensor| {
            tensor.nbytes().is_some_and(|bytes| bytes != tensor.offsets.1.checked_sub(tensor.offsets.0))
        };
        match self.tensors.iter().find(is_odd) {
            Some(tensor) => {
                Err(malformed(format!("{}: it has not the bytes of its type and shape", tensor.name.escape_debug())))
            }
            None => Ok(()),
        }
    }
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

#[derive(Default)]
struct Header {
    metadata: Vec<(String, String)>,
    tensors: Vec<Tensor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Texts by name, each name once.
struct Texts(Vec<(String, String)>);

const TWICE: &str = "a name stands twice";

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> std::result::Result<Texts, A::Error> {
                let (mut all, mut known) = (Vec::new(), HashSet::new());
                while let Some((name, text)) = items.next_entry::<String, String>()? {
                    if !known.insert(name.clone()) {
                        return Err(A::Error::custom(TWICE));
                    }
                    all.push((name, text));
                }
                Ok(Texts(all))
            }
        }
        deserializer.deserialize_map(All)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> std::result::Result<Header, A::Error> {
                let (mut header, mut known) = (Header::default(), HashSet::new());
                while let Some(name) = items.next_key::<String>()? {
                    if !known.insert(name.clone()) {
                        return Err(A::Error::custom(TWICE));
                    }
                    if name == METADATA {
                        header.metadata = items.next_value::<Texts>()?.0;
                        continue;
                    }
                    let Row { dtype, shape, data_offsets: offsets } = items.next_value()?;
                    header.tensors.push(Tensor { name, dtype, shape, offsets });
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn numbers_have_the_types_of_the_libraries() {
        let name = |descr: &[u8]| Type::of(&DType::from_descr_str(descr).unwrap()).map(|of| of.name);
        assert_eq!(name(b">f8"), Some("F64"));
        assert_eq!(name(b"|b1"), Some("BOOL"));
        assert_eq!(name(b"<c8"), Some("C64"));
        for none in [&b"<c16"[..], b"<M8[ns]", b"<U3", b"|S3", b"|V8", b"|O"] {
            assert_eq!(name(none), None);
        }
        for of in &TYPES {
            assert_eq!(Type::of(&of.dtype().unwrap()).unwrap().name, of.name);
            assert_eq!(Type::named(of.name).unwrap().name, of.name);
        }
    }

    #[test]
    fn a_header_is_read() {
        let header = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let read = Safetensors::parse(&file(header, &[0; 8])).unwrap();
        assert_eq!(read.metadata, [("format".to_owned(), "pt".to_owned())]);
        assert_eq!(
            (read.tensors[0].name.as_str(), read.tensors[0].offsets, read.data),
            ("a", (0, 8), 8 + header.len() as u64)
        );
    }

    #[test]
    fn what_the_libraries_refuse_is_refused() {
        let row = |name: &str, from: u64, to: u64| {
            format!(r#""{name}":{{"dtype":"U8","shape":[{}],"data_offsets":[{from},{to}]}}"#, to - from)
        };
        let refused = |rows: &[String], len| {
            Safetensors::parse(&file(&format!("{{{}}}", rows.join(",")), &vec![0; len])).is_err()
        };
        assert!(!refused(&[row("a", 0, 2), row("b", 2, 3)], 3));
        assert!(refused(&[row("a", 0, 2), row("a", 2, 3)], 3), "twice");
        assert!(refused(&[row("a", 0, 2), row("b", 1, 3)], 3), "overlapping");
        assert!(refused(&[row("a", 0, 1), row("b", 2, 3)], 3), "with a gap");
        assert!(refused(&[row("a", 0, 2)], 3), "with bytes behind");
        assert!(refused(&[row("a", 0, 2)], 1), "cut short");
        for bytes in [&b""[..], b"\x05\0\0\0\0\0\0\0{}", b"\xff\xff\xff\xff\xff\xff\xff\xff{}", b"\x02\0\0\0\0\0\0\0[]"]
        {
            assert!(Safetensors::parse(bytes).is_err());
        }
    }
}
