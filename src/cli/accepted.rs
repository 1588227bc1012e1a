//! `--baseline` and `--write-baseline`: findings that somebody accepted.

use super::args::{BaselineArgs, ScanArgs};
use super::outputs::written;
use super::policy_file::DayArg;
use super::scan::CHECK_PATH;
use super::{Exit, message};
use crate::baseline::{Acceptance, Baseline, Stale};
use crate::error::{Error, ErrorKind, Result};
use crate::finding::FileReport;
use crate::input::{Source, display_name};
use crate::limits::Limits;
use crate::output;
use crate::policy::user::Day;
use std::path::Path;

/// What is accepted, and the day on which that is asked.
#[derive(Clone)]
pub(super) struct Accepting {
    read: Option<Baseline>,
    write: Option<Acceptance>,
    pub(super) today: Day,
}

impl Accepting {
    /// Reads the baseline. What is wrong with it was said where this fails.
    pub(super) fn new(args: &BaselineArgs, today: Day) -> std::result::Result<Self, Exit> {
        let read = match &args.read {
            None => None,
            // One that is about to be written need not be there yet.
            Some(path) if args.write.as_ref() == Some(path) && !path.exists() => None,
            Some(path) => Some(read(path).map_err(|error| trouble(path, &error))?),
        };
        let write = args.write.is_some().then(|| Acceptance {
            reason: args.reason.clone().unwrap_or_default(),
            author: args.author.clone(),
            expires: args.expires.map(|DayArg(day)| day),
        });
        if write.as_ref().is_some_and(|new| new.reason.trim().is_empty()) {
            message::error("--reason", "is empty", "say why the findings are accepted");
            return Err(Exit::Trouble);
        }
        Ok(Self { read, write, today })
    }

    /// Whether it takes the SHA-256 of this file.
    pub(super) fn needs_hash(&self, path: &str) -> bool {
        self.write.is_some() || self.read.as_ref().is_some_and(|baseline| baseline.names(path))
    }

    /// Accepts what is accepted of one file.
    pub(super) fn accept(&self, file: &mut FileReport) {
        if let Some(baseline) = &self.read {
            baseline.accept(file, self.today);
        }
    }

    /// Writes the baseline that was asked for, and accepts what is in it.
    pub(super) fn write(&self, args: &BaselineArgs, files: &mut [FileReport]) -> Exit {
        let (Some(new), Some(path)) = (&self.write, &args.write) else { return Exit::Success };
        let baseline = Baseline::of(&display_name(path), files, self.read.as_ref(), new);
        files.iter_mut().for_each(|file| baseline.accept(file, self.today));
        let result = output::replace(path, |out| out.write_all(baseline.text().as_bytes()));
        written(&display_name(path), result, Exit::Success)
    }

    /// Entries that accept nothing any more.
    pub(super) fn stale(&self, args: &ScanArgs, files: &[FileReport]) -> Vec<Stale> {
        let Some(baseline) = self.read.as_ref().filter(|_| self.write.is_none()) else { return Vec::new() };
        // A file that is gone was looked for where the directory that held it was walked, all of it.
        let walked = args.paths.iter().filter(|path| path.is_dir()).map(|path| display_name(path));
        let walked: Vec<String> =
            if args.include.is_empty() && args.exclude.is_empty() { walked.collect() } else { Vec::new() };
        let below = |path: &str| {
            let path = Path::new(path.trim_start_matches("./"));
            walked.iter().any(|root| path.starts_with(root.trim_start_matches("./").trim_start_matches('.')))
        };
        baseline.stale(files, self.today, below)
    }

    /// The baseline that was read.
    pub(super) fn name(&self) -> &str {
        self.read.as_ref().map_or("", |baseline| &baseline.name)
    }
}

fn read(path: &Path) -> Result<Baseline> {
    let source = Source::open(path, &Limits::default())?;
    Baseline::parse(&display_name(path), source.bytes())
}

fn trouble(path: &Path, error: &Error) -> Exit {
    let help = match error.kind() {
        ErrorKind::Io => CHECK_PATH,
        _ => "mend it, or have --write-baseline write a new one",
    };
    message::error(&display_name(path), &error.to_string(), help);
    Exit::Trouble
}
