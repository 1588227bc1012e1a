//! What the documentation says of policies and rules.

use crate::page::{Page, root};
use depickle::policy::user::{Context, Day, KEYS, Section, TABLES, schema};
use depickle::policy::{Policy, user};
use depickle::rules::{RULES, Rule};

/// A table for each kind of item, with its keys.
pub(crate) fn keys() -> String {
    let table = |(name, help): &(&str, &str)| {
        let rows = KEYS.iter().filter(|key| key.table == *name).map(|key| {
            let required = if key.required { " (required)" } else { "" };
            format!("| `{}`{required} | {} |\n", key.name, key.help.replace('|', "\\|"))
        });
        format!("**`[[{name}]]`** {help}\n\n| key | |\n|---|---|\n{}", rows.collect::<String>())
    };
    TABLES.iter().map(table).collect::<Vec<_>>().join("\n")
}

/// Every block of TOML in a page is a policy; answers how many there are.
pub(crate) fn examples(page: &Page) -> usize {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let mut count = 0;
    for block in page.text.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let section = if text.contains("tool.depickle") { Section::Tool } else { Section::Whole };
        let context = Context { file: &page.name, section, today: Day::FIRST, rules: &rules };
        let policy = Policy::parse(text, &context);
        assert!(policy.as_ref().is_ok_and(Option::is_some), "{}: {text}\n{policy:#?}", page.name);
        count += 1;
    }
    count
}

/// Every file under `docs/` that is made from the library as a whole: its path and its content.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut files = vec![
        ("docs/policy.schema.json".to_owned(), serde_json::to_string_pretty(&schema()).unwrap() + "\n"),
        ("docs/rules/README.md".to_owned(), index()),
    ];
    files.extend(RULES.iter().map(|rule| (format!("docs/rules/{}.md", rule.id), rule_page(rule))));
    files
}

/// Compares files with what they are to be, or, where `BLESS` is set, writes them.
pub(crate) fn bless(files: &[(String, String)]) {
    let blessed = std::env::var_os("BLESS").is_some();
    for (name, content) in files {
        let path = root().join(name);
        if blessed {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
        }
        let is = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(is == *content, "{name} is not as it should be: BLESS=1 cargo test --test docs writes it anew");
    }
}

fn index() -> String {
    let head = "# Rules\n\nEach finding is of one of these rules. `depickle explain RULE` prints the same.\n\n\
                | rule | class | what it finds |\n|---|---|---|\n";
    RULES.iter().fold(head.to_owned(), |page, rule| {
        page + &format!("| [`{0}`]({0}.md) | {1} | {2} |\n", rule.id, rule.class.name(), rule.title)
    })
}

fn rule_page(rule: &Rule) -> String {
    format!(
        "# {}\n\n{}.\n\n{}\n\n**What to do.** {}\n\n| | |\n|---|---|\n| class | {} |\n| severity | {} |\n\
         | confidence | {} |\n\nTo accept a finding of it in a file that you have looked at, see \
         [the policy](../policy.md#accepting-findings). [All rules](README.md).\n",
        rule.id,
        capital(rule.title),
        rule.why,
        rule.help,
        rule.class.name(),
        rule.severity.name(),
        rule.confidence.name()
    )
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

/// The template of `policy init`.
pub(crate) fn template() -> String {
    format!("```toml\n{}```\n", user::TEMPLATE)
}
