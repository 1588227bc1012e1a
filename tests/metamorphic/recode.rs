//! Streams written by other opcodes that mean the same.

use super::listing::opcodes;
use super::{all, answer, scan};
use depickle::opcode::table::{ArgumentKind, MemoEffect, Opcode as Op};
use std::collections::HashMap;

/// An opcode and its argument.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    op: Op,
    argument: Vec<u8>,
}

impl Piece {
    fn new(op: Op, argument: &[u8]) -> Self {
        Self { op, argument: argument.to_vec() }
    }

    fn plain(op: Op) -> Self {
        Self::new(op, b"")
    }

    /// With a length of as many bytes as the opcode has in front.
    fn counted(op: Op, data: &[u8]) -> Self {
        let width = usize::try_from(op.info().argument.length_width().unwrap()).unwrap();
        Self { op, argument: [&(data.len() as u64).to_le_bytes()[..width], data].concat() }
    }

    fn line(op: Op, line: &str) -> Self {
        Self::new(op, format!("{line}\n").as_bytes())
    }

    fn memo(&self) -> MemoEffect {
        self.op.info().memo
    }

    /// The argument behind its length.
    fn data(&self) -> &[u8] {
        &self.argument[self.op.info().argument.length_width().map_or(0, |width| usize::try_from(width).unwrap())..]
    }

    /// The text of an opcode that has one in UTF-8.
    fn text(&self) -> Option<&str> {
        let is_text =
            matches!(self.op.info().argument, ArgumentKind::Text1 | ArgumentKind::Text4 | ArgumentKind::Text8);
        is_text.then(|| std::str::from_utf8(self.data()).ok())?
    }

    /// The number of a memo entry; `None` for MEMOIZE, which does not name one.
    fn index(&self) -> Option<u32> {
        match *self.argument.as_slice() {
            [] => None,
            [byte] => Some(u32::from(byte)),
            _ if self.op.info().argument.is_line() => std::str::from_utf8(&self.argument).ok()?.trim_end().parse().ok(),
            [a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d])),
            _ => None,
        }
    }

    /// A value that takes nothing from the stack, and no second look at what stands there.
    fn is_atom(&self) -> bool {
        let info = self.op.info();
        info.pops == 0 && info.pushes == 1 && !info.to_mark
    }
}

/// The opcodes of a file that is one pickle and nothing else.
fn pieces(bytes: &[u8]) -> Option<Vec<Piece>> {
    let mut end = 0;
    let pieces: Vec<Piece> = opcodes(bytes)
        .map(|(at, row, argument)| {
            end = at + 1 + argument.len();
            Piece::new(row.opcode, argument)
        })
        .collect();
    let stops = pieces.iter().filter(|piece| piece.op == Op::Stop).count();
    (end == bytes.len() && stops == 1 && pieces.last()?.op == Op::Stop).then_some(pieces)
}

fn bytes(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| [&[piece.op as u8], piece.argument.as_slice()].concat()).collect()
}

/// Each opcode replaced by those that `change` gives for it.
fn each(pieces: &[Piece], change: impl Fn(&Piece) -> Option<Vec<Piece>>) -> Vec<Piece> {
    pieces.iter().flat_map(|piece| change(piece).unwrap_or_else(|| vec![piece.clone()])).collect()
}

fn unframed(pieces: &[Piece]) -> Vec<Piece> {
    pieces.iter().filter(|piece| piece.op != Op::Frame).cloned().collect()
}

/// Frames around so many opcodes each, behind PROTO.
fn framed(stream: &[Piece], count: usize) -> Vec<Piece> {
    let plain = unframed(stream);
    let (head, rest) = plain.split_at(usize::from(plain[0].op == Op::Proto));
    let frame = |part: &[Piece]| {
        let length = bytes(part).len() as u64;
        [&[Piece::new(Op::Frame, &length.to_le_bytes())], part].concat()
    };
    [head.to_vec(), rest.chunks(count).flat_map(frame).collect()].concat()
}

