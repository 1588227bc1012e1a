//! depickle reads pickle and joblib files without running them, and says what loading them would do.
//!
//! ```
//! use depickle::{audit, finding::Verdict, input::Source, limits::Limits, policy::Policy};
//!
//! let limits = Limits::default();
//! let source = Source::from_bytes("config.pkl", b"\x80\x04}\x8c\x04rateG?\xb9\x99\x99\x99\x99\x99\x9as.");
//! let report = audit::scan(&source, &Policy::builtin(), &limits);
//! assert_eq!(report.verdict(), Verdict::Clean);
//! ```
//!
//! [`audit::scan`] is the front door; [`finding::FileReport`] is what it answers, and [`report`] prints that. The rooms
//! below it can be used on their own: [`opcode`] reads opcodes, [`machine`] runs them into the log of effects and the
//! [`ast`], [`loader`] does so for a whole file as one class of readers would. `docs/architecture.md` follows two files
//! through all of them.
//!
//! Everything is made for hostile bytes: nothing panics on them, recurses on their depth or allocates by their claims,
//! and what a file may cost is a [`limits::Limits`]. Only [`input`] and [`output`] touch the file system.
//!
//! Features: `cli`, on by default, is the command line; without it the library has no dependency on a terminal.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod array;
pub mod ast;
pub mod audit;
pub mod baseline;
#[cfg(feature = "cli")]
pub mod cli;
pub mod container;
pub mod content;
pub mod convert;
pub mod diff;
pub mod dtype;
pub mod error;
pub mod escape;
pub mod facts;
pub mod finding;
pub mod glance;
pub mod input;
pub mod inspect;
pub mod limits;
pub mod loader;
pub mod machine;
pub mod model;
pub mod opcode;
pub mod output;
pub mod policy;
pub mod report;
pub mod resolve;
pub mod rules;
pub mod skops;
pub mod span;
pub mod word;

/// The examples of the README, which are tests like any other.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
