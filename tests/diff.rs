//! `depickle::diff`: what is equal by its meaning is equal, and the least difference is found where it stands.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

use depickle::convert::{self, Carried, Elements, Format};
use depickle::diff::{self, Diff, Difference, Kind, NoteKind, Options, Outcome, Side, Tolerance};
use depickle::finding::Verdict;
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use depickle::{audit, inspect};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples").join(name)).unwrap()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![directory.to_path_buf()], Vec::new());
    while let Some(path) = open.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => found.push(path),
        }
    }
    found.sort();
    found
}

fn diff(a: &[u8], b: &[u8]) -> Diff {
    diff::files(a, b, &Options::default()).unwrap().diff
}

/// Kind, path and both sides of each difference.
type Said = Vec<(Kind, String, String, String)>;

fn said(diff: &Diff) -> Said {
    let text = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let one = |one: &Difference| (one.kind, one.path.clone(), text(&one.a), text(&one.b));
    diff.differences.first().iter().map(one).collect()
}

fn expected(all: &[(Kind, &str, &str, &str)]) -> Said {
    all.iter().map(|&(kind, path, a, b)| (kind, path.to_owned(), a.to_owned(), b.to_owned())).collect()
}

fn notes(diff: &Diff) -> Vec<NoteKind> {
    diff.notes.iter().map(|note| note.kind).collect()
}

/// Samples of more bytes say nothing new.
const LARGE: usize = 64 << 10;

#[test]
fn every_sample_is_equal_to_itself_and_nothing_dangerous_is() {
    let (limits, policy) = (Limits::default(), Policy::builtin());
    let (mut equal, mut unknown) = (0, 0);
    for path in files(&root().join("samples")) {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.len() > LARGE {
            continue;
        }
        let Ok(found) = diff::files(&bytes, &bytes, &Options::default()) else { continue };
        let mut diff = found.diff;
        assert_eq!(said(&diff), [], "{}", path.display());
        assert!(diff.notes.is_empty(), "{}: {:?}", path.display(), diff.notes);
        let source = Source::open(&path, &limits).unwrap();
        let report = audit::scan(&source, &policy, &limits);
        diff.judged(Side::A, &report);
        let apart = |one: &diff::Unknown| one.why.starts_with("its elements stand in another file, ");
        if diff.unknown.first().iter().any(apart) {
            assert_eq!(diff.outcome(), Outcome::Unknown, "{}", path.display());
        } else if report.verdict() == Verdict::Clean {
            assert!(diff.unknown.is_empty(), "{}: {:?}", path.display(), diff.unknown.first());
            equal += 1;
        } else if diff.outcome() != Outcome::Equal {
            unknown += 1;
        } else {
            // What is only not known by its name is compared by its name.
            assert_eq!(report.verdict(), Verdict::Suspicious, "{}", path.display());
        }
    }
    assert!(equal > 60 && unknown > 80, "{equal} {unknown}");
}

/// A float array of a file, by where it stands.
struct Floats {
    path: String,
    start: usize,
    size: usize,
    bits: usize,
    shape: Vec<u64>,
}

fn floats(bytes: &[u8]) -> Vec<Floats> {
    let mut contents = inspect::open(bytes, &Limits::default()).unwrap();
    let outline = inspect::Outline::new(&mut contents);
    let arrays = inspect::Arrays::new(&outline);
    let floats = arrays.iter().filter_map(|array| {
        let dtype = array.array.dtype.clone().unwrap();
        let start = array.file_offset.filter(|_| dtype.kind() == depickle::dtype::Kind::Float)?;
        let layout = array.layout().unwrap();
        assert!(layout.is_c());
        Some(Floats {
            path: array.address.to_string(),
            start: usize::try_from(start).unwrap(),
            size: usize::try_from(dtype.itemsize()).unwrap(),
            bits: usize::try_from(layout.nbytes()).unwrap() * 8,
            shape: array.array.shape.clone().unwrap(),
        })
    });
    floats.collect()
}

#[test]
fn every_bit_of_every_coefficient_is_found_where_it_stands() {
    let bytes = sample("log_pipeline.joblib");
    let floats = floats(&bytes);
    let mut flipped = 0;
    // One bit of each array at a time.
    for bit in 0..floats.iter().map(|of| of.bits).max().unwrap() {
        let mut changed = bytes.clone();
        let met: Vec<&Floats> = floats.iter().filter(|of| bit < of.bits).collect();
        met.iter().for_each(|of| changed[of.start + bit / 8] ^= 1 << (bit % 8));
        let diff = diff(&bytes, &changed);
        assert_eq!(diff.differences.count(), met.len() as u64, "{:?}", said(&diff));
        for of in met {
            let found = diff.differences.first().iter().find(|one| one.path == of.path);
            let elements = found.and_then(|one| one.elements.as_ref()).unwrap();
            let index = &elements.first.as_ref().unwrap().index;
            let flat = index.iter().zip(&of.shape).fold(0, |all, (at, length)| all * length + at);
            assert_eq!((elements.differ, flat), (1, (bit / 8 / of.size) as u64), "{} {bit}", of.path);
            flipped += 1;
        }
    }
    assert!(flipped > 1000, "{flipped}");
}

