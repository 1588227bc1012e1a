//! The facts of a file for a person, and as a `requirements.txt`.

use super::human::{Paint, Role};
use crate::escape::escape;
use crate::facts::{Certainty, Component, Evidence, Facts, Model, Place, Release, Values};
use crate::finding::{FileReport, Verdict};
use std::io::{self, Write};

/// How many values of a list are shown, and how many pieces of evidence for one version.
const SHOWN: usize = 12;
pub(super) const EVIDENCE: usize = 3;

/// Writes what is known of one file for a person.
///
/// # Errors
/// Those of `out`.
pub fn about(out: &mut dyn Write, file: &FileReport, paint: Paint<'_>) -> io::Result<()> {
    let facts = &file.facts;
    let verdict = file.verdict();
    let protocol = match facts.protocol {
        // Neither declares itself.
        Some(0) => ", protocol 0 or 1".to_owned(),
        Some(protocol) => format!(", protocol {protocol}"),
        None => String::new(),
    };
    writeln!(
        out,
        "{}: {}{protocol}, {} bytes, {}",
        paint(Role::Message, &escape(&file.path)),
        escape(&file.format),
        file.size,
        paint(Role::Verdict(verdict), verdict.name())
    )?;
    let label = |text: &str| paint(Role::Label, text);
    let contents = if facts.contents.is_empty() { "unknown: depickle scan says why" } else { &facts.contents };
    writeln!(out, "\n{} {}", label("contents:"), escape(contents))?;
    for model in &facts.models {
        write_model(out, model, &label)?;
    }
    if !facts.components.is_empty() {
        writeln!(out, "\n{}", label("written by"))?;
    }
    for component in &facts.components {
        let version = component.version();
        writeln!(out, "  {:<13} {:<18} {}", component.name, escape(&version), component.certainty.name())?;
        for evidence in telling(component).take(EVIDENCE) {
            writeln!(out, "    {} {}", label("because:"), because(evidence))?;
        }
    }
    if !facts.packages.is_empty() {
        writeln!(out, "\n{} {}", label("needs:"), needs(facts).join(", "))?;
    }
    if !facts.hazards.is_empty() {
        writeln!(out, "\n{}", label("elsewhere"))?;
    }
    for hazard in &facts.hazards {
        writeln!(out, "  {}: {}{}", hazard.kind, escape(&hazard.message), at(&hazard.place))?;
    }
    Ok(())
}

fn write_model(out: &mut dyn Write, model: &Model, label: &dyn Fn(&str) -> String) -> io::Result<()> {
    writeln!(out, "\n{} {}", label(&format!("{}:", escape(&model.path))), escape(&model.class))?;
    for step in &model.steps {
        writeln!(out, "  {} {}: {}", label("step"), escape(&step.name), escape(&step.class))?;
    }
    if let Some((path, class)) = &model.estimator {
        writeln!(out, "  {} {} at {}", label("predicts with"), escape(class), escape(path))?;
    }
    let single = [("n_features_in_", &model.n_features_in), ("n_outputs_", &model.n_outputs)];
    for (name, value) in single {
        if let Some(value) = value {
            writeln!(out, "  {} {}", label(name), escape(value))?;
        }
    }
    for (name, values) in [("feature_names_in_", &model.feature_names_in), ("classes_", &model.classes)] {
        if let Some(values) = values {
            writeln!(out, "  {} {}", label(name), escape(&listed(values)))?;
        }
    }
    // What is None is the default more often than not.
    let set: Vec<&(String, String)> = model.parameters.iter().filter(|(_, value)| value != "None").collect();
    let parameters: Vec<String> = set.iter().take(2 * SHOWN).map(|(name, value)| format!("{name}={value}")).collect();
    if !parameters.is_empty() {
        let more = if set.len() > parameters.len() { ", ..." } else { "" };
        writeln!(out, "  {} {}{more}", label("parameters"), escape(&parameters.join(", ")))?;
    }
    Ok(())
}

fn listed(values: &Values) -> String {
    let items: Vec<&str> = values.items.iter().take(SHOWN).map(String::as_str).collect();
    let more = values.total.saturating_sub(items.len() as u64);
    match (items.is_empty(), more) {
        (true, more) => format!("({more} values)"),
        (false, 0) => items.join(", "),
        (false, more) => format!("{}, ... {more} more", items.join(", ")),
    }
}

