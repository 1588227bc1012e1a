//! The nodes of what calls make: arrays, scalars, builtins, records.

use super::build::Builder;
use super::call::{Args, Call, Parts};
use super::node::{Array, Blob, Made, Masked, Node, NodeId, Record, Run, Scalar, Via};
use crate::array;
use crate::ast::path::Address;
use crate::ast::{Kind, Moment, Value};
use crate::error::Result;
use crate::inspect;
use crate::loader::View;
use crate::opcode::Literal;

impl<'o> Builder<'o> {
    /// The node of what a call made.
    pub(super) fn object(&mut self, id: NodeId, origin: inspect::Node, view: View<'o>) -> Result<Node<'o>> {
        let Some(call) = Call::of(view, origin.value) else {
            return Ok(self.unknown(id, "an object that nothing makes"));
        };
        if let Some(node) = self.array_node(id, origin, &call)? {
            return Ok(node);
        }
        let untouched = call.build.is_none() && call.items.is_none();
        if untouched {
            if let Some((dtype, bytes)) = self.outline().scalar(origin) {
                let bytes = self.kept(bytes)?;
                let before_numpy_2 = call.callee_name().is_some_and(|(module, _)| module.starts_with("numpy.core."));
                let scalar = Scalar { dtype, bytes, before_numpy_2 };
                if let Err(error) = scalar.view() {
                    self.problem(id, error);
                }
                return Ok(Node::Scalar(Box::new(scalar)));
            }
            if let Some(node) = self.builtin(id, origin, &call)? {
                return Ok(node);
            }
        }
        if call.items.is_none()
            && let Some(dtype) = self.outline().dtype(origin)
        {
            return Ok(Node::DType(Box::new(dtype)));
        }
        self.record(id, origin, &call)
    }

    /// The array that an object is.
    fn array_node(&mut self, id: NodeId, origin: inspect::Node, call: &Call<'o>) -> Result<Option<Node<'o>>> {
        let outline = self.outline();
        let place = || (Address::default(), 0);
        if let Some(array) = outline.array(origin) {
            let elements = self.elements(id, origin, &array)?;
            let array = outline.array_ref(origin, array, place());
            if call.items.is_some() {
                self.unsupported(id, "an array into which something is put");
            }
            return Ok(Some(self.array(id, Array { array, elements })));
        }
        let Some((data, mask)) = outline.masked(origin) else { return Ok(None) };
        let elements = self.elements(id, origin, &data)?;
        let data = outline.array_ref(origin, data, place());
        let mask = outline.array_ref(origin, mask, place());
        let fill = call.build.and_then(|(state, _)| call.view.ast.items(state, Moment::END).nth(FILL));
        let Some(fill) = fill else { return Ok(None) };
        let fill = self.child((id, Via::Fill), origin.at(fill))?;
        for error in [&data.problem, &mask.problem].into_iter().flatten() {
            self.problem(id, error.clone());
        }
        let data = Array { array: data, elements };
        Ok(Some(Node::Masked(Box::new(Masked { data, mask, fill }))))
    }

    /// An array, with what is wrong with it.
    pub(super) fn array(&mut self, id: NodeId, array: Array) -> Node<'o> {
        if let Some(error) = array.array.problem.clone() {
            self.problem(id, error);
        }
        Node::Array(Box::new(array))
    }

    /// The elements of an array of objects, whose list may stand in a pickle of its own.
    fn elements(&mut self, id: NodeId, origin: inspect::Node, array: &array::Array) -> Result<Option<Run>> {
        let outline = self.outline();
        let Some(list) = outline.object_elements(origin, array) else { return Ok(None) };
        let Some(view) = outline.view(list) else { return Ok(None) };
        Ok(Some(self.items(id, list, view.ast.items(list.value, Moment::END))?))
    }

    /// What old protocols write as a call, and newer ones as an opcode.
    fn builtin(&mut self, id: NodeId, origin: inspect::Node, call: &Call<'o>) -> Result<Option<Node<'o>>> {
        let view = call.view;
        if let Some(bytes) = array::bytes(view, origin.value) {
            let bytes = self.kept(bytes)?;
            return Ok(Some(self.bytes(bytes)));
        }
        let Some(("builtins", name)) = call.callee_name() else { return Ok(None) };
        let args: Vec<Value> = view.ast.items(call.args, Moment::END).take(3).collect();
        Ok(match (name, args.as_slice()) {
            ("set" | "frozenset", &[list]) if matches!(list.kind(), Kind::List | Kind::Tuple) => {
                let run = self.items(id, origin, view.ast.items(list, Moment::END))?;
                Some(if name == "set" { Node::Set(run) } else { Node::Frozenset(run) })
            }
            ("bytearray", &[]) => Some(Node::Bytearray(Blob::Here((&[][..]).into()))),
            ("bytearray", &[bytes]) => match array::bytes(view, bytes) {
                Some(bytes) => Some(Node::Bytearray(Blob::Here(self.kept(bytes)?))),
                // Bytes that were stepped over.
                None if bytes.kind() == Kind::Bytes => match self.literal(id, view, origin.at(bytes))? {
                    Node::Bytes(blob) => Some(Node::Bytearray(blob)),
                    _ => None,
                },
                None => None,
            },
            ("bytearray", &[text, encoding]) if is_latin1(view, encoding) => {
                let bytes = crate::loader::numpy::latin1(view, text);
                bytes.map(|bytes| Node::Bytearray(Blob::Here(bytes.into())))
            }
            _ => None,
        })
    }

    fn record(&mut self, id: NodeId, origin: inspect::Node, call: &Call<'o>) -> Result<Node<'o>> {
        let view = call.view;
        let mut parts = Parts {
            class: call.callee,
            made: if call.is_new { Made::New } else { Made::Call },
            args: Args::Tuple(call.args),
            kwargs: call.kwargs,
            items: call.items,
        };
        if let Some(("copyreg", function)) = call.callee_name() {
            parts.undo_copyreg(function, call);
        }
        if call.changes_later() {
            self.unsupported(id, "what it was made from or given as its state changes afterwards");
        }
        let class = self.child((id, Via::Class), origin.at(parts.class))?;
        let args = match parts.args {
            Args::Tuple(args) if args.kind() == Kind::Tuple && view.ast.is_empty(args) => None,
            Args::Tuple(args) => Some(self.child((id, Via::Args), origin.at(args))?),
            Args::Listed(args) if args.is_empty() => None,
            Args::Listed(args) => {
                let tuple = self.made_up((id, Via::Args), Node::None)?;
                let run = self.items(tuple, origin, args.into_iter())?;
                if let Some(slot) = self.tree.nodes.get_mut(tuple.index()) {
                    *slot = Node::Tuple(run);
                }
                Some(tuple)
            }
        };
        let kwargs = parts.kwargs.filter(|&kwargs| kwargs.kind() != Kind::Dict || !view.ast.is_empty(kwargs));
        let kwargs = kwargs.map(|kwargs| self.child((id, Via::Kwargs), origin.at(kwargs))).transpose()?;
        let state = call.build.map(|(state, _)| self.child((id, Via::State), origin.at(state))).transpose()?;
        let items = parts.items.map(|items| self.child((id, Via::Items), origin.at(items))).transpose()?;
        if items.is_some_and(|items| self.tree.is_shared(items)) {
            // Two records with one list of items would be two objects that are one.
            self.unsupported(id, "it is made from a container that others hold, too");
        }
        Ok(Node::Record(Box::new(Record { class, made: parts.made, args, kwargs, state, items })))
    }
}

/// Where the fill value stands in the state of a masked array.
const FILL: usize = 6;

fn is_latin1(view: View<'_>, value: Value) -> bool {
    matches!(view.literal(value), Some(Literal::Str(text)) if matches!(&*text, b"latin-1" | b"latin1"))
}
