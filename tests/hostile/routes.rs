//! The ways to a name: opcodes and spellings by which a stream imports and calls it.

use super::bytes::{join, text};
use std::sync::LazyLock;

/// A way to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// GLOBAL at protocol 0.
    Global,
    /// STACK_GLOBAL.
    StackGlobal,
    /// A dotted name, in the package around the module or in a module that has imported it.
    Dotted,
    /// The name of Python 2, at protocol 2.
    Mapped,
    /// GLOBAL, stored in the memo, dropped and fetched.
    Memo,
    /// INST, which imports and calls at once.
    Inst,
    /// OBJ.
    Obj,
}

/// All of them.
pub(crate) const ROUTES: [Route; 7] =
    [Route::Global, Route::StackGlobal, Route::Dotted, Route::Mapped, Route::Memo, Route::Inst, Route::Obj];

/// Old module, old name, new module, new name; a name `*` is any.
const COMPAT: &str = include_str!("../../src/resolve/compat.txt");

/// What a route writes for a symbol, and the symbol that a report has to name for it.
#[derive(Debug)]
pub(crate) struct Way {
    /// What stands at the beginning of the stream.
    pub(crate) head: &'static [u8],
    /// Puts the symbol on the stack.
    pub(crate) import: Vec<u8>,
    /// Puts on the stack what the symbol answers to `('')`.
    pub(crate) call: Vec<u8>,
    /// What has to be named.
    pub(crate) symbol: String,
}

impl Route {
    /// The way to `module`.`name`, if this route leads there; INST and OBJ only call.
    pub(crate) fn to(self, module: &str, name: &str) -> Option<Way> {
        let global = |module: &str, name: &str| format!("c{module}\n{name}\n").into_bytes();
        let symbol = format!("{module}.{name}");
        let (head, import, symbol): (&'static [u8], _, _) = match self {
            Self::Global | Self::Inst | Self::Obj => (b"", global(module, name), new_name(module, name)),
            Self::StackGlobal => (b"\x80\x04", join(&[&text(module), &text(name), b"\x93"]), symbol),
            Self::Dotted => {
                // Modules that import others under a name with an underscore: `random._os`.
                let (outer, inner) = module
                    .rsplit_once('.')
                    .map_or(("random", format!("_{module}")), |(outer, inner)| (outer, inner.to_owned()));
                let dotted = format!("{inner}.{name}");
                let symbol = format!("{outer}.{dotted}");
                (b"\x80\x04", join(&[&text(outer), &text(&dotted), b"\x93"]), symbol)
            }
            Self::Mapped => {
                let (old_module, old_name) = old_name(module, name)?;
                (b"\x80\x02", global(old_module, &old_name), symbol)
            }
            Self::Memo => (b"", join(&[&global(module, name), b"q\xc80h\xc8"]), new_name(module, name)),
        };
        let call = match self {
            Self::Inst => format!("(S''\ni{module}\n{name}\n").into_bytes(),
            Self::Obj => join(&[b"(", &import, b"S''\no"]),
            _ => join(&[&import, b"(S''\ntR"]),
        };
        Some(Way { head, import, call, symbol })
    }
}

fn rows() -> impl Iterator<Item = &'static Vec<&'static str>> {
    static ROWS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
        let lines = COMPAT.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split('\t').collect()).collect()
    });
    ROWS.iter()
}

/// The symbol that a reader of Python 3 makes of a name at protocol 0.
fn new_name(module: &str, name: &str) -> String {
    let exact = rows().find(|row| row[0] == module && row[1] == name);
    let whole = rows().find(|row| row[0] == module && row[1] == "*");
    match (exact, whole) {
        (Some(row), _) => format!("{}.{}", row[2], row[3]),
        (None, Some(row)) => format!("{}.{name}", row[2]),
        (None, None) => format!("{module}.{name}"),
    }
}

/// The module and name that a reader of Python 3 maps to these.
fn old_name(module: &str, name: &str) -> Option<(&'static str, String)> {
    if let Some(row) = rows().find(|row| row[2] == module && row[3] == name && row[1] != "*") {
        return Some((row[0], row[1].to_owned()));
    }
    // A row of the old module for just this name leads elsewhere.
    let elsewhere = |old: &str| rows().any(|row| row[0] == old && row[1] == name);
    let whole = rows().find(|row| row[1] == "*" && row[2] == module && !elsewhere(row[0]));
    whole.map(|row| (row[0], name.to_owned()))
}
