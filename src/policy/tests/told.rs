//! What is told beside the verdict, and costs that a line of `asm.rs` cannot write.

use super::super::Objection;
use super::asm::{Route, assemble};
use super::{judged, worst};
use crate::finding::Level;

/// The levels and details of one kind of objection to a line.
fn told(line: &str, objection: Objection) -> Vec<(Level, String)> {
    let judged = judged(&assemble(line, 4, Route::StackGlobal));
    let alike = judged.judgements.into_iter().filter(|judgement| judgement.objection == objection);
    alike.map(|judgement| (judgement.level, judgement.detail)).collect()
}

#[test]
fn what_acts_when_the_object_is_used_is_a_note() {
    let transformer = "new sklearn.preprocessing._function_transformer:FunctionTransformer()";
    for (line, value) in [
        (format!("{transformer} << {{'func': numpy:log1p}}"), "numpy.log1p"),
        ("new sklearn.pipeline:Pipeline() << {'steps': [], 'memory': '/tmp/cache'}".to_owned(), "'/tmp/cache'"),
        ("new sklearn.feature_extraction.text:TfidfVectorizer() << {'token_pattern': '(a+)+b'}".to_owned(), "'(a+)+b'"),
    ] {
        let notes = told(&line, Objection::UseTime);
        assert!(matches!(notes.as_slice(), [(Level::Note, what)] if what.starts_with(value)), "{line}: {notes:?}");
    }
    let usual = "new sklearn.feature_extraction.text:TfidfVectorizer() << {'token_pattern': '(?u)\\b\\w\\w+\\b', 'memory': None}";
    assert!(told(usual, Objection::UseTime).is_empty());
}

#[test]
fn a_state_that_comes_too_late_is_dangerous_where_it_says_how_memory_is_read() {
    let state = "(3, '<', None, None, None, -1, -1, 0)";
    let dtype = "numpy:dtype('f8', False, True)";
    let scaler = "new sklearn.preprocessing._data:StandardScaler()";
    let array = format!("numpy._core.numeric:_frombuffer(b'01234567', {dtype} << {state}, (1), 'C')");
    for (line, level) in [
        (format!("{dtype} << {state} << {state}"), Level::Dangerous),
        (format!("{array} << (1, (1), {dtype} << {state}, False, b'01234567')"), Level::Dangerous),
        (format!("numpy._core._internal:_convert_to_stringdtype_kwargs(True) << {state}"), Level::Dangerous),
        (format!("{dtype} as 1; collections:deque([$1]); $1 << {state}"), Level::Dangerous),
        (format!("{scaler} as 1; collections:deque([$1]); $1 << {{'copy': True}}"), Level::Suspicious),
    ] {
        let found = told(&line, Objection::BuiltTwice);
        assert!(matches!(found.as_slice(), [(found, _)] if *found == level), "{line}: {found:?}");
    }
}

#[test]
fn fields_that_were_changed_make_another_data_type() {
    let field = "numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0) as 1";
    let record = "numpy:dtype('V8', False, True) << (3, '|', None, $3, $2, 8, 1, 16)";
    let line = |between: &str| format!("{field}; {{'a': ($1, 0)}} as 2; ('a') as 3; {record}; {between}; {record}");
    assert!(judged(&assemble(&line("None"), 4, Route::StackGlobal)).judgements.is_empty());
    let changed = judged(&assemble(&line("$2 += {'a': ($1, 800)}"), 4, Route::StackGlobal));
    let told: Vec<_> = changed.judgements.iter().map(|told| (told.objection, told.effect)).collect();
    assert_eq!(told, [(Objection::NumpyLayout, 5), (Objection::NumpyLayout, 8)]);
}

#[test]
fn what_certainly_raises_is_where_a_reader_stops() {
    for (line, refused) in
        [("new numpy:ndarray()", true), ("new numpy:ndarray((2))", false), ("numpy:ndarray()", false)]
    {
        assert_eq!(judged(&assemble(line, 4, Route::StackGlobal)).refused.is_some(), refused, "{line}");
    }
}

#[test]
fn a_cost_is_told_at_the_effect_before_it() {
    let import = b"cdatetime\ndate\n0";
    let costly = [b"\x80\x02".as_slice(), import, import, b"Nr\xff\xff\xff\x0f.", import].concat();
    let told = judged(&costly).judgements;
    let places: Vec<_> = told.iter().map(|told| (told.objection, told.effect)).collect();
    assert_eq!(places, [(Objection::LoadCost, 1)]);
}

#[test]
fn a_dot_is_part_of_a_name_below_protocol_4() {
    let worst_at = |protocol| worst(&judged(&assemble("[builtins:dict.get]", protocol, Route::Global)));
    assert_eq!((worst_at(4), worst_at(2)), (None, Some(Level::Suspicious)));
}

#[test]
fn names_of_the_interpreter_have_underscores_on_both_sides() {
    let is_harm = |symbol| super::super::explain::harm_of(symbol).is_some();
    assert!(is_harm("package.__class__"));
    assert!(!is_harm("package.__private") && !is_harm("package.odd__"));
}

