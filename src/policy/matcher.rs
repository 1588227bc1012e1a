//! Matches values against shapes.
//!
//! Work is bounded by a budget in proportion to the stream, so that one container that many effects share cannot be
//! walked again and again. Depth is that of the shape, never that of the value.

use super::Objection;
use super::dtypes::Structure;
use super::facts::{Facts, Layout, Made, Nature};
use super::later::Later;
use super::shape::{Key, Shape};
use super::{numpy, torch};
use crate::ast::{Ast, Kind, KindSet, Moment, Value};
use crate::dtype::DType;
use crate::loader::Subject;
use crate::loader::indices::Demand;
use crate::machine::Action;
use crate::opcode::Literal;
use std::cell::Cell;
use std::collections::HashMap;

/// A step on the way to the value that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Index(usize),
    /// A key of a dict.
    Key(Value),
}

/// What a callable has to be to stand in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Harmless,
    Plain,
}

/// How many of [`Trace::unfit`] are kept.
const MAX_UNFIT: usize = 4096;

/// What a rule found out about the object that is being built or made.
#[derive(Clone, Debug)]
pub(super) enum Learned {
    DType(DType),
    Array(Layout),
}

/// What matching leaves behind.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// A bit for each container: a shape has looked at everything in it.
    claimed: Vec<u64>,
    /// Containers in which harmless callables may stand anywhere.
    pub(super) open: Vec<Value>,
    /// What a callee will hash, and the effect: keys and elements that no opcode puts in.
    pub(super) keys: Vec<(Value, u32)>,
    /// Lists of pairs: a callee will hash the first of each.
    pub(super) pairs: Vec<Value>,
    /// Imports that stood where only a harmless or a plain one may, and which of these.
    pub(super) unfit: Vec<(Value, Wanted)>,
    /// The effect that is judged.
    pub(super) effect: u32,
    /// Steps that are left.
    steps: Cell<u64>,
    /// Whether a container that was looked at changed later.
    pub(super) changed: bool,
    /// The way to what did not fit, innermost step first.
    pub(super) path: Vec<Step>,
    /// What did not fit.
    pub(super) misfit: Option<Value>,
    /// Why, where a rule says it.
    pub(super) reason: Option<String>,
    /// Whether a rule found sizes that contradict each other.
    pub(super) forged: Option<Objection>,
    pub(super) learned: Option<Learned>,
    /// What acts when the object that is built is used.
    pub(super) later: Vec<(Later, Value)>,
    /// Structures of numpy that were computed, by their names and fields.
    pub(super) structures: HashMap<(Value, Value), Structure>,
    /// What has to hold of numbers that stand beside the stream, and the effect that needs it.
    pub(super) demands: Vec<(u32, Demand)>,
}

impl Trace {
    pub(super) fn new(steps: u64) -> Self {
        Self { steps: Cell::new(steps), ..Self::default() }
    }

