//! `cargo xtask sbom`: what depickle is built of, as CycloneDX 1.6: every crate that a build of the binary links or runs,
//! with version, licence and checksum, and who needs whom. From `cargo metadata` and Cargo.lock alone: no time, no path of
//! this machine, so that two runs are one text.

use crate::{Fallible, Outcome};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// `cargo xtask sbom [FILE]`.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let text = serde_json::to_string_pretty(&sbom()?)? + "\n";
    match arguments.first() {
        Some(path) => std::fs::write(path, text)?,
        None => print!("{text}"),
    }
    Ok(true)
}

fn sbom() -> Fallible<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let sums = checksums(&std::fs::read_to_string(root.join("Cargo.lock"))?);
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let needs: BTreeMap<&str, BTreeSet<&str>> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), linked(node))).collect();
    let (own, _) = packages.iter().find(|(_, package)| package["name"] == "depickle").ok_or("no package depickle")?;
    let mut reached = BTreeSet::from([*own]);
    let mut open = vec![*own];
    while let Some(id) = open.pop() {
        open.extend(needs.get(id).into_iter().flatten().filter(|id| reached.insert(id)));
    }
    let component = |id: &str| {
        let package = packages[id];
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        let mut row = json!({"type": "library", "bom-ref": purl(package), "name": name, "version": version,
            "purl": purl(package), "licenses": [{"expression": text(&package["license"]).replace('/', " OR ")}]});
        if let Some(sum) = sums.get(&(name.to_owned(), version.to_owned())) {
            row["hashes"] = json!([{"alg": "SHA-256", "content": sum}]);
        }
        row
    };
    let mut main = component(own);
    main["type"] = json!("application");
    let mut components: Vec<Value> = reached.iter().filter(|id| *id != own).map(|id| component(id)).collect();
    components.sort_by_key(|row| text(&row["purl"]).to_owned());
    let mut dependencies: Vec<Value> = reached
        .iter()
        .map(|id| {
            let mut on: Vec<String> = needs.get(id).into_iter().flatten().map(|id| purl(packages[id])).collect();
            on.sort();
            json!({"ref": purl(packages[id]), "dependsOn": on})
        })
        .collect();
    dependencies.sort_by_key(|row| text(&row["ref"]).to_owned());
    Ok(json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": main},
        "components": components, "dependencies": dependencies}))
}

/// What a package links or runs while it is built, on any platform; not what only its tests need.
fn linked(node: &Value) -> BTreeSet<&str> {
    let is_linked = |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"] != "dev");
    list(&node["deps"]).filter(is_linked).map(|dependency| text(&dependency["pkg"])).collect()
}

/// Name and version of each package in Cargo.lock that has a checksum.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let field = |part: &str, key: &str| {
        let line = part.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim_start_matches(" = ").trim_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter_map(|part| Some(((field(part, "name")?, field(part, "version")?), field(part, "checksum")?)))
        .collect()
}

fn purl(package: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
