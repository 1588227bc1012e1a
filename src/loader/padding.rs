//! The padding that joblib since 1.2 writes before array bytes, and what a joblib before makes of it.
//!
//! The padding begins with its own length. A joblib that knows none takes it for the first bytes of the array, ends as
//! many bytes too early, and runs the last bytes of the array as opcodes.

use super::reading::RawArray;
use super::stream::cut;
use crate::error::{ErrorKind, Result};
use crate::opcode::{Dialect, Opcode, Reader, SliceWindow, Source, Window};

/// Steps over a padding and the array bytes behind it (`NumpyArrayWrapper.read_array`). Says of the first such array
/// whether a joblib that knows no padding `may_act` behind it.
pub(super) fn padded<W: Window>(
    reader: &mut Reader<&mut W>,
    effect: usize,
    len: u64,
    may_act: &mut Option<bool>,
) -> Result<RawArray> {
    let dialect = reader.dialect();
    let at = reader.file_position();
    if reader.position() != at {
        // What is left of a frame comes first; honest ones end with the BUILD.
        may_act.get_or_insert(true);
    }
    let begin = reader.source().offset(at);
    let window = reader.window();
    window.fill(at.saturating_add(1))?;
    let length = window.bytes().get(at).copied().ok_or_else(|| cut(begin))?;
    let shift = usize::from(length).saturating_add(1);
    let end = at.saturating_add(shift);
    window.fill(end)?;
    let padding = window.bytes().get(at.saturating_add(1)..end).ok_or_else(|| cut(begin))?;
    let honest = padding.iter().all(|&byte| byte == 0xff);
    if may_act.is_none()
        && let Some(small) = usize::try_from(len).ok().filter(|&len| len <= SMALL)
    {
        *may_act = Some(acts(window, at.saturating_add(small), shift, dialect)?);
    }
    let (next, _) = window.skip(at, shift as u64)?;
    let offset = Source::of(window).offset(next);
    let (mut tail, mut taken) = (next, 0);
    if may_act.is_none() {
        // Of a large array all but its end is stepped over first, so that it need not be brought in.
        (tail, taken) = window.skip(next, len.saturating_sub(shift as u64))?;
        *may_act = Some(acts(window, tail, shift, dialect)?);
    }
    let (next, rest) = window.skip(tail, len.saturating_sub(taken))?;
    reader.resume(next);
    if taken.saturating_add(rest) < len {
        return Err(cut(offset));
    }
    Ok(RawArray { effect, offset, len, padding: Some((length, honest)) })
}

/// Arrays of so many bytes are stepped over in one piece.
const SMALL: usize = 1 << 16;

/// Bytes that are looked at behind those at which a reader goes astray.
const BEYOND: usize = 64;

/// Whether a reader that takes the `count` bytes at `at` for opcodes may do something there, or may get behind them. Most
/// arrays end in bytes that are no opcodes.
fn acts<W: Window>(window: &mut W, at: usize, count: usize, dialect: Dialect) -> Result<bool> {
    window.fill(at.saturating_add(count).saturating_add(BEYOND))?;
    let bytes = Source::of(window).slice(at, count.saturating_add(BEYOND));
    let mut reader = Reader::new(SliceWindow::new(bytes), 0, dialect);
    while reader.position() < count {
        match reader.next_op() {
            Ok(op) if !has_effect(op.opcode) => {}
            Err(error) if error.kind() == ErrorKind::Malformed => return Ok(false),
            // What runs over the end of the slice is not known.
            Ok(_) | Err(_) => return Ok(true),
        }
    }
    Ok(true)
}

/// Whether an opcode does more than move values about.
fn has_effect(opcode: Opcode) -> bool {
    use Opcode::{
        AddItems, Append, Appends, BinPersId, Build, Ext1, Ext2, Ext4, Global, Inst, NewObj, NewObjEx, NextBuffer, Obj,
        PersId, Reduce, SetItem, SetItems, StackGlobal,
    };
    matches!(
        opcode,
        AddItems
            | Append
            | Appends
            | BinPersId
            | Build
            | Ext1
            | Ext2
            | Ext4
            | Global
            | Inst
            | NewObj
            | NewObjEx
            | NextBuffer
            | Obj
            | PersId
            | Reduce
            | SetItem
            | SetItems
            | StackGlobal
    )
}
