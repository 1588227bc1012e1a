//! Archives that cost more than they weigh: bounded, never clean, and what lies in front of them is still named.

use super::assemble::{Member, archive};
use super::readers::base64;
use super::{CALL, PLAIN, clean, named, scan_with};
use depickle::finding::{FileReport, Verdict};
use depickle::limits::{Limit, Limits};

/// Archives in each other, `wide` in each, around a member of `len` equal bytes.
fn nested(levels: usize, wide: usize, byte: u8, len: usize) -> Vec<u8> {
    let leaf = archive(&[Member::deflated("0.dll", &vec![byte; len])]);
    (0..levels).fold(leaf, |inner, _| {
        let members: Vec<Member> = (0..wide).map(|one| Member::deflated(&format!("lib {one}.zip"), &inner)).collect();
        archive(&members)
    })
}

/// Holds a bomb behind a call to being read as far as `limit` lets it.
fn bounded(name: &str, bytes: &[u8], limit: Limit, amount: u64) -> FileReport {
    let report = scan_with(bytes, &Limits::default().with(limit, amount));
    assert_eq!(report.verdict(), Verdict::Dangerous, "{name}: {:#?}", report.findings);
    assert!(report.imports.iter().any(|import| import.symbol == "posix.system"), "{name}");
    assert!(report.findings.iter().any(|finding| finding.rule == "limit-reached"), "{name}: {:#?}", report.findings);
    report
}

#[test]
fn archives_in_archives_are_bounded_and_what_lies_beside_them_is_named() {
    let bomb = nested(3, 8, 0, 1 << 16);
    let call = Member::deflated("data.pkl", CALL);
    let wrapped = Member::deflated("lib.zip", &bomb);
    for members in [[call.clone(), wrapped.clone()], [wrapped, call]] {
        bounded("members", &archive(&members), Limit::Members, 100);
        bounded("inflated", &archive(&members), Limit::Inflated, 50_000);
    }
    let report = scan_with(&bomb, &Limits::default().with(Limit::Members, 100));
    assert_eq!(report.verdict(), Verdict::Incomplete);
}

#[test]
fn archives_are_opened_to_a_depth() {
    let deep = (0..30).fold(archive(&[Member::stored("x", PLAIN)]), |inner, _| {
        archive(&[Member::stored("call.pkl", CALL), Member::deflated("next.zip", &inner)])
    });
    let report = named("30 deep", &deep);
    assert!(report.findings.iter().any(|finding| finding.rule == "limit-reached"), "{:#?}", report.findings);
}

/// A stream of xz: a MiB of zeros.
const ZEROS: &str = "/Td6WFoAAATm1rRGAgAhAQwAAACPmEGc7///ANldAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1Iq9+SVJQAAAAAAwva6PqJwa2AAAfUBgIBAAHmXf0exxGf7AgAAAAAEWVo=";

#[test]
fn zeros_without_end_are_not_kept() {
    let zeros = base64(ZEROS);
    let vast = zeros.repeat(256);
    let limits = Limits::default().with(Limit::Inflated, 0);
    assert_eq!(scan_with(&vast, &limits).verdict(), Verdict::Incomplete);
    let beside = archive(&[Member::stored("call.pkl", CALL), Member::stored("zeros.xz", &vast)]);
    let report = scan_with(&beside, &limits);
    assert_eq!(report.verdict(), Verdict::Dangerous, "{:#?}", report.findings);
}

#[test]
fn what_is_read_of_archives_in_archives_is_not_kept() {
    let inner = archive(&[Member::stored("plain.pkl", PLAIN), Member::stored("text", &[b'A'; 1 << 18])]);
    let members: Vec<Member> = (0..5).map(|one| Member::deflated(&format!("{one}.zip"), &inner)).collect();
    let bytes = archive(&members);
    clean("many archives", &bytes);
    // As much as two of them take.
    let report = scan_with(&bytes, &Limits::default().with(Limit::Retained, 2 << 18));
    assert_eq!(report.verdict(), Verdict::Clean, "{:#?}", report.findings);
    let report = scan_with(&bytes, &Limits::default().with(Limit::Retained, 1 << 10));
    assert_eq!(report.verdict(), Verdict::Incomplete);
}

#[test]
fn long_text_is_not_kept() {
    let bytes = archive(&[Member::deflated("text", &vec![b'A'; 1 << 20])]);
    let report = scan_with(&bytes, &Limits::default().with(Limit::Retained, 1 << 19));
    assert_eq!(report.verdict(), Verdict::Clean, "{:#?}", report.findings);
}

#[test]
fn many_members_are_bounded_and_the_first_are_named() {
    let members = (0..3000).map(|one| Member::stored(&one.to_string(), if one == 0 { CALL } else { PLAIN }));
    let bytes = archive(&members.collect::<Vec<_>>());
    bounded("many members", &bytes, Limit::Members, 1000);
}
