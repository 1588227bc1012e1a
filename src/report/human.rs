//! `--format human`: one line for a clean file, a block for any other, the worst last, then a summary.

use super::{Report, Summary};
use crate::error::ErrorKind;
use crate::escape::escape;
use crate::finding::{Accepted, FileReport, Finding, Level, Location, Verdict};
use std::io::{self, Write};

/// Findings shown of one file, unless everything is asked for: a hostile file can hold millions.
const SHOWN: usize = 10;

/// What a piece of text is, so that the caller may colour it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A verdict, or the level of a finding.
    Verdict(Verdict),
    /// A level that changes no verdict: a note, an accepted finding.
    Muted,
    /// What is wrong.
    Message,
    /// `at:`, `why:`, `help:`.
    Label,
    /// Everything else.
    Text,
}

/// Colours a piece of text that is escaped already.
pub type Paint<'a> = &'a dyn Fn(Role, &str) -> String;

/// No colours.
pub fn plain(_: Role, text: &str) -> String {
    text.to_owned()
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Only files that are not clean.
    Quiet,
    /// Every file and what counts against it.
    Normal,
    /// Notes, accepted findings and readers, too, and every finding.
    Verbose,
}

/// Writes `report` for a person.
///
/// # Errors
/// Those of `out`.
pub fn human(out: &mut dyn Write, report: &Report, detail: Detail, paint: Paint<'_>) -> io::Result<()> {
    let mut human = Human { out, detail, paint, above: Above::Nothing };
    let mut files: Vec<&FileReport> = report.files.iter().collect();
    // The sort is stable: within a verdict the order of the report stays.
    files.sort_by_cached_key(|file| file.verdict());
    for directory in &report.directories {
        let worst = directory.findings.iter().map(|finding| Verdict::from(finding.level)).max();
        let shown = human.shown(&directory.findings);
        if !shown.is_empty() {
            human.block(worst.unwrap_or(Verdict::Clean), &directory.path, "directory", &shown)?;
        }
    }
    files.iter().try_for_each(|file| human.file(file))?;
    human.summary(report)
}

/// What stands above the next line, and so whether a blank one goes between.
#[derive(PartialEq)]
enum Above {
    Nothing,
    Line,
    Block,
}

struct Human<'a> {
    out: &'a mut dyn Write,
    detail: Detail,
    paint: Paint<'a>,
    above: Above,
}