/// The evidence that the answer rests on, the surest first: versions that are written out, else what sets a bound.
pub(super) fn telling(component: &Component) -> impl Iterator<Item = &Evidence> {
    let range = component.range;
    let tells = |evidence: &&Evidence| match component.exact.is_empty() {
        false => evidence.exact.is_some(),
        true => {
            let low = range.low.is_some() && evidence.range.low == range.low;
            let below = range.below.is_some() && evidence.range.below == range.below;
            low || below || evidence.certainty == Certainty::Guess
        }
    };
    let mut evidence: Vec<&Evidence> = component.evidence.iter().filter(tells).collect();
    evidence.sort_by_key(|evidence| std::cmp::Reverse(evidence.certainty));
    evidence.into_iter()
}

pub(super) fn because(evidence: &Evidence) -> String {
    let version = match &evidence.exact {
        Some(version) => format!(" {version}"),
        None if evidence.what.contains(&evidence.range.to_string()) => String::new(),
        None => format!(" ({})", evidence.range),
    };
    let times = if evidence.count > 1 { format!(", {} times", evidence.count) } else { String::new() };
    format!("{}{}{}{times}", escape(&evidence.what), escape(&version), at(&evidence.place))
}

/// ` at root.x (offset 12)`
pub(super) fn at(place: &Place) -> String {
    match (&place.path, place.offset) {
        (Some(path), _) => format!(" at {}", escape(path)),
        (None, Some(offset)) => format!(" at offset {offset}"),
        (None, None) => String::new(),
    }
}

pub(super) fn needs(facts: &Facts) -> Vec<String> {
    let mut needs: Vec<String> = Vec::new();
    for package in &facts.packages {
        let name = match package.distribution {
            Some(distribution) => distribution.to_owned(),
            None => format!("{} (unknown package)", escape(&package.module)),
        };
        if !needs.contains(&name) {
            needs.push(name);
        }
    }
    needs
}

/// Writes a `requirements.txt`: a version is pinned only where it is written out and certain; a package that is not
/// known is a comment, so that nothing is installed because a file names it.
///
/// # Errors
/// Those of `out`.
pub fn requirements(out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
    let facts = &file.facts;
    writeln!(out, "# What {} says it needs (depickle about).", escape(&file.path))?;
    if file.verdict() != Verdict::Clean {
        let verdict = file.verdict().name();
        writeln!(out, "# depickle scan says {verdict}: look at its findings before you install or load anything.")?;
    }
    let component = |name: &str| facts.components.iter().find(|component| component.name == name);
    if let Some(python) = component("Python") {
        writeln!(out, "# {}", why("Python", python))?;
    }
    let mut done = Vec::new();
    for package in &facts.packages {
        let Some(distribution) = package.distribution else {
            let (module, symbol) = (escape(&package.module), escape(&package.symbol));
            writeln!(out, "# {module}: which package has {symbol} is not known{}", at(&package.place))?;
            continue;
        };
        if done.contains(&distribution) {
            continue;
        }
        done.push(distribution);
        match component(distribution) {
            None => writeln!(out, "{distribution}")?,
            Some(component) => {
                writeln!(out, "{distribution}{}  # {}", pin(component), why("", component))?;
            }
        }
    }
    Ok(())
}

/// What stands behind the name: `==1.2.2`, `>=1.17,<2.0`, nothing.
fn pin(component: &Component) -> String {
    let sure = component.certainty > Certainty::Guess;
    match component.exact.first() {
        Some(version) if component.certainty == Certainty::Certain && is_version(version) => format!("=={version}"),
        None if sure && !component.range.is_all() => component.range.to_string(),
        _ => String::new(),
    }
}

/// Whether a version from a file may stand in a requirement.
fn is_version(text: &str) -> bool {
    let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '+' | '-' | '_');
    text.starts_with(|char: char| char.is_ascii_digit())
        && text.len() <= 40
        && text.chars().all(allowed)
        && Release::parse(text).is_some()
}

fn why(name: &str, component: &Component) -> String {
    let space = if name.is_empty() { "" } else { " " };
    let version = if name.is_empty() { String::new() } else { component.version() };
    let evidence: Vec<String> = telling(component).take(EVIDENCE).map(because).collect();
    format!("{name}{space}{}{space}{}: {}", escape(&version), component.certainty.name(), evidence.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_may_be_pinned() {
        for good in ["1.2.2", "0.24.dev0", "1.3.0rc1", "1.2.2+cpu"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "1.2 --index-url x", "1.2\nevil", "v1", "1;x", "1 # x"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
