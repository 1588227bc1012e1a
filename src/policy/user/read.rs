//! From TOML to items, with everything that is wrong on the way.

use super::keys::{self, KEYS, Key, Kind, TABLES};
use super::problem::{Problem, Problems};
use super::scope::{Scope, patterns};
use super::{Accept, Allow, Day, Item, PathRules, User, What, is_symbol};
use crate::finding::Verdict;
use crate::limits::{LIMITS, amount};
use crate::policy::entry::{self, Answer, Entry};
use crate::policy::explain;
use crate::policy::shape::{Parser, Shape};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where in a file the policy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The whole file: `depickle.toml`.
    Whole,
    /// Its table `tool.depickle`: `pyproject.toml`.
    Tool,
}

/// What reading a policy takes besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// The file, as reports are to name it.
    pub file: &'c str,
    /// Where in it the policy stands.
    pub section: Section,
    /// The day on which it is used: items that have expired do not apply.
    pub today: Day,
    /// The identifiers of all rules.
    pub rules: &'c [&'c str],
}

/// The largest policy file that is read, in bytes.
const MAX_LEN: usize = 4 << 20;

/// Reads a policy; `None` where the section is not in the file.
pub(in crate::policy) fn read(text: &str, context: &Context<'_>) -> Result<Option<User>, Vec<Problem>> {
    let mut problems = Problems::new(text);
    if text.len() > MAX_LEN {
        problems.say(&(0..0), "the policy is larger than 4 MiB", "name fewer symbols, or split it by project");
        return Err(problems.finish());
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        problems.say(&at, format!("not TOML: {}", error.message()), "see https://toml.io for how it is written");
    }
    let table = match context.section {
        Section::Whole => Some(root.get_ref()),
        Section::Tool => {
            let tool = root.get_ref().get("tool").and_then(|tool| tool.get_ref().as_table());
            tool.and_then(|tool| tool.get("depickle")).and_then(|ours| ours.get_ref().as_table())
        }
    };
    let Some(table) = table else {
        return if problems.count() == 0 { Ok(None) } else { Err(problems.finish()) };
    };
    let mut reader = Reader { problems, context, items: Vec::new(), allowed: Vec::new(), named: Vec::new() };
    reader.tables(table);
    reader.agree();
    let Reader { mut items, problems, .. } = reader;
    if problems.count() > 0 {
        return Err(problems.finish());
    }
    items.sort_by_key(|item| item.line);
    Ok(Some(User { file: context.file.to_owned(), items }))
}

struct Reader<'t, 'c> {
    problems: Problems<'t>,
    context: &'c Context<'c>,
    items: Vec<Item>,
    /// Symbols that are allowed, where, and whether for every file; also those of items with something wrong in them.
    allowed: Vec<(Range<usize>, String, bool)>,
    /// Symbols that shapes name, and where.
    named: Vec<(Range<usize>, String)>,
}

/// The values of an item, by key.
type Values<'v, 't> = HashMap<&'static str, &'v Spanned<DeValue<'t>>>;

impl Reader<'_, '_> {
    fn tables(&mut self, root: &DeTable<'_>) {
        for (key, value) in root {
            let Some((table, _)) = TABLES.iter().find(|(name, _)| *name == key.get_ref().as_ref()) else {
                let names: Vec<_> = TABLES.iter().map(|(name, _)| format!("[[{name}]]")).collect();
                let help = format!("a policy holds {}", names.join(", "));
                self.problems.say(&key.span(), format!("the key `{}` is not known", key.get_ref()), help);
                continue;
            };
            let help = format!("write [[{table}]] above the keys of each item");
            let Some(items) = value.get_ref().as_array() else {
                self.problems.say(&key.span(), format!("`{table}` is not a list of items"), help);
                continue;
            };
            for item in items.iter() {
                match item.get_ref().as_table() {
                    Some(values) => self.item(table, &item.span(), values),
                    None => self.problems.say(&item.span(), "an item is not a table", help.clone()),
                }
            }
        }
    }

    fn item(&mut self, table: &'static str, at: &Range<usize>, given: &DeTable<'_>) {
        let before = self.problems.count();
        let mut values = Values::new();
        for (name, value) in given {
            match keys::of(table).find(|key| key.name == name.get_ref().as_ref()) {
                Some(key) => {
                    values.insert(key.name, value);
                }
                None => {
                    let names: Vec<_> = keys::of(table).map(|key| key.name).collect();
                    let help = format!("the keys of [[{table}]] are {}", names.join(", "));
                    self.problems.say(&name.span(), format!("[[{table}]] has no key `{}`", name.get_ref()), help);
                }
            }
        }
        for key in keys::of(table).filter(|key| key.required && !values.contains_key(key.name)) {
            self.problems.say(at, format!("[[{table}]] lacks the key `{}`", key.name), key.help);
        }
        let reason = self.text(&values, "reason").unwrap_or_default();
        let expires = self.day(&values);
        let files = self.texts(&values, "files").map(|texts| self.patterns(&values, &texts));
        let sha256 = self.texts(&values, "sha256").map(|texts| self.digests(&values, texts));
        let what = match table {
            "allow" => self.allow(&values),
            "deny" => self.symbol(&values).map(What::Deny),
            "accept" => self.accept(at, &values),
            _ => Some(What::Path(self.path(&values))),
        };
        let scope = Scope::new(files.flatten(), sha256);
        let Some(what) = what.filter(|_| self.problems.count() == before) else { return };
        let line = self.problems.position(at.start).0;
        let expired = expires.is_some_and(|day| day < self.context.today);
        self.items.push(Item { line, reason, expires, expired, scope, what });
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let help = KEYS.iter().find(|row| row.name == key).map_or("", |row| row.help);
        let what = format!("`{key}` is not {wanted} but {}", value.get_ref().type_str());
        self.problems.say(&value.span(), what, help);
    }

