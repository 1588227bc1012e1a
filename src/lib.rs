//! depickle reads pickle and joblib files without running them, and says what loading them would do.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod ast;
pub mod audit;
#[cfg(feature = "cli")]
pub mod cli;
pub mod container;
pub mod dtype;
pub mod error;
pub mod escape;
pub mod finding;
pub mod input;
pub mod limits;
pub mod loader;
pub mod machine;
pub mod opcode;
pub mod output;
pub mod policy;
pub mod report;
pub mod resolve;
pub mod rules;
pub mod span;
