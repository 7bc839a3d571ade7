//! What was used lately, by name, up to a number of bytes.

use std::collections::HashMap;

use parking_lot::Mutex;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct RecentCache<V> {
    bytes_max: usize,
    state: Mutex<State<V>>,
}

#[derive(Debug)]
struct State<V> {
    entries: HashMap<String, Entry<V>>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<V: Clone> RecentCache<V> {
    pub(super) fn new(bytes_max: usize) -> Self {
        let state = State { entries: HashMap::new(), bytes: 0, clock: 0 };
        Self { bytes_max, state: Mutex::new(state) }
    }

    pub(super) fn get(&self, path: &str) -> Option<V> {
        let mut state = self.state.lock();
        state.clock += 1;
        let now = state.clock;
        let entry = state.entries.get_mut(path)?;
        entry.used = now;
        Some(entry.value.clone())
    }

    /// Keeps a value of so many bytes, in the place of those that were not used for longest. One
    /// that would push out all others is not kept.
    pub(super) fn put(&self, path: &str, value: V, bytes: usize) {
        self.remove(path);
        if bytes > self.bytes_max {
            return;
        }
        let mut state = self.state.lock();
        state.clock += 1;
        let entry = Entry { value, bytes, used: state.clock };
        state.bytes += bytes;
        if let Some(before) = state.entries.insert(path.to_owned(), entry) {
            state.bytes -= before.bytes; // another thread had the same thought
        }
        while state.bytes > self.bytes_max {
            state.drop_oldest();
        }
    }

    pub(super) fn remove(&self, path: &str) {
        self.state.lock().remove(path);
    }
}

impl<V> State<V> {
    fn remove(&mut self, path: &str) {
        if let Some(entry) = self.entries.remove(path) {
            self.bytes -= entry.bytes;
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
        let Some(path) = oldest.map(|(path, _)| path.clone()) else { return };
        self.remove(&path);
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
