//! Object paths of nodes.

use super::Tree;
use super::node::{Node, NodeId, Via};
use crate::ast::path::{ObjectPath, Step};
use crate::opcode::text::printable;

/// The longest path, in steps: of a deeper node the upper part is left out.
const STEPS: usize = 10_000;

impl Tree<'_> {
    /// The object path at which a node stands first.
    pub fn path(&self, id: NodeId) -> ObjectPath {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(meta) = self.meta(at).filter(|meta| meta.via != Via::Root && steps.len() < STEPS) {
            steps.extend(self.step(at, meta.parent, meta.via));
            at = meta.parent;
        }
        steps.reverse();
        ObjectPath(steps)
    }

    /// The node in which a node stands first, and how; `None` for the root.
    pub fn parent(&self, id: NodeId) -> Option<(NodeId, Via)> {
        self.meta(id).filter(|meta| meta.via != Via::Root).map(|meta| (meta.parent, meta.via))
    }

    /// The step from the node `parent` to one in it; `None` where the two share a path: an object and the dict in its
    /// state, or the log of what was put into it.
    pub fn step(&self, id: NodeId, parent: NodeId, via: Via) -> Option<Step> {
        let role = self.meta(parent).map(|meta| meta.via);
        match via {
            Via::Root | Via::Args | Via::Kwargs | Via::Items => None,
            Via::Item(index) => {
                let number = i64::from(index);
                match (role, self.node(parent)) {
                    (Some(Via::Args), _) => Some(Step::Argument(index as usize)),
                    // The two parts of a state are one to who reads attributes.
                    (Some(Via::State), Node::Tuple(run)) if self.is_split_state(*run) => None,
                    (_, Node::Set(_) | Node::Frozenset(_)) => Some(Step::Member(index as usize)),
                    _ => Some(Step::Index(number)),
                }
            }
            Via::Key(index) => Some(Step::Member(index as usize)),
            Via::Value(index) => Some(self.key_step(parent, index)),
            Via::State => {
                let is_dict = self.state_dicts(id).iter().any(Option::is_some);
                (!is_dict).then_some(Step::State)
            }
            Via::Class | Via::Fill | Via::Id => Some(Step::State),
        }
    }

    fn key_step(&self, dict: NodeId, index: u32) -> Step {
        let place = (index as usize).saturating_mul(2);
        let key = self.items(dict).get(place).map(|&key| self.node(key));
        match key {
            Some(Node::Str(text) | Node::ByteStr(text)) => {
                let text = printable(text).into_owned();
                if self.is_state(dict) { Step::Attribute(text) } else { Step::Key(text) }
            }
            Some(Node::Int(number)) => Step::Index(*number),
            _ => Step::Member(index as usize),
        }
    }

    /// Whether a dict is the state of an object, or one of two parts of it.
    fn is_state(&self, dict: NodeId) -> bool {
        match self.meta(dict) {
            Some(meta) if meta.via == Via::State => true,
            Some(meta) if matches!(meta.via, Via::Item(_)) => {
                let holder = self.meta(meta.parent).map(|meta| meta.via);
                holder == Some(Via::State)
                    && matches!(self.node(meta.parent), Node::Tuple(run) if self.is_split_state(*run))
            }
            _ => false,
        }
    }
}
