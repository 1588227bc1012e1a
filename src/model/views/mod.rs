//! Models as what they are: estimators with their parameters, features, classes, coefficients and trees.
//!
//! A view is a look at nodes of a [`Tree`]; it copies nothing and believes nothing: what it is asked for may be missing
//! or of another type, and is then `None` or an error. [`Estimator`] is one view for all families: which attributes a
//! class has is data ([`CLASSES`]), their elements are typed arrays. What has a form of its own has a view of its own:
//! [`Branches`] the trees of scikit-learn, [`Neighbors`] its KD and ball trees, [`Matrix`] the sparse matrices of scipy, [`lightgbm`] and [`xgboost`] the models
//! that those libraries keep in a text and in bytes.
//!
//! A service that opens a forest and follows a row through its trees:
//!
//! ```
//! use depickle::{inspect, limits::Limits, model::check, model::tree::Tree, model::views::{Estimator, Family}};
//!
//! let bytes = std::fs::read("samples/model_v1.joblib")?;
//! let mut contents = inspect::open(&bytes, &Limits::default())?;
//! let outline = inspect::Outline::new(&mut contents);
//! let tree = Tree::new(&outline)?;
//! // Nothing points outside of its arrays: a walk from node to node ends at a leaf.
//! assert!(check::check(&tree).flaws.is_empty());
//!
//! let forest = Estimator::all(&tree).find(|estimator| estimator.family() == Family::Forest).unwrap();
//! let row = vec![0.5; usize::try_from(forest.n_features_in().unwrap())?];
//! let mut payloads = tree.payloads();
//! let mut sum = 0.0;
//! for branches in forest.trees() {
//!     let (nodes, values) = (branches.nodes(&mut payloads)?, branches.values(&mut payloads)?);
//!     let leaf = nodes.leaf(&row).unwrap();
//!     sum += values.iter::<f64>()?.nth(leaf).unwrap();
//! }
//! assert!(sum.is_finite());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod branches;
mod classes;
mod document;
mod estimator;
mod json;
mod labels;
pub mod lightgbm;
mod matrix;
mod neighbors;
mod ubjson;
pub mod xgboost;

pub use branches::{Bitsets, Branches, Nodes, Split};
pub use classes::{Attribute, CLASSES, Class, Dim};
pub use document::{Document, Numbers};
pub use estimator::{Estimator, Part};
pub use json::json;
pub use labels::Labels;
pub use matrix::Matrix;
pub use neighbors::Neighbors;
pub use ubjson::ubjson;

use super::tree::{NodeId, Tree};

/// What a class is, as far as a view goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Coefficients and an intercept.
    Linear,
    /// Turns numbers into numbers, feature by feature.
    Scaler,
    /// Turns categories into numbers.
    Encoder,
    /// Fills in what is missing.
    Imputer,
    /// One tree.
    Tree,
    /// Many trees, whose answers are averaged.
    Forest,
    /// Trees whose answers are added up.
    Boosting,
    /// The same over bins (scikit-learn's `HistGradientBoosting`).
    HistBoosting,
    /// LightGBM.
    Lightgbm,
    /// XGBoost.
    Xgboost,
    /// Layers of weights.
    Network,
    /// Support vectors.
    SupportVectors,
    /// Samples, and trees that find them.
    Neighbors,
    /// Naive Bayes.
    Bayes,
    /// Made of other estimators.
    Composite,
    /// An estimator of another kind.
    Other,
}

impl Family {
    /// Its name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Scaler => "scaler",
            Self::Encoder => "encoder",
            Self::Imputer => "imputer",
            Self::Tree => "tree",
            Self::Forest => "forest",
            Self::Boosting => "boosting",
            Self::HistBoosting => "hist-boosting",
            Self::Lightgbm => "lightgbm",
            Self::Xgboost => "xgboost",
            Self::Network => "network",
            Self::SupportVectors => "support-vectors",
            Self::Neighbors => "neighbors",
            Self::Bayes => "bayes",
            Self::Composite => "composite",
            Self::Other => "other",
        }
    }
}

/// A number that is a node of its own, of Python or of numpy, rounded to the nearest float.
pub(crate) fn number(tree: &Tree<'_>, id: NodeId) -> Option<crate::array::Number> {
    use super::tree::Node;
    use crate::array::Number;
    match tree.node(id) {
        Node::Bool(value) => Some(Number::Int(i128::from(*value))),
        Node::Int(value) => Some(Number::Int(i128::from(*value))),
        Node::Float(value) => Some(Number::Float(*value)),
        Node::Scalar(scalar) => scalar.view().ok()?.numbers().ok()?.next(),
        _ => None,
    }
}

/// A length or an index that is a node of its own.
pub(crate) fn index(tree: &Tree<'_>, id: NodeId) -> Option<u64> {
    u64::try_from(number(tree, id)?.to_i64()?).ok()
}

/// The shape of an array of any kind; none of the axes for a number.
pub(crate) fn shape<'t>(tree: &'t Tree<'_>, id: NodeId) -> Option<&'t [u64]> {
    match tree.array_ref(id) {
        Some(array) => array.array.shape.as_deref(),
        None => number(tree, id).map(|_| &[][..]),
    }
}

#[cfg(test)]
mod tests;
