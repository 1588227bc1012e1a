//! Grammars of texts that a library does more with than keep them.

use super::formula::is_formula;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, digit0, digit1, one_of};
use nom::combinator::{all_consuming, opt, recognize, verify};
use nom::multi::separated_list1;
use nom::{IResult, Parser};

/// A grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// A number of `fractions.Fraction`: no exponent, which would be computed.
    Fraction,
    /// A number of `decimal.Decimal`.
    Decimal,
    /// A key of the time zone database: it is joined to a path.
    ZoneKey,
    /// An address or network: hexadecimal digits, `.`, `:`, `/`.
    Address,
    /// A dotted name that is only a label, such as that of a logger.
    Label,
    /// A period of pandas: `period[M]`.
    Period,
    /// The letter of the type of an `array.array`.
    TypeCode,
    /// A path of attributes, none with two underscores in front.
    Attribute,
    /// What scipy makes of the shapes of a distribution, and runs when it is loaded.
    ArgParser,
    /// A formula of statsmodels, which is evaluated when it is loaded.
    Formula,
    /// A short text: something is compiled or computed from it in proportion to its length.
    Short,
}

const NAMES: [(&str, Grammar); 11] = [
    ("fraction", Grammar::Fraction),
    ("decimal", Grammar::Decimal),
    ("zone-key", Grammar::ZoneKey),
    ("address", Grammar::Address),
    ("label", Grammar::Label),
    ("period-text", Grammar::Period),
    ("typecode", Grammar::TypeCode),
    ("attribute", Grammar::Attribute),
    ("argparser", Grammar::ArgParser),
    ("formula", Grammar::Formula),
    ("short", Grammar::Short),
];

/// The most digits that CPython turns into an int without being told to (`sys.set_int_max_str_digits`).
const MAX_DIGITS: usize = 4300;
const MAX_SHORT: usize = 4096;

impl Grammar {
    /// The grammar of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(of, _)| *of == name).map(|&(_, grammar)| grammar)
    }

    /// Whether a text is of this grammar.
    pub(super) fn accepts(self, text: &[u8]) -> bool {
        match self {
            Self::Fraction => text.len() <= MAX_DIGITS && whole(text, fraction),
            Self::Decimal => text.len() <= MAX_DIGITS && whole(text, decimal),
            Self::ZoneKey => text.len() <= 255 && whole(text, zone_key),
            Self::Address => {
                text.len() <= 64 && text.iter().all(|byte| byte.is_ascii_hexdigit() || b".:/%".contains(byte))
            }
            Self::Label => {
                text.len() <= 255 && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._- ".contains(byte))
            }
            Self::Period => text.len() <= 64 && whole(text, period),
            Self::TypeCode => matches!(text, [code] if b"bBuwhHiIlLqQfd".contains(code)),
            Self::Attribute => text.len() <= 255 && whole(text, attribute),
            Self::ArgParser => text.len() <= MAX_SHORT && std::str::from_utf8(text).is_ok_and(is_arg_parser),
            Self::Formula => std::str::from_utf8(text).is_ok_and(is_formula),
            Self::Short => text.len() <= MAX_SHORT,
        }
    }
}

/// What a grammar takes, and what is left.
type Taken<'a> = IResult<&'a [u8], &'a [u8]>;

fn whole(text: &[u8], grammar: fn(&[u8]) -> Taken<'_>) -> bool {
    all_consuming(grammar).parse_complete(text).is_ok()
}

fn fraction(text: &[u8]) -> Taken<'_> {
    recognize((opt(char('-')), digit1, opt((char('/'), digit1)))).parse_complete(text)
}

fn decimal(text: &[u8]) -> Taken<'_> {
    let number = recognize((
        alt((recognize((digit1, opt((char('.'), digit0)))), recognize((char('.'), digit1)))),
        opt((one_of("eE"), opt(one_of("+-")), digit1)),
    ));
    let not_a_number = recognize((opt(one_of("sS")), tag("NaN"), digit0));
    recognize((opt(one_of("+-")), alt((number, tag("Infinity"), not_a_number)))).parse_complete(text)
}

/// Parts of letters, digits, `_`, `+` and `-`; no part is empty or has a dot, so none is `..`.
fn zone_key(text: &[u8]) -> Taken<'_> {
    let part = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte));
    recognize(separated_list1(char('/'), part)).parse_complete(text)
}

fn period(text: &[u8]) -> Taken<'_> {
    let frequency = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || byte == b'-');
    recognize((tag("period["), frequency, char(']'))).parse_complete(text)
}

fn name(text: &[u8]) -> Taken<'_> {
    let first = take_while_m_n(1, 1, |byte: u8| byte.is_ascii_alphabetic() || byte == b'_');
    recognize((first, take_while(|byte: u8| byte.is_ascii_alphanumeric() || byte == b'_'))).parse_complete(text)
}