/// A memo with other numbers: `put` and `get` write what is stored as the `n`th entry of a number in the old memo.
fn remembered(
    stream: &[Piece],
    number: impl Fn(usize) -> u32,
    put: impl Fn(u32) -> Piece,
    get: impl Fn(u32) -> Piece,
) -> Vec<Piece> {
    let (mut new, mut stored) = (HashMap::new(), 0);
    unframed(stream)
        .iter()
        .map(|piece| match piece.memo() {
            MemoEffect::None => piece.clone(),
            MemoEffect::Put => {
                let old = piece.index().unwrap_or(u32::try_from(new.len()).unwrap());
                let number = number(stored);
                stored += 1;
                new.insert(old, number);
                put(number)
            }
            // One that is not there is not there under any number.
            MemoEffect::Get => get(piece.index().and_then(|old| new.get(&old).copied()).unwrap_or(1 << 20)),
        })
        .collect()
}

fn put4(number: u32) -> Piece {
    Piece::new(Op::LongBinPut, &number.to_le_bytes())
}

fn get4(number: u32) -> Piece {
    Piece::new(Op::LongBinGet, &number.to_le_bytes())
}

fn texts(stream: &[Piece], write: impl Fn(&str) -> Option<Piece>) -> Vec<Piece> {
    each(&unframed(stream), |piece| Some(vec![write(piece.text()?)?]))
}

fn integers(stream: &[Piece], write: impl Fn(i64) -> Piece) -> Vec<Piece> {
    each(&unframed(stream), |piece| {
        let value = match (piece.op, piece.argument.as_slice()) {
            (Op::BinInt1, [byte]) => i64::from(*byte),
            (Op::BinInt2, [a, b]) => i64::from(u16::from_le_bytes([*a, *b])),
            (Op::BinInt, [a, b, c, d]) => i64::from(i32::from_le_bytes([*a, *b, *c, *d])),
            _ => return None,
        };
        Some(vec![write(value)])
    })
}

/// As many bytes as LONG1 needs at most.
fn long(op: Op, value: i64) -> Piece {
    let bytes = value.to_le_bytes();
    Piece::counted(op, if value == 0 { &[] } else { &bytes })
}

/// Where the last `count` values before `at` begin, if each is written by an opcode that takes nothing, be it stored.
fn atoms(stream: &[Piece], at: usize, count: usize) -> Option<usize> {
    let mut start = at;
    for _ in 0..count {
        start = start.checked_sub(1)?;
        while stream[start].memo() == MemoEffect::Put {
            start = start.checked_sub(1)?;
        }
        if !stream[start].is_atom() {
            return None;
        }
    }
    Some(start)
}

/// Opcodes that take a number of values replaced by those that take all above a mark.
fn marked(stream: &[Piece]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in unframed(stream) {
        let (count, op) = match piece.op {
            Op::Tuple1 => (1, Op::Tuple),
            Op::Tuple2 => (2, Op::Tuple),
            Op::Tuple3 => (3, Op::Tuple),
            Op::EmptyTuple => (0, Op::Tuple),
            Op::EmptyList => (0, Op::List),
            Op::EmptyDict => (0, Op::Dict),
            Op::Append => (1, Op::Appends),
            Op::SetItem => (2, Op::SetItems),
            _ => {
                out.push(piece);
                continue;
            }
        };
        match atoms(&out, out.len(), count) {
            Some(start) => {
                out.insert(start, Piece::plain(Op::Mark));
                out.push(Piece::plain(op));
            }
            None => out.push(piece),
        }
    }
    out
}

