//! One binary for all targets: `FUZZ_TARGET` says which.
#![no_main]

use depickle_fuzz::{TARGETS, Target, target};
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET is `{name}`; it is one of {}", names.join(", ")))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
