//! What skops makes of objects that their pickles make by a call: one table.
//!
//! An object without a row is one of the general rule: made by `__new__` without arguments, and given a state. skops knows
//! more classes than these; where the answer of a call would not be what skops gives back, there is no row.

use crate::model::tree::{Made, Name};
use crate::model::views::Matrix;

/// How an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// `cls.__new__(cls)`, and a state: `ObjectNode`.
    Object,
    /// A call of the class: `ConstructorFromReduceNode`.
    Constructor,
    /// `f(cls)` is `cls.__new__(cls)`: `ObjectNode` of the class that is its argument.
    NewOf,
    /// A call of the class with arguments, and a state: the loader of this name.
    Reduce(&'static str),
    /// `__pyx_unpickle_X(cls, checksum, args)`, and a state: `LossNode` of the class that is its first argument.
    LossOf,
    /// `OrderedDict`, `Counter`: `DictNode`.
    Dict,
    /// `defaultdict(factory)`: `DefaultDictNode`.
    DefaultDict,
    /// A tuple with names for its items: `TupleNode`.
    NamedTuple,
    /// A sparse matrix or array of this format: `SparseMatrixNode`.
    Sparse(Sparse),
    /// `slice(start, stop, step)`: `SliceNode`.
    Slice,
    /// `functools.partial(f)` with a state: `PartialNode`.
    Partial,
    /// `operator.itemgetter(...)` and others: `OperatorFuncNode`.
    Operator,
    /// `getattr(object, name)`: `MethodNode`.
    Method,
    /// `RandomStateNode`.
    RandomState,
    /// `RandomGeneratorNode`.
    Generator,
    /// skops refuses it, and so does this.
    Refused,
}

/// A format of `scipy.sparse` that `scipy.sparse.save_npz` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sparse {
    /// Its name.
    pub(super) format: &'static str,
    /// The arrays that tell where its elements stand: names in the archive.
    pub(super) places: &'static [&'static str],
    /// Whether it is an array (`csr_array`), not a matrix.
    pub(super) is_array: bool,
}

const LOSS: Rule = Rule::Reduce("LossNode");

/// Module, name, rule; sorted.
const RULES: &[(&str, &str, Rule)] = &[
    ("builtins", "complex", Rule::Constructor),
    ("builtins", "getattr", Rule::Method),
    ("builtins", "range", Rule::Constructor),
    ("builtins", "slice", Rule::Slice),
    ("collections", "Counter", Rule::Dict),
    ("collections", "OrderedDict", Rule::Dict),
    ("collections", "defaultdict", Rule::DefaultDict),
    ("datetime", "date", Rule::Constructor),
    ("datetime", "datetime", Rule::Constructor),
    ("datetime", "time", Rule::Constructor),
    ("datetime", "timedelta", Rule::Constructor),
    ("datetime", "timezone", Rule::Constructor),
    ("decimal", "Decimal", Rule::Constructor),
    ("fractions", "Fraction", Rule::Constructor),
    ("functools", "partial", Rule::Partial),
    ("numpy.random._pickle", "__generator_ctor", Rule::Generator),
    ("numpy.random._pickle", "__randomstate_ctor", Rule::RandomState),
    ("operator", "attrgetter", Rule::Operator),
    ("operator", "itemgetter", Rule::Operator),
    ("operator", "methodcaller", Rule::Operator),
    ("pathlib", "PosixPath", Rule::Constructor),
    ("pathlib", "PurePosixPath", Rule::Constructor),
    ("pathlib", "PureWindowsPath", Rule::Constructor),
    ("pathlib", "WindowsPath", Rule::Constructor),
    ("quantile_forest._quantile_forest_fast", "QuantileForest", Rule::Reduce("QuantileForestNode")),
    ("sklearn._loss._loss", "CyAbsoluteError", LOSS),
    ("sklearn._loss._loss", "CyExponentialLoss", LOSS),
    ("sklearn._loss._loss", "CyHalfBinomialLoss", LOSS),
    ("sklearn._loss._loss", "CyHalfGammaLoss", LOSS),
    ("sklearn._loss._loss", "CyHalfMultinomialLoss", LOSS),
    ("sklearn._loss._loss", "CyHalfPoissonLoss", LOSS),
    ("sklearn._loss._loss", "CyHalfSquaredError", LOSS),
    ("sklearn._loss._loss", "CyHalfTweedieLoss", LOSS),
    ("sklearn._loss._loss", "CyHalfTweedieLossIdentity", LOSS),
    ("sklearn._loss._loss", "CyHuberLoss", LOSS),
    ("sklearn._loss._loss", "CyPinballLoss", LOSS),
    ("sklearn.cluster._birch", "Birch", Rule::Refused),
    ("sklearn.impute._iterative", "_ImputerTriplet", Rule::NamedTuple),
    ("sklearn.linear_model._sgd_fast", "EpsilonInsensitive", LOSS),
    ("sklearn.linear_model._sgd_fast", "Hinge", LOSS),
    ("sklearn.linear_model._sgd_fast", "Huber", LOSS),
    ("sklearn.linear_model._sgd_fast", "Log", LOSS),
    ("sklearn.linear_model._sgd_fast", "ModifiedHuber", LOSS),
    ("sklearn.linear_model._sgd_fast", "SquaredEpsilonInsensitive", LOSS),
    ("sklearn.linear_model._sgd_fast", "SquaredHinge", LOSS),
    ("sklearn.linear_model._sgd_fast", "SquaredLoss", LOSS),
    ("sklearn.metrics._dist_metrics", "newObj", Rule::NewOf),
    ("sklearn.neighbors._ball_tree", "newObj", Rule::NewOf),
    ("sklearn.neighbors._kd_tree", "newObj", Rule::NewOf),
    ("sklearn.tree._tree", "Tree", Rule::Reduce("TreeNode")),
];

