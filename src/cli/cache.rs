//! `--cache DIR`: reports of files that did not change since they were scanned.
//!
//! An entry is named by the SHA-256 of everything that a report depends on: the bytes of the file, the program, the policy
//! and its day, the limits and flags, and the path where the policy may ask for it. So no entry is ever out of date; one that
//! does not hold what its own digest says is not believed, and the file is scanned. Files that made the scan look at others
//! beside them are not kept: those may change while they do not.

use super::args::ScanArgs;
use super::policy_file::Loaded;
use super::{Exit, message};
use crate::escape::is_plain;
use crate::finding::{FileReport, hex};
use crate::input::{Source, display_name, stamp};
use crate::limits::{Limit, Limits};
use crate::output;
use crate::policy::user::Day;
use crate::rules;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// A larger entry is neither written nor read.
const LARGEST: u64 = 64 << 20;

/// Where entries are, and what they all have in common.
pub(super) struct Cache {
    dir: PathBuf,
    /// Everything but the file.
    base: Sha256,
    /// Whether a report depends on the file's path.
    by_path: bool,
}

/// What an entry holds behind its digest.
#[derive(Serialize, Deserialize)]
struct Entry<R> {
    key: String,
    report: R,
}

impl Cache {
    /// The cache in a directory, which is made if it is not there. What is wrong with it was said where this fails.
    pub(super) fn open(
        dir: &Path,
        policy: &Loaded,
        limits: &Limits,
        args: &ScanArgs,
        today: Day,
    ) -> Result<Self, Exit> {
        let trouble = |what: &str, help: &str| {
            message::error(&display_name(dir), what, help);
            Exit::Trouble
        };
        output::directory(dir).map_err(|error| trouble(&error.to_string(), "name a directory, or one to be made"))?;
        // Versions say little of a program that is being worked on.
        let program = std::env::current_exe().ok().and_then(|path| stamp(&path));
        let program = program.ok_or_else(|| trouble("depickle cannot find itself", "scan without --cache"))?;
        let policy_and_day = policy.file.as_ref().map(|file| (file, today));
        let about = (env!("CARGO_PKG_VERSION"), program, policy_and_day, limits, args.why);
        let base = Sha256::new_with_prefix(format!("{about:?}"));
        Ok(Self { dir: dir.to_owned(), base, by_path: policy.file.is_some() })
    }

    /// The report of a file: the one that is kept, or that of `scan`, which is kept from then on.
    pub(super) fn report(&self, source: &Source<'_>, scan: impl FnOnce() -> FileReport) -> FileReport {
        if !source.path().is_some_and(Path::is_file) {
            return scan();
        }
        let digest = source.sha256();
        let mut key = self.base.clone();
        key.update(digest);
        if self.by_path {
            key.update(source.name());
        }
        let key = hex(&key.finalize());
        let place = self.dir.join(format!("{key}.json"));
        let known = read(&place, &key);
        let report = known.unwrap_or_else(|| {
            let report = scan();
            let made_of_this_alone = !source.looked_beside() && report.companions.is_empty() && !source.changed();
            if made_of_this_alone && may_be_kept(&report) {
                write(&place, &key, &report);
            }
            report
        });
        FileReport { path: source.name().to_owned(), sha256: Some(hex(&digest)), ..report }
    }
}

/// Whether a report says what it would say again.
fn may_be_kept(report: &FileReport) -> bool {
    let once = |rule| rule == rules::internal_error::RULE.id || rule == rules::file_changed::RULE.id;
    report.error.is_none() && !report.findings.iter().any(|finding| once(finding.rule))
}

/// The report of an entry; `None` where there is none that can be believed.
fn read(place: &Path, key: &str) -> Option<FileReport> {
    if place.symlink_metadata().is_ok_and(|about| !about.is_file() || about.len() > LARGEST) {
        return None;
    }
    let source = Source::open(place, &Limits::default().with(Limit::Retained, LARGEST)).ok()?;
    let (digest, body) = std::str::from_utf8(source.bytes()).ok()?.split_once('\n')?;
    if digest != hex(&Sha256::digest(body)) {
        return None;
    }
    let entry: Entry<FileReport> = serde_json::from_str(body).ok()?;
    (entry.key == key && is_plain_text(&entry.report)).then_some(entry.report)
}

/// Whether those texts of a report that are escaped when it is made are so.
fn is_plain_text(report: &FileReport) -> bool {
    let plain = |text: &String| text.chars().all(is_plain);
    let findings = report.findings.iter();
    plain(&report.format)
        && report.error.is_none()
        && findings.flat_map(|it| [&it.message, &it.why, &it.help].into_iter().chain(&it.symbol)).all(plain)
}

/// Writes an entry, all of it or nothing. One that cannot be written costs time, and nothing else.
fn write(place: &Path, key: &str, report: &FileReport) {
    let Ok(body) = serde_json::to_string(&Entry { key: key.to_owned(), report }) else { return };
    if body.len() as u64 >= LARGEST / 2 {
        return;
    }
    let digest = hex(&Sha256::digest(&body));
    let _ = output::replace(place, |out| write!(out, "{digest}\n{body}"));
}
