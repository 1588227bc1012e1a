//! Opcodes: the one table of all 68, their arguments, and one reader.
//!
//! [`table`] lists every opcode once; [`text`] reads the text forms of protocol 0 as CPython does; [`Reader`] turns
//! bytes into (offset, opcode, argument) over a slice or over a decompressor's [`Window`]. Nothing here knows what an
//! opcode means: that is `machine`'s.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod argument;
mod file;
mod frame;
mod here;
mod literal;
mod reader;
mod refill;
pub mod table;
pub mod text;
mod window;

pub use file::{Access, File, FileWindow};
pub use here::Here;
pub use literal::{Literal, literal};
pub use reader::{Arg, Dialect, Engine, FrameOddity, Op, Reader, Run};
pub use table::{Opcode, OpcodeInfo};
pub use window::{Feed, Gap, Hear, Passed, Replay, SliceWindow, Source, StreamWindow, Window};
