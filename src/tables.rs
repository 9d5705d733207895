//! Hash tables of names. A run over 10,000 domains hashes names some hundred thousand times; with the standard library's
//! SipHash that was a third of its instructions.
//!
//! The quick hash is seeded anew in each process, though not as a cryptographer would. Who maps domains chooses the names,
//! but sees neither the seed nor the order in these tables, which nothing shows, nor how long a run takes; and a run has a
//! deadline.

use std::hash::Hash;

pub use foldhash::{HashMap, HashSet};
use foldhash::{HashMapExt as _, HashSetExt as _};

/// The set of these items, with room for `most` from the start: growing step by step hashes everything twice.
pub(crate) fn set_of_at_most<T: Eq + Hash>(most: usize, items: impl IntoIterator<Item = T>) -> HashSet<T> {
    let mut set = HashSet::with_capacity(most);
    set.extend(items);
    set
}

/// An empty map with room for so many entries.
pub(crate) fn map_for<K: Eq + Hash, V>(most: usize) -> HashMap<K, V> {
    HashMap::with_capacity(most)
}
