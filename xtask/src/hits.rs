//! Which rows of `tests/semantics/divergences.txt` a random stream shows.

use crate::divergences::divergences;
use crate::listing;
use depickle::ast::Kind;
use depickle::loader::Reading;
use depickle::machine::Action;
use depickle::opcode::FrameOddity;
use depickle::opcode::table::Opcode as Op;

/// What a stream is judged by.
pub(crate) struct Evidence<'a> {
    pub(crate) bytes: &'a [u8],
    /// What readers make of it, each reader's first pickle.
    pub(crate) readings: Vec<&'a Reading>,
    /// Whether a reader of files does something else than who reads from memory.
    pub(crate) file_differs: bool,
}

impl Evidence<'_> {
    /// Whether readers first part over `what`, at one of these opcodes if any are given.
    fn parts(&self, what: &str, ops: &[Op]) -> bool {
        let at = |at: usize| self.bytes.get(at).is_some_and(|byte| ops.iter().any(|op| *op as u8 == *byte));
        let mut parted = self.readings.iter().filter_map(|reading| reading.parted);
        parted.any(|(position, why)| why == what && (ops.is_empty() || at(position)))
    }

    fn odd(&self, oddity: FrameOddity) -> bool {
        self.readings.iter().any(|reading| reading.oddities.iter().any(|(is, _)| *is == oddity))
    }

    /// Whether one of these opcodes runs with an argument that fits.
    fn argument(&self, ops: &[Op], fits: impl Fn(&[u8]) -> bool) -> bool {
        let end = self.readings.iter().map(|reading| reading.end).max().unwrap_or(0);
        let run = listing::opcodes(self.bytes).take_while(|(at, ..)| *at < end);
        run.into_iter().any(|(_, row, argument)| {
            ops.contains(&row.opcode) && fits(argument.strip_suffix(b"\n").unwrap_or(argument))
        })
    }

    fn effect(&self, is: impl Fn(&Action, u8) -> bool) -> bool {
        let mut effects = self.readings.iter().flat_map(|reading| &reading.effects);
        effects.any(|effect| is(&effect.action, self.bytes.get(effect.at).copied().unwrap_or(0)))
    }
}

const NUMBERS: &[Op] = &[Op::Int, Op::Long, Op::Float, Op::Put, Op::Get];
const INTS: &[Op] = &[Op::Int, Op::Long];

/// A number's text without sign and blanks.
fn unsigned(line: &[u8]) -> &[u8] {
    let skipped = line.iter().take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'+' | b'-')).count();
    &line[skipped..]
}

fn leading_zero(line: &[u8]) -> bool {
    matches!(unsigned(line), [b'0', b'0'..=b'9' | b'_', ..]) && !matches!(line, b"00" | b"01")
}

type Detector = (&'static str, fn(&Evidence<'_>) -> bool);

/// For each line of the table, named by its first row, whether a stream shows it. Readers part once in a stream: what
/// comes after is not counted.
const DETECTORS: &[Detector] = &[
    ("int-plus-one", |it| it.argument(&[Op::Int], |line| matches!(line, [b'+' | b'-' | b' ' | b'\t', b'0' | b'1']))),
    ("int-one-nul", |it| it.argument(NUMBERS, |line| line.contains(&0))),
    ("int-zero-two", |it| it.argument(&[Op::Int], leading_zero)),
    ("float-blank-first", |it| it.argument(&[Op::Float], |line| line.iter().any(|byte| b" \t\r_".contains(byte)))),
    ("float-overflow", |it| it.argument(&[Op::Float], |line| line.ends_with(b"1e400"))),
    ("truncated-global-no-newline", |it| it.parts("a line has no end", &[])),
    ("inst-empty-name", |it| {
        it.argument(&[Op::Global, Op::Inst], |line| line.starts_with(b"\n") || line.ends_with(b"\n"))
    }),
    ("put-vast", |it| it.parts("a memo index beyond any memory", &[])),
    ("inst-no-mark", |it| it.parts("INST without a mark", &[])),
    ("append-on-class", |it| {
        it.effect(
            |action, op| matches!(action, Action::Append { target, .. } if !target.kind().is_builtin() && op == b'a'),
        )
    }),
    ("appends-empty-on-int", |it| it.parts("nothing is put into something of another type", &[])),
    ("setitems-on-object-odd-three", |it| it.parts("a key has no value", &[])),
    ("build-on-list-empty-dict", |it| it.parts("an empty state for a plain value", &[])),
    ("reduce-list", |it| it.parts("arguments that are not a tuple", &[Op::Reduce])),
    ("newobj-list", |it| it.parts("arguments that are not a tuple", &[Op::NewObj, Op::NewObjEx])),
    ("newobj-on-result", |it| {
        it.effect(|action, _| {
            matches!(action, Action::Call { how: Op::NewObj | Op::NewObjEx, callee, .. } if callee.kind() == Kind::Object)
        })
    }),
    ("frame-straddles-int", |it| it.parts("an argument straddles the end of its frame", &[])),
    ("frame-nested", |it| it.parts("a frame begins inside another", &[])),
    ("frame-too-long", |it| it.parts("a frame is longer than the file", &[])),
    ("frame-stop-inside", |it| it.parts("STOP stands inside a frame", &[])),
    ("frame-straddles-int", |it| it.odd(FrameOddity::Straddles) && it.file_differs),
    ("frame-nested-longer", |it| it.odd(FrameOddity::Nested) && it.file_differs),
    ("frame-stop-inside", |it| it.odd(FrameOddity::StopInside) && it.file_differs),
    ("int-hex", |it| {
        it.argument(INTS, |line| matches!(unsigned(line), [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]))
    }),
    ("int-zero-two", |it| it.argument(INTS, leading_zero)),
];

/// A line of the table, and how to tell that a stream shows it.
pub(crate) type Line = (String, fn(&Evidence<'_>) -> bool);

/// The lines of the table.
///
/// # Errors
/// If they do not stand one beside the other.
pub(crate) fn lines() -> Result<Vec<Line>, String> {
    let mut lines = divergences(include_str!("../../tests/semantics/divergences.txt"))?;
    // pickletools loads nothing: what it makes of a stream is not asked.
    lines.retain(|line| line.who != "pickletools");
    let pairs = lines.iter().zip(DETECTORS);
    if lines.len() != DETECTORS.len() || pairs.clone().any(|(line, (first, _))| line.rows[0] != *first) {
        return Err("tests/semantics/divergences.txt and xtask/src/hits.rs do not fit each other".to_owned());
    }
    Ok(pairs.map(|(line, (_, shows))| (format!("{}: {} / {}", line.who, line.c, line.other), *shows)).collect())
}
