//! The whole abuse corpus, of which the tests try a part: every entry, every place, every kind of abuse.

use crate::Outcome;
use std::process::Command;

/// Runs the test of the library that has it, optimised.
pub(crate) fn run(_: &[String]) -> Outcome {
    let test = "policy::tests::abuse::no_abuse_of_any_entry_is_clean";
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "test",
        "--release",
        "--package",
        "depickle",
        "--lib",
        "--",
        "--ignored",
        "--exact",
        "--nocapture",
        test,
    ]);
    Ok(command.status()?.success())
}
