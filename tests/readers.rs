//! What only one reader of the table reaches is in the report, with its name.

use depickle::audit::scan;
use depickle::error::Result;
use depickle::finding::{FileReport, Verdict};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::loader::{Manner, Pass, Reader, Readers, pass, with_one_memo};
use depickle::opcode::{Dialect, Feed, SliceWindow, StreamWindow, Window};
use depickle::policy::Policy;

fn report(bytes: &[u8]) -> FileReport {
    scan(&Source::from_bytes("file.pkl", bytes), &Policy::builtin(), &Limits::default())
}

#[allow(clippy::expect_used, reason = "memory refuses nothing")]
fn deflated(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

/// The readers that ask for a symbol.
fn askers(report: &FileReport, symbol: &str) -> Vec<&'static str> {
    let rows = report.imports.iter().filter(|row| row.symbol == symbol);
    rows.flat_map(|row| row.loaders.clone()).collect()
}

/// A frame that ends inside a name.
fn cut_name(before: &[u8]) -> Vec<u8> {
    let mut file = [b"\x80\x04", before].concat();
    file.extend(b"\x95\x0c\0\0\0\0\0\0\0cdatetime\nda");
    file.extend(b"te\n.");
    file
}

#[test]
fn a_file_without_peek_loses_what_an_argument_leaves_of_its_frame() {
    let report = report(&cut_name(b""));
    assert_eq!(askers(&report, "datetime.te"), ["pickle.load[unbuffered]"]);
    assert!(askers(&report, "datetime.date").contains(&"pickle.load"));
    assert!(report.verdict() >= Verdict::Suspicious);
}

#[test]
fn a_file_whose_buffer_ends_inside_a_frame_loses_as_much() {
    // Behind 4085 bytes the frame begins in one buffer of 4096 bytes and ends in the next; one of 8192 holds it.
    let filler = [b"B".as_slice(), &4077_u32.to_le_bytes(), &[b'x'; 4077], b"0"].concat();
    let mut file = cut_name(&filler);
    file.extend(vec![0; 500]);
    let report = report(&file);
    assert_eq!(askers(&report, "datetime.te"), ["pickle.load[unbuffered]", "pickle.load[buffered]"]);
}

#[test]
fn behind_stop_inside_a_frame_readers_go_on_at_two_places() {
    let file = b"\x80\x04\x95\x12\0\0\0\0\0\0\0N.cdatetime\ndate\n.cdatetime\ntime\n.";
    let report = report(file);
    assert!(askers(&report, "datetime.date").contains(&"pickle.load"));
    assert!(askers(&report, "datetime.time").contains(&"pickle.load[unbuffered]"));
    assert!(report.verdict() >= Verdict::Suspicious);
}

#[test]
fn behind_a_state_that_may_be_nothing_names_are_found() {
    let dict = b"ccollections\nOrderedDict\n)R".as_slice();
    for (state, readers) in [
        // What a call answers may be None, or empty.
        (dict, ["pickle.load", "joblib.load"].as_slice()),
        (&[b"N", dict, b"\x86"].concat(), &["pickle.load", "joblib.load"]),
        // A view of no bytes is false, and no dict.
        (b"\x96\0\0\0\0\0\0\0\0\x98", &["joblib.load"]),
        (b"}cbuiltins\nlist\n)R\x86", &["joblib.load"]),
        // A list that was emptied by a slice as its key, or that a call was given.
        (b"]K\x01acbuiltins\nslice\nNNN\x87R]s", &["joblib.load"]),
        (b"]K\x01aq\x050coperator\ndelitem\nh\x05K\0\x86R0h\x05", &["joblib.load"]),
        // Neither false nor None.
        (b"]K\x01a", &[]),
        (&[b"K\x01", dict, b"\x86"].concat(), &[]),
    ] {
        let names = b"\x80\x05\x8c\x08datetime\x94\x8c\x04date\x9400";
        let report = report(&[names, b"]".as_slice(), state, b"b0h\0h\x01\x93."].concat());
        let found = askers(&report, "datetime.date");
        let asks = |reader: &&str| found.contains(reader);
        let expected = ["pickle.load", "joblib.load"].iter().filter(|reader| readers.contains(*reader));
        assert!(
            expected.eq(["pickle.load", "joblib.load"].iter().filter(|it| asks(it))),
            "{}: {found:?}",
            state.escape_ascii()
        );
        assert_ne!(report.verdict(), Verdict::Clean, "{}", state.escape_ascii());
    }
}

