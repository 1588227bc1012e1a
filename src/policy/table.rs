//! The tables: sorted text, searched in place.
//!
//! A table is a run of paragraphs. Each starts with a key at the beginning of a line; what follows up to the next such
//! line, usually indented, is its body. Lines that start with `#` belong to the paragraph before them. Nothing is
//! parsed before somebody asks for one key; then the table's paragraphs are counted, and only the one asked for is read.

use std::cmp::Ordering;
use std::sync::{LazyLock, OnceLock};

/// A table of entries or shapes.
pub(super) struct Table {
    /// The file it stands in, for messages of tests.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) name: &'static str,
    /// What stands before the first dot of its keys; nothing where that may be anything.
    pub(super) roots: &'static [&'static str],
    /// Its text.
    pub(super) text: &'static str,
    /// Where its paragraphs start.
    starts: OnceLock<Box<[usize]>>,
}

macro_rules! tables {
    ($($name:literal: $($root:literal)+),+ $(,)?) => {
        [$(Table::new($name, &[$($root),+], include_str!(concat!("tables/", $name, ".txt")))),+]
    };
}

/// The allowed symbols, one file per library.
pub(super) static ENTRIES: [Table; 13] = tables![
    "python": "_codecs" "_operator" "array" "builtins" "calendar" "collections" "copyreg" "datetime" "dateutil" "decimal" "dill" "enum" "fractions" "functools" "http" "inspect" "ipaddress" "logging" "operator" "pathlib" "platform" "pytz" "random" "re" "string" "time" "types" "uuid" "zoneinfo",
    "numpy": "numpy" "scipy",
    "joblib": "joblib" "sklearn",
    "scipy": "scipy",
    "sklearn": "_loss" "sklearn",
    "boosters": "catboost" "lightgbm" "xgboost",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "statsmodels": "statsmodels",
    "imblearn": "imblearn",
    "encoders": "category_encoders",
    "torch": "torch",
    "torch_nn": "torch",
];

/// Shapes that several entries share.
pub(super) static SHAPES: Table = Table::new("shapes", &[], include_str!("tables/shapes.txt"));

/// What symbols known to do harm would do.
pub(super) static DANGEROUS: Table = Table::new("dangerous", &[], include_str!("tables/dangerous.txt"));

/// One paragraph: its key and its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paragraph<'t> {
    pub(super) key: &'t str,
    pub(super) body: &'t str,
}

impl Table {
    const fn new(name: &'static str, roots: &'static [&'static str], text: &'static str) -> Self {
        Self { name, roots, text, starts: OnceLock::new() }
    }

    /// The paragraph of `key`.
    pub(super) fn find(&self, key: &str) -> Option<Paragraph<'static>> {
        let (key, text) = (key.as_bytes(), self.text.as_bytes());
        // What ends a key is no part of any.
        if key.iter().any(|&byte| byte <= b' ') {
            return None;
        }
        let starts = self.starts();
        let found = starts.binary_search_by(|&start| {
            let here = text.get(start..).unwrap_or_default();
            let (here, rest) = here.split_at_checked(key.len()).unwrap_or((here, &[]));
            let longer = rest.first().is_some_and(|&byte| byte > b' ');
            here.cmp(key).then(if longer { Ordering::Greater } else { Ordering::Equal })
        });
        let number = found.ok()?;
        let start = starts.get(number).copied()?;
        let end = starts.get(number.saturating_add(1)).copied().unwrap_or(self.text.len());
        self.text.get(start..end).map(paragraph)
    }

    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let mut at = next_start(self.text, 0);
            let next = || {
                let start = at;
                at = next_start(self.text, start.saturating_add(1));
                (start < self.text.len()).then_some(start)
            };
            std::iter::from_fn(next).collect()
        })
    }

    /// All paragraphs, in their order.
    pub(super) fn paragraphs(&self) -> impl Iterator<Item = Paragraph<'static>> {
        let ends = self.starts().iter().skip(1).chain([&self.text.len()]).copied().collect::<Vec<_>>();
        self.starts().iter().zip(ends).filter_map(|(&start, end)| self.text.get(start..end).map(paragraph))
    }
}

