//! `--format ndjson`: one line of JSON for each file, written as soon as it is known; for pipes and engines.
//!
//! `{"type":"run",..}`, then a line `file` or `directory` for each, one each for the user's `policy` and the `baseline`
//! if there is one, then `{"type":"summary",..}`. The last line says
//! that nothing is missing: a pipe that broke, or a run that was killed, has none. The rows are those of
//! [`json`](super::json()), with `type` in front.

use super::json::{BaselineRow, DirectoryRow, FileRow, PolicyRow, SummaryRow, ToolRow};
use super::{Report, Tool};
use crate::escape::json as value;
use crate::finding::FileReport;
use serde::Serialize;
use std::io::{self, Write};

/// Writes `report` line by line.
///
/// # Errors
/// Those of `out`.
pub fn ndjson(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut lines = Lines { out };
    lines.start(&report.tool)?;
    report.files.iter().try_for_each(|file| lines.file(file))?;
    lines.end(report)
}

/// The lines of a report, for who has the files one by one.
pub struct Lines<W> {
    /// Where they go.
    pub out: W,
}

#[derive(Serialize)]
struct Line<'a, T> {
    r#type: &'a str,
    #[serde(flatten)]
    row: T,
}

#[derive(Serialize)]
struct RunRow<'a> {
    schema: &'a str,
    tool: ToolRow<'a>,
}

impl<W: Write> Lines<W> {
    /// The first line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn start(&mut self, tool: &Tool) -> io::Result<()> {
        // Which items of a policy do nothing is known behind the last file.
        let mut tool = tool.clone();
        tool.policy.notes.clear();
        self.line("run", RunRow { schema: "depickle.scan/1", tool: ToolRow::from(&tool) })
    }

    /// The line of a file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn file(&mut self, file: &FileReport) -> io::Result<()> {
        self.line("file", FileRow::from(file))
    }

    /// The lines behind the last file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(&mut self, report: &Report) -> io::Result<()> {
        report.directories.iter().try_for_each(|directory| self.line("directory", DirectoryRow::from(directory)))?;
        if report.tool.policy.file.is_some() {
            self.line("policy", PolicyRow::from(&report.tool.policy))?;
        }
        report.baseline.iter().try_for_each(|baseline| self.line("baseline", BaselineRow::from(baseline)))?;
        self.line("summary", SummaryRow::from(report.summary()))
    }

    fn line(&mut self, name: &str, row: impl Serialize) -> io::Result<()> {
        value(&mut self.out, &Line { r#type: name, row })?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}
