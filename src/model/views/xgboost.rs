//! XGBoost's models: the document that its pickles hold, UBJSON since 1.6, JSON before.
//!
//! `Booster.__getstate__` serializes `{"Config": ..., "Model": ...}` (`LearnerIO::Save` in `src/learner.cc`); models and
//! trees as in `GBTreeModel::SaveModel` and `RegTree::SaveModel`. Files of `save_model` are the inner document.

use super::{Document, Estimator, json, ubjson};
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{NodeId, Payloads, Tree};
use std::borrow::Cow;

/// A model.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    document: Document<'a>,
}

/// A tree: lists with an item for each node.
#[derive(Clone, Copy, Debug)]
pub struct RegTree<'m, 'a>(&'m Document<'a>);

/// The bytes of the model that a node holds: a `Booster` of xgboost, a model of its scikit-learn classes, or the bytes.
///
/// # Errors
/// Where there are none, or they cannot be read.
pub fn bytes<'t>(tree: &'t Tree<'_>, payloads: &mut Payloads<'t, '_>, id: NodeId) -> Result<Cow<'t, [u8]>> {
    let booster = tree.get(id, "_Booster").filter(|&booster| Estimator::of(tree, booster).is_some()).unwrap_or(id);
    payloads.bytes(tree.get(booster, "handle").unwrap_or(booster))
}

impl<'a> Model<'a> {
    /// Reads a model in either form.
    ///
    /// # Errors
    /// Those of [`ubjson`] or [`json`]; [`ErrorKind::Unsupported`] for the form before 1.0.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let document = match bytes {
            [b'{', b'"' | b' ' | b'\n' | b'}', ..] => json(bytes)?,
            [b'{', ..] => ubjson(bytes)?,
            _ => {
                let message = "this is no model of xgboost in JSON or UBJSON (1.0 and later)";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        };
        Ok(Self { document })
    }

    /// All of it.
    pub fn document(&self) -> &Document<'a> {
        &self.document
    }

    /// The learner: `learner_model_param`, `gradient_booster`, `objective`, `feature_names`, ...
    pub fn learner(&self) -> Option<&Document<'a>> {
        self.document.at(&["Model", "learner"]).or_else(|| self.document.get("learner"))
    }

    /// The trees with what belongs to them, of `gbtree` and of `dart`; a linear booster has none.
    pub fn ensemble(&self) -> Option<&Document<'a>> {
        let booster = self.learner()?.get("gradient_booster")?;
        booster.get("model").or_else(|| booster.at(&["gbtree", "model"])).filter(|model| model.get("trees").is_some())
    }

    /// How many features it takes.
    pub fn n_features(&self) -> Option<i64> {
        self.learner()?.at(&["learner_model_param", "num_feature"])?.int()
    }

    /// The trees, in order.
    pub fn trees(&self) -> impl Iterator<Item = RegTree<'_, 'a>> {
        let trees = self.ensemble().and_then(|model| model.get("trees"));
        trees.map(Document::items).unwrap_or_default().iter().map(RegTree)
    }
}

impl RegTree<'_, '_> {
    /// How many nodes it says that it has.
    pub fn n_nodes(&self) -> Option<i64> {
        self.0.at(&["tree_param", "num_nodes"])?.int()
    }

    /// How many features it says that it takes.
    pub fn n_features(&self) -> Option<i64> {
        self.0.at(&["tree_param", "num_feature"])?.int()
    }

    /// How many values a leaf has.
    pub fn leaf_size(&self) -> Option<i64> {
        self.0.at(&["tree_param", "size_leaf_vector"])?.int()
    }

    /// A list of integers or booleans, by its name: `left_children`, `right_children`, `parents`, `split_indices`,
    /// `default_left`, `split_type`, `categories`, ...
    pub fn ints(&self, name: &str) -> Option<Vec<i64>> {
        let list = self.0.get(name)?;
        let flag = |item: &Document<'_>| match item {
            Document::Bool(value) => Some(i64::from(*value)),
            item => item.int(),
        };
        list.ints().or_else(|| list.items().iter().map(flag).collect())
    }

    /// A list of numbers: `split_conditions`, `base_weights`, `loss_changes`, `sum_hessian`.
    pub fn reals(&self, name: &str) -> Option<Vec<f64>> {
        self.0.get(name)?.reals()
    }
}
