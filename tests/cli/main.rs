//! The command line as a user meets it: what it prints, where, and how it ends.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

mod arrays;
mod cache;
mod commands;
mod convert;
mod diff;
mod faults;
mod fixtures;
mod formats;
mod gate;
mod look;
mod policy;
mod report;
mod support;
