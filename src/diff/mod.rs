//! What two files have in common and what not: values, arrays, names, each by its object path. Nothing is run.
//!
//! [`files`] reads two files of any format and compares what they hold; [`compare`] does so for trees that are there already.
//! What means the same is equal, however it is written: protocol, memo, byte order and order in memory are notes. What
//! cannot be read or represented is never equal: it is [`Unknown`], and so is the outcome where nothing else differs.
//! What it means that a file is dangerous is said by [`Diff::judged`].
//!
//! ```
//! use depickle::diff::{self, Options, Outcome};
//!
//! // {'rate': 0.1, 'n': 3} in protocol 4, and {'n': 3, 'rate': 0.2} in protocol 0.
//! let a = b"\x80\x04}(\x8c\x04rateG?\xb9\x99\x99\x99\x99\x99\x9a\x8c\x01nK\x03u.";
//! let b = b"(dS'n'\nI3\nsS'rate'\nF0.2\ns.";
//! let diff = diff::files(a, b, &Options::default())?.diff;
//! assert_eq!(diff.outcome(), Outcome::Different);
//! let [only] = diff.differences.first() else { panic!() };
//! assert_eq!((only.path.as_str(), only.a.as_deref(), only.b.as_deref()), ("root[\"rate\"]", Some("0.1"), Some("0.2")));
//!
//! let loose = Options { tolerance: diff::Tolerance { abs: 0.5, rel: 0.0 }, ..Options::default() };
//! assert_eq!(diff::files(a, b, &loose)?.diff.outcome(), Outcome::Equal);
//! # Ok::<(), diff::Failed>(())
//! ```
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod arrays;
mod columns;
mod elements;
mod file;
mod flat;
mod judged;
mod keys;
mod made;
mod names;
mod number;
mod outcome;
mod pairs;
mod report;
mod text;
mod walk;

pub use file::{Failed, Found, files};
pub use number::Tolerance;
pub use outcome::{
    Counts, Diff, Difference, Elements, First, Kept, Kind, NamesOf, Note, NoteKind, Outcome, Scope, Side, Unknown,
};
pub use report::{Compared, File, Told, human, json};
pub use walk::{Part, compare};

use crate::limits::Limits;

/// How to compare.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How far apart floats may be and count as equal.
    pub tolerance: Tolerance,
    /// What either file may cost.
    pub limits: Limits,
}
