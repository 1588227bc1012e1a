//! Compressed files that are not as they should be, and what Python's modules were recorded to hand over of them
//! (`xtask/python/compressed_cases.py`): as much of them is read, and nothing else.

use super::readers::base64;
use super::{clean, scan};
use depickle::container::{Codec, Decoder, Ending};
use serde_json::Value;

fn recorded() -> Value {
    serde_json::from_str(include_str!("recorded_compressed.json")).unwrap()
}

/// All that comes out of a decompressor, and what ends it.
fn inflated(codec: Codec, data: &[u8]) -> (Vec<u8>, Option<Ending>) {
    let (mut decoder, mut out, mut buffer) = (Decoder::new(codec, data), Vec::new(), [0; 64]);
    while let Ok(count @ 1..) = decoder.read(&mut buffer) {
        out.extend(&buffer[..count]);
    }
    (out, decoder.ending())
}

#[test]
fn as_much_is_inflated_as_python_hands_over() {
    let recorded = recorded();
    let rows = recorded["streams"].as_array().unwrap();
    let mut whole = 0;
    for (number, row) in rows.iter().enumerate() {
        let codec = match row["codec"].as_str().unwrap() {
            "gzip" => Codec::Gzip,
            "bz2" => Codec::Bzip2,
            _ => Codec::Xz,
        };
        let text = |name: &str| base64(row[name].as_str().unwrap());
        let ((ours, ending), python) = (inflated(codec, &text("data")), text("plain"));
        assert!(ours.starts_with(&python), "file {number}, {codec:?}: {ours:?} lacks some of {python:?}");
        // Of a further member that breaks off Python drops what there is, and says nothing.
        if ending == Some(Ending::Complete) {
            assert_eq!(ours, python, "file {number}, {codec:?}");
            whole += 1;
        }
        // Of any of them a scan comes to an end.
        scan(&text("data"));
    }
    assert!(rows.len() == 180 && whole >= 50, "{whole}");
}

#[test]
fn files_of_pandas_are_clean_in_each_compression() {
    for row in recorded()["pandas"].as_array().unwrap() {
        let (compression, data) = (row["compression"].as_str().unwrap(), base64(row["data"].as_str().unwrap()));
        let report = clean(compression, &data);
        let format = match compression {
            "infer" => "pickle",
            "gzip" => "pickle+gzip",
            "bz2" => "pickle+bz2",
            "xz" => "pickle+xz",
            other => other,
        };
        assert_eq!(report.format, format);
    }
}
