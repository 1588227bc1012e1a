//! What each loader does, where it is neither a container nor numpy's: imports, calls, states (`skops/io/_general.py`,
//! `_sklearn.py`).

use super::json::Kind;
use super::loaders::Loader;
use super::nodes::{Node, NodeId};
use super::ops;
use super::write::{KeyType, LIST, Piece, TUPLE, Writer};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limit;

/// Modules of Cython whose pickles make objects by a function of this name: it is `cls.__new__(cls)`.
const NEW_OBJ: &[&str] = &[
    "sklearn.metrics._dist_metrics",
    "sklearn.neighbors._ball_tree",
    "sklearn.neighbors._dist_metrics",
    "sklearn.neighbors._kd_tree",
];

impl Writer<'_, '_, '_> {
    /// Writes what stands for a node; what follows its first parts goes to `rest`.
    pub(super) fn node(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        let Some(loader) = node.loader else {
            self.ops(b"N");
            return Ok(());
        };
        let (module, class) = self.nodes.class(node);
        let of = (module.as_str(), class.as_str());
        match loader {
            Loader::Json => self.json(node),
            Loader::List | Loader::Set | Loader::Tuple => self.sequence(node, loader, of, rest),
            Loader::Dict => self.dict(node, of, rest),
            Loader::DefaultDict => {
                self.known("collections", "defaultdict");
                rest.push(Piece::Node(self.part(node, 1)));
                rest.push(Piece::Ops(b"\x85R"));
                self.main(node, rest)
            }
            Loader::DeprecatedKeys => {
                self.known("sklearn.covariance._graph_lasso", "_DictWithDeprecatedKeys");
                self.ops(b")R");
                self.main(node, rest)?;
                rest.push(Piece::Ops(b"}\x8c\x1a_deprecated_key_to_new_key"));
                rest.extend([Piece::Node(self.part(node, 1)), Piece::Ops(b"sb")]);
                Ok(())
            }
            Loader::Bytes | Loader::Bytearray => self.bytes(node, loader),
            Loader::Slice => {
                self.known("builtins", "slice");
                self.ops(b"(");
                for field in ["start", "stop", "step"] {
                    rest.push(Piece::Value(self.json_field(node, &["content", field])?));
                }
                rest.push(Piece::Ops(b"tR"));
                Ok(())
            }
            Loader::Function => {
                let (module, name) = self.nodes.function(node);
                self.named((&module, &name))
            }
            Loader::Type => self.named(of),
            Loader::Method => {
                let name = self.json_field(node, &["content", "func"])?;
                if self.nodes.json.kind(name) != Kind::Str {
                    return Err(Error::new(ErrorKind::Malformed, "the name of a method is no text"));
                }
                self.known("builtins", "getattr");
                rest.extend([Piece::Node(self.part(node, 0)), Piece::Key(name, KeyType::Str), Piece::Ops(b"\x86R")]);
                self.agrees(node, of);
                Ok(())
            }
            Loader::Partial => {
                self.known("functools", "partial");
                let [func, args, kwds, namespace] = [0, 1, 2, 3].map(|index| Piece::Node(self.part(node, index)));
                // What is called stands in the state, too.
                rest.extend([
                    func,
                    Piece::Ops(b"\x85R("),
                    self.again(node, 0),
                    args,
                    kwds,
                    namespace,
                    Piece::Ops(b"tb"),
                ]);
                Ok(())
            }
            Loader::Constructor => {
                self.named(of)?;
                self.arguments(node, 0, rest);
                rest.push(Piece::Ops(b"R"));
                Ok(())
            }
            Loader::Object => {
                if NEW_OBJ.contains(&of.0) {
                    self.known(of.0, "newObj");
                    self.named(of)?;
                    self.ops(b"\x85R");
                } else {
                    self.named(of)?;
                    self.ops(b")\x81");
                }
                if self.part(node, 0).is_some_and(|state| !self.is_json(state, &["null"])) {
                    rest.extend([Piece::Node(self.part(node, 0)), Piece::Ops(b"b")]);
                }
                Ok(())
            }
            Loader::OperatorFunc => {
                if module != "operator" {
                    self.refuse(self.nodes.json.at(node.json), "the module of an operator is not `operator`");
                }
                self.named(("operator", &class))?;
                self.arguments(node, 0, rest);
                rest.push(Piece::Ops(b"R"));
                Ok(())
            }
            Loader::Loss => self.reduced(node, of, rest),
            Loader::Tree => self.reduced(node, ("sklearn.tree._tree", "Tree"), rest),
            Loader::QuantileForest => {
                self.reduced(node, ("quantile_forest._quantile_forest_fast", "QuantileForest"), rest)
            }
            Loader::NdArray => self.ndarray(node, of, rest),
            Loader::Masked => self.masked(node, rest),
            Loader::DType => self.dtype_of(node, rest),
            Loader::RandomState => self.random_state(node, of, rest),
            Loader::Generator => self.generator(node, of, rest),
            Loader::Sparse => self.sparse(node),
            Loader::Cached => {
                self.ops(b"N");
                Ok(())
            }
        }
    }

    /// Whether a node is a value of JSON that is written like one of these.
    fn is_json(&self, id: NodeId, texts: &[&str]) -> bool {
        let node = self.nodes.get(id).filter(|node| node.loader == Some(Loader::Json));
        let content = node.and_then(|node| self.nodes.field(node, &["content"]));
        content.is_some_and(|content| texts.contains(&content.trim()))
    }

    /// Says where the object of a method is another than the method says (skops 0.13 refuses that, 0.11 does not).
    fn agrees(&mut self, node: Node, of: (&str, &str)) {
        let object = self.part(node, 0).and_then(|object| self.nodes.get(object));
        let class = object.map(|object| self.nodes.class(object));
        if class.is_some_and(|(module, class)| of != (&module, &class)) {
            let at = self.nodes.json.at(node.json);
            self.refuse(at, "the class of a method is not that of its object");
        }
    }

    /// The same part once more.
    fn again(&mut self, node: Node, index: usize) -> Piece {
        let part = self.part(node, index);
        if let Some(part) = part {
            self.nodes.use_again(part);
        }
        Piece::Node(part)
    }

    fn bytes(&mut self, node: Node, loader: Loader) -> Result<()> {
        let name = self.file(node)?;
        let bytes = self.files.plain(&name, self.budget)?;
        self.budget.spend(Limit::Retained, bytes.len() as u64)?;
        match loader {
            Loader::Bytes => ops::bytes(&mut self.skops.pickle, &bytes),
            _ => ops::bytearray(&mut self.skops.pickle, &bytes),
        }
        self.counted = self.skops.pickle.len();
        Ok(())
    }

    /// Arguments of a call: a tuple, or what `*` makes one of.
    fn arguments(&mut self, node: Node, index: usize, rest: &mut Vec<Piece>) {
        let part = self.part(node, index);
        let list = self.part_as(node, index, Loader::List, LIST).filter(|list| list.uses == 1);
        if self.part_as(node, index, Loader::Tuple, TUPLE).is_some() {
            rest.push(Piece::Node(part));
        } else if let Some(list) = list {
            rest.push(Piece::Ops(b"("));
            rest.extend(self.all(list));
            rest.push(Piece::Ops(b"t"));
        } else {
            self.refuse(self.nodes.json.at(node.json), "the arguments of a call are no tuple");
            rest.extend([Piece::Node(part), Piece::Ops(b"\x85")]);
        }
    }

    /// What a constructor makes of arguments, and its state (`ReduceNode` in `skops/io/_sklearn.py`).
    fn reduced(&mut self, node: Node, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        self.named(of)?;
        self.arguments(node, 1, rest);
        rest.push(Piece::Ops(b"R"));
        let Some(state) = self.part(node, 0) else { return Ok(()) };
        let is_empty = self.nodes.get(state).is_some_and(|state| match state.loader {
            Some(Loader::Dict) => self.nodes.parts(state).len() <= 1,
            Some(Loader::Tuple | Loader::List) => self.nodes.parts(state).is_empty(),
            _ => false,
        });
        let is_nothing = is_empty || self.is_json(state, &["null", "{}", "[]", "\"\"", "0", "false"]);
        rest.extend([Piece::Node(Some(state)), Piece::Ops(if is_nothing { b"0" } else { b"b" })]);
        Ok(())
    }
}
