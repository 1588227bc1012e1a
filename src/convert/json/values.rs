//! Arrays, scalars and bytes in JSON.

use super::base64::Base64;
use super::frame::Frame;
use super::{Elements, Writer, leaf};
use crate::array::named;
use crate::ast::path::Step;
use crate::convert::number::{Number, is_number, number};
use crate::convert::{Loss, pour};
use crate::dtype::{DType, Kind};
use crate::error::Error;
use crate::escape::{Uint, json};
use crate::inspect::ArrayRef;
use crate::model::tree::{Array, Blob, Masked, Node, NodeId, Scalar};
use std::io::{self, Write};

/// Where the mask stands in the state of a masked array, as `inspect::Arrays` has it.
const MASK: [Step; 2] = [Step::State, Step::Index(5)];

impl<'t> Writer<'_, 't, '_> {
    /// `$bytes` and `$bytearray`.
    pub(super) fn blob(&mut self, tag: &str, id: NodeId) -> io::Result<()> {
        match self.tree.node(id) {
            Node::Bytes(Blob::Here(bytes)) | Node::Bytearray(Blob::Here(bytes)) => leaf::tagged(self.out, tag, bytes),
            Node::Bytes(Blob::Inflated(array)) | Node::Bytearray(Blob::Inflated(array)) => {
                write!(self.out, "{{\"{tag}\":")?;
                self.base64(array)?;
                self.out.write_all(b"}")
            }
            _ => Ok(()),
        }
    }

