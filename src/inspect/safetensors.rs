//! `.safetensors` files: tensors by name, as the pickle of a dict that torch would write of them.

use super::content;
use super::elements::dtype_name;
use super::open::{Contents, Member};
use super::skops::MANNER;
use super::storages::{Place, Storages};
use super::window::Bytes;
use crate::container::safetensors::{Safetensors, Tensor, Type};
use crate::error::Result;
use crate::limits::{Budget, Limit};
use crate::loader::pass;
use crate::skops::{Storage, ops};
use std::collections::HashMap;

/// What a file holds: what `convert` wrote of another file where it wrote this one, else the tensors by their names.
///
/// # Errors
/// Where its header is none, or larger than the limits allow.
pub(super) fn contents<'a>(bytes: &'a [u8], mut budget: Budget) -> Result<Contents<'a>> {
    let Safetensors { metadata, tensors, data } = Safetensors::parse(bytes)?;
    budget.spend(Limit::Retained, data)?;
    let text = |name: &str| metadata.iter().find(|(of, _)| of == name).map(|(_, text)| text);
    // Of torch, the tensors by themselves say more: JSON has no place for how they are rebuilt.
    let content = text(CONTENT).filter(|_| text("format").is_none());
    match content.map(|text| content::made(bytes, text.as_bytes(), FORMAT, &elsewhere(&tensors, data), &mut budget)) {
        Some(Ok(contents)) => Ok(contents),
        Some(Err(error)) => {
            let broken = Some(format!("what stands beside its tensors cannot be read: {error}"));
            Ok(Contents { broken, ..by_name(bytes, &tensors, data, budget)? })
        }
        None => by_name(bytes, &tensors, data, budget),
    }
}

const FORMAT: &str = "safetensors";

/// The name under which `convert` has the content beside the tensors.
const CONTENT: &str = "depickle";

/// The tensors as elements of arrays in such a content.
fn elsewhere(tensors: &[Tensor], data: u64) -> HashMap<String, Storage> {
    let place = |tensor: &Tensor| {
        let start = usize::try_from(data.saturating_add(tensor.offsets.0)).unwrap_or(usize::MAX);
        (tensor.name.clone(), Storage { key: tensor.name.clone(), start, codec: None, len: len(tensor) })
    };
    tensors.iter().map(place).collect()
}

fn len(tensor: &Tensor) -> u64 {
    tensor.offsets.1.saturating_sub(tensor.offsets.0)
}

/// A dict of the tensors.
fn by_name<'a>(bytes: &'a [u8], tensors: &[Tensor], data: u64, mut budget: Budget) -> Result<Contents<'a>> {
    let mut writer = Writer::default();
    writer.ops(b"\x80\x04");
    if !tensors.is_empty() {
        // What every tensor is made with, by its number in the memo.
        writer.name("collections", "OrderedDict");
        writer.ops(b")R\x940");
    }
    writer.ops(b"}(");
    let mut places = HashMap::new();
    for (number, tensor) in tensors.iter().enumerate() {
        let before = writer.out.len();
        let key = number.to_string();
        writer.tensor(tensor, &key);
        budget.spend(Limit::Retained, writer.out.len().saturating_sub(before) as u64)?;
        let member = Member::Plain { base: data.saturating_add(tensor.offsets.0) };
        places.insert(key, Ok(Place { name: String::new(), member, len: len(tensor) }));
    }
    writer.ops(b"u.");
    let pass = pass(Bytes::Made(writer.out), MANNER, &mut budget);
    let (format, member) = (FORMAT.to_owned(), Member::Made { start: 0 });
    let storages = Storages::of_tensors(places);
    Ok(Contents { format, bytes, member, pass: Some(pass), storages, is_flat: true, ..Contents::empty(budget) })
}

/// The number in the memo of an empty `OrderedDict`, as the first that is made.
const NO_HOOKS: u32 = 1;

/// A pickle, as it is written.
#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    /// Numbers of names in the memo.
    names: HashMap<(&'static str, String), u32>,
    memoized: u32,
}

impl Writer {
    fn ops(&mut self, ops: &[u8]) {
        self.memoized = self.memoized.saturating_add(u32::from(ops.contains(&b'\x94')));
        self.out.extend_from_slice(ops);
    }

    fn get(&mut self, number: u32) {
        self.out.push(b'j');
        self.out.extend(number.to_le_bytes());
    }

    /// A name that is imported.
    fn name(&mut self, module: &'static str, name: &str) {
        if let Some(&number) = self.names.get(&(module, name.to_owned())) {
            return self.get(number);
        }
        self.names.insert((module, name.to_owned()), self.memoized);
        ops::text(&mut self.out, module.as_bytes());
        ops::text(&mut self.out, name.as_bytes());
        self.ops(b"\x93\x94");
    }

    fn int(&mut self, number: u64) {
        match i64::try_from(number) {
            Ok(number) => ops::int(&mut self.out, number),
            Err(_) => ops::big(&mut self.out, number.to_string().as_bytes()),
        }
    }

    /// Name and value of an item: `_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype)`
    /// (`torch/_utils.py`).
    fn tensor(&mut self, tensor: &Tensor, key: &str) {
        ops::text(&mut self.out, tensor.name.as_bytes());
        self.name("torch._utils", "_rebuild_tensor_v3");
        self.ops(b"((");
        ops::text(&mut self.out, b"storage");
        self.name("torch.storage", "UntypedStorage");
        ops::text(&mut self.out, key.as_bytes());
        ops::text(&mut self.out, b"cpu");
        self.int(len(tensor));
        self.ops(b"tQK\0(");
        tensor.shape.iter().for_each(|&length| self.int(length));
        self.ops(b"t(");
        strides(&tensor.shape).into_iter().for_each(|stride| self.int(stride));
        self.ops(b"t\x89");
        self.get(NO_HOOKS);
        let dtype = Type::named(&tensor.dtype).and_then(|of| of.dtype().ok());
        let name = dtype.map_or_else(|| tensor.dtype.clone(), |dtype| dtype_name(&dtype));
        self.name("torch", &name);
        self.ops(b"tR");
    }
}

/// Steps in C order, in elements; where one is beyond any memory, so is the tensor, or it has no elements.
fn strides(shape: &[u64]) -> Vec<u64> {
    let mut strides: Vec<u64> = Vec::with_capacity(shape.len());
    let mut step = 1_u64;
    for &length in shape.iter().rev() {
        strides.push(step);
        step = step.saturating_mul(length.max(1));
    }
    strides.reverse();
    strides
}
