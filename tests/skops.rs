//! `.skops` files: those that skops wrote are judged and read as the pickles of the same objects; a schema that names
//! what does harm is dangerous whatever its nodes are called, and nothing that skops refuses is clean.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

#[path = "archives/assemble.rs"]
#[allow(dead_code, reason = "the tests of archives use all of it")]
mod assemble;

use assemble::{Member, archive};
use depickle::audit::scan;
use depickle::finding::{FileReport, Level, Verdict};
use depickle::input::Source;
use depickle::inspect::{Arrays, Bytes, Outline, open};
use depickle::limits::Limits;
use depickle::model::tree::Tree;
use depickle::policy::Policy;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new("samples").join(name)).unwrap()
}

fn judged(bytes: &[u8]) -> FileReport {
    scan(&Source::from_bytes("model.skops", bytes), &Policy::builtin(), &Limits::default())
}

/// What is told of a file above a note.
fn told(report: &FileReport) -> Vec<String> {
    let findings = report.findings.iter().filter(|finding| finding.level > Level::Note);
    findings.map(|finding| format!("{}: {}", finding.rule, finding.message)).collect()
}

/// Elements, type and shape.
type Elements = (Vec<u8>, String, Option<Vec<u64>>);

/// All arrays, by path.
fn arrays(bytes: &[u8]) -> BTreeMap<String, Elements> {
    let mut contents = open(bytes, &Limits::default()).unwrap();
    let outline = Outline::new(&mut contents);
    let found = Arrays::new(&outline);
    let mut bytes = Bytes::new(&outline);
    let mut all = BTreeMap::new();
    for array in found.iter() {
        let mut elements = Vec::new();
        let mut take = |piece: &[u8]| {
            elements.extend_from_slice(piece);
            Ok(())
        };
        if !array.has_objects() {
            bytes.c_order(&array, &mut take).unwrap();
        }
        let dtype = array.array.dtype.unwrap().type_string();
        all.insert(array.address.to_string(), (elements, dtype, array.array.shape));
    }
    all
}

/// Files that skops wrote, and pickles of the same objects.
const PAIRS: &[(&str, &str)] = &[
    ("skops/forest.skops", "model_p5.pkl"),
    ("skops/forest_0.11.skops", "model_p5.pkl"),
    ("skops/forest_deflated.skops", "model_p5.pkl"),
    ("skops/grid.skops", "grid_search.joblib"),
    ("skops/neighbors.skops", "neighbors.joblib"),
    ("skops/columns.skops", "columns.joblib"),
    ("skops/text.skops", "text.joblib"),
    ("skops/lightgbm.skops", "lightgbm.pkl"),
    ("skops/xgboost.skops", "xgboost.pkl"),
    ("skops/sparse.skops", "data/sparse.pkl"),
];

#[test]
fn what_skops_wrote_is_clean_and_says_who_wrote_it() {
    for (skops, _) in PAIRS.iter().chain(&[("skops/boosting.skops", ""), ("skops/arrays.skops", "")]) {
        let report = judged(&sample(skops));
        assert_eq!(
            (report.verdict(), report.format.as_str()),
            (Verdict::Clean, "skops"),
            "{skops}: {:?}",
            told(&report)
        );
        let version = report.facts.components.iter().find(|component| component.name == "skops").unwrap();
        assert_eq!(version.exact, [if skops.contains("0.11") { "0.11.0" } else { "0.16.0" }]);
        assert_eq!(report.facts.protocol, Some(2));
        assert_eq!(
            report.loaders.iter().map(|loader| (loader.name, loader.loads)).collect::<Vec<_>>(),
            [("skops.io.load", true)]
        );
    }
}

