//! `.skops`: a model as scikit-learn's friends save it without pickles (`skops.io`, protocol 2, as skops 0.16 writes it
//! and 0.11 and later read it).
//!
//! A zip archive: `schema.json` says for every object its class, its loader and what it is made of; arrays stand beside
//! it as `.npy`, sparse matrices as `.npz`, bytes as `.bin`. [`plan`] goes through a tree and writes the schema; nothing is
//! put out before all of it can be. What no rule explains is refused, with its object path. `rules` knows what pickled
//! objects of which class become; `trust` which types skops loads without being told to.

mod array;
mod json;
mod member;
mod parts;
mod record;
mod rules;
mod schema;

use super::Loss;
use super::npz::Sum;
use crate::error::Result;
use crate::model::tree::{NodeId, Tree};
use crate::output::ZipWriter;
use member::Member;
use std::fmt;
use std::io::{self, Write};

/// What a `.skops` file will be.
pub struct Plan<'t, 'o> {
    tree: &'t Tree<'o>,
    schema: String,
    members: Vec<Member>,
    untrusted: Vec<String>,
    lost: Vec<(NodeId, String)>,
}

/// Why a tree cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Object paths and reasons: the first of them.
    pub found: Vec<(String, String)>,
    /// How many there are.
    pub count: usize,
}

/// How many reasons are told.
const TOLD: usize = 10;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("skops has no place for all of it")?;
        for (path, why) in &self.found {
            write!(f, "; {path}: {why}")?;
        }
        let more = self.count.saturating_sub(self.found.len());
        if more > 0 { write!(f, "; and {more} more") } else { Ok(()) }
    }
}

impl std::error::Error for Refused {}

/// Goes through a tree, and says what its `.skops` file will be.
///
/// Nothing is judged here: that a file is clean is for the caller to see to.
///
/// # Errors
/// Everything that skops has no place for, or that would come out of it changed.
pub fn plan<'t, 'o>(tree: &'t Tree<'o>) -> std::result::Result<Plan<'t, 'o>, Refused> {
    let problems = tree.problems().iter().map(|problem| (problem.node, problem.error.message().to_owned()));
    let schema = schema::Schema::of(tree);
    let mut refused: Vec<(NodeId, String)> = problems.chain(schema.refused).collect();
    if !refused.is_empty() {
        refused.sort();
        refused.dedup();
        let told = refused.iter().take(TOLD).map(|(node, why)| (tree.path(*node).to_string(), why.clone()));
        return Err(Refused { found: told.collect(), count: refused.len() });
    }
    let mut members = schema.members;
    members.sort_by_key(|member| member.place(tree));
    let untrusted = schema.untrusted.into_iter().collect();
    Ok(Plan { tree, schema: schema.json, members, untrusted, lost: schema.lost })
}

impl Plan<'_, '_> {
    /// The types that `skops.io.get_untrusted_types` will name, sorted: who loads the file has to look at them, and pass
    /// them as `trusted`.
    pub fn untrusted(&self) -> &[String] {
        &self.untrusted
    }

    /// Everything that loading will not give back.
    pub fn lost(&self) -> impl Iterator<Item = Loss> {
        let loss = |(node, why): &(NodeId, String)| Loss { path: self.tree.path(*node).to_string(), why: why.clone() };
        self.lost.iter().map(loss)
    }

    /// Writes the file. The same tree gives the same bytes. Every array is read twice: its checksum stands in front of
    /// it.
    ///
    /// # Errors
    /// Those of `out`, and what is wrong with the bytes of an array.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut payloads = self.tree.payloads();
        let mut sums = Vec::new();
        for member in &self.members {
            let mut sum = Sum::default();
            member.write(self.tree, &mut payloads, &mut sum)?;
            sums.push(sum.about());
        }
        payloads.rewind();
        let mut zip = ZipWriter::new(out);
        for (member, about) in self.members.iter().zip(sums) {
            zip.add(&member.name(), about, |out| member.write(self.tree, &mut payloads, out))?;
        }
        let mut sum = Sum::default();
        sum.write_all(self.schema.as_bytes())?;
        zip.add("schema.json", sum.about(), |out| out.write_all(self.schema.as_bytes()))?;
        zip.finish()
    }
}

/// The call that loads a file, in Python.
pub fn load_line(path: &str, untrusted: &[String]) -> String {
    let quoted = |text: &str| json::quoted(text.as_bytes());
    if untrusted.is_empty() {
        return format!("skops.io.load({})", quoted(path));
    }
    let trusted: Vec<String> = untrusted.iter().map(|name| quoted(name)).collect();
    format!("skops.io.load({}, trusted=[{}])", quoted(path), trusted.join(", "))
}

/// Takes an error of reading for one of writing.
fn broken<T>(result: Result<T>) -> io::Result<T> {
    result.map_err(io::Error::other)
}

#[cfg(test)]
mod tests;
