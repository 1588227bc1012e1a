//! Pickles around, behind and instead of the bytes of arrays and tensors.

use super::Row;
use crate::assemble::{Member, archive};
use crate::bytes::{array_behind, join, wrapper};
use crate::npz::{npy, npy_of};
use crate::press::{gzip, zlib};
use crate::tape::{member, tar};
use crate::torch::{FLOATS, NUMBER, checkpoint, four_floats, legacy, pickle, storage, tensor};
use crate::{CALL, CALL_0, PLAIN};
use depickle::finding::Verdict;

/// The opcodes that make the call, on a stack of any height.
const OPCODES: &[u8] = b"cposix\nsystem\nX\0\0\0\0\x85R";

/// Objects, as joblib's wrapper names them.
const OBJECTS: (&str, &str, u8) = ("O8", "|", 63);

pub(super) fn rows() -> Vec<Row> {
    [joblib(), companions(), npys(), npzs(), torch()].concat()
}

/// What stands around the raw bytes of joblib, and in them.
fn joblib() -> Vec<Row> {
    let start: &[u8] = b"\x80\x04";
    let array = |data: &[u8]| {
        assert_eq!(data.len() % 8, 0);
        array_behind(start, &[b'K', u8::try_from(data.len() / 8).unwrap(), 0x85], data)
    };
    let mut rows = Vec::new();
    for (name, press) in [("", <[u8]>::to_vec as fn(&[u8]) -> Vec<u8>), (", compressed", zlib)] {
        let mut row = |number, what: &str, parts: &[&[u8]]| {
            rows.push(Row::call(number, format!("{what}{name}"), press(&join(parts))));
        };
        row("C18", "behind an array", &[&array(&[7; 24]), b"0", OPCODES, b"."]);
        row("C18", "before an array", &[&array_behind(&join(&[start, OPCODES, b"0"]), b"K\x01\x85", &[7; 8]), b"."]);
        let second = array_behind(&array(&[1; 8]), b"K\x02\x85", &[2; 16]);
        row("C18", "behind two arrays", &[&second, b"0", OPCODES, b"."]);
        row("C18", "in a stream behind an array", &[&array(&[7; 24]), b".", CALL]);
        let code = |opcodes: &[u8]| {
            let mut data = opcodes.to_vec();
            data.resize(64, b'.');
            data
        };
        // The length of BINBYTES reaches beyond all that follows; behind GLOBAL stands what looks like a call.
        let decoys = [b"....".as_slice(), b"B\xff\xff\xff\x7f", b"cos\nsystem\n(S''\ntR.", CALL];
        for decoy in decoys {
            row("C19", "behind bytes that are opcodes", &[&array(&code(decoy)), b"0", OPCODES, b"."]);
        }
        rows.extend(decoys.map(|decoy| {
            Row::trap("C19", format!("bytes that are opcodes{name}"), press(&join(&[&array(&code(decoy)), b"."])))
        }));
        let mut row = |what: &str, inner: &[u8], behind: &[u8]| {
            let bytes = join(&[start, &wrapper(b"K\x01\x85", OBJECTS), inner, behind]);
            rows.push(Row::call("C20", format!("{what}{name}"), press(&bytes)));
        };
        row("in an array of objects", CALL, b".");
        row("in an array of objects, protocol 0", CALL_0, b".");
        row("behind an array of objects", PLAIN, &join(&[b"0", OPCODES, b"."]));
        row("behind an array that holds another", &join(&[start, &wrapper(b"K\x01\x85", OBJECTS), CALL, b"."]), b".");
    }
    rows
}

/// Arrays of joblib before 0.10, which stand in files beside the pickle.
fn companions() -> Vec<Row> {
    let names = |class: &str, name: &str| {
        let length = u8::try_from(name.len()).unwrap();
        let head = format!("cjoblib.numpy_pickle\n{class}\n)");
        let state = b"\x81}(U\x08subclasscnumpy\nndarray\nU\x08filenameU";
        pickle(&[head.as_bytes(), state, &[length], name.as_bytes(), b"ub"].concat())
    };
    let objects = npy("'|O'", "()", CALL);
    let wrapper = names("NDArrayWrapper", "x.npy");
    let mut rows = vec![
        Row::call("C21", "an array of objects beside it", wrapper.clone()).beside("x.npy", objects),
        Row::call("C21", "a pickle beside it", wrapper.clone()).beside("x.npy", CALL.to_vec()),
        Row::ends("C21", "nothing beside it", wrapper, Verdict::Incomplete).told_by(&["companion"]),
    ];
    for name in ["../x.npy", "/etc/x.npy", "a/x.npy", "a\\x.npy", "C:x.npy", ".."] {
        let row = Row::ends("C21", name, names("NDArrayWrapper", name), Verdict::Suspicious);
        rows.push(row.told_by(&["companion-path"]));
    }
    rows
}

