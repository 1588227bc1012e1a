//! What CI services run, run here: the steps of `action.yml`, the job of `ci/gitlab.yml`, the hooks of pre-commit.
//!
//! The services themselves are not at hand; the shell that they would start is.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// A class that only the project's own policy knows.
const OURS: &[u8] = b"\x80\x02cours.models\nModel\n)\x81}X\x05\0\0\0depthK\x03sb.";
const POLICY: &str =
    "[[allow]]\nsymbol = \"ours.models.Model\"\nnew = \"()\"\nbuild = \"{depth: int}\"\nreason = \"ours\"\n";

/// A repository with harmless models and a policy that knows one of them, and a malicious model if it is asked for.
fn repository(bad: bool) -> tempfile::TempDir {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let directory = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| std::fs::copy(samples.join(from), directory.path().join(to)).unwrap();
    std::fs::create_dir(directory.path().join("models")).unwrap();
    std::fs::write(directory.path().join("models/ours.pkl"), OURS).unwrap();
    std::fs::write(directory.path().join("depickle.toml"), POLICY).unwrap();
    copy("model.pkl", "models/good.pkl");
    if bad {
        copy("malicious/reduce_p4.pkl", "models/bad one.pkl");
    }
    directory
}

/// A script, as `shell: bash` has it run, with the depickle that is tested on its path.
fn bash(script: &str, directory: &Path, variables: &[(&str, &str)]) -> Output {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_depickle"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(directory).env_clear();
    bash.env("PATH", path).envs(variables.iter().copied()).output().unwrap()
}

/// The block behind the last `key` of a YAML file, without its indentation.
fn block(text: &str, key: &str) -> String {
    let (_, rest) = text.rsplit_once(key).unwrap_or_else(|| panic!("no {key}"));
    let lines: Vec<&str> = rest.lines().skip(1).collect();
    let indent = lines[0].len() - lines[0].trim_start().len();
    let inside = lines.iter().take_while(|line| line.is_empty() || line.len() - line.trim_start().len() >= indent);
    inside.map(|line| format!("{}\n", line.get(indent..).unwrap_or(""))).collect()
}

#[test]
fn the_action_passes_then_fails_and_names_the_file() {
    let script = block(&file("action.yml"), "run: |");
    let run = |bad: bool, variables: &[(&str, &str)]| {
        let repository = repository(bad);
        let defaults = [("PATHS", "models\n"), ("FAIL_ON", "suspicious")];
        let output = bash(&script, repository.path(), &[&defaults, variables].concat());
        (output, repository)
    };
    let (passed, _) = run(false, &[]);
    assert_eq!(passed.status.code(), Some(0), "{passed:?}");
    let (failed, _) = run(true, &[]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    let log = String::from_utf8(failed.stdout).unwrap();
    assert!(log.starts_with("::error file=models/bad one.pkl,line=1,title=depickle dangerous-call::"), "{log}");

    let reports = [("SARIF", "out.sarif"), ("HTML", "out.html"), ("GITHUB_STEP_SUMMARY", "summary.md")];
    let (reported, repository) = run(true, &reports);
    assert_eq!(reported.status.code(), Some(1), "{reported:?}");
    for (_, name) in reports {
        let text = std::fs::read_to_string(repository.path().join(name)).unwrap();
        assert!(text.contains("bad one.pkl") || text.contains("bad%20one.pkl"), "{name}");
    }
    // An input is an argument, whatever is in it.
    let (odd, repository) = run(false, &[("PATHS", "models\n$(touch ran)\n--exit-zero\n")]);
    assert_eq!(odd.status.code(), Some(2), "{odd:?}");
    assert!(!repository.path().join("ran").exists());
}

/// What a report calls the malicious file, and nothing else: rule and path of each finding.
fn named(report: &Path, rows: &str, rule: &str, path: &str) -> Vec<(String, String)> {
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let text = |row: &serde_json::Value, at: &str| row.pointer(at).unwrap().as_str().unwrap().to_owned();
    report.pointer(rows).unwrap().as_array().unwrap().iter().map(|row| (text(row, rule), text(row, path))).collect()
}

const SARIF_PATH: &str = "/locations/0/physicalLocation/artifactLocation/uri";

#[test]
fn a_repository_is_gated_by_the_commands_of_the_readme_and_the_page_on_ci() {
    let (readme, page) = (file("README.md"), file("docs/ci.md"));
    let snippet = readme.split("run: ").find(|rest| rest.starts_with("depickle scan")).unwrap();
    let snippet = format!("{} --format github", snippet.lines().next().unwrap());
    let (_, without_the_action) = page.split_once("Without the action: `").unwrap();
    for command in [&snippet, without_the_action.split('`').next().unwrap()] {
        let command = format!("{command} --format sarif=out.sarif --format gitlab=quality.json");
        let repository = repository(false);
        let at = |name: &str| repository.path().join(name);
        let run = || bash(&command, repository.path(), &[]);
        std::fs::remove_file(at("depickle.toml")).unwrap();
        assert_eq!(run().status.code(), Some(1), "{command}: nobody allowed the class yet");
        std::fs::write(at("depickle.toml"), POLICY).unwrap();
        let passed = run();
        assert_eq!(passed.status.code(), Some(0), "{passed:?}");
        assert!(named(&at("out.sarif"), "/runs/0/results", "/ruleId", SARIF_PATH).is_empty());
        assert!(named(&at("quality.json"), "", "/check_name", "/location/path").is_empty());

        let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/malicious/reduce_p4.pkl");
        std::fs::copy(bad, at("models/bad.pkl")).unwrap();
        let failed = run();
        assert_eq!(failed.status.code(), Some(1), "{failed:?}");
        let log = String::from_utf8(failed.stdout).unwrap();
        assert!(log.starts_with("::error file=models/bad.pkl,line=1,title=depickle dangerous-call::"), "{log}");
        assert_eq!(log.matches("::error").count(), 1, "{log}");
        let sarif = named(&at("out.sarif"), "/runs/0/results", "/ruleId", SARIF_PATH);
        let quality = named(&at("quality.json"), "", "/check_name", "/location/path");
        for found in [sarif, quality] {
            assert!(found.contains(&("dangerous-call".to_owned(), "models/bad.pkl".to_owned())), "{found:?}");
            assert!(found.iter().all(|(_, path)| path == "models/bad.pkl"), "{found:?}");
        }
    }
}

#[test]
fn the_job_for_gitlab_passes_then_fails_and_leaves_its_reports() {
    let script = block(&file("ci/gitlab.yml"), "- >-").replace('\n', " ").replace(".depickle/bin/depickle", "depickle");
    for (bad, code) in [(false, 0), (true, 1)] {
        let repository = repository(bad);
        let variables = [("DEPICKLE_PATHS", "."), ("DEPICKLE_FAIL_ON", "suspicious")];
        let output = bash(&script, repository.path(), &variables);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        for name in ["gl-code-quality-report.json", "depickle.xml", "report.html"] {
            let text = std::fs::read_to_string(repository.path().join(name)).unwrap();
            assert_eq!(text.contains("bad one.pkl"), bad, "{name}");
        }
    }
}

#[test]
fn the_hooks_of_pre_commit_take_the_names_of_files() {
    let hooks = file(".pre-commit-hooks.yaml");
    let entries: Vec<&str> = hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: ")).collect();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let repository = repository(true);
        let run = |names: &str| bash(&format!("{entry} {names}"), repository.path(), &[]).status.code();
        assert_eq!(run("models/good.pkl"), Some(0));
        assert_eq!(run("models/good.pkl 'models/bad one.pkl'"), Some(1));
    }
}
