//! Arrays, and bytes that stand in the file as text.

use super::{Node, Outline};
use crate::array::{self, Array, Data, Tensor};
use crate::ast::Kind;
use crate::dtype::DType;
use crate::inspect::elements;
use crate::loader::numpy::{encoded_text, latin1};
use crate::opcode::{Literal, Opcode};
use std::borrow::Cow;

/// How many of the bytes of an array or of encoded text are looked at.
const HEAD: usize = 1 << 12;

/// Bytes that stand in the file as text: their number, and the first of them.
#[derive(Clone, Debug)]
pub(super) struct Encoded {
    pub(super) len: usize,
    pub(super) head: Vec<u8>,
}

impl Outline<'_, '_> {
    /// The array that a node is. One of objects in a pickle of its own is what that pickle builds.
    pub(crate) fn array(&self, node: Node) -> Option<Array> {
        let view = self.view(node).filter(|_| node.value.kind() == Kind::Object)?;
        let mut dtypes = self.dtypes.borrow_mut();
        let array = array::array(view, dtypes.entry(node.reading).or_default(), node.value)?;
        Some(self.contents.described(array))
    }

    /// Data and mask of the masked array that a node is.
    pub(crate) fn masked(&self, node: Node) -> Option<(Array, Array)> {
        let view = self.view(node).filter(|_| node.value.kind() == Kind::Object)?;
        let mut dtypes = self.dtypes.borrow_mut();
        array::masked(view, dtypes.entry(node.reading).or_default(), node.value)
    }

    /// The data type that a node is.
    pub(crate) fn dtype(&self, node: Node) -> Option<DType> {
        let mut dtypes = self.dtypes.borrow_mut();
        array::dtype(self.view(node)?, dtypes.entry(node.reading).or_default(), node.value)
    }

    /// Type and bytes of the numpy scalar that a node is.
    pub(crate) fn scalar(&self, node: Node) -> Option<(DType, Cow<'_, [u8]>)> {
        let mut dtypes = self.dtypes.borrow_mut();
        array::scalar(self.view(node)?, dtypes.entry(node.reading).or_default(), node.value)
    }

    /// How many elements an array of objects has.
    pub(in crate::inspect) fn object_count(&self, node: Node, array: &Array) -> Option<usize> {
        let list = self.object_elements(node, array)?;
        Some(self.view(list)?.ast.len(list.value))
    }

    /// The list of the elements of an array of objects.
    pub(crate) fn object_elements(&self, node: Node, array: &Array) -> Option<Node> {
        match &array.data {
            Data::Value(value) if value.kind() == Kind::List => Some(Node { value: *value, ..node }),
            Data::Behind(effect) => {
                let inner = *self.nested.get(&(node.reading, *effect))?;
                let root = Node { reading: inner, value: self.reading(inner)?.root? };
                match self.array(root)?.data {
                    Data::Value(value) if value.kind() == Kind::List => Some(Node { value, ..root }),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Offset and length of the bytes of an array, where they stand in the file between opcodes or in a literal.
    pub(in crate::inspect) fn array_place(&self, node: Node, array: &Array) -> Option<(u64, u64)> {
        match array.data {
            Data::Behind(effect) => self.raw.get(&(node.reading, effect)).map(|raw| (raw.offset, raw.len)),
            Data::Value(value) => {
                let view = self.view(node)?;
                let value = if value.kind() == Kind::View { view.ast.viewed(value)? } else { value };
                let opcode = Opcode::from_byte(view.source.bytes.get(value.index()).copied()?)?;
                let payload = opcode.info().argument.length_width()?;
                let offset = view.source.offset(value.index()).saturating_add(1).saturating_add(payload);
                match view.literal(value)? {
                    Literal::Bytes(bytes) | Literal::ByteArray(bytes) => Some((offset, bytes.len() as u64)),
                    Literal::ByteStr(bytes) => Some((offset, bytes.len() as u64)),
                    Literal::Absent(len) => Some((offset, len)),
                    _ => None,
                }
            }
            Data::File(_) | Data::Whole | Data::Storage { .. } => None,
        }
    }

    /// The tensor that a node is; or the storage, where that is a value of its own.
    pub(crate) fn tensor(&self, node: Node) -> Option<Tensor> {
        let view = self.view(node)?;
        let order = self.contents.storages.order;
        match node.value.kind() {
            Kind::Object => array::tensor(view, node.value, order),
            Kind::Persistent => {
                let storages = &self.contents.storages;
                array::bare_storage(view, node.value, order).or_else(|| storages.asked(view, node.value))
            }
            _ => None,
        }
    }

    /// The first elements of an array as text, and whether there are more.
    pub(in crate::inspect) fn elements(&self, node: Node, array: &Array, most: usize) -> (Vec<String>, bool) {
        let Ok(dtype) = &array.dtype else { return (Vec::new(), false) };
        if dtype.has_object() {
            return (Vec::new(), false);
        }
        let head = match (self.array_place(node, array), &array.data) {
            (Some((offset, len)), _) => self.contents.head(offset, len.min(HEAD as u64)).to_vec(),
            (None, Data::Value(value)) => self.bytes_head(Node { value: *value, ..node }),
            (None, Data::Storage { key, offset }) => {
                let len = array.nbytes().unwrap_or(0).min(HEAD as u64);
                self.contents.storage_head(key, *offset, len)
            }
            (None, data) => self.contents.companion_head(data),
        };
        let shown = elements::elements(dtype, &head, most);
        let count =
            array.shape.as_ref().map_or(0, |shape| shape.iter().fold(1_u64, |all, &one| all.saturating_mul(one)));
        let more = count > shown.len() as u64;
        (shown, more)
    }

    /// The bytes that a value is.
    pub(in crate::inspect) fn bytes(&self, node: Node) -> Option<Cow<'_, [u8]>> {
        array::bytes(self.view(node)?, node.value)
    }

    /// How many bytes a value is.
    pub(in crate::inspect) fn bytes_len(&self, node: Node) -> Option<u64> {
        let encoded = self.encoded(node).map(|encoded| encoded.len);
        encoded.or_else(|| self.bytes(node).map(|bytes| bytes.len())).map(|len| len as u64)
    }

    /// The first of the bytes that a value is.
    fn bytes_head(&self, node: Node) -> Vec<u8> {
        if let Some(encoded) = self.encoded(node) {
            return encoded.head;
        }
        self.bytes(node).map(|bytes| bytes.get(..HEAD).unwrap_or(&bytes).to_vec()).unwrap_or_default()
    }

    /// What `_codecs.encode` makes of a text, if the node is such a call. A text is decoded once, however many calls
    /// it is given to.
    pub(super) fn encoded(&self, node: Node) -> Option<Encoded> {
        let view = self.view(node)?;
        let text = encoded_text(view, node.value)?;
        let mut known = self.encoded.borrow_mut();
        let found = known.entry((node.reading, text)).or_insert_with(|| {
            let bytes = latin1(view, text)?;
            Some(Encoded { len: bytes.len(), head: bytes.get(..HEAD).unwrap_or(&bytes).to_vec() })
        });
        found.clone()
    }
}
