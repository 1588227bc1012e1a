//! Formulas of statsmodels: `y ~ a + C(k) + np.log(b)`.
//!
//! `statsmodels.base.data.ModelData.__setstate__` gives them to patsy or formulaic, which evaluate each term as Python.
//! So a formula is names, numbers, operators and calls of functions that only compute from columns; how much it
//! multiplies out to is bounded. It is read as a run of tokens: whatever they nest to, only what is listed is called.

/// What may be called: of patsy, formulaic, and of numpy.
const CALLED: [&str; 33] = [
    "C",
    "I",
    "Q",
    "Treatment",
    "Sum",
    "Poly",
    "Helmert",
    "Diff",
    "standardize",
    "center",
    "scale",
    "bs",
    "cr",
    "cc",
    "te",
    "poly",
    "np.abs",
    "np.cos",
    "np.cosh",
    "np.exp",
    "np.exp2",
    "np.expm1",
    "np.log",
    "np.log10",
    "np.log1p",
    "np.log2",
    "np.power",
    "np.sign",
    "np.sin",
    "np.sqrt",
    "np.square",
    "np.tan",
    "np.tanh",
];
/// Words that are no names.
const KEYWORDS: [&str; 4] = ["await", "lambda", "np", "yield"];

const MAX_LEN: usize = 4096;
/// The most digits in front of the point: numbers say how many columns a spline has.
const MAX_DIGITS: usize = 4;
/// The most `**` inside a call, where it is computed: 9 to the power of 9, as often.
const MAX_POWERS: u32 = 4;
/// The most interactions in one term, each of which doubles it.
const MAX_CROSSED: u32 = 10;
/// The most terms that a formula with groups multiplies out to.
const MAX_TERMS: u64 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Number(&'a str),
    Text,
    Power,
    Mark(u8),
}

/// Whether a formula calls nothing but what is listed, and stays small.
pub(super) fn is_formula(text: &str) -> bool {
    text.len() <= MAX_LEN && tokens(text).is_some_and(|tokens| is_plain(&tokens) && is_small(&tokens))
}

/// The tokens of a text, if it has no others.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(' ');
    while let Some(first) = rest.bytes().next() {
        let of = |part: fn(char) -> bool| rest.find(|letter| !part(letter)).unwrap_or(rest.len());
        let (token, len) = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let len = of(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.');
                (Token::Name(rest.get(..len)?), len)
            }
            b'0'..=b'9' => {
                let len = of(|letter| letter.is_ascii_digit() || letter == '.');
                (Token::Number(rest.get(..len)?), len)
            }
            b'\'' | b'"' => {
                let inner = rest.get(1..)?;
                let end = inner.find(char::from(first))?;
                if inner.get(..end)?.contains(['\\', '\n', '\r', '{', '}']) {
                    return None;
                }
                (Token::Text, end.saturating_add(2))
            }
            b'*' if rest.starts_with("**") => (Token::Power, 2),
            b'+' | b'-' | b'*' | b'/' | b':' | b'~' | b'(' | b')' | b',' | b'=' | b'<' | b'>' => {
                (Token::Mark(first), 1)
            }
            _ => return None,
        };
        tokens.push(token);
        rest = rest.get(len..)?.trim_start_matches(' ');
    }
    Some(tokens)
}

