//! `replay PATH...`: every target on every file, and on the files of every directory.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let mut open: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut files = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
            continue;
        }
        let data = std::fs::read(&path)?;
        for (name, target) in depickle_fuzz::TARGETS {
            eprintln!("{name} {}", path.display());
            target(&data);
        }
        files += 1;
    }
    eprintln!("{files} files");
    Ok(())
}
