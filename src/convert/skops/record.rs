//! Objects, by the rule of their class.

use super::member::{Member, SparseMatrix};
use super::parts::{Head, Piece, leaf};
use super::rules::{Rule, Sparse, rule};
use super::schema::Schema;
use crate::model::tree::{Name, Node, NodeId, Record};

impl Schema<'_, '_> {
    /// The parts of an object.
    pub(super) fn record(&mut self, id: NodeId, record: &Record) -> Vec<Piece> {
        let Some(name) = self.tree.class(id).cloned() else {
            return self.refuse(id, "an object of a class that the file computes");
        };
        let Some(rule) = rule(&name, record.made) else {
            return self.refuse(id, format!("no rule says what {name} makes of its arguments"));
        };
        if record.kwargs.is_some() {
            return self.refuse(id, format!("skops cannot make a {name} from keyword arguments"));
        }
        let args: &[NodeId] = record.args.map(|args| self.tree.items(args)).unwrap_or_default();
        match (rule, args) {
            (Rule::Refused, _) => self.refuse(id, format!("skops does not save objects of {name}")),
            (Rule::Object, []) if record.items.is_none() => self.object(id, &name, record.state),
            (Rule::Object, []) => self.container(id, &name, record),
            (Rule::Object, _) => {
                self.refuse(id, format!("{name} is made from arguments, and no rule says what skops makes of them"))
            }
            (Rule::NewOf, &[class]) => match self.tree.name(class).cloned() {
                Some(class) if record.items.is_none() => self.object(id, &class, record.state),
                _ => self.refuse(id, format!("{name} is given what is no class")),
            },
            (Rule::Constructor, _) => match (record.args, record.state, record.items) {
                (Some(args), None, None) => self.with("ConstructorFromReduceNode", &name, id, &[("content", args)]),
                _ => self.odd(id, &name),
            },
            (Rule::Reduce(loader), _) if record.items.is_none() => self.reduce(loader, id, &name, record),
            (Rule::LossOf, &[class, checksum, args]) if record.items.is_none() => {
                self.loss(id, [class, checksum, args], record.state)
            }
            (Rule::Dict, [] | [_]) => self.dict_like(id, &name, record, args),
            (Rule::DefaultDict, [] | [_]) => self.default_dict(id, &name, record, args),
            (Rule::NamedTuple, items) if record.state.is_none() && record.items.is_none() => {
                self.sequence("TupleNode", (&name.module, &name.name), Some(id), items)
            }
            (Rule::Sparse(sparse), []) => self.sparse(id, &name, sparse),
            (Rule::Slice, &[start, stop, step]) if is_bare(record) => self.slice(id, [start, stop, step]),
            (Rule::Partial, &[_]) => self.partial(id, record),
            (Rule::Operator, [_, ..]) if is_bare(record) => match record.args {
                Some(args) => self.with("OperatorFuncNode", &name, id, &[("attrs", args)]),
                None => self.odd(id, &name),
            },
            (Rule::Method, &[object, method]) if is_bare(record) => self.method(id, object, method),
            (Rule::RandomState, _) => match record.state {
                Some(state) => {
                    let class = named("numpy.random.mtrand", "RandomState");
                    self.with("RandomStateNode", &class, id, &[("content", state)])
                }
                None => self.odd(id, &name),
            },
            (Rule::Generator, &[bits, ..]) => self.generator(id, bits, record),
            _ => self.odd(id, &name),
        }
    }

    /// Refuses what looks like a known object and is none.
    fn odd(&mut self, id: NodeId, name: &Name) -> Vec<Piece> {
        self.refuse(id, format!("{name} is used as no library writes it"))
    }