/// Whether tokens follow each other as operands and operators do, and only listed functions are called.
fn is_plain(tokens: &[Token<'_>]) -> bool {
    let mut before = Token::Mark(b'(');
    for (at, &token) in tokens.iter().enumerate() {
        let next = tokens.get(at.saturating_add(1)).copied();
        let after_operand = matches!(before, Token::Name(_) | Token::Number(_) | Token::Text | Token::Mark(b')'));
        let called = matches!(before, Token::Name(name) if CALLED.contains(&name));
        let good = match token {
            Token::Name(name) => {
                let known = if next == Some(Token::Mark(b'(')) {
                    CALLED.contains(&name)
                } else {
                    !name.contains('.') && !name.starts_with("__") && !KEYWORDS.contains(&name)
                };
                known && !after_operand
            }
            Token::Number(number) => {
                let digits = number.find('.').unwrap_or(number.len());
                !after_operand && digits <= MAX_DIGITS && number.matches('.').count() <= 1
            }
            // Not after a name: that would make it an f-string.
            Token::Text => matches!(before, Token::Mark(b'(' | b',' | b'=')),
            Token::Mark(b'(') => !after_operand || called,
            Token::Mark(b'+' | b'-' | b'~') => true,
            Token::Mark(b')') => after_operand,
            Token::Mark(b'=') => after_operand || matches!(before, Token::Mark(b'=' | b'<' | b'>')),
            Token::Mark(_) => after_operand,
            Token::Power => after_operand && matches!(next, Some(Token::Number(number)) if number.len() == 1),
        };
        if !good {
            return false;
        }
        before = token;
    }
    matches!(before, Token::Name(_) | Token::Number(_) | Token::Text | Token::Mark(b')'))
}

/// Whether what a formula multiplies out to is bounded.
fn is_small(tokens: &[Token<'_>]) -> bool {
    let (mut names, mut crossed, mut here, mut most, mut powers, mut groups) =
        (0_u64, 0_u32, 0_u32, 0_u32, 0_u32, false);
    // For each parenthesis that is open, whether it is one of a call.
    let mut open: Vec<bool> = Vec::new();
    let mut before = None;
    for &token in tokens {
        let computed = open.contains(&true);
        match token {
            Token::Mark(b'(') => {
                let call = matches!(before, Some(Token::Name(_)));
                groups |= !call && !computed;
                open.push(call);
            }
            Token::Mark(b')') if open.pop().is_none() => return false,
            Token::Power if computed => powers = powers.saturating_add(1),
            Token::Number(number) if before == Some(Token::Power) && !computed => {
                crossed = crossed.saturating_add(number.parse().unwrap_or(u32::MAX));
            }
            Token::Mark(b'*' | b':' | b'/') if !computed => {
                (crossed, here) = (crossed.saturating_add(1), here.saturating_add(1));
            }
            Token::Mark(b'+' | b'-' | b'~') if !computed => here = 0,
            Token::Name(_) => names = names.saturating_add(1),
            _ => {}
        }
        most = most.max(here);
        before = Some(token);
    }
    let terms = names.checked_pow(crossed.saturating_add(1)).unwrap_or(u64::MAX);
    open.is_empty() && powers <= MAX_POWERS && most <= MAX_CROSSED && (!groups || terms <= MAX_TERMS)
}

#[cfg(test)]
mod tests {
    use super::is_formula;

    #[test]
    fn formulas_that_people_write_are_formulas() {
        for text in [
            "y ~ a + b",
            "y~a+b",
            "y ~ a * b - 1",
            "y ~ 0 + C(k) + a:b",
            "np.log(y) ~ np.sqrt(a) + np.exp(b)",
            "y ~ Q('my col') + Q(\"other\")",
            "y ~ I(a ** 2) + I(a + b)",
            "y ~ (a + b) ** 2",
            "y ~ C(k, Treatment(reference='y'))",
            "y ~ C(k, Sum) + bs(a, df=4) + standardize(b)",
            "y ~ I(a > 0.5) + a / b",
            "y ~ a ** 2 + b ** 2 + c ** 2 + d ** 2 + e ** 2",
            "y ~ 1",
            "y ~ -1 + a",
        ] {
            assert!(is_formula(text), "{text}");
        }
        let many: Vec<_> = (0..200).map(|n| format!("x{n}:z{n}")).collect();
        assert!(is_formula(&format!("y ~ {}", many.join(" + "))));
        // Parentheses of a call multiply nothing out.
        let calls: Vec<_> = (0..40).map(|n| format!("C(x{n}):C(z{n})")).collect();
        assert!(is_formula(&format!("y ~ {}", calls.join(" + "))));
    }

    #[test]
    fn whatever_else_runs_is_none() {
        for text in [
            "y ~ __import__('os').system('id')",
            "y ~ eval('1')",
            "y ~ C(k)(a)",
            "y ~ (C)(k)",
            "y ~ a.to_pickle('x')",
            "y ~ np.load('x')",
            "y ~ np.log",
            "y ~ C(f'{exit()}')",
            "y ~ C(f '{exit()}')",
            "y ~ C('a' f'{exit()}')",
            "y ~ C(*a)",
            "y ~ C(**a)",
            "y ~ a[0]",
            "y ~ I(lambda: a)",
            "y ~ I(a := b)",
            "y ~ C(a for a in b)",
            "y ~ {exit()}",
            "y ~ `exit()`",
            "y ~ a; b",
            "y ~ a\n+ b",
            "y ~ __builtins__",
            "y ~ (a",
            "y ~ a)",
            "y ~ a b",
            "y ~ a +",
            "y ~ 'a'",
            "y ~ C('a\\'b')",
            "",
        ] {
            assert!(!is_formula(text), "{text}");
        }
    }

    #[test]
    fn formulas_that_multiply_out_are_none() {
        let names: Vec<_> = (0..40).map(|n| format!("x{n}")).collect();
        for text in [
            names.join("*"),
            names.join(":"),
            format!("({}) ** 9", names.join("+")),
            format!("({}) ** 3 ** 9", names.join("+")),
            format!("({0})*({0})*({0})*({0})", names.join("+")),
            "I(a ** 99999)".to_owned(),
            "I(((((9 ** 9) ** 9) ** 9) ** 9) ** 9)".to_owned(),
            "bs(a, df=99999)".to_owned(),
            "a + ".repeat(2000) + "b",
        ] {
            assert!(!is_formula(&text), "{text}");
        }
    }
}
