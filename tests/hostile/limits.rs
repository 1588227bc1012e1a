//! Each limit can be reached, and what was read before it is judged.

use super::archives::{Member, archive};
use super::bytes::{CALL, bytes, join, text, zlib};
use super::{names_the_call, reaches_a_limit, scan_with};
use depickle::finding::{Completeness, Level, Verdict};
use depickle::limits::{LIMITS, Limit, Limits, Stop};
use std::time::Duration;

/// A file that needs more of a limit than `least`, behind `before`.
fn greedy(limit: Limit, before: &[u8]) -> (Vec<u8>, u64) {
    match limit {
        Limit::Opcodes => (join(&[before, &b"N0".repeat(5000), b"N."]), 1000),
        Limit::Edges => (join(&[before, b"]", &b"Na".repeat(5000), b"."]), 1000),
        Limit::Retained | Limit::Inflated => (zlib(&join(&[before, &b"N0".repeat(100_000), b"N."])), 100_000),
        Limit::Names => {
            // One text is the module of many imports.
            let module = join(&[b"X", &5000_u32.to_le_bytes(), "m".repeat(5000).as_bytes(), b"q\0", b"0"]);
            let imports: Vec<u8> =
                (0..200).flat_map(|index| join(&[b"h\0", &text(&format!("n{index}")), b"\x930"])).collect();
            (join(&[b"\x80\x04", before, &module, &imports, b"N."]), 1000)
        }
        Limit::Streams => (join(&[before, b"N.", &b"N.".repeat(100)]), 20),
        Limit::Members => {
            let first = Member::stored("first", &join(&[b"\x80\x02", before, b"N."]));
            let members: Vec<Member> = (0..200).map(|index| Member::stored(&index.to_string(), b"N.")).collect();
            (archive(&[vec![first], members].concat()), 100)
        }
        Limit::Depth => {
            let loads = |inner: &[u8]| {
                join(&[b"\x80\x04", before, &text("pickle"), &text("loads"), b"\x93", &bytes(inner), b"\x85R."])
            };
            ((0..4).fold(join(&[CALL, b"."]), |inner, _| loads(&inner)), 2)
        }
    }
}

#[test]
fn a_limit_that_is_reached_is_incomplete() {
    for row in LIMITS.iter().filter(|row| row.limit != Limit::Depth) {
        let (bytes, least) = greedy(row.limit, b"");
        let report = scan_with(&bytes, &Limits::default().with(row.limit, least));
        assert!(reaches_a_limit(&report), "{}: {:#?}", row.name, report.findings);
        let worst = report.findings.iter().map(|finding| finding.level).filter(|&level| level != Level::Suspicious);
        assert_eq!(worst.max(), Some(Level::Incomplete), "{}", row.name);
        assert!(report.verdict() >= Verdict::Incomplete);
        assert_eq!(report.completeness, Completeness::Partial, "{}", row.name);
    }
}

#[test]
fn what_stands_before_a_limit_is_judged() {
    for row in &LIMITS {
        let (bytes, least) = greedy(row.limit, CALL);
        let report = scan_with(&bytes, &Limits::default().with(row.limit, least));
        assert!(reaches_a_limit(&report), "{}: {:#?}", row.name, report.findings);
        assert!(names_the_call(&report), "{}: {:#?}", row.name, report.findings);
    }
}

#[test]
fn the_same_files_within_the_limits_reach_none() {
    for row in &LIMITS {
        let (bytes, _) = greedy(row.limit, CALL);
        assert!(!reaches_a_limit(&scan_with(&bytes, &Limits::default())), "{}", row.name);
    }
}

/// Opcodes, inflating, members: whatever a file is, its time is looked at.
#[test]
fn time_and_a_stop_end_any_file() {
    let stop = Stop::default();
    stop.now();
    for limits in [Limits::default().within(Duration::ZERO), Limits::default().until(&stop)] {
        for row in &LIMITS {
            let report = scan_with(&greedy(row.limit, CALL).0, &limits);
            assert!(reaches_a_limit(&report), "{}: {:#?}", row.name, report.findings);
            assert_eq!(report.completeness, Completeness::Partial, "{}", row.name);
        }
    }
}

#[test]
fn no_budget_at_all_is_never_clean() {
    for row in LIMITS.iter().filter(|row| row.limit != Limit::Depth) {
        let (bytes, _) = greedy(row.limit, b"");
        let report = scan_with(&bytes, &Limits::default().with(row.limit, 0));
        assert_ne!(report.verdict(), Verdict::Clean, "{}", row.name);
    }
}

#[test]
fn a_limit_that_is_reached_behind_the_first_stream_is_not_its_end() {
    // The first stream ends with the first 64 KiB, and nothing behind it can be inflated.
    let len = (1_u32 << 16) - 8;
    let first = join(&[b"\x80\x04B", &len.to_le_bytes(), &vec![0; len as usize], b"."]);
    let file = zlib(&join(&[&first, CALL, b".", &b"N.".repeat(1000)]));
    let per_byte = LIMITS.iter().find(|row| row.limit == Limit::Inflated).unwrap().per_byte;
    let least = first.len() as u64 - per_byte * file.len() as u64;
    let report = scan_with(&file, &Limits::default().with(Limit::Inflated, least));
    assert!(reaches_a_limit(&report), "{:#?}", report.findings);
    assert!(names_the_call(&scan_with(&file, &Limits::default())));
}
