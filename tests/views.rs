//! Typed views of models and the checks of their contents. `xtask/python/views.py record` wrote the models, and the
//! numbers that Python has in them.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

use depickle::array::Number;
use depickle::finding::Verdict;
use depickle::input::Source;
use depickle::inspect::{self, Outline};
use depickle::limits::Limits;
use depickle::model::check::{self, Flaw, Kind};
use depickle::model::tree::{Node, NodeId, Payloads, Tree};
use depickle::model::views::{Branches, Estimator, Family, Labels, Split, lightgbm, xgboost};
use depickle::policy::Policy;
use depickle::{audit, convert::gate};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

fn models() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/views/models.joblib")).unwrap()
}

fn with_tree<T>(bytes: &[u8], look: impl FnOnce(&Tree<'_>) -> T) -> T {
    let mut contents = inspect::open(bytes, &Limits::default()).unwrap();
    let outline = Outline::new(&mut contents);
    look(&Tree::new(&outline).unwrap())
}

#[derive(Debug, PartialEq)]
struct Numbers {
    shape: Option<Vec<u64>>,
    values: Vec<f64>,
}

fn array<'o>(payloads: &mut Payloads<'_, 'o>, id: NodeId) -> Numbers {
    let view = payloads.array(id).unwrap();
    let values = view.numbers().unwrap().map(Number::to_f64).collect();
    Numbers { shape: Some(view.shape().to_vec()), values }
}

/// What the views have under a name in `seen.json`.
fn seen<'t>(tree: &'t Tree<'_>, payloads: &mut Payloads<'t, '_>, at: NodeId, name: &str) -> Numbers {
    let list = |values| Numbers { shape: None, values };
    if let Some(field) = name.strip_prefix("nodes.") {
        // The payloads borrow from the same file as the tree.
        return with_nodes(tree, at, field);
    }
    if let Some((number, field)) = name.strip_prefix("trees[").and_then(|rest| rest.split_once("].")) {
        let number: usize = number.parse().unwrap();
        if let Some(text) = lightgbm::text(tree, at) {
            let model = lightgbm::Model::read(text).unwrap();
            return list(model.trees[number].numbers(field).unwrap());
        }
        let bytes = xgboost::bytes(tree, payloads, at).unwrap();
        let model = xgboost::Model::read(&bytes).unwrap();
        let tree = model.trees().nth(number).unwrap();
        #[allow(clippy::cast_precision_loss, reason = "numbers of nodes")]
        let ints = || tree.ints(field).unwrap().into_iter().map(|number| number as f64).collect();
        return list(tree.reals(field).unwrap_or_else(ints));
    }
    let (attribute, item) = name.split_once('[').unwrap_or((name, ""));
    let id = Estimator::of(tree, at).unwrap().get(attribute).unwrap();
    let id = match item.strip_suffix(']') {
        Some(item) => tree.items(id)[item.parse::<usize>().unwrap()],
        None => id,
    };
    array(payloads, id)
}

fn with_nodes(tree: &Tree<'_>, at: NodeId, field: &str) -> Numbers {
    let mut payloads = tree.payloads();
    let nodes = Branches::of(tree, at).unwrap().nodes(&mut payloads).unwrap();
    let values = nodes.column(field).unwrap().iter().map(Number::to_f64).collect();
    Numbers { shape: None, values }
}

#[test]
fn views_see_what_python_sees() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/views/seen.json");
    let all: HashMap<String, HashMap<String, Value>> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut compared = 0;
    with_tree(&models(), |tree| {
        let mut payloads = tree.payloads();
        let places: HashMap<String, NodeId> = tree
            .ids()
            .filter(|&id| matches!(tree.node(id), Node::Record(_)))
            .map(|id| (tree.path(id).to_string(), id))
            .collect();
        for (path, attributes) in &all {
            let at = places[path];
            for (name, python) in attributes {
                let ours = seen(tree, &mut payloads, at, name);
                let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN).to_bits();
                let theirs: Vec<u64> = python["values"].as_array().unwrap().iter().map(number).collect();
                let canonical = |value: &f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
                assert_eq!(ours.values.iter().map(canonical).collect::<Vec<_>>(), theirs, "{path} {name}");
                if let Some(shape) = ours.shape {
                    assert_eq!(serde_json::json!(shape), python["shape"], "{path} {name}");
                }
                compared += 1;
            }
        }
    });
    assert!(compared > 150, "{compared}");
}

