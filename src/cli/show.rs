//! `depickle show FILE [PATH]`: the contents.

use super::args::{ShowArgs, ShowFormat};
use super::look::{self, Look};
use super::{Exit, limit, message};
use crate::ast::path::{Address, ObjectPath};
use crate::escape::escape;
use crate::inspect::graph::{self, Part};
use crate::inspect::{Cuts, Outline, Root, lookup, npy_text, sizes, tree};
use std::io::{self, Write};

/// Levels that are shown unless others are asked for.
const DEPTH: usize = 7;

/// Streams that are shown unless all are asked for.
const STREAMS: usize = 100;

/// Runs the command.
pub(super) fn run(args: &ShowArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else { return look::limits_table() };
    let address = match args.path.as_deref().map(str::parse::<Address>).transpose() {
        Ok(address) => address,
        Err(why) => return wrong_path(args, &why),
    };
    let member = address.as_ref().map_or("", |address| &address.member);
    look::at(&args.file, member, &limits, |look| show(args, address.as_ref(), look))
}

fn wrong_path(args: &ShowArgs, why: &str) -> Exit {
    let help = "a path is such as root.steps[1][1].coef_ or #1:root[\"key\"]; depickle show FILE prints what is there";
    message::error(args.path.as_deref().unwrap_or_default(), why, help);
    Exit::Trouble
}

fn show(args: &ShowArgs, address: Option<&Address>, look: Look<'_, '_>) -> Exit {
    let Look { name, contents } = look;
    if let Some(text) = npy_text(contents) {
        if address.is_some_and(|address| address.stream.is_some() || !address.path.0.is_empty()) {
            return wrong_path(args, "the file is one array of numbers: there is nothing but root");
        }
        return look::each(&args.file, &args.format, |output, out| {
            match output.format {
                ShowFormat::Json => graph::npy_json(out, name, contents)?,
                _ => writeln!(out, "root: {text}")?,
            }
            Ok(if contents.broken.is_some() { Exit::Incomplete } else { Exit::Success })
        });
    }
    let outline = Outline::new(contents);
    let root = ObjectPath::default();
    let path = address.map_or(&root, |address| &address.path);
    let found = lookup::streams(&outline, address).and_then(|streams| {
        let part = |root: &'_ Root| -> Result<_, String> {
            let node = root.node.map(|node| lookup::value(&outline, node, path)).transpose()?;
            Ok((root.clone(), node))
        };
        streams.into_iter().map(part).collect::<Result<Vec<_>, _>>()
    });
    let found = match found {
        Ok(found) => found,
        Err(why) => return wrong_path(args, &why),
    };
    let parts: Vec<Part<'_>> = found
        .iter()
        .map(|(root, node)| Part {
            root,
            path: path.to_string(),
            node: *node,
            aside: if address.is_none() { outline.aside(root) } else { Vec::new() },
        })
        .collect();
    let refused = parts.iter().any(|part| part.root.error.is_some());
    look::each(&args.file, &args.format, |output, out| {
        match output.format {
            ShowFormat::Json => graph::json(out, name, &outline, &parts, args.all)?,
            ShowFormat::Dot => graph::dot(out, &outline, &parts, args.all)?,
            ShowFormat::Tree => tree_of(args, out, &outline, &parts, address.map(|address| &address.path))?,
        }
        Ok(if refused || outline.contents().broken.is_some() { Exit::Incomplete } else { Exit::Success })
    })
}

/// Prints parts of a file for people; `path` is what was asked for.
fn tree_of(
    args: &ShowArgs,
    out: &mut dyn Write,
    outline: &Outline<'_, '_>,
    parts: &[Part<'_>],
    path: Option<&ObjectPath>,
) -> io::Result<()> {
    let cuts = Cuts { depth: args.depth.unwrap_or(if args.all { usize::MAX } else { DEPTH }), long: !args.all };
    let most = if args.all { usize::MAX } else { STREAMS };
    let root = ObjectPath::default();
    for part in parts.iter().take(most) {
        tree_or_sizes(args, out, outline, part, path.unwrap_or(&root), (cuts, parts.len() > 1))?;
    }
    if parts.len() > most {
        writeln!(out, "... {} more streams: name one, as in #{most}:root, or give --all", parts.len() - most)?;
    }
    footer(args, out, outline, path.is_none(), cuts)
}

fn tree_or_sizes(
    args: &ShowArgs,
    out: &mut dyn Write,
    outline: &Outline<'_, '_>,
    part: &Part<'_>,
    path: &ObjectPath,
    (cuts, several): (Cuts, bool),
) -> io::Result<()> {
    if several {
        writeln!(out, "# stream {} at {}", part.root.stream, part.root.offset)?;
    }
    match part.node {
        Some(node) if args.sizes => sizes::write(out, outline, (path, node), args.all)?,
        Some(node) => tree::write(out, outline, (&part.path, node), cuts)?,
        None => {}
    }
    match &part.root.error {
        Some(error) => writeln!(out, "error: {}", escape(&error.to_string())),
        None => Ok(()),
    }
}

/// How many calls outside of the object are shown.
const ASIDE: usize = 20;

/// What is worth knowing beside the object: calls that are no part of it, streams that are not shown, a broken end.
fn footer(args: &ShowArgs, out: &mut dyn Write, outline: &Outline<'_, '_>, whole: bool, cuts: Cuts) -> io::Result<()> {
    if whole && !args.sizes {
        let aside =
            outline.roots().iter().flat_map(|root| outline.aside(root).into_iter().map(move |node| (root, node)));
        let aside: Vec<_> = aside.collect();
        let most = if args.all { usize::MAX } else { ASIDE };
        for (root, node) in aside.iter().take(most) {
            let name = format!("not part of the object (stream {})", root.stream);
            tree::write(out, outline, (&name, *node), cuts)?;
        }
        if aside.len() > most {
            writeln!(out, "... {} more calls that are not part of the object", aside.len().saturating_sub(most))?;
        }
    }
    if outline.more_streams() > 0 {
        writeln!(out, "... {} more streams", outline.more_streams())?;
    }
    match &outline.contents().broken {
        Some(broken) => writeln!(out, "error: {}", escape(broken)),
        None => Ok(()),
    }
}