    /// A node whose parts are other nodes.
    fn with(&mut self, loader: &'static str, name: &Name, id: NodeId, parts: &[(&str, NodeId)]) -> Vec<Piece> {
        let mut pieces = vec![self.named_head(loader, name, Some(id))];
        for &(part, node) in parts {
            pieces.extend([Piece::Text(format!(",\"{part}\":")), Piece::Node(node)]);
        }
        pieces.push(Piece::text("}"));
        pieces
    }

    fn named_head(&mut self, loader: &'static str, name: &Name, id: Option<NodeId>) -> Piece {
        self.head(&Head { loader, module: &name.module, class: &name.name, id })
    }

    /// The general rule: an object without arguments, and its state.
    fn object(&mut self, id: NodeId, name: &Name, state: Option<NodeId>) -> Vec<Piece> {
        if name.name.contains('.') {
            return self.refuse(id, "a class within a class, which skops cannot look up");
        }
        let Some(state) = state else { return self.with("ObjectNode", name, id, &[]) };
        // Without a `__setstate__` of its own a class takes a dict, and skops gives it nothing else.
        if let Node::Tuple(_) = self.tree.node(state)
            && self.tree.attributes(id).next().is_some()
        {
            return self.refuse(id, "its state is of attributes and slots, and skops gives back attributes only");
        }
        self.with("ObjectNode", name, id, &[("content", state)])
    }

    /// An object of a subclass of `list` or `dict` into which things were put.
    fn container(&mut self, id: NodeId, name: &Name, record: &Record) -> Vec<Piece> {
        match record.items.map(|items| self.tree.node(items)) {
            Some(Node::Dict(_)) => self.dict_like(id, name, record, &[]),
            Some(Node::List(_)) if record.state.is_none() => {
                self.sequence("ListNode", (&name.module, &name.name), Some(id), self.tree.items(id))
            }
            _ => self.odd(id, name),
        }
    }

    /// A dict of another class: `cls()`, and what was put into it. Attributes are no part of it.
    fn dict_like(&mut self, id: NodeId, name: &Name, record: &Record, args: &[NodeId]) -> Vec<Piece> {
        let of = match (args, record.items) {
            ([], _) => id,
            (&[dict], None) if matches!(self.tree.node(dict), Node::Dict(_)) => dict,
            _ => return self.odd(id, name),
        };
        let holds = |&(_, value): &(NodeId, NodeId)| match self.tree.node(value) {
            Node::None => false,
            // `Bunch` keeps such a one, and makes it again.
            Node::Dict(run) => !run.is_empty(),
            _ => true,
        };
        if self.tree.attributes(id).any(|entry| holds(&entry)) {
            self.lost.push((id, format!("the attributes of a {name}, of which skops keeps the items")));
        }
        self.dict((&name.module, &name.name), Some(id), of)
    }

    fn default_dict(&mut self, id: NodeId, name: &Name, record: &Record, args: &[NodeId]) -> Vec<Piece> {
        if record.state.is_some() {
            return self.odd(id, name);
        }
        // It is made by `defaultdict(**items)`.
        let entries: Vec<NodeId> = self.tree.entries(id).map(|(key, _)| key).collect();
        if let Some(&key) = entries.iter().find(|&&key| self.tree.text(key).is_none()) {
            return self.refuse(key, "a key of a defaultdict that is no text, which skops cannot give back");
        }
        let head = self.named_head("DefaultDictNode", name, Some(id));
        let mut pieces = vec![head, Piece::text(",\"content\":{\"main\":")];
        pieces.extend(self.dict(("builtins", "dict"), None, id));
        pieces.push(Piece::text(",\"default_factory\":"));
        pieces.push(match args.first() {
            Some(&factory) => Piece::Node(factory),
            None => Piece::Text(leaf("null")),
        });
        pieces.push(Piece::text("}}"));
        pieces
    }

    /// An object that is made from arguments and given a state. The state is read first.
    fn reduce(&mut self, loader: &'static str, id: NodeId, name: &Name, record: &Record) -> Vec<Piece> {
        let mut pieces = vec![self.named_head(loader, name, Some(id))];
        self.state_and_args(&mut pieces, record.state, record.args);
        pieces
    }

