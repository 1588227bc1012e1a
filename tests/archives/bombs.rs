//! Archives that cost more than they weigh: bounded, never clean, and what lies in front of them is still named.

use super::assemble::{Member, archive};
use super::readers::base64;
use super::{CALL, PLAIN, clean, scan_with};
use depickle::finding::Verdict;
use depickle::limits::{Limit, Limits};

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
