//! What no single effect shows: callables among data, keys, objects that are used before they are complete, cost.

use super::facts::Nature;
use super::judging::{Judge, Use};
use super::matcher::Matcher;
use super::{Objection, depth, hashes, show};
use crate::ast::{Ast, Kind, KindSet, Moment, Value};
use crate::finding::Level;
use crate::machine::{Action, Effect};

/// Hashing a key that stands for more values than this takes noticeable time.
const MAX_KEY: u32 = 1_000_000;

/// CPython reads a decimal text in the square of its length, before 3.11 of any length.
const MAX_DIGITS: u64 = 100_000;

/// What memory a memo may take whatever the file's size, and for each byte of it.
const MEMO_FLOOR: u64 = 64 << 20;
const MEMO_FACTOR: u64 = 64;
/// What the C engine allocates for an index: it doubles what it needs.
const MEMO_ENTRY: u64 = 16;

/// Judges a reading as a whole, after its effects.
pub(super) fn judge(judge: &mut Judge<'_>) {
    callables(judge);
    keys(judge);
    unfinished(judge);
    cost(judge);
    hashes::judge(judge);
    depth::judge(judge);
}

/// Every container that holds a callable has to be one that a shape looked into and expects it in, or plain data of
/// the file itself; there only callables that anyone may call stand.
fn callables(judge: &mut Judge<'_>) {
    let ast = judge.ast();
    let mut holders: Vec<Value> = ast.import_holders().to_vec();
    let wraps = |judge: &Judge<'_>, value| {
        value_is_object(value) && (judge.facts.is_callable(value) || judge.facts.is_vast(value))
    };
    let any_object = !judge.facts.vast.is_empty()
        || judge.facts.objects.iter().any(|made| {
            made.nature == Nature::Symbol
                || made.class.and_then(|id| judge.facts.entry_of(id)).is_some_and(|entry| entry.wraps)
        });
    if any_object {
        let objects = KindSet::of(Kind::Object);
        let holds = |container: &Value| {
            !ast.kinds(*container).is_disjoint(objects)
                && ast.items(*container, Moment::END).any(|item| wraps(judge, item))
        };
        holders.extend(ast.containers().filter(holds));
    }
    holders.retain(|&holder| !judge.trace.is_claimed(holder));
    let root = judge.subject.reading.root;
    if let Some(root) = root
        && judge.facts.is_callable(root)
        && !judge.facts.is_plain(root)
    {
        misplaced(judge, root);
    }
    if holders.is_empty() {
        return;
    }
    let open = open_containers(judge, ast, root);
    for holder in holders {
        let is_open = open.get(holder.index()).copied().unwrap_or(false);
        for item in ast.items(holder, Moment::END) {
            let is_callable = judge.facts.is_callable(item) && !(is_open && judge.facts.is_plain(item));
            if is_callable || (judge.facts.is_vast(item) && !is_open) {
                misplaced(judge, item);
            }
        }
    }
}

fn value_is_object(value: Value) -> bool {
    value.kind() == Kind::Object
}

fn misplaced(judge: &mut Judge<'_>, callable: Value) {
    let symbol = judge.symbol_of(callable);
    // What no entry knows is a finding of its own already.
    if callable.kind() == Kind::Import && judge.facts.symbol_entry(callable).is_none() {
        return;
    }
    let first = symbol.and_then(|id| judge.facts.symbols.get(id as usize)).and_then(|imported| imported.first);
    // Where a stream breaks off, what was to take the callable may be missing.
    let level = if judge.subject.reading.error.is_some() { Level::Incomplete } else { Level::Suspicious };
    if judge.facts.is_vast(callable) {
        judge.object(first.unwrap_or(0), Objection::LoadCost, level, symbol, |show| {
            format!(
                "{} stands for more values than memory holds, where a library may write them out",
                show.one(callable)
            )
        });
        return;
    }
    judge.object(first.unwrap_or(0), Objection::CallableInData, level, symbol, |show| {
        format!("{} stands where no callable is expected", show.one(callable))
    });
}

/// Which containers, by their number, are plain data: they are reached from the root, or from where a shape says
/// `data`, through nothing but containers.
fn open_containers(judge: &Judge<'_>, ast: &Ast, root: Option<Value>) -> Vec<bool> {
    let mut open = vec![false; ast.container_count()];
    let mut next: Vec<Value> = judge.trace.open.clone();
    next.extend(root);
    while let Some(value) = next.pop() {
        let container = match value.kind() {
            Kind::Object => {
                let class = judge.facts.class_of(value);
                let takes = class.is_some_and(|entry| entry.setitem.is_some() || entry.append.is_some());
                ast.object_of(value).and_then(|object| object.items).filter(|_| takes)
            }
            kind if kind.is_container() => Some(value),
            _ => None,
        };
        let Some(container) = container else { continue };
        match open.get_mut(container.index()) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        next.extend(ast.items(container, Moment::END).filter(|item| !item.kind().is_literal()));
    }
    open
}