/// STACK_GLOBAL behind two texts, each of which may be stored, as GLOBAL.
fn global_lines(stream: &[Piece]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in unframed(stream) {
        let start = (piece.op == Op::StackGlobal).then(|| atoms(&out, out.len(), 2)).flatten();
        let names = start.map(|start| out[start..].to_vec());
        let texts: Vec<&str> = names.iter().flatten().filter_map(Piece::text).collect();
        match (start, texts.as_slice()) {
            (Some(start), [module, name]) if !module.contains('\n') && !name.contains('\n') => {
                let line = Piece::line(Op::Global, &format!("{module}\n{name}"));
                let count = names.iter().flatten().filter(|piece| piece.is_atom()).count();
                // What was stored can be fetched later.
                if names.iter().flatten().count() == count {
                    out.truncate(start);
                } else {
                    out.extend([Piece::plain(Op::Pop), Piece::plain(Op::Pop)]);
                }
                out.push(line);
            }
            _ => out.push(piece),
        }
    }
    out
}

fn global_on_the_stack(piece: &Piece) -> Option<Vec<Piece>> {
    let lines = std::str::from_utf8(&piece.argument).ok().filter(|_| piece.op == Op::Global)?;
    let (module, name) = lines.strip_suffix('\n')?.split_once('\n')?;
    let text = |text: &str| Piece::counted(Op::BinUnicode, text.as_bytes());
    Some(vec![text(module), text(name), Piece::plain(Op::StackGlobal)])
}

/// Another number in PROTO, none, or one where there was none; only within numbers at which names mean the same.
fn protocol(stream: &[Piece], to: u8) -> Vec<Piece> {
    let plain = unframed(stream);
    let (first, rest) = match plain.split_first() {
        Some((first, rest)) if first.op == Op::Proto => (first.argument[0], rest),
        _ => (0, plain.as_slice()),
    };
    let class = |number: u8| match number {
        0..=2 => 0,
        3 => 1,
        _ => 2,
    };
    if class(first) != class(to) || rest.iter().any(|piece| piece.op == Op::Proto) {
        return stream.to_vec();
    }
    let head = (to > 0).then(|| Piece::new(Op::Proto, &[to]));
    head.into_iter().chain(rest.iter().cloned()).collect()
}

