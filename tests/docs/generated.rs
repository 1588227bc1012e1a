//! Blocks that the library writes.
//!
//! A page holds `<!-- generated: NAME -->`, the block, `<!-- end -->`.

use crate::bars;
use crate::compared;
use crate::page::Page;
use crate::policies;
use crate::readers;
use crate::trace::Trace;
use depickle::rules::RULES;

type Writer = fn() -> String;

/// Every block, by name.
const BLOCKS: &[(&str, Writer)] = &[
    ("array-container", || text(&Trace::array().container())),
    ("array-effects", || text(&Trace::array().effects())),
    ("array-hex", || text(&Trace::array().hex())),
    ("array-human", || text(&Trace::array().human())),
    ("array-judged", || text(&Trace::array().judged())),
    ("array-loader", || text(&Trace::array().loader())),
    ("array-opcodes", || text(&Trace::array().opcodes(12))),
    ("array-values", || text(&Trace::array().values())),
    ("bars", bars::long),
    ("bars-in-short", bars::short),
    ("compared", compared::table),
    ("divergences", readers::divergences),
    ("loaders", readers::loaders),
    ("malicious-container", || text(&Trace::malicious().container())),
    ("malicious-effects", || text(&Trace::malicious().effects())),
    ("malicious-finding", || fenced("json", &Trace::malicious().finding())),
    ("malicious-hex", || text(&Trace::malicious().hex())),
    ("malicious-human", || text(&Trace::malicious().human())),
    ("malicious-json", || fenced("json", &Trace::malicious().json())),
    ("malicious-judged", || text(&Trace::malicious().judged())),
    ("malicious-loader", || text(&Trace::malicious().loader())),
    ("malicious-opcodes", || text(&Trace::malicious().opcodes(usize::MAX))),
    ("malicious-values", || text(&Trace::malicious().values())),
    ("policy-keys", policies::keys),
    ("policy-template", policies::template),
    ("readers", readers::readers),
    ("recorded", readers::recorded),
    ("rules", rules),
];

/// The page with every block written anew, and how many there are; adds their names to `names`.
pub(crate) fn blocks(page: &Page, names: &mut Vec<String>) -> (String, usize) {
    let mut fresh = String::new();
    let mut parts = page.text.split("<!-- generated: ");
    fresh.push_str(parts.next().unwrap());
    let mut count = 0;
    for part in parts {
        let (name, rest) = part.split_once(" -->\n").unwrap();
        let (_, rest) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{name} has no end"));
        let (_, write) = BLOCKS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no block {name}"));
        fresh.push_str(&format!("<!-- generated: {name} -->\n{}<!-- end -->{rest}", write()));
        names.push(name.to_owned());
        count += 1;
    }
    (fresh, count)
}

pub(crate) fn sorted_names() -> Vec<&'static str> {
    BLOCKS.iter().map(|(name, _)| *name).collect()
}

fn text(content: &str) -> String {
    fenced("text", content)
}

fn fenced(language: &str, content: &str) -> String {
    format!("```{language}\n{content}```\n")
}

/// Every rule, as a table.
fn rules() -> String {
    let head = "| rule | class | what it finds | why it matters | what to do |\n|---|---|---|---|---|\n".to_owned();
    RULES.iter().fold(head, |table, rule| {
        table + &format!("| `{}` | {} | {} | {} | {} |\n", rule.id, rule.class.name(), rule.title, rule.why, rule.help)
    })
}
