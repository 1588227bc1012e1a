//! The renamed modules and names of Python 2, and dotted names (CPython `find_class` in `Lib/pickle.py` and
//! `Modules/_pickle.c`).

use std::sync::LazyLock;

/// Sorted rows; the first lines say how the text is laid out and how it was made.
static COMPAT: &str = include_str!("compat.txt");

/// The same as fields: module and name, new module and new name. Read when the first old stream asks.
static ROWS: LazyLock<Vec<[&str; 4]>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut fields = line.split('\t');
        Some([fields.next()?, fields.next()?, fields.next()?, fields.next()?])
    };
    COMPAT.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
});

/// The module and name that a reader of Python 3 looks up for those in a file.
///
/// Below protocol 3, with `fix_imports` as it is by default, a row for the pair comes first, then one for the module
/// (`_compat_pickle.NAME_MAPPING`, `IMPORT_MAPPING`); the result is not mapped again. From protocol 3 on nothing is.
/// Where versions differ, the map is that of those which have the row.
pub fn map_name<'a>(module: &'a str, name: &'a str, protocol: u8) -> (&'a str, &'a str) {
    if protocol >= 3 {
        return (module, name);
    }
    row(module, name).unwrap_or_else(|| (row(module, "*").map_or(module, |(module, _)| module), name))
}

/// The attributes that a reader walks from the module to reach a name: its parts between dots from protocol 4 on,
/// below that the name as a whole. There is always at least one; a part may be empty, and `<locals>` is never found.
pub fn dotted(name: &str, protocol: u8) -> impl DoubleEndedIterator<Item = &str> {
    name.split(move |letter| letter == '.' && protocol >= 4)
}

/// The new module and name in the row of exactly these two fields.
fn row(module: &str, name: &str) -> Option<(&'static str, &'static str)> {
    let found =
        ROWS.binary_search_by(|&[old_module, old_name, ..]| (old_module, old_name).cmp(&(module, name))).ok()?;
    ROWS.get(found).map(|&[_, _, module, name]| (module, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<&'static str>> {
        COMPAT.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect()
    }

    #[test]
    fn every_row_is_found_and_nothing_beside_it() {
        assert!(COMPAT.is_ascii(), "the search cuts the text at any byte");
        assert_eq!(rows().len(), 143);
        for fields in rows() {
            assert_eq!(row(fields[0], fields[1]), Some((fields[2], fields[3])), "{fields:?}");
            for near in [format!("{}\0", fields[0]), format!("{} ", fields[0]), fields[0][1..].to_owned()] {
                assert_eq!(row(&near, "no such name"), None, "{near}");
            }
        }
        for module in ["", "\t", "#", "\u{10ffff}", "zzz", "__builtin__\t*", "__builtin__\teval"] {
            assert_eq!(row(module, "*"), None, "{module:?}");
            assert_eq!(row(module, ""), None, "{module:?}");
        }
    }

    #[test]
    fn rows_are_sorted_and_alike() {
        let rows = rows();
        assert!(rows.is_sorted_by(|one, next| (one[0], one[1]) < (next[0], next[1])));
        for fields in &rows {
            assert_eq!(fields[1] == "*", fields[3] == "*", "{fields:?}");
        }
        // A row that some versions lack gives one name of two: before another is added, ask what that means.
        let partial: Vec<_> = rows.iter().filter(|fields| fields.len() != 4).map(|fields| fields[0]).collect();
        assert_eq!(partial, ["Tix"]);
    }

    #[test]
    fn the_protocol_in_force_decides() {
        for protocol in 0..3 {
            assert_eq!(map_name("__builtin__", "eval", protocol), ("builtins", "eval"));
            assert_eq!(map_name("__builtin__", "xrange", protocol), ("builtins", "range"));
            assert_eq!(map_name("__builtin__", "reduce", protocol), ("functools", "reduce"));
            assert_eq!(map_name("copy_reg", "_reconstructor", protocol), ("copyreg", "_reconstructor"));
            assert_eq!(map_name("commands", "getoutput", protocol), ("subprocess", "getoutput"));
            assert_eq!(map_name("os", "system", protocol), ("os", "system"));
        }
        for protocol in [3, 4, 5, 255] {
            assert_eq!(map_name("__builtin__", "xrange", protocol), ("__builtin__", "xrange"));
        }
    }

    #[test]
    fn a_name_is_mapped_once_and_as_a_whole() {
        assert_eq!(map_name("__builtin__", "xrange.x", 2), ("builtins", "xrange.x"));
        assert_eq!(map_name("__builtin__.x", "xrange", 2), ("__builtin__.x", "xrange"));
        assert_eq!(map_name("__builtin__", "*", 2), ("builtins", "*"));
        assert_eq!(map_name("__builtin__", "", 2), ("builtins", ""));
    }

    #[test]
    fn dots_count_from_protocol_4() {
        assert_eq!(dotted("path.join", 4).collect::<Vec<_>>(), ["path", "join"]);
        assert_eq!(dotted("path.join", 3).collect::<Vec<_>>(), ["path.join"]);
        assert_eq!(dotted(".a..", 5).collect::<Vec<_>>(), ["", "a", "", ""]);
        assert_eq!(dotted("", 4).collect::<Vec<_>>(), [""]);
    }
}
