//! Whether a file may be converted: only what the policy calls clean, and of what is suspicious that which was accepted
//! symbol by symbol.

use crate::finding::{Accepted, FileReport, Finding, Level, Verdict};
use std::collections::BTreeSet;

/// Why a file is not converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What keeps it from being converted.
    pub verdict: Verdict,
    /// What was found, worst first: messages with their places.
    pub found: Vec<String>,
    /// The symbols to accept where that would do; empty where nothing would.
    pub acceptable: Vec<String>,
}

/// How many findings are told.
const TOLD: usize = 5;

/// Accepts the suspicious findings of these symbols, and answers the symbols that there are none of.
///
/// Of what is dangerous nothing is accepted, nor of what could not be analysed: nobody knows what it is.
///
/// # Errors
/// Where the verdict is not clean then.
pub fn admit(report: &mut FileReport, allow: &[String]) -> Result<Vec<String>, Refusal> {
    let mut unused: BTreeSet<&String> = allow.iter().collect();
    for finding in report.findings.iter_mut().filter(|finding| is_open(finding, Level::Suspicious)) {
        let Some(symbol) = allow.iter().find(|symbol| finding.symbol.as_ref() == Some(symbol)) else { continue };
        unused.remove(symbol);
        let reason = "named on the command line".to_owned();
        finding.accepted = Some(Accepted { by: "--allow".to_owned(), reason, expires: None });
    }
    match report.verdict() {
        Verdict::Clean => Ok(unused.into_iter().cloned().collect()),
        verdict => Err(refusal(report, verdict)),
    }
}

fn is_open(finding: &Finding, level: Level) -> bool {
    finding.level == level && finding.accepted.is_none()
}

fn refusal(report: &FileReport, verdict: Verdict) -> Refusal {
    let open = || report.findings.iter().filter(|finding| finding.accepted.is_none() && finding.level != Level::Note);
    let told = open().take(TOLD).map(|finding| {
        let place = finding.location.object_path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
        format!("{place}{} [{}]", finding.message, finding.rule)
    });
    let named = open().all(|finding| finding.level == Level::Suspicious && finding.symbol.is_some());
    let symbols: BTreeSet<&String> = open().filter(|_| named).filter_map(|finding| finding.symbol.as_ref()).collect();
    Refusal { verdict, found: told.collect(), acceptable: symbols.into_iter().cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::finding::{Completeness, Location};
    use crate::rules;

    fn report(findings: &[(Level, Option<&str>)]) -> FileReport {
        let one = |&(level, symbol): &(Level, Option<&str>)| Finding {
            symbol: symbol.map(str::to_owned),
            ..rules::unlisted_import::RULE.finding(level, "odd".to_owned(), Location::default())
        };
        let unread = FileReport::unreadable("a".to_owned(), &Error::new(ErrorKind::Io, "gone"));
        let findings = findings.iter().map(one).collect();
        FileReport { completeness: Completeness::Full, findings, error: None, ..unread }
    }

    fn admitted(findings: &[(Level, Option<&str>)], allow: &[&str]) -> Result<Vec<String>, Refusal> {
        let allow: Vec<String> = allow.iter().map(|&symbol| symbol.to_owned()).collect();
        admit(&mut report(findings), &allow)
    }

    #[test]
    fn only_what_is_suspicious_is_accepted_and_only_by_its_symbol() {
        use Level::{Dangerous, Incomplete, Note, Suspicious};
        assert_eq!(admitted(&[(Note, None)], &[]), Ok(vec![]));
        assert_eq!(admitted(&[(Suspicious, Some("a.B"))], &["a.B", "c.D"]), Ok(vec!["c.D".to_owned()]));
        let refused = |findings: &[_], allow: &[&str]| admitted(findings, allow).unwrap_err();
        assert_eq!(refused(&[(Suspicious, Some("a.B"))], &["a.C", "a", "a.*"]).acceptable, ["a.B"]);
        let one_without = [(Suspicious, Some("a.B")), (Suspicious, None)];
        assert_eq!(refused(&one_without, &["a.B"]).acceptable, [""; 0]);
        assert_eq!(refused(&[(Dangerous, Some("a.B"))], &["a.B"]).verdict, Verdict::Dangerous);
        assert_eq!(refused(&[(Incomplete, Some("a.B"))], &["a.B"]).verdict, Verdict::Incomplete);
    }

    #[test]
    fn a_file_that_was_not_read_whole_is_refused() {
        let mut report = FileReport { completeness: Completeness::Partial, ..report(&[]) };
        assert_eq!(admit(&mut report, &[]).unwrap_err().verdict, Verdict::Incomplete);
    }
}
