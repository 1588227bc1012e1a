//! Whole files in other clothes: compressed, in archives, split.

use super::archives::{Member, archive};
use super::{Answer, all, answer, samples, scan};
use depickle::finding::Verdict;
use std::io::{Read as _, Write as _};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(3));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast()).read_to_end(&mut out).unwrap();
    out
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(method: fn(&str, &[u8]) -> Member, files: &[&[u8]]) -> Vec<u8> {
    let members: Vec<Member> =
        files.iter().enumerate().map(|(number, bytes)| method(&format!("{number}.pkl"), bytes)).collect();
    archive(&members)
}

fn tar(files: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, bytes) in files.iter().enumerate() {
        let mut block = [0; 512];
        block[..5].copy_from_slice(format!("{number}.pkl").as_bytes());
        block[100..108].copy_from_slice(b"0000644\0");
        block[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        block[148..156].fill(b' ');
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(block);
        out.extend(*bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// The longest files that are tried, and those of which many forms are.
const LONGEST: u64 = 2000;
const SHORT: u64 = 120;

type Wrapping = (&'static str, fn(&[&[u8]]) -> Vec<u8>);

/// Archives of several files.
const ARCHIVES: &[Wrapping] = &[
    ("zip, stored", |files| zip(Member::stored, files)),
    ("zip, deflated", |files| zip(Member::deflated, files)),
    ("tar", tar),
    ("tar.gz", |files| gzip(&tar(files))),
];

type Compression = (&'static str, fn(&[u8]) -> Vec<u8>);

/// Compressions that joblib reads; the first stops behind its first member.
const COMPRESSIONS: &[Compression] = &[("zlib", zlib), ("gzip", gzip), ("bzip2", bzip2), ("lz4", lz4)];

/// Files that can be compressed: those that are not. Those that name others beside them cannot in an archive.
fn bare(most: u64) -> Vec<(String, Vec<u8>, Answer)> {
    let files = all(most).into_iter().map(|(name, bytes)| (name, scan(&bytes), bytes));
    files
        .filter(|(name, report, _)| {
            ["pickle", "joblib"].contains(&report.format.as_str()) && !name.starts_with("joblib_old_")
        })
        .map(|(name, report, bytes)| (name, bytes, answer(&report)))
        .collect()
}

#[test]
fn a_compressed_file_is_judged_alike() {
    let files = bare(LONGEST);
    assert!(files.len() > 60, "{} files", files.len());
    let mut wrong = Vec::new();
    for (what, compress) in COMPRESSIONS {
        for (name, bytes, expected) in &files {
            let found = answer(&scan(&compress(bytes)));
            if found != *expected {
                wrong.push(format!("{name}, {what}: {expected:?} became {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_file_in_several_members_is_judged_alike() {
    let mut wrong = Vec::new();
    for (what, compress) in &COMPRESSIONS[1..] {
        for (name, bytes, expected) in &bare(SHORT) {
            let (first, second) = bytes.split_at(bytes.len() / 2);
            let found = answer(&scan(&[compress(first), compress(second)].concat()));
            // Not every reader of gzip goes on behind the first member.
            let verdict = if *what == "gzip" { expected.0.max(Verdict::Suspicious) } else { expected.0 };
            if (found.0, &found.1) != (verdict, &expected.1) {
                wrong.push(format!("{name}, {what}: {expected:?} became {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_file_in_an_archive_is_judged_alike() {
    let files = bare(LONGEST);
    let mut wrong = Vec::new();
    for (what, wrap) in ARCHIVES {
        for (name, bytes, expected) in &files {
            let found = answer(&scan(&wrap(&[bytes])));
            if found != *expected {
                wrong.push(format!("{name}, {what}: {expected:?} became {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// What two files hold is found in whatever holds both.
#[test]
fn two_files_in_one_are_as_bad_as_the_worse_and_name_what_both_name() {
    let benign: Vec<_> = samples("", 2000).into_iter().filter(|(_, bytes)| scan(bytes).format == "pickle").collect();
    let (name, plain) = benign.first().expect("a small pickle");
    let mut wrong = Vec::new();
    for (other, bytes, (verdict, symbols)) in bare(SHORT) {
        let joined: &[Wrapping] = &[("one behind the other", |files| files.concat())];
        for (what, wrap) in ARCHIVES.iter().chain(joined) {
            for files in [[plain.as_slice(), &bytes], [bytes.as_slice(), plain]] {
                // What is cut ends with the other, or takes it for its own.
                if *what == "one behind the other" && verdict == Verdict::Incomplete {
                    continue;
                }
                let found = answer(&scan(&wrap(&files)));
                if found.0 < verdict || !found.1.is_superset(&symbols) {
                    wrong.push(format!("{name} and {other}, {what}: {verdict:?} {symbols:?} became {found:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
