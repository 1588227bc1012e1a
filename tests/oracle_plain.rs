//! Plain values written by serde-pickle read back as the same values: an oracle that shares no code with us.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

use depickle::ast::{Kind, Moment, Value as Node};
use depickle::finding::Verdict;
use depickle::limits::Limits;
use depickle::loader::{Manner, READERS, ReaderInfo, Readers, Subject, pass};
use depickle::machine::Action;
use depickle::opcode::{Literal, SliceWindow};
use depickle::policy::Policy;
use depickle::{audit, input::Source};
use proptest::prelude::*;
use serde_pickle::{HashableValue, SerOptions, Value, value_to_vec};

/// A value as serde-pickle has it; `None` for what serde-pickle cannot have written.
fn value(subject: Subject<'_>, node: Node) -> Option<Value> {
    let ast = &subject.reading.ast;
    let items = || ast.items(node, Moment::END).map(|item| value(subject, item)).collect::<Option<Vec<_>>>();
    let keys = |items: Vec<Value>| items.into_iter().map(|item| item.into_hashable().ok()).collect::<Option<_>>();
    Some(match node.kind() {
        Kind::List => Value::List(items()?),
        Kind::Tuple => Value::Tuple(items()?),
        Kind::Set => Value::Set(keys(items()?)?),
        Kind::FrozenSet => Value::FrozenSet(keys(items()?)?),
        Kind::Dict => {
            let entry = |(key, item)| Some((value(subject, key)?.into_hashable().ok()?, value(subject, item)?));
            Value::Dict(ast.entries(node, Moment::END).map(entry).collect::<Option<_>>()?)
        }
        // Below protocol 4 a set is a call, set([...]), and below 3 bytes are: encode(text, 'latin1').
        Kind::Object => {
            let made_by = subject.reading.effects.get(ast.object_of(node)?.made_by as usize)?;
            let Action::Call { callee, args, .. } = made_by.action else { return None };
            let first = value(subject, ast.items(args, made_by.moment).next()?)?;
            match (&*ast.symbol(callee)?.name, first) {
                ("set", Value::List(items)) => Value::Set(keys(items)?),
                ("frozenset", Value::List(items)) => Value::FrozenSet(keys(items)?),
                ("encode", Value::String(text)) => {
                    Value::Bytes(text.chars().map(|char| u8::try_from(char).ok()).collect::<Option<_>>()?)
                }
                _ => return None,
            }
        }
        _ => match subject.literal(node)? {
            Literal::None => Value::None,
            Literal::Bool(value) => Value::Bool(value),
            Literal::Int(value) => Value::I64(value),
            Literal::Float(value) => Value::F64(value),
            Literal::Str(text) => Value::String(String::from_utf8(text.into_owned()).ok()?),
            Literal::ByteStr(bytes) => Value::Bytes(bytes.into_owned()),
            Literal::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            _ => return None,
        },
    })
}

/// What a reader makes of a pickle.
fn read(bytes: &[u8], reader: &ReaderInfo) -> Option<Value> {
    let manner =
        Manner { readers: Readers::of(reader.reader), dialect: reader.dialect, arrays: reader.arrays, search: true };
    let pass = pass(SliceWindow::new(bytes), manner, &mut Limits::default().budget(bytes.len() as u64));
    let reading = pass.first()?;
    assert!(pass.trailing.is_empty() && reading.parted.is_none());
    value(Subject { reading, source: pass.source() }, reading.root?)
}

fn hashable() -> impl Strategy<Value = HashableValue> {
    let leaf = prop_oneof![
        Just(HashableValue::None),
        any::<bool>().prop_map(HashableValue::Bool),
        any::<i64>().prop_map(HashableValue::I64),
        (-300_i64..70_000).prop_map(HashableValue::I64),
        any::<f64>().prop_filter("NaN differs from itself", |float| !float.is_nan()).prop_map(HashableValue::F64),
        any::<String>().prop_map(HashableValue::String),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(HashableValue::Bytes),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(HashableValue::Tuple),
            prop::collection::btree_set(inner, 0..4).prop_map(HashableValue::FrozenSet),
        ]
    })
}

fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        hashable().prop_map(HashableValue::into_value),
        prop::collection::vec(any::<u8>(), 250..400).prop_map(Value::Bytes),
        "\\PC{250,400}".prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::List),
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Tuple),
            prop::collection::btree_set(hashable(), 0..6).prop_map(Value::Set),
            prop::collection::btree_map(hashable(), inner, 0..6).prop_map(Value::Dict),
        ]
    })
}

proptest! {
    // A failure is printed whole; nothing is written beside the test.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_serde_pickle_writes_is_what_we_read(written in plain()) {
        for options in [SerOptions::new(), SerOptions::new().proto_v2()] {
            let bytes = value_to_vec(&written, options).unwrap();
            for reader in &READERS {
                prop_assert_eq!(&read(&bytes, reader), &Some(written.clone()), "{}", reader.name);
            }
            let report = audit::scan(&Source::from_bytes("x", &bytes), &Policy::builtin(), &Limits::default());
            prop_assert_eq!(report.verdict(), Verdict::Clean, "{:?}", report.findings);
        }
    }
}
