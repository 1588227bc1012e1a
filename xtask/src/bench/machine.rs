//! The machine that is measured on, by name.

use super::case::Scale;
use crate::Fallible;
use std::path::{Path, PathBuf};

/// Its processor, how many threads it runs, and its operating system.
pub(super) fn name() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {threads} threads, {}", std::env::consts::OS)
}

/// The file that the results of this machine are kept in.
pub(super) fn results(scale: Scale) -> Fallible<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the workspace has no root")?;
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let name = name().chars().map(plain).collect::<String>();
    let name: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    let directory = root.join("benches/results");
    std::fs::create_dir_all(&directory)?;
    Ok(directory.join(format!("{}-{}.md", name.join("-"), scale.name())))
}