/// A name, and the same stream in other opcodes; unchanged where there is nothing to change.
type Recoding = (&'static str, fn(&[Piece]) -> Vec<Piece>);

const RECODINGS: &[Recoding] = &[
    ("no frames", unframed),
    ("one frame", |stream| framed(stream, usize::MAX)),
    ("a frame for each opcode", |stream| framed(stream, 1)),
    ("frames of three opcodes", |stream| framed(stream, 3)),
    ("protocol 0", |stream| protocol(stream, 0)),
    ("protocol 1", |stream| protocol(stream, 1)),
    ("protocol 2", |stream| protocol(stream, 2)),
    ("protocol 4", |stream| protocol(stream, 4)),
    ("protocol 5", |stream| protocol(stream, 5)),
    ("memo from 70000 on", |stream| remembered(stream, |at| 70_000 + u32::try_from(at).unwrap(), put4, get4)),
    ("memo backwards", |stream| remembered(stream, |at| 9000 - u32::try_from(at % 9000).unwrap(), put4, get4)),
    ("memo in decimal", |stream| {
        let put = |number: u32| Piece::line(Op::Put, &number.to_string());
        remembered(stream, |at| u32::try_from(at).unwrap(), put, |number| Piece::line(Op::Get, &number.to_string()))
    }),
    ("MEMOIZE for PUT", |stream| {
        remembered(stream, |at| u32::try_from(at).unwrap(), |_| Piece::plain(Op::Memoize), get4)
    }),
    ("long texts", |stream| texts(stream, |text| Some(Piece::counted(Op::BinUnicode8, text.as_bytes())))),
    ("short texts", |stream| {
        texts(stream, |text| (text.len() < 256).then(|| Piece::counted(Op::ShortBinUnicode, text.as_bytes())))
    }),
    ("texts as lines", |stream| {
        texts(stream, |text| {
            let escaped: String = text
                .chars()
                .map(|char| match char {
                    ' '..='[' | ']'..='~' => char.to_string(),
                    _ => format!("\\U{:08x}", u32::from(char)),
                })
                .collect();
            Some(Piece::line(Op::Unicode, &escaped))
        })
    }),
    ("long bytes", |stream| {
        each(&unframed(stream), |piece| {
            let is_bytes = matches!(piece.op, Op::BinBytes | Op::ShortBinBytes);
            is_bytes.then(|| vec![Piece::counted(Op::BinBytes8, piece.data())])
        })
    }),
    ("old strings as lines", |stream| {
        each(&unframed(stream), |piece| {
            let escaped: String = piece.data().iter().map(|byte| format!("\\x{byte:02x}")).collect();
            let is_string = matches!(piece.op, Op::BinString | Op::ShortBinString);
            is_string.then(|| vec![Piece::line(Op::String, &format!("'{escaped}'"))])
        })
    }),
    ("ints in four bytes", |stream| {
        integers(stream, |value| Piece::new(Op::BinInt, &i32::try_from(value).unwrap().to_le_bytes()))
    }),
    ("ints as lines", |stream| integers(stream, |value| Piece::line(Op::Int, &value.to_string()))),
    ("ints as long lines", |stream| integers(stream, |value| Piece::line(Op::Long, &format!("{value}L")))),
    ("ints as LONG1", |stream| integers(stream, |value| long(Op::Long1, value))),
    ("ints as LONG4", |stream| integers(stream, |value| long(Op::Long4, value))),
    ("floats as lines", |stream| {
        each(&unframed(stream), |piece| {
            let bytes: [u8; 8] = piece.argument.as_slice().try_into().ok().filter(|_| piece.op == Op::BinFloat)?;
            Some(vec![Piece::line(Op::Float, &format!("{:?}", f64::from_be_bytes(bytes)))])
        })
    }),
    ("truths as lines", |stream| {
        each(&unframed(stream), |piece| match piece.op {
            Op::NewTrue => Some(vec![Piece::line(Op::Int, "01")]),
            Op::NewFalse => Some(vec![Piece::line(Op::Int, "00")]),
            _ => None,
        })
    }),
    ("marks for counts", marked),
    ("GLOBAL for STACK_GLOBAL", global_lines),
    ("STACK_GLOBAL for GLOBAL", |stream| each(&unframed(stream), global_on_the_stack)),
    ("values that are dropped at once", |stream| {
        each(&unframed(stream), |piece| {
            let noise =
                [Piece::plain(Op::None), Piece::plain(Op::Pop), Piece::plain(Op::Mark), Piece::plain(Op::PopMark)];
            (piece.op != Op::Stop && piece.op != Op::Proto)
                .then(|| [std::slice::from_ref(piece), noise.as_slice()].concat())
        })
    }),
];

#[test]
fn a_stream_in_other_opcodes_is_judged_alike() {
    let (mut wrong, mut streams, mut idle) = (Vec::new(), 0, Vec::new());
    let files: Vec<_> = all(1200)
        .into_iter()
        .filter(|(name, _)| !name.starts_with("frame_"))
        .filter_map(|(name, file)| Some((name, pieces(&file)?, answer(&scan(&file)))))
        .collect();
    assert!(files.len() > 60, "{} streams", files.len());
    for (what, recode) in RECODINGS {
        let mut changed = 0;
        for (name, stream, expected) in &files {
            let recoded = recode(stream);
            if recoded == *stream {
                continue;
            }
            changed += 1;
            let found = answer(&scan(&bytes(&recoded)));
            if found != *expected {
                wrong.push(format!("{name}, {what}: {expected:?} became {found:?}"));
            }
        }
        streams += changed;
        if changed == 0 {
            idle.push(what);
        }
    }
    assert!(wrong.is_empty(), "{} of {streams}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(idle.is_empty(), "no stream is changed by {idle:?}");
}
