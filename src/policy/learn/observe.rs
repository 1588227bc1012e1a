//! Goes through the effects of a reading that was judged, and notes what needs the user's policy.

use super::seen::Seen;
use super::{Observations, Observed};
use crate::ast::{Kind, Moment, Value};
use crate::finding::Level;
use crate::machine::{Action, Effect};
use crate::opcode::{Literal, Opcode};
use crate::policy::Objection;
use crate::policy::entry;
use crate::policy::facts::{Imported, Known, Nature};
use crate::policy::judging::{Judge, Use};
use crate::policy::matcher::Wanted;
use crate::policy::user::is_symbol;

/// How deep containers are looked into.
const MAX_DEPTH: u8 = 4;

/// Notes what the reading does.
pub(in crate::policy) fn observe(judge: &Judge<'_>, into: &mut Observations) {
    let steps = judge.ast().edge_count().saturating_mul(4).saturating_add(100_000);
    let mut observer = Observer { judge, into, steps };
    observer.imports();
    for effect in &judge.subject.reading.effects {
        observer.effect(effect);
    }
    observer.judgements();
}

struct Observer<'o, 'a> {
    judge: &'o Judge<'a>,
    into: &'o mut Observations,
    /// How many more values are looked at: a container that many effects share is not looked through for each.
    steps: usize,
}

/// How values are told apart.
#[derive(Clone, Copy)]
enum Manner {
    /// Arguments: texts and numbers are exactly those seen, as what is called may do anything with them.
    Exact,
    /// The same, by keyword.
    Keywords,
    /// A state: its keys are those seen, its values of the kinds seen.
    Attributes,
    /// Anything else: kinds.
    Data,
}

