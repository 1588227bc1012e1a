//! Commands in the documentation.
//!
//! A block that begins with ```` ```console ```` holds commands (`$ ...`), each followed by all that it prints, standard
//! output first. It is run from the root of the repository, with the environment empty. A line `...` stands for any
//! number of lines, so that the end of a long report can be shown. `$ echo $?` shows how the command before it ended.
//! `cargo run --release --` is the binary under test, and `cargo test` is what runs this.

use crate::page::{Page, root};
use std::path::Path;
use std::process::{Command, Output};

const ELLIPSIS: &str = "...";

/// The page with the true output of every command, and how many commands it shows.
pub(crate) fn run(page: &Page) -> (String, usize) {
    let (mut fresh, mut count) = (String::new(), 0);
    let mut lines = page.text.lines();
    while let Some(line) = lines.next() {
        push(&mut fresh, line);
        if line != "```console" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        assert!(block.first().is_some_and(|line| line.starts_with("$ ")), "{}: {block:?}", page.name);
        let mut last = None;
        let mut rest = block.as_slice();
        while let Some((line, after)) = rest.split_first() {
            let shown = after.iter().position(|line| line.starts_with("$ ")).unwrap_or(after.len());
            let (shown, next) = after.split_at(shown);
            let command = line.strip_prefix("$ ").unwrap();
            let output = printed(command, &mut last);
            push(&mut fresh, line);
            abridged(shown, &output).iter().for_each(|line| push(&mut fresh, line));
            count += 1;
            rest = next;
        }
        push(&mut fresh, "```");
    }
    (fresh, count)
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// What a command prints.
fn printed(command: &str, last: &mut Option<i32>) -> Vec<String> {
    if command == "echo $?" {
        return vec![last.expect("there is no command before it").to_string()];
    }
    if command == "cargo test" {
        return Vec::new();
    }
    let output = depickle(root(), command);
    *last = output.status.code();
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8(both).unwrap().lines().map(str::to_owned).collect()
}

/// Output as it is to be shown: with as many lines before and behind an ellipsis as are shown now.
fn abridged(shown: &[&str], output: &[String]) -> Vec<String> {
    let Some(head) = shown.iter().position(|line| *line == ELLIPSIS) else { return output.to_vec() };
    let tail = shown.len() - head - 1;
    assert!(output.len() > head + tail, "nothing is left out: {output:?}");
    let (head, tail) = (&output[..head], &output[output.len() - tail..]);
    [head, &[ELLIPSIS.to_owned()], tail].concat()
}

/// Runs a command line that starts with `depickle`, or with what the README says instead before it is installed.
fn depickle(directory: &Path, command: &str) -> Output {
    let arguments = command.strip_prefix("depickle").or_else(|| command.strip_prefix("cargo run --release --"));
    let arguments = arguments.unwrap_or_else(|| panic!("no test knows how to run `{command}`"));
    let mut binary = Command::new(env!("CARGO_BIN_EXE_depickle"));
    binary.current_dir(directory).env_clear().args(arguments.split_whitespace()).output().unwrap()
}

/// The commands of `run: depickle ...` in blocks of YAML.
pub(crate) fn in_ci_snippet(text: &str) -> Vec<String> {
    let keys = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
    let commands = keys.filter_map(|key| key.strip_prefix("run: ")).filter(|run| run.starts_with("depickle "));
    commands.map(|command| command.split('#').next().unwrap().trim().to_owned()).collect()
}

/// The exit code of a command where `models/` holds copies of these files.
pub(crate) fn gate(command: &str, files: &[&str]) -> i32 {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("models")).unwrap();
    for file in files {
        let name = Path::new(file).file_name().unwrap();
        std::fs::copy(root().join(file), directory.path().join("models").join(name)).unwrap();
    }
    depickle(directory.path(), command).status.code().unwrap()
}
