//! The trees of LightGBM and XGBoost, as their own readers lay them out.

use super::graph::{Found, Graph};
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{NodeId, Payloads, Tree};
use crate::model::views::lightgbm::Block;
use crate::model::views::xgboost::RegTree;
use crate::model::views::{lightgbm as text, xgboost as document};

/// A model of lightgbm.
///
/// # Errors
/// Where its text is not one that is understood.
pub(super) fn lightgbm(tree: &Tree<'_>, booster: NodeId) -> Result<Found> {
    let Some(text) = text::text(tree, booster) else { return Ok(Ok(())) };
    // A `Booster` that was never trained holds no model.
    let model = text::Model::read(text)?;
    let features = model.header.number::<u64>("max_feature_idx").and_then(|greatest| greatest.checked_add(1));
    let features =
        features.ok_or_else(|| Error::new(ErrorKind::Malformed, "the model does not say how many features it has"))?;
    for (number, block) in model.trees.iter().enumerate() {
        if let Err(message) = leaves(block, features) {
            return Ok(Err(format!("tree {number}: {message}")));
        }
    }
    Ok(Ok(()))
}

/// One tree of lightgbm (`Tree::Tree(const char*, ...)`, `Tree::Predict`): `num_leaves - 1` nodes, whose children are
/// nodes, or leaves as `-leaf - 1`.
fn leaves(block: &Block<'_>, features: u64) -> Found {
    let ints =
        |name: &str| block.numbers::<i64>(name).ok_or_else(|| format!("{name} holds something that is no integer"));
    let leaves = block.number::<u32>("num_leaves").filter(|&leaves| leaves > 0);
    let leaves = leaves.ok_or("it has no leaves")? as usize;
    let nodes = leaves.saturating_sub(1);
    let all = |name: &str, len: usize, there: usize| {
        (there == len).then_some(()).ok_or_else(|| format!("{name} has {there} items, not {len}"))
    };
    let values = block.get("leaf_value").unwrap_or_default().split_ascii_whitespace().count();
    all("leaf_value", leaves, values)?;
    if nodes == 0 {
        return Ok(());
    }
    let (left, right) = (ints("left_child")?, ints("right_child")?);
    let (feature, kind) = (ints("split_feature")?, ints("decision_type")?);
    let thresholds = block.numbers::<f64>("threshold").ok_or("threshold holds something that is no number")?;
    for (name, len) in [("left_child", left.len()), ("right_child", right.len()), ("split_feature", feature.len())] {
        all(name, nodes, len)?;
    }
    all("threshold", nodes, thresholds.len())?;
    // Models of version 2 may lack it.
    if block.get("decision_type").is_some() {
        all("decision_type", nodes, kind.len())?;
    }
    let sets = sets(block)?;
    // Leaves stand behind the nodes here.
    let mut walk = Graph::unordered(nodes.saturating_add(leaves)).walk();
    for (at, (&left, &right)) in left.iter().zip(&right).enumerate() {
        for child in [left, right] {
            let (kind, number, there) = if child < 0 { ("leaf", !child, leaves) } else { ("child", child, nodes) };
            let index = usize::try_from(number).ok().filter(|&index| index < there);
            let index = index.ok_or_else(|| format!("node {at} has the {kind} {number}; there are {there}"))?;
            let place = if child < 0 { nodes.saturating_add(index) } else { index };
            walk.child(at, i64::try_from(place).unwrap_or(i64::MAX))?;
        }
    }
    walk.root()?;
    for (at, &feature) in feature.iter().enumerate() {
        if u64::try_from(feature).ok().is_none_or(|feature| feature >= features) {
            return Err(format!("node {at} asks for feature {feature}; there are {features}"));
        }
    }
    // The first bit of a kind says that the threshold is the number of a set of categories.
    for (at, (kind, &threshold)) in kind.iter().zip(&thresholds).enumerate() {
        let is_set = threshold >= 0.0 && threshold < f64::from(sets) && threshold.fract() == 0.0;
        if kind & 1 == 1 && !is_set {
            return Err(format!("node {at} asks for set {threshold} of categories; there are {sets}"));
        }
    }
    Ok(())
}