#[test]
fn only_a_string_that_needs_an_encoding_is_told_of() {
    for (stream, needs) in [
        (b"S'\\xe9'\n.".as_slice(), true),
        (b"U\x01\xe9.", true),
        (b"S'\\n'\n.", false),
        // Only a STRING has escapes.
        (b"U\x04\\xe9.", false),
    ] {
        let told = report(stream).findings.iter().any(|finding| finding.rule == "needs-encoding");
        assert_eq!(told, needs, "{}", stream.escape_ascii());
    }
}

#[test]
fn a_number_that_is_octal_to_some_is_suspicious() {
    let report = report(b"I010\n.");
    assert_eq!(report.verdict(), Verdict::Suspicious);
    let finding = report.findings.iter().find(|finding| finding.loaders.contains(&"pickle.load[3.14]"));
    assert!(finding.is_some_and(|finding| finding.rule == "loader-divergence"), "{:?}", report.findings);
}

#[test]
fn what_only_python_314_reaches_is_in_the_report() {
    let report = report(b"I08\n0cos\nsystem\n(S'id'\ntR.");
    assert_eq!(report.verdict(), Verdict::Dangerous);
    assert_eq!(askers(&report, "os.system"), ["pickle.load[3.14]", "joblib.load[3.14]"]);
}

#[test]
fn a_name_that_depends_on_the_encoding_is_never_clean() {
    // Text as latin-1, other text as UTF-8, bytes or nothing otherwise.
    let report = report(b"\x80\x02U\x08builtinsU\x04\xc3\xa9ab\x93.");
    assert!(report.verdict() >= Verdict::Suspicious, "{:?}", report.findings);
}

#[test]
fn an_honest_file_is_read_by_two_readers_that_agree() {
    let report = report(b"\x80\x04\x95\x05\0\0\0\0\0\0\0]K\x0aa.");
    assert_eq!(report.verdict(), Verdict::Clean);
    let names: Vec<_> = report.loaders.iter().map(|loader| loader.name).collect();
    assert_eq!(names, ["pickle.load", "joblib.load"]);
}

