//! Numbers in storages of torch that say where others stand: looked at where they are.

use super::Audit;
use super::bytes::Bytes;
use super::compressed::Claim;
use super::member::Member;
use crate::container::{Archive, Data, Entry};
use crate::dtype::ByteOrder;
use crate::escape::escape;
use crate::finding::{Level, Location};
use crate::limits::Limit;
use crate::loader::indices::{Demand, Ints, Unmet};
use crate::rules;
use std::collections::HashMap;

/// The longest text of a member that names an order of bytes.
const ORDER: usize = 16;

impl<'a> Audit<'a> {
    /// Looks at what one pickle of a zip archive of torch asks of storages, which stand in a folder beside it.
    pub(super) fn numbers(
        &mut self,
        demands: &[(Demand, Location)],
        folder: &str,
        archive: &Archive,
        data: &Bytes<'a>,
        member: &Member,
    ) {
        if demands.is_empty() {
            return;
        }
        let entry = |name: &str| archive.entries.iter().find(|entry| entry.name == name);
        let root = folder.split_once('/').map_or("", |(root, _)| root);
        let order = entry(&format!("{root}/byteorder")).map(|entry| self.storage_bytes(entry, data, member));
        let order = match order.as_ref().map(|bytes| bytes.get().get(..ORDER).unwrap_or(bytes.get()).trim_ascii()) {
            Some(b"big") => ByteOrder::Big,
            _ => ByteOrder::Little,
        };
        let mut opened: HashMap<&str, Bytes<'a>> = HashMap::new();
        for key in demands.iter().flat_map(|(demand, _)| demand.tensors()).map(|ints| ints.key.as_str()) {
            if !opened.contains_key(key)
                && let Some(entry) = entry(&format!("{folder}{key}"))
            {
                opened.insert(key, self.storage_bytes(entry, data, member));
            }
        }
        for (demand, location) in demands {
            self.demand(demand, location.clone(), order, |key| opened.get(key).map(Bytes::get));
        }
    }

    /// The bytes of a member; none where they are not to be had, which is said elsewhere.
    fn storage_bytes(&mut self, entry: &Entry, data: &Bytes<'a>, member: &Member) -> Bytes<'a> {
        let span = entry.data.span();
        let (inner, part) = (member.entry(&entry.name, span.start), data.part(span));
        match &entry.data {
            Data::Stored(_) => part,
            Data::Compressed(codec, _) => self.inflate(*codec, &part, Claim::default(), &inner),
            Data::Nothing | Data::Unreadable(..) => data.part(0..0),
        }
    }

    /// Looks at numbers. Each look is paid for: many tensors may be made of the same.
    pub(super) fn demand<'b>(
        &mut self,
        demand: &Demand,
        location: Location,
        order: ByteOrder,
        storage: impl Fn(&str) -> Option<&'b [u8]>,
    ) {
        let cost = demand.tensors().into_iter().map(Ints::nbytes).fold(0, u64::saturating_add);
        if let Err(error) = self.budget.spend(Limit::Inflated, cost) {
            return self.collected.say(&rules::limit_reached::RULE, Level::Incomplete, error.message(), location);
        }
        if let Err(Unmet::Wrong(message)) = demand.check(storage, order) {
            let message = escape(&message).into_owned();
            self.collected.say(&rules::tensor_layout::RULE, Level::Dangerous, message, location);
        }
    }
}
