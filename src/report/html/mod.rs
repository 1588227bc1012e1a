//! `--format html`: one page without scripts, that loads nothing.
//!
//! Verdicts first; then each file with its findings, what it imports, who wrote it and, where the report carries it
//! ([`Glance`](crate::glance::Glance)), what it holds. Everything folds by `<details>`, so that it works from a keyboard
//! and in print. Text from a file goes through one function, [`markup`](super::text::markup).

mod contents;
mod environment;
mod histogram;
mod table;
mod treemap;

use super::text::{markup, place};
use super::{Report, counts, unanalysed};
use crate::escape::thousands;
use crate::finding::{Decision, FileReport, Finding, Level, Verdict};
use std::io::{self, Write};
use table::{Cell, table};

const STYLE: &str = include_str!("style.css");
/// Files told in full, files listed, findings and imports of one file: a page has to open at once.
const FILES: usize = 200;
const LISTED: usize = 5000;
const FINDINGS: usize = 100;
const IMPORTS: usize = 500;
/// Up to so many files are told unfolded.
const UNFOLDED: usize = 5;

/// Writes `report` as a page of HTML.
///
/// # Errors
/// Those of `out`.
pub fn html(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut files: Vec<&FileReport> = report.files.iter().collect();
    files.sort_by_cached_key(|file| std::cmp::Reverse(file.verdict()));
    let title = markup(&super::sentence(&report.summary()));
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    // Were a tag of a file ever to get through, it could neither run nor load anything.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>depickle: {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>")?;
    writeln!(out, "<a class=\"skip\" href=\"#files\">Skip to the files</a>\n<header>\n<h1>depickle</h1>")?;
    writeln!(out, "<p>{title}.</p>")?;
    summary(out, report)?;
    writeln!(out, "</header>\n<main id=\"files\">")?;
    list(out, &files)?;
    directories(out, report)?;
    for (number, file) in files.iter().enumerate().take(FILES) {
        section(out, number, file, files.len() <= UNFOLDED)?;
    }
    if files.len() > FILES {
        let more = thousands(files.len().saturating_sub(FILES) as u64);
        writeln!(out, "<p>{more} more files are listed above only; <code>--format json</code> has all of them.</p>")?;
    }
    let policy = report.tool.policy.file.as_deref().unwrap_or("the built-in policy");
    writeln!(out, "</main>\n<footer>\n<p>depickle {}, {}.", markup(report.tool.version), markup(policy))?;
    writeln!(out, "Nothing was loaded to write this. Clean is no word on whether a model is good.</p>")?;
    writeln!(out, "</footer>\n</body>\n</html>")
}

fn summary(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let sum = report.summary();
    writeln!(out, "<ul class=\"counts\">")?;
    for (count, verdict) in sum.by_verdict().into_iter().rev().filter(|(count, _)| *count > 0) {
        let name = verdict.name();
        writeln!(out, "<li class=\"badge {name}\">{} {name}</li>", thousands(count))?;
    }
    writeln!(out, "</ul>")?;
    if sum.not_pickle > 0 {
        writeln!(
            out,
            "<p class=\"soft\">Not listed: {} files that cannot hold a pickle.</p>",
            thousands(sum.not_pickle)
        )?;
    }
    Ok(())
}

/// Every file with its verdict, and a link to what is said of it.
fn list(out: &mut dyn Write, files: &[&FileReport]) -> io::Result<()> {
    if files.len() < 2 {
        return Ok(());
    }
    writeln!(
        out,
        "<details{}><summary>All files, the worst first</summary>",
        if files.len() < 100 { " open" } else { "" }
    )?;
    writeln!(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All files\"><table>")?;
    writeln!(out, "<thead><tr><th scope=\"col\">verdict</th><th scope=\"col\">file</th><th scope=\"col\">format</th>")?;
    writeln!(out, "<th scope=\"col\">bytes</th><th scope=\"col\">findings</th></tr></thead><tbody>")?;
    for (number, file) in files.iter().enumerate().take(LISTED) {
        let verdict = file.verdict().name();
        let path = markup(&file.path);
        let link = if number < FILES { format!("<a href=\"#file-{number}\">{path}</a>") } else { path };
        write!(out, "<tr><td class=\"{verdict}\">{verdict}</td><td><code>{link}</code></td>")?;
        write!(out, "<td>{}</td><td class=\"number\">{}</td>", markup(&file.format), thousands(file.size))?;
        writeln!(out, "<td class=\"number\">{}</td></tr>", super::open(file).count())?;
    }
    writeln!(out, "</tbody></table></div></details>")?;
    match files.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(out, "<p>... and {} more files</p>", thousands(more as u64)),
    }
}