#[test]
fn a_callable_that_not_anyone_may_call_is_more_than_a_note() {
    let line = "new sklearn.preprocessing._function_transformer:FunctionTransformer() << {'func': builtins:print}";
    let found = told(line, Objection::UseTime);
    assert!(matches!(found.as_slice(), [(Level::Suspicious, _)]), "{found:?}");
}

#[test]
fn code_by_value_is_told_with_its_name_its_names_and_its_constants() {
    let code = "(0, 0, 0, 1, 3, 67, b'code', (None, 'rm -rf'), ('os', 'system'), ('x'), '/home/a.py', 'train', 1, b'')";
    let of_cloudpickle = format!("cloudpickle.cloudpickle:_builtin_type('CodeType'){code}");
    let of_dill = format!("dill._dill:_create_code{code}");
    let function = format!("cloudpickle.cloudpickle:_make_function({of_cloudpickle}, {{}}, 'train', None, None)");
    for line in [of_cloudpickle, of_dill, format!("types:CodeType{code}"), function] {
        let found = told(&line, Objection::CodeByValue);
        let all: String = found.iter().map(|(_, detail)| detail.as_str()).collect();
        for part in ["'train'", "'/home/a.py'", "'rm -rf'", "names os, system", "uses os"] {
            assert!(all.contains(part), "{part}: {all}");
        }
        assert!(found.iter().all(|(level, _)| *level == Level::Dangerous));
    }
    let marshalled = told("marshal:loads(b'c\u{0}\u{0}z\u{6}systemZ\u{2}os')", Objection::CodeByValue);
    assert!(marshalled.iter().any(|(_, detail)| detail.contains("names system, os")), "{marshalled:?}");
}

/// A dict of these keys, each as LONG1.
fn dict(keys: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let items = keys.flat_map(|key| [key, b"N".to_vec()].concat());
    [b"\x80\x04}(".to_vec(), items.collect(), b"u.".to_vec()].concat()
}

fn long(value: i128) -> Vec<u8> {
    [vec![0x8a, 16], value.to_le_bytes().to_vec()].concat()
}

#[test]
fn keys_that_collide_cost_too_much() {
    let prime = (1_i128 << 61) - 1;
    assert_eq!(worst(&judged(&dict((0..3000).map(|key| long(key * prime))))), Some(Level::Suspicious));
    assert_eq!(worst(&judged(&dict((0..3000).map(|key| long(-key * prime - 5))))), Some(Level::Suspicious));
    // As many of a kind that honest files have: numbers of 128 bits, without a pattern.
    let honest = (1..3000_i128).map(|key| long(key.wrapping_mul(0x1e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_i128)));
    assert_eq!(worst(&judged(&dict(honest))), None);
}

/// Pairs of ints whose tuples have one hash: for any first there is a second, and one of eight is small enough.
fn pairs() -> impl Iterator<Item = (u64, u64)> {
    const PRIME_1: u64 = 11_400_714_785_074_694_791;
    const PRIME_2: u64 = 14_029_467_366_897_019_727;
    const PRIME_5: u64 = 2_870_177_450_012_600_261;
    // Newton's iteration for the inverse modulo 2^64.
    let inverse = (0..6).fold(PRIME_2, |guess, _| guess.wrapping_mul(2_u64.wrapping_sub(PRIME_2.wrapping_mul(guess))));
    (0_u64..).filter_map(move |first| {
        let acc = PRIME_5.wrapping_add(first.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1);
        let second = 7_u64.wrapping_sub(acc).wrapping_mul(inverse);
        (second < (1 << 61) - 1).then_some((first, second))
    })
}

#[test]
fn tuples_that_collide_cost_too_much() {
    let tuple = |(first, second): (u64, u64)| [long(first.into()), long(second.into()), b"\x86".to_vec()].concat();
    assert_eq!(worst(&judged(&dict(pairs().take(3000).map(tuple)))), Some(Level::Suspicious));
    assert_eq!(worst(&judged(&dict((0..3000).map(|key| tuple((key, key * key)))))), None);
    let list: Vec<u8> = pairs().take(3000).flat_map(tuple).collect();
    let set = [b"\x80\x04cbuiltins\nset\n](".as_slice(), &list, b"e\x85R."].concat();
    assert_eq!(worst(&judged(&set)), Some(Level::Suspicious));
}

#[test]
fn a_number_of_many_digits_costs_too_much() {
    let number = |digits: usize| [b"L".to_vec(), b"7".repeat(digits), b"L\n.".to_vec()].concat();
    assert_eq!(worst(&judged(&number(200_000))), Some(Level::Suspicious));
    assert_eq!(worst(&judged(&number(4000))), None);
}

