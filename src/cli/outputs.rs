//! Where the reports of a scan go, and how they get there.

use super::args::{Format, FormatArg, ScanArgs};
use super::scan::CHECK_PATH;
use super::{Exit, message, style};
use crate::input::display_name;
use crate::output;
use crate::report::{self, Detail, Report, Screen};
use std::env;
use std::io::{self, BufWriter, Write, stdout};
use std::path::Path;

/// Where the reports go: what was asked for, and `human` to standard output where nothing else goes there.
pub(super) fn outputs(asked: &[FormatArg]) -> Result<Vec<FormatArg>, &'static str> {
    match asked.iter().filter(|output| output.file.is_none()).count() {
        0 => {
            let human = FormatArg { format: Format::Human, file: None };
            Ok(std::iter::once(human).chain(asked.iter().cloned()).collect())
        }
        1 => Ok(asked.to_vec()),
        _ => Err("two formats for standard output; give one of them a file: --format FMT=FILE"),
    }
}

/// Whether this goes to standard output while the files are read; not where what is accepted is known behind the last.
pub(super) fn is_stream(args: &ScanArgs, output: &FormatArg) -> bool {
    output.file.is_none() && output.format == Format::Ndjson && args.baseline.write.is_none()
}

/// Writes every report asked for but that which was written meanwhile; a failure to write is trouble, a reader that went
/// away is not.
pub(super) fn write_all(args: &ScanArgs, outputs: &[FormatArg], report: &Report, exit: Exit) -> Exit {
    if let Some((baseline, stale)) = &report.baseline {
        for entry in stale {
            let what = format!("the entry {} ({} of {}) {}", entry.fingerprint, entry.rule, entry.path, entry.why);
            message::note(baseline, &what, "look at it again, or remove it: --write-baseline keeps what still holds");
        }
    }
    let told = outputs.iter().any(|output| output.file.is_none() && output.format == Format::Human);
    for file in report.files.iter().filter(|file| file.error.is_some() && !told) {
        let what = file.error.as_ref().map_or("", |error| &error.message);
        message::error(&file.path, what, CHECK_PATH);
    }
    outputs.iter().filter(|output| !is_stream(args, output)).fold(exit, |exit, output| {
        let exit = match &output.file {
            Some(path) => {
                let result = output::replace(path, |out| write(args, out, output.format, report, false));
                written(&display_name(path), result, exit)
            }
            None => {
                let mut out = BufWriter::new(stdout().lock());
                let result = write(args, &mut out, output.format, report, true);
                written("standard output", result.and_then(|()| out.flush()), exit)
            }
        };
        if output.format == Format::Github { step_summary(report, exit) } else { exit }
    })
}

fn write(args: &ScanArgs, out: &mut dyn Write, format: Format, report: &Report, screen: bool) -> io::Result<()> {
    let detail = match (args.quiet, args.verbose) {
        (true, _) => Detail::Quiet,
        (_, 0) => Detail::Normal,
        (_, 1) => Detail::Verbose,
        _ => Detail::Everything,
    };
    match format {
        Format::Human if screen => report::human(out, report, &style::screen(detail, args.color)),
        Format::Human => report::human(out, report, &Screen::plain(detail)),
        Format::Json => report::json(out, report),
        Format::Ndjson => report::ndjson(out, report),
        Format::Sarif => report::sarif(out, report),
        Format::Junit => report::junit(out, report),
        Format::Gitlab => report::gitlab(out, report),
        Format::Github => report::github(out, report),
        Format::Markdown => report::markdown(out, report),
        Format::Html => report::html(out, report),
        Format::Cyclonedx => report::cyclonedx(out, report),
    }
}

/// Adds to the summary of the step, where GitHub Actions keeps one.
fn step_summary(report: &Report, exit: Exit) -> Exit {
    match env::var_os("GITHUB_STEP_SUMMARY") {
        Some(path) if !path.is_empty() => {
            let path = Path::new(&path);
            written(&display_name(path), output::append(path, |out| report::markdown(out, report)), exit)
        }
        _ => exit,
    }
}

/// The exit code once something was written to `place`, or was not.
pub(super) fn written(place: &str, result: io::Result<()>, exit: Exit) -> Exit {
    match result {
        Ok(()) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        Err(error) => {
            message::error(place, &error.to_string(), "the report could not be written; give it another place");
            Exit::Trouble
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn human_goes_to_standard_output_where_nothing_else_does() {
        let json = |file: Option<&str>| FormatArg { format: Format::Json, file: file.map(PathBuf::from) };
        assert_eq!(outputs(&[json(Some("a"))]).unwrap().len(), 2);
        assert_eq!(outputs(&[json(None), json(Some("a"))]).unwrap().len(), 2);
        assert!(outputs(&[json(None), json(None)]).is_err());
    }
}
