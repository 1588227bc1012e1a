use super::*;
use crate::inspect::{Arrays, open};
use crate::limits::{Limit, Limits};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

fn with_tree<T>(bytes: &[u8], look: impl FnOnce(&Tree<'_>) -> T) -> T {
    let mut contents = open(bytes, &Limits::default()).unwrap();
    let outline = Outline::new(&mut contents);
    look(&Tree::new(&outline).unwrap())
}

/// A tree as text: all that two trees have in common where they are of the same object.
fn text(tree: &Tree<'_>) -> String {
    let mut out = String::new();
    let mut payloads = tree.payloads();
    let mut met: Vec<Option<u32>> = vec![None; tree.len()];
    let mut numbers = 0..;
    let mut open = vec![tree.root()];
    while let Some(id) = open.pop() {
        let identity = !matches!(
            tree.node(id),
            Node::None | Node::Bool(_) | Node::Int(_) | Node::BigInt(_) | Node::Float(_) | Node::Str(_) | Node::Name(_)
        );
        if identity && let Some(known) = met[id.index()] {
            writeln!(out, "again {known}").unwrap();
            continue;
        }
        if identity {
            met[id.index()] = numbers.next();
        }
        match tree.node(id) {
            Node::Record(record) => writeln!(out, "{:?} {:?}", record.made, tree.class(id)).unwrap(),
            Node::Array(array) => {
                writeln!(
                    out,
                    "{} {:?} {:?}",
                    array.array.array.class, array.array.array.dtype, array.array.array.shape
                )
                .unwrap();
                if array.elements.is_none() {
                    let view = payloads.array(id).unwrap();
                    let mut sum = DefaultHasher::new();
                    let mut take = |piece: &[u8]| {
                        sum.write(piece);
                        Ok(())
                    };
                    view.layout().c_order(view.bytes(), &mut take).unwrap();
                    writeln!(out, "{:x}", sum.finish()).unwrap();
                }
            }
            Node::Name(_) => writeln!(out, "{}", tree.name(id).unwrap()).unwrap(),
            Node::Str(_) => writeln!(out, "{:?}", tree.text(id)).unwrap(),
            Node::List(run) | Node::Tuple(run) | Node::Dict(run) => writeln!(out, "{}", run.len()).unwrap(),
            node => writeln!(out, "{node:?}").unwrap(),
        }
        let mut children: Vec<NodeId> =
            tree.children(id).filter(|(via, _)| *via != Via::Class).map(|(_, child)| child).collect();
        children.reverse();
        open.extend(children);
    }
    out
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new("samples").join(name)).unwrap()
}

