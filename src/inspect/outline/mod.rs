//! What a stream builds, as nodes and their children: the one place that knows how an object reads.

mod heads;

pub use heads::npy_text;

use super::elements;
use super::open::Contents;
use super::tensors;
use crate::array::{self, Array, Data, Tensor};
use crate::ast::{Ast, Kind, Moment, Value};
use crate::dtype::DType;
use crate::error::Error;
use crate::loader::numpy::{DTypes, encoded_text, latin1};
use crate::loader::{RawArray, Reading, View, reread};
use crate::machine::Action;
use crate::opcode::{Literal, Opcode, Reader, Replay};
use heads::symbol;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// A value of one of the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub(crate) reading: u32,
    pub(crate) value: Value,
}

impl Node {
    /// Another value of the same reading.
    pub(crate) const fn at(self, value: Value) -> Self {
        Self { value, ..self }
    }
}

/// How a child stands in its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// An attribute in a state, by its key.
    Attribute(Node),
    /// An item of a dict, by its key, a literal; and its number.
    Key(Node, usize),
    /// The n-th item of a dict whose key is no literal.
    Entry(usize),
    /// That key.
    EntryKey(usize),
    /// An item of a sequence.
    Index(usize),
    /// A member of a set.
    Member(usize),
    /// An argument of the call that made an object.
    Argument(usize),
    /// A keyword argument of it.
    Keyword(Node),
    /// A state that is no dict.
    State,
    /// What is called, where that is no imported name.
    Callee,
    /// What is asked of a hook, or looked up at run time.
    Asked(&'static str),
}

/// A child.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// How it stands in its parent.
    pub label: Label,
    /// What it is.
    pub node: Node,
}

/// A stream of the file.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its number, as in the report of `scan`.
    pub stream: u32,
    /// Offset of its first byte.
    pub offset: u64,
    /// Whether it stands in another one.
    pub nested: bool,
    /// What it builds; `None` where it is refused.
    pub node: Option<Node>,
    /// Why it is refused.
    pub error: Option<Error>,
    reading: Option<u32>,
}

/// The values of a file.
pub struct Outline<'c, 'a> {
    contents: &'c Contents<'a>,
    /// Readings that the pass did not keep, numbered behind those that it did.
    extra: Vec<Reading>,
    roots: Vec<Root>,
    /// What follows a BUILD, by reading and effect.
    raw: HashMap<(u32, usize), RawArray>,
    nested: HashMap<(u32, usize), u32>,
    dtypes: RefCell<HashMap<u32, DTypes>>,
    /// By reading: long containers that several objects take as their state, arguments or elements.
    spread: RefCell<HashMap<u32, HashSet<Value>>>,
    /// What `_codecs.encode` makes of long texts.
    encoded: RefCell<HashMap<(u32, Value), Option<Encoded>>>,
}

/// Bytes that stand in the file as text: their number, and the first of them.
#[derive(Clone, Debug)]
struct Encoded {
    len: usize,
    head: Vec<u8>,
}