#[test]
fn how_a_file_is_written_does_not_matter() {
    let last = sample("model_p5.pkl");
    for other in ["model_p0.pkl", "model_p1.pkl", "model_p2.pkl", "model_p3.pkl", "model_p4.pkl"] {
        let diff = diff(&last, &sample(other));
        assert_eq!((diff.outcome(), said(&diff)), (Outcome::Equal, vec![]), "{other}");
    }
    for codec in ["bz2", "gzip", "lz4", "lzma", "xz", "zlib"] {
        let diff = diff(&last, &sample(&format!("compressed/model_{codec}.joblib")));
        assert_eq!((diff.outcome(), said(&diff)), (Outcome::Equal, vec![]), "{codec}");
    }
    let arrays = |name: &str| std::fs::read(root().join("tests/data/arrays").join(name)).unwrap();
    for other in ["p0.pkl", "p2.pkl", "p4.pkl", "plain.joblib", "zlib.joblib", "gzip.joblib"] {
        let diff = diff(&arrays("p5.pkl"), &arrays(other));
        assert_eq!((diff.outcome(), said(&diff)), (Outcome::Equal, vec![]), "{other}");
    }
}

/// A pickle of protocol 4.
fn pickle(opcodes: &[u8]) -> Vec<u8> {
    [b"\x80\x04", opcodes, b"."].concat()
}

fn float(number: f64) -> Vec<u8> {
    [b"G".as_slice(), &number.to_be_bytes()].concat()
}

/// What is said of two pickles, and the notes.
fn of(a: &[u8], b: &[u8]) -> (Said, Vec<NoteKind>) {
    let diff = diff(&pickle(a), &pickle(b));
    (said(&diff), notes(&diff))
}

/// Two values, in what they differ, and how they are told.
type Case = (&'static [u8], &'static [u8], Kind, &'static str, &'static str);

#[test]
fn values_of_two_types_differ() {
    let cases: [Case; 7] = [
        (b"K\x01", b"\x88", Kind::Type, "1", "True"),
        (b"]", b")", Kind::Type, "list of 0 items", "tuple of 0 items"),
        (b"\x8f", b"(\x91", Kind::Type, "set of 0 items", "frozenset of 0 items"),
        (b"\x8c\x01a", b"C\x01a", Kind::Type, "'a'", "b'a'"),
        (b"N", b"}", Kind::Type, "None", "dict of 0 items"),
        (b"K\x01", b"\x8a\x09\0\0\0\0\0\0\0\0\x01", Kind::Value, "1", "18446744073709551616"),
        (b"](K\x01e", b"](K\x01K\x02e", Kind::Length, "list of 1 item", "list of 2 items"),
    ];
    for (a, b, kind, shown_a, shown_b) in cases {
        assert_eq!(of(a, b).0, expected(&[(kind, "root", shown_a, shown_b)]));
    }
    assert_eq!(of(b"K\x01", &float(1.0)).0, expected(&[(Kind::Type, "root", "1", "1.0")]));
}

#[test]
fn floats_are_compared_by_their_bits() {
    let differ = |a: f64, b: f64| !of(&float(a), &float(b)).0.is_empty();
    assert!(
        differ(0.0, -0.0) && differ(1.0, 1.0 + f64::EPSILON) && differ(f64::NAN, -f64::NAN) && differ(f64::NAN, 1.0)
    );
    assert!(!differ(f64::NAN, f64::NAN) && !differ(f64::INFINITY, f64::INFINITY));
    let options = Options { tolerance: Tolerance { abs: 1e-9, rel: 0.0 }, ..Options::default() };
    let near = |a: f64, b: f64| diff::files(&pickle(&float(a)), &pickle(&float(b)), &options).unwrap().diff;
    let diff = near(1.0, 1.0 + f64::EPSILON);
    assert_eq!((diff.outcome(), notes(&diff)), (Outcome::Equal, vec![NoteKind::Tolerance]));
    assert_eq!(near(0.0, -0.0).outcome(), Outcome::Equal);
    assert_eq!(near(1.0, 1.1).outcome(), Outcome::Different);
    assert_eq!(near(f64::NAN, 1.0).outcome(), Outcome::Different);
}

