//! Object paths: `root.steps[1][1].func`.
//!
//! `root`, then `.key` for an attribute in a state, `["key"]` for a dict item, `[3]` for a sequence item, `{2}` for a
//! set member or an item whose key is no text and no int, `.<args>[0]` for an argument of the call that made an object, `.<state>` for a state
//! that is no dict.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, none_of, one_of};
use nom::combinator::{map, map_opt, opt, recognize};
use nom::multi::fold_many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};
use std::fmt;
use std::str::FromStr;

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

/// A path in one of several streams: `#1:root.x`. The number is that of the stream in the report of `scan`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Address {
    /// The member of an archive; empty for the file itself.
    pub member: String,
    /// The stream, where one is named.
    pub stream: Option<u32>,
    /// The path in it.
    pub path: ObjectPath,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.member.chars() {
            match char {
                // What ends a member, or begins an escape.
                '\\' | '[' | '{' | '#' => write!(f, "{}", char.escape_unicode())?,
                ' '..='~' => write!(f, "{char}")?,
                _ => write!(f, "{}", char.escape_unicode())?,
            }
        }
        match self.stream {
            Some(stream) => write!(f, "#{stream}:{}", self.path),
            None if self.member.is_empty() => write!(f, "{}", self.path),
            None => write!(f, ":{}", self.path),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    /// Reads what the printer prints. `root` may be left off in front of a step, and the dot in front of a first
    /// attribute.
    fn from_str(text: &str) -> Result<Self, String> {
        // A member ends where the path begins; a key may hold the same characters, but only behind a bracket.
        let ends = |(at, _): &(usize, &str)| !text.get(..*at).is_some_and(|before| before.ends_with("\\u"));
        let end = text.match_indices(['[', '{']).find(ends).map_or(text.len(), |(at, _)| at);
        let head = text.get(..end).unwrap_or(text);
        let (prefix, path) = match head.rfind(':') {
            Some(colon) => (text.get(..colon).unwrap_or(""), text.get(colon.saturating_add(1)..).unwrap_or("")),
            None => ("", text),
        };
        let (member, stream) = match prefix.rsplit_once('#') {
            Some((member, number)) => {
                let number = number.parse().map_err(|_| format!("`{number}` is no number of a stream"))?;
                (member, Some(number))
            }
            None => (prefix, None),
        };
        Ok(Self { member: unescaped(member), stream, path: path.parse()? })
    }
}

/// A member's name with its escapes read; what is none stays.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escape = part.split_once('}').and_then(|(digits, rest)| {
            let char = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
            Some((char, rest))
        });
        match escape {
            Some((char, rest)) => {
                out.push(char);
                out.push_str(rest);
            }
            None => {
                out.push_str("\\u{");
                out.push_str(part);
            }
        }
    }
    out
}

impl FromStr for ObjectPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = match text.strip_prefix("root") {
            Some(rest) if rest.is_empty() || rest.starts_with(['.', '[', '{']) => rest,
            _ => text,
        };
        let dotted = rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        let rest = if dotted { format!(".{rest}") } else { rest.to_owned() };
        let (left, steps) = steps(&rest).map_err(|_| "this is no path".to_owned())?;
        if left.is_empty() { Ok(Self(steps)) } else { Err(format!("the path cannot be read from `{left}` on")) }
    }
}

fn steps(text: &str) -> IResult<&str, Vec<Step>> {
    let mut step = alt((state, attribute, in_brackets, member));
    fold_many0(
        |text| step.parse_complete(text),
        Vec::new,
        |mut steps, step| {
            steps.push(step);
            steps
        },
    )
    .parse_complete(text)
}

/// `.<args>[0]`, `.<state>["odd name"]`, `.<state>`.
fn state(text: &str) -> IResult<&str, Step> {
    let argument = preceded(tag(".<args>"), delimited(char('['), natural, char(']')));
    let odd = preceded(tag(".<state>"), delimited(char('['), key, char(']')));
    alt((map(argument, Step::Argument), map(odd, Step::Attribute), map(tag(".<state>"), |_| Step::State)))
        .parse_complete(text)
}

