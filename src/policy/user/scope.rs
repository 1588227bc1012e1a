//! The files that an item applies to.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Which files: all, or those whose path or digest is named.
#[derive(Clone, Debug, Default)]
pub(in crate::policy) struct Scope {
    files: Option<GlobSet>,
    sha256: Option<Vec<String>>,
}

impl Scope {
    pub(super) fn new(files: Option<GlobSet>, sha256: Option<Vec<String>>) -> Self {
        Self { files, sha256 }
    }

    /// Whether files are named by their digests.
    pub(in crate::policy) fn is_pinned(&self) -> bool {
        self.sha256.is_some()
    }

    /// Whether a file is one of them. `name` is the path as given; one that steps up with `..` is under no pattern. The
    /// digests are those of the file and of its companions: all have to be named.
    pub(in crate::policy) fn applies<'s>(&self, name: &str, digests: impl FnOnce() -> &'s [String]) -> bool {
        let steps_up = name.split('/').any(|part| part == "..");
        let name = name.strip_prefix("./").unwrap_or(name);
        let named = self.files.as_ref().is_none_or(|files| !steps_up && files.is_match(name));
        named
            && self.sha256.as_ref().is_none_or(|named| {
                let digests = digests();
                !digests.is_empty() && digests.iter().all(|digest| named.contains(digest))
            })
    }
}

/// Patterns of paths: `*` and `?` within a name, `**` over several, `[ab]`, `{a,b}`.
///
/// # Errors
/// The pattern that is none, by its number, and why.
pub(super) fn patterns(texts: &[String]) -> Result<GlobSet, (usize, String)> {
    let mut set = GlobSetBuilder::new();
    for (number, text) in texts.iter().enumerate() {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        set.add(glob.map_err(|error| (number, error.kind().to_string()))?);
    }
    set.build().map_err(|error| (0, error.kind().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_the_path_as_given() {
        let applies = |pattern: &str, name: &str| {
            Scope::new(patterns(&[pattern.to_owned()]).ok(), None).applies(name, || panic!("no digest is asked for"))
        };
        assert!(applies("models/*.pkl", "models/a.pkl") && applies("models/*.pkl", "./models/a.pkl"));
        assert!(applies("models/**", "models/a/b.pkl") && applies("**/*.pkl", "a.pkl"));
        assert!(!applies("models/*.pkl", "models/a/b.pkl") && !applies("*.pkl", "models/a.pkl"));
        assert!(!applies("models/**", "models/../other/a.pkl"));
    }
}