#[test]
fn dicts_and_sets_have_no_order() {
    let (said, notes) = of(b"}(\x8c\x01aK\x01\x8c\x01bK\x02u", b"}(\x8c\x01bK\x02\x8c\x01aK\x01u");
    assert_eq!((said, notes), (vec![], vec![NoteKind::DictOrder]));
    let (said, notes) = of(b"\x8f(K\x01K\x02\x8c\x01a\x90", b"\x8f(\x8c\x01aK\x02K\x01\x90");
    assert_eq!((said, notes), (vec![], vec![]));
    let (said, _) = of(b"}(\x8c\x01aK\x01\x8c\x01bK\x02u", b"}(\x8c\x01cK\x02\x8c\x01aK\x03u");
    let differ = [
        (Kind::OnlyA, "root[\"b\"]", "2", "-"),
        (Kind::OnlyB, "root[\"c\"]", "-", "2"),
        (Kind::Value, "root[\"a\"]", "1", "3"),
    ];
    assert_eq!(said, expected(&differ));
    // Keys of tuples of frozensets; 1 and True are one key, and not one value.
    let (said, _) = of(b"}(K\x01(K\x02K\x03\x91\x86NK\x05NK\x06Nu", b"}(K\x06NK\x05N\x88(K\x03K\x02\x91\x86Nu");
    assert_eq!(said, expected(&[(Kind::Type, "root{0}[0]", "1", "True")]));
}

#[test]
fn sharing_is_a_note_and_cycles_end() {
    // b = []; (b, b) and ([], []).
    let (said, notes) = of(b"]\x94h\x00\x86", b"]]\x86");
    assert_eq!((said, notes), (vec![], vec![NoteKind::Sharing]));
    // a = []; a.append(a), and one in which it is two lists.
    let (said, notes) = of(b"]\x94h\x00a", b"]\x94]\x94h\x00aa");
    assert_eq!((said, notes), (vec![], vec![NoteKind::Sharing]));
}

/// Tuples of two of the tuple before, so many levels deep.
fn doubled(levels: u8) -> Vec<u8> {
    let mut bytes = b")\x94".to_vec();
    for level in 0..levels {
        bytes.extend([b'h', level, b'\x86', b'\x94']);
    }
    bytes
}

/// A list that leads through so many lists back to the first.
fn circle(lists: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    (0..lists).for_each(|_| bytes.extend(b"]\x94"));
    bytes.extend(b"h\x00a");
    bytes.extend(vec![b'a'; usize::try_from(lists - 1).unwrap()]);
    bytes
}

#[test]
fn shared_values_are_compared_once() {
    assert_eq!(of(&doubled(200), &doubled(200)), (vec![], vec![]));
    let (said, _) = of(&doubled(200), &doubled(199));
    assert!(!said.is_empty());
    // Circles of 2,999 and 3,001 lists part nowhere, and meet in nine million pairs.
    let (a, b) = (pickle(&circle(2999)), pickle(&circle(3001)));
    let diff = diff(&a, &b);
    assert_eq!((diff.outcome(), diff.differences.count()), (Outcome::Unknown, 0));
    assert!(diff.unknown.first()[0].why.contains("so many ways"), "{:?}", diff.unknown.first());
}

#[test]
fn depth_is_no_problem() {
    let deep = |last: u8| {
        let mut bytes = vec![b']'; 20_000];
        bytes.extend([b'K', last]);
        bytes.extend(vec![b'a'; 20_000]);
        pickle(&bytes)
    };
    assert_eq!(diff(&deep(1), &deep(1)).outcome(), Outcome::Equal);
    assert_eq!(diff(&deep(1), &deep(2)).differences.count(), 1);
}

#[test]
fn what_cannot_be_represented_is_never_equal() {
    // A code of the extension registry; a persistent id; an item put into a class.
    for opcodes in [&b"\x82\x01"[..], b"K\x01Q", b"cm\nC\nK\x01a"] {
        let diff = diff(&pickle(opcodes), &pickle(opcodes));
        assert_eq!(diff.outcome(), Outcome::Unknown, "{opcodes:?}");
    }
    let failed = diff::files(b"\x80\x04K\x01.", b"\x80\x04K", &Options::default()).unwrap_err();
    assert_eq!(failed.side, Side::B);
}

#[test]
fn names_are_added_and_removed() {
    let a = pickle(b"cnumpy.core.multiarray\nscalar\ncmine\nA\n\x86");
    let b = pickle(b"cnumpy._core.multiarray\nscalar\ncmine\nB\n\x86");
    let diff = diff(&a, &b);
    assert_eq!(notes(&diff), [NoteKind::NumpyNames]);
    assert_eq!(said(&diff), expected(&[(Kind::Value, "root[1]", "mine.A", "mine.B")]));
    let of = |names: &diff::NamesOf| names.only.first().to_vec();
    assert_eq!(of(&diff.only_a), [("mine.A".to_owned(), "root[1]".to_owned())]);
    assert_eq!(of(&diff.only_b), [("mine.B".to_owned(), "root[1]".to_owned())]);
}