/// How many sets of categories a tree of lightgbm has: their bounds rise, and end where the words end.
fn sets(block: &Block<'_>) -> std::result::Result<u32, String> {
    let sets = block.number::<u32>("num_cat").unwrap_or(0);
    if sets == 0 {
        return Ok(0);
    }
    let bounds = block.numbers::<u64>("cat_boundaries").ok_or("cat_boundaries holds something that is no integer")?;
    let words = block.numbers::<u32>("cat_threshold").ok_or("cat_threshold holds something that is no integer")?;
    let is_whole = bounds.len() as u64 == u64::from(sets).saturating_add(1)
        && bounds.first() == Some(&0)
        && bounds.last() == Some(&(words.len() as u64))
        && bounds.is_sorted();
    is_whole.then_some(sets).ok_or_else(|| "the bounds of its sets of categories do not fit".to_owned())
}

/// A model of xgboost.
///
/// # Errors
/// Where its bytes are of a form that is not known.
pub(super) fn xgboost<'t>(tree: &'t Tree<'_>, payloads: &mut Payloads<'t, '_>, booster: NodeId) -> Result<Found> {
    let bytes = document::bytes(tree, payloads, booster)?;
    let model = document::Model::read(&bytes)?;
    let Some(ensemble) = model.ensemble() else { return Ok(Ok(())) };
    let features = model.n_features().and_then(|features| u64::try_from(features).ok());
    let features =
        features.ok_or_else(|| Error::new(ErrorKind::Malformed, "the model does not say how many features it has"))?;
    let mut trees = 0_usize;
    for tree in model.trees() {
        if let Err(message) = nodes(&tree, features) {
            return Ok(Err(format!("tree {trees}: {message}")));
        }
        trees = trees.saturating_add(1);
    }
    let groups = ensemble.get("tree_info").and_then(super::super::views::Document::ints).unwrap_or_default();
    if groups.len() != trees {
        return Ok(Err(format!("tree_info has {} items, not {trees}", groups.len())));
    }
    Ok(Ok(()))
}

/// One tree of xgboost (`RegTree::LoadModel`): nodes that were pruned stand between the others, so that a child may stand
/// before its parent.
fn nodes(tree: &RegTree<'_, '_>, features: u64) -> Found {
    let count =
        tree.n_nodes().and_then(|count| usize::try_from(count).ok()).ok_or("it does not say how many nodes it has")?;
    let ints = |name: &str| {
        let list = tree.ints(name).ok_or_else(|| format!("{name} is no list of integers"))?;
        if list.len() == count { Ok(list) } else { Err(format!("{name} has {} items, not {count}", list.len())) }
    };
    let (left, right, feature) = (ints("left_children")?, ints("right_children")?, ints("split_indices")?);
    let conditions = tree.reals("split_conditions").map_or(0, |list| list.len());
    if conditions != count {
        return Err(format!("split_conditions has {conditions} items, not {count}"));
    }
    let mut walk = Graph::unordered(count).walk();
    for (at, ((&left, &right), &feature)) in left.iter().zip(&right).zip(&feature).enumerate() {
        // A leaf, or a node that was pruned: `RegTree::Node::IsLeaf`.
        if left == -1 {
            continue;
        }
        walk.child(at, left)?;
        walk.child(at, right)?;
        if u64::try_from(feature).ok().is_none_or(|feature| feature >= features) {
            return Err(format!("node {at} asks for feature {feature}; there are {features}"));
        }
    }
    walk.root()?;
    categories(tree, count)
}

/// The sets of categories of a tree of xgboost: runs of one list, each for a node.
fn categories(tree: &RegTree<'_, '_>, nodes: usize) -> Found {
    let list = |name: &str| tree.ints(name).unwrap_or_default();
    let (of, starts, sizes) = (list("categories_nodes"), list("categories_segments"), list("categories_sizes"));
    let words = list("categories").len();
    if of.len() != starts.len() || of.len() != sizes.len() {
        return Err("the lists of its sets of categories have different lengths".to_owned());
    }
    for ((&node, &start), &size) in of.iter().zip(&starts).zip(&sizes) {
        let end = start.checked_add(size).and_then(|end| usize::try_from(end).ok());
        let is_inside = start >= 0 && size >= 0 && end.is_some_and(|end| end <= words);
        if !is_inside || usize::try_from(node).ok().is_none_or(|node| node >= nodes) {
            return Err(format!("the set of categories of node {node} does not stand in the list"));
        }
    }
    Ok(())
}
