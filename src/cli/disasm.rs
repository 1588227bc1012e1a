//! `depickle disasm FILE`: the opcodes.

use super::args::{DisasmArgs, DisasmFormat};
use super::look::{self, Look};
use super::{Exit, limit};
use crate::inspect::disasm;

/// Runs the command.
pub(super) fn run(args: &DisasmArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else { return look::limits_table() };
    look::at(&args.file, &args.member, &limits, |Look { name, contents }| {
        look::each(&args.file, &args.format, |output, out| {
            let complete = match output.format {
                DisasmFormat::Human => disasm::human(out, contents, args.all),
                DisasmFormat::Json => disasm::json(out, name, contents, args.all),
            }?;
            Ok(if complete { Exit::Success } else { Exit::Incomplete })
        })
    })
}
