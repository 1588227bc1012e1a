//! Judges the effects of one reading, in order.

use super::entry::{Entry, Signature};
use super::facts::{Answered, Facts, Known, Made, Nature, Tally};
use super::in_force::InForce;
use super::learn::{self, Observations};
use super::matcher::{Learned, Matcher, Step, Trace};
use super::relied::Uses;
use super::shape::Shape;
use super::show::Show;
use super::{Judged, Judgement, Objection, SymbolDecision};
use super::{code, data};
use crate::ast::{Ast, Kind, Moment, Value};
use crate::finding::{Decision, Level};
use crate::loader::{Reader, Subject, skops, torch, torch_tar};
use crate::machine::{Action, Effect};
use crate::opcode::Opcode;
use std::collections::HashSet;

/// What may be done with a symbol, in the words of the report; [`super::facts::Imported::uses`] has a bit for each.
pub(super) const USES: [&str; 10] =
    ["import", "call", "new", "init", "build", "setitem", "append", "add", "slots", "key"];

/// A number of [`USES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Import,
    Call,
    New,
    Init,
    Build,
    SetItem,
    Append,
    Add,
    Slots,
    Key,
}

/// How many judgements of one kind on one symbol are kept; the rest would only repeat them.
const MAX_ALIKE: u32 = 16;

/// How many judgements of one kind say what exactly is wrong; nobody reads so many.
const MAX_DETAILED: u32 = 4096;

/// One reading, and what is known of it.
pub(super) struct Judge<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) facts: Facts<'a>,
    pub(super) trace: Trace,
    pub(super) judgements: Vec<Judgement>,
    refused: Option<usize>,
    /// Objections to what is of no symbol.
    alike: Tally,
    /// How many objections of each kind are kept.
    kept: Tally,
}

impl<'a> Judge<'a> {
    pub(super) fn new(subject: Subject<'a>, policy: &'a InForce<'a>) -> Self {
        let reading = subject.reading;
        // Every effect and every edge is looked at a few times in an honest stream.
        let size = reading.effects.len().saturating_add(reading.ast.edge_count()).saturating_mul(16);
        let steps = (size as u64).saturating_add(subject.source.bytes.len() as u64).saturating_add(100_000);
        Self {
            subject,
            facts: Facts::of(&reading.ast, policy),
            trace: Trace::new(steps),
            judgements: Vec::new(),
            refused: None,
            alike: Tally::default(),
            kept: Tally::default(),
        }
    }