    fn text(&mut self, values: &Values<'_, '_>, key: &str) -> Option<String> {
        let value = values.get(key)?;
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                self.problems.say(&value.span(), format!("`{key}` is empty"), "say it, or leave the item out");
                None
            }
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong(key, value, "a text");
                None
            }
        }
    }

    fn texts(&mut self, values: &Values<'_, '_>, key: &str) -> Option<Vec<String>> {
        let value = values.get(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of texts");
            return None;
        };
        if items.is_empty() {
            self.problems.say(&value.span(), format!("`{key}` is empty"), "an item without the key is for every file");
        }
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.wrong(key, item, "a list of texts"),
            }
        }
        Some(texts)
    }

    fn patterns(&mut self, values: &Values<'_, '_>, texts: &[String]) -> Option<globset::GlobSet> {
        match patterns(texts) {
            Ok(set) => Some(set),
            Err((number, why)) => {
                let item = values.get("files").and_then(|value| value.get_ref().as_array()?.get(number));
                let at = item.map_or(0..0, Spanned::span);
                self.problems.say(&at, format!("not a pattern of paths: {why}"), "as in models/**/*.pkl");
                None
            }
        }
    }

    fn digests(&mut self, values: &Values<'_, '_>, texts: Vec<String>) -> Vec<String> {
        for (number, text) in texts.iter().enumerate() {
            if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let item = values.get("sha256").and_then(|value| value.get_ref().as_array()?.get(number));
                let help = "64 hexadecimal digits, as `depickle scan --hash --format json` and sha256sum print them";
                self.problems.say(&item.map_or(0..0, Spanned::span), "not a SHA-256 digest", help);
            }
        }
        texts.into_iter().map(|text| text.to_ascii_lowercase()).collect()
    }

    /// A day as a text, or as TOML writes days.
    fn day(&mut self, values: &Values<'_, '_>) -> Option<Day> {
        let value = values.get("expires")?;
        let date = value.get_ref().as_datetime().map(ToString::to_string);
        let day = date.as_deref().or(value.get_ref().as_str()).and_then(Day::parse);
        if day.is_none() {
            self.problems.say(&value.span(), "`expires` is not a day", "as in expires = \"2027-12-31\"");
        }
        day
    }

    fn symbol(&mut self, values: &Values<'_, '_>) -> Option<String> {
        let at = values.get("symbol")?.span();
        let symbol = self.text(values, "symbol")?;
        if is_symbol(&symbol) {
            return Some(symbol);
        }
        let help = "one name with its module, as in acme.models.Churn: no wildcards, no families";
        self.problems.say(&at, "not a symbol", help);
        None
    }

    fn allow(&mut self, values: &Values<'_, '_>) -> Option<What> {
        let mut clauses = Vec::new();
        for key in keys::of("allow") {
            let Some(value) = values.get(key.name) else { continue };
            match key.kind {
                Kind::Clause => {
                    let Some(text) = self.text(values, key.name) else { continue };
                    self.clause(key, &value.span(), &text);
                    clauses.push((key.name, text));
                }
                Kind::Flag => match value.get_ref().as_bool() {
                    Some(true) => clauses.push((key.name, String::new())),
                    Some(false) => {}
                    None => self.wrong(key.name, value, "true or false"),
                },
                _ => {}
            }
        }
        let symbol = self.symbol(values)?;
        let everywhere = !values.contains_key("files") && !values.contains_key("sha256");
        let at = values.get("symbol").map_or(0..0, |value| value.span());
        self.allowed.push((at, symbol.clone(), everywhere));
        Some(What::Allow(Allow { symbol, clauses }))
    }

    /// Reads one clause as that of a built-in entry, and refuses what only the built-in tables may say.
    fn clause(&mut self, key: &Key, at: &Range<usize>, text: &str) {
        const HELP: &str = "docs/policy.md says how shapes are written";
        let mut entry = Entry::default();
        let mut parser = Parser::new(text);
        let read = entry.clause(key.name, &mut parser);
        let end = parser.at_end();
        let place = self.problems.within(at, text, text.len().saturating_sub(parser.left()));
        match read {
            Err(error) => return self.problems.say(&place, format!("`{}`: {error}", key.name), HELP),
            Ok(()) if !end => {
                return self.problems.say(&place, format!("`{}`: more behind the shape", key.name), HELP);
            }
            Ok(()) => {}
        }
        let answer = [&entry.new, &entry.init, &entry.call].into_iter().flatten().next().map(|one| one.answer);
        let simple = [Answer::Fresh, Answer::Shared, Answer::Scalar, Answer::Instance];
        if answer.is_some_and(|answer| !simple.contains(&answer)) {
            let help = "a call answers fresh, shared, scalar or instance";
            self.problems.say(at, format!("`{}`: only built-in entries answer that", key.name), help);
        }
        let mut reserved = false;
        entry.each_shape(|shape| reserved |= matches!(shape, Shape::Rule(_) | Shape::Listed | Shape::Newable));
        if reserved {
            let help = "name the symbols themselves, with | between them";
            let what = format!("`{}`: listed, newable and rules (!...) are for built-in entries only", key.name);
            self.problems.say(at, what, help);
        }
        self.named.extend(entry.symbols().into_iter().map(|symbol| (at.clone(), symbol.to_owned())));
    }

    fn accept(&mut self, at: &Range<usize>, values: &Values<'_, '_>) -> Option<What> {
        if !["symbol", "files", "sha256"].iter().any(|key| values.contains_key(key)) {
            let help = "add at least one of symbol, files and sha256";
            self.problems.say(at, "accepts every finding of a rule in every file", help);
        }
        let symbol = self.symbol(values);
        let rule = self.text(values, "rule")?;
        if !self.context.rules.contains(&rule.as_str()) {
            let place = values.get("rule").map_or(at.clone(), |value| value.span());
            self.problems.say(&place, format!("no rule is called `{rule}`"), "docs/rules lists all rules");
        }
        Some(What::Accept(Accept { rule, symbol }))
    }

    fn path(&mut self, values: &Values<'_, '_>) -> PathRules {
        let mut rules = PathRules::default();
        if let Some(value) = values.get("fail-on") {
            let levels = [Verdict::Dangerous, Verdict::Suspicious, Verdict::Incomplete];
            rules.fail_on = levels.into_iter().find(|level| value.get_ref().as_str() == Some(level.name()));
            if rules.fail_on.is_none() {
                let help = "dangerous, suspicious or incomplete";
                self.problems.say(&value.span(), "`fail-on` is not a verdict", help);
            }
        }
        let Some(value) = values.get("limits") else { return rules };
        let Some(limits) = value.get_ref().as_table() else {
            self.wrong("limits", value, "a table");
            return rules;
        };
        for (name, value) in limits {
            let row = LIMITS.iter().find(|row| row.name == name.get_ref().as_ref());
            let number = value.get_ref().as_integer().map(|number| number.as_str().to_owned());
            let text = number.as_deref().or(value.get_ref().as_str()).and_then(amount);
            match (row, text) {
                (Some(row), Some(value)) => rules.limits.push((row.limit, value)),
                (None, _) => {
                    let help = "`depickle scan --limit help` lists them";
                    self.problems.say(&name.span(), format!("no limit is called `{}`", name.get_ref()), help);
                }
                (_, None) => {
                    let help = "a whole number, such as 1000000, or a text such as \"64K\", \"512M\" or \"8G\"";
                    self.problems.say(&value.span(), "not an amount", help);
                }
            }
        }
        rules
    }

    /// What concerns several items: symbols that shapes name, symbols that are allowed twice, symbols known to do harm.
    fn agree(&mut self) {
        let allowed: HashSet<&str> = self.allowed.iter().map(|(_, symbol, _)| symbol.as_str()).collect();
        let is_listed = |symbol: &str| allowed.contains(symbol) || entry::canonical(symbol).is_some();
        for (at, symbol) in &self.named {
            let what = format!("a shape names {symbol}");
            match entry::canonical(symbol) {
                Some(canonical) if canonical != symbol => {
                    self.problems.say(at, what, format!("that is another name for {canonical}: write that"));
                }
                None if !allowed.contains(symbol.as_str()) => {
                    self.problems.say(at, format!("{what}, which nothing allows"), "add an [[allow]] of that symbol");
                }
                _ => {}
            }
        }
        let mut first = HashMap::new();
        for (at, symbol, everywhere) in &self.allowed {
            if let Some(harm) = explain::harm_of_entry(symbol, is_listed) {
                let help = "nothing allows that. For one file that you have looked at, write an [[accept]] with the \
                            rule, the symbol and the sha256 of the file: the finding stays in the report";
                self.problems.say(at, format!("{symbol} is known to do harm: {}", harm.what), help);
            }
            if let Some(before) = first.insert(symbol, at.start).filter(|_| *everywhere) {
                let (line, _) = self.problems.position(before);
                self.problems.say(at, format!("{symbol} is allowed twice, first in line {line}"), "make them one item");
            }
        }
    }
}
