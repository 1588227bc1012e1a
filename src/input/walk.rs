//! From the paths of a command line to a list of files.
//!
//! A security tool looks where a loader would look, not where a developer would:
//! - hidden files count, and no `.gitignore` or other ignore file is honoured;
//! - a link to a file in the tree is the file, under the name of the link; one that leads out of it is not followed, but
//!   said;
//! - a link to a directory is not followed (it may lead anywhere, or back), but said;
//! - the store of a version control system (`.git`, `.hg`, `.svn`, `.jj`) is not walked unless it is named, but said;
//! - what is found in a directory and is no file (pipe, socket, device) cannot be read: that is an error of its own.

use super::{Filter, io_error};
use crate::error::{Error, ErrorKind};
use ignore::{DirEntry, WalkBuilder};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Directories that hold a version control system's own store.
const STORES: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// What the paths of a command line come to.
#[derive(Debug, Default)]
pub struct Walk {
    /// Every file once: the arguments in the order given, a directory's files in the order of their names.
    pub files: Vec<Candidate>,
    /// Directories that were not walked, and links out of the tree.
    pub skipped: Vec<Skipped>,
    /// Files and directories that the filter left out.
    pub left_out: u64,
}

/// One file to scan, or the reason why it cannot be.
#[derive(Debug)]
pub struct Candidate {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// Whether it was named on the command line rather than found in a directory.
    pub named: bool,
    /// Why it cannot be read, as far as that is known before it is opened.
    pub error: Option<Error>,
}

/// Something in a directory that was not followed.
#[derive(Debug)]
pub struct Skipped {
    /// The directory, or the link.
    pub path: PathBuf,
    /// What it is.
    pub what: Unfollowed,
}

/// What is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfollowed {
    /// The store of a version control system.
    Store,
    /// A link to a directory.
    LinkToDirectory,
    /// A link to a file outside of the directory that is walked.
    LinkOut,
}

impl Candidate {
    /// Whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }
}

/// Walks `arguments`: files, directories, `-`. Never fails: an error stands at the path that it is about. The filter is
/// for what is found in directories; what is named is read.
pub fn walk(arguments: &[PathBuf], filter: &Filter) -> Walk {
    // Who walks one directory comes to no file twice.
    let seen = (arguments.len() > 1).then(HashMap::new);
    let mut list = List { walk: Walk::default(), seen, filter };
    for path in arguments {
        if path.as_os_str() == "-" {
            list.file(path.clone(), true, None);
            continue;
        }
        match path.metadata() {
            Ok(about) if about.is_dir() => list.directory(path),
            Ok(_) => list.file(path.clone(), true, None),
            Err(error) => list.file(path.clone(), true, Some(io_error(&error))),
        }
    }
    list.walk
}

struct List<'f> {
    walk: Walk,
    /// Where each file stands in the list, where several arguments may lead to it.
    seen: Option<HashMap<PathBuf, usize>>,
    filter: &'f Filter,
}

impl List<'_> {
    /// Adds a file unless it is there. One that was both named and found counts as named.
    fn file(&mut self, path: PathBuf, named: bool, error: Option<Error>) {
        if let Some(seen) = &mut self.seen {
            if let Some(first) = seen.get(&path).and_then(|index| self.walk.files.get_mut(*index)) {
                first.named |= named;
                return;
            }
            seen.insert(path.clone(), self.walk.files.len());
        }
        self.walk.files.push(Candidate { path, named, error });
    }

    fn directory(&mut self, root: &Path) {
        let mut builder = WalkBuilder::new(root);
        builder.standard_filters(false).follow_links(false);
        // In one directory paths differ in their last part only; as bytes they are compared at once.
        builder.sort_by_file_path(|one, other| one.as_os_str().cmp(other.as_os_str()));
        // A store is kept as an entry, so that it can be said, and then not entered; so is what the filter leaves out.
        let filter = self.filter.clone();
        builder.filter_entry(move |entry| !in_store(entry) && !below_left_out(entry, &filter));
        let tree = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        for entry in builder.build() {
            match entry {
                Ok(entry) => self.entry(root, &tree, entry),
                Err(error) => self.failed(root, &error),
            }
        }
    }

    fn entry(&mut self, root: &Path, tree: &Path, entry: DirEntry) {
        let is_root = entry.depth() == 0;
        let (kind, path) = (entry.file_type(), entry.into_path());
        let link = kind.is_some_and(|kind| kind.is_symlink());
        // The argument itself may be a link; it was named.
        if is_root || path == root {
            return;
        }
        let is_dir = kind.is_some_and(|kind| kind.is_dir());
        if !self.filter.admits(&path, is_dir) {
            self.walk.left_out = self.walk.left_out.saturating_add(1);
            return;
        }
        // What the directory calls a file need not be asked again; it is when it is opened.
        if kind.is_some_and(|kind| kind.is_file()) {
            return self.file(path, false, None);
        }
        match path.metadata() {
            Ok(about) if about.is_dir() && link => {
                self.walk.skipped.push(Skipped { path, what: Unfollowed::LinkToDirectory });
            }
            Ok(about) if about.is_dir() => {
                if is_store(&path) {
                    self.walk.skipped.push(Skipped { path, what: Unfollowed::Store });
                }
            }
            Ok(about) if about.is_file() && link && leads_out(&path, tree) => {
                self.walk.skipped.push(Skipped { path, what: Unfollowed::LinkOut });
            }
            Ok(about) if about.is_file() => self.file(path, false, None),
            Ok(_) => {
                self.file(path, false, Some(Error::new(ErrorKind::Io, "not a regular file; name it to have it read")))
            }
            Err(_) if link => {
                self.file(path, false, Some(Error::new(ErrorKind::Io, "a link to a file that does not exist")))
            }
            Err(error) => self.file(path, false, Some(io_error(&error))),
        }
    }

    fn failed(&mut self, root: &Path, error: &ignore::Error) {
        let path = path_of(error).unwrap_or(root).to_owned();
        let error = error.io_error().map_or_else(|| Error::new(ErrorKind::Io, "cannot be walked"), io_error);
        self.file(path, false, Some(error));
    }
}

