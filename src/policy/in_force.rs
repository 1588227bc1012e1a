//! The entries that are in force for one file: the built-in ones, and those items of the user's policy that apply to it.

use super::Relied;
use super::entry::{self, Entry};
use super::table;
use super::user::{Accept, Allow, Item, User, What};
use crate::finding::{Accepted, Finding, Level};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// What is in force for one file; [`Policy::for_file`](super::Policy::for_file) makes it.
#[derive(Debug, Default)]
pub struct InForce<'p> {
    user: Option<&'p User>,
    allow: HashMap<&'p str, (u32, &'p Allow)>,
    /// By the name that the item gives, and by the name of the entry that this is another name for.
    deny: HashMap<&'p str, u32>,
    accept: Vec<(u32, &'p Accept, bool)>,
    paths: Vec<u32>,
    pinned: bool,
}

impl<'p> InForce<'p> {
    /// The items of a user's policy that apply to a file; its digest is asked for only where an item is pinned to one.
    pub(super) fn of(user: &'p User, name: &str, digests: impl FnOnce() -> Vec<String>) -> Self {
        let digests = std::cell::LazyCell::new(digests);
        Self::those(user, |item| item.scope.applies(name, || digests.as_slice()))
    }

    /// Every item of a user's policy, whatever files it applies to.
    pub(super) fn everywhere(user: &'p User) -> Self {
        Self::those(user, |_| true)
    }

    fn those(user: &'p User, applies: impl Fn(&Item) -> bool) -> Self {
        let mut in_force = Self { user: Some(user), ..Self::default() };
        for (number, item) in (0..).zip(&user.items).filter(|(_, item)| !item.expired && applies(item)) {
            in_force.pinned |= item.scope.is_pinned();
            match &item.what {
                What::Allow(allow) => {
                    in_force.allow.entry(&allow.symbol).or_insert((number, allow));
                }
                What::Deny(symbol) => {
                    in_force.deny.insert(symbol, number);
                    if let Some(canonical) = entry::canonical(symbol) {
                        in_force.deny.insert(canonical, number);
                    }
                }
                What::Accept(accept) => in_force.accept.push((number, accept, item.scope.is_pinned())),
                What::Path(_) => in_force.paths.push(number),
            }
        }
        in_force
    }

    /// Whether something is in force because of the digest of the file.
    pub fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// Whether there may be an entry of a symbol: of most that are not listed there is none of the same library either.
    pub(super) fn may_know(&self, symbol: &str) -> bool {
        table::may_be_listed(symbol) || !self.allow.is_empty()
    }

    /// The entry of a symbol, after aliases. The built-in one holds where there is one; one that cannot be read allows
    /// nothing.
    pub(super) fn entry(&self, symbol: &str) -> Option<Rc<Entry<'p>>> {
        if self.denied(symbol).is_some() {
            return None;
        }
        if let Some(entry) = entry::lookup(symbol) {
            return Some(entry);
        }
        let &(number, allow) = self.allow.get(symbol)?;
        Some(Rc::new(Entry { item: Some(number), ..allow.entry().ok()? }))
    }

    /// The clauses that the user's policy gives a symbol, as the built-in tables would write them.
    pub(super) fn clauses(&self, symbol: &str) -> Vec<String> {
        let clauses = self.allow.get(symbol).map_or(&[][..], |(_, allow)| &allow.clauses);
        clauses.iter().map(|(word, text)| format!("{word} {text}").trim_end().to_owned()).collect()
    }

    /// The item that denies a symbol, under this name or the one that it is another name for.
    pub(super) fn denied(&self, symbol: &str) -> Option<u32> {
        if self.deny.is_empty() {
            return None;
        }
        let canonical = entry::canonical(symbol);
        self.deny.get(symbol).or_else(|| self.deny.get(canonical?)).copied()
    }

    /// Why an entry is allowed: the reason of the user's item, or what the built-in table says of it.
    pub fn why(&self, relied: &Relied) -> String {
        relied.item.map_or_else(|| entry::comment(&relied.entry), |item| self.reason(item).to_owned())
    }

    /// The reason that an item gives.
    pub fn reason(&self, item: u32) -> &'p str {
        self.user.and_then(|user| user.items.get(item as usize)).map_or("", |item| &item.reason)
    }

    /// Where an item stands: `depickle.toml:12`.
    pub fn place(&self, item: u32) -> String {
        self.user.map_or_else(String::new, |user| user.place(item))
    }

    /// Accepts the findings that the policy accepts; answers the items that did, and those that apply to the file by its
    /// path.
    ///
    /// What could not be analysed is never accepted: nobody knows what it is. What is known to do harm is accepted only
    /// in a file whose digest the item names.
    pub fn accept(&self, findings: &mut [Finding]) -> BTreeSet<u32> {
        let mut matched: BTreeSet<u32> = self.paths.iter().copied().collect();
        for finding in findings.iter_mut().filter(|finding| finding.accepted.is_none()) {
            let found = self.accept.iter().find(|(_, accept, pinned)| {
                let bearable = match finding.level {
                    Level::Incomplete => false,
                    Level::Dangerous => *pinned,
                    Level::Note | Level::Suspicious => true,
                };
                let symbol = accept.symbol.as_deref();
                bearable && accept.rule == finding.rule && (symbol.is_none() || symbol == finding.symbol.as_deref())
            });
            let Some(&(number, ..)) = found else { continue };
            let Some(item) = self.user.and_then(|user| user.items.get(number as usize)) else { continue };
            matched.insert(number);
            let expires = item.expires.map(|day| day.to_string());
            finding.accepted = Some(Accepted { by: self.place(number), reason: item.reason.clone(), expires });
        }
        matched
    }
}
