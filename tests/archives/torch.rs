//! Files of torch.

use super::assemble::{Member, archive};
use super::{clean, scan, scan_with, told};
use depickle::finding::{Level, Verdict};
use depickle::limits::Limits;

/// BINUNICODE.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [b"X", &u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
}

/// The id of a storage of a class.
pub(crate) fn storage(class: &str, key: &str, count: u8) -> Vec<u8> {
    let class = [b"c", class.as_bytes(), b"\n"].concat();
    [b"(".to_vec(), text("storage"), class, text(key), text("cpu"), vec![b'K', count], b"tQ".to_vec()].concat()
}

pub(crate) const FLOATS: &str = "torch\nFloatStorage";

/// A tensor over a storage.
pub(crate) fn tensor(storage: &[u8], offset: u8, size: u8, stride: u8) -> Vec<u8> {
    let hooks = b"ccollections\nOrderedDict\n)R";
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n(",
        storage,
        &[b'K', offset, b'K', size, 0x85, b'K', stride, 0x85, 0x89],
        hooks,
        b"tR",
    ]
    .concat()
}

pub(crate) fn pickle(body: &[u8]) -> Vec<u8> {
    [b"\x80\x02", body, b"."].concat()
}

/// An archive of torch with one tensor of four floats; `bytes` are those of its storage.
pub(crate) fn checkpoint(pickle: &[u8], bytes: &[u8]) -> Vec<Member> {
    vec![
        Member::stored("archive/data.pkl", pickle),
        Member::stored("archive/data/0", bytes),
        Member::stored("archive/version", b"3\n"),
    ]
}

pub(crate) fn four_floats() -> Vec<u8> {
    pickle(&tensor(&storage(FLOATS, "0", 4), 0, 4, 1))
}

#[test]
fn a_tensor_within_its_storage_is_clean() {
    let report = clean("a tensor", &archive(&checkpoint(&four_floats(), &[0; 16])));
    assert_eq!(report.format, "torch-zip");
    assert_eq!((report.loaders[0].name, report.loaders[0].loads), ("torch.load", true));
    let shared = [
        b"]".to_vec(),
        tensor(&storage(FLOATS, "0", 4), 0, 2, 2),
        b"a".to_vec(),
        tensor(&storage(FLOATS, "0", 4), 1, 9, 0),
        b"a".to_vec(),
    ];
    clean("two views of one storage", &archive(&checkpoint(&pickle(&shared.concat()), &[0; 16])));
    let deflated: Vec<Member> =
        vec![Member::deflated("archive/data.pkl", &four_floats()), Member::deflated("archive/data/0", &[0; 16])];
    clean("deflated", &archive(&deflated));
}

/// Found by fuzzing: a report of one file is one text, however many storages are missing.
#[test]
fn missing_storages_are_told_in_one_order() {
    let tensors = (0..20).map(|key| [tensor(&storage(FLOATS, &key.to_string(), 4), 0, 4, 1), b"a".to_vec()].concat());
    let stream = pickle(&[b"]".to_vec(), tensors.collect::<Vec<_>>().concat()].concat());
    let file = archive(&[Member::stored("archive/data.pkl", &stream), Member::stored("archive/version", b"3\n")]);
    let report = scan(&file);
    assert_eq!(report.verdict(), Verdict::Incomplete, "{:#?}", report.findings);
    assert_eq!(report, scan(&file));
}

#[test]
fn a_tensor_beyond_its_storage_is_dangerous() {
    for (name, offset, size, stride) in
        [("offset", 1, 4, 1), ("size", 0, 5, 1), ("stride", 0, 4, 2), ("far", 255, 1, 1)]
    {
        let stream = pickle(&tensor(&storage(FLOATS, "0", 4), offset, size, stride));
        let report = told(name, &archive(&checkpoint(&stream, &[0; 16])), "tensor-layout", Level::Dangerous);
        assert_eq!(report.verdict(), Verdict::Dangerous);
    }
    told("a short storage", &archive(&checkpoint(&four_floats(), &[0; 15])), "tensor-layout", Level::Dangerous);
    told("a long storage", &archive(&checkpoint(&four_floats(), &[0; 17])), "trailing-data", Level::Suspicious);
    let missing = &checkpoint(&four_floats(), &[0; 16])[..1];
    assert_eq!(scan(&archive(missing)).verdict(), Verdict::Incomplete);
}

#[test]
fn an_id_that_names_no_storage_is_suspicious() {
    for id in [
        storage("torch\nEvilStorage", "0", 4),
        storage("evil\nFloatStorage", "0", 4),
        storage(FLOATS, "../0", 4),
        b"NQ".to_vec(),
    ] {
        told("an id", &archive(&checkpoint(&pickle(&id), &[0; 16])), "persistent-id", Level::Suspicious);
    }
    // Anywhere else nobody answers it.
    told("a pickle of its own", &four_floats(), "persistent-id", Level::Suspicious);
    told("not torch's", &archive(&[Member::stored("model.pkl", &four_floats())]), "persistent-id", Level::Suspicious);
}

