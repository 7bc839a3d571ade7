//! What was used lately, up to a number of bytes.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct RecentCache<K, V> {
    bytes_max: usize,
    state: Mutex<State<K, V>>,
}

#[derive(Debug)]
struct State<K, V> {
    entries: HashMap<K, Entry<V>, hashbrown::DefaultHashBuilder>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> RecentCache<K, V> {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let state = State { entries: HashMap::default(), bytes: 0, clock: 0 };
        Self { bytes_max, state: Mutex::new(state) }
    }

    /// Whether it can keep anything.
    pub(crate) fn is_open(&self) -> bool {
        self.bytes_max > 0
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut state = self.state.lock();
        state.clock += 1;
        let now = state.clock;
        let entry = state.entries.get_mut(key)?;
        entry.used = now;
        Some(entry.value.clone())
    }

    /// Keeps a value of so many bytes, in the place of those that were not used for longest. One
    /// that would push out all others is not kept.
    pub(crate) fn put(&self, key: K, value: V, bytes: usize) {
        let mut state = self.state.lock();
        state.remove(&key);
        if bytes > self.bytes_max {
            return;
        }
        state.clock += 1;
        let entry = Entry { value, bytes, used: state.clock };
        state.bytes += bytes;
        state.entries.insert(key, entry);
        while state.bytes > self.bytes_max {
            state.drop_oldest();
        }
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.state.lock().remove(key);
    }

    /// Drops what `stays` does not hold for.
    pub(crate) fn retain(&self, stays: impl Fn(&K) -> bool) {
        let mut state = self.state.lock();
        let mut bytes = 0;
        state.entries.retain(|key, entry| {
            let kept = stays(key);
            bytes += if kept { entry.bytes } else { 0 };
            kept
        });
        state.bytes = bytes;
    }
}

impl<K: Hash + Eq + Clone, V> State<K, V> {
    fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else { return };
        self.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{OBJECT_CACHE_BYTES_MAX, OPENED_FILES_BYTES_MAX};

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let cache = RecentCache::new(10);
        cache.put("a", 1, 4);
        cache.put("b", 2, 4);
        assert!(cache.get("a").is_some());
        cache.put("c", 3, 4);
        assert!(cache.get("b").is_none(), "b was not used since a");
        assert!(cache.get("a").is_some());
        cache.put("huge", 4, 11);
        assert!(cache.get("huge").is_none(), "it would push out everything");
        cache.put("a", 5, 10);
        assert_eq!(cache.get("a"), Some(5));
        assert!(cache.get("c").is_none());
        cache.put("a", 6, 11);
        assert_eq!(cache.get("a"), None, "it has outgrown the cache");
    }

    #[test]
    fn a_value_above_the_limit_of_the_cache_is_not_kept() {
        for bytes_max in [OBJECT_CACHE_BYTES_MAX, OPENED_FILES_BYTES_MAX] {
            let cache = RecentCache::new(bytes_max);
            cache.put("a", 1, bytes_max);
            cache.put("b", 2, bytes_max + 1);
            assert!(cache.get("a").is_some() && cache.get("b").is_none());
        }
    }
}
