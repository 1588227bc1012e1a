//! Findings that somebody accepted: a file of them, applied to reports, and written from one.
//!
//! An entry accepts one finding of one file: path, rule and fingerprint have to match, and the bytes of the file (and of
//! the companions it names) have to be those that were looked at. Without `sha256` the bytes may change, but then no
//! dangerous finding is accepted: its message may be cut, so the same words can stand for another command. What was not
//! analysed cannot be accepted at all.

use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Accepted, FileReport, Finding, Level};
use crate::policy::user::Day;
use serde::{Deserialize, Serialize};

const SCHEMA: &str = "depickle.baseline/1";

/// Accepted findings, as they stand in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The name of the file, for reports.
    pub name: String,
    /// The findings.
    pub entries: Vec<Entry>,
}

/// An accepted finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, as it is called in reports.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// [`Finding::fingerprint`]
    pub fingerprint: String,
    /// What the finding says, for people.
    pub message: String,
    /// SHA-256 of the file, then of its companions, in hexadecimal; empty for any.
    #[serde(default)]
    pub sha256: Vec<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepted it.
    #[serde(default)]
    pub author: Option<String>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    #[serde(default)]
    pub expires: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    accepted: Vec<Entry>,
}

/// Why what is accepted now is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Why; not empty.
    pub reason: String,
    /// Who.
    pub author: Option<String>,
    /// The last day on which it is.
    pub expires: Option<Day>,
}

/// An entry that accepts nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The file.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// The fingerprint.
    pub fingerprint: String,
    /// Why it accepts nothing.
    pub why: &'static str,
}

impl Baseline {
    /// Reads the file called `name`.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] where it is no baseline; the message says where and why.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self> {
        let wrong = |what: String| Error::new(ErrorKind::Malformed, what);
        let document: Document = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if document.schema != SCHEMA {
            return Err(wrong(format!("the schema is not {SCHEMA}")));
        }
        for (number, entry) in document.accepted.iter().enumerate() {
            let place = format!("entry {} ({})", number.saturating_add(1), entry.fingerprint);
            if entry.reason.trim().is_empty() {
                return Err(wrong(format!("{place} gives no reason")));
            }
            if entry.expires.as_deref().is_some_and(|day| Day::parse(day).is_none()) {
                return Err(wrong(format!("{place} expires on no day: YYYY-MM-DD is one")));
            }
        }
        Ok(Self { name: name.to_owned(), entries: document.accepted })
    }

    /// The file's text, one line for each entry.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.entries.iter().filter_map(|entry| serde_json::to_string(entry).ok()).collect();
        let rows = if lines.is_empty() { String::new() } else { format!("\n{}\n", lines.join(",\n")) };
        format!("{{\"schema\":\"{SCHEMA}\",\"accepted\":[{rows}]}}\n")
    }

    /// Whether there is an entry for this file, so that [`Baseline::accept`] needs its SHA-256.
    pub fn names(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| same(&entry.path, path))
    }

    /// Accepts findings of `file`, whose SHA-256 stands in it, on the day `today`.
    pub fn accept(&self, file: &mut FileReport, today: Day) {
        let bytes = digests(file);
        let path = std::mem::take(&mut file.path);
        for finding in file.findings.iter_mut().filter(|finding| acceptable(finding)) {
            let holds = |entry: &&Entry| entry.is(&path, finding) && entry.refusal(finding, &bytes, today).is_none();
            let Some(entry) = self.entries.iter().find(holds) else { continue };
            let author = entry.author.as_ref().map_or_else(String::new, |author| format!(" ({author})"));
            finding.accepted = Some(Accepted {
                by: format!("{}{author}", self.name),
                reason: entry.reason.clone(),
                expires: entry.expires.clone(),
            });
        }
        file.path = path;
    }

    /// The entries that accepted nothing of `files`, and why. `seen` tells of a path that is not among them whether it
    /// was looked for.
    pub fn stale(&self, files: &[FileReport], today: Day, seen: impl Fn(&str) -> bool) -> Vec<Stale> {
        let why = |entry: &Entry| {
            let Some(file) = files.iter().find(|file| same(&file.path, &entry.path)) else {
                return seen(&entry.path).then_some("no longer occurs");
            };
            let finding = file.findings.iter().find(|finding| entry.is(&file.path, finding));
            let Some(finding) = finding else { return Some("no longer occurs") };
            entry.refusal(finding, &digests(file), today)
        };
        let stale = |entry: &Entry| {
            Some(Stale {
                path: entry.path.clone(),
                rule: entry.rule.clone(),
                fingerprint: entry.fingerprint.clone(),
                why: why(entry)?,
            })
        };
        self.entries.iter().filter_map(stale).collect()
    }

    /// A baseline that accepts every finding of `files` that counts: what `before` accepts stays as it is, the rest is
    /// accepted as `new` says.
    pub fn of(name: &str, files: &[FileReport], before: Option<&Self>, new: &Acceptance) -> Self {
        let mut entries = Vec::new();
        for file in files {
            let bytes = digests(file);
            for finding in file.findings.iter().filter(|finding| finding.level >= Level::Suspicious) {
                let known = before.and_then(|it| it.entries.iter().find(|entry| entry.is(&file.path, finding)));
                let known = known.filter(|_| finding.accepted.is_some());
                entries.push(known.cloned().unwrap_or_else(|| Entry {
                    path: file.path.clone(),
                    rule: finding.rule.to_owned(),
                    fingerprint: finding.fingerprint(),
                    message: finding.message.clone(),
                    sha256: bytes.clone(),
                    reason: new.reason.clone(),
                    author: new.author.clone(),
                    expires: new.expires.map(|day| day.to_string()),
                }));
            }
        }
        Self { name: name.to_owned(), entries }
    }
}

