//! `depickle extract FILE -o PLACE`: arrays, written out without loading anything.

mod names;

use super::args::ExtractArgs;
use super::look::{self, Look};
use super::{Exit, arrays as listing, limit, message};
use crate::ast::path::Address;
use crate::error::{Error, ErrorKind, Result};
use crate::input::display_name;
use crate::inspect::{ArrayRef, Arrays, Bytes, Outline};
use crate::output::{self, ZipWriter};
use flate2::Crc;
use names::Names;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

/// An array that is written: its number among the arrays, and its name.
struct Chosen {
    index: usize,
    name: String,
}

/// Where the arrays go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Directory,
    Npy,
    Npz,
}

impl Target {
    fn of(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(extension) if extension.eq_ignore_ascii_case("npy") => Self::Npy,
            Some(extension) if extension.eq_ignore_ascii_case("npz") => Self::Npz,
            _ => Self::Directory,
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &ExtractArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else { return look::limits_table() };
    let mut wanted = Vec::new();
    for path in &args.select {
        match path.parse::<Address>() {
            Ok(address) => wanted.push((path.as_str(), address)),
            Err(why) => return wrong(path, &why),
        }
    }
    look::at(&args.file, "", &limits, |look| look::print(|out| extract(args, &wanted, look, out)))
}

fn wrong(path: &str, why: &str) -> Exit {
    message::error(path, why, "depickle arrays FILE lists the arrays with their paths");
    Exit::Trouble
}

fn extract(
    args: &ExtractArgs,
    wanted: &[(&str, Address)],
    look: Look<'_, '_>,
    out: &mut dyn Write,
) -> io::Result<Exit> {
    let Look { name: file, contents } = look;
    let outline = Outline::new(contents);
    let arrays = Arrays::new(&outline);
    let mut met = vec![false; wanted.len()];
    let mut complete = true;
    let mut chosen = Vec::new();
    let mut names = Names::default();
    for (index, array) in (0..arrays.len()).filter_map(|index| Some((index, arrays.get(index)?))) {
        if !is_wanted(wanted, &mut met, &array) {
            continue;
        }
        let name = names.name(&array.address);
        if args.output.is_none() {
            writeln!(out, "{}", listing::line(&array))?;
        }
        match writable(&array) {
            Ok(()) => chosen.push(Chosen { index, name }),
            Err(error) => {
                complete = false;
                let help = "it is left out; depickle show prints what it holds";
                message::error(&array.address.to_string(), error.message(), help);
            }
        }
    }
    if let Some((path, _)) = wanted.iter().zip(&met).find(|(_, met)| !**met).map(|(wanted, _)| wanted) {
        return Ok(wrong(path, "there is no array"));
    }
    for problem in listing::problems(&outline) {
        complete = false;
        message::error(file, &problem, "there may be more arrays than were found");
    }
    if let Some(path) = &args.output {
        if chosen.is_empty() {
            return Ok(wrong(file, "there is no array that could be written"));
        }
        // In the order in which they are read best.
        let place: HashMap<usize, usize> = arrays.by_offset().into_iter().zip(0..).collect();
        chosen.sort_by_key(|one| place.get(&one.index).copied());
        let mut writer = Writer { args, arrays: &arrays, bytes: Bytes::new(&outline), chosen: &chosen };
        if let Err((place, error)) = writer.write(path) {
            let exists = error.kind() == io::ErrorKind::AlreadyExists;
            let help =
                if exists { "give another place, or --force to write over it" } else { "nothing is half-written" };
            message::error(&place, &error.to_string(), help);
            return Ok(Exit::Trouble);
        }
        writeln!(out, "{} written to {}", count(chosen.len()), crate::escape::escape(&display_name(path)))?;
    } else if arrays.is_empty() {
        writeln!(out, "no arrays")?;
    }
    Ok(if complete { Exit::Success } else { Exit::Incomplete })
}

fn count(arrays: usize) -> String {
    if arrays == 1 { "1 array".to_owned() } else { format!("{arrays} arrays") }
}

/// Whether an array stands at one of the paths that were asked for, or in it.
fn is_wanted(wanted: &[(&str, Address)], met: &mut [bool], array: &ArrayRef) -> bool {
    let mut any = wanted.is_empty();
    for ((_, address), met) in wanted.iter().zip(met) {
        let stream = address.stream.is_none_or(|stream| stream == array.stream);
        let (above, steps) = (&address.path.0, &array.address.path.0);
        let within = above.len() <= steps.len() && above.iter().zip(steps).all(|(step, of)| step.leads_to(of));
        if stream && within && address.member == array.address.member {
            any = true;
            *met = true;
        }
    }
    any
}

/// Whether an array can be written as bytes.
fn writable(array: &ArrayRef) -> Result<()> {
    let layout = array.layout();
    if let Some(problem) = &array.problem {
        return Err(problem.clone());
    }
    array.npy_header().and(layout.map(drop))
}

type Written = std::result::Result<(), (String, io::Error)>;

struct Writer<'w, 'o, 'c, 'a> {
    args: &'w ExtractArgs,
    arrays: &'w Arrays<'o, 'c, 'a>,
    bytes: Bytes<'o, 'c, 'a>,
    chosen: &'w [Chosen],
}

impl<'c: 'o, 'o> Writer<'_, 'o, 'c, '_> {
    fn write(&mut self, path: &Path) -> Written {
        let at = |place: &Path, error: io::Error| (display_name(place), error);
        match Target::of(path) {
            Target::Npy => match self.chosen {
                [one] => self.file(path, |writer, out| writer.npy(one, out)),
                _ => {
                    let message = "a .npy file holds one array; give a directory, a .npz file, or --select PATH";
                    Err(at(path, io::Error::new(io::ErrorKind::InvalidInput, message)))
                }
            },
            Target::Npz => self.file(path, Self::npz),
            Target::Directory => {
                output::directory(path).map_err(|error| at(path, error))?;
                // All of them before the first is written.
                for one in self.chosen {
                    let file = path.join(format!("{}.npy", one.name));
                    self.may_write(&file).map_err(|error| at(&file, error))?;
                }
                for one in self.chosen {
                    self.file(&path.join(format!("{}.npy", one.name)), |writer, out| writer.npy(one, out))?;
                }
                Ok(())
            }
        }
    }

