//! The machine: runs the opcodes of one stream as CPython would, without importing or calling anything.
//!
//! Stack, marks and memo hold values of the [`Ast`](crate::ast::Ast); everything that could run code becomes an
//! [`Effect`] in an ordered log that no later opcode can take back. One handler per opcode, by the rules of the engine
//! that the reader follows; where the engines part, the reader is told. Knows nothing of joblib and nothing of
//! "dangerous": where a value's behaviour cannot be known from the stream, it goes on, so that what a real reader
//! reaches is always reached here.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod burst;
mod effect;
mod import;
mod items;
mod memo;
mod run;
mod stack;
mod state;

pub use effect::{Action, Effect};
pub use memo::Memo;
pub use run::{Machine, Pause};
