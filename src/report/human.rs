//! `--format human`: one line for a clean file, a block for any other, the worst last, then a summary.

use super::text::{place, shown};
use super::{PolicyInfo, Report, counted, counts};
use crate::error::ErrorKind;
use crate::finding::{FileReport, Finding, Level, Verdict};
use std::collections::HashMap;
use std::io::{self, Write};

/// How many runs of bytes of a file are listed.
const MAPPED: usize = 64;

/// Findings shown of one file, unless everything is asked for: a hostile file can hold millions.
const SHOWN: usize = 10;
/// The least width that is wrapped at, and the column of texts behind labels.
const NARROW: usize = 40;
const INDENT: usize = 11;

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
    /// Hashes, streams and imports with the entries that allow them, too.
    Everything,
}

/// Where a report is shown, and how much of it.
#[derive(Clone, Copy)]
pub struct Screen<'a> {
    /// How much is said.
    pub detail: Detail,
    /// Columns; texts are wrapped there. `None` wraps nothing.
    pub width: Option<usize>,
    /// Colours.
    pub paint: Paint<'a>,
}

impl Screen<'static> {
    /// No colours, nothing wrapped.
    pub fn plain(detail: Detail) -> Self {
        Self { detail, width: None, paint: &plain }
    }
}

/// Writes `report` for a person.
///
/// # Errors
/// Those of `out`.
pub fn human(out: &mut dyn Write, report: &Report, screen: &Screen<'_>) -> io::Result<()> {
    let Screen { detail, width, paint } = *screen;
    let width = width.map_or(usize::MAX, |width| width.max(NARROW));
    let mut human = Human { out, detail, width, paint, above: Above::Nothing, said: 0, last: HashMap::new() };
    let mut files: Vec<&FileReport> = report.files.iter().collect();
    // The sort is stable: within a verdict the order of the report stays.
    files.sort_by_cached_key(|file| file.verdict());
    let all = report.directories.iter().map(|directory| &directory.findings);
    let all: Vec<&Finding> =
        all.chain(files.iter().map(|file| &file.findings)).flat_map(|findings| human.told(findings)).collect();
    human.last = all.iter().enumerate().map(|(number, finding)| (advice(finding), number)).collect();
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
    width: usize,
    paint: Paint<'a>,
    above: Above,
    /// How many findings were told, and the number of the last one for which a hint is good.
    said: usize,
    last: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> Human<'a> {
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
            self.head(verdict, &file.path, &kind(file))?;
            self.grounds(file)?;
            self.map(file)?;
            return self.everything(file);
        }
        self.block(verdict, &file.path, &kind(file), &shown)?;
        if verdict == Verdict::Clean {
            self.grounds(file)?;
        }
        if let Some(error) = &file.error {
            self.labelled("error:", &error.message)?;
            if error.kind == ErrorKind::Io.name() {
                self.labelled("help:", "check the path and the permissions")?;
            }
        } else if verdict == Verdict::Incomplete && shown.is_empty() {
            self.labelled("error:", "not all of it was analysed")?;
        }
        self.map(file)?;
        self.everything(file)
    }

    /// What only those want to see who ask for everything.
    fn everything(&mut self, file: &FileReport) -> io::Result<()> {
        if self.detail < Detail::Everything {
            return Ok(());
        }
        self.labelled("size:", &format!("{} bytes", file.size))?;
        self.labelled("sha256:", file.sha256.as_deref().unwrap_or_default())?;
        for loader in &file.loaders {
            let at = loader.offset.map_or_else(String::new, |offset| format!(" at offset {offset}"));
            self.labelled(
                "reader:",
                &format!("{} {}{at}", loader.name, if loader.loads { "loads" } else { "refuses" }),
            )?;
        }
        for stream in &file.streams {
            let what = format!("protocol {}, {} opcodes", stream.protocol, stream.opcodes);
            self.labelled("stream:", &format!("{what}, {}", place(&stream.location, 1)))?;
        }
        for import in &file.imports {
            let uses = import.uses.join(", ");
            self.labelled("import:", &format!("{} {} ({uses})", import.decision.name(), import.symbol))?;
        }
        Ok(())
    }

    /// What the bytes of the file are, where there is more than one thing.
    fn map(&mut self, file: &FileReport) -> io::Result<()> {
        if self.detail < Detail::Verbose || file.regions.len() < 2 {
            return Ok(());
        }
        for (number, region) in file.regions.iter().take(MAPPED).enumerate() {
            let at = &region.location;
            let (begin, whose) = match (at.file_offset, at.member.as_str()) {
                (Some(begin), "") => (begin, String::new()),
                (Some(begin), member) => (begin, format!(" of {member}")),
                (None, "") => (at.offset.unwrap_or(0), " of what is inflated".to_owned()),
                (None, member) => (at.offset.unwrap_or(0), format!(" of {member}, inflated")),
            };
            let end = begin.saturating_add(at.length.unwrap_or(0));
            let label = if number == 0 { "map:" } else { " " };
            self.labelled(label, &format!("{begin}..{end} {}{whose}", region.kind))?;
        }
        match file.regions.len().saturating_sub(MAPPED) {
            0 => Ok(()),
            more => self.labelled(" ", &format!("and {more} more")),
        }
    }

    /// The entries that a clean verdict rests on, where they were asked for.
    fn grounds(&mut self, file: &FileReport) -> io::Result<()> {
        for ground in file.grounds.iter().flatten() {
            self.put(Role::Label, "  rests on ")?;
            self.put(Role::Text, &ground.entry)?;
            self.put(Role::Label, &format!(" ({})", ground.uses.join(", ")))?;
            let by = ground.by.as_ref().map_or_else(String::new, |by| format!("{by}: "));
            if !by.is_empty() || !ground.reason.is_empty() {
                self.put(Role::Text, &format!(": {by}{}", ground.reason))?;
            }
            self.end_line()?;
        }
        Ok(())
    }

    fn block(&mut self, verdict: Verdict, path: &str, kind: &str, findings: &[&Finding]) -> io::Result<()> {
        if self.above != Above::Nothing {
            self.end_line()?;
        }
        self.above = Above::Block;
        self.head(verdict, path, kind)?;
        let told = self.told_of(findings).len();
        let mut rest = findings.iter().take(told).peekable();
        while let Some(finding) = rest.next() {
            self.finding(finding)?;
            // A hint is given once: with all details below the last finding in a row that it is good for, else below
            // the last of the report, which is nearest to where one reads.
            let next = rest.peek().is_some_and(|next| advice(next) == advice(finding));
            let later = self.last.get(&advice(finding)).is_some_and(|&last| last > self.said);
            if !(next || later && self.detail < Detail::Verbose) {
                self.advice(finding)?;
            }
            self.said = self.said.saturating_add(1);
        }
        match findings.len().saturating_sub(told) {
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
        let head = format!("{level}[{}]", finding.rule);
        self.put(role, &head)?;
        self.put(Role::Text, ": ")?;
        self.wrapped(Role::Message, &finding.message, head.len().saturating_add(4), 4)?;
        self.labelled("at:", &place(&finding.location, finding.count))?;
        if self.detail >= Detail::Verbose && !finding.loaders.is_empty() {
            self.labelled("by:", &finding.loaders.join(", "))?;
        }
        let Some(accepted) = &finding.accepted else { return Ok(()) };
        let until = accepted.expires.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
        self.labelled("accepted:", &format!("by {}: {}{until}", accepted.by, accepted.reason))
    }

    fn advice(&mut self, finding: &Finding) -> io::Result<()> {
        self.labelled("why:", &finding.why)?;
        // What was accepted needs no more help.
        if finding.accepted.is_some() { Ok(()) } else { self.labelled("help:", &finding.help) }
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
        for (count, verdict) in sum.by_verdict().into_iter().filter(|(count, _)| *count > 0) {
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
        if sum.left_out > 0 {
            self.put(Role::Text, &format!("; {} left out by --include or --exclude", sum.left_out))?;
        }
        let findings = report.files.iter().flat_map(|file| &file.findings);
        let findings = findings.chain(report.directories.iter().flat_map(|directory| &directory.findings));
        let notes = findings.filter(|finding| finding.level == Level::Note).count();
        if notes > 0 && self.detail < Detail::Verbose {
            self.put(Role::Text, &format!("; {}, shown by -v", counted(notes as u64, "note")))?;
        }
        self.end_line()?;
        self.policy(&report.tool.policy)
    }

    /// The user's policy, and those of its items that do nothing.
    fn policy(&mut self, policy: &PolicyInfo) -> io::Result<()> {
        let Some(file) = &policy.file else { return Ok(()) };
        self.put(Role::Label, &format!("policy: {file}"))?;
        self.end_line()?;
        for note in &policy.notes {
            self.put(Role::Label, &format!("  note: {file}:{}: ", note.line))?;
            self.put(Role::Text, &note.message)?;
            self.end_line()?;
        }
        Ok(())
    }

    /// A line of a finding: a label in a column of its own, and text; nothing where there is no text.
    fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let label = format!("    {label:<6} ");
        self.put(Role::Label, &label)?;
        self.wrapped(Role::Text, text, label.len(), INDENT)
    }

    /// Text that begins in column `at`, to the end of its line; wrapped lines begin in column `indent`.
    fn wrapped(&mut self, role: Role, text: &str, at: usize, indent: usize) -> io::Result<()> {
        let text = shown(text);
        let mut column = at;
        let mut line = String::new();
        for word in text.split(' ') {
            let space = usize::from(column > at || !line.is_empty());
            if !line.is_empty() && column.saturating_add(space).saturating_add(word.len()) > self.width {
                self.put(role, &line)?;
                self.end_line()?;
                self.out.write_all(" ".repeat(indent).as_bytes())?;
                (line, column) = (word.to_owned(), indent.saturating_add(word.len()));
                continue;
            }
            if space == 1 {
                line.push(' ');
            }
            line.push_str(word);
            column = column.saturating_add(space).saturating_add(word.len());
        }
        self.put(role, &line)?;
        self.end_line()
    }

    /// The findings of a file that are told one by one.
    fn told<'f>(&self, findings: &'f [Finding]) -> Vec<&'f Finding> {
        let mut shown = self.shown(findings);
        shown.truncate(self.told_of(&shown).len());
        shown
    }

    fn told_of<'s, 'f>(&self, shown: &'s [&'f Finding]) -> &'s [&'f Finding] {
        let most = if self.detail >= Detail::Verbose { usize::MAX } else { SHOWN };
        shown.get(..most).unwrap_or(shown)
    }

    fn shown<'f>(&self, findings: &'f [Finding]) -> Vec<&'f Finding> {
        findings.iter().filter(|finding| self.shows(finding)).collect()
    }

    fn shows(&self, finding: &Finding) -> bool {
        self.detail >= Detail::Verbose || counts(finding)
    }

    /// The one way out for text: escaped, then coloured.
    fn put(&mut self, role: Role, text: &str) -> io::Result<()> {
        self.out.write_all((self.paint)(role, &shown(text)).as_bytes())
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
fn advice(finding: &Finding) -> (&str, &str) {
    (&finding.why, &finding.help)
}