    fn state_and_args(&mut self, pieces: &mut Vec<Piece>, state: Option<NodeId>, args: Option<NodeId>) {
        pieces.push(Piece::text(",\"content\":"));
        match state {
            Some(state) => pieces.push(Piece::Node(state)),
            None => {
                pieces.extend([self.builtin("DictNode", "dict", None), Piece::text(",\"key_types\":")]);
                pieces
                    .extend([self.builtin("ListNode", "list", None), Piece::text(",\"content\":[]},\"content\":{}}")]);
            }
        }
        pieces.push(Piece::text(",\"__reduce__\":{\"args\":"));
        match args {
            Some(args) => pieces.push(Piece::Node(args)),
            None => pieces.extend([self.builtin("TupleNode", "tuple", None), Piece::text(",\"content\":[]}")]),
        }
        pieces.push(Piece::text("}}"));
    }

    /// `__pyx_unpickle_CyLoss(cls, checksum, args)`: `cls(*args)`; where `args` is None a state follows.
    fn loss(&mut self, id: NodeId, [class, _checksum, args]: [NodeId; 3], state: Option<NodeId>) -> Vec<Piece> {
        let Some(class) = self.tree.name(class).cloned() else {
            return self.refuse(id, "the loss of no class");
        };
        let args = match (self.tree.node(args), state) {
            (Node::None, _) => None,
            (Node::Tuple(_), None) => Some(args),
            _ => return self.odd(id, &class),
        };
        let mut pieces = vec![self.named_head("LossNode", &class, Some(id))];
        self.state_and_args(&mut pieces, state, args);
        pieces
    }

    fn sparse(&mut self, id: NodeId, name: &Name, sparse: Sparse) -> Vec<Piece> {
        match SparseMatrix::of(self.tree, id, sparse) {
            Ok(matrix) => {
                let head = self.named_head("SparseMatrixNode", name, Some(id));
                let member = Member::Sparse(Box::new(matrix));
                let file = format!(",\"type\":\"scipy\",\"file\":\"{}\"}}", member.name());
                self.members.push(member);
                vec![head, Piece::Text(file)]
            }
            Err(why) => self.refuse(id, why),
        }
    }

    fn slice(&mut self, id: NodeId, parts: [NodeId; 3]) -> Vec<Piece> {
        let mut texts = Vec::new();
        for part in parts {
            match self.tree.node(part) {
                Node::None => texts.push("null".to_owned()),
                Node::Int(number) => texts.push(number.to_string()),
                _ => return self.refuse(part, "a slice of anything but ints, which skops does not save"),
            }
        }
        let head = self.builtin("SliceNode", "slice", Some(id));
        let [start, stop, step] = texts.as_slice() else { return Vec::new() };
        let content = format!(",\"content\":{{\"start\":{start},\"stop\":{stop},\"step\":{step}}}}}");
        vec![head, Piece::Text(content)]
    }

