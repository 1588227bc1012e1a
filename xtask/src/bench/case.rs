//! The corpus: what is measured.

use crate::Fallible;
use depickle::finding::hex;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPT: &str = "python/bench_corpus.py";

/// How large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// For counting instructions.
    Gate,
    Small,
    Full,
}

impl Scale {
    /// Its name in the script, and the directory that it is kept in.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Small => "small",
            Self::Full => "full",
        }
    }
}

/// One file, or one directory of files.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// What kind of case: it decides who is asked and which bars hold.
    pub(super) group: String,
    pub(super) path: PathBuf,
    /// Length of the file; `None` for a directory.
    pub(super) bytes: Option<u64>,
    /// How many of them are opcodes and their arguments, array bytes left out.
    pub(super) opcode_bytes: Option<u64>,
    /// The case of half the size.
    pub(super) double_of: Option<String>,
    /// Where that one is.
    pub(super) half: Option<PathBuf>,
    /// The format that it is written in, where it is: how the file ends.
    pub(super) to: Option<&'static str>,
}

impl Case {
    pub(super) fn size(&self) -> String {
        self.bytes.map_or_else(String::new, |bytes| bytes.to_string())
    }
}

/// Writes the corpus unless it is there already, by the same script.
pub(super) fn corpus(python: &Path, directory: &Path, scale: Scale) -> Fallible<Vec<Case>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
    let wanted = hex(&Sha256::digest(std::fs::read(&script)?));
    let directory = directory.join(scale.name());
    let stamp = directory.join("stamp");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        eprintln!("writing the corpus to {}", directory.display());
        let done = Command::new(python).arg(&script).arg(&directory).arg(scale.name()).status()?;
        if !done.success() {
            return Err("the corpus could not be written".into());
        }
        std::fs::write(stamp, wanted)?;
    }
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(directory.join("manifest.json"))?)?;
    let rows = manifest.as_array().ok_or("the manifest is no list")?;
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().map(str::to_owned);
    let case = |row: &serde_json::Value| {
        Some(Case {
            name: text(row, "name")?,
            group: text(row, "group")?,
            path: directory.join(text(row, "path")?),
            bytes: row["bytes"].as_u64(),
            opcode_bytes: row["opcode_bytes"].as_u64(),
            double_of: text(row, "double_of"),
            half: None,
            to: None,
        })
    };
    let cases = rows.iter().map(|row| case(row).ok_or_else(|| "a row of the manifest is incomplete".into()));
    let mut cases = cases.collect::<Fallible<Vec<Case>>>()?;
    let paths: BTreeMap<String, PathBuf> = cases.iter().map(|case| (case.name.clone(), case.path.clone())).collect();
    for case in &mut cases {
        case.half = case.double_of.as_ref().and_then(|name| paths.get(name)).cloned();
    }
    let large: Vec<Case> =
        cases.iter().filter(|case| case.group == "array" && case.double_of.is_some()).cloned().collect();
    for case in large {
        // A .npy file holds one array, and torch's holds many.
        let is_torch = case.path.extension().is_some_and(|end| end == "pt");
        let formats: &[&str] = if is_torch { &["safetensors"] } else { &["safetensors", "npy"] };
        cases.extend(formats.iter().map(|&to| Case {
            name: format!("{} to .{to}", case.name),
            group: "convert".to_owned(),
            double_of: None,
            half: None,
            to: Some(to),
            ..case.clone()
        }));
    }
    Ok(cases)
}
