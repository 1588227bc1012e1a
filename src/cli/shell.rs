//! `depickle completions SHELL` and `depickle man [COMMAND]`.

use super::args::Args;
use super::outputs::written;
use super::{Exit, message};
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::{Write as _, stdout};

/// Prints a script that completes commands and options.
pub(super) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "depickle", &mut script);
    print(&script)
}

/// Prints a manual page, in the language of `man`.
pub(super) fn man(command: Option<&str>) -> Exit {
    let mut tree = Args::command();
    tree.build();
    let found = match command {
        None => Some(tree),
        Some(name) => tree.find_subcommand(name).cloned(),
    };
    let Some(found) = found else {
        message::error(command.unwrap_or_default(), "no such command", "depickle --help lists the commands");
        return Exit::Trouble;
    };
    let mut page = Vec::new();
    match clap_mangen::Man::new(found).render(&mut page) {
        Ok(()) => print(&page),
        Err(error) => written("standard output", Err(error), Exit::Success),
    }
}

fn print(bytes: &[u8]) -> Exit {
    let mut out = stdout().lock();
    written("standard output", out.write_all(bytes).and_then(|()| out.flush()), Exit::Success)
}
