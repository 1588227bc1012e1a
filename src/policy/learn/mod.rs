//! Learning: the least policy under which files that somebody has vetted are clean.
//!
//! `observe` goes through the effects of a reading and notes what it does with symbols that only the user's policy can
//! allow; `seen` is what the values were, and becomes a shape. What is known to do harm is never noted.

mod observe;
mod seen;

pub(super) use observe::observe;

use seen::Seen;
use std::collections::BTreeMap;

/// What stands above a policy that was learned.
const HEAD: &str = "\
# What vetted files needed. Before you rely on it look at each class: what its __setstate__, __new__, __init__, __hash__
# and __del__ do with what is listed here. Add `wraps = true` where it has __call__.
";

/// What files do with symbols that no built-in entry knows.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    symbols: BTreeMap<String, Observed>,
}

/// What is done with one symbol; nothing where it is only imported.
#[derive(Clone, Debug, Default)]
struct Observed {
    new: Option<Call>,
    call: Option<Call>,
    /// The class that `copyreg._reconstructor` makes it by, and what it gives that.
    base: Option<(&'static str, Seen)>,
    build: Option<Seen>,
    slots: Option<Seen>,
    setitem: Option<(Seen, Seen)>,
    append: Option<Seen>,
    add: Option<Seen>,
    key: bool,
    recursive: bool,
    plain: bool,
    harmless: bool,
}

/// Arguments and keywords.
#[derive(Clone, Debug, Default)]
struct Call {
    args: Seen,
    kwargs: Option<Seen>,
    /// Whether something is done with what it answers.
    changed: bool,
}

impl Observations {
    /// Whether there is nothing to allow.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// The policy that allows it, as TOML; `reason` is given for each symbol.
    pub fn policy(&self, reason: &str) -> String {
        let item = |(symbol, observed): (&String, &Observed)| format!("\n{}", observed.item(symbol, reason));
        if self.is_empty() {
            String::new()
        } else {
            HEAD.to_owned() + &self.symbols.iter().map(item).collect::<String>()
        }
    }

    fn of(&mut self, symbol: &str) -> &mut Observed {
        if !self.symbols.contains_key(symbol) {
            self.symbols.insert(symbol.to_owned(), Observed::default());
        }
        self.symbols.entry(symbol.to_owned()).or_default()
    }
}

impl Observed {
    fn item(&self, symbol: &str, reason: &str) -> String {
        let mut item = format!("[[allow]]\nsymbol = {}\nreason = {}\n", quoted(symbol), quoted(reason));
        let mut clause = |word: &str, shape: Option<String>| {
            if let Some(shape) = shape {
                item.push_str(&format!("{word} = {}\n", quoted(&shape)));
            }
        };
        clause("new", self.new.as_ref().and_then(Call::shape));
        let based = |(base, state): &(&str, Seen)| Some(format!("{base} {}", state.shape()?));
        clause("base", self.base.as_ref().and_then(based));
        // Whether a name is a class or a function cannot be seen. What it is called changes nothing else.
        let name = symbol.rsplit('.').next().unwrap_or(symbol);
        let is_class = name.trim_start_matches('_').starts_with(|letter: char| letter.is_uppercase());
        let answer = |call: &Call| if call.changed { " -> fresh" } else { " -> shared" };
        let called = self.call.as_ref().and_then(|call| Some(call.shape()? + answer(call)));
        clause(if is_class { "init" } else { "call" }, called);
        clause("build", self.build.as_ref().and_then(Seen::shape));
        clause("slots", self.slots.as_ref().and_then(Seen::shape));
        let pair = |(key, value): &(Seen, Seen)| Some(format!("{}: {}", key.shape()?, value.shape()?));
        clause("setitem", self.setitem.as_ref().and_then(pair));
        clause("append", self.append.as_ref().and_then(Seen::shape));
        clause("add", self.add.as_ref().and_then(Seen::shape));
        let plain = self.plain && !self.harmless;
        let flags = [("key", self.key), ("recursive", self.recursive), ("plain", plain), ("harmless", self.harmless)];
        for (flag, set) in flags {
            if set {
                item.push_str(&format!("{flag} = true\n"));
            }
        }
        item
    }
}

impl Call {
    fn shape(&self) -> Option<String> {
        let args = self.args.shape()?;
        match &self.kwargs {
            Some(kwargs) => Some(format!("{args} {}", kwargs.shape()?)),
            None => Some(args),
        }
    }
}

/// A text as TOML: as it is where it can be, with escapes otherwise.
fn quoted(text: &str) -> String {
    let plain = text.chars().all(|letter| (' '..='~').contains(&letter) && letter != '"' && letter != '\\');
    if plain {
        return format!("\"{text}\"");
    }
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(letter),
            _ => out.push_str(&format!("\\U{:08X}", u32::from(letter))),
        }
    }
    out.push('"');
    out
}
