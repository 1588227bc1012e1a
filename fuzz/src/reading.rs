//! Opcodes, streams and their effects.

use crate::bounded;
use crate::generate::{self, source::Source};
use depickle::ast::{Ast, Moment, Value};
use depickle::container::{Codec, Decoder};
use depickle::error::{ErrorKind, Result};
use depickle::loader::{Manner, Pass, READERS, Readers, Reading, pass};
use depickle::opcode::{Feed, Reader, SliceWindow, StreamWindow, Window, literal};

/// Opcodes come one behind the other and end; a literal that was read can be read again.
pub(crate) fn opcode(data: &[u8]) {
    for dialect in READERS.map(|row| row.dialect) {
        let mut reader = Reader::new(SliceWindow::new(data), 0, dialect);
        let mut next = 0;
        while let Ok(op) = reader.next_op() {
            assert!(op.at >= next && reader.position() > op.at && reader.position() <= data.len());
            next = reader.position();
            let _ = literal(reader.source(), op.at, dialect);
        }
    }
}

/// Every effect and every value of a reading is one that can be looked at.
pub(crate) fn machine(data: &[u8]) {
    for row in READERS {
        let manner =
            Manner { readers: Readers::of(row.reader), dialect: row.dialect, arrays: row.arrays, search: true };
        let mut budget = bounded(data.len()).budget(data.len() as u64);
        let pass = pass(SliceWindow::new(data), manner, &mut budget);
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

/// The same bytes, as one slice and as they come out of a decompressor a few at a time, are read alike.
pub(crate) fn window(data: &[u8]) {
    let (step, data) = data.split_first().unwrap_or((&0, data));
    let packed = stored(data);
    for row in READERS {
        let manner =
            Manner { readers: Readers::of(row.reader), dialect: row.dialect, arrays: row.arrays, search: true };
        let budget = bounded(data.len()).budget(data.len() as u64);
        let whole = pass(SliceWindow::new(data), manner, &mut budget.clone());
        let feed = Slowly { decoder: Decoder::new(Codec::Zlib, &packed), step: usize::from(*step) + 1 };
        let slow = pass(StreamWindow::new(feed), manner, &mut budget.clone());
        // Read again with one memo, it may need what was not kept; then that is said.
        let is_cut = |reading: &Reading| {
            reading.inherits_memo && reading.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Limit)
        };
        let memo_is_cut = slow.readings.iter().any(is_cut);
        // A payload that is cut short was stepped over to the end: what a slice shows in it is not searched for streams, and
        // one that begins in front of it ends there.
        let end = slow.source().bytes.len();
        let is_lost = slow.source().gaps.last().is_some_and(|gap| gap.at == end);
        let whole = told(&whole, |reading| !(memo_is_cut && reading.inherits_memo));
        let mut slow = told(&slow, |reading| !(is_cut(reading) || is_lost && reading.end == end));
        if is_lost {
            // How many streams there are.
            slow.pop();
            assert!(slow.iter().all(|told| whole.contains(told)), "{slow:?}\n{whole:?}");
        } else {
            assert_eq!(whole, slow);
        }
    }
}

/// What a pass tells of some readings, with positions counted in the file: bytes that were skipped are not in a window that
/// moves on.
fn told<W: Window>(pass: &Pass<W>, of: impl Fn(&&Reading) -> bool) -> Vec<String> {
    let at = |position: usize| pass.source().offset(position);
    let reading = |reading: &Reading| {
        let effects: Vec<_> = reading.effects.iter().map(|effect| (at(effect.at), effect.moment)).collect();
        let error = reading.error.as_ref().map(depickle::error::Error::kind);
        format!(
            "{} {effects:?} {:?} {error:?} {} {}",
            at(reading.start),
            reading.root.map(Value::kind),
            at(reading.end),
            reading.opcodes
        )
    };
    let all = pass.readings.iter().filter(of).map(reading);
    all.chain([format!("{} streams, {} pieces left over", pass.stream_count, pass.trailing.len())]).collect()
}

struct Slowly<'a> {
    decoder: Decoder<'a>,
    step: usize,
}

impl Feed for Slowly<'_> {
    fn read(&mut self, out: &mut [u8], _kept: bool) -> Result<usize> {
        let most = out.len().min(self.step);
        self.decoder.read(&mut out[..most])
    }
}

/// A zlib stream of stored blocks (RFC 1950, RFC 1951).
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut chunks = data.chunks(0xffff).peekable();
    if data.is_empty() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(chunk) = chunks.next() {
        let len = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        out.push(u8::from(chunks.peek().is_none()));
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend(chunk);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// Streams of which most load, made of the bytes as decisions; a fifth of them are spoiled.
pub(crate) fn generated(data: &[u8]) {
    let (plan, rest) = data.split_at(data.len().min(32));
    let mut file = generate::stream(&mut Source::new(rest));
    if plan.first().is_some_and(|first| first % 5 == 4) {
        generate::mutate::mutate(&mut file, &mut Source::new(plan));
    }
    machine(&file.bytes);
    window(&file.bytes);
    crate::answers::scan(&file.bytes);
}

/// Bytes between the opcodes: the head of a joblib file, and what stands in it replaced.
pub(crate) fn joblib(data: &[u8]) {
    machine(data);
    window(data);
    crate::answers::arrays(data);
}
