use super::*;
use crate::inspect::{Outline, open};
use crate::limits::Limits;
use serde_json::Value;
use std::path::Path;

fn with_tree<T>(bytes: &[u8], look: impl FnOnce(&Tree<'_>) -> T) -> T {
    let mut contents = open(bytes, &Limits::default()).unwrap();
    let outline = Outline::new(&mut contents);
    look(&Tree::new(&outline).unwrap())
}

fn schema(bytes: &[u8]) -> Value {
    with_tree(bytes, |tree| {
        let plan = plan(tree).unwrap();
        serde_json::from_str(&plan.schema).unwrap_or_else(|error| panic!("{error}: {}", plan.schema))
    })
}

fn refusal(bytes: &[u8]) -> String {
    with_tree(bytes, |tree| plan(tree).map(|_| ()).unwrap_err().to_string())
}

fn written(bytes: &[u8]) -> Vec<u8> {
    with_tree(bytes, |tree| {
        let mut out = Vec::new();
        plan(tree).unwrap().write(&mut out).unwrap();
        out
    })
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new("samples").join(name)).unwrap()
}

/// Samples of models of several kinds.
const MODELS: &[&str] = &[
    "columns.joblib",
    "gradient_boosting.joblib",
    "grid_search.joblib",
    "lightgbm.pkl",
    "model_p2.pkl",
    "model_v1.joblib",
    "neighbors.joblib",
    "text.joblib",
    "xgboost.joblib",
];

#[test]
fn plain_values_are_json_and_containers_name_their_class() {
    // [1, None, 'a', b'x']
    let list = schema(b"\x80\x04](K\x01N\x8c\x01aC\x01xe.");
    assert_eq!(list["__loader__"], "ListNode");
    assert_eq!((&list["protocol"], &list["_skops_version"]), (&2.into(), &"0.16.0".into()));
    let content = list["content"].as_array().unwrap();
    assert_eq!(content[0]["content"], "1");
    assert_eq!(content[1]["content"], "null");
    assert_eq!(content[2]["content"], "\"a\"");
    assert_eq!((&content[3]["__loader__"], &content[3]["__class__"]), (&"BytesNode".into(), &"bytes".into()));
    // {1: 2.0, 'b': True}
    let dict = schema(b"\x80\x04}(K\x01G\x40\0\0\0\0\0\0\0\x8c\x01b\x88u.");
    assert_eq!(dict["content"]["1"]["content"], "2.0");
    assert_eq!(dict["content"]["b"]["content"], "true");
    let types: Vec<_> = dict["key_types"]["content"].as_array().unwrap().iter().map(|it| &it["__class__"]).collect();
    assert_eq!(types, ["int", "str"]);
}

#[test]
fn what_is_met_again_is_only_referred_to() {
    // b = [1]; (b, b)
    let tuple = schema(b"\x80\x04]\x94K\x01ah\x00\x86.");
    let content = tuple["content"].as_array().unwrap();
    assert_eq!(content[0]["__id__"], content[1]["__id__"]);
    assert_ne!(content[0]["__id__"], tuple["__id__"]);
    assert!(content[0].get("content").is_some() && content[1].get("content").is_none());
}

#[test]
fn the_general_rule_is_a_class_and_its_state() {
    let object = schema(b"\x80\x04\x8c\x01m\x8c\x01C\x93)\x81}\x8c\x01aK\x01sb.");
    assert_eq!(
        (&object["__loader__"], &object["__module__"], &object["__class__"]),
        (&"ObjectNode".into(), &"m".into(), &"C".into())
    );
    assert_eq!(object["content"]["content"]["a"]["content"], "1");
}

