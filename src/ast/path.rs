//! Object paths: `root.steps[1][1].func`.
//!
//! `root`, then `.key` for an attribute in a state, `["key"]` for a dict item, `[3]` for a sequence item, `{2}` for a
//! set member or an item whose key is no text and no int, `.<args>[0]` for an argument of the call that made an object, `.<state>` for a state
//! that is no dict.

use std::fmt;

/// One step from a value to another in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// An attribute in a state.
    Attribute(String),
    /// A dict item by its text key.
    Key(String),
    /// A sequence item, or a dict item by its int key.
    Index(i64),
    /// The n-th member of a set, or the n-th item of a dict whose key is no text and no int.
    Member(usize),
    /// An argument.
    Argument(usize),
    /// A state that is no dict.
    State,
}

/// A path from the root of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectPath(pub Vec<Step>);

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("root")?;
        for step in &self.0 {
            match step {
                Step::Attribute(name) if is_identifier(name) => write!(f, ".{name}")?,
                Step::Attribute(name) => write!(f, ".<state>[{}]", quoted(name))?,
                Step::Key(key) => write!(f, "[{}]", quoted(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Member(number) => write!(f, "{{{number}}}")?,
                Step::Argument(number) => write!(f, ".<args>[{number}]")?,
                Step::State => f.write_str(".<state>")?,
            }
        }
        Ok(())
    }
}

/// The longest key that a path prints whole.
const LONGEST_KEY: usize = 80;

/// A key in double quotes, everything but printable ASCII escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for (count, char) in text.chars().enumerate() {
        if count >= LONGEST_KEY {
            out.push_str("...");
            break;
        }
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            ' '..='~' => out.push(char),
            _ => out.extend(char.escape_unicode()),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_python_and_holds_no_raw_text() {
        let steps = [
            Step::Attribute("steps".into()),
            Step::Index(1),
            Step::Key("a\"\n".into()),
            Step::Argument(0),
            Step::Attribute("odd name".into()),
            Step::State,
            Step::Member(2),
        ];
        let path = ObjectPath(steps.into());
        assert_eq!(path.to_string(), r#"root.steps[1]["a\"\u{a}"].<args>[0].<state>["odd name"].<state>{2}"#);
    }
}
