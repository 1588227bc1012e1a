//! One stream: the machine from its first byte to STOP, with what joblib writes between opcodes.

use super::joblib::{self, Follows, Wrapper};
use super::numpy::DTypes;
use super::padding::padded;
use super::pass::{Companion, FirstRaw, Manner};
use super::readers::Arrays;
use super::reading::{RawArray, Reading, View};
use crate::ast::Value;
use crate::error::{Error, Result};
use crate::limits::{Budget, Limit};
use crate::machine::{Machine, Pause};
use crate::opcode::{Dialect, Engine, Opcode, Reader, Replay, Source, Window};

/// Reads one stream.
pub(super) struct StreamReader<'a, W> {
    pub(super) window: &'a mut W,
    pub(super) machine: &'a mut Machine,
    pub(super) manner: Manner,
    pub(super) budget: &'a mut Budget,
    /// Streams inside this one, in order: the effect behind which each stands, and what it is.
    pub(super) nested: Vec<(usize, Reading)>,
    /// Files that it names: the effect that does, the name, the wrapper.
    pub(super) companions: Vec<(usize, String, Wrapper)>,
    /// The first place at which array bytes or a nested stream follow.
    pub(super) first_raw: Option<FirstRaw>,
    /// Whether a reader that steps over no padding may do something behind the first array that has one, where there is
    /// one.
    pub(super) acts_unpadded: Option<bool>,
}

impl<W: Window> StreamReader<'_, W> {
    /// Reads the stream at position `at`.
    pub(super) fn read(&mut self, at: usize) -> Reading {
        let Manner { readers, dialect, arrays: expected, .. } = self.manner;
        let machine = &mut *self.machine;
        let mut arrays = Vec::new();
        let mut dtypes = None;
        let mut reader = Reader::new(&mut *self.window, at, dialect);
        let outcome = loop {
            match machine.run(&mut reader, self.budget, expected.known()) {
                Ok(Pause::Stop(root)) => break Ok(root),
                Ok(Pause::Build) => {}
                Err(error) => break Err(error),
            }
            let view = View { ast: &machine.ast, effects: &machine.effects, source: reader.source(), dialect };
            let follows = joblib::after_build(view, dtypes.get_or_insert_with(DTypes::default));
            let effect = machine.effects.len().saturating_sub(1);
            let began = reader.file_position();
            if self.first_raw.is_none() && !matches!(follows, Ok(Follows::Opcodes | Follows::Companion { .. })) {
                self.first_raw = Some(first_raw(&mut reader, effect));
            }
            let done = match follows {
                Ok(Follows::Opcodes) => continue,
                Ok(Follows::Raw { len, padded: true }) if expected == Arrays::Padded => {
                    padded(&mut reader, effect, len, &mut self.acts_unpadded).map(|array| arrays.push(array))
                }
                Ok(Follows::Raw { len, .. }) => raw(&mut reader, effect, len).map(|array| arrays.push(array)),
                Ok(Follows::Nested) => nested(&mut reader, self.budget, self.manner, &mut self.nested, effect),
                Ok(Follows::Companion { name, wrapper }) => {
                    self.companions.push((effect, name, wrapper));
                    continue;
                }
                Err(error) => Err(error.at(reader.source().offset(began))),
            };
            if let Err(error) = done {
                break Err(error);
            }
        };
        Reading::new(machine, &reader, readers, at, outcome, arrays)
    }
}

/// What a reader that knows no joblib finds behind the BUILD of a wrapper.
fn first_raw<W: Window>(reader: &mut Reader<&mut W>, effect: usize) -> FirstRaw {
    let at = reader.position();
    let offset = reader.source().offset(at);
    // Bytes that cannot be read are no opcode.
    let _ = reader.window().fill(at.saturating_add(1));
    let byte = reader.source().bytes.get(at).copied();
    FirstRaw { offset, opcode: byte.and_then(Opcode::from_byte).is_some(), effects: effect.saturating_add(1) }
}

