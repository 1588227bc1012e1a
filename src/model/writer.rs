//! The writer of a file, put together from what tells its parts.

use super::names::certainty;
use super::table::IMPLIED;
use crate::facts::{Certainty, Component, Evidence, Place, Range, Release};

/// What something says of a version.
pub(super) struct Claim {
    /// What it is that says so.
    pub(super) what: String,
    /// The version, where it is written out.
    pub(super) exact: Option<String>,
    /// The versions it fits.
    pub(super) range: Range,
}

impl Claim {
    /// A claim of a range.
    pub(super) fn range(what: impl Into<String>, range: &str) -> Self {
        Self { what: what.into(), exact: None, range: Range::parse(range) }
    }

    /// A claim of a version that is written out.
    pub(super) fn exact(what: impl Into<String>, version: String) -> Self {
        Self { what: what.into(), exact: Some(version), range: Range::default() }
    }
}

/// Everything claimed so far, by component.
#[derive(Default)]
pub(super) struct Writer {
    components: Vec<Component>,
}

/// The order in which components are told; others follow.
const ORDER: [&str; 12] = [
    "Python",
    "platform",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "torch",
    "pandas",
    "scipy",
    "numpy",
    "joblib",
    "cloudpickle",
    "dill",
];

/// The most pieces of evidence for one component.
const EVIDENCE: usize = 64;

impl Writer {
    /// Takes in a claim. One that was made before is counted.
    pub(super) fn claim(&mut self, name: &'static str, claim: Claim, certainty: Certainty, place: &Place) {
        let at = match self.components.iter().position(|component| component.name == name) {
            Some(at) => at,
            None => {
                let component = Component {
                    name,
                    exact: Vec::new(),
                    range: Range::default(),
                    certainty: Certainty::Guess,
                    evidence: Vec::new(),
                };
                self.components.push(component);
                self.components.len().saturating_sub(1)
            }
        };
        let Some(component) = self.components.get_mut(at) else { return };
        let Claim { what, exact, range } = claim;
        let same = |known: &&mut Evidence| known.what == what && known.exact == exact && known.range == range;
        if let Some(known) = component.evidence.iter_mut().find(same) {
            known.count = known.count.saturating_add(1);
        } else if component.evidence.len() < EVIDENCE {
            component.evidence.push(Evidence { what, exact, range, certainty, place: place.clone(), count: 1 });
        }
    }

    /// The components, each with what all evidence comes to, and what one implies of another.
    pub(super) fn finish(mut self) -> Vec<Component> {
        self.components.iter_mut().for_each(conclude);
        for line in IMPLIED.lines() {
            // Most lines are about none of the file's components.
            if !self.components.iter().any(|component| line.starts_with(component.name)) {
                continue;
            }
            let row: Vec<&'static str> = line.split(' ').collect();
            let &[name, versions, other, range, sure] = row.as_slice() else { continue };
            let known = self.components.iter().find(|component| component.name == name);
            let Some(known) = known.filter(|known| effective(known).is_within(Range::parse(versions))) else {
                continue;
            };
            let sure = certainty(sure).min(known.certainty);
            let what = format!("{name} {} runs with {other} {range}", known.version());
            let place = known.evidence.first().map(|evidence| evidence.place.clone()).unwrap_or_default();
            // Python always took part; another component is only bounded where it did.
            if other == "Python" || self.components.iter().any(|component| component.name == other) {
                self.claim(other, Claim::range(what, range), sure, &place);
                self.components.iter_mut().filter(|component| component.name == other).for_each(conclude);
            }
        }
        let rank = |name: &str| ORDER.iter().position(|&known| known == name).unwrap_or(ORDER.len());
        self.components.sort_by_key(|component| rank(component.name));
        self.components
    }
}

/// The versions that a component may have.
fn effective(component: &Component) -> Range {
    match component.exact.as_slice() {
        [] => component.range,
        [one] => Release::parse(one).map_or(Range::default(), Range::of),
        // Several: nothing follows.
        _ => Range::default(),
    }
}

/// What all evidence of a component comes to. Weaker evidence yields where it contradicts stronger.
fn conclude(component: &mut Component) {
    component.exact.clear();
    for evidence in &component.evidence {
        if let Some(version) = &evidence.exact
            && !component.exact.contains(version)
        {
            component.exact.push(version.clone());
        }
    }
    component.range = Range::default();
    component.certainty = Certainty::Certain;
    for tier in [Certainty::Certain, Certainty::Likely, Certainty::Guess] {
        // A guess is worth a word only where nothing better is known.
        if tier == Certainty::Guess && !component.range.is_all() {
            break;
        }
        for evidence in component.evidence.iter().filter(|evidence| evidence.certainty == tier) {
            match component.range.intersection(evidence.range) {
                Some(range) if range != component.range => {
                    component.range = range;
                    component.certainty = component.certainty.min(tier);
                }
                _ => {}
            }
        }
    }
    let best = component.evidence.iter().filter(|evidence| evidence.exact.is_some());
    if let Some(best) = best.map(|evidence| evidence.certainty).max() {
        component.certainty = best;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(claims: &[(&'static str, &str, Certainty)]) -> Vec<Component> {
        let mut writer = Writer::default();
        for &(name, range, certainty) in claims {
            writer.claim(name, Claim::range(range, range), certainty, &Place::default());
        }
        writer.finish()
    }

    #[test]
    fn evidence_is_put_together() {
        let found = claims(&[("numpy", "<2.0", Certainty::Certain), ("numpy", ">=1.17", Certainty::Likely)]);
        assert_eq!((found[0].version().as_str(), found[0].certainty), (">=1.17,<2.0", Certainty::Likely));
    }

    #[test]
    fn weaker_evidence_yields() {
        let found = claims(&[("numpy", ">=2.0", Certainty::Guess), ("numpy", "<2.0", Certainty::Certain)]);
        assert_eq!((found[0].version().as_str(), found[0].certainty), ("<2.0", Certainty::Certain));
    }

    #[test]
    fn a_version_implies_others() {
        let mut writer = Writer::default();
        let exact = Claim::exact("_sklearn_version", "1.2.2".to_owned());
        writer.claim("scikit-learn", exact, Certainty::Certain, &Place::default());
        let found = writer.finish();
        let versions: Vec<_> = found.iter().map(|component| (component.name, component.version())).collect();
        assert_eq!(versions, [("Python", ">=3.8,<3.12".to_owned()), ("scikit-learn", "1.2.2".to_owned())]);
    }
}