/// Nodes of a `cKDTree` over two points of one dimension: what splits, from where to where, the children.
fn kd_tree(nodes: &[[i64; 5]]) -> Vec<u8> {
    let words = |[split, start, end, less, greater]: [i64; 5]| [split, 1, 0, start, end, 0, 0, less, greater];
    let bytes: Vec<u8> = nodes.iter().flat_map(|&node| words(node)).flat_map(i64::to_le_bytes).collect();
    let array = |count: usize| {
        format!(
            "numpy._core.multiarray:_reconstruct(numpy:ndarray, (0), b'b') << (1, ({count}), numpy:dtype('f8', False, True) \
             << (3, '<', None, None, None, -1, -1, 0), False, b'{}')",
            "01234567".repeat(count)
        )
    };
    let (two, one) = (array(2), array(1));
    let line =
        format!("new scipy.spatial._ckdtree:cKDTree() << (b'NODES', {two}, 2, 1, 1, {one}, {one}, {two}, None, None)");
    let stream = assemble(&line, 4, Route::StackGlobal);
    let at = stream.windows(5).position(|window| window == b"NODES").unwrap();
    let len = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [&stream[..at - 4], &len, &bytes, &stream[at + 5..]].concat()
}

#[test]
fn nodes_of_a_tree_point_into_it() {
    let leaf = |at| [-1, at, at + 1, 0, 0];
    assert_eq!(worst(&judged(&kd_tree(&[[0, 0, 2, 1, 2], leaf(0), leaf(1)]))), None);
    for forged in [
        [0, 0, 2, 1, 3],
        [0, 0, 2, -1, 2],
        [0, 0, 2, 0, 2],
        [0, 0, 2, 1, i64::MAX],
        [0, 0, 3, 1, 2],
        [0, 2, 1, 1, 2],
        [0, -1, 2, 1, 2],
        [1, 0, 2, 1, 2],
        [-2, 0, 2, 1, 2],
    ] {
        assert_eq!(worst(&judged(&kd_tree(&[forged, leaf(0), leaf(1)]))), Some(Level::Dangerous), "{forged:?}");
    }
    assert!(worst(&judged(&kd_tree(&[]))).is_some());
}

#[test]
fn the_state_of_a_tree_is_not_changed_later() {
    let dtype = |code: &str| format!("numpy:dtype('{code}', False, True) << (3, '<', None, None, None, -1, -1, 0)");
    let array = |shape: &str, dtype: &str, bytes: &str| {
        format!(
            "numpy._core.multiarray:_reconstruct(numpy:ndarray, (0), b'b') << (1, ({shape}), {dtype}, False, b'{bytes}')"
        )
    };
    let fields = "{'left_child': ($1, 0), 'right_child': ($1, 8), 'feature': ($1, 16), 'threshold': ($2, 24), \
                  'impurity': ($2, 32), 'n_node_samples': ($1, 40), 'weighted_n_node_samples': ($2, 48)}";
    let names = "('left_child', 'right_child', 'feature', 'threshold', 'impurity', 'n_node_samples', \
                 'weighted_n_node_samples')";
    let nodes = format!("numpy:dtype('V56', False, True) << (3, '|', None, {names}, {fields}, 56, 1, 16)");
    let state = format!(
        "{{'max_depth': 0, 'node_count': 0, 'nodes': {}, 'values': {}}}",
        array("0", &nodes, ""),
        array("0, 1, 1", "$2", "")
    );
    let tree = format!("sklearn.tree._tree:Tree(2, {}, 1)", array("1", "$1", "01234567"));
    let line = format!("{} as 1; {} as 2; {state} as 5; {tree} << $5", dtype("i8"), dtype("f8"));
    let honest = judged(&assemble(&line, 4, Route::StackGlobal)).judgements;
    assert!(honest.iter().all(|told| told.level == Level::Note), "{honest:?}");
    let later = format!("{line}; $5 += {{'node_count': 9}}");
    let told = judged(&assemble(&later, 4, Route::StackGlobal)).judgements;
    assert!(told.iter().any(|told| told.detail.contains("changed later")), "{told:?}");
}

/// So many of one thing in the other, the innermost None.
fn nested(begin: &[u8], open: &[u8], close: &[u8], depth: usize, end: &[u8]) -> Vec<u8> {
    [b"\x80\x04", begin, &open.repeat(depth), b"N", &close.repeat(depth), end].concat()
}

#[test]
fn what_lies_too_deep_ends_the_process() {
    for (depth, expected) in [(100, None), (6000, Some(Level::Suspicious))] {
        let key = nested(b"}", b"", b"\x85", depth, b"Ns.");
        assert_eq!(worst(&judged(&key)), expected, "tuples in a key, {depth} deep");
        let slices = nested(b"cbuiltins\nslice\nq\x010", b"h\x01", b"NN\x87R", depth, b".");
        assert_eq!(worst(&judged(&slices)), expected, "slices, {depth} deep");
        let deques = nested(b"ccollections\ndeque\nq\x010", b"h\x01](", b"e\x85R", depth, b".");
        assert_eq!(worst(&judged(&deques)), expected, "deques, {depth} deep");
        let values = nested(b"", b"](", b"e", depth, b".");
        assert_eq!(worst(&judged(&values)), None, "lists, {depth} deep");
    }
}
