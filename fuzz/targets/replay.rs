//! `replay PATH...`: every target on every file, and on the files of every directory. Without a path: every target on its
//! own seeds.

use depickle_fuzz::{TARGETS, Target};
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut runs = 0;
    for target in TARGETS {
        if paths.is_empty() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            runs += replay(target, target.seeds.iter().map(|seeds| root.join(seeds)).collect())?;
        } else {
            runs += replay(target, paths.clone())?;
        }
    }
    eprintln!("{runs} runs of {} targets", TARGETS.len());
    Ok(())
}

fn replay(target: &Target, mut open: Vec<PathBuf>) -> std::io::Result<u64> {
    let mut runs = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
            continue;
        }
        let data = std::fs::read(&path)?;
        // A panic stands below the line that says what it was about.
        eprintln!("{} {}", target.name, path.display());
        (target.run)(&data);
        runs += 1;
    }
    Ok(runs)
}
