//! What a verdict means for a comparison.

use super::outcome::{Diff, Side, Unknown};
use crate::finding::{FileReport, Finding, Level};

/// How many findings are named.
const NAMED: usize = 3;

impl Diff {
    /// Takes the verdict of one of the files: what is dangerous, what could not be analysed, and what may be read in two ways is
    /// not equal to anything, and [unknown](Self::unknown). A symbol that no policy has is compared by its name.
    pub fn judged(&mut self, side: Side, report: &FileReport) {
        if report.is_not_pickle() {
            return;
        }
        let open = |finding: &&Finding| match finding.level {
            Level::Note => false,
            Level::Suspicious => finding.accepted.is_none() && finding.symbol.is_none(),
            Level::Dangerous | Level::Incomplete => finding.accepted.is_none(),
        };
        let found: Vec<&Finding> = report.findings.iter().filter(open).collect();
        if found.is_empty() && report.error.is_none() {
            return;
        }
        for finding in found.iter().take(NAMED) {
            let path = finding.location.object_path.clone().unwrap_or_default();
            let why = format!("{}: {} [{}]", finding.level.name(), finding.message, finding.rule);
            self.unknown.add(|| Unknown { side: Some(side), path, why });
        }
        if let Some(more) = found.len().checked_sub(NAMED).filter(|more| *more > 0) {
            let why = format!("{more} more findings: depickle scan has them");
            self.unknown.add(|| Unknown { side: Some(side), path: String::new(), why });
        }
        if let Some(error) = &report.error {
            let why = error.message.clone();
            self.unknown.add(|| Unknown { side: Some(side), path: String::new(), why });
        }
    }
}
