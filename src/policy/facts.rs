//! What is known so far: symbols, entries, and what each call made.

use super::Objection;
use super::entry::Entry;
use super::explain::{self, Harm};
use super::in_force::InForce;
use crate::ast::{Ast, Kind, Symbol, Value};
use crate::dtype::DType;
use crate::finding::{Decision, Level};
use crate::loader::torch::Storage;
use crate::resolve::{dotted, map_name};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The number of an entry in [`Facts::entries`].
pub(super) type EntryId = u32;

/// What the policy knows of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The user's policy forbids it: the number of the item.
    Denied(u32),
    /// An entry allows something.
    Entry(EntryId),
    /// It is known to do harm.
    Harmful(Harm),
    /// Nothing.
    Nothing,
}

/// One imported symbol.
#[derive(Clone, Debug)]
pub(super) struct Imported {
    /// After name mapping: `pkg.mod.attr`.
    pub(super) resolved: String,
    pub(super) known: Known,
    /// The effect that imports it first.
    pub(super) first: Option<usize>,
    /// A bit for each of [`super::judging::USES`].
    pub(super) uses: u16,
    pub(super) decision: Decision,
    /// How often each objection was raised to a use of it.
    pub(super) alike: Tally,
}

/// How often each objection was raised: of the many that there are, one thing meets few.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    first: Option<(Objection, Level, u32)>,
    others: Vec<(Objection, Level, u32)>,
}

impl Tally {
    /// Counts one more; answers how many there are now.
    pub(super) fn count(&mut self, objection: Objection, level: Level) -> u32 {
        let mut all = self.first.iter_mut().chain(&mut self.others);
        if let Some((_, _, count)) = all.find(|known| (known.0, known.1) == (objection, level)) {
            *count = count.saturating_add(1);
            return *count;
        }
        let new = (objection, level, 1);
        match self.first {
            None => self.first = Some(new),
            Some(_) => self.others.push(new),
        }
        1
    }
}

/// What an object is to whoever may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Not known: its call is a finding.
    Unknown,
    /// New, nobody else holds it.
    Fresh,
    /// Others may hold it, too.
    Shared,
    /// Nothing can change it.
    Scalar,
    /// Bytes of this length.
    Bytes(u64),
    /// A bytearray of this length.
    ByteArray(u64),
    /// A dtype; once it is complete its number in [`Facts::dtypes`].
    DType(Option<u32>),
    /// An array; once it is complete its number in [`Facts::arrays`].
    Array(Option<u32>),
    /// The symbol that attribute access led to: the class of the object is its entry.
    Symbol,
}

/// What a call made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) nature: Nature,
    /// The entry that says what may be done with it.
    pub(super) class: Option<EntryId>,
    /// The entry of what was called.
    pub(super) by: Option<EntryId>,
    /// The symbol in the stream that stands for its class.
    pub(super) symbol: Option<u32>,
    pub(super) built: bool,
}

/// A complete array.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) dtype: DType,
    pub(super) count: u64,
    /// Its bytes, where they stand in the stream.
    pub(super) data: Option<Value>,
}

/// What a loader answers for a persistent id.
#[derive(Clone, Debug)]
pub(super) enum Answered {
    /// The bytes of tensors.
    Storage(Storage),
    /// A class that the id names.
    Class(Value),
    /// A tensor or its storage, which stand in other members and were held against each other there.
    Tensor,
    /// So many bytes of a member of a `.skops` file.
    Bytes(u64),
}

/// Everything known so far.
#[derive(Debug)]
pub(super) struct Facts<'p> {
    pub(super) policy: &'p InForce<'p>,
    pub(super) symbols: Vec<Imported>,
    pub(super) entries: Vec<Rc<Entry<'p>>>,
    pub(super) objects: Vec<Made>,
    pub(super) dtypes: Vec<DType>,
    pub(super) arrays: Vec<Layout>,
    /// Objects that stand for far more values than the file holds: ranges, and iterators over them.
    pub(super) vast: HashSet<usize>,
    /// How many values all ranges so far stand for.
    pub(super) ranged: u64,
    /// What a loader answers for persistent ids, by the effect that asks.
    pub(super) persistent: HashMap<usize, Answered>,
    by_symbol: HashMap<String, Option<EntryId>>,
}

impl<'p> Facts<'p> {
    /// Looks up every symbol of a stream.
    pub(super) fn of(ast: &Ast, policy: &'p InForce<'p>) -> Self {
        let mut facts = Self {
            policy,
            symbols: Vec::new(),
            entries: Vec::new(),
            objects: Vec::with_capacity(ast.object_count()),
            dtypes: Vec::new(),
            arrays: Vec::new(),
            vast: HashSet::new(),
            ranged: 0,
            persistent: HashMap::new(),
            by_symbol: HashMap::new(),
        };
        for symbol in ast.symbols() {
            let (resolved, known) = facts.know(symbol);
            let decision = match known {
                Known::Entry(_) => Decision::Allowed,
                Known::Harmful(_) => Decision::Dangerous,
                Known::Denied(_) => Decision::Denied,
                Known::Nothing => Decision::Unlisted,
            };
            facts.symbols.push(Imported { resolved, known, first: None, uses: 0, decision, alike: Tally::default() });
        }
        facts
    }

