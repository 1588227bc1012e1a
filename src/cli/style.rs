//! Colours, and when there are any.

use crate::finding::Verdict;
use crate::report::{Detail, Role, Screen};
use clap::ValueEnum;
use owo_colors::OwoColorize as _;
use std::env;
use std::io::{IsTerminal as _, stdout};

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// Whether standard output gets colours.
    pub(super) fn wanted(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if is_set("NO_COLOR") => false,
            Self::Auto if is_set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
            Self::Auto => stdout().is_terminal() && !is("TERM", "dumb"),
        }
    }
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn is(name: &str, value: &str) -> bool {
    env::var_os(name).is_some_and(|it| it == value)
}

/// Standard output: as wide as the terminal where it is one.
pub(super) fn screen(detail: Detail, colour: Colour) -> Screen<'static> {
    let width = stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let width = width.map(|(width, _)| usize::from(width.0));
    if colour.wanted() { Screen { detail, width, paint: &paint } } else { Screen { width, ..Screen::plain(detail) } }
}

/// The colours of a report.
pub(super) fn paint(role: Role, text: &str) -> String {
    match role {
        Role::Verdict(Verdict::Clean) => text.green().to_string(),
        Role::Verdict(Verdict::Incomplete) => text.cyan().bold().to_string(),
        Role::Verdict(Verdict::Suspicious) => text.yellow().bold().to_string(),
        Role::Verdict(Verdict::Dangerous) => text.red().bold().to_string(),
        Role::Message => text.bold().to_string(),
        Role::Label | Role::Muted => text.dimmed().to_string(),
        Role::Text => text.to_owned(),
    }
}
