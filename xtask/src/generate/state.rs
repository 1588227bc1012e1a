//! What a generated stream has on its stack and in its memo: kinds, not values.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    /// An int that a bytearray takes.
    Byte,
    None,
    Other,
    Str,
    Bytes,
    Bytearray,
    List,
    Dict,
    Set,
    Tuple,
    /// A dict whose keys are all str, fit for `**kwargs`.
    Keywords,
    /// What `find_class` answers: a recording class.
    Class,
    /// What a recording class makes.
    Object,
    Buffer,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    /// What hashing it visits; `None` if it cannot be hashed.
    pub(crate) hash: Option<u32>,
}

impl Value {
    pub(crate) fn new(kind: Kind) -> Self {
        let hash = match kind {
            Kind::Bytearray | Kind::List | Kind::Dict | Kind::Set | Kind::Keywords | Kind::Buffer => None,
            _ => Some(1),
        };
        Self { kind, hash }
    }

    /// A tuple or a frozenset of these.
    pub(crate) fn of(kind: Kind, items: &[Self]) -> Self {
        let hash = items.iter().try_fold(1_u32, |sum, item| Some(sum.saturating_add(item.hash?)));
        Self { kind, hash }
    }

    /// Whether it may be a key: hashable, at a cost that does not explode.
    pub(crate) fn is_key(self) -> bool {
        self.hash.is_some_and(|cost| cost < 5000)
    }

    /// Whether it takes any method call.
    pub(crate) fn is_recorded(self) -> bool {
        matches!(self.kind, Kind::Class | Kind::Object)
    }

    pub(crate) fn is_dict(self) -> bool {
        matches!(self.kind, Kind::Dict | Kind::Keywords)
    }
}

/// Stack, marks and memo.
#[derive(Default)]
pub(crate) struct State {
    /// Values; a mark is a position in it.
    pub(crate) stack: Vec<Value>,
    /// Positions of the marks.
    pub(crate) marks: Vec<usize>,
    pub(crate) memo: BTreeMap<u64, Value>,
}

impl State {
    /// The values above the topmost mark.
    pub(crate) fn above(&self) -> &[Value] {
        &self.stack[self.marks.last().copied().unwrap_or(0)..]
    }

    /// The value right under the topmost mark, if no other mark stands between.
    pub(crate) fn under_mark(&self) -> Option<Value> {
        let (&top, rest) = self.marks.split_last()?;
        (top > rest.last().copied().unwrap_or(0)).then(|| self.stack[top - 1])
    }

    /// The `n`th value from the top, if no mark is in between.
    pub(crate) fn peek(&self, n: usize) -> Option<Value> {
        self.above().iter().rev().nth(n).copied()
    }

    pub(crate) fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Takes `count` values off; nothing below the topmost mark.
    pub(crate) fn drop(&mut self, count: usize) {
        let left = self.stack.len() - count.min(self.above().len());
        self.stack.truncate(left);
    }

    pub(crate) fn mark(&mut self) {
        self.marks.push(self.stack.len());
    }

    /// Takes everything above the topmost mark, and the mark.
    pub(crate) fn pop_mark(&mut self) -> Vec<Value> {
        match self.marks.pop() {
            Some(at) => self.stack.split_off(at),
            None => Vec::new(),
        }
    }
}