/// Whether an entry lies in a version control store: everything below one, not the store itself.
fn in_store(entry: &DirEntry) -> bool {
    entry.depth() > 1 && entry.path().parent().is_some_and(is_store)
}

/// Whether an entry lies in a directory that the filter leaves out.
fn below_left_out(entry: &DirEntry, filter: &Filter) -> bool {
    entry.depth() > 1 && entry.path().parent().is_some_and(|parent| !filter.admits(parent, true))
}

/// Whether a link leads out of a tree.
fn leads_out(link: &Path, tree: &Path) -> bool {
    link.canonicalize().map_or(true, |target| !target.starts_with(tree))
}

fn is_store(path: &Path) -> bool {
    path.file_name().is_some_and(|name| STORES.iter().any(|store| name == *store))
}

fn path_of(mut error: &ignore::Error) -> Option<&Path> {
    loop {
        match error {
            ignore::Error::WithPath { path, .. } => return Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error = err,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::display_name;
    use super::*;
    use std::fs;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        dir
    }

    /// The files, relative to `dir`; `!` marks an error and `*` a named one.
    fn files(dir: &Path, arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<PathBuf> = arguments.iter().map(|argument| dir.join(argument)).collect();
        let found = walk(&arguments, &Filter::all()).files.into_iter();
        let name = |file: &Candidate| display_name(file.path.strip_prefix(dir).unwrap());
        let mark = |file: &Candidate| if file.named { "*" } else { "" };
        let fault = |file: &Candidate| if file.error.is_some() { "!" } else { "" };
        found.map(|file| format!("{}{}{}", name(&file), mark(&file), fault(&file))).collect()
    }

    #[test]
    fn directories_are_walked_in_order_hidden_and_ignored_files_too() {
        let dir = tree(&["b.pkl", "a/z.pkl", "a/.hidden/m.pkl", ".gitignore", "c.pkl"]);
        fs::write(dir.path().join(".gitignore"), b"*.pkl\n").unwrap();
        assert_eq!(files(dir.path(), &[""]), [".gitignore", "a/.hidden/m.pkl", "a/z.pkl", "b.pkl", "c.pkl"]);
    }

    #[test]
    fn a_file_stands_once_and_named_wins() {
        let dir = tree(&["a.pkl", "b.pkl"]);
        assert_eq!(files(dir.path(), &["", "b.pkl", "no.pkl"]), ["a.pkl", "b.pkl*", "no.pkl*!"]);
    }

    #[test]
    fn a_store_is_said_not_walked_unless_it_is_named() {
        let dir = tree(&["m.pkl", "sub/.git/objects/m.pkl", "sub/.git/m.pkl"]);
        assert_eq!(files(dir.path(), &[""]), ["m.pkl"]);
        let found = walk(&[dir.path().to_owned()], &Filter::all());
        assert_eq!(found.skipped.len(), 1);
        assert!(found.skipped[0].path.ends_with("sub/.git") && found.skipped[0].what == Unfollowed::Store);
        assert_eq!(files(dir.path(), &["sub/.git"]), ["sub/.git/m.pkl", "sub/.git/objects/m.pkl"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_of_the_tree_are_files_and_others_are_said() {
        use std::os::unix::fs::symlink;
        let dir = tree(&["in/m.pkl", "in/deep/k.pkl", "out/n.pkl"]);
        symlink("../../out/n.pkl", dir.path().join("in/deep/leads_out")).unwrap();
        symlink("deep/k.pkl", dir.path().join("in/file")).unwrap();
        symlink("../out", dir.path().join("in/directory")).unwrap();
        symlink("..", dir.path().join("in/loop")).unwrap();
        symlink("nothing", dir.path().join("in/broken")).unwrap();
        assert_eq!(files(dir.path(), &["in"]), ["in/broken!", "in/deep/k.pkl", "in/file", "in/m.pkl"]);
        assert_eq!(files(dir.path(), &["in/deep/leads_out"]), ["in/deep/leads_out*"]);
        let whats: Vec<_> =
            walk(&[dir.path().join("in")], &Filter::all()).skipped.iter().map(|skipped| skipped.what).collect();
        use Unfollowed::{LinkOut, LinkToDirectory};
        assert_eq!(whats, [LinkOut, LinkToDirectory, LinkToDirectory]);
    }

    #[test]
    fn what_the_filter_leaves_out_is_counted_and_what_is_named_is_read() {
        let dir = tree(&["a.pkl", "b.txt", "old/a.pkl", "old/b/c.pkl"]);
        let filter = Filter::new(&["*.pkl".to_owned()], &["old".to_owned()]).unwrap();
        let found = walk(&[dir.path().to_owned(), dir.path().join("b.txt")], &filter);
        let names: Vec<_> = found.files.iter().map(|file| file.path.file_name().unwrap().to_owned()).collect();
        assert_eq!((names.as_slice(), found.left_out), (["a.pkl".into(), "b.txt".into()].as_slice(), 2));
    }
}
