//! Arrays of `.skops` files: in the pickle that the `skops` room writes of a schema, the elements of an array are a
//! persistent id.

use super::reading::View;
use crate::ast::{Kind, Value};
use crate::machine::Action;
use crate::opcode::Literal;

/// A run of bytes in a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of the member; of one in another, with a `!` between the two.
    pub key: String,
    /// Bytes of it before the first.
    pub offset: u64,
    /// How many bytes.
    pub len: u64,
}

/// The run of bytes that a persistent id asks for: `("member", name, offset, length)`.
pub fn part(view: View<'_>, id: Value) -> Option<Part> {
    let mut items = view.ast.items(id, crate::ast::Moment::END);
    let (kind, key, offset, len) = (items.next()?, items.next()?, items.next()?, items.next()?);
    let text = |value| match view.literal(value) {
        Some(Literal::Str(text)) => String::from_utf8(text.into_owned()).ok(),
        _ => None,
    };
    let size = |value| match view.literal(value) {
        Some(Literal::Int(number)) => u64::try_from(number).ok(),
        _ => None,
    };
    let is_part = id.kind() == Kind::Tuple && items.next().is_none() && text(kind)? == "member";
    is_part.then_some(Part { key: text(key)?, offset: size(offset)?, len: size(len)? })
}

/// The run of bytes that a value is.
pub fn part_of(view: View<'_>, value: Value) -> Option<Part> {
    if value.kind() != Kind::Persistent {
        return None;
    }
    match view.effects.get(value.index())?.action {
        Action::Persistent { id } => part(view, id),
        _ => None,
    }
}