fn directories(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let told: Vec<_> = report.directories.iter().filter(|it| it.findings.iter().any(counts)).collect();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Directories</h2>")?;
    for directory in told.iter().take(FILES) {
        writeln!(out, "<p><code>{}</code></p>", markup(&directory.path))?;
        findings(out, &directory.findings)?;
    }
    match told.len().saturating_sub(FILES) {
        0 => Ok(()),
        more => writeln!(out, "<p>... and {} more</p>", thousands(more as u64)),
    }
}

fn section(out: &mut dyn Write, number: usize, file: &FileReport, unfolded: bool) -> io::Result<()> {
    let verdict = file.verdict();
    let open = if unfolded || verdict > Verdict::Clean { " open" } else { "" };
    let name = verdict.name();
    writeln!(out, "<details class=\"file\" id=\"file-{number}\"{open}>")?;
    writeln!(
        out,
        "<summary><h2><span class=\"badge {name}\">{name}</span> <code>{}</code></h2></summary>",
        markup(&file.path)
    )?;
    writeln!(out, "<p class=\"soft\">{}, {} bytes", markup(&file.format), thousands(file.size))?;
    if let Some(sha256) = &file.sha256 {
        writeln!(out, ", SHA-256 <code>{}</code>", markup(sha256))?;
    }
    writeln!(out, "</p>")?;
    if let Some(why) = unanalysed(file) {
        writeln!(out, "<p><strong class=\"incomplete\">Not analysed as a whole:</strong> {}</p>", markup(why))?;
    }
    if !file.findings.is_empty() {
        writeln!(out, "<h3>Findings</h3>")?;
        findings(out, &file.findings)?;
    }
    environment::environment(out, &file.facts)?;
    if let Some(glance) = &file.glance {
        contents::contents(out, &format!("file-{number}"), glance)?;
    }
    imports(out, file)?;
    writeln!(out, "</details>")
}

fn findings(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    writeln!(out, "<ul class=\"findings\">")?;
    for finding in findings.iter().take(FINDINGS) {
        let level = match (&finding.accepted, finding.level) {
            (Some(_), _) => "accepted",
            (None, Level::Note) => "note",
            (None, level) => level.name(),
        };
        writeln!(out, "<li class=\"{level}\"><p><strong class=\"{level}\">{level}</strong>")?;
        writeln!(out, "<code>{}</code>: {}</p><dl>", markup(finding.rule), markup(&finding.message))?;
        let place = place(&finding.location, finding.count);
        let accepted = finding.accepted.as_ref().map(|accepted| {
            let until = accepted.expires.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
            format!("by {}: {}{until}", accepted.by, accepted.reason)
        });
        let rows = [
            ("at", place),
            ("why", finding.why.clone()),
            ("help", finding.help.clone()),
            ("by", finding.loaders.join(", ")),
            ("accepted", accepted.unwrap_or_default()),
        ];
        for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
            writeln!(out, "<dt>{name}</dt><dd>{}</dd>", markup(text))?;
        }
        writeln!(out, "</dl></li>")?;
    }
    writeln!(out, "</ul>")?;
    match findings.len().saturating_sub(FINDINGS) {
        0 => Ok(()),
        more => writeln!(out, "<p>... and {} more</p>", thousands(more as u64)),
    }
}

fn imports(out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
    if file.imports.is_empty() {
        return Ok(());
    }
    // What is not allowed is what one looks for.
    let mut imports: Vec<_> = file.imports.iter().collect();
    imports.sort_by_key(|import| import.decision == Decision::Allowed);
    writeln!(out, "<details><summary>Imports: {}</summary>", thousands(imports.len() as u64))?;
    table(
        out,
        "Every name that loading imports, those that are not allowed first",
        &["decision", "symbol", "used for", "allowed by", "times", "first at"],
        imports.iter().take(IMPORTS).map(|import| {
            let colour = match import.decision {
                Decision::Allowed => "clean",
                Decision::Dangerous => "dangerous",
                Decision::Unlisted | Decision::Denied | Decision::Unresolvable => "suspicious",
            };
            vec![
                Cell::Word(import.decision.name(), colour),
                Cell::Code(import.symbol.clone()),
                Cell::Text(import.uses.join(", ")),
                Cell::Code(import.entry.clone().unwrap_or_default()),
                Cell::Number(thousands(import.count)),
                Cell::Text(place(&import.location, 1)),
            ]
        }),
    )?;
    match imports.len().saturating_sub(IMPORTS) {
        0 => {}
        more => writeln!(out, "<p>... and {} more</p>", thousands(more as u64))?,
    }
    writeln!(out, "</details>")
}
