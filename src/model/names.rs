//! What the names of imports say: which versions write them, which find them, what has to be installed.

use super::table::{NAMES, PACKAGES, STDLIB};
use super::writer::{Claim, Writer};
use crate::facts::{Certainty, Hazard, Package, Place, Range};

/// The most distinct names that are looked up, and parts of a module that are.
const NAMES_LOOKED_UP: usize = 1 << 14;
const PARTS: usize = 8;

/// What is learned from imports, name by name.
#[derive(Default)]
pub(super) struct Names {
    looked_up: usize,
    /// Packages, in order of first import.
    pub(super) packages: Vec<Package>,
    /// Which versions find all names, by component.
    pub(super) found: Vec<Found>,
    /// Whether names of the program that wrote it are in it, and the first.
    pub(super) main: Option<Hazard>,
    /// Rows of the table that have spoken.
    known: Vec<&'static str>,
}

/// The most packages that are listed.
const LISTED: usize = 200;

/// The versions of a component that find the names which a file imports from it.
pub(super) struct Found {
    component: &'static str,
    range: Range,
    /// The names that set the bounds.
    low: &'static str,
    below: &'static str,
    place: Place,
    /// Whether no version finds all of them.
    none: bool,
}

impl Found {
    /// What goes wrong with others.
    pub(super) fn hazard(self) -> Hazard {
        let mut names = vec![self.low, self.below];
        names.retain(|name| !name.is_empty());
        names.dedup();
        let names = names.join(" and ").replace(':', ".");
        let (component, range) = (self.component, self.range);
        let message = if self.none {
            format!("no version of {component} has all names in it: one has only {names}, others only the rest")
        } else {
            format!("loads only with {component} {range}, which has {names}")
        };
        Hazard { kind: "moved-name", message, place: self.place }
    }

    fn take(&mut self, key: &'static str, range: Range, place: &Place) {
        let Some(both) = self.range.intersection(range) else {
            self.none = true;
            return;
        };
        if both.low != self.range.low {
            self.low = key;
            self.place = place.clone();
        }
        if both.below != self.range.below {
            self.below = key;
            self.place = place.clone();
        }
        self.range = both;
    }
}

impl Names {
    /// Takes in one imported name, as a reader of Python 3 resolves it.
    pub(super) fn take(&mut self, module: &str, name: &str, place: &Place, writer: &mut Writer) {
        self.looked_up = self.looked_up.saturating_add(1);
        if self.looked_up > NAMES_LOOKED_UP {
            return;
        }
        if matches!(module, "__main__" | "__mp_main__") && self.main.is_none() {
            let name = super::values::cut(name);
            let message = format!("{module}.{name} has to be defined in the program that loads it");
            self.main = Some(Hazard { kind: "main", message, place: place.clone() });
        }
        self.package(module, name, place);
        if name.len() <= 80 && module.len() <= 200 {
            self.row(&format!("{module}:{name}"), place, writer);
        }
        let ends = module.match_indices('.').map(|(at, _)| at).chain([module.len()]);
        for end in ends.take(PARTS) {
            self.row(module.get(..end).unwrap_or_default(), place, writer);
        }
    }

    fn package(&mut self, module: &str, name: &str, place: &Place) {
        let top = module.split('.').next().unwrap_or_default();
        let known = self.packages.iter().any(|package| package.module == top);
        if known || self.packages.len() >= LISTED || STDLIB.find(top).is_some() {
            return;
        }
        let distribution = PACKAGES.find(top).and_then(|mut row| row.nth(1));
        let symbol = super::values::cut(&format!("{module}.{name}"));
        self.packages.push(Package { module: super::values::cut(top), distribution, symbol, place: place.clone() });
    }

    fn row(&mut self, key: &str, place: &Place, writer: &mut Writer) {
        let Some(row) = NAMES.find(key) else { return };
        let row: Vec<&'static str> = row.collect();
        let &[key, component, written, sure, found] = row.as_slice() else { return };
        if self.known.contains(&key) {
            return;
        }
        self.known.push(key);
        let what = key.replace(':', ".");
        let range = Range::parse(written);
        writer.claim(component, Claim { what: format!("name {what}"), exact: None, range }, certainty(sure), place);
        let range = Range::parse(found);
        if range.is_all() {
            return;
        }
        match self.found.iter_mut().find(|found| found.component == component) {
            Some(found) => found.take(key, range, place),
            None => {
                let place = place.clone();
                let mut found =
                    Found { component, range: Range::default(), low: "", below: "", place: place.clone(), none: false };
                found.take(key, range, &place);
                self.found.push(found);
            }
        }
    }
}

/// A certainty by its name in the tables.
pub(super) fn certainty(name: &str) -> Certainty {
    match name {
        "certain" => Certainty::Certain,
        "likely" => Certainty::Likely,
        _ => Certainty::Guess,
    }
}