#[test]
fn what_skops_does_not_trust_is_a_fact() {
    let hazards = judged(&sample("skops/forest.skops")).facts.hazards;
    let told = hazards.iter().find(|hazard| hazard.kind == "untrusted-types").unwrap();
    assert!(told.message.contains(r#"trusted=["sklearn.tree._tree.Tree"]"#), "{}", told.message);
    let hazards = judged(&sample("skops/columns.skops")).facts.hazards;
    assert!(hazards.iter().all(|hazard| hazard.kind != "untrusted-types"));
}

#[test]
fn arrays_are_those_of_the_pickle_at_the_same_paths() {
    for (skops, pickle) in PAIRS {
        let (found, expected) = (arrays(&sample(skops)), arrays(&sample(pickle)));
        assert!(found == expected, "{skops}: {:?} for {:?}", found.keys(), expected.keys());
    }
}

#[test]
fn imports_are_those_that_the_schema_names() {
    let report = judged(&sample("skops/forest.skops"));
    let mut symbols: Vec<&str> = report.imports.iter().map(|import| import.symbol.as_str()).collect();
    symbols.sort_unstable();
    let expected = [
        "sklearn.ensemble._forest.RandomForestRegressor",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "sklearn.tree._tree.Tree",
    ];
    assert_eq!(symbols, expected);
    for import in &report.imports {
        let (at, file) = (import.location.offset.unwrap(), import.location.file_offset.unwrap());
        assert_eq!(import.location.member, "schema.json");
        let bytes = sample("skops/forest.skops");
        let there = &bytes[usize::try_from(file).unwrap()..][..400];
        assert!(String::from_utf8_lossy(there).contains(&import.name), "{} at {at}", import.symbol);
    }
}

fn node(loader: &str, module: &str, class: &str, rest: Value) -> Value {
    let mut node = json!({"__class__": class, "__module__": module, "__loader__": loader});
    node.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    node
}

fn plain(value: &Value) -> Value {
    node("JsonNode", "builtins", "str", json!({"content": value.to_string(), "is_json": true}))
}

fn list(items: &[Value]) -> Value {
    node("ListNode", "builtins", "list", json!({"content": items}))
}

fn tuple(items: &[Value]) -> Value {
    node("TupleNode", "builtins", "tuple", json!({"content": items}))
}

fn dict(items: &[(&str, Value)]) -> Value {
    let types = vec![node("TypeNode", "builtins", "str", json!({})); items.len()];
    let content: BTreeMap<_, _> = items.iter().cloned().collect();
    node("DictNode", "builtins", "dict", json!({"content": content, "key_types": list(&types)}))
}

fn file(root: &Value, protocol: Value, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut root = root.clone();
    root["protocol"] = protocol;
    root["_skops_version"] = "0.16.0".into();
    zipped(root.to_string().as_bytes(), members)
}

fn zipped(schema: &[u8], members: &[(&str, &[u8])]) -> Vec<u8> {
    let others = members.iter().map(|(name, bytes)| Member::stored(name, bytes));
    archive(&others.chain([Member::stored("schema.json", schema)]).collect::<Vec<_>>())
}

fn skops(root: &Value) -> Vec<u8> {
    file(root, 2.into(), &[])
}

/// `numpy.zeros(2)` as `numpy.save` writes it.
fn zeros() -> Vec<u8> {
    let header = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }");
    [b"\x93NUMPY\x01\0\x76\0", header.as_bytes(), &[0; 16]].concat()
}

/// A call of `os.system` with a harmless argument, or its name, wherever a schema has a place for one.
fn harmful() -> Vec<(&'static str, Value)> {
    let name = || node("FunctionNode", "os", "system", json!({}));
    let args = || tuple(&[plain(&"".into())]);
    let call = || node("ConstructorFromReduceNode", "os", "system", json!({"content": args()}));
    let reduce = |loader| node(loader, "os", "system", json!({"content": dict(&[]), "__reduce__": {"args": args()}}));
    let random = |bits: Value, seeds: Value| {
        let content = json!({"bit_generator": bits, "seed_seq": seeds});
        node("RandomGeneratorNode", "numpy.random._generator", "Generator", json!({"content": content}))
    };
    let keys = |types: Value| {
        node("DictNode", "builtins", "dict", json!({"content": {"x": plain(&1.into())}, "key_types": types}))
    };
    let kind = || node("TypeNode", "os", "system", json!({}));
    let masked = |data| {
        node(
            "MaskedArrayNode",
            "numpy.ma",
            "MaskedArray",
            json!({"content": {"data": data, "mask": plain(&false.into())}}),
        )
    };
    let objects = |content: Value, shape: Value| {
        node("NdArrayNode", "numpy", "ndarray", json!({"type": "json", "content": content, "shape": shape}))
    };
    let operator =
        |module: &str| node("OperatorFuncNode", module, "call", json!({"attrs": tuple(&[name(), plain(&"".into())])}));
    let partial =
        json!({"content": {"func": name(), "args": args(), "kwds": dict(&[]), "namespace": plain(&Value::Null)}});
    let wrapped = |main: Value, factory: Value| {
        node(
            "DefaultDictNode",
            "collections",
            "defaultdict",
            json!({"content": {"main": main, "default_factory": factory}}),
        )
    };
    let numpy = |class: (&str, &str)| node("NdArrayNode", class.0, class.1, json!({"type": "numpy", "file": "a.npy"}));
    let os_dict = || node("DictNode", "os", "system", json!({"content": {}, "key_types": list(&[])}));
    vec![
        ("a function", name()),
        ("a type", kind()),
        ("eval", node("TypeNode", "builtins", "eval", json!({}))),
        ("a call", call()),
        ("a class without state", node("ObjectNode", "os", "system", json!({}))),
        ("a class of lists", node("ListNode", "os", "system", json!({"content": []}))),
        ("a class of sets", node("SetNode", "os", "system", json!({"content": []}))),
        ("a class of tuples", node("TupleNode", "os", "system", json!({"content": []}))),
        ("a class of dicts", os_dict()),
        ("the type of a key", keys(list(&[kind()]))),
        (
            "one type too many",
            node("DictNode", "builtins", "dict", json!({"content": {}, "key_types": list(&[kind()])})),
        ),
        ("types that are made", keys(call())),
        ("a reduced object", reduce("LossNode")),
        ("a tree's state", node("TreeNode", "x", "y", json!({"content": call(), "__reduce__": {"args": tuple(&[])}}))),
        (
            "a quantile forest",
            node("QuantileForestNode", "x", "y", json!({"content": name(), "__reduce__": {"args": tuple(&[])}})),
        ),
        (
            "a state that counts as none",
            node("LossNode", "m", "C", json!({"content": os_dict(), "__reduce__": {"args": tuple(&[])}})),
        ),
        ("a loss without arguments", node("LossNode", "os", "system", json!({}))),
        ("a partial", node("PartialNode", "functools", "partial", partial)),
        ("an operator", operator("operator")),
        ("an operator of another module", operator("builtins")),
        ("a method of a module", {
            let content = json!({"func": "exit", "obj": node("TypeNode", "os", "sys", json!({}))});
            node("MethodNode", "os", "sys", json!({"content": content}))
        }),
        ("a state", node("ObjectNode", "sklearn.svm._classes", "SVC", json!({"content": dict(&[("kernel", name())])}))),
        ("a wrapped dict", wrapped(dict(&[("a", name())]), plain(&Value::Null))),
        ("a factory", wrapped(dict(&[]), name())),
        ("the class of a wrapped dict", wrapped(os_dict(), plain(&Value::Null))),
        (
            "deprecated keys",
            node(
                "_DictWithDeprecatedKeysNode",
                "x",
                "y",
                json!({"content": {"main": dict(&[]), "_deprecated_key_to_new_key": name()}}),
            ),
        ),
        ("a random state", node("RandomStateNode", "os", "system", json!({"content": dict(&[])}))),
        ("seeds", random(dict(&[("bit_generator", plain(&"PCG64".into()))]), name())),
        ("a state of bits", random(dict(&[("bit_generator", plain(&"PCG64".into())), ("x", name())]), dict(&[]))),
        ("masked data", masked(call())),
        ("the class of masked data", masked(numpy(("os", "system")))),
        ("the class of an array", numpy(("os", "system"))),
        ("a data type", node("DTypeNode", "numpy", "dtype", json!({"content": call()}))),
        ("an element", objects(json!([name()]), tuple(&[plain(&1.into())]))),
        ("the class of a shape", objects(json!([]), node("TupleNode", "os", "system", json!({"content": []})))),
        ("what a node stands for again", {
            let mut first = name();
            first["__id__"] = 5.into();
            tuple(&[first, node("CachedNode", "x", "y", json!({"__id__": 5}))])
        }),
    ]
}

#[test]
fn what_does_harm_is_dangerous_wherever_it_stands() {
    for (what, root) in harmful() {
        let report = judged(&file(&root, 2.into(), &[("a.npy", &zeros())]));
        assert_eq!(report.verdict(), Verdict::Dangerous, "{what}: {:?}", told(&report));
        let names = |finding: &&depickle::finding::Finding| {
            let symbol = finding.symbol.as_deref().unwrap_or_default();
            finding.level == Level::Dangerous
                && ["os.system", "builtins.eval", "os.sys", "operator.call"].contains(&symbol)
        };
        let named = report.findings.iter().find(names).unwrap_or_else(|| panic!("{what}: {:?}", told(&report)));
        assert_eq!(named.location.member, "schema.json", "{what}");
    }
}

#[test]
fn names_that_protocol_0_keeps_elsewhere_count() {
    let function =
        node("FunctionNode", "numpy", "log", json!({"content": {"module_path": "os", "function": "system"}}));
    assert_eq!(judged(&file(&function, 0.into(), &[])).verdict(), Verdict::Dangerous);
    // Python takes `False` for the same key.
    assert_eq!(judged(&file(&function, false.into(), &[])).verdict(), Verdict::Dangerous);
    assert_eq!(judged(&file(&function, 2.into(), &[])).verdict(), Verdict::Clean);
}

#[test]
fn names_that_only_look_things_up_are_as_suspicious_as_in_a_pickle() {
    let getter = node(
        "OperatorFuncNode",
        "operator",
        "attrgetter",
        json!({"attrs": tuple(&[plain(&"__class__.__base__".into())])}),
    );
    let bits =
        json!({"content": {"bit_generator": dict(&[("bit_generator", plain(&"seed".into()))]), "seed_seq": dict(&[])}});
    let generator = node("RandomGeneratorNode", "numpy.random._generator", "Generator", bits);
    for root in [getter, generator] {
        let report = judged(&skops(&root));
        assert_eq!(report.verdict(), Verdict::Suspicious, "{:?}", told(&report));
    }
}

#[test]
fn what_skops_refuses_is_never_clean() {
    let one = || plain(&1.into());
    let mut inner = list(&[]);
    inner["__id__"] = 7.into();
    let mut cycle = list(&[inner]);
    cycle["__id__"] = 7.into();
    let cases = [
        (node("NewNode", "m", "C", json!({})), "the loader `NewNode` is not known"),
        (node("CachedNode", "m", "C", json!({"__id__": 3})), "it stands for an object that was not met before"),
        (cycle, "an object stands within itself"),
        (node("ListNode", "builtins", "list", json!({})), "a node whose `content` is no list"),
        (node("DTypeNode", "numpy", "dtype", json!({})), "a node without its `content`"),
        (list(&[json!(1)]), "a node is no JSON object"),
        (list(&[json!({"__loader__": "JsonNode", "content": "1"})]), "a node whose `__class__` is no text"),
        (node("JsonNode", "builtins", "str", json!({"content": "[1"})), "it is not JSON"),
        (node("JsonNode", "builtins", "str", json!({"content": 1})), "the content of a value is no text"),
        (node("JsonNode", "builtins", "str", json!({"content": "1".repeat(5000)})), "an int of more digits"),
        (node("TypeNode", "builtins", "", json!({})), "a module or a name of no letters"),
        (node("BytesNode", "builtins", "bytes", json!({"file": "x.bin"})), "the member `x.bin` is not there"),
        (
            node("NdArrayNode", "numpy", "ndarray", json!({"type": "numpy", "file": "a.npy"})),
            "the member `a.npy` is not there",
        ),
        (node("NdArrayNode", "numpy", "ndarray", json!({"type": "x"})), "an array of a type that is neither"),
        (node("SparseMatrixNode", "builtins", "list", json!({"type": "x"})), "a sparse matrix of a type"),
        (
            node("DictNode", "builtins", "dict", json!({"content": {"a": one()}, "key_types": list(&[])})),
            "a dict of 1 keys and 0 types",
        ),
        (
            node(
                "DictNode",
                "builtins",
                "dict",
                json!({"content": {"a": one()}, "key_types": list(&[node("TypeNode", "builtins", "int", json!({}))])}),
            ),
            "a key that is no number",
        ),
        (node("ListNode", "builtins", "list", json!({"content": [], "__id__": "x"})), "an `__id__` that is no int"),
    ];
    for (root, why) in cases {
        let report = judged(&skops(&root));
        let told = told(&report);
        assert_eq!(report.verdict(), Verdict::Incomplete, "{told:?}");
        assert!(told.iter().any(|told| told.starts_with("refused-stream: ") && told.contains(why)), "{why}: {told:?}");
        assert!(report.loaders.iter().all(|loader| !loader.loads));
    }
}

#[test]
fn protocols_that_skops_does_not_know_are_incomplete() {
    for protocol in [json!(3), json!(-1), json!(true), json!(2.0), json!("2"), Value::Null] {
        let report = judged(&file(&list(&[]), protocol.clone(), &[]));
        assert_eq!(report.verdict(), Verdict::Incomplete, "{protocol}");
    }
    for protocol in 0..=2 {
        assert_eq!(judged(&file(&list(&[]), protocol.into(), &[])).verdict(), Verdict::Clean);
    }
}

#[test]
fn what_reads_in_two_ways_is_suspicious() {
    let schema = |text: &str| zipped(text.as_bytes(), &[]);
    let twice = schema(
        r#"{"protocol": 2, "__loader__": "ListNode", "__class__": "list", "__module__": "builtins", "content": [], "content": []}"#,
    );
    let mut one = list(&[]);
    one["__id__"] = 1.into();
    let mut other = tuple(&[]);
    other["__id__"] = 1.into();
    let cases = [
        (twice, "a key occurs twice in one object"),
        (
            skops(&node("JsonNode", "builtins", "str", json!({"content": r#"{"a": 1, "a": 2}"#}))),
            "a key occurs twice in an object of JSON",
        ),
        (skops(&list(&[one, other])), "met before by its `__id__` has another `__class__` here"),
        (file(&list(&[]), 2.into(), &[("x.bin", b"x")]), "a member that the schema does not name"),
        (file(&list(&[]), 2.into(), &[("SCHEMA.JSON", b"{}")]), "several members are called schema.json"),
        (file(&list(&[]), 2.into(), &[("schema.json", b"{}")]), "several members are called schema.json"),
    ];
    for (bytes, why) in cases {
        let report = judged(&bytes);
        assert_eq!(report.verdict(), Verdict::Suspicious, "{why}");
        assert!(told(&report).iter().any(|told| told.contains(why)), "{why}: {:?}", told(&report));
    }
}

#[test]
fn a_pickle_in_an_array_is_refused_and_judged() {
    let header = format!("{:<117}\n", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }");
    let npy = [b"\x93NUMPY\x01\0\x76\0", header.as_bytes(), b"cos\nsystem\n(S''\ntR."].concat();
    let root = node("NdArrayNode", "numpy", "ndarray", json!({"type": "numpy", "file": "a.npy"}));
    let report = judged(&file(&root, 2.into(), &[("a.npy", &npy)]));
    assert_eq!(report.verdict(), Verdict::Dangerous);
    let told = told(&report);
    assert!(told.iter().any(|told| told.contains("a pickle: skops refuses to load it")), "{told:?}");
}

#[test]
fn bytes_are_data_whatever_they_look_like() {
    let root = node("BytesNode", "builtins", "bytes", json!({"file": "x.bin"}));
    let pickle = b"cos\nsystem\n(S''\ntR.";
    assert_eq!(judged(&file(&root, 2.into(), &[("x.bin", pickle)])).verdict(), Verdict::Clean);
    // Not so where nobody reads them as bytes.
    assert_eq!(judged(&file(&list(&[]), 2.into(), &[("x.bin", pickle)])).verdict(), Verdict::Dangerous);
}

#[test]
fn other_archives_with_such_a_member_are_none_of_skops() {
    let report = judged(&zipped(br#"{"$schema": "x", "type": "object"}"#, &[]));
    assert_eq!((report.verdict(), report.format.as_str()), (Verdict::Clean, "zip"));
    let report = judged(&zipped(b"{\"protocol\": 2,", &[]));
    assert_eq!((report.verdict(), report.format.as_str()), (Verdict::Incomplete, "skops"));
}

#[test]
fn depth_needs_no_stack() {
    const DEPTH: usize = 5_000;
    let open = r#"{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":["#;
    let schema = format!("{{\"protocol\":2,{}{}{}]}}", &open[1..], open.repeat(DEPTH), "]}".repeat(DEPTH));
    let bytes = zipped(schema.as_bytes(), &[]);
    assert_eq!(judged(&bytes).verdict(), Verdict::Clean);
    let mut contents = open_skops(&bytes);
    assert_eq!(Tree::new(&Outline::new(&mut contents)).unwrap().len(), DEPTH + 1);
}

fn open_skops(bytes: &[u8]) -> depickle::inspect::Contents<'_> {
    open(bytes, &Limits::default()).unwrap()
}

#[test]
fn a_tree_that_points_nowhere_is_found() {
    let mut bytes = sample("skops/forest.skops");
    let mut contents = open_skops(&bytes);
    let place = {
        let outline = Outline::new(&mut contents);
        let found = Arrays::new(&outline);
        let nodes = found.iter().find(|array| array.address.to_string().ends_with(".nodes")).unwrap();
        usize::try_from(nodes.file_offset.unwrap()).unwrap()
    };
    drop(contents);
    // The first number of the first node is its left child.
    bytes[place..place + 8].copy_from_slice(&9999_i64.to_le_bytes());
    let report = judged(&bytes);
    assert_eq!(report.verdict(), Verdict::Dangerous);
    assert!(told(&report).iter().any(|told| told.starts_with("numpy-layout: ")), "{:?}", told(&report));
    let deep = Limits::default().deep();
    let report = scan(&Source::from_bytes("model.skops", &bytes), &Policy::builtin(), &deep);
    assert!(told(&report).iter().any(|told| told.starts_with("model-pointer: ")), "{:?}", told(&report));
}

#[test]
fn a_schema_that_is_cut_short_is_never_clean() {
    let root =
        node("ObjectNode", "sklearn.svm._classes", "SVC", json!({"content": dict(&[("C", plain(&1.0.into()))])}));
    let mut root = root;
    root["protocol"] = 2.into();
    let schema = root.to_string();
    for end in (1..schema.len()).step_by(11) {
        assert_ne!(judged(&zipped(&schema.as_bytes()[..end], &[])).verdict(), Verdict::Clean, "{end}");
    }
}

#[test]
fn any_byte_of_a_schema_may_be_any_other() {
    let root = tuple(&[
        dict(&[("a", plain(&1.into()))]),
        node("NdArrayNode", "numpy", "ndarray", json!({"type": "numpy", "file": "a.npy"})),
    ]);
    let mut root = root;
    root["protocol"] = 2.into();
    let schema = root.to_string().into_bytes();
    for at in (0..schema.len()).step_by(3) {
        for byte in [b'"', b'0'] {
            let mut changed = schema.clone();
            changed[at] = byte;
            let bytes = zipped(&changed, &[("a.npy", &zeros())]);
            judged(&bytes);
            if let Ok(mut contents) = open(&bytes, &Limits::default()) {
                let outline = Outline::new(&mut contents);
                let _ = Tree::new(&outline).map(|tree| tree.len());
            }
        }
    }
}

#[test]
fn a_schema_counts_wherever_a_zip_reader_finds_it() {
    let harmful =
        skops(&node("ConstructorFromReduceNode", "os", "system", json!({"content": tuple(&[plain(&"".into())])})));
    // Behind a pickle, in an archive, beside the pickle of torch, and before another schema.
    let behind = [&b"\x80\x04N."[..], &harmful].concat();
    let within = archive(&[Member::stored("model.skops", &harmful)]);
    let schema = br#"{"protocol": 2, "__loader__": "FunctionNode", "__module__": "os", "__class__": "system"}"#;
    let beside = zipped(schema, &[("archive/data.pkl", b"\x80\x02N.")]);
    let before = file(&list(&[]), 2.into(), &[("schema.json", schema)]);
    let other_case = file(&list(&[]), 2.into(), &[("SCHEMA.json", schema)]);
    for bytes in [behind, within, beside, before, other_case] {
        let report = judged(&bytes);
        assert_eq!(report.verdict(), Verdict::Dangerous, "{:?}", told(&report));
    }
}

#[test]
fn a_name_outside_of_all_nodes_explains_no_member() {
    let decoy = json!({"__loader__": "BytesNode", "file": "x.pkl"});
    let mut root = list(&[]);
    root["more"] = decoy;
    let report = judged(&file(&root, 2.into(), &[("x.pkl", b"cos\nsystem\n(S''\ntR.")]));
    assert_eq!(report.verdict(), Verdict::Dangerous);
    let mut again = list(&[]);
    again["__id__"] = 1.into();
    let mut decoy = again.clone();
    decoy["content"] = json!([{"__loader__": "BytesNode", "file": "x.pkl"}]);
    let report = judged(&file(&list(&[again, decoy]), 2.into(), &[("x.pkl", b"cos\nsystem\n(S''\ntR.")]));
    assert_eq!(report.verdict(), Verdict::Dangerous);
    // skops writes an object again that it has written, and names members there that it never reads.
    let mut again = list(&[node("NdArrayNode", "numpy", "ndarray", json!({"type": "numpy", "file": "a.npy"}))]);
    again["__id__"] = 1.into();
    let mut first = list(&[]);
    first["__id__"] = 1.into();
    let report = judged(&file(&list(&[first, again]), 2.into(), &[("a.npy", &zeros())]));
    assert_eq!(report.verdict(), Verdict::Clean, "{:?}", told(&report));
}