/// A joblib file that holds an array of bytes, `padding` bytes in front of it.
fn padded_array(padding: u8, array: &[u8]) -> Vec<u8> {
    let len = u8::try_from(array.len()).unwrap_or(u8::MAX);
    let mut file =
        b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(U\x08subclasscnumpy\nndarray\nU\x05shapeK".to_vec();
    file.extend([len]);
    file.extend(b"\x85U\x05orderU\x01CU\x0aallow_mmap\x88U\x1bnumpy_array_alignment_bytesK\x10U\x05dtype");
    file.extend(b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbub");
    file.extend([padding]);
    file.extend(std::iter::repeat_n(0xff, usize::from(padding)));
    file.extend_from_slice(array);
    file.push(b'.');
    file
}

const UNPADDED: &str = "joblib.load[1.1]";

#[test]
fn what_joblib_before_padding_runs_at_the_end_of_an_array_is_judged() {
    // It takes the last bytes of the array, as many as the padding has with its length, for opcodes.
    for (padding, tail) in [(16, b"cos\nsystem\n000000"), (15, b"0cos\nsystem\n00000")] {
        let report = report(&padded_array(padding, &[[7; 20].as_slice(), tail].concat()));
        assert_eq!(report.verdict(), Verdict::Dangerous, "{:?}", report.findings);
        assert_eq!(askers(&report, "os.system"), [UNPADDED]);
    }
}

#[test]
fn an_array_shorter_than_its_padding_leaves_the_padding_to_be_run() {
    let mut file = padded_array(30, b"1234");
    // The length and the first three bytes of the padding are the array to it.
    let begin = file.len() - 1 - 4 - 30 + 3;
    let forged = b"cos\nsystem\n";
    file[begin..begin + forged.len()].copy_from_slice(forged);
    let report = report(&file);
    assert!(askers(&report, "os.system").contains(&UNPADDED), "{:?}", report.imports);
}

#[test]
fn an_allowed_name_that_only_joblib_before_padding_asks_for_is_a_divergence() {
    let report = report(&padded_array(16, b"cnumpy\ndtype\n0000"));
    assert_eq!(report.verdict(), Verdict::Suspicious, "{:?}", report.findings);
    let finding = report.findings.iter().find(|finding| finding.rule == "loader-divergence");
    assert!(finding.is_some_and(|finding| finding.loaders.contains(&UNPADDED)), "{:?}", report.findings);
}

#[test]
fn bytes_that_happen_to_be_opcodes_are_no_divergence() {
    for tail in [
        b"00000000000000000".as_slice(),
        b"sssssssssssssssss",
        b"}}}}}}}}}}}}}}}}}",
        b"R\x81b\x93tuesday.......",
        &[0; 40],
    ] {
        let report = report(&padded_array(16, tail));
        assert_eq!(report.verdict(), Verdict::Clean, "{}: {:?}", tail.escape_ascii(), report.findings);
    }
}

#[test]
fn array_bytes_that_make_an_object_of_no_class_hide_nothing() {
    let dicts = b"ccollections\nOrderedDict\n)Rccollections\nOrderedDict\n)R";
    for (tail, verdict) in [
        (b"\x920000000000000000", Verdict::Clean),
        (b"0\x81000000000000000", Verdict::Clean),
        (b"\x92cos\nsystem\n00000", Verdict::Dangerous),
        (b"0\x81cos\nsystem\n0000", Verdict::Dangerous),
    ] {
        let mut file = padded_array(16, tail);
        file.splice(2..2, *dicts);
        file.splice(file.len() - 1.., *b"\x87.");
        let report = report(&file);
        assert_eq!(report.verdict(), verdict, "{}: {:?}", tail.escape_ascii(), report.findings);
    }
}

#[test]
fn array_bytes_that_use_an_array_as_no_array_can_be_used_are_refused() {
    for (tail, verdict) in [
        // Called, given an empty state or a number: what comes behind is not reached.
        (b"N\x85Rcos\nsystem\n000", Verdict::Clean),
        (b")bcos\nsystem\n0000", Verdict::Clean),
        (b"Nbcos\nsystem\n0000", Verdict::Clean),
        // Nothing is wrong before it.
        (b"N\x85cos\nsystem\n0000", Verdict::Dangerous),
        // A state that may be one.
        (b"}bcos\nsystem\n0000", Verdict::Dangerous),
    ] {
        let report = report(&padded_array(16, tail));
        assert_eq!(report.verdict(), verdict, "{}: {:?}", tail.escape_ascii(), report.findings);
    }
}

#[test]
fn the_end_of_a_large_array_is_looked_at_in_compressed_files_too() {
    // A shape of (256, 256, 2): more than is brought in at once.
    let mut file = padded_array(16, b"");
    let shape = file.windows(3).position(|bytes| bytes == b"K\x00\x85").expect("a shape");
    file.splice(shape..shape + 3, *b"M\x00\x01M\x00\x01K\x02\x87");
    let stop = file.pop();
    file.extend(std::iter::repeat_n(7, (256 * 256 * 2) - 17));
    file.extend(b"cos\nsystem\n000000");
    file.extend(stop);
    for bytes in [deflated(&file), file] {
        let report = report(&bytes);
        assert_eq!(askers(&report, "os.system"), [UNPADDED], "{:?}", report.findings);
    }
}

/// A payload that is stepped over in a compressed file is gone when the streams are read again.
#[test]
fn behind_a_payload_names_are_found_with_one_memo_in_compressed_files_too() {
    let payload = [b"B".as_slice(), &(1_u32 << 20).to_le_bytes(), &vec![b'x'; 1 << 20], b"0"].concat();
    let first = b"\x80\x04\x8c\x08datetime\x94\x8c\x04date\x940.".as_slice();
    let second = [b"\x80\x04".as_slice(), &payload, b"h\x00h\x01\x93."].concat();
    let file = [first, &second].concat();
    for bytes in [deflated(&file), file] {
        let report = report(&bytes);
        assert!(report.imports.iter().any(|row| row.symbol == "datetime.date"), "{:?}", report.findings);
        assert_ne!(report.verdict(), Verdict::Clean);
    }
}

/// Right behind STOP, inside of the frame, stands the header of a payload that takes up the stream behind the frame.
#[test]
fn a_stream_behind_a_frame_is_read_where_another_reader_steps_over_it() {
    let mut file = b"\x80\x04\x95\x0c\0\0\0\0\0\0\0N.B\xff\xff\xff\x7fxxxxx".to_vec();
    file.extend(b"\x80\x04cdatetime\ndate\n.");
    for bytes in [deflated(&file), file] {
        assert!(askers(&report(&bytes), "datetime.date").contains(&"joblib.load"));
    }
}

#[test]
fn a_name_that_a_call_answers_is_an_import_of_any_name() {
    let report = report(b"\x80\x04\x8c\x02oscbuiltins\ngetattr\nC\x01xC\x01x\x86R\x93.");
    assert!(report.findings.iter().any(|finding| finding.rule == "unresolvable-import"), "{:?}", report.findings);
}

/// A second `load()` keeps the memo, and neither the values that STOP left nor the protocol, which decides on names.
#[test]
fn of_the_stream_before_only_the_memo_is_left() {
    let manner = Manner {
        readers: Readers::of(Reader::Joblib),
        dialect: Dialect::C,
        arrays: Reader::Joblib.info().arrays,
        search: false,
    };
    let again = |bytes: &'static [u8]| {
        let budget = &mut Limits::default().budget(bytes.len() as u64);
        with_one_memo(SliceWindow::new(bytes), manner, budget).readings.remove(0)
    };
    assert!(again(b"\x80\x02NNq\x00.0h\x00.").root.is_none());
    let reading = again(b"\x80\x04Nq\x00.h\x000c__builtin__\nset\n.");
    assert_eq!(reading.ast.symbols().first().map(|symbol| symbol.protocol), Some(0));
}

struct Bytes<'a>(&'a [u8]);

