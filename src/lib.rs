//! depickle reads pickle and joblib files without running them, and says what loading them would do.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr))]

pub mod container;
pub mod dtype;
pub mod error;
pub mod finding;
pub mod limits;
pub mod span;
