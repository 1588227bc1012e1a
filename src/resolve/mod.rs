//! What a name in a file stands for: pure functions from names to names.
//!
//! A reader asks `find_class` for a module and a name. Below protocol 3 the names of Python 2 are replaced by those of
//! Python 3 first; from protocol 4 on a dot in the name walks from attribute to attribute. Both follow the protocol in
//! force at that opcode, not the one at the start of the stream. Nothing here imports or judges anything.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod names;

pub use names::{dotted, map_name};
