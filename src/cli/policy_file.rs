//! Which policy is in force: `--policy FILE`, or the one that stands in the current directory or above it.

use super::scan::CHECK_PATH;
use super::{Exit, message};
use crate::error::Error;
use crate::finding::{FileReport, hex};
use crate::input::{Source, display_name, upward};
use crate::limits::Limits;
use crate::policy::Policy;
use crate::policy::user::{Context, Day, Note, Section};
use crate::report::{PolicyInfo, PolicyNote, Tool};
use crate::rules::RULES;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The file that is a policy, and the one that may have one as its table `tool.depickle`.
const NAMES: [&str; 2] = ["depickle.toml", PROJECT];
const PROJECT: &str = "pyproject.toml";

#[derive(Clone, Debug, clap::Args)]
pub(super) struct PolicyArgs {
    /// The policy [default: depickle.toml, or tool.depickle in pyproject.toml, from here upward]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The built-in policy alone
    #[arg(long, conflicts_with = "policy")]
    no_policy: bool,

    #[command(flatten)]
    today: TodayArg,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct TodayArg {
    /// The day for items that expire [default: that of SOURCE_DATE_EPOCH, or today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<DayArg>,
}

impl PolicyArgs {
    /// The day on which things expire. What is wrong with it was said where this fails.
    pub(super) fn today(&self) -> Result<Day, Exit> {
        day(self.today)
    }
}

/// A day, as the command line gives it.
#[derive(Clone, Copy, Debug)]
pub(super) struct DayArg(pub(super) Day);

impl FromStr for DayArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Day::parse(text).map(Self).ok_or("not a day, such as 2027-12-31")
    }
}

/// A policy, and what a report says of it.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    /// The file, if there is one: its name and its SHA-256.
    pub(super) file: Option<(String, String)>,
}

impl Loaded {
    /// Who reports on these files, and which items of the policy had nothing to do with any of them.
    pub(super) fn tool(&self, files: &[FileReport]) -> Tool {
        let Some((file, sha256)) = &self.file else { return Tool::builtin() };
        let matched = files.iter().flat_map(|file| &file.policy_items).copied().collect();
        let note = |note: Note| PolicyNote { line: note.line, kind: note.kind.name(), message: note.message };
        let notes = self.policy.notes(Some(&matched)).into_iter().map(note).collect();
        let (file, sha256) = (Some(file.clone()), Some(sha256.clone()));
        Tool::with(PolicyInfo { builtin: true, file, sha256, notes })
    }
}

/// The policy in force. What is wrong with it was said where this fails.
pub(super) fn load(args: &PolicyArgs) -> Result<Loaded, Exit> {
    if args.no_policy {
        return Ok(Loaded { policy: Policy::builtin(), file: None });
    }
    load_file(args.policy.as_deref(), args.today)
}

/// The policy of a file, or the nearest one. What is wrong with it was said where this fails.
pub(super) fn load_file(named: Option<&Path>, today: TodayArg) -> Result<Loaded, Exit> {
    if let Some(path) = named {
        let help = "add the table [tool.depickle], or name a file that is a policy";
        return read(path, today)?.ok_or_else(|| trouble(&display_name(path), "there is no policy in it", help));
    }
    for path in upward(&NAMES) {
        if let Some(loaded) = read(&path, today)? {
            return Ok(loaded);
        }
    }
    Ok(Loaded { policy: Policy::builtin(), file: None })
}

fn read(path: &Path, today: TodayArg) -> Result<Option<Loaded>, Exit> {
    let name = display_name(path);
    let source = Source::open(path, &Limits::default());
    let source = source.map_err(|error: Error| trouble(&name, error.message(), CHECK_PATH))?;
    let Ok(text) = std::str::from_utf8(source.bytes()) else {
        return Err(trouble(&name, "the policy is not UTF-8", "store it as UTF-8"));
    };
    let section = if path.file_name().is_some_and(|name| name == PROJECT) { Section::Tool } else { Section::Whole };
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let context = Context { file: &name, section, today: day(today)?, rules: &rules };
    match Policy::parse(text, &context) {
        Ok(None) => Ok(None),
        Ok(Some(policy)) => {
            let sha256 = hex(&source.sha256());
            Ok(Some(Loaded { policy, file: Some((name, sha256)) }))
        }
        Err(problems) => {
            for problem in problems {
                let place = format!("{name}:{}:{}", problem.line, problem.column);
                message::error(&place, &problem.what, &problem.help);
            }
            Err(Exit::Trouble)
        }
    }
}

/// The day on which items expire: what was asked for, else the one that builds are to be reproduced at, else today.
fn day(today: TodayArg) -> Result<Day, Exit> {
    if let Some(DayArg(day)) = today.today {
        return Ok(day);
    }
    let (place, day) = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => ("SOURCE_DATE_EPOCH", seconds.parse().ok().and_then(Day::of_unix_time)),
        Err(_) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
            ("the clock", now.and_then(|now| Day::of_unix_time(now.as_secs())))
        }
    };
    day.ok_or_else(|| trouble(place, "gives no day", "say which day it is: --today YYYY-MM-DD"))
}

fn trouble(place: &str, what: &str, help: &str) -> Exit {
    message::error(place, what, help);
    Exit::Trouble
}
