//! What commands that look into one file have in common.

use super::{Exit, guard, limit, message};
use crate::error::{ErrorKind, Result};
use crate::input::{Source, display_name};
use crate::inspect::{self, Contents};
use crate::limits::Limits;
use std::io::{self, BufWriter, Write, stdout};
use std::path::Path;

/// A file, opened, and where to print.
pub(super) struct Look<'l, 'a> {
    pub(super) name: &'l str,
    pub(super) contents: &'l mut Contents<'a>,
    pub(super) out: &'l mut dyn Write,
}

/// Opens a file, or the member of an archive that is called `member` where that is not empty, and has `work` print what
/// it wants of it to standard output.
pub(super) fn at(
    path: &Path,
    member: &str,
    limits: &Limits,
    work: impl FnOnce(Look<'_, '_>) -> io::Result<Exit>,
) -> Exit {
    let name = display_name(path);
    let opened = if path.as_os_str() == "-" { Source::stdin(limits) } else { Source::open(path, limits) };
    let source = match opened {
        Ok(source) => source,
        Err(error) => return trouble(&name, &error.to_string(), "check the spelling and the permissions"),
    };
    let done: Result<Exit> = guard::guarded(|| {
        let mut contents = match inspect::open_member(source.bytes(), member, limits) {
            Ok(contents) => contents,
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return trouble(&name, error.message(), "depickle scan says what kind of file it is");
            }
            Err(error) => return trouble(&name, &error.to_string(), "depickle scan says what is wrong with it"),
        };
        let mut out = BufWriter::new(stdout().lock());
        let printed = work(Look { name: &name, contents: &mut contents, out: &mut out });
        printed.and_then(|exit| out.flush().map(|()| exit)).unwrap_or_else(|error| unwritten(&error))
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

/// A reader that went away is no trouble.
fn unwritten(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Success;
    }
    trouble("standard output", &error.to_string(), "give the output another place")
}

fn trouble(place: &str, what: &str, help: &str) -> Exit {
    message::error(place, what, help);
    Exit::Trouble
}

/// `--limit help`.
pub(super) fn limits_table() -> Exit {
    let written = stdout().write_all(limit::table().as_bytes());
    written.map_or_else(|error| unwritten(&error), |()| Exit::Success)
}
