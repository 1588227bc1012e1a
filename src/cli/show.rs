//! `depickle show FILE [PATH]`: the contents.

use super::args::{ShowArgs, ShowFormat};
use super::look::{self, Look};
use super::{Exit, limit, message};
use crate::ast::path::Address;
use crate::inspect::{Cuts, Outline, tree};
use std::io;

/// Levels that are shown unless others are asked for.
const DEPTH: usize = 7;

/// Runs the command.
pub(super) fn run(args: &ShowArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else { return look::limits_table() };
    let address = match args.path.as_deref().map(str::parse::<Address>).transpose() {
        Ok(address) => address,
        Err(why) => {
            message::error(args.path.as_deref().unwrap_or_default(), &why, PATHS);
            return Exit::Trouble;
        }
    };
    look::at(&args.file, &limits, |look| show(args, address.as_ref(), look))
}

const PATHS: &str = "a path is such as root.steps[1][1].coef_ or #1:root[\"key\"]; depickle show FILE prints the names";

fn show(args: &ShowArgs, address: Option<&Address>, look: Look<'_, '_>) -> io::Result<Exit> {
    let Look { name, contents, out } = look;
    let depth = args.depth.unwrap_or(if args.all { usize::MAX } else { DEPTH });
    let cuts = Cuts { depth, long: !args.all };
    let outline = Outline::new(contents);
    let _ = (name, address, ShowFormat::Tree, args.sizes);
    for root in outline.roots() {
        if let Some(node) = root.node {
            tree::write(out, &outline, ("root", node), cuts)?;
        }
    }
    Ok(Exit::Success)
}
