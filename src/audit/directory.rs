//! What is beside the files: modules that a loader would import in place of the libraries that the policy allows.
//!
//! Only names count, and in `.pth` files the lines that Python runs; a module is code, and code is not judged here.

use crate::escape::escape;
use crate::finding::{DirectoryReport, Finding, Level, Location};
use crate::input::{Source, display_name};
use crate::limits::Limits;
use crate::policy;
use crate::rules::shadowing_module::RULE;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Modules that Python's start and every load import, beside those that the policy allows.
const ALWAYS: [&str; 9] =
    ["_compat_pickle", "codecs", "copyreg", "io", "pickle", "sitecustomize", "struct", "usercustomize", "zipfile"];

/// What Python imports as a module, by the end of its name.
const MODULES: [&str; 4] = ["py", "pyc", "pyd", "so"];

/// Directories that libraries are installed in: there they stand before nothing.
const INSTALLED: [&str; 2] = ["dist-packages", "site-packages"];

/// What there is to say of the directories that `files` lie in.
pub fn directories<'p>(files: impl IntoIterator<Item = &'p Path>, limits: &Limits) -> Vec<DirectoryReport> {
    let roots: BTreeSet<&str> = policy::roots().chain(ALWAYS).collect();
    let (mut found, mut packages) = (BTreeMap::<&Path, BTreeMap<String, Finding>>::new(), BTreeSet::new());
    for path in files {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            continue;
        };
        if name.ends_with(".pth") && starts_code(path, limits) {
            let message = format!("{} has a line that Python runs when it starts", escape(name));
            let finding = RULE.finding(Level::Suspicious, message, Location::default());
            found.entry(directory).or_default().insert(name.to_owned(), finding);
            continue;
        }
        let Some(((module, _), (_, end))) = name.split_once('.').zip(name.rsplit_once('.')) else { continue };
        if !MODULES.contains(&end) {
            continue;
        }
        let (directory, module) = if module == "__init__" {
            packages.insert(directory);
            let module = directory.file_name().and_then(|name| name.to_str());
            let (Some(above), Some(module)) = (directory.parent(), module) else { continue };
            (above, module)
        } else {
            (directory, module)
        };
        if roots.contains(module) && !is_installed(directory) {
            let message = format!("{} stands before the module {module}", escape(name));
            let mut finding = RULE.finding(Level::Suspicious, message, Location::default());
            finding.symbol = Some(module.to_owned());
            found.entry(directory).or_default().insert(module.to_owned(), finding);
        }
    }
    let mut reports = Vec::new();
    for (directory, findings) in found {
        // In a package it is a module of that package, unless Python is started there.
        let in_package = packages.contains(directory);
        let lower = |finding| if in_package { Finding { level: Level::Note, ..finding } } else { finding };
        let findings = findings.into_values().map(lower).collect();
        let path = if directory.as_os_str().is_empty() { ".".to_owned() } else { display_name(directory) };
        reports.push(DirectoryReport { path, findings });
    }
    reports
}

fn is_installed(directory: &Path) -> bool {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    INSTALLED.contains(&name) || name.starts_with("python3.")
}

/// Whether a `.pth` file has a line that `site.addpackage` runs: in text, and behind nothing else. Most such files are
/// torch's, and their lines are none.
fn starts_code(path: &Path, limits: &Limits) -> bool {
    let Ok(source) = Source::open(path, limits) else { return false };
    for line in source.bytes().split(|&byte| byte == b'\n') {
        if std::str::from_utf8(line).is_err() {
            return false;
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.starts_with(b"import ") || line.starts_with(b"import\t") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            paths.push(path);
        }
        let reports = directories(paths.iter().map(|path| path.as_path()), &Limits::default());
        let root = format!("{}/", display_name(dir.path()));
        let told = |report: &DirectoryReport| {
            let path = format!("{}/", report.path).replace(&root, "");
            let findings: Vec<_> = report.findings.iter().collect();
            findings.into_iter().map(|one| format!("{path}: {} {}", one.level.name(), one.message)).collect::<Vec<_>>()
        };
        reports.iter().flat_map(told).collect()
    }

    #[test]
    fn modules_that_stand_before_libraries_are_told() {
        assert_eq!(
            told(&[
                ("joblib.py", ""),
                ("a/numpy/__init__.py", ""),
                ("a/pickle.cpython-311-x86_64-linux-gnu.so", ""),
                ("a/sklearn/data.txt", ""),
                ("model.py", ""),
                ("numpy", ""),
                ("sitecustomize.pyc", ""),
            ]),
            [
                ": suspicious joblib.py stands before the module joblib",
                ": suspicious sitecustomize.pyc stands before the module sitecustomize",
                "a/: suspicious __init__.py stands before the module numpy",
                "a/: suspicious pickle.cpython-311-x86_64-linux-gnu.so stands before the module pickle",
            ]
        );
    }

    #[test]
    fn what_is_installed_and_what_is_of_a_package_is_no_alarm() {
        let inside = [("p/__init__.py", ""), ("p/pickle.py", "")];
        assert_eq!(told(&inside), ["p/: note pickle.py stands before the module pickle"]);
        assert!(told(&[("lib/site-packages/numpy/__init__.py", ""), ("lib/python3.11/pickle.py", "")]).is_empty());
    }

    #[test]
    fn lines_that_python_runs_are_told() {
        let told = told(&[
            ("a.pth", "/a/path\nimport os\n"),
            ("b.pth", "/a/path\n#import os\n"),
            ("c.pth", "PK\u{3}\u{4}\0\n import os\n"),
        ]);
        assert_eq!(told, [": suspicious a.pth has a line that Python runs when it starts"]);
    }
}