impl Feed for Bytes<'_> {
    fn read(&mut self, out: &mut [u8], _kept: bool) -> Result<usize> {
        Ok(std::io::Read::read(&mut self.0, out)?)
    }
}

/// Where the readings of a pass end.
fn ends<W: Window>(pass: &Pass<W>) -> Vec<u64> {
    pass.readings.iter().map(|reading| pass.source().offset(reading.end)).collect()
}

/// The bytes behind STOP, still in the frame, are read as a stream of their own; from the end of the frame on they are a
/// payload of the next one.
#[test]
fn what_one_reading_holds_is_there_when_another_one_has_stepped_over_it() {
    let size = 1_u32 << 20;
    let over = [b"\x80\x04B".as_slice(), &size.to_le_bytes()].concat();
    let inner = [b"cposix\nsystem\nC\x07".as_slice(), &over, b"0\x8c\x02id\x85R."].concat();
    let begin = inner.len() - 15;
    let frame = (2 + begin as u64).to_le_bytes();
    let mut file = [b"\x80\x04\x95".as_slice(), &frame, b"N.", &inner].concat();
    file.resize(11 + 2 + begin + 7 + size as usize, b'x');
    file.extend(b"0cdatetime\ndate\n.");
    let info = Reader::Joblib.info();
    let manner = Manner { readers: Readers::of(info.reader), dialect: info.dialect, arrays: info.arrays, search: true };
    let budget = Limits::default().budget(file.len() as u64);
    let whole = pass(SliceWindow::new(&file), manner, &mut budget.clone());
    let moving = pass(StreamWindow::new(Bytes(&file)), manner, &mut budget.clone());
    assert_eq!(ends(&whole), [13, 44, file.len() as u64]);
    assert_eq!(ends(&whole), ends(&moving));
}

/// With the memo of the first stream the second one goes on, to a payload that holds a third. Without it the third is
/// found, and its own payload is stepped over.
#[test]
fn what_another_reading_would_need_and_is_gone_is_never_clean() {
    let bytes = |bytes: &[u8]| [b"B".as_slice(), &u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat();
    let third = [b"\x80\x04N0".as_slice(), &bytes(&vec![b'x'; 1 << 20]), b"0N."].concat();
    let second = [b"\x80\x04h\x000".as_slice(), &bytes(&third), b"0N."].concat();
    let file = [b"\x80\x04cdatetime\ndate\n\x94.".as_slice(), &second].concat();
    for (bytes, is_gone) in [(file.clone(), false), (deflated(&file), true)] {
        let report = report(&bytes);
        assert_ne!(report.verdict(), Verdict::Clean);
        assert_eq!(report.findings.iter().any(|finding| finding.rule == "limit-reached"), is_gone);
    }
}