    pub(super) fn ast(&self) -> &'a Ast {
        &self.subject.reading.ast
    }

    /// Judges the reading; notes for `learn` what only a user's policy can allow.
    pub(super) fn run(mut self, learn: Option<&mut Observations>) -> Judged {
        for (index, effect) in self.subject.reading.effects.iter().enumerate() {
            self.effect(index, effect);
            self.subject.source.passed.up_to(effect.at, self.subject.source.bytes);
        }
        data::judge(&mut self);
        self.say_once();
        self.judgements.sort_by_key(|judgement| judgement.effect);
        if let Some(observations) = learn {
            learn::observe(&self, observations);
        }
        let (entries, items) = self.relied();
        let symbols = std::mem::take(&mut self.facts.symbols);
        let symbols = symbols.into_iter().enumerate().map(|(symbol, imported)| SymbolDecision {
            symbol,
            resolved: imported.resolved,
            decision: imported.decision,
            entry: match imported.known {
                Known::Entry(id) => self.facts.entry_of(id).map(|entry| entry.symbol.to_owned()),
                _ => None,
            },
            uses: Uses(imported.uses),
        });
        let symbols = symbols.collect();
        let demands = self.trace.demands.into_iter().map(|(effect, demand)| (effect as usize, demand)).collect();
        Judged { symbols, judgements: self.judgements, refused: self.refused, entries, items, demands }
    }

    /// A dangerous name that is called is one finding, the call: its import is worth no second one.
    fn say_once(&mut self) {
        let calls = self.judgements.iter().filter(|judgement| judgement.objection == Objection::DangerousCall);
        let called: HashSet<String> = calls.map(|judgement| judgement.symbol.clone()).collect();
        self.judgements.retain(|judgement| {
            judgement.objection != Objection::DangerousImport || !called.contains(&judgement.symbol)
        });
    }

    /// Notes an objection, unless there are many like it; `symbol` is the one in the stream that it is about.
    pub(super) fn object(
        &mut self,
        effect: usize,
        objection: Objection,
        level: Level,
        symbol: Option<u32>,
        detail: impl FnOnce(&Show<'_, 'a>) -> String,
    ) {
        let mut alike = &mut self.alike;
        if let Some(imported) = symbol.and_then(|id| self.facts.symbols.get_mut(id as usize)) {
            if level == Level::Dangerous {
                imported.decision = Decision::Dangerous;
            } else if level == Level::Suspicious && imported.decision == Decision::Allowed {
                imported.decision = Decision::Denied;
            }
            alike = &mut imported.alike;
        }
        if alike.count(objection, level) > MAX_ALIKE {
            return;
        }
        if self.kept.count(objection, level) > MAX_DETAILED {
            let (symbol, detail) = (String::new(), String::new());
            self.judgements.push(Judgement { effect, objection, level, symbol, detail });
            return;
        }
        let imported = symbol.and_then(|id| self.facts.symbols.get(id as usize));
        let name = imported.map_or_else(String::new, |imported| super::show::plain(&imported.resolved));
        let moment = self.subject.reading.effects.get(effect).map_or(Moment::END, |effect| effect.moment);
        let show = Show { subject: self.subject, facts: &self.facts, moment };
        let detail = detail(&show);
        self.judgements.push(Judgement { effect, objection, level, symbol: name, detail });
    }

    pub(super) fn used(&mut self, symbol: Option<u32>, how: Use) {
        if let Some(imported) = symbol.and_then(|id| self.facts.symbols.get_mut(id as usize)) {
            imported.uses |= 1 << how as u16;
        }
    }

    fn effect(&mut self, index: usize, effect: &Effect) {
        match effect.action {
            Action::Import { value, .. } => self.import(index, value),
            Action::DynamicImport { module, name } => {
                self.object(index, Objection::UnresolvableImport, Level::Dangerous, None, |show| {
                    format!("imports {} from {}, names made while loading", show.one(name), show.one(module))
                });
            }
            Action::Call { how, callee, args, kwargs, .. } => {
                let made = self.call(index, effect.moment, how, callee, args, kwargs);
                self.note_vast(&made, effect.moment, args);
                self.facts.objects.push(made);
            }
            Action::Build { target, state } => self.build(index, effect.moment, target, state),
            Action::Append { target, count } => self.put(index, effect.moment, target, count, Use::Append),
            Action::SetItem { target, count } => self.put(index, effect.moment, target, count, Use::SetItem),
            Action::Add { target, count } => self.put(index, effect.moment, target, count, Use::Add),
            Action::Persistent { id } => {
                if let Some(answer) = answer(self.subject, id, effect.moment) {
                    // The class of a module stands in its id.
                    self.trace.claim(id);
                    self.facts.persistent.insert(index, answer);
                    return;
                }
                self.object(index, Objection::PersistentId, Level::Suspicious, None, |show| {
                    format!("asks the loader for the object {}", show.one(id))
                });
            }
            Action::Extension { code } => {
                self.object(index, Objection::ExtensionCode, Level::Suspicious, None, |_| {
                    format!("asks the extension registry for code {code}")
                });
            }
            Action::Buffer => {
                self.object(index, Objection::NeedsBuffers, Level::Incomplete, None, |_| {
                    "takes a buffer that is not in the file".to_owned()
                });
            }
            Action::View { target } => {
                let symbol = self.symbol_of(target);
                self.object(index, Objection::UnlistedUse, Level::Suspicious, symbol, |show| {
                    format!("takes a view of {}", show.one(target))
                });
            }
        }
    }

    fn import(&mut self, index: usize, value: Value) {
        let symbol = u32::try_from(value.index()).ok();
        let Some(imported) = symbol.and_then(|id| self.facts.symbols.get_mut(id as usize)) else { return };
        imported.uses |= 1 << Use::Import as u16;
        if imported.first.is_some() {
            return;
        }
        imported.first = Some(index);
        match imported.known {
            Known::Entry(_) => {}
            Known::Harmful(harm) => {
                let objection = if harm.code { Objection::CodeByValue } else { Objection::DangerousImport };
                self.object(index, objection, Level::Dangerous, symbol, |show| {
                    format!("imports {}: {}", show.one(value), harm.what)
                });
            }
            Known::Denied(item) => {
                let reason = self.facts.policy.reason(item);
                self.object(index, Objection::DeniedImport, Level::Suspicious, symbol, |show| {
                    format!("imports {}, which the policy denies: {}", show.one(value), super::show::ascii(reason))
                });
            }
            Known::Nothing => {
                self.object(index, Objection::UnlistedImport, Level::Suspicious, symbol, |show| {
                    format!("imports {}, of which nothing is known", show.one(value))
                });
            }
        }
    }

    /// The symbol in the stream that a value stands for, or is an object of.
    pub(super) fn symbol_of(&self, value: Value) -> Option<u32> {
        match value.kind() {
            Kind::Import => u32::try_from(value.index()).ok(),
            Kind::Object => self.facts.made(value)?.symbol,
            Kind::Persistent => self.symbol_of(self.facts.class(value)?),
            _ => None,
        }
    }

    fn call(
        &mut self,
        index: usize,
        moment: Moment,
        how: Opcode,
        callee: Value,
        args: Value,
        kwargs: Option<Value>,
    ) -> Made {
        let symbol = self.symbol_of(callee);
        let unknown = Made { nature: Nature::Unknown, class: None, by: None, symbol, built: false };
        let usual = if matches!(how, Opcode::NewObj | Opcode::NewObjEx) { Use::New } else { Use::Call };
        let Some(id) = self.facts.symbol_entry(callee) else {
            self.used(symbol, usual);
            let nature = self.facts.made(callee).map(|made| made.nature);
            if let Some(Nature::DType(_) | Nature::Array(_) | Nature::Bytes(_) | Nature::ByteArray(_)) = nature {
                self.refused.get_or_insert(index);
            }
            match self.facts.symbol(callee).map(|imported| imported.known) {
                Some(Known::Harmful(harm)) => {
                    let objection = if harm.code { Objection::CodeByValue } else { Objection::DangerousCall };
                    self.object(index, objection, Level::Dangerous, symbol, |show| {
                        let told = if harm.code { code::describe(show, args) } else { None };
                        let told = told.map(|told| format!(" ({told})")).unwrap_or_default();
                        format!("{}: {}{told}", show.call(&show.one(callee), args), harm.what)
                    });
                }
                Some(_) => self.object(index, Objection::UnlistedUse, Level::Suspicious, symbol, |show| {
                    format!("calls {}", show.call(&show.one(callee), args))
                }),
                None if self.makes_code(symbol) => {
                    self.object(index, Objection::CodeByValue, Level::Dangerous, symbol, |show| {
                        let told = code::describe(show, args);
                        let told = told.map(|told| format!(" ({told})")).unwrap_or_default();
                        format!("makes code from {}{told}", show.call(&show.one(callee), args))
                    });
                }
                None => self.object(index, Objection::CallTarget, Level::Suspicious, symbol, |show| {
                    format!("calls {}, which is not a name that the file imports", show.call(&show.one(callee), args))
                }),
            }
            return unknown;
        };
        let Some(entry) = self.facts.entry_of(id).cloned() else { return unknown };
        let no_arguments = args.kind() == Kind::Tuple && self.ast().is_empty(args);
        let (signature, how) = match how {
            Opcode::NewObj | Opcode::NewObjEx => (&entry.new, Use::New),
            // Without arguments these two leave `__init__` out, for a class.
            Opcode::Obj | Opcode::Inst if no_arguments && entry.new.is_some() => (&entry.new, Use::New),
            _ if entry.init.is_some() => (&entry.init, Use::Init),
            _ if entry.call.is_some() => (&entry.call, Use::Call),
            _ => (&None, Use::Call),
        };
        self.used(symbol, how);
        let Some(signature) = signature else {
            if let Some(shape) = entry.refuses.as_ref().filter(|_| how == Use::New) {
                let Judge { subject, facts, trace, .. } = self;
                if (Matcher { subject: *subject, facts, trace, moment, target: None }).fits(shape, args) {
                    self.refused.get_or_insert(index);
                }
            }
            let word = if how == Use::New { "be instantiated" } else { "be called" };
            self.object(index, Objection::UnlistedUse, Level::Suspicious, symbol, |show| {
                format!("{} is not known to {word}", show.call(&show.one(callee), args))
            });
            return unknown;
        };
        if !self.arguments(index, moment, symbol, signature, args, kwargs) {
            return unknown;
        }
        if entry.native && entry.build.is_none() {
            self.object(index, Objection::OpaqueNative, Level::Note, symbol, |show| {
                format!("the arguments of {} are read by native code", show.one(callee))
            });
        }
        self.answer(index, moment, id, symbol, signature.answer, args)
    }

    /// Whether a symbol makes code: what a call of it answers is called in turn (`_builtin_type('CodeType')`).
    fn makes_code(&self, symbol: Option<u32>) -> bool {
        let known = symbol.and_then(|id| self.facts.symbols.get(id as usize)).map(|imported| imported.known);
        matches!(known, Some(Known::Harmful(harm)) if harm.code)
    }

    fn arguments(
        &mut self,
        index: usize,
        moment: Moment,
        symbol: Option<u32>,
        signature: &Signature<'_>,
        args: Value,
        kwargs: Option<Value>,
    ) -> bool {
        let no_keywords = Shape::Dict(Vec::new(), None);
        let keywords = signature.kwargs.as_ref().unwrap_or(&no_keywords);
        let fits = self.check(index, moment, None, symbol, "arguments", &signature.args, args);
        fits && kwargs.is_none_or(|given| self.check(index, moment, None, symbol, "keywords", keywords, given))
    }

    /// Matches a value now, and as it became where it changed; objects where it does not fit.
    #[allow(clippy::too_many_arguments, reason = "one call site for each kind of effect")]
    pub(super) fn check(
        &mut self,
        index: usize,
        moment: Moment,
        target: Option<Value>,
        symbol: Option<u32>,
        what: &str,
        shape: &Shape<'_>,
        value: Value,
    ) -> bool {
        self.trace.clear();
        self.trace.effect = u32::try_from(index).unwrap_or(u32::MAX);
        let fits = |judge: &mut Self, moment| {
            let Judge { subject, facts, trace, .. } = judge;
            Matcher { subject: *subject, facts, trace, moment, target }.fits(shape, value)
        };
        let now = fits(self, moment);
        let (mut good, mut later) = (now, false);
        if now && self.trace.changed {
            good = fits(self, Moment::END);
            later = !good;
        }
        if good {
            return true;
        }
        // What stands in it is told with this, not once more as a callable among data.
        if value.kind().is_container() {
            self.trace.claim(value);
        }
        let path: Vec<Step> = std::mem::take(&mut self.trace.path);
        let (misfit, reason) = (self.trace.misfit.take(), self.trace.reason.take());
        let exhausted = self.trace.is_spent();
        let (objection, level) = match (self.trace.forged, exhausted) {
            (_, true) => (Objection::LoadCost, Level::Suspicious),
            (Some(forged), _) => (forged, Level::Dangerous),
            _ => (Objection::ArgumentShape, Level::Suspicious),
        };
        self.object(index, objection, level, symbol, |show| {
            if exhausted {
                return "the same values are used so often that judging them takes too long".to_owned();
            }
            let owner = symbol.and_then(|id| show.facts.symbols.get(id as usize));
            let owner = owner.map(|owner| super::show::plain(&owner.resolved) + ", ").unwrap_or_default();
            let place = owner + &show.path(what, &path);
            let changed = if later { ", as it is changed later" } else { "" };
            let reason = reason.map(|reason| format!(": {}", super::show::ascii(&reason))).unwrap_or_default();
            match misfit {
                Some(misfit) => format!("{place}: {} is not expected here{changed}{reason}", show.one(misfit)),
                None => format!("{place}: not as expected{changed}{reason}"),
            }
        });
        false
    }

    /// What a rule has found out, stored.
    pub(super) fn learned(&mut self, otherwise: Nature) -> Nature {
        match self.trace.learned.take() {
            Some(Learned::DType(dtype)) => {
                let number = u32::try_from(self.facts.dtypes.len()).ok();
                self.facts.dtypes.push(dtype);
                Nature::DType(number)
            }
            Some(Learned::Array(layout)) => {
                let number = u32::try_from(self.facts.arrays.len()).ok();
                self.facts.arrays.push(layout);
                Nature::Array(number)
            }
            None => otherwise,
        }
    }

    fn build(&mut self, index: usize, moment: Moment, target: Value, state: Value) {
        let symbol = self.symbol_of(target);
        self.used(symbol, Use::Build);
        let Some(made) = self.facts.made(target).copied() else {
            return self.foreign_target(index, target, symbol, "gives a state to");
        };
        match made.nature {
            // Its call is a finding already.
            Nature::Unknown => return,
            Nature::Fresh | Nature::DType(_) | Nature::Array(_) => {}
            _ => return self.foreign_target(index, target, symbol, "gives a state to"),
        }
        if made.built {
            self.object(index, Objection::BuiltTwice, Level::Dangerous, symbol, |show| {
                format!("gives {} a second state", show.one(target))
            });
            return;
        }
        let entry = made.class.and_then(|id| self.facts.entry_of(id)).cloned();
        let Some(entry) = entry.filter(|entry| entry.build.is_some() || entry.slots.is_some()) else {
            self.object(index, Objection::UnlistedUse, Level::Suspicious, symbol, |show| {
                format!("{} is not known to take a state", show.one(target))
            });
            return;
        };
        if self.state(index, moment, target, symbol, &entry, state) {
            let mut later = std::mem::take(&mut self.trace.later);
            later.dedup();
            for (later, value) in later {
                let level = later.level(&self.facts, value);
                self.object(index, Objection::UseTime, level, symbol, |show| {
                    format!("{} {}", show.one(value), later.what())
                });
            }
            let nature = self.learned(made.nature);
            if let Some(made) = self.facts.objects.get_mut(target.index()) {
                made.nature = nature;
                made.built = true;
            }
            if entry.native {
                self.object(index, Objection::OpaqueNative, Level::Note, symbol, |show| {
                    format!("the state of {} is read by native code", show.one(target))
                });
            }
        } else if let Some(made) = self.facts.objects.get_mut(target.index()) {
            made.built = true;
        }
    }

    fn state(
        &mut self,
        index: usize,
        moment: Moment,
        target: Value,
        symbol: Option<u32>,
        entry: &Entry<'_>,
        state: Value,
    ) -> bool {
        let mut halves = self.ast().items(state, moment);
        if let (Some(shape), Kind::Tuple) = (&entry.slots, state.kind())
            && let (Some(first), Some(slots), None) = (halves.next(), halves.next(), halves.next())
        {
            self.used(symbol, Use::Slots);
            let nothing = first.kind() == Kind::None;
            let empty = Shape::Dict(Vec::new(), None);
            let build = entry.build.as_ref().unwrap_or(&empty);
            return (nothing || self.check(index, moment, Some(target), symbol, "state", build, first))
                && self.check(index, moment, Some(target), symbol, "slots", shape, slots);
        }
        match &entry.build {
            Some(shape) => self.check(index, moment, Some(target), symbol, "state", shape, state),
            None => {
                self.object(index, Objection::UnlistedUse, Level::Suspicious, symbol, |show| {
                    format!("{} is not known to take a state", show.one(target))
                });
                false
            }
        }
    }

    fn foreign_target(&mut self, index: usize, target: Value, symbol: Option<u32>, what: &str) {
        let level = match target.kind() {
            // These are findings of their own already.
            Kind::Persistent | Kind::Extension | Kind::Opaque | Kind::Buffer => return,
            Kind::Import | Kind::Object => Level::Dangerous,
            _ => Level::Suspicious,
        };
        self.object(index, Objection::MutationTarget, level, symbol, |show| {
            format!("{what} {}, which is not a new object of this file", show.one(target))
        });
    }

    fn put(&mut self, index: usize, moment: Moment, target: Value, count: u32, how: Use) {
        let symbol = self.symbol_of(target);
        self.used(symbol, how);
        let Some(made) = self.facts.made(target).copied() else {
            return self.foreign_target(index, target, symbol, "puts items into");
        };
        match made.nature {
            Nature::Unknown => return,
            Nature::Fresh => {}
            _ => return self.foreign_target(index, target, symbol, "puts items into"),
        }
        let entry = made.class.and_then(|id| self.facts.entry_of(id)).cloned().unwrap_or_default();
        let pair = match how {
            Use::SetItem => entry.setitem.as_ref().map(|(key, value)| (key, value)),
            Use::Add => entry.add.as_ref().map(|item| (item, item)),
            _ => entry.append.as_ref().map(|item| (item, item)),
        };
        let Some((key, value)) = pair else {
            self.object(index, Objection::UnlistedUse, Level::Suspicious, symbol, |show| {
                format!("{} is not known to take items this way", show.one(target))
            });
            return;
        };
        let ast = self.ast();
        for (at, &item) in ast.added(moment, count as usize).iter().enumerate() {
            let shape = if at.is_multiple_of(2) { key } else { value };
            if !self.check(index, moment, Some(target), symbol, "an item", shape, item) {
                return;
            }
        }
    }
}

/// What a loader answers for a persistent id.
fn answer(subject: Subject<'_>, id: Value, moment: Moment) -> Option<Answered> {
    let (view, readers) = (subject.view(), subject.reading.readers);
    if readers.contains(Reader::Skops) {
        return skops::part(view, id).map(|part| Answered::Bytes(part.len));
    }
    if readers.contains(Reader::TorchTar) {
        let tensor = torch_tar::key(view, id).map(|_| Answered::Tensor);
        return tensor.or_else(|| torch_tar::class(view, id, moment).map(Answered::Class));
    }
    if !readers.contains(Reader::Torch) {
        return None;
    }
    let storage = torch::storage(view, id, moment).map(Answered::Storage);
    storage.or_else(|| torch::class(view, id, moment).map(Answered::Class))
}
