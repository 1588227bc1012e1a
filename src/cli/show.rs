//! `depickle show FILE [PATH]`: the contents.

use super::args::{ShowArgs, ShowFormat};
use super::arrays::problems;
use super::look::{self, Look, LookAll};
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
    let address = address.as_ref();
    match address {
        Some(of) => look::at(&args.file, &of.member, &limits, |look| show(args, address, look)),
        None => look::model_or_all(&args.file, &limits, |look| show(args, None, look), |all| show_all(args, all)),
    }
}

fn wrong_path(args: &ShowArgs, why: &str) -> Exit {
    let help = "a path is such as root.steps[1][1].coef_ or #1:root[\"key\"]; depickle show FILE prints what is there";
    message::error(args.path.as_deref().unwrap_or_default(), why, help);
    Exit::Trouble
}

fn show(args: &ShowArgs, address: Option<&Address>, look: Look<'_, '_>) -> Exit {
    let Look { name, contents } = look;
    if npy_text(contents).is_some()
        && address.is_some_and(|address| address.stream.is_some() || !address.path.0.is_empty())
    {
        return wrong_path(args, "the file is one array of numbers: there is nothing but root");
    }
    let outline = Outline::new(contents);
    let parts = match parts(&outline, address) {
        Ok(parts) => parts,
        Err(why) => return wrong_path(args, &why),
    };
    let one = One { args, name, outline: &outline, parts, path: address.map(|address| &address.path), label: "" };
    look::each(&args.file, &args.format, |output, out| one.print(output.format, out))
}

/// Shows every member of an archive that holds pickles or arrays.
fn show_all(args: &ShowArgs, look: LookAll<'_, '_>) -> Exit {
    let LookAll { name, mut all } = look;
    let outlines: Vec<Outline<'_, '_>> = all.contents.iter_mut().map(Outline::new).collect();
    let label = |outline: &Outline<'_, '_>| {
        Address { member: outline.contents().name.clone(), ..Address::default() }.to_string()
    };
    let labels: Vec<String> = outlines.iter().map(label).collect();
    let members: Vec<One<'_, '_, '_>> = outlines
        .iter()
        .zip(&labels)
        // Of a path that nobody asked for, nothing is missing.
        .filter_map(|(outline, label)| Some((outline, label, parts(outline, None).ok()?)))
        .map(|(outline, label, parts)| One { args, name, outline, parts, path: None, label })
        .collect();
    let problems = problems(&[], &all.problems);
    look::each(&args.file, &args.format, |output, out| {
        let mut exit = if problems.is_empty() { Exit::Success } else { Exit::Incomplete };
        let is_json = output.format == ShowFormat::Json;
        if is_json {
            graph::members_start(out, name, &all.format, &problems)?;
        }
        for (number, one) in members.iter().enumerate() {
            if is_json {
                out.write_all(if number > 0 { b",\n" } else { b"\n" })?;
            }
            exit = look::worst(exit, one.print(output.format, out)?);
        }
        if is_json {
            out.write_all(b"]}\n")?;
        } else {
            problems.iter().try_for_each(|problem| writeln!(out, "error: {}", escape(problem)))?;
        }
        Ok(exit)
    })
}

/// What is shown of a file: each stream, or what stands at a path in one.
fn parts<'o>(outline: &'o Outline<'_, '_>, address: Option<&Address>) -> Result<Vec<Part<'o>>, String> {
    let root = ObjectPath::default();
    let path = address.map_or(&root, |address| &address.path);
    let part = |root: &'o Root| {
        let node = root.node.map(|node| lookup::value(outline, node, path)).transpose()?;
        let aside = if address.is_none() { outline.aside(root) } else { Vec::new() };
        Ok(Part { root, path: path.to_string(), node, aside })
    };
    lookup::streams(outline, address)?.into_iter().map(part).collect()
}

/// A file, or a member of an archive, that is shown.
struct One<'s, 'c, 'a> {
    args: &'s ShowArgs,
    name: &'s str,
    outline: &'s Outline<'c, 'a>,
    parts: Vec<Part<'s>>,
    /// What was asked for.
    path: Option<&'s ObjectPath>,
    /// How it is called among others; empty where there are none.
    label: &'s str,
}

impl One<'_, '_, '_> {
    fn print(&self, format: ShowFormat, out: &mut dyn Write) -> io::Result<Exit> {
        let Self { args, name, outline, parts, path, label } = self;
        let contents = outline.contents();
        let refused = parts.iter().any(|part| part.root.error.is_some());
        match (npy_text(contents), format) {
            (Some(_), ShowFormat::Json) => graph::npy_json(out, name, contents)?,
            (Some(text), _) => writeln!(out, "{}: {text}", if label.is_empty() { "root" } else { label })?,
            (None, ShowFormat::Json) => graph::json(out, name, outline, parts, args.all)?,
            (None, ShowFormat::Dot) => graph::dot(out, outline, parts, args.all)?,
            (None, ShowFormat::Tree) => tree_of(args, out, outline, (parts, label), *path)?,
        }
        Ok(if refused || contents.broken.is_some() { Exit::Incomplete } else { Exit::Success })
    }
}

/// Prints parts of a file for people; `path` is what was asked for.
fn tree_of(
    args: &ShowArgs,
    out: &mut dyn Write,
    outline: &Outline<'_, '_>,
    (parts, label): (&[Part<'_>], &str),
    path: Option<&ObjectPath>,
) -> io::Result<()> {
    if args.sizes && !label.is_empty() {
        writeln!(out, "# {label}")?;
    }
    let cuts = Cuts { depth: args.depth.unwrap_or(if args.all { usize::MAX } else { DEPTH }), long: !args.all };
    let most = if args.all { usize::MAX } else { STREAMS };
    let root = ObjectPath::default();
    for part in parts.iter().take(most) {
        let label = if label.is_empty() { &part.path } else { label };
        tree_or_sizes(args, out, outline, (part, label), path.unwrap_or(&root), (cuts, parts.len() > 1))?;
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
    (part, label): (&Part<'_>, &str),
    path: &ObjectPath,
    (cuts, several): (Cuts, bool),
) -> io::Result<()> {
    if several {
        writeln!(out, "# stream {} at {}", part.root.stream, part.root.offset)?;
    }
    match part.node {
        Some(node) if args.sizes => sizes::write(out, outline, (path, node), args.all)?,
        Some(node) => tree::write(out, outline, (label, node), cuts)?,
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