fn attribute(text: &[u8]) -> Taken<'_> {
    let part = verify(name, |part: &[u8]| !part.starts_with(b"__"));
    recognize(separated_list1(char('.'), part)).parse_complete(text)
}

/// The text that scipy's `rv_generic._construct_argparser` makes, and `__setstate__` gives to `exec`: it has to be that
/// text to the last character, with names in the two places where names go.
fn is_arg_parser(text: &str) -> bool {
    let shapes = text.strip_prefix("\ndef _parse_args(self, ").and_then(|rest| rest.split_once(" loc=0"));
    let Some((shapes, _)) = shapes else { return false };
    let names = shapes.trim_end_matches(", ").trim_end_matches(',');
    if !names.is_empty() && !names.split(", ").all(|shape| whole(shape.as_bytes(), name)) {
        return false;
    }
    let shapes = if names.is_empty() { String::new() } else { format!("{names}, ") };
    [("loc=0, scale=1", "loc, scale"), ("loc=0", "loc, 1")].iter().any(|(take, give)| {
        text == format!(
            "\ndef _parse_args(self, {shapes} {take}):\n    return ({shapes}), {give}\n\n\
             def _parse_args_rvs(self, {shapes} {take}, size=None):\n    \
             return self._argcheck_rvs({shapes} {give}, size=size)\n\n\
             def _parse_args_stats(self, {shapes} {take}, moments='mv'):\n    \
             return ({shapes}), {give}, moments\n"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammars_accept_what_libraries_write_and_no_more() {
        let cases: [(Grammar, &[&str], &[&str]); 6] = [
            (Grammar::Fraction, &["1/3", "-5", "12"], &["1e99999999", "1/", "1.5", "", " 1", "+1/2"]),
            (
                Grammar::Decimal,
                &["1.5", "-Infinity", "NaN", "1E+30", "sNaN12", "0", ".5"],
                &["", "1_0", "e5", "inf", "1 "],
            ),
            (
                Grammar::ZoneKey,
                &["UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5"],
                &["../../etc/passwd", "/etc", "a//b", "", "a/.", "a/"],
            ),
            (Grammar::Address, &["10.0.0.0/8", "fe80::/10", "::1"], &["localhost", "1.2.3.4\n"]),
            (Grammar::Period, &["period[M]", "period[Q-DEC]"], &["period[]", "period[M", "period[M];", "period[M']"]),
            (Grammar::Label, &["model", "a.b-c d"], &["a\n", "../x"]),
        ];
        for (grammar, good, bad) in cases {
            for text in good {
                assert!(grammar.accepts(text.as_bytes()), "{grammar:?} {text}");
            }
            for text in bad {
                assert!(!grammar.accepts(text.as_bytes()), "{grammar:?} {text}");
            }
        }
    }

    #[test]
    fn the_text_that_scipy_runs_is_the_one_it_writes() {
        let beta = "\ndef _parse_args(self, a, b,  loc=0, scale=1):\n    return (a, b, ), loc, scale\n\ndef _parse_args_rvs(self, a, b,  loc=0, scale=1, size=None):\n    return self._argcheck_rvs(a, b,  loc, scale, size=size)\n\ndef _parse_args_stats(self, a, b,  loc=0, scale=1, moments='mv'):\n    return (a, b, ), loc, scale, moments\n";
        let norm = "\ndef _parse_args(self,  loc=0, scale=1):\n    return (), loc, scale\n\ndef _parse_args_rvs(self,  loc=0, scale=1, size=None):\n    return self._argcheck_rvs( loc, scale, size=size)\n\ndef _parse_args_stats(self,  loc=0, scale=1, moments='mv'):\n    return (), loc, scale, moments\n";
        let geom = "\ndef _parse_args(self, p,  loc=0):\n    return (p, ), loc, 1\n\ndef _parse_args_rvs(self, p,  loc=0, size=None):\n    return self._argcheck_rvs(p,  loc, 1, size=size)\n\ndef _parse_args_stats(self, p,  loc=0, moments='mv'):\n    return (p, ), loc, 1, moments\n";
        for text in [beta, norm, geom] {
            assert!(Grammar::ArgParser.accepts(text.as_bytes()), "{text}");
            for (from, to) in [
                ("(p, )", "(exec(p), )"),
                ("self, ", "self, a=print(), "),
                ("\n\n", "\nimport os\n"),
                ("moments\n", "moments\nimport os\n"),
            ] {
                let forged = text.replacen(from, to, 1);
                assert!(forged == text || !Grammar::ArgParser.accepts(forged.as_bytes()), "{forged}");
            }
        }
        assert!(!Grammar::ArgParser.accepts(b"\ndef _parse_args(self, a=exec('x'),  loc=0):\n"));
    }
}
