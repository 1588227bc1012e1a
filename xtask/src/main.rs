//! Development tasks of depickle: `cargo xtask TASK`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod abuse;
mod around;
mod bench;
mod bombs;
#[path = "../../tests/metamorphic/spoil.rs"]
mod changes;
#[path = "../../tests/semantics/compare.rs"]
mod compare;
mod compat;
mod corpus;
#[path = "../../tests/semantics/described.rs"]
mod described;
#[path = "../../tests/semantics/divergences.rs"]
mod divergences;
mod failure;
mod generate;
mod hits;
mod listing;
mod names;
mod oracle;
mod python;
mod record;
#[path = "../../tests/semantics/recorder.rs"]
mod recorder;
#[path = "../../tests/semantics/rows.rs"]
mod rows;
mod sbom;
mod spoil;
mod subject;
mod tally;
mod views;

use std::process::ExitCode;

/// What a task answers: whether all is well, or why it could not run.
type Outcome = Fallible<bool>;
type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

struct Task {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Outcome,
}

const TASKS: &[Task] = &[
    Task {
        name: "oracle",
        help: "[--streams N] [--seconds N] [--seed S] [--only NUMBER] [--jobs N] [--scan] [--python PATH]... [--write FILE]  compare with CPython on random streams",
        run: oracle::run,
    },
    Task { name: "record", help: "write tests/semantics/recorded.json", run: record::run },
    Task {
        name: "names",
        help: "[--python PATH]...  compare what names stand for with CPython: renamed modules, dotted names",
        run: names::run,
    },
    Task { name: "compat", help: "write src/resolve/compat.txt", run: compat::run },
    Task {
        name: "corpus",
        help: "[--clean DIR]... [--dangerous DIR]...  judge what xtask/python/corpus.py wrote",
        run: corpus::run,
    },
    Task { name: "abuse", help: "try every abuse of every entry of the policy: none may be clean", run: abuse::run },
    Task {
        name: "around",
        help: "[--streams N] [--seed S] --python PATH...  compare with joblib, numpy, pandas and torch on containers",
        run: around::run,
    },
    Task {
        name: "bombs",
        help: "scan files that cost far more than they weigh: each within its bounds",
        run: bombs::run,
    },
    Task {
        name: "spoil",
        help: "[--python PATH]...  show CPython each malicious sample that one change makes clean",
        run: spoil::run,
    },
    Task {
        name: "measure",
        help: "FILE COMMAND...  run a command and write what it needed: CPU time in seconds, MiB, exit code",
        run: bench::measure::run,
    },
    Task {
        name: "bench",
        help: "[--small] [--runs N] [--only TEXT] [--bar N] [--keep]  compare with peers, as ratios (target/bench keeps the corpus); --gate counts instructions",
        run: bench::run,
    },
    Task { name: "views", help: "FILE...  what the typed views see in models, for views.py", run: views::run },
    Task { name: "sbom", help: "[FILE]  what depickle is built of, as CycloneDX", run: sbom::run },
    Task { name: "stream", help: "[--seed S] --only NUMBER  list one random stream", run: oracle::show },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let found = arguments.first().and_then(|name| TASKS.iter().find(|task| task.name == name));
    let Some(task) = found else {
        eprintln!("usage: cargo xtask TASK");
        for task in TASKS {
            eprintln!("  {:8} {}", task.name, task.help);
        }
        return ExitCode::from(2);
    };
    match (task.run)(&arguments[1..]) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {}: {error}", task.name);
            ExitCode::from(2)
        }
    }
}
