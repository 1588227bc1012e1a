//! The tables: sorted lines of words, searched in place.

/// Lines that start with a key; lines that start with `#` are comments and stand first.
pub(super) struct Table(&'static str);

/// What the name of an import says of the version that wrote it.
pub(super) static NAMES: Table = Table(include_str!("tables/names.txt"));
/// What the version of one component says of another.
pub(super) static IMPLIED: Table = Table(include_str!("tables/implied.txt"));
/// Distributions by top-level module.
pub(super) static PACKAGES: Table = Table(include_str!("tables/packages.txt"));
/// Top-level modules of Python itself.
pub(super) static STDLIB: Table = Table(include_str!("tables/stdlib.txt"));

impl Table {
    /// The words of the line that starts with `key`, that first.
    pub(super) fn find(&self, key: &str) -> Option<std::str::Split<'static, char>> {
        let mut rows = self.0;
        while !rows.is_empty() {
            let (before, _) = rows.split_at_checked(rows.len() / 2)?;
            let start = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |newline| newline.saturating_add(1));
            let (low, rest) = rows.split_at_checked(start)?;
            let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let (line, high) = rest.split_at_checked(end)?;
            let high = high.get(1..).unwrap_or_default();
            let words = line.split(' ');
            let here = words.clone().next()?;
            if line.starts_with('#') || here < key {
                rows = high;
            } else if here > key {
                rows = low;
            } else {
                return Some(words);
            }
        }
        None
    }

    /// Each line.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.lines().filter(|line| !line.starts_with('#'))
    }

    /// The words of each line.
    #[cfg(test)]
    pub(super) fn rows(&self) -> impl Iterator<Item = std::str::Split<'static, char>> + use<> {
        self.lines().map(|line| line.split(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Range;

    #[test]
    fn every_row_is_found() {
        for table in [&NAMES, &PACKAGES, &STDLIB] {
            assert!(table.0.is_ascii());
            let keys: Vec<_> = table.rows().map(|mut row| row.next().unwrap()).collect();
            assert!(keys.is_sorted_by(|one, next| one < next), "sorted, each key once");
            for key in keys {
                assert!(table.find(key).is_some(), "{key}");
            }
            for key in ["", "#", "sklearn.", "zzz", "#\u{e4}"] {
                assert!(table.find(key).is_none(), "{key}");
            }
        }
    }

    #[test]
    fn ranges_in_the_tables_are_ranges() {
        for row in NAMES.rows() {
            let words: Vec<_> = row.collect();
            assert_eq!(words.len(), 5, "{words:?}");
            assert_eq!(Range::parse(words[2]).to_string(), words[2], "{words:?}");
            assert!(words[4] == "-" || Range::parse(words[4]).to_string() == words[4], "{words:?}");
        }
        for row in IMPLIED.rows() {
            let words: Vec<_> = row.collect();
            assert_eq!(words.len(), 5, "{words:?}");
            for range in [words[1], words[3]] {
                assert_eq!(Range::parse(range).to_string(), range, "{words:?}");
            }
        }
    }
}
