//! Loaders: each drives the machine over one source.
//!
//! [`pass`](pass::pass) reads a source from its first stream to its last byte, as one class of readers does;
//! [`joblib`] says after a BUILD whether raw array bytes or a nested stream follow; [`numpy`] computes data types and
//! sizes from values; [`copyreg`] knows what old protocols write for subclasses of dict and list; [`torch`] knows storages, [`torch_tar`] those of its first versions, [`indices`] what numbers in
//! them have to hold, [`skops`] members of a `.skops` file; [`READERS`] is the table of readers. The answer is a list of
//! [`Reading`]s: what one class of readers makes of one stream.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod copyreg;
pub mod indices;
mod inflate;
pub mod joblib;
pub mod numpy;
mod padding;
pub mod pass;
pub mod paths;
mod readers;
mod reading;
pub mod skops;
mod stream;
pub mod torch;
pub mod torch_tar;

pub use inflate::Inflating;
pub use pass::{Companion, FirstRaw, Manner, Pass, StreamInfo, Trailing, pass, with_one_memo};
pub use readers::{Arrays, LOADERS, Loader, READERS, Reader, ReaderInfo, Readers};
pub use reading::{RawArray, Reading, Subject, View};
pub use stream::reread;