/// The rule for objects that a class or function makes in this way; `None` where there is none.
pub(super) fn rule(name: &Name, made: Made) -> Option<Rule> {
    let row = RULES.iter().find(|(module, of, _)| name.is(module, of)).map(|&(.., rule)| rule);
    if row.is_some() {
        return row;
    }
    if let Some(sparse) = sparse(name) {
        return sparse;
    }
    match made {
        Made::New => Some(Rule::Object),
        Made::Call if &*name.module == "sklearn._loss._loss" && name.name.starts_with("__pyx_unpickle_Cy") => {
            Some(Rule::LossOf)
        }
        Made::Call => None,
    }
}

/// The rule for a class of scipy's sparse matrices, if it is one.
fn sparse(name: &Name) -> Option<Option<Rule>> {
    let (format, is_array) = Matrix::named(name)?;
    let row = crate::skops::FORMATS.iter().find(|(of, _)| *of == format);
    // scipy writes no other format.
    Some(Some(row.map_or(Rule::Refused, |&(format, places)| Rule::Sparse(Sparse { format, places, is_array }))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(module: &str, name: &str, made: Made) -> Option<Rule> {
        rule(&Name { module: module.into(), name: name.into() }, made)
    }

    #[test]
    fn rows_are_sorted() {
        assert!(RULES.is_sorted_by_key(|&(module, name, _)| (module, name)));
        assert!(crate::skops::FORMATS.is_sorted_by_key(|&(format, _)| format));
    }

    #[test]
    fn a_call_without_a_row_has_no_rule() {
        assert_eq!(of("m", "C", Made::New), Some(Rule::Object));
        assert_eq!(of("m", "C", Made::Call), None);
        assert_eq!(of("os", "system", Made::Call), None);
        assert_eq!(of("sklearn._loss._loss", "__pyx_unpickle_CyPinballLoss", Made::Call), Some(Rule::LossOf));
        assert_eq!(of("m", "__pyx_unpickle_CyPinballLoss", Made::Call), None);
        assert_eq!(of("scipy.sparse._lil", "lil_matrix", Made::New), Some(Rule::Refused));
        assert!(matches!(of("scipy.sparse.csr", "csr_matrix", Made::New), Some(Rule::Sparse(_))));
    }
}