    fn may_write(&self, path: &Path) -> io::Result<()> {
        if output::is_same(path, &self.args.file) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is the file that is read"));
        }
        if !self.args.force && path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, write: impl FnOnce(&mut Self, &mut dyn Write) -> io::Result<()>) -> Written {
        let written = self.may_write(path).and_then(|()| output::replace(path, |out| write(self, out)));
        written.map_err(|error| (display_name(path), error))
    }

    /// Header and elements of one array.
    fn npy(&mut self, one: &Chosen, out: &mut dyn Write) -> io::Result<()> {
        self.pieces(one, &mut |piece| out.write_all(piece).map_err(Error::from)).map_err(io::Error::other)
    }

    fn pieces(&mut self, one: &Chosen, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let gone = || Error::new(ErrorKind::Malformed, "the array is not there");
        let array = self.arrays.get(one.index).ok_or_else(gone)?;
        self.bytes.npy(&array, sink)
    }

    fn npz(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut sums = Vec::new();
        for one in self.chosen {
            let mut sum = Crc::new();
            let mut len = 0_u64;
            let summed = self.pieces(one, &mut |piece| {
                sum.update(piece);
                len = len.saturating_add(piece.len() as u64);
                Ok(())
            });
            summed.map_err(io::Error::other)?;
            sums.push((sum.sum(), len));
        }
        self.bytes.rewind();
        let mut zip = ZipWriter::new(out);
        for (one, about) in self.chosen.iter().zip(sums) {
            zip.add(&format!("{}.npy", one.name), about, |out| self.npy(one, out))?;
        }
        zip.finish()
    }
}
