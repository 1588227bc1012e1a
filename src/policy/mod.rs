//! The policy: what a file may import, and what it may do with it. The only place that decides.
//!
//! Deny by default. An entry names one symbol and the uses it permits; the tables are data. [`judge`] looks at one
//! reading and answers one [`Judgement`] for each effect that is not simply allowed, and one decision for each symbol.
//!
//! `table` finds a paragraph, `entry` and `shape` read it, `matcher` compares, `judging` goes through the effects,
//! `answers` knows what calls make, `data`
//! looks at what no single effect shows, `explain` knows what dangerous names would do.
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
mod data;
mod entry;
mod explain;
mod facts;
mod judging;
mod matcher;
mod numpy;
mod shape;
mod show;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod torch;

use crate::finding::{Decision, Level};
use crate::loader::Subject;

/// The entries in force: the built-in tables.
#[derive(Clone, Debug, Default)]
pub struct Policy {}

impl Policy {
    /// The built-in policy.
    pub fn builtin() -> Self {
        Self::default()
    }
}

/// The top-level modules of all that the built-in tables allow; most of them many times.
pub fn roots() -> impl Iterator<Item = &'static str> {
    let keys = table::ENTRIES.iter().flat_map(table::Table::paragraphs).map(|paragraph| paragraph.key);
    keys.filter_map(|key| key.split('.').next())
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
    pub entry: Option<&'static str>,
    /// What is done with it, in the words of the report.
    pub uses: Vec<&'static str>,
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
}

/// Judges every effect of a reading.
pub fn judge(subject: Subject<'_>, _policy: &Policy) -> Judged {
    judging::Judge::new(subject).run()
}