#[test]
fn estimators_say_what_they_are() {
    with_tree(&models(), |tree| {
        let of = |key: &str| Estimator::of(tree, tree.get(tree.root(), key).unwrap()).unwrap();
        let mut payloads = tree.payloads();
        let forest = of("RandomForestClassifier");
        assert_eq!((forest.family(), forest.n_features_in(), forest.trees().len()), (Family::Forest, Some(4), 3));
        let names = ["setosa", "versicolor", "virginica"].map(str::to_owned).to_vec();
        assert_eq!(forest.classes(&mut payloads).unwrap(), [Labels::Texts(names)]);
        assert!(forest.parameters().any(|(name, id)| name == "n_estimators" && tree.int(id) == Some(3)));
        assert!(forest.parameters().all(|(name, _)| !name.ends_with('_')));
        assert_eq!(of("GradientBoostingClassifier").trees().len(), 3);
        assert_eq!(of("HistGradientBoostingClassifier").trees().len(), 3);
        let columns = of("ColumnTransformer").parts();
        assert_eq!(columns.iter().map(|part| part.name).collect::<Vec<_>>(), [Some("left"), Some("right")]);
        assert!(columns.iter().all(|part| Estimator::of(tree, part.node).is_some() && part.columns.is_some()));
        assert_eq!(of("XGBClassifier").family(), Family::Xgboost);
        assert_eq!(of("LGBMClassifier").classes(&mut payloads).unwrap().len(), 1);
    });
}

#[test]
fn a_row_comes_to_the_leaf_that_the_thresholds_say() {
    with_tree(&models(), |tree| {
        let mut payloads = tree.payloads();
        let decision = tree.get(tree.root(), "DecisionTreeClassifier").unwrap();
        let branches = Estimator::of(tree, decision).unwrap().trees()[0];
        let nodes = branches.nodes(&mut payloads).unwrap();
        let Split { left, right, feature, threshold, .. } = nodes.split(0).unwrap();
        let mut row = vec![0.0; usize::try_from(branches.n_features().unwrap()).unwrap()];
        for (value, child) in [(threshold.unwrap() - 1e-3, left), (threshold.unwrap() + 1e-3, right)] {
            row[usize::try_from(feature).unwrap()] = value;
            let leaf = nodes.leaf(&row).unwrap();
            assert!(nodes.split(leaf).is_none());
            assert!(leaf >= usize::try_from(child).unwrap());
        }
        assert_eq!(nodes.leaf(&[]), None);
    });
}

fn flaws(bytes: &[u8]) -> Vec<(String, Flaw)> {
    with_tree(bytes, |tree| {
        let report = check::check(tree);
        assert_eq!(report.unread.len(), 0, "{:?}", report.unread);
        report.flaws.into_iter().map(|flaw| (tree.path(flaw.node).to_string(), flaw)).collect()
    })
}

#[test]
fn honest_models_have_no_flaws() {
    assert_eq!(flaws(&models()), []);
    for sample in ["model_v1.joblib", "gradient_boosting.joblib", "neighbors.joblib", "lightgbm.pkl", "xgboost.joblib"]
    {
        let bytes = std::fs::read(Path::new("samples").join(sample)).unwrap();
        assert_eq!(flaws(&bytes), [], "{sample}");
    }
}

/// The models with one element of an array changed: in a row, a field of it or all of it.
fn forged(path: &str, row: u64, field: Option<&str>, element: &[u8]) -> Vec<u8> {
    let mut bytes = models();
    let at = with_tree(&bytes, |tree| {
        let mut arrays = tree.ids().filter(|&id| tree.array_ref(id).is_some());
        let id = arrays.find(|&id| tree.path(id).to_string() == path).unwrap();
        let array = tree.array_ref(id).unwrap();
        let dtype = array.array.dtype.clone().unwrap();
        let fields = dtype.fields().unwrap_or_default().iter();
        let offset =
            field.map_or(0, |name| fields.clone().find(|field| &*field.name == name.as_bytes()).unwrap().offset);
        usize::try_from(array.file_offset.unwrap() + row * dtype.itemsize() + offset).unwrap()
    });
    bytes[at..at + element.len()].copy_from_slice(element);
    bytes
}

