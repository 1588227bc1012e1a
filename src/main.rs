//! The depickle binary.
use std::process::ExitCode;

fn main() -> ExitCode {
    depickle::cli::main()
}