    pub(super) fn claim(&mut self, container: Value) {
        let (word, bit) = (container.index() / 64, container.index() % 64);
        if word >= self.claimed.len() {
            self.claimed.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.claimed.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    pub(super) fn is_claimed(&self, container: Value) -> bool {
        self.claimed.get(container.index() / 64).is_some_and(|word| word & 1 << (container.index() % 64) != 0)
    }

    /// Notes what has to hold for the effect that is judged.
    pub(super) fn demand(&mut self, demand: Demand) {
        let demand = (self.effect, demand);
        if self.demands.last() != Some(&demand) {
            self.demands.push(demand);
        }
    }

    /// Takes steps from the budget; false when none are left.
    pub(super) fn walk(&self, steps: u64) -> bool {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(steps));
        left >= steps
    }

    /// Whether the budget is spent.
    pub(super) fn is_spent(&self) -> bool {
        self.steps.get() == 0
    }

    /// Forgets the last match.
    pub(super) fn clear(&mut self) {
        self.changed = false;
        self.path.clear();
        self.misfit = None;
        self.reason = None;
        self.forged = None;
        self.learned = None;
        self.later.clear();
    }
}

/// Matches the values of one effect.
pub(super) struct Matcher<'c, 'a> {
    pub(super) subject: Subject<'a>,
    pub(super) facts: &'c Facts<'a>,
    pub(super) trace: &'c mut Trace,
    /// Containers are seen as they were then.
    pub(super) moment: Moment,
    /// The object that is being built, or the class that is being called.
    pub(super) target: Option<Value>,
}

/// The most bytes or digits of a number that is computed with.
const MAX_SHORT_INT: usize = 1024;

/// Names that the unpickler itself looks up on objects.
const HOOKS: [&[u8]; 3] = [b"append", b"extend", b"add"];

impl<'a> Matcher<'_, 'a> {
    pub(super) fn ast(&self) -> &'a Ast {
        &self.subject.reading.ast
    }

    /// What a literal stands for.
    pub(super) fn literal(&self, value: Value) -> Option<Literal<'a>> {
        let literal = self.subject.literal(value);
        // Texts are compared, and may be shared by many.
        if let Some(Literal::Str(text) | Literal::ByteStr(text)) = &literal {
            self.trace.walk(text.len() as u64 / 64);
        }
        literal
    }

    /// A text without dots that is no longer than names are.
    pub(super) fn short_text(&self, value: Value) -> Option<String> {
        self.dotted_text(value).filter(|text| !text.contains('.'))
    }

    /// A text that is no longer than names are.
    pub(super) fn dotted_text(&self, value: Value) -> Option<String> {
        let short =
            |text: &[u8]| if text.len() <= 255 { std::str::from_utf8(text).ok().map(str::to_owned) } else { None };
        self.with_text(value, short)
    }

    /// Whether a value fits a shape; if not, [`Trace::path`] leads to what does not.
    pub(super) fn fits(&mut self, shape: &Shape<'_>, value: Value) -> bool {
        let fits = self.trace.walk(1) && self.look(shape, value);
        if !fits && self.trace.misfit.is_none() {
            self.trace.misfit = Some(value);
        }
        fits
    }

    fn look(&mut self, shape: &Shape<'_>, value: Value) -> bool {
        let kind = value.kind();
        match shape {
            Shape::Any => !self.facts.is_callable(value) && !self.facts.is_vast(value),
            Shape::Data => self.is_data(value),
            Shape::Harmless => {
                let fits = self.facts.is_callable(value) && self.facts.is_harmless(value);
                self.fit_for(value, Wanted::Harmless, fits)
            }
            Shape::Listed => self.facts.symbol_entry(value).is_some(),
            Shape::Newable => {
                let entry = self.facts.symbol_entry(value).and_then(|id| self.facts.entry_of(id));
                entry.is_some_and(|entry| entry.new.is_some() || !entry.bases.is_empty())
            }
            Shape::Keyable => {
                if !value.kind().is_literal() {
                    self.trace.keys.push((value, self.trace.effect));
                }
                self.is_keyable(value)
            }
            Shape::Kinds(kinds) => kinds.contains(kind),
            Shape::Flag => kind == Kind::Bool || matches!(self.literal(value), Some(Literal::Int(0 | 1))),
            Shape::Bool(wanted) => self.literal(value) == Some(Literal::Bool(*wanted)),
            Shape::Bytes => self.bytes_len(value).is_some(),
            Shape::ByteArray => kind == Kind::ByteArray || matches!(self.nature(value), Some(Nature::ByteArray(_))),
            Shape::Buffer => numpy::is_buffer(self, value),
            Shape::Array => matches!(self.nature(value), Some(Nature::Array(Some(_)))),
            Shape::DType => matches!(self.nature(value), Some(Nature::DType(Some(_)))),
            Shape::NumberDType => numpy::is_number(self, value),
            Shape::Scalar => self.is_made(value, "numpy._core.multiarray.scalar"),
            Shape::Storage => self.facts.storage(value).is_some(),
            Shape::ShortInt => match self.literal(value) {
                Some(Literal::Int(_)) => true,
                Some(Literal::BigInt(bytes)) => bytes.len() <= MAX_SHORT_INT,
                Some(Literal::BigText(text)) => text.len() <= MAX_SHORT_INT,
                _ => false,
            },
            Shape::Int(low, high) => self.int(value).is_some_and(|value| (*low..=*high).contains(&value)),
            Shape::Bits(bits) => self.int(value).is_some_and(|value| value >= 0 && value & !bits == 0),
            Shape::Text(wanted) => self.is_text(value, wanted.as_bytes()),
            Shape::Octets(wanted) => self.is_octets(value, wanted.as_bytes()),
            Shape::Grammar(grammar) => {
                let steps = self.text_len(value) / 16;
                self.trace.walk(steps) && self.with_text(value, |text| grammar.accepts(text))
            }
            Shape::Symbol(wanted) => {
                let entry = self.facts.symbol_entry(value).and_then(|id| self.facts.entry_of(id));
                entry.is_some_and(|entry| entry.symbol == *wanted)
            }
            Shape::Made(wanted) => self.is_made(value, wanted),
            Shape::Tuple(items, many) => kind == Kind::Tuple && self.sequence(items, many.as_deref(), value),
            Shape::List(item) => kind == Kind::List && self.sequence(&[], Some(item), value),
            Shape::Dict(keys, others) => kind == Kind::Dict && self.dict(keys, others.as_deref(), value),
            Shape::Map(pair) => kind == Kind::Dict && self.map(&pair.0, &pair.1, value),
            Shape::Rule(rule) if rule.is_of_torch() => torch::holds(self, *rule, value),
            Shape::Rule(rule) => numpy::holds(self, *rule, value),
            Shape::OneOf(all) => self.one_of(all, value),
        }
    }

    fn one_of(&mut self, all: &[Shape<'_>], value: Value) -> bool {
        let mut deepest: (Vec<Step>, Option<Value>) = (Vec::new(), None);
        for shape in all {
            let before = self.trace.path.len();
            if self.fits(shape, value) {
                self.trace.path.truncate(before);
                self.trace.misfit = None;
                return true;
            }
            let path = self.trace.path.split_off(before.min(self.trace.path.len()));
            let misfit = self.trace.misfit.take();
            if path.len() > deepest.0.len() || deepest.1.is_none() {
                deepest = (path, misfit);
            }
        }
        self.trace.path.extend(deepest.0);
        self.trace.misfit = deepest.1;
        false
    }

    /// Notes that a shape looks into a container.
    fn open(&mut self, container: Value) {
        self.trace.changed |= self.ast().changed_after(container, self.moment);
    }

    fn claim(&mut self, container: Value) {
        let callable = KindSet::of(Kind::Import).union(KindSet::of(Kind::Object));
        if !self.ast().kinds(container).is_disjoint(callable) {
            self.trace.claim(container);
        }
    }

    fn sequence(&mut self, items: &[Shape<'_>], many: Option<&Shape<'_>>, value: Value) -> bool {
        self.open(value);
        let mut values = self.ast().items(value, self.moment);
        for (index, shape) in items.iter().enumerate() {
            let Some(item) = values.next() else { return false };
            if !self.fits(shape, item) {
                self.trace.path.push(Step::Index(index));
                return false;
            }
        }
        for (index, item) in values.enumerate() {
            if !many.is_some_and(|shape| self.fits(shape, item)) {
                self.trace.path.push(Step::Index(index.saturating_add(items.len())));
                self.trace.misfit.get_or_insert(item);
                return false;
            }
        }
        self.claim(value);
        true
    }

    fn dict(&mut self, keys: &[Key<'_>], others: Option<&Shape<'_>>, value: Value) -> bool {
        self.open(value);
        let mut seen = 0_u64;
        for (key, item) in self.ast().entries(value, self.moment) {
            let found = self.with_text(key, |text| {
                let at = keys.iter().position(|key| key.name.as_bytes() == text);
                let later = if self.target.is_some() { Later::of(text) } else { None };
                Some((at, at.is_some() || !is_hook(text), later))
            });
            let shape = match found {
                Some((Some(at), ..)) => {
                    seen |= 1_u64.checked_shl(u32::try_from(at).unwrap_or(64)).unwrap_or(0);
                    keys.get(at).map(|key| &key.shape)
                }
                Some((None, true, _)) => others,
                _ => None,
            };
            if !shape.is_some_and(|shape| self.fits(shape, item)) {
                self.trace.path.push(Step::Key(key));
                self.trace.misfit.get_or_insert(item);
                return false;
            }
            if let Some((.., Some(later))) = found
                && later.acts(self, item)
            {
                self.trace.later.push((later, item));
            }
        }
        let missing = keys.iter().enumerate().find(|(at, key)| !key.optional && seen & 1 << (at % 64) == 0);
        if let Some((_, key)) = missing {
            self.trace.reason.get_or_insert_with(|| format!("the key '{}' is missing", key.name));
            return false;
        }
        self.claim(value);
        true
    }

    fn map(&mut self, keys: &Shape<'_>, values: &Shape<'_>, value: Value) -> bool {
        self.open(value);
        for (key, item) in self.ast().entries(value, self.moment) {
            if !self.fits(keys, key) || !self.fits(values, item) {
                self.trace.path.push(Step::Key(key));
                return false;
            }
        }
        self.claim(value);
        true
    }

    fn is_data(&mut self, value: Value) -> bool {
        if value.kind().is_container() {
            self.trace.open.push(value);
            return true;
        }
        let is_plain = !self.facts.is_callable(value) || self.facts.is_plain(value);
        let fits = !self.facts.is_vast(value) && is_plain;
        self.fit_for(value, Wanted::Plain, fits)
    }

    /// Notes an import that does not fit.
    fn fit_for(&mut self, value: Value, wanted: Wanted, fits: bool) -> bool {
        if !fits && value.kind() == Kind::Import && self.trace.unfit.len() < MAX_UNFIT {
            self.trace.unfit.push((value, wanted));
        }
        fits
    }

    /// Whether a value may be a key of a dict: its hash and comparison run no code that the policy does not know.
    pub(super) fn is_keyable(&self, value: Value) -> bool {
        match value.kind() {
            Kind::Object => match self.facts.made(value) {
                Some(made) if made.nature == Nature::Symbol => self.facts.is_harmless(value),
                Some(Made { nature: Nature::Bytes(_) | Nature::Unknown, .. }) | None => true,
                Some(_) => self.facts.class_of(value).is_some_and(|entry| entry.key),
            },
            Kind::Import => !self.facts.is_callable(value) || self.facts.is_plain(value),
            _ => true,
        }
    }

    pub(super) fn nature(&self, value: Value) -> Option<Nature> {
        self.facts.made(value).map(|made| made.nature)
    }

    pub(super) fn is_made(&self, value: Value, wanted: &str) -> bool {
        let Some(made) = self.facts.made(value).filter(|made| made.nature != Nature::Symbol) else { return false };
        let is =
            |id: Option<u32>| id.and_then(|id| self.facts.entry_of(id)).is_some_and(|entry| entry.symbol == wanted);
        made.nature != Nature::Unknown && (is(made.by) || is(made.class))
    }

    pub(super) fn int(&self, value: Value) -> Option<i64> {
        match self.literal(value)? {
            Literal::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The length of bytes: literals, strings of Python 2, and what decodes a text.
    pub(super) fn bytes_len(&self, value: Value) -> Option<u64> {
        match value.kind() {
            Kind::Bytes | Kind::ByteStr => match self.literal(value)? {
                Literal::Bytes(bytes) => Some(bytes.len() as u64),
                Literal::ByteStr(bytes) => Some(bytes.len() as u64),
                Literal::Absent(len) => Some(len),
                _ => None,
            },
            Kind::Object => match self.nature(value)? {
                Nature::Bytes(len) => Some(len),
                _ => None,
            },
            Kind::Persistent => self.facts.bytes(value),
            _ => None,
        }
    }

    /// The bytes of a text literal, given to a function; the default where it is none.
    pub(super) fn with_text<T: Default>(&self, value: Value, with: impl FnOnce(&[u8]) -> T) -> T {
        if !matches!(value.kind(), Kind::Str | Kind::ByteStr) {
            return T::default();
        }
        match self.literal(value) {
            Some(Literal::Str(text) | Literal::ByteStr(text)) => with(&text),
            _ => T::default(),
        }
    }

    fn text_len(&self, value: Value) -> u64 {
        self.with_text(value, |text| text.len() as u64)
    }

    pub(super) fn is_text(&self, value: Value, wanted: &[u8]) -> bool {
        self.with_text(value, |text| text == wanted)
    }

    /// Whether a value is exactly these bytes, be it written as bytes or through a text.
    pub(super) fn is_octets(&self, value: Value, wanted: &[u8]) -> bool {
        match value.kind() {
            Kind::Bytes | Kind::ByteStr => match self.literal(value) {
                Some(Literal::Bytes(bytes)) => bytes == wanted,
                Some(Literal::ByteStr(bytes)) => *bytes == *wanted,
                _ => false,
            },
            Kind::Object => self.encoded_text(value).is_some_and(|text| self.is_text(text, wanted)),
            _ => false,
        }
    }

    /// The text that bytes were made from by a call.
    pub(super) fn encoded_text(&self, value: Value) -> Option<Value> {
        let Some(Nature::Bytes(_)) = self.nature(value) else { return None };
        self.argument(value)
    }

    /// The first argument of the call that made an object.
    pub(super) fn argument(&self, object: Value) -> Option<Value> {
        self.arguments(object).next()
    }

    /// The arguments of the call that made an object.
    pub(super) fn arguments(&self, object: Value) -> impl Iterator<Item = Value> + use<'a> {
        let effect = self.ast().object_of(object).map(|object| object.made_by as usize);
        let effect = effect.and_then(|effect| self.subject.reading.effects.get(effect));
        let args = effect.and_then(|effect| match effect.action {
            Action::Call { args, .. } => Some(args),
            _ => None,
        });
        let ast = self.ast();
        args.into_iter().flat_map(move |args| ast.items(args, Moment::END))
    }
}

/// Whether an attribute of this name means something to the interpreter or to the unpickler.
fn is_hook(name: &[u8]) -> bool {
    (name.starts_with(b"__") && name.ends_with(b"__")) || HOOKS.contains(&name)
}
