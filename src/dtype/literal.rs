//! Python literals as `ast.literal_eval` reads them, as far as a `.npy` header has any, read with nom.
//!
//! Depth is bounded, nothing is evaluated, and what Python would accept but no writer writes (comments, `b''` strings,
//! floats, sets, arithmetic) is refused as unsupported rather than guessed.

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while1};
use nom::character::complete::{anychar, char, one_of};
use nom::combinator::{cut, map, map_opt, opt, recognize, value, verify};
use nom::error::{ErrorKind as Nom, ParseError};
use nom::multi::{fold_many1, many0_count, separated_list0};
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use crate::error::{Error, ErrorKind, Result};

/// How deep lists and tuples may nest. CPython's own bound is 200; a header needs one level per nested structure.
const MAX_DEPTH: u8 = 40;

/// A Python literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A text string.
    Str(String),
    /// `(1, 2)`
    Tuple(Vec<Literal>),
    /// `[1, 2]`
    List(Vec<Literal>),
    /// `{'a': 1}`, in order, repeated keys kept.
    Dict(Vec<(Literal, Literal)>),
}

impl Literal {
    /// Reads a whole text.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], at the offset in `text` (in bytes) where it is not understood.
    pub fn parse(text: &str) -> Result<Self> {
        let mut whole = terminated(|input| literal(input, MAX_DEPTH), blanks);
        let at = match whole.parse_complete(text.trim_start_matches([' ', '\t'])) {
            Ok(("", literal)) => return Ok(literal),
            Ok((rest, _)) => rest,
            Err(nom::Err::Error(error) | nom::Err::Failure(error)) => error.input,
            Err(nom::Err::Incomplete(_)) => "",
        };
        let offset = u64::try_from(text.len().saturating_sub(at.len())).unwrap_or(u64::MAX);
        Err(Error::new(ErrorKind::Unsupported, "this is not a plain Python literal").at(offset))
    }
}

/// Blanks between tokens; inside brackets Python skips line ends too, and around the whole it sees them at the end.
fn blanks(input: &str) -> IResult<&str, &str> {
    take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')).parse_complete(input)
}

fn token<'a>(text: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    delimited(blanks, tag(text), blanks)
}

fn literal(input: &str, depth: u8) -> IResult<&str, Literal> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(nom::Err::Failure(nom::error::Error::from_error_kind(input, Nom::TooLarge)));
    };
    let (input, _) = blanks(input)?;
    match input.chars().next() {
        Some('(') => tuple(input, depth),
        Some('[') => {
            let items = terminated(separated_list0(token(","), |i| literal(i, depth)), opt(token(",")));
            map(delimited(token("["), items, cut(token("]"))), Literal::List).parse_complete(input)
        }
        Some('{') => {
            let item = separated_pair(|i| literal(i, depth), token(":"), |i| literal(i, depth));
            let items = terminated(separated_list0(token(","), item), opt(token(",")));
            map(delimited(token("{"), items, cut(token("}"))), Literal::Dict).parse_complete(input)
        }
        Some('\'' | '"' | 'u' | 'U') => map(strings, Literal::Str).parse_complete(input),
        Some('T' | 'F' | 'N') => alt((
            value(Literal::Bool(true), word("True")),
            value(Literal::Bool(false), word("False")),
            value(Literal::None, word("None")),
        ))
        .parse_complete(input),
        _ => map(integer, Literal::Int).parse_complete(input),
    }
}

/// `()`, `(1,)`, `(1, 2)`; `(1)` is its content.
fn tuple(input: &str, depth: u8) -> IResult<&str, Literal> {
    let items = pair(separated_list0(token(","), |i| literal(i, depth)), opt(token(",")));
    map_opt(delimited(token("("), items, cut(token(")"))), |(mut items, comma)| match (items.len(), comma) {
        (0, Some(_)) => None,
        (1, None) => items.pop(),
        _ => Some(Literal::Tuple(items)),
    })
    .parse_complete(input)
}

fn word<'a>(text: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    verify(take_while1(|c: char| c.is_alphanumeric() || c == '_'), move |word: &str| word == text)
}