    /// `$array`.
    pub(super) fn array(&mut self, id: NodeId, array: &'t Array, items: &'t [NodeId]) -> io::Result<Option<Frame<'t>>> {
        if array.array.problem.is_some() {
            self.lost(id)?;
            return Ok(None);
        }
        self.out.write_all(b"{\"$array\":")?;
        if array.elements.is_none() {
            let path = self.path(id).to_string();
            self.body(&array.array, &path)?;
            self.out.write_all(b"}")?;
            return Ok(None);
        }
        self.objects(&array.array)?;
        Ok(Some(Frame::items(items, "]}}")))
    }

    /// An array of objects, up to the first.
    fn objects(&mut self, array: &ArrayRef) -> io::Result<()> {
        self.out.write_all(b"{")?;
        self.head(array)?;
        self.out.write_all(b",\"items\":[")
    }

    /// `$masked`: two arrays, and what stands for masked elements.
    pub(super) fn masked(
        &mut self,
        id: NodeId,
        masked: &'t Masked,
        items: &'t [NodeId],
    ) -> io::Result<Option<Frame<'t>>> {
        if masked.data.array.problem.is_some() || masked.mask.problem.is_some() {
            self.lost(id)?;
            return Ok(None);
        }
        let mut address = self.path(id);
        let path = address.to_string();
        address.path.0.extend(MASK);
        self.out.write_all(b"{\"$masked\":{\"mask\":")?;
        self.body(&masked.mask, &address.to_string())?;
        self.out.write_all(b",\"data\":")?;
        let fill = Frame::fields(vec![("fill", masked.fill)], "}}");
        if masked.data.elements.is_none() {
            self.body(&masked.data.array, &path)?;
            return Ok(Some(fill));
        }
        self.objects(&masked.data.array)?;
        Ok(Some(Frame::items(items, "]}").then(fill)))
    }

    /// `$tensor`: an array of torch.
    pub(super) fn tensor(&mut self, array: &ArrayRef, requires_grad: bool) -> io::Result<()> {
        self.out.write_all(b"{\"$tensor\":{")?;
        if requires_grad {
            self.out.write_all(b"\"requires_grad\":true,")?;
        }
        if let Some(storage) = &array.storage {
            self.out.write_all(b"\"storage\":")?;
            json(self.out, &storage.key)?;
            self.out.write_all(b",")?;
        }
        self.fields(array, &array.address.to_string())?;
        self.out.write_all(b"}}")
    }

    /// Type and shape of an array, and its class where it is not the usual one.
    fn head(&mut self, array: &ArrayRef) -> io::Result<()> {
        let of = &array.array;
        self.out.write_all(b"\"dtype\":")?;
        match &of.dtype {
            Ok(dtype) => leaf::dtype(self.out, dtype)?,
            Err(_) => self.out.write_all(b"null")?,
        }
        let shape: Vec<Uint> = of.shape.iter().flatten().copied().map(Uint).collect();
        self.out.write_all(b",\"shape\":")?;
        json(self.out, &shape)?;
        if !matches!(of.class.as_str(), "numpy.ndarray" | "mask" | "torch.Tensor") {
            self.out.write_all(b",\"class\":")?;
            json(self.out, &of.class)?;
        }
        Ok(())
    }

    /// An array of bytes: where its elements stand, or themselves.
    pub(super) fn body(&mut self, array: &ArrayRef, path: &str) -> io::Result<()> {
        self.out.write_all(b"{")?;
        self.fields(array, path)?;
        self.out.write_all(b"}")
    }

    fn fields(&mut self, array: &ArrayRef, path: &str) -> io::Result<()> {
        self.head(array)?;
        let dtype = array.array.dtype.clone().map_err(io::Error::other)?;
        let is_foreign = matches!(dtype.kind(), Kind::Foreign(_));
        if let Some(error) = named(&dtype).err().filter(|_| !is_foreign) {
            let why = format!("of its data type only the size is carried: {}", error.message());
            self.lost.add(|| Loss { path: path.to_owned(), why });
        }
        match self.elements {
            Elements::Named { field, names } if names.contains_key(path) => {
                write!(self.out, ",\"{field}\":")?;
                json(self.out, &names.get(path))?;
            }
            Elements::Numbers if is_number(&dtype) => {
                self.out.write_all(b",\"values\":")?;
                self.numbers(array, &dtype)?;
            }
            _ => {
                self.out.write_all(b",\"data\":")?;
                self.base64(array)?;
            }
        }
        Ok(())
    }

    fn base64(&mut self, array: &ArrayRef) -> io::Result<()> {
        self.out.write_all(b"\"")?;
        let mut encoder = Base64::default();
        let (bytes, mut encoding) = (&mut self.bytes, Encoding { out: self.out, encoder: &mut encoder });
        pour(&mut encoding, |sink| bytes.c_order(array, sink))?;
        encoder.end(self.out)?;
        self.out.write_all(b"\"")
    }

    fn numbers(&mut self, array: &ArrayRef, dtype: &DType) -> io::Result<()> {
        let size = usize::try_from(dtype.itemsize()).unwrap_or(usize::MAX).max(1);
        let (out, mut failed, mut first) = (&mut *self.out, None, true);
        out.write_all(b"[")?;
        let read = self.bytes.c_order(array, &mut |piece| {
            for bytes in piece.chunks_exact(size) {
                let written = if first { Ok(()) } else { out.write_all(b",") };
                first = false;
                if let Err(error) = written.and_then(|()| element(out, dtype, bytes)) {
                    failed = Some(error);
                    return Err(Error::new(crate::error::ErrorKind::Io, "the output failed"));
                }
            }
            Ok(())
        });
        if let Some(error) = failed {
            return Err(error);
        }
        read.map_err(io::Error::other)?;
        self.out.write_all(b"]")
    }

    /// `$scalar`.
    pub(super) fn scalar(&mut self, scalar: &Scalar<'_>) -> io::Result<()> {
        self.out.write_all(b"{\"$scalar\":{\"dtype\":")?;
        leaf::dtype(self.out, &scalar.dtype)?;
        if is_number(&scalar.dtype) && scalar.bytes.len() as u64 == scalar.dtype.itemsize() {
            self.out.write_all(b",\"value\":")?;
            element(self.out, &scalar.dtype, &scalar.bytes)?;
        } else {
            self.out.write_all(b",\"data\":")?;
            leaf::base64(self.out, &scalar.bytes)?;
        }
        self.out.write_all(b"}}")
    }
}

/// One element that [`is_number`].
fn element(out: &mut dyn Write, dtype: &DType, bytes: &[u8]) -> io::Result<()> {
    match number(dtype, bytes) {
        Number::Bool(value) => json(out, &value),
        Number::Int(number) => leaf::int(out, number.into()),
        Number::UInt(number) => leaf::int(out, number.into()),
        Number::Single(number) => leaf::single(out, number),
        Number::Double(number) => leaf::float(out, number),
    }
}

/// Encodes what is written to it.
struct Encoding<'e> {
    out: &'e mut dyn Write,
    encoder: &'e mut Base64,
}

impl Write for Encoding<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.add(self.out, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
