//! The arena: containers as logs of edges, objects, symbols.

use super::lines::Lines;
use super::symbols::{Symbol, Symbols};
use super::value::{Kind, KindSet, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::opcode::{Dialect, Literal, Source};

/// A moment in the life of a stream: what was put into containers before it is there, what came later is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u32);

impl Moment {
    /// After everything.
    pub const END: Self = Self(u32::MAX);
}

/// A container: the kinds of its items, how many there are, and where they stand.
///
/// The items of most stand in one run of the edges; a list or dict that grew in several places is a chain of runs.
#[derive(Clone, Copy, Debug)]
struct Container {
    /// A [`KindSet`], and [`KindSet::EXTENDED`] where `first` and `second` are extents.
    kinds: u32,
    /// How many edges it has; a dict has two for each item.
    len: u32,
    /// The first edge, or the first extent.
    first: u32,
    /// For a tuple or frozenset the number of values it stands for when expanded; or the last extent.
    second: u32,
}

/// A run of edges of a container that has several.
#[derive(Clone, Copy, Debug)]
struct Extent {
    start: u32,
    len: u32,
    next: u32,
}

const NO_EXTENT: u32 = u32::MAX;

/// Values that stand for more than one when hashed.
const EXPANDABLE: KindSet = KindSet::of(Kind::Tuple).union(KindSet::of(Kind::FrozenSet));

/// What a call answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// The effect that made it, counted from 0.
    pub made_by: u32,
    /// Its first BUILD, if it had one.
    pub build: Option<u32>,
    /// What was appended or added to it, a list; or set in it, a dict. Made when first needed.
    pub items: Option<Value>,
}

/// What a stream builds.
#[derive(Debug, Default)]
pub struct Ast {
    edges: Vec<Value>,
    containers: Vec<Container>,
    extents: Vec<Extent>,
    objects: Vec<Object>,
    symbols: Symbols,
    views: Vec<Value>,
    holders: Vec<Value>,
    keys: Vec<(Value, u32)>,
    lines: Lines,
}

fn too_big() -> Error {
    Error::new(ErrorKind::Limit, "the stream builds more than four thousand million values")
}

pub(super) fn index32(index: usize) -> Result<u32> {
    u32::try_from(index).ok().filter(|&index| index < u32::MAX).ok_or_else(too_big)
}

impl Ast {
    /// Now: everything put into containers so far is there.
    pub fn now(&self) -> Moment {
        Moment(u32::try_from(self.edges.len()).unwrap_or(u32::MAX))
    }

    /// Makes room for so many edges and containers more.
    pub fn make_room(&mut self, edges: usize, containers: usize) {
        self.edges.reserve(edges);
        self.containers.reserve(containers);
    }