/// Decimal, hexadecimal, octal or binary, signed, with underscores.
fn integer(input: &str) -> IResult<&str, i64> {
    let digits = |radix: u32| take_while1(move |c: char| c.is_digit(radix) || c == '_');
    let number = alt((
        map(preceded(tag_no_case("0x"), digits(16)), |text| (16, text)),
        map(preceded(tag_no_case("0o"), digits(8)), |text| (8, text)),
        map(preceded(tag_no_case("0b"), digits(2)), |text| (2, text)),
        map(verify(digits(10), |text: &str| !text.starts_with('_')), |text| (10, text)),
    ));
    map_opt(pair(opt(one_of("+-")), number), |(sign, (radix, text)): (Option<char>, (u32, &str))| {
        // Python refuses 010, a trailing underscore and two in a row.
        let octal = radix == 10 && text.starts_with('0') && text.chars().any(|c| !matches!(c, '0' | '_'));
        if octal || text.ends_with('_') || text.contains("__") {
            return None;
        }
        let plain: String = text.chars().filter(|c| *c != '_').collect();
        let signed = format!("{}{plain}", if sign == Some('-') { "-" } else { "" });
        i64::from_str_radix(&signed, radix).ok()
    })
    .parse_complete(input)
}

/// Adjacent strings are one.
fn strings(input: &str) -> IResult<&str, String> {
    let one = terminated(preceded(opt(one_of("uU")), string), blanks);
    fold_many1(one, String::new, |mut all, part| {
        all.push_str(&part);
        all
    })
    .parse_complete(input)
}

fn string(input: &str) -> IResult<&str, String> {
    let (rest, quote) = one_of("'\"").parse_complete(input)?;
    let plain = move |c: char| c != quote && c != '\\' && c != '\n' && c != '\r';
    let piece = alt((map(take_while1(plain), str::to_owned), map(escape, String::from)));
    let (after, body) = recognize(many0_count(piece)).parse_complete(rest)?;
    let (after, _) = char(quote).parse_complete(after)?;
    // An empty string before another quote opens a triple-quoted one.
    if body.is_empty() && after.starts_with(quote) {
        return Err(nom::Err::Failure(nom::error::Error::from_error_kind(input, Nom::Tag)));
    }
    let piece = alt((map(take_while1(plain), str::to_owned), map(escape, String::from)));
    let joined = |mut all: String, part: String| {
        all.push_str(&part);
        all
    };
    let (_, text) = nom::multi::fold_many0(piece, String::new, joined).parse_complete(body)?;
    Ok((after, text))
}

/// The escapes that `repr` of a string writes.
fn escape(input: &str) -> IResult<&str, char> {
    let hex = |length: usize| {
        map_opt(nom::bytes::complete::take(length), |digits: &str| {
            let valid = digits.chars().all(|c| c.is_ascii_hexdigit());
            valid.then(|| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)).flatten()
        })
    };
    let simple = map_opt(anychar, |c| {
        Some(match c {
            '\\' | '\'' | '"' => c,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => return None,
        })
    });
    preceded(
        char('\\'),
        alt((preceded(char('x'), hex(2)), preceded(char('u'), hex(4)), preceded(char('U'), hex(8)), simple)),
    )
    .parse_complete(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(number: i64) -> Literal {
        Literal::Int(number)
    }

    #[test]
    fn literals_are_read_as_python_does() {
        assert_eq!(Literal::parse("(3,)").unwrap(), Literal::Tuple(vec![int(3)]));
        assert_eq!(Literal::parse("(3)").unwrap(), int(3));
        assert_eq!(Literal::parse("()").unwrap(), Literal::Tuple(vec![]));
        assert_eq!(
            Literal::parse("[1, 0x10, 1_0, -2,]").unwrap(),
            Literal::List(vec![int(1), int(16), int(10), int(-2)])
        );
        assert_eq!(Literal::parse("'a' \"b\"  \n").unwrap(), Literal::Str("ab".into()));
        assert_eq!(Literal::parse(r"'\xe9\u4e2d\\\''").unwrap(), Literal::Str("é中\\'".into()));
        assert_eq!(
            Literal::parse("{'a': True}").unwrap(),
            Literal::Dict(vec![(Literal::Str("a".into()), Literal::Bool(true))])
        );
        assert_eq!(Literal::parse("{}").unwrap(), Literal::Dict(vec![]));
        assert_eq!(Literal::parse("''").unwrap(), Literal::Str(String::new()));
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        for text in [
            "", "(,)", "1+1", "010", "1__0", "1_", "f()", "'a", "{1}", "[1", "1.5", "b'a'", "Truex", "'''a'''", "1 2",
            r"'\q'", "2L",
        ] {
            assert!(Literal::parse(text).is_err(), "{text}");
        }
        assert!(Literal::parse("9223372036854775808").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        assert!(Literal::parse(&format!("{}{}", "[".repeat(39), "]".repeat(39))).is_ok());
        assert!(Literal::parse(&"[".repeat(100_000)).is_err());
    }
}
