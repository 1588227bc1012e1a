//! `depickle explain SYMBOL|RULE`: what is known of a symbol, what a rule means.

use super::policy::print;
use super::policy_file::{self, PolicyArgs};
use super::{Exit, message};
use crate::policy::{Status, describe};
use crate::rules::{RULES, Rule};

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// A symbol as reports write it, such as `numpy.dtype`, or a rule, such as `unlisted-import`
    #[arg(value_name = "SYMBOL|RULE")]
    name: String,

    #[command(flatten)]
    policy: PolicyArgs,
}

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> Exit {
    if let Some(rule) = RULES.iter().find(|rule| rule.id == args.name) {
        return print(&of_rule(rule), Exit::Success);
    }
    if !args.name.contains('.') {
        let all: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        let help = format!("a symbol has a dot, as in numpy.dtype; the rules are {}", all.join(", "));
        message::error(&args.name, "neither a rule nor a symbol", &help);
        return Exit::Trouble;
    }
    match policy_file::load(&args.policy) {
        Ok(loaded) => {
            let policy = loaded.policy.everywhere();
            print(&of_symbol(&args.name, &describe(&args.name, &policy).status), Exit::Success)
        }
        Err(exit) => exit,
    }
}

fn of_rule(rule: &Rule) -> String {
    format!(
        "{}: {}\n  why:   {}\n  help:  {}\n  class: {}, severity: {}, confidence: {}\n",
        rule.id,
        rule.title,
        rule.why,
        rule.help,
        rule.class.name(),
        rule.severity.name(),
        rule.confidence.name()
    )
}

fn of_symbol(symbol: &str, status: &Status) -> String {
    match status {
        Status::Allowed { alias_of, clauses, shapes, reason, by } => {
            let by = by.as_ref().map_or("built in", String::as_str);
            let mut text = format!("{symbol}: allowed ({by})\n");
            if let Some(entry) = alias_of {
                text.push_str(&format!("  another name for {entry}\n"));
            }
            text.push_str("  may be imported\n");
            for clause in clauses {
                let (word, shape) = clause.split_once(' ').unwrap_or((clause, ""));
                text.push_str(format!("  {word:<9} {shape}").trim_end());
                text.push('\n');
            }
            for (name, shape) in shapes {
                text.push_str(&format!("  where     {name} = {shape}\n"));
            }
            if !reason.is_empty() {
                text.push_str(&format!("  why:      {reason}\n"));
            }
            text
        }
        Status::Denied { reason, by } => format!("{symbol}: denied ({by})\n  why:      {reason}\n"),
        Status::Dangerous { what } => format!("{symbol}: dangerous\n  {what}\n"),
        Status::Unlisted => format!(
            "{symbol}: unlisted\n  nothing is known of it, so a file that imports it is suspicious\n  \
             help:     if you know the code behind it, allow it in a policy: depickle policy init\n"
        ),
    }
}
