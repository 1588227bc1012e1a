//! joblib's wrappers, by every way in which a stream can make one: what follows the BUILD is the same for each.

use depickle::audit::scan;
use depickle::finding::{FileReport, Verdict};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;

fn report(bytes: &[u8]) -> FileReport {
    scan(&Source::from_bytes("model", bytes), &Policy::builtin(), &Limits::default())
}

/// Each way to make an object of a class of `joblib.numpy_pickle` without arguments.
fn made(class: &str) -> Vec<Vec<u8>> {
    let import = format!("cjoblib.numpy_pickle\n{class}\n");
    [
        format!("{import})\u{1}"),
        format!("(ijoblib.numpy_pickle\n{class}\n"),
        format!("({import}o"),
        format!("ccopyreg\n_reconstructor\n({import}cbuiltins\nobject\nNtR"),
        format!("ccopyreg\n__newobj__\n({import}tR"),
    ]
    .into_iter()
    // NEWOBJ is no character.
    .map(|text| text.into_bytes().into_iter().map(|byte| if byte == 1 { 0x81 } else { byte }).collect())
    .collect()
}

#[test]
fn array_bytes_follow_a_wrapper_however_it_is_made() {
    let state = b"}(U\x08subclasscnumpy\nndarray\nU\x05shape(K\x04tU\x05orderU\x01CU\x0aallow_mmapK\x01U\x05dtype\
        cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbub";
    for wrapper in made("NumpyArrayWrapper") {
        // As opcodes, these bytes are none.
        let stream = [b"\x80\x02".as_slice(), &wrapper, state, b"\xff\xff\xff\xff."].concat();
        let report = report(&stream);
        assert_eq!(report.verdict(), Verdict::Clean, "{}: {:#?}", stream.escape_ascii(), report.findings);
        assert_eq!(report.format, "joblib");
    }
}

#[test]
fn a_companion_is_looked_for_however_its_wrapper_is_made() {
    let state = b"}(U\x08filenameU\x08../a.npyU\x08subclasscnumpy\nndarray\nub.";
    for wrapper in made("NDArrayWrapper") {
        let stream = [b"\x80\x02".as_slice(), &wrapper, state].concat();
        let report = report(&stream);
        let told = report.findings.iter().any(|finding| finding.rule == "companion-path");
        assert!(told, "{}: {:#?}", stream.escape_ascii(), report.findings);
    }
}
