//! The entries that a reading relies on.

use super::facts::{EntryId, Known, Nature};
use super::judging::{Judge, USES, Use};
use std::collections::{BTreeMap, BTreeSet};

/// An entry that a stream relies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relied {
    /// Its symbol.
    pub entry: String,
    /// The item of the user's policy that it is; none is built in.
    pub item: Option<u32>,
    /// What is done with what it allows, in the words of the report.
    pub uses: Vec<&'static str>,
}

/// What is done with a symbol: a bit for each word of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses(pub(super) u16);

impl Uses {
    /// The words.
    pub fn words(self) -> Vec<&'static str> {
        (0..).zip(USES).filter(|(bit, _)| self.0 & 1 << bit != 0).map(|(_, name)| name).collect()
    }
}

impl Judge<'_> {
    /// The entries that imports and attributes led to, and the items of the user's policy that had a say.
    pub(super) fn relied(&self) -> (Vec<Relied>, BTreeSet<u32>) {
        let mut uses: BTreeMap<EntryId, u16> = BTreeMap::new();
        let mut items = BTreeSet::new();
        for imported in self.facts.symbols.iter().filter(|imported| imported.first.is_some()) {
            match imported.known {
                Known::Entry(id) => *uses.entry(id).or_default() |= imported.uses,
                Known::Denied(item) => {
                    items.insert(item);
                }
                Known::Harmful(_) | Known::Nothing => {}
            }
        }
        let by_attribute = self.facts.objects.iter().filter(|made| made.nature == Nature::Symbol);
        for id in by_attribute.filter_map(|made| made.class) {
            *uses.entry(id).or_default() |= 1 << Use::Import as u16;
        }
        let relied = |(id, uses): (EntryId, u16)| {
            let entry = self.facts.entry_of(id)?;
            Some(Relied { entry: entry.symbol.to_owned(), item: entry.item, uses: Uses(uses).words() })
        };
        let entries: Vec<Relied> = uses.into_iter().filter_map(relied).collect();
        items.extend(entries.iter().filter_map(|relied| relied.item));
        (entries, items)
    }
}