/// What stands before the first dot of some keys, by its first byte.
struct Roots([Vec<&'static str>; 256]);

/// The roots of the keys of all tables.
static ROOTS: LazyLock<Roots> = LazyLock::new(|| Roots::of(ENTRIES.iter().flat_map(|table| table.roots).copied()));

/// The same for the symbols known to do harm.
static HARMFUL_ROOTS: LazyLock<Roots> = LazyLock::new(|| Roots::of(DANGEROUS.paragraphs().map(|row| root(row.key))));

impl Roots {
    fn of(all: impl Iterator<Item = &'static str>) -> Self {
        let mut roots = Self([const { Vec::new() }; 256]);
        for root in all {
            let alike = root.bytes().next().and_then(|first| roots.0.get_mut(usize::from(first)));
            if let Some(alike) = alike.filter(|alike| alike.last() != Some(&root)) {
                alike.push(root);
            }
        }
        roots
    }

    fn holds(&self, symbol: &str) -> bool {
        let alike = symbol.bytes().next().and_then(|first| self.0.get(usize::from(first)));
        let begins =
            |root: &&str| symbol.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        alike.is_some_and(|alike| alike.iter().any(begins))
    }
}

fn root(symbol: &str) -> &str {
    symbol.split_once('.').map_or(symbol, |(root, _)| root)
}

/// Whether the table of harm has a row that begins as a symbol does: it says nothing of all others.
pub(super) fn may_be_harmful(symbol: &str) -> bool {
    HARMFUL_ROOTS.holds(symbol)
}

/// Whether any table is about the library of a symbol: there is no entry of all others.
pub(super) fn may_be_listed(symbol: &str) -> bool {
    ROOTS.holds(symbol)
}

/// The allowed symbol of this name.
pub(super) fn entry(symbol: &str) -> Option<Paragraph<'static>> {
    // Most tables are about one library, and most symbols are of another.
    let (root, _) = symbol.split_once('.').filter(|_| may_be_listed(symbol))?;
    ENTRIES.iter().filter(|table| table.roots.contains(&root)).find_map(|table| table.find(symbol))
}

fn paragraph(text: &'static str) -> Paragraph<'static> {
    let end = memchr::memchr2(b' ', b'\n', text.as_bytes()).unwrap_or(text.len());
    let (key, body) = text.split_at_checked(end).unwrap_or((text, ""));
    Paragraph { key, body }
}

/// Whether a paragraph starts at `at`.
fn starts(text: &[u8], at: usize) -> bool {
    let after_newline = at.checked_sub(1).is_none_or(|before| text.get(before) == Some(&b'\n'));
    after_newline && !matches!(text.get(at), Some(b' ' | b'#' | b'\n'))
}

/// The first start of a paragraph at or after `at`, or the end.
fn next_start(text: &str, at: usize) -> usize {
    let text = text.as_bytes();
    let mut at = at;
    while at < text.len() && !starts(text, at) {
        let line = memchr::memchr(b'\n', text.get(at..).unwrap_or_default());
        at = line.map_or(text.len(), |len| at.saturating_add(len).saturating_add(1));
    }
    at.min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_ascii_and_every_paragraph_is_found() {
        for table in ENTRIES.iter().chain([&SHAPES, &DANGEROUS]) {
            assert!(table.text.is_ascii(), "{}", table.name);
            let all: Vec<_> = table.paragraphs().collect();
            for pair in all.windows(2) {
                assert!(pair[0].key < pair[1].key, "{}: {} before {}", table.name, pair[0].key, pair[1].key);
            }
            for paragraph in all {
                assert_eq!(table.find(paragraph.key), Some(paragraph));
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_keys() {
        for table in &ENTRIES {
            let mut roots: Vec<_> = table.paragraphs().filter_map(|entry| Some(entry.key.split_once('.')?.0)).collect();
            assert_eq!(roots.len(), table.paragraphs().count(), "{}", table.name);
            roots.sort_unstable();
            roots.dedup();
            assert_eq!(roots, table.roots, "{}", table.name);
        }
    }

    #[test]
    fn every_row_begins_with_a_root() {
        for row in DANGEROUS.paragraphs() {
            assert!(may_be_harmful(row.key), "{}", row.key);
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_not_found() {
        static TABLE: Table = Table::new("", &[], "# head\n\nb.c  one\n  two\n# note\nb.d  three\nb.f\n");
        assert_eq!(TABLE.find("b.c").map(|found| found.body), Some("  one\n  two\n# note\n"));
        assert_eq!(TABLE.find("b.f").map(|found| found.body), Some("\n"));
        for key in ["", "a", "b", "b.c.d", "b.e", "b.g", "two", "b.c  one", "b.c\n", "b.f\n"] {
            assert_eq!(TABLE.find(key), None, "{key}");
        }
    }
}