#[test]
fn every_protocol_gives_the_same_tree() {
    let last = with_tree(&sample("model_p5.pkl"), text);
    assert!(last.contains("sklearn.tree._tree"), "no forest");
    for protocol in 0..5 {
        let other = with_tree(&sample(&format!("model_p{protocol}.pkl")), text);
        let differ = other.lines().zip(last.lines()).enumerate().find(|(_, (one, other))| one != other);
        assert!(other == last, "protocol {protocol}: {differ:?}");
    }
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Samples of more bytes say nothing new.
const LARGE: usize = 64 << 10;

/// The walk of `depickle arrays` and the tree are two ways to the same arrays.
#[test]
fn arrays_have_the_paths_and_the_bytes_that_the_outline_gives() {
    let mut paths = Vec::new();
    files(Path::new("samples"), &mut paths);
    paths.sort();
    let mut compared = 0;
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.len() > LARGE {
            continue;
        }
        let Ok(mut contents) = open(&bytes, &Limits::default()) else { continue };
        let outline = Outline::new(&mut contents);
        let Ok(tree) = Tree::new(&outline) else { continue };
        let of_tree = |id: NodeId| {
            tree.array_ref(id).map(|array| (tree.path(id).to_string(), array.place, array.problem.is_some()))
        };
        let mut ours: Vec<_> = tree.ids().filter_map(of_tree).collect();
        let arrays = Arrays::new(&outline);
        // Tensors are records, and `Tree::tensor` says what they are.
        let first = |array: &inspect::ArrayRef| {
            array.array.class != "mask" && array.storage.is_none() && array.address.stream.unwrap_or(0) == 0
        };
        let mut theirs: Vec<_> = arrays
            .iter()
            .filter(first)
            .map(|array| (array.address.path.to_string(), array.place, array.problem.is_some()))
            .collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{}", path.display());
        compared += ours.len();
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn a_tensor_is_a_record_and_its_elements_are_read() {
    with_tree(&sample("torch/zip_1.12.pt"), |tree| {
        let weight = tree.get(tree.get(tree.root(), "state_dict").unwrap(), "head.weight").unwrap();
        assert!(matches!(tree.node(weight), Node::Record(_)));
        let array = tree.tensor(weight).unwrap();
        assert_eq!((array.array.shape.as_deref(), array.problem.is_none()), (Some(&[2, 4][..]), true));
        assert_eq!(tree.payloads().array(weight).unwrap().iter::<f32>().unwrap().count(), 8);
        assert!(tree.tensor(tree.root()).is_none());
    });
}

#[test]
fn samples_of_honest_libraries_have_no_problems() {
    for name in
        ["columns.joblib", "grid_search.joblib", "lightgbm.pkl", "xgboost.joblib", "text.joblib", "model_p2.pkl"]
    {
        with_tree(&sample(name), |tree| {
            let said: Vec<String> =
                tree.problems().iter().map(|it| format!("{}: {}", tree.path(it.node), it.error)).collect();
            assert!(said.is_empty(), "{name}: {said:?}");
            assert_eq!(tree.cycle(), None, "{name}");
        });
    }
}

#[test]
fn sharing_and_cycles_are_one_node() {
    // a = []; a.append(a)
    with_tree(b"\x80\x04]\x94h\x00a.", |tree| {
        assert_eq!(tree.items(tree.root()), [tree.root()]);
        assert_eq!(tree.cycle(), Some(tree.root()));
        assert!(tree.is_shared(tree.root()));
    });
    // b = []; (b, b)
    with_tree(b"\x80\x04]\x94h\x00\x86.", |tree| {
        let items = tree.items(tree.root());
        assert_eq!(items[0], items[1]);
        assert!(tree.is_shared(items[0]) && !tree.is_shared(tree.root()));
        assert_eq!(tree.cycle(), None);
        assert_eq!(tree.path(items[0]).to_string(), "root[0]");
    });
}

#[test]
fn a_key_that_is_set_twice_stands_once() {
    // {'a': 1, 1: 2, 'a': 3, True: 4, 1.0: 5}
    with_tree(b"\x80\x04}(\x8c\x01aK\x01K\x01K\x02\x8c\x01aK\x03\x88K\x04G\x3f\xf0\0\0\0\0\0\0K\x05u.", |tree| {
        let entries: Vec<_> = tree.entries(tree.root()).map(|(_, value)| tree.int(value).unwrap()).collect();
        assert_eq!(entries, [3, 5]);
        let a = tree.get(tree.root(), "a").unwrap();
        assert_eq!(tree.path(a).to_string(), "root[\"a\"]");
    });
}

#[test]
fn keys_that_are_objects_are_told_apart_by_identity() {
    // c, d = C(1), C(1); {c: 'a', d: 'b', (c,): 'x', c: 'e'}: what C takes for equal is not known.
    let bytes =
        b"\x80\x04}(cm\nC\nK\x01\x85\x81\x94\x8c\x01acm\nC\nK\x01\x85\x81\x8c\x01bh\0\x85\x8c\x01xh\0\x8c\x01eu.";
    with_tree(bytes, |tree| {
        assert!(tree.problems().is_empty(), "{:?}", tree.problems());
        let entries: Vec<(NodeId, &str)> =
            tree.entries(tree.root()).map(|(key, value)| (key, tree.text(value).unwrap())).collect();
        let [(c, "a"), (d, "b"), (tuple, "x"), (again, "e")] = entries[..] else { panic!("{entries:?}") };
        assert!(c == again && c != d && tree.items(tuple) == [c] && tree.is_shared(c));
        for key in [c, d] {
            assert_eq!(tree.class(key).unwrap().to_string(), "m.C");
            assert!(tree.path(key).to_string().starts_with("root"), "{}", tree.path(key));
        }
        assert_eq!(tree.get(tree.root(), "a"), None, "no text is such a key");
    });
}

#[test]
fn what_cannot_be_said_is_a_problem() {
    let cases: [(&[u8], &str); 5] = [
        // A second state; items for a name; an extension code; a list that changes after it was an argument; a buffer.
        (b"\x80\x04cm\nC\n)\x81}\x8c\x01aK\x01sb}b.", "root"),
        (b"\x80\x04cm\nC\nK\x01a.", "root"),
        (b"\x80\x04\x82\x01.", "root"),
        (b"\x80\x02]q\x00cm\nf\nh\x00\x85Rh\x00K\x01a0.", "root"),
        (b"\x80\x05\x97\x85.", "root[0]"),
    ];
    for (bytes, place) in cases {
        with_tree(bytes, |tree| {
            let places: Vec<String> = tree.problems().iter().map(|it| tree.path(it.node).to_string()).collect();
            assert_eq!(places, [place], "{:?}", tree.problems());
        });
    }
}

#[test]
fn a_deep_list_needs_no_deep_stack() {
    let mut bytes = b"\x80\x04".to_vec();
    bytes.extend(std::iter::repeat_n(b']', 200_000));
    bytes.extend(std::iter::repeat_n(b'a', 199_999));
    bytes.push(b'.');
    with_tree(&bytes, |tree| {
        assert_eq!(tree.len(), 200_000);
        assert_eq!(tree.cycle(), None);
        assert_eq!(tree.path(tree.ids().last().unwrap()).0.len(), 10_000);
    });
}

#[test]
fn a_tree_costs_no_more_than_the_budget() {
    let mut bytes = b"\x80\x04](".to_vec();
    bytes.extend(std::iter::repeat_n(b"K\x01", 1000).flatten());
    bytes.extend(b"e.");
    let mut contents = open(&bytes, &Limits::default()).unwrap();
    contents.budget = Limits::default().with(Limit::Retained, 0).budget(100);
    let outline = Outline::new(&mut contents);
    assert_eq!(Tree::new(&outline).map(|_| ()).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn old_protocols_write_calls_for_what_new_ones_have_opcodes() {
    // _reconstructor(C, dict, {'a': 1}) with a state, and set([1]).
    let bytes = b"ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\ndict\n(dS'a'\nI1\nstR(dS'x'\nI2\nsb.";
    with_tree(bytes, |tree| {
        assert!(tree.problems().is_empty(), "{:?}", tree.problems());
        assert_eq!(tree.class(tree.root()).unwrap().to_string(), "m.C");
        assert_eq!(tree.int(tree.get(tree.root(), "x").unwrap()), Some(2));
        let (key, value) = tree.entries(tree.root()).next().unwrap();
        assert_eq!((tree.text(key), tree.int(value)), (Some("a"), Some(1)));
    });
    with_tree(b"c__builtin__\nset\n((lI1\natR.", |tree| {
        assert!(matches!(tree.node(tree.root()), Node::Set(_)), "{:?}", tree.node(tree.root()));
    });
}
