use super::*;
use crate::policy::Policy;

const RULES: [&str; 3] = ["dangerous-call", "trailing-data", "unlisted-import"];

fn parse(text: &str) -> Result<Option<Policy>, Vec<Problem>> {
    let today = Day::parse("2026-06-01").unwrap();
    let section = if text.contains("tool") { Section::Tool } else { Section::Whole };
    Policy::parse(text, &Context { file: "depickle.toml", section, today, rules: &RULES })
}

/// Every problem as `line:column what`.
fn problems(text: &str) -> Vec<String> {
    let found = parse(text).err().unwrap_or_default();
    assert!(found.iter().all(|problem| !problem.help.is_empty()), "{found:#?}");
    found.iter().map(|problem| format!("{}:{} {}", problem.line, problem.column, problem.what)).collect()
}

const GOOD: &str = "symbol = 'acme.models.Churn'\nreason = 'reviewed'\n";

#[test]
fn all_errors_are_told_at_once_each_with_its_place() {
    let text = "\
[[allow]]
symbol = 'acme.models.*'
reason = ''
nwe = '()'
expires = '2026-02-30'
files = []
sha256 = ['abc']

[[allow]]
symbol = 'acme.models.Churn'
reason = 'reviewed'
new = '(any'
build = \"{name: strr}\"
call = '()'
key = 'yes'

[[deny]]
symbol = 7

[[accept]]
rule = 'no-such-rule'
reason = 'x'

[[path]]
files = ['[']
reason = 'x'
fail-on = 'clean'
limits = { sise = 1, inflated = 'much' }

[permit]
";
    assert_eq!(
        problems(text),
        [
            "2:10 not a symbol",
            "3:10 `reason` is empty",
            "4:1 [[allow]] has no key `nwe`",
            "5:11 `expires` is not a day",
            "6:9 `files` is empty",
            "7:11 not a SHA-256 digest",
            "12:12 `new`: ) expected before \"\"",
            "13:21 `build`: no shape is called strr",
            "14:11 `call`: a call says what it answers: -> fresh",
            "15:7 `key` is not true or false but string",
            "17:1 [[deny]] lacks the key `reason`",
            "18:10 `symbol` is not a text but integer",
            "20:1 accepts every finding of a rule in every file",
            "21:8 no rule is called `no-such-rule`",
            "25:10 not a pattern of paths: unclosed character class; missing ']'",
            "27:11 `fail-on` is not a verdict",
            "28:12 no limit is called `sise`",
            "28:33 not an amount",
            "30:2 the key `permit` is not known",
        ]
    );
}

#[test]
fn what_is_no_toml_is_said_with_its_place() {
    let found = problems("[[allow]]\nsymbol = 'a.b\nreason = 'x'\n");
    assert!(found[0].starts_with("2:") && found[0].contains("not TOML"), "{found:?}");
}

#[test]
fn only_built_in_entries_may_say_what_rests_on_code() {
    for clause in ["build = '!ndarray'", "new = '(listed)'", "new = '(newable*)'", "call = '(int) -> dtype'"] {
        let found = problems(&format!("[[allow]]\n{GOOD}{clause}"));
        assert!(found.len() == 1 && found[0].contains("built-in entries"), "{clause}: {found:?}");
    }
}

#[test]
fn shapes_name_only_what_is_allowed() {
    let with = |shape: &str| problems(&format!("[[allow]]\n{GOOD}build = '{{x: {shape}}}'"));
    assert_eq!(with("@acme.models.Tree"), ["4:9 a shape names acme.models.Tree, which nothing allows"]);
    assert!(with("numpy._core._multiarray_umath.add")[0].contains("a shape names"), "another name for numpy.add");
    assert!(with("@acme.models.Churn | collections.OrderedDict").is_empty());
}

#[test]
fn nothing_allows_a_symbol_that_is_known_to_do_harm() {
    for symbol in
        ["os.system", "builtins.eval", "acme.__class__", "subprocess.anything", "collections.OrderedDict.__init__"]
    {
        let found = problems(&format!("[[allow]]\nsymbol = '{symbol}'\nreason = 'x'"));
        assert!(found.len() == 1 && found[0].contains("known to do harm"), "{symbol}: {found:?}");
    }
    assert!(problems("[[allow]]\nsymbol = 'acme.io.Reader'\nreason = 'x'").is_empty());
}

