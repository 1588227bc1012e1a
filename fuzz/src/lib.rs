//! What must hold for any bytes, one function for each target. A panic is a finding, and so is a broken promise.

mod answers;
mod containers;
mod reading;
mod texts;

/// Unpicklable streams from entropy: the generator of the comparison with CPython.
#[path = "../../xtask/src/generate/mod.rs"]
#[allow(dead_code, reason = "made for another tool")]
mod generate;

use depickle::limits::{LIMITS, Limit, Limits};

/// The most bytes that a target lets inflate.
const INFLATED: u64 = 8 << 20;

/// Limits that honest work on so many bytes never reaches.
fn bounded(len: usize) -> Limits {
    let work = 64 * len as u64 + 100_000;
    let kinds = LIMITS.iter().filter(|row| row.limit != Limit::Depth);
    kinds.fold(Limits::default(), |limits, row| limits.with(row.limit, work)).with(Limit::Inflated, INFLATED)
}

/// A target: its name, what it does, and where its first inputs stand, from the directory of this crate.
pub struct Target {
    /// As `FUZZ_TARGET` and `fuzz/run` take it.
    pub name: &'static str,
    /// Panics where something does not hold.
    pub run: fn(&[u8]),
    /// Directories of seeds.
    pub seeds: &'static [&'static str],
}

const SAMPLES: &[&str] = &["../samples", "../samples/malicious", "../samples/skops"];

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "opcode", run: reading::opcode, seeds: SAMPLES },
    Target { name: "machine", run: reading::machine, seeds: SAMPLES },
    Target { name: "window", run: reading::window, seeds: SAMPLES },
    Target { name: "generated", run: reading::generated, seeds: &["seeds/generated"] },
    Target { name: "joblib", run: reading::joblib, seeds: &["seeds/joblib"] },
    Target { name: "compressed", run: containers::compressed, seeds: &["seeds/compressed", "../samples/malicious"] },
    Target { name: "zip", run: containers::zip, seeds: &["seeds/zip"] },
    Target { name: "tar", run: containers::tar, seeds: &["seeds/tar"] },
    Target { name: "sevenz", run: containers::sevenz, seeds: &["seeds/sevenz"] },
    Target { name: "dtype", run: texts::dtype, seeds: &["seeds/dtype"] },
    Target { name: "policy", run: texts::policy, seeds: &["seeds/policy"] },
    Target { name: "path", run: texts::path, seeds: &["seeds/path"] },
    Target { name: "scan", run: answers::scan, seeds: SAMPLES },
    Target { name: "reports", run: answers::reports, seeds: SAMPLES },
    Target { name: "inspect", run: answers::inspect, seeds: SAMPLES },
    Target { name: "skops", run: answers::skops, seeds: &["seeds/models", "seeds/joblib", "../samples"] },
    Target { name: "written", run: answers::written, seeds: &["seeds/models", "seeds/joblib", "../samples"] },
    Target { name: "tensors", run: answers::tensors, seeds: &["seeds/models", "seeds/joblib", "../samples"] },
    Target { name: "content", run: answers::content, seeds: &["seeds/content"] },
    Target { name: "diff", run: answers::diff, seeds: &["seeds/content", "seeds/models", "../samples"] },
    Target { name: "models", run: answers::models, seeds: &["seeds/models", "../samples"] },
    Target { name: "boosters", run: answers::boosters, seeds: &["seeds/boosters"] },
    Target { name: "arrays", run: answers::arrays, seeds: &["seeds/models", "seeds/joblib", "../samples"] },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