#[test]
fn what_weights_only_refuses_is_listed() {
    let state = pickle(b"ccollections\ndefaultdict\n)R");
    let report = scan(&archive(&checkpoint(&state, &[])));
    let note = report.findings.iter().find(|finding| finding.rule == "torch-weights-only").unwrap();
    assert!(note.message.contains("add_safe_globals([collections.defaultdict])"), "{}", note.message);
    assert_eq!(note.level, Level::Note);
    let framed = [b"\x80\x04".as_slice(), &four_floats()[2..]].concat();
    let report = clean("protocol 4", &archive(&checkpoint(&framed, &[0; 16])));
    let note = report.findings.iter().find(|finding| finding.rule == "torch-weights-only").unwrap();
    assert!(note.message.contains("pickle_protocol=2"), "{}", note.message);
    let honest = clean("a state dict", &archive(&checkpoint(&four_floats(), &[0; 16])));
    assert!(honest.findings.is_empty(), "{:#?}", honest.findings);
}

#[test]
fn torchscript_is_suspicious_and_its_code_is_listed() {
    let script = [
        checkpoint(&four_floats(), &[0; 16]),
        vec![Member::deflated("archive/code/__torch__.py", b"class M:\n  pass\n")],
    ];
    let report = told("TorchScript", &archive(&script.concat()), "torchscript-code", Level::Suspicious);
    assert_eq!(report.verdict(), Verdict::Suspicious, "{:#?}", report.findings);
    assert!(report.findings.iter().any(|finding| finding.message.contains("code/__torch__.py")));
}

pub(crate) const NUMBER: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// The five pickles of torch before 1.6, and the bytes behind them.
pub(crate) fn legacy(parts: [&[u8]; 5], behind: &[u8]) -> Vec<u8> {
    [&parts.concat(), behind].concat()
}

/// A file of torch before 1.6 of an object and its storages: key, bytes, how many elements.
pub(crate) fn legacy_of(object: &[u8], storages: &[(&str, Vec<u8>, u64)]) -> Vec<u8> {
    let keys: Vec<u8> = storages.iter().flat_map(|(key, ..)| [text(key), b"a".to_vec()].concat()).collect();
    let bytes: Vec<u8> =
        storages.iter().flat_map(|(_, bytes, count)| [count.to_le_bytes().as_slice(), bytes].concat()).collect();
    let keys = pickle(&[b"]".as_slice(), &keys].concat());
    legacy([NUMBER, b"\x80\x02M\xe9\x03.", b"\x80\x02}.", object, &keys], &bytes)
}

#[test]
fn the_old_form_is_read_to_its_last_byte() {
    let object = pickle(
        &[b"(X\x07\0\0\0storage".as_slice(), b"ctorch\nFloatStorage\nX\x01\0\0\x007X\x03\0\0\0cpuK\x02NtQ"].concat(),
    );
    let (version, system, keys) =
        (b"\x80\x02M\xe9\x03.".as_slice(), b"\x80\x02}.".as_slice(), b"\x80\x02]X\x01\0\0\x007a.".as_slice());
    let bytes = [&2_u64.to_le_bytes()[..], &[0; 8]].concat();
    let parts = [NUMBER, version, system, &object, keys];
    let report = clean("honest", &legacy(parts, &bytes));
    assert_eq!(report.format, "torch-legacy");
    told("a byte more", &legacy(parts, &[&bytes[..], b"x"].concat()), "trailing-data", Level::Suspicious);
    told("a byte less", &legacy(parts, &bytes[..15]), "trailing-data", Level::Suspicious);
    told(
        "another number",
        &legacy(parts, &[&3_u64.to_le_bytes()[..], &[0; 12]].concat()),
        "trailing-data",
        Level::Suspicious,
    );
}

#[test]
fn a_deep_scan_holds_tensors_to_their_checksums() {
    let good = checkpoint(&four_floats(), &[0; 16]);
    let deep = |members: &[Member]| scan_with(&archive(members), &Limits::default().deep());
    assert_eq!(deep(&good).verdict(), Verdict::Clean);
    let mut bad = good.clone();
    bad[1].data[3] = 1;
    clean("not looked at", &archive(&bad));
    assert_eq!(deep(&bad).verdict(), Verdict::Suspicious);
    bad[1] = Member::deflated("archive/data/0", &[0; 16]).both(|it| it.crc ^= 1);
    assert_eq!(deep(&bad).verdict(), Verdict::Suspicious);
}

/// A class of a module that torch before 1.6 wrote with its source, `('module', class, file, source)`, and an object of it.
fn whole_module(class: &str) -> Vec<u8> {
    let id = [
        b"(".to_vec(),
        text("module"),
        [b"c", class.as_bytes(), b"\n"].concat(),
        text("model.py"),
        text("import os\nos.system('')\n"),
        b"tQ)\x81".to_vec(),
    ];
    legacy_of(&pickle(&id.concat()), &[])
}

#[test]
fn the_classes_of_whole_modules_are_judged_and_their_source_is_text() {
    clean("a layer", &whole_module("torch.nn.modules.linear\nLinear"));
    told("a class of one's own", &whole_module("model\nNet"), "unlisted-import", Level::Suspicious);
    told("a dangerous one", &whole_module("subprocess\nPopen"), "dangerous-import", Level::Dangerous);
}
