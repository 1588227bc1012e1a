//! Files that stand in the current directory or above it.

use std::path::PathBuf;

/// Every file of one of these names in the current directory or one above it: nearest first, and in a directory in the
/// order of the names. The paths are relative (`../../name`), so that a report tells nobody where it was made.
///
/// A name that leads to nothing readable is among them: whoever opens it says so.
pub fn upward(names: &[&str]) -> Vec<PathBuf> {
    let depth = std::fs::canonicalize(".").map_or(1, |here| here.components().count());
    let mut found = Vec::new();
    let mut above = PathBuf::new();
    for _ in 0..depth {
        let here = names.iter().map(|name| above.join(name));
        found.extend(here.filter(|path| path.symlink_metadata().is_ok()));
        above.push("..");
    }
    found
}
