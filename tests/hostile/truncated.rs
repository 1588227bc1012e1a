//! Files that are cut short, empty, random, or changed in one place.

use super::bytes::{CALL, claim, joblib, join, random, zlib};
use super::{bounded, names_the_call, scan};
use depickle::finding::Verdict;
use std::path::Path;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)).unwrap()
}

/// Small files that are clean when they are whole.
fn whole() -> Vec<(&'static str, Vec<u8>)> {
    let list = b"\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(K\x01K\x02K\x03e.";
    let array = joblib(b"K\x03\x85", &[0; 24]);
    vec![
        ("protocol 2", b"\x80\x02}q\x00X\x01\0\0\0aq\x01G?\xf0\0\0\0\0\0\0s.".to_vec()),
        ("protocol 4 in a frame", list.to_vec()),
        ("joblib in zlib", zlib(&array)),
        ("joblib", array),
    ]
}

#[test]
fn a_file_that_is_cut_short_is_never_clean() {
    for (name, bytes) in whole() {
        let report = scan(&bytes);
        assert_eq!(report.verdict(), Verdict::Clean, "{name}: {:#?}", report.findings);
        for len in 0..bytes.len() {
            let report = bounded(name, &bytes[..len], bytes.len() * 4);
            assert_ne!(report.verdict(), Verdict::Clean, "{name}: cut after {len} bytes: {}", report.format);
        }
    }
}

#[test]
fn what_ran_before_the_cut_is_judged() {
    let bytes = join(&[CALL, b"}(S'key'\nI1\nS'other'\nF1.5\nu."]);
    for len in CALL.len()..=bytes.len() {
        assert!(names_the_call(&scan(&bytes[..len])), "cut after {len} bytes");
    }
    for len in 0..CALL.len() {
        // Until the import's second line ends nothing is asked for; what stands there is text that no one executes.
        let report = scan(&bytes[..len]);
        let import_ends = b"cos\nsystem\n".len();
        assert!(report.verdict() == Verdict::Dangerous || len < import_ends, "cut after {len} bytes");
    }
}

#[test]
fn models_that_are_cut_short_are_never_clean() {
    for name in ["model.pkl", "model_v1.joblib"] {
        let bytes = sample(name);
        for len in (1..bytes.len()).step_by(bytes.len() / 40) {
            assert_ne!(scan(&bytes[..len]).verdict(), Verdict::Clean, "{name}: cut after {len} bytes");
        }
    }
}

#[test]
fn an_empty_file_is_incomplete() {
    assert_eq!(scan(b"").verdict(), Verdict::Incomplete);
}

#[test]
fn random_bytes_stay_within_bounds() {
    for seed in 0..300 {
        let mut words = random(seed);
        let len = usize::try_from(words.next().unwrap() % 600).unwrap();
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).take(len).collect();
        bounded(&format!("seed {seed}"), &bytes, 1 << 16);
    }
}

#[test]
fn random_opcodes_stay_within_bounds() {
    let opcodes: Vec<u8> = depickle::opcode::table::TABLE.iter().map(|row| row.opcode as u8).collect();
    for seed in 0..300 {
        let words = random(seed).take(400);
        let pick = |word: u64| opcodes[usize::try_from(word % 68).unwrap()];
        let bytes: Vec<u8> = b"\x80\x04".iter().copied().chain(words.map(pick)).collect();
        bounded(&format!("seed {seed}"), &bytes, bytes.len());
    }
}

/// Found by fuzzing: the length of a literal that is none took with it what stood behind it in a compressed file.
#[test]
fn a_stream_behind_a_false_beginning_is_found_in_compressed_files_too() {
    let file = join(&[b"N.", b"not explained", &claim(0x8e, &(1_u64 << 40).to_le_bytes()), CALL, b"."]);
    for file in [zlib(&file), file] {
        assert!(names_the_call(&scan(&file)), "{:#?}", scan(&file).findings);
    }
}

#[test]
fn a_call_in_front_survives_every_change_behind_it() {
    let behind = joblib(b"K\x03\x85", &[0; 24]);
    for (place, word) in (0..behind.len()).zip(random(7)) {
        let mut bytes = join(&[b"\x80\x04", CALL, b"0", &behind[2..]]);
        let at = CALL.len() + 3 + place.min(behind.len() - 3);
        bytes[at] = word.to_le_bytes()[0];
        assert!(names_the_call(&bounded("changed", &bytes, bytes.len())), "byte {at} changed");
    }
}
