//! The model: what a file says beyond what loading it does.
//!
//! [`facts`] reads what a writer leaves behind without meaning to: versions, names that moved, layouts that changed;
//! and what a person asks first of a model: its class, its parameters, its features and classes. Everything is a look
//! at what the machine made of the streams; nothing is believed that could be counted, nothing is imported.
//! [`tree`] is all that a stream builds, as plain values: what converters, comparisons and views of models work on;
//! [`views`] are looks at it as estimators, trees and coefficients, [`check`] finds numbers that point nowhere.
//! The tables are data, sorted text searched in place.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic))]

mod archive;
mod boosters;
pub mod check;
mod estimator;
mod facts;
mod names;
mod table;
pub mod tree;
mod values;
pub mod views;
mod writer;

pub use archive::torch_member;
pub use facts::facts;