impl Human<'_> {
    fn file(&mut self, file: &FileReport) -> io::Result<()> {
        let (verdict, shown) = (file.verdict(), self.shown(&file.findings));
        if verdict == Verdict::Clean && shown.is_empty() {
            if self.detail == Detail::Quiet {
                return Ok(());
            }
            if self.above == Above::Block {
                self.end_line()?;
            }
            self.above = Above::Line;
            return self.head(verdict, &file.path, &kind(file));
        }
        self.block(verdict, &file.path, &kind(file), &shown)?;
        if let Some(error) = &file.error {
            self.labelled("error:", &error.message)?;
            if error.kind == ErrorKind::Io.name() {
                self.labelled("help:", "check the path and the permissions")?;
            }
        } else if verdict == Verdict::Incomplete && shown.is_empty() {
            self.labelled("error:", "not all of it was analysed")?;
        }
        Ok(())
    }

    fn block(&mut self, verdict: Verdict, path: &str, kind: &str, findings: &[&Finding]) -> io::Result<()> {
        if self.above != Above::Nothing {
            self.end_line()?;
        }
        self.above = Above::Block;
        self.head(verdict, path, kind)?;
        let most = if self.detail == Detail::Verbose { usize::MAX } else { SHOWN };
        let mut rest = findings.iter().take(most).peekable();
        while let Some(finding) = rest.next() {
            self.finding(finding)?;
            // What is true of several findings in a row is said once, below the last of them.
            if !rest.peek().is_some_and(|next| advice(next) == advice(finding)) {
                self.advice(finding)?;
            }
        }
        match findings.len().saturating_sub(most) {
            0 => Ok(()),
            more => {
                self.put(Role::Label, &format!("  and {more} more, shown by -v and by --format json"))?;
                self.end_line()
            }
        }
    }

    /// The verdict in a column of its own, the path, and what the file is.
    fn head(&mut self, verdict: Verdict, path: &str, kind: &str) -> io::Result<()> {
        self.put(Role::Verdict(verdict), &format!("{:<10}", verdict.name()))?;
        self.put(Role::Text, "  ")?;
        self.put(Role::Text, path)?;
        self.put(Role::Label, &format!("  ({kind})"))?;
        self.end_line()
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let (role, level) = match (&finding.accepted, finding.level) {
            (Some(_), _) => (Role::Muted, "accepted"),
            (None, Level::Note) => (Role::Muted, finding.level.name()),
            (None, level) => (Role::Verdict(level.into()), level.name()),
        };
        self.put(Role::Text, "  ")?;
        self.put(role, &format!("{level}[{}]", finding.rule))?;
        self.put(Role::Text, ": ")?;
        self.put(Role::Message, &finding.message)?;
        self.end_line()?;
        self.labelled("at:", &place(&finding.location, finding.count))?;
        if self.detail == Detail::Verbose && !finding.loaders.is_empty() {
            self.labelled("by:", &finding.loaders.join(", "))?;
        }
        Ok(())
    }

    fn advice(&mut self, finding: &Finding) -> io::Result<()> {
        self.labelled("why:", &finding.why)?;
        match &finding.accepted {
            None => self.labelled("help:", &finding.help),
            Some(accepted) => {
                let until = accepted.expires.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
                self.labelled("accepted:", &format!("by {}: {}{until}", accepted.by, accepted.reason))
            }
        }
    }

    fn summary(&mut self, report: &Report) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        if self.above != Above::Nothing {
            self.end_line()?;
        }
        let sum = report.summary();
        self.put(Role::Message, &counted(sum.files, "file"))?;
        let mut before = ": ";
        for (count, verdict) in by_verdict(&sum).into_iter().filter(|(count, _)| *count > 0) {
            self.put(Role::Text, before)?;
            self.put(Role::Verdict(verdict), &format!("{count} {}", verdict.name()))?;
            before = ", ";
        }
        if sum.errors > 0 {
            self.put(Role::Text, &format!("; {} could not be read", sum.errors))?;
        }
        if sum.not_pickle > 0 {
            self.put(
                Role::Text,
                &format!("; {} that cannot hold a pickle, not listed", counted(sum.not_pickle, "file")),
            )?;
        }
        if sum.skipped > 0 {
            let what = format!("; {} of no known format skipped, not judged", counted(sum.skipped, "file"));
            self.put(Role::Text, &what)?;
        }
        let findings = report.files.iter().flat_map(|file| &file.findings);
        let findings = findings.chain(report.directories.iter().flat_map(|directory| &directory.findings));
        let notes = findings.filter(|finding| finding.level == Level::Note).count();
        if notes > 0 && self.detail < Detail::Verbose {
            self.put(Role::Text, &format!("; {}, shown by -v", counted(notes as u64, "note")))?;
        }
        self.end_line()
    }

    /// A line of a finding: a label in a column of its own, and text; nothing where there is no text.
    fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.put(Role::Label, &format!("    {label:<6} "))?;
        self.put(Role::Text, text)?;
        self.end_line()
    }

    fn shown<'f>(&self, findings: &'f [Finding]) -> Vec<&'f Finding> {
        findings.iter().filter(|finding| self.shows(finding)).collect()
    }

    fn shows(&self, finding: &Finding) -> bool {
        self.detail == Detail::Verbose || (finding.level > Level::Note && finding.accepted.is_none())
    }

    /// The one way out for text: escaped, then coloured.
    fn put(&mut self, role: Role, text: &str) -> io::Result<()> {
        self.out.write_all((self.paint)(role, &escape(text)).as_bytes())
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }
}

/// What the file is, and how much was accepted to call it what it is called.
fn kind(file: &FileReport) -> String {
    match file.findings.iter().filter(|finding| finding.accepted.is_some()).count() {
        0 => file.format.clone(),
        accepted => format!("{}, {} accepted", file.format, counted(accepted as u64, "finding")),
    }
}

/// What [`Human::advice`] says of a finding.
fn advice(finding: &Finding) -> (&str, &str, Option<&Accepted>) {
    (&finding.why, &finding.help, finding.accepted.as_ref())
}

fn by_verdict(sum: &Summary) -> [(u64, Verdict); 4] {
    [
        (sum.clean, Verdict::Clean),
        (sum.incomplete, Verdict::Incomplete),
        (sum.suspicious, Verdict::Suspicious),
        (sum.dangerous, Verdict::Dangerous),
    ]
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `root.steps[1][1].func (member data.pkl, stream 1, offset 34), first of 3`
fn place(at: &Location, count: u64) -> String {
    let mut parts = Vec::new();
    if !at.member.is_empty() {
        parts.push(format!("member {}", at.member));
    }
    if at.stream > 0 {
        parts.push(format!("stream {}", at.stream));
    }
    match (at.offset, at.file_offset) {
        (Some(offset), Some(in_file)) if offset != in_file => {
            parts.push(format!("offset {offset}, byte {in_file} of the file"));
        }
        (Some(offset), _) => parts.push(format!("offset {offset}")),
        (None, Some(in_file)) => parts.push(format!("byte {in_file} of the file")),
        (None, None) => {}
    }
    let mut text = match (&at.object_path, parts.join(", ")) {
        (None, bytes) => bytes,
        (Some(path), bytes) if bytes.is_empty() => path.clone(),
        (Some(path), bytes) => format!("{path} ({bytes})"),
    };
    if count > 1 {
        text.push_str(&format!(", first of {count}"));
    }
    text
}