/// The most streams that are read again, because the pass did not keep what they build.
const STREAMS: usize = 1000;

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'c, 'a> Outline<'c, 'a> {
    /// The values of `contents`. Of streams of nothing but plain data the first thousand are looked at.
    pub fn new(contents: &'c mut Contents<'a>) -> Self {
        let mut extra = Vec::new();
        let mut reading_of: Vec<Option<u32>> = Vec::new();
        let mut budget = contents.budget.clone();
        if let Some(pass) = &contents.pass {
            for stream in &pass.streams {
                let again = stream.reading.is_none() && extra.len() < STREAMS;
                let next = again.then(|| {
                    extra.push(reread(pass.source(), stream.position, pass.manner, &mut budget));
                    pass.readings.len().saturating_add(extra.len()).saturating_sub(1)
                });
                reading_of.push(stream.reading.or(next).map(id));
            }
        }
        contents.budget = budget;
        let contents = &*contents;
        let mut outline = Self {
            contents,
            extra,
            roots: Vec::new(),
            raw: HashMap::new(),
            nested: HashMap::new(),
            dtypes: RefCell::default(),
            spread: RefCell::default(),
            encoded: RefCell::default(),
        };
        let streams = contents.pass.as_ref().map(|pass| pass.streams.as_slice()).unwrap_or_default();
        let mut waiting: Vec<(usize, u32)> = Vec::new();
        for (stream, &reading) in streams.iter().zip(&reading_of) {
            let Some(reading) = reading else { continue };
            let Some(read) = outline.reading(reading) else { continue };
            let node = read.root.map(|value| Node { reading, value });
            let root = Root {
                stream: stream.number,
                offset: stream.offset,
                nested: stream.nested,
                node,
                error: read.error.clone(),
                reading: Some(reading),
            };
            let arrays: Vec<RawArray> = read.arrays.clone();
            outline.roots.push(root);
            match stream.behind {
                Some(effect) => waiting.push((effect, reading)),
                None => {
                    // Of two readings of one nested stream the first is the own reader's.
                    for (effect, inner) in waiting.drain(..) {
                        outline.nested.entry((reading, effect)).or_insert(inner);
                    }
                    outline.raw.extend(arrays.into_iter().map(|array| ((reading, array.effect), array)));
                }
            }
        }
        outline
    }

    /// What the file holds.
    pub fn contents(&self) -> &'c Contents<'a> {
        self.contents
    }

    /// The streams, in the order of the report of `scan`.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// How many streams are not looked at, nested ones left out.
    pub fn more_streams(&self) -> u64 {
        let all = self.contents.pass.as_ref().map_or(0, |pass| pass.stream_count);
        all.saturating_sub(self.roots.iter().filter(|root| !root.nested).count() as u64)
    }

    fn reading(&self, reading: u32) -> Option<&Reading> {
        let kept = self.contents.pass.as_ref().map(|pass| pass.readings.as_slice()).unwrap_or_default();
        let reading = reading as usize;
        kept.get(reading).or_else(|| self.extra.get(reading.checked_sub(kept.len())?))
    }

    /// What the stream of a node builds and does.
    pub(crate) fn view(&self, node: Node) -> Option<View<'_>> {
        let reading = self.reading(node.reading)?;
        Some(View {
            ast: &reading.ast,
            effects: &reading.effects,
            source: self.contents.source(),
            dialect: reading.dialect,
        })
    }

    /// The literal that a node is.
    pub fn literal(&self, node: Node) -> Option<Literal<'_>> {
        self.view(node)?.literal(node.value)
    }

    /// The offset of the opcode that made a node; `None` for containers and names, which several may make.
    pub(crate) fn offset(&self, node: Node) -> Option<u64> {
        let view = self.view(node)?;
        let effect = |number: usize| view.effects.get(number).map(|effect| effect.at);
        let at = match node.value.kind() {
            kind if kind.is_literal() => node.value.index(),
            Kind::Object => effect(view.ast.object_of(node.value)?.made_by as usize)?,
            Kind::Persistent | Kind::Extension | Kind::Buffer | Kind::Opaque => effect(node.value.index())?,
            _ => return None,
        };
        Some(view.source.offset(at))
    }

    /// The array that a node is. One of objects in a pickle of its own is what that pickle builds.
    pub(crate) fn array(&self, node: Node) -> Option<Array> {
        let view = self.view(node).filter(|_| node.value.kind() == Kind::Object)?;
        let mut dtypes = self.dtypes.borrow_mut();
        array::array(view, dtypes.entry(node.reading).or_default(), node.value)
    }

    /// Data and mask of the masked array that a node is.
    pub(crate) fn masked(&self, node: Node) -> Option<(Array, Array)> {
        let view = self.view(node).filter(|_| node.value.kind() == Kind::Object)?;
        let mut dtypes = self.dtypes.borrow_mut();
        array::masked(view, dtypes.entry(node.reading).or_default(), node.value)
    }

    /// The data type that a node is.
    pub(crate) fn dtype(&self, node: Node) -> Option<DType> {
        let mut dtypes = self.dtypes.borrow_mut();
        array::dtype(self.view(node)?, dtypes.entry(node.reading).or_default(), node.value)
    }

    /// Type and bytes of the numpy scalar that a node is.
    pub(crate) fn scalar(&self, node: Node) -> Option<(DType, Cow<'_, [u8]>)> {
        let mut dtypes = self.dtypes.borrow_mut();
        array::scalar(self.view(node)?, dtypes.entry(node.reading).or_default(), node.value)
    }

    /// How many elements an array of objects has.
    pub(in crate::inspect) fn object_count(&self, node: Node, array: &Array) -> Option<usize> {
        let list = self.object_elements(node, array)?;
        Some(self.view(list)?.ast.len(list.value))
    }

    /// The list of the elements of an array of objects.
    pub(crate) fn object_elements(&self, node: Node, array: &Array) -> Option<Node> {
        match &array.data {
            Data::Value(value) if value.kind() == Kind::List => Some(Node { value: *value, ..node }),
            Data::Behind(effect) => {
                let inner = *self.nested.get(&(node.reading, *effect))?;
                let root = Node { reading: inner, value: self.reading(inner)?.root? };
                match self.array(root)?.data {
                    Data::Value(value) if value.kind() == Kind::List => Some(Node { value, ..root }),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Offset and length of the bytes of an array, where they stand in the file between opcodes or in a literal.
    pub(in crate::inspect) fn array_place(&self, node: Node, array: &Array) -> Option<(u64, u64)> {
        match array.data {
            Data::Behind(effect) => self.raw.get(&(node.reading, effect)).map(|raw| (raw.offset, raw.len)),
            Data::Value(value) => {
                let view = self.view(node)?;
                let value = if value.kind() == Kind::View { view.ast.viewed(value)? } else { value };
                let opcode = Opcode::from_byte(view.source.bytes.get(value.index()).copied()?)?;
                let payload = opcode.info().argument.length_width()?;
                let offset = view.source.offset(value.index()).saturating_add(1).saturating_add(payload);
                match view.literal(value)? {
                    Literal::Bytes(bytes) | Literal::ByteArray(bytes) => Some((offset, bytes.len() as u64)),
                    Literal::ByteStr(bytes) => Some((offset, bytes.len() as u64)),
                    Literal::Absent(len) => Some((offset, len)),
                    _ => None,
                }
            }
            Data::File(_) | Data::Whole | Data::Storage { .. } => None,
        }
    }

    /// The tensor that a node is; or the storage, where that is a value of its own.
    pub(in crate::inspect) fn tensor(&self, node: Node) -> Option<Tensor> {
        let view = self.view(node)?;
        let order = self.contents.storages.order;
        match node.value.kind() {
            Kind::Object => array::tensor(view, node.value, order),
            Kind::Persistent => array::bare_storage(view, node.value, order),
            _ => None,
        }
    }

    /// The first elements of an array as text, and whether there are more.
    pub(in crate::inspect) fn elements(&self, node: Node, array: &Array, most: usize) -> (Vec<String>, bool) {
        let Ok(dtype) = &array.dtype else { return (Vec::new(), false) };
        if dtype.has_object() {
            return (Vec::new(), false);
        }
        let head = match (self.array_place(node, array), &array.data) {
            (Some((offset, len)), _) => self.contents.head(offset, len.min(HEAD as u64)).to_vec(),
            (None, Data::Value(value)) => self.bytes_head(Node { value: *value, ..node }),
            _ => Vec::new(),
        };
        let shown = elements::elements(dtype, &head, most);
        let count =
            array.shape.as_ref().map_or(0, |shape| shape.iter().fold(1_u64, |all, &one| all.saturating_mul(one)));
        let more = count > shown.len() as u64;
        (shown, more)
    }

    /// The bytes that a value is.
    pub(in crate::inspect) fn bytes(&self, node: Node) -> Option<Cow<'_, [u8]>> {
        array::bytes(self.view(node)?, node.value)
    }

    /// How many bytes a value is.
    pub(in crate::inspect) fn bytes_len(&self, node: Node) -> Option<u64> {
        let encoded = self.encoded(node).map(|encoded| encoded.len);
        encoded.or_else(|| self.bytes(node).map(|bytes| bytes.len())).map(|len| len as u64)
    }

    /// The first of the bytes that a value is.
    fn bytes_head(&self, node: Node) -> Vec<u8> {
        if let Some(encoded) = self.encoded(node) {
            return encoded.head;
        }
        self.bytes(node).map(|bytes| bytes.get(..HEAD).unwrap_or(&bytes).to_vec()).unwrap_or_default()
    }

    /// What `_codecs.encode` makes of a text, if the node is such a call. A text is decoded once, however many calls
    /// it is given to.
    fn encoded(&self, node: Node) -> Option<Encoded> {
        let view = self.view(node)?;
        let text = encoded_text(view, node.value)?;
        let mut known = self.encoded.borrow_mut();
        let found = known.entry((node.reading, text)).or_insert_with(|| {
            let bytes = latin1(view, text)?;
            Some(Encoded { len: bytes.len(), head: bytes.get(..HEAD).unwrap_or(&bytes).to_vec() })
        });
        found.clone()
    }

    /// Whether a container stands as a node of its own in each object that takes it, because several do.
    fn is_spread(&self, reading: u32, value: Value) -> bool {
        let mut known = self.spread.borrow_mut();
        let spread = known.entry(reading).or_insert_with(|| self.reading(reading).map(spread).unwrap_or_default());
        spread.contains(&value)
    }

    /// The children of a node, in the order in which they are shown.
    pub fn children(&self, node: Node) -> Vec<Child> {
        let Some(view) = self.view(node) else { return Vec::new() };
        let mut children = Vec::new();
        if self.is_leaf(node) {
            return children;
        }
        let here = |value: Value| Node { value, ..node };
        let mut push = |label: Label, value: Value| children.push(Child { label, node: here(value) });
        match node.value.kind() {
            Kind::Object => self.object_children(view, node, &mut children),
            Kind::Persistent => {
                if let Some(Action::Persistent { id }) = view.effects.get(node.value.index()).map(|it| it.action) {
                    push(Label::Asked("id"), id);
                }
            }
            Kind::View => {
                if let Some(inner) = view.ast.viewed(node.value) {
                    push(Label::Argument(0), inner);
                }
            }
            Kind::Opaque => {
                let action = view.effects.get(node.value.index()).map(|effect| effect.action);
                if let Some(Action::DynamicImport { module, name }) = action {
                    push(Label::Asked("module"), module);
                    push(Label::Asked("name"), name);
                }
            }
            _ => container(view, node, node.value, &mut children),
        }
        children
    }

    fn object_children(&self, view: View<'_>, node: Node, children: &mut Vec<Child>) {
        if let Some(array) = self.array(node) {
            match self.object_elements(node, &array) {
                Some(list) if self.is_spread(list.reading, list.value) => {
                    children.push(Child { label: Label::Asked("elements"), node: list });
                }
                Some(list) => {
                    if let Some(view) = self.view(list) {
                        container(view, list, list.value, children);
                    }
                }
                None => {}
            }
            return;
        }
        // Its line says all that its call is given.
        if tensors::text(view, node.value).is_some() {
            return;
        }
        let here = |value: Value| Node { value, ..node };
        let Some(object) = view.ast.object_of(node.value) else { return };
        let build = object.build.and_then(|build| view.effects.get(build as usize));
        if let Some(Action::Build { state, .. }) = build.map(|effect| effect.action) {
            // A state of two is (dict, slots).
            let two: Vec<Value> = view.ast.items(state, Moment::END).take(3).collect();
            let slots = |value: &Value| matches!(value.kind(), Kind::Dict | Kind::None);
            let split = state.kind() == Kind::Tuple
                && two.len() == 2
                && two.iter().all(slots)
                && two.iter().any(|part| part.kind() == Kind::Dict);
            for part in if split { two } else { vec![state] } {
                match part.kind() {
                    Kind::Dict if !self.is_spread(node.reading, part) => attributes(view, node, part, children),
                    Kind::None if split => {}
                    _ => children.push(Child { label: Label::State, node: here(part) }),
                }
            }
        }
        if let Some(items) = object.items {
            container(view, node, items, children);
        }
        let made_by = view.effects.get(object.made_by as usize).map(|effect| effect.action);
        let Some(Action::Call { callee, args, kwargs, .. }) = made_by else { return };
        if view.ast.symbol(callee).is_none() {
            children.push(Child { label: Label::Callee, node: here(callee) });
        }
        let quiet = matches!(made(view, node), Some(Made::New(_))) && view.ast.len(args) <= self.class_args(view, node);
        if self.is_spread(node.reading, args) {
            children.push(Child { label: Label::Asked("args"), node: here(args) });
        } else if !quiet && args.kind() == Kind::Tuple {
            if self.inline_args(node, args).is_none() || matches!(made(view, node), Some(Made::New(_))) {
                let args = view.ast.items(args, Moment::END).enumerate();
                let skipped = self.class_args(view, node);
                children.extend(
                    args.skip(skipped)
                        .map(|(number, value)| Child { label: Label::Argument(number), node: here(value) }),
                );
            }
        } else if args.kind() != Kind::Tuple {
            children.push(Child { label: Label::Argument(0), node: here(args) });
        }
        match kwargs {
            Some(kwargs) if self.is_spread(node.reading, kwargs) => {
                children.push(Child { label: Label::Asked("kwargs"), node: here(kwargs) });
            }
            Some(kwargs) => {
                for (key, value) in view.ast.entries(kwargs, Moment::END) {
                    children.push(Child { label: Label::Keyword(here(key)), node: here(value) });
                }
            }
            None => {}
        }
    }

    /// How many arguments of the call say no more than the class: those of `copyreg._reconstructor`, where the base is
    /// `object`. With another base the last holds what the object was made from, such as all of a dict.
    fn class_args(&self, view: View<'_>, node: Node) -> usize {
        let object = view.ast.object_of(node.value);
        let made_by = object.and_then(|object| view.effects.get(object.made_by as usize));
        match made_by.map(|effect| effect.action) {
            Some(Action::Call { callee, .. })
                if is_reconstructor(view.ast, callee) && matches!(made(view, node), Some(Made::New(_))) =>
            {
                3
            }
            _ => 0,
        }
    }

    /// How many bytes of the file a node takes by itself: its opcode where it is a literal, the bytes of its elements
    /// where it is an array of numbers.
    pub fn own_bytes(&self, node: Node) -> u64 {
        if let Some(array) = self.array(node) {
            return self.array_place(node, &array).map_or_else(|| array.nbytes().unwrap_or(0), |(_, len)| len);
        }
        let Some(view) = self.view(node).filter(|_| node.value.kind().is_literal()) else { return 0 };
        let at = node.value.index();
        let opcode = view.source.bytes.get(at).and_then(|&byte| Opcode::from_byte(byte));
        let head = opcode.and_then(|opcode| opcode.info().argument.length_width()).map(|width| width.saturating_add(1));
        match (view.literal(node.value), head) {
            (Some(Literal::Absent(len)), _) => len,
            (Some(Literal::Str(text) | Literal::ByteStr(text)), Some(head)) => head.saturating_add(text.len() as u64),
            (Some(Literal::Bytes(bytes) | Literal::ByteArray(bytes)), Some(head)) => {
                head.saturating_add(bytes.len() as u64)
            }
            (Some(_), _) => {
                let mut reader = Reader::new(Replay::new(view.source, at), at, view.dialect);
                reader.next_op().map_or(0, |_| reader.position().saturating_sub(at) as u64)
            }
            (None, _) => 0,
        }
    }

    /// Calls of a stream whose answers are no part of what it builds, outermost ones only.
    pub fn aside(&self, root: &Root) -> Vec<Node> {
        let Some(of) = root.reading.and_then(|reading| Some((reading, self.reading(reading)?))) else {
            return Vec::new();
        };
        let (number, reading) = of;
        let mut met = HashSet::new();
        let mark = |met: &mut HashSet<Value>, from: Value| {
            let mut open = vec![from];
            while let Some(value) = open.pop() {
                if value.kind().is_literal() || !met.insert(value) {
                    continue;
                }
                open.extend(parts(reading, value));
            }
        };
        if let Some(value) = reading.root {
            mark(&mut met, value);
        }
        let mut found = Vec::new();
        for effect in reading.effects.iter().rev() {
            let Action::Call { result, .. } = effect.action else { continue };
            let value = Value::new(Kind::Object, u64::from(result));
            if !met.contains(&value) {
                found.push(Node { reading: number, value });
                mark(&mut met, value);
            }
        }
        found.reverse();
        found
    }
}

/// Long containers that several objects of a reading take. Each object's line shows what it takes as its own, so that
/// one state that a million objects share would be shown a million times.
fn spread(reading: &Reading) -> HashSet<Value> {
    let mut taken: HashMap<Value, bool> = HashMap::new();
    let mut take = |value: Value| {
        if value.kind().is_container() && reading.ast.len(value) > SHORT {
            taken.entry(value).and_modify(|again| *again = true).or_insert(false);
        }
    };
    for effect in &reading.effects {
        match effect.action {
            Action::Call { args, kwargs, .. } => {
                take(args);
                kwargs.into_iter().for_each(&mut take);
            }
            Action::Build { state, .. } => {
                take(state);
                if state.kind() == Kind::Tuple && reading.ast.len(state) <= SHORT {
                    reading.ast.items(state, Moment::END).for_each(&mut take);
                }
            }
            _ => {}
        }
    }
    taken.into_iter().filter(|&(_, again)| again).map(|(value, _)| value).collect()
}

/// Containers of this many items are shown wherever they stand.
const SHORT: usize = 16;
/// How many of the bytes of an array or of encoded text are looked at.
const HEAD: usize = 1 << 12;

fn is_reconstructor(ast: &Ast, callee: Value) -> bool {
    ast.symbol(callee).is_some_and(|it| matches!((&*it.module, &*it.name), ("copyreg" | "copy_reg", "_reconstructor")))
}

/// How an object came about.
enum Made {
    /// By `__new__` of a class, named.
    New(String),
    /// By a call.
    Call { callee: Option<String>, args: Value },
}

fn made(view: View<'_>, node: Node) -> Option<Made> {
    let object = view.ast.object_of(node.value)?;
    let effect = view.effects.get(object.made_by as usize)?;
    let Action::Call { how, callee, args, .. } = effect.action else { return None };
    if is_reconstructor(view.ast, callee) {
        let three: Vec<Value> = view.ast.items(args, effect.moment).take(4).collect();
        if let [class, base, state] = three.as_slice() {
            let is_object = view.ast.symbol(*base).is_some_and(|base| &*base.name == "object");
            if let (Some(class), true, Kind::None) = (symbol(view.ast, *class), is_object, state.kind()) {
                return Some(Made::New(class));
            }
        }
    }
    let callee = symbol(view.ast, callee);
    match (how, callee) {
        (Opcode::NewObj | Opcode::NewObjEx, Some(class)) => Some(Made::New(class)),
        (_, callee) => Some(Made::Call { callee, args }),
    }
}

/// Everything that a value is made of, whatever it reads as.
fn parts(reading: &Reading, value: Value) -> Vec<Value> {
    let ast = &reading.ast;
    let mut parts: Vec<Value> = ast.items(value, Moment::END).collect();
    parts.extend(ast.viewed(value));
    let effect = |number: u32| reading.effects.get(number as usize).map(|effect| effect.action);
    if let Some(object) = ast.object_of(value) {
        parts.extend(object.items);
        if let Some(Action::Call { callee, args, kwargs, .. }) = effect(object.made_by) {
            parts.extend([callee, args]);
            parts.extend(kwargs);
        }
        if let Some(Action::Build { state, .. }) = object.build.and_then(effect) {
            parts.push(state);
        }
    }
    if matches!(value.kind(), Kind::Persistent | Kind::Opaque) {
        match reading.effects.get(value.index()).map(|effect| effect.action) {
            Some(Action::Persistent { id }) => parts.push(id),
            Some(Action::DynamicImport { module, name }) => parts.extend([module, name]),
            _ => {}
        }
    }
    parts
}

/// The items of a container: those of `value`, which stands for what `parent` holds.
fn container(view: View<'_>, parent: Node, value: Value, children: &mut Vec<Child>) {
    let here = |value: Value| Node { value, ..parent };
    match value.kind() {
        Kind::Dict => {
            for (index, (key, item)) in view.ast.entries(value, Moment::END).enumerate() {
                if key.kind().is_literal() {
                    children.push(Child { label: Label::Key(here(key), index), node: here(item) });
                } else {
                    children.push(Child { label: Label::EntryKey(index), node: here(key) });
                    children.push(Child { label: Label::Entry(index), node: here(item) });
                }
            }
        }
        kind => {
            let label = |index| match kind {
                Kind::Set | Kind::FrozenSet => Label::Member(index),
                _ => Label::Index(index),
            };
            let items = view.ast.items(value, Moment::END).enumerate();
            children.extend(items.map(|(index, item)| Child { label: label(index), node: here(item) }));
        }
    }
}

/// The attributes that a dict of a state gives.
fn attributes(view: View<'_>, node: Node, dict: Value, children: &mut Vec<Child>) {
    let here = |value: Value| Node { value, ..node };
    for (index, (key, item)) in view.ast.entries(dict, Moment::END).enumerate() {
        let is_text = matches!(key.kind(), Kind::Str | Kind::ByteStr);
        let label = match key.kind() {
            _ if is_text => Label::Attribute(here(key)),
            kind if kind.is_literal() => Label::Key(here(key), index),
            _ => Label::Entry(index),
        };
        children.push(Child { label, node: here(item) });
    }
}