/// Neither a shape nor TOML is read deeper than the stack is.
#[test]
fn what_nests_too_deep_is_refused() {
    let shape = problems(&format!("[[allow]]\n{GOOD}build = '{}'", "(".repeat(100_000)));
    assert_eq!(shape, ["4:34 `build`: shapes nest too deep"]);
    let toml = problems(&format!("allow = {}", "[".repeat(100_000)));
    assert!(toml[0].contains("not TOML"), "{toml:?}");
}

#[test]
fn a_symbol_is_allowed_once_for_every_file() {
    let twice = format!("[[allow]]\n{GOOD}[[allow]]\n{GOOD}");
    assert_eq!(problems(&twice), ["5:10 acme.models.Churn is allowed twice, first in line 2"]);
    assert!(problems(&format!("{twice}files = ['a/**']")).is_empty());
}

#[test]
fn a_project_file_without_our_table_is_no_policy() {
    assert!(parse("[tool.other]\nx = 1").unwrap().is_none());
    assert!(parse("[[tool.depickle.allow]]\nsymbol = 'a.b'\nreason = 'x'").unwrap().is_some());
    assert_eq!(problems("[tool.depickle]\nx = 1"), ["2:1 the key `x` is not known"]);
}

#[test]
fn items_that_do_nothing_are_told() {
    let text = format!(
        "[[allow]]\n{GOOD}expires = '2026-05-31'\n[[allow]]\nsymbol = 'numpy.ndarray'\nreason = 'x'\n\
         [[deny]]\nsymbol = 'a.b'\nreason = 'x'"
    );
    let policy = parse(&text).unwrap().unwrap();
    let kinds = |matched: Option<&[u32]>| {
        let notes = policy.notes(matched.map(|items| items.iter().copied().collect()).as_ref());
        notes.iter().map(|note| (note.line, note.kind.name())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(None), [(1, "expired"), (5, "shadowed")]);
    assert_eq!(kinds(Some(&[])), [(1, "expired"), (5, "shadowed"), (8, "unmatched")]);
    assert_eq!(kinds(Some(&[2])).len(), 2);
    let holds = text.replace("2026-05-31", "2026-06-01");
    assert_eq!(parse(&holds).unwrap().unwrap().notes(None).len(), 1, "the last day counts");
}

/// The template is comments; what they hold is a policy, too.
#[test]
fn the_template_is_a_policy_with_comments_and_without() {
    assert!(problems(TEMPLATE).is_empty());
    let mut paragraphs = TEMPLATE.split("#\n").filter(|part| part.contains("[["));
    let opened = paragraphs
        .by_ref()
        .map(|part| part.lines().map(|line| line.trim_start_matches("# ")).collect::<Vec<_>>().join("\n"));
    let opened: String = opened.map(|part| part + "\n").collect();
    let used: Vec<_> = TABLES.iter().filter(|(name, _)| opened.contains(&format!("[[{name}]]"))).collect();
    assert_eq!(used.len(), TABLES.len());
    assert!(
        problems(
            &opened
                .replace("One symbol", "# One symbol")
                .replace("What is", "# What is")
                .replace("Findings", "# Findings")
        )
        .is_empty(),
        "{opened}"
    );
}

#[test]
fn the_schema_has_the_keys_of_the_reader_and_no_others() {
    let schema = schema();
    for (table, _) in TABLES {
        let item = &schema["properties"][table]["items"];
        let keys: Vec<&str> = item["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known: Vec<&str> = keys::of(table).map(|key| key.name).collect();
        known.sort_unstable();
        assert_eq!(keys, known);
        for name in keys {
            let found = problems(&format!("[[{table}]]\n{name} = 1.5"));
            assert!(!found.iter().any(|problem| problem.contains("has no key")), "{found:?}");
            assert!(found.iter().any(|problem| problem.starts_with("2:")), "{table} {name} takes a number: {found:?}");
        }
    }
}
