//! What must hold for any bytes, one function for each target. A panic is a finding, and so is a broken promise.

use depickle::ast::{Ast, Moment, Value};
use depickle::audit;
use depickle::container::detect::{PREFIX, detect, is_text, joblib_reads};
use depickle::container::{Codec, Decoder, NpyHeader, ZFile, sevenz, tar, zip};
use depickle::dtype::DType;
use depickle::finding::{Completeness, FileReport, Finding, Verdict};
use depickle::input::Source;
use depickle::inspect::{Cuts, Outline, disasm, graph, open, tree};
use depickle::limits::{LIMITS, Limit, Limits};
use depickle::loader::{Manner, Pass, READERS, Readers, pass};
use depickle::opcode::{Reader, SliceWindow, literal};
use depickle::policy::Policy;
use depickle::report::{self, Report};

/// The most bytes that a target lets inflate.
const INFLATED: u64 = 8 << 20;

/// Opcodes come one behind the other and end; a literal that was read can be read again.
pub fn opcode(data: &[u8]) {
    for dialect in READERS.map(|row| row.dialect) {
        let mut reader = Reader::new(SliceWindow(data), 0, dialect);
        let mut next = 0;
        while let Ok(op) = reader.next_op() {
            assert!(op.at >= next && reader.position() > op.at && reader.position() <= data.len());
            next = reader.position();
            let _ = literal(reader.source(), op.at, dialect);
        }
    }
}

/// Every effect and every value of a reading is one that can be looked at.
pub fn machine(data: &[u8]) {
    for row in READERS {
        let manner =
            Manner { readers: Readers::of(row.reader), dialect: row.dialect, arrays: row.arrays, search: true };
        let mut budget = bounded(data.len()).budget(data.len() as u64);
        let pass = pass(SliceWindow(data), manner, &mut budget);
        for reading in &pass.readings {
            assert!(reading.root.is_some() != reading.error.is_some());
            assert!(reading.start <= reading.end && reading.end <= data.len());
            let mut left = 10_000;
            if let Some(root) = reading.root {
                walk(&reading.ast, root, &pass, &mut left);
            }
            for pair in reading.effects.windows(2) {
                assert!(pair[0].at <= pair[1].at && pair[0].moment <= pair[1].moment);
            }
        }
    }
}

/// Looks at a value and what stands in it, up to a number of values.
fn walk(ast: &Ast, root: Value, pass: &Pass<SliceWindow<'_>>, left: &mut usize) {
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return;
        }
        let _ = ast.literal(value, pass.source(), pass.manner.dialect);
        let items = ast.items(value, Moment::END);
        assert!(items.clone().count() == ast.len(value));
        for item in items.take(100) {
            assert!(ast.kinds(value).contains(item.kind()));
            open.push(item);
        }
    }
}

/// Work in proportion to the bytes, one answer for one file, and no clean file that was not read whole.
pub fn scan(data: &[u8]) {
    let report = scanned(data);
    assert_eq!(report, scanned(data));
    if report.verdict() == Verdict::Clean {
        assert_eq!(report.completeness, Completeness::Full, "{report:#?}");
    }
    // What inflates may need more work than the file has bytes.
    if !report.format.contains('+') {
        let spent = |finding: &Finding| finding.rule == "limit-reached" && !finding.message.contains("too deep");
        assert!(!report.findings.iter().any(spent), "{report:#?}");
    }
    let report = Report { files: vec![report], ..Report::default() };
    let mut text = Vec::new();
    report::json(&mut text, &report).expect("a vector takes everything");
    assert!(text.is_ascii());
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).expect("what is written is JSON");
}

fn scanned(data: &[u8]) -> FileReport {
    audit::scan(&Source::from_bytes("fuzz.pkl", data), &Policy::builtin(), &bounded(data.len()))
}

/// Limits that honest work on so many bytes never reaches.
fn bounded(len: usize) -> Limits {
    let work = 64 * len as u64 + 100_000;
    let kinds = LIMITS.iter().filter(|row| row.limit != Limit::Depth);
    kinds.fold(Limits::default(), |limits, row| limits.with(row.limit, work)).with(Limit::Inflated, INFLATED)
}

/// Headers of arrays and the texts of data types.
pub fn dtype_npy(data: &[u8]) {
    if let Ok(header) = NpyHeader::parse(data) {
        assert!(header.data_offset <= data.len());
        let _ = (header.has_object(), header.nbytes());
    }
    for dtype in [DType::from_spec(data), DType::from_descr_str(data)].into_iter().flatten() {
        let again = DType::from_spec(dtype.type_string().as_bytes());
        if let Ok(again) = again {
            assert_eq!((again.itemsize(), again.has_object()), (dtype.itemsize(), dtype.has_object()));
        }
        let _ = dtype.nbytes(&[u64::MAX, 2]);
    }
}

/// Formats by their first bytes, and every decompressor to its end.
pub fn container(data: &[u8]) {
    let prefix = data.get(..PREFIX).unwrap_or(data);
    let _ = (detect(prefix, data.len() as u64), joblib_reads(prefix), is_text(data), ZFile::parse(data).is_ok());
    let archive = zip::read(data, true, &mut bounded(data.len()).budget(data.len() as u64));
    assert!(archive.entries.iter().all(|entry| entry.data.span().end <= data.len()));
    let archive = tar::read(data, &mut bounded(data.len()).budget(data.len() as u64));
    assert!(archive.entries.iter().all(|entry| entry.data.span().end <= data.len()));
    let archive = sevenz::read(data, &mut bounded(data.len()).budget(data.len() as u64));
    assert!(archive.folders.iter().all(|folder| folder.packed.end <= data.len()));
    let headed = [Codec::Zlib, Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Lzma, Codec::Lz4, Codec::Zstd];
    let bare = [Codec::Deflate, Codec::BareLzma(0x5d, 1 << 16, 1 << 12), Codec::Lzma2(1 << 16)];
    for codec in headed.into_iter().chain(bare) {
        let mut decoder = Decoder::new(codec, data);
        let mut chunk = [0; 4096];
        let mut inflated = 0;
        while let Ok(count @ 1..) = decoder.read(&mut chunk) {
            inflated += count as u64;
            if inflated > INFLATED {
                break;
            }
        }
        assert_eq!(decoder.inflated(), inflated);
        assert!(decoder.consumed() <= data.len() as u64 && decoder.trailing().len() <= data.len());
    }
}

/// Everything that a file holds can be shown, in lines that a terminal can take.
pub fn inspect(data: &[u8]) {
    let Ok(mut contents) = open(data, &bounded(data.len())) else { return };
    let mut text = Vec::new();
    disasm::human(&mut text, &contents, false).expect("a vector takes everything");
    let outline = Outline::new(&mut contents);
    for root in outline.roots() {
        if let Some(node) = root.node {
            let cuts = Cuts { depth: 7, long: true };
            tree::write(&mut text, &outline, ("root", node), cuts).expect("a vector takes everything");
        }
    }
    graph::dot(&mut text, &outline, &[], false).expect("a vector takes everything");
    let text = String::from_utf8(text).expect("what is shown is text");
    assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "a control character is shown");
}

/// A target: its name, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 6] = [
    ("opcode", opcode),
    ("machine", machine),
    ("scan", scan),
    ("dtype_npy", dtype_npy),
    ("container", container),
    ("inspect", inspect),
];
