//! The rooms of the library as they are: modules under `src/`, and which names which.

use std::path::{Path, PathBuf};

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of the library, by name.
pub(crate) fn present() -> Vec<String> {
    let mut rooms: Vec<String> = entries(&sources()).iter().map(|path| room(path)).collect();
    rooms.retain(|room| room != "lib" && room != "main");
    rooms.sort();
    rooms
}

/// Every pair of rooms of which the first names the second in its code.
pub(crate) fn arrows() -> Vec<(String, String)> {
    let mut arrows = Vec::new();
    for top in entries(&sources()) {
        let user = room(&top);
        if user == "lib" || user == "main" {
            continue;
        }
        let mut open = vec![top];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(entries(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // What only tests use is no arrow.
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
                let code = code.join("\n");
                arrows.extend(code.split("crate::").skip(1).flat_map(names).map(|used| (user.clone(), used)));
            }
        }
    }
    arrows.sort();
    arrows.dedup();
    arrows
}

/// The rooms at the head of what follows `crate::`, in braces or not.
fn names(rest: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect::<String>();
    match rest.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap().split(',').map(|item| word(item.trim())).collect(),
        None => vec![word(rest)],
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn room(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}