fn npys() -> Vec<Row> {
    let mut rows = Vec::new();
    for version in 1..=3 {
        for header in [
            "{'descr': '|O', 'fortran_order': False, 'shape': (), }\n",
            "{'descr':'|O','fortran_order':False,'shape':()}\n",
            "{ 'shape' :  ( ) ,\t'fortran_order' : False ,'descr' : \"|O\" } \n",
            "{'descr': '|O', 'fortran_order': True, 'shape': (0,)}\n",
            "{'descr': [('a', '<i4'), ('b', [('c', '|O')])], 'fortran_order': False, 'shape': (2, 3)}\n",
            "{'descr': ('|O', (2,)), 'fortran_order': False, 'shape': (1,)}\n",
            "{'descr': 'O', 'fortran_order': False, 'shape': (1,)}\n",
            "{'descr': '|' \"O\", 'fortran_order': False, 'shape': ((((1,))))}\n",
            // Python reads these, too; no numpy writes them.
            "{'descr': '''|O''', 'fortran_order': False, 'shape': (1,)} # a comment\n",
            "{r'descr': '\\174\\N{LATIN CAPITAL LETTER O}', 'fortran_order': False, 'shape': (- -1,)}\n",
        ] {
            let name = format!("version {version}, {header}");
            rows.push(Row::call("C22", name, npy_of(version, header, CALL)));
        }
    }
    let numbers = npy("'<f8'", "(2,)", &[0; 16]);
    rows.extend(
        [
            ("a pickle", CALL.to_vec()),
            ("an archive", archive(&[Member::stored("x", CALL)])),
            ("a second array", [numbers.clone(), npy("'|O'", "()", CALL)].concat()),
            ("a pickle behind an array", [numbers.clone(), CALL.to_vec()].concat()),
            ("a pickle behind a pickle", [npy("'|O'", "()", PLAIN), CALL.to_vec()].concat()),
            ("an archive behind an array", [numbers, archive(&[Member::stored("x", CALL)])].concat()),
        ]
        .map(|(name, bytes)| Row::call("C23", name, bytes).called("x.npy")),
    );
    rows
}

fn npzs() -> Vec<Row> {
    let mut rows = Vec::new();
    let both = |name: &str, bytes: &[u8]| [Member::stored(name, bytes), Member::deflated(name, bytes)];
    for shape in ["()", "(1,)", "(0,)", "(2, 3)"] {
        for descr in ["'|O'", "[('a', '<i4'), ('b', '|O')]"] {
            for member in both("x.npy", &npy(descr, shape, CALL)) {
                rows.push(Row::call("C22", format!("npz, {descr}, {shape}"), archive(&[member])));
            }
        }
    }
    let behind = [npy("'<f8'", "(1,)", &[0; 8]), CALL.to_vec()].concat();
    let inner = archive(&[Member::stored("x.npy", &npy("'|O'", "()", CALL))]);
    for (name, member, bytes) in [
        ("a pickle that says it is an array", "x.npy", CALL),
        ("a member without ending", "x", CALL),
        ("a pickle behind an array", "x.npy", &behind),
        ("an archive that says it is an array", "x.npy", &inner),
    ] {
        rows.extend(both(member, bytes).map(|member| Row::call("C23", name, archive(&[member]))));
    }
    rows
}

fn torch() -> Vec<Row> {
    let honest = checkpoint(&four_floats(), &[0; 16]);
    let mut rows = Vec::new();
    // The old form: five pickles, and bytes of storages behind them.
    let object = pickle(b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x007X\x03\0\0\0cpuK\x02NtQ".as_slice());
    let parts: [&[u8]; 5] = [NUMBER, b"\x80\x02M\xe9\x03.", b"\x80\x02}.", &object, b"\x80\x02]X\x01\0\0\x007a."];
    let bytes = [&2_u64.to_le_bytes()[..], &[0; 8]].concat();
    for place in 0..5 {
        let mut parts = parts;
        parts[place] = CALL;
        rows.push(Row::call("C24", format!("pickle {place}"), legacy(parts, &bytes)));
    }
    rows.push(Row::call("C24", "behind the storages", legacy(parts, &[&bytes, CALL].concat())));
    rows.push(Row::call("C24", "a sixth pickle", [&parts.concat(), CALL, &bytes].concat()));
    rows.push(Row::call("C24", "a wrong number", legacy([PLAIN, parts[1], parts[2], CALL, parts[4]], &bytes)));
    let computed: &[u8] = b"\x80\x02cposix\nsystem\nX\0\0\0\0\x85R0\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    rows.push(Row::call(
        "C24",
        "a number that is computed",
        legacy([computed, parts[1], parts[2], &object, parts[4]], &bytes),
    ));
    rows.push(Row::call("C24", "compressed", gzip(&legacy([NUMBER, parts[1], parts[2], CALL, parts[4]], &bytes))));
    rows.push(Row::call(
        "C24",
        "in a tar",
        tar(&[member("x.pt", &legacy([NUMBER, CALL, parts[2], &object, parts[4]], &bytes))]),
    ));

    // Bytes of tensors are data.
    let mut bytes = CALL.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let count = u8::try_from(bytes.len() / 4).unwrap();
    let stream = pickle(&tensor(&storage(FLOATS, "0", count), 0, count, 1));
    rows.push(Row::trap("C25", "bytes of a tensor that are a pickle", archive(&checkpoint(&stream, &bytes))));
    for name in ["archive/data/1", "archive/data/x", "archive/extra.pkl", "other/data.pkl", "archive/version2", "x"] {
        let extra = [honest.clone(), vec![Member::stored(name, CALL)]].concat();
        rows.push(Row::call("C25", format!("a member that no tensor refers to, {name}"), archive(&extra)));
    }
    // One that two pickles mean differently is still looked at by the other.
    let shared = [honest, vec![Member::stored("archive/data/0", CALL)]].concat();
    rows.push(Row::call("C25", "a second member of the name of a storage", archive(&shared)));
    rows
}
