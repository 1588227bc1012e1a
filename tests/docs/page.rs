//! A page of the documentation, and how it is written anew.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Two tests write the same pages.
static WRITING: Mutex<()> = Mutex::new(());

/// A Markdown file of this repository.
pub(crate) struct Page {
    /// Its path from the root of the repository.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and everything in `docs/`, by name.
pub(crate) fn names() -> Vec<String> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    let mut names: Vec<String> =
        docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap())).collect();
    names.retain(|name| name.ends_with(".md"));
    names.push("README.md".to_owned());
    names.sort();
    names
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        Self { name: name.to_owned(), text }
    }

    pub(crate) fn directory(&self) -> PathBuf {
        root().join(&self.name).parent().unwrap().to_owned()
    }

    /// The targets of its links into this repository.
    pub(crate) fn links(&self) -> Vec<String> {
        let targets = self.text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        let targets = targets.map(|(target, _)| target.split('#').next().unwrap().to_owned());
        targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
    }
}

/// Compares a page with what `rewrite` makes of it, or, where `BLESS` is set, writes that. Answers what `rewrite` counts.
pub(crate) fn rewrite(name: &str, what: &str, rewrite: impl FnOnce(&Page) -> (String, usize)) -> usize {
    let _guard = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let page = Page::read(name);
    let (fresh, count) = rewrite(&page);
    if fresh == page.text {
        return count;
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(root().join(name), &fresh).unwrap();
        return count;
    }
    let (line, (shown, truth)) = first_difference(&page.text, &fresh);
    panic!(
        "{name}:{line}: a {what} is not as shown\n  shown: {shown}\n  truth: {truth}\n\
         BLESS=1 cargo test --test docs writes the page anew"
    );
}

fn first_difference<'a>(is: &'a str, should: &'a str) -> (usize, (&'a str, &'a str)) {
    let ends = std::iter::repeat("(nothing)");
    let lines = is.lines().chain(ends.clone()).zip(should.lines().chain(ends));
    lines.enumerate().map(|(index, pair)| (index + 1, pair)).find(|(_, (is, should))| is != should).unwrap()
}