fn attribute(text: &str) -> IResult<&str, Step> {
    let first = take_while_m_n(1, 1, |char: char| char.is_ascii_alphabetic() || char == '_');
    let name = recognize((first, take_while(|char: char| char.is_ascii_alphanumeric() || char == '_')));
    map(preceded(char('.'), name), |name: &str| Step::Attribute(name.to_owned())).parse_complete(text)
}

fn in_brackets(text: &str) -> IResult<&str, Step> {
    let index = map_opt(recognize((opt(char('-')), digit1)), |digits: &str| digits.parse().ok());
    delimited(char('['), alt((map(index, Step::Index), map(key, Step::Key))), char(']')).parse_complete(text)
}

fn member(text: &str) -> IResult<&str, Step> {
    map(delimited(char('{'), natural, char('}')), Step::Member).parse_complete(text)
}

fn natural(text: &str) -> IResult<&str, usize> {
    map_opt(digit1, |digits: &str| digits.parse().ok()).parse_complete(text)
}

/// A key in double quotes, or for the ease of shells in single ones.
fn key(text: &str) -> IResult<&str, String> {
    let quoted = |quote: char| {
        let unicode = delimited(
            tag("u{"),
            map_opt(take_while1(|char: char| char.is_ascii_hexdigit()), |digits| {
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)
            }),
            char('}'),
        );
        let escaped = preceded(char('\\'), alt((unicode, one_of("\"'\\"))));
        let plain = none_of(if quote == '"' { "\"\\" } else { "'\\" });
        let text = fold_many0(alt((escaped, plain)), String::new, |mut text, char| {
            text.push(char);
            text
        });
        delimited(char(quote), text, char(quote))
    };
    alt((quoted('"'), quoted('\''))).parse_complete(text)
}

/// The longest key that a path prints whole.
pub(crate) const LONGEST_KEY: usize = 80;

impl Step {
    /// Whether a step that was read leads where `other` does: a long key is printed cut, and stands for what it begins.
    pub fn leads_to(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Attribute(cut), Self::Attribute(key)) | (Self::Key(cut), Self::Key(key)) if cut != key => {
                let shown = cut.strip_suffix("...").filter(|shown| shown.chars().count() == LONGEST_KEY);
                shown.is_some_and(|shown| key.starts_with(shown))
            }
            _ => self == other,
        }
    }
}

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
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    fn step() -> impl Strategy<Value = Step> {
        let text = "[a-z_. :#\"'\\\\\\[\\]{}\u{e4}\u{202e}\n]{0,12}";
        prop_oneof![
            text.prop_map(Step::Attribute),
            text.prop_map(Step::Key),
            any::<i64>().prop_map(Step::Index),
            any::<usize>().prop_map(Step::Member),
            any::<usize>().prop_map(Step::Argument),
            Just(Step::State),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(
            steps in vec(step(), 0..8),
            stream in of(any::<u32>()),
            member in "[a-z:#./\\\\\\[\\]{}\u{e4}\n]{0,8}",
        ) {
            // A text key right in a state that is no dict does not occur: it would read as an attribute.
            prop_assume!(!steps.windows(2).any(|two| matches!(two, [Step::State, Step::Key(_) | Step::Index(_)])
                && matches!(two[1], Step::Key(_))));
            let address = Address { member, stream, path: ObjectPath(steps) };
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
    }

    #[test]
    fn a_path_may_be_given_in_short() {
        for (short, long) in [
            ("", "root"),
            ("steps[0]", "root.steps[0]"),
            ("['a']", "root[\"a\"]"),
            (".x", "root.x"),
            ("rooted", "root.rooted"),
        ] {
            assert_eq!(short.parse::<ObjectPath>().unwrap().to_string(), long);
        }
        assert_eq!("a.pkl#2:x".parse::<Address>().unwrap().to_string(), "a.pkl#2:root.x");
        assert_eq!("root.steps[x]".parse::<ObjectPath>().unwrap_err(), "the path cannot be read from `[x]` on");
        assert!("#x:root".parse::<Address>().is_err());
        let long = Step::Key("k".repeat(100));
        let read = ObjectPath(vec![long.clone()]).to_string().parse::<ObjectPath>().unwrap();
        assert!(read.0[0].leads_to(&long) && !read.0[0].leads_to(&Step::Key("k".repeat(70))));
    }

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