    /// How many edges there are: one for each item of a list, tuple or set, two for each item of a dict.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    fn container(&self, value: Value) -> Option<&Container> {
        if value.kind().is_container() { self.containers.get(value.index()) } else { None }
    }

    /// Makes a container of `kind` that holds `items`; a dict takes keys and values in turn.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the arena is full.
    pub fn make(&mut self, kind: Kind, items: &[Value]) -> Result<Value> {
        let id = index32(self.containers.len())?;
        let (first, len) = self.room(items)?;
        let mut container = Container { kinds: 0, len, first, second: 0 };
        let value = Value::new(kind, u64::from(id));
        let kinds = self.kinds_of(items);
        container.kinds = kinds.bits();
        if EXPANDABLE.contains(kind) {
            container.second = if kinds.meets(EXPANDABLE) {
                items.iter().fold(1_u32, |sum, &item| sum.saturating_add(self.expanded(item)))
            } else {
                len.saturating_add(1)
            };
        }
        self.note_holder(value, 0, container.kinds);
        self.edges.extend_from_slice(items);
        self.containers.push(container);
        Ok(value)
    }

    /// Makes a container of `kind` that holds nothing yet.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the arena is full.
    #[inline]
    pub fn make_empty(&mut self, kind: Kind) -> Result<Value> {
        let id = index32(self.containers.len())?;
        let second = u32::from(EXPANDABLE.contains(kind));
        self.containers.push(Container { kinds: 0, len: 0, first: 0, second });
        Ok(Value::new(kind, u64::from(id)))
    }

    /// Where the first of more edges will stand, and how many they are.
    #[inline]
    fn room(&self, items: &[Value]) -> Result<(u32, u32)> {
        let end = index32(self.edges.len().saturating_add(items.len()))?;
        let added = u32::try_from(items.len()).unwrap_or(end);
        Ok((end.saturating_sub(added), added))
    }

    /// Puts `items` at the end of a list, set or dict.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the arena is full.
    pub fn append(&mut self, target: Value, items: &[Value]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let (start, added) = self.room(items)?;
        let kinds = self.kinds_of(items).bits();
        let next_extent = index32(self.extents.len().saturating_add(2))?;
        let Some(container) = self.containers.get_mut(target.index()) else { return Ok(()) };
        let before = container.kinds;
        container.kinds |= kinds;
        if container.len == 0 {
            container.first = start;
        } else if container.kinds & KindSet::EXTENDED != 0 {
            match self.extents.get_mut(container.second as usize) {
                Some(last) if last.start.saturating_add(last.len) == start => last.len = last.len.saturating_add(added),
                Some(last) => {
                    let id = next_extent.saturating_sub(2);
                    last.next = id;
                    container.second = id;
                    self.extents.push(Extent { start, len: added, next: NO_EXTENT });
                }
                None => {}
            }
        } else if container.first.saturating_add(container.len) != start {
            let id = next_extent.saturating_sub(2);
            let second = id.saturating_add(1);
            self.extents.push(Extent { start: container.first, len: container.len, next: second });
            self.extents.push(Extent { start, len: added, next: NO_EXTENT });
            container.kinds |= KindSet::EXTENDED;
            container.first = id;
            container.second = second;
        }
        container.len = container.len.saturating_add(added);
        self.edges.extend_from_slice(items);
        self.note_holder(target, before, kinds);
        Ok(())
    }

    /// Remembers the first time that a container takes in something that may be callable.
    #[inline]
    fn note_holder(&mut self, value: Value, before: u32, added: u32) {
        let import = KindSet::of(Kind::Import).bits();
        if added & import != 0 && before & import == 0 {
            self.holders.push(value);
        }
    }

    #[inline]
    fn kinds_of(&self, items: &[Value]) -> KindSet {
        let kinds = items.iter().fold(KindSet::EMPTY, |kinds, item| kinds.union(item.kind_set()));
        if !kinds.contains(Kind::Tuple) || kinds.is_unhashable() {
            return kinds;
        }
        if items.iter().any(|&item| self.kind_set(item).is_unhashable()) { kinds.unhashable() } else { kinds }
    }

    /// What an item adds to the kinds of its container. A tuple of something unhashable is unhashable.
    #[inline]
    fn kind_set(&self, item: Value) -> KindSet {
        let own = item.kind_set();
        if item.kind() == Kind::Tuple && self.kinds(item).is_unhashable() {
            return own.unhashable();
        }
        own
    }

    /// Whether a value can be hashed, as far as the stream tells: what a call answered is taken to be hashable.
    pub fn is_hashable(&self, value: Value) -> bool {
        !self.kind_set(value).is_unhashable()
    }

    /// How many values a value stands for when its tuples are expanded, saturating: what hashing it costs.
    pub fn expanded(&self, value: Value) -> u32 {
        match value.kind() {
            kind if EXPANDABLE.contains(kind) => self.container(value).map_or(1, |container| container.second.max(1)),
            _ => 1,
        }
    }

    /// How many items a container holds at the end; a dict counts keys and values.
    pub fn len(&self, value: Value) -> usize {
        self.container(value).map_or(0, |container| container.len as usize)
    }

    /// Whether a container is empty at the end.
    pub fn is_empty(&self, value: Value) -> bool {
        self.len(value) == 0
    }

    /// The kinds of the items of a container, over its whole life; keys and values of a dict together.
    pub fn kinds(&self, value: Value) -> KindSet {
        self.container(value).map_or(KindSet::EMPTY, |container| KindSet::from_bits(container.kinds))
    }

    /// The items of a container as they were at `moment`; keys and values of a dict in turn.
    pub fn items(&self, value: Value, moment: Moment) -> Items<'_> {
        let (start, len, next) = match self.container(value) {
            None => (0, 0, NO_EXTENT),
            Some(container) if container.kinds & KindSet::EXTENDED != 0 => (0, 0, container.first),
            Some(container) => (container.first, container.len, NO_EXTENT),
        };
        Items { ast: self, run: self.run(start, len, moment), next, moment }
    }

    fn run(&self, start: u32, len: u32, moment: Moment) -> &[Value] {
        let end = start.saturating_add(len).min(moment.0).max(start);
        self.edges.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Whether a container changed after `moment`.
    pub fn changed_after(&self, value: Value, moment: Moment) -> bool {
        let Some(container) = self.container(value) else { return false };
        let end = if container.kinds & KindSet::EXTENDED != 0 {
            self.extents.get(container.second as usize).map_or(0, |last| last.start.saturating_add(last.len))
        } else {
            container.first.saturating_add(container.len)
        };
        container.len > 0 && end > moment.0
    }

    /// The `count` edges that were added at `moment`: what an effect put into its target.
    pub fn added(&self, moment: Moment, count: usize) -> &[Value] {
        self.edges.get(moment.0 as usize..(moment.0 as usize).saturating_add(count)).unwrap_or_default()
    }

    /// The items of a dict at `moment`, as (key, value). A key set twice stands twice: the last one holds.
    pub fn entries(&self, dict: Value, moment: Moment) -> impl Iterator<Item = (Value, Value)> {
        let mut items = self.items(dict, moment);
        std::iter::from_fn(move || Some((items.next()?, items.next()?)))
    }

    /// Adds an object that the effect `made_by` made.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the arena is full.
    pub fn object(&mut self, made_by: u32) -> Result<Value> {
        let id = index32(self.objects.len())?;
        self.objects.push(Object { made_by, build: None, items: None });
        Ok(Value::new(Kind::Object, u64::from(id)))
    }

    /// What is known of an object.
    pub fn object_of(&self, value: Value) -> Option<&Object> {
        if value.kind() == Kind::Object { self.objects.get(value.index()) } else { None }
    }

    /// How many objects there are.
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// Remembers the first BUILD of an object.
    pub fn note_build(&mut self, value: Value, effect: u32) {
        if let (Kind::Object, Some(object)) = (value.kind(), self.objects.get_mut(value.index())) {
            object.build.get_or_insert(effect);
        }
    }

    /// Puts items into an object: the container that logs them is of `kind`.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the arena is full.
    pub fn put(&mut self, value: Value, kind: Kind, items: &[Value]) -> Result<()> {
        let Some(object) = self.object_of(value) else { return Ok(()) };
        let log = match object.items {
            Some(log) => log,
            None => {
                let log = self.make(kind, &[])?;
                if let Some(object) = self.objects.get_mut(value.index()) {
                    object.items = Some(log);
                }
                log
            }
        };
        self.append(log, items)
    }

    /// The value of an imported symbol; the same symbol has one value.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the arena is full.
    pub fn import(&mut self, module: &str, name: &str, protocol: u8) -> Result<Value> {
        let id = self.symbols.number(module, name, protocol)?;
        Ok(Value::new(Kind::Import, u64::from(id)))
    }

    /// The symbol of an import.
    pub fn symbol(&self, value: Value) -> Option<&Symbol> {
        if value.kind() == Kind::Import { self.symbols().get(value.index()) } else { None }
    }

    /// All imported symbols, by id.
    pub fn symbols(&self) -> &[Symbol] {
        self.symbols.list()
    }

    /// A read-only view of `inner`.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the arena is full.
    pub fn view(&mut self, inner: Value) -> Result<Value> {
        let id = index32(self.views.len())?;
        self.views.push(inner);
        Ok(Value::new(Kind::View, u64::from(id)))
    }

    /// What a read-only view shows.
    pub fn viewed(&self, value: Value) -> Option<Value> {
        if value.kind() == Kind::View { self.views.get(value.index()).copied() } else { None }
    }

    /// Every container that ever held an import directly, in the order in which it first did.
    pub fn import_holders(&self) -> &[Value] {
        &self.holders
    }

    /// Notes a key of a dict, or an element of a set, that is no literal; `effects` have happened before.
    pub fn note_key(&mut self, key: Value, effects: usize) {
        self.keys.push((key, u32::try_from(effects).unwrap_or(u32::MAX)));
    }

    /// Keys of dicts and elements of sets that are no literals, and how many effects had happened before.
    pub fn noted_keys(&self) -> &[(Value, u32)] {
        &self.keys
    }

    /// Every object that a container took in, in order, and the moment before.
    pub fn taken_objects(&self) -> impl Iterator<Item = (Moment, Value)> {
        let at = |index| Moment(u32::try_from(index).unwrap_or(u32::MAX));
        // Plain data has none, and is not looked at again.
        let edges = if self.objects.is_empty() { &[][..] } else { &self.edges };
        let all = edges.iter().enumerate();
        all.filter(|(_, value)| value.kind() == Kind::Object).map(move |(index, &value)| (at(index), value))
    }

    /// The objects that containers took in from `first` until before `last`.
    pub fn taken_objects_between(&self, first: Moment, last: Moment) -> impl Iterator<Item = Value> {
        let edges = self.edges.get(first.0 as usize..last.0 as usize).unwrap_or_default();
        edges.iter().copied().filter(|value| value.kind() == Kind::Object)
    }

    /// Every container, without its kind: each reads as a list.
    pub fn containers(&self) -> impl Iterator<Item = Value> {
        (0..self.containers.len() as u64).map(|id| Value::new(Kind::List, id))
    }

    /// How many containers there are.
    pub fn container_count(&self) -> usize {
        self.containers.len()
    }

    /// What a literal stands for, in the `source` that the stream was read from.
    pub fn literal<'a>(&'a self, value: Value, source: Source<'a>, dialect: Dialect) -> Option<Literal<'a>> {
        if value.kind().is_literal() { self.lines.literal(value, source, dialect) } else { None }
    }
}

