//! Arrays as numpy and torch have them: `xtask/python/arrays.py record` and `arrays_torch.py record` wrote the files and
//! what the library says of each array.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

use depickle::ast::path::Step;
use depickle::inspect::{self, ArrayRef, Arrays, Bytes, Contents, Outline};
use depickle::limits::{Limit, Limits};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/arrays").join(name)
}

fn facts(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data(name)).unwrap()).unwrap()
}

fn open(bytes: &[u8]) -> Contents<'_> {
    inspect::open(bytes, &Limits::default()).unwrap()
}

fn sha256(
    write: impl FnOnce(&mut dyn FnMut(&[u8]) -> depickle::error::Result<()>) -> depickle::error::Result<()>,
) -> String {
    let mut hash = Sha256::new();
    let written = write(&mut |piece| {
        hash.update(piece);
        Ok(())
    });
    written
        .map_or_else(|error| error.to_string(), |()| hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[test]
fn every_array_is_found_with_the_bytes_that_numpy_has() {
    let facts = facts("arrays.json");
    for file in facts["files"].as_array().unwrap() {
        let bytes = std::fs::read(data(file.as_str().unwrap())).unwrap();
        let mut contents = open(&bytes);
        let outline = Outline::new(&mut contents);
        let arrays = Arrays::new(&outline);
        let mut reader = Bytes::new(&outline);
        let mut found: BTreeMap<String, Value> = BTreeMap::new();
        let mut objects = Vec::new();
        for array in arrays.by_offset().into_iter().filter_map(|index| arrays.get(index)) {
            assert_eq!(array.problem.as_ref().map(ToString::to_string), None, "{file} {}", array.address);
            if array.has_objects() {
                objects.push(array.address.to_string());
                continue;
            }
            let about = json!({
                "shape": array.array.shape,
                "sha256": sha256(|sink| reader.c_order(&array, sink)),
                "npy": sha256(|sink| reader.npy(&array, sink)),
            });
            found.insert(array.address.to_string(), about);
        }
        objects.sort();
        assert_eq!(json!(objects), facts["objects"], "{file}");
        let expected = facts["arrays"].as_object().unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{file}");
        for (path, about) in &found {
            for part in ["shape", "sha256", "npy"] {
                assert_eq!(about[part], expected[path][part], "{file} {path} {part}");
            }
        }
    }
}

#[test]
fn every_member_of_an_archive_is_found_with_the_bytes_that_numpy_has() {
    let facts = facts("arrays.json");
    for file in facts["archives"].as_array().unwrap() {
        let bytes = std::fs::read(data(file.as_str().unwrap())).unwrap();
        let mut all = inspect::open_all(&bytes, &Limits::default()).unwrap();
        assert!(all.problems.is_empty());
        let mut found = serde_json::Map::new();
        for contents in &mut all.contents {
            let outline = Outline::new(contents);
            let [array] = Arrays::new(&outline).iter().collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(array.problem.as_ref().map(ToString::to_string), None, "{file} {}", array.address);
            let mut reader = Bytes::new(&outline);
            let about = json!({
                "descr": facts["members"][array.address.to_string()]["descr"],
                "shape": array.array.shape,
                "sha256": sha256(|sink| reader.c_order(&array, sink)),
                "npy": sha256(|sink| reader.npy(&array, sink)),
            });
            found.insert(format!("{}:root", array.member), about);
        }
        assert_eq!(Value::from(found), facts["members"], "{file}");
    }
}

#[test]
fn every_tensor_is_found_with_the_bytes_that_torch_has() {
    let facts = facts("tensors.json");
    for (file, expected) in facts["files"].as_object().unwrap() {
        let bytes = std::fs::read(data(file)).unwrap();
        let mut contents = open(&bytes);
        let outline = Outline::new(&mut contents);
        let arrays = Arrays::new(&outline);
        let mut reader = Bytes::new(&outline);
        let mut found = serde_json::Map::new();
        for array in arrays.by_offset().into_iter().filter_map(|index| arrays.get(index)) {
            assert_eq!(array.problem.as_ref().map(ToString::to_string), None, "{file} {}", array.address);
            assert!(array.storage.is_some() && array.file_offset.is_some(), "{file} {}", array.address);
            let dtype = array.array.dtype.as_ref().unwrap();
            let torch = inspect::dtype_name(dtype);
            let big = dtype.byte_order() == depickle::dtype::ByteOrder::Big;
            assert_eq!(big, torch.starts_with('>'), "{torch}");
            assert_eq!(big, file == "torch.big.pt" && dtype.itemsize() > 1, "{file} {torch}");
            let [Step::Key(name)] = array.address.path.0.as_slice() else { panic!("{}", array.address) };
            let about = json!({
                "dtype": if big { expected[name]["dtype"].clone() } else { json!(torch) },
                "shape": array.array.shape,
                "sha256": sha256(|sink| reader.c_order(&array, sink)),
            });
            found.insert(name.clone(), about);
        }
        assert_eq!(&Value::from(found), expected, "{file}");
    }
}

#[test]
fn tensors_of_one_storage_say_so() {
    let bytes = std::fs::read(data("torch.zip.pt")).unwrap();
    let mut contents = open(&bytes);
    let outline = Outline::new(&mut contents);
    let arrays = Arrays::new(&outline);
    let of = |name: &str| named(&arrays, &format!("root[\"{name}\"]"));
    let (base, row, spread) = (of("base"), of("row"), of("spread"));
    assert_eq!(base.storage, row.storage);
    assert_eq!(row.place, Some((64, 32)), "its first element is the seventeenth");
    // Three rows that are one.
    assert_eq!((spread.place, spread.layout().unwrap().nbytes()), (Some((0, 16)), 48));
    assert_eq!(spread.layout().unwrap().strides(), [0, 4]);
    assert!(base.storage != of("float32").storage);
    assert!(of("bfloat16").npy_header().is_err() && of("float32").npy_header().is_ok());
}

fn named(arrays: &Arrays<'_, '_, '_>, path: &str) -> ArrayRef {
    arrays.iter().find(|array| array.address.to_string() == path).unwrap()
}

#[test]
fn elements_are_numbers_of_rust_whatever_the_byte_order() {
    for file in ["p0.pkl", "p4.pkl", "p5.pkl", "plain.joblib", "zlib.joblib"] {
        let bytes = std::fs::read(data(file)).unwrap();
        let mut contents = open(&bytes);
        let outline = Outline::new(&mut contents);
        let arrays = Arrays::new(&outline);
        let mut reader = Bytes::new(&outline);
        let doubles = |reader: &mut Bytes<'_, '_, '_>, path: &str| -> Vec<f64> {
            reader.view(&named(&arrays, path)).unwrap().iter().unwrap().collect()
        };
        assert_eq!(doubles(&mut reader, "root[\"big f8\"]"), [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0], "{file}");
        assert_eq!(doubles(&mut reader, "root[\"every third\"]")[..3], [0.0, 3.0, 6.0], "{file}");
        let fortran = reader.view(&named(&arrays, "root[\"Fortran\"]")).unwrap();
        assert!(fortran.layout().is_f());
        assert!(fortran.iter::<f64>().unwrap().eq((0..35).map(f64::from)), "{file}");
        let turned = reader.view(&named(&arrays, "root[\"turned\"]")).unwrap();
        assert_eq!(turned.iter::<i16>().unwrap().take(4).collect::<Vec<_>>(), [0, 12, 1, 13], "{file}");
        assert!(turned.iter::<f64>().is_err());
    }
}

#[test]
fn bytes_are_where_it_says() {
    let bytes = std::fs::read(data("plain.joblib")).unwrap();
    let mut contents = open(&bytes);
    let outline = Outline::new(&mut contents);
    let array = named(&Arrays::new(&outline), "root[\"specials\"]");
    let at = usize::try_from(array.file_offset.unwrap()).unwrap();
    assert_eq!(bytes[at + 16..at + 24], f64::NAN.to_le_bytes());
}

/// A pickle of an array of bytes with this shape and data.
fn pickled(shape: &[u8], data: &[u8]) -> Vec<u8> {
    let dtype = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb";
    let head = b"\x80\x03cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01(";
    [&head[..], shape, b"t", dtype, b"\x89", data, b"tb."].concat()
}

#[test]
fn claims_are_checked() {
    let problem = |shape: &[u8], data: &[u8]| {
        let bytes = pickled(shape, data);
        let mut contents = open(&bytes);
        let outline = Outline::new(&mut contents);
        let array = Arrays::new(&outline).get(0).unwrap();
        assert_eq!(Bytes::new(&outline).view(&array).is_err(), array.problem.is_some());
        array.problem.map(|error| error.message().to_owned())
    };
    assert_eq!(problem(b"K\x03", b"C\x03abc"), None);
    assert_eq!(problem(b"K\x03", b"U\x03abc"), None);
    assert_eq!(problem(b"K\x00J\xff\xff\xff\x7f", b"C\x00"), None);
    assert_eq!(problem(b"K\x04", b"C\x03abc").unwrap(), "it takes 4 bytes and has 3");
    assert_eq!(problem(b"K\x02", b"C\x03abc").unwrap(), "it takes 2 bytes and has 3");
    assert_eq!(problem(b"J\xff\xff\xff\xff", b"C\x03abc").unwrap(), "it has no usable shape");
    let huge = b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f";
    assert_eq!(problem(huge, b"C\x03abc").unwrap(), "its shape is beyond any memory, or its axes are not");
    assert_eq!(problem(b"K\x03", b"N").unwrap(), "its elements are not there");
}

#[test]
fn bytes_that_many_arrays_share_are_paid_for_each_time() {
    let one = pickled(b"K\x03", b"C\x03abc");
    let limits = Limits::default().with(Limit::Inflated, 0);
    let mut contents = inspect::open(&one, &limits).unwrap();
    let outline = Outline::new(&mut contents);
    let array = Arrays::new(&outline).get(0).unwrap();
    let mut reader = Bytes::new(&outline);
    // What each byte of the file adds to the limit.
    let paid = (0..100 * one.len()).take_while(|_| reader.stored(&array, &mut |_| Ok(())).is_ok()).count();
    assert_eq!(paid, 64 * one.len() / 3);
    assert!(reader.stored(&array, &mut |_| Ok(())).is_err());
}

#[test]
fn arrays_are_found_in_the_call_that_dill_makes() {
    let dtype = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb";
    let head = b"\x80\x03cdill._dill\n_create_array\n(cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01bt";
    let found = |attributes: &[u8]| {
        let bytes = [&head[..], b"(K\x01K\x03\x85", dtype, b"\x89C\x03abct", attributes, b"tR."].concat();
        let mut contents = open(&bytes);
        let outline = Outline::new(&mut contents);
        let array = Arrays::new(&outline).get(0)?;
        let view = Bytes::new(&outline).view(&array).unwrap();
        Some((array.address.to_string(), view.bytes().to_vec()))
    };
    let array = Some(("root".to_owned(), b"abc".to_vec()));
    assert_eq!([found(b"N"), found(b"}")], [array.clone(), array]);
    // With attributes it is more than an array.
    assert_eq!(found(b"}K\x01K\x02s"), None);
}
