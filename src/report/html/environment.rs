//! Who wrote a file, what the model in it is, and what goes wrong elsewhere.

use super::super::about::{EVIDENCE, at, because, needs, telling};
use super::super::text::markup;
use super::table::{Cell, table};
use crate::facts::{Facts, Model, Values};
use std::io::{self, Write};

/// Names and values shown of a list.
const SHOWN: usize = 30;

/// Writes what a file says of itself.
///
/// # Errors
/// Those of `out`.
pub(super) fn environment(out: &mut dyn Write, facts: &Facts) -> io::Result<()> {
    for model in &facts.models {
        write_model(out, model)?;
    }
    if facts.components.is_empty() && facts.hazards.is_empty() && facts.packages.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>Environment</h3>")?;
    if !facts.components.is_empty() {
        table(
            out,
            "Who wrote the file, as far as it tells",
            &["what", "version", "certainty", "because"],
            facts.components.iter().map(|component| {
                let evidence: Vec<String> = telling(component).take(EVIDENCE).map(because).collect();
                vec![
                    Cell::Text(component.name.to_owned()),
                    Cell::Code(component.version()),
                    Cell::Text(component.certainty.name().to_owned()),
                    Cell::Text(evidence.join("; ")),
                ]
            }),
        )?;
    }
    if !facts.packages.is_empty() {
        writeln!(out, "<p>Needs: <code>{}</code></p>", markup(&needs(facts).join(", ")))?;
    }
    if !facts.hazards.is_empty() {
        writeln!(out, "<p>Elsewhere:</p><ul>")?;
        for hazard in &facts.hazards {
            let (kind, message, at) = (markup(hazard.kind), markup(&hazard.message), markup(&at(&hazard.place)));
            writeln!(out, "<li>{kind}: {message}{at}</li>")?;
        }
        writeln!(out, "</ul>")?;
    }
    Ok(())
}

fn write_model(out: &mut dyn Write, model: &Model) -> io::Result<()> {
    writeln!(out, "<h3>Model: <code>{}</code></h3><dl>", markup(&model.class))?;
    let mut row = |name: &str, text: &str| writeln!(out, "<dt>{name}</dt><dd>{}</dd>", markup(text));
    row("at", &model.path)?;
    for step in &model.steps {
        row("step", &format!("{}: {}", step.name, step.class))?;
    }
    if let Some((path, class)) = &model.estimator {
        row("predicts with", &format!("{class} at {path}"))?;
    }
    for (name, value) in [("n_features_in_", &model.n_features_in), ("n_outputs_", &model.n_outputs)] {
        if let Some(value) = value {
            row(name, value)?;
        }
    }
    for (name, values) in [("feature_names_in_", &model.feature_names_in), ("classes_", &model.classes)] {
        if let Some(values) = values {
            row(name, &listed(values))?;
        }
    }
    writeln!(out, "</dl>")?;
    if model.parameters.is_empty() {
        return Ok(());
    }
    writeln!(out, "<details><summary>Parameters: {}</summary>", model.parameters.len())?;
    let rows = model.parameters.iter().map(|(name, value)| vec![Cell::Code(name.clone()), Cell::Code(value.clone())]);
    table(out, "Parameters of the model", &["name", "value"], rows)?;
    writeln!(out, "</details>")
}

fn listed(values: &Values) -> String {
    let shown: Vec<&str> = values.items.iter().take(SHOWN).map(String::as_str).collect();
    match values.total.saturating_sub(shown.len() as u64) {
        0 => shown.join(", "),
        more => format!("{}, ... {more} more", shown.join(", ")),
    }
}
