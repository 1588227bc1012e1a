//! Files of torch 0.1, which are tar archives.

use super::tape::{linked, member, tar};
use super::torch::pickle;
use super::{CALL, PLAIN, clean, named, scan, told};
use depickle::finding::{Level, Verdict};
use depickle::inspect::{ArrayRef, Arrays, Bytes, Outline, open_all};
use depickle::limits::Limits;

fn words(words: &[i64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// `(7, 'cpu', torch.FloatStorage)`, four elements, and a view of the last two of them.
fn storages(class: &str, count: i64) -> Vec<u8> {
    let row = [b"K\x07X\x03\0\0\0cpuc", class.as_bytes(), b"\n\x87"].concat();
    [pickle(b"K\x01"), pickle(&row), words(&[count]), vec![0; 16], pickle(b"](K\x09K\x07K\x02K\x02tqaa")].concat()
}

/// `(8, 7, torch.FloatTensor)`, two times two.
fn tensors(stride: i64, offset: i64) -> Vec<u8> {
    let row = pickle(b"K\x08K\x07ctorch\nFloatTensor\n\x87");
    [pickle(b"K\x01"), row, words(&[2, 2, 2, stride, 1, offset])].concat()
}

/// A dict with the tensor, its storage and the view.
fn object() -> Vec<u8> {
    pickle(b"}(X\x01\0\0\0aX\x01\0\0\x008QX\x01\0\0\0bK\x07QX\x01\0\0\0cU\x019Qu")
}

fn file(storages: &[u8], tensors: &[u8], object: &[u8]) -> Vec<u8> {
    let system = member("sys_info", &pickle(b"}X\x0d\0\0\0little_endian\x88s"));
    tar(&[system, member("pickle", object), member("tensors", tensors), member("storages", storages)])
}

const FLOATS: &str = "torch\nFloatStorage";

#[test]
fn an_honest_file_is_clean() {
    let report = clean("honest", &file(&storages(FLOATS, 4), &tensors(2, 0), &object()));
    assert_eq!(report.format, "torch-tar");
    assert_eq!((report.loaders[0].name, report.loaders[0].loads), ("torch.load", true));
    // Nothing is read twice.
    assert_eq!(report.streams.len(), 7, "{:#?}", report.streams);
    let storage = report.regions.iter().find(|region| region.kind == "storage" && region.location.member == "storages");
    let storage = storage.unwrap();
    assert_eq!(storage.location.length, Some(16 + 8));
}

#[test]
fn tensors_are_held_to_their_storages() {
    let honest = (storages(FLOATS, 4), tensors(2, 0), object());
    for (name, stride, offset) in [("stride", 3, 0), ("offset", 2, 1), ("far", i64::MAX, 1)] {
        let bytes = file(&honest.0, &tensors(stride, offset), &honest.2);
        told(name, &bytes, "tensor-layout", Level::Dangerous);
    }
    for (name, storages) in [("too few", storages(FLOATS, 5)), ("too many", storages(FLOATS, 3))] {
        let report = scan(&file(&storages, &honest.1, &honest.2));
        assert!(report.verdict() >= Verdict::Suspicious, "{name}: {:#?}", report.findings);
        assert!(!report.loaders[0].loads);
    }
    told("a stranger", &file(&honest.0, &honest.1, &pickle(b"K\x0aQ")), "refused-stream", Level::Incomplete);
    told("no number", &file(&honest.0, &honest.1, &pickle(b"NQ")), "persistent-id", Level::Suspicious);
    told("elsewhere", &tar(&[member("pickle", &object())]), "persistent-id", Level::Suspicious);
}

#[test]
fn a_call_is_named_wherever_torch_reads_a_pickle() {
    let (good_storages, good_tensors) = (storages(FLOATS, 4), tensors(2, 0));
    named("the object", &file(&good_storages, &good_tensors, CALL));
    for at in [0, good_storages.len() - 1, good_storages.len()] {
        let bytes = [&good_storages[..at], CALL].concat();
        named("in storages", &file(&bytes, &good_tensors, &object()));
        named("without tensors", &tar(&[member("storages", &bytes)]));
    }
    // Bytes of a storage that look like many pickles cost whoever searches them all that it has.
    let decoys = b"\x80\x02N0".repeat(4096);
    let row = pickle(&[b"K\x07X\x03\0\0\0cpuc".as_slice(), b"torch\nByteStorage", b"\n\x87"].concat());
    let count = i64::try_from(decoys.len()).unwrap();
    let hidden = [pickle(b"K\x02"), row, words(&[count]), decoys, CALL.to_vec()].concat();
    named("behind a storage", &file(&hidden, &good_tensors, &object()));
    named("behind a storage, alone", &tar(&[member("storages", &hidden)]));
    let after = [pickle(b"K\x02"), good_tensors[pickle(b"K\x01").len()..].to_vec(), CALL.to_vec()].concat();
    named("in tensors", &file(&good_storages, &after, &object()));
}

#[test]
fn a_link_where_torch_reads_is_suspicious() {
    let parts = [member("pickle", PLAIN), member("tensors", &tensors(2, 0)), linked("storages", "/elsewhere")];
    told("a link", &tar(&parts), "unread-member", Level::Suspicious);
    clean("another archive", &tar(&[linked("storages", "/elsewhere"), member("x", PLAIN)]));
    clean("a name alone", &tar(&[member("storages", PLAIN)]));
    clean("text", &tar(&[member("storages", b"shelf, box\n")]));
}

/// Path, shape and elements of each array, or what is wrong with it.
fn arrays(bytes: &[u8]) -> Vec<String> {
    let mut all = open_all(bytes, &Limits::default()).unwrap();
    let outlines: Vec<Outline<'_, '_>> = all.contents.iter_mut().map(Outline::new).collect();
    let mut reader = Bytes::of_all(&outlines);
    let tell = |array: ArrayRef| {
        let told = match reader.view(&array) {
            Ok(view) => format!("{:?} {:?}", view.shape(), view.iter::<f32>().unwrap().collect::<Vec<_>>()),
            Err(error) => error.message().to_owned(),
        };
        format!("{} {told}", array.address)
    };
    Arrays::of_all(&outlines).iter().map(tell).collect()
}

#[test]
fn tensors_storages_and_views_are_arrays() {
    let mut held = storages(FLOATS, 4);
    let at = held.iter().position(|&byte| byte == 0x87).unwrap() + 1 + 1 + 8;
    for (place, number) in held[at..at + 16].chunks_exact_mut(4).zip([1.0_f32, 2.0, 3.0, 4.0]) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    assert_eq!(
        arrays(&file(&held, &tensors(2, 0), &object())),
        [
            "root[\"a\"] [2, 2] [1.0, 2.0, 3.0, 4.0]",
            "root[\"b\"] [4] [1.0, 2.0, 3.0, 4.0]",
            "root[\"c\"] [2] [3.0, 4.0]"
        ]
    );
    let straight = tensors(2, 0);
    let turned = [&straight[..straight.len() - 24], &words(&[1, 2, 0])].concat();
    assert_eq!(arrays(&file(&held, &turned, &object()))[0], "root[\"a\"] [2, 2] [1.0, 3.0, 2.0, 4.0]");
    let beyond = arrays(&file(&held, &tensors(3, 0), &object()));
    assert_eq!(beyond[0], "root[\"a\"] it reaches beyond its storage of 16 bytes");
}
