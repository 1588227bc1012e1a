//! numpy's archives of arrays.

use super::assemble::{Member, archive};
use super::press::gzip;
use super::{CALL, PLAIN, clean, named, scan, told};
use depickle::finding::{Level, Verdict};

/// A `.npy` file: its version, and its header as it stands.
pub(crate) fn npy_of(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(header.len()).unwrap().to_le_bytes();
    let len = if version == 1 { &len[..2] } else { &len[..] };
    [b"\x93NUMPY".as_slice(), &[version, 0], len, header.as_bytes(), data].concat()
}

/// A `.npy` file with a header of version 1.0.
pub(crate) fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    npy_of(1, &header, data)
}

fn members(name: &str, bytes: &[u8]) -> [Member; 2] {
    [Member::stored(name, bytes), Member::deflated(name, bytes)]
}

#[test]
fn arrays_of_numbers_are_clean() {
    let array = npy("'<f8'", "(3,)", &[1; 24]);
    for member in members("x.npy", &array) {
        let report = clean("an array", &archive(&[member]));
        assert_eq!(report.format, "npz");
    }
    // Beside arrays, numpy keeps whatever it is given.
    for member in members("format", b"hello") {
        clean("text beside it", &archive(&[Member::stored("x.npy", &array), member]));
    }
}

#[test]
fn bytes_behind_an_array_are_told() {
    for member in members("x.npy", &[&npy("'<f8'", "(1,)", &[0; 8])[..], CALL].concat()) {
        told("behind an array", &archive(&[member]), "trailing-data", Level::Suspicious);
    }
}

#[test]
fn arrays_one_after_another_are_all_read() {
    let (numbers, calls) = (npy("'<f8'", "(2, 2)", &[1; 32]), npy("'|O'", "()", CALL));
    let objects = npy("'|O'", "()", PLAIN);
    for press in [<[u8]>::to_vec as fn(&[u8]) -> Vec<u8>, gzip] {
        clean("numbers", &press(&numbers.repeat(20)));
        told("numbers", &press(&numbers.repeat(2)), "several-streams", Level::Note);
        clean("objects last", &press(&[numbers.clone(), objects.clone()].concat()));
        named("objects behind numbers", &press(&[numbers.clone(), calls.clone()].concat()));
        named("objects behind objects", &press(&[objects.clone(), calls.clone()].concat()));
        named("objects behind all", &press(&[objects.clone(), numbers.repeat(3), calls.clone()].concat()));
        let bytes = press(&[numbers.repeat(2), CALL.to_vec()].concat());
        named("a pickle behind numbers", &bytes);
        told("a pickle behind numbers", &bytes, "trailing-data", Level::Suspicious);
        let cut = press(&[numbers.repeat(2), numbers[..numbers.len() - 1].to_vec()].concat());
        told("the last cut short", &cut, "refused-stream", Level::Incomplete);
        assert_ne!(scan(&press(&objects.repeat(70))).verdict(), Verdict::Clean);
    }
}

#[test]
fn an_array_that_is_cut_short_is_incomplete() {
    for member in members("x.npy", &npy("'<f8'", "(3,)", &[1; 23])) {
        told("short", &archive(&[member]), "refused-stream", Level::Incomplete);
    }
    clean("an array of objects that does nothing", &archive(&members("x.npy", &npy("'|O'", "()", PLAIN))[..1]));
}
