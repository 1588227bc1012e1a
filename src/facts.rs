//! Plain data: what a file says about who wrote it, what is in it, and what goes wrong when it is loaded elsewhere.
//!
//! `model` finds these facts, `finding` carries them in the report of a file, `report` prints them. Text in them is as
//! the file has it, bounded but not escaped.

use crate::word::{self, Word};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How sure a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Certainty {
    /// It fits, and so may other things.
    Guess,
    /// What writers do unless told otherwise.
    Likely,
    /// The bytes cannot come from anything else, short of forgery.
    Certain,
}

impl Certainty {
    /// The certainty as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A release: major, minor, patch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Release(pub [u16; 3]);

impl Release {
    /// The numbers at the start of a version: `1.3.0rc1` is 1.3.0. `None` where it starts with no number.
    pub fn parse(text: &str) -> Option<Self> {
        let mut release = Self::default();
        let mut parts = text.trim_start_matches('v').split('.');
        for (index, slot) in release.0.iter_mut().enumerate() {
            let part = parts.next().unwrap_or("");
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            match part.get(..digits).unwrap_or("").parse() {
                Ok(number) => *slot = number,
                Err(_) if index == 0 => return None,
                Err(_) => break,
            }
            if digits < part.len() {
                break;
            }
        }
        Some(release)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [major, minor, 0] => write!(f, "{major}.{minor}"),
            [major, minor, patch] => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

/// A range of releases, from `low` on and below `below`, as in a requirement: `>=1.17,<2.0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first release in it.
    pub low: Option<Release>,
    /// The first release after it.
    pub below: Option<Release>,
}

impl Range {
    /// Reads `>=1.17,<2.0`, `>=1.17` or `<2.0`; anything else is no bound.
    pub fn parse(text: &str) -> Self {
        let mut range = Self::default();
        for bound in text.split(',') {
            if let Some(low) = bound.strip_prefix(">=") {
                range.low = Release::parse(low);
            } else if let Some(below) = bound.strip_prefix('<') {
                range.below = Release::parse(below);
            }
        }
        range
    }

    /// The range of one release alone, for [`Range::is_within`].
    pub const fn of(release: Release) -> Self {
        let [major, minor, patch] = release.0;
        Self { low: Some(release), below: Some(Release([major, minor, patch.saturating_add(1)])) }
    }

    /// What lies in both; `None` where nothing does.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let low = self.low.max(other.low);
        let below = match (self.below, other.below) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        let empty = matches!((low, below), (Some(low), Some(below)) if low >= below);
        (!empty).then_some(Self { low, below })
    }

    /// Whether all of it lies in `other`.
    pub fn is_within(self, other: Self) -> bool {
        self.intersection(other) == Some(self)
    }

    /// Whether it says nothing.
    pub const fn is_all(self) -> bool {
        self.low.is_none() && self.below.is_none()
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.below) {
            (None, None) => f.write_str("any"),
            (Some(low), None) => write!(f, ">={low}"),
            (None, Some(below)) => write!(f, "<{below}"),
            (Some(low), Some(below)) => write!(f, ">={low},<{below}"),
        }
    }
}

/// Where something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The number of the stream.
    pub stream: u32,
    /// The first byte, counted in the stream's source.
    pub offset: Option<u64>,
    /// The first byte, counted in the file; `None` where the source is inflated.
    pub file_offset: Option<u64>,
    /// The path from the root of the object.
    pub path: Option<String>,
}

/// One thing in the file that tells a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is, a few words.
    pub what: String,
    /// The version, where it is written out.
    pub exact: Option<String>,
    /// The versions it fits.
    pub range: Range,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where it first stands.
    pub place: Place,
    /// How often it stands in the file.
    pub count: u64,
}

/// Something that took part in writing the file: Python, a library, the operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its name: `Python`, the name of a distribution, or `platform`.
    #[serde(deserialize_with = "word::one")]
    pub name: Word,
    /// The versions that are written out, in order of first occurrence; the first is that of the outermost object.
    pub exact: Vec<String>,
    /// The versions that all evidence fits.
    pub range: Range,
    /// How sure that is: as the weakest evidence that the answer needs.
    pub certainty: Certainty,
    /// What tells.
    pub evidence: Vec<Evidence>,
}

