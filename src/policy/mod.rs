//! The policy: what a file may import, and what it may do with it. The only place that decides.
//!
//! Deny by default. An entry names one symbol and the uses it permits; the tables are data. [`judge`] looks at one
//! reading and answers one [`Judgement`] for each effect that is not simply allowed, and one decision for each symbol.
//!
//! `table` finds a paragraph, `entry` and `shape` read it, `matcher` compares, `judging` goes through the effects,
//! `answers` knows what calls make, `data`
//! looks at what no single effect shows, `explain` knows what dangerous names would do, `code` what code in the file is,
//! `later` what acts only when the object is used; `hashes` finds keys that collide, `depth` what lies too deep, `nodes`
//! trees that point astray, `sparse` tensors made of others, `vast` ranges that nobody may write out. `user` reads a user's policy, `in_force` is what of
//! all that holds for one file.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects))]

mod answers;
mod code;
mod data;
mod depth;
mod describe;
mod dtypes;
mod entry;
mod explain;
mod facts;
mod formula;
mod hashes;
mod in_force;
mod judging;
mod later;
mod learn;
mod matcher;
mod nodes;
mod numpy;
mod relied;
mod shape;
mod show;
mod sparse;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod torch;
pub mod user;
mod vast;

pub use describe::{Description, Status, describe};
pub use in_force::InForce;
pub use learn::Observations;
pub use relied::{Relied, Uses};

use crate::finding::{Decision, Level, Verdict};
use crate::limits::Limits;
use crate::loader::Subject;
use crate::loader::indices::Demand;
use std::collections::BTreeSet;
use std::sync::Arc;
use user::{Context, Note, Problem, User, What};

/// The built-in tables, and the user's policy if there is one.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    user: Option<Arc<User>>,
}

impl Policy {
    /// The built-in policy.
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The built-in policy and that of a user; `None` where the file has no such section.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn parse(text: &str, context: &Context<'_>) -> Result<Option<Self>, Vec<Problem>> {
        user::read(text, context).map(|user| user.map(|user| Self { user: Some(Arc::new(user)) }))
    }

    /// What is in force for a file of this path, as given. Its SHA-256 and those of its companions, in lower-case
    /// hexadecimal, are asked for only where an item of the policy is pinned to some; all have to be among them.
    pub fn for_file(&self, name: &str, digests: impl FnOnce() -> Vec<String>) -> InForce<'_> {
        self.user.as_deref().map_or_else(InForce::default, |user| InForce::of(user, name, digests))
    }

    /// What is in force for some file or other: every item that has not expired. To explain with, not to judge with.
    pub fn everywhere(&self) -> InForce<'_> {
        self.user.as_deref().map_or_else(InForce::default, InForce::everywhere)
    }

    /// The least verdict that fails a file of this path, where the policy says one; the last item that does holds.
    pub fn fail_on(&self, name: &str) -> Option<Verdict> {
        self.paths(name).filter_map(|rules| rules.fail_on).last()
    }

    /// The limits of a file of this path.
    pub fn limits(&self, name: &str, limits: &Limits) -> Limits {
        let changes = self.paths(name).flat_map(|rules| &rules.limits);
        changes.fold(limits.clone(), |limits, &(limit, value)| limits.with(limit, value))
    }

    fn paths<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p user::PathRules> {
        let items = self.user.iter().flat_map(|user| &user.items);
        items.filter_map(move |item| match &item.what {
            // Items of this kind are not pinned to a digest.
            What::Path(rules) if item.scope.applies(name, || &[]) => Some(rules),
            _ => None,
        })
    }

    /// The items that do nothing: expired, shadowed by a built-in entry and, where it is known which items had a say in
    /// a scan, those that had none.
    pub fn notes(&self, matched: Option<&BTreeSet<u32>>) -> Vec<Note> {
        self.user.as_deref().map_or_else(Vec::new, |user| user::notes(user, matched))
    }
}

/// The top-level modules of all that the built-in tables allow; some of them several times.
pub fn roots() -> impl Iterator<Item = &'static str> {
    table::ENTRIES.iter().flat_map(|table| table.roots).copied()
}

/// What is wrong with an effect; `rules` words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Objection {
    /// A symbol known to do harm is imported.
    DangerousImport,
    /// A symbol known to do harm is called.
    DangerousCall,
    /// A symbol that no entry knows is imported.
    UnlistedImport,
    /// A symbol that the user's policy denies is imported.
    DeniedImport,
    /// The name of an import is made at run time.
    UnresolvableImport,
    /// A listed symbol is used in a way that its entry does not allow.
    UnlistedUse,
    /// A listed symbol is given arguments or a state that its entry does not allow.
    ArgumentShape,
    /// What is called is not an imported name.
    CallTarget,
    /// What is built upon or mutated is not a fresh object of the stream.
    MutationTarget,
    /// An object is built twice, or after something consumed it.
    BuiltTwice,
    /// A callable stands where no entry expects one.
    CallableInData,
    /// A dtype or an array's layout is forged.
    NumpyLayout,
    /// A tensor reaches beyond its storage.
    TensorLayout,
    /// Loading costs far more than the file's size.
    LoadCost,
    /// A persistent id: the loader decides what it means.
    PersistentId,
    /// An extension code: the registry decides what it means.
    ExtensionCode,
    /// An out-of-band buffer is needed.
    NeedsBuffers,
    /// Bytes are handed to a native parser that nothing has validated.
    OpaqueNative,
    /// Code by value: a function or class whose code is in the file.
    CodeByValue,
    /// Something that harms only when the loaded object is used.
    UseTime,
}

/// What the policy says against one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The effect, counted from 0.
    pub effect: usize,
    /// What is wrong.
    pub objection: Objection,
    /// What that does to the verdict.
    pub level: Level,
    /// The symbol it is about, after name mapping and dotted resolution.
    pub symbol: String,
    /// What exactly: which argument, which key, what it would do. One line, nothing unescaped from the file.
    pub detail: String,
}

/// What the policy says of one symbol of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolDecision {
    /// The symbol, by its number in [`Ast::symbols`](crate::ast::Ast::symbols).
    pub symbol: usize,
    /// After name mapping and dotted resolution: `pkg.mod.attr`.
    pub resolved: String,
    /// The decision, over all its uses.
    pub decision: Decision,
    /// The entry that allows it, by its own symbol.
    pub entry: Option<String>,
    /// What is done with it.
    pub uses: Uses,
}

/// What the policy says of one reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// One row for each imported symbol, in order of first import.
    pub symbols: Vec<SymbolDecision>,
    /// Objections and notes, in order of effects.
    pub judgements: Vec<Judgement>,
    /// The first effect that certainly raises: a dtype, an array or bytes are called, or a class is made in a way that it
    /// always refuses. No reader reaches what comes after.
    pub refused: Option<usize>,
    /// The entries that had a say, in the order in which they were needed.
    pub entries: Vec<Relied>,
    /// The items of the user's policy that had a say.
    pub items: BTreeSet<u32>,
    /// What has to hold of numbers in storages of torch, and the effect that needs it: whoever has their bytes looks.
    pub demands: Vec<(usize, Demand)>,
}

/// Judges every effect of a reading.
pub fn judge(subject: Subject<'_>, policy: &InForce<'_>) -> Judged {
    judging::Judge::new(subject, policy).run(None)
}

/// Judges every effect of a reading, and notes what it does with symbols that only a user's policy can allow.
pub fn observe(subject: Subject<'_>, policy: &InForce<'_>, observations: &mut Observations) -> Judged {
    judging::Judge::new(subject, policy).run(Some(observations))
}