    fn know(&mut self, symbol: &Symbol) -> (String, Known) {
        let (module, name) = map_name(&symbol.module, &symbol.name, symbol.protocol);
        let resolved = [module, ".", name].concat();
        let steps = dotted(name, symbol.protocol).count();
        // Below protocol 4 a dot is part of the one attribute that is asked for, and no entry has such a name.
        let literal_dot = steps == 1 && name.contains('.');
        let listed = !literal_dot && (steps == 1 || self.every_step_is_listed(module, name, symbol.protocol));
        if listed
            && !name.is_empty()
            && let Some(entry) = self.entry(&resolved)
        {
            return (resolved, Known::Entry(entry));
        }
        let known = match explain::harm(module, name, symbol.protocol) {
            Some(harm) => Known::Harmful(harm),
            None => self.policy.denied(&resolved).map_or(Known::Nothing, Known::Denied),
        };
        (resolved, known)
    }

    /// Whether each name on the way to a dotted name is an entry itself.
    fn every_step_is_listed(&mut self, module: &str, name: &str, protocol: u8) -> bool {
        let mut path = module.to_owned();
        for part in dotted(name, protocol) {
            path.push('.');
            path.push_str(part);
            if part.is_empty() || self.entry(&path).is_none() {
                return false;
            }
        }
        true
    }

    /// The entry of a symbol, after aliases.
    pub(super) fn entry(&mut self, symbol: &str) -> Option<EntryId> {
        if !self.policy.may_know(symbol) {
            return None;
        }
        if let Some(&known) = self.by_symbol.get(symbol) {
            return known;
        }
        let found = self.policy.entry(symbol).and_then(|found| {
            let canonical = found.symbol;
            let id = u32::try_from(self.entries.len()).ok();
            if canonical != symbol {
                match self.by_symbol.get(canonical) {
                    Some(&known) => return known,
                    None => self.by_symbol.insert(canonical.to_owned(), id),
                };
            }
            self.entries.push(found);
            id
        });
        self.by_symbol.insert(symbol.to_owned(), found);
        found
    }

    pub(super) fn entry_of(&self, id: EntryId) -> Option<&Rc<Entry<'p>>> {
        self.entries.get(id as usize)
    }

    pub(super) fn symbol(&self, value: Value) -> Option<&Imported> {
        if value.kind() == Kind::Import { self.symbols.get(value.index()) } else { None }
    }

    /// The storage of tensors that a value is.
    pub(super) fn storage(&self, value: Value) -> Option<&Storage> {
        match self.answered(value)? {
            Answered::Storage(storage) => Some(storage),
            Answered::Class(_) | Answered::Tensor | Answered::Bytes(_) => None,
        }
    }

    /// The class that a loader answers.
    pub(super) fn class(&self, value: Value) -> Option<Value> {
        match self.answered(value)? {
            Answered::Class(class) => Some(*class),
            Answered::Storage(_) | Answered::Tensor | Answered::Bytes(_) => None,
        }
    }

    /// How many bytes a loader answers.
    pub(super) fn bytes(&self, value: Value) -> Option<u64> {
        match self.answered(value)? {
            Answered::Bytes(len) => Some(*len),
            _ => None,
        }
    }

    fn answered(&self, value: Value) -> Option<&Answered> {
        if value.kind() == Kind::Persistent { self.persistent.get(&value.index()) } else { None }
    }

    pub(super) fn made(&self, value: Value) -> Option<&Made> {
        if value.kind() == Kind::Object { self.objects.get(value.index()) } else { None }
    }

    /// The entry of a symbol that a value is: an import, or what attribute access led to.
    pub(super) fn symbol_entry(&self, value: Value) -> Option<EntryId> {
        match value.kind() {
            Kind::Import => match self.symbol(value)?.known {
                Known::Entry(id) => Some(id),
                _ => None,
            },
            Kind::Object => self.made(value).filter(|made| made.nature == Nature::Symbol)?.class,
            Kind::Persistent => self.symbol_entry(self.class(value)?),
            _ => None,
        }
    }

    /// The entry of the class that a value is an object of.
    pub(super) fn class_of(&self, value: Value) -> Option<&Rc<Entry<'p>>> {
        self.made(value).filter(|made| made.nature != Nature::Symbol)?.class.and_then(|id| self.entry_of(id))
    }

    /// Whether a value can be called, or wraps something that can.
    pub(super) fn is_callable(&self, value: Value) -> bool {
        match value.kind() {
            Kind::Import => {
                let entry = self.symbol_entry(value).and_then(|id| self.entry_of(id));
                entry.is_none_or(|entry| !entry.constant)
            }
            Kind::Object => {
                self.made(value).is_some_and(|made| made.nature == Nature::Symbol)
                    || self.class_of(value).is_some_and(|entry| entry.wraps)
            }
            Kind::Persistent => self.class(value).is_some(),
            _ => false,
        }
    }

    /// Whether an object stands for far more values than the file holds: whoever writes them out runs out of memory.
    pub(super) fn is_vast(&self, value: Value) -> bool {
        value.kind() == Kind::Object && self.vast.contains(&value.index())
    }

    /// Whether a callable may stand in plain data: someone keeps it, nobody calls it.
    pub(super) fn is_plain(&self, value: Value) -> bool {
        let entry = self.symbol_entry(value).and_then(|id| self.entry_of(id));
        entry.is_some_and(|entry| entry.plain) || self.is_harmless(value)
    }

    /// Whether a callable may be called with any data: an object that wraps one was checked when it was made.
    pub(super) fn is_harmless(&self, value: Value) -> bool {
        match self.symbol_entry(value).and_then(|id| self.entry_of(id)) {
            Some(entry) => entry.harmless || entry.constant,
            None => value.kind() == Kind::Object && self.class_of(value).is_some_and(|entry| entry.wraps),
        }
    }
}
