//! The AST: what a stream builds, as a flat arena.
//!
//! A [`Value`] is eight bytes; a literal *is* the position of its opcode and is decoded on demand. Containers are
//! append-only logs of what was put into them, so that they can be read as they were at any earlier moment. Sharing and
//! cycles are ids. Nothing recurses: not building, not walking, not dropping.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod arena;
mod lines;
pub mod path;
mod symbols;
mod value;

pub use arena::{Ast, Items, Moment, Object};
pub use symbols::Symbol;
pub use value::{Kind, KindSet, Value};