impl<'o, 'a> Observer<'o, 'a> {
    /// The symbol in the stream, if only the user's policy can allow it.
    fn symbol(&self, id: Option<u32>) -> Option<&'o str> {
        let imported: &Imported = self.judge.facts.symbols.get(id? as usize)?;
        let ours = match imported.known {
            Known::Nothing => true,
            Known::Entry(entry) => self.judge.facts.entry_of(entry).is_some_and(|entry| entry.item.is_some()),
            Known::Harmful(_) | Known::Denied(_) => false,
        };
        (ours && is_symbol(&imported.resolved)).then_some(imported.resolved.as_str())
    }

    fn observed(&mut self, id: Option<u32>) -> Option<&mut Observed> {
        let symbol = self.symbol(id)?;
        Some(self.into.of(symbol))
    }

    fn imports(&mut self) {
        for (id, imported) in (0..).zip(&self.judge.facts.symbols) {
            let is_key = imported.uses & 1 << Use::Key as u16 != 0;
            let entry = match imported.known {
                Known::Entry(id) => self.judge.facts.entry_of(id),
                _ => None,
            };
            let Some(observed) = self.observed(Some(id)).filter(|_| imported.first.is_some()) else { continue };
            observed.key |= is_key;
            // What an earlier round has learned leaves nothing to object to in this one.
            if let Some(entry) = entry {
                observed.recursive |= entry.recursive;
                observed.plain |= entry.plain;
                observed.harmless |= entry.harmless;
            }
        }
    }

    /// What only the judgement of the whole reading shows.
    fn judgements(&mut self) {
        for &(value, wanted) in &self.judge.trace.unfit {
            if let Some(observed) = self.observed(self.judge.symbol_of(value)) {
                observed.harmless |= wanted == Wanted::Harmless;
                observed.plain |= wanted == Wanted::Plain;
            }
        }
        for judgement in &self.judge.judgements {
            let Some(observed) = self.into.symbols.get_mut(&judgement.symbol) else { continue };
            match (judgement.objection, judgement.level) {
                (Objection::BuiltTwice, Level::Suspicious) => observed.recursive = true,
                (Objection::CallableInData, Level::Suspicious) => observed.plain = true,
                _ => {}
            }
        }
    }

    fn effect(&mut self, effect: &Effect) {
        let moment = effect.moment;
        match effect.action {
            Action::Call { how, callee, args, kwargs, .. } => self.call(moment, how, callee, args, kwargs),
            Action::Build { target, state } => self.build(moment, target, state),
            Action::Append { target, count } => {
                let items = self.judge.ast().added(moment, count as usize);
                self.put(
                    target,
                    items,
                    |observed, seen| observed.append = Some(seen),
                    |observed| observed.append.take(),
                );
            }
            Action::Add { target, count } => {
                let items = self.judge.ast().added(moment, count as usize);
                self.put(target, items, |observed, seen| observed.add = Some(seen), |observed| observed.add.take());
            }
            Action::SetItem { target, count } => self.set_items(moment, target, count),
            _ => {}
        }
    }

    fn call(&mut self, moment: Moment, how: Opcode, callee: Value, args: Value, kwargs: Option<Value>) {
        let is_new = matches!(how, Opcode::NewObj | Opcode::NewObjEx);
        if self.made_by_name(moment, callee, args) {
            return;
        }
        let id = self.judge.symbol_of(callee);
        if callee.kind() != Kind::Import || self.symbol(id).is_none() {
            return;
        }
        let taken =
            self.observed(id).and_then(|observed| if is_new { observed.new.take() } else { observed.call.take() });
        let mut call = taken.unwrap_or_default();
        let manner = if is_new { Manner::Data } else { Manner::Exact };
        self.look(&mut call.args, args, moment, manner, MAX_DEPTH);
        if let Some(kwargs) = kwargs.filter(|kwargs| !self.judge.ast().is_empty(*kwargs)) {
            self.look(call.kwargs.get_or_insert_default(), kwargs, moment, Manner::Keywords, MAX_DEPTH);
        }
        if let Some(observed) = self.observed(id) {
            *(if is_new { &mut observed.new } else { &mut observed.call }) = Some(call);
        }
    }

    /// Notes an object that one of the functions of `copyreg` makes; answers whether it is one.
    fn made_by_name(&mut self, moment: Moment, callee: Value, args: Value) -> bool {
        let (judge, ast) = (self.judge, self.judge.ast());
        let named =
            |value| judge.facts.symbol_entry(value).and_then(|id| judge.facts.entry_of(id)).map(|entry| entry.symbol);
        let given: Vec<Value> = ast.items(args, moment).take(4).collect();
        match (named(callee), given.as_slice()) {
            (Some("copyreg.__newobj__"), &[class]) => {
                if let Some(observed) = self.observed(judge.symbol_of(class)) {
                    observed.new.get_or_insert_default().args.tuple(0);
                }
            }
            (Some("copyreg._reconstructor"), &[class, base, state]) => {
                let Some(observed) = self.observed(judge.symbol_of(class)) else { return true };
                let base = named(base).and_then(entry::canonical);
                if base == Some("builtins.object") && state.kind() == Kind::None {
                    observed.new.get_or_insert_default().args.tuple(0);
                } else if let Some(base) = base {
                    let (base, mut seen) = observed.base.take().unwrap_or((base, Seen::default()));
                    self.look(&mut seen, state, moment, Manner::Data, MAX_DEPTH);
                    if let Some(observed) = self.observed(judge.symbol_of(class)) {
                        observed.base = Some((base, seen));
                    }
                }
            }
            (Some("copyreg.__newobj__" | "copyreg._reconstructor"), _) => {}
            _ => return false,
        }
        true
    }

    fn build(&mut self, moment: Moment, target: Value, state: Value) {
        let id = self.judge.symbol_of(target);
        let Some(observed) = self.observed(id) else { return };
        let (mut build, mut slots) = (observed.build.take(), observed.slots.take());
        for call in observed.new.iter_mut().chain(&mut observed.call) {
            call.changed = true;
        }
        let ast = self.judge.ast();
        let halves: Vec<Value> = ast.items(state, moment).take(3).collect();
        match halves.as_slice() {
            // How an object with slots gives its state.
            &[first, second] if state.kind() == Kind::Tuple && is_attributes(first) && second.kind() == Kind::Dict => {
                if first.kind() == Kind::Dict {
                    self.look(build.get_or_insert_default(), first, moment, Manner::Attributes, MAX_DEPTH);
                }
                self.look(slots.get_or_insert_default(), second, moment, Manner::Attributes, MAX_DEPTH);
            }
            _ => self.look(build.get_or_insert_default(), state, moment, Manner::Attributes, MAX_DEPTH),
        }
        if let Some(observed) = self.observed(id) {
            (observed.build, observed.slots) = (build, slots);
        }
    }

    fn put(
        &mut self,
        target: Value,
        items: &[Value],
        keep: impl Fn(&mut Observed, Seen),
        take: impl Fn(&mut Observed) -> Option<Seen>,
    ) {
        let id = self.judge.symbol_of(target);
        let Some(observed) = self.observed(id) else { return };
        let mut seen = take(observed).unwrap_or_default();
        for &item in items {
            self.look(&mut seen, item, Moment::END, Manner::Data, MAX_DEPTH);
        }
        if let Some(observed) = self.observed(id) {
            observed.call.iter_mut().for_each(|call| call.changed = true);
            keep(observed, seen);
        }
    }

    fn set_items(&mut self, moment: Moment, target: Value, count: u32) {
        let id = self.judge.symbol_of(target);
        let Some(observed) = self.observed(id) else { return };
        observed.call.iter_mut().for_each(|call| call.changed = true);
        let (mut keys, mut values) = observed.setitem.take().unwrap_or_default();
        for pair in self.judge.ast().added(moment, count as usize).chunks_exact(2) {
            if let &[key, value] = pair {
                self.look(&mut keys, key, Moment::END, Manner::Data, MAX_DEPTH);
                self.look(&mut values, value, Moment::END, Manner::Data, MAX_DEPTH);
            }
        }
        if let Some(observed) = self.observed(id) {
            observed.setitem = Some((keys, values));
        }
    }

    /// Notes a value as it was, and as it became.
    fn look(&mut self, seen: &mut Seen, value: Value, moment: Moment, manner: Manner, depth: u8) {
        self.value(seen, value, moment, manner, depth);
        if value.kind().is_container() && self.judge.ast().changed_after(value, moment) {
            self.value(seen, value, Moment::END, manner, depth);
        }
    }

    /// Depth is bounded, so this recursion is, too.
    fn value(&mut self, seen: &mut Seen, value: Value, moment: Moment, manner: Manner, depth: u8) {
        self.steps = self.steps.saturating_sub(1);
        let shallow = depth == 0 || self.steps == 0;
        let below = depth.saturating_sub(1);
        let within = if matches!(manner, Manner::Exact | Manner::Keywords) { Manner::Exact } else { Manner::Data };
        let ast = self.judge.ast();
        match value.kind() {
            Kind::Tuple if !shallow => {
                let mut places = seen.tuple(ast.len(value));
                for (at, item) in ast.items(value, moment).enumerate() {
                    if let Some(place) = places.place(at) {
                        self.look(place, item, moment, within, below);
                    }
                }
            }
            Kind::List if !shallow => {
                let list = seen.list();
                ast.items(value, moment).for_each(|item| self.look(list, item, moment, within, below));
            }
            Kind::Dict if !shallow && matches!(manner, Manner::Attributes | Manner::Keywords) => {
                seen.state();
                for (key, item) in ast.entries(value, moment) {
                    let Some(Literal::Str(name) | Literal::ByteStr(name)) = self.judge.subject.literal(key) else {
                        seen.strange();
                        continue;
                    };
                    let name = std::str::from_utf8(&name).unwrap_or("");
                    if let Some(attribute) = seen.attribute(name) {
                        self.look(attribute, item, moment, within, below);
                    }
                }
            }
            Kind::Dict if !shallow => {
                for (key, item) in ast.entries(value, moment) {
                    let (keys, values) = seen.map();
                    self.look(keys, key, moment, within, below);
                    self.look(values, item, moment, within, below);
                }
                seen.map();
            }
            Kind::Import | Kind::Object => match self.word(value) {
                Some(word) => seen.word(word),
                None => seen.strange(),
            },
            kind => self.literal(seen, value, kind, manner),
        }
    }

    fn literal(&self, seen: &mut Seen, value: Value, kind: Kind, manner: Manner) {
        let word = match kind {
            Kind::None => "None",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Str | Kind::ByteStr => "str",
            Kind::Bytes => "bytes",
            Kind::ByteArray => "bytearray",
            Kind::Tuple => "tuple",
            Kind::List => "list",
            Kind::Dict => "dict",
            Kind::Set | Kind::FrozenSet => "set",
            _ => return seen.strange(),
        };
        match (manner, self.judge.subject.literal(value).filter(|_| kind.is_literal())) {
            (Manner::Exact, Some(Literal::Str(text) | Literal::ByteStr(text))) => match std::str::from_utf8(&text) {
                Ok(text) => seen.text(text),
                Err(_) => seen.strange(),
            },
            (Manner::Exact, Some(Literal::Int(value))) => seen.int(value),
            (Manner::Exact, Some(Literal::BigInt(_) | Literal::BigText(_))) => seen.word("short-int"),
            _ => seen.word(word),
        }
    }

    /// The word for a symbol, or for what a call made.
    fn word(&self, value: Value) -> Option<String> {
        let facts = &self.judge.facts;
        let Some(made) = facts.made(value).filter(|made| made.nature != Nature::Symbol) else {
            let listed = facts.symbol_entry(value).and_then(|id| facts.entry_of(id)).map(|entry| entry.symbol);
            return listed.or_else(|| self.symbol(self.judge.symbol_of(value))).map(str::to_owned);
        };
        let class = made.class.or(made.by).and_then(|id| facts.entry_of(id)).map(|entry| entry.symbol);
        match made.nature {
            Nature::Unknown => self.symbol(made.symbol).map(|symbol| format!("@{symbol}")),
            Nature::Bytes(_) => Some("bytes".to_owned()),
            Nature::ByteArray(_) => Some("bytearray".to_owned()),
            Nature::DType(Some(_)) => Some("dtype".to_owned()),
            Nature::Array(Some(_)) => Some("array".to_owned()),
            Nature::DType(None) | Nature::Array(None) | Nature::Symbol => None,
            Nature::Fresh | Nature::Shared | Nature::Scalar => match class? {
                "numpy._core.multiarray.scalar" => Some("scalar".to_owned()),
                class => Some(format!("@{class}")),
            },
        }
    }
}

/// What may stand in the first half of the state of an object with slots.
fn is_attributes(value: Value) -> bool {
    matches!(value.kind(), Kind::None | Kind::Dict)
}