#[test]
fn one_forged_number_is_found_where_it_is() {
    const TREE: &str = "root[\"DecisionTreeClassifier\"].tree_.nodes";
    const HISTOGRAM: &str = "root[\"HistGradientBoostingClassifier\"]._predictors[0][0].nodes";
    const KD: &str = "root[\"KNeighborsClassifier\"]._tree.<state>";
    let long = |number: i64| number.to_le_bytes().to_vec();
    let short = |number: u32| number.to_le_bytes().to_vec();
    let cases = [
        (TREE.to_owned(), 0, Some("left_child"), long(10_000_000), Kind::Pointer, "node 0 has the child 10000000"),
        (TREE.to_owned(), 0, Some("right_child"), long(0), Kind::Pointer, "node 0 has the child 0, which"),
        (TREE.to_owned(), 0, Some("right_child"), long(1), Kind::Pointer, "child of two nodes"),
        (TREE.to_owned(), 0, Some("right_child"), long(-1), Kind::Pointer, "node 0 has the child -1"),
        (TREE.to_owned(), 0, Some("feature"), long(4), Kind::Pointer, "node 0 asks for feature 4; there are 4"),
        (TREE.to_owned(), 0, Some("feature"), long(-7), Kind::Pointer, "node 0 asks for feature -7"),
        (HISTOGRAM.to_owned(), 0, Some("left"), short(u32::MAX), Kind::Pointer, "node 0 has the child 4294967295"),
        (HISTOGRAM.to_owned(), 0, Some("feature_idx"), long(1 << 40), Kind::Pointer, "node 0 asks for feature"),
        (format!("{KD}[1]"), 3, None, long(-1), Kind::Pointer, "item 3 is -1"),
        (format!("{KD}[2]"), 1, Some("idx_end"), long(1 << 50), Kind::Pointer, "node 1 holds the samples"),
        (format!("{KD}[2]"), 14, Some("is_leaf"), long(0), Kind::Pointer, "is no leaf"),
        ("root[\"SVC\"]._n_support".to_owned(), 0, None, short(1_000_000), Kind::Pointer, "do not add up"),
        ("root[\"SVC\"].support_".to_owned(), 0, None, short(1_000_000), Kind::Pointer, "item 0 is 1000000"),
        (
            "root[\"LogisticRegression\"].coef_".to_owned(),
            2,
            None,
            f64::NAN.to_le_bytes().to_vec(),
            Kind::NotFinite,
            "is NaN",
        ),
    ];
    for (path, row, field, element, kind, message) in cases {
        let found = flaws(&forged(&path, row, field, &element));
        let told = found.iter().find(|(at, flaw)| *at == path && flaw.kind == kind && flaw.message.contains(message));
        assert!(told.is_some(), "{path} {field:?}: {found:?}");
    }
}

#[test]
fn forged_boosters_are_found() {
    // The first item becomes a leaf, or a feature, that there is none of.
    for (old, new, told) in [
        ("left_child=-1", "left_child=-9", "node 0 has the leaf 8; there are 2"),
        ("split_feature=2", "split_feature=9", "node 0 asks for feature 9; there are 4"),
    ] {
        let mut bytes = models();
        let place = |needle: &[u8], rest: &[u8]| rest.windows(needle.len()).position(|one| one == needle).unwrap();
        let start = place(b"Tree=0\n", &bytes);
        let at = start + place(old.as_bytes(), &bytes[start..]);
        bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
        let found = flaws(&bytes);
        assert!(found.len() == 1 && found[0].1.message.contains(told), "{found:?}");
        assert_eq!(found[0].1.kind, Kind::Pointer);
    }
    for (name, told) in [("left_children", "has the child 2130706433"), ("split_indices", "asks for feature")] {
        let start = [name.as_bytes(), b"[$l#L"].concat();
        let bytes = models();
        let at = bytes.windows(start.len()).position(|window| window == start).unwrap() + start.len() + 8;
        let mut bytes = bytes;
        bytes[at..at + 4].copy_from_slice(&[0x7f, 0, 0, 1]);
        let found = flaws(&bytes);
        assert!(found.len() == 1 && found[0].1.message.contains(told), "{found:?}");
    }
}

