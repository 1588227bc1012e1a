//! `depickle extract FILE -o PLACE`: arrays, written out without loading anything.

use super::args::ExtractArgs;
use super::look::{self, LookAll};
use super::place::{self, Place};
use super::progress::Progress;
use super::sink::Sink;
use super::{Exit, arrays as listing, limit, message};
use crate::ast::path::Address;
use crate::convert::safetensors::{self, Other};
use crate::convert::{Named, Names, npz};
use crate::error::Result;
use crate::input::display_name;
use crate::inspect::{ArrayRef, Arrays, Bytes, Outline};
use crate::output;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

/// Where the arrays go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Directory,
    Npy,
    Npz,
    Safetensors,
}

impl Target {
    /// By the ending of a name; nothing where it is that of a file of another kind.
    fn of(path: &Path) -> Option<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "npy" => return Some(Self::Npy),
            "npz" => return Some(Self::Npz),
            "safetensors" => return Some(Self::Safetensors),
            _ => {}
        }
        // `v1.2` is a name for a directory, `a.txt` is none, unless there is one or it says so.
        let is_version = !ending.bytes().any(|byte| byte.is_ascii_alphabetic());
        let says_so = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        (is_version || says_so || path.is_dir()).then_some(Self::Directory)
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
    let Some(target) = args.output.as_deref().map_or(Some(Target::Directory), Target::of) else {
        let name = args.output.as_deref().map(display_name).unwrap_or_default();
        let help = "a file ends in .npy, .npz or .safetensors; the name of a new directory in no ending, or in a /";
        message::error(&name, "its ending names no format", help);
        return Exit::Trouble;
    };
    place::abandon_when_interrupted();
    look::all(&args.file, &limits, |look| look::print(|out| extract((args, target), &wanted, look, out)))
}

fn wrong(path: &str, why: &str) -> Exit {
    message::error(path, why, "depickle arrays FILE lists the arrays with their paths");
    Exit::Trouble
}

fn extract(
    (args, target): (&ExtractArgs, Target),
    wanted: &[(&str, Address)],
    look: LookAll<'_, '_>,
    out: &mut dyn Write,
) -> io::Result<Exit> {
    let LookAll { name: file, mut all } = look;
    let outlines: Vec<Outline<'_, '_>> = all.contents.iter_mut().map(Outline::new).collect();
    let arrays = Arrays::of_all(&outlines);
    let mut met = vec![false; wanted.len()];
    let mut complete = true;
    let mut chosen = Vec::new();
    let (mut names, check) = match target {
        Target::Safetensors => {
            (Names::of_keys(), (|array| safetensors::check(array, Other::Refused)) as fn(&ArrayRef) -> Result<()>)
        }
        _ => (Names::of_files(), npz::check as _),
    };
    for (index, array) in (0..arrays.len()).filter_map(|index| Some((index, arrays.get(index)?))) {
        if !is_wanted(wanted, &mut met, &array) {
            continue;
        }
        let name = names.name(&array.address);
        if args.output.is_none() {
            writeln!(out, "{}", listing::line(&array))?;
        }
        match check(&array) {
            Ok(()) => chosen.push(Named { index, name }),
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
    for problem in listing::problems(&outlines, &all.problems) {
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
        let place = Place { input: &args.file, force: args.force };
        let sizes = chosen.iter().filter_map(|one| arrays.get(one.index)?.array.nbytes());
        let total = sizes.fold(0_u64, u64::saturating_add);
        let progress = Progress::new(&display_name(path), Some(total));
        let mut writer = Writer { place, arrays: &arrays, bytes: Bytes::of_all(&outlines), chosen: &chosen, progress };
        if let Err((place, error)) = writer.write(path, target) {
            return Ok(place::trouble(&place, &error));
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
        if stream && within && (address.member.is_empty() || address.member == array.member) {
            any = true;
            *met = true;
        }
    }
    any
}

type Written = std::result::Result<(), (String, io::Error)>;

struct Writer<'w, 'o, 'c, 'a> {
    place: Place<'w>,
    arrays: &'w Arrays<'o, 'c, 'a>,
    bytes: Bytes<'o, 'c, 'a>,
    chosen: &'w [Named],
    progress: Progress,
}

impl<'c: 'o, 'o> Writer<'_, 'o, 'c, '_> {
    fn write(&mut self, path: &Path, target: Target) -> Written {
        let at = |place: &Path, error: io::Error| (display_name(place), error);
        match target {
            Target::Npy => match self.chosen {
                [one] => self.npy(path, one),
                _ => {
                    let message = "a .npy file holds one array; give a directory, a .npz file, or --select PATH";
                    Err(at(path, io::Error::new(io::ErrorKind::InvalidInput, message)))
                }
            },
            Target::Npz => {
                self.file(path, |Self { arrays, bytes, chosen, .. }, out| npz::write(out, chosen, arrays, bytes))
            }
            Target::Safetensors => self.file(path, |Self { arrays, bytes, chosen, .. }, out| {
                safetensors::write(out, (chosen, Other::Refused), &BTreeMap::new(), arrays, bytes)
            }),
            Target::Directory => {
                output::directory(path).map_err(|error| at(path, error))?;
                // All of them before the first is written.
                for one in self.chosen {
                    let file = path.join(format!("{}.npy", one.name));
                    self.place.check(&file).map_err(|error| at(&file, error))?;
                }
                for one in self.chosen {
                    self.npy(&path.join(format!("{}.npy", one.name)), one)?;
                }
                Ok(())
            }
        }
    }

    /// Header and elements of one array.
    fn npy(&mut self, path: &Path, one: &Named) -> Written {
        self.file(path, |writer, out| npz::npy(out, one, writer.arrays, &mut writer.bytes))
    }

    fn file(&mut self, path: &Path, write: impl FnOnce(&mut Self, &mut dyn Write) -> io::Result<()>) -> Written {
        let (place, name) = (self.place, display_name(path));
        let mut progress = std::mem::replace(&mut self.progress, Progress::nowhere());
        let written = place.write(path, |out| write(self, &mut Sink::new(out, &mut progress, false)));
        self.progress = progress;
        written.map_err(|error| (name, error))
    }
}
