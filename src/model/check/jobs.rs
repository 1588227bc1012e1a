//! What is looked for in one array, or in the bytes of one model.

use super::graph::{Found, Graph};
use super::{Kind, Report, boosters, sparse};
use crate::array::Number;
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{NodeId, Payloads, Tree};
use crate::model::views::{Branches, Nodes};

/// A look at a node.
pub(super) struct Job {
    pub(super) node: NodeId,
    pub(super) what: What,
}

/// What to look for.
pub(super) enum What {
    /// The nodes of this tree, of which there are so many features and sets of categories.
    Nodes { branches: NodeId, features: Option<u64>, sets: u64 },
    /// The nodes of a KD or ball tree over so many samples.
    Runs { tree: NodeId, samples: u64 },
    /// Places among so many columns, of a matrix whose rows begin where these pointers say.
    Places { pointers: NodeId, elements: u64, columns: u64 },
    /// Numbers from 0 to below this.
    Below { limit: u64 },
    /// Counts that add up to this.
    Sum { total: u64 },
    /// Counts of which the greatest is this.
    Greatest { greatest: u64 },
    /// Numbers that are finite.
    Finite,
    /// A model of xgboost: the `Booster` that holds it.
    Xgboost { booster: NodeId },
    /// A model of lightgbm.
    Lightgbm { booster: NodeId },
}

impl What {
    /// Looks, and says what is wrong.
    ///
    /// # Errors
    /// Why it cannot be looked at.
    pub(super) fn run<'t, 'o>(
        &self,
        tree: &'t Tree<'o>,
        payloads: &mut Payloads<'t, 'o>,
        node: NodeId,
        report: &mut Report,
    ) -> Result<()> {
        let found = match *self {
            Self::Nodes { branches, features, sets } => {
                let Some(branches) = Branches::of(tree, branches) else { return Ok(()) };
                let nodes = branches.nodes(payloads)?;
                // A way that is longer than stated writes behind an array (`Tree.decision_path`).
                let depth = branches.max_depth().filter(|_| !branches.is_histogram());
                walk(&nodes, (features, sets, depth))
            }
            Self::Runs { tree: id, samples } => runs(tree, payloads, id, samples)?,
            Self::Places { pointers, elements, columns } => {
                let found = sparse::places(tree, payloads, (pointers, node), (elements, columns))?;
                if let Some((node, message)) = found {
                    report.say(node, Kind::Pointer, message);
                }
                return Ok(());
            }
            Self::Below { limit } => {
                let view = payloads.array(node)?;
                let is_out = |number: &Number| {
                    number.to_i64().and_then(|number| u64::try_from(number).ok()).is_none_or(|number| number >= limit)
                };
                let out = view.numbers()?.enumerate().find(|(_, number)| is_out(number));
                out.map_or(Ok(()), |(at, number)| Err(format!("item {at} is {}; there are {limit}", number.to_f64())))
            }
            Self::Sum { total } => counts(tree, payloads, node, |counts| {
                let sum = counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count));
                (sum != Some(total)).then(|| format!("they do not add up to {total}"))
            })?,
            Self::Greatest { greatest } => counts(tree, payloads, node, |counts| {
                (counts.iter().max() != Some(&greatest)).then(|| format!("the greatest is not {greatest}"))
            })?,
            Self::Finite => {
                let view = payloads.array(node)?;
                let odd = view.numbers()?.enumerate().find(|(_, number)| !number.to_f64().is_finite());
                if let Some((at, number)) = odd {
                    report.say(node, Kind::NotFinite, format!("item {at} is {}", number.to_f64()));
                }
                return Ok(());
            }
            Self::Xgboost { booster } => boosters::xgboost(tree, payloads, booster)?,
            Self::Lightgbm { booster } => boosters::lightgbm(tree, booster)?,
        };
        if let Err(message) = found {
            report.say(node, Kind::Pointer, message);
        }
        Ok(())
    }
}

/// Counts: an error in them is one of the model.
fn counts<'o>(
    tree: &Tree<'o>,
    payloads: &mut Payloads<'_, 'o>,
    node: NodeId,
    wrong: impl FnOnce(&[u64]) -> Option<String>,
) -> Result<Found> {
    debug_assert!(tree.array_ref(node).is_some());
    let view = payloads.array(node)?;
    let count = |number: Number| number.to_i64().and_then(|number| u64::try_from(number).ok());
    let counts: Option<Vec<u64>> = view.numbers()?.map(count).collect();
    let message = counts.map_or_else(|| Some("a count is below 0".to_owned()), |counts| wrong(&counts));
    Ok(message.map_or(Ok(()), Err))
}

/// The nodes of a decision tree: features, sets of categories, and steps that there are.
fn walk(nodes: &Nodes<'_>, (features, sets, depth): (Option<u64>, u64, Option<u64>)) -> Found {
    let mut walk = Graph::ordered(nodes.len()).walk();
    walk.root()?;
    for (at, split) in nodes.iter().enumerate() {
        let Some(split) = split else { continue };
        walk.child(at, split.left)?;
        walk.child(at, split.right)?;
        let is_below = |number: i64, limit: u64| u64::try_from(number).is_ok_and(|number| number < limit);
        if !is_below(split.feature, features.unwrap_or(i64::MAX.cast_unsigned())) {
            let limit = features.map(|features| format!("; there are {features}")).unwrap_or_default();
            return Err(format!("node {at} asks for feature {}{limit}", split.feature));
        }
        if let Some(set) = split.bitset.filter(|&set| !is_below(set, sets)) {
            return Err(format!("node {at} asks for set {set} of categories; there are {sets}"));
        }
    }
    match depth {
        Some(depth) if u64::from(walk.deepest()) > depth => {
            Err(format!("a leaf is {} steps from the root; by max_depth it is at most {depth}", walk.deepest()))
        }
        _ => Ok(()),
    }
}

/// The nodes of a KD or ball tree: each holds a run of the samples, and those without children are leaves.
fn runs<'o>(tree: &Tree<'o>, payloads: &mut Payloads<'_, 'o>, id: NodeId, samples: u64) -> Result<Found> {
    let unsupported = || Error::new(ErrorKind::Unsupported, "the nodes of the tree have other fields");
    let view = crate::model::views::Neighbors::of(tree, id).ok_or_else(unsupported)?;
    let rows = view.nodes(payloads)?;
    let column = |name: &str| rows.column(name).ok_or_else(unsupported);
    let (start, end, leaf) = (column("idx_start")?, column("idx_end")?, column("is_leaf")?);
    if rows.is_empty() {
        return Ok(Err("there are no nodes".to_owned()));
    }
    for at in 0..rows.len() {
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let run = (number(start.int(at)), number(end.int(at)));
        if !matches!(run, (Some(start), Some(end)) if start <= end && end <= samples) {
            let (start, end) = (start.int(at).unwrap_or(-1), end.int(at).unwrap_or(-1));
            return Ok(Err(format!("node {at} holds the samples from {start} to {end}; there are {samples}")));
        }
        let has_children = at.checked_mul(2).and_then(|twice| twice.checked_add(2)).is_some_and(|at| at < rows.len());
        if !has_children && leaf.int(at) == Some(0) {
            return Ok(Err(format!("node {at} is no leaf, and its children would stand behind the last node")));
        }
    }
    Ok(Ok(()))
}
