//! `.safetensors` files: tensors by name, each an array that stands in the file as it is.

use super::arrays::ArrayRef;
use super::content::made;
use super::open::{Contents, Member};
use crate::array::{Array, Data, Order, view};
use crate::ast::path::Address;
use crate::container::Format;
use crate::container::detect::by_content;
use crate::container::safetensors::{Safetensors, Tensor, Type};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limit, Limits};
use crate::skops::Storage;
use std::collections::HashMap;

/// What such a file holds.
pub struct Tensors<'a> {
    /// The file, with no pickle in it.
    pub contents: Contents<'a>,
    /// Its tensors by name, in the order of the header. Names are as the file has them: escape before printing.
    pub arrays: Vec<(String, ArrayRef)>,
    /// What stands beside them.
    pub metadata: Vec<(String, String)>,
}

impl<'a> Tensors<'a> {
    /// All that `convert` wrote of a file, where it wrote this one: its metadata says what the tensors are parts of.
    ///
    /// # Errors
    /// Where the metadata is not of the scheme; [`ErrorKind::Limit`].
    pub fn content(&self, limits: &Limits) -> Option<Result<Contents<'a>>> {
        let (_, text) = self.metadata.iter().find(|(name, _)| name == "depickle")?;
        let mut budget = limits.budget(self.contents.bytes.len() as u64);
        let mut tensors = HashMap::new();
        for (name, array) in &self.arrays {
            let place =
                array.file_offset.zip(array.place).and_then(|(at, (_, len))| Some((usize::try_from(at).ok()?, len)));
            let Some((start, len)) = place else { continue };
            tensors.insert(name.clone(), Storage { key: name.clone(), start, codec: None, len });
        }
        Some(made(self.contents.bytes, text.as_bytes(), "safetensors", &tensors, &mut budget))
    }
}

/// What a file holds; `None` where it is no such file.
///
/// # Errors
/// Where its header is none, or larger than the limits allow.
pub fn safetensors<'a>(bytes: &'a [u8], limits: &Limits) -> Option<Result<Tensors<'a>>> {
    // The length in front may begin as a compressor writes.
    let is_one = matches!(by_content(bytes), Format::Other { kind: "safetensors", .. });
    is_one.then(|| opened(bytes, limits))
}

fn opened<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Tensors<'a>> {
    let mut budget = limits.budget(bytes.len() as u64);
    let Safetensors { metadata, tensors, data } = Safetensors::parse(bytes)?;
    budget.spend(Limit::Retained, data)?;
    let member = Member::Plain { base: data };
    let format = "safetensors".to_owned();
    let contents = Contents { format, bytes, member, ..Contents::empty(budget) };
    let arrays = tensors.into_iter().map(|tensor| (tensor.name.clone(), array(&tensor, member))).collect();
    Ok(Tensors { contents, arrays, metadata })
}

fn array(tensor: &Tensor, source: Member) -> ArrayRef {
    let unknown =
        || Error::new(ErrorKind::Unsupported, format!("the type {} is not known", tensor.dtype.escape_debug()));
    let dtype = Type::named(&tensor.dtype).ok_or_else(unknown).and_then(Type::dtype);
    let (begin, end) = tensor.offsets;
    let place = Some((begin, end.saturating_sub(begin)));
    let array = Array {
        class: "torch.Tensor".to_owned(),
        dtype,
        shape: Some(tensor.shape.clone()),
        order: Order::C,
        data: Data::Whole,
    };
    let mut found = ArrayRef {
        address: Address::default(),
        stream: 0,
        member: String::new(),
        array,
        place,
        source,
        file_offset: source.file_offset(place),
        storage: None,
        problem: None,
        value: None,
        outline: 0,
    };
    found.problem = found.layout().and_then(|layout| view::check_len(&layout, end.saturating_sub(begin))).err();
    found
}
