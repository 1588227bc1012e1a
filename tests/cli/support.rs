//! Runs the binary in a fresh directory with an environment of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory that is gone after the test.
pub(crate) struct Scene(tempfile::TempDir);

impl Scene {
    /// A directory with these files.
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            let path = scene.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `depickle` with `line`, split at spaces, and `variables` as its whole environment.
    pub(crate) fn run_with(&self, line: &str, variables: &[(&str, &str)], input: &[u8]) -> Output {
        let mut child = depickle(self.0.path())
            .args(line.split_whitespace())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs `depickle` with `line` and shows the whole of it: command, both streams, exit code.
    pub(crate) fn show(&self, line: &str) -> String {
        let output = self.run_with(line, &[], b"");
        let mut shown = format!("$ depickle {line}\n");
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                shown.push_str(&format!("--- {name}\n{}", String::from_utf8(bytes.clone()).unwrap()));
            }
        }
        shown + &format!("--- exit {}\n", output.status.code().unwrap())
    }
}

pub(crate) fn depickle(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depickle"));
    command.current_dir(dir).env_clear();
    command
}
