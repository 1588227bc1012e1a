//! What is still to be written of a node that others stand in.

use crate::model::tree::NodeId;
use std::{slice, vec};

/// The rest of a node, and what closes it.
pub(super) struct Frame<'t> {
    parts: Parts<'t>,
    /// Whether something was written before.
    comma: bool,
    close: String,
    /// What follows once this is closed.
    then: Option<Box<Frame<'t>>>,
}

enum Parts<'t> {
    Items(slice::Iter<'t, NodeId>),
    Pairs(slice::ChunksExact<'t, NodeId>),
    Members(slice::ChunksExact<'t, NodeId>),
    Fields(vec::IntoIter<(&'static str, NodeId)>),
}

/// What is to be written next.
pub(super) enum Step<'t> {
    /// A value.
    Item(NodeId),
    /// Key and value of a dict.
    Pair(&'t [NodeId]),
    /// The same where the key is that of an object.
    Member(NodeId, NodeId),
    /// A part of an object, under a name of ours.
    Field(&'static str, NodeId),
}

impl<'t> Frame<'t> {
    pub(super) fn items(items: &'t [NodeId], close: &str) -> Self {
        Self { parts: Parts::Items(items.iter()), comma: false, close: close.to_owned(), then: None }
    }

    /// Keys and values in turn, as pairs.
    pub(super) fn pairs(items: &'t [NodeId], close: &str) -> Self {
        Self { parts: Parts::Pairs(items.chunks_exact(2)), comma: false, close: close.to_owned(), then: None }
    }

    /// Keys and values in turn, as members of an object.
    pub(super) fn members(items: &'t [NodeId], close: &str) -> Self {
        Self { parts: Parts::Members(items.chunks_exact(2)), comma: false, close: close.to_owned(), then: None }
    }

    /// Fields behind others that were written.
    pub(super) fn fields(fields: Vec<(&'static str, NodeId)>, close: &str) -> Self {
        Self { parts: Parts::Fields(fields.into_iter()), comma: true, close: close.to_owned(), then: None }
    }

    /// Another frame behind this one.
    pub(super) fn then(self, next: Self) -> Self {
        Self { then: Some(Box::new(next)), ..self }
    }

    /// The same with a brace behind all of it.
    pub(super) fn wrapped(mut self) -> Self {
        match &mut self.then {
            // There are never more than two.
            Some(last) => last.close.push('}'),
            None => self.close.push('}'),
        }
        self
    }

    /// What closes it, and what follows.
    pub(super) fn end(self) -> (String, Option<Self>) {
        (self.close, self.then.map(|then| *then))
    }

    /// What is next, and whether a comma stands in front of it.
    pub(super) fn next(&mut self) -> (bool, Option<Step<'t>>) {
        let step = match &mut self.parts {
            Parts::Items(items) => items.next().copied().map(Step::Item),
            Parts::Pairs(pairs) => pairs.next().map(Step::Pair),
            Parts::Members(pairs) => pairs.next().and_then(|pair| Some(Step::Member(*pair.first()?, *pair.get(1)?))),
            Parts::Fields(fields) => fields.next().map(|(name, node)| Step::Field(name, node)),
        };
        let comma = self.comma && step.is_some();
        self.comma = true;
        (comma, step)
    }
}
