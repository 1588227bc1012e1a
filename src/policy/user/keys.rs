//! What may stand in a policy file: the one table that the reader, the schema and the documentation are made from.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text that is not empty.
    Text,
    /// A symbol: `pkg.mod.Name`.
    Symbol,
    /// The identifier of a rule.
    Rule,
    /// What stands behind the word of a clause in the built-in tables.
    Clause,
    /// `true`; the clause is the key itself.
    Flag,
    /// Patterns of paths.
    Patterns,
    /// SHA-256 digests.
    Digests,
    /// A day, `YYYY-MM-DD`.
    Day,
    /// `dangerous`, `suspicious` or `incomplete`.
    Verdict,
    /// A table of limits by name.
    Limits,
}

/// One key of one kind of item.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The kind of item: `allow`, `deny`, `accept` or `path`.
    pub table: &'static str,
    /// The key.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether an item without it is an error.
    pub required: bool,
    /// What it says, in one sentence.
    pub help: &'static str,
}

/// The kinds of items, and what each is for.
pub const TABLES: [(&str, &str); 4] = [
    ("allow", "One symbol that files may import, and what they may do with it."),
    ("deny", "One symbol that files may not import, although the built-in tables allow it."),
    ("accept", "Findings that stay in the report but no longer count."),
    ("path", "What is different for files under a path."),
];

const REASON: &str = "Why: who looked at it, and what they found.";
const EXPIRES: &str =
    "The last day on which the item holds, YYYY-MM-DD. Afterwards it does not apply, and is reported.";
const FILES: &str = "Patterns of the paths, as given on the command line, that the item applies to.";
const SHA256: &str = "The SHA-256 digests of the files that the item applies to.";

const fn must(table: &'static str, name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { table, name, kind, required: true, help }
}

const fn may(table: &'static str, name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { table, name, kind, required: false, help }
}

/// Every key.
pub const KEYS: &[Key] = &[
    must("allow", "symbol", Kind::Symbol, "The one name that is allowed, as reports write it."),
    must("allow", "reason", Kind::Text, REASON),
    may("allow", "new", Kind::Clause, "It may be made by `__new__` alone with these arguments: `()`."),
    may("allow", "base", Kind::Clause, "What protocols 0 and 1 make it from: `builtins.dict map(str, int)`."),
    may("allow", "init", Kind::Clause, "The class may be called with these arguments: `(str, int)`."),
    may("allow", "call", Kind::Clause, "The function may be called with these arguments: `(bytes) -> fresh`."),
    may("allow", "build", Kind::Clause, "The state that an object of it may be given: `{name: str, *: any}`."),
    may("allow", "slots", Kind::Clause, "The state of its slots: `{size: int}`."),
    may("allow", "setitem", Kind::Clause, "The items that may be put into an object of it: `str: any`."),
    may("allow", "append", Kind::Clause, "What may be appended to an object of it."),
    may("allow", "add", Kind::Clause, "What may be added to an object of it as to a set."),
    may("allow", "key", Kind::Flag, "Objects of it may be keys of dicts and elements of sets."),
    may("allow", "recursive", Kind::Flag, "An object of it may be referred to before it has its state."),
    may("allow", "plain", Kind::Flag, "It may stand among data by its name: a class in a list, say. Nothing calls it."),
    may("allow", "harmless", Kind::Flag, "As plain, and whatever holds it may call it with any data."),
    may("allow", "wraps", Kind::Flag, "Objects of it can be called, so they are not data."),
    may("allow", "expires", Kind::Day, EXPIRES),
    may("allow", "files", Kind::Patterns, FILES),
    may("allow", "sha256", Kind::Digests, SHA256),
    must("deny", "symbol", Kind::Symbol, "The one name that is denied, with all other names of the same thing."),
    must("deny", "reason", Kind::Text, REASON),
    may("deny", "files", Kind::Patterns, FILES),
    must("accept", "rule", Kind::Rule, "The rule whose findings are accepted."),
    must("accept", "reason", Kind::Text, REASON),
    may("accept", "symbol", Kind::Symbol, "Only findings about this symbol."),
    may("accept", "expires", Kind::Day, EXPIRES),
    may("accept", "files", Kind::Patterns, FILES),
    may("accept", "sha256", Kind::Digests, SHA256),
    must("path", "files", Kind::Patterns, FILES),
    must("path", "reason", Kind::Text, REASON),
    may("path", "fail-on", Kind::Verdict, "The least verdict of these files that exits 1."),
    may("path", "limits", Kind::Limits, "Limits for these files, as `--limit` takes them."),
];

/// The keys of one kind of item.
pub(super) fn of(table: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.table == table)
}
