//! What commands that look into one file have in common.

use super::args::Output;
use super::outputs::written;
use super::{Exit, guard, limit, message};
use crate::error::{ErrorKind, Result};
use crate::input::{Source, display_name};
use crate::inspect::{self, All, Contents};
use crate::limits::Limits;
use crate::output::{is_same, replace};
use std::io::{self, BufWriter, Write, stdout};
use std::path::Path;

/// A file, opened.
pub(super) struct Look<'l, 'a> {
    pub(super) name: &'l str,
    pub(super) contents: &'l mut Contents<'a>,
}

/// Has `print` print each format to where it was asked for. The worst exit code wins.
pub(super) fn each<F>(
    read: &Path,
    outputs: &[Output<F>],
    mut print: impl FnMut(&Output<F>, &mut dyn Write) -> io::Result<Exit>,
) -> Exit {
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        return trouble("--format", "two formats for standard output", "give one of them a file: --format FMT=FILE");
    }
    if let Some(file) = outputs.iter().filter_map(|output| output.file.as_deref()).find(|file| is_same(file, read)) {
        return trouble(&display_name(file), "this is the file that is read", "give the output another place");
    }
    outputs.iter().fold(Exit::Success, |before, output| {
        let mut exit = Exit::Success;
        let exit = match &output.file {
            Some(path) => {
                let printed = replace(path, |out| print(output, out).map(|code| exit = code));
                written(&display_name(path), printed, exit)
            }
            None => self::print(|out| print(output, out)),
        };
        worst(before, exit)
    })
}

/// Has `print` print to standard output.
pub(super) fn print(print: impl FnOnce(&mut dyn Write) -> io::Result<Exit>) -> Exit {
    let mut out = BufWriter::new(stdout().lock());
    let mut exit = Exit::Success;
    let printed = print(&mut out).and_then(|code| out.flush().map(|()| exit = code));
    written("standard output", printed, exit)
}

/// Trouble tells most, then that something could not be read.
pub(super) fn worst(one: Exit, other: Exit) -> Exit {
    [Exit::Trouble, Exit::Incomplete].into_iter().find(|exit| [one, other].contains(exit)).unwrap_or(other)
}

/// All of a file, opened, and where to print.
pub(super) struct LookAll<'l, 'a> {
    pub(super) name: &'l str,
    pub(super) all: All<'a>,
}

/// Opens a file, or the member of an archive that is called `member` where that is not empty, and has `work` print what
/// it wants of it.
pub(super) fn at(path: &Path, member: &str, limits: &Limits, work: impl FnOnce(Look<'_, '_>) -> Exit) -> Exit {
    with(path, limits, |name, source| {
        let mut contents = inspect::open_member(source.bytes(), member, limits)?;
        contents.stand_in(source, limits);
        Ok(work(Look { name, contents: &mut contents }))
    })
}

/// The same with all members of an archive.
pub(super) fn all(path: &Path, limits: &Limits, work: impl FnOnce(LookAll<'_, '_>) -> Exit) -> Exit {
    with(path, limits, |name, source| {
        let mut all = inspect::open_all(source.bytes(), limits)?;
        all.contents.iter_mut().for_each(|contents| contents.stand_in(source, limits));
        Ok(work(LookAll { name, all }))
    })
}

/// The same as [`at`] for the member that holds the model; as [`all`] where there are several, and none is the model.
pub(super) fn model_or_all(
    path: &Path,
    limits: &Limits,
    one: impl FnOnce(Look<'_, '_>) -> Exit,
    several: impl FnOnce(LookAll<'_, '_>) -> Exit,
) -> Exit {
    with(path, limits, |name, source| {
        let model = inspect::open(source.bytes(), limits);
        // Beside the pickle of torch stand its storages.
        let is_model = |contents: &Contents<'_>| contents.name.is_empty() || contents.name.ends_with("/data.pkl");
        let fewest = match &model {
            Ok(contents) if is_model(contents) => usize::MAX,
            Ok(_) => 2,
            Err(_) => 1,
        };
        let all = (fewest < usize::MAX).then(|| inspect::open_all(source.bytes(), limits).ok()).flatten();
        if let Some(all) = all.filter(|all| all.contents.len() >= fewest) {
            return Ok(several(LookAll { name, all }));
        }
        let mut contents = model?;
        contents.stand_in(source, limits);
        Ok(one(Look { name, contents: &mut contents }))
    })
}

fn with(path: &Path, limits: &Limits, work: impl FnOnce(&str, &Source<'_>) -> Result<Exit>) -> Exit {
    let name = display_name(path);
    let opened = if path.as_os_str() == "-" { Source::stdin(limits) } else { Source::open(path, limits) };
    let source = match opened {
        Ok(source) => source,
        Err(error) => return trouble(&name, &error.to_string(), "check the spelling and the permissions"),
    };
    let done: Result<Exit> = guard::guarded(|| {
        work(&name, &source).unwrap_or_else(|error| match error.kind() {
            ErrorKind::Unsupported => trouble(&name, error.message(), "depickle scan says what kind of file it is"),
            _ => trouble(&name, &error.to_string(), "depickle scan says what is wrong with it"),
        })
    });
    if source.changed() {
        return trouble(
            &name,
            "the file was written to while it was read: what was printed may be wrong",
            "look at a copy of it",
        );
    }
    done.unwrap_or_else(|error| trouble(&name, error.message(), "please report this line, as SECURITY.md says"))
}

fn trouble(place: &str, what: &str, help: &str) -> Exit {
    message::error(place, what, help);
    Exit::Trouble
}

/// `--limit help`.
pub(super) fn limits_table() -> Exit {
    print(|out| out.write_all(limit::table().as_bytes()).map(|()| Exit::Success))
}