/// Flaws of a file that `xtask/python/sparse_cases.py` wrote.
fn sparse(name: &str) -> Vec<(String, Flaw)> {
    flaws(&std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/views").join(name)).unwrap())
}

#[test]
fn sparse_matrices_of_scipy_have_no_flaws() {
    assert_eq!(sparse("sparse.pkl"), []);
}

#[test]
fn a_sparse_matrix_that_points_outside_of_itself_is_found() {
    use Kind::{Disagreement, Pointer};
    let cases = [
        ("[\"column\"].indices", Pointer, "item 2 is 6; there are 6"),
        ("[\"below\"].indices", Pointer, "item 0 is -1; there are 4"),
        ("[\"start\"].indptr", Pointer, "row 0 begins at 1"),
        ("[\"shrinks\"].indptr", Pointer, "row 2 begins at 0: the one before at 1"),
        ("[\"end\"].indptr", Pointer, "row 4 begins at 1000"),
        ("[\"pointers\"].indptr", Pointer, "3 pointers for 4 rows"),
        ("[\"data\"].indptr", Pointer, "row 2 begins at 3: the one before at 1; there are 2"),
        ("[\"data\"]", Disagreement, "5 places for 2 elements"),
        ("[\"spare\"]", Disagreement, "5 places for 6 elements"),
        ("[\"block\"].indices", Pointer, "item 0 is 2; there are 2"),
        ("[\"row\"].coords[0]", Pointer, "item 1 is 4; there are 4"),
        ("[\"lengths\"].coords[0]", Pointer, "coordinates of the shape [5] for 3 elements"),
        ("[\"lengths\"].coords[1]", Pointer, "coordinates of the shape [5] for 3 elements"),
        ("[\"diagonals\"].offsets", Pointer, "offsets of the shape [4] for diagonals of the shape [1, 6]"),
        ("[\"list\"].rows[1]", Pointer, "item 1 is no column; there are 6"),
        ("[\"lists\"].rows[3]", Pointer, "2 columns for 1 elements"),
        ("[\"rows\"].rows", Pointer, "2 lists for 4 rows"),
        ("[\"key\"]", Disagreement, "an element stands outside of the shape [4, 6]"),
    ];
    let found = sparse("sparse_forged.pkl");
    for (path, kind, message) in cases {
        let is_it = |(at, flaw): &&(String, Flaw)| {
            at.strip_prefix("root") == Some(path) && flaw.kind == kind && flaw.message.contains(message)
        };
        assert_eq!(found.iter().filter(is_it).count(), 1, "{path}: {found:#?}");
    }
    assert_eq!(found.len(), cases.len(), "{found:#?}");
}

#[test]
fn a_forged_tree_is_refused_by_name_where_it_would_be_converted() {
    let path = "root[\"RandomForestClassifier\"].estimators_[1].tree_.nodes";
    let bytes = forged(path, 0, Some("left_child"), &10_000_000_i64.to_le_bytes());
    let source = Source::from_bytes("models.joblib", &bytes);
    let mut report = audit::scan(&source, &Policy::builtin(), &Limits::default().models());
    let refusal = gate::admit(&mut report, &[]).unwrap_err();
    assert_eq!(refusal.verdict, Verdict::Dangerous);
    let told = format!("{path}: node 0 has the child 10000000; the last node is ");
    assert!(refusal.found[0].starts_with(&told), "{:?}", refusal.found);
    assert!(refusal.found[0].ends_with("[model-pointer]"), "{:?}", refusal.found);
}

#[test]
fn honest_models_stay_clean_in_a_deep_scan() {
    let bytes = models();
    let source = Source::from_bytes("models.joblib", &bytes);
    let report = audit::scan(&source, &Policy::builtin(), &Limits::default().deep());
    assert_eq!(report.verdict(), Verdict::Clean, "{:?}", report.findings);
}
