//! From a node to those in it.

use super::Tree;
use super::node::{Node, NodeId, Via};

impl Tree<'_> {
    /// Everything that stands directly in a node, and how. A dict gives each key before its value; a record its class,
    /// arguments, keyword arguments, state and items.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = (Via, NodeId)> {
        let in_run: fn(u32) -> Via = match self.node(id) {
            Node::Dict(_) => |index| if index % 2 == 0 { Via::Key(index / 2) } else { Via::Value(index / 2) },
            _ => Via::Item,
        };
        // The items of a record stand in a node of their own.
        let items = if matches!(self.node(id), Node::Record(_)) { &[][..] } else { self.items(id) };
        let parts: [Option<(Via, NodeId)>; 5] = match self.node(id) {
            Node::Record(record) => [
                Some((Via::Class, record.class)),
                record.args.map(|args| (Via::Args, args)),
                record.kwargs.map(|kwargs| (Via::Kwargs, kwargs)),
                record.state.map(|state| (Via::State, state)),
                record.items.map(|items| (Via::Items, items)),
            ],
            Node::Masked(masked) => [Some((Via::Fill, masked.fill)), None, None, None, None],
            Node::Persistent(asked) => [Some((Via::Id, *asked)), None, None, None, None],
            _ => [None; 5],
        };
        let items = (0_u32..).zip(items).map(move |(index, &item)| (in_run(index), item));
        parts.into_iter().flatten().chain(items)
    }

    /// A node that stands within itself, if there is one: the first that a walk in document order comes back to.
    pub fn cycle(&self) -> Option<NodeId> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let mut states = vec![State::New; self.len()];
        let mut open: Vec<(NodeId, Vec<NodeId>)> = Vec::new();
        let mut enter = Some(self.root());
        loop {
            if let Some(id) = enter.take() {
                match states.get_mut(id.index()) {
                    Some(state @ State::New) => {
                        *state = State::Open;
                        let mut children: Vec<NodeId> = self.children(id).map(|(_, child)| child).collect();
                        children.reverse();
                        open.push((id, children));
                    }
                    Some(State::Open) => return Some(id),
                    _ => {}
                }
            }
            let (id, children) = open.last_mut()?;
            match children.pop() {
                Some(child) => enter = Some(child),
                None => {
                    if let Some(state) = states.get_mut(id.index()) {
                        *state = State::Done;
                    }
                    open.pop();
                }
            }
        }
    }
}
