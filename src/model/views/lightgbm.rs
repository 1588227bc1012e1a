//! LightGBM's models: the text that `Booster.model_to_string` writes, and that its pickles hold.
//!
//! `src/boosting/gbdt_model_text.cpp` and `Tree::ToString` in `src/io/tree.cpp`, versions v2 to v4: lines of a name, `=`
//! and a value, in blocks that begin with `Tree=`. Numbers are decimal text, lists have blanks between them.

use super::Estimator;
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{Node, NodeId, Tree};
use std::str::FromStr;

/// Lines of names and values.
#[derive(Clone, Debug, Default)]
pub struct Block<'a> {
    lines: Vec<(&'a str, &'a str)>,
}

impl<'a> Block<'a> {
    /// The value of a name; the last, where it stands several times, as LightGBM reads it.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.lines.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// One number.
    pub fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.trim().parse().ok()
    }

    /// A list of numbers; empty where there is no such name. `None` where one is no `T`.
    pub fn numbers<T: FromStr>(&self, name: &str) -> Option<Vec<T>> {
        let value = self.get(name).unwrap_or_default();
        value.split_ascii_whitespace().map(|number| number.parse().ok()).collect()
    }

    /// Names and values, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.lines.iter().copied()
    }
}

/// A model.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    /// What stands before the trees: `version`, `num_class`, `num_tree_per_iteration`, `max_feature_idx`, `objective`,
    /// `feature_names`, `feature_infos`, ...
    pub header: Block<'a>,
    /// The trees, in order: `num_leaves`, `split_feature`, `threshold`, `decision_type`, `left_child`, `right_child`
    /// (a leaf `i` is `-i - 1`), `leaf_value`, ...
    pub trees: Vec<Block<'a>>,
}

/// The text of the model that a node holds: a `Booster` of lightgbm, a model of its scikit-learn classes, or the text.
pub fn text<'t>(tree: &'t Tree<'_>, id: NodeId) -> Option<&'t str> {
    if let Some(text) = tree.text(id) {
        return Some(text);
    }
    let booster = tree.get(id, "_Booster").filter(|&booster| Estimator::of(tree, booster).is_some()).unwrap_or(id);
    ["_handle", "handle"].into_iter().find_map(|name| {
        let handle = tree.get(booster, name)?;
        matches!(tree.node(handle), Node::Str(_) | Node::ByteStr(_)).then(|| tree.text(handle)).flatten()
    })
}

impl<'a> Model<'a> {
    /// Reads the text of a model. Nothing is copied.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] where it is none, or ends before `end of trees`.
    pub fn read(text: &'a str) -> Result<Self> {
        let malformed = |message: &str| Error::new(ErrorKind::Malformed, message);
        let rest = text.strip_prefix("tree\n").ok_or_else(|| malformed("this is no model of lightgbm"))?;
        let mut model = Self { header: Block::default(), trees: Vec::new() };
        for line in rest.lines() {
            if line == "end of trees" {
                return Ok(model);
            }
            let Some((name, value)) = line.split_once('=') else { continue };
            if name == "Tree" {
                model.trees.push(Block::default());
            }
            let block = model.trees.last_mut().unwrap_or(&mut model.header);
            block.lines.push((name, value));
        }
        Err(malformed("the model ends before the end of its trees"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read() {
        let text = "tree\nversion=v4\nnum_class=1\naverage_output\n\nTree=0\nnum_leaves=2\nthreshold=1.5\n\n\nend of trees\nx=1\n";
        let model = Model::read(text).unwrap();
        assert_eq!(model.header.get("version"), Some("v4"));
        assert_eq!(model.trees.len(), 1);
        assert_eq!(model.trees[0].number::<u32>("num_leaves"), Some(2));
        assert_eq!(model.trees[0].numbers::<f64>("threshold"), Some(vec![1.5]));
        assert_eq!(model.trees[0].numbers::<i32>("threshold"), None);
        assert_eq!(model.trees[0].numbers::<i32>("left_child"), Some(Vec::new()));
        assert!(Model::read("tree\nversion=v4\n").is_err() && Model::read("").is_err());
    }
}
