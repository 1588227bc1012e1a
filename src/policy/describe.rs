//! What is known of a symbol, in words.

use super::entry;
use super::explain;
use super::in_force::InForce;
use super::table::SHAPES;
use std::collections::BTreeMap;

/// What is known of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The symbol that was asked for.
    pub symbol: String,
    /// What the policy says of it.
    pub status: Status,
}

/// What the policy says of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// An entry allows something.
    Allowed {
        /// The entry's own name, where the symbol is another name for it.
        alias_of: Option<String>,
        /// Its clauses, as the tables write them; none where it may only be imported.
        clauses: Vec<String>,
        /// The shapes that they name, and what those are.
        shapes: Vec<(String, String)>,
        /// Why it is safe; empty where the table holds that to be plain.
        reason: String,
        /// Where the user's policy says so; none is built in.
        by: Option<String>,
    },
    /// The user's policy denies it.
    Denied {
        /// Why.
        reason: String,
        /// Where the user's policy says so.
        by: String,
    },
    /// It is known to do harm.
    Dangerous {
        /// What it would do.
        what: &'static str,
    },
    /// Nothing is known of it.
    Unlisted,
}

/// Says what is known of a symbol, `pkg.mod.Name`.
pub fn describe(symbol: &str, policy: &InForce<'_>) -> Description {
    let symbol = symbol.to_owned();
    let status = match (policy.denied(&symbol), policy.entry(&symbol)) {
        (Some(item), _) => Status::Denied { reason: policy.reason(item).to_owned(), by: policy.place(item) },
        (None, Some(found)) => match found.item {
            Some(item) => Status::Allowed {
                alias_of: None,
                shapes: shapes(&policy.clauses(&symbol)),
                clauses: policy.clauses(&symbol),
                reason: policy.reason(item).to_owned(),
                by: Some(policy.place(item)),
            },
            None => Status::Allowed {
                alias_of: (found.symbol != symbol).then(|| found.symbol.to_owned()),
                shapes: shapes(&clauses(&symbol)),
                clauses: clauses(&symbol),
                reason: entry::comment(&symbol),
                by: None,
            },
        },
        (None, None) => {
            let is_listed = |symbol: &str| policy.entry(symbol).is_some();
            let harm = explain::harm_of_entry(&symbol, is_listed);
            harm.map_or(Status::Unlisted, |harm| Status::Dangerous { what: harm.what })
        }
    };
    Description { symbol, status }
}

/// The shapes of the table that clauses name, and those that these name.
fn shapes(clauses: &[String]) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut texts = clauses.to_vec();
    while let Some(text) = texts.pop() {
        let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_.-@'<!".contains(letter)));
        for word in words.filter(|word| !found.contains_key(*word)).collect::<Vec<_>>() {
            if let Some(shape) = SHAPES.find(word) {
                let body = shape.body.trim().to_owned();
                texts.push(body.clone());
                found.insert(word.to_owned(), body);
            }
        }
    }
    found.into_iter().collect()
}

/// The clauses of a built-in entry, without comments.
fn clauses(symbol: &str) -> Vec<String> {
    let body = entry::paragraph(symbol).map_or("", |paragraph| paragraph.body);
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter(|line| *line != "reference").map(str::to_owned).collect()
}