#[test]
fn what_no_rule_explains_is_refused_with_its_path() {
    let cases: [(&[u8], &str); 12] = [
        // A list in itself; a call without a rule; one with arguments; a class within a class; slots; keyword arguments.
        (b"\x80\x04]\x94h\x00a.", "root: it stands within itself"),
        (b"\x80\x04]\x8c\x01m\x8c\x01f\x93K\x01\x85Ra.", "root[0]: no rule says what m.f makes"),
        (b"\x80\x04\x8c\x01m\x8c\x01C\x93K\x01\x85\x81.", "root: m.C is made from arguments"),
        (b"\x80\x04\x8c\x01m\x8c\x03C.D\x93)\x81.", "root: a class within a class"),
        (b"\x80\x04\x8c\x01m\x8c\x01C\x93)\x81N}\x8c\x01aK\x01s\x86b.", "root: its state is of attributes and slots"),
        (b"\x80\x04\x8c\x01m\x8c\x01C\x93)}\x8c\x01aK\x01s\x92.", "root: skops cannot make a m.C from keyword"),
        // {False: 1}; {1: 2, '1': 3}; {(): 1}; a string of Python 2; an attribute of a class; a persistent id.
        (b"\x80\x04}\x89K\x01s.", "root{0}: skops has no place for this key"),
        (b"\x80\x04}(K\x01K\x02\x8c\x011K\x03u.", "root{1}: two keys of the dict are one"),
        (b"\x80\x04})K\x01s.", "root{0}: skops has no place for this key"),
        (b"\x80\x02]U\x01\xffa.", "root[0]: a string of Python 2"),
        (b"\x80\x04]\x8c\x01m\x8c\x03C.f\x93a.", "root[0]: the name of an attribute"),
        (b"\x80\x04]K\x01Qa.", "root[0]: an object that is kept outside"),
    ];
    for (bytes, why) in cases {
        let refused = refusal(bytes);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn nothing_is_written_that_skops_could_not_read_for_depth() {
    let deep =
        |levels: usize| [b"\x80\x04".to_vec(), vec![b']'; levels], vec![b'a'; levels - 1], b".".to_vec()].concat();
    assert!(with_tree(&deep(200), |tree| plan(tree).is_ok()));
    for levels in [201, 100_000] {
        assert!(refusal(&deep(levels)).contains("deeper than 200 objects"));
    }
}

#[test]
fn every_file_of_the_schema_is_there_once() {
    for name in MODELS {
        with_tree(&sample(name), |tree| {
            let plan = plan(tree).unwrap_or_else(|refused| panic!("{name}: {refused}"));
            let mut named: Vec<&str> =
                plan.schema.split("\"file\":\"").skip(1).filter_map(|it| it.split('"').next()).collect();
            let mut there: Vec<String> = plan.members.iter().map(Member::name).collect();
            named.sort_unstable();
            there.sort_unstable();
            assert_eq!(named, there, "{name}");
            there.dedup();
            assert_eq!(named.len(), there.len(), "{name}");
            assert!(plan.schema.is_ascii() && plan.lost.is_empty(), "{name}: {:?}", plan.lost);
        });
    }
}

#[test]
fn the_same_model_gives_the_same_file_whatever_the_protocol() {
    let last = written(&sample("model_p5.pkl"));
    assert_eq!(written(&sample("model_p5.pkl")), last);
    for protocol in 0..5 {
        assert!(written(&sample(&format!("model_p{protocol}.pkl"))) == last, "protocol {protocol}");
    }
}

#[test]
fn the_line_that_loads_it_names_what_has_to_be_trusted() {
    assert_eq!(load_line("a\"b.skops", &[]), r#"skops.io.load("a\"b.skops")"#);
    let line = load_line("m.skops", &["sklearn.tree._tree.Tree".to_owned(), "m.C".to_owned()]);
    assert_eq!(line, r#"skops.io.load("m.skops", trusted=["sklearn.tree._tree.Tree", "m.C"])"#);
    with_tree(&sample("model_p5.pkl"), |tree| {
        assert_eq!(plan(tree).unwrap().untrusted(), ["sklearn.tree._tree.Tree"]);
    });
}
