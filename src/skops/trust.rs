//! Types that skops loads without being told to (`skops/io/_trusted_types.py` and the loaders themselves).

use std::collections::HashSet;
use std::sync::LazyLock;

/// Loader and name in each line, sorted; the first lines say how it was made.
static TABLE: &str = include_str!("trusted.txt");

static TRUSTED: LazyLock<HashSet<(&str, &str)>> = LazyLock::new(|| {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' ')).collect()
});

/// Whether a loader takes a type as it is.
pub fn is_trusted(loader: &str, name: &str) -> bool {
    TRUSTED.contains(&(loader, name))
}
