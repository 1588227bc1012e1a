//! The loaders of skops: which parts of a node each of them reads, in which order (`skops/io/_general.py`, `_numpy.py`,
//! `_scipy.py`, `_sklearn.py`, `_quantile_forest.py`, `old/`, of skops 0.11 to 0.16).

/// What reads a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loader {
    Bytearray,
    Bytes,
    Cached,
    Constructor,
    DType,
    DefaultDict,
    DeprecatedKeys,
    Dict,
    Function,
    Generator,
    Json,
    List,
    Loss,
    Masked,
    Method,
    NdArray,
    Object,
    OperatorFunc,
    Partial,
    QuantileForest,
    RandomState,
    Set,
    Slice,
    Sparse,
    Tree,
    Tuple,
    Type,
}

/// Where a part of a node stands in it, that is a node itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At these keys, one in the other.
    One(&'static [&'static str]),
    /// The same, where it is there and not `null`.
    Maybe(&'static [&'static str]),
    /// Each item of the list at this key.
    Items(&'static str),
    /// Each value of the object at this key.
    Values(&'static str),
}

use Place::{Items, Maybe, One, Values};

const CONTENT: Place = One(&["content"]);
const REDUCED: &[Place] = &[CONTENT, One(&["__reduce__", "args"])];

/// Name, loader, and its parts in the order in which `__init__` reads them: an object that stands in several places is what
/// stands at the first.
const LOADERS: &[(&str, Loader, &[Place])] = &[
    ("BytearrayNode", Loader::Bytearray, &[]),
    ("BytesNode", Loader::Bytes, &[]),
    ("CachedNode", Loader::Cached, &[]),
    ("ConstructorFromReduceNode", Loader::Constructor, &[CONTENT]),
    ("DTypeNode", Loader::DType, &[CONTENT]),
    ("DefaultDictNode", Loader::DefaultDict, &[One(&["content", "main"]), One(&["content", "default_factory"])]),
    ("DictNode", Loader::Dict, &[One(&["key_types"]), Values("content")]),
    ("FunctionNode", Loader::Function, &[]),
    ("JsonNode", Loader::Json, &[]),
    ("ListNode", Loader::List, &[Items("content")]),
    ("LossNode", Loader::Loss, REDUCED),
    ("MaskedArrayNode", Loader::Masked, &[One(&["content", "data"]), One(&["content", "mask"])]),
    ("MethodNode", Loader::Method, &[One(&["content", "obj"])]),
    ("NdArrayNode", Loader::NdArray, &[]),
    ("ObjectNode", Loader::Object, &[Maybe(&["content"])]),
    ("OperatorFuncNode", Loader::OperatorFunc, &[One(&["attrs"])]),
    (
        "PartialNode",
        Loader::Partial,
        &[
            One(&["content", "func"]),
            One(&["content", "args"]),
            One(&["content", "kwds"]),
            One(&["content", "namespace"]),
        ],
    ),
    ("QuantileForestNode", Loader::QuantileForest, REDUCED),
    ("RandomGeneratorNode", Loader::Generator, &[One(&["content", "bit_generator"]), Maybe(&["content", "seed_seq"])]),
    ("RandomStateNode", Loader::RandomState, &[CONTENT]),
    ("SetNode", Loader::Set, &[Items("content")]),
    ("SliceNode", Loader::Slice, &[]),
    ("SparseMatrixNode", Loader::Sparse, &[]),
    ("TreeNode", Loader::Tree, REDUCED),
    ("TupleNode", Loader::Tuple, &[Items("content")]),
    ("TypeNode", Loader::Type, &[]),
    (
        "_DictWithDeprecatedKeysNode",
        Loader::DeprecatedKeys,
        &[One(&["content", "main"]), One(&["content", "_deprecated_key_to_new_key"])],
    ),
];

/// The parts of an array of objects.
pub(super) const OBJECTS: &[Place] = &[Items("content"), One(&["shape"])];

/// The loader of a name, and the parts that it reads.
pub(super) fn loader(name: &[u8]) -> Option<(Loader, &'static [Place])> {
    let found = LOADERS.binary_search_by(|row| row.0.as_bytes().cmp(name)).ok()?;
    LOADERS.get(found).map(|&(_, loader, places)| (loader, places))
}

impl Loader {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        LOADERS.iter().find(|row| row.1 == self).map_or("", |row| row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_each_loader_has_one() {
        assert!(LOADERS.is_sorted_by_key(|row| row.0));
        for &(name, of, _) in LOADERS {
            assert_eq!((loader(name.as_bytes()).map(|found| found.0), of.name()), (Some(of), name));
        }
        assert!(loader(b"Node").is_none());
    }
}
