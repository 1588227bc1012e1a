//! What symbols known to do harm would do. It only explains: whatever no entry allows is refused without it.

use super::table::{DANGEROUS, Paragraph, may_be_harmful};
use crate::resolve::dotted;

/// What a symbol would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Harm {
    /// "runs a shell command"
    pub(super) what: &'static str,
    /// Whether code comes by value in the file.
    pub(super) code: bool,
}

/// A category, the word for it in the table, and what it says.
const CATEGORIES: [(&str, &str); 12] = [
    ("shell", "runs a shell command or starts a process"),
    ("eval", "runs Python code given as text or as a file"),
    ("code", "makes a function or class from code inside the file"),
    ("import", "imports a module by name, which runs it"),
    ("resolve", "finds or changes an attribute by a name made at run time"),
    ("file", "reads, writes or removes files"),
    ("network", "opens a network connection"),
    ("load", "loads another pickle or model, which can run code itself"),
    ("native", "loads native code or calls into memory"),
    ("interpreter", "reaches into the interpreter: hooks, modules, frames or signals"),
    ("callable", "calls what it is given"),
    ("decode", "turns bytes into others, as a hidden payload needs"),
];

/// What importing or calling `name` of `module` would do, if it is known to do harm.
pub(super) fn harm(module: &str, name: &str, protocol: u8) -> Option<Harm> {
    // What stands before the first dot is the module's.
    let found = if may_be_harmful(module) { row(&[module, ".", name].concat()) } else { None };
    if found.is_some() {
        return found;
    }
    // A dotted name walks through whatever the modules on its way have imported: `random` `_os.system` is os.system.
    if dotted(name, protocol).nth(1).is_none() {
        return dunder(&[name]);
    }
    let parts: Vec<&str> = dotted(name, protocol).collect();
    (0..parts.len().min(16))
        .find_map(|first| {
            let tail = parts.get(first..)?.join(".");
            row(tail.trim_start_matches('_'))
        })
        .or_else(|| dunder(&parts))
}

/// Whether a module as a whole is known to do harm.
pub(super) fn is_harmful_module(name: &str) -> bool {
    DANGEROUS.find(&format!("{name}.*")).is_some()
}

/// What an entry of this symbol would let happen. The name begins behind the last step that is no entry itself: a loader
/// reaches it through entries only.
pub(super) fn harm_of_entry(symbol: &str, is_listed: impl Fn(&str) -> bool) -> Option<Harm> {
    let (mut module, _) = symbol.rsplit_once('.')?;
    while is_listed(module) {
        module = module.rsplit_once('.')?.0;
    }
    let name = symbol.get(module.len().saturating_add(1)..)?;
    harm(module, name, 4)
}

/// What a symbol that is written as one would do.
#[cfg(test)]
pub(super) fn harm_of(symbol: &str) -> Option<Harm> {
    let (module, name) = symbol.split_once('.')?;
    row(symbol).or_else(|| harm(module, name, 4))
}

/// Double underscores on both sides: the interpreter's own attributes.
fn dunder(parts: &[&str]) -> Option<Harm> {
    let special = |part: &&&str| part.len() > 4 && part.starts_with("__") && part.ends_with("__");
    parts.iter().find(special).and(category("interpreter"))
}

/// The row of a symbol, or of a module that it is in: `pkg.*`.
fn row(symbol: &str) -> Option<Harm> {
    if !may_be_harmful(symbol) {
        return None;
    }
    if let Some(found) = DANGEROUS.find(symbol) {
        return read(found);
    }
    let mut module = symbol;
    for _ in 0..16 {
        module = module.rsplit_once('.')?.0;
        if let Some(found) = DANGEROUS.find(&format!("{module}.*")) {
            return read(found);
        }
    }
    None
}

fn read(row: Paragraph<'_>) -> Option<Harm> {
    category(row.body.split_whitespace().next().unwrap_or("interpreter"))
}

fn category(word: &str) -> Option<Harm> {
    CATEGORIES.iter().find(|(of, _)| *of == word).map(|&(of, what)| Harm { what, code: of == "code" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::table::entry;

    #[test]
    fn every_row_has_a_category_and_no_entry() {
        for row in DANGEROUS.paragraphs() {
            assert!(read(row).is_some() && !row.body.trim().is_empty(), "{}", row.key);
            assert!(entry(row.key).is_none(), "{} is both allowed and explained", row.key);
        }
    }

    #[test]
    fn aliases_families_and_dotted_tails_are_explained() {
        for (module, name, protocol) in [
            ("os", "system", 4),
            ("posix", "system", 2),
            ("subprocess", "Popen", 4),
            ("random", "_os.system", 4),
            ("numpy", "f2py.os.system", 4),
            ("collections", "OrderedDict.__init_subclass__", 4),
            ("builtins", "eval", 4),
        ] {
            assert!(harm(module, name, protocol).is_some(), "{module} {name}");
        }
        assert!(harm("mypackage", "Model", 4).is_none());
        assert!(harm("a", "b._os.system", 2).is_none(), "below protocol 4 a dot is part of the name");
    }
}