/// Steps over array bytes (`NumpyArrayWrapper.read_array`).
fn raw<W: Window>(reader: &mut Reader<&mut W>, effect: usize, len: u64) -> Result<RawArray> {
    let at = reader.file_position();
    let offset = reader.source().offset(at);
    let (next, taken) = reader.window().skip(at, len)?;
    reader.resume(next);
    if taken < len { Err(cut(offset)) } else { Ok(RawArray { effect, offset, len, padding: None }) }
}

/// Array bytes that are not all there.
pub(super) fn cut(offset: u64) -> Error {
    Error::truncated(offset, "the file ends inside the bytes of an array")
}

/// Reads the pickle of an array of objects.
fn nested<W: Window>(
    reader: &mut Reader<&mut W>,
    budget: &mut Budget,
    manner: Manner,
    readings: &mut Vec<(usize, Reading)>,
    effect: usize,
) -> Result<()> {
    let at = reader.file_position();
    let begin = reader.source().offset(at);
    let inner = plain(&mut **reader.window(), at, manner, manner.dialect, budget);
    let next = inner.next;
    let failed = inner.error.clone();
    let parted = inner.parted.is_some();
    readings.push((effect, inner));
    if parted {
        // joblib up to 1.5 reads it by the C engine, from 1.6 on by Python's.
        let engine = if manner.dialect.is_c() { Engine::Python } else { Engine::C };
        let other = Dialect { engine, ..manner.dialect };
        readings.push((effect, plain(&mut **reader.window(), at, manner, other, budget)));
    }
    match failed {
        None => {
            reader.resume(next);
            Ok(())
        }
        Some(error) => {
            Err(Error::new(error.kind(), format!("the pickle of an array of objects is refused: {}", error.message()))
                .at(begin))
        }
    }
}

/// Reads a stream again whose reading was not kept, from the bytes of the pass: nothing stands between its opcodes.
pub fn reread(source: Source<'_>, position: usize, manner: Manner, budget: &mut Budget) -> Reading {
    plain(&mut Replay::new(source, position), position, manner, manner.dialect, budget)
}

/// Reads a stream in which nothing stands between opcodes.
pub(super) fn plain<W: Window>(
    window: &mut W,
    at: usize,
    manner: Manner,
    dialect: Dialect,
    budget: &mut Budget,
) -> Reading {
    let mut machine = Machine::default();
    let mut reader = Reader::new(window, at, dialect);
    let outcome = budget.spend(Limit::Streams, 1).and_then(|()| match machine.run(&mut reader, budget, false)? {
        Pause::Stop(root) => Ok(root),
        Pause::Build => Err(Error::malformed(0, "a BUILD stopped a stream that is not joblib's")),
    });
    Reading::new(&mut machine, &reader, manner.readers, at, outcome, Vec::new())
}

/// Reads all streams one after another with one memo, as an `Unpickler` whose `load()` is called again does: one
/// reading, whose effects are those of all streams.
pub(super) fn inherited<W: Window>(window: &mut W, manner: Manner, budget: &mut Budget) -> Reading {
    let mut machine = Machine::default();
    let mut reader = Reader::new(window, 0, manner.dialect);
    loop {
        let outcome: Result<Value> = match machine.run(&mut reader, budget, false) {
            Ok(Pause::Stop(root)) => Ok(root),
            Ok(Pause::Build) => continue,
            Err(error) => Err(error),
        };
        let more = outcome.is_ok() && reader.at_end().is_ok_and(|end| !end);
        if !more {
            let reading = Reading::new(&mut machine, &reader, manner.readers, 0, outcome, Vec::new());
            return Reading { inherits_memo: true, ..reading };
        }
        reader.go_on();
        machine.next_stream();
    }
}

impl Companion {
    pub(super) fn of(reading: usize, (effect, name, wrapper): (usize, String, Wrapper)) -> Self {
        Self { reading, effect, name, wrapper }
    }
}