/// The items of a container at a moment.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    ast: &'a Ast,
    run: &'a [Value],
    next: u32,
    moment: Moment,
}

impl Iterator for Items<'_> {
    type Item = Value;

    #[inline]
    fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((&first, rest)) = self.run.split_first() {
                self.run = rest;
                return Some(first);
            }
            let extent = self.ast.extents.get(self.next as usize)?;
            self.next = extent.next;
            self.run = self.ast.run(extent.start, extent.len, self.moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(position: u64) -> Value {
        Value::new(Kind::Int, position)
    }

    #[test]
    fn records_are_small() {
        assert_eq!((size_of::<Container>(), size_of::<Extent>()), (16, 12));
    }

    #[test]
    fn a_container_reads_as_it_was_and_as_it_became() {
        let mut ast = Ast::default();
        let a = ast.make(Kind::List, &[]).unwrap();
        let b = ast.make(Kind::List, &[]).unwrap();
        ast.append(a, &[int(1), int(2)]).unwrap();
        ast.append(a, &[int(3)]).unwrap();
        ast.append(b, &[int(10)]).unwrap();
        let then = ast.now();
        assert!(!ast.changed_after(a, then));
        ast.append(a, &[int(4)]).unwrap();
        ast.append(b, &[int(11)]).unwrap();
        ast.append(a, &[int(5)]).unwrap();
        let read = |list, moment| ast.items(list, moment).map(Value::payload).collect::<Vec<_>>();
        assert_eq!(read(a, Moment::END), [1, 2, 3, 4, 5]);
        assert_eq!(read(a, then), [1, 2, 3]);
        assert_eq!(read(b, Moment::END), [10, 11]);
        assert_eq!(read(b, then), [10]);
        assert!(ast.changed_after(a, then) && ast.changed_after(b, then));
    }

    #[test]
    fn the_expanded_size_of_shared_tuples_saturates() {
        let mut ast = Ast::default();
        let mut tuple = ast.make(Kind::Tuple, &[]).unwrap();
        for _ in 0..64 {
            tuple = ast.make(Kind::Tuple, &[tuple, tuple]).unwrap();
        }
        assert_eq!(ast.expanded(tuple), u32::MAX);
    }

    #[test]
    fn a_tuple_of_something_unhashable_is_unhashable() {
        let mut ast = Ast::default();
        let list = ast.make(Kind::List, &[]).unwrap();
        let inner = ast.make(Kind::Tuple, &[list]).unwrap();
        let outer = ast.make(Kind::Tuple, &[inner]).unwrap();
        let plain = ast.make(Kind::Tuple, &[int(1)]).unwrap();
        assert!(!ast.is_hashable(outer) && ast.is_hashable(plain));
        assert!(!ast.kinds(outer).contains(Kind::List));
    }
}
