//! Files that cost far more than they weigh, at the size of real ones: bounded in time and memory, and what stands in
//! front of them is named.

use crate::bench::measure::measure;
use crate::{Fallible, Outcome};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a scan is held to.
struct Bomb {
    file: &'static str,
    /// What the report has to hold.
    says: &'static [&'static str],
    /// The most seconds of CPU time and MiB of memory.
    most: (f64, f64),
}

const CALLED: &[&str] = &["\"verdict\":\"dangerous\"", "posix.system", "limit-reached"];
/// What begins with zeros is no pickle: nobody inflates it to its end.
const SEEN: &[&str] = &["\"verdict\":\"dangerous\"", "posix.system", "\"completeness\":\"partial\""];

const BOMBS: &[Bomb] = &[
    Bomb { file: "nested.zip", says: CALLED, most: (60.0, 900.0) },
    Bomb { file: "zeros.xz", says: CALLED, most: (120.0, 100.0) },
    Bomb { file: "zeros.zip", says: SEEN, most: (10.0, 100.0) },
    Bomb { file: "members.zip", says: CALLED, most: (10.0, 400.0) },
    Bomb { file: "deep.zip", says: CALLED, most: (1.0, 100.0) },
    Bomb { file: "checkpoint.pt", says: &["\"verdict\":\"clean\"", "\"completeness\":\"full\""], most: (0.1, 20.0) },
];

/// Writes the files into `target/bombs` and scans each with the optimised binary.
pub(crate) fn run(_: &[String]) -> Outcome {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let directory = target.join("bombs");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/bombs.py");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    succeed(Command::new(cargo).args(["build", "--release", "--package", "depickle"]))?;
    succeed(Command::new("python3").arg(script).arg(&directory))?;
    let mut good = true;
    for bomb in BOMBS {
        let path = directory.join(bomb.file);
        let scan = || {
            let mut command = Command::new(target.join("release/depickle"));
            command.args(["scan", "--format", "json"]).arg(&path).stdin(Stdio::null());
            command
        };
        let needs = measure(&scan())?;
        let report = String::from_utf8_lossy(&scan().output()?.stdout).into_owned();
        let missing: Vec<_> = bomb.says.iter().filter(|text| !report.contains(**text)).collect();
        let holds = missing.is_empty() && needs.cpu <= bomb.most.0 && needs.memory <= bomb.most.1;
        println!("{:14} {needs}{}", bomb.file, if holds { "" } else { "  too much, or not said" });
        missing.iter().for_each(|text| println!("  the report lacks {text}"));
        good &= holds;
    }
    std::fs::remove_dir_all(directory)?;
    Ok(good)
}

fn succeed(command: &mut Command) -> Fallible<()> {
    if command.status()?.success() { Ok(()) } else { Err("a command failed".into()) }
}
