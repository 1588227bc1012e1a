//! What is learned from vetted files makes them clean, and files like them, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

#[path = "../src/policy/tests/asm.rs"]
#[allow(dead_code, reason = "made for other tests")]
mod asm;

use depickle::audit::{Learned, learn, scan};
use depickle::finding::{FileReport, Verdict};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use depickle::policy::user::{Context, Day, Section};

fn pickle(line: &str) -> Vec<u8> {
    asm::assemble(line, 4, asm::Route::StackGlobal)
}

fn learned(lines: &[&str]) -> Learned {
    let files: Vec<Vec<u8>> = lines.iter().map(|line| pickle(line)).collect();
    let sources: Vec<_> = files.iter().map(|file| Source::from_bytes("vetted.pkl", file)).collect();
    learn(&sources, "vetted", &Limits::default())
}

fn verdict(line: &str, policy: &str) -> Verdict {
    let context = Context { file: "learned", section: Section::Whole, today: Day::FIRST, rules: &[] };
    let policy = Policy::parse(policy, &context).unwrap().unwrap();
    scan(&Source::from_bytes("other.pkl", &pickle(line)), &policy, &Limits::default()).verdict()
}

/// Vetted files, others that are as good, and others that are not.
type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str]);

const CASES: &[Case<'_>] = &[
    (
        &["new my.code:Model() << {'a': 1, 'b': 'x', 'c': [1.5], 'd': {'k': b'v'}, 'e': (1, None, True), 'f': ba'z'}"],
        &["new my.code:Model() << {'a': 7, 'b': 'y', 'c': [], 'd': {}, 'e': (2, None, False), 'f': ba''}"],
        &["my.code:Model()", "new my.code:Model('x')", "new my.code:Other() << {}", "[my.code:Model]"],
    ),
    // A state beside slots.
    (
        &["new my.code:Slots() << (None, {'a': 1})", "new my.code:Slots() << ({'b': 'x'}, {'a': 2})"],
        &["new my.code:Slots() << ({'b': 'y'}, {'a': 3})"],
        &["new my.code:Slots() << ({'b': builtins:print}, {'a': 3})", "new my.code:Slots() << [1]"],
    ),
    // A state that is no dict.
    (
        &["new my.code:Rows() << [1, 2]", "new my.code:Rows() << (1, 'a')"],
        &["new my.code:Rows() << []"],
        &["new my.code:Rows() << b'x'"],
    ),
    // What is put into it.
    (
        &["new my.code:Rows() += [1, 'a']", "new my.code:Table() += {'k': 1}", "new my.code:Bag() |= [1]"],
        &["new my.code:Rows() += ['b']", "new my.code:Table() += {'m': 2}", "new my.code:Bag() |= [2]"],
        &["new my.code:Rows() += {'k': 1}", "new my.code:Table() += [1]", "new my.code:Bag() += [1]"],
    ),
    // Arguments are learned as they are: texts, and ints from the least to the greatest.
    (
        &["my.code:make('a', 3)", "my.code:make('b', 9)"],
        &["my.code:make('a', 5)"],
        &["my.code:make('c', 5)", "my.code:make('a', 10)", "my.code:make('a')", "my.code:make('a', 5, 5)"],
    ),
    // Objects and classes in each other.
    (
        &["new my.code:Model() << {'inner': new my.code:Inner() << {'x': 1}, 'counts': collections:Counter({'a': 1})}"],
        &["new my.code:Model() << {'inner': new my.code:Inner() << {'x': 2}, 'counts': collections:Counter({})}"],
        &["new my.code:Model() << {'inner': new my.code:Model() << {}, 'counts': 1, 'run': builtins:print}"],
    ),
    // Itself.
    (
        &["new my.code:Node() as 1 << {'next': $1, 'all': [$1]}"],
        &["new my.code:Node() as 1 << {'next': $1, 'all': []}"],
        &["new my.code:Node() << builtins:print"],
    ),
    // A key, a function in data.
    (
        &["{new my.code:Key() << {'x': 1}: 1}", "{'f': my.code:function}"],
        &["[new my.code:Key() << {'x': 1}]"],
        &["my.code:function()", "new my.code:Key() << {'x': builtins:print}"],
    ),
    // Tuples of many lengths.
    (
        &[
            "new my.code:Shape() << {'s': (1, 2), 't': ((1, 'a'), (2, 'b'))}",
            "new my.code:Shape() << {'s': (1, 2, 3), 't': ()}",
        ],
        &["new my.code:Shape() << {'s': (4, 5), 't': ((3, 'c'), (4, 'd'))}"],
        &["new my.code:Shape() << {'s': (builtins:print, 1)}"],
    ),
    // What stands in them.
    (
        &[
            "new my.code:Rows() << {'r': (1, [2], {'a': 1}, (3, 4), None)}",
            "new my.code:Rows() << {'r': ('x', [b'y'], {'b': 2.5}, (5, 6, 7))}",
            "my.code:make((1, 'a', (2, 3)))",
            "my.code:make((4, 'b'))",
        ],
        &["new my.code:Rows() << {'r': ([b'z'], (8, 9), {'c': 3}, 'w', 1, None)}", "my.code:make((2, 'a'))"],
        &["new my.code:Rows() << {'r': (1, builtins:print)}", "my.code:make((5, 'a'))", "my.code:make((2, 'c'))"],
    ),
    // Made as below protocol 2.
    (
        &["copyreg:_reconstructor(my.code:Old, builtins:object, None) << {'a': 1}"],
        &["copyreg:_reconstructor(my.code:Old, builtins:object, None) << {'a': 2}"],
        &["copyreg:_reconstructor(my.code:Old, builtins:object, builtins:print) << {'a': 1}"],
    ),
    // Bytes and arrays that calls give, and keys that are no texts.
    (
        &[
            "new my.code:Blob() << {'raw': _codecs:encode('abc', 'latin1'), 'all': {1: 'x', b'k': 2}, 'set': builtins:set([1])}",
        ],
        &["new my.code:Blob() << {'raw': b'x', 'all': {2: 'y'}, 'set': builtins:set([])}"],
        &["new my.code:Blob() << {'raw': builtins:print, 'all': {}, 'set': builtins:set([])}"],
    ),
    // Arrays and their types.
    (
        &[
            "new my.code:Net() << {'w': numpy._core.multiarray:_reconstruct(numpy:ndarray, (0), b'b') << (1, (2), numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0), False, b'0123456789abcdef'), 'd': numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0), 'c': numpy:float32}",
        ],
        &[],
        &["new my.code:Net() << {'c': builtins:print}"],
    ),
];