impl Entry {
    /// Whether it is about this finding of this file.
    fn is(&self, path: &str, finding: &Finding) -> bool {
        same(&self.path, path) && self.rule == finding.rule && self.fingerprint == finding.fingerprint()
    }

    /// Why it does not accept a finding that it is about.
    fn refusal(&self, finding: &Finding, bytes: &[String], today: Day) -> Option<&'static str> {
        if self.expires.as_deref().is_some_and(|day| Day::parse(day).is_none_or(|day| day < today)) {
            return Some("has expired");
        }
        match (self.sha256.is_empty(), finding.level) {
            (true, Level::Dangerous) => Some("is dangerous and names no sha256"),
            (false, _) if self.sha256 != bytes => Some("is about other bytes: the file has changed"),
            _ => None,
        }
    }
}

/// What the bytes of a file are known by: its digest and those of its companions; nothing where it was not hashed.
fn digests(file: &FileReport) -> Vec<String> {
    let companions = file.companions.iter().map(|companion| companion.sha256.clone());
    file.sha256.iter().cloned().chain(companions).collect()
}

fn acceptable(finding: &Finding) -> bool {
    finding.accepted.is_none() && finding.level >= Level::Suspicious
}

fn same(one: &str, other: &str) -> bool {
    one.trim_start_matches("./") == other.trim_start_matches("./")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Completeness, Location, Verdict};
    use crate::rules::{dangerous_call, unlisted_import};

    fn file() -> FileReport {
        let error = Error::new(ErrorKind::Io, "");
        let mut file = FileReport::unreadable("m.pkl".to_owned(), &error);
        (file.error, file.completeness) = (None, Completeness::Full);
        file.sha256 = Some("aa".to_owned());
        let unlisted = unlisted_import::RULE.finding(Level::Suspicious, "imports a.B".to_owned(), Location::default());
        let call = dangerous_call::RULE.finding(Level::Dangerous, "os.system('x')".to_owned(), Location::default());
        file.findings = vec![unlisted, call];
        file
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn new() -> Acceptance {
        Acceptance { reason: "ours".to_owned(), author: None, expires: Some(day("2030-06-30")) }
    }

    fn accepted(baseline: &Baseline, mut file: FileReport, today: Day) -> Verdict {
        baseline.accept(&mut file, today);
        file.verdict()
    }

    #[test]
    fn what_was_accepted_is_accepted_until_it_expires_or_changes() {
        let written = Baseline::of("b.json", &[file()], None, &new());
        let baseline = Baseline::parse("b.json", written.text().as_bytes()).unwrap();
        assert_eq!(baseline, written);
        assert_eq!(accepted(&baseline, file(), day("2030-06-30")), Verdict::Clean);
        assert_eq!(accepted(&baseline, file(), day("2030-07-01")), Verdict::Dangerous);
        let other = |change: fn(&mut FileReport)| {
            let mut file = file();
            change(&mut file);
            file
        };
        let changed = other(|file| file.sha256 = Some("bb".to_owned()));
        assert_eq!(accepted(&baseline, changed.clone(), day("2030-01-01")), Verdict::Dangerous);
        assert_eq!(
            accepted(&baseline, other(|file| file.path = "n.pkl".to_owned()), day("2030-01-01")),
            Verdict::Dangerous
        );
        assert_eq!(
            accepted(&baseline, other(|file| file.path = "./m.pkl".to_owned()), day("2030-01-01")),
            Verdict::Clean
        );
        assert_eq!(accepted(&baseline, other(|file| file.sha256 = None), day("2030-01-01")), Verdict::Dangerous);
        let stale = baseline.stale(&[changed], day("2030-01-01"), |_| true);
        assert_eq!(stale.len(), 2);
        assert_eq!(stale[0].why, "is about other bytes: the file has changed");
    }

    #[test]
    fn without_a_digest_a_file_may_change_but_nothing_dangerous_is_accepted() {
        let mut baseline = Baseline::of("b.json", &[file()], None, &new());
        baseline.entries.iter_mut().for_each(|entry| entry.sha256.clear());
        let mut changed = file();
        changed.sha256 = Some("bb".to_owned());
        assert_eq!(accepted(&baseline, changed.clone(), day("2030-01-01")), Verdict::Dangerous);
        changed.findings.truncate(1);
        assert_eq!(accepted(&baseline, changed, day("2030-01-01")), Verdict::Clean);
    }

    #[test]
    fn what_no_longer_occurs_is_told_if_it_was_looked_for() {
        let baseline = Baseline::of("b.json", &[file()], None, &new());
        let mut fixed = file();
        fixed.findings.clear();
        let whys = |files: &[FileReport], seen: bool| -> Vec<&str> {
            baseline.stale(files, day("2030-01-01"), |_| seen).iter().map(|stale| stale.why).collect()
        };
        assert_eq!(whys(&[fixed], true), ["no longer occurs"; 2]);
        assert_eq!(whys(&[], true), ["no longer occurs"; 2]);
        assert!(whys(&[], false).is_empty());
        assert!(whys(&[file()], true).is_empty());
    }

    #[test]
    fn reasons_stay_when_a_baseline_is_written_again() {
        let first = Baseline::of("b.json", &[file()], None, &new());
        let mut file = file();
        first.accept(&mut file, day("2030-01-01"));
        let second = Baseline::of("b.json", &[file], Some(&first), &Acceptance { reason: "x".to_owned(), ..new() });
        assert_eq!(second, first);
    }

    #[test]
    fn a_file_that_is_no_baseline_is_refused() {
        let refused = |text: &str| Baseline::parse("b", text.as_bytes()).err().unwrap().message().to_owned();
        assert!(refused("[]").contains("line 1"), "{}", refused("[]"));
        assert_eq!(refused(r#"{"schema":"x","accepted":[]}"#), "the schema is not depickle.baseline/1");
        let mut bad = Baseline::of("b.json", &[file()], None, &new());
        bad.entries[0].reason = " ".to_owned();
        assert!(refused(&bad.text()).ends_with("gives no reason"));
        bad.entries[0] = Entry { reason: "x".to_owned(), expires: Some("soon".to_owned()), ..bad.entries[0].clone() };
        assert!(refused(&bad.text()).contains("expires on no day"));
    }
}
