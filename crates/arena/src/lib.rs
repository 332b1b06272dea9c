//! Typed ids and arenas: what is shared, numerous, or as deep as a file likes lives in one vector
//! and is named by an index that cannot be confused with another arena's.

use std::{fmt, hash::Hash, marker::PhantomData};

/// Names one element of an [`Arena<T>`]. Ids are dense, start at zero, and order by age.
pub struct Id<T> {
    index: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id of the element at `index`. Only meaningful for an arena that holds that many.
    pub const fn new(index: u32) -> Self {
        Self { index, of: PhantomData }
    }

    /// The position of the element in its arena.
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// The position as it is stored.
    pub const fn raw(self) -> u32 {
        self.index
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

/// A growing list whose elements are named by [`Id<T>`] and never move or leave.
#[derive(Clone, PartialEq)]
pub struct Arena<T> {
    items: Vec<T>,
}

impl<T> Arena<T> {
    /// An arena without elements.
    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// The elements, in the order of their ids.
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }

    /// Adds an element and names it; `None` when 2³²−1 elements are held already.
    #[must_use]
    pub fn push(&mut self, item: T) -> Option<Id<T>> {
        let index = u32::try_from(self.items.len()).ok().filter(|&i| i != u32::MAX)?;
        self.items.push(item);
        Some(Id::new(index))
    }

    /// The element named by `id`, if this arena holds it.
    pub fn get(&self, id: Id<T>) -> Option<&T> {
        self.items.get(id.index())
    }

    /// The element named by `id`, to change it.
    pub fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        self.items.get_mut(id.index())
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All elements with their ids, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Id<T>, &T)> + DoubleEndedIterator {
        self.items.iter().enumerate().map(|(i, item)| (id_of(i), item))
    }

    /// All ids, oldest first.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = Id<T>> + DoubleEndedIterator + use<T> {
        (0..self.items.len()).map(id_of)
    }

    /// The elements alone, oldest first.
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }
}

/// `push` keeps every index below 2³²−1, so the fallback is never taken.
fn id_of<T>(index: usize) -> Id<T> {
    Id::new(u32::try_from(index).unwrap_or(u32::MAX))
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Arena<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
