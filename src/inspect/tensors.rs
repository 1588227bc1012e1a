//! Tensors of torch on one line.

use crate::array::{Tensor, tensor};
use crate::ast::Value;
use crate::dtype::ByteOrder;
use crate::inspect::dtype_name;
use crate::loader::View;

/// A tensor, on one line; nothing where its call is given anything that the line would leave out.
pub(super) fn text(view: View<'_>, value: Value) -> Option<String> {
    // The line has no elements, so that their order does not matter.
    line(&tensor(view, value, ByteOrder::Little).filter(|tensor| tensor.is_plain)?)
}

/// Class, type and shape.
pub(super) fn line(Tensor { array, .. }: &Tensor) -> Option<String> {
    let class = array.class.rsplit_once('.').map_or(array.class.as_str(), |(_, short)| short);
    let (dtype, shape) = (dtype_name(array.dtype.as_ref().ok()?), array.shape.as_ref()?);
    let numbers: Vec<String> = shape.iter().map(u64::to_string).collect();
    Some(format!("{class} {dtype} ({}{})", numbers.join(", "), if shape.len() == 1 { "," } else { "" }))
}
