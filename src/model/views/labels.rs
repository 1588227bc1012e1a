//! Labels: names of features, and of classes.

use crate::array::{ArrayView, Number};
use crate::dtype::Kind;
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{Node, NodeId, Payloads, Tree};

/// A list of labels of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Integers or booleans.
    Ints(Vec<i64>),
    /// Floats.
    Reals(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
}

impl Labels {
    /// The labels that an array is, or a list.
    ///
    /// # Errors
    /// What is wrong with the array; [`ErrorKind::Unsupported`] where its elements are of several types, or of one that
    /// is no label.
    pub fn read(tree: &Tree<'_>, payloads: &mut Payloads<'_, '_>, id: NodeId) -> Result<Self> {
        let is_plain = matches!(tree.node(id), Node::Array(array) if array.elements.is_none());
        if !is_plain {
            return Self::of_nodes(tree, tree.items(id));
        }
        let view = payloads.array(id)?;
        match view.dtype().kind() {
            Kind::Str => texts(&view).map(Self::Texts),
            Kind::Float => Ok(Self::Reals(view.numbers()?.map(Number::to_f64).collect())),
            _ => {
                let ints = view.numbers()?.map(Number::to_i64).collect::<Option<_>>();
                ints.map(Self::Ints).ok_or_else(|| unsupported("a label is beyond 64 bits"))
            }
        }
    }

    fn of_nodes(tree: &Tree<'_>, items: &[NodeId]) -> Result<Self> {
        let texts: Option<Vec<String>> = items.iter().map(|&item| tree.text(item).map(str::to_owned)).collect();
        if let Some(texts) = texts {
            return Ok(Self::Texts(texts));
        }
        let number = |&item: &NodeId| super::number(tree, item);
        if let Some(ints) = items.iter().map(|item| number(item)?.to_i64()).collect() {
            return Ok(Self::Ints(ints));
        }
        let reals: Option<_> = items.iter().map(|item| Some(number(item)?.to_f64())).collect();
        reals.map(Self::Reals).ok_or_else(|| unsupported("the labels are of several types, or of one that is none"))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Ints(labels) => labels.len(),
            Self::Reals(labels) => labels.len(),
            Self::Texts(labels) => labels.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// The texts of an array of UCS-4 text, without the NULs that fill them up.
fn texts(view: &ArrayView<'_>) -> Result<Vec<String>> {
    let big = view.dtype().byte_order() == crate::dtype::ByteOrder::Big;
    let size = usize::try_from(view.dtype().itemsize()).unwrap_or(usize::MAX);
    let mut all = Vec::new();
    for at in view.layout().offsets() {
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let bytes = view.bytes().get(start..).and_then(|rest| rest.get(..size)).unwrap_or_default();
        let points = bytes.chunks_exact(4).map(|point| crate::array::unsigned(point, big).unwrap_or(u64::MAX));
        let text: Option<String> = points.map(|point| u32::try_from(point).ok().and_then(char::from_u32)).collect();
        let text = text.ok_or_else(|| unsupported("a label is no text"))?;
        all.push(text.trim_end_matches('\0').to_owned());
    }
    Ok(all)
}