    /// `functools.partial`: its state is `(function, arguments, keyword arguments, attributes)`.
    fn partial(&mut self, id: NodeId, record: &Record) -> Vec<Piece> {
        let name = named("functools", "partial");
        let state = record.state.map(|state| self.tree.items(state)).unwrap_or_default();
        let &[function, args, kwargs, attributes] = state else { return self.odd(id, &name) };
        let mut pieces = vec![self.named_head("PartialNode", &name, Some(id)), Piece::text(",\"content\":{")];
        let parts = [("func", function), ("args", args), ("kwds", kwargs), ("namespace", attributes)];
        for (number, (part, node)) in parts.into_iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            pieces.extend([Piece::Text(format!("{comma}\"{part}\":")), Piece::Node(node)]);
        }
        pieces.push(Piece::text("}}"));
        pieces
    }

    /// A method of an object, by name. One of a class skops cannot find again.
    fn method(&mut self, id: NodeId, object: NodeId, method: NodeId) -> Vec<Piece> {
        let class = match self.tree.node(object) {
            Node::Record(record) if record.items.is_none() => self.tree.class(object).cloned(),
            _ => None,
        };
        let text = self.tree.text(method).map(str::to_owned);
        let (Some(class), Some(text)) = (class, text) else {
            return self.refuse(id, "a method of what is no object of a class that the file names");
        };
        if rule(&class, crate::model::tree::Made::New) != Some(Rule::Object) {
            return self.refuse(id, "a method of an object that skops writes as something else");
        }
        self.untrusted.insert(format!("{class}.{text}"));
        let head = self.named_head("MethodNode", &class, Some(id));
        let func = super::json::quoted(text.as_bytes());
        let content = format!(",\"content\":{{\"func\":{func},\"obj\":");
        vec![head, Piece::Text(content), Piece::Node(object), Piece::text("}}")]
    }

    /// `numpy.random.Generator`: the state of its bit generator, and the seeds that it was made from.
    fn generator(&mut self, id: NodeId, bits: NodeId, record: &Record) -> Vec<Piece> {
        let class = named("numpy.random._generator", "Generator");
        let Some((state, seeds)) = self.bit_generator(bits) else {
            return self.refuse(id, "a random generator without its seeds: numpy before 1.24 did not write them");
        };
        if record.items.is_some() || record.state.is_some_and(|state| !matches!(self.tree.node(state), Node::None)) {
            return self.odd(id, &class);
        }
        let head = self.named_head("RandomGeneratorNode", &class, Some(id));
        let mut pieces = vec![head, Piece::text(",\"content\":{\"bit_generator\":"), Piece::Node(state)];
        pieces.extend([Piece::text(",\"seed_seq\":"), self.builtin("DictNode", "dict", None)]);
        pieces.extend([Piece::text(",\"key_types\":"), self.builtin("ListNode", "list", None)]);
        pieces.push(Piece::text(",\"content\":["));
        for number in 0..seeds.len() {
            pieces.push(Piece::text(if number > 0 { "," } else { "" }));
            pieces.extend([self.builtin("TypeNode", "str", None), Piece::text("}")]);
        }
        pieces.push(Piece::text("]},\"content\":{"));
        for (number, (name, node)) in seeds.into_iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            pieces.extend([Piece::Text(format!("{comma}\"{name}\":")), Piece::Node(node)]);
        }
        pieces.push(Piece::text("}}}}"));
        pieces
    }

    /// The state of a bit generator and the parts of its seed sequence
    /// (`numpy/random/bit_generator.pyx`, `BitGenerator.__reduce__` and `SeedSequence`).
    fn bit_generator(&self, bits: NodeId) -> Option<(NodeId, [(&'static str, NodeId); 4])> {
        let name = self.tree.class(bits)?;
        if !name.is("numpy.random._pickle", "__bit_generator_ctor") {
            return None;
        }
        let Node::Record(record) = self.tree.node(bits) else { return None };
        let &[state, seeds] = self.tree.items(record.state?) else { return None };
        let name = self.tree.class(seeds)?;
        if !name.is("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence") {
            return None;
        }
        let Node::Record(record) = self.tree.node(seeds) else { return None };
        // Its attributes in the order of their names.
        let &[entropy, spawned, _pool, pool_size, spawn_key] = self.tree.items(record.state?) else { return None };
        let parts =
            [("entropy", entropy), ("spawn_key", spawn_key), ("pool_size", pool_size), ("n_children_spawned", spawned)];
        Some((state, parts))
    }
}

fn named(module: &str, name: &str) -> Name {
    Name { module: module.into(), name: name.into() }
}

/// Whether nothing was done to an object after its call.
fn is_bare(record: &Record) -> bool {
    record.state.is_none() && record.items.is_none()
}