impl Component {
    /// What is known of the version, as one word: `1.2.2`, `>=1.17,<2.0`, `any`.
    pub fn version(&self) -> String {
        match self.exact.first() {
            Some(_) => self.exact.join(", "),
            None => self.range.to_string(),
        }
    }
}

/// A top-level module that the file imports from and that has to be installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The module.
    pub module: String,
    /// The distribution that installs it, where that is known.
    #[serde(deserialize_with = "word::perhaps")]
    pub distribution: Option<Word>,
    /// One name that is imported from it.
    pub symbol: String,
    /// Where that stands.
    pub place: Place,
}

/// Something that goes wrong when the file is loaded elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazard {
    /// Its kind: `moved-name`, `mixed-versions`, `protocol`, ...
    #[serde(deserialize_with = "word::one")]
    pub kind: Word,
    /// What goes wrong, where, and with which versions; one line.
    pub message: String,
    /// What it is about.
    pub place: Place,
}

/// Some values of a longer run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// The first of them, as Python would print them.
    pub items: Vec<String>,
    /// How many there are in all.
    pub total: u64,
}

/// One step of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its class, or what stands in its place.
    pub class: String,
}

/// A model, or another object worth describing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Where it stands.
    pub path: String,
    /// Its class.
    pub class: String,
    /// The steps, where it is a pipeline.
    pub steps: Vec<Step>,
    /// Path and class of the estimator that predicts, where it is a part of it.
    pub estimator: Option<(String, String)>,
    /// The parameters of the estimator that predicts: name and value.
    pub parameters: Vec<(String, String)>,
    /// `n_features_in_`
    pub n_features_in: Option<String>,
    /// `n_outputs_`
    pub n_outputs: Option<String>,
    /// `feature_names_in_`
    pub feature_names_in: Option<Values>,
    /// `classes_`
    pub classes: Option<Values>,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The highest protocol that its streams declare.
    pub protocol: Option<u8>,
    /// What stands at the root, in a few words.
    pub contents: String,
    /// Who wrote it.
    pub components: Vec<Component>,
    /// What has to be installed.
    pub packages: Vec<Package>,
    /// The models in it.
    pub models: Vec<Model>,
    /// What goes wrong elsewhere.
    pub hazards: Vec<Hazard>,
}

impl Facts {
    /// Every place in it, for who knows where the source stands in the file.
    pub fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        let components = self.components.iter_mut().flat_map(|component| &mut component.evidence);
        let evidence = components.map(|evidence| &mut evidence.place);
        let packages = self.packages.iter_mut().map(|package| &mut package.place);
        evidence.chain(packages).chain(self.hazards.iter_mut().map(|hazard| &mut hazard.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_versions() {
        assert_eq!(Release::parse("1.2.2"), Some(Release([1, 2, 2])));
        assert_eq!(Release::parse("0.24.dev0"), Some(Release([0, 24, 0])));
        assert_eq!(Release::parse("1.3rc1.7"), Some(Release([1, 3, 0])));
        assert_eq!(Release::parse("v4"), Some(Release([4, 0, 0])));
        assert_eq!(Release::parse(""), None);
        assert_eq!(Release::parse("99999999.1"), None);
    }

    #[test]
    fn ranges_read_as_they_print() {
        for text in [">=1.17,<2.0", ">=1.4.2", "<0.22", "any"] {
            assert_eq!(Range::parse(text).to_string(), text);
        }
    }

    #[test]
    fn ranges_meet_or_do_not() {
        let range = Range::parse;
        assert_eq!(range("<2.0").intersection(range(">=1.17")), Some(range(">=1.17,<2.0")));
        assert_eq!(range("<2.0").intersection(range(">=2.0")), None);
        assert!(Range::of(Release([1, 2, 2])).is_within(range(">=1.0,<1.3")));
        assert!(!range("<2.0").is_within(range(">=1.0,<2.0")));
    }
}
