//! Which of the files in a directory are looked at: globs, as in `.gitignore`, against paths as they are printed.

use crate::error::{Error, ErrorKind, Result};
use ignore::overrides::{Override, OverrideBuilder};
use std::path::Path;

/// Globs that files in directories have to match, and globs that they must not match; the latter win.
#[derive(Clone, Debug)]
pub struct Filter {
    include: Option<Override>,
    exclude: Option<Override>,
}

impl Filter {
    /// A glob without `/` matches names at any depth, one with `/` matches paths from the current directory on.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] where one is no glob.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        Ok(Self { include: globs(include)?, exclude: globs(exclude)? })
    }

    /// Everything.
    pub const fn all() -> Self {
        Self { include: None, exclude: None }
    }

    /// Whether a file or directory is looked at.
    pub(super) fn admits(&self, path: &Path, is_dir: bool) -> bool {
        let matches = |globs: &Override| globs.matched(path, is_dir).is_whitelist();
        let excluded = self.exclude.as_ref().is_some_and(matches);
        // A directory that no glob names may hold files that one does.
        let included = is_dir || self.include.as_ref().is_none_or(matches);
        included && !excluded
    }
}

fn globs(globs: &[String]) -> Result<Option<Override>> {
    if globs.is_empty() {
        return Ok(None);
    }
    let mut builder = OverrideBuilder::new(".");
    for glob in globs {
        // A leading `!` would turn the meaning round.
        let glob = if glob.starts_with('!') { format!("\\{glob}") } else { glob.clone() };
        builder.add(&glob).map_err(|error| Error::new(ErrorKind::Malformed, error.to_string()))?;
    }
    builder.build().map(Some).map_err(|error| Error::new(ErrorKind::Malformed, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path that ends in `/` is a directory.
    fn admitted(include: &[&str], exclude: &[&str], path: &str) -> bool {
        let own = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
        Filter::new(&own(include), &own(exclude))
            .unwrap()
            .admits(Path::new(path.trim_end_matches('/')), path.ends_with('/'))
    }

    #[test]
    fn globs_match_names_or_paths() {
        assert!(admitted(&["*.pkl"], &[], "a/b/c.pkl") && !admitted(&["*.pkl"], &[], "a/c.joblib"));
        assert!(admitted(&["*.pkl"], &[], "a/"), "a directory is walked whatever its name");
        assert!(!admitted(&[], &["a/b/**"], "a/b/c.pkl") && admitted(&[], &["a/b/**"], "x/a/b/c.pkl"));
        assert!(!admitted(&[], &["node_modules"], "x/node_modules/"));
        assert!(!admitted(&["*.pkl"], &["c.*"], "a/c.pkl"), "exclude wins");
        assert!(admitted(&[], &["!x"], "x") && !admitted(&[], &["!x"], "!x"));
        assert!(!admitted(&[], &["old"], "./old/"));
    }

    #[test]
    fn what_is_no_glob_is_refused() {
        assert!(Filter::new(&["[".to_owned()], &[]).is_err());
    }
}
