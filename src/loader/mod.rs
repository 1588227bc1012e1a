//! Loaders: one file per loader, each drives the machine over one source.
//!
//! A loader knows what its format puts between opcodes (raw array bytes, nested streams) and what follows STOP. It
//! answers [`Reading`]s: what one class of readers makes of one stream.

mod reading;

pub use reading::{Reader, Readers, Reading, Subject};