/// Keys run their own hash and comparison.
fn keys(judge: &mut Judge<'_>) {
    let ast = judge.ast();
    let given: Vec<(Value, u32)> =
        judge.trace.keys.iter().map(|&(key, effect)| (key, effect.saturating_add(1))).collect();
    for &(key, effects) in ast.noted_keys().iter().chain(&given) {
        if ast.expanded(key) > MAX_KEY {
            let effect = (effects as usize).saturating_sub(1);
            judge.object(effect, Objection::LoadCost, Level::Suspicious, None, |_| {
                format!("hashing one key takes more than {MAX_KEY} steps")
            });
            continue;
        }
        let mut parts = vec![key];
        while let Some(part) = parts.pop() {
            if !judge.trace.walk(1) {
                let detail = "keys are shared so often that judging them takes too long";
                judge.object(effects as usize, Objection::LoadCost, Level::Suspicious, None, |_| detail.to_owned());
                return;
            }
            if matches!(part.kind(), Kind::Tuple | Kind::FrozenSet) {
                let object =
                    KindSet::of(Kind::Object).union(KindSet::of(Kind::Tuple)).union(KindSet::of(Kind::FrozenSet));
                if !ast.kinds(part).is_disjoint(object) {
                    parts.extend(ast.items(part, Moment::END));
                }
                continue;
            }
            if part.kind() != Kind::Object {
                continue;
            }
            let symbol = judge.symbol_of(part);
            judge.used(symbol, Use::Key);
            let Judge { subject, facts, trace, .. } = judge;
            let matcher = Matcher { subject: *subject, facts, trace, moment: Moment::END, target: None };
            if !matcher.is_keyable(part) {
                let effect = (effects as usize).saturating_sub(1);
                judge.object(effect, Objection::UnlistedUse, Level::Suspicious, symbol, |show| {
                    format!("{} is not known to be a key", show.one(part))
                });
            }
        }
    }
}

/// An object that waits for its state must not be held by anything yet, unless its class says it may.
fn unfinished(judge: &mut Judge<'_>) {
    let ast = judge.ast();
    let mut told: Vec<bool> = Vec::new();
    for (moment, value) in ast.taken_objects() {
        let Some(build) = ast.object_of(value).and_then(|object| object.build) else { continue };
        let Some(effect) = judge.subject.reading.effects.get(build as usize) else { continue };
        if effect.moment <= moment || told.get(value.index()).copied().unwrap_or(false) {
            continue;
        }
        let Some(made) = judge.facts.made(value).copied() else { continue };
        let recursive = made.class.and_then(|id| judge.facts.entry_of(id)).is_some_and(|entry| entry.recursive);
        if recursive || made.nature == Nature::Unknown || stands_in_its_own_data(judge, value, effect, moment) {
            continue;
        }
        told.resize(told.len().max(value.index().saturating_add(1)), false);
        if let Some(told) = told.get_mut(value.index()) {
            *told = true;
        }
        let level = match made.nature {
            Nature::DType(_) | Nature::Array(_) => Level::Dangerous,
            _ => Level::Suspicious,
        };
        judge.object(build as usize, Objection::BuiltTwice, level, made.symbol, |show| {
            format!("gives {} its state after something has used it", show.one(value))
        });
    }
}

/// Whether all that took in an object before its BUILD at `effect`, the first time at `first`, is the list of its own
/// data: an array of objects that holds itself.
fn stands_in_its_own_data(judge: &mut Judge<'_>, value: Value, effect: &Effect, first: Moment) -> bool {
    let ast = judge.ast();
    let Action::Build { state, .. } = effect.action else { return false };
    let Some(data) = ast.items(state, effect.moment).last().filter(|data| data.kind() == Kind::List) else {
        return false;
    };
    if !judge.trace.walk(ast.len(data) as u64) {
        return false;
    }
    let itself = ast.items(data, effect.moment).filter(|&item| item == value).count();
    let mut taken = 0_usize;
    for item in ast.taken_objects_between(first, effect.moment) {
        if !judge.trace.walk(1) {
            return false;
        }
        taken = taken.saturating_add(usize::from(item == value));
    }
    itself > 0 && taken == itself
}

/// What loading allocates or computes far beyond the size of the file.
fn cost(judge: &mut Judge<'_>) {
    let reading = judge.subject.reading;
    let (cost, at) = reading.costliest_key;
    if cost > MAX_KEY {
        let effect = before(judge, at);
        judge.object(effect, Objection::LoadCost, Level::Suspicious, None, |_| {
            format!("hashing one key takes more than {MAX_KEY} steps")
        });
    }
    let (digits, at) = reading.longest_number;
    if digits > MAX_DIGITS {
        let effect = before(judge, at);
        judge.object(effect, Objection::LoadCost, Level::Suspicious, None, |_| {
            show::plain(&format!("a number of {digits} digits takes the square of its length to read"))
        });
    }
    let (index, at) = reading.highest_index;
    let len = judge.subject.source.bytes.len() as u64;
    let allowed = len.saturating_mul(MEMO_FACTOR).saturating_add(MEMO_FLOOR);
    if index.saturating_mul(MEMO_ENTRY) > allowed {
        let effect = before(judge, at);
        judge.object(effect, Objection::LoadCost, Level::Suspicious, None, |_| {
            show::plain(&format!("the memo index {index} makes the loader allocate memory for all below it"))
        });
    }
}

/// The last effect before a position, or the first.
fn before(judge: &Judge<'_>, at: usize) -> usize {
    judge.subject.reading.effects.partition_point(|effect| effect.at <= at).saturating_sub(1)
}