#[test]
fn reports_are_bounded() {
    let list = |value: u8| {
        let mut bytes = b"](".to_vec();
        (0..5000).for_each(|_| bytes.extend([b'K', value]));
        bytes.push(b'e');
        pickle(&bytes)
    };
    let diff = diff(&list(1), &list(2));
    assert_eq!((diff.differences.first().len(), diff.differences.count()), (1000, 5000));
}

/// What `convert` writes of a file.
fn converted(bytes: &[u8], format: Format, elements: Elements<'_>) -> Vec<u8> {
    let mut contents = inspect::open(bytes, &Limits::default()).unwrap();
    let mut out = Vec::new();
    convert::write(&mut out, format, elements, &mut contents, &mut Carried::default()).unwrap();
    out
}

const CONVERTED: [&str; 12] = [
    "columns.joblib",
    "compressed/model_xz.joblib",
    "data/arrays.joblib",
    "data/object_array.joblib",
    "data/python_types.pkl",
    "data/shared_and_cyclic.pkl",
    "data/sparse.pkl",
    "libraries/frame_arrow.pkl",
    "log_pipeline.joblib",
    "old/python2_p0.pkl",
    "old/sklearn_0.19.joblib",
    "torch/zip_1.12.pt",
];

#[test]
fn a_conversion_is_equal_to_its_source() {
    for name in CONVERTED {
        let source = sample(name);
        let json = converted(&source, Format::Json, Elements::Base64);
        let list = converted(&source, Format::Json, Elements::Numbers);
        let tensors = converted(&source, Format::Safetensors, Elements::Base64);
        for (what, other) in [("json", &json), ("list", &list), ("safetensors", &tensors)] {
            let there = diff(&source, other);
            assert_eq!(said(&there), [], "{name} {what}");
            // numpy has no bfloat16, and the JSON nothing else.
            let lost = name.starts_with("torch") && what != "safetensors";
            let outcome = if lost { Outcome::Unknown } else { Outcome::Equal };
            assert_eq!(there.outcome(), outcome, "{name} {what}: {:?}", there.unknown.first());
            assert_eq!(diff(other, &source).outcome(), outcome, "{name} {what}");
        }
        assert_eq!(said(&diff(&json, &list)), [], "{name}");
    }
}

#[test]
fn a_model_is_equal_to_what_skops_would_load() {
    let names =
        ["data/sparse.pkl", "gradient_boosting.joblib", "log_pipeline.joblib", "neighbors.joblib", "text.joblib"];
    for name in names {
        let source = sample(name);
        let skops = converted(&source, Format::Skops, Elements::Base64);
        for diff in [diff(&source, &skops), diff(&skops, &source), diff(&skops, &skops)] {
            assert_eq!((diff.outcome(), said(&diff)), (Outcome::Equal, vec![]), "{name}");
        }
        let json = converted(&skops, Format::Json, Elements::Base64);
        assert_eq!(diff(&skops, &json).outcome(), Outcome::Equal, "{name}");
    }
}

#[test]
fn arrays_are_equal_in_what_both_can_hold() {
    for name in ["data/arrays.joblib", "log_pipeline.joblib", "torch/zip_1.12.pt"] {
        let source = sample(name);
        let npz = converted(&source, Format::Npz, Elements::Base64);
        let there = diff(&source, &npz);
        assert_eq!((there.outcome(), there.scope), (Outcome::Equal, diff::Scope::Arrays), "{name}");
        assert!(there.compared.arrays > 5 && notes(&there).contains(&NoteKind::NoPlace), "{name}");
        assert_eq!(diff(&npz, &npz).outcome(), Outcome::Equal, "{name}");
    }
    // A file without an array that the other could hold is not equal to it.
    let npz = converted(&sample("data/arrays.joblib"), Format::Npz, Elements::Base64);
    assert_eq!(diff(&pickle(b"K\x01"), &npz).outcome(), Outcome::Different);
}

#[test]
fn json_that_is_changed_is_refused_or_different() {
    let source = sample("data/python_types.pkl");
    let json = String::from_utf8(converted(&source, Format::Json, Elements::Numbers)).unwrap();
    let (mut refused, mut different) = (0, 0);
    for at in (30..json.len()).step_by(31) {
        for put in ["0", "\"", "}", "a", "$"] {
            let mut changed = json.clone();
            let char = changed.remove(at);
            if char.to_string() == put {
                continue;
            }
            changed.insert_str(at, put);
            match diff::files(&source, changed.as_bytes(), &Options::default()) {
                Err(_) => refused += 1,
                Ok(found) if found.diff.outcome() != Outcome::Equal => different += 1,
                // Base64 has bits that say nothing; numbers of references may be any.
                Ok(_) => {}
            }
        }
    }
    assert!(refused > 30 && different > 5, "{refused} {different}");
}