#[test]
fn what_was_seen_is_clean_and_what_was_not_is_not() {
    for (vetted, alike, others) in CASES {
        let learned = learned(vetted);
        for (line, report) in vetted.iter().zip(&learned.reports) {
            assert_eq!(report.verdict(), Verdict::Clean, "{line}: {:?}\n{}", report.findings, learned.policy);
        }
        for line in *alike {
            assert_eq!(verdict(line, &learned.policy), Verdict::Clean, "{line}\n{}", learned.policy);
        }
        for line in *others {
            assert_ne!(verdict(line, &learned.policy), Verdict::Clean, "{line}\n{}", learned.policy);
        }
    }
}

#[test]
fn harm_in_data_and_in_states_is_not_learned() {
    for line in ["posix:system('id')", "{'f': builtins:eval}", "new my.code:Model() << {'f': builtins:exec}"] {
        let learned = learned(&[line]);
        assert_ne!(learned.reports.first().map(FileReport::verdict), Some(Verdict::Clean), "{line}");
        assert!(!["posix", "eval", "exec"].iter().any(|name| learned.policy.contains(name)), "{}", learned.policy);
    }
}

#[test]
fn a_reason_of_any_text_is_read_back() {
    let file = pickle("new my.code:Model() << {'a': 1}");
    let sources = [Source::from_bytes("vetted.pkl", &file)];
    for reason in ["plain", "said \"so\"", "a\\b", "two\nlines", "\u{e9}\u{1f40d}\0"] {
        let learned = learn(&sources, reason, &Limits::default());
        let verdicts: Vec<_> = learned.reports.iter().map(FileReport::verdict).collect();
        assert_eq!(verdicts, [Verdict::Clean], "{reason:?}\n{}", learned.policy);
    }
}
