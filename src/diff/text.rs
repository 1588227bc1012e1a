//! Values on one line.

use crate::escape::{escape, thousands};
use crate::inspect::{ArrayRef, dtype_name, element_text, text};
use crate::model::tree::{Blob, Node, NodeId, Tree};

/// How much of a text is shown.
const SHOWN: usize = 60;

/// What a node is, in short and in printable ASCII.
pub(super) fn value(tree: &Tree<'_>, id: NodeId) -> String {
    let items = |what: &str, count: usize| {
        let s = if count == 1 { "" } else { "s" };
        format!("{what} of {} item{s}", thousands(count as u64))
    };
    match tree.node(id) {
        Node::None => "None".to_owned(),
        Node::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Node::Int(number) => number.to_string(),
        Node::BigInt(number) => text::big(number.le_bytes(), SHOWN),
        Node::Float(number) => text::float(*number),
        Node::Str(of) => text::text(of, SHOWN),
        Node::ByteStr(of) => text::text(of, SHOWN),
        Node::Bytes(Blob::Here(bytes)) => text::bytes(bytes, SHOWN / 2),
        Node::Bytearray(Blob::Here(bytes)) => format!("bytearray({})", text::bytes(bytes, SHOWN / 2)),
        Node::Bytes(blob) => format!("bytes ({})", thousands(blob.len())),
        Node::Bytearray(blob) => format!("bytearray ({} bytes)", thousands(blob.len())),
        Node::List(run) => items("list", run.len()),
        Node::Tuple(run) => items("tuple", run.len()),
        Node::Set(run) => items("set", run.len()),
        Node::Frozenset(run) => items("frozenset", run.len()),
        Node::Dict(run) => items("dict", run.len() / 2),
        Node::Array(array) => self::array(&array.array),
        Node::Masked(masked) => format!("masked {}", array(&masked.data.array)),
        Node::Scalar(scalar) => {
            format!("{}({})", dtype_name(&scalar.dtype), element_text(&scalar.dtype, &scalar.bytes))
        }
        Node::DType(dtype) => format!("dtype {}", dtype_name(dtype)),
        Node::Record(_) => match tree.tensor(id) {
            Some(tensor) => array(&tensor),
            None => class(tree, id),
        },
        Node::Name(_) => tree.name(id).map_or_else(String::new, |name| escape(&name.to_string()).into_owned()),
        Node::Persistent(_) => tree.tensor(id).map_or_else(|| "a persistent id".to_owned(), |tensor| array(&tensor)),
        Node::Unknown => "what cannot be represented".to_owned(),
    }
}

/// The class of a record.
pub(super) fn class(tree: &Tree<'_>, id: NodeId) -> String {
    let class = tree.class(id).map_or_else(|| "of a computed class".to_owned(), ToString::to_string);
    format!("object {}", escape(&class))
}

/// Type and shape of an array.
pub(super) fn array(of: &ArrayRef) -> String {
    let class = of.array.class.rsplit_once('.').map_or(of.array.class.as_str(), |(_, short)| short);
    let dtype = of.array.dtype.as_ref().map_or_else(|_| "of an unknown type".to_owned(), dtype_name);
    let shape = of.array.shape.as_deref().map_or_else(|| "()".to_owned(), shape);
    format!("{} {dtype} {shape}", escape(class))
}

/// A shape as Python writes it.
pub(super) fn shape(shape: &[u64]) -> String {
    let numbers: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("({}{})", numbers.join(", "), if shape.len() == 1 { "," } else { "" })
}

/// What two texts have around the first place where they differ; `None` where all of them is shown anyhow.
pub(super) fn around(a: &[u8], b: &[u8], show: impl Fn(&[u8]) -> String) -> Option<(String, String)> {
    let most = SHOWN / 2;
    let at = a.iter().zip(b).take_while(|(one, other)| one == other).count();
    if a.len().max(b.len()) <= most || at < most / 2 {
        return None;
    }
    let shown = |bytes: &[u8]| {
        let from = (at.saturating_sub(most / 2)..=at).find(|&from| is_border(bytes, from)).unwrap_or(at);
        let to = at.saturating_add(most / 2).min(bytes.len());
        let to = (to..bytes.len()).find(|&to| is_border(bytes, to)).unwrap_or(bytes.len());
        format!(
            "{} (from byte {} of {})",
            show(bytes.get(from..to).unwrap_or_default()),
            thousands(from as u64),
            thousands(bytes.len() as u64)
        )
    };
    Some((shown(a), shown(b)))
}

/// Whether UTF-8 may be cut there.
fn is_border(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}
